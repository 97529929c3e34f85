"""What each verb of the command does: checks its arguments, calls the engine, prints.

Imports of the engine's readers, of OpenVINO and of Qt stand in the functions that need them, because each costs a
good part of a second and no verb needs them all.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.interrupts import caught
from app.cli.terminal import number, plain, print_json, print_notices, print_text, show_progress, table
from engine.errors import CineQuantError, ExportError, ModelError, ScanError
from engine.files import write_atomically
from engine.formats.masks import read_masks
from engine.network.catalog import Catalog, default_precision, find_models, user_models
from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS, ModelCard
from engine.network.view import view_of
from engine.volume import Known, Volume

if TYPE_CHECKING:
    from engine.evaluate import Evaluation
    from engine.measures.function import Function
    from engine.measures.metrics import Interval
    from engine.network.predict import Prediction

NIFTI_ENDINGS = (".nii", ".nii.gz")
VIEW_WORDS = {SHORT_AXIS: "short axes", FOUR_CHAMBER: "a four-chamber view"}


def _choose_model(arguments: argparse.Namespace) -> tuple[Catalog, ModelCard, str]:
    """Checked before anything slow begins."""
    catalog = find_models()
    view = getattr(arguments, "view", None)
    card = catalog.for_view(view) if view and arguments.model is None else catalog.get(arguments.model)
    precision = arguments.precision or default_precision(card)
    card.file_for(precision)
    return catalog, card, precision


def _model_and_scan(arguments: argparse.Namespace) -> tuple[ModelCard, str, Volume, str]:
    """The model, its precision, the scan and its view: as asked for, else as the scan's geometry says."""
    catalog, card, precision = _choose_model(arguments)
    _load_ahead(arguments, card, precision)
    volume = _open(arguments)
    seen = view_of(volume.geometry)
    view = arguments.view or seen or SHORT_AXIS
    if arguments.model is None and card.view != view:
        card = catalog.for_view(view)
        precision = arguments.precision or default_precision(card)
        card.file_for(precision)
    path = arguments.paths[0]
    if not arguments.force:
        if card.view != view:
            raise ScanError(
                f"{path}: is taken for {VIEW_WORDS[view]}, and model {card.id} is made for {VIEW_WORDS[card.view]}; "
                "name another model, or say with --view what the scan shows"
            )
        if view != SHORT_AXIS and volume.slices > 1:
            raise ScanError(f"{path}: is a stack of slices, not {VIEW_WORDS[view]}; leave out --view, or use --force")
        # What is wrong with a CT image is wrong with it in every view.
        if volume.not_short_axis and (view == SHORT_AXIS or not volume.not_short_axis.startswith("a single slice")):
            raise ScanError(
                f"{path}: is {volume.not_short_axis}, and the models know short-axis and four-chamber cardiac MR only; "
                "open a short-axis stack, name a four-chamber view with --view 4ch, or use --force"
            )
    if not seen and not arguments.view:
        notice = "A single slice whose header does not say its view was taken for a short axis; --view says otherwise."
        volume = replace(volume, notices=(*volume.notices, notice))
    return card, precision, volume, view


def _open(arguments: argparse.Namespace) -> Volume:
    from engine.formats.door import open_scan  # noqa: PLC0415 - see the module's docstring

    volume = open_scan(arguments.paths, progress=show_progress)
    if arguments.spacing is not None:
        volume = volume.with_spacing(*arguments.spacing)
    elif volume.geometry.spacing is Known.ASSUMED:
        volume = replace(volume, notices=(*volume.notices, "Give the spacing with --spacing X,Y,Z."))
    return volume


def _load_ahead(arguments: argparse.Namespace, card: ModelCard, precision: str) -> None:
    if arguments.spacing is None:
        from engine.ahead import load_ahead  # noqa: PLC0415

        load_ahead(arguments.paths, card, precision, threads=arguments.threads)


def _predict(arguments: argparse.Namespace, volume: Volume, card: ModelCard, precision: str) -> Prediction:
    from engine.network.predict import predict  # noqa: PLC0415

    return predict(volume, card, precision, threads=arguments.threads, progress=show_progress)


