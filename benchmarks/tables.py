"""Measurements as Markdown tables, and whether they reach their targets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.files import write_atomically

INT8_TO_FLOAT = {"full": 0.50, "AMX": 0.50, "AVX-512 VNNI": 0.50, "AVX2-VNNI": 0.50, "AVX2": 0.65}
"""Most that int8 may take of the same graph's float32 time, by the cap on the instruction set."""
TO_TORCH = {"int8": 1 / 15, "float32": 0.25}
"""Most that a precision may take of a network's time in PyTorch."""
PUBLISHED_RUNTIME = ("espnetv2", "float32")
"""The published network on the runtime that ours uses; our int8 is to be no slower under any instruction set."""
INT8_SHARE = 0.95
INT8_TO_FLOAT_MEMORY = 0.35

Cells = Sequence[object]


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add -o: the file that `give` writes to."""
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the text there instead of printing it")


def give(text: str, output: Path | None) -> None:
    """Print a text, or write it to a file."""
    if output:
        write_atomically(output, (text + "\n").encode())
    else:
        sys.stdout.write(text + "\n")


def table(head: Sequence[str], rows: Sequence[Cells]) -> str:
    """A Markdown table, padded so that it reads well unrendered; all columns but the first to the right."""
    texts = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(3, *(len(row[i]) for row in texts)) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([line(texts[0]), line(rule), *(line(row) for row in texts[1:])])


def verdict(value: float, limit: float | None, *, least: bool = False) -> str:
    """A value's target and whether it is met; "–" without one. least: the target is a lower bound."""
    if limit is None:
        return "–"
    met = value >= limit if least else value <= limit
    return f"{'≥' if least else '≤'} {limit:.2f}: {'met' if met else 'missed'}"


def speed(by_cap: Mapping[str, Mapping[str, Any]]) -> str:
    """Median and 95th percentile of every network, a column for every instruction set. by_cap: cap → timing.measure."""
    keys = list(dict.fromkeys((r["model"], r["precision"]) for found in by_cap.values() for r in found["rows"]))
    at = {(cap, r["model"], r["precision"]): r for cap, found in by_cap.items() for r in found["rows"]}
    rows = []
    for model, precision in keys:
        cells = [at.get((cap, model, precision)) for cap in by_cap]
        rows.append([model, precision, *(_ms(cell) if cell else "–" for cell in cells)])
    torch_names = list(dict.fromkeys(name for found in by_cap.values() for name in found["torch"]))
    for name in torch_names:
        cells = [found["torch"].get(name) for found in by_cap.values()]
        rows.append([f"{name} in PyTorch eager", "float32", *(_ms(cell) if cell else "–" for cell in cells)])
    return table(["model", "precision", *by_cap], rows)


def ratios(by_cap: Mapping[str, Mapping[str, Any]], default: str) -> str:
    """Every precision's time as a share of the same model's float32, under every instruction set.

    default: the model that the targets are for.
    """
    rows = []
    for cap, found in by_cap.items():
        times = {(row["model"], row["precision"]): row["median_ms"] for row in found["rows"]}
        for (model, precision), ms in times.items():
            if precision == "float32" or (model, "float32") not in times:
                continue
            ratio = ms / times[model, "float32"]
            limit = INT8_TO_FLOAT.get(cap) if model == default and precision == "int8" else None
            rows.append([model, precision, cap, f"{ratio:.2f}", verdict(ratio, limit)])
    rows.sort(key=lambda row: (row[0] != default, row[0], row[1] != "int8", row[1]))
    return table(["model", "precision", "instruction set", "of its float32", "target"], rows)


def against_torch(full: Mapping[str, Any], default: str) -> str:
    """The default model's times as shares of the published networks' in PyTorch."""
    rows = []
    for name, torch in full["torch"].items():
        for row in full["rows"]:
            if row["model"] == default:
                ratio = row["median_ms"] / torch["median_ms"]
                limit = TO_TORCH.get(row["precision"])
                rows.append([default, row["precision"], name, f"{ratio:.3f}", verdict(ratio, limit)])
    return table(["model", "precision", "PyTorch eager float32 of", "share of its time", "target"], rows)


def against_published(by_cap: Mapping[str, Mapping[str, Any]], default: str) -> str:
    """The default model's int8 time as a share of PUBLISHED_RUNTIME's, under every instruction set; "" without both."""
    rows = []
    for cap, found in by_cap.items():
        times = {(row["model"], row["precision"]): row["median_ms"] for row in found["rows"]}
        if (default, "int8") in times and PUBLISHED_RUNTIME in times:
            ratio = times[default, "int8"] / times[PUBLISHED_RUNTIME]
            rows.append([default, "int8", cap, f"{ratio:.2f}", verdict(ratio, 1.0)])
    return table(["model", "precision", "instruction set", "of espnetv2 float32", "target"], rows) if rows else ""


