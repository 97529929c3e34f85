"""One slice segmented by itself: shown as what it is, nothing measured or exported of it, and never out of step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_fixtures import (  # noqa: F401
    FRAMES,
    SLICES,
    FakeModel,
    catalog,
    labels,
    model_fixture,
    session_fixture,
    settle,
    until,
    volume,
    window_fixture,
)
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from app.session.session import Session
from app.state.changes import evolve, opened
from app.state.queries import comparison_of, drawn_labels, phase_frame, run_of, shown_function, shown_labels
from app.state.types import AppState, Kind, Language, Layout, Status
from app.views import captions
from app.views.panes import Role, pane_of
from app.window.main_window import MainWindow
from app.words import language
from engine.errors import ModelError

LEFT, KEY, CTRL = Qt.MouseButton.LeftButton, Qt.Key, Qt.KeyboardModifier.ControlModifier
WHOLE = FRAMES * SLICES


def stopped(qtbot: Any, session: Session, model: FakeModel) -> None:
    """A scan on screen whose segmentation was stopped before its first slice."""
    model.gate.clear()
    session.opening.open_volume(volume())
    until(lambda: len(model.asked) == 1)
    session.cancel()
    settle(qtbot, session)
    model.gate.set()
    model.asked.clear()
    model.slices = 0


def drawn(state: AppState, precision: str | None = None) -> set[tuple[int, int]]:
    """The (frame, slice) that have outlines."""
    every = ((frame, index) for frame in range(FRAMES) for index in range(SLICES))
    return {at for at in every if drawn_labels(state, precision, *at) is not None}


def test_one_slice_and_no_other(qtbot: Any, session: Session, model: FakeModel) -> None:
    stopped(qtbot, session, model)
    session.update(frame_index=4, slice_index=1, playing=True)
    session.segmenting.segment_slice()
    assert session.state.busy.what == "Segmenting this slice in int8"
    assert not session.state.view.playing  # it would be by before it is there
    settle(qtbot, session)
    state, run = session.state, run_of(session.state)
    assert model.asked == [("scan", "first", "int8 4 1")]
    assert model.slices == 1
    assert state.busy is None and state.message is None
    assert run.status is Status.PART
    assert drawn(state) == {(4, 1)}
    assert np.array_equal(drawn_labels(state).plane, labels(volume(), 2).array[4, 1])
    assert [(timing.frame, timing.slice) for timing in run.timings] == [(4, 1)]
    assert drawn(state, "float32") == set()
    assert run_of(state, "float32").status is Status.STOPPED
    # Another scan, model or precision has nothing of it.
    assert drawn(evolve(state, model_id="second")) == set()
    assert drawn(opened(state, volume())) == set()


def test_nothing_is_measured_compared_or_exported(
    qtbot: Any, session: Session, model: FakeModel, tmp_path: Path
) -> None:
    stopped(qtbot, session, model)
    for precision in ("int8", "float32"):
        session.segmenting.choose_precision(precision)
        for frame in range(FRAMES):
            for index in range(SLICES):  # all there are: they are still before the choice of the largest components
                session.update(frame_index=frame, slice_index=index)
                session.segmenting.segment_slice()
        settle(qtbot, session)
    state = session.state
    assert len(drawn(state)) == len(drawn(state, "float32")) == WHOLE
    assert shown_labels(state) is None
    assert shown_function(state) is None
    assert comparison_of(state) is None and not state.segmentation.comparisons
    assert phase_frame(state, "ED") is None
    assert pane_of(state, Role.ED).missing[0]
    assert session.recover(tmp_path).written == ()
    for export, name in (
        (session.exporting.export_mask, "mask.nii.gz"), (session.exporting.export_seg, "seg"),
        (session.exporting.export_measurements, "m.csv"),
    ):  # fmt: skip
        session.update(message=None)
        export(tmp_path / name)
        assert "single slices" in session.state.message.text
    settle(qtbot, session)
    assert list(tmp_path.iterdir()) == []


def test_several_slices_stay_beside_each_other(qtbot: Any, session: Session, model: FakeModel) -> None:
    stopped(qtbot, session, model)
    for index in (0, 3, 3):
        session.update(slice_index=index)
        session.segmenting.segment_slice()
    settle(qtbot, session)
    assert drawn(session.state) == {(0, 0), (0, 3)}
    assert len(run_of(session.state).timings) == model.slices == 2
    session.segmenting.segment_slice()
    assert session.state.message.text == "This slice is segmented already."
    assert session.state.message.kind is Kind.SUCCESS
    session.cancel()
    assert drawn(session.state) == {(0, 0), (0, 3)}  # what is finished stays


def test_the_whole_comes_afterwards_and_is_the_whole(qtbot: Any, session: Session, model: FakeModel) -> None:
    stopped(qtbot, session, model)
    session.update(slice_index=2)
    session.segmenting.segment_slice()
    settle(qtbot, session)
    model.asked.clear()
    session.segmenting.segment()
    settle(qtbot, session)
    assert model.asked == [("scan", "first", "int8"), ("scan", "first", "float32")]
    state, run = session.state, run_of(session.state)
    assert run.status is Status.DONE
    assert not run.planes
    assert len(run.timings) == WHOLE
    assert np.array_equal(shown_labels(state).array, labels(volume(), 2).array)
    assert shown_function(state) is not None
    session.segmenting.segment_slice()
    assert session.state.message.text == "This slice is segmented already."
    assert run_of(session.state) is run


def test_it_does_not_disturb_a_segmentation_under_way(qtbot: Any, session: Session, model: FakeModel) -> None:
    model.gate.clear()
    session.opening.open_volume(volume())
    until(lambda: len(model.asked) == 1)
    session.segmenting.segment_slice()
    assert "being segmented" in session.state.message.text
    model.gate.set()
    settle(qtbot, session)
    assert run_of(session.state).status is Status.DONE
    assert not [asked for asked in model.asked if " " in asked[2]]


def test_a_slice_that_comes_late_does_not_replace_the_whole(qtbot: Any, session: Session, model: FakeModel) -> None:
    stopped(qtbot, session, model)
    model.gate.clear()
    session.segmenting.segment_slice()
    until(lambda: len(model.asked) == 1)
    session.segmenting.segment()
    assert run_of(session.state).status is Status.WAITING
    model.gate.set()
    seen = []
    session.changed.connect(lambda _, new: seen.append(run_of(new, "int8").status))
    settle(qtbot, session)
    assert Status.PART not in seen
    assert run_of(session.state).status is Status.DONE


@pytest.mark.parametrize("leave", ["scan", "model", "stop"])
def test_a_slice_of_what_was_left_is_never_shown(qtbot: Any, session: Session, model: FakeModel, leave: str) -> None:
    stopped(qtbot, session, model)
    model.gate.clear()
    session.segmenting.segment_slice()
    until(lambda: len(model.asked) == 1)
    if leave == "scan":
        session.opening.open_volume(volume(name="next"))
    elif leave == "model":
        session.segmenting.choose_model("second")
    else:
        session.cancel()
        assert session.state.busy is None
    model.gate.set()
    settle(qtbot, session)
    assert model.slices in (0, 2 * WHOLE)
    assert not any(run.planes for run in session.state.segmentation.runs.values())


def test_what_is_no_short_axis_can_be_tried_on_one_slice(qtbot: Any, session: Session, model: FakeModel) -> None:
    session.opening.open_volume(volume(not_short_axis="a localiser"))
    settle(qtbot, session)
    session.segmenting.segment_slice()
    settle(qtbot, session)
    assert model.asked == [("scan", "first", "int8 0 2")]
    assert drawn(session.state) == {(0, 2)}
    assert not session.state.segmentation.segment_asked  # the rest waits to be asked for


def test_a_fault_is_said_and_what_was_there_stays(qtbot: Any, session: Session, model: FakeModel) -> None:
    stopped(qtbot, session, model)
    session.segmenting.segment_slice()
    settle(qtbot, session)
    model.error = ModelError("first: cannot be loaded; install it again")
    session.looking.step_slice(1)
    session.segmenting.segment_slice()
    settle(qtbot, session)
    assert session.state.message.text == "first: cannot be loaded; install it again"
    assert drawn(session.state) == {(0, 2)}


def test_without_a_scan_nothing_is_asked_for(session: Session, model: FakeModel) -> None:
    before = session.state
    session.segmenting.segment_slice()
    assert session.state is before
    assert session.idle and model.asked == []


def test_without_a_model_the_way_out_is_said(qtbot: Any, session: Session, model: FakeModel) -> None:
    session.update(catalog=catalog(), model_id="")
    session.opening.open_volume(volume())
    session.update(message=None)
    session.segmenting.segment_slice()
    assert "No model is installed" in session.state.message.text
    assert session.idle and model.asked == []


# -- the window ------------------------------------------------------------------------------------------------------


def said(window: MainWindow) -> str:
    return "\n".join(text.text() for text in window.findChildren(QLabel) if text.isVisible())


def test_by_key_and_by_button(qtbot: Any, window: MainWindow, model: FakeModel) -> None:
    session, panel = window.session, window.models
    stopped(qtbot, session, model)
    window.activateWindow()
    assert panel.segment.isVisible() and panel.slice.isVisible() and panel.slice.isEnabled()
    before = window.slice_view.grab().toImage()
    window.slice_view.setFocus()
    QTest.keyClick(window.slice_view, KEY.Key_Return, CTRL)
    settle(qtbot, session)
    QApplication.processEvents()
    assert drawn(session.state) == {(0, 2)}
    assert window.slice_view.grab().toImage() != before
    assert not panel.slice.isEnabled()  # it is there
    assert panel.segment.isVisible()
    words = said(window)
    assert "1 of 24 slices, one by one; volumes need them all." in words
    assert "Only single slices are segmented; volumes need them all." in words
    assert "int8: only single slices are timed." in words
    assert "mL" not in window.function._empty.text() and not window.function._filled.isVisible()
    assert "✓" not in panel.precisions.buttons["int8"].text()
    session.looking.step_slice(1)
    assert panel.slice.isEnabled()
    assert "this slice is not segmented" in captions.top_right(session.state)
    QTest.mouseClick(panel.slice, LEFT)
    settle(qtbot, session)
    assert drawn(session.state) == {(0, 2), (0, 3)}
    assert "provisional outlines" in captions.top_right(session.state)
    assert "Only 2 of 24 slices" in captions.top_right(session.state)
    for layout in Layout:  # every view draws what there is
        session.looking.show_layout(layout)
        QApplication.processEvents()
        window.stage.grab()
    QTest.mouseClick(panel.segment, LEFT)
    settle(qtbot, session)
    assert not panel.segment.isVisible() and not panel.slice.isVisible()
    assert window.function._filled.isVisible()


@pytest.mark.parametrize("spoken", [Language.ENGLISH, Language.GERMAN])
def test_the_words_have_room(
    qapp: QApplication, qtbot: Any, model: FakeModel, request: pytest.FixtureRequest, spoken: Language
) -> None:
    language.install(qapp, spoken)
    try:
        window = request.getfixturevalue("window")
        stopped(qtbot, window.session, model)
        window.session.segmenting.segment_slice()
        settle(qtbot, window.session)
        QApplication.processEvents()
        view = window._left.viewport()
        for button in (window.models.segment, window.models.slice):
            assert button.width() >= button.sizeHint().width()
            assert button.mapTo(view, button.rect().topRight()).x() < view.width()
    finally:
        language.install(qapp, Language.ENGLISH)


def test_an_export_of_single_slices_asks_for_no_file(
    qtbot: Any, window: MainWindow, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(qtbot, window.session, model)
    window.session.segmenting.segment_slice()
    settle(qtbot, window.session)
    monkeypatch.setattr("app.window.questions.QFileDialog.getSaveFileName", lambda *_: pytest.fail("asked for a file"))
    QTest.keyClick(window, KEY.Key_E, CTRL)
    assert "single slices" in window.messages.text.text()
