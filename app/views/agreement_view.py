"""How far two segmentations agree in the frame on screen: Dice of each slice and structure, and of the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout

from app.look import theme
from app.look.widgets import Segments, plain_tip
from app.state.queries import comparison_of, correction_of
from app.state.types import FLOAT32, INT8, AppState, Overlay, Pair
from app.views import drawing
from app.views.painted_view import PaintedView
from app.views.panes import mask_name, note_of
from app.words.engine_words import translated
from app.words.language import joined, translate
from engine.volume import STRUCTURES, Known

SHORT_NAMES = ("LV", "MYO", "RV")
ROW_PX, TALLEST_ROW_PX = 15.0, 26.0


@dataclass(frozen=True, slots=True)
class Table:
    """What is shown. Values in the order of STRUCTURES, NaN where there is none.

    slices: Dice of each slice. dice, hd95_mm: of the frame's volume. note: what has to be said; alone where there is
    nothing to compare.
    """

    title: str
    slices: tuple[tuple[float, ...], ...] = ()
    dice: tuple[float, ...] = ()
    hd95_mm: tuple[float, ...] = ()
    note: str = ""


def table_of(state: AppState) -> Table:
    """The agreement of the two segmentations that the layout compares, in the frame on screen."""
    title = _title(state)
    if state.scan.volume is None:
        return Table("", note=translate("Agreement", "Two segmentations are compared here: open a scan"))
    comparison = comparison_of(state)
    if comparison is None:
        sides = {Pair.PRECISIONS: (FLOAT32, INT8), Pair.MASK: (state.models.precision,)}.get(state.view.pair, ())
        waits = [f"{side}: {said}" for side in sides if (said := note_of(state, side))]
        return Table(title, note="\n".join(waits) or translate("Agreement", "Comparing…"))
    frame = state.view.frame_index
    if frame not in comparison.frames:
        first = comparison.frames[0] + 1 if comparison.frames else 1
        note = translate("Agreement", "The mask is not of this frame: go to frame {number}")
        return Table(title, note=note.format(number=first))
    unknown = state.scan.volume.geometry.spacing is Known.ASSUMED
    return Table(
        title,
        tuple(map(_values, comparison.slice_dice[frame])),
        _values(comparison.frame_dice[frame]),
        _values(comparison.hd95_mm[frame]),
        translate("Agreement", "No HD95: spacing unknown") if unknown else "",
    )


def _title(state: AppState) -> str:
    match state.view.pair:
        case Pair.MASK:
            return translate("Agreement", "{precision} and mask").format(precision=state.models.precision)
        case Pair.CORRECTED:
            return translate("Agreement", "corrected and mask")
    return joined((FLOAT32, INT8))


def _values(row: np.ndarray) -> tuple[float, ...]:
    """As floats. All NaN are one object, so that equal rows compare as equal."""
    return tuple(math.nan if math.isnan(value) else float(value) for value in row)


@dataclass(frozen=True, slots=True)
class ShownAgreement:
    """All that an AgreementView draws. mask: the name of the loaded one, None without one."""

    table: Table
    slice_index: int
    pair: Pair
    mask: str | None
    corrected: bool
    overlay: Overlay


class AgreementView(PaintedView):
    """A row a slice, that of the current one framed; a click goes to a slice."""

    pair_requested = Signal(Pair)

    def __init__(self) -> None:
        super().__init__(translate("Agreement", "Agreement of the two segmentations"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 0)
        names = [
            joined((FLOAT32, INT8)),
            translate("Agreement", "Loaded mask"),
            translate("Agreement", "Corrected, mask"),
        ]
        self.pairs = Segments([str(pair) for pair in Pair], names)
        self.pairs.chosen.connect(self._choose_pair)
        column.addWidget(self.pairs)
        column.addStretch()
        self._table = Table("")
        self._shown: ShownAgreement | None = None

    def _choose_pair(self, name: str) -> None:
        self.pair_requested.emit(Pair(name))

    def apply(self, state: AppState) -> None:
        """Redraw if what this view shows of the state is something else than before."""
        self._state = state
        mask = mask_name(state) if state.segmentation.mask is not None else None
        overlay = state.preferences.overlay
        correction = correction_of(state)
        corrected = correction is not None and bool(correction.planes)
        shown = ShownAgreement(table_of(state), state.view.slice_index, state.view.pair, mask, corrected, overlay)
        if shown == self._shown:
            return
        self._shown, self._table = shown, shown.table
        self.pairs.setVisible(mask is not None)
        self.pairs.check(str(shown.pair))
        if mask is not None:
            self.pairs.buttons[str(Pair.MASK)].setToolTip(plain_tip(mask))
            self.pairs.buttons[str(Pair.CORRECTED)].setVisible(shown.corrected)
        self.setAccessibleDescription(spoken(shown.table))
        self.update()

    # -- drawing -------------------------------------------------------------------------------------------------

    def _top(self) -> float:
        return 52.0 if not self.pairs.isHidden() else 10.0

    def _rows(self) -> tuple[float, float, int, int]:
        """(top of the first row, height of a row, first slice, slices) that fit."""
        top = self._top() + 42.0
        note = drawing.line_height() if self._notice or self._table.note else 0.0
        room = self.height() - top - 52.0 - note - self.bars()[1]
        count = len(self._table.slices)
        fitting = max(1, min(count, int(room // ROW_PX)))
        first = min(max(self._state.view.slice_index - fitting // 2, 0), max(count - fitting, 0))
        return top, min(max(room / max(fitting, 1), ROW_PX), TALLEST_ROW_PX), first, fitting

    def _columns(self) -> list[QRectF]:
        """Of each structure: the room of its values (x and width only)."""
        left = 52.0
        width = max((self.width() - left - 12.0) / len(STRUCTURES), 40.0)
        return [QRectF(left + i * width, 0, width - 10, 0) for i in range(len(STRUCTURES))]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("black"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        table, size = self._table, (float(self.width()), float(self.height()))
        if not table.slices:
            drawing.invite(painter, size, table.title, table.note)
            self.paint_ring(painter)
            return
        top = self._top()
        painter.setFont(theme.font(12, bold=True))
        head = translate("Agreement", "Dice of each slice")
        drawing.words(painter, 12, top + 12, f"{head}  ·  {table.title}")
        columns = self._columns()
        for i, (name, label) in enumerate(zip(SHORT_NAMES, STRUCTURES, strict=True)):
            self._value(painter, columns[i], top + 34, name, QColor(*theme.STRUCTURE_COLOURS[label]).name(), bold=True)
        first_y, height, first, fitting = self._rows()
        for index in range(first, first + fitting):
            y = first_y + (index - first) * height
            self._slice_row(painter, columns, y, height, index)
        self._paint_more(painter, top + 34, first, len(table.slices) - first - fitting)
        y = first_y + fitting * height + 6
        painter.setPen(QPen(QColor("#333c47"), 1.0))
        painter.drawLine(QPointF(12, y), QPointF(size[0] - 12, y))
        for name, values, digits, line in (
            (translate("Agreement", "Frame"), table.dice, 3, y + 18),
            ("HD95", table.hd95_mm, 1, y + 36),
        ):
            painter.setFont(theme.font(12))
            drawing.words(painter, 12, line, name, drawing.MUTED_INK)
            for i, value in enumerate(values):
                unit = " mm" if name == "HD95" and not math.isnan(value) else ""
                self._value(painter, columns[i], line, number(value, digits) + unit, drawing.INK, bold=not unit)
        note = self._notice or table.note
        if note:
            drawing.lines(painter, size, [note], (12, 4 + self.bars()[1]), bottom=True, colour=drawing.WARNING_INK)
        self.paint_ring(painter)

    @staticmethod
    def _paint_more(painter: QPainter, y: float, above: int, below: int) -> None:
        """How many rows there are beyond those that fit; the wheel brings them."""
        more = "  ".join(f"{arrow} {count}" for arrow, count in (("↑", above), ("↓", below)) if count)
        painter.setFont(theme.font(11))
        drawing.words(painter, 12, y, more, drawing.MUTED_INK)

    def _slice_row(self, painter: QPainter, columns: list[QRectF], y: float, height: float, index: int) -> None:
        current = index == self._state.view.slice_index
        if current:
            painter.setPen(QPen(QColor(drawing.ACCENT_INK), 1.2))
            painter.setBrush(QColor(60, 200, 180, 34))
            painter.drawRoundedRect(QRectF(8, y + 0.5, self.width() - 16, height - 1), 4, 4)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setFont(theme.font(12))
        base = y + height / 2 + painter.fontMetrics().capHeight() / 2
        drawing.words(painter, 16, base, str(index + 1), drawing.INK if current else drawing.MUTED_INK)
        for column, label, value in zip(columns, STRUCTURES, self._table.slices[index], strict=True):
            if not math.isnan(value):
                colour = QColor(*theme.STRUCTURE_COLOURS[label])
                colour.setAlpha(90)
                painter.fillRect(QRectF(column.left(), y + height - 3, column.width() * value, 2.0), colour)
            self._value(painter, column, base - 1, number(value, 3), drawing.INK if current else "#c3cad3")

    @staticmethod
    def _value(painter: QPainter, column: QRectF, y: float, text: str, colour: str, *, bold: bool = False) -> None:
        painter.setFont(theme.font(12, bold=bold))
        advance = QFontMetricsF(painter.font()).horizontalAdvance(text)
        drawing.words(painter, column.right() - advance, y, text, colour)

    # -- mouse ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._mouse.press(event, AppState())  # no window or zoom here: only clicks count

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._mouse.release(event) and self._table.slices:
            top, height, first, fitting = self._rows()
            row = math.floor((event.position().y() - top) / height)
            if 0 <= row < fitting:
                self.slice_requested.emit(first + row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two clicks in a table are two clicks."""
        self.mousePressEvent(event)


def number(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def spoken(table: Table) -> str:
    """The table in a sentence, for a screen reader."""
    if not table.slices:
        return f"{table.title}: {table.note}"
    text = translate("Agreement", "{structure}: Dice {dice}, HD95 {distance} mm")
    values = zip(STRUCTURES.values(), table.dice, table.hd95_mm, strict=True)
    return "; ".join(
        text.format(structure=translated(name), dice=number(dice, 3), distance=number(mm, 1))
        for name, dice, mm in values
    )
