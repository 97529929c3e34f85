"""Make the rule for the most basal slices (engine.network.basal), and measure by folds what it gains.

    python -m benchmarks.basal_slices DATA [--model ID|FOLDER …] [--models DIR] [--write] [--threads N] [-o FILE]

DATA holds acdc/training and mnms_train. Only patients of the training sets are read: of ACDC those whose number does
not divide by 5. Each ED and ES file is segmented in int8 by every model, without a rule. A logistic regression a
structure, with an L2 penalty, learns whether the expert has it on the slices asked, from the labels of all models: what
one network does at the base tells of another. The table is of five folds of patients: each is decided by regressions
that saw none of its slices. --write fits on all and puts the rule into the folder and the card of the first model.

Labels are kept in --runs under a hash of the weights and of the data's place, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import add_output, give, table
from engine.files import write_atomically
from engine.formats import datasets
from engine.measures.metrics import bootstrap_interval
from engine.network.basal import BasalRule, BasalStack, basal_first, taken_away, to_json
from engine.network.catalog import find_models
from engine.network.model_card import BasalFile, ModelCard, load_card, save_card
from engine.network.predict import predict
from engine.volume import LV, RV, STRUCTURES

FOLDS = 5
PENALTY = 30.0
"""Of the squared weights of standardised features. From 5 to 60 the gain is the same within .0005."""
THRESHOLD = 0.5
SETS = (("ACDC", "acdc/training", "acdc", "train"), ("M&Ms", "mnms_train", "mnms", "all"))
RULE_FILE = "basal.json"
_SAID_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One volume as a model labels it, the first slice the basal one.

    truth, shared: (Z, 3) pixels of LV, MYO and RV that the expert has, and that both have.
    """

    group: str
    patient: str
    phase: str
    stack: BasalStack
    truth: NDArray[np.intp]
    shared: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Slices asked about one structure. x: (N, F). y: (N,), 1 where the expert has it. patient: (N,)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    patient: NDArray[np.str_]