def shares(full: Mapping[str, Any], default: str) -> str:
    """The share of the multiply-adds that int8 kernels execute."""
    rows = [
        [
            row["model"],
            f"{row['int8_share']:.1%}",
            verdict(row["int8_share"], INT8_SHARE if row["model"] == default else None, least=True),
        ]
        for row in full["rows"]
        if row["precision"] == "int8"
    ]
    return table(["model, int8", "multiply-adds by int8 kernels", "target"], rows)


def memory(full: Mapping[str, Any], grown: Mapping[tuple[str, str], Mapping[str, float]], default: str) -> str:
    """Computed working set (10^6 bytes), int8's as a share of float32's, and measured growth of resident memory."""
    total = {(r["model"], r["precision"]): _working_set(r) for r in full["rows"]}
    rows = []
    for row in full["rows"]:
        key = row["model"], row["precision"]
        plain = total.get((row["model"], "float32"))
        ratio = total[key] / plain if plain else float("nan")
        limit = INT8_TO_FLOAT_MEMORY if key == (default, "int8") else None
        graph, growth = row["graph"], grown.get(key)
        rows.append(
            [
                *key,
                f"{graph['weights_bytes'] / 1e6:.2f}",
                f"{graph['activations_bytes'] / 1e6:.2f}",
                f"{total[key] / 1e6:.2f}",
                f"{ratio:.2f}" if plain else "–",
                verdict(ratio, limit),
                *(f"{growth[name]:.0f}" if growth else "–" for name in ("runtime_mb", "load_mb", "run_mb")),
            ]
        )
    head = ["model", "precision", "weights", "activations", "working set", "of float32", "target"]
    return table([*head, "RSS: runtime", "+ loading", "+ running"], rows)


def limits(full: Mapping[str, Any]) -> str:
    """Every network's operations, what it achieves, and what it would take at this machine's peak."""
    peak = {entry["arithmetic"]: entry["gops"] for entry in full["peaks"]}
    rows = []
    for row in full["rows"]:
        macs = row["graph"]["multiply_adds"]
        operations = 2 * sum(macs.values())
        ideal = ideal_ms(macs, peak)
        achieved = operations / row["median_ms"] / 1e6
        share = f"{ideal / row['median_ms']:.0%}" if ideal else "–"
        rows.append(
            [
                row["model"],
                row["precision"],
                f"{operations / 1e9:.2f}",
                f"{row['median_ms']:.2f}",
                f"{achieved:.0f}",
                f"{ideal:.2f}" if ideal else "–",
                share,
            ]
        )
    return table(["model", "precision", "10^9 operations", "ms", "10^9 per s", "ms at peak", "of peak"], rows)


def ideal_ms(multiply_adds: Mapping[str, int], peak: Mapping[str, float]) -> float | None:
    """Milliseconds for the multiply-adds, each arithmetic's at its own peak (10^9 operations a second, two each).

    None if a peak is not known.
    """
    if not multiply_adds or any(name not in peak for name in multiply_adds):
        return None
    return sum(2 * macs / peak[name] / 1e6 for name, macs in multiply_adds.items())


def profile(row: Mapping[str, Any]) -> str:
    """Where a network's time goes: by kernel, and its slowest nodes."""
    graph = row["graph"]
    total = graph["nodes_ms"]

    def share(ms: float) -> str:
        return f"{ms / total:.0%}" if total else "–"

    kernels = [[k["layer"], k["kernel"], k["nodes"], f"{k['ms']:.3f}", share(k["ms"])] for k in graph["by_kernel"]]
    nodes = [[n["name"], n["layer"], n["kernel"], f"{n['ms']:.3f}", share(n["ms"])] for n in graph["slowest"]]
    return "\n\n".join(
        [
            f"{row['model']} in {row['precision']}: {graph['nodes']} nodes are executed, {total:.2f} ms by "
            f"their counters; {row['median_ms']:.2f} ms a run without counting (median).",
            table(["layer", "kernel", "nodes", "ms", "share"], kernels),
            table(["slowest nodes", "layer", "kernel", "ms", "share"], nodes),
        ]
    )


def _working_set(row: Mapping[str, Any]) -> int:
    return int(row["graph"]["weights_bytes"] + row["graph"]["activations_bytes"])


def _ms(summary: Mapping[str, float]) -> str:
    return f"{summary['median_ms']:.2f} ({summary['p95_ms']:.2f})"
