"""A NIfTI or Analyze file's header and stored voxels, with every claim checked before memory is given to it.

What a file holds counts, not what its name ends in: gzip is known by its first bytes. A compressed file is read to its
end, because the checksum stands there; and nothing may follow the voxels, because then the header is not theirs.
"""

from __future__ import annotations

import gzip
import io
import math
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import ScanError
from engine.files import file_size, is_file, open_regular
from engine.formats import metaimage_header, nrrd_header
from engine.formats.dicom_files import GIT_LFS, UNFETCHED
from engine.formats.nifti_grid import RAS_TO_LPS, nib, sizes_text
from engine.formats.voxel_header import MOST_HEADER, Segment
from engine.formats.voxel_stream import CHUNK, GZIP, content_of, fill, from_bzip2, from_gzip, from_text, skip

SUFFIXES = (".nii", ".nii.gz")
READABLE_SUFFIXES = (*SUFFIXES, ".hdr", ".img", ".hdr.gz", ".img.gz", *nrrd_header.SUFFIXES, *metaimage_header.SUFFIXES)

_IN_TEXT = {
    **dict.fromkeys(nrrd_header.SUFFIXES, nrrd_header.read_nrrd_header),
    **dict.fromkeys(metaimage_header.SUFFIXES, metaimage_header.read_metaimage_header),
}
_MOST_PACKED = 1100
"""gzip packs at most 1032 to 1."""
_MOST_PACKED_BZIP2 = 1_000_000
_LARGE_BYTES = 512 << 20
_MOST_PACKED_LARGE = 100
"""Masks pack well, but none of this size packs as a file does that was made to fill the memory."""
_MOST_BEFORE_VOXELS = 16 << 20
"""Header extensions hold a DICOM header at most."""
_PADDING = 512
"""As many zeros may follow the voxels: some writers fill up the last block of a disk."""


@dataclass(frozen=True, slots=True, eq=False)
class NiftiFile:
    """What a header says of a file's voxels.

    path: what the user named. data: where the voxels are; another file for a header and image pair.
    header: nibabel's. shape, frames: (I, J, K) and T. dtype: as stored. offset: of the first voxel in data, in bytes.
    slope, inter: real value = stored × slope + inter. packed: whether data is compressed.
    coding: how the voxels of NRRD and MetaImage are packed from byte `offset` on; empty where all of data is gzip or
    nothing is. frames_first: the frames vary fastest, as NRRD may have them. segments: as in VoxelHeader.
    """

    path: Path
    data: Path
    header: Any
    shape: tuple[int, int, int]
    frames: int
    dtype: np.dtype[Any]
    offset: int
    slope: float
    inter: float
    packed: bool
    coding: str = ""
    frames_first: bool = False
    segments: tuple[Segment, ...] = ()

    @property
    def frame_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def total_bytes(self) -> int:
        return self.frame_bytes * self.frames

    @property
    def is_nifti(self) -> bool:
        """Whether the header is NIfTI's, which knows more than Analyze's."""
        return isinstance(self.header, nib.Nifti1Header)


def suffix_of(path: Path) -> str:
    """The file's suffix in lower case, with ".gz" as part of it: ".nii.gz", ".dcm", "" …"""
    # By hand: a folder has thousands of files, and pathlib would parse each of them anew.
    name = path.name.lower()
    packed = ".gz" if name.endswith(".gz") else ""
    plain = name[: len(name) - len(packed)]
    dot = plain.rfind(".")
    return (plain[dot:] if 0 < dot < len(plain) - 1 else "") + packed


def stem_of(path: Path) -> str:
    """The file's name without suffix_of."""
    return path.name[: len(path.name) - len(suffix_of(path))]


def looks_like_nifti(path: Path) -> bool:
    """Whether a file's content is NIfTI, compressed or not, whatever its name."""
    try:
        with content_of(path) as stream:
            return _magic(stream.read(540)) != ""
    except _damage():
        return False


def _magic(block: bytes) -> str:
    """ "single" or "pair" where a header's block says which, else empty."""
    for place, single, pair in ((344, b"n+1\0", b"ni1\0"), (4, b"n+2\0", b"ni2\0")):
        found = block[place : place + 4]
        if found in (single, pair):
            return "single" if found == single else "pair"
    return ""


