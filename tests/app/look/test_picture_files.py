"""Pictures are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtGui import QImage

from app.look.picture_files import save_picture

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def test_a_picture_is_written_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    picture = QImage(4, 3, QImage.Format.Format_RGB32)
    picture.fill(0)
    path = tmp_path / "a.png"
    assert save_picture(picture, path)
    assert QImage(str(path)).size() == picture.size()
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    assert not save_picture(QImage(), path)
    assert path.read_bytes() == b"old"
    assert not save_picture(QImage(2, 2, QImage.Format.Format_RGB32), tmp_path / "missing" / "a.png")
    assert list(tmp_path.iterdir()) == [path]
