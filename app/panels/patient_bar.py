"""Whose scan is on screen, a button that hides names everywhere, and the research-use notice."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from app.look import icons, theme
from app.look.widgets import Elided, label
from app.state.types import AppState
from app.words.language import translate
from app.words.names import patient_words, research

WORDS_FROM = 560


@dataclass(frozen=True, slots=True)
class ShownPatient:
    """All that the bar shows of the state. hidden: whether names are."""

    who: str
    what: str
    hidden: bool


def _shown_patient(state: AppState) -> ShownPatient:
    hide = state.preferences.hide_names
    return ShownPatient(*patient_words(state.scan.volume, hide=hide), hidden=hide)


class PatientBar(QWidget):
    """One line: patient, date and scanner; the button; and the notice, which is always shown."""

    names_toggled = Signal()

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self.who, self.what = Elided("patient", 120), Elided("scanTitle", 24)
        row.addWidget(self.who)
        row.addWidget(self.what)
        self.names = QPushButton()
        self.names.setObjectName("link")
        self.names.clicked.connect(self.names_toggled)
        row.addWidget(self.names)
        row.addStretch(1)
        self.research = label(research(), "research")
        self.research.setFixedHeight(22)
        self.research.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row.addWidget(self.research)
        self._shown: ShownPatient | None = None
        self.apply(AppState())

    def apply(self, state: AppState) -> None:
        shown = _shown_patient(state)
        if shown == self._shown:
            return
        self._shown = shown
        self.who.setText(shown.who)
        self.what.setText(shown.what)
        self.names.setAccessibleName(
            translate("PatientBar", "Show names") if shown.hidden else translate("PatientBar", "Hide names")
        )
        self._fit()
        self.names.setToolTip(
            translate("PatientBar", "Patient and file names are hidden in the whole window; show them (N)")
            if shown.hidden
            else translate("PatientBar", "Hide patient and file names in the whole window (N)")
        )
        self._colour()

    def _fit(self) -> None:
        """In a narrow window the button shows only its icon, because the patient and the notice need the room."""
        self.names.setText(self.names.accessibleName() if self.width() >= WORDS_FROM else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _colour(self) -> None:
        hidden = self._shown is not None and self._shown.hidden
        self.names.setIcon(icons.icon("eye-off" if hidden else "eye", theme.ACCENT))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_shown"):
            self._colour()
