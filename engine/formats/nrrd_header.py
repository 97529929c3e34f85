"""The header of an NRRD file (.nrrd, .nhdr), and the names of the segments that Slicer keeps in it.

An own reader, because pynrrd unpacks whatever a file claims; the voxels are read by engine.formats.nifti_file, bounded
and checked.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.formats.voxel_header import Segment, VoxelHeader, affine_of, beside, stack_of_sizes

SUFFIXES = (".nrrd", ".nhdr")

_CODINGS = {
    **{"raw": "raw", "gz": "gzip", "gzip": "gzip", "bz2": "bzip2", "bzip2": "bzip2"},
    **dict.fromkeys(("txt", "text", "ascii"), "text"),
}
_COLOURS = ("rgb-color", "rgba-color", "hsv-color", "xyz-color", "3-color", "4-color", "complex", "quaternion")
_MOST_SEGMENTS = 1000
_TYPES = {
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
_LENGTHS = {
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 10.0),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1000.0),
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer", "micrometers", "micrometre"), 0.001),
}
_SPACES = {
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}


def read_nrrd_header(path: Path, block: bytes) -> VoxelHeader:
    """block: how the file begins. Raises ValueError, whose text says what is wrong."""
    if not block.startswith(b"NRRD000"):
        raise ValueError("it does not begin as an NRRD file")
    end = re.search(rb"\r?\n\r?\n", block)
    lines = block[: end.start() if end else None].decode("utf-8", "replace").splitlines()[1:]
    said = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line[:1] != "#")}
    sizes = [int(n) for n in said.get("sizes", "").split()]
    kinds = said.get("kinds", "").lower().split()
    if any(kind in _COLOURS or re.fullmatch(r"\d[\w-]*-(matrix|vector|gradient|normal).*", kind) for kind in kinds):
        raise ValueError("it holds colours or vectors; save grey values")
    vectors = re.findall(r"none|\([^)]*\)", said.get("space directions", ""))
    spatial = [i for i in range(len(sizes)) if i < len(vectors) and vectors[i] != "none"] if vectors else []
    if vectors and (len(spatial) != 3 or len(vectors) != len(sizes)):
        raise ValueError("its space directions are not three")
    if len(sizes) == 4 and spatial and spatial not in ([0, 1, 2], [1, 2, 3]):
        raise ValueError("its frames are between its slices")
    by_kind = kinds[:1] in (["list"], ["time"], ["vector"])
    frames_first = len(sizes) == 4 and (spatial[:1] == [1] if spatial else by_kind)
    shape, frames = stack_of_sizes(sizes, frames_first=frames_first)
    if spatial:
        axes = np.array([_vector(vectors[i]) for i in spatial]).T
    else:
        spacings = [float(n) for n in said.get("spacings", "").split()]
        steps = (spacings[1:4] if frames_first else spacings[:3]) or [1.0, 1.0, 1.0]
        axes = np.diag([step if np.isfinite(step) else 0.0 for step in steps])  # 0: not known, as NIfTI has it
        if axes.shape != (3, 3):
            raise ValueError("its spacings are not three")
    origin = _vector(said["space origin"]) if "space origin" in said else np.zeros(3)
    space = said.get("space", "").lower()
    signs = np.array(_SPACES.get(space, (1, 1, 1)), dtype=np.float64)
    encoding, kind = said.get("encoding", "").lower(), said.get("type", "").lower()
    if encoding not in _CODINGS:
        raise ValueError(f"its encoding ({encoding[:20] or 'none'}) cannot be read; save it as raw or gzip")
    if kind not in _TYPES:
        raise ValueError(f"its type ({kind[:40] or 'none'}) is none of grey values; save it as short or float")
    dtype = np.dtype((">" if said.get("endian", "little").lower() == "big" else "<") + _TYPES[kind])
    data, start = _place(path, block, said, end.end() if end else None, _CODINGS[encoding])
    unit_mm = _unit_mm(said.get("space units" if spatial else "units", ""))
    affine = affine_of(unit_mm * signs[:, None] * axes, unit_mm * signs * origin)
    known = bool(spatial) and space in _SPACES
    coding = _CODINGS[encoding]
    segments, step_ms = _segments(said), _step_ms(said, frames)
    return VoxelHeader(affine, shape, frames, frames_first, known, dtype, data, start, coding, segments, step_ms)


def _unit_mm(text: str) -> float:
    """How many mm the unit of lengths has; 1 where none is said. Raises ValueError where axes have several."""
    found = {_LENGTHS[word] for word in re.findall(r"[a-zµμ]+", text.lower()) if word in _LENGTHS}
    if len(found) > 1:
        raise ValueError("its axes have several units; save it in mm")
    return found.pop() if found else 1.0


def _step_ms(said: dict[str, str], frames: int) -> float:
    """The time from frame to frame, as Slicer writes it for a sequence or a multi-volume; 0 where it is not said."""
    given = said.get("axis 0 index values", "") or said.get("multivolume.framelabels", "")
    unit = said.get("multivolume.frameidentifyingdicomtagunits", "").lstrip("=").strip() or said.get("units", "")
    try:
        times = [float(n) for n in re.split(r"[ ,]+", given.lstrip("=").strip())]
    except ValueError:
        return 0.0
    steps = np.diff(times)
    if len(times) != frames or frames < 2 or not np.isfinite(times).all() or steps.min() <= 0:
        return 0.0
    return float(np.median(steps)) * (1000.0 if re.match(r'"?s"?(\s|$)', unit) else 1.0)


def _place(path: Path, block: bytes, said: dict[str, str], end: int | None, coding: str) -> tuple[Path, int]:
    """The file of the voxels, and the byte at which they start; -1 for as many as they are before its end."""
    name = said.get("data file", said.get("datafile", ""))
    if not name and end is None:
        raise ValueError("its header has no end")
    data, start = (beside(path, name), 0) if name else (path, end or 0)
    skipped = [int(said.get(f"{what} skip", said.get(f"{what}skip", "0"))) for what in ("line", "byte")]
    if skipped == [0, 0]:
        return data, start
    if coding != "raw" or skipped[0] < 0 or skipped[1] < -1:
        raise ValueError(f"its voxels begin after a skip ({skipped[0]} lines, {skipped[1]} bytes); save it anew as raw")
    if skipped[1] == -1:
        return data, -1
    if skipped[0]:
        if name:
            raise ValueError("its voxels begin after lines of text in another file; save it as one file")
        for _ in range(skipped[0]):
            start = block.index(b"\n", start) + 1
    return data, start + skipped[1]


def _segments(said: dict[str, str]) -> tuple[Segment, ...]:
    """What Slicer says of a segmentation: Segment0_Name:=LV, Segment0_Layer:=0, Segment0_LabelValue:=1."""
    found = []
    for number in range(_MOST_SEGMENTS):
        name, value = (said.get(f"segment{number}_{key}", "").lstrip("=") for key in ("name", "labelvalue"))
        if not value:
            break
        layer = said.get(f"segment{number}_layer", "=0").lstrip("=")
        found.append(Segment(name, int(layer), int(value)))
    return tuple(found)


def _vector(text: str) -> NDArray[np.float64]:
    vector = np.array([float(n) for n in text.strip("() ").split(",")])
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise ValueError("its directions are not three numbers each")
    return vector
