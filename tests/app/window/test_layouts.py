"""Layouts, comparisons, masks and the long axis: real keys and mouse, and never labels of something else."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from app_fixtures import (  # noqa: F401
    COLUMNS,
    FRAMES,
    ROWS,
    SLICES,
    FakeModel,
    card,
    catalog,
    labels,
    model_fixture,
    prediction,
    session_fixture,
    settle,
    until,
    volume,
    window_fixture,
)
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from app.dialogs.mask_dialog import MaskDialog
from app.session.session import Session
from app.state.changes import evolve, opened
from app.state.queries import cine_frame, comparison_of, cross_of, drawn_labels, heart_of, heart_view, run_of, size_mm
from app.state.types import AppState, Cross, Heart, Kind, Layout, Mask, Overlay, Pair, Run, RunKey, Status
from app.views import captions, drawing
from app.views.agreement_view import AgreementView, Table, spoken, table_of
from app.views.contact_sheet import grid_of
from app.views.cross_lines import handles
from app.views.drawing import line_height
from app.views.long_axis_view import upside_down
from app.views.panes import Role, pane_of
from app.views.slice_items import DifferenceItem
from app.window.layouts import LAYOUTS, VIEWS, entry_of
from app.window.main_window import MainWindow
from app.window.settings import Settings
from engine.formats import nifti
from engine.measures.comparison import compare
from engine.network.catalog import Catalog
from engine.pictures.reformat import long_axis_plane
from engine.pictures.render import grey, window_presets
from engine.volume import LV, Geometry, Known, LabelMap, Source, Volume

KEYS = {Layout.SLICE: Qt.Key.Key_1, Layout.PHASES: Qt.Key.Key_2, Layout.COMPARE: Qt.Key.Key_3,
        Layout.SHEET: Qt.Key.Key_4, Layout.LONG_AXIS: Qt.Key.Key_5}  # fmt: skip


@pytest.fixture
def ready(qtbot: Any, window: MainWindow) -> MainWindow:
    """The window with a scan that is segmented in both precisions."""
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    return window


def press(window: MainWindow, which: Qt.Key) -> None:
    window.activateWindow()
    QTest.keyClick(window.stage.views[0], which)
    QApplication.processEvents()


def move(view: QWidget, at: QPointF, buttons: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    where = QPointF(view.mapToGlobal(at.toPoint()))
    event = QMouseEvent(QEvent.Type.MouseMove, at, where, Qt.MouseButton.NoButton, buttons, Qt.KeyboardModifier(0))
    QApplication.sendEvent(view, event)


def drag(view: QWidget, start: QPointF, end: QPointF) -> None:
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start.toPoint())
    move(view, end)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end.toPoint())


def turn_wheel(view: QWidget, steps: int) -> None:
    at = QPointF(view.rect().center())
    event = QWheelEvent(
        at, QPointF(view.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, -120 * steps), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier(0), Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def saved_mask(path: Path, found: LabelMap, of: Volume, convention: str = "mnms") -> Path:
    nifti.write_mask(path, found, Volume(of.array, of.geometry, Source("phantom", (), "x")), convention)
    return path


# -- layouts ---------------------------------------------------------------------------------------------------------


def test_every_layout_has_one_entry_whose_views_can_be_made() -> None:
    assert [entry.layout for entry in LAYOUTS] == list(Layout)
    assert {place.view for entry in LAYOUTS for place in entry.places} == set(VIEWS)
    assert len({entry.key for entry in LAYOUTS}) == len(LAYOUTS)


def test_keys_one_to_five_change_the_layout(ready: MainWindow) -> None:
    for layout, key in reversed(KEYS.items()):
        press(ready, key)
        assert ready.session.state.preferences.layout is layout
        shown = [view for view in ready.stage.findChildren(QWidget) if view in ready.stage._views.values()]
        names = {name for name, view in ready.stage._views.items() if view in shown and view.isVisible()}
        assert names == {place.view for place in entry_of(layout).places}
        assert [b for b, button in ready.layouts.buttons.items() if button.isChecked()] == [layout]
        assert ready.menus.actions_by_text["All slices"].isChecked() is (layout is Layout.SHEET)


def test_buttons_change_the_layout_and_keys_go_on_working(ready: MainWindow) -> None:
    ready.activateWindow()
    ready.slice_view.setFocus()
    QTest.mouseClick(ready.layouts.buttons[Layout.SHEET], Qt.MouseButton.LeftButton)
    assert ready.session.state.preferences.layout is Layout.SHEET
    assert ready.stage.views[0].isVisible()
    press(ready, Qt.Key.Key_Down)
    assert ready.session.state.view.slice_index == SLICES // 2 + 1


def test_a_hidden_view_does_not_keep_the_focus(ready: MainWindow) -> None:
    ready.activateWindow()
    ready.slice_view.setFocus()
    press(ready, Qt.Key.Key_4)
    assert QApplication.focusWidget() is ready.stage.views[0]


def test_the_layout_is_remembered(tmp_path: Path) -> None:
    state = evolve(AppState(), layout=Layout.LONG_AXIS, smooth=False, sweep=True)
    Settings(tmp_path / "s.ini").save(state)
    assert Settings(tmp_path / "s.ini").restore(AppState()) == state
    (tmp_path / "s.ini").write_text("[General]\nlayout=sideways\n", encoding="utf-8")
    assert Settings(tmp_path / "s.ini").restore(AppState()).preferences.layout is Layout.SLICE


def test_every_layout_of_nothing_and_of_every_kind_of_scan(qtbot: Any, window: MainWindow, model: FakeModel) -> None:
    """No scan, one slice, one frame, a pair, unknown geometry; before, while and after it is segmented."""
    flat = volume(1)
    one_slice = Volume(flat.array[:, :1], Geometry(np.eye(4), (1, ROWS, COLUMNS)), flat.source)
    guessed = volume(spacing=Known.ASSUMED, orientation=Known.ASSUMED)
    for of in (None, one_slice, flat, volume(2, phase_names=("ED", "ES")), guessed):
        model.gate.clear()
        if of is not None:
            window.session.opening.open_volume(of)
        for finished in (False, True):
            if finished:
                model.gate.set()
                settle(qtbot, window.session)
            for layout in Layout:
                window.session.looking.show_layout(layout)
                QApplication.processEvents()
                assert not window.stage.grab().isNull()


def test_a_saved_picture_of_any_layout_says_what_it_is_not_for(ready: MainWindow) -> None:
    for layout in Layout:
        ready.session.looking.show_layout(layout)
        QApplication.processEvents()
        plain = ready.stage.grab().toImage()
        assert ready.stage.picture().toImage() != plain
        assert ready.stage.grab().toImage() == plain


# -- ED beside ES ----------------------------------------------------------------------------------------------------


def test_ed_and_es_show_their_frames_whatever_frame_is_on(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_2)
    ready.session.update(frame_index=1)
    state = ready.session.state
    ed, es = pane_of(state, Role.ED), pane_of(state, Role.ES)
    assert (ed.frame, es.frame) == (0, FRAMES // 2)
    found = run_of(state).prediction.labels.array
    assert np.array_equal(es.labels.plane, found[FRAMES // 2, state.view.slice_index])
    assert captions.pane_lines(state, es, Role.ES)[:2] == ["End-systole", f"Frame {FRAMES // 2 + 1} / {FRAMES}"]
    turn_wheel(ready.stage.views[1].viewport(), 1)
    assert ready.session.state.view.slice_index == SLICES // 2 + 1


def test_ed_and_es_say_what_is_missing() -> None:
    single = opened(AppState(), volume(1))
    title, todo = pane_of(single, Role.ED).missing
    assert "single frame" in title
    assert "Open a cine" in todo
    cine = opened(AppState(), volume())
    title, todo = pane_of(cine, Role.ES).missing
    assert title == "End-systole is not known yet"
    assert "press Segment" in todo
    without = pane_of(opened(evolve(AppState(), catalog=Catalog((), (), "")), volume()), Role.ES)
    assert "No model is installed" in without.missing[1]
    assert "Segment" not in without.missing[1]  # there is no such button then
    pair = opened(AppState(), volume(2, phase_names=("ED", "ES")))
    assert pane_of(pair, Role.ES).frame == 1
    assert pane_of(pair, Role.ES).missing == ("", "")


# -- float32 beside int8 ---------------------------------------------------------------------------------------------


def test_comparing_shows_both_and_where_they_differ(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_3)
    ready.session.update(frame_index=1)
    state = ready.session.state
    one, other = (run_of(state, p).prediction.labels for p in ("float32", "int8"))
    first, second, difference = (pane_of(state, role) for role in (Role.FIRST, Role.SECOND, Role.DIFFERENCE))
    assert (first.title, second.title) == ("float32", "int8")
    assert np.array_equal(first.labels.plane, one.array[1, state.view.slice_index])
    assert np.array_equal(second.labels.plane, other.array[1, state.view.slice_index])
    expected = np.count_nonzero(one.array[1, state.view.slice_index] != other.array[1, state.view.slice_index])
    assert expected > 0
    assert captions.pane_lines(state, difference, Role.DIFFERENCE)[1] == f"{expected} pixels"
    item = next(i for i in ready.stage.view("difference")._items if isinstance(i, DifferenceItem))
    assert len(item._pixels) == expected
    # It stays the same pair whichever of the two is on screen elsewhere.
    ready.session.segmenting.toggle_precision()
    assert pane_of(ready.session.state, Role.FIRST).title == "float32"


def test_a_pixel_that_differs_is_seen_however_small_it_is_drawn(ready: MainWindow) -> None:
    ready.session.update(frame_index=1, zoom=0.25, layout=Layout.COMPARE)
    QApplication.processEvents()
    shown = ready.stage.view("difference").grab().toImage()
    magenta = drawing.DIFFERENCE_COLOUR
    colours = (shown.pixelColor(x, y) for x in range(shown.width()) for y in range(shown.height()))
    assert any((c.red(), c.green(), c.blue()) == magenta for c in colours)


def test_the_table_is_that_of_the_frame_on_screen(ready: MainWindow) -> None:
    ready.session.update(frame_index=2, layout=Layout.COMPARE)
    state = ready.session.state
    expected = compare(*(run_of(state, p).prediction.labels for p in ("float32", "int8")))
    table = table_of(state)
    assert table.slices[1] == pytest.approx(tuple(expected.slice_dice[2, 1]))
    assert table.dice == pytest.approx(tuple(expected.frame_dice[2]))
    assert table.hd95_mm == pytest.approx(tuple(expected.hd95_mm[2]))
    assert table.dice[0] < 1.0
    assert f"LV cavity: Dice {table.dice[0]:.3f}" in spoken(table)
    assert ready.stage.view("table").accessibleDescription() == spoken(table)


def test_a_click_on_a_row_goes_to_the_slice(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_3)
    table = ready.stage.view("table")
    top, height, first, _ = table._rows()
    QTest.mouseClick(table, Qt.MouseButton.LeftButton, pos=QPoint(80, round(top + 0.5 * height)))
    assert ready.session.state.view.slice_index == first == 0


def test_comparing_says_what_is_not_there(qtbot: Any, session: Session, model: FakeModel) -> None:
    model.gate.clear()
    session.opening.open_volume(volume())
    until(lambda: len(model.asked) == 1)
    assert "int8: " in table_of(session.state).note
    assert pane_of(session.state, Role.FIRST).note == "Queued"
    session.cancel()
    assert pane_of(session.state, Role.SECOND).note == "Stopped: press Segment"
    assert pane_of(session.state, Role.DIFFERENCE).note
    model.gate.set()
    settle(qtbot, session)


def test_a_comparison_is_never_of_another_model(qtbot: Any, session: Session) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    first = comparison_of(session.state)
    assert first is not None
    session.segmenting.choose_model("second")
    assert comparison_of(session.state) is None
    settle(qtbot, session)
    assert comparison_of(session.state) not in (None, first)
    session.segmenting.choose_model("first")
    assert comparison_of(session.state) is first
    session.opening.open_volume(volume(3, name="other"))
    assert comparison_of(session.state) is None
    settle(qtbot, session)


# -- all slices ------------------------------------------------------------------------------------------------------


def test_a_click_in_the_contact_sheet_chooses_a_slice(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_4)
    sheet = ready.stage.view("sheet")
    for index in (3, 0):
        QTest.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=sheet.grid().cell(index).center().toPoint())
        assert ready.session.state.view.slice_index == index
    turn_wheel(sheet, 1)
    assert ready.session.state.view.slice_index == 1


def test_the_contact_sheet_frames_the_current_slice_and_draws_all_outlines(ready: MainWindow) -> None:
    ready.session.update(slice_index=1, layout=Layout.SHEET)
    QApplication.processEvents()
    sheet = ready.stage.view("sheet")
    shown = sheet.grab().toImage()
    cells = [sheet.grid().cell(index) for index in range(SLICES)]

    def colours(index: int) -> set[str]:
        cell = cells[index].toRect()
        return {shown.pixelColor(x, y).name() for x in range(cell.left(), cell.right(), 2)
                for y in range(cell.top(), cell.bottom())}  # fmt: skip

    accent = drawing.QColor(drawing.ACCENT_INK).name()
    assert [accent in colours(index) for index in range(SLICES)] == [False, True, False, False]
    # The myocardium's line in every cell: yellow, which no grey picture has.
    for index in range(SLICES):
        seen = [drawing.QColor(name) for name in colours(index)]
        assert any(c.red() > 200 and c.green() > 170 and c.blue() < 130 for c in seen)


def test_scrolling_through_the_contact_sheet_draws_no_slice_anew(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_4)
    sheet = ready.stage.view("sheet")
    sheet.grab()
    drawn = sheet._drawn.cacheKey()
    ready.session.looking.step_slice(1)
    sheet.grab()
    assert sheet._drawn.cacheKey() == drawn
    for change in ({"frame_index": 1}, {"window": (10.0, 20.0)}, {"precision": "float32"}, {"zoom": 2.0}):
        ready.session.update(**change)
        sheet.grab()
        assert sheet._drawn.cacheKey() != drawn
        drawn = sheet._drawn.cacheKey()


@pytest.mark.parametrize(
    ("slices", "size", "columns"),
    [(12, (1200, 900), 4), (12, (300, 900), 2), (1, (500, 500), 1), (10, (2000, 200), 10)],
)
def test_the_grid_makes_the_pictures_as_large_as_it_can(slices: int, size: tuple[int, int], columns: int) -> None:
    grid = grid_of(slices, 0, 1.0, *map(float, size))
    assert grid.columns == columns
    for index in range(slices):
        cell = grid.cell(index)
        assert grid.at(cell.center().x(), cell.center().y()) == index
        assert cell.right() <= size[0] + 0.01
        assert cell.bottom() <= size[1] + 0.01


def test_a_long_stack_scrolls_to_the_current_slice() -> None:
    for current in (0, 150, 299):
        grid = grid_of(300, current, 1.0, 600.0, 400.0)
        assert grid.first <= current < grid.first + grid.columns * grid.rows
        assert grid.width >= 90


# -- long axis -------------------------------------------------------------------------------------------------------


def test_the_planes_pass_through_the_heart_until_they_are_moved(ready: MainWindow) -> None:
    state = ready.session.state
    assert heart_of(labels(volume())).middle_mm == (31 * 2.0, 19.0)
    assert cross_of(state) == Cross(31 * 2.0, 19.0)
    assert cross_of(opened(AppState(), volume())) == Cross(COLUMNS * 2.0 / 2, ROWS / 2)
    moved = evolve(state, cross=Cross(1e9, -5.0, 7.0))
    assert cross_of(moved) == Cross(COLUMNS * 2.0, 0.0, pytest.approx(7.0 - 2 * math.pi))
    assert opened(moved, volume()).view.cross is None


def test_dragging_the_crossing_and_its_handles(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_5)
    view = ready.slice_view
    placed = view._placement()
    start = QPointF(*placed.to_px(62.0, 19.0))
    window = ready.session.state.view.window
    drag(view.viewport(), start, start + QPointF(20, 10))
    cross = ready.session.state.view.cross
    # A press lands on a whole pixel.
    assert (cross.x_mm, cross.y_mm) == pytest.approx(
        (62.0 + 20 / placed.scale, 19.0 + 10 / placed.scale), abs=1.5 / placed.scale
    )
    handle = QPointF(*handles(placed, cross)[0])
    middle = QPointF(*placed.to_px(cross.x_mm, cross.y_mm))
    reach = math.hypot(handle.x() - middle.x(), handle.y() - middle.y())
    drag(view.viewport(), handle, middle + QPointF(reach * math.cos(0.5), reach * math.sin(0.5)))
    assert ready.session.state.view.cross.angle == pytest.approx(0.5, abs=0.02)
    assert (ready.session.state.view.cross.x_mm, ready.session.state.view.cross.y_mm) == (cross.x_mm, cross.y_mm)
    assert ready.session.state.view.window == window
    # Elsewhere the same button changes the window.
    drag(view.viewport(), QPointF(20, 60), QPointF(60, 60))
    assert ready.session.state.view.window != window


def test_a_plane_chooses_slices_by_click_drag_and_wheel(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_5)
    view = ready.stage.view("long axis 1")
    placed = view.placement()
    x = view.width() / 2
    for index in (3, 0):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(placed.middle_y(index))))
        assert ready.session.state.view.slice_index == index
    window = ready.session.state.view.window
    drag(view, QPointF(x, placed.middle_y(0)), QPointF(x, placed.middle_y(2)))
    assert ready.session.state.view.slice_index == 2
    assert ready.session.state.view.window == window
    turn_wheel(view, 1)
    assert ready.session.state.view.slice_index == 3


def test_a_plane_has_the_proportions_of_the_patient(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_5)
    for name, step in (("long axis 1", 1.0), ("long axis 2", 1.0)):
        placed = ready.stage.view(name).placement()
        # Slices are 8 mm apart, samples the smaller of the pixel's sides.
        assert placed.slice_px / placed.sample_px == pytest.approx(8.0 / step)


def test_the_head_is_up_and_the_letters_say_so() -> None:
    up = volume()
    plane = long_axis_plane(up.geometry, 30.0, 20.0, 0.0)
    assert upside_down(up, plane)  # slices ascend to the head: the last one is on top
    flipped = Volume(
        up.array, Geometry(np.diag([1.0, -1.0, -1.0, 1.0]) @ up.geometry.affine, up.geometry.shape), up.source
    )
    assert not upside_down(flipped, long_axis_plane(flipped.geometry, 30.0, 20.0, 0.0))
    guessed = volume(orientation=Known.ASSUMED)
    assert not upside_down(guessed, plane)


def test_the_plane_draws_its_slice_line_where_the_slice_is(ready: MainWindow) -> None:
    ready.session.update(layout=Layout.LONG_AXIS, slice_index=0, overlay=evolve(AppState()).preferences.overlay)
    ready.session.looking.update_overlay(hidden=True)
    QApplication.processEvents()
    view = ready.stage.view("long axis 1")
    for index in (0, 3):
        ready.session.update(slice_index=index)
        shown = view.grab().toImage()
        y = view.placement().middle_y(index)
        column = [shown.pixelColor(round(view.width() * 0.9), round(y) + d).lightness() for d in (-1, 0, 1)]
        assert max(column) > 150


# -- a loaded mask ---------------------------------------------------------------------------------------------------


def test_a_mask_is_loaded_compared_drawn_and_removed(qtbot: Any, ready: MainWindow, tmp_path: Path) -> None:
    truth = labels(volume(), 0)
    path = saved_mask(tmp_path / "truth.nii.gz", truth, volume())
    ready.session.comparing.load_mask([path])
    settle(qtbot, ready.session)
    state = ready.session.state
    assert (state.preferences.layout, state.view.pair) == (Layout.COMPARE, Pair.MASK)
    assert np.array_equal(state.segmentation.mask.labels.array, truth.array)
    ready.session.update(frame_index=2)
    expected = compare(run_of(state).prediction.labels, truth)
    assert table_of(ready.session.state).dice == pytest.approx(tuple(expected.frame_dice[2]))
    assert pane_of(ready.session.state, Role.SECOND).title == "truth.nii.gz"
    press(ready, Qt.Key.Key_1)
    with_mask = ready.slice_view.grab().toImage()
    assert "- - truth.nii.gz" in captions.top_right(ready.session.state)
    press(ready, Qt.Key.Key_M)
    assert not ready.session.state.preferences.mask_shown
    assert ready.slice_view.grab().toImage() != with_mask
    press(ready, Qt.Key.Key_N)
    assert "truth" not in " ".join(captions.top_right(evolve(ready.session.state, mask_shown=True)))
    ready.session.comparing.remove_mask()
    state = ready.session.state
    assert (state.segmentation.mask, state.view.pair) == (None, Pair.PRECISIONS)
    assert not any(isinstance(key[1], Mask) for key in state.segmentation.comparisons)


def test_toggling_the_precision_compares_the_mask_with_the_other(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.opening.open_volume(volume())
    session.comparing.load_mask([saved_mask(tmp_path / "m.nii", labels(volume(), 0), volume())])
    settle(qtbot, session)
    first = comparison_of(session.state)
    session.segmenting.toggle_precision()
    settle(qtbot, session)
    assert comparison_of(session.state) not in (None, first)
    assert comparison_of(session.state).dice[0] > first.dice[0]  # float32 shrinks less, in these tests


def test_a_mask_of_another_grid_is_refused_and_the_work_stays(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    other = volume()
    moved = Volume(other.array, Geometry(np.diag([2.0, 1.0, 9.0, 1.0]), other.geometry.shape), other.source)
    path = saved_mask(tmp_path / "other.nii.gz", LabelMap(labels(other).array, moved.geometry), moved)
    session.comparing.load_mask([path])
    settle(qtbot, session)
    assert session.state.message.kind is Kind.ERROR
    assert "other.nii.gz: is not on the grid of scan" in session.state.message.text
    assert session.state.segmentation.mask is None
    assert session.state.busy is None
    assert drawn_labels(session.state) is not None


def test_a_mask_goes_with_its_scan(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.comparing.load_mask([tmp_path / "m.nii"])
    assert "open the scan first" in session.state.message.text
    session.opening.open_volume(volume())
    session.comparing.load_mask([saved_mask(tmp_path / "m.nii", labels(volume()), volume())])
    settle(qtbot, session)
    session.opening.open_volume(volume(3, name="next"))
    assert session.state.segmentation.mask is None
    settle(qtbot, session)


def test_a_mask_of_one_frame_says_so_in_the_others(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    session.update(frame_index=2)
    one = LabelMap(labels(volume(1)).array, volume(1).geometry)
    session.comparing.load_mask([saved_mask(tmp_path / "m.nii", one, volume(1))])
    settle(qtbot, session)
    assert session.state.segmentation.mask.frames == (2,)
    assert table_of(session.state).slices
    session.update(frame_index=3)
    assert table_of(session.state).note == "The mask is not of this frame: go to frame 3"
    assert pane_of(session.state, Role.SECOND).note == "The mask is of frame 3 only"
    assert pane_of(session.state, Role.CURRENT).mask is None


def test_what_the_values_mean_is_asked_and_nothing_is_preset(
    qtbot: Any, ready: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved_mask(tmp_path / "acdc.nii.gz", labels(volume()), volume(), "acdc")
    image = nibabel.load(path)
    image.header["descrip"] = b""  # as of another program: an exported mask says what its values mean
    path = tmp_path / "other.nii.gz"
    nibabel.save(image, path)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    ready.activateWindow()
    QTest.keyClick(ready.slice_view, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = ready.findChildren(MaskDialog)
    assert not dialog.ok.isEnabled()
    dialog.choices["acdc"].setChecked(True)
    QTest.mouseClick(dialog.ok, Qt.MouseButton.LeftButton)
    settle(qtbot, ready.session)
    assert np.array_equal(ready.session.state.segmentation.mask.labels.array, labels(volume()).array)


# -- outlines slice by slice -----------------------------------------------------------------------------------------


class SteppedModel:
    """Stands for predict: computes as many slices as it is allowed, then waits."""

    def __init__(self) -> None:
        self.allowed = 0

    def __call__(
        self, of: Volume, model: Any, precision: str, *, threads=None, first=(0, 0), progress, cancel, on_slice
    ) -> Any:
        from engine.network.predict import SliceTiming  # noqa: PLC0415

        found = labels(of, 1 if precision == "float32" else 2)
        timings = []
        for frame in range(of.frames):
            for index in range(of.slices):
                while len(timings) >= self.allowed:
                    cancel.check()
                    progress(len(timings), of.frames * of.slices, "Segmenting")  # carries what waits to be sent
                timings.append(SliceTiming(frame, index, 0.5, 2.0, 0.5))
                on_slice(timings[-1], 300.0, found.array[frame, index])
        return prediction(of, model, precision, found, tuple(timings))


def test_outlines_appear_slice_by_slice_and_are_never_stale(
    qtbot: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepped = SteppedModel()
    monkeypatch.setattr("app.session.segmenting.predict", stepped)
    session.opening.open_volume(volume())
    session.update(slice_index=0)
    assert drawn_labels(session.state) is None
    stepped.allowed = 2
    qtbot.waitUntil(lambda: drawn_labels(session.state) is not None, timeout=5000)
    int8 = labels(volume(), 2).array
    qtbot.waitUntil(lambda: drawn_labels(session.state, index=1) is not None, timeout=5000)
    assert np.array_equal(drawn_labels(session.state).plane, int8[0, 0])
    assert drawn_labels(session.state, index=2) is None
    assert drawn_labels(session.state, frame=1) is None
    assert "provisional outlines" in captions.top_right(session.state)
    assert "this slice is still to come" in captions.top_right(evolve(session.state, slice_index=3))
    # Another precision, another model and another scan have none of these.
    assert drawn_labels(session.state, "float32") is None
    assert drawn_labels(evolve(session.state, model_id="second")) is None
    assert drawn_labels(opened(session.state, volume())) is None
    session.cancel()
    assert drawn_labels(session.state) is None
    assert not any(run.planes for run in session.state.segmentation.runs.values())
    stepped.allowed = 10_000
    session.segmenting.segment()
    settle(qtbot, session)
    assert np.array_equal(drawn_labels(session.state).plane, int8[0, 0])
    assert not any(run.planes for run in session.state.segmentation.runs.values())


# -- window, zoom, cine ----------------------------------------------------------------------------------------------


def test_window_presets() -> None:
    array = np.arange(10_000, dtype=np.int16).reshape(1, 1, 100, 100)
    presets = window_presets(array, (40.0, 400.0))
    assert next(iter(presets)) == "From the header"
    assert presets["From the header"] == (40.0, 400.0)
    assert presets["Full range"] == (9999 / 2, 9999.0)
    centre, width = presets["Whole image"]
    assert centre - width / 2 == pytest.approx(50, abs=1)
    assert "From the header" not in window_presets(array, None)
    assert window_presets(np.full((1, 1, 4, 4), np.nan), None)["Full range"] == (0.5, 1.0)


def test_w_goes_through_the_presets_and_the_menu_names_them(ready: MainWindow) -> None:
    presets = ready.session.looking.window_presets()
    seen = []
    for _ in presets:
        press(ready, Qt.Key.Key_W)
        seen.append(ready.session.state.view.window)
    assert set(seen) == set(presets.values())
    menu = ready.menus.menus_by_title["Window presets"]
    menu.aboutToShow.emit()
    chosen = menu.actions()[-1]
    assert [a.text() for a in menu.actions()] == list(presets)
    chosen.trigger()
    assert ready.session.state.view.window == presets[chosen.text()]


def test_z_fills_the_view_with_the_heart(qtbot: Any, ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_Z)
    state = ready.session.state
    assert (state.view.zoom, state.view.pan_mm) == heart_view(state)
    placed = ready.slice_view._placement()
    # Columns 6 to 41 of 2 mm, rows 8 to 29 of 1 mm: all of it is seen, and it is larger than it was.
    left, top = placed.to_px(12.0, 8.0)
    right, bottom = placed.to_px(84.0, 30.0)
    assert left >= 0 and right <= placed.view_px[0] and top >= 0 and bottom <= placed.view_px[1]
    assert state.view.zoom >= 1
    wide, high = size_mm(state.scan.volume)
    assert state.view.pan_mm == pytest.approx((48.0 - wide / 2, 19.0 - high / 2))


def test_z_without_a_heart_says_what_to_do(session: Session) -> None:
    session.looking.zoom_to_heart()
    assert session.state.message is None
    session.update(volume=volume(), catalog=None)
    session.looking.zoom_to_heart()
    assert "press Segment" in session.state.message.text


def test_pixels_as_they_are(ready: MainWindow) -> None:
    smooth = ready.slice_view.grab().toImage()
    press(ready, Qt.Key.Key_V)
    assert not ready.session.state.preferences.smooth
    assert ready.slice_view.grab().toImage() != smooth


@pytest.mark.parametrize(
    ("frames", "sweep", "expected"),
    [
        (4, False, [0, 1, 2, 3, 0, 1, 2, 3]),
        (4, True, [0, 1, 2, 3, 2, 1, 0, 1]),
        (2, True, [0, 1, 0, 1]),
        (1, True, [0, 0, 0]),
    ],
)
def test_round_and_round_or_to_and_fro(frames: int, sweep: bool, expected: list[int]) -> None:
    assert [cine_frame(count, frames, sweep=sweep) for count in range(len(expected))] == expected


def test_keys_of_the_cine(ready: MainWindow) -> None:
    press(ready, Qt.Key.Key_B)
    assert ready.session.state.preferences.sweep
    assert ready.cine.ways.buttons["sweep"].isChecked()
    QTest.mouseClick(ready.cine.ways.buttons["loop"], Qt.MouseButton.LeftButton)
    assert not ready.session.state.preferences.sweep
    press(ready, Qt.Key.Key_BracketLeft)
    assert ready.session.state.preferences.speed == 0.5
    for _ in range(5):
        press(ready, Qt.Key.Key_BracketRight)
    assert ready.session.state.preferences.speed == 2.0


def test_the_heart_is_where_the_labels_are() -> None:
    assert heart_of(LabelMap(np.zeros((1, 2, 5, 5), np.uint8), Geometry(np.eye(4), (2, 5, 5)))) is None
    array = np.zeros((2, 3, 10, 12), np.uint8)
    array[1, 1:, 4:6, 2:6] = LV
    found = heart_of(LabelMap(array, Geometry(np.diag([2.0, 1.0, 8.0, 1.0]), (3, 10, 12))))
    assert found.middle_mm == (8.0, 5.0)
    assert found.box_mm == (4.0, 4.0, 12.0, 6.0)


def test_a_small_heart_is_made_large_and_a_large_one_not_small() -> None:
    of, key = volume(), RunKey(1, card().precisions["int8"].sha256, "int8")
    for box, zoom in (((40.0, 16.0, 56.0, 24.0), 40 / (8 + 2 * 0.15 * 16)), ((0.0, 0.0, 96.0, 40.0), 1.0)):
        run = Run(Status.DONE, heart=Heart((48.0, 20.0), box))
        state = evolve(opened(evolve(AppState(), catalog=catalog("first"), model_id="first"), of), runs={key: run})
        assert heart_view(state) == (pytest.approx(zoom), (0.0, 0.0))


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.uint8, np.float32])
@pytest.mark.parametrize("invert", [False, True])
def test_grey_pictures_are_those_of_the_engine(dtype: type, invert: bool) -> None:
    """16-bit pixels go through a table; the values are the same."""
    low = -300 if np.dtype(dtype).kind in "if" else 0
    pixels = np.linspace(low, 250, 48).astype(dtype).reshape(6, 8)
    shown = drawing.grey_image(pixels, (100.0, 180.0), invert=invert)
    found = [[shown.pixelColor(x, y).red() for x in range(8)] for y in range(6)]
    assert found == grey(pixels, (100.0, 180.0), invert=invert).tolist()


def test_a_plane_is_drawn_anew_where_it_changes_and_not_while_scrolling(ready: MainWindow) -> None:
    ready.session.update(layout=Layout.LONG_AXIS)
    view = ready.stage.view("long axis 2")
    view.grab()
    drawn = view._drawn.cacheKey()
    ready.session.looking.step_slice(1)
    view.grab()
    assert view._drawn.cacheKey() == drawn
    for change in (
        {"frame_index": 1}, {"window": (10.0, 20.0)}, {"precision": "float32"}, {"cross": Cross(20.0, 20.0, 0.3)},
        {"smooth": False}, {"overlay": Overlay(hidden=True)},
    ):  # fmt: skip
        ready.session.update(**change)
        view.grab()
        assert view._drawn.cacheKey() != drawn
        drawn = view._drawn.cacheKey()


def test_a_note_below_the_table_leaves_its_last_row_free(qtbot: Any) -> None:
    view, row = AgreementView(), (0.9, 0.9, 0.9)
    qtbot.addWidget(view)
    view.resize(300, 266)
    for note in ("", "No HD95: spacing unknown"):
        view._table = Table("float32 and int8", (row,) * 10, row, row, note)
        top, height, _, fitting = view._rows()
        last_row = top + fitting * height + 6 + 36
        assert last_row < view.height() - 4 - (line_height() if note else 0)
