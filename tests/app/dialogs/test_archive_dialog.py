"""The windows that exchange with an archive, against dcmtk's: search, fetch, open, send."""

from __future__ import annotations

import errno
from pathlib import Path

import pydicom
import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from archive_servers import HAS_DCMTK, WITHOUT_DCMTK, free_port, running_dcmqrscp
from dicom_cine import ROOT, write_cine
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.dialogs import server_bar
from app.dialogs.archive_dialog import ArchiveDialog
from app.dialogs.send_dialog import SEG, SendDialog, made_in
from app.dialogs.server_bar import SecretDialog, ServerBar
from app.dialogs.server_dialog import ServerDialog
from app.session.archiving import Archiving
from app.session.jobs import Workers
from app.session.object_files import ObjectKind
from app.session.trail import trail_of
from app.state.changes import evolve
from app.state.types import AppState
from app.window import archive_windows
from engine.exchange import passwords, transfer
from engine.exchange.search import FoundStudies, FoundStudy
from engine.exchange.servers import Dialect, Login, LoginError, Server, ServerError, read_servers, write_servers
from engine.exchange.transfer import Fetched

STUDY = f"{ROOT}.1"
WEB = Server("Web", Dialect.DICOMWEB, url="https://pacs.example.org/web", login=Login.PASSWORD, user="anna")


@pytest.fixture(name="places")
def places_fixture(window, tmp_path):
    window.archives.settings, window.archives.fetched = tmp_path, tmp_path / "fetched"
    return tmp_path


