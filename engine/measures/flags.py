"""Where to look first: flags on slices, frames and the whole scan, each with its reasons, in an order for review.

A score adds up points, one kind of doubt after the other. It orders what to look at; it is no probability, and a
slice without a flag is not thereby right. The points were fitted on M&Ms patients that the network had not learned
from (see docs/review.md), by what foretells a slice Dice below BAD_DICE against the expert's mask.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.measures.function import Function
from engine.measures.quality import FRAMES_FOR_JUMPS, JUMP_OF_AREA, JUMP_OF_EDV, doubts_of_numbers
from engine.measures.topology import Topology
from engine.volume import LV, MYO, RV, Confidence, Known, Volume

KEYS = ("lv", "myo", "rv")
"""The structures of a flag, in the order of STRUCTURES."""
STRUCTURE_OF = {"lv": LV, "myo": MYO, "rv": RV}
NAMES = {"lv": "LV cavity", "myo": "LV myocardium", "rv": "RV cavity"}

BAD_DICE = 0.7
FLAGGED = 3.5
"""Points from which a slice is flagged without a plain fault."""
# Points, rounded from a logistic regression.
UNSURE = 28.0
"""For each whole that the soft Dice lacks to 1."""
BESIDE = 3.0
"""For no outline right beside a slice that has one, and EXPECTED more if the network expected one there."""
EXPECTED = 1.2
BASAL, APICAL = 1.5, 1.2
"""For the first and the last slice of a structure, where outlines are wrong more often."""
OPEN, ALONE, JUMP, PARTS = 1.8, 2.0, 0.8, 0.6
# Points of plain faults that too few patients have to fit them.
FAULT = 2.0
UNSURE_SAID = 0.945
"""A soft Dice below this is named as a reason."""
OPEN_SAID = 0.5
"""A share of the cavity's border without myocardium above this is named: SCMR asks for half (see docs/review.md)."""
PRECISIONS_AGREE = 0.9
"""Dice between float32 and int8 on a slice below which the two differ."""
LEAP_OF_AREA = 0.25
"""A frame's area that differs from the frames before and after by this share of the slice's largest area leaps."""
STROKE_VOLUMES_DIFFER = 0.2
LIKENESS = 0.75
"""A likeness (see likeness) below this is unlike the training data; 1 % of the training scans are below it."""
_IMPLAUSIBLE, _UNLIKE = 8.0, 10.0
_MOST_LOG_JUMP = 2.0


