"""The state that a case file comes back as, and what its reader left. Pure functions.

pieces_of() is the slow half: it counts and measures, and is meant for a worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.state import case_history, editing
from app.state.case import BORROWED, CaseState
from app.state.case_content import Choices, choices_from, with_choices
from app.state.changes import evolve
from app.state.editing import Change, Correction, CorrectionKey
from app.state.measured import run_of_prediction
from app.state.order import next_order
from app.state.turned import one_from_json
from app.state.types import AppState, Cross, Layout, Mask, Pair, Run, RunKey
from engine.errors import ScanError
from engine.formats.case_file import CaseFile, Segmentation, Step, corrected_labels
from engine.measures.reading import Reading
from engine.network.basal import TakenAway
from engine.network.catalog import Catalog
from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS, ModelCard, PrecisionFile, TestTensors
from engine.network.predict import Prediction, SliceTiming
from engine.network.preprocess import InputSpec
from engine.volume import STRUCTURES, Confidence, LabelMap, Volume, read_only


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """What a case brings into the state.

    runs, corrections, views: by the hash of the model's file and the precision. views: that the models are made for.
    """

    runs: Mapping[tuple[str, str], Run]
    corrections: Mapping[tuple[str, str], Correction] = field(default_factory=dict)
    mask: Mask | None = None
    views: Mapping[tuple[str, str], str] = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)
    numbers: Mapping[int, int] = field(default_factory=dict)
    """The order of each step by that in the file."""


def pieces_of(case: CaseFile, volume: Volume, path: Path) -> Pieces:
    """Measure what a case holds. volume: as engine.formats.case_scan.same_scan gives it. Raises ScanError."""
    try:
        choices = choices_from(case.choices, volume.frames, volume.slices)
    except ValueError as error:
        raise ScanError(f"{path}: the reader's choices in it are damaged ({error}); open the scan itself") from error
    runs, corrections, views = {}, {}, {}
    numbers = _numbers(case)
    for found in case.segmentations:
        base = _prediction(found, volume, path)
        key = (base.model_sha256, base.precision)
        views[key] = FOUR_CHAMBER if found.model.get("view") == FOUR_CHAMBER else SHORT_AXIS
        runs[key] = run_of_prediction(base, volume, views[key], choices.reading)
        if found.planes or found.done or found.undone:
            corrections[key] = _correction(found, volume, base, choices.reading, numbers)
    mask = None
    if case.mask is not None:
        labels = LabelMap(case.mask.labels, volume.geometry)
        mask = Mask(case.mask.name, labels, case.mask.frames, case.mask.notices)
    return Pieces(runs, corrections, mask, views, choices, numbers)


def _numbers(case: CaseFile) -> dict[int, int]:
    """A number of this window for each step of a file that says its place, in their order."""
    places = {step.order for found in case.segmentations for step in (*found.done, *found.undone) if step.order}
    return {order: next_order() for order in sorted(places | case_history.orders_of(case.history))}


def _correction(
    found: Segmentation, volume: Volume, base: Prediction, reading: Reading, numbers: Mapping[int, int]
) -> Correction:
    fresh = editing.begin(volume, base, reading=reading)
    planes = {(t, z): plane for t in range(volume.frames) for z in range(volume.slices)
              if (plane := found.planes.get((t, z))) is not None}  # fmt: skip
    counted = editing.changed(fresh, planes)
    done = _changes(found.done, numbers)
    undone = _changes(found.undone[::-1], numbers)[::-1]
    return replace(counted, done=done, undone=undone, saved=counted.planes)


def _changes(steps: Sequence[Step], numbers: Mapping[int, int]) -> tuple[Change, ...]:
    """Steps of a file, in the order in which they were taken; those taken together have one number.

    Files that were written before steps had a place in the order of all are numbered as they come.
    """
    made: list[Change] = []
    for step in steps:
        order = numbers.get(step.order) or (made[-1].order if step.joined and made else next_order())
        made.append(Change((step.frame, step.slice), step.top, step.left, step.before, step.after, step.joined, order))
    return tuple(made)


def _prediction(found: Segmentation, volume: Volume, path: Path) -> Prediction:
    facts = found.model
    try:
        timings = tuple(SliceTiming(int(t), int(z), float(a), float(b), float(c)) for t, z, a, b, c in facts["timings"])
        rows, columns = facts["input_shape"]
        input_shape = (int(rows), int(columns))
        values: dict[str, Any] = {name: str(facts[name]) for name in _TEXTS}
        # Cases that were saved before there was a rule for basal slices have neither.
        values["basal_sha256"] = str(facts.get("basal_sha256", ""))
        removed = tuple(TakenAway(int(t), int(z), _label(s)) for t, z, s in facts.get("removed", ()))
        values |= {name: int(facts[name]) for name in _WHOLE} | {name: float(facts[name]) for name in _NUMBERS}
    except (KeyError, TypeError, ValueError) as error:
        raise ScanError(f"{path}: does not say which model made its masks; open the scan itself") from error
    labels = LabelMap(found.labels, volume.geometry)
    confidence = _confidence(facts.get("confidence"), volume)
    return Prediction(
        labels=labels, timings=timings, input_shape=input_shape, confidence=confidence, removed=removed, **values
    )


def _label(value: Any) -> int:
    """Raises ValueError."""
    if value not in STRUCTURES:
        raise ValueError(f"{value!r} is no structure")
    return int(value)


def _confidence(facts: Any, volume: Volume) -> Confidence | None:
    """None where a case has none, or a damaged one: flags are then made without it."""
    try:
        made = {f.name: np.array(facts[f.name], dtype=np.float32) for f in fields(Confidence)}
    except (TypeError, ValueError, KeyError):
        return None
    if any(array.shape != (volume.frames, volume.slices, len(STRUCTURES)) for array in made.values()):
        return None
    return Confidence(**{name: read_only(array) for name, array in made.items()})


_TEXTS = ("model_id", "model_name", "model_version", "precision", "model_sha256", "runtime", "isa")
_WHOLE = ("model_size_bytes", "threads")
_NUMBERS = (
    "preprocess_ms",
    "postprocess_ms",
    "load_ms",
    "wall_s",
    "rss_before_mb",
    "rss_mb",
    "peak_rss_mb",
    "int8_share",
)


def with_case(state: AppState, case: CaseFile, pieces: Pieces, path: Path | None) -> AppState:
    """The state with all that a case brings. state: with the scan of the case completely read.

    path: the file that it counts as saved in; None after an autosaved case was recovered.
    """
    digest, view = case.scan.digest, case.view
    runs = {RunKey(state.scan.volume_id, *key): run for key, run in pieces.runs.items()}
    found = {CorrectionKey(digest, *key): kept for key, kept in pieces.corrections.items()}
    if path is None:
        found = {key: replace(kept, saved={}) for key, kept in found.items()}
    catalog = with_borrowed(state.models.catalog, pieces)
    others = {key: kept for key, kept in state.correction.corrections.items() if key.scan != digest}
    state = evolve(
        state,
        digest=digest,
        runs=runs,
        corrections={**others, **found},
        mask=pieces.mask,
        catalog=catalog,
        case=CaseState(_saved_as(view) if path is None else path, None if path is None else case.choices, case.audit),
        segment_asked=view.get("segment_asked") is True,
    )
    state = with_choices(state, pieces.choices)
    return _looked_at(evolve(state, history=case_history.from_json(case.history, state, pieces.numbers)), view)


def _looked_at(state: AppState, view: Mapping[str, Any]) -> AppState:
    """The state as a case was looked at. What is missing or damaged in the case stays as it is."""
    changes: dict[str, Any] = {name: view[name] for name in ("invert", "corrected") if isinstance(view.get(name), bool)}
    changes |= {name: view[name] for name in ("slice_index", "frame_index") if _are_whole(view.get(name))}
    changes |= {name: tuple(map(float, view[name])) for name in ("window", "pan_mm") if _are_numbers(view.get(name), 2)}
    if _are_numbers([view.get("zoom")], 1):
        changes["zoom"] = float(view["zoom"])
    if _are_numbers(view.get("cross"), 3):
        changes["cross"] = Cross(*map(float, view["cross"]))
    turned = one_from_json(view.get("turned"))
    if turned is not None:
        changes["turned"] = turned
    for name, kind in (("layout", Layout), ("pair", Pair)):
        if view.get(name) in list(kind):
            changes[name] = kind(view[name])
    catalog, sha256, precision = state.models.catalog, view.get("model_sha256"), view.get("precision")
    for card in catalog.models if catalog is not None else ():
        file = card.precisions.get(precision) if isinstance(precision, str) else None
        if file is not None and file.sha256 == sha256:
            changes |= {"model_id" if card.view == SHORT_AXIS else "four_chamber_id": card.id, "precision": precision}
    return evolve(state, **changes)


def _are_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_numbers(value: Any, count: int) -> bool:
    numbers = isinstance(value, list) and len(value) == count
    return numbers and all(isinstance(n, int | float) and not isinstance(n, bool) for n in value)


def _saved_as(view: Mapping[str, Any]) -> Path | None:
    return Path(view["saved_as"]) if isinstance(view.get("saved_as"), str) else None


# -- models that are not installed -------------------------------------------------------------------------------------


def with_borrowed(catalog: Catalog | None, pieces: Pieces) -> Catalog | None:
    """The catalogue with a card for each model that made masks of a case and is not installed."""
    if catalog is None:
        return None
    models = tuple(card for card in catalog.models if not card.id.startswith(BORROWED))
    known = {file.sha256 for card in models for file in card.precisions.values()}
    missing: dict[tuple[str, str], list[Prediction]] = {}
    for key, run in pieces.runs.items():
        if run.prediction is not None and run.prediction.model_sha256 not in known:
            missing.setdefault((run.prediction.model_id, pieces.views[key]), []).append(run.prediction)
    return replace(catalog, models=(*models, *(_borrowed(each, view) for (_, view), each in missing.items())))


def _borrowed(made: Sequence[Prediction], view: str) -> ModelCard:
    first = made[0]
    gone = "This model is not installed. Its masks come from the case file; it cannot segment anything else."
    return ModelCard(
        schema=1,
        id=BORROWED + first.model_id,
        name=first.model_name,
        version=first.model_version,
        description=gone,
        parameters=0,
        precisions={one.precision: PrecisionFile("", one.model_sha256, one.model_size_bytes) for one in made},
        input=InputSpec(),
        labels={name: value for value, name in STRUCTURES.items()},
        keep_largest=True,
        intended_use="",
        limits=gone,
        training_data="",
        licence="",
        metrics={},
        metrics_split="",
        test_tensors=TestTensors("", "", {}),
        folder=Path(),
        view=view,
    )


# -- another reader's case ---------------------------------------------------------------------------------------------


def reader_key(case: CaseFile, path: Path) -> tuple[str, str]:
    """Hash and precision of the model whose labels were on screen when a case was saved.

    Raises ScanError for a case without any segmentation.
    """
    if not case.segmentations:
        raise ScanError(f"{path}: holds no segmentation; open it, segment it and save it again")
    made = [(str(s.model.get("model_sha256")), str(s.model.get("precision"))) for s in case.segmentations]
    wanted = (str(case.view.get("model_sha256")), str(case.view.get("precision")))
    return wanted if wanted in made else made[0]


def reader_labels(case: CaseFile, volume: Volume, path: Path) -> LabelMap:
    """The labels as the reader left them. volume: as engine.formats.case_scan.same_scan gives it. Raises ScanError."""
    key = reader_key(case, path)
    found = next(s for s in case.segmentations if (s.model["model_sha256"], s.model["precision"]) == key)
    array = found.labels if case.view.get("corrected") is False else corrected_labels(found)
    return LabelMap(array, volume.geometry)
