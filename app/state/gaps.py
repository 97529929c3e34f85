"""Slices and frames between those that were corrected by hand, filled with shapes in between."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from app.state.brush import Plane
from app.state.editing import Correction, plane_of
from app.state.strokes import Where
from engine.shapes.between import between


def over_slices(correction: Correction, frame: int) -> dict[Where, Plane]:
    """Labels (Y, X) by (frame, slice) for the slices of a frame that lie between corrected ones. Empty if none do."""
    return _filled(correction, sorted(at for at in correction.planes if at[0] == frame))


def over_frames(correction: Correction, index: int) -> dict[Where, Plane]:
    """As over_slices, for the frames of one slice."""
    return _filled(correction, sorted(at for at in correction.planes if at[1] == index))


def _filled(correction: Correction, known: Sequence[Where]) -> dict[Where, Plane]:
    made: dict[Where, Plane] = {}
    spacing = correction.volume.geometry.spacing_mm[:2]
    for one, other in pairwise(known):
        steps = max(other[0] - one[0], other[1] - one[1])
        for step in range(1, steps):
            share = step / steps
            at = (one[0] + (other[0] - one[0]) * step // steps, one[1] + (other[1] - one[1]) * step // steps)
            made[at] = between(plane_of(correction, one), plane_of(correction, other), share, spacing)
    return made
