"""What the window does again where little has changed: counted, since times depend on the computer."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.panels.charts import LatencyChart, StripChart
from app.panels.performance_panel import PerformancePanel
from app.state import queries
from app.state.queries import card_of, run_of
from app.state.types import AppState
from app.window.main_window import MainWindow
from engine.measures import flags


@pytest.fixture(name="ready")
def ready_fixture(qtbot: Any, window: MainWindow) -> MainWindow:
    """The window on screen with a scan that is segmented in both precisions."""
    window.show()
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    QApplication.processEvents()
    return window


def test_little_is_done_again(qtbot: Any, ready: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    session, counted = ready.session, Counter[str]()

    def count(owner: Any, name: str) -> None:
        inner = getattr(owner, name)

        def counting(*args: Any, **named: Any) -> Any:
            # Windows that earlier tests have left behind draw their charts, too.
            if not isinstance(args[0], QWidget) or args[0].window() is ready:
                counted[name, threading.current_thread() is threading.main_thread()] += 1
            return inner(*args, **named)

        monkeypatch.setattr(owner, name, counting)

    # A turn of the wheel: views do not each look up the model, and no chart is painted.
    count(queries, "cards_offered")
    for chart in (LatencyChart, StripChart):
        count(chart, "paint")
    # Its ticks draw what the memory has become meanwhile.
    ready.findChild(PerformancePanel)._clock.stop()
    session.looking.step_slice(1)
    QApplication.processEvents()
    assert counted["cards_offered", True] < 10  # without answers that are kept more than 100
    assert not counted["paint", True]

    # A choice that changes numbers draws no latencies; a chart may be laid out anew once.
    session.measuring.toggle_slice(frame=0, index=0)
    QApplication.processEvents()
    assert counted["paint", True] <= 1

    # Flags follow in a worker, after the numbers.
    count(flags, "find_flags")
    session.measuring.toggle_slice(frame=0, index=0)
    QApplication.processEvents()
    assert not counted["find_flags", True]
    qtbot.waitUntil(lambda: counted["find_flags", False] > 0)
    settle(qtbot, session)
    assert not counted["find_flags", True]


def test_a_slice_covers_what_is_behind_it(ready: MainWindow) -> None:
    assert ready.slice_view.viewport().testAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)


def test_answers_are_kept_with_the_state_alone(ready: MainWindow) -> None:
    state = ready.session.state
    assert card_of(state) is card_of(state)
    assert run_of(state) is not None and run_of(AppState()) is None
    assert AppState() == AppState() and not AppState().answers
