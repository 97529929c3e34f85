"""The header of a MetaImage file (.mha, .mhd), read by its own few rules: SimpleITK would add 274 MB to the program."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from engine.formats.voxel_header import VoxelHeader, affine_of, beside, stack_of_sizes

SUFFIXES = (".mha", ".mhd")

_TYPES = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4"},
    **{"MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8"},
    **{"MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}


def read_metaimage_header(path: Path, block: bytes) -> VoxelHeader:
    """block: how the file begins. Raises ValueError, whose text says what is wrong."""
    end = re.search(rb"(?m)^\s*ElementDataFile\s*=\s*([^\r\n]*)\r?\n?", block)
    if end is None:
        raise ValueError("it does not begin as a MetaImage file")
    lines = block[: end.start()].decode("latin-1").splitlines()
    said = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    count = int(said.get("NDims", "0"))
    sizes = [int(n) for n in said.get("DimSize", "").split()]
    if not 3 <= count <= 4 or len(sizes) != count:
        raise ValueError(f"it is {count}-D; 3-D stacks and 4-D cines can be opened")
    *spacing, step = [*_numbers(said, ("ElementSpacing", "ElementSize"), [1.0] * count), 0.0][:4]
    origin = _numbers(said, ("Offset", "Position", "Origin"), [0.0] * count)[:3]
    turned = ("TransformMatrix", "Rotation", "Orientation")
    matrix = _numbers(said, turned, np.eye(count).ravel().tolist())
    # Each run of NDims numbers is the direction of one axis.
    directions = np.array(matrix).reshape(count, count)[:3, :3].T
    shape, frames = stack_of_sizes(sizes)
    name = said.get("ElementType", "")
    if said.get("ElementNumberOfChannels", "1") != "1":
        raise ValueError("it holds colours or vectors; save grey values")
    if name not in _TYPES:
        raise ValueError(f"its element type ({name[:40] or 'none'}) is none of grey values; save it as short or float")
    big = "true" in (said.get("BinaryDataByteOrderMSB", "") + said.get("ElementByteOrderMSB", "")).lower()
    dtype = np.dtype((">" if big else "<") + _TYPES[name])
    packed = said.get("CompressedData", "").lower() == "true"
    text = said.get("BinaryData", "True").lower() == "false"
    if packed and text:
        raise ValueError("it is said to be packed and text at once; save it again")
    named = end[1].decode("latin-1").strip()
    data, start = (path, end.end()) if named.upper() == "LOCAL" else (beside(path, named), 0)
    skip = int(said.get("HeaderSize", "0"))
    if data != path and skip == -1 and not packed and not text:
        # The voxels are the end of their file, whatever stands before them.
        start = -1
    elif skip < 0:
        raise ValueError(f"its HeaderSize ({skip}) is not known")
    elif data != path:
        start = skip
    coding = "zlib" if packed else "text" if text else "raw"
    known = any(key in said for key in turned)
    affine = affine_of(directions * spacing, np.array(origin))
    # Writers give the step in time in s or in ms; a frame of a cine takes 5 to 200 ms.
    step_ms = 1000 * step if 0.005 <= step <= 0.2 else step if 5 <= step <= 200 else 0.0
    return VoxelHeader(affine, shape, frames, False, known, dtype, data, start, coding, step_ms=step_ms)


def _numbers(said: dict[str, str], keys: tuple[str, ...], default: list[float]) -> list[float]:
    text = next((said[key] for key in keys if key in said), None)
    found = default if text is None else [float(n) for n in text.split()]
    if len(found) != len(default) or not np.isfinite(found).all():
        raise ValueError(f"its {keys[0]} is not {len(default)} numbers")
    return found
