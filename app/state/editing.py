"""A segmentation corrected by hand: strokes into slices of labels, undo and redo, what was corrected. No Qt.

A Correction is a value like every other part of the state: each step returns a new one and never changes the old one.
It holds only the slices that differ from the model's, not a second volume. The model's own labels are never changed.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.measures.function import Function, function_of
from engine.network.predict import Prediction
from engine.volume import LV, MYO, RV, LabelMap, Volume, read_only

Plane = NDArray[np.uint8]
Where = tuple[int, int]
"""(frame, slice)"""

RADII_MM = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0)
MAX_STEPS = 500
MAX_HISTORY_BYTES = 32_000_000
"""The memory that undo may use. The oldest steps are dropped first."""


class CorrectionKey(NamedTuple):
    """Identifies what is corrected: the voxels of the scan (see digest), and the model's file."""

    scan: str
    model_sha256: str
    precision: str


@dataclass(frozen=True, slots=True)
class Brush:
    """What a stroke does. erase: removes this structure and leaves the others."""

    label: int = LV
    erase: bool = False
    radius_mm: float = 4.0

    def sized(self, step: int) -> Brush:
        """The next larger (1) or smaller (-1) of RADII_MM."""
        at = min(range(len(RADII_MM)), key=lambda i: abs(RADII_MM[i] - self.radius_mm))
        return replace(self, radius_mm=RADII_MM[min(max(at + step, 0), len(RADII_MM) - 1)])


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One step that can be undone: the box of a slice that it changed, before and after."""

    where: Where
    top: int
    left: int
    before: Plane
    after: Plane

    @property
    def size_bytes(self) -> int:
        return int(self.before.nbytes + self.after.nbytes)


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A stroke being drawn. before: the slice before it. at_mm: (x, y) of the mouse, from the corner of the image."""

    where: Where
    before: Plane
    brush: Brush
    at_mm: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """A segmentation with slices corrected by hand. Never changed in place.

    volume, base: the scan, and what the model found in it. planes: slices (Y, X) that differ from the model's, by
    (frame, slice), read-only. voxels: (T, Z, 3) int64, of LV, MYO and RV in every slice. function: measured on the
    corrected labels, while a stroke is drawn on those before it. done, undone: for undo and redo, the latest last.
    saved: planes as last exported. packed: the model's labels, compressed, while another scan is on screen. volume and
    base then have no voxels.
    """

    volume: Volume
    base: Prediction
    voxels: NDArray[np.int64]
    function: Function
    planes: Mapping[Where, Plane] = field(default_factory=dict)
    done: tuple[Change, ...] = ()
    undone: tuple[Change, ...] = ()
    stroke: Stroke | None = None
    saved: Mapping[Where, Plane] = field(default_factory=dict)
    packed: bytes = b""

    @property
    def slices(self) -> tuple[Where, ...]:
        """The slices that differ from the model's, in order."""
        return tuple(sorted(self.planes))

    @property
    def unsaved(self) -> bool:
        """Whether there are corrections that have not been exported."""
        return self.planes.keys() != self.saved.keys() or any(
            plane is not self.saved[where] and not np.array_equal(plane, self.saved[where])
            for where, plane in self.planes.items()
        )


def digest(volume: Volume) -> str:
    """Identifies the voxels of a scan, wherever its files are."""
    made = hashlib.blake2b(repr((volume.array.shape, volume.array.dtype.str)).encode(), digest_size=16)
    made.update(volume.array.reshape(-1).view(np.uint8).data)
    return made.hexdigest()


def begin(volume: Volume, base: Prediction) -> Correction:
    """A correction in which nothing is corrected yet."""
    voxels = np.array([[_count(plane) for plane in frame] for frame in base.labels.array], dtype=np.int64)
    return Correction(volume, base, read_only(voxels), function_of(voxels, volume))


def adopted(correction: Correction, labels: LabelMap, frames: Sequence[int]) -> Correction:
    """The correction with the slices of a mask in the place of all others in these frames, as exported before.

    Nothing of it can be undone; restoring a slice leads back to the model's.
    """
    base = correction.base.labels.array
    places = [(t, z) for t in frames for z in range(base.shape[1])]
    planes = {where: plane for where, plane in correction.planes.items() if where[0] not in frames}
    planes |= {at: read_only(labels.array[at]) for at in places if not np.array_equal(labels.array[at], base[at])}
    voxels = correction.voxels.copy()
    for at in places:
        voxels[at] = _count(labels.array[at])
    function = function_of(voxels, correction.volume)
    return Correction(correction.volume, correction.base, read_only(voxels), function, planes, saved=planes)


