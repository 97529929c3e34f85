"""The last steps of a network that gives its logits at half resolution: what they cost, and how they cost less.

DepthToSpace on float logits is a pass over the largest tensor of the network, and the runtime adds another to put it
into the layout of its output. Written as one transposition it is a single pass; and with the logits in 8 bits, as the
int8 file has them, that pass moves a quarter of the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper


def depth_to_space(graph: onnx.GraphProto) -> onnx.NodeProto | None:
    """The node that makes the graph's output, where it is a DepthToSpace of column-row-depth order; else None."""
    last = next(n for n in graph.node if graph.output[0].name in n.output)
    modes = [helper.get_attribute_value(a) for a in last.attribute if a.name == "mode"]
    return last if last.op_type == "DepthToSpace" and modes == [b"CRD"] else None


def logit_range(path_or_bytes: str | bytes, inputs: Iterable[NDArray[np.float32]]) -> tuple[float, float]:
    """Smallest and largest logit of a float model over some inputs (1, 1, H, W)."""
    session = onnxruntime.InferenceSession(path_or_bytes, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    lows, highs = zip(*((y.min(), y.max()) for y in (session.run(None, {name: x})[0] for x in inputs)), strict=True)
    return float(min(lows)), float(max(highs))


def quantize_logits(model: onnx.ModelProto, low: float, high: float) -> None:
    """Put the logits in front of a last DepthToSpace into uint8 with 255 steps from low to high, in place.

    A graph that ends otherwise stays as it is.
    """
    graph = model.graph
    last = depth_to_space(graph)
    if last is None:
        return
    step = np.float32((high - low) / 255)
    zero = np.uint8(np.clip(np.round(-low / step), 0, 255))
    graph.initializer.append(numpy_helper.from_array(np.array(step), "logits/step"))
    graph.initializer.append(numpy_helper.from_array(np.array(zero), "logits/zero"))
    parameters = ["logits/step", "logits/zero"]
    nodes = [
        helper.make_node("QuantizeLinear", [last.input[0], *parameters], ["logits/uint8"], name="logits/Quantize"),
        helper.make_node(
            "DequantizeLinear", ["logits/uint8", *parameters], ["logits/rounded"], name="logits/Dequantize"
        ),
    ]
    last.input[0] = "logits/rounded"
    _insert_before(graph, last, nodes)


def transpose_tail(model: onnx.ModelProto) -> None:
    """Write a last DepthToSpace as one transposition of the same numbers, in place; another graph stays as it is.

    (N, C·b·b, H, W) is read channels last as (N, H, W, C, b, b), transposed to (N, C, H, b, W, b) and read as
    (N, C, H·b, W·b). The runtime fuses the two transpositions into one.
    """
    graph = model.graph
    last = depth_to_space(graph)
    if last is None:
        return
    block = next(helper.get_attribute_value(a) for a in last.attribute if a.name == "blocksize")
    channels = graph.output[0].type.tensor_type.shape.dim[1].dim_value
    arrays = {
        # In the shape of a Reshape, 0 keeps the size of that axis.
        "split": np.array([0, 0, 0, channels, block, block]),
        "from": np.array([2]),
        "to": np.array([4]),
        "block": np.array([block, block]),
        "keep": np.array([0, 0]),
    }
    graph.initializer.extend(numpy_helper.from_array(a.astype(np.int64), f"tail/{k}") for k, a in arrays.items())
    x, y = last.input[0], last.output[0]
    steps: list[tuple[str, list[str], str, dict[str, Any]]] = [
        ("Transpose", [x], "last", {"perm": [0, 2, 3, 1]}),
        ("Reshape", ["tail/last", "tail/split"], "blocks", {}),
        ("Transpose", ["tail/blocks"], "rows", {"perm": [0, 3, 1, 4, 2, 5]}),
        ("Shape", [x], "shape", {}),
        ("Slice", ["tail/shape", "tail/from", "tail/to"], "small", {}),
        ("Mul", ["tail/small", "tail/block"], "large", {}),
        ("Concat", ["tail/keep", "tail/large"], "size", {"axis": 0}),
    ]
    nodes = [helper.make_node(op, i, [f"tail/{o}"], name=f"tail/{o}", **a) for op, i, o, a in steps]
    nodes.append(helper.make_node("Reshape", ["tail/rows", "tail/size"], [y], name="tail/logits"))
    _insert_before(graph, last, nodes)
    graph.node.remove(last)


def _insert_before(graph: onnx.GraphProto, node: onnx.NodeProto, nodes: list[onnx.NodeProto]) -> None:
    position = next(i for i, n in enumerate(graph.node) if n is node or n.output == node.output)
    for offset, new in enumerate(nodes):
        graph.node.insert(position + offset, new)
