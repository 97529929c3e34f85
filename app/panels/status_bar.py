"""The line at the bottom: what is running, and how to stop it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton

from app.look.widgets import label
from app.state.types import AppState
from app.words.language import translate
from app.words.names import without_names

STEP_PX = 32
"""The label is wider than its text by less than this."""


@dataclass(frozen=True, slots=True)
class ShownStatus:
    """All that the bar shows. what: empty where nothing runs. total: 0 if unknown."""

    what: str = ""
    done: int = 0
    total: int = 0
    can_stop: bool = False
    running: bool = False


def _shown_status(state: AppState) -> ShownStatus:
    busy = state.busy or state.models.checking
    if busy is None:
        return ShownStatus()
    return ShownStatus(without_names(busy.what, state), busy.done, busy.total, busy.can_stop, running=True)


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
        self._shown: ShownStatus | None = None
        self.apply(AppState())

    def apply(self, state: AppState) -> None:
        shown = _shown_status(state)
        if shown == self._shown:
            return
        self._shown = shown
        self.bar.setVisible(shown.running)
        self.cancel.setVisible(shown.can_stop)
        if not shown.running:
            self._say(translate("StatusBar", "Ready"))
            return
        self._say(f"{shown.what}  {shown.done} / {shown.total}" if shown.total else f"{shown.what}…")
        # Else QProgressBar paints all that is due in the window at once, with every report.
        self.bar.setUpdatesEnabled(False)
        # A range of 0 to 0 shows a bar that only moves, because nobody knows how long this takes.
        self.bar.setRange(0, shown.total)
        self.bar.setValue(shown.done)
        self.bar.setUpdatesEnabled(True)

    def _say(self, text: str) -> None:
        """In a label of a fixed size: for any other one Qt lays out the whole window anew with each text."""
        self.text.setText(text)
        needed = self.text.sizeHint()
        width = -(-needed.width() // STEP_PX) * STEP_PX
        if (width, needed.height()) != (self.text.width(), self.text.height()):
            self.text.setFixedSize(width, needed.height())
