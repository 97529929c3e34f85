"""Geometry, label conventions and the rules of the types."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.errors import ScanError
from engine.volume import (
    LV,
    MYO,
    RV,
    Geometry,
    Known,
    LabelMap,
    Source,
    Volume,
    convert_labels,
    orientation_letters,
)

# Rows run to the left, columns down (inferior), so slices ascend to row × column = L × I = posterior.
# Pixels are 2 mm along a row and 3 mm down a column, slices 10 mm apart; the first voxel is at (10, 20, 30).
CORONAL = np.array([[2.0, 0, 0, 10], [0, 0, 10, 20], [0, -3, 0, 30], [0, 0, 0, 1]])


def geometry(shape: tuple[int, int, int] = (4, 5, 6), **changes: Known) -> Geometry:
    return Geometry(CORONAL, shape, **changes)


def volume(frames: int = 1, **changes: object) -> Volume:
    array = np.arange(frames * 120).reshape(frames, 4, 5, 6)
    return Volume(array, geometry(), Source("nifti", (), "scan"), **changes)


def test_spacing_is_the_length_of_each_column() -> None:
    assert geometry().spacing_mm == (2.0, 3.0, 10.0)
    assert geometry().voxel_ml == pytest.approx(0.06)


def test_positions_follow_the_affine() -> None:
    # 5 columns of 2 mm to the left, 4 rows of 3 mm down, 3 slices of 10 mm to the back.
    assert geometry().position_mm(5, 4, 3).tolist() == [20.0, 50.0, 18.0]


def test_spacing_of_an_oblique_affine() -> None:
    # 3-4-5 rotation about z: the x column is (0.6, 0.8) × 1.5.
    affine = np.array([[0.9, -1.2, 0, 0], [1.2, 0.9, 0, 0], [0, 0, 8, 0], [0, 0, 0, 1]])
    g = Geometry(affine, (1, 2, 2))
    assert g.spacing_mm == pytest.approx((1.5, 1.5, 8))
    assert g.directions[:, 0] == pytest.approx([0.6, 0.8, 0])
    assert g.voxel_ml == pytest.approx(0.018)


def test_given_spacing_keeps_directions_and_origin() -> None:
    g = geometry(spacing=Known.ASSUMED).with_spacing(1, 1.5, 8)
    assert g.spacing_mm == (1, 1.5, 8)
    assert g.spacing is Known.KNOWN
    assert (g.directions == geometry().directions).all()
    assert g.position_mm(0, 0, 0).tolist() == [10, 20, 30]


@pytest.mark.parametrize("given", [(0, 1, 1), (1, -1, 1), (1, 1, float("nan")), (float("inf"), 1, 1)])
def test_impossible_spacing_is_refused(given: tuple[float, float, float]) -> None:
    with pytest.raises(ScanError, match="three positive numbers"):
        geometry().with_spacing(*given)


def test_a_spacing_from_the_user_answers_the_notices_about_spacing_only() -> None:
    asked = Volume(
        np.zeros((1, 4, 5, 6)),
        geometry(spacing=Known.ASSUMED),
        Source("nifti", (), "x"),
        notices=("Spacing unknown.", "Orientation unknown."),
        spacing_notices=("Spacing unknown.",),
    )
    answered = asked.with_spacing(1.4, 1.4, 8)
    assert (answered.notices, answered.spacing_notices) == (("Orientation unknown.",), ())
    assert answered.geometry.spacing_mm == pytest.approx((1.4, 1.4, 8))
    for slip in (1e-9, 1400.0, math.nan):
        with pytest.raises(ScanError, match=r"from 0\.01 to 100 mm"):
            asked.with_spacing(slip, 1.4, 8)


def test_left_handed_affine_is_a_bug_of_the_reader() -> None:
    with pytest.raises(ValueError, match="ascend"):
        Geometry(np.diag([1.0, 1, -1, 1]), (1, 1, 1))


@pytest.mark.parametrize(
    ("affine", "says"),
    [
        (np.diag([1.0, 1, 0, 1]), "singular"),
        (np.diag([1.0, 1, float("nan"), 1]), "finite"),
        (np.eye(3), "4×4"),
    ],
)
def test_unusable_affine_is_refused(affine: np.ndarray, says: str) -> None:
    with pytest.raises(ScanError, match=says):
        Geometry(affine, (1, 1, 1))


@pytest.mark.parametrize(
    ("shift_mm", "same"), [(0.0, True), (0.04, True), (0.06, False), (5.0, False)], ids=["0", "0.04", "0.06", "5"]
)
def test_grids_are_the_same_within_the_tolerance(shift_mm: float, same: bool) -> None:
    moved = CORONAL.copy()
    moved[1, 3] += shift_mm
    assert geometry().same_as(Geometry(moved, (4, 5, 6))) is same


def test_grids_that_part_far_from_the_origin_differ() -> None:
    scaled = CORONAL.copy()
    scaled[:, 0] *= 1.02  # 0.04 mm a column: 0.2 mm at the sixth
    assert not geometry().same_as(Geometry(scaled, (4, 5, 6)))
    assert Geometry(CORONAL, (4, 5, 1)).same_as(Geometry(scaled, (4, 5, 1)))


def test_grids_of_different_shape_differ() -> None:
    assert not geometry().same_as(geometry((4, 6, 5)))


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ([1, 0, 0], "L"),
        ([-1, 0, 0], "R"),
        ([0, 2, 0], "P"),
        ([0, 0, -1], "I"),
        ([0.68, 0.73, -0.06], "PL"),
        ([-0.6, 0.5, 0.62], "SRP"),
        ([0.99, 0.14, 0], "L"),
    ],
)
def test_letters(direction: list[float], letters: str) -> None:
    assert orientation_letters(np.array(direction)) == letters


def test_arrays_are_read_only() -> None:
    v = volume()
    labels = LabelMap(np.zeros((1, 4, 5, 6), np.uint8), geometry())
    for array in (v.array, v.geometry.affine, labels.array):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_a_pair_of_phases_is_no_cine() -> None:
    assert volume(2).is_cine
    assert not volume(2, phase_names=("ED", "ES")).is_cine
    assert not volume(1).is_cine


def test_slabs_are_one_a_slice_and_gone_when_a_spacing_is_given() -> None:
    with pytest.raises(ValueError, match="2 slabs for 3 slices"):
        Geometry(np.eye(4), (3, 2, 2), slab_mm=(1.0, 2.0))
    uneven = Geometry(np.diag([1.0, 1.0, 4.0, 1.0]), (3, 2, 2), slab_mm=(2.0, 4.0, 6.0))
    assert uneven.slice_weights.tolist() == [0.5, 1.0, 1.5]
    assert uneven.with_spacing(1, 1, 8).slice_weights.tolist() == [1.0, 1.0, 1.0]


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="frame times"):
        volume(2, frame_times_ms=(0.0,))
    with pytest.raises(ValueError, match="phase names"):
        volume(2, phase_names=("ED",))
    with pytest.raises(ValueError, match="not"):
        Volume(np.zeros((1, 4, 6, 5)), geometry(), Source("nifti", (), "scan"))
    with pytest.raises(ValueError, match="uint8"):
        LabelMap(np.zeros((1, 4, 5, 6), np.int16), geometry())


def test_conventions() -> None:
    on_disk = np.array([0, 1, 2, 3])
    assert convert_labels(on_disk, "acdc").tolist() == [0, RV, MYO, LV]
    assert convert_labels(on_disk, "mnms").tolist() == [0, LV, MYO, RV]
    ours = np.array([0, LV, MYO, RV])
    assert convert_labels(ours, "acdc", inverse=True).tolist() == [0, 3, 2, 1]


@pytest.mark.parametrize("value", [4, -1, 1.5, 256])
def test_strange_label_values_are_refused(value: float) -> None:
    with pytest.raises(ScanError, match="convention"):
        convert_labels(np.array([0, value]), "acdc")
