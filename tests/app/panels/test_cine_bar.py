"""The bar under the image: what it offers in each layout, and what its sliders name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from app_fixtures import SLICES, labels, model_fixture, settle, volume, window_fixture  # noqa: F401

from app.panels.marked_slider import MarkKind
from app.state.changes import with_run
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
    frame = session.state.view.frame_index
    for ask in (session.looking.toggle_play, lambda: session.looking.step_frame(1), lambda: bar.frame.setValue(3)):
        session.update(message=None)
        ask()
        assert not session.state.view.playing and session.state.view.frame_index == frame
        assert session.state.message is not None and "press 1" in session.state.message.text
    session.looking.show_layout(Layout.SLICE)
    assert bar.play.isEnabled() and bar.frame.isEnabled()
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


@pytest.mark.parametrize(("falling", "base", "apex"), [(True, 0, SLICES - 1), (False, SLICES - 1, 0)])
def test_the_slice_slider_names_base_and_apex(ready: MainWindow, falling: bool, base: int, apex: int) -> None:
    state, scan = ready.session.state, volume()
    assert not [mark for mark in ready.cine.slice.marks if mark.kind is MarkKind.END]  # as large in every slice
    array = labels(scan).array.copy()
    for step, index in enumerate(range(SLICES) if falling else reversed(range(SLICES))):
        array[:, index, :, : 8 * step] = 0
    key = run_key(state)
    assert key is not None
    run = replace(state.segmentation.runs[key], heart=heart_of(LabelMap(array, scan.geometry)))
    ready.session.store.show(with_run(state, key, run))
    named = {mark.text: mark.index for mark in ready.cine.slice.marks if mark.kind is MarkKind.END}
    assert named == {"base": base, "apex": apex}
