"""Views draw the state and ask for changes: real keys, real mouse, words that are right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_fixtures import COLUMNS, FRAMES, ROWS, SLICES, FakeModel, labels, model_fixture, settle, volume, window_fixture  # noqa: F401
from places import ROOT
from PySide6.QtCore import QByteArray, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QPushButton, QScrollArea

from app.dialogs.dialogs import SpacingDialog
from app.look import theme
from app.state.changes import evolve, opened, value_of
from app.state.queries import run_of
from app.state.types import AppState, Busy, Drawn, Kind, Layout, Overlay, Status, Style
from app.views import captions, drawing
from app.views.drawing import Outlines, paths_of
from app.views.placement import place
from app.window.actions import Action, Note
from app.window.main_window import MainWindow
from app.window.menus import ACTIONS, menus_within
from app.window.settings import Settings
from app.window.shortcuts import MOUSE
from app.words.names import RESEARCH
from engine.pictures.render import outlines
from engine.provenance import path_for
from engine.volume import LV, MYO, RV, Geometry, Known


@pytest.fixture
def ready(qtbot: Any, window: MainWindow) -> MainWindow:
    """The window with a scan that is segmented in both precisions."""
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    return window


def key(window: MainWindow, which: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    window.activateWindow()
    window.slice_view.setFocus()
    QTest.keyClick(window.slice_view, which, modifier)


# -- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "field", "expected"),
    [
        (Qt.Key.Key_Up, "slice_index", SLICES // 2 - 1),
        (Qt.Key.Key_Down, "slice_index", SLICES // 2 + 1),
        (Qt.Key.Key_Left, "frame_index", FRAMES - 1),
        (Qt.Key.Key_Right, "frame_index", 1),
        (Qt.Key.Key_S, "frame_index", FRAMES // 2),
        (Qt.Key.Key_I, "invert", True),
        (Qt.Key.Key_Space, "playing", True),
        (Qt.Key.Key_C, "playing", True),
        (Qt.Key.Key_P, "precision", "float32"),
        (Qt.Key.Key_N, "hide_names", True),
        (Qt.Key.Key_H, "overlay", Overlay(hidden=True)),
        (Qt.Key.Key_F, "overlay", Overlay(style=Style.FILL)),
    ],
)
def test_keys(ready: MainWindow, which: Qt.Key, field: str, expected: object) -> None:
    key(ready, which)
    assert value_of(ready.session.state, field) == expected


def test_keys_that_go_back(ready: MainWindow) -> None:
    ready.session.update(zoom=4.0, pan_mm=(3.0, 4.0), window=(1.0, 2.0), invert=True, frame_index=2)
    key(ready, Qt.Key.Key_D)
    assert ready.session.state.view.frame_index == 0
    key(ready, Qt.Key.Key_R)
    state = ready.session.state
    assert (state.view.zoom, state.view.pan_mm, state.view.invert) == (1.0, (0.0, 0.0), False)
    assert state.view.window[1] > 100


def test_space_presses_the_focused_button_and_plays_elsewhere(ready: MainWindow) -> None:
    ready.activateWindow()
    button = ready.models.precisions.buttons["float32"]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert ready.session.state.models.precision == "float32"
    assert not ready.session.state.view.playing


def test_every_action_has_a_command_and_no_key_twice(window: MainWindow) -> None:
    keys = [k for action in ACTIONS for k in action.keys]
    assert len(keys) == len(set(keys))
    assert len({action.text for action in ACTIONS}) == len(ACTIONS)
    assert {action.text for action in ACTIONS} == set(window.menus.actions_by_text)


def test_the_menus_are_drawn_as_the_tree_says(window: MainWindow) -> None:
    for menu in menus_within():
        drawn = window.menus.menus_by_title[menu.title].actions()
        assert [action.isSeparator() for action in drawn] == [entry is None for entry in menu.entries]
        for action, entry in zip(drawn, menu.entries, strict=True):
            if isinstance(entry, Action | Note):
                assert action.text() == entry.text
            elif entry is not None:
                assert action.menu() is not None
                assert action.menu().title() == entry.title


def test_choosing_what_is_chosen_keeps_its_tick(window: MainWindow) -> None:
    for _ in range(2):
        window.menus.actions_by_text["Light theme"].trigger()
        assert window.menus.actions_by_text["Light theme"].isChecked()
        assert not window.menus.actions_by_text["Dark theme"].isChecked()
    window.menus.actions_by_text["Dark theme"].trigger()


# -- mouse -----------------------------------------------------------------------------------------------------------


def drag(window: MainWindow, button: Qt.MouseButton, by: QPoint) -> None:
    view = window.slice_view.viewport()
    start = view.rect().center()
    QTest.mousePress(view, button, pos=start)
    for at, kind in ((start + by, QEvent.Type.MouseMove),):
        event = QMouseEvent(kind, QPointF(at), QPointF(view.mapToGlobal(at)), button, button, Qt.KeyboardModifier(0))
        QApplication.sendEvent(view, event)
    QTest.mouseRelease(view, button, pos=start + by)


def wheel(window: MainWindow, delta: QPoint, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    view = window.slice_view.viewport()
    centre = view.rect().center()
    event = QWheelEvent(
        QPointF(centre), QPointF(view.mapToGlobal(centre)), QPoint(), delta, Qt.MouseButton.NoButton, modifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def test_left_drag_windows(ready: MainWindow) -> None:
    centre, width = ready.session.state.view.window
    drag(ready, Qt.MouseButton.LeftButton, QPoint(200, -100))
    assert ready.session.state.view.window == pytest.approx((centre - width / 4, width * 1.5))
    drag(ready, Qt.MouseButton.LeftButton, QPoint(-9999, 0))
    assert ready.session.state.view.window[1] > 0


def test_middle_drag_pans_with_the_mouse(ready: MainWindow) -> None:
    scale = ready.slice_view._placement().scale
    drag(ready, Qt.MouseButton.MiddleButton, QPoint(30, -12))
    assert ready.session.state.view.pan_mm == pytest.approx((-30 / scale, 12 / scale))


def test_right_drag_zooms(ready: MainWindow) -> None:
    drag(ready, Qt.MouseButton.RightButton, QPoint(0, -140))
    assert ready.session.state.view.zoom == pytest.approx(2.0)


def test_wheel_is_slice_and_with_shift_frame(ready: MainWindow) -> None:
    wheel(ready, QPoint(0, -120))
    assert ready.session.state.view.slice_index == SLICES // 2 + 1
    wheel(ready, QPoint(0, 120))
    assert ready.session.state.view.slice_index == SLICES // 2
    wheel(ready, QPoint(0, -240), Qt.KeyboardModifier.ShiftModifier)
    assert ready.session.state.view.frame_index == 2
    # Some platforms turn the wheel sideways while Shift is down.
    wheel(ready, QPoint(120, 0), Qt.KeyboardModifier.ShiftModifier)
    assert ready.session.state.view.frame_index == 1


def test_a_touchpads_small_steps_add_up(ready: MainWindow) -> None:
    for _ in range(3):
        wheel(ready, QPoint(0, -30))
    assert ready.session.state.view.slice_index == SLICES // 2
    wheel(ready, QPoint(0, -30))
    assert ready.session.state.view.slice_index == SLICES // 2 + 1


def test_double_click_resets(ready: MainWindow) -> None:
    ready.session.update(zoom=3.0)
    QTest.mouseDClick(ready.slice_view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert ready.session.state.view.zoom == 1.0


def test_value_under_the_cursor(ready: MainWindow) -> None:
    view = ready.slice_view
    # Voxel (30, 20): its centre is at 2 mm × 30.5 and 1 mm × 20.5. The ramp is 10 a column.
    x, y = view._placement().to_px(61.0, 20.5)
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(x, y), QPointF(x, y), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton,
        Qt.KeyboardModifier(0),
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)
    assert view.value_under_cursor() == "300  at  30, 20"


# -- where things are drawn ------------------------------------------------------------------------------------------


def test_pixels_have_the_proportions_of_the_patient() -> None:
    state = opened(AppState(), volume())
    placed = place(state, (800.0, 600.0))
    left, top = placed.to_px(0, 0)
    right, bottom = placed.to_px(COLUMNS * 2.0, ROWS * 1.0)
    assert (right - left) / (bottom - top) == pytest.approx(COLUMNS * 2.0 / ROWS)
    assert (left + right) / 2 == pytest.approx(400)
    assert (top + bottom) / 2 == pytest.approx(300)


def test_placement_goes_there_and_back() -> None:
    placed = place(evolve(opened(AppState(), volume()), zoom=2.5, pan_mm=(3.0, -4.0)), (800.0, 600.0))
    assert placed.to_mm(*placed.to_px(12.5, 7.25)) == pytest.approx((12.5, 7.25))


def test_the_image_and_its_outline_lie_where_the_placement_says(ready: MainWindow) -> None:
    """Pixels of the window itself: bright right of dark, and the outline's colour at the edge of the heart."""
    ready.session.update(slice_index=1)
    ready.session.looking.update_overlay(visible=frozenset({MYO}))
    view = ready.slice_view
    QApplication.processEvents()
    shown = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    placed = view._placement()

    def colour(x_mm: float, y_mm: float) -> tuple[int, int, int]:
        x, y = placed.to_px(x_mm, y_mm)
        found = shown.pixelColor(round(x), round(y))
        return found.red(), found.green(), found.blue()

    dark, bright = colour(20.0, 36.0), colour(92.0, 36.0)
    assert max(dark) - min(dark) <= 1
    assert bright[0] > dark[0] + 100
    # The myocardium's left border is voxel 20, at 40 mm; look a pixel to either side.
    expected = np.array(theme.STRUCTURE_COLOURS[MYO])
    near = [colour(40.0 + d / placed.scale, 19.0) for d in (-1, 0, 1)]
    assert min(np.abs(np.array(c) - expected).max() for c in near) < 40


