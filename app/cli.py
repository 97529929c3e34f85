"""The command `cinequant`: parses, calls the engine, prints.

Exit status: 0 done; 1 the input or the environment is at fault, said in one line on stderr; 2 wrong usage; 3 an error
in CineQuant itself, with the name of a crash report on stderr; 130 interrupted. With --json, stdout carries exactly
one line of JSON. Progress goes to stderr, and only where that is a terminal.

Imports of the engine's readers, of OpenVINO and of Qt stand in the functions that need them, because each costs a
good part of a second and no verb needs them all.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import platform
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import __version__
from engine.catalog import Catalog, default_precision, find_models, user_models
from engine.errors import Cancelled, CineQuantError, ExportError, ModelError, ScanError
from engine.model_card import ModelCard
from engine.volume import CONVENTIONS, SPACING_MM, Known, LabelMap, Volume

if TYPE_CHECKING:
    from engine.evaluate import Evaluation
    from engine.measure import Function
    from engine.predict import Prediction

DONE, AT_FAULT, WRONG_USAGE, BUG, INTERRUPTED = 0, 1, 2, 3, 130

NIFTI_ENDINGS = (".nii", ".nii.gz")
FORMATS = ("nifti", "dicom-seg")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status. argv: without the program's name; None for the process's own."""
    if argv is None:
        argv = sys.argv[1:]
        _quiet_process()
    try:
        arguments = _parse(list(argv))
        status = arguments.run(arguments)
        sys.stdout.flush()
        return int(status)
    except SystemExit as stop:  # argparse, after --help, --version or wrong usage
        return stop.code if isinstance(stop.code, int) else WRONG_USAGE
    except (KeyboardInterrupt, Cancelled):
        return _complain("interrupted", INTERRUPTED)
    except CineQuantError as error:
        return _complain(str(error), AT_FAULT)
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except MemoryError:
        return _complain("not enough memory for this scan; close other programs or use a smaller scan", AT_FAULT)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}; check the path, its permissions and free space", AT_FAULT)
    except Exception as error:
        return _complain(f"an error in CineQuant itself; please report it with {_crash_report(error)}", BUG)


