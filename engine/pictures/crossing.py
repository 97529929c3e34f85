"""Where one slice cuts another: a line in each, in millimetres from the outer corner of the image's first pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.volume import Geometry

LEAST_ANGLE_DEG = 45.0
"""Between the normals of a short axis and of a long axis, which are perpendicular where they were planned well."""
_LEAST_SINE = math.sin(math.radians(10))

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CutLine:
    """A line from start to end, each (x, y) in mm along a row and down a column of the slice it is drawn in."""

    start: Point
    end: Point

    def distance(self, x: float, y: float) -> float:
        """From a point to the nearest point of the line, in mm."""
        along = np.subtract(self.end, self.start)
        away = np.subtract((x, y), self.start)
        share = float(np.clip(away @ along / max(float(along @ along), 1e-12), 0.0, 1.0))
        return float(np.hypot(*(away - share * along)))


def to_patient(geometry: Geometry, index: float, x_mm: float, y_mm: float) -> NDArray[np.float64]:
    """(3,) LPS mm of a point of a slice."""
    dx, dy, _ = geometry.spacing_mm
    return geometry.position_mm(x_mm / dx - 0.5, y_mm / dy - 0.5, index)


def to_slice(geometry: Geometry, index: float, position: NDArray[np.float64]) -> Point:
    """(x, y) in a slice of the point that is nearest to a position, (3,) LPS mm. It may lie outside the image."""
    from_corner = position - to_patient(geometry, index, 0.0, 0.0)
    x, y = np.linalg.lstsq(geometry.directions[:, :2], from_corner, rcond=None)[0]
    return float(x), float(y)


def slice_at(geometry: Geometry, position: NDArray[np.float64]) -> int:
    """The slice whose plane is nearest to a position, (3,) LPS mm."""
    normal = _normal(geometry)
    step = float(geometry.affine[:3, 2] @ normal)
    away = float((position - geometry.affine[:3, 3]) @ normal)
    return min(max(math.floor(away / step + 0.5), 0), geometry.shape[0] - 1)


def crossing(geometry: Geometry, index: float, other: Geometry, other_index: float) -> CutLine | None:
    """The line that another slice draws in this one, as far as both images reach.

    None where the planes are parallel to within 10 degrees, or meet outside one of the images.
    """
    across = _normal(other)
    corner, other_corner = to_patient(geometry, index, 0, 0), to_patient(other, other_index, 0, 0)
    ways, other_ways = geometry.directions[:, :2], other.directions[:, :2]
    slope = across @ ways
    steepness = float(np.hypot(*slope))
    if steepness < _LEAST_SINE:
        return None
    # Points (x, y) of this slice with slope · (x, y) = height lie in the other plane.
    height = float((other_corner - corner) @ across)
    start = slope * height / steepness**2
    way = np.array([-slope[1], slope[0]]) / steepness
    inverse = np.linalg.pinv(other_ways)
    other_start, other_way = inverse @ (corner + ways @ start - other_corner), inverse @ (ways @ way)
    low, high = -math.inf, math.inf
    for at, step, size in (
        *zip(start, way, _size_mm(geometry), strict=True),
        *zip(other_start, other_way, _size_mm(other), strict=True),
    ):
        if abs(step) > 1e-9:
            ends = sorted((-at / step, (size - at) / step))
            low, high = max(low, ends[0]), min(high, ends[1])
        elif not 0 <= at <= size:
            return None
    if not low < high:
        return None
    (x0, y0), (x1, y1) = start + low * way, start + high * way
    return CutLine((float(x0), float(y0)), (float(x1), float(y1)))


def lies_across(geometry: Geometry, other: Geometry, other_index: int) -> bool:
    """Whether a slice is a long axis to this stack: steep to its slices, and cutting at least one of them."""
    cosine = abs(float(_normal(geometry) @ _normal(other)))
    if cosine > math.cos(math.radians(LEAST_ANGLE_DEG)):
        return False
    return any(crossing(geometry, z, other, other_index) is not None for z in range(geometry.shape[0]))


def _normal(geometry: Geometry) -> NDArray[np.float64]:
    """(3,): unit LPS vector at right angles to the slices. An oblique affine's slices may drift away from it."""
    normal = np.cross(geometry.directions[:, 0], geometry.directions[:, 1])
    return np.asarray(normal / np.linalg.norm(normal))


def _size_mm(geometry: Geometry) -> Point:
    _, rows, columns = geometry.shape
    dx, dy, _ = geometry.spacing_mm
    return columns * dx, rows * dy
