"""How far two segmentations of one scan agree: slice by slice, frame by frame, structure by structure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.measures.metrics import hd95_mm
from engine.progress import CancelToken
from engine.volume import STRUCTURES, Known, LabelMap, read_only


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Agreement of two label maps. NaN where a value is not defined; structures in the order of STRUCTURES.

    slice_dice: (T, Z, 3) float64, Dice of each slice. frame_dice: (T, 3), Dice of the frame's volume.
    dice: (3,), Dice over the frames together. hd95_mm: (T, 3), between the surfaces in 3-D; NaN where the scan does not
    say its spacing. differing: (T, Z) int, pixels whose labels differ. frames: the frames compared, ascending; values
    of the others are NaN, and 0 in differing.
    """

    slice_dice: NDArray[np.float64]
    frame_dice: NDArray[np.float64]
    dice: NDArray[np.float64]
    hd95_mm: NDArray[np.float64]
    differing: NDArray[np.int64]
    frames: tuple[int, ...]

    @property
    def mean_dice(self) -> float:
        """Mean over the structures; 1 where both maps are empty."""
        return float(np.nanmean(self.dice)) if not np.isnan(self.dice).all() else 1.0


def compare(
    one: LabelMap, other: LabelMap, *, frames: Sequence[int] | None = None, cancel: CancelToken | None = None
) -> Comparison:
    """Compare two segmentations of one scan, which of the two is named first makes no difference.

    frames: those to compare, all where None. Raises ValueError where the two are not of one grid; Cancelled.
    """
    if one.array.shape != other.array.shape:
        raise ValueError(f"labels {one.array.shape} and {other.array.shape} are not of one scan")
    t, z = one.array.shape[:2]
    wanted = tuple(range(t)) if frames is None else tuple(sorted(set(frames)))
    known = one.geometry.spacing is not Known.ASSUMED
    sums = np.zeros((t, z, len(STRUCTURES)), dtype=np.int64)
    shared = np.zeros_like(sums)
    differing = np.zeros((t, z), dtype=np.int64)
    distances = np.full((t, len(STRUCTURES)), math.nan)
    for frame in wanted:
        if cancel is not None:
            cancel.check()
        a, b = one.array[frame], other.array[frame]
        differing[frame] = np.count_nonzero(a != b, axis=(1, 2))
        for i, label in enumerate(STRUCTURES):
            in_a, in_b = a == label, b == label
            sums[frame, :, i] = np.count_nonzero(in_a, axis=(1, 2)) + np.count_nonzero(in_b, axis=(1, 2))
            shared[frame, :, i] = np.count_nonzero(in_a & in_b, axis=(1, 2))
            if known:
                distances[frame, i] = hd95_mm(in_a, in_b, one.geometry.spacing_mm)
    return Comparison(
        slice_dice=read_only(_dice(shared, sums)),
        frame_dice=read_only(_dice(shared.sum(axis=1), sums.sum(axis=1))),
        dice=read_only(_dice(shared.sum(axis=(0, 1)), sums.sum(axis=(0, 1)))),
        hd95_mm=read_only(distances),
        differing=read_only(differing),
        frames=wanted,
    )


def slice_dice(one: LabelMap, other: LabelMap) -> NDArray[np.float64]:
    """Dice of every slice, (T, Z, 3) as in Comparison, without the distances that take longer."""
    if one.array.shape != other.array.shape:
        raise ValueError(f"labels {one.array.shape} and {other.array.shape} are not of one scan")
    planes = [(one.array == label, other.array == label) for label in STRUCTURES]
    sums = [np.count_nonzero(a, axis=(2, 3)) + np.count_nonzero(b, axis=(2, 3)) for a, b in planes]
    shared = [np.count_nonzero(a & b, axis=(2, 3)) for a, b in planes]
    return _dice(np.stack(shared, axis=2), np.stack(sums, axis=2))


def _dice(shared: NDArray[Any], sums: NDArray[Any]) -> NDArray[np.float64]:
    """2 |A ∩ B| / (|A| + |B|), NaN where both are empty."""
    with np.errstate(invalid="ignore"):
        return np.asarray(2.0 * shared / np.where(sums > 0, sums, np.nan), dtype=np.float64)
