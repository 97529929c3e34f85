"""The graph that OpenVINO executes, read node by node: kernels, multiply-adds, sizes, and the instruction set."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import ModelError

_MULTIPLY_ADD_LAYERS = {"Convolution", "GroupConvolution", "Deconvolution", "FullyConnected", "MatMul"}


@dataclass(frozen=True, slots=True)
class ExecutedNode:
    """One node of the graph that the runtime executes, after it has fused what it can.

    layer: its kind, such as "Convolution"; "Const" for weights, "Input" and "Output" for the network's own.
    kernel: name of what runs it, such as "brgconv_avx512_I8".
    inputs: (position in the sequence of nodes, output of that node) of each tensor that it reads, always of nodes
        before it. output_bytes: of each tensor that it writes, in the precision that it is written in.
    multiply_adds: of one image, for a layer that multiplies; 0 for others. channels: of a convolution's output, else 0.
    time_us: mean over the runs so far, in whole microseconds, 0 for what is not executed (or takes less than one);
        None where the network was not made with profile.
    """

    name: str
    layer: str
    kernel: str
    inputs: tuple[tuple[int, int], ...]
    output_bytes: tuple[int, ...]
    multiply_adds: int
    channels: int
    time_us: int | None

    @property
    def int8(self) -> bool:
        """Whether an int8 kernel executes it."""
        return is_int8(self.kernel)


def is_int8(kernel: str) -> bool:
    return kernel.endswith("_I8")


def executed_work(graph: Any) -> list[tuple[str, int]]:
    """(kernel, multiply-adds of one image) of each executed layer that multiplies by weights."""
    work = []
    for node in graph.get_ordered_ops():
        info = node.get_rt_info()
        if text_in(info, "layerType") in _MULTIPLY_ADD_LAYERS:
            work.append((text_in(info, "primitiveType"), _multiply_adds(node)))
    return work


def _multiply_adds(node: Any) -> int:
    """Multiply-adds of one image that a layer of _MULTIPLY_ADD_LAYERS executes.

    A convolution's are its output positions times its weights, whatever its groups: the weights (O, I / groups, kh, kw)
    hold, for each output channel, just the inputs that it reads.
    """
    output, first, second = (_shape(node, part) for part in (node.output(0), *node.input_values()[:2]))
    if text_in(node.get_rt_info(), "layerType") in ("FullyConnected", "MatMul"):
        return int(np.prod(output, dtype=np.int64)) * first[-1]
    # Inputs after the second are biases and the tensors of fused additions.
    return int(np.prod(output[2:], dtype=np.int64) * np.prod(second, dtype=np.int64))


def executed_node(node: Any, position: dict[str, int], *, timed: bool) -> ExecutedNode:
    info = node.get_rt_info()
    layer = text_in(info, "layerType")
    multiplies = layer in _MULTIPLY_ADD_LAYERS
    convolves = multiplies and layer not in ("FullyConnected", "MatMul")
    took = text_in(info, "execTimeMcs")
    return ExecutedNode(
        name=node.get_friendly_name(),
        layer=layer,
        kernel=text_in(info, "primitiveType"),
        inputs=tuple((position[v.get_node().get_friendly_name()], v.get_index()) for v in node.input_values()),
        output_bytes=tuple(
            int(np.prod(_shape(node, output), dtype=np.int64)) * output.get_element_type().bitwidth // 8
            for output in node.outputs()
        ),
        multiply_adds=_multiply_adds(node) if multiplies else 0,
        channels=_shape(node, node.output(0))[1] if convolves else 0,
        time_us=(int(took) if took.isdigit() else 0) if timed else None,
    )


def _shape(node: Any, port: Any) -> list[int]:
    """Shape of an input or output of a node. Raises ModelError where it is not fixed."""
    partial = port.get_partial_shape()
    if not partial.is_static:
        raise ModelError(
            f"layer {node.get_friendly_name()} has a size that depends on the image's content; "
            "export a network whose sizes follow from the image's size"
        )
    return list(partial.to_shape())


def text_in(info: Any, key: str) -> str:
    return str(info[key].value) if key in info else ""


def isa_of(compiled: Any, kernels: Sequence[str]) -> str:
    """Short name of the instruction set that the runtime says it uses, else of what its kernels' names show."""
    stated = ""
    if "RUNTIME_REQUIREMENTS" in compiled.get_property("SUPPORTED_PROPERTIES"):
        parts = str(compiled.get_property("RUNTIME_REQUIREMENTS")).split(";")
        stated = next((part.removeprefix("isa=") for part in parts if part.startswith("isa=")), "")
    return short_isa(stated or " ".join(kernels)) or platform.machine()


def short_isa(text: str) -> str:
    """The name by which the instruction set is known, from oneDNN's sentence or from kernels' names; "" for neither.

    >>> short_isa("Intel AVX-512 with Intel DL Boost and bfloat16 support")
    'AVX-512 VNNI'
    """
    low = text.lower()
    vnni = "dl boost" in low or "vnni" in low
    if "amx" in low:
        return "AMX"
    if "avx-512" in low or "avx512" in low:
        return "AVX-512 VNNI" if vnni else "AVX-512"
    if "avx2" in low:
        return "AVX2-VNNI" if vnni else "AVX2"
    if "sse" in low:
        return "SSE4.1"
    return "Neon" if "acl" in low or "neon" in low or "asimd" in low else ""
