"""Keys and mouse, from the tree of menus."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from app.dialogs.dialogs import _dialog
from app.look.widgets import label
from app.window.actions import Action
from app.window.menus import menus_within
from app.words.language import marked, translate

BESIDE_PX = 70
"""What the dialog needs beside its content."""

Section = tuple[str, list[tuple[str, str]]]
"""A title, and what each of its keys does."""

MOUSE: tuple[tuple[str, str], ...] = (
    (marked("Mouse", "Wheel"), marked("Mouse", "Slice")),
    (marked("Mouse", "Shift + wheel"), marked("Mouse", "Frame")),
    (marked("Mouse", "Left drag"), marked("Mouse", "Brightness ↕ and contrast ↔")),
    (marked("Mouse", "Left drag while correcting"), marked("Mouse", "Draw; Shift: the other tool; Ctrl: contrast")),
    (marked("Mouse", "Ctrl + wheel while correcting"), marked("Mouse", "Size of the brush")),
    (marked("Mouse", "Middle drag"), marked("Mouse", "Move the image")),
    (marked("Mouse", "Right drag"), marked("Mouse", "Zoom")),
    (marked("Mouse", "Double click"), marked("Mouse", "Reset view and window")),
    (marked("Mouse", "Drop files or a folder"), marked("Mouse", "Open a scan")),
)


def shortcuts(parent: QWidget) -> QDialog:
    """A window that lists every key, menu by menu, and what the mouse does."""
    mouse = [(translate("Mouse", what), translate("Mouse", key)) for key, what in MOUSE]
    sections = [(translate("Dialogs", "Mouse"), mouse)]
    for menu in menus_within():
        here = [entry for entry in menu.entries if isinstance(entry, Action) and entry.keys]
        rows = [(translate("Action", a.text).rstrip(" …"), _keys(a.keys)) for a in here]
        if rows:
            sections.append((translate("Menu", menu.title), rows))
    # As many columns beside each other as the window has room for, whatever the words of its language need.
    for count in (3, 2, 1):
        content = _content(sections, count)
        if content.sizeHint().width() + BESIDE_PX <= parent.width():
            break
    return _dialog(parent, translate("Dialogs", "Keys and mouse"), content, 760, 560)


def _content(sections: list[Section], count: int) -> QWidget:
    """The sections in columns of nearly equal height."""
    content = QWidget()
    grid = QGridLayout(content)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(2)
    places = _columns([len(rows) + 2 for _, rows in sections], count)
    lines = [0] * count
    for (title, rows), column in zip(sections, places, strict=True):
        start, line = 3 * column, lines[column]
        grid.addWidget(label(title.upper(), "panelTitle"), line, start, 1, 2)
        for what, keys in rows:
            line += 1
            grid.addWidget(label(what), line, start)
            key = label(keys, "muted")
            key.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(key, line, start + 1)
        grid.setRowMinimumHeight(line + 1, 10)
        lines[column] = line + 2
    for column in range(1, count):
        grid.setColumnMinimumWidth(3 * column - 1, 12)
    grid.setRowStretch(grid.rowCount(), 1)
    return content


def _columns(lengths: list[int], count: int) -> list[int]:
    """The column of each section, in their order, so that the longest column is as short as can be."""
    for most in range(max(lengths), sum(lengths) + 1):
        places, column, filled = [], 0, 0
        for length in lengths:
            if filled + length > most:
                column, filled = column + 1, 0
            filled += length
            places.append(column)
        if column < count:
            return places
    return [0] * len(lengths)


def _keys(keys: tuple[str, ...]) -> str:
    native = [QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys]
    return (
        translate("Dialogs", "{key}  or  {other}").format(key=native[0], other=native[1]) if native[1:] else native[0]
    )
