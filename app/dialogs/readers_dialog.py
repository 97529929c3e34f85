"""Two readers of one scan side by side: their numbers, and how far their labels agree."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from app.look.widgets import label
from app.state.case import OtherCase
from app.state.case_content import reader_function
from app.state.queries import comparison_key
from app.state.types import AppState
from app.words.engine_words import translated
from app.words.language import rounded, translate
from engine.measures.comparison import Comparison
from engine.measures.function import Function
from engine.measures.quantities import MEASURES, SIDES
from engine.volume import STRUCTURES

Row = tuple[str, str, str, str]
"""What it is, this case, the other one, the difference."""

KEYS = (
    "lv.edv_ml", "lv.esv_ml", "lv.sv_ml", "lv.ef_percent", "lv_mass_g", "rv.edv_ml", "rv.esv_ml", "rv.sv_ml",
    "rv.ef_percent",
)  # fmt: skip


class ReadersDialog(QDialog):
    """Follows the state: a correction changes its numbers at once, and Dice as soon as it is computed."""

    def __init__(self, parent: QWidget, state: AppState) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Readers", "Two readers"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        self._heads = (label("", "muted"), label(translate("Readers", "This case"), "muted"), label("", "muted"),
                       label(translate("Readers", "Difference"), "muted"))  # fmt: skip
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(26)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self._cells: list[QWidget] = []
        for at, head in enumerate(self._heads):
            self._grid.addWidget(head, 0, at, _side(at))
        column.addLayout(self._grid)
        self._note = label("", "small", wrap=True)
        column.addWidget(self._note)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in buttons.buttons():
            button.setIcon(QIcon())
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setMinimumWidth(480)
        self.rows: tuple[Row, ...] = ()
        self._title = ""
        self.follow(state, state)

    def follow(self, _: AppState, state: AppState) -> None:
        """Show the readers of this state; closes itself when there is only one any more."""
        other = state.case.other
        if other is None:
            self.reject()
            return
        title = translate("Readers", "Other case") if state.preferences.hide_names else other.path.stem
        rows = rows_of(reader_function(state), other, _agreement(state, other))
        if (title, rows) == (self._title, self.rows):
            return
        self._title, self.rows = title, rows
        self._heads[2].setText(title)
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.deleteLater()
        self._cells = []
        for number, row in enumerate(rows, start=1):
            cells: list[QWidget] = [label(row[0]), *(label(text, "value") for text in row[1:])]
            first_of_dice = not row[1] and row[0] == rows[-len(STRUCTURES)][0]
            self._grid.setRowMinimumHeight(number, 34 if first_of_dice else 0)
            for at, cell in enumerate(cells):
                self._grid.addWidget(cell, number, at, _side(at))
            self._cells += cells
        self._note.setText(translate("Readers", "Dice is of all frames. Neither reader is taken for the truth."))


def _side(column: int) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight


def rows_of(own: Function | None, other: OtherCase, agreement: Comparison | None) -> tuple[Row, ...]:
    """Volumes, ejection fractions and mass of both, then Dice of each structure."""
    rows: list[Row] = []
    for measure in MEASURES:
        if measure.key not in KEYS:
            continue
        one, two = (None if own is None else measure.value(own)), measure.value(other.function)
        mine, theirs = ("–" if value is None else rounded(value, measure.digits) for value in (one, two))
        difference = "–" if one is None or two is None else _signed(two - one, measure.digits + 1)
        unit = measure.unit_of(other.function)
        rows.append((f"{SIDES[measure.structure]} {translated(measure.short)}, {unit}", mine, theirs, difference))
    for at, name in enumerate(STRUCTURES.values()):
        value = math.nan if agreement is None else float(agreement.dice[at])
        said = translate("Readers", "Dice, {structure}").format(structure=translated(name))
        rows.append((said, "", "", "–" if math.isnan(value) else f"{value:.3f}"))
    return tuple(rows)


def _signed(value: float, digits: int) -> str:
    said = rounded(value, digits, signed=True)
    return said[1:] if not said.strip("+−0.") else said


def _agreement(state: AppState, other: OtherCase) -> Comparison | None:
    """How far the labels on screen agree with the other reader's, once it has been computed."""
    mask, key = state.segmentation.mask, comparison_key(state)
    if mask is None or mask.labels is not other.labels or key is None or key[1] is not mask:
        return None
    return state.segmentation.comparisons.get(key)
