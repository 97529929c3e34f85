"""Masks to compare with: of all frames, of a pair, of one frame; and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from engine.errors import ScanError
from engine.formats import nifti
from engine.formats.mask_resample import resampled
from engine.formats.masks import frames_in, needs_convention, read_masks
from engine.volume import LV, RV, Geometry, Known, LabelMap, Source, Volume, convert_labels

GEOMETRY = Geometry(np.diag([2.0, 1.0, 8.0, 1.0]), (3, 10, 12))


def volume(frames: int = 4, geometry: Geometry = GEOMETRY, **more: object) -> Volume:
    array = np.zeros((frames, *geometry.shape), dtype=np.int16)
    return Volume(array, geometry, Source("phantom", (), "heart"), **more)


def label_map(frames: int, geometry: Geometry = GEOMETRY) -> LabelMap:
    array = np.zeros((frames, *geometry.shape), dtype=np.uint8)
    for frame in range(frames):
        array[frame, 1, 2 : 5 + frame % 3, 2:6] = LV
        array[frame, 1, 8, 0:4] = RV
    return LabelMap(array, geometry)


def written(path: Path, frames: int, geometry: Geometry = GEOMETRY, convention: str = "mnms") -> Path:
    nifti.write_mask(path, label_map(frames, geometry), volume(frames, geometry), convention)
    return path


def test_a_mask_of_all_frames(tmp_path: Path) -> None:
    mask = read_masks([written(tmp_path / "m.nii.gz", 4)], volume())
    assert mask.frames == (0, 1, 2, 3)
    assert np.array_equal(mask.labels.array, label_map(4).array)


def foreign(path: Path, convention: str = "mnms") -> Path:
    """A mask that says nothing of its labels."""
    values = convert_labels(label_map(4).array, convention, inverse=True)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ GEOMETRY.affine
    nib.save(nib.Nifti1Image(values.transpose(3, 2, 1, 0), affine), path)
    return path


@pytest.mark.parametrize("convention", ["mnms", "acdc"])
def test_the_convention_is_the_one_named(tmp_path: Path, convention: str) -> None:
    path = foreign(tmp_path / "m.nii.gz", convention)
    mask = read_masks([path], volume(), convention=convention)
    assert np.array_equal(mask.labels.array, label_map(4).array)
    assert not mask.notices
    assert needs_convention([path])


@pytest.mark.parametrize("convention", ["mnms", "acdc"])
def test_a_mask_of_this_program_says_its_convention(tmp_path: Path, convention: str) -> None:
    path = written(tmp_path / "m.nii.gz", 4, convention=convention)
    assert not needs_convention([path])
    mask = read_masks([path], volume())
    assert np.array_equal(mask.labels.array, label_map(4).array)
    assert not mask.notices
    # What the user says counts more.
    assert np.array_equal(
        read_masks([path], volume(), convention="mnms").labels.array == LV, label_map(4).array == LV
    ) == (convention == "mnms")


def test_a_convention_that_nobody_names_is_said(tmp_path: Path) -> None:
    mask = read_masks([foreign(tmp_path / "m.nii.gz")], volume())
    assert mask.notices == (
        "The mask does not say what its labels mean: 1 LV cavity, 2 LV myocardium, 3 RV cavity is taken "
        "(mnms, not acdc).",
    )


def test_a_folder_of_masks_is_a_pair(tmp_path: Path) -> None:
    for name in ("p_ES_gt", "p_ED_gt"):
        written(tmp_path / f"{name}.nii.gz", 1)
    pair = read_masks([tmp_path], volume(2, phase_names=("ED", "ES")))
    assert pair.frames == (0, 1)


def test_a_mask_of_one_frame_goes_where_it_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "m.nii.gz", 1)
    assert frames_in([path]) == 1
    mask = read_masks([path], volume(), frame=2)
    assert mask.frames == (2,)
    assert np.array_equal(mask.labels.array[2], label_map(1).array[0])
    assert mask.labels.array[[0, 1, 3]].max() == 0
    with pytest.raises(ScanError, match="has 1 frame, heart has 4"):
        read_masks([path], volume())


def test_a_file_a_frame(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"{name}_gt.nii.gz", 1) for name in ("a", "b")]
    mask = read_masks(paths, volume(2, phase_names=("ED", "ES")))
    assert mask.frames == (0, 1)
    assert np.array_equal(mask.labels.array[1], label_map(1).array[0])
    assert mask.notices == (
        "Nothing says which mask is of which frame: they are taken in this order: a_gt.nii.gz, b_gt.nii.gz.",
    )


def test_masks_whose_names_are_numbered_as_the_scans_are_not_guessed(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"p_frame{number}_gt.nii.gz", 1) for number in ("01", "12")]
    scan = replace(
        volume(2, phase_names=("ED", "ES")),
        source=Source("nifti", (Path("p_frame01.nii"), Path("p_frame12.nii")), "p"),
    )
    assert read_masks(paths, scan).notices == ()


@pytest.mark.parametrize(
    ("frames", "count", "words"),
    [(3, 1, "has 3 frames"), (1, 2, "2 files are given for 4 frames")],
)
def test_frames_that_do_not_fit_are_refused(tmp_path: Path, frames: int, count: int, words: str) -> None:
    paths = [written(tmp_path / f"{i}.nii.gz", frames) for i in range(count)]
    with pytest.raises(ScanError, match=words):
        read_masks(paths, volume())


OBLIQUE = np.array([[0.8, 0.0, 4.8, 10.0], [0.0, 1.0, 0.0, -20.0], [-0.6, 0.0, 6.4, 30.0], [0.0, 0.0, 0.0, 1.0]])


def ball(geometry: Geometry) -> LabelMap:
    """A sphere of LV of 12 mm around one place in the patient, whatever the grid."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")
    place = geometry.affine @ np.stack([x, y, z, np.ones_like(x)]).reshape(4, -1)
    centre = OBLIQUE @ np.array([20.0, 20.0, 3.0, 1.0])
    inside = np.linalg.norm(place[:3] - centre[:3, None], axis=0) < 12
    return LabelMap((inside * LV).astype(np.uint8).reshape(1, *geometry.shape), geometry)


