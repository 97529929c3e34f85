"""A float ONNX file to int8 with standard QuantizeLinear and DequantizeLinear nodes, from calibration images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
from numpy.typing import NDArray

from engine import datasets, nifti
from engine.preprocess import InputSpec, intensity, plan, to_input

# NNCF reports its use over the network unless it believes to run in its own continuous integration.
os.environ.setdefault("NNCF_CI", "1")


def calibration_inputs(
    cases: Sequence[datasets.Case], spec: InputSpec, count: int, seed: int
) -> list[NDArray[np.float32]]:
    """Network inputs (1, 1, H, W) of randomly chosen slices, equally many of each volume as far as they go."""
    rng = np.random.default_rng(seed)
    inputs: list[NDArray[np.float32]] = []
    share = -(-count // len(cases))
    for case in cases:
        volume = nifti.read([case.image])
        grid, scale = plan(volume.geometry, spec), intensity(volume.array, spec)
        for z in rng.permutation(volume.slices)[:share]:
            inputs.append(to_input(volume.array[0, z], grid, scale))
    rng.shuffle(inputs)
    return inputs[:count]


def quantize_int8(source: Path, target: Path, inputs: Sequence[NDArray[np.float32]]) -> None:
    """Full int8 post-training quantization: weights by channel, activations by tensor, biases corrected.

    Symmetric where a ReLU precedes, asymmetric elsewhere (NNCF's mixed preset).
    """
    # NNCF loads slowly and brings the runtimes' converters with it, which train and evaluate do not need.
    import nncf  # noqa: PLC0415

    name = onnx.load(source, load_external_data=False).graph.input[0].name
    model = nncf.quantize(
        onnx.load(source),
        nncf.Dataset(inputs, lambda x: {name: x}),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(inputs),
        # Weights use 7 of their 8 bits. Before VNNI, processors add pairs of products in 16 bits and saturate; with
        # this headroom they compute what newer ones do, so that a mask does not depend on the PC that made it.
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            overflow_fix=nncf.quantization.advanced_parameters.OverflowFix.ENABLE
        ),
    )
    _activations_to_uint8(model.graph)
    # NNCF records the paths and settings of the run, which are nobody's business and weigh a few kilobytes.
    del model.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, target)


def _activations_to_uint8(graph: onnx.GraphProto) -> None:
    """Turn int8 activation quantizers into uint8 ones with the same steps; every value stays what it was.

    OpenVINO 2026.4 rounds int8 activations that a concatenation joins to whole numbers, whatever their scale, which
    changes masks visibly; as uint8 it computes them to within rounding of what the file says.
    """
    constants = {c.name: c for c in graph.initializer}
    for node in graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear") or node.input[0] in constants:
            continue
        zero = onnx.numpy_helper.to_array(constants[node.input[2]])
        if zero.dtype != np.int8:
            continue
        name = f"{node.input[2]}_uint8"
        if name not in constants:
            shifted = onnx.numpy_helper.from_array((zero.astype(np.int16) + 128).astype(np.uint8), name)
            constants[name] = shifted
            graph.initializer.append(shifted)
        node.input[2] = name
    # The types of the quantized tensors between have changed; readers infer them again.
    del graph.value_info[:]
    used = {name for node in graph.node for name in node.input}
    unused = [c for c in graph.initializer if c.name not in used]
    for constant in unused:
        graph.initializer.remove(constant)
