"""`cinequant bench`: times every model in every precision on this device."""

from __future__ import annotations

import argparse

from app.cli.terminal import number, print_json, print_text, show_progress, table
from engine.errors import ModelError
from engine.network.catalog import find_models


def run_bench(arguments: argparse.Namespace) -> None:
    from engine.network.bench import bench  # noqa: PLC0415

    catalog = find_models()
    report = bench(catalog, size=arguments.size, runs=arguments.runs, threads=arguments.threads, progress=show_progress)
    if not report.rows:
        raise ModelError("no model could be run: " + "; ".join(reason for _, _, reason in report.failed))
    if arguments.json:
        print_json("bench", report.to_json())
        return
    columns = ["ms per slice", "p95", "1 thread", "int8", "memory MB", "file kB", "Dice", "checked"]
    rows = [["model", "precision", "image", *columns]]
    for row in report.rows:
        checked = "–" if row.difference is None else "yes" if row.verified else f"off by {row.difference:.3g}"
        rows.append(
            [
                row.model,
                row.precision,
                f"{row.size} × {row.size}",
                number(row.latency_ms, 2),
                number(row.latency_p95_ms, 2),
                number(row.one_thread_ms, 2),
                f"{row.int8_share:.0%}",
                number(row.memory_mb, 0),
                number(row.size_bytes / 1e3, 0),
                number(row.dice_mean, 3),
                checked,
            ]
        )
    print_text(
        f"{report.device}, {report.isa}, {report.runtime}, {report.rows[0].threads} threads, "
        f"image {report.size} × {report.size} as each model takes it, median of {report.runs} interleaved runs"
    )
    print_text(table(rows))
    print_text(
        "int8: share of the multiply-adds that int8 kernels executed. memory: growth of a fresh process.\n"
        "checked: the model's test tensors give here what they gave at export."
    )
    for model, precision, reason in report.failed:
        print_text(f"failed: {model} {precision}: {reason}")
    print_text(f"recommended: {report.reason}")
