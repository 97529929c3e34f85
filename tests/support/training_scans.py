"""Phantom scans for tests of the training package."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from engine.network.preprocess import InputSpec, intensity, plan
from engine.phantom import make_phantom
from training.data.scans import Scan

# Networks this small gain nothing from more, and beside any other program two threads wait for each other.
torch.set_num_threads(1)


@cache
def phantom_scans() -> tuple[Scan, ...]:
    """Two volumes of six slices at 3 mm, which is small enough to train on in seconds."""
    volume, truth, _ = make_phantom(frames=2, slices=6, size=104)
    spec = InputSpec(spacing_mm=3.0)
    grid, scale = plan(volume.geometry, spec), intensity(volume.array, spec)
    scans = []
    for frame in range(2):
        unit = np.clip((volume.array[frame].astype(np.float32) - scale.low) / (scale.high - scale.low), 0, 1)
        images = np.stack([grid.rows @ s @ grid.columns_t for s in unit])
        shares = [
            np.stack([grid.rows @ (s == v).astype(np.float32) @ grid.columns_t for s in truth.array[frame]])
            for v in (1, 2, 3)
        ]
        labels = np.argmax([0.5 * np.ones_like(shares[0]), *shares], axis=0).astype(np.uint8)
        middle = np.argwhere(labels.any(0)).mean(0)
        centre = np.tile(middle, (len(images), 1)).astype(np.float32)
        scans.append(Scan("phantom", ("ED", "ES")[frame], images, labels, centre, scale.mean, scale.std))
    return tuple(scans)
