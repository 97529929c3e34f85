"""Which precision to take on which class of machine: the post-training types of every network, timed under each.

    python -m benchmarks.devices [--models DIR] [--json FILE] [--quick]

ESPNetv2, QuantLite and U-Net in float32, float16, dynamic-range and full int8, all taking turns in one process for each
instruction set that this processor can be capped to, on one thread; beside them QuantLite as it ships, whose int8 was
tuned after quantizing. Once more with the threads that the viewer uses, which its device check is compared with: the
status is 1 where the two recommend differently by more than noise. Where there is a graphics processor, on it too.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import accelerators, tables
from benchmarks.models import CAPS, FULL, RESULTS, SIZE, measure
from benchmarks.timing import Subject, Task
from engine.files import write_atomically
from engine.network import runtime
from engine.network.bench import WORTHWHILE, Report, Row, bench, best_row, recommend
from engine.network.catalog import Catalog, find_models, packaged_models
from engine.network.model_card import ModelCard

MODELS = ("espnetv2", "quantlite_ptq", "unet", "quantlite")
"""Three networks in each post-training type, and the default model as it ships; other shipped ones come after."""
NETWORK_OF = {"quantlite_ptq": "quantlite"}
"""Model id → id of the network and weights, where that is another."""
MACHINES = {
    "AMX": "Xeon from Sapphire Rapids",
    "AVX-512 VNNI": "AMD Zen 4 and later, Core of generation 11, Xeon from Cascade Lake",
    "AVX-512": "Skylake-X, Xeon before Cascade Lake",
    "AVX2-VNNI": "Core from generation 12",
    "AVX2": "Core of generations 4 to 10, AMD Zen to Zen 3",
}
# Two measurements of one ratio are each taken to be good to what the viewer counts as a difference, at best.
NOISE = WORTHWHILE**2
ROUNDS = 50

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two measurements recommend. what: a model, or "best of all".

    contradiction: how many times the two differ over the ratio of the times of what they recommend; 1 where they agree.
    noise: differences up to this say nothing.
    """

    what: str
    table: str
    viewer: str
    contradiction: float
    noise: float = NOISE

    @property
    def agree(self) -> bool:
        return self.contradiction <= self.noise


def catalog_of(shipped: Catalog, folder: Path) -> Catalog:
    """The models of MODELS and what else ships. Stops the program where one is missing, saying what makes it."""
    cards = {card.id: card for card in find_models([folder]).models if card.id in MODELS}
    cards |= {card.id: card for card in shipped.models}
    if missing := [name for name in MODELS if name not in cards]:
        how = "; ".join(
            f"cinequant-train export {name} && cinequant-train quantize {name} --data PATH/TO/acdc/training && "
            f"cinequant-train evaluate {name} --data PATH/TO/acdc/training"
            for name in missing
        )
        raise SystemExit(f"{folder}: holds no {', '.join(missing)}; make it with: {how}")
    ordered = [*MODELS, *(card.id for card in shipped.models if card.id not in MODELS)]
    return Catalog(tuple(cards[name] for name in ordered), (), shipped.default)


def subjects_of(catalog: Catalog) -> list[Subject]:
    """Every file of every model."""
    return [
        Subject(card.id, precision, str(card.path_for(precision)), card.channels, card=str(card.folder))
        for card in catalog.models
        for precision in card.precisions
    ]


def rows_of(measured: Mapping[str, Any], catalog: Catalog, threads: int) -> list[Row]:
    """What a process measured (timing.measure), as the viewer's device check holds it."""
    found = []
    for row in measured["rows"]:
        card, precision = catalog.get(row["model"]), row["precision"]
        found.append(
            Row(
                model=card.id,
                precision=precision,
                arithmetic="int8" if row["int8_share"] > 0.5 else "float32",
                int8_share=row["int8_share"],
                threads=threads,
                latency_ms=row["median_ms"],
                latency_p95_ms=row["p95_ms"],
                one_thread_ms=row["median_ms"],
                load_ms=None,
                memory_mb=row["working_set_bytes"] / 1e6,
                peak_memory_mb=None,
                size_bytes=card.file_for(precision).size_bytes,
                difference=row["difference"],
                tolerance=row["tolerance"],
                dice_mean=_dice(card, precision),
                size=SIZE,
            )
        )
    return found


