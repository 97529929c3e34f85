"""What each model costs on this device, in each of its precisions, and which one to use."""

from __future__ import annotations

import hashlib
import json
import math
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any

import numpy as np
import psutil

from engine.children import ChildTimeout, run_module, start_module
from engine.errors import ModelError
from engine.network.catalog import Catalog, default_precision, find_models
from engine.network.model_card import ModelCard, load_card
from engine.network.predict import peak_rss_mb, rss_mb
from engine.progress import CancelToken, Progress, no_progress

# A precision has to be this much faster than float32 to be worth its rounding, a model than the default to replace it.
WORTHWHILE = 1.05
# Mean Dice that a faster model may be worse by and still count as equally accurate.
SAME_DICE = 0.005
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
    size: height and width of the network's input, in pixels.
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
    size: int

    @property
    def verified(self) -> bool:
        """Whether the network computes here what it computed where it was exported."""
        return self.difference is not None and self.tolerance is not None and self.difference <= self.tolerance


@dataclass(frozen=True, slots=True)
class Report:
    """rows: the default model first. failed: (model, precision, why) of what could not be run.

    size: height and width of the image in pixels; a row's own size is what its network makes of it.
    key: of what was measured on what, see device_key. recommended_model, recommended: model id and precision to use
    here, with the reason in words.
    """

    key: str
    device: str
    isa: str
    runtime: str
    size: int
    runs: int
    rows: tuple[Row, ...]
    failed: tuple[tuple[str, str, str], ...]
    recommended_model: str
    recommended: str
    reason: str

    def precision_for(self, model_id: str) -> str | None:
        """The precision to use a model in here, None where none of it was found sound."""
        row = best_row([row for row in self.rows if row.model == model_id])
        return row.precision if row else None

    def to_json(self) -> dict[str, Any]:
        """Plain values, with each row's `verified` and `recommended`."""
        data = asdict(self)
        for entry, row in zip(data["rows"], self.rows, strict=True):
            entry["verified"] = row.verified
            entry["recommended"] = (row.model, row.precision) == (self.recommended_model, self.recommended)
        data["failed"] = [dict(zip(("model", "precision", "reason"), item, strict=True)) for item in self.failed]
        return data


def report_from_json(data: Any) -> Report | None:
    """The inverse of Report.to_json; None for anything else, such as what another version wrote."""
    try:
        rows = tuple(Row(**{f.name: entry[f.name] for f in fields(Row)}) for entry in data["rows"])
        failed = tuple((item["model"], item["precision"], item["reason"]) for item in data["failed"])
        known = {f.name: data[f.name] for f in fields(Report)}
    except (KeyError, TypeError):
        return None
    report = Report(**{**known, "rows": rows, "failed": failed})
    words = (word for item in failed for word in item)
    sound = _is_sound(report) and all(map(_is_sound, rows)) and all(isinstance(word, str) for word in words)
    return report if sound else None


# What a stored report may hold, by the annotations of its fields; lists are checked one by one.
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "float | None": (int, float, type(None)),
}


def _is_sound(entry: Report | Row) -> bool:
    """Whether the fields are of the types that they are declared with: settings can be damaged or edited by hand."""
    return all(isinstance(getattr(entry, f.name), _KINDS[str(f.type)]) for f in fields(entry) if str(f.type) in _KINDS)


