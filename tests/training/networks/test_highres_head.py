"""Low resolution in, high resolution out. That each network exports to what it computes, test_training_runs holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor
from training_scans import phantom_scans

from benchmarks import lowres
from training.config import load_config
from training.losses import dice_cross_entropy
from training.networks.highres_head import End, GuidedHead, HighResHead, LowRes, share_loss
from training.networks.quantlite import QuantLite
from training.networks.table import NETWORKS, parameter_count
from training.steps.train import train

LEARNED = {2: "quantlite_half", 4: "quantlite_quarter"}


def _head(scale: int) -> HighResHead:
    torch.manual_seed(scale)
    head = HighResHead(scale)
    for weight in head.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return head


def _chain(head: HighResHead, coarse: Tensor, stages: int) -> Tensor:
    """The stages one after the other, with so much of nothing around that no stage meets an edge."""
    n, c, h, w = coarse.shape
    maps = x = F.pad(coarse.reshape(-1, 1, h, w), (4, 4, 4, 4))
    for stage in head.stages[:stages]:
        x = stage(x, maps)
    rim = 4 * 2**stages
    return x[..., rim:-rim, rim:-rim].reshape(n, c, h * 2**stages, w * 2**stages)


@pytest.mark.parametrize("scale", LEARNED)
def test_the_chain_is_one_convolution(scale: int) -> None:
    head, coarse = _head(scale), torch.randn(2, 4, 6, 10)
    found = head.scales(coarse)
    assert len(found) == len(head.stages) == scale // 2
    for stages, logits in enumerate(found, start=1):
        torch.testing.assert_close(logits, _chain(head, coarse, stages), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scale", LEARNED)
def test_every_class_is_treated_alike(scale: int) -> None:
    head, coarse = _head(scale), torch.randn(1, 4, 6, 6)
    torch.testing.assert_close(head(coarse)[:, [2, 0, 3, 1]], head(coarse[:, [2, 0, 3, 1]]))


@pytest.mark.parametrize(("scale", "name"), LEARNED.items())
def test_the_head_has_fewer_than_200_parameters(scale: int, name: str) -> None:
    assert parameter_count(NETWORKS[name]()) - parameter_count(QuantLite()) == parameter_count(HighResHead(scale)) < 200
    assert parameter_count(NETWORKS[f"{name}_bilinear"]()) == parameter_count(QuantLite())


@pytest.mark.parametrize("scale", LEARNED)
def test_folding_keeps_the_function(scale: int) -> None:
    torch.manual_seed(0)
    network = LowRes(scale, End.LINEAR).eval()
    network.head = _head(scale)
    x = torch.randn(1, 1, 64, 128)
    with torch.no_grad():
        before = network(x)
        network.fold()
        torch.testing.assert_close(network(x), before, rtol=1e-3, atol=1e-4)
        network.fold()
        torch.testing.assert_close(network(x), before, rtol=1e-3, atol=1e-4)


def test_the_guided_head_follows_an_edge_that_only_the_fine_image_shows() -> None:
    image = torch.zeros(1, 1, 32, 32)
    image[..., 13:] = 1.0  # within a coarse pixel
    coarse = torch.zeros(1, 4, 8, 8)
    coarse[:, 1] = F.avg_pool2d(image, 4)[:, 0] - 0.5
    coarse[:, 0] = -coarse[:, 1]
    head = GuidedHead(4).eval()
    with torch.no_grad():
        head.ridge.fill_(-8.0)
        fine = head(coarse, image)
        bilinear = F.interpolate(coarse, scale_factor=4, mode="bilinear", align_corners=False)
    jump, resized = (float(z[0, 1, 16, 13] - z[0, 1, 16, 12]) for z in (fine, bilinear))
    assert jump > 2 * resized > 0


def test_the_guided_head_of_a_flat_image_only_resizes() -> None:
    coarse = torch.randn(1, 4, 8, 8)
    fine = GuidedHead(4)(coarse, torch.full((1, 1, 32, 32), 0.3))
    torch.testing.assert_close(fine, F.interpolate(coarse, scale_factor=4, mode="bilinear", align_corners=False))


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_the_guided_head_is_a_regression_resized_to_the_fine_image(scale: int) -> None:
    """The head's own arithmetic is on coarse pixels with fine ones as channels; this is the plain formula."""
    torch.manual_seed(scale)
    head = GuidedHead(scale)
    coarse, image = 3 * torch.randn(2, 4, 6, 10), torch.randn(2, 1, 6 * scale, 10 * scale)

    def window(x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)

    def fine(x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)

    with torch.no_grad():
        head.alpha.add_(0.2 * torch.randn_like(head.alpha))
        head.smooth.weight.add_(0.1 * torch.randn_like(head.smooth.weight))
        means = F.avg_pool2d(image, scale)
        mean = window(means)
        variance = window(F.avg_pool2d(image**2, scale)) - mean**2 + F.softplus(head.ridge)
        slope = (window(coarse * means) - window(coarse) * mean) / variance
        expected = head.smooth(fine(coarse) + head.alpha * fine(slope) * (image - fine(mean)))
        torch.testing.assert_close(head(coarse, image), expected, rtol=1e-4, atol=1e-5)
    # What is computed from the scale alone is not kept with the weights.
    assert set(head.state_dict()) == {"alpha", "ridge", "smooth.weight"}


def test_heads_and_baselines_have_the_same_network() -> None:
    count = {
        end: parameter_count(NETWORKS[f"quantlite_quarter_{end}"]()) for end in ("published", "bilinear", "guided")
    }
    assert count["published"] == count["bilinear"] == parameter_count(QuantLite())
    assert count["guided"] - count["bilinear"] == 41