class Where(NamedTuple):
    """What a flag is about. structure: of KEYS, "" for none in particular. The indices are None for all of them."""

    structure: str
    frame_index: int | None
    slice_index: int | None


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to look at. reasons: English sentences, the weightiest first."""

    where: Where
    score: float
    reasons: tuple[str, ...]


def find_flags(
    topology: Topology,
    volume: Volume,
    function: Function,
    *,
    confidence: Confidence | None = None,
    precisions: NDArray[np.float64] | None = None,
    corrected: Collection[tuple[int, int]] = (),
) -> tuple[Flag, ...]:
    """The flags of a segmented scan in the order to look at them.

    First those of the whole scan, then slices of end-diastole and end-systole, on which the numbers rest, then the
    others; in each group the higher score first. topology, function: of the labels as they are now. confidence: of the
    network that made them. precisions: (T, Z, 3) slice Dice of float32 and int8, NaN where neither has the structure.
    corrected: (frame, slice) drawn by hand, of which the network's doubts say nothing any more. What the reader left
    out of the numbers is not flagged.
    """
    doubts = _doubts(topology, volume, confidence, precisions, corrected)
    slices = [flag for flag in _of_slices(doubts) if _place(flag.where) not in function.left_out]
    flags = [*_of_scan(volume, function, topology, confidence), *_of_frames(volume, function), *slices]
    phases = phases_of(function)
    return tuple(sorted(flags, key=lambda flag: _rank(flag, phases)))


def phases_of(function: Function) -> frozenset[int]:
    """The frames on which the numbers rest: end-diastole and end-systole of both ventricles, or the only frame."""
    found = function.ed_frame, function.es_frame, function.rv_ed_frame, function.rv_es_frame, function.lone_frame
    return frozenset(frame for frame in found if frame is not None) or frozenset({0})


def _place(where: Where) -> tuple[int, int | None, int | None]:
    """(structure, frame, slice) as in a Reading; structure 0 for none."""
    return STRUCTURE_OF.get(where.structure, 0), where.frame_index, where.slice_index


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to look at, with the flags that one look answers, the weightiest first.

    frame_index, slice_index: None where the flags are of the whole scan, or of a frame. frames, slices: those that the
    flags are on.
    """

    frame_index: int | None
    slice_index: int | None
    flags: tuple[Flag, ...]
    frames: tuple[int, ...] = ()
    slices: tuple[int, ...] = ()
    places: frozenset[tuple[int | None, int | None]] = field(init=False, repr=False, compare=False)
    """(frame, slice) of the flags: asked for at every turn of the wheel."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", frozenset(flag.where[1:] for flag in self.flags))

    @property
    def score(self) -> float:
        return self.flags[0].score

    @property
    def reasons(self) -> tuple[str, ...]:
        """Of the weightiest flag of each structure."""
        first: dict[str, Flag] = {}
        for flag in self.flags:
            first.setdefault(flag.where.structure, flag)
        return tuple(dict.fromkeys(reason for flag in first.values() for reason in flag.reasons))

    @property
    def wheres(self) -> frozenset[Where]:
        return frozenset(flag.where for flag in self.flags)


def stops_of(flags: Collection[Flag], phases: Collection[int]) -> tuple[Stop, ...]:
    """Flags joined to places, in the order to go to them. phases: the frames of end-diastole and end-systole.

    A slice at end-diastole or end-systole is a place of its own. In other frames, a slice that is flagged in several
    frames in a row is one place; the frame with the highest score is shown.
    """
    at: dict[tuple[int | None, int | None], list[Flag]] = {}
    for flag in flags:
        at.setdefault((flag.where.frame_index, flag.where.slice_index), []).append(flag)
    joined: list[list[tuple[int | None, int | None]]] = []
    in_between = sorted(
        (place for place in at if place[0] is not None and place[0] not in phases),
        key=lambda place: (-1 if place[1] is None else place[1], place[0] or 0),
    )
    for place in in_between:
        last = joined[-1][-1] if joined else None
        if last is not None and last[1] == place[1] and (last[0] or 0) + 1 == place[0]:
            joined[-1].append(place)
        else:
            joined.append([place])
    joined += [[place] for place in at if place[0] is None or place[0] in phases]
    stops = []
    for places in joined:
        those = tuple(sorted((flag for place in places for flag in at[place]), key=lambda flag: -flag.score))
        frames = tuple(frame for frame, _ in places if frame is not None)
        if frames:
            index = places[0][1]
            slices = () if index is None else (index,)
            stops.append(Stop(those[0].where.frame_index, index, those, frames, slices))
        else:
            stops += [Stop(None, None, (flag,)) for flag in those]
    return tuple(sorted(stops, key=lambda stop: _rank(stop.flags[0], phases)))


def scores(
    topology: Topology,
    volume: Volume,
    confidence: Confidence | None = None,
    precisions: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The score of each structure on each slice, flagged or not: (T, Z, 3), in points. Arguments as of find_flags."""
    return _score(_doubts(topology, volume, confidence, precisions, ()))


def _rank(flag: Flag, phases: Collection[int]) -> tuple[Any, ...]:
    structure, frame, index = flag.where
    group = 0 if frame is None else 1 if frame in phases else 2
    return group, -flag.score, frame or 0, -1 if index is None else index, structure


