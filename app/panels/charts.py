"""Small charts painted directly: cheap enough to follow every slice, and nothing to build before the first picture."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.look import theme
from app.state.identity import Same
from app.words.language import COUNT, translate

NEIGHBOURS = 4
TEXT_PX, LINE_PX = 10, 14
LEFT_PX, GAP_PX = 30, 10
HISTOGRAM_SHARE = 0.26
BIN_PX = 4.0
MARK_PX = 11
MAX_DOTS = 2000
P50, P95 = 50, 95


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One precision's latencies, (N,) ms in the order computed, with what is drawn of them.

    trend: median of each slice and its neighbours, (N,) ms. p50, p95: percentiles, ms.
    """

    latencies: NDArray[np.float64]
    trend: NDArray[np.float64]
    p50: float
    p95: float


def series(latencies: Sequence[float]) -> Trace:
    """A Trace of at least one latency."""
    values = np.asarray(latencies, dtype=np.float64)
    p50, p95 = np.percentile(values, (P50, P95))
    return Trace(values, running_median(values), float(p50), float(p95))


@lru_cache(maxsize=8)
def trace_of(timings: Same) -> Trace:
    """The Trace of a run's timings. Made once: a choice of the reader draws the panel again, not its chart."""
    assert isinstance(timings.it, tuple)
    return series([timing.inference_ms for timing in timings.it])


def running_median(latencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each slice and up to NEIGHBOURS on either side, (N,) ms; of fewer where there are few slices."""
    each_side = min(NEIGHBOURS, (len(latencies) - 1) // 2)
    if each_side < 1:
        return latencies
    padded = np.pad(latencies, each_side, mode="reflect")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * each_side + 1), axis=1))


def ceiling(shown: Sequence[Trace]) -> float:
    """Top of the latency axis in ms: everything, unless single slices would flatten what is typical.

    The first slice warms up, and other programs' bursts slow a few; the 95th percentile is always below the top.
    """
    tops = [max(min(one.latencies.max(), 1.5 * one.trend.max()), one.p95) for one in shown]
    return 1.1 * float(max(tops, default=0.0) or 9.0)


def ticks(high: float, count: int) -> list[float]:
    """At most count + 1 round values from 0 to high, in steps of 1, 2 or 5 times a power of ten."""
    if not (high > 0 and math.isfinite(high)):
        return [0.0]
    raw = high / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    return [i * step for i in range(int(high / step + 1e-9) + 1)]


class KeptChart(QWidget):
    """Paints once and keeps the picture: Qt asks for it again whenever something beside it moves."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._kept: QPixmap | None = None

    @abstractmethod
    def paint(self, painter: QPainter) -> None:
        """Draw what is shown."""

    def repaint_soon(self) -> None:
        """What is shown is something else than before."""
        self._kept = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._kept is None or self._kept.size() != size or self._kept.devicePixelRatioF() != ratio:
            self._kept = QPixmap(size)
            self._kept.setDevicePixelRatio(ratio)
            self._kept.fill(QColor(theme.PANEL))
            inner = QPainter(self._kept)
            inner.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint(inner)
            inner.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._kept)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._kept = None


