"""QuantLite on a coarser picture, giving labels of the full one: learned high-resolution heads and their baselines.

All take the usual input, shrink it by 2, 4 or 8, and run QuantLite on what is left. They differ in what follows the
coarse logits:

- The baselines never see a fine label. One repeats each coarse label (published), one resizes the logits bilinearly.
- The linear head is a chain of small learned upsamplings with skips from the coarse logits, one set of weights for all
  class maps, and learns from every pixel, at every scale (the idea of J-Net).
- The guided head also sees the image of full resolution, which knows where the edges are.

The chain of the linear head is one convolution of the coarse logits with s² outputs and a rearranging of these,
whatever its stages: that is how it is computed, here and in the exported graph. So it costs nothing to chain.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.losses import dice_cross_entropy
from training.networks.quantlite import QuantLite
from training.processes import sum_over_processes

# Coarse pixels around the middle one that a fine pixel depends on: one by each of two stages.
_REACH = 2
# Upsampled maps between the two convolutions of a stage, and the skip beside them.
_MAPS = 4


class HeadStage(nn.Module):
    """Double the resolution of one map: learned 2 × 2 upsampling, then 3 × 3 over it and over the skip.

    (N, 1, h, w) and the coarse logits (N, 1, H, W), h a multiple of H, to (N, 1, 2h, 2w). No bias: one that all classes
    share changes no label.
    """

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(1, _MAPS, 2, 2, bias=False)
        self.mix = nn.Conv2d(_MAPS + 1, 1, 3, padding=1, bias=False)
        self._start_smooth()

    def forward(self, x: Tensor, coarse: Tensor) -> Tensor:
        fine = self.up(x)
        skip = F.interpolate(coarse, scale_factor=fine.shape[-1] // coarse.shape[-1], mode="nearest")
        return self.mix(torch.cat((fine, skip), 1))

    @torch.no_grad()
    def _start_smooth(self) -> None:
        """Start close to the baseline: repeat each pixel, then smooth, which is nearly bilinear resizing."""
        smooth = torch.tensor([0.25, 0.5, 0.25])
        self.up.weight.copy_(1 + 0.1 * torch.randn_like(self.up.weight))
        self.mix.weight.copy_(0.02 * torch.randn_like(self.mix.weight))
        self.mix.weight[:, :_MAPS] += torch.outer(smooth, smooth) / _MAPS


class HighResHead(nn.Module):
    """Coarse logits (N, C, h, w) to logits (N, C, s·h, s·w), s = 2 or 4, every class alike, zero beyond the edge."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        if scale not in (2, 4):
            raise ValueError(f"scale = {scale} must be 2 or 4")
        self.scale = scale
        self.stages = nn.ModuleList(HeadStage() for _ in range(scale.bit_length() - 1))

    def forward(self, coarse: Tensor) -> Tensor:
        return self.scales(coarse)[-1]

    def scales(self, coarse: Tensor) -> list[Tensor]:
        """What every stage gives, from 2 to s times the resolution."""
        maps = coarse.reshape(-1, 1, *coarse.shape[2:])
        found: list[Tensor] = []
        for kernel in self.kernels():
            block = 2 ** (len(found) + 1)
            fine = F.pixel_shuffle(F.conv2d(maps, kernel, padding=_REACH), block)
            found.append(fine.view(*coarse.shape[:2], *fine.shape[2:]))
        return found

    def kernels(self) -> list[Tensor]:
        """The chain up to each stage as a convolution of the coarse logits, (b·b, 1, 5, 5) for b times the resolution.

        Output r·b + c is the fine pixel (r, c) of each coarse one. Read off from what the chain makes of a single one:
        the fine pixel that lies d coarse pixels before it sees it d pixels behind.
        """
        size = 2 * _REACH + 1
        one = torch.zeros(1, 1, size, size, device=next(self.stages.parameters()).device)
        one[..., _REACH, _REACH] = 1
        found, x = [], one
        for stage in self.stages:
            x = stage(x, one)
            block = x.shape[-1] // size
            found.append(F.pixel_unshuffle(x, block).flip(2, 3).transpose(0, 1))
        return found


