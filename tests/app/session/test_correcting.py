"""Contours corrected in the window: by mouse and keys, and what becomes of them."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from app_fixtures import FakeModel, card, model_fixture, prediction, settle, volume, window_fixture  # noqa: F401
from dicom_cine import write_cine
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from app.dialogs.unsaved_dialog import UnsavedDialog
from app.panels.marked_slider import MarkedSlider, MarkKind
from app.session import exporting
from app.session.exporting import Export
from app.state import editing
from app.state.brush import Brush
from app.state.queries import correction_of, drawn_labels, phase_frame, run_of, shown_function, shown_labels
from app.state.types import Kind, Layout, Pair
from app.views import drawing
from app.views.agreement_view import AgreementView
from app.views.contact_sheet import ContactSheet
from app.views.painted_view import PaintedView
from app.views.placement import place
from app.views.slice_view import SliceView
from app.window.main_window import MainWindow
from engine.dossier import scan_code
from engine.errors import ExportError
from engine.formats import nifti
from engine.formats.case_file import corrected_labels, read_case
from engine.formats.door import open_scan
from engine.formats.nifti import read_mask
from engine.formats.seg_read import read_seg
from engine.measures.function import measure
from engine.volume import LV, MYO, RV, LabelMap

KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
PLAIN, CTRL, SHIFT = Qt.KeyboardModifier(0), Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
# Voxels are 2 × 1 mm: background at (column 3, row 3).
CORNER, FAR = (7.0, 3.5), (41.0, 3.5)


@pytest.fixture
def ready(qtbot: Any, window: MainWindow) -> MainWindow:
    """The window with a scan that is segmented in both precisions."""
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    return window


@pytest.fixture
def correcting(ready: MainWindow) -> MainWindow:
    key(ready, KEY.Key_E)
    assert ready.session.state.correction.correcting
    return ready


def key(window: MainWindow, which: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
    window.activateWindow()
    window.stage.views[0].setFocus()
    QTest.keyClick(window.stage.views[0], which, modifier)


def send(
    window: MainWindow, kind: QEvent.Type, at_mm: tuple[float, float], modifier: Qt.KeyboardModifier = PLAIN,
    view: SliceView | None = None,
) -> None:  # fmt: skip
    port = (view or window.stage.views[0]).viewport()
    placed = place(window.session.state, (port.width(), port.height()))
    at = QPointF(*placed.to_px(*at_mm))
    down = LEFT if kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
    event = QMouseEvent(kind, at, port.mapToGlobal(at), LEFT, down, modifier)
    QApplication.sendEvent(port, event)


PRESS, MOVE, RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease


def stroke(
    window: MainWindow, *points: tuple[float, float], modifier: Qt.KeyboardModifier = PLAIN,
    view: SliceView | None = None,
) -> None:  # fmt: skip
    send(window, PRESS, points[0], modifier, view)
    for point in points[1:]:
        send(window, MOVE, point, modifier, view)
    send(window, RELEASE, points[-1], modifier, view)


def wheel(window: MainWindow, delta: int, modifier: Qt.KeyboardModifier) -> None:
    port = window.slice_view.viewport()
    at = QPointF(port.rect().center())
    event = QWheelEvent(at, port.mapToGlobal(at), QPointF(0, 0).toPoint(), QPointF(0, delta).toPoint(),
                        Qt.MouseButton.NoButton, modifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(port, event)


def plane(window: MainWindow) -> np.ndarray:
    drawn = drawn_labels(window.session.state)
    assert drawn is not None
    return drawn.plane


def colour_at(window: MainWindow, at_mm: tuple[float, float]) -> tuple[int, int, int]:
    image = window.slice_view.grab().toImage()
    port = window.slice_view.viewport()
    x, y = place(window.session.state, (port.width(), port.height())).to_px(*at_mm)
    found = image.pixelColor(round(x), round(y))
    return found.red(), found.green(), found.blue()


# -- drawing ---------------------------------------------------------------------------------------------------------


def test_a_stroke_paints_at_once_where_the_mouse_is(correcting: MainWindow) -> None:
    model = run_of(correcting.session.state).prediction.labels.array.copy()
    send(correcting, PRESS, CORNER)
    assert plane(correcting)[3, 3] == LV  # before the button is let go
    send(correcting, MOVE, FAR)
    send(correcting, RELEASE, FAR)
    assert (plane(correcting)[3, 3:20] == LV).all()
    assert np.array_equal(run_of(correcting.session.state).prediction.labels.array, model)
    send(correcting, MOVE, (60.0, 3.5))  # the button is up
    assert not plane(correcting)[3, 25:].any()


def test_what_is_painted_is_seen(correcting: MainWindow) -> None:
    key(correcting, KEY.Key_F)
    key(correcting, KEY.Key_F)  # as voxels
    correcting.session.looking.update_overlay(opacity=1.0)
    stroke(correcting, CORNER, FAR)
    send(correcting, MOVE, (60.0, 30.0))  # the brush out of the way
    assert colour_at(correcting, (21.0, 3.5)) == (255, 112, 77)


@pytest.mark.parametrize(("zoom", "pan_mm"), [(1.0, (0.0, 0.0)), (3.0, (-20.0, -8.0))])
def test_a_stroke_goes_where_it_is_drawn_at_any_zoom(
    correcting: MainWindow, zoom: float, pan_mm: tuple[float, float]
) -> None:
    correcting.session.update(zoom=zoom, pan_mm=pan_mm, brush=Brush(RV, radius_mm=0.5))
    stroke(correcting, (15.0, 4.5))
    ys, xs = np.nonzero(plane(correcting) != run_of(correcting.session.state).prediction.labels.array[0, 2])
    assert (set(ys), set(xs)) == ({4}, {7})


def test_the_image_does_not_move_under_the_brush(correcting: MainWindow) -> None:
    QApplication.processEvents()
    before = correcting.slice_view.geometry()
    stroke(correcting, CORNER, FAR)
    QApplication.processEvents()
    assert correcting.correction.whose.isVisible()
    assert correcting.slice_view.geometry() == before


@pytest.mark.parametrize("width", [1080, 1280])
def test_the_tools_have_room(correcting: MainWindow, width: int) -> None:
    correcting.resize(width, 720)
    stroke(correcting, CORNER)
    QApplication.processEvents()
    bar = correcting.correction
    row = [*bar.tools, *bar.chips.values(), bar.edges, bar.wall, bar.done]
    assert all(left.geometry().right() < right.geometry().left() for left, right in pairwise(row))
    assert bar.done.geometry().right() <= bar.tools_row.width()
    below = [bar.size_row, bar.undo, bar.redo, bar.restore, bar.more, bar.text, bar.whose]
    below = [widget for widget in below if widget.isVisible()]
    assert bar.whose.isVisible() == (width == 1280)
    assert all(left.geometry().right() < right.geometry().left() for left, right in pairwise(below))


def test_keys_choose_what_is_drawn(correcting: MainWindow) -> None:
    bar = correcting.correction
    for which, structure in ((KEY.Key_7, MYO), (KEY.Key_8, RV), (KEY.Key_6, LV)):
        key(correcting, which)
        assert correcting.session.state.correction.brush.label == structure and bar.chips[structure].isChecked()
    key(correcting, KEY.Key_X)
    assert correcting.session.state.correction.brush.erase and bar.tools[1].isChecked()
    bar.tools[0].click()
    bar.chips[RV].click()
    assert correcting.session.state.correction.brush == Brush(RV, radius_mm=4.0)


def test_the_brush_grows_and_shrinks_by_keys_wheel_and_buttons(correcting: MainWindow) -> None:
    key(correcting, KEY.Key_Plus)
    assert correcting.correction.radius.text() == "5 mm"
    key(correcting, KEY.Key_Minus)
    wheel(correcting, -120, CTRL)
    assert correcting.session.state.correction.brush.radius_mm == 3.0
    wheel(correcting, 120, CTRL)
    correcting.correction.larger.click()
    assert correcting.session.state.correction.brush.radius_mm == 5.0
    assert correcting.session.state.view.slice_index == 2  # the wheel scrolls without Ctrl only
    wheel(correcting, 120, PLAIN)
    assert correcting.session.state.view.slice_index == 1


def test_erasing_and_the_other_tool(correcting: MainWindow) -> None:
    at = (60.0, 20.0)  # in the LV
    stroke(correcting, at, modifier=SHIFT)
    assert plane(correcting)[20, 30] == 0
    key(correcting, KEY.Key_X)
    stroke(correcting, at, modifier=SHIFT)
    assert plane(correcting)[20, 30] == LV
    stroke(correcting, at)
    assert plane(correcting)[20, 30] == 0


def test_dabs_in_a_row_do_not_reset_the_view(correcting: MainWindow) -> None:
    correcting.session.update(zoom=2.0)
    send(correcting, QEvent.Type.MouseButtonDblClick, CORNER)
    send(correcting, RELEASE, CORNER)
    assert correcting.session.state.view.zoom == 2.0 and plane(correcting)[3, 3] == LV


def test_contrast_stays_at_hand(correcting: MainWindow) -> None:
    before = correcting.session.state.view.window
    stroke(correcting, CORNER, FAR, modifier=CTRL)
    assert correcting.session.state.view.window != before
    assert not correction_of(correcting.session.state).planes


def test_without_the_mode_a_drag_is_contrast(ready: MainWindow) -> None:
    before = ready.session.state.view.window
    stroke(ready, CORNER, FAR)
    assert ready.session.state.view.window != before and not ready.session.state.correction.corrections


def test_scrolling_in_the_middle_of_a_stroke_ends_it(correcting: MainWindow) -> None:
    send(correcting, PRESS, CORNER)
    key(correcting, KEY.Key_Down)
    send(correcting, MOVE, FAR)
    send(correcting, RELEASE, FAR)
    correction = correction_of(correcting.session.state)
    assert correction.slices == ((0, 2),) and not (correction.planes[0, 2][3, 10:] == LV).any()


def test_a_running_cine_is_not_drawn_on(correcting: MainWindow) -> None:
    key(correcting, KEY.Key_Space)
    stroke(correcting, CORNER, FAR)
    assert not correction_of(correcting.session.state).planes
    assert "Stop the cine" in correcting.correction.text.text()
    key(correcting, KEY.Key_Space)
    stroke(correcting, CORNER, FAR)
    assert correction_of(correcting.session.state).planes


@pytest.mark.parametrize("hide", [KEY.Key_H, KEY.Key_O])
def test_what_is_not_seen_is_not_drawn_on(correcting: MainWindow, hide: Qt.Key) -> None:
    stroke(correcting, CORNER)
    before = plane(correcting)
    key(correcting, hide)
    stroke(correcting, FAR)  # brings it back
    state = correcting.session.state
    assert state.correction.corrected and not state.preferences.overlay.hidden
    assert np.array_equal(plane(correcting), before)
    stroke(correcting, FAR)
    assert not np.array_equal(plane(correcting), before)


def test_end_diastole_and_end_systole_are_corrected_side_by_side(ready: MainWindow) -> None:
    key(ready, KEY.Key_2)
    key(ready, KEY.Key_E)
    key(ready, KEY.Key_8)  # a larger LV would make another frame end-systole
    ed, es = ready.stage.views
    frames = [phase_frame(ready.session.state, phase) for phase in ("ED", "ES")]
    stroke(ready, CORNER, view=ed)
    stroke(ready, CORNER, FAR, view=es)
    assert correction_of(ready.session.state).slices == tuple(sorted((frame, 2) for frame in frames))
    ready.correction.restore.click()  # the one drawn on last
    assert correction_of(ready.session.state).slices == ((frames[0], 2),)


@pytest.mark.parametrize("layout", [Layout.COMPARE, Layout.SHEET])
def test_the_mode_goes_to_a_layout_that_can_be_drawn_on_and_ends_with_it(ready: MainWindow, layout: Layout) -> None:
    ready.session.looking.show_layout(layout)
    key(ready, KEY.Key_E)
    assert ready.session.state.correction.correcting and ready.session.state.preferences.layout is Layout.SLICE
    ready.session.looking.show_layout(layout)
    assert not ready.session.state.correction.correcting


# -- steps -----------------------------------------------------------------------------------------------------------


def test_undo_and_redo_by_keys_go_where_the_step_was(correcting: MainWindow) -> None:
    before = plane(correcting).copy()
    stroke(correcting, CORNER, FAR)
    after = plane(correcting).copy()
    key(correcting, KEY.Key_Down)
    key(correcting, KEY.Key_Right)
    key(correcting, KEY.Key_Z, CTRL)
    state = correcting.session.state
    assert (state.view.slice_index, state.view.frame_index) == (2, 0)
    assert np.array_equal(plane(correcting), before)
    assert not correcting.correction.undo.isEnabled() and correcting.correction.redo.isEnabled()
    key(correcting, KEY.Key_Z, CTRL | SHIFT)
    assert np.array_equal(plane(correcting), after)
    correcting.correction.undo.click()
    correcting.correction.redo.click()
    assert np.array_equal(plane(correcting), after)


def test_escape_leaves_the_stroke_then_the_mode(correcting: MainWindow) -> None:
    before = plane(correcting).copy()
    send(correcting, PRESS, CORNER)
    key(correcting, KEY.Key_Escape)
    assert np.array_equal(plane(correcting), before) and correcting.session.state.correction.correcting
    send(correcting, RELEASE, CORNER)
    key(correcting, KEY.Key_Escape)
    assert not correcting.session.state.correction.correcting
    assert not correcting.session.state.correction.corrections  # nothing was corrected
    assert correcting.correction.isHidden()


def test_a_slice_is_taken_back(correcting: MainWindow) -> None:
    before = plane(correcting).copy()
    stroke(correcting, CORNER, FAR)
    stroke(correcting, (60.0, 20.0), modifier=SHIFT)
    correcting.menus.actions_by_text["Revert this slice"].trigger()
    assert np.array_equal(plane(correcting), before)
    key(correcting, KEY.Key_Z, CTRL)
    assert not np.array_equal(plane(correcting), before)


def test_contours_of_a_neighbour_are_copied(correcting: MainWindow) -> None:
    correcting.session.update(slice_index=1)
    stroke(correcting, CORNER, FAR)
    drawn = plane(correcting).copy()
    correcting.session.update(slice_index=2)
    correcting.menus.actions_by_text["Copy the contours of the slice before"].trigger()
    assert np.array_equal(plane(correcting), drawn)
    correcting.session.update(slice_index=0)
    correcting.menus.actions_by_text["Copy the contours of the slice before"].trigger()  # there is none
    assert (0, 0) not in correction_of(correcting.session.state).planes


# -- what is on screen -----------------------------------------------------------------------------------------------


def test_function_follows_and_says_so(correcting: MainWindow) -> None:
    before, text = shown_function(correcting.session.state), correcting.function.lv_ef.text()
    key(correcting, KEY.Key_S)
    correcting.session.update(brush=Brush(LV, erase=True, radius_mm=30.0))
    for index in range(4):
        correcting.session.update(slice_index=index)
        stroke(correcting, (60.0, 22.0))
    state = correcting.session.state
    function = shown_function(state)
    held = correction_of(state).held
    assert function == measure(shown_labels(state), state.scan.volume, held=held)
    assert function.lv_ml != before.lv_ml and correcting.function.lv_ef.text() != text
    assert correcting.function.by_hand.text() == "Corrected by hand: 4 slices"
    key(correcting, KEY.Key_O)
    assert shown_function(correcting.session.state) is before
    assert correcting.function.lv_ef.text() == text and correcting.function.by_hand.isHidden()
    assert "shown is what the model found" in correcting.correction.text.text()
    correcting.correction.whose.buttons["corrected"].click()
    assert shown_function(correcting.session.state) == function


def test_corrected_slices_are_marked_on_the_sliders(correcting: MainWindow) -> None:
    def dots(slider: MarkedSlider) -> list[tuple[int, MarkKind]]:
        return [(m.index, m.kind) for m in slider.marks if m.kind in (MarkKind.DOT, MarkKind.RING)]

    stroke(correcting, CORNER)
    assert dots(correcting.cine.slice) == [(2, MarkKind.DOT)] and dots(correcting.cine.frame) == [(0, MarkKind.DOT)]
    key(correcting, KEY.Key_Right)
    assert dots(correcting.cine.slice) == [(2, MarkKind.RING)] and dots(correcting.cine.frame) == [(0, MarkKind.DOT)]


def test_the_image_says_whose_contours_it_has(correcting: MainWindow) -> None:
    from app.views.captions import top_right  # noqa: PLC0415

    stroke(correcting, CORNER)
    assert top_right(correcting.session.state)[2:] == ["corrected by hand: this slice"]
    key(correcting, KEY.Key_Down)
    assert top_right(correcting.session.state)[2:] == ["corrected by hand: 1 other slice"]
    key(correcting, KEY.Key_O)
    assert top_right(correcting.session.state)[2:] == []


def test_a_comparison_is_of_what_the_model_found(correcting: MainWindow) -> None:
    stroke(correcting, CORNER)
    correcting.session.looking.show_layout(Layout.COMPARE)
    state = correcting.session.state
    assert shown_function(state) is run_of(state).function
    assert "what the model found" in correcting.correction.text.text()


def test_the_other_precision_has_contours_of_its_own(correcting: MainWindow) -> None:
    stroke(correcting, CORNER)
    corrected = plane(correcting)
    key(correcting, KEY.Key_P)
    state = correcting.session.state
    assert state.models.precision == "float32" and not state.correction.correcting and plane(correcting)[3, 3] == 0
    assert "Kept: 1 corrected slice of The first model int8." in state.message.text
    key(correcting, KEY.Key_P)
    assert plane(correcting) is corrected
    assert correcting.session.state.message is None, "nobody has to choose what is on screen"


def test_words_on_the_image_stand_clear_of_bars(qtbot: Any, correcting: MainWindow) -> None:
    session, view = correcting.session, correcting.slice_view
    session.store.say(Kind.WARNING, "A warning that stays until it is closed.")
    qtbot.waitUntil(correcting.messages.isVisible)
    top, bottom = view._covered
    at = correcting.messages.mapTo(correcting.stage.parentWidget(), QPoint(0, correcting.messages.height()))
    assert top == at.y() and bottom >= correcting.correction.height() > 20
    picture, image = view.picture().toImage(), place(session.state, (view.viewport().width(), view.viewport().height()))
    session.update(layout=Layout.PHASES)
    assert [one._covered for one in correcting.stage.views] == [(top, bottom)] * 2
    session.update(layout=Layout.SLICE, message=None, correcting=False)
    qtbot.waitUntil(lambda: view._covered == (0, 0))
    # What leaves the window and where the image lies do not depend on bars.
    assert view.picture().toImage() == picture
    assert image == place(session.state, (view.viewport().width(), view.viewport().height()))


def test_words_of_sheet_planes_and_table_stand_clear_of_bars(
    qtbot: Any, correcting: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, said = correcting, dict[str, list[float]]()
    stroke(window, CORNER)
    window.session.store.say(Kind.WARNING, "A warning that stays until it is closed.")
    qtbot.waitUntil(window.messages.isVisible)
    plain = drawing.words

    def words(painter: QPainter, x: float, y: float, text: str, *more: Any) -> None:
        said.setdefault(text, []).append(painter.transform().dy() + y)
        plain(painter, x, y, text, *more)

    monkeypatch.setattr(drawing, "words", words)
    for layout, expected in ((Layout.SHEET, "1"), (Layout.LONG_AXIS, "slice 1"), (Layout.COMPARE, "HD95")):
        window.session.update(layout=layout)
        QApplication.processEvents()
        top, bottom = window.stage._covered
        assert top > 20 and bottom > 20
        for view in window.stage.views:
            if isinstance(view, PaintedView):
                said.clear()
                view._drawn = None
                view.grab()
                above, below = top - view.y(), view.y() + view.height() - (window.stage.height() - bottom)
                lines = [y for found in said.values() for y in found]
                assert not lines or (min(lines) > above and max(lines) < view.height() - below), layout
                if isinstance(view, ContactSheet | AgreementView):
                    assert expected in said


def test_a_sheet_is_laid_out_beside_a_bar(qtbot: Any, ready: MainWindow) -> None:
    sheet = ContactSheet()
    qtbot.addWidget(sheet)
    sheet.resize(240, 240)
    sheet.apply(ready.session.state)
    whole = sheet.grid()
    for share in (0.2, 0.6):
        sheet.keep_words_clear(round(share * whole.height), 10)
        less = sheet.grid()
        assert less.cell(less.first).top() == round(share * whole.height)
    assert less.cell(less.first + less.columns * less.rows - 1).bottom() <= 230
    assert less.at(*less.cell(3).center().toTuple()) == 3
    # A picture that leaves the program has no bars over it.
    sheet.set_notice("Research use only")
    assert sheet.grid() == whole


def test_planes_and_their_letters_lie_beside_a_bar(correcting: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window = correcting
    window.session.update(layout=Layout.LONG_AXIS)
    QApplication.processEvents()
    view, slices = window.stage.view("long axis 1"), window.session.state.scan.volume.slices
    heights: list[float] = []
    monkeypatch.setattr(drawing, "letter", lambda painter, text, x, y, **kind: heights.append(y))
    view.keep_words_clear(70, 0)
    view.grab()
    assert sorted(heights)[1:3] == [(70 + view.height()) / 2] * 2
    for zoom in (1.0, 8.0):
        window.session.update(zoom=zoom)
        for index in (0, slices - 1):
            window.session.update(slice_index=index)
            for covered in ((70, 0), (0, 70)):
                view.keep_words_clear(*covered)
                placed = view.placement()
                middle, half = placed.middle_y(index), placed.slice_px / 2
                assert middle - half >= covered[0] and middle + half <= view.height() - covered[1]


def test_a_running_cine_says_why_it_is_not_drawn_on(correcting: MainWindow) -> None:
    stroke(correcting, CORNER)
    correcting.session.update(playing=True)
    assert correcting.correction.text.text() == "Stop the cine to correct."


def test_another_model_keeps_them_too(qtbot: Any, correcting: MainWindow) -> None:
    stroke(correcting, CORNER)
    corrected = plane(correcting)
    send(correcting, PRESS, FAR)  # still drawing
    correcting.session.segmenting.choose_model("second")
    assert "are kept" in correcting.session.state.message.text or "Kept" in correcting.session.state.message.text
    settle(qtbot, correcting.session)
    assert plane(correcting)[3, 3] == 0
    correcting.session.segmenting.choose_model("first")
    assert plane(correcting)[3, 3] == LV and np.array_equal(plane(correcting)[:, :10], corrected[:, :10])
    state = correcting.session.state
    held = correction_of(state).held
    assert shown_function(state) == measure(shown_labels(state), state.scan.volume, held=held)  # the stroke was ended


def test_segmenting_again_overwrites_nothing(qtbot: Any, correcting: MainWindow) -> None:
    stroke(correcting, CORNER)
    corrected = plane(correcting)
    correcting.session.segmenting.segment()
    settle(qtbot, correcting.session)
    assert plane(correcting) is corrected


def test_another_scan_has_none_and_coming_back_brings_them(qtbot: Any, correcting: MainWindow) -> None:
    stroke(correcting, CORNER, FAR)
    corrected = plane(correcting).copy()
    correcting.session.opening.open_volume(volume(3, name="another"))
    assert "Not saved yet: 1 corrected slice of scan." in correcting.session.state.message.text
    settle(qtbot, correcting.session)
    assert correction_of(correcting.session.state) is None and correcting.correction.isHidden()
    [kept] = correcting.session.state.correction.corrections.values()
    assert kept.packed and not kept.base.labels.array.any()
    correcting.session.opening.open_volume(volume())
    assert np.array_equal(plane(correcting), corrected)  # before the model has found anything
    key(correcting, KEY.Key_E)
    key(correcting, KEY.Key_Z, CTRL)
    settle(qtbot, correcting.session)
    assert np.array_equal(plane(correcting), run_of(correcting.session.state).prediction.labels.array[0, 2])


def test_another_spacing_measures_anew(qtbot: Any, correcting: MainWindow) -> None:
    stroke(correcting, CORNER, FAR)
    before = shown_function(correcting.session.state)
    correcting.session.opening.set_spacing(4.0, 1.0, 8.0)
    settle(qtbot, correcting.session)
    assert shown_function(correcting.session.state).lv_ml == pytest.approx([2 * ml for ml in before.lv_ml])


def test_before_it_is_segmented_there_is_nothing_to_correct(window: MainWindow, model: FakeModel) -> None:
    key(window, KEY.Key_E)
    assert window.session.state.message.text == "Open a scan first."
    model.gate.clear()
    window.session.opening.open_volume(volume())
    key(window, KEY.Key_E)
    assert not window.session.state.correction.correcting and not window.correct_button.isChecked()
    model.gate.set()


# -- files -----------------------------------------------------------------------------------------------------------


def test_an_exported_mask_opens_again_with_the_same_voxels(qtbot: Any, window: MainWindow, tmp_path: Path) -> None:
    array = np.arange(4 * 30 * 40 * 2, dtype=np.int16).reshape(40, 30, 4, 2)
    nibabel.save(nibabel.Nifti1Image(array, np.diag([-1.5, -1.2, 8.0, 1.0])), tmp_path / "scan.nii.gz")
    window.session.opening.open_paths([tmp_path / "scan.nii.gz"])
    settle(qtbot, window.session)
    key(window, KEY.Key_E)
    stroke(window, CORNER, FAR)
    corrected = shown_labels(window.session.state).array
    window.session.exporting.export_mask(tmp_path / "mask.nii.gz")
    settle(qtbot, window.session)
    assert "Saved" in window.session.state.message.text
    assert not correction_of(window.session.state).unsaved
    assert np.array_equal(read_mask(tmp_path / "mask.nii.gz", window.session.state.scan.volume).array, corrected)
    said = bytes(nibabel.load(tmp_path / "mask.nii.gz").header["descrip"]).rstrip(b"\0")
    assert said == b"CineQuant corrected by hand from first int8, 1 of 8 slices"
    window.session.comparing.load_mask([tmp_path / "mask.nii.gz"])
    settle(qtbot, window.session)
    assert window.session.state.view.pair is Pair.MASK
    assert np.array_equal(window.session.state.segmentation.mask.labels.array, corrected)
    key(window, KEY.Key_1)
    key(window, KEY.Key_O)  # the model's own is exported as such
    window.session.exporting.export_mask(tmp_path / "model.nii.gz")
    settle(qtbot, window.session)
    assert not np.array_equal(read_mask(tmp_path / "model.nii.gz", window.session.state.scan.volume).array, corrected)
    assert bytes(nibabel.load(tmp_path / "model.nii.gz").header["descrip"]).rstrip(b"\0") == b"CineQuant"


def test_a_csv_says_what_was_corrected(qtbot: Any, correcting: MainWindow, tmp_path: Path) -> None:
    stroke(correcting, CORNER, FAR)
    correcting.session.exporting.export_measurements(tmp_path / "m.csv")
    settle(qtbot, correcting.session)
    with (tmp_path / "m.csv").open(encoding="utf-8-sig") as file:
        rows = {row[0]: row[1:] for row in csv.reader(file)}
    assert rows["Corrected by hand"] == ["1", "slices"]
    assert rows["Corrected by hand, frame 1"] == ["slice 3", "from 1"]
    function = shown_function(correcting.session.state)
    assert rows["LV cavity, frame 1 at 0 ms"][0] == f"{function.lv_ml[0]:.2f}"
    assert correction_of(correcting.session.state).unsaved  # a table is no mask


def test_a_corrected_seg_is_semi_automatic(tmp_path: Path) -> None:
    write_cine(tmp_path / "cine", 2, 3)
    scan = open_scan(tmp_path / "cine")
    base = prediction(scan, card(), "int8", labels_of(scan), ())
    correction = editing.ended(editing.start(editing.begin(scan, base), (1, 2), Brush(RV), 5.0, 5.0))
    exporting.mask_seg(tmp_path / "seg", Export(scan, base, correction.function, correction))
    for path in (tmp_path / "seg").iterdir():
        dataset = pydicom.dcmread(path)
        assert {segment.SegmentAlgorithmType for segment in dataset.SegmentSequence} == {"SEMIAUTOMATIC"}
        said = "corrected by hand from first int8, 1 of 6 slices"
        assert {segment.SegmentDescription for segment in dataset.SegmentSequence} == {said}
        assert dataset.SeriesDescription == "CineQuant ventricles, corrected by hand"
    assert np.array_equal(read_seg([tmp_path / "seg"], scan)[0].array, editing.whole(correction).array)


def labels_of(scan: Any) -> Any:
    array = np.zeros(scan.array.shape, dtype=np.uint8)
    array[:, :, 2:5, 2:5] = LV
    return LabelMap(array, scan.geometry)


def test_file_names_say_so(correcting: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (asked.append(Path(args[2]).name), ("", ""))[1])
    stroke(correcting, CORNER)
    correcting.exports.mask()
    key(correcting, KEY.Key_O)
    correcting.exports.mask()
    code = scan_code(correcting.session.state.scan.volume)
    assert asked == [f"{code}_first_int8_corrected_mask.nii.gz", f"{code}_first_int8_mask.nii.gz"]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Masks that would be written, by file name: the scan of these tests has no header to write with."""
    files: dict[str, np.ndarray] = {}

    def keep(path: Path, of: Any, *_: Any, description: str = "") -> None:
        files[path.name] = of.array
        path.write_bytes(b"")

    monkeypatch.setattr(nifti, "write_mask", keep)
    return files


