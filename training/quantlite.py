"""ESPNetv2_QuantLite: ESPNetv2's idea, rebuilt so that integer kernels run all of it.

Kept from ESPNetv2: reduce by a 1×1, filter by parallel dilated depthwise 3×3, fuse hierarchically, expand by a 1×1,
add the input; downsampling beside pooling; a light decoder with skips.

Changed, each because the executed graph of the published network showed time lost there:
- Between the depthwise branches and the expanding 1×1 there is no activation. Hierarchical fusion (branch k is the sum
  of branches 1 to k) is then linear, and `fold_fusion` multiplies it into the 1×1: no Add is left to run.
- 1×1 convolutions are dense, not grouped: a grouped one of few channels cannot fill a vector register.
- ReLU instead of PReLU: it fuses into the convolution before it and keeps the tensor in 8 bits.
- Nearest upsampling, and logits at half resolution rearranged by DepthToSpace: no bilinear resizing in float.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv_bn(
    c_in: int, c_out: int, kernel: int = 1, stride: int = 1, dilation: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution without bias, same padding, then batch normalisation."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel, stride, padding, dilation, groups, bias=False), nn.BatchNorm2d(c_out)
    )


class Unit(nn.Module):
    """Reduce, dilated depthwise branches, hierarchical fusion, expand.

    (N, c_in, H, W) to (N, c_out, H / stride, W / stride). The input is added where the shapes agree.
    """

    def __init__(self, c_in: int, c_out: int, stride: int = 1, branches: int = 4) -> None:
        super().__init__()
        n = c_out // branches
        self.reduce = conv_bn(c_in, n)
        self.branches = nn.ModuleList(conv_bn(n, n, 3, stride, d + 1, n) for d in range(branches))
        self.expand = conv_bn(n * branches, c_out)
        self.residual = stride == 1 and c_in == c_out
        self.fused = True
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.act(self.reduce(x))
        outputs = [branch(reduced) for branch in self.branches]
        if self.fused:
            for k in range(1, len(outputs)):
                outputs[k] = outputs[k] + outputs[k - 1]
        expanded = self.expand(torch.cat(outputs, 1))
        return self.act(expanded + x if self.residual else expanded)

    @torch.no_grad()
    def fold_fusion(self) -> None:
        """Move the hierarchical sums into the expanding 1×1; the function computed stays the same.

        expand(cumsum(b)) = Σ_k W_k Σ_{j≤k} b_j = Σ_j (Σ_{k≥j} W_k) b_j.
        """
        if not self.fused:
            return
        weight = self.expand[0].weight
        groups = weight.view(weight.shape[0], len(self.branches), -1)
        groups.copy_(groups.flip(1).cumsum(1).flip(1))
        self.fused = False


class Down(nn.Module):
    """Halve the resolution: max-pooled input beside a stride-2 unit. (N, c_in, H, W) to (N, c_out, H/2, W/2)."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.unit = Unit(c_in, c_out - c_in, stride=2)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.pool(x), self.unit(x)), 1)


class Up(nn.Module):
    """Double the resolution: nearest, add the projected skip, refine. (N, c, H, W) to (N, c_out, 2H, 2W)."""

    def __init__(self, c: int, c_skip: int, c_out: int) -> None:
        super().__init__()
        self.skip = conv_bn(c_skip, c)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.act = nn.ReLU()
        self.unit = Unit(c, c_out)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.unit(self.act(self.up(x) + self.skip(skip)))


class QuantLite(nn.Module):
    """(N, 1, H, W) float32, standardised, to logits (N, classes, H, W). H and W are multiples of 16."""

    def __init__(
        self,
        classes: int = 4,
        stem: int = 32,
        widths: tuple[int, int, int] = (64, 96, 192),
        depths: tuple[int, int, int] = (0, 3, 6),
        decoder: tuple[int, int, int] = (64, 48, 32),
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_bn(1, stem, 3, 2), nn.ReLU())
        levels = []
        c = stem
        for width, depth in zip(widths, depths, strict=True):
            levels.append(nn.Sequential(Down(c, width), *(Unit(width, width) for _ in range(depth))))
            c = width
        self.levels = nn.ModuleList(levels)
        self.bottom = nn.Sequential(conv_bn(widths[2], decoder[0]), nn.ReLU())
        self.up3 = Up(decoder[0], widths[1], decoder[1])
        self.up2 = Up(decoder[1], widths[0], decoder[2])
        self.up1 = nn.Upsample(scale_factor=2, mode="nearest")
        self.skip1 = conv_bn(stem, decoder[2])
        self.refine = nn.Sequential(nn.ReLU(), conv_bn(decoder[2], decoder[2], 3), nn.ReLU())
        self.head = nn.Conv2d(decoder[2], 4 * classes, 1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        s1 = self.stem(x)
        s2 = self.levels[0](s1)
        s3 = self.levels[1](s2)
        s4 = self.levels[2](s3)
        y = self.up2(self.up3(self.bottom(s4), s3), s2)
        y = self.refine(self.up1(y) + self.skip1(s1))
        return self.shuffle(self.head(y))

    def fold(self) -> None:
        """Fold every hierarchical fusion into the weights, in place, for export."""
        for module in self.modules():
            if isinstance(module, Unit):
                module.fold_fusion()
