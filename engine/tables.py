"""What was measured, as a table for spreadsheets, as JSON for programs, and as plain text to paste."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import __version__
from engine.dossier import Dossier, ViewDossier
from engine.measures import findings as all_numbers
from engine.measures import quantities, stop_rows
from engine.measures.flags import phases_of
from engine.measures.function import Function
from engine.measures.readers import READERS
from engine.measures.reading import KEYS
from engine.volume import LV, MYO, RV, STRUCTURES, Known, voxels_sha256

SCHEMA = "cinequant/measurements/1"
VIEW_SCHEMA = "cinequant/measurements-4ch/1"
RESEARCH_USE = "Research use only, not for diagnosis"
_STUDY_KEYS = {
    "name": "Patient", "id": "Patient ID", "date": "Study date", "study": "Study", "accession": "Accession number",
    "study_uid": "Study UID", "series_uid": "Series UID",
}  # fmt: skip
Row = tuple[str, object, str]


def to_csv(dossier: Dossier | ViewDossier) -> str:
    """Quantity, value, unit. An empty value is not defined for this scan."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("quantity", "value", "unit"))
    found = rows(dossier) if isinstance(dossier, Dossier) else view_rows(dossier)
    writer.writerows((plain_cell(name), plain_cell(value), unit) for name, value, unit in found)
    return text.getvalue()


def rows(dossier: Dossier) -> list[Row]:
    """The rows of the CSV."""
    volume, function = dossier.volume, dossier.function
    doubt = "" if function.units_known else " (spacing unknown)"
    doubt = doubt or ("" if function.whole else " (slices missing)")
    ml = f"mL{doubt}"
    found = _origin(dossier, doubt)
    if function.reading.rv is not None:
        found.append(("RV ED frame", _from_one(function.rv_ed_frame), "from 1"))
        found.append(("RV ES frame", _from_one(function.rv_es_frame), "from 1"))
    if function.lone_frame is not None:
        found.append(("Frame measured, phase not known", _from_one(function.lone_frame), "from 1"))
    found += [(f"Convention, {label.lower()}", value, "") for label, value in dossier.conventions()]
    found += _measures(dossier, doubt)
    found += _compared(dossier, doubt)
    times = volume.frame_times_ms
    for frame, (lv, rv, myo) in enumerate(zip(function.lv_ml, function.rv_ml, function.myo_ml, strict=True)):
        at = f" at {times[frame]:.0f} ms" if times else ""
        where = f"frame {frame + 1}{at}"
        found += [(f"LV cavity, {where}", _number(lv, 2), ml), (f"RV cavity, {where}", _number(rv, 2), ml)]
        found.append((f"LV myocardium, {where}", _number(myo, 2), ml))
    areas = slice_areas_mm2(dossier)
    mm2 = "mm²" if function.units_known else "mm² (spacing unknown)"
    for structure, of_structure in areas.items():
        for frame, per_slice in enumerate(of_structure):
            for index, area in enumerate(per_slice):
                if area > 0:
                    out = (structure, frame, index) in function.left_out
                    name = f"Area of {STRUCTURES[structure]}, frame {frame + 1}, slice {index + 1}"
                    found.append((name + (", does not count" if out else ""), f"{area:.1f}", mm2))
    found += [(f"Corrected by hand, frame {t + 1}", f"slice {z + 1}", "from 1") for t, z in sorted(dossier.corrected)]
    for structure_name, index, frames in dossier.left_out():
        listed = " ".join(str(frame + 1) for frame in frames)
        found.append((f"Left out, {structure_name}, slice {index + 1}", listed, "frames from 1"))
    for stop in dossier.open_stops():
        place = [("frame", stop.frames), ("slice", stop.slices)]
        at = ", ".join(f"{word}{'s' * (len(n) > 1)} {stop_rows.span(n, '-')}" for word, n in place if n)
        found.append(("Left open" + (f", {at}" if at else ""), " ".join(stop.reasons), ""))
    found += [("Notice", notice, "") for notice in (*volume.notices, *function.notices)]
    found += [("Rule", rule, "") for rule in _rules(dossier)]
    return found


