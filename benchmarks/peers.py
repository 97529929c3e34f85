"""Networks of other projects, in the sizes that they plan for hearts. Random weights are as fast as trained ones.

Needs the extra "peers". Their names are the keys of PEERS.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

CLASSES = 4


def nnunet_2d() -> Any:
    """nnU-Net's two-dimensional plan for ACDC: seven stages (Isensee et al., Nat Methods 2021)."""
    from dynamic_network_architectures.architectures.unet import PlainConvUNet  # noqa: PLC0415 - an optional extra
    from torch import nn  # noqa: PLC0415

    return PlainConvUNet(
        1, 7, (32, 64, 128, 256, 512, 512, 512), nn.Conv2d, 3, (1, 2, 2, 2, 2, 2, 2), 2, CLASSES, 2,
        conv_bias=True, norm_op=nn.InstanceNorm2d, norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU, nonlin_kwargs={"inplace": True},
    ).eval()  # fmt: skip


def monai_unet() -> Any:
    """MONAI's residual U-Net with the channels of its tutorials, 1.6 million parameters."""
    from monai.networks.nets import UNet  # noqa: PLC0415 - an optional extra

    return UNet(
        spatial_dims=2, in_channels=1, out_channels=CLASSES, channels=(16, 32, 64, 128, 256), strides=(2, 2, 2, 2),
        num_res_units=2,
    ).eval()  # fmt: skip


PEERS: dict[str, tuple[str, Callable[[], Any]]] = {
    "nnU-Net, 2-D plan": ("dynamic_network_architectures", nnunet_2d),
    "MONAI U-Net": ("monai", monai_unet),
}


def installed() -> tuple[str, ...]:
    """Names of the peers whose packages are here."""
    return tuple(name for name, (package, _) in PEERS.items() if find_spec(package) is not None)


def build(name: str) -> Any:
    """The network, ready to run. Raises KeyError, ImportError."""
    return PEERS[name][1]()
