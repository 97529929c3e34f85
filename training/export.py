"""A trained network to a model folder that the viewer loads: ONNX files, card and test tensors."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from engine.model_card import (
    SCHEMA,
    ModelCard,
    TestTensors,
    describe_file,
    save_card,
    write_test_tensors,
)
from engine.phantom import make_phantom
from engine.preprocess import InputSpec, intensity, plan, to_input
from engine.runtime import load_network
from engine.volume import STRUCTURES
from training.config import Config
from training.networks import parameter_count
from training.quantize import quantize_int8

OPSET = 17
# Largest float32 logit difference between torch and the runtime; both sum in different orders.
FLOAT_TOLERANCE = 5e-3
# Share of pixels whose label int8 may change on the phantom slice before the export is refused.
INT8_LABEL_CHANGES = 0.02
# Test tensors have to agree on every CPU.
FLOAT_CARD_TOLERANCE = 0.05


class ExportRefusedError(RuntimeError):
    """The exported file does not compute what the network in torch does."""


def input_spec(config: Config) -> InputSpec:
    """What the exported network takes."""
    if config.fixed_size:
        return InputSpec(
            spacing_mm=config.spacing_mm,
            multiple=config.multiple,
            min_size=config.fixed_size,
            max_size=config.fixed_size,
        )
    return InputSpec(spacing_mm=config.spacing_mm, multiple=config.multiple)


def export_model(
    config: Config, network: nn.Module, calibration: Sequence[NDArray[np.float32]], models: Path, training_data: str
) -> ModelCard:
    """Write models/<id>: float32.onnx, int8.onnx, test tensors and card, replacing what was there at once.

    network: with trained weights. calibration: inputs (1, 1, H, W) for the ranges of int8 activations.
    Raises ExportRefusedError where torch and the runtime disagree; then nothing is replaced.
    """
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=models) as scratch:
        folder = Path(scratch) / config.id
        folder.mkdir()
        spec = input_spec(config)
        network = network.eval().to(memory_format=torch.contiguous_format)
        if hasattr(network, "fold"):
            network.fold()
        x = phantom_input(spec)
        write_onnx(network, x, folder / "float32.onnx", dynamic=not config.fixed_size)
        quantize_int8(folder / "float32.onnx", folder / "int8.onnx", calibration)
        card = _card(config, network, spec, folder, training_data)
        save_card(_check(network, card, x, config.int8_tolerance))
        target = models / config.id
        if target.exists():
            target.rename(Path(scratch) / "replaced")
        folder.rename(target)
    return card


def phantom_input(spec: InputSpec) -> NDArray[np.float32]:
    """A small test input (1, 1, H, W): the heart of one phantom slice, air around it where the network needs more.

    Rounded to float16, as test tensors are stored.
    """
    volume, _, _ = make_phantom(frames=1)
    image = volume.array[0, volume.slices // 2]
    grid = plan(volume.geometry, spec)
    scale = intensity(volume.array, spec)
    x = to_input(image, grid, scale)
    height, width = grid.input_shape
    keep = np.full_like(x, x.min())
    rows, columns = (slice(n // 2 - 40, n // 2 + 40) for n in (height, width))
    keep[..., rows, columns] = x[..., rows, columns]
    return keep.astype(np.float16).astype(np.float32)


def write_onnx(network: nn.Module, x: NDArray[np.float32], path: Path, *, dynamic: bool) -> None:
    """Export with batch normalisation folded into convolutions; height and width left open where dynamic."""
    axes = {2: "height", 3: "width"}
    with warnings.catch_warnings():
        # The older exporter folds batch normalisation and constants by itself and needs no further package; torch is
        # pinned, so its deprecation can wait. Tracing notes that Python sees sizes: that is meant where they are fixed.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.from_numpy(x),),
            str(path),
            dynamo=False,
            input_names=["image"],
            output_names=["logits"],
            opset_version=OPSET,
            dynamic_axes={"image": axes, "logits": axes} if dynamic else None,
        )
    onnx.checker.check_model(onnx.load(path))


def _card(config: Config, network: nn.Module, spec: InputSpec, folder: Path, training_data: str) -> ModelCard:
    return ModelCard(
        schema=SCHEMA,
        id=config.id,
        name=config.name,
        version="1",
        description=config.description,
        parameters=parameter_count(network),
        precisions={p: describe_file(folder / f"{p}.onnx") for p in ("float32", "int8")},
        input=spec,
        labels={name: value for value, name in STRUCTURES.items()},
        keep_largest=True,
        intended_use="Research: outlines of the ventricles in short-axis cine MR (bSSFP) of adults.",
        limits="Not for diagnosis. Not made for late enhancement, long axes, children or congenital disease. "
        "Papillary muscles count as cavity.",
        training_data=training_data,
        licence="Weights trained on ACDC, CC BY-NC-SA 4.0: non-commercial research only",
        metrics={},
        metrics_split="not yet evaluated",
        test_tensors=TestTensors("", "", {}),
        folder=folder,
    )


def _check(network: nn.Module, card: ModelCard, x: NDArray[np.float32], int8_tolerance: float) -> ModelCard:
    """The card with test tensors of every precision, once the runtime has been found to agree with torch."""
    shape = (x.shape[2], x.shape[3])
    with torch.no_grad():
        reference = network(torch.from_numpy(x))[0].numpy()
    logits = {p: load_network(card, p, threads=1, input_shape=shape).infer(x) for p in card.precisions}
    difference = float(np.abs(logits["float32"] - reference).max())
    if not difference <= FLOAT_TOLERANCE * max(1.0, float(np.abs(reference).max())):
        raise ExportRefusedError(f"{card.id}: float32 logits differ by {difference:.2g} from torch: not exported")
    changed = float((logits["int8"].argmax(0) != reference.argmax(0)).mean())
    if changed > INT8_LABEL_CHANGES:
        raise ExportRefusedError(f"{card.id}: int8 changes {changed:.1%} of the labels; nothing was exported")
    tolerance = {"float32": FLOAT_CARD_TOLERANCE, "int8": int8_tolerance}
    tensors = write_test_tensors(card.folder / "test_tensors.npz", x, logits, tolerance, step=4)
    return replace(card, test_tensors=tensors)
