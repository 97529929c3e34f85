"""Which slice a command is about, and how to bring one on screen."""

from __future__ import annotations

from typing import Any

from app.state.base_to_apex import steps_on
from app.state.queries import correction_of, phases_shown
from app.state.strokes import Where
from app.state.types import AppState, Layout


def here(state: AppState) -> Where:
    """The (frame, slice) on screen. If two phases are shown, the one that was drawn on last."""
    correction, frame = correction_of(state), state.view.frame_index
    if state.preferences.layout is Layout.PHASES:
        shown = phases_shown(state)
        last = correction.done[-1].where[0] if correction is not None and correction.done else None
        frame = last if last in shown else next(iter(shown), frame)
    return frame, state.view.slice_index


def looking_at(state: AppState, frame: int, index: int) -> dict[str, Any]:
    """The fields of the view that bring a slice on screen."""
    if state.preferences.layout is Layout.PHASES and frame in phases_shown(state):
        return {"slice_index": index}
    layout = Layout.SLICE if state.preferences.layout is Layout.PHASES else state.preferences.layout
    return {"frame_index": frame, "slice_index": index, "layout": layout}


def neighbour(state: AppState, frames: int, slices: int) -> Where | None:
    """The slice so many frames and slices on from the one on screen; None if there is none.

    Frames go round in a cine. Slices are counted as they are gone through, towards the apex.
    """
    volume, (frame, index) = state.scan.volume, here(state)
    slices = steps_on(state, slices)
    if volume is None or not 0 <= index + slices < volume.slices:
        return None
    at = frame + frames
    if volume.is_cine:
        at %= volume.frames
    return (at, index + slices) if 0 <= at < volume.frames and (at, index + slices) != (frame, index) else None
