"""`cinequant models`: lists what is installed, and what was rejected and why."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from app.cli.terminal import print_json, print_notices, print_text
from engine.errors import ModelError
from engine.network.catalog import Catalog, find_models, user_models
from engine.network.model_card import ModelCard


def run_models(arguments: argparse.Namespace) -> None:
    catalog = find_models()
    entries = []
    sound = True
    for card in catalog.models:
        entry: dict[str, Any] = {
            "id": card.id,
            "view": card.view,
            "default": card.id == catalog.default,
            "name": card.name,
            "version": card.version,
            "parameters": card.parameters,
            "labels": card.labels,
            "precisions": {name: card.path_for(name).resolve() for name in card.precisions},
            "size_bytes": {name: file.size_bytes for name, file in card.precisions.items()},
            "sha256": {name: file.sha256 for name, file in card.precisions.items()},
            "metrics": card.metrics,
            "metrics_split": card.metrics_split,
            "licence": card.licence,
        }
        if arguments.verify:
            entry["verified"] = _verify(card)
            sound = sound and all(result["ok"] for result in entry["verified"].values())
        entries.append(entry)
    if arguments.json:
        print_notices([f"rejected: {reason}" for _, reason in catalog.rejected], as_json=True)
        rejected = [{"folder": folder, "reason": reason} for folder, reason in catalog.rejected]
        print_json("models", {"models": entries, "rejected": rejected})
    else:
        print_text(_models_text(catalog, entries))
    if not sound:
        raise ModelError("a model does not compute here what it computed where it was exported; see above")


def _verify(card: ModelCard) -> dict[str, dict[str, Any]]:
    from engine.network import runtime  # noqa: PLC0415

    results: dict[str, dict[str, Any]] = {}
    for precision in card.precisions:
        try:
            difference, tolerance = runtime.verify(card, precision)
            results[precision] = {"ok": difference <= tolerance, "difference": difference, "tolerance": tolerance}
        except ModelError as error:
            results[precision] = {"ok": False, "reason": str(error)}
    return results


def _models_text(catalog: Catalog, entries: Sequence[dict[str, Any]]) -> str:
    lines = []
    for card, entry in zip(catalog.models, entries, strict=True):
        mark = " (default)" if card.id == catalog.default else ""
        said = f"{card.name} {card.version}, {card.view}, {card.parameters:,} parameters, {card.licence}"
        lines.append(f"{card.id}{mark}: {said}")
        lines.append(f"  {card.description}")
        for name, file in card.precisions.items():
            measured = ", ".join(f"{key} {value:.3f}" for key, value in card.metrics.get(name, {}).items())
            line = f"  {name}: {card.folder / file.file}, {file.size_bytes / 1e3:.0f} kB" + (
                f"; {measured}" if measured else ""
            )
            if "verified" in entry:
                result = entry["verified"][name]
                line += "; " + (
                    result["reason"]
                    if "reason" in result
                    else f"test tensors {'agree' if result['ok'] else 'DIFFER'} "
                    f"({result['difference']:.3g}, at most {result['tolerance']:.3g})"
                )
            lines.append(line)
        if card.metrics:
            lines.append(f"  measured on {card.metrics_split}")
    if not lines:
        lines.append(f"no model is installed; put a model's folder into {user_models()}")
    lines += [f"rejected: {reason}" for _, reason in catalog.rejected]
    return "\n".join(lines)