def test_a_crash_saves_corrections_of_every_scan(
    qtbot: Any, correcting: MainWindow, tmp_path: Path, written: dict[str, np.ndarray]
) -> None:
    stroke(correcting, CORNER, FAR)
    first = shown_labels(correcting.session.state).array
    correcting.session.opening.open_volume(volume(3, name="another"))
    settle(qtbot, correcting.session)
    assert correcting.session.recover(tmp_path / "recovery").written
    [key] = correcting.session.state.correction.corrections
    corrected, another = f"scan_{key.scan[:8]}", f"scan_{editing.digest(volume(3))[:8]}"
    assert set(written) == {f"{corrected}_first_int8_corrected_mask.nii.gz", f"{another}_first_int8_mask.nii.gz"}
    assert np.array_equal(written[f"{corrected}_first_int8_corrected_mask.nii.gz"], first)
    [kept] = correcting.session.state.correction.corrections.values()
    assert kept.unsaved  # a rescue is no export


# -- closing ---------------------------------------------------------------------------------------------------------


def dialog_of(window: MainWindow) -> UnsavedDialog:
    assert not window.close()
    assert window.isVisible()
    [dialog] = window.findChildren(UnsavedDialog)
    return dialog


def press(dialog: QMessageBox, text: str) -> None:
    [button] = [button for button in dialog.buttons() if button.text() == text]
    button.click()
    QApplication.processEvents()


