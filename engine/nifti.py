"""NIfTI in and out. The only place where NIfTI's RAS axes and the program's LPS axes meet."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import logging
import math
import os
import re
import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError, HeaderTypeError
from nibabel.wrapstruct import WrapStructError
from numpy.typing import NDArray

from engine.errors import ExportError, ScanError
from engine.volume import (
    SAME_DIRECTION,
    SAME_PLACE_MM,
    Geometry,
    Known,
    LabelMap,
    Source,
    Volume,
    convert_labels,
)

# nibabel's annotations are too incomplete to check calls against.
_nib: Any = nib

# nibabel logs each oddity of a header to stderr; what matters of it becomes a notice or a ScanError here.
logging.getLogger("nibabel.global").setLevel(logging.CRITICAL + 1)

SUFFIXES = (".nii", ".nii.gz")
READABLE_SUFFIXES = (*SUFFIXES, ".hdr", ".img", ".hdr.gz", ".img.gz")

_DAMAGED = (
    ImageFileError,
    HeaderDataError,
    HeaderTypeError,
    WrapStructError,
    OSError,
    EOFError,
    zlib.error,
    struct.error,
    ValueError,
    OverflowError,
    MemoryError,
)

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Where a short-axis picture is seen from the apex, as scanners show it, its slices ascend towards the base: to the
# patient's right, back and head.
APEX_TO_BASE = np.array([-0.6, 0.6, 0.53])
FRAME_STEP_MS = (5.0, 200.0)
"""Time steps outside this are no cine frames: most files hold 1, 0 or a repetition time there."""
FEW_SLICES = 30
"""A stack has no more slices than this."""
NIFTI_INTENT_LABEL = 1002


def suffix_of(path: Path) -> str:
    """The file's suffix in lower case, with ".gz" as part of it: ".nii.gz", ".dcm", "" …"""
    name = path.name.lower()
    return Path(name.removesuffix(".gz")).suffix + ".gz" if name.endswith(".gz") else Path(name).suffix


def stem_of(path: Path) -> str:
    """The file's name without suffix_of."""
    return path.name[: len(path.name) - len(suffix_of(path))]


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """How the voxels of a file become a Volume's.

    order: file axis that becomes x, y and z.
    flips: whether x, y and z run against their file axis.
    affine: (4, 4) LPS affine of the file's own indices (i, j, k), in mm.
    shape: the file's (i, j, k) sizes.
    """

    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    affine: NDArray[np.float64]
    shape: tuple[int, int, int]

    @property
    def volume_shape(self) -> tuple[int, int, int]:
        """(Z, Y, X)"""
        x, y, z = (self.shape[axis] for axis in self.order)
        return z, y, x

    @property
    def volume_affine(self) -> NDArray[np.float64]:
        """(4, 4) LPS affine of Volume indices (x, y, z)."""
        step = np.zeros((4, 4))
        step[3, 3] = 1
        for axis, (file_axis, flip) in enumerate(zip(self.order, self.flips, strict=True)):
            step[file_axis, axis] = -1 if flip else 1
            step[file_axis, 3] = self.shape[file_axis] - 1 if flip else 0
        return np.asarray(self.affine @ step)

    def to_volume(self, array: NDArray[Any]) -> NDArray[Any]:
        """File order (I, J, K, T) to (T, Z, Y, X), a view."""
        x, y, z = self.order
        turned = array.transpose(3, z, y, x)
        fx, fy, fz = (slice(None, None, -1 if flip else 1) for flip in self.flips)
        return turned[:, fz, fy, fx]

    def to_file(self, array: NDArray[Any]) -> NDArray[Any]:
        """(T, Z, Y, X) to file order (I, J, K, T), a view."""
        fx, fy, fz = (slice(None, None, -1 if flip else 1) for flip in self.flips)
        turned = array[:, fz, fy, fx].transpose(3, 2, 1, 0)  # x, y, z, t
        back = [0, 0, 0]
        for axis, file_axis in enumerate(self.order):
            back[file_axis] = axis
        return turned.transpose(*back, 3)


@dataclass(frozen=True, slots=True, eq=False)
class _Header:
    """What a header says about the grid, in words and numbers.

    affine, shape: as _Layout's, file order. notices, spacing_notices: as Volume's.
    """

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]
    spacing: Known
    orientation: Known
    notices: tuple[str, ...]
    spacing_notices: tuple[str, ...]


