"""The base of views that paint themselves: the contact sheet, the long-axis planes and the agreement table."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QMouseEvent, QPainter, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.state.types import AppState
from app.views import drawing
from app.views.mouse import Mouse


class PaintedView(QWidget):
    """Draws the state; asks for changes by signals.

    A subclass keeps one snapshot of what it shows. Its apply() compares the next snapshot with that, and sets _drawn to
    None if the kept picture has to be painted again. Its paintEvent ends with paint_ring().
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
        # Everything except what moves while scrolling, such as the frame around the current slice.
        self._drawn: QPixmap | None = None
        self._canvas: QPixmap | None = None
        self._notice = ""
        self._ring = False
        self._covered = 0, 0

    def set_notice(self, text: str) -> None:
        """A line for pictures that leave the program."""
        self._notice = text
        if self._covered != (0, 0):
            self._drawn = None
        self.update()

    def keep_words_clear(self, top: int, bottom: int) -> None:
        """Let words stand clear of so many pixels at the top and at the bottom."""
        if (top, bottom) != self._covered:
            self._covered, self._drawn = (top, bottom), None
            self.update()

    def bars(self) -> tuple[int, int]:
        """How far words move from top and bottom. A picture that leaves the program has no bars over it."""
        return (0, 0) if self._notice else drawing.clear_of(self._covered, float(self.height()))

    def paint_kept(self, painter: QPainter, paint: Callable[[QPainter], None]) -> None:
        """Paint on black, once: later calls show the kept picture until _drawn is None."""
        if self._drawn is None:
            self._drawn = self._blank()
            inner = QPainter(self._drawn)
            paint(inner)
            inner.end()
        painter.drawPixmap(0, 0, self._drawn)

    def _blank(self) -> QPixmap:
        """A black picture of the size of this view: the one before, where it fits. New memory is slow to touch."""
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._canvas is None or self._canvas.size() != size or self._canvas.devicePixelRatioF() != ratio:
            self._canvas = QPixmap(size)
            self._canvas.setDevicePixelRatio(ratio)
        self._canvas.fill(QColor("black"))
        return self._canvas

    def paint_ring(self, painter: QPainter) -> None:
        """Show the keyboard focus if it came here by a key."""
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
