"""Normal ranges: which study speaks for whom, and where none does."""

import pytest

from engine.measures.body import Body, Sex
from engine.measures.norms import (
    ALFAKIH,
    CARLSSON,
    HUDSMITH,
    HUDSMITH_RV,
    KAWEL,
    MID_WALL,
    PETERSEN,
    Verdict,
    norm_of,
    why_none,
)

MAN = Body(sex=Sex.MALE, age_years=60)


def test_range_is_mean_and_deviations_of_the_study():
    found = norm_of("lv.edv_ml", MAN, papillary_in_cavity=True)
    assert found is not None
    assert found.study is PETERSEN
    assert (found.low, found.high) == (pytest.approx(166 - 1.96 * 32), pytest.approx(166 + 1.96 * 32))
    assert [found.verdict(v) for v in (100, 166, 240)] == [Verdict.LOW, Verdict.NORMAL, Verdict.HIGH]
    assert found.verdict(found.low) is Verdict.NORMAL


def test_sexes_have_their_own():
    woman = norm_of("lv.ef_percent", Body(sex=Sex.FEMALE, age_years=50), papillary_in_cavity=True)
    man = norm_of("lv.ef_percent", MAN, papillary_in_cavity=True)
    assert woman is not None and man is not None
    assert (woman.low + woman.high) / 2 == pytest.approx(61)
    assert (man.low + man.high) / 2 == pytest.approx(58)


def test_papillary_rule_chooses_the_study():
    found = norm_of("lv.edv_ml", MAN, papillary_in_cavity=False)
    assert found is not None and found.study is HUDSMITH
    assert norm_of("lv.ef_percent", MAN, papillary_in_cavity=False) is None
    assert "verified" in why_none("lv.ef_percent", MAN, papillary_in_cavity=False)


@pytest.mark.parametrize(("age", "there"), [(44.9, False), (45, True), (74.9, True), (75, False)])
def test_only_ages_that_were_measured(age, there):
    body = Body(sex=Sex.MALE, age_years=age)
    assert (norm_of("lv.edv_ml", body, papillary_in_cavity=True) is not None) is there
    assert ("45 to 74" in why_none("lv.edv_ml", body, papillary_in_cavity=True)) is not there


def test_sex_and_age_are_needed():
    for body in (Body(age_years=60), Body(sex=Sex.MALE)):
        assert norm_of("lv.edv_ml", body, papillary_in_cavity=True) is None
        assert "sex and age" in why_none("lv.edv_ml", body, papillary_in_cavity=True)


@pytest.mark.parametrize(
    ("key", "men", "women", "study"),
    [
        ("rv.edv_ml", (190, 33), (148, 35), HUDSMITH_RV),
        ("rv.edv_ml_m2", (86.2, 14.1), (75.2, 13.8), ALFAKIH),
        ("lv.ci_l_min_m2", (3.2, 0.5), (3.1, 0.4), CARLSSON),
        (MID_WALL, (6.3, 1.1), (5.3, 0.9), KAWEL),
    ],
)
def test_what_papillary_muscles_do_not_touch_has_one_range(key, men, women, study):
    for sex, (mean, sd) in ((Sex.MALE, men), (Sex.FEMALE, women)):
        for papillary in (True, False):
            found = norm_of(key, Body(sex=sex, age_years=60), papillary_in_cavity=papillary)
            assert found is not None and found.study is study
            assert (found.low, found.high) == (pytest.approx(mean - 1.96 * sd), pytest.approx(mean + 1.96 * sd))


def test_no_range_where_none_was_verified():
    assert norm_of("rv.ef_percent", MAN, papillary_in_cavity=True) is None
    assert why_none("rv.ef_percent", MAN, papillary_in_cavity=True).startswith("No range")
    assert why_none("lv.edv_ml", MAN, papillary_in_cavity=True) == ""
