"""What a case file holds of the state, and what of it is in no file yet. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from app.state import annotations as notes
from app.state import case_history, editing, outgoing, patient_facts, review
from app.state.annotations import Annotation, AnnotationState
from app.state.case import CaseState, LeftCase
from app.state.changes import evolve
from app.state.editing import Change, Correction
from app.state.identity import Same
from app.state.measured import NONE as NO_READING
from app.state.measured import reading_of
from app.state.outgoing import Outgoing
from app.state.patient_facts import PatientFacts
from app.state.queries import card_of, correction_of, run_key, run_of, view_shown
from app.state.types import MAX_RECENTS, AppState, Mask
from engine.formats.case_file import CaseFile, CaseMask, ScanReference, Segmentation, Step
from engine.measures import reading
from engine.measures.function import Function
from engine.measures.quantities import to_json
from engine.measures.reading import Reading
from engine.network.model_card import SHORT_AXIS, VIEWS
from engine.network.predict import Prediction
from engine.volume import voxels_sha256

# -- the reader's choices ----------------------------------------------------------------------------------------------


def choices_of(state: AppState) -> dict[str, Any]:
    """What the reader decided, as plain values. A choice that was never made is not in it."""
    made: dict[str, Any] = {}
    if reading_of(state) != NO_READING:
        made["reading"] = reading_of(state).to_json()
    if state.facts != PatientFacts():
        made["patient"] = patient_facts.to_json(state.facts)
    if state.annotation.annotations:
        made["annotations"] = notes.to_json(state.annotation.annotations)
    if state.reviewing.ticks:
        made["reviewed"] = review.to_json(state.reviewing.ticks)
    if state.scan.view_asked:
        made["view_asked"] = state.scan.view_asked
    if state.outgoing != Outgoing():
        made["outgoing"] = state.outgoing.to_json()
    # As they come back from a file, so that the two can be compared.
    return dict(json.loads(json.dumps(made))) if made else made


def work_of(state: AppState) -> tuple[Same, ...]:
    """Differs whenever the reader may have changed something that a case keeps, other than how it is looked at."""
    choices = (state.measuring, state.facts, state.annotation, state.outgoing, state.scan.view_asked)
    kept = (*choices, state.reviewing.ticks, state.correction.corrections, state.case, state.cases)
    return tuple(map(Same, kept))


@dataclass(frozen=True, slots=True)
class Choices:
    """The reader's choices, read from a case. See choices_of."""

    reading: Reading = NO_READING
    facts: PatientFacts = field(default_factory=PatientFacts)
    view_asked: str = ""
    annotations: tuple[Annotation, ...] = ()
    outgoing: Outgoing = field(default_factory=Outgoing)
    ticks: review.Ticks = field(default_factory=dict)


def choices_from(choices: Mapping[str, Any], frames: int, slices: int) -> Choices:
    """The choices of a case of so many frames and slices. Unknown ones are left out. Raises ValueError, one line."""
    view_asked = choices.get("view_asked", "")
    if view_asked not in ("", *VIEWS):
        raise ValueError(f"view_asked is {view_asked!r}, none of {', '.join(VIEWS)}")
    return Choices(
        reading=reading.from_json(choices["reading"], frames, slices) if "reading" in choices else NO_READING,
        facts=patient_facts.from_json(choices["patient"]) if "patient" in choices else PatientFacts(),
        view_asked=view_asked,
        annotations=notes.from_json(choices.get("annotations", []), frames, slices),
        outgoing=outgoing.from_json(choices["outgoing"]) if "outgoing" in choices else Outgoing(),
        ticks=review.from_json(choices.get("reviewed")),
    )


def with_choices(state: AppState, choices: Choices) -> AppState:
    """The state with the choices of the case on screen."""
    readings = {key: kept for key, kept in state.measuring.readings.items() if key != state.scan.digest}
    if choices.reading != NO_READING:
        readings[state.scan.digest] = choices.reading
    return evolve(
        state,
        readings=readings,
        facts=choices.facts,
        view_asked=choices.view_asked,
        annotation=AnnotationState(choices.annotations),
        outgoing=choices.outgoing,
        ticks=choices.ticks,
    )


# -- to a case ---------------------------------------------------------------------------------------------------------


