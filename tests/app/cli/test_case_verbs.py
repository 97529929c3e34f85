"""A case as the input of the command: numbers as the reader left them, and two readers compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from pypdf import PdfReader

from app.cli.main import main
from engine.formats.case_file import CaseFile, ScanReference, Segmentation, read_case, write_case
from engine.formats.door import open_scan
from engine.formats.nifti import write_mask
from engine.measures.function import function_of, measure
from engine.measures.reading import Phases, Reading
from engine.measures.tally import tally_of
from engine.phantom import make_phantom
from engine.volume import LV, RV, LabelMap, voxels_sha256

SIZE = (4, 6, 96)
MODEL = {
    "model_id": "quantlite", "model_name": "QuantLite", "model_version": "1", "model_sha256": "ab", "precision": "int8",
    "model_size_bytes": 1, "preprocess_ms": 1.0, "postprocess_ms": 1.0, "load_ms": 1.0, "wall_s": 1.0,
    "rss_before_mb": 1.0, "rss_mb": 1.0, "peak_rss_mb": 1.0, "runtime": "none", "threads": 1, "isa": "AVX2",
    "int8_share": 1.0, "input_shape": [128, 128], "timings": [], "confidence": None, "view": "short-axis",
}  # fmt: skip


@pytest.fixture(name="case")
def case_fixture(tmp_path: Path) -> Path:
    """A case of a phantom cine: one slice corrected, and end-diastole chosen."""
    volume = make_phantom(*SIZE)[0]
    scan = tmp_path / "scan.nii.gz"
    image = nibabel.Nifti1Image(
        volume.array.transpose(3, 2, 1, 0), np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.geometry.affine
    )
    image.header.set_xyzt_units("mm", "msec")
    nibabel.save(image, scan)
    write_reading(tmp_path / "a.cinequant", scan, Reading(lv=Phases(2, None)), grown=3)
    return tmp_path / "a.cinequant"


def write_reading(
    path: Path, scan: Path, reading: Reading, grown: int, reviewed: Sequence[Sequence[object]] = ()
) -> LabelMap:
    """A case in which the cavity of one slice was drawn larger by so many columns. Returns its labels."""
    volume = open_scan(scan)
    labels = make_phantom(*SIZE)[1].array
    plane = labels[2, 4].copy()
    middle = np.argwhere(plane == LV).mean(axis=0).astype(int)
    plane[middle[0] - 8 : middle[0] + 8, middle[1] : middle[1] + 12 + grown] = LV
    reference = ScanReference("nifti", (scan,), volume.source.name, voxels_sha256(volume.array), volume.array.shape)
    write_case(
        path,
        CaseFile(
            reference,
            volume.geometry,
            (Segmentation(MODEL, labels, {(2, 4): plane}),),
            choices={"reading": reading.to_json(), "reviewed": {"ab": reviewed}},
            view={"model_sha256": "ab", "precision": "int8", "corrected": True},
        ),
    )
    array = labels.copy()
    array[2, 4] = plane
    return LabelMap(array, volume.geometry)


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def scan_of(case: Path) -> Path:
    return case.parent / "scan.nii.gz"


def test_measure_gives_the_readers_numbers(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    volume = open_scan(scan_of(case))
    labels = write_reading(case, scan_of(case), Reading(lv=Phases(2, None)), grown=3)
    expected = function_of(tally_of(labels, volume), volume, Reading(lv=Phases(2, None)))
    found = said(capsys, "measure", case)
    assert found["lv"]["edv_ml"] == pytest.approx(expected.lv.edv_ml, rel=1e-9)
    assert found["lv"]["edv_ml"] != pytest.approx(measure(labels, volume).lv.edv_ml, rel=1e-3)
    assert (found["corrected_slices"], found["case"], found["model"]) == (1, str(case), "quantlite")
    assert found["input_sha256"] == voxels_sha256(volume.array)
    assert main(["measure", str(case)]) == 0
    assert "1 slices corrected by hand" in capsys.readouterr().out


def test_a_mask_written_elsewhere_gives_the_same_volumes(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another way to the same numbers: the labels as a mask of the scan."""
    volume = open_scan(scan_of(case))
    labels = write_reading(case, scan_of(case), Reading(), grown=3)
    write_mask(case.parent / "mask.nii.gz", labels, volume)
    by_case = said(capsys, "measure", case)
    by_mask = said(capsys, "measure", scan_of(case), "--mask", case.parent / "mask.nii.gz")
    assert by_case["lv_ml"] == by_mask["lv_ml"] and by_case["lv"] == by_mask["lv"]


