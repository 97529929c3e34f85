"""Wall thickness and thickening of the left ventricle in the segments of the American Heart Association.

Segments: Cerqueira MD et al., Circulation 2002;105:539. Base, middle and apex are equal thirds of the slices that have
myocardium all around; the septum lies between the two insertions of the right ventricle. Segment 17, the tip, has no
cavity and cannot be measured in short-axis slices.

Angles are in radians in the plane of the picture, from the rows (x) towards the columns (y), as seen by a reader who
looks at the picture: y runs down.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.measures.reading import Place
from engine.volume import LV, MYO, RV, Geometry, Known, read_only

SEGMENTS = (
    "basal anterior", "basal anteroseptal", "basal inferoseptal", "basal inferior", "basal inferolateral",
    "basal anterolateral", "mid anterior", "mid anteroseptal", "mid inferoseptal", "mid inferior", "mid inferolateral",
    "mid anterolateral", "apical anterior", "apical septal", "apical inferior", "apical lateral", "apex",
)  # fmt: skip
"""Segment n is SEGMENTS[n - 1]."""
MEASURED = 16
RULE = (
    "Wall thickness by the centreline method: chords at right angles to the line midway between endocardium and "
    "epicardium, averaged over each segment (100 chords per slice). Thickening = (end-systole − end-diastole) / "
    "end-diastole. Each phase is divided into thirds by its own slices."
)
CHORDS = 100
# Waves kept of a contour's radius: finer ones are the stairs of voxels.
_WAVES = 10
_DEGREES = 2
"""Between the directions in which radii are stored."""
_ANGLES = 360 // _DEGREES
_RAY_MM, _STEP_MM = 0.5, 0.2
# Nearer than this to the wall, the right ventricle is attached to it.
_ATTACHED_MM = 6.0
_LEAST_SEPTUM, _MOST_SEPTUM = math.radians(40), math.radians(220)


@dataclass(frozen=True, slots=True)
class Insertions:
    """Where the right ventricle meets the wall, as angles seen from the middle of the cavity.

    turn: 1 where the septum runs from anterior to inferior with growing angles, else -1.
    found: in the labels; else the user put them there. sure: whether anterior and inferior were told apart by the
    patient's axes; else the upper one in the picture is taken for anterior.
    """

    anterior: float
    inferior: float
    turn: int = -1
    found: bool = True
    sure: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """The wall in one slice.

    centre_mm: (x, y) of the cavity from the image's top left corner. endo_mm, epi_mm: radii in every second degree.
    cavity: voxels. attached: first and last direction, in the sense of growing angles, in which the right ventricle
    lies at the wall; None where it does not.
    """

    centre_mm: tuple[float, float]
    endo_mm: NDArray[np.float64]
    epi_mm: NDArray[np.float64]
    cavity: int = 0
    attached: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class WallPhase:
    """One phase. thickness_mm: of segments 1 to 16, None where none was measured. slices: of a segment's level, for
    a click: the middle one; None where there is none."""

    frame: int
    thickness_mm: tuple[float | None, ...]
    slices: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Wall:
    """The wall at end-diastole and end-systole. thickening_percent: of segments 1 to 16."""

    insertions: Insertions
    ed: WallPhase
    es: WallPhase | None
    thickening_percent: tuple[float | None, ...]


def mid_wall_mm(wall: Wall) -> float | None:
    """The mean thickness at end-diastole of the six segments of the middle third; None unless all were measured."""
    found = [mm for mm in wall.ed.thickness_mm[6:12] if mm is not None]
    return sum(found) / 6 if len(found) == 6 else None


def wall_of(
    labels: NDArray[np.uint8],
    geometry: Geometry,
    ed: int | None,
    es: int | None,
    insertions: Insertions | None = None,
    left_out: Collection[Place] = (),
) -> Wall | None:
    """Thickness at ED and ES and thickening; None without ED, known spacing, a closed wall or insertions.

    labels: (T, Z, Y, X). insertions: those that the user put; else they are found in the labels at end-diastole.
    left_out: a slice whose LV or myocardium does not count has no wall.
    """
    if ed is None:
        return None

    def counted(frame: int) -> dict[int, Ring]:
        found = rings_of(labels[frame], geometry).items()
        return {z: ring for z, ring in found if not {(LV, frame, z), (MYO, frame, z)} & {*left_out}}

    later = None if es is None else (es, counted(es))
    return wall_from_rings((ed, counted(ed)), later, geometry, insertions)


def wall_from_rings(
    ed: tuple[int, dict[int, Ring]],
    es: tuple[int, dict[int, Ring]] | None,
    geometry: Geometry,
    insertions: Insertions | None = None,
) -> Wall | None:
    """As wall_of, from the frames of the phases and their rings."""
    if geometry.spacing is Known.ASSUMED or not ed[1]:
        return None
    insertions = insertions or find_insertions(ed[1], geometry)
    if insertions is None:
        return None
    first = _phase(*ed, insertions)
    second = _phase(*es, insertions) if es is not None and es[1] else None
    thickening = tuple(
        None if second is None or a is None or (b := second.thickness_mm[i]) is None else 100 * (b - a) / a
        for i, a in enumerate(first.thickness_mm)
    )
    return Wall(insertions, first, second, thickening)


def rings_of(labels: NDArray[np.uint8], geometry: Geometry) -> dict[int, Ring]:
    """The wall of every slice in which myocardium goes all around the cavity. labels: (Z, Y, X), one frame."""
    found = {}
    for index, plane in enumerate(labels):
        ring = ring_of(plane, geometry)
        if ring is not None:
            found[index] = ring
    return found


def ring_of(plane: NDArray[np.uint8], geometry: Geometry) -> Ring | None:
    """The wall of one slice (Y, X); None where it does not go all around the cavity."""
    cavity = plane == LV
    if np.count_nonzero(cavity) < 4 or not (plane == MYO).any():
        return None
    dx, dy, _ = geometry.spacing_mm
    rows, columns = np.nonzero(cavity)
    x, y = (columns.mean() + 0.5) * dx, (rows.mean() + 0.5) * dy
    outer_rows, outer_columns = np.nonzero(cavity | (plane == MYO))
    reach = float(np.hypot((outer_columns + 0.5) * dx - x, (outer_rows + 0.5) * dy - y).max()) + dx + dy
    radii = np.arange(0.0, reach, _RAY_MM)
    angles = _directions()
    at_x = x + np.outer(np.cos(angles), radii)
    at_y = y + np.outer(np.sin(angles), radii)
    inside, heart = _sampled(plane, at_x / dx, at_y / dy, ((LV,), (LV, MYO)))
    endo, epi = _crossing(inside, radii), _crossing(heart, radii)
    if endo is None or epi is None or (epi - endo < min(dx, dy) / 2).any():
        return None
    ring = Ring((float(x), float(y)), _low_pass(endo), _low_pass(epi), int(np.count_nonzero(cavity)))
    return replace(ring, attached=_attached(plane, geometry, ring))


@lru_cache(maxsize=256)
def thickness_mm(ring: Ring) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(CHORDS,) angles and lengths in mm of the chords across the wall, by the centreline method; read-only.

    Kept for each ring: a correction changes one slice, and the others need not be measured again.
    """
    angles = np.arange(CHORDS) * 2 * np.pi / CHORDS
    middle = (_at(ring.endo_mm, angles) + _at(ring.epi_mm, angles)) / 2
    points = middle[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    reach = 1.5 * float((ring.epi_mm - ring.endo_mm).max())
    steps = np.arange(0.0, reach, _STEP_MM)
    lengths = np.zeros(CHORDS)
    for sign, edge, outward in ((1.0, ring.epi_mm, True), (-1.0, ring.endo_mm, False)):
        at = points[:, None, :] + sign * steps[None, :, None] * across[:, None, :]
        radius, limit = np.hypot(at[..., 0], at[..., 1]), _at(edge, np.arctan2(at[..., 1], at[..., 0]))
        beyond = (radius - limit) if outward else (limit - radius)
        first = np.argmax(beyond > 0, axis=1)
        first[~(beyond > 0).any(axis=1)] = len(steps) - 1
        before, here = np.maximum(first - 1, 0), first
        a, b = beyond[np.arange(CHORDS), before], beyond[np.arange(CHORDS), here]
        share = np.clip(np.where(b > a, -a / np.where(b > a, b - a, 1.0), 0.0), 0.0, 1.0)
        lengths += steps[before] + share * (steps[here] - steps[before])
    return read_only(angles), read_only(lengths)


def find_insertions(rings: dict[int, Ring], geometry: Geometry) -> Insertions | None:
    """Where the right ventricle leaves the wall: the middle direction of all slices of a frame that show it."""
    ends = [ring.attached for ring in rings.values() if ring.attached is not None]
    if not ends:
        return None
    starts, lasts = (_middle_angle([arc[i] for arc in ends]) for i in (0, 1))
    one, other = float(starts), float(lasts)
    sure = geometry.orientation is not Known.ASSUMED
    first = _anteriorness(one, geometry, sure=sure)
    second = _anteriorness(other, geometry, sure=sure)
    if first >= second:
        return Insertions(one, other, turn=1, sure=sure)
    return Insertions(other, one, turn=-1, sure=sure)


def point_mm(ring: Ring, angle: float) -> tuple[float, float]:
    """Where a direction meets the epicardium of a slice, (x, y) in mm from the image's corner."""
    radius = float(_at(ring.epi_mm, np.array([angle]))[0])
    return ring.centre_mm[0] + radius * math.cos(angle), ring.centre_mm[1] + radius * math.sin(angle)


def angle_at(ring: Ring, x_mm: float, y_mm: float) -> float:
    """The direction in which a point lies from the middle of the cavity."""
    return math.atan2(y_mm - ring.centre_mm[1], x_mm - ring.centre_mm[0])


def segments_at(angles: NDArray[np.float64], level: int, insertions: Insertions) -> NDArray[np.int64]:
    """The segment, 1 to 16, in each direction. level: 0 base, 1 middle, 2 apex.

    Base and middle: the septum between the insertions is halved, the rest quartered. Apex: quarters of which one is
    centred on the septum.
    """
    septum = (insertions.turn * (insertions.inferior - insertions.anterior)) % (2 * math.pi)
    since = (insertions.turn * (angles - insertions.anterior)) % (2 * math.pi)
    if level == 2:
        quarter = np.floor(((since - septum / 2 + math.pi / 4) % (2 * math.pi)) / (math.pi / 2)).astype(np.int64)
        return np.array([14, 15, 16, 13])[np.minimum(quarter, 3)]
    lateral = 2 * math.pi - septum
    in_septum = np.minimum((since / (septum / 2)).astype(np.int64), 1)
    beyond = np.minimum(((since - septum) / (lateral / 4)).astype(np.int64), 3)
    base = np.where(since < septum, np.array([2, 3])[in_septum], np.array([4, 5, 6, 1])[np.clip(beyond, 0, 3)])
    return base + 6 * level


def levels_of(rings: dict[int, Ring]) -> dict[int, int]:
    """Which third each closed slice is in: 0 base, 1 middle, 2 apex. The wider end is the base."""
    order = sorted(rings)
    areas = [rings[index].cavity for index in order]
    half = len(order) // 2
    if half and sum(areas[:half]) < sum(areas[-half:]):
        order.reverse()
    return {index: min(3 * (2 * i + 1) // (2 * len(order)), 2) for i, index in enumerate(order)}


def _phase(frame: int, rings: dict[int, Ring], insertions: Insertions) -> WallPhase:
    lengths: list[list[NDArray[np.float64]]] = [[] for _ in range(MEASURED)]
    levels = levels_of(rings)
    for index, level in levels.items():
        angles, chords = thickness_mm(rings[index])
        of = segments_at(angles, level, insertions)
        for segment in np.unique(of):
            lengths[segment - 1].append(chords[of == segment])
    thickness = tuple(float(np.concatenate(found).mean()) if found else None for found in lengths)
    middles: list[int | None] = []
    for level in (0, 1, 2):
        there = sorted(index for index, at in levels.items() if at == level)
        middles += [there[len(there) // 2] if there else None] * (4 if level == 2 else 6)
    return WallPhase(frame, thickness, tuple(middles))


def _attached(plane: NDArray[np.uint8], geometry: Geometry, ring: Ring) -> tuple[float, float] | None:
    """First and last direction, in the sense of growing angles, in which the right ventricle lies at the wall."""
    dx, dy, _ = geometry.spacing_mm
    angles = _directions()
    beyond = ring.epi_mm[:, None] + np.arange(0.5, _ATTACHED_MM, 0.5)[None, :]
    at_x = ring.centre_mm[0] + np.cos(angles)[:, None] * beyond
    at_y = ring.centre_mm[1] + np.sin(angles)[:, None] * beyond
    (right,) = _sampled(plane, at_x / dx, at_y / dy, ((RV,),))
    arc = _longest_arc(np.asarray((right >= 0.5).any(axis=1)))
    if arc is None:
        return None
    start, length = arc
    if not _LEAST_SEPTUM <= math.radians(length) <= _MOST_SEPTUM:
        return None
    return math.radians(start), math.radians(start + length)


def _longest_arc(there: NDArray[np.bool_]) -> tuple[int, int] | None:
    """(start, length) in degrees of the longest run on the circle, runs less than 15 degrees apart being one."""
    near = 15 // _DEGREES
    if not there.any() or there.all():
        return None
    start = int(np.flatnonzero(~there)[0])
    turned = np.roll(there, -start)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], turned, [False]]).astype(np.int8)))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    joined = [runs[0]]
    for run in runs[1:]:
        if run[0] - joined[-1][1] < near:
            joined[-1] = (joined[-1][0], run[1])
        else:
            joined.append(run)
    if len(joined) > 1 and joined[0][0] + _ANGLES - joined[-1][1] < near:
        joined[-1] = (joined[-1][0], joined[0][1] + _ANGLES)
        joined = joined[1:]
    first, last = max(joined, key=lambda run: run[1] - run[0])
    return _DEGREES * ((first + start) % _ANGLES), _DEGREES * (last - first)


