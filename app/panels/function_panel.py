"""Volumes, ejection fraction and mass of what is on screen, and the volume–time curve of a cine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.look import theme
from app.look.widgets import Panel, label
from app.panels.plot import AXIS_HEIGHT, Plot
from app.state.queries import card_of, run_of, shown_correction, shown_function, shown_prediction
from app.state.types import AppState, Run, Status
from app.words.engine_words import translated
from app.words.language import COUNT, joined, translate
from engine.measures import quantities
from engine.measures.function import Function
from engine.pictures.render import Colour
from engine.volume import LV, RV, Known, Volume

NOT_DEFINED = "–"
PHASE_NAME_PX = 16


@dataclass(frozen=True, slots=True)
class ShownFunction:
    """All that the panel shows. whose: model and precision. by_hand: that labels were corrected. empty: instead."""

    volume: Volume | None
    function: Function | None
    frame: int
    whose: str
    by_hand: str
    empty: str
    colours: Mapping[int, Colour]

    @property
    def cine(self) -> bool:
        return self.volume is not None and self.volume.is_cine


def _shown_function(state: AppState) -> ShownFunction:
    volume, function, prediction = state.scan.volume, shown_function(state), shown_prediction(state)
    there = function is not None and volume is not None
    return ShownFunction(
        volume=volume,
        function=function if there else None,
        frame=state.view.frame_index,
        whose=f"{prediction.model_name} · {prediction.precision}" if there and prediction else "",
        by_hand=_by_hand(state) if there else "",
        empty="" if there else _why_empty(state, run_of(state)),
        colours=state.preferences.overlay.colours,
    )


class FunctionPanel(Panel):
    """Shows the measurements of exactly the outlines drawn, and says which those are."""

    frame_requested = Signal(int)
    spacing_requested = Signal()

    def __init__(self) -> None:
        super().__init__(translate("Function", "Function"))
        self._whose = label("", "small")
        self.title_row.addWidget(self._whose)
        self._empty = label("", "muted", wrap=True)
        self.body.addWidget(self._empty)
        self._filled = QWidget()
        filled = QVBoxLayout(self._filled)
        filled.setContentsMargins(0, 0, 0, 0)
        filled.setSpacing(8)
        self.body.addWidget(self._filled)

        self.by_hand = label("", "good", wrap=True)
        filled.addWidget(self.by_hand)
        big = QHBoxLayout()
        self.lv_ef, self.rv_ef = label(NOT_DEFINED, "big"), label(NOT_DEFINED, "big")
        for name, number, structure in (
            (translate("Function", "LV ejection fraction"), self.lv_ef, LV),
            (translate("Function", "RV ejection fraction"), self.rv_ef, RV),
        ):
            column = QVBoxLayout()
            column.setSpacing(0)
            title = label(name, "small")
            title.setProperty("structure", str(structure))
            column.addWidget(title)
            column.addWidget(number)
            big.addLayout(column, 1)
        filled.addLayout(big)
        self.doubts = label("", "notice", wrap=True)
        filled.addWidget(self.doubts)

        self._cells: dict[tuple[int, int], QLabel] = {}
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(10)
        self._table.setVerticalSpacing(3)
        for at, stretch in enumerate((5, 4, 4)):
            self._table.setColumnStretch(at, stretch)
        filled.addLayout(self._table)

        self._spacing = QWidget()
        spacing = QHBoxLayout(self._spacing)
        spacing.setContentsMargins(0, 0, 0, 0)
        unknown = translate("Function", "Spacing unknown: no mL and no grams, only EF.")
        spacing.addWidget(label(unknown, "notice", wrap=True), 1)
        self.enter_spacing = QPushButton(translate("Function", "Enter spacing…"))
        self.enter_spacing.clicked.connect(self.spacing_requested)
        spacing.addWidget(self.enter_spacing)
        filled.addWidget(self._spacing)

        self.curve = Plot(translate("Function", "frame", "axis"), "mL")
        self.curve.setAccessibleName(translate("Function", "Volumes of both ventricles over the heartbeat"))
        self.curve.setToolTip(translate("Function", "Click to go to a frame"))
        self._lines = {label_: self.curve.plot(symbol="o", symbolSize=4, symbolPen=None) for label_ in (RV, LV)}
        self._now = pg.InfiniteLine(angle=90)
        # Their names stand at the top, where _leave_room keeps the curves from.
        self._phases = {
            name: pg.InfiniteLine(angle=90, label=name, labelOpts={"position": 1.0, "anchors": [(0, 0.2), (1, 0.2)]})
            for name in ("ED", "ES")
        }
        for line in self._phases.values():
            line.label.setFont(theme.font(10))
        self._highest = 0.0
        self._colour()
        for line in (*self._phases.values(), self._now):
            self.curve.addItem(line, ignoreBounds=True)
        self.curve.scene().sigMouseClicked.connect(self._clicked)
        filled.addWidget(self.curve)
        self._note = label("", "small", wrap=True)
        filled.addWidget(self._note)
        self._shown: ShownFunction | None = None
        self.apply(AppState())

    def _colour(self) -> None:
        # The plot's pens are in the screen's pixels, of which a fine screen has more to a point.
        ratio = self.devicePixelRatioF()
        for structure, line in self._lines.items():
            line.setPen(pg.mkPen(theme.structure_css(structure), width=2 * ratio))
            line.setSymbolBrush(theme.structure_css(structure))
        self._now.setPen(pg.mkPen(theme.TEXT, width=ratio))
        for line in self._phases.values():
            line.setPen(pg.mkPen(theme.FAINT, width=ratio, style=Qt.PenStyle.DashLine))
            line.label.setColor(theme.MUTED)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_phases"):
            self._colour()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange and hasattr(self, "_phases"):
            self._colour()
        return super().event(event)

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_function(state)
        shown = self._shown
        if shown == before:
            return
        if before is None or shown.colours != before.colours:
            self._colour()
        if before is not None and shown == replace(before, frame=shown.frame) and shown.cine:
            self._now.setValue(shown.frame + 1)
            return
        self._filled.setVisible(shown.function is not None)
        self._empty.setVisible(shown.function is None)
        self._whose.setText(shown.whose)
        if shown.function is None or shown.volume is None:
            self._empty.setText(shown.empty)
            return
        self.by_hand.setText(shown.by_hand)
        self.by_hand.setVisible(bool(shown.by_hand))
        self._show(shown.function, shown.volume, shown.frame)

    def _show(self, function: Function, volume: Volume, frame: int) -> None:
        self.lv_ef.setText(_percent(function.lv.ef_percent, doubtful="lv" in function.doubtful))
        self.rv_ef.setText(_percent(function.rv.ef_percent, doubtful="rv" in function.doubtful))
        self.doubts.setText("\n".join(map(translated, function.notices)))
        self.doubts.setVisible(bool(function.notices))
        known = function.units_known
        rows: list[tuple[str, str, str]] = []
        if known:
            if function.lv.ef_percent is None and volume.frames == 1:
                volumes = (_unit(function.lv_ml[frame], "mL"), _unit(function.rv_ml[frame], "mL"))
                rows.append((translate("Function", "Volume"), *volumes))
            else:
                rows += [_row(sides, function) for sides in quantities.rows(main=False) if None not in sides]
            rows += [_row(sides, function) for sides in quantities.rows(main=False) if None in sides]
        self._fill_table([(_phases(function, volume), "LV", "RV"), *rows] if rows else [])
        self._spacing.setVisible(not known)
        found = max(*function.lv_ml, *function.rv_ml) > 0
        self.curve.setVisible(volume.is_cine and found)
        if volume.is_cine and found:
            frames = list(range(1, volume.frames + 1))
            unit = "mL" if known else translate("Function", "voxels, relative")
            self.curve.set_labels(translate("Function", "frame", "axis"), unit)
            for structure, values in ((LV, function.lv_ml), (RV, function.rv_ml)):
                top = max(*values, 1e-9)
                self._lines[structure].setData(frames, values if known else [v / top for v in values])
            self._highest = max(*function.lv_ml, *function.rv_ml) if known else 1.0
            self.curve.setXRange(1, volume.frames)
            self._leave_room()
            for name, at in (("ED", function.ed_frame), ("ES", function.es_frame)):
                self._phases[name].setVisible(at is not None)
                self._phases[name].setValue((at or 0) + 1)
            self._now.setValue(frame + 1)
        note = ""
        if not found:
            note = translate("Function", "The model found neither ventricle in this scan. Is it a short-axis cine?")
        elif volume.frames == 1:
            note = translate("Function", "One phase only: ejection fraction needs end-diastole and end-systole.")
        elif volume.phase_names:
            note = translate("Function", "From the {phases} phases; a cine would show the curve between them.")
            note = note.format(phases=joined(volume.phase_names))
        elif volume.time_order is Known.ASSUMED:
            note = translate("Function", "The order of the frames is unknown: no phases and no ejection fraction.")
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._filled.setToolTip("\n".join(map(translated, quantities.rules(function))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._leave_room()

    def _leave_room(self) -> None:
        """Let the highest curve end below the names of the phases, whatever the height of the plot."""
        if self._highest > 0:
            plot_px = max(self.curve.height() - AXIS_HEIGHT, 1)
            self.curve.setYRange(0, self._highest / (1 - min(PHASE_NAME_PX / plot_px, 0.5)))

    def _fill_table(self, rows: list[tuple[str, str, str]]) -> None:
        """Cells are made once and kept."""
        for (r, c), cell in self._cells.items():
            if r >= len(rows) or c >= len(rows[r]):
                cell.setVisible(False)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                if (r, c) not in self._cells:
                    made = self._cells[r, c] = label("", "muted" if c == 0 or r == 0 else "value")
                    if c:
                        made.setAlignment(Qt.AlignmentFlag.AlignRight)
                    self._table.addWidget(made, r, c)
                cell = self._cells[r, c]
                cell.setText(text)
                cell.setVisible(True)

    def _clicked(self, event: object) -> None:
        volume = self._shown.volume if self._shown is not None else None
        if volume is None or not volume.is_cine:
            return
        at = self.curve.getPlotItem().getViewBox().mapSceneToView(event.scenePos()).x()  # type: ignore[attr-defined]
        self.frame_requested.emit(min(max(round(at) - 1, 0), volume.frames - 1))


def _by_hand(state: AppState) -> str:
    """That the labels measured are not all the model's."""
    correction = shown_correction(state)
    if correction is None:
        return ""
    count = len(correction.planes)
    return translate("Function", "Corrected by hand: %n slice(s)", "", COUNT, count)


