"""`cinequant report` with DICOM objects, from a folder of images to what an archive would get."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from command_runs import only_these_models, run, run_json  # noqa: F401
from dicom_cine import write_cine
from highdicom.sr import srread
from object_scans import sized

from engine.provenance import read_record


def test_all_objects_of_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = tmp_path / "scan"
    write_cine(scan, 3, 3, change=sized)
    found = run_json(
        capsys, "report", scan, "--force", "--sr", tmp_path / "sr.dcm", "--seg", tmp_path / "seg", "--rtstruct",
        tmp_path / "rt.dcm", "--dicom-pdf", tmp_path / "page.dcm", "-o", tmp_path / "page.pdf",
    )  # fmt: skip
    objects = found["objects"]
    assert sorted(objects) == ["dicom_pdf", "rtstruct", "seg", "sr"]
    assert len(objects["seg"]) == 3
    study = {pydicom.dcmread(p).StudyInstanceUID for p in (objects["sr"], objects["rtstruct"], *objects["seg"])}
    assert study == {pydicom.dcmread(next(scan.iterdir())).StudyInstanceUID}
    named = {
        group.referenced_segment[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for group in srread(objects["sr"]).content.get_volumetric_roi_measurement_groups()
    }
    assert named and named <= {pydicom.dcmread(path).SOPInstanceUID for path in objects["seg"]}
    page = pydicom.dcmread(objects["dicom_pdf"])
    pdf = (tmp_path / "page.pdf").read_bytes()
    assert page.EncapsulatedDocument[: len(pdf)] == pdf
    assert len(found["provenance"]) == 4
    assert read_record(Path(found["provenance"][0])).measured is not None


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "say what to write: -o FILE.pdf, --sr"),
        (["--sr", "a.xml"], 2, "the name of a DICOM object ends in .dcm"),
        (["--sr", "a.dcm", "--dicom-pdf", "a.dcm"], 2, "two DICOM objects cannot be one file"),
        (["--sr", "a.dcm", "--no-names"], 2, "make an anonymous copy of the scan first"),
        (["-o", "a.pdf", "--all-frames"], 2, "--all-frames is for --rtstruct"),
        (["--sr", "no/a.dcm"], 1, "does not exist; make it first"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], status: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    found, out, err = run(capsys, "report", tmp_path, *arguments)
    assert (found, out) == (status, "")
    assert said in err
