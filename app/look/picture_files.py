"""Pictures to PNG files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QIODevice, QSaveFile
from PySide6.QtGui import QImage, QPixmap


def save_picture(picture: QImage | QPixmap, path: Path) -> bool:
    """Write a PNG whole or not at all. False where it cannot be written; then an older file is as it was."""
    file = QSaveFile(str(path))
    if not file.open(QIODevice.OpenModeFlag.WriteOnly):
        return False
    image = picture.toImage() if isinstance(picture, QPixmap) else picture
    if not image.save(file, "PNG"):  # type: ignore[call-overload]  # the stub knows bytes alone
        file.cancelWriting()
    return file.commit()
