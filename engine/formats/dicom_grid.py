"""The grid of a DICOM stack: where its slices lie, what each stands for, and images of another grid put onto it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.formats.dicom_image import Image
from engine.formats.dicom_kind import normal
from engine.formats.dicom_places import centre_mm
from engine.formats.dicom_stack import Stack, grid_key
from engine.formats.listing import listing
from engine.formats.slice_steps import steps_of
from engine.later import Later
from engine.volume import Geometry, Known

ndimage: Any = Later("scipy.ndimage")

_SAME_STEP = 0.05
"""Distances between slices that differ by a smaller share are one."""


@dataclass(frozen=True, slots=True, eq=False)
class StackGrid:
    """geometry: of the stack. notices, spacing_notices: what headers leave open or contradict about places and spacing.

    missing: why volumes are not those of the whole heart, as in Volume.
    """

    geometry: Geometry
    notices: tuple[str, ...]
    spacing_notices: tuple[str, ...]
    missing: str


def grid_of(stack: Stack) -> StackGrid:
    """The grid of a stack: that of its reference image, slices where they lie along its normal."""
    notices: list[str] = []
    spacing_notices: list[str] = []
    first = stack.reference
    shape = (len(stack.positions_mm), first.rows, first.columns)
    spacing = Known.KNOWN
    if first.pixel_mm is None:
        spacing = Known.ASSUMED
        spacing_notices.append("The header gives no pixel spacing: 1 mm is assumed, so mm and mL are guesses.")
    row_mm, column_mm = first.pixel_mm or (1.0, 1.0)
    step, slabs, missing = _steps(stack, notices, spacing_notices)
    if step is None:
        step = first.gap_mm or first.thickness_mm or 1.0
        if first.gap_mm is None and first.thickness_mm is None:
            spacing_notices.append("A single slice without a thickness: 1 mm is assumed, so mL are guesses.")
            spacing = Known.ASSUMED
    if first.orientation is None or not first.oriented:
        notices.append("The header does not say where the image lies: orientation is unknown.")
        x, y = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    if first.orientation is not None:
        x, y = (np.array(v) / np.linalg.norm(v) for v in (first.orientation[:3], first.orientation[3:]))
    across = normal(first)
    origin = np.array(first.position or (0.0, 0.0, 0.0))
    # The corner of the first slice, on the line through the reference image's own corner.
    origin = origin + across * (stack.positions_mm[0] - float(across @ centre_mm(first)))
    affine = np.eye(4)
    # PixelSpacing is (between rows, between columns): rows lie along y, columns along x
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = x * column_mm, y * row_mm, across * step
    affine[:3, 3] = origin
    _tilt_and_shift(stack, notices)
    notices += _references(stack)
    known = Known.KNOWN if first.orientation is not None and first.oriented else Known.ASSUMED
    geometry = Geometry(affine, shape, spacing, known, slabs)
    return StackGrid(geometry, tuple(notices), tuple(spacing_notices), missing)


def _steps(stack: Stack, notices: list[str], spacing_notices: list[str]) -> tuple[float | None, tuple[float, ...], str]:
    """The distance from slice to slice; what each slice stands for where the distances differ; what is missing."""
    missing = ""
    if stack.lost:
        missing = "1 slice is left out" if stack.lost == 1 else f"{stack.lost} slices are left out"
    steps = steps_of(stack.positions_mm)
    if steps is None:
        return None, (), missing
    spacing_notices += steps.spacing_notices
    notices += steps.notices
    if not steps.slabs_mm:
        spacing_notices += _other_step(stack, steps.step_mm)
    return steps.step_mm, steps.slabs_mm, missing or steps.missing


def _other_step(stack: Stack, step_mm: float) -> tuple[str, ...]:
    """The notice of headers that give another distance from slice to slice than the positions do.

    Some writers give what is free between two slices instead.
    """
    stated = {(image.gap_mm, image.thickness_mm or 0.0) for image in stack.phases[0] if image.gap_mm is not None}
    if len(stated) != 1:
        return ()
    gap_mm, thickness_mm = stated.pop()
    if min(abs(gap_mm - step_mm), abs(gap_mm + thickness_mm - step_mm)) <= _SAME_STEP * step_mm:
        return ()
    return (
        f"The headers give {gap_mm:.4g} mm from slice to slice, the positions {step_mm:.4g} mm: the positions are used."
        + (" Slices may be missing." if step_mm > 1.5 * gap_mm else ""),
    )


def _references(stack: Stack) -> tuple[str, ...]:
    """The notice of images of several frames of reference, between which a patient may have been moved.

    Where each slice or each image has its own, an anonymiser made them up.
    """
    slices = [{image.reference for image in own if image.reference} for own in zip(*stack.phases, strict=True)]
    found = Counter(reference for own in slices for reference in own)
    if not 1 < len(found) < len(slices):
        return ()
    usual, _ = found.most_common(1)[0]
    others = listing([z + 1 for z, own in enumerate(slices) if usual not in own])
    if others:
        return (
            f"The images have {len(found)} frames of reference (another than most in slices {others}): the patient may "
            "have been moved, and then they do not lie where they seem to.",
        )
    return (
        f"The images have {len(found)} frames of reference: the patient may have been moved, and then they do not lie "
        "where they seem to.",
    )


def _tilt_and_shift(stack: Stack, notices: list[str]) -> None:
    """Say where images are not parallel, not in line, or of another grid; in any phase."""
    first = stack.reference
    across = normal(first)
    row_mm, column_mm = first.pixel_mm or (1.0, 1.0)
    slices = [_planes(stack, z) for z in range(len(stack.positions_mm))]
    angles = [max(_angle(across, normal(image)) for image in planes) for planes in slices]
    tilted = [z + 1 for z, angle in enumerate(angles) if angle > 0.06]
    if tilted:
        shown, most = listing(tilted), max(angles)
        notices.append(
            f"Slice {shown} is tilted against the others by up to {most:.1f}°; they are shown and measured as if "
            "parallel."
            if len(tilted) == 1
            else f"Slices {shown} are tilted against the others by up to {most:.1f}°; they are shown and measured as "
            "if parallel."
        )
    other = [z + 1 for z, planes in enumerate(slices) if any(needs_resampling(image, first) for image in planes)]
    if other:
        shown = listing(other)
        notices.append(
            f"Slice {shown} is of another pixel grid than the others, and resampled to theirs."
            if len(other) == 1
            else f"Slices {shown} are of another pixel grid than the others, and resampled to theirs."
        )
    if tilted:
        return
    shift = max(_aside(planes[0], first, across) for planes in slices)
    if shift > max(row_mm, column_mm) and not other:
        notices.append(
            f"The slices are shifted against each other by up to {shift:.1f} mm within their plane; "
            "they are shown as if aligned."
        )
    moved = [max(_aside(image, planes[0], across) for image in planes) for planes in slices]
    if max(moved) > max(row_mm, column_mm) and not other:
        numbers = listing([z + 1 for z, mm in enumerate(moved) if mm > max(row_mm, column_mm)])
        notices.append(
            f"Frames of a slice are shifted against each other by up to {max(moved):.1f} mm within their plane and "
            f"shown as if aligned (slices {numbers})."
        )


def _planes(stack: Stack, z: int) -> list[Image]:
    """An image of each of the planes that the frames of a slice have, that of the first frame first: nearly always
    one."""
    found: dict[object, Image] = {}
    for phase in stack.phases:
        image = phase[z]
        found.setdefault((image.position, image.orientation, image.pixel_mm, image.rows, image.columns), image)
    return list(found.values())


def _angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Degrees between two normals."""
    return float(np.degrees(np.arcsin(min(1.0, float(np.linalg.norm(np.cross(one, other)))))))


