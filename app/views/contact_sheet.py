"""All slices of the frame beside each other; a click chooses one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QTransform

from app.look import icons, theme
from app.state.base_to_apex import place_of_slice, turned_round
from app.state.identity import Same
from app.state.measured import uncounted_in
from app.state.queries import drawn_labels, drawn_mask, plane_of, shown_correction, size_mm
from app.state.stops import open_stops
from app.state.turned import Turned
from app.state.types import AppState, Drawn, Overlay, Style
from app.views import captions, drawing
from app.views.drawing import Outlines
from app.views.painted_view import PaintedView
from app.views.placement import Placement, place
from app.views.snapshots import owner, voxels
from app.words.language import translate
from engine.pictures.render import overlay_rgba
from engine.volume import Volume

GAP_PX = 3
MARGIN_PX = 2
# Below this, slices are scrolled rather than shrunk.
SMALLEST_PX = 96


@dataclass(frozen=True, slots=True)
class SheetGrid:
    """Cells of one size in rows. first: the slice in the top left cell. rows, columns: that fit the view. top: above
    the first row."""

    columns: int
    rows: int
    first: int
    width: float
    height: float
    top: float = 0.0

    def cell(self, index: int) -> QRectF:
        """Where a slice lies; beyond the view for those that do not fit."""
        row, column = divmod(index - self.first, self.columns)
        x, y = column * (self.width + GAP_PX), self.top + row * (self.height + GAP_PX)
        return QRectF(x, y, self.width, self.height)

    def at(self, x: float, y: float) -> int:
        """The slice at a point; may be beyond the last."""
        column = min(int(x // (self.width + GAP_PX)), self.columns - 1)
        return self.first + max(int((y - self.top) // (self.height + GAP_PX)), 0) * self.columns + column


def grid_of(slices: int, current: int, aspect: float, width: float, height: float) -> SheetGrid:
    """The grid whose pictures are largest. aspect: width over height of a slice. Rows scroll to the current slice."""
    best = (0.0, 1)
    for columns in range(1, slices + 1):
        rows = -(-slices // columns)
        room = ((width - GAP_PX * (columns - 1)) / columns, (height - GAP_PX * (rows - 1)) / rows)
        best = max(best, (min(room[0], room[1] * aspect), columns))
    picture, columns = best
    rows = -(-slices // columns)
    if picture < SMALLEST_PX:
        columns = max(1, int((width + GAP_PX) // (SMALLEST_PX + GAP_PX)))
        rows = max(1, int((height + GAP_PX) // (SMALLEST_PX / aspect + GAP_PX)))
    cell = ((width - GAP_PX * (columns - 1)) / columns, (height - GAP_PX * (rows - 1)) / rows)
    last_row = -(-slices // columns) - rows
    first = min(max(current // columns - rows // 2, 0), max(last_row, 0)) * columns
    return SheetGrid(columns, rows, first, max(cell[0], 1.0), max(cell[1], 1.0))


@dataclass(frozen=True, slots=True)
class SheetPictures:
    """What the slices' pictures depend on, but for the size of the view."""

    volume: Same
    turned_round: bool
    voxels: tuple[Same, ...]
    owners: tuple[Same, ...]
    mask: Same
    uncounted: tuple[frozenset[int], ...]
    corrected: frozenset[tuple[int, int]]
    flagged: frozenset[int]
    frame_index: int
    window: tuple[float, float]
    invert: bool
    zoom: float
    pan_mm: tuple[float, float]
    turned: Turned
    smooth: bool
    playing: bool
    overlay: Overlay


@dataclass(frozen=True, slots=True)
class ShownSheet:
    """All that a ContactSheet draws. invitation: instead of pictures."""

    pictures: SheetPictures | None = None
    slice_index: int = 0
    made_by: tuple[str, ...] = ()
    loading: tuple[str, ...] = ()
    invitation: tuple[str, str] = ("", "")


