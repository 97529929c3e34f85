"""Several trained networks as one teacher, asked once about whole slices before training begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from engine.progress import Progress, no_progress
from training import processes
from training.data.scans import Scan
from training.networks.table import channels_last

_BATCH = 8


@torch.no_grad()
def taught_by(
    scans: Sequence[Scan],
    networks: Sequence[nn.Module],
    device: torch.device,
    *,
    progress: Progress = no_progress,
) -> list[Scan]:
    """The scans with `taught`: the mean of all networks' probabilities over each slice and its mirror image.

    A teacher that sees each crop costs as much as a third of the training. Here it is asked once, about images without
    augmentation, and its answers are deformed with the labels. Of several processes, each asks about its share of the
    scans, and all get every answer.
    """
    for network in networks:
        channels_last(network, device).eval()
    place = processes.here()
    mine = range(place.rank, len(scans), place.size)
    said: dict[int, Tensor] = {}
    for done, number in enumerate(mine):
        progress(done, len(mine), scans[number].patient)
        said[number] = _ask(scans[number], networks, device)
    progress(len(mine), len(mine), "Done")
    found = []
    for number, scan in enumerate(scans):
        count, height, width = scan.images.shape
        taught = said.pop(number, None)
        if taught is None:
            taught = torch.empty((count, 3, height, width), dtype=torch.uint8, device=device)
        taught = processes.from_process(number % place.size, taught)
        found.append(replace(scan, taught=taught.cpu().numpy()))
    return found


def _ask(scan: Scan, networks: Sequence[nn.Module], device: torch.device) -> Tensor:
    """(Z, 3, H, W) uint8 on the device, as Scan.taught has it."""
    x = torch.from_numpy((scan.images - scan.mean) / scan.std)[:, None].to(device)
    shares = []
    for part in x.split(_BATCH):
        total = torch.zeros((), device=device)
        for turn in (False, True):
            image = (part.flip(3) if turn else part).contiguous(memory_format=torch.channels_last)
            for network in networks:
                with torch.autocast(device.type, torch.bfloat16):
                    logits = network(image)
                shown = logits.float().softmax(1)[:, 1:]
                total = total + (shown.flip(3) if turn else shown)
        shares.append(total / (2 * len(networks)))
    return (torch.cat(shares) * 255).round().to(torch.uint8)
