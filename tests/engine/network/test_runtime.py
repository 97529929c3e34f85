"""runtime: what runs is what the card promises, stays on this machine, and a bad file cannot take the program down."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from places import ROOT
from tiny_model import reference_logits, write_tiny_model

from engine.errors import ModelError
from engine.network import child, executed, runtime
from engine.network.model_card import ModelCard, describe_file, save_card

X86 = platform.machine().lower() in ("x86_64", "amd64")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return write_tiny_model(tmp_path_factory.mktemp("models"), precisions=("float32", "int8", "float16"))


def image(height: int = 64, width: int = 96) -> np.ndarray:
    x = np.random.default_rng(0).normal(1, 1, (1, 1, height, width))
    return np.asarray(x, dtype=np.float32)


def fresh_python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("precision", "off"), [("float32", 1e-4), ("float16", 0.01), ("int8", 0.2)])
def test_logits_are_those_of_the_network(card: ModelCard, precision: str, off: float) -> None:
    x = np.clip(image(), -3, 3)
    network = runtime.load_network(card, precision, input_shape=(64, 96))
    logits = network.infer(x)
    assert logits.shape == (4, 64, 96)
    assert logits.dtype == np.float32
    assert np.abs(logits - reference_logits(x)).max() < off
    np.testing.assert_array_equal(network.infer(x), logits)


def test_a_result_is_not_overwritten_by_the_next_run(card: ModelCard) -> None:
    network = runtime.load_network(card, "float32", input_shape=(64, 96))
    first = network.infer(image())
    kept = first.copy()
    network.infer(image() + 1)
    np.testing.assert_array_equal(first, kept)


def test_the_network_says_what_runs(card: ModelCard) -> None:
    network = runtime.load_network(card, "int8", threads=1, input_shape=(64, 64))
    assert network.threads == 1
    assert network.runtime.startswith("OpenVINO 20")
    assert (network.model_id, network.precision, network.sha256) == ("tiny", "int8", card.precisions["int8"].sha256)
    assert network.size_bytes == card.precisions["int8"].size_bytes
    assert network.isa


@pytest.mark.skipif(not X86, reason="which layers run in int8 is known here for x86 only")
def test_int8_share_is_read_from_the_kernels(card: ModelCard) -> None:
    shares = {p: runtime.load_network(card, p, input_shape=(64, 64)).int8_share for p in card.precisions}
    assert shares == {"float32": 0.0, "int8": 1.0, "float16": 0.0}


def test_multiply_adds_of_the_layers_are_those_computed_by_hand(card: ModelCard) -> None:
    network = runtime.load_network(card, "float32", input_shape=(64, 64))
    compiled = network._compiled.get_runtime_model()
    work = [macs for _, macs in executed.executed_work(compiled)]
    # 3×3 from 1 to 16, 3×3 depthwise of 16, 3×3 from 16 to 16, 1×1 from 16 to 4, at 64 × 64 positions.
    assert work == [4096 * n for n in (9 * 16, 9 * 16, 9 * 16 * 16, 16 * 4)]


def profiled(card: ModelCard, precision: str) -> tuple[executed.ExecutedNode, ...]:
    path = card.path_for(precision)
    network = runtime.Network(
        path.read_bytes(), where=path, channels=4, input_shape=(256, 256), threads=1, profile=True
    )  # fmt: skip
    network.infer(image(256, 256))
    return network.executed_nodes()


def test_the_executed_graph_can_be_read(card: ModelCard) -> None:
    nodes = profiled(card, "float32")
    assert all(source < i for i, node in enumerate(nodes) for source, _ in node.inputs)
    layers = [node for node in nodes if node.multiply_adds]
    assert [node.layer for node in layers] == ["Convolution"] * 4
    assert [node.multiply_adds for node in layers] == [65536 * n for n in (9 * 16, 9 * 16, 9 * 16 * 16, 16 * 4)]
    assert [node.channels for node in layers] == [16, 16, 16, 4]
    assert [node.output_bytes for node in layers] == [(65536 * n * 4,) for n in (16, 16, 16, 4)]
    assert (nodes[0].layer, nodes[0].output_bytes) == ("Input", (65536 * 4,))
    assert nodes[-1].layer == "Output"
    assert all(node.time_us for node in layers)
    assert not any(node.int8 for node in layers)


@pytest.mark.skipif(not X86, reason="which layers run in int8 is known here for x86 only")
def test_the_executed_graph_shows_tensors_of_one_byte_in_int8(card: ModelCard) -> None:
    layers = [node for node in profiled(card, "int8") if node.multiply_adds]
    assert all(node.int8 for node in layers)
    assert [node.output_bytes for node in layers] == [(65536 * n,) for n in (16, 16, 16, 4 * 4)]


def test_nodes_are_timed_only_where_that_was_asked_for(card: ModelCard) -> None:
    network = runtime.load_network(card, "float32", input_shape=(64, 64))
    assert {node.time_us for node in network.executed_nodes()} == {None}


def test_a_network_is_compiled_once_for_each_shape_and_thread_count(card: ModelCard) -> None:
    first = runtime.load_network(card, "int8", threads=1, input_shape=(64, 64))
    assert runtime.load_network(card, "int8", threads=1, input_shape=(64, 64)) is first
    assert runtime.is_loaded(card, "int8", threads=1, input_shape=(64, 64))
    assert not runtime.is_loaded(card, "int8", threads=1, input_shape=(64, 128))
    runtime.forget_networks()
    assert not runtime.is_loaded(card, "int8", threads=1, input_shape=(64, 64))


def test_the_cache_does_not_grow_without_end(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "packaged_models", lambda: card.folder.parent)
    for width in range(32, 32 * 8, 32):
        runtime.load_network(card, "float32", threads=1, input_shape=(32, width))
    assert len(runtime._networks) == runtime._KEPT_NETWORKS


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_without_proc_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_core", None)
    monkeypatch.setattr(runtime, "_PROCESSOR", (Path("/nowhere"),))
    with pytest.raises(ModelError, match="/proc is not mounted; mount it"):
        runtime.device_name()


def test_kernels_of_networks_that_are_gone_are_not_kept() -> None:
    """OpenVINO's part of that has no other switch."""
    assert int(os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]) <= 64


