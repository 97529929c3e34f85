"""Draws the tree of menus, and ticks what is chosen."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from app.state.types import AppState, Kind
from app.window.actions import Action, Commands, Filled, Menu, Note
from app.window.availability import why_not
from app.window.menus import ACTIONS, MENUS
from app.window.palette import ENGLISH
from app.words.language import translate


class MenuBar(QMenuBar):
    """actions_by_text, menus_by_title: what was made of the tree, by English names."""

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        self._commands = commands
        self.actions_by_text: dict[str, QAction] = {}
        self.menus_by_title: dict[str, QMenu] = {}
        self.setNativeMenuBar(False)
        for menu in MENUS:
            self._fill(self.addMenu(translate("Menu", menu.title)), menu)

    def tick(self, state: AppState) -> None:
        """Show what is chosen."""
        for entry in ACTIONS:
            if entry.checked is not None:
                self.actions_by_text[entry.text].setChecked(entry.checked(state))

    def trigger(self, text: str) -> None:
        """Do a command, or say why it cannot be done. text: its English name."""
        self.actions_by_text[text].trigger()

    def _fill(self, made: QMenu, menu: Menu) -> None:
        self.menus_by_title[menu.title] = made
        for entry in menu.entries:
            match entry:
                case None:
                    made.addSeparator()
                case Note():
                    made.addAction(translate("MainWindow", entry.text)).setEnabled(False)
                case Menu():
                    self._fill(made.addMenu(translate("Menu", entry.title)), entry)
                case Filled():
                    filled = self.menus_by_title[entry.title] = _FilledMenu(entry, self._commands)
                    made.addMenu(filled)
                case Action():
                    made.addAction(self._action(entry))

    def _action(self, entry: Action) -> QAction:
        action = _EntryAction(entry, self)
        action.chosen.connect(self._do)
        self.actions_by_text[entry.text] = action
        return action

    def _do(self, entry: Action) -> None:
        session = self._commands.session
        said = why_not(entry.text, session.state)
        if said:
            session.say(Kind.HINT, said)
        else:
            entry.do(self._commands)
        # Qt has changed the tick already; what was clicked may be what was chosen before.
        self.tick(self._commands.session.state)


class _EntryAction(QAction):
    """Says which entry of the tree was chosen."""

    chosen = Signal(object)

    def __init__(self, entry: Action, parent: QObject) -> None:
        super().__init__(translate("Action", entry.text), parent)
        self._entry = entry
        self.setProperty(ENGLISH, entry.text)
        self.setShortcuts([QKeySequence(key) for key in entry.keys])
        self.setCheckable(entry.checked is not None)
        self.triggered.connect(self._tell)

    def _tell(self) -> None:
        self.chosen.emit(self._entry)


class _FilledMenu(QMenu):
    """Filled each time that it opens."""

    def __init__(self, entry: Filled, commands: Commands) -> None:
        super().__init__(translate("Menu", entry.title))
        self._entry, self._commands = entry, commands
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        self._entry.fill(self._commands, self)
