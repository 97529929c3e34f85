"""Frames that have become larger than end-diastole, or smaller than end-systole, since those were held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.measures.function import Function
from engine.measures.phases import extremes
from engine.measures.tally import COUNTED, Tally
from engine.volume import LV, RV, Volume

OVERTAKEN_BY = 0.01
"""As a share of the end-diastolic volume. Less is within what one voxel more or less around the cavity does."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A frame that is now larger than end-diastole, or smaller than end-systole.

    side: LV or RV. phase: "ed" or "es". frame: counted from 0.
    """

    side: int
    phase: str
    frame: int


def overtaken(function: Function, volume: Volume, tally: Tally) -> tuple[Overtaken, ...]:
    """Frames that have overtaken those held, which the reader may want to use. None where the reader has chosen.

    tally: what function was measured on. Frames are compared over the slices that count in the frame held: one from
    which the reader has left a slice out is smaller for that reason alone.
    """
    if not volume.is_cine:
        return ()
    reading = function.reading
    sides = [(LV, function.ed_frame, function.es_frame, reading.lv)]
    if reading.rv is not None:
        sides.append((RV, function.rv_ed_frame, function.rv_es_frame, reading.rv))
    found = []
    for side, ed, es, chosen in sides:
        if ed is None or es is None:
            continue
        at_ed, at_es = (_volumes(function, volume, tally, side, frame) for frame in (ed, es))
        least = OVERTAKEN_BY * at_ed[ed]
        largest, smallest = extremes(at_ed).ed, extremes(at_es).es
        if chosen.ed is None and largest is not None and at_ed[largest] > at_ed[ed] + least:
            found.append(Overtaken(side, "ed", largest))
        if chosen.es is None and smallest is not None and at_es[smallest] < at_es[es] - least:
            found.append(Overtaken(side, "es", smallest))
    return tuple(found)


def _volumes(function: Function, volume: Volume, tally: Tally, side: int, frame: int) -> list[float]:
    """The ventricle of every frame, in voxels, over the slices that count in one frame."""
    voxels = tally.by(function.reading.papillary)[..., COUNTED.index(side)]
    out = {z for label, at, z in function.left_out if (label, at) == (side, frame)}
    counts = np.array([index not in out for index in range(volume.slices)])
    return [float(n) for n in voxels @ (volume.geometry.slice_weights * counts)]
