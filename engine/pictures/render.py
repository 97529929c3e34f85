"""One slice and its labels to what a screen shows: grey values, colours and outlines. numpy only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]

# How far the smoothed field keeps from the outline's level at a voxel's centre: the outline bends between centres
# and never crosses one, so that smoothing neither hides a voxel nor adds one.
_CLEARANCE = 0.04


def auto_window(array: NDArray[Any]) -> tuple[float, float]:
    """(centre, width) that shows a scan well where its header names no window.

    array: (…, Y, X), any real dtype. 1st to 98.5th percentile of the middle half of the image, where the heart is:
    the fat of the chest wall beside the coil would darken it. Never a width of zero.
    """
    return _percentile_window(_middle_half(array), 1.0, 98.5)


TOO_DARK = 0.65
"""The share of the grey scale that the bright end of the heart should reach in a window from the header."""


def first_window(array: NDArray[Any], header: tuple[float, float] | None) -> tuple[float, float]:
    """(centre, width) to show a scan with at first: the header's, unless it leaves the heart dark; else auto_window's.

    array: (…, Y, X), any real dtype. A header often spans the fat beside the coil, twice as bright as blood.
    """
    found = auto_window(array)
    if header is None:
        return found
    centre, width = header
    reached = (found[0] + found[1] / 2 - (centre - width / 2)) / max(width, 1e-6)
    return found if reached < TOO_DARK else header


def window_presets(array: NDArray[Any], header: tuple[float, float] | None) -> dict[str, tuple[float, float]]:
    """Windows (centre, width) to choose from, by name: the header's, if it names one, and percentiles of the voxels.

    array: (…, Y, X), any real dtype.
    """
    presets = {"From the header": header} if header is not None else {}
    return {
        **presets,
        "Heart": auto_window(array),
        "Muscle": _percentile_window(_middle_half(array), 1.0, 85.0),
        "Whole image": _percentile_window(array, 0.5, 99.5),
        "Full range": _percentile_window(array, 0.0, 100.0),
    }


def _middle_half(array: NDArray[Any]) -> NDArray[Any]:
    height, width = array.shape[-2:]
    return array[..., height // 4 : height - height // 4, width // 4 : width - width // 4]


def _percentile_window(array: NDArray[Any], low: float, high: float) -> tuple[float, float]:
    """(centre, width) between two percentiles of at most half a million of the finite values."""
    flat = array.reshape(-1)
    # The ends of the range are exact: a lone bright voxel must not be missed by the sample.
    step = 1 if (low, high) == (0.0, 100.0) else max(1, math.ceil(flat.size / 500_000))
    sample = flat[::step]
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.5, 1.0
    if step == 1 and (low, high) == (0.0, 100.0):
        bottom, top = float(sample.min()), float(sample.max())
    else:
        bottom, top = _percentiles(sample.astype(np.float64), (low, high))
    span = max(top - bottom, 1e-6)
    return bottom + span / 2, span


def _percentiles(values: NDArray[np.float64], percents: Sequence[float]) -> list[float]:
    """What np.percentile finds in values (N,). That imports numpy.ma, which would be a tenth of opening a scan."""
    places = [(values.size - 1) * (percent / 100) for percent in percents]
    ends = [(math.floor(place), math.ceil(place)) for place in places]
    ordered = np.partition(values, sorted({at for both in ends for at in both}))
    return [_between(float(ordered[i]), float(ordered[j]), place - i)
            for place, (i, j) in zip(places, ends, strict=True)]  # fmt: skip


def _between(low: float, high: float, share: float) -> float:
    """From the nearer end, as NumPy does it."""
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


def grey(image: NDArray[Any], window: tuple[float, float], *, invert: bool = False) -> NDArray[np.uint8]:
    """One slice (Y, X) of any real dtype under a window (centre, width) as (Y, X) uint8."""
    centre, width = window
    unit = (image.astype(np.float32) - np.float32(centre - width / 2)) * np.float32(255 / max(width, 1e-12))
    shown = np.clip(np.nan_to_num(unit), 0, 255).astype(np.uint8)
    return np.asarray(255 - shown if invert else shown, dtype=np.uint8)


def overlay_rgba(labels: NDArray[np.uint8], colours: Mapping[int, Colour], opacity: float) -> NDArray[np.uint8]:
    """Labels (Y, X) as (Y, X, 4) uint8 RGBA, not premultiplied. Labels without a colour stay transparent."""
    table = np.zeros((256, 4), dtype=np.uint8)
    for label, colour in colours.items():
        table[label] = (*colour, round(255 * min(max(opacity, 0.0), 1.0)))
    return table[labels]


def _blur(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Binomial blur of 5 × 5 (sigma 1 voxel) of an array whose border is zero."""
    for axis in (0, 1):
        side = np.roll(mask, 1, axis) + np.roll(mask, -1, axis)
        far = np.roll(mask, 2, axis) + np.roll(mask, -2, axis)
        mask = mask * np.float32(6 / 16) + side * np.float32(4 / 16) + far * np.float32(1 / 16)
    return mask


