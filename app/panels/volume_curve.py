"""The volume–time curve of a cine: both ventricles, their phases, and the frame on screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent

from app.look import theme
from app.panels.plot import AXIS_HEIGHT, Plot
from app.words.language import translate
from engine.measures.function import Function
from engine.volume import LV, RV

PHASE_NAME_PX = 16
Phases = dict[int, tuple[int | None, int | None]]
"""(ED, ES) by ventricle."""


class VolumeCurve(Plot):
    """Shows the volumes of every frame. A click asks for a frame, a drag of a phase's line for another phase.

    phases: the lines of both ventricles, or of the left one where the right one has rv_phases of its own.
    """

    frame_requested = Signal(int)
    phase_requested = Signal(str, int, int)
    """"ed" or "es", frame, LV or RV."""

    def __init__(self) -> None:
        super().__init__(translate("Function", "frame", "axis"), "mL")
        self.setAccessibleName(translate("Function", "Volumes of both ventricles over the heartbeat"))
        self.lines = {label_: self.plot(symbol="o", symbolSize=4, symbolPen=None) for label_ in (RV, LV)}
        self.now = pg.InfiniteLine(angle=90)
        # Their names stand at the top, where _leave_room keeps the curves from.
        self.phases, self.rv_phases = (
            {name: _phase_line(f"{side}{name}", at) for name in ("ED", "ES")} for side, at in (("", 1.0), ("RV ", 0.0))
        )
        for line in (*self.phases.values(), *self.rv_phases.values()):
            line.sigPositionChangeFinished.connect(self._dragged)
        self._at: Phases = {}
        self._values: dict[int, tuple[float, ...]] = {}
        self._frames = 0
        self._highest = 0.0
        self.recolour()
        for line in (*self.phases.values(), *self.rv_phases.values(), self.now):
            self.addItem(line, ignoreBounds=True)
        self.scene().sigMouseClicked.connect(self._clicked)

    def show_function(self, function: Function, frame: int) -> None:
        """Draw the volumes of every frame."""
        curves = {LV: function.lv_ml, RV: function.rv_ml}
        unit = "mL" if function.units_known else translate("Function", "voxels, relative")
        if not function.units_known:
            curves = {label_: tuple(v / max(*values, 1e-9) for v in values) for label_, values in curves.items()}
        apart = function.reading.rv is not None
        rv = (function.rv_ed_frame, function.rv_es_frame) if apart else None
        self.show_values(curves, unit, ed=function.ed_frame, es=function.es_frame, rv=rv, frame=frame, movable=True)

    def show_values(
        self, curves: Mapping[int, Sequence[float]], unit: str, *, ed: int | None, es: int | None, frame: int,
        rv: tuple[int | None, int | None] | None = None, movable: bool = False,
    ) -> None:  # fmt: skip
        """Draw a value per frame for each ventricle, by label.

        rv: the right ventricle's own phases. movable: the lines of the phases can be dragged.
        """
        self._frames = len(curves[LV])
        self.set_labels(translate("Function", "frame", "axis"), unit)
        for structure, values in curves.items():
            if tuple(values) != self._values.get(structure):  # a correction mostly changes one of them
                self._values[structure] = tuple(values)
                self.lines[structure].setData(list(range(1, self._frames + 1)), list(values))
        self._highest = max(*curves[LV], *curves[RV])
        self.setXRange(1, self._frames)
        self._leave_room()
        apart_before = RV in self._at
        click = translate("Function", "Click to go to a frame")
        self.setToolTip(translate("Function", "Click to go to a frame; drag ED or ES to another") if movable else click)
        self._at = {LV: (ed, es)} | ({} if rv is None else {RV: rv})
        for lines in (self.phases, self.rv_phases):
            for line in lines.values():
                line.setMovable(movable)
                line.setBounds((1, self._frames))
        self._place_phases()
        if apart_before != (RV in self._at):
            self._recolour_phases()
        self.show_frame(frame)

    def _place_phases(self) -> None:
        for side, lines in ((LV, self.phases), (RV, self.rv_phases)):
            for line, at in zip(lines.values(), self._at.get(side, (None, None)), strict=True):
                line.setVisible(at is not None)
                line.setValue((at or 0) + 1)

    def show_frame(self, frame: int) -> None:
        """Mark the frame on screen."""
        self.now.setValue(frame + 1)

    def recolour(self) -> None:
        """Take the colours of the theme and of the structures."""
        # The plot's pens are in the screen's pixels, of which a fine screen has more to a point.
        ratio = self.devicePixelRatioF()
        for structure, line in self.lines.items():
            line.setPen(pg.mkPen(theme.structure_css(structure), width=2 * ratio))
            line.setSymbolBrush(theme.structure_css(structure))
        self.now.setPen(pg.mkPen(theme.TEXT, width=ratio))
        self._recolour_phases()

    def _recolour_phases(self) -> None:
        apart, ratio = RV in self._at, self.devicePixelRatioF()
        for structure, lines in ((LV, self.phases), (RV, self.rv_phases)):
            colour = theme.structure_css(structure)
            for line in lines.values():
                line.setPen(pg.mkPen(colour if apart else theme.FAINT, width=ratio, style=Qt.PenStyle.DashLine))
                line.setHoverPen(pg.mkPen(theme.TEXT, width=2 * ratio))
                line.label.setColor(colour if apart else theme.MUTED)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "phases"):
            self.recolour()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange and hasattr(self, "phases"):
            self.recolour()
        return bool(super().event(event))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "phases"):
            self._leave_room()

    def _leave_room(self) -> None:
        """Let the highest curve end below the names of the phases, whatever the height of the plot."""
        if self._highest > 0:
            plot_px = max(self.height() - AXIS_HEIGHT, 1)
            self.setYRange(0, self._highest / (1 - min(PHASE_NAME_PX / plot_px, 0.5)))

    def _dragged(self, line: pg.InfiniteLine) -> None:
        side = LV if line in self.phases.values() else RV
        phase = "ed" if line is (self.phases if side == LV else self.rv_phases)["ED"] else "es"
        self.phase_requested.emit(phase, round(line.value()) - 1, side)
        self._place_phases()  # onto a frame, or back where it was

    def _clicked(self, event: object) -> None:
        if self._frames < 2:
            return
        at = self.getPlotItem().getViewBox().mapSceneToView(event.scenePos()).x()  # type: ignore[attr-defined]
        self.frame_requested.emit(min(max(round(at) - 1, 0), self._frames - 1))


def _phase_line(name: str, at: float) -> pg.InfiniteLine:
    """at: where its name stands, 1 at the top and 0 at the bottom."""
    across = 0.2 if at else 0.9
    options = {"position": at, "anchors": [(0, across), (1, across)]}
    line = pg.InfiniteLine(angle=90, label=name, labelOpts=options)
    line.label.setFont(theme.font(10))
    return line
