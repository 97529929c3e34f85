"""Volume slices to network input, and network output back to the source grid.

Training imports this same code, so that what a network learns on is what it will see.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.volume import Geometry, Known


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network takes, as its card says.

    spacing_mm: in-plane pixel size that slices are resampled to.
    unknown_spacing_mm: pixel size taken for scans whose header gives none (typical of cine MR).
    multiple: height and width are padded up to a multiple of this.
    min_size, max_size: bounds of height and width; what lies beyond max_size about the image's centre is not seen.
    percentiles: the intensities that become 0 and 1 before standardising.
    """

    spacing_mm: float = 1.5
    unknown_spacing_mm: float = 1.4
    multiple: int = 32
    min_size: int = 128
    max_size: int = 512
    percentiles: tuple[float, float] = (1.0, 99.0)


@dataclass(frozen=True, slots=True)
class Intensity:
    """Affine intensity change of one scan: clip to [low, high], scale to [0, 1], then (value − mean) / std."""

    low: float
    high: float
    mean: float
    std: float


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The pair of linear maps between a slice (Y, X) and the network's input (H, W).

    Both share their centre. Forward is linear interpolation with a triangle filter that widens when it shrinks
    (no aliasing), zero outside the image; backward is the same, repeated at the border.
    """

    source_shape: tuple[int, int]
    input_shape: tuple[int, int]
    rows: Any
    columns_t: Any
    rows_back: Any
    columns_back: Any


def _interpolation(n_in: int, n_out: int, step: float, *, outside_is_zero: bool) -> Any:
    """(n_out, n_in) CSR float32: linear interpolation at step input pixels per output pixel, centres aligned."""
    # Not at the top: model cards need InputSpec, and the viewer paints before SciPy has loaded.
    from scipy import sparse  # noqa: PLC0415

    centres = (np.arange(n_out) - (n_out - 1) / 2) * step + (n_in - 1) / 2
    width = max(1.0, step)
    reach = math.ceil(width)
    taps = np.floor(centres)[:, None].astype(np.int64) + np.arange(-reach, reach + 2)
    weights = np.clip(1 - np.abs(taps - centres[:, None]) / width, 0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    inside = (taps >= 0) & (taps < n_in)
    if outside_is_zero:
        weights = np.where(inside, weights, 0)
    taps = np.clip(taps, 0, n_in - 1)
    rows = np.repeat(np.arange(n_out), taps.shape[1])
    keep = weights.ravel() > 0
    matrix = sparse.coo_matrix(
        (weights.ravel()[keep].astype(np.float32), (rows[keep], taps.ravel()[keep])), shape=(n_out, n_in)
    )
    return matrix.tocsr()


def plan(geometry: Geometry, spec: InputSpec) -> Grid:
    """The maps for every slice of a stack. Pixel sizes come from the geometry, or from the spec where unknown."""
    x_mm, y_mm, _ = geometry.spacing_mm
    if geometry.spacing is Known.ASSUMED:
        x_mm, y_mm = spec.unknown_spacing_mm, spec.unknown_spacing_mm
    _, height, width = geometry.shape

    def size(n: int, mm: float) -> int:
        padded = math.ceil(round(n * mm / spec.spacing_mm, 3) / spec.multiple) * spec.multiple
        return min(max(padded, spec.min_size), spec.max_size)

    h, w = size(height, y_mm), size(width, x_mm)
    y_step, x_step = spec.spacing_mm / y_mm, spec.spacing_mm / x_mm
    return Grid(
        source_shape=(height, width),
        input_shape=(h, w),
        rows=_interpolation(height, h, y_step, outside_is_zero=True),
        columns_t=_interpolation(width, w, x_step, outside_is_zero=True).T.tocsr(),
        rows_back=_interpolation(h, height, 1 / y_step, outside_is_zero=False),
        columns_back=_interpolation(w, width, 1 / x_step, outside_is_zero=False),
    )


def intensity(array: NDArray[Any], spec: InputSpec) -> Intensity:
    """Robust intensity range of a scan, (T, Z, Y, X), taken over all its frames so that a cine does not flicker.

    A regular sample of at most about a million voxels stands for the whole. Mean and standard deviation are of the
    voxels above 5 % of the range, so that they do not depend on how much air the field of view holds.
    """
    step = max(1, math.ceil((array.size / 1e6) ** 0.25))
    sample = array[::step, :: step if array.shape[1] > 4 * step else 1, ::step, ::step].astype(np.float32)
    low, high = (float(p) for p in np.percentile(sample, spec.percentiles))
    if not high > low:
        high = low + 1.0
    scaled = np.clip((sample - low) / (high - low), 0, 1)
    tissue = scaled[scaled > 0.05]
    if tissue.size < 2:
        tissue = scaled.ravel()
    return Intensity(low, high, float(tissue.mean()), max(float(tissue.std()), 1e-3))


def to_input(image: NDArray[Any], grid: Grid, scale: Intensity) -> NDArray[np.float32]:
    """One slice (Y, X) of any real dtype to the network's input, (1, 1, H, W) float32, standardised."""
    unit = (image.astype(np.float32) - scale.low) * np.float32(1 / (scale.high - scale.low))
    np.clip(unit, 0, 1, out=unit)
    resampled = (grid.rows @ unit) @ grid.columns_t
    return np.asarray((resampled - scale.mean) / scale.std, dtype=np.float32)[None, None]


def to_source(planes: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Network planes (C, H, W), such as logits, onto the source grid: (C, Y, X) float32."""
    c, h, w = planes.shape
    down = grid.rows_back @ planes.transpose(1, 0, 2).reshape(h, c * w)
    height, width = grid.source_shape
    across = grid.columns_back @ down.reshape(height, c, w).transpose(2, 0, 1).reshape(w, height * c)
    return np.ascontiguousarray(across.reshape(width, height, c).transpose(2, 1, 0))
