"""The few icons, drawn as vectors in the colour asked for."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QEvent, QRectF, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton

from app.look import theme

_STROKE = 'fill="none" stroke="{c}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
_SHAPES = {
    "play": '<path d="M8 5.2v13.6L19 12z" fill="{c}"/>',
    "pause": '<path d="M7 5h3.6v14H7zM13.4 5H17v14h-3.6z" fill="{c}"/>',
    "close": f'<path d="M6.5 6.5l11 11M17.5 6.5l-11 11" {_STROKE}/>',
    "file": f'<path d="M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5" {_STROKE}/>',
    "folder": f'<path d="M3 6.5h6l2 2.5h10v10.5H3z" {_STROKE}/>',
    "eye": (
        f'<path d="M2.5 12C5 7.6 8.3 5.8 12 5.8s7 1.8 9.5 6.2c-2.5 4.4-5.8 6.2-9.5 6.2S5 16.4 2.5 12z" {_STROKE}/>'
        f'<circle cx="12" cy="12" r="2.8" {_STROKE}/>'
    ),
    "eye-off": (
        f'<path d="M5.4 8.1C4.3 9.1 3.3 10.4 2.5 12c2.5 4.4 5.8 6.2 9.5 6.2 1.5 0 2.9-.3 4.2-.9M9 6.2c1-.3 2-.4 3-.4 '
        f'3.7 0 7 1.8 9.5 6.2-.7 1.3-1.5 2.4-2.4 3.2M4 4l16 16" {_STROKE}/>'
    ),
    "tags": f'<path d="M4 5.5h16M4 10h16M4 14.5h16M4 19h10M9 5.5V19" {_STROKE}/>',
    "search": f'<circle cx="10.5" cy="10.5" r="6" {_STROKE}/><path d="M15 15l5 5" {_STROKE}/>',
    "info": f'<circle cx="12" cy="12" r="8.5" {_STROKE}/><path d="M12 11v5.5M12 7.6v.2" {_STROKE}/>',
    "loop": f'<path d="M7 7h8a4 4 0 0 1 4 4M17 17H9a4 4 0 0 1-4-4M9.5 4.2L6.6 7l2.9 2.8M14.5 14.2l2.9 2.8-2.9 2.8" '
    f"{_STROKE}/>",
    "sweep": f'<path d="M4 12h16M7.4 8.2L3.6 12l3.8 3.8M16.6 8.2l3.8 3.8-3.8 3.8" {_STROKE}/>',
    "pencil": f'<path d="M4.5 19.5l1-4.2L16.2 4.6l3.2 3.2L8.7 18.5zM13.8 7l3.2 3.2" {_STROKE}/>',
    "eraser": f'<path d="M4 14.5L13.5 5l6 6-8.5 8.5H8.5zM9 9.5l6 6M11 19.5h8.5" {_STROKE}/>',
    "lasso": (
        '<path d="M8.2 16.2C5 15.4 3.5 13.4 3.5 11c0-3.6 3.8-6.2 8.5-6.2s8.5 2.6 8.5 6.2-3.8 6.2-8.5 6.2c-.6 0-1.2 '
        f'0-1.8-.1" {_STROKE}/><circle cx="8.6" cy="16.6" r="1.9" {_STROKE}/>'
        f'<path d="M7.4 18.2c-.2 1-.8 1.8-1.8 2.4" {_STROKE}/>'
    ),
    "push": f'<path d="M4 4.5c5 2 5 13 0 15" {_STROKE}/><path d="M11 12h9M16.5 8l4 4-4 4" {_STROKE}/>',
    "points": f'<path d="M4.5 15.5C7 7 13 5 19.5 8.5" {_STROKE}/><circle cx="4.6" cy="16.4" r="2" fill="{{c}}"/>'
    '<circle cx="10.6" cy="8.2" r="2" fill="{c}"/><circle cx="19.4" cy="8.6" r="2" fill="{c}"/>',
    "edges": f'<path d="M14.5 3.5c-4 5-4 12 0 17" {_STROKE}/><circle cx="7.5" cy="12" r="3.4" fill="{{c}}"/>',
    "wall": f'<circle cx="12" cy="12" r="8.5" {_STROKE}/><circle cx="12" cy="12" r="4.6" {_STROKE}/>',
    "more": '<circle cx="5.5" cy="12" r="1.8" fill="{c}"/><circle cx="12" cy="12" r="1.8" fill="{c}"/>'
    '<circle cx="18.5" cy="12" r="1.8" fill="{c}"/>',
    "undo": f'<path d="M8.5 5L4.5 9l4 4M4.8 9H14a5 5 0 0 1 0 10H8" {_STROKE}/>',
    "redo": f'<path d="M15.5 5l4 4-4 4M19.2 9H10a5 5 0 0 0 0 10h6" {_STROKE}/>',
    "flag": f'<path d="M6.5 20.5V4h11l-2.6 4 2.6 4h-11" {_STROKE}/>',
    "previous": f'<path d="M14.5 6l-6 6 6 6" {_STROKE}/>',
    "next": f'<path d="M9.5 6l6 6-6 6" {_STROKE}/>',
    "slice-back": f'<rect x="9.5" y="9.5" width="10.5" height="10.5" rx="1.5" {_STROKE}/>'
    f'<path d="M7.5 3.5l-3 3 3 3M4.8 6.5h6.7" {_STROKE}/>',
    "layout-slice": f'<rect x="4" y="4" width="16" height="16" rx="1.5" {_STROKE}/>',
    "layout-phases": f'<rect x="3.5" y="4" width="17" height="16" rx="1.5" {_STROKE}/><path d="M12 4v16" {_STROKE}/>',
    "layout-compare": (
        f'<rect x="3.5" y="4" width="17" height="16" rx="1.5" {_STROKE}/><path d="M12 4v16M3.5 12h17" {_STROKE}/>'
    ),
    "layout-sheet": (
        f'<rect x="3.5" y="4" width="17" height="16" rx="1.5" {_STROKE}/>'
        f'<path d="M9.2 4v16M14.8 4v16M3.5 9.3h17M3.5 14.7h17" {_STROKE}/>'
    ),
    "layout-long-axis": (
        f'<rect x="3.5" y="4" width="17" height="16" rx="1.5" {_STROKE}/><path d="M12 4v16M12 12h8.5" {_STROKE}/>'
    ),
    "layout-cines": (
        f'<rect x="3.5" y="4" width="17" height="16" rx="1.5" {_STROKE}/>'
        f'<path d="M12 4v16M12 9.3h8.5M12 14.7h8.5" {_STROKE}/>'
    ),
    # Two outlines, one in the other, as a short-axis slice shows the left ventricle.
    "mark": (
        '<circle cx="12" cy="12" r="9" fill="none" stroke="#f4d65c" stroke-width="2"/>'
        '<path d="M12 6.6a5.4 5.4 0 1 1-3.9 9.1" fill="none" stroke="#ff704d" stroke-width="2.6" '
        'stroke-linecap="round"/><circle cx="8.2" cy="9.4" r="1.7" fill="#3cc8b4"/>'
    ),
}


def pixmap(name: str, size: int, colour: str = "", ratio: float = 2.0) -> QPixmap:
    """An icon of size × size points, in the colour of text where none is given."""
    return QPixmap.fromImage(_drawn(name, size, colour or theme.TEXT, ratio))


# Every button asks again when the look of the program changes. Images, unlike pixmaps, may outlive the application.
@lru_cache(maxsize=512)
def _drawn(name: str, size: int, colour: str, ratio: float) -> QImage:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{_SHAPES[name].format(c=colour)}</svg>'
    drawn = QImage(round(size * ratio), round(size * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return drawn


def icon(name: str, colour: str = "") -> QIcon:
    """An icon for a button."""
    return QIcon(pixmap(name, 24, colour))


class IconButton(QToolButton):
    """A button of an icon alone, in the theme's colours. words: its accessible name, and its tool tip."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__()
        self._name = name
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._colour()

    def set_icon(self, name: str) -> None:
        if name != self._name:
            self._name = name
            self._colour()

    def _colour(self) -> None:
        name = self._name
        made = icon(name, theme.MUTED)
        made.addPixmap(pixmap(name, 24, theme.EDGE), QIcon.Mode.Disabled)
        self.setIcon(made)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()