def test_outlines_share_the_line_between_cavity_and_muscle() -> None:
    plane = labels(volume()).array[0, 0]
    paths = paths_of(plane, frozenset({LV, MYO, RV}), filled=False)
    assert set(paths) == {LV, MYO, RV}
    alone = paths_of(plane, frozenset({MYO}), filled=False)
    assert alone[MYO].elementCount() > paths[MYO].elementCount()
    assert paths_of(np.zeros_like(plane), frozenset({MYO}), filled=False)[MYO].isEmpty()


def test_outlines_leave_out_points_that_change_nothing() -> None:
    y, x = np.mgrid[:60, :60]
    mask = np.hypot(x - 30, y - 31) < 18.3
    [loop] = outlines(mask)
    path = paths_of(np.where(mask, LV, 0).astype(np.uint8), frozenset({LV}), filled=False)[LV]
    assert path.elementCount() < 0.7 * len(loop)
    for at_y, at_x in np.ndindex(mask.shape):
        assert path.contains(QPointF(at_x + 0.5, at_y + 0.5)) == mask[at_y, at_x]


def test_outlines_are_kept_by_the_labels_they_are_of() -> None:
    """Two label maps, same slice, same frame: never one's outline for the other."""
    kept, where, visible = Outlines(), (0, 0), frozenset({LV})
    one, other = labels(volume(), 1), labels(volume(), 2)
    first = kept.of(Drawn(one.array[1, 0], one), where, visible, filled=False)
    assert kept.of(Drawn(one.array[1, 0], one), where, visible, filled=False) is first
    assert kept.of(Drawn(other.array[1, 0], other), where, visible, filled=False)[LV] != first[LV]
    assert kept.of(Drawn(one.array[1, 0], one), where, visible, filled=True) is not first
    kept.forget()
    assert kept.of(Drawn(one.array[1, 0], one), where, visible, filled=False) is not first


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        # Axial: rows run to the patient's left, columns to the back.
        (([1, 0, 0], [0, 1, 0], [0, 0, 1]), captions.Letters("R", "L", "A", "P")),
        # Coronal: columns run to the feet.
        (([1, 0, 0], [0, 0, -1], [0, 1, 0]), captions.Letters("R", "L", "H", "F")),
        # A double oblique short axis.
        (
            ([0.7, 0.6, -0.39], [-0.1, 0.62, 0.78], [0.71, -0.5, 0.49]),
            captions.Letters("RAH", "LPF", "FA", "HP"),
        ),
    ],
)
def test_orientation_letters(columns: Any, expected: captions.Letters) -> None:
    affine = np.eye(4)
    affine[:3, :3] = np.array(columns, dtype=float).T
    of = volume()
    object.__setattr__(of, "geometry", Geometry(affine, of.geometry.shape))
    assert captions.letters(of) == expected