def _quiet_process() -> None:
    """What only the real command may do to its process: keep libraries' remarks off stderr, and never fail to print."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    # Libraries log oddities of headers; what matters of them comes as a notice.
    logging.getLogger().addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show "±" should show a substitute.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _complain(message: str, status: int) -> int:
    _clear_progress()
    sys.stderr.write(f"cinequant: {' '.join(message.split())}\n")
    return status


def _crash_report(error: Exception) -> str:
    """Write where an unexpected error arose, and return the file's name.

    Where in the code, and the kind of each error, but no message and no path outside the program: they can name a
    patient.
    """
    lines = [f"CineQuant {__version__}, Python {platform.python_version()}, {platform.platform()}"]
    cause: BaseException | None = error
    while cause is not None:
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        for frame in traceback.extract_tb(cause.__traceback__):
            file = Path(frame.filename)
            lines.append(f"  {file.parent.name}/{file.name}:{frame.lineno} {frame.name}")
        cause = cause.__cause__ or cause.__context__
    try:
        handle, name = tempfile.mkstemp(prefix="cinequant-crash-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8") as report:
            report.write("\n".join(lines) + "\n")
    except OSError:
        return f"its kind: {type(error).__name__} (no crash report could be written)"
    return f"the crash report {name}"


# --- arguments


def _parse(argv: list[str]) -> argparse.Namespace:
    parser, verbs = _parser()
    # `cinequant PATH` opens the viewer; a file that is named like a verb can be given as ./segment.
    if not argv or (argv[0] not in verbs and argv[0] not in ("-h", "--help", "--version")):
        argv = ["view", *argv]
    arguments = parser.parse_args(argv)
    arguments.usage_error = verbs[arguments.verb].error
    return arguments


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog="cinequant",
        description="Cardiac MRI on the local CPU: view, segment, time and measure. "
        "Without a verb, PATH is opened in the viewer; without a PATH, a built-in phantom.",
        epilog="Exit status: 0 done, 1 the input or the environment is at fault (one line on stderr), 2 wrong usage, "
        "3 an error in CineQuant itself, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cinequant {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    made: dict[str, argparse.ArgumentParser] = {}

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made[name] = verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
        made[name].set_defaults(run=run)
        return made[name]

    view = verb("view", _view, "Open the viewer.")
    view.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="scan: a file, an ED and an ES file, a folder"
    )
    view.add_argument("--precision", help="precision to segment in, such as int8 or float32")
    view.add_argument("--screenshot", type=Path, metavar="F.png", help="segment, write the window as drawn, and exit")

    segment = verb("segment", _segment, "Segment a scan and write the mask on its own grid.")
    _add_scan(segment)
    segment.add_argument(
        "-o", "--output", required=True, type=Path, metavar="OUT", help="file, or folder for a SEG cine"
    )
    _add_model(segment)
    segment.add_argument("--format", choices=FORMATS, help="default: by OUT's ending, else the scan's own kind")
    segment.add_argument(
        "--labels",
        choices=tuple(CONVENTIONS),
        help="values in a NIfTI mask: mnms (default) 1 LV, 2 MYO, 3 RV; acdc 3 LV, 1 RV",
    )
    _add_json(segment)

    measure = verb("measure", _measure, "Volumes, ejection fraction and mass, from a model's mask or a given one.")
    _add_scan(measure)
    measure.add_argument("--mask", type=Path, metavar="M", help="use this NIfTI or DICOM SEG mask instead of a model")
    measure.add_argument("--labels", choices=tuple(CONVENTIONS), default="mnms", help="values in a NIfTI mask")
    _add_model(measure)
    _add_json(measure)

    evaluate = verb("evaluate", _evaluate, "Compare a model with the truth masks of a data set.")
    evaluate.add_argument("folder", type=Path, metavar="DIR")
    evaluate.add_argument("--layout", required=True, choices=("acdc", "mnms"))
    evaluate.add_argument("--patients", default="all", metavar="all|train|val|LIST", help="LIST: names with commas")
    _add_model(evaluate)
    _add_json(evaluate)

    bench = verb("bench", _bench, "Time every model in every precision on this device.")
    bench.add_argument("--size", type=_positive, default=256, help="height and width of the image (default 256)")
    bench.add_argument("--runs", type=_positive, default=40, help="timed runs of each network (default 40)")
    bench.add_argument("--threads", type=_positive, help="default: one a physical core")
    _add_json(bench)

    models = verb("models", _models, "List the installed models, and folders that were rejected and why.")
    models.add_argument("--verify", action="store_true", help="run each model's test tensors on this device")
    _add_json(models)

    phantom = verb("phantom", _phantom, "Write the phantom cine, its true mask and its true volumes.")
    phantom.add_argument("-o", "--output", required=True, type=Path, metavar="DIR")
    _add_json(phantom)
    return parser, made


def _add_scan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, an ED and an ES file, or a folder")
    parser.add_argument("--spacing", type=_spacing, metavar="X,Y,Z", help="voxel size in mm, instead of the header's")
    parser.add_argument("--force", action="store_true", help="segment what does not look like a short-axis MR stack")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="ID", help="see `cinequant models`; default quantlite")
    parser.add_argument("--precision", metavar="P", help="one of the model's precisions; default int8")
    parser.add_argument("--threads", type=_positive, metavar="N", help="default: one a physical core")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one line of JSON")


def _positive(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return value


def _spacing(text: str) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        x = y = z = math.nan
    low, high = SPACING_MM
    if not all(low <= value <= high for value in (x, y, z)):
        raise argparse.ArgumentTypeError(f"{text!r} is not three numbers from {low:g} to {high:g} mm, as in 1.4,1.4,8")
    return x, y, z


# --- output

_progress_shown = False


def _progress(done: int, total: int, what: str) -> None:
    """One line that is written over, where someone can see it."""
    global _progress_shown  # noqa: PLW0603
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what} {done}/{total}" if total else f"\r\x1b[K{what}")
        sys.stderr.flush()
        _progress_shown = True


def _clear_progress() -> None:
    global _progress_shown  # noqa: PLW0603
    if _progress_shown:
        sys.stderr.write("\r\x1b[K")
        _progress_shown = False


def _notify(notices: Sequence[str], *, as_json: bool) -> None:
    """Notices to stderr; beside JSON, which carries them too, only where someone can see them.

    Called when the work is done, so that a failure is the only line on stderr.
    """
    _clear_progress()
    if not as_json or sys.stderr.isatty():
        for notice in notices:
            sys.stderr.write(f"note: {' '.join(notice.split())}\n")


def _print_json(value: object) -> None:
    _clear_progress()
    sys.stdout.write(json.dumps(_plain(value), allow_nan=False) + "\n")


def _print(text: str) -> None:
    _clear_progress()
    sys.stdout.write(text + "\n")


def _plain(value: Any) -> Any:
    """Values that JSON has: paths as text, tuples as lists, NaN and infinities as null, 10 digits of fractions."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns wide enough for their widest cell; the first aligned left, the others right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


