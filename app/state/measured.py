"""Measurements that follow the reader's choices, and what is known about the labels drawn. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.state import editing
from app.state.editing import Correction, CorrectionKey
from app.state.kept import kept
from app.state.queries import heart_of, run_of, shown_correction, shown_function, view_shown
from app.state.types import AppState, Run, RunKey, Status
from engine.measures.function import Function, function_of
from engine.measures.long_axis import measure_long_axis
from engine.measures.reading import Reading
from engine.measures.tally import Tally, tally_of
from engine.network.model_card import SHORT_AXIS
from engine.network.predict import Prediction
from engine.volume import STRUCTURES, Volume

NONE = Reading()


@kept
def reading_of(state: AppState) -> Reading:
    """The reader's choices for the scan on screen."""
    return state.measuring.readings.get(state.scan.digest, NONE) if state.scan.digest else NONE


@kept
def shown_tally(state: AppState) -> Tally | None:
    """What was counted in the labels drawn, whether or not it is to be measured."""
    if view_shown(state) != SHORT_AXIS:
        return None
    correction, run = shown_correction(state), run_of(state)
    if correction is not None:
        return correction.tally
    return run.tally if run else None


def run_of_prediction(prediction: Prediction, volume: Volume, view: str, reading: Reading = NONE) -> Run:
    """A finished segmentation, measured. view: of model_card.VIEWS, that the model is made for."""
    run = Run(
        Status.DONE,
        timings=prediction.timings,
        total=len(prediction.timings),
        rss_mb=prediction.rss_mb,
        prediction=prediction,
        heart=heart_of(prediction.labels),
    )
    if view == SHORT_AXIS:
        tally = tally_of(prediction.labels, volume)
        return replace(run, function=function_of(tally, volume, reading), tally=tally)
    return replace(run, long_axis=measure_long_axis(prediction.labels, volume) if volume.slices == 1 else None)


@kept
def uncounted_in(state: AppState, frame: int, index: int) -> frozenset[int]:
    """The structures of a slice that the numbers shown do not count: left out by the reader or by the base's rule."""
    function = shown_function(state)
    if function is None or not function.left_out:
        return frozenset()
    return frozenset(label for label in STRUCTURES if (label, frame, index) in function.left_out)


def runs_measured(state: AppState) -> Mapping[RunKey, Run]:
    """The segmentations of the scan on screen, measured as the reader chose. The same mapping if nothing differs."""
    reading, volume, runs = reading_of(state), state.scan.volume, state.segmentation.runs
    if volume is None or not any(_old(run.function, reading) for run in runs.values()):
        return runs
    return {key: _run_measured(run, volume, reading) if _old(run.function, reading) else run
            for key, run in runs.items()}  # fmt: skip


def corrections_measured(
    state: AppState, corrections: Mapping[CorrectionKey, Correction]
) -> Mapping[CorrectionKey, Correction]:
    """As runs_measured, those of these corrections that are of the scan on screen."""
    reading, digest = reading_of(state), state.scan.digest
    old = {key for key, kept in corrections.items() if key.scan == digest and _old(kept.function, reading)}
    if not old:
        return corrections
    return {key: editing.read_as(kept, reading) if key in old else kept for key, kept in corrections.items()}


def _old(function: Function | None, reading: Reading) -> bool:
    return function is not None and function.reading is not reading and function.reading != reading


def _run_measured(run: Run, volume: Volume, reading: Reading) -> Run:
    if run.prediction is None:
        return run
    tally = run.tally or tally_of(run.prediction.labels, volume)
    return replace(run, tally=tally, function=function_of(tally, volume, reading))
