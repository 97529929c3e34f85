"""One page of A4, laid out from a Content: nothing is clipped, and what does not fit is written smaller.

From the top: letterhead, who and what, numbers beside curve and bullseye, the reader's conclusion, the slices of both
phases with their outlines. At the foot: what was changed and left open, how it was made, a place to sign.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ExportError
from engine.later import Later
from engine.paper import figures
from engine.paper.content import Content, NormMark, Number
from engine.paper.report_words import word
from engine.paper.sheet import ACCENT, ALARM, GREY, HEIGHT, INK, WIDTH, Sheet

pil_image = Later("PIL.Image")

LEFT, RIGHT, TOP, BOTTOM = 38.0, WIDTH - 38.0, 34.0, HEIGHT - 28.0
ACROSS = RIGHT - LEFT
_GAP = 9.0
_TABLE_WIDTH = 300.0
_HALF = (ACROSS - 16.0) / 2
_MOST_SIDE = 88.0
# The sides of a printed slice to strive for, one after the other.
_SIDES = (44.0, 36.0, 26.0)
_ROW, _SMALL_ROW = 10.4, 9.4
MAX_LOGO_BYTES, _MAX_LOGO_PIXELS = 4_000_000, 4_000_000
_MAX_CONCLUSION = 4000
MAX_TILES = 16
"""Slices of a phase on the page."""


def to_pdf(content: Content) -> bytes:
    """The report as a PDF of one page. The same content gives the same bytes.

    Raises ExportError where the conclusion cannot be brought onto the page, or the logo is no PNG.
    """
    return lay_out(content, Sheet).to_bytes()


def lay_out(content: Content, sheet_of: Callable[[str, str], Sheet]) -> Sheet:
    """The page on a sheet. sheet_of: makes an empty one from title and language. Raises ExportError as to_pdf does."""
    logo = _logo(content.logo)
    if len(content.conclusion) > _MAX_CONCLUSION:
        raise _too_long(content)
    # Glyphs that are missing become known while writing, and have a line of their own: then the page is made once more.
    missing: tuple[str, ...] = ()
    while True:
        sheet = sheet_of(word("Cardiac MRI report", content.language), content.language)
        _Page(sheet, content, logo, missing).write()
        if tuple(sheet.missing) == missing:
            return sheet
        missing = tuple(sheet.missing)


def check_logo(logo: bytes) -> None:
    """Raise ExportError, one sentence, where this is no PNG that can be printed."""
    _logo(logo)


def _logo(content: bytes) -> Any:
    """The logo as a picture of Pillow's on white, None for none."""
    if not content:
        return None
    if len(content) > MAX_LOGO_BYTES:
        raise ExportError(f"the logo has {len(content)} bytes, more than {MAX_LOGO_BYTES}; choose a smaller PNG")
    try:
        with pil_image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            if picture.width * picture.height > _MAX_LOGO_PIXELS:
                raise ExportError(
                    f"the logo has {picture.width} × {picture.height} pixels, more than {_MAX_LOGO_PIXELS}; "
                    "choose a smaller PNG"
                )
            clear = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:  # Pillow's own errors are OSErrors; a broken chunk is the last
        raise ExportError("the logo is no PNG, or damaged; choose a .png file") from error
    white = pil_image.new("RGBA", clear.size, "white")
    return pil_image.alpha_composite(white, clear).convert("RGB")


