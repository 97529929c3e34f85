"""Steps that can be undone and that are not corrections of labels: choices of the reader, measurements on the image.

Steps of a correction are in the Correction itself, which is kept with its scan. All steps carry a number of one order
(app.state.order), so that undo takes them back in the order in which they were taken; see app.state.steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.state.order import next_order


@dataclass(frozen=True, slots=True, eq=False)
class HistoryStep:
    """what: its name for the user, in English, marked for translation. before, after: fields of the state by name.

    look: fields of the view that bring on screen what the step changed, such as {"slice_index": 3}.
    """

    what: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    look: Mapping[str, Any] = field(default_factory=dict)
    order: int = field(default_factory=next_order)


@dataclass(frozen=True, slots=True)
class HistoryState:
    """Steps done and undone, the latest last. Another scan starts with none."""

    steps: tuple[HistoryStep, ...] = ()
    steps_undone: tuple[HistoryStep, ...] = ()
