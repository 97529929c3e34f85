"""Whether the review order finds what is wrong, on patients that neither the network nor the points were made with.

    python -m benchmarks.review DATA [--model ID] [--precision P] [-o FILE]

DATA holds acdc/training, mnms, sunnybrook and mnms2, as far as they are there. Each ED and ES file is segmented, and
every slice of every structure is scored. A slice is bad where its Dice with the expert is below engine.measures.flags'
BAD_DICE, a structure that only one of both has counting as 0; one that neither has is not bad. AUC: how often a bad
slice has a higher score than another. Its 95 % interval is of patients drawn anew.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.stats import rankdata

from benchmarks.tables import add_output, give, table
from engine.formats import datasets
from engine.formats.door import open_scan
from engine.measures.flags import BAD_DICE, FLAGGED, KEYS, LIKENESS, likeness, scores
from engine.measures.topology import Topology, topology_of
from engine.network.catalog import find_models
from engine.network.model_card import ModelCard
from engine.network.predict import predict
from engine.volume import LV, STRUCTURES, Confidence, Geometry, LabelMap, Source, Volume

DRAWS = 1000
FEW = 30
"""With fewer bad slices than this, an AUC of one structure says little, and only the pooled one is given."""
SURE = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One volume. Arrays (Z, 3) of LV, MYO and RV: score, Dice with the expert (NaN where neither has it), soft Dice,
    whether the model has it, whether the expert has it."""

    patient: str
    score: NDArray[np.float64]
    dice: NDArray[np.float64]
    soft: NDArray[np.float32]
    found: NDArray[np.bool_]
    true: NDArray[np.bool_]
    likeness: float

    @property
    def bad(self) -> NDArray[np.bool_]:
        return np.nan_to_num(self.dice, nan=1.0) < BAD_DICE


def _scored(patient: str, volume: Volume, truth: NDArray[np.uint8], card: ModelCard, precision: str) -> Scored:
    """truth: (Z, Y, X) of the first frame."""
    labels, topology, sure = _segmented(volume, card, precision)
    ours = [labels.array[0] == label for label in STRUCTURES]
    theirs = [truth == label for label in STRUCTURES]
    found, true = (np.stack([m.any(axis=(1, 2)) for m in masks], axis=1) for masks in (ours, theirs))
    both = np.stack([(a & b).sum(axis=(1, 2)) for a, b in zip(ours, theirs, strict=True)], axis=1)
    sizes = np.stack([a.sum(axis=(1, 2)) + b.sum(axis=(1, 2)) for a, b in zip(ours, theirs, strict=True)], axis=1)
    dice = 2 * both / np.where(sizes > 0, sizes, np.nan)
    score = scores(topology, volume, sure)[0]
    return Scored(patient, score, dice, sure.soft_dice[0], found, true, likeness(topology, sure))


def _segmented(volume: Volume, card: ModelCard, precision: str) -> tuple[LabelMap, Topology, Confidence]:
    prediction = predict(volume, card, precision)
    assert prediction.confidence is not None
    return prediction.labels, topology_of(prediction.labels.array), prediction.confidence


def _data_set(folder: Path, layout: str, patients: str, card: ModelCard, precision: str) -> list[Scored]:
    if not folder.is_dir():
        return []
    found = []
    for case in datasets.find_cases(folder, layout, patients):
        volume, truth = datasets.read_case(case)
        found.append(_scored(case.patient, volume, truth.array[0], card, precision))
    return found


def _sunnybrook(folder: Path, card: ModelCard, precision: str) -> list[Scored]:
    """Slices with an endocardial contour, of the left ventricle's cavity alone."""
    found = []
    for patient in sorted(folder.glob("SCD*")):
        volume = open_scan([patient / "dicom"])
        labels, topology, sure = _segmented(volume, card, precision)
        every = scores(topology, volume, sure)
        contours = {path.name.split("-icontour")[0]: path for path in patient.rglob("*-icontour-manual.txt")}
        contours = {name.split("-")[2]: path for name, path in contours.items()}
        for frame, files in enumerate(volume.source.instances):
            rows = []
            for index, file in enumerate(files):
                number = f"{int(pydicom.dcmread(file, stop_before_pixels=True).InstanceNumber):04d}"
                if number in contours:
                    truth = _filled(contours[number], volume.geometry.shape[1:])
                    ours = labels.array[frame, index] == LV
                    dice = 2 * (ours & truth).sum() / (ours.sum() + truth.sum())
                    rows.append((every[frame, index, 0], dice, sure.soft_dice[frame, index, 0], ours.any(), True))
            if rows:
                score, dice_, soft, there, true = (np.array(column)[:, None] for column in zip(*rows, strict=True))
                like = likeness(topology, sure)
                found.append(Scored(patient.name, score, dice_, soft, there, true, like))
    return found


