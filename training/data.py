"""Scans with their true masks, on the grid that the network sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import datasets
from engine.preprocess import InputSpec, intensity, plan
from engine.volume import LV, MYO, RV, Volume


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One volume, ready to be cropped.

    images: (Z, H, W) float32 in [0, 1], resampled in plane, 0 outside the source image.
    labels: (Z, H, W) uint8. centre: (Z, 2) float32, (y, x) of the heart in each slice; of the volume where it has none.
    mean, std: of the scan's tissue, as engine.preprocess.Intensity has them.
    """

    patient: str
    phase: str
    images: NDArray[np.float32]
    labels: NDArray[np.uint8]
    centre: NDArray[np.float32]
    mean: float
    std: float


def load_scans(cases: Iterable[datasets.Case], spec: InputSpec) -> list[Scan]:
    """Read and resample. Raises ScanError for a case that cannot be read."""
    scans = []
    for case in cases:
        volume, truth = datasets.read_case(case)
        scans.append(_resample(case, volume, truth.array[0], spec))
    return scans


def _resample(case: datasets.Case, volume: Volume, truth: NDArray[np.uint8], spec: InputSpec) -> Scan:
    grid = plan(volume.geometry, spec)
    scale = intensity(volume.array, spec)
    images, labels = [], []
    for image, mask in zip(volume.array[0], truth, strict=True):
        unit = np.clip((image.astype(np.float32) - scale.low) / (scale.high - scale.low), 0, 1)
        images.append(grid.rows @ unit @ grid.columns_t)
        # Each label is resampled as a picture of its own and the strongest wins: smoother than the nearest neighbour.
        shares = [grid.rows @ (mask == value).astype(np.float32) @ grid.columns_t for value in (LV, MYO, RV)]
        background = 1 - sum(shares)
        labels.append(np.argmax([background, *shares], axis=0).astype(np.uint8))
    label_array = np.stack(labels)
    everywhere = np.argwhere(label_array.any(0)).mean(0)
    centre = [np.argwhere(s).mean(0) if s.any() else everywhere for s in label_array]
    return Scan(
        case.patient, case.phase, np.stack(images), label_array, np.array(centre, dtype=np.float32),
        scale.mean, scale.std,
    )  # fmt: skip
