"""What a command of the window is: its name, its keys, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QMenu

from app.session.session import Session
from app.state.types import AppState
from app.window.archive_windows import ArchiveWindows
from app.window.cases import Cases
from app.window.export_questions import ExportQuestions
from app.window.info_windows import InfoWindows
from app.window.questions import Questions


class Commands(Protocol):
    """What commands can reach. The main window is one."""

    session: Session
    questions: Questions
    exports: ExportQuestions
    info: InfoWindows
    archives: ArchiveWindows
    cases: Cases

    def close(self) -> bool: ...

    def toggle_full_screen(self) -> None: ...

    def toggle_panels(self) -> None: ...

    def ask_colour(self, structure: int) -> None: ...

    def show_palette(self) -> None: ...

    def show_shortcuts(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Action:
    """text: English name. keys: as QKeySequence reads them; the first is shown.

    do: called when the command is chosen. checked: whether the menu shows a tick; None if there is nothing to tick.
    """

    text: str
    do: Callable[[Commands], object]
    keys: tuple[str, ...] = ()
    checked: Callable[[AppState], bool] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A line that only tells something."""

    text: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A menu whose entries depend on what is open. fill: called with the empty menu before it is shown."""

    title: str
    fill: Callable[[Commands, QMenu], None]


@dataclass(frozen=True, slots=True)
class Menu:
    """entries: from top to bottom; None is a line."""

    title: str
    entries: tuple[Action | Menu | Filled | Note | None, ...]
