"""`cinequant desktop`: makes a Linux desktop know the program and open a case by double click; for one user alone."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from app.cli.terminal import print_json, print_text
from engine.errors import CineQuantError, ExportError
from engine.files import write_atomically

PLACES = {
    "cinequant.desktop": "applications",
    "cinequant.xml": "mime/packages",
    "cinequant.svg": "icons/hicolor/scalable/apps",
}
"""Where each file of resources/desktop goes, below the user's data folder."""
_UPDATES = (("update-mime-database", "mime"), ("update-desktop-database", "applications"))
# Characters that a quoted argument of Exec has to escape, by the Desktop Entry Specification.
_ESCAPED = '\\"`$'


class NoDesktopError(CineQuantError):
    """The system's desktop does not read such files."""


def run_desktop(arguments: argparse.Namespace) -> None:
    if not sys.platform.startswith("linux"):
        raise NoDesktopError(
            f"desktop: {sys.platform} does not read desktop files; choose CineQuant once with Open with for a case"
        )
    home = data_folder(os.environ)
    files = [home / folder / name for name, folder in PLACES.items()]
    if arguments.what == "install":
        install(home, launcher())
        said = f"installed in {home}: a double click on a case opens it. `cinequant desktop remove` takes it back."
    else:
        remove(home)
        said = f"removed from {home}"
    if arguments.json:
        print_json("desktop", {"installed": arguments.what == "install", "files": [str(path) for path in files]})
    else:
        print_text(said)


def data_folder(environment: Mapping[str, str]) -> Path:
    """The user's, by the XDG Base Directory Specification, which has relative paths ignored."""
    named = Path(environment.get("XDG_DATA_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".local" / "share"


def launcher() -> list[str]:
    """What starts this installation, whatever PATH the desktop has."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    beside = Path(sys.executable).with_name("cinequant")
    return [str(beside)] if os.access(beside, os.X_OK) else [sys.executable, "-m", "cinequant"]


def install(home: Path, command: list[str]) -> None:
    """Write the files below home, and tell the desktop. Raises ExportError where one cannot be written."""
    for name, folder in PLACES.items():
        text = (Path(str(resources.files("resources"))) / "desktop" / name).read_text(encoding="utf-8")
        path = home / folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.replace("@EXEC@", " ".join(map(_quoted, command))).encode())
        except OSError as error:
            raise ExportError(
                f"{path}: cannot be written ({error.strerror}); set XDG_DATA_HOME to another folder"
            ) from error
    _update(home)


def remove(home: Path) -> None:
    """Delete what install wrote. Raises ExportError where a file cannot be deleted."""
    for name, folder in PLACES.items():
        path = home / folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ExportError(f"{path}: cannot be deleted ({error.strerror}); delete it by hand") from error
    _update(home)


def _quoted(argument: str) -> str:
    """As an argument of Exec. A percent sign would begin a field code."""
    argument = argument.replace("%", "%%")
    if not set(argument) & set(" \t\n\"'\\><~|&;$*?#()`"):
        return argument
    # Once as a quoted argument, and once more because the value is a string.
    inner = "".join(f"\\{c}" if c in _ESCAPED else c for c in argument)
    return '"' + inner.replace("\\", "\\\\") + '"'


def _update(home: Path) -> None:
    """The desktop's own lists. Without these programs it finds the files at the next log-in."""
    for program, folder in _UPDATES:
        found = shutil.which(program)
        if found is not None and (home / folder).is_dir():
            subprocess.run([found, str(home / folder)], check=False, capture_output=True, timeout=60)
