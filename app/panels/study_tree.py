"""The tree of what was found: patients, studies, and each stack with a thumbnail; one click opens it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QTreeWidgetItem

from app.look import theme
from app.look.row_tree import ROW_KEY, ROW_MORE, ROW_WORDS, RowDelegate, RowTree, paint_line, row_item
from app.look.widgets import plain_tip
from app.session.jobs import Lane, Worker
from app.state.identity import Same
from app.state.types import AppState
from app.words.engine_words import translated
from app.words.language import translate

if TYPE_CHECKING:
    from engine.formats.index import Index, Patient, Series, Study

THUMBNAIL = 40
# Pixels are read once, for the finest screens.
_THUMBNAIL_PX = 2 * THUMBNAIL
_ROW, _HEAD = THUMBNAIL + 10, 24
# Above this many stacks only the patient on screen is unfolded.
_ALL_OPEN = 24


def patient_title(patient: Patient, place: int, *, hide: bool) -> str:
    """A patient's or folder's name; hidden, its place among them."""
    if hide:
        text = (
            translate("Studies", "Folder {number}") if patient.is_folder else translate("Studies", "Patient {number}")
        )
        return text.format(number=place)
    return patient.name


def study_title(study: Study, place: int, *, hide: bool) -> str:
    """What and when; empty where neither is known and there is nothing to tell apart."""
    if hide:
        return translate("Studies", "Study {number}").format(number=place)
    return ", ".join(filter(None, (study.description, study.date)))


def series_title(series: Series, place: int, *, hide: bool) -> str:
    """What the protocol calls it. Formats other than DICOM have names of files there, which may be patients'."""
    if hide and series.kind != "dicom":
        return translate("Studies", "Scan {number}").format(number=place)
    numbered = translate("Studies", "Series {number}").format(number=series.series_number)
    return series.description or (numbered if series.series_number else translate("Studies", "Unnamed series"))


def series_words(series: Series) -> str:
    """Matrix, slices and frames: "256×256 · 12 sl × 20 fr"."""
    frames, slices, rows, columns = series.size
    counted = (
        translate("Studies", "{slices} sl").format(slices=slices) if slices > 1 else translate("Studies", "1 slice")
    )
    if series.pair:
        counted = translate("Studies", "{slices}, ED and ES").format(slices=counted)
    elif frames > 1:
        counted = translate("Studies", "{slices} × {frames} fr").format(slices=counted, frames=frames)
    return translate("Studies", "{columns}×{rows}  ·  {stack}").format(columns=columns, rows=rows, stack=counted)


class Thumbnails(QObject):
    """Reads thumbnails in a thread of its own. The one asked for last is read next: it is the one on screen."""

    arrived = Signal(int, QImage)

    def __init__(self, read: Callable[[Series, int], np.ndarray] | None = None) -> None:
        super().__init__()
        self._read = read or _thumbnail
        self._worker = Worker("thumbnails", newest_first=True)
        self._lane = Lane(self._worker)
        self._asked: set[int] = set()

    def ask(self, series: Series) -> None:
        """For a series of the index in use, once."""
        if series.number in self._asked:
            return
        self._asked.add(series.number)
        read = self._read
        self._lane.submit(
            lambda _: (series.number, read(series, _THUMBNAIL_PX)),
            then=self._deliver,
            failed=lambda _: None,  # opening the series says why it cannot be read
        )

    def forget(self) -> None:
        """Another index: what is on its way is not wanted any more."""
        self._asked.clear()
        self._lane.cancel()

    def close(self) -> None:
        """End the thread."""
        self._worker.close()

    def _deliver(self, found: tuple[int, np.ndarray]) -> None:
        number, grey = found
        grey = np.ascontiguousarray(grey)
        rows, columns = grey.shape
        image = QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
        self.arrived.emit(number, image.copy())


def _thumbnail(series: Series, pixels: int) -> np.ndarray:
    from engine.formats.door import thumbnail  # noqa: PLC0415 - brings the readers of DICOM and NIfTI

    return thumbnail(series, pixels)


