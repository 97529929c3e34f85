"""NIfTI files to Volumes: one file, an ED and an ES file, one file a slice or one file a frame."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ScanError
from engine.files import file_size
from engine.formats import nifti_names as names
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
from engine.formats.nifti_grid import FEW_SLICES, AxisLayout, difference, four_chambers, layout_of, mm_text, read_header
from engine.formats.nifti_masks import (
    NIFTI_INTENT_LABEL,
    convention_in,
    header_fields,
    read_mask,
    write_mask,
    write_volume,
)
from engine.formats.slice_steps import steps_of
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

SINGLE_SLICE = "a single slice, such as a long-axis view"
_PACKED_AS_MASKS = 10
"""Images pack 1 to 4 times smaller, labels 30 times and more."""
_THIN_MM = 4.0
_LONGEST_STACK_MM = 250.0
_BEATS_S, _DEFAULT_S, _LONGEST_BEAT_S = (0.3, 2.0), 1.0, 2.5
"""Steps in time of images that are a heartbeat apart; what writers put there that know none; and the longest beat."""


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
        return bool(turned < SAME_DIRECTION * 10) and _apart(grids)
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
    places = sorted(_places(grids))
    depth = first.slices * first.geometry.spacing_mm[2]
    if turned > SAME_DIRECTION * 10 or not _apart(grids) or min(np.diff(places)) > depth / 2:
        return False
    middle = files[_places(grids).index(places[len(places) // 2])]
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
    if all(volume.slices == 1 for volume in volumes) and _apart(volumes):
        return _stack(paths, volumes)
    for path, volume in zip(paths, volumes, strict=True):
        if volume.frames != 1:
            raise ScanError(
                f"{path}: has {volume.frames} frames; files that are opened together hold one frame or one slice each. "
                "Open it alone"
            )
    return _sequence(paths, volumes)


def _sequence(paths: Sequence[Path], volumes: Sequence[Volume]) -> Volume:
    """Files of one frame each as a cine, or as ED and ES where there are two. Raises ScanError."""
    first = volumes[0]
    for path, volume in zip(paths[1:], volumes[1:], strict=True):
        if not first.geometry.same_as(volume.geometry):
            how = difference(first.geometry, volume.geometry)
            raise ScanError(f"{path}: is not on the grid of {paths[0].name}: {how}; open them one by one")
    notices = [notice for volume in volumes for notice in volume.notices]
    for (path, one), (after, other) in itertools.pairwise(zip(paths, volumes, strict=True)):
        if not values.of_one_subject(one.array[0], other.array[0]):
            notices.append(
                f"{path.name} and {after.name} look like images of two hearts or places, not like two phases of one: "
                "check that they are of one patient before you trust the ejection fraction."
            )
            break
    if absent := names.missing_numbers(paths):
        listed = ", ".join(map(str, absent[:5])) + (" …" if len(absent) > 5 else "")
        notices.append(
            f"By the numbers in the files' names frames are missing ({listed}): end-diastole or end-systole may be "
            "among them."
        )
    return Volume(
        array=np.concatenate([volume.array for volume in volumes]),
        geometry=first.geometry,
        source=Source(
            kind="nifti",
            paths=tuple(paths),
            name=common_name(paths),
            slices_reversed=first.source.slices_reversed,
            nifti_headers=tuple(block for volume in volumes for block in volume.source.nifti_headers),
        ),
        phase_names=("ED", "ES") if len(paths) == 2 else (),
        window=first.window,
        not_short_axis=next((v.not_short_axis for v in volumes if v.not_short_axis), ""),
        notices=tuple(dict.fromkeys(notices)),
        spacing_notices=tuple(dict.fromkeys(n for volume in volumes for n in volume.spacing_notices)),
    )


def _places(volumes: Sequence[Volume]) -> list[float]:
    """Where each volume's first slice lies along the first one's normal, in mm."""
    across = volumes[0].geometry.directions[:, 2]
    return [float(volume.geometry.position_mm(0, 0, 0) @ across) for volume in volumes]


def _apart(volumes: Sequence[Volume]) -> bool:
    """Whether single slices lie at different places of one stack."""
    places = sorted(_places(volumes))
    return all(after - before > 1 for before, after in itertools.pairwise(places))


def _stack(paths: Sequence[Path], volumes: Sequence[Volume]) -> Volume:
    """Files of one slice each as a stack, by their positions. Raises ScanError where they are no stack."""
    first = volumes[0]
    for path, volume in zip(paths[1:], volumes[1:], strict=True):
        if volume.array.shape != first.array.shape:
            raise ScanError(f"{path}: has another size or number of frames than {paths[0].name}; open them one by one")
        if np.abs(volume.geometry.directions - first.geometry.directions).max() > SAME_DIRECTION * 10:
            raise ScanError(f"{path}: is a slice in another direction than {paths[0].name}; open them one by one")
    places = _places(volumes)
    order = sorted(range(len(paths)), key=places.__getitem__)
    lowest = volumes[order[0]].geometry
    steps = steps_of([places[i] for i in order])
    assert steps is not None
    notices = [notice for volume in volumes for notice in volume.notices]
    notices += [*steps.spacing_notices, *steps.notices]
    affine = lowest.affine.copy()
    affine[:3, 2] = lowest.directions[:, 2] * steps.step_mm
    array = np.concatenate([volumes[i].array for i in order], axis=1)
    shape = (len(paths), *lowest.shape[1:])
    geometry = Geometry(affine, shape, lowest.spacing, lowest.orientation, steps.slabs_mm)
    return Volume(
        array=array,
        geometry=geometry,
        # Without a header: a mask of the whole stack is written with the stack's own.
        source=Source(kind="nifti", paths=tuple(paths), name=common_name([paths[i] for i in order])),
        frame_times_ms=first.frame_times_ms,
        window=first.window,
        not_short_axis=_not_short_axis(array, geometry),
        missing=steps.missing,
        notices=(*dict.fromkeys(notices), f"{len(paths)} files of one slice each are shown as one stack."),
        spacing_notices=tuple(
            dict.fromkeys((*(n for v in volumes for n in v.spacing_notices), *steps.spacing_notices))
        ),
    )


def common_name(paths: Sequence[Path]) -> str:
    """What the names of the files share, such as "patient005" of "patient005_ED" and "patient005_ES"."""
    pairs = zip(*(stem_of(p) for p in paths), strict=False)
    shared = "".join(letters[0] for letters in itertools.takewhile(lambda some: len(set(some)) == 1, pairs))
    shared = re.sub(r"[_\-. ]*(frame\d*|E)?$", "", shared)
    return shared or stem_of(paths[0])


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
    reason = "a mask by its values" if values.is_mask(array) else _not_short_axis(stack, about.geometry)
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
        frame_times_ms=_frame_times(file, frames),
        window=_window(file),
        notices=header.notices,
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
    unit_ms = {8: 1000.0, 16: 1.0, 24: 0.001}.get(int(file.header["xyzt_units"]) & 0x38, 1.0)
    step = float(file.header["pixdim"][axis]) * unit_ms
    if not FRAME_STEP_MS[0] <= step <= FRAME_STEP_MS[1]:
        return None
    return tuple(round(step * t, 4) for t in range(frames))


def _beats_apart(file: NiftiFile, frames: int) -> str:
    """Why frames are none of one heartbeat, by the time step and its unit; empty where nothing says so."""
    if frames < 2 or not file.is_nifti:
        return ""
    unit_s = {8: 1.0, 16: 1e-3}.get(int(file.header["xyzt_units"]) & 0x38)
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
    return geometry.spacing is not Known.ASSUMED and geometry.shape[0] > 1 and geometry.spacing_mm[2] < _THIN_MM


def _not_short_axis(array: NDArray[Any], geometry: Geometry) -> str:
    """Why a volume is no short-axis MR stack, where that is evident."""
    if float(array.min()) <= -900:
        return "a CT image, by its values"
    slices = geometry.shape[0]
    if slices < 2:
        return SINGLE_SLICE
    if four_chambers(geometry):
        return "a stack in the plane of a four-chamber view, not across the heart"
    if geometry.spacing is Known.ASSUMED:
        return ""
    x, y, z = geometry.spacing_mm
    if (slices - 1) * z > _LONGEST_STACK_MM:
        return f"a stack of {(slices - 1) * z:.0f} mm, longer than a heart"
    if slices > FEW_SLICES and z < _THIN_MM:
        return f"a volume of {slices} thin slices ({z:.3g} mm), not a short-axis stack"
    if z < 1.2 * max(x, y):
        return f"a volume with cubic voxels ({mm_text((x, y, z))}), not a short-axis stack"
    return ""


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
        not_short_axis=_not_short_axis(stack, about.geometry),
    )
    middle = len(stack[0]) // 2
    for z in sorted(range(len(stack[0])), key=lambda z: (abs(z - middle), z)):
        on_plane(early, 0, z, read_only(stack[0, z]))
