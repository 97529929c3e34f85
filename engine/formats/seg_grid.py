"""The grid that the frames of a segmentation lie on by themselves, where it is not that of the scan's images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.volume import SAME_DIRECTION, Geometry

_ONE_PLACE_MM = 0.01
_IN_LINE_MM = 0.5
_EVEN = 0.05
"""How far, by the distance between slices, a slice may lie from its place in an even stack."""
_MOST_SLICES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class SegFrame:
    """One frame of a segmentation. Where the file does not say: None.

    place: (t, z) in the scan. segment: number, None in a label map, whose pixels are segment numbers.
    position: LPS mm. orientation: row and column cosines. pixel_mm: (between rows, between columns). step_mm: from
    slice to slice.
    """

    place: tuple[int, int] | None
    segment: int | None
    position: NDArray[np.float64] | None
    orientation: NDArray[np.float64] | None
    pixel_mm: NDArray[np.float64] | None
    step_mm: float | None = None


def own_grid(frames: Sequence[SegFrame], shape: tuple[int, ...]) -> tuple[Geometry, list[int]] | None:
    """(grid, slice of each frame); None where frames do not say where they lie, or do not lie on one even stack.

    shape: (Y, X) of the frames. Slices that the segmentation leaves out, because nothing is in them, count as empty.
    """
    positions, orientations, pixels = [], [], []
    for frame in frames:
        if frame.position is None or frame.orientation is None or frame.pixel_mm is None:
            return None
        positions.append(frame.position)
        orientations.append(frame.orientation)
        pixels.append(frame.pixel_mm)
    first, pixel_mm = orientations[0], pixels[0]
    if (
        np.abs(np.array(orientations) - first).max() > SAME_DIRECTION
        or np.abs(np.array(pixels) - pixel_mm).max() > 1e-3
    ):
        return None
    normal = np.cross(first[:3], first[3:])
    heights = np.array(positions) @ normal
    beside = np.array(positions) - heights[:, None] * normal
    if np.abs(beside - beside[0]).max() > _IN_LINE_MM:
        return None
    lowest = float(heights.min())
    steps = np.diff(np.unique(heights))
    steps = steps[steps > _ONE_PLACE_MM]
    step = float(steps.min()) if steps.size else frames[0].step_mm
    if step is None or step <= 0:
        return None
    slices = (heights - lowest) / step
    if np.abs(slices - np.rint(slices)).max() > _EVEN or slices.max() >= _MOST_SLICES:
        return None
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = first[:3] * pixel_mm[1], first[3:] * pixel_mm[0], normal * step
    affine[:3, 3] = beside[0] + lowest * normal
    return Geometry(affine, (int(slices.max()) + 1, shape[0], shape[1])), [int(n) for n in np.rint(slices)]