# --- what verbs share


def _choose_model(arguments: argparse.Namespace) -> tuple[Catalog, ModelCard, str]:
    """Checked before anything slow begins."""
    catalog = find_models()
    card = catalog.get(arguments.model)
    precision = arguments.precision or default_precision(card)
    card.file_for(precision)
    return catalog, card, precision


def _open(arguments: argparse.Namespace, *, segmenting: bool) -> Volume:
    from engine.scan import open_scan  # noqa: PLC0415 - see the module's docstring

    volume = open_scan(arguments.paths, progress=_progress)
    if arguments.spacing is not None:
        volume = volume.with_spacing(*arguments.spacing)
    elif volume.geometry.spacing is Known.ASSUMED:
        volume = replace(volume, notices=(*volume.notices, "Give the spacing with --spacing X,Y,Z."))
    if segmenting and volume.not_short_axis and not arguments.force:
        raise ScanError(
            f"{arguments.paths[0]}: is {volume.not_short_axis}, and the models know short-axis cardiac MR only; "
            "open a short-axis stack, or use --force"
        )
    return volume


def _load_ahead(arguments: argparse.Namespace, card: ModelCard, precision: str) -> None:
    if arguments.spacing is None:
        from engine.ahead import load_ahead  # noqa: PLC0415

        load_ahead(arguments.paths, card, precision, threads=arguments.threads)


def _predict(arguments: argparse.Namespace, volume: Volume, card: ModelCard, precision: str) -> Prediction:
    from engine.predict import predict  # noqa: PLC0415

    return predict(volume, card, precision, threads=arguments.threads, progress=_progress)


# --- verbs


def _view(arguments: argparse.Namespace) -> int:
    shot: Path | None = arguments.screenshot
    if shot is not None:
        if shot.suffix.lower() != ".png":
            arguments.usage_error(f"--screenshot {shot}: the file's name must end in .png")
        _check_parent(shot)
    for path in arguments.paths:
        # Before the window opens; what else is wrong with a scan the window itself says.
        if not path.exists():
            hint = "" if len(path.parts) > 1 else ", and no verb of cinequant (see cinequant --help)"
            raise ScanError(f"{path}: no such file or folder{hint}")
    try:
        from app.viewer import run_viewer  # noqa: PLC0415
    except ImportError as error:
        raise CineQuantError(f"the window toolkit cannot be loaded ({error}); install CineQuant again") from error
    return int(run_viewer(arguments.paths, precision=arguments.precision, screenshot=shot))


