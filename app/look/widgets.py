"""The frame that panels share: a titled card, and a row of buttons of which one is down."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QVBoxLayout,
    QWidget,
)

from app.look import theme


class Panel(QFrame):
    """A card with a title in small capitals that folds it; put content into .body, extras into .title_row."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 11, 14, 13)
        column.setSpacing(8)
        self._title = title.upper()
        self.fold = QPushButton()
        self.fold.setObjectName("panelTitle")
        self.fold.clicked.connect(self._toggle)
        self.title_row = QHBoxLayout()
        self.title_row.addWidget(self.fold)
        self.title_row.addStretch()
        column.addLayout(self.title_row)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(8)
        column.addWidget(self._content)
        self.set_folded(folded=False)

    @property
    def folded(self) -> bool:
        """Whether only the title is shown."""
        return self._content.isHidden()

    def set_folded(self, *, folded: bool) -> None:
        """Show the title alone, or everything."""
        self._content.setVisible(not folded)
        self.fold.setText(f"{'▸' if folded else '▾'} {self._title}")
        self.fold.setAccessibleName(self._title)

    def _toggle(self) -> None:
        self.set_folded(folded=not self.folded)


def label(text: str = "", name: str = "", *, wrap: bool = False) -> QLabel:
    """A plain-text label: what a file says is never read as markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setObjectName(name)
    made.setWordWrap(wrap)
    return made


def thin_progress() -> QProgressBar:
    """How far something is, as a line beside the words that say what it is."""
    made = QProgressBar()
    made.setTextVisible(False)
    made.setFixedSize(140, 4)
    return made


def plain_tip(text: str) -> str:
    """A tool tip that says exactly this: Qt would take what looks like markup, in a patient's name too, for markup.

    Its lines stay lines.
    """
    return f"<span>{html.escape(text).replace(chr(10), '<br>')}</span>"


class StateButton(QPushButton):
    """A checkable button that the state moves: a click only asks, so a refused choice leaves it where it was."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setCheckable(True)
        self._progress = ""

    def show_progress(self, text: str) -> None:
        """Paint this in place of the text; empty for the text itself.

        Unlike another text it asks for no other size, for which Qt would lay out the whole column anew each time.
        """
        if text != self._progress:
            self._progress = text
            self.setAccessibleName(text)
            self.update()

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        super().initStyleOption(option)
        if self._progress:
            option.text = self._progress

    def nextCheckState(self) -> None:
        """Qt calls this on a click, before anybody has been asked, and to put up the one of its row that was down."""
        group = self.group()
        if self.isChecked() and (self.autoExclusive() or (group is not None and group.exclusive())):
            super().nextCheckState()


class StateBox(QCheckBox):
    """A check box that the state moves, as StateButton."""

    def nextCheckState(self) -> None:
        """Qt calls this on a click, before anybody has been asked."""


class Choice(QComboBox):
    """A drop-down list with a chevron; style sheets can only put a file there.

    What is too long for it becomes an ellipsis in the middle: names of one kind differ at their ends. Its list is as
    wide as what stands in it.
    """

    def __init__(self) -> None:
        super().__init__()
        # The one that Qt takes by itself knows nothing of style sheets, and frames what is chosen.
        self.setItemDelegate(QStyledItemDelegate(self))

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
        metrics = QFontMetrics(self.font())
        option.currentText = metrics.elidedText(option.currentText, Qt.TextElideMode.ElideMiddle, room)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0))
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Turned by the way, over a list that nobody opened, the wheel would choose another model.
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.MUTED if self.isEnabled() else theme.FAINT), 1.6))
        x, y = self.width() - 15, self.height() / 2
        painter.drawPolyline([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)])
        painter.end()


class Segments(QWidget):
    """A row of joined buttons, one of them down; two rows where there are more than fit side by side.

    A click says which was chosen; check puts it down.
    """

    SIDE_BY_SIDE = 3

    chosen = Signal(str)

    def __init__(self, names: Sequence[str] = (), texts: Sequence[str] | None = None) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._clicked)
        self.buttons: dict[str, StateButton] = {}
        self.set_names(names, texts)

    def set_names(self, names: Sequence[str], texts: Sequence[str] | None = None) -> None:
        """Other buttons; the same names keep what is there."""
        if tuple(names) == tuple(self.buttons):
            return
        for button in self.buttons.values():
            self._group.removeButton(button)
            self._grid.removeWidget(button)
            button.deleteLater()
        self.buttons = {}
        columns = len(names) if len(names) <= self.SIDE_BY_SIDE else -(-len(names) // 2)
        for column in range(max(columns, self._grid.columnCount())):
            self._grid.setColumnStretch(column, int(column < columns))
        for i, name in enumerate(names):
            row, column = divmod(i, columns)
            button = StateButton((texts or names)[i])
            button.setProperty("segment", "true")
            last = column == columns - 1 or i == len(names) - 1
            button.setProperty("place", "first" if column == 0 else "last" if last else "middle")
            self._group.addButton(button)
            self._grid.addWidget(button, row, column)
            self.buttons[name] = button

    def _clicked(self, clicked: QAbstractButton) -> None:
        self.chosen.emit(next(name for name, button in self.buttons.items() if button is clicked))

    def check(self, name: str) -> None:
        """Put one button down without saying so."""
        if name in self.buttons:
            self.buttons[name].setChecked(True)


class Elided(QLabel):
    """A label that gives way: what has no room becomes an ellipsis, and the tool tip says all."""

    def __init__(self, name: str, least: int) -> None:
        """least: pixels that it does not give away as long as it needs them."""
        super().__init__()
        self._least = least
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(plain_tip(text) if text else "")

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self._least, self.sizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.style().drawItemText(
            painter, self.rect(), int(Qt.AlignmentFlag.AlignVCenter), self.palette(), True, shown,
            self.foregroundRole(),
        )  # fmt: skip
        painter.end()
