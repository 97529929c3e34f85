"""The grid that a NIfTI header describes, and how a file's axes become a Volume's.

The only place where NIfTI's RAS axes and the program's LPS axes meet. No file is opened here.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.later import Later
from engine.volume import SAME_DIRECTION, SAME_PLACE_MM, Geometry, Known, Volume


def _ignore_warnings(package: Any) -> None:
    """On odd header extensions, which are not used. Once, because filters are the whole process's, not a thread's."""
    warnings.filterwarnings("ignore", module="nibabel")


# nibabel would bring pydicom for header extensions, which are not used.
nib: Any = Later("nibabel", without="pydicom", then=_ignore_warnings)

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
# Where a short-axis picture is seen from the apex, as scanners show it, its slices ascend towards the base: to the
# patient's right, back and head.
APEX_TO_BASE = np.array([-0.6, 0.6, 0.53])
FEW_SLICES = 30
"""A stack has no more slices than this."""
_MOST_LONG_AXES = 6
"""A cine of a long axis has no more slices than this."""
_LEANING = 0.5
"""Degrees by which axes may miss a right angle: more is no rounding of a header."""


@dataclass(frozen=True, slots=True, eq=False)
class AxisLayout:
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
class Header:
    """What a header says about the grid, in words and numbers.

    affine, shape: as AxisLayout's, file order. notices, spacing_notices: as Volume's.
    """

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]
    spacing: Known
    orientation: Known
    notices: tuple[str, ...]
    spacing_notices: tuple[str, ...]


def sizes_text(sizes: Sequence[float]) -> str:
    """Sizes in words: "192 × 192 × 10"."""
    return " × ".join(f"{n:g}" for n in sizes)


def mm_text(sizes: Sequence[float] | NDArray[np.float64]) -> str:
    """Lengths in words: "1.5 × 1.5 × 10 mm"."""
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


def _leaning(matrix: NDArray[np.float64]) -> float:
    """By how many degrees the angle between two axes of an affine differs from a right one, at most."""
    directions, _ = _unit_affine(matrix)
    between = (directions.T @ directions)[np.triu_indices(3, 1)]
    return float(np.degrees(np.arcsin(np.clip(np.abs(between).max(), 0, 1))))


def read_header(header: Any, shape: tuple[int, int, int]) -> Header:
    """The grid that a nibabel header describes, for a stack of shape (I, J, K).

    The affine is the sform's where its code is set, else the qform's, else only the voxel sizes (methods 3, 2 and 1
    of nifti1.h). Where the sform's column lengths are not pixdim, spacing comes from pixdim and directions from the
    sform, as ITK does: ACDC's headers hold an identity sform beside true voxel sizes. A pixdim of all ones says
    nothing and yields to the sform.
    """
    is_nifti = isinstance(header, nib.Nifti1Header)
    with np.errstate(invalid="ignore"):  # damaged numbers that signal
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
                with contextlib.suppress(nib.spatialimages.HeaderDataError, ValueError):
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
                f"The header gives two voxel sizes, {mm_text(norms * unit_mm)} (sform) and {mm_text(pixdim * unit_mm)} "
                f"(pixdim): {'the sform' if unset else 'pixdim'} is used."
            )
    if sform is not None and qform is not None:
        corners = np.array([[*np.multiply(c, np.array(shape) - 1), 1] for c in np.ndindex(2, 2, 2)], dtype=np.float64).T
        apart = float(np.abs((sform - qform) @ corners)[:3].max()) * unit_mm
        turned = float(np.abs(_unit_affine(sform)[0] - _unit_affine(qform)[0]).max())
        if turned > SAME_DIRECTION or (apart > 20 * SAME_PLACE_MM and spacing is Known.KNOWN):
            orientation = Known.CONTRADICTED
            notices.append(f"The header's sform and qform place the slices {apart:.1f} mm apart: the sform is used.")

    if form is not None and (leaning := _leaning(form)) > _LEANING:
        notices.append(
            f"The axes in the header are {leaning:.1f}° away from right angles: the images are shown as if they were "
            "at right angles. Volumes take the angle into account, lengths do not."
        )
    if form is None and not sized:
        spacing = Known.ASSUMED
        spacing_notices.append(
            "Spacing unknown: the header lacks a voxel size. Volumes in mL and lengths in mm are not to be trusted "
            "until the spacing is given."
        )
    elif (
        np.all(np.abs(size - 1) < 1e-6) and (not sized or np.all(np.abs(pixdim - 1) < 1e-6)) and min(shape) < FEW_SLICES
    ):
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
    return Header(RAS_TO_LPS @ affine, shape, spacing, orientation, (*said, *notices), said)


def layout_of(header: Header) -> AxisLayout:
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
    return AxisLayout((x, y, slice_axis), (flips[0], flips[1], flips[2]), header.affine, header.shape)


def matching_layout(header: Header, geometry: Geometry) -> AxisLayout | None:
    """The layout that puts a file's axes along a geometry's, whatever order the file has; None if none does."""
    directions, _ = _unit_affine(header.affine)
    along = geometry.directions.T @ directions  # [volume axis, file axis]
    order = tuple(int(i) for i in np.abs(along).argmax(axis=1))
    if sorted(order) != [0, 1, 2]:
        return None
    flips = tuple(bool(along[axis, file_axis] < 0) for axis, file_axis in enumerate(order))
    return AxisLayout((order[0], order[1], order[2]), (flips[0], flips[1], flips[2]), header.affine, header.shape)


def new_header(volume: Volume) -> Any:
    """A NIfTI-1 header for a volume that did not come from one: its RAS affine in both forms, mm and seconds."""
    z, y, x = volume.geometry.shape
    header = nib.Nifti1Header()
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


def four_chambers(geometry: Geometry) -> bool:
    """Whether a few slices are known to lie as those of a four-chamber view: nearly level, oblique, across no heart.

    Hardly a short axis lies so, and none of as few slices. The sign of no direction matters, which files converted
    carelessly have wrong. The limits are those by which DICOM stacks are judged (engine.formats.dicom_kind).
    """
    if geometry.shape[0] > _MOST_LONG_AXES:
        return False
    side, back_or_forth, up = np.abs(geometry.directions[:, 2])
    level = bool(side < 0.35 and up > 0.6 and max(back_or_forth, up) < 0.97)
    return level and geometry.orientation is Known.KNOWN


def difference(ours: Geometry, theirs: Geometry) -> str:
    """What tells two grids apart, in words: the first of size, voxel size, direction and place that differs."""
    if ours.shape != theirs.shape:
        return f"it has {sizes_text(theirs.shape[::-1])} voxels, not {sizes_text(ours.shape[::-1])}"
    if np.abs(np.array(ours.spacing_mm) - theirs.spacing_mm).max() > 1e-3:
        return f"its voxels are {mm_text(theirs.spacing_mm)}, not {mm_text(ours.spacing_mm)}"
    if np.abs(ours.directions - theirs.directions).max() > SAME_DIRECTION:
        return "its axes point elsewhere"
    away = float(np.linalg.norm(ours.affine[:3, 3] - theirs.affine[:3, 3]))
    return f"its first voxel lies {away:.2f} mm away"
