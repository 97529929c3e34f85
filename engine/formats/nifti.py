"""NIfTI files in and out. What their headers say of the grid is engine.formats.nifti_grid's."""

from __future__ import annotations

import gzip
import io
import itertools
import logging
import math
import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ExportError, ScanError
from engine.files import write_atomically
from engine.formats.nifti_grid import (
    FEW_SLICES,
    Layout,
    difference,
    layout_of,
    matching_layout,
    mm_text,
    new_header,
    nib,
    read_header,
    sizes_text,
)
from engine.volume import CONVENTIONS, Geometry, Known, LabelMap, OnPlane, Source, Volume, convert_labels, read_only

# nibabel logs each oddity of a header to stderr; what matters of it becomes a notice or a ScanError here.
logging.getLogger("nibabel.global").setLevel(logging.CRITICAL + 1)

SUFFIXES = (".nii", ".nii.gz")
READABLE_SUFFIXES = (*SUFFIXES, ".hdr", ".img", ".hdr.gz", ".img.gz")

FIRST_FRAME_FROM_BYTES = 12_000_000
"""Of a compressed cine with more voxels than this, the first frame is unpacked first, so that it can be seen."""

FRAME_STEP_MS = (5.0, 200.0)
"""Time steps outside this are no cine frames: most files hold 1, 0 or a repetition time there."""
NIFTI_INTENT_LABEL = 1002
_LABELS_AS = "labels: "
"""What a mask of this program says in intent_name before its convention."""


def suffix_of(path: Path) -> str:
    """The file's suffix in lower case, with ".gz" as part of it: ".nii.gz", ".dcm", "" …"""
    name = path.name.lower()
    return Path(name.removesuffix(".gz")).suffix + ".gz" if name.endswith(".gz") else Path(name).suffix


def stem_of(path: Path) -> str:
    """The file's name without suffix_of."""
    return path.name[: len(path.name) - len(suffix_of(path))]


def _damage() -> tuple[type[Exception], ...]:
    """What nibabel raises for files that are none or are damaged."""
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


def _open(path: Path) -> Any:
    """The nibabel image of a file, its voxels not read yet. Raises ScanError."""
    if not path.exists():
        raise ScanError(f"{path}: no such file")
    if path.is_dir():
        raise ScanError(f"{path}: is a folder, not a NIfTI file")
    if path.stat().st_size == 0:
        raise ScanError(f"{path}: is empty; copy it again from its source")
    try:
        image = nib.load(path, mmap=False)
    except _damage() as error:
        raise ScanError(
            f"{path}: is not a NIfTI file or is damaged ({_short(error, path)}); check what it is"
        ) from error
    if not isinstance(image, nib.AnalyzeImage):
        kind = type(image).__name__.removesuffix("Image")
        raise ScanError(f"{path}: holds {kind} data, not a NIfTI image; open a NIfTI or DICOM scan")
    return image


def _short(error: BaseException, path: Path) -> str:
    """The first line of an error, without the path that the message names already."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return re.sub(rf"(File )?[\"']?{re.escape(str(path))}[\"']?", "it", text)[:160]


def _shape(full: Sequence[int], path: Path) -> tuple[tuple[int, int, int], int]:
    """((I, J, K), T) of a file's shape. Raises ScanError unless it is a stack or a series of stacks."""
    shape = tuple(int(n) for n in full)
    if any(n < 1 for n in shape):
        raise ScanError(f"{path}: has no voxels (shape {sizes_text(shape)}); export it again")
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) < 3:
        raise ScanError(
            f"{path}: is {len(shape)}-D ({sizes_text(shape)}), not a stack of slices; open a 3-D or 4-D file"
        )
    if len(shape) > 4:
        raise ScanError(f"{path}: is {len(shape)}-D ({sizes_text(shape)}); only 3-D stacks and 4-D cines can be opened")
    return (shape[0], shape[1], shape[2]), shape[3] if len(shape) == 4 else 1


def is_mask(path: Path) -> bool:
    """Whether a file says of itself that it holds labels, as those of write_mask do. Raises ScanError as read does."""
    header = _open(path).header
    return isinstance(header, nib.Nifti1Header) and int(header["intent_code"]) == NIFTI_INTENT_LABEL


