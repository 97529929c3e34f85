"""Packed files: what goes in comes out, what is loaded is standard ONNX, and a damaged file says so in one line."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from tiny_model import write_tiny_model

from engine.errors import ModelError
from engine.network.model_card import ModelCard, TestTensors, describe_file, load_card, save_card, write_test_tensors
from engine.network.packed import ENDING, MAGIC, Activation, Packed, Weight, pack, to_onnx, unpack
from engine.network.runtime import forget_networks, load_network, verify

WHERE = Path("models/tiny/packed.cqp")
HEADER = len(MAGIC) + 4 + 32


def _graph() -> bytes:
    """The image clipped and rounded, a 5×5 depthwise convolution of one channel, a 1×1 to four logits."""

    def rounded(x: str, name: str) -> list[onnx.NodeProto]:
        parameters = [f"{name}/step", f"{name}/zero"]
        return [
            helper.make_node("Clip", [x, f"{name}/low", f"{name}/high"], [f"{name}/in"]),
            helper.make_node("QuantizeLinear", [f"{name}/in", *parameters], [f"{name}/codes"]),
            helper.make_node("DequantizeLinear", [f"{name}/codes", *parameters], [name]),
        ]

    def convolution(x: str, name: str, y: str, kernel: int) -> list[onnx.NodeProto]:
        wide = helper.make_node("DequantizeLinear", [name, f"{name}/step", f"{name}/zero"], [f"{name}/wide"], axis=0)
        pads = [kernel // 2] * 4
        return [wide, helper.make_node("Conv", [x, f"{name}/wide", f"{name}/bias"], [y], pads=pads)]

    nodes = [
        *rounded("image", "a0"), *convolution("a0", "w0", "filtered", 5),
        *rounded("filtered", "a1"), *convolution("a1", "w1", "logits", 1),
    ]  # fmt: skip
    sides = [1, 4, "height", "width"]
    return helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, "height", "width"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, sides)],
    ).SerializeToString()


def _network(bits: int = 5) -> Packed:
    rng = np.random.default_rng(bits)
    half = 1 << (bits - 1)
    taps = np.zeros((2, 1, 5, 5), dtype=np.int8)
    taps[0, 0, 1:4, 1:4] = rng.integers(-half, half, (3, 3)) | 1
    taps[1, 0, ::2, ::2] = rng.integers(-half, half, (3, 3)) | 1
    mixing = rng.integers(-half, half, (4, 2, 1, 1)).astype(np.int8)
    mixing[0, 0], mixing[1, 0] = -half, half - 1
    steps, biases = (rng.uniform(0.01, 0.1, 6).astype(np.float16) for _ in range(2))
    return Packed(
        graph=_graph(),
        opset=17,
        ir_version=9,
        weights=(
            Weight(taps, bits, 0, steps[:2], biases[:2]),
            Weight(mixing, bits, 0, steps[2:], biases[2:]),
        ),
        activations=(
            Activation(bits=bits, zero=(1 << bits) // 3, step=float(np.float16(4 / (1 << bits)))),
            Activation(bits=8, zero=100, step=float(np.float16(0.02))),
        ),
    )


# None of its weights is stored, yet in memory there are 15 million of them.
EMPTY_LAYER = {"shape": [1, 15_000_000, 1, 1], "axis": 0, "bits": 2, "taps": [[1, "0"]]}


def _image(size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((1, 1, size, size)).astype(np.float32)


def _stated(model: bytes, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": x})[0]


@pytest.mark.parametrize("bits", range(2, 9))
def test_what_goes_in_comes_out(bits: int) -> None:
    network = _network(bits)
    content = pack(network)
    found = unpack(content, WHERE)
    assert (found.graph, found.opset, found.ir_version) == (network.graph, 17, 9)
    assert found.activations == network.activations
    for ours, theirs in zip(found.weights, network.weights, strict=True):
        assert (ours.bits, ours.axis) == (bits, 0)
        for name in ("codes", "steps", "biases"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name))
            assert getattr(ours, name).dtype == getattr(theirs, name).dtype
    assert pack(found) == content


def test_codes_take_their_bits_and_no_more() -> None:
    network = _network(3)
    rng = np.random.default_rng(0)
    large = Weight(
        rng.integers(-4, 4, (64, 32, 3, 3)).astype(np.int8), 3, 0, np.ones(64, np.float16), np.zeros(64, np.float16)
    )
    with_large = pack(replace(network, weights=(*network.weights, large)))
    assert len(with_large) - len(pack(network)) == pytest.approx(64 * 32 * 9 * 3 / 8, rel=0.05)


def test_what_is_loaded_is_standard_onnx_and_computes_what_the_numbers_say() -> None:
    network, x = _network(), _image()
    model = to_onnx(network)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    first, second = network.weights

    def rounded(values: np.ndarray, a: Activation) -> np.ndarray:
        codes = np.clip(np.round(values / np.float32(a.step)) + a.zero, 0, 2**a.bits - 1)
        return (codes - a.zero) * np.float32(a.step)

    def values(weight: Weight) -> np.ndarray:
        return weight.codes * weight.steps.astype(np.float32).reshape(-1, 1, 1, 1)

    image = np.pad(rounded(x, network.activations[0])[0, 0], 2)
    filtered = np.stack(
        [
            sum(kernel[0, i, j] * image[i : i + 32, j : j + 32] for i in range(5) for j in range(5)) + bias
            for kernel, bias in zip(values(first), first.biases.astype(np.float32), strict=True)
        ]
    )
    filtered = rounded(filtered.astype(np.float32), network.activations[1])
    expected = np.einsum("oi,ihw->ohw", values(second)[..., 0, 0], filtered)
    expected += second.biases.astype(np.float32)[:, None, None]
    assert np.allclose(_stated(model, x)[0], expected, atol=1e-4)


def _packed_model(parent: Path, content: bytes, logits: np.ndarray, x: np.ndarray) -> ModelCard:
    """A model folder whose one precision is a packed file."""
    card = write_tiny_model(parent, "tiny", precisions=("float32",))
    (card.folder / "float32.onnx").unlink()
    path = card.folder / f"packed{ENDING}"
    path.write_bytes(content)
    tensors: TestTensors = write_test_tensors(card.folder / "test_tensors.npz", x, {"packed": logits}, {"packed": 0.05})
    save_card(replace(card, precisions={"packed": describe_file(path)}, metrics={}, test_tensors=tensors))
    return load_card(card.folder)


def test_a_model_folder_may_hold_a_packed_file(tmp_path: Path) -> None:
    network, x = _network(), _image().astype(np.float16).astype(np.float32)
    content = pack(network)
    card = _packed_model(tmp_path, content, _stated(to_onnx(network), x)[0], x)
    difference, tolerance = verify(card, "packed", threads=1)
    assert difference <= tolerance
    loaded = load_network(card, "packed", threads=1, input_shape=(32, 32))
    assert (loaded.precision, loaded.size_bytes, loaded.int8_share) == ("packed", len(content), 1.0)
    forget_networks()


def _changed_header(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A packed file whose header was changed and whose hash fits again."""
    content = pack(_network())
    (length,) = struct.unpack_from("<I", content, len(MAGIC))
    header = json.loads(zlib.decompress(content[HEADER : HEADER + length]))
    change(header)
    return _sealed(zlib.compress(json.dumps(header).encode()), content[HEADER + length :])


