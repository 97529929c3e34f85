"""Which slices count, and by which rules: what a Reading makes of a Tally."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.measures.reading import Base, Papillary, Place, Reading
from engine.measures.tally import COUNTED, Tally
from engine.volume import LV, MYO

SURROUNDED = 0.5
"""The share of the LV blood that myocardium surrounds at least where a basal slice counts."""

# Two tables: as strings, the conventions of both have one name for what is labelled.
BASE_RULES = {
    Base.LABELLED: "Basal slices count as far as they are labelled.",
    Base.SCMR: (
        "A basal slice counts for LV and myocardium where at least half of the circumference of the LV cavity touches "
        "myocardium (after SCMR: Schulz-Menger et al., J Cardiovasc Magn Reson 2020;22:19). RV slices count as far as "
        "they are labelled: around the RV there is no labelled wall to judge by."
    ),
}
PAPILLARY_RULES = {
    Papillary.LABELLED: "Papillary muscles and trabeculae count as cavity.",
    Papillary.CAVITY: (
        "Papillary muscles and trabeculae count as cavity: all myocardium within the convex hull of the LV cavity of a "
        "slice is part of it."
    ),
    Papillary.MYOCARDIUM: (
        "Papillary muscles and trabeculae count as myocardium: voxels of the LV cavity nearer to the grey value of "
        "myocardium than to that of blood (the medians of both in the slice) are part of it."
    ),
}


def rules(reading: Reading) -> list[str]:
    """The conventions in force, and what the reader left out, one sentence each."""
    said = [PAPILLARY_RULES[reading.papillary], BASE_RULES[reading.base]]
    count = reading.slices_left_out
    if count == 1:
        said.append("Left out by the reader: 1 slice.")
    elif count:
        said.append(f"Left out by the reader: {count} slices, each counted once for every frame.")
    return said


def left_out(tally: Tally, reading: Reading) -> frozenset[Place]:
    """Structures on slices that do not count: left out by the reader, or by the rule for the base."""
    if reading.base is Base.LABELLED:
        return reading.left_out
    return reading.left_out | _open_base(tally)


def counted(tally: Tally, reading: Reading, places: frozenset[Place]) -> NDArray[np.int64]:
    """(T, Z, 3) voxels of LV, MYO and RV in every slice, 0 in those left out. places: as left_out gives them."""
    voxels = tally.by(reading.papillary)
    if not places:
        return voxels
    voxels = voxels.copy()
    for structure, frame, index in places:
        voxels[frame, index, COUNTED.index(structure)] = 0
    return voxels


def base_is_first(tally: Tally) -> bool | None:
    """Whether the base is at slice 0. None where labels do not tell.

    The base is the end of the stack at which the LV cavity is larger: over all frames, the outer third of the slices
    that have it.
    """
    areas = tally.by(Papillary.LABELLED)[..., 0].sum(axis=0)
    there = np.flatnonzero(areas)
    if len(there) < 2:
        return None
    third = max((there[-1] - there[0] + 1) // 3, 1)
    first, last = areas[there[0] : there[0] + third].sum(), areas[there[-1] + 1 - third : there[-1] + 1].sum()
    return None if first == last else bool(first > last)


def _open_base(tally: Tally) -> frozenset[Place]:
    """LV and MYO of slices from the base on, up to the first one whose cavity is surrounded enough, in every frame."""
    first = base_is_first(tally)
    if first is None:
        return frozenset()
    found = set()
    for frame, enclosed in enumerate(tally.enclosed):
        surrounded = enclosed >= SURROUNDED
        if not surrounded.any():
            continue  # labels without a wall, which the rule cannot judge
        with_cavity = np.flatnonzero(~np.isnan(enclosed))
        for index in with_cavity if first else with_cavity[::-1]:
            if surrounded[index]:
                break
            found |= {(LV, frame, int(index)), (MYO, frame, int(index))}
    return frozenset(found)
