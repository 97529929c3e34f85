"""The insertions of the right ventricle on the image: drawn while the wall is looked at, dragged, undone."""

import math

import app_fixtures
import pytest
from app_fixtures import model_fixture, settle, window_fixture  # noqa: F401
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.state.types import Details
from app.state.walls import insertions_now
from app.views.insertion_marks import insertion_marks
from engine.phantom import make_phantom


@pytest.fixture(name="shown")
def wall_on_screen(window, qtbot, monkeypatch):
    """The phantom with its true outlines in place of the model's."""
    volume, labels, _ = make_phantom(6, 6, 104)
    monkeypatch.setattr(app_fixtures, "labels", lambda of, shrink=1: labels)
    window.session.opening.open_volume(volume)
    settle(qtbot, window.session)
    window.session.update(details=Details.WALL, slice_index=3)
    return window


def _pixel(view, point) -> QPoint:
    x, y = view._placement().to_px(*point)
    return QPoint(round(x), round(y))


def test_marks_are_there_while_the_wall_is_looked_at(shown):
    marks = insertion_marks(shown.session.state, 0)
    assert marks is not None and marks.anterior[1] < marks.inferior[1]
    shown.session.update(details=Details.RATES)
    assert insertion_marks(shown.session.state, 0) is None


@pytest.mark.parametrize("quarters", [0, 1])
def test_a_drag_is_one_step(shown, qtbot, quarters):
    view, session = shown.slice_view, shown.session
    session.looking.turn(quarters)
    marks, before = insertion_marks(session.state, 0), insertions_now(session.state)
    port = view.viewport()
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=_pixel(view, marks.anterior))
    right_of_it = (marks.centre[0] + 40, marks.centre[1])
    for share in (0.5, 1.0):
        at = tuple(a + share * (b - a) for a, b in zip(marks.anterior, right_of_it, strict=True))
        qtbot.mouseMove(port, _pixel(view, at))
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=_pixel(view, right_of_it))
    moved = session.state.facts.insertions
    assert moved is not None and not moved.found
    assert math.degrees(moved.anterior) == pytest.approx(0, abs=3)
    assert moved.inferior == before.inferior
    session.undoing.undo()
    assert session.state.facts.insertions is None
    session.undoing.redo()
    assert session.state.facts.insertions == moved
    session.insertion_points.find_again()
    assert insertions_now(session.state) == before


def test_another_button_in_the_middle_of_a_drag_changes_nothing(shown, qtbot):
    view, session = shown.slice_view, shown.session
    marks = insertion_marks(session.state, 0)
    left, right = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
    port, middle = view.viewport(), _pixel(view, marks.centre)

    def send(kind, button, buttons):
        at = QPointF(middle)
        event = QMouseEvent(kind, at, port.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(port, event)

    qtbot.mousePress(port, left, pos=_pixel(view, marks.anterior))
    send(QEvent.Type.MouseButtonPress, right, left | right)
    send(QEvent.Type.MouseButtonRelease, right, left)
    qtbot.mouseMove(port, _pixel(view, (marks.centre[0] + 40, marks.centre[1])))
    assert session.state.facts.insertions is not None
    with qtbot.waitSignal(view.insertion_dropped, timeout=1000):
        qtbot.mouseRelease(port, left, pos=_pixel(view, (marks.centre[0] + 40, marks.centre[1])))
    # Nothing of a scan that is left stays in memory: the mouse keeps no state between drags.
    assert view._mouse._start.scan.volume is None
    session.insertion_points.find_again()  # with changes of its own the window would ask before it closes
