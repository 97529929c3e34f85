"""The time of every network, in turns, in one process: what benchmarks.models runs under each instruction set.

`python -m benchmarks.timing` reads a Task as JSON from standard input and writes what it measured to standard output.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import gemm, peers
from benchmarks.working_set import working_set
from engine.network import runtime
from engine.network.executed import ExecutedNode, short_isa
from engine.network.model_card import load_card
from engine.network.runtime import Network

_WARM_UP = 5
_TOP = 10
_COPIES = 5
_COUNTED_RUNS = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """One network to time. path: its ONNX file. channels: of its logits. bf16: float layers compute in bfloat16.

    card: folder of the model's card, whose test tensors it is then checked with; "" for none.
    """

    model: str
    precision: str
    path: str
    channels: int
    bf16: bool = False
    card: str = ""

    def compile(self, size: int, *, profile: bool = False, threads: int = 1) -> Network:
        """Ready to run. Raises ModelError."""
        path = Path(self.path)
        return Network(
            path.read_bytes(), where=path, channels=self.channels, input_shape=(size, size), threads=threads,
            bf16=self.bf16, profile=profile,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """What a process measures, on images of size × size.

    isa: the instruction set that has to come out, as Network.isa names it; "" for any.
    torch_networks: (name, weights file or "" for random ones) of what PyTorch runs in the same turns, in eager mode.
    details: also read the executed graphs, counted over about `runs` runs, and measure the machine's peak.
    memory: also compute the working sets alone. threads: of each network; PyTorch always has one.
    """

    subjects: tuple[Subject, ...]
    size: int
    rounds: int
    isa: str = ""
    torch_networks: tuple[tuple[str, str], ...] = ()
    details: bool = False
    runs: int = 50
    gemm_sizes: tuple[tuple[int, int], ...] = gemm.SIZES
    memory: bool = False
    threads: int = 1


def measure(task: Task) -> dict[str, Any]:
    """Measure everything that a task asks for, in plain values. "held" is False for another instruction set.

    Raises RuntimeError where kernels of a wider instruction set ran than the runtime says it may use.
    """
    first = task.subjects[0].compile(task.size, threads=task.threads)
    found: dict[str, Any] = {"isa": first.isa, "held": task.isa in ("", first.isa)}
    if not found["held"]:
        return found
    x = np.random.default_rng(0).standard_normal((1, 1, task.size, task.size)).astype(np.float32)
    networks = [first, *(subject.compile(task.size, threads=task.threads) for subject in task.subjects[1:])]
    if {network.threads for network in networks} != {task.threads}:
        raise RuntimeError(f"not {task.threads} threads each: {[network.threads for network in networks]}")
    runs: list[Callable[[], object]] = [lambda network=network: network.infer(x) for network in networks]
    runs += [_in_torch(name, weights, x) for name, weights in task.torch_networks]
    times = in_turns(runs, task.rounds)
    kernels = sorted(
        {node.kernel for network in networks for node in network.executed_nodes() if node.layer != "Const"}
    )
    found |= {
        "device": runtime.device_name(),
        "runtime": runtime.runtime_name(),
        "kernels": kernels,
        "rows": [
            {
                "model": subject.model,
                "precision": subject.precision,
                **summary(taken),
                "int8_share": network.int8_share,
                **_difference(subject),
            }
            for subject, network, taken in zip(task.subjects, networks, times, strict=False)
        ],
    }
    found["torch"] = {
        name: summary(taken) for (name, _), taken in zip(task.torch_networks, times[len(networks) :], strict=True)
    }
    wider = sorted(k for k in kernels if task.isa and is_wider(k, task.isa))
    if wider:
        raise RuntimeError(f"kernels wider than {task.isa} ran: {', '.join(wider)}")
    if task.memory:
        for row, subject in zip(found["rows"], task.subjects, strict=True):
            row["working_set_bytes"] = _working_set_bytes(subject, x, task)
    if task.details:
        for row, subject in zip(found["rows"], task.subjects, strict=True):
            row["graph"] = _graph(_counted(subject, x, task))
        found["peaks"], found["torch_mm_gflops"] = _peaks(task)
    return found


def _difference(subject: Subject) -> dict[str, float]:
    """How far a network's logits here are from its card's test tensors, and how far they may be."""
    if not subject.card:
        return {}
    difference, tolerance = runtime.verify(load_card(Path(subject.card)), subject.precision, threads=1)
    return {"difference": difference, "tolerance": tolerance}


def _working_set_bytes(subject: Subject, x: Any, task: Task) -> int:
    """Of one network, by its executed graph; its nodes have to have been timed to show which are executed."""
    network = subject.compile(task.size, profile=True, threads=task.threads)
    for _ in range(_COUNTED_RUNS):
        network.infer(x)
    return working_set(network.executed_nodes()).total_bytes


def in_turns(runs: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Milliseconds of each of `rounds` runs, all taking turns in an order that changes, after some to warm up.

    So a change in load affects all of them, and none always follows the same one.
    """
    rng = np.random.default_rng(0)
    times: list[list[float]] = [[] for _ in runs]
    for round_ in range(-min(_WARM_UP, rounds), rounds):
        for i in rng.permutation(len(runs)):
            start = time.perf_counter()
            runs[i]()
            if round_ >= 0:
                times[i].append((time.perf_counter() - start) * 1e3)
    return times