def _anteriorness(angle: float, geometry: Geometry, *, sure: bool) -> float:
    """How far a direction points to the front and the head, or up in the picture where the patient's axes are unknown.

    The anterior insertion lies in front of and above the inferior one.
    """
    if not sure:
        return -math.sin(angle)
    direction = geometry.directions @ np.array([math.cos(angle), math.sin(angle), 0.0])
    return float(direction[2] - direction[1])


def _middle_angle(angles: list[float]) -> float:
    """The median on the circle, about the mean direction."""
    mean = math.atan2(sum(map(math.sin, angles)), sum(map(math.cos, angles)))
    off = [(a - mean + math.pi) % (2 * math.pi) - math.pi for a in angles]
    return mean + float(np.median(off))


def _directions() -> NDArray[np.float64]:
    return np.arange(_ANGLES) * 2 * np.pi / _ANGLES


def _sampled(
    plane: NDArray[np.uint8], x: NDArray[np.float64], y: NDArray[np.float64], wanted: tuple[tuple[int, ...], ...]
) -> list[NDArray[np.float64]]:
    """Shares of structures between voxels, at x and y in voxels from the corner; 0 beyond the image.

    plane: (Y, X). wanted: the structures of each field that is returned, together.
    """
    padded = np.pad(plane, 1)
    column, row = np.clip(x + 0.5, 0, plane.shape[1]), np.clip(y + 0.5, 0, plane.shape[0])
    c, r = column.astype(np.intp), row.astype(np.intp)
    u, v = column - c, row - r
    first, width = (r * padded.shape[1] + c).ravel(), padded.shape[1]
    flat = padded.ravel()
    corners = [
        (flat[first + step].reshape(x.shape), weight)
        for step, weight in ((0, (1 - u) * (1 - v)), (1, u * (1 - v)), (width, (1 - u) * v), (width + 1, u * v))
    ]
    fields = []
    for structures in wanted:
        member = np.zeros(256)
        member[list(structures)] = 1.0
        fields.append(np.asarray(sum(member[values] * weight for values, weight in corners)))
    return fields


def _crossing(field: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Radius at which each ray leaves what is above one half for the first time; None where one never is inside."""
    inside = field >= 0.5
    if not inside[:, 0].all():
        return None
    out = np.argmin(inside, axis=1)
    if (out == 0).any():
        return None
    rays = np.arange(len(field))
    before, after = field[rays, out - 1], field[rays, out]
    return np.asarray(radii[out - 1] + (before - 0.5) / (before - after) * (radii[out] - radii[out - 1]))


def _low_pass(radius: NDArray[np.float64]) -> NDArray[np.float64]:
    waves = np.fft.rfft(radius)
    waves[_WAVES + 1 :] = 0
    return np.asarray(np.fft.irfft(waves, n=_ANGLES))


def _at(radius: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """A radius at any angles, between the directions that are stored."""
    steps = np.degrees(angles) % 360 / _DEGREES
    low = np.floor(steps).astype(np.intp)
    share = steps - low
    return np.asarray(radius[low % _ANGLES] * (1 - share) + radius[(low + 1) % _ANGLES] * share)
