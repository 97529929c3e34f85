from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_cine import NORMAL, ORIGIN, ROOT, compress, dataset, pixels, rewrite, write_cine, write_enhanced
from places import SHARED_DATA as DATA
from pydicom.config import disable_value_validation
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from engine.errors import Cancelled, CineQuantError, ScanError
from engine.formats import dicom
from engine.formats.door import open_scan
from engine.formats.study_files import find_files
from engine.progress import CancelToken
from engine.volume import Known, Volume

SUNNYBROOK = {"SCD0000101": (20, 12, 10.0, 1.367188), "SCD0000301": (20, 10, 8.0, 1.2891)}


def real(path: str) -> Path:
    if not (DATA / path).exists():
        pytest.skip(f"needs the data set {path.split('/', maxsplit=1)[0]} in ../shared/data")
    return DATA / path


# --- geometry and order ---


def test_the_grid_is_what_the_headers_say(tmp_path):
    voxels = write_cine(tmp_path)
    volume = open_scan([tmp_path])

    # by hand: x = 1.25 mm along (0.8, 0.6, 0), y = 1.5 mm along (0, 0, -1), z = 8 mm along (-0.6, 0.8, 0)
    expected = [[1.0, 0, -4.8, -30], [0.75, 0, 6.4, -50], [0, -1.5, 0, 70], [0, 0, 0, 1]]
    np.testing.assert_allclose(volume.geometry.affine, expected, atol=1e-9)
    assert volume.geometry.shape == (3, 32, 40)
    assert volume.geometry.spacing is volume.geometry.orientation is Known.KNOWN
    assert volume.array.dtype == np.uint16
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.frame_times_ms == (12.5, 52.5, 92.5, 132.5)
    assert volume.window == (800, 1600)
    assert volume.notices == () and volume.not_short_axis == ""
    assert volume.source.kind == "dicom" and volume.source.paths == (tmp_path,)
    assert [[path.name for path in phase] for phase in volume.source.instances][1] == ["IM998", "IM994", "IM990"]


def test_slice_location_and_thickness_do_not_count(tmp_path):
    def odd(ds, t, z):
        ds.SliceLocation, ds.SliceThickness, ds.SpacingBetweenSlices = 5.0 * (z * 7 % 3), 3.0, 2.0

    voxels = write_cine(tmp_path, slices=5, change=odd)
    volume = open_scan([tmp_path])
    assert volume.geometry.spacing_mm == pytest.approx((1.25, 1.5, 8.0))
    np.testing.assert_array_equal(volume.array, voxels)


def test_files_in_subfolders_with_any_name_and_repeated_paths(tmp_path):
    voxels = write_cine(tmp_path / "a")
    (tmp_path / "b" / "c").mkdir(parents=True)
    for n, path in enumerate(sorted((tmp_path / "a").iterdir())):
        if n % 2:
            path.rename(tmp_path / "b" / "c" / f"{n}.weird.txt")
    np.testing.assert_array_equal(open_scan([tmp_path]).array, voxels)
    volume = open_scan([tmp_path / "a", tmp_path / "b", tmp_path / "a"])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.notices == ()


def test_a_frame_of_reference_a_file_and_rounded_orientations_are_one_stack(tmp_path):
    def odd(ds, t, z):
        ds.FrameOfReferenceUID = f"1.2.3.{t}.{z}"
        x = list(ds.ImageOrientationPatient)
        x[1] += 1e-6 * (z % 2)
        ds.ImageOrientationPatient = x

    voxels = write_cine(tmp_path, change=odd)
    np.testing.assert_array_equal(open_scan([tmp_path]).array, voxels)


