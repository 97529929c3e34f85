"""An evaluation on one page of HTML: tables, Bland-Altman plots, and a gallery of the worst cases."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from engine.evaluate import KEYS, CaseScore, Evaluation, worst
from engine.measures.metrics import Agreement, Equivalence, Interval
from engine.measures.quantities import MEASURES, SIDES
from engine.paper.web import differences, page, table
from engine.pictures.tiles import jpeg, tile
from engine.tables import RESEARCH_USE
from engine.volume import LabelMap, Volume

NAMES = {"lv": "LV cavity", "myo": "LV myocardium", "rv": "RV cavity"}
WORST = 12
_SLICES = 3

Shown = Callable[[CaseScore], tuple[Volume, LabelMap, LabelMap]]
"""A case's scan, the labels that were scored, and the truth."""


def to_html(evaluation: Evaluation, title: str, shown: Shown, against: tuple[str, Equivalence] | None = None) -> str:
    """The page, pictures included. against: the name of what it was compared with, and whether both are the same."""
    patients = len({case.patient for case in evaluation.cases})
    made = f"{evaluation.model} in {evaluation.precision}" if evaluation.precision else evaluation.model
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="faint">{escape(made)}, {patients} patients, {len(evaluation.cases)} volumes</p>',
        f"<p>Mean Dice <b>{_number(evaluation.dice_mean, 4)}</b> ({_reach(evaluation.dice_mean_interval)}), mean IoU "
        f"{_number(evaluation.iou_mean, 4)}.</p>",
        _equivalence(*against) if against else "",
        "<h2>By phase and group</h2>" + table(_overlap(evaluation)),
        _positions(evaluation),
        "<h2>Function: model − expert</h2>" + table(_function(evaluation)) + _plots(evaluation),
        _gallery(evaluation, shown),
        "<h2>Rules</h2><ul>" + "".join(f"<li>{escape(rule)}</li>" for rule in evaluation.rules) + "</ul>",
    ]
    return page(title, "".join(body), RESEARCH_USE)


def _equivalence(name: str, found: Equivalence) -> str:
    verdict = "equivalent" if found.equivalent else "not shown to be equivalent"
    return (
        f"<p>Minus {escape(name)}: {found.difference:+.4f}, 90 % interval {found.interval.low:+.4f} to "
        f"{found.interval.high:+.4f}, {found.n} patients: {verdict} within ±{found.margin:g} (two one-sided t-tests at "
        "5 %, paired by patient).</p>"
    )


def _overlap(evaluation: Evaluation) -> list[list[str]]:
    rows = [["", "Dice", "95 % interval", "IoU", "HD95 mm", "volumes", "without HD95"]]
    for name, means in [*evaluation.means.items(), *evaluation.groups.items()]:
        for key, mean in means.items():
            numbers = [
                _number(mean.dice, 4),
                _reach(mean.dice_interval),
                _number(mean.iou, 4),
                _number(mean.hd95_mm, 2),
            ]
            rows.append([f"{name}, {NAMES[key]}", *numbers, str(mean.n), str(mean.hd95_missing)])
    return rows


def _positions(evaluation: Evaluation) -> str:
    if not evaluation.phase_positions:
        return ""
    first = next(iter(evaluation.phase_positions.values()))
    rows = [["Dice of slices", *first]]
    for phase, positions in evaluation.phase_positions.items():
        for key, name in NAMES.items():
            rows.append([f"{phase}, {name}", *(_number(found[key], 4) for found in positions.values())])
    return "<h2>By position in the stack</h2>" + table(rows)


def _function(evaluation: Evaluation) -> list[list[str]]:
    rows = [["", "bias", "SD", "limits of agreement", "mean absolute", "ICC", "patients"]]
    for name, found in _agreements(evaluation):
        limits = f"{_number(found.low, 1)} to {_number(found.high, 1)}"
        numbers = [_number(found.bias, 1), _number(found.sd, 1), limits, _number(found.mae, 1), _number(found.icc, 3)]
        rows.append([name, *numbers, str(found.n)])
    return rows


def _agreements(evaluation: Evaluation) -> list[tuple[str, Agreement]]:
    ef = [(f"{side.upper()} EF, points", found) for side, found in evaluation.ef.items()]
    words = {m.key.replace(".", "_"): f"{SIDES[m.structure]} {m.short}, {m.unit}" for m in MEASURES}
    return [*ef, *((words.get(key, key), found) for key, found in evaluation.volumes.items())]


def _plots(evaluation: Evaluation) -> str:
    drawn = []
    for side in ("lv", "rv"):
        found = evaluation.ef.get(side)
        if found is None or not found.n:
            continue
        names, ours, truths = _ef_pairs(evaluation.cases, side)
        means = [(a + b) / 2 for a, b in zip(ours, truths, strict=True)]
        gaps = [a - b for a, b in zip(ours, truths, strict=True)]
        limits = found.low, found.bias, found.high
        drawn.append(differences(means, gaps, limits, f"{side.upper()} ejection fraction, points", names))
    return f'<div class="charts">{"".join(drawn)}</div>' if drawn else ""


def _ef_pairs(cases: Sequence[CaseScore], side: str) -> tuple[list[str], list[float], list[float]]:
    """(patients, the model's EF, the expert's) where both phases are there."""
    stacks = [case for case in cases if not case.single_slice]
    phases = {phase: {c.patient: c.scores[side] for c in stacks if c.phase == phase} for phase in ("ED", "ES")}
    names, ours, truths = [], [], []
    for patient, ed in phases["ED"].items():
        es = phases["ES"].get(patient)
        if es is not None and ed.volume_ml > 0 and ed.truth_ml > 0:
            names.append(patient)
            ours.append(100 * (1 - es.volume_ml / ed.volume_ml))
            truths.append(100 * (1 - es.truth_ml / ed.truth_ml))
    return names, ours, truths


def _gallery(evaluation: Evaluation, shown: Shown) -> str:
    articles = []
    for case in worst(evaluation, WORST):
        volume, labels, truth = shown(case)
        tiles = [
            tile(volume, labels, 0, index, dashed=truth.array[0, index])
            for index in _differing(labels, truth)[:_SLICES]
        ]
        tiles += [np.zeros_like(tiles[0])] * (_SLICES - len(tiles))
        picture = base64.b64encode(jpeg(np.concatenate(tiles, axis=1))).decode()
        scores = ", ".join(f"{NAMES[key]} {_number(case.scores[key].dice, 3)}" for key in KEYS)
        where = ", ".join(word for word in (case.group, case.disease) if word)
        articles.append(
            f'<article><img src="data:image/jpeg;base64,{picture}" alt="outlines of model and expert"><div>'
            f"<h3>{escape(f'{case.patient} {case.phase}'.strip())}</h3><p>Dice: {scores}</p>"
            f'<p class="faint">{escape(where)}</p></div></article>'
        )
    return (
        '<h2>The worst</h2><p class="faint">The slices in which model (coloured) and expert (white) differ most.</p>'
        + "".join(articles)
    )


def _differing(labels: LabelMap, truth: LabelMap) -> list[int]:
    """Slices by how many pixels differ, the most first."""
    apart = np.count_nonzero(labels.array[0] != truth.array[0], axis=(1, 2))
    return [int(index) for index in np.argsort(-apart, kind="stable")]


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def _reach(interval: Interval) -> str:
    return f"{_number(interval.low, 4)} to {_number(interval.high, 4)}"
