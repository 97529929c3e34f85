"""Steps of the reader's choices and measurements, as a case file keeps them. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.state import annotations as notes
from app.state import patient_facts
from app.state.history import HistoryState, HistoryStep
from app.state.measured import NONE as NO_READING
from app.state.patient_facts import PatientFacts
from app.state.types import AppState
from engine.measures import reading

MOST = 100
"""Steps that are kept, the latest: each holds what it changed twice."""
_LOOK = ("slice_index", "frame_index")


def to_json(state: AppState) -> dict[str, Any]:
    """Both lists of steps, the latest last; empty where there are none."""
    history = state.history
    if not history.steps and not history.steps_undone:
        return {}
    digest = state.scan.digest
    return {
        "done": [_step_json(step, digest) for step in history.steps[-MOST:]],
        "undone": [_step_json(step, digest) for step in history.steps_undone[-MOST:]],
    }


def orders_of(history: Mapping[str, Any]) -> set[int]:
    """The numbers of its steps, as they are in the file."""
    entries = [entry for name in ("done", "undone") for entry in _listed(history.get(name))]
    return {entry["order"] for entry in entries if type(entry.get("order")) is int}


def from_json(history: Mapping[str, Any], state: AppState, numbers: Mapping[int, int]) -> HistoryState:
    """The steps of a case of the scan in state. numbers: the order of each step by that in the file.

    Steps that cannot be read are left out: what they led to is in the case.
    """
    done, undone = (
        tuple(step for entry in _listed(history.get(name)) if (step := _step(entry, state, numbers)) is not None)
        for name in ("done", "undone")
    )
    return HistoryState(done, undone)


def _listed(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _step_json(step: HistoryStep, digest: str) -> dict[str, Any]:
    def values(fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _WRITE[name](value, digest) for name, value in fields.items() if name in _WRITE}

    look = {name: step.look[name] for name in _LOOK if name in step.look}
    before, after = values(step.before), values(step.after)
    return {"what": step.what, "order": step.order, "look": look, "before": before, "after": after}


def _step(entry: Mapping[str, Any], state: AppState, numbers: Mapping[int, int]) -> HistoryStep | None:
    def values(fields: object) -> dict[str, Any]:
        if not isinstance(fields, dict) or not fields:
            raise ValueError("a step changes nothing")
        return {name: _READ[name](value, state) for name, value in fields.items()}

    volume = state.scan.volume
    try:
        before, after = values(entry["before"]), values(entry["after"])
        order, what, look = numbers[entry["order"]], entry["what"], entry["look"]
        if not isinstance(what, str) or not isinstance(look, dict) or before.keys() != after.keys() or volume is None:
            return None
        limits = dict(zip(_LOOK, (volume.slices, volume.frames), strict=True))
        sound = {name: at for name, at in look.items() if type(at) is int and 0 <= at < limits.get(name, 0)}
        return HistoryStep(what, before, after, sound, order)
    except (KeyError, TypeError, ValueError):
        return None


def _read_reading(value: Any, state: AppState) -> Mapping[str, reading.Reading]:
    volume = state.scan.volume
    if volume is None:
        raise ValueError("no scan")
    others = {key: kept for key, kept in state.measuring.readings.items() if key != state.scan.digest}
    found = reading.from_json(value, volume.frames, volume.slices)
    return others if found == NO_READING else {**others, state.scan.digest: found}


def _read_annotations(value: Any, state: AppState) -> Sequence[notes.Annotation]:
    volume = state.scan.volume
    if volume is None:
        raise ValueError("no scan")
    return notes.from_json(value, volume.frames, volume.slices)


_WRITE: dict[str, Callable[[Any, str], Any]] = {
    "readings": lambda value, digest: value.get(digest, NO_READING).to_json(),
    "annotations": lambda value, _: notes.to_json(value),
    "typed": lambda value, _: patient_facts.to_json(PatientFacts(typed=value)),
    "insertions": lambda value, _: patient_facts.to_json(PatientFacts(insertions=value)),
}
"""By the field of the state that a step changes."""
_READ: dict[str, Callable[[Any, AppState], Any]] = {
    "readings": _read_reading,
    "annotations": _read_annotations,
    "typed": lambda value, _: patient_facts.from_json(value).typed,
    "insertions": lambda value, _: patient_facts.from_json(value).insertions,
}
