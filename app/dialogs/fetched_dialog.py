"""The fetched studies that are kept on this computer, to be removed one by one or all at once."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMessageBox, QPushButton, QTreeWidgetItem, QVBoxLayout, QWidget

from app.dialogs.archive_tree import ArchiveTree
from app.look.row_tree import ROW_MORE
from app.look.widgets import label
from app.words.language import translate
from engine.errors import CineQuantError
from engine.exchange.arrivals import LIMIT_BYTES
from engine.exchange.kept_studies import KeptStudy, kept_studies, remove_study
from engine.exchange.search import FoundStudy


class FetchedDialog(QDialog):
    """folder: where fetched studies are, one folder each."""

    def __init__(self, parent: QWidget, folder: Path, *, hide_names: bool) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Archive", "Fetched studies"))
        self._folder, self._hide = folder, hide_names
        self._kept: tuple[KeptStudy, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        self.room = label("", "muted", wrap=True)
        column.addWidget(self.room)
        self.tree = ArchiveTree()
        self.tree.setAccessibleName(translate("Archive", "Fetched studies"))
        self.tree.currentItemChanged.connect(self._show_buttons)
        column.addWidget(self.tree, 1)
        self.said = label("", "notice", wrap=True)
        column.addWidget(self.said)
        row = QHBoxLayout()
        self.all = QPushButton(translate("Archive", "Remove all…"))
        self.one = QPushButton(translate("Archive", "Remove…"))
        close = QPushButton(translate("Archive", "Close"))
        self.all.clicked.connect(self._remove_all)
        self.one.clicked.connect(self._remove_one)
        close.clicked.connect(self.reject)
        row.addWidget(self.all)
        row.addStretch()
        for button in (self.one, close):
            row.addWidget(button)
        for button in (self.all, self.one, close):
            button.setAutoDefault(False)
        column.addLayout(row)
        self.resize(620, 420)
        self._list()

    def _list(self) -> None:
        self._kept = kept_studies(self._folder)
        studies = [kept.study or _nameless(kept.folder) for kept in self._kept]
        self.tree.show_studies(studies, hide=self._hide)
        rows = (self.tree.topLevelItem(place) for place in range(len(self._kept)))
        for item, kept in zip(rows, self._kept, strict=True):
            if item is None:
                continue
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.DontShowIndicator)
            item.setData(0, ROW_MORE, _size(kept.size_bytes))
        used = sum(kept.size_bytes for kept in self._kept)
        text = translate("Archive", "Fetched studies: {used} of {limit} GB")
        self.room.setText(text.format(used=f"{used / 1e9:.1f}", limit=f"{LIMIT_BYTES / 1e9:g}"))
        self.room.setToolTip(str(self._folder))
        self._show_buttons()

    def _show_buttons(self) -> None:
        self.one.setEnabled(self.tree.currentItem() is not None)
        self.all.setEnabled(bool(self._kept))

    def _remove_one(self) -> None:
        item = self.tree.currentItem()
        if item is None:
            return
        kept = self._kept[self.tree.indexOfTopLevelItem(item)]
        title = translate("Archive", "Remove the fetched study of {patient}?").format(patient=_called(item, kept))
        more = translate(
            "Archive", "Cases saved from it will ask for their scan. The archive keeps its own copy of the study."
        )
        if self._sure(title, more):
            self._remove(kept)

    def _remove_all(self) -> None:
        title = translate("Archive", "Remove every fetched study from this computer?")
        more = translate("Archive", "Cases saved from them will ask for their scans. The archive keeps its own copies.")
        if self._sure(title, more):
            self._remove(*self._kept)

    def _sure(self, title: str, more: str) -> bool:
        box = QMessageBox(QMessageBox.Icon.Question, "CineQuant", title, QMessageBox.StandardButton.Cancel, self)
        box.setTextFormat(Qt.TextFormat.PlainText)  # a patient's name may look like markup
        box.setInformativeText(more)
        remove = box.addButton(translate("Archive", "Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        sure = box.clickedButton() is remove
        box.deleteLater()
        return sure

    def _remove(self, *studies: KeptStudy) -> None:
        errors = []
        for kept in studies:
            try:
                remove_study(kept)
            except CineQuantError as error:
                errors.append(str(error))
        self._list()
        self.said.setText("\n".join(errors))


def _called(item: QTreeWidgetItem, kept: KeptStudy) -> str:
    """The patient as the row has it, and the day, which tells studies of one patient apart."""
    return ", ".join(filter(None, (item.text(0).split("   ")[0], kept.study.date if kept.study else "")))


def _nameless(folder: Path) -> FoundStudy:
    """Stands for a study of which no file can be read."""
    return FoundStudy(folder.name, "", "", "", "", "", "", "", (), None, None)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 10**9 else f"{max(size_bytes / 1e6, 0.1):.1f} MB"