def _segment(arguments: argparse.Namespace) -> int:
    start = time.perf_counter()
    out: Path = arguments.output
    if arguments.format == "nifti" and not out.name.lower().endswith(NIFTI_ENDINGS):
        arguments.usage_error(f"-o {out}: a NIfTI file's name must end in .nii.gz or .nii")
    if arguments.format == "dicom-seg" and arguments.labels:
        arguments.usage_error("--labels is for NIfTI; a DICOM SEG names its structures itself")
    _check_parent(out)
    _, card, precision = _choose_model(arguments)
    _load_ahead(arguments, card, precision)
    volume = _open(arguments, segmenting=True)
    kind = _output_format(out, arguments.format, volume)
    prediction = _predict(arguments, volume, card, precision)

    if kind == "nifti":
        from engine import nifti  # noqa: PLC0415

        nifti.write_mask(out, prediction.labels, volume, arguments.labels or "mnms")
        files: tuple[Path, ...] = (out,)
    else:
        from engine import seg  # noqa: PLC0415

        files = seg.write_seg(
            out, prediction.labels, volume, algorithm=f"{card.name} {precision}", version=card.version
        )
    wall_s = time.perf_counter() - start
    _notify(volume.notices, as_json=arguments.json)
    if arguments.json:
        _print_json(_segment_json(prediction, volume, out, files, wall_s))
    else:
        _print(_segment_text(prediction, volume, out, wall_s))
    return DONE


def _check_parent(out: Path) -> None:
    """Fail before the work rather than after it."""
    parent = out.resolve().parent
    if not parent.is_dir():
        raise ExportError(f"{out}: the folder {parent} does not exist; make it first")
    if not os.access(parent, os.W_OK):
        raise ExportError(f"{out}: the folder {parent} cannot be written to; choose another place")


def _output_format(out: Path, wanted: str | None, volume: Volume) -> str:
    """Which format to write, once it is sure that it can be written there."""
    name = out.name.lower()
    is_nifti = name.endswith(NIFTI_ENDINGS)
    if wanted is None:
        wanted = "nifti" if is_nifti or (volume.source.kind != "dicom" and not name.endswith(".dcm")) else "dicom-seg"
    volume.source.refuse(out)
    if wanted == "nifti":
        if not is_nifti:
            raise ExportError(f"{out}: a NIfTI mask is a file whose name ends in .nii.gz or .nii; choose such a name")
        if out.is_dir():
            raise ExportError(f"{out}: is a folder; give the name of a file")
        return wanted
    if volume.source.kind != "dicom":
        raise ExportError(f"{out}: a DICOM SEG refers to DICOM images, but the scan is no DICOM; write a .nii.gz file")
    if volume.frames > 1 and (name.endswith((".dcm", *NIFTI_ENDINGS)) or out.is_file()):
        raise ExportError(f"{out}: a cine's SEG is a folder with one file a phase; give the name of a folder")
    return wanted


def _segment_json(
    prediction: Prediction, volume: Volume, out: Path, files: Sequence[Path], wall_s: float
) -> dict[str, Any]:
    return {
        **prediction.provenance,
        "model_size_bytes": prediction.model_size_bytes,
        "frames": volume.frames,
        "slices": len(prediction.timings),
        "latency_ms": prediction.latency_ms,
        "preprocess_ms": prediction.preprocess_ms,
        "postprocess_ms": prediction.postprocess_ms,
        "load_ms": prediction.load_ms,
        "peak_rss_mb": prediction.peak_rss_mb,
        "rss_before_mb": prediction.rss_before_mb,
        "wall_s": wall_s,
        "notices": volume.notices,
        "output": out,
        "files": list(files),
    }


