"""What the program shows, as one frozen value, and the pure functions that compute the next one. No Qt.

Every view draws from an AppState; only the session replaces it. Segmentations are kept by RunKey, so that another
scan, model or precision selects another segmentation in the same step: an outline that belongs to something else
than what the panels name can never be on screen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.bench import Report
from engine.catalog import Catalog
from engine.measure import Function
from engine.model_card import ModelCard
from engine.predict import Prediction, SliceTiming
from engine.render import auto_window
from engine.volume import STRUCTURES, LabelMap, Volume

FLOAT32, INT8 = "float32", "int8"
COMPARED = (INT8, FLOAT32)
"""The precisions that every opened scan is segmented in, so that one key press compares them."""

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
# Cine of an unknown heart rate runs at 25 frames a second.
UNKNOWN_FRAME_MS = 40.0
ZOOM_RANGE = (0.25, 40.0)
MAX_RECENTS = 8


class Style(StrEnum):
    """How structures are drawn."""

    OUTLINE = "outline"
    FILL = "fill"
    VOXELS = "voxels"
    """The mask as it is, a square a voxel."""


class Status(StrEnum):
    """How far a segmentation is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Kind(StrEnum):
    """What a message is about."""

    ERROR = "error"
    WARNING = "warning"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Overlay:
    style: Style = Style.OUTLINE
    opacity: float = 0.3
    visible: frozenset[int] = frozenset(STRUCTURES)
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """action: label of a button, and the name of the session's command behind it; both empty for none."""

    kind: Kind
    text: str
    action: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Busy:
    """What the worker is doing. total is 0 while that is not known. A file being written is finished, not stopped."""

    what: str
    done: int = 0
    total: int = 0
    can_stop: bool = True


