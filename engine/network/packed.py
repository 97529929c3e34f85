"""Packed weight files: each layer's weights in as many bits as it learned, and the ONNX that they stand for.

The format is written down in docs/packed-format.md. A packed file holds a graph without its weights, the weights as
integers of 2 to 8 bits, and the steps and biases in float16. Loading one makes a standard ONNX model in memory: int8
weights behind DequantizeLinear, activations clipped to what their bits hold and in uint8 between QuantizeLinear and
DequantizeLinear. Nothing here can run code, and every size is checked before memory is taken for it.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError

ENDING = ".cqp"
MAGIC = b"CQPACK1\n"
MIN_BITS, MAX_BITS = 2, 8
_HASH_BYTES = 32
_PREFIX = len(MAGIC) + 4 + _HASH_BYTES
# What a header may ask for: far above any network of this program, far below a PC's memory.
_MAX_HEADER_BYTES = 1_000_000
_MAX_GRAPH_BYTES = 16_000_000
_MAX_LAYERS = 4096
_MAX_WEIGHTS = 20_000_000
_MAX_KERNEL = 1024
# Element types of ONNX tensors (onnx.TensorProto).
_FLOAT, _UINT8, _INT8 = 1, 2, 3
_ONNX_TYPES = {np.dtype(np.float32): _FLOAT, np.dtype(np.uint8): _UINT8, np.dtype(np.int8): _INT8}


@dataclass(frozen=True, slots=True, eq=False)
class Weight:
    """The weights of one convolution, and its biases.

    codes: (…) int8, −2^(bits − 1) to 2^(bits − 1) − 1, four axes as ONNX has them. axis: that of the output channels.
    steps: (channels,) float16 above 0; a weight is its code times its channel's step. biases: (channels,) float16.
    """

    codes: NDArray[np.int8]
    bits: int
    axis: int
    steps: NDArray[np.float16]
    biases: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Activation:
    """How one tensor between layers is rounded: (code − zero) · step, code from 0 to 2^bits − 1. step: a float16."""

    bits: int
    zero: int
    step: float


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A network without redundancy.

    graph: a serialized onnx.GraphProto. It reads, but does not hold, the constants w0, w0/step, w0/zero, w0/bias, … of
        each Weight and a0/step, a0/zero, a0/low, a0/high, … of each Activation. opset, ir_version: of the model around.
    """

    graph: bytes
    opset: int
    ir_version: int
    weights: tuple[Weight, ...]
    activations: tuple[Activation, ...]


class _BadPackError(Exception):
    """The content breaks a rule of the format; the caller adds the file's name and the way out."""


def is_packed(content: bytes) -> bool:
    """Whether content says of itself that it is a packed file."""
    return content.startswith(MAGIC)


def pack(packed: Packed) -> bytes:
    """The content of a packed file. The same network gives the same bytes.

    Raises ValueError for codes that their bits do not hold, or steps and biases that are not finite.
    """
    layers: list[dict[str, Any]] = []
    for weight in packed.weights:
        _check_weight(weight)
        layers.append(
            {"shape": list(weight.codes.shape), "axis": weight.axis, "bits": weight.bits, "taps": _taps(weight.codes)}
        )
    numbers = [array for weight in packed.weights for array in (weight.steps, weight.biases)]
    numbers.append(np.array([a.step for a in packed.activations], dtype=np.float16))
    sections = {
        "graph": packed.graph,
        "numbers": b"".join(array.astype("<f2").tobytes() for array in numbers),
        "codes": b"".join(
            _to_bits(weight.codes[_used(layer["taps"], weight.codes.shape)], weight.bits)
            for weight, layer in zip(packed.weights, layers, strict=True)
        ),
    }
    squeezed = {name: zlib.compress(content, 9) for name, content in sections.items()}
    header = {
        "opset": packed.opset,
        "ir_version": packed.ir_version,
        "sections": {name: [len(squeezed[name]), len(content)] for name, content in sections.items()},
        "weights": layers,
        "activations": [{"bits": a.bits, "zero": a.zero} for a in packed.activations],
    }
    head = zlib.compress(json.dumps(header, separators=(",", ":")).encode(), 9)
    body = head + b"".join(squeezed.values())
    return MAGIC + struct.pack("<I", len(head)) + hashlib.sha256(body).digest() + body


