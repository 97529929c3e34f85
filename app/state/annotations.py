"""What the reader measured on the image: lengths, angles, areas, mean grey values. Pure functions, no Qt.

Points are (x, y) in voxels of a slice; voxel (0, 0) covers x and y from 0 to 1. A spacing given later therefore changes
the millimetres and not the place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from app.state.strokes import Where
from engine.shapes.curve import area_of, inside
from engine.volume import Known, Volume

Point = tuple[float, float]

MOST, MOST_POINTS = 1000, 4000
CIRCLE_POINTS = 96


class AnnotationKind(StrEnum):
    """What is measured, and by which points."""

    LENGTH = "length"
    """Two ends."""
    ANGLE = "angle"
    """The end of one leg, the corner, the end of the other leg."""
    AREA = "area"
    """A line, closed from its end to its beginning."""
    CIRCLE = "circle"
    """The middle and a point of the rim; round in millimetres."""


COUNTS = {
    AnnotationKind.LENGTH: (2, 2),
    AnnotationKind.ANGLE: (3, 3),
    AnnotationKind.AREA: (3, MOST_POINTS),
    AnnotationKind.CIRCLE: (2, 2),
}
"""The fewest and the most points of each."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """number: tells annotations of a scan apart. where: (frame, slice)."""

    number: int
    measure: AnnotationKind
    where: Where
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class AnnotationState:
    """What was measured on the scan on screen. Another scan starts with none.

    measure_tool: what the next drag measures; None if it measures nothing. annotating: the one being drawn or moved, in
    the place of the one of its number. chosen: the number of the one that Delete removes.
    """

    annotations: tuple[Annotation, ...] = ()
    measure_tool: AnnotationKind | None = None
    annotating: Annotation | None = None
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What an annotation says; None for what it does not. length: in mm, area: in cm², where units_known is true;
    else in voxels and square voxels. mean, deviation: of the grey values inside, the deviation of the sample."""

    length: float | None = None
    degrees: float | None = None
    area: float | None = None
    mean: float | None = None
    deviation: float | None = None
    units_known: bool = True


def measured(annotation: Annotation, volume: Volume) -> Measured:
    """What an annotation of this scan says."""
    known = volume.geometry.spacing is not Known.ASSUMED
    scale = np.array(volume.geometry.spacing_mm[:2]) if known else np.ones(2)
    points = np.array(annotation.points, dtype=np.float64) * scale
    match annotation.measure:
        case AnnotationKind.LENGTH:
            return Measured(length=float(np.hypot(*(points[1] - points[0]))), units_known=known)
        case AnnotationKind.ANGLE:
            one, other = points[0] - points[1], points[2] - points[1]
            cross, dot = float(one[0] * other[1] - one[1] * other[0]), float(one @ other)
            return Measured(degrees=math.degrees(math.atan2(abs(cross), dot)), units_known=known)
    line = np.array(outline(annotation, volume))
    area = abs(area_of(line * scale)) / (100.0 if known else 1.0)
    plane = volume.array[annotation.where]
    values = plane[inside(line, plane.shape)].astype(np.float64)
    values = values[np.isfinite(values)]
    mean = float(values.mean()) if values.size else None
    deviation = float(values.std(ddof=1)) if values.size > 1 else None
    return Measured(area=area, mean=mean, deviation=deviation, units_known=known)


def outline(annotation: Annotation, volume: Volume) -> tuple[Point, ...]:
    """The line to draw: the points themselves, of a circle those of its rim."""
    if annotation.measure is not AnnotationKind.CIRCLE:
        return annotation.points
    (cx, cy), (x, y) = annotation.points
    dx, dy, _ = volume.geometry.spacing_mm
    radius = math.hypot((x - cx) * dx, (y - cy) * dy)
    turns = [2 * math.pi * i / CIRCLE_POINTS for i in range(CIRCLE_POINTS)]
    return tuple((cx + radius / dx * math.cos(turn), cy + radius / dy * math.sin(turn)) for turn in turns)


def handles(annotation: Annotation) -> tuple[Point, ...]:
    """The points that can be dragged one by one. An area is moved as a whole."""
    return () if annotation.measure is AnnotationKind.AREA else annotation.points


def with_point(annotation: Annotation, index: int, to: Point) -> Annotation:
    """One point elsewhere. A circle keeps its radius when its middle moves."""
    if annotation.measure is AnnotationKind.CIRCLE and index == 0:
        (cx, cy), _ = annotation.points
        return moved(annotation, to[0] - cx, to[1] - cy)
    points = (*annotation.points[:index], to, *annotation.points[index + 1 :])
    return replace(annotation, points=points)


