"""Which images lie in one stack, by where they are; and which of several at one place is used. No file is read here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.formats.dicom_image import Image
from engine.formats.dicom_kind import family, normal
from engine.formats.dicom_time import is_real_time
from engine.volume import SAME_DIRECTION

# Images nearer than this along the normal show the same slice: positions carry 4 to 6 digits.
SAME_SLICE_MM = 0.1
# Planes that were planned anew between two breath-holds differ by less than this (5 degrees) and are still one stack.
_TILTED = 0.087
# Up to here (20 degrees) they may be meant for the same stack, but are not measured as if parallel.
TILTED_AWAY = 0.34
# Positions nearer than this share of the distance between slices are one slice, taken twice.
_NEAR = 0.5
# A slice further than this from the next one, in distances between slices, is none of a stack of so many slices.
_FAR, _LEAST_STACK = 2.5, 4
# Slices nearer to each other than this share of their thickness overlap.
_OVERLAP = 0.8

# So many single slices in even steps are no chance.
_LEAST_FAN = 5

Slice = tuple[float, list[Image]]
"""(mm along the normal, images at that position)"""


def groups_of(images: Iterable[Image], check: Callable[[], None] = lambda: None) -> list[list[Image]]:
    """Images by study, kind and plane; planes that continue each other, though tilted or on another grid, together.

    Neither the series nor the frame of reference tells: a stack may have one series a slice, and some anonymisers give
    every file a frame of reference of its own. Images without a position are a group for each series. check: called now
    and then; may raise.
    """
    by_kind: dict[object, _Planes] = {}
    alone: dict[object, list[Image]] = defaultdict(list)
    for count, image in enumerate(images):
        if count % 256 == 0:
            check()
        if image.position is None or image.orientation is None:
            alone[(image.study, image.series_uid, image.rows, image.columns, family(image))].append(image)
            continue
        kind = (image.study, image.modality, image.rows, image.columns, family(image))
        by_kind.setdefault(kind, _Planes()).add(image)
    exact = [members for planes in by_kind.values() for members in planes.groups]
    return [*_joined(exact, check), *alone.values()]


class _Planes:
    """Groups of images whose orientation and pixel spacing agree, but for rounding."""

    def __init__(self) -> None:
        self.groups: list[list[Image]] = []
        self._exact: dict[object, list[Image]] = {}
        self._keys = np.empty((0, 8))

    def add(self, image: Image) -> None:
        key = (image.orientation, image.pixel_mm)
        members = self._exact.get(key)
        if members is None:
            row = np.array([*(image.orientation or (0,) * 6), *(image.pixel_mm or (0.0, 0.0))])
            near = np.flatnonzero(
                (np.abs(self._keys[:, :6] - row[:6]) < SAME_DIRECTION).all(axis=1)
                & (np.abs(self._keys[:, 6:] - row[6:]) <= 1e-3 * row[6:]).all(axis=1)
            )
            if near.size:
                members = self.groups[int(near[0])]
            else:
                members = []
                self.groups.append(members)
                self._keys = np.vstack((self._keys, row))
            self._exact[key] = members
        members.append(image)


def _joined(groups: list[list[Image]], check: Callable[[], None]) -> list[list[Image]]:
    """Groups of a study and kind that continue each other put together, the largest first."""
    by_kind: dict[object, list[list[Image]]] = defaultdict(list)
    for group in groups:
        by_kind[(group[0].study, group[0].modality, family(group[0]))].append(group)
    joined: list[list[Image]] = []
    for members in by_kind.values():
        # Where planes lie in all directions, as in a radial scan, nothing continues anything.
        if len(members) > 64:
            joined += members
            continue
        stacks: list[list[Image]] = []
        for group in sorted(members, key=len, reverse=True):
            check()
            host = next((stack for stack in stacks if continues(stack, group)), None)
            if host is None:
                stacks.append(list(group))
            else:
                host += group
        joined += _fans_joined(stacks)
    return joined


def _fans_joined(stacks: list[list[Image]]) -> list[list[Image]]:
    """Single slices that were each tilted a little, and lie evenly one after the other, put together as one stack."""
    by_look: dict[object, list[list[Image]]] = defaultdict(list)
    for stack in stacks:
        first = stack[0]
        by_look[(first.rows, first.columns, first.pixel_mm, first.description, len(stack))].append(stack)
    fans = [members for members in by_look.values() if len(members) >= _LEAST_FAN and _is_fan(members)]
    apart = {id(stack) for members in fans for stack in members}
    together = [[image for stack in members for image in stack] for members in fans]
    return [*together, *(stack for stack in stacks if id(stack) not in apart)]


def _is_fan(members: Sequence[Sequence[Image]]) -> bool:
    """Whether single slices lie evenly one after the other along their mean normal, tilted a few degrees at most."""
    normals = np.array([normal(stack[0]) for stack in members])
    across = normals.mean(axis=0)
    across /= np.linalg.norm(across) or 1.0
    if np.linalg.norm(np.cross(normals, across), axis=1).max() > _TILTED:
        return False
    centres = np.array([centre_mm(stack[0]) for stack in members])
    steps = np.diff(np.sort(centres @ across))
    sideways = centres - np.outer(centres @ across, across)
    aside = float(np.linalg.norm(sideways - sideways.mean(axis=0), axis=1).max())
    return bool(steps.min() > 2 and np.ptp(steps) < 0.3 * steps.mean() and aside < 2 * steps.mean())


def continues(stack: Sequence[Image], group: Sequence[Image], tilted: float = _TILTED) -> bool:
    """Whether a group of images fills gaps of a stack, or goes on at its ends, in about the same planes.

    tilted: the sine of the angle up to which planes are about the same.
    """
    first, other = stack[0], group[0]
    across = normal(first)
    if float(np.linalg.norm(np.cross(across, normal(other)))) > tilted:
        return False
    host, guest = (positions(images, across) for images in (stack, group))
    per_slice = [len(images) / len(places) for images, places in ((stack, host), (group, guest))]
    if min(per_slice) < 0.5 * max(per_slice):
        return False  # stills beside a cine
    step = step_mm(host, stack)
    if step is None or len(host) < 2:
        return False
    nearest = np.abs(np.subtract.outer(guest, host)).min(axis=1)
    if nearest.min() < _NEAR * step:
        return False  # a repetition
    everything = np.sort(np.concatenate((host, guest)))
    if np.diff(everything).max() > 2.2 * step:
        return False
    apart = centre_mm(other) - centre_mm(first)
    sideways = float(np.linalg.norm(apart - (apart @ across) * across))
    return sideways < 0.35 * max(first.rows, first.columns) * max(first.pixel_mm or (1.0, 1.0))


def positions(images: Iterable[Image], across: NDArray[np.float64]) -> NDArray[np.float64]:
    """The different positions (mm) of images' centres along a direction, ascending."""
    places = np.sort([float(across @ centre_mm(image)) for image in images])
    return places[np.concatenate(([True], np.diff(places) > SAME_SLICE_MM))]