def _why_empty(state: AppState, run: Run | None) -> str:
    """What to do, or to wait for, where there are no measurements."""
    if state.scan.volume is None:
        return translate("Function", "Open a scan to see volumes and ejection fraction.")
    if state.scan.loading is not None:
        return translate("Function", "The scan is still being read.")
    if state.models.catalog is not None and card_of(state) is None:
        return translate("Function", "No model is installed, so there is nothing to measure.")
    match run.status if run else None:
        case Status.RUNNING | Status.WAITING:
            return translate("Function", "Measured as soon as the scan is segmented…")
        case Status.PART:
            return translate("Function", "Only single slices are segmented; volumes need them all. Press Segment.")
        case Status.STOPPED:
            return translate("Function", "The segmentation was stopped. Press Segment to go on.")
        case Status.FAILED:
            return translate("Function", "The segmentation failed; the message above the image says why.")
    return translate("Function", "Not segmented. Press Segment to do so.")


def _phases(function: Function, volume: Volume) -> str:
    """Which frames of a cine were measured: the rule that finds them can be off by some where the curve is flat."""
    if not volume.is_cine or function.ed_frame is None or function.es_frame is None:
        return ""
    said_of = translate("Function", "ED frame {ed}, ES {es}")
    return said_of.format(ed=function.ed_frame + 1, es=function.es_frame + 1)


def _row(
    sides: tuple[quantities.Measure | None, quantities.Measure | None], function: Function
) -> tuple[str, str, str]:
    """A row of engine.measures.quantities: name, left and right ventricle."""
    name = next(side.name for side in sides if side is not None)
    left, right = ("" if side is None else _unit(side.value(function), side.unit_of(function)) for side in sides)
    return translated(name), left, right


def _percent(value: float | None, *, doubtful: bool) -> str:
    return NOT_DEFINED if value is None else f"{value:.0f} %{' ?' * doubtful}"


def _unit(value: float | None, unit: str) -> str:
    return NOT_DEFINED if value is None else f"{value:.0f} {unit}"