def _segment_text(prediction: Prediction, volume: Volume, out: Path, wall_s: float) -> str:
    latency = prediction.latency_ms
    slices = len(prediction.timings)
    return (
        f"{out}\n"
        f"{slices} slices ({volume.frames} × {volume.slices}) by {prediction.model_name} in {prediction.precision}, "
        f"{wall_s:.1f} s in all\n"
        f"inference {latency['p50']:.1f} ms a slice (median; 95 % within {latency['p95']:.1f} ms), before it "
        f"{prediction.preprocess_ms / slices:.1f} ms, after it {prediction.postprocess_ms / slices:.1f} ms\n"
        f"{prediction.runtime}, {prediction.isa}, {prediction.threads} thread{'s' * (prediction.threads > 1)}; "
        f"{prediction.int8_share:.0%} of the multiply-adds in int8; at most {prediction.peak_rss_mb:.0f} MB of memory"
    )


def _measure(arguments: argparse.Namespace) -> int:
    from engine.measure import measure  # noqa: PLC0415

    if arguments.mask is not None:
        if arguments.model or arguments.precision:
            arguments.usage_error("--mask takes the place of a model; leave out --model and --precision")
        volume = _open(arguments, segmenting=False)
        labels = _read_mask(arguments.mask, volume, arguments.labels)
        made: dict[str, Any] = {"mask": arguments.mask}
        by = f"mask {arguments.mask.name}"
    else:
        _, card, precision = _choose_model(arguments)
        _load_ahead(arguments, card, precision)
        volume = _open(arguments, segmenting=True)
        prediction = _predict(arguments, volume, card, precision)
        labels = prediction.labels
        made = prediction.provenance
        by = f"{card.name} in {precision}"
    function = measure(labels, volume)
    _notify(volume.notices, as_json=arguments.json)
    if arguments.json:
        data = asdict(function)
        _print_json({**data, "frames": volume.frames, "notices": volume.notices, **made})
    else:
        _print(_measure_text(function, volume, by))
    return DONE


def _read_mask(path: Path, volume: Volume, convention: str) -> LabelMap:
    if path.name.lower().endswith(NIFTI_ENDINGS):
        from engine import nifti  # noqa: PLC0415

        return nifti.read_mask(path, volume, convention)
    from engine import seg  # noqa: PLC0415

    if not path.exists():
        raise ScanError(f"{path}: no such file or folder")
    if volume.source.kind != "dicom":
        raise ScanError(
            f"{path}: is no NIfTI file, and a DICOM SEG goes with a DICOM scan only; give a mask that ends in .nii.gz"
        )
    return seg.read_seg([path], volume)


def _measure_text(function: Function, volume: Volume, by: str) -> str:
    ml = "mL" if function.units_known else "mL?"
    rows = [["", "LV", "RV", ""]]
    for name, key, unit, digits in (
        ("end-diastolic volume", "edv_ml", ml, 1),
        ("end-systolic volume", "esv_ml", ml, 1),
        ("stroke volume", "sv_ml", ml, 1),
        ("ejection fraction", "ef_percent", "%", 1),
    ):
        values = [_number(getattr(side, key), digits) for side in (function.lv, function.rv)]
        rows.append([name, *values, unit])
    rows.append(["myocardial mass", _number(function.lv_mass_g), "", "g" if function.units_known else "g?"])
    # The unit reads better beside its number than at the right edge.
    text = "\n".join(line.rstrip() for line in _table(rows).splitlines())
    if function.ed_frame is None and function.es_frame is None:
        one = [["", "LV cavity", "RV cavity", "LV myocardium"]]
        for frame, three in enumerate(zip(function.lv_ml, function.rv_ml, function.myo_ml, strict=True)):
            one.append([f"volume in frame {frame + 1}, {ml}", *(_number(value) for value in three)])
        text = (
            _table(one) + f"\nLV myocardial mass {_number(function.lv_mass_g)} {'g' if function.units_known else 'g?'}"
        )
    else:
        for phase, frame in (("end-diastole", function.ed_frame), ("end-systole", function.es_frame)):
            if frame is not None:
                text += f"\n{phase}: frame {frame + 1} of {volume.frames}"
    return "\n".join([f"{volume.source.name}, by {by}", text, *(f"- {rule}" for rule in function.rules)])


