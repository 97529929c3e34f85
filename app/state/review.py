"""Where to look first: the flags of the labels drawn, which of them the reader has looked at, and where the view is.

No Qt. Ticks belong to a model's file: what was looked at in one precision was not in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.measures.flags import KEYS, Flag, Stop, Where

Ticks = Mapping[str, frozenset[Where]]


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """Flags of the labels drawn, in the order to look at them, and the rows of neighbours that they join to."""

    flags: tuple[Flag, ...]
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class ReviewState:
    """Another scan starts with a fresh one.

    review: None until the labels drawn have been looked through. ticks: what the reader has looked at, by the SHA-256
    of the model's file. Never changed in place. stop_at: the first flag of the place last gone to.
    """

    review: Review | None = None
    ticks: Ticks = field(default_factory=dict)
    stop_at: Where | None = None


def to_json(ticks: Ticks) -> dict[str, list[list[Any]]]:
    """Ready for JSON: by model, [structure, frame, slice] with null where all are meant."""
    return {model: sorted(map(list, wheres), key=repr) for model, wheres in ticks.items()}


def from_json(value: object) -> Ticks:
    """What to_json wrote; entries that it cannot have written are dropped."""
    if not isinstance(value, dict):
        return {}
    ticks = {}
    for model, entries in value.items():
        found = frozenset(filter(None, map(_where, entries if isinstance(entries, list) else ())))
        if isinstance(model, str) and found:
            ticks[model] = found
    return ticks


def _where(entry: object) -> Where | None:
    if not isinstance(entry, list) or len(entry) != 3 or entry[0] not in (*KEYS, ""):
        return None
    indices = entry[1:]
    sound = all(index is None or (type(index) is int and index >= 0) for index in indices)
    return Where(entry[0], *indices) if sound else None
