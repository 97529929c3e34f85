"""The wall of the left ventricle in the labels drawn: thickness by segment, and the insertions on a slice. No Qt.

A ring is computed once for each slice of labels and kept, so that a stroke costs one slice and not two phases.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache

from app.state.identity import Same
from app.state.queries import correction_of, drawn_labels, phase_frame
from app.state.types import AppState, Drawn
from engine.measures.segments import Insertions, Ring, Wall, ring_of, wall_from_rings
from engine.volume import Geometry

_KEPT = 128
_rings: OrderedDict[tuple[Same, int, int, Same], Ring | None] = OrderedDict()
Rings = tuple[tuple[int, Ring], ...]
"""The closed walls of a frame, each with its slice."""


def wall_now(state: AppState) -> Wall | None:
    """Thickness and thickening of what is drawn; None where phases, spacing or insertions are not known."""
    volume, ed, es = state.scan.volume, phase_frame(state, "ED"), phase_frame(state, "ES")
    if volume is None or ed is None:
        return None
    later = None if es is None else (es, rings_in(state, es))
    return _wall((ed, rings_in(state, ed)), later, Same(volume.geometry), state.facts.insertions)


def insertions_now(state: AppState) -> Insertions | None:
    """Those that the user put, else those found at end-diastole."""
    if state.facts.insertions is not None:
        return state.facts.insertions
    wall = wall_now(state)
    return None if wall is None else wall.insertions


def rings_in(state: AppState, frame: int) -> Rings:
    """Of the labels drawn; empty while some are missing. While a stroke is drawn, its slice counts as it was before."""
    if state.scan.volume is None:
        return ()
    correction = correction_of(state)
    stroke = correction.stroke if correction is not None else None
    found = []
    for index in range(state.scan.volume.slices):
        drawn = drawn_labels(state, frame=frame, index=index)
        if drawn is None:
            return ()
        if stroke is not None and stroke.where == (frame, index):
            drawn = Drawn(stroke.before, stroke.before)
        ring = _ring(drawn, frame, index, state.scan.volume.geometry)
        if ring is not None:
            found.append((index, ring))
    return tuple(found)


def _ring(drawn: Drawn, frame: int, index: int, geometry: Geometry) -> Ring | None:
    """Computed once for the same labels: a view of an array is another object each time, its owner is not."""
    key = (Same(drawn.owner), frame, index, Same(geometry))
    if key not in _rings:
        _rings[key] = ring_of(drawn.plane, geometry)
        while len(_rings) > _KEPT:
            _rings.popitem(last=False)
    return _rings[key]


@lru_cache(maxsize=2)
def _wall(
    ed: tuple[int, Rings], es: tuple[int, Rings] | None, geometry: Same, insertions: Insertions | None
) -> Wall | None:
    grid = geometry.it
    assert isinstance(grid, Geometry)
    later = None if es is None else (es[0], dict(es[1]))
    return wall_from_rings((ed[0], dict(ed[1])), later, grid, insertions)
