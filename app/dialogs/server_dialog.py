"""Asks for an archive: where it is, what it speaks, how this computer is known there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.look.widgets import Choice, label
from app.words.language import marked, translate
from engine.exchange.servers import Dialect, Login, Server, fault_of

LOGINS = {
    Login.NONE: marked("Archive", "no sign-in"),
    Login.PASSWORD: marked("Archive", "user and password"),
    Login.TOKEN: marked("Archive", "token"),
}


class ServerDialog(QDialog):
    """One archive. taken: names of the others."""

    def __init__(self, parent: QWidget, server: Server | None, taken: Sequence[str]) -> None:
        super().__init__(parent)
        self._taken = {name.casefold() for name in taken}
        self.setWindowTitle(translate("Archive", "Archive"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(14)
        self._form = QFormLayout()
        self._files: list[QWidget] = []
        self._form.setHorizontalSpacing(14)
        shown = server or Server("", title="")
        self.name = self._line(translate("Archive", "Name"), shown.name)
        self.dialect = Choice()
        for dialect, text in ((Dialect.DIMSE, "DICOM (DIMSE)"), (Dialect.DICOMWEB, "DICOMweb")):
            self.dialect.addItem(text, dialect)
        self.dialect.setCurrentIndex(self.dialect.findData(shown.dialect))
        self._row(translate("Archive", "Protocol"), self.dialect)
        self.host = self._line(translate("Archive", "Host"), shown.host)
        self.port = self._line(translate("Archive", "Port"), str(shown.port))
        self.title = self._line(translate("Archive", "Its AE title"), shown.title)
        self.our_title = self._line(translate("Archive", "AE title of this computer"), shown.our_title)
        self.move_ = Choice()
        for moves, text in (
            (False, translate("Archive", "on the same connection (C-GET)")),
            (True, translate("Archive", "to a receiver of this computer (C-MOVE)")),
        ):
            self.move_.addItem(text, moves)
        self.move_.setCurrentIndex(int(shown.move))
        self._row(translate("Archive", "Sends images"), self.move_)
        self.receiver = self._line(translate("Archive", "Port of the receiver"), str(shown.receiver_port))
        self.url = self._line("URL", shown.url)
        self.url.setPlaceholderText("https://archive.example.org/dicom-web")
        self.login = Choice()
        for login, text in LOGINS.items():
            self.login.addItem(translate("Archive", text), login)
        self.login.setCurrentIndex(self.login.findData(shown.login))
        self._row(translate("Archive", "Sign-in"), self.login)
        self.user = self._line(translate("Archive", "User"), shown.user)
        self.tls = QCheckBox(translate("Archive", "Encrypt the connection (TLS)"))
        self.tls.setChecked(shown.tls)
        self._form.addRow("", self.tls)
        self.authority = self._file(translate("Archive", "Certificate authority"), shown.authority)
        self.certificate = self._file(translate("Archive", "Certificate of this computer"), shown.certificate)
        self.key = self._file(translate("Archive", "Its key"), shown.key)
        self.wait = self._line(translate("Archive", "Time limit, s"), f"{shown.wait_s:g}")
        column.addLayout(self._form)
        self.wrong = label("", "notice", wrap=True)
        self.wrong.setMinimumHeight(self.wrong.fontMetrics().height() * 2 + 16)
        column.addWidget(self.wrong)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        for plain in buttons.buttons():
            plain.setIcon(QIcon())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        column.addWidget(buttons)
        self.setMinimumWidth(560)
        for choice in (self.dialect, self.move_, self.login):
            choice.currentIndexChanged.connect(self._check)
        self.tls.toggled.connect(self._check)
        self._touched = server is not None
        self._check()

    def server(self) -> Server:
        """What was entered."""
        web = Dialect(self.dialect.currentData()) is Dialect.DICOMWEB
        url = self.url.text().strip().rstrip("/")
        return Server(
            name=self.name.text().strip(),
            dialect=Dialect(self.dialect.currentData()),
            host="" if web else self.host.text().strip(),
            port=_number(self.port.text()),
            title=self.title.text().strip(),
            our_title=self.our_title.text().strip(),
            move=not web and bool(self.move_.currentData()),
            receiver_port=_number(self.receiver.text()),
            url=url if web else "",
            login=Login(self.login.currentData()) if web else Login.NONE,
            user=self.user.text().strip() if web else "",
            tls=url.startswith("https:") if web else self.tls.isChecked(),
            authority=self.authority.text().strip(),
            certificate=self.certificate.text().strip(),
            key=self.key.text().strip(),
            wait_s=float(_number(self.wait.text())),
        )

    def _check(self) -> None:
        server = self.server()
        web = server.dialect is Dialect.DICOMWEB
        for field in (self.host, self.port, self.title, self.our_title, self.move_, self.tls):
            self._form.setRowVisible(field, not web)
        self._form.setRowVisible(self.receiver, server.move)
        for field in (self.url, self.login):
            self._form.setRowVisible(field, web)
        self._form.setRowVisible(self.user, server.login is Login.PASSWORD)
        for both in self._files:
            self._form.setRowVisible(both, server.tls)
        fault = fault_of(server)
        if server.name.casefold() in self._taken:
            fault = translate("Archive", "another archive has this name")
        self.ok.setEnabled(not fault)
        warned = not fault and not server.tls and not server.is_here
        unsafe = translate("Archive", "Names and images go over the network unencrypted: only for a network you trust.")
        said = f"{server.name or translate('Archive', 'The archive')}: {fault}" if fault else unsafe if warned else ""
        # An empty form need not complain before anything was entered.
        self.wrong.setText(said if self._touched or warned else "")
        self._touched = True

    def _line(self, name: str, text: str) -> QLineEdit:
        made = QLineEdit(text)
        made.textEdited.connect(self._check)
        self._row(name, made)
        return made

    def _file(self, name: str, path: str) -> QLineEdit:
        both = _FileField(name, path)
        both.line.textChanged.connect(self._check)
        self._files.append(both)
        self._row(name, both)
        return both.line

    def _row(self, name: str, field: QWidget) -> None:
        words = label(name)
        words.setBuddy(field)
        words.setMinimumHeight(field.sizeHint().height())
        self._form.addRow(words, field)


class _FileField(QWidget):
    """The path of a file, and a button to choose it."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__()
        self._name = name
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line = QLineEdit(path)
        button = QPushButton(translate("Archive", "Choose…"))
        button.setAutoDefault(False)
        button.clicked.connect(self._choose)
        row.addWidget(self.line, 1)
        row.addWidget(button)

    def _choose(self) -> None:
        kinds = "PEM (*.pem *.crt *.cer *.key);;* (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, self._name, self.line.text(), kinds)
        if chosen:
            self.line.setText(chosen)


def _number(text: str) -> int:
    """0, which no field takes, for what is no number."""
    return int(text) if text.strip().isdecimal() and len(text) < 10 else 0
