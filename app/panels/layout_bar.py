"""Buttons for the layouts, in the header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.look import icons, theme
from app.look.widgets import StateButton
from app.state.types import AppState, Layout
from app.words.language import translate


@dataclass(frozen=True, slots=True)
class LayoutButton:
    """text: English name. key: what it is reached by, too. icon: a name of app.look.icons."""

    layout: Layout
    text: str
    key: str
    icon: str


@dataclass(frozen=True, slots=True)
class ShownLayout:
    """All that the bar shows of the state."""

    layout: Layout


class LayoutBar(QWidget):
    """One button per layout. The one shown is checked."""

    layout_requested = Signal(Layout)

    def __init__(self, entries: Sequence[LayoutButton]) -> None:
        super().__init__()
        self._entries = tuple(entries)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.buttons: dict[Layout, StateButton] = {}
        for i, entry in enumerate(self._entries):
            name = translate("Action", entry.text)
            button = StateButton()
            button.setAutoExclusive(True)  # the arrow keys go from one to the next
            button.setIconSize(QSize(18, 18))
            button.setFixedSize(32, 28)
            button.setProperty("segment", "true")
            button.setProperty("place", "first" if i == 0 else "last" if i == len(self._entries) - 1 else "middle")
            button.setToolTip(f"{name} ({entry.key})")
            button.setAccessibleName(name)
            button.clicked.connect(self._clicked)
            row.addWidget(button)
            self.buttons[entry.layout] = button
        self._shown: ShownLayout | None = None
        self._colour()

    def _clicked(self) -> None:
        clicked = self.sender()
        self.layout_requested.emit(next(layout for layout, button in self.buttons.items() if button is clicked))

    def _colour(self) -> None:
        for entry in self._entries:
            self.buttons[entry.layout].setIcon(icons.icon(entry.icon, theme.MUTED))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "buttons"):
            self._colour()

    def apply(self, state: AppState) -> None:
        shown = ShownLayout(state.preferences.layout)
        if shown == self._shown:
            return
        self._shown = shown
        for layout, button in self.buttons.items():
            button.setChecked(layout is shown.layout)
