"""What a study is understood to be, from headers that scanners, archives and anonymisers really write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_cine import NORMAL, ORIENTATION, ORIGIN, PIXEL_MM, dataset, pixels, write_cine, write_enhanced
from pydicom.dataset import Dataset, FileDataset

from engine.formats.dicom_header import read_images
from engine.formats.dicom_kind import named, no_cine, other_view
from engine.formats.dicom_values import seconds
from engine.formats.door import open_scan
from engine.volume import Known

FRAMES, SLICES = 6, 4


def without_trigger(ds: FileDataset, **values: Any) -> None:
    del ds.TriggerTime
    del ds.NominalInterval
    ds.InstanceNumber = None
    for name, value in values.items():
        setattr(ds, name, value)


# -- order in time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "source"),
    [
        (lambda t, z: {"TemporalPositionIdentifier": t + 1}, ""),
        (lambda t, z: {"AcquisitionTime": f"1015{z:02d}.{t:03d}"}, "acquisition times"),
        (lambda t, z: {"AcquisitionDateTime": f"202401011015{z:02d}.{t:03d}+0100"}, "acquisition times"),
        (lambda t, z: {"ContentTime": f"1015{10 * z + t:02d}"}, "content times"),
        (lambda t, z: {"InstanceNumber": 100 - 10 * z + t}, "instance numbers"),
    ],
)
def test_the_order_comes_from_whatever_the_files_offer(
    tmp_path: Path, values: Callable[[int, int], dict[str, Any]], source: str
) -> None:
    voxels = write_cine(tmp_path, FRAMES, SLICES, change=lambda ds, t, z: without_trigger(ds, **values(t, z)))
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.time_order is Known.KNOWN
    said = " ".join(volume.notices)
    assert (source in said) if source else not said


def test_an_order_that_nothing_tells_is_unknown(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        without_trigger(ds, ContentTime="101500", AcquisitionTime="101500")

    write_cine(tmp_path, FRAMES, SLICES, change=change)
    volume = open_scan(tmp_path)
    assert volume.time_order is Known.ASSUMED
    assert "order of the frames is unknown" in " ".join(volume.notices)
    assert volume.frame_times_ms is None


def test_times_that_rounding_made_equal_are_told_apart(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.TriggerTime = (0, 40, 40, 80, 120, 160)[t]

    voxels = write_cine(tmp_path, FRAMES, SLICES, change=change)
    np.testing.assert_array_equal(open_scan(tmp_path).array, voxels)


def test_a_beat_that_starts_anew_is_the_next_beat(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.TriggerTime = 40 * (t % 5) + 7 * (t // 5)

    voxels = write_cine(tmp_path, 15, SLICES, change=change)
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels[:5])
    assert "over 3 heartbeats" in " ".join(volume.notices)
    assert volume.frame_times_ms == (0, 40, 80, 120, 160)


def test_a_beat_whose_end_was_taken_first_stays_one(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.InstanceNumber = z * 12 + (t + 5) % 12 + 1

    voxels = write_cine(tmp_path, 12, SLICES, change=change)
    np.testing.assert_array_equal(open_scan(tmp_path).array, voxels)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("101500", 36900.0),
        ("101500.25", 36900.25),
        ("10:15:00", 36900.0),
        ("10", 36000.0),
        ("00010101101500", 86400.0 + 36900),
        ("00010101101500.5+0100", 86400.0 + 36900.5),
        ("", None),
        ("noon", None),
    ],
)
def test_times_of_headers(stamp: str, expected: float | None) -> None:
    assert seconds(stamp) == expected


def test_a_dimension_of_time_orders_enhanced_frames(tmp_path: Path) -> None:
    voxels = write_enhanced(tmp_path / "e.dcm", 4, 3)
    import pydicom  # noqa: PLC0415

    ds = pydicom.dcmread(tmp_path / "e.dcm")
    for item in ds.PerFrameFunctionalGroupsSequence:
        content = item.FrameContentSequence[0]
        content.DimensionIndexValues = [1, content.TemporalPositionIndex]
        del content.TemporalPositionIndex
        del item.CardiacSynchronizationSequence
    time = Dataset()
    time.DimensionIndexPointer = 0x00209128
    stack = Dataset()
    stack.DimensionIndexPointer = 0x00209057
    ds.DimensionIndexSequence = [stack, time]
    ds.save_as(tmp_path / "e.dcm")
    assert {image.dimension for image in read_images(tmp_path / "e.dcm")} == {1, 2, 3, 4}
    np.testing.assert_array_equal(open_scan(tmp_path).array, voxels)


# -- what belongs together ---------------------------------------------------------------------------------------------


def rotated(degrees: float) -> list[float]:
    """ORIENTATION turned about its rows."""
    row, column = np.array(ORIENTATION[:3]), np.array(ORIENTATION[3:])
    angle = np.radians(degrees)
    return [*row, *(np.cos(angle) * column + np.sin(angle) * NORMAL)]


def test_slices_that_were_planned_anew_are_of_the_stack(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        if z >= 3:
            ds.ImageOrientationPatient = rotated(0.3)

    voxels = write_cine(tmp_path, FRAMES, 5, change=change)
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels)
    assert "Slices 4, 5 are tilted against the others by up to 0.3°" in " ".join(volume.notices)


def test_slices_in_other_directions_are_not(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        if z >= 3:
            ds.ImageOrientationPatient = rotated(20)

    write_cine(tmp_path, FRAMES, 5, change=change)
    assert open_scan(tmp_path).slices == 3


def test_a_slice_of_another_matrix_is_resampled(tmp_path: Path) -> None:
    """Slice 2 has twice the resolution; its centre stays, so its corner lies a quarter of a pixel further out."""

    def change(ds: FileDataset, t: int, z: int) -> None:
        if z == 2:
            image = np.frombuffer(ds.PixelData, "<u2").reshape(ds.Rows, ds.Columns)
            ds.Rows, ds.Columns = 2 * ds.Rows, 2 * ds.Columns
            ds.PixelSpacing = [mm / 2 for mm in PIXEL_MM]
            ds.PixelData = image.repeat(2, 0).repeat(2, 1).tobytes()
            row, column = np.array(ORIENTATION[:3]), np.array(ORIENTATION[3:])
            shift = -row * PIXEL_MM[1] / 4 - column * PIXEL_MM[0] / 4
            ds.ImagePositionPatient = [float(v) for v in ORIGIN + 8 * z * NORMAL + shift]

    voxels = write_cine(tmp_path, FRAMES, 5, change=change)
    volume = open_scan(tmp_path)
    assert volume.array.shape == voxels.shape
    np.testing.assert_array_equal(np.delete(volume.array, 2, 1), np.delete(voxels, 2, 1))
    assert np.abs(volume.array[:, 2].astype(int) - voxels[:, 2]).max() <= 1
    assert "Slice 3 is of another pixel grid than the others, and resampled" in " ".join(volume.notices)


def test_rows_that_run_the_other_way_are_turned(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        if z == 1:
            image = np.frombuffer(ds.PixelData, "<u2").reshape(ds.Rows, ds.Columns)
            ds.PixelData = image.T.copy().tobytes()
            ds.Rows, ds.Columns = ds.Columns, ds.Rows
            ds.PixelSpacing = list(PIXEL_MM[::-1])
            ds.ImageOrientationPatient = [*ORIENTATION[3:], *ORIENTATION[:3]]

    voxels = write_cine(tmp_path, FRAMES, 5, change=change)
    np.testing.assert_array_equal(open_scan(tmp_path).array, voxels)


@pytest.mark.parametrize("offset", [0.5, 2.0])
def test_a_stack_taken_twice_is_one_stack(tmp_path: Path, offset: float) -> None:
    voxels = write_cine(tmp_path / "first", FRAMES, SLICES)

    def again(ds: FileDataset, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber = "1.2.9", 9
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".9"
        ds.ImagePositionPatient = [float(v) for v in ORIGIN + (8 * z + offset) * NORMAL]

    write_cine(tmp_path / "second", FRAMES, SLICES, change=again)
    volume = open_scan(tmp_path)
    assert volume.array.shape == voxels.shape
    assert volume.geometry.spacing_mm[2] == pytest.approx(8)
    assert "nearer to another one than half the distance" in " ".join(volume.notices)


def test_slices_taken_in_two_turns_are_one_stack(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber = f"1.2.{z % 2}", 5 + z % 2

    voxels = write_cine(tmp_path, FRAMES, 6, change=change)
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.notices == ()


def test_a_still_in_the_same_planes_is_not_a_phase(tmp_path: Path) -> None:
    voxels = write_cine(tmp_path / "cine", FRAMES, SLICES)

    def still(ds: FileDataset, t: int, z: int) -> bool:
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.TriggerTime = "1.2.9", 9, 333.0
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".9"
        ds.PixelData = bytes(len(ds.PixelData))
        return t == 0

    write_cine(tmp_path / "still", FRAMES, SLICES, change=still)
    np.testing.assert_array_equal(open_scan(tmp_path).array, voxels)


def test_two_acquisitions_of_one_series_are_not_mixed(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.AcquisitionNumber = 1 + t // FRAMES
        ds.TriggerTime = 40 * (t % FRAMES) + t // FRAMES
        ds.NominalInterval = 40 * FRAMES

    voxels = write_cine(tmp_path, 2 * FRAMES, SLICES, change=change)
    volume = open_scan(tmp_path)
    assert volume.frames == FRAMES
    halves = [voxels[:FRAMES], voxels[FRAMES:]]
    assert any(np.array_equal(volume.array, half) for half in halves)


def test_fewer_phases_of_one_beat_are_interpolated_in_time(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> bool:
        ds.NominalInterval = 320
        if z == 1:
            ds.TriggerTime = 320 / 6 * t
            return t < 6
        ds.TriggerTime = 40 * t
        return True

    voxels = write_cine(tmp_path, 8, SLICES, change=change)
    volume = open_scan(tmp_path)
    assert volume.array.shape[:2] == (8, SLICES)
    six = voxels[[0, 1, 2, 3, 4, 5, 0], 1].astype(float)
    at = 6 * 40 * np.arange(8) / 320
    before = at.astype(int)
    share = (at - before)[:, None, None]
    expected = (1 - share) * six[before] + share * six[before + 1]
    assert np.abs(volume.array[:, 1] - expected).max() <= 1
    assert "6 phases in some slices (2) and 8 in the others" in " ".join(volume.notices)


# -- identity ----------------------------------------------------------------------------------------------------------


def test_one_identifier_for_all_images_costs_none(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"

    voxels = write_cine(tmp_path, FRAMES, SLICES, change=change)
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels)
    assert "share an identifier" in " ".join(volume.notices)


def test_a_study_for_every_file_is_one_study(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.StudyInstanceUID = f"1.2.{10 * z + t}"

    voxels = write_cine(tmp_path, FRAMES, SLICES, change=change)
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels)
    assert "taken for one study" in " ".join(volume.notices)


def test_two_patients_under_one_identifier_are_never_one_heart(tmp_path: Path) -> None:
    def other(ds: FileDataset, t: int, z: int) -> bool:
        ds.PatientName = "Somebody^Else"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".9"
        return z >= SLICES

    write_cine(tmp_path / "one", FRAMES, SLICES)
    write_cine(tmp_path / "two", FRAMES, SLICES + 3, change=other)
    volume = open_scan(tmp_path)
    assert volume.slices == SLICES
    assert "kept apart by name and date of birth" in " ".join(volume.notices)


def test_images_without_a_place_are_said_to_be_so(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        del ds.ImagePositionPatient

    write_cine(tmp_path, FRAMES, SLICES, change=change)
    assert open_scan(tmp_path).not_short_axis == "a series of images that do not say where they lie"


# -- what kind of image ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"SeriesDescription": "ep2d perf rest"}, "a perfusion series"),
        ({"SeriesDescription": "SAX LGE"}, "a late enhancement series"),
        ({"SeriesDescription": "cine 4ch stack"}, "a long-axis view"),
        ({"BodyPartExamined": "BRAIN"}, "an image of the brain"),
        ({"ImageType": ["DERIVED", "PRIMARY", "T1 MAP"]}, "a map of a tissue property"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, "a phase image"),
        ({"SeriesDescription": "", "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, "a transverse stack"),
    ],
)
def test_what_is_no_short_axis_cine_says_why(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    def edit(ds: FileDataset, t: int, z: int) -> None:
        for name, value in change.items():
            setattr(ds, name, value)
        if "ImageOrientationPatient" in change:
            ds.ImagePositionPatient = [0.0, 0.0, 8.0 * z]

    write_cine(tmp_path, FRAMES, SLICES, change=edit)
    assert reason in open_scan(tmp_path).not_short_axis


def test_a_series_longer_than_a_heartbeat_is_no_cine(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.TriggerTime, ds.SeriesDescription = 700.0 * t, "dynamic"
        del ds.NominalInterval

    write_cine(tmp_path, 60, 3, change=change)
    assert open_scan(tmp_path).not_short_axis == "no cine of one heartbeat: its frames span 41.3 s"


def test_echo_times_in_one_place_are_no_phases_of_a_beat(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.EchoTime, ds.SeriesDescription = 1.5 + 2 * t, "gre multi echo"

    write_cine(tmp_path, FRAMES, SLICES, change=change)
    assert open_scan(tmp_path).not_short_axis == "a series of 6 echo times, as for mapping"


def test_the_cine_is_chosen_beside_what_is_larger(tmp_path: Path) -> None:
    def perfusion(ds: FileDataset, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = "1.2.9", 3, "dynamic"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".9"
        ds.TriggerTime, ds.ImagePositionPatient = 700.0 * t, [float(v) for v in ORIGIN + (3 + 8 * z) * NORMAL]

    voxels = write_cine(tmp_path / "cine", FRAMES, SLICES)
    write_cine(tmp_path / "perfusion", 50, 3, change=perfusion)
    np.testing.assert_array_equal(open_scan(tmp_path).array, voxels)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cine sa", (1, "", "")),
        ("EJE CORTO", (1, "", "")),
        ("PETIT AXE", (1, "", "")),
        ("KORTE AS", (1, "", "")),
        ("Kurze Achse", (1, "", "")),
        ("EJE CORTO DE", (1, "", "")),
        ("DE", (0, "", "")),
        ("FIESTA", (0, "", "")),
        ("cine sa rest", (1, "", "")),
        ("rest", (-1, "a perfusion series", "")),
        ("DE-MRI sa", (-1, "a late enhancement series", "")),
        ("T2* mapping", (-1, "a mapping series", "")),
        ("First Pass New", (-1, "a perfusion series", "")),
        ("4-Kammerblick", (-1, "", "a long-axis view")),
        ("CINE_LVOT", (-1, "", "a view of the outflow")),
        ("cine axial stack", (-1, "", "a stack along the body")),
        ("Arrest", (0, "", "")),
    ],
)
def test_names_in_several_languages(tmp_path: Path, name: str, expected: tuple[int, str, str]) -> None:
    ds = dataset(0, 0, 1, 1, pixels(1, 1)[0, 0])
    ds.SeriesDescription = name
    ds.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    [image] = read_images(tmp_path / "image.dcm")
    assert (named(image), no_cine(image), other_view(image)) == expected
