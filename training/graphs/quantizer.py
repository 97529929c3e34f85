"""A quantizer whose bit width and steps are trained.

A width is a real number that is rounded in the forward pass and trained straight through the rounding (Uhlich et al.,
Mixed precision DNNs, ICLR 2020; Brevitas' learned bit width, which QuantU-Net uses, does the same). Its step is trained
as in Esser et al., Learned step size quantization, ICLR 2020.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

MIN_BITS = 2
# Below, float16 has fewer than 11 significant bits.
SMALLEST_STEP = 2.0**-14


class LearnedQuantizer(nn.Module):
    """Learned step and bits of one or more tensors that are rounded in the same way.

    table: (C, K) logarithms of the steps that suit MIN_BITS, MIN_BITS + 1, … bits best; C is 1 or the channels.
    zero: where 0 lies in the range, 0 at its lower end and 1 at its upper; None for codes of two's complement.
    """

    def __init__(self, table: Tensor, zero: float | None, start: float) -> None:
        super().__init__()
        self.table: Tensor
        self.register_buffer("table", table)
        self.zero = zero
        self.most = MIN_BITS + table.shape[1] - 1
        self.width = nn.Parameter(torch.tensor(min(start, self.most)))
        self.scale = nn.Parameter(torch.zeros(table.shape[0]))

    @property
    def bits(self) -> int:
        """The whole bits of the forward pass."""
        return int(self.width.detach().clamp(MIN_BITS, self.most).round())

    def codes(self) -> tuple[int, int, int]:
        """(lowest, highest, zero): codes relative to the zero, and what is added to make them count from 0."""
        if self.zero is None:
            half = 1 << (self.bits - 1)
            return -half, half - 1, half
        levels = (1 << self.bits) - 1
        zero = round(self.zero * levels)
        return -zero, levels - zero, zero

    def step(self) -> Tensor:
        """(C,) steps, as float16 holds them; bits and scale get their gradients."""
        index = self.bits - MIN_BITS
        up, down = min(index + 1, self.table.shape[1] - 1), max(index - 1, 0)
        slope = (self.table[:, up] - self.table[:, down]) / (up - down)
        step = (self.table[:, index] + slope * (self.width - self.width.detach()) + self.scale).exp()
        step = step.clamp_min(SMALLEST_STEP)
        return step + (step.half().float() - step).detach()

    def forward(self, x: Tensor, axis: int | None = None) -> Tensor:
        low, high, _ = self.codes()
        step = self.step()
        # More bits also mean more codes, from which clipped values get their gradient.
        growth = 1 + math.log(2) * (self.width - self.width.detach())
        if axis is not None:
            step = step.view([-1 if i == axis else 1 for i in range(x.ndim)])
        return _Round.apply(  # type: ignore[no-untyped-call]
            x, step, low * step * growth, high * step * growth, low, high
        )


class _Round(torch.autograd.Function):
    """Round x to whole multiples (low to high) of step. Its gradients go straight through the rounding.

    least, most: low and high times step; they carry the gradient of what is clipped there.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Tensor, least: Tensor, most: Tensor, low: int, high: int) -> Tensor:
        y = (x / step).round_().clamp_(low, high).mul_(step)
        ctx.save_for_backward(x, y, step, least, most)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, y, step, least, most = ctx.saved_tensors
        over, under = x > most, x < least
        inside = gradient.masked_fill(over, 0.0).masked_fill_(under, 0.0)
        # Sums over what shares a step: all of it, or an output channel.
        axes = tuple(i for i in range(x.ndim) if step.ndim != x.ndim or step.shape[i] == 1)
        shared = {"dim": axes, "keepdim": step.ndim == x.ndim}
        by_least = gradient.masked_fill(~under, 0.0).sum(**shared).view(step.shape)
        by_most = gradient.sum(**shared).view(step.shape) - inside.sum(**shared).view(step.shape) - by_least
        # With a straight-through rounding, d(round(x / s) · s)/ds is round(x / s) − x / s.
        by_step = (y - x).mul_(inside).sum(**shared).view(step.shape) / step
        return inside, by_step, by_least, by_most, None, None


def best_steps(rows: Tensor, reach: Tensor, zero: float | None, most: int) -> Tensor:
    """(C, most − MIN_BITS + 1) steps of least squared error for rows (C, n) in MIN_BITS to most bits.

    reach: (C,) length of the range that loses nothing; half of it where codes are symmetric.
    zero: as in LearnedQuantizer.
    """
    found = []
    for bits in range(MIN_BITS, most + 1):
        levels = (1 << (bits - 1)) - 1 if zero is None else (1 << bits) - 1
        low = -levels - 1 if zero is None else -round(zero * levels)
        high = levels if zero is None else levels + low
        best = torch.full((rows.shape[0],), torch.inf)
        kept = torch.ones(rows.shape[0])
        for share in np.linspace(0.2, 1.0, 33):
            step = (reach * float(share) / levels).clamp_min(SMALLEST_STEP)
            error = ((rows / step[:, None]).round().clamp(low, high) * step[:, None] - rows).square().sum(1)
            kept, best = torch.where(error < best, step, kept), torch.minimum(error, best)
        found.append(kept)
    return torch.stack(found, 1)
