"""A thread for each worker; answers through signals, none of cancelled work, nothing left behind."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from app_fixtures import until

from app.session.jobs import JobReport, Lane, Reporter, Worker, together
from app.state.types import Busy
from engine.errors import CineQuantError, ScanError


class Owner:
    """Collects what a worker says, and in which threads it says it."""

    def __init__(self, *, newest_first: bool = False) -> None:
        self.worker = Worker("test", newest_first=newest_first)
        self.lane = Lane(self.worker)
        self.reports: list[JobReport] = []
        self.values: list[Any] = []
        self.errors: list[CineQuantError | None] = []
        self.threads: set[int] = set()

    def submit(self, run: Any, **more: Any) -> None:
        self.lane.submit(run, **({"then": self._then, "failed": self.errors.append, "on_report": self._report} | more))

    def _report(self, report: JobReport) -> None:
        self.reports.append(report)
        self.threads.add(threading.get_ident())

    def _then(self, value: Any) -> None:
        self.values.append(value)
        self.threads.add(threading.get_ident())


@pytest.fixture
def owner(qtbot: Any) -> Iterator[Owner]:
    made = Owner()
    yield made
    made.worker.close()
    assert "cinequant-test" not in {thread.name for thread in threading.enumerate()}


def idle(qtbot: Any, owner: Owner) -> None:
    qtbot.waitUntil(lambda: not owner.worker._open, timeout=5000)


def forever(started: threading.Event) -> Any:
    def run(reporter: Reporter) -> None:
        started.set()
        while True:
            reporter.token.check()
            threading.Event().wait(0.001)

    return run


def test_answers_arrive_in_order_in_the_owners_thread(qtbot: Any, owner: Owner) -> None:
    for i in range(3):
        owner.submit(lambda _, i=i: i * i)
    idle(qtbot, owner)
    assert owner.values == [0, 1, 4]
    assert owner.threads == {threading.get_ident()}


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (ScanError("bad scan"), "bad scan"),
        (FileNotFoundError(2, "No such file", "x.nii"), "x.nii: No such file"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (MemoryError(), "not enough memory; close other programs and try again"),
    ],
)
def test_the_users_errors_come_as_such(qtbot: Any, owner: Owner, raised: Exception, text: str) -> None:
    def fail(_: object) -> None:
        raise raised

    owner.submit(fail)
    idle(qtbot, owner)
    [error] = owner.errors
    assert isinstance(error, CineQuantError)
    assert str(error) == text
    assert not owner.values


def test_a_bug_is_raised_and_the_thread_lives_on(qtbot: Any, owner: Owner) -> None:
    with qtbot.captureExceptions() as raised:
        owner.submit(lambda _: 1 / 0)
        owner.submit(lambda _: "after")
        idle(qtbot, owner)
    assert [kind for kind, *_ in raised] == [ZeroDivisionError]
    assert owner.errors == [None]
    assert owner.values == ["after"]


def test_cancelling_a_lane_stops_what_waits_and_runs_in_it_and_nothing_else(qtbot: Any, owner: Owner) -> None:
    started, other = threading.Event(), Lane(owner.worker)
    owner.submit(forever(started))
    owner.submit(lambda _: "never")
    kept: list[str] = []
    other.submit(lambda _: "kept", then=kept.append, failed=owner.errors.append, subject="other")
    until(started.is_set)
    owner.lane.cancel()
    assert [job.subject for job in owner.worker.unfinished] == ["other"]
    assert owner.lane.subjects == ()
    owner.submit(lambda _: "of the next generation")
    idle(qtbot, owner)
    assert (kept, owner.values, owner.errors) == (["kept"], ["of the next generation"], [])


def test_an_answer_of_an_earlier_generation_is_dropped(qtbot: Any, owner: Owner) -> None:
    done = threading.Event()
    owner.submit(lambda _: done.set())
    until(done.is_set)
    owner.lane.cancel()  # the answer is on its way already
    idle(qtbot, owner)
    assert owner.values == []


def test_reports_are_throttled_and_lose_nothing(qtbot: Any, owner: Owner) -> None:
    def work(reporter: Reporter) -> None:
        for i in range(2000):
            reporter.item(i)
            reporter.progress(i + 1, 2000, "Counting")

    owner.submit(work)
    idle(qtbot, owner)
    assert len(owner.reports) < 100
    assert [i for report in owner.reports for i in report.items] == list(range(2000))
    assert owner.reports[-1].done == 2000


def test_what_is_done_can_be_read_until_it_is_over(qtbot: Any, owner: Owner) -> None:
    seen = []
    owner.worker.changed.connect(lambda: seen.append(owner.worker.busy))
    gate = threading.Event()

    def work(reporter: Reporter) -> None:
        reporter.progress(3, 9, "Reading")
        gate.wait(5)

    owner.submit(work, busy=Busy("Saving x", can_stop=False), words=lambda what: f"{what} x")
    assert owner.worker.busy == Busy("Saving x", can_stop=False)
    qtbot.waitUntil(lambda: bool(owner.reports), timeout=5000)
    gate.set()
    idle(qtbot, owner)
    assert Busy("Reading x", 3, 9, can_stop=False) in seen
    assert all(busy is None or not busy.can_stop for busy in seen)  # the report that ends a job too
    assert seen[-1] is None


def test_newest_first(qtbot: Any) -> None:
    owner, started, gate = Owner(newest_first=True), threading.Event(), threading.Event()
    owner.submit(lambda _: started.set() or gate.wait(5))
    until(started.is_set)
    for i in range(3):
        owner.submit(lambda _, i=i: i)
    gate.set()
    idle(qtbot, owner)
    owner.worker.close()
    assert owner.values == [True, 2, 1, 0]


def test_finish_does_what_waits_and_answers_it(qtbot: Any, owner: Owner) -> None:
    for i in range(3):
        owner.submit(lambda _, i=i: i)
    owner.worker.finish()
    assert owner.values == [0, 1, 2]
    qtbot.wait(20)  # Qt delivers late what finish has delivered already
    assert owner.values == [0, 1, 2]


def test_close_ends_a_running_job(qtbot: Any) -> None:
    owner, started = Owner(), threading.Event()
    owner.submit(forever(started))
    until(started.is_set)
    owner.worker.close()
    assert "cinequant-test" not in {thread.name for thread in threading.enumerate()}
    assert owner.values == []


def test_several_workers_are_busy_in_one_line() -> None:
    saving, segmenting = Busy("Saving x", can_stop=False), Busy("Segmenting", 3, 9)
    assert together([None, None]) is None
    assert together([None, saving]) is saving
    assert together([saving, None, segmenting]) == Busy("Saving x, Segmenting", 3, 9, can_stop=True)


def test_a_thread_that_waits_holds_on_to_nothing(qtbot: Any, owner: Owner) -> None:
    class Scan:
        pass

    scan = Scan()
    gone = weakref.ref(scan)
    owner.lane.submit(lambda _, held=scan: held, then=lambda _: None, failed=owner.errors.append, subject=scan)
    del scan
    idle(qtbot, owner)
    until(lambda: gone() is None)