def case_of(state: AppState) -> CaseFile | None:
    """The case of the scan on screen, None while there is none that has been read completely.

    Computes the digest of the scan if the state does not have it.
    """
    volume = state.scan.volume
    if volume is None or state.scan.loading is not None:
        return None
    index, series = state.scan.index, state.scan.series
    of_index = index is not None and series is not None
    paths = index.paths if index is not None and of_index else volume.source.paths
    digest = state.scan.digest or voxels_sha256(volume.array)
    frames, slices, rows, columns = volume.array.shape
    return CaseFile(
        scan=ScanReference(
            kind=volume.source.kind,
            paths=tuple(path.absolute() for path in paths),
            name=volume.source.name,
            digest=digest,
            shape=(frames, slices, rows, columns),
            series=series if of_index else None,
        ),
        geometry=volume.geometry,
        segmentations=_segmentations(state, digest),
        mask=_loaded_mask(state.segmentation.mask),
        choices=choices_of(state),
        view=_view(state),
        measurements=_measurements(state),
        audit=state.case.audit,
        history=case_history.to_json(state if state.scan.digest else evolve(state, digest=digest)),
    )


def _segmentations(state: AppState, digest: str) -> tuple[Segmentation, ...]:
    bases = {
        (key.model_sha256, key.precision): run.prediction
        for key, run in state.segmentation.runs.items()
        if run.prediction is not None
    }
    corrections = {
        (key.model_sha256, key.precision): editing.ended(kept)
        for key, kept in state.correction.corrections.items()
        if key.scan == digest
    }
    bases |= {key: kept.base for key, kept in corrections.items()}
    found = []
    for key, base in bases.items():
        kept = corrections.get(key)
        steps = {} if kept is None else {"done": _steps(kept.done), "undone": _steps(kept.undone)}
        planes = {} if kept is None else kept.planes
        facts = {**_facts(base), "view": _view_of(state, key)}
        found.append(Segmentation(facts, base.labels.array, planes, **steps))
    return tuple(found)


def _view_of(state: AppState, key: tuple[str, str]) -> str:
    """The view that the model of a segmentation is made for. key: the hash of its file, and the precision."""
    catalog, (sha256, precision) = state.models.catalog, key
    for card in catalog.models if catalog is not None else ():
        if precision in card.precisions and card.precisions[precision].sha256 == sha256:
            return card.view
    return SHORT_AXIS


def _steps(changes: Sequence[Change]) -> tuple[Step, ...]:
    return tuple(Step(*c.where, c.top, c.left, c.before, c.after, joined=c.joined, order=c.order) for c in changes)


_NOT_FACTS = ("labels", "timings", "confidence", "removed")


def _facts(base: Prediction) -> dict[str, Any]:
    """A prediction without its labels, as plain values."""
    facts = {f.name: getattr(base, f.name) for f in fields(base) if f.name not in _NOT_FACTS}
    timings = [[t.frame, t.slice, t.preprocess_ms, t.inference_ms, t.postprocess_ms] for t in base.timings]
    sure = base.confidence
    confidence = None if sure is None else {f.name: getattr(sure, f.name).tolist() for f in fields(sure)}
    removed = [[one.frame, one.slice, one.label] for one in base.removed]
    shape = list(base.input_shape)
    return {**facts, "input_shape": shape, "timings": timings, "confidence": confidence, "removed": removed}


def _loaded_mask(mask: Mask | None) -> CaseMask | None:
    return None if mask is None else CaseMask(mask.name, mask.labels.array, mask.frames, mask.notices)


def _view(state: AppState) -> dict[str, Any]:
    view, key, card, path = state.view, run_key(state), card_of(state), state.case.case_path
    cross = view.cross
    return {
        "slice_index": view.slice_index,
        "frame_index": view.frame_index,
        "window": list(view.window),
        "invert": view.invert,
        "zoom": view.zoom,
        "pan_mm": list(view.pan_mm),
        "cross": None if cross is None else [cross.x_mm, cross.y_mm, cross.angle],
        "turned": [view.turned.quarters, int(view.turned.mirrored)],
        "pair": str(view.pair),
        "layout": str(state.preferences.layout),
        "model": "" if card is None else card.id,
        "model_sha256": "" if key is None else key.model_sha256,
        "precision": state.models.precision,
        "corrected": state.correction.corrected,
        "segment_asked": state.segmentation.segment_asked,
        "saved_as": None if path is None else str(path),
    }


def reader_correction(state: AppState) -> Correction | None:
    """The correction that the reader works with, in every layout; None where they look at the model's own labels."""
    correction = correction_of(state) if state.correction.corrected else None
    return correction if correction is not None and correction.planes else None


def reader_function(state: AppState) -> Function | None:
    """The numbers of the labels that the reader works with. None of a four-chamber view."""
    if view_shown(state) != SHORT_AXIS:
        return None
    correction, run = reader_correction(state), run_of(state)
    if correction is not None:
        return correction.function
    return run.function if run else None


