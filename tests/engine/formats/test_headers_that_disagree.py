"""Files of one scan whose headers do not agree, and headers that leave something out: said, or refused."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_cine import ORIENTATION, dataset, pixels, write_enhanced

from engine.errors import ScanError
from engine.formats import door, nifti
from engine.formats.datasets import Case, read_case
from engine.phantom import make_phantom
from engine.volume import Known

CINE, LABELS, _ = make_phantom(8, 7, 64)
AFFINE = np.diag([-1.0, -1.0, 1.0, 1.0]) @ CINE.geometry.affine
ROW = ORIENTATION[:3]
VOXELS = CINE.array.transpose(3, 2, 1, 0)


def save(path: Path, voxels: np.ndarray, affine: np.ndarray = AFFINE, step_ms: float = 30.0) -> Path:
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm", "msec")
    if voxels.ndim > 3:
        image.header["pixdim"][4] = step_ms
    nib.save(image, path)
    return path


def slices(folder: Path, odd: Callable[[np.ndarray], None] | None = None, odd_step_ms: float = 30.0) -> list[Path]:
    """A file a slice, of which the fourth has a changed affine, or another time step."""
    paths = []
    for z in range(7):
        affine = AFFINE.copy()
        affine[:, 3] = AFFINE @ [0, 0, z, 1]
        if z == 3 and odd is not None:
            odd(affine)
        step = odd_step_ms if z == 3 else 30.0
        paths.append(save(folder / f"slice_{z}.nii", VOXELS[:, :, z : z + 1], affine, step))
    return paths


def test_a_slice_with_pixels_of_another_size_is_no_part_of_the_stack(tmp_path: Path) -> None:
    def doubled(affine: np.ndarray) -> None:
        affine[:3, :2] *= 2

    paths = slices(tmp_path, doubled)
    with pytest.raises(ScanError, match=r"slice_3.nii: has pixels of 9.1 × 9.1 mm, but slice_0.nii of 4.55"):
        nifti.read(paths)
    assert door.find(tmp_path).chosen.size[1] == 1


def test_slices_that_are_shifted_are_said(tmp_path: Path) -> None:
    def moved(affine: np.ndarray) -> None:
        affine[:3, 3] += 10 * affine[:3, 0]

    notices = nifti.read(slices(tmp_path, moved)).notices
    assert any("shifted against each other by up to 45.5 mm" in notice for notice in notices)


def test_times_of_slices_that_differ_are_said(tmp_path: Path) -> None:
    volume = nifti.read(slices(tmp_path, odd_step_ms=60.0))
    assert any("differ in the time from frame to frame: 30.0 to 60.0 ms" in notice for notice in volume.notices)
    assert volume.frame_times_ms is not None
    assert volume.frame_times_ms[1] == pytest.approx(240 / 7, abs=1e-3)


def test_axes_that_lean_are_said(tmp_path: Path) -> None:
    affine = AFFINE.copy()
    affine[:3, 2] += 3 * affine[:3, 0]
    volume = nifti.read([save(tmp_path / "scan.nii", VOXELS, affine)])
    assert any("° away from right angles" in notice for notice in volume.notices)
    assert volume.geometry.voxel_ml == pytest.approx(CINE.geometry.voxel_ml)


@pytest.mark.parametrize(("forms", "z_mm", "known"), [(1, CINE.geometry.spacing_mm[2], "known"), (0, 1, "assumed")])
def test_a_voxel_size_of_0_is_not_taken_for_1_mm(tmp_path: Path, forms: int, z_mm: float, known: str) -> None:
    content = bytearray(save(tmp_path / "scan.nii", VOXELS).read_bytes())
    struct.pack_into("<f", content, 88, 0.0)
    struct.pack_into("<2h", content, 252, forms, forms)
    (tmp_path / "scan.nii").write_bytes(content)
    geometry = nifti.read([tmp_path / "scan.nii"]).geometry
    assert geometry.spacing_mm[2] == pytest.approx(z_mm)
    assert geometry.spacing is Known(known)


@pytest.mark.parametrize(("factor", "said"), [(1, False), (0.001, True), (10, True)])
def test_voxels_of_no_heart_are_said_until_the_spacing_is_given(tmp_path: Path, factor: float, said: bool) -> None:
    volume = door.open_scan(save(tmp_path / "scan.nii", VOXELS, AFFINE @ np.diag([factor, factor, 1, 1])))
    assert any("are not those of a heart scan" in notice for notice in volume.spacing_notices) == said
    assert not any("heart scan" in notice for notice in volume.with_spacing(1.5, 1.5, 8.0).notices)


def test_a_frame_of_a_data_set_is_counted_in_its_file(tmp_path: Path) -> None:
    empty = np.zeros_like(VOXELS[..., :1])
    image = save(tmp_path / "image.nii", np.concatenate([empty, VOXELS], axis=3))
    marks = np.concatenate([empty, LABELS.array.transpose(3, 2, 1, 0)], axis=3).astype(np.uint8)
    truth = save(tmp_path / "truth.nii", marks)
    volume, labels = read_case(Case("one", "ED", image, truth, "mnms", frame=3))
    assert np.array_equal(volume.array[0], CINE.array[2])
    assert np.array_equal(labels.array[0], LABELS.array[2])
    with pytest.raises(ScanError, match="8 frames with an image, but ED is to be frame 1"):
        read_case(Case("one", "ED", image, truth, "mnms", frame=0))


def cine(folder: Path, change: Callable[[Any, int, int], object]) -> Path:
    """The DICOM cine of four frames and five slices, each image changed, given (data set, frame, slice)."""
    voxels = pixels(4, 5)
    for t, z in np.ndindex(4, 5):
        image = dataset(t, z, 4, 5, voxels[t, z])
        change(image, t, z)
        image.save_as(folder / f"{z}_{t}.dcm")
    return folder


def test_a_slice_without_pixel_spacing_has_that_of_the_others(tmp_path: Path) -> None:
    def without(image: Any, t: int, z: int) -> None:
        if z == 2:
            del image.PixelSpacing

    volume = door.open_scan(cine(tmp_path, without))
    assert np.array_equal(volume.array, pixels(4, 5))
    assert "4 images without a pixel spacing: that of the others is used." in volume.notices


def test_a_slice_that_begins_elsewhere_in_the_heartbeat_is_said(tmp_path: Path) -> None:
    def later(image: Any, t: int, z: int) -> None:
        image.TriggerTime = 12.5 + 40 * (t + 3 * (z == 2))

    notices = door.open_scan(cine(tmp_path, later)).notices
    assert any("begin up to 120 ms earlier or later after the R wave than the others: 3." in n for n in notices)


def of_phase(t: int, z: int) -> bool:
    return t == 2 and z == 3


def test_frames_of_a_slice_that_are_shifted_are_said(tmp_path: Path) -> None:
    def moved(image: Any, t: int, z: int) -> None:
        if of_phase(t, z):
            image.ImagePositionPatient = [a + 20 * b for a, b in zip(image.ImagePositionPatient, ROW, strict=True)]

    notices = door.open_scan(cine(tmp_path, moved)).notices
    assert any(
        notice.startswith("Frames of a slice are shifted against each other by up to 20.0") for notice in notices
    )


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (lambda t, z: z > 2, "2 frames of reference (another than most in slices 4, 5)"),
        (lambda t, z: t > 1, "2 frames of reference: "),
        (lambda t, z: z, ""),  # of each slice its own, as anonymisers write them
    ],
)
def test_several_frames_of_reference_are_said(tmp_path: Path, reference: Callable[[int, int], int], said: str) -> None:
    def other(image: Any, t: int, z: int) -> None:
        image.FrameOfReferenceUID = f"1.2.3.{int(reference(t, z))}"

    notices = " ".join(door.open_scan(cine(tmp_path, other)).notices)
    assert said in notices if said else "frames of reference" not in notices


def test_slices_sampled_at_another_rate_are_said(tmp_path: Path) -> None:
    def slower(image: Any, t: int, z: int) -> None:
        image.TriggerTime = 12.5 + 40 * t * (1 + (z == 2))
        del image.NominalInterval

    notices = door.open_scan(cine(tmp_path, slower)).notices
    assert any("differ in the time from frame to frame: 40.0 to 80.0 ms" in notice for notice in notices)


def test_slices_of_a_slower_heart_are_not(tmp_path: Path) -> None:
    def slower(image: Any, t: int, z: int) -> None:
        factor = 1 + 0.5 * (z == 2)
        image.TriggerTime, image.NominalInterval = 12.5 + 240 * t * factor, 960 * factor

    assert not door.open_scan(cine(tmp_path, slower)).notices


def test_times_in_seconds_give_an_order_and_no_rates(tmp_path: Path) -> None:
    def seconds(image: Any, t: int, z: int) -> None:
        image.TriggerTime = 0.0125 + 0.04 * t

    volume = door.open_scan(cine(tmp_path, seconds))
    assert volume.frame_times_ms is None
    assert np.array_equal(volume.array, pixels(4, 5))
    assert any("no milliseconds of a heartbeat (0.0125 to 0.133)" in notice for notice in volume.notices)


def test_times_before_the_r_wave_are_none(tmp_path: Path) -> None:
    def before(image: Any, t: int, z: int) -> None:
        image.TriggerTime = -200 + 40 * t

    volume = door.open_scan(cine(tmp_path, before))
    assert volume.frame_times_ms is None
    assert any("no milliseconds of a heartbeat (-200 to -80)" in notice for notice in volume.notices)


@pytest.mark.parametrize(("order", "said"), [((1, 2, 3, 4), False), ((3, 4, 1, 2), False), ((4, 3, 2, 1), True)])
def test_two_orders_of_the_frames_are_said(tmp_path: Path, order: tuple[int, ...], said: bool) -> None:
    def numbered(image: Any, t: int, z: int) -> None:
        image.TemporalPositionIdentifier = order[t]

    volume = door.open_scan(cine(tmp_path, numbered))
    assert np.array_equal(volume.array, pixels(4, 5))
    assert any("give the frames different orders" in notice for notice in volume.notices) == said


@pytest.mark.parametrize("count", [1, 5])
def test_a_phase_on_other_pixels_is_missed(tmp_path: Path, count: int) -> None:
    def larger(image: Any, t: int, z: int) -> None:
        if t == 2 and z < count:
            image.PixelSpacing = [3.0, 2.5]

    volume = door.open_scan(cine(tmp_path, larger))
    assert volume.frames == 3
    assert any(f"on other pixels or in another direction, are left out ({count})" in n for n in volume.notices)


def test_a_phase_that_was_taken_twice_is_said(tmp_path: Path) -> None:
    def twice(image: Any, t: int, z: int) -> None:
        image.TriggerTime = 12.5 + 40 * (t if t < 2 else t - 1)

    volume = door.open_scan(cine(tmp_path, twice))
    assert "Frames that all slices have at one and the same time after the R wave: 2 and 3." in volume.notices


@pytest.mark.parametrize(
    ("gap_mm", "thickness_mm", "said"),
    [
        (10, 6, "The headers give 10 mm from slice to slice, the positions 8 mm: the positions are used."),
        (4, 3, "the positions 8 mm: the positions are used. Slices may be missing."),
        (2, 6, ""),  # what is free between two slices
        (8, 8, ""),
    ],
)
def test_another_distance_than_that_of_the_positions_is_said(
    tmp_path: Path, gap_mm: float, thickness_mm: float, said: str
) -> None:
    def stated(image: Any, t: int, z: int) -> None:
        image.SpacingBetweenSlices, image.SliceThickness = gap_mm, thickness_mm

    volume = door.open_scan(cine(tmp_path, stated))
    assert volume.geometry.spacing_mm[2] == pytest.approx(8)
    assert bool(said) == bool(volume.spacing_notices)
    assert said in " ".join(volume.spacing_notices)


@pytest.mark.parametrize(("unit", "times", "said"), [(0, True, True), (16, True, False), (32, False, False)])
def test_a_time_step_without_a_unit_is_said(tmp_path: Path, unit: int, times: bool, said: bool) -> None:
    content = bytearray(save(tmp_path / "scan.nii", VOXELS).read_bytes())
    content[123] = 2 | unit
    (tmp_path / "scan.nii").write_bytes(content)
    volume = nifti.read([tmp_path / "scan.nii"])
    assert (volume.frame_times_ms is not None) == times
    assert any("no unit of its time step: 30 ms" in notice for notice in volume.notices) == said


@pytest.mark.parametrize(
    ("names", "order", "said"),
    [
        (("b.nii", "a.nii"), ("b.nii", "a.nii"), True),
        (("b_ES.nii", "b_ED.nii"), ("b_ED.nii", "b_ES.nii"), False),
        (("b.nii", "b_ED.nii"), ("b_ED.nii", "b.nii"), False),
        (("b_ES.nii", "b.nii"), ("b.nii", "b_ES.nii"), False),
    ],
)
def test_which_of_two_files_is_end_diastole_is_said_where_it_is_guessed(
    tmp_path: Path, names: tuple[str, str], order: tuple[str, str], said: bool
) -> None:
    paths = [save(tmp_path / name, VOXELS[..., t]) for t, name in enumerate(names)]
    volume = door.open_scan(paths)
    assert tuple(path.name for path in volume.source.paths) == order
    guess = "Nothing says which file is of which phase: b.nii is taken for end-diastole, a.nii for end-systole."
    assert (guess in volume.notices) == said


def test_images_of_a_series_without_a_place_are_missed(tmp_path: Path) -> None:
    def without(image: Any, t: int, z: int) -> None:
        if z == 4:
            del image.ImagePositionPatient

    volume = door.open_scan(cine(tmp_path, without))
    assert volume.missing == "images that do not say where they lie are left out"
    assert any("left out (4): mL are not to be trusted" in notice for notice in volume.notices)


def test_a_negative_number_of_frames_is_damage(tmp_path: Path) -> None:
    def negative(image: Any, t: int, z: int) -> None:
        image.NumberOfFrames = -1

    with pytest.raises(ScanError, match="damaged header: -1 frames"):
        door.open_scan(cine(tmp_path, negative))


def test_other_numbers_of_frames_and_of_their_descriptions_are_damage(tmp_path: Path) -> None:
    write_enhanced(tmp_path / "a.dcm", 3, 2)
    file = pydicom.dcmread(tmp_path / "a.dcm")
    del file.PerFrameFunctionalGroupsSequence[-1]
    file.save_as(tmp_path / "a.dcm")
    with pytest.raises(ScanError, match="describes 5 frames and says that there are 6"):
        door.open_scan(tmp_path)
