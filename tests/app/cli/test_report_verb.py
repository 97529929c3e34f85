"""`cinequant report` from a scan to a PDF."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_runs import only_these_models, run, run_json, scan_fixture  # noqa: F401
from PIL import Image
from pypdf import PdfReader


def words(path: Path) -> str:
    [page] = PdfReader(path).pages
    return " ".join(page.extract_text().split())


def test_a_report_is_one_page(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (20, 10), "red").save(tmp_path / "logo.png")
    (tmp_path / "said.txt").write_text("Größe normal.", encoding="utf-8")
    out = tmp_path / "report.pdf"
    found = run_json(
        capsys, "report", scan, "-o", out, "--spacing", "1.6,1.6,9", "--hospital", "St. Example", "--logo",
        tmp_path / "logo.png", "--conclusion-file", tmp_path / "said.txt", "--date", "1 March 2024", "--precision",
        "float32",
    )  # fmt: skip
    assert (found["output"], found["size_bytes"]) == (str(out), out.stat().st_size)
    text = words(out)
    for said in ("St. Example", "Größe normal.", "1 March 2024", "Precision: float32", "Research use only"):
        assert said in text


def test_the_same_scan_gives_the_same_bytes(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.pdf", "b.pdf"):
        assert run(capsys, "report", scan, "-o", tmp_path / name, "--spacing", "1,1,8")[0] == 0
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_a_pseudonym_stands_for_the_name(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = scan.with_name("Mustermann.nii.gz")
    scan.rename(named)
    assert run(capsys, "report", named, "-o", tmp_path / "r.pdf", "--pseudonym", "Subject 7")[0] == 0
    text = words(tmp_path / "r.pdf")
    assert "Subject 7" in text
    assert "Mustermann" not in text


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["-o", "r.txt"], 2, "the name of a report ends in .pdf"),
        (["-o", "r.pdf", "--conclusion", "a", "--conclusion-file", "b"], 2, "give either --conclusion or"),
        (["-o", "r.pdf", "--pseudonym", "a", "--no-names"], 2, "give either --pseudonym or --no-names"),
        (["-o", "r.pdf", "--pseudonym", "x" * 65], 1, "at most 64 characters"),
        (["-o", "r.pdf", "--logo", "no.png"], 1, "no.png: cannot be read (No such file or directory); check the path"),
        (["-o", "no/r.pdf"], 1, "does not exist; make it first"),
    ],
)
def test_what_is_wrong_is_one_line(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], status: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    found, out, err = run(capsys, "report", scan, *arguments)
    assert (found, out) == (status, "")
    assert said in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("*.pdf"))


def test_a_conclusion_that_is_too_long_names_the_file(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.pdf"
    status, _, err = run(capsys, "report", scan, "-o", out, "--conclusion", "Word " * 900)
    assert status == 1
    assert err.startswith(f"cinequant: {out}: the conclusion has 4500 characters")
    assert not out.exists()
