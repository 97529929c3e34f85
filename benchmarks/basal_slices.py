"""Make the rule for the most basal slices (engine.network.basal), and measure by folds what it gains.

    python -m benchmarks.basal_slices DATA --model FOLDER [--model FOLDER …] [--write FOLDER] [-o FILE]

DATA holds acdc/training and mnms_train. Only patients of the training sets are read: of ACDC those whose number does
not divide by 5. Each ED and ES file is segmented by every model, without a rule. A logistic regression a structure,
with an L2 penalty, learns whether the expert has it on the slices asked. The table is of five folds of patients: each
is decided by regressions that saw none of its slices. --write fits on all and puts the rule into a model folder and its
card.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import add_output, give, table
from engine.files import write_atomically
from engine.formats import datasets
from engine.measures.metrics import bootstrap_interval
from engine.network.basal import BasalRule, BasalStack, basal_first, to_json, without_false_base
from engine.network.model_card import BasalFile, ModelCard, load_card, save_card
from engine.network.predict import predict
from engine.volume import LV, RV, STRUCTURES

FOLDS = 5
PENALTY = 30.0
"""Of the squared weights of standardised features. From 5 to 60 the gain is the same within .0005."""
THRESHOLD = 0.5
SETS = (("ACDC", "acdc/training", "acdc", "train"), ("M&Ms", "mnms_train", "mnms", "all"))
RULE_FILE = "basal.json"


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One volume of one model: labels and truth (Z, Y, X)."""

    group: str
    patient: str
    phase: str
    labels: NDArray[np.uint8]
    truth: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Slices asked about one structure. x: (N, F). y: (N,), 1 where the expert has it. patient: (N,)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    patient: NDArray[np.str_]


def segment(data: Path, card: ModelCard) -> list[Labelled]:
    found = []
    for group, folder, layout, patients in SETS:
        for case in datasets.find_cases(data / folder, layout, patients):
            volume, truth = datasets.read_case(case)
            labels = predict(volume, replace(card, basal=None), "int8", threads=1).labels.array[0]
            found.append(
                Labelled(f"{group}, {card.folder.name}", f"{group} {case.patient}", case.phase, labels, truth.array[0])
            )
    return found


def ask(volumes: Sequence[Labelled], label: int) -> Asked:
    rows, present, patients = [], [], []
    for one in volumes:
        stack, truth = BasalStack(one.labels), one.truth
        if not basal_first(stack.areas):
            stack, truth = stack.turned(), truth[::-1]
        slices, features = stack.candidates(label)
        rows.append(features)
        present += [float((truth[z] == label).any()) for z in slices]
        patients += [one.patient] * len(slices)
    return Asked(np.concatenate(rows), np.array(present), np.array(patients))


def fit(asked: Sequence[Asked], without: frozenset[str] = frozenset()) -> BasalRule:
    """The rule from all patients but some, by Newton's method."""
    means, scales, weights = [], [], []
    for one in asked:
        use = ~np.isin(one.patient, list(without))
        x, y = one.x[use], one.y[use]
        mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
        design = np.c_[np.ones(len(x)), (x - mean) / scale]
        penalty = np.diag([1e-3, *[PENALTY] * x.shape[1]])
        w = np.zeros(design.shape[1])
        for _ in range(20):
            p = 1 / (1 + np.exp(-design @ w))
            curvature = (design * np.maximum(p * (1 - p), 1e-4)[:, None]).T @ design + penalty
            w += np.linalg.solve(curvature, design.T @ (y - p) - penalty @ w)
        means.append(mean)
        scales.append(scale)
        weights.append(w)
    return BasalRule(np.array(means), np.array(scales), np.array(weights), THRESHOLD)


def by_folds(volumes: Sequence[Labelled]) -> list[NDArray[np.uint8]]:
    """Labels of each volume, decided by a rule that saw none of its patient's slices."""
    asked = [ask(volumes, label) for label in STRUCTURES]
    patients = sorted({one.patient for one in volumes})
    np.random.default_rng(0).shuffle(patients)
    folds = [frozenset(patients[i::FOLDS]) for i in range(FOLDS)]
    rules = {patient: rule for fold in folds for rule in (fit(asked, fold),) for patient in fold}
    return [without_false_base(one.labels[None], rules[one.patient])[0][0] for one in volumes]