def centre_mm(image: Image) -> NDArray[np.float64]:
    """LPS mm of the image's middle, which does not depend on its corner, its matrix or the direction of its rows."""
    place = np.array(image.position or (0.0, 0.0, 0.0))
    if image.orientation is None:
        return place
    row_mm, column_mm = image.pixel_mm or (1.0, 1.0)
    x, y = np.array(image.orientation[:3]), np.array(image.orientation[3:])
    return np.asarray(place + x * column_mm * (image.columns - 1) / 2 + y * row_mm * (image.rows - 1) / 2)


def step_mm(places: NDArray[np.float64], images: Sequence[Image]) -> float | None:
    """The distance from slice to slice, of positions some of which may be taken twice; None for a single one.

    Where it cannot be seen, the thickness of the slices says how near two of them can lie.
    """
    gaps = np.diff(places)
    if not gaps.size:
        return images[0].gap_mm or images[0].thickness_mm
    if np.ptp(gaps) <= 0.1 * gaps.mean():
        return float(np.median(gaps))
    thick = [image.thickness_mm for image in images if image.thickness_mm]
    stated = [image.gap_mm for image in images if image.gap_mm]
    least = 0.6 * float(np.median(thick)) if thick else 0.0
    wide = gaps[gaps >= least]
    if not thick or 3 * wide.size < gaps.size:
        # Most gaps are a step, or less; a few are wider, where slices are missing.
        wide = gaps[gaps >= 0.45 * float(np.percentile(gaps, 75, method="lower"))]
    found = float(np.median(wide)) if wide.size else float(gaps.max())
    # Slices 8 mm thick, 10 mm apart, all taken again 2 mm further on: 2, 8, 2, 8 … mm.
    return max(found, float(np.median(stated))) if stated and np.median(stated) < 1.5 * found else found


