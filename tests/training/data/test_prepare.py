"""Data sets that are read once: what is kept, what is refused, and the page that tells how to use them."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import dataset_trees as trees
import numpy as np
import pytest
from places import ROOT

from app.cli import command as app_cli
from app.cli.main import main as app_main
from engine.errors import ScanError
from engine.formats.datasets import find_cases
from engine.network import catalog, runtime
from engine.network.model_card import load_card
from engine.network.preprocess import InputSpec
from training import cli
from training.config import CONFIGS, Config, load_config
from training.data.prepare import INDEX, load_prepared, open_prepared, prepare
from training.data.scans import load_scans
from training.networks.quantlite import QuantLite
from training.networks.table import NETWORKS

SPEC = InputSpec(spacing_mm=3.0)
PAGE = ROOT / "docs" / "mnms2.md"
TINY = """
network = "small"
id = "{id}"
name = "Small"
description = "For tests."
epochs = 1
batch = 4
crop = 64
precisions = {precisions}
ship = false
"""


def _prepared(tmp_path: Path, subjects: tuple[int, ...] = (1, 2, 161)) -> tuple[Path, Path]:
    data, folder = tmp_path / "data", tmp_path / "prepared"
    trees.mnms2(data, subjects)
    prepare(find_cases(data, "mnms2"), "mnms2", SPEC, folder)
    return data, folder


def test_prepared_scans_are_those_that_are_read(tmp_path: Path) -> None:
    data, folder = _prepared(tmp_path)
    prepared = open_prepared(folder)
    cases = prepared.choose("train")
    assert [c.name for c in cases] == ["001 ED", "001 ES", "002 ED", "002 ES"]
    scans, unseen = load_prepared(prepared, cases, SPEC)
    assert unseen == 0
    for ours, read in zip(scans, load_scans(find_cases(data, "mnms2", "train"), SPEC), strict=True):
        for field in ("images", "labels", "centre"):
            np.testing.assert_array_equal(getattr(ours, field), getattr(read, field))
        assert (ours.patient, ours.phase, ours.mean, ours.std) == (read.patient, read.phase, read.mean, read.std)
        assert ours.labels.max() == 3


def test_the_summary_tells_what_was_found(tmp_path: Path) -> None:
    trees.mnms2(tmp_path / "data", [1, 2, 161])
    said = prepare(find_cases(tmp_path / "data", "mnms2"), "mnms2", SPEC, tmp_path / "prepared")
    assert "mnms2: 3 patients, 6 volumes, 24 slices, now at 3 mm" in said
    assert "for: train 2, val 1" in said
    assert "group: GE MEDICAL SYSTEMS 1, SIEMENS 2" in said
    assert "disease: HCM 2, NOR 1" in said
    assert "spacing: 2.8 mm in plane, 10 mm from slice to slice" in said
    assert re.search(r"labels: LV cavity in \d+ slices, LV myocardium in \d+ slices, RV cavity in \d+ slices", said)
    assert "6 volumes made, 0 as they were" in said


def test_what_has_changed_is_refused_and_made_anew(tmp_path: Path) -> None:
    data, folder = _prepared(tmp_path)
    image, _ = trees.volume("ED")
    trees.write(data / "dataset" / "002" / "002_SA_ED.nii.gz", image + 7)
    prepared = open_prepared(folder)
    load_prepared(prepared, prepared.choose("1"), SPEC)
    with pytest.raises(ScanError, match="002 ED was prepared from another image or mask; run"):
        load_prepared(prepared, prepared.choose("train"), SPEC)
    said = prepare(find_cases(data, "mnms2"), "mnms2", SPEC, folder)
    assert "1 volumes made, 5 as they were" in said
    load_prepared(open_prepared(folder), prepared.choose("train"), SPEC)
    # A patient that is no longer given leaves nothing behind.
    prepare(find_cases(data, "mnms2", "train"), "mnms2", SPEC, folder)
    assert len(list(folder.glob("*.safetensors"))) == 4
    with pytest.raises(ScanError, match="none of the 2 patients belongs to 'val'"):
        open_prepared(folder).choose("val")


def test_another_spec_version_or_layout_is_refused(tmp_path: Path) -> None:
    data, folder = _prepared(tmp_path, (1,))
    prepared = open_prepared(folder)
    with pytest.raises(ScanError, match=r"for another network \(spacing_mm 3.0, not 1.5\)"):
        load_prepared(prepared, prepared.cases, InputSpec())
    with pytest.raises(ScanError, match="holds the prepared layout mnms2; give a folder of its own to mnms2-la"):
        prepare(find_cases(data, "mnms2-la"), "mnms2-la", SPEC, folder)
    index = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps({**index, "version": 0}))
    with pytest.raises(ScanError, match="by another version"):
        open_prepared(folder)
    (folder / INDEX).write_text("{")
    with pytest.raises(ScanError, match="is damaged"):
        open_prepared(folder)


def test_an_interrupted_preparation_goes_on(tmp_path: Path) -> None:
    trees.mnms2(tmp_path / "data", [1, 2])
    cases, folder = find_cases(tmp_path / "data", "mnms2"), tmp_path / "prepared"

    def stop(done: int, total: int, what: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(cases, "mnms2", SPEC, folder, progress=stop)
    with pytest.raises(ScanError, match="holds no finished prepared data"):
        open_prepared(folder)
    assert "1 volumes made, 3 as they were" in prepare(cases, "mnms2", SPEC, folder)
    assert not [path for path in folder.iterdir() if path.suffix == ".part"]


def test_a_damaged_file_is_refused_and_absent_sources_are_counted(tmp_path: Path) -> None:
    data, folder = _prepared(tmp_path, (1,))
    data.rename(tmp_path / "elsewhere")
    prepared = open_prepared(folder)
    scans, unseen = load_prepared(prepared, prepared.cases, SPEC)
    assert (len(scans), unseen) == (2, 2)
    for path in folder.glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ScanError, match="001 ED is missing or damaged"):
        load_prepared(prepared, prepared.cases, SPEC)


def test_a_mask_without_labels_is_prepared(tmp_path: Path) -> None:
    trees.pairs(tmp_path, ["a"])
    trees.write(tmp_path / "a_gt.nii.gz", np.zeros_like(trees.volume("ED")[1]))
    (scan,) = load_scans(find_cases(tmp_path, "pairs", labels="mnms"), SPEC)
    np.testing.assert_allclose(scan.centre[0], (np.array(scan.labels.shape[1:]) - 1) / 2)


def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_is_packaged", lambda _: True)
    monkeypatch.setattr(cli, "CALIBRATION_SLICES", 4)
    parts = {"stem": 16, "widths": (16, 32, 48), "depths": (0, 1, 1), "decoder": (16, 16, 16)}
    monkeypatch.setitem(NETWORKS, "small", lambda: QuantLite(**parts))


@pytest.mark.timeout(900)  # trains, exports and evaluates five models
def test_every_command_of_the_page_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the page's own networks and files; only shorter, on small images, and in int8 for one of them."""

    def shortened(path: Path) -> Config:
        config = load_config(path)
        precisions = ("float32", "int8") if config.id == "mnms2_sa_quantlite" else ("float32",)
        tuned = min(config.qat_epochs, 1) if "int8" in precisions else 0
        small = {"spacing_mm": 3.0, "crop": 64, "fixed_size": min(config.fixed_size, 128)}
        return replace(config, epochs=1, batch=4, qat_epochs=tuned, precisions=precisions, **small)

    monkeypatch.setattr(cli, "load_config", shortened)
    monkeypatch.setattr(cli, "CALIBRATION_SLICES", 4)
    monkeypatch.setattr(runtime, "_is_packaged", lambda _: True)
    # The models that ship are timed elsewhere.
    monkeypatch.setattr(catalog, "packaged_models", lambda: tmp_path / "none")
    monkeypatch.setattr(catalog, "user_models", lambda: tmp_path / "none")
    # No command may write into the results of the source.
    monkeypatch.setattr(cli, "RESULTS", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    trees.mnms2(tmp_path / "MnM2", [1, 2, 161, 201])
    trees.pairs(tmp_path / "pairs", ["anna", "bert", "carl_ED", "carl_ES"])
    (own,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.S)
    Path("my_config.toml").write_text(own)
    commands = [line for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S) for line in block.splitlines()]
    assert len(commands) > 12
    for command in commands:
        if re.search(r"[ =]MODELS\b", command):
            continue  # they need the trained weights of the source
        words = shlex.split(command.replace("PATH/TO/", ""))
        while "=" in words[0]:
            monkeypatch.setenv(*words.pop(0).split("="))
        if words[0] == "torchrun":
            # Here in one process; test_distributed.py starts several.
            assert words[3:5] == ["-m", "training"]
            words = ["cinequant-train", *words[5:]]
        main = {"cinequant": app_main, "cinequant-train": cli.main}[words[0]]
        if words[1] == "bench":  # tested elsewhere, a process for each model; here, what it would time
            assert app_cli._parse(words[1:]).runs
            words[1] = "models"
        assert main(words[1:]) == 0, (command, capsys.readouterr().err)
    said = capsys.readouterr().out
    assert "mnms2: 4 patients" in said
    assert "SIEMENS LV cavity" in said
    assert re.search(r"mnms2_la_quantlite.*mnms2_sa_quantlite", said, re.S)
    long_axis, short_axis = (load_card(Path("mnms2/models") / f"mnms2_{view}_espnetv2") for view in ("la", "sa"))
    assert "long-axis" in long_axis.intended_use
    assert "M&Ms-2, short axis (Martín-Isla et al., JBHI 2023), 2 patients" in short_axis.training_data
    assert "ACDC" not in short_axis.licence + long_axis.licence
    assert "1 patient of its test set" in short_axis.metrics_split
    assert load_card(Path("pairs/models/my_model")).training_data == "images and masks of one's own, 1 patient"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("mnms2_*.toml")), ids=lambda p: p.stem)