def _open(path: Path) -> Any:
    """The nibabel image of a file, its voxels not read yet. Raises ScanError."""
    if not path.exists():
        raise ScanError(f"{path}: no such file")
    if path.is_dir():
        raise ScanError(f"{path}: is a folder, not a NIfTI file")
    if path.stat().st_size == 0:
        raise ScanError(f"{path}: is empty; copy it again from its source")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd header extensions, which are not used
            image = _nib.load(path, mmap=False)
    except _DAMAGED as error:
        raise ScanError(
            f"{path}: is not a NIfTI file or is damaged ({_short(error, path)}); check what it is"
        ) from error
    if not isinstance(image, _nib.AnalyzeImage):
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
        raise ScanError(f"{path}: has no voxels (shape {_by(shape)}); export it again")
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) < 3:
        raise ScanError(f"{path}: is {len(shape)}-D ({_by(shape)}), not a stack of slices; open a 3-D or 4-D file")
    if len(shape) > 4:
        raise ScanError(f"{path}: is {len(shape)}-D ({_by(shape)}); only 3-D stacks and 4-D cines can be opened")
    return (shape[0], shape[1], shape[2]), shape[3] if len(shape) == 4 else 1


def is_mask(path: Path) -> bool:
    """Whether a file says of itself that it holds labels, as those of write_mask do. Raises ScanError as read does."""
    header = _open(path).header
    return isinstance(header, _nib.Nifti1Header) and int(header["intent_code"]) == NIFTI_INTENT_LABEL


def frames_of(path: Path) -> int:
    """How many frames a file holds, by its header. Raises ScanError as read does."""
    return _shape(_open(path).shape, path)[1]


def _by(sizes: Sequence[float]) -> str:
    """Sizes in words: "192 × 192 × 10"."""
    return " × ".join(f"{n:g}" for n in sizes)


def _mm(sizes: Sequence[float] | NDArray[np.float64]) -> str:
    return f"{' × '.join(f'{float(n):.4g}' for n in sizes)} mm"


