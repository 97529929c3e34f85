"""Headers as rows of text, and which of them could name the patient."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_cine import write_cine, write_enhanced
from pydicom.dataset import Dataset, FileDataset

from engine.errors import ScanError
from engine.formats.door import open_scan
from engine.formats.tags import Tag, tags_of
from engine.phantom import make_phantom


def by_keyword(tags: tuple[Tag, ...]) -> dict[str, Tag]:
    return {tag.keyword: tag for tag in tags}


def add_more(ds: FileDataset, t: int, z: int) -> None:
    ds.add_new(0x00091001, "LO", "Doe wrote this")
    ds.PatientWeight, ds.ReferringPhysicianName = "70", "House^Gregory"
    ds.InstitutionName, ds.StudyDescription, ds.ImageComments = "Princeton", "of Doe", "Doe\nmoved"
    item = Dataset()
    item.ReferencedSOPInstanceUID, item.PurposeOfReferenceCodeSequence = "1.2.3", [Dataset()]
    ds.SourceImageSequence = [item]


def test_rows_are_of_the_slice_and_frame_that_is_shown(tmp_path: Path) -> None:
    write_cine(tmp_path, 4, 3)
    volume = open_scan(tmp_path)
    tags = by_keyword(tags_of(volume, 2, 1))
    assert tags["TriggerTime"] == Tag("(0018,1060)", "TriggerTime", "DS", "92.5")
    assert tags["InstanceNumber"].value == str(1 * 4 + 2 + 1)
    assert tags["PixelSpacing"].value == "1.5 \\ 1.25"
    assert tags["SOPClassUID"].value == "1.2.840.10008.5.1.4.1.1.4 MR Image Storage"
    assert tags["TransferSyntaxUID"].tag == "(0002,0010)"
    assert "PixelData" not in tags


def test_what_could_tell_the_patient_is_marked(tmp_path: Path) -> None:
    write_cine(tmp_path, change=add_more)
    tags = tags_of(open_scan(tmp_path), 0, 0)
    shown = [tag for tag in tags if not tag.identifying]
    hidden = {tag.keyword for tag in tags if tag.identifying}
    assert {"PatientName", "PatientID", "PatientSex", "PatientBirthDate", "PatientWeight", "StudyDate", "StudyTime",
            "ReferringPhysicianName", "InstitutionName", "StudyDescription", "ImageComments", "StudyInstanceUID",
            "SOPInstanceUID", "Private", "ReferencedSOPInstanceUID"} <= hidden  # fmt: skip
    assert {"Modality", "Manufacturer", "TriggerTime", "SeriesDescription", "Rows"} <= {tag.keyword for tag in shown}
    for word in ("Müller", "P-0042", "Doe", "House", "Princeton", "2024", "1962"):
        assert not [tag for tag in shown if word in tag.value]
    assert next(tag for tag in tags if tag.keyword == "ImageComments").value == "Doe moved"


def test_sequences_are_indented(tmp_path: Path) -> None:
    write_cine(tmp_path, change=add_more)
    tags = tags_of(open_scan(tmp_path), 0, 0)
    at = next(i for i, tag in enumerate(tags) if tag.keyword == "SourceImageSequence")
    assert [(tag.vr, tag.value, tag.depth) for tag in tags[at : at + 3]] == [
        ("SQ", "1 item", 0), ("UI", "1.2.3", 1), ("SQ", "1 item", 1),
    ]  # fmt: skip


def test_a_multi_frame_file(tmp_path: Path) -> None:
    write_enhanced(tmp_path / "multi.dcm")
    assert by_keyword(tags_of(open_scan(tmp_path), 0, 0))["NumberOfFrames"].value == "12"


def test_nifti_fields(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((6, 5, 4), np.int16), np.diag([1.5, 1.5, 8.0, 1.0]))
    image.header["descrip"] = b"Doe, John"
    nib.save(image, tmp_path / "a.nii.gz")
    tags = by_keyword(tags_of(open_scan(tmp_path), 0, 0))
    assert tags["pixdim"] == Tag("", "pixdim", "float32", "1 1.5 1.5 8 1 1 1 1")
    assert tags["descrip"] == Tag("", "descrip", "char[80]", "Doe, John", identifying=True)


def test_a_scan_without_a_file_has_none() -> None:
    assert tags_of(make_phantom()[0], 0, 0) == ()


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    write_cine(tmp_path)
    volume = open_scan(tmp_path)
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(ScanError, match="cannot be read"):
        tags_of(volume, 0, 0)
