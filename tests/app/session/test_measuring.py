"""Phases, slices that count and conventions, chosen by a reader in the window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from app.dialogs.areas_dialog import AreasDialog
from app.panels.marked_slider import MarkKind
from app.panels.reading_box import chosen
from app.state.base_to_apex import place_of_slice, turned_round
from app.state.brush import Brush
from app.state.measured import reading_of
from app.state.queries import correction_of, phase_frame, phases_shown, shown_function
from app.state.types import Layout
from app.views import captions
from app.window.main_window import MainWindow
from engine.measures.function import Function
from engine.measures.reading import Base, Papillary, Phases, Reading
from engine.phantom import make_phantom
from engine.volume import LV, MYO, RV, Volume

PLAIN, ALT = Qt.KeyboardModifier(0), Qt.KeyboardModifier.AltModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def cine() -> Volume:
    """The phantom, smaller than it opens by itself."""
    return make_phantom(frames=12, slices=5, size=96)[0]


@pytest.fixture
def ready(qtbot: Any, window: MainWindow, cine: Volume) -> MainWindow:
    """A scan that has been segmented."""
    settle(qtbot, window.session)
    window.session.opening.open_volume(cine)
    settle(qtbot, window.session)
    return window


def erase(window: MainWindow, frame: int) -> None:
    """Take the LV cavity out of the slice on screen, in one frame."""
    correcting = window.session.correcting
    window.session.update(brush=Brush(LV, erase=True, radius_mm=30.0))
    correcting.start_stroke(frame, 32.0, 32.0)
    for at in np.linspace(0.0, 200.0, 21):
        for across in (0.0, 50.0, 100.0, 150.0, 200.0):
            correcting.draw(frame, at, across)
    correcting.end_stroke()
    QApplication.processEvents()


def test_correcting_end_diastole_never_changes_the_frame_under_the_brush(ready: MainWindow) -> None:
    session = ready.session
    session.looking.show_layout(Layout.PHASES)
    session.correcting.start()
    ed, es = phases_shown(session.state)
    before = shown_function(session.state)
    assert before is not None and before.lv.edv_ml is not None
    for index in range(1, session.state.scan.volume.slices):
        session.update(slice_index=index)
        erase(ready, ed)
    correction, after = correction_of(session.state), shown_function(session.state)
    assert correction is not None and after is not None and after.lv.edv_ml is not None
    assert max(after.lv_ml) > after.lv_ml[ed]  # another frame is larger now
    assert phases_shown(session.state) == [ed, es]
    assert (phase_frame(session.state, "ED"), after.lv.edv_ml) == (ed, after.lv_ml[ed])
    assert after.lv.edv_ml < before.lv.edv_ml


def press(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
    window.activateWindow()
    window.stage.views[0].setFocus()
    QTest.keyClick(window.stage.views[0], key, modifier)


def function_of(window: MainWindow) -> Function:
    found = shown_function(window.session.state)
    assert found is not None
    return found


def test_a_phase_is_set_by_key_and_undone(ready: MainWindow) -> None:
    session = ready.session
    session.update(frame_index=2)
    before = function_of(ready)
    press(ready, Qt.Key.Key_D, ALT)
    assert function_of(ready).ed_frame == function_of(ready).rv_ed_frame == 2
    assert reading_of(session.state).lv.ed == 2
    session.update(frame_index=5)
    press(ready, Qt.Key.Key_S, ALT)
    assert function_of(ready).es_frame == 5
    press(ready, Qt.Key.Key_Z, CTRL)
    press(ready, Qt.Key.Key_Z, CTRL)
    assert function_of(ready) == before
    press(ready, Qt.Key.Key_Y, CTRL)
    assert function_of(ready).ed_frame == 2
    session.measuring.reset_phases()
    assert function_of(ready) == before


def test_one_frame_is_not_both_phases(ready: MainWindow) -> None:
    session = ready.session
    before = function_of(ready)
    session.measuring.choose_phase("es", before.ed_frame)
    assert function_of(ready) == before
    assert session.state.message is not None and "cannot be both" in session.state.message.text


def test_the_right_ventricle_gets_phases_of_its_own(ready: MainWindow) -> None:
    session = ready.session
    session.update(frame_index=2)
    press(ready, Qt.Key.Key_D, ALT | SHIFT)
    found = function_of(ready)
    assert (found.rv_ed_frame, found.ed_frame) == (2, 0)
    assert ready.menus.actions_by_text["Own phases for the right ventricle"].isChecked()
    said = [cell.text() for cell in ready.function.findChildren(QLabel)]
    assert f"ED 1, ES {found.es_frame + 1}; RV 3, {found.rv_es_frame + 1}" in said
    session.measuring.toggle_apart()
    assert function_of(ready).rv_ed_frame == 0
    session.measuring.toggle_apart()
    found = function_of(ready)
    assert found.rv_ml[found.rv_ed_frame] == max(found.rv_ml)


def test_a_slice_is_left_out_by_key_and_taken_in_again(ready: MainWindow) -> None:
    session = ready.session
    before = function_of(ready)
    press(ready, Qt.Key.Key_L)
    frame, index = session.state.view.frame_index, session.state.view.slice_index
    assert function_of(ready).left_out == {(label, frame, index) for label in (LV, MYO, RV)}
    assert function_of(ready).lv_ml[frame] < before.lv_ml[frame]
    press(ready, Qt.Key.Key_L)
    assert function_of(ready) == before
    press(ready, Qt.Key.Key_L, SHIFT)
    assert {t for _, t, _ in function_of(ready).left_out} == set(range(len(before.lv_ml)))
    session.update(slice_index=0)
    press(ready, Qt.Key.Key_Z, CTRL)
    assert function_of(ready) == before and session.state.view.slice_index == index
    session.measuring.toggle_slice(structures=(RV,), frame=0, index=1)
    assert function_of(ready).left_out == {(RV, 0, 1)}
    session.measuring.take_all_in()
    assert function_of(ready) == before


def test_choices_and_corrections_are_undone_in_their_order(ready: MainWindow) -> None:
    session = ready.session
    session.correcting.start()
    index = session.state.view.slice_index
    erase(ready, 0)
    press(ready, Qt.Key.Key_L)
    erase(ready, 1)
    corrected = function_of(ready)
    assert corrected.left_out
    for _ in range(3):
        press(ready, Qt.Key.Key_Z, CTRL)
    correction = correction_of(session.state)
    assert correction is not None and not correction.planes and not function_of(ready).left_out
    for _ in range(3):
        press(ready, Qt.Key.Key_Y, CTRL)
    assert function_of(ready) == corrected and session.state.view.slice_index == index


def test_every_segmentation_of_the_scan_follows_and_another_scan_starts_anew(
    qtbot: Any, ready: MainWindow, cine: Volume
) -> None:
    session = ready.session
    session.measuring.choose_base(Base.SCMR)
    session.measuring.choose_papillary(Papillary.MYOCARDIUM)
    runs = [run for run in session.state.segmentation.runs.values() if run.function is not None]
    assert len(runs) == 2
    chosen = Reading(base=Base.SCMR, papillary=Papillary.MYOCARDIUM)
    assert all(run.function.reading == chosen for run in runs)
    assert ready.menus.actions_by_text["Papillary muscles: as myocardium (by grey value)"].isChecked()
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert reading_of(session.state) == function_of(ready).reading == Reading()
    session.opening.open_volume(cine)
    settle(qtbot, session)
    assert reading_of(session.state) == function_of(ready).reading == chosen


def drag(window: MainWindow, start: float, end: float) -> None:
    """Drag the curve from a frame, counted from 1, to another one."""
    QApplication.processEvents()
    curve = window.function.curve
    port, box = curve.viewport(), curve.getPlotItem().getViewBox()
    high = box.viewRange()[1][1] / 2
    way = [curve.mapFromScene(box.mapViewToScene(QPointF(start + (end - start) * k / 8, high))) for k in range(9)]
    QTest.mouseMove(port, way[0])
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=way[0])
    for at in way:
        moved = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(at), QPointF(port.mapToGlobal(at)), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, PLAIN,
        )  # fmt: skip
        QApplication.sendEvent(port, moved)
        QTest.qWait(20)  # the scene takes no move that comes at once
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=way[-1])
    QApplication.processEvents()


def test_a_phase_is_dragged_on_the_curve_to_the_nearest_frame(ready: MainWindow) -> None:
    curve = ready.function.curve
    assert not curve.rv_phases["ED"].isVisible()
    line = curve.phases["ES"]
    drag(ready, 4, 3)
    assert function_of(ready).es_frame == 2
    assert line.value() == 3
    line.setValue(1.2)  # end-diastole
    line.sigPositionChangeFinished.emit(line)
    assert function_of(ready).es_frame == 2
    assert line.value() == 3
    ready.session.measuring.toggle_apart()
    assert curve.rv_phases["ED"].isVisible()
    curve.rv_phases["ED"].setValue(5.0)
    curve.rv_phases["ED"].sigPositionChangeFinished.emit(curve.rv_phases["ED"])
    assert (function_of(ready).rv_ed_frame, function_of(ready).ed_frame) == (4, 0)


def test_a_frame_that_is_larger_now_is_offered_and_taken_by_a_click(ready: MainWindow) -> None:
    session, box = ready.session, ready.function.reading
    assert box.isHidden()
    session.correcting.start()
    for index in range(1, session.state.scan.volume.slices):
        session.update(slice_index=index)
        erase(ready, 0)
    offers = [row for row in box.findChildren(QPushButton) if row.isVisible()]
    assert len(offers) == 1
    assert function_of(ready).ed_frame == 0
    QTest.mouseClick(offers[0], Qt.MouseButton.LeftButton)
    found = function_of(ready)
    assert found.lv_ml[found.ed_frame] == max(found.lv_ml) and found.ed_frame != 0
    assert not [row for row in box.findChildren(QPushButton) if row.isVisible()]
    assert box.chosen.text() == "ED by hand"


def test_the_panel_says_what_was_chosen() -> None:
    reading = Reading(Phases(ed=1), Phases(es=2), frozenset({(LV, 0, 1)}), Base.SCMR, Papillary.CAVITY)
    assert chosen(reading) == [
        "ED, RV ES by hand",
        "RV at its own phases",
        "base by SCMR",
        "papillary muscles as cavity",
        "1 slice left out by the reader",
    ]
    assert chosen(Reading()) == []


def test_what_does_not_count_is_named_and_drawn_faintly(ready: MainWindow) -> None:
    session, view = ready.session, ready.slice_view
    session.update(frame_index=0)
    state = session.state
    index = state.view.slice_index
    before = view.grab().toImage()
    assert not [line for line in captions.top_right(state) if "left out" in line]
    session.measuring.toggle_slice()
    assert "left out by the reader: this slice" in captions.top_right(session.state)
    assert view.grab().toImage() != before
    session.measuring.toggle_slice()
    session.measuring.toggle_slice(structures=(LV,))
    assert "left out by the reader: LV cavity" in captions.top_right(session.state)
    bars = {(mark.index, mark.structure): mark.kind for mark in ready.cine.slice.marks if mark.structure}
    assert bars[index, LV] is MarkKind.UNCOUNTED and bars[index, RV] is MarkKind.COUNTED
    session.update(frame_index=1)
    bars = {(mark.index, mark.structure): mark.kind for mark in ready.cine.slice.marks if mark.structure}
    assert bars[index, LV] is MarkKind.COUNTED
    session.looking.show_layout(Layout.SHEET)
    assert "1 slice left out by the reader" in captions.top_right(session.state)


def test_the_table_of_areas_goes_to_slices_and_leaves_them_out(ready: MainWindow) -> None:
    session = ready.session
    ready.info.show_areas()
    dialogs = ready.findChildren(AreasDialog)
    assert len(dialogs) == 1
    table = dialogs[0].table
    total = table.rowCount() - 1
    row = next(i for i in range(total) if table.item(i, 0).text() != "–")
    # The base stands at the top, whichever end the files begin with.
    index = place_of_slice(row, total, turned=turned_round(session.state))
    before = function_of(ready)
    assert table.item(total, 0).text() == f"{before.lv.edv_ml:.1f}"
    session.update(frame_index=4, slice_index=total - 1 - index)
    table.setCurrentCell(row, 0)
    table.cellClicked.emit(row, 0)
    assert (session.state.view.slice_index, session.state.view.frame_index) == (index, before.ed_frame)
    QTest.mouseClick(dialogs[0].leave_out, Qt.MouseButton.LeftButton)
    assert function_of(ready).left_out == {(LV, before.ed_frame, index)}
    assert table.item(row, 0).text().startswith("(")
    assert table.item(total, 0).text() == f"{function_of(ready).lv.edv_ml:.1f}"
    dialogs[0].activateWindow()
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert function_of(ready) == before
    QTest.mouseClick(dialogs[0].everywhere, Qt.MouseButton.LeftButton)
    assert len(function_of(ready).left_out) == len(before.lv_ml)
    dialogs[0].close()
