"""The networks are what they say they are."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from training.networks.espnetv2 import ESPNetv2, ESPNetv2EdgeNets, _averaging
from training.networks.quantlite import QuantLite, Unit
from training.networks.quantlite_slim import SlimQuantLite
from training.networks.table import NETWORKS, parameter_count
from training.steps.train import freeze_statistics


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_have_the_size_of_the_image(name: str) -> None:
    network = NETWORKS[name]().eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 1, 128, 256)).shape == (2, 4, 128, 256)


def test_espnetv2_has_the_published_size() -> None:
    # The thesis reports 0.36 M parameters and 1.35 MB.
    assert parameter_count(ESPNetv2EdgeNets()) == pytest.approx(0.36e6, rel=0.02)
    assert parameter_count(ESPNetv2()) == pytest.approx(0.336e6, rel=0.02)


def test_quantlite_stays_below_its_limit() -> None:
    assert parameter_count(QuantLite()) <= 400_000
    assert parameter_count(SlimQuantLite()) <= 400_000


def test_the_slim_network_begins_as_the_wide_one_without_its_lightest_channels() -> None:
    torch.manual_seed(0)
    wide, slim = QuantLite().eval(), SlimQuantLite()
    into = [wide.stem[0], wide.stem[1], wide.stem[2], wide.refine1[0], wide.refine1[1]]
    with torch.no_grad():
        for norm in [*(layer.conv.norm for layer in into), wide.up1.skip.norm, wide.up1.project.norm]:
            # Every second channel is silent.
            norm.weight[::2] = 0
            norm.bias[::2] = 0
    slim.load_start(wide.state_dict())
    x = torch.randn(1, 1, 64, 96)
    torch.testing.assert_close(slim.eval()(x), wide(x), rtol=1e-3, atol=1e-4)
    again = SlimQuantLite()
    again.load_start(slim.state_dict())
    assert torch.equal(again.eval()(x), slim(x))


def test_the_slim_network_learns_from_coarse_outputs_and_presence_too() -> None:
    torch.manual_seed(0)
    network = SlimQuantLite().train()
    outputs = network(torch.randn(2, 1, 64, 96))
    assert isinstance(outputs, tuple)
    assert [tuple(o.shape) for o in outputs] == [(2, 4, 64, 96), (2, 4, 16, 24), (2, 4, 8, 12), (2, 3)]
    target = torch.zeros(2, 64, 96, dtype=torch.int64)
    target[0, 16:48, 16:48] = 1
    truth = F.one_hot(target, 4).permute(0, 3, 1, 2).float()
    sharp = [(F.avg_pool2d(truth, n) * 40 - 20) for n in (1, 4, 8)]
    shown = torch.tensor([[20.0, -20, -20], [-20, -20, -20]])
    right = (*sharp, shown)
    assert network.loss(right, target).item() < 0.01
    for index in range(4):
        wrong = tuple(-o if i == index else o for i, o in enumerate(right))
        assert network.loss(wrong, target).item() > 1
    network.loss(outputs, target).backward()
    assert all(p.grad is not None for p in network.parameters())


def test_folding_the_fusion_changes_weights_and_not_the_function() -> None:
    torch.manual_seed(0)
    network = QuantLite().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    x = torch.randn(1, 1, 64, 64)
    unit = next(m for m in network.modules() if isinstance(m, Unit))
    before, weight = network(x), unit.expand[0].weight.clone()
    network.fold()
    assert not torch.allclose(unit.expand[0].weight, weight)
    torch.testing.assert_close(network(x), before, rtol=1e-3, atol=1e-4)
    network.fold()
    torch.testing.assert_close(network(x), before, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("kind", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 0.1)])
def test_training_under_frozen_statistics_is_the_same_function(kind: torch.dtype, tolerance: float) -> None:
    torch.manual_seed(0)
    network = QuantLite().to(memory_format=torch.channels_last)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 1, 64, 96).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        used = network.eval()(x)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    network.train()
    freeze_statistics(network)
    with torch.autocast("cpu", kind, enabled=kind != torch.float32):
        trained = network(x)
    assert (trained.float() - used).abs().max() <= tolerance * used.abs().max()
    trained.float().square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
    assert all(p.grad is not None for p in network.parameters())
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize(("n_in", "n_out"), [(16, 5), (48, 32), (8, 5), (10, 5), (7, 7)])
def test_averaging_matrices_are_adaptive_pooling(n_in: int, n_out: int) -> None:
    x = torch.randn(1, 1, n_in, 3)
    pooled = F.adaptive_avg_pool2d(x, (n_out, 3))
    torch.testing.assert_close(_averaging(n_in, n_out) @ x, pooled)
