"""Rewrites of exported graphs keep the function, and the smaller precisions keep it nearly."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import ModelError
from training.graphs.rewrites import SPLIT_PRELU, compact, constants, split_prelu, tidy
from training.steps.quantize import to_dynamic, to_float16

CHANNELS = 24
SIZE = 16


def _network() -> onnx.ModelProto:
    """Convolution, PRelu with slopes of all kinds, transposed convolution, sizes computed in the graph."""
    rng = np.random.default_rng(0)
    slopes = np.linspace(-1.5, 1.8, CHANNELS, dtype=np.float32).reshape(-1, 1, 1)
    arrays = {
        "down": rng.standard_normal((CHANNELS, 1, 3, 3)).astype(np.float32),
        "slopes": slopes,
        # Channels of very different size: one step for all of them would lose the small ones.
        "up": (rng.standard_normal((CHANNELS, 4, 2, 2)) * [[[[0.01]], [[1]], [[10]], [[0.1]]]]).astype(np.float32),
        "bias": np.zeros(CHANNELS, dtype=np.float32),
        "other": np.zeros(CHANNELS, dtype=np.float32),
        "two": np.array(2, dtype=np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["image", "down", "bias"], ["a"], name="/conv", pads=[1] * 4, strides=[2, 2]),
        helper.make_node("PRelu", ["a", "slopes"], ["b"], name="/act/PRelu"),
        helper.make_node("Constant", [], ["offset"], value=numpy_helper.from_array(np.full((2, 1), 0.5, np.float32))),
        helper.make_node("Constant", [], ["same"], value=numpy_helper.from_array(np.full((2, 1), 0.5, np.float32))),
        helper.make_node("ConvTranspose", ["b", "up"], ["c"], name="/up", strides=[2, 2]),
        helper.make_node("Shape", ["c"], ["shape"], name="/shape"),
        helper.make_node("Mul", ["shape", "two"], ["twice"], name="/twice"),
        helper.make_node("Div", ["twice", "two"], ["back"], name="/back"),
        helper.make_node("ReduceSum", ["offset"], ["one"], name="/sum", keepdims=0),
        helper.make_node("ReduceSum", ["same"], ["one_too"], name="/sum_too", keepdims=0),
        helper.make_node("Reshape", ["c", "back"], ["d"], name="/reshape"),
        helper.make_node("Add", ["d", "one"], ["e"], name="/add"),
        helper.make_node("Sub", ["e", "one_too"], ["logits"], name="/sub"),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 4, SIZE, SIZE])],
        initializer=[numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def _run(model: onnx.ModelProto) -> np.ndarray:
    x = np.random.default_rng(1).standard_normal((1, 1, SIZE, SIZE)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": x})[0]


def _operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_a_split_prelu_is_exact_for_any_slope() -> None:
    model, split = _network(), _network()
    split_prelu(split)
    assert "PRelu" not in _operators(split)
    np.testing.assert_allclose(_run(split), _run(model), rtol=1e-6, atol=1e-6)
    names = [node.name for node in split.graph.node if re.fullmatch(SPLIT_PRELU, node.name)]
    assert names == ["/act/PRelu/Relu", "/act/PRelu/Min", "/act/PRelu/Mul", "/act/PRelu/Add"]


def test_tidying_computes_known_sizes_and_shares_equal_constants() -> None:
    model, tidied = _network(), _network()
    tidy(tidied)
    np.testing.assert_array_equal(_run(tidied), _run(model))
    assert _operators(tidied) == ["Conv", "PRelu", "ConvTranspose", "Reshape", "Add", "Sub"]
    assert [n.name for n in tidied.graph.node] == ["/conv", "/act/PRelu", "/up", "/reshape", "/add", "/sub"]
    add, sub = tidied.graph.node[-2:]
    assert add.input[1] == sub.input[1]
    values = list(constants(tidied.graph).values())
    # A convolution's bias stays its own though another constant equals it, and nothing unread is kept.
    assert sum(v.shape == (CHANNELS,) for v in values) == 1
    assert len(values) == 6
    again = tidied.SerializeToString()
    tidy(tidied)
    assert tidied.SerializeToString() == again


@pytest.mark.parametrize(
    ("make", "operator", "most"), [(to_float16, "Cast", 1e-3), (to_dynamic, "DequantizeLinear", 0.02)]
)
def test_smaller_weights_give_nearly_the_same(
    make: Callable[[Path, Path], None], operator: str, most: float, tmp_path: Path
) -> None:
    source, target = tmp_path / "float32.onnx", tmp_path / "small.onnx"
    onnx.save(_network(), source)
    make(source, target)
    small = onnx.load(target)
    assert operator in _operators(small)
    for side in (small.graph.input, small.graph.output):
        assert [v.type.tensor_type.elem_type for v in side] == [TensorProto.FLOAT]
    before, after = _run(_network()), _run(small)
    # Each output channel to its own scale: small ones are kept as well as large ones.
    scale = np.abs(before).max((0, 2, 3))
    difference = np.abs(after - before).max((0, 2, 3))
    assert difference.max() > 0
    assert (difference <= most * scale).all()


def test_float16_states_all_but_sizes_in_float16(tmp_path: Path) -> None:
    source, target = tmp_path / "float32.onnx", tmp_path / "float16.onnx"
    onnx.save(_network(), source)
    to_float16(source, target)
    model = onnx.load(target)
    assert {v.dtype for v in constants(model.graph).values()} == {np.dtype(np.float16), np.dtype(np.int64)}
    # One at each end: a Cast a constant would weigh more than a small network's nodes.
    assert _operators(model).count("Cast") == 2
    large = _network()
    next(c for c in large.graph.initializer if c.name == "down").CopyFrom(
        numpy_helper.from_array(np.full((CHANNELS, 1, 3, 3), 1e5, np.float32), "down")
    )
    onnx.save(large, source)
    with pytest.raises(ModelError, match="/conv is beyond float16"):
        to_float16(source, target)


def test_a_compact_file_computes_the_same_and_says_what_is_not_the_default() -> None:
    model = _network()
    split_prelu(model)
    for node in model.graph.node:
        if node.op_type == "Conv":
            node.name = "/down/down.0/Conv"
            said = {"dilations": [1, 1], "group": 1, "kernel_shape": [3, 3]}
            node.attribute.extend(helper.make_attribute(key, value) for key, value in said.items())
    expected, before = _run(model), model.ByteSize()
    compact(model)
    np.testing.assert_array_equal(_run(model), expected)
    assert model.ByteSize() < before
    assert model.graph.node[0].name == "/down.0/Conv"
    assert {a.name for a in model.graph.node[0].attribute} == {"pads", "strides"}
    assert [n.name for n in model.graph.node[1:5]] == ["", "", "", "/act/PRelu"]


def test_dynamic_weights_are_eight_bits_by_output_channel(tmp_path: Path) -> None:
    source, target = tmp_path / "float32.onnx", tmp_path / "dynamic.onnx"
    onnx.save(_network(), source)
    to_dynamic(source, target)
    model = onnx.load(target)
    held = constants(model.graph)
    widen = {n.output[0]: n for n in model.graph.node if n.op_type == "DequantizeLinear"}
    for node in model.graph.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            made = widen[node.input[1]]
            integer, step = (held[name] for name in made.input)
            assert integer.dtype == np.int8
            axis = 0 if node.op_type == "Conv" else 1
            # 1 is what the standard takes where a file says nothing.
            assert [a.i for a in made.attribute] == ([axis] if axis == 0 else [])
            assert step.shape == (integer.shape[axis],)
            others = tuple(i for i in range(4) if i != axis)
            assert (np.abs(integer.astype(int)).max(others) == 127).all()
