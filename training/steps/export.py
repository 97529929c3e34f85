"""Write a trained network as a model folder for the viewer: ONNX files, card and test tensors.

Two steps: export_float writes a model of float32 alone, and finish_model makes of it one with all its precisions. Both
build their folder aside and put it in place by renaming it, once the runtime was found to compute what it should.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from engine.errors import ModelError
from engine.network import packed
from engine.network.model_card import (
    FOUR_CHAMBER,
    MAX_TEST_TENSOR_BYTES,
    SCHEMA,
    SHORT_AXIS,
    ModelCard,
    TestTensors,
    describe_file,
    load_card,
    read_test_tensors,
    save_card,
    write_test_tensors,
)
from engine.network.preprocess import InputSpec, intensity, plan, to_input
from engine.network.runtime import load_network
from engine.phantom import make_phantom
from engine.volume import STRUCTURES
from training.config import Config
from training.data.source import ACDC_LICENCE, About
from training.graphs.rewrites import split_prelu, tidy
from training.networks.table import NETWORKS, fold, parameter_count
from training.steps.quantize import Tune, finish_float32, quantize_int8, to_dynamic, to_float16

OPSET = 17
# Largest float32 logit difference between torch and the runtime, which sum in different orders.
FLOAT_TOLERANCE = 5e-3
# Share of pixels whose label a precision may change on the phantom slice before it is refused.
LABEL_CHANGES = {"float16": 0.005, "dynamic": 0.02, "int8": 0.02}
# The runtime may differ from what an int8 file says, node by node, by this share of what int8 differs from float32:
# kernels that join nodes round once where the file rounds twice. What is wrong differs by as much as int8 itself.
RUNTIME_SHARE = 0.75
# A packed file's graph has no rounding that kernels leave out, and few values that lie between two codes.
PACKED_SHARE = 0.02
# Test tensors have to agree on every CPU.
FLOAT_CARD_TOLERANCE = 0.05
ABOUT = {
    "float16": "float16 stores the weights in 16 bits; a CPU computes with them in float32.",
    "dynamic": "dynamic stores the weights of convolutions in 8 bits; a CPU without integer kernels for unquantized "
    "activations, as OpenVINO's, computes with them in float32.",
}


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
    return training_spec(config)


def training_spec(config: Config) -> InputSpec:
    """The input that training reads and prepares: that of input_spec without fixed_size.

    So one prepared folder serves every network with the same spacing and sizes.
    """
    return InputSpec(spacing_mm=config.spacing_mm, multiple=config.multiple, max_size=config.max_size)


def export_float(
    config: Config,
    network: nn.Module,
    models: Path,
    training_data: str,
    *,
    licence: str = ACDC_LICENCE,
    long_axis: bool = False,
) -> ModelCard:
    """Write models/<id> with float32 alone: float32.onnx, test tensors and card, replacing what was there at once.

    network: with trained weights; its branches are folded, where it has a method for it.
    training_data, licence: as the card says them. long_axis: what it was trained on, instead of short-axis stacks.
    Raises ExportRefusedError where torch and the runtime disagree; then nothing is replaced.
    """
    with _replacing(models, config.id) as folder:
        spec = input_spec(config)
        # Folded, a unit's kernels hold zeros between their taps, which are no parameters.
        parameters = parameter_count(network)
        network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        fold(network)
        x = phantom_input(spec)
        write_onnx(network, x, folder / "float32.onnx", dynamic=not config.fixed_size)
        card = _card(config, parameters, spec, folder, training_data, licence, long_axis)
        card = replace(card, precisions={"float32": describe_file(folder / "float32.onnx")})
        with torch.no_grad():
            reference = network(torch.from_numpy(x))[0].numpy()
        logits = _infer(card, "float32", x)
        difference = float(np.abs(logits - reference).max())
        if not difference <= FLOAT_TOLERANCE * max(1.0, float(np.abs(reference).max())):
            raise ExportRefusedError(f"{card.id}: float32 logits differ by {difference:.2g} from torch: not exported")
        save_card(_with_test_tensors(card, x, {"float32": logits}, config))
    return load_card(models / config.id)


def finish_model(
    config: Config,
    source: ModelCard,
    calibration: Callable[[], Sequence[NDArray[np.float32]]],
    models: Path,
    tune: Tune | None = None,
) -> ModelCard:
    """Write models/<id> with every precision that the configuration names, replacing what was there at once.

    source: a model with float32.onnx, as export_float writes it. calibration: gives inputs (1, 1, H, W) for the ranges
    of int8 activations, where int8 is made. tune: see training.steps.quantize.Tune.
    Raises ExportRefusedError where a precision or the runtime strays too far from float32; then nothing is replaced.
    """
    with _replacing(models, config.id) as folder:
        full = folder / "float32.onnx"
        shutil.copyfile(source.path_for("float32"), full)
        make: dict[str, Callable[[Path], None]] = {
            "float16": lambda path: to_float16(full, path),
            "dynamic": lambda path: to_dynamic(full, path),
            "int8": lambda path: quantize_int8(full, path, calibration(), tune),
        }
        # int8 first: if it is tuned, the others take its weights.
        for precision in sorted(set(make).intersection(config.precisions), key=lambda p: p != "int8"):
            make[precision](folder / f"{precision}.onnx")
        finish_float32(full)
        card = replace(
            source,
            folder=folder,
            description=_description(config),
            precisions={p: describe_file(folder / f"{p}.onnx") for p in config.precisions},
        )
        x, _ = read_test_tensors(source, "float32")
        logits = {p: _infer(card, p, x) for p in config.precisions}
        _check(card, x, logits)
        save_card(_with_test_tensors(card, x, logits, config))
    return load_card(models / config.id)


def export_packed(config: Config, content: bytes, models: Path, about: About) -> ModelCard:
    """Write models/<id> with a packed file alone, replacing what was there at once.

    content: what engine.network.packed.pack gives. Raises ExportRefusedError where the runtime does not compute
    what the file says, node by node, and ModelError for a file that is none; then nothing is replaced.
    """
    with _replacing(models, config.id) as folder:
        path = folder / f"packed{packed.ENDING}"
        path.write_bytes(content)
        network = packed.unpack(content, path)
        parameters = parameter_count(NETWORKS[config.network]())
        spec = input_spec(config)
        x = phantom_input(spec)
        card = _card(config, parameters, spec, folder, about.training_data, about.licence, about.long_axis)
        card = replace(card, precisions={"packed": describe_file(path)})
        logits = _infer(card, "packed", x)
        stated = stated_logits(packed.to_onnx(network), x)
        difference = float(np.abs(stated - logits).mean() / np.abs(stated).mean())
        if not difference <= PACKED_SHARE:
            raise ExportRefusedError(
                f"{card.id}: the runtime's logits differ by {difference:.1%} from what the packed file says, node by "
                "node: not exported"
            )
        save_card(_with_test_tensors(card, x, {"packed": logits}, config))
    return load_card(models / config.id)


@contextmanager
def _replacing(models: Path, name: str) -> Iterator[Path]:
    """An empty folder that becomes models/<name> when the block ends well, and vanishes when it does not."""
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=models) as scratch:
        folder, target = Path(scratch) / name, models / name
        folder.mkdir()
        yield folder
        if target.exists():
            target.rename(Path(scratch) / "replaced")
        folder.rename(target)


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


def write_onnx(
    network: nn.Module, x: NDArray[np.float32], path: Path, *, dynamic: bool, keep_prelu: bool = False
) -> None:
    """Export with batch normalisation folded into convolutions; height and width left open where dynamic.

    keep_prelu: leave PRelu nodes as they are instead of splitting them (see training.graphs.rewrites.split_prelu).
    """
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
    model = onnx.load(path)
    if not keep_prelu:
        split_prelu(model)
    tidy(model)
    onnx.save(model, path)


def _card(
    config: Config, parameters: int, spec: InputSpec, folder: Path, training_data: str, licence: str, long_axis: bool
) -> ModelCard:
    said, other = ("four-chamber long-axis", "short axes") if long_axis else ("short-axis", "long axes")
    return ModelCard(
        schema=SCHEMA,
        id=config.id,
        name=config.name,
        version="1",
        description=config.description,
        parameters=parameters,
        precisions={},
        input=spec,
        labels={name: value for value, name in STRUCTURES.items()},
        keep_largest=True,
        intended_use=f"Research: outlines of the ventricles in {said} cine MR (bSSFP) of adults.",
        limits=f"Not for diagnosis. Not made for late enhancement, {other}, children or congenital disease. "
        "Papillary muscles count as cavity.",
        training_data=training_data,
        licence=licence,
        metrics={},
        metrics_split="not yet evaluated",
        test_tensors=TestTensors("", "", {}),
        folder=folder,
        view=FOUR_CHAMBER if long_axis else SHORT_AXIS,
    )


def _description(config: Config) -> str:
    return " ".join([config.description, *(ABOUT[p] for p in config.precisions if p in ABOUT)])


def _infer(card: ModelCard, precision: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    return load_network(card, precision, threads=1, input_shape=(x.shape[2], x.shape[3])).infer(x)


def _check(card: ModelCard, x: NDArray[np.float32], logits: Mapping[str, NDArray[np.float32]]) -> None:
    """Raise ExportRefusedError where a precision is not close to float32, or the runtime not to the int8 file."""
    labels = logits["float32"].argmax(0)
    for precision, limit in LABEL_CHANGES.items():
        if precision in logits:
            changed = float((logits[precision].argmax(0) != labels).mean())
            if changed > limit:
                raise ExportRefusedError(f"{card.id}: {precision} changes {changed:.1%} of the labels: not exported")
    if "int8" in logits:
        stated = stated_logits(card.path_for("int8"), x)
        by_runtime, by_quantizing = (
            float(np.abs(stated - logits[precision]).mean()) for precision in ("int8", "float32")
        )
        if by_runtime > RUNTIME_SHARE * by_quantizing:
            raise ExportRefusedError(
                f"{card.id}: the runtime's int8 logits differ by {by_runtime:.2g} from what the file says, node by "
                f"node, and int8 from float32 by {by_quantizing:.2g}: not exported"
            )


def stated_logits(model: Path | bytes, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits (C, H, W) that an ONNX file, or its content, says: one node after the other, without any optimisation."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"]
    )
    result: NDArray[np.float32] = session.run(None, {"image": x})[0][0]
    return result


def _with_test_tensors(
    card: ModelCard, x: NDArray[np.float32], logits: Mapping[str, NDArray[np.float32]], config: Config
) -> ModelCard:
    """The card with test tensors of every precision, at as many positions as the limit of their size allows."""
    rounded = ("int8", "packed")
    tolerance = {p: config.int8_tolerance if p in rounded else FLOAT_CARD_TOLERANCE for p in logits}
    path = card.folder / "test_tensors.npz"
    for step in (4, 8, 16):
        try:
            return replace(card, test_tensors=write_test_tensors(path, x, logits, tolerance, step=step))
        except ModelError:
            path.unlink()
    raise ExportRefusedError(f"{card.id}: its test tensors take more than {MAX_TEST_TENSOR_BYTES} bytes: not exported")
