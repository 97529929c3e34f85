"""The rows of the details panel's tables, and what is said below them. Pure functions of findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from app.panels.number_table import NumberCell
from app.state.identity import Same
from app.state.numbers import Sources
from app.words.engine_words import translated
from app.words.language import marked, rounded, translate
from engine.measures import quantities
from engine.measures.body import Body, RateSource, Sex
from engine.measures.findings import Finding, Findings, rows_of, why_no_norms
from engine.measures.function import Function
from engine.measures.norms import MID_WALL, Survey, Verdict, norm_of
from engine.measures.readers import READERS
from engine.measures.reading import Reading
from engine.measures.segments import Wall, mid_wall_mm
from engine.volume import LV

NONE = "–"
ARROWS = {Verdict.LOW: " ↓", Verdict.HIGH: " ↑", Verdict.NORMAL: ""}
VERDICTS = {
    Verdict.LOW: marked("Details", "below the normal range"),
    Verdict.NORMAL: marked("Details", "within the normal range"),
    Verdict.HIGH: marked("Details", "above the normal range"),
}
INDEX_KEYS = (
    "edv_ml", "esv_ml", "sv_ml", "ef_percent", "edv_ml_m2", "esv_ml_m2", "sv_ml_m2", "co_l_min", "ci_l_min_m2",
)  # fmt: skip
RATE_KEYS = ("peak_ejection_ml_s", "to_peak_ejection_ms", "peak_filling_ml_s", "to_peak_filling_ms")
RATE_SOURCES = {
    RateSource.TYPED: marked("Details", "entered"),
    RateSource.HEADER: marked("Details", "header"),
    RateSource.FRAMES: marked("Details", "frame times"),
}
_SEXES = {Sex.FEMALE: marked("Details", "female"), Sex.MALE: marked("Details", "male")}

Rows = list[Sequence[NumberCell]]


def index_rows(findings: Findings) -> Rows:
    """Volumes, indices and output of both sides, with the normal range of the left one."""
    by_key = {row.key: row for row in rows_of(findings)}
    head = ("", "LV", "RV", translate("Details", "normal LV"))
    rows: Rows = [[NumberCell(text) for text in head]]
    # Without any range, why there is none is said once, in the note.
    none = "" if why_no_norms(findings) else translate("Details", "no range")
    for key in INDEX_KEYS:
        rows.append(_sides(by_key[f"lv.{key}"], by_key[f"rv.{key}"], none))
        if key in ("ef_percent", "sv_ml_m2"):
            mass = by_key["lv_mass_g" if key == "ef_percent" else "lv_mass_g_m2"]
            rows.append(_sides(mass, None, none))
    shown = [row for row in rows[1:] if any(cell.text not in ("", NONE) for cell in row[1:3])]
    return [rows[0], *shown]


def rate_rows(findings: Findings) -> Rows:
    """Peak rates and their times; none where there are no rates."""
    if not findings.rates:
        return []
    by_key = {row.key: row for row in rows_of(findings)}
    rows: Rows = [[NumberCell(text) for text in ("", "LV", "RV")]]
    for key in RATE_KEYS:
        left, right = by_key[f"lv.{key}"], by_key[f"rv.{key}"]
        rows.append([NumberCell(f"{translated(left.name)}, {left.unit}"), number(left), number(right)])
    return rows


def _sides(left: Finding, right: Finding | None, no_range: str) -> Sequence[NumberCell]:
    name = NumberCell(f"{translated(left.short)}, {left.unit}", translated(left.name))
    norm = left.norm
    if norm is None:
        normal = NumberCell(no_range, translated(left.why_no_norm), quiet=True)
    else:
        digits = left.digits
        normal = NumberCell(f"{norm.low:.{digits}f}–{norm.high:.{digits}f}", norm.study.citation, quiet=True)
    return [name, number(left), number(right) if right is not None else NumberCell(""), normal]


def number(row: Finding) -> NumberCell:
    """A value, an arrow where it lies beyond its normal range, and what that means in words."""
    if row.value is None:
        return NumberCell(NONE)
    text = f"{rounded(row.value, row.digits)}{'' if row.sure else ' ?'}"
    verdict = row.verdict
    if verdict is None or row.norm is None:
        return NumberCell(text, translated(row.why_no_norm))
    said = translate("Details", "{verdict} ({low} to {high}, {study})")
    low, high = (f"{limit:.{row.digits}f}" for limit in (row.norm.low, row.norm.high))
    tip = said.format(verdict=translate("Details", VERDICTS[verdict]), low=low, high=high, study=row.norm.study.name)
    return NumberCell(text + ARROWS[verdict], tip)


def beyond_norms(findings: Findings | None) -> Mapping[str, tuple[str, str]]:
    """Of each measure that lies beyond its normal range: the arrow, and what it means in words."""
    return {} if findings is None else _beyond(Same(findings))


@lru_cache(maxsize=2)
def _beyond(known: Same) -> Mapping[str, tuple[str, str]]:
    """Computed once for the same findings: a panel asks with every change of the state."""
    findings = known.it
    assert isinstance(findings, Findings)
    cells = {row.key: (ARROWS[row.verdict], row, number(row)) for row in rows_of(findings) if row.verdict is not None}
    sides = quantities.SIDES
    return {
        key: (arrow, f"{sides[row.structure]} {translated(row.short)}: {cell.tip}")
        for key, (arrow, row, cell) in cells.items()
        if arrow
    }


def patient_text(body: Body) -> str:
    """The person in one line, with the formula of the surface area by its name."""
    parts = []
    if body.sex is not None:
        parts.append(translate("Details", _SEXES[body.sex]))
    if body.age_years is not None:
        parts.append(translate("Details", "{age} years").format(age=f"{body.age_years:.0f}"))
    if body.height_cm is not None:
        parts.append(f"{body.height_cm:.0f} cm")
    if body.weight_kg is not None:
        parts.append(f"{body.weight_kg:.0f} kg")
    area = body.bsa_m2
    if area is not None:
        said = translate("Details", "BSA {area} m² ({formula})")
        parts.append(said.format(area=f"{area:.2f}", formula=body.formula))
    if body.heart_rate_bpm is not None and body.rate_source is not None:
        said = translate("Details", "{rate}/min ({source})")
        source = translate("Details", RATE_SOURCES[body.rate_source])
        parts.append(said.format(rate=f"{body.heart_rate_bpm:.0f}", source=source))
    return " · ".join(parts) if parts else translate("Details", "Nothing is known of the patient.")


def norm_note(findings: Findings) -> str:
    """What the arrows mean and where the ranges come from, or why there are none; what indices lack."""
    rows = rows_of(findings)
    said = []
    if findings.body.bsa_m2 is None:
        said.append(translate("Details", "Indices need height and weight."))
    if findings.body.heart_rate_bpm is None:
        said.append(translate("Details", "Output needs the heart rate."))
    studies = dict.fromkeys(_study(row.norm.study) for row in rows if row.norm is not None)
    if studies:
        text = translate(
            "Details",
            "↑ above, ↓ below the normal range for the sex: {studies}. Point at an RV number for its range.",
        )
        said.append(text.format(studies=", ".join(studies)))
    else:
        said.append(translated(why_no_norms(findings) or ""))
    return " ".join(said)


def _study(survey: Survey) -> str:
    text = translate("Details", "{study} ({low}–{high} years)")
    return text.format(study=survey.name, low=f"{survey.ages[0]:g}", high=f"{survey.ages[1]:g}")


def mid_wall_note(wall: Wall, body: Body) -> str:
    """The mean thickness of the middle third at end-diastole, and what is normal; empty where it is not measured."""
    value = mid_wall_mm(wall)
    if value is None:
        return ""
    norm = norm_of(MID_WALL, body, papillary_in_cavity=True)
    said = translate("Details", "Middle third at ED: {value} mm").format(value=f"{value:.1f}")
    if norm is None:
        return f"{said}."
    text = translate("Details", "{said}{arrow}, normal {low}–{high} mm by {study}.")
    return text.format(
        said=said,
        arrow=ARROWS[norm.verdict(value)],
        low=f"{norm.low:.1f}",
        high=f"{norm.high:.1f}",
        study=_study(norm.study),
    )


def rate_note(findings: Findings) -> str:
    """How rates are computed, or what they need."""
    if findings.rates:
        return translate(
            "Details",
            "Steepest slopes of the volume curve, smoothed by a Fourier series of five harmonics. Times from ED and "
            "from ES.",
        )
    return translate(
        "Details", "Rates need a cine of at least 12 frames of one whole beat, with known order, times and spacing."
    )


def source_rows(sources: Sources) -> Rows:
    """Every measure of the labels from the model, the correction and the mask, side by side."""
    columns = (sources.model, sources.corrected, sources.mask)
    head = ("", translate("Details", "Model"), translate("Details", "Corrected"), translate("Details", "Mask"))
    rows: Rows = [[NumberCell(text) for text in head]]
    for measure in quantities.MEASURES:
        name = f"{quantities.SIDES[measure.structure]} {translated(measure.short)}, {measure.unit}"
        rows.append([NumberCell(name, translated(measure.name)), *(_value(measure, column) for column in columns)])
    if any(column is not None and column.lone_frame is not None for column in columns):
        for side, name in quantities.SIDES.items():
            text = translate("Details", "{side} volume, phase not known, mL").format(side=name)
            rows.append([NumberCell(text), *(_lone(side, column) for column in columns)])
    return rows


def _lone(side: int, function: Function | None) -> NumberCell:
    """The volume of a frame whose phase is not known."""
    if function is None or function.lone_frame is None or not function.units_known:
        return NumberCell(NONE)
    return NumberCell(f"{(function.lv_ml if side == LV else function.rv_ml)[function.lone_frame]:.0f}")


def _value(measure: quantities.Measure, function: Function | None) -> NumberCell:
    if function is None:
        return NumberCell(NONE)
    unsure = measure.unit_of(function) != measure.unit
    if measure.unit != "%" and not function.units_known:
        return NumberCell(NONE)
    return NumberCell(measure.text(function, missing=NONE) + " ?" * unsure)


def source_note(sources: Sources) -> str:
    """What is not there, and which frames the mask was measured at."""
    if sources.mask is None:
        return translate("Details", "Load a mask of this scan (File menu) to see its numbers beside these.")
    frames = ", ".join(str(frame + 1) for frame in sources.mask_frames)
    if sources.mask.lone_frame is not None:
        text = translate(
            "Details", "Mask: only frame {frame}, phase not known. Choose that frame as ED or ES to have it named."
        )
        return text.format(frame=frames)
    if len(sources.mask_frames) == 1:
        phase = "ED" if sources.mask.ed_frame is not None else "ES"
        text = translate("Details", "Mask: only frame {frame}, which is {phase} of the labels beside it.")
        return text.format(frame=frames, phase=phase)
    said = translate("Details", "Mask measured at frame {frames}: most and least LV of its frames.")
    if sources.mask.reading != Reading():
        said = translate("Details", "Mask measured at frame {frames}, by the phases, slices and rules that you chose.")
    return said.format(frames=frames)


def precision_rows(plain: Function | None, quantized: Function | None) -> Rows:
    """float32 − int8 of every measure, beside what readers differ by."""
    if plain is None or quantized is None:
        return []
    head = ("", translate("Details", "float32 − int8"), translate("Details", "between readers"))
    rows: Rows = [[NumberCell(text) for text in head]]
    for measure in quantities.MEASURES:
        name = f"{quantities.SIDES[measure.structure]} {translated(measure.short)}, {measure.unit}"
        a, b = measure.value(plain), measure.value(quantized)
        known = measure.unit == "%" or plain.units_known
        difference = NONE if a is None or b is None or not known else rounded(a - b, 1, signed=True)
        rows.append([NumberCell(name, translated(measure.name)), NumberCell(difference), _readers(measure.key)])
    return rows


def _readers(key: str) -> NumberCell:
    found = READERS.get(key)
    if found is None:
        return NumberCell("", translate("Details", "No figure that could be verified."), quiet=True)
    text = f"{found.low:g}–{found.high:g}"
    if found.relative:
        text = translate("Details", "CoV {range} %").format(range=text)
    return NumberCell(text, found.source, quiet=True)


def precision_note(plain: Function | None, quantized: Function | None) -> str:
    """Where the readers' differences come from, or what is missing."""
    if plain is None or quantized is None:
        return translate("Details", "Shown once the scan is segmented in float32 and in int8.")
    return translate(
        "Details",
        "Readers: LV of seven core laboratories (Suinesiaputra 2015), RV coefficient of variability (Catalano).",
    )
