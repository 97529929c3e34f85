"""One look for the two plots."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame

from app.look import theme

MIN_HEIGHT, MAX_HEIGHT = 84, 230
AXIS_HEIGHT = 31


class WholeAxis(pg.AxisItem):
    """Has no ticks between whole numbers: there is no frame 1.5."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Of each level of ticks: spacing and offset."""
        levels = [level for level in super().tickSpacing(low, high, size) if level[0] >= 1]
        return levels or [(1.0, 0.0)]


class Plot(pg.PlotWidget):
    """A quiet plot without menus, buttons or dragging. Items are made once and given new data."""

    def __init__(self, x_label: str, y_label: str) -> None:
        super().__init__(background=theme.PANEL, axisItems={"bottom": WholeAxis("bottom")})
        self._labels = ("", "")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing in it answers to keys
        self.setFixedHeight(MIN_HEIGHT)
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.showGrid(y=True, alpha=0.12)
        item.getViewBox().setDefaultPadding(0.02)
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setTickFont(theme.font(10))
            axis.setStyle(tickLength=0, tickTextOffset=5)
            axis.enableAutoSIPrefix(False)
        self.set_labels(x_label, y_label)
        self._colour()
        item.getAxis("left").setWidth(44)
        item.getAxis("bottom").setHeight(AXIS_HEIGHT)

    def set_labels(self, x_label: str, y_label: str) -> None:
        """Axis titles, with their units in them."""
        if (x_label, y_label) == self._labels:
            return
        self._labels = (x_label, y_label)
        self._title_axes()

    def _title_axes(self) -> None:
        x_label, y_label = self._labels
        style = {"color": theme.MUTED, "font-size": "10px"}
        self.getPlotItem().setLabel("bottom", x_label, **style)
        self.getPlotItem().setLabel("left", y_label, **style)

    def _colour(self) -> None:
        self.setBackground(theme.PANEL)
        for side in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(theme.BORDER))
            axis.setTextPen(pg.mkPen(theme.MUTED))
        self._title_axes()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # The base class is not made yet when Qt speaks first.
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_labels"):
            self._colour()
