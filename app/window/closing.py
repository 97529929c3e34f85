"""Closes the window without losing work: files are finished, and changes are saved, kept or given up knowingly."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.dialogs.unsaved_dialog import UnsavedDialog
from app.session.export_files import recovery_name
from app.session.session import Session
from app.state.case_content import is_unsaved, left_unsaved
from app.state.types import Kind
from app.window.cases import Cases
from app.words.language import translate
from app.words.names import scan_title
from engine.errors import ExportError

KEPT = "; unsaved changes are kept and offered at the next start"


class Closing:
    """Decides whether the window may close, and asks if it may not yet."""

    def __init__(self, window: QWidget, session: Session, cases: Cases) -> None:
        self._window, self._session, self._cases = window, session, cases
        self._decided = False
        self._logging_off = False

    def may_close(self) -> bool:
        """Whether nothing would be lost. If something would, the user is told or asked."""
        written = self._session.finish_writing()
        if self._decided or (self._logging_off and self._session.autosaving.flush()):
            return True
        if not written:  # the message on screen says which file could not be written
            return False
        state = self._session.state
        if is_unsaved(state) or left_unsaved(state):
            self._ask()
            return False
        return True

    def close_unasked(self, recovery: Path) -> str:
        """Close without a question, because a signal asks for it. Unsaved changes are kept for the next start.

        Returns what became of them, to be said after a semicolon; empty if there were none. Where they cannot be
        autosaved, corrected masks are written into the folder recovery. Raises ExportError if one cannot be written;
        the others are written and the window is closed then, too.
        """
        try:
            self._session.finish_writing()
            if self._session.autosaving.flush():
                return KEPT if self._session.autosaving.keeps else ""
            saved = self._session.exporting.save_unsaved(recovery, for_good=True)
            for bug in saved.bugs:
                raise bug
            if saved.failed:
                raise ExportError("; ".join(saved.failed))
            return f"; corrections that were not saved yet are in {recovery}" if saved.written else ""
        finally:
            self._close()

    def log_off(self) -> None:
        """The user logs off: keep unsaved changes for the next start, and do not ask when the window is closed."""
        self._session.finish_writing()
        self._logging_off = self._session.autosaving.flush()

    def keep(self) -> str:
        """Keep unsaved changes for the next start where no window can be closed any more. Says it as close_unasked."""
        self.log_off()
        return KEPT if self._logging_off and self._session.autosaving.keeps else ""

    def _ask(self) -> None:
        """Save the changes, lose them, or stay."""
        box = self._window.findChild(UnsavedDialog)
        if box is not None:
            box.raise_()
            return
        box = UnsavedDialog(self._window, self._lines())
        box.save_requested.connect(self._save_and_close)
        box.discard_requested.connect(self._close)
        box.open()

    def _lines(self) -> list[str]:
        """The cases with unsaved changes, the one on screen first."""
        state = self._session.state
        hide, volume = state.preferences.hide_names, state.scan.volume
        lines = [scan_title(volume, hide=hide)] if volume is not None and is_unsaved(state) else []
        hidden = translate("Cases", "Scan")
        return lines + [hidden if hide else left.name for left in left_unsaved(state).values()]

    def _save_and_close(self) -> None:
        for digest, left in left_unsaved(self._session.state).items():
            hide = self._session.state.preferences.hide_names
            path = left.path or self._cases.ask_name(None, recovery_name(digest) if hide else left.name)
            if path is None:
                return
            try:
                self._session.case_saving.save_left(digest, path)
            except ExportError as error:
                self._session.say(Kind.ERROR, str(error))
                return
        if is_unsaved(self._session.state):
            path = self._session.state.case.case_path
            if path is not None:
                self._session.case_saving.save(path)
            elif not self._cases.save_as():
                return
        self._window.close()

    def _close(self) -> None:
        self._decided = True
        self._window.close()
