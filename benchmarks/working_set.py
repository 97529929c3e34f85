"""What a network has to hold in memory, computed from its executed graph.

The working set is the weights and, at the worst moment, the activations that are alive. A tensor is alive from the
node that writes it to the last node that reads it, both included. Memory that tensors share counts once, as OpenVINO
shares it:

- A node that is not executed moves nothing: what it gives is what it takes. So are reshapes, reorderings that change
  nothing, concatenations whose inputs were written side by side, and the network's output.
- An addition fused into a convolution overwrites the tensor that it adds, unless that is read later on.
- An element-wise node overwrites its first input, unless that is the image or anybody else reads it.

The overwritten tensor has to be of the same size. What kernels use for themselves while they run is not in the graph,
and not counted.

Weights are the graph's constants in the precision that the kernels read them in, with what has been fused into a
convolution and is no longer drawn: a float bias for each output channel, and for an int8 kernel a float scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.network.executed import ExecutedNode

_ELEMENT_WISE = ("Eltwise", "Subgraph", "FakeQuantize")
_FUSES_ADDITIONS = ("Convolution", "GroupConvolution", "Deconvolution")
_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class WorkingSet:
    """weights_bytes: of all layers. activations_bytes: the most alive at once, while the node called peak runs."""

    weights_bytes: int
    activations_bytes: int
    peak: str

    @property
    def total_bytes(self) -> int:
        """Weights and activations."""
        return self.weights_bytes + self.activations_bytes


@dataclass(slots=True)
class _Block:
    """Memory that one or several tensors use from node `first` to node `last`."""

    size: int
    first: int
    last: int


def working_set(nodes: Sequence[ExecutedNode]) -> WorkingSet:
    """The working set of a network whose nodes were timed over at least one run, which shows what shares memory.

    Raises ValueError where they were not timed.
    """
    if any(node.time_us is None for node in nodes):
        raise ValueError("the nodes were not timed; make the network with profile, and run it first")
    constant = _constants(nodes)
    reads: dict[tuple[int, int], list[int]] = {}
    for i, node in enumerate(nodes):
        for source in node.inputs:
            reads.setdefault(source, []).append(i)

    blocks: dict[tuple[int, int], _Block] = {}
    for i, node in enumerate(nodes):
        if i in constant:
            continue
        images = [source for source in node.inputs if source[0] not in constant]
        for port, size in enumerate(node.output_bytes):
            block = _Block(size, i, max(reads.get((i, port), [i])))
            overwritten: list[tuple[int, int]] = []
            if not node.time_us:
                overwritten = images
            elif node.layer in _FUSES_ADDITIONS:
                # The runtime appends the tensors it adds, after the image, the weights and any bias.
                overwritten = [s for s in images[1:] if blocks[s].size == size and blocks[s].last == i]
            elif node.layer in _ELEMENT_WISE and port == 0 and images and nodes[images[0][0]].layer != "Input":
                overwritten = [s for s in images[:1] if blocks[s].size == size and reads[s] == [i]]
            for old in [blocks[source] for source in overwritten]:
                # Parts that were written side by side form a whole of their joint size.
                block.size, block.first = max(block.size, old.size), min(block.first, old.first)
                block.last = max(block.last, old.last)
                blocks.update({tensor: block for tensor, used in blocks.items() if used is old})
            blocks[i, port] = block

    distinct = {id(block): block for block in blocks.values()}.values()
    alive = [sum(block.size for block in distinct if block.first <= i <= block.last) for i in range(len(nodes))]
    peak = max(range(len(nodes)), key=alive.__getitem__)
    return WorkingSet(_weights(nodes), alive[peak], nodes[peak].name)


def _constants(nodes: Sequence[ExecutedNode]) -> set[int]:
    """Positions of the constants, and of the nodes that are not executed because they only pass constants on."""
    found: set[int] = set()
    for i, node in enumerate(nodes):
        passes_on = bool(node.inputs) and not node.time_us and all(source in found for source, _ in node.inputs)
        if node.layer == "Const" or passes_on:
            found.add(i)
    return found


def _weights(nodes: Sequence[ExecutedNode]) -> int:
    constants = sum(sum(node.output_bytes) for node in nodes if node.layer == "Const")
    fused = sum(node.channels * _FLOAT_BYTES * (2 if node.int8 else 1) for node in nodes)
    return constants + fused
