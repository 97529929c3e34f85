"""`cinequant segment`: writes the mask of a scan."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.inputs import NIFTI_ENDINGS, check_parent, model_and_scan, predict_labels, told
from app.cli.terminal import print_json, print_notices, print_text
from engine.errors import ExportError
from engine.volume import Volume, voxels_sha256

if TYPE_CHECKING:
    from engine.network.predict import Prediction


def run_segment(arguments: argparse.Namespace) -> None:
    start = time.perf_counter()
    out: Path = arguments.output
    if arguments.format == "nifti" and not out.name.lower().endswith(NIFTI_ENDINGS):
        arguments.usage_error(f"-o {out}: a NIfTI file's name must end in .nii.gz or .nii")
    if arguments.format in ("dicom-seg", "dicom-labelmap") and arguments.labels:
        arguments.usage_error("--labels is for NIfTI; a DICOM SEG names its structures itself")
    check_parent(out)
    card, precision, volume, view = model_and_scan(arguments)
    kind = _output_format(out, arguments.format, volume)
    prediction = predict_labels(arguments, volume, card, precision)

    if kind == "nifti":
        from engine.formats import nifti  # noqa: PLC0415

        nifti.write_mask(out, prediction.labels, volume, arguments.labels or "mnms")
        files: tuple[Path, ...] = (out,)
    else:
        from engine.formats import seg  # noqa: PLC0415

        files = seg.write_seg(
            out,
            prediction.labels,
            volume,
            algorithm=f"{card.name} {precision}",
            version=card.version,
            kind=seg.SegKind.LABELMAP if kind == "dicom-labelmap" else seg.SegKind.BINARY,
        )
    record = _write_record(arguments, volume, prediction, files)
    wall_s = time.perf_counter() - start
    volume = told(volume, prediction)
    print_notices(volume.notices, as_json=arguments.json)
    if arguments.json:
        values = {**_segment_json(prediction, volume, out, files, wall_s), "view": view, "provenance": record}
        print_json("segment", values, input_sha256=voxels_sha256(volume.array))
    else:
        print_text(_segment_text(prediction, volume, out, wall_s))


def _write_record(arguments: argparse.Namespace, volume: Volume, prediction: Prediction, files: Sequence[Path]) -> Path:
    from engine import provenance  # noqa: PLC0415 - brings the readers of every format

    return provenance.write_record(
        arguments.output,
        volume,
        prediction,
        files=files,
        spacing_mm=arguments.spacing,
        convention=arguments.labels or "mnms",
    )


def _output_format(out: Path, wanted: str | None, volume: Volume) -> str:
    """The format to write. Raises ExportError if it cannot be written to this place."""
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
        f"inference {latency['p50']:.1f} ms per slice (median; 95 % within {latency['p95']:.1f} ms), before it "
        f"{prediction.preprocess_ms / slices:.1f} ms, after it {prediction.postprocess_ms / slices:.1f} ms\n"
        f"{prediction.runtime}, {prediction.isa}, {prediction.threads} thread{'s' * (prediction.threads > 1)}; "
        f"{prediction.int8_share:.0%} of the multiply-adds in int8; at most {prediction.peak_rss_mb:.0f} MB of memory"
    )
