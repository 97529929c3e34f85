"""The tools that correct contours, from the first press to the step that can be undone: pure functions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from app_fixtures import card, prediction

from app.state import editing
from app.state.brush import Brush, Tool
from app.state.editing import Correction
from app.state.strokes import handles_of
from engine.phantom import make_phantom
from engine.shapes.structures import region_of
from engine.volume import LV, MYO, RV

HERE = (0, 2)


@pytest.fixture(name="fresh", scope="module")
def fresh_fixture() -> Correction:
    """The phantom with its true mask, in which nothing is corrected."""
    volume, labels, _ = make_phantom(2, 4, 128)
    return editing.begin(volume, prediction(volume, card(), "int8", labels, ()))


def stroke(correction: Correction, brush: Brush, *points: tuple[float, float]) -> Correction:
    correction = editing.start(correction, HERE, brush, *points[0])
    for point in points[1:]:
        correction = editing.draw(correction, *point)
    return editing.ended(correction)


def plane(correction: Correction) -> np.ndarray:
    return editing.plane_of(correction, HERE)


def middle_mm(correction: Correction, structure: int = LV) -> tuple[float, float]:
    ys, xs = np.nonzero(plane(correction) == structure)
    dx, dy, _ = correction.volume.geometry.spacing_mm
    return float(xs.mean() + 0.5) * dx, float(ys.mean() + 0.5) * dy


def rim_mm(correction: Correction) -> tuple[float, float]:
    """The rightmost point of the epicardium."""
    heart = region_of(plane(correction), MYO)
    x = int(np.flatnonzero(heart.any(axis=0)).max())
    ys = np.flatnonzero(heart[:, x])
    dx, dy, _ = correction.volume.geometry.spacing_mm
    return (x + 1) * dx, float(ys.mean() + 0.5) * dy


def test_a_line_is_closed_and_filled(fresh: Correction) -> None:
    x, y = middle_mm(fresh)
    square = [(x - 6, y - 6), (x + 6, y - 6), (x + 6, y + 6), (x - 6, y + 6)]
    done = stroke(fresh, Brush(RV, tool=Tool.FREEHAND), *square)
    dx, dy, _ = done.volume.geometry.spacing_mm
    gained = (plane(done) == RV) & (plane(fresh) != RV)
    assert gained.sum() * dx * dy == pytest.approx(144, rel=0.15)
    assert len(done.done) == 1
    assert not editing.undo(done).planes


def test_a_line_takes_the_structure_away_with_the_other_tool(fresh: Correction) -> None:
    x, y = middle_mm(fresh)
    around = [(x - 6, y - 6), (x + 6, y - 6), (x + 6, y + 6), (x - 6, y + 6)]
    done = stroke(fresh, Brush(LV, tool=Tool.FREEHAND, erase=True), *around)
    assert (plane(done) == LV).sum() < (plane(fresh) == LV).sum()
    assert np.array_equal(plane(done) == MYO, plane(fresh) == MYO)


def test_a_push_moves_the_outline_and_is_one_step(fresh: Correction) -> None:
    x, y = rim_mm(fresh)
    done = stroke(fresh, Brush(MYO, tool=Tool.PUSH, radius_mm=12.0), *((x - 2 + i * 0.5, y) for i in range(13)))
    assert rim_mm(done)[0] > x + 2
    assert len(done.done) == 1
    assert done.function.lv_mass_g is not None
    assert editing.undo(done).function == fresh.function


def test_a_point_is_dragged_and_the_points_stay(fresh: Correction) -> None:
    handles = handles_of(plane(fresh), MYO, None)
    dx, dy, _ = fresh.volume.geometry.spacing_mm
    at = int(np.argmax(handles.points[:, 0]))
    x, y = float(handles.points[at, 0] * dx), float(handles.points[at, 1] * dy)
    done = stroke(fresh, Brush(MYO, tool=Tool.POINTS), (x, y), (x + 3, y), (x + 6, y))
    assert rim_mm(done)[0] > rim_mm(fresh)[0] + 3
    left = plane(fresh).shape[1] // 3
    assert np.array_equal(plane(done)[:, :left], plane(fresh)[:, :left])
    again = handles_of(plane(done), MYO, done.handles)
    assert again is done.handles
    assert again.points[at] == pytest.approx(((x + 6) / dx, y / dy))
    assert handles_of(plane(editing.undo(done)), MYO, done.handles) is not done.handles


def test_a_point_comes_on_the_line_and_goes_with_the_other_tool(fresh: Correction) -> None:
    handles = handles_of(plane(fresh), LV, None)
    dx, dy, _ = fresh.volume.geometry.spacing_mm
    between = handles.points[:2].mean(axis=0) * (dx, dy)
    more = editing.start(fresh, HERE, Brush(LV, tool=Tool.POINTS), *between)
    assert more.stroke is not None and more.stroke.handles is not None
    assert len(more.stroke.handles.points) == len(handles.points) + 1
    first = handles.points[0] * (dx, dy)
    less = editing.start(fresh, HERE, Brush(LV, tool=Tool.POINTS, erase=True), *first)
    assert less.stroke is not None and less.stroke.handles is not None
    assert len(less.stroke.handles.points) == len(handles.points) - 1


def test_beside_the_outline_nothing_is_taken_hold_of(fresh: Correction) -> None:
    assert editing.start(fresh, HERE, Brush(LV, tool=Tool.POINTS), 3.0, 3.0).stroke is None
    empty = editing.edited(fresh, HERE, np.zeros_like)
    assert editing.start(empty, HERE, Brush(LV, tool=Tool.POINTS), *middle_mm(fresh)).stroke is None


def test_the_brush_stops_at_an_edge_where_it_is_asked_to(fresh: Correction) -> None:
    """Past the epicardium the phantom has lung: of the plain brush much is painted there, of the other one little."""
    x, y = rim_mm(fresh)
    line = [(x, y - 6 + i) for i in range(13)]
    heart = region_of(plane(fresh), MYO)
    outside = []
    for edges in (False, True):
        done = stroke(fresh, Brush(MYO, radius_mm=4.0, edges=edges), *line)
        outside.append(int(((plane(done) == MYO) & ~heart).sum()))
    assert outside[0] > 10
    assert outside[1] <= 0.25 * outside[0]


def test_the_wall_stays_around_the_cavity_where_it_is_asked_to(fresh: Correction) -> None:
    x, y = rim_mm(fresh)
    line = [(x - 14 + i, y) for i in range(18)]
    for wall in (False, True):
        done = plane(stroke(fresh, Brush(LV, radius_mm=4.0, wall=wall), *line))
        cavity = done == LV
        beside = np.zeros_like(cavity)
        for step in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            beside |= np.roll(cavity, step, (0, 1)) & ~cavity
        assert (done[beside] == MYO).all() == wall


def test_a_dropped_stroke_of_any_tool_leaves_nothing(fresh: Correction) -> None:
    for tool in Tool:
        started = editing.start(fresh, HERE, Brush(MYO, tool=tool), *rim_mm(fresh))
        dropped = editing.dropped(editing.draw(started, *middle_mm(fresh)))
        assert dropped.stroke is None and not dropped.planes and not dropped.done


def test_the_brush_takes_its_size_from_round_tools_only() -> None:
    assert [Brush(tool=tool).round for tool in (Tool.BRUSH, Tool.PUSH)] == [True, True]
    assert not replace(Brush(), tool=Tool.POINTS).round
