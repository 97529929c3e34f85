"""Regions, curves, shapes in between, pushing: pure geometry on small slices."""

from __future__ import annotations

import numpy as np
import pytest

from engine.shapes.between import between, signed_mm
from engine.shapes.curve import area_of, curve_through, dragged, inside, points_of, with_point, without_point
from engine.shapes.push import carried, pushed, still
from engine.shapes.structures import cleared, filled, region_of, smoothed, walled, with_region
from engine.volume import LV, MYO, RV

SPACING = (1.5, 1.0)


def disc(shape: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    return (xs + 0.5 - x) ** 2 + (ys + 0.5 - y) ** 2 <= radius**2


def heart(x: float = 30.0, y: float = 32.0, cavity: float = 9.0, wall: float = 5.0) -> np.ndarray:
    """A short-axis slice (64, 72): a round cavity in a wall, and a right ventricle on its left."""
    shape = (64, 72)
    labels = np.zeros(shape, dtype=np.uint8)
    labels[disc(shape, x - 14, y, 9)] = RV
    labels[disc(shape, x, y, cavity + wall)] = MYO
    labels[disc(shape, x, y, cavity)] = LV
    return labels


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


# -- regions ---------------------------------------------------------------------------------------------------------


def test_the_region_of_the_myocardium_holds_the_cavity() -> None:
    labels = heart()
    assert region_of(labels, MYO)[32, 30]
    assert not region_of(labels, LV)[32, 42]


def test_where_the_cavity_gives_way_the_wall_follows() -> None:
    labels = heart()
    made = with_region(labels, LV, disc(labels.shape, 30, 32, 6))
    assert np.array_equal(region_of(made, MYO), region_of(labels, MYO))
    assert (made == LV).sum() < (labels == LV).sum()


def test_a_smaller_epicardium_never_cuts_the_cavity() -> None:
    labels = heart()
    made = with_region(labels, MYO, disc(labels.shape, 30, 32, 5))
    assert np.array_equal(made == LV, labels == LV)
    assert not (made == MYO).any()


def test_the_right_ventricle_takes_nothing_of_the_left() -> None:
    labels = heart()
    made = with_region(labels, RV, disc(labels.shape, 20, 32, 14))
    assert np.array_equal(region_of(made, MYO), region_of(labels, MYO))
    assert (made == RV).sum() > (labels == RV).sum()


def test_holes_are_filled_with_the_structure() -> None:
    labels = heart()
    holed = labels.copy()
    holed[30:33, 28:31] = 0
    holed[32, 41] = 0
    assert np.array_equal(filled(filled(holed, LV), MYO), labels)


def test_clearing() -> None:
    labels = heart()
    assert not (cleared(labels, RV) == RV).any()
    assert (cleared(labels, RV) == LV).sum() == (labels == LV).sum()
    assert not cleared(labels).any()


def test_smoothing_takes_a_spike_and_keeps_the_area() -> None:
    labels = heart()
    rough = labels.copy()
    rough[31:33, 44:52] = MYO
    made = smoothed(rough, MYO, (1.0, 1.0), 3.0)
    assert not made[31:33, 49:52].any()
    area = int(region_of(rough, MYO).sum())
    assert abs(int(region_of(made, MYO).sum()) - area) <= 0.03 * area
    assert np.array_equal(made == LV, labels == LV)
    assert np.array_equal(smoothed(np.zeros((9, 9), np.uint8), LV, SPACING), np.zeros((9, 9), np.uint8))


def test_the_wall_stays_around_a_growing_cavity() -> None:
    before = heart()
    after = before.copy()
    after[disc(before.shape, 40, 32, 8)] = LV  # breaks through the wall
    made = walled(before, after, (1.0, 1.0), 2.0)
    beside = np.zeros_like(before, dtype=bool)
    lv = made == LV
    for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        beside |= np.roll(lv, (dy, dx), (0, 1)) & ~lv
    assert (made[beside] == MYO).all()


def test_an_eraser_in_the_wall_leaves_its_least_thickness() -> None:
    before = heart()
    after = before.copy()
    after[28:36, 38:46] = 0
    made = walled(before, after, (1.0, 1.0), 2.0)
    assert made[32, 39] == MYO
    assert made[32, 43] == 0


def test_a_wall_that_was_open_stays_open() -> None:
    before = heart()
    before[:24] = np.where(before[:24] == MYO, 0, before[:24])
    after = before.copy()
    after[disc(before.shape, 30, 22, 3)] = LV
    assert not (walled(before, after, (1.0, 1.0), 2.0)[15:20, 28:33] == MYO).any()


# -- in between ------------------------------------------------------------------------------------------------------


def test_signed_distances_are_in_millimetres() -> None:
    field = signed_mm(disc((40, 40), 20, 20, 8), (2.0, 1.0))
    assert field[20, 35] == pytest.approx(2.0 * 7.5, abs=1.0)
    assert field[35, 20] == pytest.approx(7.5, abs=0.8)
    assert field[20, 20] < -6


def test_the_ends_are_the_slices_themselves() -> None:
    one, other = heart(), heart(x=34, y=30, cavity=6)
    assert np.array_equal(between(one, other, 0.0, SPACING), one)
    assert np.array_equal(between(one, other, 1.0, SPACING), other)


def test_the_middle_of_two_hearts_is_a_heart_in_the_middle() -> None:
    made = between(heart(x=26, cavity=10), heart(x=34, cavity=6), 0.5, (1.0, 1.0))
    assert dice(made == LV, heart(x=30, cavity=8) == LV) > 0.95
    assert dice(region_of(made, MYO), region_of(heart(x=30, cavity=8), MYO)) > 0.97


def test_a_structure_of_one_side_ends_half_way() -> None:
    one, other = heart(), np.where(heart() == RV, np.uint8(0), heart())
    assert (between(one, other, 0.3, SPACING) == RV).any()
    assert not (between(one, other, 0.6, SPACING) == RV).any()
    assert not between(np.zeros_like(one), np.zeros_like(one), 0.5, SPACING).any()


# -- curves ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("structure", [LV, MYO, RV])
def test_a_few_points_stand_for_an_outline(structure: int) -> None:
    region = region_of(heart(), structure)
    points = points_of(region)
    assert 6 <= len(points) <= 24
    assert dice(inside(curve_through(points), region.shape), region) > 0.96


def test_a_filled_line_holds_the_centres_inside() -> None:
    square = np.array([[2.0, 3.0], [6.0, 3.0], [6.0, 5.0], [2.0, 5.0]])
    found = inside(square, (8, 9))
    expected = np.zeros((8, 9), dtype=bool)
    expected[3:5, 2:6] = True
    assert np.array_equal(found, expected)
    assert abs(area_of(square)) == 8.0
    assert not inside(square[:2], (8, 9)).any()
    assert inside(square * 10 - np.array([20, 25]), (8, 9))[7, 8]  # partly outside the picture


def test_a_dragged_point_reshapes_only_what_is_near() -> None:
    points = points_of(disc((80, 80), 40, 40, 25))
    before, after = curve_through(points), curve_through(dragged(points, 0, (points[0, 0] + 6, points[0, 1])))
    moved = np.hypot(*(after - before).T) > 1e-9
    spans = np.flatnonzero(moved.reshape(len(points), -1).any(axis=1))
    assert set(spans.tolist()) <= {0, 1, len(points) - 1, len(points) - 2}


def test_points_come_and_go() -> None:
    points = points_of(disc((80, 80), 40, 40, 25))
    more = with_point(points, tuple(curve_through(points)[8]))
    assert len(more) == len(points) + 1
    assert np.abs(area_of(curve_through(more))) == pytest.approx(np.abs(area_of(curve_through(points))), rel=0.02)
    assert np.array_equal(without_point(more, 1), points)
    four = points[:4]
    assert without_point(four, 0) is four
    assert not len(points_of(np.zeros((5, 5), dtype=bool)))


# -- pushing ---------------------------------------------------------------------------------------------------------


def test_a_push_takes_the_contour_along() -> None:
    labels = heart()
    warp = still(labels.shape)
    for i in range(20):
        warp = pushed(warp, (1.0, 1.0), (43.0 + 0.3 * i, 32.5), (43.3 + 0.3 * i, 32.5), 8.0)
    made = carried(labels, warp)
    right = [int(np.flatnonzero(plane[32] == MYO).max()) for plane in (labels, made)]
    assert 4 <= right[1] - right[0] <= 7
    assert np.array_equal(made[:20], labels[:20])
    assert np.array_equal(made[:, :28], labels[:, :28])


def test_a_push_is_the_same_in_one_step_or_many() -> None:
    labels = heart()
    once = carried(labels, pushed(still(labels.shape), SPACING, (60.0, 32.0), (66.0, 32.0), 9.0))
    warp = still(labels.shape)
    for i in range(12):
        warp = pushed(warp, SPACING, (60.0 + i / 2, 32.0), (60.5 + i / 2, 32.0), 9.0)
    assert dice(carried(labels, warp) == MYO, once == MYO) > 0.96


def test_a_push_never_opens_the_wall() -> None:
    labels = heart()
    warp = pushed(still(labels.shape), (1.0, 1.0), (34.0, 32.0), (47.0, 32.0), 9.0)
    made = carried(labels, warp)
    lv = np.argwhere(made == LV)
    for y, x in lv:
        assert {made[y - 1, x], made[y + 1, x], made[y, x - 1], made[y, x + 1]} <= {LV, MYO}
    assert carried(labels, still(labels.shape)) is labels


def test_a_push_beyond_the_picture_does_nothing() -> None:
    labels = heart()
    warp = pushed(still(labels.shape), (1.0, 1.0), (-90.0, -90.0), (-80.0, -90.0), 5.0)
    assert carried(labels, warp) is labels
