"""A brush that stops at edges: what of its trace belongs to the structure that it extends.

The trace is taken for a band across the edge: its inner side touches the structure, its outer side lies in other
tissue. Each voxel of the band goes to the side from which it is reached more cheaply, where grey values cost most that
are unlike the structure's and where they change most (a geodesic distance from seeds on both sides, as Criminisi et
al., GeoS, ECCV 2008, doi 10.1007/978-3-540-88682-2_9).

A wide stroke reaches tissue that no edge parts from the structure. The outlines of the left ventricle are round: how
far they go under the stroke is foretold from the rest of the outline, and what lies well beyond is left out before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.later import Later
from engine.shapes.structures import Labels, Region, box_of, region_of
from engine.volume import LV, MYO

ndimage = Later("scipy.ndimage")

# Chosen on ACDC training patients; benchmarks.brush_edges shows what they do on others.
PER_MM, PER_CHANGE, PER_STRANGE = 1.5, 0.6, 1.0
BIAS = 1.6
"""How much cheaper the way from inside has to be."""
STRANGEST = 2.5
"""Grey values further from the structure's middle, in robust standard deviations, are never taken."""
OUTER_MM = 2.5
FEWEST_VOXELS = 12
WAVES, STIFFNESS = 3, 0.002
"""Of the curve that foretells an outline: harmonics of its radius by angle, and what the fourth power of each costs."""
ANGLES, LEAST_SEEN = 72, 1 / 3
"""Directions in which the radius is taken, and the share of them that the stroke has to leave uncovered."""
WIDE_MM, REACH_MM, BEYOND_MM = 4.5, 2.0, 0.25
"""A stroke is wide that goes farther than this beyond the foretold outline. How far beyond that edges are then looked
for, and tissue is taken."""


def within_edges(
    image: NDArray[Any], labels: Labels, structure: int, trace: Region, spacing_mm: tuple[float, float]
) -> Region:
    """The part (Y, X) bool of a trace that belongs to the structure.

    image: (Y, X) grey values of any real dtype. labels: (Y, X) uint8 before the stroke. trace: (Y, X) bool, what a
    plain brush would paint. spacing_mm: of (x, y). Other structures keep what they have. The whole trace where the
    structure is not near, so that there are no grey values to go by.
    """
    dx, dy = spacing_mm
    beyond = _beyond(labels, structure, trace, spacing_mm)
    whole = trace
    if beyond is not None:
        trace = trace & ((beyond <= REACH_MM) | (labels == structure))
    top, bottom, left, right = box_of(trace, labels.shape, 2 + math.ceil(6.0 / min(dx, dy)))
    box = (slice(top, bottom), slice(left, right))
    part = labels[box]
    same, other = part == structure, (part != structure) & (part > 0)
    band = trace[box] & ~same
    if int(same.sum()) < FEWEST_VOXELS:
        return whole
    if not band.any():
        return trace
    grey = ndimage.gaussian_filter(image[box].astype(np.float32), 0.5)
    values = grey[same]
    middle = float(np.median(values))
    spread = max(1.4826 * float(np.median(np.abs(values - middle))), 0.04 * float(np.ptp(grey)), 1e-6)
    strange = np.abs(grey - middle) / spread
    # Seeds outside: around the trace, and other structures in it.
    around = ndimage.distance_transform_edt(~(band | same), sampling=(dy, dx))
    ring = ((around > 0) & (around <= OUTER_MM)) | other
    change = PER_CHANGE / spread * grey
    from_inside = _geodesic(same, band | same, change, PER_STRANGE * np.clip(strange - 1, 0, 6), spacing_mm)
    from_outside = _geodesic(ring, (band | ring) & ~same, change, np.zeros_like(strange), spacing_mm)
    found = trace.copy()
    found[box] &= ~band | ((BIAS * from_inside <= from_outside) & (strange <= STRANGEST) & ~other)
    if beyond is not None:
        found &= (beyond <= BEYOND_MM) | (labels == structure)
    return found


