"""NIfTI files put together: one of each frame or one of each slice; and why a stack is no short axis."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ScanError
from engine.formats import nifti_names as names
from engine.formats import nifti_values as values
from engine.formats.nifti_file import stem_of
from engine.formats.nifti_grid import FEW_SLICES, difference, four_chambers, mm_text
from engine.formats.slice_steps import steps_of
from engine.volume import SAME_DIRECTION, Geometry, Known, Source, Volume

SINGLE_SLICE = "a single slice, such as a long-axis view"
THIN_MM = 4.0
"""Slices of a short axis are no thinner."""
_LONGEST_STACK_MM = 250.0
_SAME_SIZE = 1e-3
"""Pixels that differ by a smaller share are of one size."""
_SAME_TIMES = 0.25
"""Heartbeats differ from one breath-hold to the next, but by no more than this share."""


def sequence(paths: Sequence[Path], volumes: Sequence[Volume]) -> Volume:
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


def places_mm(volumes: Sequence[Volume]) -> list[float]:
    """Where each volume's first slice lies along the first one's normal, in mm."""
    across = volumes[0].geometry.directions[:, 2]
    return [float(volume.geometry.position_mm(0, 0, 0) @ across) for volume in volumes]


def lie_apart(volumes: Sequence[Volume]) -> bool:
    """Whether single slices lie at different places of one stack."""
    places = sorted(places_mm(volumes))
    return all(after - before > 1 for before, after in itertools.pairwise(places))


def stack(paths: Sequence[Path], volumes: Sequence[Volume]) -> Volume:
    """Files of one slice each as a stack, by their positions. Raises ScanError where they are no stack."""
    first = volumes[0]
    for path, volume in zip(paths[1:], volumes[1:], strict=True):
        if volume.array.shape != first.array.shape:
            raise ScanError(f"{path}: has another size or number of frames than {paths[0].name}; open them one by one")
        if np.abs(volume.geometry.directions - first.geometry.directions).max() > SAME_DIRECTION * 10:
            raise ScanError(f"{path}: is a slice in another direction than {paths[0].name}; open them one by one")
        if not same_pixels(first, volume):
            raise ScanError(
                f"{path}: has pixels of {mm_text(volume.geometry.spacing_mm[:2])}, but {paths[0].name} of "
                f"{mm_text(first.geometry.spacing_mm[:2])}; open them one by one"
            )
    places = places_mm(volumes)
    order = sorted(range(len(paths)), key=places.__getitem__)
    lowest = volumes[order[0]].geometry
    steps = steps_of([places[i] for i in order])
    assert steps is not None
    notices = [notice for volume in volumes for notice in volume.notices]
    notices += [*steps.spacing_notices, *steps.notices, *_shifted(volumes)]
    times, differ = _times_together(volumes)
    notices += differ
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
        frame_times_ms=times,
        window=first.window,
        not_short_axis=not_short_axis(array, geometry),
        missing=steps.missing,
        notices=(*dict.fromkeys(notices), f"{len(paths)} files of one slice each are shown as one stack."),
        spacing_notices=tuple(
            dict.fromkeys((*(n for v in volumes for n in v.spacing_notices), *steps.spacing_notices))
        ),
    )


def same_pixels(one: Volume, other: Volume) -> bool:
    """Whether pixels are equally large, but for rounding."""
    return bool(np.allclose(one.geometry.spacing_mm[:2], other.geometry.spacing_mm[:2], rtol=_SAME_SIZE, atol=0))


def _shifted(volumes: Sequence[Volume]) -> tuple[str, ...]:
    """The notice of slices that do not lie in line; none where they do."""
    first = volumes[0].geometry
    across = first.directions[:, 2]
    apart = np.array([volume.geometry.affine[:3, 3] - first.affine[:3, 3] for volume in volumes])
    aside = float(np.linalg.norm(apart - np.outer(apart @ across, across), axis=1).max())
    if aside <= max(first.spacing_mm[:2]):
        return ()
    return (
        f"The slices are shifted against each other by up to {aside:.1f} mm within their plane; they are shown as if "
        "aligned.",
    )


def _times_together(volumes: Sequence[Volume]) -> tuple[tuple[float, ...] | None, tuple[str, ...]]:
    """(times of the frames of a stack, what has to be said of them). Without times where a slice has none."""
    found = [volume.frame_times_ms for volume in volumes if volume.frame_times_ms is not None]
    if len(found) < len(volumes):
        return None, ()
    times = np.array(found)
    mean = tuple(float(ms) for ms in times.mean(axis=0).round(4))
    last = times[:, -1]
    if float(np.ptp(last)) <= _SAME_TIMES * float(last.max()):
        return mean, ()
    frames = len(mean) - 1
    return mean, (
        f"The files differ in the time from frame to frame: {last.min() / frames:.1f} to {last.max() / frames:.1f} ms. "
        "Their mean is used; check that the frames of all slices are of the same times in the heartbeat.",
    )


def common_name(paths: Sequence[Path]) -> str:
    """What the names of the files share, such as "patient005" of "patient005_ED" and "patient005_ES"."""
    pairs = zip(*(stem_of(p) for p in paths), strict=False)
    shared = "".join(letters[0] for letters in itertools.takewhile(lambda some: len(set(some)) == 1, pairs))
    shared = re.sub(r"[_\-. ]*(frame\d*|E)?$", "", shared)
    return shared or stem_of(paths[0])


def not_short_axis(array: NDArray[Any], geometry: Geometry) -> str:
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
    if slices > FEW_SLICES and z < THIN_MM:
        return f"a volume of {slices} thin slices ({z:.3g} mm), not a short-axis stack"
    if z < 1.2 * max(x, y):
        return f"a volume with cubic voxels ({mm_text((x, y, z))}), not a short-axis stack"
    return ""
