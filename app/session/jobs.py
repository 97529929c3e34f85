"""Slow work on threads: immutable inputs and a cancel token in, one value out through a Qt signal.

A Worker is one thread. A Lane is a part's share of a worker: what the part has asked for and may call off again. A job
carries its own answer: what to do with its value, with its reports, and with an error.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from app.state.types import Busy
from app.words.engine_words import translated
from app.words.language import translate
from engine.errors import Cancelled, CineQuantError
from engine.progress import CancelToken

# More reports per second only cost time: each one redraws a plot.
REPORT_EVERY_S = 0.05

T = TypeVar("T")
Failed = Callable[[CineQuantError | None], None]
"""Called with the user's error, or with None for a bug, which is raised in the window's thread afterwards."""


@dataclass(slots=True, eq=False)
class Job:
    """Work to do. run is called in the worker's thread; then, on_report and failed in the owner's.

    busy: what the status bar says while the job waits or runs, None for nothing. words: names the step that a report
    tells of. subject: anything that the lane's owner recognises the job by.
    """

    lane: Lane
    generation: int
    run: Callable[[Reporter], Any]
    then: Callable[[Any], None]
    failed: Failed
    on_report: Callable[[JobReport], None] | None
    busy: Busy | None
    words: Callable[[str], str]
    subject: object
    token: CancelToken = field(default_factory=CancelToken)

    @property
    def wanted(self) -> bool:
        return self.generation == self.lane.generation and not self.token.cancelled


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of a job: a value, a user's error or a bug."""

    job: Job
    value: Any = None
    error: CineQuantError | None = None
    bug: BaseException | None = None


@dataclass(frozen=True, slots=True, eq=False)
class JobReport:
    """How far a job is. items: what it has handed on with Reporter.item since the last report."""

    job: Job
    done: int
    total: int
    what: str
    items: tuple[Any, ...]


class Reporter:
    """A job's way to report progress; throttled. Lives in the worker's thread."""

    def __init__(self, job: Job, send: Callable[[JobReport], None]) -> None:
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
        """Send what has not been sent yet, now."""
        self._last = time.monotonic()
        items, self._items = tuple(self._items), []
        self._send(JobReport(self._job, self._done, self._total, self._what, items))

    def _maybe_send(self) -> None:
        if time.monotonic() - self._last >= REPORT_EVERY_S:
            self.flush()