def _too_long(content: Content) -> ExportError:
    return ExportError(
        f"the conclusion has {len(content.conclusion)} characters and {len(content.conclusion.splitlines())} lines, "
        "which one page has no room for; shorten it"
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """A heading, and lines under it."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Sizes of a try: of the letters of conclusion and notes, how long lists may be, and how the slices are arranged.

    beside: one phase stands beside the other, not above it.
    """

    conclusion: float
    notes: float
    listed: int
    columns: int = 1
    side: float = 0.0
    beside: bool = False


class _Page:
    def __init__(self, sheet: Sheet, content: Content, logo: Any, missing: tuple[str, ...]) -> None:
        self.sheet, self.content, self.logo, self.missing = sheet, content, logo, missing

    def word(self, text: str) -> str:
        return word(text, self.content.language)

    def write(self) -> None:
        y = self._letterhead()
        y = self._facts(y)
        y = self._results(y)
        y = self._comparison(y)
        plan = self._plan(y)
        y = self._conclusion(y, plan.conclusion)
        x, across = LEFT, _HALF if plan.beside else ACROSS
        for pictures in self.content.pictures:
            self.sheet.fit(pictures.title, x, y + 7, 7.5, across, bold=True, shade=ACCENT)
            end = figures.draw_pictures(self.sheet, pictures, x, y + 11, plan.columns, plan.side, self.content.colours)
            x, y = (x + _HALF + 16, y) if plan.beside else (x, end + 5)
        height = self._notes_height(plan)
        self._notes(self._foot_top() - height, plan)
        self._foot()

    # -- top -----------------------------------------------------------------------------------------------------

    def _letterhead(self) -> float:
        sheet, x = self.sheet, LEFT
        if self.logo is not None:
            high = 34.0
            wide = high * self.logo.width / self.logo.height
            if wide > 110:
                wide, high = 110.0, 110.0 * self.logo.height / self.logo.width
            sheet.picture(self.logo, x, TOP + (34 - high) / 2, wide, high)
            x += wide + 10
        title_width = 170.0
        room = RIGHT - title_width - 14 - x
        if self.content.hospital:
            size = 13.0
            lines = sheet.wrapped(self.content.hospital, size, room, bold=True)
            while len(lines) > 2 and size > 6:
                size -= 0.5
                lines = sheet.wrapped(self.content.hospital, size, room, bold=True)
            lines = lines[:3]
            leading = size * 1.15
            first = TOP + 17 - leading * len(lines) / 2 + size * 0.85
            sheet.lines(lines, x, first, size, leading, bold=True, shade=ACCENT)
        sheet.fit(self.word("Cardiac MRI report"), RIGHT, TOP + 15, 15, title_width, bold=True, align="right")
        subtitle = self.word("Ventricular volumes and function")
        sheet.fit(subtitle, RIGHT, TOP + 27, 8.5, title_width, shade=GREY, align="right")
        sheet.rule(LEFT, TOP + 40, RIGHT, TOP + 40, thick=1.2, shade=ACCENT)
        return TOP + 40 + 6

    def _facts(self, y: float) -> float:
        """The first fact large, over two columns; the others in four."""
        facts = self.content.facts
        if not facts:
            return y
        sheet, quarter = self.sheet, ACROSS / 4
        (label, value), *others = facts
        self._label(label, LEFT, y + 6)
        lines = sheet.wrapped(value, 12, 2 * quarter - 10, bold=True)
        size = 12.0
        while len(lines) > 2 and size > 6:
            size -= 0.5
            lines = sheet.wrapped(value, size, 2 * quarter - 10, bold=True)
        sheet.lines(lines, LEFT, y + 8 + size, size, size * 1.15, bold=True)
        first_height = max(10 + size * 1.15 * len(lines), 22.0)
        for at, (label, value) in enumerate(others[:2]):
            x = LEFT + (2 + at) * quarter
            self._label(label, x, y + 6)
            sheet.fit(value, x, y + 17, 9, quarter - 8, least=6)
        y += first_height + 5
        for at, (label, value) in enumerate(others[2:]):
            x, top = LEFT + at % 4 * quarter, y + at // 4 * 20
            self._label(label, x, top + 6)
            sheet.fit(value, x, top + 15.5, 8, quarter - 8, least=5.5)
        y += math.ceil(len(others[2:]) / 4) * 20 + 2
        sheet.rule(LEFT, y, RIGHT, y)
        return y + _GAP - 3

    def _label(self, text: str, x: float, y: float) -> None:
        self.sheet.fit(text, x, y, 6, ACROSS / 4 - 8, shade=GREY)

    def _title(self, text: str, x: float, y: float, width: float) -> None:
        self.sheet.fit(text, x, y, 8.5, width, bold=True, shade=ACCENT)

    # -- numbers and charts --------------------------------------------------------------------------------------

    def _results(self, y: float) -> float:
        content, sheet = self.content, self.sheet
        has_charts = content.curve is not None or bool(content.bullseyes)
        if not content.numbers and not has_charts:
            return y
        width = _TABLE_WIDTH if has_charts else ACROSS
        table_end = self._table(y, width)
        x, room = LEFT + _TABLE_WIDTH + 18, ACROSS - _TABLE_WIDTH - 18
        below = y
        height = max(table_end - y, 120.0 if content.curve is not None else 0.0)
        if content.curve is not None:
            self._title(self.word("Volume over time"), x, y + 8, room)
            high = min(max(height - (96 if content.bullseyes else 8), 84), 126)
            figures.draw_curve(sheet, content.curve, x, y + 18, room, high - 12, content.colours)
            below = y + high + 8
        if content.bullseyes:
            count = len(content.bullseyes)
            side = min(room / count - 14, 78.0)
            pitch = room / count
            for at, bullseye in enumerate(content.bullseyes):
                figures.draw_bullseye(sheet, bullseye, x + at * pitch + (pitch - side) / 2, below, side)
            below += side + 12
        return max(table_end, below) + _GAP - 2

    def _table(self, y: float, width: float) -> float:
        sheet = self.sheet
        self._title(self.word("Results"), LEFT, y + 8, 120)
        unit_x = LEFT + width * 0.36
        columns = ((self.word("LV"), LEFT + width * 0.55), (self.word("RV"), LEFT + width * 0.82))
        sides = ([row.lv for row in self.content.numbers], [row.rv for row in self.content.numbers])
        for (name, x), numbers in zip(columns, sides, strict=True):
            sheet.write(name, x, y + 8, 8, bold=True, shade=GREY, align="right")
            if any(number is not None and number.norm for number in numbers):
                sheet.write(self.word("normal"), x + 9, y + 8, 6, shade=GREY)
        y += 12
        sheet.rule(LEFT, y, LEFT + width, y, shade=GREY)
        for row in self.content.numbers:
            base = y + _ROW - 2.8
            sheet.fit(row.name, LEFT, base, 8, unit_x - LEFT - 4, bold=row.strong)
            sheet.fit(row.unit, unit_x, base, 6.5, width * 0.1, shade=GREY)
            for number, (_, x) in zip((row.lv, row.rv), columns, strict=True):
                if number is not None:
                    self._number(number, x, base, width * 0.18 - 9, row.strong)
            y += _ROW
            sheet.rule(LEFT, y, LEFT + width, y, thick=0.3)
        return y

    def _comparison(self, y: float) -> float:
        """Other masks of the scan, precisions and readers, a line each."""
        found, sheet = self.content.comparison, self.sheet
        if not found.rows:
            return y
        first = 118.0
        pitch = (ACROSS - first) / len(found.columns)
        self._title(self.word("Compared"), LEFT, y + 8, first - 8)
        for at, name in enumerate(found.columns, start=1):
            sheet.fit(name, LEFT + first + at * pitch, y + 8, 6.5, pitch - 6, shade=GREY, align="right")
        y += 11
        sheet.rule(LEFT, y, RIGHT, y, shade=GREY)
        for name, values in found.rows:
            sheet.fit(name, LEFT, y + 7.4, 7, first - 4)
            for at, value in enumerate(values, start=1):
                sheet.fit(value, LEFT + first + at * pitch, y + 7.4, 7.5, pitch - 6, align="right")
            y += _SMALL_ROW
            sheet.rule(LEFT, y, RIGHT, y, thick=0.3)
        return y + _GAP - 2

    def _number(self, number: Number, x: float, y: float, norm_width: float, strong: bool) -> None:
        outside = number.mark is not NormMark.NONE
        self.sheet.fit(
            number.text, x, y, 8.5, 46, bold=strong or outside, shade=ALARM if outside else INK, align="right"
        )
        if outside:
            up = number.mark is NormMark.HIGH
            tip, foot = (y - 6, y - 0.5) if up else (y, y - 5.5)
            points = [(x + 4.2, tip), (x + 2, foot), (x + 6.4, foot)]
            self.sheet.path(points, fill=ALARM, closed=True)
        if number.norm:
            self.sheet.fit(number.norm, x + 9, y, 6.5, norm_width, shade=GREY)

    # -- the middle ----------------------------------------------------------------------------------------------

    def _plan(self, y: float) -> _Plan:
        """The largest letters and slices that the rest of the page has room for."""
        for least in _SIDES:
            for conclusion, notes, listed in (
                (9.0, 6.6, 6), (9.0, 6.2, 5), (9.0, 5.8, 4), (8.5, 5.8, 3), (8.0, 5.5, 3), (7.0, 5.2, 2), (6.5, 5.0, 2),
            ):  # fmt: skip
                plan = _Plan(conclusion, notes, listed)
                room = self._foot_top() - self._notes_height(plan) - _GAP - y - self._conclusion_height(conclusion)
                if not self.content.pictures:
                    if room >= 0:
                        return plan
                    continue
                arranged = self._arranged(room)
                if arranged[1] >= least:
                    columns, side, beside = arranged
                    return _Plan(conclusion, notes, listed, columns, min(side, _MOST_SIDE), beside)
        raise _too_long(self.content)

    def _arranged(self, room: float) -> tuple[int, float, bool]:
        """(columns, side, beside) of the largest slices that this height has room for."""
        phases = len(self.content.pictures)
        count = max(len(pictures.tiles) for pictures in self.content.pictures)
        below = (*figures.columns(count, ACROSS, room / phases - 16), False)
        if phases < 2:
            return below
        beside = (*figures.columns(count, _HALF, room - 16), True)
        return max(below, beside, key=lambda arranged: arranged[1])

    def _conclusion_height(self, size: float) -> float:
        if not self.content.conclusion.strip():
            return 0.0
        lines = self.sheet.wrapped(self.content.conclusion, size, ACROSS - 16)
        return 18 + len(lines) * size * 1.28 + _GAP

    def _conclusion(self, y: float, size: float) -> float:
        height = self._conclusion_height(size)
        if not height:
            return y
        sheet = self.sheet
        sheet.box(LEFT, y, ACROSS, height - _GAP, (241, 245, 250))
        sheet.box(LEFT, y, 2.5, height - _GAP, ACCENT)
        self._title(self.word("Conclusion"), LEFT + 9, y + 10.5, ACROSS - 18)
        lines = sheet.wrapped(self.content.conclusion, size, ACROSS - 16)
        sheet.lines(lines, LEFT + 9, y + 13 + size, size, size * 1.28)
        return y + height

    # -- the foot ------------------------------------------------------------------------------------------------

    def _blocks(self, plan: _Plan) -> tuple[list[_Block], list[_Block]]:
        """What stands in the left and in the right column at the foot."""
        content = self.content
        codes = " ".join(f"U+{ord(character):04X}" for character in self.missing[:12])
        glyphs = [self.word("Characters without a glyph here: {codes}").format(codes=codes)] if self.missing else []
        notes = self._listed([*glyphs, *content.notices], plan)
        left = [
            _Block(self.word("Corrected by hand"), self._listed(content.corrected or [self.word("nothing")], plan)),
            _Block(self.word("Left open"), self._listed(content.flags or [self.word("none noted")], plan)),
        ]
        if notes:
            left.append(_Block(self.word("Notes"), notes))
        pairs = [f"{label}: {value}" for label, value in content.method]
        made = [line for pair in pairs for line in self.sheet.wrapped(pair, plan.notes, _HALF)]
        # Of hashes one line each, however small.
        made += [self.sheet.shown(f"{label}: {value}") for label, value in content.fingerprints]
        right = [_Block(self.word("How it was made"), tuple(made))] if made else []
        if content.rules:
            rules = _Block(self.word("Rules"), tuple(self.sheet.wrapped(" ".join(content.rules), plan.notes, _HALF)))
            shorter = min((right, left), key=lambda blocks: _blocks_height(blocks, plan.notes))
            shorter.append(rules)
        return left, right

    def _listed(self, sentences: Sequence[str], plan: _Plan) -> tuple[str, ...]:
        """Sentences as lines; of a long list its beginning, and how much more there is."""
        shown = list(sentences[: plan.listed])
        if len(sentences) > len(shown):
            shown.append(self.word("and {count} more").format(count=len(sentences) - len(shown)))
        return tuple(line for sentence in shown for line in self.sheet.wrapped(sentence, plan.notes, _HALF))

    def _notes_height(self, plan: _Plan) -> float:
        return max(_blocks_height(blocks, plan.notes) for blocks in self._blocks(plan))

    def _notes(self, y: float, plan: _Plan) -> None:
        sheet = self.sheet
        sheet.rule(LEFT, y - 4, RIGHT, y - 4)
        for x, blocks in zip((LEFT, LEFT + _HALF + 16), self._blocks(plan), strict=True):
            at = y
            for block in blocks:
                sheet.write(block.title, x, at + 7, 7, bold=True, shade=ACCENT)
                for number, line in enumerate(block.lines):
                    base = at + 9 + plan.notes + number * plan.notes * 1.2
                    sheet.fit(line, x, base, plan.notes, _HALF, in_glyphs=True)
                at += _block_height(block, plan.notes)

    def _foot_top(self) -> float:
        return BOTTOM - 34

    def _foot(self) -> None:
        sheet, y = self.sheet, self._foot_top() + 19
        middle = LEFT + ACROSS / 2
        for text, start, end in (
            (self.word("Reported by"), LEFT, middle - 8),
            (self.word("Date, signature"), middle + 8, RIGHT),
        ):
            sheet.write(text, start, y, 6.5, shade=GREY)
            sheet.rule(start + sheet.width(text, 6.5) + 4, y, end, y, shade=GREY)
        sheet.rule(LEFT, BOTTOM - 9, RIGHT, BOTTOM - 9, thick=1.2, shade=ACCENT)
        sheet.write(self.word("Research use only, not for diagnosis"), LEFT, BOTTOM, 7, bold=True, shade=ALARM)
        sheet.fit(self.content.created, middle, BOTTOM, 6.5, 150, shade=GREY, align="middle")
        sheet.write(self.word("Page 1 of 1"), RIGHT, BOTTOM, 6.5, shade=GREY, align="right")


def _block_height(block: _Block, size: float) -> float:
    return 9 + len(block.lines) * size * 1.2 + 6


def _blocks_height(blocks: Sequence[_Block], size: float) -> float:
    return sum(_block_height(block, size) for block in blocks)
