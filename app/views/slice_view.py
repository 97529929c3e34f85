"""One slice with its outlines: true proportions, the mouse, and the words around it."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QMouseEvent, QPainter, QPixmap, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy

from app.state.identity import Same
from app.state.measured import uncounted_in
from app.state.queries import cross_of, plane_of
from app.state.types import AppState, Style
from app.views import captions, drawing
from app.views.annotation_marks import hold_under, paint_annotations, reach_of, to_voxels
from app.views.cine_lines import LINE, line_under, paint_lines
from app.views.cross_lines import dragged, grip_under, paint_cross
from app.views.drawing import INK, WARNING_INK, Outlines
from app.views.insertion_marks import INSERTIONS, mark_under, paint_marks
from app.views.mouse import Mouse
from app.views.panes import Pane, Role, pane_of
from app.views.placement import Placement, place
from app.views.scale_bar import scale_bar
from app.views.slice_items import DifferenceItem, OutlineItem, VoxelItem
from app.views.snapshots import ShownSlice, SliceWords, shown_slice
from app.views.tool_marks import ToolMarks
from app.words.language import marked, translate
from app.words.names import research
from engine.pictures.render import overlay_rgba
from engine.volume import Known

# A view this wide has room for all that can be said.
ROOMY_PX = 430


NAMES = {
    Role.CURRENT: marked("SliceView", "Slice"),
    Role.ED: marked("SliceView", "Slice at end-diastole"),
    Role.ES: marked("SliceView", "Slice at end-systole"),
    Role.FIRST: marked("SliceView", "Slice with the first segmentation"),
    Role.SECOND: marked("SliceView", "Slice with the second segmentation"),
    Role.DIFFERENCE: marked("SliceView", "Slice with the differences"),
}


class SliceView(pg.GraphicsView):
    """Draws the state; asks for changes by signals. Holds no state but where the mouse is."""

    slice_step_requested = Signal(int)
    frame_step_requested = Signal(int)
    window_requested = Signal(float, float)
    view_requested = Signal(float, float, float)
    reset_requested = Signal()
    cross_requested = Signal(object)
    long_axis_dragged = Signal(int, float, float)
    """Which of those on screen, x and y in mm from the image's corner."""
    stroke_requested = Signal(int, float, float, bool)
    """Frame, x and y in mm from the image's corner, and whether with the tool that is not chosen."""
    drawing_requested = Signal(int, float, float)
    stroke_ended = Signal()
    brush_step_requested = Signal(int)
    insertion_requested = Signal(str, int, float, float)
    """Which one, frame, x and y in mm from the image's corner."""
    insertion_dropped = Signal()
    annotation_pressed = Signal(int, float, float, float, float)
    """Frame, x and y in voxels, and how many voxels along x and y count as near."""
    annotation_dragged = Signal(float, float)
    annotation_released = Signal()

    # Of the class too: pyqtgraph resizes the view while it is being made.
    _state = AppState()
    _shown = ShownSlice(Same(None), SliceWords())

    def __init__(self, role: Role = Role.CURRENT, outlines: Outlines | None = None) -> None:
        super().__init__(background="k")
        self._role, self._outline_source = role, outlines or Outlines()
        self.setFrameShape(QFrame.Shape.NoFrame)
        # It paints all of itself: Qt need not paint the window behind it for every frame.
        self.viewport().setAutoFillBackground(False)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(translate("SliceView", NAMES[role]))
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True)
        self._box.setBorder(None)
        self.setCentralItem(self._box)
        self._image, self._voxels = pg.ImageItem(axisOrder="row-major"), VoxelItem(axisOrder="row-major")
        self._outlines, self._mask = OutlineItem(), OutlineItem(dashed=True)
        self._difference = DifferenceItem()
        self._items = (self._image, self._voxels, self._outlines, self._mask, self._difference)
        for item in self._items:
            item.setVisible(False)
            self._box.addItem(item, ignoreBounds=True)
        self._mouse = Mouse(self)
        self._pane = Pane(0)
        self._cursor: QPointF | None = None
        self._grip = ""
        self._drawing = False
        self._measuring = False
        self._turn = (1, 0, 0, 1)
        self._tool = ToolMarks()
        self._footer = ""
        self._ring = False
        self._covered = 0, 0

    def sizeHint(self) -> QSize:
        return QSize(700, 700)

    # -- drawing -------------------------------------------------------------------------------------------------

    def apply(self, state: AppState) -> None:
        """Redraw if what this view shows of the state is something else than before."""
        self._state, self._pane, before = state, pane_of(state, self._role), self._shown
        self._shown = shown = shown_slice(state, self._pane, self._role)
        if shown == before:
            return
        if shown.picture != before.picture:
            self._draw_picture()
        if shown.contours != before.contours:
            self._draw_labels(self._pane)
        self._tool.follow(state, self._pane, shown.brush)
        if shown.framing is not None and shown.framing != before.framing:
            self._frame_view()
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shown.smooth)
        self.viewport().update()

    def _draw_picture(self) -> None:
        picture, plane = self._shown.picture, plane_of(self._state, self._pane.frame, self._state.view.slice_index)
        self._image.setVisible(picture is not None)
        if picture is None or plane is None:
            return
        centre, width = picture.window
        self._image.setImage(_drawable(plane), levels=(centre - width / 2, centre + width / 2))
        self._image.setLookupTable(_INVERTED if picture.invert else None)
        self._turn_items()

    def _turn_items(self) -> None:
        if self._shown.picture is None:
            return
        (dx, dy), (a, b, c, d) = self._shown.picture.spacing_mm, self._turn
        for item in self._items:
            item.setTransform(QTransform(a * dx, c * dx, b * dy, d * dy, 0, 0))

    def _draw_labels(self, pane: Pane) -> None:
        overlay, where = self._state.preferences.overlay, (pane.frame, self._state.view.slice_index)
        hidden = overlay.hidden or self._shown.contours is None
        labels = None if hidden else pane.labels
        mask = None if hidden else pane.mask
        if self._role is Role.DIFFERENCE:
            self._difference.setVisible(labels is not None and pane.other is not None)
            if labels is not None and pane.other is not None:
                self._difference.show_pixels(labels.plane != pane.other.plane)
            return
        as_voxels = overlay.style is Style.VOXELS
        uncounted = uncounted_in(self._state, pane.frame, self._state.view.slice_index)
        self._voxels.setVisible(labels is not None and as_voxels)
        self._outlines.setVisible(labels is not None and not as_voxels)
        self._mask.setVisible(mask is not None)
        if mask is not None:
            paths = self._outline_source.of(mask, where, overlay.visible, filled=False)
            self._mask.show_paths(paths, mask.plane.shape, 0.0)
        if labels is None:
            return
        if as_voxels:
            colours = drawing.voxel_colours(overlay.visible, uncounted)
            self._voxels.setImage(overlay_rgba(labels.plane, colours, max(overlay.opacity, 0.1)), levels=None)
        else:
            fill = overlay.opacity if overlay.style is Style.FILL else 0.0
            paths = self._outline_source.of(labels, where, overlay.visible, filled=fill > 0)
            self._outlines.show_paths(paths, labels.plane.shape, fill, uncounted)

    def _placement(self) -> Placement:
        return place(self._state, (max(self.viewport().width(), 1), max(self.viewport().height(), 1)))

    def _frame_view(self) -> None:
        placed = self._placement()
        # The items are turned about the origin of the image, so the box is in turned millimetres.
        x, y = placed.turned.to_screen(*placed.centre_mm)
        width, height = placed.view_px[0] / placed.scale, placed.view_px[1] / placed.scale
        self._box.setRange(QRectF(x - width / 2, y - height / 2, width, height), padding=0, disableAutoRange=True)
        turn = placed.turned.matrix
        if turn != self._turn:
            self._turn = turn
            self._turn_items()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._state.scan.volume is not None:
            self._frame_view()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        super().drawForeground(painter, rect)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_foreground(painter)
        if self._ring and not self._footer:
            drawing.ring(painter, (float(self.viewport().width()), float(self.viewport().height())))
        painter.restore()

    def _paint_foreground(self, painter: QPainter) -> None:
        shown, volume = self._shown, self._state.scan.volume
        words = shown.words
        size = (float(self.viewport().width()), float(self.viewport().height()))
        if volume is None or words.missing[0]:
            if words.missing[0]:
                drawing.invite(painter, size, *words.missing)
            return
        placed = self._placement()
        if shown.cross is not None:
            paint_cross(painter, placed, shown.cross)
        paint_lines(painter, placed, shown.long_axes)
        if shown.insertions is not None:
            paint_marks(painter, placed, shown.insertions)
        paint_annotations(painter, placed, shown.annotations, self._state)
        if shown.brush is not None and not shown.annotations.tool:
            self._tool.paint(painter, placed, shown.brush, self._cursor)
        # A picture that leaves the window has no bars over it.
        top, bottom = (0, 0) if self._footer else drawing.clear_of(self._covered, size[1])
        painter.save()
        painter.translate(0, top)
        middle_y = size[1] / 2 - top
        size = size[0], size[1] - top - bottom
        roomy = size[0] >= ROOMY_PX
        low = [self.value_under_cursor()]
        if roomy and self._role is Role.CURRENT and shown.framing is not None:
            low.append(translate("SliceView", "Zoom {factor}×").format(factor=f"{shown.framing.zoom:.1f}"))
        # In a narrow view the words would run into the letter at the top.
        inset = (12.0, 12.0) if roomy else (10.0, 28.0)
        drawing.lines(painter, size, words.top, inset)
        made_by = words.made_by if roomy else words.made_by_narrow
        if not roomy and drawing.collide(words.top, made_by, size[0] - 2 * inset[0]):
            inset = (inset[0], inset[1] + drawing.line_height() * len(words.top))
        drawing.lines(painter, size, made_by, inset, right=True)
        footer = [self._footer] if self._footer else []
        for i, text in enumerate(reversed([*footer, *words.bottom])):
            plain = i == 0 and self._role is Role.CURRENT
            at = (inset[0], (12 if roomy else 28) + 19 * i)
            drawing.lines(painter, size, [text], at, bottom=True, colour=INK if plain else WARNING_INK)
        drawing.lines(painter, size, list(filter(None, low)), (12, 12 if roomy else 28), right=True, bottom=True)
        edges = captions.letters(volume, placed.turned)
        middle_x = size[0] / 2
        pixels = 15 if roomy else 13
        drawing.letter(painter, edges.left, 12, middle_y, pixels=pixels)
        drawing.letter(painter, edges.right, size[0] - 12, middle_y, right=True, pixels=pixels)
        drawing.letter(painter, edges.top, middle_x, 18, centre=True, pixels=pixels)
        drawing.letter(painter, edges.bottom, middle_x, size[1] - 18, centre=True, pixels=pixels)
        if volume.geometry.spacing is not Known.ASSUMED and (roomy or self._role is Role.CURRENT):
            scale_bar(painter, placed, size)
        painter.restore()

    def keep_words_clear(self, top: int, bottom: int) -> None:
        """Let words stand clear of so many pixels at the top and at the bottom."""
        if (top, bottom) != self._covered:
            self._covered = top, bottom
            self.viewport().update()

    def value_under_cursor(self) -> str:
        """What the voxel under the mouse holds; empty where there is none."""
        volume, plane = self._state.scan.volume, plane_of(self._state, self._pane.frame, self._state.view.slice_index)
        if volume is None or plane is None or self._cursor is None:
            return ""
        x_mm, y_mm = self._placement().to_mm(self._cursor.x(), self._cursor.y())
        dx, dy, _ = volume.geometry.spacing_mm
        x, y = int(np.floor(x_mm / dx)), int(np.floor(y_mm / dy))
        return captions.value_under(plane, x, y)

    def picture(self) -> QPixmap:
        """The slice as shown, for a file: it says what it is not for, and nothing of where the mouse was."""
        cursor = self._cursor
        self.set_notice(research())
        try:
            picture: QPixmap = self.grab()
            return picture
        finally:
            self.set_notice("")
            self._cursor = cursor

    def set_notice(self, text: str) -> None:
        """A line for pictures that leave the program. Where the mouse is, is left out of them."""
        self._footer = text
        if text:
            self._cursor = None

    # -- long-axis planes ----------------------------------------------------------------------------------------

    def _grip_at(self, at: QPointF) -> str:
        """What the mouse would take hold of: see grip_under and line_under; an insertion by its name; or nothing."""
        cross, marks = self._shown.cross, self._shown.insertions
        if self._can_draw():
            return ""
        if marks is not None and (which := mark_under(self._placement(), marks, at)):
            return which
        if cross is not None:
            return grip_under(self._placement(), cross, at)
        return line_under(self._placement(), self._shown.long_axes, at)

    def _drag_line(self, at: QPointF) -> None:
        cross, placed = cross_of(self._state), self._placement()
        if self._grip.startswith(LINE):
            self.long_axis_dragged.emit(int(self._grip.removeprefix(LINE)), *placed.to_mm(at.x(), at.y()))
        elif cross is not None:
            self.cross_requested.emit(dragged(placed, cross, self._grip, at))

    # -- correcting ----------------------------------------------------------------------------------------------

    def _can_draw(self) -> bool:
        return self._shown.brush is not None

    def _start_stroke(self, event: QMouseEvent) -> bool:
        """Whether this press of the mouse draws. With Ctrl it is for brightness and contrast, as without correcting."""
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.button() != Qt.MouseButton.LeftButton or ctrl or not self._can_draw():
            return False
        self._drawing = True
        self._cursor = event.position()
        other = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        held = self._tool.point_under(self._placement(), self._cursor)
        self.stroke_requested.emit(self._pane.frame, *(held or self._at_mm(event)), other)
        return True

    def _at_mm(self, event: QMouseEvent) -> tuple[float, float]:
        return self._placement().to_mm(event.position().x(), event.position().y())

    # -- measuring -----------------------------------------------------------------------------------------------

    def _measures(self, event: QMouseEvent) -> bool:
        """Whether this press is for a measurement: with the tool for one, or on one that is there."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier or self._role in (Role.FIRST, Role.SECOND):
            return False
        under = not self._can_draw() and self._hold_under(event.position())
        return self._shown.annotations.tool or self._state.annotation.annotating is not None or under

    def _hold_under(self, at: QPointF) -> bool:
        return hold_under(self._state, self._shown.annotations, self._placement(), at) is not None

    def _in_voxels(self, event: QMouseEvent) -> tuple[float, float]:
        return to_voxels(self._state, self._placement(), event.position())

    # -- focus and mouse -----------------------------------------------------------------------------------------

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ring = drawing.came_by_key(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring = False
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if (self._measuring or self._grip) and event.buttons() != event.button():
            return  # another button in the middle of a drag: the drag goes on
        left = event.button() == Qt.MouseButton.LeftButton
        self._grip = self._grip_at(event.position()) if left else ""
        self._measuring = left and self._measures(event)
        if self._measuring:
            at, reach = self._in_voxels(event), reach_of(self._state, self._placement())
            self._grip = ""
            self.annotation_pressed.emit(self._pane.frame, *at, *reach)
        elif not self._grip and not self._start_stroke(event):
            self._mouse.press(event, self._state)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        if self._measuring or self._state.annotation.annotating is not None:
            self.annotation_dragged.emit(*self._in_voxels(event))
        elif self._grip in INSERTIONS:
            self.insertion_requested.emit(self._grip, self._pane.frame, *self._at_mm(event))
        elif self._grip:
            self._drag_line(event.position())
        elif self._drawing:
            self.drawing_requested.emit(self._pane.frame, *self._at_mm(event))
        else:
            placed = self._placement()
            self._mouse.move(event, placed.scale, placed.turned)
        over = self._grip or self._grip_at(event.position())
        shapes = Qt.CursorShape
        self.viewport().setCursor(
            shapes.CrossCursor
            if self._shown.annotations.tool
            else shapes.SizeAllCursor
            if not self._can_draw() and self._hold_under(event.position())
            else self._tool.cursor(self._placement(), self._cursor)
            if self._can_draw()
            else shapes.SizeAllCursor
            if over == "move"
            else shapes.PointingHandCursor
            if over
            else shapes.ArrowCursor
        )
        self.viewport().update()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if (self._measuring or self._grip) and not left:
            return
        if self._grip in INSERTIONS:
            self.insertion_dropped.emit()
        self._grip = ""
        if self._measuring:
            self._measuring = False
            self.annotation_released.emit()
            return
        if self._drawing and left:
            self._drawing = False
            self.stroke_ended.emit()
        else:
            self._mouse.release(event)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # Two dabs in a row are two dabs.
        if self._measures(event):
            event.accept()
            return
        if not self._start_stroke(event) and event.button() == Qt.MouseButton.LeftButton:
            self.reset_requested.emit()
        event.accept()

    def leaveEvent(self, event: object) -> None:
        self._cursor = None
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._can_draw() and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.brush_step_requested.emit(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return
        self._mouse.wheel(event)


_INVERTED = np.repeat(np.arange(255, -1, -1, dtype=np.uint8)[:, None], 3, axis=1)


def _drawable(image: np.ndarray) -> np.ndarray:
    """pyqtgraph draws these; wide integers and half floats become float32."""
    return image if image.dtype in (np.uint8, np.uint16, np.int16, np.float32) else image.astype(np.float32)
