"""The long-axis cines beside a slice, as lines over it: the mouse can drag each to where another long axis lies."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPen

from app.state.beside import line_in_slice
from app.state.types import AppState, Layout
from app.views.cross_lines import CROSS_COLOURS
from app.views.placement import Placement
from engine.pictures.crossing import CutLine

LINE = "line "
"""What a grip begins with that is one of these lines; its place follows."""
LINE_COLOURS = (*CROSS_COLOURS, "#f2a0c8")
"""Of the long axes from top to bottom, wherever they are drawn."""
NEAR_PX = 6.0

Lines = tuple[tuple[int, CutLine], ...]
"""Place on screen and line of each long axis that meets the slice."""


def lines_of(state: AppState) -> Lines:
    """The long axes on screen as lines in the slice on screen."""
    volume, planes = state.scan.volume, state.beside.long_axes
    if state.preferences.layout is not Layout.CINES or volume is None or not planes:
        return ()
    shown = enumerate(planes[i] for i in state.beside.long_axes_shown)
    lines = ((place, line_in_slice(volume.geometry, state.view.slice_index, plane)) for place, plane in shown)
    return tuple((place, line) for place, line in lines if line is not None)


def line_under(placed: Placement, lines: Lines, at: QPointF) -> str:
    """LINE and the place of the line under the mouse, or nothing."""
    x, y = placed.to_mm(at.x(), at.y())
    near = [(line.distance(x, y) * placed.scale, place) for place, line in lines]
    distance, place = min(near, default=(NEAR_PX + 1, 0))
    return f"{LINE}{place}" if distance <= NEAR_PX else ""


def paint_lines(painter: QPainter, placed: Placement, lines: Lines) -> None:
    """Each line in the colour of its long axis, with a dark edge."""
    for place, line in lines:
        paint_line(painter, placed, line, LINE_COLOURS[place])


def paint_line(painter: QPainter, placed: Placement, line: CutLine, colour: str, width: float = 1.3) -> None:
    """A line of a slice on screen."""
    start, end = QPointF(*placed.to_px(*line.start)), QPointF(*placed.to_px(*line.end))
    for pen in (QPen(QColor(0, 0, 0, 150), width + 1.8), QPen(QColor(colour), width)):
        painter.setPen(pen)
        painter.drawLine(start, end)
