"""Compiled networks kept on disk: a network is compiled once on a machine, not at every start.

A blob belongs to one runtime, processor, model file, image size and number of threads; all of these are in its name. It
is read only where its hash is the one that was written with it, because a damaged blob can crash the runtime. Whatever
goes wrong here, a full disk or a folder that may not be written, leaves the program to compile as it would without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from engine.files import read_regular, write_atomically
from engine.user_folders import Purpose, user_folder

CACHE_VARIABLE = "CINEQUANT_CACHE"
"""Environment variable: folder for compiled networks; "off" to keep none."""
MAX_FILES = 64
"""Scans of several centres have some twenty image sizes. Compiling costs five times what reading a blob does."""
MAX_BYTES = 64_000_000
_ENDING = ".compiled"
_HASH_BYTES = hashlib.sha256().digest_size


def cache_folder() -> Path | None:
    """Where compiled networks are kept; None where the user wants none or has no home. It need not exist."""
    named = os.environ.get(CACHE_VARIABLE, "")
    if named:
        return None if named == "off" else Path(named)
    folder = user_folder(Purpose.CACHE)
    return folder / "compiled" if folder else None


def key_of(*parts: object) -> str:
    """The name of a blob, from all that it depends on."""
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()


def is_stored(key: str) -> bool:
    """Whether there is a blob of this name; it may turn out to be damaged."""
    folder = cache_folder()
    return folder is not None and (folder / (key + _ENDING)).is_file()


def read_blob(key: str) -> bytes | None:
    """The blob, or None where there is none that is whole. One that is damaged is removed."""
    folder = cache_folder()
    if folder is None:
        return None
    path = folder / (key + _ENDING)
    try:
        # A pipe in its place is refused: reading it would wait for ever.
        content = read_regular(path, MAX_BYTES)
    except OSError:
        return None
    digest, blob = content[:_HASH_BYTES], content[_HASH_BYTES:]
    if hashlib.sha256(blob).digest() != digest:
        forget_blob(key)
        return None
    # The blobs that go first when room is needed are those that were not read for longest.
    with contextlib.suppress(OSError):
        os.utime(path)
    return blob


def write_blob(key: str, blob: bytes) -> None:
    """Keep a blob, and let the oldest go where there are too many. Does nothing where it cannot be written."""
    folder = cache_folder()
    if folder is None or len(blob) + _HASH_BYTES > MAX_BYTES:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Whole or not at all: another process may be reading, or writing the same.
        write_atomically(folder / (key + _ENDING), hashlib.sha256(blob).digest() + blob)
    _make_room(folder)


def forget_blob(key: str) -> None:
    """Remove a blob that cannot be used."""
    folder = cache_folder()
    if folder is not None:
        with contextlib.suppress(OSError):
            (folder / (key + _ENDING)).unlink(missing_ok=True)


def _make_room(folder: Path) -> None:
    found: list[tuple[float, int, Path]] = []
    with contextlib.suppress(OSError):
        for path in folder.glob(f"*{_ENDING}"):
            # Another process may have removed it meanwhile.
            with contextlib.suppress(OSError):
                state = path.stat()
                found.append((state.st_mtime, state.st_size, path))
    total = 0
    for count, (_, size, path) in enumerate(sorted(found, reverse=True), start=1):
        total += size
        if count > MAX_FILES or total > MAX_BYTES:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
