"""The dialog that asks for the patient's details."""

import pytest
from app_fixtures import model_fixture, volume, window_fixture  # noqa: F401
from PySide6.QtWidgets import QWidget

from app.dialogs.patient_dialog import PatientDialog
from engine.measures.body import Body, BsaFormula, Sex

HEADER = Body(sex=Sex.FEMALE, age_years=62, height_cm=170)


@pytest.fixture(name="parent")
def made(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


def test_empty_fields_say_what_the_header_says_and_stay_empty(parent):
    dialog = PatientDialog(parent, Body(), HEADER)
    assert dialog.numbers["height_cm"].text() == "170 cm (header)"
    assert dialog.numbers["weight_kg"].text() == "not known"
    assert dialog.sex.currentText() == "female (header)"
    assert dialog.typed() == Body()


def test_what_was_typed_before_is_there(parent):
    typed = Body(sex=Sex.MALE, weight_kg=81.5, heart_rate_bpm=70, formula=BsaFormula.DUBOIS)
    assert PatientDialog(parent, typed, HEADER).typed() == typed


def test_a_decimal_comma_is_a_point(parent):
    dialog = PatientDialog(parent, Body(), HEADER)
    dialog.numbers["weight_kg"].lineEdit().setText("72,5")
    dialog.numbers["weight_kg"].interpretText()
    assert dialog.typed().weight_kg == 72.5


def test_slips_are_named_and_not_accepted(parent):
    dialog = PatientDialog(parent, Body(), HEADER)
    dialog.numbers["height_cm"].setValue(1.8)
    assert not dialog.ok.isEnabled()
    dialog.numbers["height_cm"].setValue(180)
    assert dialog.ok.isEnabled()


def test_ok_is_one_step_that_can_be_undone(window):
    window.session.opening.open_volume(volume(patient={"sex": "female"}))
    window.questions.patient()
    dialog = window.findChild(PatientDialog)
    dialog.numbers["weight_kg"].setValue(80)
    dialog.accept()
    assert window.session.state.facts.typed.weight_kg == 80
    window.session.undoing.undo()
    assert window.session.state.facts.typed == Body()