@dataclass(frozen=True, slots=True)
class ShownTree:
    """All that the tree shows. hidden: names are. series: the number of the one on screen."""

    index: Same
    hidden: bool
    series: int | None


class StudyTree(RowTree):
    """Asks for a stack by its number in the index."""

    series_requested = Signal(int)

    def __init__(self, thumbnails: Thumbnails | None = None) -> None:
        super().__init__(translate("Studies", "Studies and series"), indent=10)
        self.setUniformRowHeights(False)
        self.setMouseTracking(True)
        self.thumbnails = thumbnails or Thumbnails()
        self.thumbnails.arrived.connect(self._show_thumbnail)
        self.setItemDelegate(_Rows(self))
        self.itemClicked.connect(self._ask)
        self.items: dict[int, QTreeWidgetItem] = {}
        self._pictures: dict[int, QPixmap] = {}
        self._index: Index | None = None
        self._shown = ShownTree(Same(None), hidden=False, series=None)

    def apply(self, state: AppState) -> None:
        """Redraw if what the tree shows of the state is something else than before."""
        hide, series = state.preferences.hide_names, state.scan.series
        before, shown = self._shown, ShownTree(Same(state.scan.index), hide, series)
        if shown == before:
            return
        self._shown, self._index = shown, state.scan.index
        if shown.index != before.index:
            self._pictures.clear()
            self.thumbnails.forget()
        if shown != replace(before, series=series):
            self._fill(hide=hide, shown=series)
        for number, item in self.items.items():
            item.setData(0, ROW_MORE, number == series)
        if series in self.items:
            self.setCurrentItem(self.items[series])

    def series_at(self, number: int) -> Series | None:
        return self._index.series[number] if self._index is not None else None

    def filter(self, text: str) -> None:
        """Show only what has all these words in its name or in what it is part of."""
        words = text.casefold().split()
        for at in range(self.topLevelItemCount()):
            item = self.topLevelItem(at)
            if item is not None:
                _filter(item, words, "")

    def needed_height(self) -> int:
        """Of all rows that are unfolded and not filtered out."""
        total, item = 4, self.topLevelItem(0)
        if item is not None and item.isHidden():
            item = self.itemBelow(item)
        while item is not None:
            total += _ROW if item.data(0, ROW_KEY) is not None else _HEAD
            item = self.itemBelow(item)
        return total

    def _fill(self, *, hide: bool, shown: int | None) -> None:
        self.clear()
        self.items.clear()
        if self._index is None:
            return
        total, place = len(self._index.series), 0
        names = _told_apart([patient_title(p, at, hide=hide) for at, p in enumerate(self._index.patients, 1)])
        for patient, name in zip(self._index.patients, names, strict=True):
            # One study stands beside its patient's name; several have a line each.
            titles = _told_apart([study_title(study, i, hide=hide) for i, study in enumerate(patient.studies, 1)])
            only = titles[0] if len(titles) == 1 and not hide else ""
            top = _head(name, only)
            self.addTopLevelItem(top)
            unfold = total <= _ALL_OPEN
            for study, title in zip(patient.studies, titles, strict=True):
                parent = top
                if len(titles) > 1:
                    parent = _head("", title or translate("Studies", "Study without a date"))
                    top.addChild(parent)
                numbers = range(place + 1, place + 1 + len(study.series))
                place += len(study.series)
                rows = [series_title(s, n, hide=hide) for s, n in zip(study.series, numbers, strict=True)]
                for series, row in zip(study.series, _told_apart(rows), strict=True):
                    parent.addChild(self._row(series, row))
                    unfold = unfold or series.number == shown or (shown is None and series is self._index.chosen)
                parent.setExpanded(True)
            top.setExpanded(unfold)

    def _row(self, series: Series, title: str) -> QTreeWidgetItem:
        assert self._index is not None
        item = QTreeWidgetItem()
        words = series_words(series)
        about = [title, words]
        if series is self._index.chosen and not series.not_short_axis:
            about.append(translate("Studies", "the most likely short-axis cine"))
        if series.not_short_axis:
            reason = translated(series.not_short_axis)
            about.append(translate("Studies", "not segmented by itself: {reason}").format(reason=reason))
        item.setText(0, title)
        item.setData(0, ROW_KEY, series.number)
        item.setData(0, ROW_WORDS, words)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(about))
        item.setToolTip(0, plain_tip("\n".join(about)))
        item.setSizeHint(0, QSize(0, _ROW))
        if series.number in self._pictures:
            item.setData(0, Qt.ItemDataRole.DecorationRole, self._pictures[series.number])
        self.items[series.number] = item
        return item

    def _show_thumbnail(self, number: int, image: QImage) -> None:
        picture = QPixmap.fromImage(image)
        self._pictures[number] = picture
        if number in self.items:
            self.items[number].setData(0, Qt.ItemDataRole.DecorationRole, picture)

    def _ask(self, item: QTreeWidgetItem) -> None:
        number = item.data(0, ROW_KEY)
        if number is not None:
            self.series_requested.emit(number)
        else:
            item.setExpanded(not item.isExpanded())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and item is not None:
            self._ask(item)
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # These keys move and open here; elsewhere they are slices, frames and the cine.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space)
            if event.key() in keys and event.modifiers() == Qt.KeyboardModifier.NoModifier:
                event.accept()
                return True
        return super().event(event)