def test_one_series_a_slice_with_heartbeats_of_its_own(tmp_path):
    def odd(ds, t, z):
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.InstanceNumber = f"1.2.3.{z}", 10 - z, t + 1
        ds.TriggerTime, ds.NominalInterval = (12.5 + 40 * t) * (1 + 0.1 * z), 160 * (1 + z // 10)

    voxels = write_cine(tmp_path, change=odd)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.frame_times_ms == pytest.approx([1.1 * (12.5 + 40 * t) for t in range(4)])


def test_one_series_a_phase(tmp_path):
    def odd(ds, t, z):
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.InstanceNumber = f"1.2.3.{t}", 10 - t, z + 1

    voxels = write_cine(tmp_path, change=odd)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.notices == ()


@pytest.mark.parametrize("trigger", [None, 0.0])
def test_phases_without_trigger_times(tmp_path, trigger):
    def odd(ds, t, z):
        ds.TriggerTime = trigger
        ds.TemporalPositionIdentifier = 4 - t  # against the instance numbers

    voxels = write_cine(tmp_path / "temporal", change=odd)
    volume = open_scan([tmp_path / "temporal"])
    np.testing.assert_array_equal(volume.array, voxels[::-1])
    assert volume.frame_times_ms is None  # 160 ms between R waves is no heartbeat

    def numbered(ds, t, z):
        ds.TriggerTime, ds.NominalInterval = trigger, 800

    voxels = write_cine(tmp_path / "numbered", change=numbered)
    volume = open_scan([tmp_path / "numbered"])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.frame_times_ms == (0, 200, 400, 600)


def test_an_enhanced_multi_frame_file(tmp_path):
    voxels = write_enhanced(tmp_path / "enhanced.dcm")
    volume = open_scan([tmp_path / "enhanced.dcm"])
    np.testing.assert_array_equal(volume.array, voxels)
    np.testing.assert_allclose(volume.geometry.affine[:3, 2], 8 * NORMAL)
    np.testing.assert_allclose(volume.geometry.affine[:3, 3], ORIGIN)
    assert volume.frame_times_ms == (12.5, 52.5, 92.5, 132.5)
    stack = dicom.stack_of(volume)
    assert sorted(image.frame for image in stack.images) == list(range(12))


def test_multi_frame_without_positions_is_refused(tmp_path):
    write_enhanced(tmp_path / "enhanced.dcm")
    ds = pydicom.dcmread(tmp_path / "enhanced.dcm")
    del ds.PerFrameFunctionalGroupsSequence
    ds.save_as(tmp_path / "enhanced.dcm")
    with pytest.raises(ScanError, match=r"enhanced.dcm: is a multi-frame MR image that does not say where each frame"):
        open_scan([tmp_path])


# --- pixels ---


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless],
    ids=lambda uid: uid.name,
)
def test_transfer_syntaxes(tmp_path, syntax):
    def encode(ds, t, z):
        if syntax == RLELossless:
            compress(ds, syntax)
        ds.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
            ds["PixelData"].VR = "OW"
            ds.set_original_encoding(False, False)

    def save(ds, t, z):
        encode(ds, t, z)
        implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
        pydicom.dcmwrite(
            tmp_path / f"{t}-{z}", ds, implicit_vr=implicit, little_endian=little, enforce_file_format=False
        )
        return False

    voxels = write_cine(tmp_path, change=save)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.array.dtype == np.uint16 and volume.array.dtype.isnative


@pytest.mark.parametrize("name", ["JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"])
def test_a_compressed_cine(tmp_path, name):
    gdcm = pytest.importorskip("gdcm")
    voxels = write_cine(tmp_path, 2, 3)
    for path in tmp_path.iterdir():
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(path))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(path))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID.is_compressed
    np.testing.assert_array_equal(open_scan([tmp_path]).array, voxels)


@pytest.mark.parametrize("syntax", ["jp2klossless", "jpeg_ls_lossless", "RLE", "bigendian", "implicit", "expb"])
def test_compressed_files_hold_the_same_image(syntax):
    folder = real("edge/pydicom-test-files")
    plain = open_scan([folder / "MR_small.dcm"])
    other = open_scan([folder / f"MR_small_{syntax}.dcm"])
    np.testing.assert_array_equal(other.array, plain.array)
    assert other.geometry.same_as(plain.geometry)


