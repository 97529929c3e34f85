"""One history: corrections of labels, choices of the reader and measurements are undone in the order they were made.

What changes a field of the state that the user expects to undo goes through stepped(). Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.state import editing
from app.state.changes import evolve, stroke_ended, value_of
from app.state.editing import Change, Correction, CorrectionKey
from app.state.history import HistoryState, HistoryStep
from app.state.places import looking_at
from app.state.queries import correction_key, correction_of
from app.state.types import AppState

MAX_STEPS = 500


def stepped(state: AppState, what: str, *, look: Mapping[str, Any] | None = None, **changes: Any) -> AppState:
    """The state with these fields changed, as one step that can be undone.

    what, look: see HistoryStep. changes: fields named without their group, as in changes.evolve. Returns the same
    state if nothing differs.
    """
    state = stroke_ended(state)
    new = evolve(state, **changes)
    before = {name: value_of(state, name) for name in changes}
    after = {name: value_of(new, name) for name in changes}
    if all(before[name] is after[name] or before[name] == after[name] for name in changes):
        return new
    step = HistoryStep(what, before, after, look or {})
    return evolve(
        new, history=HistoryState((*state.history.steps, step)[-MAX_STEPS:]), corrections=_without_undone(new)
    )


def undone(state: AppState) -> AppState:
    """Undo the last step, and bring on screen what it changed."""
    state = stroke_ended(state)
    step = next_undo(state)
    if isinstance(step, HistoryStep):
        history = state.history
        left = replace(history, steps=history.steps[:-1], steps_undone=(*history.steps_undone, step))
        return evolve(state, **{**step.look, **step.before, "history": left})
    if isinstance(step, Change):
        return _corrected(state, editing.undo, step)
    return state


def redone(state: AppState) -> AppState:
    """Redo the step that was undone last, and bring on screen what it changes."""
    state = stroke_ended(state)
    step = next_redo(state)
    if isinstance(step, HistoryStep):
        history = state.history
        left = replace(history, steps=(*history.steps, step), steps_undone=history.steps_undone[:-1])
        return evolve(state, **{**step.look, **step.after, "history": left})
    if isinstance(step, Change):
        return _corrected(state, editing.redo, step)
    return state


def next_undo(state: AppState) -> HistoryStep | Change | None:
    """The step that undo would take back."""
    correction, steps = correction_of(state), state.history.steps
    change = correction.done[-1] if correction is not None and correction.done else None
    step = steps[-1] if steps else None
    if change is None or step is None:
        return change or step
    return step if step.order > change.order else change


def next_redo(state: AppState) -> HistoryStep | Change | None:
    """The step that redo would take. Steps that were undone before a new one was taken cannot be redone."""
    correction, history = correction_of(state), state.history
    change = correction.undone[-1] if correction is not None and correction.undone else None
    step = history.steps_undone[-1] if history.steps_undone else None
    last = correction.done[-1].order if correction is not None and correction.done else 0
    if step is not None and step.order < last:  # labels were corrected since it was undone
        step = None
    if change is None or step is None:
        return change or step
    return step if step.order < change.order else change


def _corrected(state: AppState, step: Callable[[Correction], Correction], change: Change) -> AppState:
    key, correction = correction_key(state), correction_of(state)
    if key is None or correction is None:
        return state
    corrections = {**state.correction.corrections, key: step(correction)}
    return evolve(state, corrections=corrections, corrected=True, playing=False, **looking_at(state, *change.where))


def _without_undone(state: AppState) -> Mapping[CorrectionKey, Correction]:
    """The corrections, after a new step of another kind: what was undone of the one on screen cannot be redone."""
    key, correction = correction_key(state), correction_of(state)
    if key is None or correction is None or not correction.undone:
        return state.correction.corrections
    return {**state.correction.corrections, key: replace(correction, undone=())}