def test_a_graph_that_runs_on_one_thread_alone_runs_there(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """As OpenVINO does on AMX with int8 weights of some grouped convolutions."""
    core = runtime._openvino_core()

    class OneThread:
        def read_model(self, model: bytes) -> object:
            return core.read_model(model=model)

        def compile_model(self, model: object, device: str, options: dict[str, object]) -> object:
            if options["INFERENCE_NUM_THREADS"] != 1:
                raise RuntimeError("No reorder available for the following tensor descriptors: abcde and aBDec16c48b4c")
            return core.compile_model(model, device, options)

    monkeypatch.setattr(runtime, "_openvino_core", OneThread)
    content = card.path_for("int8").read_bytes()
    network = runtime.Network(content, where=Path("x"), channels=4, input_shape=(64, 96), threads=2)
    assert network.threads == 1
    assert network.infer(image()).shape == (4, 64, 96)


def test_wrong_images_are_a_bug_not_a_guess(card: ModelCard) -> None:
    network = runtime.load_network(card, "float32", input_shape=(64, 64))
    with pytest.raises(ValueError, match="is not float32"):
        network.infer(image(64, 96))
    with pytest.raises(ValueError, match="float64"):
        network.infer(image(64, 64).astype(np.float64))


def test_no_threads_are_refused(card: ModelCard) -> None:
    with pytest.raises(ModelError, match="0 threads"):
        runtime.load_network(card, "int8", threads=0, input_shape=(64, 64))


def test_verify_compares_with_the_recorded_logits(card: ModelCard) -> None:
    for precision in card.precisions:
        difference, tolerance = runtime.verify(card, precision)
        assert 0 < difference <= tolerance


def test_a_file_that_is_not_the_cards_is_not_loaded(tmp_path: Path) -> None:
    card = write_tiny_model(tmp_path)
    path = card.path_for("int8")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match="is not the file that card"):
        runtime.load_network(card, "int8", input_shape=(64, 64))


