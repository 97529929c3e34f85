"""Volumes, label maps and their geometry: the types every other module speaks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.archives import archive_of
from engine.errors import ExportError, ScanError

LV, MYO, RV = 1, 2, 3
"""Label values: LV cavity, LV myocardium, RV cavity (the order of M&Ms and M&Ms-2). 0 is background."""

STRUCTURES: dict[int, str] = {LV: "LV cavity", MYO: "LV myocardium", RV: "RV cavity"}

# Positions closer than this, in mm, are the same place: headers carry 4 to 6 significant digits.
SAME_PLACE_MM = 0.05
# Direction cosines that differ by less are the same direction (0.06 degrees).
SAME_DIRECTION = 1e-3

SPACING_MM = (0.01, 100.0)
"""What a user can give as voxel size: beyond it lie slips of the keyboard, which would fill the memory."""


class Known(StrEnum):
    """How far a property of the geometry can be relied on."""

    KNOWN = "known"
    ASSUMED = "assumed"
    """The header does not say; a default stands in, so mm, mL and letters are guesses."""
    CONTRADICTED = "contradicted"
    """The header says two different things; the documented choice was made and the user is told."""


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """The same data, C-contiguous and not writeable, so that threads can share it without a lock."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def voxels_sha256(array: NDArray[Any]) -> str:
    """SHA-256 of voxels as they were read, (T, Z, Y, X) in C order and little-endian, however the file stored them."""
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return hashlib.sha256(np.ascontiguousarray(little).data).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Where a stack of slices lies in the patient.

    affine: (4, 4) float64, maps voxel indices (x, y, z, 1) to LPS millimetres (x to the patient's Left, y to
        Posterior, z to Superior, the axes of DICOM). x runs along a row, y down a column, z from slice to slice;
        z ascends along row direction × column direction, so the determinant is positive.
    shape: (Z, Y, X) voxels.
    spacing: whether the millimetres are known.
    orientation: whether the directions are known.
    slab_mm: Z thicknesses in mm, what each slice stands for where the distances between slices differ; else empty, and
        each slice stands for the one distance of the affine. A picture shows all slices at that one distance.
    """

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]
    spacing: Known = Known.KNOWN
    orientation: Known = Known.KNOWN
    slab_mm: tuple[float, ...] = ()
    spacing_mm: tuple[float, float, float] = field(init=False, repr=False)
    """Distance between voxel centres along (x, y, z). z is the distance between slice positions."""
    directions: NDArray[np.float64] = field(init=False, repr=False)
    """(3, 3): columns are the unit LPS directions of the x, y and z axes."""

    def __post_init__(self) -> None:
        if self.slab_mm and len(self.slab_mm) != self.shape[0]:
            raise ValueError(f"{len(self.slab_mm)} slabs for {self.shape[0]} slices")
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise ScanError(f"the affine is not a finite 4×4 matrix: {affine.tolist()}")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise ScanError("the affine is singular: two voxel axes point the same way or a spacing is zero")
        if np.linalg.det(affine[:3, :3]) < 0:
            raise ValueError("slices must ascend along row × column; flip the slice axis when reading")
        object.__setattr__(self, "affine", read_only(affine))
        # Kept, since every view of the window asks for them each time it paints.
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        x, y, z = lengths.tolist()
        object.__setattr__(self, "spacing_mm", (x, y, z))
        object.__setattr__(self, "directions", read_only(affine[:3, :3] / lengths))

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL, by the one distance between slices; see slice_weights where they differ."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def slice_weights(self) -> NDArray[np.float64]:
        """(Z,): the volume of a voxel of each slice as a multiple of voxel_ml. All 1 where distances are equal."""
        if not self.slab_mm:
            return np.ones(self.shape[0])
        return np.array(self.slab_mm) / self.spacing_mm[2]

    def position_mm(self, x: float, y: float, z: float) -> NDArray[np.float64]:
        """LPS position in mm of a (fractional) voxel index."""
        return np.asarray((self.affine @ np.array([x, y, z, 1.0]))[:3])

    def with_spacing(self, x_mm: float, y_mm: float, z_mm: float) -> Geometry:
        """The same directions and origin with the spacing that the user gives.

        Raises ScanError unless all three are finite and positive.
        """
        given = np.array([x_mm, y_mm, z_mm], dtype=np.float64)
        if not (np.isfinite(given).all() and (given > 0).all()):
            raise ScanError(f"spacing must be three positive numbers in mm, not {x_mm}, {y_mm}, {z_mm}")
        affine = self.affine.copy()
        affine[:3, :3] = self.directions * given
        return replace(self, affine=affine, spacing=Known.KNOWN, slab_mm=())

    def same_as(self, other: Geometry) -> bool:
        """Whether two grids coincide: equal shape, and every corner voxel within SAME_PLACE_MM.

        The only comparison of geometries in the program.
        """
        if self.shape != other.shape:
            return False
        z, y, x = (n - 1 for n in self.shape)
        corners = np.array([[i, j, k, 1] for i in (0, x) for j in (0, y) for k in (0, z)], dtype=np.float64).T
        return bool(np.abs((self.affine - other.affine) @ corners).max() < SAME_PLACE_MM)


def orientation_letters(direction: NDArray[np.float64]) -> str:
    """Patient letters of an LPS direction, strongest first, such as "L" or "LPS" for an oblique one.

    A component under 0.2 (about 12 degrees) of the unit vector is left out.
    """
    unit = np.asarray(direction, dtype=np.float64) / np.linalg.norm(direction)
    order = np.argsort(-np.abs(unit), kind="stable")
    return "".join("LPS"[i] if unit[i] > 0 else "RAI"[i] for i in order if abs(unit[i]) >= 0.2)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a volume came from and what its files need when a mask goes back to them.

    kind: "nifti", "dicom" or "phantom".
    paths: what the user opened.
    name: short name for titles and default file names; never a patient's name.
    slices_reversed: the source file's slice axis runs against Geometry's; writers flip it back.
    nifti_headers: raw NIfTI headers, one for a file, in frame order; empty for other kinds.
    file_frames: which frames of a NIfTI file the volume has, where it leaves empty ones out; else empty.
    instances: DICOM file of every slice, indexed [frame][slice]; empty for other kinds.
    patient: what a patient bar shows, such as {"name": …, "id": …, "sex": …, "age": …, "date": …, "scanner": …}.
        Never logged and never used in a file name.
    reference: DICOM's Frame of Reference UID. Where that of two scans is the same, their positions can be compared;
        where both have one and it differs, the patient may have been moved. Empty where the files do not say.
    """

    kind: str
    paths: tuple[Path, ...]
    name: str
    slices_reversed: bool = False
    nifti_headers: tuple[bytes, ...] = field(default=(), repr=False)
    file_frames: tuple[int, ...] = ()
    instances: tuple[tuple[Path, ...], ...] = field(default=(), repr=False)
    patient: dict[str, str] = field(default_factory=dict, repr=False)
    reference: str = ""

    def refuse(self, out: Path) -> None:
        """Raise ExportError where writing to out would replace the scan, or put files among its own."""
        images = {path for frame in self.instances for path in frame}
        own = {*self.paths, *images, *(path.parent for path in images)}
        own |= {archive for path in own if not path.exists() and (archive := archive_of(path))}
        # samefile, because a name that differs can be the same file: by a link, or by letter case.
        if out.exists() and any(path.exists() and path.samefile(out) for path in own):
            raise ExportError(f"{out}: belongs to the scan itself, which is never overwritten; choose another name")


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A stack of slices, or a cine of stacks.

    array: (T, Z, Y, X), any real dtype, read-only. A single volume has T = 1.
    frame_times_ms: T times after the R wave (trigger times), or None where the file does not say.
    phase_names: T names such as ("ED", "ES") where the frames are known phases and no cine; else empty.
    window: (centre, width) from the header, or None.
    not_short_axis: why this is no short-axis MR stack, as a phrase ("a CT image"); empty where it may be one.
        Such a volume is shown, but not segmented unasked.
    time_order: ASSUMED where nothing tells the order of the frames: then no phase is named and no ejection fraction
        given. missing: why volumes are not those of the whole heart, as a phrase ("2 slices are missing"), else empty.
    notices: what the user has to be told about this scan, one sentence each.
    spacing_notices: those of the notices that a spacing from the user answers.
    spacing_given: (x, y, z) in mm, where the user gave it; None for the file's own.
    """

    array: NDArray[Any]
    geometry: Geometry
    source: Source
    frame_times_ms: tuple[float, ...] | None = None
    phase_names: tuple[str, ...] = ()
    window: tuple[float, float] | None = None
    not_short_axis: str = ""
    time_order: Known = Known.KNOWN
    missing: str = ""
    notices: tuple[str, ...] = ()
    spacing_notices: tuple[str, ...] = ()
    spacing_given: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.array.ndim != 4 or self.array.shape[1:] != self.geometry.shape:
            raise ValueError(f"array {self.array.shape} is not (T, *{self.geometry.shape})")
        if self.frame_times_ms is not None and len(self.frame_times_ms) != self.array.shape[0]:
            raise ValueError(f"{len(self.frame_times_ms)} frame times for {self.array.shape[0]} frames")
        if self.phase_names and len(self.phase_names) != self.array.shape[0]:
            raise ValueError(f"{len(self.phase_names)} phase names for {self.array.shape[0]} frames")
        object.__setattr__(self, "array", read_only(self.array))

    @property
    def frames(self) -> int:
        return int(self.array.shape[0])

    @property
    def slices(self) -> int:
        return int(self.array.shape[1])

    @property
    def is_cine(self) -> bool:
        """More than one frame of one heartbeat, in whatever order; an ED and ES pair is none."""
        return self.frames > 1 and not self.phase_names

    def with_spacing(self, x_mm: float, y_mm: float, z_mm: float) -> Volume:
        """The same voxels with the spacing that the user gives, which answers the notices about spacing.

        Raises ScanError unless all three lie within SPACING_MM.
        """
        low, high = SPACING_MM
        if not all(low <= mm <= high for mm in (x_mm, y_mm, z_mm)):
            raise ScanError(f"spacing must be three numbers from {low:g} to {high:g} mm, not {x_mm}, {y_mm}, {z_mm}")
        return replace(
            self,
            geometry=self.geometry.with_spacing(x_mm, y_mm, z_mm),
            notices=tuple(notice for notice in self.notices if notice not in self.spacing_notices),
            spacing_notices=(),
            spacing_given=(float(x_mm), float(y_mm), float(z_mm)),
        )


OnPlane = Callable[[Volume, int, int, NDArray[Any]], None]
"""Told of slices while a scan is read: the volume as it will be, whose voxels are all 0 as yet; frame; slice; and the
slice's voxels (Y, X), read-only. The volume may still come out differently, where a file turns out to be damaged."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """Structures on a Volume's grid.

    array: (T, Z, Y, X) uint8, read-only, values 0 (background), LV, MYO, RV.
    """

    array: NDArray[np.uint8]
    geometry: Geometry

    def __post_init__(self) -> None:
        if self.array.dtype != np.uint8 or self.array.ndim != 4 or self.array.shape[1:] != self.geometry.shape:
            raise ValueError(f"labels {self.array.dtype} {self.array.shape} are not uint8 (T, *{self.geometry.shape})")
        object.__setattr__(self, "array", read_only(self.array))


# Label values on disk -> ours, by the name of the convention. Never guessed in silence.
CONVENTIONS: dict[str, dict[int, int]] = {
    "mnms": {1: LV, 2: MYO, 3: RV},
    "acdc": {3: LV, 2: MYO, 1: RV},
}


_STRUCTURE_NAMES = {"lv": LV, "myo": MYO, "rv": RV, "background": 0}


def label_values(convention: str) -> dict[int, int]:
    """Label values on disk -> ours, without those that are background by being 0.

    convention: a key of CONVENTIONS, or the values themselves: "lv=1,myo=2,rv=3"; several values of one structure are
    joined by +, and values that mean nothing here are background, as in "lv=500,myo=205,rv=600,background=420+550".
    Values go to 65535; a structure that is not named is not in the masks. Raises ScanError for any other text.
    """
    if convention in CONVENTIONS:
        return CONVENTIONS[convention]
    values: dict[int, int] = {}
    for part in convention.split(","):
        name, equals, numbers = (text.strip().lower() for text in part.partition("="))
        words = [word.strip() for word in numbers.split("+")]
        if name not in _STRUCTURE_NAMES or not equals or not all(w.isdecimal() and int(w) < 65536 for w in words):
            raise ScanError(
                f"labels '{convention}' are not understood; give {', '.join(CONVENTIONS)} or values such as "
                "lv=1,myo=2,rv=3 (several by +, and background=4 for what is to be left out)"
            )
        for value in map(int, words):
            if values.setdefault(value, _STRUCTURE_NAMES[name]) != _STRUCTURE_NAMES[name]:
                raise ScanError(f"labels '{convention}' give the value {value} two meanings; name it once")
    if values.get(0):
        raise ScanError(f"labels '{convention}' use 0, which is background; give the values that the masks have")
    return values


def convert_labels(array: NDArray[Any], convention: str, *, inverse: bool = False) -> NDArray[np.uint8]:
    """Label values of a convention to ours, or ours to it with inverse.

    array: any shape, integer values. convention: see label_values; a key of CONVENTIONS where inverse is asked for.
    Returns uint8 of the same shape. Raises ScanError for a value that the convention does not have.
    """
    values = CONVENTIONS[convention] if inverse else label_values(convention)
    known = {0, *values}
    highest = max(known)
    table = np.zeros(highest + 1, dtype=np.uint8)
    for theirs, ours in values.items():
        table[ours if inverse else theirs] = theirs if inverse else ours
    # Labels of our own are uint8 and not worth sorting the millions of voxels of a cine.
    if array.dtype != np.uint8 or len(known) <= highest or array.max(initial=0) > highest:
        strange = [f"{v:g}" for v in np.unique(array) if v not in known]
    else:
        strange = []
    if strange:
        some = ", ".join(strange[:5]) + (" …" if len(strange) > 5 else "")
        have = "0 to 3" if convention in CONVENTIONS else ", ".join(map(str, sorted(known)))
        raise ScanError(f"label values {some} are not of the {convention} convention ({have})")
    return np.take(table, array.astype(np.uint8 if highest < 256 else np.uint16, copy=False))


@dataclass(frozen=True, slots=True, eq=False)
class Confidence:
    """What the network's own probabilities say of each structure on each slice, see engine.network.confidence.

    soft_dice: (T, Z, 3) float32 of LV, MYO and RV, 0 to 1. expected_mm2: (T, Z, 3) float32, the area that the
    probabilities expect. Both are of the network's answer, before the largest component is chosen.
    """

    soft_dice: NDArray[np.float32]
    expected_mm2: NDArray[np.float32]