def compare(rows: Sequence[Row], rounds: int, report: Report, catalog: Catalog) -> list[Verdict]:
    """Whether the device check recommends what rows of as many threads do, for each of the catalog's models and in all.

    Both go by the same rule (engine.network.bench.best_row, recommend), each on its own times.
    """
    ours = {(row.model, row.precision): row for row in rows}
    theirs = {(row.model, row.precision): row for row in report.rows}

    def verdict(what: str, a: Key | None, b: Key | None) -> Verdict:
        contradiction, noise = 1.0 if a == b else float("inf"), NOISE
        if a != b and a and b and {a, b} <= ours.keys() & theirs.keys():
            contradiction = ours[b].latency_ms / ours[a].latency_ms * theirs[a].latency_ms / theirs[b].latency_ms
            errors = [_error(ours[key], rounds) for key in (a, b)] + [
                _error(theirs[key], report.runs) for key in (a, b)
            ]
            noise *= 1 + 2 * math.hypot(*errors)
        return Verdict(what, " ".join(a) if a else "none", " ".join(b) if b else "none", contradiction, noise)

    found = []
    for card in catalog.models:
        best, theirs_best = best_row([row for row in rows if row.model == card.id]), report.precision_for(card.id)
        found.append(
            verdict(card.id, best and (card.id, best.precision), (card.id, theirs_best) if theirs_best else None)
        )
    shipped = [row for row in rows if row.model in {card.id for card in catalog.models}]
    model, precision, _ = recommend(shipped, catalog)
    found.append(verdict("best of all", (model, precision), (report.recommended_model, report.recommended)))
    return found


def _error(row: Row, runs: int) -> float:
    """Standard error of a row's median as a share of it, assuming normally distributed times: 1.25 σ / √n."""
    sigma = (row.latency_p95_ms - row.latency_ms) / 1.645
    return 1.25 * sigma / row.latency_ms / runs**0.5


def run(
    catalog: Catalog, shipped: Catalog, caps: Sequence[str], *, rounds: int, size: int, batches: Sequence[int]
) -> dict[str, Any]:
    """Everything that is printed, in plain values; "by_cap" has the instruction sets that this processor holds."""
    subjects = tuple(subjects_of(catalog))
    by_cap: dict[str, dict[str, Any]] = {}
    threads = runtime.physical_cores()
    # First the viewer's check, then the measurement it is compared with.
    report = bench(shipped, size=size, runs=rounds)
    wide = measure(Task(subjects, size, rounds, memory=True, threads=threads), FULL)
    for cap in caps:
        start = time.perf_counter()
        task = Task(subjects, size, rounds, isa=CAPS.get(cap, ""), memory=True)
        found = measure(task, cap)
        if found["held"]:
            by_cap[FULL if cap == FULL else CAPS[cap]] = found
        said = f"{cap}: {found['isa']}{'' if found['held'] else ', left out'}, {time.perf_counter() - start:.0f} s\n"
        sys.stderr.write(said)
    gpus = []
    for device in accelerators.present(weights_of):
        least, costs = accelerators.measure(device, subjects, size, rounds, batches)
        gpus.append({"name": device.name, "least_ms": least, "costs": [asdict(cost) for cost in costs]})
    verdicts = compare(rows_of(wide, catalog, threads), rounds, report, shipped)
    return {
        "size": size,
        "rounds": rounds,
        "machine": platform.machine(),
        "by_cap": by_cap,
        "threads": threads,
        "with_threads": wide,
        "gpus": gpus,
        "check": report.to_json(),
        "verdicts": [asdict(v) | {"agree": v.agree} for v in verdicts],
    }


def weights_of(model: str) -> tuple[str, Path]:
    """Name of a model's network and the file of its trained weights. Raises KeyError where there is none."""
    name = NETWORK_OF.get(model, model)
    path = RESULTS / name / "weights.safetensors"
    if not path.exists():
        raise KeyError(model)
    return name, path


