"""Opening a scan, whose it is, what its files say and what they leave out; at the start, the scans of before."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app import icons
from app.panel import Panel, label, plain_tip
from app.state import AppState
from engine.volume import Known, Volume

# Who the patient is; the scanner is not.
_NAMING = ("name", "id", "sex", "age", "birth", "date", "weight", "height", "institution")
_HIDDEN = "hidden"


class StudyPanel(Panel):
    """The scan on screen and those before."""

    open_files_requested = Signal()
    open_folder_requested = Signal()
    recent_requested = Signal(Path)
    names_toggled = Signal()

    def __init__(self) -> None:
        super().__init__("Scan")
        buttons = QHBoxLayout()
        self.open_files = QPushButton(icons.icon("file"), "Open…")
        self.open_files.setToolTip("NIfTI or DICOM files (Ctrl+O)")
        self.open_files.clicked.connect(self.open_files_requested)
        self.open_folder = QPushButton(icons.icon("folder"), "Folder…")
        self.open_folder.setToolTip("A folder of DICOM or NIfTI files (Ctrl+Shift+O)")
        self.open_folder.clicked.connect(self.open_folder_requested)
        buttons.addWidget(self.open_files, 1)
        buttons.addWidget(self.open_folder, 1)
        self.body.addLayout(buttons)
        self.names = QPushButton("Hide patient data")
        self.names.setObjectName("link")
        self.names.clicked.connect(self.names_toggled)
        self._facts = QWidget()
        self._grid = QGridLayout(self._facts)
        self._grid.setContentsMargins(0, 2, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.body.addWidget(self._facts)
        self.body.addWidget(self.names, 0, Qt.AlignmentFlag.AlignLeft)
        self._notices = QVBoxLayout()
        self._notices.setSpacing(5)
        self.body.addLayout(self._notices)
        self._recent_title = label("RECENT", "panelTitle")
        self.body.addWidget(self._recent_title)
        self._recents = QVBoxLayout()
        self._recents.setSpacing(0)
        self.body.addLayout(self._recents)
        self._shown_recents: tuple[Path, ...] = ()
        self.apply(AppState(), AppState())

    def apply(self, old: AppState, new: AppState) -> None:
        start = old is new
        if start or old.volume is not new.volume or old.hide_names != new.hide_names:
            self._show_facts(new.volume, hide=new.hide_names)
            _clear(self._notices)
            for notice in new.volume.notices if new.volume else ():
                self._notices.addWidget(label(notice, "notice", wrap=True))
        # Names of files and folders often are the patient's.
        recents = () if new.hide_names or not _at_start(new.volume) else new.recents
        if start or recents != self._shown_recents:
            self._shown_recents = recents
            self._show_recents(recents)

    def _show_facts(self, volume: Volume | None, *, hide: bool) -> None:
        _clear(self._grid)
        patient = volume.source.patient if volume else {}
        self.names.setVisible(any(patient.get(key) for key in _NAMING))
        self.names.setText("Show patient data" if hide else "Hide patient data")
        if volume is None:
            words = "No scan is open. Open files or a folder, or drop them here."
            self._grid.addWidget(label(words, "muted", wrap=True), 0, 0, 1, 2)
            return
        for row, (name, value) in enumerate(facts(volume, hide=hide)):
            text = label(value, "value", wrap=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            # A name or number without a space must not make the whole column wider than it is.
            policy = text.sizePolicy()
            policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
            text.setSizePolicy(policy)
            text.setToolTip(plain_tip(value))
            self._grid.addWidget(label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, row, 1)

    def _show_recents(self, recents: tuple[Path, ...]) -> None:
        _clear(self._recents)
        self._recent_title.setVisible(bool(recents))
        for path in recents:
            button = QPushButton()
            button.setObjectName("recent")
            button.setText(QFontMetrics(button.font()).elidedText(recent_name(path), Qt.TextElideMode.ElideMiddle, 205))
            button.setToolTip(plain_tip(str(path)))
            button.clicked.connect(lambda _=False, p=path: self.recent_requested.emit(p))
            self._recents.addWidget(button)


def recent_name(path: Path) -> str:
    """A scan of before in few words, for a button or a menu: many are called alike and differ in their folder."""
    name = f"{path.parent.name} / {path.name}" if path.parent.name else path.name
    return name.replace("&", "&&")  # a single one would underline the next letter


def _at_start(volume: Volume | None) -> bool:
    """Nothing opened yet. Later the room is the scan's, and File, Open recent has the list."""
    return volume is None or volume.source.kind == "phantom"


def facts(volume: Volume, *, hide: bool) -> list[tuple[str, str]]:
    """Rows of (name, value) about patient and scan; patient data replaced by "hidden" where asked."""
    patient = dict(volume.source.patient)
    if patient.get("sex") and patient.get("age"):  # one row: a small screen has to hold the panels below as well
        patient["sex"] = f"{patient['sex']}, {patient.pop('age')}"
    rows = []
    for key, value in patient.items():
        if value:
            rows.append((key.capitalize() if key != "id" else "ID", _HIDDEN if hide and key in _NAMING else value))
    _, height, width = volume.geometry.shape
    rows.append(("Matrix", f"{width} × {height}"))
    slices = f"{volume.slices} slice" + ("" if volume.slices == 1 else "s")
    if volume.phase_names:
        slices += f", {' and '.join(volume.phase_names)}"
    elif volume.frames > 1:
        slices += f", {volume.frames} frames"
    rows.append(("Stack", slices))
    if volume.geometry.spacing is Known.ASSUMED:
        rows.append(("Spacing", "unknown"))
    else:
        x, y, z = volume.geometry.spacing_mm
        rows.append(("Spacing", f"{x:.3g} × {y:.3g} × {z:.3g} mm"))
    return rows


def _clear(layout: QLayout) -> None:
    while item := layout.takeAt(0):
        if widget := item.widget():
            widget.hide()  # it is deleted when the event loop comes round; hidden patient data must be gone now
            widget.deleteLater()
