"""Asks for files and numbers, and hands what the user chose to the session."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.dialogs import SpacingDialog
from app.dialogs.mask_dialog import MaskDialog
from app.dialogs.patient_dialog import PatientDialog
from app.session.session import Session
from app.session.store import still_loading
from app.state.types import Kind
from app.window.scan_dialogs import open_about_scan, still_on_screen
from app.words.language import marked, translate
from engine.errors import ScanError
from engine.formats import masks
from engine.formats.case_file import SUFFIX
from engine.measures.body import Body, body_of

PATIENT = marked("History", "details of the patient")


class Questions:
    """The dialogs that ask before something is opened or changed."""

    def __init__(self, parent: QWidget, session: Session) -> None:
        self._parent, self._session = parent, session

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
            session.say(Kind.HINT, translate("MainWindow", "A mask goes with a scan: open the scan first."))
            return
        if still_loading(session.store):
            return
        title = translate("MainWindow", "Load a mask of this scan")
        kinds = translate("MainWindow", "Masks (*.nii *.nii.gz *.dcm);;All files (*)")
        names, _ = QFileDialog.getOpenFileNames(self._parent, title, self._start_folder(), kinds)
        paths = [Path(name) for name in sorted(names)]
        if not paths or not still_on_screen(session, state.scan.volume_id):
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
        dialog.convention_given.connect(partial(session.comparing.load_mask, paths))
        open_about_scan(dialog, self._session)

    def spacing(self) -> None:
        """Ask for the voxel size of a scan whose header does not have it."""
        if still_loading(self._session.store):
            return
        dialog = SpacingDialog(self._parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.spacing_given.connect(self._session.opening.set_spacing)
        open_about_scan(dialog, self._session)

    def patient(self) -> None:
        """Ask for what indices and normal ranges need of the patient."""
        state = self._session.state
        header = body_of(state.scan.volume) if state.scan.volume is not None else Body()
        dialog = PatientDialog(self._parent, state.facts.typed, header)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.details_given.connect(self._take_details)
        open_about_scan(dialog, self._session)

    def _take_details(self, typed: Body) -> None:
        self._session.undoing.step(PATIENT, typed=typed)

    def _start_folder(self) -> str:
        recents = self._session.state.preferences.recents
        return str(recents[0].parent) if recents else str(Path.home())
