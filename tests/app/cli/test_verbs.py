"""The verbs that describe models, data sets and the device, and what every verb's JSON holds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from command_runs import only_these_models, run, run_json, scan_fixture, write_nifti  # noqa: F401

from benchmarks.answers import differences
from engine.formats.door import open_scan
from engine.network import runtime
from engine.phantom import true_values
from engine.volume import voxels_sha256


def test_models_lists_id_default_parameters_labels_and_files(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run_json(capsys, "models")["models"]
    assert [(m["id"], m["default"]) for m in listed] == [("quantlite", True), ("other", False)]
    assert listed[0]["labels"] == {"LV cavity": 1, "LV myocardium": 2, "RV cavity": 3}
    assert listed[0]["parameters"] > 0
    assert set(listed[0]["precisions"]) == {"float32", "int8"}
    for file in listed[0]["precisions"].values():
        assert Path(file).is_absolute()
        assert Path(file).is_file()


def test_models_says_what_was_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models" / "half").mkdir(parents=True)
    monkeypatch.setenv("CINEQUANT_MODELS", str(tmp_path / "models"))
    status, out, _ = run(capsys, "models")
    assert status == 0
    assert out.startswith("quantlite (default): Tiny 1")
    assert f"rejected: {tmp_path / 'models' / 'half' / 'card.json'}: no such file" in out


def test_models_verify_runs_the_test_tensors(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run_json(capsys, "models", "--verify")["models"]
    assert all(result["ok"] for model in listed for result in model["verified"].values())
    file = Path(listed[0]["precisions"]["int8"])
    file.write_bytes(b"?" * file.stat().st_size)
    runtime.forget_networks()
    status, out, err = run(capsys, "models", "--verify")
    assert status == 1
    assert "is not the file that card.json describes" in out
    assert err.count("\n") == 1


def test_phantom_measured_with_its_own_mask_gives_its_true_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = run_json(capsys, "phantom", "-o", tmp_path / "ph")
    truth = json.loads((tmp_path / "ph" / "truth.json").read_text())
    assert truth == made["truth"] == pytest.approx(true_values(), rel=1e-9)
    found = run_json(capsys, "measure", made["cine"], "--mask", made["mask"])
    for side in ("lv", "rv"):
        for key in ("edv_ml", "esv_ml", "sv_ml"):
            assert found[side][key] == pytest.approx(truth[f"{side}_{key}"], rel=0.01)
        assert found[side]["ef_percent"] == pytest.approx(truth[f"{side}_ef_percent"], abs=1)
    assert found["lv_mass_g"] == pytest.approx(truth["lv_mass_g"], rel=0.01)
    assert found["ed_frame_index"] == 0
    assert found["rules"]
    status, out, _ = run(capsys, "measure", made["cine"], "--mask", made["mask"])
    assert status == 0
    assert "ejection fraction" in out
    assert "end-diastole: frame 1 of 20" in out


def test_measure_by_other_conventions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = run_json(capsys, "phantom", "-o", tmp_path / "ph")
    scan = (made["cine"], "--mask", made["mask"])
    plain = run_json(capsys, "measure", *scan)
    assert (plain["reading"]["base"], plain["reading"]["papillary"]) == ("labelled", "labelled")
    found = run_json(capsys, "measure", *scan, "--papillary", "myocardium", "--base", "scmr", "--rv-phases", "own")
    assert found["reading"] == {
        "phases": {
            "lv": {"ed_frame_index": None, "es_frame_index": None},
            "rv": {"ed_frame_index": None, "es_frame_index": None},
        },
        "left_out": [],
        "base": "scmr",
        "papillary": "myocardium",
    }
    assert found["lv"]["edv_ml"] <= plain["lv"]["edv_ml"]
    assert any("grey value" in rule for rule in found["rules"])


def test_measure_by_a_model_and_of_one_frame(scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "measure", scan)
    assert (found["model"], found["precision"]) == ("quantlite", "int8")
    assert found["lv"]["ef_percent"] is None
    status, out, _ = run(capsys, "measure", scan)
    assert status == 0
    assert "volume, mL" in out


def test_evaluate_scores_a_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "data" / "patient001"
    home.mkdir(parents=True)
    (home / "Info.cfg").write_text("ED: 1\nES: 7\nGroup: NOR\n")
    for frame in (1, 7):
        image = nib.load(write_nifti(home / f"patient001_frame{frame:02d}.nii.gz"))
        truth = np.zeros(image.shape, dtype=np.uint8)
        truth[20:30, 20:30] = 3
        nib.save(nib.Nifti1Image(truth, image.affine), home / f"patient001_frame{frame:02d}_gt.nii.gz")
    result = run_json(capsys, "evaluate", tmp_path / "data", "--layout", "acdc", "--model", "other")
    assert (result["model"], result["precision"], result["patients"]) == ("other", "float32", 1)
    assert 0 <= result["dice_mean"] <= 1
    status, out, _ = run(capsys, "evaluate", tmp_path / "data", "--layout", "acdc")
    assert status == 0
    assert "ED LV cavity" in out
    assert "LV EF, points" in out
    assert "95 % interval" in out
    status, out, _ = run(capsys, "evaluate", tmp_path / "data", "--layout", "acdc", "--against", "float32")
    assert "int8 − float32: mean Dice" in out
    compared = run_json(capsys, "evaluate", tmp_path / "data", "--layout", "acdc", "--against", "float32")["against"]
    assert (compared["precision"], compared["n"], compared["equivalent"]) == ("float32", 1, False)
    assert compared["interval"] == {"low": None, "high": None}


def test_bench_lists_models_and_recommends(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "bench", "--size", "64", "--runs", "2")
    assert status == 0
    assert out.splitlines()[1].startswith("model")
    assert "recommended: " in out


# --- JSON


def test_exactly_one_model_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "models")
    assert set(found) == {"schema", "program", "models", "rejected"}
    assert sum(model["default"] is True for model in found["models"]) == 1


def test_json_names_the_scan_by_its_voxels(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So a scan has one name, whatever its files are called and however they are compressed."""
    wanted = hashlib.sha256(open_scan([scan]).array.tobytes()).hexdigest()
    plain = tmp_path / "the same.nii"
    nib.save(nib.load(scan), plain)
    for path in (scan, plain):
        assert run_json(capsys, "measure", path)["input_sha256"] == wanted
        assert run_json(capsys, "segment", path, "-o", tmp_path / "mask.nii.gz")["input_sha256"] == wanted
    other = write_nifti(tmp_path / "other.nii.gz", (60, 50, 5))
    assert run_json(capsys, "measure", other)["input_sha256"] != wanted


