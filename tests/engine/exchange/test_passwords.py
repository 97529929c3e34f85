"""Passwords are in the system's keyring or nowhere."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from engine.exchange import passwords
from engine.exchange.servers import Dialect, Login, Server

SERVER = Server("Web", Dialect.DICOMWEB, url="https://pacs.example.org/dicom-web", login=Login.PASSWORD, user="anna")


class Vault(KeyringBackend):
    """A keyring in memory."""

    priority = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


class PlainFile(Vault):
    """Stands for the backends that write plain files, which say so by their priority."""

    priority = 0.5  # type: ignore[assignment]


class Broken(Vault):
    """A keyring that is locked."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_password_is_kept_for_its_user_at_its_url() -> None:
    vault = Vault()
    keyring.set_keyring(vault)
    assert passwords.can_keep()
    assert passwords.keep(SERVER, "secret")
    assert passwords.kept(SERVER) == "secret"
    assert list(vault.held) == [("CineQuant archive", "anna at https://pacs.example.org/dicom-web")]
    # Whoever changes the file of servers does not get the password sent to another host.
    assert passwords.kept(replace(SERVER, url="https://evil.example.org/dicom-web")) == ""
    assert passwords.kept(replace(SERVER, name="Renamed")) == "secret"
    passwords.forget(SERVER)
    assert vault.held == {}


@pytest.mark.parametrize("backend", [PlainFile, Broken, keyring.backends.fail.Keyring, keyring.backends.null.Keyring])
def test_without_a_true_keyring_nothing_is_kept(backend: type[KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    assert not passwords.keep(SERVER, "secret")
    assert passwords.kept(SERVER) == ""
    passwords.forget(SERVER)


def test_a_server_has_no_room_for_a_password() -> None:
    assert not [name for name in asdict(SERVER) if "secret" in name or "password" in name]


ASKS_A_REAL_KEYRING = """
import sys
import keyring
from engine.exchange import passwords
from engine.exchange.servers import Dialect, Login, Server
from keyring.backends.SecretService import Keyring
server = Server("Web", Dialect.DICOMWEB, url="https://pacs.example.org/dicom-web", login=Login.PASSWORD, user="anna")
keyring.set_keyring(Keyring())
assert passwords.keep(server, "sécret") and passwords.kept(server) == "sécret"
passwords.forget(server)
assert passwords.kept(server) == ""
import secretstorage
assert passwords.keep(server, "again")
secretstorage.get_default_collection(secretstorage.dbus_init()).lock()
assert passwords.kept(server) == "" and not passwords.keep(server, "new")
print("all is well")
"""


@pytest.mark.skipif(
    not all(map(shutil.which, ("dbus-run-session", "gnome-keyring-daemon"))), reason="no gnome-keyring on this machine"
)
def test_a_real_keyring_keeps_and_forgets_and_when_locked_gives_nothing(tmp_path: Path) -> None:
    """GNOME's own, on a bus of its own, in a home of its own."""
    script = (
        "printf word | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
        f"exec {shlex.quote(sys.executable)} -c {shlex.quote(ASKS_A_REAL_KEYRING)}"
    )
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND", "XDG_RUNTIME_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data"), "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", script],
        capture_output=True, text=True, env={**environment, **home}, timeout=60, check=False,
    )  # fmt: skip
    assert "all is well" in done.stdout, done.stderr
    assert list((tmp_path / "data" / "keyrings").iterdir())
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or "sécret".encode() not in file.read_bytes()
