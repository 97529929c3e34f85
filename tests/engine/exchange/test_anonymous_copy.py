"""Copies without identity, read byte by byte, and opened again with the same numbers."""

from __future__ import annotations

import gzip
import json
import stat
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_cine import compress, labels, write_cine, write_enhanced
from dicom_judges import errors_of
from object_scans import ALGORITHM, dicom_dossier, sized
from pydicom.dataset import Dataset

from engine.errors import ExportError, ScanError
from engine.exchange.anonymous_copy import REPORT, copy_without_identity
from engine.exchange.anonymous_names import names_of
from engine.exchange.anonymous_words import kept_words
from engine.exchange.confidentiality import Act, ProfileOptions, action
from engine.exchange.pseudonyms import Secret, own_secret, shifted
from engine.exchange.structure_set import phases_to_outline, write_structure_set
from engine.exchange.structured_report import write_sr
from engine.formats.door import open_scan
from engine.formats.seg import write_seg
from engine.formats.seg_read import read_seg
from engine.measures.function import measure
from engine.volume import LabelMap

SECRET = Secret(b"0123456789abcdef" * 4)


def known(ds: pydicom.Dataset, *_: int) -> None:
    """A patient who is named in many places."""
    sized(ds)
    ds.OtherPatientIDs = ["ALTID-77881"]
    ds.PatientAddress, ds.PatientTelephoneNumbers = "Lindenallee 7, Musterstadt", "+49 555 123456"
    ds.InstitutionName, ds.StationName, ds.DeviceSerialNumber = "St. Example Hospital", "MR-SCANNER-3", "SN-445566"
    ds.ReferringPhysicianName, ds.OperatorsName = "Überweiser^Hans", "Bediener^Eva"
    ds.AccessionNumber, ds.StudyID = "ACC-998877", "STUDY-4711"
    ds.SeriesDescription = "cine sa Müller Anna P-0042 Lindenallee"
    ds.ImageComments = "Frau Müller, bitte anrufen"
    ds.ProtocolName = "tfi2d15_retro_iPAT Mueller"
    item = Dataset()
    item.RequestedProcedureDescription, item.PatientID = "Herz MRT of Müller", "P-0042"
    ds.RequestAttributesSequence = [item]
    private = ds.private_block(0x0029, "MAKER", create=True)
    private.add_new(1, "LO", "Müller^Anna^Maria")
    private.add_new(2, "OB", b"...P-0042 Lindenallee...")


IDENTITY = (
    *("Müller", "Anna", "Maria", "P-0042", "ALTID-77881", "Lindenallee", "Musterstadt", "555 123456", "19620301"),
    *("St. Example", "MR-SCANNER-3", "SN-445566", "Überweiser", "Hans", "Bediener", "ACC-998877", "STUDY-4711"),
    *("anrufen", "20240229", "061Y", "1.2.826.0.1.3680043.8.498.4242", "MAKER", "Mueller"),
)


def assert_nameless(out: Path, identity: tuple[str, ...] = IDENTITY) -> None:
    """No bytes of the identity in any file, whatever its encoding, nor in any name."""
    for path in out.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        for value in identity:
            assert value not in path.relative_to(out).as_posix()
            for encoding in ("utf-8", "latin-1", "utf-16-le"):
                assert value.encode(encoding) not in content, (path.name, value)


