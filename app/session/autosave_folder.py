"""Where unsaved cases are kept while a window is open: a folder a window, with a lock that dies with its process."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from pathlib import Path

from engine.files import write_atomically
from engine.formats.case_file import SUFFIX

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCK = "lock"


class AutosaveFolder:
    """One window's folder within root. Other windows see by its lock whether the window is still there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._own: Path | None = None
        self._lock: int | None = None

    def write(self, digest: str, content: bytes) -> None:
        """Keep a case, in place of an earlier one of that scan. Raises OSError."""
        write_atomically(self._claimed() / _name(digest), content)

    def remove(self, digest: str) -> None:
        """Drop the case of a scan. Raises OSError."""
        if self._own is not None:
            (self._own / _name(digest)).unlink(missing_ok=True)

    def abandoned(self) -> list[Path]:
        """The cases of windows that are gone. Their empty folders are removed."""
        found: list[Path] = []
        with contextlib.suppress(OSError):
            for folder in sorted(self.root.iterdir()):
                if folder == self._own or not _is_free(folder / _LOCK):
                    continue
                cases = sorted(folder.glob(f"*{SUFFIX}"))
                found += cases
                if not cases:
                    shutil.rmtree(folder, ignore_errors=True)
        return found

    def take(self, path: Path) -> Path:
        """Move an abandoned case into this window's folder, and return where it is now.

        Raises OSError, FileNotFoundError if another window was faster.
        """
        target = self._claimed() / path.name
        path.replace(target)
        return target

    def close(self, *, keep: bool) -> None:
        """Give the folder up. keep: leave its cases for the next start."""
        if self._own is not None and not keep:
            shutil.rmtree(self._own, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
        self._own = self._lock = None

    def _claimed(self) -> Path:
        if self._own is None:
            name = f"{os.getpid()}-{secrets.token_hex(4)}"
            # Locked before it has the name by which other windows find it.
            new, own = self.root / f".{name}", self.root / name
            new.mkdir(parents=True, mode=0o700)
            self._lock = os.open(new / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            os.write(self._lock, str(os.getpid()).encode())
            _lock(self._lock)
            new.rename(own)
            self._own = own
        return self._own


def _name(digest: str) -> str:
    return f"{digest[:32]}{SUFFIX}"


def _lock(handle: int) -> None:
    """Lock an open file for this process. The system unlocks it when the process ends. Raises OSError if it is."""
    if sys.platform == "win32":
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_free(lock: Path) -> bool:
    """Whether the process that locked a file is gone."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(handle)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
