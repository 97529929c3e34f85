"""NIfTI files to Volumes: one file, an ED and an ES file, one file a slice or one file a frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ScanError
from engine.files import file_size
from engine.formats import nifti_stack as stacks
from engine.formats import nifti_values as values
from engine.formats.nifti_file import (
    READABLE_SUFFIXES,
    SUFFIXES,
    NiftiFile,
    is_pair,
    looks_like_nifti,
    open_nifti,
    read_frame,
    read_voxels,
    stem_of,
    suffix_of,
)
from engine.formats.nifti_grid import AxisLayout, layout_of, read_header
from engine.formats.nifti_masks import (
    NIFTI_INTENT_LABEL,
    convention_in,
    header_fields,
    read_mask,
    write_mask,
    write_volume,
)
from engine.volume import SAME_DIRECTION, Geometry, Known, OnPlane, Source, Volume, read_only

# What the rest of the program needs of NIfTI, from one place.
__all__ = [
    "READABLE_SUFFIXES",
    "SUFFIXES",
    "convention_in",
    "header_fields",
    "is_pair",
    "looks_like_nifti",
    "read_mask",
    "stem_of",
    "suffix_of",
    "write_mask",
    "write_volume",
]

# nibabel logs each oddity of a header to stderr; what matters of it becomes a notice or a ScanError here.
logging.getLogger("nibabel.global").setLevel(logging.CRITICAL + 1)

FIRST_FRAME_FROM_BYTES = 12_000_000
"""Of a compressed cine with more voxels than this, the first frame is unpacked first, so that it can be seen."""

FRAME_STEP_MS = (5.0, 200.0)
"""Time steps outside this are no cine frames: most files hold 1, 0 or a repetition time there."""

_NO_UNIT = 0
_PACKED_AS_MASKS = 10
"""Images pack 1 to 4 times smaller, labels 30 times and more."""
_BEATS_S, _DEFAULT_S, _LONGEST_BEAT_S = (0.3, 2.0), 1.0, 2.5
"""In seconds: time steps of images taken one heartbeat apart; the step of writers that do not know it; the longest
heartbeat."""


def is_mask(path: Path) -> bool:
    """Whether a file says of itself that it holds labels, as those of write_mask do. Raises ScanError as read does."""
    file = open_nifti(path)
    return file.is_nifti and int(file.header["intent_code"]) == NIFTI_INTENT_LABEL


def holds_labels(path: Path) -> bool:
    """Whether the values in a file's first frame are labels. Raises ScanError as read does."""
    file = open_nifti(path)
    if file.packed and file.total_bytes < _PACKED_AS_MASKS * file_size(file.data):
        return False
    return values.is_mask(read_frame(file)[..., None])


def size_of(path: Path) -> tuple[int, tuple[int, int, int]]:
    """(T, (Z, Y, X)) of the Volume that a file gives, by its header. Raises ScanError as read does."""
    file = open_nifti(path)
    return file.frames, layout_of(read_header(file.header, file.shape)).volume_shape


def frames_of(path: Path) -> int:
    """How many frames a file holds, by its header; segments in layers are one. Raises ScanError as read does."""
    file = open_nifti(path)
    return 1 if file.segments else file.frames


def are_parts(paths: Sequence[Path]) -> bool:
    """Whether files are frames of one grid or slices of one stack, by their headers and, for frames, their voxels.

    Raises ScanError as read does.
    """
    files = [open_nifti(path) for path in paths]
    grids = [_about(file, file.shape, file.frames)[0] for file in files]
    first = grids[0]
    if any(grid.array.shape != first.array.shape for grid in grids):
        return False
    if first.slices == 1:
        turned = max(np.abs(grid.geometry.directions - first.geometry.directions).max() for grid in grids)
        return (
            bool(turned < SAME_DIRECTION * 10)
            and stacks.lie_apart(grids)
            and all(stacks.same_pixels(first, g) for g in grids)
        )
    if first.frames > 1 or not all(grid.geometry.same_as(first.geometry) for grid in grids):
        return over_time(paths)
    # Two patients on one grid are rare, but not in data sets that were resampled.
    some = [values.plain_values(read_frame(file)[..., None], 1.0, 0.0, file.path)[0][..., 0].T for file in files[:2]]
    return values.of_one_subject(some[0], some[1])