def text(found: Mapping[str, Any], catalog: Catalog) -> str:
    """The measurements as Markdown."""
    by_cap, any_ = found["by_cap"], found["with_threads"]
    times = {cap: {**entry, "torch": {}} for cap, entry in by_cap.items()}
    threads = found["threads"]
    if threads > 1:
        times[f"{FULL}, {threads} threads"] = {**any_, "torch": {}}
    parts = [
        f"{any_['device']}, {any_['isa']}, {any_['runtime']}, 1 thread but where a column says otherwise, "
        f"image {found['size']} × {found['size']}, {found['rounds']} interleaved rounds",
        "What each file is. Working set: weights and, at the worst moment, live activations, in 10^6 bytes.",
        files(any_, catalog),
        "Median (95th percentile) in ms. A column is a new process, capped to its instruction set.",
        tables.speed(times),
        "Which to take: the fastest file whose test tensors give there what they gave at export, float32 where none "
        "is clearly faster.",
        advice(by_cap, catalog),
        "Caps stand for the kernels of those machines, not for their clocks and caches.",
        "The published study of the same three types, on classification, beside this one (all instruction sets):",
        beside_published(by_cap, found["machine"], catalog),
    ]
    if not found["gpus"]:
        parts.append("No graphics processor was found: OpenVINO names no GPU, and PyTorch no CUDA device.")
    for gpu in found["gpus"]:
        costs = [accelerators.Cost(**cost) for cost in gpu["costs"]]
        parts.append(accelerators.text(gpu["name"], gpu["least_ms"], costs))
    parts += [
        f"The viewer's device check, {threads} threads, beside this table's rule on the times above with as many:",
        agreement(found["verdicts"]),
    ]
    return "\n\n".join(parts)


def files(measured: Mapping[str, Any], catalog: Catalog) -> str:
    """Size, memory and accuracy of each file."""
    rows = []
    for row in measured["rows"]:
        card, precision = catalog.get(row["model"]), row["precision"]
        # A model may ship without float32; it is then compared with itself.
        base = "float32" if "float32" in card.precisions else precision
        plain = next(r for r in measured["rows"] if (r["model"], r["precision"]) == (card.id, base))
        size, full = (card.file_for(p).size_bytes for p in (precision, base))
        dice, before = _dice(card, precision), _dice(card, "float32")
        rows.append(
            [
                card.id,
                _type(card, precision),
                f"{size / 1000:.0f}",
                f"{full / size:.2f}",
                f"{row['working_set_bytes'] / 1e6:.2f}",
                f"{row['working_set_bytes'] / plain['working_set_bytes']:.2f}",
                f"{dice:.4f}" if dice is not None else "–",
                f"{100 * (dice / before - 1):+.2f} %" if dice is not None and before else "–",
                f"{row['int8_share']:.0%}",
            ]
        )
    head = ["model", "precision", "file kB", "× smaller", "working set", "of float32's", "Dice", "against float32"]
    return tables.table([*head, "int8 work"], rows)


def advice(by_cap: Mapping[str, Mapping[str, Any]], catalog: Catalog) -> str:
    """For each instruction set and model, what to take and what it gains and costs."""
    rows = []
    for cap, measured in by_cap.items():
        every = rows_of(measured, catalog, 1)
        for card in catalog.models:
            of_model = [row for row in every if row.model == card.id]
            best, fastest = best_row(of_model), min(of_model, key=lambda row: row.latency_ms)
            plain = next((row for row in of_model if row.precision == "float32"), fastest)
            machine = MACHINES.get(measured["isa"], measured["isa"]) if cap != FULL else "this one, uncapped"
            if best is None:
                rows.append([cap, machine, card.id, "none is sound", *["–"] * 5])
                continue
            cost = None
            if best.dice_mean is not None and plain.dice_mean:
                cost = 100 * (best.dice_mean / plain.dice_mean - 1)
            rows.append(
                [
                    cap,
                    machine,
                    card.id,
                    _type(card, best.precision),
                    f"{best.latency_ms:.2f}",
                    f"{plain.latency_ms / best.latency_ms:.2f}",
                    f"{fastest.precision} {fastest.latency_ms:.2f}",
                    f"{best.memory_mb / plain.memory_mb:.2f}" if best.memory_mb and plain.memory_mb else "–",
                    f"{cost:+.2f} %" if cost is not None else "–",
                ]
            )
    head = [
        "instruction set",
        "such as",
        "model",
        "take",
        "ms",
        "× as fast as float32",
        "fastest",
        "memory of float32's",
    ]
    return tables.table([*head, "Dice against float32"], rows)


