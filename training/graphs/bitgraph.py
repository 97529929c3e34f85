"""An exported graph with a learned quantizer for each weight and activation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from engine.network.packed import Activation, Packed, Weight
from training.graphs.onnx_walk import CONVOLUTIONS, check_operators, constants_of, convolution, parameter_name, walk
from training.graphs.quantizer import MIN_BITS, LearnedQuantizer, best_steps
from training.graphs.rewrites import tidy
from training.graphs.tail import transpose_tail

# Weights use 7 of 8 bits, for the reason given in training.steps.quantize.
MAX_WEIGHT_BITS, MAX_ACTIVATION_BITS = 7, 8
START_WEIGHT_BITS, START_ACTIVATION_BITS = 5.0, 6.0
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


class BitGraph(nn.Module):
    """An exported graph of convolutions with a learned quantizer for each weight and activation.

    (N, 1, H, W) to logits (N, C, H, W). What a Concat joins shares one quantizer, so that codes mean the same.
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
            steps = best_steps(rows, rows.abs().amax(1), None, MAX_WEIGHT_BITS)
            self.weight_quantizers[parameter_name(node.name)] = LearnedQuantizer(steps.log(), None, START_WEIGHT_BITS)
        self.group = _concat_groups(nodes)
        self.sizes: dict[str, int] = {}
        samples: dict[str, list[Tensor]] = {}
        with torch.no_grad():
            self._run(images, lambda node, x: self._sample(node, x, samples), rounding=False)
        for group, values in samples.items():
            _, step, zero = (self.constants.get(name) for name in self._node(group).input)
            assert step is not None and zero is not None
            # Inputs of depthwise convolutions were calibrated by channel and have been evened out since.
            share, reach = float(zero.flat[0]) / 255, torch.tensor([255 * _middle(step)])
            steps = best_steps(torch.cat(values)[None], reach, share, MAX_ACTIVATION_BITS)
            learned = LearnedQuantizer(steps.log(), share, START_ACTIVATION_BITS)
            self.activation_quantizers[parameter_name(group)] = learned

    def forward(self, x: Tensor) -> Tensor:
        return self._run(
            x, lambda node, value: self.activation_quantizers[parameter_name(self.group[node.name])](value)
        )

    def values(self) -> list[nn.Parameter]:
        """Weights and biases."""
        return [*self.weights.values(), *self.biases.values()]

    def scales(self) -> list[nn.Parameter]:
        """The parameters that the steps are computed from."""
        return [q.scale for q in self._quantizers()]

    def widths(self) -> list[nn.Parameter]:
        """Bits before they are rounded."""
        return [q.width for q in self._quantizers()]

    def mean_bits(self) -> tuple[Tensor, Tensor]:
        """Mean bits of the weights and of the activations, each by size, before they are rounded."""
        weights = [(self._of_weights(k).width, size) for k, size in self.used.items()]
        activations = [(self._shared(n).width, self.sizes[n.name]) for n in self.rounded]
        first, second = (
            torch.stack([width * size for width, size in pairs]).sum() / sum(size for _, size in pairs)
            for pairs in (weights, activations)
        )
        return first, second

    def costly_bits(self) -> Tensor:
        """What the penalty counts: mean bits of the activations by size, and of the weights half by size and half by
        layer. By size alone, small layers would keep what bits they have.
        """
        by_size, activations = self.mean_bits()
        by_layer = torch.stack([q.width for q in self.weight_quantizers.values()]).mean()  # type: ignore[misc]
        return (by_size + by_layer) / 2 + activations

    @torch.no_grad()
    def keep_widths(self) -> None:
        """Clip bits to their range."""
        for quantizer in self._quantizers():
            quantizer.width.clamp_(MIN_BITS, quantizer.most)

    @torch.no_grad()
    def settle(self) -> None:
        """Round the bits for good."""
        for quantizer in self._quantizers():
            quantizer.width.fill_(quantizer.bits).requires_grad_(False)

    @torch.no_grad()
    def add_to_average(self, average: list[Tensor], decay: float) -> list[Tensor]:
        """Update a moving average of weights, biases and steps. An empty one starts with their present values."""
        now = [*self.values(), *self.scales()]
        if not average:
            return [p.detach().clone() for p in now]
        for mean, value in zip(average, now, strict=True):
            mean.lerp_(value, 1 - decay)
        return average

    @torch.no_grad()
    def take_average(self, average: list[Tensor]) -> None:
        """Let the graph compute with an average. An empty one changes nothing."""
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
                self._of_weights(parameter_name(n.name)).bits,
            )
            for n in self.layers
        ]
        # An activation is named after the node that computes it.
        return weights + [
            LayerBits(makers.get(n.input[0], n.input[0]), "activations", self.sizes[n.name], self._shared(n).bits)
            for n in self.rounded
        ]

    @torch.no_grad()
    def packed(self) -> Packed:
        """The network as it is stored. It says exactly what torch computes in the forward pass."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        transpose_tail(model)
        tidy(model)
        graph = model.graph
        makers = {output: node for node in graph.node for output in node.output}
        weights: list[Weight] = []
        activations: list[Activation] = []
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
        """Run the nodes in turn. rounds: what a QuantizeLinear does. rounding: round weights and biases."""

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
        quantizer = self._of_weights(key)
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
        """Scale, in place, the channels that a depthwise convolution reads, so that one step suits them all.

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

    def _quantizers(self) -> list[LearnedQuantizer]:
        every = (*self.weight_quantizers.values(), *self.activation_quantizers.values())
        return [cast(LearnedQuantizer, quantizer) for quantizer in every]

    def _of_weights(self, key: str) -> LearnedQuantizer:
        return cast(LearnedQuantizer, self.weight_quantizers[key])

    def _shared(self, node: onnx.NodeProto) -> LearnedQuantizer:
        """The quantizer of a QuantizeLinear, which several may share."""
        return cast(LearnedQuantizer, self.activation_quantizers[parameter_name(self.group[node.name])])

    def _node(self, name: str) -> onnx.NodeProto:
        return next(n for n in self.rounded if n.name == name)


def _concat_groups(nodes: Sequence[onnx.NodeProto]) -> dict[str, str]:
    """Name of each QuantizeLinear → name of the one that represents all those joined with it."""
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
    """Drop each ReLU whose only reader is a Clip with a lower bound of zero: the Clip does both."""
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
