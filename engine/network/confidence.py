"""How sure a network is of what it found on a slice, from its own probabilities. It costs a small part of running it.

A network that is wrong is often unsure, but not always: what it is sure of and wrong about stays hidden.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FAR_LOGITS = 4.0
"""Where background leads every structure by more than this, their probabilities are below 2 % and count as 0."""
_MOST_LOGITS = 80.0
"""Differences are cut here: beyond it a probability is 1, and a float32 exponential would overflow."""


def soft_dice(logits: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of each structure on one slice: the Dice of its probabilities and its labels, and the area that they expect.

    logits: (C, H, W), channel 0 background. Returns two arrays (C − 1,) float32: 2 Σ p y / Σ (p + y), with p the
    probability of the structure and y 1 where it is the likeliest class, 0 elsewhere; and Σ p, in pixels of the
    network. A structure that is the likeliest nowhere has a soft Dice of 0; Σ p says how nearly it was there.
    """
    strongest = np.maximum.reduce(logits[1:])
    near = np.flatnonzero(strongest > logits[0] - np.float32(FAR_LOGITS))
    # Relative to background; numpy is fastest with the classes one by one.
    some = np.take(logits.reshape(len(logits), -1), near, axis=1)
    odds = np.exp(np.minimum(some[1:] - some[0], np.float32(_MOST_LOGITS)))
    p = odds / (1 + odds.sum(axis=0))
    best = np.maximum.reduce(odds)
    y = (odds == best) & (best > 1)
    expected = p.sum(axis=1)
    whole = expected + y.sum(axis=1, dtype=np.float32)
    return 2 * (p * y).sum(axis=1) / np.maximum(whole, np.float32(1e-6)), expected
