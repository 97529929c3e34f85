"""A beating-heart short-axis cine whose true volumes are known.

The viewer shows it before a scan is opened, and tests measure against it. The ventricles are solids with known volumes.
Chest wall, lung, liver and noise make the picture look like a balanced steady-state cine, to a reader and to a network.
Nothing in it comes from a patient.

Lengths are in mm. In a slice, x runs to the right of the picture and y down, from the long axis of the left ventricle;
depth runs along that axis from the valve plane (0) to the apex.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.measures.function import MYOCARDIAL_DENSITY_G_PER_ML
from engine.pictures.tissue import blurred, ellipse, inside, paint, texture
from engine.volume import LV, MYO, RV, Geometry, LabelMap, OnPlane, Source, Volume, read_only

Array = NDArray[np.float32]

FRAME_MS = 40.0
STACK_MM = 100.0
"""Thickness of all slices together; the first one ends at the valve plane."""
FIELD_OF_VIEW_MM = (291.2, 246.4)
"""Height and width of the picture."""
HEART_AT = (0.40, 0.43)
"""Where the long axis crosses the picture, as a share of its height and width."""

# End-diastole. A circular cross-section of the left ventricle has area A(depth) = A(0) (1 - (depth / length)^BLUNT),
# so a solid of base radius a and length L holds pi a^2 L BLUNT / (BLUNT + 1).
BLUNT = 2.4
_FILL = BLUNT / (BLUNT + 1)
# The apex of a real heart hardly moves.
LV_RADIUS_MM, LV_LENGTH_MM, LV_LENGTH_ES_MM = 26.0, 89.0, 87.0
WALL_MM, APEX_WALL_MM = 8.0, 7.0
LV_EF = 0.60
# The right ventricle wraps the left one: at angle t from its middle it is W(depth) (1 - (t / half angle)^2)^0.6 thick.
RV_EDV_ML = 150.0
RV_LENGTH_MM, RV_LENGTH_ES_MM = 84.0, 76.0
RV_MIDDLE, RV_HALF_ANGLE = math.radians(172), math.radians(84)
RV_WALL_MM = 4.0
# Readers count trabeculae as cavity, yet they are half muscle: blood reaches its full signal this far inside the edge.
LV_TRABECULAE_MM, RV_TRABECULAE_MM = 1.0, 0.3

# Signal of each tissue; blood is 1. Ratios as in cine MR at 1.5 T.
BLOOD, RV_BLOOD, MUSCLE, FAT, LUNG, LIVER, SPLEEN, STOMACH = 1.0, 0.93, 0.38, 1.35, 0.07, 0.42, 0.62, 0.75
NOISE = 0.022
SCALE = 400.0
"""Stored value of a signal of 1."""


@dataclass(frozen=True, slots=True)
class _Beat:
    """Shape of the ventricles in one frame; base radii and thickness in mm."""

    lv_radius: float
    lv_length: float
    epi_radius: float
    epi_length: float
    rv_thickness: float
    rv_length: float


def _taper(depth: float, length: float) -> float:
    """Radius at a depth as a share of the radius at the base; 0 beyond the apex."""
    return math.sqrt(max(0.0, 1.0 - (max(depth, 0.0) / length) ** BLUNT))


def _rv_taper(depth: float, length: float) -> float:
    """Thickness of the right ventricle at a depth as a share of that at the base."""
    return math.pow(max(0.0, 1.0 - (max(depth, 0.0) / length) ** 1.5), 0.8)


def _rv_profile(angle: NDArray[Any]) -> NDArray[Any]:
    """Thickness of the right ventricle at angles about the long axis (radians), as a share of the thickest."""
    off = (angle - RV_MIDDLE + math.pi) % (2 * math.pi) - math.pi
    return np.asarray(np.clip(1 - (off / RV_HALF_ANGLE) ** 2, 0, None) ** 0.6)


def _contraction(phase: float) -> float:
    """How far the heart has contracted, 0 to 1, at a phase of the beat, 0 to 1.

    Ejection to 0.36 of the beat, rapid filling to 0.62, rest, atrial filling at the end.
    """

    def ease(t: float) -> float:
        return 0.5 - 0.5 * math.cos(math.pi * min(max(t, 0.0), 1.0))

    return float(ease(phase / 0.36) - 0.78 * ease((phase - 0.38) / 0.26) - 0.22 * ease((phase - 0.80) / 0.20))


def _beat(contraction: float) -> _Beat:
    """Shapes whose volumes are exact: myocardium is incompressible and both ventricles eject the same volume."""
    edv = math.pi * LV_RADIUS_MM**2 * LV_LENGTH_MM * _FILL
    epi_length = LV_LENGTH_MM + APEX_WALL_MM
    myocardium = math.pi * (LV_RADIUS_MM + WALL_MM) ** 2 * epi_length * _FILL - edv

    ejected = edv * LV_EF * contraction
    lv_length = LV_LENGTH_MM + (LV_LENGTH_ES_MM - LV_LENGTH_MM) * contraction
    epi_length += 0.7 * (lv_length - LV_LENGTH_MM)
    lv_radius = math.sqrt((edv - ejected) / (math.pi * lv_length * _FILL))
    epi_radius = math.sqrt((edv - ejected + myocardium) / (math.pi * epi_length * _FILL))

    # Area between r and r + w is the integral of r w + w^2 / 2 over the angle, so the volume is quadratic in W.
    rv_length = RV_LENGTH_MM + (RV_LENGTH_ES_MM - RV_LENGTH_MM) * contraction
    angle = (np.arange(2000) + 0.5) / 2000 * 2 * math.pi
    profile = _rv_profile(angle)
    depths = (np.arange(500) + 0.5) / 500 * rv_length
    # All of them lie within the right ventricle, the shorter of the two.
    rv_taper = (1 - (depths / rv_length) ** 1.5) ** 0.8
    epi_taper = np.sqrt(1 - (depths / epi_length) ** BLUNT)
    cell = 2 * math.pi / 2000 * rv_length / 500
    linear = epi_radius * float((epi_taper * rv_taper).sum()) * float(profile.sum()) * cell
    square = 0.5 * float((rv_taper**2).sum()) * float((profile**2).sum()) * cell
    wanted = RV_EDV_ML * 1000 - ejected
    thickness = (math.sqrt(linear**2 + 4 * square * wanted) - linear) / (2 * square)
    return _Beat(lv_radius, lv_length, epi_radius, epi_length, thickness, rv_length)


def true_values() -> dict[str, float]:
    """What measuring the phantom should find, from the formulas of its solids; mL, percent and grams."""
    edv = math.pi * LV_RADIUS_MM**2 * LV_LENGTH_MM * _FILL / 1000
    stroke = edv * LV_EF
    epi = math.pi * (LV_RADIUS_MM + WALL_MM) ** 2 * (LV_LENGTH_MM + APEX_WALL_MM) * _FILL / 1000
    return {
        "lv_edv_ml": edv,
        "lv_esv_ml": edv - stroke,
        "lv_sv_ml": stroke,
        "lv_ef_percent": 100 * LV_EF,
        "rv_edv_ml": RV_EDV_ML,
        "rv_esv_ml": RV_EDV_ML - stroke,
        "rv_sv_ml": stroke,
        "rv_ef_percent": 100 * stroke / RV_EDV_ML,
        "lv_mass_g": MYOCARDIAL_DENSITY_G_PER_ML * (epi - edv),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Chance:
    """What is random in one slice: noise (Y, X) for textures of the chest and of the heart's box, and small things.

    lung, liver: (x, y, size, brightness) of vessels, mm. papillary: (angle, size) of the muscles.
    """

    fine: Array
    coarse: Array
    lung: Sequence[tuple[float, float, float, float]]
    liver: Sequence[tuple[float, float, float, float]]
    heart_fine: Array
    heart_coarse: Array
    papillary: Sequence[tuple[float, float]]
    trabeculae: Array


def _chance(rng: np.random.Generator, shape: tuple[int, int], box: tuple[int, int]) -> _Chance:
    """The draws of one slice. Their order is the phantom: it is what one seed makes the same voxels of."""

    def noise(size: tuple[int, int]) -> Array:
        return rng.standard_normal(size, dtype=np.float32)

    fine, coarse = noise(shape), noise(shape)
    lung = [(rng.normal(15, 55), rng.normal(-35, 35), rng.uniform(0.6, 1.9), rng.uniform(0.2, 0.8)) for _ in range(60)]
    liver = [
        (rng.uniform(-100, 40), rng.uniform(45, 140), rng.uniform(0.8, 2.4), rng.uniform(0.6, 0.9)) for _ in range(26)
    ]
    heart_fine, heart_coarse = noise(box), noise(box)
    papillary = [(math.radians(a + rng.uniform(-8, 8)), rng.uniform(0.8, 1.0)) for a in (-35.0, 95.0)]
    return _Chance(fine, coarse, lung, liver, heart_fine, heart_coarse, papillary, noise(box))


def _vessels(
    picture: Array, x: Array, y: Array, vessels: Sequence[tuple[float, float, float, float]], room: Array
) -> None:
    """Paint round spots (x, y, size, brightness), in place, as far as there is room: (Y, X), a share."""
    for at_x, at_y, size, bright in vessels:
        reach = 8 * size  # beyond it a spot changes nothing that float32 can hold
        rows = slice(*np.searchsorted(y[:, 0], (at_y - reach, at_y + reach)))
        columns = slice(*np.searchsorted(x[0], (at_x - reach, at_x + reach)))
        dx, dy = x[rows, columns] - at_x, y[rows, columns] - at_y
        paint(picture[rows, columns], bright, np.exp(-(dx**2 + dy**2) / (2 * size**2)) * room[rows, columns])


def _chest(chance: _Chance, x: Array, y: Array, depth: float, px: float) -> Array:
    """Everything around the heart in one slice, (Y, X) float32."""
    fine, coarse = texture(chance.fine, 2.0 / px), texture(chance.coarse, 9.0 / px)
    picture = np.zeros(x.shape, dtype=np.float32)
    apical = depth / STACK_MM

    # Chest wall: fat, thin over the ribs and thick below the arm and the breast, on a dark layer of muscle with ribs.
    around = np.arctan2(y - 45, x - 55)
    body = ellipse(x, y, (58 - 6 * apical, 48), (152, 172), 20) + 4 * np.sin(3 * around + 1 + apical)
    fat_mm = 9 + 7 * np.sin(2 * around + 1.2 + 0.5 * apical) + 15 * np.exp(-(((around + 1.15) / 0.35) ** 2))
    paint(picture, FAT * (1 + 0.05 * fine + 0.06 * coarse), inside(body, px))
    muscle_mm = 15 + 3 * np.sin(5 * around + 2 * apical)
    paint(picture, MUSCLE * (0.75 + 0.12 * fine), inside(body + fat_mm, px))
    streak = np.abs(body + fat_mm + 0.45 * muscle_mm + 1.5 * np.sin(9 * around)) - 0.8
    paint(picture, FAT * 0.6, 0.8 * inside(streak, px) * inside(body + fat_mm, px))
    for rib in (-2.9, -2.5, -2.05, -1.55, -0.9, -0.4, 2.3, 2.75):
        reach = 9 * np.abs((around - rib - 0.08 * apical + math.pi) % (2 * math.pi) - math.pi) * 14
        edge = np.hypot(body + fat_mm + muscle_mm - 5, reach / 1.6) - 3.2
        paint(picture, 0.12, inside(edge - 1.0, px))
        paint(picture, 0.55 + 0.08 * fine, inside(edge, px))
    inner = body + fat_mm + muscle_mm
    paint(picture, LUNG * (1 + 0.3 * fine), inside(inner, px))

    # Lung vessels, denser towards the heart.
    _vessels(picture, x, y, chance.lung, inside(inner + 6, px))

    # Below the diaphragm, on which the heart lies: liver at the left of the picture, stomach and spleen at its right.
    dome = 35 - 20 * apical - (24 - 4 * apical) * np.exp(-(((x - 92) / 42) ** 2)) + 0.004 * np.minimum(x + 20, 0) ** 2
    below = inside(dome - y, px) * inside(inner, px)
    paint(picture, 0.15, inside(dome - 1.5 - y, px) * inside(inner, px))
    paint(picture, 0.95 + 0.2 * coarse, below)
    liver = np.maximum(dome + 1.5 - y, ellipse(x, y, (-36, 88 - 8 * apical), (78, 70), -20))
    paint(picture, 0.12, below * inside(liver - 1.0, px))
    paint(picture, LIVER * (1 + 0.08 * fine + 0.06 * coarse), below * inside(liver, px))
    _vessels(picture, x, y, chance.liver, below * inside(liver + 3, px))
    folds = np.sin(x / 5 + 3 * coarse) * np.sin(y / 6 + 2 * coarse)
    for at, radii, turn, signal in (
        ((78, 52 - 8 * apical), (33, 27), -25, STOMACH * (1 + 0.25 * coarse + 0.25 * folds)),
        ((122, 52), (22, 44), -25, SPLEEN * (1 + 0.07 * fine)),
        ((84, 108), (26, 31), 15, 0.95 * (1 + 0.15 * coarse)),
        ((30, 118), (24, 20), 0, 0.5 * (1 + 0.3 * folds)),
        ((-20, 165), (36, 22), 0, MUSCLE * (1 + 0.15 * fine)),
    ):
        edge = ellipse(x, y, at, radii, turn) + 2 * coarse
        paint(picture, 0.2, below * inside(edge - 1.8, px))
        paint(picture, signal, below * inside(edge, px))
    # Descending aorta.
    aorta = ellipse(x, y, (40 + 5 * apical, 56 + 6 * apical), (10.5, 10.5))
    paint(picture, 0.3, inside(aorta - 1.5, px))
    paint(picture, BLOOD * 0.95, inside(aorta, px))
    return picture


def make_phantom(
    frames: int = 20, slices: int = 10, size: int = 208, *, seed: int = 7, on_plane: OnPlane | None = None
) -> tuple[Volume, LabelMap, dict[str, float]]:
    """A cine of one heartbeat, its true mask and its true volumes.

    frames: of one beat, FRAME_MS apart whatever their number; frame 0 is end-diastole.
    slices: they share STACK_MM, and ascend from the apex to the base.
    size: rows of the picture; the columns follow from the field of view, 176 for 208.
    on_plane: told of the middle slice of frame 0, which is made before all others.

    Returns the volume (frames, slices, rows, columns) uint16; the mask on its grid, by the centre of each voxel;
    and true_values(). The same arguments give the same voxels.
    Raises ValueError for fewer than one frame or slice or 32 rows.
    """
    if frames < 1 or slices < 1 or size < 32:
        raise ValueError(f"a phantom needs a frame, a slice and 32 rows, not {frames}, {slices}, {size}")
    rng = np.random.default_rng(seed)
    px = FIELD_OF_VIEW_MM[0] / size
    shape = (size, round(FIELD_OF_VIEW_MM[1] / px))
    thick = STACK_MM / slices
    centre = (HEART_AT[0] * shape[0] * px, HEART_AT[1] * shape[1] * px)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32) * np.float32(px)
    y, x = y - np.float32(centre[0]), x - np.float32(centre[1])
    box = _heart_box(x, y)
    geometry = Geometry(_affine(px, thick, shape), (slices, *shape))
    # Coil sensitivity falls off from the front of the chest, at the upper left of the picture.
    coil = np.clip(1.12 - 0.0016 * x - 0.0012 * y, 0.6, 1.6).astype(np.float32)

    # Everything random first: what is computed of it can then be computed in any order.
    chances = [_chance(rng, shape, x[box].shape) for _ in range(slices)]
    real = rng.standard_normal((frames, slices, *shape), dtype=np.float32)
    imaginary = rng.standard_normal((slices, *shape), dtype=np.float32)

    def lay(index: int, beats: list[_Beat], voxels: Array, labels: NDArray[np.uint8]) -> None:
        """One slice, counted from the base, of the frames that voxels and labels, (T, Y, X), have room for."""
        depth = (index + 0.5) * thick
        voxels[...] = _chest(chances[index], x, y, depth, px)
        _heart(chances[index], voxels, labels, x, y, box=box, depth=depth, thick=thick, px=px, beats=beats)

    def stored(signal: Array, real: Array, imaginary: Array) -> NDArray[np.uint16]:
        """(…, Y, X) as a scanner stores it.

        Magnitude of a signal with noise in both channels is Rician (Gudbjartsson and Patz, MRM 1995, doi
        10.1002/mrm.1910340618).
        """
        smooth = blurred(signal * coil, 0.45, reach=3.0)
        return np.asarray(np.rint(np.hypot(smooth + NOISE * real, NOISE * imaginary) * SCALE), dtype=np.uint16)

    def volume_of(array: NDArray[np.uint16]) -> Volume:
        return Volume(
            array=array,
            geometry=geometry,
            source=Source(kind="phantom", paths=(), name="phantom"),
            frame_times_ms=tuple(FRAME_MS * t for t in range(frames)),
        )

    if on_plane is not None:
        z = slices // 2
        picture, unused = np.empty((1, *shape), dtype=np.float32), np.zeros((1, *shape), dtype=np.uint8)
        lay(slices - 1 - z, [_beat(_contraction(0.0))], picture, unused)
        plane = read_only(stored(picture[0], real[0, z], imaginary[z]))
        on_plane(volume_of(np.zeros((frames, slices, *shape), dtype=np.uint16)), 0, z, plane)

    voxels = np.empty((frames, slices, *shape), dtype=np.float32)
    labels = np.zeros((frames, slices, *shape), dtype=np.uint8)
    beats = [_beat(_contraction(t / frames)) for t in range(frames)]
    for index in range(slices):
        z = slices - 1 - index
        lay(index, beats, voxels[:, z], labels[:, z])
    array = np.empty(voxels.shape, dtype=np.uint16)
    for t in range(frames):
        array[t] = stored(voxels[t], real[t], imaginary)
        if t + 1 < frames:
            rng.standard_normal(dtype=np.float32, out=imaginary)
    return volume_of(array), LabelMap(read_only(labels), geometry), true_values()


def _heart_box(x: Array, y: Array) -> tuple[slice, slice]:
    """Rows and columns that the heart can reach: only they are computed."""
    reach = (np.abs(y) < 62) & (x > -82) & (x < 52)
    rows, columns = np.flatnonzero(reach.any(1)), np.flatnonzero(reach.any(0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _heart(
    chance: _Chance,
    voxels: Array,
    labels: NDArray[np.uint8],
    x: Array,
    y: Array,
    *,
    box: tuple[slice, slice],
    depth: float,
    thick: float,
    px: float,
    beats: list[_Beat],
) -> None:
    """Lay the beating heart over one slice of every frame, in place. voxels, labels: (T, Y, X)."""
    x, y = x[box], y[box]
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    profile = _rv_profile(angle).astype(np.float32)
    fine, coarse = texture(chance.heart_fine, 1.6 / px), texture(chance.heart_coarse, 6.0 / px)
    trabeculae = texture(chance.trabeculae, 2.2 / px)
    front, back = depth - thick / 2, depth + thick / 2

    for frame, beat in enumerate(beats):
        view, mask = voxels[frame][box], labels[frame][box]

        def edge(base: float, length: float, beat: _Beat = beat) -> tuple[float, float]:
            """Radius at the slice's centre, and how far the edge moves through its thickness."""
            run = base * (_taper(front, length) - _taper(back, length))
            return base * _taper(depth, length), math.hypot(px, run)

        epi, epi_soft = edge(beat.epi_radius, beat.epi_length)
        endo, endo_soft = edge(beat.lv_radius, beat.lv_length)
        rv = beat.rv_thickness * _rv_taper(depth, beat.rv_length)
        rv_run = beat.rv_thickness * (_rv_taper(front, beat.rv_length) - _rv_taper(back, beat.rv_length))
        rv_soft = np.hypot(px, (rv_run + epi_soft - px) * profile)
        outer = epi + rv * profile
        wall = RV_WALL_MM * np.sqrt(profile) if rv > 1 else np.float32(0)

        # Fat on the heart, thick in the grooves where the right ventricle begins and ends.
        groove = np.exp(-(((np.abs((angle - RV_MIDDLE + math.pi) % (2 * math.pi) - math.pi) - 1.45) / 0.28) ** 2))
        fat = (1.2 + 5.0 * groove + 2.0 * np.sqrt(profile) + 1.2 * coarse) * min(1.0, epi / 25)
        if epi > 0 or rv > 0:
            paint(view, 0.16, inside(radius - (outer + wall + fat + 1.5), rv_soft))
            paint(view, FAT * (0.72 + 0.1 * fine), inside(radius - (outer + wall + fat), rv_soft))
        if rv > 0:
            paint(view, MUSCLE * (1 + 0.1 * fine), inside(radius - outer - wall, rv_soft))
            spongy = np.clip(1 - np.abs(radius - outer) / 6, 0, 1) * np.clip(trabeculae, 0, 1)
            blood = RV_BLOOD * (1 + 0.05 * fine + 0.05 * coarse) * (1 - 0.45 * spongy)
            lined = np.hypot(rv_soft, 2 * RV_TRABECULAE_MM)
            paint(view, blood, inside(radius - outer + RV_TRABECULAE_MM, lined) * (profile > 0))
        if epi > 0:
            paint(view, MUSCLE * (1 + 0.08 * fine + 0.05 * coarse), inside(radius - epi, epi_soft))
        if endo > 0:
            blood = BLOOD * (1 + 0.04 * fine + 0.05 * coarse)
            lined = np.hypot(endo_soft, 2 * LV_TRABECULAE_MM)
            paint(view, blood, inside(radius - endo + LV_TRABECULAE_MM, lined))
            if 22 < depth < 72:
                for at, grow in chance.papillary:
                    size = grow * 4.8
                    away = max(endo - 1.1 * size, 0.0)
                    spot = np.hypot(x - away * math.cos(at), y - away * math.sin(at)) - size
                    paint(view, MUSCLE, 0.85 * inside(spot, 1.5 * px) * inside(radius - endo, endo_soft))

        mask[(radius < outer) & (profile > 0)] = RV
        mask[radius < epi] = MYO
        mask[radius < endo] = LV


def _affine(px: float, thick: float, shape: tuple[int, int]) -> NDArray[np.float64]:
    """LPS affine of a usual short-axis stack: the long axis points left, forward and down; its middle is at 0."""
    normal = np.array([-0.60, 0.60, 0.53])
    normal /= np.linalg.norm(normal)
    row = np.array([0.68, 0.73, -0.06])
    row -= normal * (row @ normal)
    row /= np.linalg.norm(row)
    column = np.cross(normal, row)
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([row * px, column * px, normal * thick])
    middle = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2, (STACK_MM / thick - 1) / 2])
    affine[:3, 3] = -affine[:3, :3] @ middle
    return affine
