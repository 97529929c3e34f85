"""Messages about what went wrong or well, above the image."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from app.look import icons, theme
from app.look.widgets import label
from app.state.types import AppState, Command, Kind, Message
from app.words.language import translate
from app.words.names import without_names


class MessageBar(QFrame):
    """One message with at most one button, until it is closed or the next one comes."""

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
        self.action.clicked.connect(lambda: self.command_requested.emit(self._command))
        row.addWidget(self.action)
        close = icons.IconButton("close", translate("MessageBar", "Close this message"))
        close.clicked.connect(self.dismissed)
        row.addWidget(close)
        self._command: Command | None = None
        self._kind: Kind | None = None
        self._shown: tuple[Message | None, str] = (None, "")
        self.setVisible(False)

    def apply(self, state: AppState) -> None:
        message = state.message
        shown = (message, without_names(message.text, state) if message is not None else "")
        if shown == self._shown:
            return
        self._shown = shown
        self.setVisible(message is not None)
        if message is None:
            return
        self.text.setText(shown[1])
        self._command = message.command
        self.action.setText(message.action)
        self.action.setVisible(bool(message.action))
        self._kind = message.kind
        self._colour()
        self.setProperty("kind", str(message.kind))
        self.style().unpolish(self)
        self.style().polish(self)

    def _colour(self) -> None:
        colours = {Kind.ERROR: theme.ERROR, Kind.WARNING: theme.WARNING, Kind.SUCCESS: theme.ACCENT}
        if self._kind is not None:
            self._icon.setPixmap(icons.pixmap("info", 20, colours[self._kind]))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_kind"):
            self._colour()
