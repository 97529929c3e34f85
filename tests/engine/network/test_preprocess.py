"""The maps between scan and network: centred, linear, lossless where they can be."""

from __future__ import annotations

import numpy as np
import pytest

from engine.network.preprocess import InputSpec, Intensity, intensity, plan, to_input, to_source
from engine.volume import Geometry, Known

PLAIN = Intensity(low=0, high=1, mean=0, std=1)
SPEC = InputSpec(spacing_mm=1.5, multiple=32, min_size=64, max_size=512)


def geometry(height: int, width: int, y_mm: float, x_mm: float, spacing: Known = Known.KNOWN) -> Geometry:
    return Geometry(np.diag([x_mm, y_mm, 8.0, 1]), (3, height, width), spacing=spacing)


@pytest.mark.parametrize(
    ("height", "width", "y_mm", "x_mm", "expected"),
    [
        (128, 128, 1.5, 1.5, (128, 128)),  # as it is
        (129, 100, 1.5, 1.5, (160, 128)),  # up to the next multiple
        (256, 192, 1.0, 1.0, (192, 128)),  # 256 × 1.0 / 1.5 = 171 -> 192; 192 / 1.5 = 128
        (20, 20, 1.5, 1.5, (64, 64)),  # at least min_size
        (900, 100, 1.5, 1.5, (512, 128)),  # at most max_size
        (100, 100, 1.5, 3.0, (128, 224)),  # rows and columns by their own spacing
    ],
)
def test_input_size(height: int, width: int, y_mm: float, x_mm: float, expected: tuple[int, int]) -> None:
    grid = plan(geometry(height, width, y_mm, x_mm), SPEC)
    assert grid.input_shape == expected
    assert grid.source_shape == (height, width)


def test_unknown_spacing_is_taken_from_the_spec() -> None:
    unknown = plan(geometry(192, 192, 1, 1, Known.ASSUMED), SPEC)
    typical = plan(geometry(192, 192, 1.4, 1.4), SPEC)
    assert unknown.input_shape == typical.input_shape == (192, 192)
    assert (unknown.rows != typical.rows).nnz == 0


def test_equal_spacing_copies_pixels_about_the_centre() -> None:
    image = np.random.default_rng(0).random((70, 90)).astype(np.float32)
    grid = plan(geometry(70, 90, 1.5, 1.5), SPEC)
    x = to_input(image, grid, PLAIN)
    assert x.shape == (1, 1, 96, 96)
    assert np.array_equal(x[0, 0, 13:83, 3:93], image)  # (96 − 70) / 2 and (96 − 90) / 2
    x[0, 0, 13:83, 3:93] = 0
    assert not x.any()
    assert np.array_equal(to_source(to_input(image, grid, PLAIN)[0], grid)[0], image)


