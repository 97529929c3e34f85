"""The table of shipped models, from the results that the commands wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.model_card import ModelCard

COLUMNS = (
    "model",
    "precision",
    "file kB",
    "Dice mean",
    "LV",
    "MYO",
    "RV",
    "HD95 mean mm",
    "LV EF bias (limits) points",
    "LV EF MAE",
    "RV EF MAE",
)


class ReportError(ValueError):
    """Results and models on disk do not belong together; the message says which and what to do."""


def report(cards: Sequence[ModelCard], results: Path) -> str:
    """A Markdown table, a row for each model and precision, from results/<id>/evaluation.json.

    Models without results are left out. Raises ReportError where a result is of another file than the card's.
    """
    lines = [_row(COLUMNS), _row(["---"] * len(COLUMNS))]
    for card in cards:
        path = results / card.id / "evaluation.json"
        if not path.exists():
            continue
        written = json.loads(path.read_text(encoding="utf-8"))
        for precision, file in card.precisions.items():
            if written["sha256"][precision] != file.sha256:
                raise ReportError(f"{path}: was measured on another {precision} file; evaluate {card.id} again")
            lines.append(_row(_cells(card, precision, written["precisions"][precision])))
    return "\n".join(lines)


def _cells(card: ModelCard, precision: str, found: dict[str, Any]) -> list[str]:
    every, ef = found["means"]["all"], found["ef"]
    lv, rv = ef["lv"], ef["rv"]
    hd95 = sum(every[key]["hd95_mm"] for key in ("lv", "myo", "rv")) / 3
    return [
        card.name,
        precision,
        f"{card.precisions[precision].size_bytes / 1000:.0f}",
        f"{found['dice_mean']:.4f}",
        *(f"{every[key]['dice']:.3f}" for key in ("lv", "myo", "rv")),
        f"{hd95:.1f}",
        f"{lv['bias']:+.1f} ({lv['low']:.1f} to {lv['high']:.1f})",
        f"{lv['mae']:.1f}",
        f"{rv['mae']:.1f}",
    ]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
