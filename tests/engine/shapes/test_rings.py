"""Polygons along the borders of masks, filled again by Pillow, which is told nothing of how they were made."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from engine.shapes.rings import rings_of


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Drawn ten times as large, each pixel looked at in its middle."""
    made = np.zeros(mask.shape, bool)
    for ring in rings_of(mask):
        picture = Image.new("1", (mask.shape[1] * 10, mask.shape[0] * 10))
        ImageDraw.Draw(picture).polygon([((x + 0.5) * 10, (y + 0.5) * 10) for x, y in ring], fill=1)
        made ^= np.asarray(picture)[5::10, 5::10]
    return made


def test_a_square_has_four_corners_at_the_edges_of_its_voxels() -> None:
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:5] = True
    [ring] = rings_of(mask)
    assert {tuple(corner) for corner in ring} == {(1.5, 0.5), (4.5, 0.5), (4.5, 2.5), (1.5, 2.5)}


def test_diagonal_neighbours_are_two_rings_and_touch_the_border() -> None:
    assert [len(ring) for ring in rings_of(np.eye(2, dtype=bool))] == [4, 4]


def test_a_hole_is_joined_to_what_is_around_it_and_an_island_in_it_is_not() -> None:
    mask = np.zeros((9, 9), bool)
    mask[1:8, 1:8] = True
    mask[3:6, 2:6] = False
    mask[4, 3] = True
    assert len(rings_of(mask)) == 2
    assert np.array_equal(filled(mask), mask)


@pytest.mark.parametrize("seed", range(12))
def test_any_mask_comes_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(random.standard_normal((24, 30)), seed % 4 / 2) > 0
    assert np.array_equal(filled(mask), mask)
    _, count = ndimage.label(mask)
    assert len(rings_of(mask)) == count


def test_nothing_has_no_ring() -> None:
    assert rings_of(np.zeros((4, 4), bool)) == []
