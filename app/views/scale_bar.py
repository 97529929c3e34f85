"""The bar that tells how long a millimetre is on screen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.look import theme
from app.views import captions, drawing
from app.views.drawing import INK
from app.views.placement import Placement


def scale_bar(painter: QPainter, placed: Placement, size: tuple[float, float]) -> None:
    """Draw it at the bottom right of a view of this size, of a round length."""
    width, height = size
    length_mm = captions.scale_bar_mm(placed.scale, min(160.0, width / 4))
    length = length_mm * placed.scale
    right, y = width - 14.0, height - 62.0
    for colour, thickness in ((QColor(0, 0, 0, 190), 4.0), (QColor(INK), 1.6)):
        painter.setPen(QPen(colour, thickness, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(right - length, y), QPointF(right, y))
        for end in (right - length, right):
            painter.drawLine(QPointF(end, y - 4), QPointF(end, y + 4))
    painter.setFont(theme.font(11))
    text = f"{length_mm} mm"
    advance = QFontMetricsF(painter.font()).horizontalAdvance(text)
    drawing.words(painter, right - length / 2 - advance / 2, y - 7, text)