def over_time(paths: Sequence[Path]) -> bool:
    """Whether files are slices of one stack whose third axis is time: volumes pushed on into each other.

    By their headers, and by the voxels of the file in the middle, where the heart moves. Raises ScanError as read does.
    """
    files = [open_nifti(path) for path in paths]
    grids = [_about(file, file.shape, file.frames)[0] for file in files]
    first = grids[0]
    if first.slices == 1 or any(grid.array.shape != first.array.shape or grid.frames > 1 for grid in grids):
        return False
    turned = max(np.abs(grid.geometry.directions - first.geometry.directions).max() for grid in grids)
    places = sorted(stacks.places_mm(grids))
    depth = first.slices * first.geometry.spacing_mm[2]
    if turned > SAME_DIRECTION * 10 or not stacks.lie_apart(grids) or min(np.diff(places)) > depth / 2:
        return False
    middle = files[stacks.places_mm(grids).index(places[len(places) // 2])]
    array, _ = values.plain_values(read_frame(middle)[..., None], middle.slope, middle.inter, middle.path)
    return values.slices_are_frames(array)


def preview(path: Path) -> tuple[NDArray[Any], tuple[float, float]]:
    """The middle slice (Y, X) of a file's first frame, and its pixels' size (y, x) in mm.

    Only that frame is read. Raises ScanError as read does.
    """
    file = open_nifti(path)
    layout = layout_of(read_header(file.header, file.shape))
    stack = layout.to_volume(read_frame(file)[..., None])[0]
    y_mm, x_mm = np.linalg.norm(layout.volume_affine[:3, [1, 0]], axis=0)
    return stack[len(stack) // 2], (float(y_mm), float(x_mm))


def read(paths: Sequence[Path], *, on_plane: OnPlane | None = None) -> Volume:
    """One 3-D or 4-D NIfTI file; two 3-D files of one grid, end-diastole and end-systole; or the parts of one cine.

    Parts are three or more 3-D files of one grid, a frame each in the order given, or two or more files of one slice
    each, in any order.
    on_plane: told of the slices of a large compressed cine's first frame, the middle one first. Its voxels are one
    stream, so that nothing else can be had before the rest; other files are read in no time.
    Returns a Volume (T, Z, Y, X) whose slices ascend along row × column. Integer voxels stay integers where the
    header does not scale them.
    Raises ScanError, naming the file, for everything that is no such scan.
    """
    if len(paths) == 1:
        return _read_one(paths[0], on_plane)
    if len(set(paths)) < len(paths):
        raise ScanError(f"{paths[0]}: {len(paths)} NIfTI files are given, some of them twice; name each once")
    volumes = [_read_one(path) for path in paths]
    if len({volume.slices for volume in volumes}) > 1 and over_time(paths):
        # In a slice without much of the heart, frames are hard to tell from slices.
        volumes = [_read_one(path, third_is_time=True) for path in paths]
    if all(volume.slices == 1 for volume in volumes) and stacks.lie_apart(volumes):
        return stacks.stack(paths, volumes)
    for path, volume in zip(paths, volumes, strict=True):
        if volume.frames != 1:
            raise ScanError(
                f"{path}: has {volume.frames} frames; files that are opened together hold one frame or one slice each. "
                "Open it alone"
            )
    return stacks.sequence(paths, volumes)


def _read_one(path: Path, on_plane: OnPlane | None = None, *, third_is_time: bool = False) -> Volume:
    file = open_nifti(path)
    about, layout = _about(file, file.shape, file.frames)
    on_first: Callable[[NDArray[Any]], None] | None = None
    if on_plane is not None and file.packed and file.frames > 1 and file.total_bytes > FIRST_FRAME_FROM_BYTES:
        told = on_plane

        def on_first(first: NDArray[Any]) -> None:
            _tell_first_frame(file, first, layout, about, told)

    array, said = values.plain_values(read_voxels(file, on_first), file.slope, file.inter, path)
    array, padding = values.without_padding(array)
    said = (*said, *padding)
    if layout.order[2] == 2 and not _is_thin(about.geometry):
        again, why = _axes_by_values(array, third_is_time=third_is_time)
        if why:
            array, said = again, (*said, why)
            about, layout = _about(file, (array.shape[0], array.shape[1], array.shape[2]), array.shape[3])
    kept = values.filled_frames(array)
    if len(kept) < array.shape[3]:
        said = (*said, _left_out(kept, array.shape[3]))
        times = about.frame_times_ms
        about = replace(
            about,
            array=about.array[list(kept)],
            frame_times_ms=tuple(times[t] for t in kept) if times else None,
            source=replace(about.source, file_frames=kept),
        )
        array = array[..., list(kept)]
    stack = layout.to_volume(array)
    reason = "a mask by its values" if values.is_mask(array) else stacks.not_short_axis(stack, about.geometry)
    reason = reason or _beats_apart(file, stack.shape[0])
    return replace(about, array=stack, not_short_axis=reason, notices=about.notices + said)


def _about(file: NiftiFile, shape: tuple[int, int, int], frames: int) -> tuple[Volume, AxisLayout]:
    """The Volume of a file before its voxels are read, all 0, for a shape (I, J, K). Raises ScanError."""
    header = read_header(file.header, shape)
    layout = layout_of(header)
    try:
        geometry = Geometry(layout.volume_affine, layout.volume_shape, header.spacing, header.orientation)
    except ScanError as error:
        raise ScanError(f"{file.path}: {error}; export it again with valid directions") from error
    block = file.header
    if (shape, frames) != (file.shape, file.frames):
        block = file.header.copy()
        block.set_data_shape((*shape, frames))
    times = _frame_times(file, frames)
    about = Volume(
        array=np.zeros((frames, *layout.volume_shape), np.uint8),
        geometry=geometry,
        source=Source(
            kind="nifti",
            paths=(file.path,),
            name=stem_of(file.path),
            slices_reversed=layout.flips[2],
            nifti_headers=(block.binaryblock,) if file.is_nifti else (),
        ),
        frame_times_ms=times,
        window=_window(file),
        notices=(*header.notices, *_unit_guessed(file, times)),
        spacing_notices=header.spacing_notices,
    )
    return about, layout


def _axes_by_values(array: NDArray[Any], *, third_is_time: bool) -> tuple[NDArray[Any], str]:
    """(I, J, K, T) with the axes as they seem to be meant, and what to say; empty where the file's order holds."""
    third, fourth = array.shape[2:]
    # Frames that pad a cine to one length are like no others.
    if values.time_before_slices(array[..., list(values.filled_frames(array))]):
        return array.swapaxes(2, 3), (
            f"The file's axes seem to be (x, y, time, slice): its {third} × {fourth} images are shown as {fourth} "
            f"slices of {third} frames, though the header says the opposite. Check that before you trust any volume."
        )
    if third_is_time or values.slices_are_frames(array):
        return array.swapaxes(2, 3), (
            f"The file's third axis seems to be time: its {third} images differ as little as frames of one slice do, "
            "so they are shown as a cine of one slice and not as a stack."
        )
    return array, ""


def _left_out(kept: Sequence[int], frames: int) -> str:
    lost = [t + 1 for t in range(frames) if t not in kept]
    if len(lost) == 1:
        return f"Frame {lost[0]} of {frames} holds no image, only one value, and is left out."
    return f"{len(lost)} of {frames} frames ({lost[0]} to {lost[-1]}) hold no image, only one value, and are left out."


def _frame_times(file: NiftiFile, frames: int) -> tuple[float, ...] | None:
    """Times in ms from pixdim[4] and its unit, None where they are no cine's."""
    if frames < 2 or not file.is_nifti:
        return None
    # (x, y, z, 1, t) has its time step after that of the axis of 1.
    axis = next((n for n in range(4, 8) if int(file.header["dim"][n]) > 1), 4)
    unit_ms = {_NO_UNIT: 1.0, 8: 1000.0, 16: 1.0, 24: 0.001}.get(_time_unit(file))
    if unit_ms is None:
        return None  # a frequency or a chemical shift
    step = float(file.header["pixdim"][axis]) * unit_ms
    if not FRAME_STEP_MS[0] <= step <= FRAME_STEP_MS[1]:
        return None
    return tuple(round(step * t, 4) for t in range(frames))


def _time_unit(file: NiftiFile) -> int:
    """The code of the unit of time, as nifti1.h has it."""
    return int(file.header["xyzt_units"]) & 0x38


def _unit_guessed(file: NiftiFile, times: tuple[float, ...] | None) -> tuple[str, ...]:
    """The notice of a time step without a unit, on which rates and heart rates depend."""
    if times is None or _time_unit(file) != _NO_UNIT:
        return ()
    return (f"The file gives no unit of its time step: {times[1]:g} ms from frame to frame are assumed.",)


def _beats_apart(file: NiftiFile, frames: int) -> str:
    """Why frames are none of one heartbeat, by the time step and its unit; empty where nothing says so."""
    if frames < 2 or not file.is_nifti:
        return ""
    unit_s = {8: 1.0, 16: 1e-3}.get(_time_unit(file))
    step = float(file.header["pixdim"][4]) * (unit_s or 0.0)
    if not _BEATS_S[0] <= step <= _BEATS_S[1] or step == _DEFAULT_S or step * frames < _LONGEST_BEAT_S:
        return ""
    return f"no cine of one heartbeat: its frames span {step * frames:.1f} s"


def _window(file: NiftiFile) -> tuple[float, float] | None:
    if not file.is_nifti:
        return None
    low, high = float(file.header["cal_min"]), float(file.header["cal_max"])
    return ((low + high) / 2, high - low) if np.isfinite([low, high]).all() and high > low else None


def _is_thin(geometry: Geometry) -> bool:
    """Whether a volume's slices are thinner than those of any short axis."""
    return geometry.spacing is not Known.ASSUMED and geometry.shape[0] > 1 and geometry.spacing_mm[2] < stacks.THIN_MM


def _tell_first_frame(
    file: NiftiFile, first: NDArray[Any], layout: AxisLayout, about: Volume, on_plane: OnPlane
) -> None:
    """Tell of the slices of a file's first frame; of none where they cannot be shown as they will be."""
    if first.dtype.kind == "f" and not np.isfinite(first).all():
        return
    kind = np.dtype(np.float32)
    if first.dtype.kind != "f" and (file.slope, file.inter) == (1.0, 0.0):
        kind = first.dtype.newbyteorder("=")
    real = first.astype(kind)
    if (file.slope, file.inter) != (1.0, 0.0):
        real = real * np.float32(file.slope) + np.float32(file.inter)
    stack = layout.to_volume(real[..., None])
    early = replace(
        about,
        array=np.zeros((about.frames, *stack.shape[1:]), kind),
        not_short_axis=stacks.not_short_axis(stack, about.geometry),
    )
    middle = len(stack[0]) // 2
    for z in sorted(range(len(stack[0])), key=lambda z: (abs(z - middle), z)):
        on_plane(early, 0, z, read_only(stack[0, z]))
