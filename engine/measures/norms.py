"""Published normal ranges by sex and age, each with its study, for the way papillary muscles are counted.

Only numbers that were read in a text of or about the study are here. Where none was found, there is no range, and
why_none says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.measures.body import Body, Sex

WITHIN_SD = 1.96
"""Limits are mean ± 1.96 SD, between which 95 % of healthy people lie if values are normally distributed."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Where ranges come from. ages: of the people measured, in years.

    papillary_in_cavity: how it counts papillary muscles of the left ventricle; None where its measures do not depend
    on them.
    """

    name: str
    citation: str
    table: str
    population: str
    ages: tuple[float, float]
    papillary_in_cavity: bool | None


PETERSEN = Survey(
    name="Petersen 2017",
    citation="Petersen SE et al., J Cardiovasc Magn Reson 2017;19:18, doi 10.1186/s12968-017-0327-9",
    table="abstract (EF, mass index); ventricular parameters stratified by gender (volumes)",
    population="UK Biobank, 368 men and 432 women without cardiovascular disease or risk factors, Caucasian, 1.5 T",
    ages=(45, 74),
    papillary_in_cavity=True,
)
HUDSMITH = Survey(
    name="Hudsmith 2005",
    citation="Hudsmith LE et al., J Cardiovasc Magn Reson 2005;7:775, doi 10.1080/10976640500295516",
    table="abstract",
    population="63 healthy men and 45 healthy women, Oxford, 1.5 T",
    ages=(21, 68),
    papillary_in_cavity=False,
)
HUDSMITH_RV = Survey(
    name=HUDSMITH.name,
    citation=HUDSMITH.citation,
    table="abstract, which does not say how it counts the trabeculae of the right ventricle",
    population=HUDSMITH.population,
    ages=HUDSMITH.ages,
    papillary_in_cavity=None,
)
ALFAKIH = Survey(
    name="Alfakih 2003",
    citation="Alfakih K et al., J Magn Reson Imaging 2003;17:323, doi 10.1002/jmri.10262",
    table="abstract, steady-state free precession",
    population="30 healthy men and 30 healthy women",
    ages=(20, 65),
    papillary_in_cavity=None,
)
CARLSSON = Survey(
    name="Carlsson 2012",
    citation="Carlsson M et al., J Cardiovasc Magn Reson 2012;14:51, doi 10.1186/1532-429X-14-51",
    table="abstract; measured as flow in the aorta",
    population="144 healthy volunteers, 68 of them women; output measured as flow in the aorta",
    ages=(21, 81),
    papillary_in_cavity=None,
)
KAWEL = Survey(
    name="Kawel 2012",
    citation="Kawel N et al., Circ Cardiovasc Imaging 2012;5:500, doi 10.1161/CIRCIMAGING.112.973560",
    table="abstract, short axis at the middle of the cavity, end-diastole",
    population="300 people of the MESA study without heart disease, 65.6 ± 8.5 years, 169 of them women",
    ages=(49, 82),  # mean ± 1.96 SD: the abstract gives no range, and found no relation between thickness and age
    papillary_in_cavity=None,
)
SURVEYS = (PETERSEN, HUDSMITH, HUDSMITH_RV, ALFAKIH, CARLSSON, KAWEL)
MID_WALL = "wall.mid_ed_mm"
"""The key of the mean thickness of the middle third of the wall at end-diastole."""

# Mean and SD of men and of women.
_FOUND: dict[tuple[Survey, str], tuple[tuple[float, float], tuple[float, float]]] = {
    (PETERSEN, "lv.edv_ml"): ((166, 32), (124, 21)),
    (PETERSEN, "lv.esv_ml"): ((69, 16), (49, 11)),
    (PETERSEN, "lv.sv_ml"): ((96, 20), (75, 14)),
    (PETERSEN, "lv.ef_percent"): ((58, 5), (61, 5)),
    (PETERSEN, "lv.sv_ml_m2"): ((49, 10), (45, 8)),
    (PETERSEN, "lv_mass_g_m2"): ((53, 9), (42, 7)),
    (HUDSMITH, "lv.edv_ml"): ((160, 29), (135, 26)),
    (HUDSMITH, "lv.esv_ml"): ((50, 16), (42, 12)),
    (HUDSMITH_RV, "rv.edv_ml"): ((190, 33), (148, 35)),
    (HUDSMITH_RV, "rv.esv_ml"): ((78, 20), (56, 18)),
    (ALFAKIH, "rv.edv_ml_m2"): ((86.2, 14.1), (75.2, 13.8)),
    (CARLSSON, "lv.ci_l_min_m2"): ((3.2, 0.5), (3.1, 0.4)),
    (KAWEL, MID_WALL): ((6.3, 1.1), (5.3, 0.9)),
}


class Verdict(StrEnum):
    """Where a value lies."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Norm:
    """A normal range of one measure for one sex, and the study that it is from."""

    low: float
    high: float
    study: Survey

    def verdict(self, value: float) -> Verdict:
        """The limits themselves are normal."""
        return Verdict.LOW if value < self.low else Verdict.HIGH if value > self.high else Verdict.NORMAL


def norm_of(key: str, body: Body, *, papillary_in_cavity: bool) -> Norm | None:
    """The range for a measure of a person; None where there is none. key: of quantities or findings."""
    found = _study_of(key, papillary_in_cavity)
    if found is None or body.sex is None or body.age_years is None:
        return None
    if not found.ages[0] <= int(body.age_years) <= found.ages[1]:
        return None
    men, women = _FOUND[found, key]
    mean, sd = men if body.sex is Sex.MALE else women
    return Norm(mean - WITHIN_SD * sd, mean + WITHIN_SD * sd, found)


def why_none(key: str, body: Body, *, papillary_in_cavity: bool) -> str:
    """Why norm_of gives no range, as a sentence; empty where it gives one."""
    found = _study_of(key, papillary_in_cavity)
    if found is None:
        return "No range: none was found that could be verified for this measure and this way of counting papillaries."
    if body.sex is None or body.age_years is None:
        return "No range: sex and age are needed."
    if norm_of(key, body, papillary_in_cavity=papillary_in_cavity) is None:
        low, high = found.ages
        return f"No range: {found.name} measured people from {low:g} to {high:g} years."
    return ""


def _study_of(key: str, papillary_in_cavity: bool) -> Survey | None:
    ways = (None, papillary_in_cavity)
    return next((s for s in SURVEYS if s.papillary_in_cavity in ways and (s, key) in _FOUND), None)