def unpack(content: bytes, where: Path) -> Packed:
    """Read the content of a packed file that messages call `where`. Raises ModelError where it breaks a rule."""
    try:
        return _unpack(content)
    except _BadPackError as error:
        raise ModelError(
            f"{where}: is no packed model ({error}); export it again, or get a fresh copy of its folder"
        ) from error


def to_onnx(packed: Packed) -> bytes:
    """The serialized onnx.ModelProto that a packed network stands for."""
    constants = b"".join(_field(5, _tensor(name, array)) for name, array in _constants(packed))
    opset = _field(8, _number(2, packed.opset))
    # Fields may stand in any order, and those that repeat may be added to: initializers go behind the graph's own.
    return _number(1, packed.ir_version) + opset + _field(7, packed.graph + constants)


def _constants(packed: Packed) -> Iterator[tuple[str, NDArray[Any]]]:
    for i, weight in enumerate(packed.weights):
        yield f"w{i}", weight.codes
        yield f"w{i}/step", weight.steps.astype(np.float32)
        yield f"w{i}/zero", np.zeros(weight.steps.shape, dtype=np.int8)
        yield f"w{i}/bias", weight.biases.astype(np.float32)
    for i, a in enumerate(packed.activations):
        step = np.float32(a.step)
        yield f"a{i}/step", np.array(step)
        yield f"a{i}/zero", np.array(a.zero, dtype=np.uint8)
        yield f"a{i}/low", np.array(-np.float32(a.zero) * step)
        yield f"a{i}/high", np.array(np.float32(2**a.bits - 1 - a.zero) * step)


def _check_weight(weight: Weight) -> None:
    limit = 2 ** (weight.bits - 1)
    channels = weight.codes.shape[weight.axis]
    if not MIN_BITS <= weight.bits <= MAX_BITS or weight.codes.min() < -limit or weight.codes.max() >= limit:
        raise ValueError(f"codes from {weight.codes.min()} to {weight.codes.max()} in {weight.bits} bits")
    if weight.steps.shape != (channels,) or weight.biases.shape != (channels,):
        raise ValueError(f"{weight.steps.shape} steps and {weight.biases.shape} biases for {channels} channels")
    if not (np.isfinite(weight.steps).all() and (weight.steps > 0).all() and np.isfinite(weight.biases).all()):
        raise ValueError("steps must be above 0, and steps and biases finite")


def _taps(codes: NDArray[np.int8]) -> list[list[Any]]:
    """Which positions of its kernel each output channel uses: [channels, positions as 0 and 1] for runs of channels.

    A merged kernel of several dilations is zero between its taps for whole channels; those zeros are not stored. Empty
    where every position is used, or where the output channels are not the first axis.
    """
    used = (codes != 0).any(1).reshape(codes.shape[0], -1)
    runs: list[list[Any]] = []
    # Channels that use no more than their neighbours join them, so that a weight that happens to be 0 makes no new run.
    for row in used:
        if runs and not (row & ~runs[-1][1]).any():
            runs[-1][0] += 1
        elif runs and not (runs[-1][1] & ~row).any():
            runs[-1] = [runs[-1][0] + 1, row]
        else:
            runs.append([1, row])
    if used.shape[1] < 9 or len(runs) > 8 or all(positions.all() for _, positions in runs):
        return []
    return [[count, "".join("01"[int(p)] for p in positions)] for count, positions in runs]


