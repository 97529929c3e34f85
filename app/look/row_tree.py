"""A tree with rows of its own look: lines of text on the style's ground, elided to their room."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from app.look import theme
from app.look.widgets import plain_tip

ROW_KEY = int(Qt.ItemDataRole.UserRole)
"""What a row stands for."""
ROW_WORDS = ROW_KEY + 1
"""What is said of it in smaller letters."""
ROW_MORE = ROW_KEY + 2
"""Free for the tree."""


class RowTree(QTreeWidget):
    """name: for screen readers. indent: of each level, in pixels."""

    def __init__(self, name: str, indent: int) -> None:
        super().__init__()
        self.setObjectName("studies")
        self.setAccessibleName(name)
        self.setHeaderHidden(True)
        self.setIndentation(indent)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)


class RowDelegate(QStyledItemDelegate):
    """Paints the ground of a row as the style does; paint_row paints what is on it."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text, ground.icon = "", type(ground.icon)()
        ground.features &= ~QStyleOptionViewItem.ViewItemFeature.HasDecoration
        style = self._tree.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, ground, painter, self._tree)
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        # Muted is too faint on the ground of what is selected.
        self.paint_row(painter, option.rect, index, theme.TEXT if selected else theme.MUTED)
        painter.restore()

    @abstractmethod
    def paint_row(self, painter: QPainter, room: QRect, index: QModelIndex | QPersistentModelIndex, less: str) -> None:
        """Paint what is on a row. less: the colour of words that matter less."""


def row_item(title: str, words: str) -> QTreeWidgetItem:
    """A row that says both, also to screen readers and in its tip."""
    item = QTreeWidgetItem()
    item.setText(0, title)
    item.setData(0, ROW_WORDS, words)
    both = ", ".join(filter(None, (title, words)))
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, both)
    item.setToolTip(0, plain_tip(both))
    return item


def paint_line(
    painter: QPainter, room: QRect, text: str, pixels: int, colour: str, *, bold: bool = False, right: bool = False
) -> int:
    """Draw a line of text, elided to the room; returns how wide it is."""
    painter.setFont(theme.font(pixels, bold=bold))
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | side), shown)
    return painter.fontMetrics().horizontalAdvance(shown)
