"""What an exported model reaches on patients that training never saw, written into its card and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import datasets
from engine.evaluate import evaluate
from engine.files import write_atomically
from engine.model_card import ModelCard, save_card
from engine.progress import Progress, no_progress

METRICS_SPLIT = (
    "ACDC training set, the 20 patients whose number divides by 5, ED and ES: mean over volumes; "
    "training saw none of them"
)


def evaluate_model(
    card: ModelCard, cases: Sequence[datasets.Case], results: Path, *, progress: Progress = no_progress
) -> dict[str, Any]:
    """Evaluate every precision as `cinequant evaluate` does; update the card's metrics; write results/evaluation.json.

    Returns what was written: precision → the evaluation as a dict. Raises ScanError or ModelError.
    """
    found, metrics = {}, {}
    for precision in card.precisions:
        evaluation = evaluate(cases, card, precision, progress=progress)
        found[precision] = evaluation.to_dict()
        every = evaluation.means["all"]
        values = {"dice_mean": evaluation.dice_mean, "iou_mean": evaluation.iou_mean}
        values |= {f"dice_{key}": mean.dice for key, mean in every.items()}
        values |= {f"hd95_{key}_mm": mean.hd95_mm for key, mean in every.items()}
        values |= {f"ef_{key}_mae": agreement.mae for key, agreement in evaluation.ef.items()}
        metrics[precision] = {name: round(value, 4) for name, value in values.items() if math.isfinite(value)}
    save_card(replace(card, metrics=metrics, metrics_split=METRICS_SPLIT))
    results.mkdir(parents=True, exist_ok=True)
    hashes = {precision: file.sha256 for precision, file in card.precisions.items()}
    written = {"model": card.id, "split": METRICS_SPLIT, "sha256": hashes, "precisions": found}
    text = json.dumps(written, indent=1, ensure_ascii=False)
    write_atomically(results / "evaluation.json", (text + "\n").encode())
    return found