def moved(annotation: Annotation, dx: float, dy: float) -> Annotation:
    """All of it elsewhere."""
    return replace(annotation, points=tuple((x + dx, y + dy) for x, y in annotation.points))


def is_there(annotation: Annotation) -> bool:
    """Whether it has its points, and they are not all in one place."""
    fewest, most = COUNTS[annotation.measure]
    far = max((math.dist(annotation.points[0], point) for point in annotation.points[1:]), default=0.0)
    return fewest <= len(annotation.points) <= most and far > 0.5


def next_number(annotations: Sequence[Annotation]) -> int:
    """A number that none of them has."""
    return max((one.number for one in annotations), default=0) + 1


def with_annotation(annotations: tuple[Annotation, ...], one: Annotation) -> tuple[Annotation, ...]:
    """One more, or in the place of the one of its number."""
    if all(other.number != one.number for other in annotations):
        return (*annotations, one)
    return tuple(one if other.number == one.number else other for other in annotations)


def shown_at(state: AnnotationState, where: Where) -> tuple[Annotation, ...]:
    """Those of a slice, with the one being drawn as it is now."""
    now = state.annotating
    all_of_them = state.annotations if now is None else with_annotation(state.annotations, now)
    return tuple(one for one in all_of_them if one.where == where)


@dataclass(frozen=True, slots=True)
class Hold:
    """What a press takes hold of. index: of the point, None for the whole."""

    annotation: Annotation
    index: int | None


def hold_at(
    annotations: Sequence[Annotation], volume: Volume, at: Point, reach: tuple[float, float], *, whole: bool = True
) -> Hold | None:
    """What is under a point, the latest drawn first; reach: so many voxels along x and y. whole: lines count, too."""
    for one in reversed(annotations):
        far = [_apart(at, point, reach) for point in handles(one)]
        nearest = min(range(len(far)), key=far.__getitem__, default=None)
        if nearest is not None and far[nearest] <= 1:
            return Hold(one, nearest)
    for one in reversed(annotations) if whole else ():
        line = outline(one, volume)
        closed = one.measure in (AnnotationKind.AREA, AnnotationKind.CIRCLE)
        for start, end in zip(line, (*line[1:], line[0]) if closed else line[1:], strict=False):
            if _apart(at, _nearest(at, start, end), reach) <= 0.7:
                return Hold(one, None)
    return None


def _apart(at: Point, point: Point, reach: tuple[float, float]) -> float:
    return math.hypot((at[0] - point[0]) / reach[0], (at[1] - point[1]) / reach[1])


def _nearest(at: Point, start: Point, end: Point) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else min(max(((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / length, 0.0), 1.0)
    return start[0] + share * dx, start[1] + share * dy


# -- in files ----------------------------------------------------------------------------------------------------------


def to_json(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """Plain values for the file of a case."""
    return [
        {
            "measure": str(one.measure),
            "frame_index": one.where[0],
            "slice_index": one.where[1],
            "points": [[round(x, 3), round(y, 3)] for x, y in one.points],
        }
        for one in annotations
    ]


def from_json(value: object, frames: int, slices: int) -> tuple[Annotation, ...]:
    """What to_json gave, of a scan of so many frames and slices. Raises ValueError, one line."""
    if not isinstance(value, list) or len(value) > MOST:
        raise ValueError(f"annotations are no list of at most {MOST}")
    return tuple(_one(entry, number, frames, slices) for number, entry in enumerate(value, start=1))


def _one(entry: object, number: int, frames: int, slices: int) -> Annotation:
    if not isinstance(entry, Mapping) or entry.get("measure") not in tuple(AnnotationKind):
        raise ValueError(f"annotation {number} is none of {', '.join(AnnotationKind)}")
    where = entry.get("frame_index"), entry.get("slice_index")
    for at, count in zip(where, (frames, slices), strict=True):
        if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < count:
            raise ValueError(f"annotation {number} lies in no slice of the scan")
    points = entry.get("points")
    if not isinstance(points, list) or not all(_is_point(point) for point in points):
        raise ValueError(f"annotation {number} has points that are no pairs of numbers")
    made = Annotation(
        number,
        AnnotationKind(entry["measure"]),
        (entry["frame_index"], entry["slice_index"]),
        tuple((float(x), float(y)) for x, y in points),
    )
    fewest, most = COUNTS[made.measure]
    if not fewest <= len(made.points) <= most:
        raise ValueError(f"annotation {number} has {len(made.points)} points; of its kind it has {fewest} to {most}")
    return made


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in point)
    )