def _compared(dossier: Dossier, doubt: str) -> list[Row]:
    """What other masks of the scan give, and float32 − int8 beside what readers differ by."""
    found: list[Row] = []
    for measure in quantities.MEASURES:
        name = f"{quantities.SIDES[measure.structure]} {measure.short}"
        unit = measure.unit if measure.unit == "%" else f"{measure.unit}{doubt}"
        values = {source: measure.value(of) for source, of in _sources(dossier).items()}
        found += [(f"{name}, {source}", _number(value, measure.digits + 2), unit) for source, value in values.items()]
        difference = _difference(measure, dossier)
        if difference is not None:
            found.append((f"{name}, float32 - int8", _number(difference, measure.digits + 2), unit))
            readers = READERS.get(measure.key)
            if readers is not None:
                said = "% of the value" if readers.relative else unit
                found.append((f"{name}, between readers", f"{readers.low:g} to {readers.high:g}", said))
    return found


def _sources(dossier: Dossier) -> dict[str, Function]:
    """Model, correction and loaded mask where there is more than one of them."""
    beside = dossier.beside
    named = {"model": beside.model, "corrected by hand": beside.corrected, "loaded mask": beside.mask}
    there = {name: function for name, function in named.items() if function is not None}
    return there if len(there) > 1 else {}


def _difference(measure: quantities.Measure, dossier: Dossier) -> float | None:
    plain, quantized = dossier.beside.plain, dossier.beside.quantized
    if plain is None or quantized is None:
        return None
    a, b = measure.value(plain), measure.value(quantized)
    return None if a is None or b is None else a - b


def view_rows(dossier: ViewDossier) -> list[Row]:
    """The rows of the CSV of a four-chamber view."""
    volume, function = dossier.volume, dossier.function
    doubt = "" if function.units_known else " (spacing unknown)"
    found = _origin(dossier, doubt)
    found += [
        (name, _number(value, 2), f"{unit}{doubt if unit != '%' else ''}") for name, value, unit in _of_view(dossier)
    ]
    times = volume.frame_times_ms
    curves = (
        ("LV area", function.lv_cm2, "cm²"),
        ("RV area", function.rv_cm2, "cm²"),
        ("Myocardium area", function.myo_cm2, "cm²"),
        ("LV length", function.lv_length_mm, "mm"),
    )
    for frame in range(volume.frames):
        where = f"frame {frame + 1}" + (f" at {times[frame]:.0f} ms" if times else "")
        found += [
            (f"{name}, {where}", _number(_or_none(curve[frame]), 2), f"{unit}{doubt}") for name, curve, unit in curves
        ]
    found += [(f"Corrected by hand, frame {t + 1}", f"slice {z + 1}", "from 1") for t, z in sorted(dossier.corrected)]
    found += [("Notice", notice, "") for notice in volume.notices]
    found += [("Rule", rule, "") for rule in function.rules]
    return found


def _of_view(dossier: ViewDossier) -> list[tuple[str, float | None, str]]:
    """Name, value and unit of what a four-chamber view measures."""
    function, lv = dossier.function, dossier.function.lv
    return [
        ("LV EDV by area and length", lv.edv_ml, "mL"),
        ("LV ESV by area and length", lv.esv_ml, "mL"),
        ("LV SV by area and length", lv.sv_ml, "mL"),
        ("LV EF by area and length", lv.ef_percent, "%"),
        ("LV long-axis shortening", function.shortening_percent, "%"),
        ("RV fractional area change", function.rv_fac_percent, "%"),
    ]


def _origin(dossier: Dossier | ViewDossier, doubt: str) -> list[Row]:
    """Whose scan it is, what made the labels, the grid, and the phases."""
    volume, function, made = dossier.volume, dossier.function, dossier.made
    found: list[Row] = [(label, value, "") for label, value in _identity(dossier).items()]
    if "mask" in made:
        found.append(("Mask", made["mask"], ""))
    else:
        found += [
            ("Model", made["model_name"], ""),
            ("Model SHA-256", made["model_sha256"], ""),
            ("Precision", made["precision"], ""),
            ("Runtime", made["runtime"], ""),
        ]
    if dossier.corrected:
        found.append(("Corrected by hand", len(dossier.corrected), "slices"))
    spacing = zip("xyz", volume.geometry.spacing_mm, strict=True)
    found += [(f"Spacing {axis}", f"{mm:.6g}", f"mm{doubt}") for axis, mm in spacing]
    return [
        *found,
        ("Frames", volume.frames, ""),
        ("Slices", volume.slices, ""),
        ("CineQuant", __version__, ""),
        ("Use", RESEARCH_USE, ""),
        ("ED frame", _from_one(function.ed_frame), "from 1"),
        ("ES frame", _from_one(function.es_frame), "from 1"),
    ]


