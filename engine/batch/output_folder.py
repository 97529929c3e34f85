"""The folder of a batch's results: locked while a batch runs, with a journal that survives whatever ends the process.

batch.json      what was asked of whom; the same command goes on with it, another is refused
journal.jsonl   a line a unit that is finished, in the order of finishing
masks/ pictures/
results.csv results.parquet costs.csv costs.parquet overview.html    made of the journal at the end
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from engine.batch.work import RUN
from engine.errors import ExportError
from engine.files import lock_file, write_atomically

_SYNC_S = 1.0
SETTINGS, JOURNAL, LOCK = "batch.json", "journal.jsonl", ".lock"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A line of the journal: where it begins, the unit's stamp, and whether its input could not be read."""

    offset: int
    stamp: str
    failed: bool


class OutputFolder:
    """One batch's folder, of this process alone until it is closed. run: the mark of this run."""

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        """Make or reopen the folder. Raises ExportError where another batch is in it, or one that asked otherwise."""
        self.path = path
        self.run = secrets.token_hex(8)
        self.entries: dict[str, JournalEntry] = {}
        self._lock: int | None = None
        self._journal: BinaryIO | None = None
        self._synced = 0.0
        with contextlib.ExitStack() as undone:
            undone.callback(self.close)
            try:
                path.mkdir(parents=True, exist_ok=True)
                self._take_lock()
                self._check_settings(settings)
                self._open_journal()
                write_atomically(path / RUN, self.run.encode())
            except OSError as error:
                raise ExportError(
                    f"{path}: cannot be written ({error.strerror or error}); choose another folder with -o"
                ) from error
            undone.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the folder up. Workers of this run that are still about then write nothing any more."""
        journal, lock = self._journal, self._lock
        self._journal = self._lock = None
        try:
            if journal is not None:
                (self.path / RUN).unlink(missing_ok=True)
                with journal:
                    journal.flush()
                    os.fsync(journal.fileno())
        finally:
            if lock is not None:  # also on a full disk
                os.close(lock)

    def note(self, key: str, stamp: str, rows: list[dict[str, Any]], costs: list[dict[str, Any]]) -> None:
        """Write a unit's line. Raises ExportError."""
        assert self._journal is not None
        failed = any(row["status"] == "failed" for row in rows)
        offset = self._journal.tell()
        line = json.dumps({"key": key, "stamp": stamp, "failed": failed, "rows": rows, "costs": costs}, allow_nan=False)
        try:
            self._journal.write(line.encode() + b"\n")
            # A process that is killed loses nothing that was flushed. A power cut may cost the cases of a second.
            self._journal.flush()
            if time.monotonic() - self._synced > _SYNC_S:
                os.fsync(self._journal.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise ExportError(
                f"{self.path / JOURNAL}: cannot be written ({error.strerror or error}); free some space, and give the "
                "same command again"
            ) from error
        self.entries[key] = JournalEntry(offset, stamp, failed)

    def lines(self) -> Iterator[dict[str, Any]]:
        """The valid lines, sorted by key, read one by one: a large cohort's would not fit into memory."""
        with (self.path / JOURNAL).open("rb") as stream:
            for _, entry in sorted(self.entries.items()):
                stream.seek(entry.offset)
                yield json.loads(stream.readline())

    def line(self, key: str) -> dict[str, Any]:
        with (self.path / JOURNAL).open("rb") as stream:
            stream.seek(self.entries[key].offset)
            found: dict[str, Any] = json.loads(stream.readline())
            return found

    def _take_lock(self) -> None:
        self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock_file(self._lock)
        except OSError as error:
            raise ExportError(
                f"{self.path}: a batch is running in it ({_owner(self.path / LOCK)}); wait for it, or choose another "
                "folder with -o"
            ) from error
        os.ftruncate(self._lock, 0)
        os.write(self._lock, f"process {os.getpid()} on {platform.node()}".encode())

    def _check_settings(self, settings: Mapping[str, Any]) -> None:
        file = self.path / SETTINGS
        try:
            before = json.loads(file.read_bytes())
        except FileNotFoundError:
            if any(not entry.name.startswith(".") for entry in self.path.iterdir()):
                raise ExportError(
                    f"{self.path}: holds other files, and no batch that could go on; choose an empty folder with -o"
                ) from None
            write_atomically(file, (json.dumps(settings, indent=1) + "\n").encode())
            return
        except ValueError as error:
            raise ExportError(f"{file}: is damaged; choose another folder with -o") from error
        wanted = json.loads(json.dumps(settings))
        # Weights last: where they differ by a choice, the choice says it better.
        for name in sorted({*before, *wanted}, key=lambda name: (name == "models", name)):
            if before.get(name) != wanted.get(name):
                raise ExportError(
                    f"{self.path}: holds a batch with another {name} ({_said(before.get(name))}, now "
                    f"{_said(wanted.get(name))}); go on as it began, or choose another folder with -o"
                )

    def _open_journal(self) -> None:
        """Read what is finished. A last line that was cut off is removed."""
        path = self.path / JOURNAL
        self._journal = path.open("r+b" if path.exists() else "w+b")
        self.entries, end = read_entries(self._journal)
        self._journal.seek(end)
        self._journal.truncate()


def read_entries(journal: BinaryIO) -> tuple[dict[str, JournalEntry], int]:
    """The last valid line of each unit, by its key; and where the last whole line ends, in bytes."""
    entries: dict[str, JournalEntry] = {}
    offset = 0
    for line in journal:
        if not line.endswith(b"\n"):  # cut off
            break
        try:
            found = json.loads(line)
            entries[found["key"]] = JournalEntry(offset, found["stamp"], found["failed"])
        except (ValueError, KeyError, TypeError):
            pass
        offset += len(line)
    return entries, offset


def _owner(lock: Path) -> str:
    try:
        return lock.read_text(encoding="utf-8") or "another process"
    except (OSError, ValueError):
        return "another process"


def _said(value: object) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)