def _evaluate(arguments: argparse.Namespace) -> int:
    from engine.datasets import find_cases  # noqa: PLC0415
    from engine.evaluate import evaluate  # noqa: PLC0415

    _, card, precision = _choose_model(arguments)
    cases = find_cases(arguments.folder, arguments.layout, arguments.patients)
    result = evaluate(cases, card, precision, threads=arguments.threads, progress=_progress)
    if arguments.json:
        _print_json({"layout": arguments.layout, "patients_asked": arguments.patients, **result.to_dict()})
    else:
        _print(_evaluation_text(result, card))
    return DONE


def _evaluation_text(result: Evaluation, card: ModelCard) -> str:
    names = {"lv": "LV cavity", "myo": "LV myocardium", "rv": "RV cavity"}
    overlap = [["", "Dice", "IoU", "HD95 mm", "volumes", "without HD95"]]
    for phase, means in [*result.means.items(), *result.groups.items()]:
        for key, mean in means.items():
            cells = [_number(mean.dice, 4), _number(mean.iou, 4), _number(mean.hd95_mm, 2), str(mean.n)]
            overlap.append([f"{phase} {names[key]}", *cells, str(mean.hd95_missing)])
    difference = [["model − expert", "bias", "limits of agreement", "mean absolute", "n"]]
    agreements = [(f"{key.upper()} EF, points", value) for key, value in result.ef.items()]
    for name, agreement in [*agreements, *result.volumes.items()]:
        limits = f"{_number(agreement.low)} to {_number(agreement.high)}"
        difference.append([name, _number(agreement.bias), limits, _number(agreement.mae), str(agreement.n)])
    patients = len({case.patient for case in result.cases})
    latency = f", inference {result.latency_ms['p50']:.1f} ms a slice (median)" if result.latency_ms else ""
    return "\n".join(
        [
            f"{card.name} in {result.precision}, {patients} patients, {len(result.cases)} volumes{latency}",
            f"mean Dice {_number(result.dice_mean, 4)}, mean IoU {_number(result.iou_mean, 4)}",
            _table(overlap),
            _table(difference),
            *(f"- {rule}" for rule in result.rules),
        ]
    )


def _bench(arguments: argparse.Namespace) -> int:
    from engine.bench import bench  # noqa: PLC0415

    catalog = find_models()
    report = bench(catalog, size=arguments.size, runs=arguments.runs, threads=arguments.threads, progress=_progress)
    if not report.rows:
        raise ModelError("no model could be run: " + "; ".join(reason for _, _, reason in report.failed))
    if arguments.json:
        _print_json(report.to_json())
        return DONE
    rows = [["model", "precision", "ms a slice", "p95", "1 thread", "int8", "memory MB", "file kB", "Dice", "checked"]]
    for row in report.rows:
        checked = "–" if row.difference is None else "yes" if row.verified else f"off by {row.difference:.3g}"
        rows.append(
            [
                row.model,
                row.precision,
                _number(row.latency_ms, 2),
                _number(row.latency_p95_ms, 2),
                _number(row.one_thread_ms, 2),
                f"{row.int8_share:.0%}",
                _number(row.memory_mb, 0),
                _number(row.size_bytes / 1e3, 0),
                _number(row.dice_mean, 3),
                checked,
            ]
        )
    _print(
        f"{report.device}, {report.isa}, {report.runtime}, {report.rows[0].threads} threads, "
        f"image {report.size} × {report.size}, median of {report.runs} interleaved runs"
    )
    _print(_table(rows))
    _print(
        "int8: share of the multiply-adds that int8 kernels executed. memory: growth of a fresh process.\n"
        "checked: the model's test tensors give here what they gave at export."
    )
    for model, precision, reason in report.failed:
        _print(f"failed: {model} {precision}: {reason}")
    _print(f"recommended: {report.reason}")
    return DONE


