"""Fetched studies, listed and removed one by one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import app_fixtures  # noqa: F401 - windows without a screen
import pytest
from dicom_cine import ROOT, dataset, pixels
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMessageBox

from app.dialogs.fetched_dialog import FetchedDialog

NAMES = ("Müller^Anna", "<b>Rossi</b>^Giulia")


@pytest.fixture(name="fetched")
def fetched_fixture(tmp_path: Path) -> Path:
    """Two studies of one image each, the second fetched last, and a file that nobody knows."""
    for number, name in enumerate(NAMES):
        image = dataset(0, 0, 1, 1, pixels(1, 1)[0, 0])
        image.StudyInstanceUID, image.PatientName = f"{ROOT}.{number}", name
        series = tmp_path / image.StudyInstanceUID / "series"
        series.mkdir(parents=True)
        (series / "0.dcm").write_bytes(b"not DICOM")
        image.save_as(series / "1.dcm", enforce_file_format=True)
        os.utime(series.parent, (number, number))
    (tmp_path / "notes.txt").write_text("mine")
    return tmp_path


def answering(dialog: FetchedDialog, button: str, act: Callable[[], None]) -> str:
    """Do what asks a question, answer it, and return what was asked."""
    asked = []

    def answer() -> None:
        box = dialog.findChild(QMessageBox)
        asked.append(box.text())
        next(each for each in box.buttons() if each.text().replace("&", "") == button).click()

    QTimer.singleShot(0, dialog, answer)
    act()
    return asked[0]


def names(dialog: FetchedDialog) -> list[str]:
    return [dialog.tree.topLevelItem(i).text(0).split("   ")[0] for i in range(dialog.tree.topLevelItemCount())]


def test_one_study_is_removed_and_the_others_stay(qtbot: Any, fetched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = FetchedDialog(None, fetched, hide_names=False)
    qtbot.addWidget(dialog)
    assert names(dialog) == ["<b>Rossi</b>, Giulia", "Müller, Anna"], "the one fetched last is first"

    asked = answering(dialog, "Cancel", dialog.one.click)
    assert "<b>Rossi</b>, Giulia" in asked
    assert len(names(dialog)) == 2

    def busy(folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as refused:
        refused.setattr(shutil, "rmtree", busy)
        answering(dialog, "Remove", dialog.one.click)
    assert "cannot be removed (Permission denied)" in dialog.said.text()
    assert len(names(dialog)) == 2

    answering(dialog, "Remove", dialog.one.click)
    assert names(dialog) == ["Müller, Anna"] and not dialog.said.text()
    assert not (fetched / f"{ROOT}.1").exists() and (fetched / f"{ROOT}.0" / "series" / "1.dcm").is_file()

    answering(dialog, "Remove", dialog.all.click)
    assert names(dialog) == [] and not dialog.one.isEnabled() and not dialog.all.isEnabled()
    assert (fetched / "notes.txt").is_file()


def test_names_are_hidden_in_the_list_and_in_the_question(qtbot: Any, fetched: Path) -> None:
    dialog = FetchedDialog(None, fetched, hide_names=True)
    qtbot.addWidget(dialog)
    assert names(dialog) == ["Patient 1", "Patient 2"]
    asked = answering(dialog, "Cancel", dialog.one.click)
    assert asked == "Remove the fetched study of Patient 1, 2024-02-29?"