def summary(times: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and fastest, in ms."""
    return {
        "median_ms": float(np.median(times)),
        "p95_ms": float(np.percentile(times, 95)),
        "min_ms": float(np.min(times)),
    }


def arithmetic(kernel: str) -> str:
    """The arithmetic of a kernel, by its name.

    >>> arithmetic("brgconv_avx512_1x1_I8")
    'int8'
    """
    suffixes = {"I8": "int8", "bf16": "bfloat16", "f16": "float16"}
    return suffixes.get(kernel.rsplit("_", 1)[-1], "float32")


def is_wider(kernel: str, isa: str) -> bool:
    """Whether a kernel's name shows an instruction set beyond isa, a name as Network.isa gives it.

    A name such as "brgconv_avx512_I8" says nothing about VNNI; for that the runtime's own statement counts.
    """
    order = ("", "SSE4.1", "AVX2", "AVX-512", "AMX")
    base = isa.removesuffix(" VNNI").removesuffix("-VNNI")
    return order.index(short_isa(kernel)) > order.index(base)


def multiply_adds(nodes: Iterable[ExecutedNode]) -> dict[str, int]:
    """Multiply-adds of one image, by the arithmetic of the kernels that execute them."""
    found: Counter[str] = Counter()
    for node in nodes:
        if node.multiply_adds:
            found[arithmetic(node.kernel)] += node.multiply_adds
    return dict(found)


def _counted(subject: Subject, x: Any, task: Task) -> list[ExecutedNode]:
    """The executed graph, each node's time the median of several copies' means.

    The runtime records only means, in which one interruption by another process outweighs a hundred runs.
    """
    copies = []
    for _ in range(_COPIES):
        network = subject.compile(task.size, profile=True)
        for _ in range(max(1, task.runs // _COPIES)):
            network.infer(x)
        copies.append(network.executed_nodes())
    return [
        replace(alike[0], time_us=round(statistics.median(node.time_us or 0 for node in alike)))
        for alike in zip(*copies, strict=True)
    ]


def _graph(nodes: Sequence[ExecutedNode]) -> dict[str, Any]:
    """What a counted graph shows, times in ms."""
    executed = [node for node in nodes if node.time_us]
    by_kernel: dict[tuple[str, str], list[float]] = {}
    for node in executed:
        by_kernel.setdefault((node.layer, node.kernel), []).append((node.time_us or 0) / 1e3)
    needed = working_set(nodes)
    return {
        "multiply_adds": multiply_adds(nodes),
        "weights_bytes": needed.weights_bytes,
        "activations_bytes": needed.activations_bytes,
        "peak": needed.peak,
        "nodes": len(executed),
        "nodes_ms": sum((node.time_us or 0) / 1e3 for node in executed),
        "by_kernel": [
            {"layer": layer, "kernel": kernel, "nodes": len(times), "ms": sum(times)}
            for (layer, kernel), times in sorted(by_kernel.items(), key=lambda item: -sum(item[1]))
        ],
        "slowest": [
            {"name": n.name, "layer": n.layer, "kernel": n.kernel, "ms": (n.time_us or 0) / 1e3}
            for n in sorted(executed, key=lambda node: -(node.time_us or 0))[:_TOP]
        ],
    }


def _peaks(task: Task) -> tuple[list[dict[str, Any]], float | None]:
    """Peaks of the arithmetics that the subjects use, and PyTorch's float product beside them as a check."""
    repeats = max(3, task.rounds // 2)
    wanted = ["float32", "int8", *(["bfloat16"] if runtime.has_bf16() else [])]
    peaks = [asdict(gemm.measure(name, repeats, task.gemm_sizes)) for name in wanted]
    if not task.torch_networks:
        return peaks, None
    import torch  # noqa: PLC0415 - only where PyTorch is compared

    size = task.gemm_sizes[-1][0]
    a, b = torch.randn(size, size), torch.randn(size, size)
    return peaks, 2 * size**3 / gemm.fastest(lambda: torch.mm(a, b), repeats) / 1e9


def _in_torch(name: str, weights: str, x: Any) -> Callable[[], object]:
    """A network of training.networks.table or benchmarks.peers in PyTorch's eager mode, in float32 on one thread."""
    import torch  # noqa: PLC0415 - a process that compares nothing with PyTorch does without it

    from training.networks.table import NETWORKS  # noqa: PLC0415
    from training.steps.train import load_weights  # noqa: PLC0415

    torch.set_num_threads(1)
    if name in peers.PEERS:
        network = peers.build(name)
    else:
        network = load_weights(NETWORKS[name](), Path(weights)) if weights else NETWORKS[name]().eval()
    image = torch.from_numpy(x)

    def run() -> object:
        with torch.inference_mode():
            return network(image)

    return run


def main() -> int:
    values = json.load(sys.stdin)
    values["subjects"] = tuple(Subject(**subject) for subject in values["subjects"])
    json.dump(measure(Task(**values)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
