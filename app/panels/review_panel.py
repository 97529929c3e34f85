"""Where to look first: the flagged places in their order, the reasons of the one on screen, and what was looked at."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QSizePolicy

from app.look import icons
from app.look.widgets import Panel, label, plain_tip
from app.state.heart_views import shows_four_chambers
from app.state.queries import phase_frame, run_of
from app.state.stops import current_stop, is_reviewed, stops_of, ticked
from app.state.types import AppState, Status
from app.words.engine_words import translated
from app.words.language import COUNT, translate
from engine.measures.flags import NAMES, Stop
from engine.measures.stop_rows import SHOWN_FIRST, span

_ROW_PX = 24
LEAST_PX, MOST_LINES = 280, 4
_STOP = int(Qt.ItemDataRole.UserRole)


@dataclass(frozen=True, slots=True)
class StopRow:
    """place: where, such as "ES · slice 3". about: structures. reviewed: a tick stands before it."""

    stop: Stop
    place: str
    about: str
    reviewed: bool

    @property
    def reasons(self) -> str:
        """A line for each."""
        return "\n".join(map(translated, self.stop.reasons))


@dataclass(frozen=True, slots=True)
class ShownReview:
    """All that the panel shows. at: the row on screen, None for none. empty: instead of rows."""

    rows: tuple[StopRow, ...] = ()
    at: int | None = None
    empty: str = ""

    @property
    def done(self) -> int:
        return sum(row.reviewed for row in self.rows)


class ReviewPanel(Panel):
    """A list that a click goes through; keys do the same (see the menu Review)."""

    stop_requested = Signal(object)
    """A Stop."""
    step_requested = Signal(int)
    reviewed_toggled = Signal()

    def __init__(self) -> None:
        super().__init__(translate("Review", "Review"))
        self.progress = label("", "small")
        self.title_row.addWidget(self.progress)
        self.empty = label("", "muted", wrap=True)
        self.body.addWidget(self.empty)
        self.list = QListWidget()
        self.list.setAccessibleName(translate("Review", "Flagged slices, in the order to look at them"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setUniformItemSizes(True)
        # Its height is set. Otherwise the panel would take what is free in a high window, and spread in it.
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)
        self.body.addWidget(self.list)
        self.all = QPushButton()
        self.all.setObjectName("link")
        self.all.clicked.connect(self._toggle_all)
        self.body.addWidget(self.all, 0, Qt.AlignmentFlag.AlignLeft)
        self.reasons = label("", "small", wrap=True)
        self.reasons.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.reasons)
        row = QHBoxLayout()
        row.setSpacing(6)
        self.previous = icons.IconButton("previous", translate("Review", "Flag before this one (,)"))
        self.next = icons.IconButton("next", translate("Review", "Next flag (.)"))
        self.previous.clicked.connect(self._back)
        self.next.clicked.connect(self._on)
        self.reviewed = QPushButton(translate("Review", "Reviewed"))
        self.reviewed.setToolTip(translate("Review", "Tick this place as looked at, or take the tick away (Ctrl+.)"))
        self.reviewed.clicked.connect(self.reviewed_toggled)
        row.addWidget(self.previous)
        row.addWidget(self.next)
        row.addStretch()
        row.addWidget(self.reviewed)
        self._buttons = (self.previous, self.next, self.reviewed)
        self.body.addLayout(row)
        self.setToolTip(
            translate(
                "Review", "An order to look at slices, not a probability. A slice without a flag can be wrong too."
            )
        )
        self._shown = ShownReview()
        self._every = False
        self.apply(AppState())

    # Methods, because a lambda that holds the panel would make a cycle through it.
    def _back(self) -> None:
        self.step_requested.emit(-1)

    def _on(self) -> None:
        self.step_requested.emit(1)

    def _toggle_all(self) -> None:
        self._every = not self._every
        self._show(self._shown)

    def _chosen(self, item: QListWidgetItem) -> None:
        self.stop_requested.emit(item.data(_STOP))

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_review(state, self._shown)
        shown = self._shown
        if shown == before and self.empty.text() == shown.empty:
            return
        if shown.rows != before.rows:
            self._every = self._every and bool(shown.rows)
            self._fill(shown.rows)
        self._show(shown)

    def _fill(self, rows: tuple[StopRow, ...]) -> None:
        self.list.clear()
        for row in rows:
            tick = "✓ " if row.reviewed else ""
            item = QListWidgetItem(f"{tick}{row.place}   {row.about}")
            item.setData(_STOP, row.stop)
            item.setToolTip(plain_tip(row.reasons))
            item.setSizeHint(QSize(0, _ROW_PX))
            if row.reviewed:
                item.setForeground(self.palette().placeholderText())
            self.list.addItem(item)
        self._leave_room(rows)

    def _leave_room(self, rows: tuple[StopRow, ...]) -> None:
        """Let the longest reasons fit, so that nothing moves when those of another slice are shown."""
        high = max((self._height_of(row.reasons) for row in rows), default=0)
        self.reasons.setFixedHeight(min(high, self._highest()) + 2)

    def _height_of(self, text: str) -> int:
        box = QRect(0, 0, max(self.reasons.width(), LEAST_PX), 10_000)
        return self.reasons.fontMetrics().boundingRect(box, int(Qt.TextFlag.TextWordWrap), text).height()

    def _highest(self) -> int:
        return MOST_LINES * self.reasons.fontMetrics().lineSpacing()

    def _fitting(self, text: str) -> str:
        """As many words as have room; an ellipsis says that there are more, in the tool tip."""
        if self._height_of(text) <= self._highest():
            return text
        ends = [at for at, letter in enumerate(text) if letter.isspace()]
        most = bisect(ends, self._highest(), key=lambda end: self._height_of(f"{text[:end]} …"))
        return f"{text[: ends[max(most - 1, 0)]]} …" if ends else text

    def _show(self, shown: ShownReview) -> None:
        count = len(shown.rows)
        some = count > 0
        self.empty.setText(shown.empty)
        self.empty.setVisible(not some)
        said = translate("Review", "{done} of %n reviewed", "", COUNT, count)
        self.progress.setText(said.format(done=shown.done) if some else "")
        self.list.setVisible(some)
        # The height does not depend on the slice on screen, else the wheel would move all that is below.
        first = count if self._every or count == SHOWN_FIRST + 1 else min(count, SHOWN_FIRST)
        self.list.setFixedHeight(_ROW_PX * first + 4)
        self.all.setVisible(count > SHOWN_FIRST + 1)
        more = translate("Review", "Show all %n", "", COUNT, count)
        self.all.setText(translate("Review", "Show the first ones") if self._every else more)
        for button in self._buttons:
            button.setVisible(some)
        self.reviewed.setEnabled(shown.at is not None)
        row = shown.rows[shown.at] if shown.at is not None else None
        self.reasons.setText(self._fitting(row.reasons) if row is not None else "")
        self.reasons.setToolTip(plain_tip(row.reasons) if row is not None else "")
        self.reasons.setVisible(some)
        ticked_already = row is not None and row.reviewed
        self.reviewed.setText(
            translate("Review", "Not reviewed") if ticked_already else translate("Review", "Reviewed")
        )
        at = -1 if shown.at is None else shown.at
        if at != self.list.currentRow():
            self.list.setCurrentRow(at)


def _shown_review(state: AppState, before: ShownReview) -> ShownReview:
    """Rows are made anew only for another review or other ticks: this is asked for at every turn of the wheel."""
    stops = stops_of(state)
    if not stops:
        return ShownReview(empty=_why_empty(state))
    ticks, current = ticked(state), current_stop(state)
    at = stops.index(current) if current is not None else None
    same = len(stops) == len(before.rows) and all(
        row.stop is stop and row.reviewed == is_reviewed(stop, ticks)
        for row, stop in zip(before.rows, stops, strict=True)
    )
    rows = before.rows if same else tuple(_row(state, stop, reviewed=is_reviewed(stop, ticks)) for stop in stops)
    return ShownReview(rows, at)


def _row(state: AppState, stop: Stop, *, reviewed: bool) -> StopRow:
    structures = dict.fromkeys(flag.where.structure for flag in stop.flags if flag.where.structure)
    about = ", ".join(translated(NAMES[key]) for key in structures) or translated(stop.reasons[0])
    return StopRow(stop, place_of(state, stop), about, reviewed)


def place_of(state: AppState, stop: Stop) -> str:
    """Where a stop is, in few words; slices and frames counted from 1."""
    if stop.frame_index is None:
        return translate("Review", "Scan")
    named = {phase_frame(state, name): name for name in ("ES", "ED")}
    numbers = span(stop.frames)
    one, several = translate("Review", "frame {number}"), translate("Review", "frames {number}")
    frame = (one if len(stop.frames) == 1 else several).format(number=numbers)
    if len(stop.frames) == 1:
        frame = named.get(stop.frame_index, frame)
    if stop.slice_index is None:
        return translate("Review", "All slices · {frame}").format(frame=frame)
    one, several = translate("Review", "Slice {number}"), translate("Review", "Slices {number}")
    index = (one if len(stop.slices) == 1 else several).format(number=span(stop.slices))
    return index if state.scan.volume is not None and state.scan.volume.frames == 1 else f"{index} · {frame}"


def _why_empty(state: AppState) -> str:
    run = run_of(state)
    if state.reviewing.review is not None:
        return translate("Review", "Nothing is flagged.")
    if state.scan.volume is None:
        return translate("Review", "Open a scan to see which slices to look at first.")
    if shows_four_chambers(state):
        return translate("Review", "Only short-axis stacks are checked for flags.")
    if run is not None and run.status is Status.DONE:
        return translate("Review", "Checking the outlines…")
    if run is not None and run.status in (Status.RUNNING, Status.WAITING):
        return translate("Review", "Flags come once the scan is segmented…")
    return translate("Review", "Not segmented, so nothing is flagged.")
