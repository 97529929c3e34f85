"""How well two masks agree, and how well two sets of measurements do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

EMPTY_RULE = (
    "A structure that is in neither mask has no Dice, IoU or HD95 and is left out of their means; one that is in only "
    "one of the two has Dice and IoU 0 and no HD95, and is counted in hd95_missing."
)


def dice(ours: NDArray[Any], truth: NDArray[Any]) -> float:
    """2 |A ∩ B| / (|A| + |B|) of two masks of one shape, any dtype, nonzero is inside (Dice, Ecology 1945;26:297).

    NaN where both are empty: there is nothing to agree on.
    """
    a, b = _masks(ours, truth)
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else math.nan


def iou(ours: NDArray[Any], truth: NDArray[Any]) -> float:
    """|A ∩ B| / |A ∪ B| of two masks of one shape (Jaccard, New Phytologist 1912;11:37). NaN where both are empty."""
    a, b = _masks(ours, truth)
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else math.nan


def hd95_mm(ours: NDArray[Any], truth: NDArray[Any], spacing_mm: Sequence[float]) -> float:
    """95th percentile of the distances between the surfaces of two 3-D masks, in mm.

    ours, truth: (Z, Y, X), nonzero is inside. spacing_mm: (x, y, z), as Geometry.spacing_mm.
    The surface is every inside voxel with a face neighbour outside (the border of the image counts as outside).
    Distances run from each surface voxel of one mask to the nearest of the other, in 3-D, both ways; the percentile
    is of the two sets put together (as medpy's hd95; Huttenlocher et al., IEEE PAMI 1993;15:850).
    A single slice has no depth: its surface is the outline in the slice.
    NaN where either is empty: a distance to nothing has no value.
    """
    a, b = _masks(ours, truth)
    if a.ndim != 3:
        raise ValueError(f"surfaces are of 3-D masks, not {a.ndim}-D")
    if not a.any() or not b.any():
        return math.nan
    if len(a) == 1:
        a, b = a[0], b[0]
    # Only the box around both matters, with a margin so that erosion sees the outside.
    inside = a | b
    box = []
    for axis in range(a.ndim):
        on = np.flatnonzero(inside.any(axis=tuple(i for i in range(a.ndim) if i != axis)))
        box.append(slice(on[0], on[-1] + 1))
    a, b = np.pad(a[tuple(box)], 1), np.pad(b[tuple(box)], 1)
    # Not at the top: the viewer paints before SciPy has loaded.
    from scipy.ndimage import binary_erosion, distance_transform_edt  # noqa: PLC0415

    surface_a, surface_b = a & ~binary_erosion(a), b & ~binary_erosion(b)
    steps = tuple(reversed([float(mm) for mm in spacing_mm]))[-a.ndim :]
    to_b = distance_transform_edt(~surface_b, sampling=steps)[surface_a]
    to_a = distance_transform_edt(~surface_a, sampling=steps)[surface_b]
    return float(np.percentile(np.concatenate([to_a, to_b]), 95))


def _masks(ours: NDArray[Any], truth: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    if ours.shape != truth.shape:
        raise ValueError(f"masks of different shapes cannot be compared: {ours.shape} and {truth.shape}")
    return ours.astype(bool), truth.astype(bool)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How measurements differ from their reference, in the unit of both.

    bias: mean of measurement − reference. sd: its sample standard deviation (NaN for one pair).
    low, high: limits of agreement, bias ± 1.96 sd. mae: mean absolute difference. n: pairs.
    icc: intraclass correlation of the two (see icc).
    """

    bias: float
    sd: float
    low: float
    high: float
    mae: float
    n: int
    icc: float = math.nan


def agreement(measured: Sequence[float], reference: Sequence[float]) -> Agreement:
    """Bias and limits of agreement (Bland and Altman, Lancet 1986;327:307), mean absolute error and ICC.

    Raises ValueError for lists of different length; all values are NaN for empty ones.
    """
    if len(measured) != len(reference):
        raise ValueError(f"{len(measured)} measurements have {len(reference)} references")
    if not len(measured):
        return Agreement(math.nan, math.nan, math.nan, math.nan, math.nan, 0)
    difference = np.asarray(measured, dtype=np.float64) - np.asarray(reference, dtype=np.float64)
    bias = float(difference.mean())
    sd = float(difference.std(ddof=1)) if difference.size > 1 else math.nan
    mae = float(np.abs(difference).mean())
    return Agreement(bias, sd, bias - 1.96 * sd, bias + 1.96 * sd, mae, difference.size, icc(measured, reference))


def icc(measured: Sequence[float], reference: Sequence[float]) -> float:
    """Intraclass correlation for absolute agreement of single measurements, two-way: ICC(A,1).

    (MS_rows − MS_error) / (MS_rows + MS_error + 2 (MS_columns − MS_error) / n) with the pairs as rows and the two
    methods as columns (McGraw and Wong, Psychological Methods 1996;1:30). NaN for fewer than two pairs, and where all
    values are the same.
    """
    values = np.array([measured, reference], dtype=np.float64).T
    n = len(values)
    if n < 2:
        return math.nan
    rows, columns = values.mean(axis=1), values.mean(axis=0)
    of_rows = 2 * float(((rows - values.mean()) ** 2).sum()) / (n - 1)
    of_columns = n * float(((columns - values.mean()) ** 2).sum())
    rest = float(((values - rows[:, None] - columns + values.mean()) ** 2).sum()) / (n - 1)
    total = of_rows + rest + 2 * (of_columns - rest) / n
    return (of_rows - rest) / total if total else math.nan


@dataclass(frozen=True, slots=True)
class Interval:
    """From low to high; NaN where there are too few patients to say."""

    low: float
    high: float


BOOTSTRAP_DRAWS = 2000


def bootstrap_interval(by_patient: Sequence[Sequence[float]], share: float = 0.95) -> Interval:
    """Where the mean of the values would lie with other patients: percentiles of means over patients drawn anew.

    by_patient: the values of each patient, NaN where one has none. A patient's values are drawn together, since they
    depend on each other (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). The draws are the
    same each time.
    """
    sums = np.array([np.nansum(values) for values in by_patient], dtype=np.float64)
    counts = np.array([np.count_nonzero(~np.isnan(values)) for values in by_patient])
    sums, counts = sums[counts > 0], counts[counts > 0]
    if len(sums) < 2:
        return Interval(math.nan, math.nan)
    drawn = np.random.default_rng(0).integers(len(sums), size=(BOOTSTRAP_DRAWS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - share) / 2, (1 + share) / 2])
    return Interval(float(low), float(high))


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether two methods give the same within a margin.

    difference: mean over the patients. interval: its 90 % confidence interval. margin: the largest difference that
    does not matter, settled before. equivalent: whether the whole interval lies within ± margin. n: patients.
    """

    difference: float
    interval: Interval
    margin: float
    equivalent: bool
    n: int


def equivalence(differences: Sequence[float], margin: float) -> Equivalence:
    """Two one-sided t-tests at 5 % each, as the 90 % interval of the mean of paired differences, one a patient.

    (Schuirmann, J Pharmacokinet Biopharm 1987;15:657.) NaN are left out; not equivalent with fewer than two patients.
    """
    values = np.array([d for d in differences if not math.isnan(d)], dtype=np.float64)
    if len(values) < 2:
        mean = float(values[0]) if len(values) else math.nan
        return Equivalence(mean, Interval(math.nan, math.nan), margin, False, len(values))
    # Not at the top: the viewer paints before SciPy has loaded.
    from scipy.special import stdtrit  # noqa: PLC0415

    mean = float(values.mean())
    reach = float(stdtrit(len(values) - 1, 0.95)) * float(values.std(ddof=1)) / math.sqrt(len(values))
    within = -margin < mean - reach and mean + reach < margin
    return Equivalence(mean, Interval(mean - reach, mean + reach), margin, within, len(values))