def test_another_mask_is_measured_as_the_case_is_read(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    volume = open_scan(scan_of(case))
    out = Reading(lv=Phases(2, None), left_out=frozenset({(LV, 2, 4)}))
    labels = write_reading(case, scan_of(case), out, grown=3)
    write_mask(case.parent / "mask.nii.gz", labels, volume)
    by_mask = said(capsys, "measure", case, "--mask", case.parent / "mask.nii.gz")
    assert by_mask["lv"] == said(capsys, "measure", case)["lv"]
    assert by_mask["lv"] != said(capsys, "measure", scan_of(case), "--mask", case.parent / "mask.nii.gz")["lv"]
    assert by_mask["left_out"] and by_mask["mask"] and "model" not in by_mask


def test_review_of_a_case_or_a_mask(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mask = case.parent / "mask.nii.gz"
    labels = write_reading(case, scan_of(case), Reading(), grown=9)
    write_mask(mask, labels, open_scan(scan_of(case)))
    first = said(capsys, "review", case)["review"][0]
    assert not first["reviewed"]
    where = [first["structure"] or "", first["frame_index"], first["slice_index"]]
    write_reading(case, scan_of(case), Reading(), grown=9, reviewed=[where])
    found = said(capsys, "review", case)
    assert [flag["reviewed"] for flag in found["review"]].count(True) == 1 and found["review"][0]["reviewed"]
    assert [flag["reviewed"] for flag in said(capsys, "measure", case)["review"]].count(True) == 1
    of_mask = said(capsys, "review", scan_of(case), "--mask", mask)
    assert of_mask["mask"] == str(mask) and of_mask["compared"] is None and of_mask["review"]
    assert main(["review", str(case)]) == 0
    assert "[reviewed]" in capsys.readouterr().out
    assert main(["review", str(scan_of(case)), "--mask", str(mask), "--model", "quantlite"]) == 2
    # A case that holds both precisions tells where they differ, and runs no model for it.
    one = read_case(case)
    other = Segmentation({**MODEL, "precision": "float32", "model_sha256": "cd"}, one.segmentations[0].labels * 0)
    write_case(case, replace(one, segmentations=(*one.segmentations, other)))
    both = said(capsys, "review", case)
    assert both["compared"] == "float32"
    assert len(both["review"]) > len(found["review"])


def test_a_moved_scan_is_named(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = said(capsys, "measure", case)
    scan = scan_of(case).rename(case.parent / "moved.nii.gz")
    assert main(["measure", str(case)]) == 1
    assert "say where it is with --scan PATH" in capsys.readouterr().err
    assert said(capsys, "measure", case, "--scan", scan)["lv"] == before["lv"]
    volume = open_scan(scan)
    other = replace(volume, array=volume.array + 1)
    write_mask(case.parent / "wrong.nii.gz", LabelMap((other.array > 40).astype(np.uint8), volume.geometry), volume)
    assert main(["measure", str(case), "--scan", str(case.parent / "wrong.nii.gz")]) == 1
    line = capsys.readouterr().err
    assert "belongs to another scan than wrong" in line and line.count("\n") == 1


def test_two_readers_are_compared(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = case.parent / "b.cinequant"
    labels = write_reading(other, scan_of(case), Reading(lv=Phases(2, None)), grown=9)
    own = write_reading(case, scan_of(case), Reading(lv=Phases(2, None)), grown=3)
    found = said(capsys, "compare-cases", case, other)
    # By hand: two columns-wide boxes more on one slice of one frame.
    both, sizes = np.count_nonzero((own.array == LV) & (labels.array == LV)), 0
    sizes = np.count_nonzero(own.array == LV) + np.count_nonzero(labels.array == LV)
    assert found["dice"]["lv"] == pytest.approx(2 * both / sizes, rel=1e-9)
    assert found["differing_pixels"] == np.count_nonzero(own.array != labels.array) > 0
    assert found["difference"]["lv.edv_ml"] == pytest.approx(found["b"]["lv"]["edv_ml"] - found["a"]["lv"]["edv_ml"])
    assert (found["a"]["case"], found["b"]["case"]) == (str(case), str(other))
    assert main(["compare-cases", str(case), str(other)]) == 0
    text = capsys.readouterr().out
    assert "B − A" in text and "LV cavity" in text


def test_what_the_rule_for_the_base_removed_is_told_until_it_is_put_back(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Slice 5 of frame 3 was corrected and has a cavity again; nobody has touched slice 1.
    monkeypatch.setitem(MODEL, "removed", [[t, 0, RV] for t in range(4)] + [[2, 4, LV]])
    write_reading(case, scan_of(case), Reading(lv=Phases(2, None)), grown=3)
    expected = "RV cavity removed from slice 1, as above the base of the ventricle."
    for verb in ("measure", "review"):
        notices = said(capsys, verb, case)["notices"]
        assert [notice for notice in notices if "removed" in notice] == [expected], verb
    notices = said(capsys, "compare-cases", case, case)["notices"]
    assert notices.count(expected) == 1


def test_what_is_no_case_or_another_scan_is_refused(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare-cases", str(case), str(scan_of(case))]) == 1
    assert "is no case" in capsys.readouterr().err
    assert main(["measure", str(case), "--model", "quantlite"]) == 2
    assert "a case brings its own masks" in capsys.readouterr().err
    assert main(["view", str(scan_of(case)), "--scan", str(case)]) == 2


def test_a_report_of_a_case_says_what_its_reader_did(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = said(capsys, "report", case, "-o", tmp_path / "r.pdf", "--conclusion", "Fine.")
    assert found["corrected_slices"] == 1
    [page] = PdfReader(tmp_path / "r.pdf").pages
    text = " ".join(page.extract_text().split())
    for words in ("1 of 24 slices", "Frame 3 (ED): slices 5", "Phases set by hand: LV ED", "Fine."):
        assert words in text
