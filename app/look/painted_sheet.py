"""A report as a picture: the page that is written as PDF, drawn by Qt with the same fonts and the same layout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from engine.paper.content import Content
from engine.paper.page import lay_out
from engine.paper.sheet import BOLD, HEIGHT, INK, PLAIN, WIDTH, Shade, Sheet, fonts_folder


def picture_of(content: Content, width: int) -> QImage:
    """The page, so many pixels wide. May be called from any thread. Raises ExportError as to_pdf does."""
    image = QImage(width, round(width * HEIGHT / WIDTH), QImage.Format.Format_RGB32)
    sheets: list[PaintedSheet] = []

    def on(title: str, language: str) -> PaintedSheet:
        # A page is laid out anew where it turns out that glyphs are missing.
        for sheet in sheets:
            sheet.end()
        image.fill(QColor("white"))
        sheets.append(PaintedSheet(title, language, image))
        return sheets[-1]

    try:
        lay_out(content, on)
    finally:
        for sheet in sheets:
            sheet.end()
    return image


class PaintedSheet(Sheet):
    """Draws on a picture what a Sheet writes into a PDF. Words are measured as there, so that lines end alike."""

    def __init__(self, title: str, language: str, image: QImage) -> None:
        super().__init__(title, language)
        self._painter = QPainter(image)
        self._painter.setRenderHints(
            QPainter.RenderHint.Antialiasing
            | QPainter.RenderHint.TextAntialiasing
            | QPainter.RenderHint.SmoothPixmapTransform
        )
        self._painter.scale(image.width() / WIDTH, image.width() / WIDTH)

    def end(self) -> None:
        """No more is drawn."""
        if self._painter.isActive():
            self._painter.end()

    def write(
        self, text: str, x: float, y: float, size: float, *, bold: bool = False, shade: Shade = INK, align: str = "left"
    ) -> None:
        wide = self.width(text, size, bold=bold)
        start = x if align == "left" else x - wide if align == "right" else x - wide / 2
        painter = self._painter
        painter.save()
        painter.translate(start, y)
        # Drawn large and scaled down: Qt rounds small letters to whole pixels.
        painter.scale(size / 100, size / 100)
        font = _font(bold)
        drawn = QFontMetricsF(font).horizontalAdvance(text)
        if drawn > 0:
            painter.scale(wide / size * 100 / drawn, 1)
        painter.setFont(font)
        painter.setPen(QColor(*shade))
        painter.drawText(QPointF(0, 0), text)
        painter.restore()

    def scaled(self, x: float, share: float) -> None:
        self._painter.save()
        self._painter.translate(x, 0)
        self._painter.scale(share, 1)

    def unscaled(self) -> None:
        self._painter.restore()

    def rule(
        self, x: float, y: float, to_x: float, to_y: float, *, thick: float = 0.5, shade: Shade = (208, 213, 220),
        dash: float = 0,
    ) -> None:  # fmt: skip
        pen = QPen(QColor(*shade), thick)
        if dash:
            pen.setDashPattern([dash / thick, dash / thick])
        self._painter.setPen(pen)
        self._painter.drawLine(QPointF(x, y), QPointF(to_x, to_y))

    def box(self, x: float, y: float, width: float, height: float, shade: Shade, *, opacity: float = 1.0) -> None:
        self._painter.fillRect(QRectF(x, y, width, height), QColor(*shade, round(255 * opacity)))

    def dot(self, x: float, y: float, radius: float, shade: Shade) -> None:
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(QColor(*shade))
        self._painter.drawEllipse(QPointF(x, y), radius, radius)

    def path(
        self,
        points: Sequence[tuple[float, float]],
        *,
        shade: Shade | None = None,
        fill: Shade | None = None,
        thick: float = 0.8,
        closed: bool = False,
    ) -> None:
        made = QPainterPath(QPointF(*points[0]))
        for point in points[1:]:
            made.lineTo(QPointF(*point))
        if closed:
            made.closeSubpath()
        self._painter.setPen(Qt.PenStyle.NoPen if shade is None else QPen(QColor(*shade), thick))
        self._painter.setBrush(Qt.BrushStyle.NoBrush if fill is None else QColor(*fill))
        self._painter.drawPath(made)

    def clipped(self, x: float, y: float, width: float, height: float) -> None:
        self._painter.save()
        self._painter.setClipRect(QRectF(x, y, width, height), Qt.ClipOperation.IntersectClip)

    def unclipped(self) -> None:
        self._painter.restore()

    def picture(self, image: Any, x: float, y: float, width: float, height: float) -> None:
        rgb = image.convert("RGB")
        made = QImage(rgb.tobytes(), rgb.width, rgb.height, 3 * rgb.width, QImage.Format.Format_RGB888)
        self._painter.drawImage(QRectF(x, y, width, height), made)


@cache
def _font(bold: bool) -> QFont:
    """The font of the report, so large that Qt's rounding of its measures does not show."""
    name = BOLD if bold else PLAIN
    number = QFontDatabase.addApplicationFont(str(fonts_folder() / f"{name}.ttf"))
    families = QFontDatabase.applicationFontFamilies(number)
    styles = [style for style in QFontDatabase.styles(families[0]) if ("Bold" in style) is bold]
    plain = [style for style in styles if "Oblique" not in style and "Condensed" in style] or styles
    font = QFontDatabase.font(families[0], plain[0], 12)
    font.setPixelSize(100)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font