class ContactSheet(PaintedView):
    """The slices as the state has them, from base to apex, the current one framed."""

    def __init__(self, outlines: Outlines | None = None) -> None:
        super().__init__(translate("ContactSheet", "All slices"))
        self._outlines = outlines or Outlines()
        self._shown = ShownSheet()

    def apply(self, state: AppState) -> None:
        """Redraw if what this view shows of the state is something else than before."""
        self._state, before = state, self._shown
        self._shown = shown = _shown_sheet(state)
        if shown == before:
            return
        if shown.pictures != before.pictures or (shown.slice_index != before.slice_index and self._scrolls()):
            self._drawn = None
        self.update()

    def grid(self) -> SheetGrid:
        """Beside the bars that lie over this view: here nothing is drawn on, so slices may move."""
        volume = self._state.scan.volume
        if volume is None:
            return SheetGrid(1, 1, 0, float(self.width()), float(self.height()))
        wide, high = size_mm(volume)
        if self._state.view.turned.lies:
            wide, high = high, wide
        current, (top, bottom) = self._place(self._state.view.slice_index), self.bars()
        left = float(self.height() - top - bottom)
        return replace(grid_of(volume.slices, current, wide / high, float(self.width()), left), top=float(top))

    def _place(self, index: int) -> int:
        """Where a slice stands, the base first; or which slice stands there."""
        volume = self._state.scan.volume
        return place_of_slice(index, volume.slices if volume else 1, turned=turned_round(self._state))

    def _scrolls(self) -> bool:
        grid, volume = self.grid(), self._state.scan.volume
        return volume is not None and grid.columns * grid.rows < volume.slices

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        volume = self._state.scan.volume
        if volume is None:
            painter.fillRect(self.rect(), QColor("black"))
            drawing.invite(painter, (self.width(), self.height()), *self._shown.invitation)
            self.paint_ring(painter)
            return
        self.paint_kept(painter, lambda inner: self._paint_slices(inner, volume))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(drawing.ACCENT_INK), 2.0))
        painter.drawRect(self.grid().cell(self._place(self._state.view.slice_index)).adjusted(1, 1, -1, -1))
        size = (float(self.width()), float(self.height()))
        made_by, inset = "  ·  ".join(self._shown.made_by), (10, 8 + self.bars()[1])
        drawing.lines(painter, size, [made_by], inset, right=True, bottom=True)
        low = [*self._shown.loading, *filter(None, [self._notice])]
        drawing.lines(painter, size, low, inset, bottom=True, colour=drawing.WARNING_INK)
        self.paint_ring(painter)

    def _paint_slices(self, painter: QPainter, volume: Volume) -> None:
        grid = self.grid()
        for at in range(grid.first, min(grid.first + grid.columns * grid.rows, volume.slices)):
            self._draw_slice(painter, volume, self._place(at), grid.cell(at))

    def _draw_slice(self, painter: QPainter, volume: Volume, index: int, cell: QRectF) -> None:
        state = self._state
        painter.save()
        painter.setClipRect(cell)
        painter.translate(cell.topLeft())
        placed = place(state, (cell.width(), cell.height()), MARGIN_PX)
        left, top = placed.to_px(0, 0)
        painter.save()
        painter.translate(left, top)
        dx, dy, _ = volume.geometry.spacing_mm
        a, b, c, d = placed.turned.matrix
        painter.setTransform(QTransform(a, c, b, d, 0, 0), combine=True)
        painter.scale(dx * placed.scale, dy * placed.scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, state.preferences.smooth)
        pixels = plane_of(state, state.view.frame_index, index)
        if pixels is not None:
            painter.drawImage(QPointF(0, 0), drawing.grey_image(pixels, state.view.window, invert=state.view.invert))
        if not state.preferences.overlay.hidden:
            self._draw_labels(painter, drawn_labels(state, index=index), index)
            mask = drawn_mask(state, index=index) if state.preferences.mask_shown else None
            if mask is not None:
                where = (state.view.frame_index, index)
                paths = self._outlines.of(mask, where, state.preferences.overlay.visible, filled=False)
                drawing.stroke(painter, paths, dashed=True)
        painter.restore()
        painter.setFont(theme.font(12))
        number = str(index + 1)
        drawing.words(painter, 6, 6 + painter.fontMetrics().ascent(), number)
        beside = 12 + painter.fontMetrics().horizontalAdvance(number)
        correction = shown_correction(state)
        if correction is not None and (state.view.frame_index, index) in correction.planes:
            _mark(painter, "pencil", beside, drawing.ACCENT_INK)
            beside += 20
        if index in _flagged(state):
            _mark(painter, "flag", beside, drawing.WARNING_INK)
        painter.restore()

    def _draw_labels(self, painter: QPainter, labels: Drawn | None, index: int) -> None:
        if labels is None:
            return
        overlay = self._state.preferences.overlay
        uncounted = uncounted_in(self._state, self._state.view.frame_index, index)
        if overlay.style is Style.VOXELS:
            colours = drawing.voxel_colours(overlay.visible, uncounted)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            image = drawing.rgba_image(overlay_rgba(labels.plane, colours, max(overlay.opacity, 0.1)))
            painter.drawImage(QPointF(0, 0), image)
            return
        fill = overlay.opacity if overlay.style is Style.FILL else 0.0
        where = (self._state.view.frame_index, index)
        paths = self._outlines.of(labels, where, overlay.visible, filled=fill > 0)
        moving = self._state.view.playing
        drawing.stroke(painter, paths, fill_opacity=fill, uncounted=uncounted, moving=moving)

    # -- mouse ---------------------------------------------------------------------------------------------------

    def _scale(self) -> float:
        grid = self.grid()
        placed: Placement = place(self._state, (grid.width, grid.height), MARGIN_PX)
        return placed.scale

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._mouse.press(event, self._state)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse.move(event, self._scale(), self._state.view.turned)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        volume = self._state.scan.volume
        if self._mouse.release(event) and volume is not None:
            index = self.grid().at(event.position().x(), event.position().y())
            if index < volume.slices:
                self.slice_requested.emit(self._place(index))


