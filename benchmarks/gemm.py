"""This machine's peak, from matrix products: what a model's time is compared with.

A chain of square products runs as one network through the runtime that the models run in, so that the way in and out
weighs little. In int8 each product takes uint8 activations and int8 weights, and gives uint8 again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.network.runtime import Network

SIZES = ((512, 8), (768, 6), (1024, 4))
"""(rows, columns and depth of each product, products in the chain)"""


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest rate of operations measured on one thread; a multiply-add counts as two.

    arithmetic: "int8", "float32" or "bfloat16". kernel: the one that ran. size: that of the fastest products.
    """

    arithmetic: str
    kernel: str
    size: int
    gops: float


def measure(arithmetic: str, repeats: int, sizes: Sequence[tuple[int, int]] = SIZES) -> Peak:
    """The fastest of `repeats` runs of each size. arithmetic: as in Peak.

    Raises RuntimeError if other kernels ran than the wanted ones.
    """
    found = []
    for size, length in sizes:
        content = chain(size, length, int8=arithmetic == "int8")
        network = Network(
            content, where=Path("gemm.onnx"), channels=1, input_shape=(size, size), threads=1,
            bf16=arithmetic == "bfloat16",
        )  # fmt: skip
        kernels = sorted(set(network.kernels))
        suffix = {"int8": "_I8", "float32": "_f32", "bfloat16": "_bf16"}[arithmetic]
        if len(network.kernels) != length or not all(kernel.endswith(suffix) for kernel in kernels):
            raise RuntimeError(f"a chain of {length} {arithmetic} products ran as {network.kernels}")
        x = np.random.default_rng(0).standard_normal((1, 1, size, size)).astype(np.float32)
        best = fastest(lambda network=network, x=x: network.infer(x), repeats)
        found.append(Peak(arithmetic, " ".join(kernels), size, 2 * length * size**3 / best / 1e9))
    return max(found, key=lambda peak: peak.gops)


def fastest(run: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest run, after a warm-up run."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def chain(size: int, length: int, *, int8: bool) -> bytes:
    """An ONNX file of `length` products of (size, size) matrices; the first takes the image (1, 1, size, size)."""
    rng = np.random.default_rng(0)
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def constant(name: str, value: NDArray[np.generic]) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(operator: str, inputs: list[str], output: str, **attributes: int) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    x = "image"
    for i in range(length):
        if int8:
            # Products of values around 1 and weights of deviation 1/√size stay around 1.
            scale, zero = constant(f"scale{i}", np.float32(1 / 32)), constant(f"zero{i}", np.uint8(128))
            x = node("QuantizeLinear", [x, scale, zero], f"quantized{i}")
            x = node("DequantizeLinear", [x, scale, zero], f"x{i}")
            whole = rng.integers(-63, 64, (size, size)).astype(np.int8)
            inputs = [
                constant(f"whole{i}", whole),
                constant(f"steps{i}", np.full(size, 1 / (36 * size**0.5), dtype=np.float32)),
                constant(f"zeros{i}", np.zeros(size, dtype=np.int8)),
            ]
            weights = node("DequantizeLinear", inputs, f"weights{i}", axis=1)
        else:
            values = rng.standard_normal((size, size)).astype(np.float32) / np.float32(size**0.5)
            weights = constant(f"weights{i}", values)
        x = node("MatMul", [x, weights], "logits" if i == length - 1 else f"product{i}")
    shape = [1, 1, size, size]
    graph = helper.make_graph(
        nodes,
        "gemm",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
        initializer=constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
