"""The command: what it prints, what it writes, and how it fails."""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from command_runs import only_these_models, run, run_json, scan_fixture, write_nifti  # noqa: F401
from dicom_cine import write_cine
from tiny_model import write_tiny_model

from app.cli.headless_arguments import add_headless
from app.cli.main import main
from app.cli.terminal import SCHEMAS
from app.cli.verb_parsers import VerbParsers
from app.cli.view_verb import add_view
from engine import __version__
from engine.network.model_card import save_card

# --- segment


def test_segment_writes_a_mask_on_the_source_grid(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mask.nii.gz"
    result = run_json(capsys, "segment", scan, "-o", out)
    wanted = {"model", "precision", "runtime", "threads", "slices", "latency_ms", "preprocess_ms", "postprocess_ms",
              "peak_rss_mb", "wall_s", "output", "int8_share", "notices", "model_sha256"}  # fmt: skip
    assert wanted <= set(result)
    assert set(result["latency_ms"]) == {"p50", "p95", "mean"}
    assert (result["model"], result["precision"], result["slices"]) == ("quantlite", "int8", 4)
    assert Path(result["output"]) == out
    source, mask = nib.load(scan), nib.load(out)
    assert mask.shape == source.shape
    np.testing.assert_array_equal(mask.affine, source.affine)
    values = np.asarray(mask.dataobj)
    assert values[25, 25, 2] > 0
    assert not values[2].any()


def test_a_cine_stays_a_cine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cine = write_nifti(tmp_path / "cine.nii", (60, 50, 3, 5))
    result = run_json(capsys, "segment", cine, "-o", tmp_path / "mask.nii")
    assert (result["frames"], result["slices"]) == (5, 15)
    assert nib.load(tmp_path / "mask.nii").shape == (60, 50, 3, 5)


def test_segment_says_in_words_what_it_did(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "segment", scan, "-o", tmp_path / "m.nii.gz", "--model", "other", "--threads", "1")
    assert (status, err) == (0, "note: Orientation unknown: the header holds no patient directions.\n")
    assert "4 slices (1 × 4) by Tiny in float32" in out
    assert ", 1 thread; 0% of the multiply-adds in int8" in out


def test_labels_of_the_mask_follow_the_convention(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for convention in ("mnms", "acdc"):
        run_json(capsys, "segment", scan, "-o", tmp_path / f"{convention}.nii.gz", "--labels", convention)
    ours, theirs = (np.asarray(nib.load(tmp_path / f"{name}.nii.gz").dataobj) for name in ("mnms", "acdc"))
    assert ours.any()
    np.testing.assert_array_equal(theirs, np.array([0, 3, 2, 1])[ours])


def test_spacing_answers_the_notice_that_asks_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = write_nifti(tmp_path / "bare.nii.gz", mm=(1.0, 1.0, 1.0))
    without = run_json(capsys, "segment", bare, "-o", tmp_path / "a.nii.gz")
    assert "Give the spacing with --spacing X,Y,Z." in without["notices"]
    status, _, err = run(capsys, "segment", bare, "-o", tmp_path / "a.nii.gz")
    assert status == 0
    assert err.startswith("note: Spacing unknown")
    given = run_json(capsys, "segment", bare, "-o", tmp_path / "b.nii.gz", "--spacing", "3,3,8")
    assert given["notices"] == ["Orientation unknown: the header holds no patient directions."]
    assert given["input_shape"] != without["input_shape"] or given["input_shape"] == [128, 128]


@pytest.fixture
def thin(tmp_path: Path) -> Path:
    """Cubic voxels: no short-axis stack."""
    return write_nifti(tmp_path / "thin.nii.gz", (40, 40, 40), (1.5, 1.5, 1.5))


def write_four_chambers(path: Path) -> Path:
    """A single slice whose plane holds the heart's long axis; RAS, as NIfTI has it."""
    image = nib.load(write_nifti(path, (60, 50, 1), (1.5, 1.5, 1.0)))
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([(-1, 0, 0), (0, 0.84, 0.54), (0, 0.54, -0.84)]) * (1.5, 1.5, 1.0)
    made = nib.Nifti1Image(np.asanyarray(image.dataobj), affine)
    made.header.set_xyzt_units("mm", "sec")
    nib.save(made, path)
    return path


def add_four_chamber_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_card(replace(write_tiny_model(folder, "four"), view="4ch"))
    monkeypatch.setenv("CINEQUANT_MODELS", str(folder))


def test_the_view_chooses_the_model(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    four, out = write_four_chambers(tmp_path / "image.nii.gz"), tmp_path / "mask.nii.gz"
    status, _, err = run(capsys, "segment", four, "-o", out)
    assert status == 1
    assert "no model for 4ch images is installed" in err
    add_four_chamber_model(tmp_path / "models", monkeypatch)
    assert {m["id"]: m["view"] for m in run_json(capsys, "models")["models"]} == {
        "quantlite": "short-axis", "other": "short-axis", "four": "4ch",
    }  # fmt: skip
    found = run_json(capsys, "segment", four, "-o", out)
    assert (found["model"], found["view"]) == ("four", "4ch")
    found = run_json(capsys, "segment", scan, "-o", out)
    assert (found["model"], found["view"]) == ("quantlite", "short-axis")
    found = run_json(capsys, "segment", four, "-o", out, "--view", "short-axis")
    assert (found["model"], found["view"]) == ("quantlite", "short-axis")
    measured = run_json(capsys, "measure", four)
    assert measured["view"] == "4ch"
    assert {"lv", "rv_fac_percent", "shortening_percent", "lv_length_mm", "rules"} <= set(measured)
    status, out, _ = run(capsys, "measure", four)
    assert "four-chamber view, by Tiny" in out
    assert "area–length" in out


def test_the_text_of_a_four_chamber_view_names_its_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    four, mask = tmp_path / "cine.nii.gz", tmp_path / "mask.nii.gz"
    still = nib.load(write_four_chambers(tmp_path / "still.nii.gz"))
    cine = np.repeat(np.asarray(still.dataobj)[..., None], 3, axis=3)
    labels = np.zeros(cine.shape, np.uint8)
    for frame, size in enumerate((8, 12, 5)):
        labels[20 : 20 + size, 20 : 20 + size, 0, frame] = 1
    nib.save(nib.Nifti1Image(cine, still.affine), four)
    nib.save(nib.Nifti1Image(labels, still.affine), mask)
    status, out, _ = run(capsys, "measure", four, "--mask", mask, "--labels", "mnms")
    assert status == 0
    assert "end-diastole: frame 2 of 3\nend-systole: frame 3 of 3" in out


def test_views_are_never_confused(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    four, out = write_four_chambers(tmp_path / "image.nii.gz"), tmp_path / "mask.nii.gz"
    add_four_chamber_model(tmp_path / "models", monkeypatch)
    for given, says in [
        (
            (four, "--model", "quantlite"),
            "is taken for a four-chamber view, and model quantlite is made for short axes",
        ),
        ((scan, "--model", "four"), "is taken for short axes, and model four is made for a four-chamber view"),
        ((scan, "--view", "4ch"), "is a stack of slices, not a four-chamber view"),
    ]:
        status, _, err = run(capsys, "segment", given[0], "-o", out, *given[1:])
        assert status == 1
        assert says in err
        assert run(capsys, "segment", given[0], "-o", out, *given[1:], "--force")[0] == 0
    # A single slice whose plane says nothing waits for the user's word, whatever its name says.
    flat = write_nifti(tmp_path / "image_LA.nii.gz", (60, 50, 1))
    status, _, err = run(capsys, "segment", flat, "-o", out)
    assert status == 1
    assert "is a single slice" in err
    found = run_json(capsys, "segment", flat, "-o", out, "--force")
    assert (found["model"], found["view"]) == ("quantlite", "short-axis")
    assert any("does not say its view" in notice for notice in found["notices"])
    found = run_json(capsys, "segment", flat, "-o", out, "--view", "4ch")
    assert (found["model"], found["view"]) == ("four", "4ch")


def test_what_is_no_short_axis_stack_is_segmented_with_force_only(
    thin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mask.nii.gz"
    status, printed, err = run(capsys, "segment", thin, "-o", out)
    assert (status, printed, out.exists()) == (1, "", False)
    assert err.startswith(f"cinequant: {thin}: is a volume of 40 thin slices")
    assert "--force" in err
    found = run_json(capsys, "segment", thin, "-o", out, "--force")
    assert any(n.startswith("Segmented by force, though it is a volume of 40 thin") for n in found["notices"])
    assert out.exists()


def test_a_dicom_cine_comes_out_as_seg_and_is_measured_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cine(tmp_path / "cine", 4, 3)
    seg, nifti = tmp_path / "seg", tmp_path / "mask.nii.gz"
    result = run_json(capsys, "segment", tmp_path / "cine", "-o", seg, "--format", "dicom-seg")
    assert (result["frames"], result["slices"], result["output"]) == (4, 12, str(seg))
    assert [Path(file) for file in result["files"]] == sorted(seg.iterdir())
    files = [pydicom.dcmread(file) for file in result["files"]]
    assert len({file.SeriesInstanceUID for file in files}) == 1
    [made_by] = files[0].SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert (made_by.AlgorithmName, made_by.AlgorithmVersion) == ("Tiny int8", "1")

    run_json(capsys, "segment", tmp_path / "cine", "-o", nifti)
    status, _, err = run(capsys, "measure", tmp_path / "cine", "--mask", seg, "--view", "4ch")
    assert (status, "is a stack of slices, not a four-chamber view" in err) == (1, True)
    by_seg = run_json(capsys, "measure", tmp_path / "cine", "--mask", seg)
    by_nifti = run_json(capsys, "measure", tmp_path / "cine", "--mask", nifti)
    assert max(by_seg["lv_ml"]) > 0
    del by_seg["mask"], by_nifti["mask"]
    assert by_seg == by_nifti


# --- failures


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["segment", "{t}/gone.nii.gz", "-o", "{t}/m.nii.gz"], "gone.nii.gz: no such file"),
        (["segment", "{t}/text.nii.gz", "-o", "{t}/m.nii.gz"], "text.nii.gz: "),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/gone/m.nii.gz"], "does not exist; make it first"),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/m.txt"], "ends in .nii.gz or .nii"),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/folder.nii.gz"], "is a folder"),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/scan.nii.gz"], "never overwritten"),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/link.nii.gz"], "never overwritten"),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/m.dcm"], "the scan is no DICOM"),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/m", "--format", "dicom-seg"], "the scan is no DICOM"),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/m.nii.gz", "--model", "unet"], "no model 'unet'; installed:"),
        (["segment", "{t}/scan.nii.gz", "-o", "{t}/m.nii.gz", "--precision", "int4"], "no precision 'int4'; it has"),
        (["measure", "{t}/gone.nii.gz"], "gone.nii.gz: no such file"),
        (["measure", "{t}/scan.nii.gz", "--mask", "{t}/gone.nii.gz"], "gone.nii.gz: no such file"),
        (["measure", "{t}/scan.nii.gz", "--mask", "{t}/other.nii.gz"], "is not on the grid of scan"),
        (["measure", "{t}/scan.nii.gz", "--mask", "{t}/scan.nii.gz"], "are not of the mnms convention"),
        (["measure", "{t}/scan.nii.gz", "--mask", "{t}/notes"], "notes: holds no DICOM segmentation"),
        (["evaluate", "{t}/gone", "--layout", "acdc"], "gone: no such folder"),
        (["evaluate", "{t}", "--layout", "mnms"], "no mnms patients here"),
        (["phantom", "-o", "{t}/gone/phantom"], "does not exist; make it first"),
        (["phantom", "-o", "{t}/scan.nii.gz"], "is a file"),
        (["view", "{t}/gone.nii.gz"], "gone.nii.gz: no such file"),
        (["view", "gone"], "gone: no such file or folder"),
        (["sgment"], "no such file or folder, and no verb of cinequant"),
        (["view", "--screenshot", "{t}/gone/f.png"], "does not exist; make it first"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_faults_of_the_input_are_one_line_and_status_1(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str, as_json: bool
) -> None:
    (tmp_path / "text.nii.gz").write_text("hello")
    (tmp_path / "notes").write_text("hello")
    (tmp_path / "folder.nii.gz").mkdir()
    (tmp_path / "link.nii.gz").hardlink_to(scan)
    write_nifti(tmp_path / "other.nii.gz", (61, 50, 4))
    before = scan.read_bytes()
    given = [a.format(t=tmp_path) for a in arguments]
    if as_json and given[0] in ("segment", "measure", "evaluate", "phantom"):
        given.append("--json")
    status, out, err = run(capsys, *given)
    assert (status, out) == (1, "")
    assert err.startswith("cinequant: ")
    assert err.count("\n") == 1
    assert message in err
    assert ("no verb" in err) == (given == ["sgment"])
    assert scan.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["segment"],
        ["segment", "x"],
        ["segment", "x", "-o", "y", "--format", "png"],
        ["segment", "x", "-o", "y.txt", "--format", "nifti"],
        ["segment", "x", "-o", "y", "--format", "dicom-seg", "--labels", "acdc"],
        ["segment", "x", "-o", "y", "--labels", "ukbb"],
        ["segment", "x", "-o", "y", "--spacing", "1,2"],
        ["segment", "x", "-o", "y", "--spacing", "1,2,-3"],
        ["segment", "x", "-o", "y", "--spacing", "1,2,nan"],
        ["segment", "x", "-o", "y", "--spacing", "1,1,1e9"],
        ["segment", "x", "-o", "y", "--threads", "0"],
        ["segment", "x", "-o", "y", "--jso"],
        ["measure"],
        ["measure", "x", "--mask", "m", "--model", "other"],
        ["evaluate", "x"],
        ["evaluate", "x", "--layout", "ukbb"],
        ["phantom"],
        ["bench", "--runs", "many"],
        ["models", "extra"],
        ["view", "x", "--screenshot", "f.jpg"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_is_status_2_with_the_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: cinequant")
    assert "error: " in err


def test_every_verb_that_takes_json_has_a_schema() -> None:
    def takes_json(parser: argparse.ArgumentParser, name: str) -> set[str]:
        found = {name} if "--json" in parser._option_string_actions else set()
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for verb, below in action.choices.items():
                    found |= takes_json(below, f"{name}-{verb}".lstrip("-"))
        return found

    verbs = VerbParsers()
    add_view(verbs.add("view", lambda _: None, ""))
    add_headless(verbs)
    taking = takes_json(verbs.parser, "")
    assert taking == set(SCHEMAS)
    assert set(verbs.by_verb) - taking == {
        "view",
        "completion",
        "pacs",
    }  # as docs/command.md says; pacs has verbs of its own


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ([], ["view"], ["segment"], ["measure"], ["review"], ["evaluate"], ["bench"], ["models"], ["phantom"]):
        status, out, err = run(capsys, *verb, "--help")
        assert (status, err) == (0, "")
        assert out.startswith("usage: cinequant")
    status, out, _ = run(capsys, "--version")
    assert (status, out) == (0, f"cinequant {__version__}\n")


def test_a_bug_leaves_a_report_without_the_patient(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("MUSTERMANN^ERIKA") from ValueError("born 1950")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("engine.network.predict.predict", fail)
    status, out, err = run(capsys, "segment", scan, "-o", tmp_path / "m.nii.gz")
    assert (status, out) == (3, "")
    assert err.count("\n") == 1
    assert "an error in CineQuant itself" in err
    [report] = tmp_path.glob("cinequant-crash-*.log")
    assert str(report) in err
    text = report.read_text()
    assert "KeyError" in text
    assert "ValueError" in text
    assert "cli/command.py:" in text
    for private in ("MUSTERMANN", "1950", "scan.nii", str(tmp_path)):
        assert private not in text


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "cinequant: interrupted\n"),
        (MemoryError(), 1, "cinequant: not enough memory"),
        (OSError(28, "No space left on device", "/tmp/x"), 1, "cinequant: /tmp/x: No space left on device"),
    ],
)
def test_what_the_environment_does(
    scan: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    message: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("engine.network.predict.predict", fail)
    found, _, err = run(capsys, "segment", scan, "-o", tmp_path / "m.nii.gz")
    assert found == status
    assert err.startswith(message)
    assert err.count("\n") == 1
    assert not (tmp_path / "m.nii.gz").exists()


def test_progress_goes_to_a_terminal_only(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["segment", str(scan), "-o", str(tmp_path / "m.nii.gz"), "--json"]) == 0
    shown = terminal.getvalue()
    assert "Segmenting 4/4" in shown
    assert "\r\x1b[Knote: " in shown  # the line is cleared before the next is written
    assert capsys.readouterr().out.count("\n") == 1


# --- as a process


def test_a_path_opens_the_viewer(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, ...]] = []
    fake = type(sys)("app.window.viewer")
    fake.run_viewer = lambda paths, *, precision, screenshot, **_: seen.append((paths, precision, screenshot)) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "app.window.viewer", fake)
    shot = scan.parent / "f.png"
    assert main([]) == 0
    assert main([str(scan)]) == 0
    assert main(["view", str(scan), "--precision", "float32", "--screenshot", str(shot)]) == 0
    assert seen == [([], None, None), ([scan], None, None), ([scan], "float32", shot)]


