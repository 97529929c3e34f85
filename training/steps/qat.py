"""Quantization-aware fine-tuning of the very graph that ships.

The post-training quantizer's ONNX graph, with its QuantizeLinear and DequantizeLinear nodes, is run in torch: every
pair of them becomes a fake quantizer with a straight-through gradient, and weights and biases are trained under it. The
graph itself does not change, so what is written back runs on the same integer kernels as before.

Every other step leaves activations as they are: the float file takes these weights too. What integers cut off at the
end of their range has no gradient, and grew there unseen, once to ten times the range, until float masks were wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from tqdm import tqdm

from training.config import Config
from training.data.augment import Augmenter
from training.data.scans import Scan
from training.graphs.onnx_walk import attributes, check_operators, constants_of, convolution, parameter_name, walk
from training.losses import dice_cross_entropy
from training.networks.quantlite import merged_branches
from training.steps.train import resume_checkpoint, save_checkpoint

# Weights use 7 of 8 bits, for the reason given in training.steps.quantize.
WEIGHT_LIMIT = 63
# Crops are augmented as at the end of training.
STRENGTH = 0.5


def fine_tune(
    model: onnx.ModelProto,
    config: Config,
    scans: Sequence[Scan],
    teacher: nn.Module,
    *,
    start: onnx.ModelProto | None = None,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
    checkpoint: Path | None = None,
) -> onnx.ModelProto:
    """Train the weights and biases of a quantized graph for config.qat_epochs; returns a new model of the same graph.

    model: with int8 weights by output channel and uint8 activations, whose steps stay as calibrated.
    start: the float model it was made from, whose weights training starts from; without it, the rounded ones.
    teacher: (N, 1, H, W) to logits; its probabilities are mixed with the labels as in training.steps.train.
    The learning rate falls from config.qat_learning_rate to 0 along a half cosine. What is returned is the average of
    weights with decay 0.99.
    checkpoint: file written after every epoch; where it is there already, the tuning goes on from it.
    Raises ValueError for a graph with operators that it does not know.
    """
    torch.manual_seed(config.seed)
    graph = QuantizedGraph(model, start)
    average = {name: p.detach().clone() for name, p in graph.named_parameters()}
    optimizer = torch.optim.Adam(graph.parameters(), lr=config.qat_learning_rate)
    augmenter = Augmenter(scans, config.crop)
    steps = len(augmenter) // config.batch
    total = config.qat_epochs * steps
    first = resume_checkpoint(checkpoint, graph, average, optimizer) if checkpoint else 0
    step = first * steps
    for epoch in range(first, config.qat_epochs):
        rng = np.random.default_rng((config.seed, config.epochs + epoch))
        losses = []
        bar = tqdm(augmenter.batches(config.batch, rng), desc=f"tuning {epoch + 1}/{config.qat_epochs}", leave=False)
        for items in bar:
            for group in optimizer.param_groups:
                group["lr"] = config.qat_learning_rate * (1 + math.cos(math.pi * step / total)) / 2
            images, labels, _ = augmenter.draw(items, rng, STRENGTH)
            images = images.contiguous(memory_format=torch.channels_last)
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=config.bf16):
                taught = teacher(images).float().softmax(1)
            with torch.autocast("cpu", torch.bfloat16, enabled=config.bf16):
                logits = graph(images, rounding=step % 2 == 0)
            loss = dice_cross_entropy(logits, labels, taught, config.teacher_weight)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            step += 1
            with torch.no_grad():
                for name, value in graph.named_parameters():
                    average[name].lerp_(value, 1 - min(0.99, step / (10 + step)))
            losses.append(loss.item())
            bar.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}")
        if checkpoint:
            save_checkpoint(checkpoint, graph, average, optimizer, epoch + 1)
        if on_epoch:
            on_epoch({"epoch": epoch + 1, "loss": float(np.mean(losses))})
    with torch.no_grad():
        for name, value in graph.named_parameters():
            value.copy_(average[name])
    return graph.to_onnx()


class QuantizedGraph(nn.Module):
    """An ONNX graph of convolutions between quantizers, as a torch module: (N, 1, H, W) to logits (N, C, H, W).

    Its parameters are the float weights and biases of the convolutions. In the forward pass weights and activations
    are rounded as the integer kernels round them.
    """

    def __init__(self, model: onnx.ModelProto, start: onnx.ModelProto | None = None) -> None:
        super().__init__()
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        _own_constants(self.model.graph)
        graph = self.model.graph
        check_operators(graph, ("Conv",), "under quantization")
        self.constants = constants_of(graph)
        self.makers = {output: node for node in graph.node for output in node.output}
        floats = _float_weights(start) if start else {}
        self.weights, self.biases = nn.ParameterDict(), nn.ParameterDict()
        for node in graph.node:
            if node.op_type == "Conv":
                weight = floats.get(node.name)
                if weight is None:
                    weight = self._stored(node)
                self.weights[parameter_name(node.name)] = nn.Parameter(torch.from_numpy(weight.copy()))
                if len(node.input) > 2:
                    bias = self.constants[node.input[2]].copy()
                    self.biases[parameter_name(node.name)] = nn.Parameter(torch.from_numpy(bias))

    def forward(self, x: Tensor, *, rounding: bool = True) -> Tensor:
        """rounding: whether activations are rounded and cut off as integers are; weights are rounded in any case."""
        rounds = self._round if rounding else lambda node, value: value
        return walk(self.model.graph, self.constants, x, self._convolve, rounds)

    @torch.no_grad()
    def to_onnx(self) -> onnx.ModelProto:
        """The graph with the trained weights rounded into it, their steps and the biases."""
        stored: dict[str, NDArray[Any]] = {}
        for node in self.model.graph.node:
            if node.op_type != "Conv":
                continue
            weight = self.weights[parameter_name(node.name)]
            step = _step(weight)
            integer = (weight / step.view(-1, 1, 1, 1)).round().clamp(-WEIGHT_LIMIT - 1, WEIGHT_LIMIT)
            names = self.makers[node.input[1]].input
            stored[names[0]] = integer.numpy().astype(np.int8)
            stored[names[1]] = step.numpy().reshape(self.constants[names[1]].shape)
            if len(node.input) > 2:
                stored[node.input[2]] = self.biases[parameter_name(node.name)].numpy()
        result = onnx.ModelProto()
        result.CopyFrom(self.model)
        for constant in result.graph.initializer:
            if constant.name in stored:
                constant.CopyFrom(numpy_helper.from_array(stored[constant.name], constant.name))
        onnx.checker.check_model(result)
        return result

    def _stored(self, node: onnx.NodeProto) -> NDArray[np.float32]:
        """The weights of a convolution as the file's integers say them."""
        integer, step, zero = (self.constants[name] for name in self.makers[node.input[1]].input)
        if integer.dtype != np.int8 or np.any(zero) or step.size != integer.shape[0]:
            raise ValueError(f"node {node.name}: its weights are not int8, symmetric and by output channel")
        return (integer * step.reshape(-1, 1, 1, 1)).astype(np.float32)

    def _convolve(self, node: onnx.NodeProto, x: Tensor) -> Tensor:
        key = parameter_name(node.name)
        weight = self.weights[key]
        zero = torch.zeros(weight.shape[0], dtype=torch.int32)
        rounded = torch.fake_quantize_per_channel_affine(
            weight, _step(weight.detach()), zero, 0, -WEIGHT_LIMIT - 1, WEIGHT_LIMIT
        )
        bias = self.biases.get(key, None)
        if weight.shape[2:] == (5, 5) and weight.shape[1] == 1:
            return merged_branches(x, rounded, bias, attributes(node)["strides"][0])
        return convolution(node, x, rounded, bias)

    def _round(self, node: onnx.NodeProto, x: Tensor) -> Tensor:
        x = x.float()
        step, zero = (self.constants[name] for name in node.input[1:])
        low, high = np.iinfo(zero.dtype).min, np.iinfo(zero.dtype).max
        if step.ndim == 0:
            return torch.fake_quantize_per_tensor_affine(x, float(step), int(zero), low, high)
        # The inputs of depthwise convolutions are quantized by channel.
        steps, zeros = torch.from_numpy(step.copy()), torch.from_numpy(zero.astype(np.int32))
        return torch.fake_quantize_per_channel_affine(x, steps, zeros, attributes(node)["axis"], low, high)


def _step(weight: Tensor) -> Tensor:
    """Quantization step of each output channel: its largest weight is the largest integer."""
    return (weight.abs().amax((1, 2, 3)) / WEIGHT_LIMIT).clamp_min(1e-8)


def _own_constants(graph: onnx.GraphProto) -> None:
    """Give each reader of a constant shared through Identity its own copy, because training makes them differ."""
    constants = {c.name: c for c in graph.initializer}
    for node in [n for n in graph.node if n.op_type == "Identity" and n.input[0] in constants]:
        copy = graph.initializer.add()
        copy.CopyFrom(constants[node.input[0]])
        copy.name = node.output[0]
        graph.node.remove(node)


def _float_weights(model: onnx.ModelProto) -> dict[str, NDArray[np.float32]]:
    """Weights by the name of their convolution."""
    constants = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    return {n.name: constants[n.input[1]] for n in model.graph.node if n.op_type == "Conv" and n.input[1] in constants}
