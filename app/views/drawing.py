"""What views paint with: words with a dark edge, outlines as paths kept from one paint to the next, grey pictures.

Images stand on black in the light theme too, so the colours here are not the theme's.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
)

from app.look import theme
from app.state.types import Drawn
from engine.pictures.render import Colour, grey, outlines
from engine.volume import LV, MYO, RV

INK, MUTED_INK, FAINT_INK, WARNING_INK, ACCENT_INK = "#e7ebf0", "#9aa6b5", "#8a97a8", "#e8b84f", "#3cc8b4"
# Apart from the structures' vermilion, yellow and blue in every kind of colour blindness, and never in a grey image.
DIFFERENCE_COLOUR = (255, 60, 200)

# Drawn in this order: where two outlines share a line, the cavity's is on top.
DRAWING_ORDER = (RV, MYO, LV)
# Slices whose paths are kept: a cine of 20 frames and 12 slices in two precisions, with a mask.
KEPT_SLICES = 800
# Where bars cover more of the height, words stay where they are.
MOST_COVERED = 0.4
# How far a point of an outline may lie from the line between its neighbours and still be left out.
STRAIGHT_VOXELS = 0.02

Paths = Mapping[int, QPainterPath]


class Outlines:
    """Outlines of slices as vector paths in voxels, made once and shared by all views.

    Paths are kept by the identity of the labels they were made of, so that one of other labels is never returned.
    """

    def __init__(self) -> None:
        # The owner is kept beside the paths: as long as it lives, no other object can have its id.
        self._kept: OrderedDict[tuple[Any, ...], tuple[object, Paths]] = OrderedDict()
        self._brief: dict[int, tuple[np.ndarray, QPainterPath]] = {}

    def of(self, drawn: Drawn, where: tuple[int, ...], visible: frozenset[int], *, filled: bool) -> Paths:
        """Path by structure. where: what tells slices of one owner apart, such as (frame, slice)."""
        if drawn.brief:
            return self._of_stroke(drawn.plane, visible, filled=filled)
        key = (id(drawn.owner), where, visible, filled)
        found = self._kept.get(key)
        if found is None:
            found = drawn.owner, paths_of(drawn.plane, visible, filled=filled)
            self._kept[key] = found
            if len(self._kept) > KEPT_SLICES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found[1]

    def _of_stroke(self, labels: np.ndarray, visible: frozenset[int], *, filled: bool) -> Paths:
        """From one step of a stroke to the next most structures stay as they are."""
        paths = {}
        for label, mask in _masks_of(labels, visible, filled=filled).items():
            before = self._brief.get(label)
            if before is None or not np.array_equal(before[0], mask):
                self._brief[label] = before = mask, _path_of(mask)
            paths[label] = before[1]
        return paths

    def forget(self) -> None:
        """Let go of all labels, as when another scan is opened."""
        self._kept.clear()
        self._brief.clear()


def paths_of(labels: np.ndarray, visible: frozenset[int], *, filled: bool) -> dict[int, QPainterPath]:
    """Outlines of the visible structures of a slice, labels (Y, X) uint8, in voxels."""
    return {label: _path_of(mask) for label, mask in _masks_of(labels, visible, filled=filled).items()}


def _masks_of(labels: np.ndarray, visible: frozenset[int], *, filled: bool) -> dict[int, np.ndarray]:
    """(Y, X) bool: what the outline of each visible structure runs around."""
    masks = {}
    for label in DRAWING_ORDER:
        if label not in visible:
            continue
        # The myocardium's outline runs around the ventricle as a whole while the cavity's own is drawn: one line
        # between the two, not two lines that rub against each other.
        whole = label == MYO and LV in visible and not filled
        if whole and not (labels == MYO).any():
            continue
        masks[label] = (labels == MYO) | (labels == LV) if whole else labels == label
    return masks


def _path_of(mask: np.ndarray) -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for loop in outlines(mask):
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in _straightened(loop).tolist()]))
        path.closeSubpath()
    return path


def _straightened(loop: NDArray[np.float32]) -> NDArray[np.float32]:
    """A closed outline (N, 2) in voxels without points that lie on the line between their neighbours.

    An outline has two points or so a voxel, and painting takes as long as there are points; half of them change
    nothing that can be seen. Nothing moves by more than twice STRAIGHT_VOXELS: each voxel's centre stays on its side.
    """
    for _ in range(2):
        if len(loop) < 8:
            break
        middle = np.arange(1, len(loop), 2)
        here, before = loop[middle], loop[middle - 1]
        x, y = (loop[(middle + 1) % len(loop)] - before).T
        dx, dy = (here - before).T
        keep = np.ones(len(loop), dtype=bool)
        keep[middle] = np.abs(x * dy - y * dx) > STRAIGHT_VOXELS * np.hypot(x, y)
        loop = loop[keep]
    return loop


def stroke(
    painter: QPainter,
    paths: Paths,
    *,
    fill_opacity: float = 0.0,
    dashed: bool = False,
    uncounted: frozenset[int] = frozenset(),
    moving: bool = False,
) -> None:
    """Paint outlines in the painter's coordinates, lines of a width of their own.

    uncounted: structures that no number counts here; their lines are faint and dotted.
    moving: the picture will be replaced at once, as in a cine, and should be painted fast.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    # Widths that no zoom changes are in the screen's pixels, of which a fine screen has more to a point.
    ratio = painter.device().devicePixelRatioF()
    for label, path in paths.items():
        if fill_opacity and label not in uncounted:
            colour = QColor(*theme.STRUCTURE_COLOURS[label])
            colour.setAlphaF(fill_opacity)
            painter.fillPath(path, QBrush(colour))
    # A dark line under each coloured one: bright blood beside a bright outline would swallow it. Under a dashed line
    # it is darker, so that the gaps are seen where a drawn-through line runs below.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not moving)
    for label, path in paths.items():
        if label not in uncounted:
            dark = QColor(0, 0, 0, 235 if dashed else 130)
            painter.strokePath(path, _cosmetic(dark, (2.6 if dashed else 3.4) * ratio))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for label, path in paths.items():
        colour = QColor(*theme.STRUCTURE_COLOURS[label])
        pen = _cosmetic(_towards_white(colour) if dashed else colour, 1.7 * ratio)
        if dashed:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([3.2, 2.6])
        elif label in uncounted:
            pen.setColor(uncounted_colour(colour))
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([1.2, 2.4])
        painter.strokePath(path, pen)