def test_closing_asks_and_saves(
    qtbot: Any, correcting: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stroke(correcting, CORNER, FAR)
    corrected = shown_labels(correcting.session.state).array
    dialog = dialog_of(correcting)
    assert (dialog.text(), dialog.informativeText()) == ("Unsaved changes in 1 case.", "scan")
    press(dialog, "Cancel")
    assert correcting.isVisible()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    press(dialog_of(correcting), "Save")  # and no name is given
    assert correcting.isVisible()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a"), ""))
    press(dialog_of(correcting), "Save")
    assert not correcting.isVisible()
    [found] = [s for s in read_case(tmp_path / "a.cinequant").segmentations if s.planes]
    assert np.array_equal(corrected_labels(found), corrected)


def test_closing_saves_the_cases_that_were_left_too(
    qtbot: Any, correcting: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stroke(correcting, CORNER, FAR)
    correcting.session.opening.open_volume(volume(3, name="another"))
    settle(qtbot, correcting.session)
    asked: list[str] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (asked.append(Path(args[2]).name),
                                                                       (str(tmp_path / "left"), ""))[1])  # fmt: skip
    dialog = dialog_of(correcting)
    assert dialog.informativeText() == "scan"
    press(dialog, "Save")
    assert asked == ["scan.cinequant"]
    assert not correcting.isVisible()
    assert read_case(tmp_path / "left.cinequant").scan.name == "scan"


def test_closing_stays_open_where_the_case_cannot_be_written(
    correcting: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stroke(correcting, CORNER, FAR)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / "a.cinequant"), ""))
    press(dialog_of(correcting), "Save")
    assert correcting.isVisible()
    assert "the case is not saved (No such file or directory)" in correcting.session.state.message.text


