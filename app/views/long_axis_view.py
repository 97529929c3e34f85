"""A plane at right angles to the slices: base above apex where the scan says so, a line where the current slice is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QTransform

from app.look import theme
from app.state import editing
from app.state.heart_views import shows_four_chambers
from app.state.identity import Same
from app.state.measured import uncounted_in
from app.state.queries import cross_of, run_of, shown_correction
from app.state.types import AppState, Cross, Mask, Overlay, Style
from app.views import captions, drawing
from app.views.cross_lines import CROSS_COLOURS
from app.views.painted_view import PaintedView
from app.views.placement import place
from app.words.language import marked, translate
from engine.pictures.reformat import Plane, long_axis_plane, sample
from engine.pictures.render import overlay_rgba
from engine.volume import STRUCTURES, Known, Volume, orientation_letters

MARGIN_PX = 24
NEAR_LINE_PX = 6
# How much of the plane is shown at least: the heart with something around it, not the whole chest.
SHOWN_MM, SHOWN_HEIGHTS = 150.0, 2.0
NAMES = (marked("LongAxis", "Long axis, first plane"), marked("LongAxis", "Long axis, second plane"))


@dataclass(frozen=True, slots=True)
class PlanePlacement:
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


@dataclass(frozen=True, slots=True)
class PlanePicture:
    """What the picture depends on, but for the plane and the size of the view. uncounted: structures of each slice that
    no number counts."""

    frame_index: int
    window: tuple[float, float]
    invert: bool
    smooth: bool
    overlay: Overlay
    labels: tuple[Same, ...]
    mask: Same
    uncounted: tuple[frozenset[int], ...] = ()


@dataclass(frozen=True, slots=True)
class ShownPlane:
    """All that a LongAxisView draws. whole: the scan has been read completely."""

    volume: Same
    whole: bool = True
    cross: Cross | None = None
    picture: PlanePicture | None = None
    slice_index: int = 0
    zoom: float = 1.0


def upside_down(volume: Volume, plane: Plane) -> bool:
    """Whether slice 0 goes to the bottom: the end nearer the head is on top, and of a short axis that is the base."""
    return volume.geometry.orientation is not Known.ASSUMED and float(plane.normal[2]) > 0


class LongAxisView(PaintedView):
    """One of the two planes, and in it the line of the current slice, which can be dragged."""

    def __init__(self, number: int) -> None:
        """number: 0 for the first plane, 1 for the one at right angles to it."""
        super().__init__(translate("LongAxis", NAMES[number]))
        self._number = number
        self.setMouseTracking(True)
        self._on_line = False
        self._plane: Plane | None = None
        self._shown = ShownPlane(Same(None))
        self._drawn_at: PlanePlacement | None = None

    def apply(self, state: AppState) -> None:
        """Redraw if what this view shows of the state is something else than before."""
        self._state, before = state, self._shown
        self._shown = shown = _shown_plane(state)
        if shown == before:
            return
        if (shown.volume, shown.cross, shown.whole) != (before.volume, before.cross, before.whole):
            # Cheap: the plane takes one line of samples from each slice.
            self._plane = self._cut(state.scan.volume, shown.cross) if shown.whole else None
            self._drawn = None
        if shown.picture != before.picture or self.placement() != self._drawn_at:
            self._drawn = None
        self.update()

    def _cut(self, volume: Volume | None, cross: Cross | None) -> Plane | None:
        if volume is None or cross is None or volume.slices < 2:
            return None
        return long_axis_plane(volume.geometry, cross.x_mm, cross.y_mm, cross.angle + self._number * math.pi / 2)

    # -- drawing -------------------------------------------------------------------------------------------------

    def placement(self, index: int | None = None) -> PlanePlacement | None:
        """With a slice on screen, the current one where none is given; None where there is no plane.

        The plane is as large as the slices are in a view of this size once those are zoomed; until then it fills its
        own. What is then higher than the view scrolls with the slice, the first one at the one end, the last one at
        the other. It lies beside the bars over the view, which would hide the base.
        """
        state, volume = self._state, self._state.scan.volume
        if self._plane is None or volume is None:
            return None
        samples, slices = self._plane.columns_px.shape[1], volume.slices
        width, height = samples * self._plane.step_mm, slices * self._plane.slice_mm
        covered, below = self.bars()
        clear = self.height() - covered - below
        room = (max(self.width() - 2 * MARGIN_PX, 20), max(clear - 2 * MARGIN_PX, 20))
        shown = min(width, max(SHOWN_MM, SHOWN_HEIGHTS * height))
        fitted = min(room[0] / shown, room[1] / height)
        scale = max(fitted, place(state, (float(self.width()), float(self.height()))).scale)
        # The crossing in the middle, but no empty ground on one side while the other is cut off.
        spare = self.width() - width * scale
        left = self.width() / 2 - (self._plane.through + 0.5) * self._plane.step_mm * scale
        left = spare / 2 if spare >= 2 * MARGIN_PX else min(max(left, spare - MARGIN_PX), MARGIN_PX)
        flipped = upside_down(volume, self._plane)
        current = state.view.slice_index if index is None else index
        row = slices - 1 - current if flipped else current
        over = height * scale - room[1]
        top = covered + (MARGIN_PX - over * row / (slices - 1) if over > 0 else (clear - height * scale) / 2)
        return PlanePlacement(left, top, scale * self._plane.step_mm, scale * self._plane.slice_mm, slices, flipped)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        size = (float(self.width()), float(self.height()))
        placed, plane, volume = self.placement(), self._plane, self._state.scan.volume
        if volume is None or placed is None or plane is None:
            painter.fillRect(self.rect(), QColor("black"))
            if volume is not None and self._state.scan.loading is not None:
                still = translate("LongAxis", "Shown once the scan is read.")
                drawing.invite(painter, size, translate("LongAxis", "Loading…"), still)
            elif volume is not None and self._number == 0:
                drawing.invite(painter, size, *_why_none(self._state))
            self.paint_ring(painter)
            return
        if self._drawn is None:
            self._drawn_at = placed
        self.paint_kept(painter, lambda inner: self._paint_image(inner, volume, placed, plane))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter, placed, plane)
        self._paint_letters(painter, size, volume, plane)
        unknown = volume.geometry.spacing is Known.ASSUMED
        guess = translate("LongAxis", "spacing unknown: proportions are a guess") if unknown else ""
        words = list(filter(None, [guess, self._notice]))
        drawing.lines(painter, size, words, (10, 8 + self.bars()[1]), bottom=True, colour=drawing.WARNING_INK)
        self.paint_ring(painter)

    def _paint_image(self, painter: QPainter, volume: Volume, placed: PlanePlacement, plane: Plane) -> None:
        state = self._state
        frame = volume.array[state.view.frame_index]
        grey_values = sample(frame, plane, linear=state.preferences.smooth)
        image = drawing.grey_image(_upright(grey_values, placed), state.view.window, invert=state.view.invert)
        samples = grey_values.shape[1]
        where = QRectF(placed.left, placed.top, samples * placed.sample_px, placed.slices * placed.slice_px)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, state.preferences.smooth)
        painter.drawImage(where, image)
        if state.preferences.overlay.hidden:
            return
        # Outlines live in samples and slices; the transform gives them their proportions.
        to_screen = QTransform(placed.sample_px, 0, 0, placed.slice_px, placed.left, placed.top)
        overlay = state.preferences.overlay
        stack = _labels(state)
        if stack is not None:
            whole = sample(stack, plane, linear=False)
            for labels, out in _counted_and_not(whole, self._shown.picture):
                cut, left_out = _upright(labels, placed), frozenset(STRUCTURES) if out else frozenset()
                if overlay.style is Style.VOXELS:
                    colours = drawing.voxel_colours(overlay.visible, left_out)
                    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
                    painter.drawImage(where, drawing.rgba_image(overlay_rgba(cut, colours, max(overlay.opacity, 0.1))))
                else:
                    fill = overlay.opacity if overlay.style is Style.FILL else 0.0
                    self._paint_outlines(painter, cut, to_screen, fill=fill, uncounted=left_out)
        mask = _mask(state)
        if mask is not None:
            cut = _upright(sample(mask.labels.array[state.view.frame_index], plane, linear=False), placed)
            self._paint_outlines(painter, cut, to_screen, dashed=True)

    def _paint_outlines(
        self,
        painter: QPainter,
        cut: np.ndarray,
        to_screen: QTransform,
        *,
        fill: float = 0.0,
        dashed: bool = False,
        uncounted: frozenset[int] = frozenset(),
    ) -> None:
        paths = drawing.paths_of(cut, self._state.preferences.overlay.visible, filled=fill > 0)
        painter.save()
        painter.setTransform(to_screen, True)
        drawing.stroke(painter, paths, fill_opacity=fill, dashed=dashed, uncounted=uncounted)
        painter.restore()

    def _paint_lines(self, painter: QPainter, placed: PlanePlacement, plane: Plane) -> None:
        """The current slice, and where the other plane crosses this one."""
        left = max(placed.left, 0.0)
        right = min(placed.left + plane.columns_px.shape[1] * placed.sample_px, float(self.width()))
        y = placed.middle_y(self._state.view.slice_index)
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
        # On the right, away from the RV, which lies on the left in most planes.
        name = translate("LongAxis", "slice {number}").format(number=self._state.view.slice_index + 1)
        covered, below = self.bars()
        at = min(max(y - 4, covered + 14.0), self.height() - below - 6.0)
        drawing.words(painter, right - 46 - painter.fontMetrics().horizontalAdvance(name), at, name)
        painter.setPen(QPen(QColor(CROSS_COLOURS[self._number]), 2.0))
        painter.drawLine(QPointF(10, 9 + covered), QPointF(26, 9 + covered))

    def _paint_letters(self, painter: QPainter, size: tuple[float, float], volume: Volume, plane: Plane) -> None:
        if volume.geometry.orientation is Known.ASSUMED:
            return
        down = -plane.normal if upside_down(volume, plane) else plane.normal
        (width, height), (top, bottom) = size, self.bars()
        middle = (top + height - bottom) / 2
        for direction, x, y, kind in (
            (-plane.along, 8.0, middle, {}),
            (plane.along, width - 8.0, middle, {"right": True}),
            (-down, width / 2, top + 13.0, {"centre": True}),
            (down, width / 2, height - bottom - 13.0, {"centre": True}),
        ):
            text = captions.on_screen(orientation_letters(direction))
            drawing.letter(painter, text, x, y, pixels=13, **kind)

    # -- mouse ---------------------------------------------------------------------------------------------------

    def _near_line(self, at: QPointF) -> bool:
        placed = self.placement()
        return placed is not None and abs(at.y() - placed.middle_y(self._state.view.slice_index)) <= NEAR_LINE_PX

    def _ask_slice(self, at: QPointF) -> None:
        """That of a point of the picture."""
        placed = self.placement()
        if placed is not None:
            self.slice_requested.emit(min(max(placed.slice_at(at.y()), 0), placed.slices - 1))

    def _drag_line(self, at: QPointF) -> None:
        """The slice whose line is next to the mouse: the picture may scroll under it."""
        lines = [placed.middle_y(i) for i in range(self._slices()) if (placed := self.placement(i)) is not None]
        if lines:
            self.slice_requested.emit(min(range(len(lines)), key=lambda i: abs(lines[i] - at.y())))

    def _slices(self) -> int:
        return self._state.scan.volume.slices if self._state.scan.volume is not None else 0

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._on_line = event.button() == Qt.MouseButton.LeftButton and self._near_line(event.position())
        # The plane follows the crossing: a drag that moves the slices would move nothing here.
        if not self._on_line and event.button() != Qt.MouseButton.MiddleButton:
            self._mouse.press(event, self._state)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._on_line:
            self._drag_line(event.position())
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


def _shown_plane(state: AppState) -> ShownPlane:
    volume, view, run, correction = state.scan.volume, state.view, run_of(state), shown_correction(state)
    if volume is None:
        return ShownPlane(Same(None))
    labels: tuple[Same, ...] = ()
    if correction is not None:
        labels = tuple(map(Same, (correction.base, *correction.planes.values())))
    elif run is not None and run.prediction is not None:
        labels = (Same(run.prediction),)
    elif run is not None:
        labels = tuple(Same(run.planes.get((view.frame_index, z))) for z in range(volume.slices))
    preferences = state.preferences
    return ShownPlane(
        volume=Same(volume),
        whole=state.scan.loading is None,
        cross=cross_of(state),
        picture=PlanePicture(
            view.frame_index, view.window, view.invert, preferences.smooth, preferences.overlay, labels,
            Same(_mask(state)), tuple(uncounted_in(state, view.frame_index, z) for z in range(volume.slices)),
        ),
        slice_index=view.slice_index,
        zoom=view.zoom,
    )  # fmt: skip


def _why_none(state: AppState) -> tuple[str, str]:
    """Why one slice has no planes, and what to do about it."""
    if shows_four_chambers(state):
        why = translate("LongAxis", "This view is a long axis itself")
        return why, translate("LongAxis", "Planes are cut out of short-axis stacks. Key 1 shows this slice.")
    why = translate("LongAxis", "No long axis in a single slice")
    return why, translate("LongAxis", "Open the whole stack. Key 1 shows this slice.")


def _counted_and_not(cut: np.ndarray, picture: PlanePicture | None) -> list[tuple[np.ndarray, bool]]:
    """Labels (Z, N) that count, and those that do not; each 0 where the other has some. Row z is slice z."""
    uncounted = picture.uncounted if picture is not None else ()
    if not any(uncounted):
        return [(cut, False)]
    out = np.stack([np.isin(row, list(left_out)) for row, left_out in zip(cut, uncounted, strict=True)])
    return [(np.where(out, cut, 0).astype(cut.dtype), True), (np.where(out, 0, cut).astype(cut.dtype), False)]


def _upright(cut: np.ndarray, placed: PlanePlacement) -> np.ndarray:
    return cut[::-1] if placed.flipped else cut


def _labels(state: AppState) -> np.ndarray | None:
    """The labels (Z, Y, X) of the frame on screen, as far as they are known."""
    run, correction = run_of(state), shown_correction(state)
    if correction is not None:
        frame = state.view.frame_index
        return np.stack([editing.plane_of(correction, (frame, z)) for z in range(correction.volume.slices)])
    if run is None or state.scan.volume is None:
        return None
    if run.prediction is not None:
        labels: np.ndarray = run.prediction.labels.array[state.view.frame_index]
        return labels
    planes = {z: plane for (t, z), plane in run.planes.items() if t == state.view.frame_index}
    if not planes:
        return None
    empty = np.zeros(state.scan.volume.geometry.shape[1:], dtype=np.uint8)
    return np.stack([planes.get(z, empty) for z in range(state.scan.volume.slices)])


def _mask(state: AppState) -> Mask | None:
    shown = (
        state.segmentation.mask is not None
        and state.preferences.mask_shown
        and state.view.frame_index in state.segmentation.mask.frames
    )
    return state.segmentation.mask if shown else None
