"""The networks by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from training.networks.espnetv2 import ESPNetv2, ESPNetv2EdgeNets
from training.networks.highres_head import LowRes
from training.networks.quantlite import QuantLite
from training.networks.unet import UNet

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "quantlite": QuantLite,
    "espnetv2": ESPNetv2,
    "espnetv2_edgenets": ESPNetv2EdgeNets,
    "unet": UNet,
    "quantlite_half": lambda: LowRes(2, learned=True),
    "quantlite_half_bilinear": lambda: LowRes(2, learned=False),
    "quantlite_quarter": lambda: LowRes(4, learned=True),
    "quantlite_quarter_bilinear": lambda: LowRes(4, learned=False),
}


def parameter_count(network: nn.Module) -> int:
    """Trainable numbers in a network."""
    return sum(p.numel() for p in network.parameters())
