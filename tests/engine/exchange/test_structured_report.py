"""The structured report, judged by dicom3tools and dcmtk, and read back by highdicom."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from dicom_cine import labels, write_enhanced
from dicom_judges import errors_of
from dossiers import MADE
from highdicom.sr import srread
from object_scans import dicom_dossier
from pydicom.sr._concepts_dict import concepts
from pydicom.sr.coding import Code

from engine.dossier import Dossier
from engine.errors import ExportError
from engine.exchange import report_codes
from engine.exchange.anonymous_copy import copy_without_identity
from engine.exchange.pseudonyms import Secret
from engine.exchange.structured_report import person_name, write_sr
from engine.formats.door import open_scan
from engine.formats.seg import write_seg
from engine.measures.body import body_of
from engine.measures.findings import DERIVED, findings_of
from engine.measures.function import measure
from engine.measures.quantities import MEASURES
from engine.phantom import make_phantom
from engine.volume import LabelMap


@pytest.fixture(scope="module", name="written")
def written_fixture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dossier, Path, tuple[Path, ...]]:
    folder = tmp_path_factory.mktemp("sr")
    found = dicom_dossier(folder / "scan")
    segs = write_seg(folder / "seg", found.labels, found.volume, algorithm="Tiny int8", version="2")
    return found, write_sr(folder / "report.dcm", found, segs=segs), segs


def numbers_of(group: object) -> dict[tuple[str, str], float]:
    return {(m.name.value, m.unit.value): m.value for m in group.get_measurements()}  # type: ignore[attr-defined]


def test_highdicom_reads_the_numbers_back(written: tuple[Dossier, Path, tuple[Path, ...]]) -> None:
    found, path, _ = written
    content = srread(path).content
    groups = {group.tracking_identifier: group for group in content.get_image_measurement_groups()}
    rows = {measure.key: measure.value(found.function) for measure in MEASURES}
    rows |= {derived.key: derived.value(found.findings) for derived in DERIVED}
    lv, rv = numbers_of(groups["LV function"]), numbers_of(groups["RV function"])
    told = [key for key, value in rows.items() if value is not None and key in report_codes.CODED]
    assert len(lv) + len(rv) == len(told)
    assert {"lv.edv_ml", "rv.ef_percent", "lv_mass_g", "lv.co_l_min", "lv.edv_ml_m2", "rv.ci_l_min_m2"} <= set(told)
    for key in told:
        how, side = report_codes.CODED[key], rv if key.startswith("rv") else lv
        assert side[how.name.value, how.unit.value] == pytest.approx(rows[key], rel=1e-9), key
    index = next(m for m in groups["LV function"].get_measurements() if m.unit.value == "ml/m2")
    by = [item.value for item in index[0].ContentSequence if item.name == report_codes.INDEX]
    assert by == [report_codes.BODY_SURFACE_AREA]
    person = numbers_of(groups["Patient during the scan"])
    assert person["8277-6", "m2"] == pytest.approx(found.findings.body.bsa_m2)


def test_each_phase_names_its_segment_its_images_and_its_time(written: tuple[Dossier, Path, tuple[Path, ...]]) -> None:
    found, path, segs = written
    content = srread(path).content
    groups = {group.tracking_identifier: group for group in content.get_volumetric_roi_measurement_groups()}
    assert sorted(groups) == sorted(
        f"{name} {phase}" for name in ("LV", "LV myocardium", "RV") for phase in ("end-diastole", "end-systole")
    )
    es = found.function.es_frame
    group = groups["RV end-systole"]
    segment = group.referenced_segment
    assert segment.referenced_sop_instance_uid == pydicom.dcmread(segs[es]).SOPInstanceUID
    assert segment[0].referenced_segment_numbers == [3]
    sources = {image.referenced_sop_instance_uid for image in segment[1:]}
    assert sources == {pydicom.dcmread(file).SOPInstanceUID for file in found.volume.source.instances[es]}
    text = dump(path)
    assert f"end-systole, frame {es + 1} of 4" in text
    assert f'NUM:(,,"Longitudinal Temporal Offset from Event")="{found.volume.frame_times_ms[es]:g}"' in text


def dump(path: Path) -> str:
    tool = shutil.which("dsrdump")
    if tool is None:
        pytest.skip("needs dsrdump, of Debian's dcmtk")
    done = subprocess.run([tool, "+U8", "+Pl", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    return done.stdout


def test_dciodvfy_finds_no_error(written: tuple[Dossier, Path, tuple[Path, ...]]) -> None:
    assert errors_of(written[1]) == []


def test_it_says_who_how_and_for_what(written: tuple[Dossier, Path, tuple[Path, ...]]) -> None:
    text = dump(written[1])
    for said in (
        "Research use only, not for diagnosis.", "Corrected by hand by the reader; 2 of 12 slices", "slices 2, 3",
        'CODE:(,,"Observer Type")=(121007,DCM,"Device")', 'TEXT:(,,"Algorithm Name")="Tiny"',
        'TEXT:(,,"Algorithm Version")="2"', "precision int8", "EF = (EDV − ESV) / EDV.",
    ):  # fmt: skip
        assert said in text
    report = pydicom.dcmread(written[1])
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert str(report.PatientName) == "Müller^Anna^Maria"


def test_without_a_seg_groups_name_images_alone(tmp_path: Path) -> None:
    write_enhanced(tmp_path / "scan.dcm")
    volume = open_scan([tmp_path / "scan.dcm"])
    mask = LabelMap(labels(4, 3), volume.geometry)
    function = measure(mask, volume)
    found = Dossier(volume, mask, findings_of(function, volume, body_of(volume)), {"mask": "Müller.nii.gz"})
    path = write_sr(tmp_path / "sr.dcm", found)
    assert errors_of(path) == []
    groups = srread(path).content.get_image_measurement_groups()
    group = next(group for group in groups if group.tracking_identifier == "LV end-diastole")
    [source] = group.source_images
    assert len(source.referenced_frame_numbers) == 3
    assert "not from a model" in dump(path)


def test_what_is_no_dicom_is_refused_in_one_line(tmp_path: Path) -> None:
    volume, mask, *_ = make_phantom(4, 3, 32)
    found = Dossier(volume, mask, findings_of(measure(mask, volume), volume, body_of(volume)), MADE)
    with pytest.raises(ExportError, match=r"sr\.dcm: a DICOM report refers to DICOM images, but .*; write a PDF"):
        write_sr(tmp_path / "sr.dcm", found)
    assert not list(tmp_path.iterdir())


def test_the_reader_is_an_observer_beside_the_device(
    written: tuple[Dossier, Path, tuple[Path, ...]], tmp_path: Path
) -> None:
    found, _, segs = written
    path = write_sr(tmp_path / "sr.dcm", replace(found, reader="Ötzi, Anna"), segs=segs)
    assert errors_of(path) == []
    context = srread(path).content.get_observer_contexts()
    assert [each.observer_type.meaning for each in context] == ["Person", "Device"]
    assert str(context[0].observer_identifying_attributes.name) == "Ötzi^Anna"
    assert "Corrected by hand by the reader, Ötzi, Anna" in dump(path)
    # Whoever makes a copy without identity has no reader in it either, but somebody in their place.
    copy_without_identity([path], tmp_path / "out", Secret(b"0" * 64))
    [copy] = (tmp_path / "out").rglob("*.dcm")
    assert "Ötzi".encode() not in copy.read_bytes() and "ANONYMOUS" in dump(copy)
    assert errors_of(copy) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [("Müller, Anna", "Müller^Anna"), ("Dr Who", "Dr Who^"), ("A^B", "A^B"), ("a=b\\c\n, d", "a b c^d")],
)
def test_names_are_written_as_dicom_has_them(text: str, name: str) -> None:
    assert person_name(text) == name


def test_a_single_frame_has_volumes_and_no_phase(tmp_path: Path) -> None:
    found = replace(dicom_dossier(tmp_path / "scan", frames=1), corrected=())
    path = write_sr(tmp_path / "sr.dcm", found)
    assert errors_of(path) == []
    text = dump(path)
    assert "Not corrected by hand." in text
    assert "Cardiac Cycle Point" not in text.split("LV function")[0]


def test_every_code_is_in_the_standard() -> None:
    known = {(scheme, code) for scheme, names in concepts.items() for named in names.values() for code in named}
    used = [value for value in vars(report_codes).values() if isinstance(value, Code)]
    for how in report_codes.CODED.values():
        used += [code for code in (how.name, how.at, how.method, how.site) if code is not None]
    # TID 1500 itself has this one, which pydicom's lists of values do not.
    coded = {(code.scheme_designator, code.value) for code in used if code.scheme_designator != "UCUM"}
    assert coded - known == {("UMLS", report_codes.QUALITATIVE_EVALUATIONS.value)}