@dataclass(frozen=True, slots=True, eq=False)
class _Doubt:
    """One kind of doubt in every slice. points: (T, Z, 3). said: where it is named as a reason. fault: whether that is
    enough for a flag. text: with {name} and {value}, the latter from values (T, Z, 3)."""

    points: NDArray[np.floating[Any]]
    said: NDArray[np.bool_]
    text: str
    values: NDArray[Any] | None = None
    fault: bool = False

    def words(self, at: tuple[int, int, int]) -> str:
        """The reason in one slice, (frame, slice, structure)."""
        return self.text.format(name=NAMES[KEYS[at[2]]], value=None if self.values is None else self.values[at])


def _doubts(
    topology: Topology,
    volume: Volume,
    confidence: Confidence | None,
    precisions: NDArray[np.float64] | None,
    corrected: Collection[tuple[int, int]],
) -> list[_Doubt]:
    by_hand = np.zeros((*topology.open_share.shape, 1), dtype=bool)
    for where in corrected:
        by_hand[where] = True
    found = topology.areas > 0
    return [
        *_by_network(topology, found & ~by_hand, ~found & ~by_hand, confidence, precisions),
        *_by_place(topology, found, by_hand),
        *_by_outline(topology, found),
        *_in_time(topology, found, volume),
    ]


def _score(doubts: list[_Doubt]) -> NDArray[np.float64]:
    return np.asarray(np.sum([doubt.points for doubt in doubts], axis=0), dtype=np.float64)


def _of_slices(doubts: list[_Doubt]) -> list[Flag]:
    score = _score(doubts)
    listed = score >= FLAGGED
    for doubt in doubts:
        listed |= doubt.said & doubt.fault
    flags = []
    for frame, index, k in np.argwhere(listed):
        at = frame, index, k
        weighty = sorted(doubts, key=lambda doubt: -doubt.points[at])
        # Where small doubts add up, the largest of them is named.
        reasons = tuple(doubt.words(at) for doubt in weighty if doubt.said[at]) or (weighty[0].words(at),)
        flags.append(Flag(Where(KEYS[k], int(frame), int(index)), round(float(score[at]), 1), reasons))
    return flags


def _by_network(
    topology: Topology,
    found: NDArray[np.bool_],
    absent: NDArray[np.bool_],
    confidence: Confidence | None,
    precisions: NDArray[np.float64] | None,
) -> list[_Doubt]:
    """What the network says of its own outlines, and what its precisions say of each other."""
    doubts = []
    there = topology.areas > 0
    before, after = _neighbours(there, axis=1)
    missed = absent & (before | after)
    expected = np.zeros(there.shape)
    if confidence is not None:
        unsure = np.where(found, 1.0 - confidence.soft_dice, 0.0)
        text = "The network is unsure of the {name}: soft Dice {value:.2f}."
        doubts.append(_Doubt(UNSURE * unsure, unsure > 1 - UNSURE_SAID, text, 1 - unsure))
        largest = np.maximum(confidence.expected_mm2.max(axis=1, keepdims=True), 1e-6)
        expected = confidence.expected_mm2 / (confidence.expected_mm2 + 0.05 * largest)
    points = np.where(missed, BESIDE + EXPECTED * expected, 0.0)
    text = "No {name} here, though there is one beside it and the network nearly found it."
    doubts.append(_Doubt(points, points >= FLAGGED, text))
    gap = absent & before & after
    text = "No {name} here, though it is in the slices on both sides."
    doubts.append(_Doubt(FAULT * gap, gap, text, fault=True))
    if precisions is not None:
        differ = (found | absent) & (np.nan_to_num(precisions, nan=1.0) < PRECISIONS_AGREE)
        text = "float32 and int8 differ in the {name}: Dice {value:.2f}."
        doubts.append(_Doubt(FAULT * differ, differ, text, np.nan_to_num(precisions, nan=1.0), fault=True))
    return doubts


