"""All numbers of one reading: those of the labels, those that need the person or the times, and their normal ranges.

quantities.MEASURES needs nothing but labels; this table stands beside it. Panel, CSV, JSON and report read rows_of and
to_json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.measures import norms, quantities, rates
from engine.measures.body import Body, RateSource, body_of
from engine.measures.function import Function, Ventricle
from engine.measures.norms import Norm, Verdict
from engine.measures.rates import Rates
from engine.measures.reading import Papillary
from engine.volume import LV, RV, Volume


@dataclass(frozen=True, slots=True)
class Findings:
    """function: of the labels. rates: by LV and RV, where the curve allows them. papillary_in_cavity: how counted."""

    function: Function
    body: Body = field(default_factory=Body)
    rates: dict[int, Rates] = field(default_factory=dict)
    papillary_in_cavity: bool = True


def findings_of(function: Function, volume: Volume, body: Body) -> Findings:
    """Each ventricle's rates by its own phases, and ranges for the reader's way of counting papillary muscles."""
    header = body_of(volume)
    rate_bpm = header.heart_rate_bpm if header.rate_source is RateSource.HEADER else None
    rr_ms = 60_000 / rate_bpm if rate_bpm else None
    phases = {
        LV: (function.lv_ml, function.ed_frame, function.es_frame),
        RV: (function.rv_ml, function.rv_ed_frame, function.rv_es_frame),
    }
    found = {}
    for side, (curve, ed, es) in phases.items():
        rate = rates.rates_of(curve, ed, es, volume, rr_ms=rr_ms) if function.units_known else None
        if rate is not None:
            found[side] = rate
    in_cavity = function.reading.papillary is not Papillary.MYOCARDIUM
    return Findings(function, body, found, papillary_in_cavity=in_cavity)


@dataclass(frozen=True, slots=True)
class Derived:
    """One quantity that labels alone do not give. Fields as of quantities.Measure."""

    key: str
    structure: int
    name: str
    short: str
    unit: str
    value: Callable[[Findings], float | None]
    digits: int = 0
    rule: str = ""


def _side(findings: Findings, structure: int) -> Ventricle:
    return findings.function.lv if structure == LV else findings.function.rv


def _output(findings: Findings, structure: int) -> float | None:
    sv, rate = _side(findings, structure).sv_ml, findings.body.heart_rate_bpm
    return None if sv is None or rate is None else sv * rate / 1000


def _per_area(findings: Findings, value: float | None) -> float | None:
    area = findings.body.bsa_m2
    return None if value is None or area is None else value / area


def _of_rates(findings: Findings, structure: int, name: str) -> float | None:
    found = findings.rates.get(structure)
    return None if found is None else float(getattr(found, name))


_CO = "Cardiac output = stroke volume × heart rate; the index is output / body surface area."
_INDEX = "Indices are divided by the body surface area, by the formula that is named beside it."


def _of_side(structure: int, key: str) -> tuple[Derived, ...]:
    def indexed(name: str) -> Callable[[Findings], float | None]:
        return lambda f: _per_area(f, getattr(_side(f, structure), name))

    def rate(name: str) -> Callable[[Findings], float | None]:
        return lambda f: _of_rates(f, structure, name)

    def output(f: Findings) -> float | None:
        return _output(f, structure)

    def cardiac_index(f: Findings) -> float | None:
        return _per_area(f, _output(f, structure))

    area = "mL/m²"
    return (
        Derived(f"{key}.edv_ml_m2", structure, "EDV index", "EDVi", area, indexed("edv_ml"), rule=_INDEX),
        Derived(f"{key}.esv_ml_m2", structure, "ESV index", "ESVi", area, indexed("esv_ml"), rule=_INDEX),
        Derived(f"{key}.sv_ml_m2", structure, "Stroke volume index", "SVi", area, indexed("sv_ml"), rule=_INDEX),
        Derived(f"{key}.co_l_min", structure, "Cardiac output", "CO", "L/min", output, 1, _CO),
        Derived(f"{key}.ci_l_min_m2", structure, "Cardiac index", "CI", "L/min/m²", cardiac_index, 1, _CO),
        Derived(
            f"{key}.peak_ejection_ml_s", structure, "Peak ejection rate", "PER", "mL/s", rate("ejection_ml_s"),
            rule=rates.RULE,
        ),
        Derived(
            f"{key}.peak_filling_ml_s", structure, "Peak filling rate", "PFR", "mL/s", rate("filling_ml_s"),
            rule=rates.RULE,
        ),
        Derived(
            f"{key}.to_peak_ejection_ms", structure, "Time to peak ejection", "TPER", "ms", rate("ejection_ms"),
            rule=rates.RULE,
        ),
        Derived(
            f"{key}.to_peak_filling_ms", structure, "Time to peak filling", "TPFR", "ms", rate("filling_ms"),
            rule=rates.RULE,
        ),
    )  # fmt: skip


DERIVED: tuple[Derived, ...] = (
    *_of_side(LV, "lv"),
    *_of_side(RV, "rv"),
    Derived(
        "lv_mass_g_m2", LV, "Mass index", "mass i", "g/m²", lambda f: _per_area(f, f.function.lv_mass_g), rule=_INDEX
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One number as it is shown and written. value: None where it is not defined. sure: else a question mark follows.

    norm: the range to judge it by; why_no_norm: why there is none, a sentence. verdict: None without value or norm.
    """

    key: str
    structure: int
    name: str
    short: str
    unit: str
    digits: int
    value: float | None
    sure: bool
    norm: Norm | None
    why_no_norm: str

    @property
    def verdict(self) -> Verdict | None:
        """Where the value lies in its range. Doubtful numbers are not judged."""
        return None if self.value is None or self.norm is None or not self.sure else self.norm.verdict(self.value)


