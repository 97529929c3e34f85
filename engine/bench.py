"""What each model costs on this device, in each of its precisions, and which one to use."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.catalog import Catalog, default_precision
from engine.errors import ModelError
from engine.model_card import ModelCard, load_card
from engine.predict import peak_rss_mb, rss_mb
from engine.progress import CancelToken, Progress, no_progress

# A precision has to be this much faster than float32 to be worth its rounding.
WORTHWHILE = 1.05
BF16 = "bfloat16"
"""What float layers compute in when they are let; a way to run the float32 file, not a file of its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model in one precision on this device.

    arithmetic: "int8", "float32" or "bfloat16": what most of the multiply-adds were executed in, by the kernels' names.
    latency_ms: median of one slice at a time on `threads` threads; one_thread_ms: the same on one thread.
    memory_mb: growth of the resident set of a fresh process by loading and running the network; peak_memory_mb: at
        most meanwhile. Both in 10^6 bytes, with the runtime's own libraries. None where it was not measured.
    difference, tolerance: of the test tensors (see runtime.verify); None for bfloat16, which has no recorded result.
    """

    model: str
    precision: str
    arithmetic: str
    int8_share: float
    threads: int
    latency_ms: float
    latency_p95_ms: float
    one_thread_ms: float
    load_ms: float | None
    memory_mb: float | None
    peak_memory_mb: float | None
    size_bytes: int
    difference: float | None
    tolerance: float | None
    dice_mean: float | None

    @property
    def verified(self) -> bool:
        """Whether the network computes here what it computed where it was exported."""
        return self.difference is not None and self.tolerance is not None and self.difference <= self.tolerance


@dataclass(frozen=True, slots=True)
class Report:
    """rows: the default model first. recommended: precision of the default model; reason: in words.

    failed: (model, precision, why) of what could not be run.
    """

    device: str
    isa: str
    runtime: str
    size: int
    runs: int
    rows: tuple[Row, ...]
    failed: tuple[tuple[str, str, str], ...]
    recommended: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Plain values, with each row's `verified` and `recommended`."""
        data = asdict(self)
        default = self.rows[0].model if self.rows else ""
        for entry, row in zip(data["rows"], self.rows, strict=True):
            entry["verified"] = row.verified
            entry["recommended"] = row.model == default and row.precision == self.recommended
        data["failed"] = [dict(zip(("model", "precision", "reason"), item, strict=True)) for item in self.failed]
        return data