def test_the_bytes_of_voxels_do_not_depend_on_the_files_byte_order() -> None:
    array = np.arange(24, dtype="<i2").reshape(1, 2, 3, 4)
    names = {voxels_sha256(array), voxels_sha256(array.astype(">i2")), voxels_sha256(np.asfortranarray(array))}
    assert names == {hashlib.sha256(array.tobytes()).hexdigest()}


def test_json_names_a_data_set_by_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pairs").mkdir()
    image = nib.load(write_nifti(tmp_path / "pairs" / "a_ED.nii.gz"))
    nib.save(nib.Nifti1Image(np.zeros(image.shape, np.uint8), image.affine), tmp_path / "pairs" / "a_ED_gt.nii.gz")
    found = run_json(capsys, "evaluate", tmp_path / "pairs", "--layout", "pairs", "--labels", "mnms")
    lines = "".join(
        f"{hashlib.sha256((tmp_path / 'pairs' / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("a_ED.nii.gz", "a_ED_gt.nii.gz")
    )
    assert found["input_sha256"] == hashlib.sha256(lines.encode()).hexdigest()


def test_frames_are_a_number_and_indices_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "measure", write_nifti(tmp_path / "cine.nii.gz", (60, 50, 2, 3)))
    assert found["frames"] == 3
    assert {"ed_frame_index", "es_frame_index"} <= set(found)
    assert not {"ed_frame", "es_frame"} & set(found)


def test_answers_of_before_are_compared_under_their_new_names() -> None:
    before: dict[str, Any] = {"ed_frame": 0, "es_frame": 7, "lv_mass_g": 100.0}
    after = {"ed_frame_index": 0, "es_frame_index": 8, "lv_mass_g": 100.0, "schema": "cinequant/measure/1"}
    assert list(differences(before, after)) == ["es_frame_index: 7 → 8"]