def is_pair(path: Path) -> bool:
    """Whether a file is one of a header and image pair of which both are there."""
    header, voxels = _pair_of(path)
    return header != voxels and is_file(header) and is_file(voxels)


def open_nifti(path: Path) -> NiftiFile:
    """A file's header, checked; no voxel is read. Raises ScanError."""
    if not path.exists() and not is_file(path):
        raise ScanError(f"{path}: {UNFETCHED if path.is_symlink() else 'no such file'}")
    if path.is_dir():
        raise ScanError(f"{path}: is a folder, not a NIfTI file")
    if is_file(path) and file_size(path) == 0:
        raise ScanError(f"{path}: is empty; copy it again from its source")
    if suffix_of(path) in _IN_TEXT:
        return _open_text(path)
    named, data = _pair_of(path)
    try:
        with content_of(named) as stream:
            block = stream.read(540)
        if named is data or _magic(block) == "single":
            data = named
        if block.startswith(GIT_LFS):
            raise ValueError("it is a pointer of Git LFS, whose content is not here; fetch it with 'git lfs pull'")
        header = _header(block, single=data is named)
        dtype, shape = header.get_data_dtype(), header.get_data_shape()
        scale = header.get_slope_inter()
        slope, inter = (default if n is None else float(n) for n, default in zip(scale, (1.0, 0.0), strict=True))
        offset = int(header.get_data_offset())
    except _damage() as error:
        reason = short_reason(error, path)
        raise ScanError(f"{path}: is not a NIfTI file or is damaged ({reason}); check what it is") from error
    if not np.isfinite([slope, inter]).all() or slope == 0:
        slope, inter = 1.0, 0.0
    shape, frames = _stack_shape(shape, path)
    try:
        with open_regular(data) as raw:
            size, packed = raw.seek(0, io.SEEK_END), raw.seek(0) == 0 and raw.read(2) == GZIP
    except FileNotFoundError as error:
        raise ScanError(f"{path}: the image file that belongs to this header is missing; copy both") from error
    except OSError as error:
        raise ScanError(f"{data}: cannot be read ({error.strerror}); check what it is") from error
    file = NiftiFile(path, data, header, shape, frames, dtype, offset, slope, inter, packed)
    _check(file, size)
    return file


def _open_text(path: Path) -> NiftiFile:
    """An NRRD or MetaImage file, its grid as a NIfTI header, so that all that follows is the same. Raises ScanError."""
    try:
        with open_regular(path) as stream:
            block = stream.read(MOST_HEADER)
        found = _IN_TEXT[suffix_of(path)](path, block)
        header = nib.Nifti1Image.header_class()
        header.set_data_dtype(found.dtype.newbyteorder("="))
        header.set_data_shape(found.shape if found.frames == 1 else (*found.shape, found.frames))
        ras = RAS_TO_LPS @ found.affine  # the map is its own inverse
        header["pixdim"][1:4] = sizes = np.linalg.norm(found.affine[:3, :3], axis=0)
        if found.known and (sizes > 0).all():  # else the voxel size counts as unknown
            header.set_sform(ras, code=1)
            header.set_qform(ras, code=1, strip_shears=True)
        header.set_xyzt_units("mm", "msec" if found.step_ms else None)
        if found.step_ms:
            header["pixdim"][4] = found.step_ms
        with open_regular(found.data) as raw:
            size = raw.seek(0, io.SEEK_END)
        start = size - found.total_bytes if found.start == -1 else found.start
    except FileNotFoundError as error:
        raise ScanError(f"{path}: the file of its voxels is missing; copy both") from error
    except _damage() as error:
        raise ScanError(f"{path}: cannot be read ({short_reason(error, path)}); check what it is") from error
    packed = found.coding != "raw"
    file = NiftiFile(
        *(path, found.data, header, found.shape, found.frames, found.dtype, start, 1.0, 0.0, packed),
        coding=found.coding,
        frames_first=found.frames_first,
        segments=found.segments,
    )
    _check(file, size)
    return file


