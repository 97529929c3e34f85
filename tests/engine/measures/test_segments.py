"""Wall thickness of rings and of a heart whose walls are known, and which segment is where."""

import math

import numpy as np
import pytest

from engine import phantom
from engine.measures.segments import (
    Insertions,
    angle_at,
    find_insertions,
    levels_of,
    point_mm,
    ring_of,
    rings_of,
    segments_at,
    thickness_mm,
    wall_of,
)
from engine.volume import LV, MYO, RV, Geometry, Known


def _ring(px: float, radius: float, wall: float, shift: float = 0.0) -> tuple[np.ndarray, Geometry]:
    """A round cavity in a round heart, in mm; shift moves the cavity to the right."""
    n = 120
    y, x = (np.mgrid[:n, :n] + 0.5) * px - n * px / 2 + 0.21
    plane = np.zeros((n, n), dtype=np.uint8)
    plane[np.hypot(x, y) < radius + wall] = MYO
    plane[np.hypot(x - shift, y) < radius] = LV
    return plane, Geometry(np.diag([px, px, 8.0, 1.0]), (1, n, n))


@pytest.mark.parametrize("px", [1.0, 1.5, 1.8])
@pytest.mark.parametrize("wall", [6.0, 8.0, 12.0])
def test_thickness_of_a_ring(px, wall):
    plane, geometry = _ring(px, 22.0, wall)
    ring = ring_of(plane, geometry)
    assert ring is not None
    _, lengths = thickness_mm(ring)
    assert lengths.mean() == pytest.approx(wall, abs=0.15)
    assert np.abs(lengths - wall).max() < 0.75 * px


def test_thickness_of_a_cavity_out_of_the_middle():
    plane, geometry = _ring(1.0, 22.0, 8.0, shift=3.0)
    ring = ring_of(plane, geometry)
    assert ring is not None
    angles, lengths = thickness_mm(ring)
    # 8 mm − 3 mm to the right, 8 mm + 3 mm to the left.
    assert lengths[np.argmin(np.abs(angles))] == pytest.approx(5, abs=0.5)
    assert lengths[np.argmin(np.abs(angles - math.pi))] == pytest.approx(11, abs=0.5)


def test_an_open_wall_is_not_measured():
    plane, geometry = _ring(1.5, 22.0, 8.0)
    plane[:, 75:][plane[:, 75:] == MYO] = 0
    assert ring_of(plane, geometry) is None
    assert ring_of(np.zeros_like(plane), geometry) is None


@pytest.fixture(scope="module")
def heart():
    return phantom.make_phantom(20, 10)


def test_the_phantoms_wall(heart):
    volume, labels, _ = heart
    ed, es = 0, int(np.argmin((labels.array == LV).sum((1, 2, 3))))
    wall = wall_of(labels.array, volume.geometry, ed, es)
    assert wall is not None and wall.es is not None
    for phase in (wall.ed, wall.es):
        beat = phantom._beat(phantom._contraction(phase.frame / 20))
        expected = [
            beat.epi_radius * phantom._taper(depth, beat.epi_length)
            - beat.lv_radius * phantom._taper(depth, beat.lv_length)
            for depth in np.arange(5.0, 55.0, 10.0)
        ]
        # Base and middle, where the wall is steep: averaged over its slices.
        assert np.mean(phase.thickness_mm[:12]) == pytest.approx(np.mean(expected), abs=0.5)
        assert max(phase.thickness_mm[:12]) - min(phase.thickness_mm[:12]) < 1.0
    for a, b, percent in zip(wall.ed.thickness_mm, wall.es.thickness_mm, wall.thickening_percent, strict=True):
        assert percent == pytest.approx(100 * (b - a) / a)


def test_the_phantoms_insertions(heart):
    volume, labels, _ = heart
    found = find_insertions(rings_of(labels.array[0], volume.geometry), volume.geometry)
    assert found is not None and found.found and found.sure
    middle, half = phantom.RV_MIDDLE, phantom.RV_HALF_ANGLE
    turned = {round(math.degrees(a) % 360) for a in (found.anterior, found.inferior)}
    for true in (middle - half, middle + half):
        assert min(abs((t - math.degrees(true) + 180) % 360 - 180) for t in turned) <= 3
    # Up in the picture is towards the front of the patient.
    assert math.sin(found.anterior) < 0 < math.sin(found.inferior)


def test_clicks_lead_to_a_slice_of_the_level(heart):
    volume, labels, _ = heart
    wall = wall_of(labels.array, volume.geometry, 0, None)
    assert wall is not None and wall.es is None
    basal, mid, apical = (wall.ed.slices[segment - 1] for segment in (1, 7, 13))
    assert basal > mid > apical
    assert wall.thickening_percent == (None,) * 16


def test_segments_go_round_from_the_anterior_wall():
    # In the picture: septum at the left, so it runs from the top against the clock, where angles fall (y is down).
    insertions = Insertions(anterior=math.radians(-120), inferior=math.radians(120), turn=-1)
    looked = np.radians([-150, 150, 90, 30, -30, -90])
    assert list(segments_at(looked, 0, insertions)) == [2, 3, 4, 5, 6, 1]
    assert list(segments_at(looked, 1, insertions)) == [8, 9, 10, 11, 12, 7]
    assert list(segments_at(np.radians([-90, 180, 90, 0]), 2, insertions)) == [13, 14, 15, 16]


def test_every_direction_has_a_segment():
    insertions = Insertions(anterior=-2.0, inferior=1.4, turn=-1)
    angles = np.linspace(-math.pi, math.pi, 721)
    for level, wanted in ((0, range(1, 7)), (1, range(7, 13)), (2, range(13, 17))):
        assert set(segments_at(angles, level, insertions)) == set(wanted)


def test_base_is_the_wider_end_whichever_way_the_slices_run(heart):
    volume, labels, _ = heart
    rings = rings_of(labels.array[0], volume.geometry)
    levels = levels_of(rings)
    flipped = labels.array[0][::-1]
    turned = levels_of(rings_of(flipped, volume.geometry))
    last = len(flipped) - 1
    assert turned == {last - index: level for index, level in levels.items()}
    assert set(levels.values()) == {0, 1, 2}


def test_insertions_that_the_user_moved_are_used(heart):
    volume, labels, _ = heart
    ring = rings_of(labels.array[0], volume.geometry)[6]
    x, y = point_mm(ring, 1.0)
    assert angle_at(ring, x, y) == pytest.approx(1.0)
    moved = Insertions(anterior=-1.0, inferior=2.0, turn=-1, found=False)
    wall = wall_of(labels.array, volume.geometry, 0, None, moved)
    assert wall is not None and wall.insertions is moved


def test_nothing_without_spacing_phase_or_right_ventricle(heart):
    volume, labels, _ = heart
    assert wall_of(labels.array, volume.geometry, None, None) is None
    unknown = Geometry(volume.geometry.affine, volume.geometry.shape, spacing=Known.ASSUMED)
    assert wall_of(labels.array, unknown, 0, None) is None
    without = np.where(labels.array == RV, 0, labels.array).astype(np.uint8)
    assert wall_of(without, volume.geometry, 0, None) is None
