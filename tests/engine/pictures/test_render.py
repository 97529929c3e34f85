"""Windowing, colours and outlines against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.pictures import render

COLOURS = {1: (255, 0, 0), 2: (0, 255, 0)}


def test_grey_maps_the_window_to_the_full_range() -> None:
    image = np.array([[0, 50, 100, 150, 200]], dtype=np.int16)
    assert render.grey(image, (100.0, 100.0)).tolist() == [[0, 0, 127, 255, 255]]
    assert render.grey(image, (100.0, 100.0), invert=True).tolist() == [[255, 255, 128, 0, 0]]


def test_grey_of_nan_is_black() -> None:
    assert render.grey(np.array([[np.nan, 1.0]]), (0.5, 1.0)).tolist() == [[0, 255]]


def test_auto_window_spans_the_middle_of_the_image_and_is_never_empty() -> None:
    framed = np.full((200, 200), 5000.0)
    framed[50:150, 50:150] = np.linspace(0, 1000, 10_000).reshape(100, 100)
    centre, width = render.auto_window(framed)
    assert centre - width / 2 == pytest.approx(10, abs=1)
    assert centre + width / 2 == pytest.approx(985, abs=1)
    for flat in (np.zeros((1, 1, 4, 4)), np.full((2, 2), np.nan)):
        assert render.auto_window(flat)[1] > 0


def test_overlay_rgba_colours_only_what_has_a_colour() -> None:
    shown = render.overlay_rgba(np.array([[0, 1, 2, 3]], dtype=np.uint8), COLOURS, 0.5)
    assert shown.tolist() == [[[0, 0, 0, 0], [255, 0, 0, 128], [0, 255, 0, 128], [0, 0, 0, 0]]]


def _inside(points: np.ndarray, x: float, y: float) -> bool:
    """Odd–even rule, by hand."""
    a, b = points, np.roll(points, -1, axis=0)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return bool((crosses & (x < at)).sum() % 2)


def _masks() -> dict[str, np.ndarray]:
    y, x = np.mgrid[:24, :30]
    disc = (x - 14) ** 2 + (y - 11) ** 2 < 64
    single = np.zeros((5, 6), dtype=bool)
    single[2, 3] = True
    saddle = np.zeros((6, 6), dtype=bool)
    saddle[2, 2] = saddle[3, 3] = True
    return {
        "disc": disc,
        "ring": disc & ((x - 14) ** 2 + (y - 11) ** 2 >= 25),
        "single voxel": single,
        "touching corners": saddle,
        "all": np.ones((4, 5), dtype=bool),
        "noise": np.random.default_rng(3).random((40, 33)) > 0.5,
    }


@pytest.mark.parametrize("name", list(_masks()))
def test_every_voxel_centre_is_on_its_own_side_of_the_outline(name: str) -> None:
    mask = _masks()[name]
    loops = render.outlines(mask)
    for (y, x), value in np.ndenumerate(mask):
        assert sum(_inside(loop, x + 0.5, y + 0.5) for loop in loops) % 2 == value


def test_ring_has_two_outlines_and_nothing_has_none() -> None:
    assert len(render.outlines(_masks()["ring"])) == 2
    assert len(render.outlines(_masks()["touching corners"])) == 2
    assert render.outlines(np.zeros((4, 4), dtype=bool)) == []


def test_outline_of_a_disc_is_round() -> None:
    y, x = np.mgrid[:64, :64]
    (loop,) = render.outlines((x - 31) ** 2 + (y - 31) ** 2 < 20**2)
    radius = np.hypot(*(loop - 31.5).T)
    assert abs(radius.mean() - 20) < 0.3
    assert radius.std() < 0.25


def test_a_header_window_is_followed_unless_it_leaves_the_heart_dark() -> None:
    heart = np.tile(np.linspace(0, 400, 32), (64, 2))
    assert render.first_window(heart, (200.0, 400.0)) == (200.0, 400.0)
    assert render.first_window(heart, (250.0, 500.0)) == (250.0, 500.0)
    assert render.first_window(heart, (100.0, 150.0)) == (100.0, 150.0)  # bright is a choice
    assert render.first_window(heart, None) == render.auto_window(heart)
    # Spans fat that is twice as bright as the blood.
    assert render.first_window(heart, (433.0, 866.0)) == render.auto_window(heart)