def beside_published(by_cap: Mapping[str, Any], machine: str, catalog: Catalog) -> str:
    """The published classification study of the same three types, and the ranges found here over the same networks."""
    cards = [card for card in catalog.models if card.id in MODELS and len(card.precisions) > 2]
    smaller, dice = [], []
    for card in cards:
        full, before = card.file_for("float32").size_bytes, _dice(card, "float32")
        for precision in set(card.precisions) - {"float32"}:
            smaller.append(full / card.file_for(precision).size_bytes)
            after = _dice(card, precision)
            dice += [100 * (after / before - 1)] if after is not None and before else []
    x86 = machine.lower() in ("x86_64", "amd64")
    rows = [
        ["size, × smaller", "2 to 4", f"{min(smaller):.2f} to {max(smaller):.2f}" if smaller else "–"],
        ["accuracy", "AUC -0.9 to 0.0 %", f"Dice {min(dice):+.2f} to {max(dice):+.2f} %" if dice else "–"],
    ]
    for card in cards:
        changes = []
        for entry in by_cap.values():
            times = {r["precision"]: r["median_ms"] for r in entry["rows"] if r["model"] == card.id}
            if {"int8", "float32"} <= times.keys():
                changes.append(100 * (times["int8"] / times["float32"] - 1))
        here = f"{min(changes):+.0f} to {max(changes):+.0f} %" if changes else "–"
        rows.append([f"int8's time against float32's, x86, {card.id}", "slower", here if x86 else "not measured"])
        rows.append([f"the same, Arm, {card.id}", "up to 57 % faster", "not measured" if x86 else here])
    return tables.table(["", "published", "here"], rows)


def agreement(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """Both recommendations, and whether they differ."""
    rows = []
    for v in verdicts:
        said = "agree" if v["table"] == v["viewer"] else "within noise" if v["agree"] else "DIFFER"
        rows.append([v["what"], v["table"], v["viewer"], said])
    return tables.table(["", "table", "viewer's device check", ""], rows)


def _type(card: ModelCard, precision: str) -> str:
    return f"{precision}, tuned" if card.id == "quantlite" and precision == "int8" else precision


def _dice(card: ModelCard, precision: str) -> float | None:
    return card.metrics.get(precision, {}).get("dice_mean")


def main(argv: Sequence[str] | None = None) -> int:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.devices", description=summary)
    parser.add_argument(
        "--models", type=Path, default=Path("runs/models"), metavar="DIR",
        help="folder of the models that are not shipped, as cinequant-train quantize makes them",
    )  # fmt: skip
    tables.add_output(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured")
    parser.add_argument("--quick", action="store_true", help="few repeats: to see that it runs, not to quote")
    parser.add_argument(
        "--isa", nargs="+", choices=[FULL, *CAPS], default=None, help="instruction sets; all that the processor has"
    )
    arguments = parser.parse_args(argv)
    shipped = find_models([packaged_models()])
    catalog = catalog_of(shipped, arguments.models)
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    caps = arguments.isa or [FULL, *(CAPS if x86 else ())]
    batches = (1, 2) if arguments.quick else accelerators.BATCHES
    found = run(catalog, shipped, caps, rounds=5 if arguments.quick else ROUNDS, size=SIZE, batches=batches)
    if not found["by_cap"]:
        raise SystemExit(f"this processor holds none of {', '.join(caps)}; leave --isa out")
    if arguments.json:
        write_atomically(arguments.json, json.dumps(found, indent=1).encode())
    tables.give(text(found, catalog), arguments.output)
    return 0 if all(v["agree"] for v in found["verdicts"]) else 1


if __name__ == "__main__":
    sys.exit(main())
