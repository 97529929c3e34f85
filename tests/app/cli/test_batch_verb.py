"""`cinequant batch` as users and programs meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cohorts import write_volume
from command_runs import only_these_models, run, run_json  # noqa: F401
from patients import patient

from engine.batch import cluster, result_tables


@pytest.fixture(name="scans")
def scans_fixture(tmp_path: Path) -> Path:
    write_volume(tmp_path / "in/a.nii.gz", frames=1)
    (tmp_path / "in/b.nii.gz").write_bytes(b"")
    return tmp_path / "in"


def test_a_dry_run_lists_and_writes_nothing(scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "batch", scans, "-o", tmp_path / "out", "--dry-run")
    assert [(unit["key"], unit["fault"] is None) for unit in found["found"]] == [("a", True), ("b", False)]
    assert (found["dry_run"], found["units"], found["finished"]) == (True, 2, 0)
    status, out, _ = run(capsys, "batch", scans, "-o", tmp_path / "out", "--dry-run")
    assert status == 0
    assert out.endswith("0 finished before. Passed over: 0 masks, 0 other files. Nothing was written.\n")
    assert not (tmp_path / "out").exists()


def test_a_run_with_a_failure_ends_well_and_counts_it(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_json(capsys, "batch", scans, "-o", tmp_path / "out", "--in-process")
    assert [found[name] for name in ("units", "resumed", "done", "refused", "failed", "slices")] == [2, 0, 1, 0, 1, 3]
    assert found["failures"][0]["case"] == "b"
    status, out, err = run(capsys, "batch", scans, "-o", tmp_path / "out", "--in-process")
    assert (status, err) == (0, "")
    assert "2 cases, 1 segmented" in out
    assert "2 of 2 were finished before" in out
    assert "failed: b: b.nii.gz" in out


def test_without_pyarrow_the_json_says_so_and_stderr_is_empty(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_tables, "has_parquet", lambda: False)
    status, out, err = run(capsys, "batch", scans, "-o", tmp_path / "out", "--in-process", "--json")
    assert (status, err) == (0, "")
    assert "no Parquet" in json.loads(out)["notices"][0]


def test_where_nothing_can_be_done_the_status_is_1(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scans / "a.nii.gz").unlink()
    assert run(capsys, "batch", scans, "-o", tmp_path / "out", "--in-process")[0] == 1
    (scans / "b.nii.gz").unlink()
    status, _, err = run(capsys, "batch", scans, "-o", tmp_path / "other", "--in-process")
    assert status == 1
    assert err.startswith(f"cinequant: {scans}: no scan is here")


def test_without_dask_one_line_names_the_extra(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "is_installed", lambda: False)
    status, out, err = run(capsys, "batch", scans, "-o", tmp_path / "out")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "pip install 'cinequant[batch]'" in err


@pytest.mark.parametrize(
    "options",
    [("--in-process", "--workers", "2"), ("--scheduler", "tls://x:1", "--memory", "1 GB"), ("--memory", "much")],
)
def test_options_that_exclude_each_other_are_refused(
    options: tuple[str, ...], scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "batch", scans, "-o", tmp_path / "out", *options)[0] == 2


def test_runs_are_compared_and_data_sets_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patient(tmp_path / "acdc", "patient001")
    patient(tmp_path / "acdc", "patient005")
    evaluated = ("evaluate", tmp_path / "acdc", "--layout", "acdc")
    one = run_json(capsys, *evaluated, "--html", tmp_path / "page.html")
    other = run_json(capsys, *evaluated, "--against-model", "other")
    assert other["against"]["model"] == "other"
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("<img") == 4
    for name, value in (("a", one), ("b", other)):
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    found = run_json(capsys, "compare", tmp_path / "a.json", tmp_path / "b.json")
    assert (found["both"], found["main"]["difference"], found["main"]["equivalent"]) == (4, 0, True)
    page = tmp_path / "page.html"
    status, out, _ = run(capsys, "compare", tmp_path / "a.json", tmp_path / "b.json", "--html", page)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert status == 0
    assert "equivalent within ±0.002" in out
    exported = run_json(capsys, "export-nnunet", *evaluated[1:], "-o", tmp_path / "Dataset001_X")
    assert (exported["training"], exported["test"]) == (4, 0)
    scored = run_json(capsys, *evaluated, "--predictions", tmp_path / "Dataset001_X/labelsTr")
    assert scored["dice_mean"] == 1
    assert run(capsys, *evaluated, "--predictions", tmp_path, "--model", "other")[0] == 2
