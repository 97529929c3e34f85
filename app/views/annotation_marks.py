"""Measurements drawn over the image, with their numbers beside them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from app.look import theme
from app.state import annotations as notes
from app.state.annotations import Annotation, AnnotationKind, Hold
from app.state.types import AppState
from app.views import drawing
from app.views.placement import Placement
from app.words.annotation_words import said

REACH_PX = 9.0
MARK, CHOSEN = "#8ef0a8", "#ffffff"


@dataclass(frozen=True, slots=True)
class AnnotationMarks:
    """What a view draws of the measurements. tool: whether the next drag makes one."""

    shown: tuple[Annotation, ...] = ()
    chosen: int | None = None
    tool: bool = False


def annotation_marks(state: AppState, frame: int) -> AnnotationMarks:
    """Those of the slice on screen, in a view that shows this frame."""
    state_of = state.annotation
    where = (frame, state.view.slice_index)
    return AnnotationMarks(notes.shown_at(state_of, where), state_of.chosen, state_of.measure_tool is not None)


def hold_under(state: AppState, marks: AnnotationMarks, placed: Placement, at: QPointF) -> Hold | None:
    """What of them the mouse would take hold of."""
    volume = state.scan.volume
    if volume is None or not marks.shown:
        return None
    return notes.hold_at(marks.shown, volume, to_voxels(state, placed, at), reach_of(state, placed))


def to_voxels(state: AppState, placed: Placement, at: QPointF) -> tuple[float, float]:
    """A point of the view in voxels of the slice."""
    x, y = placed.to_mm(at.x(), at.y())
    dx, dy, _ = state.scan.volume.geometry.spacing_mm if state.scan.volume is not None else (1.0, 1.0, 1.0)
    return x / dx, y / dy


def reach_of(state: AppState, placed: Placement) -> tuple[float, float]:
    """How many voxels along x and y count as near."""
    dx, dy, _ = state.scan.volume.geometry.spacing_mm if state.scan.volume is not None else (1.0, 1.0, 1.0)
    return REACH_PX / placed.scale / dx, REACH_PX / placed.scale / dy


def paint_annotations(painter: QPainter, placed: Placement, marks: AnnotationMarks, state: AppState) -> None:
    """Lines, points and numbers."""
    volume = state.scan.volume
    if volume is None:
        return
    dx, dy, _ = volume.geometry.spacing_mm
    for one in marks.shown:
        colour = QColor(CHOSEN if one.number == marks.chosen else MARK)
        line = QPolygonF([QPointF(*placed.to_px(x * dx, y * dy)) for x, y in notes.outline(one, volume)])
        closed = one.measure in (AnnotationKind.AREA, AnnotationKind.CIRCLE)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 170), 3.4), QPen(colour, 1.5)):
            painter.setPen(pen)
            (painter.drawPolygon if closed else painter.drawPolyline)(line)
        for x, y in notes.handles(one):
            painter.setPen(QPen(QColor(0, 0, 0, 190), 1.2))
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(*placed.to_px(x * dx, y * dy)), 3.6, 3.6)
        if notes.is_there(one):
            painter.setFont(theme.font(12, bold=True))
            text, box = said(one, volume), line.boundingRect()
            wide = QFontMetricsF(painter.font()).horizontalAdvance(text)
            x = min(box.right() + 8, placed.view_px[0] - wide - 8)
            drawing.words(painter, max(x, 8.0), min(max(box.center().y() + 4, 20), placed.view_px[1] - 8), text, MARK)
