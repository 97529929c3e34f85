"""What the program shows, as one frozen value, and the pure functions that compute the next one. No Qt.

Every view draws from an AppState; only the session replaces it. Segmentations are kept by RunKey, so that another
scan, model or precision selects another segmentation in the same step: an outline that belongs to something else
than what the panels name can never be on screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app import editing
from app.editing import Brush, Correction, CorrectionKey
from engine.catalog import Catalog
from engine.compare import Comparison
from engine.measure import Function
from engine.model_card import ModelCard
from engine.predict import Prediction, SliceTiming
from engine.render import Colour, auto_window
from engine.volume import LV, STRUCTURES, LabelMap, Volume

if TYPE_CHECKING:
    from engine.bench import Report
    from engine.studies import Index

FLOAT32, INT8 = "float32", "int8"
COMPARED = (INT8, FLOAT32)
"""The precisions that every opened scan is segmented in, so that one key press compares them."""

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
# Cine of an unknown heart rate runs at 25 frames a second.
UNKNOWN_FRAME_MS = 40.0
ZOOM_RANGE = (0.25, 40.0)
MAX_RECENTS = 8
# Around the heart when the view is filled with it, as a share of its size.
HEART_MARGIN = 0.15


class Style(StrEnum):
    """How structures are drawn."""

    OUTLINE = "outline"
    FILL = "fill"
    VOXELS = "voxels"
    """The mask as it is, a square a voxel."""


class Layout(StrEnum):
    """How the middle of the window is divided."""

    SLICE = "slice"
    PHASES = "phases"
    """End-diastole beside end-systole."""
    COMPARE = "compare"
    """Two segmentations, where they differ, and their Dice slice by slice."""
    SHEET = "sheet"
    """All slices of the frame."""
    LONG_AXIS = "long-axis"
    """The slice, and two planes at right angles to it and to each other."""


class Pair(StrEnum):
    """Which two segmentations Layout.COMPARE shows."""

    PRECISIONS = "precisions"
    """float32 and int8 of the chosen model."""
    MASK = "mask"
    """What the chosen model and precision found, and the mask that was loaded."""


CORRECTABLE = (Layout.SLICE, Layout.PHASES, Layout.LONG_AXIS)
"""Layouts with views of slices that can be corrected in."""


class Theme(StrEnum):
    """Which colours the window has."""

    DARK = "dark"
    LIGHT = "light"
    SYSTEM = "system"
    """As the desktop says, now and when it changes."""


class Language(StrEnum):
    """What the window speaks."""

    SYSTEM = "system"
    """The first of the desktop's languages that there is, else English."""
    ENGLISH = "en"
    GERMAN = "de"


