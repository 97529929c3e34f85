"""A batch on one page of HTML: what failed, and the flagged cases with their pictures, the weightiest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from engine.batch.rows import DONE, FAILED, REFUSED, Row
from engine.paper.web import histogram, page
from engine.tables import RESEARCH_USE

_CHARTS = {
    "lv_ef_percent": ("LV ejection fraction, %", 0.0, 100.0),
    "rv_ef_percent": ("RV ejection fraction, %", 0.0, 100.0),
    "lv_edv_ml": ("LV end-diastolic volume, mL", 0.0, 400.0),
}
_REASONS = 3


@dataclass(frozen=True, slots=True)
class Overview:
    """settings: as in batch.json. cases: by status. flagged: rows, the highest score first, of all_flagged. twice:
    cases whose voxels are those of another. failed, refused: rows, the first ones. values: of all cases, by column."""

    settings: Mapping[str, Any]
    cases: Mapping[str, int]
    flagged: tuple[Row, ...]
    all_flagged: int
    twice: int
    failed: tuple[Row, ...]
    refused: tuple[Row, ...]
    values: Mapping[str, tuple[float, ...]]


def to_html(overview: Overview) -> str:
    """The page. Pictures and masks are linked by their places beside it."""
    settings = overview.settings
    models = ", ".join(f"{model} in {precision}" for _, model, precision, _ in settings["models"])
    counts = [
        (sum(overview.cases.values()), "cases"),
        (overview.cases.get(DONE, 0), "segmented"),
        (overview.all_flagged, "flagged"),
        (overview.cases.get(FAILED, 0), "failed"),
        (overview.cases.get(REFUSED, 0), "not segmented"),
    ]
    said = "".join(f"<div><b>{number}</b>{word}</div>" for number, word in counts)
    twice = (
        f"<p>{overview.twice} cases have the very voxels of another one; the column same_as names it.</p>"
        if overview.twice
        else ""
    )
    body = [
        f"<h1>{escape(PurePosixPath(settings['input']).name or settings['input'])}</h1>",
        f'<p class="faint">{escape(settings["input"])} · {escape(models)} · {escape(settings["program"])}</p>',
        f'<div class="counts">{said}</div>{twice}',
        '<p>All numbers are in <a href="results.csv">results.csv</a>, times and memory in '
        '<a href="costs.csv">costs.csv</a>.</p>',
        _flagged(overview),
        _listed("Failed", overview.failed, overview.cases.get(FAILED, 0)),
        _listed("Not segmented", overview.refused, overview.cases.get(REFUSED, 0)),
        _charts(overview),
    ]
    return page(f"Batch of {PurePosixPath(settings['input']).name}", "".join(body), RESEARCH_USE)


def _flagged(overview: Overview) -> str:
    if not overview.flagged:
        return "<h2>Flagged</h2><p>No case has a flag of weight. That does not make the outlines right.</p>"
    more = overview.all_flagged - len(overview.flagged)
    rest = f" The other {more} are in the table." if more else ""
    intro = (
        '<p class="faint">The weightiest first: an order to look at cases, not a probability. A case without a flag is '
        f"not thereby right.{rest}</p>"
    )
    return "<h2>Flagged</h2>" + intro + "".join(_article(row) for row in overview.flagged)


def _article(row: Row) -> str:
    reasons = str(row["flag_reasons"]).split(" | ")
    more = f"<li>and {row['flags'] - _REASONS} more places</li>" if row["flags"] > _REASONS else ""
    listed = "".join(f"<li>{escape(reason)}</li>" for reason in reasons[:_REASONS])
    picture = quote(f"pictures/{row['case']}.jpg")
    values = [
        ("LV EF", row["lv_ef_percent"], "%"), ("LV EDV", row["lv_edv_ml"], "mL"), ("RV EF", row["rv_ef_percent"], "%"),
    ]  # fmt: skip
    numbers = ", ".join(f"{name} {value:.0f} {unit}" for name, value, unit in values if value is not None)
    return (
        f'<article><img src="{picture}" alt="flagged slices with their outlines" loading="lazy"><div>'
        f'<h3><a href="{quote(row["mask"])}">{escape(row["case"])}</a></h3><p>{numbers}</p><ul>{listed}{more}</ul>'
        f'<p class="faint">score {row["flag_score"]:.1f}</p></div></article>'
    )


def _listed(title: str, rows: Sequence[Row], number: int) -> str:
    if not rows:
        return ""
    lines = "".join(f"<tr><td>{escape(row['case'])}</td><td>{escape(row['reason'])}</td></tr>" for row in rows)
    more = f"<p>The other {number - len(rows)} are in the table.</p>" if number > len(rows) else ""
    return f"<h2>{title}</h2><table>{lines}</table>{more}"


def _charts(overview: Overview) -> str:
    drawn = "".join(
        histogram(overview.values[key], name, low, high)
        for key, (name, low, high) in _CHARTS.items()
        if overview.values.get(key)
    )
    return f'<h2>All cases</h2><div class="charts">{drawn}</div>' if drawn else ""
