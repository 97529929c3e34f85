"""The pure functions that make the next state from the one before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from app.state import editing
from app.state.editing import Correction, CorrectionKey
from app.state.queries import card_of, correction_key, precisions_of, size_mm
from app.state.types import CORRECTABLE, ZOOM_RANGE, AppState, Cross, Loading, Pair, Run, RunKey, Status
from engine.pictures.render import auto_window
from engine.volume import LabelMap, Volume


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


def with_run(state: AppState, key: RunKey, run: Run) -> AppState:
    """The state with one segmentation further on; unchanged when that is of another scan."""
    if key.volume_id != state.volume_id:
        return state
    return evolve(state, runs={**state.runs, key: run})
