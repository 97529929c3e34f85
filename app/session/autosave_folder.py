"""Where unsaved cases are kept while a window is open: a folder a window, with a lock that dies with its process."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from pathlib import Path

from engine.files import lock_file, write_atomically
from engine.formats.case_file import SUFFIX

_YOUNG_S = 60.0
"""A lock without a folder may be of a window that is just starting."""


class AutosaveFolder:
    """One window's folder within root. Other windows see by the lock beside it whether the window is still there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._own: Path | None = None
        self._lock: int | None = None
        self._taken: set[Path] = set()  # taken over from another window, and not written anew since

    def write(self, digest: str, content: bytes) -> None:
        """Keep a case, in place of an earlier one of that scan. Raises OSError."""
        path = self._claimed() / _name(digest)
        write_atomically(path, content)
        self._taken.discard(path)

    def remove(self, digest: str) -> None:
        """Drop the case of a scan. Raises OSError."""
        if self._own is not None:
            path = self._own / _name(digest)
            path.unlink(missing_ok=True)
            self._taken.discard(path)

    def abandoned(self) -> list[Path]:
        """The cases of windows that are gone. Their empty folders are removed."""
        found: list[Path] = []
        with contextlib.suppress(OSError):
            for folder in sorted(path for path in self.root.iterdir() if path.is_dir()):
                if folder == self._own or not _is_free(_lock_of(folder)):
                    continue
                cases = sorted(folder.glob(f"*{SUFFIX}"))
                found += cases
                if not cases:
                    _remove(folder)
            for lock in self.root.glob("*.lock"):
                lone = not lock.with_suffix("").is_dir() and time.time() - lock.stat().st_mtime > _YOUNG_S
                if lone and _is_free(lock):
                    lock.unlink(missing_ok=True)
        return found

    def take(self, path: Path) -> Path:
        """Move an abandoned case into this window's folder, and return where it is now.

        Raises OSError, FileNotFoundError if another window was faster.
        """
        target = self._claimed() / path.name
        path.replace(target)
        self._taken.add(target)
        return target

    def adopt(self, digest: str) -> bool:
        """Treat the case of a scan that was taken over as this window's own. Returns whether there was one."""
        taken = [path for path in self._taken if path.name == _name(digest)]
        self._taken.difference_update(taken)
        return bool(taken)

    def close(self, *, keep: bool) -> None:
        """Give the folder up. keep: leave its cases for the next start. Those taken and never opened stay anyway."""
        own, lock = self._own, self._lock
        self._own = self._lock = None
        if lock is not None:
            os.close(lock)
        if own is None or keep:
            return
        with contextlib.suppress(OSError):
            for path in own.iterdir():
                if path not in self._taken:
                    path.unlink(missing_ok=True)
        if not any(path.exists() for path in self._taken):
            _remove(own)

    def _claimed(self) -> Path:
        if self._own is None:
            # Locked before there is a folder in which other windows would look.
            own = self.root / f"{os.getpid()}-{secrets.token_hex(4)}"
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(_lock_of(own), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.write(lock, str(os.getpid()).encode())
                lock_file(lock)
                own.mkdir(mode=0o700)
            except OSError:  # a full disk: tried again in a few seconds, by then with another lock
                os.close(lock)
                _remove(own)
                raise
            self._own, self._lock = own, lock
        return self._own


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove(folder: Path) -> None:
    """Remove a window's folder, then its lock."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        _lock_of(folder).unlink(missing_ok=True)


def _name(digest: str) -> str:
    return f"{digest[:32]}{SUFFIX}"


def _is_free(lock: Path) -> bool:
    """Whether the process that locked a file is gone, or the file itself."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        lock_file(handle)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
