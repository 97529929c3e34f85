"""A batch in this process: what it writes, how it goes on, and what does not stop it."""

from __future__ import annotations

import csv
import errno
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dicom_cine
import nibabel as nib
import numpy as np
import pytest
from cohorts import result_bytes, write_cohort, write_volume
from pyarrow import parquet
from tiny_model import write_tiny_model

from engine.batch import output_folder, result_tables, work
from engine.batch.cohort import BatchOutcome, Options, Plan, finished_before, in_process, plan_batch, run_batch
from engine.batch.rows import RESULTS
from engine.errors import ExportError, ModelError, ScanError
from engine.formats.door import open_scan
from engine.formats.masks import read_masks
from engine.network import catalog, runtime
from engine.volume import voxels_sha256


@pytest.fixture(name="_tiny", autouse=True, scope="module")
def tiny_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """quantlite is a tiny model, and the only one."""
    home = tmp_path_factory.mktemp("home")
    write_tiny_model(home / "models", "quantlite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "packaged_models", lambda: home / "models")
        patch.setattr(runtime, "packaged_models", lambda: home / "models")
        patch.setenv("XDG_DATA_HOME", str(home))
        patch.delenv("CINEQUANT_MODELS", raising=False)
        yield


@pytest.fixture(name="cohort", scope="module")
def cohort_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(name="whole", scope="module")
def whole_fixture(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BatchOutcome]:
    """A batch that nothing has disturbed."""
    out = tmp_path_factory.mktemp("whole") / "out"
    return out, run_batch(planned(cohort, out))


def planned(source: Path, out: Path, **options: Any) -> Plan:
    return plan_batch(source, out, Options(**options), catalog.find_models())


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "results.csv").open(encoding="utf-8", newline="") as stream:
        return {row["case"]: row for row in csv.DictReader(stream)}


def test_every_case_has_a_row_and_a_mask(cohort: Path, whole: tuple[Path, BatchOutcome]) -> None:
    out, outcome = whole
    found = rows(out)
    assert {case: row["status"] for case, row in found.items()} == {
        "1000017_20209_2_0": "done",
        "dicom": "done",
        "nifti/00/cine": "done",
        "nifti/01/cine": "done",
        "nifti/02/cine": "done",
        "nifti/damaged": "failed",
    }
    assert outcome.cases == {"done": 5, "failed": 1}
    assert found["nifti/damaged"]["reason"].startswith("nifti/damaged.nii.gz: is not a NIfTI file")
    assert found["dicom"]["source"] == "dicom/first/IM992 … dicom/second/IM991 (12 files)"
    volume = open_scan(cohort / "nifti/01/cine.nii.gz")
    row = found["nifti/01/cine"]
    mask = read_masks([out / row["mask"]], volume)
    assert row["input_sha256"] == voxels_sha256(volume.array)
    assert row["labels_sha256"] == voxels_sha256(mask.labels.array)
    assert float(row["lv_edv_ml"]) > 0
    assert (row["frames"], row["units_known"], row["model"], row["precision"]) == ("2", "true", "quantlite", "int8")


def test_parquet_and_csv_hold_the_same(whole: tuple[Path, BatchOutcome]) -> None:
    table = parquet.read_table(whole[0] / "results.parquet")
    assert table.column_names == list(RESULTS)
    assert table.column("case").to_pylist() == list(rows(whole[0]))
    (value,) = [v["lv_edv_ml"] for v in table.to_pylist() if v["case"] == "dicom"]
    assert repr(value) == rows(whole[0])["dicom"]["lv_edv_ml"]
    assert parquet.read_table(whole[0] / "costs.parquet").column("peak_rss_mb").null_count == 1


def test_the_same_voxels_under_two_names_are_told(whole: tuple[Path, BatchOutcome]) -> None:
    assert rows(whole[0])["dicom"]["same_as"] == "1000017_20209_2_0"
    assert whole[1].twice == 1


