"""One slice with its outlines: true proportions, the mouse, and the words around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app import annotations, theme
from app.state import AppState, Style, shown_labels
from app.status_bar import RESEARCH
from engine.render import outlines, overlay_rgba
from engine.volume import LV, MYO, RV, Known, LabelMap

# Drawn in this order: where two outlines share a line, the cavity's is on top.
DRAWING_ORDER = (RV, MYO, LV)
MARGIN_PX = 26
DRAG_FOR_FULL_WINDOW_PX = 400
DRAG_FOR_DOUBLE_ZOOM_PX = 140
WHEEL_STEP = 120


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the image lies on screen: scale in pixels per mm, and the mm that stands in the middle of the view."""

    scale: float
    centre_mm: tuple[float, float]
    view_px: tuple[float, float]

    def to_mm(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Millimetres from the image's top left corner of a point of the view."""
        return (
            self.centre_mm[0] + (x_px - self.view_px[0] / 2) / self.scale,
            self.centre_mm[1] + (y_px - self.view_px[1] / 2) / self.scale,
        )

    def to_px(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """The inverse of to_mm."""
        return (
            (x_mm - self.centre_mm[0]) * self.scale + self.view_px[0] / 2,
            (y_mm - self.centre_mm[1]) * self.scale + self.view_px[1] / 2,
        )


def place(state: AppState, view_px: tuple[float, float]) -> Placement:
    """The image fitted into the view, then zoomed and moved as the state says."""
    if state.volume is None:
        return Placement(1.0, (0.0, 0.0), view_px)
    dx, dy, _ = state.volume.geometry.spacing_mm
    _, rows, columns = state.volume.geometry.shape
    width, height = columns * dx, rows * dy
    room = (max(view_px[0] - 2 * MARGIN_PX, 50), max(view_px[1] - 2 * MARGIN_PX, 50))
    scale = min(room[0] / width, room[1] / height) * state.zoom
    return Placement(scale, (width / 2 + state.pan_mm[0], height / 2 + state.pan_mm[1]), view_px)


class OutlineItem(QGraphicsItem):
    """Outlines as vector paths in voxels: crisp at every zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._paths: dict[int, QPainterPath] = {}
        self._bounds = QRectF()
        self.fill_opacity = 0.0

    def show_labels(self, labels: np.ndarray | None, visible: frozenset[int], fill_opacity: float) -> None:
        """labels: (Y, X) uint8 of one slice, or None for nothing."""
        self.prepareGeometryChange()
        self.fill_opacity = fill_opacity
        self._paths, self._bounds = {}, QRectF()
        if labels is None:
            return
        self._bounds = QRectF(-1, -1, labels.shape[1] + 2, labels.shape[0] + 2)
        for label in DRAWING_ORDER:
            if label not in visible:
                continue
            # The myocardium's outline runs around the ventricle as a whole while the cavity's own is drawn: one
            # line between the two, not two lines that rub against each other.
            whole = label == MYO and LV in visible and not fill_opacity
            mask = (labels == MYO) | (labels == LV) if whole else labels == label
            if whole and not (labels == MYO).any():
                continue
            path = QPainterPath()
            path.setFillRule(Qt.FillRule.OddEvenFill)
            for loop in outlines(mask):
                path.addPolygon(QPolygonF([QPointF(x, y) for x, y in loop.tolist()]))
                path.closeSubpath()
            self._paths[label] = path

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for label, path in self._paths.items():
            colour = QColor(*theme.STRUCTURE_COLOURS[label])
            if self.fill_opacity:
                colour.setAlphaF(self.fill_opacity)
                painter.fillPath(path, QBrush(colour))
        # A dark line under each coloured one: bright blood beside a bright outline would swallow it.
        for path in self._paths.values():
            painter.strokePath(path, _cosmetic(QColor(0, 0, 0, 130), 3.4))
        for label, path in self._paths.items():
            painter.strokePath(path, _cosmetic(QColor(*theme.STRUCTURE_COLOURS[label]), 1.7))


def _cosmetic(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    pen.setCosmetic(True)
    return pen


class VoxelItem(pg.ImageItem):
    """The mask as squares: never smoothed, so that each voxel is seen as what it is."""

    def paint(self, painter: QPainter, *args: object) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        super().paint(painter, *args)


class SliceView(pg.GraphicsView):
    """Draws the state; asks for changes by signals. Holds no state but where the mouse is."""

    slice_step_requested = Signal(int)
    frame_step_requested = Signal(int)
    window_requested = Signal(float, float)
    view_requested = Signal(float, float, float)
    reset_requested = Signal()

    _state = AppState()  # of the class too: pyqtgraph resizes the view while it is being made

    def __init__(self) -> None:
        super().__init__(background="k")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Slice")
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True)
        self._box.setBorder(None)
        self.setCentralItem(self._box)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._voxels = VoxelItem(axisOrder="row-major")
        self._outlines = OutlineItem()
        for item in (self._image, self._voxels, self._outlines):
            item.setVisible(False)
            self._box.addItem(item, ignoreBounds=True)
        self._drag_from: QPointF | None = None
        self._drag_button = Qt.MouseButton.NoButton
        self._drag_state = self._state
        self._wheel = 0
        self._cursor: QPointF | None = None
        self._footer = ""

    def sizeHint(self) -> QSize:
        return QSize(700, 700)

    # -- drawing -------------------------------------------------------------------------------------------------

    def apply(self, old: AppState, new: AppState) -> None:
        """Redraw what differs."""
        self._state = new
        volume = new.volume
        if volume is None:
            self.viewport().update()
            return
        fresh = old.volume is not new.volume or not self._image.isVisible()
        where = (old.slice_index, old.frame_index) != (new.slice_index, new.frame_index)
        levels = old.window != new.window or old.invert != new.invert
        if fresh or where:
            self._image.setImage(_drawable(volume.array[new.frame_index, new.slice_index]), levels=_levels(new))
        elif levels:
            self._image.setLevels(_levels(new))
        if fresh or old.invert != new.invert:
            self._image.setLookupTable(_INVERTED if new.invert else None)
        labels = shown_labels(new)
        if fresh or where or labels is not shown_labels(old) or old.overlay != new.overlay:
            self._draw_labels(labels)
        if fresh:
            dx, dy, _ = volume.geometry.spacing_mm
            for item in (self._image, self._voxels, self._outlines):
                item.setTransform(pg.QtGui.QTransform.fromScale(dx, dy))
            self._image.setVisible(True)
        if fresh or (old.zoom, old.pan_mm) != (new.zoom, new.pan_mm):
            self._frame_view()
        self.viewport().update()

    def _draw_labels(self, labels: LabelMap | None) -> None:
        state = self._state
        overlay = state.overlay
        plane = None
        if labels is not None and not overlay.hidden:
            plane = labels.array[state.frame_index, state.slice_index]
        as_voxels = overlay.style is Style.VOXELS
        self._voxels.setVisible(plane is not None and as_voxels)
        self._outlines.setVisible(plane is not None and not as_voxels)
        if plane is None:
            return
        if as_voxels:
            colours = {k: c for k, c in theme.STRUCTURE_COLOURS.items() if k in overlay.visible}
            self._voxels.setImage(overlay_rgba(plane, colours, max(overlay.opacity, 0.1)), levels=None)
        else:
            fill = overlay.opacity if overlay.style is Style.FILL else 0.0
            self._outlines.show_labels(plane, overlay.visible, fill)

    def _placement(self) -> Placement:
        return place(self._state, (max(self.viewport().width(), 1), max(self.viewport().height(), 1)))

    def _frame_view(self) -> None:
        placed = self._placement()
        left, top = placed.to_mm(0, 0)
        right, bottom = placed.to_mm(*placed.view_px)
        self._box.setRange(QRectF(left, top, right - left, bottom - top), padding=0, disableAutoRange=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._state.volume is not None:
            self._frame_view()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        super().drawForeground(painter, rect)
        painter.save()
        painter.resetTransform()
        _Foreground(painter, self.viewport().width(), self.viewport().height()).draw(
            self._state, self._placement(), self.value_under_cursor(), self._footer
        )
        painter.restore()

    def value_under_cursor(self) -> str:
        """What the voxel under the mouse holds; empty where there is none."""
        volume = self._state.volume
        if volume is None or self._cursor is None:
            return ""
        x_mm, y_mm = self._placement().to_mm(self._cursor.x(), self._cursor.y())
        dx, dy, _ = volume.geometry.spacing_mm
        x, y = int(np.floor(x_mm / dx)), int(np.floor(y_mm / dy))
        return annotations.value_under(volume, self._state.frame_index, self._state.slice_index, x, y)

    def picture(self) -> QPixmap:
        """The slice as shown, for a file: it says what it is not for, and nothing of where the mouse was."""
        cursor, self._cursor = self._cursor, None
        self._footer = RESEARCH
        try:
            return self.grab()
        finally:
            self._cursor, self._footer = cursor, ""

    # -- mouse ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._drag_from, self._drag_button, self._drag_state = event.position(), event.button(), self._state
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        if self._drag_from is not None and self._state.volume is not None:
            delta = event.position() - self._drag_from
            self._drag(delta.x(), delta.y())
        self.viewport().update()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag_from = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset_requested.emit()
        event.accept()

    def leaveEvent(self, event: object) -> None:
        self._cursor = None
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # With Shift or Alt some platforms turn the wheel sideways: take the axis that moved.
        delta = event.angleDelta()
        self._wheel += delta.y() or delta.x()
        steps, self._wheel = int(self._wheel / WHEEL_STEP), self._wheel - int(self._wheel / WHEEL_STEP) * WHEEL_STEP
        if steps:
            frames = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.frame_step_requested if frames else self.slice_step_requested).emit(-steps)
        event.accept()

    def _drag(self, dx: float, dy: float) -> None:
        """Changes are from where the drag began, so that going back brings back what was."""
        start = self._drag_state
        if self._drag_button == Qt.MouseButton.LeftButton:
            centre, width = start.window
            # A drag of a fixed length sweeps the window that it began with, whatever units the scan has.
            step = max(width, 1e-6) / DRAG_FOR_FULL_WINDOW_PX
            self.window_requested.emit(centre + dy * step, max(width + dx * step, step))
        elif self._drag_button == Qt.MouseButton.MiddleButton:
            scale = self._placement().scale
            self.view_requested.emit(start.zoom, start.pan_mm[0] - dx / scale, start.pan_mm[1] - dy / scale)
        elif self._drag_button == Qt.MouseButton.RightButton:
            self.view_requested.emit(start.zoom * 2 ** (-dy / DRAG_FOR_DOUBLE_ZOOM_PX), *start.pan_mm)


class _Foreground:
    """Paints the words, letters and scale bar over the image."""

    def __init__(self, painter: QPainter, width: int, height: int) -> None:
        self._painter, self._width, self._height = painter, width, height
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def draw(self, state: AppState, placed: Placement, value: str, footer: str) -> None:
        if state.volume is None:
            self._invite(opening=state.busy is not None)
            return
        self._lines(annotations.top_left(state), 12, 12)
        self._lines(annotations.top_right(state), 12, 12, right=True)
        self._lines(annotations.bottom_left(state), 12, 12, bottom=True)
        warnings = [*annotations.warnings(state.volume), *filter(None, [footer])]
        self._lines(warnings, 12, 31, bottom=True, colour=theme.WARNING)
        low = [f"Zoom {state.zoom:.1f}×"]
        if value:
            low.insert(0, value)
        self._lines(low, 12, 12, right=True, bottom=True)
        edges = annotations.letters(state.volume)
        middle_x, middle_y = self._width / 2, self._height / 2
        self._letter(edges.left, 14, middle_y)
        self._letter(edges.right, self._width - 14, middle_y, right=True)
        self._letter(edges.top, middle_x, 18, centre=True)
        self._letter(edges.bottom, middle_x, self._height - 18, centre=True)
        if state.volume.geometry.spacing is not Known.ASSUMED:
            self._scale_bar(placed.scale)

    def _lines(
        self,
        lines: list[str],
        x: float,
        y: float,
        *,
        right: bool = False,
        bottom: bool = False,
        colour: str = theme.TEXT,
    ) -> None:
        self._painter.setFont(theme.font(12))
        metrics = QFontMetricsF(self._painter.font())
        step = metrics.height() + 2
        top = self._height - y - step * len(lines) if bottom else y
        for i, line in enumerate(lines):
            left = self._width - x - metrics.horizontalAdvance(line) if right else x
            self._text(left, top + step * i + metrics.ascent(), line, QColor(colour))

    def _invite(self, *, opening: bool) -> None:
        """What to do with an empty view."""
        words = ("One moment…", "") if opening else (
            "Drop a scan here", "or open files with Ctrl+O, a folder with Ctrl+Shift+O"
        )  # fmt: skip
        for line, pixels, colour, y in ((words[0], 19, theme.MUTED, -10), (words[1], 13, theme.FAINT, 16)):
            self._painter.setFont(theme.font(pixels))
            self._painter.setPen(QColor(colour))
            advance = QFontMetricsF(self._painter.font()).horizontalAdvance(line)
            self._painter.drawText(QPointF((self._width - advance) / 2, self._height / 2 + y), line)

    def _letter(self, text: str, x: float, y: float, *, right: bool = False, centre: bool = False) -> None:
        self._painter.setFont(theme.font(15, bold=True))
        metrics = QFontMetricsF(self._painter.font())
        advance = metrics.horizontalAdvance(text)
        left = x - advance / 2 if centre else x - advance if right else x
        self._text(left, y + metrics.capHeight() / 2, text, QColor(theme.WARNING))

    def _text(self, x: float, y: float, text: str, colour: QColor) -> None:
        """Text with a dark edge, readable on any image. Drawn six times: stroking its path takes ten times longer."""
        self._painter.setPen(QColor(0, 0, 0, 210))
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)):
            self._painter.drawText(QPointF(x + dx, y + dy), text)
        self._painter.setPen(colour)
        self._painter.drawText(QPointF(x, y), text)

    def _scale_bar(self, scale: float) -> None:
        length_mm = annotations.scale_bar_mm(scale, min(160.0, self._width / 4))
        length = length_mm * scale
        right, y = self._width - 14.0, self._height - 62.0
        for colour, width in ((QColor(0, 0, 0, 190), 4.0), (QColor(theme.TEXT), 1.6)):
            self._painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            self._painter.drawLine(QPointF(right - length, y), QPointF(right, y))
            for end in (right - length, right):
                self._painter.drawLine(QPointF(end, y - 4), QPointF(end, y + 4))
        self._painter.setFont(theme.font(11))
        label = f"{length_mm} mm"
        width = QFontMetricsF(self._painter.font()).horizontalAdvance(label)
        self._text(right - length / 2 - width / 2, y - 7, label, QColor(theme.TEXT))


_INVERTED = np.repeat(np.arange(255, -1, -1, dtype=np.uint8)[:, None], 3, axis=1)


def _drawable(image: np.ndarray) -> np.ndarray:
    """pyqtgraph draws these; wide integers and half floats become float32."""
    return image if image.dtype in (np.uint8, np.uint16, np.int16, np.float32) else image.astype(np.float32)


def _levels(state: AppState) -> tuple[float, float]:
    centre, width = state.window
    return centre - width / 2, centre + width / 2
