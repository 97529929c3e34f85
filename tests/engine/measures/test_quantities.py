"""The table of measures: every reader of it shows an entry that is added."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.measures import quantities
from engine.measures.function import Function, of_phases
from engine.volume import LV, MYO, RV

FUNCTION = replace(
    of_phases({LV: 150.0, MYO: 100.0, RV: 160.0}, {LV: 60.0, MYO: 101.0, RV: 80.0}), rules=("Simpson's rule.",)
)


def test_keys_are_those_of_the_command() -> None:
    found = quantities.to_json(FUNCTION)
    assert found["lv"] == {"edv_ml": 150, "esv_ml": 60, "sv_ml": 90, "ef_percent": 60}
    assert found["rv"] == {"edv_ml": 160, "esv_ml": 80, "sv_ml": 80, "ef_percent": 50}
    assert found["lv_mass_g"] == pytest.approx(105)
    assert (found["ed_frame_index"], found["es_frame_index"]) == (0, 1)
    assert (found["lv_ml"], found["rv_ml"], found["myo_ml"]) == ((150, 60), (160, 80), (100, 101))


def test_rules_are_said_once() -> None:
    said = quantities.rules(FUNCTION)
    assert said[0] == "Simpson's rule."
    assert len(said) == len(set(said)) == 3


def test_rows_pair_the_ventricles() -> None:
    keys = [tuple(side.key if side else None for side in sides) for sides in quantities.rows()]
    assert ("lv.ef_percent", "rv.ef_percent") in keys
    assert ("lv_mass_g", None) in keys
    assert {side.key for sides in quantities.rows(main=True) for side in sides if side} == {
        "lv.ef_percent",
        "rv.ef_percent",
    }


def test_what_is_not_defined_is_missing() -> None:
    ed_only: Function = of_phases({LV: 150.0, MYO: 100.0, RV: 0.0}, None)
    ef = next(measure for measure in quantities.MEASURES if measure.key == "lv.ef_percent")
    assert ef.text(ed_only, missing="–") == "–"
    assert ef.text(FUNCTION) == "60"
    assert ef.text(FUNCTION, more=2) == "60.00"


def test_units_are_doubted_where_the_spacing_is_unknown() -> None:
    doubted = replace(FUNCTION, units_known=False)
    assert {measure.unit_of(doubted) for measure in quantities.MEASURES} == {"mL?", "g?", "%"}
    assert {measure.unit_of(FUNCTION) for measure in quantities.MEASURES} == {"mL", "g", "%"}
