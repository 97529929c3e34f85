"""Atomic writing, and opening regular files only, those inside zip archives among them."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from pathlib import Path
from typing import BinaryIO

from engine.archives import member_size, open_member

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PART, _ABANDONED_S = ".part", 3600.0
# What a system says of a path that leads into a file, such as an archive, as if that were a folder.
_INTO_A_FILE = (NotADirectoryError, FileNotFoundError)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading, or one inside a zip archive.

    Pipes and devices are refused: reading one could block or never end.
    Raises OSError whose strerror says what is wrong.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to must not wait. Windows has neither.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except _INTO_A_FILE:
        if (member := open_member(path)) is None:
            raise
        return member
    stream = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return stream


def read_regular(path: Path, limit: int | None = None) -> bytes:
    """The content of a regular file of at most limit bytes. Raises OSError as open_regular does."""
    with open_regular(path) as stream:
        if limit is not None and stream.seek(0, os.SEEK_END) > limit:
            raise OSError(errno.EFBIG, f"larger than {limit} bytes", str(path))
        stream.seek(0)
        return stream.read()


def file_size(path: Path) -> int:
    """The size of a file in bytes, unpacked where it is inside an archive. Raises OSError."""
    try:
        return path.stat().st_size
    except _INTO_A_FILE:
        if (size := member_size(path)) is None:
            raise
        return size


def is_file(path: Path) -> bool:
    """Whether a path is a regular file, or a file inside an archive."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except _INTO_A_FILE:
        return member_size(path) is not None
    except (OSError, ValueError):
        return False


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, sync, rename: a crash or a full disk leaves the old file or the new one.

    A failure leaves nothing beside it. What a killed process left there goes with a later write. Raises OSError, which
    names the file.
    """
    # Not longer than the name itself may be: names end at 255 bytes.
    start = f".{path.name[:40]}."
    beside = path.with_name(f"{start}{os.getpid()}{_PART}")
    _tidy(path.parent, start)
    try:
        with beside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError as error:
        # What fails while writing, such as a full disk, does not say where.
        raise type(error)(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        # Gone where it was renamed; left over only by a failure or an interruption.
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def _tidy(folder: Path, start: str) -> None:
    """Remove what killed processes left of files with this beginning: nobody has written to it for a while."""
    with contextlib.suppress(OSError):
        for left in folder.iterdir():
            number = left.name.removeprefix(start).removesuffix(_PART)
            if left.name == f"{start}{number}{_PART}" and number.isdecimal():
                with contextlib.suppress(OSError):
                    if time.time() - left.stat().st_mtime > _ABANDONED_S:
                        left.unlink()


def lock_file(handle: int) -> None:
    """Lock an open file for this process. The system unlocks it when the process ends. Raises OSError if it is."""
    if sys.platform == "win32":
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
