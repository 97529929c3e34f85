"""A view that paints itself: what the contact sheet, the long-axis planes and the table of agreement have in common."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QMouseEvent, QPainter, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.state.types import AppState
from app.views import drawing
from app.views.mouse import Mouse


class PaintedView(QWidget):
    """Draws the state; asks for changes by signals.

    A subclass says in apply() when the picture that is kept from one paint to the next is to be made anew, by setting
    _drawn to None, and ends its paintEvent with paint_ring().
    """

    slice_requested = Signal(int)
    slice_step_requested = Signal(int)
    frame_step_requested = Signal(int)
    window_requested = Signal(float, float)
    view_requested = Signal(float, float, float)
    reset_requested = Signal()

    def __init__(self, name: str) -> None:
        """name: for screen readers."""
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._state = AppState()
        self._mouse = Mouse(self)
        # Everything but what moves while one scrolls: a frame or a line at the current slice.
        self._drawn: QPixmap | None = None
        self._notice = ""
        self._ring = False

    def set_notice(self, text: str) -> None:
        """A line for pictures that leave the program."""
        self._notice = text
        self.update()

    def paint_kept(self, painter: QPainter, paint: Callable[[QPainter], None]) -> None:
        """What paint() paints on black; from the picture kept of it as long as nothing in it changes."""
        if self._drawn is None:
            ratio = self.devicePixelRatioF()
            self._drawn = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(QColor("black"))
            inner = QPainter(self._drawn)
            paint(inner)
            inner.end()
        painter.drawPixmap(0, 0, self._drawn)

    def paint_ring(self, painter: QPainter) -> None:
        """Shows where the keyboard is, for those who came here by it."""
        if self._ring and not self._notice:
            drawing.ring(painter, (float(self.width()), float(self.height())))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ring = drawing.came_by_key(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring = False
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._drawn = None
        super().resizeEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset_requested.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._mouse.wheel(event)