def _pair_of(path: Path) -> tuple[Path, Path]:
    """(header, voxels) of a file: the same file twice unless it is one of an .hdr and .img pair."""
    suffix = suffix_of(path)
    kind = suffix.removesuffix(".gz")
    if kind not in (".hdr", ".img"):
        return path, path
    other = ".img" if kind == ".hdr" else ".hdr"
    stem = stem_of(path)
    endings = [other + gz for gz in (".gz", "")] if suffix.endswith(".gz") else [other + gz for gz in ("", ".gz")]
    wanted = [path.with_name(stem + spelled) for e in endings for spelled in (e, e.upper())]
    partner = next((p for p in wanted if is_file(p)), wanted[0])
    return (path, partner) if kind == ".hdr" else (partner, path)


def _header(block: bytes, *, single: bool) -> Any:
    """nibabel's header of a block of bytes, as nibabel tells the kinds apart. Raises what nibabel raises."""
    if block[:2] == GZIP:
        raise ValueError("it is compressed twice")
    singles = [nib.Nifti1Image.header_class, nib.Nifti2Image.header_class]
    pairs = [nib.Nifti1Pair.header_class, nib.Nifti2Pair.header_class]
    # A single file named .img, or a pair named .nii: the magic inside tells, as may_contain_header does not.
    if _magic(block):
        single = _magic(block) == "single"
    analyze = [nib.Spm2AnalyzeImage.header_class, nib.Spm99AnalyzeImage.header_class, nib.AnalyzeImage.header_class]
    for kind in (*(singles if single else pairs), *analyze):
        if kind.may_contain_header(block):
            own = block[: kind.sizeof_hdr]
            return _with_zero_sizes(kind(own, check=True), kind(own, check=False))
    raise nib.filebasedimages.ImageFileError("Cannot work out file type of it")


def _with_zero_sizes(header: Any, stored: Any) -> Any:
    """A checked header with the voxel sizes of 0 that the check has made 1 mm: such a size is not known.

    An axis of one voxel keeps the 1 mm: nothing but its own thickness depends on it.
    """
    unknown = (np.asarray(stored["pixdim"])[1:4] == 0) & (np.asarray(header["dim"])[1:4] > 1)
    header["pixdim"][1:4][unknown] = 0
    return header


def _stack_shape(full: Any, path: Path) -> tuple[tuple[int, int, int], int]:
    """((I, J, K), T) of a file's shape. Raises ScanError unless it is a stack or a series of stacks."""
    shape = tuple(int(n) for n in full)
    if any(n < 1 for n in shape):
        raise ScanError(f"{path}: has no voxels (shape {sizes_text(shape)}); export it again")
    if len(shape) < 3:
        raise ScanError(
            f"{path}: is {len(shape)}-D ({sizes_text(shape)}), not a stack of slices; open a 3-D or 4-D file"
        )
    # (x, y, z, 1, t) is how writers that keep channels apart write a cine.
    more = [n for n in shape[3:] if n > 1]
    if len(more) > 1:
        raise ScanError(f"{path}: is {len(shape)}-D ({sizes_text(shape)}); only 3-D stacks and 4-D cines can be opened")
    return (shape[0], shape[1], shape[2]), more[0] if more else 1


def _check(file: NiftiFile, size: int) -> None:
    """Raise ScanError for voxels that are no grey values, and where the file cannot hold just what it promises."""
    path, dtype, claimed = file.path, file.dtype, file.total_bytes
    if dtype.kind not in "iuf":
        what = {"c": "complex numbers", "V": "colours"}.get(dtype.kind, f"'{dtype}' values")
        raise ScanError(f"{path}: holds {what}, not a grey-scale scan; export the magnitude images")
    most = _MOST_PACKED_LARGE if claimed > _LARGE_BYTES else _MOST_PACKED
    if file.coding == "bzip2" and claimed <= _LARGE_BYTES:
        most = _MOST_PACKED_BZIP2
    if file.offset < 0 or claimed + file.offset > size * (most if file.packed else 1):
        raise ScanError(
            f"{path}: is damaged or cut short (its header promises {claimed} bytes of voxels); "
            "copy it again from its source"
        )
    if file.packed and file.offset > _MOST_BEFORE_VOXELS:
        raise ScanError(f"{path}: is damaged ({file.offset} bytes before its voxels); copy it again from its source")
    if not file.packed and size - claimed - file.offset > _PADDING:
        raise _too_long(file, str(size - claimed - file.offset))


