"""Random crops that look like other patients, scanners and centres.

Geometry: any in-plane rotation and mirror, since arrays come in every orientation; scale, stretch, shift and a smooth
deformation. Intensity: contrast, bias field, noise, blur, ghosting; then standardised as in
engine.network.preprocess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from training.data.scans import Scan


class Augmenter:
    """Draws batches from scans; all randomness comes from one seeded numpy generator."""

    def __init__(self, scans: Sequence[Scan], crop: int) -> None:
        self.crop = crop
        self.scans = scans
        self.index = [(s, z) for s, scan in enumerate(scans) for z in range(len(scan.images))]
        axis = torch.arange(crop, dtype=torch.float32) - (crop - 1) / 2
        self.offsets = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1)

    def __len__(self) -> int:
        return len(self.index)

    def batches(self, batch: int, rng: np.random.Generator) -> list[list[int]]:
        """One epoch: every slice once, in random order; a last incomplete batch is left out."""
        order = rng.permutation(len(self.index)).tolist()
        return [order[i : i + batch] for i in range(0, len(order) - batch + 1, batch)]

    def draw(
        self, items: Sequence[int], rng: np.random.Generator, strength: float = 1.0
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Images (N, 1, crop, crop) float32, standardised, labels (N, crop, crop) int64, and a teacher's probabilities.

        The last are (N, 4, crop, crop) float32, background first, where all scans have them, and None elsewhere.

        strength: 1 for full augmentation. Towards 0, deformations and other scanners become rarer, zoom and shift
        smaller.
        Rotation and mirroring are not reduced.
        """
        images, labels, taught = [], [], []
        for item in items:
            s, z = self.index[item]
            scan = self.scans[s]
            grid = self._grid(scan, z, rng, strength)
            image = _sampled(scan.images[z], grid)
            images.append(_standardise(_degrade(image, rng, strength), scan, rng, strength))
            labels.append(_sampled(scan.labels[z], grid, "nearest").long())
            if scan.taught is not None:
                shown = _sampled(scan.taught[z], grid) / 255
                taught.append(torch.cat(((1 - shown.sum(0, keepdim=True)).clamp(min=0), shown)))
        teacher = torch.stack(taught) if len(taught) == len(images) else None
        return torch.stack(images)[:, None], torch.stack(labels), teacher

    def _grid(self, scan: Scan, z: int, rng: np.random.Generator, strength: float) -> Tensor:
        """Where a crop's pixels lie in a slice, (1, crop, crop, 2), as grid_sample takes it."""
        height, width = scan.images.shape[1:]
        angle = rng.uniform(0, 2 * math.pi)
        zoom = math.exp(strength * rng.uniform(math.log(0.7), math.log(1.4)))
        stretch = math.exp(strength * rng.normal(0, 0.08))
        mirror = 1.0 if rng.random() < 0.5 else -1.0
        rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        matrix = rotation @ np.diag([stretch / zoom, mirror / (stretch * zoom)])
        if rng.random() < 0.9:
            centre = scan.centre[z] + strength * rng.uniform(-0.25, 0.25, 2) * self.crop
        else:
            centre = rng.uniform((0, 0), (height, width))
        points = self.offsets @ torch.from_numpy(matrix.T.astype(np.float32))
        if rng.random() < 0.4 * strength:
            points = points + _smooth(rng, 2, self.crop, cells=4, amplitude=rng.uniform(1, 5)).permute(1, 2, 0)
        points = points + torch.from_numpy(np.asarray(centre, dtype=np.float32))
        # grid_sample counts (x, y) from −1 to 1 over pixel edges.
        size = torch.tensor([width, height], dtype=torch.float32)
        return ((points.flip(-1) + 0.5) / size * 2 - 1)[None]


def _sampled(picture: NDArray[Any], grid: Tensor, mode: str = "bilinear") -> Tensor:
    """A picture (H, W) or (C, H, W) at the points of a grid, as float32; 0 outside."""
    channels = torch.from_numpy(picture).float().view(1, -1, *picture.shape[-2:])
    found = F.grid_sample(channels, grid, mode, "zeros", align_corners=False)[0]
    return found[0] if picture.ndim == 2 else found


def _smooth(rng: np.random.Generator, channels: int, size: int, cells: int, amplitude: float) -> Tensor:
    """(channels, size, size) smooth noise of the given standard deviation at its nodes."""
    nodes = torch.from_numpy(rng.normal(0, amplitude, (1, channels, cells, cells)).astype(np.float32))
    return F.interpolate(nodes, size=(size, size), mode="bicubic", align_corners=True)[0]


def _degrade(image: Tensor, rng: np.random.Generator, strength: float) -> Tensor:
    """A [0, 1] image (H, W) as another scanner might have made it."""
    size = image.shape[-1]
    if rng.random() < 0.2 * strength:  # thicker pixels
        factor = rng.uniform(1.2, 2.5)
        shape = [max(8, int(size / factor)), max(8, int(size / (factor if rng.random() < 0.5 else 1)))]
        small = F.interpolate(image[None, None], size=shape, mode="bilinear", antialias=True, align_corners=False)
        image = F.interpolate(small, size=(size, size), mode="bilinear", align_corners=False)[0, 0]
    if rng.random() < 0.15 * strength:  # sharpening, as scanners' filters do
        blurred = F.avg_pool2d(image[None, None], 3, 1, 1)[0, 0]
        image = image + rng.uniform(0.3, 1.2) * (image - blurred)
    if rng.random() < 0.5 * strength:  # contrast
        image = image.clamp(0, 1.5) ** math.exp(rng.normal(0, 0.35))
    if rng.random() < 0.4 * strength:  # coil sensitivity
        image = image * _smooth(rng, 1, size, cells=3, amplitude=rng.uniform(0.1, 0.35))[0].exp()
    if rng.random() < 0.1 * strength:  # ghosts of motion along the phase direction
        axis = int(rng.integers(2))
        ghost = sum(torch.roll(image, int(size * rng.uniform(0.15, 0.5)) * sign, axis) for sign in (1, -1))
        image = image + rng.uniform(0.03, 0.12) * ghost
    if rng.random() < 0.4 * strength:  # Rician noise
        sigma = rng.uniform(0.01, 0.08)
        noise = torch.from_numpy(rng.normal(0, sigma, (2, size, size)).astype(np.float32))
        image = ((image + noise[0]) ** 2 + noise[1] ** 2).sqrt()
    return image


def _standardise(image: Tensor, scan: Scan, rng: np.random.Generator, strength: float) -> Tensor:
    """Standardise by the scan's statistics, or by the crop's as if it were the whole field of view; shift a little."""
    mean, std = scan.mean, scan.std
    if rng.random() < 0.5:
        tissue = image[image > 0.05]
        if tissue.numel() > 200:
            mean, std = float(tissue.mean()), max(float(tissue.std()), 0.05)
    return (image - mean) / std * math.exp(strength * rng.normal(0, 0.15)) + strength * rng.normal(0, 0.15)
