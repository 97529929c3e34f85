"""The command writes a record beside every mask, and makes the mask again from it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command_runs import only_these_models, run, run_json, scan_fixture  # noqa: F401
from dicom_cine import write_cine
from places import ROOT

from engine import provenance
from engine.volume import voxels_sha256


def test_a_mask_comes_again(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "segment", scan, "-o", tmp_path / "mask.nii.gz", "--spacing", "1.6,1.6,9")
    record = tmp_path / "mask.provenance.json"
    assert found["provenance"] == str(record)
    assert run(capsys, "replay", record) == (0, "same\n", "")
    again = run_json(capsys, "replay", record)
    scan.rename(tmp_path / "moved.nii.gz")
    status, out, err = run(capsys, "replay", record)
    assert (status, out) == (1, "") and "not there any more; say where it is with --scan PATH" in err
    assert run(capsys, "replay", record, "--scan", tmp_path / "moved.nii.gz") == (0, "same\n", "")
    assert (again["same"], again["different_voxels"], again["input_sha256"]) == (True, 0, found["input_sha256"])


def test_the_record_of_a_folder_of_seg_lies_outside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_cine(tmp_path / "scan", 2, 3)
    found = run_json(capsys, "segment", tmp_path / "scan", "-o", tmp_path / "seg")
    assert found["provenance"] == str(tmp_path / "seg.provenance.json")
    assert all(path.suffix == ".dcm" for path in (tmp_path / "seg").iterdir())
    assert run(capsys, "replay", tmp_path / "seg.provenance.json")[0] == 0


def test_another_mask_is_status_1_with_the_count(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_json(capsys, "segment", scan, "-o", tmp_path / "mask.nii.gz")
    read = provenance.read_record

    def changed(path: Path) -> provenance.Record:
        record = read(path)
        labels = record.labels.copy()
        labels[0, 0, 0, :5] = 3 - labels[0, 0, 0, :5]
        return replace(record, labels=labels, labels_sha256=voxels_sha256(labels))

    monkeypatch.setattr(provenance, "read_record", changed)
    status, out, err = run(capsys, "replay", tmp_path / "mask.provenance.json")
    assert (status, out, err) == (1, "differs: 5 voxels\n", "")


def test_what_is_no_record_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.provenance.json"
    path.write_text(json.dumps({"schema": 1}))
    status, out, err = run(capsys, "replay", path)
    assert (status, out) == (1, "")
    assert "is no provenance record, or damaged" in err
    assert err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix closes the stream")
def test_closed_output_is_no_error() -> None:
    command = f"{sys.executable} -m app.cli.main models --json >&-"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
