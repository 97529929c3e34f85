"""What the details panel, reports and tables say of the labels drawn: findings, and numbers side by side. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from app.state.identity import Same
from app.state.patient_facts import body_now
from app.state.queries import correction_of, run_of, shown_function
from app.state.types import FLOAT32, INT8, AppState
from engine.measures.body import Body
from engine.measures.findings import Findings, findings_of
from engine.measures.function import Function, of_phases, volumes_ml
from engine.volume import LV, STRUCTURES, Known, LabelMap

_findings: dict[tuple[int, Same, Body], Findings] = {}
"""The last ones: every view asks for them with every change of the state."""


def findings_now(state: AppState) -> Findings | None:
    """All numbers of the labels drawn; None while there are none."""
    volume, function = state.scan.volume, shown_function(state)
    if volume is None or function is None:
        return None
    # The volume's number, not the volume: it would be kept when its scan has gone.
    key = (state.scan.volume_id, Same(function), state.facts.typed)
    if key not in _findings:
        _findings.clear()
        _findings[key] = findings_of(function, volume, body_now(volume, state.facts))
    return _findings[key]


@dataclass(frozen=True, slots=True)
class Sources:
    """The numbers of one scan from each source that there is. mask_frames: ED and ES of the mask, from 0."""

    model: Function | None
    corrected: Function | None
    mask: Function | None
    mask_frames: tuple[int, ...] = ()


def sources_now(state: AppState) -> Sources:
    """Of the model, the correction by hand and the loaded mask, whichever of them is drawn."""
    run, correction, mask = run_of(state), correction_of(state), state.segmentation.mask
    corrected = correction.function if correction is not None and correction.planes else None
    if mask is None:
        return Sources(run.function if run else None, corrected, None)
    found, frames = mask_function(Same(mask.labels), mask.frames)
    return Sources(run.function if run else None, corrected, found, frames)


def precisions_now(state: AppState) -> tuple[Function | None, Function | None]:
    """The numbers in float32 and in int8, as the model found them."""
    one, other = run_of(state, FLOAT32), run_of(state, INT8)
    return one.function if one else None, other.function if other else None


@lru_cache(maxsize=2)
def mask_function(labels: Same, frames: tuple[int, ...]) -> tuple[Function, tuple[int, ...]]:
    """Numbers of a mask that may cover single frames: ED and ES are those of its frames with the most and least LV.

    A frame without LV is no end-systole. With one frame, that is end-diastole.
    """
    mask = labels.it
    assert isinstance(mask, LabelMap)
    part = LabelMap(mask.array[list(frames)], mask.geometry)
    ml = {structure: volumes_ml(part, structure) for structure in STRUCTURES}
    with_lv = [at for at, value in enumerate(ml[LV]) if value > 0] or [0]
    ed, es = max(with_lv, key=lambda at: ml[LV][at]), min(with_lv, key=lambda at: ml[LV][at])
    phases = [{s: values[at] for s, values in ml.items()} for at in ((ed,) if ed == es else (ed, es))]
    function = of_phases(phases[0], phases[1] if len(phases) > 1 else None)
    if mask.geometry.spacing is Known.ASSUMED:
        function = replace(function, units_known=False)
    return function, tuple(frames[at] for at in ((ed,) if ed == es else (ed, es)))
