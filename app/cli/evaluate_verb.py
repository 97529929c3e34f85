"""`cinequant evaluate`: compares a model with the truth masks of a data set."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from app.cli.inputs import check_parent, choose_model, files_sha256
from app.cli.terminal import number, print_json, print_text, show_progress, table
from engine.errors import ModelError
from engine.files import write_atomically
from engine.network.catalog import default_precision
from engine.network.choice import VIEW_WORDS
from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS

if TYPE_CHECKING:
    from engine.evaluate import CaseScore, Evaluation
    from engine.formats.datasets import Case
    from engine.formats.predictions import PredictedFile
    from engine.measures.metrics import Equivalence, Interval
    from engine.network.model_card import ModelCard
    from engine.volume import LabelMap, Volume

_VIEWS = {"acdc": SHORT_AXIS, "mnms": SHORT_AXIS, "mnms2": SHORT_AXIS, "mnms2-la": FOUR_CHAMBER}
"""Which view of the heart a layout holds; pairs may hold either."""


def run_evaluate(arguments: argparse.Namespace) -> None:
    from engine.evaluate import evaluate, evaluate_masks, same_within, without_nan  # noqa: PLC0415
    from engine.formats.datasets import find_cases, read_case  # noqa: PLC0415
    from engine.formats.predictions import find_predictions  # noqa: PLC0415
    from engine.network.view import view_of  # noqa: PLC0415

    runs_model = arguments.predictions is None or arguments.against or arguments.against_model
    view = _VIEWS.get(arguments.layout) if runs_model else None
    catalog, card, precision = choose_model(arguments, view)
    other_card = catalog.get(arguments.against_model) if arguments.against_model else card
    against = arguments.against or (default_precision(other_card) if arguments.against_model else None)
    if against:
        other_card.file_for(against)
    for one in (card, other_card):
        if view and one.view != view:
            raise ModelError(
                f"layout {arguments.layout} holds {VIEW_WORDS[view]}, and model {one.id} is made for "
                f"{VIEW_WORDS[one.view]}; name another model, or none"
            )
    if arguments.html is not None:
        check_parent(arguments.html)
    if arguments.predictions is not None and (arguments.model or arguments.precision):
        arguments.usage_error("--predictions takes the place of a model; leave out --model and --precision")
    cases = find_cases(arguments.folder, arguments.layout, arguments.patients, arguments.labels)
    if runs_model and not view and not arguments.model:
        _, card, precision = choose_model(arguments, view_of(read_case(cases[0])[0].geometry))
        other_card = catalog.get(arguments.against_model) if arguments.against_model else card
    files: dict[Case, PredictedFile] = {}
    if arguments.predictions is not None:
        files = find_predictions(arguments.predictions, cases)
        name = arguments.predictions.resolve().name
        result = evaluate_masks(cases, files, name, arguments.prediction_labels, progress=show_progress)
    else:
        result = evaluate(cases, card, precision, threads=arguments.threads, progress=show_progress)
    trained = {case.patient for case in cases if case.split == "train" and not _of_acdc_test(arguments.layout, case)}
    if trained:
        share = f"{len(trained)} of the {len({case.patient for case in cases})} patients"
        said = f"{share} are of the data set's training split, which a model may have learned from."
        result = replace(result, rules=(*result.rules, said))
    same = None
    if against:
        other = evaluate(cases, other_card, against, threads=arguments.threads, progress=show_progress)
        same = same_within(result, other, arguments.margin)
    against_name = f"{other_card.id} in {against}"
    if arguments.html is not None:
        _write_page(arguments, result, cases, files, card, (against_name, same) if same else None)
    if arguments.json:
        other_made = {"model": other_card.id, "precision": against}
        compared = {"against": {**other_made, **without_nan(asdict(same))}} if same else {}
        asked = {"layout": arguments.layout, "patients_asked": arguments.patients}
        read = sorted({file for case in cases for file in (case.image, case.truth)})
        values = {**asked, **result.to_dict(), **compared}
        print_json("evaluate", values, input_sha256=files_sha256(arguments.folder, read))
        return
    print_text(_evaluation_text(result, result.model if files else f"{card.name} in {result.precision}"))
    if same:
        ours, theirs = (precision, against) if not files and other_card is card else (result.model, against_name)
        print_text(
            f"{ours} − {theirs}: mean Dice {same.difference:+.4f}, 90 % interval "
            f"{same.interval.low:+.4f} to {same.interval.high:+.4f}, {same.n} patients: "
            f"{'equivalent' if same.equivalent else 'not shown to be equivalent'} within ±{same.margin:g} "
            "(two one-sided t-tests at 5 %)"
        )


def _of_acdc_test(layout: str, case: Case) -> bool:
    """Whether a patient is of ACDC's official test set, whose numbers begin at 101."""
    return layout == "acdc" and int(case.patient.removeprefix("patient")) > 100