def _filter(item: QTreeWidgetItem, words: list[str], above: str) -> bool:
    """Hide what lacks one of the words; returns whether the item or something below it is shown."""
    said = f"{above} {item.data(0, Qt.ItemDataRole.AccessibleTextRole)}".casefold()
    children = [item.child(i) for i in range(item.childCount())]
    below = [_filter(child, words, said) for child in children if child is not None]
    shown = any(below) if below else all(word in said for word in words)
    item.setHidden(not shown)
    if words and any(below):
        item.setExpanded(True)
    return shown


def _told_apart(titles: Sequence[str]) -> list[str]:
    """Names with a number behind those that others have, too."""
    seen: Counter[str] = Counter()
    found = []
    for title in titles:
        seen[title] += 1
        found.append(f"{title} ({seen[title]})" if titles.count(title) > 1 and title else title)
    return found


def _head(text: str, muted: str = "") -> QTreeWidgetItem:
    """A line without a thumbnail: text, then what is less."""
    item = row_item(text, muted)
    item.setSizeHint(0, QSize(0, _HEAD))
    return item


class _Rows(RowDelegate):
    """Draws a patient or study as a line, a stack as its thumbnail beside two lines."""

    def __init__(self, tree: StudyTree) -> None:
        super().__init__(tree)
        self._studies = tree

    def paint_row(self, painter: QPainter, room: QRect, index: QModelIndex | QPersistentModelIndex, less: str) -> None:
        room = room.adjusted(4, 0, -6, 0)
        number, words, title = index.data(ROW_KEY), index.data(ROW_WORDS), index.data(Qt.ItemDataRole.DisplayRole)
        if number is None:
            used = paint_line(painter, room, title, 12, theme.TEXT, bold=True) if title else 0
            paint_line(painter, room.adjusted(used + 8 if used else 0, 0, 0, 0), words, 11, less)
        else:
            box = QRect(room.left() + 2, room.top() + (room.height() - THUMBNAIL) // 2, THUMBNAIL, THUMBNAIL)
            painter.fillRect(box, QColor("black"))
            picture = index.data(Qt.ItemDataRole.DecorationRole)
            if picture is None:
                self._ask_for(number)
            else:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawPixmap(box, picture)
            if index.data(ROW_MORE):
                painter.setPen(QPen(QColor(theme.ACCENT), 2))
                painter.drawRect(box)
            text = room.adjusted(THUMBNAIL + 12, 6, 0, -6)
            half = text.height() // 2
            paint_line(painter, text.adjusted(0, 0, 0, -half), title, 12, theme.TEXT, bold=bool(index.data(ROW_MORE)))
            paint_line(painter, text.adjusted(0, half, 0, 0), words, 11, less)

    def _ask_for(self, number: int) -> None:
        series = self._studies.series_at(number)
        if series is not None:
            self._studies.thumbnails.ask(series)