def slices_of(images: Sequence[Image], across: NDArray[np.float64], notes: list[str]) -> list[Slice]:
    """Every slice position with its images, ascending; of positions that are one slice taken twice, one.

    Positions that are evenly spaced are never taken for the same slice, however near they are.
    """
    placed = sorted(((float(across @ centre_mm(image)), image) for image in images), key=lambda p: p[0])
    slices: list[Slice] = []
    for mm, image in placed:
        if slices and mm - slices[-1][0] < SAME_SLICE_MM:
            slices[-1][1].append(image)
        else:
            slices.append((mm, [image]))
    places = np.array([mm for mm, _ in slices])
    gaps = np.diff(places)
    step = step_mm(places, images)
    if step is None or len(slices) < 2:
        return slices
    if len(near := _without_strays(slices, step, notes)) < len(slices):
        slices = near
        gaps = np.diff([mm for mm, _ in slices])
    if np.ptp(gaps) <= 0.1 * gaps.mean() or gaps.min() >= _NEAR * step:
        return _without_second_stack(slices, float(gaps.mean()), notes)
    return _each_once(slices, step, notes)


def _without_strays(slices: list[Slice], step: float, notes: list[str]) -> list[Slice]:
    """Slices without single ones far beyond either end that are of a series of their own, such as one of a valve."""
    first, last = 0, len(slices)
    while last - first > _LEAST_STACK and _is_stray(slices[first], slices[first + 1], slices[first + 1 : last], step):
        first += 1
    while last - first > _LEAST_STACK and _is_stray(slices[last - 1], slices[last - 2], slices[first : last - 1], step):
        last -= 1
    if lost := first + len(slices) - last:
        one = "1 slice of a series of its own lies far beyond the stack and is left out."
        more = f"{lost} slices of series of their own lie far beyond the stack and are left out."
        notes.append(one if lost == 1 else more)
    return slices[first:last]


def _is_stray(own: Slice, beside: Slice, others: Sequence[Slice], step: float) -> bool:
    series = {image.series_uid for image in own[1]}
    theirs = {image.series_uid for _, some in others for image in some}
    # Where each slice has a series of its own, that says nothing.
    return abs(own[0] - beside[0]) > _FAR * step and not series & theirs and len(theirs) <= len(others) // 2


def _without_second_stack(slices: list[Slice], gap_mm: float, notes: list[str]) -> list[Slice]:
    """Of two whole stacks that lie half way between each other's slices, one; else all slices.

    Slices of one acquisition seldom overlap. Two series of half the slices each, which together lie side by side, are
    one stack that was taken in two parts.
    """
    thick = [image.thickness_mm for _, images in slices for image in images if image.thickness_mm]
    if not thick or gap_mm > _OVERLAP * float(np.median(thick)):
        return slices
    by_series: dict[str, list[Slice]] = defaultdict(list)
    for mm, images in slices:
        for uid in {image.series_uid for image in images}:
            by_series[uid].append((mm, [image for image in images if image.series_uid == uid]))
    stacks = [own for own in by_series.values() if len(own) >= 3]
    if len(stacks) != 2 or sum(map(len, stacks)) != len(slices) or abs(len(stacks[0]) - len(stacks[1])) > 1:
        return slices
    for own in stacks:
        steps = np.diff([mm for mm, _ in own])
        if np.abs(steps - 2 * gap_mm).max() > 0.3 * gap_mm:
            return slices
    used = max(stacks, key=lambda own: (len(own), own[0][1][0].series_number))
    notes.append(
        f"The stack was taken twice, the second time {gap_mm:.1f} mm further on, so that slices overlap: series "
        f"{used[0][1][0].series_number} is used."
    )
    return used


def _each_once(slices: list[Slice], step: float, notes: list[str]) -> list[Slice]:
    """Of slices nearer to each other than half the distance between slices, the one of the series that covers most."""
    covers = Counter(uid for _, images in slices for uid in {image.series_uid for image in images})
    clusters: list[list[Slice]] = [[slices[0]]]
    for found in slices[1:]:
        if found[0] - clusters[-1][0][0] < _NEAR * step:
            clusters[-1].append(found)
        else:
            clusters.append([found])
    kept: list[Slice] = []
    lost = 0
    for cluster in clusters:
        if len(cluster) > 1 and _phases_of_one(cluster):
            kept.append((float(np.mean([mm for mm, _ in cluster])), [image for _, own in cluster for image in own]))
            continue
        lost += len(cluster) - 1
        expected = kept[-1][0] + step if kept else cluster[0][0]

        def rank(found: Slice, expected: float = expected) -> tuple[int, int, float]:
            images = found[1]
            return (
                max(covers[image.series_uid] for image in images),
                max(image.series_number for image in images) if len(covers) > 1 else 0,
                -abs(found[0] - expected),
            )

        kept.append(max(cluster, key=rank))
    if lost:
        notes.append(
            f"1 slice position is nearer to another one than half the distance between slices ({step:.1f} mm), as "
            "after a repeated breath-hold; one of each is used."
            if lost == 1
            else f"{lost} slice positions are nearer to another one than half the distance between slices "
            f"({step:.1f} mm), as after a repeated breath-hold; one of each is used."
        )
    return kept


