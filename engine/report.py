"""The one-page report: a Dossier and a letterhead to what stands on the page, and that to a PDF. No Qt.

`to_pdf(content_of(...))`: a frozen value in, bytes out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import __version__
from engine.dossier import Dossier
from engine.measures import findings as all_numbers
from engine.measures import quantities
from engine.measures.body import body_of
from engine.measures.function import Function
from engine.measures.norms import KAWEL, MID_WALL, WITHIN_SD, Verdict, norm_of
from engine.measures.readers import READERS, READERS_RULE
from engine.measures.segments import mid_wall_mm
from engine.paper.content import (
    Bullseye,
    Colour,
    ComparedNumbers,
    Content,
    Curve,
    Line,
    NormMark,
    Number,
    NumberRow,
    Pictures,
    Tile,
)
from engine.paper.page import MAX_TILES, to_pdf
from engine.paper.report_words import word
from engine.pictures.render import first_window, grey, outlines
from engine.remarks import Say, corrections, left_out, open_points
from engine.volume import LV, MYO, RV, Known, Volume, orientation_letters, voxels_sha256

__all__ = ["COLOURS", "Letterhead", "content_of", "to_pdf"]

COLOURS: dict[int, Colour] = {LV: (255, 112, 77), MYO: (244, 214, 92), RV: (88, 180, 245)}
_COMPARED_KEYS = (
    "lv.edv_ml", "lv.esv_ml", "lv.ef_percent", "lv_mass_g", "rv.edv_ml", "rv.esv_ml", "rv.ef_percent",
)  # fmt: skip
_COMPARED = tuple(measure for key in _COMPARED_KEYS for measure in quantities.MEASURES if measure.key == key)
LEFT_OUT = 0
"""In place of a structure that does not count; it is drawn in grey."""
_GREY = (150, 150, 150)
_MARGIN = 1.3
_LEAST_FIELD_MM = 70.0


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the user adds. logo: a PNG, empty for none. created: when, as it is to be printed; empty for no time."""

    hospital: str = ""
    logo: bytes = b""
    conclusion: str = ""
    created: str = ""


def _as_it_is(text: str) -> str:
    return text


def content_of(
    dossier: Dossier,
    letterhead: Letterhead,
    *,
    language: str = "en",
    window: tuple[float, float] | None = None,
    colours: Mapping[int, Colour] | None = None,
    say: Say = _as_it_is,
) -> Content:
    """What stands on the page.

    window: (centre, width) of the grey values; the scan's own where None. say: turns the engine's sentences and names
    of measures into the language of the report.
    """
    volume, function = dossier.volume, dossier.function

    def own(text: str) -> str:
        return word(text, language)

    wall = dossier.wall
    bullseyes = []
    if wall is not None:
        bullseyes.append(Bullseye(own("Wall thickness, ED"), "mm", wall.ed.thickness_mm, 1))
        if any(value is not None for value in wall.thickening_percent):
            bullseyes.append(Bullseye(own("Wall thickening"), "%", wall.thickening_percent))
    rules = (*quantities.rules(function), *all_numbers.rules(dossier.findings))
    if dossier.beside.plain is not None and dossier.beside.quantized is not None:
        rules = (*rules, READERS_RULE)
    if (why := all_numbers.why_no_norms(dossier.findings)) is not None:
        rules = (*rules, why)
    mid_wall = _mid_wall(dossier, own)
    if any(row.lv is not None and row.lv.norm for row in mid_wall):
        rules = (*rules, f"Normal ranges: mean ± {WITHIN_SD} SD of {KAWEL.citation}; {KAWEL.population}.")
    return Content(
        language=language,
        hospital=letterhead.hospital,
        logo=letterhead.logo,
        facts=tuple(_facts(dossier, own)),
        numbers=(*_lone_volumes(dossier, own), *_numbers(dossier, own, say), *mid_wall),
        comparison=_comparison(dossier, own, say),
        curve=_curve(dossier, own),
        bullseyes=tuple(bullseyes),
        conclusion=letterhead.conclusion,
        pictures=_pictures(dossier, window or first_window(volume.array, volume.window), own),
        corrected=corrections(dossier, own),
        flags=tuple(open_points(dossier, own, say)),
        notices=(*left_out(dossier, own, say), *map(say, volume.notices)),
        method=tuple(_method(dossier, own)),
        fingerprints=tuple(_fingerprints(dossier, own)),
        rules=tuple(dict.fromkeys(map(say, rules))),
        colours={LEFT_OUT: _GREY, **(colours or COLOURS)},
        created=letterhead.created,
    )


# -- words -----------------------------------------------------------------------------------------------------------


