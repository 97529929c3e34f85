"""Learned bit widths: how many bits each layer's weights and activations get is trained along with the weights.

The float network's exported graph, in which batch normalisation is folded already, is quantized after training to find
where its quantizers belong and what ranges they have; training.graphs.bitgraph runs it in torch. The loss is cross
entropy plus Dice plus penalty times bits; a teacher's probabilities may join the labels, as in training.steps.train.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from engine.files import write_atomically
from engine.network.packed import ENDING, pack
from engine.network.runtime import Network
from training.config import Config
from training.data.augment import Augmenter
from training.data.scans import Scan
from training.graphs.bitgraph import BitGraph
from training.losses import dice_cross_entropy
from training.networks.table import channels_last, fold
from training.steps.export import ExportRefusedError, input_spec, phantom_input, write_onnx
from training.steps.qat import STRENGTH
from training.steps.quantize import quantize_int8

# Bits are learned for this share of the steps. Then they are rounded, and weights and steps adapt.
FREE = 0.6
# Learning rates rise over this share of the steps: Adam's first steps have full length whatever the gradient.
WARM_UP = 0.05
# The logarithm of a layer's step is trained.
STEP_RATE = 3e-3
# Largest difference due to float32, as a share of the largest logit.
_SAME = 1e-4


def learn_bits(
    graph: BitGraph,
    config: Config,
    scans: Sequence[Scan],
    penalty: float,
    teacher: nn.Module | None = None,
    on_step: Callable[[dict[str, float]], None] | None = None,
) -> None:
    """Train weights, biases, steps and bits in place for config.bits_steps steps.

    penalty: λ of the loss, per bit of BitGraph.costly_bits.
    teacher: (N, 1, H, W) to logits; its probabilities join the labels with config.teacher_weight.
    on_step: called every 20 steps with step, loss, weight_bits, activation_bits (by size) and seconds.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng((config.seed, 1))
    augmenter = Augmenter(scans, config.crop)
    total, started = config.bits_steps, time.perf_counter()
    free = round(FREE * total)
    rates = (config.learning_rate, STEP_RATE, config.bits_learning_rate)
    optimizer = torch.optim.Adam(
        [
            {"params": group, "lr": rate}
            for group, rate in zip((graph.values(), graph.scales(), graph.widths()), rates, strict=True)
        ]
    )
    average: list[Tensor] = []
    losses: list[float] = []
    items: list[list[int]] = []
    for step in tqdm(range(total), desc=f"penalty {penalty:g}", leave=False):
        if step == free:
            graph.settle()
        items = items or augmenter.batches(config.batch, rng)
        falling = min(1.0, (step + 1) / (WARM_UP * total)) * (1 + math.cos(math.pi * step / total)) / 2
        # Bits slow down before they are settled, instead of stopping at once.
        slowing = max(0.0, 1 - step / free) ** 0.5 if free else 0.0
        for group, rate, factor in zip(optimizer.param_groups, rates, (falling, falling, slowing), strict=True):
            group["lr"] = rate * factor
        images, labels, _ = augmenter.draw(items.pop(), rng, STRENGTH)
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            taught = teacher(images).float().softmax(1) if teacher else None
        loss = dice_cross_entropy(graph(images), labels, taught, config.teacher_weight)
        losses.append(loss.item())
        if step < free:
            loss = loss + penalty * graph.costly_bits()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(graph.values(), 5.0)
        optimizer.step()
        graph.keep_widths()
        if step >= free:
            average = graph.add_to_average(average, min(0.97, (step - free + 1) / (step - free + 10)))
        if on_step and (step % 20 == 19 or step == total - 1):
            weights, activations = (float(bits) for bits in graph.mean_bits())
            on_step(
                {
                    "step": step + 1,
                    "loss": float(np.mean(losses[-20:])),
                    "weight_bits": weights,
                    "activation_bits": activations,
                    "seconds": time.perf_counter() - started,
                }
            )
    graph.settle()
    graph.take_average(average)


