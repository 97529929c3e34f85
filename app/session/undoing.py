"""Undo and redo. What they do is in app.state.steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.session.store import Store
from app.state import steps
from app.state.editing import Change
from app.state.history import HistoryStep
from app.state.types import AppState
from app.words.language import marked, translate

CORRECTION = marked("History", "correction of contours")


class Undoing:
    """One history for corrections, choices of the reader and measurements, also while nothing is being corrected."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def step(self, what: str, *, look: Mapping[str, Any] | None = None, **changes: Any) -> None:
        """Change fields of the state as one step. See app.state.steps.stepped."""
        self._store.show(steps.stepped(self._store.state, what, look=look, **changes))

    def undo(self) -> None:
        """Undo the last step, and bring on screen what it changed."""
        self._store.show(steps.undone(self._store.state))

    def redo(self) -> None:
        """Redo the step that was undone last, and bring on screen what it changed."""
        self._store.show(steps.redone(self._store.state))


def undo_name(state: AppState) -> str:
    """What undo would take back, in words; empty if there is nothing."""
    return _name(steps.next_undo(state))


def redo_name(state: AppState) -> str:
    """What redo would do again, in words; empty if there is nothing."""
    return _name(steps.next_redo(state))


def _name(step: HistoryStep | Change | None) -> str:
    if step is None:
        return ""
    return translate("History", step.what if isinstance(step, HistoryStep) else CORRECTION)
