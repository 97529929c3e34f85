"""A batch on one page of HTML: what failed, and the flagged cases with their pictures, the weightiest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import numpy as np

from engine.batch.rows import DONE, FAILED, REFUSED, Row
from engine.tables import RESEARCH_USE

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --faint: #667085; --line: #d7dbe2; --paper: #fff; --bar: #3b7dd8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --faint: #98a2b3; --line: #333a47; --paper: #14181f; --bar: #6aa2ec; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p, li, td { overflow-wrap: anywhere; } .faint { color: var(--faint); }
.counts { display: flex; flex-wrap: wrap; gap: 2rem; margin: 1rem 0; }
.counts b { display: block; font-size: 1.6rem; line-height: 1.2; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td, th { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
article { display: grid; grid-template-columns: minmax(0, 720px) minmax(0, 1fr); gap: 1rem; padding: 1rem 0;
  border-bottom: 1px solid var(--line); }
article img { width: 100%; aspect-ratio: 3; background: #000; border-radius: 4px; }
article h3 { font-size: 1rem; margin: 0 0 .3rem; overflow-wrap: anywhere; } article p { margin: .2rem 0; }
article ul { margin: .3rem 0; padding-left: 1.1rem; font-size: 14px; }
@media (max-width: 800px) { article { grid-template-columns: 1fr; } }
.charts { display: flex; flex-wrap: wrap; gap: 2rem; } figure { margin: 0; } figcaption { color: var(--faint); }
svg rect { fill: var(--bar); } svg text { fill: var(--faint); font: 11px system-ui, sans-serif; }
svg line, svg path { stroke: var(--faint); fill: none; } svg circle { fill: var(--bar); fill-opacity: .7; }
"""
"""Of every page that the engine writes; nothing is loaded from elsewhere."""

_CHARTS = {
    "lv_ef_percent": ("LV ejection fraction, %", 0.0, 100.0),
    "rv_ef_percent": ("RV ejection fraction, %", 0.0, 100.0),
    "lv_edv_ml": ("LV end-diastolic volume, mL", 0.0, 400.0),
}
_REASONS = 4


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
    return page(f"Batch of {PurePosixPath(settings['input']).name}", "".join(body))


def page(title: str, body: str) -> str:
    """A whole page around its body, which is HTML."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>"
        f'<body>{body}<p class="faint">{RESEARCH_USE}.</p></body></html>\n'
    )


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


def histogram(values: Sequence[float], name: str, low: float, high: float, *, bins: int = 25) -> str:
    """Counts of values as a figure in SVG; what lies beyond the ends is in the last bars."""
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    width, height = 340.0, 110.0
    step, top = width / bins, max(int(counts.max()), 1)
    bars = "".join(
        f'<rect x="{i * step + 0.5:.1f}" y="{height - n / top * height:.1f}" width="{step - 1:.1f}" '
        f'height="{n / top * height:.1f}"><title>{edges[i]:g} to {edges[i + 1]:g}: {n}</title></rect>'
        for i, n in enumerate(counts)
    )
    return (
        f'<figure><svg width="{width:.0f}" height="{height + 16:.0f}" role="img" aria-label="{escape(name)}">{bars}'
        f'<text x="0" y="{height + 13:.0f}">{low:g}</text>'
        f'<text x="{width:.0f}" y="{height + 13:.0f}" text-anchor="end">{high:g}</text></svg>'
        f"<figcaption>{escape(name)}: {len(values)} cases, median {np.median(values):.0f}</figcaption></figure>"
    )
