"""The review in the window: flags of the labels drawn, going from one to the next, ticks, marks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from app_fixtures import FRAMES, SLICES, FakeModel, labels, session_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.panels.marked_slider import MarkKind
from app.session.session import Session
from app.state import case_content
from app.state.changes import evolve, opened
from app.state.queries import run_key
from app.state.review import from_json, to_json
from app.state.stops import current_stop, open_stops, stops_of
from app.state.types import Layout
from app.window.main_window import MainWindow
from engine.measures.flags import Where
from engine.volume import RV, Confidence, LabelMap

KEY = Qt.Key


class UnsureModel(FakeModel):
    """Finds the fixtures' heart, and is unsure of two slices of end-diastole and of one in frame 2."""

    def __call__(self, of, *arguments, **more):
        found = super().__call__(of, *arguments, **more)
        soft = np.full((*of.array.shape[:2], 3), 0.99, dtype=np.float32)
        soft[0, 1, 0], soft[0, 3, 2], soft[2, 2, 1] = 0.7, 0.8, 0.3
        return replace(found, confidence=Confidence(soft, np.full_like(soft, 300)))


@pytest.fixture(name="model")
def unsure_model_fixture(monkeypatch: pytest.MonkeyPatch) -> UnsureModel:
    from app_fixtures import catalog, segmenting  # noqa: PLC0415

    fake = UnsureModel()
    monkeypatch.setattr(segmenting, "predict", fake)
    monkeypatch.setattr(segmenting, "find_models", lambda folders=None: catalog("first", "second"))
    return fake


def places(session: Session) -> list[tuple[int | None, int | None]]:
    return [(stop.frame_index, stop.slice_index) for stop in stops_of(session.state) if stop.frames]


def opened_scan(qtbot: object, session: Session) -> None:
    session.store.show(opened(session.state, volume()))
    session.segmenting.segment_missing()
    settle(qtbot, session)
    qtbot.waitUntil(lambda: session.state.reviewing.review is not None)  # type: ignore[attr-defined]


def test_next_and_previous_go_through_the_order_and_pass_what_is_ticked(qtbot: object, session: Session) -> None:
    opened_scan(qtbot, session)
    assert places(session)[:2] == [(0, 1), (0, 3)]
    assert (2, 2) in places(session)[2:]
    session.update(layout=Layout.PHASES, slice_index=0)
    first = next(stop for stop in stops_of(session.state) if stop.frames)
    session.reviewing.go_to(first)
    assert (session.state.view.frame_index, session.state.view.slice_index) == (0, 1)
    assert session.state.preferences.layout is Layout.PHASES
    session.reviewing.toggle_reviewed()
    assert first not in open_stops(session.state)
    session.reviewing.step(1)
    assert session.state.view.slice_index == 3
    session.reviewing.go_to(
        next(stop for stop in stops_of(session.state) if stop.slice_index == 2 and 2 in stop.frames)
    )
    assert session.state.preferences.layout is Layout.SLICE
    assert current_stop(session.state).frame_index == session.state.view.frame_index
    session.reviewing.step(-1)
    session.reviewing.step(-1)
    assert current_stop(session.state) is not first
    # Ticks come back from JSON as they were, belong to the model on screen, and end with the scan.
    ticks = session.state.reviewing.ticks
    assert from_json(json.loads(json.dumps(to_json(ticks)))) == ticks
    choices = case_content.choices_of(session.state)
    kept = case_content.choices_from(json.loads(json.dumps(choices)), FRAMES, SLICES)
    again = case_content.with_choices(evolve(session.state, ticks={}), kept)
    assert again.reviewing.ticks == ticks
    assert list(ticks) == [run_key(session.state).model_sha256]
    assert evolve(session.state, precision="float32").reviewing.ticks is ticks
    assert len(open_stops(evolve(session.state, precision="float32"))) == len(stops_of(session.state))
    session.store.show(opened(session.state, volume(name="other")))
    assert session.state.reviewing.ticks == {}


def test_json_that_was_not_written_by_the_program_is_dropped() -> None:
    assert from_json(None) == {}
    assert from_json({"a": [["lv", 0, 1], ["lv", -1, 0], ["x", 0, 0], ["rv", True, 0], 3, ["myo", None, None]]}) == {
        "a": {Where("lv", 0, 1), Where("myo", None, None)}
    }


def test_flags_follow_a_slice_drawn_by_hand_and_its_undo(qtbot: object, session: Session) -> None:
    opened_scan(qtbot, session)
    shape = session.state.scan.volume.array.shape
    found = labels(volume(), 2).array.copy()
    assert found.shape == shape
    found[0, 1, 2:6, 2:6] = RV
    session.update(slice_index=1)
    session.correcting.start()
    before = session.state.reviewing.review
    mask = LabelMap(found, session.state.scan.volume.geometry)
    key, correction = next(iter(session.state.correction.corrections.items()))
    from app.state import editing  # noqa: PLC0415

    session.update(corrections={key: editing.changed(correction, {(0, 1): mask.array[0, 1]})})
    qtbot.waitUntil(lambda: session.state.reviewing.review is not before)  # type: ignore[attr-defined]
    here = [flag for stop in stops_of(session.state) for flag in stop.flags if flag.where[1:] == (0, 1)]
    assert [flag.where.structure for flag in here] == ["rv"]
    assert "pieces" in " ".join(here[0].reasons)
    session.update(corrections={key: correction})
    qtbot.waitUntil(lambda: (0, 1) in places(session))  # type: ignore[attr-defined]
    assert any("unsure" in stop.reasons[0] for stop in stops_of(session.state))


def test_the_window_lists_marks_and_ticks(qtbot: object, window: MainWindow) -> None:
    session = window.session
    assert "Open a scan" in window.review.empty.text()
    opened_scan(qtbot, session)
    total = len(stops_of(session.state))
    assert window.review.progress.text() == f"0 of {total} reviewed"
    assert window.review.list.count() == total
    session.update(frame_index=0, slice_index=1)
    marks = {(mark.index, mark.kind) for mark in window.cine.slice.marks}
    assert {(1, MarkKind.FLAG), (3, MarkKind.FLAG), (2, MarkKind.FAINT_FLAG)} <= marks
    assert any("unsure" in mark.tooltip for mark in window.cine.slice.marks)
    assert "unsure" in window.review.reasons.text()
    QTest.keyClick(window.slice_view, KEY.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert window.review.progress.text() == f"1 of {total} reviewed"
    assert (1, MarkKind.FLAG) not in {(mark.index, mark.kind) for mark in window.cine.slice.marks}
    QTest.keyClick(window.slice_view, KEY.Key_Period)
    assert session.state.view.slice_index == 3
    window.review.reviewed.click()
    assert window.review.progress.text() == f"2 of {total} reviewed"
    QTest.keyClick(window.slice_view, KEY.Key_Comma)
    assert current_stop(session.state) in open_stops(session.state)
    window.review.fold.click()
    assert not window.review.list.isVisible()
    assert window.review.progress.text() == f"2 of {total} reviewed"
    session.update(ticks={})  # else closing would ask what becomes of them