def device_key(catalog: Catalog, *, threads: int | None = None) -> str:
    """What a report depends on, as a hash: processor, instruction set, threads, runtime, and every model file.

    Where it is no longer a stored report's key, the report is of other hardware or other models. Loads OpenVINO.
    """
    from engine.network import runtime  # noqa: PLC0415 - loads OpenVINO, see engine.predict

    parts: list[object] = [runtime.device_name(), runtime.isa(), runtime.runtime_name()]
    parts += [threads or runtime.physical_cores(), catalog.default]
    parts += sorted((card.id, name, file.sha256) for card in catalog.models for name, file in card.precisions.items())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def bench(
    catalog: Catalog,
    *,
    size: int = 256,
    runs: int = 40,
    threads: int | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Report:
    """Time every installed model in every precision on an image of size × size.

    Each network gets the image at the size that its card asks for, as in a segmentation.
    The runs of all networks are interleaved, so that a change in the machine's load meets all of them alike, and the
    medians are compared. Where the processor computes in bfloat16 the float32 file is also timed so.
    Raises ModelError where no model is installed, Cancelled.
    """
    from engine.network import runtime  # noqa: PLC0415 - loads OpenVINO, see engine.predict

    cancel = cancel or CancelToken()
    catalog.get()
    entries = [(card, precision) for card in catalog.models for precision in card.precisions]
    if runtime.has_bf16():
        entries += [(card, BF16) for card in catalog.models if "float32" in card.precisions]
    entries.sort(key=lambda entry: [card.id for card in catalog.models].index(entry[0].id))
    steps = len(entries) + runs
    ready: list[tuple[ModelCard, str, Any, Any, dict[str, float], tuple[float, float] | None]] = []
    failed: list[tuple[str, str, str]] = []
    for done, (card, precision) in enumerate(entries):
        cancel.check()
        progress(done, steps, "Loading")
        bf16 = precision == BF16
        file = "float32" if bf16 else precision
        shape = _input_shape(card, size)
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

    rng = np.random.default_rng(0)
    inputs = {
        shape: rng.standard_normal((1, 1, *shape)).astype(np.float32)
        for shape in dict.fromkeys(_input_shape(card, size) for card, *_ in ready)
    }
    times = np.zeros((len(ready), 2, runs))
    for run in range(runs):
        cancel.check()
        progress(len(entries) + run, steps, "Timing")
        for row, (card, _, network, single, _, _) in enumerate(ready):
            x = inputs[_input_shape(card, size)]
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
            size=_input_shape(card, size)[0],
        )
        for i, (card, precision, network, _, memory, check) in enumerate(ready)
    )
    model_id, recommended, reason = recommend(rows, catalog)
    return Report(
        key=device_key(catalog, threads=threads),
        device=runtime.device_name(),
        isa=runtime.isa(),
        runtime=runtime.runtime_name(),
        size=size,
        runs=runs,
        rows=rows,
        failed=tuple(failed),
        recommended_model=model_id,
        recommended=recommended,
        reason=reason,
    )


def _input_shape(card: ModelCard, size: int) -> tuple[int, int]:
    """(H, W) of the network's input for an image of size × size."""
    spec = card.input
    fitting = min(max(math.ceil(size / spec.multiple) * spec.multiple, spec.min_size), spec.max_size)
    return fitting, fitting


def best_row(rows: Sequence[Row]) -> Row | None:
    """Of one model's rows the fastest that computes here what it should; float32 where nothing is clearly faster.

    None where no precision could be checked.
    """
    sound = [row for row in rows if row.verified]
    fastest = min(sound, key=lambda row: row.latency_ms, default=None)
    plain = next((row for row in sound if row.precision == "float32"), None)
    if fastest and plain and plain.latency_ms < WORTHWHILE * fastest.latency_ms:
        return plain
    return fastest


def recommend(rows: Sequence[Row], catalog: Catalog) -> tuple[str, str, str]:
    """(model id, precision, reason in words): the default model in its best precision.

    Another model takes its place only where it is clearly faster and no less accurate on the same patients.
    """
    default = catalog.get()
    best = best_row([row for row in rows if row.model == default.id])
    if best is None:
        precision = default_precision(default)
        why = "by default: no precision of it could be checked on this device"
        return default.id, precision, f"{default.name} {precision}, {why}."
    for card in catalog.models:
        other = best_row([row for row in rows if row.model == card.id])
        if other is None or other.dice_mean is None or best.dice_mean is None:
            continue
        comparable = card.metrics_split == catalog.get(best.model).metrics_split
        accurate = comparable and other.dice_mean >= best.dice_mean - SAME_DICE
        if accurate and WORTHWHILE * other.latency_ms <= best.latency_ms:
            best = other
    words = f"{catalog.get(best.model).name} {best.precision} is the best choice: {best.latency_ms:.1f} ms per slice"
    plain = next((r for r in rows if r.model == best.model and r.precision == "float32" and r.verified), None)
    if plain is best:
        alone = all(row is best for row in rows if row.model == best.model and row.verified)
        return best.model, best.precision, words + ("." if alone else ", and no other precision is clearly faster.")
    if plain is not None:
        words += f", {plain.latency_ms / best.latency_ms:.1f} times as fast as float32"
        if best.dice_mean is not None and plain.dice_mean is not None:
            words += f", at a mean Dice of {best.dice_mean:.3f} against {plain.dice_mean:.3f}"
    return best.model, best.precision, words + "."


