"""Shapes between two slices or two frames, from the signed distances to the outlines of both.

Raya and Udupa, Shape-based interpolation of multidimensional objects, IEEE Trans Med Imaging 1990;9:32-42,
doi 10.1109/42.52980. The shapes are laid upon each other by their centres first, so that one that moves does not shrink
on its way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.later import Later
from engine.shapes.structures import Labels, Region, box_of, region_of
from engine.volume import LV, MYO, RV

ndimage = Later("scipy.ndimage")


def signed_mm(region: Region, spacing_mm: tuple[float, float]) -> NDArray[np.float32]:
    """Distance in mm to the outline of a region (Y, X), negative inside; spacing_mm of (x, y).

    The outline runs half a voxel beyond the region's voxels. An empty region is far away everywhere.
    """
    dx, dy = spacing_mm
    if not region.any():
        return np.full(region.shape, 1e3, dtype=np.float32)
    sampling, half = (dy, dx), (dx + dy) / 4
    padded = np.pad(region, 1)  # a region that touches the border has its outline there
    inside = np.where(padded, ndimage.distance_transform_edt(padded, sampling=sampling) - half, 0.0)
    outside = np.where(padded, 0.0, ndimage.distance_transform_edt(~padded, sampling=sampling) - half)
    made: NDArray[np.float32] = (outside - inside)[1:-1, 1:-1].astype(np.float32)
    return made


def between(first: Labels, second: Labels, share: float, spacing_mm: tuple[float, float]) -> Labels:
    """The slice between two, labels (Y, X) uint8 each. share: 0 gives the first, 1 the second; spacing_mm of (x, y).

    A structure that only one of them has ends half way between them.
    """
    either = (first > 0) | (second > 0)
    made = np.zeros_like(first)
    if not either.any():
        return made
    top, bottom, left, right = box_of(either, first.shape, margin=4)
    box = (slice(top, bottom), slice(left, right))
    one, other = first[box], second[box]
    dx, dy = spacing_mm
    whole = [region_of(labels, MYO) for labels in (one, other)]
    moves = (0.0, 0.0)
    if whole[0].any() and whole[1].any():
        centres = [np.array([at.mean() for at in np.nonzero(region)]) for region in whole]
        step = centres[1] - centres[0]
        moves = float(step[0]), float(step[1])
    part = made[box]
    for structure in (RV, MYO, LV):
        shapes = [region_of(labels, structure) for labels in (one, other)]
        if not (shapes[0].any() or shapes[1].any()):
            continue
        fields = [signed_mm(shape, (dx, dy)) for shape in shapes]
        for i, there in enumerate((1, 0)):
            if not shapes[i].any():  # shrinks to nothing half way
                fields[i] = fields[there] - 2 * float(fields[there].min())
        shares = (share, share - 1)
        near = [
            ndimage.shift(field, (moves[0] * by, moves[1] * by), order=1, mode="nearest")
            for field, by in zip(fields, shares, strict=True)
        ]
        inside = (1 - share) * near[0] + share * near[1] < 0
        part[inside] = structure
    return made
