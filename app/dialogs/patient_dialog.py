"""Asks for what indices and normal ranges need of the patient. What is left empty is as the header says."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QDoubleSpinBox, QFormLayout, QVBoxLayout, QWidget

from app.look.widgets import Choice, label
from app.state.patient_facts import LIMITS
from app.words.language import marked, translate
from engine.measures.body import Body, BsaFormula, Sex

FIELDS = {
    "age_years": (marked("PatientDialog", "Age"), marked("PatientDialog", "years")),
    "height_cm": (marked("PatientDialog", "Height"), "cm"),
    "weight_kg": (marked("PatientDialog", "Weight"), "kg"),
    "heart_rate_bpm": (marked("PatientDialog", "Heart rate"), marked("PatientDialog", "beats a minute")),
}
SEXES = {Sex.FEMALE: marked("PatientDialog", "female"), Sex.MALE: marked("PatientDialog", "male")}


class _Number(QDoubleSpinBox):
    """Empty at its least value; takes a decimal comma for a point."""

    def __init__(self, most: float, unit: str, empty: str) -> None:
        super().__init__()
        self.setLocale(QLocale.c())
        self.setRange(0.0, most)
        self.setDecimals(1)
        self.setSuffix(f" {unit}")
        self.setSpecialValueText(empty)
        self.lineEdit().setTextMargins(7, 0, 7, 0)

    def textFromValue(self, value: float) -> str:
        return f"{value:g}"

    def validate(self, text: str, position: int) -> Any:
        return super().validate(text.replace(",", "."), position)

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(text.replace(",", "."))


class PatientDialog(QDialog):
    """Shows what was typed before; beside it, as the empty value, what the header says."""

    def __init__(self, parent: QWidget, typed: Body, header: Body) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("PatientDialog", "Patient"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(14)
        text = translate(
            "PatientDialog",
            "For indices by body surface area, cardiac output and normal ranges. Leave empty what the header says "
            "right. It is kept with the case and never in file names.",
        )
        column.addWidget(label(text, wrap=True))
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        self.sex = Choice()
        said = translate("PatientDialog", SEXES[header.sex]) if header.sex is not None else ""
        self.sex.addItem(_empty(said), None)
        for sex, name in SEXES.items():
            self.sex.addItem(translate("PatientDialog", name), sex)
        self.sex.setCurrentIndex(max(self.sex.findData(typed.sex), 0) if typed.sex is not None else 0)
        _row(form, translate("PatientDialog", "Sex"), self.sex)
        self.numbers: dict[str, _Number] = {}
        for name, (title, unit) in FIELDS.items():
            value = getattr(header, name)
            spelled = translate("PatientDialog", unit)
            box = _Number(LIMITS[name][1], spelled, _empty("" if value is None else f"{value:.4g} {spelled}"))
            box.setValue(getattr(typed, name) or 0.0)
            box.valueChanged.connect(self._check)
            _row(form, translate("PatientDialog", title), box)
            self.numbers[name] = box
        self.formula = Choice()
        for formula in BsaFormula:
            self.formula.addItem(str(formula), formula)
        self.formula.setCurrentIndex(self.formula.findData(typed.formula))
        _row(form, translate("PatientDialog", "Body surface area by"), self.formula)
        column.addLayout(form)
        self._wrong = label("", "notice", wrap=True)
        column.addWidget(self._wrong)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        for plain in buttons.buttons():
            plain.setIcon(QIcon())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        column.addWidget(buttons)
        self.setMinimumWidth(430)
        self._check()

    def typed(self) -> Body:
        """What was entered; None where the header is to speak."""
        found = {name: box.value() or None for name, box in self.numbers.items()}
        return Body(
            sex=self.sex.currentData(),
            age_years=found["age_years"],
            height_cm=found["height_cm"],
            weight_kg=found["weight_kg"],
            heart_rate_bpm=found["heart_rate_bpm"],
            formula=self.formula.currentData(),
        )

    def _check(self) -> None:
        said = []
        for name, box in self.numbers.items():
            low, high = LIMITS[name]
            if box.value() and box.value() < low:
                text = translate("PatientDialog", "{what}: from {low} to {high}")
                said.append(
                    text.format(what=translate("PatientDialog", FIELDS[name][0]), low=f"{low:g}", high=f"{high:g}")
                )
        self._wrong.setText("\n".join(said))
        self._wrong.setVisible(bool(said))
        self.ok.setEnabled(not said)


def _empty(header: str) -> str:
    """What an empty field says."""
    if not header:
        return translate("PatientDialog", "not known")
    return translate("PatientDialog", "{value} (header)").format(value=header)


def _row(form: QFormLayout, name: str, field: QWidget) -> None:
    words = label(name)
    words.setBuddy(field)
    # A form puts the label of a styled field above its middle.
    words.setMinimumHeight(field.sizeHint().height())
    form.addRow(words, field)