def _measurements(state: AppState) -> dict[str, Any]:
    function, correction, card = reader_function(state), reader_correction(state), card_of(state)
    if function is None or card is None:
        return {}
    slices = 0 if correction is None else len(correction.planes)
    return {"model": card.id, "precision": state.models.precision, "corrected_slices": slices,
            **to_json(function)}  # fmt: skip


# -- saved or not ------------------------------------------------------------------------------------------------------


def is_unsaved(state: AppState) -> bool:
    """Whether the case on screen has changes that are in no file: corrections, or other choices of the reader."""
    if state.scan.volume is None or state.scan.loading is not None:
        return False
    digest = state.scan.digest
    if digest and any(key.scan == digest and kept.unsaved for key, kept in state.correction.corrections.items()):
        return True
    choices = choices_of(state)
    return choices != state.case.kept if state.case.kept is not None else bool(choices)


def left_unsaved(state: AppState) -> dict[str, LeftCase]:
    """The cases that were left with changes that are in no file, by digest."""
    corrections = state.correction.corrections.items()
    return {
        digest: left
        for digest, left in state.cases.left.items()
        if left.case.choices != (left.kept or {})
        or any(key.scan == digest and kept.unsaved for key, kept in corrections)
    }


def stashed(state: AppState) -> AppState:
    """The state before another scan comes on screen: with the case on screen kept, if it has unsaved changes."""
    case = case_of(state) if is_unsaved(state) else None
    if case is None:
        return state
    left = LeftCase(case.scan.name, case, state.case.case_path, state.case.kept)
    return evolve(state, digest=case.scan.digest, left={**state.cases.left, case.scan.digest: left})


def rejoined(state: AppState) -> AppState:
    """The state after a scan that was left with unsaved choices has been opened again: with those choices."""
    volume, left = state.scan.volume, state.cases.left
    if volume is None or state.scan.loading is not None or not left:
        return state
    digest = state.scan.digest or voxels_sha256(volume.array)
    here = left.get(digest)
    state = evolve(state, digest=digest, left={key: other for key, other in left.items() if key != digest})
    if here is None:
        return state
    state = evolve(state, case=CaseState(here.path, here.kept, here.case.audit))
    state = with_choices(state, choices_from(here.case.choices, volume.frames, volume.slices))
    # Of this very window, whose steps have their numbers.
    numbers = {order: order for order in case_history.orders_of(here.case.history)}
    return evolve(state, history=case_history.from_json(here.case.history, state, numbers))


Lines = tuple[Mapping[str, str], ...]


# -- saving ------------------------------------------------------------------------------------------------------------


def audited(state: AppState, at: str, what: str, program: str) -> AppState:
    """The state with one more line in the audit list of its case. at: ISO 8601, UTC."""
    return evolve(state, audit=(*state.case.audit, {"at": at, "what": what, "program": program}))


def changes_said(state: AppState) -> list[str]:
    """What was corrected since the case was saved, a line a slice, counted from 1, in English as files are."""
    here = [kept for key, kept in state.correction.corrections.items() if key.scan == state.scan.digest]
    return [
        f"corrected by hand: {kept.base.model_id} {kept.base.precision}, frame {frame + 1}, slice {index + 1}"
        for kept in here
        for frame, index in sorted({*kept.planes, *kept.saved})
        if kept.planes.get((frame, index)) is not kept.saved.get((frame, index))
    ]


def saved(state: AppState, volume_id: int, path: Path, case: CaseFile) -> AppState:
    """The state after a case has been written. volume_id: of its scan, while that was on screen."""
    digest = case.scan.digest
    planes = {(str(s.model["model_sha256"]), str(s.model["precision"])): s.planes for s in case.segmentations}
    corrections = {
        key: editing.marked_saved(kept, planes[key[1:]]) if key.scan == digest and key[1:] in planes else kept
        for key, kept in state.correction.corrections.items()
    }
    left = {key: other for key, other in state.cases.left.items() if key != digest}
    recents = (path, *(other for other in state.preferences.recents if other != path))[:MAX_RECENTS]
    state = evolve(state, corrections=corrections, left=left, recents=recents)
    if volume_id != state.scan.volume_id:  # another scan has come on screen meanwhile
        return state
    audit = (*case.audit, *_later_lines(case.audit, state.case.audit))
    return evolve(state, digest=digest, case=replace(state.case, case_path=path, kept=case.choices, audit=audit))


def _later_lines(written: Lines, now: Lines) -> Lines:
    """The lines that were added while a case was being written."""
    both = zip(written, now, strict=False)
    same = next((at for at, (one, other) in enumerate(both) if one != other), min(len(written), len(now)))
    return now[same:]
