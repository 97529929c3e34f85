"""Exports by key and dialog."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog

from app.dialogs.report_dialog import ReportDialog
from app.state.changes import arriving, completed, evolve, opened
from app.state.outgoing import Outgoing, Stationery
from app.state.types import AppState, Kind
from app.window.main_window import MainWindow
from app.window.scan_dialogs import is_another_scan
from app.window.settings import Settings
from engine.dossier import IdentifyBy

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(name="ready")
def ready_fixture(qtbot: Any, window: MainWindow) -> Iterator[MainWindow]:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    yield window
    window.session.update(outgoing=Outgoing())  # else closing would ask what becomes of it


def test_a_report_from_key_to_file(
    qtbot: Any, ready: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    QTest.keyClick(ready, Qt.Key.Key_P, CTRL)
    [dialog] = ready.findChildren(ReportDialog)
    qtbot.waitUntil(lambda: not dialog.page.pixmap().isNull(), timeout=15_000)
    dialog.hospital.setText("  St. Example ")
    dialog.conclusion.setPlainText("Fine.")
    assert not dialog.pseudonym.isEnabled()
    dialog.named.setCurrentIndex(dialog.named.findData(IdentifyBy.PSEUDONYM))
    assert dialog.pseudonym.isEnabled()
    dialog.pseudonym.setText("Subject 7")
    qtbot.waitUntil(lambda: ready.session.state.stationery.hospital == "St. Example", timeout=5_000)
    state = ready.session.state
    assert (state.stationery.hospital, state.stationery.report_by) == ("St. Example", IdentifyBy.PSEUDONYM)
    assert isinstance(state.stationery.report_by, IdentifyBy)
    assert (state.outgoing.conclusion, state.outgoing.pseudonym) == ("Fine.", "Subject 7")
    offered = []

    def save(_: object, __: str, start: str, *___: str) -> tuple[str, str]:
        offered.append(Path(start).name)
        return str(tmp_path / "r"), "PDF (*.pdf)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", save)
    dialog.save.click()
    settle(qtbot, ready.session)
    assert offered == ["Subject_7_first_int8_report.pdf"]
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert ready.session.state.message.kind is Kind.SUCCESS


def test_a_report_closed_before_its_page_is_drawn_is_gone(
    qtbot: Any, ready: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, gate = threading.Event(), threading.Event()

    def slowly(*_: object) -> QImage:
        drawn.set()
        gate.wait(5.0)
        return QImage(10, 10, QImage.Format.Format_RGB32)

    monkeypatch.setattr("app.look.painted_sheet.picture_of", slowly)
    ready.exports.report()
    [dialog] = ready.findChildren(ReportDialog)
    assert drawn.wait(5.0)
    dialog.conclusion.setPlainText("Typed just before.")
    dialog.reject()
    qtbot.waitUntil(lambda: not ready.findChildren(ReportDialog))
    gate.set()
    settle(qtbot, ready.session)
    QApplication.processEvents()
    assert ready.crash.last_report == ""
    assert ready.session.state.outgoing.conclusion == "Typed just before."


def test_a_logo_that_cannot_be_used_says_why_and_keeps_the_page_from_being_saved(
    qtbot: Any, ready: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "logo.png").write_bytes(b"no picture")
    ready.session.update(logo=tmp_path / "logo.png")
    ready.exports.report()
    [dialog] = ready.findChildren(ReportDialog)
    qtbot.waitUntil(lambda: "is no PNG" in dialog.page.text(), timeout=15_000)
    assert not dialog.save.isEnabled()
    dialog.no_logo.click()
    qtbot.waitUntil(dialog.save.isEnabled, timeout=15_000)
    dialog.reject()


def test_results_are_copied(ready: MainWindow) -> None:
    QTest.keyClick(ready, Qt.Key.Key_C, CTRL | SHIFT)
    data = QGuiApplication.clipboard().mimeData()
    assert "Ejection fraction" in data.text()
    assert b"\t" in data.data("text/tab-separated-values").data()
    assert data.hasHtml()


def test_the_folder_of_the_last_export_is_offered_again(
    qtbot: Any, ready: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = []

    def save(_: object, __: str, start: str, *___: str) -> tuple[str, str]:
        offered.append(Path(start).parent)
        return str(tmp_path / "t.csv"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", save)
    for _ in range(2):
        ready.exports.measurements()
        settle(qtbot, ready.session)
    assert offered[1] == tmp_path


def test_a_pseudonym_is_asked_for(ready: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (" Subject 7 ", True))
    ready.menus.actions_by_text["A pseudonym…"].trigger()
    state = ready.session.state
    assert (state.stationery.tables_by, state.outgoing.pseudonym) == (IdentifyBy.PSEUDONYM, "Subject 7")
    assert ready.menus.actions_by_text["A pseudonym…"].isChecked()


def test_the_letterhead_is_remembered_and_a_pseudonym_is_not(tmp_path: Path) -> None:
    letters = Stationery("St. Example", "Dr. Who", Path("/l.png"), IdentifyBy.PSEUDONYM, IdentifyBy.CODE, tmp_path)
    Settings(tmp_path / "s.ini").save(AppState(stationery=letters))
    found = Settings(tmp_path / "s.ini").restore(AppState()).stationery
    assert found == Stationery("St. Example", "Dr. Who", Path("/l.png"), IdentifyBy.CODE, IdentifyBy.CODE, tmp_path)


def test_what_was_asked_of_one_scan_never_reaches_another(
    qtbot: Any, ready: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study that is fetched, or a slow folder, may come on screen while a dialog is open."""
    session = ready.session
    ready.exports.report()
    [dialog] = ready.findChildren(ReportDialog)
    dialog.conclusion.setPlainText("Of the first scan.")
    session.opening.open_volume(volume(3, name="second"))
    assert not dialog.isEnabled()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=10_000)
    settle(qtbot, session)
    assert session.state.outgoing.conclusion == ""

    def meanwhile(*_: object) -> tuple[str, str]:
        session.opening.open_volume(volume(4, name="third"))
        settle(qtbot, session)
        return str(tmp_path / "second_mask.nii.gz"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", meanwhile)
    ready.exports.mask()
    settle(qtbot, session)
    assert list(tmp_path.iterdir()) == []
    assert session.state.message is not None and "Another scan has come on screen" in session.state.message.text
    session.update(left={})


def test_a_scan_that_has_been_read_completely_is_the_same_scan() -> None:
    scan = volume()
    arrived = arriving(AppState(), scan, {(0, 0): scan.array[0, 0]})
    assert is_another_scan(AppState(), arrived)
    assert not is_another_scan(arrived, completed(arrived, scan))
    assert not is_another_scan(arrived, evolve(arrived, slice_index=0))
    before = opened(AppState(), scan)
    assert is_another_scan(arriving(before, scan, {(0, 0): scan.array[0, 0]}), before)
