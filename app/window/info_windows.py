"""Opens the windows that tell about the scan, the model, this computer and the program."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.dialogs import dialogs
from app.dialogs.areas_dialog import AreasDialog
from app.dialogs.device_dialog import DeviceDialog
from app.dialogs.tags_dialog import TagsDialog
from app.dialogs.trail_dialog import TrailDialog
from app.session.device_check import DeviceCheck
from app.session.session import Session
from app.state.queries import card_of
from engine import __version__


class InfoWindows:
    """Opens each of them at most once; a second request brings it to the front."""

    def __init__(self, parent: QWidget, session: Session, check: DeviceCheck) -> None:
        self._parent, self._session, self._check = parent, session, check
        self.tags: TagsDialog | None = None

    def show_tags(self) -> None:
        """The header of the slice on screen. Stays open while the user moves through the scan."""
        if self.tags is None:
            self.tags = TagsDialog(self._parent, self._session)
            self.tags.finished.connect(self._forget_tags)
        self.tags.show()
        self.tags.raise_()
        self.tags.activateWindow()
        self.tags.search.setFocus()

    def _forget_tags(self) -> None:
        self.tags = None

    def show_areas(self) -> None:
        """The areas of every slice. Stays open while the user moves through the scan."""
        dialog = self._parent.findChild(AreasDialog) or AreasDialog(self._parent, self._session)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def show_trail(self) -> None:
        """What was done with the case."""
        dialog = self._parent.findChild(TrailDialog) or TrailDialog(self._parent, self._session)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def show_model_card(self) -> None:
        card = card_of(self._session.state)
        if card is not None:
            dialogs.model_card(self._parent, card).show()

    def show_device_check(self) -> None:
        """What runs best on this computer. Starts a check if that is not known."""
        session, check = self._session, self._check
        dialog = self._parent.findChild(DeviceDialog)
        if dialog is None:
            dialog = DeviceDialog(self._parent, session.state)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            session.changed.connect(dialog.apply)
            dialog.check_requested.connect(check.start)
            dialog.stop_requested.connect(lambda: session.update(checking=None))
            dialog.follow_requested.connect(session.segmenting.follow_report)
        dialog.show()
        dialog.raise_()
        if session.state.models.report is None and session.state.models.checking is None:
            check.start()

    def show_about(self) -> None:
        dialogs.about(self._parent, __version__).open()
