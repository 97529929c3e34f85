"""End-diastole and end-systole: the frames found by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.measures.reading import Papillary, Phases
from engine.volume import Known, Volume

if TYPE_CHECKING:
    from engine.measures.tally import Tally


@dataclass(frozen=True, slots=True)
class Held:
    """The frames found by rule for each ventricle by itself. They are held while labels are corrected."""

    lv: Phases = field(default_factory=Phases)
    rv: Phases = field(default_factory=Phases)

    def completed(self, other: Held) -> Held:
        """With the frames of another in the place of a ventricle that has none: it was not there to be measured."""
        return Held(*(mine if mine.ed is not None else its for mine, its in ((self.lv, other.lv), (self.rv, other.rv))))


def held_of(tally: Tally, volume: Volume) -> Held:
    """The frames as the scan names them; in a cine those of the largest and the smallest cavity, the first of equals.

    None where the cavity is in one frame only, or is as large in all of them: such a frame may be of any phase.
    Counted as labelled, with all slices: neither a slice left out nor a convention moves a phase.
    """
    if volume.phase_names:
        names = volume.phase_names
        named = Phases(*(names.index(phase) if phase in names else None for phase in ("ED", "ES")))
        return Held(named, named)
    if volume.frames < 2 or volume.time_order is Known.ASSUMED:
        return Held()
    return held_by_size(tally, volume)


def held_by_size(tally: Tally, volume: Volume) -> Held:
    """The frames of the largest and of the smallest cavity among those that have any, whatever the scan says of them.

    Counted as held_of counts.
    """
    volumes = tally.by(Papillary.LABELLED).transpose(0, 2, 1) @ volume.geometry.slice_weights
    return Held(extremes(volumes[:, 0].tolist()), extremes(volumes[:, 2].tolist()))


def extremes(volumes: Sequence[float]) -> Phases:
    """The frames of the largest and of the smallest volume, the first of equals; none where all are alike.

    One frame alone may be of any phase, and so may frames that do not differ.
    """
    # A frame without any cavity is one that was not segmented, not a ventricle of 0 mL.
    there = [value for value in volumes if value > 0]
    if not there or max(there) == min(there):
        return Phases()
    largest, smallest = max(there), min(there)
    return Phases(volumes.index(largest), volumes.index(smallest))
