"""benchmarks.devices: what it recommends, when it calls two recommendations different, and graphics processors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_model import write_tiny_model

from benchmarks import accelerators, devices
from benchmarks.accelerators import Cost, NotHereError, OpenVINODevice, TorchDevice
from benchmarks.timing import Subject
from engine.network.bench import Report, Row
from engine.network.catalog import Catalog
from engine.network.model_card import ModelCard


def measured(ms: dict[str, float], *, model: str = "tiny", wrong: str = "") -> dict[str, Any]:
    """As timing.measure gives it: precision → median, p95 being the same; `wrong` computes something else."""
    rows = [
        {
            "model": model,
            "precision": precision,
            "median_ms": median,
            "p95_ms": median,
            "min_ms": median,
            "int8_share": float(precision == "int8"),
            "difference": 9.0 if precision == wrong else 0.0,
            "tolerance": 0.1,
            "working_set_bytes": 1_000_000 if precision == "int8" else 4_000_000,
        }
        for precision, median in ms.items()
    ]
    return {"isa": "AVX2", "device": "A processor", "runtime": "OpenVINO", "kernels": [], "torch": {}, "rows": rows}


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    dice = {"float32": {"dice_mean": 0.8}, "int8": {"dice_mean": 0.796}}
    return write_tiny_model(tmp_path / "models", metrics=dice)


@pytest.fixture
def catalog(card: ModelCard) -> Catalog:
    return Catalog((card,), (), card.id)


def _report(catalog: Catalog, ms: dict[str, float]) -> Report:
    rows: list[Row] = devices.rows_of(measured(ms), catalog, 1)
    model, precision, reason = devices.recommend(rows, catalog)
    return Report("", "", "AVX2", "", 64, 40, tuple(rows), (), model, precision, reason)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_says_what_to_take_what_it_gains_and_what_it_costs(catalog: Catalog) -> None:
    by_cap = {"AVX2": measured({"float32": 10.0, "int8": 6.0}), "AVX-512": measured({"float32": 5.0, "int8": 4.9})}
    lines = devices.advice(by_cap, catalog).splitlines()[2:]
    assert _cells(lines[0])[3:] == ["int8", "6.00", "1.67", "int8 6.00", "0.25", "-0.50 %"]
    # A fiftieth is not worth rounding for.
    assert _cells(lines[1])[3:] == ["float32", "5.00", "1.00", "int8 4.90", "1.00", "+0.00 %"]


def test_what_computes_something_else_there_is_not_taken(catalog: Catalog) -> None:
    found = measured({"float32": 10.0, "int8": 6.0}, wrong="int8")
    assert _cells(devices.advice({"AVX2": found}, catalog).splitlines()[2])[3:5] == ["float32", "10.00"]
    for row in found["rows"]:
        row["difference"] = 9.0
    assert "none is sound" in devices.advice({"AVX2": found}, catalog)


def test_files_show_size_memory_and_accuracy(catalog: Catalog, card: ModelCard) -> None:
    lines = devices.files(measured({"float32": 10.0, "int8": 6.0}), catalog).splitlines()[2:]
    sizes = {name: file.size_bytes for name, file in card.precisions.items()}
    cells = _cells(lines[1])
    assert cells[3] == f"{sizes['float32'] / sizes['int8']:.2f}"
    assert cells[4:] == ["1.00", "0.25", "0.7960", "-0.50 %", "100%"]


def test_published_figures_stand_beside_the_ranges_found_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "MODELS", ("tiny",))
    three = ("float32", "float16", "int8")
    dice = dict(zip(three, ({"dice_mean": d} for d in (0.8, 0.8008, 0.796)), strict=True))
    card = write_tiny_model(tmp_path, precisions=three, metrics=dice)
    found = {"AVX2": measured({"float32": 10.0, "int8": 12.0}), "AVX-512": measured({"float32": 10.0, "int8": 6.0})}
    catalog = Catalog((card,), (), card.id)
    lines = [_cells(line) for line in devices.beside_published(found, "x86_64", catalog).splitlines()[2:]]
    assert lines[1] == ["accuracy", "AUC -0.9 to 0.0 %", "Dice -0.50 to +0.10 %"]
    assert [line[2] for line in lines[2:]] == ["-40 to +20 %", "not measured"]
    lines = [_cells(line) for line in devices.beside_published(found, "arm64", catalog).splitlines()[2:]]
    assert [line[2] for line in lines[2:]] == ["not measured", "-40 to +20 %"]


@pytest.mark.parametrize(
    ("ours", "theirs", "agree"),
    [
        # The same choice, at whatever times.
        ({"float32": 10.0, "int8": 6.0}, {"float32": 9.0, "int8": 8.0}, True),
        # On either side of what counts as faster, by 2 %.
        ({"float32": 10.4, "int8": 10.0}, {"float32": 10.6, "int8": 10.0}, True),
        # One finds int8 a fifth faster, the other a fifth slower.
        ({"float32": 10.0, "int8": 12.0}, {"float32": 12.0, "int8": 10.0}, False),
    ],
)
def test_two_recommendations_differ_only_beyond_noise(
    ours: dict[str, float], theirs: dict[str, float], agree: bool, catalog: Catalog
) -> None:
    rows = devices.rows_of(measured(ours), catalog, 1)
    verdicts = devices.compare(rows, 50, _report(catalog, theirs), catalog)
    assert [v.what for v in verdicts] == ["tiny", "best of all"]
    assert {v.agree for v in verdicts} == {agree}
    shown = devices.agreement([{**_plain(v), "agree": v.agree} for v in verdicts])
    assert ("DIFFER" in shown) is not agree


def test_scattered_times_allow_more_contradiction(catalog: Catalog) -> None:
    rows = devices.rows_of(measured({"float32": 10.0, "int8": 10.8}), catalog, 1)
    report = _report(catalog, {"float32": 10.8, "int8": 10.0})
    assert not devices.compare(rows, 50, report, catalog)[0].agree
    # 20 % to the 95th percentile: standard errors of 2 % after 50 runs.
    scattered = [replace(row, latency_p95_ms=1.2 * row.latency_ms) for row in rows]
    assert devices.compare(scattered, 50, report, catalog)[0].agree


def test_a_check_that_finds_nothing_sound_differs(catalog: Catalog) -> None:
    report = _report(catalog, {"float32": 10.0, "int8": 6.0})
    report = replace(report, rows=tuple(replace(row, difference=9.0) for row in report.rows))
    rows = devices.rows_of(measured({"float32": 10.0, "int8": 6.0}), catalog, 1)
    verdict = devices.compare(rows, 50, report, catalog)[0]
    assert (verdict.table, verdict.viewer, verdict.agree) == ("tiny int8", "none", False)


def _plain(verdict: devices.Verdict) -> dict[str, Any]:
    return {"what": verdict.what, "table": verdict.table, "viewer": verdict.viewer}


class StandIn:
    """A graphics processor that runs float32 alone, four images at most; it notes what it is asked to run."""

    name = "a stand-in"

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def nothing(self) -> Callable[[], object]:
        return lambda: self.asked.append(("nothing", 0))

    def network(self, subject: Subject, batch: int, size: int) -> Callable[[], object]:
        if subject.precision != "float32" or batch > 4:
            raise NotHereError(f"no {subject.precision} in batches of {batch}")
        return lambda: self.asked.append((subject.model, batch * size))


def test_a_stand_in_is_asked_for_every_batch_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    device = StandIn()
    subjects = [Subject("a", "float32", "", 4), Subject("a", "int8", "", 4)]
    least, costs = accelerators.measure(device, subjects, 64, rounds=3, batches=(1, 4, 8))
    assert least >= 0
    # Three rounds to warm up and three that count.
    assert {what: device.asked.count(what) for what in set(device.asked)} == {
        ("nothing", 0): 6,
        ("a", 64): 6,
        ("a", 4 * 64): 6,
    }
    assert [list(cost.ms) for cost in costs] == [[1, 4], []]
    assert costs[1].why == "no int8 in batches of 1"
    assert "batch 8" in capsys.readouterr().err
    shown = accelerators.text(device.name, least, costs).splitlines()
    assert _cells(shown[2])[:4] == ["model", "precision", "batch 1, ms", "batch 4, ms"]
    assert _cells(shown[-1]) == ["a", "int8", "–", "–", "–", "no int8 in batches of 1"]


def test_launching_is_what_the_largest_batch_does_not_pay() -> None:
    # 2 ms to launch and 0.5 ms per slice.
    cost = Cost("a", "float32", {1: 2.5, 4: 4.0, 16: 10.0})
    assert cost.slice_ms == pytest.approx(10 / 16)
    assert cost.waiting_ms == pytest.approx(2.5 - 10 / 16)


def test_files_run_on_a_device_of_openvino_in_batches(card: ModelCard) -> None:
    # The processor stands in for the graphics processor, which has the same interface.
    device = OpenVINODevice("CPU")
    assert "CPU" in device.name
    device.nothing()()
    for precision in card.precisions:
        subject = Subject("tiny", precision, str(card.path_for(precision)), 4)
        result: Any = device.network(subject, 3, 64)()
        assert result[0].shape == (3, 4, 64, 64)
    with pytest.raises(NotHereError):
        device.network(Subject("tiny", "float32", str(card.folder / "card.json"), 4), 1, 64)


def test_networks_run_on_a_device_of_torch_in_float_alone() -> None:
    device = TorchDevice("cpu", devices.weights_of)
    assert np.asarray(device.nothing()()).tolist() == [2.0]
    result: Any = device.network(Subject("quantlite_ptq", "float32", "", 4), 2, 64)()
    assert tuple(result.shape) == (2, 4, 64, 64)
    with pytest.raises(NotHereError, match="no kernels for int8"):
        device.network(Subject("unet", "int8", "", 4), 1, 64)
    with pytest.raises(NotHereError, match="no weights of tiny"):
        device.network(Subject("tiny", "float32", "", 4), 1, 64)


def test_the_whole_command_on_a_small_model(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "SIZE", 64)
    monkeypatch.setattr(devices, "MODELS", ("tiny",))
    monkeypatch.setattr(devices, "packaged_models", lambda: card.folder.parent)
    monkeypatch.setattr(devices.runtime, "has_bf16", lambda: False)
    monkeypatch.setattr(devices.runtime, "physical_cores", lambda: 1)
    monkeypatch.setattr(accelerators, "present", lambda _: [StandIn()])
    out = tmp_path / "found.json"
    status = devices.main(["--quick", "--isa", "full", "--models", str(tmp_path), "--json", str(out)])
    printed, found = capsys.readouterr().out, json.loads(out.read_text())
    assert status == int(not all(v["agree"] for v in found["verdicts"]))
    rows = found["by_cap"]["full"]["rows"]
    assert [(row["model"], row["precision"]) for row in rows] == [("tiny", "float32"), ("tiny", "int8")]
    assert all(0 <= row["difference"] <= row["tolerance"] for row in rows)
    assert rows[0]["working_set_bytes"] > rows[1]["working_set_bytes"] > 0
    assert [gpu["name"] for gpu in found["gpus"]] == ["a stand-in"]
    assert "a stand-in:" in printed
    assert "| best of all |" in printed
    nothing_there = devices.text({**found, "gpus": []}, Catalog((card,), (), card.id))
    assert "No graphics processor was found" in nothing_there


def test_a_missing_model_is_asked_for_with_the_commands_that_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, card: ModelCard
) -> None:
    monkeypatch.setattr(devices, "MODELS", ("tiny", "unet"))
    with pytest.raises(SystemExit, match=r"holds no unet; .*cinequant-train quantize unet --data"):
        devices.catalog_of(Catalog((card,), (), card.id), tmp_path / "none")
