"""Studies as archives and anonymisers leave them: order, place and identity told by what is left of the headers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_cine import NORMAL, ORIENTATION, ORIGIN, ROOT, write_cine, write_enhanced
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset

from engine.errors import ScanError
from engine.formats import door, seg
from engine.formats.seg_read import read_seg
from engine.volume import Known, LabelMap, Volume

T, Z = 8, 7


def places(volume: Volume) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(phase, slice) of each image (T, Z), by the corner pixel that names both."""
    code = volume.array[:, :, 0, 0].astype(np.int64) - 1000
    return code // 50, code % 50


def in_order(volume: Volume) -> bool:
    t, z = places(volume)
    return bool((t == np.arange(t.shape[0])[:, None]).all() and (z == np.arange(z.shape[1])).all())


def said(volume: Volume) -> str:
    return " ".join(volume.notices)


def clock(seconds: float) -> str:
    seconds %= 86400
    return f"{int(seconds // 3600):02d}{int(seconds // 60 % 60):02d}{seconds % 60:09.6f}"


def of_series(ds: FileDataset, number: int) -> None:
    ds.SeriesInstanceUID, ds.SeriesNumber = f"{ROOT}.2.{number}", number
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.3.{number}.{ds.InstanceNumber}"


@pytest.mark.parametrize("dated", [False, True])
def test_a_scan_over_midnight(tmp_path: Path, dated: bool) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        del ds.TriggerTime, ds.ContentTime, ds.ContentDate
        ds.AcquisitionTime, ds.InstanceNumber = clock(86399.85 + 0.04 * t), None
        if dated:
            ds.AcquisitionDate = "20240229"

    write_cine(tmp_path / "scan", T, Z, change=change)
    assert in_order(door.open_scan(tmp_path / "scan"))


def test_a_dimension_of_the_makers_own_tells_the_order(tmp_path: Path) -> None:
    write_enhanced(tmp_path / "scan.dcm", T, Z)
    ds = pydicom.dcmread(tmp_path / "scan.dcm")
    for item in ds.PerFrameFunctionalGroupsSequence:
        place = np.array(item.PlanePositionSequence[0].ImagePositionPatient, float) - ORIGIN
        content = item.FrameContentSequence[0]
        content.DimensionIndexValues = [1, round(float(place @ NORMAL) / 8) + 1, content.TemporalPositionIndex]
        del content.TemporalPositionIndex, item.CardiacSynchronizationSequence
    pointers = []
    for tag in (0x00209056, 0x00209057, 0x20051031):  # stack, position in the stack, private
        pointers.append(Dataset())
        pointers[-1].DimensionIndexPointer = tag
    ds.DimensionIndexSequence = pointers
    ds.save_as(tmp_path / "scan.dcm")
    assert in_order(door.open_scan(tmp_path / "scan.dcm"))


