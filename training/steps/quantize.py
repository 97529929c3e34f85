"""Quantize a float ONNX file: float16 weights, int8 weights, or int8 throughout with calibration images.

All three are standard ONNX: Cast, DequantizeLinear and QuantizeLinear nodes in opset 17, inputs and outputs in float32.
"""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.errors import ModelError
from engine.formats import datasets
from engine.network.preprocess import InputSpec, intensity, plan, to_input
from training.graphs.rewrites import SPLIT_PRELU, compact, layer_weights, tidy
from training.graphs.tail import depth_to_space, logit_range, quantize_logits, smooth_blocks, transpose_tail

# NNCF reports its use over the network unless it believes it runs in its own continuous integration.
os.environ.setdefault("NNCF_CI", "1")


def calibration_inputs(
    cases: Sequence[datasets.Case], spec: InputSpec, count: int, seed: int
) -> list[NDArray[np.float32]]:
    """Network inputs (1, 1, H, W) of randomly chosen slices, equally many of each volume as far as they go."""
    rng = np.random.default_rng(seed)
    inputs: list[NDArray[np.float32]] = []
    share = -(-count // len(cases))
    for case in cases:
        volume, _ = datasets.read_case(case)
        grid, scale = plan(volume.geometry, spec), intensity(volume.array, spec)
        for z in rng.permutation(volume.slices)[:share]:
            inputs.append(to_input(volume.array[0, z], grid, scale))
    rng.shuffle(inputs)
    return inputs[:count]


def finish_float32(path: Path) -> None:
    """The last rewrites of the float file, once the other precisions have been made from it."""
    _finish(onnx.load(path), path)


def to_float16(source: Path, target: Path) -> None:
    """State the network in float16, between a Cast of the image and one of the logits.

    CPUs compute in float32 (or, where they are let, bfloat16) from the rounded weights, so that there the gain is the
    file's size; a device with float16 arithmetic may use it throughout. Sizes, and what is made of them, keep their
    types. Raises ModelError for a constant beyond float16's range.
    """
    model = onnx.load(source)
    transpose_tail(model)
    tidy(model)
    graph = model.graph
    image, logits = graph.input[0].name, graph.output[0].name
    names = {image: f"{image}/half", logits: f"{logits}/half"}
    floats = {c.name: c for c in graph.initializer if c.data_type == TensorProto.FLOAT}
    halves: dict[str, onnx.TensorProto] = {}
    pictures = {image}
    for node in graph.node:
        if node.op_type == "Shape" or not pictures.intersection(node.input):
            continue
        # The scales of a Resize are float32 whatever it resizes.
        for i, name in enumerate(node.input[:1] if node.op_type == "Resize" else node.input):
            if name in floats:
                value = numpy_helper.to_array(floats[name])
                if not (np.abs(value) <= np.finfo(np.float16).max).all():
                    raise ModelError(f"{source}: a constant of {node.name} is beyond float16; leave float16 out")
                halves[name] = numpy_helper.from_array(value.astype(np.float16), f"{name}/half")
                node.input[i] = halves[name].name
            else:
                node.input[i] = names.get(name, name)
        pictures.update(node.output)
        node.output[:] = [names.get(name, name) for name in node.output]
    graph.initializer.extend(halves.values())
    narrow, widen = TensorProto.FLOAT16, TensorProto.FLOAT
    graph.node.insert(0, helper.make_node("Cast", [image], [names[image]], name="image/Cast", to=narrow))
    graph.node.append(helper.make_node("Cast", [names[logits]], [logits], name="logits/Cast", to=widen))
    onnx.checker.check_model(model, full_check=True)
    _finish(model, target)


def to_dynamic(source: Path, target: Path) -> None:
    """Store the weights of convolutions in int8, one step an output channel, symmetric, behind a DequantizeLinear.

    Dynamic-range quantization in the form that every runtime reads. A runtime with integer convolutions of unquantized
    activations could choose each activation's range as it runs; OpenVINO 2026.4 has none on the CPU, widens the weights
    as it loads them and convolves in float32. The other form, DynamicQuantizeLinear and ConvInteger, it computes in
    float32 as well, and six times slower for rounding the activations first.
    """
    model = onnx.load(source)
    axes = layer_weights(model.graph)
    for constant in [c for c in model.graph.initializer if c.name in axes]:
        weight, axis = numpy_helper.to_array(constant), axes[constant.name]
        others = tuple(i for i in range(weight.ndim) if i != axis)
        step = np.maximum(np.abs(weight).max(others, keepdims=True) / 127, np.finfo(np.float32).tiny)
        arrays = {"int8": np.round(weight / step).astype(np.int8), "step": step.ravel().astype(np.float32)}
        names = [f"{constant.name}/{name}" for name in arrays]
        widen = helper.make_node("DequantizeLinear", names, [constant.name], axis=axis)
        _store(model.graph, constant, arrays, widen)
    _finish(model, target)


def _store(
    graph: onnx.GraphProto, constant: onnx.TensorProto, arrays: dict[str, NDArray[np.generic]], node: onnx.NodeProto
) -> None:
    """Replace a constant by arrays and the node that computes it from them."""
    node.name = f"{constant.name}/{node.op_type}"
    name = constant.name
    graph.initializer.remove(constant)
    graph.initializer.extend(numpy_helper.from_array(array, f"{name}/{key}") for key, array in arrays.items())
    graph.node.insert(0, node)


def _finish(model: onnx.ModelProto, target: Path) -> None:
    transpose_tail(model)
    tidy(model)
    compact(model)
    onnx.save(model, target)


Tune = Callable[[onnx.ModelProto, onnx.ModelProto], onnx.ModelProto]
"""Of the quantized graph and the float one that it was made from: the quantized graph with better weights."""


def quantize_int8(source: Path, target: Path, inputs: Sequence[NDArray[np.float32]], tune: Tune | None = None) -> None:
    """Full int8 post-training quantization: weights by channel, activations by tensor, biases corrected.

    Symmetric where a ReLU precedes, asymmetric elsewhere (NNCF's mixed preset). Inputs of depthwise convolutions are
    quantized by channel. A split PReLU stays in float between its quantizers.
    tune: applied to the result; the float file at source is then given the tuned weights too.
    """
    # NNCF loads slowly and brings the runtimes' converters with it, which train and evaluate do not need.
    import nncf  # noqa: PLC0415

    # It reports every node that it was asked to leave alone.
    nncf.set_log_level(logging.WARNING)
    start = onnx.load(source)
    smoothed = smooth_blocks(start)
    name = start.graph.input[0].name
    model = nncf.quantize(
        copy.deepcopy(start),
        nncf.Dataset(inputs, lambda x: {name: x}),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(inputs),
        # OpenVINO 2026.4 computes ESPNetv2 with 8-bit AveragePools wrongly: logits strayed from what the file
        # says by more than quantizing moved them, and by a twentieth of that with the pools in float.
        # A guided head divides small differences by each other; 8 bits would leave nothing of them. Only its last
        # convolution, which smooth_blocks renames, takes 8 bits.
        ignored_scope=nncf.IgnoredScope(patterns=[SPLIT_PRELU, "^/guide/"], types=["AveragePool"], validate=False),
        # Weights use 7 of their 8 bits. Before VNNI, processors add pairs of products in 16 bits and saturate; with
        # this headroom they compute what newer ones do, so that a mask does not depend on the PC that made it.
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            overflow_fix=nncf.quantization.advanced_parameters.OverflowFix.ENABLE
        ),
    )
    _activations_to_uint8(model.graph)
    feed_wide_groups_unrounded(model.graph)
    # In 8 bits, logits in larger blocks take no less time to rearrange.
    if depth_to_space(model.graph) is not None and not smoothed:
        quantize_logits(model, *logit_range(start.SerializeToString(), inputs))
    if tune:
        model = tune(model, start)
        take_weights(start, model)
        onnx.save(start, source)
    # NNCF records the paths and settings of the run, which are nobody's business and weigh a few kilobytes.
    del model.metadata_props[:]
    _finish(model, target)


