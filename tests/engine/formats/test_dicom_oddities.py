"""Studies that scanners, archives and anonymisers have left odd, of kinds that were met after the reader was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import FileDataset

from engine.errors import ScanError
from engine.formats.door import open_scan
from tests.support.dicom_cine import NORMAL, ORIGIN, dataset, pixels, rewrite, write_cine, write_enhanced


def test_instance_numbers_that_count_from_zero_are_numbers(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        del ds.TriggerTime
        ds.InstanceNumber, ds.SeriesInstanceUID = t, f"1.2.{z}"

    voxels = write_cine(tmp_path, change=change)
    assert np.array_equal(open_scan(tmp_path).array, voxels)


def test_slices_each_tilted_a_little_are_one_stack(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        turned = np.radians(0.3 * (z - 3))
        x = np.cos(turned) * np.array([0.8, 0.6, 0]) + np.sin(turned) * NORMAL
        middle = np.array(ds.ImagePositionPatient) + 19.5 * 1.25 * np.array([0.8, 0.6, 0])
        ds.ImagePositionPatient = [float(v) for v in middle - 19.5 * 1.25 * x]
        ds.ImageOrientationPatient = [*(float(v) for v in x), 0.0, 0.0, -1.0]

    voxels = write_cine(tmp_path, slices=7, change=change)
    volume = open_scan(tmp_path)
    assert np.array_equal(volume.array, voxels)
    assert any("tilted against the others" in notice for notice in volume.notices)


@pytest.mark.parametrize("each", ["image", "slice"])
def test_a_stack_whose_images_were_each_given_a_patient_is_one_and_said_to_be(tmp_path: Path, each: str) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        own = f"{z}.{t}" if each == "image" else str(z)
        ds.PatientID = ds.PatientName = f"X{own}"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = f"1.2.{own}", f"1.3.{own}"

    voxels = write_cine(tmp_path, slices=5, change=change)
    volume = open_scan(tmp_path)
    assert np.array_equal(volume.array, voxels)
    assert any("taken for one patient" in notice for notice in volume.notices)


def test_patients_whose_slices_lie_unevenly_stay_apart(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.PatientID = ds.PatientName = f"X{z}"
        ds.StudyInstanceUID = f"1.2.{z}"
        ds.ImagePositionPatient = [v + 3 * (z % 2) for v in ds.ImagePositionPatient]

    write_cine(tmp_path, slices=6, change=change)
    assert open_scan(tmp_path).slices == 1


def test_padding_that_the_header_names_is_as_dark_as_the_darkest(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        image = ds.pixel_array.copy()
        image[:4] = 4095
        ds.PixelData, ds.PixelPaddingValue = image.tobytes(), 4095

    voxels = write_cine(tmp_path, change=change)
    array = open_scan(tmp_path).array
    assert array[..., :4, :].max() == voxels[..., 4:, :].min()
    assert np.array_equal(array[..., 4:, :], voxels[..., 4:, :])


def test_a_mosaic_is_no_short_axis(tmp_path: Path) -> None:
    write_cine(tmp_path, change=lambda ds, t, z: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]))
    assert open_scan(tmp_path).not_short_axis == "a mosaic of several slices in one image"


def test_images_that_all_claim_one_place_are_not_called_a_single_slice(tmp_path: Path) -> None:
    place = [float(v) for v in ORIGIN]
    write_cine(tmp_path, slices=6, change=lambda ds, t, z: setattr(ds, "ImagePositionPatient", place))
    assert "all say that they lie at one place" in open_scan(tmp_path).not_short_axis


def test_frames_of_one_file_that_are_slices_lie_at_their_locations(tmp_path: Path) -> None:
    voxels = pixels(3, 4)
    for t in range(3):
        ds = dataset(t, 0, 3, 4, voxels[t, 0])
        ds.NumberOfFrames, ds.FrameIncrementPointer = 4, 0x00182005
        ds.SliceLocationVector = [8.0 * z for z in range(4)]
        ds.PixelData = voxels[t].tobytes()
        ds.save_as(tmp_path / f"{3 - t}.dcm", enforce_file_format=True)
    volume = open_scan(tmp_path)
    assert np.array_equal(volume.array, voxels)
    assert volume.geometry.spacing_mm[2] == pytest.approx(8)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("delayed sa", "a late enhancement series"),
        ("SA late", "a late enhancement series"),
        ("MOCO T1", "a mapping series"),
        ("ssfp free breathing RT", "a real-time series"),
        ("四腔心 cine", "a long-axis view"),
        ("DIR sa", "a still image"),
        ("LAVA", "no cine of the heart"),
        ("pulmonary veins", "a view of the outflow"),
        ("flow comp cine sa", ""),
        ("短轴电影", ""),
        ("cine короткая ось", ""),
        ("petit axe", ""),
    ],
)
def test_what_a_series_is_by_its_name(tmp_path: Path, name: str, why: str) -> None:
    write_cine(tmp_path, slices=3, change=lambda ds, t, z: setattr(ds, "SeriesDescription", name))
    found = open_scan(tmp_path).not_short_axis
    assert found.startswith(why) if why else not found


def test_copies_of_slices_and_frames_are_said(tmp_path: Path) -> None:
    first = pixels(4, 4)
    first[:, 2] = first[:, 1]
    write_cine(tmp_path / "slices", slices=4, change=lambda ds, t, z: setattr(ds, "PixelData", first[t, z].tobytes()))
    assert any("Slices 2, 3 hold images that another" in notice for notice in open_scan(tmp_path / "slices").notices)
    second = pixels(4, 4)
    second[3] = second[2]
    write_cine(tmp_path / "frames", slices=4, change=lambda ds, t, z: setattr(ds, "PixelData", second[t, z].tobytes()))
    assert any("1 of 4 frames are copies" in notice for notice in open_scan(tmp_path / "frames").notices)


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_slice_far_beyond_the_stack_is_left_out_if_it_is_of_another_series(tmp_path: Path, is_alone: bool) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        if z == 6:
            ds.ImagePositionPatient = [float(v) for v in ORIGIN + (8 * 5 + 40) * NORMAL]
            ds.SeriesInstanceUID = "1.2.3" if is_alone else ds.SeriesInstanceUID

    write_cine(tmp_path, slices=7, change=change)
    volume = open_scan(tmp_path)
    assert volume.slices == (6 if is_alone else 7)
    assert any("far beyond the stack" in notice for notice in volume.notices) == is_alone
    assert bool(volume.missing) == (not is_alone)


@pytest.mark.parametrize("change", [{"Columns": 39}, {"Rows": 31}, {"NumberOfFrames": 11}])
def test_more_pixels_than_the_header_accounts_for_are_refused(tmp_path: Path, change: dict[str, int]) -> None:
    write_enhanced(tmp_path / "enhanced.dcm")
    rewrite(tmp_path / "enhanced.dcm", **change)
    with pytest.raises(ScanError, match="bytes of pixels more than its header accounts for"):
        open_scan(tmp_path)
