"""The order of an ONNX file's nodes, and what a damaged file says."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper

from engine.network.graph_order import disorder


def model(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("labels", TensorProto.FLOAT, [1])],
        [one],
    )
    return helper.make_model(graph)


def add(out: str, *inputs: str) -> onnx.NodeProto:
    return helper.make_node("Add", list(inputs), [out])


def branch(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), "branch", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])])


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([add("a", "image", "one"), add("labels", "a", "one")], ""),
        ([helper.make_node("Clip", ["image", "", "one"], ["labels"])], ""),  # an input that is left out
        ([add("a", "b", "one"), add("b", "a", "one")], "reads 'b' before"),  # a cycle
        ([add("labels", "a", "one"), add("a", "image", "one")], "reads 'a' before"),
        ([add("labels", "gone", "one")], "reads 'gone' before"),
        ([helper.make_node("If", ["image"], ["labels"], then_branch=branch(add("b", "image", "one")))], ""),
        ([helper.make_node("If", ["image"], ["labels"], then_branch=branch(add("b", "b", "one")))], "reads 'b' before"),
    ],
)
def test_nodes_read_only_what_stands_before_them(nodes: list[onnx.NodeProto], said: str) -> None:
    found = disorder(model(*nodes).SerializeToString())
    assert said in found
    assert bool(said) == bool(found)


def test_every_cut_of_a_file_is_answered() -> None:
    content = model(add("labels", "image", "one")).SerializeToString()
    assert disorder(content) == ""
    for length in range(len(content)):
        disorder(content[:length])  # ordered, damaged or empty, but never an exception
    assert disorder(content[:-3] + b"\xff\xff\xff") == "its protobuf fields are damaged"


def test_graphs_cannot_be_nested_without_end() -> None:
    inner = branch(add("b", "image", "one"))
    for _ in range(12):
        inner = branch(helper.make_node("If", ["image"], ["b"], then_branch=inner))
    [node] = inner.node
    assert "nested too deeply" in disorder(model(node, add("labels", "b", "one")).SerializeToString())
