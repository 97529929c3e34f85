"""ESPNetv2_QuantLite: ESPNetv2's idea, rebuilt so that integer kernels run all of it.

Kept from ESPNetv2: reduce by a 1×1, filter by parallel dilated depthwise 3×3, fuse hierarchically, expand by a 1×1,
add the input; downsampling beside pooling; a light decoder with skips.

Changed, each because the executed graph of the published network showed time lost there:
- Each depthwise branch filters its own share of the reduced channels, and no activation stands between the branches
  and the expanding 1×1. At export the branches become one depthwise convolution, whose kernel holds each dilation as
  zeros between its taps, and hierarchical fusion (branch k is the sum of branches 1 to k), being linear, is multiplied
  into the 1×1. A unit runs as three kernels: no Concat, no Add of branches.
- Where the picture is large (half and quarter resolution), dense 3×3 convolutions. Integer kernels are four times as
  fast as float ones there, and edges of the myocardium gain from it; small depthwise convolutions gain nothing.
- 1×1 convolutions are dense, not grouped: a grouped one of few channels cannot fill a vector register. Widths are
  multiples of 16 for the same reason.
- ReLU instead of PReLU: it fuses into the convolution before it and keeps the tensor in 8 bits.
- Nearest upsampling, and logits at half resolution rearranged by DepthToSpace: no bilinear resizing in float.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv_bn(c_in: int, c_out: int, kernel: int = 1, stride: int = 1, dilation: int = 1, groups: int = 1) -> ConvNorm:
    """Convolution without bias, same padding, then batch normalisation."""
    padding = dilation * (kernel // 2)
    return ConvNorm(
        nn.Conv2d(c_in, c_out, kernel, stride, padding, dilation, groups, bias=False), nn.BatchNorm2d(c_out)
    )


class ConvNorm(nn.Sequential):
    """Convolution, then batch normalisation; one convolution while training under frozen statistics."""

    def forward(self, x: Tensor) -> Tensor:
        if self.norm.training or not torch.is_grad_enabled():
            return self.norm(self.conv(x))
        weight, bias = self.folded()
        conv = self.conv
        return F.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)

    @property
    def conv(self) -> nn.Conv2d:
        return cast(nn.Conv2d, self[0])

    @property
    def norm(self) -> nn.BatchNorm2d:
        return cast(nn.BatchNorm2d, self[1])

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the one convolution that computes both, with their gradients."""
        norm = self.norm
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        return self.conv.weight * scale.view(-1, 1, 1, 1), norm.bias - norm.running_mean * scale


class Dense(nn.Module):
    """3×3 convolution, batch normalisation, ReLU."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = conv_bn(c_in, c_out, 3, stride)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.conv(x))


class Unit(nn.Module):
    """Reduce, dilated depthwise branches, hierarchical fusion, expand.

    (N, c_in, H, W) to (N, c_out, H / stride, W / stride). The input is added where the shapes agree. Branch k has
    dilation k + 1 and an equal share of the reduced channels: half of c_out, rounded up to a multiple of 16.
    """

    def __init__(self, c_in: int, c_out: int, stride: int = 1, branches: int = 2) -> None:
        super().__init__()
        n = -(-c_out // 32) * 16
        self.stride = stride
        self.reduce = conv_bn(c_in, n)
        self.branches = nn.ModuleList(
            conv_bn(n // branches, n // branches, 3, stride, d + 1, n // branches) for d in range(branches)
        )
        self.merged: ConvNorm | None = None
        self.expand = conv_bn(n, c_out)
        self.residual = stride == 1 and c_in == c_out
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.act(self.reduce(x))
        if self.merged is None and torch.is_grad_enabled() and not self.expand.norm.training:
            expanded = self._merged_for_gradients(reduced)
            return self.act(expanded + x if self.residual else expanded)
        filtered = self.merged(reduced) if self.merged is not None else self._branches(reduced)
        expanded = self.expand(filtered)
        return self.act(expanded + x if self.residual else expanded)

    def _branches(self, x: Tensor) -> Tensor:
        # In bfloat16, torch 2.13 returns NaN gradients for dilated depthwise convolutions on the CPU.
        with torch.autocast(x.device.type, enabled=False):
            outputs: list[Tensor] = []
            for branch, share in zip(self.branches, x.float().chunk(len(self.branches), 1), strict=True):
                output = branch(share.contiguous(memory_format=torch.channels_last))
                outputs.append(output + outputs[-1] if outputs else output)
            return torch.cat(outputs, 1)

    def _dilated(self) -> list[ConvNorm]:
        return [cast(ConvNorm, branch) for branch in self.branches]

    def _merged_for_gradients(self, x: Tensor) -> Tensor:
        """The result of fold, computed anew at each step. Frozen statistics make this possible.

        A dilated depthwise convolution is computed on every d-th row and column for itself: torch's own takes ten times
        as long on the CPU, backward, and in bfloat16 its gradients are NaN.
        """
        count, outputs = len(self.branches), []
        for d, (branch, share) in enumerate(zip(self._dilated(), x.chunk(count, 1), strict=True), start=1):
            weight, bias = branch.folded()
            outputs.append(_depthwise(share, weight, bias, self.stride, d))
        weight, bias = self.expand.folded()
        sums = weight.view(len(weight), count, -1).flip(1).cumsum(1).flip(1).reshape(weight.shape)
        return F.conv2d(torch.cat(outputs, 1), sums, bias)

    @torch.no_grad()
    def fold(self) -> None:
        """Merge the branches into one depthwise convolution and the sums into the expanding 1×1.

        The function computed stays the same: expand(cumsum(b)) = Σ_k W_k Σ_{j≤k} b_j = Σ_j (Σ_{k≥j} W_k) b_j.
        Called once more, it does nothing.
        """
        if self.merged is not None:
            return
        count, n = len(self.branches), self.expand.conv.weight.shape[1]
        merged = conv_bn(n, n, 2 * count + 1, self.stride, groups=n)
        kernel = merged.conv.weight
        kernel.zero_()
        for d, branch in enumerate(self._dilated(), start=1):
            share = slice((d - 1) * n // count, d * n // count)
            kernel[share, :, count - d : count + d + 1 : d, count - d : count + d + 1 : d] = branch.conv.weight
            for key, value in branch.norm.state_dict().items():
                if value.ndim:
                    getattr(merged.norm, key)[share] = value
        groups = self.expand.conv.weight.view(-1, count, n // count)
        groups.copy_(groups.flip(1).cumsum(1).flip(1))
        self.merged = merged.train(self.training)


def _depthwise(x: Tensor, weight: Tensor, bias: Tensor, stride: int, dilation: int) -> Tensor:
    """3×3, padded so that the size stays; height and width are multiples of the dilation."""
    n, c, height, width = x.shape
    if dilation == 1 or stride not in (1, dilation) or height % dilation or width % dilation:
        return F.conv2d(x, weight, bias, stride, dilation, dilation, c)
    if stride == dilation:
        return F.conv2d(x[:, :, ::dilation, ::dilation], weight, bias, 1, 1, 1, c)
    # Channels last, as all images are kept; rows and columns ordered by their remainder first.
    blocks = (height // dilation, dilation, width // dilation, dilation)
    phases = x.permute(0, 2, 3, 1).reshape(n, *blocks, c).permute(2, 4, 0, 1, 3, 5)
    small = phases.reshape(-1, blocks[0], blocks[2], c).permute(0, 3, 1, 2)
    done = F.conv2d(small, weight, bias, 1, 1, 1, c).permute(0, 2, 3, 1)
    back = done.reshape(dilation, dilation, n, blocks[0], blocks[2], c).permute(2, 3, 0, 4, 1, 5)
    return back.reshape(n, height, width, c).permute(0, 3, 1, 2)


def merged_branches(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    """The depthwise convolution that Unit.fold makes, computed by its branches: only their taps are used and trained.

    weight: (C, 1, 2n + 1, 2n + 1) of n branches.
    """
    count, outputs = weight.shape[-1] // 2, []
    shares = zip(x.chunk(count, 1), weight.chunk(count), bias.chunk(count), strict=True)
    for d, (part, taps, shift) in enumerate(shares, start=1):
        inner = slice(count - d, count + d + 1, d)
        outputs.append(_depthwise(part, taps[:, :, inner, inner], shift, stride, d))
    return torch.cat(outputs, 1)


class Down(nn.Module):
    """Halve the resolution: max-pooled input beside a stride-2 unit. (N, c_in, H, W) to (N, c_out, H/2, W/2)."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.unit = Unit(c_in, c_out - c_in, stride=2)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.pool(x), self.unit(x)), 1)