def _write_page(
    arguments: argparse.Namespace,
    result: Evaluation,
    cases: Sequence[Case],
    files: Mapping[Case, PredictedFile],
    card: ModelCard,
    against: tuple[str, Equivalence] | None,
) -> None:
    from engine.evaluation_page import to_html  # noqa: PLC0415
    from engine.formats.datasets import read_case  # noqa: PLC0415
    from engine.formats.predictions import read_prediction  # noqa: PLC0415
    from engine.network.predict import predict  # noqa: PLC0415

    known = {(case.patient, case.phase): case for case in cases}

    def shown(scored: CaseScore) -> tuple[Volume, LabelMap, LabelMap]:
        case = known[scored.patient, scored.phase]
        volume, truth = read_case(case)
        if case in files:
            return volume, read_prediction(files[case], volume, arguments.prediction_labels).labels, truth
        return volume, predict(volume, card, result.precision, threads=arguments.threads).labels, truth

    title = f"{arguments.folder.resolve().name}: {arguments.patients}"
    write_atomically(arguments.html, to_html(result, title, shown, against).encode())


def _evaluation_text(result: Evaluation, made: str) -> str:
    from engine.measures.quantities import MEASURES, SIDES  # noqa: PLC0415

    names = {"lv": "LV cavity", "myo": "LV myocardium", "rv": "RV cavity"}
    overlap = [["", "Dice", "95 % interval", "IoU", "HD95 mm", "volumes", "without HD95"]]
    for phase, means in [*result.means.items(), *result.groups.items()]:
        for key, mean in means.items():
            reach = _reach(mean.dice_interval)
            cells = [number(mean.dice, 4), reach, number(mean.iou, 4), number(mean.hd95_mm, 2), str(mean.n)]
            overlap.append([f"{phase} {names[key]}", *cells, str(mean.hd95_missing)])
    places = [["Dice of slices", *result.positions]] if result.positions else []
    for phase, positions in result.phase_positions.items():
        for key, name_of_key in names.items():
            intervals = result.position_intervals[phase]
            cells = [
                f"{number(found[key], 3)} ({_reach(intervals[place][key], 3)})" for place, found in positions.items()
            ]
            places.append([f"{phase} {name_of_key}", *cells])
    difference = [["model − expert", "bias", "95 % interval", "SD", "limits of agreement", "mean absolute", "ICC", "n"]]
    agreements = [(key, f"{key.upper()} EF, points", value) for key, value in result.ef.items()]
    words = {m.key.replace(".", "_"): f"{SIDES[m.structure]} {m.short}, {m.unit}" for m in MEASURES}
    agreements += [(key, words[key], value) for key, value in result.volumes.items()]
    for key, name, agreement in agreements:
        if not agreement.n:
            continue
        limits = f"{number(agreement.low)} to {number(agreement.high)}"
        numbers = [
            number(agreement.bias),
            _reach(result.bias_intervals[key], 1),
            number(agreement.sd),
            limits,
            number(agreement.mae),
            number(agreement.icc, 3),
        ]
        difference.append([name, *numbers, str(agreement.n)])
    patients = len({case.patient for case in result.cases})
    latency = ""
    if result.latency_ms:
        latency = f"\ninference {result.latency_ms['p50']:.1f} ms per slice (median): {result.machine}"
    return "\n".join(
        [
            f"{made}, {patients} patients, {len(result.cases)} volumes{latency}",
            f"mean Dice {number(result.dice_mean, 4)} ({_reach(result.dice_mean_interval)}), "
            f"mean IoU {number(result.iou_mean, 4)}",
            table(overlap),
            *([table(places)] if places else []),
            *([table(difference)] if len(difference) > 1 else []),
            *(f"- {rule}" for rule in result.rules),
        ]
    )


def _reach(interval: Interval, digits: int = 4) -> str:
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"