def test_rescaling_and_inversion(tmp_path):
    def odd(ds, t, z):
        ds.RescaleSlope, ds.RescaleIntercept = 2.0, -100.0

    voxels = write_cine(tmp_path / "rescaled", change=odd)
    volume = open_scan([tmp_path / "rescaled"])
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, 2.0 * voxels - 100)

    def inverted(ds, t, z):
        ds.PhotometricInterpretation = "MONOCHROME1"

    voxels = write_cine(tmp_path / "inverted", change=inverted)
    volume = open_scan([tmp_path / "inverted"])
    assert volume.array.dtype == np.uint16
    np.testing.assert_array_equal(volume.array, 4095 - voxels)
    assert volume.window == (4095 - 800, 1600)


def test_overlay_bits_beside_the_stored_ones_and_signs(tmp_path):
    def odd(ds, t, z):
        values = np.frombuffer(ds.PixelData, "<u2") - np.uint16(500)  # wraps below zero
        ds.PixelRepresentation = 1
        ds.PixelData = ((values & 0x0FFF) | 0xA000).tobytes()

    voxels = write_cine(tmp_path, change=odd)
    volume = open_scan([tmp_path])
    assert volume.array.dtype == np.int16
    np.testing.assert_array_equal(volume.array, voxels.astype(np.int16) - 500)


# --- what is missing, doubled or wrong ---


def test_a_missing_image_costs_its_phase_and_is_said(tmp_path):
    voxels = write_cine(tmp_path, 8, 5, change=lambda ds, t, z: (t, z) != (2, 3))
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, np.delete(voxels, 2, axis=0))
    assert volume.notices == ("Phase 3 of 8 is missing in slice 4 and is left out of all slices.",)
    assert len(volume.frame_times_ms) == 7 and 92.5 not in volume.frame_times_ms


@pytest.mark.parametrize("missing", [0, 7])
def test_a_missing_first_or_last_image_is_told_from_the_times(tmp_path, missing):
    voxels = write_cine(tmp_path, 8, 5, change=lambda ds, t, z: (t, z) != (missing, 1))
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, np.delete(voxels, missing, axis=0))
    assert volume.notices == (f"Phase {missing + 1} of 8 is missing in slice 2 and is left out of all slices.",)


def test_a_slice_that_lacks_most_phases_is_left_out(tmp_path):
    voxels = write_cine(tmp_path, 8, 5, change=lambda ds, t, z: z != 4 or t < 3)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels[:, :4])
    assert volume.notices == ("Slice 5 (counted along the stack) has 3 of 8 phases and is left out.",)
    assert volume.geometry.spacing is Known.KNOWN


def test_positions_that_are_rounded_give_their_mean_distance(tmp_path):
    def rounded(ds, t, z):
        ds.ImagePositionPatient = [round(float(v), 6) for v in ORIGIN + (8 * z + (0.05 if z == 5 else 0)) * NORMAL]

    write_cine(tmp_path, 2, 6, change=rounded)
    volume = open_scan([tmp_path])
    assert volume.geometry.spacing_mm[2] == pytest.approx(8.01)
    assert volume.notices == ()


def test_a_missing_slice_position_contradicts_the_spacing(tmp_path):
    voxels = write_cine(tmp_path, 2, 6, change=lambda ds, t, z: z != 2)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, np.delete(voxels, 2, axis=1))
    assert volume.geometry.slab_mm == pytest.approx((8, 12, 12, 8, 8))
    assert volume.geometry.spacing_mm[2] == pytest.approx(8.0)
    uneven, lacking = volume.notices
    assert volume.with_spacing(1.5, 1.5, 8).notices == (lacking,)
    assert "not evenly spaced: 8.00 to 16.00 mm" in uneven and "between slices 2 and 3" in uneven
    assert "missing between slices 2 and 3" in lacking
    assert volume.missing == "a slice seems to be missing"


