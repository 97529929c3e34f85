"""`cinequant review`: slices and frames in the order to look at them, each with its reasons."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.inputs import model_and_scan, predict_labels
from app.cli.terminal import number, print_json, print_notices, print_text, table
from engine.errors import ScanError
from engine.network.model_card import FOUR_CHAMBER
from engine.volume import Volume, voxels_sha256

if TYPE_CHECKING:
    from engine.measures.flags import Flag
    from engine.measures.function import Function

COMPARED = ("int8", "float32")
"""Where a model has both, what they disagree in is a reason to look."""
ORDER_NOTE = "This is an order to look at slices, not a probability. A slice without a flag is not thereby right."


def run_review(arguments: argparse.Namespace) -> None:
    from engine.measures.comparison import slice_dice  # noqa: PLC0415
    from engine.measures.flags import find_flags, to_json  # noqa: PLC0415
    from engine.measures.function import measure  # noqa: PLC0415
    from engine.measures.topology import topology_of  # noqa: PLC0415

    card, precision, volume, view = model_and_scan(arguments)
    if view == FOUR_CHAMBER:
        raise ScanError(f"{arguments.paths[0]}: is a long-axis view, and flags are of short-axis stacks; use measure")
    prediction = predict_labels(arguments, volume, card, precision)
    other = next((p for p in COMPARED if p != precision and p in card.precisions), None)
    precisions = None
    if other is not None and precision in COMPARED:
        second = predict_labels(arguments, volume, card, other)
        precisions = slice_dice(prediction.labels, second.labels)
    function = measure(prediction.labels, volume)
    flags = find_flags(
        topology_of(prediction.labels.array),
        volume,
        function,
        confidence=prediction.confidence,
        precisions=precisions,
    )
    print_notices(volume.notices, as_json=arguments.json)
    if arguments.json:
        values = {
            "review": to_json(flags),
            "frames": volume.frames,
            "slices": volume.slices,
            "ed_frame_index": function.ed_frame,
            "es_frame_index": function.es_frame,
            "compared": other,
            "notices": volume.notices,
            **prediction.provenance,
            "view": view,
        }
        print_json("review", values, input_sha256=voxels_sha256(volume.array))
    else:
        by = f"{volume.source.name}, by {card.name} in {precision}"
        print_text("\n".join([by, review_text(flags, function, volume), ORDER_NOTE]))


def review_text(flags: tuple[Flag, ...], function: Function, volume: Volume) -> str:
    """A line a place, in order; slices and frames counted from 1."""
    from engine.measures.flags import phases_of, stops_of  # noqa: PLC0415

    stops = stops_of(flags, phases_of(function))
    if not stops:
        return "Nothing is flagged."
    rows = [["score", "frame", "slice"]]
    for stop in stops:
        frame = "all" if stop.frame_index is None else _frames(stop.frame_index, stop.frames, volume)
        rows.append([number(stop.score), frame, "all" if stop.slice_index is None else str(stop.slice_index + 1)])
    lines = table(rows).split("\n")
    reasons = ["", *(" ".join(stop.reasons) for stop in stops)]
    return "\n".join(f"{line}  {said}".rstrip() for line, said in zip(lines, reasons, strict=True))


def _frames(frame: int, frames: tuple[int, ...], volume: Volume) -> str:
    if volume.phase_names:
        return volume.phase_names[frame]
    return str(frame + 1) if len(frames) == 1 else f"{frame + 1} of {frames[0] + 1}-{frames[-1] + 1}"