def plane_of(correction: Correction, where: Where) -> Plane:
    """The labels (Y, X) of a slice. May only be called while the scan is on screen."""
    found = correction.planes.get(where)
    return correction.base.labels.array[where] if found is None else found


def whole(correction: Correction) -> LabelMap:
    """All labels: the model's, with the corrected slices in their place."""
    array = _base(correction).copy()
    for where, plane in correction.planes.items():
        array[where] = plane
    return LabelMap(array, correction.volume.geometry)


# -- strokes -----------------------------------------------------------------------------------------------------------


def start(correction: Correction, where: Where, brush: Brush, x_mm: float, y_mm: float) -> Correction:
    """Put the brush down at a point, in mm from the image's top left corner."""
    correction = ended(correction)
    stroke = Stroke(where, plane_of(correction, where), brush, (x_mm, y_mm))
    return draw(replace(correction, stroke=stroke), x_mm, y_mm)


def draw(correction: Correction, x_mm: float, y_mm: float) -> Correction:
    """Draw a straight line to a point from the one before. Does nothing if no stroke was started."""
    stroke = correction.stroke
    if stroke is None:
        return correction
    plane = plane_of(correction, stroke.where).copy()
    dx, dy, _ = correction.volume.geometry.spacing_mm
    paint(plane, (dx, dy), stroke.at_mm, (x_mm, y_mm), stroke.brush)
    planes = {**correction.planes, stroke.where: read_only(plane)}
    return replace(correction, planes=planes, stroke=replace(stroke, at_mm=(x_mm, y_mm)))


def ended(correction: Correction) -> Correction:
    """Lift the brush: the stroke becomes a step that can be undone."""
    stroke = correction.stroke
    if stroke is None:
        return correction
    after = plane_of(correction, stroke.where)
    return _stepped(_with_plane(correction, stroke.where, stroke.before), stroke.where, after)


def dropped(correction: Correction) -> Correction:
    """Discard the stroke being drawn."""
    stroke = correction.stroke
    return correction if stroke is None else _with_plane(correction, stroke.where, stroke.before)


def paint(
    plane: Plane,
    spacing_mm: tuple[float, float],
    start_mm: tuple[float, float],
    end_mm: tuple[float, float],
    brush: Brush,
) -> None:
    """Draw a round brush from start to end into a slice (Y, X), in place.

    spacing_mm: of (x, y). A voxel is painted where its centre lies within the radius of the line between the points,
    and where the line passes through it: a brush smaller than a voxel still leaves a line without gaps.
    """
    (x0, y0), (x1, y1), (dx, dy), r = start_mm, end_mm, spacing_mm, brush.radius_mm
    rows, columns = plane.shape
    left, right = _span(min(x0, x1) - r, max(x0, x1) + r, dx, columns)
    top, bottom = _span(min(y0, y1) - r, max(y0, y1) + r, dy, rows)
    if left >= right or top >= bottom:
        return
    x = ((np.arange(left, right) + 0.5) * dx - x0)[None, :]
    y = ((np.arange(top, bottom) + 0.5) * dy - y0)[:, None]
    along_x, along_y = x1 - x0, y1 - y0
    length = along_x**2 + along_y**2
    share = np.clip((x * along_x + y * along_y) / length, 0.0, 1.0) if length > 0 else 0.0
    inside = (x - share * along_x) ** 2 + (y - share * along_y) ** 2 <= r * r
    steps = np.linspace(0.0, 1.0, 2 + math.ceil(2 * math.sqrt(length) / min(dx, dy)))
    xs = np.floor((x0 + steps * along_x) / dx).astype(int) - left
    ys = np.floor((y0 + steps * along_y) / dy).astype(int) - top
    there = (xs >= 0) & (xs < right - left) & (ys >= 0) & (ys < bottom - top)
    inside[ys[there], xs[there]] = True
    box = plane[top:bottom, left:right]
    if brush.erase:
        box[inside & (box == brush.label)] = 0
    else:
        box[inside] = brush.label


def _span(low_mm: float, high_mm: float, step_mm: float, count: int) -> tuple[int, int]:
    """The range (first, last + 1) of voxels of a row that lie at least partly between two points."""
    return max(math.floor(low_mm / step_mm), 0), min(math.floor(high_mm / step_mm) + 1, count)


# -- steps -------------------------------------------------------------------------------------------------------------


