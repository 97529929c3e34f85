"""Garbage is collected on the window's thread, between events and at no other moment."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import app_fixtures  # noqa: F401 - before Qt is imported
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QWidget

from app.session import collector
from app.session.collector import Collector
from app.views.agreement_view import AgreementView
from app.views.contact_sheet import ContactSheet
from app.views.long_axis_view import LongAxisView
from app.views.slice_view import SliceView

ROUNDS = 1000


@pytest.fixture(name="automatic")
def automatic_fixture() -> Iterator[None]:
    """Python collects by itself, and as often as it can."""
    before = gc.get_threshold()
    gc.enable()
    gc.set_threshold(1, 1, 1_000_000)
    yield
    gc.set_threshold(*before)
    gc.disable()


@pytest.fixture(name="collections")
def collections_fixture() -> Iterator[list[threading.Thread]]:
    """The threads that collections ran in."""
    threads: list[threading.Thread] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            threads.append(threading.current_thread())

    gc.callbacks.append(note)
    yield threads
    gc.callbacks.remove(note)


class Ring(QObject):
    """Only the cyclic collector destroys it."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self
        self.objectNameChanged.connect(self._named)

    def _named(self) -> None:
        pass


def test_no_collection_while_a_view_is_made(qtbot: Any, automatic: None, collections: list[threading.Thread]) -> None:
    SliceView().deleteLater()
    assert collections, "Python collects inside the view's constructor unless it is told not to"
    made = Collector()
    collections.clear()
    SliceView().deleteLater()
    thread = threading.Thread(target=lambda: [[] for _ in range(10_000)])
    thread.start()
    thread.join()
    assert collections == []
    made.close()
    assert gc.isenabled()


@pytest.mark.parametrize("make", [SliceView, ContactSheet, lambda: LongAxisView(0), AgreementView])
def test_a_view_is_no_garbage_for_the_collector(qtbot: Any, make: Callable[[], QWidget]) -> None:
    gc.disable()
    view = make()
    dropped = weakref.ref(view)
    del view
    assert dropped() is None, "references go round: only the collector would destroy it"


def test_the_timer_collects_every_generation_on_this_thread(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, collections: list[threading.Thread]
) -> None:
    monkeypatch.setattr(collector, "EVERY_MS", 1)
    made = Collector()
    gone = weakref.ref(Ring())
    gc.collect(1)  # so that only a look at all objects finds the next one
    old = weakref.ref(Ring())
    qtbot.waitUntil(lambda: gone() is None and old() is None, timeout=10_000)
    assert set(collections) == {threading.main_thread()}
    made.close()
    assert not gc.isenabled()


@pytest.mark.timeout(900)
def test_views_made_and_dropped_a_thousand_times_do_not_lock(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "EVERY_MS", 0)
    monkeypatch.setattr(collector, "WORTH_IT", 0)
    made, parent = Collector(), QWidget()
    qtbot.addWidget(parent)
    rings = []
    for i in range(ROUNDS):
        rings.append(weakref.ref(Ring()))
        view = SliceView() if i % 50 == 0 else ContactSheet()
        view.setParent(parent)
        view.deleteLater()
        del view
        QCoreApplication.processEvents()  # the timer's look is among them
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: all(ring() is None for ring in rings), timeout=10_000)
    made.close()
