"""The bar under the image: what it offers in each layout, and what its sliders name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from app_fixtures import SLICES, labels, model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.dialogs.areas_dialog import AreasDialog
from app.state.changes import with_run
from app.state.places import neighbour
from app.state.queries import heart_of, run_key, run_of
from app.state.types import Layout
from app.window.main_window import MainWindow
from engine.volume import LabelMap


@pytest.fixture(name="ready")
def ready_fixture(qtbot: Any, window: MainWindow) -> MainWindow:
    """The window with a scan that is segmented in both precisions."""
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    return window


def test_ed_beside_es_stands_still_and_says_so(ready: MainWindow) -> None:
    session, bar = ready.session, ready.cine
    session.looking.toggle_play()
    session.looking.show_layout(Layout.PHASES)
    assert not session.state.view.playing
    assert not bar.play.isEnabled() and not bar.frame.isEnabled() and bar.slice.isEnabled()
    assert "stands still" in bar.play.toolTip() and "stands still" in bar.frame.toolTip()
    assert bar._frame_text.text() == "ED, ES"
    frame = session.state.view.frame_index
    for ask in (session.looking.toggle_play, lambda: session.looking.step_frame(1), lambda: bar.frame.setValue(3)):
        session.update(message=None)
        ask()
        assert not session.state.view.playing and session.state.view.frame_index == frame
        assert session.state.message is not None and "press 1" in session.state.message.text
    session.looking.show_layout(Layout.SLICE)
    assert bar.play.isEnabled() and bar.frame.isEnabled()
    assert bar._frame_text.text() == f"{frame + 1} / {session.state.scan.volume.frames}"
    session.looking.toggle_play()
    assert session.state.view.playing


def test_structures_names_the_volumes_of_the_frames_on_screen(ready: MainWindow) -> None:
    run = run_of(ready.session.state)
    assert run is not None and run.function is not None and run.function.ed_frame is not None
    ml, ed, es = run.function.lv_ml, run.function.ed_frame, run.function.es_frame
    ready.session.update(frame_index=1)
    assert ready.structures.volumes[1].text() == f"{ml[1]:.0f} mL"
    ready.session.looking.show_layout(Layout.PHASES)
    assert ready.structures.volumes[1].text() == f"{ml[ed]:.0f} / {ml[es or 0]:.0f} mL"
    assert "end-systole" in ready.structures.volumes[1].toolTip()


@pytest.mark.parametrize("falling", [True, False])
def test_the_base_is_on_the_left_and_slices_keep_their_numbers(ready: MainWindow, falling: bool) -> None:
    session, scan, slider = ready.session, volume(), ready.cine.slice
    ends = [end for end in ready.cine.findChildren(QLabel) if end.text() in ("base", "apex")]
    assert not ends  # as large in every slice
    array = labels(scan).array.copy()
    for step, index in enumerate(range(SLICES) if falling else reversed(range(SLICES))):
        array[:, index, :, : 8 * step] = 0
    key = run_key(session.state)
    assert key is not None
    run = replace(session.state.segmentation.runs[key], heart=heart_of(LabelMap(array, scan.geometry)))
    session.update(slice_index=1)
    session.store.show(with_run(session.state, key, run))
    ends = [end for end in ready.cine.findChildren(QLabel) if end.text() in ("base", "apex")]
    assert [end.text() for end in sorted(ends, key=lambda end: end.x())] == ["base", "apex"]
    # The picture stays; the handle is where the slice is between base and apex.
    assert (session.state.view.slice_index, slider.value()) == (1, 1)
    assert (slider.mark_x(0) < slider.mark_x(SLICES - 1)) is falling
    # Wheel, keys and what is copied to the next slice go on towards the apex.
    QTest.keyClick(ready.slice_view, Qt.Key.Key_Down)
    assert session.state.view.slice_index == (2 if falling else 0)
    QTest.keyClick(ready.slice_view, Qt.Key.Key_Up)
    assert neighbour(session.state, 0, 1) == (session.state.view.frame_index, 2 if falling else 0)
    # The contact sheet begins with the base; a click goes to the slice that is seen there.
    session.looking.show_layout(Layout.SHEET)
    sheet = ready.stage.view("sheet")
    QTest.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=sheet.grid().cell(0).center().toPoint())
    assert session.state.view.slice_index == (0 if falling else SLICES - 1)
    dialog = AreasDialog(ready, session)
    try:
        rows = [dialog.table.verticalHeaderItem(row).text() for row in range(SLICES)]
        assert rows == [str(i + 1) for i in (range(SLICES) if falling else reversed(range(SLICES)))]
        dialog.table.cellClicked.emit(1, 0)
        assert str(session.state.view.slice_index + 1) == rows[1]
    finally:
        dialog.close()
