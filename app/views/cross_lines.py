"""The long-axis planes as lines over a slice, and where the mouse takes hold of them."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.state.types import Cross
from app.views.drawing import INK
from app.views.placement import Placement

CROSS_COLOURS = ("#3cc8b4", "#a594f9")
"""Of the two long-axis planes, wherever they are drawn."""
# Where the lines can be taken hold of to turn them, from their crossing, as a share of the view's smaller side.
HANDLE_AT = 0.33
REACH_PX = 13


def handles(placed: Placement, cross: Cross) -> list[tuple[float, float]]:
    """Where the lines can be turned, in pixels: two of the first plane, two of the second."""
    x, y = placed.to_px(cross.x_mm, cross.y_mm)
    far = HANDLE_AT * min(placed.view_px)
    ways = [_way(placed, cross, quarter) for quarter in (0, 2, 1, 3)]
    return [(x + far * across, y + far * down) for across, down in ways]


def _way(placed: Placement, cross: Cross, quarters: int) -> tuple[float, float]:
    """The way along a plane on screen, of length 1: the first plane, turned by quarters in the image."""
    angle = cross.angle + quarters * math.pi / 2
    return placed.turned.to_screen(math.cos(angle), math.sin(angle))


def grip_under(placed: Placement, cross: Cross, at: QPointF) -> str:
    """What the mouse would take hold of: "move", "turn 0" … "turn 3", or nothing."""
    x, y = placed.to_px(cross.x_mm, cross.y_mm)
    if math.hypot(at.x() - x, at.y() - y) <= REACH_PX:
        return "move"
    grips = enumerate(handles(placed, cross))
    return next((f"turn {i}" for i, (x, y) in grips if math.hypot(at.x() - x, at.y() - y) <= REACH_PX), "")


def dragged(placed: Placement, cross: Cross, grip: str, at: QPointF) -> Cross:
    """The planes after a drag to a point of the view. grip: of grip_under."""
    x, y = placed.to_mm(at.x(), at.y())
    if grip == "move":
        return replace(cross, x_mm=x, y_mm=y)
    quarter = (0, 2, 1, 3)[int(grip.removeprefix("turn "))]
    return replace(cross, angle=math.atan2(y - cross.y_mm, x - cross.x_mm) - quarter * math.pi / 2)


def paint_cross(painter: QPainter, placed: Placement, cross: Cross) -> None:
    """Both planes as lines, with their handles and their crossing."""
    x, y = placed.to_px(cross.x_mm, cross.y_mm)
    grips = handles(placed, cross)
    far = math.hypot(*placed.view_px)
    for plane, colour in enumerate(CROSS_COLOURS):
        along = _way(placed, cross, plane)
        for pen in (QPen(QColor(0, 0, 0, 150), 3.0), QPen(QColor(colour), 1.2)):
            painter.setPen(pen)
            for side in (-1, 1):  # the crossing itself stays free, so that what lies below is seen
                start, end = side * REACH_PX, side * far
                painter.drawLine(
                    QPointF(x + along[0] * start, y + along[1] * start),
                    QPointF(x + along[0] * end, y + along[1] * end),
                )
        painter.setPen(QPen(QColor(0, 0, 0, 170), 1.0))
        painter.setBrush(QColor(colour))
        for at in grips[2 * plane : 2 * plane + 2]:
            painter.drawEllipse(QPointF(*at), 4.5, 4.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(QColor(0, 0, 0, 150), 3.0), QPen(QColor(INK), 1.2)):
        painter.setPen(pen)
        painter.drawEllipse(QPointF(x, y), 6.0, 6.0)
