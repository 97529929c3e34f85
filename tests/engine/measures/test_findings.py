"""Indices, output and rates of the phantom, and the rows that panel and files read."""

from dataclasses import replace

import pytest

from engine.measures import findings as of
from engine.measures.body import Body, RateSource, Sex
from engine.measures.findings import DERIVED, findings_of, rows_of, to_json
from engine.measures.function import measure
from engine.measures.norms import Verdict
from engine.measures.quantities import MEASURES
from engine.measures.reading import Papillary, Reading
from engine.phantom import make_phantom

BODY = Body(Sex.MALE, 60, 180, 80, 60, RateSource.TYPED)


@pytest.fixture(scope="module")
def heart():
    volume, labels, _ = make_phantom(20, 8, 104)
    return volume, measure(labels, volume)


def _values(found) -> dict[str, float | None]:
    return {row.key: row.value for row in rows_of(found)}


def test_indices_and_output_by_hand(heart):
    volume, function = heart
    values = _values(findings_of(function, volume, BODY))
    # BSA is 2 m², 60 beats a minute: the index is half, the output 60 stroke volumes.
    assert values["lv.edv_ml_m2"] == pytest.approx(values["lv.edv_ml"] / 2)
    assert values["lv_mass_g_m2"] == pytest.approx(values["lv_mass_g"] / 2)
    assert values["lv.co_l_min"] == pytest.approx(values["lv.sv_ml"] * 0.06)
    assert values["rv.ci_l_min_m2"] == pytest.approx(values["rv.sv_ml"] * 0.03)


def test_without_a_person_there_are_no_indices_but_rates(heart):
    volume, function = heart
    values = _values(findings_of(function, volume, Body()))
    assert values["lv.edv_ml_m2"] is None and values["lv.co_l_min"] is None
    assert values["lv.peak_ejection_ml_s"] > 0


def test_each_side_by_its_own_phases(heart):
    volume, function = heart
    plain = findings_of(function, volume, BODY)
    own = findings_of(replace(function, rv_ed_frame=2, rv_es_frame=9), volume, BODY)
    assert own.rates[1] == plain.rates[1]
    assert own.rates[3] != plain.rates[3]


def test_rows_are_all_measures_once_and_judged(heart):
    volume, function = heart
    rows = rows_of(findings_of(function, volume, BODY))
    assert [row.key for row in rows] == [m.key for m in (*MEASURES, *DERIVED)]
    assert len({row.key for row in rows}) == len(rows)
    by_key = {row.key: row for row in rows}
    assert by_key["lv.ef_percent"].verdict is Verdict.NORMAL
    assert by_key["rv.ef_percent"].verdict is None and by_key["rv.ef_percent"].why_no_norm


def test_the_papillary_rule_of_the_reading_chooses_the_study(heart):
    volume, function = heart
    muscle = replace(function, reading=Reading(papillary=Papillary.MYOCARDIUM))
    rows = {row.key: row for row in rows_of(findings_of(muscle, volume, BODY))}
    assert rows["lv.edv_ml"].norm.study.name == "Hudsmith 2005"
    assert rows["lv.ef_percent"].norm is None


def test_doubtful_numbers_are_not_judged(heart):
    volume, function = heart
    rows = rows_of(findings_of(replace(function, doubtful=frozenset({"lv"})), volume, BODY))
    assert all(row.verdict is None and not row.sure for row in rows if row.key.startswith("lv"))
    rows = rows_of(findings_of(replace(function, units_known=False), volume, BODY))
    assert [row.key for row in rows if row.sure] == ["lv.ef_percent", "rv.ef_percent"]


def test_json_names_formula_study_and_source_of_the_rate(heart):
    volume, function = heart
    said = to_json(findings_of(function, volume, BODY))
    assert said["body"]["bsa_formula"] == "Mosteller" and said["body"]["heart_rate_source"] == "typed"
    assert said["lv"]["co_l_min"] > 0
    assert said["normal_ranges"]["lv.ef_percent"]["study"] == "Petersen 2017"
    assert any("Mosteller" in rule for rule in said["rules"])
    assert of.rules(findings_of(function, volume, Body())) != of.rules(findings_of(function, volume, BODY))
