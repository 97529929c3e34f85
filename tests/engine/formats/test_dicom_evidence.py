"""What speaks for and against a cine of the short axis where neither times nor names are the usual ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_cine import NORMAL, dataset, pixels, write_cine
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import LegacyConvertedEnhancedMRImageStorage

from engine.formats.dicom_header import read_images
from engine.formats.dicom_kind import no_cine, other_view, why_no_short_axis_cine
from engine.formats.dicom_places import step_mm
from engine.formats.door import open_scan
from engine.volume import Known


def along(
    row: tuple[float, ...], column: tuple[float, ...], description: str = "cine"
) -> Callable[[FileDataset, int, int], None]:
    """A change that turns the stack."""
    across = np.cross(row, column)

    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.SeriesDescription, ds.ProtocolName = description, ""
        ds.ImageOrientationPatient = [round(float(v), 8) for v in (*row, *column)]
        ds.ImagePositionPatient = [round(float(v), 6) for v in 8.0 * z * across]

    return change


LEVEL, STEEP = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
FOUR_CHAMBER = ((0.8, 0.6, 0.0), (-0.36, 0.48, 0.8))


@pytest.mark.parametrize(
    ("plane", "description", "says"),
    [
        (LEVEL, "cine", "a transverse stack"),
        (STEEP, "trufi", "a sagittal stack"),
        (((1.0, 0.0, 0.0), (0.0, 0.0995, -0.995)), "trufi", "a coronal stack"),
        (FOUR_CHAMBER, "cine", "do not lie across the heart"),
        (FOUR_CHAMBER, "cine SA", ""),
        (LEVEL, "cine sax", ""),
    ],
)
def test_the_direction_of_an_unnamed_stack_speaks(
    tmp_path: Path, plane: tuple[tuple[float, ...], tuple[float, ...]], description: str, says: str
) -> None:
    write_cine(tmp_path, 6, 4, change=along(*plane, description))
    reason = open_scan(tmp_path).not_short_axis
    assert says in reason if says else not reason


@pytest.mark.parametrize(
    ("description", "what"),
    [
        ("realtime cine sa", "a real-time series"),
        ("Echtzeit SA", "a real-time series"),
        ("cine temps réel", "a real-time series"),
        ("realce tardio eje corto", "a late enhancement series"),
        ("Spätaufnahme SA", "a late enhancement series"),
        ("localizador", "a localiser"),
        ("TI scout", "a mapping series"),
        ("nativeT1 sax", "a mapping series"),
        ("EGE SA", "a late enhancement series"),
        ("IR-TFE SA", "a late enhancement series"),
        ("strain SENC", "a tagging series"),
        ("T2prep sax", "a still image"),
        ("whole heart", "no cine of the heart"),
        ("dixon sax", "no cine of the heart"),
        ("krótka oś", ""),
        ("cine Vierkammerblick", ""),
        ("DE", ""),
    ],
)
def test_names_that_are_no_cine(tmp_path: Path, description: str, what: str) -> None:
    ds = dataset(0, 0, 1, 1, pixels(1, 1)[0, 0])
    ds.SeriesDescription = description
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert no_cine(read_images(tmp_path / "a.dcm")[0]) == what


@pytest.mark.parametrize(
    "description",
    [
        "Vierkammer",
        "vierkamer",
        "2C",
        "Zweikammerblick",
        "cuatro cámaras",
        "2 camaras",
        "4CV",
        "quatre cavités",
        "4-kamerblik",
        "asse lungo",
    ],
)
def test_long_axes_by_name(tmp_path: Path, description: str) -> None:
    ds = dataset(0, 0, 1, 1, pixels(1, 1)[0, 0])
    ds.SeriesDescription = description
    ds.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert other_view(read_images(tmp_path / "a.dcm")[0]) == "a long-axis view"


def test_one_image_a_heartbeat_is_no_cine(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.TriggerTime = 450  # each at the same moment of its own beat
        ds.AcquisitionTime = ds.ContentTime = f"1015{t:02d}.{100 * z:03d}"

    write_cine(tmp_path, 12, 3, change=change)
    assert "taken one after another over 11 s" in open_scan(tmp_path).not_short_axis


def test_times_beyond_the_beat_are_said(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.TriggerTime, ds.NominalInterval = 60 * t, 600

    write_cine(tmp_path, 20, 3, change=change)
    volume = open_scan(tmp_path)
    assert not volume.not_short_axis
    assert any("span 1.9 heartbeats" in notice for notice in volume.notices)


def test_gated_images_are_used_where_real_time_ones_lie_in_the_same_planes(tmp_path: Path) -> None:
    voxels = write_cine(tmp_path / "gated", 6, 3)

    def real_time(ds: FileDataset, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber = f"{ds.SeriesInstanceUID}.9", 90
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.9"
        ds.TriggerTime = 40 * (t % 6) + 5 * (t // 6)

    write_cine(tmp_path / "real-time", 18, 3, change=real_time)
    np.testing.assert_array_equal(open_scan(tmp_path).array, voxels)


def test_slice_locations_stand_in_for_positions(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.SliceLocation = 8.0 * z
        del ds.ImagePositionPatient

    voxels = write_cine(tmp_path, 6, 4, change=change)
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.geometry.spacing_mm[2] == pytest.approx(8)
    assert any("where their slice locations say" in notice for notice in volume.notices)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("NominalCardiacTriggerDelayTime", lambda t: 40.0 * t),
        ("ActualCardiacTriggerDelayTime", lambda t: 40.0 * t),
        ("NominalPercentageOfCardiacPhase", lambda t: 15.0 * t),
    ],
)
def test_classic_images_with_elements_of_enhanced_ones(tmp_path: Path, name: str, values: Callable[..., Any]) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        del ds.TriggerTime
        ds.InstanceNumber = None
        setattr(ds, name, values(t))

    voxels = write_cine(tmp_path, 6, 4, change=change)
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.time_order is Known.KNOWN


def write_legacy(path: Path, fill: Callable[[Dataset, int, int], None]) -> NDArray[np.uint16]:
    """A legacy-converted cine of 6 phases and 3 slices, its frames in no order; fill(item, t, z) adds what tells it."""
    voxels = pixels(6, 3)
    ds = dataset(0, 0, 6, 3, voxels[0, 0])
    measures, plane, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = ds.PixelSpacing, 6.0
    plane.ImageOrientationPatient = ds.ImageOrientationPatient
    origin = np.array(ds.ImagePositionPatient, float)
    for keyword in (
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
        "TriggerTime",
        "NominalInterval",
    ):
        delattr(ds, keyword)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = LegacyConvertedEnhancedMRImageStorage
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    ds.SharedFunctionalGroupsSequence = [shared]
    order = [(t, z) for t in range(6) for z in range(3)]
    np.random.default_rng(2).shuffle(order)
    items = []
    for t, z in order:
        item, position = Dataset(), Dataset()
        position.ImagePositionPatient = [round(float(v), 6) for v in origin + 8.0 * z * NORMAL]
        item.PlanePositionSequence = [position]
        fill(item, int(t), int(z))
        items.append(item)
    ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames = items, len(order)
    ds.PixelData = np.stack([voxels[t, z] for t, z in order]).astype("<u2").tobytes()
    ds.save_as(path, enforce_file_format=True)
    return voxels


@pytest.mark.parametrize(
    ("sequence", "name", "values"),
    [
        ("UnassignedPerFrameConvertedAttributesSequence", "InstanceNumber", lambda t, z: 6 * z + t + 1),
        ("UnassignedPerFrameConvertedAttributesSequence", "TemporalPositionIdentifier", lambda t, z: t + 1),
        ("FrameContentSequence", "FrameReferenceDateTime", lambda t, z: f"20240229101{z}{t:02d}.5"),
        ("TemporalPositionSequence", "TemporalPositionTimeOffset", lambda t, z: 0.04 * t),
    ],
)
def test_frames_of_converted_files(tmp_path: Path, sequence: str, name: str, values: Callable[..., Any]) -> None:
    def fill(item: Dataset, t: int, z: int) -> None:
        inner = Dataset()
        setattr(inner, name, values(t, z))
        setattr(item, sequence, [inner])

    voxels = write_legacy(tmp_path / "e.dcm", fill)
    volume = open_scan(tmp_path)
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.time_order is Known.KNOWN


def test_the_order_of_frames_in_an_enhanced_file_proves_nothing(tmp_path: Path) -> None:
    write_legacy(tmp_path / "e.dcm", lambda item, t, z: None)
    volume = open_scan(tmp_path)
    assert volume.time_order is Known.ASSUMED
    assert any("order of the frames is unknown" in notice for notice in volume.notices)


def test_the_step_of_a_stack_that_lacks_two_slices(tmp_path: Path) -> None:
    write_cine(tmp_path, 4, 10, change=lambda ds, t, z: z not in (4, 5))
    volume = open_scan(tmp_path)
    assert volume.slices == 8
    assert volume.missing
    image = read_images(next(tmp_path.iterdir()))[0]
    assert step_mm(np.array([0.0, 8, 16, 24, 48, 56, 64, 72]), [image]) == pytest.approx(8)
    assert step_mm(np.array([0.0, 2, 10, 12, 20, 22]), [image]) == pytest.approx(8)


def test_stills_speak_neither_for_nor_against(tmp_path: Path) -> None:
    write_cine(tmp_path, 1, 3, change=along(*FOUR_CHAMBER))
    images = [read_images(path)[0] for path in sorted(tmp_path.iterdir())]
    assert not why_no_short_axis_cine([images], None)


def test_phases_whose_positions_differ_a_little_are_of_one_slice(tmp_path: Path) -> None:
    def change(ds: FileDataset, t: int, z: int) -> None:
        off = 0.15 * (t % 2) * NORMAL
        ds.ImagePositionPatient = [round(float(v), 6) for v in np.array(ds.ImagePositionPatient, float) + off]

    voxels = write_cine(tmp_path, 6, 4, change=change)
    np.testing.assert_array_equal(open_scan(tmp_path).array, voxels)


@pytest.mark.parametrize(("gap_mm", "says"), [(90.0, "longer than a heart"), (1.2, "nearer than in"), (3.0, "")])
def test_stacks_that_are_no_hearts_by_their_extent(tmp_path: Path, gap_mm: float, says: str) -> None:
    write_cine(tmp_path, 4, 4, gap_mm=gap_mm)
    reason = open_scan(tmp_path).not_short_axis
    assert says in reason if says else not reason
