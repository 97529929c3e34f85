"""A structure's colour as a small button that opens a choice of colours."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QColorDialog, QMenu, QPushButton

from app.look import theme
from app.state import structure_colours
from app.state.types import Overlay
from app.words.engine_words import translated
from app.words.language import translate
from engine.pictures.render import Colour
from engine.volume import STRUCTURES

SIZE_PX, ICON_PX = 20, 16


class Swatch(QAbstractButton):
    """Shows the colour that a structure is drawn in, and asks for another one by a menu that opens at it."""

    colour_requested = Signal(int, object)
    """The structure, and red, green and blue."""
    defaults_requested = Signal()

    def __init__(self, structure: int) -> None:
        super().__init__()
        self._structure = structure
        self._colours = structure_colours.complete({})
        self._dialog: QColorDialog | None = None
        self._name = translate("Swatch", "Colour: {structure}").format(structure=translated(STRUCTURES[structure]))
        self.setAccessibleName(self._name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.menu = QMenu(self._name, self)
        self.menu.setAccessibleName(self._name)
        self.menu.setToolTipsVisible(True)
        self.menu.triggered.connect(self._choose)
        self.clicked.connect(self.ask)

    def sizeHint(self) -> QSize:
        return QSize(SIZE_PX, SIZE_PX)

    def apply(self, overlay: Overlay) -> None:
        """Show the colour of this state."""
        self._colours = structure_colours.complete(overlay.colours)
        said = _said(self._colours[self._structure])
        self.setAccessibleDescription(said)
        self.setToolTip(f"{self._name} – {said}")
        self.update()

    def _choose(self, action: QAction) -> None:
        colour = action.data()
        if colour is not None:  # else it is an entry that does something else
            self.colour_requested.emit(self._structure, tuple(colour))

    def ask(self) -> None:
        """Open the choice. The rest of the window stays usable."""
        self.menu.clear()
        mine = self._colours[self._structure]
        for colour in structure_colours.PALETTE.values():
            other = structure_colours.clash(self._structure, colour, self._colours)
            taken = translate("Swatch", "{colour} (as {structure})")
            text = _said(colour)
            if other is not None:
                text = taken.format(colour=text, structure=translated(STRUCTURES[other]))
            action = self.menu.addAction(_dot(colour, chosen=colour == mine), text)
            action.setEnabled(other is None)
            action.setData(colour)
            if colour == mine:
                self.menu.setActiveAction(action)
        self.menu.addSeparator()
        self.menu.addAction(translate("Swatch", "Other…")).triggered.connect(self._ask_any)
        defaults = self.menu.addAction(translate("Swatch", "Defaults"))
        defaults.setEnabled(self._colours != structure_colours.DEFAULTS)
        defaults.triggered.connect(self.defaults_requested)
        self.menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def _ask_any(self) -> None:
        """Any colour there is, in a window that leaves the others usable."""
        if self._dialog is None:
            self._dialog = QColorDialog(self.window())
            self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._dialog.setWindowTitle(self._name)
            self._dialog.colorSelected.connect(self._chosen)
            self._dialog.finished.connect(self._forget_dialog)
            for button in self._dialog.findChildren(QPushButton):
                button.setIcon(QIcon())  # the platform's small coloured icons do not match the others
        self._dialog.setCurrentColor(QColor(*self._colours[self._structure]))
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def _chosen(self, colour: QColor) -> None:
        self.colour_requested.emit(self._structure, (colour.red(), colour.green(), colour.blue()))

    def _forget_dialog(self) -> None:
        self._dialog = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(0, 0, SIZE_PX, SIZE_PX)
        room.moveCenter(QRectF(self.rect()).center())
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(theme.ACCENT if self.hasFocus() else theme.EDGE), 1.6))
            painter.drawEllipse(room.adjusted(1, 1, -1, -1))
        _paint_dot(painter, room.adjusted(4, 4, -4, -4), self._colours[self._structure])
        painter.end()


def _said(colour: Colour) -> str:
    """What a colour is called."""
    return translate("Colours", structure_colours.name_of(colour))


def _dot(colour: Colour, *, chosen: bool) -> QIcon:
    """A dot for a menu, in a ring where it is the colour chosen."""
    drawn = QPixmap(2 * ICON_PX, 2 * ICON_PX)
    drawn.setDevicePixelRatio(2)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    room = QRectF(0, 0, ICON_PX, ICON_PX)
    if chosen:
        painter.setPen(QPen(QColor(theme.TEXT), 1.4))
        painter.drawEllipse(room.adjusted(0.8, 0.8, -0.8, -0.8))
    _paint_dot(painter, room.adjusted(3, 3, -3, -3), colour)
    painter.end()
    icon = QIcon(drawn)
    icon.addPixmap(drawn, QIcon.Mode.Disabled)  # a colour that is taken is still that colour
    return icon


def _paint_dot(painter: QPainter, room: QRectF, colour: Colour) -> None:
    """The colour as on images, with an edge: some are as bright as a light ground."""
    painter.setPen(QPen(QColor(theme.EDGE), 1.0))
    painter.setBrush(QColor(*colour))
    painter.drawEllipse(room)
    painter.setBrush(Qt.BrushStyle.NoBrush)
