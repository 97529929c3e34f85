"""Where a picture has a colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def near(pixels: NDArray[np.uint8], colour: Sequence[int], within: int = 10) -> NDArray[np.bool_]:
    """(Y, X) bool of pixels (Y, X, 3): no channel differs from the colour by more than `within`."""
    found = np.ones(pixels.shape[:2], bool)
    for channel, wanted in enumerate(colour):
        # Compared as bytes: pictures of a whole window are large.
        low, high = np.uint8(max(wanted - within, 0)), np.uint8(min(wanted + within, 255))
        found &= (pixels[..., channel] >= low) & (pixels[..., channel] <= high)
    return found