def test_the_published_baseline_learns_one_pixel_of_every_square() -> None:
    network = LowRes(4, End.LABELS).train()
    labels = torch.zeros(2, 64, 64, dtype=torch.int64)
    labels[:, 8:32, 8:32] = 1
    between = labels.clone()
    between[:, 9:12, 9:12] = 2
    logits = network(torch.randn(2, 1, 64, 64))
    assert network.loss(logits, labels).item() == network.loss(logits, between).item()
    assert network.eval()(torch.randn(1, 1, 64, 64)).shape == (1, 4, 64, 64)


def test_only_the_head_hears_of_fine_labels() -> None:
    labels = torch.zeros(2, 64, 64, dtype=torch.int64)
    labels[:, 8:32, 8:32] = 1
    finer = labels.clone()
    finer[:, 8:32, 32] = 1  # a fourth of the next squares: their label stays, their shares change
    for name, hears in (("quantlite_quarter", True), ("quantlite_quarter_bilinear", False)):
        torch.manual_seed(0)
        network = NETWORKS[name]().train()
        logits = network(torch.randn(2, 1, 64, 64))
        assert [z.shape[-1] for z in logits] == ([16, 32, 64] if hears else [16])
        assert (network.loss(logits, labels).item() != network.loss(logits, finer).item()) is hears


def test_only_the_head_hears_of_a_teacher() -> None:
    labels = torch.zeros(2, 64, 64, dtype=torch.int64)
    taught = torch.full((2, 4, 64, 64), 0.25)
    for name, hears in (("quantlite_quarter", True), ("quantlite_quarter_bilinear", False)):
        network = NETWORKS[name]()
        logits = [torch.zeros(2, 4, side, side) for side in (16, 32, 64)]
        logits[-1][:, 0] = 3.0
        alone, half = network.loss(logits, labels), network.loss(logits, labels, taught, 0.5)
        assert (alone.item() != half.item()) is hears


def test_shares_of_one_class_are_labels() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 4, 8, 8), torch.randint(0, 4, (2, 8, 8))
    shares = F.one_hot(labels, 4).permute(0, 3, 1, 2).float()
    torch.testing.assert_close(share_loss(logits, shares), dice_cross_entropy(logits, labels))


def test_the_best_answer_to_shares_is_the_shares() -> None:
    torch.manual_seed(0)
    shares = torch.randn(1, 4, 4, 4).softmax(1)
    answer = shares.log().requires_grad_()
    best = share_loss(answer, shares)
    for _ in range(10):
        assert share_loss(answer + 0.2 * torch.randn_like(answer), shares) > best


@pytest.mark.parametrize("name", [*LEARNED.values(), "quantlite_half_bilinear", "quantlite_quarter_guided"])
def test_training_begins_with_the_weights_of_full_resolution(name: str, tmp_path: Path) -> None:
    torch.manual_seed(7)
    start = QuantLite().state_dict()
    save_file(start, tmp_path / "start.safetensors")
    # Without a learning rate only the statistics of the batches change.
    config = replace(load_config(Path(name)), epochs=1, batch=6, crop=64, learning_rate=0.0, bf16=False)
    assert config.start_from in ("quantlite", "quantlite_acdc")
    found = train(config, phantom_scans(), tmp_path / "run", start=tmp_path / "start.safetensors").state_dict()
    for key, weight in start.items():
        if "running" not in key and "batches" not in key:
            torch.testing.assert_close(found[f"network.{key}"], weight, msg=key)


def test_the_comparison_says_what_is_met() -> None:
    def row(model: str, precision: str, dice: float | None, ms: float, parameters: int) -> dict[str, Any]:
        return {
            "model": model, "precision": precision, "dice": dice, "median_ms": ms, "p95_ms": ms, "int8_share": 0.0,
            "parameters": parameters, "multiply_adds": 10**6, "weights_bytes": 10**6, "activations_bytes": 10**6,
            "patients": [{"one": dice, "two": dice}] if dice else [],
        }  # fmt: skip

    rows = []
    heads = {one.head for one in lowres.COMPARISONS}
    for precision in lowres.PRECISIONS:
        rows.append(row("quantlite", precision, 0.9, 4.0, 1000))
        for name in lowres.MODELS:
            known = "half" not in name
            dice = (0.85 if name in heads else 0.80) if known else None
            rows.append(row(name, precision, dice, 1.3 if name in heads else 1.0, 1100 if name in heads else 1000))
    text = lowres.text({"device": "d", "isa": "i", "runtime": "r", "rounds": 5, "rows": rows})
    targets = text.split("\n\n")[-1].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in targets]
    gain = "+6.2% (+6.2% to +6.2%)"
    named = "guided head against labels repeated"
    assert ["quarter", named, "float32", "100", "1, 1", gain, "≥ +5.5%: met", "1.30", "≤ 1.20: missed"] in cells
    named = "linear head against bilinear logits"
    assert ["half", named, "int8", "100", "0, 0", "–", "–", "1.30", "≤ 1.20: missed"] in cells


def test_a_gain_is_paired_by_patient() -> None:
    before = [{"a": 0.5, "b": 0.9}, {"a": 0.7, "b": 0.9}]
    after = [{"a": 0.66, "b": 0.99, "only here": 0.1}]
    found = lowres.paired_gain(before, after)
    assert found == pytest.approx((0.1, 0.1, 0.1))
    assert lowres.paired_gain([], after) is None
    assert lowres.paired_gain([{"c": 1.0}], after) is None
