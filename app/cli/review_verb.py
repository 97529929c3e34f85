"""`cinequant review`: slices and frames in the order to look at them, each with its reasons."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.cli.case_input import ReadCase, is_case, read_with_scan, refuse_options
from app.cli.inputs import model_and_scan, open_volume, predict_labels, told
from app.cli.terminal import number, print_json, print_notices, print_text, table
from engine.errors import ScanError
from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS
from engine.network.view import view_of
from engine.volume import Confidence, LabelMap, Volume, voxels_sha256

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.measures.flags import Flag, Where
    from engine.measures.function import Function
    from engine.network.predict import Prediction

COMPARED = ("int8", "float32")
"""Where a model has both, what they disagree in is a reason to look."""
ORDER_NOTE = "This is an order to look at slices, not a probability. A slice without a flag is not thereby right."


@dataclass(frozen=True, slots=True, eq=False)
class _Reviewed:
    """What is looked through. function: as a case has it measured; None where it is to be measured.

    precisions: as find_flags takes them; compared: the other precision that they come from.
    """

    volume: Volume
    labels: LabelMap
    made: dict[str, Any]
    by: str
    confidence: Confidence | None = None
    precisions: NDArray[np.float64] | None = None
    compared: str | None = None
    function: Function | None = None
    corrected: tuple[tuple[int, int], ...] = ()
    ticks: frozenset[Where] = frozenset()


def run_review(arguments: argparse.Namespace) -> None:
    from engine.measures.flags import find_flags, phases_of  # noqa: PLC0415
    from engine.measures.function import measure  # noqa: PLC0415
    from engine.measures.stop_rows import to_json  # noqa: PLC0415
    from engine.measures.topology import topology_of  # noqa: PLC0415

    if is_case(arguments.paths):
        subject = _of_case(arguments)
    elif arguments.mask is not None:
        subject = _of_mask(arguments)
    else:
        subject = _of_model(arguments)
    volume = subject.volume
    function = subject.function or measure(subject.labels, volume)
    flags = find_flags(
        topology_of(subject.labels.array),
        volume,
        function,
        confidence=subject.confidence,
        precisions=subject.precisions,
        corrected=subject.corrected,
    )
    notices = (*volume.notices, *function.notices)
    print_notices(notices, as_json=arguments.json)
    if arguments.json:
        values = {
            "review": to_json(flags, phases_of(function), subject.ticks),
            "frames": volume.frames,
            "slices": volume.slices,
            "ed_frame_index": function.ed_frame,
            "es_frame_index": function.es_frame,
            "compared": subject.compared,
            "notices": notices,
            **subject.made,
            "view": SHORT_AXIS,
        }
        print_json("review", values, input_sha256=voxels_sha256(volume.array))
    else:
        text = review_text(flags, function, volume, subject.ticks)
        print_text("\n".join([f"{volume.source.name}, by {subject.by}", text, ORDER_NOTE]))


def _of_model(arguments: argparse.Namespace) -> _Reviewed:
    from engine.measures.comparison import slice_dice  # noqa: PLC0415

    if arguments.labels or arguments.scan:
        arguments.usage_error("--labels is for --mask, and --scan for a case; leave them out")
    card, precision, volume, view = model_and_scan(arguments)
    if view == FOUR_CHAMBER:
        raise _not_short_axis(arguments)
    prediction = predict_labels(arguments, volume, card, precision)
    other = next((p for p in COMPARED if p != precision and p in card.precisions), None)
    precisions = None
    if other is not None and precision in COMPARED:
        second = predict_labels(arguments, volume, card, other)
        precisions = slice_dice(prediction.labels, second.labels)
    by = f"{card.name} in {precision}"
    volume = told(volume, prediction)
    return _Reviewed(
        volume, prediction.labels, dict(prediction.provenance), by, prediction.confidence, precisions, other
    )


def _of_mask(arguments: argparse.Namespace) -> _Reviewed:
    from engine.formats.masks import read_masks  # noqa: PLC0415

    if arguments.model or arguments.precision:
        arguments.usage_error("--mask takes the place of a model; leave out --model and --precision")
    volume = open_volume(arguments)
    if FOUR_CHAMBER in (arguments.view, view_of(volume.geometry)):
        raise _not_short_axis(arguments)
    mask = read_masks([arguments.mask], volume, convention=arguments.labels or "")
    volume = replace(volume, notices=(*volume.notices, *mask.notices))
    return _Reviewed(volume, mask.labels, {"mask": arguments.mask}, f"mask {arguments.mask.name}")


def _of_case(arguments: argparse.Namespace) -> _Reviewed:
    refuse_options(arguments)
    case = read_with_scan(arguments.paths[0], arguments.scan)
    prediction = case.run.prediction
    if case.function is None or prediction is None:
        raise _not_short_axis(arguments)
    return _Reviewed(
        case.told,
        case.labels,
        case.made,
        case.by,
        prediction.confidence,
        *_of_both_precisions(case, prediction),
        function=case.function,
        corrected=case.corrected,
        ticks=case.reviewed,
    )


def _of_both_precisions(case: ReadCase, shown: Prediction) -> tuple[NDArray[np.float64] | None, str | None]:
    """What the model's two precisions differ in, and the other one, where the case holds both."""
    from engine.measures.comparison import slice_dice  # noqa: PLC0415

    for found in case.case.segmentations:
        precision = str(found.model.get("precision"))
        if found.model.get("model_id") == shown.model_id and {precision, shown.precision} == set(COMPARED):
            return slice_dice(shown.labels, LabelMap(found.labels, case.volume.geometry)), precision
    return None, None


def _not_short_axis(arguments: argparse.Namespace) -> ScanError:
    return ScanError(f"{arguments.paths[0]}: is a long-axis view, and flags are of short-axis stacks; use measure")


def review_text(
    flags: tuple[Flag, ...], function: Function, volume: Volume, ticks: frozenset[Where] = frozenset()
) -> str:
    """A line a row of places, in order; slices and frames counted from 1. ticks: what the reader has looked at."""
    from engine.measures.flags import phases_of  # noqa: PLC0415
    from engine.measures.stop_rows import rows_of  # noqa: PLC0415

    stops = rows_of(flags, phases_of(function))
    if not stops:
        return "Nothing is flagged."
    rows = [["score", "frame", "slice"]]
    seen = [""]
    for stop in stops:
        frame = "all" if stop.frame_index is None else _frames(stop.frame_index, stop.frames, volume)
        done = all(flag.where in ticks for flag in stop.flags)
        seen.append("[reviewed] " if done else "")
        index = "all" if stop.slice_index is None else _of(stop.slice_index, stop.slices)
        rows.append([number(stop.score), frame, index])
    lines = table(rows).split("\n")
    reasons = ["", *(" ".join(stop.reasons) for stop in stops)]
    return "\n".join(f"{line}  {tick}{said}".rstrip() for line, tick, said in zip(lines, seen, reasons, strict=True))


def _frames(frame: int, frames: tuple[int, ...], volume: Volume) -> str:
    if volume.phase_names:
        return volume.phase_names[frame]
    return _of(frame, frames)


def _of(index: int, indices: tuple[int, ...]) -> str:
    """The weightiest of several, counted from 1: "3", or "3 of 2-5"."""
    from engine.measures.stop_rows import span  # noqa: PLC0415

    return str(index + 1) if len(indices) == 1 else f"{index + 1} of {span(indices, '-')}"
