"""The figures of benchmarks.review, on values whose answer is plain."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.review import Scored, auc
from benchmarks.review import _row as row


def test_auc_by_hand() -> None:
    bad = np.array([False, False, True, True])
    assert auc(np.array([1.0, 2.0, 3.0, 4.0]), bad) == 1
    assert auc(np.array([4.0, 3.0, 2.0, 1.0]), bad) == 0
    assert auc(np.array([1.0, 3.0, 2.0, 4.0]), bad) == pytest.approx(0.75)
    assert auc(np.array([1.0, 1.0, 1.0, 1.0]), bad) == pytest.approx(0.5)
    assert math.isnan(auc(np.array([1.0]), np.array([True])))


def test_a_slice_that_neither_has_is_not_bad_and_one_that_was_missed_is() -> None:
    score = np.array([[9.0], [1.0], [5.0]])
    dice = np.array([[0.1], [np.nan], [0.0]])
    found = np.array([[True], [False], [False]])
    volume = Scored("a", score, dice, np.ones((3, 1), np.float32), found, dice >= 0, 1.0)
    assert row("", [volume], [0], outlined=False)[1:4] == ["3", "2", "1.000"]
    assert row("", [volume], [0], outlined=True)[1:4] == ["1", "1", "–"]
