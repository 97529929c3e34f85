"""The training loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.processes import sum_over_processes


def dice_cross_entropy(
    logits: Tensor, target: Tensor, taught: Tensor | None = None, teacher_weight: float = 0.5
) -> Tensor:
    """Cross entropy plus soft Dice, equally weighted; a scalar.

    logits: (N, C, H, W), taken as float32. target: (N, H, W) int64, 0 to C − 1.
    taught: a teacher's probabilities (N, C, H, W). The cross entropy is then against their mixture with the truth
    (Hinton et al., Distilling the Knowledge in a Neural Network, 2015, at temperature 1); Dice stays with the truth.
    Dice is summed over the batch for each structure, so that slices without it do not divide by zero, and averaged
    over the structures without background (Milletari et al., V-Net, 2016, with plain sums in the denominator).
    """
    logits = logits.float()
    probabilities = logits.softmax(1)[:, 1:]
    truth = F.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2)[:, 1:].to(probabilities.dtype)
    # Each process has a part of the batch. The mean of their cross entropies is already that of the whole.
    overlap = sum_over_processes((probabilities * truth).sum((0, 2, 3)))
    size = sum_over_processes(probabilities.sum((0, 2, 3)) + truth.sum((0, 2, 3)))
    dice = (2 * overlap + 1.0) / (size + 1.0)
    entropy = F.cross_entropy(logits, target)
    if taught is not None:
        entropy = torch.lerp(entropy, F.cross_entropy(logits, taught), teacher_weight)
    return entropy + 1 - dice.mean()