def _measures(dossier: Dossier, doubt: str) -> list[Row]:
    found: list[Row] = []
    for row in all_numbers.rows_of(dossier.findings):
        if row.value is None and row.key not in {measure.key for measure in quantities.MEASURES}:
            continue
        side = quantities.SIDES[row.structure]
        name = f"{side} {row.short}"
        unsure = doubt if row.unit.startswith(("mL", "g", "L")) else ""
        if not unsure and row.value is not None and not row.sure:
            unsure = " (doubtful)"
        found.append((name, _number(row.value, row.digits + 2), f"{row.unit}{unsure}"))
        if row.norm is not None:
            found.append((f"{name}, normal from", _number(row.norm.low, row.digits + 1), row.unit))
            found.append((f"{name}, normal to", _number(row.norm.high, row.digits + 1), row.unit))
    return found


def to_json(dossier: Dossier | ViewDossier) -> dict[str, Any]:
    """Everything, under keys that end in their unit. Frames and slices count from 0; areas are by frame and slice."""
    if isinstance(dossier, ViewDossier):
        return _view_json(dossier)
    volume, function = dossier.volume, dossier.function
    values = _merged(quantities.to_json(function), all_numbers.to_json(dossier.findings))
    areas = slice_areas_mm2(dossier)
    return {
        "schema": SCHEMA,
        "program": f"CineQuant {__version__}",
        "use": RESEARCH_USE,
        "input_sha256": voxels_sha256(volume.array),
        "labels_sha256": voxels_sha256(dossier.labels.array),
        "identity": {"by": str(dossier.identity.by), **_identity(dossier)},
        **dossier.made,
        **values,
        "beside": {
            name: {measure.key: measure.value(of) for measure in quantities.MEASURES}
            for name, of in _sources(dossier).items()
        },
        "float32_minus_int8": {
            measure.key: difference
            for measure in quantities.MEASURES
            if (difference := _difference(measure, dossier)) is not None
        },
        "frames": volume.frames,
        "slices": volume.slices,
        "frame_times_ms": volume.frame_times_ms,
        "spacing_mm": list(volume.geometry.spacing_mm),
        "spacing": str(volume.geometry.spacing),
        "slice_areas_mm2": {
            KEYS[structure]: [[round(float(area), 2) for area in frame] for frame in of_structure]
            for structure, of_structure in areas.items()
        },
        "conventions": dict(dossier.conventions()),
        "corrected_by_hand": [{"frame_index": t, "slice_index": z} for t, z in sorted(dossier.corrected)],
        "wall": None
        if dossier.wall is None
        else {
            "ed_thickness_mm": list(dossier.wall.ed.thickness_mm),
            "es_thickness_mm": None if dossier.wall.es is None else list(dossier.wall.es.thickness_mm),
            "thickening_percent": list(dossier.wall.thickening_percent),
        },
        "review": stop_rows.to_json(dossier.flags, phases_of(function), dossier.reviewed),
        "notices": [*volume.notices, *function.notices],
        "rules": list(_rules(dossier)),
    }


def _view_json(dossier: ViewDossier) -> dict[str, Any]:
    """Of a four-chamber view: the keys of `cinequant measure --json` of such a view, and where they come from."""
    volume = dossier.volume
    names = {"ed_frame": "ed_frame_index", "es_frame": "es_frame_index"}
    values = {names.get(name, name): value for name, value in asdict(dossier.function).items()}
    return {
        "schema": VIEW_SCHEMA,
        "program": f"CineQuant {__version__}",
        "use": RESEARCH_USE,
        "input_sha256": voxels_sha256(volume.array),
        "labels_sha256": voxels_sha256(dossier.labels.array),
        "identity": {"by": str(dossier.identity.by), **_identity(dossier)},
        **dossier.made,
        **values,
        "lone_frame_index": dossier.function.lone_frame,
        "lv_length_mm": [_or_none(length) for length in dossier.function.lv_length_mm],
        "frames": volume.frames,
        "frame_times_ms": volume.frame_times_ms,
        "spacing_mm": list(volume.geometry.spacing_mm),
        "spacing": str(volume.geometry.spacing),
        "corrected_by_hand": [{"frame_index": t, "slice_index": z} for t, z in sorted(dossier.corrected)],
        "notices": list(volume.notices),
    }


def to_text(dossier: Dossier | ViewDossier, say: Callable[[str], str]) -> str:
    """A few aligned lines to paste into a letter. say: the engine's words in the language of the reader."""
    table = _short(dossier, say)
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    lines = [
        f"{name:<{widths[0]}}  {lv:>{widths[1]}}  {rv:>{widths[2]}}  {unit}".rstrip() for name, lv, rv, unit in table
    ]
    return "\n".join([*_head(dossier), *lines, say(RESEARCH_USE)]) + "\n"