def test_a_phase_that_no_slice_has_is_missed_by_the_number_in_the_headers(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> bool:
        ds.CardiacNumberOfImages = T
        return t != T - 1

    write_cine(tmp_path / "scan", T, Z, change=change)
    assert f"tell of {T} phases of the heartbeat, and {T - 1} are here" in said(door.open_scan(tmp_path / "scan"))


def test_a_phase_that_no_slice_has_is_missed_by_the_times(tmp_path: Path) -> None:
    write_cine(tmp_path / "scan", T, Z, change=lambda ds, t, z: t != 3)
    assert "seems to be missing between frames 3 and 4" in said(door.open_scan(tmp_path / "scan"))
    write_cine(tmp_path / "whole", T, Z)
    assert not door.open_scan(tmp_path / "whole").notices


def test_a_stack_taken_again_half_a_step_further_on_counts_once(tmp_path: Path) -> None:
    def again(ds: FileDataset, t: int, z: int) -> None:
        of_series(ds, 9)
        ds.ImagePositionPatient = [float(v) for v in ORIGIN + (8.0 * z + 4) * NORMAL]

    write_cine(tmp_path / "scan" / "a", T, Z)
    write_cine(tmp_path / "scan" / "b", T, Z, change=again)
    volume = door.open_scan(tmp_path / "scan")
    assert volume.slices == Z
    assert in_order(volume)
    assert "The stack was taken twice" in said(volume)


def test_a_stack_taken_in_two_parts_is_one(tmp_path: Path) -> None:
    write_cine(tmp_path / "scan", T, Z, change=lambda ds, t, z: of_series(ds, 7 + z % 2))
    volume = door.open_scan(tmp_path / "scan")
    assert in_order(volume)
    assert volume.slices == Z


def test_two_halves_of_a_stack_under_two_studies(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        if z >= 4:
            ds.StudyInstanceUID = f"{ROOT}.1.77"
            of_series(ds, 8)

    write_cine(tmp_path / "scan", T, Z, change=change)
    volume = door.open_scan(tmp_path / "scan")
    assert in_order(volume)
    assert volume.slices == Z
    assert "2 studies of one patient hold parts of one stack" in said(volume)


def test_two_visits_are_not_joined(tmp_path: Path) -> None:
    def again(ds: FileDataset, t: int, z: int) -> None:
        ds.StudyInstanceUID = f"{ROOT}.1.77"
        ds.AcquisitionDate, ds.AcquisitionTime = "20250101", "101500"
        of_series(ds, 8)
        ds.ImagePositionPatient = [float(v) for v in ORIGIN + 8.0 * (z + 4) * NORMAL]

    def first(ds: FileDataset, t: int, z: int) -> None:
        ds.AcquisitionDate, ds.AcquisitionTime = "20240229", "101500"

    write_cine(tmp_path / "scan" / "a", T, 4, change=first)
    write_cine(tmp_path / "scan" / "b", T, 3, change=again)
    assert door.open_scan(tmp_path / "scan").slices == 4


def test_a_patient_a_file_is_set_aside_and_said(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.PatientID, ds.PatientName = f"X{z}{t}", f"ANON{z}{t}"
        ds.StudyInstanceUID = f"{ROOT}.1.{z * 100 + t}"

    write_cine(tmp_path / "scan", T, Z, change=change)
    volume = door.open_scan(tmp_path / "scan")
    assert volume.array.shape[:2] == (T, Z)
    assert in_order(volume)
    assert "have a patient each" in said(volume)


def test_a_mask_is_written_of_a_scan_whose_identifiers_were_set_aside(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.StudyInstanceUID = f"{ROOT}.1.{z * 100 + t}"

    write_cine(tmp_path / "scan", 3, 4, change=change)
    volume = door.open_scan(tmp_path / "scan")
    labels = np.zeros(volume.array.shape, np.uint8)
    labels[:, :, 8:20, 8:20] = 1
    files = seg.write_seg(
        *(tmp_path / "out", LabelMap(labels, volume.geometry), volume),
        **{"algorithm": "QuantLite", "version": "1"},
    )
    assert np.array_equal(read_seg(files, volume)[0].array, labels)


@pytest.mark.parametrize("oriented", [False, True])
def test_slice_locations_stand_for_positions(tmp_path: Path, oriented: bool) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.SliceLocation = 8.0 * z
        if oriented:
            ds.ImagePositionPatient = [0, 0, 0]
        else:
            del ds.ImagePositionPatient, ds.ImageOrientationPatient

    write_cine(tmp_path / "scan", T, Z, change=change)
    volume = door.open_scan(tmp_path / "scan")
    assert volume.array.shape[:2] == (T, Z)
    assert in_order(volume)
    assert "slice locations say" in said(volume)
    assert volume.geometry.orientation is (Known.KNOWN if oriented else Known.ASSUMED)
    assert volume.geometry.spacing_mm[2] == pytest.approx(8)
    assert "heartbeats" not in said(volume)


def test_many_frames_without_times_are_not_proved_to_be_a_cine(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        del ds.TriggerTime, ds.NominalInterval, ds.ContentTime

    write_cine(tmp_path / "scan", 60, 3, change=change)
    assert "which nothing proves to be a cine" in door.open_scan(tmp_path / "scan").not_short_axis


def test_what_a_workstation_computed_does_not_take_the_place_of_the_cine(tmp_path: Path) -> None:
    def derived(ds: FileDataset, t: int, z: int) -> None:
        of_series(ds, 30)
        ds.ImageType = ["DERIVED", "SECONDARY", "MPR"]

    write_cine(tmp_path / "scan" / "a", T, Z)
    write_cine(tmp_path / "scan" / "b", T + 4, Z, change=derived)
    volume = door.open_scan(tmp_path / "scan")
    assert volume.frames == T


def test_a_slice_of_another_rate_is_interpolated_in_time(tmp_path: Path) -> None:
    """16 phases of the beat in one slice, 8 in the others: half of them lie half way between two."""

    def most(ds: FileDataset, t: int, z: int) -> bool:
        ds.TriggerTime, ds.NominalInterval = 40 * t, 40 * T
        return z != 2

    def finer(ds: FileDataset, t: int, z: int) -> bool:
        of_series(ds, 8)
        ds.TriggerTime, ds.NominalInterval = 25.0 * t, 40 * T
        ds.PixelData = np.full((32, 40), 1000 + 100 * t, "<u2").tobytes()
        return z == 2

    write_cine(tmp_path / "scan" / "a", T, 5, change=most)
    write_cine(tmp_path / "scan" / "b", 13, 5, change=finer)
    volume = door.open_scan(tmp_path / "scan")
    assert volume.array.shape[:2] == (T, 5)
    found = volume.array[:, 2, 5, 5].astype(float)
    assert np.abs(found - (1000 + 100 * 40 * np.arange(T) / 25)).max() <= 1
    assert "13 phases in some slices (3) and 8 in the others: they are interpolated in time" in said(volume)


def test_an_element_of_the_patients_that_is_damaged_costs_no_scan(tmp_path: Path) -> None:
    write_cine(tmp_path / "scan", 2, 3)
    for path in (tmp_path / "scan").iterdir():
        content = path.read_bytes()
        at = content.index(b"\x08\x00\x50\x00SH")
        path.write_bytes(content[: at + 4] + b"S\xc8" + content[at + 6 :])
    assert door.open_scan(tmp_path / "scan").frames == 2


def tilted(degrees: float) -> list[float]:
    """The orientation of the cine, its columns turned out of their plane."""
    row, column = np.array(ORIENTATION[:3]), np.array(ORIENTATION[3:])
    angle = np.deg2rad(degrees)
    turned = column * np.cos(angle) + np.cross(row, column) * np.sin(angle)
    return [float(f"{v:.6f}") for v in (*row, *turned)]


@pytest.mark.parametrize(("degrees", "slices"), [(3, Z), (9, 4)])
def test_slices_that_were_planned_anew(tmp_path: Path, degrees: float, slices: int) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        if z >= 4:
            ds.ImageOrientationPatient = tilted(degrees)

    write_cine(tmp_path / "scan", T, Z, change=change)
    volume = door.open_scan(tmp_path / "scan")
    assert volume.slices == slices
    assert volume.missing == ("" if slices == Z else "slices are tilted away")
    assert ("3 more slices go on from this stack" in said(volume)) is (slices < Z)


def test_a_series_taken_again_is_no_second_heartbeat(tmp_path: Path) -> None:
    def again(ds: FileDataset, t: int, z: int) -> None:
        ds.InstanceNumber += 700
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.8.{ds.InstanceNumber}"

    write_cine(tmp_path / "scan" / "a", T, Z)
    write_cine(tmp_path / "scan" / "b", T, Z, change=again)
    volume = door.open_scan(tmp_path / "scan")
    assert in_order(volume)
    assert "heartbeats" not in said(volume)
    assert "of a slice and phase that another image shows" in said(volume)


def test_the_time_of_an_enhanced_file_orders_one_file_a_phase(tmp_path: Path) -> None:
    voxels = write_enhanced(tmp_path / "all.dcm", 4, 3)
    whole = pydicom.dcmread(tmp_path / "all.dcm")
    (tmp_path / "all.dcm").unlink()
    pixels = whole.pixel_array
    items = list(whole.PerFrameFunctionalGroupsSequence)
    phases = [item.FrameContentSequence[0].TemporalPositionIndex for item in items]
    for item in items:
        item.FrameContentSequence[0].TemporalPositionIndex = 1
        del item.CardiacSynchronizationSequence
    for phase in range(1, 5):
        own = [k for k, p in enumerate(phases) if p == phase]
        whole.PerFrameFunctionalGroupsSequence = [items[k] for k in own]
        whole.NumberOfFrames, whole.PixelData = len(own), pixels[own].astype("<u2").tobytes()
        whole.SOPInstanceUID = whole.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.77.{phase}"
        whole.InstanceNumber, whole.AcquisitionDateTime = 1, f"20240229101500.{40 * phase:03d}000"
        whole.save_as(tmp_path / f"{9 - phase}.dcm")
    assert np.array_equal(door.open_scan(tmp_path).array, voxels)


@pytest.mark.parametrize("frame", [None, 3])
def test_images_of_one_value_among_others_are_said(tmp_path: Path, frame: int | None) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        if z == 3 and frame in (None, t):
            ds.PixelData = bytes(len(ds.PixelData))

    write_cine(tmp_path / "scan", T, Z, change=change)
    count = 1 if frame else T
    assert f"{count} of {T * Z} images hold nothing but one value (slices 4)" in said(door.open_scan(tmp_path / "scan"))


def test_what_a_header_holds_reaches_no_terminal(tmp_path: Path) -> None:
    write_cine(tmp_path, 1, 1, change=lambda ds, t, z: setattr(ds, "PhotometricInterpretation", "RGB\x1b[2J"))
    with pytest.raises(ScanError) as caught:
        door.open_scan(tmp_path)
    assert str(caught.value).isprintable()
