"""benchmarks.models: what it computes is what one counts by hand, and it runs to the end on a small model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_model import write_tiny_model

from benchmarks import gemm, models, peers, tables, timing
from benchmarks.working_set import working_set
from engine.network.executed import ExecutedNode


def node(
    layer: str,
    inputs: list[int],
    size: int,
    *,
    kernel: str = "jit_avx2_f32",
    us: int = 5,
    macs: int = 0,
    channels: int = 0,
) -> ExecutedNode:
    """A node with one output of `size` bytes; it reads the first output of each node in inputs."""
    return ExecutedNode(f"{layer} {size}", layer, kernel, tuple((i, 0) for i in inputs), (size,), macs, channels, us)


IMAGE = node("Input", [], 100, us=0)
WEIGHTS = node("Const", [], 40, us=0)


def test_a_chain_holds_two_tensors_at_a_time() -> None:
    graph = [IMAGE, WEIGHTS, node("Convolution", [0, 1], 800, channels=2), node("Pooling", [2], 200)]
    found = working_set([*graph, node("Output", [3], 200, us=0)])
    # At the pooling: its input and output. The image has gone, and the output is the pooled tensor itself.
    assert found.activations_bytes == 800 + 200
    assert found.peak == "Pooling 200"
    assert found.weights_bytes == 40 + 2 * 4
    assert found.total_bytes == 1048


def test_an_int8_kernel_also_holds_scales() -> None:
    graph = [IMAGE, WEIGHTS, node("Convolution", [0, 1], 8, kernel="brgconv_avx512_I8", channels=3)]
    assert working_set(graph).weights_bytes == 40 + 3 * 4 + 3 * 4


def test_a_skip_stays_alive_until_it_is_read() -> None:
    graph = [IMAGE, node("Pooling", [0], 60), node("Pooling", [1], 30), node("Pooling", [2], 20)]
    # At the concatenation: the skip of 60, the last pooled 20, and the result of 80.
    assert working_set([*graph, node("Concatenation", [1, 3], 80)]).activations_bytes == 160
    # Not executed, it is where its parts were written: 80 from the start, beside the 30 and the image of 100.
    graph = [IMAGE, node("Pooling", [0], 60), node("Pooling", [1], 30), node("Pooling", [2], 20)]
    assert working_set([*graph, node("Concatenation", [1, 3], 80, us=0)]).activations_bytes == 180


def test_a_fused_addition_overwrites_what_it_adds_unless_that_is_read_later() -> None:
    graph = [IMAGE, WEIGHTS, node("Pooling", [0], 500), node("Pooling", [2], 50)]
    added = node("Convolution", [3, 1, 2], 500)
    assert working_set([*graph, added]).activations_bytes == 500 + 100
    assert working_set([*graph, added, node("Pooling", [2], 1)]).activations_bytes == 500 + 50 + 500
    # Another precision is another size, and cannot lie in the same place.
    assert working_set([*graph, node("Convolution", [3, 1, 2], 2000)]).activations_bytes == 500 + 50 + 2000


def test_an_element_wise_node_overwrites_its_input_but_not_the_image() -> None:
    pooled = node("Pooling", [0], 300)
    assert working_set([IMAGE, pooled, node("Eltwise", [1], 300)]).activations_bytes == 100 + 300
    assert working_set([IMAGE, node("Eltwise", [0], 100)]).activations_bytes == 200
    read_twice = [IMAGE, pooled, node("Eltwise", [1], 300), node("Concatenation", [1, 2], 600)]
    assert working_set(read_twice).activations_bytes == 300 + 300 + 600


def test_constants_are_not_activations_though_a_node_passes_them_on() -> None:
    graph = [IMAGE, WEIGHTS, node("Reshape", [1], 40, us=0), node("Convolution", [0, 2], 10)]
    assert working_set(graph).activations_bytes == 110


def test_untimed_nodes_do_not_say_what_shares_memory() -> None:
    untimed = ExecutedNode("x", "Input", "", (), (4,), 0, 0, None)
    with pytest.raises(ValueError, match="not timed"):
        working_set([untimed])


@pytest.mark.parametrize(
    ("kernel", "isa", "wider"),
    [
        ("brgconv_avx512_I8", "AVX2", True),
        ("brgconv_avx512_I8", "AVX2-VNNI", True),
        ("brgconv_avx2_1x1_I8", "AVX2", False),
        ("brgconv_avx512_amx_I8", "AVX-512 VNNI", True),
        ("brgconv_avx512_I8", "AVX-512", False),
        ("gemm_mlas_f32", "AVX2", False),
        ("ref_any", "AVX2", False),
    ],
)
def test_a_kernel_beyond_the_cap_is_found_out(kernel: str, isa: str, wider: bool) -> None:
    assert timing.is_wider(kernel, isa) is wider


def test_multiply_adds_are_counted_by_arithmetic() -> None:
    kernels = {"brgconv_avx512_I8": 7, "jit_avx2_f32": 2, "brgconv_avx512_bf16": 4, "brgconv_avx512_1x1_I8": 1}
    nodes = [node("Convolution", [], 1, kernel=kernel, macs=macs) for kernel, macs in kernels.items()]
    assert timing.multiply_adds([*nodes, IMAGE]) == {"int8": 8, "float32": 2, "bfloat16": 4}


def test_time_at_peak_adds_each_arithmetics_own() -> None:
    peak = {"int8": 800.0, "float32": 200.0}
    # 2 · 400 M operations at 800 G a second, and 2 · 100 M at 200 G.
    assert tables.ideal_ms({"int8": 400_000_000, "float32": 100_000_000}, peak) == pytest.approx(1 + 1)
    assert tables.ideal_ms({"bfloat16": 1}, peak) is None


def test_verdicts() -> None:
    assert tables.verdict(0.5, 0.5) == "≤ 0.50: met"
    assert tables.verdict(0.51, 0.5) == "≤ 0.50: missed"
    assert tables.verdict(0.94, 0.95, least=True) == "≥ 0.95: missed"
    assert tables.verdict(0.1, None) == "–"


def test_tables_are_markdown() -> None:
    assert tables.table(["a", "value"], [["long", 1.5], ["b", "–"]]) == (
        "| a    | value |\n| ---- | ----: |\n| long |   1.5 |\n| b    |     – |"
    )


def test_ratios_name_the_target_of_the_cap() -> None:
    rows = [
        {"model": "m", "precision": p, "median_ms": ms, "p95_ms": ms} for p, ms in (("float32", 10.0), ("int8", 7.0))
    ]
    found = tables.ratios({"full": {"rows": rows}, "AVX2": {"rows": rows}, "AVX-512": {"rows": rows}}, "m")
    lines = [[cell.strip() for cell in line.split("|")[3:6]] for line in found.splitlines()[2:]]
    assert lines == [["full", "0.70", "≤ 0.50: missed"], ["AVX2", "0.70", "≤ 0.65: missed"], ["AVX-512", "0.70", "–"]]
    assert "met" not in tables.ratios({"AVX2": {"rows": rows}}, "another")


def test_runs_take_turns() -> None:
    calls: list[int] = []
    times = timing.in_turns([lambda: calls.append(0), lambda: calls.append(1)], 4)
    assert [len(taken) for taken in times] == [4, 4]
    # As many rounds to warm up as to count, and both in every round.
    assert [sorted(calls[i : i + 2]) for i in range(0, 16, 2)] == [[0, 1]] * 8


@pytest.mark.parametrize("arithmetic", ["float32", "int8"])
def test_the_peak_is_measured_with_the_kernels_it_names(arithmetic: str) -> None:
    peak = gemm.measure(arithmetic, 1, [(64, 2)])
    assert timing.arithmetic(peak.kernel) == arithmetic
    assert peak.gops > 0


def test_a_chain_of_products_computes_products() -> None:
    network = gemm.Network(
        gemm.chain(32, 2, int8=False), where=Path("x"), channels=1, input_shape=(32, 32), threads=1
    )  # fmt: skip
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((32, 32)).astype(np.float32) / np.float32(32**0.5) for _ in range(2)]
    x = np.random.default_rng(1).standard_normal((1, 1, 32, 32)).astype(np.float32)
    np.testing.assert_allclose(network.infer(x), x[0] @ weights[0] @ weights[1], atol=1e-4)


def test_the_whole_command_on_a_small_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_model(tmp_path)
    monkeypatch.setattr(models, "SIZE", 64)
    monkeypatch.setattr(models.runtime, "has_bf16", lambda: False)
    out = tmp_path / "found.json"
    assert models.main(["--models", str(tmp_path), "--quick", "--alone", "--isa", "full", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line.startswith("## ")] == [
        "## Speed",
        "## Memory",
        "## Physical limit",
        "## Where the time goes",
    ]
    found = json.loads(out.read_text())
    rows = found["by_cap"]["full"]["rows"]
    assert [(row["model"], row["precision"]) for row in rows] == [("tiny", "float32"), ("tiny", "int8")]
    assert sum(rows[0]["graph"]["multiply_adds"].values()) == 64 * 64 * (9 * 16 + 9 * 16 + 9 * 16 * 16 + 16 * 4)
    assert {(row["model"], row["precision"]) for row in found["resident"]} == {("tiny", "float32"), ("tiny", "int8")}


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no model"):
        models.main(["--models", str(tmp_path)])


def test_the_default_model_is_compared_with_the_published_network_on_the_same_runtime() -> None:
    rows = [
        {"model": "quantlite", "precision": "int8", "median_ms": 9.0},
        {"model": "espnetv2", "precision": "float32", "median_ms": 6.0},
    ]
    found = tables.against_published({"AVX2": {"rows": rows}, "full": {"rows": rows[:1]}}, "quantlite")
    (row,) = found.splitlines()[2:]
    assert [cell.strip() for cell in row.split("|")[3:6]] == ["AVX2", "1.50", "≤ 1.00: missed"]
    assert tables.against_published({"full": {"rows": rows[:1]}}, "quantlite") == ""


@pytest.mark.parametrize("name", peers.PEERS)
def test_a_peer_labels_every_pixel(name: str) -> None:
    package = peers.PEERS[name][0]
    pytest.importorskip(package, reason=f"{package} is not installed (the extra peers)")
    import torch  # noqa: PLC0415 - the training extra may be missing

    with torch.inference_mode():
        assert peers.build(name)(torch.zeros(1, 1, 128, 128)).shape == (1, peers.CLASSES, 128, 128)