def to_tsv(dossier: Dossier | ViewDossier, say: Callable[[str], str]) -> str:
    """The same with tabs, to paste into a spreadsheet."""
    lines = ["\t".join(plain_cell(cell) for cell in line) for line in _short(dossier, say)]
    return "\n".join([*map(plain_cell, _head(dossier)), *lines, say(RESEARCH_USE)]) + "\n"


def to_html(dossier: Dossier | ViewDossier, say: Callable[[str], str]) -> str:
    """The same as a table, to paste into a letter or a spreadsheet as cells."""
    lines = [
        "<tr>" + "".join(f"<td{'' if at == 0 else ' align=right'}>{escape(cell)}</td>" for at, cell in enumerate(line))
        for line in _short(dossier, say)
    ]
    head = "".join(f"<p>{escape(line)}</p>" for line in _head(dossier))
    return f"{head}<table>{''.join(lines)}</table><p>{escape(say(RESEARCH_USE))}</p>"


def slice_areas_mm2(dossier: Dossier) -> dict[int, NDArray[np.float64]]:
    """(T, Z) mm² of each structure in every slice, whether or not it counts."""
    x, y, _ = dossier.volume.geometry.spacing_mm
    labels = dossier.labels.array
    return {s: np.count_nonzero(labels == s, axis=(2, 3)) * (x * y) for s in (LV, MYO, RV)}


def _head(dossier: Dossier | ViewDossier) -> list[str]:
    made = dossier.made
    by = f"mask {made['mask']}" if "mask" in made else f"{made['model_name']} {made['precision']}"
    corrected = f", {len(dossier.corrected)} slices corrected by hand" if dossier.corrected else ""
    unknown = "" if dossier.volume.geometry.spacing is not Known.ASSUMED else ", spacing unknown"
    return [dossier.identity.short(dossier.volume), f"{by}{corrected}{unknown}"]


def _short(dossier: Dossier | ViewDossier, say: Callable[[str], str]) -> list[tuple[str, str, str, str]]:
    """Name, LV, RV and unit; of a four-chamber view the name says whose it is."""
    if isinstance(dossier, ViewDossier):
        mark = "" if dossier.function.units_known else "?"
        return [
            (say(name), f"{_number(value, 0)}{mark if unit != '%' else ''}", "", unit)
            for name, value, unit in _of_view(dossier)
            if value is not None
        ]
    sides: dict[tuple[str, str], dict[int, str]] = {}
    function, lone = dossier.function, dossier.function.lone_frame
    if lone is not None:
        mark = "" if function.units_known and function.whole else "?"
        both = {LV: f"{function.lv_ml[lone]:.0f}{mark}", RV: f"{function.rv_ml[lone]:.0f}{mark}"}
        sides["Volume, phase not known", "mL"] = both
    for row in all_numbers.rows_of(dossier.findings):
        if row.value is not None:
            mark = "" if row.sure else "?"
            sides.setdefault((row.name, row.unit), {})[row.structure] = f"{_number(row.value, row.digits)}{mark}"
    lines = [(say(name), found.get(LV, ""), found.get(RV, ""), unit) for (name, unit), found in sides.items()]
    return [("", "LV", "RV", ""), *lines]


def _identity(dossier: Dossier | ViewDossier) -> dict[str, str]:
    """Whose scan it is, as far as the user wants it said."""
    volume, identity = dossier.volume, dossier.identity
    if not identity.named:
        return {"Scan": identity.short(volume)}
    patient = volume.source.patient
    return {"Scan": volume.source.name, **{label: patient[key] for key, label in _STUDY_KEYS.items() if key in patient}}


def _rules(dossier: Dossier) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*quantities.rules(dossier.function), *all_numbers.rules(dossier.findings))))


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both objects, with objects under one key joined likewise."""
    made = dict(first)
    for key, value in second.items():
        own = made.get(key)
        made[key] = _merged(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    return made


def _or_none(value: float) -> float | None:
    """NaN is no value."""
    return None if math.isnan(value) else value


def _from_one(frame: int | None) -> str:
    return "" if frame is None else str(frame + 1)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def plain_cell(value: object) -> str:
    """One line for a cell. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = " ".join(str(value).split())
    risky = text[:1] in ("=", "+", "@") or (text[:1] == "-" and not text[1:].replace(".", "", 1).isdigit())
    return f"'{text}" if risky else text