class GuidedHead(nn.Module):
    """Coarse logits (N, C, h, w) and the image (N, 1, s·h, s·w) to logits (N, C, s·h, s·w).

    Around every coarse pixel the logits are a linear function of the grey value: the regression of a guided filter (He,
    Sun and Tang, Guided Image Filtering, 2013), over 3 × 3 coarse pixels. Its slope says how a class follows the
    picture, so the fine logits are the coarse ones resized, plus slope × what the picture has beyond its coarse means.
    alpha: how much of it, a number per class. A 3 × 3 convolution per class follows. 41 parameters for 4 classes.

    All but that convolution is computed on coarse pixels: the s × s fine ones of each are channels, and bilinear
    resizing is a 3 × 3 convolution to them. Runtimes convolve many times faster than they resize.
    """

    class_maps: Tensor
    repeated: Tensor
    pixels: Tensor

    def __init__(self, scale: int, classes: int = 4) -> None:
        super().__init__()
        self.scale = scale
        self.alpha = nn.Parameter(torch.full((1, classes, 1, 1), 0.5))
        self.ridge = nn.Parameter(torch.tensor(-2.0))
        self.smooth = nn.Conv2d(classes, classes, 3, padding=1, groups=classes, bias=False)
        nn.init.dirac_(self.smooth.weight, groups=classes)
        kernel = bilinear_kernel(scale)
        # Dense over the classes, most of it zeros: a grouped convolution of so few channels takes longer.
        class_maps = torch.einsum("cd,kij->ckdij", torch.eye(classes), kernel[:, 0]).reshape(-1, classes, 3, 3)
        # Detail is the same for every class; the convolutions that make it repeat it.
        pixels = torch.eye(scale * scale).view(-1, 1, scale, scale).repeat(classes, 1, 1, 1)
        for name, constant in (
            ("class_maps", class_maps),
            ("repeated", kernel.repeat(classes, 1, 1, 1)),
            ("pixels", pixels),
        ):
            self.register_buffer(name, constant, persistent=False)

    def forward(self, coarse: Tensor, image: Tensor) -> Tensor:
        means, squares = F.avg_pool2d(image, self.scale), F.avg_pool2d(image * image, self.scale)
        mean = _window(means)
        variance = torch.relu(_window(squares) - mean * mean) + F.softplus(self.ridge)
        slope = (_window(coarse * means) - _window(coarse) * mean) / variance
        detail = F.conv2d(image, self.pixels, stride=self.scale) - _resized(mean, self.repeated)
        blocks = _resized(coarse, self.class_maps) + _resized(self.alpha * slope, self.class_maps) * detail
        fine: Tensor = self.smooth(F.pixel_shuffle(blocks, self.scale))
        return fine


def _window(x: Tensor) -> Tensor:
    """Means over 3 × 3 pixels; at the edge over those that are there."""
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def _resized(coarse: Tensor, kernel: Tensor) -> Tensor:
    """(N, C, h, w) resized bilinearly, as (N, C·s·s, h, w): F.pixel_unshuffle of what _resize gives."""
    return F.conv2d(F.pad(coarse, (1, 1, 1, 1), mode="replicate"), kernel)


def bilinear_kernel(scale: int) -> Tensor:
    """(s·s, 1, 3, 3) float32: what each fine pixel of a coarse one takes of the coarse ones around, as _resize does."""
    taps = torch.zeros(scale, 3)
    for fine in range(scale):
        # Where the fine pixel's centre lies between those of the coarse pixel before it and the one after.
        place = (fine + 0.5) / scale + 0.5
        before = math.floor(place)
        taps[fine, before] = 1 - (place - before)
        taps[fine, before + 1] = place - before
    return torch.einsum("ia,jb->ijab", taps, taps).reshape(scale * scale, 1, 3, 3)


def _resize(x: Tensor, scale: int) -> Tensor:
    return F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)


class End(StrEnum):
    """How coarse logits become labels of full resolution."""

    LABELS = "labels"
    """The label of each coarse pixel, repeated: the published baseline."""
    BILINEAR = "bilinear"
    """Logits resized bilinearly: a stronger baseline."""
    LINEAR = "linear"
    """J-Net's learned head, which sees the coarse logits alone."""
    GUIDED = "guided"
    """A learned head that also sees the image of full resolution."""


