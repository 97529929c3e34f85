"""A NIfTI or Analyze header without free text and extensions. Voxels and geometry stay byte by byte."""

from __future__ import annotations

import gzip
import re
import struct
from pathlib import Path

from engine.errors import ScanError
from engine.exchange.pseudonyms import Secret
from engine.files import read_regular
from engine.formats.nifti_file import suffix_of
from engine.formats.nifti_names import words

PHASES_BESIDE = "info.cfg"
_MOST_BYTES = 8_000_000_000
_ONE, _TWO = 348, 540
# Free text by the length of the header: (start, end).
_TEXTS = {
    _ONE: ((4, 14), (14, 32), (148, 228), (228, 252), (328, 344)),
    _TWO: ((240, 320), (320, 344), (508, 524)),
}
# In place of what NIfTI keeps there, Analyze has who made the scan, when, and of whom.
_ANALYZE_TEXTS = ((263, 313),)
_SAFE_WORD = re.compile(
    r"(?:ed|es|sax?|la|lax|[234]ch|4d|cine|gt|seg|mask|label|pred|frame\d{1,3}|phase\d{1,3}|slice\d{1,3}|time\d{1,3}|t\d{1,3})"
)


def anonymous_nifti(path: Path) -> bytes:
    """A .nii, .hdr or .img file, as it is to be written; gzipped where it was. Raises ScanError."""
    content = read_regular(path, _MOST_BYTES)
    packed = path.name.lower().endswith(".gz")
    if packed:
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise ScanError(f"{path}: is damaged ({error}); get the file again") from error
    if ".img" not in path.name.lower():
        content = _clean(path, content)
    # Neither the name nor the time of the source goes into the gzip header.
    return gzip.compress(content, 6, mtime=0) if packed else content


def _clean(path: Path, content: bytes) -> bytes:
    order = next((o for o in "<>" if struct.unpack(f"{o}i", content[:4].ljust(4, b"\0"))[0] in _TEXTS), None)
    if order is None:
        raise ScanError(f"{path}: has no NIfTI header; leave it out")
    length = struct.unpack(f"{order}i", content[:4])[0]
    header = bytearray(content[:length])
    magic = bytes(header[344:348] if length == _ONE else header[4:8])
    for start, end in _TEXTS[length] if magic[:1] == b"n" else (*_TEXTS[_ONE][:4], *_ANALYZE_TEXTS):
        header[start:end] = bytes(end - start)
    if magic[:2] != b"n+":
        return bytes(header)
    at, kind = (108, "f") if length == _ONE else (168, "q")
    voxels_at = int(struct.unpack_from(f"{order}{kind}", header, at)[0])
    if not length <= voxels_at <= len(content):
        raise ScanError(f"{path}: its voxels begin outside of the file; get the file again")
    # Extensions lie between header and voxels; four zeros say that there are none.
    struct.pack_into(f"{order}{kind}", header, at, length + 4)
    return bytes(header) + bytes(4) + content[voxels_at:]


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
