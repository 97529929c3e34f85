"""Which images of a heap form a stack, and in which order. No file is read here."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.formats.dicom_files import Image
from engine.volume import SAME_DIRECTION

# Images nearer than this along the normal show the same slice: positions carry 4 to 6 digits.
SAME_SLICE_MM = 0.1
# A slice position with fewer of the phases than this is left out rather than let it cost the others their phases.
ENOUGH_PHASES = 0.75


@dataclass(frozen=True, slots=True)
class Stack:
    """Images in order: phases[t][z], z ascending along row × column.

    positions_mm: along the normal, one a slice, ascending. frame_times_ms: one a phase, or None.
    left_out: sentences on images of this stack that are not part of it.
    """

    phases: tuple[tuple[Image, ...], ...]
    positions_mm: tuple[float, ...]
    frame_times_ms: tuple[float, ...] | None
    left_out: tuple[str, ...]

    @property
    def images(self) -> list[Image]:
        return [image for phase in self.phases for image in phase]

    def __str__(self) -> str:
        """Such as "12 slices × 20 frames"."""
        return f"{_count(len(self.positions_mm), 'slice')} × {_count(len(self.phases), 'frame')}"


def choose(images: Sequence[Image]) -> tuple[Stack, list[Stack]]:
    """The stack that is most likely the short-axis cine, and all others, of a heap of at least one image."""
    stacks = sorted((arrange(group) for group in group_by_geometry(images)), key=likely_short_axis, reverse=True)
    return stacks[0], stacks[1:]


def normal(image: Image) -> NDArray[np.float64]:
    """Unit LPS direction row × column; superior for an image without a position."""
    if image.orientation is None:
        return np.array([0.0, 0.0, 1.0])
    across = np.cross(image.orientation[:3], image.orientation[3:])
    return np.asarray(across / np.linalg.norm(across))


def is_localiser(image: Image) -> bool:
    return "LOCALIZER" in image.image_type


def _is_magnitude(image: Image) -> bool:
    """Whether pixels are signal: phase, velocity, real and imaginary images share the geometry of their magnitude."""
    other = {"P", "R", "I", "PHASE", "REAL", "IMAGINARY", "PHASE MAP", "VELOCITY MAP", "VELOCITY"}
    return not other.intersection(image.image_type[2:])


def likely_short_axis(stack: Stack) -> tuple[bool | float, ...]:
    """A key that sorts stacks by how likely each is the short-axis cine."""
    image = stack.phases[0][0]
    slices, phases = len(stack.positions_mm), len(stack.phases)
    # The heart's axis is oblique to the body's; stacks along the body's axes are most often transversal or coronal.
    oblique = np.abs(normal(image)).max() < 0.97
    return (
        image.modality == "MR",
        _is_magnitude(image),
        not is_localiser(image),
        slices >= 3 and phases >= 2,
        slices >= 3,
        _named_short_axis(image.description),
        slices * phases * (1.0 if oblique else 0.4),
        -image.series_number,
    )


# Series names of several languages and makers; a name that says both, such as "SA perfusion", is no cine.
_SHORT_AXIS = re.compile(r"(?i)(?<![a-z])(sax?|short[ _-]*(ax|axis)|kurzachse|petit[ _-]*axe|eje[ _-]*corto)(?![a-z])")
_OTHER_VIEW = re.compile(
    r"(?i)(?<![a-z])(perf\w*|lge|de|delayed|psir|ir|tag\w*|t1\w*|t2\w*|map|molli|scout|loc\w*|flow|pc|venc|"
    r"la|lax|long[ _-]*ax\w*|[234][ _-]*ch\w*|lvot|rvot|tra|ax|axial|cor)(?![a-z])"
)


def _named_short_axis(description: str) -> int:
    """1 where a series' name says short axis, -1 where it says something else, 0 where it says neither."""
    if _OTHER_VIEW.search(_SHORT_AXIS.sub(" ", description)):
        return -1
    return int(bool(_SHORT_AXIS.search(description)))


def group_by_geometry(images: Iterable[Image]) -> list[list[Image]]:
    """Images of one study with the same orientation, size and pixel spacing.

    Neither the series nor the frame of reference tells: a stack may have one series a slice, and some anonymisers give
    every file a frame of reference of its own. An image without a position is a group alone.
    """
    groups: list[tuple[Image, list[Image]]] = []
    exact: dict[object, list[Image]] = {}
    for image in images:
        if image.position is None:
            groups.append((image, [image]))
            continue
        kind = (image.study, image.modality, image.rows, image.columns, _is_magnitude(image), is_localiser(image))
        key = (kind, image.orientation, image.pixel_mm)
        members = exact.get(key)
        if members is None:
            for first, others in groups:
                same_kind = (first.study, first.modality, first.rows, first.columns) == kind[:4]
                if same_kind and (_is_magnitude(first), is_localiser(first)) == kind[4:] and _same_plane(first, image):
                    members = others
                    break
            else:
                members = []
                groups.append((image, members))
            exact[key] = members
        members.append(image)
    return [members for _, members in groups]


