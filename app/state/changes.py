"""The pure functions that make the next state from the one before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from numpy.typing import NDArray

from app.state import editing
from app.state.annotations import AnnotationState
from app.state.beside import BesideState
from app.state.brush import Plane
from app.state.case import BORROWED, CaseState, OtherCase
from app.state.editing import Correction, CorrectionKey
from app.state.history import HistoryState
from app.state.measured import corrections_measured, runs_measured
from app.state.outgoing import Outgoing
from app.state.patient_facts import PatientFacts
from app.state.queries import card_of, correction_key, correction_of, precisions_of, size_mm
from app.state.review import ReviewState
from app.state.strokes import Where
from app.state.turned import Turned, key_of
from app.state.types import (
    CORRECTABLE,
    ZOOM_RANGE,
    AppState,
    Cross,
    Layout,
    Loading,
    Pair,
    Run,
    RunKey,
    SegmentationState,
    Status,
    ViewState,
)
from engine.measures.function import function_of
from engine.measures.phases import Held
from engine.measures.reading import Phases
from engine.measures.tally import tally_of
from engine.network.model_card import SHORT_AXIS
from engine.pictures import render
from engine.volume import LabelMap, Volume

GROUPS = tuple(f.name for f in fields(AppState) if f.name not in ("busy", "message", "answers"))
"""The fields of AppState that are groups of fields."""

_GROUP_OF = {f.name: group for group in GROUPS for f in fields(getattr(AppState(), group))}
if len(_GROUP_OF) != sum(len(fields(getattr(AppState(), group))) for group in GROUPS):
    raise TypeError("two groups of AppState have a field of the same name")


def value_of(state: AppState, name: str) -> Any:
    """The value of a field of any group."""
    return getattr(getattr(state, _GROUP_OF[name]), name)


def with_fields(state: AppState, **changes: Any) -> AppState:
    """The state with these fields changed, as they are given. A field is named alone; its group is looked up.

    A group in which nothing differs stays the same object.
    """
    whole = {name: value for name, value in changes.items() if name not in _GROUP_OF}
    state = replace(state, **whole) if whole else state
    parts: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        if name not in whole and value_of(state, name) is not value:
            parts.setdefault(_GROUP_OF[name], {})[name] = value
    groups = {group: replace(getattr(state, group), **part) for group, part in parts.items()}
    return replace(state, **groups) if groups else state


def settle(state: AppState) -> AppState:
    """The nearest valid state: indices and planes within the scan, a window with some width, a zoom in range."""
    scan, view, volume = state.scan, state.view, state.scan.volume
    frames, slices = (volume.frames, volume.slices) if volume else (1, 1)
    centre, width = view.window
    if not (math.isfinite(centre) and math.isfinite(width)):
        centre, width = 0.5, 1.0
    overlay = state.preferences.overlay
    settled_view = replace(
        view,
        slice_index=min(max(view.slice_index, 0), slices - 1),
        frame_index=min(max(view.frame_index, 0), frames - 1),
        window=(centre, max(width, 1e-6)),
        zoom=min(max(view.zoom, ZOOM_RANGE[0]), ZOOM_RANGE[1]),
        playing=view.playing
        and volume is not None
        and volume.is_cine
        and scan.loading is None
        and state.preferences.layout is not Layout.PHASES,
        cross=_within(view.cross, volume),
        pair=_possible(state),
    )
    return with_fields(
        state,
        view=view if settled_view == view else settled_view,
        overlay=overlay
        if 0.0 <= overlay.opacity <= 1.0
        else replace(overlay, opacity=min(max(overlay.opacity, 0.0), 1.0)),
        corrections=corrections_measured(state, _lifted(state)),
        runs=runs_measured(state),
        correcting=state.correction.correcting
        and scan.loading is None
        and state.preferences.layout in CORRECTABLE
        and correction_key(state) in state.correction.corrections,
    )


def _possible(state: AppState) -> Pair:
    """The pair to compare, or the nearest whose sides can exist."""
    if state.segmentation.mask is None:
        return Pair.PRECISIONS
    if state.view.pair is Pair.CORRECTED and correction_of(state) is None:
        return Pair.MASK
    return state.view.pair


def _lifted(state: AppState) -> Mapping[CorrectionKey, Correction]:
    """The corrections. A stroke in one that is no longer on screen is ended."""
    here = correction_key(state)
    if all(kept.stroke is None or key == here for key, kept in state.correction.corrections.items()):
        return state.correction.corrections
    return {key: kept if key == here else editing.ended(kept) for key, kept in state.correction.corrections.items()}


def _within(cross: Cross | None, volume: Volume | None) -> Cross | None:
    """The nearest point of the image, None if there is no image."""
    if cross is None or volume is None or not all(map(math.isfinite, (cross.x_mm, cross.y_mm, cross.angle))):
        return None
    width, height = size_mm(volume)
    angle = math.remainder(cross.angle, 2 * math.pi)
    return Cross(min(max(cross.x_mm, 0.0), width), min(max(cross.y_mm, 0.0), height), angle)


def evolve(state: AppState, **changes: Any) -> AppState:
    """The state with these fields changed, settled. The same object if nothing differs.

    A field is named alone, without its group: evolve(state, zoom=2.0).
    """
    new = settle(with_fields(state, **changes))
    return state if new == state else new


def opened(state: AppState, volume: Volume, *, window: tuple[float, float] | None = None) -> AppState:
    """Another scan on screen: its own window, the middle slice, nothing of the scan before.

    window: to show it with, in place of the scan's own.
    """
    return evolve(
        preselected(_without_borrowed(state)),
        scan=replace(
            state.scan,
            volume=volume,
            volume_id=state.scan.volume_id + 1,
            loading=None,
            digest="",
            view_asked="",
            series=None,
        ),
        view=ViewState(
            slice_index=volume.slices // 2,
            window=window or first_window(volume),
            turned=state.preferences.turns.get(key_of(volume), Turned()),
        ),
        segmentation=SegmentationState(),
        corrections=_of_scan(state, editing.packed),
        history=HistoryState(),
        annotation=AnnotationState(),
        facts=PatientFacts(),
        case=CaseState(),
        outgoing=Outgoing(),
        reviewing=ReviewState(),
        beside=BesideState(),
        message=None,
    )


def _without_borrowed(state: AppState) -> AppState:
    """The state without models that only a case has brought along; see app.state.case.BORROWED."""
    catalog = state.models.catalog
    if catalog is None or not _has_borrowed(state):
        return state
    models = tuple(card for card in catalog.models if not card.id.startswith(BORROWED))
    gone = state.models.model_id.startswith(BORROWED)
    state = evolve(
        state,
        catalog=replace(catalog, models=models),
        model_id=catalog.default if gone else state.models.model_id,
    )
    precisions = precisions_of(card_of(state))
    return state if state.models.precision in precisions else evolve(state, precision=precisions[0])


def _has_borrowed(state: AppState) -> bool:
    catalog = state.models.catalog
    return catalog is not None and any(card.id.startswith(BORROWED) for card in catalog.models)


def first_window(volume: Volume) -> tuple[float, float]:
    """(centre, width) to show a scan with at first: its file's unless that is too dark, else computed."""
    return render.first_window(volume.array, volume.window)


