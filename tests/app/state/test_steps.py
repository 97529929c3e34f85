"""One history over corrections and other steps: pure functions, without a window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_fixtures import card, labels, prediction, volume

from app.state import editing
from app.state.brush import Brush
from app.state.case_content import case_of
from app.state.case_return import pieces_of, with_case
from app.state.changes import evolve, opened
from app.state.queries import correction_key, correction_of
from app.state.steps import next_redo, next_undo, redone, stepped, undone
from app.state.types import AppState, ModelState, Run, RunKey, Status
from engine.formats.case_file import read_case, write_case
from engine.measures.body import Body
from engine.measures.reading import Phases, Reading
from engine.network.catalog import Catalog
from engine.volume import LV

WHAT = "something"


@pytest.fixture(name="state")
def state_fixture() -> AppState:
    """A segmented scan that can be corrected."""
    scan, model = volume(), card()
    state = evolve(AppState(), models=ModelState(Catalog((model,), model.id, ()), model.id))
    state = evolve(opened(state, scan), digest=editing.digest(scan))
    found = prediction(scan, model, "int8", labels(scan), ())
    key = RunKey(state.scan.volume_id, model.precisions["int8"].sha256, "int8")
    state = evolve(state, runs={key: Run(Status.DONE, prediction=found)})
    at = correction_key(state)
    assert at is not None
    return evolve(state, corrections={at: editing.begin(scan, found)})


def corrected(state: AppState, x_mm: float, frame: int = 0, index: int = 1) -> AppState:
    key, correction = correction_key(state), correction_of(state)
    assert key is not None
    assert correction is not None
    new = editing.ended(editing.start(correction, (frame, index), Brush(LV), x_mm, 5.0))
    return evolve(state, corrections={**state.correction.corrections, key: new})


def planes(state: AppState) -> int:
    correction = correction_of(state)
    assert correction is not None
    return len(correction.planes)


def test_steps_of_both_kinds_are_undone_in_the_order_they_were_made(state: AppState) -> None:
    made = corrected(state, 10.0)
    made = stepped(made, WHAT, invert=True)
    made = corrected(made, 10.0, frame=1)
    once = undone(made)
    assert (planes(once), once.view.invert) == (1, True)
    twice = undone(once)
    assert (planes(twice), twice.view.invert) == (1, False)
    thrice = undone(twice)
    assert (planes(thrice), thrice.view.invert) == (0, False)
    assert next_undo(thrice) is None
    assert undone(thrice) == thrice
    back = redone(redone(redone(thrice)))
    assert (planes(back), back.view.invert) == (2, True)
    assert next_redo(back) is None


def test_undo_works_while_nothing_is_being_corrected(state: AppState) -> None:
    made = evolve(corrected(state, 10.0), correcting=False, corrected=False)
    back = undone(made)
    assert planes(back) == 0
    assert back.correction.corrected


def test_undo_brings_on_screen_what_it_changes(state: AppState) -> None:
    made = stepped(corrected(state, 10.0, frame=1, index=2), WHAT, look={"slice_index": 0}, invert=True)
    made = evolve(made, frame_index=0, slice_index=1)
    once = undone(made)
    assert once.view.slice_index == 0
    twice = undone(once)
    assert (twice.view.frame_index, twice.view.slice_index) == (1, 2)


def test_a_new_step_of_either_kind_ends_what_can_be_redone(state: AppState) -> None:
    made = stepped(corrected(state, 10.0), WHAT, invert=True)
    assert next_redo(corrected(undone(made), 20.0)) is None
    other = undone(undone(made))
    assert next_redo(stepped(other, WHAT, smooth=False)) is None


def test_what_changes_nothing_is_no_step(state: AppState) -> None:
    assert stepped(state, WHAT, invert=False) is state


def test_another_scan_starts_with_no_history(state: AppState) -> None:
    made = stepped(state, WHAT, invert=True)
    assert next_undo(opened(made, volume())) is None


def test_slices_changed_together_are_undone_together(state: AppState) -> None:
    correction = correction_of(state)
    assert correction is not None
    empty = np.zeros(correction.volume.array.shape[2:], dtype=np.uint8)
    first = editing.changed(correction, {(0, 0): np.full_like(empty, LV)})
    both = editing.changed(first, {(0, 1): np.full_like(empty, LV), (1, 1): np.full_like(empty, LV)})
    assert len(both.planes) == 3
    back = editing.undo(both)
    assert list(back.planes) == [(0, 0)]
    assert back.function == first.function
    again = editing.redo(back)
    assert again.function == both.function
    assert len(editing.undo(editing.undo(again)).planes) == 0


def test_a_step_is_dropped_from_the_history_as_a_whole(state: AppState, monkeypatch: pytest.MonkeyPatch) -> None:
    correction = correction_of(state)
    assert correction is not None
    monkeypatch.setattr(editing, "MAX_STEPS", 2)
    full = np.full(correction.volume.array.shape[2:], LV, dtype=np.uint8)
    for value in (1, 2, 3):
        correction = editing.changed(correction, {(0, 0): full * value, (1, 0): full * value})
    assert len(correction.done) == 4
    assert not correction.done[0].joined
    assert replace(correction, done=correction.done[2:]).done[0].joined is False


def test_the_order_of_all_steps_comes_back_from_a_case_file(state: AppState, tmp_path: Path) -> None:
    volume, digest = state.scan.volume, state.scan.digest
    assert volume is not None
    one, two = Reading(left_out=frozenset({(LV, 0, 1)})), Reading(lv=Phases(ed=1))
    made = stepped(corrected(state, 10.0), WHAT, readings={digest: one}, look={"slice_index": 1})
    made = stepped(corrected(made, 10.0, frame=1), WHAT, readings={digest: two})
    made = undone(stepped(made, WHAT, typed=Body(height_cm=180.0)))
    path = tmp_path / "a.cinequant"
    case = case_of(made)
    assert case is not None
    write_case(path, case)
    case = read_case(path)
    fresh = evolve(opened(AppState(), volume), models=state.models)
    again = with_case(fresh, case, pieces_of(case, volume, path), path)
    assert redone(again).facts.typed.height_cm == 180.0

    def looked(of: AppState) -> tuple[object, ...]:
        return of.measuring.readings.get(digest, Reading()), planes(of)

    for _ in range(4):
        assert looked(again) == looked(made)
        made, again = undone(made), undone(again)
    assert looked(again) == (Reading(), 0)
    assert next_undo(again) is None
    # A damaged history is left out; what it led to stays.
    damaged = replace(case, history={"done": [{"what": WHAT, "order": 1, "before": {"readings": 3}}, 4], "undone": 5})
    kept = with_case(fresh, damaged, pieces_of(damaged, volume, path), path)
    assert kept.history.steps == () and kept.measuring.readings[digest] == two
