"""`cinequant measure`: volumes, ejection fractions and mass."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.cli.case_input import ReadCase, is_case, read_with_scan, refuse_options
from app.cli.inputs import model_and_scan, open_volume, predict_labels, told
from app.cli.terminal import number, print_json, print_notices, print_text, table
from engine.errors import ScanError
from engine.measures.reading import Base, Papillary, Phases, Reading
from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS
from engine.network.view import view_of
from engine.volume import Volume, voxels_sha256

if TYPE_CHECKING:
    from engine.measures.function import Function
    from engine.measures.quantities import Measure


def run_measure(arguments: argparse.Namespace) -> None:
    from app.cli.long_axis_text import print_long_axis  # noqa: PLC0415
    from app.state.patient_facts import body_now  # noqa: PLC0415
    from engine.formats.masks import read_masks  # noqa: PLC0415
    from engine.measures import findings, flags, stop_rows  # noqa: PLC0415
    from engine.measures.body import body_of  # noqa: PLC0415
    from engine.measures.function import measure  # noqa: PLC0415
    from engine.measures.topology import topology_of  # noqa: PLC0415

    confidence, body, reading = None, None, None
    own: Function | None = None
    case: ReadCase | None = None
    made: dict[str, Any]
    if is_case(arguments.paths):
        refuse_options(arguments, but="mask")
        case = read_with_scan(arguments.paths[0], arguments.scan)
        volume, labels, made, by, own = case.told, case.labels, case.made, case.by, case.function
        body = body_now(volume, case.choices.facts)
        view = SHORT_AXIS if case.run.function is not None else FOUR_CHAMBER
        confidence = case.run.prediction.confidence if case.run.prediction is not None else None
        made = {**made, "view": view}
        if arguments.mask is not None:
            # Another reader's mask, by the phases, slices and conventions of the case.
            mask = read_masks([arguments.mask], case.volume, convention=arguments.labels or "")
            volume = replace(case.volume, notices=(*case.volume.notices, *mask.notices))
            reading = case.choices.reading.covering(mask.frames)
            labels, own, confidence, case = mask.labels, None, None, None
            made = {"mask": arguments.mask, "case": arguments.paths[0], "view": view}
            by = f"mask {arguments.mask.name}, as {arguments.paths[0].name} is read"
    elif arguments.mask is not None:
        if arguments.model or arguments.precision:
            arguments.usage_error("--mask takes the place of a model; leave out --model and --precision")
        volume = open_volume(arguments)
        mask = read_masks([arguments.mask], volume, convention=arguments.labels or "")
        labels = mask.labels
        volume = replace(volume, notices=(*volume.notices, *mask.notices))
        if arguments.view == FOUR_CHAMBER and volume.slices > 1:
            raise ScanError(f"{arguments.paths[0]}: is a stack of slices, not a four-chamber view; leave out --view")
        view = arguments.view or view_of(volume.geometry) or SHORT_AXIS
        made = {"mask": arguments.mask, "view": view}
        by = f"mask {arguments.mask.name}"
    else:
        card, precision, volume, view = model_and_scan(arguments)
        prediction = predict_labels(arguments, volume, card, precision)
        labels, confidence = prediction.labels, prediction.confidence
        volume = told(volume, prediction)
        made = {**prediction.provenance, "view": view}
        by = f"{card.name} in {precision}"
    if view == FOUR_CHAMBER and volume.slices == 1:
        print_notices(volume.notices, as_json=arguments.json)
        print_long_axis(labels, volume, made, by, as_json=arguments.json)
        return
    function = own or measure(labels, volume, reading or _reading(arguments))
    notices = (*volume.notices, *function.notices)
    print_notices(notices, as_json=arguments.json)
    if arguments.json:
        corrected, reviewed = ((), frozenset()) if case is None else (case.corrected, case.reviewed)
        topology = topology_of(labels.array)
        found = flags.find_flags(topology, volume, function, confidence=confidence, corrected=corrected)
        review = stop_rows.to_json(found, flags.phases_of(function), reviewed)
        numbers = findings.to_json(findings.findings_of(function, volume, body or body_of(volume)))
        values = {**numbers, "frames": volume.frames, "notices": notices, "review": review, **made}
        print_json("measure", values, input_sha256=voxels_sha256(volume.array))
    else:
        print_text(_measure_text(function, volume, by))


def _reading(arguments: argparse.Namespace) -> Reading:
    """The conventions that the options name."""
    return Reading(
        rv=Phases() if arguments.rv_phases == "own" else None,
        base=Base(arguments.base or Base.LABELLED),
        papillary=Papillary(arguments.papillary or Papillary.LABELLED),
    )


def _measure_text(function: Function, volume: Volume, by: str) -> str:
    from engine.measures.quantities import rules  # noqa: PLC0415

    one = volume.frames == 1 or function.lone_frame is not None
    body = _one_frame_text(function, volume) if one else _phases_text(function, volume)
    return "\n".join([f"{volume.source.name}, by {by}", body, *(f"- {rule}" for rule in rules(function))])


def _one_frame_text(function: Function, volume: Volume) -> str:
    """Volumes of a frame whose phase is not known, or of the only one."""
    frame = function.lone_frame or 0
    ml, g = ("mL", "g") if function.units_known and function.whole else ("mL?", "g?")
    values = [number(side[frame]) for side in (function.lv_ml, function.rv_ml, function.myo_ml)]
    name = volume.phase_names[frame] if volume.phase_names else f"frame {frame + 1}"
    what = f"volume, {ml}" if volume.frames == 1 and not volume.phase_names else f"volume of {name}, {ml}"
    rows = [["", "LV cavity", "RV cavity", "LV myocardium"], [what, *values]]
    return table(rows) + f"\nLV myocardial mass {number(function.lv_mass_g)} {g}"


def _cell(measure: Measure | None, function: Function) -> str:
    """A number, with a question mark where it is doubtful."""
    if measure is None:
        return ""
    doubtful = measure.value(function) is not None and measure.unit_of(function) != measure.unit
    return measure.text(function, more=1, missing="–") + "?" * doubtful


def _phases_text(function: Function, volume: Volume) -> str:
    from engine.measures.quantities import rows  # noqa: PLC0415

    lines = [["", "LV", "RV", ""]]
    for sides in rows():
        first = next(side for side in sides if side is not None)
        lines.append([first.name.lower(), *(_cell(side, function) for side in sides), first.unit])
    text = table(lines)
    named = [("end-diastole", function.ed_frame), ("end-systole", function.es_frame)]
    if (function.rv_ed_frame, function.rv_es_frame) != (function.ed_frame, function.es_frame):
        named += [("end-diastole of the RV", function.rv_ed_frame), ("end-systole of the RV", function.rv_es_frame)]
    for phase, frame in named:
        if frame is not None:
            text += f"\n{phase}: frame {frame + 1} of {volume.frames}"
    return text