def with_spacing(state: AppState, volume: Volume) -> AppState:
    """The scan on screen with another spacing. volume: the same voxels as before. Segmentations have to be made anew.

    Slice, frame, grey-value window, the loaded mask and another reader's case are kept; the case is measured anew.
    """
    mask = state.segmentation.mask
    return evolve(
        state,
        other=None if state.case.other is None else _other_on(state.case.other, volume),
        scan=replace(state.scan, volume=volume, volume_id=state.scan.volume_id + 1, loading=None),
        view=replace(state.view, zoom=1.0, pan_mm=(0.0, 0.0), cross=None, playing=False),
        segmentation=SegmentationState(
            segment_asked=state.segmentation.segment_asked,
            mask=None if mask is None else replace(mask, labels=LabelMap(mask.labels.array, volume.geometry)),
        ),
        corrections=_of_scan(state, lambda correction: editing.unpacked(correction, volume)),
        message=None,
    )


def _other_on(other: OtherCase, volume: Volume) -> OtherCase:
    """Another reader's case on another spacing, measured by that reader's choices."""
    labels = LabelMap(other.labels.array, volume.geometry)
    before = other.function
    held = Held(Phases(before.ed_frame, before.es_frame), Phases(before.rv_ed_frame, before.rv_es_frame))
    return replace(other, labels=labels, function=function_of(tally_of(labels, volume), volume, before.reading, held))


def _of_scan(
    state: AppState, change: Callable[[Correction], Correction], digest: str | None = None
) -> dict[CorrectionKey, Correction]:
    """All corrections, with those of one scan changed: the scan on screen if no digest is given."""
    digest = state.scan.digest if digest is None else digest
    return {key: change(kept) if key.scan == digest else kept for key, kept in state.correction.corrections.items()}


