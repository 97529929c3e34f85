"""Names where nobody looks for them: each is put into a file, and no byte of it may be in the copy."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_cine import write_cine
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit

from engine.exchange.anonymous_copy import copy_without_identity
from engine.exchange.anonymous_names import names_of
from engine.exchange.pseudonyms import Secret, shifted
from engine.formats.door import open_scan

SECRET = Secret(b"0123456789abcdef" * 4)
Change = Callable[[pydicom.FileDataset], None]


def person(ds: pydicom.FileDataset) -> None:
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Weißmüller^Änne", "K-774411", "19551123"
    ds.PatientAddress, ds.ReferringPhysicianName = "Ahornweg 12", "Quaß^Ob"


def in_kept_text(ds: pydicom.FileDataset) -> None:
    ds.SoftwareVersions = "syngo WEISSMÜLLER k774411 1.2.826.0.1.3680043.8.498.77.1 23.11.1955"
    ds.ManufacturerModelName = "Avanto Weissmueller, Quass"
    ds.ReceiveCoilName = "Body Weißmüller 19551123"
    ds.PulseSequenceName = "tfi WEIßMU\u0308LLER"


def in_dates_and_times(ds: pydicom.FileDataset) -> None:
    ds.add_new("StudyDate", "DA", "20240229")
    ds.AcquisitionDateTime = "20240229101500.5+0930"
    texts = {"ContentDate": "20240229-20240301", "SeriesTime": "K-774411", "SeriesDate": "20240229 Ob"}
    for keyword, text in texts.items():
        element = pydicom.DataElement(pydicom.datadict.tag_for_keyword(keyword), "LO", text)
        element.VR = "DA" if keyword.endswith("Date") else "TM"
        ds[keyword] = element


def in_sequences(ds: pydicom.FileDataset) -> None:
    inner, outer = Dataset(), Dataset()
    inner.CodeMeaning, inner.CodeValue, inner.CodingSchemeDesignator = "Herz von Weißmüller", "1", "99K-774411"
    inner.add_new((0x0031, 0x0010), "LO", "QUASS PRIVATE")
    inner.add_new((0x0031, 0x1001), "UI", "1.2.826.0.1.3680043.8.498.77.2")
    inner.ReferencedSOPInstanceUID = "1.2.826.0.1.3680043.8.498.77.3"
    inner.PersonName, inner.TextValue = "Weißmüller^Änne", "heart of Weißmüller"
    outer.ProcedureCodeSequence = [inner]
    ds.PerformedProtocolCodeSequence = [outer]
    ds.EncryptedAttributesSequence = [inner]


def in_odd_elements(ds: pydicom.FileDataset) -> None:
    ds.file_meta.SourceApplicationEntityTitle = "WEISSMUELLER"
    ds.file_meta.PrivateInformationCreatorUID = "1.2.826.0.1.3680043.8.498.77.4"
    ds.file_meta.PrivateInformation = b"K-774411"
    ds.preamble = b"Quass".ljust(128, b"\0")
    ds.Modality = "MR"
    ds.add_new((0x0018, 0xFFF0), "LO", "Quass")
    ds.add_new((0x0028, 0x9FF0), "OB", b"K-774411")
    ds.RetrieveURL = "https://pacs/Weissmueller/1.2.826.0.1.3680043.8.498.77.5"
    ds.PatientBodyMassIndex = 31.4159
    ds.add_new((0x5000, 0x3000), "OW", b"K-774411")
    ds.add_new((0x6002, 0x0022), "LO", "Quass")
    ds.NamesOfIntendedRecipientsOfResults = "Quass^Ob"
    ds.ICCProfile = b"profile of Quass^Ob"


def behind_the_pixels(ds: pydicom.FileDataset) -> None:
    ds.PixelData = ds.PixelData + b"K-774411"


def beside_compressed_pixels(ds: pydicom.FileDataset) -> None:
    comment = b"Weissmueller"
    ds.PixelData = encapsulate([b"\xff\xd8\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + b"\xff\xd9"])
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds["PixelData"].is_undefined_length = True


def deflated(ds: pydicom.FileDataset) -> None:
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    ds.ImageComments = "Weißmüller"


ATTACKS: tuple[Change, ...] = (
    in_kept_text,
    in_dates_and_times,
    in_sequences,
    in_odd_elements,
    behind_the_pixels,
    beside_compressed_pixels,
    deflated,
)
SECRETS = (
    *("weißmüller", "weissmuller", "weissmueller", "änne", "anne", "k-774411", "k774411", "19551123", "23.11.1955"),
    *("ahornweg", "quaß", "quass", "3680043.8.498.77", "20240229", "20240301", "+0930", "31.4159", "müller"),
)


def contents(out: Path) -> Iterator[tuple[str, bytes]]:
    for path in out.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path.relative_to(out).as_posix(), content
        if path.suffix == ".gz":
            yield path.name, gzip.decompress(content)
        if b"1.2.840.10008.1.2.1.99" in content:
            whole = pydicom.dcmread(path)
            at = 132 + 12 + whole.file_meta.FileMetaInformationGroupLength
            yield path.name, zlib.decompress(content[at:], -zlib.MAX_WBITS)


def assert_unknown(out: Path, secrets: tuple[str, ...] = SECRETS) -> None:
    """None of these in any name or content, in small letters or not, in any of the usual encodings."""
    for name, content in contents(out):
        for encoding in ("utf-8", "latin-1", "utf-16-le", "iso2022_jp", "gb18030"):
            text = content.decode(encoding, "ignore").casefold()
            for secret in secrets:
                assert secret.casefold() not in text, (name, secret, encoding)
        assert not [secret for secret in secrets if secret.casefold() in name.casefold()], name


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_hidden_name_is_in_a_copy(tmp_path: Path) -> None:
    source = tmp_path / "Weissmueller" / "K-774411"
    for attack in ATTACKS:

        def change(ds: pydicom.FileDataset, *_: int, attack: Change = attack) -> None:
            ds.SpecificCharacterSet = "ISO_IR 192"
            person(ds)
            attack(ds)

        write_cine(source / f"{attack.__name__}_Quass", 1, 1, change=change)
    found = copy_without_identity([source], tmp_path / "out", SECRET)
    assert_unknown(tmp_path / "out")
    # The JPEG cannot be cleaned without decoding it: no copy is better than one that names its patient.
    assert (len(found.written), len(found.left_out)) == (len(ATTACKS) - 1, 1)
    assert "compressed pixels" in next(iter(found.left_out))
    for path in (tmp_path / "out").rglob("*.dcm"):
        assert pydicom.dcmread(path).pixel_array.any()


def test_every_value_of_a_patient_element_is_gone(tmp_path: Path) -> None:
    """A value of its own kind in every element that the standard has for patients and persons, none of which stays."""
    secrets: list[str] = []

    def change(ds: pydicom.FileDataset, *_: int) -> None:
        numbers = iter(range(100_000, 999_999))
        for tag, (vr, _vm, _name, retired, _keyword) in sorted(pydicom.datadict.DicomDictionary.items()):
            if (tag >> 16 != 0x0010 and vr != "PN") or retired or vr not in ("LO", "PN", "SH", "LT", "ST", "UT", "UC"):
                continue
            ds.add_new(tag, vr, f"Zq{next(numbers)}")
            secrets.append(str(ds[tag].value))

    write_cine(tmp_path / "in", 1, 1, change=change)
    copy_without_identity([tmp_path / "in"], tmp_path / "out", SECRET)
    assert len(secrets) > 50
    assert_unknown(tmp_path / "out", tuple(secrets))


def test_overlays_in_the_spare_bits_of_pixels_go(tmp_path: Path) -> None:
    clean: dict[str, np.ndarray] = {}

    def change(ds: pydicom.FileDataset, *_: int) -> None:
        ds.BitsStored, ds.HighBit = 12, 11
        pixels = np.frombuffer(ds.PixelData, np.uint16) & 0xFFF
        clean["pixels"] = pixels
        ds.PixelData = (pixels | 0x8000).astype(np.uint16).tobytes()
        ds.add_new((0x6000, 0x0010), "US", int(ds.Rows))
        ds.add_new((0x6000, 0x0011), "US", int(ds.Columns))
        ds.add_new((0x6000, 0x0102), "US", 15)

    write_cine(tmp_path / "in", 1, 1, change=change)
    copy_without_identity([tmp_path / "in"], tmp_path / "out", SECRET)
    ds = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    assert np.array_equal(np.frombuffer(ds.PixelData, np.uint16), clean["pixels"])


@pytest.mark.parametrize(
    ("charset", "name", "secrets"),
    [
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", ("yamada", "tarou", "山田", "太郎", "やまだ")),
        (["ISO_IR 192"], "Wang^Xiaodong=王^小东=", ("wang", "xiaodong", "小东")),
        (["GB18030"], "Zhang^Wei=张^伟伟=", ("zhang", "伟伟")),
        (["ISO_IR 144"], "Люксембург^Роза", ("люксембург", "роза")),
    ],
)
def test_names_in_other_scripts_go(tmp_path: Path, charset: list[str], name: str, secrets: tuple[str, ...]) -> None:
    def change(ds: pydicom.FileDataset, *_: int) -> None:
        ds.SpecificCharacterSet = charset
        ds.PatientName = name
        ds.SoftwareVersions = "VB17 " + re.sub(r"[\^=]+", " ", name)
        # Scripts that put no spaces between words: the name stands within one.
        if charset != ["ISO_IR 144"]:
            ds.ManufacturerModelName = "MR" + re.sub(r"[\^=]+", "", name) + "様"

    write_cine(tmp_path / "in", 1, 1, change=change)
    copy_without_identity([tmp_path / "in"], tmp_path / "out", SECRET)
    assert_unknown(tmp_path / "out", secrets)
    assert "VB17" in pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm"))).SoftwareVersions


def test_text_behind_the_voxels_of_nifti_goes(tmp_path: Path) -> None:
    voxels = np.random.default_rng(1).integers(0, 900, (20, 18, 4, 3), dtype=np.int16)
    for kind, name in ((nib.Nifti1Image, "one.nii"), (nib.Nifti2Image, "two.nii.gz"), (nib.Nifti1Pair, "pair.hdr")):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        nib.save(kind(voxels, np.diag([1.5, 1.5, 8, 1.0])), path)
        end = path.with_suffix(".img") if name == "pair.hdr" else path
        content = gzip.decompress(end.read_bytes()) if name.endswith(".gz") else end.read_bytes()
        if kind is nib.Nifti2Image:
            content = content[:525] + b"K-774411".ljust(15, b"\0") + content[540:]
        content += b"Weissmueller"
        end.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    copy_without_identity([tmp_path / "in"], tmp_path / "out", SECRET)
    assert_unknown(tmp_path / "out")
    for path in (tmp_path / "out").rglob("*.[nh][id][ir]*"):
        assert np.array_equal(np.asanyarray(nib.load(path).dataobj), voxels)


def test_names_are_found_in_any_spelling() -> None:
    names = names_of(["Weißmüller^Änne", "P-0042", "19551123", "Li^Wu", "王^伟"])
    for text in (
        *("WEISSMÜLLER", "Weissmueller", "FrauWeißmüllerMRT", "ÄNNE2", "Anne_1"),
        *("P0042", "p-0042", "23.11.1955", "1955-11-23", "Li, Wu", "WuLi", "王伟様"),
    ):
        assert names.without(f"a {text} b") not in (f"a {text} b",), text
    for text in ("HEART", "Anneliese", "syngo MR B17", "LiFe"):
        assert names.without(text) == text
    assert names_of([]).without("cine sa") == "cine sa"


def test_dates_are_moved_or_nothing() -> None:
    assert shifted("20240229", 30) == "20240130"
    assert shifted("20240229101500.25+0100", 30) == "20240130101500.25"
    for odd in ("20240229-20240301", "20240229 Anna", "2024.02.29", "202402", "00000000", "-20240229"):
        assert shifted(odd, 30) == ""


def test_the_copys_report_and_scan_name_nobody(tmp_path: Path) -> None:
    """What is made of a copy: its scan knows the pseudonym alone."""

    def change(ds: pydicom.FileDataset, *_: int) -> None:
        ds.SpecificCharacterSet = "ISO_IR 192"
        person(ds)

    write_cine(tmp_path / "in", 2, 2, change=change)
    copy_without_identity([tmp_path / "in"], tmp_path / "out", SECRET)
    volume = open_scan([tmp_path / "out"])
    assert not [secret for secret in SECRETS if secret in repr(volume.source).casefold()]
