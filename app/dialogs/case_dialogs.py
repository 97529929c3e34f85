"""Asks about cases: which autosaved ones to recover, and where the scan of a case is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.look.widgets import label
from app.state.case import Moved, Offer
from app.words.language import COUNT, translate


class RecoveryDialog(QDialog):
    """Lists cases of windows that were not closed properly. Closing it means later."""

    recover_requested = Signal(object)
    discard_requested = Signal(object)
    """Both carry an Offer."""
    later_requested = Signal()

    def __init__(self, parent: QWidget, offers: Sequence[Offer], *, hide_names: bool) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Cases", "Recover unsaved changes"))
        self._hide_names = hide_names
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        said = translate("Cases", "CineQuant was not closed properly. It kept unsaved changes to these cases:")
        column.addWidget(label(said, wrap=True))
        self.list = QListWidget()
        self.list.setAccessibleName(self.windowTitle())
        self.list.setSpacing(4)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._chosen)
        self.list.itemActivated.connect(self._recover)
        column.addWidget(self.list)
        row = QHBoxLayout()
        self.discard, self.later, self.recover = QPushButton(), QPushButton(), QPushButton()
        self.later.setText(translate("Cases", "Later"))
        self.recover.setText(translate("Cases", "Recover"))
        self.recover.setDefault(True)
        self.discard.clicked.connect(self._discard)
        self.later.clicked.connect(self.reject)
        self.recover.clicked.connect(self._recover)
        row.addWidget(self.discard)
        row.addStretch()
        row.addWidget(self.later)
        row.addWidget(self.recover)
        column.addLayout(row)
        self.setMinimumWidth(600)
        self.rejected.connect(self.later_requested)
        self._sure = False
        self.show_offers(offers)
        self.recover.setFocus()

    def show_offers(self, offers: Sequence[Offer]) -> None:
        """List these; without any the dialog closes."""
        self.list.clear()
        for offer in offers:
            item = QListWidgetItem(self._words(offer))
            item.setData(Qt.ItemDataRole.UserRole, offer)
            self.list.addItem(item)
        self.list.setFixedHeight((self.list.sizeHintForRow(0) + 8) * min(max(len(offers), 2), 6) + 8)
        self.list.setCurrentRow(0)
        if not offers:
            self.accept()

    def _words(self, offer: Offer) -> str:
        scan = translate("Cases", "Scan") if self._hide_names else offer.name
        count = offer.slices
        slices = translate("Cases", "%n corrected slice(s)", "", COUNT, count)
        return f"{offer.at:%Y-%m-%d %H:%M}    {scan}  ·  {slices}"

    def _chosen(self) -> None:
        self._sure = False
        self.discard.setText(translate("Cases", "Discard"))

    def _offer(self) -> Offer | None:
        item = self.list.currentItem()
        offer = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        return offer if isinstance(offer, Offer) else None

    def _recover(self) -> None:
        offer = self._offer()
        if offer is not None:
            self.accept()
            self.recover_requested.emit(offer)

    def _discard(self) -> None:
        """The first click asks: there is no way back."""
        offer = self._offer()
        if offer is None:
            return
        if not self._sure:
            self._sure = True
            self.discard.setText(translate("Cases", "Discard for good?"))
            return
        self.discard_requested.emit(offer)


class MovedDialog(QMessageBox):
    """Says that the scan of a case is gone from its place, and asks for it."""

    file_requested = Signal()
    folder_requested = Signal()

    def __init__(self, parent: QWidget, moved: Moved, *, hide_names: bool) -> None:
        super().__init__(QMessageBox.Icon.Question, "CineQuant", "", QMessageBox.StandardButton.NoButton, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(translate("Cases", "Where is the scan of this case?"))
        if hide_names:
            said = translate("Cases", "The scan is not where it was. Choose it; it is compared with the case.")
        else:
            said = translate(
                "Cases", "{name} is no longer at {path}. Choose the scan; it is compared with the case."
            ).format(name=moved.name, path=moved.looked_for)
        self.setInformativeText(said)
        roles = QMessageBox.ButtonRole
        files = self.addButton(translate("Cases", "Choose files…"), roles.AcceptRole)
        folder = self.addButton(translate("Cases", "Choose a folder…"), roles.AcceptRole)
        leave = self.addButton(translate("Cases", "Cancel"), roles.RejectRole)
        for button in (files, folder, leave):
            button.setIcon(QIcon())
        self.setDefaultButton(files)
        self.setEscapeButton(leave)
        self._files, self._folder = files, folder
        self.finished.connect(self._answer)

    def _answer(self) -> None:
        if self.clickedButton() is self._files:
            self.file_requested.emit()
        elif self.clickedButton() is self._folder:
            self.folder_requested.emit()
