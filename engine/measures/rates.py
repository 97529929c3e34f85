"""How fast a ventricle empties and fills, from its volume–time curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.measures.body import beat_ms
from engine.volume import Volume

HARMONICS = 5
"""Of the series that smooths a curve. Bacharach et al. found the least error of diastolic rates at five or six for
curves of the whole ventricle with little noise (J Nucl Med 1983;24:1176)."""
MIN_FRAMES = 2 * HARMONICS + 2
"""Fewer frames would be joined by the series, not smoothed."""
LEAST_COVERED = 0.9
"""A cine that covers less of the beat is not periodic: what happens in the gap would be invented."""
RULE = (
    f"Peak rates are the steepest slopes of the volume curve after smoothing by a Fourier series of {HARMONICS} "
    "harmonics (Bacharach et al., J Nucl Med 1983;24:1176): of ejection between end-diastole and end-systole, of "
    "filling between end-systole and end-diastole. Times count from end-diastole and from end-systole."
)
_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Rates:
    """ejection_ml_s, filling_ml_s: peak rates, positive. ejection_ms, filling_ms: to the peak, from ED and from ES."""

    ejection_ml_s: float
    filling_ml_s: float
    ejection_ms: float
    filling_ms: float


def rates_of(
    volumes_ml: Sequence[float], ed: int | None, es: int | None, volume: Volume, *, rr_ms: float | None = None
) -> Rates | None:
    """Peak rates of one ventricle; None where phases, order or times of the frames are not known.

    volumes_ml: of every frame. ed, es: frames. rr_ms: the beat by the header, where it says so. None too with fewer
    than MIN_FRAMES frames, with frames without the ventricle, and where the frames cover less than LEAST_COVERED of
    the beat.
    """
    beat = beat_ms(volume)
    if ed is None or es is None or ed == es or beat is None or volume.frame_times_ms is None:
        return None
    if len(volumes_ml) < MIN_FRAMES or min(volumes_ml) <= 0 or (rr_ms is not None and beat < LEAST_COVERED * rr_ms):
        return None
    times = np.array(volume.frame_times_ms, dtype=np.float64) - volume.frame_times_ms[0]
    at = np.arange(_STEPS) * beat / _STEPS
    slope = _slope(times, np.array(volumes_ml, dtype=np.float64), beat, at) * 1000
    since_ed, since_es = (at - times[ed]) % beat, (at - times[es]) % beat
    systole = (times[es] - times[ed]) % beat
    ejecting = np.flatnonzero(since_ed < systole)
    filling = np.flatnonzero(since_ed >= systole)
    out, into = ejecting[np.argmin(slope[ejecting])], filling[np.argmax(slope[filling])]
    return Rates(
        ejection_ml_s=float(max(-slope[out], 0.0)),
        filling_ml_s=float(max(slope[into], 0.0)),
        ejection_ms=float(since_ed[out]),
        filling_ms=float(since_es[into]),
    )


def smoothed(volumes_ml: Sequence[float], volume: Volume, at_ms: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The curve that the rates are taken from, at times after the first frame; None where there is none."""
    beat = beat_ms(volume)
    if beat is None or volume.frame_times_ms is None or len(volumes_ml) < MIN_FRAMES:
        return None
    times = np.array(volume.frame_times_ms, dtype=np.float64) - volume.frame_times_ms[0]
    return _waves(at_ms, beat) @ _fitted(times, np.array(volumes_ml, dtype=np.float64), beat)


def _fitted(times: NDArray[np.float64], values: NDArray[np.float64], beat: float) -> NDArray[np.float64]:
    """Coefficients of the series by least squares, so that frames need not be equally far apart."""
    return np.asarray(np.linalg.lstsq(_waves(times, beat), values, rcond=None)[0])


def _waves(times: NDArray[np.float64], beat: float) -> NDArray[np.float64]:
    turns = 2 * np.pi * np.outer(times / beat, np.arange(1, HARMONICS + 1))
    return np.hstack([np.ones((len(times), 1)), np.cos(turns), np.sin(turns)])


def _slope(
    times: NDArray[np.float64], values: NDArray[np.float64], beat: float, at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Derivative of the fitted series, in mL/ms."""
    order = np.arange(1, HARMONICS + 1)
    speed = 2 * np.pi * order / beat
    turns = 2 * np.pi * np.outer(at / beat, order)
    of_waves = np.hstack([np.zeros((len(at), 1)), -np.sin(turns) * speed, np.cos(turns) * speed])
    return np.asarray(of_waves @ _fitted(times, values, beat))