def test_closing_without_them(correcting: MainWindow) -> None:
    stroke(correcting, CORNER, FAR)
    press(dialog_of(correcting), "Discard")
    assert not correcting.isVisible()


def test_closing_does_not_ask_where_there_is_nothing_to_lose(correcting: MainWindow) -> None:
    stroke(correcting, CORNER, FAR)
    key(correcting, KEY.Key_Z, CTRL)
    assert correcting.close()


def test_closing_unasked_writes_them(correcting: MainWindow, tmp_path: Path, written: dict[str, np.ndarray]) -> None:
    """A signal closes the window where nobody may be there to answer a question."""
    stroke(correcting, CORNER, FAR)
    assert str(tmp_path / "recovery") in correcting.closing.close_unasked(tmp_path / "recovery")
    assert not correcting.isVisible()
    [name] = written
    assert name.startswith("scan_") and name.endswith("_first_int8_corrected_mask.nii.gz")


def test_closing_unasked_keeps_them_for_the_next_start(qtbot: Any, correcting: MainWindow, tmp_path: Path) -> None:
    stroke(correcting, CORNER, FAR)
    correcting.session.autosaving.keep_in(tmp_path / "kept")
    settle(qtbot, correcting.session)
    assert "offered at the next start" in correcting.closing.close_unasked(tmp_path / "recovery")
    assert not correcting.isVisible() and not (tmp_path / "recovery").exists()
    assert len(list(tmp_path.glob("kept/*/*.cinequant"))) == 1


