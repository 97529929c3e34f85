"""The archives that the user has entered: choose, add, edit, remove, test; and the password of the one chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.server_dialog import ServerDialog
from app.look.widgets import Choice, label
from app.session.archiving import Archiving
from app.words.language import translate
from engine.errors import CineQuantError
from engine.exchange import passwords
from engine.exchange.servers import Login, LoginError, Server, ServerError, read_servers, write_servers


class ServerBar(QWidget):
    """file: where the archives are written down. No password is kept in it, only in this widget and the keyring."""

    chosen = Signal()
    """Another archive, or the same after it was edited."""

    def __init__(self, archiving: Archiving, file: Path) -> None:
        super().__init__()
        self._archiving, self._file = archiving, file
        self._secrets: dict[Server, str] = {}
        self.servers: list[Server] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.addWidget(label(translate("Archive", "Archive")))
        self.choice = Choice()
        self.choice.setAccessibleName(translate("Archive", "Archive"))
        self.choice.setMinimumWidth(260)
        row.addWidget(self.choice, 1)
        self.test = self._button(row, translate("Archive", "Test"), self._test)
        self.add = self._button(row, translate("Archive", "Add…"), self._add)
        self.edit = self._button(row, translate("Archive", "Edit…"), self._edit_chosen)
        self.remove = self._button(row, translate("Archive", "Remove"), self._remove)
        column.addLayout(row)
        self.said = label("", "muted", wrap=True)
        column.addWidget(self.said)
        try:
            self.servers = list(read_servers(file))
            self._fill("")
        except ServerError as error:
            self._fill("")
            self.say(str(error))
        self.choice.currentIndexChanged.connect(self._other)

    @property
    def server(self) -> Server | None:
        """The one that is chosen."""
        at = self.choice.currentIndex()
        return self.servers[at] if 0 <= at < len(self.servers) else None

    def say(self, text: str) -> None:
        self.said.setText(text)

    def secret(self, server: Server, *, again: bool = False) -> str | None:
        """The password or token of a server, asked for where it is not known; None where the user has none now."""
        if server.login is Login.NONE:
            return ""
        if not again and (known := self._secrets.get(server) or passwords.kept(server)):
            self._secrets[server] = known
            return known
        asking = SecretDialog(self, server)
        if asking.exec() != QDialog.DialogCode.Accepted:
            return None
        self._secrets[server] = asking.text.text()
        if asking.remember.isChecked() and not passwords.keep(server, asking.text.text()):
            self.say(
                translate("Archive", "The keyring did not accept the password, so you will be asked for it again.")
            )
        return self._secrets[server]

    def refused(self, server: Server, error: CineQuantError) -> None:
        """Say what went wrong; a secret that was not accepted is asked for the next time."""
        if isinstance(error, LoginError):
            self._secrets.pop(server, None)
            passwords.forget(server)
        self.say(str(error))

    def _button(self, row: QHBoxLayout, text: str, pressed: object) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(pressed)
        row.addWidget(button)
        return button

    def _fill(self, name: str) -> None:
        self.choice.blockSignals(True)
        self.choice.clear()
        for server in self.servers:
            self.choice.addItem(f"{server.name}  ·  {server.address}")
        names = [server.name for server in self.servers]
        self.choice.setCurrentIndex(names.index(name) if name in names else 0)
        self.choice.blockSignals(False)
        for button in (self.test, self.edit, self.remove):
            button.setEnabled(bool(self.servers))
        if not self.servers:
            self.say(
                translate(
                    "Archive",
                    "No archive yet. Press Add; its administrator knows the host, the port and the AE titles.",
                )
            )
        else:
            self.say("")

    def _other(self) -> None:
        self.say("")
        self.chosen.emit()

    def _add(self) -> None:
        self._edit(None)

    def _edit_chosen(self) -> None:
        self._edit(self.server)

    def _edit(self, server: Server | None) -> None:
        taken = [each.name for each in self.servers if each is not server]
        dialog = ServerDialog(self, server, taken)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        made = dialog.server()
        if server is None:
            self.servers.append(made)
        else:
            self.servers[self.servers.index(server)] = made
        self._store(made.name)

    def _remove(self) -> None:
        server = self.server
        if server is None:
            return
        text = translate("Archive", "Remove the archive {name}? Nothing at the archive is changed.")
        if QMessageBox.question(self, "CineQuant", text.format(name=server.name)) == QMessageBox.StandardButton.Yes:
            passwords.forget(server)
            self.servers.remove(server)
            self._store("")

    def _store(self, name: str) -> None:
        said = ""
        try:
            write_servers(self._file, self.servers)
        except OSError as error:
            said = f"{self._file}: {error.strerror}"
        self._fill(name)
        self.chosen.emit()
        if said:
            self.say(said)

    def _test(self) -> None:
        server = self.server
        if server is None or (secret := self.secret(server)) is None:
            return
        self.say(translate("Archive", "Testing…"))

        def then(seconds: float) -> None:
            text = translate("Archive", "{name} answered in {ms} ms.")
            self.say(text.format(name=server.name, ms=round(1000 * seconds)))

        def failed(error: CineQuantError | None) -> None:
            if error is not None:
                self.refused(server, error)

        self._archiving.test(server, secret, then, failed)


class SecretDialog(QDialog):
    """Asks for a password or a token."""

    def __init__(self, parent: QWidget, server: Server) -> None:
        super().__init__(parent)
        self.setWindowTitle(server.name)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        token = translate("Archive", "Token for {name}").format(name=server.name)
        password = translate("Archive", "Password of {user} at {name}").format(user=server.user, name=server.name)
        words = token if server.login is Login.TOKEN else password
        column.addWidget(label(words, wrap=True))
        self.text = QLineEdit()
        self.text.setAccessibleName(words)
        self.text.setEchoMode(QLineEdit.EchoMode.Password)
        column.addWidget(self.text)
        self.remember = QCheckBox(translate("Archive", "Keep it in the keyring of this computer"))
        can = passwords.can_keep()
        self.remember.setEnabled(can)
        if not can:
            self.remember.setToolTip(translate("Archive", "This computer has no keyring; nothing is written down."))
        column.addWidget(self.remember)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        for plain in buttons.buttons():
            plain.setIcon(QIcon())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setMinimumWidth(420)
