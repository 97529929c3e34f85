"""A segmentation corrected by hand: strokes into slices of labels, undo and redo, what was corrected. No Qt.

A Correction is a value like every other part of the state: each step returns a new one and never changes the old one.
It holds only the slices that differ from the model's, not a second volume. The model's own labels are never changed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from app.state.brush import Brush, Plane
from app.state.order import next_order
from app.state.strokes import Handles, Stroke, Where, begun, drawn
from engine.measures.function import Function, function_of
from engine.measures.phases import Held, held_of
from engine.measures.reading import Reading
from engine.measures.tally import Tally, recounted, tally_of
from engine.network.predict import Prediction
from engine.volume import LabelMap, Volume, read_only, voxels_sha256

MAX_STEPS = 500
MAX_HISTORY_BYTES = 32_000_000
"""The memory that undo may use. The oldest steps are dropped first."""


class CorrectionKey(NamedTuple):
    """Identifies what is corrected: the voxels of the scan (see digest), and the model's file."""

    scan: str
    model_sha256: str
    precision: str


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A change that can be undone: the box of a slice that it changed, before and after.

    joined: belongs to the change before it; both are one step. order: see app.state.order.
    """

    where: Where
    top: int
    left: int
    before: Plane
    after: Plane
    joined: bool = False
    order: int = field(default_factory=next_order)

    @property
    def size_bytes(self) -> int:
        return int(self.before.nbytes + self.after.nbytes)


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """A segmentation with slices corrected by hand. Never changed in place.

    volume, base: the scan, and what the model found in it. planes: slices (Y, X) that differ from the model's, by
    (frame, slice), read-only. tally: of the corrected labels; function: measured on them; while a stroke is drawn both
    are of the labels before it. held: the phases of the model's labels, which no correction moves. done, undone: for
    undo and redo, the latest last. saved: planes as last exported. handles: the points of the outline that was dragged
    last. packed: the model's labels, compressed, while another scan is on screen. volume and base then have no voxels.
    """

    volume: Volume
    base: Prediction
    tally: Tally
    held: Held
    function: Function
    planes: Mapping[Where, Plane] = field(default_factory=dict)
    done: tuple[Change, ...] = ()
    undone: tuple[Change, ...] = ()
    stroke: Stroke | None = None
    saved: Mapping[Where, Plane] = field(default_factory=dict)
    handles: Handles | None = None
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
    return voxels_sha256(volume.array)


def begin(
    volume: Volume, base: Prediction, *, tally: Tally | None = None, reading: Reading | None = None
) -> Correction:
    """A correction in which nothing is corrected yet.

    tally: of the model's labels, counted here if not given. reading: the reader's choices for the scan.
    """
    tally = tally or tally_of(base.labels, volume)
    held = held_of(tally, volume)
    return Correction(volume, base, tally, held, function_of(tally, volume, reading, held))


def read_as(correction: Correction, reading: Reading) -> Correction:
    """The correction measured by other choices of the reader."""
    tally, volume = correction.tally, correction.volume
    function = function_of(tally, volume, reading, correction.held.completed(held_of(tally, volume)))
    return replace(correction, function=function)


def adopted(correction: Correction, labels: LabelMap, frames: Sequence[int]) -> Correction:
    """The correction with the slices of a mask in the place of all others in these frames, as exported before.

    It is one step. What was corrected in other frames is kept.
    """
    slices = correction.base.labels.array.shape[1]
    new = changed(correction, {(t, z): labels.array[t, z] for t in frames for z in range(slices)})
    return replace(new, saved=new.planes)


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
    """Put the tool down at a point, in mm from the image's top left corner."""
    correction = ended(correction)
    image, spacing = correction.volume.array[where], correction.volume.geometry.spacing_mm[:2]
    stroke = begun(where, plane_of(correction, where), image, brush, (x_mm, y_mm), spacing, correction.handles)
    return correction if stroke is None else draw(replace(correction, stroke=stroke), x_mm, y_mm)


def draw(correction: Correction, x_mm: float, y_mm: float) -> Correction:
    """Move the tool straight to a point from the one before. Does nothing if no stroke was started."""
    stroke = correction.stroke
    if stroke is None:
        return correction
    spacing = correction.volume.geometry.spacing_mm[:2]
    moved, plane = drawn(stroke, plane_of(correction, stroke.where), (x_mm, y_mm), spacing)
    return replace(correction, planes={**correction.planes, stroke.where: read_only(plane)}, stroke=moved)


def ended(correction: Correction) -> Correction:
    """Lift the brush: the stroke becomes a step that can be undone."""
    stroke = correction.stroke
    if stroke is None:
        return correction
    after = plane_of(correction, stroke.where)
    before = _with_plane(correction, stroke.where, stroke.before)
    return changed(replace(before, handles=stroke.handles or before.handles), {stroke.where: after})


