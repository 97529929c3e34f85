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


class VolumeCurve(Plot):
    """Shows the volumes of every frame. A click asks for a frame."""

    frame_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__(translate("Function", "frame", "axis"), "mL")
        self.setAccessibleName(translate("Function", "Volumes of both ventricles over the heartbeat"))
        self.setToolTip(translate("Function", "Click to go to a frame"))
        self.lines = {label_: self.plot(symbol="o", symbolSize=4, symbolPen=None) for label_ in (RV, LV)}
        self.now = pg.InfiniteLine(angle=90)
        # Their names stand at the top, where _leave_room keeps the curves from.
        self.phases = {
            name: pg.InfiniteLine(angle=90, label=name, labelOpts={"position": 1.0, "anchors": [(0, 0.2), (1, 0.2)]})
            for name in ("ED", "ES")
        }
        for line in self.phases.values():
            line.label.setFont(theme.font(10))
        self._frames = 0
        self._highest = 0.0
        self.recolour()
        for line in (*self.phases.values(), self.now):
            self.addItem(line, ignoreBounds=True)
        self.scene().sigMouseClicked.connect(self._clicked)

    def show_function(self, function: Function, frame: int) -> None:
        """Draw the volumes of every frame."""
        curves = {LV: function.lv_ml, RV: function.rv_ml}
        unit = "mL" if function.units_known else translate("Function", "voxels, relative")
        if not function.units_known:
            curves = {label_: tuple(v / max(*values, 1e-9) for v in values) for label_, values in curves.items()}
        self.show_values(curves, unit, ed=function.ed_frame, es=function.es_frame, frame=frame)

    def show_values(
        self, curves: Mapping[int, Sequence[float]], unit: str, *, ed: int | None, es: int | None, frame: int
    ) -> None:
        """Draw a value per frame for each ventricle, by label."""
        self._frames = len(curves[LV])
        self.set_labels(translate("Function", "frame", "axis"), unit)
        for structure, values in curves.items():
            self.lines[structure].setData(list(range(1, self._frames + 1)), list(values))
        self._highest = max(*curves[LV], *curves[RV])
        self.setXRange(1, self._frames)
        self._leave_room()
        for name, at in (("ED", ed), ("ES", es)):
            self.phases[name].setVisible(at is not None)
            self.phases[name].setValue((at or 0) + 1)
        self.show_frame(frame)

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
        for line in self.phases.values():
            line.setPen(pg.mkPen(theme.FAINT, width=ratio, style=Qt.PenStyle.DashLine))
            line.label.setColor(theme.MUTED)

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

    def _clicked(self, event: object) -> None:
        if self._frames < 2:
            return
        at = self.getPlotItem().getViewBox().mapSceneToView(event.scenePos()).x()  # type: ignore[attr-defined]
        self.frame_requested.emit(min(max(round(at) - 1, 0), self._frames - 1))
