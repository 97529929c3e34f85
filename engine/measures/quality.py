"""What makes measured numbers doubtful: structures that are not there, gaps and jumps in them, impossible results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NAMES = {"lv": "LV cavity", "rv": "RV cavity"}
EF_PERCENT = (3.0, 90.0)
"""An ejection fraction outside of this is rather a fault of the segmentation or of the phases than of the heart."""
EDV_ML = (15.0, 700.0)
"""End-diastolic volumes of human hearts, from small children to the largest failing ones."""
FRAMES_FOR_JUMPS = 12
"""With fewer frames to a beat, neighbours in time differ much in a sound heart."""
JUMP_OF_EDV = 0.15
JUMP_OF_AREA = 2.0
MOST_WAYS = 4.5
"""How far an area goes up and down in a beat, by its span: 2.0 to 2.8 in three real cines, 8 with shuffled frames."""
LEAST_SPAN, LEAST_SPAN_VOXELS = 0.2, 100
"""Areas that change less show no beat."""
CUT_OFF = 0.5
"""The smaller end of an LV has at most this share of its largest area; 95 % of ACDC's patients have .33 or less."""
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Doubts:
    """notices: what the user has to be told, one sentence each.

    keys: which measures of engine.measures.quantities are doubtful, by how their keys begin: "lv", or "lv.edv_ml".
    """

    notices: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()


def doubts_of_labels(
    voxels: NDArray[np.int64], ed: int | None, es: int | None, lone: int | None = None, *, cine: bool
) -> Doubts:
    """What is missing or jumps in a segmentation.

    voxels: (T, Z, 3) of LV, MYO and RV in every slice. ed, es: frames, None where the phase is not known.
    lone: the frame that all numbers are of, where its phase is not known. cine: whether the frames are of one
    heartbeat, in order.
    """
    lv, myo, rv = (voxels[..., i] for i in range(3))
    if not lv.any() and not rv.any():
        return Doubts(("Nothing was found: no ventricle is in any slice.",), frozenset(NAMES))
    notices: list[str] = []
    sides: set[str] = set()
    there = np.flatnonzero(voxels.any(axis=(1, 2)))
    single = len(there) <= 2 < len(voxels)
    if lone is not None and len(voxels) > 1:
        notices.append(_of_lone(voxels, lone))
    elif single:
        notices.append(
            f"Only frames {_listed(there)} have labels: nothing but their volumes says that they are end-diastole and "
            "end-systole."
        )
    for side, found in (("lv", lv), ("rv", rv)):
        said = [f"No {NAMES[side]} was found in any slice."] if not found.any() else []
        if found.any():
            if lone is None and not single:
                said += _in_time(NAMES[side], found, cine=cine)
            phases = {"end-diastole": ed, "end-systole": es} if (ed, es) != (None, None) else {"this frame": lone or 0}
            for phase, frame in phases.items():
                if frame is not None:
                    said += _along_the_stack(NAMES[side], found[frame], phase)
            if side == "lv":
                said += _cut_off(found[next((f for f in phases.values() if f is not None), 0)])
            others = [t for t in range(len(found)) if t not in phases.values() and len(_gaps(found[t]))]
            if others:
                # Such a frame may be no end-diastole for this reason alone.
                said.append(
                    f"Frames in which a slice has no {NAMES[side]}, though the slices on both sides have: "
                    f"{_listed(np.array(others))}."
                )
        notices += said
        if said:
            sides.add(side)
    if lv.any() and not myo.any():
        notices.append("No LV myocardium was found, so there is no mass.")
    return Doubts(tuple(notices), frozenset(sides))


def _of_lone(voxels: NDArray[np.int64], lone: int) -> str:
    """Why the numbers of a cine are of one frame. voxels: (T, Z, 3)."""
    if np.count_nonzero(voxels.any(axis=(1, 2))) > 1:
        return "All frames with labels are alike, so that no phase is known: choose end-diastole and end-systole."
    return (
        f"Only frame {lone + 1} has labels, and its phase is not known: its volumes are neither end-diastolic nor "
        "end-systolic ones until that frame is chosen to be one of the two."
    )


def _in_time(name: str, found: NDArray[np.int64], *, cine: bool) -> list[str]:
    """Frames without a structure, and frames whose volume leaps away from both neighbours. found: (T, Z) voxels."""
    volumes = found.sum(axis=1)
    frames = len(volumes)
    said = []
    empty = np.flatnonzero(volumes == 0)
    if len(empty):
        said.append(f"Frames without {name}: {_listed(empty)}, of {frames}.")
    if cine and frames >= FRAMES_FOR_JUMPS:
        before, here, after = volumes[:-2], volumes[1:-1], volumes[2:]
        leaps = np.minimum(np.abs(here - before), np.abs(here - after)) * np.sign((here - before) * (here - after))
        jumps = np.flatnonzero((leaps > JUMP_OF_EDV * volumes.max()) & (here > 0)) + 1
        if len(jumps):
            said.append(f"Frames in which the {name} differs much from those before and after: {_listed(jumps)}.")
        if len(leaping := _out_of_order(found)):
            said.append(
                f"Slices in which the {name} leaps from frame to frame: {_listed(leaping)}. Their frames are probably "
                "out of order, and then the ejection fraction is too small."
            )
    return said


