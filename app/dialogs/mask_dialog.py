"""Asks what the values of a mask file mean. They are never guessed, because swapped ventricles look plausible."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QDialog, QDialogButtonBox, QRadioButton, QVBoxLayout, QWidget

from app.dialogs.form_dialog import plain_buttons
from app.look.widgets import label
from app.words.language import marked, translate

CONVENTION_TEXTS = {
    "mnms": marked(
        "MaskDialog", "1 LV cavity, 2 LV myocardium, 3 RV cavity\nM&&Ms, M&&Ms-2, and masks that CineQuant exports"
    ),
    "acdc": marked("MaskDialog", "1 RV cavity, 2 LV myocardium, 3 LV cavity\nACDC"),
}


class MaskDialog(QDialog):
    """Starts with nothing chosen."""

    convention_given = Signal(str)

    def __init__(self, parent: QWidget, name: str, frame_text: str = "") -> None:
        """frame_text: which frame a mask of a single frame is taken for, in a sentence."""
        super().__init__(parent)
        self.setWindowTitle(translate("MaskDialog", "Load mask"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        asked = translate("MaskDialog", "What do the values in {file} mean?").format(file=name)
        column.addWidget(label(asked, wrap=True))
        self._group = QButtonGroup(self)
        self.choices: dict[str, QRadioButton] = {}
        for convention, text in CONVENTION_TEXTS.items():
            button = self.choices[convention] = QRadioButton(translate("MaskDialog", text))
            self._group.addButton(button)
            button.toggled.connect(self._check)
            column.addWidget(button)
        if frame_text:
            column.addWidget(label(frame_text, "muted", wrap=True))
        buttons = plain_buttons(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setText(translate("MaskDialog", "Load"))
        column.addWidget(buttons)
        self.setMinimumWidth(440)
        self.accepted.connect(self._give)
        self._check()

    def _give(self) -> None:
        self.convention_given.emit(self.convention())

    def convention(self) -> str:
        """The name of the convention chosen, empty before one is."""
        return next((name for name, button in self.choices.items() if button.isChecked()), "")

    def _check(self) -> None:
        self.ok.setEnabled(bool(self.convention()))
