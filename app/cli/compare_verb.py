"""`cinequant compare`: two runs of `evaluate` or `batch`, B − A."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from app.cli.inputs import check_parent
from app.cli.terminal import number, print_json, print_text, table
from engine.files import write_atomically

if TYPE_CHECKING:
    from engine.compared import RunComparison

_SHOWN = 5


def run_compare(arguments: argparse.Namespace) -> None:
    from engine.compared import compare  # noqa: PLC0415 - brings the readers of every format

    if arguments.html is not None:
        check_parent(arguments.html)
    found = compare(arguments.one, arguments.other, arguments.margin)
    if arguments.html is not None:
        from engine.comparison_page import to_html  # noqa: PLC0415

        write_atomically(arguments.html, to_html(found).encode())
    if arguments.json:
        # Of a large cohort they would be many; they are in the runs themselves.
        print_json("compare", {name: value for name, value in asdict(found).items() if name != "pairs"})
    else:
        print_text(_text(found))


def _text(found: RunComparison) -> str:
    lines = [f"A: {found.a}", f"B: {found.b}", f"{found.both} cases in both"]
    for name, only in (("A", found.only_a), ("B", found.only_b)):
        if only:
            more = f" and {len(only) - _SHOWN} more" if len(only) > _SHOWN else ""
            lines.append(f"only in {name}: {', '.join(only[:_SHOWN])}{more}")
    lines += [f"{change}: {count} cases" for change, count in found.statuses.items()]
    if found.same_labels is not None:
        lines.append(f"{found.same_labels} cases have the very same mask")
    main = found.main
    lines.append(
        f"B − A, {found.main_name}: {main.difference:+.4g}, 90 % interval {main.interval.low:+.4g} to "
        f"{main.interval.high:+.4g}, n {main.n}: {'equivalent' if main.equivalent else 'not shown to be equivalent'} "
        f"within ±{main.margin:g} (two one-sided t-tests at 5 %)"
    )
    rows = [["B − A", "bias", "SD", "limits of agreement", "mean absolute", "ICC", "n"]]
    for name, one in found.by_name.items():
        digits = 4 if name.startswith("dice") else 2
        limits = f"{number(one.low, digits)} to {number(one.high, digits)}"
        numbers = [
            number(one.bias, digits),
            number(one.sd, digits),
            limits,
            number(one.mae, digits),
            number(one.icc, 3),
        ]
        rows.append([name, *numbers, str(one.n)])
    lines.append(table(rows))
    lines += [f"largest: {c.case}: {c.what} {c.a:.4g} → {c.b:.4g}" for c in found.largest[:_SHOWN]]
    return "\n".join(lines)