def test_no_letters_where_the_orientation_is_unknown() -> None:
    of = volume(orientation=Known.ASSUMED, spacing=Known.ASSUMED)
    assert captions.letters(of) == captions.Letters()
    assert captions.warnings(of) == ["orientation unknown", "spacing unknown"]
    assert captions.warnings(volume()) == []


def test_words_around_the_image() -> None:
    state = evolve(opened(AppState(), volume()), slice_index=3, frame_index=2)
    assert captions.top_left(state) == ["Slice 4 / 4", "Position 24.0 mm", "Frame 3 / 6", "Trigger time 80 ms"]
    pair = evolve(opened(AppState(), volume(2, phase_names=("ED", "ES"), spacing=Known.ASSUMED)), frame_index=1)
    assert captions.top_left(pair) == ["Slice 3 / 4", "Phase ES  (2 / 2)"]
    assert captions.bottom_left(evolve(state, window=(120.0, 300.5), invert=True)) == ["W 300   L 120   inverted"]
    assert captions.top_left(AppState()) == []


@pytest.mark.parametrize(("scale", "room", "expected"), [(2.0, 160.0, 50), (10.0, 160.0, 10), (0.1, 100.0, 200)])
def test_scale_bar_is_round(scale: float, room: float, expected: int) -> None:
    assert captions.scale_bar_mm(scale, room) == expected


