"""`cinequant evaluate`: which model scores a data set, and what its text says of the figures."""

from __future__ import annotations

from pathlib import Path

import dataset_trees
import nibabel as nib
import numpy as np
import pytest
from command_runs import only_these_models, run, run_json  # noqa: F401
from tiny_model import write_tiny_model

from engine.network.model_card import FOUR_CHAMBER


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """M&Ms-2 of two subjects, and a model for its long axis beside those of the short axis."""
    write_tiny_model(tmp_path / "models", "tiny_4ch", view=FOUR_CHAMBER)
    monkeypatch.setenv("CINEQUANT_MODELS", str(tmp_path / "models"))
    dataset_trees.mnms2(tmp_path / "data", (161, 162))
    return tmp_path


def test_the_layout_chooses_the_view_and_the_view_the_model(trees: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The model of the short axis was taken for long axes, too, without a word."""
    data = trees / "data"
    assert run_json(capsys, "evaluate", data, "--layout", "mnms2-la")["model"] == "tiny_4ch"
    assert run_json(capsys, "evaluate", data, "--layout", "mnms2")["model"] == "quantlite"
    for layout, model in (("mnms2-la", "quantlite"), ("mnms2", "tiny_4ch")):
        status, _, err = run(capsys, "evaluate", data, "--layout", layout, "--model", model)
        assert status == 1
        assert f"layout {layout} holds" in err and f"model {model} is made for" in err
    status, _, err = run(capsys, "evaluate", data, "--layout", "mnms2", "--against-model", "tiny_4ch")
    assert status == 1
    assert "model tiny_4ch is made for" in err


def test_pairs_say_by_their_geometry_what_they_show(trees: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = ["evaluate", trees / "pairs", "--layout", "pairs", "--labels", "mnms"]
    for name, view in (("a", "LA"), ("b", "SA")):
        for end in ("", "_gt"):
            source = trees / "data" / "dataset" / "161" / f"161_{view}_ED{end}.nii.gz"
            (trees / "pairs").mkdir(exist_ok=True)
            (trees / "pairs" / f"{name}_ED{end}.nii.gz").write_bytes(source.read_bytes())
    found = run_json(capsys, *pairs, "--patients", "a")
    assert found["model"] == "tiny_4ch"
    assert not any("of another view" in rule for rule in found["rules"])
    found = run_json(capsys, *pairs, "--model", "quantlite")
    assert "By their geometry, 1 of the 2 images are of another view than quantlite is made for." in found["rules"]


def test_masks_need_no_model_of_their_view(
    tmp_path: Path, trees: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CINEQUANT_MODELS")
    home = trees / "masks"
    home.mkdir()
    for truth in (trees / "data").rglob("*_LA_E?_gt.nii.gz"):
        image = nib.load(truth)
        name = truth.name.replace("_LA_", "_").replace("_gt", "")
        nib.save(nib.Nifti1Image(np.asarray(image.dataobj), image.affine), home / name)
    masks = ["--predictions", home, "--prediction-labels", "mnms"]
    assert run_json(capsys, "evaluate", trees / "data", "--layout", "mnms2-la", *masks)["dice_mean"] == 1


def test_patients_that_a_model_may_have_learned_from_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By default every patient is scored: those of the training split stood in the means without a word."""
    dataset_trees.acdc(tmp_path / "acdc", (4, 5, 101))
    said = "1 of the 3 patients are of the data set's training split, which a model may have learned from."
    assert said in run_json(capsys, "evaluate", tmp_path / "acdc", "--layout", "acdc")["rules"]
    rules = run_json(capsys, "evaluate", tmp_path / "acdc", "--layout", "acdc", "--patients", "5,101")["rules"]
    assert not any("training split" in rule for rule in rules)


@pytest.mark.parametrize("margin", ["0", "-0.1", "nan", "inf", "small"])
def test_a_margin_is_a_number_above_zero(tmp_path: Path, margin: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "evaluate", tmp_path, "--layout", "acdc", f"--margin={margin}")
    assert status == 2
    assert f"{margin!r} is not a number above 0" in err


def test_what_the_text_says(trees: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "evaluate", trees / "data", "--layout", "mnms2-la", "--threads", "1")
    assert status == 0
    # Single slices have no volumes: there is no table of dashes.
    assert "EF, points" not in out
    assert "OpenVINO" in out.splitlines()[1] and out.splitlines()[1].endswith(", 1 thread")
    status, out, _ = run(capsys, "evaluate", trees / "data", "--layout", "mnms2")
    assert "LV EDV, mL" in out and "LV mass, g" in out
    assert "lv_edv_ml" not in out
    head = next(line for line in out.splitlines() if line.startswith("model − expert"))
    assert "95 % interval" in head
    place = next(line for line in out.splitlines() if line.startswith("all LV cavity  ") and "(" in line)
    assert place.count(" to ") == 3
