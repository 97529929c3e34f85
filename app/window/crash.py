"""Handles errors of the program itself: says so, saves the work, and offers a report that names no patient."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app.session.exporting import Rescued
from app.words.language import translate
from engine.errors import fault_report


def recovery_folder() -> Path:
    """Where work is rescued to, in a folder of this user. The name changes every minute."""
    root = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
    return Path(root) / "recovery" / datetime.now().strftime("%Y-%m-%d %H.%M")


class CrashHandler:
    """Takes the place of sys.excepthook while the window is open."""

    def __init__(self, parent: QWidget, recover: Callable[[Path], Rescued]) -> None:
        self._parent, self._recover = parent, recover
        self._before = sys.excepthook
        self._showing = False
        self.last_report = ""
        sys.excepthook = self

    def remove(self) -> None:
        sys.excepthook = self._before

    def __call__(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if not issubclass(kind, Exception):
            self._before(kind, error, where)
            return
        self.last_report = fault_report(error.with_traceback(where))
        sys.stderr.write(self.last_report + "\n")
        if self._showing:  # a fault that repeats with every redraw must not pile up dialogs
            return
        self._showing = True
        title = translate("Crash", "Something went wrong in CineQuant.")
        box = QMessageBox(QMessageBox.Icon.Critical, "CineQuant", title,
                          QMessageBox.StandardButton.Close, self._parent)  # fmt: skip
        said = translate(
            "Crash",
            "This is a fault of the program, not of the scan. {saved}\n\n"
            "The report below holds no patient data; it helps to fix the problem. What is on screen may no longer be "
            "right: close CineQuant and start it again.",
        )
        box.setInformativeText(said.format(saved=self._save()))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setDetailedText(self.last_report)
        copy = box.addButton(translate("Crash", "Copy report"), QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()  # stays open
        copy.clicked.connect(self._copy)
        close = box.button(QMessageBox.StandardButton.Close)
        close.setIcon(QIcon())
        box.setDefaultButton(QMessageBox.StandardButton.Close)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.finished.connect(self._closed)
        box.open()

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.last_report)

    def _closed(self) -> None:
        self._showing = False

    def _save(self) -> str:
        try:
            saved = self._recover(recovery_folder())
        except Exception as error:  # the rescue must not fail the report
            self.last_report += "\nwhile saving: " + fault_report(error)
            return translate("Crash", "The mask on screen could not be saved.")
        for bug in saved.bugs:
            self.last_report += "\nwhile saving: " + fault_report(bug)
        said = []
        if saved.written:
            text = translate("Crash", "The mask on screen was saved to {path}.")
            said.append(text.format(path=", ".join(str(path) for path in saved.written)))
        if saved.failed:
            said.append(translate("Crash", "Could not be saved: {masks}.").format(masks="; ".join(saved.failed)))
        return " ".join(said) or translate("Crash", "There was no mask to save.")
