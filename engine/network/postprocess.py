"""Logits of the network to labels on the source grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.network.preprocess import Grid, to_source
from engine.volume import LV, MYO, RV


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """Of each output index of a resampling matrix: the first and the last input index that it reads."""

    first: NDArray[np.intp]
    last: NDArray[np.intp]

    def outputs(self, low: int, high: int) -> tuple[int, int]:
        """The range [start, stop) of output indices that read any of the inputs low to high, both included.

        Empty where none does: what the network found in the padding around a small image.
        """
        touched = np.flatnonzero((self.last >= low) & (self.first <= high))
        return (int(touched[0]), int(touched[-1]) + 1) if touched.size else (0, 0)

    def inputs(self, start: int, stop: int) -> tuple[int, int]:
        """The range [start, stop) of input indices that the outputs [start, stop) read."""
        return int(self.first[start:stop].min()), int(self.last[start:stop].max()) + 1


def _reach(matrix: Any) -> _Reach:
    starts = matrix.indptr[:-1]
    return _Reach(np.minimum.reduceat(matrix.indices, starts), np.maximum.reduceat(matrix.indices, starts))


class Labeller:
    """Labels of one slice after another on one grid: the class of the largest resampled logit.

    Only the part of a slice where some structure may win is resampled, which on short-axis images is small;
    the result is the same as resampling everything (see labels).
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._rows = _reach(grid.rows_back)
        self._columns = _reach(grid.columns_back)

    def labels(self, logits: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Logits (C, H, W), channel 0 background, to labels (Y, X) uint8. Ties go to the lower channel.

        A resampled logit is a weighted mean of network logits, with the same weights in every channel. Where
        background is largest in all of the pixels that a source pixel reads, it stays the largest in their mean, so
        only source pixels that read a pixel won by a structure can be anything but background.
        """
        out = np.zeros(self._grid.source_shape, dtype=np.uint8)
        strongest = logits[1]
        for plane in logits[2:]:
            strongest = np.maximum(strongest, plane)
        won = strongest > logits[0]
        rows = np.flatnonzero(won.any(axis=1))
        if not rows.size:
            return out
        columns = np.flatnonzero(won.any(axis=0))
        top, bottom = self._rows.outputs(int(rows[0]), int(rows[-1]))
        left, right = self._columns.outputs(int(columns[0]), int(columns[-1]))
        if top == bottom or left == right:
            return out
        r0, r1 = self._rows.inputs(top, bottom)
        c0, c1 = self._columns.inputs(left, right)
        part = Grid(
            source_shape=(bottom - top, right - left),
            input_shape=(r1 - r0, c1 - c0),
            rows=self._grid.rows,
            columns_t=self._grid.columns_t,
            rows_back=self._grid.rows_back[top:bottom, r0:r1],
            columns_back=self._grid.columns_back[left:right, c0:c1],
        )
        planes = to_source(logits[:, r0:r1, c0:c1], part)
        # argmax over so few channels is many times slower in NumPy than comparing them one by one.
        best = planes[0]
        window = out[top:bottom, left:right]
        for label, plane in enumerate(planes[1:], start=1):
            np.putmask(window, plane > best, np.uint8(label))
            best = np.maximum(best, plane)
        return out


def keep_largest(labels: NDArray[np.uint8], *, long_axis: bool = False) -> NDArray[np.uint8]:
    """Of each structure in each frame keep one connected component, the largest; the rest becomes background.

    labels: (T, Z, Y, X) uint8. Returns a new array of the same shape. Components are connected in 3-D through faces,
    edges and corners: neighbouring slices of a heart can be shifted against each other by a breath. Of components of
    equal size the one that comes first stays. Of the right ventricle it is the one that lies beside the left ventricle
    in the most slices, and the largest of these: where it is small, what is taken for it elsewhere can be larger.
    long_axis: one slice cuts the whole heart. There, in how many slices a right ventricle lies beside the left one says
    nothing, and the largest is kept. Walls of myocardium that were found apart, as where the apex is thin, are kept if
    they are beside the cavity.
    """
    # Not at the top: the viewer paints before SciPy has loaded.
    from scipy import ndimage  # noqa: PLC0415

    out = labels.copy()
    for frame in out:
        # Boxes of each label in one pass; labelling whole frames would cost more than the network.
        for label, box in enumerate(ndimage.find_objects(frame), start=1):
            if box is None:
                continue
            part = frame[box]
            components, count = ndimage.label(part == label, structure=np.ones((3, 3, 3), dtype=bool))
            if count > 1:
                sizes = np.bincount(components.ravel())
                sizes[0] = 0
                kept = np.zeros(count + 1, dtype=bool)
                if label == RV and not long_axis:
                    beside = _slices_beside(frame, box, components, count, (LV, MYO))
                    sizes[beside < beside.max()] = 0
                if label == MYO and long_axis:
                    kept = _slices_beside(frame, box, components, count, (LV,)) > 0
                kept[sizes.argmax()] = True
                part[(components > 0) & ~kept[components]] = 0
    return out


_BESIDE_PIXELS = 2


def _slices_beside(
    frame: NDArray[np.uint8],
    box: tuple[slice, ...],
    components: NDArray[np.int32],
    count: int,
    structures: tuple[int, ...],
) -> NDArray[np.intp]:
    """In how many slices each component, 0 to count, lies within _BESIDE_PIXELS of some structures; 0 for none.

    frame: (Z, Y, X), those structures already chosen. box: where the components are in it.
    """
    from scipy import ndimage  # noqa: PLC0415

    wide = tuple(slice(max(0, s.start - _BESIDE_PIXELS), s.stop + _BESIDE_PIXELS) for s in box[1:])
    around = frame[(box[0], *wide)]
    inner = tuple(
        slice(s.start - w.start, s.start - w.start + s.stop - s.start) for s, w in zip(box[1:], wide, strict=True)
    )
    in_plane = np.ones((1, 3, 3), dtype=bool)
    near = ndimage.binary_dilation(np.isin(around, structures), in_plane, iterations=_BESIDE_PIXELS)
    touched = np.where(near[(slice(None), *inner)], components, 0)
    found = np.zeros(count + 1, dtype=np.intp)
    for plane in touched:
        found[np.unique(plane)] += 1
    found[0] = 0
    return found
