"""The line at the bottom: what is running, and how to stop it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton

from app.look.widgets import label
from app.state.types import AppState
from app.words.language import translate
from app.words.names import without_names


class StatusBar(QFrame):
    """Progress and Cancel while something runs."""

    cancel_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        self.setFixedHeight(32)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(10)
        self.text = label("", "muted")
        row.addWidget(self.text)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(translate("StatusBar", "Progress"))
        self.bar.setFixedSize(180, 4)
        row.addWidget(self.bar)
        self.cancel = QPushButton(translate("StatusBar", "Cancel"))
        self.cancel.setObjectName("link")
        self.cancel.setToolTip(translate("StatusBar", "Stop this (Escape)"))
        self.cancel.clicked.connect(self.cancel_requested)
        row.addWidget(self.cancel)
        row.addStretch()
        self.apply(AppState())

    def apply(self, state: AppState) -> None:
        busy = state.busy or state.models.checking
        self.bar.setVisible(busy is not None)
        self.cancel.setVisible(busy is not None and busy.can_stop)
        if busy is None:
            self.text.setText(translate("StatusBar", "Ready"))
            return
        what = without_names(busy.what, state)
        self.text.setText(f"{what}  {busy.done} / {busy.total}" if busy.total else f"{what}…")
        # A range of 0 to 0 shows a bar that only moves, because nobody knows how long this takes.
        self.bar.setRange(0, busy.total)
        self.bar.setValue(busy.done)
