"""What the user typed of the patient, and where they put the insertions of the right ventricle. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.measures.body import (
    AGE_YEARS,
    HEART_RATE_BPM,
    HEIGHT_CM,
    WEIGHT_KG,
    Body,
    BsaFormula,
    RateSource,
    Sex,
    body_of,
)
from engine.measures.segments import Insertions
from engine.volume import Volume

LIMITS = {"age_years": AGE_YEARS, "height_cm": HEIGHT_CM, "weight_kg": WEIGHT_KG, "heart_rate_bpm": HEART_RATE_BPM}


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """typed: what the user entered; None where the header speaks. insertions: None where they are found in labels."""

    typed: Body = field(default_factory=Body)
    insertions: Insertions | None = None


def body_now(volume: Volume | None, facts: PatientFacts) -> Body:
    """The patient as the header says it, with what the user typed in its place."""
    header, typed = body_of(volume) if volume is not None else Body(), facts.typed
    own = {name: value for name in ("sex", *LIMITS) if (value := getattr(typed, name)) is not None}
    if typed.heart_rate_bpm is not None:
        own["rate_source"] = RateSource.TYPED
    return replace(header, formula=typed.formula, **own)


def to_json(facts: PatientFacts) -> dict[str, Any]:
    """Plain values for the file of a case."""
    typed, put = facts.typed, facts.insertions
    return {
        "sex": None if typed.sex is None else str(typed.sex),
        **{name: getattr(typed, name) for name in LIMITS},
        "bsa_formula": str(typed.formula),
        "insertions": None
        if put is None
        else {"anterior": put.anterior, "inferior": put.inferior, "turn": put.turn, "sure": put.sure},
    }


def from_json(value: object) -> PatientFacts:
    """The facts that to_json gave. Raises ValueError, one line that says what is wrong."""
    if not isinstance(value, Mapping):
        raise ValueError("the patient's facts are no object")
    numbers = {name: _number(value.get(name), name, limits) for name, limits in LIMITS.items()}
    sex, formula = value.get("sex"), value.get("bsa_formula")
    if sex is not None and sex not in tuple(Sex):
        raise ValueError(f"sex {sex!r} is none of {', '.join(Sex)}")
    if formula not in tuple(BsaFormula):
        raise ValueError(f"bsa_formula {formula!r} is none of {', '.join(BsaFormula)}")
    body = Body(
        sex=None if sex is None else Sex(str(sex)),
        age_years=numbers["age_years"],
        height_cm=numbers["height_cm"],
        weight_kg=numbers["weight_kg"],
        heart_rate_bpm=numbers["heart_rate_bpm"],
        formula=BsaFormula(str(formula)),
    )
    return PatientFacts(body, _insertions(value.get("insertions")))


def _insertions(value: object) -> Insertions | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or value.get("turn") not in (1, -1) or not isinstance(value.get("sure"), bool):
        raise ValueError("insertions are damaged")
    angles = [_number(value.get(name), name, (-2 * math.pi, 2 * math.pi)) for name in ("anterior", "inferior")]
    if None in angles:
        raise ValueError("insertions lack an angle")
    anterior, inferior = (float(angle or 0.0) for angle in angles)
    return Insertions(anterior, inferior, turn=int(value["turn"]), found=False, sure=value["sure"])


def _number(value: object, name: str, limits: tuple[float, float]) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not limits[0] <= value <= limits[1]:
        raise ValueError(f"{name} is {value!r}, not a number from {limits[0]:g} to {limits[1]:g}")
    return float(value)
