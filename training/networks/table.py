"""The networks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import nn

from training.networks.espnetv2 import ESPNetv2, ESPNetv2EdgeNets
from training.networks.highres_head import End, LowRes
from training.networks.quantlite import QuantLite
from training.networks.quantlite_slim import SlimQuantLite
from training.networks.unet import UNet

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "quantlite": QuantLite,
    "quantlite_slim": SlimQuantLite,
    "espnetv2": ESPNetv2,
    "espnetv2_edgenets": ESPNetv2EdgeNets,
    "unet": UNet,
    "quantlite_half": lambda: LowRes(2, End.LINEAR),
    "quantlite_half_bilinear": lambda: LowRes(2, End.BILINEAR),
    "quantlite_quarter": lambda: LowRes(4, End.LINEAR),
    "quantlite_quarter_bilinear": lambda: LowRes(4, End.BILINEAR),
    "quantlite_quarter_published": lambda: LowRes(4, End.LABELS),
    "quantlite_quarter_guided": lambda: LowRes(4, End.GUIDED),
    "quantlite_eighth_bilinear": lambda: LowRes(8, End.BILINEAR),
    "quantlite_eighth_published": lambda: LowRes(8, End.LABELS),
    "quantlite_eighth_guided": lambda: LowRes(8, End.GUIDED),
}


@runtime_checkable
class Foldable(Protocol):
    """A network with branches that become one convolution each for export."""

    def fold(self) -> None: ...


def fold(network: nn.Module) -> None:
    """Merge a network's branches in place, where it has any."""
    if isinstance(network, Foldable):
        network.fold()


def channels_last(network: nn.Module, device: torch.device | None = None) -> nn.Module:
    """The network, in place, with kernels laid out as convolutions are fastest, on a device if one is given."""
    # torch's types do not know memory_format.
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def parameter_count(network: nn.Module) -> int:
    """Trainable numbers in a network, without what only its training uses."""
    left_out = tuple(getattr(network, "only_for_training", ()))
    return sum(p.numel() for name, p in network.named_parameters() if name.split(".")[0] not in left_out)
