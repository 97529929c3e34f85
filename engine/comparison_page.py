"""Two runs side by side on one page of HTML."""

from __future__ import annotations

import math
from html import escape

from engine.compared import RunComparison
from engine.measures.metrics import agreement
from engine.paper.web import differences, page, table
from engine.tables import RESEARCH_USE

_SHOWN = 20


def to_html(found: RunComparison) -> str:
    """The page; nothing on it is loaded from elsewhere."""
    main = found.main
    verdict = "equivalent" if main.equivalent else "not shown to be equivalent"
    body = [
        "<h1>B − A</h1>",
        f"<p>A: {escape(found.a)}<br>B: {escape(found.b)}</p>",
        f"<p>{found.both} cases in both.{_only('A', found.only_a)}{_only('B', found.only_b)}</p>",
        f"<p>{escape(found.main_name)}: <b>{main.difference:+.4g}</b>, 90 % interval {main.interval.low:+.4g} to "
        f"{main.interval.high:+.4g}, n {main.n}: {verdict} within ±{main.margin:g} (two one-sided t-tests at 5 %).</p>",
        _same(found),
        "<h2>Agreement</h2>" + table(_agreements(found)),
        _plot(found),
        _largest(found),
    ]
    return page(f"{found.a} and {found.b}", "".join(body), RESEARCH_USE)


def _only(name: str, cases: tuple[str, ...]) -> str:
    if not cases:
        return ""
    more = f" and {len(cases) - _SHOWN} more" if len(cases) > _SHOWN else ""
    return f" Only in {name}: {escape(', '.join(cases[:_SHOWN]))}{more}."


def _same(found: RunComparison) -> str:
    said = [f"{escape(change)}: {count} cases." for change, count in found.statuses.items()]
    if found.same_labels is not None:
        said.append(f"{found.same_labels} cases have the very same mask.")
    return f"<p>{' '.join(said)}</p>" if said else ""


def _agreements(found: RunComparison) -> list[list[str]]:
    rows = [["", "bias", "SD", "limits of agreement", "mean absolute", "ICC", "n"]]
    for name, one in found.by_name.items():
        digits = 4 if name.startswith("dice") else 2
        limits = f"{_number(one.low, digits)} to {_number(one.high, digits)}"
        numbers = [*(_number(value, digits) for value in (one.bias, one.sd)), limits, _number(one.mae, digits)]
        rows.append([name, *numbers, _number(one.icc, 3), str(one.n)])
    return rows


def _plot(found: RunComparison) -> str:
    pairs = [pair for pair in found.pairs if math.isfinite(pair.a) and math.isfinite(pair.b)]
    if not pairs:
        return ""
    spread = agreement([pair.b for pair in pairs], [pair.a for pair in pairs])
    drawn = differences(
        [(pair.a + pair.b) / 2 for pair in pairs],
        [pair.b - pair.a for pair in pairs],
        (spread.low, spread.bias, spread.high),
        pairs[0].what,
        [pair.case for pair in pairs],
    )
    return f'<div class="charts">{drawn}</div>'


def _largest(found: RunComparison) -> str:
    if not found.largest:
        return ""
    rows = [["case", "", "A", "B", "B − A"]]
    rows += [[c.case, c.what, f"{c.a:.4g}", f"{c.b:.4g}", f"{c.b - c.a:+.4g}"] for c in found.largest]
    return "<h2>Cases that differ most</h2>" + table(rows)


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"