def dices(labels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> list[float]:
    both = [((labels == s).sum() + (truth == s).sum(), ((labels == s) & (truth == s)).sum()) for s in STRUCTURES]
    return [float(2 * shared / whole) if whole else np.nan for whole, shared in both]


def basal_dice(labels: NDArray[np.uint8], truth: NDArray[np.uint8], label: int) -> float:
    """Dice of the most basal slice that expert or model has the structure on, as `cinequant evaluate` counts."""
    ours, theirs = labels == label, truth == label
    on = np.flatnonzero((ours | theirs).any(axis=(1, 2)))
    areas = np.stack([(truth == s).sum(axis=(1, 2)) for s in STRUCTURES], axis=1)
    z = on[0 if basal_first(areas) else -1]
    return float(2 * (ours[z] & theirs[z]).sum() / (ours[z].sum() + theirs[z].sum()))


def ef_errors(volumes: Sequence[Labelled], labels: Sequence[NDArray[np.uint8]], label: int) -> NDArray[np.float64]:
    sizes = {
        (one.patient, one.phase): (int((mine == label).sum()), int((one.truth == label).sum()))
        for one, mine in zip(volumes, labels, strict=True)
    }
    patients = sorted({p for p, _ in sizes if (p, "ED") in sizes and (p, "ES") in sizes})
    ejected = [[1 - sizes[p, "ES"][i] / max(1, sizes[p, "ED"][i]) for p in patients] for i in (0, 1)]
    return np.asarray(100 * (np.array(ejected[0]) - np.array(ejected[1])))


def rows_of(volumes: Sequence[Labelled], decided: Sequence[NDArray[np.uint8]]) -> list[list[str]]:
    """Of each group without and with the rule."""
    rows = []
    for group in dict.fromkeys(one.group for one in volumes):
        chosen = [i for i, one in enumerate(volumes) if one.group == group]
        some = [volumes[i] for i in chosen]
        before = [one.labels for one in some]
        after = [decided[i] for i in chosen]
        gains: dict[str, list[float]] = {}
        for one, mine in zip(some, after, strict=True):
            gain = np.nanmean(dices(mine, one.truth)) - np.nanmean(dices(one.labels, one.truth))
            gains.setdefault(one.patient, []).append(float(gain))
        interval = bootstrap_interval(list(gains.values()))
        for name, made in (("no rule", before), ("rule", after)):
            pairs = list(zip(made, (one.truth for one in some), strict=True))
            lv, rv = (ef_errors(some, made, label) for label in (LV, RV))
            rows.append([
                group, name,
                f"{np.nanmean(np.nanmean([dices(*pair) for pair in pairs], axis=0)):.4f}",
                f"{interval.low:+.4f} to {interval.high:+.4f}" if name == "rule" else "",
                *(f"{np.mean([basal_dice(*pair, label) for pair in pairs]):.3f}" for label in (LV, RV)),
                *(f"{error.mean():+.1f} / {np.abs(error).mean():.1f}" for error in (lv, rv)),
            ])  # fmt: skip
    return rows


def write(rule: BasalRule, folder: Path) -> None:
    content = (json.dumps(to_json(rule), indent=1) + "\n").encode()
    write_atomically(folder / RULE_FILE, content)
    save_card(replace(load_card(folder), basal=BasalFile(RULE_FILE, hashlib.sha256(content).hexdigest())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, action="append", required=True, help="a model folder; may be repeated")
    parser.add_argument("--write", type=Path, help="the model folder that gets the rule")
    add_output(parser)
    arguments = parser.parse_args()
    volumes = [one for folder in arguments.model for one in segment(arguments.data, load_card(folder))]
    head = ["scans, model", "", "Dice", "gain, 95 %", "LV base", "RV base", "LV EF bias / MAE", "RV EF bias / MAE"]
    give(table(head, rows_of(volumes, by_folds(volumes))), arguments.output)
    if arguments.write:
        write(fit([ask(volumes, label) for label in STRUCTURES]), arguments.write)


if __name__ == "__main__":
    main()
