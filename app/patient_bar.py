"""Whose scan is on screen, and one button that hides it everywhere; what the program is not for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from app import icons, theme
from app.language import COUNT, marked, translate
from app.panel import label, plain_tip
from app.state import AppState
from engine.volume import Volume

RESEARCH = marked("PatientBar", "Research use only, not for diagnosis")
# Who the patient is; the scanner is not.
NAMING = ("name", "id", "sex", "age", "birth", "date", "weight", "height", "institution", "study")
WORDS_FROM = 560
_ORDER = ("id", "age", "sex", "date", "scanner")


def research() -> str:
    """What the program is not for."""
    return translate("PatientBar", RESEARCH)


def scan_title(volume: Volume, *, hide: bool) -> str:
    """A scan in few words, for a window's title: the name of a NIfTI file may be a patient's."""
    if volume.source.kind == "dicom":
        return _dicom_title(volume)
    return translate("PatientBar", "NIfTI scan") if hide and volume.source.kind == "nifti" else volume.source.name


def _dicom_title(volume: Volume) -> str:
    """What the engine calls a DICOM scan, in the language of the window."""
    if not volume.not_short_axis:
        kind = translate("PatientBar", "{modality} short axis")
    elif volume.slices == 1:
        kind = translate("PatientBar", "{modality} single slice")
    else:
        kind = translate("PatientBar", "{modality} stack")
    count = volume.slices
    slices = translate("PatientBar", "%n slice(s)", "", COUNT, count)
    count = volume.frames
    frames = translate("PatientBar", "%n frame(s)", "", COUNT, count)
    return f"{kind.format(modality=volume.source.name.split()[0])}, {slices} × {frames}"


def patient_words(volume: Volume | None, *, hide: bool) -> tuple[str, str]:
    """Who, and what else is known of patient and visit; what names the patient is left out where asked."""
    if volume is None:
        return translate("PatientBar", "No study open"), ""
    patient = volume.source.patient
    if volume.source.kind == "phantom":
        return translate("PatientBar", "Computed heart"), translate("PatientBar", "no patient")
    if not any(patient.get(key) for key in NAMING):
        if volume.source.kind == "dicom":
            return translate("PatientBar", "Patient without a name"), patient.get("scanner", "")
        return scan_title(volume, hide=hide), translate("PatientBar", "no patient data in the file")
    named = patient.get("name") or patient.get("id") or translate("PatientBar", "Patient without a name")
    who = translate("PatientBar", "Patient hidden") if hide else named
    shown = [patient.get(key, "") for key in _ORDER if not (hide and key in NAMING)]
    return who, "  ·  ".join(value for value in shown if value and value != who)


def without_names(text: str, state: AppState) -> str:
    """A sentence as it may be shown while names are hidden: names of the user's files and folders often are names."""
    if not state.hide_names:
        return text
    paths = [*state.asked, *state.recents]
    if state.volume is not None:
        paths += state.volume.source.paths
    if state.index is not None:
        paths += [*state.index.paths, *state.index.faults]
    names = {str(path) for path in paths} | {path.name for path in paths}
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name, translate("PatientBar", "(hidden)"))
    return text


class Elided(QLabel):
    """A label that gives way: what has no room becomes an ellipsis, and the tool tip says all."""

    def __init__(self, name: str, least: int) -> None:
        """least: pixels that it does not give away as long as it needs them."""
        super().__init__()
        self._least = least
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(plain_tip(text) if text else "")

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self._least, self.sizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.style().drawItemText(
            painter, self.rect(), int(Qt.AlignmentFlag.AlignVCenter), self.palette(), True, shown,
            self.foregroundRole(),
        )  # fmt: skip
        painter.end()


class PatientBar(QWidget):
    """One line: who, when, on which scanner; the button; the notice, always."""

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
        self._hidden = False
        self.apply(AppState(), AppState())

    def apply(self, old: AppState, new: AppState) -> None:
        if old is not new and (old.volume, old.hide_names) == (new.volume, new.hide_names):
            return
        who, what = patient_words(new.volume, hide=new.hide_names)
        self.who.setText(who)
        self.what.setText(what)
        self._hidden = new.hide_names
        self.names.setAccessibleName(
            translate("PatientBar", "Show names") if self._hidden else translate("PatientBar", "Hide names")
        )
        self._fit()
        self.names.setToolTip(
            translate("PatientBar", "Patient and file names are hidden in the whole window; show them (N)")
            if self._hidden
            else translate("PatientBar", "Hide patient and file names in the whole window (N)")
        )
        self._colour()

    def _fit(self) -> None:
        """In a narrow window the button is its eye alone: the patient and the notice need the room."""
        self.names.setText(self.names.accessibleName() if self.width() >= WORDS_FROM else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _colour(self) -> None:
        self.names.setIcon(icons.icon("eye-off" if self._hidden else "eye", theme.ACCENT))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "names"):
            self._colour()