@pytest.mark.parametrize(("y_mm", "x_mm"), [(1.5, 1.5), (0.7, 1.9), (2.6, 1.1), (1.3672, 1.3672)])
def test_constants_stay_constant(y_mm: float, x_mm: float) -> None:
    grid = plan(geometry(100, 120, y_mm, x_mm), SPEC)
    planes = np.full((2, *grid.input_shape), 3.25, np.float32)
    assert to_source(planes, grid) == pytest.approx(np.full((2, 100, 120), 3.25), rel=1e-5)
    inside = to_input(np.ones((100, 120), np.float32), grid, PLAIN)[0, 0]
    h, w = grid.input_shape
    assert inside[h // 2 - 20 : h // 2 + 20, w // 2 - 20 : w // 2 + 20] == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("mm", [0.8, 1.1, 1.4, 1.9, 2.5])
def test_positions_in_mm_from_the_centre_are_kept(mm: float) -> None:
    """A linear ramp in mm about the centre is the same ramp on the other grid.

    Enlarging is exact; the widened filter that shrinks ripples by less than 0.2 mm of the ramp.
    """
    forward_tolerance, backward_tolerance = (1e-5, 4e-4) if mm > 1.5 else (4e-4, 1e-5)
    grid = plan(geometry(121, 96, mm, mm), SPEC)
    x_mm = (np.arange(96) - 95 / 2) * mm
    y_mm = (np.arange(121) - 120 / 2) * mm
    ramp = (0.5 + 0.001 * x_mm[None, :] + 0.002 * y_mm[:, None]).astype(np.float32)
    got = to_input(ramp, grid, PLAIN)[0, 0]
    h, w = grid.input_shape
    expected = (
        0.5
        + 0.001 * ((np.arange(w) - (w - 1) / 2) * 1.5)[None, :]
        + 0.002 * ((np.arange(h) - (h - 1) / 2) * 1.5)[:, None]
    )
    near = (slice(h // 2 - 18, h // 2 + 18), slice(w // 2 - 18, w // 2 + 18))
    assert got[near] == pytest.approx(expected[near], abs=forward_tolerance)
    back = to_source(got[None], grid)[0]
    middle = (slice(50, 71), slice(40, 56))
    assert back[middle] == pytest.approx(ramp[middle], abs=backward_tolerance + forward_tolerance)


def test_round_trip_of_a_smooth_image() -> None:
    y, x = np.mgrid[:150, :140]
    image = (np.exp(-((y - 70) ** 2 + (x - 75) ** 2) / (2 * 12.0**2))).astype(np.float32)
    grid = plan(geometry(150, 140, 1.25, 1.25), SPEC)
    assert to_source(to_input(image, grid, PLAIN)[0], grid)[0] == pytest.approx(image, abs=0.01)


def test_shrinking_does_not_alias() -> None:
    """Stripes finer than the input's pixels become grey, not stripes."""
    stripes = np.tile(np.array([0, 1], np.float32), (160, 80))
    grid = plan(geometry(160, 160, 0.75, 0.75), SPEC)
    middle = to_input(stripes, grid, PLAIN)[0, 0, 20:60, 20:60]
    assert middle == pytest.approx(0.5, abs=0.01)


def test_larger_images_lose_their_rim_only() -> None:
    spec = InputSpec(spacing_mm=1.5, multiple=32, min_size=64, max_size=64)
    image = np.random.default_rng(1).random((100, 80)).astype(np.float32)
    grid = plan(geometry(100, 80, 1.5, 1.5), spec)
    x = to_input(image, grid, PLAIN)
    assert np.array_equal(x[0, 0], image[18:82, 8:72])
    back = to_source(x[0], grid)
    assert np.array_equal(back[0, 18:82, 8:72], image[18:82, 8:72])
    assert (back[0, 0, 8:72] == image[18, 8:72]).all()  # beyond the rim the border repeats


def test_planes_are_mapped_one_by_one() -> None:
    grid = plan(geometry(90, 70, 1.2, 1.7), SPEC)
    planes = np.random.default_rng(2).random((4, *grid.input_shape)).astype(np.float32)
    together = to_source(planes, grid)
    assert together.shape == (4, 90, 70)
    for c in range(4):
        assert together[c] == pytest.approx(to_source(planes[c : c + 1], grid)[0], abs=1e-6)


def test_intensity_is_a_clip_a_scale_and_a_standardisation() -> None:
    grid = plan(geometry(64, 64, 1.5, 1.5), SPEC)
    image = np.full((64, 64), 100, np.int16)
    image[0, 0], image[0, 1], image[0, 2] = -500, 150, 3000
    x = to_input(image, grid, Intensity(low=50, high=250, mean=0.5, std=0.25))[0, 0]
    assert x[5, 5] == pytest.approx((0.25 - 0.5) / 0.25)
    assert x[0, :3] == pytest.approx([(0 - 0.5) / 0.25, (0.5 - 0.5) / 0.25, (1 - 0.5) / 0.25])


def test_intensity_statistics_are_of_the_tissue() -> None:
    array = np.zeros((1, 3, 40, 40), np.int16)
    array[:, :, :20] = 200
    array[:, :, :10] = 400
    got = intensity(array, InputSpec(percentiles=(0.0, 100.0)))
    assert (got.low, got.high) == (0, 400)
    assert got.mean == pytest.approx(0.75)  # half of the tissue 0.5, half 1
    assert got.std == pytest.approx(0.25)


@pytest.mark.parametrize("factor", [0.01, 7.0])
def test_scaled_scans_look_the_same_to_the_network(factor: float) -> None:
    rng = np.random.default_rng(3)
    array = rng.gamma(2.0, 80.0, (2, 4, 64, 64)).astype(np.float32)
    grid = plan(geometry(64, 64, 1.5, 1.5), SPEC)
    a = to_input(array[0, 0], grid, intensity(array, SPEC))
    b = to_input(array[0, 0] * factor + 5, grid, intensity(array * factor + 5, SPEC))
    assert a == pytest.approx(b, abs=1e-3)


@pytest.mark.parametrize("value", [0, 7])
def test_a_blank_scan_gives_finite_input(value: int) -> None:
    array = np.full((1, 2, 64, 64), value, np.uint16)
    grid = plan(geometry(64, 64, 1.5, 1.5), SPEC)
    assert np.isfinite(to_input(array[0, 0], grid, intensity(array, SPEC))).all()


def test_intensity_of_a_large_scan_is_that_of_its_sample() -> None:
    rng = np.random.default_rng(4)
    array = rng.integers(0, 1000, (20, 10, 200, 200), dtype=np.int16)
    got = intensity(array, SPEC)
    assert (got.low, got.high) == pytest.approx((10, 990), abs=5)
