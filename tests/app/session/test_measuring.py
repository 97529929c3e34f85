"""Phases, slices that count and conventions, chosen by a reader in the window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from app_fixtures import model_fixture, settle, window_fixture  # noqa: F401
from PySide6.QtWidgets import QApplication

from app.state.brush import Brush
from app.state.queries import correction_of, phase_frame, phases_shown, shown_function
from app.state.types import Layout
from app.window.main_window import MainWindow
from engine.volume import LV


@pytest.fixture
def ready(qtbot: Any, window: MainWindow) -> MainWindow:
    """A scan that has been segmented."""
    settle(qtbot, window.session)
    window.session.opening.open_phantom()
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