def with_file(card: ModelCard, content: bytes, **changes: object) -> ModelCard:
    path = card.path_for("int8")
    path.write_bytes(content)
    changed = replace(card, precisions={**card.precisions, "int8": describe_file(path)}, **changes)  # type: ignore[arg-type]
    save_card(changed)
    return changed


@pytest.mark.parametrize("packaged", [True, False])
@pytest.mark.parametrize("damage", ["text", "cut", "unknown operation"])
def test_unusable_files_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str, packaged: bool
) -> None:
    card = write_tiny_model(tmp_path)
    if packaged:
        monkeypatch.setattr(runtime, "packaged_models", lambda: tmp_path)
    good = card.path_for("int8").read_bytes()
    content = {"text": b"hello", "cut": good[:1000], "unknown operation": good.replace(b"Quantize", b"Quantise")}
    card = with_file(card, content[damage])
    with pytest.raises(ModelError) as caught:
        runtime.load_network(card, "int8", input_shape=(64, 64))
    message = str(caught.value)
    cannot = ("OpenVINO cannot use this file", "is not a usable ONNX file")
    assert message.startswith(tuple(f"{card.path_for('int8')}: {words}" for words in cannot))
    assert "export the model again" in message
    assert "\n" not in message
    assert ".cpp" not in message


def test_a_network_with_other_outputs_than_its_card_says_is_refused(tmp_path: Path) -> None:
    card = write_tiny_model(tmp_path)
    card = with_file(card, card.path_for("int8").read_bytes(), labels={"LV cavity": 1, "LV myocardium": 2})
    with pytest.raises(ModelError, match="as its card says"):
        runtime.load_network(card, "int8", input_shape=(64, 64))


