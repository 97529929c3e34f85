"""Long-axis cines of the study, one below the other, at the same time in the heartbeat as the slice beside them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import QMenu

from app.look import theme
from app.state.beside import LongAxisCine, frame_beside, line_in_plane, linked, same_place
from app.state.heart_views import series_beside
from app.state.identity import Same
from app.state.queries import size_mm
from app.state.types import AppState
from app.views import captions, drawing
from app.views.cine_lines import LINE_COLOURS, NEAR_PX, paint_line
from app.views.painted_view import PaintedView
from app.views.placement import Placement, place
from app.words.language import translate
from engine.pictures.crossing import slice_at, to_patient, to_slice
from engine.volume import Known, Volume

GAP_PX = 4.0
MARGIN_PX = 2.0


@dataclass(frozen=True, slots=True)
class ShownCines:
    """All that the view draws. planes: of the state; shown: those on screen. picture: see _picture."""

    volume: Same
    planes: Same
    shown: tuple[int, ...] = ()
    picture: tuple[object, ...] = ()
    slice_index: int = 0
    empty: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, eq=False)
class CinePane:
    """A long axis and where it stands. place: from the top. placed: within box."""

    plane: LongAxisCine
    place: int
    box: QRectF
    placed: Placement

    def to_mm(self, at: QPointF) -> tuple[float, float]:
        return self.placed.to_mm(at.x() - self.box.left(), at.y() - self.box.top())


def name_of(plane: LongAxisCine, *, hide: bool) -> str:
    """What a long axis is called. hide: nothing that an operator typed."""
    if plane.chambers:
        name = translate("Cines", "{chambers}-chamber view").format(chambers=plane.chambers)
    else:
        name = translate("Cines", "Long axis") if hide or not plane.description else plane.description
    return name if plane.number == 1 else f"{name} ({plane.number})"


def doubt(same: bool | None) -> str:
    """What is to be said of the lines of a long axis. same: of same_place."""
    if same is None:
        return translate("Cines", "lines are off where the patient moved")
    return "" if same else translate("Cines", "taken in another position: lines may be off")


class LongAxisCines(PaintedView):
    """Draws the line of the current slice in each, to be dragged. The name of each opens a list of the others."""

    plane_requested = Signal(int, int)
    """Place, and which long axis to show there."""

    def __init__(self) -> None:
        super().__init__(translate("Cines", "Long axes of the study"))
        self.setMouseTracking(True)
        self._shown = ShownCines(Same(None), Same(None))
        self._held: CinePane | None = None

    def apply(self, state: AppState) -> None:
        """Redraw if what this view shows of the state is something else than before."""
        self._state, before = state, self._shown
        self._shown = shown = _shown_cines(state)
        if shown == before:
            return
        same = (shown.volume, shown.planes, shown.shown, shown.picture)
        # A zoomed picture follows the slice, since the middle of the view moves along the heart.
        scrolled = shown.slice_index != before.slice_index and state.view.zoom > 1
        if scrolled or same != (before.volume, before.planes, before.shown, before.picture):
            self._drawn = None
        self.update()

    def panes(self) -> tuple[CinePane, ...]:
        """What is on screen, from top to bottom, beside the bars that lie over this view."""
        planes, shown = self._state.beside.long_axes or (), self._shown.shown
        top, bottom = self.bars()
        high = (self.height() - top - bottom - GAP_PX * (len(shown) - 1)) / max(len(shown), 1)
        boxes = [QRectF(0.0, top + i * (high + GAP_PX), float(self.width()), high) for i in range(len(shown))]
        return tuple(
            CinePane(planes[p], i, box, _placed(self._state, planes[p], box))
            for i, (p, box) in enumerate(zip(shown, boxes, strict=True))
        )

    # -- drawing -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, size = QPainter(self), (float(self.width()), float(self.height()))
        panes, volume = self.panes(), self._state.scan.volume
        if not panes or volume is None:
            painter.fillRect(self.rect(), QColor("black"))
            drawing.invite(painter, size, *self._shown.empty)
            self.paint_ring(painter)
            return
        self.paint_kept(painter, lambda inner: self._paint_images(inner, panes))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for pane in panes:
            painter.save()
            painter.setClipRect(pane.box)
            painter.translate(pane.box.topLeft())
            self._paint_lines(painter, pane, panes, volume)
            self._paint_words(painter, pane)
            painter.restore()
        for above in panes[1:]:
            painter.fillRect(QRectF(0, above.box.top() - GAP_PX, size[0], GAP_PX), self.palette().window())
        drawing.lines(painter, size, [self._notice] if self._notice else [], (10, 8), bottom=True)
        self.paint_ring(painter)

    def _paint_images(self, painter: QPainter, panes: tuple[CinePane, ...]) -> None:
        state, volume = self._state, self._state.scan.volume
        if volume is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, state.preferences.smooth)
        for pane in panes:
            other = pane.plane.volume
            pixels = other.array[frame_beside(volume, state.view.frame_index, other), pane.plane.slice_index]
            window = linked(state.view.window, state.beside.own_window, pane.plane.window)
            image = drawing.grey_image(pixels, window, invert=state.view.invert)
            dx, dy, _ = other.geometry.spacing_mm
            left, top = pane.placed.to_px(0.0, 0.0)
            painter.save()
            painter.setClipRect(pane.box)
            scale = pane.placed.scale
            shift = pane.box.topLeft() + QPointF(left, top)
            painter.setTransform(QTransform(dx * scale, 0, 0, dy * scale, shift.x(), shift.y()), True)
            painter.drawImage(QPointF(0, 0), image)
            painter.restore()

    def _paint_lines(self, painter: QPainter, pane: CinePane, panes: tuple[CinePane, ...], volume: Volume) -> None:
        """The other long axes thin, then the current slice."""
        for other in panes:
            plane = other.plane
            line = line_in_plane(pane.plane, plane.volume.geometry, plane.slice_index) if other is not pane else None
            if line is not None:
                doubtful = same_place(pane.plane.volume, plane.volume) is False
                paint_line(painter, pane.placed, line, LINE_COLOURS[other.place], 0.8, doubtful=doubtful)
        line = line_in_plane(pane.plane, volume.geometry, self._state.view.slice_index)
        if line is None:
            return
        paint_line(painter, pane.placed, line, drawing.INK, doubtful=same_place(volume, pane.plane.volume) is False)
        painter.setFont(theme.font(11))
        name = translate("LongAxis", "slice {number}").format(number=self._state.view.slice_index + 1)
        metrics = QFontMetricsF(painter.font())
        # At the right end of the line, as far as that is on screen.
        ends = sorted((pane.placed.to_px(*line.start), pane.placed.to_px(*line.end)))
        width, height = pane.placed.view_px
        along = (width - 8 - ends[0][0]) / max(ends[1][0] - ends[0][0], 1e-6)
        x, y = ends[1] if along >= 1 else (width - 8, ends[0][1] + along * (ends[1][1] - ends[0][1]))
        left = min(max(x - metrics.horizontalAdvance(name), 8.0), width - 8)
        drawing.words(painter, left, min(max(y - 5, 34.0), height - 8), name)

    def _paint_words(self, painter: QPainter, pane: CinePane) -> None:
        state, volume, plane = self._state, self._state.scan.volume, pane.plane
        width, height = pane.placed.view_px
        edges = captions.letters(plane.volume)
        for text, x, y, where in (
            (edges.left, 8.0, height / 2, {}),
            (edges.right, width - 8.0, height / 2, {"right": True}),
            (edges.top, width / 2, 13.0, {"centre": True}),
            (edges.bottom, width / 2, height - 13.0, {"centre": True}),
        ):
            drawing.letter(painter, text, x, y, pixels=13, **where)
        for pen in (QPen(QColor(0, 0, 0, 190), 4.5), QPen(QColor(LINE_COLOURS[pane.place]), 2.5)):
            painter.setPen(pen)
            painter.drawLine(QPointF(10, 17), QPointF(24, 17))
        frame = 0 if volume is None else frame_beside(volume, state.view.frame_index, plane.volume)
        count = f"{frame + 1} / {plane.volume.frames}"
        painter.setFont(theme.font(12))
        metrics = QFontMetricsF(painter.font())
        free = width / 2 - 16 - 30
        drawing.words(painter, 30, 21, metrics.elidedText(self._title(pane), Qt.TextElideMode.ElideRight, free))
        same = None if volume is None else same_place(volume, plane.volume)
        # What is not known of any is said once.
        if same is False or (same is None and pane.place == 0):
            text = metrics.elidedText(doubt(same), Qt.TextElideMode.ElideRight, width - 20)
            drawing.words(painter, 10, 39, text, drawing.MUTED_INK if same is None else drawing.WARNING_INK)
        drawing.words(painter, width - 10 - metrics.horizontalAdvance(count), 21, count, drawing.MUTED_INK)

    def _title(self, pane: CinePane) -> str:
        several = len(self._state.beside.long_axes or ()) > 1
        return name_of(pane.plane, hide=self._state.preferences.hide_names) + (" ▾" if several else "")

    def _title_box(self, pane: CinePane) -> QRectF:
        wide = QFontMetricsF(theme.font(12)).horizontalAdvance(self._title(pane))
        return QRectF(pane.box.left() + 6, pane.box.top() + 4, min(wide + 34, pane.box.width() / 2 - 10), 26)

    # -- mouse ---------------------------------------------------------------------------------------------------

    def _pane_at(self, at: QPointF) -> CinePane | None:
        return next((pane for pane in self.panes() if pane.box.contains(at)), None)

    def _on_line(self, pane: CinePane, at: QPointF) -> bool:
        volume = self._state.scan.volume
        line = None if volume is None else line_in_plane(pane.plane, volume.geometry, self._state.view.slice_index)
        return line is not None and line.distance(*pane.to_mm(at)) * pane.placed.scale <= NEAR_PX

    def _on_title(self, pane: CinePane, at: QPointF) -> bool:
        return len(self._state.beside.long_axes or ()) > 1 and self._title_box(pane).contains(at)

    def _ask_slice(self, pane: CinePane, at: QPointF) -> None:
        volume = self._state.scan.volume
        if volume is not None:
            position = to_patient(pane.plane.volume.geometry, pane.plane.slice_index, *pane.to_mm(at))
            self.slice_requested.emit(slice_at(volume.geometry, position))

    def _choose(self, pane: CinePane) -> None:
        menu, hide = QMenu(self), self._state.preferences.hide_names
        for i, plane in enumerate(self._state.beside.long_axes or ()):
            action = menu.addAction(name_of(plane, hide=hide).replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(plane is pane.plane)
            action.setData((pane.place, i))
        menu.triggered.connect(self._chosen)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(self._title_box(pane).bottomLeft().toPoint()))

    def _chosen(self, action: QAction) -> None:
        place, plane = action.data()
        self.plane_requested.emit(place, plane)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at, left = event.position(), event.button() == Qt.MouseButton.LeftButton
        pane = self._pane_at(at)
        if pane is None:
            return
        if left and self._on_title(pane, at):
            self._choose(pane)
        elif left and self._on_line(pane, at):
            self._held = pane
        elif event.button() != Qt.MouseButton.MiddleButton:
            self._mouse.press(event, self._state)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, pane = event.position(), self._held or self._pane_at(event.position())
        if pane is None:
            return
        if self._held is not None:
            self._ask_slice(pane, at)
        else:
            self._mouse.move(event, pane.placed.scale)
        shapes = Qt.CursorShape
        self.setCursor(
            shapes.SizeVerCursor
            if self._held is not None or self._on_line(pane, at)
            else shapes.PointingHandCursor
            if self._on_title(pane, at)
            else shapes.ArrowCursor
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pane = self._pane_at(event.position())
        if self._held is not None:
            self._held = None
        elif self._mouse.release(event) and pane is not None:
            self._ask_slice(pane, event.position())


def _placed(state: AppState, plane: LongAxisCine, box: QRectF) -> Placement:
    """Fitted into its box; zoomed as the slice is, about the point of the heart in the middle of that."""
    width, height = size_mm(plane.volume)
    view_px = box.width(), box.height()
    room = (max(view_px[0] - 2 * MARGIN_PX, 20), max(view_px[1] - 2 * MARGIN_PX, 20))
    zoom = state.view.zoom
    x, y = width / 2, height / 2
    if state.scan.volume is not None and zoom > 1:
        index, middle = state.view.slice_index, place(state, view_px).centre_mm
        position = to_patient(state.scan.volume.geometry, index, *middle)
        to = to_slice(plane.volume.geometry, plane.slice_index, position)
        x, y = (at + (min(max(end, 0.0), 2 * at) - at) * (1 - 1 / zoom) for at, end in zip((x, y), to, strict=True))
    return Placement(min(room[0] / width, room[1] / height) * zoom, (x, y), view_px)


def _shown_cines(state: AppState) -> ShownCines:
    volume, view, preferences = state.scan.volume, state.view, state.preferences
    if volume is None:
        return ShownCines(Same(None), Same(None))
    planes = state.beside.long_axes
    return ShownCines(
        volume=Same(volume),
        planes=Same(planes),
        shown=state.beside.long_axes_shown if planes else (),
        picture=(view.frame_index, view.window, view.invert, view.zoom, view.pan_mm, preferences.smooth,
                 preferences.hide_names),
        slice_index=view.slice_index,
        empty=_why_empty(state, volume),
    )  # fmt: skip


def _why_empty(state: AppState, volume: Volume) -> tuple[str, str]:
    """What is missing, and what to do about it."""
    planes = state.beside.long_axes
    if planes:
        return "", ""
    if state.scan.loading is not None:
        return translate("LongAxis", "Loading…"), translate("LongAxis", "Shown once the scan is read.")
    if planes is None and series_beside(state):
        return translate("Cines", "Reading the long axes…"), ""
    if volume.geometry.orientation is Known.ASSUMED:
        why = translate("Cines", "The orientation of the slices is not known")
        return why, translate("Cines", "Long axes cannot be placed. Key 5 cuts two planes out of the stack.")
    if series_beside(state):
        why = translate("Cines", "No cine of this study crosses the slices")
        return why, translate("Cines", "Key 5 cuts two planes out of the stack.")
    why = translate("Cines", "No long-axis cine in this study")
    if volume.slices == 1:
        return why, translate("Cines", "Open the folder of the whole study. Key 1 shows this slice.")
    return why, translate("Cines", "Open the folder of the whole study. Key 5 cuts two planes out of the stack.")