class Worker(QObject):
    """One thread that does jobs one by one. Answers arrive in the thread that made the Worker.

    The thread starts with the first job. newest_first: of the jobs that wait, the one asked for last is done next.
    """

    changed = Signal()
    """A job was added, has reported, has ended or was cancelled."""

    _arrived = Signal()

    def __init__(self, name: str, *, newest_first: bool = False) -> None:
        super().__init__()
        self._name = f"cinequant-{name}"
        self._jobs: queue.Queue[Job | None] = queue.LifoQueue() if newest_first else queue.Queue()
        self._arrivals: queue.SimpleQueue[JobReport | Outcome] = queue.SimpleQueue()
        self._open: list[Job] = []  # given and not answered; only touched by the owner's thread
        self._thread: threading.Thread | None = None
        self._arrived.connect(self._deliver_next, Qt.ConnectionType.QueuedConnection)

    def submit(self, job: Job) -> None:
        """Do a job when the ones before it are done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._open.append(job)
        self._jobs.put(job)
        self.changed.emit()

    @property
    def unfinished(self) -> tuple[Job, ...]:
        """Jobs that are still wanted and have not answered, in the order given."""
        return tuple(job for job in self._open if job.wanted)

    @property
    def busy(self) -> Busy | None:
        """What the worker is doing, for the status bar."""
        return next((job.busy for job in self.unfinished if job.busy is not None), None)

    def finish(self) -> None:
        """Wait until every job has been done and answered."""
        while self._open:
            try:
                self._deliver(self._arrivals.get())
            except Exception:  # as when Qt delivers it: shown as a bug, and the other jobs go on
                sys.excepthook(*sys.exc_info())

    def close(self) -> None:
        """Cancel every job and wait for the thread, so that nothing outlives the window."""
        for job in self._open:
            job.token.cancel()
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            reporter = Reporter(job, self._send)
            try:
                job.token.check()
                outcome = Outcome(job, value=job.run(reporter))
                reporter.flush()
            except Cancelled:
                outcome = Outcome(job)
            except CineQuantError as error:
                outcome = Outcome(job, error=error)
            except OSError as error:  # a full disk, a pulled cable, a folder that may not be written
                where, why = error.filename, error.strerror or str(error)
                outcome = Outcome(job, error=CineQuantError(f"{where}: {why}" if where else why))
            except MemoryError:
                outcome = Outcome(
                    job,
                    error=CineQuantError(translate("Jobs", "not enough memory; close other programs and try again")),
                )
            except BaseException as bug:  # a bug in a job is shown by the window; it must not end the thread unseen
                outcome = Outcome(job, bug=bug)
            self._send(outcome)
            # Else the thread would hold on to a scan, or a whole segmentation, until its next job comes.
            del job, reporter, outcome

    def _send(self, arrival: JobReport | Outcome) -> None:
        self._arrivals.put(arrival)
        self._arrived.emit()

    def _deliver_next(self) -> None:
        try:
            arrival = self._arrivals.get_nowait()
        except queue.Empty:  # finish has delivered it already
            return
        self._deliver(arrival)

    def _deliver(self, arrival: JobReport | Outcome) -> None:
        try:
            if isinstance(arrival, JobReport):
                _answer_report(arrival)
            else:
                self._open.remove(arrival.job)
                _answer_outcome(arrival)
        finally:
            self.changed.emit()


def _answer_report(report: JobReport) -> None:
    job = report.job
    if not job.wanted:
        return
    if job.busy is not None:
        what = job.words(report.what) if report.what else job.busy.what
        job.busy = replace(job.busy, what=what, done=report.done, total=report.total or job.busy.total)
    if job.on_report is not None:
        job.on_report(report)


def _answer_outcome(outcome: Outcome) -> None:
    job = outcome.job
    if outcome.bug is not None:
        if job.wanted:
            job.failed(None)
        raise outcome.bug
    if not job.wanted:
        return
    if outcome.error is not None:
        job.failed(outcome.error)
    else:
        job.then(outcome.value)


class Lane:
    """A part's jobs on a worker. Cancelling begins a new generation; answers of earlier ones are dropped unseen."""

    def __init__(self, worker: Worker) -> None:
        self.worker, self.generation = worker, 0

    def submit(
        self,
        run: Callable[[Reporter], T],
        *,
        then: Callable[[T], None],
        failed: Failed,
        on_report: Callable[[JobReport], None] | None = None,
        busy: Busy | None = None,
        words: Callable[[str], str] = translated,
        subject: object = None,
    ) -> None:
        """Ask for work. See Job for the arguments."""
        self.worker.submit(Job(self, self.generation, run, then, failed, on_report, busy, words, subject))

    @property
    def subjects(self) -> tuple[object, ...]:
        """Those of the jobs that are wanted and have not answered."""
        return tuple(job.subject for job in self.worker.unfinished if job.lane is self)

    def cancel(self) -> None:
        """Ask all jobs of this lane to stop."""
        for job in self.worker.unfinished:
            if job.lane is self:
                job.token.cancel()
        self.generation += 1
        self.worker.changed.emit()


def together(busy: Iterable[Busy | None]) -> Busy | None:
    """What several workers do at once, in one line. The numbers are those of the work that has some."""
    each = [one for one in busy if one is not None]
    if len(each) < 2:
        return each[0] if each else None
    counted = next((one for one in each if one.total), each[0])
    what = ", ".join(one.what for one in each)
    return Busy(what, counted.done, counted.total, can_stop=any(one.can_stop for one in each))


class Workers:
    """The window's threads, so that reading and segmenting, comparing, and exporting never wait for each other."""

    def __init__(self) -> None:
        self.scan = Worker("scan")
        self.comparing = Worker("comparing")
        self.exporting = Worker("exporting")
        self.autosaving = Worker("autosaving")
        self.searching = Worker("searching")
        self.transferring = Worker("transferring")
        everyday = (self.exporting, self.scan, self.comparing, self.autosaving)
        self.all = (*everyday, self.searching, self.transferring)

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        return not any(worker.unfinished for worker in self.all)

    @property
    def busy(self) -> Busy | None:
        """What is being done, for the status bar."""
        return together(worker.busy for worker in self.all)

    def close(self) -> None:
        """Cancel every job and wait for the threads."""
        for worker in self.all:
            worker.close()
