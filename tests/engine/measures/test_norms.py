"""Normal ranges: which study speaks for whom, and where none does."""

import pytest

from engine.measures.body import Body, Sex
from engine.measures.norms import HUDSMITH, PETERSEN, Verdict, norm_of, why_none

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


def test_no_range_where_none_was_verified():
    assert norm_of("rv.edv_ml", MAN, papillary_in_cavity=True) is None
    assert why_none("rv.edv_ml", MAN, papillary_in_cavity=True).startswith("No range")
    assert why_none("lv.edv_ml", MAN, papillary_in_cavity=True) == ""
