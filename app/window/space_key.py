"""Space presses the button that has the focus, as everywhere, though it is the key that plays the cine, too."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget


class SpaceKey(QObject):
    """Watches the button that has the focus, and nothing else: a filter for all events would slow every one."""

    def __init__(self, parent: QObject, application: QApplication) -> None:
        super().__init__(parent)
        self._application = application
        application.focusChanged.connect(self._watch)

    def close(self) -> None:
        """Watch no more."""
        self._application.focusChanged.disconnect(self._watch)
        self._watch(self._application.focusWidget(), None)

    def _watch(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None:
            before.removeEventFilter(self)
        if isinstance(now, QAbstractButton | QComboBox):
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Space
        ):
            event.accept()
            return True
        return super().eventFilter(watched, event)