# -- panels ----------------------------------------------------------------------------------------------------------


def test_the_research_notice_is_always_there(ready: MainWindow) -> None:
    assert ready.patient.research.isVisible()
    assert ready.patient.research.text() == RESEARCH == "Research use only, not for diagnosis"


def test_function_panel_has_units_and_both_ventricles(ready: MainWindow) -> None:
    texts = [cell.text() for cell in ready.function._cells.values() if not cell.isHidden()]
    assert {"LV", "RV", "End-diastolic volume"} <= set(texts)
    # The fake ventricle ejects 98 %, which is doubted: a question mark behind the unit.
    assert sum(text.rstrip("?").endswith(" mL") for text in texts) == 6
    assert sum(text.rstrip("?").endswith(" g") for text in texts) == 1
    assert ready.function.lv_ef.text() == "98 % ?"
    assert not ready.function.curve.isHidden()


def test_function_panel_without_spacing_shows_ef_only(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume(spacing=Known.ASSUMED))
    settle(qtbot, window.session)
    texts = [cell.text() for cell in window.function._cells.values() if not cell.isHidden()]
    assert not any("mL" in text or text.endswith(" g") for text in texts)
    assert window.function.lv_ef.text() == "98 % ?"
    assert window.function.enter_spacing.isVisible()
    assert all(not text.text() for text in window.structures.volumes.values())


def test_function_panel_of_one_phase_and_of_a_pair(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume(1))
    settle(qtbot, window.session)
    assert window.function.lv_ef.text() == "–"
    assert window.function.curve.isHidden()
    assert "One phase only" in window.function._note.text()
    window.session.opening.open_volume(volume(2, phase_names=("ED", "ES")))
    settle(qtbot, window.session)
    assert window.function.lv_ef.text().endswith(" %")
    assert window.function.curve.isHidden()