def dropped(correction: Correction) -> Correction:
    """Discard the stroke being drawn."""
    stroke = correction.stroke
    return correction if stroke is None else _with_plane(correction, stroke.where, stroke.before)


# -- steps -------------------------------------------------------------------------------------------------------------


def undo(correction: Correction) -> Correction:
    """Undo the last step."""
    correction = ended(correction)
    if not correction.done:
        return correction
    start = len(correction.done) - 1
    while start > 0 and correction.done[start].joined:
        start -= 1
    group = correction.done[start:]
    new = correction
    for change in reversed(group):
        new = _with_box(new, change, change.before)
    new = _measured(new, [change.where for change in group])
    return replace(new, done=correction.done[:start], undone=(*correction.undone, *reversed(group)))


def redo(correction: Correction) -> Correction:
    """Redo the step that was undone last."""
    correction = ended(correction)
    if not correction.undone:
        return correction
    start = len(correction.undone) - 1
    while start > 0 and correction.undone[start - 1].joined:
        start -= 1
    group = tuple(reversed(correction.undone[start:]))
    new = correction
    for change in group:
        new = _with_box(new, change, change.after)
    new = _measured(new, [change.where for change in group])
    return replace(new, done=(*correction.done, *group), undone=correction.undone[:start])


def restored(correction: Correction, where: Where) -> Correction:
    """Restore one slice to what the model found, as a step."""
    return changed(correction, {where: correction.base.labels.array[where]})


def copied(correction: Correction, source: Where, where: Where) -> Correction:
    """Replace the labels of one slice with those of another, as a step."""
    correction = ended(correction)
    return changed(correction, {where: plane_of(correction, source)})


def edited(correction: Correction, where: Where, change: Callable[[Plane], Plane]) -> Correction:
    """Change the labels of one slice, as a step."""
    correction = ended(correction)
    return changed(correction, {where: change(plane_of(correction, where))})


def changed(correction: Correction, planes: Mapping[Where, Plane]) -> Correction:
    """Replace slices, as one step that can be undone. Returns the same correction if nothing differs."""
    correction = ended(correction)
    changes: list[Change] = []
    order = next_order()
    for where, after in planes.items():
        change = _change(where, plane_of(correction, where), after, joined=bool(changes), order=order)
        if change is not None:
            changes.append(change)
    if not changes:
        return correction
    places = [change.where for change in changes]
    new = _measured(_with_planes(correction, {where: planes[where] for where in places}), places)
    return replace(new, done=_bounded((*correction.done, *changes)), undone=())


def _change(where: Where, before: Plane, after: Plane, *, joined: bool, order: int) -> Change | None:
    """The smallest box that holds what differs; None if nothing does."""
    differs = before != after
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    box = (slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1))
    return Change(where, top, left, read_only(before[box].copy()), read_only(after[box].copy()), joined, order)


def _bounded(done: tuple[Change, ...]) -> tuple[Change, ...]:
    """The latest steps, as far as they fit. A step is dropped as a whole, and the last one is kept however large."""
    starts = [i for i, change in enumerate(done) if not change.joined]
    size, kept = 0, len(done)
    for start in reversed(starts[-MAX_STEPS:]):
        size += sum(change.size_bytes for change in done[start:kept])
        if size > MAX_HISTORY_BYTES and kept < len(done):
            break
        kept = start
    return done[kept:]


def _with_box(correction: Correction, change: Change, box: Plane) -> Correction:
    plane = plane_of(correction, change.where).copy()
    plane[change.top : change.top + box.shape[0], change.left : change.left + box.shape[1]] = box
    return _with_plane(correction, change.where, plane)


def _with_plane(correction: Correction, where: Where, plane: Plane) -> Correction:
    return _with_planes(correction, {where: plane})


def _with_planes(correction: Correction, changed_planes: Mapping[Where, Plane]) -> Correction:
    """Replace slices and end the stroke. A slice that equals the model's does not count as corrected."""
    planes = {at: kept for at, kept in correction.planes.items() if at not in changed_planes}
    for where, plane in changed_planes.items():
        if not np.array_equal(plane, correction.base.labels.array[where]):
            planes[where] = read_only(plane)
    return replace(correction, planes=planes, stroke=None)


def _measured(correction: Correction, places: Sequence[Where]) -> Correction:
    """Measure again after a step was done or undone. Only the slices it changed are counted anew."""
    planes = {where: plane_of(correction, where) for where in places}
    tally = recounted(correction.tally, planes, correction.volume)
    return read_as(replace(correction, tally=tally), correction.function.reading)


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
    here = replace(correction, packed=b"", volume=volume, base=base)
    return read_as(here, correction.function.reading)


def _base(correction: Correction) -> Plane:
    array = correction.base.labels.array
    if correction.packed:
        return np.frombuffer(zlib.decompress(correction.packed), dtype=np.uint8).reshape(array.shape)
    return array