def uncounted_colour(colour: QColor) -> QColor:
    """Of a structure that no number counts on this slice."""
    faint = QColor(colour)
    faint.setAlphaF(0.6)
    return faint


def voxel_colours(visible: frozenset[int], uncounted: frozenset[int]) -> dict[int, Colour]:
    """Colour of each visible structure as voxels; nearly grey where no number counts it on this slice."""
    colours = {label: colour for label, colour in theme.STRUCTURE_COLOURS.items() if label in visible}
    for label in uncounted & visible:
        red, green, blue = (round(0.25 * c + 80) for c in colours[label])
        colours[label] = red, green, blue
    return colours


def _cosmetic(colour: QColor, width: float) -> QPen:
    # Round joins take twice as long, and look the same where a smooth line turns by little at each of its points.
    pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.MiterJoin)
    pen.setCosmetic(True)
    return pen


def _towards_white(colour: QColor) -> QColor:
    return QColor(*(round(c + 0.55 * (255 - c)) for c in (colour.red(), colour.green(), colour.blue())))


def grey_image(pixels: np.ndarray, window: tuple[float, float], *, invert: bool) -> QImage:
    """Grey values (Y, X) under a window (centre, width)."""
    if pixels.dtype in (np.uint16, np.int16):
        # Two bytes have few values: looking each pixel up is several times faster than computing it.
        shown = _table(pixels.dtype.str, window, invert)[pixels.view(np.uint16)]
    else:
        shown = np.ascontiguousarray(grey(pixels, window, invert=invert))
    height, width = shown.shape
    return QImage(shown.data, width, height, width, QImage.Format.Format_Grayscale8).copy()


@lru_cache(maxsize=2)
def _table(dtype: str, window: tuple[float, float], invert: bool) -> np.ndarray:
    """Grey value of every value of a 16-bit type, by its bits."""
    values = np.arange(65536, dtype=np.uint16).view(dtype)
    row: np.ndarray = grey(values[None], window, invert=invert)[0]
    return row


