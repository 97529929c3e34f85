"""`cinequant anonymise` from a folder to copies."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_runs import run, run_json
from dicom_cine import write_cine


def test_copies_and_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_cine(tmp_path / "Müller", 2, 2)
    key = tmp_path / "key"
    key.write_text("k" * 40)
    arguments = ("anonymise", tmp_path / "Müller", "-o", tmp_path / "out", "--key", key, "--dates", "remove")
    found = run_json(capsys, *arguments)
    assert (found["written"], found["already_there"], len(found["files"])) == (4, 0, 4)
    assert all((tmp_path / "out" / name).is_file() for name in found["files"])
    assert "Müller" not in Path(found["report"]).read_text()
    assert run_json(capsys, *arguments)["already_there"] == 4


def test_nothing_to_copy_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "key").write_text("k" * 40)
    status, out, err = run(capsys, "anonymise", tmp_path / "in", "-o", tmp_path / "out", "--key", tmp_path / "key")
    assert (status, out) == (1, "")
    assert "holds no DICOM or NIfTI file that could be copied" in err