def test_the_pages_configurations_stay_out_of_the_viewer(path: Path) -> None:
    config = load_config(path)
    assert not config.ship
    assert not config.teacher
    assert config.id in PAGE.read_text()


def test_patients_cannot_be_trained_on_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _tiny(monkeypatch)
    trees.mnms2(tmp_path / "data", [1, 2, 161])
    (tmp_path / "tiny.toml").write_text(TINY.format(id="tiny", precisions=["float32"]))
    places = ["--layout", "mnms2", "--runs", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    command = [str(tmp_path / "tiny.toml"), "--data", str(tmp_path / "data"), *places]
    assert cli.main(["train", *command, "--train", "train,val"]) == 1
    assert "patient '161' is in --train and in --val" in capsys.readouterr().err
    assert cli.main(["make", *command, "--models", str(tmp_path / "models")]) == 0
    assert cli.main(["evaluate", *command, "--models", str(tmp_path / "models"), "--val", "2,161"]) == 1
    assert "patient '002' was trained on" in capsys.readouterr().err
    assert cli.main(["train", *command[:1], *places]) == 1
    assert "--data, or a prepared one with --prepared" in capsys.readouterr().err
    assert cli.main(["train", *command, "--device", "tpu"]) == 1
    assert "choose auto, cpu or cuda" in capsys.readouterr().err
    few = TINY.format(id="few", precisions=["float32"]).replace("batch = 4", "batch = 99")
    (tmp_path / "few.toml").write_text(few)
    assert cli.main(["train", str(tmp_path / "few.toml"), *command[1:]]) == 1
    assert "16 slices are too few for a batch of 99" in capsys.readouterr().err


def test_several_data_sets_are_trained_on_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _tiny(monkeypatch)
    trees.mnms2(tmp_path / "one", [1, 2, 161])
    trees.mnms2(tmp_path / "other", [7, 8])
    (tmp_path / "tiny.toml").write_text(TINY.format(id="tiny", precisions=["float32"]))
    places = ["--layout", "mnms2", "--runs", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    command = [str(tmp_path / "tiny.toml"), "--data", str(tmp_path / "one"), *places]
    models = ["--models", str(tmp_path / "models")]
    assert cli.main(["make", *command, *models, "--also", f"mnms2={tmp_path / 'other'}"]) == 0
    said = json.loads((tmp_path / "results" / "tiny" / "data.json").read_text())
    assert said["patients"] == ["001", "002"]
    assert said["also"] == [{"layout": "mnms2", "patients": ["007", "008"], "volumes": 4}]
    card = load_card(tmp_path / "models" / "tiny")
    assert card.training_data.count("2 patients") == 2
    assert card.licence.count("M&Ms-2") == 1
    elsewhere = [str(tmp_path / "tiny.toml"), "--data", str(tmp_path / "other"), *places, *models]
    assert cli.main(["evaluate", *elsewhere, "--val", "7"]) == 1
    assert "patient '007' was trained on" in capsys.readouterr().err
    assert cli.main(["train", *command, "--also", str(tmp_path / "other")]) == 1
    assert "give LAYOUT=DIR with one of acdc, mnms" in capsys.readouterr().err
