"""Asks for what indices and normal ranges need of the patient. What is left empty is as the header says."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.dialogs.form_dialog import FormDialog, NumberBox, add_row
from app.look.widgets import Choice
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


class _Number(NumberBox):
    """As many digits as are needed."""

    def textFromValue(self, value: float) -> str:
        return f"{value:g}"


class PatientDialog(FormDialog):
    """Shows what was typed before; beside it, as the empty value, what the header says."""

    details_given = Signal(object)
    """The Body of typed()."""

    def __init__(self, parent: QWidget, typed: Body, header: Body) -> None:
        text = translate(
            "PatientDialog",
            "For indices by body surface area, cardiac output and normal ranges. Leave a field empty if the header is "
            "right. It is kept with the case and never in file names.",
        )
        super().__init__(parent, translate("PatientDialog", "Patient"), text)
        self.sex = Choice()
        said = translate("PatientDialog", SEXES[header.sex]) if header.sex is not None else ""
        self.sex.addItem(_empty(said), None)
        for sex, name in SEXES.items():
            self.sex.addItem(translate("PatientDialog", name), sex)
        self.sex.setCurrentIndex(max(self.sex.findData(typed.sex), 0) if typed.sex is not None else 0)
        add_row(self.rows, translate("PatientDialog", "Sex"), self.sex)
        self.numbers: dict[str, _Number] = {}
        for name, (title, unit) in FIELDS.items():
            value = getattr(header, name)
            spelled = translate("PatientDialog", unit)
            box = _Number(LIMITS[name][1], 1, spelled, _empty("" if value is None else f"{value:.4g} {spelled}"))
            box.setValue(getattr(typed, name) or 0.0)
            box.valueChanged.connect(self._check)
            add_row(self.rows, translate("PatientDialog", title), box)
            self.numbers[name] = box
        self.formula = Choice()
        for formula in BsaFormula:
            self.formula.addItem(str(formula), formula)
        self.formula.setCurrentIndex(self.formula.findData(typed.formula))
        add_row(self.rows, translate("PatientDialog", "Body surface area by"), self.formula)
        self.accepted.connect(self._give)
        self._check()

    def _give(self) -> None:
        self.details_given.emit(self.typed())

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
        self.say_wrong("\n".join(said))
        self.ok.setEnabled(not said)


def _empty(header: str) -> str:
    """What an empty field says."""
    if not header:
        return translate("PatientDialog", "not known")
    return translate("PatientDialog", "{value} (header)").format(value=header)
