"""Compare a model with expert masks over a data set: overlap, surface distance and function."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.formats.datasets import Case, read_case
from engine.formats.predictions import PredictedFile, read_prediction
from engine.measures.function import Function, of_phases, volumes_ml
from engine.measures.metrics import (
    EMPTY_RULE,
    Agreement,
    Equivalence,
    Interval,
    agreement,
    bootstrap_interval,
    dice,
    equivalence,
    hd95_mm,
    iou,
)
from engine.measures.quantities import MEASURES
from engine.network.model_card import ModelCard
from engine.network.predict import Prediction, predict
from engine.network.view import view_of
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import LV, MYO, RV, Known, LabelMap, Volume

KEYS: dict[str, int] = {"lv": LV, "myo": MYO, "rv": RV}
"""Short names of the structures in results."""

POSITIONS = ("base", "middle", "apex")
"""Where in the stack a slice lies, for one structure."""
EQUIVALENCE_MARGIN = 0.002
"""Mean Dice that two precisions of a model may differ by and still count as the same."""

RULES = (
    "Each ED and ES file is segmented by itself, as one 3-D volume, and scored on its own grid.",
    "Dice, IoU and HD95 are per volume; means are over volumes, and dice_mean is the mean of the three structures'.",
    "HD95: 3-D surfaces, 95th percentile of the distances of both directions put together, in mm; none where the "
    "header does not know the spacing.",
    EMPTY_RULE,
    "EF is of the volumes of the ED and ES masks; bias is model − expert, limits of agreement are bias ± 1.96 SD; "
    "ICC is for absolute agreement of single measurements, two-way.",
    "Intervals are of 95 %, by drawing patients anew 2000 times.",
    "Base and apex are the first and the last slice that expert or model labels with the structure; the larger half of "
    "the expert's ventricles is taken to be the basal one. A slice that only one of the two labels has Dice 0.",
)
MASKS_RULE = "The masks were made before; each is scored as one 3-D volume on its own grid."
# Of what is to be told about masks, such as that their labels were taken for something.
_NOTICES = 8
SINGLE_SLICE_RULE = (
    "Images of a single slice have no volumes and no EF, and their HD95 is that of the outlines in the slice."
)


@dataclass(frozen=True, slots=True)
class Score:
    """One structure in one volume; NaN where there is no value (see metrics.EMPTY_RULE).

    base_dice, middle_dice, apex_dice: of the slices there (see RULES); NaN in an image of a single slice.
    """

    dice: float
    iou: float
    hd95_mm: float
    volume_ml: float
    truth_ml: float
    base_dice: float = math.nan
    middle_dice: float = math.nan
    apex_dice: float = math.nan

    def position_dice(self, position: str) -> float:
        """Dice of the slice at a position of POSITIONS; in the middle, the mean over its slices."""
        return {"base": self.base_dice, "middle": self.middle_dice, "apex": self.apex_dice}[position]


@dataclass(frozen=True, slots=True)
class CaseScore:
    """One volume. scores: by KEYS. spacing_known: whether mm and mL can be relied on.

    group, disease: see Case. single_slice: an image such as a long-axis view, whose areas are no volumes.
    """

    patient: str
    phase: str
    group: str
    spacing_known: bool
    scores: dict[str, Score]
    disease: str = ""
    single_slice: bool = False


@dataclass(frozen=True, slots=True)
class Mean:
    """Over the volumes of one structure. n: volumes that count; hd95_missing: of those, the ones without HD95.

    dice_interval: where the mean Dice would lie with other patients, 95 %.
    """

    dice: float
    iou: float
    hd95_mm: float
    n: int
    hd95_missing: int
    dice_interval: Interval


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model reached on a set of cases.

    means: by phase ("ED", "ES", "all") and KEYS. dice_mean, iou_mean: of the three structures, all phases.
    dice_mean_interval: of dice_mean with other patients, 95 %.
    positions: mean Dice of single slices by POSITIONS and KEYS; empty without stacks of slices. phase_positions: the
        same by phase. position_intervals: where these would lie with other patients, 95 %.
    ef: agreement of the ejection fraction in percentage points, by "lv" and "rv".
    volumes: agreement of the other measures of engine.measures.quantities by their keys, such as "lv_edv_ml" and
        "lv_mass_g"; empty where the spacing is unknown.
    bias_intervals: where the bias of each of these would lie with other patients, 95 %, by "lv", "rv" and those keys.
    machine: what the latency is from: processor, instruction set, runtime and threads; empty where nothing was run.
    """

    model: str
    precision: str
    cases: tuple[CaseScore, ...]
    means: dict[str, dict[str, Mean]]
    groups: dict[str, dict[str, Mean]]
    dice_mean: float
    dice_mean_interval: Interval
    iou_mean: float
    positions: dict[str, dict[str, float]]
    phase_positions: dict[str, dict[str, dict[str, float]]]
    position_intervals: dict[str, dict[str, dict[str, Interval]]]
    ef: dict[str, Agreement]
    volumes: dict[str, Agreement]
    bias_intervals: dict[str, Interval]
    latency_ms: dict[str, float]
    rules: tuple[str, ...] = RULES
    machine: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON: NaN becomes None."""
        result = asdict(self)
        result["patients"] = len({case.patient for case in self.cases})
        clean: dict[str, Any] = without_nan(result)
        return clean


def without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def score(ours: LabelMap, truth: LabelMap) -> dict[str, Score]:
    """Scores of a single-frame mask, by KEYS. Raises ValueError unless both are one frame of one grid."""
    if ours.array.shape[0] != 1 or not ours.geometry.same_as(truth.geometry):
        raise ValueError("scores are of two single-frame masks on one grid")
    known = ours.geometry.spacing is not Known.ASSUMED
    scores = {}
    basal_first = _basal_first(truth)
    for key, label in KEYS.items():
        a, b = ours.array[0] == label, truth.array[0] == label
        base, middle, apex = _by_position(a, b, basal_first=basal_first)
        scores[key] = Score(
            base_dice=base,
            middle_dice=middle,
            apex_dice=apex,
            dice=dice(a, b),
            iou=iou(a, b),
            hd95_mm=hd95_mm(a, b, ours.geometry.spacing_mm) if known else math.nan,
            volume_ml=volumes_ml(ours, label)[0],
            truth_ml=volumes_ml(truth, label)[0],
        )
    return scores


def _basal_first(truth: LabelMap) -> bool:
    """Whether the first slices of a stack are the basal ones: the ventricles are larger there."""
    areas = np.count_nonzero((truth.array[0] == LV) | (truth.array[0] == RV), axis=(1, 2))
    on = np.flatnonzero(areas)
    if not on.size:
        return True
    lever = np.arange(len(areas)) - (on[0] + on[-1]) / 2
    return bool((areas * lever).sum() <= 0)


def _by_position(ours: NDArray[np.bool_], truth: NDArray[np.bool_], *, basal_first: bool) -> list[float]:
    """Slice Dice of one structure's masks (Z, Y, X) at the base, in the middle (mean) and at the apex."""
    on = np.flatnonzero((ours | truth).any(axis=(1, 2)))
    if len(ours) == 1 or len(on) < 3:
        return [math.nan] * 3
    slices = [dice(ours[z], truth[z]) for z in (on if basal_first else on[::-1])]
    return [slices[0], _mean(slices[1:-1]), slices[-1]]


