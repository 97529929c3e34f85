"""Several networks that teach together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from training_scans import phantom_scans

from training.config import load_config
from training.steps.committee import taught_by
from training.steps.train import train

CPU = torch.device("cpu")


class Told(nn.Module):
    """Logits that depend on the grey value of each pixel, and on which half of the image it lies in."""

    def __init__(self, left: float) -> None:
        super().__init__()
        self.left = left

    def forward(self, x: Tensor) -> Tensor:
        half = torch.zeros_like(x)
        half[..., : x.shape[-1] // 2] = self.left
        return torch.cat((torch.zeros_like(x), x, half, torch.zeros_like(x)), 1)


def test_it_says_the_mean_over_networks_and_mirror_images() -> None:
    scan = phantom_scans()[0]
    (taught,) = taught_by([scan], [Told(0.0), Told(2.0)], CPU)
    assert taught.taught is not None
    assert taught.taught.shape == (len(scan.images), 3, *scan.images.shape[1:])
    x = torch.from_numpy((scan.images - scan.mean) / scan.std)[:, None]
    passes = [Told(left)(x).softmax(1) for left in (0.0, 2.0)]
    passes += [Told(left)(x.flip(3)).softmax(1).flip(3) for left in (0.0, 2.0)]
    expected = torch.stack(passes).mean(0)[:, 1:].numpy() * 255
    np.testing.assert_allclose(taught.taught, expected, atol=1)
    assert scan.taught is None


def test_training_learns_from_what_it_said(tmp_path: Path) -> None:
    config = replace(load_config(Path("quantlite")), epochs=1, batch=4, crop=64, bf16=False)
    scans = phantom_scans()
    blank = [replace(s, taught=np.zeros((len(s.images), 3, *s.images.shape[1:]), np.uint8)) for s in scans]
    alone = train(config, scans, tmp_path / "alone").state_dict()
    taught = train(config, blank, tmp_path / "taught").state_dict()
    late = train(replace(config, teacher_from=1.0), blank, tmp_path / "late").state_dict()
    assert not torch.allclose(alone["head.bias"], taught["head.bias"])
    assert torch.equal(alone["head.bias"], late["head.bias"])
