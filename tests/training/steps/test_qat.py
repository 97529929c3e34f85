"""Fine-tuning under quantization: what torch trains is what the runtime computes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from training_scans import phantom_scans

from training.config import Config
from training.networks.quantlite import QuantLite
from training.steps.export import write_onnx
from training.steps.qat import QuantizedGraph, fine_tune
from training.steps.quantize import quantize_int8, take_weights

SIZE = 64
CONFIG = Config(
    network="quantlite",
    id="tiny",
    name="Tiny",
    description="",
    batch=4,
    crop=SIZE,
    qat_epochs=1,
    qat_learning_rate=1e-3,
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[onnx.ModelProto, onnx.ModelProto, QuantLite]:
    """(float graph, its post-training quantization, the network) of a small QuantLite with random weights."""
    torch.manual_seed(0)
    network = QuantLite(stem=16, widths=(16, 32, 48), depths=(1, 1, 1), decoder=(32, 16, 16)).eval()
    network.fold()
    folder = tmp_path_factory.mktemp("qat")
    x = np.random.default_rng(0).standard_normal((1, 1, SIZE, SIZE)).astype(np.float32)
    write_onnx(network, x, folder / "float32.onnx", dynamic=True)
    start = onnx.load(folder / "float32.onnx")
    # What tuning gets: the quantized graph before its tail is rewritten.
    handed: list[bytes] = []

    def keep(model: onnx.ModelProto, start: onnx.ModelProto) -> onnx.ModelProto:
        handed.append(model.SerializeToString())
        return model

    quantize_int8(folder / "float32.onnx", folder / "int8.onnx", [x, x * 0.7], keep)
    return start, onnx.load_from_string(handed[0]), network


def _run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    # As the file says it, node by node.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def _almost_everywhere(a: np.ndarray, b: np.ndarray) -> None:
    """Equal but for a few values that fell to the other side of a rounding."""
    scale = np.abs(b).max()
    assert np.median(np.abs(a - b)) <= 1e-4 * scale
    assert np.percentile(np.abs(a - b), 99) <= 0.03 * scale


def test_torch_computes_what_the_quantized_file_says(
    pair: tuple[onnx.ModelProto, onnx.ModelProto, QuantLite],
) -> None:
    x = np.random.default_rng(1).standard_normal((2, 1, SIZE, SIZE)).astype(np.float32)
    graph = QuantizedGraph(pair[1])
    with torch.no_grad():
        ours = graph(torch.from_numpy(x)).numpy()
    theirs = np.concatenate([_run(pair[1], one[None]) for one in x])
    _almost_everywhere(ours, theirs)
    _almost_everywhere(np.concatenate([_run(graph.to_onnx(), one[None]) for one in x]), ours)


def test_tuning_lowers_the_loss_and_writes_what_it_learned(
    pair: tuple[onnx.ModelProto, onnx.ModelProto, QuantLite],
) -> None:
    start, quantized, network = pair
    said: list[dict[str, float]] = []
    config = replace(CONFIG, qat_epochs=10, qat_learning_rate=1e-2)
    tuned = fine_tune(quantized, config, phantom_scans(), network, start=start, on_epoch=said.append)
    assert said[-1]["loss"] < said[0]["loss"] - 0.02
    assert [n.op_type for n in tuned.graph.node if n.op_type != "Identity"] == [
        n.op_type for n in quantized.graph.node if n.op_type != "Identity"
    ]
    x = np.random.default_rng(2).standard_normal((1, 1, SIZE, SIZE)).astype(np.float32)
    assert np.abs(_run(tuned, x) - _run(quantized, x)).max() > 0.01
    with torch.no_grad():
        _almost_everywhere(QuantizedGraph(tuned)(torch.from_numpy(x)).numpy(), _run(tuned, x))
    integers = [onnx.numpy_helper.to_array(c) for c in tuned.graph.initializer if c.data_type == onnx.TensorProto.INT8]
    assert integers
    assert all(i.min() >= -64 and i.max() <= 63 for i in integers)


def test_the_float_graph_takes_the_tuned_weights(pair: tuple[onnx.ModelProto, onnx.ModelProto, QuantLite]) -> None:
    start, quantized, network = pair
    config = replace(CONFIG, qat_epochs=2, qat_learning_rate=1e-2)
    tuned = fine_tune(quantized, config, phantom_scans(), network, start=start)
    shared = onnx.ModelProto()
    shared.CopyFrom(start)
    take_weights(shared, tuned)
    wanted = QuantizedGraph(tuned)
    floats = {c.name: onnx.numpy_helper.to_array(c) for c in shared.graph.initializer}
    convolutions = [node for node in shared.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == len(wanted.weights)
    for node in convolutions:
        key = node.name.replace(".", "_")
        np.testing.assert_array_equal(floats[node.input[1]], wanted.weights[key].detach().numpy())
        np.testing.assert_array_equal(floats[node.input[2]], wanted.biases[key].detach().numpy())
    # Without rounding of activations, what is tuned is that float graph.
    x = np.random.default_rng(3).standard_normal((1, 1, SIZE, SIZE)).astype(np.float32)
    with torch.no_grad():
        ours = wanted(torch.from_numpy(x), rounding=False).numpy()
        rounded = wanted(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(ours, _run(shared, x), atol=1e-4 * np.abs(ours).max())
    assert np.abs(ours - rounded).max() > 1e-3 * np.abs(ours).max()


def test_tuning_sees_activations_rounded_and_as_they_are(
    pair: tuple[onnx.ModelProto, onnx.ModelProto, QuantLite], monkeypatch: pytest.MonkeyPatch
) -> None:
    start, quantized, network = pair
    seen: list[bool] = []
    real = QuantizedGraph.forward

    def noted(self: QuantizedGraph, x: torch.Tensor, *, rounding: bool = True) -> torch.Tensor:
        seen.append(rounding)
        return real(self, x, rounding=rounding)

    monkeypatch.setattr(QuantizedGraph, "forward", noted)
    fine_tune(quantized, replace(CONFIG, qat_epochs=2), phantom_scans(), network, start=start)
    assert len(seen) > 2
    assert seen[::2] == [True] * len(seen[::2])
    assert seen[1::2] == [False] * len(seen[1::2])


def test_an_interrupted_tuning_goes_on(
    pair: tuple[onnx.ModelProto, onnx.ModelProto, QuantLite], tmp_path: Path
) -> None:
    class StopError(Exception):
        pass

    def stop(row: dict[str, float]) -> None:
        raise StopError

    start, quantized, network = pair
    config, scans, path = replace(CONFIG, qat_epochs=2), phantom_scans(), tmp_path / "tuning.safetensors"
    whole = fine_tune(quantized, config, scans, network, start=start)
    with pytest.raises(StopError):
        fine_tune(quantized, config, scans, network, start=start, checkpoint=path, on_epoch=stop)
    seen: list[dict[str, float]] = []
    again = fine_tune(quantized, config, scans, network, start=start, checkpoint=path, on_epoch=seen.append)
    assert [row["epoch"] for row in seen] == [2]
    assert again.SerializeToString() == whole.SerializeToString()


def test_tuning_keeps_to_the_taps_of_the_branches(
    pair: tuple[onnx.ModelProto, onnx.ModelProto, QuantLite],
) -> None:
    start, quantized, network = pair
    tuned = fine_tune(quantized, replace(CONFIG, qat_learning_rate=1e-2), phantom_scans(), network, start=start)
    kernels = [w for w in QuantizedGraph(tuned).weights.values() if w.shape[1:] == (1, 5, 5)]
    assert kernels
    for kernel in kernels:
        plain, dilated = kernel.detach().chunk(2)
        assert plain[:, 0, 0].abs().max() == plain[:, 0, :, 4].abs().max() == 0
        assert dilated[:, 0, 1::2].abs().max() == dilated[:, 0, :, 1::2].abs().max() == 0


def test_an_operator_that_cannot_be_trained_is_named(
    pair: tuple[onnx.ModelProto, onnx.ModelProto, QuantLite], tmp_path: Path
) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(pair[1])
    next(n for n in model.graph.node if n.op_type == "MaxPool").op_type = "AveragePool"
    with pytest.raises(ValueError, match="AveragePool"):
        QuantizedGraph(model)