def _by_place(topology: Topology, found: NDArray[np.bool_], by_hand: NDArray[np.bool_]) -> list[_Doubt]:
    """The ends of a structure."""
    before, after = _neighbours(found, axis=1)
    basal, apical = (before, after) if _base_first(topology) else (after, before)
    first, last = found & ~basal & ~by_hand, found & ~apical & ~by_hand
    return [
        _Doubt(BASAL * first, first, "First slice of the {name}, at the base."),
        _Doubt(APICAL * last, last, "Last slice of the {name}, at the apex."),
    ]


def _by_outline(topology: Topology, found: NDArray[np.bool_]) -> list[_Doubt]:
    """What is odd about the outlines themselves, whoever drew them."""
    lv, myo, rv = (found[..., k] for k in range(3))
    open_share = np.stack([topology.open_share * lv, topology.open_share * myo, 0.0 * rv], axis=2)
    whole = np.rint(100 * (1 - open_share)).astype(int)
    said = open_share > OPEN_SAID
    said[..., 1] = False  # once is enough
    alone = np.stack([np.zeros_like(lv), myo & ~lv, rv & ~lv], axis=2)
    parts, holes = topology.parts > 1, topology.holes > 0
    areas = np.where(found, topology.areas, np.nan).astype(np.float64)
    before, after = (np.where(side > 0, side, np.nan) for side in _neighbours(topology.areas, axis=1))
    with np.errstate(invalid="ignore"):
        down, up = np.log(areas / before), np.log(areas / after)
    jump = np.minimum(np.nan_to_num(np.fmax(np.abs(down), np.abs(up))), _MOST_LOG_JUMP)
    # Only away from both sides: towards the apex every area shrinks.
    with np.errstate(invalid="ignore"):
        leaps = (down * up > 0) & (np.minimum(np.abs(down), np.abs(up)) > np.log(JUMP_OF_AREA))
    return [
        _Doubt(OPEN * open_share, said, "Myocardium surrounds only {value} % of the LV cavity.", whole, fault=True),
        _Doubt(ALONE * alone, alone, "There is {name} on a slice without LV cavity."),
        _Doubt(PARTS * parts, parts, "The {name} is in {value} pieces.", topology.parts, fault=True),
        _Doubt(PARTS * holes, holes, "The {name} has a hole of {value} pixels.", topology.holes, fault=True),
        _Doubt(JUMP * jump, leaps, "The area of the {name} differs much from the slices on both sides.", fault=True),
    ]


def _in_time(topology: Topology, found: NDArray[np.bool_], volume: Volume) -> list[_Doubt]:
    """What differs from the frames before and after, which are alike in a cine."""
    if not (volume.is_cine and volume.frames >= FRAMES_FOR_JUMPS):
        return []
    before, after = _neighbours(found, axis=0, around=True)
    # A frame without any label was not segmented, as in a mask of single frames.
    done = np.broadcast_to(found.any(axis=(1, 2), keepdims=True), found.shape)
    beside = np.logical_and(*_neighbours(done, axis=0, around=True))
    extra, missing = found & ~before & ~after & beside, ~found & before & after
    areas = topology.areas.astype(np.float64)
    earlier, later = _neighbours(areas, axis=0, around=True)
    leap = np.minimum(np.abs(areas - earlier), np.abs(areas - later)) * ((areas - earlier) * (areas - later) > 0)
    leaps = found & before & after & (leap > LEAP_OF_AREA * np.maximum(areas.max(axis=0), 1))
    return [
        _Doubt(FAULT * extra, extra, "The {name} is here in this frame only, not before or after.", fault=True),
        _Doubt(FAULT * missing, missing, "The {name} is missing in this frame only.", fault=True),
        _Doubt(FAULT * leaps, leaps, "The area of the {name} leaps in this frame.", fault=True),
    ]


