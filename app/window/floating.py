"""Bars that lie over the image, so that it stays where it is when one of them appears."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

GAP_PX = 8


class Floating(QWidget):
    """Fills itself with one widget. Those at the top and at the bottom lie over it while they are shown."""

    covered = Signal(int, int)
    """How many pixels at the top and at the bottom lie under bars."""

    def __init__(self, below: QWidget, *, top: Sequence[QWidget], bottom: Sequence[QWidget]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(below)
        self._top, self._bottom = tuple(top), tuple(bottom)
        for bar in (*self._top, *self._bottom):
            hidden = bar.isHidden()
            bar.setParent(self)
            bar.setVisible(not hidden)
            bar.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.LayoutRequest):
            self._place()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """From the edges inwards, each as high as its content needs at this width."""
        width, top, bottom = max(self.width() - 2 * GAP_PX, 1), GAP_PX, self.height() - GAP_PX
        for bar in (*self._top, *self._bottom):
            if bar.isHidden():
                continue
            height = bar.heightForWidth(width) if bar.hasHeightForWidth() else bar.sizeHint().height()
            if bar in self._bottom:
                bottom -= height
            bar.setGeometry(GAP_PX, bottom if bar in self._bottom else top, width, height)
            bar.raise_()
            if bar in self._bottom:
                bottom -= GAP_PX
            else:
                top += height + GAP_PX
        self.covered.emit(top - GAP_PX, self.height() - GAP_PX - bottom)
