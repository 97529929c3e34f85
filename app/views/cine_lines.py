"""The long-axis cines beside a slice, as lines over it: the mouse can drag each to where another long axis lies."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.state.beside import line_in_slice, same_place
from app.state.types import AppState, Layout
from app.views.cross_lines import CROSS_COLOURS
from app.views.placement import Placement
from engine.pictures.crossing import CutLine

LINE = "line "
"""What a grip begins with that is one of these lines; its place follows."""
LINE_COLOURS = (*CROSS_COLOURS, "#f2a0c8")
"""Of the long axes from top to bottom, wherever they are drawn."""
NEAR_PX = 6.0


class AxisLine(NamedTuple):
    """Place on screen and line of a long axis. doubtful: it was taken in another position of the patient."""

    place: int
    line: CutLine
    doubtful: bool


Lines = tuple[AxisLine, ...]
"""Of each long axis that meets the slice."""


def lines_of(state: AppState) -> Lines:
    """The long axes on screen as lines in the slice on screen."""
    volume, planes = state.scan.volume, state.beside.long_axes
    if state.preferences.layout is not Layout.CINES or volume is None or not planes:
        return ()
    lines = []
    for place, plane in enumerate(planes[i] for i in state.beside.long_axes_shown):
        line = line_in_slice(volume.geometry, state.view.slice_index, plane)
        if line is not None:
            lines.append(AxisLine(place, line, same_place(volume, plane.volume) is False))
    return tuple(lines)


def line_under(placed: Placement, lines: Lines, at: QPointF) -> str:
    """LINE and the place of the line under the mouse, or nothing."""
    x, y = placed.to_mm(at.x(), at.y())
    near = [(one.line.distance(x, y) * placed.scale, one.place) for one in lines]
    distance, place = min(near, default=(NEAR_PX + 1, 0))
    return f"{LINE}{place}" if distance <= NEAR_PX else ""


def paint_lines(painter: QPainter, placed: Placement, lines: Lines) -> None:
    """Each line in the colour of its long axis, with a dark edge."""
    for place, line, doubtful in lines:
        paint_line(painter, placed, line, LINE_COLOURS[place], doubtful=doubtful)


def paint_line(
    painter: QPainter, placed: Placement, line: CutLine, colour: str, width: float = 1.3, *, doubtful: bool = False
) -> None:
    """A line of a slice on screen; in dashes where it may be off."""
    start, end = QPointF(*placed.to_px(*line.start)), QPointF(*placed.to_px(*line.end))
    style = Qt.PenStyle.DashLine if doubtful else Qt.PenStyle.SolidLine
    for pen in (QPen(QColor(0, 0, 0, 150), width + 1.8), QPen(QColor(colour), width, style)):
        painter.setPen(pen)
        painter.drawLine(start, end)