def _same_plane(a: Image, b: Image) -> bool:
    """Whether orientation and pixel spacing agree, but for rounding."""
    if a.orientation is None or b.orientation is None or (a.pixel_mm is None) != (b.pixel_mm is None):
        return False
    turned = np.abs(np.subtract(a.orientation, b.orientation)).max() >= SAME_DIRECTION
    scaled = a.pixel_mm and b.pixel_mm and np.abs(np.divide(a.pixel_mm, b.pixel_mm) - 1).max() >= 1e-3
    return not turned and not scaled


def arrange(group: Sequence[Image]) -> Stack:
    """One geometry's images in order, with what had to be left out."""
    notes: list[str] = []
    unique = {(image.sop_uid or str(image.path), image.frame): image for image in reversed(group)}
    if len(unique) < len(group):
        copies = _count(len(group) - len(unique), "image")
        notes.append(f"{copies} {_is(len(group) - len(unique))} there more than once; one copy of each is used.")
    across = normal(group[0])
    slices = _by_position(list(unique.values()), across)
    slices = _one_series_each(slices, notes)
    timed = _in_phase_order([images for _, images in slices], notes)
    kept, phases = _common_phases(timed, notes)
    ordered = tuple(tuple(phases[z][t] for z in range(len(kept))) for t in range(len(phases[0])))
    return Stack(
        phases=ordered,
        positions_mm=tuple(slices[z][0] for z in kept),
        frame_times_ms=_frame_times(ordered),
        left_out=tuple(notes),
    )


def _by_position(images: list[Image], across: NDArray[np.float64]) -> list[tuple[float, list[Image]]]:
    """(mm along the normal, images) of every slice position, ascending."""
    placed = sorted(((float(across @ np.array(i.position or (0, 0, 0))), i) for i in images), key=lambda p: p[0])
    slices: list[tuple[float, list[Image]]] = []
    for mm, image in placed:
        if slices and mm - slices[-1][0] < SAME_SLICE_MM:
            slices[-1][1].append(image)
        else:
            slices.append((mm, [image]))
    return slices


def _one_series_each(slices: list[tuple[float, list[Image]]], notes: list[str]) -> list[tuple[float, list[Image]]]:
    """Where several series show a slice, as after a repeated breath-hold, the one that is used; else all images.

    Of the series with about the most images there, the one that covers most slices is taken, then the latest.
    One series a phase is no repetition: then each has one image there, at a time of its own.
    """
    covers = Counter(uid for _, images in slices for uid in {i.series_uid for i in images})
    chosen, repeated = [], []
    for z, (mm, images) in enumerate(slices):
        series: dict[str, list[Image]] = defaultdict(list)
        for image in images:
            series[image.series_uid].append(image)
        most = max(map(len, series.values()))
        times = {_time(i) for i in images}
        if len(series) == 1 or (most == 1 and None not in times and len(times) == len(images)):
            chosen.append((mm, images))
            continue
        full = [members for members in series.values() if 2 * len(members) > most]
        best = max(full, key=lambda m: (covers[m[0].series_uid], m[0].series_number, m[0].series_uid))
        chosen.append((mm, best))
        repeated.append(z + 1)
    if repeated:
        used = sorted({i.series_number for z in repeated for i in chosen[z - 1][1]})
        notes.append(f"Several series show {_listed('slice', repeated)}; {_listed('series', used)} was used there.")
    return chosen


def _time(image: Image) -> float | None:
    return image.trigger_ms if image.trigger_ms is not None else image.temporal


@dataclass(frozen=True, slots=True)
class _Slice:
    """One slice position's images in phase order. times: of each, or empty where only the order is known."""

    images: list[Image]
    times: list[float]

    @property
    def step(self) -> float:
        """Time from phase to phase, in RR intervals where those are known, so that slices can be compared."""
        return float(np.median(np.diff(self.times))) / (self.images[0].rr_ms or 1.0)


