"""What lies over the image of a slice: outlines, the mask as voxels, pixels that differ."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views import drawing
from app.views.drawing import Paths


class OutlineItem(QGraphicsItem):
    """Outlines as vector paths in voxels: crisp at every zoom."""

    def __init__(self, *, dashed: bool = False) -> None:
        super().__init__()
        self.paths: Paths = {}
        self._dashed = dashed
        self._bounds = QRectF()
        self._fill_opacity = 0.0
        self._uncounted: frozenset[int] = frozenset()

    def show_paths(
        self, paths: Paths, shape: tuple[int, ...], fill_opacity: float, uncounted: frozenset[int] = frozenset()
    ) -> None:
        """paths: as drawing.paths_of makes them. shape: (Y, X) of their slice. uncounted: see drawing.stroke."""
        self.prepareGeometryChange()
        self.paths, self._fill_opacity, self._uncounted = paths, fill_opacity, uncounted
        self._bounds = QRectF(-1, -1, shape[1] + 2, shape[0] + 2)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        drawing.stroke(
            painter, self.paths, fill_opacity=self._fill_opacity, dashed=self._dashed, uncounted=self._uncounted
        )


class VoxelItem(pg.ImageItem):
    """The mask as squares: never smoothed, so that each voxel is seen as what it is."""

    def paint(self, painter: QPainter, *args: object) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        super().paint(painter, *args)


class DifferenceItem(QGraphicsItem):
    """Pixels that differ, each at least a dot on screen: as a picture they would vanish where it is drawn small."""

    def __init__(self) -> None:
        super().__init__()
        self._pixels: list[QRectF] = []
        self._bounds = QRectF()

    def show_pixels(self, differs: np.ndarray) -> None:
        """differs: (Y, X) bool."""
        self.prepareGeometryChange()
        ys, xs = np.nonzero(differs)
        self._pixels = [QRectF(x, y, 1, 1) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
        self._bounds = QRectF(-1, -1, differs.shape[1] + 2, differs.shape[0] + 2)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        pen = QPen(QColor(*drawing.DIFFERENCE_COLOUR), painter.device().devicePixelRatioF())
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(QColor(*drawing.DIFFERENCE_COLOUR))
        painter.drawRects(self._pixels)