def evaluate(
    cases: Sequence[Case],
    card: ModelCard,
    precision: str,
    *,
    threads: int | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Evaluation:
    """Segment every case with a model and compare with its truth.

    Raises ScanError for a file that cannot be read or a truth that is not on its image's grid, ModelError, Cancelled.
    """
    scored: list[CaseScore] = []
    inference_ms: list[float] = []
    other_view, machine = 0, ""
    for done, case in enumerate(cases):
        progress(done, len(cases), case.name)
        volume, truth = read_case(case)
        prediction = predict(volume, card, precision, threads=threads, cancel=cancel)
        inference_ms += [timing.inference_ms for timing in prediction.timings]
        other_view += view_of(volume.geometry) not in ("", card.view)
        machine = machine or _machine(prediction)
        scored.append(_scored(case, volume, prediction.labels, truth))
    progress(len(cases), len(cases), "Done")
    result = summarise(scored, card.id, precision, inference_ms)
    rules = result.rules
    if other_view:
        of = f"{other_view} of the {len(cases)} images"
        rules = (*rules, f"By their geometry, {of} are of another view than {card.id} is made for.")
    return replace(result, rules=rules, machine=machine)


def _machine(prediction: Prediction) -> str:
    # Not at the top: importing it loads OpenVINO.
    from engine.network.runtime import device_name  # noqa: PLC0415

    threads = f"{prediction.threads} thread{'' if prediction.threads == 1 else 's'}"
    return f"{device_name()}, {prediction.isa}, {prediction.runtime}, {threads}"


def evaluate_masks(
    cases: Sequence[Case],
    files: Mapping[Case, PredictedFile],
    name: str,
    convention: str = "",
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Evaluation:
    """Compare masks that were made before with the truth of their cases. name: what to call whoever made them.

    convention: what their labels mean; empty for what they say. Raises ScanError, Cancelled.
    """
    scored = []
    notices: dict[str, None] = {}
    for done, case in enumerate(cases):
        if cancel is not None:
            cancel.check()
        progress(done, len(cases), case.name)
        volume, truth = read_case(case)
        mask = read_prediction(files[case], volume, convention)
        notices.update(dict.fromkeys(mask.notices))
        scored.append(_scored(case, volume, mask.labels, truth))
    progress(len(cases), len(cases), "Done")
    return replace(summarise(scored, name, ""), rules=(MASKS_RULE, *RULES[1:], *list(notices)[:_NOTICES]))


def _scored(case: Case, volume: Volume, labels: LabelMap, truth: LabelMap) -> CaseScore:
    known = volume.geometry.spacing is not Known.ASSUMED
    scores, one = score(labels, truth), volume.slices == 1
    return CaseScore(case.patient, case.phase, case.group, known, scores, case.disease, one)


def worst(evaluation: Evaluation, number: int) -> list[CaseScore]:
    """The cases of the lowest mean Dice, the lowest first."""
    known = [case for case in evaluation.cases if not math.isnan(_case_dice([case])[0])]
    return sorted(known, key=lambda case: (_case_dice([case])[0], case.patient, case.phase))[:number]


def summarise(cases: Sequence[CaseScore], model: str, precision: str, inference_ms: Sequence[float] = ()) -> Evaluation:
    """Means and agreements of scored cases; of ejection fractions and volumes only for stacks of slices."""
    phases = {"ED": [c for c in cases if c.phase == "ED"], "ES": [c for c in cases if c.phase == "ES"], "all": cases}
    groups = sorted({name for c in cases for name in (c.group, c.disease) if name})
    stacks = [c for c in cases if not c.single_slice]
    means = {phase: _means(some) for phase, some in phases.items()}
    measured = [case for case in stacks if case.spacing_known]
    ratios = {key.split("_")[0]: pairs for key, pairs in _pairs(stacks, ratios=True).items()}
    sizes = _pairs(measured, ratios=False) if measured else {}
    return Evaluation(
        model=model,
        precision=precision,
        cases=tuple(cases),
        means=means,
        groups={group: _means([c for c in cases if group in (c.group, c.disease)]) for group in groups},
        dice_mean=_mean([m.dice for m in means["all"].values()]),
        dice_mean_interval=bootstrap_interval([_case_dice(some) for some in _by_patient(cases).values()]),
        iou_mean=_mean([m.iou for m in means["all"].values()]),
        positions=_positions(stacks) if stacks else {},
        phase_positions={
            phase: _positions(those) for phase, some in phases.items() if (those := [c for c in some if c in stacks])
        },
        position_intervals={
            phase: _position_intervals(those)
            for phase, some in phases.items()
            if (those := [c for c in some if c in stacks])
        },
        ef={key: agreement(*pairs) for key, pairs in ratios.items()},
        volumes={key: agreement(*pairs) for key, pairs in sizes.items()},
        bias_intervals={key: _bias_interval(*pairs) for key, pairs in {**ratios, **sizes}.items()},
        latency_ms={
            "p50": float(np.percentile(inference_ms, 50)),
            "p95": float(np.percentile(inference_ms, 95)),
            "mean": float(np.mean(inference_ms)),
        }
        if inference_ms
        else {},
        rules=RULES if len(stacks) == len(cases) else (*RULES, SINGLE_SLICE_RULE),
    )


def _positions(stacks: Sequence[CaseScore]) -> dict[str, dict[str, float]]:
    """Mean Dice by POSITIONS and KEYS."""
    return {p: {key: _mean([c.scores[key].position_dice(p) for c in stacks]) for key in KEYS} for p in POSITIONS}


def _position_intervals(stacks: Sequence[CaseScore]) -> dict[str, dict[str, Interval]]:
    """Of _positions."""
    patients = _by_patient(stacks).values()

    def reach(place: str, key: str) -> Interval:
        return bootstrap_interval([[c.scores[key].position_dice(place) for c in some] for some in patients])

    return {place: {key: reach(place, key) for key in KEYS} for place in POSITIONS}


def _mean(values: Sequence[float]) -> float:
    """Mean of the values that are numbers; NaN where none is."""
    numbers = [v for v in values if not math.isnan(v)]
    return float(np.mean(numbers)) if numbers else math.nan


def _means(cases: Sequence[CaseScore]) -> dict[str, Mean]:
    result = {}
    for key in KEYS:
        counted = [c.scores[key] for c in cases if not math.isnan(c.scores[key].dice)]
        result[key] = Mean(
            dice=_mean([s.dice for s in counted]),
            iou=_mean([s.iou for s in counted]),
            hd95_mm=_mean([s.hd95_mm for s in counted]),
            n=len(counted),
            dice_interval=bootstrap_interval(
                [[c.scores[key].dice for c in some] for some in _by_patient(cases).values()]
            ),
            hd95_missing=sum(math.isnan(s.hd95_mm) for s in counted),
        )
    return result


def _by_patient(cases: Sequence[CaseScore]) -> dict[str, list[CaseScore]]:
    result: dict[str, list[CaseScore]] = {}
    for case in cases:
        result.setdefault(case.patient, []).append(case)
    return result


def _case_dice(cases: Sequence[CaseScore]) -> list[float]:
    """Of each volume, the mean Dice of its structures."""
    return [_mean([score.dice for score in case.scores.values()]) for case in cases]


def same_within(one: Evaluation, other: Evaluation, margin: float = EQUIVALENCE_MARGIN) -> Equivalence:
    """Whether two evaluations of the same cases have the same mean Dice (one − other), patient by patient.

    Raises ValueError where the cases are not the same.
    """
    if [(c.patient, c.phase) for c in one.cases] != [(c.patient, c.phase) for c in other.cases]:
        raise ValueError("the two evaluations are not of the same volumes")
    mine, theirs = _by_patient(one.cases), _by_patient(other.cases)
    return equivalence([_mean(_case_dice(mine[p])) - _mean(_case_dice(theirs[p])) for p in mine], margin)


def _pairs(cases: Sequence[CaseScore], *, ratios: bool) -> dict[str, tuple[list[float], list[float]]]:
    """What model and expert say of each patient, by the key of each measure of engine.measures.quantities.

    ratios: those measures that are ratios, or those that are none.
    """
    ours, truth = (_functions(cases, truth=wanted) for wanted in (False, True))
    result = {}
    for measure in MEASURES:
        if (measure.unit == "%") != ratios:
            continue
        both = [(measure.value(one), measure.value(other)) for one, other in zip(ours, truth, strict=True)]
        known = [(mine, theirs) for mine, theirs in both if mine is not None and theirs is not None]
        result[measure.key.replace(".", "_")] = [mine for mine, _ in known], [theirs for _, theirs in known]
    return result


def _bias_interval(ours: Sequence[float], truth: Sequence[float]) -> Interval:
    return bootstrap_interval([[mine - theirs] for mine, theirs in zip(ours, truth, strict=True)])


def _functions(cases: Sequence[CaseScore], *, truth: bool) -> list[Function]:
    """What the model's volumes say of each patient, or the expert's."""
    ed, es = ({c.patient: _volumes_ml(c, truth) for c in cases if c.phase == phase} for phase in ("ED", "ES"))
    return [of_phases(ed.get(patient), es.get(patient)) for patient in dict.fromkeys([*ed, *es])]


def _volumes_ml(case: CaseScore, truth: bool) -> dict[int, float]:
    """By label."""
    return {label: case.scores[key].truth_ml if truth else case.scores[key].volume_ml for key, label in KEYS.items()}


def from_dict(data: Mapping[str, Any]) -> Evaluation:
    """An Evaluation of what to_dict gave. Raises KeyError, TypeError and ValueError for anything else."""
    cases = [
        CaseScore(**{**case, "scores": {key: _score_from(case["scores"][key]) for key in KEYS}})
        for case in data["cases"]
    ]
    return summarise(cases, str(data["model"]), str(data["precision"]))


def _score_from(data: Mapping[str, float | None]) -> Score:
    return Score(**{name: math.nan if value is None else float(value) for name, value in data.items()})
