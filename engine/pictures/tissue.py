"""Soft-edged shapes and textures on a picture (Y, X) float32, to draw tissue with. Lengths in mm, but for pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def inside(distance: Any, soft_mm: Any) -> Any:
    """Share of a pixel inside an edge, 0 to 1, from the distance to it in mm (negative is inside)."""
    return np.clip(0.5 - distance / soft_mm, 0, 1)


def paint(picture: Array, signal: Any, share: Any) -> None:
    """Lay tissue over the picture, in place."""
    picture += share * (signal - picture)


def ellipse(x: Array, y: Array, at: tuple[float, float], radii: tuple[float, float], turn: float = 0.0) -> Array:
    """Approximate signed distance in mm to an ellipse, negative inside; turn in degrees, clockwise."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dx, dy = x - at[0], y - at[1]
    u, v = (c * dx + s * dy) / radii[0], (c * dy - s * dx) / radii[1]
    rho = np.sqrt(u * u + v * v)
    slope = np.sqrt((u / radii[0]) ** 2 + (v / radii[1]) ** 2) / np.maximum(rho, 1e-3)
    return np.asarray((rho - 1) / np.maximum(slope, 1e-3), dtype=np.float32)


def blurred(field: Array, pixels: float, *, reach: float = 4.0, mode: str = "symmetric") -> Array:
    """(…, Y, X) smoothed within its slices by a Gaussian, as scipy.ndimage.gaussian_filter does it, without its import.

    pixels: standard deviation. reach: where the Gaussian is cut off, in standard deviations. mode: of numpy.pad.
    """
    radius = int(reach * pixels + 0.5)
    steps = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 / (pixels * pixels) * steps**2)
    weights /= weights.sum()
    for axis in (-2, -1):
        width = [(0, 0)] * field.ndim
        width[axis] = (radius, radius)
        # The axis to smooth comes first, so that all shifts are slices of whole blocks.
        wide = np.moveaxis(np.pad(field, width, mode=mode).astype(np.float64), axis, 0)  # type: ignore[call-overload]
        n = field.shape[axis]
        total = weights[radius] * wide[radius : radius + n]
        for step in range(radius, 0, -1):
            total += weights[radius - step] * (wide[radius - step :][:n] + wide[radius + step :][:n])
        field = np.moveaxis(total, 0, axis).astype(np.float32)
    return field


def texture(field: Array, pixels: float) -> Array:
    """Noise (Y, X) as a smooth random field of mean 0 and standard deviation 1."""
    smooth = blurred(field, pixels, mode="wrap")
    return np.asarray((smooth - smooth.mean()) / smooth.std(), dtype=np.float32)
