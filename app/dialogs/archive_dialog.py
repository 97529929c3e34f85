"""Searches an archive as one types, and fetches what is chosen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.dialogs.archive_tree import ArchiveTree
from app.dialogs.fetched_dialog import FetchedDialog
from app.dialogs.transfer_dialog import TransferDialog
from app.look.widgets import Choice, label
from app.session.archiving import Archiving
from app.session.jobs import JobReport
from app.state.types import AppState
from app.words.language import translate
from engine.errors import CineQuantError
from engine.exchange.arrivals import LIMIT_BYTES, used_bytes
from engine.exchange.search import FoundSeries, FoundStudies, FoundStudy, Query
from engine.exchange.servers import Server
from engine.exchange.transfer import Fetched

TYPING_MS = 400
"""So long after the last letter a search begins."""
MODALITIES = ("", "MR", "CT", "SEG", "SR")


class ArchiveDialog(TransferDialog):
    """Stays open beside the work. Closed while it fetches, it is only hidden, and shown again if fetching fails.

    file: of the archives; folder: where studies go, one folder each.
    """

    fetched = Signal(Path)
    """A study is whole in this folder."""

    def __init__(self, parent: QWidget, archiving: Archiving, file: Path, folder: Path, *, hide_names: bool) -> None:
        super().__init__(parent, archiving, file, translate("Archive", "Archive"))
        self._folder, self._hide = folder, hide_names
        self._studies: tuple[FoundStudy, ...] = ()
        self.column.addLayout(self._fields())
        self.tree = ArchiveTree()
        self.column.addWidget(self.tree, 1)
        self.found = label("", "muted", wrap=True)
        self.column.addWidget(self.found)
        self.column.addLayout(self._foot())
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self.search)
        self.bar.chosen.connect(self._other_server)
        self.tree.series_requested.connect(self._ask_series)
        self.tree.fetch_requested.connect(self.fetch)
        self.tree.currentItemChanged.connect(self._show_buttons)
        self.resize(900, 620)
        self._show_buttons()
        self._show_room()
        self.patient.setFocus()

    # -- what is searched for ------------------------------------------------------------------------------------

    def _fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        self.patient, self.description = QLineEdit(), QLineEdit()
        self.since, self.until = QLineEdit(), QLineEdit()
        self.modality = Choice()
        for modality in MODALITIES:
            self.modality.addItem(modality or translate("Archive", "any"), modality)
        self.patient.setPlaceholderText(translate("Archive", "name or ID"))
        self.description.setPlaceholderText(translate("Archive", "words of its description"))
        for field in (self.since, self.until):
            field.setPlaceholderText(translate("Archive", "YYYY-MM-DD"))
            field.setMaximumWidth(130)
        named: tuple[tuple[str, QLineEdit | Choice], ...] = (
            (translate("Archive", "Patient"), self.patient),
            (translate("Archive", "Study"), self.description),
            (translate("Archive", "From"), self.since),
            (translate("Archive", "To"), self.until),
            (translate("Archive", "Modality"), self.modality),
        )
        for at, (text, box) in enumerate(named):
            words = label(text, "muted")
            words.setBuddy(box)
            box.setAccessibleName(text)
            grid.addWidget(words, 0, at)
            grid.addWidget(box, 1, at)
            if isinstance(box, QLineEdit):
                box.textEdited.connect(self._typed)
                box.returnPressed.connect(self.search)
        self.modality.activated.connect(self.search)
        self.again = QPushButton(translate("Archive", "Search"))
        self.again.setDefault(True)
        self.again.clicked.connect(self.search)
        grid.addWidget(self.again, 1, 5)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 3)
        return grid

    def query(self) -> Query | None:
        """What is entered; None, and says so, where a day is none."""
        days: list[date | None] = []
        for field in (self.since, self.until):
            text = field.text().strip()
            try:
                days.append(date.fromisoformat(text) if text else None)
            except ValueError:
                self.found.setText(translate("Archive", "{text} is no day as 2024-02-29.").format(text=text))
                return None
        return Query(
            self.patient.text().strip(),
            days[0],
            days[1],
            self.modality.currentData(),
            self.description.text().strip(),
        )

    def _typed(self) -> None:
        self._typing.start()

    def search(self) -> None:
        """Ask the chosen archive."""
        self._typing.stop()
        server, query = self.bar.server, self.query()
        if server is None or query is None or (secret := self.bar.secret(server)) is None:
            return
        self.found.setText(translate("Archive", "Searching…"))
        self._archiving.search(
            server, query, secret, self._show_found, lambda error: self._failed(server, error, clear=True)
        )

    def _show_found(self, found: FoundStudies) -> None:
        self.bar.say("")
        self._list(found.studies)
        number = len(found.studies)
        if not number:
            text = translate("Archive", "Nothing matches.")
        elif found.unread:
            text = translate("Archive", "{number} of very many studies, perhaps not the newest: narrow the search.")
        elif found.cut:
            text = translate("Archive", "The newest {number} studies. More match: narrow the search.")
        else:
            text = translate("Archive", "{number} found, the newest first.")
        self.found.setText(text.format(number=number))
        self._show_buttons()

    def _list(self, studies: tuple[FoundStudy, ...]) -> None:
        self._studies = studies
        self.tree.show_studies(studies, hide=self._hide)

    def follow(self, _: AppState, new: AppState) -> None:
        """Hide names, or show them, as the window does."""
        if new.preferences.hide_names != self._hide:
            self._hide = new.preferences.hide_names
            self._list(self._studies)

    def _ask_series(self, study: str) -> None:
        server = self.bar.server
        if server is None or (secret := self.bar.secret(server)) is None:
            return

        def then(series: tuple[FoundSeries, ...]) -> None:
            self.tree.show_series(study, series)

        self._archiving.series(server, study, secret, then, lambda error: self._failed(server, error))

    def _other_server(self) -> None:
        self._archiving.forget()
        self._list(())
        self.found.setText("")
        self._show_buttons()

    def _failed(self, server: Server, error: CineQuantError | None, *, clear: bool = False) -> None:
        if clear:
            self._list(())
        self.found.setText("")
        if error is not None:
            self.bar.refused(server, error)
        self._show_buttons()

    # -- fetching ------------------------------------------------------------------------------------------------

    def _foot(self) -> QHBoxLayout:
        self.room = label("", "small")
        self.empty = QPushButton(translate("Archive", "Remove fetched studies…"))
        self.empty.setAutoDefault(False)
        self.empty.clicked.connect(self._empty)
        self.get = QPushButton(translate("Archive", "Fetch and open"))
        self.get.clicked.connect(self.fetch)
        return self.transfer_row(self.get, self.room, self.empty, stop=self._stop)

    def fetch(self) -> None:
        """Fetch what is chosen, unless something is being fetched."""
        server, chosen = self.bar.server, self.tree.chosen()
        if server is None or chosen is None or self._archiving.transferring:
            return
        if (secret := self.bar.secret(server)) is None:
            return
        study, series = chosen
        folder = self._folder / study
        self.bar.say("")

        def then(fetched: Fetched) -> None:
            self._show_buttons()
            self._show_room()
            text = translate("Archive", "{new} images fetched; {there} were here already.")
            self.found.setText(text.format(new=fetched.new, there=fetched.there))
            # One series of a study that has others is opened by itself.
            self.fetched.emit(folder / series[0] if series else folder)
            if not self.isVisible():
                self.close()

        def failed(error: CineQuantError | None) -> None:
            self._show_room()
            self._failed(server, error)
            self.show()

        self._archiving.fetch(
            server, study, series, folder, secret, on_report=self._show_report, then=then, failed=failed
        )
        self._show_buttons()

    def _show_report(self, report: JobReport) -> None:
        self.show_progress(report, translate("Archive", "{done} of {total} images"))

    def _stop(self) -> None:
        self._archiving.cancel()
        self.found.setText(translate("Archive", "Stopped. What has arrived is not fetched again."))
        self._show_buttons()

    def _show_buttons(self) -> None:
        under_way = self.show_transfer()
        self.get.setVisible(not under_way)
        self.get.setEnabled(self.tree.chosen() is not None)
        self.empty.setEnabled(not under_way)

    def _show_room(self) -> None:
        used = used_bytes(self._folder) if self._folder.is_dir() else 0
        text = translate("Archive", "Fetched studies: {used} of {limit} GB")
        self.room.setText(text.format(used=f"{used / 1e9:.1f}", limit=f"{LIMIT_BYTES / 1e9:g}"))
        self.room.setToolTip(str(self._folder))
        self.empty.setVisible(used > 0)

    def _empty(self) -> None:
        dialog = FetchedDialog(self, self._folder, hide_names=self._hide)
        dialog.exec()
        dialog.deleteLater()
        self._show_room()

    def done(self, result: int) -> None:
        """Escape and the cross lead here."""
        self._typing.stop()
        super().done(result)
