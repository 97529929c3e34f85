"""QuantLite with half the channels at half resolution and one unit more on each of the two coarsest levels.

Processors without VNNI spend most of QuantLite's time on its 3×3 convolutions at half resolution. With 16 channels
instead of 32 these take a quarter of it. The two units cost little, since pictures are small there.

While training, it also gives logits at a quarter and an eighth of the resolution (deep supervision, as in nnU-Net) and
says which structures a slice shows. None of that is exported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.losses import dice_cross_entropy
from training.networks.quantlite import ConvNorm, Dense, QuantLite, Unit

_SIDE_WEIGHT = 0.3
"""Of the loss at a quarter of the resolution, against that of the output; half of it at an eighth."""
_PRESENCE_WEIGHT = 0.1


class SlimQuantLite(QuantLite):
    """(N, 1, H, W) float32, standardised, to logits (N, 4, H, W). H and W are multiples of 16.

    While training, forward gives what `loss` takes: logits at full, quarter and eighth resolution, and presence
    (N, 3), logits too: of each structure, whether the slice shows any of it.
    """

    only_for_training = ("side2", "side3", "presence")

    def __init__(self) -> None:
        super().__init__(stem=16, depths=(1, 5, 6), decoder=(64, 48, 16))
        self.side2 = nn.Conv2d(48, 4, 1)
        self.side3 = nn.Conv2d(64, 4, 1)
        self.presence = nn.Linear(2 * 192, 3)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor, Tensor]:  # type: ignore[override]
        logits, y2, y3, s4 = self.stages(x)
        if not self.training:
            return logits
        pooled = torch.cat((s4.mean((2, 3)), s4.amax((2, 3))), 1)
        return logits, self.side2(y2), self.side3(y3), self.presence(pooled)

    def loss(
        self,
        outputs: tuple[Tensor, Tensor, Tensor, Tensor],
        target: Tensor,
        taught: Tensor | None = None,
        teacher_weight: float = 0.5,
    ) -> Tensor:
        """dice_cross_entropy of the logits, plus cross entropies of the outputs beside them; a scalar.

        The coarse logits learn the share that each class has of a coarse pixel, presence learns from the labels.
        """
        logits, side2, side3, presence = outputs
        truth = F.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2).float()
        shown = truth[:, 1:].amax((2, 3))
        loss = dice_cross_entropy(logits, target, taught, teacher_weight)
        loss = loss + _SIDE_WEIGHT * F.cross_entropy(side2.float(), F.avg_pool2d(truth, 4))
        loss = loss + _SIDE_WEIGHT / 2 * F.cross_entropy(side3.float(), F.avg_pool2d(truth, 8))
        return loss + _PRESENCE_WEIGHT * F.binary_cross_entropy_with_logits(presence.float(), shown)

    def load_start(self, state: Mapping[str, Tensor]) -> None:
        """Begin with the weights of a SlimQuantLite, or with the weightiest channels of a trained QuantLite.

        The units that QuantLite lacks begin as the identity.
        """
        if "presence.weight" in state:
            self.load_state_dict(state)
            return
        wide = QuantLite()
        wide.load_state_dict(state)
        _slim(wide)
        # What the wide network lacks keeps its random start, but for the new units.
        for level in self.levels[1:]:
            newest = cast(Unit, cast(nn.Sequential, level)[-1])
            nn.init.zeros_(newest.expand.norm.weight)
        self.load_state_dict(self.state_dict() | wide.state_dict())


@torch.no_grad()
def _slim(wide: QuantLite) -> None:
    """Keep 16 of the 32 channels of each tensor at half resolution, in place.

    A channel weighs as much as its deviation after normalisation times the weights that read it (as in Liu et al.,
    Learning Efficient Convolutional Networks through Network Slimming, 2017, with the readers' weights beside).
    """
    stem = [cast(Dense, layer).conv for layer in wide.stem]
    refine = [cast(Dense, layer).conv for layer in wide.refine1]
    first_level = cast(Dense, cast(nn.Sequential, wide.levels[0])[0]).conv
    skip, project = wide.up1.skip, wide.up1.project
    chain: list[tuple[list[ConvNorm], list[nn.Conv2d]]] = [
        ([stem[0]], [stem[1].conv]),
        ([stem[1]], [stem[2].conv]),
        ([stem[2]], [first_level.conv, skip.conv]),
        ([skip, project], [refine[0].conv]),
        ([refine[0]], [refine[1].conv]),
        ([refine[1]], [wide.head]),
    ]
    for writers, readers in chain:
        deviation = torch.stack([writer.norm.weight.square() for writer in writers]).sum(0)
        read = torch.stack([reader.weight.square().sum((0, 2, 3)) for reader in readers]).sum(0)
        kept = (deviation * read).topk(16).indices.sort().values
        for writer in writers:
            writer.conv.weight = nn.Parameter(writer.conv.weight[kept].clone())
            for name, value in writer.norm.state_dict().items():
                if value.ndim:
                    chosen = value[kept].clone()
                    setattr(writer.norm, name, nn.Parameter(chosen) if name in ("weight", "bias") else chosen)
        for reader in readers:
            reader.weight = nn.Parameter(reader.weight[:, kept].clone())
