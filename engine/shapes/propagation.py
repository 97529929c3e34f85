"""A correction of one frame carried through the cine, by registration of the frames.

Frames are registered by their grey values and by the outlines that the model found in them: where both say what moved
where, they agree; where the image is flat, the outlines lead. What is carried is not the corrected mask itself but how
far the reader moved each outline there: every frame keeps what the model found in it, with its outlines moved as the
reader moved them at the same place of the heart.

What was wrong in one frame is wrong in the next one in the same way, and hardly in the opposite phase: the share of the
movement that is carried falls from all of it to AT_MOST_UNLIKE, by how much the size of the cavity differs. A structure
that the reader took off a slice is taken off it in every frame; one that the model had missed there is added to the
frames of like size in which the model misses it, too. In others it may have left the slice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.later import Later
from engine.progress import CancelToken, Progress, no_progress
from engine.shapes.between import signed_mm
from engine.shapes.registration import Field, registered, taken
from engine.shapes.structures import Labels, box_of, region_of
from engine.volume import LV, MYO, RV

ndimage = Later("scipy.ndimage")

ORDER = (RV, MYO, LV)
MARGIN_MM = 14.0
GRID_MM = 2.6
"""Frames are registered on a grid of about this spacing."""
FAR_MM = 30.0
IMAGE, OUTLINE, OUTLINE_REACH_MM = 0.3, 0.25, 8.0
"""Weight of the grey values, and of a mm of distance to an outline, as far as it counts."""
STEPS, WINDOW, SMOOTH = 4, 1.4, 0.9
AT_MOST_UNLIKE = 0.4
"""The share that is carried from end-diastole to end-systole. Chosen on ACDC training patients, where more made the
outlines at end-systole worse than the model's own."""
LIKE = 0.5
"""Frames whose cavity differs by less than this share of the largest difference are of like size."""