def stroke_ended(state: AppState) -> AppState:
    """The stroke being drawn, if there is one, becomes a step that can be undone."""
    corrections = state.correction.corrections
    if all(correction.stroke is None for correction in corrections.values()):
        return state
    return evolve(state, corrections={key: editing.ended(correction) for key, correction in corrections.items()})


def marked_saved(state: AppState, key: CorrectionKey, planes: Mapping[Where, Plane]) -> AppState:
    """The state after a mask with these corrected slices has been written."""
    correction = state.correction.corrections.get(key)
    if correction is None:
        return state
    return evolve(state, corrections={**state.correction.corrections, key: editing.marked_saved(correction, planes)})


def recognised(state: AppState) -> AppState:
    """The state with what was corrected and chosen earlier of the scan that has just been opened."""
    volume = state.scan.volume
    if volume is None or not (state.correction.corrections or state.measuring.readings):
        return state
    digest = editing.digest(volume)
    corrections = _of_scan(state, lambda correction: editing.unpacked(correction, volume), digest)
    return evolve(state, digest=digest, corrections=corrections)


def arriving(state: AppState, volume: Volume, planes: Mapping[tuple[int, int], NDArray[Any]]) -> AppState:
    """The state with more slices of a scan that is being read. The first ones bring it on screen.

    volume: as passed to engine.volume.OnPlane. planes: by (frame, slice), never empty.
    """
    if state.scan.loading is not None and state.scan.volume is volume:
        return evolve(state, loading=replace(state.scan.loading, planes={**state.scan.loading.planes, **planes}))
    (frame, index), plane = next(iter(planes.items()))
    window = render.first_window(plane, volume.window)
    fresh = opened(state, volume, window=window)
    return evolve(fresh, loading=Loading(planes, window), frame_index=frame, slice_index=index)


def completed(state: AppState, volume: Volume) -> AppState:
    """The scan that was being read has been read completely. What the user has changed in the view since is kept."""
    before, loading, view = state.scan.volume, state.scan.loading, state.view
    new = opened(state, volume)
    if before is None or loading is None or before.array.shape != volume.array.shape:
        return new  # a damaged file was left out: its slices are counted anew
    asked = state.scan.view_asked if volume.slices == 1 else ""
    return evolve(
        new,
        view=replace(view, window=view.window if view.window != loading.window else new.view.window),
        view_asked=asked,
        segment_asked=state.segmentation.segment_asked,
        facts=state.facts,
    )


def returned(state: AppState, before: AppState) -> AppState:
    """Back from a scan that is being read to the scan before, with everything that was known of it.

    The index and the paths asked for last are those of state.
    """
    if state.scan.loading is None:
        return state
    asked = state.scan
    runs = {key: run for key, run in before.segmentation.runs.items() if run.status is Status.DONE}
    if _has_borrowed(before):
        state = evolve(state, catalog=before.models.catalog, model_id=before.models.model_id)
    return evolve(
        state,
        scan=replace(before.scan, loading=None, index=asked.index, series=asked.series, asked=asked.asked),
        view=replace(before.view, playing=False),
        segmentation=replace(before.segmentation, runs=runs),
        history=before.history,
        annotation=before.annotation,
        facts=before.facts,
        case=before.case,
        left=before.cases.left,
        outgoing=before.outgoing,
        reviewing=before.reviewing,
        beside=before.beside,
        corrections=_as_left(before.correction.corrections, state.correction.corrections),
    )


def _as_left(
    before: Mapping[CorrectionKey, Correction], now: Mapping[CorrectionKey, Correction]
) -> dict[CorrectionKey, Correction]:
    """The corrections of before, unpacked as they were; exports that have ended since are not forgotten."""
    return {key: replace(kept, saved=now[key].saved) if key in now else kept for key, kept in before.items()}


def preselected(state: AppState) -> AppState:
    """The state with the model and precision that the device check recommends. Choices made by hand are kept."""
    report = state.models.report
    if report is None or state.models.catalog is None:
        return state
    if "model" not in state.models.by_hand and report.recommended_model in {
        card.id for card in state.models.catalog.models if card.view == SHORT_AXIS
    }:
        state = evolve(state, model_id=report.recommended_model)
    card = card_of(state)
    best = report.precision_for(card.id) if card is not None else None
    if "precision" not in state.models.by_hand and best is not None and best in precisions_of(card):
        state = evolve(state, precision=best)
    return state


def with_run(state: AppState, key: RunKey, run: Run) -> AppState:
    """The state with progress of one segmentation. Unchanged if the segmentation is of another scan."""
    if key.volume_id != state.scan.volume_id:
        return state
    return evolve(state, runs={**state.segmentation.runs, key: run})
