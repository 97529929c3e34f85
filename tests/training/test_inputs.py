"""What cinequant-train finds out before the first epoch, and what it writes over only when asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import dataset_trees as trees
import pytest
from places import ROOT

from engine.network.catalog import find_models
from training import cli
from training.__main__ import NEEDED
from training.config import CONFIGS, load_config
from training.data import source
from training.networks.quantlite import QuantLite
from training.networks.table import NETWORKS

TINY = """
network = "small"
id = "tiny"
name = "Tiny"
description = "For tests."
epochs = 1
batch = 4
crop = 64
precisions = ["float32"]
"""
WITHOUT = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {missing!r} else real(name, *rest)
class Refuse:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
from training.__main__ import main
sys.exit(main(["report"]))
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A configuration, a small data set and folders of its own, as the words of a command."""
    parts = {"stem": 16, "widths": (16, 32, 48), "depths": (0, 1, 1), "decoder": (16, 16, 16)}
    monkeypatch.setitem(NETWORKS, "small", lambda: QuantLite(**parts))
    trees.acdc(tmp_path / "acdc", [1, 2, 5])
    (tmp_path / "tiny.toml").write_text(TINY)
    folders = ["--runs", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    return [str(tmp_path / "tiny.toml"), "--data", str(tmp_path / "acdc"), *folders]


def test_without_the_training_extra_one_line_says_what_to_install() -> None:
    code = WITHOUT.format(missing=["torch", "nncf"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1
    assert "torch, nncf not installed" in done.stderr
    assert '".[training]"' in done.stderr
    assert "whl/cpu" in done.stderr
    assert done.stdout == ""


def test_the_extra_names_all_that_training_needs() -> None:
    extra = (ROOT / "pyproject.toml").read_text().split("training = [")[1].split("]")[0]
    assert {line.strip(' ",').split(">=")[0].split("==")[0] for line in extra.split("\n") if line.strip()} == set(
        NEEDED
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ('teacher = "unet"\nteacher_from = 0.65', "unet/weights.safetensors: no trained weights"),
        ('start_from = "unet"', "unet/weights.safetensors: no trained weights"),
        ('weights = "unet"', "unet/weights.safetensors: no trained weights"),
        ('teacher = "no-such"', "no-such: no such configuration"),
    ],
)
def test_missing_weights_are_found_before_the_first_epoch(
    places: list[str], changed: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.toml").write_text(TINY + changed)
    assert cli.main(["make", *places]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_damaged_teacher_is_found_before_the_first_epoch(
    places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.toml").write_text(TINY + 'teacher = "unet"\nteacher_from = 0.65')
    (tmp_path / "results" / "unet").mkdir(parents=True)
    (tmp_path / "results" / "unet" / "weights.safetensors").write_bytes(b"nothing")
    assert cli.main(["make", *places]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "unet/weights.safetensors: does not hold the weights of this network" in said
    assert not (tmp_path / "runs").exists()


def test_other_missing_inputs_are_found_before_the_first_epoch(
    places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["make", *places, "--external", str(tmp_path / "none")]) == 1
    assert "none: no such folder" in capsys.readouterr().err
    trees.mnms(tmp_path / "mnms", ["A1", "B2"])
    assert cli.main(["make", *places, "--also", f"mnms={tmp_path / 'mnms'}", "--external", str(tmp_path / "mnms")]) == 1
    assert "patient 'A1' is trained on and in --external" in capsys.readouterr().err
    (tmp_path / "tiny.toml").write_text(TINY.replace('"small"', '"smal"'))
    assert cli.main(["make", *places]) == 1
    assert "network 'smal' is not known" in capsys.readouterr().err
    (tmp_path / "tiny.toml").write_text(TINY)
    (tmp_path / "acdc" / "patient005" / "patient005_frame09_gt.nii.gz").unlink()
    assert cli.main(["make", *places]) == 1
    assert "patient005_frame09_gt.nii.gz: is missing" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_what_is_finished_is_written_over_only_when_asked(
    places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["make", *places]) == 0
    home = tmp_path / "runs" / "models" / "tiny"
    kept = {path: path.read_bytes() for path in (*home.iterdir(), *(tmp_path / "results" / "tiny").iterdir())}
    capsys.readouterr()
    assert cli.main(["make", *places]) == 1
    assert f"{home}: holds a finished model; add --replace" in capsys.readouterr().err
    assert cli.main(["quantize", *places]) == 1
    assert "add --replace" in capsys.readouterr().err
    # Another run would put other weights in the place of these; the one that made them changes nothing.
    assert cli.main(["train", *places]) == 0
    elsewhere = [*places[:3], "--runs", str(tmp_path / "other"), *places[5:]]
    assert cli.main(["train", *elsewhere]) == 1
    assert "weights.safetensors: is finished; add --replace" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in kept if path.suffix != ".csv"} == {
        path: content for path, content in kept.items() if path.suffix != ".csv"
    }
    assert cli.main(["make", *places, "--replace"]) == 0


def test_only_what_asks_for_it_goes_with_the_viewer() -> None:
    shipped = {path.stem for path in CONFIGS.glob("*.toml") if load_config(path).ship}
    assert {card.id for card in find_models().models} <= shipped
    assert "unet" not in shipped


def test_a_configuration_of_ones_own_stays_with_its_run(places: list[str], tmp_path: Path) -> None:
    arguments = cli._parser().parse_args(["make", *places])
    assert cli._models(load_config(tmp_path / "tiny.toml"), arguments) == tmp_path / "runs" / "models"


def test_a_card_names_the_patients_that_were_measured(tmp_path: Path) -> None:
    def said(numbers: list[int], layout: str = "acdc", words: str = "all") -> str:
        root = tmp_path / f"{layout}{numbers[0]}-{len(numbers)}"
        getattr(trees, layout)(root, numbers)
        cases = source.datasets.find_cases(root, layout, words)
        return source.metrics_split(layout, cases, tmp_path / "none")

    assert "the 20 patients whose number divides by 5" in said(list(range(5, 101, 5)))
    assert said([5, 10]).startswith(
        "ACDC training set (Bernard et al., TMI 2018), 2 patients whose number divides by 5:"
    )
    assert said([105, 110]).startswith(
        "ACDC test set (Bernard et al., TMI 2018), 2 patients whose number divides by 5:"
    )
    assert "ACDC test set (Bernard et al., TMI 2018), 3 patients chosen by name" in said([101, 102, 105])
    assert "2 patients of its validation set" in said([161, 162], "mnms2")
    # Results that do not say were trained on the 80 patients of ACDC.
    with pytest.raises(source.ScanError, match="patient 'patient001' was trained on"):
        said([1, 5])


def test_a_shipped_model_measured_on_another_folder_does_not_claim_the_20_patients(
    places: list[str], tmp_path: Path
) -> None:
    assert cli.main(["make", *places]) == 0
    trees.acdc(tmp_path / "other", [105, 110])
    assert cli.main(["evaluate", places[0], "--data", str(tmp_path / "other"), *places[3:]]) == 0
    card = json.loads((tmp_path / "runs" / "models" / "tiny" / "card.json").read_text())
    assert "the 20 patients" not in card["metrics_split"]
    assert "ACDC test set" in card["metrics_split"]
