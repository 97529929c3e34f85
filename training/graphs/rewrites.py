"""Rewrites of an exported ONNX graph that keep its function: fewer bytes, and kernels that runtimes have."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

# Arithmetic on sizes works on a handful of numbers; weights are larger and stay as they are.
_SIZE_VALUES = 64
_OWNERS = ("Conv", "ConvTranspose", "QuantizeLinear", "DequantizeLinear")


def tidy(model: onnx.ModelProto) -> None:
    """Make the file smaller, in place: sizes that are known are computed, equal constants shared, names shortened.

    Nodes keep their names, which profiles show; the tensors between them become t1, t2, … and constants c1, c2, ….
    """
    _fold_sizes(model)
    _share_constants(model.graph)
    _shorten_names(model.graph)
    # Types and shapes of the tensors between: readers infer them again.
    del model.graph.value_info[:]
    onnx.checker.check_model(model)


def compact(model: onnx.ModelProto) -> None:
    """Leave out of a finished file, in place, what every reader infers by itself. Must be the last rewrite.

    Attributes at the values that the standard gives them, sizes of kernels that their weights show, names of scopes
    said twice ("reduce/reduce.0" → "reduce.0"), and those of a split PRelu's nodes but the last.
    """
    opset = next(o.version for o in model.opset_import if not o.domain)
    for node in model.graph.node:
        kept = [a for a in node.attribute if not _is_default(node.op_type, a, opset)]
        del node.attribute[:]
        node.attribute.extend(kept)
        split = re.fullmatch(SPLIT_PRELU, node.name)
        if split:
            node.name = node.name.removesuffix("/Add") if split[1] == "Add" else ""
        node.name = re.sub(r"([^/]+)/\1\.", r"\1.", node.name)
    onnx.checker.check_model(model)


def _is_default(operator: str, attribute: onnx.AttributeProto, opset: int) -> bool:
    value = helper.get_attribute_value(attribute)
    if operator in ("Conv", "ConvTranspose", "MaxPool", "AveragePool"):
        # These defaults depend on the number of dimensions; the standard gives them in its text.
        if attribute.name in ("dilations", "strides", "pads"):
            return set(value) == {0 if attribute.name == "pads" else 1}
        if attribute.name == "kernel_shape" and operator == "Conv":
            return True
    default = onnx.defs.get_schema(operator, opset).attributes[attribute.name].default_value
    return bool(default.type) and helper.get_attribute_value(default) == value


def split_prelu(model: onnx.ModelProto) -> None:
    """Every PRelu as max(0, x) + slope · min(0, x), in place: exact for any slope, since one of the two is zero.

    OpenVINO 2026.4 computes a PRelu that it cannot fuse into a convolution in another memory layout and spends most of
    the network's time on going there and back; plain arithmetic it computes where the tensor lies. The four nodes are
    named after the PRelu (see SPLIT_PRELU), so that quantization treats them as one.
    """
    nodes: list[onnx.NodeProto] = []
    zero = ""
    for node in model.graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        if not zero:
            zero = "prelu_zero"
            model.graph.initializer.append(numpy_helper.from_array(np.array(0, dtype=np.float32), zero))
        (x, slope), (y,), name = node.input, node.output, node.name
        nodes += [
            helper.make_node("Relu", [x], [f"{y}/up"], name=f"{name}/Relu"),
            helper.make_node("Min", [x, zero], [f"{y}/low"], name=f"{name}/Min"),
            helper.make_node("Mul", [f"{y}/low", slope], [f"{y}/down"], name=f"{name}/Mul"),
            helper.make_node("Add", [f"{y}/up", f"{y}/down"], [y], name=f"{name}/Add"),
        ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


SPLIT_PRELU = r".*PRelu[^/]*/(Relu|Min|Mul|Add)"
"""Names of the nodes that split_prelu makes."""


def constants(graph: onnx.GraphProto) -> dict[str, NDArray[np.generic]]:
    """The graph's constants by name."""
    return {c.name: numpy_helper.to_array(c) for c in graph.initializer}


def layer_weights(graph: onnx.GraphProto) -> dict[str, int]:
    """Names of the constants that are the weights of convolutions, each with the axis of its output channels."""
    known = {c.name for c in graph.initializer}
    axes = {"Conv": 0, "ConvTranspose": 1}
    return {n.input[1]: axes[n.op_type] for n in graph.node if n.op_type in axes and n.input[1] in known}


def _fold_sizes(model: onnx.ModelProto) -> None:
    """Turn Constant nodes into initializers, and arithmetic on known sizes into its result."""
    graph = model.graph
    shapes = dict(_known_shapes(onnx.shape_inference.infer_shapes(model, data_prop=True).graph))
    known = constants(graph)
    opset = next(o.version for o in model.opset_import if not o.domain)
    nodes = []
    for node in graph.node:
        value = None
        if node.op_type == "Constant":
            value = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type == "Shape" and node.input[0] in shapes and not node.attribute:
            value = np.array(shapes[node.input[0]], dtype=np.int64)
        elif node.op_type == "Identity" and node.input[0] in known:
            # The exporter shares constants through Identity nodes.
            value = known[node.input[0]]
        elif node.op_type != "DequantizeLinear" and node.input and all(not i or i in known for i in node.input):
            (result,) = ReferenceEvaluator(node, opsets={"": opset}).run(None, {i: known[i] for i in node.input if i})
            value = np.asarray(result) if np.size(result) <= _SIZE_VALUES else None
        if value is None:
            nodes.append(node)
        else:
            known[node.output[0]] = np.asarray(value)
            graph.initializer.append(numpy_helper.from_array(np.asarray(value), node.output[0]))
    del graph.node[:]
    graph.node.extend(nodes)


def _known_shapes(graph: onnx.GraphProto) -> Iterator[tuple[str, list[int]]]:
    for value in (*graph.input, *graph.value_info):
        dimensions = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(d.HasField("dim_value") for d in dimensions):
            yield value.name, [d.dim_value for d in dimensions]


def _share_constants(graph: onnx.GraphProto) -> None:
    """Keep one copy of equal constants, and none that is not read.

    Weights and biases of convolutions stay their own, however equal: quantization changes them one by one. So do the
    steps and zero points of quantizers: where layers shared them, OpenVINO 2026.4 computed a whole U-Net in float.
    """
    own = {name for n in graph.node if n.op_type in _OWNERS for name in n.input}
    first: dict[tuple[object, ...], str] = {}
    instead: dict[str, str] = {}
    for constant in graph.initializer:
        if constant.name not in own:
            value = numpy_helper.to_array(constant)
            instead[constant.name] = first.setdefault((value.dtype, value.shape, value.tobytes()), constant.name)
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = instead.get(name, name)
    used = {name for node in graph.node for name in node.input}
    kept = [c for c in graph.initializer if c.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _shorten_names(graph: onnx.GraphProto) -> None:
    names = {v.name: v.name for v in (*graph.input, *graph.output)}
    names[""] = ""
    for i, constant in enumerate(graph.initializer, start=1):
        names[constant.name] = constant.name = f"c{i}"
    for node in graph.node:
        for output in node.output:
            names.setdefault(output, f"t{len(names)}")
    for node in graph.node:
        for side in (node.input, node.output):
            for i, name in enumerate(side):
                side[i] = names[name]
