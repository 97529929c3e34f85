"""The middle of the window: shows the views of a layout."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QGridLayout, QWidget

from app.state.types import AppState, Layout, RunKey
from app.views.drawing import Outlines
from app.views.slice_view import SliceView
from app.window.layouts import VIEWS, entry_of
from app.words.names import research
from engine.volume import Volume

GAP_PX = 4


class Stage(QWidget):
    """Shows the views of the layout. Makes each when it is first needed, and passes the state to those on screen."""

    made = Signal(object)
    """A new view, whose signals are to be connected."""
    painted = Signal(object)
    """The scan (a Volume) that has just been painted for the first time."""

    def __init__(self) -> None:
        super().__init__()
        self._outlines = Outlines()
        self._volume: Volume | None = None
        self._unfinished: set[RunKey] = set()
        self._views: dict[str, Any] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP_PX)
        self._shown: Layout | None = None
        self._covered = 0, 0
        self._awaited: Volume | None = None  # the scan whose first paint nobody has been told of
        self._seen: Volume | None = None  # the scan that was painted last
        self.slice_view: SliceView = self.view("current")

    def view(self, name: str) -> Any:
        """The view of this name."""
        if name not in self._views:
            made = VIEWS[name](self._outlines)
            made.setParent(self)
            made.hide()
            self._views[name] = made
            self.made.emit(made)
        return self._views[name]

    @property
    def views(self) -> tuple[Any, ...]:
        """The views of the layout on screen, in the order of its places."""
        return tuple(self.view(place.view) for place in entry_of(self._shown).places) if self._shown else ()

    def apply(self, state: AppState) -> None:
        """Arrange the views, and let each redraw what differs."""
        volume, fresh = state.scan.volume, state.scan.volume is not self._volume
        unfinished = _unfinished(state)
        if fresh or self._unfinished - unfinished:
            self._outlines.forget()
        self._volume, self._unfinished = volume, unfinished
        if state.preferences.layout is not self._shown:
            self._arrange(state)
        else:
            for view in self.views:
                view.apply(state)
        if fresh:
            self._await_paint(volume)

    def _await_paint(self, volume: Volume | None) -> None:
        self._awaited = volume
        if volume is not None and self.views:
            first = self.views[0]
            canvas = first.viewport() if isinstance(first, QAbstractScrollArea) else first
            canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._awaited is not None:
            watched.removeEventFilter(self)
            # The filter is asked before the widget paints; the timer fires after it has.
            self._seen, self._awaited = self._awaited, None
            QTimer.singleShot(0, self, self._tell)
        return super().eventFilter(watched, event)

    # A method, because a lambda would hold the stage.
    def _tell(self) -> None:
        self.painted.emit(self._seen)

    def _arrange(self, state: AppState) -> None:
        before = set(self.views)
        # Before the window is active nothing has the focus, and the window knows what will.
        focus = QApplication.focusWidget() or self.window().focusWidget()
        focused = focus is not None and any(view is focus or view.isAncestorOf(focus) for view in before)
        self._shown = state.preferences.layout
        for view in before:
            self._grid.removeWidget(view)
        places = entry_of(state.preferences.layout).places
        for place in places:
            view = self.view(place.view)
            view.apply(state)
            self._grid.addWidget(view, place.row, place.column, place.rows, place.columns)
            view.show()
        for i in (0, 1):
            used = any(place.row <= i < place.row + place.rows for place in places)
            self._grid.setRowStretch(i, int(used))
            self._grid.setColumnStretch(i, 1)
        self.keep_words_clear(*self._covered)
        if focused:
            self.take_focus()
        for view in before - set(self.views):
            view.hide()
            view.apply(AppState())  # else it would keep this scan in memory after the next one is opened

    def take_focus(self) -> None:
        """Keys go to the first view. Otherwise Qt gives the focus to some button, which the next Space would press."""
        if self.views:
            self.views[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def keep_words_clear(self, top: int, bottom: int) -> None:
        """Let words stand clear of bars that cover so many pixels at the top and at the bottom. Images stay."""
        self._covered = top, bottom
        places = entry_of(self._shown).places if self._shown else ()
        rows = max((place.row + place.rows for place in places), default=0)
        for place in places:
            below = bottom if place.row + place.rows == rows else 0
            self.view(place.view).keep_words_clear(top if place.row == 0 else 0, below)

    def picture(self) -> QPixmap:
        """The views as shown, for a file. Each of them carries the research notice."""
        if len(self.views) == 1 and isinstance(self.views[0], SliceView):
            return self.views[0].picture()
        for view in self.views:
            view.set_notice(research())
        try:
            return self.grab()
        finally:
            for view in self.views:
                view.set_notice("")


def _unfinished(state: AppState) -> set[RunKey]:
    """Segmentations that are there slice by slice. The whole one will have other outlines."""
    return {key for key, run in state.segmentation.runs.items() if run.planes}