def quantized_graph(
    config: Config, network: nn.Module, inputs: Sequence[NDArray[np.float32]]
) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """(graph with quantizers where the runtime wants them, float graph) of a trained network; its branches are folded.

    inputs: (1, 1, H, W) each, from which the ranges of activations are taken.
    """
    fold(network)
    handed: list[onnx.ModelProto] = []

    def keep(model: onnx.ModelProto, start: onnx.ModelProto) -> onnx.ModelProto:
        for graph in (model, start):
            handed.append(onnx.ModelProto())
            handed[-1].CopyFrom(graph)
        return model

    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "float32.onnx"
        write_onnx(network, phantom_input(input_spec(config)), source, dynamic=not config.fixed_size)
        quantize_int8(source, source.with_name("int8.onnx"), inputs, keep)
    return handed[0], handed[1]


def first_batch(config: Config, scans: Sequence[Scan]) -> Tensor:
    """(16, 1, crop, crop) images of random slices, from which the steps of activations start."""
    augmenter = Augmenter(scans, config.crop)
    rng = np.random.default_rng((config.seed, 0))
    images, _, _ = augmenter.draw(augmenter.batches(min(16, len(augmenter)), rng)[0], rng, STRENGTH)
    return images.contiguous(memory_format=torch.channels_last)


def learn_all(
    config: Config,
    make: Callable[[], BitGraph],
    scans: Callable[[], Sequence[Scan]],
    folder: Path,
    teacher: nn.Module | None = None,
    on_step: Callable[[dict[str, float]], None] | None = None,
) -> None:
    """Learn bits once for each of config.bits_penalties, each anew from what make gives, taught by teacher.

    Writes folder/<penalty>.cqp, the packed network, and folder/<penalty>.json: penalty, seconds, layers (LayerBits),
    log (what learn_bits said) and the logits that torch gives for the test image. A penalty whose files are there
    already is not trained again.
    """
    if teacher:
        teacher = channels_last(teacher).eval()
    for penalty in config.bits_penalties:
        path = folder / f"{penalty:g}.json"
        if path.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        graph = make()
        log: list[dict[str, float]] = []

        def note(row: dict[str, float], penalty: float = penalty, log: list[dict[str, float]] = log) -> None:
            log.append(row)
            if on_step:
                on_step({"penalty": penalty, **row})

        learn_bits(graph, config, scans(), penalty, teacher, note)
        content = pack(graph.packed())
        _check_runtime(config, graph, content)
        write_atomically(path.with_name(f"{penalty:g}{ENDING}"), content)
        written = {
            "penalty": penalty,
            "seconds": log[-1]["seconds"],
            "layers": [asdict(layer) for layer in graph.bits()],
            "log": log,
        }
        write_atomically(path, (json.dumps(written, indent=1) + "\n").encode())


@torch.no_grad()
def _check_runtime(config: Config, graph: BitGraph, content: bytes) -> None:
    """Compare the runtime's logits of the test image with torch's.

    Where a value lies between two codes the last bit of a sum decides, and with few bits a code is much: so single
    logits may differ by the card's tolerance, but half of them by no more than float32 does.
    """
    x = phantom_input(input_spec(config))
    size = (x.shape[2], x.shape[3])
    ours = graph(torch.from_numpy(x))[0].numpy()
    network = Network(content, where=Path(config.id), channels=ours.shape[0], input_shape=size, threads=1)
    difference = np.abs(network.infer(x) - ours)
    most, usual = float(difference.max()), float(np.median(difference))
    if not (most <= config.int8_tolerance and usual <= _SAME * float(np.abs(ours).max())):
        raise ExportRefusedError(
            f"{config.id}: the runtime's logits differ by {most:.2g} from torch's, half of them by more than "
            f"{usual:.2g}: not packed"
        )
