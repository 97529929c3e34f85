"""Asks what to do with changes that are in no file yet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMessageBox, QWidget

from app.words.language import COUNT, translate


class UnsavedDialog(QMessageBox):
    """Asked on closing: what becomes of cases that have changed since they were saved."""

    save_requested = Signal()
    discard_requested = Signal()

    def __init__(self, parent: QWidget, cases: Sequence[str]) -> None:
        """cases: a line for each."""
        super().__init__(QMessageBox.Icon.Warning, "CineQuant", "", QMessageBox.StandardButton.NoButton, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setTextFormat(Qt.TextFormat.PlainText)
        count = len(cases)
        self.setText(translate("Cases", "Unsaved changes in %n case(s).", "", COUNT, count))
        self.setInformativeText("\n".join(cases))
        roles = QMessageBox.ButtonRole
        save = self.addButton(translate("Cases", "Save"), roles.AcceptRole)
        discard = self.addButton(translate("Cases", "Discard"), roles.DestructiveRole)
        stay = self.addButton(translate("Cases", "Cancel"), roles.RejectRole)
        for button in (save, discard, stay):
            button.setIcon(QIcon())
        self.setDefaultButton(save)
        self.setEscapeButton(stay)
        self._save, self._discard = save, discard
        self.finished.connect(self._answer)

    def _answer(self) -> None:
        if self.clickedButton() is self._save:
            self.save_requested.emit()
        elif self.clickedButton() is self._discard:
            self.discard_requested.emit()