def test_a_mask_of_another_grid_is_resampled_and_said(tmp_path: Path) -> None:
    scan = Geometry(OBLIQUE, (7, 40, 40))
    half = OBLIQUE @ np.diag([0.5, 0.5, 1.0, 1.0])  # the same place in pixels of half the size
    fine = Geometry(half, (7, 80, 80))
    nifti.write_mask(tmp_path / "fine.nii.gz", ball(fine), volume(1, fine))
    mask = read_masks([tmp_path / "fine.nii.gz"], volume(1, scan))
    assert mask.notices == (
        "The mask was resampled to the grid of the scan: it has 80 × 80 × 7 voxels, not 40 × 40 × 7.",
    )
    want = ball(scan).array
    assert np.count_nonzero(mask.labels.array != want) < 0.1 * np.count_nonzero(want)


def test_a_mask_that_lies_elsewhere_is_refused(tmp_path: Path) -> None:
    scan = Geometry(OBLIQUE, (7, 40, 40))
    away = OBLIQUE.copy()
    away[:3, 3] += 500
    path = written(tmp_path / "m.nii.gz", 1, Geometry(away, (7, 40, 40)))
    with pytest.raises(ScanError, match=r"m\.nii\.gz: is not on the grid of heart.* 0 of \d+ mL are left"):
        read_masks([path], volume(1, scan))


def test_another_grid_is_refused_where_the_place_is_unknown(tmp_path: Path) -> None:
    unknown = Geometry(OBLIQUE, (7, 40, 40), orientation=Known.ASSUMED)
    path = written(tmp_path / "m.nii.gz", 1, Geometry(OBLIQUE, (7, 40, 20)))
    with pytest.raises(ScanError, match=r"is not on the grid of heart.*cannot be resampled"):
        read_masks([path], volume(1, unknown))


def test_a_mask_of_the_files_grid_stays_on_it_where_the_user_gives_the_spacing(tmp_path: Path) -> None:
    """Taken where its own header puts it, such a mask would be cut off by the voxels of another size."""
    own = volume(2, Geometry(OBLIQUE, (7, 40, 40)))
    path = written(tmp_path / "m.nii.gz", 2, own.geometry)
    given = own.with_spacing(1.9, 1.9, 14.0)
    mask = read_masks([path], given)
    assert np.array_equal(mask.labels.array, label_map(2, own.geometry).array)
    assert mask.labels.geometry.spacing_mm == pytest.approx((1.9, 1.9, 14.0))
    assert mask.notices == ()
    other = written(tmp_path / "other.nii.gz", 2, Geometry(OBLIQUE, (7, 40, 38)))
    with pytest.raises(ScanError, match=r"cannot be resampled to a scan whose spacing is given by hand"):
        read_masks([other], given)


def test_what_is_no_mask_of_this_scan(tmp_path: Path) -> None:
    (tmp_path / "seg.dcm").write_bytes(b"")
    assert not needs_convention([tmp_path / "seg.dcm"])
    with pytest.raises(ScanError, match="copy it again"):
        read_masks([tmp_path / "seg.dcm"], volume())
    with pytest.raises(ScanError, match=r"gone\.nii: no such file"):
        read_masks([tmp_path / "gone.nii"], volume())
    with pytest.raises(ScanError, match="no mask was given"):
        read_masks([], volume())


def test_frames_in_files_go_by_their_numbers(tmp_path: Path) -> None:
    pieces = label_map(4).array
    for frame, number in enumerate((8, 9, 10, 11)):
        one = volume(1)
        nifti.write_mask(tmp_path / f"m_frame{number}_seg.nii.gz", LabelMap(pieces[frame : frame + 1], GEOMETRY), one)
    assert np.array_equal(read_masks([tmp_path], volume()).labels.array, pieces)
    given = sorted(tmp_path.iterdir())
    assert np.array_equal(read_masks(given, volume()).labels.array, pieces)


