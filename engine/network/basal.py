"""Which structures the most basal slices have: a decision over the stack, taken after the network.

A network that sees one slice at a time labels a slice too many where a reader has stopped. Whether it did shows in the
labels of the stack: how much of a structure is left on its first slice and on the next one, how far the myocardium
surrounds the cavity there, and which of the three structures begin where. A logistic regression a structure says how
likely an expert has it on its most basal slice; below the threshold it is taken away, and the next slice is asked as
well. Nothing is ever added. The coefficients lie beside the model's card; benchmarks.basal_slices makes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.network.strict_json import BadValueError, keys_of, no_duplicates, no_nan, number_of
from engine.volume import LV, MYO, RV, STRUCTURES

SLICES_ASKED = 2
"""The most slices at the base that a structure can be taken from."""
LEAST_SLICES = 4
"""A structure on fewer slices is left as it is."""
SMOOTHED_FRAMES = 2
"""In a cine, the decision is the mean over so many frames before and after, so that a slice does not come and go."""
_CINE_FRAMES = 10
_DIRECTIONS = 60

FEATURES = (
    *(f"{what}, {where}" for where in ("slice", "next slice") for what in (
        "LV size", "MYO size", "RV size", "directions with myocardium", "cavity's edge on myocardium",
        "has LV", "has MYO", "has RV",
    )),
    "first of the stack", "second asked", "slices with the structure", "slices from the first with any",
)  # fmt: skip
"""What is asked of a slice. Sizes: square root of the area, as a share of the largest of the heart (of LV and MYO
together; of RV) on a slice of the frame."""
_REACH = 4.0
"""Standardised features are cut here: further from what was learned on, nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class BasalRule:
    """mean, scale: (3, F) of LV, MYO and RV, to standardise FEATURES with. weight: (3, F + 1), the constant first.

    threshold: the least probability at which a structure stays.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]
    threshold: float

    def log_odds(self, features: NDArray[np.float64], label: int) -> NDArray[np.float64]:
        """How likely a structure is on slices, (N, F) to (N,)."""
        i = label - 1
        x = np.clip((features - self.mean[i]) / self.scale[i], -_REACH, _REACH)
        return np.asarray(self.weight[i, 0] + x @ self.weight[i, 1:])


@dataclass(frozen=True, slots=True)
class TakenAway:
    """A structure that was taken from a slice of a frame, counted from 0."""

    frame: int
    slice: int
    label: int


def read_rule(content: bytes) -> BasalRule:
    """Read a rule's JSON. Raises BadValueError for anything else than to_json gave."""
    try:
        data = json.loads(content, object_pairs_hook=no_duplicates, parse_constant=no_nan)
    except (ValueError, RecursionError) as error:
        raise BadValueError(f"is not JSON ({error})") from error
    data = keys_of(data, "the rule", ("features", "threshold", "structures"))
    if data["features"] != list(FEATURES):
        raise BadValueError("features are not those of this program")
    names = tuple(STRUCTURES.values())
    structures = keys_of(data["structures"], "structures", names)
    rows: dict[str, list[list[float]]] = {"mean": [], "scale": [], "weight": []}
    for name in names:
        entry = keys_of(structures[name], name, tuple(rows))
        for key, found in rows.items():
            found.append(_numbers(entry[key], f"{name}.{key}", len(FEATURES) + (key == "weight")))
    mean, scale, weight = (np.array(rows[key]) for key in rows)
    if scale.min() <= 0:
        raise BadValueError("scales must be positive")
    return BasalRule(mean, scale, weight, number_of(data["threshold"], "threshold", 0, 1))


def to_json(rule: BasalRule) -> dict[str, Any]:
    """Ready for JSON, with as many digits as matter."""

    def row(values: NDArray[np.float64]) -> list[float]:
        return [float(f"{value:.5g}") for value in values]

    return {
        "features": list(FEATURES),
        "threshold": rule.threshold,
        "structures": {
            name: {"mean": row(rule.mean[i]), "scale": row(rule.scale[i]), "weight": row(rule.weight[i])}
            for i, name in enumerate(STRUCTURES.values())
        },
    }


