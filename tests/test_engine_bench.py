"""bench: every model in every precision, and a recommendation that follows from the rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_model import write_tiny_model

from engine import runtime
from engine.bench import BF16, Row, bench, recommend
from engine.catalog import find_models
from engine.errors import Cancelled, ModelError
from engine.progress import CancelToken


def test_every_model_and_precision_is_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_is_packaged", lambda _: True)
    write_tiny_model(tmp_path, "quantlite")
    write_tiny_model(tmp_path, "other", precisions=("float32",))
    broken = write_tiny_model(tmp_path, "broken", precisions=("int8",))
    broken.path_for("int8").write_bytes(b"?" * broken.precisions["int8"].size_bytes)
    steps: list[tuple[int, int]] = []
    report = bench(
        find_models([tmp_path]), size=64, runs=3, progress=lambda done, total, _: steps.append((done, total))
    )

    measured = [(row.model, row.precision) for row in report.rows if row.precision != BF16]
    assert measured == [("quantlite", "float32"), ("quantlite", "int8"), ("other", "float32")]
    assert [(model, precision) for model, precision, _ in report.failed] == [("broken", "int8")]
    assert "is not the file that card.json describes" in report.failed[0][2]
    assert ("quantlite", BF16) in {(row.model, row.precision) for row in report.rows} or not runtime.has_bf16()
    for row in report.rows:
        assert 0 < row.latency_ms <= row.latency_p95_ms
        assert row.one_thread_ms > 0
        assert row.memory_mb is not None
        assert row.peak_memory_mb is not None
        assert 10 < row.memory_mb < 400
        assert row.peak_memory_mb >= row.memory_mb - 1
        assert row.verified == (row.precision != BF16)
    assert report.recommended in ("float32", "int8")
    assert report.reason.startswith(report.recommended)
    assert report.device
    assert report.runtime == runtime.runtime_name()
    assert steps[-1][0] == steps[-1][1]

    data = json.loads(json.dumps(report.to_json()))
    chosen = [row for row in data["rows"] if row["recommended"]]
    assert [(row["model"], row["precision"]) for row in chosen] == [("quantlite", report.recommended)]


def test_without_models_there_is_nothing_to_time(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model is installed"):
        bench(find_models([tmp_path]))


def test_bench_can_be_cancelled(tmp_path: Path) -> None:
    write_tiny_model(tmp_path)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        bench(find_models([tmp_path]), cancel=token)


ROW = Row(
    model="quantlite",
    precision="float32",
    arithmetic="float32",
    int8_share=0.0,
    threads=2,
    latency_ms=6.0,
    latency_p95_ms=7.0,
    one_thread_ms=9.0,
    load_ms=100.0,
    memory_mb=100.0,
    peak_memory_mb=110.0,
    size_bytes=1000,
    difference=0.001,
    tolerance=0.01,
    dice_mean=0.905,
)
INT8 = replace(ROW, precision="int8", arithmetic="int8", int8_share=1.0, latency_ms=3.0, dice_mean=0.904)


@pytest.mark.parametrize(
    ("rows", "precision", "words"),
    [
        (
            [ROW, INT8],
            "int8",
            "int8: 3.0 ms a slice, 2.0 times as fast as float32, at a mean Dice of 0.904 against 0.905.",
        ),
        ([ROW, replace(INT8, dice_mean=None)], "int8", "int8: 3.0 ms a slice, 2.0 times as fast as float32."),
        (
            [ROW, replace(INT8, latency_ms=5.9)],
            "float32",
            "float32: 6.0 ms a slice, and nothing is clearly faster here.",
        ),
        ([ROW, replace(INT8, latency_ms=9.0)], "float32", "float32: 6.0 ms a slice, the fastest here."),
        ([ROW, replace(INT8, difference=0.5)], "float32", "float32: 6.0 ms a slice, the fastest here."),
        ([INT8], "int8", "int8: 3.0 ms a slice, the fastest here."),
        ([replace(INT8, difference=None)], "int8", "int8, by default: no precision could be checked on this device."),
        (
            [ROW, replace(INT8, precision=BF16, difference=None)],
            "float32",
            "float32: 6.0 ms a slice, the fastest here.",
        ),
    ],
)
def test_recommendation(tmp_path: Path, rows: list[Row], precision: str, words: str) -> None:
    assert recommend(rows, write_tiny_model(tmp_path)) == (precision, words)