def bench_aside(
    catalog: Catalog,
    *,
    size: int = 256,
    runs: int = 40,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Report:
    """bench() in a process of its own at low priority: the caller's memory and responsiveness stay as they are.

    Answers a cancel within a fraction of a second. Raises ModelError, Cancelled.
    """

    cancel = cancel or CancelToken()
    folders = [str(card.folder.resolve()) for card in catalog.models]
    # A file, not a pipe: nobody reads it while the process runs, and a full pipe would stop it.
    with tempfile.TemporaryFile() as errors:
        child = start_module(
            "engine.network.bench", ["run", json.dumps({"folders": folders, "size": size, "runs": runs})], errors=errors
        )
        lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        reader = threading.Thread(target=_read_lines, args=(child.stdout, lines.put), name="bench-reader", daemon=True)
        reader.start()
        try:
            while True:
                cancel.check()
                try:
                    line = lines.get(timeout=0.1)
                except queue.Empty:
                    continue
                if line is None:
                    break
                said = json.loads(line)
                if "report" in said:
                    report = report_from_json(said["report"])
                    if report is None:
                        raise ModelError("the device check's answer was not understood; install CineQuant again")
                    return report
                if "error" in said:
                    raise ModelError(said["error"])
                progress(*said["progress"])
        finally:
            _end(child)
            reader.join()
            if child.stdout is not None:
                child.stdout.close()
        errors.seek(0)
        last = (errors.read().decode(errors="replace").strip().splitlines() or ["nothing on stderr"])[-1]
        raise ModelError(f"the device check ended early (status {child.returncode}: {last}); run it again")


def _read_lines(stream: IO[bytes] | None, put: Callable[[bytes | None], None]) -> None:
    for line in stream or ():
        put(line)
    put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started, and wait for it."""
    try:
        whole = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        whole = []
    for one in whole:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()


def _run(arguments: Sequence[str]) -> int:
    """What bench_aside's process does: bench, a line of JSON for each step and one for the result."""
    asked = json.loads(arguments[0])
    # Behind everything that the user does meanwhile.
    psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else 10)

    def say(what: str, value: object) -> None:
        sys.stdout.write(json.dumps({what: value}) + "\n")
        sys.stdout.flush()

    try:
        report = bench(
            find_models([Path(folder) for folder in asked["folders"]]),
            size=asked["size"],
            runs=asked["runs"],
            progress=lambda done, total, what: say("progress", [done, total, what]),
        )
    except ModelError as error:
        say("error", str(error))
        return 1
    say("report", report.to_json())
    return 0


def _memory_in_child(card: ModelCard, precision: str, shape: tuple[int, int], *, bf16: bool) -> dict[str, float]:
    """Memory and loading time of a network in a process that did nothing before. Raises ModelError."""
    arguments = ["measure", str(card.folder.resolve()), precision, str(shape[0]), str(shape[1]), str(int(bf16))]
    try:
        done = run_module("engine.network.bench", arguments)
    except ChildTimeout as error:
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
        from engine.network import runtime  # noqa: PLC0415

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
    sys.exit({"measure": _measure, "run": _run}[sys.argv[1]](sys.argv[2:]))
