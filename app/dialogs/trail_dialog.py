"""What was done with the case on screen: when, and by which version of the program."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.look.widgets import label, plain_tip
from app.session.session import Session
from app.session.trail import trail_of
from app.state.types import AppState
from app.words.language import translate


class TrailDialog(QDialog):
    """Stays beside the window and follows it; Escape closes it."""

    def __init__(self, parent: QWidget, session: Session) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Trail", "What was done"))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        column.addWidget(label(translate("Trail", "Kept in the case file when the case is saved."), "muted", wrap=True))
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(translate("Trail", "What was done, when, and by which version"))
        self.table.setHorizontalHeaderLabels(
            [translate("Trail", "When"), translate("Trail", "What"), translate("Trail", "By")]
        )
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        column.addWidget(self.table, 1)
        self._shown: tuple[object, object] | None = None
        session.changed.connect(self._apply)
        self.resize(720, 420)
        self._apply(session.state, session.state)

    def _apply(self, old: AppState, new: AppState) -> None:
        # Corrections change the list, too, and come as new mappings.
        shown = new.case.audit, new.correction.corrections
        if self._shown is not None and shown[0] is self._shown[0] and shown[1] is self._shown[1]:
            return
        self._shown = shown
        trail = trail_of(new)
        self.table.setRowCount(len(trail))
        for row, entry in enumerate(trail):
            texts = (_local(entry.get("at", "")), entry.get("what", ""), entry.get("program", ""))
            for place, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(plain_tip(text))
                self.table.setItem(row, place, item)
        self.table.scrollToBottom()


def _local(at: str) -> str:
    """A time of a case file as clocks here show it; words for what has none yet."""
    if not at:
        return translate("Trail", "not saved yet")
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:  # another program's
        return at
