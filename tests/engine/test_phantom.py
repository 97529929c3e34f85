"""The phantom's volumes are what it says, and its picture is what its mask says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from engine.measures.function import measure
from engine.phantom import make_phantom, true_values
from engine.pictures.tissue import blurred
from engine.volume import LV, MYO, RV, LabelMap, Volume

Phantom = tuple[Volume, LabelMap, dict[str, float]]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom()


def test_true_values_follow_from_the_solids() -> None:
    truth = true_values()
    # pi 26² 89 · 2.4 / 3.4 mm³, and the epicardium at radius 34 and length 96.
    edv = math.pi * 26**2 * 89 * 2.4 / 3.4 / 1000
    assert truth["lv_edv_ml"] == pytest.approx(edv)
    assert truth["lv_esv_ml"] == pytest.approx(0.4 * edv)
    assert truth["lv_mass_g"] == pytest.approx(1.05 * (math.pi * 34**2 * 96 * 2.4 / 3.4 / 1000 - edv))
    assert truth["rv_sv_ml"] == pytest.approx(truth["lv_sv_ml"])  # a closed circuit
    assert truth["rv_ef_percent"] == pytest.approx(100 * truth["rv_sv_ml"] / truth["rv_edv_ml"])


def test_measuring_the_true_mask_finds_the_true_values(phantom: Phantom) -> None:
    volume, labels, truth = phantom
    found = measure(labels, volume)
    for name, value in {
        "lv_edv_ml": found.lv.edv_ml,
        "lv_esv_ml": found.lv.esv_ml,
        "lv_sv_ml": found.lv.sv_ml,
        "lv_ef_percent": found.lv.ef_percent,
        "rv_edv_ml": found.rv.edv_ml,
        "rv_esv_ml": found.rv.esv_ml,
        "rv_sv_ml": found.rv.sv_ml,
        "rv_ef_percent": found.rv.ef_percent,
        "lv_mass_g": found.lv_mass_g,
    }.items():
        assert value == pytest.approx(truth[name], rel=0.01), name
    assert (found.ed_frame, found.units_known) == (0, True)


def test_myocardium_is_incompressible(phantom: Phantom) -> None:
    volume, labels, truth = phantom
    masses = 1.05 * np.array(measure(labels, volume).myo_ml)
    assert masses == pytest.approx(np.full(volume.frames, truth["lv_mass_g"]), rel=0.015)


def test_the_heart_contracts_and_fills_once(phantom: Phantom) -> None:
    volume, labels, _ = phantom
    lv = np.array(measure(labels, volume).lv_ml)
    es = int(lv.argmin())
    assert 6 <= es <= 9  # systole is about a third of the beat
    assert (np.diff(lv[: es + 1]) < 0).all()
    assert (np.diff(lv[es:]) >= 0).all()
    assert lv[-1] < lv[0]


def test_form(phantom: Phantom) -> None:
    volume, labels, _ = phantom
    assert volume.array.shape == labels.array.shape == (20, 10, 208, 176)
    assert volume.array.dtype == np.uint16
    assert volume.frame_times_ms == tuple(40.0 * t for t in range(20))
    assert volume.geometry.spacing_mm == pytest.approx((1.4, 1.4, 10))
    assert volume.source.kind == "phantom"
    assert volume.is_cine
    assert volume.not_short_axis == ""
    assert volume.notices == ()
    # Slices ascend from the apex, left, front and below, to the base.
    assert volume.geometry.directions[:, 2] == pytest.approx([-0.6, 0.6, 0.53], abs=0.01)
    counts = [(labels.array[0, z] == LV).sum() for z in range(10)]
    assert counts == sorted(counts)


def test_brightness_is_that_of_a_cine(phantom: Phantom) -> None:
    volume, labels, _ = phantom
    means = {k: volume.array[labels.array == k].mean() for k in (LV, MYO, RV)}
    assert 0.3 < means[MYO] / means[LV] < 0.55
    assert 0.75 < means[RV] / means[LV] < 1.1


def test_same_arguments_give_the_same_voxels() -> None:
    one, two, other = make_phantom(2, 3, 64), make_phantom(2, 3, 64), make_phantom(2, 3, 64, seed=8)
    assert np.array_equal(one[0].array, two[0].array)
    assert np.array_equal(one[1].array, two[1].array)
    assert not np.array_equal(one[0].array, other[0].array)
    assert np.array_equal(one[1].array, other[1].array)  # the seed is noise and vessels, not the heart


@pytest.mark.parametrize(("frames", "slices", "size"), [(3, 4, 64), (1, 1, 32), (2, 5, 208)])
def test_the_middle_slice_comes_first_as_it_will_be(frames: int, slices: int, size: int) -> None:
    told: list[tuple[Volume, int, int, np.ndarray]] = []
    volume, _, _ = make_phantom(frames, slices, size, on_plane=lambda *of_plane: told.append(of_plane))
    ((early, frame, index, plane),) = told
    assert (frame, index) == (0, slices // 2)
    assert np.array_equal(plane, volume.array[frame, index])
    assert not plane.flags.writeable
    assert early.array.shape == volume.array.shape
    assert early.array.dtype == volume.array.dtype
    assert not early.array.any()
    assert early.geometry.same_as(volume.geometry)
    assert np.array_equal(volume.array, make_phantom(frames, slices, size)[0].array)  # asking changes no draw


@pytest.mark.parametrize(("mode", "scipys"), [("wrap", "wrap"), ("symmetric", "reflect")])
def test_smoothing_is_that_of_scipy(mode: str, scipys: str) -> None:
    field = np.random.default_rng(3).standard_normal((2, 40, 33), dtype=np.float32)
    for pixels, reach in ((0.45, 3.0), (1.4, 4.0), (6.4, 4.0)):
        expected = gaussian_filter(field, (0, pixels, pixels), mode=scipys, truncate=reach)
        assert np.abs(blurred(field, pixels, reach=reach, mode=mode) - expected).max() < 1e-6


@pytest.mark.parametrize(("frames", "slices", "size"), [(1, 1, 32), (3, 20, 48), (2, 5, 320)])
def test_sizes(frames: int, slices: int, size: int) -> None:
    volume, labels, _ = make_phantom(frames, slices, size)
    assert volume.array.shape[:3] == labels.array.shape[:3] == (frames, slices, size)
    assert volume.geometry.spacing_mm[2] == pytest.approx(100 / slices)


@pytest.mark.parametrize("arguments", [(0, 10, 64), (1, 0, 64), (1, 1, 16)])
def test_impossible_sizes(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="a phantom needs"):
        make_phantom(*arguments)
