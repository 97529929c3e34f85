"""Opening scans, the studies found, and what the files say and leave out. At the start, recent scans."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.look import icons
from app.look.widgets import Panel, label, plain_tip
from app.panels.study_tree import StudyTree
from app.state.identity import Same
from app.state.types import AppState
from app.words.engine_words import translated
from app.words.language import COUNT, joined, translate
from app.words.names import without_names
from engine.volume import Known, Volume

# The tree gets at most this share of the window's height, because the panels below need the rest.
TREE_SHARE, TREE_LEAST = 0.3, 150
MANY = 8
"""More series than this get a field to find one."""


@dataclass(frozen=True, slots=True)
class ShownStudy:
    """All that the panel shows beside its tree. scan: the volume, and whether names are hidden."""

    scan: tuple[Same, bool]
    index: Same
    recents: tuple[Path, ...]


class StudyPanel(Panel):
    """The studies, the scan on screen, and recent scans."""

    open_files_requested = Signal()
    open_folder_requested = Signal()
    recent_requested = Signal(Path)
    series_requested = Signal(int)
    tags_requested = Signal()

    def __init__(self) -> None:
        super().__init__(translate("StudyPanel", "Studies"))
        buttons = QHBoxLayout()
        self.open_files = QPushButton(translate("StudyPanel", "Open…"))
        self.open_files.setToolTip(translate("StudyPanel", "NIfTI or DICOM files, or a DICOMDIR (Ctrl+O)"))
        self.open_files.clicked.connect(self.open_files_requested)
        self.open_folder = QPushButton(translate("StudyPanel", "Folder…"))
        tip = translate("StudyPanel", "A folder of DICOM or NIfTI files, of any number of patients (Ctrl+Shift+O)")
        self.open_folder.setToolTip(tip)
        self.open_folder.clicked.connect(self.open_folder_requested)
        buttons.addWidget(self.open_files, 1)
        buttons.addWidget(self.open_folder, 1)
        self.body.addLayout(buttons)
        empty = translate("StudyPanel", "No scan is open. Open files or a folder, or drop them on the window.")
        self._empty = label(empty, "muted", wrap=True)
        self.body.addWidget(self._empty)
        self.tree = StudyTree()
        self.tree.series_requested.connect(self.series_requested)
        self.tree.itemExpanded.connect(self._fit_tree)
        self.tree.itemCollapsed.connect(self._fit_tree)
        self.search = QLineEdit()
        self.search.setPlaceholderText(translate("StudyPanel", "Find a patient, study or series"))
        self.search.setAccessibleName(translate("StudyPanel", "Find a patient, study or series"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.body.addWidget(self.search)
        self.body.addWidget(self.tree)
        self._facts = QWidget()
        self._grid = QGridLayout(self._facts)
        self._grid.setContentsMargins(0, 2, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.body.addWidget(self._facts)
        self.tags = QPushButton(translate("StudyPanel", "Header of this slice…"))
        self.tags.setObjectName("link")
        self.tags.setToolTip(translate("StudyPanel", "All that the file says, in a table that can be searched (T)"))
        self.tags.clicked.connect(self.tags_requested)
        self.body.addWidget(self.tags, 0, Qt.AlignmentFlag.AlignLeft)
        self._notices = QVBoxLayout()
        self._notices.setSpacing(5)
        self.body.addLayout(self._notices)
        self._recent_title = label(translate("StudyPanel", "Recent scans").upper(), "panelTitle")
        self.body.addWidget(self._recent_title)
        self._recents = QVBoxLayout()
        self._recents.setSpacing(0)
        self.body.addLayout(self._recents)
        # Wrapped texts may ask for more height than they need. The spare height goes below, not between the lines.
        self.body.addStretch(1)
        self._shown: ShownStudy | None = None
        self._colour()
        self.apply(AppState())

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        self.tree.apply(state)
        volume, hide = state.scan.volume, state.preferences.hide_names
        recents = () if hide or not _at_start(volume) else state.preferences.recents
        before, shown = self._shown, ShownStudy((Same(volume), hide), Same(state.scan.index), recents)
        if shown == before:
            return
        self._shown = shown
        if before is None or shown.index != before.index:
            self.tree.setVisible(state.scan.index is not None)
            self.search.clear()
            # A few rows are found by looking.
            count = len(state.scan.index.series) if state.scan.index is not None else 0
            self.search.setVisible(count > MANY)
            self._fit_tree()
        if before is None or (shown.scan, shown.index) != (before.scan, before.index):
            self._empty.setVisible(volume is None and state.scan.index is None)
        if before is None or shown.scan != before.scan:
            self._show_facts(volume)
            source = volume.source if volume else None
            self.tags.setVisible(source is not None and bool(source.instances or source.nifti_headers))
            _clear(self._notices)
            for notice in volume.notices if volume else ():
                self._notices.addWidget(label(without_names(translated(notice), state), "notice", wrap=True))
        if before is None or shown.recents != before.recents:
            self._show_recents(recents)

    def close_thread(self) -> None:
        """End the reading of thumbnails."""
        self.tree.thumbnails.close()

    def _find(self, text: str) -> None:
        self.tree.filter(text)
        self._fit_tree()

    def _fit_tree(self) -> None:
        """As high as its rows, within what the column leaves free."""
        most = max(int(self.window().height() * TREE_SHARE), TREE_LEAST, self.tree.height() + self._spare())
        self.tree.setFixedHeight(min(self.tree.needed_height(), most))

    def _spare(self) -> int:
        """The height below the last panel of the column that this one stands in, in pixels."""
        column = self.parentWidget()
        area = column.parentWidget() if column is not None else None
        layout = column.layout() if column is not None else None
        return area.height() - layout.minimumSize().height() if area is not None and layout is not None else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_tree()

    def _colour(self) -> None:
        self.open_files.setIcon(icons.icon("file"))
        self.open_folder.setIcon(icons.icon("folder"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "open_folder"):
            self._colour()

    def _show_facts(self, volume: Volume | None) -> None:
        _clear(self._grid)
        self._facts.setVisible(volume is not None)
        for row, (name, value) in enumerate(facts(volume) if volume else ()):
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
            button = _RecentButton(path)
            button.asked.connect(self.recent_requested)
            self._recents.addWidget(button)


class _RecentButton(QPushButton):
    """Opens a scan that was opened before."""

    asked = Signal(Path)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.setObjectName("recent")
        self.setText(QFontMetrics(self.font()).elidedText(recent_name(path), Qt.TextElideMode.ElideMiddle, 205))
        self.setToolTip(plain_tip(str(path)))
        self.clicked.connect(self._ask)

    def _ask(self) -> None:
        self.asked.emit(self._path)


def recent_name(path: Path) -> str:
    """A recent scan in a few words, for a button or a menu. Many have the same name and differ in their folder."""
    name = f"{path.parent.name} / {path.name}" if path.parent.name else path.name
    return name.replace("&", "&&")  # a single one would underline the next letter


def _at_start(volume: Volume | None) -> bool:
    """Whether no scan was opened yet. Later the scan needs the room, and File, Open recent has the list."""
    return volume is None or volume.source.kind == "phantom"


def facts(volume: Volume) -> list[tuple[str, str]]:
    """Rows of (name, value) about the scan on screen; who it is of is the patient bar's."""
    _, height, width = volume.geometry.shape
    slices, frames = volume.slices, volume.frames
    stack = translate("StudyPanel", "%n slice(s)", "", COUNT, slices)
    if volume.phase_names:
        stack = f"{stack}, {joined(volume.phase_names)}"
    elif frames > 1:
        stack = ", ".join([stack, translate("StudyPanel", "%n frame(s)", "", COUNT, frames)])
    rows = [(translate("StudyPanel", "Matrix"), f"{width} × {height}"), (translate("StudyPanel", "Stack"), stack)]
    if volume.geometry.spacing is Known.ASSUMED:
        rows.append((translate("StudyPanel", "Spacing"), translate("StudyPanel", "unknown")))
    else:
        x, y, z = volume.geometry.spacing_mm
        rows.append((translate("StudyPanel", "Spacing"), f"{x:.3g} × {y:.3g} × {z:.3g} mm"))
    return rows


def _clear(layout: QLayout) -> None:
    while item := layout.takeAt(0):
        if widget := item.widget():
            widget.hide()  # it is deleted later by the event loop, but hidden patient data must be gone now
            widget.deleteLater()