def test_a_missing_image_without_times_costs_its_slice(tmp_path):
    def odd(ds, t, z):
        ds.TriggerTime = None
        return (t, z) != (1, 0)

    voxels = write_cine(tmp_path, 4, 5, change=odd)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels[:, 1:])
    assert volume.notices == (
        "The files give no times after the R wave: frames are in the order of their instance numbers. If "
        "that is not their order in the heartbeat, the ejection fraction is too small.",
        "Slice 1 (counted along the stack) has 3 of 4 phases and is left out.",
    )
    assert volume.missing == "1 slice is left out"


def test_a_slice_sampled_more_finely_gives_its_nearest_phases(tmp_path):
    def finer(ds, t, z):
        if z == 2:
            ds.TriggerTime, ds.NominalInterval = 12.5 + 20 * t, 320
            return True
        ds.NominalInterval = 320
        return t < 8

    voxels = write_cine(tmp_path, 16, 5, change=finer)
    volume = open_scan([tmp_path])
    assert volume.array.shape[:2] == (8, 5)
    np.testing.assert_array_equal(volume.array[:, 2], voxels[::2, 2])
    np.testing.assert_array_equal(volume.array[:, 0], voxels[:8, 0])
    assert volume.notices == (
        "The heartbeat has 16 phases in some slices (3) and 8 in the others: they are interpolated in time.",
    )


def test_copies_and_doubles_are_said(tmp_path):
    voxels = write_cine(tmp_path)
    shutil.copy(tmp_path / "IM999", tmp_path / "copy of IM999")
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.notices == ("1 image is there more than once; one copy of each is used.",)

    rewrite(tmp_path / "copy of IM999", SOPInstanceUID="1.2.3.4", InstanceNumber=99)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels)
    (notice,) = volume.notices
    assert notice.startswith("1 image is of a slice and phase that another image shows")


def test_a_repeated_breath_hold_takes_the_later_series(tmp_path):
    def first(ds, t, z):
        ds.SeriesInstanceUID, ds.SeriesNumber = f"1.2.3.{z}", z + 1

    def again(ds, t, z):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".9"
        ds.SeriesInstanceUID, ds.SeriesNumber = "1.2.3.9", 9
        ds.PixelData = bytes(len(ds.PixelData))
        return z == 1

    voxels = write_cine(tmp_path / "first", change=first)
    write_cine(tmp_path / "again", change=again)
    volume = open_scan([tmp_path])
    assert not volume.array[:, 1].any()
    np.testing.assert_array_equal(volume.array[:, ::2], voxels[:, ::2])
    assert volume.notices[0] == "Several series show slice 2; series 9 was used there."


def test_a_file_that_ends_in_its_header_is_called_truncated(tmp_path):
    write_cine(tmp_path, 1, 1)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ScanError, match="is truncated: it ends before its pixels; copy it again"):
        open_scan([file])


def test_a_truncated_file_in_a_cine_is_named(tmp_path):
    voxels = write_cine(tmp_path, 8, 3)
    path = tmp_path / "IM996"  # slice 1, phase 4
    path.write_bytes(path.read_bytes()[:-100])
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, np.delete(voxels, 3, axis=0))
    assert volume.notices[0] == "Phase 4 of 8 is missing in slice 1 and is left out of all slices."
    assert volume.notices[1].startswith("Not read: IM996 is truncated: 2460 of 2560 bytes of pixels are there")


def test_a_damaged_compressed_file_in_a_cine_is_named(tmp_path):
    voxels = write_cine(tmp_path, 8, 3, change=lambda ds, t, z: compress(ds, RLELossless))
    path = tmp_path / "IM996"
    path.write_bytes(path.read_bytes()[:-300])
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, np.delete(voxels, 3, axis=0))
    assert "IM996 has pixels that cannot be decoded" in volume.notices[1]