def _mark(painter: QPainter, name: str, x: float, colour: str) -> None:
    """An icon with a dark edge, as words have: fat is as bright as it is."""
    edge = icons.pixmap(name, 16, "black")
    for right, down in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        painter.drawPixmap(QPointF(x + right, 5 + down), edge)
    painter.drawPixmap(QPointF(x, 5), icons.pixmap(name, 16, colour))


def _flagged(state: AppState) -> frozenset[int]:
    """Slices of the frame on screen that are still to be looked at."""
    frame = state.view.frame_index
    flags = (flag.where for stop in open_stops(state) for flag in stop.flags)
    return frozenset(
        where.slice_index for where in flags if where.slice_index is not None and where.frame_index == frame
    )


def _shown_sheet(state: AppState) -> ShownSheet:
    volume, view = state.scan.volume, state.view
    if volume is None:
        return ShownSheet(invitation=captions.invitation(state))
    every, correction = range(volume.slices), shown_correction(state)
    return ShownSheet(
        SheetPictures(
            volume=Same(volume),
            turned_round=turned_round(state),
            voxels=tuple(voxels(state, view.frame_index, i) for i in every),
            owners=tuple(owner(drawn_labels(state, index=i)) for i in every),
            uncounted=tuple(uncounted_in(state, view.frame_index, i) for i in every),
            mask=owner(drawn_mask(state) if state.preferences.mask_shown else None),
            corrected=frozenset(correction.planes) if correction is not None else frozenset(),
            flagged=_flagged(state),
            frame_index=view.frame_index,
            window=view.window,
            invert=view.invert,
            zoom=view.zoom,
            pan_mm=view.pan_mm,
            turned=view.turned,
            smooth=state.preferences.smooth,
            playing=view.playing,
            overlay=state.preferences.overlay,
        ),
        slice_index=view.slice_index,
        made_by=(*captions.time_of(state), *captions.top_right(state, narrow=True)),
        loading=tuple(captions.loading(state)),
    )
