"""The tools in a window, by mouse and keys: what is drawn, measured and turned is what the mouse touched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.state import editing
from app.state.annotations import AnnotationKind
from app.state.brush import Tool
from app.state.queries import correction_of, size_mm
from app.state.turned import Turned
from app.views.placement import place
from app.window.main_window import MainWindow
from engine.volume import LV

KEY, PLAIN, SHIFT = Qt.Key, Qt.KeyboardModifier(0), Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
HERE = (0, 2)


@pytest.fixture(name="ready")
def ready_fixture(qtbot: Any, window: MainWindow) -> MainWindow:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.resize(1280, 720)
    window.show()
    QApplication.processEvents()
    return window


def key(window: MainWindow, which: Qt.Key, mods: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(window, which, mods)


def send(window: MainWindow, kind: QEvent.Type, at_mm: tuple[float, float], mods: Qt.KeyboardModifier = PLAIN) -> None:
    view = window.slice_view.viewport()
    at = QPointF(*place(window.session.state, (view.width(), view.height())).to_px(*at_mm))
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    button = none if kind == QEvent.Type.MouseMove else left
    held = none if kind == QEvent.Type.MouseButtonRelease else left
    QApplication.sendEvent(view, QMouseEvent(kind, at, view.mapToGlobal(at), button, held, mods))


def drag(window: MainWindow, *points: tuple[float, float], mods: Qt.KeyboardModifier = PLAIN) -> None:
    send(window, QEvent.Type.MouseButtonPress, points[0], mods)
    for point in points[1:]:
        send(window, QEvent.Type.MouseMove, point, mods)
    send(window, QEvent.Type.MouseButtonRelease, points[-1], mods)


def changed(window: MainWindow) -> np.ndarray:
    """(Y, X) bool: where the slice on screen differs from what the model found."""
    correction = correction_of(window.session.state)
    assert correction is not None
    found: np.ndarray = editing.plane_of(correction, HERE) != correction.base.labels.array[HERE]
    return found


@pytest.mark.parametrize("turned", [Turned(), Turned(1), Turned(2, mirrored=True), Turned(3, mirrored=True)])
def test_a_line_is_filled_where_it_was_drawn_however_the_view_is_turned(ready: MainWindow, turned: Turned) -> None:
    ready.session.update(turned=turned, zoom=1.5)
    key(ready, KEY.Key_G)
    state = ready.session.state
    assert state.correction.correcting and state.correction.brush.tool is Tool.FREEHAND
    drag(ready, (4, 4), (16, 4), (16, 12), (4, 12))
    ys, xs = np.nonzero(changed(ready))
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (2, 7, 4, 11)  # voxels of 2 × 1 mm


def test_undo_works_after_finish_and_shows_where(ready: MainWindow) -> None:
    key(ready, KEY.Key_A)
    drag(ready, (6, 6), (10, 6))
    key(ready, KEY.Key_Escape)
    assert not ready.session.state.correction.correcting
    ready.session.update(slice_index=0)
    key(ready, KEY.Key_Z, CTRL)
    assert not changed(ready).any()
    assert ready.session.state.view.slice_index == HERE[1]
    key(ready, KEY.Key_Z, CTRL | SHIFT)
    assert changed(ready).any()


def test_a_point_of_the_outline_is_dragged(ready: MainWindow) -> None:
    key(ready, KEY.Key_K)
    key(ready, KEY.Key_6)
    places = ready.slice_view._tool._places
    assert len(places) >= 6
    x, y = max(places)
    drag(ready, (x, y), (x + 3, y), (x + 8, y))
    assert changed(ready).any()
    correction = correction_of(ready.session.state)
    assert correction is not None
    grown = editing.plane_of(correction, HERE)[changed(ready)]
    assert (grown == LV).all()
    assert max(ready.slice_view._tool._places)[0] == pytest.approx(x + 8, abs=0.6)


def test_buttons_keys_and_ticks_agree(ready: MainWindow) -> None:
    bar = ready.correction
    for which, tool, index in ((KEY.Key_U, Tool.PUSH, 3), (KEY.Key_K, Tool.POINTS, 4), (KEY.Key_A, Tool.BRUSH, 0)):
        key(ready, which)
        assert ready.session.state.correction.brush.tool is tool and bar.tools[index].isChecked()
    for which, button in ((KEY.Key_J, bar.edges), (KEY.Key_Y, bar.wall)):
        key(ready, which)
        assert button.isChecked()
        button.click()
        assert not button.isChecked()
    bar.tools[3].click()
    assert ready.menus.actions_by_text["Push contours"].isChecked()
    assert bar.smaller.isEnabled()
    bar.tools[4].click()
    assert not bar.smaller.isEnabled()


def test_a_ruler_by_key_is_listed_moved_and_deleted(ready: MainWindow) -> None:
    key(ready, KEY.Key_Q)
    drag(ready, (10, 10), (30, 10), (40, 10))
    assert ready.annotations.list.count() == 1
    assert ready.annotations.list.item(0).text().startswith("Length 30.0 mm")
    key(ready, KEY.Key_Escape)
    assert ready.session.state.annotation.measure_tool is None
    drag(ready, (40, 10), (45, 10), (50, 10))
    assert ready.annotations.list.item(0).text().startswith("Length 40.0 mm")
    ready.session.update(slice_index=0)
    item = ready.annotations.list.item(0)
    ready.annotations.list.itemClicked.emit(item)
    assert ready.session.state.view.slice_index == HERE[1]
    key(ready, KEY.Key_Delete)
    assert not ready.annotations.isVisible()
    key(ready, KEY.Key_Z, CTRL)
    assert ready.annotations.isVisible()


def test_a_measurement_is_in_the_picture(ready: MainWindow) -> None:
    before = ready.slice_view.picture().toImage()
    key(ready, KEY.Key_A, SHIFT)
    assert ready.session.state.annotation.measure_tool is AnnotationKind.CIRCLE
    drag(ready, (40, 20), (50, 20))
    assert ready.slice_view.picture().toImage() != before


def test_keys_turn_and_flip_the_view_and_it_is_remembered(qtbot: Any, ready: MainWindow) -> None:
    key(ready, KEY.Key_Right, CTRL)
    key(ready, KEY.Key_Up, CTRL)
    turned = ready.session.state.view.turned
    assert turned == Turned(1).flipped()
    ready.session.opening.open_volume(volume())
    settle(qtbot, ready.session)
    assert ready.session.state.view.turned == turned
    assert size_mm(volume()) == (96.0, 40.0)
