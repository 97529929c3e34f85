"""A plain 2-D U-Net (Ronneberger et al., 2015): the teacher, and what the small networks are compared with."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _pair(c_in: int, c_out: int, stride: int = 1) -> nn.Sequential:
    """Two 3×3 convolutions, each with batch normalisation and ReLU; the first may halve the resolution."""
    layers: list[nn.Module] = []
    for c, s in ((c_in, stride), (c_out, 1)):
        layers += [nn.Conv2d(c, c_out, 3, s, 1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """(N, 1, H, W) float32, standardised, to logits (N, classes, H, W). H and W are multiples of 16."""

    def __init__(self, classes: int = 4, widths: tuple[int, ...] = (16, 32, 64, 128, 128)) -> None:
        super().__init__()
        self.down, self.up, self.join = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        c = 1
        for level, width in enumerate(widths):
            self.down.append(_pair(c, width, 2 if level else 1))
            c = width
        for width in widths[-2::-1]:
            self.up.append(nn.ConvTranspose2d(c, width, 2, 2))
            self.join.append(_pair(2 * width, width))
            c = width
        self.head = nn.Conv2d(c, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        for up, join, skip in zip(self.up, self.join, skips[-2::-1], strict=True):
            x = join(torch.cat((up(x), skip), 1))
        return self.head(x)
