"""The state of the window: one value, one way to change it, one signal that tells of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from app.state.changes import evolve
from app.state.types import AppState, Command, Kind, Message
from app.words.language import translate
from engine.errors import CineQuantError


class Store(QObject):
    """Owns the state. changed(old, new) is emitted for every change, and for nothing else."""

    changed = Signal(object, object)

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self.state = state

    def update(self, **changes: Any) -> None:
        """Change fields of the state, each named without its group. Values are clamped to what is valid."""
        self.show(evolve(self.state, **changes))

    def show(self, new: AppState) -> None:
        """Put another state in place of this one."""
        old = self.state
        if new != old:
            self.state = new
            self.changed.emit(old, new)

    def say(self, kind: Kind, text: str, *, action: str = "", command: Command | None = None) -> None:
        """Show a message. action, command: see Message."""
        self.update(message=Message(kind, text, action, command))

    def complain(self, error: CineQuantError | None) -> None:
        """Show the error of a job. A bug, None here, is shown by the crash handler."""
        if error is not None:
            self.say(Kind.ERROR, str(error))


def still_loading(store: Store) -> bool:
    """Whether the scan on screen has not been read completely; if so, says that it has to be."""
    if store.state.scan.loading is None:
        return False
    text = translate("Session", "The scan is still being read: wait until it is complete.")
    store.say(Kind.HINT, text)
    return True
