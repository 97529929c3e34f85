"""What a header in text says of the voxels of a file: the grid, and where and how they are stored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_HEADER = 1 << 20
"""Headers are lines of text; what does not end within this many bytes is none."""


class Segment(NamedTuple):
    """A structure in a mask that names its own. layer: which of the mask's volumes it is in. value: there."""

    name: str
    layer: int
    value: int


@dataclass(frozen=True, slots=True, eq=False)
class VoxelHeader:
    """affine: (4, 4) LPS of indices (i, j, k), mm. shape, frames: (I, J, K) and T; frames_first: T varies fastest.

    known: whether the header says where the axes point. data: file of the voxels, which start at byte `start` of it,
    packed by coding: "raw", "gzip", "zlib", "bzip2", or "text" for numbers in words.
    step_ms: time from frame to frame; 0 where the header does not say.
    segments: of a mask whose volumes are no frames but layers of one.
    """

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]
    frames: int
    frames_first: bool
    known: bool
    dtype: np.dtype[np.generic]
    data: Path
    start: int
    coding: str
    segments: tuple[Segment, ...] = ()
    step_ms: float = 0.0

    @property
    def total_bytes(self) -> int:
        return math.prod(self.shape) * self.frames * self.dtype.itemsize


def stack_of_sizes(sizes: list[int], *, frames_first: bool = False) -> tuple[tuple[int, int, int], int]:
    """((I, J, K), T) of sizes in file order. Raises ValueError unless it is a stack or a cine of stacks."""
    if frames_first:
        sizes = [*sizes[1:], sizes[0]]
    if not 3 <= len(sizes) <= 4 or min(sizes) < 1:
        raise ValueError(
            f"it is {len(sizes)}-D ({' × '.join(map(str, sizes))}); 3-D stacks and 4-D cines can be opened"
        )
    return (sizes[0], sizes[1], sizes[2]), sizes[3] if len(sizes) == 4 else 1


def affine_of(axes: NDArray[np.float64], origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) of (3, 3) axes in columns and (3,) origin."""
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, origin
    return affine


def beside(path: Path, name: str) -> Path:
    """A voxel file by the name in the header, which must lie beside it. Raises ValueError."""
    if name.split()[:1] == ["LIST"] or "%" in name:
        raise ValueError("its voxels are in several files; save it as one file")
    if not name or Path(name).name != name or "\\" in name:
        raise ValueError(f"its voxels are in another folder ({name[:60]}); put both files into one folder")
    return path.with_name(name)
