"""What the user types of the patient wins over the header, is kept in the case, and goes with another scan."""

import json

import pytest
from app_fixtures import volume

from app.state.changes import evolve, opened
from app.state.patient_facts import PatientFacts, body_now, from_json, to_json
from app.state.types import AppState
from engine.measures.body import Body, BsaFormula, RateSource, Sex
from engine.measures.segments import Insertions

HEADER = {"sex": "female", "age": "62 years", "height_cm": "170", "weight_kg": "68", "heart_rate_bpm": "61"}
TYPED = PatientFacts(Body(weight_kg=72, heart_rate_bpm=75, formula=BsaFormula.DUBOIS))


def test_typed_values_stand_in_place_of_the_headers():
    body = body_now(volume(patient=HEADER), TYPED)
    assert (body.sex, body.age_years, body.height_cm, body.weight_kg) == (Sex.FEMALE, 62, 170, 72)
    assert (body.heart_rate_bpm, body.rate_source, body.formula) == (75, RateSource.TYPED, BsaFormula.DUBOIS)
    assert body_now(volume(patient=HEADER), PatientFacts()).rate_source is RateSource.HEADER
    assert body_now(None, TYPED).weight_kg == 72


def test_facts_survive_the_file_of_a_case():
    facts = PatientFacts(TYPED.typed, Insertions(-1.5, 1.25, turn=-1, found=False, sure=False))
    assert from_json(json.loads(json.dumps(to_json(facts)))) == facts
    assert from_json(json.loads(json.dumps(to_json(PatientFacts())))) == PatientFacts()


@pytest.mark.parametrize(
    "damage",
    [{"sex": "x"}, {"weight_kg": -3}, {"height_cm": True}, {"age_years": "old"}, {"bsa_formula": None},
     {"insertions": 3}, {"insertions": {"anterior": 1, "inferior": None, "turn": 1, "sure": True}},
     {"insertions": {"anterior": 1, "inferior": 2, "turn": 2, "sure": True}}],
)  # fmt: skip
def test_damaged_facts_are_refused_in_one_line(damage):
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        from_json({**to_json(TYPED), **damage})
    with pytest.raises(ValueError, match="no object"):
        from_json([])


def test_another_scan_has_another_patient():
    state = evolve(opened(AppState(), volume()), facts=TYPED)
    assert opened(state, volume(name="other")).facts == PatientFacts()
