"""Registration of slices: where each voxel of one frame was in another, by what both show.

Iterative Lucas–Kanade (Le Besnerais and Champagnat, Dense optical flow by iterative local window registration, ICIP
2005, doi 10.1109/ICIP.2005.1529706) over several channels, in windows of a Gaussian, and smoothed after each step.
All slices of a frame are registered at once, each within itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.later import Later

ndimage = Later("scipy.ndimage")

Field = NDArray[np.float32]
"""(2, Z, Y, X): how far, in rows and columns, from each voxel what it shows is found in the other frame."""


def registered(
    moving: NDArray[np.float32],
    fixed: NDArray[np.float32],
    start: Field,
    *,
    steps: int = 5,
    window: float = 2.5,
    smooth: float = 1.5,
) -> Field:
    """The field by which moving, taken from where it says, shows the same as fixed.

    moving, fixed: (C, Z, Y, X), the channels of both frames, each of about unit spread. start: to begin with, such as
    that of the frame before. window, smooth: standard deviations in voxels.
    """
    field = start.copy()
    grid = np.indices(fixed.shape[1:], dtype=np.float32)
    for _ in range(steps):
        sums = np.zeros((5, *fixed.shape[1:]), dtype=np.float32)
        places = grid.copy()
        places[1:] += field
        for channel, there in zip(moving, fixed, strict=True):
            here = ndimage.map_coordinates(channel, places, order=1, mode="nearest")
            gy, gx = np.gradient(here, axis=(1, 2))
            off = here - there
            sums += np.stack([gy * gy, gx * gx, gy * gx, gy * off, gx * off])
        yy, xx, yx, y, x = _blurred(sums, window)
        damp = np.float32(0.02) + np.float32(0.05) * (yy + xx)
        yy, xx = yy + damp, xx + damp
        det = yy * xx - yx * yx
        field[0] -= (xx * y - yx * x) / det
        field[1] -= (yy * x - yx * y) / det
        field = _blurred(field, smooth)
    return field


def _blurred(maps: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """(N, Z, Y, X), smoothed within the slices."""
    blurred: NDArray[np.float32] = ndimage.gaussian_filter(maps, (0, 0, sigma, sigma), mode="nearest", truncate=2.5)
    return blurred


def taken(channel: NDArray[np.float32], field: Field) -> NDArray[np.float32]:
    """A map (Z, Y, X) with its values taken from where the field says."""
    places = np.indices(channel.shape, dtype=np.float32)
    places[1:] += field
    found: NDArray[np.float32] = ndimage.map_coordinates(channel, places, order=1, mode="nearest")
    return found
