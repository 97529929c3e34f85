"""Buttons for the layouts, in the header."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.look import icons, theme
from app.state.types import AppState, Layout
from app.words.language import marked, translate

NAMES = {
    Layout.SLICE: marked("Action", "One slice"),
    Layout.PHASES: marked("Action", "End-diastole beside end-systole"),
    Layout.COMPARE: marked("Action", "Compare two segmentations"),
    Layout.SHEET: marked("Action", "All slices"),
    Layout.LONG_AXIS: marked("Action", "Slice and long axis"),
}


class LayoutBar(QWidget):
    """One button a layout, the one shown is down."""

    layout_requested = Signal(Layout)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.buttons: dict[Layout, QPushButton] = {}
        for i, (layout, text) in enumerate(NAMES.items()):
            name = translate("Action", text)
            button = QPushButton()
            button.setCheckable(True)
            button.setIconSize(QSize(18, 18))
            button.setFixedSize(36, 28)
            button.setProperty("segment", "true")
            button.setProperty("place", "first" if i == 0 else "last" if i == len(NAMES) - 1 else "middle")
            button.setToolTip(f"{name} ({i + 1})")
            button.setAccessibleName(name)
            button.clicked.connect(lambda _=False, chosen=layout: self.layout_requested.emit(chosen))
            row.addWidget(button)
            self.buttons[layout] = button
        self._colour()

    def _colour(self) -> None:
        for layout, button in self.buttons.items():
            button.setIcon(icons.icon(f"layout-{layout}", theme.MUTED))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "buttons"):
            self._colour()

    def apply(self, old: AppState, new: AppState) -> None:
        for layout, button in self.buttons.items():
            button.setChecked(layout is new.preferences.layout)
