"""End-diastole and end-systole: the frames found by rule, and frames that have overtaken them since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.measures.reading import Papillary, Phases
from engine.volume import LV, RV, Known, Volume

if TYPE_CHECKING:
    from engine.measures.function import Function
    from engine.measures.tally import Tally

OVERTAKEN_BY = 0.01
"""As a share of the end-diastolic volume. Less is within what one voxel more or less around the cavity does."""


@dataclass(frozen=True, slots=True)
class Held:
    """The frames found by rule for each ventricle by itself. They are held while labels are corrected."""

    lv: Phases = field(default_factory=Phases)
    rv: Phases = field(default_factory=Phases)

    def completed(self, other: Held) -> Held:
        """With the frames of another in the place of a ventricle that has none: it was not there to be measured."""
        return Held(*(mine if mine.ed is not None else its for mine, its in ((self.lv, other.lv), (self.rv, other.rv))))


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A frame that is now larger than end-diastole, or smaller than end-systole.

    side: LV or RV. phase: "ed" or "es". frame: counted from 0.
    """

    side: int
    phase: str
    frame: int


def held_of(tally: Tally, volume: Volume) -> Held:
    """The frames as the scan names them; in a cine those of the largest and the smallest cavity, the first of equals.

    Counted as labelled, with all slices: neither a slice left out nor a convention moves a phase.
    """
    if volume.phase_names:
        names = volume.phase_names
        named = Phases(*(names.index(phase) if phase in names else None for phase in ("ED", "ES")))
        return Held(named, named)
    if volume.frames < 2 or volume.time_order is Known.ASSUMED:
        return Held()
    volumes = tally.by(Papillary.LABELLED).transpose(0, 2, 1) @ volume.geometry.slice_weights
    return Held(_extremes(volumes[:, 0].tolist()), _extremes(volumes[:, 2].tolist()))


def _extremes(volumes: Sequence[float]) -> Phases:
    largest = max(volumes)
    if largest <= 0:
        return Phases()
    # A frame without any cavity is one that was not segmented, not a ventricle of 0 mL.
    smallest = min(value for value in volumes if value > 0)
    return Phases(volumes.index(largest), volumes.index(smallest))


def overtaken(function: Function, volume: Volume) -> tuple[Overtaken, ...]:
    """Frames that have overtaken those held, which the reader may want to use. None where the reader has chosen."""
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
        now = _extremes(volumes)
        if chosen.ed is None and now.ed is not None and volumes[now.ed] > volumes[ed] + least:
            found.append(Overtaken(side, "ed", now.ed))
        if chosen.es is None and now.es is not None and 0 < volumes[now.es] < volumes[es] - least:
            found.append(Overtaken(side, "es", now.es))
    return tuple(found)
