"""The mouse over an image, the same in every view: wheel for slices and frames, drags for window, zoom and place."""

from __future__ import annotations

import weakref
from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from app.state.turned import Turned
from app.state.types import AppState

DRAG_FOR_FULL_WINDOW_PX = 400
DRAG_FOR_DOUBLE_ZOOM_PX = 140
WHEEL_STEP = 120
# A press that moves less than this is a click.
CLICK_PX = 3
_AS_STORED = Turned()


class Mouse:
    """Turns a view's mouse events into its signals: slice_step_requested(int), frame_step_requested(int),
    window_requested(centre, width) and view_requested(zoom, x_mm, y_mm)."""

    def __init__(self, view: Any) -> None:
        # The view owns this: a strong reference would be a cycle, and leave the view to the garbage collector.
        self._view = weakref.proxy(view)
        self._from: QPointF | None = None
        self._button = Qt.MouseButton.NoButton
        self._start = AppState()
        self._wheel = 0

    def press(self, event: QMouseEvent, state: AppState) -> None:
        self._from, self._button, self._start = event.position(), event.button(), state

    def move(self, event: QMouseEvent, pixels_per_mm: float, turned: Turned = _AS_STORED) -> None:
        """Changes count from where the drag began, so that moving back restores the earlier view.

        turned: how the image lies in the view.
        """
        if self._from is None or self._start.scan.volume is None:
            return
        delta = event.position() - self._from
        dx, dy, start = delta.x(), delta.y(), self._start
        if self._button == Qt.MouseButton.LeftButton:
            centre, width = start.view.window
            # A drag of a fixed length sweeps the window that it began with, whatever units the scan has.
            step = max(width, 1e-6) / DRAG_FOR_FULL_WINDOW_PX
            self._view.window_requested.emit(centre + dy * step, max(width + dx * step, step))
        elif self._button == Qt.MouseButton.MiddleButton:
            x, y = start.view.pan_mm
            mm_x, mm_y = turned.to_image(dx / pixels_per_mm, dy / pixels_per_mm)
            self._view.view_requested.emit(start.view.zoom, x - mm_x, y - mm_y)
        elif self._button == Qt.MouseButton.RightButton:
            self._view.view_requested.emit(start.view.zoom * 2 ** (-dy / DRAG_FOR_DOUBLE_ZOOM_PX), *start.view.pan_mm)

    def release(self, event: QMouseEvent) -> bool:
        """Whether it was a click with the left button, not a drag."""
        began, self._from = self._from, None
        self._start = AppState()  # else a scan that is left would stay in memory until the next press
        if began is None or self._button != Qt.MouseButton.LeftButton:
            return False
        moved = event.position() - began
        return max(abs(moved.x()), abs(moved.y())) <= CLICK_PX

    def wheel(self, event: QWheelEvent) -> None:
        # With Shift or Alt, some platforms report a horizontal wheel. Take the axis that moved.
        delta = event.angleDelta()
        self._wheel += delta.y() or delta.x()
        steps = int(self._wheel / WHEEL_STEP)
        self._wheel -= steps * WHEEL_STEP
        if steps:
            frames = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self._view.frame_step_requested if frames else self._view.slice_step_requested).emit(-steps)
        event.accept()