def test_logging_off_keeps_them_and_asks_nothing(qtbot: Any, correcting: MainWindow, tmp_path: Path) -> None:
    stroke(correcting, CORNER, FAR)
    correcting.session.autosaving.keep_in(tmp_path / "kept")
    settle(qtbot, correcting.session)
    correcting.closing.log_off()
    assert correcting.close()
    assert len(list(tmp_path.glob("kept/*/*.cinequant"))) == 1


def test_closing_unasked_ends_even_where_they_cannot_be_written(correcting: MainWindow, tmp_path: Path) -> None:
    stroke(correcting, CORNER, FAR)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="file"):
        correcting.closing.close_unasked(tmp_path / "file")
    assert not correcting.isVisible()


def test_closing_unasked_writes_nothing_where_there_is_nothing(correcting: MainWindow, tmp_path: Path) -> None:
    assert correcting.closing.close_unasked(tmp_path / "recovery") == ""
    assert not (tmp_path / "recovery").exists()


def test_an_exported_mask_is_corrected_further(qtbot: Any, correcting: MainWindow, tmp_path: Path) -> None:
    session = correcting.session
    base = session.state
    model = shown_labels(base).array
    array = model.copy()
    array[1, 2] = LV
    path = tmp_path / "before.nii.gz"
    scan = volume()
    nifti.write_mask(path, LabelMap(array, scan.geometry), scan)
    session.correcting.adopt_mask()
    assert "No mask is loaded" in session.state.message.text
    session.comparing.load_mask([path])
    settle(qtbot, session)
    session.correcting.adopt_mask()
    correction = correction_of(session.state)
    assert correction.slices == ((1, 2),)
    assert not correction.unsaved
    assert np.array_equal(editing.whole(correction).array, array)
    assert correction.function.lv_ml == measure(LabelMap(array, scan.geometry), scan).lv_ml
    session.correcting.start_stroke(session.state.view.frame_index, *CORNER)
    session.correcting.end_stroke()
    assert correction_of(session.state).unsaved
    session.correcting.adopt_mask()
    assert "not saved yet" in session.state.message.text
