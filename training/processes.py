"""Training one network in several processes, started by torchrun. Without torchrun there is one process.

Each process draws its share of every batch. DistributedDataParallel averages the gradients, so that a step equals that
of one process with the whole batch. A loss that is not a mean over the batch needs sum_over_processes.
On GPUs batch normalisation covers the whole batch (SyncBatchNorm). On the CPU, where torch has no such layer, it covers
each process's share, and the running statistics of the first process are kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


class DeviceError(ValueError):
    """A device that this machine does not have; the message says what to choose."""


@dataclass(frozen=True, slots=True)
class Here:
    """Which process this is. rank: 0 to size − 1. Only process 0 writes files and prints."""

    rank: int
    size: int

    @property
    def first(self) -> bool:
        return self.rank == 0


def here() -> Here:
    return Here(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else Here(0, 1)


@contextmanager
def joined(device: torch.device) -> Iterator[Here]:
    """Join the processes that torchrun started (nccl between GPUs, gloo on the CPU); alone, do nothing."""
    if not dist.is_torchelastic_launched():
        yield here()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield here()
    finally:
        dist.destroy_process_group()


def choose_device(name: str) -> torch.device:
    """ "auto": a GPU where there is one, each process its own; else as named, such as "cpu" or "cuda:1".

    Raises DeviceError for a device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise DeviceError(f"device '{name}' is not known; choose auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise DeviceError(f"device '{name}' is not supported; choose auto, cpu or cuda")
    if device.type == "cuda":
        if (device.index or 0) >= torch.cuda.device_count():
            seen = f"torch sees {torch.cuda.device_count()} GPUs"
            raise DeviceError(f"device '{name}': {seen}; choose auto or cpu, or start fewer processes")
        torch.cuda.set_device(device)
    return device


def batch_norm_of_all(network: nn.Module, device: torch.device) -> nn.Module:
    """The network with batch normalisation over the batches of all processes, on GPUs; unchanged elsewhere."""
    if here().size == 1 or device.type != "cuda":
        return network
    synchronised: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    return synchronised


def in_step(network: nn.Module) -> nn.Module:
    """The network to call in a training step; its gradients become the mean over all processes."""
    return DistributedDataParallel(network) if here().size > 1 else network


def sum_over_processes(values: Tensor) -> Tensor:
    """The sum of a tensor over the processes. After in_step has taken the mean, its gradient is that of the sum."""
    place = here()
    if place.size == 1:
        return values
    total = values.detach().clone()
    dist.all_reduce(total)
    # Each process differentiates only its own part, and the mean divides by the number of processes.
    return total + place.size * (values - values.detach())


def mean_over_processes(value: float, device: torch.device) -> float:
    return sum_over_processes(torch.tensor(value, dtype=torch.float64, device=device)).item() / here().size


def from_process(rank: int, values: Tensor) -> Tensor:
    """The tensor that process `rank` has. values: its own there; elsewhere one of that shape and type to write into."""
    if here().size > 1:
        dist.broadcast(values, rank)
    return values
