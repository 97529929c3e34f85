"""Measuring by mouse: each measurement is one step, can be moved and deleted, and comes back by undo."""

from __future__ import annotations

import pytest
from app_fixtures import volume

from app.session.annotating import Annotating
from app.session.store import Store
from app.session.undoing import Undoing
from app.state.annotations import Annotation, AnnotationKind
from app.state.changes import opened
from app.state.types import AppState


@pytest.fixture(name="measuring")
def measuring_fixture() -> Annotating:
    store = Store(opened(AppState(), volume()))
    return Annotating(store, Undoing(store))


def kept(measuring: Annotating) -> tuple[Annotation, ...]:
    return measuring._store.state.annotation.annotations


def drag(measuring: Annotating, *points: tuple[float, float]) -> None:
    measuring.press(0, *points[0], 1.0, 1.0)
    for point in points[1:]:
        measuring.drag(*point)
    measuring.release()


def test_a_drag_measures_a_length(measuring: Annotating) -> None:
    measuring.take(AnnotationKind.LENGTH)
    drag(measuring, (5, 5), (10, 5), (15, 6))
    assert [one.points for one in kept(measuring)] == [((5, 5), (15, 6))]
    measuring._undoing.undo()
    assert not kept(measuring)
    measuring._undoing.redo()
    assert len(kept(measuring)) == 1


def test_an_angle_is_a_drag_and_a_click(measuring: Annotating) -> None:
    measuring.take(AnnotationKind.ANGLE)
    drag(measuring, (5, 5), (15, 5))
    assert not kept(measuring)
    measuring.drag(15, 12)
    measuring.drag(15, 15)
    measuring.press(0, 15, 15, 1.0, 1.0)
    measuring.release()
    assert [one.points for one in kept(measuring)] == [((5, 5), (15, 5), (15, 15))]


def test_a_click_alone_measures_nothing(measuring: Annotating) -> None:
    for measure in AnnotationKind:
        measuring.take(measure)
        drag(measuring, (5, 5))
    assert not kept(measuring) and measuring._store.state.annotation.annotating is None


def test_a_point_and_the_whole_can_be_moved_in_one_step(measuring: Annotating) -> None:
    measuring.take(AnnotationKind.LENGTH)
    drag(measuring, (5, 5), (15, 5))
    measuring.leave()
    drag(measuring, (15, 5), (18, 7), (20, 10))
    assert kept(measuring)[0].points == ((5, 5), (20, 10))
    drag(measuring, (12.5, 7.5), (14.5, 8.5))
    assert kept(measuring)[0].points == ((7, 6), (22, 11))
    measuring._undoing.undo()
    assert kept(measuring)[0].points == ((5, 5), (20, 10))
    drag(measuring, (30, 30), (40, 40))  # beside it: nothing is taken hold of
    assert kept(measuring)[0].points == ((5, 5), (20, 10))


def test_the_chosen_one_is_deleted_and_shown_again_by_undo(measuring: Annotating) -> None:
    measuring.take(AnnotationKind.AREA)
    drag(measuring, (5, 5), (15, 5), (15, 15), (5, 15))
    measuring._store.update(slice_index=0)
    measuring.delete()
    assert not kept(measuring)
    measuring._undoing.undo()
    assert len(kept(measuring)) == 1
    assert measuring._store.state.view.slice_index == 2
    measuring.show(1)
    measuring.delete_all()
    assert not kept(measuring)
    measuring.delete(7)


def test_taking_a_tool_again_puts_it_away(measuring: Annotating) -> None:
    measuring.take(AnnotationKind.LENGTH)
    measuring.take(AnnotationKind.LENGTH)
    assert measuring._store.state.annotation.measure_tool is None
    measuring.take(AnnotationKind.CIRCLE)
    assert measuring.leave()
    assert not measuring.leave()


def test_without_a_scan_it_says_why() -> None:
    store = Store(AppState())
    Annotating(store, Undoing(store)).take(AnnotationKind.LENGTH)
    assert store.state.message is not None and store.state.annotation.measure_tool is None
