"""Where a user's own files lie on Windows, macOS and elsewhere."""

from __future__ import annotations

import os
import sys
from enum import Enum
from pathlib import Path

PROGRAM = "cinequant"


class Purpose(Enum):
    """What a folder is for: the variable that names it on Windows, its place in the home there, on macOS and on others.

    The last two are those of the XDG Base Directory Specification.
    """

    CACHE = ("LOCALAPPDATA", "AppData/Local", "Library/Caches", "XDG_CACHE_HOME", ".cache")
    SETTINGS = ("APPDATA", "AppData/Roaming", "Library/Application Support", "XDG_CONFIG_HOME", ".config")
    DATA = ("APPDATA", "AppData/Roaming", "Library/Application Support", "XDG_DATA_HOME", ".local/share")


def user_folder(purpose: Purpose) -> Path | None:
    """This program's folder for a purpose; it need not exist. None for a user without a home, as containers have."""
    windows_variable, windows, mac, variable, other = purpose.value
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get(windows_variable) or Path.home() / windows)
        elif sys.platform == "darwin":
            base = Path.home() / mac
        else:
            base = Path(os.environ.get(variable) or Path.home() / other)
    except RuntimeError:  # neither HOME nor an entry in the list of users
        return None
    return base / PROGRAM