def _in_phase_order(slices: list[list[Image]], notes: list[str]) -> list[_Slice]:
    """Each slice's images by trigger time, else temporal position, else instance number; one a phase."""
    for name in ("trigger_ms", "temporal"):
        values = [[getattr(i, name) for i in images] for images in slices]
        if any(v is None for row in values for v in row):
            continue
        distinct = max(len(set(row)) for row in values)
        # one and the same time everywhere, or few times for many images, tells nothing
        most = max(map(len, values))
        if distinct < most and (distinct == 1 or 3 * distinct < most):
            continue
        ordered, twice = [], 0
        for images in slices:
            at: dict[float, Image] = {}
            for image in sorted(images, key=_instance_order):
                at.setdefault(round(getattr(image, name), 3), image)
            twice += len(images) - len(at)
            ordered.append(_Slice([at[t] for t in sorted(at)], sorted(at)))
        if twice:
            notes.append(
                f"{_count(twice, 'image')} {_is(twice)} of a slice and phase that another image shows; "
                "the first by instance number is used."
            )
        return ordered
    return [_Slice(sorted(images, key=_instance_order), []) for images in slices]


def _instance_order(image: Image) -> tuple[int, int, int, str]:
    return image.series_number, image.instance_number, image.frame, str(image.path)


def _common_phases(slices: list[_Slice], notes: list[str]) -> tuple[list[int], list[list[Image]]]:
    """Slice numbers (from 0) and their images at the phases that all of them have.

    A phase that some slice lacks is dropped everywhere, or a slice that lacks many is dropped. Nothing is interpolated.
    """
    outcomes = []
    for count in sorted({len(s.images) for s in slices}, reverse=True):
        reference = next(s for s in slices if len(s.images) == count)
        indices = {z: _phases_there(s, reference) for z, s in enumerate(slices)}
        for floor in (ENOUGH_PHASES * count, count):
            kept = [z for z, there in indices.items() if there is not None and len(there) >= floor]
            common = set(range(count)).intersection(*(indices[z] or {} for z in kept))
            # squared: a slice lost makes every volume wrong, a phase lost only makes the beat coarser
            outcomes.append((len(kept) ** 2 * len(common), count, kept, sorted(common), indices))
    _, count, kept, phases, indices = max(outcomes, key=lambda o: o[:2])
    lost = [z for z in range(len(slices)) if z not in kept]
    if lost:
        has = sorted({len(slices[z].images) for z in lost})
        notes.append(
            f"{_listed('Slice', [z + 1 for z in lost])} (counted along the stack) "
            f"{'has' if len(lost) == 1 else 'have'} {' or '.join(map(str, has))} of {count} phases "
            f"and {_is(len(lost))} left out."
        )
    for phase in range(count):
        lacking = [z + 1 for z in kept if phase not in (indices[z] or {})]
        if lacking:
            notes.append(
                f"Phase {phase + 1} of {count} is missing in {_listed('slice', lacking)} and is left out of all slices."
            )
    thinned = [z + 1 for z in kept if len(slices[z].images) > count]
    if thinned:
        notes.append(
            f"{_listed('Slice', thinned)} {'has' if len(thinned) == 1 else 'have'} more than {count} phases; "
            f"the {count} nearest in time are used."
        )
    return kept, [[slices[z].images[(indices[z] or {})[phase]] for phase in phases] for z in kept]


def _phases_there(own: _Slice, reference: _Slice) -> dict[int, int] | None:
    """Phase number → index among the slice's images, where the reference has all phases; None if it cannot be told."""
    n, count = len(own.images), len(reference.images)
    if n == count:
        return {k: k for k in range(count)}
    if not own.times or n < 3 or count < 3:
        return None
    ratio = own.step / reference.step
    if abs(n * ratio - count) < 0.5 * max(1.0, ratio):  # the same heartbeat, sampled at another rate
        return {k: round(k * n / count) for k in range(count)} if n > count else None
    if n > count:
        return None
    step = own.step * (own.images[0].rr_ms or 1.0)
    first = own.times[0] / step - reference.times[0] / (reference.step * (reference.images[0].rr_ms or 1.0))
    since = (np.array(own.times) - own.times[0]) / step
    phases = np.rint(since).astype(int) + max(round(first), 0)
    if len(set(phases.tolist())) < n or phases.max() >= count or np.abs(since - np.rint(since)).max() > 0.3:
        return None
    return {int(phase): index for index, phase in enumerate(phases)}


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


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _listed(what: str, numbers: Sequence[int]) -> str:
    """Such as "slice 3" or "slices 3, 4 and 9"; long lists are cut."""
    shown = [str(n) for n in numbers[:8]] + ([f"{len(numbers) - 8} more"] if len(numbers) > 8 else [])
    plural = what if len(numbers) == 1 or what.endswith("s") else f"{what}s"
    return f"{plural} {shown[0] if len(shown) == 1 else ', '.join(shown[:-1]) + ' and ' + shown[-1]}"
