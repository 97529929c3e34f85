"""What the details panel, reports and tables say of the labels drawn: findings, and numbers side by side. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.state.identity import Same
from app.state.measured import reading_of
from app.state.patient_facts import body_now
from app.state.queries import correction_of, run_of, shown_function
from app.state.types import FLOAT32, INT8, AppState, Mask
from engine.measures.body import Body
from engine.measures.findings import Findings, findings_of
from engine.measures.function import Function, function_of
from engine.measures.phases import Held, held_by_size
from engine.measures.reading import Papillary, Phases, Reading
from engine.measures.tally import Tally, tally_of
from engine.volume import Volume

_findings: dict[tuple[int, Same, Body], Findings] = {}
"""The last ones: every view asks for them with every change of the state."""
# The volume's number, not the volume: it would be kept when its scan has gone.
_tallies: dict[tuple[int, Same], Tally] = {}
_of_masks: dict[tuple[int, Same, Reading, Held], Function] = {}
"""Both of the mask that was measured last."""


def findings_now(state: AppState) -> Findings | None:
    """All numbers of the labels drawn; None while there are none."""
    volume, function = state.scan.volume, shown_function(state)
    if volume is None or function is None:
        return None
    key = (state.scan.volume_id, Same(function), state.facts.typed)
    if key not in _findings:
        _findings.clear()
        _findings[key] = findings_of(function, volume, body_now(volume, state.facts))
    return _findings[key]


@dataclass(frozen=True, slots=True)
class Sources:
    """The numbers of one scan from each source that there is. mask_frames: those measured in the mask, from 0."""

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
    volume = state.scan.volume
    assert volume is not None  # a mask is of the scan on screen
    found, frames = mask_function(mask, volume, state.scan.volume_id, reading_of(state), shown_function(state))
    return Sources(run.function if run else None, corrected, found, frames)


def precisions_now(state: AppState) -> tuple[Function | None, Function | None]:
    """The numbers in float32 and in int8, as the model found them."""
    one, other = run_of(state, FLOAT32), run_of(state, INT8)
    return one.function if one else None, other.function if other else None


def mask_function(
    mask: Mask, volume: Volume, volume_id: int, reading: Reading, beside: Function | None = None
) -> tuple[Function, tuple[int, ...]]:
    """Numbers of a mask that may cover single frames, by the reader's choices, and the frames measured.

    Those are the frames that the reader chose, as far as the mask covers them, else those of its frames with the most
    and the least LV. A frame without LV is no end-systole. One frame alone is end-diastole or end-systole where it is
    so in the labels that the mask stands beside; else its phase is not known.
    """
    key = (volume_id, Same(mask.labels))
    if key not in _tallies:
        _tallies.clear()
        _tallies[key] = tally_of(mask.labels, volume)
    tally, covered = _tallies[key], reading.covering(mask.frames)
    held = _held_of_mask(tally, volume, beside)
    last = (*key, covered, held)
    if last not in _of_masks:
        _of_masks.clear()
        _of_masks[last] = function_of(tally, volume, covered, held)
    function = _of_masks[last]
    measured = (function.ed_frame, function.es_frame, function.lone_frame)
    return function, tuple(frame for frame in measured if frame is not None)


def _held_of_mask(tally: Tally, volume: Volume, beside: Function | None) -> Held:
    """The phases of a mask by its own volumes; of one frame by those of the labels beside it."""
    own = held_by_size(tally, volume)
    there = np.flatnonzero(tally.by(Papillary.LABELLED)[..., 0].any(axis=1))
    if own.lv != Phases() or len(there) != 1 or beside is None:
        return own
    frame = int(there[0])
    phases = Phases(
        ed=frame if frame == beside.ed_frame else None,
        es=frame if frame == beside.es_frame else None,
    )
    return Held(phases, phases)
