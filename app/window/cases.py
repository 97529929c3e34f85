"""Case files in the window: save, save as, the dialogs that ask about them, and what the title says."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.case_dialogs import MovedDialog, RecoveryDialog
from app.dialogs.readers_dialog import ReadersDialog
from app.session.case_saving import file_stem
from app.session.session import Session
from app.state.case_content import is_unsaved, work_of
from app.state.types import AppState
from app.window.save_names import documents
from app.window.scan_dialogs import still_on_screen
from app.words.language import translate
from app.words.names import scan_title
from engine.dossier import scan_code
from engine.formats.case_file import SUFFIX


class Cases(QObject):
    """Watches the state for what has to be asked."""

    def __init__(self, window: QWidget, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._titled: tuple[object, ...] = ()
        session.changed.connect(self._changed)

    # -- commands ------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save the case on screen where it was saved or opened; ask for a name the first time."""
        path = self._session.state.case.case_path
        if path is None:
            self.save_as()
        elif not self._session.case_saving.nothing_to_save():
            self._session.case_saving.save(path)

    def save_as(self) -> bool:
        """Ask for a name and save the case on screen there. Returns whether a name was given."""
        if self._session.case_saving.nothing_to_save():
            return False
        state = self._session.state
        path = self.ask_name(state.case.case_path, _scan_name(state))
        if path is None or not still_on_screen(self._session, state.scan.volume_id):
            return False
        self._session.case_saving.save(path)
        return True

    def ask_name(self, before: Path | None, scan: str) -> Path | None:
        """A name for a case of this scan; None if the user gives none."""
        title = translate("Cases", "Save case")
        start = before or documents() / f"{file_stem(scan)}{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, str(start), case_pattern())
        if not chosen:
            return None
        return Path(chosen if chosen.endswith(SUFFIX) else chosen + SUFFIX)

    def compare(self) -> None:
        """Ask for another reader's case of the scan on screen, and put it beside."""
        title = translate("Cases", "Another reader's case of this scan")
        volume_id = self._session.state.scan.volume_id
        chosen, _ = QFileDialog.getOpenFileName(self._window, title, str(documents()), case_pattern())
        if chosen and still_on_screen(self._session, volume_id):
            self._session.case_comparing.load(Path(chosen))

    def show_readers(self) -> None:
        """The numbers of both readers side by side."""
        dialog = self._window.findChild(ReadersDialog)
        if dialog is None and self._session.state.case.other is not None:
            dialog = ReadersDialog(self._window, self._session.state)
            self._session.changed.connect(dialog.follow)
        if dialog is not None:
            dialog.show()
            dialog.raise_()

    # -- what the state asks for ---------------------------------------------------------------------------------

    def _changed(self, old: AppState, new: AppState) -> None:
        if new.cases.moved is not None and new.cases.moved is not old.cases.moved:
            self._ask_where(new)
        if new.cases.offers is not old.cases.offers:
            self._offer(new)
        if new.case.other is not None and new.case.other is not old.case.other:
            self.show_readers()
        self._show_title(new)

    def _ask_where(self, state: AppState) -> None:
        moved = state.cases.moved
        assert moved is not None
        dialog = MovedDialog(self._window, moved, hide_names=state.preferences.hide_names)
        dialog.file_requested.connect(self._choose_files)
        dialog.folder_requested.connect(self._choose_folder)
        dialog.open()

    def _choose_files(self) -> None:
        title = translate("Cases", "The scan of the case")
        names, _ = QFileDialog.getOpenFileNames(self._window, title, str(documents()))
        self._open_with([Path(name) for name in names])

    def _choose_folder(self) -> None:
        title = translate("Cases", "The scan of the case")
        name = QFileDialog.getExistingDirectory(self._window, title, str(documents()))
        self._open_with([Path(name)] if name else [])

    def _open_with(self, scan: list[Path]) -> None:
        moved = self._session.state.cases.moved
        if scan and moved is not None:
            self._session.opening.open_case(moved.case, scan, recovered=moved.recovered)

    def _offer(self, state: AppState) -> None:
        offers, dialog = state.cases.offers, self._window.findChild(RecoveryDialog)
        if dialog is not None:
            dialog.show_offers(offers)
            return
        if not offers:
            return
        dialog = RecoveryDialog(self._window, offers, hide_names=state.preferences.hide_names)
        dialog.recover_requested.connect(self._session.recover_offer)
        dialog.discard_requested.connect(self._session.autosaving.discard)
        dialog.later_requested.connect(self._session.autosaving.later)
        dialog.open()

    # -- title ---------------------------------------------------------------------------------------------------

    def _show_title(self, state: AppState) -> None:
        volume, hide = state.scan.volume, state.preferences.hide_names
        # By identity: this is asked after every change, and whether something is unsaved is not known at once.
        titled = (volume, hide, state.scan.digest, work_of(state))
        if volume is None or titled == self._titled:
            return
        self._titled = titled
        scan, path = scan_title(volume, hide=hide), state.case.case_path
        name = f"{scan}[*]"
        if path is not None:
            name = translate("Cases", "Case") + f"[*] – {scan}" if hide else f"{path.name}[*] – {scan}"
        self._window.setWindowTitle(f"{name} – CineQuant")
        self._window.setWindowModified(is_unsaved(state))


def case_pattern() -> str:
    """What a file dialog lists."""
    return translate("Cases", "CineQuant cases (*{ending})").format(ending=SUFFIX)


def _scan_name(state: AppState) -> str:
    """The scan's own name, which may be a patient's; a code of it while names are hidden."""
    volume = state.scan.volume
    if volume is None:
        return ""
    return scan_code(volume) if state.preferences.hide_names else volume.source.name
