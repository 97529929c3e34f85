"""A slider with marks: phases by name, slices corrected by hand, flags of the review, the range that counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QSlider, QStyle, QStyleOptionSlider, QToolTip

from app.look import theme
from app.look.widgets import plain_tip
from engine.volume import RV


class MarkKind(StrEnum):
    """What a mark looks like."""

    NAME = "name"
    """Words under the groove."""
    DOT = "dot"
    RING = "ring"
    """A dot that is not on what is on screen."""
    FLAG = "flag"
    FAINT_FLAG = "faint-flag"
    """A flag that is not on what is on screen."""
    COUNTED = "counted"
    """A bar under the groove: the structure of this value counts. Bars of neighbours touch."""
    UNCOUNTED = "uncounted"
    """The same, hollow: it is there and does not count."""


@dataclass(frozen=True, slots=True)
class Mark:
    """index: the slider's value. colour: the name of a colour of app.look.theme. text: of a NAME. structure:
    of a bar, which has its colour.

    tooltip: shown over the mark; plain text, empty for none.
    """

    index: int
    kind: MarkKind
    colour: str = "ACCENT"
    tooltip: str = ""
    text: str = ""
    structure: int = 0


BAR_PX = 3
_HIT_PX = 6


class MarkedSlider(QSlider):
    """Draws its marks in their order. They are given as one value, and it repaints only where that is another one."""

    def __init__(self, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.marks: tuple[Mark, ...] = ()

    def sizeHint(self) -> QSize:
        return QSize(200, 30)

    def set_marks(self, marks: tuple[Mark, ...]) -> None:
        if marks != self.marks:
            self.marks = marks
            self.update()

    def mark_x(self, value: int) -> float:
        """Where the handle's middle stands at a value, in pixels."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        room = self.width() - handle.width()
        at = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), value, room, option.upsideDown)
        return at + handle.width() / 2

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            near = [
                m.tooltip for m in self.marks if m.tooltip and abs(self.mark_x(m.index) - event.pos().x()) < _HIT_PX
            ]
            if near:
                QToolTip.showText(event.globalPos(), plain_tip("\n".join(dict.fromkeys(near))), self)
                return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.marks:
            return
        painter = QPainter(self)
        painter.setFont(theme.font(9, bold=True))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dotted = {mark.index for mark in self.marks if mark.kind in (MarkKind.DOT, MarkKind.RING)}
        self._paint_bars(painter, [mark for mark in self.marks if mark.structure])
        for mark in self.marks:
            if not mark.structure:
                self._paint(painter, mark, beside=mark.index in dotted)
        painter.end()

    def _paint(self, painter: QPainter, mark: Mark, *, beside: bool) -> None:
        """beside: another mark has the place above the value, and this one stands next to it."""
        x, colour = self.mark_x(mark.index), QColor(getattr(theme, mark.colour))
        filled = mark.kind in (MarkKind.DOT, MarkKind.FLAG)
        painter.setPen(colour)
        painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
        match mark.kind:
            case MarkKind.NAME:
                wide = painter.fontMetrics().horizontalAdvance(mark.text)
                middle = min(max(x, wide / 2), self.width() - wide / 2 - 1)
                painter.drawText(QPointF(middle - wide / 2, self.height() - 1), mark.text)
            case MarkKind.DOT | MarkKind.RING:
                painter.drawEllipse(QPointF(x, 3.5), 2.4, 2.4)
            case MarkKind.FLAG | MarkKind.FAINT_FLAG:
                x += 6.5 if beside else 0.0
                corners = [QPointF(x - 3, 1.5), QPointF(x + 3, 1.5), QPointF(x, 6.5)]
                painter.drawPolygon(QPolygonF(corners))

    def _paint_bars(self, painter: QPainter, marks: Sequence[Mark]) -> None:
        first, last = self.mark_x(self.minimum()), self.mark_x(self.maximum())
        step = (last - first) / max(self.maximum() - self.minimum(), 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for mark in marks:
            self._paint_bar(painter, mark, first, step)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_bar(self, painter: QPainter, mark: Mark, first: float, step: float) -> None:
        """The RV below the LV, each half a step to both sides of its value. first: where the smallest value stands."""
        colour = QColor(theme.structure_css(mark.structure))
        half, x = abs(step) / 2, first + step * (mark.index - self.minimum())
        bottom = self.height() - (1 if mark.structure == RV else BAR_PX + 2)
        box = QRectF(x - half + 0.5, bottom - BAR_PX, 2 * half - 1, BAR_PX)
        if mark.kind is MarkKind.COUNTED:
            painter.fillRect(box, colour)
        else:
            painter.setPen(colour)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0, 0, -1, -1))