def _phases_of_one(cluster: Sequence[Slice]) -> bool:
    """Whether near positions hold different phases of one acquisition: then they are one slice, followed or rounded."""
    images = [image for _, own in cluster for image in own]
    moments = {_moment(image) for image in images}
    return len({_acquisition(image) for image in images}) == 1 and None not in moments and len(moments) == len(images)


def one_acquisition_each(slices: list[Slice], notes: list[str]) -> list[Slice]:
    """Where several series or acquisitions show a slice, the one that is used; else all images.

    The series that covers most slices is taken where it is nearly whole there, then the latest; of one series, the
    acquisition that covers most, then the latest. One series a phase is no repetition: then each has one image there.
    """
    chosen = slices
    for key in (_series, _acquisition):
        repeated: list[int] = []
        used: set[int] = set()
        covers = Counter(k for _, images in chosen for k in {key(image) for image in images})
        counts: dict[object, list[int]] = defaultdict(list)
        for _, images in chosen:
            for k, n in Counter(map(key, images)).items():
                counts[k].append(n)
        result: list[Slice] = []
        for z, (mm, images) in enumerate(chosen):
            parts: dict[object, list[Image]] = defaultdict(list)
            for image in images:
                parts[key(image)].append(image)
            if len(parts) == 1 or not _collide(list(parts.values())):
                result.append((mm, images))
                continue
            # Gated images are what volumes are measured on, where there are any.
            gated = {k: members for k, members in parts.items() if len(members) > 1 and not is_real_time(members)}
            parts = gated or parts
            # What a workstation has computed of images covers them as well, and may have more frames.
            parts = {k: m for k, m in parts.items() if m[0].image_type[:1] != ("DERIVED",)} or parts
            leading = max(parts, key=lambda k: (covers[k], len(parts[k])))
            typical = float(np.median(counts[leading]))
            full = [members for members in parts.values() if 2 * len(members) > typical]
            best = max(full, key=lambda m: (covers[key(m[0])], _rank(m[0]), len(m)))
            result.append((mm, best))
            repeated.append(z + 1)
            used.add(best[0].series_number)
        chosen = result
        if repeated and key is _series:
            notes.append(
                f"Several series show {listed('slice', repeated)}; {listed('series', sorted(used))} was used there."
            )
        elif repeated:
            notes.append(f"Several acquisitions show {listed('slice', repeated)}; one of them was used there.")
    return chosen


def listed(what: str, numbers: Sequence[int]) -> str:
    """Such as "slice 3" or "slices 3, 4 and 9"; long lists are cut."""
    shown = [str(n) for n in numbers[:8]] + ([f"{len(numbers) - 8} more"] if len(numbers) > 8 else [])
    plural = what if len(numbers) == 1 or what.endswith("s") else f"{what}s"
    return f"{plural} {shown[0] if len(shown) == 1 else ', '.join(shown[:-1]) + ' and ' + shown[-1]}"


def _series(image: Image) -> object:
    return image.series_uid


def _acquisition(image: Image) -> object:
    return image.series_uid, image.acquisition


def _rank(image: Image) -> tuple[int, int, float, str]:
    return image.series_number, image.acquisition, image.acquired_s or 0.0, image.series_uid


def _collide(parts: Sequence[Sequence[Image]]) -> bool:
    """Whether parts of a slice's images show the same moments, so that one of them is a repetition of the other.

    Parts with one image each, at times of their own, are the phases of one beat.
    """
    moments = [{_moment(image) for image in part} for part in parts]
    if min(map(len, parts)) * 3 <= max(map(len, parts)):
        return True  # a still beside a cine
    if max(map(len, parts)) == 1:
        distinct = set().union(*moments)
        return None in distinct or len(distinct) < len(parts)
    times = [sorted(m) for part in moments if (m := [value for value in part if value is not None])]
    if len(times) < len(parts):
        return True
    # Phases that go on in another series, or lie evenly between those of another one, are of one beat.
    merged = np.diff(sorted(time for part in times for time in part))
    return bool(merged.min() < 0.3 * np.median(merged) or np.ptp(merged) > merged.mean())


def _moment(image: Image) -> float | None:
    return image.trigger_ms if image.trigger_ms is not None else image.temporal
