"""The areas of every slice at both phases, with their sums; slices are left out and taken in from here, too."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QBrush, QColor, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.look import theme
from app.look.widgets import label
from app.session.session import Session
from app.state.areas import AreaCell, AreaTable, areas_shown
from app.state.base_to_apex import place_of_slice, turned_round
from app.state.types import AppState
from app.words.language import translate
from engine.volume import LV, MYO, RV

SHORT = {LV: "LV", MYO: "Myo", RV: "RV"}


class AreasDialog(QDialog):
    """Stays beside the window. A click goes to the slice; Space, or a double click, leaves it out or takes it in."""

    def __init__(self, parent: QWidget, session: Session) -> None:
        super().__init__(parent)
        self._session = session
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Areas", "Areas of the slices"))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        self.about = label("", "muted", wrap=True)
        column.addWidget(self.about)
        self.table = QTableWidget()
        self.table.setAccessibleName(translate("Areas", "Areas in cm² by slice and phase"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.cellClicked.connect(self._go)
        self.table.cellDoubleClicked.connect(self._toggle_at)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.addWidget(label(translate("Areas", "In brackets: does not count."), "small"), 1)
        self.leave_out = QPushButton(translate("Areas", "Leave out or take in"))
        self.leave_out.setToolTip(translate("Areas", "This structure on this slice, in this frame (Space)"))
        self.leave_out.clicked.connect(self._toggle_one)
        self.everywhere = QPushButton(translate("Areas", "In every frame"))
        self.everywhere.setToolTip(translate("Areas", "This structure on this slice, in every frame"))
        self.everywhere.clicked.connect(self._toggle_all)
        row.addWidget(self.leave_out)
        row.addWidget(self.everywhere)
        column.addLayout(row)
        self.table.installEventFilter(self)
        self._shown: tuple[AreaTable | None, int, bool] | None = None
        session.changed.connect(self._apply)
        self.resize(560, 480)
        self._apply(session.state, session.state)

    def _apply(self, old: AppState, new: AppState) -> None:
        shown = areas_shown(new), new.view.slice_index, turned_round(new)
        if shown == self._shown or (new.view.playing and self._shown is not None):
            return
        self._shown = shown
        table, current, _ = shown
        for button in (self.leave_out, self.everywhere):
            button.setEnabled(table is not None)
        if table is None:
            self.about.setText(translate("Areas", "Nothing is measured yet."))
            self.table.setRowCount(0)
            return
        if table.units_known:
            about = translate("Areas", "Areas in cm², sums in mL. Click to go to a slice.")
        else:
            about = translate("Areas", "Spacing unknown: areas and sums assume 1 mm.")
        self.about.setText(about)
        slices = len(table.columns[0].cells)
        self.table.setColumnCount(len(table.columns))
        self.table.setRowCount(slices + 1)
        self.table.setHorizontalHeaderLabels([f"{c.phase} {c.frame + 1}\n{SHORT[c.structure]}" for c in table.columns])
        total = translate("Areas", "Sum")
        self.table.setVerticalHeaderLabels([*(str(self._index(row) + 1) for row in range(slices)), total])
        for at, column in enumerate(table.columns):
            colour = QBrush(QColor(theme.structure_css(column.structure)))
            for index, cell in enumerate(column.cells):
                here = index == current
                self._put(self._index(index), at, _text(cell), colour if cell.counted else None, here=here)
            self._put(slices, at, f"{column.sum_ml:.1f}", colour, here=False, bold=True)

    def _index(self, row: int) -> int:
        """The slice in a row, the base on top; or the row of a slice."""
        table = self._shown[0] if self._shown is not None else None
        slices = len(table.columns[0].cells) if table is not None else 1
        return place_of_slice(row, slices, turned=self._shown is not None and self._shown[2])

    def _put(self, row: int, column: int, text: str, colour: QBrush | None, *, here: bool, bold: bool = False) -> None:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, column, item)
        item.setText(text)
        font = theme.font(12, bold=bold)
        font.setStrikeOut(colour is None)
        item.setFont(font)
        item.setForeground(colour or QBrush(QColor(theme.MUTED)))
        item.setBackground(QBrush(QColor(theme.BORDER)) if here else QBrush())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            if event.type() == QEvent.Type.ShortcutOverride:  # else the cine would play
                event.accept()
            elif event.type() == QEvent.Type.KeyPress:
                self._toggle_one()
            return True
        return super().eventFilter(watched, event)

    def _go(self, row: int, column: int) -> None:
        table = self._shown[0] if self._shown is not None else None
        if table is not None and row < len(table.columns[column].cells):
            self._session.update(slice_index=self._index(row), frame_index=table.columns[column].frame, playing=False)

    def _toggle_at(self, row: int, column: int) -> None:
        self._toggle(row, column, whole_cine=False)

    def _toggle_one(self) -> None:
        self._toggle(self.table.currentRow(), self.table.currentColumn(), whole_cine=False)

    def _toggle_all(self) -> None:
        self._toggle(self.table.currentRow(), self.table.currentColumn(), whole_cine=True)

    def _toggle(self, row: int, column: int, *, whole_cine: bool) -> None:
        table = self._shown[0] if self._shown is not None else None
        if table is None or row < 0 or column < 0 or row >= len(table.columns[column].cells):
            return
        chosen = table.columns[column]
        self._session.measuring.toggle_slice(
            structures=(chosen.structure,), frame=chosen.frame, index=self._index(row), whole_cine=whole_cine
        )


def _text(cell: AreaCell) -> str:
    if cell.cm2 is None:
        return "–"
    return f"{cell.cm2:.1f}" if cell.counted else f"({cell.cm2:.1f})"
