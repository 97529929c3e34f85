"""The viewer as it is started: a picture of its window, errors in words, no torch, no patient in a crash report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from app_fixtures import FakeModel, model_fixture, settle, volume, window_fixture  # noqa: F401
from places import ROOT
from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMessageBox
from tiny_model import write_tiny_model

from app.state.queries import run_of, shown_labels
from app.state.types import Status
from app.window import crash
from app.window.crash import CrashHandler
from app.window.main_window import MainWindow
from engine.errors import fault_report

START = """
import sys, json
from pathlib import Path
from app.window.viewer import run_viewer
paths, shot, precision = json.loads(sys.argv[1])
code = run_viewer([Path(p) for p in paths], precision=precision, screenshot=Path(shot))
print(json.dumps(sorted({m.split(".")[0] for m in sys.modules} & {"torch", "nncf", "training", "openvino"})))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny real model."""
    folder = tmp_path_factory.mktemp("models")
    write_tiny_model(folder)
    return folder


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A NIfTI file of 2 frames."""
    array = (np.random.default_rng(1).random((40, 44, 3, 2)) * 500).astype(np.int16)
    path = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(array, np.diag([1.5, 1.5, 8.0, 1.0])), path)
    return path


def view(models: Path, paths: list[Path], shot: Path, precision: str | None = None) -> subprocess.CompletedProcess[str]:
    arguments = json.dumps([[str(p) for p in paths], str(shot), precision])
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "CINEQUANT_MODELS": str(models)}
    return subprocess.run(
        [sys.executable, "-c", START, arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_picture_of_a_scan_and_no_torch(models: Path, scan: Path, tmp_path: Path) -> None:
    done = view(models, [scan], tmp_path / "shot.png", "float32")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout) == ["openvino"]
    image = QImage(str(tmp_path / "shot.png"))
    assert (image.width(), image.height()) == (1600, 1000)
    # Something is drawn: an empty window has few colours.
    assert len({image.pixel(x, y) for x in range(300, 1200, 7) for y in range(100, 850, 7)}) > 50


def test_the_phantom_where_no_scan_is_named(models: Path, tmp_path: Path) -> None:
    done = view(models, [], tmp_path / "shot.png")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "shot.png").is_file()


def test_a_bad_path_is_one_line_and_a_picture(models: Path, tmp_path: Path) -> None:
    done = view(models, [tmp_path / "absent.nii.gz"], tmp_path / "shot.png")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "absent.nii.gz" in done.stderr
    assert (tmp_path / "shot.png").is_file()


def test_what_cannot_be_written_is_said(models: Path, scan: Path, tmp_path: Path) -> None:
    done = view(models, [scan], tmp_path / "absent" / "shot.png")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_a_precision_that_the_model_does_not_have_is_refused(models: Path, scan: Path, tmp_path: Path) -> None:
    """As `segment` refuses it."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "view", str(scan), "--precision", "int4", "--screenshot", "shot.png"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "CINEQUANT_MODELS": str(models)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no precision 'int4'" in done.stderr
    assert not (tmp_path / "shot.png").exists()


def test_a_ct_is_shown_but_not_segmented(models: Path, shared_data: Path, tmp_path: Path) -> None:
    ct = shared_data / "edge" / "pydicom-test-files" / "CT_small.dcm"
    if not ct.is_file():
        pytest.skip(f"no {ct.name} among the shared scans")
    done = view(models, [ct], tmp_path / "shot.png")
    assert done.returncode == 1
    assert "CT_small.dcm: not segmented, because it is a CT image" in done.stderr
    assert done.stderr.count("\n") == 1
    assert json.loads(done.stdout) == []
    assert (tmp_path / "shot.png").is_file()


@pytest.mark.timeout(900)  # a dozen windows in turn
def test_the_guides_pictures_are_made_anew(models: Path, tmp_path: Path) -> None:
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.screenshots", "--phantom", "--out", str(tmp_path)],
        cwd=root,
        env={**os.environ, "CINEQUANT_MODELS": str(models)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {path.name for path in (root / "docs" / "images").iterdir()}
    # What changes between them is drawn: no two are the same.
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == len(made)


# -- crashes ---------------------------------------------------------------------------------------------------------


def failing(name: str) -> Exception:
    """An error as a bug would raise it, with a patient's name in its message."""
    try:
        raise ValueError(f"cannot draw /scans/{name}/a.nii.gz")
    except ValueError as error:
        return error


def test_a_report_names_code_but_no_patient() -> None:
    text = fault_report(failing("Doe^Jane"))
    assert "ValueError" in text
    assert "test_viewer.py" in text
    assert "Doe" not in text
    assert "/scans" not in text


def test_a_crash_saves_the_mask_and_shows_one_dialog(
    qtbot: Any, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crash, "recovery_folder", lambda: tmp_path / "recovery")
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    for _ in range(3):
        error = failing("Doe^Jane")
        window.crash(ValueError, error, error.__traceback__)
    boxes = window.findChildren(QMessageBox)
    assert len(boxes) == 1
    assert list((tmp_path / "recovery").iterdir())
    assert str(tmp_path) in boxes[0].informativeText()
    assert "Doe" not in boxes[0].detailedText() + boxes[0].informativeText() + capsys.readouterr().err
    boxes[0].close()


def test_a_bug_while_segmenting_is_shown_and_nothing_is_drawn(qtbot: Any, window: MainWindow, model: FakeModel) -> None:
    model.error = ZeroDivisionError("Doe^Jane")
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    (box,) = window.findChildren(QMessageBox)
    assert "ZeroDivisionError" in box.detailedText()
    assert "Doe" not in box.detailedText() + box.informativeText()
    assert "There was no mask to save." in box.informativeText()
    box.close()
    assert run_of(window.session.state).status is Status.FAILED
    assert shown_labels(window.session.state) is None
    assert "did not end" in window.performance.device.text()


def test_a_crash_while_saving_still_reports(qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> Path:
        raise OSError("disk full")

    window.crash.remove()
    handler = CrashHandler(window, full)
    error = failing("x")
    handler(ValueError, error, error.__traceback__)
    handler.remove()
    (box,) = window.findChildren(QMessageBox)
    assert "could not be saved" in box.informativeText()
    box.close()


def test_closing_gives_the_exception_hook_back(qtbot: Any, window: MainWindow) -> None:
    assert sys.excepthook is window.crash
    window.close()
    assert sys.excepthook is not window.crash


def test_recovery_is_in_the_users_own_folder() -> None:
    root = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppLocalDataLocation)
    assert crash.recovery_folder().is_relative_to(root)
