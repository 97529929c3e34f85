"""Slow work on one thread: immutable inputs and a cancel token in, one value out through a Qt signal."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from app.words.language import translate
from engine.errors import Cancelled, CineQuantError
from engine.progress import CancelToken

# More reports a second than this only cost time: each redraws a plot.
REPORT_EVERY_S = 0.05


@dataclass(slots=True, eq=False)
class Job:
    """Work to do. kind and tag say whose answer it is; run gets a Reporter and returns the answer.

    generation: the answer is dropped unseen once the worker's generation is another; None: it always counts.
    """

    kind: str
    generation: int | None
    run: Callable[[Reporter], Any]
    tag: Any = None
    token: CancelToken = field(default_factory=CancelToken)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of a job: a value, a user's error or a bug."""

    job: Job
    value: Any = None
    error: CineQuantError | None = None
    bug: BaseException | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """How far a job is. items: what it handed on with Reporter.item since the last report."""

    job: Job
    done: int
    total: int
    what: str
    items: tuple[Any, ...]


class Reporter:
    """A job's way to say how far it is; throttled. Lives in the worker's thread."""

    def __init__(self, job: Job, send: Callable[[Report], None]) -> None:
        self.token = job.token
        self._job, self._send = job, send
        self._done, self._total, self._what = 0, 0, ""
        self._items: list[Any] = []
        self._last = 0.0

    def progress(self, done: int, total: int, what: str) -> None:
        """An engine.progress.Progress."""
        self._done, self._total, self._what = done, total, what
        self._maybe_send()

    def item(self, item: Any) -> None:
        """Hand on a piece before the whole is done."""
        self._items.append(item)
        self._maybe_send()

    def flush(self) -> None:
        self._last = time.monotonic()
        items, self._items = tuple(self._items), []
        self._send(Report(self._job, self._done, self._total, self._what, items))

    def _maybe_send(self) -> None:
        if time.monotonic() - self._last >= REPORT_EVERY_S:
            self.flush()


class Worker(QObject):
    """One thread that does jobs in the order given. Its signals arrive in the thread that made the Worker."""

    _reported = Signal(object)
    _finished = Signal(object)

    def __init__(self, on_report: Callable[[Report], None], on_outcome: Callable[[Outcome], None]) -> None:
        super().__init__()
        self.generation = 0
        self._on_report, self._on_outcome = on_report, on_outcome
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._open: list[Job] = []  # given and not answered; only touched by the owner's thread
        self._reported.connect(self._deliver_report, Qt.ConnectionType.QueuedConnection)
        self._finished.connect(self._deliver_outcome, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name="cinequant-worker", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        self._open.append(job)
        self._jobs.put(job)

    def cancel(self, *kinds: str) -> None:
        """Ask the waiting and running jobs of these kinds (all kinds where none is named) to stop."""
        for job in self._open:
            if not kinds or job.kind in kinds:
                job.token.cancel()

    @property
    def unfinished(self) -> tuple[Job, ...]:
        """Jobs that were not cancelled and have not answered, the running one first."""
        return tuple(job for job in self._open if not job.token.cancelled)

    def close(self) -> None:
        """Cancel, then wait for the thread: nothing of it outlives the window."""
        self.cancel()
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            reporter = Reporter(job, self._reported.emit)
            try:
                job.token.check()
                outcome = Outcome(job, value=job.run(reporter))
                reporter.flush()
            except Cancelled:
                outcome = Outcome(job)
            except CineQuantError as error:
                outcome = Outcome(job, error=error)
            except OSError as error:  # a full disk, a pulled cable, a folder that may not be written
                outcome = Outcome(job, error=CineQuantError(f"{error.filename or job.kind}: {error.strerror or error}"))
            except MemoryError:
                outcome = Outcome(
                    job,
                    error=CineQuantError(translate("Jobs", "not enough memory; close other programs and try again")),
                )
            except BaseException as bug:  # a bug in a job is shown by the window; it must not end the thread unseen
                outcome = Outcome(job, bug=bug)
            self._finished.emit(outcome)

    def _unwanted(self, job: Job) -> bool:
        return job.token.cancelled or job.generation not in (None, self.generation)

    def _deliver_report(self, report: Report) -> None:
        if not self._unwanted(report.job):
            self._on_report(report)

    def _deliver_outcome(self, outcome: Outcome) -> None:
        self._open.remove(outcome.job)
        if outcome.bug or not self._unwanted(outcome.job):
            self._on_outcome(outcome)
