"""Reading the wanted elements of a header gives what pydicom gives."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset

from engine.formats.dicom_elements import _ordinary, header_of
from engine.formats.dicom_header import _tags, read_images
from engine.formats.index import UnusableError
from tests.support.dicom_cine import dataset, pixels


def _private(ds: FileDataset, values: int) -> None:
    ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", b"x" * values)


def _sequence(ds: FileDataset) -> None:
    item = Dataset()
    item.CodeValue = "1"
    ds.ProcedureCodeSequence = [item]
    ds["ProcedureCodeSequence"].is_undefined_length = True
    ds.ProcedureCodeSequence[0].is_undefined_length_sequence_item = True


def _empty(ds: FileDataset) -> None:
    ds.InstanceNumber = ds.SliceThickness = None
    ds.PatientBirthDate = ""


@pytest.mark.parametrize(
    ("change", "implicit", "is_ordinary"),
    [
        (lambda ds: None, False, True),
        (lambda ds: None, True, True),
        (_empty, False, True),
        (lambda ds: _private(ds, 50_000), False, True),  # longer than a block
        (lambda ds: _private(ds, 16_000), False, True),
        (_sequence, False, False),
    ],
)
def test_the_elements_and_the_place_of_the_pixels_are_as_pydicom_reads_them(
    change: Callable[[FileDataset], None], implicit: bool, is_ordinary: bool
) -> None:
    ds = dataset(1, 2, 4, 3, pixels(2, 3)[1, 2])
    change(ds)
    if implicit:
        ds.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    stream = io.BytesIO()
    ds.save_as(stream, implicit_vr=implicit, little_endian=True, enforce_file_format=True)
    content = stream.getvalue()
    ours, theirs = io.BytesIO(content), io.BytesIO(content)
    found = header_of(ours, content[:1024], _tags())
    expected = pydicom.dcmread(theirs, stop_before_pixels=True, specific_tags=_tags())
    assert (_ordinary(io.BytesIO(content), content[:1024], {int(t): t for t in _tags()}) is not None) == is_ordinary
    assert ours.tell() == theirs.tell()
    assert found.dataset.to_json() == Dataset(expected).to_json()
    assert found.implicit == implicit
    assert found.sop_class == pydicom.uid.MRImageStorage


def test_a_header_that_is_cut_off_says_the_same_wherever_it_ends(tmp_path: Path) -> None:
    stream = io.BytesIO()
    dataset(0, 0, 4, 3, pixels(1, 1)[0, 0]).save_as(stream, enforce_file_format=True)
    content = stream.getvalue()
    path = tmp_path / "cut.dcm"
    for end in range(400, content.index(b"\xe0\x7f\x10\x00"), 41):
        path.write_bytes(content[:end])
        with pytest.raises(UnusableError, match=r"is truncated|has a damaged header|holds no image"):
            read_images(path)
