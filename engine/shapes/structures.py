"""Structures of one slice as regions: what each covers with what lies in it, and how labels follow a changed region.

The region of the LV cavity and of the RV cavity is the cavity. That of the myocardium is the whole left ventricle,
cavity included: its outline is the epicardium.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.later import Later
from engine.volume import LV, MYO, RV

ndimage = Later("scipy.ndimage")

Labels = NDArray[np.uint8]
Region = NDArray[np.bool_]


def region_of(labels: Labels, structure: int) -> Region:
    """(Y, X) bool: the region of a structure of a slice, labels (Y, X) uint8."""
    found: Region = (labels == MYO) | (labels == LV) if structure == MYO else labels == structure
    return found


def with_region(labels: Labels, structure: int, region: Region) -> Labels:
    """The slice with a structure that covers this region, and the others next to it as they have to be.

    labels: (Y, X) uint8. region: (Y, X) bool. Where the LV cavity gives way, its nearest neighbour takes the place:
    myocardium, where there is some. A right ventricle never takes the left one's place, and a smaller epicardium
    never the cavity's.
    """
    old = region_of(labels, structure)
    gained, lost = region & ~old, old & ~region
    made = labels.copy()
    match structure:
        case 1:  # LV
            made[gained] = LV
            if lost.any():
                made[lost] = _nearest_other(labels, LV, lost)
        case 2:  # MYO
            made[gained] = MYO
            made[lost & (labels == MYO)] = 0
        case _:
            made[gained & (labels != LV) & (labels != MYO)] = RV
            made[lost] = 0
    return made


def _nearest_other(labels: Labels, structure: int, where: Region) -> Labels:
    """For each voxel of where, the label of the nearest voxel that is not of the structure, in order of where."""
    top, bottom, left, right = box_of(where, labels.shape, margin=40)
    part = labels[top:bottom, left:right]
    same = part == structure
    if same.all():
        return np.zeros(int(where.sum()), dtype=np.uint8)
    ys, xs = ndimage.distance_transform_edt(same, return_distances=False, return_indices=True)
    chosen: Labels = part[ys, xs][where[top:bottom, left:right]]
    return chosen


def box_of(region: Region, shape: tuple[int, ...], margin: int = 0) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of the smallest box with the region (Y, X), with a margin; all 0 for an empty one."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    if not rows.size:
        return 0, 0, 0, 0
    return (
        max(int(rows[0]) - margin, 0),
        min(int(rows[-1]) + 1 + margin, shape[0]),
        max(int(columns[0]) - margin, 0),
        min(int(columns[-1]) + 1 + margin, shape[1]),
    )


def filled(labels: Labels, structure: int) -> Labels:
    """The slice with the holes of a structure's region filled by the structure.

    Of the myocardium, holes are gaps without a label between it and the cavity.
    """
    region = region_of(labels, structure)
    holes = ndimage.binary_fill_holes(region) & ~region
    made = labels.copy()
    made[holes] = structure
    return made


def cleared(labels: Labels, structure: int | None = None) -> Labels:
    """The slice without a structure, or without any."""
    return np.zeros_like(labels) if structure is None else np.where(labels == structure, np.uint8(0), labels)


def smoothed(labels: Labels, structure: int, spacing_mm: tuple[float, float], reach_mm: float = 2.0) -> Labels:
    """The slice with a smoother outline of a structure: bumps and notches narrower than about reach_mm go.

    spacing_mm: of (x, y). The area stays about the same.
    """
    region = region_of(labels, structure)
    if not region.any():
        return labels
    dx, dy = spacing_mm
    margin = 3 + round(3 * reach_mm / min(dx, dy))
    top, bottom, left, right = box_of(region, labels.shape, margin)
    # Beyond the picture's border nothing is known: repeating the edge there keeps what touches it.
    soft = ndimage.gaussian_filter(
        region[top:bottom, left:right].astype(np.float32), (reach_mm / dy, reach_mm / dx), mode="nearest", truncate=3.0
    )
    # The threshold that keeps the area: blurring a small round shape and cutting at one half would shrink it.
    count = int(region.sum())
    cut = float(np.partition(soft.reshape(-1), soft.size - count)[soft.size - count])
    made = np.zeros_like(region)
    made[top:bottom, left:right] = soft >= cut
    return with_region(labels, structure, made)


def walled(before: Labels, after: Labels, spacing_mm: tuple[float, float], wall_mm: float = 2.0) -> Labels:
    """What a stroke may leave: myocardium stays around the cavity, where there was some near.

    before, after: (Y, X) uint8, the slice before and after the stroke. spacing_mm: of (x, y). wall_mm: the least
    thickness of the wall, at least one voxel. The cavity pushes the wall outwards where it grows; what would open
    the wall leaves the least thickness; the right ventricle takes nothing of the left one.
    """
    differs = before != after
    if not differs.any():
        return after
    made = after.copy()
    taken = differs & (after == RV) & ((before == LV) | (before == MYO))
    made[taken] = before[taken]
    dx, dy = spacing_mm
    reach = max(wall_mm, dx, dy)
    margin = 2 + int(np.ceil(2 * reach / min(dx, dy)))
    top, bottom, left, right = box_of(differs, before.shape, margin)
    box = (slice(top, bottom), slice(left, right))
    part, old = made[box], before[box]
    cavity = part == LV
    if not cavity.any() or not (old == MYO).any():
        return made
    near = ndimage.distance_transform_edt(~cavity, sampling=(dy, dx)) <= reach
    touched = ndimage.distance_transform_edt(~(part != old), sampling=(dy, dx)) <= reach
    # Only on the sides where there was a wall: at the base the ventricle is open to the atrium.
    wall_was = _nearest_is_wall(old)
    part[near & touched & wall_was & ~cavity] = MYO
    # An eraser inside the ventricle leaves myocardium in the place of the cavity.
    part[(old == LV) & (part == 0) & wall_was & near] = MYO
    return made


def _nearest_is_wall(labels: Labels) -> Region:
    """(Y, X) bool: of a voxel outside, whether the left ventricle turns its wall to it; of one in the cavity, whether
    what is nearest outside the cavity is wall."""
    outside = ~region_of(labels, MYO)
    to_heart = ndimage.distance_transform_edt(outside, return_distances=False, return_indices=True)
    to_wall = ndimage.distance_transform_edt(labels == LV, return_distances=False, return_indices=True)
    rows, columns = np.where(labels == LV, to_wall, to_heart)
    found: Region = labels[rows, columns] == MYO
    return found
