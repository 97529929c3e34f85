"""Lines of intersection: positions by hand-computed affines, and points that must lie in both planes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.pictures.crossing import crossing, lies_across, slice_at, to_patient, to_slice
from engine.volume import Geometry

# 30 columns of 2 mm and 20 rows of 1 mm: 60 × 20 mm; slices at z = 0, 8, … 32.
SHORT = Geometry(np.diag([2.0, 1.0, 8.0, 1.0]), (5, 20, 30))


def plane(x: tuple[float, ...], y: tuple[float, ...], at: tuple[float, ...], shape: tuple[int, int]) -> Geometry:
    """One slice of 1 mm pixels with the outer corner of its first pixel at a place."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([x, y, np.cross(x, y)]).T
    affine[:3, 3] = np.array(at) + affine[:3, 0] / 2 + affine[:3, 1] / 2
    return Geometry(affine, (1, *shape))


# Rows along y, columns down z: the plane x = 19, from y = −5.5 and z = −10, 40 wide and 60 high.
ACROSS = plane((0, 1, 0), (0, 0, 1), (19.0, -5.5, -10.0), (60, 40))


def test_a_line_in_each_by_hand() -> None:
    # The image's corner is at x = −1, so x = 19 is 20 mm from it; the line runs over all 20 mm of the columns.
    line = crossing(SHORT, 1, ACROSS, 0)
    assert line is not None
    assert sorted((line.start, line.end)) == [pytest.approx((20.0, 0.0)), pytest.approx((20.0, 20.0))]
    # Slice 1 lies at z = 8, which is 18 mm from the corner of the other; it is seen from y = −0.5 to 19.5.
    back = crossing(ACROSS, 0, SHORT, 1)
    assert back is not None
    assert sorted((back.start, back.end)) == [pytest.approx((5.0, 18.0)), pytest.approx((25.0, 18.0))]
    assert line.distance(23.0, 24.0) == pytest.approx(5.0)
    assert lies_across(SHORT, ACROSS.with_spacing(1, 1, 1), 0)


def test_no_line_where_planes_are_parallel_or_apart() -> None:
    assert crossing(SHORT, 0, SHORT, 1) is None
    assert crossing(SHORT, 1, plane((0, 1, 0), (0, 0, 1), (200.0, 0.0, -10.0), (60, 40)), 0) is None
    assert crossing(SHORT, 1, plane((0, 1, 0), (0, 0, 1), (19.0, 60.0, -10.0), (60, 40)), 0) is None
    assert not lies_across(SHORT, plane((1, 0, 0), (0, 1, 0), (0.0, 0.0, 8.0), (20, 20)), 0)


def test_oblique_planes_share_their_line_and_it_ends_at_an_edge() -> None:
    x, y = np.array([0.8, 0.6, 0.0]), np.array([-0.36, 0.48, -0.8])
    affine = np.eye(4)
    # Slices drift sideways: the normal alone says where they lie.
    affine[:3, :3] = np.array([1.5 * x, 1.2 * y, 9.0 * np.cross(x, y) + 1.5 * x - 0.5 * y]).T
    affine[:3, 3] = (-40.0, 25.0, 60.0)
    short = Geometry(affine, (5, 40, 30))
    middle = to_patient(short, 2, 20, 20)
    along = np.cross(x, y)
    long = plane(tuple(along), tuple(y), tuple(middle - 40 * along - 40 * y), (80, 80))
    line, back = crossing(short, 2, long, 0), crossing(long, 0, short, 2)
    assert line is not None and back is not None
    ends = [to_patient(short, 2, *end) for end in (line.start, line.end)]
    others = [to_patient(long, 0, *end) for end in (back.start, back.end)]
    assert min(np.abs(np.array(ends) - np.array(o)).max() for o in (others, others[::-1])) < 1e-9
    assert to_slice(long, 0, middle) == pytest.approx((40.0, 40.0))
    for index in range(5):
        assert slice_at(short, to_patient(short, index + 0.4, 3, 70)) == index
    assert slice_at(short, to_patient(short, 99, 0, 0)) == 4