@pytest.fixture(name="parent")
def parent_fixture(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


@pytest.mark.skipif(not HAS_DCMTK, reason=WITHOUT_DCMTK)
def test_search_fetch_open_and_send(window, places, qtbot):
    write_cine(places / "cine", 2, 3)
    (places / "server").mkdir()
    with running_dcmqrscp(places / "server", free_port()) as port:
        server = Server("Hospital", host="127.0.0.1", port=port, title="ARCHIVE", tls=False)
        write_servers(places / archive_windows.SERVERS, [server])
        transfer.send(server, [places / "cine"])

        window.menus.trigger("Archive…")
        dialog = window.findChild(ArchiveDialog)
        assert not dialog.tree.studies, "nothing is asked before the user asks"
        qtbot.keyClicks(dialog.patient, "0042")
        qtbot.waitUntil(lambda: STUDY in dialog.tree.studies, timeout=10_000)
        assert dialog.tree.studies[STUDY].text(0).startswith("Müller, Anna Maria   P-0042")
        dialog.tree.studies[STUDY].setExpanded(True)
        qtbot.waitUntil(lambda: dialog.tree.studies[STUDY].childCount() == 1, timeout=10_000)
        dialog.patient.setText("nobody")
        dialog.search()
        qtbot.waitUntil(lambda: dialog.found.text() == "Nothing matches.", timeout=10_000)
        dialog.patient.clear()
        dialog.search()
        qtbot.waitUntil(lambda: STUDY in dialog.tree.studies, timeout=10_000)

        dialog.get.click()
        assert dialog.stop.isVisible()
        qtbot.waitUntil(lambda: window.session.state.scan.volume is not None, timeout=10_000)
        assert dialog.found.text() == "6 images fetched; 0 were here already."
        assert (places / "fetched" / STUDY).is_dir()
        settle(qtbot, window.session)
        dialog.close()

        window.menus.trigger("Send to archive…")
        sending = window.findChild(SendDialog)
        sending.kinds[ObjectKind.STRUCTURED_REPORT].setChecked(False)
        sending.send_.click()
        qtbot.waitUntil(lambda: "stored" in sending.bar.said.text(), timeout=20_000)
        assert sending.bar.said.text() == "Hospital has stored 2 objects."
        assert trail_of(window.session.state)[-1]["what"] == "sent 2 objects to Hospital"
        sending.close()
        transfer.fetch(server, STUDY, places / "back")
        found = [pydicom.dcmread(path).Modality for path in (places / "back").rglob("*.dcm")]
        assert sorted(found) == ["MR"] * 6 + ["SEG"] * 2


def test_what_is_wrong_is_said_where_one_looks(window, places, qtbot, monkeypatch):
    file = places / archive_windows.SERVERS
    file.write_text("{", encoding="utf-8")
    window.archives.show_archive()
    window.archives.show_archive()
    (dialog,) = [each for each in window.findChildren(ArchiveDialog) if each.isVisible()]
    assert "is not JSON" in dialog.bar.said.text()
    write_servers(file, [Server("Off", host="127.0.0.1", port=1, title="X", tls=False)])
    window.archives.show_archive()
    (dialog,) = [each for each in window.findChildren(ArchiveDialog) if each.isVisible()]
    dialog.since.setText("29.2.2024")
    dialog.search()
    assert dialog.found.text() == "29.2.2024 is no day as 2024-02-29."
    dialog.since.clear()
    for ask in (dialog.search, dialog.bar.test.click):
        dialog.bar.say("")
        ask()
        qtbot.waitUntil(lambda: "nothing listens at port 1" in dialog.bar.said.text(), timeout=10_000)
    assert not dialog.tree.studies
    dialog.close()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    window.archives.show_archive()
    assert "pip install 'cinequant[archive]'" in window.session.state.message.text
    assert not [each for each in window.findChildren(ArchiveDialog) if each.isVisible()]


class Transfers:
    """Stands for Archiving: a transfer is under way until it is answered."""

    def __init__(self) -> None:
        self.transferring = False
        self.forgotten = 0
        self.calls: dict[str, object] = {}

    def forget(self) -> None:
        self.forgotten += 1

    def send(self, server, make, secret, **calls):
        self.make, self.calls, self.transferring = make, calls, True

    def fetch(self, server, study, series, folder, secret, **calls):
        self.calls, self.transferring = calls, True

    def answer(self, which, value):
        self.transferring = False
        self.calls[which](value)


@pytest.fixture(name="listed")
def listed_fixture(tmp_path):
    write_servers(tmp_path / "archives.json", [Server("Hospital", host="127.0.0.1", port=1, title="X", tls=False)])
    return tmp_path / "archives.json"


def shown(dialog):
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    return dialog


@pytest.mark.parametrize("leave", ["close", "reject"])  # the cross, and Escape
def test_a_dialog_that_is_closed_while_it_sends_takes_the_answer(parent, qtbot, listed, leave):
    transfers, made = Transfers(), []
    dialog = shown(SendDialog(parent, transfers, listed, lambda: lambda kind, path: made.append(kind)))
    gone = []
    dialog.destroyed.connect(lambda: gone.append(True))
    dialog.send()
    getattr(dialog, leave)()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not dialog.isVisible() and not gone
    transfers.answer("failed", ServerError("Hospital: refused"))
    assert dialog.isVisible() and dialog.bar.said.text() == "Hospital: refused"
    dialog.send()
    getattr(dialog, leave)()
    transfers.answer("then", 2)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert gone and transfers.forgotten


def test_what_is_sent_is_of_the_scan_on_screen_when_send_is_pressed(parent, qtbot, listed):
    transfers, asked = Transfers(), []
    dialog = shown(SendDialog(parent, transfers, listed, lambda: asked.append(True)))
    assert not asked
    dialog.send()
    assert asked and not transfers.transferring, "nothing to send"
    dialog.close()


def test_what_was_sent_is_noted_in_the_case_it_was_of(window, qtbot):
    window.session.opening.open_volume(volume(name="first"))
    settle(qtbot, window.session)
    window.archives._writer()
    window.archives._note_sent("Hospital", 2)
    assert trail_of(window.session.state)[-1]["what"] == "sent 2 objects to Hospital"
    window.session.opening.open_volume(volume(name="second"))
    settle(qtbot, window.session)
    window.archives._note_sent("Hospital", 2)
    assert not any("sent" in line["what"] for line in trail_of(window.session.state))


def test_names_hidden_in_the_window_are_hidden_in_the_search_too(parent, qtbot, listed, tmp_path):
    transfers = Transfers()
    dialog = shown(ArchiveDialog(parent, transfers, listed, tmp_path / "fetched", hide_names=False))
    study = FoundStudy("1.2", "Müller, Anna", "P-0042", "", "2024-02-29", "", "", "", ("MR",), 1, 6)
    dialog._show_found(FoundStudies((study,), cut=False))
    assert "Müller" in dialog.tree.studies["1.2"].text(0)
    dialog.follow(AppState(), evolve(AppState(), hide_names=True))
    assert dialog.tree.studies["1.2"].text(0) == "Patient 1"
    dialog.fetch()
    dialog.reject()
    assert not dialog.isVisible()
    transfers.answer("then", Fetched(tmp_path, 6, 0))


def test_servers_that_cannot_be_written_down_are_said(parent, qtbot, listed, monkeypatch):
    bar = ServerBar(Archiving(Workers()), listed)
    qtbot.addWidget(bar)
    monkeypatch.setattr(server_bar, "write_servers", full)
    bar._store("Hospital")
    assert "No space left on device" in bar.said.text()


def full(file, servers):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_server_is_checked_while_it_is_entered(parent, qtbot):
    dialog = ServerDialog(parent, None, ["Other"])
    assert not dialog.ok.isEnabled()
    for field, text in ((dialog.name, "Mine"), (dialog.host, "pacs.example.org"), (dialog.title, "ARCHIVE")):
        field.clear()
        qtbot.keyClicks(field, text)
    assert dialog.ok.isEnabled()
    assert dialog.server() == Server("Mine", host="pacs.example.org", port=104, title="ARCHIVE")
    dialog.tls.setChecked(False)
    assert "unencrypted" in dialog.wrong.text()
    dialog.name.setText("other")
    dialog._check()
    assert not dialog.ok.isEnabled()
    assert ServerDialog(parent, WEB, []).server() == WEB


def test_a_password_is_asked_for_and_never_written(parent, tmp_path, monkeypatch):
    file = tmp_path / archive_windows.SERVERS
    write_servers(file, [WEB])
    monkeypatch.setattr(passwords, "kept", lambda server: "")
    monkeypatch.setattr(passwords, "can_keep", lambda: False)
    asked = []

    def answer(dialog):
        asked.append(dialog.remember.isEnabled())
        dialog.text.setText("very secret")
        return dialog.DialogCode.Accepted

    monkeypatch.setattr(SecretDialog, "exec", answer)
    bar = ServerBar(Archiving(Workers()), file)
    bar.setParent(parent)
    assert bar.secret(WEB) == "very secret"
    assert bar.secret(WEB) == "very secret"
    assert asked == [False], "asked once as long as the window is open"
    bar.refused(WEB, LoginError("Web: does not accept the password"))
    bar.secret(WEB)
    assert len(asked) == 2
    bar._store("Web")
    assert read_servers(file) == (WEB,)
    assert b"very secret" not in file.read_bytes()


def test_objects_are_made_together_where_the_report_refers_to_the_masks(tmp_path):
    asked = []

    def write(kind, path):
        asked.append(kind)
        if kind is ObjectKind.ALL:
            path.mkdir()
            for name in ("seg_phase_01.dcm", "sr.dcm", "report.dcm", "contours.dcm"):
                (path / name).touch()
        else:
            path.touch()

    def made(place: str, *wanted):
        folder: Path = tmp_path / place
        folder.mkdir()
        return [path.name for path in made_in(folder, wanted, write)]

    assert made("a", SEG, ObjectKind.STRUCTURED_REPORT) == ["seg_phase_01.dcm", "sr.dcm"]
    assert made("b", ObjectKind.PDF) == ["report.dcm"]
    assert asked == [ObjectKind.ALL, ObjectKind.PDF]