def _beyond(
    labels: Labels, structure: int, trace: Region, spacing_mm: tuple[float, float]
) -> NDArray[np.float64] | None:
    """(Y, X) how far the voxels of a trace lie beyond the outline that the rest of it foretells there, in mm; else inf.

    None where the trace is not wide: then edges and the reader's hand are to be trusted. None too for the right
    ventricle, which is not round, and where too little of the outline is seen.
    """
    region = region_of(labels, structure)
    if structure not in (LV, MYO) or not region.any():
        return None
    ys, xs = np.nonzero(region)
    middle, mm = np.array([ys.mean(), xs.mean()]), np.array(spacing_mm[::-1])

    def polar(where: Region) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Distance from the middle, angle, and number of the direction of each voxel of a region."""
        down, along = ((np.argwhere(where) - middle) * mm).T
        turns = np.arctan2(down, along)
        return np.hypot(down, along), turns, ((turns / (2 * np.pi) + 0.5) * ANGLES).astype(np.int64) % ANGLES

    # The radius of a sector of the same area.
    area = np.bincount(polar(region)[2], minlength=ANGLES) * mm.prod()
    radius = np.sqrt(area * ANGLES / np.pi)
    seen = radius > 0
    seen[polar(trace & ~region)[2]] = False
    if seen.mean() < LEAST_SEEN:
        return None
    waves = _waves((np.arange(ANGLES) + 0.5) / ANGLES * 2 * np.pi - np.pi)
    stiff = np.diag([0.0, *(STIFFNESS * ANGLES * k**4 for k in range(1, WAVES + 1) for _ in (0, 1))])
    fitted = np.linalg.solve(waves[seen].T @ waves[seen] + stiff, waves[seen].T @ radius[seen])
    far, turns, _ = polar(trace)
    beyond = np.full(trace.shape, np.inf)
    beyond[trace] = far - _waves(turns) @ fitted
    return beyond if np.quantile(beyond[trace], 0.95) > WIDE_MM else None


def _waves(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 1 + 2 WAVES) of N angles."""
    order = np.outer(turns, np.arange(1, WAVES + 1))
    return np.hstack(
        [np.ones((len(turns), 1)), np.stack([np.cos(order), np.sin(order)], axis=2).reshape(len(turns), -1)]
    )


_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def _geodesic(
    seeds: Region,
    free: Region,
    grey: NDArray[np.float32],
    price: NDArray[np.float32],
    spacing_mm: tuple[float, float],
) -> NDArray[np.float32]:
    """(Y, X): the least cost to reach each voxel of free from the seeds; infinite where there is no way.

    A step costs PER_MM of its length, the change of grey on it, and the price a mm of the voxel that it enters.
    """
    dx, dy = spacing_mm
    cost = np.where(seeds, np.float32(0), np.float32(np.inf))
    enter = np.where(free, price + PER_MM, np.inf).astype(np.float32)
    ways = []
    for down, along in _NEIGHBOURS:
        a, b = _pair(grey.shape, down, along)
        length, change = np.float32(math.hypot(down * dy, along * dx)), np.abs(grey[a] - grey[b])
        ways.append((cost[a], cost[b], change + length * enter[b], change + length * enter[a]))
    for _ in range(sum(grey.shape)):
        before = cost.copy()
        for one, other, to_other, to_one in ways:
            np.minimum(other, one + to_other, out=other)
            np.minimum(one, other + to_one, out=one)
        if np.array_equal(before, cost):
            break
    return cost


def _pair(shape: tuple[int, ...], down: int, along: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Views of all voxels that have a neighbour this many rows down and columns along, and of those neighbours."""
    rows, columns = shape
    first = (slice(0, rows - down), slice(max(-along, 0), columns - max(along, 0)))
    second = (slice(down, rows), slice(max(along, 0), columns + min(along, 0)))
    return first, second