def _numbers(value: Any, key: str, count: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count:
        raise BadValueError(f"{key} must be {count} numbers")
    return [number_of(item, key, -1e6, 1e6) for item in value]


def without_false_base(labels: NDArray[np.uint8], rule: BasalRule) -> tuple[NDArray[np.uint8], tuple[TakenAway, ...]]:
    """Labels without the structures that the rule does not believe in, as a new array, and which those were.

    labels: (T, Z, Y, X) uint8, as keep_largest leaves them. Slices may run from base to apex or the other way.
    """
    removed = taken_away([BasalStack(frame) for frame in labels], rule)
    out = labels.copy()
    for one in removed:
        plane = out[one.frame, one.slice]
        plane[plane == one.label] = 0
    return out, removed


def taken_away(stacks: Sequence[BasalStack], rule: BasalRule) -> tuple[TakenAway, ...]:
    """What the rule takes from the frames of a scan, by structure, slice and frame.

    stacks: one a frame, all from base to apex or all the other way.
    """
    turned = not basal_first(np.sum([stack.areas for stack in stacks], axis=0))
    odds: list[dict[tuple[int, int], float]] = []
    for stack in stacks:
        asked = stack.turned() if turned else stack
        found = {}
        for label in STRUCTURES:
            slices, rows = asked.candidates(label)
            for z, value in zip(slices, rule.log_odds(rows, label) if slices else (), strict=True):
                found[label, z] = float(value)
        odds.append(found)
    removed, last = [], len(stacks[0].areas) - 1
    least = np.log(max(rule.threshold, 1e-6) / max(1 - rule.threshold, 1e-6))
    for t in range(len(stacks)):
        for label in STRUCTURES:
            for z in sorted(z for asked_label, z in odds[t] if asked_label == label):
                if _over_time(odds, t, (label, z)) >= least:
                    break
                removed.append(TakenAway(t, last - z if turned else z, label))
    return tuple(sorted(removed, key=lambda r: (r.label, r.slice, r.frame)))


def still_removed(
    removed: Sequence[TakenAway], planes: Mapping[tuple[int, int], NDArray[np.uint8]]
) -> tuple[TakenAway, ...]:
    """What was taken away and not put back by hand. planes: labels (Y, X) of corrected slices by (frame, slice)."""
    return tuple(
        one
        for one in removed
        if (one.frame, one.slice) not in planes or not (planes[one.frame, one.slice] == one.label).any()
    )


def notices_of(removed: Sequence[TakenAway], frames: int, phase_names: Sequence[str] = ()) -> tuple[str, ...]:
    """One sentence for each structure and slice, counted from 1. frames: of the scan. phase_names: of them, if any."""
    said = []
    for label, z in dict.fromkeys((one.label, one.slice) for one in removed):
        found = [one.frame + 1 for one in removed if (one.label, one.slice) == (label, z)]
        name = STRUCTURES[label]
        if len(found) == frames:
            said.append(f"{name} removed from slice {z + 1}, as above the base of the ventricle.")
        elif len(found) == 1:
            at = phase_names[found[0] - 1] if phase_names else f"frame {found[0]}"
            said.append(f"{name} removed from slice {z + 1} in {at}, as above the base of the ventricle.")
        else:
            said.append(
                f"{name} removed from slice {z + 1}, as above the base of the ventricle, in {len(found)} of {frames} "
                f"frames: {_spans(found)}."
            )
    return tuple(said)


def _spans(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 as "1–3, 7"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)


def _over_time(odds: Sequence[dict[tuple[int, int], float]], frame: int, key: tuple[int, int]) -> float:
    """The mean over neighbouring frames of a cine that ask the same; the beat goes round."""
    if len(odds) < _CINE_FRAMES:
        return odds[frame][key]
    near = [(frame + step) % len(odds) for step in range(-SMOOTHED_FRAMES, SMOOTHED_FRAMES + 1)]
    return float(np.mean([odds[t][key] for t in near if key in odds[t]]))


def basal_first(areas: NDArray[np.intp]) -> bool:
    """Whether the first slices are the basal ones: the ventricles are larger there. areas: (Z, 3) of LV, MYO, RV."""
    size = areas[:, LV - 1] + areas[:, RV - 1]
    on = np.flatnonzero(size)
    if not on.size:
        return True
    return bool((size * (np.arange(len(size)) - (on[0] + on[-1]) / 2)).sum() <= 0)


class BasalStack:
    """One frame's labels (Z, Y, X), and what is asked of its slices. The first slice is the basal one."""

    def __init__(self, labels: NDArray[np.uint8], areas: NDArray[np.intp] | None = None) -> None:
        self._labels = labels
        self.areas = _areas(labels) if areas is None else areas
        self._known: dict[int, list[float]] = {}

    def turned(self) -> BasalStack:
        """The same from the other end."""
        return BasalStack(self._labels[::-1], self.areas[::-1])

    def candidates(self, label: int) -> tuple[list[int], NDArray[np.float64]]:
        """The slices at which a structure may begin in truth, the most basal first, and FEATURES of each, (N, F)."""
        on = np.flatnonzero(self.areas[:, label - 1])
        if len(on) < LEAST_SLICES:
            return [], np.empty((0, len(FEATURES)))
        first = int(np.flatnonzero(self.areas.any(axis=1))[0])
        slices = [z for z in range(int(on[0]), int(on[0]) + SLICES_ASKED) if self.areas[z, label - 1]]
        rows = [
            [
                *self._of_slice(z),
                *self._of_slice(z + 1),
                float(z == 0),
                float(z > on[0]),
                float(len(on)),
                float(z - first),
            ]
            for z in slices
        ]
        return slices, np.array(rows)

    def _of_slice(self, z: int) -> list[float]:
        # The three structures ask for the same few slices.
        if z not in self._known:
            self._known[z] = self._described(z)
        return self._known[z]

    def _described(self, z: int) -> list[float]:
        areas = self.areas[z].astype(np.float64)
        left = max(1, int((self.areas[:, LV - 1] + self.areas[:, MYO - 1]).max()))
        right = max(1, int(self.areas[:, RV - 1].max()))
        sizes = np.sqrt(areas / [left, left, right])
        return [*sizes.tolist(), *_surrounded(self._labels[z]), *(areas > 0).astype(float).tolist()]


def _areas(labels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """(Z, Y, X) to the pixels of LV, MYO and RV on each slice, (Z, 3)."""
    flat = labels.reshape(len(labels), -1)
    return np.stack([np.count_nonzero(flat == label, axis=1) for label in (LV, MYO, RV)], axis=1)


def _surrounded(plane: NDArray[np.uint8]) -> tuple[float, float]:
    """Of a slice (Y, X): in which share of the directions from the cavity's centre myocardium lies, and which share of
    the pixels beside the cavity is myocardium. 0 where there is no cavity."""
    on = np.flatnonzero(plane.any(axis=1))
    plane = plane[on[0] : on[-1] + 1] if len(on) else plane
    cavity = np.argwhere(plane == LV)
    if not len(cavity):
        return 0.0, 0.0
    wall = np.argwhere(plane == MYO) - cavity.mean(axis=0)
    turn = (np.arctan2(wall[:, 0], wall[:, 1]) + np.pi) / (2 * np.pi) * _DIRECTIONS
    directions = len(np.unique(turn.astype(int) % _DIRECTIONS)) / _DIRECTIONS
    (top, left), (bottom, right) = cavity.min(axis=0), cavity.max(axis=0) + 1
    part = np.pad(plane, 1)[top : bottom + 2, left : right + 2]
    inside = part == LV
    grown = inside.copy()
    for axis in (0, 1):
        for step in (1, -1):
            grown |= np.roll(inside, step, axis)
        inside = grown.copy()
    ring = grown & (part != LV)
    return directions, float((part[ring] == MYO).mean()) if ring.any() else 0.0