def _sealed(head: bytes, rest: bytes) -> bytes:
    body = head + rest
    return MAGIC + struct.pack("<I", len(head)) + hashlib.sha256(body).digest() + body


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda h: h.pop("opset"), "exactly opset"),
        (lambda h: h.update(more=1), "exactly opset"),
        (lambda h: h.update(opset=True), "opset must be a whole number"),
        (lambda h: h["weights"][0].update(bits=9), r"weights\[0\].bits must be a whole number from 2 to 8"),
        (lambda h: h["weights"][0].update(bits=8), "reaches beyond|belong to no layer"),
        (lambda h: h["weights"][0].update(axis=2), "axis"),
        (lambda h: h["weights"][1].update(shape=[4, 2, 1]), "not that of a convolution's weights"),
        (lambda h: h["weights"][1].update(shape=[10**7, 4, 1, 1]), "not that of a convolution's weights"),
        (lambda h: h["weights"].insert(0, EMPTY_LAYER) or h["weights"].insert(0, EMPTY_LAYER), "weights together"),
        (lambda h: h["weights"][0].update(taps=[[2, "01"]]), "kernel positions"),
        (lambda h: h["weights"][0].update(taps=[[1, "1" * 25]]), "must count 2 channels"),
        (lambda h: h["weights"][0].update(taps=[3]), "pairs"),
        (lambda h: h["weights"].pop(), "belong to no layer"),
        (lambda h: h["activations"].pop(), "section numbers"),
        (lambda h: h["activations"][0].update(zero=32), "zero must be a whole number from 0 to 31"),
        (lambda h: h["sections"]["graph"].__setitem__(1, 10), "does not end where it should"),
        (lambda h: h["sections"]["graph"].__setitem__(1, 10**12), "sections.graph must be a whole number"),
        (lambda h: h["sections"]["codes"].__setitem__(0, 10**6), "sections.codes must be a whole number"),
        (lambda h: h.update(weights="none"), "weights must be a list"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(change: Callable[[dict[str, Any]], object], said: str) -> None:
    with pytest.raises(ModelError, match=said) as error:
        unpack(_changed_header(change), WHERE)
    _is_one_clear_line(error)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda c: c[:20], "ends after 20 bytes"),
        (lambda c: c[:-5], "SHA-256"),
        (lambda c: c[:60] + bytes([c[60] ^ 1]) + c[61:], "SHA-256"),
        (lambda c: c + b"more", "SHA-256"),
        (lambda c: b"\x08\x09" + c, "does not begin with CQPACK1"),
        (lambda c: _sealed(b"no zlib", b""), "header is damaged"),
        (lambda c: _sealed(zlib.compress(b"{"), b""), "not JSON"),
        (lambda c: _sealed(zlib.compress(b"[" * 100_000), b""), "not JSON"),
        (lambda c: _sealed(zlib.compress(b" " * 10_000_000), b""), "does not end where it should"),
    ],
)
def test_a_damaged_file_is_refused(damage: Callable[[bytes], bytes], said: str) -> None:
    with pytest.raises(ModelError, match=said) as error:
        unpack(damage(pack(_network())), WHERE)
    _is_one_clear_line(error)


def _is_one_clear_line(error: pytest.ExceptionInfo[ModelError]) -> None:
    text = str(error.value)
    assert text.startswith(f"{WHERE}: ") and "\n" not in text
    assert text.endswith("export it again, or get a fresh copy of its folder")


@pytest.mark.parametrize(
    "change",
    [
        {"codes": np.full((2, 1, 5, 5), 16, dtype=np.int8)},
        {"bits": 9},
        {"steps": np.zeros(2, np.float16)},
        {"biases": np.full(2, np.inf, np.float16)},
        {"steps": np.ones(3, np.float16)},
    ],
)
def test_numbers_that_the_format_cannot_hold_are_not_written(change: dict[str, Any]) -> None:
    network = _network()
    with pytest.raises(ValueError, match=r"bits|steps"):
        pack(replace(network, weights=(replace(network.weights[0], **change), network.weights[1])))
