"""What an archive has found: studies, and the series of each when it is unfolded. As the tree of studies looks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QTreeWidgetItem

from app.look import theme
from app.look.row_tree import ROW_KEY, ROW_MORE, ROW_WORDS, RowDelegate, RowTree, paint_line, row_item
from app.words.language import translate
from engine.exchange.search import FoundSeries, FoundStudy

_STUDY_ROW, _SERIES_ROW = 46, 30


class ArchiveTree(RowTree):
    """Asks for the series of a study when it is unfolded, and for what is double-clicked."""

    series_requested = Signal(str)
    """The UID of a study."""
    fetch_requested = Signal()

    def __init__(self) -> None:
        super().__init__(translate("Archive", "Studies found"), indent=18)
        self.setExpandsOnDoubleClick(False)
        self.setItemDelegate(_TwoLines(self))
        self.itemExpanded.connect(self._ask)
        self.itemDoubleClicked.connect(self._fetch)
        self.studies: dict[str, QTreeWidgetItem] = {}

    def show_studies(self, studies: Sequence[FoundStudy], *, hide: bool) -> None:
        """hide: names are hidden."""
        self.clear()
        self.studies.clear()
        for place, study in enumerate(studies, 1):
            name = translate("Studies", "Patient {number}").format(number=place) if hide else study.patient
            born = "" if hide or not study.birth_date else f"* {study.birth_date}"
            title = "   ".join(filter(None, (name, "" if hide else study.patient_id, born)))
            about = (f"{study.date} {study.time}".strip(), study.description, ", ".join(study.modalities))
            words = "  ·  ".join(filter(None, about))
            item = self._item(study.uid, title or translate("Archive", "Unnamed patient"), words)
            item.setSizeHint(0, QSize(0, _STUDY_ROW))
            item.setData(0, ROW_MORE, _counted(study.instances))
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self.addTopLevelItem(item)
            self.studies[study.uid] = item
            if self.currentItem() is None:
                self.setCurrentItem(item)

    def show_series(self, study_uid: str, series: Sequence[FoundSeries]) -> None:
        item = self.studies.get(study_uid)
        if item is None:
            return
        item.takeChildren()
        for each in series:
            numbered = translate("Studies", "Series {number}").format(number=each.number)
            child = self._item(each.uid, each.description or numbered, each.modality)
            child.setSizeHint(0, QSize(0, _SERIES_ROW))
            child.setData(0, ROW_MORE, _counted(each.instances))
            item.addChild(child)

    def chosen(self) -> tuple[str, tuple[str, ...]] | None:
        """The UID of the study, and of the series that are chosen within it; none of these for all."""
        item = self.currentItem()
        if item is None:
            return None
        parent = item.parent()
        if parent is None:
            return item.data(0, ROW_KEY), ()
        return parent.data(0, ROW_KEY), (item.data(0, ROW_KEY),)

    def _item(self, uid: str, title: str, words: str) -> QTreeWidgetItem:
        item = row_item(title, words)
        item.setData(0, ROW_KEY, uid)
        return item

    def _fetch(self) -> None:
        self.fetch_requested.emit()

    def _ask(self, item: QTreeWidgetItem) -> None:
        if item.parent() is None and item.childCount() == 0:
            self.series_requested.emit(item.data(0, ROW_KEY))


def _counted(instances: int | None) -> str:
    return "" if instances is None else translate("Archive", "{number} images").format(number=instances)


class _TwoLines(RowDelegate):
    """A study as its patient over what it is, a series as one line; how much it is on the right."""

    def paint_row(self, painter: QPainter, room: QRect, index: QModelIndex | QPersistentModelIndex, less: str) -> None:
        room = room.adjusted(6, 0, -10, 0)
        title, words = index.data(Qt.ItemDataRole.DisplayRole), index.data(ROW_WORDS)
        taken = paint_line(painter, room, index.data(ROW_MORE) or "", 11, less, right=True)
        room = room.adjusted(0, 0, -taken - 12, 0)
        if index.parent().isValid():
            used = paint_line(painter, room, words, 11, less)
            paint_line(painter, room.adjusted(max(used, 26) + 10, 0, 0, 0), title, 12, theme.TEXT)
        else:
            half = room.height() // 2
            paint_line(painter, room.adjusted(0, 3, 0, -half), title, 12, theme.TEXT, bold=True)
            paint_line(painter, room.adjusted(0, half, 0, -3), words, 11, less)