def run_view(arguments: argparse.Namespace) -> int:
    shot: Path | None = arguments.screenshot
    if shot is not None:
        if shot.suffix.lower() != ".png":
            arguments.usage_error(f"--screenshot {shot}: the file's name must end in .png")
        _check_parent(shot)
    for path in arguments.paths:
        # Before the window opens; what else is wrong with a scan the window itself says.
        if not path.exists():
            may_be_verb = arguments.verb_is_implied and len(path.parts) == 1
            hint = ", and no verb of cinequant (see cinequant --help)" if may_be_verb else "; check the path"
            raise ScanError(f"{path}: no such file or folder{hint}")
    try:
        from app.window.viewer import run_viewer  # noqa: PLC0415
    except ImportError as error:
        from app.window.display import missing_library  # noqa: PLC0415

        missing = missing_library(error)
        raise CineQuantError(
            missing or f"the window toolkit cannot be loaded ({error}); install CineQuant again"
        ) from error
    return int(run_viewer(arguments.paths, precision=arguments.precision, screenshot=shot, signals=caught()))


def run_segment(arguments: argparse.Namespace) -> None:
    start = time.perf_counter()
    out: Path = arguments.output
    if arguments.format == "nifti" and not out.name.lower().endswith(NIFTI_ENDINGS):
        arguments.usage_error(f"-o {out}: a NIfTI file's name must end in .nii.gz or .nii")
    if arguments.format == "dicom-seg" and arguments.labels:
        arguments.usage_error("--labels is for NIfTI; a DICOM SEG names its structures itself")
    _check_parent(out)
    card, precision, volume, view = _model_and_scan(arguments)
    kind = _output_format(out, arguments.format, volume)
    prediction = _predict(arguments, volume, card, precision)

    if kind == "nifti":
        from engine.formats import nifti  # noqa: PLC0415

        nifti.write_mask(out, prediction.labels, volume, arguments.labels or "mnms")
        files: tuple[Path, ...] = (out,)
    else:
        from engine.formats import seg  # noqa: PLC0415

        files = seg.write_seg(
            out, prediction.labels, volume, algorithm=f"{card.name} {precision}", version=card.version
        )
    wall_s = time.perf_counter() - start
    print_notices(volume.notices, as_json=arguments.json)
    if arguments.json:
        print_json({**_segment_json(prediction, volume, out, files, wall_s), "view": view})
    else:
        print_text(_segment_text(prediction, volume, out, wall_s))


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


def run_measure(arguments: argparse.Namespace) -> None:
    from engine.measures.function import measure  # noqa: PLC0415

    if arguments.mask is not None:
        if arguments.model or arguments.precision:
            arguments.usage_error("--mask takes the place of a model; leave out --model and --precision")
        volume = _open(arguments)
        mask = read_masks([arguments.mask], volume, convention=arguments.labels or "")
        labels = mask.labels
        volume = replace(volume, notices=(*volume.notices, *mask.notices))
        made: dict[str, Any] = {"mask": arguments.mask}
        by = f"mask {arguments.mask.name}"
    else:
        card, precision, volume, view = _model_and_scan(arguments)
        prediction = _predict(arguments, volume, card, precision)
        labels = prediction.labels
        made = {**prediction.provenance, "view": view}
        by = f"{card.name} in {precision}"
    function = measure(labels, volume)
    print_notices(volume.notices, as_json=arguments.json)
    if arguments.json:
        data = asdict(function)
        print_json({**data, "frames": volume.frames, "notices": volume.notices, **made})
    else:
        print_text(_measure_text(function, volume, by))


def _measure_text(function: Function, volume: Volume, by: str) -> str:
    body = _one_frame_text(function) if volume.frames == 1 else _phases_text(function, volume)
    return "\n".join([f"{volume.source.name}, by {by}", body, *(f"- {rule}" for rule in function.rules)])


def _one_frame_text(function: Function) -> str:
    ml, g = ("mL", "g") if function.units_known else ("mL?", "g?")
    values = [number(side[0]) for side in (function.lv_ml, function.rv_ml, function.myo_ml)]
    rows = [["", "LV cavity", "RV cavity", "LV myocardium"], [f"volume, {ml}", *values]]
    return table(rows) + f"\nLV myocardial mass {number(function.lv_mass_g)} {g}"