def convention_in(path: Path) -> str:
    """The convention that a mask of this program names; empty for another file. Raises ScanError as read does."""
    header = _open(path).header
    if not isinstance(header, nib.Nifti1Header) or not bytes(header["descrip"].item()).startswith(b"CineQuant"):
        return ""
    named = bytes(header["intent_name"].item()).decode("ascii", "replace").removeprefix(_LABELS_AS)
    return named if named in CONVENTIONS else ""


def size_of(path: Path) -> tuple[int, tuple[int, int, int]]:
    """(T, (Z, Y, X)) of the Volume that a file gives, by its header. Raises ScanError as read does."""
    image = _open(path)
    shape, frames = _shape(image.shape, path)
    return frames, layout_of(read_header(image.header, shape)).volume_shape


def preview(path: Path) -> tuple[NDArray[Any], tuple[float, float]]:
    """The middle slice (Y, X) of a file's first frame, and its pixels' size (y, x) in mm.

    Of an uncompressed cine only that frame is read. Raises ScanError as read does.
    """
    image = _open(path)
    shape, _ = _shape(image.shape, path)
    if image.get_data_dtype().kind not in "iuf":
        raise ScanError(f"{path}: holds no grey-scale scan; export the magnitude images")
    try:
        first = np.asanyarray(image.dataobj[(slice(None),) * 3 + (0,) * (len(image.shape) - 3)])
    except _damage() as error:
        raise ScanError(f"{path}: is damaged ({_short(error, path)}); copy it again from its source") from error
    layout = layout_of(read_header(image.header, shape))
    stack = layout.to_volume(first[..., None])[0]
    y_mm, x_mm = np.linalg.norm(layout.volume_affine[:3, [1, 0]], axis=0)
    return stack[len(stack) // 2], (float(y_mm), float(x_mm))


def frames_of(path: Path) -> int:
    """How many frames a file holds, by its header. Raises ScanError as read does."""
    return _shape(_open(path).shape, path)[1]


def _refuse_what_cannot_be(image: Any, path: Path) -> None:
    """Raise ScanError for voxels that are no grey values, and for more of them than the file can hold."""
    shape, frames = _shape(image.shape, path)
    dtype = image.get_data_dtype()
    if dtype.kind not in "iuf":
        what = {"c": "complex numbers", "V": "colours"}.get(dtype.kind, f"'{dtype}' values")
        raise ScanError(f"{path}: holds {what}, not a grey-scale scan; export the magnitude images")
    stored = Path(image.file_map["image"].filename or path)
    claimed = math.prod(shape) * frames * dtype.itemsize
    # gzip packs at most 1032 to 1; a header that claims more would only fill the memory.
    if stored.is_file() and claimed > stored.stat().st_size * (1100 if suffix_of(stored).endswith(".gz") else 1):
        raise ScanError(
            f"{path}: is damaged or cut short (its header promises {claimed} bytes of voxels); "
            "copy it again from its source"
        )


def _voxels(image: Any, path: Path) -> tuple[NDArray[Any], tuple[str, ...]]:
    """(I, J, K, T) voxels, native byte order, and what has to be said about them. Raises ScanError.

    Integers stay integers where the header does not scale them; everything else is float32.
    """
    shape, frames = _shape(image.shape, path)
    _refuse_what_cannot_be(image, path)
    try:
        raw = np.asanyarray(image.dataobj.get_unscaled()).reshape(*shape, frames)
    except _damage() as error:
        if isinstance(error, FileNotFoundError):
            raise ScanError(f"{path}: the image file that belongs to this header is missing; copy both") from error
        raise ScanError(
            f"{path}: is damaged or cut short ({_short(error, path)}); copy it again from its source"
        ) from error
    slope, inter = float(image.dataobj.slope), float(image.dataobj.inter)
    if not np.isfinite([slope, inter]).all() or slope == 0:
        slope, inter = 1.0, 0.0
    with np.errstate(all="ignore"):
        if (slope, inter) != (1.0, 0.0):
            array = raw.astype(np.float32) * np.float32(slope) + np.float32(inter)
        elif raw.dtype.kind == "f":
            array = raw.astype(np.float32)
        else:
            array = raw.astype(raw.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind != "f":
        return array, ()
    bad = ~np.isfinite(array)
    count = int(bad.sum())
    if count == 0:
        return array, ()
    if count == array.size:
        raise ScanError(f"{path}: none of its voxels holds a number; export it again")
    array[bad] = array[~bad].min()
    return array, (f"{count} of {array.size} voxels hold no number (NaN or infinite) and are shown as the darkest.",)


def _frame_times(image: Any, frames: int) -> tuple[float, ...] | None:
    """Times in ms from pixdim[4] and its unit, None where they are no cine's."""
    if frames < 2 or not isinstance(image.header, nib.Nifti1Header):
        return None
    unit_ms = {8: 1000.0, 16: 1.0, 24: 0.001}.get(int(image.header["xyzt_units"]) & 0x38, 1.0)
    step = float(image.header["pixdim"][4]) * unit_ms
    if not FRAME_STEP_MS[0] <= step <= FRAME_STEP_MS[1]:
        return None
    return tuple(round(step * t, 4) for t in range(frames))


def _window(image: Any) -> tuple[float, float] | None:
    if not isinstance(image.header, nib.Nifti1Header):
        return None
    low, high = float(image.header["cal_min"]), float(image.header["cal_max"])
    return ((low + high) / 2, high - low) if np.isfinite([low, high]).all() and high > low else None


def _not_short_axis(array: NDArray[Any], geometry: Geometry) -> str:
    """Why a volume is no short-axis MR stack, where that is evident."""
    if float(array.min()) <= -900:
        return "a CT image, by its values"
    if geometry.spacing is Known.ASSUMED or geometry.shape[0] < 2:
        return ""
    x, y, z = geometry.spacing_mm
    slices = geometry.shape[0]
    if slices > FEW_SLICES and z < 4:
        return f"a volume of {slices} thin slices ({z:.3g} mm), not a short-axis stack"
    if z < 1.2 * max(x, y):
        return f"a volume with cubic voxels ({mm_text((x, y, z))}), not a short-axis stack"
    return ""


def read(paths: Sequence[Path], *, on_plane: OnPlane | None = None) -> Volume:
    """One 3-D or 4-D NIfTI file, or two 3-D files of one grid: end-diastole, then end-systole.

    on_plane: told of the slices of a large compressed cine's first frame, the middle one first. Its voxels are one
    stream, so that nothing else can be had before the rest; other files are read in no time.
    Returns a Volume (T, Z, Y, X) whose slices ascend along row × column. Integer voxels stay integers where the
    header does not scale them.
    Raises ScanError, naming the file, for everything that is no such scan.
    """
    if not 1 <= len(paths) <= 2:
        raise ScanError(f"{len(paths)} NIfTI files are given; open one, or an ED and an ES file of one study")
    volumes = [_read_one(path, on_plane if len(paths) == 1 else None) for path in paths]
    if len(volumes) == 1:
        return volumes[0]
    first, second = volumes
    for path, volume in zip(paths, volumes, strict=True):
        if volume.frames != 1:
            raise ScanError(f"{path}: has {volume.frames} frames; an ED and an ES file hold one each. Open it alone")
    if not first.geometry.same_as(second.geometry):
        how = difference(first.geometry, second.geometry)
        raise ScanError(f"{paths[1]}: is not on the grid of {paths[0].name}: {how}; open them one by one")
    return Volume(
        array=np.concatenate([first.array, second.array]),
        geometry=first.geometry,
        source=Source(
            kind="nifti",
            paths=tuple(paths),
            name=common_name(paths),
            slices_reversed=first.source.slices_reversed,
            nifti_headers=first.source.nifti_headers + second.source.nifti_headers,
        ),
        phase_names=("ED", "ES"),
        window=first.window,
        not_short_axis=first.not_short_axis or second.not_short_axis,
        notices=tuple(dict.fromkeys(first.notices + second.notices)),
        spacing_notices=first.spacing_notices + second.spacing_notices,
    )


def common_name(paths: Sequence[Path]) -> str:
    """What the names of the files share, such as "patient005" of "patient005_ED" and "patient005_ES"."""
    pairs = zip(*(stem_of(p) for p in paths), strict=False)
    shared = "".join(a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    shared = re.sub(r"[_\-. ]*(frame\d*|E)?$", "", shared)
    return shared or stem_of(paths[0])


def _read_one(path: Path, on_plane: OnPlane | None = None) -> Volume:
    image = _open(path)
    _refuse_what_cannot_be(image, path)
    shape, frames = _shape(image.shape, path)
    header = read_header(image.header, shape)
    layout = layout_of(header)
    try:
        geometry = Geometry(layout.volume_affine, layout.volume_shape, header.spacing, header.orientation)
    except ScanError as error:
        raise ScanError(f"{path}: {error}; export it again with valid directions") from error
    about = Volume(
        array=np.zeros((frames, *layout.volume_shape), np.uint8),
        geometry=geometry,
        source=Source(
            kind="nifti",
            paths=(path,),
            name=stem_of(path),
            slices_reversed=layout.flips[2],
            nifti_headers=(image.header.binaryblock,) if isinstance(image.header, nib.Nifti1Header) else (),
        ),
        frame_times_ms=_frame_times(image, frames),
        window=_window(image),
        notices=header.notices,
        spacing_notices=header.spacing_notices,
    )
    claimed = math.prod(shape) * frames * image.get_data_dtype().itemsize
    packed = suffix_of(Path(image.file_map["image"].filename or path)).endswith(".gz")
    if on_plane is not None and packed and frames > 1 and claimed > FIRST_FRAME_FROM_BYTES:
        _tell_first_frame(image, layout, about, on_plane)
    array, said = _voxels(image, path)
    stack = layout.to_volume(array)
    return replace(about, array=stack, not_short_axis=_not_short_axis(stack, geometry), notices=header.notices + said)


def _tell_first_frame(image: Any, layout: Layout, about: Volume, on_plane: OnPlane) -> None:
    """Tell of the slices of a file's first frame; of none where they cannot be shown as they will be."""
    try:
        first = np.asanyarray(image.dataobj[(slice(None),) * 3 + (0,) * (len(image.shape) - 3)])
    except _damage():  # reading all of it says what is wrong
        return
    if first.dtype.kind not in "iuf" or (first.dtype.kind == "f" and not np.isfinite(first).all()):
        return
    kind = np.float32 if first.dtype.kind == "f" else first.dtype.newbyteorder("=")
    stack = layout.to_volume(first.astype(kind)[..., None])
    early = replace(
        about,
        array=np.zeros((about.frames, *stack.shape[1:]), kind),
        not_short_axis=_not_short_axis(stack, about.geometry),
    )
    middle = len(stack[0]) // 2
    for z in sorted(range(len(stack[0])), key=lambda z: (abs(z - middle), z)):
        on_plane(early, 0, z, read_only(stack[0, z]))


# Masks


def _source_header(source: Source) -> Any | None:
    """The header of a NIfTI source's first file, in its own byte order; None for other sources."""
    if not source.nifti_headers:
        return None
    block = source.nifti_headers[0]
    kind = nib.Nifti2Header if len(block) == nib.Nifti2Header.sizeof_hdr else nib.Nifti1Header
    return kind(block, check=False)


def header_fields(block: bytes) -> list[tuple[str, str, str]]:
    """(name, type, value) of each field of a raw NIfTI header, as Source.nifti_headers holds it."""
    kind = nib.Nifti2Header if len(block) == nib.Nifti2Header.sizeof_hdr else nib.Nifti1Header
    header = kind(block, check=False)
    rows = []
    for name in header:
        value = header[name]
        text = value.item().decode("latin-1") if value.dtype.kind == "S" else " ".join(f"{v:g}" for v in value.flat)
        type_name = f"char[{value.dtype.itemsize}]" if value.dtype.kind == "S" else value.dtype.name
        rows.append((name, type_name, text))
    return rows


def write_mask(
    path: Path, labels: LabelMap, volume: Volume, convention: str = "mnms", *, description: str = ""
) -> None:
    """Labels as NIfTI, uint8, on the grid of the file that the volume was read from.

    A NIfTI source keeps its shape, forms, codes, pixdim and units, whatever they say; an ED and ES pair becomes one
    4-D file of two frames. Other sources get the geometry's RAS affine in both forms, and the mean time step in
    pixdim[4]. convention: label values in the file, a key of engine.volume.CONVENTIONS. description: how the labels
    came about, for the header's descrip after the program's name; what does not fit into its 80 bytes is cut off.
    The file appears whole or not at all, and the same labels give the same bytes.

    Raises ExportError where it cannot be written.
    """
    if suffix_of(path) not in SUFFIXES:
        raise ExportError(f"{path}: a NIfTI mask is written to a file that ends in .nii.gz or .nii; choose such a name")
    if labels.array.shape != volume.array.shape:
        raise ValueError(f"labels {labels.array.shape} are not of the volume {volume.array.shape}")
    values = convert_labels(labels.array, convention, inverse=True)

    header = _source_header(volume.source)
    if header is None:
        header = new_header(volume)
        stored = values.transpose(3, 2, 1, 0)
    else:
        shape = tuple(int(n) for n in header.get_data_shape())
        stored = layout_of(read_header(header, (shape[0], shape[1], shape[2]))).to_file(values)
        if len(volume.source.nifti_headers) > 1:
            header.set_data_shape(stored.shape)
    for field, value in {
        "data_type": b"",  # free text of the source may name the patient
        "db_name": b"",
        "descrip": f"CineQuant {description}".strip().encode("ascii", "replace")[:79],
        "aux_file": b"",
        "intent_code": NIFTI_INTENT_LABEL,
        "intent_name": f"{_LABELS_AS}{convention}".encode("ascii"),
        "intent_p1": 0,
        "intent_p2": 0,
        "intent_p3": 0,
        "datatype": 2,  # NIFTI_TYPE_UINT8
        "bitpix": 8,
        "scl_slope": 1,
        "scl_inter": 0,
        "cal_min": 0,
        "cal_max": 0,
        "vox_offset": header.single_vox_offset,
        "magic": header.single_magic,
    }.items():
        if field in header:  # NIfTI-2 has neither data_type nor db_name
            header[field] = value
    _write_image(path, header, stored)


def write_volume(path: Path, volume: Volume) -> None:
    """A volume that did not come from a file, such as the phantom, as NIfTI: its voxels, type and geometry.

    Raises ExportError where it cannot be written.
    """
    if suffix_of(path) not in SUFFIXES:
        raise ExportError(f"{path}: a NIfTI scan is written to a file that ends in .nii.gz or .nii; choose such a name")
    header = new_header(volume)
    header.set_data_dtype(volume.array.dtype)
    header["descrip"] = b"CineQuant"
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["vox_offset"], header["magic"] = header.single_vox_offset, header.single_magic
    _write_image(path, header, volume.array.transpose(3, 2, 1, 0))


def _write_image(path: Path, header: Any, stored: NDArray[Any]) -> None:
    """A header and voxels in file order, (I, J, K) or (I, J, K, T), to one file."""
    no_extensions = bytes(4)
    body = header.binaryblock + no_extensions + stored.tobytes(order="F")
    if suffix_of(path) == ".nii.gz":
        packed = io.BytesIO()
        # No name and no time in the gzip header: equal masks are equal files.
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=6, mtime=0) as stream:
            stream.write(body)
        body = packed.getvalue()
    _write_whole(path, body)


def _write_whole(path: Path, data: bytes) -> None:
    """As engine.files.write_atomically, with errors in words: raises ExportError."""
    if path.is_dir():
        raise ExportError(f"{path}: is a folder; give a file name")
    if not path.parent.is_dir():
        raise ExportError(f"{path}: the folder {path.parent} does not exist; make it first")
    try:
        write_atomically(path, data)
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({_short(error, path)}); choose another place") from error


def read_mask(path: Path, volume: Volume, convention: str = "mnms") -> LabelMap:
    """A mask file that lies on a volume's grid, in any order of its axes.

    convention: label values in the file, a key of engine.volume.CONVENTIONS.
    A mask whose header gives no voxel size (1 mm in every direction) takes the volume's.
    Raises ScanError where the grid, the number of frames or the label values differ, saying how.
    """
    image = _open(path)
    shape, frames = _shape(image.shape, path)
    header = read_header(image.header, shape)
    layout = matching_layout(header, volume.geometry)
    scan = volume.source.name
    if layout is None:
        raise ScanError(f"{path}: is not on the grid of {scan}: its axes point elsewhere; use the mask of this scan")
    try:
        grid = Geometry(layout.volume_affine, layout.volume_shape)
    except (ScanError, ValueError) as error:
        raise ScanError(f"{path}: is not on the grid of {scan}: {error}; use the mask of this scan") from error
    if header.spacing is Known.ASSUMED:
        grid = grid.with_spacing(*volume.geometry.spacing_mm)
    if not grid.same_as(volume.geometry):
        how = difference(volume.geometry, grid)
        raise ScanError(f"{path}: is not on the grid of {scan}: {how}; use the mask of this scan")
    if frames != volume.frames:
        raise ScanError(
            f"{path}: has {_count(frames, 'frame')}, {scan} has {volume.frames}; give the mask of every frame, "
            "or open the frame that the mask belongs to"
        )
    array, _ = _voxels(image, path)
    try:
        values = convert_labels(layout.to_volume(array), convention)
    except ScanError as error:
        raise ScanError(f"{path}: {error}; choose its convention (--labels on the command line)") from error
    return LabelMap(values, volume.geometry)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
