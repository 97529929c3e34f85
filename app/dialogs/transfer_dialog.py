"""What the dialogs share that exchange with an archive: its choice at the top, progress, and how they close."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.dialogs.server_bar import ServerBar
from app.look.widgets import label, thin_progress
from app.session.archiving import Archiving
from app.session.jobs import JobReport
from app.words.language import translate


class TransferDialog(QDialog):
    """Stays open beside the work. Closed during a transfer, it is only hidden."""

    def __init__(self, parent: QWidget, archiving: Archiving, file: Path, title: str) -> None:
        """file: of the archives."""
        super().__init__(parent)
        self._archiving = archiving
        self.setWindowTitle(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 18, 20, 16)
        self.column.setSpacing(12)
        self.bar = ServerBar(archiving, file)
        self.column.addWidget(self.bar)

    def transfer_row(self, start: QPushButton, *left: QWidget, stop: Callable[[], None]) -> QHBoxLayout:
        """The row at the bottom: what is at its left, the progress, and Stop, start and Close.

        stop: what Stop does, a method of the dialog.
        """
        row = QHBoxLayout()
        for widget in left:
            row.addWidget(widget)
        if left:
            row.addStretch()
        self.progress = thin_progress()
        row.addWidget(self.progress)
        self.doing = label("", "muted")
        row.addWidget(self.doing)
        if not left:
            row.addStretch()
        self.stop = QPushButton(translate("Archive", "Stop"))
        self.stop.clicked.connect(stop)
        start.setObjectName("primary")
        self.done_ = QPushButton(translate("Archive", "Close"))
        self.done_.clicked.connect(self.close)
        for button in (self.stop, start, self.done_):
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    def show_transfer(self) -> bool:
        """Show the progress while something is transferred, and return whether that is so."""
        under_way = self._archiving.transferring
        for widget in (self.progress, self.doing, self.stop):
            widget.setVisible(under_way)
        if not under_way:
            self.progress.setRange(0, 1)
            self.doing.setText("")
        return under_way

    def show_progress(self, report: JobReport, text: str) -> None:
        """text: with {done} and {total}."""
        self.progress.setRange(0, report.total)
        self.progress.setValue(report.done)
        self.doing.setText(text.format(done=report.done, total=report.total))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._archiving.transferring:  # what comes back needs the dialog
            self.reject()
            event.ignore()
        else:
            super().closeEvent(event)

    def done(self, result: int) -> None:
        """Escape and the cross lead here."""
        self._archiving.forget()
        if self._archiving.transferring:
            self.hide()
        else:
            super().done(result)
