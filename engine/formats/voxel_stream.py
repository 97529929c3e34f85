"""Bytes of a file out of gzip, bzip2 or text, piece by piece: what a file claims to hold is never taken at once."""

from __future__ import annotations

import bz2
import gzip
import io
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from engine.files import open_regular

GZIP = b"\x1f\x8b"
CHUNK = 4 << 20
_WORDS = 1 << 20


def content_of(path: Path) -> BinaryIO:
    """A file's content, unpacked where it is gzip. Pipes and devices are not opened."""
    raw = open_regular(path)
    packed = raw.read(2) == GZIP
    raw.seek(0)
    return from_gzip(raw) if packed else raw


def from_gzip(raw: BinaryIO) -> BinaryIO:
    """What a gzip file holds from where it stands; closing it closes the file."""
    return cast(BinaryIO, _Gzip(raw))


def from_bzip2(raw: BinaryIO) -> BinaryIO:
    """What a bzip2 file holds from where it stands; closing it closes the file."""
    return cast(BinaryIO, _Bzip2(raw))


def from_text(raw: BinaryIO, dtype: np.dtype[Any]) -> BinaryIO:
    """Numbers written as words, from where a file stands, as bytes of a type. Closes the file.

    Raises ValueError where a word is no number of the type.
    """
    made = bytearray()
    with raw:
        rest = b""
        while piece := raw.read(_WORDS):
            words = (rest + piece).split()
            # The last word may go on in the next piece.
            rest = words.pop() if words and not piece[-1:].isspace() else b""
            made += _numbers(words, dtype)
        made += _numbers(rest.split(), dtype)
    return io.BytesIO(bytes(made))


def _numbers(words: list[bytes], dtype: np.dtype[Any]) -> bytes:
    if dtype.kind not in "iu":
        return np.array([float(word) for word in words]).astype(dtype).tobytes()
    whole = np.array([int(word) for word in words], dtype=np.int64)
    limits = np.iinfo(dtype)
    if len(whole) and not limits.min <= whole.min() <= whole.max() <= limits.max:
        raise ValueError(f"its numbers do not fit into {dtype.name}")
    return whole.astype(dtype).tobytes()


class _Gzip(gzip.GzipFile):
    """A gzip file that closes the file it reads from."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(fileobj=raw, mode="rb")
        self._raw = raw

    def close(self) -> None:
        super().close()
        self._raw.close()


class _Bzip2(bz2.BZ2File):
    """A bzip2 file that closes the file it reads from."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(raw)
        self._raw = raw

    def close(self) -> None:
        super().close()
        self._raw.close()


def skip(stream: BinaryIO, count: int) -> None:
    """Go to a byte of a file, or of what a gzip file holds. Raises EOFError where that ends before."""
    if isinstance(stream, gzip.GzipFile):
        while count > 0:
            passed = len(stream.read(min(count, CHUNK)))
            if not passed:
                raise EOFError("it ends before its voxels")
            count -= passed
    else:
        stream.seek(count)


def fill(stream: BinaryIO, out: NDArray[np.uint8]) -> None:
    """Read an array full. Raises EOFError where there are too few bytes."""
    done = 0
    while done < len(out):
        piece = stream.read(min(len(out) - done, CHUNK))
        if not piece:
            raise EOFError(f"{len(out) - done} bytes are missing")
        out[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
