"""Folders and names of files that dialogs start from."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths


def documents() -> Path:
    """The folder of the user's documents, or the home folder if the system has none."""
    location = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(location) if location else Path.home()


def with_ending(chosen: str, endings: tuple[str, ...]) -> Path:
    """A file name as entered, with the first ending if it has none of them."""
    return Path(chosen if not endings or chosen.lower().endswith(endings) else chosen + endings[0])
