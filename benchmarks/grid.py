"""What an expert's labels lose on the network's grid: the most that any network on that grid could reach.

    python -m benchmarks.grid DATA [--every N] [-o FILE]

DATA holds acdc/training, mnms_train and mnms2. Of every N-th patient of the training sets, the expert's labels are
resampled in plane to pixels of several sizes and back, as images and labels are (engine.network.preprocess), and
compared with what they were: Dice of each volume, means of LV, MYO and RV.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import add_output, give, table
from engine.formats import datasets
from engine.network.preprocess import Grid, InputSpec, plan, to_source
from engine.volume import STRUCTURES

SETS = (
    ("ACDC", "acdc/training", "acdc", "train"),
    ("M&Ms", "mnms_train", "mnms", "all"),
    ("M&Ms-2, long axis", "mnms2", "mnms2-la", "train"),
)
SPACINGS_MM = (1.5, 1.25, 1.0)


def there_and_back(plane: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
    """Labels (Y, X) on a network's grid and on their own again; each time the strongest label wins."""
    coarse = _strongest(np.stack([grid.rows @ share @ grid.columns_t for share in _shares(plane)]))
    return _strongest(to_source(_shares(coarse), grid))


def _shares(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.stack([(labels == value).astype(np.float32) for value in STRUCTURES])


def _strongest(shares: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.concatenate([(1 - shares.sum(0))[None], shares]).argmax(0).astype(np.uint8)


def kept(cases: list[datasets.Case], spacing_mm: float) -> list[float]:
    """Mean Dice over volumes that the labels keep, of LV, MYO and RV."""
    spec = InputSpec(spacing_mm=spacing_mm)
    dice = []
    for case in cases:
        volume, truth = datasets.read_case(case)
        grid = plan(volume.geometry, spec)
        before = truth.array[0]
        after = np.stack([there_and_back(plane, grid) for plane in before])
        dice.append([_dice(before == value, after == value) for value in STRUCTURES])
    return [float(value) for value in np.nanmean(dice, axis=0)]


def _dice(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    size = np.count_nonzero(one) + np.count_nonzero(two)
    return 2 * np.count_nonzero(one & two) / size if size else float("nan")


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=3, metavar="N")
    add_output(parser)
    arguments = parser.parse_args()
    rows = []
    for name, folder, layout, patients in SETS:
        cases = datasets.find_cases(arguments.data / folder, layout)
        cases = list(datasets.present(datasets.choose(cases, layout, patients)))
        chosen = set(sorted({case.patient for case in cases})[:: arguments.every])
        cases = [case for case in cases if case.patient in chosen]
        for spacing in SPACINGS_MM:
            values = kept(cases, spacing)
            rows.append([name, f"{spacing:g}", *(f"{v:.4f}" for v in (*values, np.mean(values))), len(cases)])
    give(table(["scans", "mm", "LV", "MYO", "RV", "mean", "volumes"], rows), arguments.output)


if __name__ == "__main__":
    main()