def _used(taps: list[list[Any]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mask of the stored weights of a layer, of its shape."""
    if not taps:
        return np.ones(shape, dtype=np.bool_)
    rows = np.concatenate([np.tile([p == "1" for p in positions], (count, 1)) for count, positions in taps])
    return np.broadcast_to(rows.reshape(shape[0], 1, *shape[2:]), shape)


def _to_bits(codes: NDArray[np.int8], bits: int) -> bytes:
    """Two's complement of `bits` bits each, the highest first, one code behind the other; zeros fill the last byte."""
    planes = codes.astype(np.uint8)[:, None] >> np.arange(bits - 1, -1, -1, dtype=np.uint8) & 1
    return np.packbits(planes.astype(np.bool_).ravel()).tobytes()


def _from_bits(content: bytes, count: int, bits: int) -> NDArray[np.int8]:
    planes = np.unpackbits(np.frombuffer(content, dtype=np.uint8), count=count * bits).reshape(count, bits)
    values = planes.astype(np.int16) @ (1 << np.arange(bits - 1, -1, -1, dtype=np.int16))
    return np.where(values >= 1 << (bits - 1), values - (1 << bits), values).astype(np.int8)


def _unpack(content: bytes) -> Packed:
    if not is_packed(content):
        raise _BadPackError(f"it does not begin with {MAGIC.decode().strip()}")
    if len(content) < _PREFIX:
        raise _BadPackError(f"it ends after {len(content)} bytes")
    (length,) = struct.unpack_from("<I", content, len(MAGIC))
    body = content[_PREFIX:]
    if hashlib.sha256(body).digest() != content[_PREFIX - _HASH_BYTES : _PREFIX]:
        raise _BadPackError("its content does not have the SHA-256 that it states: it is damaged or cut off")
    header = _header(_inflate(body[:length], _MAX_HEADER_BYTES, "header"))
    sections = _sections(header["sections"], body[length:])
    layers = _list(header["weights"], "weights")
    weights = tuple(_weights(layers, sections))
    found = _list(header["activations"], "activations")
    steps = np.frombuffer(sections["numbers"], dtype="<f2")[-len(found) :] if found else np.zeros(0, np.float16)
    used = 2 * (sum(2 * weight.steps.size for weight in weights) + len(found))
    if len(sections["numbers"]) != used:
        raise _BadPackError(f"section numbers has {len(sections['numbers'])} bytes, its layers need {used}")
    activations = tuple(
        _activation(item, i, float(step)) for i, (item, step) in enumerate(zip(found, steps, strict=True))
    )
    return Packed(
        sections["graph"],
        _whole(header["opset"], "opset", 1, 100),
        _whole(header["ir_version"], "ir_version", 1, 100),
        weights,
        activations,
    )


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _BadPackError("its header is not JSON") from error
    return _object(header, "the header", ("opset", "ir_version", "sections", "weights", "activations"))


def _sections(stated: Any, body: bytes) -> dict[str, bytes]:
    """Each section, inflated. Their order in the file is graph, numbers, codes."""
    limits = {"graph": _MAX_GRAPH_BYTES, "numbers": 4 * _MAX_WEIGHTS, "codes": _MAX_WEIGHTS}
    sizes = _object(stated, "sections", tuple(limits))
    sections, start = {}, 0
    for name, limit in limits.items():
        if not isinstance(sizes[name], list) or len(sizes[name]) != 2:
            raise _BadPackError(f"sections.{name} must be two sizes")
        small = _whole(sizes[name][0], f"sections.{name}", 0, len(body) - start)
        large = _whole(sizes[name][1], f"sections.{name}", 0, limit)
        sections[name] = _inflate(body[start : start + small], large, f"section {name}")
        if len(sections[name]) != large:
            raise _BadPackError(f"section {name} has {len(sections[name])} bytes, not {large}")
        start += small
    if start != len(body):
        raise _BadPackError(f"{len(body) - start} bytes follow its last section")
    return sections


def _weights(layers: Sequence[Any], sections: dict[str, bytes]) -> Iterator[Weight]:
    codes, numbers, position, number = sections["codes"], np.frombuffer(sections["numbers"], dtype="<f2"), 0, 0
    total = 0
    for i, item in enumerate(layers):
        layer = _object(item, f"weights[{i}]", ("shape", "axis", "bits", "taps"))
        axis, bits = _whole(layer["axis"], f"weights[{i}].axis", 0, 1), _bits(layer["bits"], f"weights[{i}].bits")
        sides = _list(layer["shape"], f"weights[{i}].shape")
        shape = tuple(_whole(n, f"weights[{i}].shape", 1, _MAX_WEIGHTS) for n in sides)
        if len(shape) != 4 or math.prod(shape) > _MAX_WEIGHTS or shape[2] * shape[3] > _MAX_KERNEL:
            raise _BadPackError(f"weights[{i}].shape {list(shape)} is not that of a convolution's weights")
        # Positions that no channel uses take no room in the file, but they do in memory.
        total += math.prod(shape)
        if total > _MAX_WEIGHTS:
            raise _BadPackError(f"its layers have more than {_MAX_WEIGHTS} weights together")
        used = _used(_checked_taps(layer["taps"], shape, f"weights[{i}].taps"), shape)
        count = int(used.sum())
        size = -(-count * bits // 8)
        channels = shape[axis]
        if position + size > len(codes) or number + 2 * channels > numbers.size:
            raise _BadPackError(f"weights[{i}] reaches beyond its section")
        values = np.zeros(shape, dtype=np.int8)
        values[used] = _from_bits(codes[position : position + size], count, bits)
        steps, biases = numbers[number : number + channels], numbers[number + channels : number + 2 * channels]
        if not (np.isfinite(steps).all() and (steps > 0).all() and np.isfinite(biases).all()):
            raise _BadPackError(f"weights[{i}] has steps or biases that are no positive or finite numbers")
        yield Weight(values, bits, axis, steps, biases)
        position, number = position + size, number + 2 * channels
    if position != len(codes):
        raise _BadPackError(f"{len(codes) - position} bytes of codes belong to no layer")


def _checked_taps(value: Any, shape: tuple[int, ...], key: str) -> list[list[Any]]:
    taps = _list(value, key)
    for run in taps:
        if not isinstance(run, list) or len(run) != 2 or not isinstance(run[1], str):
            raise _BadPackError(f"{key} must be pairs of a number of channels and a text of 0 and 1")
        _whole(run[0], key, 1, shape[0])
        if len(run[1]) != shape[2] * shape[3] or set(run[1]) - {"0", "1"}:
            raise _BadPackError(f"{key} must have a 0 or 1 for each of the {shape[2] * shape[3]} kernel positions")
    if taps and sum(run[0] for run in taps) != shape[0]:
        raise _BadPackError(f"{key} must count {shape[0]} channels")
    return taps


def _activation(item: Any, i: int, step: float) -> Activation:
    found = _object(item, f"activations[{i}]", ("bits", "zero"))
    bits = _bits(found["bits"], f"activations[{i}].bits")
    zero = _whole(found["zero"], f"activations[{i}].zero", 0, 2**bits - 1)
    if not (math.isfinite(step) and step > 0):
        raise _BadPackError(f"activations[{i}] has a step that is no positive number")
    return Activation(bits, zero, step)


def _inflate(content: bytes, limit: int, name: str) -> bytes:
    """zlib's content of at most limit bytes."""
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(content, limit + 1)
    except zlib.error as error:
        raise _BadPackError(f"its {name} is damaged") from error
    if len(inflated) > limit or not stream.eof or stream.unused_data:
        raise _BadPackError(f"its {name} does not end where it should")
    return inflated


def _object(value: Any, key: str, wanted: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(wanted):
        raise _BadPackError(f"{key} must be an object of exactly {', '.join(wanted)}")
    return value


def _list(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MAX_LAYERS:
        raise _BadPackError(f"{key} must be a list of at most {_MAX_LAYERS}")
    return value


def _bits(value: Any, key: str) -> int:
    return _whole(value, key, MIN_BITS, MAX_BITS)


def _whole(value: Any, key: str, low: int, high: int) -> int:
    # JSON's true is an int to Python.
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _BadPackError(f"{key} must be a whole number from {low} to {high}")
    return value


# Protocol buffers, as far as constants need them: https://protobuf.dev/programming-guides/encoding


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _tensor(name: str, array: NDArray[Any]) -> bytes:
    """A serialized onnx.TensorProto: dims, data_type, name, raw_data."""
    dims = b"".join(_number(1, n) for n in array.shape)
    little = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return dims + _number(2, _ONNX_TYPES[array.dtype]) + _field(8, name.encode()) + _field(9, little)