def _facts(dossier: Dossier, own: Say) -> list[tuple[str, str]]:
    """Who and what. What would name the patient is left out unless it is asked for."""
    volume, patient, body = dossier.volume, dossier.volume.source.patient, dossier.findings.body
    if dossier.identity.named:
        who = patient.get("name") or patient.get("id") or volume.source.name
        identifier, date = patient.get("id", ""), patient.get("date", "")
    else:
        who, identifier, date = dossier.identity.short(volume), "", ""
    age = patient.get("age", "")
    if body.age_years is not None and body.age_years != body_of(volume).age_years:
        age = f"{body.age_years:.0f} years"  # typed by the user
    age = " ".join(map(own, age.split()))
    person = " · ".join(filter(None, (own(body.sex or patient.get("sex", "")), age)))
    size = [f"{body.height_cm:.0f} cm"] if body.height_cm else []
    size += [f"{body.weight_kg:.0f} kg"] if body.weight_kg else []
    size += [f"{body.bsa_m2:.2f} m²"] if body.bsa_m2 else []
    rate = "" if body.heart_rate_bpm is None else f"{body.heart_rate_bpm:.0f}/min ({own(body.rate_source or '')})"
    x, y, z = volume.geometry.spacing_mm
    voxel = own("not known") if volume.geometry.spacing is Known.ASSUMED else f"{x:.3g} × {y:.3g} × {z:.3g} mm"
    frames, slices = volume.frames, volume.slices
    scan = own("{slices} slices × {frames} frames" if frames > 1 else "{slices} slices, one frame")
    scan = scan.format(slices=slices, frames=frames)
    facts = [
        (own("Patient"), who),
        (own("Patient ID"), identifier or "–"),
        (own("Study date"), date or "–"),
        (own("Sex, age"), person or "–"),
        (own("Height, weight, surface"), " · ".join(size) or "–"),
        (own("Heart rate"), rate or "–"),
        (own("Scanner"), patient.get("scanner", "") or "–"),
        (own("Scan"), scan),
        (own("Voxel"), voxel),
    ]
    if dossier.identity.named:
        facts += [(own("Study"), patient.get("study", "") or "–")]
        facts += [(own("Accession number"), patient["accession"])] if patient.get("accession") else []
    return facts


def _numbers(dossier: Dossier, own: Say, say: Say) -> list[NumberRow]:
    """The measures that have a value on one side at least, LV beside RV."""
    found: dict[tuple[str, str], dict[int, all_numbers.Finding]] = {}
    for row in all_numbers.rows_of(dossier.findings):
        found.setdefault((row.name, row.unit), {})[row.structure] = row
    made = []
    # Without any range, why there is none is said once, among the rules.
    none = own("no range") if any(row.norm for sides in found.values() for row in sides.values()) else ""
    for (name, unit), sides in found.items():
        if any(row.value is not None for row in sides.values()):
            lv, rv = (_number(sides.get(side), none) for side in (LV, RV))
            made.append(NumberRow(say(name), unit, lv, rv, strong=name == "Ejection fraction"))
    return made


def _lone_volumes(dossier: Dossier, own: Say) -> list[NumberRow]:
    """The volumes of a frame whose phase is not known."""
    function, frame = dossier.function, dossier.function.lone_frame
    if frame is None:
        return []
    mark = "" if function.units_known and function.whole else "?"
    lv, rv = (f"{side[frame]:.0f}{mark}" if side[frame] > 0 else "–" for side in (function.lv_ml, function.rv_ml))
    return [NumberRow(own("Volume, phase not known"), "mL", Number(lv), Number(rv), strong=True)]


def _number(row: all_numbers.Finding | None, no_range: str) -> Number | None:
    """no_range: what stands beside a value that there is no normal range for."""
    if row is None:
        return None
    text = "–" if row.value is None else f"{row.value:.{row.digits}f}" + ("" if row.sure else "?")
    norm = no_range if row.value is not None else ""
    if row.norm is not None and row.value is not None:
        norm = f"{row.norm.low:.{row.digits}f}–{row.norm.high:.{row.digits}f}"
    mark = {Verdict.LOW: NormMark.LOW, Verdict.HIGH: NormMark.HIGH}.get(row.verdict or Verdict.NORMAL, NormMark.NONE)
    return Number(text, norm, mark)


def _mid_wall(dossier: Dossier, own: Say) -> list[NumberRow]:
    """The mean thickness of the middle third of the wall, for which there is a normal range."""
    value = None if dossier.wall is None else mid_wall_mm(dossier.wall)
    if value is None:
        return []
    norm = norm_of(MID_WALL, dossier.findings.body, papillary_in_cavity=True)
    number = Number(f"{value:.1f}")
    if norm is not None:
        mark = {Verdict.LOW: NormMark.LOW, Verdict.HIGH: NormMark.HIGH}.get(norm.verdict(value), NormMark.NONE)
        number = Number(f"{value:.1f}", f"{norm.low:.1f}–{norm.high:.1f}", mark)
    return [NumberRow(own("Wall, middle third, ED"), "mm", number, None)]


