"""QuantLite at low resolution: learned heads against their baselines, and all against full resolution.

    python -m benchmarks.lowres [--json FILE] [--quick]

Every network gives labels of full resolution for the same 256 × 256 image, one thread; all take turns in one process,
and medians are compared. The files are exported for the occasion from the trained weights in training/results, with
int8 ranges from the phantom, since no time depends on them; Dice is what `cinequant-train evaluate` wrote there. A gain
is paired by patient: the mean over patients of their Dice, and an interval of 95 % that resamples patients. Further
seeds of a configuration are read from training/results/ID_2, ID_3 and so on, and averaged patient by patient.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.models import FULL, RESULTS, SIZE, measure
from benchmarks.tables import add_output, give, table, verdict
from benchmarks.timing import Subject, Task
from engine.files import write_atomically
from engine.network.catalog import find_models

FULL_RESOLUTION = "quantlite"


class Comparison(NamedTuple):
    """A head, what it is compared with, and the least relative gain in Dice; None where none was promised."""

    side: str
    baseline: str
    head: str
    gain: float | None = None


COMPARISONS = (
    Comparison("quarter", "quantlite_quarter_published", "quantlite_quarter_guided", 0.055),
    Comparison("quarter", "quantlite_quarter_logits", "quantlite_quarter_guided", 0.02),
    Comparison("eighth", "quantlite_eighth_published", "quantlite_eighth_guided", 0.055),
    Comparison("eighth", "quantlite_eighth_logits", "quantlite_eighth_guided"),
    Comparison("quarter", "quantlite_quarter_bilinear", "quantlite_quarter"),
    Comparison("half", "quantlite_half_bilinear", "quantlite_half"),
)
"""The first four were trained for 12 epochs from the default's weights, on its data; the others for longer, on ACDC."""
MODELS = tuple(dict.fromkeys(name for one in COMPARISONS for name in (one.baseline, one.head)))
SEEDS = ("", "_2", "_3")
LATENCY = 1.2
"""Most that the head may take of its baseline's time."""
PRECISIONS = ("float32", "int8")


def export(folder: Path) -> list[Subject]:
    """The networks of COMPARISONS as ONNX files in both precisions, and the shipped network at full resolution."""
    # Not at the top: the process that times networks needs no PyTorch.
    from training.config import load_config  # noqa: PLC0415
    from training.networks.table import NETWORKS  # noqa: PLC0415
    from training.steps.export import input_spec, phantom_input, write_onnx  # noqa: PLC0415
    from training.steps.quantize import finish_float32, quantize_int8  # noqa: PLC0415
    from training.steps.train import WEIGHTS, load_weights  # noqa: PLC0415

    card = find_models().get(FULL_RESOLUTION)
    found = [Subject(card.id, p, str(card.path_for(p)), card.channels) for p in PRECISIONS]
    for name in MODELS:
        weights = RESULTS / name / WEIGHTS
        if not weights.exists():
            raise SystemExit(f"{weights}: no trained weights; run `cinequant-train train {name}` first")
        config = load_config(Path(name))
        network = load_weights(NETWORKS[config.network](), weights)
        network.fold()
        x = phantom_input(input_spec(config))
        path = folder / name
        path.mkdir()
        write_onnx(network, x, path / "float32.onnx", dynamic=True)
        quantize_int8(path / "float32.onnx", path / "int8.onnx", [x, np.ascontiguousarray(x[..., ::-1])])
        finish_float32(path / "float32.onnx")
        found += [Subject(name, p, str(path / f"{p}.onnx"), card.channels) for p in PRECISIONS]
    return found


def run(*, quick: bool) -> dict[str, Any]:
    """Everything that is printed, in plain values."""
    with tempfile.TemporaryDirectory() as folder:
        # The quantizer reports its progress on standard output, which belongs to the tables.
        with contextlib.redirect_stdout(sys.stderr):
            subjects = export(Path(folder))
        task = Task(
            tuple(subjects), SIZE, 5 if quick else 200, details=True, runs=5 if quick else 100, gemm_sizes=((256, 4),)
        )
        found = measure(task, FULL)
    return {**{key: found[key] for key in ("device", "isa", "runtime")}, "rounds": task.rounds, "rows": _rows(found)}


def _rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for row in found["rows"]:
        path = RESULTS / row["model"] / "evaluation.json"
        written = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"precisions": {}}
        evaluation = written["precisions"].get(row["precision"])
        graph = row["graph"]
        rows.append(
            {
                **{key: row[key] for key in ("model", "precision", "median_ms", "p95_ms", "int8_share")},
                "parameters": written.get("parameters"),
                "dice": evaluation and evaluation["dice_mean"],
                "patients": _patients(row["model"], row["precision"]),
                "multiply_adds": sum(graph["multiply_adds"].values()),
                "weights_bytes": graph["weights_bytes"],
                "activations_bytes": graph["activations_bytes"],
            }
        )
    return rows