def labelled(group: str, patient: str, phase: str, labels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> Labelled:
    """labels, truth: (Z, Y, X)."""
    stack = BasalStack(labels)
    if not basal_first(stack.areas):
        stack, labels, truth = stack.turned(), labels[::-1], truth[::-1]
    theirs = BasalStack(truth).areas
    shared = BasalStack(np.where(labels == truth, truth, 0).astype(np.uint8)).areas
    return Labelled(group, patient, phase, stack, theirs, shared)


def segment(data: Path, card: ModelCard, name: str, runs: Path, threads: int) -> list[Labelled]:
    """Every volume of the training patients. name: of the model. Labels that lie in runs are not made again."""
    made_by = f"{card.file_for('int8').sha256} {card.input} {card.keep_largest} {data.resolve()}"
    folder = runs / hashlib.sha256(made_by.encode()).hexdigest()[:16]
    cases = [
        (group, case)
        for group, place, layout, patients in SETS
        for case in datasets.find_cases(data / place, layout, patients)
    ]
    # A network is compiled for each size.
    cases.sort(key=lambda found: _size(found[1].image))
    bare, found, began, said = replace(card, basal=None), [], time.monotonic(), 0.0
    for done, (group, case) in enumerate(cases, start=1):
        kept = folder / f"{group}_{case.patient}_{case.phase}.npz"
        if not kept.is_file():
            volume, expert = datasets.read_case(case)
            made = predict(volume, bare, "int8", threads=threads).labels.array[0]
            packed = io.BytesIO()
            np.savez_compressed(packed, labels=made, truth=expert.array[0])
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(kept, packed.getvalue())
        with np.load(kept) as both:
            labels, truth = both["labels"], both["truth"]
        found.append(labelled(f"{group}, {name}", f"{group} {case.patient}", case.phase, labels, truth))
        now = time.monotonic() - began
        if now - said > _SAID_EVERY_S or done == len(cases):
            said = now
            sys.stderr.write(f"{name}: {done} of {len(cases)} volumes, {now:.0f} s\n")
    return found


def _size(path: Path) -> list[float]:
    """Columns and rows of a NIfTI file, and the size of a pixel."""
    header: Any = nib.load(path).header
    return [*header["dim"][1:3].tolist(), *header["pixdim"][1:3].tolist()]


def ask(volumes: Sequence[Labelled], label: int) -> Asked:
    rows, present, patients = [], [], []
    for one in volumes:
        slices, features = one.stack.candidates(label)
        rows.append(features)
        present += [float(one.truth[z, label - 1] > 0) for z in slices]
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


def kept_by(one: Labelled, rule: BasalRule) -> NDArray[np.bool_]:
    """Of which structures a volume keeps its pixels, (Z, 3)."""
    kept = np.ones(one.truth.shape, dtype=bool)
    for removed in taken_away([one.stack], rule):
        kept[removed.slice, removed.label - 1] = False
    return kept


def by_folds(volumes: Sequence[Labelled]) -> list[NDArray[np.bool_]]:
    """What each volume keeps, decided by a rule that saw none of its patient's slices."""
    asked = [ask(volumes, label) for label in STRUCTURES]
    patients = sorted({one.patient for one in volumes})
    np.random.default_rng(0).shuffle(patients)
    folds = [frozenset(patients[i::FOLDS]) for i in range(FOLDS)]
    rules = {patient: rule for fold in folds for rule in (fit(asked, fold),) for patient in fold}
    return [kept_by(one, rules[one.patient]) for one in volumes]


def dices(one: Labelled, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of LV, MYO and RV; NaN where neither has any."""
    whole = (one.stack.areas * kept + one.truth).sum(axis=0)
    return np.asarray(np.where(whole > 0, 2 * (one.shared * kept).sum(axis=0) / np.maximum(whole, 1), np.nan))


def basal_dice(one: Labelled, kept: NDArray[np.bool_], label: int) -> float:
    """Dice of the most basal slice that expert or model has the structure on, as `cinequant evaluate` counts."""
    whole = (one.stack.areas * kept + one.truth)[:, label - 1]
    z = int(np.flatnonzero(whole)[0])
    return float(2 * (one.shared * kept)[z, label - 1] / whole[z])


def ef_errors(volumes: Sequence[Labelled], kept: Sequence[NDArray[np.bool_]], label: int) -> NDArray[np.float64]:
    """Points that the EF is too large by, of each patient with both phases."""
    sizes = {
        (one.patient, one.phase): ((one.stack.areas * keep)[:, label - 1].sum(), one.truth[:, label - 1].sum())
        for one, keep in zip(volumes, kept, strict=True)
    }
    patients = sorted({p for p, _ in sizes if (p, "ED") in sizes and (p, "ES") in sizes})
    ejected = [[1 - sizes[p, "ES"][i] / max(1, sizes[p, "ED"][i]) for p in patients] for i in (0, 1)]
    return np.asarray(100 * (np.array(ejected[0]) - np.array(ejected[1])))


def rows_of(volumes: Sequence[Labelled], decided: Sequence[NDArray[np.bool_]]) -> list[list[str]]:
    """Of each group without and with the rule."""
    rows = []
    for group in dict.fromkeys(one.group for one in volumes):
        chosen = [i for i, one in enumerate(volumes) if one.group == group]
        some = [volumes[i] for i in chosen]
        before = [np.ones(one.truth.shape, dtype=bool) for one in some]
        after = [decided[i] for i in chosen]
        gains: dict[str, list[float]] = {}
        for one, whole, kept in zip(some, before, after, strict=True):
            gain = np.nanmean(dices(one, kept)) - np.nanmean(dices(one, whole))
            gains.setdefault(one.patient, []).append(float(gain))
        interval = bootstrap_interval(list(gains.values()))
        for name, made in (("no rule", before), ("rule", after)):
            pairs = list(zip(some, made, strict=True))
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


def cards(named: Sequence[str], models: Path | None) -> list[ModelCard]:
    """The models of some ids or folders; of none, the default one."""
    catalog = find_models([models] if models else None)
    if not named:
        return [catalog.get()]
    return [load_card(Path(name)) if Path(name).is_dir() else catalog.get(name) for name in named]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", default=[], help="an id or a folder; may be repeated")
    parser.add_argument("--models", type=Path, metavar="DIR", help="where ids are looked for (default: as the program)")
    parser.add_argument("--write", action="store_true", help="put the rule into the folder of the first model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/basal_slices"), help="labels are kept there")
    add_output(parser)
    arguments = parser.parse_args()
    models = cards(arguments.model, arguments.models)
    volumes = []
    for card in models:
        # Two versions of a model have one id.
        alone = [one.id for one in models].count(card.id) == 1
        name = card.id if alone else f"{card.id} {card.digest('int8')[:6]}"
        volumes += segment(arguments.data, card, name, arguments.runs, max(1, arguments.threads))
    head = ["scans, model", "", "Dice", "gain, 95 %", "LV base", "RV base", "LV EF bias / MAE", "RV EF bias / MAE"]
    give(table(head, rows_of(volumes, by_folds(volumes))), arguments.output)
    if arguments.write:
        write(fit([ask(volumes, label) for label in STRUCTURES]), models[0].folder)


if __name__ == "__main__":
    main()
