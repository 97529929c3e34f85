"""Which NIfTI files of a folder are scans, which are masks, and which are parts of one scan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_cine import write_cine

from engine.errors import ScanError
from engine.formats import door
from engine.formats import nifti_names as names
from engine.phantom import make_phantom
from engine.volume import Volume

CINE, LABELS, _ = make_phantom(8, 5, 48)
MASKS = replace(CINE, array=LABELS.array)


def save(path: Path, volume: Volume = CINE, frames: slice | int = slice(None), slices: slice = slice(None)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = volume.array.transpose(3, 2, 1, 0)[:, :, slices, frames]
    affine = volume.geometry.affine.copy()
    affine[:3, 3] = volume.geometry.position_mm(0, 0, slices.start or 0)
    kind = nib.Nifti1Pair if path.suffix in (".hdr", ".img") else nib.Nifti1Image
    nib.save(kind(array, np.diag([-1.0, -1, 1, 1]) @ affine), path)
    return path


MIDDLE = slice(2, 3)


@pytest.mark.parametrize("masks", [True, False])
def test_folders_as_ukbb_cardiac_makes_them(tmp_path: Path, masks: bool) -> None:
    save(tmp_path / "sa.nii.gz")
    for view in ("la_2ch", "la_4ch", "ao"):
        save(tmp_path / f"{view}.nii.gz", slices=MIDDLE)
    if masks:
        save(tmp_path / "seg_sa.nii.gz", MASKS)
        save(tmp_path / "label_sa.nii.gz", MASKS)
    assert np.array_equal(door.open_scan(tmp_path).array, CINE.array)


def test_phases_with_masks_of_any_wording(tmp_path: Path) -> None:
    for phase, t in (("ED", 0), ("ES", 3)):
        save(tmp_path / f"sa_{phase}.nii.gz", frames=t)
        save(tmp_path / f"label_sa_{phase}.nii.gz", MASKS, t)
        save(tmp_path / f"manual {phase}.nii.gz", MASKS, t)  # only its values say what it is
    volume = door.open_scan(tmp_path)
    assert volume.phase_names == ("ED", "ES")
    assert np.array_equal(volume.array, CINE.array[[0, 3]])


def test_folders_as_nnunet_makes_them(tmp_path: Path) -> None:
    save(tmp_path / "imagesTr" / "p1_0000.nii.gz")
    save(tmp_path / "labelsTr" / "p1.nii.gz", MASKS)
    assert np.array_equal(door.open_scan(tmp_path).array, CINE.array)
    (tmp_path / "labelsTr" / "p1.nii.gz").rename(tmp_path / "imagesTr" / "p1.nii.gz")
    assert np.array_equal(door.open_scan(tmp_path / "imagesTr").array, CINE.array)


def test_patients_of_a_data_set_are_no_frames(tmp_path: Path) -> None:
    for patient in range(1, 5):
        save(tmp_path / f"patient{patient:03d}_0000.nii.gz", frames=patient)
        save(tmp_path / f"{patient:03d}_ED.nii.gz" if patient % 2 else tmp_path / f"{patient:03d}_ES.nii.gz", frames=0)
    index = door.find([tmp_path])
    assert len(index.series) == 8
    assert door.open_scan(tmp_path).frames == 1


def test_folders_as_bids_makes_them(tmp_path: Path) -> None:
    save(tmp_path / "sub-01" / "ses-1" / "cardiac" / "sub-01_ses-1_acq-sax_cine.nii.gz")
    save(tmp_path / "derivatives" / "x" / "sub-01" / "sub-01_ses-1_acq-sax_dseg.nii.gz", MASKS)
    save(tmp_path / "derivatives" / "x" / "sub-01" / "sub-01_label-LV_mask.nii.gz", MASKS)
    assert np.array_equal(door.open_scan(tmp_path).array, CINE.array)


def test_a_folder_with_a_header_and_an_image_file(tmp_path: Path) -> None:
    save(tmp_path / "cine.hdr")
    (tmp_path / "other.img").write_bytes(b"not of any header")
    index = door.find([tmp_path])
    assert len(index.series) == 1
    assert np.array_equal(door.open_scan(tmp_path).array, CINE.array)
    assert np.array_equal(door.open_scan([tmp_path / "cine.hdr", tmp_path / "cine.img"]).array, CINE.array)


def test_a_file_a_slice_and_a_file_a_frame(tmp_path: Path) -> None:
    for z in range(5):
        save(tmp_path / "slices" / f"cine_slice{z + 8}.nii.gz", slices=slice(z, z + 1))
    for t in range(8):
        save(tmp_path / "frames" / f"p1_frame{t + 5}.nii.gz", frames=t)
    for folder in ("slices", "frames"):
        volume = door.open_scan(tmp_path / folder)
        assert np.array_equal(volume.array, CINE.array)
        assert volume.geometry.same_as(CINE.geometry)


def test_wrong_endings(tmp_path: Path) -> None:
    save(tmp_path / "a.nii.gz").rename(tmp_path / "scan")
    assert np.array_equal(door.open_scan(tmp_path / "scan").array, CINE.array)
    write_cine(tmp_path / "dicom")
    for file in (tmp_path / "dicom").iterdir():
        file.rename(file.with_suffix(".nii"))
    assert door.open_scan(tmp_path / "dicom").source.kind == "dicom"


def test_nifti_beside_dicom_is_said(tmp_path: Path) -> None:
    write_cine(tmp_path)
    save(tmp_path / "2_localizer.nii.gz", frames=0, slices=slice(1, 3))
    volume = door.open_scan(tmp_path)
    assert volume.source.kind == "dicom"
    assert any("2_localizer.nii.gz" in notice for notice in volume.notices)


def test_a_pair_is_of_one_subject(tmp_path: Path) -> None:
    ed, es = save(tmp_path / "p1_ED.nii.gz", frames=0), save(tmp_path / "p2_ES.nii.gz", frames=3)
    with pytest.raises(ScanError, match="another subject"):
        door.open_scan([ed, es])
    assert len(door.find([tmp_path]).series) == 2
    es.rename(tmp_path / "p1_ES.nii.gz")
    assert door.open_scan(tmp_path).phase_names == ("ED", "ES")


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("seg_sa", True),
        ("label_sa_ED", True),
        ("sa_ED_gt", True),
        ("sa_gt_ED", True),
        ("p_frame01_gt", True),
        ("gt_frame01", True),
        ("sub-01_dseg", True),
        ("LABELS", True),
        ("segmented_cine", False),
        ("maskell_sa", False),
        ("sa_label_free", False),
        ("cine", False),
    ],
)
def test_masks_by_name(name: str, mask: bool) -> None:
    assert names.says_mask(Path(f"{name}.nii.gz")) is mask


@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        ("patient001_frame01", "patient001_frame12", False),
        ("patient001_frame01", "patient002_frame12", True),
        ("sub-AB_ed", "sub-AC_es", True),
        ("a_ED", "a_ES", False),
        ("a_ED", "b_ES", True),
        ("one", "two", False),
        ("p_frame04", "p_frame11", False),
    ],
)
def test_subjects_by_name(one: str, other: str, two: bool) -> None:
    assert names.of_two_subjects(Path(f"{one}.nii.gz"), Path(f"{other}.nii")) is two


def test_a_linked_file_opens(tmp_path: Path) -> None:
    store = save(tmp_path / ".git" / "annex" / "objects" / "x" / "key.nii.gz")
    (tmp_path / "p1").mkdir()
    (tmp_path / "p1" / "sa.nii.gz").symlink_to(store)
    assert np.array_equal(door.open_scan(tmp_path / "p1").array, CINE.array)
    store.unlink()
    with pytest.raises(ScanError, match="datalad get"):
        door.open_scan(tmp_path / "p1")
    with pytest.raises(ScanError, match="datalad get"):
        door.open_scan(tmp_path / "p1" / "sa.nii.gz")


def test_a_folder_of_many_scans_is_found_quickly(tmp_path: Path) -> None:
    save(tmp_path / "first.nii.gz", slices=slice(0, 2), frames=0)
    content = (tmp_path / "first.nii.gz").read_bytes()
    for n in range(300):
        folder = tmp_path / f"patient{n}"
        folder.mkdir()
        (folder / "sa.nii.gz").write_bytes(content)
    assert len(door.find([tmp_path]).series) == 301
