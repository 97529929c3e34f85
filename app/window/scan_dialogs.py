"""Keeps what is asked about one scan from reaching another one, which may come on screen while a dialog is open."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QDialog

from app.session.session import Session
from app.state.types import AppState, Kind
from app.words.language import translate


def open_about_scan(dialog: QDialog, session: Session) -> None:
    """Open a dialog about the scan on screen. It is closed without effect when another scan takes its place."""
    _ScanWatch(dialog, session)
    dialog.open()


def still_on_screen(session: Session, volume_id: int) -> bool:
    """Whether the scan that was asked about is still on screen; if not, says that nothing was done."""
    if session.state.scan.volume_id == volume_id:
        return True
    text = translate(
        "MainWindow", "Another scan has come on screen meanwhile, so nothing was done. Choose the command again."
    )
    session.say(Kind.WARNING, text)
    return False


def is_another_scan(old: AppState, new: AppState) -> bool:
    """Whether another scan has come on screen. One that has been read completely is the same as before."""
    completed = old.scan.loading is not None and new.scan.loading is None
    same = new.scan.volume_id == old.scan.volume_id + int(completed)
    return not (same or new.scan.volume_id == old.scan.volume_id)


class _ScanWatch(QObject):
    """Lives as long as its dialog."""

    def __init__(self, dialog: QDialog, session: Session) -> None:
        super().__init__(dialog)
        session.changed.connect(self._changed)

    def _changed(self, old: AppState, new: AppState) -> None:
        dialog = self.parent()
        if isinstance(dialog, QDialog) and dialog.isEnabled() and is_another_scan(old, new):
            # No key can reach it any more. It is closed once everybody has heard of the new scan.
            dialog.setEnabled(False)
            QTimer.singleShot(0, dialog.reject)