class Up(nn.Module):
    """Double the resolution: project, nearest, add the projected skip. (N, c, H, W) to (N, c_out, 2H, 2W)."""

    def __init__(self, c: int, c_skip: int, c_out: int) -> None:
        super().__init__()
        self.project = conv_bn(c, c_out)
        self.skip = conv_bn(c_skip, c_out)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.act = nn.ReLU()

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.act(self.up(self.project(x)) + self.skip(skip))


class QuantLite(nn.Module):
    """(N, 1, H, W) float32, standardised, to logits (N, classes, H, W). H and W are multiples of 16."""

    def __init__(
        self,
        classes: int = 4,
        stem: int = 32,
        widths: tuple[int, int, int] = (64, 112, 192),
        depths: tuple[int, int, int] = (1, 4, 5),
        decoder: tuple[int, int, int] = (64, 48, 32),
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(Dense(1, stem, stride=2), Dense(stem, stem), Dense(stem, stem))
        levels: list[nn.Module] = []
        c = stem
        for width, depth in zip(widths, depths, strict=True):
            down: nn.Module = Down(c, width) if levels else Dense(c, width, stride=2)
            levels.append(nn.Sequential(down, *(Unit(width, width) for _ in range(depth))))
            c = width
        self.levels = nn.ModuleList(levels)
        self.up3 = Up(widths[2], widths[1], decoder[0])
        self.refine3 = Unit(decoder[0], decoder[0])
        self.up2 = Up(decoder[0], widths[0], decoder[1])
        self.refine2 = Dense(decoder[1], decoder[1])
        self.up1 = Up(decoder[1], stem, decoder[2])
        self.refine1 = nn.Sequential(Dense(decoder[2], decoder[2]), Dense(decoder[2], decoder[2]))
        self.head = nn.Conv2d(decoder[2], 4 * classes, 1)
        self.shuffle: nn.Module = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.stages(x)[0]

    def stages(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits (N, classes, H, W), and the maps they come from: decoder at 1/4 and at 1/8, encoder at 1/16."""
        s1 = self.stem(x)
        s2 = self.levels[0](s1)
        s3 = self.levels[1](s2)
        s4 = self.levels[2](s3)
        y3 = self.refine3(self.up3(s4, s3))
        y2 = self.refine2(self.up2(y3, s2))
        y1 = self.refine1(self.up1(y2, s1))
        return self.shuffle(self.head(y1)), y2, y3, s4

    def fold(self) -> None:
        """Merge the branches of every unit, in place, for export."""
        for module in self.modules():
            if isinstance(module, Unit):
                module.fold()
