"""Which images of a heap form a stack, and in which order. No file is read here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.formats.dicom_image import Image
from engine.formats.dicom_kind import (
    ALONG_BODY,
    is_localiser,
    is_magnitude,
    named,
    normal,
    why_no_short_axis_cine,
)
from engine.formats.dicom_places import groups_of, listed, one_acquisition_each, slices_of
from engine.formats.dicom_time import Ordered, in_order, reading, say_equal_times, say_missing_phases, sound_times

# A slice position with fewer of the phases than this is left out rather than let it cost the others their phases.
ENOUGH_PHASES = 0.75


class Between(NamedTuple):
    """An image between two others in time: (1 - share) of the one and share of the other."""

    before: Image
    after: Image
    share: float


@dataclass(frozen=True, slots=True)
class Stack:
    """Images in order: phases[t][z], z ascending along row × column.

    positions_mm: along the normal, one a slice, ascending. frame_times_ms: one a phase, or None. clock: what told the
    order of the phases, a key of dicom_time.CLOCKS, or dicom_time.UNKNOWN. left_out: sentences on images of this stack
    that are not part of it, and on what was decided about it. lost: positions that are left out of the stack.
    spare: how many further images show the same slices and phases.
    between: of slices sampled at another rate, by (t, z): what lies between two images; phases has the nearer one.
    """

    phases: tuple[tuple[Image, ...], ...]
    positions_mm: tuple[float, ...]
    frame_times_ms: tuple[float, ...] | None
    clock: str
    left_out: tuple[str, ...]
    lost: int = 0
    between: Mapping[tuple[int, int], Between] = field(default_factory=dict)
    spare: int = 0

    @property
    def images(self) -> list[Image]:
        return [image for phase in self.phases for image in phase]

    @property
    def reference(self) -> Image:
        """The image whose grid the stack has: the first of those whose matrix and spacing most have."""
        kinds = Counter(grid_key(image) for image in self.phases[0])
        most = max(kinds.values())
        return next(image for image in self.phases[0] if kinds[grid_key(image)] == most)

    def __str__(self) -> str:
        """Such as "12 slices × 20 frames"."""
        return f"{_count(len(self.positions_mm), 'slice')} × {_count(len(self.phases), 'frame')}"


def grid_key(image: Image) -> object:
    """What images of one pixel grid have in common, but for where it lies."""
    plane = tuple(round(value, 3) for value in (image.orientation or ()))
    pixel = tuple(round(value, 4) for value in (image.pixel_mm or ()))
    return image.rows, image.columns, pixel, plane


def choose(images: Sequence[Image]) -> tuple[Stack, list[Stack]]:
    """The stack that is most likely the short-axis cine, and all others, of a heap of at least one image."""
    stacks = sorted((arrange(group) for group in groups_of(images)), key=likely_short_axis, reverse=True)
    return stacks[0], stacks[1:]


def likely_short_axis(stack: Stack) -> tuple[bool | float, ...]:
    """A key that sorts stacks by how likely each is the short-axis cine."""
    image = stack.phases[0][0]
    slices, phases = len(stack.positions_mm), len(stack.phases)
    # The heart's axis is oblique to the body's; stacks along the body's axes are most often transversal or coronal.
    oblique = np.abs(normal(image)).max() < ALONG_BODY
    is_cine = slices >= 3 and phases >= 2 and not why_no_short_axis_cine(stack.phases, stack.frame_times_ms)
    return (
        image.modality == "MR",
        is_magnitude(image),
        not is_localiser(image),
        is_cine,
        slices >= 3,
        named(image),
        slices * phases * (1.0 if oblique else 0.4),
        -image.series_number,
    )


def arrange(group: Sequence[Image]) -> Stack:
    """One geometry's images in order, with what had to be left out."""
    notes: list[str] = []
    unique = {_identity(image): image for image in reversed(group)}
    if len(unique) < len(group):
        copies = len(group) - len(unique)
        notes.append(
            "1 image is there more than once; one copy of each is used."
            if copies == 1
            else f"{copies} images are there more than once; one copy of each is used."
        )
    members = _with_pixel_size(list(unique.values()), notes)
    shared = Counter(image.sop_uid for image in members if image.sop_uid and not image.multi_frame)
    if shared and max(shared.values()) > 1:
        notes.append(
            f"{sum(n for n in shared.values() if n > 1)} images share an identifier (SOP Instance UID) that should be "
            "of one alone; they are told apart by place and time."
        )
    if not all(image.located for image in members):
        notes.append("The headers give no positions: the slices lie where their slice locations say, as if in line.")
    across = normal(_commonest_plane(members))
    slices = one_acquisition_each(slices_of(members, across, notes), notes)
    clock, timed = in_order([images for _, images in slices], notes)
    kept, phases, between = _common_phases(timed, notes)
    ordered = tuple(tuple(phases[z][t] for z in range(len(kept))) for t in range(len(phases[0])))
    frame_times = sound_times(_frame_times(ordered), notes) if clock else None
    say_equal_times(ordered, notes)
    by_clock = clock in ("trigger_ms", "actual_ms", "percent", "temporal", "dimension")
    seen = [reading(phase[0], clock) or 0.0 for phase in ordered] if by_clock and not between else None
    if len(ordered) == max(len(own.images) for own in timed):  # else it has been said which are left out
        say_missing_phases(ordered, seen, notes)
    return Stack(
        phases=ordered,
        positions_mm=tuple(slices[z][0] for z in kept),
        frame_times_ms=frame_times,
        clock=clock,
        left_out=tuple(notes),
        lost=len(slices) - len(kept),
        between=between,
        spare=len(members) - sum(len(own.images) for own in timed),
    )


