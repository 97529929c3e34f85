"""The report before it is saved: letterhead, conclusion and whose scan it says it is, beside a picture of the page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.form_dialog import add_row, plain_buttons
from app.look.widgets import Choice, label
from app.session.session import Session
from app.state.outgoing import MAX_CONCLUSION, MAX_HOSPITAL
from app.words.language import marked, translate
from engine.dossier import MAX_PSEUDONYM, IdentifyBy

# The page is drawn anew when typing pauses for as long.
PAUSE_MS = 350
PAGE = (420, 594)
NAMED = {
    IdentifyBy.STUDY: marked("ReportDialog", "Name, ID and date of the study"),
    IdentifyBy.PSEUDONYM: marked("ReportDialog", "A pseudonym"),
    IdentifyBy.CODE: marked("ReportDialog", "A code of the scan"),
}


class ReportDialog(QDialog):
    """What is entered is in the state at once, and with it in the case: closing without saving loses nothing."""

    def __init__(self, parent: QWidget, session: Session) -> None:
        super().__init__(parent)
        self._session = session
        self._image: QImage | None = None
        self.setWindowTitle(translate("ReportDialog", "Report"))
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 18, 20, 16)
        row.setSpacing(20)
        row.addLayout(self._fields(), 1)
        self.page = label()
        self.page.setObjectName("reportPage")
        self.page.setAccessibleName(translate("ReportDialog", "The page as it will be"))
        self.page.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.page.setMinimumSize(*PAGE)
        self.page.setWordWrap(True)
        row.addWidget(self.page, 1)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.draw)
        room = parent.window().size()
        self.resize(QSize(900, 680).boundedTo(room))
        self._changed()
        self.draw()
        self.conclusion.setFocus()

    def _fields(self) -> QVBoxLayout:
        letters, outgoing = self._session.state.stationery, self._session.state.outgoing
        column = QVBoxLayout()
        column.setSpacing(12)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        self.hospital = QLineEdit(letters.hospital)
        self.hospital.setMaxLength(MAX_HOSPITAL)
        self.hospital.textChanged.connect(self._changed)
        add_row(form, translate("ReportDialog", "Hospital"), self.hospital)
        logo = QHBoxLayout()
        self.choose_logo, self.no_logo = QPushButton(), QPushButton(translate("ReportDialog", "Remove"))
        self.choose_logo.clicked.connect(self._ask_logo)
        self.no_logo.clicked.connect(self._remove_logo)
        logo.addWidget(self.choose_logo, 1)
        logo.addWidget(self.no_logo)
        add_row(form, translate("ReportDialog", "Logo"), logo)
        self.named = Choice()
        for by, text in NAMED.items():
            self.named.addItem(translate("ReportDialog", text), by)
        self.named.setCurrentIndex(self.named.findData(letters.report_by))
        self.named.currentIndexChanged.connect(self._changed)
        add_row(form, translate("ReportDialog", "Patient"), self.named)
        self.pseudonym = QLineEdit(outgoing.pseudonym)
        self.pseudonym.setMaxLength(MAX_PSEUDONYM)
        self.pseudonym.textChanged.connect(self._changed)
        add_row(form, translate("ReportDialog", "Pseudonym"), self.pseudonym)
        column.addLayout(form)
        self.conclusion = QPlainTextEdit(outgoing.conclusion)
        self.conclusion.setTabChangesFocus(True)
        self.conclusion.setPlaceholderText(translate("ReportDialog", "In your own words; kept with the case."))
        self.conclusion.textChanged.connect(self._changed)
        words = label(translate("ReportDialog", "Conclusion"))
        words.setBuddy(self.conclusion)
        column.addWidget(words)
        column.addWidget(self.conclusion, 1)
        self.hidden_note = label(
            translate("ReportDialog", "Names are hidden (N): the report names nobody either."), "muted", wrap=True
        )
        self.hidden_note.setVisible(self._session.state.preferences.hide_names)
        column.addWidget(self.hidden_note)
        buttons = plain_buttons(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Close)
        self.save = buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save.setText(translate("ReportDialog", "Save as PDF…"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        return column

    def done(self, result: int) -> None:
        # A page that comes later would find no dialog any more.
        self._pause.stop()
        self._session.exporting.forget_preview()
        self._keep_hospital()
        super().done(result)

    def _keep_hospital(self) -> None:
        # It goes into the settings, which are not written with every letter.
        self._session.update(hospital=self.hospital.text().strip())

    def draw(self) -> None:
        """Ask for a picture of the page as it would be now."""
        self._keep_hospital()
        ratio = self.devicePixelRatioF()
        self._session.exporting.preview_report(round(max(self.page.width(), PAGE[0]) * ratio), self.show_page)

    @property
    def quiet(self) -> bool:
        """Whether the page shows what is entered."""
        return not self._pause.isActive() and self._session.idle

    def show_page(self, image: QImage | None, why: str) -> None:
        """The page, or why there is none; then it cannot be saved either."""
        self._image = image
        self.save.setEnabled(image is not None)
        if image is None:
            self.page.setText(why)
        else:
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._image is None:
            return
        ratio = self.devicePixelRatioF()
        kept, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixels = QPixmap.fromImage(self._image.scaled(self.page.size() * ratio, kept, smooth))
        pixels.setDevicePixelRatio(ratio)
        self.page.setPixmap(pixels)

    def _ask_logo(self) -> None:
        title = translate("ReportDialog", "Choose a logo")
        name, _ = QFileDialog.getOpenFileName(self, title, "", "PNG (*.png)")
        if name:
            self._take_logo(Path(name))

    def _remove_logo(self) -> None:
        self._take_logo(None)

    def _take_logo(self, path: Path | None) -> None:
        self._session.update(logo=path)
        self._changed()

    def _changed(self) -> None:
        by = IdentifyBy(self.named.currentData())  # Qt gives back a plain string
        conclusion = self.conclusion.toPlainText()[:MAX_CONCLUSION]
        self._session.update(
            report_by=by,
            pseudonym=self.pseudonym.text().strip(),
            conclusion=conclusion,
        )
        logo = self._session.state.stationery.logo
        self.choose_logo.setText(translate("ReportDialog", "Choose a PNG…") if logo is None else logo.name)
        self.no_logo.setEnabled(logo is not None)
        self.pseudonym.setEnabled(by is IdentifyBy.PSEUDONYM)
        self._pause.start()