def _phases_text(function: Function, volume: Volume) -> str:
    ml, g = ("mL", "g") if function.units_known else ("mL?", "g?")
    rows = [["", "LV", "RV", ""]]
    for name, key, unit in (
        ("end-diastolic volume", "edv_ml", ml),
        ("end-systolic volume", "esv_ml", ml),
        ("stroke volume", "sv_ml", ml),
        ("ejection fraction", "ef_percent", "%"),
    ):
        rows.append([name, *(number(getattr(side, key)) for side in (function.lv, function.rv)), unit])
    rows.append(["myocardial mass", number(function.lv_mass_g), "", g])
    text = table(rows)
    for phase, frame in (("end-diastole", function.ed_frame), ("end-systole", function.es_frame)):
        if frame is not None:
            text += f"\n{phase}: frame {frame + 1} of {volume.frames}"
    return text


def run_evaluate(arguments: argparse.Namespace) -> None:
    from engine.evaluate import evaluate, same_within, without_nan  # noqa: PLC0415
    from engine.formats.datasets import find_cases  # noqa: PLC0415

    _, card, precision = _choose_model(arguments)
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
        print_json({**asked, **result.to_dict(), **compared})
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
    latency = f", inference {result.latency_ms['p50']:.1f} ms a slice (median)" if result.latency_ms else ""
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


def run_bench(arguments: argparse.Namespace) -> None:
    from engine.network.bench import bench  # noqa: PLC0415

    catalog = find_models()
    report = bench(catalog, size=arguments.size, runs=arguments.runs, threads=arguments.threads, progress=show_progress)
    if not report.rows:
        raise ModelError("no model could be run: " + "; ".join(reason for _, _, reason in report.failed))
    if arguments.json:
        print_json(report.to_json())
        return
    columns = ["ms a slice", "p95", "1 thread", "int8", "memory MB", "file kB", "Dice", "checked"]
    rows = [["model", "precision", "image", *columns]]
    for row in report.rows:
        checked = "–" if row.difference is None else "yes" if row.verified else f"off by {row.difference:.3g}"
        rows.append(
            [
                row.model,
                row.precision,
                f"{row.size} × {row.size}",
                number(row.latency_ms, 2),
                number(row.latency_p95_ms, 2),
                number(row.one_thread_ms, 2),
                f"{row.int8_share:.0%}",
                number(row.memory_mb, 0),
                number(row.size_bytes / 1e3, 0),
                number(row.dice_mean, 3),
                checked,
            ]
        )
    print_text(
        f"{report.device}, {report.isa}, {report.runtime}, {report.rows[0].threads} threads, "
        f"image {report.size} × {report.size} as each model takes it, median of {report.runs} interleaved runs"
    )
    print_text(table(rows))
    print_text(
        "int8: share of the multiply-adds that int8 kernels executed. memory: growth of a fresh process.\n"
        "checked: the model's test tensors give here what they gave at export."
    )
    for model, precision, reason in report.failed:
        print_text(f"failed: {model} {precision}: {reason}")
    print_text(f"recommended: {report.reason}")


def run_models(arguments: argparse.Namespace) -> None:
    catalog = find_models()
    entries = []
    sound = True
    for card in catalog.models:
        entry: dict[str, Any] = {
            "id": card.id,
            "view": card.view,
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
            sound = sound and all(result["ok"] for result in entry["verified"].values())
        entries.append(entry)
    if arguments.json:
        print_notices([f"rejected: {reason}" for _, reason in catalog.rejected], as_json=True)
        print_json(entries)
    else:
        print_text(_models_text(catalog, entries))
    if not sound:
        raise ModelError("a model does not compute here what it computed where it was exported; see above")


def _verify(card: ModelCard) -> dict[str, dict[str, Any]]:
    from engine.network import runtime  # noqa: PLC0415

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
        said = f"{card.name} {card.version}, {card.view}, {card.parameters:,} parameters, {card.licence}"
        lines.append(f"{card.id}{mark}: {said}")
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


def run_phantom(arguments: argparse.Namespace) -> None:
    from engine.formats import nifti  # noqa: PLC0415
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
    write_atomically(values, (json.dumps(plain(truth), indent=2) + "\n").encode())
    if arguments.json:
        print_json({"cine": cine, "mask": mask, "truth": truth, "truth_file": values})
    else:
        print_text("\n".join(str(path) for path in (cine, mask, values)))
