"""What each view of a slice shows of the state: which frame, whose outlines, and what is missing. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from app.state.queries import (
    card_of,
    drawn_correction,
    drawn_labels,
    drawn_mask,
    phase_frame,
    plane_of,
    precisions_of,
    run_of,
)
from app.state.types import FLOAT32, INT8, AppState, Drawn, Pair, Run, Status
from app.words.language import marked, translate


class Role(StrEnum):
    """A view's part in a layout."""

    CURRENT = "current"
    """The slice and frame on screen, in the model and precision chosen."""
    ED = "ED"
    ES = "ES"
    FIRST = "first"
    """The first of the two segmentations compared."""
    SECOND = "second"
    DIFFERENCE = "difference"
    """Where the two differ."""


@dataclass(frozen=True, slots=True, eq=False)
class Pane:
    """frame: to show. labels: to outline. other: what a difference is taken against. mask: to outline in dashes.

    title: what the view says of itself. note: what is not there yet. missing: why there is no image, and what to do
    about it; both empty where there is one.
    """

    frame: int
    labels: Drawn | None = None
    other: Drawn | None = None
    mask: Drawn | None = None
    title: str = ""
    note: str = ""
    missing: tuple[str, str] = ("", "")


PHASE_NAMES = {Role.ED: marked("Panes", "End-diastole"), Role.ES: marked("Panes", "End-systole")}


def pane_of(state: AppState, role: Role) -> Pane:
    """What a view with this part shows."""
    pane = _pane(state, role)
    if state.scan.loading is None or pane.missing[0] or plane_of(state, pane.frame, state.view.slice_index) is not None:
        return pane
    missing = translate("Panes", "Loading…"), translate("Panes", "This slice is not read yet.")
    return replace(pane, missing=missing)


def _pane(state: AppState, role: Role) -> Pane:
    if role is Role.CURRENT:
        return Pane(state.view.frame_index, drawn_labels(state), mask=_shown_mask(state, state.view.frame_index))
    if role in (Role.ED, Role.ES):
        return _phase(state, role)
    sides = _sides(state)
    if role is Role.DIFFERENCE:
        (_, one, _), (_, other, _) = sides
        both = one is not None and other is not None
        note = "" if both else translate("Panes", "Shown once both are done")
        return Pane(state.view.frame_index, one, other, title=translate("Panes", "Difference"), note=note)
    name, drawn, note = sides[0 if role is Role.FIRST else 1]
    if state.view.pair is not Pair.PRECISIONS and role is Role.SECOND:
        return Pane(state.view.frame_index, mask=drawn, title=name, note=note)
    return Pane(state.view.frame_index, drawn, title=name, note=note)


def pair_names(state: AppState) -> tuple[str, str]:
    """What the two sides of a comparison are called."""
    if state.view.pair is Pair.MASK:
        return state.models.precision, mask_name(state)
    if state.view.pair is Pair.CORRECTED:
        return translate("Panes", "Corrected"), mask_name(state)
    return FLOAT32, INT8


def mask_name(state: AppState) -> str:
    """The loaded mask's name; its file's may be a patient's."""
    if state.segmentation.mask is None:
        return ""
    return translate("Panes", "Loaded mask") if state.preferences.hide_names else state.segmentation.mask.name


def _sides(state: AppState) -> tuple[tuple[str, Drawn | None, str], tuple[str, Drawn | None, str]]:
    """(name, labels, what is not there yet) of the two segmentations compared."""
    first, second = pair_names(state)
    if state.view.pair is Pair.CORRECTED:
        one = (first, drawn_correction(state, state.view.frame_index, state.view.slice_index), "")
    else:
        one = (first, drawn_labels(state, first), note_of(state, first))
    if state.view.pair is not Pair.PRECISIONS:
        mask = drawn_mask(state)
        note = "" if mask else _mask_frames(state)
        return one, (second, mask, note)
    return one, (second, drawn_labels(state, second), note_of(state, second))


def _mask_frames(state: AppState) -> str:
    frames = state.segmentation.mask.frames if state.segmentation.mask else ()
    listed = ", ".join(str(frame + 1) for frame in frames[:4]) + (" …" if len(frames) > 4 else "")
    return translate("Panes", "The mask is of frame {frames} only").format(frames=listed)


def note_of(state: AppState, precision: str) -> str:
    """Why a segmentation is incomplete."""
    run, card = run_of(state, precision), card_of(state)
    if run is not None and run.status is Status.DONE:
        return ""
    if state.scan.loading is not None:
        return translate("Panes", "Shown once the scan is read")
    if card is None and state.models.catalog is not None:
        return translate("Panes", "No model is installed")
    if card is not None and precision not in precisions_of(card):
        said = translate("Panes", "{model} does not come in {precision}")
        return said.format(model=card.name, precision=precision)
    return progress_text(run)


def progress_text(run: Run | None) -> str:
    """How far a segmentation is, in words; empty once it is done."""
    if run is None:
        return translate("Panes", "Not segmented: press Segment")
    match run.status:
        case Status.WAITING:
            return translate("Panes", "Queued")
        case Status.RUNNING:
            said = translate("Panes", "Segmenting: {done} of {total}")
            return said.format(done=len(run.timings), total=run.total)
        case Status.PART:
            return translate("Panes", "Only {done} of {total} slices").format(done=len(run.planes), total=run.total)
        case Status.STOPPED:
            return translate("Panes", "Stopped: press Segment")
        case Status.FAILED:
            return translate("Panes", "Failed: press Segment")
    return ""


def _phase(state: AppState, role: Role) -> Pane:
    """The view of end-diastole or end-systole."""
    name, volume = translate("Panes", PHASE_NAMES[role]), state.scan.volume
    frame = phase_frame(state, str(role))
    if volume is None or frame is not None:
        at = frame if frame is not None else 0
        return Pane(at, drawn_labels(state, frame=at), mask=_shown_mask(state, at), title=name)
    if volume.frames == 1:
        missing = (
            translate("Panes", "No end-diastole in a single frame")
            if role is Role.ED
            else translate("Panes", "No end-systole in a single frame"),
            translate("Panes", "Open a cine, or an ED and an ES file together. Key 1 shows this frame."),
        )
    else:
        run = run_of(state)
        if state.scan.loading is not None:
            todo = translate("Panes", "The scan is still being read.")
        elif state.models.catalog is not None and card_of(state) is None:
            todo = translate("Panes", "No model is installed that could find the frame. Key 1 shows all frames.")
        elif run is not None and run.status in (Status.WAITING, Status.RUNNING):
            todo = translate("Panes", "{progress}. The frames are found once all are segmented.")
            todo = todo.format(progress=progress_text(run))
        elif run is not None and run.status is Status.DONE:
            todo = translate("Panes", "The model found no beating left ventricle in this scan. Key 1 shows its frames.")
        else:
            todo = translate("Panes", "The frame is found once the cine is segmented: press Segment.")
        missing = (translate("Panes", "{phase} is not known yet").format(phase=name), todo)
    return Pane(0, title=name, missing=missing)


def _shown_mask(state: AppState, frame: int) -> Drawn | None:
    return drawn_mask(state, frame) if state.preferences.mask_shown else None
