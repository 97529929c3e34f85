"""Closed smooth curves through a few points, to be dragged: from a region to points, and back to a region.

Curves are closed Catmull–Rom splines: each point shapes the curve only as far as the second next ones on both sides.
Points and curves are (N, 2) float64 of (x, y) in voxels; voxel (0, 0) covers x and y from 0 to 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.pictures.render import outlines
from engine.shapes.structures import Region

Points = NDArray[np.float64]

PER_SPAN = 16
FEWEST, MOST = 6, 24
CLOSE_ENOUGH = 0.6
"""How far a curve may be from the outline it stands for, in voxels, before it gets more points."""


def curve_through(points: Points, per_span: int = PER_SPAN) -> Points:
    """The closed curve through the points, per_span points from one to the next, beginning at the first."""
    points = np.asarray(points, dtype=np.float64)
    if len(points) < 3:
        return points
    before, after, second = np.roll(points, 1, 0), np.roll(points, -1, 0), np.roll(points, -2, 0)
    t = (np.arange(per_span) / per_span)[None, :, None]
    a, b, c, d = (p[:, None, :] for p in (before, points, after, second))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.asarray(curve.reshape(-1, 2))


def points_of(region: Region) -> Points:
    """As few points as the outline of the largest part of a region (Y, X) needs; (0, 2) for an empty one."""
    loops = outlines(region)
    if not loops:
        return np.zeros((0, 2))
    loop = max(loops, key=lambda found: abs(area_of(found))).astype(np.float64)
    even = _evenly(loop, 240)
    # The outline follows the voxels' corners; what the user is to drag is the smooth line along them.
    smooth = _smoothed(even, 3)
    points = _evenly(smooth, FEWEST)
    for count in range(FEWEST, MOST + 1, 2):
        points = _evenly(smooth, count)
        curve = curve_through(points)
        gaps = np.hypot(*(smooth[:, None, :] - curve[None, :, :]).transpose(2, 0, 1)).min(axis=1)
        if float(gaps.max()) <= CLOSE_ENOUGH:
            break
    return points


def area_of(curve: NDArray[np.floating]) -> float:
    """The area that a closed line encloses, with the sign of its direction."""
    x, y = curve[:, 0], curve[:, 1]
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def _evenly(loop: Points, count: int) -> Points:
    """Points at equal distances along a closed line."""
    closed = np.vstack([loop, loop[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    at = np.arange(count) * along[-1] / count
    return np.stack([np.interp(at, along, closed[:, i]) for i in (0, 1)], axis=1)


def _smoothed(loop: Points, width: int) -> Points:
    weights = [math.exp(-0.5 * (i / width) ** 2) for i in range(-2 * width, 2 * width + 1)]
    total = sum(weights)
    return np.asarray(
        sum(w / total * np.roll(loop, i, 0) for i, w in zip(range(-2 * width, 2 * width + 1), weights, strict=True))
    )


def inside(curve: NDArray[np.floating], shape: tuple[int, ...]) -> Region:
    """(Y, X) bool: the voxels whose centres a closed line encloses, by the odd–even rule."""
    rows, columns = shape
    crossings = np.zeros((rows, columns + 1), dtype=np.int32)
    if len(curve) >= 3:
        start, end = np.asarray(curve, dtype=np.float64), np.roll(curve, -1, axis=0).astype(np.float64)
        centres = np.arange(rows) + 0.5
        up, down = start[:, 1:2] <= centres, end[:, 1:2] <= centres
        edge, row = np.nonzero(up != down)
        x0, y0 = start[edge].T
        x1, y1 = end[edge].T
        x = x0 + (centres[row] - y0) * (x1 - x0) / (y1 - y0)
        first = np.clip(np.ceil(x - 0.5), 0, columns).astype(np.int64)
        np.add.at(crossings, (row, first), 1)
    found: Region = (np.cumsum(crossings, axis=1)[:, :columns] % 2).astype(bool)
    return found


def dragged(points: Points, index: int, to: tuple[float, float]) -> Points:
    """The points with one of them elsewhere."""
    moved = points.copy()
    moved[index] = to
    return moved


def with_point(points: Points, at: tuple[float, float]) -> Points:
    """The points with one more on the curve, nearest to a place."""
    curve = curve_through(points)
    nearest = int(np.argmin(np.hypot(*(curve - np.asarray(at)).T)))
    span = nearest // PER_SPAN
    return np.insert(points, span + 1, curve[nearest], axis=0)


def without_point(points: Points, index: int) -> Points:
    """The points without one; at least four stay."""
    return points if len(points) <= 4 else np.delete(points, index, axis=0)
