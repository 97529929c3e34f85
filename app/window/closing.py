"""Closes the window without losing work: exports are finished, and corrections are written or given up knowingly."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.unsaved_dialog import UnsavedDialog
from app.session.session import Session
from app.state.queries import unsaved
from app.state.types import Kind
from app.window.questions import documents
from app.words.language import translate
from engine.errors import ExportError


class Closing:
    """Decides whether the window may close, and asks if it may not yet."""

    def __init__(self, window: QWidget, session: Session) -> None:
        self._window, self._session = window, session
        self._decided = False

    def may_close(self) -> bool:
        """Whether nothing would be lost. If something would, the user is told or asked."""
        written = self._session.finish_writing()
        if self._decided:
            return True
        if not written:  # the message on screen says which file could not be written
            return False
        if unsaved(self._session.state):
            self._ask()
            return False
        return True

    def close_unasked(self, recovery: Path) -> Path | None:
        """Close without a question, because a signal asks for it. Corrections that are not exported are written first.

        Returns the recovery folder if something was written there. Raises ExportError if a mask could not be written;
        the others are written and the window is closed then, too.
        """
        try:
            self._session.finish_writing()
            saved = self._session.exporting.save_unsaved(recovery, for_good=True)
            for bug in saved.bugs:
                raise bug
            if saved.failed:
                raise ExportError("; ".join(saved.failed))
            return recovery if saved.written else None
        finally:
            self._close()

    def _ask(self) -> None:
        """Export the corrections, lose them, or stay."""
        box = self._window.findChild(UnsavedDialog)
        if box is not None:
            box.raise_()
            return
        state = self._session.state
        box = UnsavedDialog(self._window, unsaved(state), hide_names=state.preferences.hide_names)
        box.export_requested.connect(self._export_and_close)
        box.discard_requested.connect(self._close)
        box.open()

    def _export_and_close(self) -> None:
        title = translate("MainWindow", "Export the corrected masks: a folder")
        name = QFileDialog.getExistingDirectory(self._window, title, str(documents()))
        if not name:
            return
        saved = self._session.exporting.save_unsaved(Path(name), for_good=True)
        for bug in saved.bugs:
            raise bug
        if saved.failed:
            self._session.say(Kind.ERROR, "; ".join(saved.failed))
            return
        self._window.close()

    def _close(self) -> None:
        self._decided = True
        self._window.close()
