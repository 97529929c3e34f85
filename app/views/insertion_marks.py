"""The insertions of the right ventricle on a slice, and where the mouse takes hold of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPen

from app.look import theme
from app.state.types import AppState, Details
from app.state.walls import insertions_now, ring_at
from app.views import drawing
from app.views.drawing import INK
from app.views.placement import Placement
from engine.measures.segments import point_mm

REACH_PX = 12
INSERTIONS = ("anterior", "inferior")
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class InsertionMarks:
    """Points in mm from the image's corner. centre: of the cavity."""

    anterior: Point
    inferior: Point
    centre: Point


def insertion_marks(state: AppState, frame: int) -> InsertionMarks | None:
    """Those of the slice on screen; None unless the wall is looked at and goes all around in this slice."""
    if state.preferences.details is not Details.WALL or state.scan.loading is not None:
        return None
    found = insertions_now(state)
    ring = ring_at(state, frame, state.view.slice_index) if found is not None else None
    if ring is None or found is None:
        return None
    return InsertionMarks(point_mm(ring, found.anterior), point_mm(ring, found.inferior), ring.centre_mm)


def mark_under(placed: Placement, marks: InsertionMarks, at: QPointF) -> str:
    """ "anterior" or "inferior" where the mouse would take hold of that one, else nothing."""
    for which in INSERTIONS:
        x, y = placed.to_px(*getattr(marks, which))
        if math.hypot(at.x() - x, at.y() - y) <= REACH_PX:
            return which
    return ""


def paint_marks(painter: QPainter, placed: Placement, marks: InsertionMarks) -> None:
    """A dot with its letter at each insertion, and a line to the middle from which the angles are seen."""
    middle = QPointF(*placed.to_px(*marks.centre))
    painter.setFont(theme.font(12, bold=True))
    for letter, point in (("A", marks.anterior), ("I", marks.inferior)):
        at = QPointF(*placed.to_px(*point))
        for pen in (QPen(QColor(0, 0, 0, 130), 2.6), QPen(QColor(INK), 1.0)):
            painter.setPen(pen)
            painter.drawLine(middle, at)
        painter.setPen(QPen(QColor(0, 0, 0, 190), 1.4))
        painter.setBrush(QColor(INK))
        painter.drawEllipse(at, 5.5, 5.5)
        away = math.atan2(at.y() - middle.y(), at.x() - middle.x())
        drawing.words(painter, at.x() + 19 * math.cos(away) - 4, at.y() + 19 * math.sin(away) + 5, letter)
