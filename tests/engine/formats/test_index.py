"""Everything in a folder or a DICOMDIR is found, grouped and can be opened; the short-axis cine is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_cine import ROOT, dataset, pixels, write_cine, write_enhanced
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from engine.errors import Cancelled, ScanError
from engine.formats import dicom
from engine.formats.door import find, open_scan, read_series, thumbnail
from engine.formats.index import Index, Series
from engine.progress import CancelToken
from engine.volume import Volume

LONG_AXIS = [0.0, 0.6, -0.8, 1.0, 0.0, 0.0]


def series_of(index: Index) -> list[tuple[str, tuple[int, ...]]]:
    return [(series.description, series.size) for series in index.series]


def patient(number: int, series: int = 7, name: str = "cine sa", **values: Any) -> Any:
    """What makes an image of write_cine one of another patient and series."""

    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.PatientID, ds.PatientName, ds.StudyInstanceUID = f"P{number}", f"Doe^{number}", f"{ROOT}.9.{number}"
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = f"{ROOT}.8.{number}.{series}", series, name
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}.{series}"
        for key, value in values.items():
            setattr(ds, key, value)

    return change


def save(path: Path, value: int = 0, shape: tuple[int, ...] = (6, 5, 4)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(np.full(shape, value, np.int16), np.diag([1.5, 1.5, 8.0, 1.0])), path)
    return path


def same(one: Volume, other: Volume) -> bool:
    return np.array_equal(one.array, other.array) and one.geometry.same_as(other.geometry)


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    """Two patients; the second has a long axis and a perfusion series of more images than the cine."""
    write_cine(tmp_path / "a", 2, 3, change=patient(1))
    write_cine(tmp_path / "b", 4, 3, change=patient(2, StudyDescription="Cardiac MRI"))
    write_cine(tmp_path / "c", 4, 1, change=patient(2, 3, "cine 4ch", ImageOrientationPatient=LONG_AXIS))
    write_cine(tmp_path / "d", 9, 3, change=patient(2, 9, "SA perfusion", PixelSpacing=[2.0, 2.0]))
    return tmp_path


def test_patients_studies_and_series(folder: Path) -> None:
    index = find([folder])
    assert [(p.name, p.is_folder, [(s.description, s.date) for s in p.studies]) for p in index.patients] == [
        ("Doe, 1", False, [("", "2024-02-29")]),
        ("Doe, 2", False, [("Cardiac MRI", "2024-02-29")]),
    ]
    assert series_of(index) == [
        ("cine sa", (2, 3, 32, 40)),
        ("cine 4ch", (4, 1, 32, 40)),
        ("cine sa", (4, 3, 32, 40)),
        ("SA perfusion", (9, 3, 32, 40)),
    ]
    assert [series.number for series in index.series] == [0, 1, 2, 3]


def test_the_short_axis_cine_is_chosen_and_is_what_the_command_opens(folder: Path) -> None:
    index = find([folder])
    assert index.chosen is index.series[2]
    assert same(read_series(index, index.chosen), open_scan(folder))


def test_each_series_opens_as_itself_without_telling_of_the_others(folder: Path) -> None:
    index = find([folder])
    for series in index.series:
        volume = read_series(index, series)
        assert (volume.frames, *volume.geometry.shape) == series.size
        assert volume.not_short_axis == series.not_short_axis
        assert not any("Also found" in notice for notice in volume.notices)
        assert dicom.stack_of(volume).phases == series.content.stack.phases
    assert "single slice" in index.series[1].not_short_axis


def test_a_repeated_breath_hold_is_one_more_series(tmp_path: Path) -> None:
    voxels = write_cine(tmp_path / "first", change=patient(1, 4))
    write_cine(tmp_path / "again", change=patient(1, 5, PixelData=(voxels[0, 0] + 7).astype("<u2").tobytes()))
    index = find([tmp_path])
    assert [series.series_number for series in index.series] == [4, 5]
    assert index.chosen.series_number == 5
    assert np.array_equal(read_series(index, index.series[0]).array, voxels)
    assert "Several series show" in "".join(read_series(index, index.chosen).notices)


def test_one_series_a_slice_is_one_stack_with_their_names(tmp_path: Path) -> None:
    def own_series(ds: FileDataset, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = f"{ROOT}.2.{z}", z, f"slice {z}"

    write_cine(tmp_path, change=own_series, slices=5)
    assert series_of(find([tmp_path])) == [("slice 0 + slice 1 + 3 more", (4, 5, 32, 40))]


def test_stacks_of_one_multi_frame_file_open_and_export_as_themselves(tmp_path: Path) -> None:
    write_enhanced(tmp_path / "multi.dcm")
    ds = pydicom.dcmread(tmp_path / "multi.dcm")
    turned = Dataset()
    turned.ImageOrientationPatient = LONG_AXIS
    for item in ds.PerFrameFunctionalGroupsSequence:
        if item.FrameContentSequence[0].TemporalPositionIndex == 1:
            item.PlaneOrientationSequence = [turned]
    ds.save_as(tmp_path / "multi.dcm")
    index = find([tmp_path])
    assert sorted(series.size[0] for series in index.series) == [1, 3]
    for series in index.series:
        volume = read_series(index, series)
        assert volume.frames == series.size[0]
        assert dicom.stack_of(volume).phases == series.content.stack.phases


def test_damaged_pixels_cost_their_series_only(tmp_path: Path) -> None:
    write_cine(tmp_path / "a", change=patient(1))
    broken = dataset(0, 0, 1, 1, pixels(1, 1)[0, 0])
    patient(2)(broken, 0, 0)
    (tmp_path / "b").mkdir()
    broken.save_as(tmp_path / "b" / "cut")
    data = (tmp_path / "b" / "cut").read_bytes()
    (tmp_path / "b" / "cut").write_bytes(data[:-500])
    index = find([tmp_path])
    assert len(index.series) == 1
    assert list(index.faults) == [tmp_path / "b" / "cut"]
    assert any("cut is truncated" in notice for notice in read_series(index, index.chosen).notices)


# -- DICOMDIR --------------------------------------------------------------------------------------------------------


def write_dicomdir(path: Path, files: list[list[str] | str]) -> Path:
    """As little of a DICOMDIR as lists files."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MediaStorageDirectoryStorage, f"{ROOT}.77"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    records = [Dataset()]
    records[0].DirectoryRecordType = "PATIENT"
    with disable_value_validation():  # "..", too, which no standard allows
        for parts in files:
            record = Dataset()
            record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", parts
            records.append(record)
        ds.DirectoryRecordSequence = records
        ds.save_as(path, enforce_file_format=True)
    return path


