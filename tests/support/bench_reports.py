"""What a device check could find."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.network.bench import Report, Row


def row(model: str = "first", precision: str = "int8", latency_ms: float = 2.0, **changes: Any) -> Row:
    made = Row(
        model=model, precision=precision, arithmetic=precision, int8_share=1.0 if precision == "int8" else 0.0,
        threads=2, latency_ms=latency_ms, latency_p95_ms=latency_ms + 1, one_thread_ms=latency_ms, load_ms=50.0,
        memory_mb=100.0, peak_memory_mb=110.0, size_bytes=4_000_000, difference=0.0, tolerance=0.1, dice_mean=0.9,
        size=256,
    )  # fmt: skip
    return replace(made, **changes)


def report(model: str = "first", precision: str = "float32", key: str = "this computer") -> Report:
    """A report in which one precision of one model is best, and of the other model int8."""
    rows = [row(m, p) for m in ("first", "second") for p in ("float32", "int8")]
    best = {"first": "int8", "second": "int8", model: precision}
    rows = [replace(r, latency_ms=1.0 if best[r.model] == r.precision else 5.0) for r in rows]
    return Report(
        key=key, device="Some CPU", isa="AVX2", runtime="Fake 1.0", size=256, runs=40, rows=tuple(rows), failed=(),
        recommended_model=model, recommended=precision,
        reason=f"The {model} model {precision} is the best choice: 1.0 ms per slice, 5.0 times as fast as float32.",
    )  # fmt: skip
