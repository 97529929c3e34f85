"""benchmarks.basal_slices runs to its end on a small data set, and its counts are those of the labels."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from dataset_trees import acdc, mnms
from numpy.typing import NDArray
from tiny_model import write_tiny_model

from benchmarks import basal_slices
from engine.network.basal import FEATURES, BasalRule, without_false_base
from engine.network.model_card import load_card, read_basal_rule
from engine.volume import LV, MYO, RV

SLICES = 6


def heart(first: int = 0) -> NDArray[np.uint8]:
    """(Z, Y, X) labels of a heart that begins on a slice; it shrinks towards the apex."""
    stack = np.zeros((SLICES, 24, 24), dtype=np.uint8)
    for z in range(first, SLICES):
        stack[z, 4 : 20 - z, 4:12] = MYO
        stack[z, 6 : 18 - z, 6:10] = LV
        stack[z, 4 : 18 - z, 14:20] = RV
    return stack


@pytest.mark.parametrize("turned", [False, True])
def test_the_counts_are_those_of_the_labels(turned: bool) -> None:
    ours, theirs = heart(), heart(1)
    way = -1 if turned else 1
    one = basal_slices.labelled("set", "patient", "ED", ours[::way], theirs[::way])
    # Everything that a rule does not want goes from the two slices that it is asked about.
    never = BasalRule(
        np.zeros((3, len(FEATURES))), np.ones((3, len(FEATURES))), np.full((3, len(FEATURES) + 1), -1.0), 0.5
    )
    kept = basal_slices.kept_by(one, never)
    assert not kept[:2].any()
    assert kept[2:].all()
    after = without_false_base(ours[None], never)[0][0]
    for label in (LV, MYO, RV):
        for labels, keep in ((ours, np.ones_like(kept)), (after, kept)):
            mine, expert = labels == label, theirs == label
            dice = 2 * (mine & expert).sum() / (mine.sum() + expert.sum())
            assert basal_slices.dices(one, keep)[label - 1] == pytest.approx(dice)
        assert basal_slices.basal_dice(one, np.ones_like(kept), label) == 0


def test_it_runs_to_its_end_and_a_second_run_segments_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    acdc(tmp_path / "acdc/training", (1, 2, 5))
    mnms(tmp_path / "mnms_train", ("A1", "B2"))
    folder = write_tiny_model(tmp_path / "models").folder
    words = ["basal_slices", str(tmp_path), "--models", str(tmp_path / "models"), "--runs", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", [*words, "--write"])
    basal_slices.main()
    table, said = capsys.readouterr()
    assert "tiny: 8 of 8 volumes" in said  # patient 5 is of the validation
    assert table.count("\n") == 6
    assert read_basal_rule(load_card(folder)) is not None

    def never(*_: object, **__: object) -> None:
        raise AssertionError("segmented again")

    monkeypatch.setattr(basal_slices, "predict", never)
    monkeypatch.setattr(sys, "argv", words)
    basal_slices.main()
    assert capsys.readouterr().out == table
