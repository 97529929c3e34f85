"""Body surface area, and what a scan says of its patient."""

from dataclasses import replace

import numpy as np
import pytest

from engine.measures.body import Body, BsaFormula, RateSource, Sex, beat_ms, body_of, bsa_m2
from engine.measures.findings import findings_of
from engine.measures.function import measure
from engine.phantom import make_phantom
from engine.volume import LV, Known, LabelMap


def _volume(**said: str):
    volume, _, _ = make_phantom(10, 1, 32)
    return replace(volume, source=replace(volume.source, patient=said))


def test_formulas_by_hand():
    # √(180 × 80 / 3600) = 2 exactly; DuBois for the same person, computed with a pocket calculator.
    assert bsa_m2(180, 80, BsaFormula.MOSTELLER) == pytest.approx(2.0)
    assert bsa_m2(180, 80, BsaFormula.DUBOIS) == pytest.approx(1.9964, abs=1e-3)


def test_header_is_read():
    body = body_of(_volume(sex="female", age="62 years", height_cm="170", weight_kg="68", heart_rate_bpm="61"))
    assert body == Body(Sex.FEMALE, 62, 170, 68, 61, RateSource.HEADER)
    assert body.bsa_m2 == pytest.approx((170 * 68 / 3600) ** 0.5)


def test_months_become_years():
    assert body_of(_volume(age="18 months")).age_years == 1.5


@pytest.mark.parametrize(
    ("height", "weight", "believed"),
    [("175", "70", True), ("50", "3.2", True), ("69", "154", False), ("175", "7", False), ("120", "250", False)],
)
def test_height_and_weight_have_to_belong_together(height, weight, believed):
    body = body_of(_volume(height_cm=height, weight_kg=weight))
    assert (body.bsa_m2 is not None) == believed == (body.height_cm is not None) == (body.weight_kg is not None)


@pytest.mark.parametrize("said", ["0", "400", "12", "fast"])
def test_a_rate_that_no_heart_has_is_not_taken(said):
    volume = _volume(heart_rate_bpm=said)
    assert body_of(volume).rate_source is RateSource.FRAMES
    labels = LabelMap(np.full(volume.array.shape, LV, np.uint8), volume.geometry)
    findings_of(measure(labels, volume), volume, body_of(volume))
    # Six frames of a beat that goes on give 250 a minute.
    short = replace(volume, array=volume.array[:6], frame_times_ms=volume.frame_times_ms[:6])
    assert body_of(short).heart_rate_bpm is None


@pytest.mark.parametrize("said", [{"height_cm": "0"}, {"weight_kg": "9999"}, {"age": "old"}, {"sex": "other"}])
def test_what_no_person_has_is_left_out(said):
    body = body_of(_volume(**said))
    assert (body.sex, body.age_years, body.height_cm, body.weight_kg) == (None, None, None, None)
    assert body.bsa_m2 is None


def test_rate_from_the_times_of_the_frames():
    # 10 frames of 40 ms: a beat of 400 ms.
    body = body_of(_volume())
    assert beat_ms(_volume()) == pytest.approx(400)
    assert (body.heart_rate_bpm, body.rate_source) == (pytest.approx(150), RateSource.FRAMES)


def test_no_rate_without_times_or_order():
    volume = _volume()
    for other in (replace(volume, frame_times_ms=None), replace(volume, time_order=Known.ASSUMED)):
        assert body_of(other).heart_rate_bpm is None
        assert body_of(other).rate_source is None
