"""Where no window can be shown, one line says why, instead of Qt's abort."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from places import ROOT

from app.window import display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="knows X11 and Wayland only")


@pytest.fixture(autouse=True)
def _no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "QT_QPA_PLATFORM"):
        monkeypatch.setenv(name, "")  # so that what a test changes is undone


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libEGL.so.1", "libegl1"),
        ("libGL.so.1", "libgl1"),
        ("libxkbcommon.so.0", "libxkbcommon0"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libfontconfig.so.1", "libfontconfig1"),
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libxcb-render-util.so.0", "libxcb-render-util0"),
        ("libX11-xcb.so.1", "libx11-xcb1"),
        ("libglib-2.0.so.0", "libglib2.0-0"),
        ("libwayland-client.so.0", "libwayland-client0"),
    ],
)
def test_a_missing_library_names_its_package(library: str, package: str) -> None:
    error = ImportError(f"{library}: cannot open shared object file: No such file or directory")
    said = display.missing_library(error)
    assert library in said
    assert said.endswith(f"apt install {package}")


def test_another_error_is_no_missing_library() -> None:
    assert display.missing_library(ImportError("No module named 'PySide6'")) == ""


def test_without_a_display_it_says_so_but_draws_a_picture() -> None:
    assert "no display" in display.prepare(hidden=False)
    assert display.prepare(hidden=True) == ""
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"


def test_a_display_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4077")
    said = display.prepare(hidden=False)
    assert said
    assert "':4077' cannot be reached" in said or "apt install" in said
    assert display.prepare(hidden=True) == ""


def test_a_platform_that_qt_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "absent")
    for hidden in (False, True):
        assert "no platform 'absent'" in display.prepare(hidden=hidden)
    monkeypatch.setenv("QT_QPA_PLATFORM", "absent;offscreen")
    assert display.prepare(hidden=False) == ""
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"


def test_a_library_that_the_platform_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> SimpleNamespace:
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setenv("DISPLAY", ":0")
    assert display.prepare(hidden=False).endswith("apt install libxcb-cursor0")


@pytest.mark.parametrize("screen", [":4077", ""])
def test_the_command_ends_with_one_line(screen: str, tmp_path: Path) -> None:
    environment = {**os.environ, "DISPLAY": screen, "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "view"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("cinequant: ")


def test_a_library_missing_for_qt_itself_is_named(tmp_path: Path) -> None:
    """As on a machine without libEGL: importing PySide6.QtGui fails."""
    code = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name in ("PySide6.QtGui", "PySide6.QtWidgets"):
            raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
sys.meta_path.insert(0, Broken())
from app.cli.main import main
sys.exit(main(["view"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.endswith("apt install libegl1\n")


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="needs Xvfb")
def test_the_probe_leaves_the_display_usable() -> None:
    """An X server without another client resets itself when the only one leaves."""
    code = """
from app.window import display
for _ in range(20):
    assert display.prepare(hidden=False) == ""
from PySide6.QtWidgets import QApplication
print(QApplication([]).platformName())
"""
    environment = {key: value for key, value in os.environ.items() if key not in ("QT_QPA_PLATFORM", "DISPLAY")}
    done = subprocess.run(
        ["xvfb-run", "-a", sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "apt install" in done.stderr + done.stdout:
        pytest.skip("a library of Qt's xcb platform is missing")
    assert (done.returncode, done.stdout) == (0, "xcb\n"), done.stderr