def _models(arguments: argparse.Namespace) -> int:
    catalog = find_models()
    entries = []
    status = DONE
    for card in catalog.models:
        entry: dict[str, Any] = {
            "id": card.id,
            "default": card.id == catalog.default,
            "name": card.name,
            "version": card.version,
            "parameters": card.parameters,
            "labels": card.labels,
            "precisions": {name: card.path_for(name).resolve() for name in card.precisions},
            "size_bytes": {name: file.size_bytes for name, file in card.precisions.items()},
            "sha256": {name: file.sha256 for name, file in card.precisions.items()},
            "metrics": card.metrics,
            "metrics_split": card.metrics_split,
            "licence": card.licence,
        }
        if arguments.verify:
            entry["verified"] = _verify(card)
            if not all(result["ok"] for result in entry["verified"].values()):
                status = AT_FAULT
        entries.append(entry)
    if arguments.json:
        _notify([f"rejected: {reason}" for _, reason in catalog.rejected], as_json=True)
        _print_json(entries)
    else:
        _print(_models_text(catalog, entries))
    if status != DONE:
        return _complain("a model does not compute here what it computed where it was exported; see above", status)
    return DONE


def _verify(card: ModelCard) -> dict[str, dict[str, Any]]:
    from engine import runtime  # noqa: PLC0415

    results: dict[str, dict[str, Any]] = {}
    for precision in card.precisions:
        try:
            difference, tolerance = runtime.verify(card, precision)
            results[precision] = {"ok": difference <= tolerance, "difference": difference, "tolerance": tolerance}
        except ModelError as error:
            results[precision] = {"ok": False, "reason": str(error)}
    return results


def _models_text(catalog: Catalog, entries: Sequence[dict[str, Any]]) -> str:
    lines = []
    for card, entry in zip(catalog.models, entries, strict=True):
        mark = " (default)" if card.id == catalog.default else ""
        lines.append(f"{card.id}{mark}: {card.name} {card.version}, {card.parameters:,} parameters, {card.licence}")
        lines.append(f"  {card.description}")
        for name, file in card.precisions.items():
            measured = ", ".join(f"{key} {value:.3f}" for key, value in card.metrics.get(name, {}).items())
            line = f"  {name}: {card.folder / file.file}, {file.size_bytes / 1e3:.0f} kB" + (
                f"; {measured}" if measured else ""
            )
            if "verified" in entry:
                result = entry["verified"][name]
                line += "; " + (
                    result["reason"]
                    if "reason" in result
                    else f"test tensors {'agree' if result['ok'] else 'DIFFER'} "
                    f"({result['difference']:.3g}, at most {result['tolerance']:.3g})"
                )
            lines.append(line)
        if card.metrics:
            lines.append(f"  measured on {card.metrics_split}")
    if not lines:
        lines.append(f"no model is installed; put a model's folder into {user_models()}")
    lines += [f"rejected: {reason}" for _, reason in catalog.rejected]
    return "\n".join(lines)


def _phantom(arguments: argparse.Namespace) -> int:
    from engine import nifti  # noqa: PLC0415
    from engine.phantom import make_phantom  # noqa: PLC0415

    folder: Path = arguments.output
    _check_parent(folder)
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder}: is a file; give the name of a folder")
    folder.mkdir(exist_ok=True)
    volume, labels, truth = make_phantom()
    cine, mask, values = (folder / name for name in ("phantom.nii.gz", "phantom_gt.nii.gz", "truth.json"))
    nifti.write_volume(cine, volume)
    nifti.write_mask(mask, labels, volume)
    values.write_text(json.dumps(_plain(truth), indent=2) + "\n", encoding="utf-8")
    if arguments.json:
        _print_json({"cine": cine, "mask": mask, "truth": truth, "truth_file": values})
    else:
        _print("\n".join(str(path) for path in (cine, mask, values)))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
