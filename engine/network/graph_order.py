"""Whether the nodes of an ONNX file come in order, read from its bytes alone.

ONNX requires that every node reads only what stands before it. A file that breaks this, such as one with a cycle, makes
OpenVINO read for ever while its memory grows. This module walks the protobuf fields that matter (onnx.proto: a model's
graph, a graph's nodes, initializers and inputs) and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_DEPTH = 8
# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_SPARSE_INITIALIZER = 1, 5, 11, 15
_NODE_INPUT, _NODE_OUTPUT, _NODE_ATTRIBUTE = 1, 2, 5
_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS = 6, 11
_TENSOR_NAME, _VALUE_NAME, _SPARSE_VALUES = 8, 1, 1


def disorder(content: bytes) -> str:
    """What is wrong with the order of an ONNX file's nodes, in a few words; empty where nothing is.

    content: the serialized onnx.ModelProto.
    """
    try:
        for number, value in _fields(memoryview(content)):
            if number == _MODEL_GRAPH and isinstance(value, memoryview) and (found := _graph(value, frozenset(), 0)):
                return found
    except (ValueError, IndexError):
        return "its protobuf fields are damaged"
    return ""


def _graph(graph: memoryview, outer: frozenset[str], depth: int) -> str:
    if depth > _MAX_DEPTH:
        return "its graphs are nested too deeply"
    known = set(outer) | {""}  # an input that is left out has no name
    nodes = []
    for number, value in _fields(graph):
        if not isinstance(value, memoryview):
            continue
        if number == _GRAPH_NODE:
            nodes.append(value)
        elif number == _GRAPH_INITIALIZER:
            known.add(_name(value, _TENSOR_NAME))
        elif number == _GRAPH_INPUT:
            known.add(_name(value, _VALUE_NAME))
        elif number == _GRAPH_SPARSE_INITIALIZER:
            known.update(_name(part, _TENSOR_NAME) for part in _parts(value, _SPARSE_VALUES))
    for node in nodes:
        for name in (_text(part) for part in _parts(node, _NODE_INPUT)):
            if name not in known:
                return f"a node reads {name!r} before anything has made it"
        for attribute in _parts(node, _NODE_ATTRIBUTE):
            for inner in (*_parts(attribute, _ATTRIBUTE_GRAPH), *_parts(attribute, _ATTRIBUTE_GRAPHS)):
                if found := _graph(inner, frozenset(known), depth + 1):
                    return found
        known.update(_text(part) for part in _parts(node, _NODE_OUTPUT))
    return ""


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    for number, value in _fields(message):
        if number == wanted and isinstance(value, memoryview):
            yield value


def _name(message: memoryview, wanted: int) -> str:
    return next((_text(part) for part in _parts(message, wanted)), "")


def _text(part: memoryview) -> str:
    return bytes(part).decode("utf-8", errors="replace")


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """(field number, value) of a serialized message, in their order. Raises ValueError or IndexError where damaged."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"wire type {kind}")
        if at + length > len(message):
            raise ValueError("a field is cut off")
        yield number, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")