def _out_of_order(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Slices whose areas go up and down many times: a beat goes down and up once. found: (T, Z) voxels."""
    ways = np.abs(np.diff(found, axis=0, append=found[:1])).sum(axis=0)
    spans = np.ptp(found, axis=0)
    moves = (spans >= LEAST_SPAN_VOXELS) & (spans >= LEAST_SPAN * found.max(axis=0)) & (found.min(axis=0) > 0)
    return np.asarray(np.flatnonzero(moves & (ways > MOST_WAYS * spans)))


def _along_the_stack(name: str, areas: NDArray[np.int64], phase: str) -> list[str]:
    """Slices without a structure, or with far more or less of it, between slices that have it. areas: (Z,) voxels."""
    there = np.flatnonzero(areas)
    if len(there) < 2:
        return []
    said = []
    inside = np.arange(there[0] + 1, there[-1])
    gaps = _gaps(areas)
    if len(gaps):
        said.append(
            f"Slices without {name} at {phase}, though it is on both sides: {_listed(gaps)}. Its volume is too small."
        )
    before, here, after = areas[inside - 1], areas[inside], areas[inside + 1]
    both = (before > 0) & (here > 0) & (after > 0)
    less, more = np.minimum(before, after), np.maximum(before, after)
    jumps = inside[both & ((here * JUMP_OF_AREA < less) | (here > JUMP_OF_AREA * more))]
    if len(jumps):
        said.append(f"Slices in which the {name} differs much from those beside it at {phase}: {_listed(jumps)}.")
    return said


def _cut_off(areas: NDArray[np.int64]) -> list[str]:
    """That labels end where the cavity is still wide, though the scan goes on, as in a mask of some slices only."""
    there = np.flatnonzero(areas)
    if len(there) < 2 or len(there) == len(areas):
        return []
    apex = there[0] if areas[there[0]] < areas[there[-1]] else there[-1]
    share = areas[apex] / areas.max()
    if share <= CUT_OFF or apex in (0, len(areas) - 1):
        return []
    return [
        f"The LV cavity ends at slice {apex + 1} with {100 * share:.0f} % of its largest area, though the scan goes "
        "on: slices at the apex are probably without labels, and its volumes too small."
    ]


def _gaps(areas: NDArray[np.int64]) -> NDArray[np.int64]:
    """Slices without a structure between slices that have it. areas: (Z,) voxels."""
    there = np.flatnonzero(areas)
    inside = np.arange(there[0] + 1, there[-1]) if len(there) else there
    return np.asarray(inside[areas[inside] == 0])


def doubts_of_numbers(side: str, edv_ml: float | None, ef_percent: float | None, *, units_known: bool) -> Doubts:
    """What cannot be, or hardly: side is "lv" or "rv"."""
    name = side.upper()
    notices, keys = [], set()
    low, high = EF_PERCENT
    if ef_percent is not None and ef_percent < 0:
        notices.append(
            f"The {name} ejection fraction is negative: the ventricle is larger at end-systole than at end-diastole. "
            "Check the phases and the outlines."
        )
        keys.add(side)
    elif ef_percent is not None and not low <= ef_percent <= high:
        notices.append(
            f"An {name} ejection fraction of {ef_percent:.0f} % is hardly possible. Check the phases and the outlines."
        )
        keys.add(side)
    smallest, largest = EDV_ML
    if units_known and edv_ml is not None and not smallest <= edv_ml <= largest:
        notices.append(
            f"An {name} end-diastolic volume of {edv_ml:.0f} mL is not that of a human heart. "
            "Check the spacing and the outlines."
        )
        # The stroke volume and the volume at end-systole have the same spacing and outlines.
        keys |= {f"{side}.{key}" for key in ("edv_ml", "esv_ml", "sv_ml")}
    return Doubts(tuple(notices), frozenset(keys))


def doubts_of_scan(not_short_axis: str) -> Doubts:
    """Of a scan that is no short-axis stack: sums over its slices are no volumes of a heart. not_short_axis: as in
    Volume."""
    if not not_short_axis:
        return Doubts()
    return Doubts(
        (f"Volumes, mass and ejection fractions are not to be trusted: the scan is {not_short_axis}.",),
        frozenset(NAMES),
    )


def together(doubts: Sequence[Doubts]) -> Doubts:
    """All of them as one."""
    return Doubts(
        tuple(dict.fromkeys(notice for each in doubts for notice in each.notices)),
        frozenset(key for each in doubts for key in each.keys),
    )


def _listed(indices: NDArray[np.int64]) -> str:
    """Such as "3, 4, 9", counted from 1; long lists are cut."""
    more = f" and {len(indices) - _SHOWN} more" if len(indices) > _SHOWN else ""
    return ", ".join(str(index + 1) for index in indices[:_SHOWN]) + more
