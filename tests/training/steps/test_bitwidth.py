"""Learned bit widths: what is trained is what is packed, loaded and run; and the penalty buys fewer bits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from training_scans import phantom_scans

from engine.errors import ModelError
from engine.network.packed import ENDING, pack, to_onnx, unpack
from engine.network.runtime import Network
from training.config import Config
from training.data.source import ACDC
from training.graphs.bitgraph import BitGraph
from training.graphs.quantizer import LearnedQuantizer
from training.networks.quantlite import QuantLite
from training.networks.unet import UNet
from training.reports.bitreport import bits_table, write_bit_pictures, write_bits
from training.reports.summary import BITS, ReportError
from training.steps.bitwidth import first_batch, learn_all, learn_bits, quantized_graph
from training.steps.export import export_packed, stated_logits

SIZE = 64
WHERE = Path("packed.cqp")
CONFIG = Config(
    network="quantlite",
    id="tiny",
    name="Tiny",
    description="For tests.",
    batch=4,
    crop=SIZE,
    learning_rate=1e-3,
    bits_steps=8,
    bits_learning_rate=0.3,
    bits_penalties=(0.0, 3.0),
    int8_tolerance=0.5,
)
MAKERS: dict[str, Callable[[], nn.Module]] = {
    "quantlite": lambda: QuantLite(stem=16, widths=(16, 32, 48), depths=(1, 1, 1), decoder=(32, 16, 16)),
    "unet": lambda: UNet(widths=(8, 16, 16)),
}


def _image(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((1, 1, SIZE, SIZE)).astype(np.float32)


@pytest.fixture(scope="module", params=MAKERS)
def pair(request: pytest.FixtureRequest) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    torch.manual_seed(0)
    return quantized_graph(CONFIG, MAKERS[request.param]().eval(), [_image(0), _image(1) * 0.7])


@pytest.fixture
def graph(pair: tuple[onnx.ModelProto, onnx.ModelProto]) -> BitGraph:
    return BitGraph(*pair, first_batch(CONFIG, phantom_scans()))


def _set_bits(graph: BitGraph) -> None:
    """Every width from the fewest to the most, one after another."""
    with torch.no_grad():
        for i, width in enumerate(graph.widths()):
            width.fill_(2 + i % 6)


def test_torch_the_file_and_the_runtime_compute_the_same(graph: BitGraph) -> None:
    _set_bits(graph)
    content = pack(graph.packed())
    x = _image(2)
    with torch.no_grad():
        trained = graph(torch.from_numpy(x))[0].numpy()
    model = to_onnx(unpack(content, WHERE))
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    network = Network(content, where=WHERE, channels=4, input_shape=(SIZE, SIZE), threads=1)
    scale = np.abs(trained).max()
    for other in (stated_logits(model, x), network.infer(x)):
        # A value that lies between two codes may fall to the other side.
        assert np.median(np.abs(other - trained)) <= 1e-4 * scale
        assert np.percentile(np.abs(other - trained), 99) <= 0.03 * scale
    assert network.int8_share == 1.0


def test_a_packed_layer_has_the_bits_that_are_reported(graph: BitGraph) -> None:
    _set_bits(graph)
    packed, layers = graph.packed(), graph.bits()
    weights = [layer for layer in layers if layer.kind == "weights"]
    assert [layer.bits for layer in weights] == [weight.bits for weight in packed.weights]
    assert [layer.bits for layer in layers if layer.kind == "activations"] == [a.bits for a in packed.activations]
    for layer, weight in zip(weights, packed.weights, strict=True):
        half = 1 << (layer.bits - 1)
        assert weight.codes.min() >= -half and weight.codes.max() < half
        # Zeros between the taps of a merged kernel are no weights.
        assert np.count_nonzero(weight.codes) <= layer.size <= weight.codes.size
    assert min(layer.bits for layer in layers) == 2


def test_what_a_concatenation_joins_is_rounded_alike(graph: BitGraph) -> None:
    _set_bits(graph)
    groups: dict[str, set[tuple[int, int, float]]] = {}
    for node, activation in zip(graph.rounded, graph.packed().activations, strict=True):
        groups.setdefault(graph.group[node.name], set()).add((activation.bits, activation.zero, activation.step))
    assert all(len(found) == 1 for found in groups.values())
    assert len(groups) < len(graph.rounded)


def test_a_penalty_buys_fewer_bits_and_bits_end_whole(pair: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    images = first_batch(CONFIG, phantom_scans())
    means = []
    for penalty in (0.0, 3.0):
        graph, said = BitGraph(*pair, images), []
        learn_bits(graph, CONFIG, phantom_scans(), penalty, on_step=said.append)
        means.append([float(bits) for bits in graph.mean_bits()])
        assert said[-1]["step"] == CONFIG.bits_steps
        assert all(float(width) == round(float(width)) for width in graph.widths())
    assert means[1][0] < means[0][0] - 0.8
    assert means[1][1] < means[0][1] - 0.8


def test_bits_and_steps_have_the_gradients_of_the_rounding_they_cause() -> None:
    x = torch.linspace(-3, 3, 1001)
    quantizer = LearnedQuantizer(torch.tensor([[1.0, 0.5, 0.25, 0.125]]).log(), 0.5, 3.0)
    # Whoever pulls values outwards gains from a wider range, and more bits widen it here.
    quantizer(x).mul(x.sign()).sum().backward()
    assert quantizer.width.grad is not None and quantizer.scale.grad is not None
    before = quantizer(x).mul(x.sign()).sum().item()
    with torch.no_grad():
        quantizer.scale.add_(0.1)
    assert float(quantizer.scale.grad) > 0
    assert quantizer(x).mul(x.sign()).sum().item() > before
    inside = torch.tensor([0.3, -0.2], requires_grad=True)
    quantizer(torch.cat([inside, torch.tensor([9.0])])).sum().backward()
    assert inside.grad is not None and inside.grad.tolist() == [1.0, 1.0]


def test_an_unknown_operator_is_named(pair: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(pair[0])
    next(n for n in model.graph.node if n.op_type == "Relu").op_type = "Sigmoid"
    with pytest.raises(ValueError, match="Sigmoid"):
        BitGraph(model, pair[1], first_batch(CONFIG, phantom_scans()))


def test_every_penalty_is_learned_once_packed_and_reported(tmp_path: Path) -> None:
    torch.manual_seed(0)
    pair = quantized_graph(CONFIG, MAKERS["quantlite"]().eval(), [_image(0)])
    images = first_batch(CONFIG, phantom_scans())
    made: list[BitGraph] = []

    def make() -> BitGraph:
        made.append(BitGraph(*pair, images))
        return made[-1]

    for _ in range(2):
        learn_all(CONFIG, make, phantom_scans, tmp_path / "run")
    assert len(made) == 2
    runs = []
    for penalty, dice in ((0, 0.8), (3, 0.79)):
        run = json.loads((tmp_path / "run" / f"{penalty}.json").read_text())
        content = (tmp_path / "run" / f"{penalty}{ENDING}").read_bytes()
        runs.append({**run, "size_bytes": len(content), "dice_mean": dice})
    assert runs[1]["size_bytes"] < runs[0]["size_bytes"]

    card = export_packed(CONFIG, content, tmp_path / "models", ACDC)
    assert list(card.precisions) == ["packed"]
    assert card.file_for("packed").size_bytes == len(content)
    with pytest.raises(ModelError, match="SHA-256"):
        export_packed(CONFIG, content[:-1], tmp_path / "models", ACDC)

    full = {"sha256": {}, "precisions": {"float32": {"dice_mean": 0.8}}}
    source = tmp_path / "results" / "float"
    source.mkdir(parents=True)
    (source / "evaluation.json").write_text(json.dumps(full))
    with pytest.raises(ReportError, match="has no float32"):
        write_bits(tmp_path / "results" / "tiny", "Tiny", runs, source)
    size = {"size_bytes": {"float32": 8 * runs[1]["size_bytes"]}}
    (source / "evaluation.json").write_text(json.dumps(full | size))
    chosen = write_bits(tmp_path / "results" / "tiny", "Tiny", runs, source)
    # The first is too large for its file or has too many bits.
    assert chosen["penalty"] == 3
    assert chosen["smaller"] == pytest.approx(8)
    lines = bits_table(tmp_path / "results").splitlines()
    assert len(lines) == 4
    assert lines[3].startswith("| Tiny | **3** | 8 |")
    assert "| 0.7900 | 0.8000 | -1.2% |" in lines[3]
    pictures = write_bit_pictures(tmp_path / "results", tmp_path / "pictures")
    assert [p.name for p in pictures] == ["tiny_layers.png", "tiny_curve.png"]
    again = [p.read_bytes() for p in pictures]
    assert [p.read_bytes() for p in write_bit_pictures(tmp_path / "results", tmp_path / "pictures")] == again
    (tmp_path / "results" / "tiny" / BITS).write_text("{}")
    with pytest.raises(ReportError, match="no result of learned bits"):
        bits_table(tmp_path / "results")
