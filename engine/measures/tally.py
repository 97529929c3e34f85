"""What is counted in every slice of a segmentation. All numbers follow from it, and a correction counts one slice anew.

The rules of engine.measures.reading that look at a slice are computed here:

- How far myocardium surrounds the LV blood. "Standardized image interpretation and post-processing in cardiovascular
  magnetic resonance - 2020 update" (Schulz-Menger et al., J Cardiovasc Magn Reson 2020;22:19,
  doi 10.1186/s12968-020-00610-6) discusses the basal slices; the half is that of Reading's rule for them.
- Papillary muscles and trabeculae as cavity or as myocardium, which the same recommendations leave to the reader, who
  has to say which and to compare with norms that were made in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.later import Later
from engine.measures.reading import Papillary
from engine.volume import LV, MYO, RV, LabelMap, Volume, read_only

ndimage = Later("scipy.ndimage")

COUNTED = (LV, MYO, RV)
"""The structures in the order of the last axis of every count."""
FEWEST = 12
"""Voxels of cavity and of myocardium that a slice has at least where grey values are to tell one from the other."""
_RULES = (Papillary.LABELLED, Papillary.CAVITY, Papillary.MYOCARDIUM)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Counts of a segmentation, read-only.

    voxels: (3, T, Z, 3) int64: by the three rules for papillary muscles, of LV, MYO and RV in every slice.
    enclosed: (T, Z) float64: the share of the LV cavity's circumference that touches myocardium; NaN without cavity.
    """

    voxels: NDArray[np.int64]
    enclosed: NDArray[np.float64]

    def by(self, papillary: Papillary) -> NDArray[np.int64]:
        """(T, Z, 3) voxels of LV, MYO and RV in every slice."""
        voxels: NDArray[np.int64] = self.voxels[_RULES.index(papillary)]
        return voxels


def plain(voxels: NDArray[np.int64]) -> Tally:
    """From counts alone, (T, Z, 3): all rules give the same, and every cavity counts as enclosed."""
    enclosed = np.where(voxels[..., 0] > 0, 1.0, np.nan)
    return Tally(read_only(np.broadcast_to(voxels, (3, *voxels.shape)).copy()), read_only(enclosed))


def tally_of(labels: LabelMap, volume: Volume) -> Tally:
    """Count every slice. Raises ValueError where labels and volume are not of one scan."""
    array = labels.array
    if array.shape != volume.array.shape:
        raise ValueError(f"labels {array.shape} are not of the volume {volume.array.shape}")
    frames, slices = array.shape[:2]
    empty = Tally(np.zeros((3, frames, slices, 3), np.int64), np.full((frames, slices), np.nan))
    return _counted(empty, ((at, array[at]) for at in np.ndindex(frames, slices)), volume)


def recounted(tally: Tally, planes: Mapping[tuple[int, int], NDArray[np.uint8]], volume: Volume) -> Tally:
    """The tally with these slices, labels (Y, X) by (frame, slice), counted anew."""
    return _counted(tally, planes.items(), volume)


def _counted(tally: Tally, planes: Iterable[tuple[tuple[int, ...], NDArray[np.uint8]]], volume: Volume) -> Tally:
    voxels, enclosed = tally.voxels.copy(), tally.enclosed.copy()
    dx, dy, _ = volume.geometry.spacing_mm
    for (frame, index), plane in planes:
        counts = np.bincount(plane.reshape(-1), minlength=4)[1:4]
        voxels[:, frame, index] = counts
        enclosed[frame, index] = np.nan
        if counts[0]:
            box = _box(plane)
            labels, grey = plane[box], volume.array[frame, index][box]
            filled, dark = _within_hull(labels), _dark(labels, grey)
            voxels[1, frame, index] += (int(filled.sum()), -int(np.count_nonzero(filled & (labels == MYO))), 0)
            voxels[2, frame, index] += (-dark, dark, 0)
            enclosed[frame, index] = enclosure(labels, dx, dy)
    return Tally(read_only(voxels), read_only(enclosed))


def _box(plane: NDArray[np.uint8]) -> tuple[slice, slice]:
    """The LV cavity and the myocardium, with one voxel around them where the slice has one."""
    there = (plane == LV) | (plane == MYO)
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2)


def enclosure(plane: NDArray[np.uint8], dx_mm: float, dy_mm: float) -> float:
    """The share of the circumference of the LV cavity, holes in it filled, that touches myocardium.

    plane: labels (Y, X) with LV cavity. The circumference is made of the edges of voxels; each counts by its length.
    """
    cavity = np.asarray(ndimage.binary_fill_holes(np.pad(plane == LV, 1)))
    myo = np.pad(plane == MYO, 1)
    around = touching = 0.0
    for axis, length in ((0, dx_mm), (1, dy_mm)):
        for step in (1, -1):
            outside = cavity & ~np.roll(cavity, step, axis)
            around += length * float(np.count_nonzero(outside))
            touching += length * float(np.count_nonzero(outside & np.roll(myo, step, axis)))
    return touching / around


def _within_hull(plane: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Voxels of myocardium, and those without a label, whose centres lie in the convex hull of the cavity's centres.

    Where the wall bends into the cavity, the voxels behind the bend are included.
    """
    rows = np.flatnonzero((plane == LV).any(axis=1))
    ends = [(int(y), np.flatnonzero(plane[y] == LV)) for y in rows]
    left = _chain([(y, int(xs[0])) for y, xs in ends])
    right = _chain([(y, -int(xs[-1])) for y, xs in ends])  # mirrored
    # The left-most and right-most x of the hull on each row.
    span = np.arange(rows[0], rows[-1] + 1)
    low, high = (np.interp(span, [y for y, _ in chain], [x for _, x in chain]) for chain in (left, right))
    inside: NDArray[np.bool_] = np.zeros(plane.shape, np.bool_)
    x = np.arange(plane.shape[1])
    inside[rows[0] : rows[-1] + 1] = (x >= low[:, None] - 1e-9) & (x <= 1e-9 - high[:, None])
    inside &= (plane == MYO) | (plane == 0)
    return inside


def _chain(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The lower convex chain of points (y, x) with ascending y (Andrew, Information Processing Letters 1979;9:216)."""
    chain: list[tuple[int, int]] = []
    for y, x in points:
        while len(chain) > 1:
            (y0, x0), (y1, x1) = chain[-2:]
            if (y1 - y0) * (x - x0) - (x1 - x0) * (y - y0) > 0:
                break
            chain.pop()
        chain.append((y, x))
    return chain


def _dark(plane: NDArray[np.uint8], grey: NDArray[np.generic]) -> int:
    """How many voxels of the LV cavity are nearer to the grey value of myocardium than to that of blood.

    Blood: the median of the cavity, of which muscles are the smaller part. Myocardium: its median. None where the slice
    has too few voxels of either, or where blood is not the brighter of the two.
    """
    cavity, wall = grey[plane == LV], grey[plane == MYO]
    if min(cavity.size, wall.size) < FEWEST:
        return 0
    blood, muscle = float(np.median(cavity)), float(np.median(wall))
    return int(np.count_nonzero(cavity < (blood + muscle) / 2)) if blood > muscle else 0
