"""Compressed pixels, decoded in a child process: one that crashes or hangs costs an image, not the program.

The child starts with the first compressed file, is asked frame by frame, and ends with this process. There is none for
files that are not compressed, or by run lengths, which Python itself decodes.

This module is also a plug-in of pydicom, which finds frames, and corrects what was decoded, as for its own.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import io
import json
import subprocess
import threading
import time
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.children import start_module
from engine.formats.decoder_child import ANSWER, DONE, REQUEST

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

TIMEOUT_S = 60.0
_LOOK_S = 0.5
_PIPE_BYTES = 1 << 20
CHILD = "engine.formats.decoder_child"
PLUGIN = "apart"

JPEG = "1.2.840.10008.1.2.4."
"""How the UIDs of transfer syntaxes begin that native libraries decode."""
SYNTAXES = frozenset(f"{JPEG}{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91))
_JPEG_LS, _JPEG_2000 = (f"{JPEG}80", f"{JPEG}81"), (f"{JPEG}90", f"{JPEG}91")
_EXTENDED = f"{JPEG}51"
# pydicom asks what a plug-in needs; nothing that is not there.
DECODER_DEPENDENCIES: dict[str, tuple[str, ...]] = dict.fromkeys(SYNTAXES, ("gdcm>=3.0",))


class DecoderError(Exception):
    """The pixels cannot be decoded."""


class DecoderCrashError(DecoderError):
    """The child ended, or had to be ended, while it decoded."""


class _Watch:
    """Kills the process that takes too long for an answer.

    One thread for all images of a scan, which none of them wakes: it looks every now and then, and ends with them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: tuple[float, subprocess.Popen[bytes]] | None = None
        self._looks = False

    def begin(self, process: subprocess.Popen[bytes]) -> None:
        """From now on it has TIMEOUT_S."""
        with self._lock:
            self._due = (time.monotonic() + TIMEOUT_S, process)
            if not self._looks:
                self._looks = True
                threading.Thread(target=self._look, name="decoding", daemon=True).start()

    def end(self) -> None:
        """It has answered."""
        with self._lock:
            self._due = None

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_S)
            with self._lock:
                if self._due is not None and time.monotonic() < self._due[0]:
                    continue
                if self._due is not None:
                    self._due[1].kill()
                self._looks = False
                return


def _widen(*pipes: IO[bytes] | None) -> None:
    """Let an image go through in one piece, where the system can do that: each piece is a change between processes."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    for pipe in pipes:
        if pipe is not None and fcntl is not None and size is not None:
            with contextlib.suppress(OSError):  # more than this user may have
                fcntl.fcntl(pipe, size, _PIPE_BYTES)


class _Child:
    """The process, and one request at a time. crashes: how often it ended while it was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._watch = _Watch()
        self.crashes = 0

    def start(self) -> None:
        """Have it get ready, if it has not been started."""
        if self._lock.acquire(blocking=False):  # else it is at work
            try:
                self._running()
            finally:
                self._lock.release()

    def ask(self, header: dict[str, Any], content: bytes) -> bytes:
        """Its answer. Raises DecoderError."""
        with self._lock:
            process = self._running()
            assert process.stdin is not None and process.stdout is not None
            self._watch.begin(process)
            try:
                text = json.dumps(header).encode()
                process.stdin.write(REQUEST.pack(len(text), len(content)) + text)
                process.stdin.write(content)
                process.stdin.flush()
                status, length = ANSWER.unpack(process.stdout.read(ANSWER.size).ljust(ANSWER.size, b"\xff"))
                answer = process.stdout.read(length) if status >= 0 else b""
            except OSError as error:
                self.crashes += 1
                self._end()
                raise DecoderCrashError("the decoder ended") from error
            finally:
                self._watch.end()
            if status < 0 or len(answer) < length:
                self.crashes += 1
                self._end()
                raise DecoderCrashError("the decoder ended")
            if status != DONE:
                raise DecoderError(answer.decode(errors="replace"))
            return answer

    def end(self) -> None:
        """End it, if it runs."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """Of the process, if it runs."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = start_module(CHILD, [], errors=subprocess.DEVNULL, asked=True)
            _widen(self._process.stdin, self._process.stdout)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # what was not written yet is lost with it
                        pipe.close()
            process.wait()


child = _Child()
atexit.register(child.end)


def decoded_file(content: bytes, index: int | None) -> NDArray[Any]:
    """A frame of a DICOM file, or all frames where index is None, by any library that can. Raises DecoderError."""
    answer = child.ask({"kind": "file", "index": index}, content)
    array: NDArray[Any] = np.load(io.BytesIO(answer), allow_pickle=False)
    return array


# -- as a plug-in ----------------------------------------------------------------------------------------------------


def set_apart(pydicom: Any) -> None:
    """Have pydicom decode through the child what native libraries would decode in this process."""
    for uid in SYNTAXES:
        decoder = pydicom.pixels.get_decoder(uid)
        if not is_available(uid) or PLUGIN in decoder.available_plugins:
            continue
        for label in decoder.available_plugins:
            decoder.remove_plugin(label)
        decoder.add_plugin(PLUGIN, (__name__, "decode_frame"))


def is_available(uid: str) -> bool:
    """Whether the child can decode this transfer syntax."""
    return uid in SYNTAXES and importlib.util.find_spec("gdcm") is not None


def decode_frame(content: bytes, runner: Any) -> bytes:
    """One frame. runner: pydicom's, which is told what the decoded bytes are like, as by its own plug-in for gdcm."""
    syntax = str(runner.transfer_syntax)
    stored = int(runner.bits_stored)
    if syntax == _EXTENDED and stored != 8:
        raise DecoderError("JPEG Extended of 12 bits")
    if syntax in _JPEG_LS and stored in (6, 7):
        raise DecoderError("JPEG-LS of 6 or 7 bits")
    if syntax in (*_JPEG_LS, *_JPEG_2000):
        # The sizes of what gdcm gives follow from the code stream, not from the header.
        if syntax in _JPEG_LS:
            runner.set_option("planar_configuration", 0)
        stored = int(runner.get_option("jls_precision" if syntax in _JPEG_LS else "j2k_precision", stored))
        runner.set_option("bits_allocated", 8 if stored <= 8 else 16 if stored <= 16 else 32)
    answer = child.ask(
        {
            "kind": "frame",
            "syntax": syntax,
            "rows": int(runner.rows),
            "columns": int(runner.columns),
            "samples": int(runner.samples_per_pixel),
            "planar": int(runner.planar_configuration) if runner.samples_per_pixel > 1 else 0,
            "photometric": str(runner.photometric_interpretation),
            "allocated": int(runner.bits_allocated),
            "stored": stored,
            "signed": int(runner.pixel_representation),
        },
        content,
    )
    if syntax in _JPEG_2000 and str(runner.photometric_interpretation) in ("YBR_ICT", "YBR_RCT"):
        runner.set_option("photometric_interpretation", "RGB")
    return answer
