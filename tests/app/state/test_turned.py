"""Turning and flipping the view: round trips, and letters that stay right."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from app_fixtures import volume

from app.state import turned
from app.state.changes import evolve, opened
from app.state.turned import Turned, key_of, remembered, standard
from app.state.types import AppState
from app.views.captions import Letters, letters
from app.views.placement import place
from engine.volume import Geometry, Known, Volume

EVERY = [Turned(quarters, mirrored) for quarters, mirrored in product(range(4), (False, True))]


def oriented(columns: list[float], rows: list[float]) -> Volume:
    """A scan whose columns and rows run along these directions of the patient (LPS)."""
    scan = volume()
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = columns, rows, np.cross(columns, rows)
    return replace(scan, geometry=Geometry(affine, scan.geometry.shape))


@pytest.mark.parametrize("how", EVERY)
def test_there_and_back(how: Turned) -> None:
    assert how.to_image(*how.to_screen(3, -5)) == (3, -5)
    assert how.quarter(1).quarter(-1) == how
    assert how.flipped().flipped() == how
    assert how.flipped(upside_down=True).flipped(upside_down=True) == how


@pytest.mark.parametrize("how", EVERY)
def test_what_is_done_is_done_to_the_screen(how: Turned) -> None:
    x, y = how.to_screen(2, 7)
    assert how.quarter(1).to_screen(2, 7) == (-y, x)  # clockwise, y runs down
    assert how.flipped().to_screen(2, 7) == (-x, y)
    assert how.flipped(upside_down=True).to_screen(2, 7) == (x, -y)


@pytest.mark.parametrize("how", EVERY)
def test_the_mouse_finds_the_place_it_sees(how: Turned) -> None:
    state = evolve(opened(AppState(), volume()), turned=how, zoom=2.5, pan_mm=(4.0, -3.0))
    placed = place(state, (640, 480))
    assert placed.to_mm(*placed.to_px(12.5, 33.0)) == pytest.approx((12.5, 33.0))
    assert placed.to_px(*placed.centre_mm) == (320, 240)
    x, y = placed.vector_mm(10, 0)
    there = placed.to_px(12.5 + x, 33.0 + y)
    assert there == pytest.approx((placed.to_px(12.5, 33.0)[0] + 10, placed.to_px(12.5, 33.0)[1]))


def test_a_turned_image_fits_the_view() -> None:
    """48 × 40 voxels of 2 × 1 mm: 96 mm wide, 40 mm high."""
    state = evolve(opened(AppState(), volume()), turned=Turned(1))
    placed = place(state, (400, 400), 0)
    (left, top), (right, bottom) = placed.to_px(0, 40), placed.to_px(96, 0)
    assert (bottom - top, left >= 0, right <= 400) == (pytest.approx(400), True, True)


def test_letters_follow() -> None:
    scan = oriented([1, 0, 0], [0, 1, 0])  # an axial slice: columns to the left of the patient, rows to the back
    assert letters(scan) == Letters("R", "L", "A", "P")
    assert letters(scan, Turned(1)) == Letters("P", "A", "R", "L")
    assert letters(scan, Turned(0, mirrored=True)) == Letters("L", "R", "A", "P")
    assert letters(scan, Turned(2)) == Letters("L", "R", "P", "A")


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        ([1, 0, 0], [0, 1, 0], Letters("R", "L", "A", "P")),
        ([0, 1, 0], [1, 0, 0], Letters("R", "L", "A", "P")),
        ([-1, 0, 0], [0, -1, 0], Letters("R", "L", "A", "P")),
        ([0, 0, 1], [1, 0, 0], Letters("R", "L", "H", "F")),
        ([0, 1, 0], [0, 0, -1], Letters("A", "P", "H", "F")),
    ],
)
def test_the_standard_view(columns: list[float], rows: list[float], expected: Letters) -> None:
    scan = oriented(columns, rows)
    assert letters(scan, standard(scan)) == expected


def test_without_an_orientation_it_stays_as_stored() -> None:
    scan = volume()
    assert standard(replace(scan, geometry=replace(scan.geometry, orientation=Known.ASSUMED))) == Turned()


def test_each_scan_is_remembered_and_another_starts_as_stored() -> None:
    scan = volume()
    turns = remembered({}, scan, Turned(3, mirrored=True))
    state = opened(evolve(AppState(), turns=turns), scan)
    assert state.view.turned == Turned(3, mirrored=True)
    other = replace(scan, source=replace(scan.source, name="another"))
    assert key_of(other) != key_of(scan)
    assert opened(state, other).view.turned == Turned()
    assert remembered(turns, scan, Turned()) == {}


def test_what_is_stored_is_read_and_what_is_damaged_left_out() -> None:
    turns = {"a": Turned(1), "b": Turned(0, mirrored=True)}
    assert turned.from_json(turned.to_json(turns)) == turns
    assert turned.from_json({"a": [4, 0], "b": [1], "c": "x", "d": [1, 1]}) == {"d": Turned(1, mirrored=True)}
    assert turned.from_json([]) == {}