class LowRes(nn.Module):
    """QuantLite at 1/s of the resolution. (N, 1, H, W), standardised, to logits (N, 4, H, W); multiples of 16·s.

    While training, forward gives the logits that `loss` takes: the coarse ones, and the head's at every finer scale.
    End.LABELS is fed and taught as J-Net's repository does it: one pixel of every square, of image and labels alike.
    The others are fed the mean of every square.
    """

    def __init__(self, scale: int, end: End) -> None:
        super().__init__()
        self.scale = scale
        self.end = end
        self.shrink: nn.Module = nn.AvgPool2d(scale) if end is not End.LABELS else Nearest(scale)
        self.network = QuantLite()
        self.head = HighResHead(scale) if end is End.LINEAR else None
        self.guide = GuidedHead(scale) if end is End.GUIDED else None
        self.tail: nn.Module | None = None

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        coarse: Tensor = self.network(self.shrink(x))
        if self.tail is not None:
            return self.tail(coarse)
        if self.guide:
            if not self.training:
                return self.guide(coarse, x)
            # Its variances are small differences of large numbers, for which bfloat16 is too coarse.
            with torch.autocast(x.device.type, enabled=False):
                return [coarse, self.guide(coarse.float(), x)]
        if self.training:
            return [coarse, *(self.head.scales(coarse) if self.head else ())]
        if self.head:
            return self.head(coarse)
        if self.end is End.LABELS:
            return F.interpolate(coarse, scale_factor=self.scale, mode="nearest")
        return _resize(coarse, self.scale)

    def loss(
        self, logits: Sequence[Tensor], target: Tensor, taught: Tensor | None = None, teacher_weight: float = 0.0
    ) -> Tensor:
        """Of what forward gives while training, against labels (N, H, W) int64 of full resolution; a scalar.

        The published baseline learns the label of one pixel of each square, the bilinear one that of most of its
        pixels. The heads learn, at every scale, the share that each class has of a square's pixels; at the finest that
        is the labels themselves.
        taught: a teacher's probabilities (N, C, H, W) of full resolution, mixed with the labels by teacher_weight. A
        fine truth is what the heads are for; the baselines have no use for it.
        """
        if self.end is End.LABELS:
            return dice_cross_entropy(logits[0].float(), target[:, :: self.scale, :: self.scale])
        truth = F.one_hot(target, logits[0].shape[1]).permute(0, 3, 1, 2).float()
        if self.end is End.BILINEAR:
            return dice_cross_entropy(logits[0].float(), F.avg_pool2d(truth, self.scale).argmax(1))
        if taught is not None:
            truth = torch.lerp(truth, taught, teacher_weight)
        sides = [target.shape[-1] // finer.shape[-1] for finer in logits]
        losses = [share_loss(z.float(), F.avg_pool2d(truth, n)) for z, n in zip(logits, sides, strict=True)]
        return torch.stack(losses).mean()

    def load_start(self, state: Mapping[str, Tensor]) -> None:
        """Begin with the weights of a QuantLite that was trained at full resolution."""
        self.network.load_state_dict(state)

    def fold(self) -> None:
        """Merge QuantLite's branches, and the linear head with the rearranging of the coarse logits, in place.

        The coarse logits come as 2 × 2 blocks in channels, and the linear head is a convolution of those blocks as
        well: one small convolution at half the coarse resolution, then one rearranging instead of two.
        """
        self.network.fold()
        if self.head is None or self.tail is not None:
            return
        classes = self.network.head.out_channels // 4
        weight = of_blocks(self.head.kernels()[-1].detach())
        convolution = nn.Conv2d(4 * classes, len(weight) * classes, 3, padding=1, groups=classes, bias=False)
        convolution.weight.data.copy_(weight.repeat(classes, 1, 1, 1))
        self.network.shuffle = nn.Identity()
        self.tail = nn.Sequential(convolution, nn.PixelShuffle(2 * self.scale))


class Nearest(nn.Module):
    """The first pixel of every square of scale × scale."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return x[..., :: self.scale, :: self.scale]


def of_blocks(kernel: Tensor) -> Tensor:
    """A kernel (s·s, 1, 5, 5) of coarse pixels as one (2s·2s, 4, 3, 3) of their 2 × 2 blocks.

    Both give, as channels row by row, the fine pixels of the pixel or block in the middle.
    """
    scale = round(len(kernel) ** 0.5)
    fine = kernel.view(scale, scale, *kernel.shape[2:])
    found = kernel.new_zeros(2, scale, 2, scale, 2, 2, 3, 3)
    offsets = range(-_REACH, _REACH + 1)
    for p, q, dy, dx in itertools.product((0, 1), (0, 1), offsets, offsets):
        # The coarse pixel beside the p-th of this block is the a-th of the i-th block.
        (i, a), (j, b) = divmod(p + dy, 2), divmod(q + dx, 2)
        found[p, :, q, :, a, b, 1 + i, 1 + j] = fine[:, :, _REACH + dy, _REACH + dx]
    return found.reshape(4 * scale * scale, 4, 3, 3)


def share_loss(logits: Tensor, shares: Tensor) -> Tensor:
    """Cross entropy plus soft Dice, as dice_cross_entropy, of shares (N, C, H, W) float32 that sum to 1; a scalar.

    Overlap is (p + t − |p − t|) / 2, which is p·t where t is 0 or 1, and largest at p = t elsewhere (Wang et al., Dice
    Semimetric Losses, 2023).
    """
    probabilities, truth = logits.softmax(1)[:, 1:], shares[:, 1:]
    both = sum_over_processes((probabilities + truth).sum((0, 2, 3)))
    apart = sum_over_processes((probabilities - truth).abs().sum((0, 2, 3)))
    dice = (both - apart + 1.0) / (both + 1.0)
    return F.cross_entropy(logits, shares) + 1 - dice.mean()