def rgba_image(pixels: np.ndarray) -> QImage:
    """Colours (Y, X, 4) uint8, not premultiplied."""
    shown = np.ascontiguousarray(pixels)
    height, width = shown.shape[:2]
    return QImage(shown.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def words(painter: QPainter, x: float, y: float, text: str, colour: str = INK) -> None:
    """Text with a dark edge, readable on any image. x, y: where its baseline begins, in the painter's coordinates."""
    at, ratio = painter.transform(), painter.device().devicePixelRatioF()
    if at.isScaling() or at.isRotating():
        _edged(painter, x, y, text, colour)
        return
    picture, left, up = _words(text, colour, painter.font(), ratio)
    # On whole pixels of the screen: between them the picture would be blurred.
    dx, dy = (at.dx() + x - left) * ratio, (at.dy() + y - up) * ratio
    painter.drawPixmap(QPointF(round(dx) / ratio - at.dx(), round(dy) / ratio - at.dy()), picture)


_WORDS: OrderedDict[tuple[str, str, str, float], tuple[QPixmap, float, float]] = OrderedDict()
# What the views of a layout say, and what they have said on the slices before.
_KEPT_WORDS = 256


def _words(text: str, colour: str, font: QFont, ratio: float) -> tuple[QPixmap, float, float]:
    """A picture of words(), kept from one paint to the next, and how far its corner is left of and above the start."""
    key = text, colour, font.key(), ratio
    found = _WORDS.get(key)
    if found is None:
        metrics = QFontMetricsF(font)
        box = metrics.boundingRect(text).united(QRectF(0, -metrics.ascent(), metrics.horizontalAdvance(text), 1))
        left, up = math.ceil(-box.left()) + 2, math.ceil(-box.top()) + 2
        size = QSizeF(box.right() + left + 3, box.bottom() + up + 3) * ratio
        picture = QPixmap(size.toSize() + QSize(1, 1))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        inner = QPainter(picture)
        inner.setFont(font)
        _edged(inner, left, up, text, colour)
        inner.end()
        found = _WORDS[key] = picture, left, up
        if len(_WORDS) > _KEPT_WORDS:
            _WORDS.popitem(last=False)
    _WORDS.move_to_end(key)
    return found


def _edged(painter: QPainter, x: float, y: float, text: str, colour: str) -> None:
    """Text six times: stroking its path takes ten times longer."""
    painter.setPen(QColor(0, 0, 0, 210))
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)):
        painter.drawText(QPointF(x + dx, y + dy), text)
    painter.setPen(QColor(colour))
    painter.drawText(QPointF(x, y), text)


def lines(
    painter: QPainter,
    size: tuple[float, float],
    texts: Sequence[str],
    inset: tuple[float, float] = (12, 12),
    *,
    right: bool = False,
    bottom: bool = False,
    colour: str = INK,
) -> None:
    """Lines of text in a corner of a view of this size."""
    painter.setFont(theme.font(12))
    metrics = QFontMetricsF(painter.font())
    step = metrics.height() + 2
    top = size[1] - inset[1] - step * len(texts) if bottom else inset[1]
    for i, text in enumerate(texts):
        left = size[0] - inset[0] - metrics.horizontalAdvance(text) if right else inset[0]
        words(painter, left, top + step * i + metrics.ascent(), text, colour)


def clear_of(covered: tuple[int, int], height: float) -> tuple[int, int]:
    """How far words move from the top and from the bottom of a view of this height, of which bars cover so much."""
    return (0, 0) if sum(covered) > MOST_COVERED * height else covered


def line_height() -> float:
    """From one line of lines() to the next."""
    return QFontMetricsF(theme.font(12)).height() + 2


def collide(left: Sequence[str], right: Sequence[str], width: float) -> bool:
    """Whether lines() on the left and on the right of a view would touch, line by line, in this width between them."""
    metrics = QFontMetricsF(theme.font(12))
    return any(
        metrics.horizontalAdvance(one) + metrics.horizontalAdvance(other) + 10 > width
        for one, other in zip(left, right, strict=False)
    )


def letter(
    painter: QPainter, text: str, x: float, y: float, *, right: bool = False, centre: bool = False, pixels: int = 15
) -> None:
    """An orientation letter, its middle at the height y."""
    painter.setFont(theme.font(pixels, bold=True))
    metrics = QFontMetricsF(painter.font())
    advance = metrics.horizontalAdvance(text)
    left = x - advance / 2 if centre else x - advance if right else x
    words(painter, left, y + metrics.capHeight() / 2, text, WARNING_INK)


def ring(painter: QPainter, size: tuple[float, float]) -> None:
    """The frame of a view that has the keyboard."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(ACCENT_INK), 2.0))
    painter.drawRect(QRectF(1, 1, size[0] - 2, size[1] - 2))
    painter.restore()


def came_by_key(event: QFocusEvent) -> bool:
    """Whether a view got the focus by Tab. After a click, a ring would only tell what the user knows."""
    return event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


def invite(painter: QPainter, size: tuple[float, float], title: str, text: str) -> None:
    """In the middle of an empty view: what is missing, and below it what to do."""
    width, height = size
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
    room = QRectF(0, 0, max(min(width - 32, 460), 40), height)
    boxes = []
    for string, pixels, colour in ((title, 17, MUTED_INK), (text, 13, FAINT_INK)):
        painter.setFont(theme.font(pixels))
        found = QFontMetricsF(painter.font()).boundingRect(room, int(flags), string)
        boxes.append((string, pixels, colour, found.height() if string else 0.0))
    y = (height - sum(box[3] for box in boxes) - 8) / 2
    for string, pixels, colour, tall in boxes:
        painter.setFont(theme.font(pixels))
        painter.setPen(QColor(colour))
        painter.drawText(QRectF((width - room.width()) / 2, y, room.width(), tall + 2), int(flags), string)
        y += tall + 8
