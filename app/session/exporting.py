"""What leaves the program: masks and tables, written by the worker. Never onto the scan's own files."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from app.state import editing
from app.state.editing import Correction
from engine import __version__
from engine.files import write_atomically
from engine.measures.function import Function
from engine.measures.table import MEASURES, SIDES, rules
from engine.network.predict import Prediction
from engine.volume import Volume


def default_name(volume: Volume, prediction: Prediction, ending: str, correction: Correction | None = None) -> str:
    """A file name that tells what is in the file: scan, model, precision, and whether it was corrected by hand."""
    corrected = "corrected_" if correction is not None else ""
    return f"{scan_name(volume)}_{prediction.model_id}_{prediction.precision}_{corrected}{ending}"


def by_hand(correction: Correction) -> str:
    """What was corrected, in the words of files."""
    base, count = correction.base, len(correction.planes)
    total = correction.volume.frames * correction.volume.slices
    return f"corrected by hand from {base.model_id} {base.precision}, {count} of {total} slices"


def scan_name(volume: Volume) -> str:
    """The scan's name as a part of a file name: DICOM volumes are named by a phrase."""
    return re.sub(r"[^\w.-]+", "_", volume.source.name)


def refuse_source(path: Path, volume: Volume) -> None:
    """Raise ExportError where writing to path would replace the scan that is open, or put files among its own."""
    volume.source.refuse(path)


def mask_nifti(
    path: Path,
    volume: Volume,
    prediction: Prediction,
    _function: Function | None,
    correction: Correction | None = None,
) -> None:
    """The labels as NIfTI on the source's own grid, values 1 LV cavity, 2 LV myocardium, 3 RV cavity.

    correction: of the prediction, to write in its place; here and below, the file then says so.
    """
    from engine.formats import nifti  # noqa: PLC0415 - brings nibabel, which the window's first picture should not wait for

    if correction is None:
        nifti.write_mask(path, prediction.labels, volume)
    else:
        nifti.write_mask(path, editing.whole(correction), volume, description=by_hand(correction))


def mask_seg(
    folder: Path, volume: Volume, prediction: Prediction, _function: Function, correction: Correction | None = None
) -> None:
    """The labels as DICOM SEG objects in a folder, one a phase."""
    from engine.formats import seg  # noqa: PLC0415 - brings highdicom, which only this export should wait for

    algorithm = f"{prediction.model_name} {prediction.precision}"
    labels = prediction.labels if correction is None else editing.whole(correction)
    said = "" if correction is None else by_hand(correction)
    seg.write_seg(folder, labels, volume, algorithm=algorithm, version=prediction.model_version, by_hand=said)


def measurements_csv(
    path: Path, volume: Volume, prediction: Prediction, function: Function, correction: Correction | None = None
) -> None:
    """Measurements with their units, the rules used and what computed them."""
    # A byte-order mark lets spreadsheets read µ and ² right.
    write_atomically(path, measurements_table(volume, prediction, function, correction).encode("utf-8-sig"))


def measurements_table(
    volume: Volume, prediction: Prediction, function: Function, correction: Correction | None = None
) -> str:
    """The text of the CSV: quantity, value, unit. Empty value: not defined for this scan."""
    unit = "mL" if function.units_known else "mL (spacing unknown)"
    rows: list[tuple[str, object, str]] = [
        ("Scan", volume.source.name, ""),
        ("Model", prediction.model_name, ""),
        ("Model SHA-256", prediction.model_sha256, ""),
        ("Precision", prediction.precision, ""),
        ("Runtime", prediction.runtime, ""),
        *([("Corrected by hand", len(correction.planes), "slices")] if correction is not None else []),
        ("CineQuant", __version__, ""),
        ("Use", "Research use only, not for diagnosis", ""),
        ("ED frame", _number(None if function.ed_frame is None else function.ed_frame + 1, 0), "from 1"),
        ("ES frame", _number(None if function.es_frame is None else function.es_frame + 1, 0), "from 1"),
    ]
    for measure in MEASURES:
        unsure = "" if function.units_known or measure.unit == "%" else " (spacing unknown)"
        name = f"{SIDES[measure.structure]} {measure.short}"
        rows.append((name, measure.text(function, more=2), f"{measure.unit}{unsure}"))
    times = volume.frame_times_ms
    for frame, (lv, rv, myo) in enumerate(zip(function.lv_ml, function.rv_ml, function.myo_ml, strict=True)):
        at = f" at {times[frame]:.0f} ms" if times else ""
        where = f"frame {frame + 1}{at}"
        rows += [(f"LV cavity, {where}", _number(lv, 2), unit), (f"RV cavity, {where}", _number(rv, 2), unit)]
        rows.append((f"LV myocardium, {where}", _number(myo, 2), unit))
    if correction is not None:
        rows += [(f"Corrected by hand, frame {t + 1}", f"slice {z + 1}", "from 1") for t, z in correction.slices]
    rows += [("Rule", rule, "") for rule in rules(function)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("quantity", "value", "unit"))
    writer.writerows(rows)
    return text.getvalue()


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
