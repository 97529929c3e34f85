"""What is known of one case, as a row of the result table and one of the costs; and both tables' columns.

A row of results depends on the scan, the model and the program alone. What depends on the machine and the day is a
cost: times, memory, who computed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__
from engine.batch.units import one_line
from engine.measures.body import body_of
from engine.measures.findings import DERIVED, findings_of, rows_of
from engine.measures.flags import Stop, find_flags, phases_of
from engine.measures.function import measure
from engine.measures.long_axis import measure_long_axis
from engine.measures.quantities import MEASURES
from engine.measures.stop_rows import rows_of as review_rows
from engine.measures.stop_rows import span
from engine.measures.topology import topology_of
from engine.network.model_card import FOUR_CHAMBER
from engine.network.predict import Prediction
from engine.volume import Known, Volume, voxels_sha256

DONE, REFUSED, FAILED = "done", "refused", "failed"
"""Segmented; readable, but nothing that the model is made for; not readable, or a fault on the way."""

MEASURED = tuple(
    key.replace(".", "_") for key in (*(measure.key for measure in MEASURES), *(derived.key for derived in DERIVED))
)
"""The columns of the measures of short axes, of which a four-chamber view fills some."""
LONG_AXIS = ("lv_shortening_percent", "rv_fac_percent")

RESULTS: dict[str, type] = {
    "case": str, "status": str, "reason": str, "source": str, "kind": str, "view": str,
    "frames": int, "slices": int, "rows": int, "columns": int,
    "spacing_x_mm": float, "spacing_y_mm": float, "spacing_z_mm": float,
    "units_known": bool, "whole": bool,
    **dict.fromkeys((*MEASURED, *LONG_AXIS), float),
    "ed_frame_index": int, "es_frame_index": int, "rv_ed_frame_index": int, "rv_es_frame_index": int,
    "same_as": str, "doubtful": str, "flags": int, "flag_score": float, "flag_reasons": str, "notices": str,
    "mask": str, "seg": str, "seg_reason": str, "input_sha256": str, "labels_sha256": str, "mask_sha256": str,
    "model": str, "model_version": str, "model_sha256": str, "precision": str, "threads": int, "runtime": str,
    "program": str,
}  # fmt: skip
"""Name and type of every column of the result table. Indices count from 0; whatever is not known is empty."""

COSTS: dict[str, type] = {
    "case": str, "status": str, "wall_s": float, "read_s": float, "predict_s": float, "measure_s": float,
    "write_s": float, "images": int, "images_per_s": float, "latency_p50_ms": float, "latency_p95_ms": float,
    "preprocess_ms": float, "postprocess_ms": float, "load_ms": float, "rss_mb": float, "peak_rss_mb": float,
    "isa": str, "int8_share": float, "host": str, "worker": str, "finished": str,
}  # fmt: skip

Row = dict[str, Any]
# Of the places to look at, those whose reasons are in the table.
_TOLD, _REASONS = 12, 2


def empty_row(case: str, status: str, reason: str, source: str, kind: str) -> Row:
    return {"case": case, "status": status, "reason": reason, "source": source, "kind": kind}


def scan_row(volume: Volume) -> Row:
    """What is known before anything is segmented."""
    x, y, z = volume.geometry.spacing_mm
    known = volume.geometry.spacing is not Known.ASSUMED
    return {
        "frames": volume.frames,
        "slices": volume.slices,
        "rows": volume.array.shape[2],
        "columns": volume.array.shape[3],
        **({"spacing_x_mm": x, "spacing_y_mm": y, "spacing_z_mm": z} if known else {}),
        "units_known": known,
        "notices": " ".join(volume.notices),
        "input_sha256": voxels_sha256(volume.array),
    }


def result_row(prediction: Prediction, volume: Volume, view: str) -> tuple[Row, tuple[Stop, ...]]:
    """Measures, flags and what made them; and the places to look at that the numbers rest on, the weightiest first."""
    made = {
        "view": view,
        "labels_sha256": voxels_sha256(prediction.labels.array),
        "model": prediction.model_id,
        "model_version": prediction.model_version,
        "model_sha256": prediction.model_sha256,
        "precision": prediction.precision,
        "threads": prediction.threads,
        "runtime": prediction.runtime,
        "program": f"CineQuant {__version__}",
    }
    if view == FOUR_CHAMBER and volume.slices == 1:
        return {**made, **_long_axis(prediction, volume)}, ()
    function = measure(prediction.labels, volume)
    numbers = {row.key.replace(".", "_"): row.value for row in rows_of(findings_of(function, volume, body_of(volume)))}
    topology = topology_of(prediction.labels.array)
    flags = find_flags(topology, volume, function, confidence=prediction.confidence)
    phases = phases_of(function)
    stops = review_rows(flags, phases)
    # The numbers rest on the whole scan and on end-diastole and end-systole.
    weighty = sorted(
        (stop for stop in stops if stop.frame_index is None or stop.frame_index in phases),
        key=lambda stop: -stop.score,
    )
    row = {
        **made,
        **numbers,
        "whole": function.whole,
        "ed_frame_index": function.ed_frame,
        "es_frame_index": function.es_frame,
        "rv_ed_frame_index": function.rv_ed_frame,
        "rv_es_frame_index": function.rv_es_frame,
        "doubtful": " ".join(sorted(function.doubtful)),
        "flags": len(stops),
        "flag_score": weighty[0].score if weighty else 0.0,
        "flag_reasons": " | ".join(said(stop, volume) for stop in weighty[:_TOLD]),
        "notices": " ".join(
            (*volume.notices, *prediction.notices_beside(phases=volume.phase_names), *function.notices)
        ),
    }
    return row, tuple(weighty)


def said(stop: Stop, volume: Volume) -> str:
    """A place to look at in words, counted from 1, with the two heaviest reasons."""
    words = []
    if stop.frame_index is not None:
        named = volume.phase_names and len(stop.frames) == 1
        phase = volume.phase_names[stop.frame_index] if named else _counted("frame", stop.frames)
        words += [phase] if volume.frames > 1 else []
    if stop.slices:
        words.append(_counted("slice", stop.slices))
    where = ", ".join(words)
    why = " ".join(stop.reasons[:_REASONS])
    return f"{where}: {why}" if where else why


def _counted(word: str, indices: Sequence[int]) -> str:
    return f"{word}{'s' * (len(indices) > 1)} {span(indices, '-')}"


def _long_axis(prediction: Prediction, volume: Volume) -> Row:
    found = measure_long_axis(prediction.labels, volume)
    nothing = () if prediction.labels.array.any() else ("Nothing was found: no structure is in any frame.",)
    return {
        "lv_edv_ml": found.lv.edv_ml,
        "lv_esv_ml": found.lv.esv_ml,
        "lv_sv_ml": found.lv.sv_ml,
        "lv_ef_percent": found.lv.ef_percent,
        "lv_shortening_percent": found.shortening_percent,
        "rv_fac_percent": found.rv_fac_percent,
        "ed_frame_index": found.ed_frame,
        "es_frame_index": found.es_frame,
        "notices": " ".join((*volume.notices, *nothing)),
    }


def cost_row(prediction: Prediction) -> Row:
    latency = prediction.latency_ms
    images = len(prediction.timings)
    return {
        "images": images,
        "images_per_s": images / prediction.wall_s if prediction.wall_s else None,
        "latency_p50_ms": latency["p50"],
        "latency_p95_ms": latency["p95"],
        "preprocess_ms": prediction.preprocess_ms,
        "postprocess_ms": prediction.postprocess_ms,
        "load_ms": prediction.load_ms,
        "rss_mb": prediction.rss_mb,
        "peak_rss_mb": prediction.peak_rss_mb,
        "isa": prediction.isa,
        "int8_share": prediction.int8_share,
    }


def plain_row(row: Mapping[str, Any], columns: Mapping[str, type]) -> Row:
    """The row with every column and nothing else, in values that JSON holds exactly; None where there is none."""
    return {name: _plain(row.get(name), kind) for name, kind in columns.items()}


def _plain(value: Any, kind: type) -> Any:
    if value is None or (kind is float and not np.isfinite(value)):
        return "" if kind is str else None
    if kind is str:
        # A file's name may hold what is no UTF-8.
        return one_line(str(value).encode("utf-8", "backslashreplace").decode())
    return kind(value)


def shown_source(paths: Sequence[Path], root: Path) -> str:
    """The files of a case, relative to root: all where there are few."""
    names = [path.relative_to(root).as_posix() if path != root else path.name for path in paths]
    return " + ".join(names) if len(names) < 3 else f"{names[0]} … {names[-1]} ({len(names)} files)"
