"""Asks for files and numbers, and hands what the user chose to the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.dialogs import SpacingDialog
from app.dialogs.mask_dialog import MaskDialog
from app.dialogs.patient_dialog import PatientDialog
from app.look.picture_files import save_picture
from app.session import exporting
from app.session.session import Session
from app.session.store import still_loading
from app.state.types import Kind
from app.words.language import marked, translate
from engine.errors import ScanError
from engine.formats import masks
from engine.formats.case_file import SUFFIX
from engine.measures.body import Body, body_of

PATIENT = marked("History", "details of the patient")


class Questions:
    """The dialogs that ask before something is opened, exported or changed. picture: the views as shown."""

    def __init__(self, parent: QWidget, session: Session, picture: Callable[[], QPixmap]) -> None:
        self._parent, self._session, self._picture = parent, session, picture

    def open_files(self) -> None:
        from engine.formats.door import dialog_patterns  # noqa: PLC0415 - brings the readers of DICOM and NIfTI

        title = translate("MainWindow", "Open a scan")
        kinds = translate("MainWindow", "Scans ({patterns});;All files (*)")
        kinds = kinds.format(patterns=" ".join((*dialog_patterns(), f"*{SUFFIX}")))
        names, _ = QFileDialog.getOpenFileNames(self._parent, title, self._start_folder(), kinds)
        self._session.opening.open_paths([Path(name) for name in names])

    def open_folder(self) -> None:
        title = translate("MainWindow", "Open a folder of DICOM or NIfTI files")
        name = QFileDialog.getExistingDirectory(self._parent, title, self._start_folder())
        self._session.opening.open_paths([Path(name)] if name else [])

    def load_mask(self) -> None:
        """Ask for a mask to compare with. What its values mean is asked only if the file cannot say."""
        session, state = self._session, self._session.state
        if state.scan.volume is None:
            session.say(Kind.WARNING, translate("MainWindow", "A mask goes with a scan: open the scan first."))
            return
        if still_loading(session.store):
            return
        title = translate("MainWindow", "Load a mask of this scan")
        kinds = translate("MainWindow", "Masks (*.nii *.nii.gz *.dcm);;All files (*)")
        names, _ = QFileDialog.getOpenFileNames(self._parent, title, self._start_folder(), kinds)
        paths = [Path(name) for name in sorted(names)]
        if not paths:
            return
        try:
            if not masks.needs_convention(paths):
                session.comparing.load_mask(paths)
                return
            one_of_many = masks.frames_in(paths) == 1 and state.scan.volume.frames > 1
        except ScanError as error:
            session.say(Kind.ERROR, str(error))
            return
        frame = translate("MainWindow", "The mask is of one frame: it is taken for frame {number}, which is on screen.")
        frame = frame.format(number=state.view.frame_index + 1)
        dialog = MaskDialog(self._parent, paths[0].name, frame if one_of_many else "")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: session.comparing.load_mask(paths, dialog.convention()))
        dialog.open()

    def export_mask(self) -> None:
        title, kinds = translate("MainWindow", "Export mask"), "NIfTI (*.nii.gz *.nii)"
        path = self._ask_save(title, "mask.nii.gz", kinds, (".nii.gz", ".nii"))
        if path:
            self._session.exporting.export_mask(path)

    def export_seg(self) -> None:
        volume = self._session.state.scan.volume
        if volume is not None and volume.source.kind != "dicom":
            text = translate(
                "MainWindow",
                "DICOM SEG needs a scan opened from DICOM, whose headers it refers to. Export this one as NIfTI.",
            )
            self._session.say(Kind.WARNING, text)
            return
        title, kinds = translate("MainWindow", "Export DICOM SEG: a new folder"), translate("MainWindow", "Folder (*)")
        path = self._ask_save(title, "seg", kinds)
        if path:
            self._session.exporting.export_seg(path)

    def export_measurements(self) -> None:
        title = translate("MainWindow", "Export measurements")
        path = self._ask_save(title, "measurements.csv", "CSV (*.csv)", (".csv",))
        if path:
            self._session.exporting.export_measurements(path)

    def save_picture(self) -> None:
        session, state = self._session, self._session.state
        volume = state.scan.volume
        if volume is None:
            session.say(Kind.WARNING, translate("MainWindow", "Nothing to save yet: open a scan first."))
            return
        if still_loading(session.store):
            return
        name = f"{exporting.scan_name(volume)}_slice{state.view.slice_index + 1}_frame{state.view.frame_index + 1}.png"
        title, start = translate("MainWindow", "Save picture"), str(documents() / name)
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, start, "PNG (*.png)")
        if not chosen:
            return
        path = _with_ending(chosen, (".png",))
        if save_picture(self._picture(), path):
            session.say(Kind.SUCCESS, translate("MainWindow", "Saved {path}").format(path=path))
        else:
            text = translate("MainWindow", "{path}: could not be written; choose a folder that you may write to")
            session.say(Kind.ERROR, text.format(path=path))

    def spacing(self) -> None:
        """Ask for the voxel size of a scan whose header does not have it."""
        if still_loading(self._session.store):
            return
        dialog = SpacingDialog(self._parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._session.opening.set_spacing(*dialog.spacing_mm()))
        dialog.open()

    def patient(self) -> None:
        """Ask for what indices and normal ranges need of the patient."""
        state = self._session.state
        header = body_of(state.scan.volume) if state.scan.volume is not None else Body()
        dialog = PatientDialog(self._parent, state.facts.typed, header)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._session.undoing.step(PATIENT, typed=dialog.typed()))
        dialog.open()

    def _ask_save(self, title: str, name: str, kinds: str, endings: tuple[str, ...] = ()) -> Path | None:
        export = exporting.export_of(self._session.state)
        if self._session.exporting.nothing_to_export() or export is None:
            return None
        start = documents() / exporting.default_name(export, name)
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, str(start), kinds)
        return _with_ending(chosen, endings) if chosen else None

    def _start_folder(self) -> str:
        recents = self._session.state.preferences.recents
        return str(recents[0].parent) if recents else str(Path.home())


def documents() -> Path:
    """The folder of the user's documents, or the home folder if the system has none."""
    location = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(location) if location else Path.home()


def _with_ending(chosen: str, endings: tuple[str, ...]) -> Path:
    """A file name as entered, with the first ending if it has none of them."""
    return Path(chosen if not endings or chosen.lower().endswith(endings) else chosen + endings[0])
