"""Int8 graphs that OpenVINO computes as the file says, on every instruction set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.network.runtime import Network
from training.steps.export import stated_logits
from training.steps.quantize import feed_wide_groups_unrounded

GROUPS = 4


def _grouped(channels: int, kernel: int = 1) -> onnx.ModelProto:
    """A grouped convolution of a repeated image between quantizers, four groups of so many channels, to 4 logits."""
    rng = np.random.default_rng(0)
    count = GROUPS * channels
    arrays: dict[str, NDArray[np.generic]] = {
        "spread": rng.standard_normal((count, 1, 1, 1)).astype(np.float32),
        "step": np.array(0.05, dtype=np.float32),
        "zero": np.array(128, dtype=np.uint8),
        "weight": rng.integers(-60, 60, (16 * GROUPS, channels, kernel, kernel)).astype(np.int8),
        "weight_step": np.full(16 * GROUPS, 0.003, dtype=np.float32),
        "weight_zero": np.zeros(16 * GROUPS, dtype=np.int8),
        "join": rng.standard_normal((4, 16 * GROUPS, 1, 1)).astype(np.float32),
    }
    pads = [kernel // 2] * 4
    nodes = [
        helper.make_node("Conv", ["image", "spread"], ["x"]),
        helper.make_node("QuantizeLinear", ["x", "step", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "step", "zero"], ["d"]),
        helper.make_node("DequantizeLinear", ["weight", "weight_step", "weight_zero"], ["w"], axis=0),
        helper.make_node("Conv", ["d", "w"], ["y"], group=GROUPS, pads=pads, name="grouped"),
        helper.make_node("Conv", ["y", "join"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "grouped",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 16, 16])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 4, 16, 16])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("channels", [68, 80, 160])
def test_runtime_computes_wide_groups_as_the_file_says(channels: int) -> None:
    """On AMX, int8 groups of more than 64 channels that are no multiple of 64 came out wrong, or not at all."""
    model = _grouped(channels)
    feed_wide_groups_unrounded(model.graph)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    x = np.random.default_rng(1).standard_normal((1, 1, 16, 16)).astype(np.float32)
    stated = stated_logits(content, x)
    for threads in (1, 2):
        network = Network(content, where=Path("grouped.onnx"), channels=4, input_shape=(16, 16), threads=threads)
        assert network.threads == threads
        assert np.abs(network.infer(x) - stated).mean() < 0.01 * np.abs(stated).mean()


@pytest.mark.parametrize(
    ("channels", "kernel", "rounded"), [(80, 1, False), (64, 1, True), (128, 1, True), (80, 3, True)]
)
def test_only_layers_that_fail_are_fed_unrounded(channels: int, kernel: int, rounded: bool) -> None:
    model = _grouped(channels, kernel)
    feed_wide_groups_unrounded(model.graph)
    (layer,) = (node for node in model.graph.node if node.name == "grouped")
    assert layer.input[0] == ("d" if rounded else "x")
    # Nothing is left that nobody reads, and the weights stay in 8 bits.
    assert ("QuantizeLinear" in {node.op_type for node in model.graph.node}) == rounded
    assert layer.input[1] == "w"
