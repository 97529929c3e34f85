"""The verbs of cinequant-train and the steps that each of them runs."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import onnx
import torch
from torch import nn

from engine.errors import CineQuantError, ScanError
from engine.evaluate import evaluate
from engine.files import write_atomically
from engine.formats import datasets
from engine.network.catalog import find_models, packaged_models
from engine.network.model_card import CARD_FILE, load_card
from engine.network.packed import ENDING
from training import processes
from training.config import Config, ConfigError, load_config
from training.data import source
from training.data.prepare import prepare
from training.data.scans import Scan, load_scans
from training.networks.table import NETWORKS, channels_last
from training.reports.bitreport import bits_table, write_bit_pictures, write_bits
from training.reports.case_pictures import write_pictures
from training.reports.curves import draw_curves
from training.reports.summary import LOG, TUNING_LOG, ReportError, report
from training.steps.committee import taught_by
from training.steps.export import (
    ExportRefusedError,
    export_float,
    export_packed,
    finish_model,
    input_spec,
    training_spec,
)
from training.steps.quantize import Tune, calibration_inputs
from training.steps.train import WEIGHTS, RunError, load_weights, train
from training.steps.validation import evaluate_model

CALIBRATION_SLICES = 256
# Slices that the first quantization steps are computed from; training adjusts the steps.
BITS_CALIBRATION_SLICES = 48
# A package installed from a wheel has no weights to start from and nowhere to write to.
_OWN_RESULTS = Path(__file__).parent / "results"
RESULTS = _OWN_RESULTS if _OWN_RESULTS.is_dir() else Path("results")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 with one line on stderr if the input is at fault; argparse exits with 2."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.verb == "report":
            _report(arguments)
            return 0
        torch.set_num_threads(getattr(arguments, "threads", None) or torch.get_num_threads())
        config = load_config(Path(arguments.config))
        device = processes.choose_device(getattr(arguments, "device", "cpu"))
        with processes.joined(device) as here:
            if here.size > 1 and arguments.verb != "train":
                raise RunError(f"{arguments.verb} runs in one process; start only `train` with torchrun")
            for step in (_check_inputs, *_STEPS[arguments.verb]):
                step(config, arguments)
    except (CineQuantError, ConfigError, ExportRefusedError, processes.DeviceError, RunError, ReportError) as error:
        print(f"cinequant-train: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        where = f"{error.filename}: " if error.filename else ""
        print(f"cinequant-train: {where}{error.strerror or error}; check the path and free space", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("cinequant-train: stopped; the same command goes on from the last epoch", file=sys.stderr)  # noqa: T201
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cinequant-train", description="Make the models that CineQuant loads.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    helps = {
        "prepare": "read and resample a data set once, for any number of trainings; print what it holds",
        "make": "train, export, quantize and evaluate: all that reproduces a model",
        "train": "train, or go on where an interrupted run stopped; draw its curves",
        "export": "write the float32 model of trained weights to RUNS/float32/ID",
        "quantize": "make the other precisions of the exported model, and put the finished model in its place",
        "bits": "learn how many bits each layer needs, once for every penalty; pack the one that meets the targets",
        "evaluate": "score the finished model on the validation patients; update its card",
    }
    for verb, text in helps.items():
        p = verbs.add_parser(verb, help=text, description=text)
        p.add_argument("config", help="a built-in configuration (espnetv2, quantlite, unet, …) or a TOML file")
        # The float32 model depends on the trained weights alone, and training needs only prepared data.
        source.add_arguments(p, required=verb not in ("export", "train"))
        if verb in ("prepare", "make", "train"):
            source.add_prepared(p, required=verb == "prepare")
        if verb == "prepare":
            continue
        if verb != "export":
            source.add_split(p)
        if verb in ("make", "train", "quantize", "bits"):
            source.add_also(p)
        if verb in ("make", "train"):
            p.add_argument("--device", default="auto", help="auto (default: a GPU where there is one), cpu or cuda")
        p.add_argument("--runs", type=Path, default=Path("runs"), help="checkpoints and logs go to RUNS/ID")
        p.add_argument("--results", type=Path, default=RESULTS, help="weights, log and metrics go to RESULTS/ID")
        p.add_argument("--models", type=Path, help="the model goes to MODELS/ID; default: the viewer's own models, "
                       "or RUNS/models for a configuration that is not shipped")  # fmt: skip
        p.add_argument("--threads", type=int, help="CPU threads of torch")
        if verb in ("make", "train", "quantize", "bits"):
            p.add_argument("--replace", action="store_true", help="overwrite finished weights and models")
        if verb in ("make", "bits", "evaluate"):
            p.add_argument("--external", type=Path, metavar="MNMS", help="also evaluate on the M&Ms patients here")
    text = "print the table of all models from the results on disk; draw curves of logs that have none"
    p = verbs.add_parser("report", help=text, description=text)
    p.add_argument("--results", type=Path, default=RESULTS)
    p.add_argument("--models", type=Path, default=packaged_models())
    p.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the tables there instead of printing them")
    p.add_argument("--pictures", type=Path, metavar="DIR", help="write agreement plots of the ejection fraction there, "
                   "and with --data a good, a median and the worst validation case")  # fmt: skip
    p.add_argument("--data", type=Path, help="folder of the ACDC patients, for the pictures of cases")
    p.add_argument("--with-images", action="store_true", help="show the scan under the outlines; mind its licence")
    return parser


def _models(config: Config, arguments: argparse.Namespace) -> Path:
    if arguments.models:
        return Path(arguments.models)
    return packaged_models() if config.ship else Path(arguments.runs) / "models"


def _report(arguments: argparse.Namespace) -> None:
    cards = find_models([arguments.models]).models
    for log in sorted(arguments.results.glob(f"*/{LOG}")):
        picture = log.with_name("curves.png")
        if not picture.exists() or picture.stat().st_mtime < log.stat().st_mtime:
            draw_curves(log, picture)
    tables = "\n\n".join(filter(None, (report(cards, arguments.results), bits_table(arguments.results))))
    if arguments.output:
        write_atomically(arguments.output, (tables + "\n").encode())
    else:
        print(tables)  # noqa: T201
    if arguments.pictures:
        write_bit_pictures(arguments.results, arguments.pictures)
        write_pictures(
            cards, arguments.results, arguments.pictures, data=arguments.data, with_images=arguments.with_images
        )


def _check_inputs(config: Config, arguments: argparse.Namespace) -> None:
    """Raise before the first step if a later one would miss or overwrite something: training takes hours."""
    verb = arguments.verb
    if config.network not in NETWORKS:
        raise ConfigError(f"{config.id}: network '{config.network}' is not known; choose one of {', '.join(NETWORKS)}")
    if verb in ("make", "train", "bits"):
        _teacher(config, arguments)
        if config.start_from:
            _trained(config.start_from, arguments)
        if config.weights:
            _network(config, arguments)
    if verb == "make":
        # Training needs only prepared data; later steps read the files themselves.
        data = source.open_data(arguments)
        training, validation = data.split(arguments.train, arguments.val)
        datasets.present(training + validation)
        sets = [(data.layout, training), *((other.layout, other.cases) for other in source.open_also(arguments))]
        seen = {case.patient for layout, cases in sets if layout == "mnms" for case in cases}
        if both := sorted(seen.intersection(case.patient for case in _external(arguments))):
            raise ScanError(f"patient '{both[0]}' is trained on and in --external; leave it out of one of them")
    elif verb in ("bits", "evaluate"):
        _external(arguments)
    if verb in ("make", "train", "quantize", "bits") and not arguments.replace:
        _refuse_to_overwrite(config, arguments)


def _refuse_to_overwrite(config: Config, arguments: argparse.Namespace) -> None:
    home, results = _models(config, arguments) / config.id, arguments.results / config.id / WEIGHTS
    if arguments.verb != "train" and (home / CARD_FILE).exists():
        raise RunError(
            f"{home}: holds a finished model; add --replace to overwrite it, or name another --models folder"
        )
    if arguments.verb in ("make", "train") and not config.weights and results.exists():
        # A finished run changes nothing.
        mine = arguments.runs / config.id / WEIGHTS
        if not mine.exists() or mine.read_bytes() != results.read_bytes():
            raise RunError(f"{results}: is finished; add --replace to overwrite it, or name another --results folder")


def _external(arguments: argparse.Namespace) -> tuple[datasets.Case, ...]:
    return datasets.find_cases(arguments.external, "mnms") if arguments.external else ()


def _prepare(config: Config, arguments: argparse.Namespace) -> None:
    data = source.open_data(arguments)
    cases = datasets.present(datasets.choose(data.cases, data.layout, arguments.patients))
    show = source.bar("preparing")
    print(prepare(cases, data.layout, training_spec(config), arguments.prepared, progress=show))  # noqa: T201


def _train(config: Config, arguments: argparse.Namespace) -> None:
    if config.weights:
        if arguments.verb == "train":
            raise RunError(f"{config.id} takes the weights of {config.weights}; train that one, and export this one")
        return
    if config.bits_penalties:
        raise RunError(f"{config.id} learns bits from trained weights; run `cinequant-train bits {arguments.config}`")
    spec, here = training_spec(config), processes.here()
    data = source.open_source(arguments)
    training, validation = data.split(arguments.train, arguments.val)
    scans = data.scans(training, spec, source.bar("reading", shown=here.first))
    also = source.open_also(arguments)
    for other in also:
        scans += other.scans(other.cases, spec, source.bar("reading", shown=here.first))
    # Only the first process watches the validation patients.
    monitor = data.scans(validation, spec, source.bar("reading", shown=here.first)) if here.first else ()
    run, results = arguments.runs / config.id, arguments.results / config.id
    start = _trained(config.start_from, arguments) if config.start_from else None
    device = processes.choose_device(arguments.device)
    if config.committee:
        networks = [_trained_network(name, arguments) for name in config.committee]
        scans = taught_by(scans, networks, device, progress=source.bar("asking the teachers", shown=here.first))
    train(
        config, scans, run, monitor=monitor, start=start, teacher=_teacher(config, arguments), on_epoch=_say,
        device=device,
    )  # fmt: skip
    if not here.first:
        return
    results.mkdir(parents=True, exist_ok=True)
    source.note_training(results, data.layout, training, also)
    draw_curves(run / LOG, run / "curves.png")
    for name in (WEIGHTS, "config.json", LOG, "curves.png"):
        shutil.copyfile(run / name, results / name)


def _teacher(config: Config, arguments: argparse.Namespace) -> nn.Module | None:
    """The network that this configuration learns from, or None where it learns from the labels alone."""
    return _trained_network(config.teacher, arguments) if config.teacher else None


def _network(config: Config, arguments: argparse.Namespace) -> nn.Module:
    weights = _trained(config.weights or config.id, arguments)
    return load_weights(NETWORKS[config.network](), weights)


def _trained_network(name: str, arguments: argparse.Namespace) -> nn.Module:
    """The network of another configuration with its trained weights. Raises ConfigError or RunError."""
    network = load_config(Path(name)).network
    if network not in NETWORKS:
        raise ConfigError(f"{name}: network '{network}' is not known; choose one of {', '.join(NETWORKS)}")
    return load_weights(NETWORKS[network](), _trained(name, arguments))


def _trained(name: str, arguments: argparse.Namespace) -> Path:
    """The trained weights of a configuration. Raises RunError where there are none."""
    weights = Path(arguments.results) / name / WEIGHTS
    if not weights.exists():
        raise RunError(f"{weights}: no trained weights; run `cinequant-train train {name}` first")
    return weights


def _lineage(config: Config, arguments: argparse.Namespace) -> list[Path]:
    """Results folders of the weights that a configuration exports, and of those they began with in turn."""
    name, found = config.weights or config.id, []
    while name:
        found.append(arguments.results / name)
        name = config.start_from if name == config.id else _start_of(found[-1])
    return found


def _start_of(results: Path) -> str:
    """The configuration whose weights a training began with, as its record says; empty for none."""
    kept = results / "config.json"
    # A user's own configuration cannot be looked up by name.
    trained_with = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    return str(trained_with.get("start_from", ""))


def _export(config: Config, arguments: argparse.Namespace) -> None:
    about = source.about(*_lineage(config, arguments))
    card = export_float(
        config, _network(config, arguments), arguments.runs / "float32", about.training_data,
        licence=about.licence, long_axis=about.long_axis,
    )  # fmt: skip
    _say({"float32": card.precisions["float32"].size_bytes})


def _quantize(config: Config, arguments: argparse.Namespace) -> None:
    exported = arguments.runs / "float32" / config.id
    if not (exported / CARD_FILE).exists():
        raise RunError(f"{exported}: no exported model; run `cinequant-train export {arguments.config}` first")
    data = source.open_data(arguments)
    training = data.split(arguments.train, arguments.val)[0]
    cases = datasets.present(training + tuple(c for other in source.open_also(arguments) for c in other.cases))
    card = finish_model(
        config,
        load_card(exported),
        lambda: calibration_inputs(cases, input_spec(config), CALIBRATION_SLICES, config.seed),
        _models(config, arguments),
        _tuning(config, arguments, cases) if config.qat_epochs else None,
    )
    _say({p: file.size_bytes for p, file in card.precisions.items()})


def _tuning(config: Config, arguments: argparse.Namespace, cases: Sequence[datasets.Case]) -> Tune:
    """Fine-tuning under quantization, taught by the float network itself."""

    def tune(model: onnx.ModelProto, start: onnx.ModelProto) -> onnx.ModelProto:
        from training.steps.qat import fine_tune  # noqa: PLC0415 - only configurations that ask for it need its operators

        teacher = _network(config, arguments)
        began, rows = time.perf_counter(), []

        def note(row: dict[str, float]) -> None:
            rows.append({**row, "seconds": time.perf_counter() - began})
            _say(rows[-1])

        scans = load_scans(cases, training_spec(config))
        teacher = channels_last(teacher).eval()
        # Tied to this graph, so that an earlier tuning is not mistaken for it.
        graphs = hashlib.sha256(model.SerializeToString() + start.SerializeToString()).hexdigest()[:12]
        checkpoint = arguments.runs / config.id / f"tuning-{graphs}.safetensors"
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        goes_on = checkpoint.exists()
        try:
            tuned = fine_tune(model, config, scans, teacher, start=start, on_epoch=note, checkpoint=checkpoint)
        except ValueError as error:
            raise RunError(f"{config.id}: {error}; set qat_epochs = 0 for this network") from error
        (arguments.results / config.id).mkdir(parents=True, exist_ok=True)
        path = arguments.results / config.id / TUNING_LOG
        with path.open("a" if goes_on else "w", newline="", encoding="utf-8") as file:
            log = csv.DictWriter(file, ["epoch", "loss", "seconds"])
            if not goes_on:
                log.writeheader()
            log.writerows({k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
        return tuned

    return tune


def _bits(config: Config, arguments: argparse.Namespace) -> None:
    """Train with every penalty, evaluate each, and put the chosen one in its place."""
    # Loads the runtime and the converter, which other steps do not need.
    from training.graphs.bitgraph import BitGraph  # noqa: PLC0415
    from training.steps.bitwidth import first_batch, learn_all, quantized_graph  # noqa: PLC0415

    if not config.bits_penalties or not config.start_from:
        raise RunError(f"{config.id}: needs start_from and bits_penalties for learned bits; see quantlite_bits")
    spec, run, results = input_spec(config), arguments.runs / config.id, arguments.results / config.id
    data = source.open_data(arguments)
    given, held_out = data.split(arguments.train, arguments.val)
    also = source.open_also(arguments)
    training = datasets.present(given + tuple(case for other in also for case in other.cases))
    validation = datasets.present(held_out)
    weights = _trained(config.start_from, arguments)

    @cache
    def scans() -> Sequence[Scan]:
        return load_scans(training, spec, progress=source.bar("reading"))

    @cache
    def graphs() -> tuple[onnx.ModelProto, onnx.ModelProto]:
        network = load_weights(NETWORKS[config.network](), weights)
        return quantized_graph(
            config, network, calibration_inputs(training, spec, BITS_CALIBRATION_SLICES, config.seed)
        )

    teacher = _teacher(config, arguments)
    learn_all(config, lambda: BitGraph(*graphs(), first_batch(config, scans())), scans, run, teacher, _say)
    results.mkdir(parents=True, exist_ok=True)
    source.note_training(results, data.layout, given, also)
    about, found = source.about(*_lineage(config, arguments)), []
    for penalty in config.bits_penalties:
        path = run / f"{penalty:g}.json"
        learned = json.loads(path.read_text(encoding="utf-8"))
        if "dice_mean" not in learned:
            content = path.with_name(f"{penalty:g}{ENDING}").read_bytes()
            card = export_packed(config, content, run / f"model-{penalty:g}", about)
            learned["size_bytes"] = len(content)
            learned["dice_mean"] = evaluate(validation, card, "packed").dice_mean
            write_atomically(path, (json.dumps(learned, indent=1) + "\n").encode())
        found.append(learned)
        _say({key: learned[key] for key in ("penalty", "size_bytes", "dice_mean")})
    chosen = write_bits(results, config.name, found, arguments.results / config.start_from)
    content = (run / f"{chosen['penalty']:g}{ENDING}").read_bytes()
    export_packed(config, content, _models(config, arguments), about)
    write_atomically(results / "config.json", json.dumps(config.as_dict(), indent=1, ensure_ascii=False).encode())
    _evaluate(config, arguments)
    _say({"chosen": chosen["penalty"], "weight_bits": chosen["weight_bits"], "smaller": chosen["smaller"]})


def _evaluate(config: Config, arguments: argparse.Namespace) -> None:
    card = load_card(_models(config, arguments) / config.id)
    data = source.open_data(arguments)
    validation = datasets.present(datasets.choose(data.cases, data.layout, arguments.val))
    external = _external(arguments)
    # The weights that these began with, or learned from, have seen patients too.
    for name in filter(None, (config.start_from, config.teacher, config.weights or config.id)):
        learned = arguments.results / name
        split = source.metrics_split(data.layout, validation, learned)
        source.refuse_trained("mnms", [case.patient for case in external], learned)
    written = evaluate_model(card, validation, arguments.results / config.id, external=external, split=split)
    for split, precisions in (("validation", written["precisions"]), ("external", written["external"])):
        for precision, found in precisions.items():
            _say({"split": split, "precision": precision, "dice_mean": found["dice_mean"]})


_STEPS: dict[str, tuple[Callable[[Config, argparse.Namespace], None], ...]] = {
    "prepare": (_prepare,),
    "train": (_train,),
    "export": (_export,),
    "quantize": (_quantize,),
    "bits": (_bits,),
    "evaluate": (_evaluate,),
    "make": (_train, _export, _quantize, _evaluate),
}


def _say(values: Mapping[str, object]) -> None:
    print("  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in values.items()), flush=True)  # noqa: T201