def test_patients_never_mix(tmp_path):
    voxels = write_cine(tmp_path / "a", 4, 4)

    def other(ds, t, z):
        ds.PatientID, ds.StudyInstanceUID = "P-0043", "1.2.3"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".9"

    write_cine(tmp_path / "b", 4, 3, change=other)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.notices == (
        "Also found and not shown: MR 3 slices × 4 frames; some are of another patient or study. "
        "This one is shown because it has the most images.",
    )


def test_the_short_axis_stack_is_chosen_among_long_axes_and_others(tmp_path):
    voxels = write_cine(tmp_path / "sa", 4, 5)
    views = {
        "2ch": ([0.6, -0.8, 0, 0, 0, -1], 4, 1),
        "4ch": ([0, 1, 0, 0.6, 0, -0.8], 30, 1),
        "late": ([1.0, 0, 0, 0, 0.6, -0.8], 1, 12),
    }
    for n, (name, (orientation, frames, slices)) in enumerate(views.items()):

        def turned(ds, t, z, orientation=orientation, n=n):
            ds.ImageOrientationPatient = orientation
            step = np.cross(orientation[:3], orientation[3:])
            ds.ImagePositionPatient = [round(float(v), 6) for v in 8 * z * step]
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{n + 1}"
            ds.SeriesInstanceUID = f"1.2.3.{n}"

        write_cine(tmp_path / name, frames, slices, change=turned)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.not_short_axis == ""
    (notice,) = volume.notices
    for part in ("MR 1 slice × 4 frames", "MR 1 slice × 30 frames", "MR 12 slices × 1 frame"):
        assert part in notice


def test_phase_images_do_not_mix_with_magnitude(tmp_path):
    voxels = write_cine(tmp_path / "m")

    def velocity(ds, t, z):
        ds.ImageType = ["DERIVED", "PRIMARY", "P"]
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".9"
        ds.PixelData = bytes(len(ds.PixelData))

    write_cine(tmp_path / "p", change=velocity)
    np.testing.assert_array_equal(open_scan([tmp_path]).array, voxels)


def test_what_is_no_short_axis_says_so(tmp_path):
    write_cine(tmp_path / "la", 5, 1)
    assert open_scan([tmp_path / "la"]).not_short_axis == "a single slice, such as a long-axis view"

    def localiser(ds, t, z):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    write_cine(tmp_path / "loc", 1, 5, change=localiser)
    assert open_scan([tmp_path / "loc"]).not_short_axis == "a localiser"

    def crossed(ds, t, z):
        if z > 2:
            ds.ImageOrientationPatient = [0.6, -0.8, 0, 0, 0, -1]

    write_cine(tmp_path / "crossed", 1, 6, change=crossed)
    assert open_scan([tmp_path / "crossed"]).not_short_axis == "a localiser, with slices in several directions"

    def ct(ds, t, z):
        ds.Modality = "CT"

    write_cine(tmp_path / "ct", 1, 3, change=ct)
    assert open_scan([tmp_path / "ct"]).not_short_axis == "a CT image"


def test_an_image_without_geometry_is_shown_with_guesses(tmp_path):
    def bare(ds, t, z):
        del ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing

    voxels = write_cine(tmp_path, 1, 1, change=bare)
    volume = open_scan([tmp_path])
    np.testing.assert_array_equal(volume.array, voxels)
    assert volume.geometry.spacing is volume.geometry.orientation is Known.ASSUMED
    assert len(volume.notices) == 2


# --- errors ---