def _identity(image: Image) -> object:
    """What copies of one image have in common; an identifier alone is not enough, some anonymisers give one to all."""
    when = (image.trigger_ms, image.temporal, image.acquired_s, image.content_s, image.instance_number)
    return image.sop_uid or str(image.path), image.frame, image.position, image.series_uid, when


def _with_pixel_size(images: list[Image], notes: list[str]) -> list[Image]:
    """Images without a pixel spacing with that of the others of their matrix."""
    known = Counter((image.rows, image.columns, image.pixel_mm) for image in images if image.pixel_mm is not None)
    usual = {(rows, columns): size for (rows, columns, size), _ in reversed(known.most_common())}
    lacking = [i for i in images if i.pixel_mm is None and (i.rows, i.columns) in usual]
    if not lacking:
        return images
    notes.append(f"{_count(len(lacking), 'image')} without a pixel spacing: that of the others is used.")
    return [
        replace(image, pixel_mm=usual.get((image.rows, image.columns))) if image.pixel_mm is None else image
        for image in images
    ]


def _commonest_plane(images: Sequence[Image]) -> Image:
    kinds = Counter(map(grid_key, images))
    most = max(kinds.values())
    return next(image for image in images if kinds[grid_key(image)] == most)


def _common_phases(
    slices: list[Ordered], notes: list[str]
) -> tuple[list[int], list[list[Image]], dict[tuple[int, int], Between]]:
    """Slice numbers (from 0) and their images at the phases that all of them have.

    A slice that shows the same heartbeat in more or fewer phases is interpolated in time, (t, z) -> Between; the
    nearest image stands for it elsewhere. A phase that some slice lacks is dropped everywhere, or a slice that lacks
    many is.
    """
    usual = Counter(len(s.images) for s in slices).most_common(1)[0][0]
    outcomes = []
    for count in sorted({len(s.images) for s in slices}, reverse=True):
        reference = next(s for s in slices if len(s.images) == count)
        indices = {z: _phases_there(s, reference) for z, s in enumerate(slices)}
        for floor in (ENOUGH_PHASES * count, count):
            kept = [z for z, there in indices.items() if there is not None and len(there) >= floor]
            common = set(range(count)).intersection(*(indices[z] or {} for z in kept))
            # squared: a slice lost makes every volume wrong, a phase lost only makes the beat coarser
            # A slice that is sampled more finely than the others gives them no phases that they have not.
            value = len(kept) ** 2 * min(len(common), usual)
            outcomes.append((value, -abs(count - usual), count, kept, sorted(common), indices))
    _, _, count, kept, phases, indices = max(outcomes, key=lambda o: o[:3])
    lost = [z for z in range(len(slices)) if z not in kept]
    if lost:
        has = " or ".join(map(str, sorted({len(slices[z].images) for z in lost})))
        numbers = listed("slice", [z + 1 for z in lost]).partition(" ")[2]
        notes.append(
            f"Slice {numbers} (counted along the stack) has {has} of {count} phases and is left out."
            if len(lost) == 1
            else f"Slices {numbers} (counted along the stack) have {has} of {count} phases and are left out."
        )
    for phase in range(count):
        lacking = [z + 1 for z in kept if phase not in (indices[z] or {})]
        if lacking:
            notes.append(
                f"Phase {phase + 1} of {count} is missing in {listed('slice', lacking)} and is left out of all slices."
            )
    resampled = [z for z in kept if len(slices[z].images) != count and len(indices[z] or {}) == count]
    if resampled:
        have = " or ".join(map(str, sorted({len(slices[z].images) for z in resampled})))
        numbers = ", ".join(str(z + 1) for z in resampled)
        notes.append(
            f"The heartbeat has {have} phases in some slices ({numbers}) and {count} in the others: they are "
            "interpolated in time."
        )
    reference = next(s for s in slices if len(s.images) == count)
    between = {
        (t, place): found
        for place, z in enumerate(kept)
        if z in resampled
        for t, phase in enumerate(phases)
        if (found := _between(slices[z], _since(reference)[phase])) is not None
    }
    return (
        kept,
        [[slices[z].images[(indices[z] or {})[phase]] for phase in phases] for z in kept],
        between,
    )


