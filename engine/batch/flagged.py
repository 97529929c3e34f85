"""The picture of a flagged case: the places to look at first, each with its outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.measures.flags import Stop
from engine.pictures.tiles import jpeg, tile
from engine.volume import LabelMap, Volume

TILES = 3


def picture_of(volume: Volume, labels: LabelMap, stops: Sequence[Stop]) -> bytes:
    """A JPEG of TILES slices side by side; the same input gives the same bytes."""
    tiles = [tile(volume, labels, frame, index) for frame, index in _places(volume, labels, stops)]
    return jpeg(np.concatenate(tiles, axis=1))


def _places(volume: Volume, labels: LabelMap, stops: Sequence[Stop]) -> list[tuple[int, int]]:
    """(frame, slice) of the weightiest places, filled up by the middle of the labelled stack."""
    areas = np.count_nonzero(labels.array, axis=(2, 3))
    fullest = int(areas.sum(axis=1).argmax())
    on = np.flatnonzero(areas[fullest])
    spare = [int(on[len(on) * i // 4]) for i in (2, 1, 3)] if on.size else [volume.slices // 2]
    found: dict[tuple[int, int], None] = {}
    for stop in stops:
        if stop.frame_index is not None and stop.slice_index is not None:
            found[stop.frame_index, stop.slice_index] = None
    found.update(dict.fromkeys((fullest, index) for index in spare))
    return list(found)[:TILES]
