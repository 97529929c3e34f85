"""Questions to the state: what is on screen, and what is known about it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.state import editing
from app.state.editing import Correction, CorrectionKey
from app.state.identity import Same
from app.state.kept import kept
from app.state.types import (
    FLOAT32,
    HEART_MARGIN,
    INT8,
    UNKNOWN_FRAME_MS,
    AppState,
    ComparisonKey,
    Cross,
    Drawn,
    Heart,
    Layout,
    Pair,
    Run,
    RunKey,
)
from engine.measures.comparison import Comparison
from engine.measures.function import Function
from engine.measures.long_axis import LongAxisFunction
from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS, ModelCard
from engine.network.predict import Prediction
from engine.network.view import view_of
from engine.volume import LV, LabelMap, Volume


def size_mm(volume: Volume) -> tuple[float, float]:
    """Width and height of a slice."""
    dx, dy, _ = volume.geometry.spacing_mm
    _, rows, columns = volume.geometry.shape
    return columns * dx, rows * dy


def plane_of(state: AppState, frame: int, index: int) -> NDArray[Any] | None:
    """Voxels (Y, X) of a slice. None if there is no scan, or if this slice has not been read yet."""
    if state.scan.volume is None or state.scan.loading is not None:
        return None if state.scan.loading is None else state.scan.loading.planes.get((frame, index))
    plane: NDArray[Any] = state.scan.volume.array[frame, index]
    return plane


@kept
def view_shown(state: AppState) -> str:
    """The view of model_card.VIEWS that the scan on screen is taken for: as the user says, else as its geometry does.

    Geometry decides only where nothing else speaks against it: a CT image is no four-chamber view.
    """
    volume = state.scan.volume
    if volume is None or volume.slices > 1:
        return SHORT_AXIS
    if state.scan.view_asked:
        return state.scan.view_asked
    plain = not volume.not_short_axis or volume.not_short_axis.startswith("a single slice")
    return FOUR_CHAMBER if plain and view_of(volume.geometry) == FOUR_CHAMBER else SHORT_AXIS


def cards_offered(state: AppState) -> tuple[ModelCard, ...]:
    """The models for the view on screen. The others were made for planes that this scan does not show."""
    catalog, view = state.models.catalog, view_shown(state)
    return () if catalog is None else tuple(card for card in catalog.models if card.view == view)


@kept
def card_of(state: AppState) -> ModelCard | None:
    """The chosen model for the view on screen, if there is one."""
    cards = cards_offered(state)
    if view_shown(state) == SHORT_AXIS:
        return next((card for card in cards if card.id == state.models.model_id), None)
    return next((card for card in cards if card.id == state.models.four_chamber_id), cards[0] if cards else None)


def precisions_of(card: ModelCard | None) -> tuple[str, ...]:
    """The precisions a model comes in: float32 and int8 first, then the others on its card."""
    if card is None:
        return (FLOAT32, INT8)
    first = tuple(p for p in (FLOAT32, INT8) if p in card.precisions)
    return first + tuple(p for p in card.precisions if p not in first)


@kept
def run_key(state: AppState, precision: str | None = None) -> RunKey | None:
    """The key of the segmentation of the scan, model and precision on screen, or of another precision."""
    card, precision = card_of(state), precision or state.models.precision
    if state.scan.volume is None or state.scan.loading is not None or card is None or precision not in card.precisions:
        return None
    return RunKey(state.scan.volume_id, card.precisions[precision].sha256, precision)


@kept
def run_of(state: AppState, precision: str | None = None) -> Run | None:
    """The segmentation of the scan, model and precision on screen, or of another precision; it may still be running."""
    key = run_key(state, precision)
    return state.segmentation.runs.get(key) if key else None


@kept
def correction_key(state: AppState) -> CorrectionKey | None:
    """The key of the correction of the scan, model and precision on screen. None if there cannot be one."""
    key = run_key(state)
    return CorrectionKey(state.scan.digest, key.model_sha256, key.precision) if key and state.scan.digest else None


@kept
def correction_of(state: AppState) -> Correction | None:
    """The correction of the scan, model and precision on screen, whether or not it is shown."""
    key = correction_key(state)
    return state.correction.corrections.get(key) if key else None


def unsaved(state: AppState) -> dict[CorrectionKey, Correction]:
    """The corrections that no exported mask has, of all scans."""
    return {key: correction for key, correction in state.correction.corrections.items() if correction.unsaved}


def can_draw(state: AppState) -> bool:
    """Whether the left mouse button draws. While the cine runs it does not."""
    return state.correction.correcting and not state.view.playing


def phases_shown(state: AppState) -> list[int]:
    """The frames that Layout.PHASES shows."""
    return [at for phase in ("ED", "ES") if (at := phase_frame(state, phase)) is not None]


@kept
def shown_correction(state: AppState) -> Correction | None:
    """The correction that is drawn instead of what the model found.

    None if nothing has been corrected yet, and in the layout that compares two segmentations as they were made.
    """
    correction = (
        correction_of(state) if state.correction.corrected and state.preferences.layout is not Layout.COMPARE else None
    )
    return correction if correction is not None and correction.planes else None


def shown_prediction(state: AppState) -> Prediction | None:
    """What the model found. It may be shown with corrections: see shown_correction."""
    correction, run = shown_correction(state), run_of(state)
    return correction.base if correction is not None else run.prediction if run else None


def shown_labels(state: AppState) -> LabelMap | None:
    """The labels of exactly this scan, model and precision, or None. Corrected ones are a new array each time."""
    correction, run = shown_correction(state), run_of(state)
    if correction is not None:
        return editing.whole(correction)
    return run.prediction.labels if run and run.prediction else None


def drawn_labels(
    state: AppState, precision: str | None = None, frame: int | None = None, index: int | None = None
) -> Drawn | None:
    """The labels of one slice, if they are known. They belong to exactly this scan, model and precision.

    Frame, slice and precision default to those on screen. While a segmentation runs, its slices arrive one by one,
    before the largest component of each structure has been chosen. Corrections are included only if no precision is
    given; with one, the labels are as the model found them.
    """
    run, correction = run_of(state, precision), shown_correction(state) if precision is None else None
    frame, index = (
        state.view.frame_index if frame is None else frame,
        state.view.slice_index if index is None else index,
    )
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


def drawn_correction(state: AppState, frame: int, index: int) -> Drawn | None:
    """One slice as corrected by hand, whether or not corrections are shown; None where nothing is being corrected."""
    correction = correction_of(state)
    if correction is None:
        return None
    plane = correction.planes.get((frame, index))
    labels = correction.base.labels
    return Drawn(labels.array[frame, index], labels) if plane is None else Drawn(plane, plane)


def drawn_mask(state: AppState, frame: int | None = None, index: int | None = None) -> Drawn | None:
    """One slice of the loaded mask, if the mask covers that frame."""
    frame, index = (
        state.view.frame_index if frame is None else frame,
        state.view.slice_index if index is None else index,
    )
    if state.segmentation.mask is None or frame not in state.segmentation.mask.frames:
        return None
    return Drawn(state.segmentation.mask.labels.array[frame, index], state.segmentation.mask.labels)


def comparison_key(state: AppState) -> ComparisonKey | None:
    """The key of the comparison that Layout.COMPARE shows. None if one of its sides cannot exist."""
    mask = state.segmentation.mask
    if state.view.pair is Pair.MASK:
        key = run_key(state)
        return (key, mask) if key and mask is not None else None
    if state.view.pair is Pair.CORRECTED:
        correction = correction_of(state)
        return (Same(correction.planes), mask) if correction is not None and mask is not None else None
    one, other = run_key(state, FLOAT32), run_key(state, INT8)
    return (one, other) if one and other else None


def comparison_of(state: AppState) -> Comparison | None:
    """The comparison that Layout.COMPARE shows, once it has been computed."""
    key = comparison_key(state)
    return state.segmentation.comparisons.get(key) if key else None


def cross_of(state: AppState) -> Cross | None:
    """Where the long-axis planes are: where the user put them, else in the middle of the heart, else of the image."""
    if state.view.cross is not None or state.scan.volume is None:
        return state.view.cross
    run = run_of(state)
    if run is not None and run.heart is not None:
        return Cross(*run.heart.middle_mm)
    width, height = size_mm(state.scan.volume)
    return Cross(width / 2, height / 2)


def heart_view(state: AppState) -> tuple[float, tuple[float, float]] | None:
    """(zoom, pan_mm) that fill the view with the heart. None if its position is not known."""
    run = run_of(state)
    if state.scan.volume is None or run is None or run.heart is None:
        return None
    left, top, right, bottom = run.heart.box_mm
    width, height = size_mm(state.scan.volume)
    margin = HEART_MARGIN * max(right - left, bottom - top)
    # The smaller of the two: then the heart fits views of any proportion.
    zoom = max(min(width / (right - left + 2 * margin), height / (bottom - top + 2 * margin)), 1.0)
    return zoom, ((left + right - width) / 2, (top + bottom - height) / 2)


def heart_of(labels: LabelMap) -> Heart | None:
    """Where the heart is, None if there are no labels.

    The middle is that of the left ventricle, in the first frame that shows it, half way between the first and the last
    slice that do. Planes through it therefore stay in place while frames and slices change.
    """
    found = np.any(labels.array, axis=(0, 1))
    rows, columns = np.flatnonzero(np.any(found, axis=1)), np.flatnonzero(np.any(found, axis=0))
    if not rows.size:
        return None
    dx, dy, _ = labels.geometry.spacing_mm
    left, top, right, bottom = (int(n) for n in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    box = (left * dx, top * dy, right * dx, bottom * dy)
    for frame in labels.array:
        slices = np.flatnonzero((frame == LV).any(axis=(1, 2)))
        if slices.size:
            y, x = np.nonzero(frame[slices[slices.size // 2]] == LV)
            return Heart((float(x.mean() + 0.5) * dx, float(y.mean() + 0.5) * dy), box, _base_first(frame))
    return Heart(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), box)


def _base_first(frame: NDArray[np.uint8]) -> bool | None:
    """Whether labels (Z, Y, X) are larger in the first third of the slices that have any: there the base is."""
    sizes = np.count_nonzero(frame, axis=(1, 2))
    sizes = sizes[sizes > 0]
    third = sizes.size // 3
    first, last = int(sizes[:third].sum()), int(sizes[sizes.size - third :].sum())
    return None if max(first, last) < 1.2 * min(first, last) or not third else first > last


@kept
def shown_function(state: AppState) -> Function | None:
    """The measurements of the labels drawn. None of a four-chamber view: its one slice is no stack to be summed."""
    if view_shown(state) != SHORT_AXIS:
        return None
    correction, run = shown_correction(state), run_of(state)
    if correction is not None:
        return correction.function
    return run.function if run else None


@kept
def phase_frame(state: AppState, phase: str) -> int | None:
    """The frame of "ED" or "ES" of the left ventricle: as measured, else as the scan names it, else none."""
    volume, run = state.scan.volume, run_of(state)
    function: Function | LongAxisFunction | None = shown_function(state)
    if function is None and run is not None:
        function = run.long_axis
    measured = None if function is None else function.ed_frame if phase == "ED" else function.es_frame
    if measured is not None or volume is None:
        return measured
    return volume.phase_names.index(phase) if phase in volume.phase_names else None


def frame_interval_ms(volume: Volume) -> float:
    """Time between frames of a cine, in ms: the median of the intervals in the file, or UNKNOWN_FRAME_MS."""
    times = volume.frame_times_ms
    return UNKNOWN_FRAME_MS if times is None or len(times) < 2 else _interval_ms(tuple(times))


@lru_cache(maxsize=8)
def _interval_ms(times: tuple[float, ...]) -> float:
    step = float(np.median(np.diff(times)))
    return step if 5.0 <= step <= 500.0 else UNKNOWN_FRAME_MS


def cine_frame(count: int, frames: int, *, sweep: bool) -> int:
    """The frame after count steps from frame 0. It goes round; with sweep, back and forth, showing each end once."""
    if not sweep or frames < 3:
        return count % frames
    at = count % (2 * frames - 2)
    return at if at < frames else 2 * frames - 2 - at
