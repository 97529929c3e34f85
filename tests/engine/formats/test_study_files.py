"""Which files of a study are looked at, and which faults of them are said."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pydicom
import pytest
from dicom_cine import write_cine
from pydicom.config import disable_value_validation

from engine.errors import ScanError
from engine.formats.door import open_scan
from engine.formats.study_files import find_files


def names_in(paths: list[Path]) -> list[str]:
    return [path.name for path in find_files(paths)]


def test_hidden_folders_and_leftovers_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.dcm", ".cinequant-x/b.dcm", "sub/c.dcm", "._a.dcm", ".a.dcm.123.part"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert names_in([tmp_path]) == ["a.dcm", "c.dcm"]
    assert names_in([tmp_path / ".cinequant-x"]) == ["b.dcm"]  # named by the user


def test_links_that_lead_nowhere_are_no_trouble(tmp_path: Path) -> None:
    voxels = write_cine(tmp_path / "study")
    (tmp_path / "study" / "self").symlink_to("self")
    (tmp_path / "study" / "up").symlink_to("..")
    (tmp_path / "study" / "gone").symlink_to("nowhere")
    (tmp_path / "secret").write_text("not of the study")
    (tmp_path / "study" / "out").symlink_to(tmp_path / "secret")
    assert "out" not in names_in([tmp_path / "study"])
    assert open_scan([tmp_path / "study"]).array.shape == voxels.shape


def test_folders_a_thousand_deep(tmp_path: Path) -> None:
    here = os.getcwd()  # noqa: PTH109 - the path is too long to be named at once
    try:
        os.chdir(tmp_path)
        for _ in range(1100):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(here)
    (tmp_path / "a.dcm").write_bytes(b"x")
    try:
        assert names_in([tmp_path]) == ["a.dcm"]
    finally:
        os.system(f"rm -rf '{tmp_path}/d'")  # shutil.rmtree recurses too deep


def annex(folder: Path) -> tuple[Path, Path]:
    """A study whose files are links into the store of a DataLad data set: (the study, the store)."""
    store = folder / ".git" / "annex" / "objects"
    write_cine(folder / "images" / "P1")
    store.mkdir(parents=True)
    for path in (folder / "images" / "P1").iterdir():
        shutil.move(path, store / path.name)
        path.symlink_to(Path("..", "..", ".git", "annex", "objects", path.name))
    return folder / "images" / "P1", store


def test_links_of_a_datalad_data_set_are_followed(tmp_path: Path) -> None:
    study, store = annex(tmp_path)
    whole = open_scan([study])
    assert not any("Not read" in notice for notice in whole.notices)
    next(iter(sorted(store.iterdir()))).unlink()
    assert any("Not read" in notice and "datalad get" in notice for notice in open_scan([study]).notices)
    shutil.rmtree(store)
    with pytest.raises(ScanError, match="datalad get"):
        open_scan([study])
    with pytest.raises(ScanError, match="datalad get"):
        open_scan([sorted(study.iterdir())[0]])


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "is empty"), (bytes(4096), "begins with zeros"), (b"junk" * 99, "not a DICOM file")]
)
def test_a_slice_that_was_lost_is_said(tmp_path: Path, content: bytes, says: str) -> None:
    write_cine(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        path.rename(path.with_suffix(".dcm"))
    (tmp_path / "notes.txt").write_bytes(content)
    assert not any("Not read" in notice for notice in open_scan([tmp_path]).notices)
    sorted(tmp_path.glob("*.dcm"))[0].write_bytes(content)
    assert any("Not read" in notice and says in notice for notice in open_scan([tmp_path]).notices)


def test_a_slice_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    write_cine(tmp_path)
    lost = sorted(tmp_path.iterdir())[0]
    lost.chmod(0)
    if os.access(lost, os.R_OK):
        pytest.skip("root reads everything")
    assert any("cannot be read" in notice for notice in open_scan([tmp_path]).notices)


def _disc(folder: Path, names: list[str]) -> Path:
    """A disc with an index of two of its images, and of one more file of these path components."""
    write_cine(folder / "IMAGES")
    index = pydicom.Dataset()
    index.file_meta = pydicom.dataset.FileMetaDataset()
    index.file_meta.MediaStorageSOPClassUID = pydicom.uid.MediaStorageDirectoryStorage
    index.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    index.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    records = []
    for path in [*sorted((folder / "IMAGES").iterdir())[:2], None]:
        record = pydicom.Dataset()
        with disable_value_validation():
            record.ReferencedFileID = ["IMAGES", path.name] if path else names
        records.append(record)
    index.DirectoryRecordSequence = records
    pydicom.dcmwrite(folder / "DICOMDIR", index, enforce_file_format=True)
    return folder / "DICOMDIR"


@pytest.mark.parametrize("undefined", [False, True])
def test_an_index_that_was_cut_short_is_refused(tmp_path: Path, undefined: bool) -> None:
    index = _disc(tmp_path, ["IMAGES", "ANOTHER"])
    if undefined:
        content = pydicom.dcmread(index)
        content["DirectoryRecordSequence"].is_undefined_length = True
        pydicom.dcmwrite(index, content, enforce_file_format=True)
    assert find_files([index])
    index.write_bytes(index.read_bytes()[:-30])
    with pytest.raises(ScanError, match="cut short, so it does not list every image"):
        find_files([index])


@pytest.mark.parametrize(("names", "kept"), [(["GONE.DCM"], 3), (["A\0B"], 2), (["..", ".."], 2)])
def test_what_an_index_lists_may_be_anything(tmp_path: Path, names: list[str], kept: int) -> None:
    _disc(tmp_path, names)
    found = find_files([tmp_path / "DICOMDIR"])
    assert len(found) == kept
    assert all(tmp_path in path.parents for path in found)