@dataclass(frozen=True, slots=True)
class _Box:
    top: int
    bottom: int
    left: int
    right: int
    fold: int

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        return array[..., self.top : self.bottom, self.left : self.right]

    def coarse(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """(…, Y, X) averaged over squares of fold × fold voxels."""
        rows, columns = maps.shape[-2] // self.fold, maps.shape[-1] // self.fold
        squares = maps.reshape(*maps.shape[:-2], rows, self.fold, columns, self.fold)
        averaged: NDArray[np.float32] = squares.mean(axis=(-3, -1), dtype=np.float32)
        return averaged

    def fine(self, field: Field) -> Field:
        """A coarse field on the voxels of the box."""
        fold = self.fold
        shape = (self.bottom - self.top, self.right - self.left)
        places = np.meshgrid(*((np.arange(n, dtype=np.float32) + 0.5) / fold - 0.5 for n in shape), indexing="ij")
        made = np.empty((2, field.shape[1], *shape), dtype=np.float32)
        for axis in (0, 1):
            for z in range(field.shape[1]):
                made[axis, z] = ndimage.map_coordinates(field[axis, z], places, order=1, mode="nearest")
        return made * np.float32(fold)


def propagated(
    images: NDArray[Any],
    base: NDArray[np.uint8],
    source: int,
    corrected: Mapping[int, Labels],
    spacing_mm: tuple[float, float],
    frames: Sequence[int],
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> dict[tuple[int, int], Labels]:
    """Labels (Y, X) uint8 by (frame, slice), of each of the frames and each corrected slice.

    images: (T, Z, Y, X), any real dtype. base: (T, Z, Y, X) uint8, as the model found it. source: the corrected frame.
    corrected: its corrected slices, by slice. spacing_mm: of (x, y). frames: to carry it to; the way there goes through
    the frames between, forwards and backwards round the cycle. Raises Cancelled.
    """
    slices = sorted(corrected)
    count = len(images)
    if not slices or count < 2:
        return {}
    new = np.stack([corrected[z] for z in slices])
    box = _box(new, base[:, slices], spacing_mm)
    moved = box.of(new)
    base_there = box.of(base[:, slices])
    drawn = {s: _signed(moved, s, spacing_mm) for s in ORDER}
    shift = {s: drawn[s] - _signed(base_there[source], s, spacing_mm) for s in ORDER}
    before, after = _there(base_there[source]), _there(moved)
    unlike = _unlike(base_there, source)
    grey = box.of(images[:, slices]).astype(np.float32)
    centre, spread = float(np.median(grey[source])), max(float(grey[source].std()), 1e-6)
    made: dict[tuple[int, int], Labels] = {}
    wanted = set(frames)

    def seen(frame: int) -> tuple[NDArray[np.float32], dict[int, NDArray[np.float32]]]:
        """The channels of a frame on the coarse grid, and its distances on the fine one."""
        distances = {s: _signed(base_there[frame], s, spacing_mm) for s in ORDER}
        channels = [IMAGE * box.coarse((grey[frame] - centre) / spread)]
        for field in distances.values():
            near = np.clip(field, -OUTLINE_REACH_MM, OUTLINE_REACH_MM)
            channels.append(box.coarse(OUTLINE * near))
        return np.stack(channels), distances

    there, _ = seen(source)
    half = count // 2
    done = 0
    for way in ([source + i for i in range(1, half + 1)], [source - i for i in range(1, count - half)]):
        field = np.zeros((2, *there.shape[1:]), dtype=np.float32)
        for frame in (at % count for at in way):
            if cancel is not None:
                cancel.check()
            channels, distances = seen(frame)
            field = registered(there, channels, field, steps=STEPS, window=WINDOW, smooth=SMOOTH)
            if frame in wanted:
                fine = box.fine(field)
                labels = np.zeros(moved.shape, dtype=np.uint8)
                here, like = _there(base_there[frame]), bool(unlike[frame] < LIKE)
                share = np.float32(1 - (1 - AT_MOST_UNLIKE) * unlike[frame])
                for s in ORDER:
                    both, gone = before[s] & after[s], before[s] & ~after[s]
                    found = distances[s] + np.where(both, share * taken(shift[s], fine), 0) < 0
                    added = ~before[s] & after[s] & ~here[s] & like
                    labels[(found & ~gone) | (added & (taken(drawn[s], fine) < 0))] = s
                for i, z in enumerate(slices):
                    plane = base[frame, z].copy()
                    box.of(plane)[:] = labels[i]
                    made[frame, z] = plane
            done += 1
            progress(done, count - 1, "carrying the correction")
    return made


def _box(new: NDArray[np.uint8], base: NDArray[np.uint8], spacing_mm: tuple[float, float]) -> _Box:
    """Around all that is labelled, with sides that the coarse grid divides."""
    dx, dy = spacing_mm
    found = np.asarray((new > 0).any(axis=0) | (base > 0).any(axis=(0, 1)))
    fold = max(1, round(GRID_MM / min(dx, dy)))
    top, bottom, left, right = box_of(found, found.shape, margin=round(MARGIN_MM / min(dx, dy)))
    rows, columns = (max(length // fold, 2) * fold for length in (bottom - top, right - left))
    return _Box(top, top + rows, left, left + columns, fold)


def _there(labels: NDArray[np.uint8]) -> dict[int, NDArray[np.bool_]]:
    """(Z, 1, 1) by structure: whether a slice has it."""
    return {s: np.asarray((labels == s).any(axis=(1, 2), keepdims=True)) for s in ORDER}


def _unlike(base: NDArray[np.uint8], source: int) -> NDArray[np.float64]:
    """(T,) from 0 to 1: by how much the size of the cavity differs from that in the source, of all that it differs by.

    base: (T, Z, Y, X). The left cavity counts, where there is none the right one.
    """
    sizes = next((found for s in (LV, RV) if (found := np.count_nonzero(base == s, axis=(1, 2, 3))).any()), None)
    if sizes is None or sizes.max() == sizes.min():
        return np.zeros(len(base))
    return np.asarray(np.abs(sizes - sizes[source]) / (sizes.max() - sizes.min()))


def _signed(labels: NDArray[np.uint8], structure: int, spacing_mm: tuple[float, float]) -> NDArray[np.float32]:
    """(Z, Y, X): distance in mm to the structure's outline in each slice, negative inside, FAR_MM at most."""
    planes = [signed_mm(region_of(plane, structure), spacing_mm) for plane in labels]
    return np.clip(np.stack(planes), -FAR_MM, FAR_MM)
