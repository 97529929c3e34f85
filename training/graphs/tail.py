"""The last steps of a network that gives its logits at half resolution: what they cost, and how they cost less.

DepthToSpace on float logits is a pass over the largest tensor of the network, and the runtime adds another to put it
into the layout of its output. Written as one transposition it is a single pass; and with the logits in 8 bits, as the
int8 file has them, that pass moves a quarter of the bytes.
"""

from __future__ import annotations

import itertools
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
    return last if _block_of(last) else None


def _block_of(node: onnx.NodeProto) -> int:
    """The block of a DepthToSpace of column-row-depth order; 0 for another node."""
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    is_one = node.op_type == "DepthToSpace" and attributes.get("mode") == b"CRD"
    return int(attributes["blocksize"]) if is_one else 0


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
    block = _block_of(last)
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


def smooth_blocks(model: onnx.ModelProto) -> bool:
    """Put a last 3×3 convolution by channel in front of the DepthToSpace that it follows, in place.

    There it mixes the b·b pixels of each block with those of the blocks around: b² times the multiplications, which
    cost integer kernels less than passing over the largest tensor once more. Returns whether the graph ended so; one
    that ends otherwise stays as it is.
    """
    graph = model.graph
    last = next(n for n in graph.node if graph.output[0].name in n.output)
    before = next((n for n in graph.node if last.op_type == "Conv" and last.input[0] in n.output), None)
    arrays = {c.name: numpy_helper.to_array(c) for c in graph.initializer if c.name in last.input[1:]}
    if before is None or not _block_of(before) or len(arrays) != 1:
        return False
    kernel, block = arrays[last.input[1]], _block_of(before)
    attributes = {a.name: helper.get_attribute_value(a) for a in last.attribute}
    if kernel.shape[1:] != (1, 3, 3) or attributes.get("group") != len(kernel) or attributes.get("pads") != [1] * 4:
        return False
    graph.initializer.append(numpy_helper.from_array(of_blocks(kernel, block), "smooth/blocks"))
    nodes = [
        helper.make_node(
            "Conv", [before.input[0], "smooth/blocks"], ["smooth/fine"], "smooth/Conv", group=len(kernel), pads=[1] * 4
        ),
        helper.make_node(
            "DepthToSpace", ["smooth/fine"], last.output, "smooth/DepthToSpace", blocksize=block, mode="CRD"
        ),
    ]
    _insert_before(graph, last, nodes)
    graph.node.remove(last)
    graph.node.remove(before)
    return True


def of_blocks(kernel: NDArray[np.float32], block: int) -> NDArray[np.float32]:
    """(C, 1, 3, 3) over pixels as (C·b·b, b·b, 3, 3) over blocks of b × b of them, row by row in the channels."""
    found = np.zeros((len(kernel), block, block, block, block, 3, 3), dtype=np.float32)
    for i, j, dy, dx in itertools.product(range(block), range(block), (-1, 0, 1), (-1, 0, 1)):
        # The pixel beside (i, j) is (a, b) of the same block or of the next.
        (down, a), (right, b) = divmod(i + dy, block), divmod(j + dx, block)
        found[:, i, j, a, b, 1 + down, 1 + right] = kernel[:, 0, 1 + dy, 1 + dx]
    return found.reshape(-1, block * block, 3, 3)


def _insert_before(graph: onnx.GraphProto, node: onnx.NodeProto, nodes: list[onnx.NodeProto]) -> None:
    position = next(i for i, n in enumerate(graph.node) if n is node or n.output == node.output)
    for offset, new in enumerate(nodes):
        graph.node.insert(position + offset, new)
