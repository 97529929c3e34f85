"""Headers of NRRD (.nrrd, .nhdr) and MetaImage (.mha, .mhd) files: the grid, and where and how the voxels are stored.

Own readers, because the libraries for these formats unpack whatever a file claims; the voxels themselves are read by
engine.formats.nifti_file, bounded and checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.files import open_regular

SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd")
_MOST_HEADER = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class ItkHeader:
    """affine: (4, 4) LPS of indices (i, j, k), mm. shape, frames: (I, J, K) and T; frames_first: T varies fastest.

    known: whether the header says where the axes point. data: file of the voxels, which start at byte `start` of it,
    packed by coding, "raw", "gzip" or "zlib".
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


def read_itk_header(path: Path) -> ItkHeader:
    """Raises ValueError or OSError, whose text says what is wrong."""
    with open_regular(path) as stream:
        block = stream.read(_MOST_HEADER)
    if path.suffix.lower() in (".nrrd", ".nhdr"):
        return _nrrd(path, block)
    return _meta(path, block)


def _header(
    shape: list[int], axes: NDArray[np.float64], origin: NDArray[np.float64], *, frames_first: bool
) -> tuple[NDArray[np.float64], tuple[int, int, int], int]:
    """(affine, (I, J, K), T) of sizes in file order. Raises ValueError."""
    if frames_first:
        shape = [*shape[1:], shape[0]]
    if not 3 <= len(shape) <= 4 or min(shape) < 1:
        raise ValueError(
            f"it is {len(shape)}-D ({' × '.join(map(str, shape))}); 3-D stacks and 4-D cines can be opened"
        )
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, origin
    return affine, (shape[0], shape[1], shape[2]), shape[3] if len(shape) == 4 else 1


def _beside(path: Path, name: str) -> Path:
    """A voxel file by the name in the header, which must lie beside it. Raises ValueError."""
    if not name or Path(name).name != name or "%" in name or name.startswith("LIST"):
        raise ValueError("its voxels are in other folders or in several files; save it as one file")
    return path.with_name(name)


_NRRD_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("longlong", "long long", "int64", "int64_t"), "i8"),
    **dict.fromkeys(("ulonglong", "unsigned long long", "uint64", "uint64_t"), "u8"),
    "float": "f4",
    "double": "f8",
}
_SPACES = {
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}


def _nrrd(path: Path, block: bytes) -> ItkHeader:
    if not block.startswith(b"NRRD000"):
        raise ValueError("it does not begin as an NRRD file")
    end = re.search(rb"\r?\n\r?\n", block)
    lines = block[: end.start() if end else None].decode("latin-1").splitlines()[1:]
    said = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line[:1] != "#")}
    sizes = [int(n) for n in said.get("sizes", "").split()]
    vectors = re.findall(r"none|\([^)]*\)", said.get("space directions", ""))
    spacings = [float(n) for n in said.get("spacings", "").split()]
    kinds = said.get("kinds", "").lower().split()
    spatial = [i for i in range(len(sizes)) if i < len(vectors) and vectors[i] != "none"] if vectors else []
    if vectors and (len(spatial) != 3 or len(vectors) != len(sizes)):
        raise ValueError("its space directions are not three")
    frames_first = len(sizes) == 4 and (
        spatial[:1] == [1] if spatial else kinds[:1] in (["list"], ["time"], ["vector"])
    )
    if len(sizes) == 4 and spatial and spatial not in ([0, 1, 2], [1, 2, 3]):
        raise ValueError("its frames are between its slices")
    if spatial:
        axes = np.array([_vector(vectors[i]) for i in spatial]).T
    else:
        steps = (spacings[1:4] if frames_first else spacings[:3]) or [1.0, 1.0, 1.0]
        axes = np.diag([step if np.isfinite(step) else 1.0 for step in steps])
    origin = _vector(said["space origin"]) if "space origin" in said else np.zeros(3)
    space = said.get("space", "").lower()
    signs = np.array(_SPACES.get(space, (1, 1, 1)), dtype=np.float64)
    affine, shape, frames = _header(sizes, signs[:, None] * axes, signs * origin, frames_first=frames_first)
    coding = {"raw": "raw", "gz": "gzip", "gzip": "gzip"}.get(said.get("encoding", "").lower())
    kind = _NRRD_TYPES.get(said.get("type", "").lower())
    if coding is None or kind is None or any(said.get(skip, "0") != "0" for skip in ("line skip", "byte skip")):
        raise ValueError("its encoding or type cannot be read; save it as raw or gzip")
    name = said.get("data file", said.get("datafile", ""))
    if not name and end is None:
        raise ValueError("its header has no end")
    data, start = (_beside(path, name), 0) if name else (path, end.end() if end else 0)
    order = ">" if said.get("endian", "little").lower() == "big" else "<"
    known = bool(spatial) and space in _SPACES
    return ItkHeader(affine, shape, frames, frames_first, known, np.dtype(order + kind), data, start, coding)


def _vector(text: str) -> NDArray[np.float64]:
    vector = np.array([float(n) for n in text.strip("() ").split(",")])
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise ValueError("its directions are not three numbers each")
    return vector


_META_TYPES = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4"},
    **{"MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}


def _meta(path: Path, block: bytes) -> ItkHeader:
    end = re.search(rb"ElementDataFile\s*=\s*([^\r\n]*)\r?\n?", block)
    if end is None:
        raise ValueError("it does not begin as a MetaImage file")
    lines = block[: end.start()].decode("latin-1").splitlines()
    said = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    count = int(said.get("NDims", "0"))
    sizes = [int(n) for n in said.get("DimSize", "").split()]
    if not 3 <= count <= 4 or len(sizes) != count:
        raise ValueError(f"it is {count}-D; 3-D stacks and 4-D cines can be opened")
    spacing = _numbers(said, ("ElementSpacing", "ElementSize"), [1.0] * count)[:3]
    origin = _numbers(said, ("Offset", "Position", "Origin"), [0.0] * count)[:3]
    matrix = _numbers(said, ("TransformMatrix", "Rotation", "Orientation"), np.eye(count).ravel().tolist())
    # Each run of NDims numbers is the direction of one axis.
    directions = np.array(matrix).reshape(count, count)[:3, :3].T
    affine, shape, frames = _header(sizes, directions * spacing, np.array(origin), frames_first=False)
    kind = _META_TYPES.get(said.get("ElementType", ""))
    if kind is None or said.get("ElementNumberOfChannels", "1") != "1" or said.get("BinaryData", "True") == "False":
        raise ValueError("its element type cannot be read; save grey values in binary form")
    big = "true" in (said.get("BinaryDataByteOrderMSB", "") + said.get("ElementByteOrderMSB", "")).lower()
    name = end[1].decode("latin-1").strip()
    data, start = (path, end.end()) if name == "LOCAL" else (_beside(path, name), int(said.get("HeaderSize", "0")))
    if start < 0:
        raise ValueError("its HeaderSize is not known")
    coding = "zlib" if said.get("CompressedData", "").lower() == "true" else "raw"
    known = any(key in said for key in ("TransformMatrix", "Rotation", "Orientation"))
    return ItkHeader(affine, shape, frames, False, known, np.dtype((">" if big else "<") + kind), data, start, coding)


def _numbers(said: dict[str, str], keys: tuple[str, ...], default: list[float]) -> list[float]:
    text = next((said[key] for key in keys if key in said), None)
    found = default if text is None else [float(n) for n in text.split()]
    if len(found) != len(default) or not np.isfinite(found).all():
        raise ValueError(f"its {keys[0]} is not {len(default)} numbers")
    return found
