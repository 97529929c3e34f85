"""Peak rates of curves whose slopes are known."""

from dataclasses import replace

import numpy as np
import pytest

from engine.measures.rates import rates_of, smoothed
from engine.phantom import make_phantom
from engine.volume import Known

FRAMES, STEP_MS = 25, 40.0


@pytest.fixture(scope="module")
def cine():
    volume, _, _ = make_phantom(FRAMES, 1, 32)
    return volume


def _cosine() -> list[float]:
    """100 + 50 cos: V' is 50 × 2π / 1 s at its steepest, a quarter of the beat after each turning point."""
    return [100 + 50 * float(np.cos(2 * np.pi * t / FRAMES)) for t in range(FRAMES)]


def test_slopes_of_a_cosine(cine):
    found = rates_of(_cosine(), 0, 12, cine)
    assert found is not None
    assert found.ejection_ml_s == pytest.approx(50 * 2 * np.pi, rel=1e-3)
    assert found.filling_ml_s == pytest.approx(50 * 2 * np.pi, rel=1e-3)
    assert found.ejection_ms == pytest.approx(250, abs=2)
    # The lowest frame is 12, at 480 ms; the steepest rise is at 750 ms.
    assert found.filling_ms == pytest.approx(270, abs=2)


def test_noise_hardly_changes_them(cine):
    noise = np.random.default_rng(0).normal(0, 1.0, FRAMES)
    found = rates_of([v + n for v, n in zip(_cosine(), noise, strict=True)], 0, 12, cine)
    assert found is not None
    assert found.ejection_ml_s == pytest.approx(314, rel=0.15)


def test_frames_may_be_unequally_far_apart(cine):
    times = np.arange(FRAMES) * STEP_MS
    times[1:-1] += np.random.default_rng(1).uniform(-8, 8, FRAMES - 2)
    curve = [100 + 50 * float(np.cos(2 * np.pi * t / 1000)) for t in times]
    found = rates_of(curve, 0, 12, replace(cine, frame_times_ms=tuple(times)))
    assert found is not None
    assert found.ejection_ml_s == pytest.approx(314, rel=0.01)


def test_smoothed_curve_goes_through_what_the_series_can_hold(cine):
    curve = smoothed(_cosine(), cine, np.arange(FRAMES) * STEP_MS)
    assert curve == pytest.approx(_cosine(), abs=1e-9)


def test_nothing_is_said_where_it_cannot_be_known(cine):
    curve = _cosine()
    assert rates_of(curve, None, 12, cine) is None
    assert rates_of(curve, 0, None, cine) is None
    assert rates_of(curve, 0, 12, replace(cine, frame_times_ms=None)) is None
    assert rates_of(curve, 0, 12, replace(cine, time_order=Known.ASSUMED)) is None
    # A triggered cine that stops before the next R wave: filling by the atrium is missing.
    assert rates_of(curve, 0, 12, cine, rr_ms=1300) is None
    assert rates_of([0.0, *curve[1:]], 1, 12, cine) is None


def test_few_frames_are_not_smoothed():
    volume, _, _ = make_phantom(8, 1, 32)
    assert rates_of([100.0 - t for t in range(8)], 0, 4, volume) is None
