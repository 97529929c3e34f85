"""A segmentation model small enough to read: it labels by brightness, and has all the parts of a shipped model.

write_tiny_model() writes card.json, float32.onnx, int8.onnx with QDQ nodes, float16.onnx and test tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.network.model_card import ModelCard, TestTensors, describe_file, save_card, write_test_tensors
from engine.network.preprocess import InputSpec
from engine.volume import STRUCTURES

CHANNELS = 16
# Standardised brightness at which each label begins to win: background, MYO, LV, RV from dark to bright.
# As lines (slope, offset) of the brightness x, whose upper envelope changes at x = 0, 1 and 2.
LINES = {0: (0.0, 0.0), 2: (1.0, 0.0), 1: (2.0, -1.0), 3: (3.0, -3.0)}


def expected_label(brightness: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What the model answers where brightness (any shape, standardised) is locally constant and positive."""
    scores = np.stack([LINES[c][0] * brightness + LINES[c][1] for c in range(4)])
    return np.asarray(scores.argmax(axis=0), dtype=np.uint8)


def _weights() -> dict[str, NDArray[np.float32]]:
    """A 3×3 mean of the input into every channel, two layers that keep it, and the four lines."""
    blur = np.full((CHANNELS, 1, 3, 3), 1 / 9, dtype=np.float32)
    keep = np.zeros((CHANNELS, CHANNELS, 3, 3), dtype=np.float32)
    keep[:, :, 1, 1] = 1 / CHANNELS
    depthwise = np.zeros((CHANNELS, 1, 3, 3), dtype=np.float32)
    depthwise[:, 0, 1, 1] = 1
    head = np.repeat(np.array([[LINES[c][0]] for c in range(4)], dtype=np.float32) / CHANNELS, CHANNELS, axis=1)
    return {"blur": blur, "keep": keep, "depthwise": depthwise, "head": head[:, :, None, None]}


def _graph(*, quantized: bool, half: bool = False) -> onnx.ModelProto:
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def constant(name: str, value: NDArray[np.generic]) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def quantize_activation(x: str, name: str, low: float, high: float) -> str:
        if not quantized:
            return x
        scale = constant(f"{name}_scale", np.float32((high - low) / 255))
        zero = constant(f"{name}_zero", np.uint8(round(-low / ((high - low) / 255))))
        nodes.append(helper.make_node("QuantizeLinear", [x, scale, zero], [f"{name}_q"], name=f"{name}_q"))
        nodes.append(
            helper.make_node("DequantizeLinear", [f"{name}_q", scale, zero], [f"{name}_dq"], name=f"{name}_dq")
        )
        return f"{name}_dq"

    def weight(name: str, value: NDArray[np.float32]) -> str:
        if half:
            constants.append(numpy_helper.from_array(value.astype(np.float16), f"{name}_half"))
            nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], name=name, to=TensorProto.FLOAT))
            return name
        if not quantized:
            return constant(name, value)
        scale = np.maximum(np.abs(value).reshape(len(value), -1).max(axis=1), 1e-6).astype(np.float32) / 127
        whole = np.round(value / scale.reshape(-1, 1, 1, 1)).astype(np.int8)
        inputs = [
            constant(f"{name}_i8", whole),
            constant(f"{name}_scale", scale),
            constant(f"{name}_zero", np.zeros(len(value), dtype=np.int8)),
        ]
        nodes.append(helper.make_node("DequantizeLinear", inputs, [name], name=f"{name}_dq", axis=0))
        return name

    def conv(x: str, name: str, value: NDArray[np.float32], bias: NDArray[np.float32], *, group: int = 1) -> str:
        pad = value.shape[-1] // 2
        inputs = [x, weight(f"{name}_w", value), constant(f"{name}_b", bias)]
        nodes.append(
            helper.make_node(
                "Conv", inputs, [name], name=name, kernel_shape=list(value.shape[2:]), pads=[pad] * 4, group=group
            )
        )
        return name

    def relu(x: str) -> str:
        nodes.append(helper.make_node("Relu", [x], [f"{x}_relu"], name=f"{x}_relu"))
        return f"{x}_relu"

    w = _weights()
    zeros = np.zeros(CHANNELS, dtype=np.float32)
    x = quantize_activation("image", "in", -4.0, 4.0)
    x = quantize_activation(relu(conv(x, "blur", w["blur"], zeros)), "blurred", 0.0, 4.0)
    x = quantize_activation(relu(conv(x, "depthwise", w["depthwise"], zeros, group=CHANNELS)), "kept", 0.0, 4.0)
    x = quantize_activation(relu(conv(x, "keep", w["keep"], zeros)), "mixed", 0.0, 4.0)
    x = conv(x, "head", w["head"], np.array([LINES[c][1] for c in range(4)], dtype=np.float32))
    nodes.append(helper.make_node("Identity", [x], ["logits"], name="logits"))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, "height", "width"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 4, "height", "width"])],
        initializer=constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def reference_logits(network_input: NDArray[np.float32]) -> NDArray[np.float32]:
    """(4, H, W) float32 of the float model for (1, 1, H, W), computed without any runtime."""
    padded = np.pad(network_input[0, 0], 1)
    h, w = network_input.shape[2:]
    mean = sum(padded[i : i + h, j : j + w] for i in range(3) for j in range(3)) / 9
    x = np.maximum(np.asarray(mean), 0)
    return np.stack([LINES[c][0] * x + LINES[c][1] for c in range(4)]).astype(np.float32)


def write_tiny_model(
    parent: Path, model_id: str = "tiny", precisions: Sequence[str] = ("float32", "int8"), **changes: object
) -> ModelCard:
    """Write the model's folder under parent and return its card. changes: card fields to set otherwise."""
    folder = parent / model_id
    folder.mkdir(parents=True)
    for precision in precisions:
        graph = _graph(quantized=precision == "int8", half=precision == "float16")
        (folder / f"{precision}.onnx").write_bytes(graph.SerializeToString())
    rows = np.linspace(-2, 3, 32, dtype=np.float16).astype(np.float32)
    network_input = np.broadcast_to(rows, (1, 1, 32, 32)).copy()
    logits = reference_logits(network_input)
    tolerance = {name: 0.25 if name == "int8" else 0.02 for name in precisions}
    tensors: TestTensors = write_test_tensors(
        folder / "test_tensors.npz", network_input, dict.fromkeys(precisions, logits), tolerance
    )
    card = ModelCard(
        schema=1,
        id=model_id,
        name="Tiny",
        version="1",
        description="Labels by brightness.",
        parameters=sum(v.size for v in _weights().values()),
        precisions={name: describe_file(folder / f"{name}.onnx") for name in precisions},
        input=InputSpec(),
        labels={name: value for value, name in STRUCTURES.items()},
        keep_largest=False,
        intended_use="Tests.",
        limits="Knows nothing of hearts.",
        training_data="None.",
        licence="Apache-2.0",
        metrics={precisions[0]: {"dice_mean": 0.5}},
        metrics_split="none",
        test_tensors=tensors,
        folder=folder,
    )
    card = replace(card, **changes)  # type: ignore[arg-type]
    save_card(card)
    return card
