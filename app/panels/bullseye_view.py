"""The bullseye of the left ventricle's segments, painted from engine.pictures.bullseye."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.look import theme
from app.look.widgets import plain_tip
from app.words.language import translate
from engine.pictures.bullseye import CELLS, UNKNOWN, colour_of, ink_on, segment_at

LEGEND_PX = 46
STEPS = 48


class BullseyeView(QWidget):
    """Shows one number a segment. A click asks for the segment's slice."""

    segment_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._values: tuple[float | None, ...] = (None,) * 16
        self._scale = (0.0, 1.0)
        self._unit = ""
        self._names: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(translate("Details", "Wall by segment"))

    def sizeHint(self) -> QSize:
        return QSize(300, 226)

    def show_values(
        self, values: Sequence[float | None], scale: tuple[float, float], unit: str, names: Sequence[str]
    ) -> None:
        """values: of segments 1 to 16. names: of segments 1 to 17, for tips."""
        self._values, self._scale, self._unit, self._names = tuple(values), scale, unit, tuple(names)
        said = [f"{name} {self._text(i)}" for i, name in enumerate(names)]
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def _value(self, segment: int) -> float | None:
        return self._values[segment - 1] if segment <= len(self._values) else None

    def _text(self, index: int) -> str:
        value = self._value(index + 1)
        return translate("Details", "not measured") if value is None else f"{value:.0f} {self._unit}"

    def _disc(self) -> tuple[QPointF, float]:
        """Centre and radius in pixels."""
        room = min(self.width() - LEGEND_PX - 16, self.height() - 30)
        radius = max(room / 2, 10.0)
        return QPointF((self.width() - LEGEND_PX) / 2, self.height() / 2), radius

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre, radius = self._disc()
        painter.setFont(theme.font(11))
        for cell in CELLS:
            value = self._value(cell.segment)
            colour = colour_of(value, self._scale)
            painter.setPen(QPen(QColor(theme.PANEL), 1.4))
            painter.setBrush(QColor(*colour))
            painter.drawPolygon(
                QPolygonF([QPointF(centre.x() + radius * x, centre.y() - radius * y) for x, y in cell.outline.tolist()])
            )
            x, y = cell.label_at
            at = QRectF(centre.x() + radius * x - 18, centre.y() - radius * y - 9, 36, 18)
            painter.setPen(QColor(*ink_on(colour)))
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, "–" if value is None else f"{value:.0f}")
        painter.setPen(QColor(theme.MUTED))
        painter.setFont(theme.font(10))
        for text, top in (
            (translate("Details", "anterior"), centre.y() - radius - 15),
            (translate("Details", "inferior"), centre.y() + radius + 1),
        ):
            painter.drawText(QRectF(centre.x() - 50, top, 100, 14), Qt.AlignmentFlag.AlignCenter, text)
        for text, left, x in (
            (translate("Details", "septal"), True, centre.x() - radius - 3),
            (translate("Details", "lateral"), False, centre.x() + radius + 3),
        ):
            painter.save()
            painter.translate(x, centre.y())
            painter.rotate(-90 if left else 90)
            painter.drawText(QRectF(-40, -14, 80, 14), Qt.AlignmentFlag.AlignCenter, text)
            painter.restore()
        self._legend(painter)
        painter.end()

    def _legend(self, painter: QPainter) -> None:
        low, high = self._scale
        left, top, bottom = self.width() - LEGEND_PX + 6.0, 26.0, self.height() - 26.0
        painter.setPen(Qt.PenStyle.NoPen)
        for i in range(STEPS):
            value = high - (high - low) * i / (STEPS - 1)
            painter.setBrush(QColor(*colour_of(value, self._scale)))
            painter.drawRect(QRectF(left, top + (bottom - top) * i / STEPS, 10, (bottom - top) / STEPS + 1))
        painter.setPen(QColor(theme.MUTED))
        painter.setFont(theme.font(10))
        for value, y in ((high, top), ((low + high) / 2, (top + bottom) / 2), (low, bottom)):
            painter.drawText(
                QRectF(left + 14, y - 7, 30, 14), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                f"{value:.0f}",
            )  # fmt: skip
        painter.drawText(QRectF(left - 6, 4, LEGEND_PX, 14), Qt.AlignmentFlag.AlignLeft, self._unit)
        if None in self._values:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*UNKNOWN))
            painter.drawRect(QRectF(left, bottom + 10, 10, 10))
            painter.setPen(QColor(theme.MUTED))
            painter.drawText(QRectF(left + 14, bottom + 8, 30, 14), Qt.AlignmentFlag.AlignLeft, "–")

    def _segment(self, at: QPointF) -> int | None:
        centre, radius = self._disc()
        return segment_at((at.x() - centre.x()) / radius, (centre.y() - at.y()) / radius)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        segment = self._segment(event.position())
        if segment is not None and event.button() == Qt.MouseButton.LeftButton:
            self.segment_requested.emit(segment)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._segment(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            segment = self._segment(QPointF(event.pos()))
            if segment is not None and segment <= len(self._names):
                text = f"{segment}  {self._names[segment - 1]}: {self._text(segment - 1)}"
                QToolTip.showText(event.globalPos(), plain_tip(text), self)
            else:
                QToolTip.hideText()
            return True
        return bool(super().event(event))  # type: ignore[arg-type]