def test_nothing_to_open(tmp_path):
    with pytest.raises(ScanError, match=r"the folder is empty; open the folder that holds the MR images"):
        open_scan([tmp_path])
    with pytest.raises(ScanError, match=r"absent: no such file or folder"):
        open_scan([tmp_path / "absent"])
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ScanError, match=r"notes.txt: is in no format that can be read"):
        open_scan([tmp_path / "notes.txt"])
    ds = dataset(0, 0, 1, 1, pixels(1, 1)[0, 0])
    del ds.PixelData
    ds.save_as(tmp_path / "report.dcm")
    with pytest.raises(ScanError) as failed:
        open_scan([tmp_path])
    text = str(failed.value)
    assert str(tmp_path) in text and "none of the 2 files" in text and "1 file: is in no format" in text
    assert "\n" not in text and text.endswith("open the folder that holds the MR images")


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither these links nor pipes")
def test_links_lead_nowhere_else(tmp_path):
    write_cine(tmp_path / "elsewhere", 2, 3)
    voxels = write_cine(tmp_path / "scan", 2, 3, change=lambda ds, t, z: z < 2)
    (tmp_path / "scan" / "link").symlink_to(tmp_path / "elsewhere" / "IM995")
    (tmp_path / "scan" / "folder").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "scan" / "pipe")
    np.testing.assert_array_equal(open_scan([tmp_path / "scan"]).array, voxels[:, :2])


def test_progress_and_cancel(tmp_path):
    write_cine(tmp_path)
    seen = []
    open_scan([tmp_path], progress=lambda *step: seen.append(step))
    assert seen[:2] == [(0, 0, "Looking for scans"), (1, 12, "Reading headers")]
    assert seen[-1] == (12, 12, "Reading images")

    token = CancelToken()
    calls = []

    def stop(done, total, what):
        calls.append(done)
        if done == 3:
            token.cancel()

    with pytest.raises(Cancelled):
        open_scan([tmp_path], progress=stop, cancel=token)
    assert calls == [0, 1, 2, 3]


def test_patient_details_are_shown_but_neither_logged_nor_in_the_name(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    def invalid(ds, t, z):
        ds.SeriesDate, ds.PatientAge, ds.StudyInstanceUID = "20240000", "about 61", "1.02.3"

    with disable_value_validation():
        write_cine(tmp_path, change=invalid)
    volume = open_scan([tmp_path])
    assert volume.source.patient == {
        "name": "Müller, Anna Maria",
        "id": "P-0042",
        "sex": "female",
        "age": "61 years",  # one day before the birthday
        "date": "2024-02-29",
        "scanner": "Phantom Works Disc, 1.5 T",
        "study_uid": "1.02.3",
        "series_uid": f"{ROOT}.2",
    }
    assert volume.source.name == "MR short axis, 3 slices × 4 frames"
    assert "ller" not in repr(volume.source) and "0042" not in repr(volume.source)
    assert not caplog.records


@pytest.mark.parametrize(
    ("size", "weight", "height_cm", "weight_kg"),
    [("1.78", "80.5", "178", "80.5"), ("178", "80", "178", "80"), ("0", "0", None, None), (None, None, None, None)],
)
def test_height_weight_and_heart_rate_for_indices(tmp_path, size, weight, height_cm, weight_kg):
    def change(ds, t, z):
        ds.PatientSize, ds.PatientWeight, ds.NominalInterval = size, weight, 1000

    write_cine(tmp_path, change=change)
    said = open_scan([tmp_path]).source.patient
    assert (said.get("height_cm"), said.get("weight_kg")) == (height_cm, weight_kg)
    assert said["heart_rate_bpm"] == "60"


@pytest.mark.parametrize(
    ("date", "shown"), [("20240229", "2024-02-29"), ("20120000", "2012"), ("00000000", ""), ("2012", ""), ("", "")]
)
def test_dates_of_anonymised_files(date, shown):
    assert dicom._date(date) == shown


# --- real files ---


@pytest.mark.parametrize("patient", SUNNYBROOK)
def test_sunnybrook(patient):
    sitk = pytest.importorskip("SimpleITK")
    folder = real(f"sunnybrook/{patient}/dicom")
    volume = open_scan([folder])
    frames, slices, gap_mm, pixel_mm = SUNNYBROOK[patient]
    assert volume.array.shape == (frames, slices, 256, 256)
    assert volume.geometry.spacing_mm == pytest.approx((pixel_mm, pixel_mm, gap_mm), abs=1e-3)
    assert volume.geometry.spacing is Known.KNOWN
    assert volume.notices == () and volume.not_short_axis == ""
    assert list(volume.frame_times_ms) == sorted(volume.frame_times_ms)
    assert volume.source.patient["date"] == "2012"

    for t in (0, 7, frames - 1):
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames([str(path) for path in volume.source.instances[t]])
        image = reader.Execute()
        z, y, x = volume.geometry.shape
        assert image.GetSize() == (x, y, z)
        assert image.GetSpacing() == pytest.approx(volume.geometry.spacing_mm, abs=1e-3)
        assert image.GetOrigin() == pytest.approx(tuple(volume.geometry.affine[:3, 3]), abs=1e-3)
        assert image.GetDirection() == pytest.approx(tuple(volume.geometry.directions.ravel()), abs=1e-4)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), volume.array[t])


