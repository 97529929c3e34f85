"""The reader's choices that numbers follow: end-diastole and end-systole, slices left out, conventions.

A Reading says only what the reader has chosen. What follows from it, such as the frames found where nothing was
chosen, is in engine.measures.function.Function.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from engine.volume import LV, MYO, RV

Choice = TypeVar("Choice", bound=StrEnum)
Place = tuple[int, int, int]
"""(structure, frame, slice)"""

KEYS = {LV: "lv", MYO: "myo", RV: "rv"}
"""The structures in JSON."""


class Base(StrEnum):
    """Which basal slices count."""

    LABELLED = "labelled"
    """All in which there are labels: as the model found them and the reader corrected them."""
    SCMR = "scmr"
    """A basal slice counts where myocardium surrounds at least half of the LV blood."""


class Papillary(StrEnum):
    """What papillary muscles and trabeculae of the left ventricle count as."""

    LABELLED = "labelled"
    """What the labels say. The models were trained on masks that count them as cavity."""
    CAVITY = "cavity"
    """Cavity: all myocardium and all voxels without a label within the convex hull of the LV cavity, slice by slice."""
    MYOCARDIUM = "myocardium"
    """Myocardium: voxels of the LV cavity that are nearer to the grey value of myocardium than to that of blood."""


@dataclass(frozen=True, slots=True)
class Phases:
    """Frames that the reader has chosen, counted from 0; None where they are found by rule and then held."""

    ed: int | None = None
    es: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader has chosen. The default is nothing: all numbers as the labels give them.

    lv: phases of the left ventricle. rv: those of the right one; None where it is measured at those of the left.
    left_out: structures on slices that do not count.
    """

    lv: Phases = field(default_factory=Phases)
    rv: Phases | None = None
    left_out: frozenset[Place] = frozenset()
    base: Base = Base.LABELLED
    papillary: Papillary = Papillary.LABELLED

    @property
    def slices_left_out(self) -> int:
        """How many slices of frames the reader has left out, as a whole or in part."""
        return len({(frame, index) for _, frame, index in self.left_out})

    @property
    def papillary_in_cavity(self) -> bool:
        """Whether papillary muscles are part of the volumes and not of the mass, as norms have to be chosen by."""
        return self.papillary is not Papillary.MYOCARDIUM

    def with_phase(self, side: int, phase: str, frame: int | None) -> Reading:
        """With another frame of "ed" or "es"; None for the one found by rule. side: LV or RV, if RV has its own."""
        if side == RV and self.rv is not None:
            return replace(self, rv=replace(self.rv, **{phase: frame}))
        return replace(self, lv=replace(self.lv, **{phase: frame}))

    def without(self, places: Iterable[Place]) -> Reading:
        """With these structures on slices left out, too."""
        return replace(self, left_out=self.left_out | frozenset(places))

    def with_again(self, places: Iterable[Place]) -> Reading:
        """With these structures on slices taken in again."""
        return replace(self, left_out=self.left_out - frozenset(places))

    def covering(self, frames: Collection[int]) -> Reading:
        """For a mask of these frames alone: without chosen phases that it does not cover."""

        def there(phases: Phases) -> Phases:
            return Phases(*(frame if frame in frames else None for frame in (phases.ed, phases.es)))

        return replace(self, lv=there(self.lv), rv=None if self.rv is None else there(self.rv))

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON. Indices count from 0."""
        return {
            "phases": {"lv": _phases_json(self.lv), "rv": None if self.rv is None else _phases_json(self.rv)},
            "left_out": left_out_json(self.left_out),
            "base": str(self.base),
            "papillary": str(self.papillary),
        }


def from_json(value: object, frames: int, slices: int) -> Reading:
    """A Reading from what to_json gave, for a scan of so many frames and slices.

    Raises ValueError, one line that says what is wrong.
    """
    whole = _keys(value, "the reading", {"phases", "left_out", "base", "papillary"})
    phases = _keys(whole["phases"], "phases", {"lv", "rv"})
    if not isinstance(whole["left_out"], list):
        raise ValueError("left_out is not a list")
    left_out: set[Place] = set()
    structures = {key: structure for structure, key in KEYS.items()}
    for entry in whole["left_out"]:
        one = _keys(entry, "an entry of left_out", {"structure", "slice_index", "frame_indices"})
        if not isinstance(one["structure"], str) or one["structure"] not in structures:
            raise ValueError(f"structure {one['structure']!r} of left_out is none of {', '.join(structures)}")
        if not isinstance(one["frame_indices"], list):
            raise ValueError("frame_indices of left_out is not a list")
        index = _index(one["slice_index"], slices, "slice_index of left_out")
        for frame in one["frame_indices"]:
            left_out.add((structures[one["structure"]], _index(frame, frames, "frame_indices of left_out"), index))
    return Reading(
        lv=_phases(phases["lv"], frames, "lv"),
        rv=None if phases["rv"] is None else _phases(phases["rv"], frames, "rv"),
        left_out=frozenset(left_out),
        base=_one_of(Base, whole["base"], "base"),
        papillary=_one_of(Papillary, whole["papillary"], "papillary"),
    )


def left_out_json(places: Iterable[Place]) -> list[dict[str, Any]]:
    """Structures on slices with the frames in which they do not count, plain values for JSON."""
    found: dict[tuple[int, int], list[int]] = {}
    for structure, frame, index in sorted(places):
        found.setdefault((structure, index), []).append(frame)
    return [
        {"structure": KEYS[structure], "slice_index": index, "frame_indices": frames}
        for (structure, index), frames in found.items()
    ]


def _phases_json(phases: Phases) -> dict[str, int | None]:
    return {"ed_frame_index": phases.ed, "es_frame_index": phases.es}


def _phases(value: object, frames: int, side: str) -> Phases:
    found = _keys(value, f"phases of {side}", {"ed_frame_index", "es_frame_index"})
    ed, es = (
        None if found[key] is None else _index(found[key], frames, f"{key} of {side}")
        for key in ("ed_frame_index", "es_frame_index")
    )
    if ed is not None and ed == es:
        raise ValueError(f"end-diastole and end-systole of {side} are one frame, {ed}")
    return Phases(ed, es)


def _keys(value: object, what: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or set(value) != keys:
        raise ValueError(f"{what} does not have exactly the keys {', '.join(sorted(keys))}")
    return value


def _index(value: object, count: int, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < count:
        raise ValueError(f"{what} is {value!r}, not a whole number from 0 to {count - 1}")
    return value


def _one_of(choices: type[Choice], value: object, what: str) -> Choice:
    if not isinstance(value, str) or value not in list(choices):
        raise ValueError(f"{what} is {value!r}, none of {', '.join(choices)}")
    return choices(value)