def take_weights(model: onnx.ModelProto, quantized: onnx.ModelProto) -> None:
    """Give a float graph, in place, the weights and biases of the int8 graph that was made from it and tuned.

    Each weight is then a whole number of steps: both precisions hold the same ones, and their masks differ by the
    rounding of activations alone.
    """
    stored = {c.name: numpy_helper.to_array(c) for c in quantized.graph.initializer}
    makers = {output: node for node in quantized.graph.node for output in node.output}
    convolutions = {node.name: node for node in quantized.graph.node if node.op_type == "Conv"}
    constants = {c.name: c for c in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "Conv":
            continue
        source = convolutions[node.name]
        # Symmetric, one step an output channel: training.steps.qat takes no other.
        weight, step = (stored[name] for name in makers[source.input[1]].input[:2])
        values = [weight * step.reshape(-1, 1, 1, 1), *(stored[name] for name in source.input[2:])]
        for name, value in zip(node.input[1:], values, strict=True):
            constants[name].CopyFrom(numpy_helper.from_array(value.astype(np.float32), name))


def feed_wide_groups_unrounded(graph: onnx.GraphProto) -> None:
    """Take the rounding away from what grouped 1×1 convolutions read, in place, where AMX would compute them wrongly.

    OpenVINO 2026.4 multiplies int8 on AMX in runs of 64 input channels. Of a group with more than 64 that are no
    multiple of 64 (80 in ESPNetv2 of width 1.25) it reads the last run wrongly: every output is off by as much as it is
    large, or for several threads there is no layout at all. From float activations it computes such a layer in float32;
    its weights stay in int8 in the file. This is done wherever the file is made, since it may run on AMX anywhere.
    """
    constants = {c.name: c for c in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        read, weights = (makers.get(name) for name in node.input[:2])
        if not (read and weights and read.op_type == weights.op_type == "DequantizeLinear"):
            continue
        _, channels, *kernel = constants[weights.input[0]].dims
        groups = next((a.i for a in node.attribute if a.name == "group"), 1)
        if groups > 1 and kernel == [1, 1] and channels > _AMX_RUN and channels % _AMX_RUN:
            node.input[0] = makers[read.input[0]].input[0]
    _drop_unread(graph)


_AMX_RUN = 64
_QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")


def _drop_unread(graph: onnx.GraphProto) -> None:
    """Remove quantizers, in place, that no node reads any more. The types of what lies between are inferred again."""
    outputs = {value.name for value in graph.output}
    while True:
        read = {name for node in graph.node for name in node.input} | outputs
        idle = [n for n in graph.node if n.op_type in _QUANTIZERS and not read.intersection(n.output)]
        if not idle:
            break
        for node in idle:
            graph.node.remove(node)
    del graph.value_info[:]


def _activations_to_uint8(graph: onnx.GraphProto) -> None:
    """Turn int8 activation quantizers into uint8 ones with the same steps; every value stays what it was.

    OpenVINO 2026.4 rounds int8 activations that a concatenation joins to whole numbers, whatever their scale, which
    changes masks visibly; as uint8 it computes them to within rounding of what the file says.
    """
    constants = {c.name: c for c in graph.initializer}
    for node in graph.node:
        if node.op_type not in _QUANTIZERS or node.input[0] in constants:
            continue
        zero = numpy_helper.to_array(constants[node.input[2]])
        if zero.dtype != np.int8:
            continue
        name = f"{node.input[2]}_uint8"
        if name not in constants:
            shifted = numpy_helper.from_array((zero.astype(np.int16) + 128).astype(np.uint8), name)
            constants[name] = shifted
            graph.initializer.append(shifted)
        node.input[2] = name
    # The types of the quantized tensors between have changed; readers infer them again.
    del graph.value_info[:]
    used = {name for node in graph.node for name in node.input}
    unused = [c for c in graph.initializer if c.name not in used]
    for constant in unused:
        graph.initializer.remove(constant)
