"""Long axes beside a short axis: which fit, in which order, at which time and how bright."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from app_fixtures import volume

from app.state import beside
from app.state.beside import LongAxisCine
from engine.volume import Geometry, Known, Volume

SHORT = volume()


def long_axis(frames: int = 6, slices: int = 1, orientation: Known = Known.KNOWN) -> Volume:
    """Across the short axis: rows along its slices, columns down its columns."""
    affine = np.array([[0, 0, 1.0, 30], [0, 1.0, 0, 0], [-1.0, 0, 0, 40], [0, 0, 0, 1]])
    geometry = Geometry(affine, (slices, 40, 60), Known.KNOWN, orientation)
    array = np.zeros((frames, slices, 40, 60), np.int16)
    return replace(volume(frames), array=array, geometry=geometry)


def test_what_fits_and_in_which_order() -> None:
    window = (1.0, 2.0)
    found = [(long_axis(), "", "stress", window), (long_axis(slices=3), "2", "2ch", window),
             (long_axis(), "4", "4ch", window), (long_axis(), "4", "4ch again", window),
             (volume(), "3", "no long axis at all", window),
             (long_axis(orientation=Known.ASSUMED), "3", "lies anywhere", window)]  # fmt: skip
    planes = beside.fitting(SHORT, found)
    assert [(p.chambers, p.number, p.slice_index) for p in planes] == [
        ("4", 1, 0), ("4", 2, 0), ("2", 1, 1), ("2", 2, 0), ("2", 3, 2), ("", 1, 0),
    ]  # fmt: skip
    assert beside.first_shown(planes) == (0, 2, 5)  # one of each kind before the repetition
    assert beside.first_shown(planes[:2]) == (0, 1)
    assert beside.fitting(volume(orientation=Known.ASSUMED), found) == ()


def test_planes_change_places_and_one_always_stays() -> None:
    assert beside.with_plane((0, 2, 5), 1, 4) == (0, 4, 5)
    assert beside.with_plane((0, 2, 5), 0, 5) == (5, 2, 0)
    assert beside.with_plane((0,), 3, 1) == (0,)
    assert beside.toggled((0, 2), 2) == (0,)
    assert beside.toggled((0,), 0) == (0,)
    assert beside.toggled((0, 2, 5), 1) == (0, 2, 1)


@pytest.mark.parametrize(
    ("frames", "others", "expected"),
    [
        (tuple(40.0 * i for i in range(4)), tuple(20.0 * i for i in range(8)), [0, 2, 4, 6]),
        # Another heart rate, and a trigger delay.
        (tuple(40.0 * i for i in range(4)), tuple(15 + 50.0 * i for i in range(4)), [0, 1, 2, 3]),
        # Nearer to the next beat's first frame than to this one's last.
        (tuple(10.0 * i for i in range(10)), tuple(50.0 * i for i in range(2)), [0, 0, 0, 1, 1, 1, 1, 1, 0, 0]),
        (None, None, [0, 1, 2, 3]),
    ],
)
def test_frames_at_the_same_time_of_the_beat(
    frames: tuple[float, ...] | None, others: tuple[float, ...] | None, expected: list[int]
) -> None:
    one = replace(volume(len(expected)), frame_times_ms=frames)
    other = replace(long_axis(len(others or expected)), frame_times_ms=others)
    assert [beside.frame_beside(one, i, other) for i in range(one.frames)] == expected


def test_phases_known_by_name_are_matched_by_name() -> None:
    one, other = volume(2, phase_names=("ED", "ES")), replace(long_axis(2), phase_names=("ES", "ED"))
    other = replace(other, frame_times_ms=None)
    assert [beside.frame_beside(one, i, other) for i in (0, 1)] == [1, 0]


def test_the_window_follows_in_the_units_of_the_other_cine() -> None:
    own, other = (100.0, 200.0), (30.0, 50.0)
    assert beside.linked(own, own, other) == other
    assert beside.linked((120.0, 100.0), own, other) == (35.0, 25.0)


def test_the_nearest_plane_by_its_line() -> None:
    planes = [LongAxisCine(long_axis(slices=3), z, "2", z + 1, "", (0, 1)) for z in range(3)]
    # Slices of the long axis lie 1 mm apart along the rows, at 31 mm from the edge and on.
    assert [beside.nearest_plane(planes, SHORT.geometry, 1, (x, 20.0)) for x in (10.0, 32.1, 90.0)] == [0, 1, 2]