def test_the_overview_tells_failures_and_shows_flagged_cases(whole: tuple[Path, BatchOutcome]) -> None:
    page = (whole[0] / "overview.html").read_text(encoding="utf-8")
    assert "nifti/damaged.nii.gz: is not a NIfTI file" in page
    pictures = sorted(path.relative_to(whole[0]).as_posix() for path in (whole[0] / "pictures").rglob("*.jpg"))
    assert whole[1].flagged == len(pictures) > 0
    assert all(f'src="{picture}"' in page for picture in pictures)
    assert "http" not in page.replace("http-equiv", "")


def test_a_batch_that_stopped_goes_on_to_the_same_bytes(
    cohort: Path, whole: tuple[Path, BatchOutcome], tmp_path: Path
) -> None:
    class PowerCutError(BaseException):
        pass

    def two(tasks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for count, answer in enumerate(in_process(tasks)):
            if count == 2:
                raise PowerCutError
            yield answer

    out = tmp_path / "out"
    with pytest.raises(PowerCutError):
        run_batch(planned(cohort, out), two)
    with (out / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"key": "nifti/00/ci')  # cut off in the middle
    outcome = run_batch(planned(cohort, out))
    assert (outcome.resumed, outcome.units) == (2, 6)
    assert result_bytes(out) == result_bytes(whole[0])
    # All is there: nothing is done again.
    again = run_batch(planned(cohort, out))
    assert (again.resumed, again.images) == (6, 0)
    assert result_bytes(out) == result_bytes(whole[0])


def test_what_changed_or_lost_its_mask_is_done_again(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_volume(tmp_path / f"in/{name}.nii.gz", frames=1)
    out = tmp_path / "out"
    before = rows_after(tmp_path / "in", out)
    write_volume(tmp_path / "in/b.nii.gz", seed=5, frames=1)
    (out / before["c"]["mask"]).unlink()
    outcome = run_batch(planned(tmp_path / "in", out))
    after = rows(out)
    assert outcome.resumed == 1
    assert after["b"]["input_sha256"] != before["b"]["input_sha256"]
    assert (after["a"], after["c"]) == (before["a"], before["c"])


def rows_after(source: Path, out: Path) -> dict[str, dict[str, str]]:
    run_batch(planned(source, out))
    return rows(out)


def test_what_cannot_be_read_any_more_loses_its_files(tmp_path: Path) -> None:
    write_volume(tmp_path / "in/a.nii.gz", frames=1)
    out = tmp_path / "out"
    rows_after(tmp_path / "in", out)
    (tmp_path / "in/a.nii.gz").write_bytes(b"")
    assert rows_after(tmp_path / "in", out)["a"]["status"] == "failed"
    assert [path for name in ("masks", "pictures") for path in (out / name).iterdir()] == []


def test_dicom_scans_get_seg_where_asked(tmp_path: Path) -> None:
    dicom_cine.write_cine(tmp_path / "in/dicom", change=lambda ds, t, z: t < 2)
    write_volume(tmp_path / "in/a.nii.gz", frames=1)
    out = tmp_path / "out"
    plan = planned(tmp_path / "in", out, seg=True)
    run_batch(plan)
    found = rows(out)
    assert found["dicom"]["seg"] == "segs/dicom"
    assert found["a"]["seg_reason"].startswith("a DICOM SEG refers to DICOM images")
    volume = open_scan(tmp_path / "in/dicom")
    mask, seg = (read_masks([path], volume) for path in (out / "masks/dicom.nii.gz", out / "segs/dicom"))
    assert np.array_equal(mask.labels.array, seg.labels.array)
    # One that was lost is written again.
    shutil.rmtree(out / "segs/dicom")
    assert run_batch(plan).resumed == 1
    assert len(list((out / "segs/dicom").iterdir())) == 2


def test_what_failed_is_tried_again_only_where_asked(tmp_path: Path) -> None:
    write_volume(tmp_path / "in/a.nii.gz", frames=1)
    (tmp_path / "in/b.nii.gz").write_bytes(b"")
    plan = planned(tmp_path / "in", tmp_path / "out")
    run_batch(plan)
    assert run_batch(plan).resumed == 2
    assert run_batch(plan, again=True).resumed == 1
    assert finished_before(plan) == 2, "a unit that was tried twice is one"
    write_volume(tmp_path / "in/a.nii.gz", seed=5, frames=1)
    assert finished_before(planned(tmp_path / "in", tmp_path / "out")) == 1


def test_a_stack_that_stands_in_for_a_damaged_one_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(ds: Any, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SOPInstanceUID = f"{ds.SeriesInstanceUID}.1", f"{ds.SOPInstanceUID}.1"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.ImagePositionPatient = [float(v) + 3.0 for v in ds.ImagePositionPatient]

    dicom_cine.write_cine(tmp_path / "in/a", 4, 3)
    dicom_cine.write_cine(tmp_path / "in/b", 2, 3, change=other)
    read = work.read_series

    def reading(index: Any, series: Any) -> Any:
        if series.size[0] == 4:
            raise ScanError(f"{tmp_path / 'in/a/IM0'}: is cut off")
        return read(index, series)

    monkeypatch.setattr(work, "read_series", reading)
    [row] = rows_after(tmp_path / "in", tmp_path / "out").values()
    assert row["frames"] == "2"
    assert "The most likely scan cannot be read, so another is shown: a/IM0: is cut off." in row["notices"]


def test_a_bug_costs_its_case_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        write_volume(tmp_path / f"in/{name}.nii.gz", frames=1)
    read, memory = work.read_series, work.predict

    def reading(index: Any, series: Any) -> Any:
        if series.paths[0].name.startswith("a"):
            raise ZeroDivisionError("patient's name")
        return read(index, series)

    def gone(index: Any, series: Any) -> Any:
        raise OSError(errno.ENODEV, "No such device", str(series.paths[0]))

    def predicting(*arguments: Any, **options: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(work, "read_series", reading)
    found = rows_after(tmp_path / "in", tmp_path / "out")
    assert (found["a"]["status"], found["b"]["status"]) == ("failed", "done")
    assert found["a"]["reason"].startswith("an error in CineQuant itself: ZeroDivisionError at test_cohort.py:")
    with monkeypatch.context() as patch:
        patch.setattr(work, "read_series", gone)
        found = rows_after(tmp_path / "in", tmp_path / "unplugged")
    assert found["b"]["reason"] == "b.nii.gz: No such device"
    monkeypatch.setattr(work, "predict", predicting)
    found = rows_after(tmp_path / "in", tmp_path / "other")
    assert found["b"]["reason"].startswith("not enough memory for this scan")
    assert memory is not predicting


def test_a_full_disk_ends_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_volume(tmp_path / "in/a.nii.gz", frames=1)

    def full(*arguments: Any) -> None:
        raise ExportError("a.nii.gz: cannot be written (No space left on device)")

    monkeypatch.setattr(work.nifti, "write_mask", full)
    with pytest.raises(ExportError, match="No space left"):
        run_batch(planned(tmp_path / "in", tmp_path / "out"))
    monkeypatch.undo()


def test_a_full_disk_leaves_the_tables_of_before_and_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_volume(tmp_path / "in/a.nii.gz", frames=1)
    out = tmp_path / "out"
    run_batch(planned(tmp_path / "in", out))
    before = result_bytes(out)
    full = OSError(errno.ENOSPC, "No space left on device")

    def no_space(*_: Any, **options: Any) -> None:
        raise full

    # While the table is written, and while the journal is closed.
    for where, what in (
        (result_tables.parquet.ParquetWriter, "write_table"),
        (output_folder.os, "fsync"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, what, no_space)
            with pytest.raises((ExportError, OSError), match="No space left"):
                run_batch(planned(tmp_path / "in", out))
        assert result_bytes(out) == before
        assert [path.name for path in out.iterdir() if path.name.endswith(".part")] == []
    assert run_batch(planned(tmp_path / "in", out)).resumed == 1  # not locked

    with output_folder.OutputFolder(out, planned(tmp_path / "in", out).settings) as folder:
        monkeypatch.setattr(output_folder.time, "monotonic", lambda: 1e9)
        monkeypatch.setattr(output_folder.os, "fsync", no_space)
        with pytest.raises(ExportError, match=r"journal\.jsonl: cannot be written \(No space left"):
            folder.note("a", "", [], [])
        monkeypatch.undo()


def test_a_folder_of_results_is_locked_and_keeps_to_what_it_began_with(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = planned(cohort, out)

    def meanwhile(tasks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        first = next(tasks)
        with pytest.raises(ExportError, match=r"a batch is running in it \(process \d+ on "):
            run_batch(plan)
        # A worker of a run that is over writes nothing.
        assert "stop" in work.work_on({**first, "run": "an earlier one"})
        yield work.work_on(first)

    run_batch(plan, meanwhile)
    with pytest.raises(ExportError, match=r"another precision \(none, now float32\)"):
        run_batch(planned(cohort, out, precision="float32"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("x")
    with pytest.raises(ExportError, match="holds other files"):
        run_batch(planned(cohort, tmp_path / "full"))
    assert list((tmp_path / "full").iterdir()) != []


def test_workers_with_another_program_or_model_stop_the_batch(cohort: Path, tmp_path: Path) -> None:
    def elsewhere(change: dict[str, Any]) -> Any:
        return lambda tasks: (work.work_on({**task, **change}) for task in tasks)

    plan = planned(cohort, tmp_path / "out")
    with pytest.raises(ExportError, match=r"has CineQuant .*, not 9\.9; install the same"):
        run_batch(plan, elsewhere({"program": "9.9"}))
    with pytest.raises(ExportError, match="is not the file that this batch began with"):
        run_batch(plan, elsewhere({"models": ("0" * 64,)}))


def test_an_image_that_no_model_knows_is_refused_not_failed(tmp_path: Path) -> None:
    write_volume(tmp_path / "in/a.nii.gz", frames=1)
    flat = np.random.default_rng(0).integers(0, 900, (64, 64, 1), dtype=np.int16)
    nib.save(nib.Nifti1Image(flat, np.diag([1.5, 1.5, 8, 1])), tmp_path / "in/single.nii.gz")
    out = tmp_path / "out"
    found = rows_after(tmp_path / "in", out)["single"]
    assert (found["status"], found["mask"]) == ("refused", "")
    assert found["reason"].startswith("single.nii.gz: is a single slice")
    forced = run_batch(planned(tmp_path / "in", tmp_path / "forced", force=True))
    assert forced.cases == {"done": 2}


def test_what_cannot_be_done_is_said_before_anything_is_written(cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("x")
    with pytest.raises(ScanError, match="no scan is here"):
        planned(tmp_path / "in", tmp_path / "out")
    with pytest.raises(ModelError, match="there is no model 'x'"):
        planned(cohort, tmp_path / "out", model="x")
    with pytest.raises(ExportError, match="holds the scans themselves"):
        planned(cohort, cohort)
    assert not (tmp_path / "out").exists()


def test_a_unit_of_several_studies_has_a_row_for_each(tmp_path: Path) -> None:
    one = write_volume(tmp_path / "x/a.nii.gz", frames=1)
    other = write_volume(tmp_path / "y/b.nii.gz", seed=2, frames=1)
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in/both.zip", "w") as archive:
        archive.write(one, "x/a.nii.gz")
        archive.write(other, "y/a.nii.gz")
    # The archive unpacked beside itself: no case takes the place of another.
    for name, path in (("x", one), ("y", other)):
        (tmp_path / f"in/both/{name}").mkdir(parents=True)
        (tmp_path / f"in/both/{name}/a.nii.gz").write_bytes(path.read_bytes())
    found = rows_after(tmp_path / "in", tmp_path / "out")
    assert set(found) == {"both/x/a", "both/y/a", "both.zip/x/a", "both.zip/y/a"}
    assert {row["mask"] for row in found.values()} == {f"masks/{case}.nii.gz" for case in found}
    assert found["both/x/a"]["same_as"] == "both.zip/x/a"


def test_the_journal_has_a_line_a_unit(whole: tuple[Path, BatchOutcome]) -> None:
    lines = [json.loads(line) for line in (whole[0] / "journal.jsonl").read_text().splitlines()]
    assert [len(line["rows"]) for line in lines] == [1] * 6
    assert replace(whole[1], files=()).failures[0][0] == "nifti/damaged"
