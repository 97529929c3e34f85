"""Metrics against numbers worked out by hand and against brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from engine.measures.metrics import agreement, bootstrap_interval, dice, equivalence, hd95_mm, icc, iou


def mask(*inside: int, size: int = 8) -> np.ndarray:
    out = np.zeros(size, bool)
    out[list(inside)] = True
    return out


@pytest.mark.parametrize(
    ("ours", "truth", "expected_dice", "expected_iou"),
    [
        ((1, 2, 3), (1, 2, 3), 1, 1),
        ((1, 2, 3), (2, 3, 4, 5, 6), 0.5, 1 / 3),  # 2 · 2 / 8; 2 / 6
        ((1, 2), (3, 4), 0, 0),
        ((1, 2), (), 0, 0),
        ((), (1, 2), 0, 0),
        ((), (), math.nan, math.nan),
    ],
)
def test_overlap(ours: tuple[int, ...], truth: tuple[int, ...], expected_dice: float, expected_iou: float) -> None:
    assert dice(mask(*ours), mask(*truth)) == pytest.approx(expected_dice, nan_ok=True)
    assert iou(mask(*ours), mask(*truth)) == pytest.approx(expected_iou, nan_ok=True)


def test_overlap_of_any_nonzero_value() -> None:
    assert dice(np.array([0, 3, 2]), np.array([0, 1, 0])) == pytest.approx(2 / 3)


def cube(z: int, y: int, x: int, size: int = 12) -> np.ndarray:
    out = np.zeros((size, size, size), bool)
    out[z : z + 3, y : y + 3, x : x + 3] = True
    return out


@pytest.mark.parametrize(
    ("shift", "expected"),
    [((0, 0, 0), 0.0), ((4, 0, 0), 40.0), ((0, 4, 0), 8.0), ((0, 0, 4), 4.0)],
    ids=["same", "z by 10 mm", "y by 2 mm", "x by 1 mm"],
)
def test_distance_of_shifted_cubes_goes_by_the_spacing_of_each_axis(
    shift: tuple[int, int, int], expected: float
) -> None:
    """Cubes of 3 voxels moved by 4: the farthest faces are 4 steps apart, and hold more than 5 % of the surface."""
    a, b = cube(2, 2, 2), cube(2 + shift[0], 2 + shift[1], 2 + shift[2])
    assert hd95_mm(a, b, (1.0, 2.0, 10.0)) == pytest.approx(expected)


def brute_force(a: np.ndarray, b: np.ndarray, spacing_zyx: np.ndarray) -> float:
    def surface(m: np.ndarray) -> np.ndarray:
        found = []
        for p in np.argwhere(m):
            for axis, step in itertools.product(range(3), (-1, 1)):
                q = p.copy()
                q[axis] += step
                if (q < 0).any() or (q >= m.shape).any() or not m[tuple(q)]:
                    found.append(p)
                    break
        return np.array(found) * spacing_zyx

    sa, sb = surface(a), surface(b)
    apart = np.linalg.norm(sa[:, None] - sb[None], axis=2)
    return float(np.percentile(np.concatenate([apart.min(axis=1), apart.min(axis=0)]), 95))


@pytest.mark.parametrize("seed", range(6))
def test_distance_against_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = np.mgrid[:6, :14, :12]

    def blob() -> np.ndarray:
        centre, radii = rng.uniform((1, 4, 4), (4, 9, 8)), rng.uniform(1.5, 5, 3)
        return (((grid - centre[:, None, None, None]) / radii[:, None, None, None]) ** 2).sum(0) < 1

    a, b = blob(), blob()
    a[0, :3, :3] = True  # touches the image's border
    assert hd95_mm(a, b, (1.3, 1.7, 8.0)) == pytest.approx(brute_force(a, b, np.array([8.0, 1.7, 1.3])))


def test_distance_is_symmetric() -> None:
    a, b = cube(1, 2, 3), cube(2, 5, 1)
    b[6, 6, 6] = True
    assert hd95_mm(a, b, (1, 2, 3)) == hd95_mm(b, a, (1, 2, 3))


def test_distance_to_nothing_has_no_value() -> None:
    empty = np.zeros((4, 4, 4), bool)
    full = np.ones((4, 4, 4), bool)
    assert math.isnan(hd95_mm(empty, full, (1, 1, 1)))
    assert math.isnan(hd95_mm(full, empty, (1, 1, 1)))
    assert math.isnan(hd95_mm(empty, empty, (1, 1, 1)))
    assert hd95_mm(full, full, (1, 1, 1)) == 0


def test_a_single_voxel_is_all_surface() -> None:
    a, b = np.zeros((5, 5, 5), bool), np.zeros((5, 5, 5), bool)
    a[0, 0, 0] = b[3, 4, 0] = True
    assert hd95_mm(a, b, (9, 1, 1)) == pytest.approx(5)  # 3-4-5


@pytest.mark.parametrize("function", [dice, iou])
def test_shapes_must_agree(function: object) -> None:
    with pytest.raises(ValueError, match="different shapes"):
        function(np.zeros((2, 2)), np.zeros((2, 3)))  # type: ignore[operator]


def test_surfaces_are_of_volumes() -> None:
    with pytest.raises(ValueError, match="3-D"):
        hd95_mm(np.ones((2, 2)), np.ones((2, 2)), (1, 1, 1))


def test_agreement() -> None:
    """Differences 1, −1, 3, 5: mean 2, squared deviations 1 + 9 + 1 + 9 = 20, so sd = sqrt(20 / 3)."""
    found = agreement([11, 19, 33, 45], [10, 20, 30, 40])
    sd = math.sqrt(20 / 3)
    assert found.bias == 2
    assert found.sd == pytest.approx(sd)
    assert (found.low, found.high) == pytest.approx((2 - 1.96 * sd, 2 + 1.96 * sd))
    assert found.mae == 2.5
    assert found.n == 4


def test_agreement_of_few() -> None:
    one = agreement([5], [3])
    assert (one.bias, one.mae, one.n) == (2, 2, 1)
    assert math.isnan(one.sd) and math.isnan(one.low)
    none = agreement([], [])
    assert none.n == 0 and math.isnan(none.bias)
    with pytest.raises(ValueError, match="references"):
        agreement([1], [])


def test_icc_by_hand() -> None:
    """Rows 1 2, 3 2, 5 6: MS rows 19/3 = 2 · (1.5², .5²…), columns 1/6, error 2/3 (McGraw and Wong's ICC(A,1))."""
    measured, reference = [1, 3, 5], [2, 2, 6]
    rows = 2 * ((1.5 - 19 / 6) ** 2 + (2.5 - 19 / 6) ** 2 + (5.5 - 19 / 6) ** 2) / 2
    columns = 3 * 2 * (1 / 6) ** 2
    # What is left of each value once its row's and its column's means are taken out: ∓1/3, ±2/3, ∓1/3.
    rest = 2 * ((1 / 3) ** 2 + (2 / 3) ** 2 + (1 / 3) ** 2) / 2
    assert icc(measured, reference) == pytest.approx((rows - rest) / (rows + rest + 2 * (columns - rest) / 3))
    assert icc([1, 2, 3], [1, 2, 3]) == pytest.approx(1)
    assert agreement([1, 2, 3], [11, 12, 13]).icc < 0.05
    assert math.isnan(icc([1], [1]))
    assert math.isnan(icc([2, 2], [2, 2]))


def test_bootstrap_draws_patients() -> None:
    sure = bootstrap_interval([[0.9, 0.9]] * 10)
    assert (sure.low, sure.high) == (pytest.approx(0.9), pytest.approx(0.9))
    values = list(np.random.default_rng(1).normal(0.9, 0.1, 100))
    single = bootstrap_interval([[v] for v in values])
    # As wide as 1.96 standard errors on either side; no narrower for counting every patient twice.
    assert single.high - single.low == pytest.approx(2 * 1.96 * 0.1 / 10, rel=0.2)
    twice = bootstrap_interval([[v, v] for v in values])
    assert (twice.low, twice.high) == (pytest.approx(single.low), pytest.approx(single.high))
    assert bootstrap_interval([[math.nan, v] for v in values]) == single
    assert math.isnan(bootstrap_interval([[0.9], [math.nan]]).low)


def test_equivalence_wants_the_whole_interval_inside() -> None:
    # Mean 0, sd 1e-3 · sqrt(4/3), t(3, .95) = 2.3534: reach 2.3534 · 1e-3 · sqrt(4/3) / 2.
    found = equivalence([1e-3, -1e-3, 1e-3, -1e-3], 0.002)
    reach = 2.3534e-3 * math.sqrt(4 / 3) / 2
    assert (found.interval.low, found.interval.high) == (
        pytest.approx(-reach, rel=1e-4),
        pytest.approx(reach, rel=1e-4),
    )
    assert found.equivalent and found.n == 4
    assert not equivalence([1e-3, -1e-3, 1e-3, -1e-3], 0.001).equivalent
    assert not equivalence([0.003] * 4, 0.002).equivalent
    assert not equivalence([0.0, math.nan], 0.002).equivalent