# Marching squares. Corners of a cell are numbered 1 (top left), 2 (top right), 4 (bottom right), 8 (bottom left);
# edges 0 top, 1 right, 2 bottom, 3 left. Each segment runs with the inside on the same hand, so that a segment's
# end is the start of exactly one other and outlines close.
_SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 6: ((0, 2),), 7: ((3, 2),), 8: ((2, 3),), 9: ((2, 0),),
    11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
    # Saddles: the two corners count as apart, as voxels that touch at a corner are in most tools.
    5: ((3, 0), (1, 2)), 10: ((0, 1), (2, 3)),
}  # fmt: skip


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.float32]]:
    """Closed smooth outlines of a mask (Y, X), each (N, 2) float32 of (x, y) in voxels, first point not repeated.

    Voxel (0, 0) covers x and y from 0 to 1. Holes are outlines of their own (fill by the odd–even rule). Every
    voxel's centre lies on its own side of the line.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return []
    top, left = int(rows[0]), int(columns[0])
    inside = np.pad(mask[top : rows[-1] + 1, left : columns[-1] + 1], 3)
    blurred = _blur(inside.astype(np.float32))
    field = np.where(inside, np.maximum(blurred, 0.5 + _CLEARANCE), np.minimum(blurred, 0.5 - _CLEARANCE)) - 0.5

    above, below = inside[:-1], inside[1:]
    cells = above[:, :-1] * 1 + above[:, 1:] * 2 + below[:, 1:] * 4 + below[:, :-1] * 8
    width = inside.shape[1]
    ys, xs = np.nonzero((cells > 0) & (cells < 15))
    # An edge is named by its top or left voxel: even numbers run along x, odd ones along y.
    names = np.stack(
        [2 * (ys * width + xs), 2 * (ys * width + xs + 1) + 1, 2 * ((ys + 1) * width + xs), 2 * (ys * width + xs) + 1]
    )
    follows: dict[int, int] = {}
    for cell, edges in zip(cells[ys, xs].tolist(), names.T.tolist(), strict=True):
        for start, end in _SEGMENTS[cell]:
            follows[edges[start]] = edges[end]

    found = []
    while follows:
        first, edge = follows.popitem()
        loop = [first]
        while edge != first:
            loop.append(edge)
            edge = follows.pop(edge)
        edges_of_loop = np.array(loop)
        along_y = edges_of_loop % 2
        y, x = np.divmod(edges_of_loop // 2, width)
        here, there = field[y, x], field[y + along_y, x + 1 - along_y]
        part = here / (here - there)
        points = np.stack([x + part * (1 - along_y), y + part * along_y], axis=1)
        # The pad is 3 voxels; voxel centres lie at half indices.
        offset = np.array([left - 3 + 0.5, top - 3 + 0.5])
        found.append((points + offset).astype(np.float32))
    return found