def _aside(image: Image, other: Image, across: NDArray[np.float64]) -> float:
    """How far an image lies from another one within their plane, in mm; 0 where it does not say."""
    if image.position is None:
        return 0.0
    apart = centre_mm(image) - centre_mm(other)
    return float(np.linalg.norm(apart - (apart @ across) * across))


def needs_resampling(image: Image, reference: Image) -> bool:
    """Whether an image's pixels lie elsewhere than the reference's: other matrix, spacing or direction of rows."""
    if grid_key(image) == grid_key(reference):
        return False
    same_matrix = (image.rows, image.columns) == (reference.rows, reference.columns)
    if image.orientation is None or reference.orientation is None:
        return not same_matrix
    turned = float(np.abs(np.subtract(image.orientation, reference.orientation)).max()) > 0.05
    scaled = np.abs(np.divide(image.pixel_mm or (1, 1), reference.pixel_mm or (1, 1)) - 1).max() > 1e-3
    return bool(not same_matrix or turned or scaled)


def onto(values: NDArray[Any], image: Image, reference: Image) -> NDArray[Any]:
    """An image's values (Y, X) on the reference's grid (Y, X), by linear interpolation in their common plane.

    What lies outside the image is its lowest value. Same type as the values.
    """
    x, y, corner = _axes(reference)
    own_x, own_y, own_corner = _axes(image)
    # A pixel (row, column) of the reference lies at corner + column * x + row * y; project that on the image's axes.
    back = np.linalg.pinv(np.stack((own_y, own_x), axis=1))
    # Rounded: a millionth of a pixel outside would be outside.
    matrix = np.round(back @ np.stack((y, x), axis=1), 6)
    offset = np.round(back @ (corner - own_corner), 6)
    made = ndimage.affine_transform(
        values.astype(np.float32),
        matrix,
        offset,
        (reference.rows, reference.columns),
        order=1,
        cval=float(values.min()),
    )
    return np.asarray(np.rint(made) if np.issubdtype(values.dtype, np.integer) else made).astype(values.dtype)


def _axes(image: Image) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """LPS mm from column to column and from row to row, and of the first pixel."""
    row_mm, column_mm = image.pixel_mm or (1.0, 1.0)
    orientation = image.orientation or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    return (
        np.array(orientation[:3]) * column_mm,
        np.array(orientation[3:]) * row_mm,
        np.array(image.position or (0.0, 0.0, 0.0)),
    )
