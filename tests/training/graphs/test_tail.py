"""The rewritten tail of a graph gives the same logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper
from torch import nn

from training.graphs.rewrites import tidy
from training.graphs.tail import depth_to_space, logit_range, quantize_logits, smooth_blocks, transpose_tail
from training.steps.export import write_onnx


class _Half(nn.Module):
    """Logits at half resolution, rearranged."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, 2, 1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.shuffle(self.conv(x))


@pytest.fixture
def model(tmp_path: Path) -> onnx.ModelProto:
    torch.manual_seed(0)
    write_onnx(_Half().eval(), np.zeros((1, 1, 32, 48), np.float32), tmp_path / "half.onnx", dynamic=True)
    return onnx.load(tmp_path / "half.onnx")


def _run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": x})[0]


@pytest.mark.parametrize("shape", [(32, 48), (64, 32)])
def test_one_transposition_gives_the_same_logits_at_any_size(model: onnx.ModelProto, shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).standard_normal((1, 1, *shape)).astype(np.float32)
    before = _run(model, x)
    transpose_tail(model)
    tidy(model)
    assert "DepthToSpace" not in {n.op_type for n in model.graph.node}
    np.testing.assert_array_equal(_run(model, x), before)


def test_logits_in_8_bits_stay_within_half_a_step(model: onnx.ModelProto) -> None:
    inputs = [np.random.default_rng(s).standard_normal((1, 1, 32, 48)).astype(np.float32) for s in range(3)]
    low, high = logit_range(model.SerializeToString(), inputs)
    before = [_run(model, x) for x in inputs]
    assert low == min(y.min() for y in before)
    assert high == max(y.max() for y in before)
    quantize_logits(model, low, high)
    transpose_tail(model)
    tidy(model)
    for x, y in zip(inputs, before, strict=True):
        # The zero point is rounded to a whole step, which may cut half a step off one end.
        assert np.abs(_run(model, x) - y).max() <= (high - low) / 255 * 1.01


def test_a_graph_that_ends_otherwise_stays_as_it_is(model: onnx.ModelProto) -> None:
    last = next(n for n in model.graph.node if n.op_type == "DepthToSpace")
    for attribute in last.attribute:
        if attribute.name == "mode":
            attribute.CopyFrom(helper.make_attribute("mode", "DCR"))
    assert depth_to_space(model.graph) is None
    before = model.SerializeToString()
    transpose_tail(model)
    quantize_logits(model, -1, 1)
    assert not smooth_blocks(model)
    assert model.SerializeToString() == before


@pytest.mark.parametrize("block", [2, 4])
def test_smoothing_blocks_is_smoothing_pixels(block: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    smooth = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
    network = nn.Sequential(nn.Conv2d(1, 4 * block**2, block, block), nn.PixelShuffle(block), smooth).eval()
    x = np.random.default_rng(0).standard_normal((1, 1, 32, 48)).astype(np.float32)
    write_onnx(network, x, tmp_path / "smoothed.onnx", dynamic=True)
    model = onnx.load(tmp_path / "smoothed.onnx")
    before = _run(model, x)
    assert smooth_blocks(model)
    assert depth_to_space(model.graph) is not None
    np.testing.assert_allclose(_run(model, x), before, atol=1e-6)