class LatencyChart(KeptChart):
    """Latency of each slice in each precision, and beside it how often each latency occurred, on the same axis."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(translate("Charts", "Latency of each slice"))
        self.setToolTip(
            translate(
                "Charts",
                "Left: every slice as a dot, in the order computed, and the median of its neighbours as a line. "
                "Right: how often each latency occurred; the solid line is the median (p50), the dashed one the 95th "
                "percentile (p95).",
            )
        )
        self.shown: dict[str, Trace] = {}
        self.total = 0

    def show_series(self, shown: Mapping[str, Trace], total: int) -> None:
        """shown: by precision, in the order to draw. total: slices that there will be."""
        if (shown, total) == (self.shown, self.total):
            return
        self.shown, self.total = dict(shown), total
        said = translate("Charts", "{precision}: median {p50} ms, 95th percentile {p95} ms")
        words = [said.format(precision=name, p50=f"{s.p50:.1f}", p95=f"{s.p95:.1f}") for name, s in self.shown.items()]
        self.setAccessibleDescription("; ".join(words))
        self.repaint_soon()

    def paint(self, painter: QPainter) -> None:
        painter.setFont(theme.font(TEXT_PX))
        split = round((self.width() - LEFT_PX) * (1 - HISTOGRAM_SHARE)) + LEFT_PX
        height = self.height() - 2 * LINE_PX
        dots = QRectF(LEFT_PX, LINE_PX, split - GAP_PX - LEFT_PX, height)
        bars = QRectF(split, LINE_PX, self.width() - split - 1, height)
        top = ceiling(list(self.shown.values()))
        self._axes(painter, dots, bars, top)
        for precision, one in self.shown.items():
            self._slices(painter, dots, top, QColor(theme.precision_css(precision)), one)
        for precision, one in self.shown.items():
            self._histogram(painter, bars, top, QColor(theme.precision_css(precision)), one)
        self._percentiles(painter, dots, bars, top)

    def _axes(self, painter: QPainter, dots: QRectF, bars: QRectF, top: float) -> None:
        lines = QColor(theme.BORDER)
        words = QColor(theme.MUTED)
        for value in ticks(top, max(2, int(dots.height() // 24))):
            y = dots.bottom() - dots.height() * value / top
            painter.setPen(QPen(lines, 1))
            painter.drawLine(QPointF(dots.left(), y), QPointF(dots.right(), y))
            painter.drawLine(QPointF(bars.left(), y), QPointF(bars.right(), y))
            painter.setPen(words)
            box = QRectF(0, max(y - LINE_PX / 2, LINE_PX - 2), LEFT_PX - 6, LINE_PX)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:g}")
        head = QRectF(0, 0, self.width(), LINE_PX - 2)
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft, translate("Charts", "ms per slice"))
        painter.drawText(head, Qt.AlignmentFlag.AlignRight, translate("Charts", "how often"))
        foot = QRectF(0, dots.bottom() + 2, dots.right(), LINE_PX - 2)
        last = max(self.total, 1)
        for value in ticks(last, 4):
            # The right end says what is counted; a number beside it would touch it.
            if value == 0 or value > 0.72 * last or value != round(value):
                continue
            x = dots.left() + dots.width() * value / last
            painter.drawText(QRectF(x - 30, foot.top(), 60, foot.height()), Qt.AlignmentFlag.AlignHCenter, f"{value:g}")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, translate("Charts", "%n slice(s)", "", COUNT, last))

    def _slices(self, painter: QPainter, box: QRectF, top: float, colour: QColor, one: Trace) -> None:
        """Every slice as a faint dot, what is typical there as a strong line. What lies above the top is at the top."""
        count = len(one.latencies)
        every = max(1, count // MAX_DOTS)
        x = box.left() + box.width() * (np.arange(count)[::every] + 0.5) / max(self.total, count, 1)
        faint = QColor(colour)
        faint.setAlpha(140)
        painter.setPen(QPen(faint, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints(_polygon(x, _height(box, one.latencies[::every], top)))
        painter.setPen(QPen(colour, 1.6))
        painter.drawPolyline(_polygon(x, _height(box, one.trend[::every], top)))

    def _histogram(self, painter: QPainter, box: QRectF, top: float, colour: QColor, one: Trace) -> None:
        bins = max(8, int(box.height() / BIN_PX))
        counts, edges = np.histogram(np.minimum(one.latencies, top * (1 - 1e-9)), bins=bins, range=(0, top))
        widths = box.width() * counts / max(counts.max(), 1)
        x = np.concatenate([[0], np.repeat(widths, 2), [0]]) + box.left()
        y = _height(box, np.concatenate([[0], np.repeat(edges, 2)[1:-1], [top]]), top)
        fill = QColor(colour)
        fill.setAlpha(80)
        painter.setPen(QPen(colour, 1))
        painter.setBrush(fill)
        painter.drawPolygon(_polygon(x, y))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _percentiles(self, painter: QPainter, dots: QRectF, bars: QRectF, top: float) -> None:
        """Lines at p50 and p95 of each precision, named where the names do not cover each other."""
        taken: list[float] = []
        names: list[tuple[QRectF, str, QColor]] = []
        painter.setFont(theme.font(9, bold=True))
        marks = [(one.p50, "p50", name) for name, one in self.shown.items()]
        marks += [(one.p95, "p95", name) for name, one in self.shown.items()]
        for value, words, precision in marks:
            colour = QColor(theme.precision_css(precision))
            y = bars.bottom() - bars.height() * value / top
            style = Qt.PenStyle.SolidLine if words == "p50" else Qt.PenStyle.DashLine
            painter.setPen(QPen(colour, 1, style))
            painter.drawLine(QPointF(bars.left(), y), QPointF(bars.right(), y))
            if words == "p50":
                painter.setPen(QPen(colour, 1, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(dots.left(), y), QPointF(dots.right(), y))
            at = y - MARK_PX if y - MARK_PX >= bars.top() - 2 else y + 1
            if all(abs(at - other) >= MARK_PX for other in taken):
                taken.append(at)
                wide = painter.fontMetrics().horizontalAdvance(words) + 4
                names.append((QRectF(bars.right() - wide, at, wide, MARK_PX), words, colour))
        # Drawn last, on a background of their own: a line of the other precision may pass there.
        ground = QColor(theme.PANEL)
        ground.setAlpha(215)
        for box, words, colour in names:
            painter.fillRect(box, ground)
            painter.setPen(colour)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


@dataclass(frozen=True, slots=True)
class Sample:
    """A value at a time: seconds of work since the first slice, and the precision at work."""

    at_s: float
    value: float
    precision: str


class StripChart(KeptChart):
    """A quantity over the time worked, with its name and current value above it and its peak as a line."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._name = name
        self.words = ""
        self.samples: list[Sample] = []
        self.peak: float | None = None
        self._top = 1.0

    def show_samples(self, samples: Sequence[Sample], words: str, *, top: float, peak: float | None = None) -> None:
        """top: of the axis, which begins at 0. words: the value now."""
        before = self.samples, self.words, self.peak, self._top
        self.samples, self.words, self.peak, self._top = list(samples), words, peak, max(top, 1e-9)
        if before == (self.samples, self.words, self.peak, self._top):
            return
        self.setAccessibleDescription(words)
        self.repaint_soon()

    def paint(self, painter: QPainter) -> None:
        head = QRectF(0, 0, self.width(), LINE_PX)
        painter.setFont(theme.font(TEXT_PX))
        painter.setPen(QColor(theme.MUTED))
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft, self._name)
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(head, Qt.AlignmentFlag.AlignRight, self.words)
        box = QRectF(0, LINE_PX + 2, self.width() - 1, self.height() - LINE_PX - 3)
        painter.setPen(QPen(QColor(theme.BORDER), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        if self.samples:
            self._line(painter, box)
        if self.peak is not None and self.samples:
            y = box.bottom() - box.height() * min(self.peak / self._top, 1)
            painter.setPen(QPen(QColor(theme.MUTED), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))

    def _line(self, painter: QPainter, box: QRectF) -> None:
        start, end = self.samples[0].at_s, self.samples[-1].at_s
        x = box.left() + box.width() * (np.array([s.at_s for s in self.samples]) - start) / max(end - start, 1e-9)
        y = _height(box, np.array([s.value for s in self.samples]), self._top)
        first = 0
        # One piece for each stretch of one precision; each ends where the next begins.
        for i in range(1, len(self.samples) + 1):
            if i < len(self.samples) and self.samples[i].precision == self.samples[first].precision:
                continue
            piece = slice(first, min(i + 1, len(self.samples)))
            colour = QColor(theme.precision_css(self.samples[first].precision))
            painter.setPen(QPen(colour, 1.4))
            painter.drawPolyline(_polygon(x[piece], y[piece]))
            area = QColor(colour)
            area.setAlpha(45)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(area)
            ends = [box.bottom(), box.bottom()]
            painter.drawPolygon(
                _polygon(np.concatenate([x[piece], x[piece][[-1, 0]]]), np.concatenate([y[piece], ends]))
            )
            painter.setBrush(Qt.BrushStyle.NoBrush)
            first = i


def _height(box: QRectF, values: NDArray[np.float64], top: float) -> NDArray[np.float64]:
    """Pixels from the top of the widget of values on an axis from 0 to top, those above it at the top."""
    return box.bottom() - box.height() * np.minimum(values / top, 1)


def _polygon(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])
