"""Finds every command of the window by a few letters of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.look import theme
from app.look.widgets import label
from app.words.language import translate

WIDTH, ROW, ROWS = 640, 32, 10
ENGLISH = "english"
"""The property of an action that holds its English name."""
_ACTION = int(Qt.ItemDataRole.UserRole)
_KEYS = _ACTION + 1


def score(words: str, text: str) -> float | None:
    """How well the typed words fit a command's name; None if they do not.

    Every word has to be found: best at the start of a word, then inside one, then as letters in order.
    """
    low, total = text.lower(), 0.0
    for word in words.lower().split():
        starts = [i for i in range(len(low)) if low.startswith(word, i) and (i == 0 or not low[i - 1].isalnum())]
        if starts:
            total += 3 - starts[0] / 100
        elif word in low:
            total += 2 - low.index(word) / 100
        else:
            spread = _spread(word, low)
            if spread is None:
                return None
            total += 1 / spread
    return total - len(text) / 10_000


def _spread(letters: str, text: str) -> float | None:
    """How far the letters are spread in the text, as a multiple of their number; None if they are not in it.

    They have to come in order, the first at the start of a word.
    """
    best = None
    for start in range(len(text)):
        if text[start] != letters[0] or (start and text[start - 1].isalnum()):
            continue
        at = start
        for letter in letters[1:]:
            at = text.find(letter, at + 1)
            if at < 0:
                break
        else:
            length = (at - start + 1) / len(letters)
            best = length if best is None else min(best, length)
    return best


class Palette(QDialog):
    """A line to type in, above the commands that fit. Enter runs the selected one, Escape closes the list.

    A command that cannot run now says why in the place of its keys.
    """

    def __init__(
        self, parent: QWidget, actions: Sequence[QAction], why_not: Callable[[str], str] = lambda command: ""
    ) -> None:
        """why_not: called with a command's English name."""
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self.setWindowTitle(translate("Palette", "Commands"))
        self._why_not = why_not
        self._actions = [a for a in dict.fromkeys(actions) if a.text() and not a.isSeparator() and a.menu() is None]
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(8)
        self.line = QLineEdit()
        self.line.setPlaceholderText(translate("Palette", "Type a command"))
        self.line.setAccessibleName(translate("Palette", "Command"))
        self.line.installEventFilter(self)
        column.addWidget(self.line)
        self.list = QListWidget()
        self.list.setObjectName("results")
        self.list.setAccessibleName(translate("Palette", "Commands that fit"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setItemDelegate(_CommandRows(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._do)
        column.addWidget(self.list)
        self._nothing = label(translate("Palette", "No command is called that."), "muted")
        column.addWidget(self._nothing)
        self.line.textChanged.connect(self._fill)
        self._fill("")
        self.setFixedWidth(WIDTH)
        top_left = parent.mapToGlobal(parent.rect().topLeft())
        self.move(top_left.x() + (parent.width() - WIDTH) // 2, top_left.y() + 90)
        self.line.setFocus()

    def _fill(self, words: str) -> None:
        scored = [(_fit(words, action), action) for action in self._actions]
        fitting = [(value, action) for value, action in scored if value is not None]
        if words.strip():
            fitting.sort(key=lambda entry: -entry[0])
        self.list.clear()
        for _, action in fitting:
            keys = ", ".join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in action.shortcuts())
            why = self._why_not(str(action.property(ENGLISH)))
            keys = why or keys
            item = QListWidgetItem(plain(action))
            item.setData(_ACTION, action)
            item.setData(_KEYS, keys)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{plain(action)} {keys}".strip())
            item.setToolTip(why)
            if why or not action.isEnabled():
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self._step(1)
        self._nothing.setVisible(not fitting)
        self.list.setVisible(bool(fitting))
        self.list.setFixedHeight(min(len(fitting), ROWS) * ROW + 4)
        self.adjustSize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: ROWS, Qt.Key.Key_PageUp: -ROWS}
            step = steps.get(Qt.Key(event.key()))
            if step is not None:
                self._step(step)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.list.currentItem()
                if item is not None:
                    self._do(item)
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        """Move the selection over the commands that are enabled. A single step wraps around at the ends."""
        rows = [i for i in range(self.list.count()) if self.list.item(i).flags() & Qt.ItemFlag.ItemIsEnabled]
        if not rows:
            return
        at = rows.index(self.list.currentRow()) if self.list.currentRow() in rows else -1
        to = (at + by) % len(rows) if abs(by) == 1 else min(max(at + by, 0), len(rows) - 1)
        self.list.setCurrentRow(rows[to])

    def _do(self, item: QListWidgetItem) -> None:
        action: QAction = item.data(_ACTION)
        self.close()  # first, so that the command's own dialog is the one on top
        action.trigger()


def _fit(words: str, action: QAction) -> float | None:
    """The score by the name on screen, or else by the English name, which colleagues and guides may use."""
    here, english = score(words, plain(action)), action.property(ENGLISH)
    if here is not None or not isinstance(english, str):
        return here
    return score(words, english)


def plain(action: QAction) -> str:
    """A command's name without the & that marks its menu letter."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")


class _CommandRows(QStyledItemDelegate):
    """Draws a command: its name on the left, its keys on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        background = QStyleOptionViewItem(option)
        self.initStyleOption(background, index)
        background.text = ""
        widget = self.parent()
        assert isinstance(widget, QWidget)
        widget.style().drawControl(widget.style().ControlElement.CE_ItemViewItem, background, painter, widget)
        painter.save()
        room: QRect = option.rect.adjusted(10, 0, -10, 0)
        enabled = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        side = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(theme.font(13))
        painter.setPen(QColor(theme.TEXT if enabled else theme.FAINT))
        name = index.data(Qt.ItemDataRole.DisplayRole)
        painter.drawText(room, side | int(Qt.AlignmentFlag.AlignLeft), name)
        room.setLeft(room.left() + painter.fontMetrics().horizontalAdvance(name) + 16)
        painter.setFont(theme.font(11))
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(QColor(theme.TEXT if selected else theme.MUTED))
        beside = painter.fontMetrics().elidedText(index.data(_KEYS), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, side | int(Qt.AlignmentFlag.AlignRight), beside)
        painter.restore()