def test_a_dicomdir_opens_what_it_lists(folder: Path) -> None:
    listed: list[list[str] | str] = [[f.parent.name.upper(), f.name] for f in sorted((folder / "a").iterdir())]
    path = write_dicomdir(folder / "DICOMDIR", [*listed, ["A", "GONE"], ["..", "elsewhere"]])
    index = find([path])
    assert series_of(index) == [("cine sa", (2, 3, 32, 40))]
    assert same(read_series(index, index.chosen), open_scan(folder / "a"))
    assert same(open_scan(path), open_scan(folder / "a"))


def test_a_dicomdir_leads_nowhere_else(tmp_path: Path) -> None:
    write_cine(tmp_path / "secret", 1, 3)
    (tmp_path / "disc").mkdir()
    (tmp_path / "disc" / "link").symlink_to(tmp_path / "secret")
    name = next((tmp_path / "secret").iterdir()).name
    path = write_dicomdir(
        tmp_path / "disc" / "DICOMDIR", [["..", "secret", name], ["link", name], [f"../secret/{name}"]]
    )
    with pytest.raises(ScanError, match=r"DICOMDIR: none of the 3 files that it lists is there; copy the whole disc"):
        find([path])


def test_a_dicomdir_that_lists_nothing(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="lists no file"):
        find([write_dicomdir(tmp_path / "DICOMDIR", [])])


def test_public_dicomdirs(shared_data: Path) -> None:
    root = shared_data / "edge" / "pydicom-test-files" / "dicomdirtests"
    expected = series_of(find([root / "DICOMDIR"]))
    assert len(expected) > 15
    for name in ("DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-reordered"):
        assert series_of(find([root / name])) == expected


# -- NIfTI -----------------------------------------------------------------------------------------------------------


