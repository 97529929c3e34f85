"""A plane at right angles to the slices: base above apex where the scan says so, a line where the current slice is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import annotations, drawing, theme
from app.mouse import Mouse
from app.slice_view import CROSS_COLOURS
from app.state import AppState, Cross, Mask, Style, cross_of, run_of
from engine.reformat import Plane, long_axis_plane, sample
from engine.render import overlay_rgba
from engine.volume import Known, Volume, orientation_letters

MARGIN_PX = 24
NEAR_LINE_PX = 6
# How much of the plane is shown at least: the heart with something around it, not the whole chest.
SHOWN_MM, SHOWN_HEIGHTS = 150.0, 2.0
NAMES = ("Long axis, first plane", "Long axis, second plane")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where samples and slices lie on screen: each slice is slice_px high, each sample sample_px wide."""

    left: float
    top: float
    sample_px: float
    slice_px: float
    slices: int
    flipped: bool
    """Slice 0 at the bottom."""

    def middle_y(self, index: float) -> float:
        """Height of the middle of a slice."""
        row = self.slices - 1 - index if self.flipped else index
        return self.top + (row + 0.5) * self.slice_px

    def slice_at(self, y: float) -> int:
        row = math.floor((y - self.top) / self.slice_px)
        return self.slices - 1 - row if self.flipped else row


def upside_down(volume: Volume, plane: Plane) -> bool:
    """Whether slice 0 goes to the bottom: the end nearer the head is on top, and of a short axis that is the base."""
    return volume.geometry.orientation is not Known.ASSUMED and float(plane.normal[2]) > 0