def test_a_file_that_crashes_the_runtime_is_refused(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.forget_networks()
    monkeypatch.setattr(runtime, "_checked", set())
    monkeypatch.setattr(child, "run_module", lambda *a, **k: subprocess.CompletedProcess([], -11, b"", b""))
    with pytest.raises(ModelError, match="crashes the runtime"):
        runtime.load_network(card, "int8", input_shape=(64, 64))

    def slow(*_: object, **__: object) -> None:
        raise child.ChildTimeout("python", 1)

    monkeypatch.setattr(child, "run_module", slow)
    with pytest.raises(ModelError, match="did not load within"):
        runtime.load_network(card, "int8", input_shape=(64, 64))


def test_models_that_came_with_the_program_need_no_trial(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.forget_networks()
    monkeypatch.setattr(runtime, "_checked", set())
    monkeypatch.setattr(runtime, "packaged_models", lambda: card.folder.parent)
    monkeypatch.setattr(child, "run_module", lambda *a, **k: pytest.fail("a child was started"))
    runtime.load_network(card, "int8", input_shape=(64, 64))


def test_the_trial_runs_this_package_wherever_the_user_stands(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    content = card.path_for("int8").read_bytes()
    done = child.run_module("engine.network.trial", ["4", "64", "64", "x.onnx"], content=content)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_cycle_is_refused_before_the_runtime_reads_it(tmp_path: Path, card: ModelCard) -> None:
    model = onnx.load_from_string(card.path_for("float32").read_bytes())
    model.graph.node[0].input[0] = model.graph.node[-1].output[0]
    done = child.run_module(
        "engine.network.trial", ["4", "64", "64", "x.onnx"], content=model.SerializeToString(), timeout_s=30
    )
    assert done.returncode == 1
    assert b"x.onnx: is not a usable ONNX file (a node reads" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no process by itself")
def test_a_trial_process_cannot_take_all_memory() -> None:
    code = "from engine.network import trial; trial.bound_memory(trial.TRIAL_MEMORY_BYTES); bytearray(4 << 30)"
    with pytest.raises(AssertionError, match="MemoryError"):
        fresh_python(code)


def test_running_a_network_makes_no_network_call_and_loads_no_telemetry(card: ModelCard) -> None:
    code = f"""
import sys
def watch(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.client.")) or event == "subprocess.Popen":
        raise SystemExit(f"{{event}} {{arguments}}")
sys.addaudithook(watch)
from pathlib import Path
import numpy as np
from engine.network import runtime
from engine.network.model_card import load_card
runtime.packaged_models = lambda: Path({str(card.folder.parent)!r})
network = runtime.load_network(load_card(Path({str(card.folder)!r})), "int8", input_shape=(64, 64))
network.infer(np.zeros((1, 1, 64, 64), np.float32))
print(*(name for name, module in sys.modules.items() if module is not None))
"""
    # CI switches the telemetry off by itself: without it the test sees what a user's computer does.
    environment = {"CI": "", "TF_BUILD": "", "JENKINS_URL": ""}
    loaded = fresh_python(code, **environment).split()
    assert "openvino" in loaded
    assert not [name for name in loaded if "telemetry" in name or name.startswith("openvino.tools.ovc")]


def test_the_watch_would_see_the_telemetry() -> None:
    """The test above is worth something: importing OpenVINO plainly does load what sends."""
    loaded = fresh_python("import sys, openvino\nprint(*sys.modules)", CI="true")
    if "openvino_telemetry" not in loaded.split():
        pytest.skip("openvino-telemetry is not installed")
    assert "openvino.tools.ovc" in loaded.split()


def test_the_converter_can_still_be_imported_and_sends_nothing(card: ModelCard) -> None:
    code = """
import engine.network.runtime, sys
from openvino.tools.ovc import convert_model
print(*(name for name, module in sys.modules.items() if module is not None))
"""
    assert "openvino_telemetry" not in fresh_python(code).split()


@pytest.mark.skipif(not X86, reason="the cap is one of x86 instruction sets")
def test_isa_honours_the_cap(card: ModelCard) -> None:
    code = f"""
from pathlib import Path
from engine.network import runtime
from engine.network.model_card import load_card
runtime.packaged_models = lambda: Path({str(card.folder.parent)!r})
network = runtime.load_network(load_card(Path({str(card.folder)!r})), "int8", threads=1, input_shape=(64, 64))
print(network.isa, network.int8_share)
"""
    assert fresh_python(code, ONEDNN_MAX_CPU_ISA="AVX2", OV_CPU_MAX_ISA="AVX2").split() == ["AVX2", "1.0"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Intel SSE4.1", "SSE4.1"),
        ("Intel AVX2", "AVX2"),
        ("Intel AVX2 with Intel DL Boost", "AVX2-VNNI"),
        ("Intel AVX-512 with AVX512BW, AVX512VL, and AVX512DQ extensions", "AVX-512"),
        ("Intel AVX-512 with Intel DL Boost", "AVX-512 VNNI"),
        ("Intel AVX-512 with Intel DL Boost and bfloat16 support", "AVX-512 VNNI"),
        ("Intel AVX-512 with Intel DL Boost and bfloat16 support and Intel AMX with bfloat16 and 8-bit support", "AMX"),
        ("jit_avx2_I8 brgconv_avx2_1x1_f32", "AVX2"),
        ("brgconv_avx512_amx_I8", "AMX"),
        ("acl_f16", "Neon"),
        ("ref_any", ""),
    ],
)
def test_names_of_instruction_sets(said: str, name: str) -> None:
    assert executed.short_isa(said) == name


def test_physical_cores_are_within_what_the_process_may_use() -> None:
    assert 1 <= runtime.physical_cores() <= (os.cpu_count() or 1)