class Status(StrEnum):
    """How far a segmentation is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    PART = "part"
    """Of single slices, which the user asked for; the others are not segmented, and nothing is measured."""


class Kind(StrEnum):
    """What a message is about."""

    ERROR = "error"
    WARNING = "warning"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Overlay:
    """colours: what the user chose, by structure; the others have their defaults. Never changed in place."""

    style: Style = Style.OUTLINE
    opacity: float = 0.3
    visible: frozenset[int] = frozenset(STRUCTURES)
    hidden: bool = False
    colours: Mapping[int, Colour] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class Heart:
    """Where a segmentation has the heart, in mm from the image's top left corner; box: left, top, right, bottom."""

    middle_mm: tuple[float, float]
    box_mm: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One segmentation of one scan by one model in one precision, as far as it is.

    timings: of the slices so far, in the order computed. total: slices there will be.
    planes: while it runs and in Status.PART, the labels (Y, X) uint8 of the slices so far, by (frame, slice); else
    empty.
    """

    status: Status
    timings: tuple[SliceTiming, ...] = ()
    total: int = 0
    rss_mb: float = 0.0
    prediction: Prediction | None = None
    function: Function | None = None
    planes: Mapping[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict)
    heart: Heart | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A mask from a file, on the grid of the scan on screen. Compared with others by identity.

    frames: those that the file is of; the labels of others are empty and mean nothing.
    """

    name: str
    labels: LabelMap
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Loading:
    """A scan that is on screen while it is read. Its volume says what it will be; the voxels are these.

    planes: (Y, X) by (frame, slice), as far as they are read. window: (centre, width) that it was shown with at first.
    """

    planes: Mapping[tuple[int, int], NDArray[Any]]
    window: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cross:
    """Where the long-axis planes meet the slices.

    x_mm, y_mm: their common point, from the image's top left corner. angle: of the first plane, in radians from the
    rows towards the columns; the second is at right angles to it.
    """

    x_mm: float
    y_mm: float
    angle: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Labels (Y, X) uint8 of one slice. owner: one and the same object as long as the labels are.

    brief: another owner is about to take its place, so that its outlines are not worth keeping.
    """

    plane: NDArray[np.uint8]
    owner: object
    brief: bool = False


ComparisonKey = tuple[RunKey, "RunKey | Mask"]


@dataclass(frozen=True, slots=True)
class AppState:
    """volume_id: counts the scans opened, so that results of an earlier one are known as such.
    loading: set as long as voxels of volume are missing; nothing of it is segmented, measured or exported until then.

    window: (centre, width) in the scan's own units. zoom: 1 fits the image. pan_mm: (x, y) of the view's centre from
    the image's centre. segment_asked: the user wants this scan segmented although it may be no short-axis MR.
    runs: never changed in place. agreement: Dice between float32 and int8 by model id. comparisons: by comparison_key.
    smooth: between voxels, grey values are interpolated. sweep: the cine goes to and fro, not round and round.
    cross: where the user put the long-axis planes; None for the heart's middle. mask: loaded from a file.
    by_hand: what the user chose, of "model" and "precision"; the rest follows report, what the device check of this
    computer found. checking: how far a device check is, None where none runs.
    index: what was found in the folder or files opened last. series: the number in it of the scan on screen, None where
    that is not of it. asked: what the user asked to open last, whatever came of it.
    scan: digest of the voxels on screen, empty until it is needed. corrections: of this scan and of those before it.
    corrected: show the corrected mask where there is one. correcting: drawing on the image corrects it.
    """

    volume: Volume | None = None
    volume_id: int = 0
    loading: Loading | None = None
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
    comparisons: Mapping[ComparisonKey, Comparison] = field(default_factory=dict)
    layout: Layout = Layout.SLICE
    pair: Pair = Pair.PRECISIONS
    smooth: bool = True
    sweep: bool = False
    cross: Cross | None = None
    mask: Mask | None = None
    mask_shown: bool = True
    busy: Busy | None = None
    message: Message | None = None
    hide_names: bool = False
    recents: tuple[Path, ...] = ()
    by_hand: frozenset[str] = frozenset()
    report: Report | None = None
    checking: Busy | None = None
    index: Index | None = None
    series: int | None = None
    asked: tuple[Path, ...] = ()
    scan: str = ""
    corrections: Mapping[CorrectionKey, Correction] = field(default_factory=dict)
    corrected: bool = True
    correcting: bool = False
    brush: Brush = field(default_factory=Brush)
    theme: Theme = Theme.DARK
    language: Language = Language.SYSTEM


def settle(state: AppState) -> AppState:
    """The nearest state that can be: indices and planes within the scan, a window of some width, a zoom in range."""
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
        playing=state.playing and state.volume is not None and state.volume.is_cine and state.loading is None,
        overlay=replace(state.overlay, opacity=min(max(state.overlay.opacity, 0.0), 1.0)),
        cross=_within(state.cross, state.volume),
        pair=state.pair if state.mask is not None else Pair.PRECISIONS,
        corrections=_lifted(state),
        correcting=state.correcting
        and state.loading is None
        and state.layout in CORRECTABLE
        and correction_key(state) in state.corrections,
    )


def _lifted(state: AppState) -> Mapping[CorrectionKey, Correction]:
    """The corrections; a stroke in one that is no longer on screen is at its end."""
    here = correction_key(state)
    if all(kept.stroke is None or key == here for key, kept in state.corrections.items()):
        return state.corrections
    return {key: kept if key == here else editing.ended(kept) for key, kept in state.corrections.items()}


def _within(cross: Cross | None, volume: Volume | None) -> Cross | None:
    """The nearest point of the image; none where there is no image."""
    if cross is None or volume is None or not all(map(math.isfinite, (cross.x_mm, cross.y_mm, cross.angle))):
        return None
    width, height = size_mm(volume)
    angle = math.remainder(cross.angle, 2 * math.pi)
    return Cross(min(max(cross.x_mm, 0.0), width), min(max(cross.y_mm, 0.0), height), angle)


def size_mm(volume: Volume) -> tuple[float, float]:
    """Width and height of a slice."""
    dx, dy, _ = volume.geometry.spacing_mm
    _, rows, columns = volume.geometry.shape
    return columns * dx, rows * dy


def evolve(state: AppState, **changes: Any) -> AppState:
    """The state with these fields changed, settled; the same object where nothing differs."""
    new = settle(replace(state, **changes))
    return state if new == state else new


def opened(
    state: AppState, volume: Volume, *, same_view: bool = False, window: tuple[float, float] | None = None
) -> AppState:
    """Another scan on screen: its own window, the middle slice, nothing of the scan before.

    same_view: the same voxels with another spacing; keep slice, frame and window. window: another than its own.
    """
    fresh: dict[str, Any] = (
        {"corrections": _of_scan(state, lambda correction: editing.unpacked(correction, volume))}
        if same_view
        else {
            "slice_index": volume.slices // 2,
            "frame_index": 0,
            "window": window or volume.window or auto_window(volume.array),
            "invert": False,
            "scan": "",
            "corrections": _of_scan(state, editing.packed),
        }
    )
    return evolve(
        state if same_view else preselected(state),
        volume=volume,
        volume_id=state.volume_id + 1,
        loading=None,
        zoom=1.0,
        pan_mm=(0.0, 0.0),
        playing=False,
        segment_asked=same_view and state.segment_asked,
        runs={},
        agreement={},
        comparisons={},
        series=state.series if same_view else None,
        cross=None,
        mask=replace(state.mask, labels=LabelMap(state.mask.labels.array, volume.geometry))
        if same_view and state.mask is not None
        else None,
        message=None,
        **fresh,
    )


def _of_scan(
    state: AppState, change: Callable[[Correction], Correction], scan: str | None = None
) -> dict[CorrectionKey, Correction]:
    """The corrections, with those of a scan changed; of that on screen where none is named."""
    scan = state.scan if scan is None else scan
    return {key: change(kept) if key.scan == scan else kept for key, kept in state.corrections.items()}


def recognised(state: AppState) -> AppState:
    """A scan that has arrived, with the corrections that were made of it before."""
    volume = state.volume
    if volume is None or not state.corrections:
        return state
    scan = editing.digest(volume)
    corrections = _of_scan(state, lambda correction: editing.unpacked(correction, volume), scan)
    return evolve(state, scan=scan, corrections=corrections)


def arriving(state: AppState, volume: Volume, planes: Mapping[tuple[int, int], NDArray[Any]]) -> AppState:
    """More slices of a scan that is being read; the first of them put it on screen in place of the one before.

    volume: as engine.volume.OnPlane is told of it. planes: by (frame, slice); never empty.
    """
    if state.loading is not None and state.volume is volume:
        return evolve(state, loading=replace(state.loading, planes={**state.loading.planes, **planes}))
    (frame, index), plane = next(iter(planes.items()))
    window = volume.window or auto_window(plane)
    fresh = opened(state, volume, window=window)
    return evolve(fresh, loading=Loading(planes, window), frame_index=frame, slice_index=index)


def completed(state: AppState, volume: Volume) -> AppState:
    """The scan that is being read is there as a whole; what the user has turned and moved since stays."""
    before, loading = state.volume, state.loading
    new = opened(state, volume)
    if before is None or loading is None or before.array.shape != volume.array.shape:
        return new  # a damaged file was left out: its slices are counted anew
    return evolve(
        new,
        slice_index=state.slice_index,
        frame_index=state.frame_index,
        zoom=state.zoom,
        pan_mm=state.pan_mm,
        cross=state.cross,
        window=state.window if state.window != loading.window else new.window,
        invert=state.invert,
        segment_asked=state.segment_asked,
    )


def returned(state: AppState, before: AppState) -> AppState:
    """Back to the scan before the one that is being read, with all that was known of it."""
    if state.loading is None:
        return state
    runs = {key: run for key, run in before.runs.items() if run.status is Status.DONE}
    return evolve(state, loading=None, runs=runs, **{name: getattr(before, name) for name in _OF_A_SCAN})


_OF_A_SCAN = (
    "volume", "volume_id", "slice_index", "frame_index", "window", "invert", "zoom", "pan_mm", "segment_asked",
    "agreement", "comparisons", "cross", "mask", "pair", "scan", "corrections",
)  # fmt: skip


def plane_of(state: AppState, frame: int, index: int) -> NDArray[Any] | None:
    """Voxels (Y, X) of a slice; None where there is no scan, or that slice of it is not read yet."""
    if state.volume is None or state.loading is not None:
        return None if state.loading is None else state.loading.planes.get((frame, index))
    plane: NDArray[Any] = state.volume.array[frame, index]
    return plane


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
    if state.volume is None or state.loading is not None or card is None or precision not in card.precisions:
        return None
    return RunKey(state.volume_id, card.precisions[precision].sha256, precision)


def run_of(state: AppState, precision: str | None = None) -> Run | None:
    """The segmentation for the scan, model and precision on screen (or another precision), however far it is."""
    key = run_key(state, precision)
    return state.runs.get(key) if key else None


def correction_key(state: AppState) -> CorrectionKey | None:
    """The key of the correction of what the choices on screen name; None where there can be none."""
    key = run_key(state)
    return CorrectionKey(state.scan, key.model_sha256, key.precision) if key and state.scan else None


def correction_of(state: AppState) -> Correction | None:
    """The correction of the scan, model and precision on screen, whether or not it is shown."""
    key = correction_key(state)
    return state.corrections.get(key) if key else None


def shown_correction(state: AppState) -> Correction | None:
    """The correction that is drawn in the place of what the model found.

    None where nothing is corrected yet, and where two segmentations are compared as they were made.
    """
    correction = correction_of(state) if state.corrected and state.layout is not Layout.COMPARE else None
    return correction if correction is not None and correction.planes else None


def shown_prediction(state: AppState) -> Prediction | None:
    """What the model found; what is shown of it may be corrected (see shown_correction)."""
    correction, run = shown_correction(state), run_of(state)
    return correction.base if correction is not None else run.prediction if run else None


def shown_labels(state: AppState) -> LabelMap | None:
    """The labels to draw: those of exactly this scan, model and precision, else none. Made anew where corrected."""
    correction, run = shown_correction(state), run_of(state)
    if correction is not None:
        return editing.whole(correction)
    return run.prediction.labels if run and run.prediction else None


def drawn_labels(
    state: AppState, precision: str | None = None, frame: int | None = None, index: int | None = None
) -> Drawn | None:
    """The labels of one slice as far as they are known: of exactly this scan and model, in the precision given.

    Frame, slice and precision are those on screen where none is given. While a segmentation runs, its slices come one
    by one, as they are before the largest component of each structure is chosen. Corrected slices are drawn as
    corrected where no precision is given; one that is named is as the model found it.
    """
    run, correction = run_of(state, precision), shown_correction(state) if precision is None else None
    frame, index = state.frame_index if frame is None else frame, state.slice_index if index is None else index
    if correction is not None:
        plane = correction.planes.get((frame, index))
        labels = correction.base.labels
        return Drawn(labels.array[frame, index], labels) if plane is None else Drawn(plane, plane, brief=True)
    if run is None:
        return None
    if run.prediction is not None:
        labels = run.prediction.labels
        return Drawn(labels.array[frame, index], labels)
    plane = run.planes.get((frame, index))
    return None if plane is None else Drawn(plane, plane)


def drawn_mask(state: AppState, frame: int | None = None, index: int | None = None) -> Drawn | None:
    """The loaded mask in one slice, if it is of that frame."""
    frame, index = state.frame_index if frame is None else frame, state.slice_index if index is None else index
    if state.mask is None or frame not in state.mask.frames:
        return None
    return Drawn(state.mask.labels.array[frame, index], state.mask.labels)


def comparison_key(state: AppState) -> ComparisonKey | None:
    """The key of the comparison that Layout.COMPARE shows; None where one side of it cannot be."""
    if state.pair is Pair.MASK:
        key = run_key(state)
        return (key, state.mask) if key and state.mask is not None else None
    one, other = run_key(state, FLOAT32), run_key(state, INT8)
    return (one, other) if one and other else None


def comparison_of(state: AppState) -> Comparison | None:
    """The comparison that Layout.COMPARE shows, once it is computed."""
    key = comparison_key(state)
    return state.comparisons.get(key) if key else None


def cross_of(state: AppState) -> Cross | None:
    """Where the long-axis planes are: where the user put them, else the heart's middle, else the image's."""
    if state.cross is not None or state.volume is None:
        return state.cross
    run = run_of(state)
    if run is not None and run.heart is not None:
        return Cross(*run.heart.middle_mm)
    width, height = size_mm(state.volume)
    return Cross(width / 2, height / 2)


def heart_view(state: AppState) -> tuple[float, tuple[float, float]] | None:
    """(zoom, pan_mm) that fill the view with the heart; None where it is not known where that is."""
    run = run_of(state)
    if state.volume is None or run is None or run.heart is None:
        return None
    left, top, right, bottom = run.heart.box_mm
    width, height = size_mm(state.volume)
    margin = HEART_MARGIN * max(right - left, bottom - top)
    # The smaller of the two: then the heart fits views of any proportion.
    zoom = max(min(width / (right - left + 2 * margin), height / (bottom - top + 2 * margin)), 1.0)
    return zoom, ((left + right - width) / 2, (top + bottom - height) / 2)


def heart_of(labels: LabelMap) -> Heart | None:
    """Where the heart is, None where there are no labels.

    Its middle is that of the left ventricle in the first frame that shows it, half way between the first and the last
    slice that do: planes through it stay where they are while frames and slices change.
    """
    found = labels.array.any(axis=(0, 1))
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    if not rows.size:
        return None
    dx, dy, _ = labels.geometry.spacing_mm
    left, top, right, bottom = (int(n) for n in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    box = (left * dx, top * dy, right * dx, bottom * dy)
    for frame in labels.array:
        slices = np.flatnonzero((frame == LV).any(axis=(1, 2)))
        if slices.size:
            y, x = np.nonzero(frame[slices[slices.size // 2]] == LV)
            return Heart((float(x.mean() + 0.5) * dx, float(y.mean() + 0.5) * dy), box)
    return Heart(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), box)


def shown_function(state: AppState) -> Function | None:
    """The measurements of the labels drawn."""
    correction, run = shown_correction(state), run_of(state)
    if correction is not None:
        return correction.function
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


def cine_frame(count: int, frames: int, *, sweep: bool) -> int:
    """The frame after count steps from frame 0: round and round, or with sweep to and fro, no end shown twice."""
    if not sweep or frames < 3:
        return count % frames
    at = count % (2 * frames - 2)
    return at if at < frames else 2 * frames - 2 - at


def with_run(state: AppState, key: RunKey, run: Run) -> AppState:
    """The state with one segmentation further on; unchanged when that is of another scan."""
    if key.volume_id != state.volume_id:
        return state
    return evolve(state, runs={**state.runs, key: run})
