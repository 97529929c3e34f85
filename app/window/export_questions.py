"""Asks where to write what leaves the window, under which name, and hands that to the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QWidget

from app.dialogs.report_dialog import ReportDialog
from app.look.picture_files import save_picture
from app.session.export_files import default_name, export_of
from app.session.object_files import ObjectKind
from app.session.session import Session
from app.session.store import still_loading
from app.state.outgoing import identity_of
from app.state.types import Kind
from app.window.save_names import documents, with_ending
from app.window.scan_dialogs import open_about_scan, still_on_screen
from app.words.language import translate
from engine.dossier import IdentifyBy, check_pseudonym, scan_code
from engine.errors import ExportError
from engine.movie import find_ffmpeg


class ExportQuestions:
    """The dialogs before an export. picture: the views as shown."""

    def __init__(self, parent: QWidget, session: Session, picture: Callable[[], QPixmap]) -> None:
        self._parent, self._session, self._picture = parent, session, picture

    def mask(self) -> None:
        title, kinds = translate("MainWindow", "Export mask"), "NIfTI (*.nii.gz *.nii)"
        path = self._ask(title, "mask.nii.gz", kinds, (".nii.gz", ".nii"))
        if path:
            self._session.exporting.export_mask(path)

    def seg(self) -> None:
        if self._is_dicom():
            title, kinds = (
                translate("MainWindow", "Export DICOM SEG: a new folder"),
                translate("MainWindow", "Folder (*)"),
            )
            path = self._ask(title, "seg", kinds)
            if path:
                self._session.exporting.export_seg(path)

    def dicom_object(self, kind: ObjectKind) -> None:
        """A file, or a new folder, for an archive."""
        if not self._is_dicom():
            return
        if kind.is_folder:
            title, kinds = (
                translate("MainWindow", "Export DICOM objects: a new folder"),
                translate("MainWindow", "Folder (*)"),
            )
        else:
            title, kinds = translate("MainWindow", "Export DICOM object"), "DICOM (*.dcm)"
        path = self._ask(title, kind.value, kinds, () if kind.is_folder else (".dcm",))
        if path:
            self._session.exporting.export_object(path, kind)

    def anonymous_copy(self) -> None:
        """A folder for copies of the scan's files without identity."""
        volume = self._session.state.scan.volume
        if volume is None or not (volume.source.instances or volume.source.paths):
            text = translate("MainWindow", "Open a scan from files first: the built-in one has no patient.")
            self._session.say(Kind.HINT, text)
            return
        if still_loading(self._session.store):
            return
        title = translate("MainWindow", "Anonymous copy of the scan: a new folder")
        volume_id = self._session.state.scan.volume_id
        # The name must not be a patient's, whatever files and tables name.
        start = str(self._folder() / f"anonymous_{scan_code(volume)}")
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, start, translate("MainWindow", "Folder (*)"))
        if chosen and still_on_screen(self._session, volume_id):
            self._session.exporting.anonymise(Path(chosen))

    def _is_dicom(self) -> bool:
        """Whether the scan has images that objects can refer to; says so where it has none."""
        volume = self._session.state.scan.volume
        if volume is None or volume.source.kind == "dicom":
            return True
        text = translate(
            "MainWindow",
            "DICOM objects need a scan opened from DICOM, which they refer to. Export this one as NIfTI or PDF.",
        )
        self._session.say(Kind.HINT, text)
        return False

    def measurements(self) -> None:
        title = translate("MainWindow", "Export measurements")
        path = self._ask(title, "measurements.csv", "CSV (*.csv);;JSON (*.json)", (".csv", ".json"))
        if path:
            self._session.exporting.export_measurements(path)

    def movie(self) -> None:
        """A GIF, or an MP4 where there is an ffmpeg to make it."""
        session, volume = self._session, self._session.state.scan.volume
        if volume is not None and volume.frames < 2:
            session.say(Kind.HINT, translate("MainWindow", "A movie needs a cine; this scan has one frame."))
            return
        has_mp4 = find_ffmpeg() is not None
        kinds = "GIF (*.gif);;MP4 (*.mp4)" if has_mp4 else "GIF (*.gif)"
        endings = (".gif", ".mp4") if has_mp4 else (".gif",)
        name = f"slice{session.state.view.slice_index + 1}.gif"
        path = self._ask(translate("MainWindow", "Export movie of the slice"), name, kinds, endings)
        if path:
            session.exporting.export_movie(path)

    def report(self) -> None:
        """The report's dialog, with a preview; then a file."""
        if self._session.exporting.nothing_to_export():
            return
        there = self._parent.findChild(ReportDialog)
        if there is not None:
            there.raise_()
            return
        dialog = ReportDialog(self._parent, self._session)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self._save_report)
        open_about_scan(dialog, self._session)

    def copy_results(self) -> None:
        """The numbers to the clipboard: as text, as a table for a word processor, with tabs for a spreadsheet."""
        found = self._session.exporting.results()
        if found is None:
            return
        data = QMimeData()
        data.setText(found.text)
        data.setData("text/tab-separated-values", found.tsv.encode())
        data.setHtml(found.html)
        QGuiApplication.clipboard().setMimeData(data)
        self._session.say(Kind.SUCCESS, translate("MainWindow", "The results are in the clipboard."))

    def picture(self) -> None:
        session, state = self._session, self._session.state
        volume = state.scan.volume
        if volume is None:
            session.say(Kind.HINT, translate("MainWindow", "Nothing to save yet: open a scan first."))
            return
        if still_loading(session.store):
            return
        by = identity_of(state.stationery.tables_by, state.outgoing, hide_names=state.preferences.hide_names)
        name = f"{by.file_part(volume)}_slice{state.view.slice_index + 1}_frame{state.view.frame_index + 1}.png"
        title, start = translate("MainWindow", "Save picture"), str(self._folder() / name)
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, start, "PNG (*.png)")
        if not chosen or not still_on_screen(session, state.scan.volume_id):
            return
        path = with_ending(chosen, (".png",))
        if save_picture(self._picture(), path):
            session.update(export_folder=path.absolute().parent)
            session.exporting.record_beside(path)
            session.say(Kind.SUCCESS, translate("MainWindow", "Saved {path}").format(path=path))
        else:
            text = translate("MainWindow", "{path}: could not be written; choose a folder that you may write to")
            session.say(Kind.ERROR, text.format(path=path))

    def ask_pseudonym(self) -> None:
        """What stands for the patient in tables and names of files."""
        state = self._session.state
        title, words = (
            translate("MainWindow", "Pseudonym"),
            translate("MainWindow", "Files and tables of this scan name"),
        )
        text, taken = QInputDialog.getText(
            self._parent, title, words, QLineEdit.EchoMode.Normal, state.outgoing.pseudonym
        )
        if not taken or not still_on_screen(self._session, state.scan.volume_id):
            return
        try:
            pseudonym = check_pseudonym(text)
        except ExportError as error:
            self._session.say(Kind.ERROR, str(error))
            return
        by = IdentifyBy.PSEUDONYM if pseudonym else IdentifyBy.CODE
        self._session.update(tables_by=by, pseudonym=pseudonym)

    def _save_report(self) -> None:
        path = self._ask(
            translate("MainWindow", "Save report"), "report.pdf", "PDF (*.pdf)", (".pdf",),
            by=self._session.state.stationery.report_by,
        )  # fmt: skip
        if path:
            self._session.exporting.export_report(path)

    def _ask(
        self, title: str, name: str, kinds: str, endings: tuple[str, ...] = (), by: IdentifyBy | None = None
    ) -> Path | None:
        # A file's name names nobody unless that is asked for, even where the report in it does.
        export = export_of(self._session.state, by if by is IdentifyBy.PSEUDONYM else None)
        if self._session.exporting.nothing_to_export() or export is None:
            return None
        start, volume_id = self._folder() / default_name(export, name), self._session.state.scan.volume_id
        chosen, kind = QFileDialog.getSaveFileName(self._parent, title, str(start), kinds)
        if not chosen or not still_on_screen(self._session, volume_id):
            return None
        # The kind chosen in the dialog decides where the name was left without an ending.
        preferred = [ending for ending in endings if f"*{ending}" in kind]
        return with_ending(chosen, (*preferred, *endings))

    def _folder(self) -> Path:
        """Where the last export went, if that is still there."""
        last = self._session.state.stationery.export_folder
        return last if last is not None and last.is_dir() else documents()
