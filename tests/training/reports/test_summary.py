"""The whole command on a small data set, and what report makes of its results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from patients import patient
from tiny_model import write_tiny_model

from engine.network import runtime
from engine.network.model_card import load_card
from engine.phantom import make_phantom
from training import cli
from training.cli import main
from training.networks.quantlite import QuantLite
from training.networks.table import NETWORKS
from training.reports import case_pictures
from training.reports.curves import draw_curves, save_figure
from training.reports.summary import COLUMNS, report

CONFIG = """
network = "small"
id = "small"
name = "Small"
description = "For tests."
epochs = 1
batch = 4
crop = 64
qat_epochs = 1
precisions = ["float32", "int8"]
ship = false
"""
LOG = """epoch,loss,seconds,dice_lv,dice_myo,dice_rv,dice_mean
1,2.5,1800
2,1.5,1800,0.5,0.4,0.3,0.4
"""


def _scores(lv_ml: float, dice: float) -> dict[str, dict[str, float]]:
    one = {"dice": dice, "iou": dice / 2, "hd95_mm": 2.0, "volume_ml": lv_ml, "truth_ml": 100.0}
    return {"lv": one, "myo": one, "rv": one}


def _evaluation(**changes: object) -> dict[str, object]:
    cases = [
        {"patient": f"patient{i:03d}", "phase": phase, "scores": _scores(ml, 0.5 + i / 40)}
        for i in range(10)
        for phase, ml in (("ED", 100.0), ("ES", 40.0 + i))
    ]
    ef = {"bias": 1.0, "sd": 2.0, "low": -3.0, "high": 5.0, "mae": 1.5, "n": 10}
    found = {
        "dice_mean": 0.6125,
        "means": {"all": {key: {"dice": 0.6, "hd95_mm": 2.0} for key in ("lv", "myo", "rv")}},
        "ef": {"lv": ef, "rv": ef},
        "cases": cases,
    }
    written: dict[str, object] = {
        "model": "a",
        "name": "A",
        "parameters": 12345,
        "sha256": {"float32": "0", "int8": "1"},
        "size_bytes": {"float32": 4000, "int8": 1000},
        "precisions": {"float32": found, "int8": found},
        "external": {"int8": {"dice_mean": 0.55}},
    }
    return {**written, **changes}


def _write_results(folder: Path, **changes: object) -> None:
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text(json.dumps(_evaluation(**changes)))
    (folder / "log.csv").write_text(LOG)
    (folder / "config.json").write_text(json.dumps({"epochs": 2, "learning_rate": 1e-3}))


def test_the_table_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write_results(tmp_path / "results" / "a")
    assert main(["report", "--results", str(tmp_path / "results"), "--models", str(tmp_path / "none")]) == 0
    head, rule, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 2
    columns = [cell.strip() for cell in head.strip("|").split("|")]
    assert rule.count("---") == len(columns)
    int8 = dict(zip(columns, (cell.strip() for cell in rows[1].strip("|").split("|")), strict=True))
    assert int8["precision"] == "int8"
    assert int8["parameters"] == "12,345"
    assert (int8["file kB"], int8["× smaller"]) == ("1", "4.0")
    assert int8["Dice mean"] == "0.6125"
    assert int8["M&Ms Dice"] == "0.5500"
    assert int8["training h"] == "1.0"
    assert "| – |" in rows[0]
    assert (tmp_path / "results" / "a" / "curves.png").exists()


def test_images_without_volumes_leave_their_cells_empty(tmp_path: Path) -> None:
    none = dict.fromkeys(("bias", "sd", "low", "high", "mae"))
    means = {"all": {key: {"dice": 0.6, "hd95_mm": 2.0} for key in ("lv", "myo", "rv")}}
    found = {"dice_mean": 0.6, "iou_mean": 0.45, "means": means, "ef": {"lv": none, "rv": none}}
    _write_results(tmp_path / "long", precisions={"int8": found})
    cells = [cell.strip() for cell in report([], tmp_path).splitlines()[2].strip("|").split("|")]
    row = dict(zip(COLUMNS, cells, strict=True))
    assert row["LV EF bias (limits) points"] == row["LV EF MAE"] == "–"
    assert row["IoU mean"] == "0.4500"


def test_results_of_another_file_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny_model(tmp_path / "models", "a")
    _write_results(tmp_path / "results" / "a")
    arguments = ["report", "--results", str(tmp_path / "results"), "--models", str(tmp_path / "models")]
    assert main(arguments) == 1
    assert "another float32 file; evaluate a again" in capsys.readouterr().err
    (tmp_path / "results" / "a" / "evaluation.json").write_text("[]")
    assert main(arguments) == 1
    assert "is no evaluation" in capsys.readouterr().err


def test_curves_are_the_same_twice_and_show_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    draw_curves(log, tmp_path / "without.png")
    (tmp_path / "config.json").write_text(json.dumps({"epochs": 2, "learning_rate": 1e-3}))
    draw_curves(log, tmp_path / "a.png")
    draw_curves(log, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with_rate, without = (matplotlib.image.imread(tmp_path / name) for name in ("a.png", "without.png"))
    assert with_rate.shape == without.shape
    changed = np.abs(with_rate - without).max(2).any(1)
    # The learning rate stands in the lowest third; with its numbers the plots above may move sideways.
    assert changed[2 * len(changed) // 3 :].any()


def test_ejection_fractions_pair_the_phases_of_a_patient() -> None:
    cases = _evaluation()["precisions"]["int8"]["cases"]  # type: ignore[index]
    ours, truth = case_pictures.ejection_fractions(cases[:-1], "lv")
    # The last patient has lost its ES.
    assert ours == pytest.approx([60.0 - i for i in range(9)])
    assert truth == pytest.approx([0.0] * 9)


def test_telling_cases_are_ranked_by_dice() -> None:
    cases = _evaluation()["precisions"]["int8"]["cases"]  # type: ignore[index]
    found = case_pictures.telling_cases(cases)
    assert {word: case["patient"] for word, case in found.items()} == {
        "good": "patient008",
        "median": "patient004",
        "worst": "patient000",
    }


@pytest.mark.parametrize(("with_images", "least", "most"), [(False, 0.75, 1.0), (True, 0.0, 0.6)])
def test_a_case_shows_the_scan_only_where_asked(with_images: bool, least: float, most: float, tmp_path: Path) -> None:
    volume, truth, _ = make_phantom(frames=1, slices=4, size=96)
    scored = {"patient": "patient005", "phase": "ED", "scores": _scores(100.0, 0.9)}
    figure = case_pictures._case_figure("Title", scored, volume, truth, truth, with_images)
    save_figure(figure, tmp_path / "case.png")
    picture = matplotlib.image.imread(tmp_path / "case.png")
    # How much of it is the empty page.
    page = (np.abs(picture - picture[0, 0]).max(2) < 0.01).mean()
    assert least < page < most
    shown = {tuple(np.round(255 * colour[:3]).astype(int)) for colour in picture.reshape(-1, 4)}
    assert all(_rgb(colour) in shown for colour in case_pictures.COLOURS.values())


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


@pytest.mark.timeout(900)  # trains, tunes and evaluates
def test_make_does_everything_and_report_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runtime, "_is_packaged", lambda _: True)
    monkeypatch.setattr(cli, "CALIBRATION_SLICES", 4)
    tiny = {"stem": 16, "widths": (16, 32, 48), "depths": (0, 1, 1), "decoder": (16, 16, 16)}
    monkeypatch.setitem(NETWORKS, "small", lambda: QuantLite(**tiny))
    data, external = tmp_path / "acdc", tmp_path / "mnms"
    patient(data, "patient001")
    patient(data, "patient005")
    patient(external, "A1", "mnms")
    (tmp_path / "small.toml").write_text(CONFIG)
    runs, results = tmp_path / "runs", tmp_path / "results"
    places = ["--data", str(data), "--runs", str(runs), "--results", str(results)]
    made = main(["make", str(tmp_path / "small.toml"), *places, "--external", str(external), "--threads", "1"])
    assert made == 0, capsys.readouterr().err
    # What is not shipped stays with the runs.
    card = load_card(runs / "models" / "small")
    assert tuple(card.precisions) == ("float32", "int8")
    assert card.metrics["int8"]["dice_mean"] >= 0
    assert {path.name for path in (results / "small").iterdir()} == {
        "config.json", "curves.png", "data.json", "evaluation.json", "log.csv", "tuning.csv", "weights.safetensors",
    }  # fmt: skip
    written = json.loads((results / "small" / "evaluation.json").read_text())
    assert {len(split["int8"]["cases"]) for split in (written["precisions"], written["external"])} == {2}
    assert written["external"]["int8"]["cases"][0]["patient"] == "A1"

    # Evaluated once more without other centres, what was measured of the same files stays.
    assert main(["evaluate", str(tmp_path / "small.toml"), *places, "--threads", "1"]) == 0
    assert json.loads((results / "small" / "evaluation.json").read_text())["external"] == written["external"]

    # Another configuration exports the same weights, and trains none of its own.
    (tmp_path / "plain.toml").write_text(
        CONFIG.replace('id = "small"', 'id = "plain"\nweights = "small"').replace("qat_epochs = 1", "qat_epochs = 0")
    )
    assert main(["train", str(tmp_path / "plain.toml"), *places]) == 1
    assert "takes the weights of small" in capsys.readouterr().err
    assert main(["make", str(tmp_path / "plain.toml"), *places, "--threads", "1"]) == 0
    plain = load_card(runs / "models" / "plain")
    # Tuned, the other one gave its float file the weights of its int8 file.
    assert plain.precisions["float32"].sha256 != card.precisions["float32"].sha256
    assert plain.precisions["int8"].sha256 != card.precisions["int8"].sha256
    shutil.rmtree(runs / "models" / "plain")
    shutil.rmtree(results / "plain")

    shown = tmp_path / "shown"
    capsys.readouterr()
    report = ["report", "--results", str(results), "--models", str(runs / "models")]
    assert main([*report, "--pictures", str(shown), "--data", str(data)]) == 0
    assert capsys.readouterr().out.count("\n| Small |") == 2
    names = ["small_ef.png", "small_good.png", "small_median.png", "small_worst.png"]
    assert sorted(path.name for path in shown.iterdir()) == names