class LongAxisView(QWidget):
    """Draws one of the two planes; asks for changes by signals."""

    slice_requested = Signal(int)
    slice_step_requested = Signal(int)
    frame_step_requested = Signal(int)
    window_requested = Signal(float, float)
    view_requested = Signal(float, float, float)
    reset_requested = Signal()

    def __init__(self, number: int) -> None:
        """number: 0 for the first plane, 1 for the one at right angles to it."""
        super().__init__()
        self._number = number
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAccessibleName(NAMES[number])
        self._state = AppState()
        self._mouse = Mouse(self)
        self._on_line = False
        self._plane: Plane | None = None
        self._plane_of: tuple[object, ...] = ()
        # Everything but the line of the current slice, which is all that moves while one scrolls.
        self._drawn: QPixmap | None = None
        self._notice = ""

    def apply(self, old: AppState, new: AppState) -> None:
        """Redraw what differs. A plane is cheap to sample: a line in each slice."""
        self._state = new
        volume, cross = new.volume, cross_of(new)
        made_of = (volume, cross)
        if made_of != self._plane_of:
            self._plane_of = made_of
            self._plane = self._cut(volume, cross) if volume is not None and cross is not None else None
            self._drawn = None
        if _shown(old) != _shown(new):
            self._drawn = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._drawn = None
        super().resizeEvent(event)

    def set_notice(self, text: str) -> None:
        """A line for pictures that leave the program."""
        self._notice = text
        self.update()

    def _cut(self, volume: Volume, cross: Cross) -> Plane | None:
        if volume.slices < 2:
            return None
        return long_axis_plane(volume.geometry, cross.x_mm, cross.y_mm, cross.angle + self._number * math.pi / 2)

    # -- drawing -------------------------------------------------------------------------------------------------

    def placement(self) -> Placement | None:
        """None where there is no plane."""
        if self._plane is None or self._state.volume is None:
            return None
        samples, slices = self._plane.columns_px.shape[1], self._state.volume.slices
        width, height = samples * self._plane.step_mm, slices * self._plane.slice_mm
        room = (max(self.width() - 2 * MARGIN_PX, 20), max(self.height() - 2 * MARGIN_PX, 20))
        shown = min(width, max(SHOWN_MM, SHOWN_HEIGHTS * height))
        scale = min(room[0] / shown, room[1] / height)
        # The crossing in the middle, but no empty ground on one side while the other is cut off.
        spare = self.width() - width * scale
        left = self.width() / 2 - (self._plane.through + 0.5) * self._plane.step_mm * scale
        left = spare / 2 if spare >= 2 * MARGIN_PX else min(max(left, spare - MARGIN_PX), MARGIN_PX)
        return Placement(
            left,
            (self.height() - height * scale) / 2,
            scale * self._plane.step_mm,
            scale * self._plane.slice_mm,
            slices,
            upside_down(self._state.volume, self._plane),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        size = (float(self.width()), float(self.height()))
        placed, plane, volume = self.placement(), self._plane, self._state.volume
        if volume is None or placed is None or plane is None:
            painter.fillRect(self.rect(), QColor("black"))
            if volume is not None and self._number == 0:
                drawing.invite(
                    painter, size, "No long axis in a single slice", "Open the whole stack. Key 1 shows this slice."
                )
            return
        if self._drawn is None:
            self._drawn = self._draw(placed, plane)
        painter.drawPixmap(0, 0, self._drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter, placed, plane)
        self._paint_letters(painter, size, volume, plane)
        if volume.geometry.spacing is Known.ASSUMED:
            words = "spacing unknown: proportions are a guess"
            drawing.lines(painter, size, [words], (10, 8), bottom=True, colour=drawing.WARNING_INK)
        elif self._notice:
            drawing.lines(painter, size, [self._notice], (10, 8), bottom=True, colour=drawing.WARNING_INK)

    def _draw(self, placed: Placement, plane: Plane) -> QPixmap:
        ratio = self.devicePixelRatioF()
        drawn = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(QColor("black"))
        painter = QPainter(drawn)
        self._paint_image(painter, placed, plane)
        painter.end()
        return drawn

    def _paint_image(self, painter: QPainter, placed: Placement, plane: Plane) -> None:
        state, volume = self._state, self._state.volume
        frame = volume.array[state.frame_index]
        grey_values = sample(frame, plane, linear=state.smooth)
        image = drawing.grey_image(_upright(grey_values, placed), state.window, invert=state.invert)
        samples = grey_values.shape[1]
        where = QRectF(placed.left, placed.top, samples * placed.sample_px, placed.slices * placed.slice_px)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, state.smooth)
        painter.drawImage(where, image)
        if state.overlay.hidden:
            return
        # Outlines live in samples and slices; the transform gives them their proportions.
        to_screen = QTransform(placed.sample_px, 0, 0, placed.slice_px, placed.left, placed.top)
        overlay = state.overlay
        stack = _labels(state)
        if stack is not None:
            cut = _upright(sample(stack, plane, linear=False), placed)
            if overlay.style is Style.VOXELS:
                colours = {k: c for k, c in theme.STRUCTURE_COLOURS.items() if k in overlay.visible}
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
                painter.drawImage(where, drawing.rgba_image(overlay_rgba(cut, colours, max(overlay.opacity, 0.1))))
            else:
                fill = overlay.opacity if overlay.style is Style.FILL else 0.0
                self._paint_outlines(painter, cut, to_screen, fill=fill)
        mask = _mask(state)
        if mask is not None:
            cut = _upright(sample(mask.labels.array[state.frame_index], plane, linear=False), placed)
            self._paint_outlines(painter, cut, to_screen, dashed=True)

    def _paint_outlines(
        self, painter: QPainter, cut: np.ndarray, to_screen: QTransform, *, fill: float = 0.0, dashed: bool = False
    ) -> None:
        paths = drawing.paths_of(cut, self._state.overlay.visible, filled=fill > 0)
        painter.save()
        painter.setTransform(to_screen, True)
        drawing.stroke(painter, paths, fill_opacity=fill, dashed=dashed)
        painter.restore()

    def _paint_lines(self, painter: QPainter, placed: Placement, plane: Plane) -> None:
        """The current slice, and where the other plane crosses this one."""
        left = max(placed.left, 0.0)
        right = min(placed.left + plane.columns_px.shape[1] * placed.sample_px, float(self.width()))
        y = placed.middle_y(self._state.slice_index)
        x = placed.left + (plane.through + 0.5) * placed.sample_px
        bottom = placed.top + placed.slices * placed.slice_px
        across = QColor(CROSS_COLOURS[1 - self._number])
        for colour, start, end in (
            (across, QPointF(x, placed.top), QPointF(x, bottom)),
            (QColor(drawing.INK), QPointF(left, y), QPointF(right, y)),
        ):
            for pen in (QPen(QColor(0, 0, 0, 150), 3.0), QPen(colour, 1.2)):
                painter.setPen(pen)
                painter.drawLine(start, end)
        painter.setFont(theme.font(11))
        drawing.words(painter, left + 46, y - 4, f"slice {self._state.slice_index + 1}")
        painter.setPen(QPen(QColor(CROSS_COLOURS[self._number]), 2.0))
        painter.drawLine(QPointF(10, 9), QPointF(26, 9))

    def _paint_letters(self, painter: QPainter, size: tuple[float, float], volume: Volume, plane: Plane) -> None:
        if volume.geometry.orientation is Known.ASSUMED:
            return
        down = -plane.normal if upside_down(volume, plane) else plane.normal
        width, height = size
        for direction, x, y, kind in (
            (-plane.along, 8.0, height / 2, {}),
            (plane.along, width - 8.0, height / 2, {"right": True}),
            (-down, width / 2, 13.0, {"centre": True}),
            (down, width / 2, height - 13.0, {"centre": True}),
        ):
            text = annotations.on_screen(orientation_letters(direction))
            drawing.letter(painter, text, x, y, pixels=13, **kind)

    # -- mouse ---------------------------------------------------------------------------------------------------

    def _near_line(self, at: QPointF) -> bool:
        placed = self.placement()
        return placed is not None and abs(at.y() - placed.middle_y(self._state.slice_index)) <= NEAR_LINE_PX

    def _ask_slice(self, at: QPointF) -> None:
        placed = self.placement()
        if placed is not None:
            self.slice_requested.emit(min(max(placed.slice_at(at.y()), 0), placed.slices - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._on_line = event.button() == Qt.MouseButton.LeftButton and self._near_line(event.position())
        if not self._on_line:
            self._mouse.press(event, self._state)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._on_line:
            self._ask_slice(event.position())
        else:
            placed = self.placement()
            if placed is not None and self._plane is not None:
                self._mouse.move(event, placed.sample_px / self._plane.step_mm)
        near = self._on_line or self._near_line(event.position())
        self.setCursor(Qt.CursorShape.SizeVerCursor if near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._on_line:
            self._on_line = False
        elif self._mouse.release(event):
            self._ask_slice(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset_requested.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._mouse.wheel(event)


def _shown(state: AppState) -> tuple[object, ...]:
    """What the picture depends on, but for the plane and the size of the view."""
    run = run_of(state)
    labels = (id(run.prediction), len(run.planes)) if run else ()
    mask = _mask(state)
    return (
        state.volume, state.frame_index, state.window, state.invert, state.smooth, state.overlay, labels, id(mask),
    )  # fmt: skip


def _upright(cut: np.ndarray, placed: Placement) -> np.ndarray:
    return cut[::-1] if placed.flipped else cut


def _labels(state: AppState) -> np.ndarray | None:
    """The labels (Z, Y, X) of the frame on screen, as far as they are known."""
    run = run_of(state)
    if run is None or state.volume is None:
        return None
    if run.prediction is not None:
        return run.prediction.labels.array[state.frame_index]
    planes = {z: plane for (t, z), plane in run.planes.items() if t == state.frame_index}
    if not planes:
        return None
    empty = np.zeros(state.volume.geometry.shape[1:], dtype=np.uint8)
    return np.stack([planes.get(z, empty) for z in range(state.volume.slices)])


def _mask(state: AppState) -> Mask | None:
    shown = state.mask is not None and state.mask_shown and state.frame_index in state.mask.frames
    return state.mask if shown else None
