"""bench: every model in every precision, and a recommendation that follows from the rows."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tiny_model import write_tiny_model

from engine import children
from engine.errors import Cancelled, ModelError
from engine.network import runtime
from engine.network.bench import BF16, Row, bench, bench_aside, device_key, recommend, report_from_json
from engine.network.catalog import Catalog, find_models
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
    # Which of them is the fastest is for the clock to say.
    assert report.recommended in ("float32", "int8")
    assert report.recommended_model in ("quantlite", "other")
    assert report.precision_for(report.recommended_model) == report.recommended
    assert report.precision_for("other") == "float32"
    assert report.precision_for("broken") is None
    assert report.reason.startswith(f"Tiny {report.recommended} is the best choice: ")
    assert report.isa == runtime.isa()
    assert report.device
    assert report.runtime == runtime.runtime_name()
    assert steps[-1][0] == steps[-1][1]

    data = json.loads(json.dumps(report.to_json()))
    chosen = [row for row in data["rows"] if row["recommended"]]
    assert [(row["model"], row["precision"]) for row in chosen] == [(report.recommended_model, report.recommended)]
    assert report_from_json(data) == report


def test_a_report_is_of_this_device_and_these_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_model(tmp_path)
    before = device_key(find_models([tmp_path]))
    assert device_key(find_models([tmp_path])) == before
    assert device_key(find_models([tmp_path]), threads=runtime.physical_cores() + 1) != before
    for name in ("device_name", "isa", "runtime_name"):
        with monkeypatch.context() as other:
            other.setattr(runtime, name, lambda: "another")
            assert device_key(find_models([tmp_path])) != before
    write_tiny_model(tmp_path, "second")
    assert device_key(find_models([tmp_path])) != before


@pytest.mark.parametrize("damage", [None, [], {}, {"rows": 3}, {"rows": [{"model": "x"}]}])
def test_a_damaged_report_is_none(damage: object) -> None:
    assert report_from_json(damage) is None


def test_bench_aside_is_the_same_bench_in_another_process(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, "quantlite", precisions=("float32",))
    catalog = find_models([tmp_path])
    steps: list[tuple[int, int]] = []
    before = psutil.Process().children()  # such as the decoders' process of an earlier test
    report = bench_aside(catalog, size=64, runs=2, progress=lambda done, total, _: steps.append((done, total)))
    assert report.key == device_key(catalog)
    assert (report.recommended_model, report.recommended) == ("quantlite", "float32")
    assert [row.model for row in report.rows if row.precision != BF16] == ["quantlite"]
    assert steps[-1][0] == steps[-1][1]
    assert psutil.Process().children() == before


def test_bench_aside_ends_at_once_with_all_its_processes(tmp_path: Path) -> None:
    write_tiny_model(tmp_path)
    token = CancelToken()
    begun = threading.Event()
    caught: list[float] = []
    before = psutil.Process().children(recursive=True)

    def run() -> None:
        try:
            bench_aside(find_models([tmp_path]), runs=10**6, progress=lambda *_: begun.set(), cancel=token)
        except Cancelled:
            caught.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(60)
    asked = time.monotonic()
    token.cancel()
    thread.join(30)
    assert caught
    assert caught[0] - asked < 5
    assert psutil.Process().children(recursive=True) == before


def test_bench_aside_tells_what_went_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = write_tiny_model(tmp_path)
    catalog = find_models([tmp_path])
    (card.folder / "card.json").unlink()
    with pytest.raises(ModelError, match="no model is installed"):
        bench_aside(catalog)
    monkeypatch.setattr(children, "_child", lambda *_: (["python3", "-c", "raise SystemExit('too old')"], {}))
    with pytest.raises(ModelError, match=r"ended early \(status 1: too old\); run it again"):
        bench_aside(catalog)


def test_weights_of_half_the_bits_are_computed_with_in_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_is_packaged", lambda _: True)
    monkeypatch.setattr(runtime, "has_bf16", lambda: False)
    write_tiny_model(tmp_path, "quantlite", precisions=("float16",))
    (row,) = bench(find_models([tmp_path]), size=64, runs=1).rows
    assert (row.precision, row.arithmetic, row.int8_share, row.verified) == ("float16", "float32", 0.0, True)


def test_without_models_there_is_nothing_to_time(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model is installed"):
        bench(find_models([tmp_path]))


def test_bench_can_be_cancelled(tmp_path: Path) -> None:
    write_tiny_model(tmp_path)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        bench(find_models([tmp_path]), cancel=token)


def test_each_model_gets_the_image_at_its_own_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_is_packaged", lambda _: True)
    write_tiny_model(tmp_path, "quantlite", precisions=("float32",))
    small = write_tiny_model(tmp_path, "small", precisions=("float32",)).folder / "card.json"
    card = json.loads(small.read_text())
    card["input"]["max_size"] = 160
    small.write_text(json.dumps(card))
    loaded = []
    load = runtime.load_network
    monkeypatch.setattr(runtime, "load_network", lambda *a, **k: (loaded.append(k["input_shape"]), load(*a, **k))[1])
    report = bench(find_models([tmp_path]), size=250, runs=1)
    sizes = {row.model: row.size for row in report.rows}
    assert sizes == {"quantlite": 256, "small": 160}
    assert set(loaded) >= {(256, 256), (160, 160)}
    assert report.size == 250


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
    size=256,
)
INT8 = replace(ROW, precision="int8", arithmetic="int8", int8_share=1.0, latency_ms=3.0, dice_mean=0.904)


BEST = "Tiny {} is the best choice: {} ms per slice"


@pytest.mark.parametrize(
    ("rows", "precision", "words"),
    [
        (
            [ROW, INT8],
            "int8",
            BEST.format("int8", 3.0) + ", 2.0 times as fast as float32, at a mean Dice of 0.904 against 0.905.",
        ),
        ([ROW, replace(INT8, dice_mean=None)], "int8", BEST.format("int8", 3.0) + ", 2.0 times as fast as float32."),
        (
            [ROW, replace(INT8, latency_ms=5.9)],
            "float32",
            BEST.format("float32", 6.0) + ", and no other precision is clearly faster.",
        ),
        (
            [ROW, replace(INT8, latency_ms=9.0)],
            "float32",
            BEST.format("float32", 6.0) + ", and no other precision is clearly faster.",
        ),
        ([ROW, replace(INT8, difference=0.5)], "float32", BEST.format("float32", 6.0) + "."),
        ([INT8], "int8", BEST.format("int8", 3.0) + "."),
        (
            [replace(INT8, difference=None)],
            "int8",
            "Tiny int8, by default: no precision of it could be checked on this device.",
        ),
        ([ROW, replace(INT8, precision=BF16, difference=None)], "float32", BEST.format("float32", 6.0) + "."),
    ],
)
def test_recommendation(tmp_path: Path, rows: list[Row], precision: str, words: str) -> None:
    write_tiny_model(tmp_path, "quantlite")
    assert recommend(rows, find_models([tmp_path])) == ("quantlite", precision, words)


@pytest.mark.parametrize(
    ("changes", "split", "model"),
    [
        ({}, "none", "other"),
        ({"dice_mean": 0.90}, "none", "other"),
        ({"dice_mean": 0.89}, "none", "quantlite"),
        ({"dice_mean": None}, "none", "quantlite"),
        ({"difference": 1.0}, "none", "quantlite"),
        ({"latency_ms": 2.95}, "none", "quantlite"),
        ({}, "other patients", "quantlite"),
    ],
)
def test_another_model_must_be_faster_and_no_less_accurate(
    tmp_path: Path, changes: dict[str, float | None], split: str, model: str
) -> None:
    write_tiny_model(tmp_path, "quantlite")
    write_tiny_model(tmp_path, "other", metrics_split=split, name="Other")
    catalog: Catalog = find_models([tmp_path])
    other = replace(INT8, model="other", latency_ms=2.0)
    chosen, precision, words = recommend([ROW, INT8, replace(other, **changes)], catalog)
    assert (chosen, precision) == (model, "int8")
    assert words.startswith("Other int8" if model == "other" else "Tiny int8")