def _unit_affine(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(directions, spacing) of an affine's columns."""
    norms = np.linalg.norm(matrix[:3, :3], axis=0)
    return matrix[:3, :3] / np.where(norms > 0, norms, 1), norms


def _usable(matrix: NDArray[np.float64] | None) -> bool:
    """Whether a form is one that a scanner could write: no singular, endless or microscopic axes."""
    if matrix is None or not np.isfinite(matrix).all() or np.abs(matrix).max() > 1e6:
        return False
    directions, norms = _unit_affine(matrix)
    return bool((norms > 1e-6).all() and abs(np.linalg.det(directions)) > 1e-3)


def _read_header(header: Any, shape: tuple[int, int, int]) -> _Header:
    """The grid that a nibabel header describes, for a stack of shape (I, J, K).

    The affine is the sform's where its code is set, else the qform's, else only the voxel sizes (methods 3, 2 and 1
    of nifti1.h). Where the sform's column lengths are not pixdim, spacing comes from pixdim and directions from the
    sform, as ITK does: ACDC's headers hold an identity sform beside true voxel sizes. A pixdim of all ones says
    nothing and yields to the sform.
    """
    is_nifti = isinstance(header, _nib.Nifti1Header)
    pixdim = np.abs(np.asarray(header["pixdim"], dtype=np.float64)[1:4])
    sized = bool(np.isfinite(pixdim).all() and (pixdim > 1e-6).all() and (pixdim < 1e6).all())
    sform, qform = None, None
    unit_mm = 1.0
    notices: list[str] = []
    spacing_notices: list[str] = []
    if is_nifti:
        unit_mm = {1: 1000.0, 3: 0.001}.get(int(header["xyzt_units"]) & 7, 1.0)
        with np.errstate(all="ignore"):
            if int(header["sform_code"]) > 0:
                sform = np.asarray(header.get_sform(), dtype=np.float64)
            if int(header["qform_code"]) > 0:
                with contextlib.suppress(HeaderDataError, ValueError):
                    qform = np.asarray(header.get_qform(), dtype=np.float64)
    sform, qform = (form if _usable(form) else None for form in (sform, qform))

    spacing, orientation = Known.KNOWN, Known.KNOWN
    form = sform if sform is not None else qform
    if form is None:
        # Method 1 of nifti1.h: sizes only.
        directions, origin = np.eye(3), np.zeros(3)
        orientation = Known.ASSUMED
        size = pixdim if sized else np.ones(3)
    else:
        directions, norms = _unit_affine(form)
        origin = form[:3, 3]
        size = norms
        if np.abs(np.abs(directions) - np.eye(3)).max() < 1e-6 and not origin.any():
            orientation = Known.ASSUMED
        if sized and np.abs(norms - pixdim).max() > 1e-3 * pixdim.max():
            # Sizes of exactly 1 are what a writer leaves that never set them: then the other one speaks.
            unset = bool((pixdim == 1).all())
            spacing, size = Known.CONTRADICTED, norms if unset else pixdim
            spacing_notices.append(
                f"The header gives two voxel sizes, {_mm(norms * unit_mm)} (sform) and {_mm(pixdim * unit_mm)} "
                f"(pixdim): {'the sform' if unset else 'pixdim'} is used."
            )
    if sform is not None and qform is not None:
        corners = np.array([[*np.multiply(c, np.array(shape) - 1), 1] for c in np.ndindex(2, 2, 2)], dtype=np.float64).T
        apart = float(np.abs((sform - qform) @ corners)[:3].max()) * unit_mm
        turned = float(np.abs(_unit_affine(sform)[0] - _unit_affine(qform)[0]).max())
        if turned > SAME_DIRECTION or (apart > 20 * SAME_PLACE_MM and spacing is Known.KNOWN):
            orientation = Known.CONTRADICTED
            notices.append(f"The header's sform and qform place the slices {apart:.1f} mm apart: the sform is used.")

    if np.all(np.abs(size - 1) < 1e-6) and (not sized or np.all(np.abs(pixdim - 1) < 1e-6)) and min(shape) < FEW_SLICES:
        spacing = Known.ASSUMED
        spacing_notices.append(
            "Spacing unknown: the header says 1 mm in every direction, as files without geometry do. Volumes in mL and "
            "lengths in mm are not to be trusted until the spacing is given."
        )
    if orientation is Known.ASSUMED:
        notices.append("Orientation unknown: the header holds no patient directions.")

    affine = np.eye(4)
    affine[:3, :3] = directions * size * unit_mm
    affine[:3, 3] = origin * unit_mm
    said = tuple(spacing_notices)
    return _Header(RAS_TO_LPS @ affine, shape, spacing, orientation, (*said, *notices), said)


def _layout(header: _Header) -> _Layout:
    """Which file axis is the slice axis, and which axes to turn so that slices ascend along row × column."""
    directions, size = _unit_affine(header.affine)
    shape = np.array(header.shape)
    slice_axis = 2
    for axis in (0, 1):
        others = [a for a in range(3) if a != axis]
        if header.spacing is Known.ASSUMED:
            if shape[axis] <= FEW_SLICES and (shape[others] > 2 * FEW_SLICES).all():
                slice_axis = axis
        elif size[axis] > 1.5 * size[others].max() and size[others].max() < 1.2 * size[others].min():
            slice_axis = axis
    x, y = (axis for axis in range(3) if axis != slice_axis)
    flips = [False, False, False]
    matrix = directions[:, [x, y, slice_axis]]
    # Some converters store rows bottom-up, which shows the heart in a mirror. Turn them back where the header's
    # directions say so beyond doubt; an axis-aligned stack never does.
    if header.orientation is not Known.ASSUMED:
        seen_from_base = float(np.cross(matrix[:, 0], matrix[:, 1]) @ APEX_TO_BASE) < -0.7
        if seen_from_base:
            flips[1] = True
            matrix = matrix * np.array([1, -1, 1])
    if np.linalg.det(matrix) < 0:
        flips[2] = True
    return _Layout((x, y, slice_axis), (flips[0], flips[1], flips[2]), header.affine, header.shape)


def _voxels(image: Any, path: Path) -> tuple[NDArray[Any], tuple[str, ...]]:
    """(I, J, K, T) voxels, native byte order, and what has to be said about them. Raises ScanError.

    Integers stay integers where the header does not scale them; everything else is float32.
    """
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
    try:
        raw = np.asanyarray(image.dataobj.get_unscaled()).reshape(*shape, frames)
    except _DAMAGED as error:
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
            array = raw.astype(raw.dtype.newbyteorder("="))
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
    if frames < 2 or not isinstance(image.header, _nib.Nifti1Header):
        return None
    unit_ms = {8: 1000.0, 16: 1.0, 24: 0.001}.get(int(image.header["xyzt_units"]) & 0x38, 1.0)
    step = float(image.header["pixdim"][4]) * unit_ms
    if not FRAME_STEP_MS[0] <= step <= FRAME_STEP_MS[1]:
        return None
    return tuple(round(step * t, 4) for t in range(frames))


def _window(image: Any) -> tuple[float, float] | None:
    if not isinstance(image.header, _nib.Nifti1Header):
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
        return f"a volume with cubic voxels ({_mm((x, y, z))}), not a short-axis stack"
    return ""


def read(paths: Sequence[Path]) -> Volume:
    """One 3-D or 4-D NIfTI file, or two 3-D files of one grid: end-diastole, then end-systole.

    Returns a Volume (T, Z, Y, X) whose slices ascend along row × column. Integer voxels stay integers where the
    header does not scale them.
    Raises ScanError, naming the file, for everything that is no such scan.
    """
    if not 1 <= len(paths) <= 2:
        raise ScanError(f"{len(paths)} NIfTI files are given; open one, or an ED and an ES file of one study")
    volumes = [_read_one(path) for path in paths]
    if len(volumes) == 1:
        return volumes[0]
    first, second = volumes
    for path, volume in zip(paths, volumes, strict=True):
        if volume.frames != 1:
            raise ScanError(f"{path}: has {volume.frames} frames; an ED and an ES file hold one each. Open it alone")
    if not first.geometry.same_as(second.geometry):
        how = _difference(first.geometry, second.geometry)
        raise ScanError(f"{paths[1]}: is not on the grid of {paths[0].name}: {how}; open them one by one")
    return Volume(
        array=np.concatenate([first.array, second.array]),
        geometry=first.geometry,
        source=Source(
            kind="nifti",
            paths=tuple(paths),
            name=_common_name(paths),
            slices_reversed=first.source.slices_reversed,
            nifti_headers=first.source.nifti_headers + second.source.nifti_headers,
        ),
        phase_names=("ED", "ES"),
        window=first.window,
        not_short_axis=first.not_short_axis or second.not_short_axis,
        notices=tuple(dict.fromkeys(first.notices + second.notices)),
        spacing_notices=first.spacing_notices + second.spacing_notices,
    )


def _common_name(paths: Sequence[Path]) -> str:
    """What the names of the files share, such as "patient005" of "patient005_ED" and "patient005_ES"."""
    pairs = zip(*(stem_of(p) for p in paths), strict=False)
    shared = "".join(a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    shared = re.sub(r"[_\-. ]*(frame\d*|E)?$", "", shared)
    return shared or stem_of(paths[0])


def _read_one(path: Path) -> Volume:
    image = _open(path)
    header = _read_header(image.header, _shape(image.shape, path)[0])
    layout = _layout(header)
    array, said = _voxels(image, path)
    try:
        geometry = Geometry(layout.volume_affine, layout.volume_shape, header.spacing, header.orientation)
    except ScanError as error:
        raise ScanError(f"{path}: {error}; export it again with valid directions") from error
    stack = layout.to_volume(array)
    return Volume(
        array=stack,
        geometry=geometry,
        source=Source(
            kind="nifti",
            paths=(path,),
            name=stem_of(path),
            slices_reversed=layout.flips[2],
            nifti_headers=(image.header.binaryblock,) if isinstance(image.header, _nib.Nifti1Header) else (),
        ),
        frame_times_ms=_frame_times(image, stack.shape[0]),
        window=_window(image),
        not_short_axis=_not_short_axis(stack, geometry),
        notices=header.notices + said,
        spacing_notices=header.spacing_notices,
    )


def _difference(ours: Geometry, theirs: Geometry) -> str:
    """What tells two grids apart, in words: the first of size, voxel size, direction and place that differs."""
    if ours.shape != theirs.shape:
        return f"it has {_by(theirs.shape[::-1])} voxels, not {_by(ours.shape[::-1])}"
    if np.abs(np.array(ours.spacing_mm) - theirs.spacing_mm).max() > 1e-3:
        return f"its voxels are {_mm(theirs.spacing_mm)}, not {_mm(ours.spacing_mm)}"
    if np.abs(ours.directions - theirs.directions).max() > SAME_DIRECTION:
        return "its axes point elsewhere"
    away = float(np.linalg.norm(ours.affine[:3, 3] - theirs.affine[:3, 3]))
    return f"its first voxel lies {away:.2f} mm away"


# Masks


def _source_header(source: Source) -> Any | None:
    """The header of a NIfTI source's first file, in its own byte order; None for other sources."""
    if not source.nifti_headers:
        return None
    block = source.nifti_headers[0]
    kind = _nib.Nifti2Header if len(block) == _nib.Nifti2Header.sizeof_hdr else _nib.Nifti1Header
    return kind(block, check=False)


def _geometry_header(volume: Volume) -> Any:
    """A NIfTI-1 header for a volume that did not come from one: its RAS affine in both forms, mm and seconds."""
    z, y, x = volume.geometry.shape
    header = _nib.Nifti1Header()
    header.set_data_shape((x, y, z) if volume.frames == 1 else (x, y, z, volume.frames))
    ras = RAS_TO_LPS @ volume.geometry.affine  # the map is its own inverse
    header.set_sform(ras, code=1)
    header.set_qform(ras, code=1, strip_shears=True)
    header["pixdim"][1:4] = volume.geometry.spacing_mm
    header.set_xyzt_units("mm", "sec")
    times = volume.frame_times_ms
    if times is not None and len(times) > 1:
        header["pixdim"][4] = (times[-1] - times[0]) / (len(times) - 1) / 1000
    return header


def write_mask(path: Path, labels: LabelMap, volume: Volume, convention: str = "mnms") -> None:
    """Labels as NIfTI, uint8, on the grid of the file that the volume was read from.

    A NIfTI source keeps its shape, forms, codes, pixdim and units, whatever they say; an ED and ES pair becomes one
    4-D file of two frames. Other sources get the geometry's RAS affine in both forms, and the mean time step in
    pixdim[4]. convention: label values in the file, a key of engine.volume.CONVENTIONS.
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
        header = _geometry_header(volume)
        stored = values.transpose(3, 2, 1, 0)
    else:
        shape = tuple(int(n) for n in header.get_data_shape())
        stored = _layout(_read_header(header, (shape[0], shape[1], shape[2]))).to_file(values)
        if len(volume.source.nifti_headers) > 1:
            header.set_data_shape(stored.shape)
    for field, value in {
        "data_type": b"",  # free text of the source may name the patient
        "db_name": b"",
        "descrip": b"CineQuant",
        "aux_file": b"",
        "intent_code": NIFTI_INTENT_LABEL,
        "intent_name": b"",
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
    header = _geometry_header(volume)
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
    """Write beside, sync, rename: a crash leaves the old file or the new one. Raises ExportError."""
    if path.is_dir():
        raise ExportError(f"{path}: is a folder; give a file name")
    if not path.parent.is_dir():
        raise ExportError(f"{path}: the folder {path.parent} does not exist; make it first")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ExportError(f"{path}: cannot be written ({_short(error, path)}); choose another place") from error


def _matching_layout(header: _Header, geometry: Geometry) -> _Layout | None:
    """The layout that puts a file's axes along a geometry's, whatever order the file has; None if none does."""
    directions, _ = _unit_affine(header.affine)
    along = geometry.directions.T @ directions  # [volume axis, file axis]
    order = tuple(int(i) for i in np.abs(along).argmax(axis=1))
    if sorted(order) != [0, 1, 2]:
        return None
    flips = tuple(bool(along[axis, file_axis] < 0) for axis, file_axis in enumerate(order))
    return _Layout((order[0], order[1], order[2]), (flips[0], flips[1], flips[2]), header.affine, header.shape)


def read_mask(path: Path, volume: Volume, convention: str = "mnms") -> LabelMap:
    """A mask file that lies on a volume's grid, in any order of its axes.

    convention: label values in the file, a key of engine.volume.CONVENTIONS.
    A mask whose header gives no voxel size (1 mm in every direction) takes the volume's.
    Raises ScanError where the grid, the number of frames or the label values differ, saying how.
    """
    image = _open(path)
    shape, frames = _shape(image.shape, path)
    header = _read_header(image.header, shape)
    layout = _matching_layout(header, volume.geometry)
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
        how = _difference(volume.geometry, grid)
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
        raise ScanError(f"{path}: {error}; name its convention with --labels") from error
    return LabelMap(values, volume.geometry)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