def rows_of(findings: Findings) -> tuple[Finding, ...]:
    """Every measure, first those of the labels, then the derived ones; also those without a value."""
    function, body, papillary = findings.function, findings.body, findings.papillary_in_cavity

    def row(measure: quantities.Measure | Derived, value: float | None, sure: bool) -> Finding:
        return Finding(
            measure.key, measure.structure, measure.name, measure.short, measure.unit, measure.digits, value, sure,
            norms.norm_of(measure.key, body, papillary_in_cavity=papillary),
            norms.why_none(measure.key, body, papillary_in_cavity=papillary),
        )  # fmt: skip

    doubtful = tuple(function.doubtful)
    firm = function.units_known and function.whole
    return (
        *(row(m, m.value(function), m.unit_of(function) == m.unit) for m in quantities.MEASURES),
        *(row(d, d.value(findings), firm and not d.key.startswith(doubtful)) for d in DERIVED),
    )


def why_no_norms(findings: Findings) -> str | None:
    """Why no number has a normal range, a sentence; None where one has."""
    rows = rows_of(findings)
    if any(row.norm is not None for row in rows):
        return None
    return next(row.why_no_norm for row in rows if row.key == "lv.edv_ml")


def rules(findings: Findings) -> tuple[str, ...]:
    """How the derived numbers came about, one sentence each; those of the labels are in quantities.rules."""
    said = dict.fromkeys(d.rule for d in DERIVED if d.rule and d.value(findings) is not None)
    area, body = findings.body.bsa_m2, findings.body
    if area is not None:
        said[f"Body surface area {area:.2f} m² by {body.formula}."] = None
    if body.heart_rate_bpm is not None:
        said[f"Heart rate {body.heart_rate_bpm:.0f} beats a minute ({body.rate_source})."] = None
    studies = dict.fromkeys(row.norm.study for row in rows_of(findings) if row.norm is not None)
    for study in studies:
        said[f"Normal ranges: mean ± {norms.WITHIN_SD} SD of {study.citation}; {study.population}."] = None
    return tuple(said)


def to_json(findings: Findings) -> dict[str, Any]:
    """quantities.to_json with the derived measures under their keys, the person, ranges by key, and all rules."""
    found = quantities.to_json(findings.function)
    for derived in DERIVED:
        *path, last = derived.key.split(".")
        into = found
        for name in path:
            into = into.setdefault(name, {})
        into[last] = derived.value(findings)
    body = findings.body
    return {
        **found,
        "body": {
            "sex": body.sex,
            "age_years": body.age_years,
            "height_cm": body.height_cm,
            "weight_kg": body.weight_kg,
            "bsa_m2": body.bsa_m2,
            "bsa_formula": body.formula,
            "heart_rate_bpm": body.heart_rate_bpm,
            "heart_rate_source": body.rate_source,
        },
        "normal_ranges": {
            row.key: {"low": row.norm.low, "high": row.norm.high, "verdict": row.verdict, "study": row.norm.study.name}
            for row in rows_of(findings)
            if row.norm is not None
        },
        "no_normal_range": {row.key: row.why_no_norm for row in rows_of(findings) if row.norm is None},
        "rules": (*found["rules"], *rules(findings)),
    }