class RunKey(NamedTuple):
    volume_id: int
    model_sha256: str
    precision: str


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One segmentation of one scan by one model in one precision, as far as it is.

    timings: of the slices so far, in the order computed. total: slices there will be.
    """

    status: Status
    timings: tuple[SliceTiming, ...] = ()
    total: int = 0
    rss_mb: float = 0.0
    prediction: Prediction | None = None
    function: Function | None = None


@dataclass(frozen=True, slots=True)
class AppState:
    """volume_id: counts the scans opened, so that results of an earlier one are known as such.

    window: (centre, width) in the scan's own units. zoom: 1 fits the image. pan_mm: (x, y) of the view's centre from
    the image's centre. segment_asked: the user wants this scan segmented although it may be no short-axis MR.
    runs: never changed in place. agreement: Dice between float32 and int8 by model id.
    by_hand: what the user chose, of "model" and "precision"; the rest follows report, what the device check of this
    computer found. checking: how far a device check is, None where none runs.
    """

    volume: Volume | None = None
    volume_id: int = 0
    slice_index: int = 0
    frame_index: int = 0
    window: tuple[float, float] = (0.5, 1.0)
    invert: bool = False
    zoom: float = 1.0
    pan_mm: tuple[float, float] = (0.0, 0.0)
    playing: bool = False
    speed: float = 1.0
    catalog: Catalog | None = None
    model_id: str = ""
    precision: str = INT8
    overlay: Overlay = field(default_factory=Overlay)
    segment_asked: bool = False
    runs: Mapping[RunKey, Run] = field(default_factory=dict)
    agreement: Mapping[str, float] = field(default_factory=dict)
    busy: Busy | None = None
    message: Message | None = None
    hide_names: bool = False
    recents: tuple[Path, ...] = ()
    by_hand: frozenset[str] = frozenset()
    report: Report | None = None
    checking: Busy | None = None


def settle(state: AppState) -> AppState:
    """The nearest state that can be: indices within the scan, a window of some width, a zoom within its range."""
    frames, slices = (state.volume.frames, state.volume.slices) if state.volume else (1, 1)
    centre, width = state.window
    if not (math.isfinite(centre) and math.isfinite(width)):
        centre, width = 0.5, 1.0
    return replace(
        state,
        slice_index=min(max(state.slice_index, 0), slices - 1),
        frame_index=min(max(state.frame_index, 0), frames - 1),
        window=(centre, max(width, 1e-6)),
        zoom=min(max(state.zoom, ZOOM_RANGE[0]), ZOOM_RANGE[1]),
        playing=state.playing and state.volume is not None and state.volume.is_cine,
        overlay=replace(state.overlay, opacity=min(max(state.overlay.opacity, 0.0), 1.0)),
    )


def evolve(state: AppState, **changes: Any) -> AppState:
    """The state with these fields changed, settled; the same object where nothing differs."""
    new = settle(replace(state, **changes))
    return state if new == state else new


def opened(state: AppState, volume: Volume, *, same_view: bool = False) -> AppState:
    """Another scan on screen: its own window, the middle slice, nothing of the scan before.

    same_view: the same voxels with another spacing; keep slice, frame and window.
    """
    fresh: dict[str, Any] = (
        {}
        if same_view
        else {
            "slice_index": volume.slices // 2,
            "frame_index": 0,
            "window": volume.window or auto_window(volume.array),
            "invert": False,
        }
    )
    return evolve(
        state if same_view else preselected(state),
        volume=volume,
        volume_id=state.volume_id + 1,
        zoom=1.0,
        pan_mm=(0.0, 0.0),
        playing=False,
        segment_asked=same_view and state.segment_asked,
        runs={},
        agreement={},
        message=None,
        **fresh,
    )


def preselected(state: AppState) -> AppState:
    """The model and precision that the device check recommends, but for what the user chose by hand."""
    report = state.report
    if report is None or state.catalog is None:
        return state
    if "model" not in state.by_hand and report.recommended_model in {card.id for card in state.catalog.models}:
        state = evolve(state, model_id=report.recommended_model)
    best = report.precision_for(state.model_id)
    if "precision" not in state.by_hand and best is not None and best in precisions_of(card_of(state)):
        state = evolve(state, precision=best)
    return state


def card_of(state: AppState) -> ModelCard | None:
    """The chosen model, if there is one."""
    if state.catalog is None:
        return None
    return next((card for card in state.catalog.models if card.id == state.model_id), None)


def precisions_of(card: ModelCard | None) -> tuple[str, ...]:
    """What a model comes in: float32 and int8 first, then what else its card lists."""
    if card is None:
        return (FLOAT32, INT8)
    first = tuple(p for p in (FLOAT32, INT8) if p in card.precisions)
    return first + tuple(p for p in card.precisions if p not in first)


def run_key(state: AppState, precision: str | None = None) -> RunKey | None:
    """The key of the segmentation that the choices on screen name, or of the same in another precision."""
    card, precision = card_of(state), precision or state.precision
    if state.volume is None or card is None or precision not in card.precisions:
        return None
    return RunKey(state.volume_id, card.precisions[precision].sha256, precision)


def run_of(state: AppState, precision: str | None = None) -> Run | None:
    """The segmentation for the scan, model and precision on screen (or another precision), however far it is."""
    key = run_key(state, precision)
    return state.runs.get(key) if key else None


def shown_labels(state: AppState) -> LabelMap | None:
    """The labels to draw: those of exactly this scan, model and precision, else none."""
    run = run_of(state)
    return run.prediction.labels if run and run.prediction else None


def shown_function(state: AppState) -> Function | None:
    """The measurements of the labels drawn."""
    run = run_of(state)
    return run.function if run else None


def phase_frame(state: AppState, phase: str) -> int | None:
    """The frame of "ED" or "ES": as the scan names it, else as measured, else none."""
    if state.volume is None:
        return None
    if phase in state.volume.phase_names:
        return state.volume.phase_names.index(phase)
    function = shown_function(state)
    if function is None:
        return None
    return function.ed_frame if phase == "ED" else function.es_frame


def frame_interval_ms(volume: Volume) -> float:
    """Time from frame to frame of a cine, in ms: the median of the file's, or UNKNOWN_FRAME_MS."""
    times = volume.frame_times_ms
    if times is None or len(times) < 2:
        return UNKNOWN_FRAME_MS
    step = float(np.median(np.diff(times)))
    return step if 5.0 <= step <= 500.0 else UNKNOWN_FRAME_MS


def with_run(state: AppState, key: RunKey, run: Run) -> AppState:
    """The state with one segmentation further on; unchanged when that is of another scan."""
    if key.volume_id != state.volume_id:
        return state
    return evolve(state, runs={**state.runs, key: run})