def undo(correction: Correction) -> Correction:
    """Undo the last step."""
    correction = ended(correction)
    if not correction.done:
        return correction
    change = correction.done[-1]
    new = _measured(_with_box(correction, change, change.before), change)
    return replace(new, done=correction.done[:-1], undone=(*correction.undone, change))


def redo(correction: Correction) -> Correction:
    """Redo the step that was undone last."""
    correction = ended(correction)
    if not correction.undone:
        return correction
    change = correction.undone[-1]
    new = _measured(_with_box(correction, change, change.after), change)
    return replace(new, done=(*correction.done, change), undone=correction.undone[:-1])


def restored(correction: Correction, where: Where) -> Correction:
    """Restore one slice to what the model found, as a step."""
    correction = ended(correction)
    return _stepped(correction, where, correction.base.labels.array[where])


def copied(correction: Correction, source: Where, where: Where) -> Correction:
    """Replace the labels of one slice with those of another, as a step."""
    correction = ended(correction)
    return _stepped(correction, where, plane_of(correction, source))


def _stepped(correction: Correction, where: Where, after: Plane) -> Correction:
    """Replace a slice, as a step that can be undone. Returns the same correction if nothing differs."""
    before = plane_of(correction, where)
    differs = before != after
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return correction
    top, left = int(rows[0]), int(columns[0])
    box = (slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1))
    change = Change(where, top, left, read_only(before[box].copy()), read_only(after[box].copy()))
    new = _measured(_with_plane(correction, where, after), change)
    return replace(new, done=_bounded((*correction.done, change)), undone=())


def _bounded(done: tuple[Change, ...]) -> tuple[Change, ...]:
    done = done[-MAX_STEPS:]
    size = sum(change.size_bytes for change in done)
    while len(done) > 1 and size > MAX_HISTORY_BYTES:
        size -= done[0].size_bytes
        done = done[1:]
    return done


def _with_box(correction: Correction, change: Change, box: Plane) -> Correction:
    plane = plane_of(correction, change.where).copy()
    plane[change.top : change.top + box.shape[0], change.left : change.left + box.shape[1]] = box
    return _with_plane(correction, change.where, plane)


def _with_plane(correction: Correction, where: Where, plane: Plane) -> Correction:
    """Replace a slice and end the stroke. A slice that equals the model's does not count as corrected."""
    planes = {at: kept for at, kept in correction.planes.items() if at != where}
    if not np.array_equal(plane, correction.base.labels.array[where]):
        planes[where] = read_only(plane)
    return replace(correction, planes=planes, stroke=None)


def _measured(correction: Correction, change: Change) -> Correction:
    """Measure again after a step was done or undone. Only the slice it changed is counted anew."""
    voxels = correction.voxels.copy()
    voxels[change.where] = _count(plane_of(correction, change.where))
    return replace(correction, voxels=read_only(voxels), function=function_of(voxels, correction.volume))


_COUNTED = (LV, MYO, RV)


def _count(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The numbers of voxels of LV, MYO and RV."""
    return np.array([np.count_nonzero(labels == label) for label in _COUNTED], dtype=np.int64)


# -- other scans -------------------------------------------------------------------------------------------------------


def marked_saved(correction: Correction, planes: Mapping[Where, Plane]) -> Correction:
    """The correction after a mask with these corrected slices has been exported."""
    return replace(correction, saved=planes)


def packed(correction: Correction) -> Correction:
    """The correction as stored while another scan is on screen: without voxels, the model's labels compressed."""
    if correction.packed:
        return correction
    correction = ended(correction)
    array = correction.base.labels.array
    empty = np.zeros(array.shape, dtype=np.uint8)  # pages that nobody writes to take no memory
    return replace(
        correction,
        packed=zlib.compress(array.reshape(-1).data, 1),
        volume=replace(correction.volume, array=empty),
        base=replace(correction.base, labels=LabelMap(empty, correction.volume.geometry)),
    )


def unpacked(correction: Correction, volume: Volume) -> Correction:
    """The correction of a scan that is on screen again. volume: the same voxels; its spacing may be another."""
    labels = LabelMap(_base(correction), volume.geometry)
    base = replace(correction.base, labels=labels)
    function = function_of(correction.voxels, volume)
    return replace(correction, packed=b"", volume=volume, base=base, function=function)


def _base(correction: Correction) -> Plane:
    array = correction.base.labels.array
    if correction.packed:
        return np.frombuffer(zlib.decompress(correction.packed), dtype=np.uint8).reshape(array.shape)
    return array
