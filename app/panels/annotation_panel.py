"""The list of what was measured on the image: a click shows one, a button deletes it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QSizePolicy

from app.look import icons
from app.look.widgets import Panel, plain_tip
from app.state.types import AppState
from app.words.annotation_words import line
from app.words.language import translate

ROWS = 5
_NUMBER = int(Qt.ItemDataRole.UserRole)


@dataclass(frozen=True, slots=True)
class ShownAnnotations:
    """(number, text) of each, and which one is chosen."""

    rows: tuple[tuple[int, str], ...] = ()
    chosen: int | None = None


def _shown_annotations(state: AppState) -> ShownAnnotations:
    volume = state.scan.volume
    if volume is None or state.scan.loading is not None:
        return ShownAnnotations()
    rows = tuple((one.number, line(one, volume)) for one in state.annotation.annotations)
    return ShownAnnotations(rows, state.annotation.chosen)


class AnnotationPanel(Panel):
    """Hidden while nothing is measured."""

    show_requested = Signal(int)
    delete_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__(translate("Annotation", "Measured on the image"))
        self.setVisible(False)
        self.list = QListWidget()
        self.list.setObjectName("results")
        self.list.setAccessibleName(translate("Annotation", "Measured on the image"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.list.itemClicked.connect(self._clicked)
        self.list.itemActivated.connect(self._clicked)
        self.delete = icons.IconButton("close", translate("Annotation", "Delete the measurement (Delete)"))
        self.delete.clicked.connect(self._delete_clicked)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.list)
        row.addWidget(self.delete, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(row)
        self._shown = ShownAnnotations()

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_annotations(state)
        shown = self._shown
        if shown == before:
            return
        self.setVisible(bool(shown.rows))
        if shown.rows != before.rows:
            self.list.clear()
            for number, text in shown.rows:
                item = QListWidgetItem(text)
                item.setData(_NUMBER, number)
                item.setToolTip(plain_tip(text))
                self.list.addItem(item)
            height = self.list.sizeHintForRow(0) if shown.rows else 0
            self.list.setFixedHeight(min(len(shown.rows), ROWS) * height + 6)
        chosen = next((i for i, (number, _) in enumerate(shown.rows) if number == shown.chosen), -1)
        self.list.setCurrentRow(chosen)
        self.delete.setEnabled(chosen >= 0)

    # Methods, because a lambda that holds the panel would make a cycle through it.
    def _clicked(self, item: QListWidgetItem) -> None:
        self.show_requested.emit(item.data(_NUMBER))

    def _delete_clicked(self) -> None:
        if self._shown.chosen is not None:
            self.delete_requested.emit(self._shown.chosen)
