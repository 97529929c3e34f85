"""The header of the slice on screen, in a table that can be searched; it follows slice and frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.look.widgets import label
from app.session.session import Session
from app.state.identity import Same
from app.state.types import AppState
from app.words.language import COUNT, marked, translate
from app.words.names import scan_title, without_names
from engine.errors import CineQuantError
from engine.volume import Volume

if TYPE_CHECKING:
    from engine.formats.tags import Tag

HIDDEN = "hidden"
COLUMNS = (marked("Tags", "Tag"), marked("Tags", "Name"), marked("Tags", "Type"), marked("Tags", "Value"))


class TagsModel(QAbstractTableModel):
    """Rows of plain text."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[tuple[str, ...], ...] = ()

    def set_tags(self, tags: tuple[Tag, ...], *, hide: bool) -> None:
        self.beginResetModel()
        self._rows = tuple(
            (tag.tag, "    " * tag.depth + tag.keyword, tag.vr,
             HIDDEN if hide and tag.identifying and tag.value else tag.value)
            for tag in tags
        )  # fmt: skip
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._rows[index.row()][index.column()]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return translate("Tags", COLUMNS[section])
        return None


@dataclass(frozen=True, slots=True)
class ShownTags:
    """Whose header the table shows. hide: without names."""

    volume: Same
    frame: int
    slice_index: int
    hide: bool


def _shown_tags(state: AppState, before: ShownTags | None) -> ShownTags:
    """What to show. While the cine plays the table would only flicker; it is updated when the cine stops."""
    if state.view.playing and before is not None:
        return before
    view = state.view
    return ShownTags(Same(state.scan.volume), view.frame_index, view.slice_index, state.preferences.hide_names)


class TagsDialog(QDialog):
    """Stays open beside the window while the user scrolls; Escape closes it."""

    def __init__(self, parent: QWidget, session: Session) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Tags", "Header"))
        self._shown: ShownTags | None = None
        self._last: tuple[Volume, object, tuple[Tag, ...]] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        self.which = label("", "muted")
        column.addWidget(self.which)
        self.search = QLineEdit()
        self.search.setPlaceholderText(translate("Tags", "Search tags, names and values"))
        self.search.setAccessibleName(translate("Tags", "Search the header"))
        self.search.setClearButtonEnabled(True)
        self.count = label("", "small")
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.count)
        column.addLayout(row)
        self._model = TagsModel()
        self.rows = QSortFilterProxyModel(self)
        self.rows.setSourceModel(self._model)
        self.rows.setFilterKeyColumn(-1)
        self.rows.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.table = QTableView()
        self.table.setAccessibleName(translate("Tags", "Header of the slice"))
        self.table.setModel(self.rows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at, width in enumerate((104, 250, 80)):
            self.table.setColumnWidth(at, width)
        header.setSectionResizeMode(len(COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        column.addWidget(self.table, 1)
        self.search.textChanged.connect(self._filter)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self.table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)
        session.changed.connect(self._apply)
        self.resize(820, 560)
        self._apply(session.state, session.state)

    def _apply(self, old: AppState, new: AppState) -> None:
        before, self._shown = self._shown, _shown_tags(new, self._shown)
        if self._shown == before:
            return
        volume = new.scan.volume
        if volume is None:
            self.which.setText(translate("Tags", "No scan is open."))
            self._model.set_tags((), hide=False)
            return
        title = scan_title(volume, hide=new.preferences.hide_names)
        text = translate("Tags", "{scan}: slice {slice}, frame {frame}")
        text = text.format(scan=title, slice=new.view.slice_index + 1, frame=new.view.frame_index + 1)
        try:
            tags = self._tags_of(volume, new.view.frame_index, new.view.slice_index)
        except CineQuantError as error:
            tags, text = (), without_names(str(error), new)
        if not tags and text.startswith(volume.source.name):
            text = translate("Tags", "{scan} has no file, and so no header.").format(scan=volume.source.name)
        self.which.setText(text)
        at = self.table.verticalScrollBar().value()
        self._model.set_tags(tags, hide=new.preferences.hide_names)
        self.table.setColumnHidden(0, not any(tag.tag for tag in tags))  # fields of NIfTI have names alone
        self.table.verticalScrollBar().setValue(at)
        self._say_count()

    def _tags_of(self, volume: Volume, frame: int, index: int) -> tuple[Tag, ...]:
        """The rows of a slice. Kept while the file stays the same, because one file can hold a whole cine."""
        from engine.formats.tags import tags_of  # noqa: PLC0415 - brings the readers of DICOM and NIfTI

        source = volume.source
        where = source.instances[frame][index] if source.instances else frame if len(source.nifti_headers) > 1 else 0
        if self._last is None or self._last[0] is not volume or self._last[1] != where:
            self._last = (volume, where, tags_of(volume, frame, index))
        return self._last[2]

    def _filter(self, text: str) -> None:
        self.rows.setFilterFixedString(text)
        self._say_count()

    def _say_count(self) -> None:
        found, total = self.rows.rowCount(), self._model.rowCount()
        text = translate("Tags", "%n row(s)", "", COUNT, total)
        if found != total:
            text = translate("Tags", "{found} of {total} rows").format(found=found, total=total)
        self.count.setText(text)

    def _copy(self) -> None:
        chosen = self.table.selectionModel().selectedRows()
        lines = ["\t".join(str(index.siblingAtColumn(c).data()) for c in range(len(COLUMNS))) for index in chosen]
        QGuiApplication.clipboard().setText("\n".join(lines))
