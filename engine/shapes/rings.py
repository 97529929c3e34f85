"""The exact border of a mask as polygons: along the edges of its voxels, holes joined to what is around them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]
"""(N, 2) corners (x, y) in voxels, the first one not repeated. A voxel's centre is at whole numbers."""

_RIGHT, _DOWN, _LEFT, _UP = (1, 0), (0, 1), (-1, 0), (0, -1)
_TURNS = {_RIGHT: (_DOWN, _RIGHT, _UP), _DOWN: (_LEFT, _DOWN, _RIGHT), _LEFT: (_UP, _LEFT, _DOWN),
          _UP: (_RIGHT, _UP, _LEFT)}  # fmt: skip
"""The ways on from a corner: first the one that stays at the voxel itself, so that diagonal neighbours come apart."""


def rings_of(mask: NDArray[np.bool_]) -> list[Ring]:
    """One closed ring for each part of a mask (Y, X) whose voxels share edges.

    Its area is that of the voxels, and the centres within are theirs. A hole is cut open to the ring around it by a
    line that is gone along twice, as DICOM wants contours to have holes.
    """
    loops = _loops(mask)
    outer = [loop for loop in loops if _area(loop) > 0]
    holes = [loop for loop in loops if _area(loop) < 0]
    for hole in sorted(holes, key=lambda ring: float(ring[:, 0].max()), reverse=True):
        around = min((i for i, ring in enumerate(outer) if _contains(ring, hole)), key=lambda i: abs(_area(outer[i])))
        outer[around] = _joined(outer[around], hole)
    return outer


def _loops(mask: NDArray[np.bool_]) -> list[Ring]:
    """Borders with the mask at their right hand: outer ones go clockwise as one looks at the image, holes do not."""
    inside = np.pad(mask, 1)
    body = inside[1:-1, 1:-1]
    # Corners are named by the voxel to the right and below of them.
    sides = (
        (inside[:-2, 1:-1], (0, 0), _RIGHT),
        (inside[1:-1, 2:], (1, 0), _DOWN),
        (inside[2:, 1:-1], (1, 1), _LEFT),
        (inside[1:-1, :-2], (0, 1), _UP),
    )
    edges = {
        ((x + dx, y + dy), way) for beyond, (dx, dy), way in sides for y, x in np.argwhere(body & ~beyond).tolist()
    }
    found = []
    while edges:
        first = edge = min(edges)
        corners = []
        while True:
            edges.discard(edge)
            (x, y), way = edge
            end = x + way[0], y + way[1]
            turn = next(turn for turn in _TURNS[way] if (end, turn) in edges or (end, turn) == first)
            if turn != way:
                corners.append(end)
            edge = end, turn
            if edge == first:
                break
        found.append(np.array(corners, dtype=np.float64) - 0.5)
    return found


def _area(ring: Ring) -> float:
    """Twice the signed area: positive where the ring goes clockwise in an image, whose y points down."""
    x, y = ring.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def _contains(ring: Ring, hole: Ring) -> bool:
    """Whether the voxel right of a hole's rightmost edge lies in a ring, by the odd–even rule."""
    at = int(np.argmax(hole[:, 0]))
    beside = next(other for other in (at - 1, (at + 1) % len(hole)) if hole[other, 0] == hole[at, 0])
    px, py = hole[at, 0] + 0.5, min(hole[at, 1], hole[beside, 1]) + 0.5
    (x, y), (nx, ny) = ring.T, np.roll(ring, -1, axis=0).T
    # Edges run along x or along y, so those that cross a line along x are upright.
    crossed = (x == nx) & (np.minimum(y, ny) < py) & (np.maximum(y, ny) > py) & (x > px)
    return bool(np.count_nonzero(crossed) % 2)


def _joined(ring: Ring, hole: Ring) -> Ring:
    """A hole cut open to a ring: straight to the right from its rightmost corner, to the first edge that is met."""
    at = int(np.argmax(hole[:, 0]))
    px, py = hole[at]
    (x, y), (nx, ny) = ring.T, np.roll(ring, -1, axis=0).T
    upright = (x == nx) & (np.minimum(y, ny) <= py) & (np.maximum(y, ny) >= py) & (x > px)
    edge = int(np.flatnonzero(upright)[np.argmin(x[upright])])
    meets = np.array([[x[edge], py]])
    turned = np.roll(hole, -at, axis=0)
    return np.concatenate([ring[: edge + 1], meets, turned, turned[:1], meets, ring[edge + 1 :]])
