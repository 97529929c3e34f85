"""ESPNetv2 as published: Mehta et al., ESPNetv2, CVPR 2019, with either of its authors' segmentation decoders.

`ESPNetv2EdgeNets` has the decoder of their later EdgeNets, efficient pyramid pooling at every level; `ESPNetv2` that of
the paper's own code, one pyramid at an eighth of the resolution. The encoder is the same but for its width.

EESP unit: grouped 1×1 → four depthwise 3×3 of growing dilation → hierarchical feature fusion (branch k adds branch
k − 1) → concatenation → grouped 1×1 → input added → PReLU. Dilations that would exceed the level's receptive-field
limit fall back to 1. Downsampling joins an average pool and a strided EESP, and adds the pooled input image again.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 4
# For s = 1.25, and the decoder's base width. Together with CLASSES and one input channel they give 0.36 M parameters.
EDGENETS_WIDTHS = (32, 80, 160, 320)
DECODER = 32
LEVEL_3_UNITS, LEVEL_4_UNITS = 3, 7
BRANCHES = 4
RECEPTIVE_LIMITS = (13, 11, 9, 7)
REINFORCEMENT = 3


def _conv(c_in: int, c_out: int, kernel: int, stride: int = 1, dilation: int = 1, groups: int = 1) -> nn.Conv2d:
    padding = (kernel - 1) // 2 * dilation
    return nn.Conv2d(c_in, c_out, kernel, stride, padding, dilation, groups, bias=False)


def _conv_bn(c_in: int, c_out: int, kernel: int, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(_conv(c_in, c_out, kernel, groups=groups), nn.BatchNorm2d(c_out))


def _conv_bn_act(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        _conv(c_in, c_out, kernel, stride, groups=groups), nn.BatchNorm2d(c_out), nn.PReLU(c_out)
    )  # fmt: skip


def _bn_act(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.PReLU(channels))


class EESP(nn.Module):
    """Extremely efficient spatial pyramid; (N, c_in, H, W) to (N, c_out, H/stride, W/stride)."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1, limit: int = 7) -> None:
        super().__init__()
        n = c_out // BRANCHES
        self.reduce = _conv_bn_act(c_in, n, 1, groups=BRANCHES)
        kernels = sorted(k if k <= limit else 3 for k in (3 + 2 * i for i in range(BRANCHES)))
        self.branches = nn.ModuleList(_conv(n, n, 3, stride, (k - 1) // 2, n) for k in kernels)
        self.after_concat = _bn_act(c_out)
        self.expand = _conv_bn(c_out, c_out, 1, groups=BRANCHES)
        # A strided unit is half of a downsampler, which activates the joined halves itself.
        self.act = nn.PReLU(c_out) if stride == 1 else nn.Identity()
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(x)
        outputs = [self.branches[0](reduced)]
        for branch in self.branches[1:]:
            outputs.append(branch(reduced) + outputs[-1])
        expanded = self.expand(self.after_concat(torch.cat(outputs, 1)))
        return self.act(expanded + x if self.residual else expanded)


class DownSampler(nn.Module):
    """Halve the resolution and reinforce with the image. image: (N, 1, H0, W0), pooled until it fits."""

    def __init__(self, c_in: int, c_out: int, limit: int) -> None:
        super().__init__()
        self.eesp = EESP(c_in, c_out - c_in, stride=2, limit=limit)
        self.pool = nn.AvgPool2d(3, 2, 1)
        self.reinforce = nn.Sequential(_conv_bn_act(1, REINFORCEMENT, 3), _conv_bn(REINFORCEMENT, c_out, 1))
        self.act = nn.PReLU(c_out)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        pooled = self.pool(x)
        joined = torch.cat((pooled, self.eesp(x)), 1)
        while image.shape[2] > pooled.shape[2]:
            image = self.pool(image)
        return self.act(joined + self.reinforce(image))


class PyramidPool(nn.Module):
    """Efficient pyramid pooling: the projected map filtered at five scales, shuffled, merged."""

    SCALES = (2.0, 1.5, 1.0, 0.5, 0.1)

    def __init__(self, c_in: int, projected: int, c_out: int, last: bool = False) -> None:
        super().__init__()
        n = len(self.SCALES)
        self.project = _conv_bn_act(c_in, projected, 1)
        self.stages = nn.ModuleList(_conv(projected, projected, 3, groups=projected) for _ in self.SCALES)
        self.before_merge = _bn_act(projected * n)
        self.merge = _conv_bn_act(projected * n, projected, 3, groups=projected)
        self.out = nn.Conv2d(projected, c_out, 1, bias=last)
        self.act = nn.Identity() if last else _bn_act(c_out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.project(x)
        height, width = x.shape[2:]
        maps = []
        for scale, stage in zip(self.SCALES, self.stages, strict=True):
            size = (max(5, math.ceil(height * scale)), max(5, math.ceil(width * scale)))
            if scale == 1.0:
                maps.append(stage(x))
            elif scale > 1.0:
                maps.append(adaptive_average(stage(_bilinear(x, size)), (height, width)))
            else:
                maps.append(_bilinear(stage(adaptive_average(x, size)), (height, width)))
        joined = self.before_merge(torch.cat(maps, 1))
        n, c, h, w = joined.shape
        k = len(self.SCALES)
        shuffled = joined.view(n, k, c // k, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.act(self.out(self.merge(shuffled)))


class PointwiseGate(nn.Module):
    """Skip connection: grouped 3×3, each channel weighted by a gate computed from the global average."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), _conv(c_in, c_out, 1), nn.Sigmoid())
        self.expand = _conv_bn_act(c_in, c_out, 3, groups=math.gcd(c_in, c_out))

    def forward(self, x: Tensor) -> Tensor:
        return self.expand(x) * self.gate(x)


class _Encoder(nn.Module):
    """The levels that both decoders read; widths are the channels at 1/2, 1/4, 1/8 and 1/16 of the resolution."""

    def __init__(self, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        c1, c2, c3, c4 = widths
        l2, l3, l4, l5 = RECEPTIVE_LIMITS
        self.level1 = _conv_bn_act(1, c1, 3, 2)
        self.level2 = DownSampler(c1, c2, l2)
        self.level3_down = DownSampler(c2, c3, l3)
        self.level3 = nn.Sequential(*(EESP(c3, c3, limit=l4) for _ in range(LEVEL_3_UNITS)))
        self.level4_down = DownSampler(c3, c4, l4)
        self.level4 = nn.Sequential(*(EESP(c4, c4, limit=l5) for _ in range(LEVEL_4_UNITS)))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        s1 = self.level1(x)
        s2 = self.level2(s1, x)
        s3 = self.level3(self.level3_down(s2, x))
        return s1, s2, s3, self.level4(self.level4_down(s3, x))


class Pyramid(nn.Module):
    """Pyramid pooling of the paper's code: depthwise 3×3 at 1/2, 1/4, 1/8 and 1/16 of the map, joined and projected."""

    SCALES = 4

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(3, 2, 1)
        self.stages = nn.ModuleList(_conv(channels, channels, 3, groups=channels) for _ in range(self.SCALES))
        self.project = _conv_bn_act(channels * (self.SCALES + 1), channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps, pooled = [x], x
        for stage in self.stages:
            pooled = self.pool(pooled)
            maps.append(_bilinear(stage(pooled), (x.shape[2], x.shape[3])))
        return self.project(torch.cat(maps, 1))


class ESPNetv2(_Encoder):
    """The paper's own segmentation network, s = 1.0; (N, 1, H, W) float32, standardised, to logits (N, 4, H, W).

    H and W are multiples of 32. The deepest level is projected beside the third, filtered by an EESP unit and a pyramid
    and narrowed to the classes; from there on the class maps climb, each time joined with the level they reach.
    The authors drop a fifth of the channels before both projections while training. Here, where four class maps of 36
    channels carry everything but the edges, that is left out; what it alone changes was not measured.
    """

    def __init__(self) -> None:
        c1, c2, c3, c4 = widths = (32, 64, 128, 256)
        super().__init__(widths)
        self.project4 = _conv_bn_act(c4, c3, 1)
        self.context = nn.Sequential(EESP(2 * c3, c3, limit=RECEPTIVE_LIMITS[3]), Pyramid(c3))
        self.project3 = _conv(c3, CLASSES, 1)
        self.join3 = _bn_act(CLASSES)
        self.project2 = _conv_bn_act(c2 + CLASSES, CLASSES, 1)
        self.project1 = _conv(c1 + CLASSES, CLASSES, 1)

    def forward(self, x: Tensor) -> Tensor:
        s1, s2, s3, s4 = self.encode(x)
        y = self.context(torch.cat((s3, _double(self.project4(s4))), 1))
        y = _double(self.join3(self.project3(y)))
        y = _double(self.project2(torch.cat((s2, y), 1)))
        return _double(self.project1(torch.cat((s1, y), 1)))


class ESPNetv2EdgeNets(_Encoder):
    """With EdgeNets' decoder, s = 1.25; (N, 1, H, W) float32, standardised, to logits (N, 4, H, W).

    H and W are multiples of 32.
    """

    def __init__(self) -> None:
        super().__init__(EDGENETS_WIDTHS)
        c1, c2, c3, c4 = EDGENETS_WIDTHS
        d1, d2, d3 = 4 * DECODER, 3 * DECODER, 2 * DECODER
        projected = min(CLASSES // 2, DECODER)
        self.decode4 = PyramidPool(c4, projected, d1)
        self.skip3, self.join3 = PointwiseGate(c3, d1), _bn_act(d1)
        self.decode3 = PyramidPool(d1, projected, d2)
        self.skip2, self.join2 = PointwiseGate(c2, d2), _bn_act(d2)
        self.decode2 = PyramidPool(d2, projected, d3)
        self.skip1, self.join1 = PointwiseGate(c1, d3), _bn_act(d3)
        self.decode1 = PyramidPool(d3, projected, CLASSES, last=True)

    def forward(self, x: Tensor) -> Tensor:
        s1, s2, s3, s4 = self.encode(x)
        y = self.decode4(s4)
        y = self.decode3(self.join3(self.skip3(s3) + _double(y)))
        y = self.decode2(self.join2(self.skip2(s2) + _double(y)))
        y = self.decode1(self.join1(self.skip1(s1) + _double(y)))
        return _double(y)


def _bilinear(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize by half-pixel centres.

    The authors align corners. That shifts what is magnified by up to half a small pixel, by how far it lies from the
    middle of the image: a network trained on crops then draws thin walls beside where they are in a larger image.
    """
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _double(x: Tensor) -> Tensor:
    return _bilinear(x, (2 * x.shape[2], 2 * x.shape[3]))


def adaptive_average(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Adaptive average pooling, (N, C, H, W) to (N, C, *size).

    ONNX has no such operator; while exporting it is two multiplications with constant matrices of the same averages.
    """
    if not torch.onnx.is_in_onnx_export():
        return F.adaptive_avg_pool2d(x, size)
    rows = _averaging(x.shape[2], size[0])
    columns = _averaging(x.shape[3], size[1])
    return torch.matmul(torch.matmul(rows, x), columns.T)


def _averaging(n_in: int, n_out: int) -> Tensor:
    """(n_out, n_in): row i averages inputs floor(i·n_in/n_out) up to, not including, ceil((i+1)·n_in/n_out)."""
    # Filled by numpy, because the exporter would record every assignment in torch.
    matrix = np.zeros((n_out, n_in), dtype=np.float32)
    for i in range(n_out):
        start, end = i * n_in // n_out, -(-(i + 1) * n_in // n_out)
        matrix[i, start:end] = 1 / (end - start)
    return torch.from_numpy(matrix)
