"""Scans with their true masks, on the grid that the network sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.formats import datasets
from engine.network.preprocess import InputSpec, intensity, plan
from engine.progress import Progress, no_progress
from engine.volume import LV, MYO, RV, Volume

# Intensities are kept in steps, finer than any scanner's, so that scans kept in files are the scans read anew.
STEPS = 65535


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One volume, ready to be cropped.

    images: (Z, H, W) float32 in [0, 1], resampled in plane, 0 outside the source image, multiples of 1/STEPS.
    labels: (Z, H, W) uint8. centre: (Z, 2) float32, (y, x) of the heart in each slice; of the volume where it has none.
    mean, std: of the scan's tissue, as engine.network.preprocess.Intensity has them.
    taught: (Z, 3, H, W) uint8, a teacher's probabilities of LV, MYO and RV in 1/255; None without a teacher.
    """

    patient: str
    phase: str
    images: NDArray[np.float32]
    labels: NDArray[np.uint8]
    centre: NDArray[np.float32]
    mean: float
    std: float
    taught: NDArray[np.uint8] | None = None


def load_scans(cases: Iterable[datasets.Case], spec: InputSpec, *, progress: Progress = no_progress) -> list[Scan]:
    """Read and resample. Raises ScanError for a case that cannot be read."""
    scans, cases = [], list(cases)
    for done, case in enumerate(cases):
        progress(done, len(cases), case.name)
        volume, truth = datasets.read_case(case)
        scans.append(resample(case, volume, truth.array[0], spec))
    progress(len(cases), len(cases), "Done")
    return scans


def resample(case: datasets.Case, volume: Volume, truth: NDArray[np.uint8], spec: InputSpec) -> Scan:
    """A volume of one frame and its labels (Z, Y, X) on the network's grid.

    After changing the result, raise training.data.prepare.VERSION, so that older prepared files are not used.
    """
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
    marked = np.argwhere(label_array.any(0))
    # A mask without labels, such as that of a slice beyond the heart, is centred on the middle of the image.
    everywhere = marked.mean(0) if len(marked) else (np.array(label_array.shape[1:]) - 1) / 2
    centre = [np.argwhere(s).mean(0) if s.any() else everywhere for s in label_array]
    return Scan(
        case.patient, case.phase, from_steps(to_steps(np.stack(images))), label_array,
        np.array(centre, dtype=np.float32), scale.mean, scale.std,
    )  # fmt: skip


def to_steps(images: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Intensities in [0, 1] as whole steps."""
    steps: NDArray[np.uint16] = np.rint(images.clip(0, 1) * STEPS).astype(np.uint16)
    return steps


def from_steps(steps: NDArray[np.uint16]) -> NDArray[np.float32]:
    return steps.astype(np.float32) / np.float32(STEPS)