def _comparison(dossier: Dossier, own: Say, say: Say) -> ComparedNumbers:
    """Model, correction and mask side by side, where there is more than one; what precisions and readers differ by."""
    beside = dossier.beside
    columns = tuple(f"{quantities.SIDES[m.structure]} {say(m.short)}, {m.unit}" for m in _COMPARED)
    named = (("Model", beside.model), ("Corrected by hand", beside.corrected), ("Loaded mask", beside.mask))
    sources = [(own(name), function) for name, function in named if function is not None]
    rows = [(name, tuple(_value(m, of) for m in _COMPARED)) for name, of in sources] if sources[1:] else []
    if beside.plain is not None and beside.quantized is not None:
        plain, quantized = beside.plain, beside.quantized
        rows.append((own("float32 − int8"), tuple(_difference(m, plain, quantized) for m in _COMPARED)))
        rows.append((own("Between readers (literature)"), tuple(_readers(m.key) for m in _COMPARED)))
    return ComparedNumbers(columns, tuple(rows)) if rows else ComparedNumbers()


def _value(measure: quantities.Measure, function: Function) -> str:
    """The number; a doubtful one with a question mark."""
    doubtful = measure.value(function) is not None and measure.unit_of(function) != measure.unit
    return measure.text(function, missing="–") + "?" * doubtful


def _difference(measure: quantities.Measure, plain: Function, quantized: Function) -> str:
    a, b = measure.value(plain), measure.value(quantized)
    return "–" if a is None or b is None else f"{a - b:+.1f}".replace("-", "−")


def _readers(key: str) -> str:
    found = READERS.get(key)
    if found is None:
        return "–"
    return f"{found.low:g}–{found.high:g}" + (" %*" if found.relative else "")


def _method(dossier: Dossier, own: Say) -> list[tuple[str, str]]:
    made = dossier.made
    if "mask" in made:
        by = [(own("Mask"), str(made["mask"]))]
    else:
        by = [
            (own("Model"), f"{made['model_name']} {made['model_version']} ({made['model']})"),
            (own("Precision"), str(made["precision"])),
            (own("Runtime"), f"{made['runtime']}, {made['isa']}"),
        ]
    conventions = [(own(label), own(value)) for label, value in dossier.conventions()]
    return [*by, *conventions, (own("Program"), f"CineQuant {__version__}")]


def _fingerprints(dossier: Dossier, own: Say) -> list[tuple[str, str]]:
    model = [(own("Model's SHA-256"), str(dossier.made["model_sha256"]))] if "model_sha256" in dossier.made else []
    return [
        *model,
        (own("Scan's SHA-256"), voxels_sha256(dossier.volume.array)),
        (own("Labels' SHA-256"), voxels_sha256(dossier.labels.array)),
    ]


def _curve(dossier: Dossier, own: Say) -> Curve | None:
    """The curve of a cine, of the frames that have labels; None for fewer than three of them."""
    volume, function = dossier.volume, dossier.function
    curves = (function.lv_ml, function.rv_ml, function.myo_ml)
    there = [frame for frame in range(volume.frames) if any(curve[frame] > 0 for curve in curves)]
    if not volume.is_cine or len(there) < 3:
        return None
    both = (("LV", LV, function.lv_ml), ("RV", RV, function.rv_ml))
    lines = [Line(name, side, tuple(ml[frame] for frame in there)) for name, side, ml in both if max(ml) > 0]
    if not lines:
        return None
    times = volume.frame_times_ms
    at, unit = (times, "ms") if times is not None else (tuple(range(1, volume.frames + 1)), own("frame"))
    marks = [("ED", function.ed_frame), ("ES", function.es_frame)]
    if (function.rv_ed_frame, function.rv_es_frame) != (function.ed_frame, function.es_frame):
        marks += [("RV ED", function.rv_ed_frame), ("RV ES", function.rv_es_frame)]
    return Curve(
        tuple(at[frame] for frame in there),
        unit,
        tuple(lines),
        tuple((name, there.index(frame)) for name, frame in marks if frame in there),
    )


