"""`cinequant evaluate`: compares a model with the truth masks of a data set."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from app.cli.inputs import choose_model, files_sha256
from app.cli.terminal import number, print_json, print_text, show_progress, table
from engine.network.model_card import ModelCard

if TYPE_CHECKING:
    from engine.evaluate import Evaluation
    from engine.measures.metrics import Interval


def run_evaluate(arguments: argparse.Namespace) -> None:
    from engine.evaluate import evaluate, same_within, without_nan  # noqa: PLC0415
    from engine.formats.datasets import find_cases  # noqa: PLC0415

    _, card, precision = choose_model(arguments)
    if arguments.against:
        card.file_for(arguments.against)
    cases = find_cases(arguments.folder, arguments.layout, arguments.patients, arguments.labels)
    result = evaluate(cases, card, precision, threads=arguments.threads, progress=show_progress)
    same = None
    if arguments.against:
        other = evaluate(cases, card, arguments.against, threads=arguments.threads, progress=show_progress)
        same = same_within(result, other, arguments.margin)
    if arguments.json:
        compared = {"against": {"precision": arguments.against, **without_nan(asdict(same))}} if same else {}
        asked = {"layout": arguments.layout, "patients_asked": arguments.patients}
        files = sorted({file for case in cases for file in (case.image, case.truth)})
        values = {**asked, **result.to_dict(), **compared}
        print_json("evaluate", values, input_sha256=files_sha256(arguments.folder, files))
        return
    print_text(_evaluation_text(result, card))
    if same:
        print_text(
            f"{precision} − {arguments.against}: mean Dice {same.difference:+.4f}, 90 % interval "
            f"{same.interval.low:+.4f} to {same.interval.high:+.4f}, {same.n} patients: "
            f"{'equivalent' if same.equivalent else 'not shown to be equivalent'} within ±{same.margin:g} "
            "(two one-sided t-tests at 5 %)"
        )


def _evaluation_text(result: Evaluation, card: ModelCard) -> str:
    names = {"lv": "LV cavity", "myo": "LV myocardium", "rv": "RV cavity"}
    overlap = [["", "Dice", "95 % interval", "IoU", "HD95 mm", "volumes", "without HD95"]]
    for phase, means in [*result.means.items(), *result.groups.items()]:
        for key, mean in means.items():
            reach = _reach(mean.dice_interval)
            cells = [number(mean.dice, 4), reach, number(mean.iou, 4), number(mean.hd95_mm, 2), str(mean.n)]
            overlap.append([f"{phase} {names[key]}", *cells, str(mean.hd95_missing)])
    places = [["Dice of slices", *result.positions]] if result.positions else []
    for key in names if places else ():
        places.append([names[key], *(number(found[key], 4) for found in result.positions.values())])
    difference = [["model − expert", "bias", "SD", "limits of agreement", "mean absolute", "ICC", "n"]]
    agreements = [(f"{key.upper()} EF, points", value) for key, value in result.ef.items()]
    for name, agreement in [*agreements, *result.volumes.items()]:
        limits = f"{number(agreement.low)} to {number(agreement.high)}"
        numbers = [
            number(agreement.bias),
            number(agreement.sd),
            limits,
            number(agreement.mae),
            number(agreement.icc, 3),
        ]
        difference.append([name, *numbers, str(agreement.n)])
    patients = len({case.patient for case in result.cases})
    latency = f", inference {result.latency_ms['p50']:.1f} ms per slice (median)" if result.latency_ms else ""
    return "\n".join(
        [
            f"{card.name} in {result.precision}, {patients} patients, {len(result.cases)} volumes{latency}",
            f"mean Dice {number(result.dice_mean, 4)} ({_reach(result.dice_mean_interval)}), "
            f"mean IoU {number(result.iou_mean, 4)}",
            table(overlap),
            *([table(places)] if places else []),
            table(difference),
            *(f"- {rule}" for rule in result.rules),
        ]
    )


def _reach(interval: Interval) -> str:
    return f"{number(interval.low, 4)} to {number(interval.high, 4)}"
