"""The person that a heart belongs to: what indices, cardiac output and normal ranges need to know."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.volume import Known, Volume

HEIGHT_CM = (30.0, 250.0)
WEIGHT_KG = (1.0, 400.0)
AGE_YEARS = (0.0, 120.0)
HEART_RATE_BPM = (20.0, 300.0)
FRAMES_BPM = (30.0, 180.0)
"""A rate by the times of the frames that is outside of this is that of a cine that ends before the beat does."""
KG_PER_M2 = (6.0, 120.0)
"""Height and weight that do not belong together: inches for centimetres, pounds for kilograms, a digit lost."""


class Sex(StrEnum):
    """As the header says it. Published ranges know these two."""

    FEMALE = "female"
    MALE = "male"


class BsaFormula(StrEnum):
    """How the body surface area is computed; the value is the name that is printed beside every index."""

    MOSTELLER = "Mosteller"
    DUBOIS = "DuBois"


class RateSource(StrEnum):
    """Where the heart rate comes from."""

    TYPED = "typed"
    HEADER = "header"
    FRAMES = "frame times"


@dataclass(frozen=True, slots=True)
class Body:
    """None where it is not known. rate_source: where the heart rate comes from; None without one."""

    sex: Sex | None = None
    age_years: float | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    heart_rate_bpm: float | None = None
    rate_source: RateSource | None = None
    formula: BsaFormula = BsaFormula.MOSTELLER

    @property
    def bsa_m2(self) -> float | None:
        """Body surface area by the formula of this person; None without height and weight."""
        if self.height_cm is None or self.weight_kg is None:
            return None
        return bsa_m2(self.height_cm, self.weight_kg, self.formula)


def bsa_m2(height_cm: float, weight_kg: float, formula: BsaFormula) -> float:
    """Body surface area in m².

    Mosteller: √(height × weight / 3600) (Mosteller RD, N Engl J Med 1987;317:1098).
    DuBois: 0.007184 × height^0.725 × weight^0.425 (DuBois D, DuBois EF, Arch Intern Med 1916;17:863).
    Height in cm, weight in kg.
    """
    if formula is BsaFormula.DUBOIS:
        return float(0.007184 * height_cm**0.725 * weight_kg**0.425)
    return math.sqrt(height_cm * weight_kg / 3600)


def body_of(volume: Volume) -> Body:
    """What the scan itself says of the person. Values that no person has are left out.

    Height and weight are left out both where no person has the two together: which of them is wrong cannot be known.
    """
    said = volume.source.patient
    rate, source = _within(said, "heart_rate_bpm", HEART_RATE_BPM), RateSource.HEADER
    if rate is None:
        rate, source = rate_from_frames(volume), RateSource.FRAMES
    sex = said.get("sex", "")
    height, weight = _within(said, "height_cm", HEIGHT_CM), _within(said, "weight_kg", WEIGHT_KG)
    if height and weight and not KG_PER_M2[0] <= weight / (height / 100) ** 2 <= KG_PER_M2[1]:
        height = weight = None
    return Body(
        sex=Sex(sex) if sex in tuple(Sex) else None,
        age_years=_years(said.get("age", "")),
        height_cm=height,
        weight_kg=weight,
        heart_rate_bpm=rate,
        rate_source=source if rate is not None else None,
    )


def rate_from_frames(volume: Volume) -> float | None:
    """Beats a minute if the frames of the cine share one whole beat; None where their times are not known.

    Retrospectively gated cines do. A cine that ends before the next R wave gives a rate that is too high; none is given
    outside of FRAMES_BPM.
    """
    beat = beat_ms(volume)
    rate = None if beat is None else 60_000 / beat
    return rate if rate is not None and FRAMES_BPM[0] <= rate <= FRAMES_BPM[1] else None


def beat_ms(volume: Volume) -> float | None:
    """Time that the frames of a cine cover, in ms: from the first to the last and one frame more."""
    times = volume.frame_times_ms
    if times is None or not volume.is_cine or volume.time_order is Known.ASSUMED:
        return None
    covered = (times[-1] - times[0]) * len(times) / (len(times) - 1)
    return covered if covered > 0 else None


def _within(said: Mapping[str, str], key: str, limits: tuple[float, float]) -> float | None:
    try:
        value = float(said.get(key, ""))
    except ValueError:
        return None
    return value if limits[0] <= value <= limits[1] else None


_PER_YEAR = {"day": 365.25, "week": 52.18, "month": 12.0, "year": 1.0}


def _years(age: str) -> float | None:
    """Of "62 years" or "3 months"."""
    match = re.fullmatch(r"(\d+) (day|week|month|year)s?", age)
    return int(match[1]) / _PER_YEAR[match[2]] if match else None