# -- pictures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cut:
    """A square of a slice, in voxels: left and top may lie outside of the image, which is black there."""

    left: int
    top: int
    width: int
    height: int

    def of(self, plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The square out of a picture (Y, X)."""
        made = np.zeros((self.height, self.width), dtype=np.uint8)
        rows, columns = plane.shape
        y0, y1 = max(self.top, 0), min(self.top + self.height, rows)
        x0, x1 = max(self.left, 0), min(self.left + self.width, columns)
        made[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left] = plane[y0:y1, x0:x1]
        return made

    def shares(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points (N, 2) of (x, y) in voxels as shares of the square."""
        corner = np.array([self.left, self.top], dtype=np.float32)
        return np.asarray((points - corner) / np.array([self.width, self.height], dtype=np.float32))


def _pictures(dossier: Dossier, window: tuple[float, float], own: Say) -> tuple[Pictures, ...]:
    """The slices with labels at end-diastole and at end-systole; of a single frame, those of it."""
    volume, labels, function = dossier.volume, dossier.labels.array, dossier.function
    phases = [("End-diastole", function.ed_frame), ("End-systole", function.es_frame)]
    shown = [(name, frame) for name, frame in phases if frame is not None] or [("", function.lone_frame or 0)]
    found = [z for z in range(volume.slices) if any(labels[frame, z].any() for _, frame in shown)]
    if not found:
        return ()
    if _base_is_last(labels[shown[0][1], found[0] : found[-1] + 1]):
        found.reverse()
    count = len(found)
    if count > MAX_TILES:
        found = [found[round(index * (count - 1) / (MAX_TILES - 1))] for index in range(MAX_TILES)]
    cut = _cut(volume, np.any(labels[[frame for _, frame in shown]], axis=(0, 1)))
    letters = _letters(volume)
    tiles = [tuple(_tile(dossier, frame, index, window, cut) for index in found) for _, frame in shown]
    # The same above both, so that both titles have one size.
    captions = "".join(tile.caption for row in tiles for tile in row)
    signs = {"*": "* corrected by hand", "×": "× does not count (grey)"}
    legend = [own(text) for sign, text in signs.items() if sign in captions]
    titles = [_phase_title(volume, name, frame, len(found), count, own) for name, frame in shown]
    return tuple(Pictures(" · ".join([title, *legend]), row, letters) for title, row in zip(titles, tiles, strict=True))


def _phase_title(volume: Volume, name: str, frame: int, shown: int, count: int, own: Say) -> str:
    times = volume.frame_times_ms
    parts = [own(name)] if name else [own("Phase not known")]
    if volume.frames > 1:
        parts.append(f"{own('frame')} {frame + 1}" + (f" ({times[frame]:.0f} ms)" if times else ""))
    slices = own("{shown} of {count} slices") if shown < count else own("{count} slices, base first")
    parts.append(slices.format(shown=shown, count=count))
    return ", ".join(parts)


def _base_is_last(labels: NDArray[np.uint8]) -> bool:
    """Whether the heart is wider at the end of the stack than at its beginning. labels: (Z, Y, X)."""
    areas = np.count_nonzero(labels, axis=(1, 2))
    half = max(len(areas) // 3, 1)
    return bool(areas[:half].sum() < areas[-half:].sum())


def _tile(dossier: Dossier, frame: int, index: int, window: tuple[float, float], cut: _Cut) -> Tile:
    plane = grey(dossier.volume.array[frame, index], window)
    labels = dossier.labels.array[frame, index]
    out = {structure for structure in (LV, MYO, RV) if (structure, frame, index) in dossier.function.left_out}
    lines = tuple(
        (LEFT_OUT if structure in out else structure, cut.shares(points))
        for structure in (MYO, RV, LV)
        for points in outlines(labels == structure)
    )
    touched = "*" if (frame, index) in dossier.corrected else ""
    return Tile(cut.of(plane), lines, f"{index + 1}{touched}{'×' if out else ''}")


def _cut(volume: Volume, there: NDArray[np.bool_]) -> _Cut:
    """A square around the heart, the same in all slices. there: (Y, X), where any label is."""
    dx, dy, _ = volume.geometry.spacing_mm
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    high, wide = (rows[-1] + 1 - rows[0]) * dy, (columns[-1] + 1 - columns[0]) * dx
    side = max(high, wide, _LEAST_FIELD_MM / _MARGIN) * _MARGIN
    width, height = math.ceil(side / dx), math.ceil(side / dy)
    left = round((columns[0] + columns[-1] + 1) / 2 - width / 2)
    top = round((rows[0] + rows[-1] + 1) / 2 - height / 2)
    # Inside of the image where that is large enough.
    left = min(max(left, 0), max(there.shape[1] - width, 0))
    top = min(max(top, 0), max(there.shape[0] - height, 0))
    return _Cut(left, top, width, height)


def _letters(volume: Volume) -> tuple[str, str, str, str]:
    if volume.geometry.orientation is not Known.KNOWN:
        return ("", "", "", "")
    along, down = volume.geometry.directions[:, 0], volume.geometry.directions[:, 1]
    left, right, top, bottom = (orientation_letters(at)[:2] for at in (-along, along, -down, down))
    return left, right, top, bottom
