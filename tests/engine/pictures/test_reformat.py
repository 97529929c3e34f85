"""Planes through a stack: positions by hand-computed affines, pictures by stacks that say where they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.pictures.reformat import Plane, long_axis_plane, sample
from engine.volume import Geometry

SHAPE = (5, 20, 30)
STRAIGHT = Geometry(np.diag([2.0, 1.0, 8.0, 1.0]), SHAPE)


def lps(geometry: Geometry, plane: Plane) -> np.ndarray:
    """(Z, N, 3) LPS mm of the plane's samples."""
    z = np.broadcast_to(np.arange(plane.columns_px.shape[0])[:, None], plane.columns_px.shape)
    index = np.stack([plane.columns_px, plane.rows_px, z, np.ones_like(plane.columns_px)])
    return np.moveaxis(np.tensordot(geometry.affine, index, 1)[:3], 0, -1)


def oblique() -> Geometry:
    """A double-oblique stack whose slices also drift sideways, 1.5 mm along the rows and −0.5 mm down the columns."""
    x = np.array([0.8, 0.6, 0.0])
    y = np.array([-0.36, 0.48, -0.8])
    normal = np.cross(x, y)
    affine = np.eye(4)
    affine[:3, :3] = np.array([1.5 * x, 1.2 * y, 9.0 * normal + 1.5 * x - 0.5 * y]).T
    affine[:3, 3] = (-40.0, 25.0, 60.0)
    return Geometry(affine, SHAPE)


def test_along_the_rows_of_a_straight_stack() -> None:
    plane = long_axis_plane(STRAIGHT, 30.0, 10.5, 0.0)
    assert (plane.step_mm, plane.slice_mm) == (1.0, 8.0)
    assert plane.columns_px.shape[0] == 5
    assert plane.along.tolist() == pytest.approx([1, 0, 0])
    assert plane.normal.tolist() == pytest.approx([0, 0, 1])
    # 10.5 mm from the edge of 1 mm rows is the middle of row 10; every sample lies in it, one a millimetre.
    assert plane.rows_px == pytest.approx(np.full_like(plane.rows_px, 10.0))
    assert np.diff(plane.columns_px, axis=1) == pytest.approx(np.full((5, plane.columns_px.shape[1] - 1), 0.5))
    # The image is 60 mm wide: it is covered from edge to edge.
    assert plane.columns_px[0, 0] <= -0.5 + 0.5
    assert plane.columns_px[0, -1] >= 29.5 - 0.5
    at = int(plane.through)
    assert (plane.columns_px[0, at] + 0.5) * 2.0 == pytest.approx(30.0)


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2, 2.5, -1.0])
def test_samples_lie_in_one_plane_that_holds_the_normal(angle: float) -> None:
    geometry = oblique()
    plane = long_axis_plane(geometry, 20.0, 11.0, angle)
    points = lps(geometry, plane)
    across = np.cross(plane.along, plane.normal)
    assert np.abs((points - points[0, 0]) @ across).max() < 1e-9
    # Straight up from slice to slice, by the distance between the slice planes, not along the drift.
    step = points[1, 0] - points[0, 0]
    assert step == pytest.approx(9.0 * plane.normal)
    assert plane.slice_mm == pytest.approx(9.0)
    assert points[0, 1] - points[0, 0] == pytest.approx(plane.step_mm * plane.along)


def test_through_the_point_in_the_middle_slice() -> None:
    geometry = oblique()
    plane = long_axis_plane(geometry, 20.0, 11.0, 0.7)
    here = lps(geometry, plane)[2, int(plane.through)]
    assert here == pytest.approx(geometry.position_mm(20.0 / 1.5 - 0.5, 11.0 / 1.2 - 0.5, 2))


def test_the_two_planes_are_at_right_angles() -> None:
    one, other = (long_axis_plane(oblique(), 20.0, 11.0, angle) for angle in (0.3, 0.3 + math.pi / 2))
    assert float(one.along @ other.along) == pytest.approx(0.0, abs=1e-12)
    assert one.normal == pytest.approx(other.normal)


def test_linear_sampling_gives_a_ramp_back_exactly() -> None:
    z, y, x = np.mgrid[:5, :20, :30]
    ramp = (3 * x + 5 * y + 100 * z).astype(np.float32)
    plane = long_axis_plane(STRAIGHT, 30.0, 10.0, 0.6)
    found = sample(ramp, plane, linear=True)
    inside = (plane.columns_px >= 0) & (plane.columns_px <= 29) & (plane.rows_px >= 0) & (plane.rows_px <= 19)
    expected = 3 * plane.columns_px + 5 * plane.rows_px + 100 * np.arange(5)[:, None]
    assert found.dtype == np.float32
    assert inside.any()
    assert found[inside] == pytest.approx(expected[inside], abs=1e-3)


def test_nearest_sampling_of_labels() -> None:
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[1:4, 5:15, 10:20] = 2
    found = sample(labels, long_axis_plane(STRAIGHT, 30.0, 10.0, 0.0), linear=False)
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 2}
    # Columns 10 to 19 are 20 mm: twenty samples of a millimetre, in slices 1 to 3.
    assert np.count_nonzero(found, axis=1).tolist() == [0, 20, 20, 20, 0]


def test_beyond_the_image_there_is_nothing() -> None:
    geometry = oblique()
    plane = long_axis_plane(geometry, 1.0, 11.0, math.pi / 2)
    found = sample(np.full(SHAPE, 7, dtype=np.uint8), plane, linear=False)
    # Slices drift 1.5 mm a slice along the rows: near the edge some of them end before the plane.
    assert found[0].max() == 7 or found[-1].max() == 7
    assert min(found[0].max(), found[-1].max()) == 0


def test_one_row_or_column() -> None:
    tiny = Geometry(np.diag([1.0, 1.0, 5.0, 1.0]), (2, 1, 1))
    found = sample(np.ones((2, 1, 1), dtype=np.int16), long_axis_plane(tiny, 0.5, 0.5, 0.8), linear=True)
    assert found.shape[0] == 2
    assert found.max() == 1
