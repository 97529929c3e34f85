"""Case files in the window: keys, title, dialogs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from app.dialogs.case_dialogs import MovedDialog, RecoveryDialog
from app.dialogs.readers_dialog import ReadersDialog
from app.state import editing
from app.state.case import Offer
from app.state.queries import correction_of, shown_function, shown_labels
from app.state.types import Layout, Pair
from app.window.cases import _scan_name
from app.window.main_window import MainWindow
from engine.dossier import scan_code
from engine.volume import LV

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    QTest.keyClick(window, key, modifiers)
    QApplication.processEvents()


def correct(qtbot: Any, window: MainWindow, scan: Path) -> None:
    image = nibabel.Nifti1Image(volume().array.transpose(3, 2, 1, 0), np.diag([-2.0, -1.0, 8.0, 1.0]))
    nibabel.save(image, scan)
    window.session.opening.open_paths([scan])
    settle(qtbot, window.session)
    window.session.correcting.start()
    window.session.correcting.start_stroke(0, 7.0, 3.5)
    window.session.correcting.end_stroke()


def answer(monkeypatch: pytest.MonkeyPatch, path: Path) -> list[str]:
    """File dialogs answer with this path; returns what they were asked to start with."""
    asked: list[str] = []

    def save(*arguments: Any) -> tuple[str, str]:
        asked.append(Path(arguments[2]).name)
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", save)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path.parent))
    return asked


def test_the_keys_save_and_the_title_says_what_is_unsaved(
    qtbot: Any, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(qtbot, window, tmp_path / "scan.nii.gz")
    assert (window.windowTitle(), window.isWindowModified()) == ("scan[*] – CineQuant", True)
    window.session.update(hide_names=True)
    asked = answer(monkeypatch, tmp_path / "hidden")
    assert window.cases.ask_name(None, _scan_name(window.session.state)) is not None
    assert asked == [f"{scan_code(window.session.state.scan.volume)}.cinequant"], "the scan's name may be a patient's"
    window.session.update(hide_names=False)
    asked = answer(monkeypatch, tmp_path / "a.cinequant")
    press(window, Qt.Key.Key_S, CTRL)
    settle(qtbot, window.session)
    assert asked == ["scan.cinequant"]
    assert (window.windowTitle(), window.isWindowModified()) == ("a.cinequant[*] – scan – CineQuant", False)
    window.session.undoing.undo()
    assert window.isWindowModified()
    press(window, Qt.Key.Key_S, CTRL)  # there again, without a question
    settle(qtbot, window.session)
    assert asked == ["scan.cinequant"] and not window.isWindowModified()
    answer(monkeypatch, tmp_path / "b")
    press(window, Qt.Key.Key_S, CTRL | SHIFT)
    settle(qtbot, window.session)
    assert window.windowTitle().startswith("b.cinequant[*]")
    window.session.update(hide_names=True)
    assert window.windowTitle() == "Case[*] – NIfTI scan – CineQuant"


def test_a_moved_scan_is_asked_for(
    qtbot: Any, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = tmp_path / "scan.nii.gz"
    correct(qtbot, window, scan)
    corrected = shown_labels(window.session.state).array
    (tmp_path / "cases").mkdir()
    case = tmp_path / "cases" / "a.cinequant"
    window.session.case_saving.save(case)
    settle(qtbot, window.session)
    window.session.opening.open_volume(volume(3))
    settle(qtbot, window.session)
    moved = scan.rename(tmp_path / "elsewhere.nii.gz")
    window.session.opening.open_paths([case])
    settle(qtbot, window.session)
    [dialog] = window.findChildren(MovedDialog)
    assert str(scan) in dialog.informativeText()
    answer(monkeypatch, moved)
    [button] = [b for b in dialog.buttons() if b.text() == "Choose files…"]
    button.click()
    settle(qtbot, window.session)
    np.testing.assert_array_equal(shown_labels(window.session.state).array, corrected)
    assert correction_of(window.session.state) is not None


def test_kept_cases_are_offered(qtbot: Any, window: MainWindow, tmp_path: Path) -> None:
    session = window.session
    correct(qtbot, window, tmp_path / "scan.nii.gz")
    corrected = shown_labels(session.state).array
    session.autosaving.keep_in(tmp_path / "kept")
    settle(qtbot, session)
    session.autosaving.flush()
    session.autosaving.close()
    session.update(corrections={})
    session.autosaving.keep_in(tmp_path / "kept")
    settle(qtbot, session)
    [dialog] = window.findChildren(RecoveryDialog)
    assert "scan" in dialog.list.item(0).text() and "1 corrected slice" in dialog.list.item(0).text()
    dialog.recover.click()
    settle(qtbot, session)
    np.testing.assert_array_equal(shown_labels(session.state).array, corrected)
    assert window.isWindowModified() and window.windowTitle() == "scan[*] – CineQuant"
    assert not window.findChildren(RecoveryDialog) or not dialog.isVisible()


def test_discarding_asks_once_more_and_names_can_be_hidden(window: MainWindow, tmp_path: Path) -> None:
    paths = [tmp_path / "a.cinequant", tmp_path / "b.cinequant"]
    for path in paths:
        path.write_bytes(b"")
    window.session.update(hide_names=True)
    window.session.update(offers=tuple(Offer(path, "Doe", datetime(2026, 5, 4, 13, 2), 3) for path in paths))
    [dialog] = window.findChildren(RecoveryDialog)
    assert "Doe" not in dialog.list.item(0).text() and "2026-05-04 13:02" in dialog.list.item(0).text()
    dialog.discard.click()
    assert paths[0].exists() and dialog.discard.text() == "Discard for good?"
    dialog.list.setCurrentRow(1)
    assert dialog.discard.text() == "Discard"
    dialog.discard.click()
    dialog.discard.click()
    assert [path.exists() for path in paths] == [True, False]
    assert (dialog.list.count(), dialog.isVisible()) == (1, True)
    dialog.later.click()
    assert window.session.state.cases.offers == () and paths[0].exists()


def test_two_readers_stand_side_by_side(
    qtbot: Any, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    correct(qtbot, window, tmp_path / "scan.nii.gz")
    session.case_saving.save(tmp_path / "other.cinequant")
    settle(qtbot, session)
    theirs = shown_function(session.state)
    session.undoing.undo()
    session.correcting.start_stroke(0, 30.0, 30.0)
    session.correcting.draw(0, 40.0, 30.0)
    session.correcting.end_stroke()
    answer(monkeypatch, tmp_path / "other.cinequant")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "other.cinequant"), ""))
    window.cases.compare()
    settle(qtbot, session)
    state = session.state
    assert (state.preferences.layout, state.view.pair) == (Layout.COMPARE, Pair.CORRECTED)
    [dialog] = window.findChildren(ReadersDialog)
    rows = {row[0].rstrip("?"): row[1:] for row in dialog.rows}
    own = shown_function(replace(state, preferences=replace(state.preferences, layout=Layout.SLICE)))
    assert rows["LV EDV, mL"][:2] == (f"{own.lv.edv_ml:.0f}", f"{theirs.lv.edv_ml:.0f}")
    assert rows["LV EDV, mL"][2] == f"{theirs.lv.edv_ml - own.lv.edv_ml:+.1f}".replace("-", "−")
    qtbot.waitUntil(lambda: dialog.rows[-3][3] != "–", timeout=5000)
    one, two = editing.whole(correction_of(session.state)).array == LV, state.case.other.labels.array == LV
    dice = 2 * np.count_nonzero(one & two) / (np.count_nonzero(one) + np.count_nonzero(two))
    assert dialog.rows[-3] == ("Dice, LV cavity", "", "", f"{dice:.3f}")
    session.update(hide_names=True)
    assert dialog._heads[2].text() == "Other case"
    wrong = tmp_path / "wrong.nii.gz"
    nibabel.save(nibabel.Nifti1Image(volume().array.transpose(3, 2, 1, 0) + np.int16(1), np.eye(4)), wrong)
    session.opening.open_paths([wrong])
    settle(qtbot, session)
    assert not window.findChildren(ReadersDialog)
    session.case_comparing.load(tmp_path / "other.cinequant")
    settle(qtbot, session)
    assert "belongs to another scan than wrong" in session.state.message.text


def test_a_dropped_case_that_is_no_case_is_said(qtbot: Any, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "a.cinequant").write_bytes(b"x")
    window.session.opening.open_paths([tmp_path / "a.cinequant"])
    settle(qtbot, window.session)
    assert "is damaged, or no case" in window.messages.text.text()
    assert not window.findChildren(QMessageBox)
