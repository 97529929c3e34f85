"""What a tool draws over the image: its size, the line it is drawing, the points that can be dragged."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.look import theme
from app.state.brush import Brush, Tool
from app.state.queries import correction_of
from app.state.strokes import Handles, Mm, Stroke, handles_of
from app.state.types import AppState
from app.views.drawing import INK
from app.views.panes import Pane
from app.views.placement import Placement

HANDLE_PX, REACH_PX = 4.5, 9.0


class ToolMarks:
    """The marks of one view. Keeps the points of an outline as long as the slice is the same."""

    def __init__(self) -> None:
        self._stroke: Stroke | None = None
        self._handles: Handles | None = None
        self._places: list[Mm] = []

    def follow(self, state: AppState, pane: Pane, brush: Brush | None) -> None:
        """Take over what is drawn with the tool in a view that shows this pane. brush: None if nothing can be drawn."""
        correction, volume, labels = correction_of(state), state.scan.volume, pane.labels
        here = (pane.frame, state.view.slice_index)
        stroke = correction.stroke if correction is not None and brush is not None else None
        self._stroke = stroke if stroke is not None and stroke.where == here else None
        if brush is None or brush.tool is not Tool.POINTS or volume is None or labels is None or correction is None:
            self._handles, self._places = None, []
            return
        known = self._stroke.handles if self._stroke is not None else correction.handles
        found = handles_of(labels.plane, brush.label, known, self._handles)
        self._handles = found
        self._places = [(float(x), float(y)) for x, y in found.points * np.array(volume.geometry.spacing_mm[:2])]

    def point_under(self, placed: Placement, cursor: QPointF | None) -> Mm | None:
        """The point of the outline under the mouse, in mm from the image's corner."""
        held = self._held(placed, cursor)
        return self._places[held] if held >= 0 else None

    def cursor(self, placed: Placement, cursor: QPointF | None) -> Qt.CursorShape:
        """What the mouse looks like."""
        if self._handles is None:
            return Qt.CursorShape.CrossCursor
        if self._stroke is not None:
            return Qt.CursorShape.ClosedHandCursor
        return Qt.CursorShape.OpenHandCursor if self._held(placed, cursor) >= 0 else Qt.CursorShape.ArrowCursor

    def paint(self, painter: QPainter, placed: Placement, brush: Brush, cursor: QPointF | None) -> None:
        """Draw the marks."""
        if self._handles is not None:
            held = self._stroke.grip if self._stroke is not None else self._held(placed, cursor)
            _paint_points(painter, placed, self._places, brush.label, held)
        if self._stroke is not None and self._stroke.line:
            _paint_line(painter, placed, self._stroke.line, self._stroke.brush)
        if cursor is not None and brush.round:
            _paint_round(painter, placed, brush, cursor)

    def _held(self, placed: Placement, cursor: QPointF | None) -> int:
        if cursor is None:
            return -1
        far = [math.hypot(cursor.x() - x, cursor.y() - y) for x, y in (placed.to_px(*at) for at in self._places)]
        nearest = min(range(len(far)), key=far.__getitem__, default=-1)
        return nearest if nearest >= 0 and far[nearest] <= REACH_PX else -1


def _paint_round(painter: QPainter, placed: Placement, brush: Brush, at: QPointF) -> None:
    """A round tool at its true size: dashed where it erases, dotted where it stops at edges, white where it pushes."""
    radius = max(brush.radius_mm * placed.scale, 2.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    colour = QColor(INK) if brush.tool is Tool.PUSH else QColor(*theme.STRUCTURE_COLOURS[brush.label])
    for ink, width in ((QColor(0, 0, 0, 170), 3.4), (colour, 1.5)):
        pen = QPen(ink, width)
        if width < 2 and brush.tool is Tool.BRUSH and (brush.erase or brush.edges):
            pen.setDashPattern([4, 3] if brush.erase else [1, 2])
        painter.setPen(pen)
        painter.drawEllipse(at, radius, radius)
    if brush.tool is Tool.PUSH:
        painter.drawLine(at - QPointF(4, 0), at + QPointF(4, 0))
        painter.drawLine(at - QPointF(0, 4), at + QPointF(0, 4))


def _paint_line(painter: QPainter, placed: Placement, line: tuple[Mm, ...], brush: Brush) -> None:
    """The line of a stroke that will be closed and filled, and in dashes how it closes."""
    points = [QPointF(*placed.to_px(*at)) for at in line]
    colour = QColor(*theme.STRUCTURE_COLOURS[brush.label])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, width in ((QColor(0, 0, 0, 170), 3.4), (colour, 1.6)):
        painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPolyline(QPolygonF(points))
    painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
    painter.drawLine(points[-1], points[0])


def _paint_points(painter: QPainter, placed: Placement, places: list[Mm], label: int, held: int) -> None:
    """The points of an outline; the one under the mouse is filled."""
    colour = QColor(*theme.STRUCTURE_COLOURS[label])
    for i, place in enumerate(places):
        middle = QPointF(*placed.to_px(*place))
        painter.setPen(QPen(QColor(0, 0, 0, 200), 3.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(middle, HANDLE_PX, HANDLE_PX)
        painter.setPen(QPen(colour, 1.6))
        painter.setBrush(colour if i == held else QColor(255, 255, 255, 230))
        painter.drawEllipse(middle, HANDLE_PX, HANDLE_PX)
