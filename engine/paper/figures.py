"""The pictures on the page: slices with their outlines, the volume–time curve and the bullseye, outlines as vectors."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.later import Later
from engine.paper.content import Bullseye, Colour, Curve, Pictures, Tile
from engine.paper.sheet import ACCENT, GREY, INK, Shade, Sheet

pil_image = Later("PIL.Image")

GAP = 2.0
# Pixels along a side of a printed slice: some 300 to the inch.
_FINE = 240
_WHITE: Shade = (255, 255, 255)
_BLACK: Shade = (0, 0, 0)
# AHA 17-segment model: rings from the outside in, each with its first segment, its count, and where segment 1 starts,
# counterclockwise from the right, in degrees (Cerqueira et al., Circulation 2002;105:539).
_RINGS = ((1, 6, 60.0, 1.0, 0.72), (7, 6, 60.0, 0.72, 0.44), (13, 4, 45.0, 0.44, 0.16))


def columns(count: int, width: float, height: float) -> tuple[int, float]:
    """(columns, side) of the largest squares of which count fit into a rectangle, with a gap between them."""
    best = (1, 0.0)
    for number in range(1, max(count, 1) + 1):
        rows = math.ceil(count / number)
        side = min((width - GAP * (number - 1)) / number, (height - GAP * (rows - 1)) / rows)
        if side > best[1]:
            best = (number, side)
    return best


def draw_pictures(
    sheet: Sheet, pictures: Pictures, x: float, y: float, number: int, side: float, colours: Mapping[int, Colour]
) -> float:
    """The slices of a phase in rows of number squares. Returns where they end."""
    for at, tile in enumerate(pictures.tiles):
        left, top = x + at % number * (side + GAP), y + at // number * (side + GAP)
        _tile(sheet, tile, left, top, side, colours)
        if at % number == 0:
            _letters(sheet, pictures.letters, left, top, side)
    return y + math.ceil(len(pictures.tiles) / number) * (side + GAP) - GAP


def _tile(sheet: Sheet, tile: Tile, x: float, y: float, side: float, colours: Mapping[int, Colour]) -> None:
    image = pil_image.fromarray(tile.picture).resize((_FINE, _FINE), pil_image.Resampling.BICUBIC)
    sheet.picture(image, x, y, side, side)
    sheet.clipped(x, y, side, side)
    for structure, points in tile.outlines:
        line = [(x + float(px) * side, y + float(py) * side) for px, py in points]
        sheet.path(line, shade=colours[structure], thick=0.7, closed=True)
    sheet.unclipped()
    _edged(sheet, tile.caption, x + 2.2, y + side - 2.6, min(6.0, side / 8))


def _letters(sheet: Sheet, letters: tuple[str, str, str, str], x: float, y: float, side: float) -> None:
    size = min(5.0, side / 9)
    left, right, top, bottom = letters
    _edged(sheet, left, x + 1.5, y + side / 2, size)
    _edged(sheet, right, x + side - 1.5, y + side / 2, size, "right")
    _edged(sheet, top, x + side / 2, y + size + 0.8, size, "middle")
    _edged(sheet, bottom, x + side / 2, y + side - 1.8, size, "middle")


def _edged(sheet: Sheet, text: str, x: float, y: float, size: float, align: str = "left") -> None:
    """White words that can be read on any grey."""
    if not text:
        return
    wide = sheet.width(text, size)
    left = x if align == "left" else x - wide if align == "right" else x - wide / 2
    sheet.box(left - 0.8, y - size * 0.85, wide + 1.6, size * 1.08, _BLACK, opacity=0.5)
    sheet.write(text, x, y, size, shade=_WHITE, align=align)


# -- the curve -------------------------------------------------------------------------------------------------------


def draw_curve(
    sheet: Sheet, curve: Curve, x: float, y: float, width: float, height: float, colours: Mapping[int, Colour]
) -> None:
    """Volumes over the beat, with axes, the phases as dashed lines, and a legend in the line's colour."""
    left, bottom, top = x + 24, y + height - 18, y + 12
    right = x + width - 6
    highest = max((max(line.ml) for line in curve.lines if line.ml), default=0.0)
    step = _step(max(highest, 1.0), 4)
    ceiling = step * math.ceil(max(highest, 1.0) / step)
    first, last = curve.at[0], curve.at[-1]
    span = max(last - first, 1e-9)

    def px(value: float) -> float:
        return left + (value - first) / span * (right - left)

    def py(ml: float) -> float:
        return bottom - ml / ceiling * (bottom - top)

    for index in range(round(ceiling / step) + 1):
        level = index * step
        sheet.rule(left, py(level), right, py(level), thick=0.35)
        sheet.write(f"{level:g}", left - 3, py(level) + 2, 5.5, shade=GREY, align="right")
    sheet.write("mL", left - 3, top - 5, 5.5, shade=GREY, align="right")
    pitch = _step(span, 5)
    if all(place == int(place) for place in curve.at):  # frames, of which there are no halves
        pitch = max(math.ceil(pitch), 1)
    at = math.ceil(first / pitch) * pitch
    while at <= last + 1e-6:
        sheet.rule(px(at), bottom, px(at), bottom + 2, thick=0.35, shade=GREY)
        sheet.write(f"{at:g}", px(at), bottom + 8, 5.5, shade=GREY, align="middle")
        at += pitch
    sheet.write(sheet.shown(curve.unit), right, bottom + 15, 5.5, shade=GREY, align="right")
    taken: list[float] = []
    for name, frame in sorted(curve.marks, key=lambda mark: mark[1]):
        where = px(curve.at[frame])
        sheet.rule(where, top - 2, where, bottom, thick=0.5, shade=GREY, dash=1.6)
        # Names of phases that are near each other stand one above the other.
        row = sum(abs(where - other) < 16 for other in taken)
        taken.append(where)
        align = "left" if where < left + 8 else "right" if where > right - 8 else "middle"
        sheet.write(sheet.shown(name), where, top - 4 - 6 * row, 5.5, shade=INK, bold=True, align=align)
    along = right
    for line in curve.lines:
        shade = _dark(colours[line.structure])
        points = [(px(t), py(ml)) for t, ml in zip(curve.at, line.ml, strict=True)]
        sheet.path(points, shade=shade, thick=1.2)
        for point in points:
            sheet.dot(*point, 0.9, shade)
        name = sheet.shown(line.name)
        sheet.write(name, along, y + 1, 6, shade=shade, bold=True, align="right")
        along -= sheet.width(name, 6, bold=True) + 8


