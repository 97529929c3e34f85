"""Views and panels redraw what differs and nothing else, counted in paint events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from app_fixtures import SLICES, FakeModel, model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from app.state.changes import with_run
from app.state.queries import run_key
from app.state.types import Busy, Layout, Overlay, Run, Status, Style
from app.window.main_window import MainWindow
from engine.network.predict import SliceTiming


class Counted(QObject):
    """Counts events of the widgets it is installed on."""

    def __init__(self) -> None:
        super().__init__()
        self.of: Counter[QEvent.Type] = Counter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.of[event.type()] += 1
        return False


@pytest.fixture(name="ready")
def ready_fixture(qtbot: Any, window: MainWindow) -> MainWindow:
    """The window with a scan whose int8 segmentation is shown."""
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    return window


@pytest.fixture(name="counted")
def counted_fixture() -> Iterator[Counted]:
    yield Counted()


def watch(counted: Counted, window: MainWindow) -> None:
    for view in window.stage.views:
        (view.viewport() if isinstance(view, QAbstractScrollArea) else view).installEventFilter(counted)
    paint()
    counted.of.clear()


def paint() -> None:
    for _ in range(3):
        QApplication.processEvents()


def report(window: MainWindow, done: int) -> None:
    """As another precision's run says how far it is."""
    store = window.session.store
    key = run_key(store.state, "float32")
    assert key is not None
    timings = tuple(SliceTiming(0, 0, 0.5, 6.0, 0.5) for _ in range(done))
    store.update(busy=Busy("Segmenting in float32", done, 24))
    store.show(with_run(store.state, key, Run(Status.RUNNING, timings, total=24)))
    paint()


@pytest.mark.parametrize("layout", [Layout.SLICE, Layout.PHASES, Layout.SHEET, Layout.LONG_AXIS])
def test_progress_of_another_precision_repaints_no_image(ready: MainWindow, counted: Counted, layout: Layout) -> None:
    ready.session.store.update(layout=layout)
    report(ready, 0)
    watch(counted, ready)
    for done in range(1, 21):
        report(ready, done)
    assert counted.of[QEvent.Type.Paint] == 0


def test_progress_lays_nothing_out_anew_in_function(ready: MainWindow, counted: Counted) -> None:
    report(ready, 0)
    panel = ready.function
    paint()
    for cell in panel._cells.values():
        cell.installEventFilter(counted)
    panel.installEventFilter(counted)
    for done in range(1, 21):
        report(ready, done)
    wrong = (QEvent.Type.Hide, QEvent.Type.Show, QEvent.Type.HideToParent, QEvent.Type.LayoutRequest)
    assert {kind: counted.of[kind] for kind in wrong if counted.of[kind]} == {}


@pytest.mark.parametrize(
    ("layout", "changes"),
    [
        (Layout.SLICE, {"slice_index": 0}),
        (Layout.SLICE, {"frame_index": 3}),
        (Layout.SLICE, {"window": (50.0, 60.0)}),
        (Layout.SLICE, {"invert": True}),
        (Layout.SLICE, {"smooth": False}),
        (Layout.SLICE, {"zoom": 2.0}),
        (Layout.SLICE, {"overlay": Overlay(hidden=True)}),
        (Layout.SLICE, {"overlay": Overlay(style=Style.VOXELS)}),
        (Layout.SHEET, {"slice_index": SLICES - 1}),
        (Layout.SHEET, {"frame_index": 3}),
        (Layout.SHEET, {"overlay": Overlay(style=Style.FILL)}),
        (Layout.LONG_AXIS, {"slice_index": 0}),
        (Layout.LONG_AXIS, {"frame_index": 3}),
        (Layout.LONG_AXIS, {"zoom": 3.0}),
        (Layout.COMPARE, {"slice_index": 0}),
        (Layout.COMPARE, {"frame_index": 3}),
    ],
)
def test_what_is_shown_repaints_its_views(
    ready: MainWindow, counted: Counted, layout: Layout, changes: dict[str, Any]
) -> None:
    ready.session.store.update(layout=layout)
    watch(counted, ready)
    ready.session.store.update(**changes)
    paint()
    assert counted.of[QEvent.Type.Paint] >= len(ready.stage.views)


@pytest.mark.parametrize("layout", list(Layout))
def test_what_is_not_shown_repaints_no_view(ready: MainWindow, counted: Counted, layout: Layout) -> None:
    ready.session.store.update(layout=layout)
    watch(counted, ready)
    ready.session.store.update(speed=2.0)
    ready.session.store.update(sweep=True)
    ready.session.store.update(busy=Busy("Saving", 1, 2))
    brush = ready.session.state.correction.brush
    ready.session.store.update(brush=replace(brush, radius_mm=brush.radius_mm + 1))
    paint()
    assert counted.of[QEvent.Type.Paint] == 0


def test_no_attribute_shadows_a_method_of_qt(ready: MainWindow) -> None:
    for layout in Layout:
        ready.session.store.update(layout=layout)
    shadowed = {
        (type(widget).__name__, name)
        for widget in (ready, *ready.findChildren(QWidget))
        for name in vars(widget)
        for base in type(widget).__mro__
        # PySide keeps a signal, once it is used, in the object as well.
        if base.__module__.startswith("PySide6") and not isinstance(vars(base).get(name, Signal()), Signal)
    }
    assert shadowed == set()