def _filled(path: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    points = [tuple(map(float, line.split())) for line in path.read_text().splitlines() if line.strip()]
    image = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(image).polygon(points, fill=1)  # type: ignore[arg-type]
    return np.array(image, dtype=bool)


# -- figures -----------------------------------------------------------------------------------------------------------


def auc(score: NDArray[np.float64], bad: NDArray[np.bool_]) -> float:
    """Area under the ROC curve by ranks; NaN if all or none are bad."""
    n, m = int(bad.sum()), int((~bad).sum())
    if not n or not m:
        return math.nan
    return float((rankdata(score)[bad].sum() - n * (n + 1) / 2) / (n * m))


def _pooled(
    volumes: Sequence[Scored], columns: Sequence[int], *, outlined: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores, and which are bad. outlined: only where the model has the structure."""
    keep = [v.found[:, columns] if outlined else np.ones_like(v.found[:, columns]) for v in volumes]
    score = np.concatenate([v.score[:, columns][k] for v, k in zip(volumes, keep, strict=True)])
    return score, np.concatenate([v.bad[:, columns][k] for v, k in zip(volumes, keep, strict=True)])


def _row(name: str, volumes: Sequence[Scored], columns: Sequence[int], *, outlined: bool) -> list[str]:
    score, bad = _pooled(volumes, columns, outlined=outlined)
    by_patient: dict[str, list[Scored]] = {}
    for volume in volumes:
        by_patient.setdefault(volume.patient, []).append(volume)
    groups, rng, drawn = list(by_patient.values()), np.random.default_rng(0), []
    for _ in range(DRAWS if len(groups) > 2 else 0):
        picked = [v for i in rng.integers(len(groups), size=len(groups)) for v in groups[i]]
        drawn.append(auc(*_pooled(picked, columns, outlined=outlined)))
    low, high = np.nanpercentile(drawn, [2.5, 97.5]) if drawn else (math.nan, math.nan)
    flagged = score >= FLAGGED
    caught = f"{100 * flagged[bad].mean():.0f} %" if bad.any() else "–"
    interval = "–" if math.isnan(low) else f"{low:.3f} to {high:.3f}"
    value = "–" if math.isnan(auc(score, bad)) else f"{auc(score, bad):.3f}"
    return [name, str(len(score)), str(int(bad.sum())), value, interval, caught, f"{100 * flagged.mean():.0f} %"]


def _rows(name: str, volumes: Sequence[Scored]) -> Iterator[list[str]]:
    width = volumes[0].score.shape[1]
    for outlined, what in ((True, "outlined"), (False, "every slice")):
        for column in range(width if width > 1 else 0):
            if _pooled(volumes, [column], outlined=outlined)[1].sum() >= FEW:
                yield _row(f"{name}, {KEYS[column].upper()}, {what}", volumes, [column], outlined=outlined)
        yield _row(f"{name}, {'all' if width > 1 else 'LV'}, {what}", volumes, range(width), outlined=outlined)


def _hidden(volumes: Iterable[Scored]) -> str:
    """Right ventricles that the network was sure of and the expert did not draw."""
    soft = [float(s) for v in volumes for s in v.soft[:, 2][v.found[:, 2] & ~v.true[:, 2]]]
    score = [float(s) for v in volumes for s in v.score[:, 2][v.found[:, 2] & ~v.true[:, 2]]]
    sure = sum(s >= SURE for s in soft)
    unflagged = sum(s < FLAGGED for s in score)
    return (
        f"Of {len(soft)} slices with a right ventricle that the expert does not have, the network is sure of {sure} "
        f"(soft Dice {SURE} or more), and {unflagged} have no flag: these stay hidden."
    )


# -- inputs unlike the training data -----------------------------------------------------------------------------------


def _unlike(data: Path) -> Iterator[tuple[str, Volume]]:
    """Four-chamber views, stacks cut across short-axis stacks, and CT images, each without the header's warning."""
    if (data / "mnms2").is_dir():
        for case in datasets.find_cases(data / "mnms2", "mnms2-la", "val"):
            yield "four-chamber views", datasets.read_case(case)[0]
    for case in datasets.find_cases(data / "acdc" / "training", "acdc", "val"):
        if case.phase != "ED":
            continue
        volume, _ = datasets.read_case(case)
        x_mm, y_mm, z_mm = volume.geometry.spacing_mm
        thin = ndimage.zoom(volume.array[0].astype(np.float32), (z_mm / 1.5, 1, 1), order=1)
        for turned, across, along in ((thin.transpose(1, 0, 2), x_mm, y_mm), (thin.transpose(2, 0, 1), y_mm, x_mm)):
            step, middle = max(1, round(8 / along)), len(turned) // 2
            planes = turned[middle - 4 * step : middle + 5 * step : step]
            yield "stacks cut lengthwise", _volume(planes, (across, 1.5, 8.0))
    for path in sorted((data / "edge").rglob("*.dcm")):
        try:
            header = pydicom.dcmread(path)
            pixels = header.pixel_array if header.get("Modality") == "CT" else None
        except Exception:  # the folder holds damaged files on purpose
            continue
        if pixels is not None and pixels.ndim == 2:
            row_mm, column_mm = (float(mm) for mm in header.get("PixelSpacing", (1.0, 1.0)))
            yield "CT images", _volume(pixels[None].astype(np.int32), (column_mm, row_mm, 5.0))


def _volume(planes: NDArray[np.generic], spacing_mm: tuple[float, float, float]) -> Volume:
    array = np.ascontiguousarray(planes)[None]
    geometry = Geometry(np.diag([*spacing_mm, 1.0]), array.shape[1:])
    return Volume(array, geometry, Source("nifti", (), "made"))


def _likeness_text(data: Path, card: ModelCard, precision: str, tested: dict[str, list[Scored]]) -> str:
    rows = []
    for name, volumes in tested.items():
        low = sum(v.likeness < LIKENESS for v in volumes)
        rows.append([name, str(len(volumes)), str(low), f"{100 * low / len(volumes):.1f} %"])
    unlike: dict[str, list[float]] = {}
    for name, volume in _unlike(data):
        _, topology, sure = _segmented(volume, card, precision)
        unlike.setdefault(name, []).append(likeness(topology, sure))
    for name, values in unlike.items():
        low = sum(value < LIKENESS for value in values)
        rows.append([name, str(len(values)), str(low), f"{100 * low / len(values):.1f} %"])
    return table(["input", "stacks", f"likeness below {LIKENESS}", "share"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default=None)
    parser.add_argument("--precision", default="int8")
    add_output(parser)
    arguments = parser.parse_args()
    card, precision, data = find_models().get(arguments.model), arguments.precision, arguments.data
    tested = {
        "ACDC validation": _data_set(data / "acdc" / "training", "acdc", "val", card, precision),
        "M&Ms": _data_set(data / "mnms", "mnms", "all", card, precision),
        "Sunnybrook": _sunnybrook(data / "sunnybrook", card, precision),
    }
    tested = {name: volumes for name, volumes in tested.items() if volumes}
    rows = [row for name, volumes in tested.items() for row in _rows(name, volumes)]
    both = [v for name, volumes in tested.items() if name != "Sunnybrook" for v in volumes]
    rows += list(_rows("ACDC and M&Ms", both))
    head = ["slices", "n", "bad", "AUC", "95 %", "bad ones flagged", "flagged"]
    text = (
        f"{card.name} in {precision}; bad is a slice Dice below {BAD_DICE}.\n\n{table(head, rows)}\n\n{_hidden(both)}"
    )
    give(f"{text}\n\n{_likeness_text(data, card, precision, tested)}", arguments.output)


if __name__ == "__main__":
    main()
