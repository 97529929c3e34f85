"""One thread, answers through signals, nothing of yesterday's, nothing left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from app_fixtures import until

from app.session.jobs import Job, Outcome, Report, Worker
from engine.errors import CineQuantError, ScanError


class Owner:
    """Collects what a worker says, and in which thread it says it."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.outcomes: list[Outcome] = []
        self.threads: set[int] = set()
        self.worker = Worker(self._report, self._outcome)

    def _report(self, report: Report) -> None:
        self.reports.append(report)
        self.threads.add(threading.get_ident())

    def _outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.threads.add(threading.get_ident())


@pytest.fixture
def owner(qtbot: Any) -> Iterator[Owner]:
    made = Owner()
    yield made
    made.worker.close()
    assert "cinequant-worker" not in {thread.name for thread in threading.enumerate()}


def idle(qtbot: Any, owner: Owner) -> None:
    qtbot.waitUntil(lambda: not owner.worker._open, timeout=5000)


def test_answers_arrive_in_order_in_the_owners_thread(qtbot: Any, owner: Owner) -> None:
    for i in range(3):
        owner.worker.submit(Job("count", 0, lambda _, i=i: i * i, tag=i))
    idle(qtbot, owner)
    assert [(o.job.tag, o.value) for o in owner.outcomes] == [(0, 0), (1, 1), (2, 4)]
    assert owner.threads == {threading.get_ident()}


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (ScanError("bad scan"), "bad scan"),
        (FileNotFoundError(2, "No such file", "x.nii"), "x.nii: No such file"),
        (MemoryError(), "not enough memory; close other programs and try again"),
    ],
)
def test_the_users_errors_come_as_such(qtbot: Any, owner: Owner, raised: Exception, text: str) -> None:
    def fail(_: object) -> None:
        raise raised

    owner.worker.submit(Job("open", 0, fail))
    idle(qtbot, owner)
    (outcome,) = owner.outcomes
    assert isinstance(outcome.error, CineQuantError)
    assert str(outcome.error) == text
    assert outcome.bug is None


def test_a_bug_comes_as_a_bug_and_the_thread_lives_on(qtbot: Any, owner: Owner) -> None:
    owner.worker.submit(Job("open", 0, lambda _: 1 / 0))
    owner.worker.submit(Job("open", 0, lambda _: "after"))
    idle(qtbot, owner)
    assert isinstance(owner.outcomes[0].bug, ZeroDivisionError)
    assert owner.outcomes[1].value == "after"


def test_an_old_generation_is_dropped_but_not_what_lasts(qtbot: Any, owner: Owner) -> None:
    gate = threading.Event()
    owner.worker.submit(Job("open", 0, lambda _: gate.wait(5), tag="old"))
    owner.worker.submit(Job("export", None, lambda _: "file", tag="lasting"))
    owner.worker.generation = 1
    owner.worker.submit(Job("open", 1, lambda _: "new", tag="new"))
    gate.set()
    idle(qtbot, owner)
    assert [o.job.tag for o in owner.outcomes] == ["lasting", "new"]


def test_cancel_stops_waiting_and_running_jobs_of_a_kind(qtbot: Any, owner: Owner) -> None:
    started = threading.Event()

    def forever(reporter: Any) -> None:
        started.set()
        while True:
            reporter.token.check()
            started.wait(0.001)

    owner.worker.submit(Job("segment", 0, forever))
    owner.worker.submit(Job("segment", 0, forever))
    owner.worker.submit(Job("export", None, lambda _: "kept"))
    until(started.is_set)
    owner.worker.cancel("segment")
    assert [job.kind for job in owner.worker.unfinished] == ["export"]
    idle(qtbot, owner)
    assert [o.value for o in owner.outcomes] == ["kept"]


def test_reports_are_throttled_and_lose_nothing(qtbot: Any, owner: Owner) -> None:
    def work(reporter: Any) -> None:
        for i in range(2000):
            reporter.item(i)
            reporter.progress(i + 1, 2000, "Counting")

    owner.worker.submit(Job("segment", 0, work))
    idle(qtbot, owner)
    assert len(owner.reports) < 100
    assert [i for report in owner.reports for i in report.items] == list(range(2000))
    assert owner.reports[-1].done == 2000


def test_close_ends_a_running_job(qtbot: Any) -> None:
    owner = Owner()
    started = threading.Event()

    def forever(reporter: Any) -> None:
        started.set()
        while True:
            reporter.token.check()

    owner.worker.submit(Job("segment", 0, forever))
    until(started.is_set)
    owner.worker.close()
    assert not owner.worker._thread.is_alive()