def _too_long(file: NiftiFile, surplus: str) -> ScanError:
    return ScanError(
        f"{file.path}: holds {surplus} bytes more than the {file.total_bytes} that its header "
        f"({sizes_text(file.shape)}, {file.frames} frames) accounts for, so the header is not of these voxels; "
        "copy it again from its source"
    )


def read_frame(file: NiftiFile) -> NDArray[Any]:
    """The first frame as stored, (I, J, K). Raises ScanError."""
    return _read(file, file.frame_bytes)[..., 0]


def read_voxels(file: NiftiFile, on_first: Callable[[NDArray[Any]], None] | None = None) -> NDArray[Any]:
    """All voxels as stored, (I, J, K, T), and the file read to its end. Raises ScanError.

    on_first: given the first frame, (I, J, K), as soon as it is there.
    """
    return _read(file, file.total_bytes, on_first)


def _read(file: NiftiFile, count: int, on_first: Callable[[NDArray[Any]], None] | None = None) -> NDArray[Any]:
    whole = count == file.total_bytes
    if file.frames_first and not whole:
        return _read(file, file.total_bytes, on_first)[..., :1]
    raw = np.empty(count, np.uint8)  # the system gives memory only where something is written
    frames = count // file.frame_bytes
    voxels = raw.view(file.dtype)
    if file.frames_first:
        on_first = None
        voxels = np.moveaxis(voxels.reshape((frames, *file.shape), order="F"), 0, -1)
    else:
        voxels = voxels.reshape((*file.shape, frames), order="F")
    try:
        with _voxel_stream(file) as stream:
            first = file.frame_bytes if on_first is not None else 0
            fill(stream, raw[:first])
            if on_first is not None:
                on_first(voxels[..., 0])
            fill(stream, raw[first:])
            if whole:
                _finish(file, stream)
    except _damage() as error:
        raise ScanError(
            f"{file.path}: is damaged or cut short ({short_reason(error, file.path)}); copy it again from its source"
        ) from error
    return voxels


def _voxel_stream(file: NiftiFile) -> BinaryIO:
    """A file's content from its first voxel on."""
    if not file.coding:
        stream = content_of(file.data)
        skip(stream, file.offset)
        return stream
    raw = open_regular(file.data)
    raw.seek(file.offset)
    if file.coding == "raw":
        return raw
    if file.coding == "gzip":
        return from_gzip(raw)
    if file.coding == "bzip2":
        return from_bzip2(raw)
    if file.coding == "text":
        return from_text(raw, file.dtype)
    with raw:
        unpack = zlib.decompressobj()
        # A little more than is promised, so that a surplus is noticed.
        content = unpack.decompress(raw.read(), file.total_bytes + _PADDING + 1)
        if len(content) == file.total_bytes and not unpack.eof:
            unpack.decompress(unpack.unconsumed_tail, 1)
        if not unpack.eof and len(content) <= file.total_bytes:
            raise EOFError("it ends before its checksum")
    return io.BytesIO(content)


def _finish(file: NiftiFile, stream: BinaryIO) -> None:
    """Read on to the end, where gzip compares the checksum. Raises ScanError where there is more than padding."""
    rest = stream.read(_PADDING + 1)
    if len(rest) > _PADDING or any(rest):
        raise _too_long(file, f"at least {len(rest)}")
    while stream.read(CHUNK):
        pass


def _damage() -> tuple[type[Exception], ...]:
    """What nibabel and gzip raise for files that are none or are damaged."""
    return (
        nib.filebasedimages.ImageFileError,
        nib.spatialimages.HeaderDataError,
        nib.spatialimages.HeaderTypeError,
        nib.wrapstruct.WrapStructError,
        OSError,
        EOFError,
        zlib.error,
        struct.error,
        ValueError,
        OverflowError,
        MemoryError,
    )


def short_reason(error: BaseException, path: Path) -> str:
    """The first line of an error, without the path that the message names already."""
    if isinstance(error, gzip.BadGzipFile):
        return "its checksum is wrong" if "CRC" in str(error) or "length" in str(error) else "it is not a gzip file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return printable(re.sub(rf"(File )?[\"']?{re.escape(str(path))}[\"']?", "it", text)[:160])


def printable(text: str) -> str:
    """Text of a header without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