def _of_frames(volume: Volume, function: Function) -> list[Flag]:
    """Frames whose volume leaps away from those before and after."""
    if not (volume.is_cine and volume.frames >= FRAMES_FOR_JUMPS):
        return []
    flags = []
    done = np.any([function.lv_ml, function.myo_ml, function.rv_ml], axis=0)
    beside = np.logical_and(*_neighbours(done, axis=0, around=True))
    for key, values in zip(KEYS, (function.lv_ml, function.myo_ml, function.rv_ml), strict=True):
        ml = np.array(values)
        before, after = _neighbours(ml, axis=0, around=True)
        leap = np.minimum(np.abs(ml - before), np.abs(ml - after)) * ((ml - before) * (ml - after) > 0)
        share = leap / max(float(ml.max()), 1e-9) * beside
        text = f"The volume of the {NAMES[key]} leaps in this frame."
        flags += [
            Flag(Where(key, int(t), None), round(FLAGGED + float(share[t]), 1), (text,))
            for t in np.flatnonzero(share > JUMP_OF_EDV)
        ]
    return flags


def _of_scan(volume: Volume, function: Function, topology: Topology, confidence: Confidence | None) -> list[Flag]:
    """What concerns all of the numbers."""
    flags = []
    if confidence is not None and likeness(topology, confidence) < LIKENESS:
        text = "This scan is unlike those that the model learned from: check every outline."
        flags.append(Flag(Where("", None, None), _UNLIKE, (text,)))
    known = function.units_known
    for side, ventricle in (("lv", function.lv), ("rv", function.rv)):
        for text in doubts_of_numbers(side, ventricle.edv_ml, ventricle.ef_percent, units_known=known).notices:
            flags.append(Flag(Where(side, None, None), _IMPLAUSIBLE, (text,)))
    left, right = function.lv.sv_ml, function.rv.sv_ml
    if left is not None and right is not None and max(left, right) > 0 and function.whole:
        apart = abs(left - right) / max((abs(left) + abs(right)) / 2, 1e-9)
        if apart > STROKE_VOLUMES_DIFFER:
            more, less = ("LV", "RV") if left > right else ("RV", "LV")
            text = f"The {more} stroke volume exceeds that of the {less} by {100 * apart:.0f} %, of their mean."
            # Grows up to what is plainly implausible.
            flags.append(Flag(Where("", None, None), round(min(FLAGGED + 5 * apart, _IMPLAUSIBLE), 1), (text,)))
    if volume.frames > 1 and volume.time_order is Known.ASSUMED:
        text = "The order of the frames is unknown."
        flags.append(Flag(Where("", None, None), FLAGGED, (text,)))
    return flags


def likeness(topology: Topology, confidence: Confidence) -> float:
    """How like the training data a scan is, 0 to 1: soft Dice of the LV × that of its myocardium × how closed it is.

    Soft Dice are means over the slices, by expected area, so that what the network nearly found counts. The third is
    the share of the LV cavity's border that lies on myocardium, by area. Where there is no left ventricle, 0.
    """
    expected = confidence.expected_mm2.astype(np.float64)
    soft = (confidence.soft_dice * expected).sum(axis=(0, 1)) / np.maximum(expected.sum(axis=(0, 1)), 1e-6)
    areas = topology.areas[..., 0]
    closed = 1 - float((topology.open_share * areas).sum()) / max(int(areas.sum()), 1) if areas.any() else 0.0
    return float(soft[0] * soft[1] * closed)


def _base_first(topology: Topology) -> bool:
    """Whether the first slices are the basal ones: the ventricles are larger there."""
    areas = topology.areas[..., (0, 2)].sum(axis=(0, 2))
    on = np.flatnonzero(areas)
    if not on.size:
        return True
    lever = np.arange(len(areas)) - (on[0] + on[-1]) / 2
    return bool((areas * lever).sum() <= 0)


def _neighbours(values: NDArray[Any], *, axis: int, around: bool = False) -> tuple[NDArray[Any], NDArray[Any]]:
    """The values before and after each along an axis; zeros beyond the ends, unless it goes around."""
    before, after = np.roll(values, 1, axis), np.roll(values, -1, axis)
    if not around:
        np.moveaxis(before, axis, 0)[0] = 0
        np.moveaxis(after, axis, 0)[-1] = 0
    return before, after
