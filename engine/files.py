"""Atomic writing, and opening regular files only."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Pipes and devices are refused: reading one could block or never end.
    Raises OSError whose strerror says what is wrong.
    """
    # O_NONBLOCK: opening a pipe that nobody writes to must not wait. Windows has neither.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    stream = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return stream


def read_regular(path: Path, limit: int | None = None) -> bytes:
    """The content of a regular file of at most limit bytes. Raises OSError as open_regular does."""
    with open_regular(path) as stream:
        if limit is not None and os.fstat(stream.fileno()).st_size > limit:
            raise OSError(errno.EFBIG, f"larger than {limit} bytes", str(path))
        return stream.read()


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, sync, rename: a crash or a full disk leaves the old file or the new one, and nothing beside it.

    Raises OSError.
    """
    # Not longer than the name itself may be: names end at 255 bytes.
    beside = path.with_name(f".{path.name[:40]}.{os.getpid()}.part")
    try:
        with beside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        # Gone where it was renamed; left over only by a failure or an interruption.
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
