"""What was done with the case on screen, line by line: each says when and by which version of the program."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from app.session.store import Store
from app.state.case_content import audited, changes_said
from app.state.types import AppState
from engine import __version__

SAVED = "saved"


def noted(state: AppState, what: str) -> AppState:
    """The state with one more line, in English as files are."""
    return audited(state, datetime.now(UTC).isoformat(timespec="seconds"), what, f"CineQuant {__version__}")


def corrections_noted(state: AppState) -> AppState:
    """The state with the slices that were corrected since it was saved, each once."""
    for line in _not_noted(state):
        state = noted(state, line)
    return state


def note(store: Store, what: str) -> None:
    """Add a line to the case on screen, after those on what was corrected by then."""
    store.show(noted(corrections_noted(store.state), what))


def trail_of(state: AppState) -> tuple[Mapping[str, str], ...]:
    """All lines, and corrections that have none yet; these have no time."""
    return (*state.case.audit, *({"at": "", "what": line, "program": ""} for line in _not_noted(state)))


def _not_noted(state: AppState) -> list[str]:
    lines = [entry.get("what", "") for entry in state.case.audit]
    ends = [index for index, line in enumerate(lines) if line == SAVED]
    since = set(lines[ends[-1] + 1 if ends else 0 :])
    return [line for line in changes_said(state) if line not in since]
