"""Opens the windows that exchange with an archive, where the packages for that are installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QWidget

from app.session.session import Session
from app.session.trail import note
from app.state.types import Kind
from app.words.language import translate
from engine.errors import CineQuantError

if TYPE_CHECKING:
    from app.dialogs.archive_dialog import ArchiveDialog
    from app.dialogs.send_dialog import SendDialog, Write

SERVERS = "archives.json"
"""The file of the user's archives, beside the settings."""


def fetched_folder() -> Path:
    """Where fetched studies go, one folder each."""
    data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(data) / "CineQuant" / "fetched"


class ArchiveWindows:
    """folder: where the settings are; None where nothing is remembered, as for a picture of the window."""

    def __init__(self, parent: QWidget, session: Session, folder: Path | None) -> None:
        self._parent, self._session, self.settings = parent, session, folder
        self.fetched = fetched_folder()
        self._open: ArchiveDialog | SendDialog | None = None
        self._sending = -1  # the volume_id of what is being sent

    def show_archive(self) -> None:
        """Search and fetch. Stays open beside the work."""
        if not self._can_exchange():
            return
        from app.dialogs.archive_dialog import ArchiveDialog  # noqa: PLC0415 - few windows exchange with an archive

        dialog = ArchiveDialog(
            self._parent,
            self._session.archiving,
            self._servers(),
            self.fetched,
            hide_names=self._session.state.preferences.hide_names,
        )
        dialog.fetched.connect(self._open_study)
        self._session.changed.connect(dialog.follow)
        self._show(dialog)

    def _open_study(self, folder: Path) -> None:
        self._session.opening.open_paths([folder])

    def send(self) -> None:
        """Send results of the scan on screen."""
        if not self._can_exchange():
            return
        if self._session.exporting.writer() is None:
            return
        from app.dialogs.send_dialog import SendDialog  # noqa: PLC0415

        reader = self._session.state.stationery.reader
        dialog = SendDialog(self._parent, self._session.archiving, self._servers(), self._writer, reader=reader)
        dialog.reader_named.connect(self._remember_reader)
        dialog.sent.connect(self._note_sent)
        self._show(dialog)

    def _remember_reader(self, name: str) -> None:
        self._session.update(reader=name)

    def _writer(self) -> Write | None:
        """Of the scan on screen, whose case notes it."""
        self._sending = self._session.state.scan.volume_id
        return self._session.exporting.writer()

    def _note_sent(self, name: str, stored: int) -> None:
        text = translate("Archive", "{name} has stored {number} objects.")
        self._session.say(Kind.SUCCESS, text.format(name=name, number=stored))
        if self._session.state.scan.volume_id == self._sending:  # else another case is on screen by now
            note(self._session.store, f"sent {stored} objects to {name}")

    def _servers(self) -> Path:
        return (self.settings or self.fetched.parent) / SERVERS

    def _can_exchange(self) -> bool:
        from engine.exchange.association import require  # noqa: PLC0415

        try:
            for package in ("pynetdicom", "dicomweb_client", "keyring"):
                require(package)
        except CineQuantError as error:
            self._session.say(Kind.WARNING, str(error))
            return False
        if self._session.archiving.transferring and self._open is not None:
            self._open.show()  # it may have been closed meanwhile
            self._open.raise_()
            return False
        return True

    def _show(self, dialog: ArchiveDialog | SendDialog) -> None:
        if self._open is not None:
            self._open.close()
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.destroyed.connect(self._forget)
        self._open = dialog
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _forget(self) -> None:
        self._open = None