def _patients(model: str, precision: str) -> list[dict[str, float]]:
    """Dice by patient, the mean of its volumes and structures, of every seed that was evaluated."""
    found = []
    for seed in SEEDS:
        path = RESULTS / f"{model}{seed}" / "evaluation.json"
        if not path.exists():
            continue
        evaluation = json.loads(path.read_text(encoding="utf-8"))["precisions"].get(precision, {"cases": []})
        volumes: dict[str, list[float]] = {}
        for case in evaluation["cases"]:
            scores = [score["dice"] for score in case["scores"].values() if score["dice"] is not None]
            volumes.setdefault(case["patient"], []).append(float(np.mean(scores)))
        if volumes:
            found.append({patient: float(np.mean(values)) for patient, values in volumes.items()})
    return found


def paired_gain(
    before: Sequence[dict[str, float]], after: Sequence[dict[str, float]], *, draws: int = 2000
) -> tuple[float, float, float] | None:
    """Relative gain of the mean Dice and its interval of 95 %, over patients that both have; None without any.

    before, after: Dice by patient, one mapping per seed.
    """
    if not before or not after:
        return None
    patients = sorted(set.intersection(*(set(seed) for seed in (*before, *after))))
    if not patients:
        return None
    old, new = (
        np.array([np.mean([seed[patient] for seed in seeds]) for patient in patients]) for seeds in (before, after)
    )
    chosen = np.random.default_rng(0).integers(0, len(patients), (draws, len(patients)))
    gains = new[chosen].mean(1) / old[chosen].mean(1) - 1
    low, high = np.percentile(gains, (2.5, 97.5))
    return float(new.mean() / old.mean() - 1), float(low), float(high)


def text(found: dict[str, Any]) -> str:
    """The measurements as two Markdown tables: every network against full resolution, and the heads' targets."""
    at = {(row["model"], row["precision"]): row for row in found["rows"]}
    names = {FULL_RESOLUTION: ("full", "–")}
    for one in COMPARISONS:
        names |= {name: (one.side, _end(name)) for name in (one.baseline, one.head)}
    rows = []
    for (model, precision), row in at.items():
        whole = at[FULL_RESOLUTION, precision]
        used, used_by_whole = (r["weights_bytes"] + r["activations_bytes"] for r in (row, whole))
        rows.append(
            [
                *names[model],
                precision,
                f"{row['parameters']:,}" if row["parameters"] else "–",
                _dice(row),
                f"{row['median_ms']:.2f} ({row['p95_ms']:.2f})",
                f"{row['median_ms'] / whole['median_ms']:.2f}",
                f"{row['multiply_adds'] / 1e6:.0f}",
                f"{row['weights_bytes'] / 1e6:.2f}",
                f"{row['activations_bytes'] / 1e6:.2f}",
                f"{used / used_by_whole:.2f}",
            ]
        )
    head = ["input", "resizing", "precision", "parameters", "Dice mean", "ms (95 %)", "of full"]
    head += ["10^6 multiply-adds", "weights MB", "activations MB", "working set of full"]
    parts = [
        f"{found['device']}, {found['isa']}, {found['runtime']}, 1 thread, image {SIZE} × {SIZE}, "
        f"{found['rounds']} interleaved rounds",
        table(head, rows),
        _targets(at),
    ]
    return "\n\n".join(parts)


def _targets(at: dict[tuple[str, str], dict[str, Any]]) -> str:
    rows = []
    for one in COMPARISONS:
        for precision in PRECISIONS:
            before, after = at[one.baseline, precision], at[one.head, precision]
            gain = paired_gain(before["patients"], after["patients"])
            said = "–" if gain is None or one.gain is None else f"≥ {one.gain:+.1%}: "
            if gain is not None and one.gain is not None:
                said += "met" if gain[0] >= one.gain else "missed"
            time = after["median_ms"] / before["median_ms"]
            extra = after["parameters"] - before["parameters"] if after["parameters"] and before["parameters"] else "–"
            shown = "–" if gain is None else f"{gain[0]:+.1%} ({gain[1]:+.1%} to {gain[2]:+.1%})"
            ends = f"{_end(one.head)} against {_end(one.baseline)}"
            seeds = f"{len(after['patients'])}, {len(before['patients'])}"
            rows.append([one.side, ends, precision, extra, seeds, shown, said, f"{time:.2f}", verdict(time, LATENCY)])
    head = ["input", "head against baseline", "precision", "parameters of the head", "seeds", "Dice, paired by patient"]
    return table([*head, "target", "time, of the baseline's", "target"], rows)


def _end(name: str) -> str:
    """How a network comes from coarse logits to fine ones, by its name."""
    last = name.rsplit("_", 1)[-1]
    return {
        "published": "labels repeated",
        "logits": "bilinear logits",
        "bilinear": "bilinear logits",
        "guided": "guided head",
    }.get(last, "linear head")


def _dice(row: dict[str, Any]) -> str:
    return f"{row['dice']:.4f}" if row["dice"] else "–"


def main(argv: Sequence[str] | None = None) -> int:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lowres", description=summary)
    add_output(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured")
    parser.add_argument("--quick", action="store_true", help="few repeats: to see that it runs, not to quote")
    arguments = parser.parse_args(argv)
    found = run(quick=arguments.quick)
    if arguments.json:
        write_atomically(arguments.json, json.dumps(found, indent=1).encode())
    give(text(found), arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
