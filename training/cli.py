"""The command cinequant-train."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from engine import datasets
from engine.catalog import find_models, packaged_models
from engine.errors import CineQuantError
from engine.model_card import load_card
from training.config import Config, ConfigError, load_config
from training.data import load_scans
from training.evaluate import evaluate_model
from training.export import ExportRefusedError, export_model, input_spec
from training.networks import NETWORKS
from training.quantize import calibration_inputs
from training.report import ReportError, report
from training.train import WEIGHTS, RunError, load_weights, train

CALIBRATION_SLICES = 256
RESULTS = Path(__file__).parent / "results"
TRAINING_DATA = (
    "ACDC training set (Bernard et al., TMI 2018), 80 patients (those whose number does not divide by 5), ED and ES; "
    "CC BY-NC-SA 4.0"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 with one line on stderr where the input is at fault; argparse exits with 2."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.verb == "report":
            print(report(find_models([arguments.models]).models, arguments.results))  # noqa: T201
            return 0
        torch.set_num_threads(arguments.threads or torch.get_num_threads())
        config = load_config(Path(arguments.config))
        for step in {"make": (_train, _export, _evaluate)}.get(arguments.verb) or (_STEPS[arguments.verb],):
            step(config, arguments)
    except (CineQuantError, ConfigError, ExportRefusedError, RunError, ReportError) as error:
        print(f"cinequant-train: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("cinequant-train: stopped; the same command goes on from the last epoch", file=sys.stderr)  # noqa: T201
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cinequant-train", description="Make the models that CineQuant loads.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    helps = {
        "make": "train, export and evaluate: all that reproduces a shipped model",
        "train": "train, or go on where an interrupted run stopped",
        "export": "write ONNX in float32 and int8, test tensors and card from trained weights",
        "evaluate": "score the exported model on the validation patients; update its card",
    }
    for verb, text in helps.items():
        p = verbs.add_parser(verb, help=text, description=text)
        p.add_argument("config", help="a built-in configuration (espnetv2, quantlite) or a TOML file")
        p.add_argument("--data", type=Path, required=True, help="folder of the ACDC patients")
        p.add_argument("--runs", type=Path, default=Path("runs"), help="checkpoints and logs go to RUNS/ID")
        p.add_argument("--results", type=Path, default=RESULTS, help="weights, log and metrics go to RESULTS/ID")
        p.add_argument("--models", type=Path, default=packaged_models(), help="the model goes to MODELS/ID")
        p.add_argument("--threads", type=int, help="CPU threads of torch")
    p = verbs.add_parser("report", help="print the table of docs/models.md from the results on disk")
    p.add_argument("--results", type=Path, default=RESULTS)
    p.add_argument("--models", type=Path, default=packaged_models())
    return parser


def _train(config: Config, arguments: argparse.Namespace) -> None:
    spec = input_spec(config)
    scans = load_scans(datasets.find_cases(arguments.data, "acdc", "train"), spec)
    monitor = load_scans(datasets.find_cases(arguments.data, "acdc", "val"), spec)
    run, results = arguments.runs / config.id, arguments.results / config.id
    train(config, scans, run, monitor=monitor, teacher=_teacher(config, arguments), on_epoch=_say)
    results.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS, "config.json", "log.csv"):
        shutil.copyfile(run / name, results / name)


def _teacher(config: Config, arguments: argparse.Namespace) -> Callable[[], nn.Module] | None:
    """What loads the network that this configuration learns from, or None where it learns from the labels alone."""

    def load() -> nn.Module:
        weights = arguments.results / config.teacher / WEIGHTS
        if not weights.exists():
            raise RunError(f"{weights}: no trained teacher; run `cinequant-train train {config.teacher}` first")
        return load_weights(NETWORKS[load_config(Path(config.teacher)).network](), weights)

    return load if config.teacher else None


def _export(config: Config, arguments: argparse.Namespace) -> None:
    weights = arguments.results / config.id / WEIGHTS
    if not weights.exists():
        raise RunError(f"{weights}: no trained weights; run `cinequant-train train {arguments.config}` first")
    network = load_weights(NETWORKS[config.network](), weights)
    cases = datasets.find_cases(arguments.data, "acdc", "train")
    calibration = calibration_inputs(cases, input_spec(config), CALIBRATION_SLICES, config.seed)
    card = export_model(config, network, calibration, arguments.models, TRAINING_DATA)
    _say({p: file.size_bytes for p, file in card.precisions.items()})


def _evaluate(config: Config, arguments: argparse.Namespace) -> None:
    card = load_card(arguments.models / config.id)
    cases = datasets.find_cases(arguments.data, "acdc", "val")
    for precision, found in evaluate_model(card, cases, arguments.results / config.id).items():
        _say({"precision": precision, "dice_mean": found["dice_mean"]})


_STEPS = {"train": _train, "export": _export, "evaluate": _evaluate}


def _say(values: dict[str, object]) -> None:
    print("  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in values.items()), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
