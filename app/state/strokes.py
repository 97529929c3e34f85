"""Strokes of every tool, from one move of the mouse to the next. No Qt.

A tool works on the slice as it was before the stroke, or adds to what the stroke has done so far; never in place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.state.brush import Brush, Plane, Tool, paint
from engine.shapes.curve import Points, curve_through, dragged, inside, points_of, with_point, without_point
from engine.shapes.edges import within_edges
from engine.shapes.push import Warp, carried, pushed, still
from engine.shapes.structures import region_of, walled, with_region

Where = tuple[int, int]
"""(frame, slice)"""
Mm = tuple[float, float]
"""(x, y) in mm from the image's top left corner."""

# A line that the mouse draws has a point at least this often.
FREEHAND_STEP_MM = 0.4
# This far from a point, a press takes hold of it; this far from the curve, it makes a new one.
HOLD_MM, CURVE_MM = 1.0, 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Handles:
    """The points (N, 2) in voxels that the outline of a structure runs through, as long as the slice is like this."""

    plane: Plane
    label: int
    points: Points


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A stroke being drawn. before: the slice before it. at_mm: where the mouse is.

    image: the slice's grey values (Y, X). line: of Tool.FREEHAND, the points so far. trace: of a brush that respects
    edges, what a plain one would have painted. warp: of Tool.PUSH. handles, grip: of Tool.POINTS, the points as they
    are now and which of them moves; fitted, the points before.
    """

    where: Where
    before: Plane
    brush: Brush
    at_mm: Mm
    image: NDArray[Any]
    line: tuple[Mm, ...] = ()
    trace: Plane | None = None
    warp: Warp | None = None
    handles: Handles | None = None
    grip: int = -1
    fitted: Points | None = None


def handles_of(plane: Plane, label: int, *known: Handles | None) -> Handles:
    """The points of a structure's outline. known: points found or set before, kept while the slice is the same."""
    for kept in known:
        if kept is not None and kept.label == label and np.array_equal(kept.plane, plane):
            return kept
    return Handles(plane, label, points_of(region_of(plane, label)))


def begun(
    where: Where, plane: Plane, image: NDArray[Any], brush: Brush, at_mm: Mm, spacing_mm: Mm, known: Handles | None
) -> Stroke | None:
    """Put a tool down on a slice. None where it takes hold of nothing. spacing_mm: of (x, y)."""
    stroke = Stroke(where, plane, brush, at_mm, image)
    match brush.tool:
        case Tool.FREEHAND:
            return replace(stroke, line=(at_mm,))
        case Tool.PUSH:
            return replace(stroke, warp=still(plane.shape))
        case Tool.POINTS:
            return _held(stroke, handles_of(plane, brush.label, known), spacing_mm)
        case _:
            return replace(stroke, trace=np.zeros_like(plane)) if _by_edges(brush) else stroke


def _held(stroke: Stroke, handles: Handles, spacing_mm: Mm) -> Stroke | None:
    """The stroke with the point under the mouse in its hold: a new one on the curve, if there is none."""
    points = handles.points
    if not len(points):
        return None
    mm = np.array(spacing_mm)
    at = np.array(stroke.at_mm)
    far = np.hypot(*(points * mm - at).T)
    grip = int(np.argmin(far))
    if far[grip] > HOLD_MM:
        curve = curve_through(points)
        near = np.hypot(*(curve * mm - at).T)
        if near.min() > CURVE_MM or stroke.brush.erase:
            return None
        place = curve[int(np.argmin(near))]
        points = with_point(points, (float(place[0]), float(place[1])))
        grip = int(np.argmin(np.hypot(*(points - place).T)))
    elif stroke.brush.erase:
        points, grip = without_point(points, grip), -1
    return replace(stroke, handles=replace(handles, points=points), grip=grip, fitted=handles.points)


def drawn(stroke: Stroke, plane: Plane, to_mm: Mm, spacing_mm: Mm) -> tuple[Stroke, Plane]:
    """Move the tool to a point. plane: the slice as the stroke has made it so far. Returns both as they are now."""
    brush, moved = stroke.brush, replace(stroke, at_mm=to_mm)
    if brush.tool is Tool.FREEHAND:
        moved = replace(moved, line=_lengthened(stroke.line, to_mm))
        made = _filled(moved, spacing_mm)
    elif brush.tool is Tool.PUSH:
        warp = pushed(stroke.warp or still(plane.shape), spacing_mm, stroke.at_mm, to_mm, brush.radius_mm)
        return replace(moved, warp=warp), carried(stroke.before, warp)
    elif brush.tool is Tool.POINTS:
        return _reshaped(moved, plane, spacing_mm)
    elif stroke.trace is not None:
        trace = stroke.trace.copy()
        paint(trace, spacing_mm, stroke.at_mm, to_mm, replace(brush, erase=False))
        moved = replace(moved, trace=trace)
        here = within_edges(stroke.image, stroke.before, brush.label, trace == brush.label, spacing_mm)
        made = np.where(here, np.uint8(brush.label), stroke.before)
    else:
        made = plane.copy()
        paint(made, spacing_mm, stroke.at_mm, to_mm, brush)
    return moved, walled(stroke.before, made, spacing_mm) if brush.wall else made


def _by_edges(brush: Brush) -> bool:
    return brush.edges and not brush.erase


def _lengthened(line: tuple[Mm, ...], to_mm: Mm) -> tuple[Mm, ...]:
    (x, y), (x0, y0) = to_mm, line[-1]
    return line if math.hypot(x - x0, y - y0) < FREEHAND_STEP_MM else (*line, to_mm)


def _filled(stroke: Stroke, spacing_mm: Mm) -> Plane:
    """The slice with the line closed and filled."""
    line = np.array(stroke.line) / np.array(spacing_mm)
    within = inside(line, stroke.before.shape)
    brush = stroke.brush
    if brush.erase:
        return np.where(within & (stroke.before == brush.label), np.uint8(0), stroke.before)
    return np.where(within, np.uint8(brush.label), stroke.before)


def _reshaped(stroke: Stroke, plane: Plane, spacing_mm: Mm) -> tuple[Stroke, Plane]:
    """The slice with the outline through the points, one of them where the mouse is.

    Only what lies between the curve before and the curve now is changed: elsewhere the outline stays as it was, however
    well the curve fits it.
    """
    handles = stroke.handles
    if handles is None or stroke.fitted is None:
        return stroke, plane
    x, y = stroke.at_mm
    points = handles.points
    if stroke.grip >= 0:
        points = dragged(points, stroke.grip, (x / spacing_mm[0], y / spacing_mm[1]))
    old, new = (inside(curve_through(at), stroke.before.shape) for at in (stroke.fitted, points))
    region = (region_of(stroke.before, handles.label) | (new & ~old)) & ~(old & ~new)
    made = with_region(stroke.before, handles.label, region)
    return replace(stroke, handles=Handles(made, handles.label, points)), made
