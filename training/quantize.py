"""A float ONNX file to int8 with standard QuantizeLinear and DequantizeLinear nodes, from calibration images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
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
    )
    # NNCF records the paths and settings of the run, which are nobody's business and weigh a few kilobytes.
    del model.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, target)
