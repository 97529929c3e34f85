"""Pages of HTML with charts in SVG: whole in themselves, nothing is loaded from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

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
.charts { display: flex; flex-wrap: wrap; gap: 2rem; } figure { margin: 0; max-width: 340px; }
figcaption { color: var(--faint); }
svg rect { fill: var(--bar); } svg text { fill: var(--faint); font: 11px system-ui, sans-serif; }
svg line, svg path { stroke: var(--faint); fill: none; } svg circle { fill: var(--bar); fill-opacity: .7; }
"""


def page(title: str, body: str, foot: str) -> str:
    """A whole page around its body, which is HTML."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>"
        f'<body>{body}<p class="faint">{escape(foot)}.</p></body></html>\n'
    )


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


def differences(
    means: Sequence[float], gaps: Sequence[float], limits: tuple[float, float, float], name: str, names: Sequence[str]
) -> str:
    """A Bland-Altman plot as a figure in SVG. gaps: over the means. limits: lower limit of agreement, bias, upper one.

    names: of the points, for a pointer that rests on one.
    """
    width, height, room = 340.0, 220.0, 16.0
    there = [(m, g, n) for m, g, n in zip(means, gaps, names, strict=True) if math.isfinite(m) and math.isfinite(g)]
    if not there:
        return ""
    xs, ys = np.array([m for m, _, _ in there]), np.array([g for _, g, _ in there])
    lines = [value for value in limits if math.isfinite(value)]
    left, right = float(xs.min()), float(xs.max())
    low, high = min(ys.min(), 0.0, *lines), max(ys.max(), 0.0, *lines)
    across, up = max(right - left, 1e-9), max(float(high - low), 1e-9)

    def at(x: float, y: float) -> tuple[float, float]:
        place = room + (x - left) / across * (width - 2 * room), room + (high - y) / up * (height - 2 * room)
        return float(place[0]), float(place[1])

    drawn = []
    for value, dash in [(0.0, ""), *((line, "4 3") for line in lines)]:
        y = at(left, value)[1]
        drawn.append(f'<line x1="0" x2="{width:.0f}" y1="{y:.1f}" y2="{y:.1f}" stroke-dasharray="{dash}"/>')
        if dash:
            drawn.append(f'<text x="{width:.0f}" y="{y - 3:.1f}" text-anchor="end">{value:+.1f}</text>')
    for mean, gap, who in there:
        x, y = at(mean, gap)
        drawn.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(who)}: {gap:+.1f} at {mean:.1f}</title></circle>'
        )
    return (
        f'<figure><svg width="{width:.0f}" height="{height + 16:.0f}" role="img" aria-label="{escape(name)}">'
        f'{"".join(drawn)}<text x="0" y="{height + 13:.0f}">{left:.0f}</text>'
        f'<text x="{width:.0f}" y="{height + 13:.0f}" text-anchor="end">{right:.0f}</text></svg>'
        f"<figcaption>{escape(name)}: difference over the mean, bias and limits of agreement</figcaption></figure>"
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows, the first of them the heads; all cells but the first of a row are numbers."""

    def line(cells: Sequence[str], tag: str) -> str:
        made = [f"<{tag}{' class=number' if at else ''}>{escape(cell)}</{tag}>" for at, cell in enumerate(cells)]
        return f"<tr>{''.join(made)}</tr>"

    return f"<table>{line(rows[0], 'th')}{''.join(line(row, 'td') for row in rows[1:])}</table>"
