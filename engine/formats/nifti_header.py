"""The header of a mask as NIfTI, without nibabel: an autosave within a stroke must not wait for its import."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

_HEADER, _OFFSET = 348, 352
_UINT8, _ALIGNED, _MM = 2, 2, 2


def mask_header(shape: tuple[int, ...], affine: NDArray[np.float64]) -> bytes:
    """What precedes the labels (T, Z, Y, X) uint8, in C order, of an uncompressed .nii.

    affine: (4, 4), of indices (x, y, z) to RAS mm, as its sform. Layout of the header: nifti1.h of the NIfTI Data
    Format Working Group, https://nifti.nimh.nih.gov/nifti-1.
    """
    t, z, y, x = shape
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    header = bytearray(_OFFSET)
    struct.pack_into("<i", header, 0, _HEADER)
    struct.pack_into("<8h", header, 40, 4, x, y, z, t, 1, 1, 1)
    struct.pack_into("<2h", header, 70, _UINT8, 8)
    struct.pack_into("<8f", header, 76, 1.0, *spacing, 1.0, 1.0, 1.0, 1.0)
    struct.pack_into("<f", header, 108, float(_OFFSET))
    struct.pack_into("<f", header, 112, 1.0)  # what values are multiplied by
    struct.pack_into("<B", header, 123, _MM)
    struct.pack_into("<2h", header, 252, 0, _ALIGNED)
    struct.pack_into("<12f", header, 280, *affine[:3].ravel())
    struct.pack_into("<4s", header, 344, b"n+1\0")
    return bytes(header)
