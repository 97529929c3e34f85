"""A sheet of A4 to write on: text that fits its place, lines and boxes. Lengths are in points from the top left corner.

The same calls give the same bytes: no time, no random identifier.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from engine.later import Later
from engine.paper.scripts import drawn

canvas = Later("reportlab.pdfgen.canvas")
fonts = Later("reportlab.pdfbase.ttfonts")
metrics = Later("reportlab.pdfbase.pdfmetrics")
imaging = Later("reportlab.lib.utils")

WIDTH, HEIGHT = 595.28, 841.89
PLAIN, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
_MISSING = "\u25a1"
INK, GREY, FAINT, ACCENT, ALARM = (26, 30, 36), (96, 104, 116), (208, 213, 220), (24, 66, 108), (168, 32, 32)

Shade = tuple[int, int, int]


def fonts_folder() -> Path:
    """Where the fonts are that the program ships with."""
    return Path(str(resources.files("resources"))) / "fonts"


def _registered() -> None:
    from reportlab import rl_config  # noqa: PLC0415 - only reports need the package

    # Streams as bytes: as text they would be a quarter longer, and slow to encode.
    rl_config.useA85 = 0
    for name in (PLAIN, BOLD):
        if name not in metrics.getRegisteredFontNames():
            metrics.registerFont(fonts.TTFont(name, str(fonts_folder() / f"{name}.ttf")))


class Sheet:
    """One page. y grows downwards. Text is written in fonts that are embedded as far as they are used."""

    def __init__(self, title: str, language: str) -> None:
        _registered()
        self._bytes = io.BytesIO()
        # invariant: the same dates and identifiers in every file.
        self._canvas: Any = canvas.Canvas(
            self._bytes, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1, lang=language
        )
        self._canvas.setTitle(title)
        self._canvas.setCreator("CineQuant")
        self._glyphs = frozenset(metrics.getFont(PLAIN).face.charToGlyph)
        self.missing: dict[str, None] = {}
        self._wrapped: dict[tuple[str, float, float, bool], list[str]] = {}

    def to_bytes(self) -> bytes:
        """The finished file."""
        self._canvas.showPage()
        self._canvas.save()
        return self._bytes.getvalue()

    # -- text ----------------------------------------------------------------------------------------------------

    def shown(self, text: str) -> str:
        """The text as it can be written: in the order of the eye, a box for each character without a glyph."""
        made = []
        for character in drawn(" ".join(text.split())):
            if ord(character) in self._glyphs:
                made.append(character)
            elif character.isprintable():
                self.missing[character] = None
                made.append(_MISSING)
        return "".join(made)

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Of a text that shown() has given."""
        return float(metrics.stringWidth(text, BOLD if bold else PLAIN, size))

    def wrapped(self, text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
        """Lines of a text, none wider than width; its own line breaks are kept, and long words are broken."""
        key = (text, size, width, bold)
        if key not in self._wrapped:
            self._wrapped[key] = self._wrap(*key)
        return self._wrapped[key]

    def _wrap(self, text: str, size: float, width: float, bold: bool) -> list[str]:
        lines: list[str] = []
        for paragraph in text.strip().splitlines():
            line = ""
            for word in _pieces(self, self.shown(paragraph), size, width, bold):
                joined = f"{line} {word}" if line else word
                if line and self.width(joined, size, bold=bold) > width:
                    lines.append(line)
                    joined = word
                line = joined
            lines.append(line)
        return lines

    def write(
        self, text: str, x: float, y: float, size: float, *, bold: bool = False, shade: Shade = INK, align: str = "left"
    ) -> None:
        """One line, its baseline at y. text: as shown() gives it."""
        c = self._canvas
        c.setFont(BOLD if bold else PLAIN, size)
        c.setFillColorRGB(*(part / 255 for part in shade))
        draw = {"left": c.drawString, "right": c.drawRightString, "middle": c.drawCentredString}[align]
        draw(x, HEIGHT - y, text)

    def fit(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        width: float,
        *,
        least: float = 5.0,
        bold: bool = False,
        shade: Shade = INK,
        align: str = "left",
        in_glyphs: bool = False,
    ) -> None:
        """One line that is written smaller, and at last narrower, until it fits.

        in_glyphs: the text is as shown() gives it.
        """
        text = text if in_glyphs else self.shown(text)
        while size > least and self.width(text, size, bold=bold) > width:
            size -= 0.25
        wide = self.width(text, size, bold=bold)
        if wide <= width:
            self.write(text, x, y, size, bold=bold, shade=shade, align=align)
            return
        self.scaled(x if align == "left" else x - width if align == "right" else x - width / 2, width / wide)
        self.write(text, 0, y, size, bold=bold, shade=shade)
        self.unscaled()

    def scaled(self, x: float, share: float) -> None:
        """From here to unscaled(), x counts from here, and everything is narrower by this share."""
        self._canvas.saveState()
        self._canvas.translate(x, 0)
        self._canvas.scale(share, 1)

    def unscaled(self) -> None:
        """The end of scaled()."""
        self._canvas.restoreState()

    def lines(self, lines: Sequence[str], x: float, y: float, size: float, leading: float, **how: Any) -> float:
        """Lines one below the other, the first with its baseline at y. Returns where the next one would stand."""
        for line in lines:
            self.write(line, x, y, size, **how)
            y += leading
        return y

    # -- shapes --------------------------------------------------------------------------------------------------

    def rule(
        self, x: float, y: float, to_x: float, to_y: float, *, thick: float = 0.5, shade: Shade = FAINT, dash: float = 0
    ) -> None:
        """A straight line."""
        c = self._canvas
        c.setStrokeColorRGB(*(part / 255 for part in shade))
        c.setLineWidth(thick)
        c.setDash(*((dash, dash) if dash else ()))
        c.line(x, HEIGHT - y, to_x, HEIGHT - to_y)
        c.setDash()

    def box(self, x: float, y: float, width: float, height: float, shade: Shade, *, opacity: float = 1.0) -> None:
        """A filled rectangle."""
        c = self._canvas
        c.setFillColorRGB(*(part / 255 for part in shade))
        if opacity < 1:
            c.setFillAlpha(opacity)
        c.rect(x, HEIGHT - y - height, width, height, stroke=0, fill=1)
        if opacity < 1:
            c.setFillAlpha(1)

    def dot(self, x: float, y: float, radius: float, shade: Shade) -> None:
        """A filled circle."""
        self._canvas.setFillColorRGB(*(part / 255 for part in shade))
        self._canvas.circle(x, HEIGHT - y, radius, stroke=0, fill=1)

    def path(
        self,
        points: Sequence[tuple[float, float]],
        *,
        shade: Shade | None = None,
        fill: Shade | None = None,
        thick: float = 0.8,
        closed: bool = False,
    ) -> None:
        """Straight lines from point to point. shade: of the line, fill: of what is inside; None for none."""
        c = self._canvas
        made = c.beginPath()
        for at, (x, y) in enumerate(points):
            (made.lineTo if at else made.moveTo)(round(x, 2), round(HEIGHT - y, 2))
        if closed:
            made.close()
        if shade is not None:
            c.setStrokeColorRGB(*(part / 255 for part in shade))
            c.setLineWidth(thick)
            c.setLineJoin(1)
        if fill is not None:
            c.setFillColorRGB(*(part / 255 for part in fill))
        c.drawPath(made, stroke=int(shade is not None), fill=int(fill is not None))

    def clipped(self, x: float, y: float, width: float, height: float) -> None:
        """From here to unclipped(), draw inside of a rectangle only."""
        self._canvas.saveState()
        made = self._canvas.beginPath()
        made.rect(x, HEIGHT - y - height, width, height)
        self._canvas.clipPath(made, stroke=0, fill=0)

    def unclipped(self) -> None:
        """The end of clipped()."""
        self._canvas.restoreState()

    def picture(self, image: Any, x: float, y: float, width: float, height: float) -> None:
        """A picture of Pillow's."""
        self._canvas.drawImage(imaging.ImageReader(image), x, HEIGHT - y - height, width, height, mask="auto")


def _pieces(sheet: Sheet, text: str, size: float, width: float, bold: bool) -> list[str]:
    """The words of a line, those wider than the line in parts that are not, parted after a hyphen if there is one."""
    made = []
    for word in text.split(" "):
        part = ""
        for character in word:
            if part and sheet.width(part + character, size, bold=bold) > width:
                cut = part.rfind("-") + 1 or len(part)
                made.append(part[:cut])
                part = part[cut:]
            part += character
        made.append(part)
    return made
