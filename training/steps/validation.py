"""Evaluate an exported model on patients that training never saw, and record it in card and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.evaluate import Evaluation, evaluate
from engine.files import write_atomically
from engine.formats import datasets
from engine.network.model_card import ModelCard, save_card
from engine.progress import Progress, no_progress

EXTERNAL_SPLIT = "M&Ms, every patient given, ED and ES: mean over volumes; nothing was trained or chosen on them"


def evaluate_model(
    card: ModelCard,
    cases: Sequence[datasets.Case],
    results: Path,
    *,
    external: Sequence[datasets.Case] = (),
    split: str,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Evaluate every precision as `cinequant evaluate` does; update the card's metrics; write results/evaluation.json.

    cases: patients of the card's metrics. split: how the card describes them. external: those of other centres;
    without them, what is on disk of the same files stays. Returns what was written: "precisions" and "external", each
    precision → the evaluation as a dict, and what the table says of the model. Raises ScanError or ModelError.
    """
    found, metrics = {}, {}
    hashes = {precision: file.sha256 for precision, file in card.precisions.items()}
    path = results / "evaluation.json"
    elsewhere = {} if external else _kept(path, hashes)
    for precision in card.precisions:
        evaluation = evaluate(cases, card, precision, progress=progress)
        found[precision] = evaluation.to_dict()
        metrics[precision] = _metrics(evaluation)
        if external:
            elsewhere[precision] = evaluate(external, card, precision, progress=progress).to_dict()
    save_card(replace(card, metrics=metrics, metrics_split=split))
    results.mkdir(parents=True, exist_ok=True)
    written = {
        "model": card.id,
        "name": card.name,
        "parameters": card.parameters,
        "split": split,
        "sha256": hashes,
        "size_bytes": {precision: file.size_bytes for precision, file in card.precisions.items()},
        "precisions": found,
        "external_split": EXTERNAL_SPLIT,
        "external": elsewhere,
    }
    write_atomically(path, (json.dumps(written, indent=1, ensure_ascii=False) + "\n").encode())
    return written


def _kept(path: Path, hashes: dict[str, str]) -> dict[str, Any]:
    """The external evaluation on disk, where it is of the very same files."""
    if not path.exists():
        return {}
    before = json.loads(path.read_text(encoding="utf-8"))
    return before.get("external", {}) if before["sha256"] == hashes else {}


def _metrics(evaluation: Evaluation) -> dict[str, float]:
    """What the card says of one precision."""
    every = evaluation.means["all"]
    values = {"dice_mean": evaluation.dice_mean, "iou_mean": evaluation.iou_mean}
    values |= {f"dice_{key}": mean.dice for key, mean in every.items()}
    values |= {f"hd95_{key}_mm": mean.hd95_mm for key, mean in every.items()}
    values |= {f"ef_{key}_mae": agreement.mae for key, agreement in evaluation.ef.items()}
    return {name: round(value, 4) for name, value in values.items() if math.isfinite(value)}
