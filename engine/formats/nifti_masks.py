"""Masks and volumes to NIfTI, and masks from it onto the grid of a scan."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ExportError, ScanError
from engine.files import write_atomically
from engine.formats.mask_names import convention_of, structure_of
from engine.formats.nifti_file import SUFFIXES, NiftiFile, open_nifti, printable, read_voxels, short_reason, suffix_of
from engine.formats.nifti_grid import difference, layout_of, matching_layout, new_header, nib, read_header
from engine.formats.nifti_values import plain_values
from engine.volume import CONVENTIONS, MYO, Geometry, Known, LabelMap, Source, Volume, convert_labels

NIFTI_INTENT_LABEL = 1002
_LABELS_AS = "labels: "
"""What a mask of this program says in intent_name before its convention."""
_ROUNDED = 1e-3
"""So far from a whole number, labels that were stored scaled or as fractions are still that number."""


class GridError(ScanError):
    """A mask lies on another grid than the scan."""


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


def _all_frames(array: NDArray[np.uint8], source: Source, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(T, Z, Y, X) with the frames that the scan's file has and the volume leaves out, of a file shape, as 0."""
    if not source.file_frames:
        return array
    out = np.zeros((max(shape[3:]), *array.shape[1:]), np.uint8)
    out[list(source.file_frames)] = array
    return out


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
        values = _all_frames(values, volume.source, shape)
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
        raise ExportError(f"{path}: cannot be written ({short_reason(error, path)}); choose another place") from error


def convention_in(path: Path) -> str:
    """The convention that a mask of this program names, or a mask with the names of its segments; else empty.

    Raises ScanError as read does.
    """
    file = open_nifti(path)
    if file.segments:
        return segment_convention(file)
    if not file.is_nifti or not bytes(file.header["descrip"].item()).startswith(b"CineQuant"):
        return ""
    named = bytes(file.header["intent_name"].item()).decode("ascii", "replace").removeprefix(_LABELS_AS)
    return named if named in CONVENTIONS else ""


def read_mask(path: Path, volume: Volume, convention: str = "mnms") -> LabelMap:
    """A mask file that lies on a volume's grid, in any order of its axes.

    convention: label values in the file, a key of engine.volume.CONVENTIONS.
    A mask whose header gives no voxel size (1 mm in every direction) takes the volume's, and so does one of a volume
    whose spacing the user gave: it was drawn on the file's.
    Raises ScanError where the grid, the number of frames or the label values differ, saying how.
    """
    file = open_nifti(path)
    frames = mask_frames(file)
    header = read_header(file.header, file.shape)
    layout = matching_layout(header, volume.geometry)
    scan = volume.source.name
    if layout is None:
        raise GridError(f"{path}: is not on the grid of {scan}: its axes point elsewhere; use the mask of this scan")
    try:
        grid = Geometry(layout.volume_affine, layout.volume_shape)
    except (ScanError, ValueError) as error:
        raise ScanError(f"{path}: is not on the grid of {scan}: {error}; use the mask of this scan") from error
    if header.spacing is Known.ASSUMED or volume.spacing_given is not None:
        grid = grid.with_spacing(*volume.geometry.spacing_mm)
    if not grid.same_as(volume.geometry):
        how = difference(volume.geometry, grid)
        raise GridError(f"{path}: is not on the grid of {scan}: {how}; use the mask of this scan")
    kept = volume.source.file_frames
    if kept and frames > kept[-1] and frames != volume.frames:
        frames = len(kept)
    if frames != volume.frames:
        raise ScanError(
            f"{path}: has {_count(frames, 'frame')}, {scan} has {volume.frames}; give the mask of every frame, "
            "or open the frame that the mask belongs to"
        )
    array = label_voxels(file, convention)
    if array.shape[3] != frames:
        array = array[..., list(kept)]
    try:
        values = convert_labels(layout.to_volume(array), convention)
    except ScanError as error:
        raise ScanError(f"{path}: {error}; choose its convention (--labels on the command line)") from error
    return LabelMap(values, volume.geometry)


def mask_frames(file: NiftiFile) -> int:
    """How many frames a mask is of: segments in layers are of one."""
    return 1 if file.segments else file.frames


def segment_convention(file: NiftiFile) -> str:
    """The convention of label_voxels where the file names its segments, as those of Slicer do; else empty."""
    return convention_of({number: segment.name for number, segment in enumerate(file.segments, 1)})


def left_out(path: Path) -> tuple[str, ...]:
    """The names of a mask's own segments that are neither ventricle nor myocardium, where others are.

    Raises ScanError as read does.
    """
    file = open_nifti(path)
    if not file.segments or not segment_convention(file):
        return ()
    return tuple(printable(segment.name) for segment in file.segments if not structure_of(segment.name))


def label_voxels(file: NiftiFile, convention: str) -> NDArray[Any]:
    """The values of a mask, (I, J, K, T); the numbers of its segments, from 1, where they go by their names.

    Where segments overlap the myocardium counts. Raises ScanError as read_voxels does, for voxels that hold no number,
    and for overlapping segments whose names say nothing.
    """
    array, not_numbers = plain_values(read_voxels(file), file.slope, file.inter, file.path)
    if not_numbers:  # in an image they are dark; here they could become a label
        raise ScanError(
            f"{file.path}: some of its voxels hold no number (NaN or infinite); save it with 0 where there is no label"
        )
    if array.dtype.kind == "f" and np.abs(array - (whole := np.rint(array))).max(initial=0) < _ROUNDED:
        array = whole
    if not file.segments or (file.frames == 1 and convention != segment_convention(file)):
        return array
    if convention != segment_convention(file):
        names = printable(", ".join(segment.name for segment in file.segments)[:120])
        raise ScanError(
            f"{file.path}: its segments ({names}) do not say which of them is LV, myocardium and RV; name them so"
        )
    out = np.zeros((*file.shape, 1), np.uint16)
    numbered = sorted(enumerate(file.segments, 1), key=lambda pair: structure_of(pair[1].name) == MYO)
    for number, segment in numbered:
        if segment.layer < file.frames:
            out[..., 0][array[..., segment.layer] == segment.value] = number
    return out


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