def heart(path: Path, values: tuple[int, int, int]) -> Path:
    """A cavity, the myocardium around it and another cavity beside it, as a mask that says nothing of its labels."""
    array = np.zeros((4, 3, 10, 12), np.uint8)
    array[:, :, 1:8, 1:8], array[:, :, 3:6, 3:6], array[:, :, 2:7, 8:11] = values[1], values[0], values[2]
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ GEOMETRY.affine
    nib.save(nib.Nifti1Image(array.transpose(3, 2, 1, 0), affine), path)
    return path


@pytest.mark.parametrize(("values", "taken"), [((1, 2, 3), "mnms"), ((3, 2, 1), "acdc")])
def test_the_myocardium_tells_what_labels_mean_where_nothing_says_it(
    tmp_path: Path, values: tuple[int, int, int], taken: str
) -> None:
    mask = read_masks([heart(tmp_path / "m.nii.gz", values)], volume())
    assert (mask.labels.array[0, 0, 4, 4], mask.labels.array[0, 0, 4, 9]) == (LV, RV)
    (notice,) = (n for n in mask.notices if "does not say what its labels mean" in n)
    assert f"is taken ({taken}, not " in notice
    assert ("because the LV cavity then lies within" in notice) == (taken == "acdc")


@pytest.mark.parametrize(("convention", "is_said"), [("mnms", True), ("lv=1,myo=2,rv=3", True), ("acdc", False)])
def test_ventricles_that_are_confused_are_told_whoever_named_the_labels(
    tmp_path: Path, convention: str, is_said: bool
) -> None:
    mask = read_masks([heart(tmp_path / "m.nii.gz", (3, 2, 1))], volume(), convention=convention)
    assert any("in another order" in notice for notice in mask.notices) == is_said


@pytest.mark.parametrize("values", [(2, 3, 1), (1, 3, 2), (2, 1, 3)])
def test_labels_in_an_order_of_no_convention_are_told(tmp_path: Path, values: tuple[int, int, int]) -> None:
    """As (LV, myocardium, RV): what is called LV does not lie within what is called myocardium."""
    notices = read_masks([heart(tmp_path / "m.nii", values)], volume()).notices
    assert any(notice.startswith("What is called LV cavity hardly touches") for notice in notices)


def test_structures_in_volumes_of_their_own_are_no_frames(tmp_path: Path) -> None:
    path = heart(tmp_path / "m.nii.gz", (1, 2, 3))
    values = np.asarray(nib.load(path).dataobj)[..., 0]
    one_hot = np.stack([values == k for k in range(4)], axis=-1).astype(np.uint8)
    nib.save(nib.Nifti1Image(one_hot, nib.load(path).affine), path)
    with pytest.raises(ScanError, match="its volumes nowhere overlap"):
        read_masks([path], volume())


def test_an_empty_mask_says_so(tmp_path: Path) -> None:
    mask = read_masks([heart(tmp_path / "m.nii.gz", (0, 0, 0))], volume())
    assert "The mask marks no voxel: there is nothing to measure." in mask.notices


def saved(path: Path, values: np.ndarray) -> Path:
    """values: (T, Z, Y, X) of the grid of these tests."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ GEOMETRY.affine
    nib.save(nib.Nifti1Image(values.transpose(3, 2, 1, 0), affine), path)
    return path


def test_voxels_without_a_number_become_no_label(tmp_path: Path) -> None:
    values = np.where(label_map(4).array > 0, label_map(4).array, np.nan).astype(np.float32)
    with pytest.raises(ScanError, match="hold no number"):
        read_masks([saved(tmp_path / "m.nii.gz", values)], volume())


def test_labels_that_are_nearly_whole_numbers_are_those(tmp_path: Path) -> None:
    values = (label_map(4).array * 1.0000002).astype(np.float32)
    assert not np.array_equal(values, np.rint(values))
    mask = read_masks([saved(tmp_path / "m.nii.gz", values)], volume())
    assert np.array_equal(mask.labels.array, label_map(4).array)
    with pytest.raises(ScanError, match=r"label values 0\.9, 2\.7"):
        read_masks([saved(tmp_path / "n.nii.gz", 0.9 * label_map(4).array.astype(np.float32))], volume())


def test_a_mask_is_resampled_to_where_uneven_slices_really_lie() -> None:
    # Slices at 0, 8 and 24 mm: one is missing.
    uneven = Geometry(GEOMETRY.affine, GEOMETRY.shape, slab_mm=(8.0, 12.0, 16.0))
    fine = Geometry(np.diag([1.0, 1.0, 8.0, 1.0]), (4, 10, 24))
    values = np.zeros((1, *fine.shape), np.uint8)
    values[0, 0, 2:8, 4:16] = LV
    values[0, 2, 2:8, 4:10] = LV  # between two slices
    values[0, 3, 2:8, 4:16] = RV
    there = resampled(LabelMap(values, fine), uneven)
    assert [sorted(set(np.unique(plane)) - {0}) for plane in there.array[0]] == [[LV], [], [RV]]
    back = resampled(there, fine)
    assert [set(np.unique(back.array[0, z])) for z in (0, 3)] == [{0, LV}, {0, RV}]
