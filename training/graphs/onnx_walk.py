"""An ONNX graph of convolutions between quantizers, computed node by node in torch, so that it can be trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import onnx
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

Constants = Mapping[str, NDArray[Any]]
CONVOLUTIONS = ("Conv", "ConvTranspose")


def walk(
    graph: onnx.GraphProto,
    constants: Constants,
    x: Tensor,
    convolve: Callable[[onnx.NodeProto, Tensor], Tensor],
    rounds: Callable[[onnx.NodeProto, Tensor], Tensor],
) -> Tensor:
    """Compute the graph's only output from its only input x.

    constants: as constants_of gives them. convolve: what a convolution makes of its input; it knows its weights.
    rounds: what a QuantizeLinear hands on, in real numbers; the DequantizeLinear after it has nothing left to do.
    """
    values: dict[str, Any] = {graph.input[0].name: x}
    for node in graph.node:
        if node.op_type in CONVOLUTIONS:
            values[node.output[0]] = convolve(node, values[node.input[0]])
        elif node.op_type == "QuantizeLinear":
            values[node.output[0]] = rounds(node, values[node.input[0]])
        elif node.op_type == "DequantizeLinear" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]
        elif node.op_type in _OPERATORS:
            inputs = [values[name] if name in values else constants.get(name) for name in node.input]
            values[node.output[0]] = _OPERATORS[node.op_type](attributes(node), inputs)
    result: Tensor = values[graph.output[0].name]
    return result


def constants_of(graph: onnx.GraphProto) -> dict[str, NDArray[Any]]:
    """Initializers and outputs of Constant nodes by name."""
    found = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return found


def check_operators(graph: onnx.GraphProto, convolutions: tuple[str, ...], purpose: str) -> None:
    """Raise ValueError for the first node that walk does not know, saying that it "cannot be trained <purpose>"."""
    known = (*convolutions, *_OPERATORS, "QuantizeLinear", "DequantizeLinear", "Constant")
    for node in graph.node:
        if node.op_type not in known:
            raise ValueError(f"node {node.name}: {node.op_type} cannot be trained {purpose}")


def convolution(node: onnx.NodeProto, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A Conv or ConvTranspose with these weights. Raises ValueError where opposite sides are padded differently."""
    known = attributes(node)
    top, left, bottom, right = known["pads"]
    if (top, left) != (bottom, right):
        raise ValueError(f"node {node.name}: padding differs between sides")
    strides, dilations, groups = known["strides"], known["dilations"], known["group"]
    if node.op_type == "Conv":
        return F.conv2d(x, weight, bias, strides, (top, left), dilations, groups)
    return F.conv_transpose2d(x, weight, bias, strides, (top, left), 0, groups, dilations)


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node by name."""
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def parameter_name(node: str) -> str:
    """A node's name as a parameter may be called."""
    return node.replace(".", "_")


def _resize(attributes: dict[str, Any], inputs: list[Any]) -> Tensor:
    scales = inputs[2]
    if attributes["mode"] != b"nearest" or tuple(scales) != (1, 1, 2, 2):
        raise ValueError(f"resizing by {tuple(scales)}, {attributes['mode'].decode()}: only nearest by 2 is known")
    return F.interpolate(inputs[0], scale_factor=2, mode="nearest")


_OPERATORS: dict[str, Callable[[dict[str, Any], list[Any]], Any]] = {
    "Relu": lambda a, i: i[0].relu(),
    "Add": lambda a, i: i[0] + i[1],
    "Concat": lambda a, i: torch.cat(i, a["axis"]),
    "MaxPool": lambda a, i: F.max_pool2d(i[0], a["kernel_shape"], a["strides"]),
    "Resize": _resize,
    "DepthToSpace": lambda a, i: F.pixel_shuffle(i[0], a["blocksize"]),
}