def test_the_viewer_waits_for_no_other_verb() -> None:
    code = (
        "import sys; from app.cli.command import _parse; "
        "said = _parse([]), _parse(['a.nii']), _parse(['view', 'a.nii']); "
        "print([one.paths for one in said], 'app.cli.headless_arguments' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False")
    assert done.stdout.count("a.nii") == 2


def test_the_command_loads_no_qt_no_torch_and_no_runtime(tmp_path: Path) -> None:
    code = "import sys; from app.cli.main import main; main(['models']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert not {"PySide6", "torch", "openvino", "pydicom", "nibabel", "highdicom"} & set(done.stderr.split())


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    code = "import sys; from app.cli.main import main; sys.exit(main(['models', '--json']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


# --- on real scans


def test_a_real_cine_dicom_comes_out_as_nifti(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = shared_data / "sunnybrook" / "SCD0000101" / "dicom"
    result = run_json(capsys, "segment", scan, "-o", tmp_path / "mask.nii.gz")
    assert (result["frames"], result["slices"]) == (20, 240)
    mask = nib.load(tmp_path / "mask.nii.gz")
    assert mask.shape == (256, 256, 12, 20)
    status, _, err = run(capsys, "segment", scan, "-o", scan)
    assert status == 1
    assert "belongs to the scan itself" in err


def test_the_mask_of_a_real_acdc_patient_is_measured(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = shared_data / "acdc" / "training" / "patient090"
    scan, mask = home / "patient090_frame04.nii.gz", home / "patient090_frame04_gt.nii.gz"
    found = run_json(capsys, "measure", scan, "--mask", mask, "--labels", "acdc")
    assert found["units_known"] is True
    assert found["lv_ml"][0] == pytest.approx(77.6, abs=0.1)
