"""A NIfTI or Analyze header without free text and extensions. Voxels and geometry stay byte by byte."""

from __future__ import annotations

import gzip
import math
import re
import struct
from pathlib import Path

from engine.errors import ScanError
from engine.exchange.pseudonyms import Secret
from engine.files import read_regular
from engine.formats.nifti_file import looks_like_nifti, suffix_of
from engine.formats.nifti_names import words

PHASES_BESIDE = "info.cfg"
_MOST_BYTES = 8_000_000_000
_ONE, _TWO = 348, 540
# Free text by the length of the header: (start, end).
_TEXTS = {
    _ONE: ((4, 14), (14, 32), (148, 228), (228, 252), (328, 344)),
    _TWO: ((240, 320), (320, 344), (508, 524), (525, 540)),
}
# In place of what NIfTI keeps there, Analyze has who made the scan, when, and of whom.
_ANALYZE_TEXTS = ((263, 313),)
_SAFE_WORD = re.compile(
    r"(?:ed|es|sax?|la|lax|[234]ch|4d|cine|gt|seg|mask|label|pred|frame\d{1,3}|phase\d{1,3}|slice\d{1,3}|time\d{1,3}|t\d{1,3})"
)


def anonymous_nifti(path: Path) -> bytes:
    """A .nii, .hdr or .img file, as it is to be written; gzipped where it was. Raises ScanError."""
    content = _unpacked(path)
    content = _clean_voxels(path, content) if ".img" in path.name.lower() else _clean(path, content)
    # Neither the name nor the time of the source goes into the gzip header.
    return gzip.compress(content, 6, mtime=0) if _is_packed(path) else content


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _unpacked(path: Path) -> bytes:
    content = read_regular(path, _MOST_BYTES)
    if not _is_packed(path):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise ScanError(f"{path}: is damaged ({error}); get the file again") from error


def _clean_voxels(path: Path, content: bytes) -> bytes:
    """The voxels of a pair, by the header beside them; what is before and after them goes."""
    at = path.name.lower().rindex(".img")
    endings = (".hdr", ".HDR", ".hdr.gz", ".HDR.GZ")
    beside = [path.with_name(path.name[:at] + ending) for ending in endings]
    header_path = next((each for each in beside if looks_like_nifti(each)), None)
    if header_path is None:
        raise ScanError(f"{path}: has no NIfTI or Analyze header beside it; leave it out")
    header = _unpacked(header_path)
    order = _order(header_path, header)
    start, size = _voxels_at(header, order), _voxel_bytes(header, order)
    if start < 0 or start + size > len(content):
        raise ScanError(f"{path}: is shorter than its header says; get the file again")
    return bytes(start) + content[start : start + size]


def _order(path: Path, header: bytes) -> str:
    order = next((o for o in "<>" if struct.unpack(f"{o}i", header[:4].ljust(4, b"\0"))[0] in _TEXTS), None)
    if order is None or len(header) < struct.unpack(f"{order}i", header[:4])[0]:
        raise ScanError(f"{path}: has no NIfTI header; leave it out")
    return order


def _is_one(header: bytes, order: str) -> bool:
    return bool(struct.unpack(f"{order}i", header[:4])[0] == _ONE)


def _voxels_at(header: bytes, order: str) -> int:
    at, kind = (108, "f") if _is_one(header, order) else (168, "q")
    start: float = struct.unpack_from(f"{order}{kind}", header, at)[0]
    return int(start) if 0 <= start <= _MOST_BYTES else -1


def _voxel_bytes(header: bytes, order: str) -> int:
    """How many bytes the voxels take."""
    at, kind, bits_at = (40, "8h", 72) if _is_one(header, order) else (16, "8q", 14)
    axes, *sizes = struct.unpack_from(f"{order}{kind}", header, at)
    bits: int = struct.unpack_from(f"{order}h", header, bits_at)[0]
    voxels: int = math.prod(max(size, 1) for size in sizes[: max(axes, 0)])
    return (voxels * bits + 7) // 8


def _clean(path: Path, content: bytes) -> bytes:
    order = _order(path, content)
    length = struct.unpack(f"{order}i", content[:4])[0]
    header = bytearray(content[:length])
    magic = bytes(header[344:348] if length == _ONE else header[4:8])
    for start, end in _TEXTS[length] if magic[:1] == b"n" else (*_TEXTS[_ONE][:4], *_ANALYZE_TEXTS):
        header[start:end] = bytes(end - start)
    if magic[:2] != b"n+":
        return bytes(header)
    voxels_at, size = _voxels_at(content, order), _voxel_bytes(content, order)
    if not length <= voxels_at <= len(content) - size:
        raise ScanError(f"{path}: its voxels lie outside of the file; get the file again")
    # Extensions lie between header and voxels; four zeros say that there are none.
    at, kind = (108, "f") if length == _ONE else (168, "q")
    struct.pack_into(f"{order}{kind}", header, at, length + 4)
    return bytes(header) + bytes(4) + content[voxels_at : voxels_at + size]


def phases_alone(path: Path) -> bytes:
    """Which frames are ED and ES, of ACDC's Info.cfg; who the patient is, is left out. Raises OSError."""
    lines = read_regular(path, 64_000).decode("utf-8", "replace").splitlines()
    kept = [line.strip() for line in lines if re.fullmatch(r"\s*(?:ED|ES|NbFrame)\s*:\s*\d{1,4}\s*", line)]
    return ("\n".join(kept) + "\n").encode()


def safe_name(path: Path, secret: Secret) -> str:
    """A name that keeps what programs go by, such as phase, frame, view and "gt", and nothing else."""
    kept = [word for word in words(path) if _SAFE_WORD.fullmatch(word)]
    subject = "_".join(word for word in words(path) if word not in kept)
    return "_".join(["CQ", secret.short("nifti", subject), *kept]) + suffix_of(path)
