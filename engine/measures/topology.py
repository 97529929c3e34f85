"""What the outlines of every slice look like: areas, parts, holes, and how far the myocardium surrounds the cavity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.volume import LV, MYO, RV, STRUCTURES, read_only


@dataclass(frozen=True, slots=True, eq=False)
class Topology:
    """Of LV, MYO and RV in every slice, in this order.

    areas: (T, Z, 3) int64, pixels. parts: (T, Z, 3) int64, pieces of at least SMALLEST_PX pixels. holes: (T, Z, 3)
    int64, pixels of background that the LV with its myocardium (counted with the LV), and the RV, enclose; none counts
    with the myocardium. open_share: (T, Z) float64, the share of the LV cavity's border that lies on neither cavity nor
    myocardium; 0 without a cavity.
    """

    areas: NDArray[np.int64]
    parts: NDArray[np.int64]
    holes: NDArray[np.int64]
    open_share: NDArray[np.float64]


SMALLEST_PX = 4
"""Smaller pieces and holes are the ragged edge of an outline."""


def topology_of(labels: NDArray[np.uint8]) -> Topology:
    """labels: (T, Z, Y, X) uint8. About half a millisecond a slice."""
    t, z = labels.shape[:2]
    found = Topology(
        np.zeros((t, z, 3), dtype=np.int64),
        np.zeros((t, z, 3), dtype=np.int64),
        np.zeros((t, z, 3), dtype=np.int64),
        np.zeros((t, z)),
    )
    for frame in range(t):
        for index in range(z):
            _fill(found, frame, index, labels[frame, index])
    return _locked(found)


def with_plane(found: Topology, frame: int, index: int, plane: NDArray[np.uint8]) -> Topology:
    """The same with those of one slice, (Y, X) uint8, in place of the ones before."""
    fresh = Topology(found.areas.copy(), found.parts.copy(), found.holes.copy(), found.open_share.copy())
    _fill(fresh, frame, index, plane)
    return _locked(fresh)


def _locked(found: Topology) -> Topology:
    return Topology(*(read_only(a) for a in (found.areas, found.parts, found.holes, found.open_share)))


def _fill(found: Topology, frame: int, index: int, plane: NDArray[np.uint8]) -> None:
    """Write one slice into arrays that are not locked yet."""
    # Not at the top: the viewer paints before SciPy has loaded.
    from scipy import ndimage  # noqa: PLC0415

    at = frame, index
    rows = np.flatnonzero(plane.any(axis=1))
    if not rows.size:
        found.areas[at] = found.parts[at] = found.holes[at] = found.open_share[at] = 0
        return
    columns = np.flatnonzero(plane.any(axis=0))
    # A border of background, so that what touches the box's edge is outside.
    part = np.pad(plane[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)
    found.areas[at] = np.bincount(part.ravel(), minlength=4)[1:4]
    everywhere = np.ones((3, 3), dtype=bool)
    for i, label in enumerate(STRUCTURES):
        sizes = np.bincount(ndimage.label(part == label, structure=everywhere)[0].ravel())[1:]
        found.parts[at][i] = np.count_nonzero(sizes >= SMALLEST_PX) or int(bool(sizes.size))
    left = (part == LV) | (part == MYO)
    for i, inside in ((0, left), (2, part == RV)):
        # Only background in it is a hole: the other ventricle may lie in a bend that closes at one pixel.
        gaps = ndimage.label(ndimage.binary_fill_holes(inside) & (part == 0))[0]
        sizes = np.bincount(gaps.ravel())[1:]
        found.holes[at][i] = sizes[sizes >= SMALLEST_PX].sum()
    cavity = part == LV
    ring = ndimage.binary_dilation(cavity) & ~cavity
    border = np.count_nonzero(ring)
    found.open_share[at] = np.count_nonzero(ring & (part != MYO)) / border if border else 0.0
