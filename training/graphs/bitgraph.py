"""A quantized graph whose every quantizer has a bit width of its own, which is trained.

A width is a real number that is rounded in the forward pass and trained straight through the rounding (Uhlich et al.,
Mixed precision DNNs, ICLR 2020; Brevitas' learned bit width, which QuantU-Net uses, does the same). Its step is trained
as in Esser et al., Learned step size quantization, ICLR 2020.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from engine.network.packed import Activation, Packed, Weight
from training.graphs.onnx_walk import CONVOLUTIONS, check_operators, constants_of, convolution, parameter_name, walk
from training.graphs.rewrites import tidy
from training.graphs.tail import transpose_tail

MIN_BITS = 2
# Weights keep to 7 of 8 bits, as training.steps.quantize has them and for its reason.
MAX_WEIGHT_BITS, MAX_ACTIVATION_BITS = 7, 8
START_WEIGHT_BITS, START_ACTIVATION_BITS = 5.0, 6.0
# Below, float16 has fewer than 11 significant bits.
_SMALLEST_STEP = 2.0**-14
_SAMPLES = 20_000


@dataclass(frozen=True, slots=True)
class LayerBits:
    """What one quantizer learned. kind: "weights" or "activations".

    size: number of weights, or of values of the tensor for one image of the calibration. bits: whole.
    """

    name: str
    kind: str
    size: int
    bits: int


class _Quantizer(nn.Module):
    """Steps and bits of one or more tensors that are rounded alike.

    table: (C, K) logarithms of the steps that suit MIN_BITS, MIN_BITS + 1, … bits best; C is 1 or the channels.
    zero: where 0 lies in the range, 0 at its lower end and 1 at its upper; None for codes of two's complement.
    """

    def __init__(self, table: Tensor, zero: float | None, start: float) -> None:
        super().__init__()
        self.register_buffer("table", table)
        self.zero = zero
        self.most = MIN_BITS + table.shape[1] - 1
        self.width = nn.Parameter(torch.tensor(min(start, self.most)))
        self.scale = nn.Parameter(torch.zeros(table.shape[0]))

    @property
    def bits(self) -> int:
        """The whole bits of the forward pass."""
        return int(self.width.detach().clamp(MIN_BITS, self.most).round())

    def codes(self) -> tuple[int, int, int]:
        """(lowest, highest, zero): codes relative to the zero, and what is added to make them count from 0."""
        if self.zero is None:
            half = 1 << (self.bits - 1)
            return -half, half - 1, half
        levels = (1 << self.bits) - 1
        zero = round(self.zero * levels)
        return -zero, levels - zero, zero

    def step(self) -> Tensor:
        """(C,) steps, as float16 holds them; bits and scale get their gradients."""
        index = self.bits - MIN_BITS
        up, down = min(index + 1, self.table.shape[1] - 1), max(index - 1, 0)
        slope = (self.table[:, up] - self.table[:, down]) / (up - down)
        step = (self.table[:, index] + slope * (self.width - self.width.detach()) + self.scale).exp()
        step = step.clamp_min(_SMALLEST_STEP)
        return step + (step.half().float() - step).detach()

    def forward(self, x: Tensor, axis: int | None = None) -> Tensor:
        low, high, _ = self.codes()
        step = self.step()
        # The number of codes grows with the bits as well: that is the gradient of what is clipped.
        growth = 1 + math.log(2) * (self.width - self.width.detach())
        if axis is not None:
            step = step.view([-1 if i == axis else 1 for i in range(x.ndim)])
        return _Round.apply(x, step, low * step * growth, high * step * growth, low, high)


class _Round(torch.autograd.Function):
    """Round x to whole multiples (low to high) of step. Its gradients go straight through the rounding.

    least, most: low and high times step; they carry the gradient of what is clipped there.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Tensor, least: Tensor, most: Tensor, low: int, high: int) -> Tensor:
        y = (x / step).round_().clamp_(low, high).mul_(step)
        ctx.save_for_backward(x, y, step, least, most)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        x, y, step, least, most = ctx.saved_tensors
        over, under = x > most, x < least
        inside = gradient.masked_fill(over, 0.0).masked_fill_(under, 0.0)
        # Sums over what shares a step: all of it, or an output channel.
        axes = tuple(i for i in range(x.ndim) if step.ndim != x.ndim or step.shape[i] == 1)
        shared = {"dim": axes, "keepdim": step.ndim == x.ndim}
        by_least = gradient.masked_fill(~under, 0.0).sum(**shared).view(step.shape)
        by_most = gradient.sum(**shared).view(step.shape) - inside.sum(**shared).view(step.shape) - by_least
        # d round(x / s) · s / d s, with the rounding taken for straight, is round(x / s) − x / s.
        by_step = (y - x).mul_(inside).sum(**shared).view(step.shape) / step
        return inside, by_step, by_least, by_most, None, None


