from __future__ import annotations

import logging
import shutil
from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest
from dicom_cine import ORIENTATION, labels, rewrite, write_cine, write_enhanced
from dicom_judges import errors_of
from places import SHARED_DATA as DATA
from pydicom.config import disable_value_validation
from pydicom.sr.coding import Code

from engine.errors import ExportError, ScanError
from engine.formats import dicom, seg
from engine.formats.door import open_scan
from engine.formats.seg_read import read_seg
from engine.phantom import make_phantom
from engine.volume import LV, MYO, RV, LabelMap

MODEL = {"algorithm": "QuantLite int8", "version": "1.2"}


def open_cine(folder, frames=4, slices=3, **kwargs):
    write_cine(folder, frames, slices, **kwargs)
    volume = open_scan([folder])
    return volume, LabelMap(labels(frames, slices), volume.geometry)


# --- writing


def test_a_label_map_holds_the_same_labels(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    files = seg.write_seg(tmp_path / "map", mask, volume, **MODEL, kind=seg.SegKind.LABELMAP)
    made = highdicom.seg.segread(files[1])
    assert (made.SegmentationType, made.SOPClassUID) == ("LABELMAP", "1.2.840.10008.5.1.4.1.1.66.7")
    sources = [pydicom.dcmread(path).SOPInstanceUID for path in volume.source.instances[1]]
    by_highdicom = made.get_pixels_by_source_instance(sources, combine_segments=True)
    np.testing.assert_array_equal(by_highdicom, mask.array[1])
    got, said = read_seg([tmp_path / "map"], volume)
    np.testing.assert_array_equal(got.array, mask.array)
    assert said == ()


def test_one_seg_a_phase_in_one_series(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    files = seg.write_seg(tmp_path / "out", mask, volume, **MODEL)

    assert [path.name for path in files] == [f"seg_phase_0{n}.dcm" for n in (1, 2, 3, 4)]
    assert sorted((tmp_path / "out").iterdir()) == list(files)
    made = [highdicom.seg.segread(path) for path in files]
    assert len({ds.SeriesInstanceUID for ds in made}) == 1
    assert len({ds.SOPInstanceUID for ds in made}) == 4
    assert [ds.InstanceNumber for ds in made] == [1, 2, 3, 4]
    assert [ds.ContentDescription for ds in made][1] == "Ventricles, phase 2 of 4, 52 ms after the R wave"
    source = pydicom.dcmread(volume.source.instances[0][0])
    for ds in made:
        for name in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName", "PatientBirthDate"):
            assert ds[name].value == source[name].value
        assert ds.SeriesInstanceUID != source.SeriesInstanceUID
        assert (ds.Modality, ds.SegmentationType, ds.ContentLabel) == ("SEG", "BINARY", "VENTRICLES")


def test_segments_carry_codes_and_the_algorithm(tmp_path):
    volume, mask = open_cine(tmp_path / "scan", 1)
    (path,) = seg.write_seg(tmp_path / "mask.dcm", mask, volume, **MODEL)
    assert path == tmp_path / "mask.dcm"
    ds = highdicom.seg.segread(path)
    expected = {
        1: ("LV cavity", Code("87878005", "SCT", "")),
        2: ("LV myocardium", Code("49848007", "SCT", "")),
        3: ("RV cavity", Code("53085002", "SCT", "")),
    }
    for number, (label, code) in expected.items():
        segment = ds.get_segment_description(number)
        assert segment.segment_label == label
        assert segment.segmented_property_type == code
        assert segment.segmented_property_category == Code("123037004", "SCT", "")
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        made_by = segment.SegmentationAlgorithmIdentificationSequence[0]
        assert (made_by.AlgorithmName, made_by.AlgorithmVersion) == ("QuantLite int8", "1.2")


@pytest.mark.parametrize("kind", ["classic", "series per slice", "enhanced"])
def test_every_frame_names_its_source_image_and_place(tmp_path, kind):
    if kind == "enhanced":
        write_enhanced(tmp_path / "scan.dcm")
        volume = open_scan([tmp_path / "scan.dcm"])
        mask = LabelMap(labels(4, 3), volume.geometry)
    else:

        def split(ds, t, z):
            if kind == "series per slice":
                ds.SeriesInstanceUID = f"1.2.3.{z + 1}"

        volume, mask = open_cine(tmp_path / "scan", change=split)
    stack = dicom.stack_of(volume)
    for t, path in enumerate(seg.write_seg(tmp_path / "out", mask, volume, **MODEL)):
        ds = highdicom.seg.segread(path)
        images = stack.phases[t]
        frames = ds.pixel_array
        seen = np.zeros_like(mask.array[t])
        for item, pixels in zip(ds.PerFrameFunctionalGroupsSequence, frames, strict=True):
            (source,) = item.DerivationImageSequence[0].SourceImageSequence
            position = np.array(item.PlanePositionSequence[0].ImagePositionPatient, float)
            z = int(np.argmin([np.linalg.norm(position - np.array(image.position)) for image in images]))
            np.testing.assert_allclose(position, volume.geometry.position_mm(0, 0, z), atol=1e-4)
            assert source.ReferencedSOPInstanceUID == images[z].sop_uid
            assert source.ReferencedSOPClassUID == images[z].sop_class
            if kind == "enhanced":
                assert source.ReferencedFrameNumber == images[z].frame + 1
            else:
                assert "ReferencedFrameNumber" not in source
            seen[z][pixels > 0] = item.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        np.testing.assert_array_equal(seen, mask.array[t])
        shared = ds.SharedFunctionalGroupsSequence[0]
        assert list(shared.PlaneOrientationSequence[0].ImageOrientationPatient) == list(ORIENTATION)
        assert list(shared.PixelMeasuresSequence[0].PixelSpacing) == [1.5, 1.25]
        named = {
            (series.SeriesInstanceUID, instance.ReferencedSOPInstanceUID)
            for series in ds.ReferencedSeriesSequence
            for instance in series.ReferencedInstanceSequence
        }
        assert named == {(image.series_uid, image.sop_uid) for image in images}
        assert len(ds.SourceImageSequence) == len({image.sop_uid for image in images})


def test_a_valid_scan_gives_valid_files(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    for path in (tmp_path / "scan").iterdir():
        assert errors_of(path) == []
    empty = mask.array.copy()
    empty[2] = 0
    for path in seg.write_seg(tmp_path / "out", LabelMap(empty, volume.geometry), volume, **MODEL):
        assert errors_of(path) == []


def test_what_highdicom_stops_at_is_cleaned(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    def odd(ds, t, z):
        ds.FrameOfReferenceUID = f"1.2.3.{t}.{z}"
        ds.StudyDate, ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "20120000", "00000000", "?", "old"
        x = list(ds.ImageOrientationPatient)
        x[1] += 1e-6 * (z % 2)
        ds.ImageOrientationPatient = x
        del ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName, ds.SliceThickness
        ds.StudyInstanceUID = "1.2.03"

    with disable_value_validation():
        volume, mask = open_cine(tmp_path / "scan", change=odd)
    files = seg.write_seg(tmp_path / "out", mask, volume, **MODEL)
    with disable_value_validation():
        made = [pydicom.dcmread(path) for path in files]
        assert {ds.StudyInstanceUID for ds in made} == {"1.2.03"}
        assert {ds.FrameOfReferenceUID for ds in made} == {"1.2.3.0.0"}
        assert {(str(ds.StudyDate), str(ds.PatientBirthDate), ds.PatientSex) for ds in made} == {("", "", "")}
    np.testing.assert_array_equal(read_seg(files, volume)[0].array, mask.array)
    assert not caplog.records


def test_an_empty_phase_is_written_and_stays_empty(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    array = mask.array.copy()
    array[1] = 0
    files = seg.write_seg(tmp_path / "out", LabelMap(array, volume.geometry), volume, **MODEL)
    assert len(files) == 4
    ds = highdicom.seg.segread(files[1])
    assert ds.number_of_segments == 3 and not ds.pixel_array.any()
    np.testing.assert_array_equal(read_seg([tmp_path / "out"], volume)[0].array, array)


def test_a_failure_midway_leaves_nothing(tmp_path, monkeypatch):
    volume, mask = open_cine(tmp_path / "scan")
    save, calls = highdicom.seg.Segmentation.save_as, []

    def full(self, *args, **kwargs):
        calls.append(self)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return save(self, *args, **kwargs)

    monkeypatch.setattr(highdicom.seg.Segmentation, "save_as", full)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ExportError, match=r"out: cannot be written \(No space left on device\); choose another"):
        seg.write_seg(tmp_path / "out", mask, volume, **MODEL)
    assert sorted(tmp_path.rglob("*")) == before

    # into a folder with an older export: that one stays whole
    monkeypatch.setattr(highdicom.seg.Segmentation, "save_as", save)
    files = seg.write_seg(tmp_path / "out", mask, volume, **MODEL)
    content = [path.read_bytes() for path in files]
    calls.clear()
    monkeypatch.setattr(highdicom.seg.Segmentation, "save_as", full)
    with pytest.raises(ExportError):
        seg.write_seg(tmp_path / "out", mask, volume, **MODEL)
    assert [path.read_bytes() for path in files] == content
    assert sorted((tmp_path / "out").iterdir()) == list(files)


def test_writing_again_replaces_but_does_not_mix(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    seg.write_seg(tmp_path / "out", mask, volume, **MODEL)
    (tmp_path / "out" / "notes.txt").write_text("mine")
    empty = LabelMap(np.zeros_like(mask.array), volume.geometry)
    seg.write_seg(tmp_path / "out", empty, volume, **MODEL)
    assert not read_seg([tmp_path / "out"], volume)[0].array.any()
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"

    shorter, short_mask = open_cine(tmp_path / "shorter", 2)
    with pytest.raises(ExportError, match=r"holds seg_phase_03.dcm of another export; choose an empty folder"):
        seg.write_seg(tmp_path / "out", short_mask, shorter, **MODEL)


def test_what_cannot_be_written(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    (tmp_path / "file").write_text("")
    for out, reason in (
        (tmp_path / "mask.dcm", "a cine gives one DICOM SEG a phase; name a folder"),
        (tmp_path / "file", "is a file; name a folder"),
        (tmp_path / "absent" / "out", "does not exist"),
        (tmp_path / "file" / "out", "does not exist"),
    ):
        with pytest.raises(ExportError, match=reason):
            seg.write_seg(out, mask, volume, **MODEL)

    single, single_mask = open_cine(tmp_path / "single", 1)
    with pytest.raises(ExportError, match="is an image of the scan, which is never overwritten"):
        name = tmp_path / "single" / "image.dcm"
        single.source.instances[0][0].rename(name)
        again = open_scan([tmp_path / "single"])
        seg.write_seg(name, single_mask, again, **MODEL)

    phantom, truth, _ = make_phantom(frames=2, slices=2)
    with pytest.raises(ExportError, match="files of another kind; write a NIfTI mask instead"):
        seg.write_seg(tmp_path / "out", truth, phantom, **MODEL)
    with pytest.raises(ScanError, match="holds no DICOM segmentation"):
        read_seg([tmp_path], phantom)

    next((tmp_path / "scan").iterdir()).unlink()
    with pytest.raises(ExportError, match="have changed since it was opened"):
        seg.write_seg(tmp_path / "out", mask, volume, **MODEL)


def test_a_scan_refuses_what_would_replace_it_or_lie_among_its_files(tmp_path):
    write_cine(tmp_path / "cine", 1, 2)
    file = min((tmp_path / "cine").iterdir())
    for opened in (tmp_path / "cine", file):
        source = open_scan([opened]).source
        for out in (file, tmp_path / "cine"):
            with pytest.raises(ExportError, match="never overwritten"):
                source.refuse(out)
        for out in (tmp_path, tmp_path / "new", tmp_path / "cine" / "seg"):
            source.refuse(out)


def test_images_that_do_not_say_where_they_lie(tmp_path):
    def bare(ds, t, z):
        del ds.ImagePositionPatient, ds.ImageOrientationPatient

    volume, mask = open_cine(tmp_path / "scan", 1, 1, change=bare)
    with pytest.raises(ExportError, match="do not say where they lie"):
        seg.write_seg(tmp_path / "out", mask, volume, **MODEL)


# --- reading


@pytest.fixture
def exported(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    return volume, mask, seg.write_seg(tmp_path / "out", mask, volume, **MODEL)


def test_round_trip(exported, tmp_path):
    volume, mask, files = exported
    np.testing.assert_array_equal(read_seg([tmp_path / "out"], volume)[0].array, mask.array)
    np.testing.assert_array_equal(read_seg(files[::-1], volume)[0].array, mask.array)
    some = read_seg(files[2:3], volume)[0].array
    np.testing.assert_array_equal(some[2], mask.array[2])
    assert not some[[0, 1, 3]].any()
    # beside the images, where they are passed over
    np.testing.assert_array_equal(read_seg([tmp_path], volume)[0].array, mask.array)
    np.testing.assert_array_equal(open_scan([tmp_path]).array, volume.array)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PatientID", "SOMEONE-ELSE", ["The mask has another patient ID than the scan"]),
        ("PatientID", "", []),
        ("FrameOfReferenceUID", "1.2.3.4", ["The mask has another frame of reference than the scan"]),
    ],
)
def test_a_mask_of_another_patient_or_frame_of_reference_is_told(exported, name, value, expected):
    volume, mask, files = exported
    for path in files:
        rewrite(path, **{name: value})
    got, said = read_seg(files, volume)
    np.testing.assert_array_equal(got.array, mask.array)
    assert [notice.partition(":")[0] for notice in said] == expected
    assert "SOMEONE" not in " ".join(said)


def test_patients_made_up_file_by_file_are_no_other_patient(tmp_path):
    volume, mask = open_cine(tmp_path / "scan", change=lambda ds, t, z: setattr(ds, "PatientID", f"{t}.{z}"))
    files = seg.write_seg(tmp_path / "out", mask, volume, **MODEL)
    assert read_seg(files, volume)[1] == ()


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: bytes(len(data)), lambda data: data[:200]])
def test_a_damaged_file_of_an_export_is_not_passed_over(exported, tmp_path, damage):
    volume, _, files = exported
    files[1].write_bytes(damage(files[1].read_bytes()))
    with pytest.raises(ScanError, match=files[1].name):
        read_seg([tmp_path / "out"], volume)


def test_a_fractional_segmentation_without_a_largest_value_marks_nothing(exported):
    volume, _, files = exported
    ds = pydicom.dcmread(files[0])
    ds.SegmentationType, ds.MaximumFractionalValue = "FRACTIONAL", 0
    ds.save_as(files[0])
    with pytest.raises(ScanError, match="damaged segmentation"):
        read_seg(files[:1], volume)


def test_segments_go_by_code_not_by_number(exported):
    volume, mask, files = exported
    ds = pydicom.dcmread(files[0])
    first, second, third = ds.SegmentSequence
    first.SegmentNumber, second.SegmentNumber, third.SegmentNumber = 3, 1, 2
    # the older SNOMED RT code of the left ventricle, and an atrium that is none of ours
    kind = first.SegmentedPropertyTypeCodeSequence[0]
    kind.CodeValue, kind.CodingSchemeDesignator = "T-32600", "SRT"
    third.SegmentedPropertyTypeCodeSequence[0].CodeValue = "82471001"
    ds.save_as(files[0])
    got = read_seg(files[:1], volume)[0].array[0]
    expected = np.zeros_like(got)
    expected[mask.array[0] == 1] = MYO
    expected[mask.array[0] == 3] = LV
    np.testing.assert_array_equal(got, expected)
    assert RV not in got


def test_without_source_references_the_position_tells(exported):
    volume, mask, files = exported
    ds = pydicom.dcmread(files[3])
    for item in ds.PerFrameFunctionalGroupsSequence:
        del item.DerivationImageSequence
    ds.save_as(files[3])
    np.testing.assert_array_equal(read_seg(files, volume)[0].array, mask.array)

    del ds.SourceImageSequence, ds.ReferencedSeriesSequence
    ds.save_as(files[3])
    with pytest.raises(ScanError, match="belongs to another scan"):
        read_seg(files[3:], volume)


def test_a_whole_ventricle_with_its_wall(exported):
    volume, mask, files = exported
    ds = pydicom.dcmread(files[0])
    pixels = ds.pixel_array.copy()
    items = ds.PerFrameFunctionalGroupsSequence
    numbers = [item.SegmentIdentificationSequence[0].ReferencedSegmentNumber for item in items]
    places = [tuple(item.PlanePositionSequence[0].ImagePositionPatient) for item in items]
    for cavity, place in [(i, places[i]) for i, n in enumerate(numbers) if n == 1]:
        wall = next(i for i, n in enumerate(numbers) if n == 2 and places[i] == place)
        pixels[cavity] |= pixels[wall]
    ds.PixelData = pydicom.pixels.pack_bits(pixels)
    ds.save_as(files[0])
    np.testing.assert_array_equal(read_seg(files, volume)[0].array, mask.array)


def test_segmentations_of_another_scan_or_place_are_refused(exported, tmp_path):
    volume, _, files = exported

    def other(ds, t, z):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID + ".9"

    stranger, _ = open_cine(tmp_path / "stranger", change=other)
    with pytest.raises(ScanError, match=r"seg_phase_01.dcm: belongs to another scan"):
        read_seg(files, stranger)

    copy = tmp_path / "again.dcm"
    shutil.copy(files[0], copy)
    with pytest.raises(ScanError, match=r"again.dcm: is of phase 1 as seg_phase_01.dcm is"):
        read_seg([files[0], copy], volume)

    ds = pydicom.dcmread(copy)
    ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0].ImagePositionPatient[0] += 2
    ds.save_as(copy)
    with pytest.raises(ScanError, match="does not lie on the pixels of slice"):
        read_seg([copy], volume)

    ds = pydicom.dcmread(files[0])
    for segment in ds.SegmentSequence:
        segment.SegmentedPropertyTypeCodeSequence[0].CodeValue = "10200004"
    ds.save_as(copy)
    with pytest.raises(ScanError, match="holds no left ventricle"):
        read_seg([copy], volume)

    copy.write_bytes(files[0].read_bytes()[:-400])
    with pytest.raises(ScanError, match="damaged segmentation"):
        read_seg([copy], volume)
    with pytest.raises(ScanError, match="holds no DICOM segmentation"):
        read_seg([tmp_path / "scan"], volume)

    rewrite(volume.source.instances[0][0], ImagePositionPatient=[0, 0, 500])
    with pytest.raises(ScanError, match="changed since it was opened"):
        read_seg(files, volume)


def test_the_spacing_that_a_user_gives_does_not_matter(exported):
    volume, _, files = exported
    own = replace(volume, geometry=volume.geometry.with_spacing(1, 1, 5))
    assert read_seg(files, own)[0].geometry is own.geometry


# --- real files


def test_sunnybrook(tmp_path):
    folder = DATA / "sunnybrook" / "SCD0000101" / "dicom"
    if not folder.exists():
        pytest.skip("needs the data set sunnybrook in ../shared/data")
    volume = open_scan([folder])
    t, z, y, x = volume.array.shape
    mask = LabelMap(labels(t, z, y, x), volume.geometry)
    files = seg.write_seg(tmp_path / "out", mask, volume, **MODEL)
    assert len(files) == 20
    np.testing.assert_array_equal(read_seg(files, volume)[0].array, mask.array)
    with disable_value_validation():
        ds = highdicom.seg.segread(files[7])
        named = {instance.ReferencedSOPInstanceUID for instance in ds.SourceImageSequence}
        assert named == {pydicom.dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID
                         for path in volume.source.instances[7]}  # fmt: skip
    # the scan's own UIDs have components with leading zeros, and a SEG has to repeat them
    known = ("Leading zeroes in embedded numeric component", "Dicom dataset contains invalid data values")
    wrong = [line for line in errors_of(files[7]) if not any(part in line for part in known)]
    assert wrong == []


def test_segmentations_of_other_makers_do_not_crash(tmp_path):
    folder = DATA / "edge" / "dcmqi"
    if not folder.exists():
        pytest.skip("needs the data set edge in ../shared/data")
    volume, _ = open_cine(tmp_path / "scan")
    refused = 0
    for path in [*folder.rglob("*.dcm"), *folder.rglob("*.seg")]:
        with pytest.raises(ScanError) as failed:
            read_seg([path], volume)
        assert path.name in str(failed.value) and "\n" not in str(failed.value)
        refused += 1
    assert refused > 5


# --- written by others


def foreign(path, volume, source, mask, *, kind, description, affine=None, references=True, change=lambda ds: None):
    """A segmentation of one phase as highdicom writes it: its own names and codes, on the images' grid or another."""
    images = [pydicom.dcmread(source_path) for source_path in source]
    descriptions = [
        highdicom.seg.SegmentDescription(
            number,
            name,
            highdicom.sr.CodedConcept("85756007", "SCT", "Tissue"),
            highdicom.sr.CodedConcept(*code),
            highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, (name, code) in enumerate(description, 1)
    ]
    pixels = mask
    if kind != highdicom.seg.SegmentationTypeValues.LABELMAP:
        pixels = np.stack([mask == n for n in range(1, len(descriptions) + 1)], axis=-1)
        pixels = pixels.astype(np.float32 if kind == highdicom.seg.SegmentationTypeValues.FRACTIONAL else np.uint8)
    if affine is not None:
        pixels = highdicom.Volume(pixels, affine, "PATIENT", channels={"SegmentNumber": range(1, 4)}
                                  if pixels.ndim == 4 else None)  # fmt: skip
    with disable_value_validation():
        ds = highdicom.seg.Segmentation(
            source_images=images,
            pixel_array=pixels,
            segmentation_type=kind,
            segment_descriptions=descriptions,
            series_instance_uid=highdicom.UID(),
            series_number=900,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer="Others",
            manufacturer_model_name="Drawing",
            software_versions="1",
            device_serial_number="1",
        )
    change(ds)
    ds.save_as(path)
    return path


TISSUE = ("85756007", "SCT", "Tissue")
NAMES = [("LV blood pool", TISSUE), ("Myocardium", TISSUE), ("right ventricle", TISSUE)]


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_segments_of_others_are_known_by_their_names(tmp_path, kind):
    volume, mask = open_cine(tmp_path / "scan")
    path = foreign(
        *(tmp_path / "other.dcm", volume, volume.source.instances[1], mask.array[1]),
        kind=highdicom.seg.SegmentationTypeValues[kind],
        description=NAMES,
    )
    got, said = read_seg([path], volume)
    np.testing.assert_array_equal(got.array[1], mask.array[1])
    assert not got.array[[0, 2, 3]].any()
    assert said == ()


def test_a_segmentation_on_a_grid_of_its_own_is_resampled_and_said_to_be(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    fine = mask.array[1].repeat(2, axis=1).repeat(2, axis=2)
    affine = volume.geometry.affine[:, [2, 1, 0, 3]].copy()  # of (slice, row, column)
    affine[:3, 1] /= 2
    affine[:3, 2] /= 2
    affine[:3, 3] -= (affine[:3, 1] + affine[:3, 2]) / 2
    path = foreign(
        *(tmp_path / "other.dcm", volume, volume.source.instances[1], fine),
        kind=highdicom.seg.SegmentationTypeValues.BINARY,
        description=NAMES,
        affine=affine,
    )
    got, said = read_seg([path], volume)
    np.testing.assert_array_equal(got.array[1], mask.array[1])
    assert not got.array[[0, 2, 3]].any()
    assert "resampled to the grid of the scan" in said[0]


def test_other_anatomy_is_named_in_the_refusal(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    path = foreign(
        *(tmp_path / "other.dcm", volume, volume.source.instances[1], mask.array[1]),
        kind=highdicom.seg.SegmentationTypeValues.BINARY,
        description=[("Left atrium", TISSUE), ("LV scar", TISSUE), ("Segment_3", TISSUE)],
    )
    with pytest.raises(ScanError, match=r"holds no left ventricle.*Left atrium, LV scar, Segment_3"):
        read_seg([path], volume)


def test_a_file_for_each_structure(exported, tmp_path):
    volume, mask, files = exported
    for keep in (1, 2, 3):
        ds = pydicom.dcmread(files[1])
        for segment in ds.SegmentSequence:
            if segment.SegmentNumber != keep:
                segment.SegmentedPropertyTypeCodeSequence[0].CodeValue = "10200004"
        ds.save_as(tmp_path / f"only_{keep}.dcm")
    got, _ = read_seg([tmp_path / f"only_{keep}.dcm" for keep in (2, 1, 3)], volume)
    np.testing.assert_array_equal(got.array[1], mask.array[1])


def test_a_binary_mask_whose_frames_name_no_segment_is_refused(tmp_path):
    volume, mask = open_cine(tmp_path / "scan")
    files = seg.write_seg(tmp_path / "out", mask, volume, **MODEL)
    made = pydicom.dcmread(files[0])
    for frame in made.PerFrameFunctionalGroupsSequence:
        del frame.SegmentIdentificationSequence
    made.save_as(files[0])
    with pytest.raises(ScanError, match="damaged segmentation"):
        read_seg([files[0]], volume)