def _step(span: float, most: int) -> float:
    """A round distance between at most so many lines of a scale."""
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * (1 - 1e-9))


def _dark(colour: Colour) -> Shade:
    """A colour of the dark window, darkened until it stands out on white paper."""
    luminance = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]
    share = min(1.0, 110.0 / max(luminance, 1.0))
    return (round(colour[0] * share), round(colour[1] * share), round(colour[2] * share))


# -- the bullseye ----------------------------------------------------------------------------------------------------


def draw_bullseye(sheet: Sheet, bullseye: Bullseye, x: float, y: float, side: float) -> None:
    """The AHA segments with their values, darker where the value is larger. x, y: the top left corner of its square."""
    middle_x, middle_y, radius = x + side / 2, y + side / 2, side / 2
    known = [value for value in bullseye.values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)

    def place(share: float, degrees: float) -> tuple[float, float]:
        angle = math.radians(degrees)
        return middle_x + radius * share * math.cos(angle), middle_y - radius * share * math.sin(angle)

    for first, count, start, outer, inner in _RINGS:
        sweep = 360.0 / count
        for index in range(count):
            value = bullseye.values[first - 1 + index] if first - 1 + index < len(bullseye.values) else None
            begin = start + index * sweep
            arc = [begin + sweep * part / 16 for part in range(17)]
            points = [place(outer, at) for at in arc] + [place(inner, at) for at in reversed(arc)]
            share = 0.0 if value is None or high <= low else (value - low) / (high - low)
            sheet.path(points, shade=GREY, fill=_tint(share) if value is not None else _WHITE, thick=0.4, closed=True)
            text = "–" if value is None else f"{value:.{bullseye.digits}f}".replace("-", "−")
            at_x, at_y = place((outer + inner) / 2, begin + sweep / 2)
            sheet.write(text, at_x, at_y + 1.9, 5.2, shade=INK, align="middle")
    sheet.path([place(_RINGS[-1][4], degrees) for degrees in range(0, 360, 15)], shade=GREY, fill=_WHITE, thick=0.4,
               closed=True)  # fmt: skip
    apex = bullseye.values[16] if len(bullseye.values) > 16 else None
    if apex is not None:
        sheet.write(f"{apex:.{bullseye.digits}f}", middle_x, middle_y + 1.9, 5.2, align="middle")
    title = f"{bullseye.title}, {bullseye.unit}"
    sheet.fit(title, middle_x, y + side + 8, 6, side + 6, bold=True, shade=ACCENT, align="middle")


def _tint(share: float) -> Shade:
    """From nearly white to a light blue, on which dark figures can be read."""
    pale, full = (240, 245, 251), (150, 190, 228)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(pale, full, strict=True))
    return red, green, blue
