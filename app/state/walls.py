"""The wall of the left ventricle in the labels drawn: thickness by segment, and the insertions on a slice. No Qt.

A ring is computed once for each slice of labels and kept, so that a stroke costs one slice and not two phases.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache

from app.state.identity import Same
from app.state.queries import correction_of, drawn_labels, phase_frame, run_of, shown_correction, shown_function
from app.state.types import AppState, Drawn
from engine.measures.segments import Insertions, Ring, Wall, ring_of, wall_from_rings
from engine.volume import LV, MYO, Geometry

_KEPT = 128
_rings: OrderedDict[tuple[Same, int, int, Same], Ring | None] = OrderedDict()
_walls: dict[tuple[object, ...], Wall | None] = {}
"""The last one: every view asks for it with every change of the state."""
Rings = tuple[tuple[int, Ring], ...]
"""The closed walls of a frame, each with its slice."""


def wall_now(state: AppState) -> Wall | None:
    """Thickness and thickening of what is drawn; None where phases, spacing or insertions are not known."""
    volume, ed, es = state.scan.volume, phase_frame(state, "ED"), phase_frame(state, "ES")
    if volume is None or ed is None:
        return None
    function = shown_function(state)
    left_out = function.left_out if function is not None else frozenset()
    key = (Same(run_of(state)), Same(shown_correction(state)), Same(volume.geometry), ed, es, left_out,
           state.facts.insertions)  # fmt: skip
    if key not in _walls:
        later = None if es is None else (es, rings_in(state, es))
        wall = _wall((ed, rings_in(state, ed)), later, Same(volume.geometry), state.facts.insertions)
        _walls.clear()
        _walls[key] = wall
    return _walls[key]


def insertions_now(state: AppState) -> Insertions | None:
    """Those that the user put, else those found at end-diastole."""
    if state.facts.insertions is not None:
        return state.facts.insertions
    wall = wall_now(state)
    return None if wall is None else wall.insertions


def rings_in(state: AppState, frame: int) -> Rings:
    """Of the labels drawn, without slices whose LV or myocardium is left out; empty while some labels are missing."""
    if state.scan.volume is None or drawn_labels(state, frame=frame, index=0) is None:
        return ()
    function = shown_function(state)
    left_out = function.left_out if function is not None else frozenset()
    counted = [
        index
        for index in range(state.scan.volume.slices)
        if left_out.isdisjoint({(LV, frame, index), (MYO, frame, index)})
    ]
    found = ((index, ring_at(state, frame, index)) for index in counted)
    return tuple((index, ring) for index, ring in found if ring is not None)


def ring_at(state: AppState, frame: int, index: int) -> Ring | None:
    """Of one slice of the labels drawn. While a stroke is drawn on it, the slice counts as it was before."""
    drawn, correction = drawn_labels(state, frame=frame, index=index), correction_of(state)
    if state.scan.volume is None or drawn is None:
        return None
    stroke = correction.stroke if correction is not None else None
    if stroke is not None and stroke.where == (frame, index):
        drawn = Drawn(stroke.before, stroke.before)
    return _ring(drawn, frame, index, state.scan.volume.geometry)


def _ring(drawn: Drawn, frame: int, index: int, geometry: Geometry) -> Ring | None:
    """Computed once for the same labels: a view of an array is another object each time, its owner is not."""
    key = (Same(drawn.owner), frame, index, Same(geometry))
    if key not in _rings:
        if _rings and next(iter(_rings))[3] != key[3]:  # another scan: let go of the labels of the one before
            _rings.clear()
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
