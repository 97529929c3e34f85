"""Messages about what went wrong or well, above the image."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from app.look import icons, theme
from app.look.widgets import label
from app.state.types import AppState, Kind, Message
from app.words.language import translate
from app.words.names import without_names

HARMLESS_MS = 8_000


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """All that the bar shows. text: as said, without names where they are hidden. message: None hides the bar."""

    message: Message | None = None
    text: str = ""


def _shown_message(state: AppState) -> ShownMessage:
    message = state.message
    return ShownMessage() if message is None else ShownMessage(message, without_names(message.text, state))


class MessageBar(QFrame):
    """One message with at most one button, until it is closed or the next comes. Success and hints go by themselves."""

    dismissed = Signal()
    command_requested = Signal(object)
    """A Command."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("message")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 7, 7)
        row.setSpacing(10)
        self._icon = label()
        row.addWidget(self._icon)
        self.text = label(wrap=True)
        self.text.setTextInteractionFlags(self.text.textInteractionFlags().TextSelectableByMouse)
        # Otherwise a file name without a space sets the minimum width, and the last lines are cut off.
        self.text.setMinimumWidth(1)
        row.addWidget(self.text, 1)
        self.action = QPushButton()
        self.action.clicked.connect(self._pressed)
        row.addWidget(self.action)
        close = icons.IconButton("close", translate("MessageBar", "Close this message"))
        close.clicked.connect(self.dismissed)
        row.addWidget(close)
        self._shown = ShownMessage()
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(HARMLESS_MS)
        self._clock.timeout.connect(self._time_is_up)
        self.setVisible(False)

    def apply(self, state: AppState) -> None:
        shown = _shown_message(state)
        if shown == self._shown:
            return
        self._shown = shown
        message = shown.message
        self._clock.stop()
        self.setVisible(message is not None)
        if message is None:
            return
        if message.kind in (Kind.SUCCESS, Kind.HINT) and not message.action:
            self._clock.start()
        self.text.setText(shown.text)
        self.action.setText(message.action)
        self.action.setVisible(bool(message.action))
        self._colour()
        self.setProperty("kind", str(message.kind))
        self.style().unpolish(self)
        self.style().polish(self)

    def _time_is_up(self) -> None:
        """Nobody has to act on it. While the mouse is on it, somebody reads it."""
        if self.underMouse():
            self._clock.start()
        else:
            self.dismissed.emit()

    def _pressed(self) -> None:
        if self._shown.message is not None:
            self.command_requested.emit(self._shown.message.command)

    def _colour(self) -> None:
        colours = {
            Kind.ERROR: theme.ERROR,
            Kind.WARNING: theme.WARNING,
            Kind.HINT: theme.WARNING,
            Kind.SUCCESS: theme.ACCENT,
        }
        if self._shown.message is not None:
            self._icon.setPixmap(icons.pixmap("info", 20, colours[self._shown.message.kind]))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_shown"):
            self._colour()
