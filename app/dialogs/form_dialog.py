"""What dialogs that ask share: a sentence, labelled fields below one another, OK and Cancel, and fields of numbers."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from app.look.widgets import label


class FormDialog(QDialog):
    """rows: the fields, see add_row. ok: the button that accepts."""

    def __init__(self, parent: QWidget | None, title: str, text: str) -> None:
        """text: what is asked, and why."""
        super().__init__(parent)
        self.setWindowTitle(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(14)
        column.addWidget(label(text, wrap=True))
        self.rows = QFormLayout()
        self.rows.setHorizontalSpacing(14)
        column.addLayout(self.rows)
        self._wrong = label("", "notice", wrap=True)
        self._wrong.hide()
        column.addWidget(self._wrong)
        buttons = plain_buttons(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        column.addWidget(buttons)
        self.setMinimumWidth(430)

    def say_wrong(self, text: str) -> None:
        """Say above the buttons what is wrong; nothing where the text is empty."""
        self._wrong.setText(text)
        self._wrong.setVisible(bool(text))


class NumberBox(QDoubleSpinBox):
    """From 0 up; at 0 it is empty and shows another text. Takes a decimal comma for a point."""

    def __init__(self, most: float, decimals: int, unit: str, empty: str) -> None:
        super().__init__()
        # Numbers look alike everywhere in the window; and a comma must not count as one between thousands.
        self.setLocale(QLocale.c())
        # The style sheet hides the buttons: with NoButtons it leaves the text a single pixel of width.
        self.setRange(0.0, most)
        self.setDecimals(decimals)
        self.setSuffix(f" {unit}")
        self.setSpecialValueText(empty)
        self.lineEdit().setTextMargins(7, 0, 7, 0)

    def validate(self, text: str, position: int) -> Any:
        return super().validate(text.replace(",", "."), position)

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(text.replace(",", "."))


def add_row(form: QFormLayout, name: str, field: QWidget | QHBoxLayout) -> None:
    """Add a field with its label in line with the text of the field."""
    words = label(name)
    # A form puts the label of a styled field above its middle.
    words.setMinimumHeight(field.sizeHint().height())
    if isinstance(field, QWidget):
        words.setBuddy(field)
    form.addRow(words, field)


def plain_buttons(which: QDialogButtonBox.StandardButton) -> QDialogButtonBox:
    """Buttons in words alone: the platform's small coloured icons do not go with the rest."""
    box = QDialogButtonBox(which)
    for button in box.buttons():
        button.setIcon(QIcon())
    return box
