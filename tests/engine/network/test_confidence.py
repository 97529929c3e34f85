"""confidence: soft Dice of probabilities and labels, by hand and for degenerate answers."""

from __future__ import annotations

import numpy as np
from pytest import approx

from engine.network.confidence import soft_dice


def logits_of(*pixels: tuple[float, float, float]) -> np.ndarray:
    """Logits (4, 1, N) of the probabilities of three structures in each pixel."""
    p = np.array(pixels, dtype=np.float64)
    whole = np.concatenate([1 - p.sum(axis=1, keepdims=True), p], axis=1)
    return np.log(np.maximum(whole, 1e-9)).T[:, None].astype(np.float32)


def test_by_hand() -> None:
    # LV: y in the first two pixels, Σ py = 1.7, Σ p = 2.0, Σ y = 2. MYO is the likeliest in the third pixel.
    soft, expected = soft_dice(logits_of((0.9, 0.05, 0.0), (0.8, 0.1, 0.0), (0.3, 0.6, 0.0), (0.0, 0.0, 0.0)))
    assert soft == approx([2 * 1.7 / 4.0, 2 * 0.6 / 1.75, 0.0], abs=1e-5)
    assert expected == approx([2.0, 0.75, 0.0], abs=1e-5)


def test_a_structure_that_nearly_won_has_an_expected_area() -> None:
    soft, expected = soft_dice(logits_of(*[(0.4, 0.0, 0.0)] * 10))
    assert soft[0] == 0
    assert expected[0] == approx(4.0, abs=1e-4)


def test_sure_of_everything_or_nothing() -> None:
    huge = np.zeros((4, 2, 2), dtype=np.float32)
    huge[3] = 3e38
    soft, expected = soft_dice(huge)
    assert soft == approx([0, 0, 1])
    assert expected == approx([0, 0, 4], abs=1e-3)
    soft, expected = soft_dice(-huge[[3, 0, 1, 2]])
    assert np.isfinite(soft).all()
    assert soft_dice(np.array([9.0, 0, 0, 0], dtype=np.float32).reshape(4, 1, 1))[1].tolist() == [0, 0, 0]
