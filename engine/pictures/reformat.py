"""Planes through a stack of slices, at right angles to them: what a short-axis stack shows of the long axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.volume import Geometry


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A plane that holds the stack's normal; row z of its picture is slice z.

    columns_px: (Z, N) float64, and rows_px likewise: where in slice z the sample lies, as fractional voxel indices
        (voxel centres are whole numbers).
    step_mm: distance between samples along a row. slice_mm: between slice planes, at right angles to them.
    along: unit LPS direction of a row, normal: of a column, from slice 0 to the last.
    through: the sample index at which the given point lies.
    """

    columns_px: NDArray[np.float64]
    rows_px: NDArray[np.float64]
    step_mm: float
    slice_mm: float
    along: NDArray[np.float64]
    normal: NDArray[np.float64]
    through: float


def long_axis_plane(geometry: Geometry, x_mm: float, y_mm: float, angle: float) -> Plane:
    """The plane through a point of the middle slice, along a direction in the slices.

    x_mm, y_mm: the point, from the outer corner of the image's first pixel, along a row and down a column.
    angle: radians, from the row's direction towards the column's; 0 looks along the rows.
    The plane holds the stack's normal. Slices whose origins drift sideways, as an oblique affine says, are sampled
    where the plane meets them. Samples cover the image wherever the line crosses it, one a pixel.
    """
    slices, rows, columns = geometry.shape
    dx, dy, _ = geometry.spacing_mm
    directions = geometry.directions
    normal = np.cross(directions[:, 0], directions[:, 1])
    normal = normal / np.linalg.norm(normal)
    per_slice = geometry.affine[:3, 2]
    slice_mm = float(abs(per_slice @ normal))
    # In-plane axes need not be at right angles in an odd affine: solve for the drift in row and column lengths.
    basis = directions[:, :2]
    drift = np.linalg.lstsq(basis, per_slice - normal * (per_slice @ normal), rcond=None)[0]

    step = min(dx, dy)
    width, height = columns * dx, rows * dy
    cosine, sine = math.cos(angle), math.sin(angle)
    low, high = _clip(x_mm, y_mm, cosine, sine, width, height)
    first = math.floor(low / step)
    at = (np.arange(first, math.ceil(high / step) + 1) * step)[None, :]
    z = (np.arange(slices) - (slices - 1) / 2)[:, None]
    along = basis @ np.array([cosine, sine])
    return Plane(
        columns_px=(x_mm + at * cosine - z * drift[0]) / dx - 0.5,
        rows_px=(y_mm + at * sine - z * drift[1]) / dy - 0.5,
        step_mm=step,
        slice_mm=slice_mm,
        along=along / np.linalg.norm(along),
        normal=normal * math.copysign(1.0, float(per_slice @ normal)),
        through=float(-first),
    )


def _clip(x: float, y: float, cosine: float, sine: float, width: float, height: float) -> tuple[float, float]:
    """Where the line from (x, y) enters and leaves the rectangle, as distances from the point in its direction."""
    low, high = -math.inf, math.inf
    for start, slope, size in ((x, cosine, width), (y, sine, height)):
        if abs(slope) > 1e-9:
            ends = sorted((-start / slope, (size - start) / slope))
            low, high = max(low, ends[0]), min(high, ends[1])
    # A point outside the image may have a line that misses it; one sample is then enough to say so.
    return (low, high) if math.isfinite(low) and high > low else (0.0, 0.0)


def sample(stack: NDArray[Any], plane: Plane, *, linear: bool) -> NDArray[Any]:
    """A stack (Z, Y, X) on a plane: (Z, N), row z from slice z alone; linear within the slice, or its nearest voxel.

    linear gives float32; nearest keeps the dtype, as labels need. Outside the image: 0 for labels, the darkest value
    otherwise.
    """
    slices, rows, columns = stack.shape
    z = np.arange(slices)[:, None]
    outside = (
        (plane.columns_px < -0.5)
        | (plane.columns_px > columns - 0.5)
        | (plane.rows_px < -0.5)
        | (plane.rows_px > rows - 0.5)
    )
    x = np.clip(plane.columns_px, 0, columns - 1)
    y = np.clip(plane.rows_px, 0, rows - 1)
    if not linear:
        # Half-way goes up, as voxel edges do: rint would go to the even neighbour, a tooth in every second column.
        found = stack[z, np.floor(y + 0.5).astype(np.intp), np.floor(x + 0.5).astype(np.intp)]
    else:
        x0, y0 = np.minimum(x.astype(np.intp), max(columns - 2, 0)), np.minimum(y.astype(np.intp), max(rows - 2, 0))
        x1, y1 = np.minimum(x0 + 1, columns - 1), np.minimum(y0 + 1, rows - 1)
        fx, fy = (x - x0).astype(np.float32), (y - y0).astype(np.float32)
        top = stack[z, y0, x0] * (1 - fx) + stack[z, y0, x1] * fx
        bottom = stack[z, y1, x0] * (1 - fx) + stack[z, y1, x1] * fx
        found = (top * (1 - fy) + bottom * fy).astype(np.float32)
    if outside.any():
        found = found.copy()
        found[outside] = 0 if stack.dtype == np.uint8 and not linear else stack.min()
    return found
