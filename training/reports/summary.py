"""The table of all models, from results on disk; a model need not be installed to have its rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.network.model_card import ModelCard

LOG, TUNING_LOG = "log.csv", "tuning.csv"
EVALUATION = "evaluation.json"
# Results of learned bit widths; see training.reports.bitreport.
BITS = "bits.json"
COLUMNS = (
    "model",
    "precision",
    "parameters",
    "file kB",
    "× smaller",
    "Dice mean",
    "IoU mean",
    "LV",
    "MYO",
    "RV",
    "HD95 mean mm",
    "LV EF bias (limits) points",
    "LV EF MAE",
    "RV EF MAE",
    "M&Ms Dice",
    "training h",
)
ABSENT = "–"


class ReportError(ValueError):
    """Results and models on disk do not belong together; the message says which and what to do."""


def report(cards: Sequence[ModelCard], results: Path) -> str:
    """A Markdown table, a row for each model and precision, from results/<id>/evaluation.json.

    cards: the installed models; their rows come first.
    Raises ReportError where a result is of another file than theirs.
    """
    lines = [_row(COLUMNS), _row(["---"] * len(COLUMNS))]
    installed = {card.id: card for card in cards}
    folders = sorted(path.parent for path in results.glob(f"*/{EVALUATION}"))
    order = list(installed)
    folders.sort(key=lambda f: order.index(f.name) if f.name in installed else len(order))
    for folder in folders:
        written = read_evaluation(folder)
        card = installed.get(folder.name)
        for precision, file in card.precisions.items() if card else ():
            if written["sha256"].get(precision) != file.sha256:
                raise ReportError(
                    f"{folder / EVALUATION}: was measured on another {precision} file; evaluate {folder.name} again"
                )
        hours = training_hours(folder)
        if (folder / BITS).exists():
            # A model of learned bits is one file; it is compared with the float model that it began with.
            began = json.loads((folder / BITS).read_text(encoding="utf-8"))["float"]
            written.setdefault("size_bytes", {})["float32"] = began["size_bytes"]
        for precision in written["precisions"]:
            lines.append(_row(_cells(folder.name, written, precision, hours)))
    return "\n".join(lines)


def read_evaluation(folder: Path) -> dict[str, Any]:
    """Read what evaluate_model wrote into a results folder. Raises ReportError for any other file."""
    path = folder / EVALUATION
    try:
        written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(written["sha256"], dict) or not isinstance(written["precisions"], dict):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError):
        raise ReportError(f"{path}: is no evaluation; run `cinequant-train evaluate {folder.name}` again") from None
    return written


def training_hours(folder: Path) -> float | None:
    """Hours that the epochs of training took, and those of tuning under quantization; None without a log.

    For learned bit widths, those of the chosen training, without the float training it began with.
    """
    log, tuning, bits = folder / LOG, folder / TUNING_LOG, folder / BITS
    if bits.exists():
        written = json.loads(bits.read_text(encoding="utf-8"))
        return float(sum(run["seconds"] for run in written["runs"] if run["penalty"] == written["chosen"])) / 3600
    if not log.exists():
        return None
    with log.open(newline="", encoding="utf-8") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    if tuning.exists():
        with tuning.open(newline="", encoding="utf-8") as file:
            # Counted from the beginning of the tuning, unlike an epoch's own seconds.
            seconds += max((float(row["seconds"]) for row in csv.DictReader(file)), default=0.0)
    return seconds / 3600


def _cells(name: str, written: dict[str, Any], precision: str, hours: float | None) -> list[str]:
    found = written["precisions"][precision]
    every, ef = found["means"]["all"], found["ef"]
    lv, rv = ef["lv"], ef["rv"]
    distances = [every[key]["hd95_mm"] for key in ("lv", "myo", "rv")]
    # Files of older versions say nothing about size and other centres.
    sizes = written.get("size_bytes", {})
    file, full = sizes.get(precision), sizes.get("float32")
    return [
        written.get("name", name),
        precision,
        _number(written.get("parameters"), ","),
        _number(file and file / 1000, ".0f"),
        _number(file and full and full / file, ".1f"),
        _number(found["dice_mean"], ".4f"),
        _number(found.get("iou_mean"), ".4f"),
        *(_number(every[key]["dice"], ".3f") for key in ("lv", "myo", "rv")),
        _number(None if None in distances else sum(distances) / 3, ".1f"),
        _limits(lv),
        _number(lv["mae"], ".1f"),
        _number(rv["mae"], ".1f"),
        _number(written.get("external", {}).get(precision, {}).get("dice_mean"), ".4f"),
        _number(hours, ".1f"),
    ]


def _limits(found: dict[str, Any]) -> str:
    """Bias and limits of agreement; those of images without volumes are absent."""
    if found["bias"] is None:
        return ABSENT
    return f"{_number(found['bias'], '+.1f')} ({_number(found['low'], '.1f')} to {_number(found['high'], '.1f')})"


def _number(value: float | None, form: str) -> str:
    return ABSENT if value is None else format(value, form)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
