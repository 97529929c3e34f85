"""Two runs side by side: two evaluations of the same cases, or two batches of the same scans. B − A throughout."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.batch.rows import DONE, LONG_AXIS, MEASURED
from engine.errors import ScanError
from engine.evaluate import KEYS, CaseScore, Evaluation, from_dict, same_within
from engine.files import read_regular
from engine.measures.metrics import Agreement, Equivalence, agreement, equivalence

DICE_MARGIN = 0.002
EF_MARGIN = 1.0
"""Differences that do not matter: of mean Dice, and of the LV's ejection fraction in points."""
_MAX_BYTES = 1 << 30
_WORST = 10
EVALUATION, BATCH = "evaluate", "batch"


@dataclass(frozen=True, slots=True)
class CaseChange:
    """How one case differs most: the value in A, in B, and what of."""

    case: str
    what: str
    a: float
    b: float


@dataclass(frozen=True, slots=True)
class RunComparison:
    """kind: EVALUATION or BATCH. a, b: what made them. both: cases in both. only_a, only_b: those in one of them.

    main: the difference that counts, with its margin, of mean Dice or of the LV's EF; by its name.
    by_name: agreement of every other number, such as the Dice of each structure in each phase, or every measure.
    statuses: of a batch, "done → failed" and how many. same_labels: of a batch, cases with the very same mask.
    largest: the cases that differ most in the main number. pairs: all cases that have it.
    """

    kind: str
    a: str
    b: str
    both: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    main_name: str
    main: Equivalence
    by_name: dict[str, Agreement]
    statuses: dict[str, int]
    same_labels: int | None
    largest: tuple[CaseChange, ...]
    pairs: tuple[CaseChange, ...]


def compare(a: Path, b: Path, margin: float | None = None) -> RunComparison:
    """Two files of `cinequant evaluate --json`, or two folders of `cinequant batch`.

    margin: the difference that does not matter; None for DICE_MARGIN or EF_MARGIN. Raises ScanError.
    """
    kinds = [BATCH if path.is_dir() else EVALUATION for path in (a, b)]
    if kinds[0] != kinds[1]:
        raise ScanError(f"{a} and {b}: one is a batch's folder and the other a file; compare two of a kind")
    if kinds[0] == BATCH:
        return _batches(a, b, EF_MARGIN if margin is None else margin)
    return _evaluations(_evaluation(a), _evaluation(b), DICE_MARGIN if margin is None else margin)


def _evaluation(path: Path) -> Evaluation:
    try:
        data = json.loads(read_regular(path, _MAX_BYTES))
        if not str(data["schema"]).startswith("cinequant/evaluate/"):
            raise ValueError(data["schema"])
        return from_dict(data)
    except OSError as error:
        raise ScanError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScanError(
            f"{path}: is not what `cinequant evaluate --json` prints; give such a file, or the folder of a batch"
        ) from error


def _evaluations(a: Evaluation, b: Evaluation, margin: float) -> RunComparison:
    ours, theirs = ({_name(case): case for case in run.cases} for run in (a, b))
    both = [name for name in ours if name in theirs]
    if not both:
        raise ScanError("the two evaluations have no case in common; compare runs over the same patients")
    first, second = [ours[name] for name in both], [theirs[name] for name in both]
    one, other = (_of(run, cases) for run, cases in ((a, first), (b, second)))
    found: dict[str, Agreement] = {}
    for phase in dict.fromkeys(("all", *(case.phase for case in first))):
        for key in KEYS:
            pairs = [
                (y.scores[key].dice, x.scores[key].dice)
                for x, y in zip(first, second, strict=True)
                if phase in ("all", x.phase) and not math.isnan(x.scores[key].dice + y.scores[key].dice)
            ]
            found[f"dice {phase} {key}".replace("  ", " ")] = agreement([p[0] for p in pairs], [p[1] for p in pairs])
    for key in KEYS:
        volumes = [(y.scores[key].volume_ml, x.scores[key].volume_ml) for x, y in zip(first, second, strict=True)]
        found[f"volume {key}, mL"] = agreement([p[0] for p in volumes], [p[1] for p in volumes])
    compared = zip(both, first, second, strict=True)
    changes = [CaseChange(name, "mean Dice", _dice(x), _dice(y)) for name, x, y in compared]
    return RunComparison(
        kind=EVALUATION,
        a=_made(a),
        b=_made(b),
        both=len(both),
        only_a=tuple(name for name in ours if name not in theirs),
        only_b=tuple(name for name in theirs if name not in ours),
        main_name="mean Dice, by patient",
        main=same_within(other, one, margin),
        by_name=found,
        statuses={},
        same_labels=None,
        largest=_largest(changes),
        pairs=tuple(changes),
    )


