"""Pushing contours with a round tool: labels move with it, most in its middle and not at all at its rim.

Labels are always taken from the slice as it was before the push, through a field of displacements that grows with it,
so that a long push of many small steps stays sharp. A push never tears: no structure is cut, and none changes places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.later import Later
from engine.shapes.structures import Labels

ndimage = Later("scipy.ndimage")

# As a share of the radius: a step this long in the middle stays one-to-one, since the bump's steepest slope is 1.54.
LONGEST_STEP = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """field: (2, Y, X) float32, how far (rows, columns) from each voxel its label is taken, in voxels."""

    field: NDArray[np.float32]


def still(shape: tuple[int, ...]) -> Warp:
    """The warp that moves nothing of a slice (Y, X)."""
    return Warp(np.zeros((2, *shape), dtype=np.float32))


def pushed(
    warp: Warp,
    spacing_mm: tuple[float, float],
    start_mm: tuple[float, float],
    end_mm: tuple[float, float],
    radius_mm: float,
) -> Warp:
    """The warp after a push from a point to another, (x, y) in mm from the image's corner; spacing_mm of (x, y)."""
    length = math.hypot(end_mm[0] - start_mm[0], end_mm[1] - start_mm[1])
    steps = max(1, math.ceil(length / (LONGEST_STEP * radius_mm)))
    field = warp.field.copy()
    step = ((end_mm[0] - start_mm[0]) / steps, (end_mm[1] - start_mm[1]) / steps)
    for i in range(steps):
        _push(field, spacing_mm, (start_mm[0] + i * step[0], start_mm[1] + i * step[1]), step, radius_mm)
    return Warp(field)


def _push(
    field: NDArray[np.float32],
    spacing_mm: tuple[float, float],
    at_mm: tuple[float, float],
    step_mm: tuple[float, float],
    radius_mm: float,
) -> None:
    (dx, dy), (x, y) = spacing_mm, at_mm
    rows, columns = field.shape[1:]
    reach = radius_mm + math.hypot(*step_mm)
    top, bottom = max(math.floor((y - reach) / dy), 0), min(math.ceil((y + reach) / dy) + 1, rows)
    left, right = max(math.floor((x - reach) / dx), 0), min(math.ceil((x + reach) / dx) + 1, columns)
    if top >= bottom or left >= right:
        return
    ys = (np.arange(top, bottom) + 0.5)[:, None]
    xs = (np.arange(left, right) + 0.5)[None, :]
    # Centred where the step ends: that is where its labels arrive.
    far = ((xs * dx - x - step_mm[0]) ** 2 + (ys * dy - y - step_mm[1]) ** 2) / radius_mm**2
    weight = np.square(np.clip(1.0 - far, 0.0, None))
    back = np.stack([-step_mm[1] / dy * weight, -step_mm[0] / dx * weight])
    # u'(p) = s(p) + u(p + s(p))
    here = np.indices(weight.shape, dtype=np.float32) + back + np.array([[[top]], [[left]]], dtype=np.float32)
    moved = [ndimage.map_coordinates(field[axis], here, order=1, mode="nearest") + back[axis] for axis in (0, 1)]
    for axis in (0, 1):
        box = field[axis, top:bottom, left:right]
        box[:] = np.where(weight > 0, moved[axis], box)


def carried(labels: Labels, warp: Warp) -> Labels:
    """The slice (Y, X) uint8 with its labels where the warp has taken them."""
    moves = np.hypot(*warp.field) > 1e-3
    rows, columns = np.nonzero(moves)
    if not rows.size:
        return labels
    from_row = np.clip(np.rint(rows + warp.field[0][moves]).astype(int), 0, labels.shape[0] - 1)
    from_column = np.clip(np.rint(columns + warp.field[1][moves]).astype(int), 0, labels.shape[1] - 1)
    made = labels.copy()
    made[rows, columns] = labels[from_row, from_column]
    return made
