"""The measures of a heart, one entry each. Panel, CSV, JSON, text and evaluation read this table and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.measures.function import Function
from engine.measures.reading import left_out_json
from engine.volume import LV, RV


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity.

    key: its place in JSON, "lv.edv_ml" for {"lv": {"edv_ml": …}}. structure: LV or RV, whose it is. name: its row, the
    same for both ventricles. short: as a table's rows call it. digits: after the point, for a reader; files keep two
    more. rule: how it is computed, a sentence; empty where the name says it. value: from a Function, None where it is
    not defined. main: shown large.
    """

    key: str
    structure: int
    name: str
    short: str
    unit: str
    value: Callable[[Function], float | None]
    digits: int = 0
    rule: str = ""
    main: bool = False

    def text(self, function: Function, *, more: int = 0, missing: str = "") -> str:
        """The number without its unit, with more digits where asked; missing where it is not defined."""
        value = self.value(function)
        return missing if value is None else f"{value:.{self.digits + more}f}"

    def unit_of(self, function: Function) -> str:
        """The unit; with a question mark where the number is doubtful, or the scan lacks its spacing or slices."""
        sure = self.unit == "%" or (function.units_known and function.whole)
        sure = sure and not self.key.startswith(tuple(function.doubtful))
        return self.unit if sure else f"{self.unit}?"


SIDES = {LV: "LV", RV: "RV"}

_EF = "EF = (EDV − ESV) / EDV."
_MASS = "LV mass = 1.05 g/mL × myocardial volume at end-diastole."
_MASS_OF_LONE = "LV mass = 1.05 g/mL × myocardial volume, in a frame whose phase is not known."

MEASURES: tuple[Measure, ...] = (
    Measure("lv.edv_ml", LV, "End-diastolic volume", "EDV", "mL", lambda f: f.lv.edv_ml),
    Measure("lv.esv_ml", LV, "End-systolic volume", "ESV", "mL", lambda f: f.lv.esv_ml),
    Measure("lv.sv_ml", LV, "Stroke volume", "SV", "mL", lambda f: f.lv.sv_ml),
    Measure("lv.ef_percent", LV, "Ejection fraction", "EF", "%", lambda f: f.lv.ef_percent, rule=_EF, main=True),
    Measure("rv.edv_ml", RV, "End-diastolic volume", "EDV", "mL", lambda f: f.rv.edv_ml),
    Measure("rv.esv_ml", RV, "End-systolic volume", "ESV", "mL", lambda f: f.rv.esv_ml),
    Measure("rv.sv_ml", RV, "Stroke volume", "SV", "mL", lambda f: f.rv.sv_ml),
    Measure("rv.ef_percent", RV, "Ejection fraction", "EF", "%", lambda f: f.rv.ef_percent, rule=_EF, main=True),
    Measure("lv_mass_g", LV, "Myocardial mass", "mass", "g", lambda f: f.lv_mass_g, rule=_MASS),
)


def rows(*, main: bool | None = None) -> list[tuple[Measure | None, Measure | None]]:
    """The table's rows as (left, right ventricle), None where a ventricle has no such measure.

    main: only measures that are shown large, or only the others; all where None.
    """
    wanted = [measure for measure in MEASURES if main is None or measure.main == main]
    names = dict.fromkeys(measure.name for measure in wanted)
    found = {(measure.name, measure.structure): measure for measure in wanted}
    return [(found.get((name, LV)), found.get((name, RV))) for name in names]


def rules(function: Function) -> tuple[str, ...]:
    """How the numbers came about, one sentence each: what holds for all of them, then what holds for one measure."""
    mass = _MASS if function.ed_frame is not None or function.lv_mass_g is None else _MASS_OF_LONE
    said = dict.fromkeys(measure.rule for measure in MEASURES if measure.rule)
    return (*function.rules, *(mass if rule == _MASS else rule for rule in said))


def to_json(function: Function) -> dict[str, Any]:
    """Every measure under its key, and what they were made of: volumes of every frame, frames from 0, rules."""
    found: dict[str, Any] = {}
    for measure in MEASURES:
        *path, last = measure.key.split(".")
        into = found
        for name in path:
            into = into.setdefault(name, {})
        into[last] = measure.value(function)
    return {
        **found,
        "ed_frame_index": function.ed_frame,
        "es_frame_index": function.es_frame,
        "rv_ed_frame_index": function.rv_ed_frame,
        "rv_es_frame_index": function.rv_es_frame,
        "lone_frame_index": function.lone_frame,
        "reading": function.reading.to_json(),
        "left_out": left_out_json(function.left_out),
        "lv_ml": function.lv_ml,
        "rv_ml": function.rv_ml,
        "myo_ml": function.myo_ml,
        "units_known": function.units_known,
        "whole": function.whole,
        "doubtful": sorted(function.doubtful),
        "rules": rules(function),
    }
