"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, sync, rename: a crash or a full disk leaves the old file or the new one, and nothing beside it.

    Raises OSError.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
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