class BitGraph(nn.Module):
    """An exported graph of convolutions with a learned quantizer for each weight and activation.

    (N, 1, H, W) to logits (N, C, H, W). Quantizers of what a Concat joins are one, so that codes mean alike.
    """

    def __init__(self, quantized: onnx.ModelProto, start: onnx.ModelProto, images: Tensor) -> None:
        """quantized: start after training.steps.quantize.quantize_int8, before its tail is rewritten.

        images: (N, 1, H, W), standardised, from which the steps of activations start.
        Raises ValueError for a graph with operators that it does not know.
        """
        super().__init__()
        self.model = onnx.ModelProto()
        self.model.CopyFrom(quantized)
        _add_unrounded(self.model.graph)
        nodes = self.model.graph.node
        self.constants = constants_of(self.model.graph)
        check_operators(self.model.graph, CONVOLUTIONS, "with learned bits")
        floats = {c.name: numpy_helper.to_array(c) for c in start.graph.initializer}
        sources = {n.name: n for n in start.graph.node if n.op_type in CONVOLUTIONS}
        self.layers = [n for n in nodes if n.op_type in CONVOLUTIONS]
        self.rounded = [n for n in nodes if n.op_type == "QuantizeLinear"]
        weights = {n.name: floats[sources[n.name].input[1]].copy() for n in self.layers}
        biases = {
            n.name: floats[sources[n.name].input[2]].copy()
            if len(sources[n.name].input) > 2
            else np.zeros(weights[n.name].shape[_axis(n)], dtype=np.float32)
            for n in self.layers
        }
        self._even_out(weights, biases)
        self.weights = nn.ParameterDict(
            {parameter_name(k): nn.Parameter(torch.from_numpy(v)) for k, v in weights.items()}
        )
        self.biases = nn.ParameterDict(
            {parameter_name(k): nn.Parameter(torch.from_numpy(v)) for k, v in biases.items()}
        )
        # A merged kernel of several dilations keeps the zeros between its taps.
        self.masks = {k: (v.detach() != 0).float() for k, v in self.weights.items()}
        self.used = {k: int(mask.sum()) for k, mask in self.masks.items()}
        self.weight_quantizers, self.activation_quantizers = nn.ModuleDict(), nn.ModuleDict()
        for node in self.layers:
            rows = self.weights[parameter_name(node.name)].detach().movedim(_axis(node), 0).flatten(1)
            steps = _best_steps(rows, rows.abs().amax(1), None, MAX_WEIGHT_BITS)
            self.weight_quantizers[parameter_name(node.name)] = _Quantizer(steps.log(), None, START_WEIGHT_BITS)
        self.group = _concat_groups(nodes)
        self.sizes: dict[str, int] = {}
        samples: dict[str, list[Tensor]] = {}
        with torch.no_grad():
            self._run(images, lambda node, x: self._sample(node, x, samples), rounding=False)
        for group, values in samples.items():
            _, step, zero = (self.constants.get(name) for name in self._node(group).input)
            assert step is not None and zero is not None
            # Inputs of depthwise convolutions were calibrated by channel and evened out since.
            share, reach = float(zero.flat[0]) / 255, torch.tensor([255 * _middle(step)])
            steps = _best_steps(torch.cat(values)[None], reach, share, MAX_ACTIVATION_BITS)
            self.activation_quantizers[parameter_name(group)] = _Quantizer(steps.log(), share, START_ACTIVATION_BITS)

    def forward(self, x: Tensor) -> Tensor:
        return self._run(
            x, lambda node, value: self.activation_quantizers[parameter_name(self.group[node.name])](value)
        )

    def values(self) -> list[nn.Parameter]:
        """Weights and biases."""
        return [*self.weights.values(), *self.biases.values()]

    def scales(self) -> list[nn.Parameter]:
        """What the steps are trained by."""
        return [q.scale for q in self._quantizers()]

    def widths(self) -> list[nn.Parameter]:
        """Bits before they are rounded."""
        return [q.width for q in self._quantizers()]

    def mean_bits(self) -> tuple[Tensor, Tensor]:
        """Mean bits of the weights and of the activations, each by size, before they are rounded."""
        weights = [(q.width, self.used[k]) for k, q in self.weight_quantizers.items()]
        activations = [(self._shared(n).width, self.sizes[n.name]) for n in self.rounded]
        first, second = (
            torch.stack([width * size for width, size in pairs]).sum() / sum(size for _, size in pairs)
            for pairs in (weights, activations)
        )
        return first, second

    def costly_bits(self) -> Tensor:
        """What the penalty is asked for: mean bits of the activations by size, and of the weights half by size, half by
        layer. By size alone, small layers would keep what bits they have.
        """
        by_size, activations = self.mean_bits()
        by_layer = torch.stack([q.width for q in self.weight_quantizers.values()]).mean()  # type: ignore[misc]
        return (by_size + by_layer) / 2 + activations

    @torch.no_grad()
    def keep_widths(self) -> None:
        """Bring bits that left their range back to its end."""
        for quantizer in self._quantizers():
            quantizer.width.clamp_(MIN_BITS, quantizer.most)

    @torch.no_grad()
    def settle(self) -> None:
        """Round the bits for good."""
        for quantizer in self._quantizers():
            quantizer.width.fill_(quantizer.bits).requires_grad_(False)

    @torch.no_grad()
    def add_to_average(self, average: list[Tensor], decay: float) -> list[Tensor]:
        """The moving average of weights, biases and steps with what they are now. An empty one begins with that."""
        now = [*self.values(), *self.scales()]
        if not average:
            return [p.detach().clone() for p in now]
        for mean, value in zip(average, now, strict=True):
            mean.lerp_(value, 1 - decay)
        return average

    @torch.no_grad()
    def take_average(self, average: list[Tensor]) -> None:
        """Make an average what the graph computes with. An empty one changes nothing."""
        for value, mean in zip((*self.values(), *self.scales()), average, strict=False):
            value.copy_(mean)

    def bits(self) -> list[LayerBits]:
        """Whole bits of every layer's weights, then of every rounded tensor, in the order of computation."""
        makers = {output: node.name for node in self.model.graph.node for output in node.output}
        weights = [
            LayerBits(
                n.name,
                "weights",
                self.used[parameter_name(n.name)],
                self.weight_quantizers[parameter_name(n.name)].bits,
            )
            for n in self.layers
        ]
        # An activation is called after what computes it.
        return weights + [
            LayerBits(makers.get(n.input[0], n.input[0]), "activations", self.sizes[n.name], self._shared(n).bits)
            for n in self.rounded
        ]

    @torch.no_grad()
    def packed(self) -> Packed:
        """The network as it is stored: what torch computes in the forward pass is what it says."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        transpose_tail(model)
        tidy(model)
        graph = model.graph
        makers = {output: node for node in graph.node for output in node.output}
        weights, activations = [], []
        taken: set[str] = set()
        for node in [n for n in graph.node if n.op_type in CONVOLUTIONS]:
            name, widen = f"w{len(weights)}", makers[node.input[1]]
            taken.update(widen.input, node.input[2:])
            del widen.input[:]
            widen.input.extend([name, f"{name}/step", f"{name}/zero"])
            del node.input[2:]
            node.input.append(f"{name}/bias")
            weights.append(self._packed_weight(node))
        after: list[onnx.NodeProto] = []
        for node in graph.node:
            if node.op_type == "QuantizeLinear":
                name, back = f"a{len(activations)}", next(n for n in graph.node if n.input[:1] == node.output[:1])
                taken.update(node.input[1:])
                after.append(
                    helper.make_node(
                        "Clip", [node.input[0], f"{name}/low", f"{name}/high"], [f"{name}/in"], name=f"{name}/Clip"
                    )
                )
                for reader, first in ((node, f"{name}/in"), (back, back.input[0])):
                    del reader.input[:]
                    reader.input.extend([first, f"{name}/step", f"{name}/zero"])
                quantizer = self._shared(node)
                activations.append(Activation(quantizer.bits, quantizer.codes()[2], float(quantizer.step())))
            after.append(node)
        _join_relu(after, {f"a{i}/low" for i, activation in enumerate(activations) if activation.zero == 0})
        del graph.node[:]
        graph.node.extend(after)
        kept = [c for c in graph.initializer if c.name not in taken]
        del graph.initializer[:]
        graph.initializer.extend(kept)
        opset = next(o.version for o in model.opset_import if not o.domain)
        return Packed(graph.SerializeToString(), opset, model.ir_version, tuple(weights), tuple(activations))

    def _run(self, x: Tensor, rounds: Callable[[onnx.NodeProto, Tensor], Tensor], *, rounding: bool = True) -> Tensor:
        """Every node in turn. rounds: what a QuantizeLinear does. rounding: whether weights and biases are rounded."""

        def convolve(node: onnx.NodeProto, value: Tensor) -> Tensor:
            return self._convolve(node, value, rounding)

        return walk(self.model.graph, self.constants, x, convolve, rounds)

    def _convolve(self, node: onnx.NodeProto, x: Tensor, rounding: bool) -> Tensor:
        key = parameter_name(node.name)
        weight, bias = self.weights[key] * self.masks[key], self.biases[key]
        if rounding:
            weight = self.weight_quantizers[key](weight, _axis(node))
            bias = bias + (bias.half().float() - bias).detach()
        return convolution(node, x, weight, bias)

    def _packed_weight(self, node: onnx.NodeProto) -> Weight:
        key, axis = parameter_name(node.name), _axis(node)
        quantizer = self.weight_quantizers[key]
        low, high, _ = quantizer.codes()
        steps = quantizer.step()
        values = self.weights[key] * self.masks[key]
        codes = (values / steps.view([-1 if i == axis else 1 for i in range(4)])).round().clamp(low, high)
        return Weight(
            codes.numpy().astype(np.int8),
            quantizer.bits,
            axis,
            steps.numpy().astype(np.float16),
            self.biases[key].detach().numpy().astype(np.float16),
        )

    def _sample(self, node: onnx.NodeProto, x: Tensor, samples: dict[str, list[Tensor]]) -> Tensor:
        """Note the size of a tensor and some of its values."""
        self.sizes[node.name] = x[0].numel()
        flat = x.flatten()
        samples.setdefault(self.group[node.name], []).append(flat[:: max(1, flat.numel() // _SAMPLES)].clone())
        return x

    def _even_out(self, weights: dict[str, NDArray[np.float32]], biases: dict[str, NDArray[np.float32]]) -> None:
        """Scale the channels that a depthwise convolution reads until they need one step alone, in place.

        What a ReLU after a convolution gives scales with that convolution's weights and bias, and the depthwise
        convolution's weights undo it (Nagel et al., Data-free quantization, ICCV 2019). Weights have a step for each
        output channel in any case.
        """
        makers = {output: node for node in self.model.graph.node for output in node.output}
        for node in self.rounded:
            step = self.constants[node.input[1]]
            if step.ndim == 0:
                continue
            relu = makers[node.input[0]]
            before = makers[relu.input[0]]
            back = next(n for n in self.model.graph.node if n.input[:1] == node.output[:1])
            (after,) = (n for n in self.model.graph.node if back.output[0] in n.input)
            if (relu.op_type, before.op_type, after.op_type) != ("Relu", "Conv", "Conv"):
                raise ValueError(f"node {node.name}: only a ReLU between convolutions may be quantized by channel")
            factor = (_middle(step) / step).reshape(-1, 1, 1, 1).astype(np.float32)
            weights[before.name] *= factor
            biases[before.name] *= factor.ravel()
            weights[after.name] /= factor

    def _quantizers(self) -> list[_Quantizer]:
        return [*self.weight_quantizers.values(), *self.activation_quantizers.values()]  # type: ignore[list-item]

    def _shared(self, node: onnx.NodeProto) -> Any:
        return self.activation_quantizers[parameter_name(self.group[node.name])]

    def _node(self, name: str) -> onnx.NodeProto:
        return next(n for n in self.rounded if n.name == name)


def _best_steps(rows: Tensor, reach: Tensor, zero: float | None, most: int) -> Tensor:
    """(C, most − MIN_BITS + 1) steps of least squared error for rows (C, n) in MIN_BITS to most bits.

    reach: (C,) length of the range that loses nothing; half of it where codes are symmetric. zero: as in _Quantizer.
    """
    found = []
    for bits in range(MIN_BITS, most + 1):
        levels = (1 << (bits - 1)) - 1 if zero is None else (1 << bits) - 1
        low = -levels - 1 if zero is None else -round(zero * levels)
        high = levels if zero is None else levels + low
        best = torch.full((rows.shape[0],), torch.inf)
        kept = torch.ones(rows.shape[0])
        for share in np.linspace(0.2, 1.0, 33):
            step = (reach * float(share) / levels).clamp_min(_SMALLEST_STEP)
            error = ((rows / step[:, None]).round().clamp(low, high) * step[:, None] - rows).square().sum(1)
            kept, best = torch.where(error < best, step, kept), torch.minimum(error, best)
        found.append(kept)
    return torch.stack(found, 1)


def _concat_groups(nodes: Sequence[onnx.NodeProto]) -> dict[str, str]:
    """Name of each QuantizeLinear → name of the one that stands for all that are joined with it."""
    makers = {output: node for node in nodes for output in node.output}
    group = {n.name: n.name for n in nodes if n.op_type == "QuantizeLinear"}
    for node in nodes:
        if node.op_type != "Concat":
            continue
        joined = set()
        for name in node.input:
            source = makers[name]
            while source.op_type != "QuantizeLinear":
                source = makers[source.input[0]]
            joined.add(group[source.name])
        first = min(joined)
        group = {name: first if of in joined else of for name, of in group.items()}
    return group


def _add_unrounded(graph: onnx.GraphProto) -> None:
    """Take the quantizer between a convolution and the Add that alone reads it out of a graph, one at each Add.

    The runtime adds before it rounds, since it fuses the Add into the convolution: OpenVINO 2026.4 leaves that
    quantizer's rounding out. With it gone, the file says what is computed, to the last bit in QuantLite.
    """
    makers = {output: node for node in graph.node for output in node.output}
    for add in [n for n in graph.node if n.op_type == "Add"]:
        for i, name in enumerate(add.input):
            back = makers[name]
            down = makers.get(back.input[0])
            alone = sum(name in n.input for n in graph.node) == 1
            if not alone or down is None or down.op_type != "QuantizeLinear":
                continue
            source = makers.get(down.input[0])
            if source is not None and source.op_type == "Conv":
                add.input[i] = source.output[0]
                graph.node.remove(back)
                graph.node.remove(down)
                break


def _join_relu(nodes: list[onnx.NodeProto], zeros: set[str]) -> None:
    """Drop each ReLU that a Clip alone reads whose lower bound is among zeros: the Clip does both."""
    for relu in [n for n in nodes if n.op_type == "Relu"]:
        readers = [n for n in nodes if relu.output[0] in n.input]
        if len(readers) == 1 and readers[0].op_type == "Clip" and readers[0].input[1] in zeros:
            readers[0].input[0] = relu.input[0]
            nodes.remove(relu)


def _axis(node: onnx.NodeProto) -> int:
    """Axis of a convolution's output channels in its weights."""
    return 1 if node.op_type == "ConvTranspose" else 0


def _middle(step: NDArray[np.float32]) -> float:
    """Geometric mean of the steps of channels."""
    return float(np.exp(np.log(np.maximum(step, 1e-8)).mean()))
