"""Opens files and folders that are dropped on the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.words.language import translate


class Drops(QObject):
    """Watches the window. While something is dragged over it, a hint covers the images.

    over: the widget that the hint covers. opened: called with the paths that were dropped.
    """

    def __init__(self, window: QWidget, over: QWidget, opened: Callable[[list[Path]], None]) -> None:
        super().__init__(window)
        self._window, self._over, self._opened = window, over, opened
        self.hint = QLabel(translate("MainWindow", "Drop to open"), window)
        self.hint.setObjectName("dropHint")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DragLeave, QEvent.Type.Drop):
            self.hint.hide()
        if event.type() not in (QEvent.Type.DragEnter, QEvent.Type.Drop) or not isinstance(event, QDropEvent):
            return False
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths:
            return False
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            self._opened(paths)
        else:
            self.hint.setGeometry(QRect(self._over.mapTo(self._window, QPoint()), self._over.size()))
            self.hint.raise_()
            self.hint.show()
        return True
