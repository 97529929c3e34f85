"""The distances between the slices of a stack: what each slice stands for, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Distances between neighbouring slices that differ by less than this share of their median are equal.
EVEN = 0.02
# A distance this much wider than the others is a slice that is not there.
_GAP = 1.6


@dataclass(frozen=True, slots=True)
class SliceSteps:
    """step_mm: from slice to slice. slabs_mm: what each slice stands for, empty where the distances are equal.

    notices, spacing_notices: on slices that are missing, and on distances that differ. missing: as in Volume.
    """

    step_mm: float
    slabs_mm: tuple[float, ...] = ()
    notices: tuple[str, ...] = ()
    spacing_notices: tuple[str, ...] = ()
    missing: str = ""


def steps_of(places_mm: Sequence[float]) -> SliceSteps | None:
    """What the ascending places of slices along their normal say; None for a single slice."""
    gaps = np.diff(np.array(places_mm))
    if not gaps.size:
        return None
    step = float(np.median(gaps))
    if not (np.abs(gaps - step) > EVEN * step + 0.01).any():
        return SliceSteps(float(gaps.mean()))
    # Half way to either neighbour; at the ends as far outwards as inwards.
    slabs = np.concatenate((gaps[:1], (gaps[:-1] + gaps[1:]) / 2, gaps[-1:]))
    where = int(np.argmax(np.abs(gaps - step)))
    uneven = (
        f"The slices are not evenly spaced: {gaps.min():.2f} to {gaps.max():.2f} mm, the widest difference between "
        f"slices {where + 1} and {where + 2}. Each slice counts by its own distance to its neighbours."
    )
    wide = [k + 1 for k, gap in enumerate(gaps) if gap > _GAP * step]
    notices: tuple[str, ...] = ()
    missing = ""
    if wide:
        between = " and ".join(f"{k} and {k + 1}" for k in wide[:3])
        notices = (f"A slice seems to be missing between slices {between}: mL are not to be trusted.",)
        missing = "a slice seems to be missing" if len(wide) == 1 else "slices seem to be missing"
    return SliceSteps(step, tuple(float(slab) for slab in slabs), notices, (uneven,), missing)
