"""A small table of numbers: names at the left, numbers flush right, cells made once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.look.widgets import label, plain_tip


@dataclass(frozen=True, slots=True)
class NumberCell:
    """text: as shown. tip: in plain words; also what a screen reader says. quiet: less than a number."""

    text: str
    tip: str = ""
    quiet: bool = False


class NumberTable(QWidget):
    """Shows rows of cells; the first row is the header."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._cells: dict[tuple[int, int], QLabel] = {}

    def show_rows(self, rows: Sequence[Sequence[NumberCell]]) -> None:
        """Other rows. Texts in the first column and row are names."""
        columns = max(map(len, rows), default=0)
        for column in range(max(columns, self._grid.columnCount())):
            self._grid.setColumnStretch(column, 0 if column >= columns else 4 if column == 0 else 3)
        for (r, c), cell in self._cells.items():
            if r >= len(rows) or c >= len(rows[r]):
                cell.setVisible(False)
        for r, row in enumerate(rows):
            for c, given in enumerate(row):
                if (r, c) not in self._cells:
                    made = self._cells[r, c] = label("", "muted" if c == 0 or r == 0 else "value")
                    if c:
                        made.setAlignment(Qt.AlignmentFlag.AlignRight)
                    self._grid.addWidget(made, r, c)
                cell = self._cells[r, c]
                name = "muted" if c == 0 or r == 0 or given.quiet else "value"
                if cell.objectName() != name:
                    cell.setObjectName(name)
                    cell.style().unpolish(cell)
                    cell.style().polish(cell)
                cell.setText(given.text)
                cell.setToolTip(plain_tip(given.tip) if given.tip else "")
                cell.setAccessibleDescription(given.tip)
                cell.setVisible(True)

    def texts(self) -> list[list[str]]:
        """What is shown, row by row."""
        shown = [at for at, cell in self._cells.items() if not cell.isHidden()]
        rows = sorted({r for r, _ in shown})
        return [[self._cells[r, c].text() for c in sorted(c for row, c in shown if row == r)] for r in rows]
