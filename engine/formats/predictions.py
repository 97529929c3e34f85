"""Masks that another program, or a batch, has made of a data set's cases: which file is whose, and what it holds."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.errors import ScanError
from engine.formats import nifti
from engine.formats.datasets import Case
from engine.formats.masks import LoadedMask, frames_in, read_masks
from engine.volume import LabelMap, Volume

# What programs put behind the name of an image: MONAI's SaveImage "_trans" or "_seg", others the rest.
_ENDINGS = ("", "_trans", "_seg", "_pred", "_mask", "_gt")
_BATCH, _RESULTS = "batch.json", "results.csv"


@dataclass(frozen=True, slots=True)
class PredictedFile:
    """A case's mask. frame: which frame of the file it is, from 0, where that holds a pair of phases; else None."""

    path: Path
    frame: int | None = None


def find_predictions(folder: Path, cases: Sequence[Case]) -> dict[Case, PredictedFile]:
    """The mask of each case in a folder: one that a batch has written, or files named after the images.

    nnU-Net writes NAME.nii.gz for NAME_0000.nii.gz, as engine.formats.nnunet names the cases of a data set; MONAI's
    SaveImage writes NAME/NAME_trans.nii.gz or _seg. Raises ScanError naming the first case without one.
    """
    if not folder.is_dir():
        raise ScanError(f"{folder}: no such folder; give the folder that holds the masks")
    of_batch = _batch_masks(folder) if (folder / _BATCH).is_file() else None
    found = {}
    for case in cases:
        file = of_batch.get(case.image.resolve()) if of_batch is not None else _named(folder, case)
        if file is None:
            wanted = f"mask such as {case_name(case)}.nii.gz" if of_batch is None else "mask from the batch"
            raise ScanError(f"{folder}: {case.name} has no {wanted}; add it, or leave it out with --patients")
        found[case] = file
    return found


def case_name(case: Case) -> str:
    """What a case is called where every file is one phase of one patient: "patient005_ED"."""
    return f"{case.patient}_{case.phase}" if case.phase else case.patient


def read_prediction(file: PredictedFile, volume: Volume, convention: str = "") -> LoadedMask:
    """The mask on the grid of a case's volume, which is one frame.

    convention: as read_masks takes it; empty for what the file, or a dataset.json beside it, says.
    Raises ScanError.
    """
    if file.frame is None:
        return read_masks([file.path], volume, convention=convention, frame=0)
    return _frame_of(file, volume, convention)


def _frame_of(file: PredictedFile, volume: Volume, convention: str) -> LoadedMask:
    several = _repeated(volume, frames_in([file.path]))
    mask = read_masks([file.path], several, convention=convention)
    assert file.frame is not None
    if file.frame >= len(mask.labels.array):
        raise ScanError(f"{file.path}: has {len(mask.labels.array)} frames, but the batch says more; run it again")
    one = mask.labels.array[file.frame : file.frame + 1]
    return LoadedMask(LabelMap(one, volume.geometry), (0,), mask.notices)


def _repeated(volume: Volume, frames: int) -> Volume:
    """The same frame several times, as a grid for the mask of several."""
    return replace(volume, array=np.broadcast_to(volume.array, (frames, *volume.array.shape[1:])), frame_times_ms=None)


def _named(folder: Path, case: Case) -> PredictedFile | None:
    stem = nifti.stem_of(case.image)
    names = dict.fromkeys((stem, stem.removesuffix("_0000"), case_name(case)))
    for name in names:
        for ending in _ENDINGS:
            for home in (folder, folder / name):
                for suffix in nifti.SUFFIXES:
                    path = home / f"{name}{ending}{suffix}"
                    if path.is_file() and path.resolve() not in (case.image.resolve(), case.truth.resolve()):
                        return PredictedFile(path)
    return None


def _batch_masks(folder: Path) -> Mapping[Path, PredictedFile]:
    """By image. Raises ScanError where the batch is not finished."""
    try:
        root = Path(json.loads((folder / _BATCH).read_bytes())["input"])
        with (folder / _RESULTS).open(encoding="utf-8", newline="") as stream:
            rows = [(row["mask"], row["source"].split(" + ")) for row in csv.DictReader(stream) if row["mask"]]
    # TypeError and AttributeError: JSON of another shape, and rows with too few cells.
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise ScanError(f"{folder}: holds no batch that has run to its end; run it again") from error
    found: dict[Path, PredictedFile] = {}
    for mask, names in rows:
        for frame, name in enumerate(names):
            found[(root / name).resolve()] = PredictedFile(folder / mask, frame if len(names) > 1 else None)
    return found