def test_nifti_files_by_folder_with_pairs_cines_and_no_masks(tmp_path: Path) -> None:
    for name in ("p1/p1_sa_ED.nii.gz", "p1/p1_sa_ES.nii.gz", "p1/p1_sa_ED_gt.nii.gz", "p1/p1_la_ED.nii"):
        save(tmp_path / name)
    for frame in (1, 7):
        save(tmp_path / "p2" / f"p2_frame{frame:02d}.nii.gz", frame)
    (tmp_path / "p2" / "Info.cfg").write_text("ED: 7\nES: 1\n")
    save(tmp_path / "p2" / "p2_4d.nii.gz", shape=(6, 5, 4, 3))
    (tmp_path / "p2" / "broken.nii.gz").write_bytes(b"no gzip")
    index = find([tmp_path])
    assert [(p.name, p.is_folder) for p in index.patients] == [("p1", True), ("p2", True)]
    assert [(s.description, s.size[0], s.pair) for s in index.series] == [
        ("p1_la_ED", 1, False),
        ("p1_sa", 2, True),
        ("p2_4d", 3, False),
        ("p2", 2, True),
    ]
    assert index.chosen.description == "p2_4d"
    pair = read_series(index, index.series[3])
    assert [int(frame.flat[0]) for frame in pair.array] == [7, 1]
    assert list(index.faults) == [tmp_path / "p2" / "broken.nii.gz"]


def test_files_given_are_opened_whatever_they_are_called(tmp_path: Path) -> None:
    mask = save(tmp_path / "a_gt.nii.gz")
    assert find([mask]).chosen.paths == (mask,)
    one, two = save(tmp_path / "one.nii"), save(tmp_path / "two.nii")
    assert find([two, one]).chosen.paths == (two, one)


@pytest.mark.parametrize("what", ["empty", "text", "masks", "broken", "gone"])
def test_nothing_to_open_says_so_as_the_command_does(tmp_path: Path, what: str) -> None:
    (tmp_path / "d").mkdir()
    path = tmp_path / "d"
    if what == "text":
        path = tmp_path / "notes.txt"
        path.write_text("hello")
    elif what == "masks":
        save(path / "a_seg.nii.gz")
    elif what == "broken":
        path = tmp_path / "broken.nii.gz"
        path.write_bytes(b"no gzip")
    elif what == "gone":
        path = tmp_path / "gone"
    with pytest.raises(ScanError) as said:
        open_scan(path)
    with pytest.raises(ScanError) as found:
        find([path])
    assert str(found.value) == str(said.value)


def test_cancel_and_progress(folder: Path) -> None:
    token, heard = CancelToken(), []

    def progress(done: int, total: int, what: str) -> None:
        heard.append((done, total, what))
        if done == 3:
            token.cancel()

    with pytest.raises(Cancelled):
        find([folder], progress=progress, cancel=token)
    assert heard[-1] == (3, 6 + 12 + 4 + 27, "Reading headers")
    index = find([folder])
    with pytest.raises(Cancelled):
        read_series(index, index.chosen, cancel=token)


# -- thumbnails ------------------------------------------------------------------------------------------------------


def test_a_thumbnail_keeps_the_patients_proportions(tmp_path: Path) -> None:
    """32 rows of 1.5 mm, 40 columns of 1.25 mm: 48 × 50 mm, so that the disc is taller than wide in pixels."""
    write_cine(tmp_path)
    small = thumbnail(find([tmp_path]).chosen, 50)
    assert (small.shape, small.dtype) == ((50, 50), np.uint8)
    assert not small[0].any() and not small[-1].any()
    assert small[1:-1, 0].any()
    bright = small > 128
    assert bright[25, 25] and not bright[3, 3]
    assert bright.any(axis=0).sum() < bright.any(axis=1).sum()


def test_a_thumbnail_of_monochrome1_is_not_inverted(tmp_path: Path) -> None:
    write_cine(tmp_path, change=patient(1, PhotometricInterpretation="MONOCHROME1"))
    small = thumbnail(find([tmp_path]).chosen, 48)
    assert small[24, 24] < small[6, 24]


def test_a_thumbnail_of_nifti_is_the_middle_slice_of_the_first_frame(tmp_path: Path) -> None:
    voxels = np.zeros((40, 20, 5, 3), np.int16)
    voxels[10:20, 5:10, 2, 0] = 100
    voxels[..., 1:] = 50
    nib.save(nib.Nifti1Image(voxels, np.diag([1.0, 1.0, 8.0, 1.0])), tmp_path / "a.nii.gz")
    index = find([tmp_path])
    middle = read_series(index, index.chosen).array[0, 2]
    small = thumbnail(index.chosen, 40)
    assert np.array_equal(small[10:30] > 0, middle > 0)


def test_a_thumbnail_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    write_cine(tmp_path)
    series: Series = find([tmp_path]).chosen
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(ScanError, match="cannot be decoded"):
        thumbnail(series, 32)