def bench(
    catalog: Catalog,
    *,
    size: int = 256,
    runs: int = 40,
    threads: int | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Report:
    """Time every installed model in every precision on images of size × size.

    The runs of all networks are interleaved, so that a change in the machine's load meets all of them alike, and the
    medians are compared. Where the processor computes in bfloat16 the float32 file is also timed so.
    Raises ModelError where no model is installed, Cancelled.
    """
    from engine import runtime  # noqa: PLC0415 - loads OpenVINO, see engine.predict

    cancel = cancel or CancelToken()
    catalog.get()
    entries = [(card, precision) for card in catalog.models for precision in card.precisions]
    if runtime.has_bf16():
        entries += [(card, BF16) for card in catalog.models if "float32" in card.precisions]
    entries.sort(key=lambda entry: [card.id for card in catalog.models].index(entry[0].id))
    shape = (size, size)
    steps = len(entries) + runs
    ready: list[tuple[ModelCard, str, Any, Any, dict[str, float], tuple[float, float] | None]] = []
    failed: list[tuple[str, str, str]] = []
    for done, (card, precision) in enumerate(entries):
        cancel.check()
        progress(done, steps, "Loading")
        bf16 = precision == BF16
        file = "float32" if bf16 else precision
        try:
            # Before anything is loaded here, so that a file that crashes does it in the child.
            memory = _memory_in_child(card, file, shape, bf16=bf16)
            network = runtime.load_network(card, file, threads=threads, input_shape=shape, bf16=bf16)
            single = runtime.load_network(card, file, threads=1, input_shape=shape, bf16=bf16)
            check = None if bf16 else runtime.verify(card, file, threads=threads)
        except ModelError as error:
            failed.append((card.id, precision, str(error)))
            continue
        ready.append((card, precision, network, single, memory, check))

    x = np.random.default_rng(0).standard_normal((1, 1, *shape)).astype(np.float32)
    times = np.zeros((len(ready), 2, runs))
    for run in range(runs):
        cancel.check()
        progress(len(entries) + run, steps, "Timing")
        for row, (_, _, network, single, _, _) in enumerate(ready):
            for column, which in enumerate((network, single)):
                start = time.perf_counter()
                which.infer(x)
                times[row, column, run] = (time.perf_counter() - start) * 1e3
    progress(steps, steps, "Timing")

    rows = tuple(
        Row(
            model=card.id,
            precision=precision,
            arithmetic="int8" if network.int8_share > 0.5 else (BF16 if precision == BF16 else "float32"),
            int8_share=network.int8_share,
            threads=network.threads,
            latency_ms=float(np.median(times[i, 0])),
            latency_p95_ms=float(np.percentile(times[i, 0], 95)),
            one_thread_ms=float(np.median(times[i, 1])),
            load_ms=memory.get("load_ms"),
            memory_mb=memory.get("memory_mb"),
            peak_memory_mb=memory.get("peak_memory_mb"),
            size_bytes=network.size_bytes,
            difference=check[0] if check else None,
            tolerance=check[1] if check else None,
            dice_mean=card.metrics.get(precision, {}).get("dice_mean"),
        )
        for i, (card, precision, network, _, memory, check) in enumerate(ready)
    )
    recommended, reason = recommend([row for row in rows if row.model == catalog.default], catalog.get())
    return Report(
        device=runtime.device_name(),
        isa=ready[0][2].isa if ready else "",
        runtime=runtime.runtime_name(),
        size=size,
        runs=runs,
        rows=rows,
        failed=tuple(failed),
        recommended=recommended,
        reason=reason,
    )


def recommend(rows: Sequence[Row], card: ModelCard) -> tuple[str, str]:
    """(precision, reason in words) for the rows of one model.

    The fastest precision that computes here what it should; float32 where nothing is clearly faster.
    """
    sound = [row for row in rows if row.verified]
    if not sound:
        precision = default_precision(card)
        return precision, f"{precision}, by default: no precision could be checked on this device."
    fastest = min(sound, key=lambda row: row.latency_ms)
    plain = next((row for row in sound if row.precision == "float32"), None)
    if plain is None or fastest is plain:
        return fastest.precision, f"{fastest.precision}: {fastest.latency_ms:.1f} ms a slice, the fastest here."
    gain = plain.latency_ms / fastest.latency_ms
    if gain < WORTHWHILE:
        return plain.precision, f"float32: {plain.latency_ms:.1f} ms a slice, and nothing is clearly faster here."
    words = f"{fastest.precision}: {fastest.latency_ms:.1f} ms a slice, {gain:.1f} times as fast as float32"
    if fastest.dice_mean is not None and plain.dice_mean is not None:
        words += f", at a mean Dice of {fastest.dice_mean:.3f} against {plain.dice_mean:.3f}"
    return fastest.precision, words + "."


def _memory_in_child(card: ModelCard, precision: str, shape: tuple[int, int], *, bf16: bool) -> dict[str, float]:
    """Memory and loading time of a network in a process that did nothing before. Raises ModelError."""
    from engine import runtime  # noqa: PLC0415

    arguments = [str(card.folder.resolve()), precision, str(shape[0]), str(shape[1]), str(int(bf16))]
    try:
        done = runtime.run_module("engine.bench", arguments)
    except runtime.ChildTimeout as error:
        raise ModelError(f"{card.path_for(precision)}: did not run within a trial process's time; remove it") from error
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode == 1 and said:
        raise ModelError(said[-1])
    if done.returncode != 0:
        raise ModelError(f"{card.path_for(precision)}: crashes the runtime (status {done.returncode}); export it again")
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def _measure(arguments: Sequence[str]) -> int:
    """What the child process does: load, run three times, print what that cost."""
    folder, precision, height, width, bf16 = arguments
    # NumPy is in both figures, the runtime and the network only in the second.
    before = rss_mb()
    try:
        from engine import runtime  # noqa: PLC0415

        card = load_card(Path(folder))
        shape = (int(height), int(width))
        network = runtime.load_network(card, precision, input_shape=shape, bf16=bool(int(bf16)))
        for _ in range(3):
            network.infer(np.zeros((1, 1, *shape), dtype=np.float32))
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    result = {"load_ms": network.load_ms, "memory_mb": rss_mb() - before, "peak_memory_mb": peak_rss_mb() - before}
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(_measure(sys.argv[1:]))