def _of(run: Evaluation, cases: Sequence[CaseScore]) -> Evaluation:
    return replace(run, cases=tuple(cases))


def _name(case: CaseScore) -> str:
    return f"{case.patient} {case.phase}".strip()


def _dice(case: CaseScore) -> float:
    values = [score.dice for score in case.scores.values() if not math.isnan(score.dice)]
    return sum(values) / len(values) if values else math.nan


def _made(run: Evaluation) -> str:
    return f"{run.model} in {run.precision}" if run.precision else run.model


def _batches(a: Path, b: Path, margin: float) -> RunComparison:
    (ours, mine), (theirs, other) = _rows(a), _rows(b)
    both = [case for case in ours if case in theirs]
    if not both:
        raise ScanError(f"{a} and {b}: have no case in common; compare batches over the same scans")
    done = [case for case in both if ours[case]["status"] == theirs[case]["status"] == DONE]
    found: dict[str, Agreement] = {}
    for name in (*MEASURED, *LONG_AXIS):
        pairs = [(y, x) for case in done if (x := _value(ours[case], name)) is not None
                 and (y := _value(theirs[case], name)) is not None]  # fmt: skip
        if pairs:
            found[name] = agreement([p[0] for p in pairs], [p[1] for p in pairs])
    ef = [
        CaseChange(case, "LV EF, points", x, y)
        for case in done
        if (x := _value(ours[case], "lv_ef_percent")) is not None
        and (y := _value(theirs[case], "lv_ef_percent")) is not None
    ]
    return RunComparison(
        kind=BATCH,
        a=mine,
        b=other,
        both=len(both),
        only_a=tuple(case for case in ours if case not in theirs),
        only_b=tuple(case for case in theirs if case not in ours),
        main_name="LV ejection fraction, points, by case",
        main=equivalence([change.b - change.a for change in ef], margin),
        by_name=found,
        statuses=dict(
            Counter(
                f"{ours[case]['status']} → {theirs[case]['status']}"
                for case in both
                if ours[case]["status"] != theirs[case]["status"]
            )
        ),
        same_labels=sum(ours[case]["labels_sha256"] == theirs[case]["labels_sha256"] for case in done),
        largest=_largest(ef),
        pairs=tuple(ef),
    )


def _rows(folder: Path) -> tuple[dict[str, dict[str, str]], str]:
    """(rows by case, what made them). Raises ScanError."""
    try:
        settings = json.loads((folder / "batch.json").read_bytes())
        made = ", ".join(f"{model} in {precision}" for _, model, precision, _ in settings["models"])
        with (folder / "results.csv").open(encoding="utf-8", newline="") as stream:
            return {row["case"]: row for row in csv.DictReader(stream)}, f"{made} ({folder.name})"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScanError(
            f"{folder}: holds no batch that has run to its end; give the OUT of `cinequant batch`"
        ) from error


def _value(row: Mapping[str, Any], name: str) -> float | None:
    text = row.get(name) or ""
    return float(text) if text else None


def _largest(changes: Sequence[CaseChange]) -> tuple[CaseChange, ...]:
    known = [change for change in changes if not math.isnan(change.b - change.a) and change.a != change.b]
    return tuple(sorted(known, key=lambda change: (-abs(change.b - change.a), change.case))[:_WORST])