def _phases_there(own: Ordered, reference: Ordered) -> dict[int, int] | None:
    """Phase number → index among the slice's images, where the reference has all phases; None if it cannot be told."""
    n, count = len(own.images), len(reference.images)
    if n == count:
        return {k: k for k in range(count)}
    if not own.times or n < 3 or count < 3:
        return None
    there = _since(own)
    expected = _since(reference)
    if n < count:
        # On the times of the others, but with gaps: images are missing.
        places = (there + own.times[0] / _beat(own) - reference.times[0] / _beat(reference)) / reference.step
        phases = np.rint(places).astype(int)
        fit = np.abs(places - phases).max() <= 0.3 and len(set(phases.tolist())) == n
        if fit and phases.min() >= 0 and phases.max() < count:
            return {int(phase): index for index, phase in enumerate(phases)}
    ratio = own.step / reference.step
    if abs(n * ratio - count) >= 0.5 * max(1.0, ratio):
        return None
    # The same heartbeat, sampled at another rate.
    apart = np.abs(np.subtract.outer(expected, there)).round(6)
    return {k: int(index) for k, index in enumerate(apart.argmin(axis=1))}


def _between(own: Ordered, since: float) -> Between | None:
    """The image of a slice at a time since its first one; None where that of the nearest time is as good."""
    there = _since(own)
    images = own.images
    if images[0].rr_ms and there[-1] < 1:
        # The beat goes round: after the last image comes the first again.
        there, images = np.append(there, 1.0), [*images, images[0]]
    after = int(np.searchsorted(there, since))
    if not 0 < after < len(there):
        return None
    share = float((since - there[after - 1]) / (there[after] - there[after - 1]))
    return Between(images[after - 1], images[after], share) if 0.02 < share < 0.98 else None


def _since(ordered: Ordered) -> NDArray[np.float64]:
    """Times since a slice's first image, in heartbeats where their length is known."""
    return (np.array(ordered.times) - ordered.times[0]) / _beat(ordered)


def _beat(ordered: Ordered) -> float:
    return ordered.images[0].rr_ms or 1.0


def _frame_times(phases: tuple[tuple[Image, ...], ...]) -> tuple[float, ...] | None:
    """Times after the R wave in ms: trigger times, else an RR interval or repetition time spread over the phases.

    Each is the mean over the slices: heartbeats differ a little from one breath-hold to the next.
    """
    images = [image for phase in phases for image in phase]
    if all(image.trigger_ms is not None for image in images):
        times = [float(np.mean([image.trigger_ms for image in phase])) for phase in phases]
        if len(times) == 1 or all(a < b for a, b in pairwise(times)):
            return tuple(times)
    if len(phases) == 1:
        return None
    rr = [image.rr_ms for image in images if image.rr_ms]
    step = float(np.mean(rr)) / len(phases) if len(rr) == len(images) else None
    if step is None:
        # some scanners give the time from phase to phase as repetition time; a heartbeat lasts 0.4 to 1.5 s
        repetition = images[0].repetition_ms
        step = repetition if repetition and 400 <= repetition * len(phases) <= 1500 else None
    return tuple(k * step for k in range(len(phases))) if step else None


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