@pytest.mark.parametrize("height", [720, 1080])
def test_no_curve_runs_through_the_names_of_the_phases(ready: MainWindow, height: int) -> None:
    ready.resize(1280, height)
    QApplication.processEvents()
    curve = ready.function.curve
    highest = max(line.getData()[1].max() for line in ready.function.curve.lines.values())
    box = curve.getPlotItem().getViewBox()
    top = box.mapViewToScene(QPointF(1.0, highest)).y() - box.sceneBoundingRect().top()
    for name in ready.function.curve.phases.values():
        text = name.label.sceneBoundingRect().translated(0, -box.sceneBoundingRect().top())
        # Around the letters is a margin of 4, and below their line the descent of those that have one.
        assert text.top() + 5 >= 0
        assert text.bottom() - 6 < top


def test_words_in_the_corners_of_a_narrow_view_do_not_touch(qtbot: Any, ready: MainWindow,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    drawn: list[tuple[float, float]] = []
    real = drawing.lines

    def noted(painter: Any, size: Any, texts: Any, inset: Any = (12, 12), **how: Any) -> None:
        if texts and not how.get("bottom"):
            drawn.append((inset[1], inset[1] + drawing.line_height() * len(texts)))
        real(painter, size, texts, inset, **how)

    monkeypatch.setattr(drawing, "lines", noted)
    ready.session.looking.show_layout(Layout.PHASES)
    view = ready.stage.views[0]
    for width, apart in ((420, False), (150, True)):
        view.resize(width, 300)
        QApplication.processEvents()
        drawn.clear()
        view.grab()
        (left_top, left_bottom), (right_top, _) = drawn[:2]
        assert right_top == (left_bottom if apart else left_top)


def test_clicking_the_curve_goes_to_a_frame(ready: MainWindow) -> None:
    curve = ready.function.curve
    QApplication.processEvents()
    at = curve.mapFromScene(curve.getPlotItem().getViewBox().mapViewToScene(QPointF(5.1, 1.0)))
    QTest.mouseClick(curve.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert ready.session.state.view.frame_index == 4
    assert ready.function.curve.now.value() == 5


def test_function_panel_names_the_frames_measured(ready: MainWindow) -> None:
    assert f"ED frame 1, ES {FRAMES // 2 + 1}" in [cell.text() for cell in ready.function._cells.values()]


def test_precision_buttons_tell_what_is_ready(qtbot: Any, window: MainWindow, model: FakeModel) -> None:
    model.gate.clear()
    window.session.opening.open_volume(volume())
    buttons = window.models.precisions.buttons
    assert "✓" not in buttons["int8"].text()
    model.gate.set()
    settle(qtbot, window.session)
    assert [b.text().split() for b in buttons.values()] == [["float32", "✓"], ["int8", "✓"]]
    QTest.mouseClick(buttons["float32"], Qt.MouseButton.LeftButton)
    assert window.session.state.models.precision == "float32"


def test_structures_toggle_and_show_their_volume(ready: MainWindow) -> None:
    QTest.mouseClick(ready.structures.boxes[RV], Qt.MouseButton.LeftButton, pos=QPoint(6, 8))
    assert ready.session.state.preferences.overlay.visible == {LV, MYO}
    assert ready.structures.volumes[LV].text().endswith(" mL")
    ready.structures.opacity.setValue(60)
    assert ready.session.state.preferences.overlay.opacity == 0.6


def test_a_structure_clicked_while_all_are_hidden_is_shown(ready: MainWindow) -> None:
    ready.session.looking.update_overlay(hidden=True)
    assert not ready.structures.boxes[RV].isChecked()
    QTest.mouseClick(ready.structures.boxes[RV], Qt.MouseButton.LeftButton, pos=QPoint(6, 8))
    assert ready.session.state.preferences.overlay == Overlay()


def test_long_words_do_not_widen_the_panels(qtbot: Any, window: MainWindow) -> None:
    window.resize(1280, 720)
    window.session.opening.open_volume(volume(name="x" * 300, patient={"name": "y" * 200, "scanner": "z" * 99}))
    settle(qtbot, window.session)
    QApplication.processEvents()
    assert window.width() == 1280
    for panel in (window.study, window.models, window.structures):
        assert panel.width() <= panel.parentWidget().parentWidget().width()


def test_sliders_follow_and_lead(ready: MainWindow) -> None:
    ready.session.update(frame_index=3, slice_index=0)
    assert (ready.cine.frame.value(), ready.cine.slice.value()) == (3, 0)
    ready.cine.slice.setValue(2)
    ready.cine.frame.setValue(5)
    assert (ready.session.state.view.slice_index, ready.session.state.view.frame_index) == (2, 5)
    assert [(m.text, m.index) for m in ready.cine.frame.marks if m.text] == [("ED", 0), ("ES", FRAMES // 2)]


def test_one_phase_has_no_counter(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume(1))
    settle(qtbot, window.session)
    texts = [w.text() for w in window.cine.findChildren(QLabel)]
    assert "single" in texts
    assert "1 / 1" not in texts


def test_the_wheel_over_a_closed_list_chooses_nothing(ready: MainWindow) -> None:
    combo = ready.models.models
    at = QPointF(combo.rect().center())
    QApplication.sendEvent(
        combo,
        QWheelEvent(
            at, QPointF(combo.mapToGlobal(at)), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip
    assert ready.session.state.models.model_id == "first"


def test_recent_scans_are_at_the_start_and_in_the_menu(qtbot: Any, window: MainWindow) -> None:
    window.session.update(recents=(Path("/scans/R&D/a.nii.gz"),))
    QApplication.processEvents()
    assert [b.text() for b in recents_of(window)] == ["R&&D / a.nii.gz"]
    window.menus.menus_by_title["Open recent"].aboutToShow.emit()
    assert [a.text() for a in window.menus.menus_by_title["Open recent"].actions()] == ["R&&D / a.nii.gz"]
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    assert recents_of(window) == []


def recents_of(window: MainWindow) -> list[QPushButton]:
    return [b for b in window.study.findChildren(QPushButton, "recent") if b.isVisible()]


def test_hidden_names_leave_the_window(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume(patient={"name": "Doe^Jane", "id": "MRN77"}))
    key(window, Qt.Key.Key_N)
    QApplication.processEvents()
    shown = [w.text() for w in window.findChildren(QLabel) if w.isVisible()]
    assert not any("Doe" in text or "MRN77" in text for text in shown)
    settle(qtbot, window.session)


def test_hidden_names_are_gone_at_once(window: MainWindow) -> None:
    """Labels are deleted when the event loop comes round; until then they must not be drawn over the new ones."""
    window.session.update(recents=(Path("/Doe^Jane/a.nii.gz"),))
    window.session.opening.open_volume(volume(name="Doe", patient={"name": "Doe^Jane"}))
    QApplication.processEvents()
    assert any("Doe" in w.text() for w in window.findChildren(QLabel) if w.isVisible())
    window.session.looking.toggle("hide_names")
    shown = [w.text() for w in window.findChildren(QLabel) if w.isVisible()]
    assert not any("Doe" in text for text in [*shown, window.windowTitle()])
    assert recents_of(window) == []


def test_file_text_is_never_markup(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume(patient={"name": "<img src=x><h1>big"}))
    texts = [w for w in window.findChildren(QLabel) if "<h1>" in w.text()]
    assert texts
    assert all(w.textFormat() == Qt.TextFormat.PlainText for w in texts)
    assert not any("<h1>" in w.toolTip() for w in window.findChildren(QLabel))
    settle(qtbot, window.session)


def test_message_and_its_button(qtbot: Any, window: MainWindow, model: FakeModel) -> None:
    window.session.opening.open_volume(volume(not_short_axis="a CT image"))
    assert window.messages.isVisible()
    assert "CT image" in window.messages.text.text()
    QTest.mouseClick(window.messages.action, Qt.MouseButton.LeftButton)
    settle(qtbot, window.session)
    assert len(model.asked) == 2
    assert not window.messages.isVisible()


def test_a_long_message_has_room(qtbot: Any, window: MainWindow) -> None:
    window.session.say(Kind.ERROR, "/scans/" + "x" * 200 + ".nii.gz: " + "cannot be read because of this and that " * 6)
    words = window.messages.text
    qtbot.waitUntil(lambda: words.height() >= words.heightForWidth(words.width()) > 40, timeout=2000)


def test_progress_and_cancel(qtbot: Any, window: MainWindow, model: FakeModel) -> None:
    assert not window.status.cancel.isVisible()
    assert window.status.text.text() == "Ready"
    model.gate.clear()
    window.session.opening.open_volume(volume())
    window.session.update(busy=Busy("Segmenting in int8", 3, 24))
    assert window.status.text.text() == "Segmenting in int8  3 / 24"
    assert (window.status.bar.value(), window.status.bar.maximum()) == (3, 24)
    QTest.mouseClick(window.status.cancel, Qt.MouseButton.LeftButton)
    assert not window.status.cancel.isVisible()
    assert run_of(window.session.state).status is Status.STOPPED
    assert window.models.segment.isVisible()
    model.gate.set()
    settle(qtbot, window.session)


def test_welcome_is_there_for_the_phantom_only(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_phantom()
    settle(qtbot, window.session)
    assert window.welcome.isVisible()
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    assert not window.welcome.isVisible()


def test_dropping_opens(qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[Path]] = []
    monkeypatch.setattr(window.drops, "_opened", asked.append)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/scans/a.nii.gz"), QUrl("https://example.org/b.nii.gz")])
    where, actions = QPoint(300, 300), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(where, actions, mime, left, none))
    assert window.drops.hint.isVisible()
    QApplication.sendEvent(window, QDropEvent(QPointF(where), actions, mime, left, none))
    assert not window.drops.hint.isVisible()
    assert asked == [[Path("/scans/a.nii.gz")]]


@pytest.mark.parametrize("command", ["Keys and mouse", "About the model…", "About CineQuant"])
def test_dialogs_open_and_close(qtbot: Any, ready: MainWindow, command: str) -> None:
    ready.menus.actions_by_text[command].trigger()
    (dialog,) = [w for w in ready.findChildren(QDialog) if w.isVisible()]
    dialog.close()
    qtbot.waitUntil(lambda: not ready.findChildren(QDialog), timeout=2000)


def test_the_shortcut_sheet_lists_every_key(qtbot: Any, ready: MainWindow) -> None:
    ready.show_shortcuts()
    (dialog,) = [w for w in ready.findChildren(QDialog) if w.isVisible()]
    texts = {w.text() for w in dialog.findChildren(QLabel)}
    for action in ACTIONS:
        if action.keys:
            assert action.text.rstrip("…") in texts
    dialog.close()


@pytest.mark.parametrize("height", [720, 1080])
def test_the_shortcut_sheet_is_as_high_as_its_words_or_the_window(ready: MainWindow, height: int) -> None:
    ready.resize(1280, height)
    ready.show_shortcuts()
    (dialog,) = [w for w in ready.findChildren(QDialog) if w.isVisible()]
    QApplication.processEvents()
    assert dialog.height() < height
    (area,) = dialog.findChildren(QScrollArea)
    assert area.horizontalScrollBar().maximum() == 0
    if height == 1080:
        assert area.verticalScrollBar().maximum() == 0
    dialog.close()


def test_the_guide_lists_every_key() -> None:
    guide = (ROOT / "docs" / "user-guide.md").read_text(encoding="utf-8")
    for action in ACTIONS:
        if action.keys:
            keys = " or ".join(f"<kbd>{k}</kbd>" for k in action.keys)
            assert f"| {keys} | {action.text.rstrip('…')} |" in guide
    for how, what in MOUSE:
        assert f"| {how} | {what} |" in guide
    for picture in re.findall(r"\]\((images/.+?)\)", guide):
        assert (ROOT / "docs" / picture).is_file()


def test_spacing_starts_empty_and_must_be_whole(qtbot: Any, window: MainWindow) -> None:
    dialog = SpacingDialog(window)
    qtbot.addWidget(dialog)
    assert not dialog.ok.isEnabled()
    for box in dialog.boxes:
        box.setValue(1.5)
    assert dialog.ok.isEnabled()
    assert dialog.spacing_mm() == (1.5, 1.5, 1.5)


def test_dicom_seg_of_a_nifti_scan_is_refused_in_words(ready: MainWindow) -> None:
    ready.exports.seg()
    assert ready.session.state.message.kind is Kind.HINT
    assert "DICOM" in ready.session.state.message.text


@pytest.mark.parametrize(
    ("command", "entered", "written"),
    [
        ("Export measurements as CSV or JSON…", "table", "table.csv"),
        ("Export measurements as CSV or JSON…", "table.CSV", "table.CSV"),
        ("Save picture of the slice…", "heart.nii.gz", "heart.nii.gz.png"),
    ],
)
def test_saved_files_get_their_ending(
    qtbot: Any,
    ready: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    entered: str,
    written: str,
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / entered), ""))
    ready.menus.actions_by_text[command].trigger()
    settle(qtbot, ready.session)
    record = path_for(tmp_path / written).name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([written, record])
    assert ready.session.state.message.kind is Kind.SUCCESS


def test_a_saved_picture_says_what_it_is_not_for(ready: MainWindow) -> None:
    plain, saved = ready.slice_view.grab().toImage(), ready.slice_view.picture().toImage()
    assert plain != saved
    assert ready.slice_view.grab().toImage() == plain


def test_a_dismissed_file_dialog_does_nothing(ready: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    before = ready.session.state
    for command in (
        "Open files…",
        "Open folder…",
        "Export mask as NIfTI…",
        "Export measurements as CSV or JSON…",
        "Save picture of the slice…",
    ):
        ready.menus.actions_by_text[command].trigger()
    assert ready.session.state is before


def test_the_window_fits_a_small_screen(ready: MainWindow) -> None:
    ready.resize(1280, 720)
    QApplication.processEvents()
    assert ready.size().width() == 1280
    assert ready.size().height() == 720
    assert ready.minimumSizeHint().width() <= 1280
    assert ready.minimumSizeHint().height() <= 720
    # On the right the numbers are in sight; what follows them is scrolled to.
    areas = {area.accessibleName(): area for area in ready.findChildren(QScrollArea)}
    right = areas.pop("Function and performance")
    assert ready.function.geometry().bottom() <= right.viewport().height()
    assert not any(area.verticalScrollBar().maximum() for area in areas.values())


# -- settings --------------------------------------------------------------------------------------------------------


def test_settings_come_back(tmp_path: Path) -> None:
    state = evolve(
        AppState(),
        overlay=Overlay(Style.FILL, 0.5, frozenset({LV})), model_id="espnetv2", hide_names=True,
        by_hand=frozenset({"model"}), recents=(Path("/a b/ü.nii.gz"), Path("/c")),
    )  # fmt: skip
    Settings(tmp_path / "settings.ini").save(state)
    assert Settings(tmp_path / "settings.ini").restore(AppState()) == state


@pytest.mark.parametrize(
    "text",
    [
        '[overlay]\nstyle=sparkles\nopacity=much\nvisible=[1, 99, "x"\n[window]\ngeometry=nonsense\n',
        '[overlay]\nopacity=-3\nvisible={}\n[General]\nrecents=[1, null, ""]\nmodel=\nhide_names=perhaps\n',
        "\x00\x01 not an ini file at all",
        "",
    ],
)
def test_damaged_settings_are_dropped(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.ini"
    path.write_text(text, encoding="utf-8")
    settings = Settings(path)
    assert settings.restore(AppState()) == AppState()
    assert settings.geometry is None


@pytest.mark.parametrize("stored", [None, b"", b"nonsense"])
def test_a_first_start_fits_the_screen(window: MainWindow, stored: bytes | None) -> None:
    window.restore(None if stored is None else QByteArray(stored))
    room = window.screen().availableGeometry()
    assert window.width() <= max(room.width(), window.minimumWidth())
    assert window.height() <= max(room.height(), window.minimumHeight())
