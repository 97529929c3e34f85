"""Frames that have become larger than end-diastole, or smaller than end-systole, since those were held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.measures.function import Function
from engine.measures.phases import extremes
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


def overtaken(function: Function, volume: Volume) -> tuple[Overtaken, ...]:
    """Frames that have overtaken those held, which the reader may want to use. None where the reader has chosen.

    Only frames in which the same slices count are compared: one from which the reader has left a slice out is smaller
    for that reason alone.
    """
    if not volume.is_cine:
        return ()
    reading = function.reading
    sides = [(LV, function.lv_ml, function.ed_frame, function.es_frame, reading.lv)]
    if reading.rv is not None:
        sides.append((RV, function.rv_ml, function.rv_ed_frame, function.rv_es_frame, reading.rv))
    found = []
    for side, volumes, ed, es, chosen in sides:
        if ed is None or es is None:
            continue
        least = OVERTAKEN_BY * volumes[ed]
        largest = extremes(_comparable(volumes, ed, function, side)).ed
        smallest = extremes(_comparable(volumes, es, function, side)).es
        if chosen.ed is None and largest is not None and volumes[largest] > volumes[ed] + least:
            found.append(Overtaken(side, "ed", largest))
        if chosen.es is None and smallest is not None and volumes[smallest] < volumes[es] - least:
            found.append(Overtaken(side, "es", smallest))
    return tuple(found)


def _comparable(volumes: Sequence[float], frame: int, function: Function, side: int) -> list[float]:
    """The volumes of frames in which the same slices count as in this one, 0 for others."""
    out = [frozenset(z for label, t, z in function.left_out if label == side and t == at) for at in range(len(volumes))]
    return [volume if out[at] == out[frame] else 0.0 for at, volume in enumerate(volumes)]