@pytest.fixture(scope="module", name="study")
def study_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cine with SEG, structured report and contours of it."""
    folder = tmp_path_factory.mktemp("Müller_Anna")
    found = dicom_dossier(folder / "study" / "P-0042", change=known)
    out = folder / "study" / "made"
    segs = write_seg(out, found.labels, found.volume, algorithm=ALGORITHM, version="1")
    write_sr(out / "sr.dcm", found, segs=segs)
    frames = phases_to_outline(0, 2, 4, every=False)
    write_structure_set(out / "rt.dcm", found.labels, found.volume, frames, algorithm=ALGORITHM)
    (folder / "study" / "DICOMDIR").write_bytes(b"Mueller")
    (folder / "study" / "letter.txt").write_text("Müller")
    return folder / "study"


@pytest.fixture(scope="module", name="copied")
def copied_fixture(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("anonymous") / "out"
    found = copy_without_identity([study], out, SECRET)
    assert (len(found.written), dict(found.left_out)) == (18, {"neither DICOM nor NIfTI": 1})
    return out


def test_nothing_of_the_patient_is_left(copied: Path) -> None:
    assert_nameless(copied)


def test_the_copy_opens_with_the_same_numbers_and_its_segmentation(study: Path, copied: Path) -> None:
    before, after = open_scan([study / "P-0042"]), open_scan([copied])
    assert np.array_equal(before.array, after.array)
    assert np.allclose(before.geometry.affine, after.geometry.affine)
    assert after.frame_times_ms == before.frame_times_ms
    segs = list(copied.rglob("SEG_*.dcm"))
    mask, said = read_seg(segs, after)
    assert (len(segs), said) == (4, ())
    assert np.array_equal(mask.array, labels(4, 3))
    one, other = measure(LabelMap(labels(4, 3), before.geometry), before), measure(mask, after)
    assert (one.lv, one.rv, one.lv_mass_g) == (other.lv, other.rv, other.lv_mass_g)


def test_references_go_to_the_copies(copied: Path) -> None:
    instances = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in copied.rglob("*.dcm")}
    for name in ("SEG", "SR", "RTSTRUCT"):
        for path in copied.rglob(f"{name}_*.dcm"):
            ds = pydicom.dcmread(path)
            named = {e.value for e in ds.iterall() if e.keyword == "ReferencedSOPInstanceUID" and e.value}
            studies = {ds.StudyInstanceUID}
            assert named and named - studies <= instances, name
            assert errors_of(path) == []
    [report] = copied.rglob("SR_*.dcm")
    numbers = [e.value for e in pydicom.dcmread(report).iterall() if e.keyword == "NumericValue"]
    assert len(numbers) > 30


def test_it_says_what_was_done(copied: Path) -> None:
    image = pydicom.dcmread(next(copied.rglob("MR_*.dcm")))
    assert (image.PatientIdentityRemoved, image.PatientID) == ("YES", SECRET.patient("P-0042\0"))
    assert [item.CodeValue for item in image.DeidentificationMethodCodeSequence] == [
        "113100",
        "113104",
        "113105",
        "113107",
    ]
    assert image.SeriesDescription == "cine sa"
    assert image.StudyDate == shifted("20240229", SECRET.days("P-0042\0")) == image.SeriesDate
    assert (image.StudyTime, image.TriggerTime is not None) == ("101500", True)
    report = json.loads((copied / REPORT).read_text())
    changed = {(row["attribute"], row["action"]) for row in report["changed"]}
    assert {("PatientName", "empty"), ("private", "remove"), ("StudyDate", "shift")} <= changed
    assert (len(report["files"]), report["left_out"]) == (18, {"neither DICOM nor NIfTI": 1})


def test_a_run_goes_on_where_it_was(study: Path, copied: Path) -> None:
    victim = next(copied.rglob("MR_*.dcm"))
    content = victim.read_bytes()
    victim.unlink()
    found = copy_without_identity([study], copied, SECRET)
    assert (found.written, len(found.kept)) == ([victim], 17)
    assert victim.read_bytes() == content


def test_options_change_what_stays(study: Path, tmp_path: Path) -> None:
    one = next((study / "P-0042").iterdir())
    copy_without_identity(
        [one], tmp_path / "a", SECRET, ProfileOptions(shift_dates=False, clean_words=False, keep_device=True)
    )
    ds = pydicom.dcmread(next((tmp_path / "a").rglob("*.dcm")))
    assert (ds.StationName, ds.DeviceSerialNumber) == ("MR-SCANNER-3", "SN-445566")
    assert not ds.StudyDate and "SeriesDescription" not in ds
    assert ds.LongitudinalTemporalInformationModified == "REMOVED"
    assert_nameless(tmp_path / "a", tuple(v for v in IDENTITY if not v.startswith(("MR-SC", "SN-"))))


def test_compressed_and_enhanced_files_keep_their_pixels(tmp_path: Path) -> None:
    (tmp_path / "scan").mkdir()
    write_enhanced(tmp_path / "scan" / "e.dcm")
    write_cine(tmp_path / "jpeg", 2, 2, change=lambda ds, *_: compress(ds, "1.2.840.10008.1.2.5"))
    for name in ("scan", "jpeg"):
        copy_without_identity([tmp_path / name], tmp_path / f"{name}_out", SECRET)
        assert np.array_equal(open_scan([tmp_path / name]).array, open_scan([tmp_path / f"{name}_out"]).array)
        assert_nameless(tmp_path / f"{name}_out")


def test_burned_in_text_is_warned_of_and_documents_are_left_out(tmp_path: Path) -> None:
    write_cine(tmp_path / "scan", 1, 2, change=lambda ds, t, z: setattr(ds, "BurnedInAnnotation", "YES"))
    ds = pydicom.dcmread(next((tmp_path / "scan").iterdir()))
    ds.EncapsulatedDocument = b"Anna"
    ds.save_as(tmp_path / "scan" / "letter.dcm")
    found = copy_without_identity([tmp_path / "scan"], tmp_path / "out", SECRET)
    assert list(found.warnings.values()) == [2 + 1]
    assert [str(why).startswith("an encapsulated document") for why in found.left_out] == [True]


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_nifti_headers_are_cleaned_and_voxels_stay(tmp_path: Path, kind: Any) -> None:
    voxels = np.random.default_rng(1).integers(0, 900, (20, 18, 4, 3), dtype=np.int16)
    image = kind(voxels, np.diag([-1.5, -1.5, 8, 1.0]))
    image.header["descrip"], image.header["aux_file"] = b"Anna Mueller", b"P-0042"
    image.header["intent_name"] = b"Maria"
    image.header.extensions.append(nib.nifti1.Nifti1Extension(6, b"Mueller, Anna; 19620301"))
    image.header.set_zooms((1.5, 1.5, 8, 0.04))
    (tmp_path / "Mueller").mkdir()
    nib.save(image, tmp_path / "Mueller" / "Anna_sa_frame01.nii.gz")
    (tmp_path / "Mueller" / "Info.cfg").write_text("ED: 1\nES: 9\nGroup: Mueller\nWeight: 77.7\n")
    copy_without_identity([tmp_path / "Mueller"], tmp_path / "out", SECRET)
    assert_nameless(tmp_path / "out")
    [copy] = (tmp_path / "out").glob("*/*.nii.gz")
    assert (copy.parent / "Info.cfg").read_text() == "ED: 1\nES: 9\n"
    assert copy.name.endswith("_sa_frame01.nii.gz")
    again = nib.load(copy)
    assert np.array_equal(np.asanyarray(again.dataobj), voxels)
    assert np.allclose(again.affine, image.affine)
    assert not again.header.extensions


def test_bad_places_and_inputs_are_one_line(study: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="lies in the folder that is copied"):
        copy_without_identity([study], study / "out", SECRET)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").write_text("a")
    with pytest.raises(ScanError, match="holds no DICOM or NIfTI file"):
        copy_without_identity([tmp_path / "empty"], tmp_path / "out", SECRET)


def test_a_user_without_a_home_is_asked_for_a_file_of_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)
    with pytest.raises(ExportError, match="name a file for it with --key"):
        own_secret()


def test_the_secret_is_the_users_alone_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    first, second = own_secret(), own_secret()
    [file] = (tmp_path / "cinequant").iterdir()
    assert first.key == second.key and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.key.decode() not in repr(first)
    (tmp_path / "short").write_text("abc")
    with pytest.raises(ExportError, match="no secret of at least 32"):
        own_secret(tmp_path / "short")
    assert first.patient("a") != Secret(b"x" * 40).patient("a")


def test_words_that_describe_images_stay_and_names_do_not() -> None:
    assert kept_words("cine_SA_bSSFP_Schmidt Dr. Schmidt 12 slices") == "cine SA bSSFP 12 slices"
    assert kept_words("perfusion rest, Frau Sax", names_of(["Sax"])) == "perfusion rest"


def test_actions_follow_the_table() -> None:
    plain, all_ = ProfileOptions(shift_dates=False, clean_words=False), ProfileOptions(keep_device=True)
    assert action(0x00100010, "PN", plain) is Act.EMPTY
    assert action(0x00080080, "LO", plain) is not Act.KEEP
    assert action(0x00100030, "DA", all_) is Act.EMPTY
    assert action(0x00080020, "DA", all_) is Act.SHIFT
    assert action(0x00181000, "LO", plain) is not Act.KEEP and action(0x00181000, "LO", all_) is Act.KEEP
    assert action(0x00080008, "CS", plain) is Act.KEEP
    assert action(0x60023000, "OW", all_) is Act.REMOVE