def test_no_file_crashes_the_reader(recwarn, caplog):
    folder = real("edge")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 100
    shown = 0
    for path in files:
        dicom.looks_like_dicom(path)
        try:
            volume = open_scan([path])
        except CineQuantError as error:
            assert "\n" not in str(error) and path.name in str(error)
        else:
            shown += 1
            assert volume.array.size
    assert shown > 30
    assert not caplog.records


@pytest.mark.parametrize("name", ["pydicom-test-files", "pydicom-test-files/dicomdirtests", "dcmqi"])
def test_no_folder_crashes_the_reader(name):
    assert open_scan([real(f"edge/{name}")]).array.size


# -- while it is read ------------------------------------------------------------------------------------------------


def test_slices_are_told_as_they_are_read_the_middle_one_first(tmp_path: Path) -> None:
    voxels = write_cine(tmp_path, frames=3, slices=5)
    files = find_files([tmp_path])
    images, _ = dicom.read_headers(files)
    told: list[tuple[Volume, int, int, np.ndarray]] = []
    whole = dicom.read_stack([tmp_path], images, on_plane=lambda *of_plane: told.append(of_plane))
    assert [(t, z) for _, t, z, _ in told[:6]] == [(0, 2), (0, 1), (0, 3), (0, 0), (0, 4), (1, 0)]
    assert len(told) == 15
    for early, t, z, plane in told:
        assert early is told[0][0]
        assert np.array_equal(plane, voxels[t, z])
        assert not plane.flags.writeable
    early = told[0][0]
    assert not early.array.any()
    assert (early.array.shape, early.array.dtype) == (whole.array.shape, whole.array.dtype)
    assert (early.source, early.notices, early.window) == (whole.source, whole.notices, whole.window)
    assert early.geometry.same_as(whole.geometry)
    assert np.array_equal(whole.array, voxels)
    # The voxels are there once: what was told of is part of the whole.
    assert np.shares_memory(told[-1][3], whole.array)


def test_values_are_told_as_they_will_be_shown(tmp_path: Path) -> None:
    def rescaled(ds: Any, t: int, z: int) -> None:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 2, -5, "US"
        ds.PhotometricInterpretation = "MONOCHROME1"

    voxels = write_cine(tmp_path, frames=2, slices=3, change=rescaled)
    files = find_files([tmp_path])
    images, _ = dicom.read_headers(files)
    told: list[Any] = []
    whole = dicom.read_stack([tmp_path], images, on_plane=lambda *of_plane: told.append(of_plane))
    assert whole.array.dtype == np.float32
    assert np.array_equal(whole.array, (4095 - voxels.astype(np.float32)) * 2 - 5)
    assert all(np.array_equal(plane, whole.array[t, z]) for _, t, z, plane in told)
