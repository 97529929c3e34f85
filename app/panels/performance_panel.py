"""What every slice cost: latency as it is computed, each precision over the others, memory, CPU load, size, runtime."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from app.look import theme
from app.look.widgets import Panel, label
from app.panels.charts import LatencyChart, Sample, StripChart, trace_of
from app.state.identity import Same
from app.state.queries import card_of, precisions_of, run_key, run_of
from app.state.types import FLOAT32, INT8, AppState, Run, Status
from app.words.engine_words import translated
from app.words.language import COUNT, joined, marked, rounded, thousands, translate
from engine.network.predict import peak_rss_mb, rss_mb

ROWS = (
    marked("Performance", "Median slice, ms"),
    marked("Performance", "95th percentile, ms"),
    marked("Performance", "Slices per second"),
    marked("Performance", "Peak memory, MB"),
    marked("Performance", "Work in int8, %"),
    marked("Performance", "Model file, kB"),
)
EMPTY = "–"
WELCOME = marked(
    "Performance",
    "Open a short-axis scan: every slice is timed here while it is segmented. "
    "Device check compares all models on this computer.",
)
READY = marked(
    "Performance",
    "Press Segment: every slice is timed here as it is computed. Device check compares all models on this computer.",
)
# Often enough to look continuous, seldom enough to cost nothing beside the network.
FRAME_MS = 100
IDLE_MS = 1000
# Load is averaged over this time; over single frames it jumps.
LOAD_OVER_S = 0.3
MAX_SAMPLES = 600
ROOMY_WINDOW_PX = 800
SMALL_STRIP_PX, STRIP_PX = 38, 60


@dataclass(frozen=True, slots=True)
class ShownPerformance:
    """All that the panel shows. at_work: the precision being segmented, "" for none.

    Each tuple is drawn as a whole: advice by the device check's result and progress, timing by the runs, their
    agreement, the precision on screen and whether Segment can be pressed. work: which precision is timed and shown.
    """

    precisions: tuple[str, ...]
    volume_id: int
    advice: tuple[object, ...]
    timing: tuple[object, ...]
    at_work: str
    work: tuple[str, str]


class PerformancePanel(Panel):
    """All precisions of the model side by side; grows while slices are computed."""

    check_requested = Signal()

    # Of the class too: Qt reports palette changes while the panel is being made.
    columns: tuple[str, ...] = ()
    _colours: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__(translate("Performance", "Performance"))
        self.check = QPushButton(translate("Performance", "Device check"))
        self.check.setObjectName("link")
        self.check.setFixedHeight(20)
        self.check.setToolTip(
            translate("Performance", "Time all models in all precisions on this computer, and see which is best")
        )
        self.check.clicked.connect(self.check_requested)
        self.title_row.addWidget(self.check)
        self.body.setSpacing(5)
        self.plot = LatencyChart()
        self.body.addWidget(self.plot)
        self._strips = QWidget()
        strips = QHBoxLayout(self._strips)
        strips.setContentsMargins(0, 0, 0, 0)
        strips.setSpacing(14)
        self.memory = StripChart(translate("Performance", "Memory, MB"))
        self.load = StripChart(translate("Performance", "CPU, % of %n core(s)", "", COUNT, _cores()))
        for strip, stretch in ((self.memory, 5), (self.load, 4)):
            strips.addWidget(strip, stretch)
        self.body.addWidget(self._strips)
        self._table = QWidget()
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(1)
        self.cells: dict[tuple[str, str], QLabel] = {}
        self._heads: list[QWidget] = []
        for row, name in enumerate(ROWS, start=1):
            self._grid.addWidget(label(translate("Performance", name), "muted"), row, 0)
        self.body.addWidget(self._table)
        self.summary = label("", "value", wrap=True)
        self.body.addWidget(self.summary)
        self.advice = label("", "small", wrap=True)
        self.body.addWidget(self.advice)
        self.device = label("", "small", wrap=True)
        self.body.addWidget(self.device)

        self._state = AppState()
        self._stale = False
        self._meter = _Meter()
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._tick)
        self._clock.start(IDLE_MS)
        self._shown: ShownPerformance | None = None
        self.apply(self._state)

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        before, self._state = self._shown, state
        self._shown = shown = _shown_performance(state)
        if shown == before:
            return
        if before is None or shown.precisions != before.precisions:
            self._set_columns(shown.precisions)
        if before is None or shown.volume_id != before.volume_id:
            self._meter.restart()
        if before is None or shown.advice != before.advice:
            self._show_advice()
        if before is not None and shown.timing == before.timing:
            return
        # The clock takes the samples in between: asking the system for them with every slice would cost too much.
        if before is None or shown.at_work != before.at_work:
            self._meter.note(shown.at_work)
        interval = FRAME_MS if shown.at_work else IDLE_MS
        # Setting it again would restart the interval: slices come before it ends, so nothing would be drawn.
        if interval != self._clock.interval():
            self._clock.setInterval(interval)
        # Slices arrive faster than anyone can follow; a start or an end is shown at once.
        if shown.at_work and before is not None and shown.work == before.work:
            self._stale = True
        else:
            self._draw()

    def _tick(self) -> None:
        at_work = _at_work(_runs(self._state, self.columns))
        if at_work:
            self._meter.note(at_work)
        if self._stale:
            self._draw()
        else:
            self._draw_strips()

    def _draw(self) -> None:
        """Everything that depends on the runs."""
        self._stale = False
        state = self._state
        runs = _runs(state, self.columns)
        started = any(run is not None for run in runs.values())
        # Empty axes and dashes say nothing: they appear with the first segmentation.
        for widget in (self.plot, self._strips, self._table):
            widget.setVisible(started)
        shown = {p: trace_of(Same(run.timings)) for p, run in runs.items() if run and run.timings}
        self.plot.show_series(shown, max((run.total for run in runs.values() if run), default=0))
        for precision, run in runs.items():
            one = shown.get(precision)
            cells = _column(run, one.p50, one.p95) if run and one else (EMPTY,) * len(ROWS)
            for name, text in zip(ROWS, cells, strict=True):
                if self.cells[name, precision].text() != text:
                    self.cells[name, precision].setText(text)
        self.summary.setText(_summary(state, runs))
        self.summary.setVisible(bool(self.summary.text()))
        words = (_device(list(runs.values())), *(_missing(state, self.columns) if started else ()))
        ready = state.scan.volume is not None and state.scan.loading is None and card_of(state) is not None
        invitation = translate("Performance", READY if ready else WELCOME)
        self.device.setText("\n".join(filter(None, words)) if started else invitation)
        self.device.setVisible(bool(self.device.text()))
        self._draw_strips()

    def _draw_strips(self) -> None:
        if not self._strips.isVisible():
            return
        now = rss_mb()
        peaks = [r.prediction.peak_rss_mb for r in _runs(self._state, self.columns).values() if r and r.prediction]
        peak = max([*peaks, *(sample.value for sample in self._meter.memory)], default=now)
        # Memory taken afterwards is not the run's, and may exceed its peak.
        at_work = _at_work(_runs(self._state, self.columns))
        said = translate("Performance", "{now} · peak {peak}") if at_work else translate("Performance", "peak {peak}")
        words = said.format(now=thousands(now), peak=thousands(peak))
        self.memory.show_samples(self._meter.memory, words, top=1.15 * max(peak, now), peak=peak)
        tip = translate(
            "Performance",
            "Memory of this program (resident set) while it segmented: at most {peak} MB, now {now} MB. "
            "Since it started at most {ever} MB.",
        )
        self.memory.setToolTip(tip.format(peak=thousands(peak), now=thousands(now), ever=thousands(peak_rss_mb())))
        load = self._meter.mean_load
        self.load.show_samples(self._meter.load, EMPTY if load is None else f"{load:.0f}", top=100.0)
        if load is None:
            tip = translate("Performance", "Share of all cores that this program kept busy while it segmented")
        else:
            tip = translate(
                "Performance",
                "Share of all cores that this program kept busy while it segmented: {load} % in the mean.",
            ).format(load=f"{load:.0f}")
        self.load.setToolTip(tip)

    def _set_columns(self, precisions: tuple[str, ...]) -> None:
        """One column of the table for each precision that the model comes in."""
        for widget in (*self._heads, *self.cells.values()):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._grid.setHorizontalSpacing(8 if len(precisions) < 3 else 6)
        for column in range(self._grid.columnCount()):
            # Columns of equal width, so that figures of one kind are evenly spaced.
            self._grid.setColumnStretch(column, 5 if column == 0 else int(column <= len(precisions)) * 3)
        self.columns, self._heads, self.cells = precisions, [], {}
        for column, precision in enumerate(precisions, start=1):
            head = label(f"● {precision}" if len(precisions) < 3 else precision)
            head.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(head, 0, column)
            self._heads.append(head)
            for row, name in enumerate(ROWS, start=1):
                cell = self.cells[name, precision] = label(EMPTY, "value")
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._grid.addWidget(cell, row, column)
        self._colours = ()
        self._colour()
        self._draw()

    def _colour(self) -> None:
        """The colours that style sheets keep. Qt reports palette changes far more often than one happens."""
        colours = (theme.ACCENT, *map(theme.precision_css, self.columns))
        if colours == self._colours:
            return
        self._colours = colours
        self.summary.setStyleSheet(f"color: {theme.ACCENT};")
        for head, colour in zip(self._heads, colours[1:], strict=True):
            # Four names beside each other fit in small type only.
            size = "" if len(self.columns) < 3 else "font-size: 10px;"
            head.setStyleSheet(f"color: {colour}; font-weight: 600; {size}")

    def _show_advice(self) -> None:
        state = self._state
        self.check.setText(
            translate("Performance", "Checking…") if state.models.checking else translate("Performance", "Device check")
        )
        advice = translate("Performance", "On this computer, {recommendation}")
        self.advice.setText(
            advice.format(recommendation=translated(state.models.report.reason)) if state.models.report else ""
        )
        self._use_room()

    def _use_room(self) -> None:
        """On a small screen the figures come first; what the device check's own table says too can wait."""
        roomy = self.window().height() >= ROOMY_WINDOW_PX
        self.advice.setVisible(bool(self.advice.text()) and roomy)
        for strip in (self.memory, self.load):
            strip.setFixedHeight(STRIP_PX if roomy else SMALL_STRIP_PX)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.columns:
            self._colour()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._use_room()


class _Meter:
    """Memory and CPU load of this program, sampled while it segments. Idle time in between is left out."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget what was measured: another scan begins."""
        self.memory: list[Sample] = []
        self.load: list[Sample] = []
        self._worked_s = self._busy_s = 0.0
        self._precision = ""
        self._last: tuple[float, float] | None = None
        self._recent: list[tuple[float, float]] = []

    @property
    def mean_load(self) -> float | None:
        """Mean load over the work so far, in % of all cores; None before there was any."""
        return 100 * self._busy_s / self._worked_s / _cores() if self._worked_s > 0 else None

    def note(self, precision: str) -> None:
        """Take a sample. precision: at work now; "" for none."""
        now = (time.perf_counter(), time.process_time())
        if self._precision and self._last is not None:
            self._worked_s += now[0] - self._last[0]
            self._busy_s += now[1] - self._last[1]
            self._recent = [t for t in self._recent if now[0] - t[0] <= LOAD_OVER_S] or [self._last]
            wall, busy = now[0] - self._recent[0][0], now[1] - self._recent[0][1]
            if wall > 0:
                percent = min(100 * busy / wall / _cores(), 100.0)
                self.load.append(Sample(self._worked_s, percent, self._precision))
        if self._precision or precision:
            self.memory.append(Sample(self._worked_s, rss_mb(), precision or self._precision))
        self._last, self._precision = now, precision
        self._recent = [*self._recent, now] if precision else []
        if len(self.memory) > MAX_SAMPLES:
            self.memory, self.load = self.memory[::2], self.load[::2]


def _cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _shown_performance(state: AppState) -> ShownPerformance:
    precisions = precisions_of(card_of(state))
    runs = _runs(state, precisions)
    ready = state.scan.volume is not None and state.scan.loading is None and card_of(state) is not None
    agreement = tuple(sorted(state.segmentation.agreement.items()))
    at_work, models = _at_work(runs), state.models
    return ShownPerformance(
        precisions,
        state.scan.volume_id,
        advice=(models.report, models.checking),
        timing=(tuple(map(_timed, runs.values())), agreement, models.precision, ready),
        at_work=at_work,
        work=(at_work, models.precision),
    )


def _timed(run: Run | None) -> tuple[object, ...]:
    """What is drawn of a run. Choices of the reader measure it anew and leave this as it is, or all but the EF."""
    if run is None:
        return ()
    ef = run.function.lv.ef_percent if run.function is not None else None
    return Same(run.timings), run.status, run.total, run.rss_mb, Same(run.prediction), ef


def _runs(state: AppState, precisions: Sequence[str]) -> dict[str, Run | None]:
    return {precision: run_of(state, precision) for precision in precisions}


def _at_work(runs: Mapping[str, Run | None]) -> str:
    """The precision that is being segmented; "" for none."""
    return next((p for p, run in runs.items() if run and run.status is Status.RUNNING), "")


def _column(run: Run, p50: float, p95: float) -> tuple[str, ...]:
    """One precision's cells, in the order of ROWS."""
    each = np.mean([t.preprocess_ms + t.inference_ms + t.postprocess_ms for t in run.timings])
    done = run.prediction
    part = run.status is Status.PART
    to_come = EMPTY if part else "…"
    return (
        f"{p50:.1f}",
        f"{p95:.1f}",
        f"{1000 / max(float(each), 1e-6):.0f}",
        thousands(done.peak_rss_mb) if done else EMPTY if part else f"{thousands(run.rss_mb)}…",
        f"{100 * done.int8_share:.0f}" if done else to_come,
        thousands(done.model_size_bytes / 1000) if done else to_come,
    )


def _summary(state: AppState, runs: Mapping[str, Run | None]) -> str:
    """One sentence that compares the precision on screen (int8 where that is float32) with float32, once both are."""
    other = state.models.precision if state.models.precision != FLOAT32 else INT8
    slow, fast = runs.get(FLOAT32), runs.get(other)
    if not (slow and fast and slow.prediction and fast.prediction and slow.timings and fast.timings):
        return ""
    ratio = slow.prediction.latency_ms["p50"] / max(fast.prediction.latency_ms["p50"], 1e-6)
    size = slow.prediction.model_size_bytes / max(fast.prediction.model_size_bytes, 1)
    times = f"{max(ratio, 1 / ratio):.1f}"
    if times == "1.0":
        text = translate("Performance", "{precision} is as fast and {size}× smaller")
    elif ratio > 1:
        text = translate("Performance", "{precision} is {times}× faster and {size}× smaller")
    else:
        text = translate("Performance", "{precision} is {times}× slower and {size}× smaller")
    text = text.format(precision=other, times=times, size=f"{size:.1f}")
    parts = []
    agreement = state.segmentation.agreement.get(fast.prediction.model_id)
    if agreement is not None and other == INT8:
        parts.append(translate("Performance", "Dice {dice} against float32").format(dice=f"{agreement:.3f}"))
    change = _ef_change(slow, fast)
    if change is not None:
        points = translate("Performance", "LV EF {change} points").format(change=rounded(change, 1, signed=True))
        parts.append(translate("Performance", "the same LV EF") if abs(change) < 0.05 else points)
    return f"{text}; {', '.join(parts)}." if parts else f"{text}."


def _missing(state: AppState, precisions: Sequence[str]) -> list[str]:
    """How to get the columns that stay empty; nothing for what is there or on its way."""
    lines, absent = [], []
    for precision in precisions:
        run = run_of(state, precision)
        if run is None and run_key(state, precision) is not None:
            absent.append(precision)
        elif run is not None and run.status is Status.PART:
            text = translate("Performance", "{precision}: only single slices are timed.")
            lines.append(text.format(precision=precision))
        elif run is not None and run.status in (Status.STOPPED, Status.FAILED):
            here = precision == state.models.precision
            text = (
                translate("Performance", "{precision} did not end: press Segment.")
                if here
                else translate("Performance", "{precision} did not end: press P, then press Segment.")
            )
            lines.append(text.format(precision=precision))
    if absent:
        if absent == [state.models.precision]:
            text = translate("Performance", "{precision} is not timed yet: press Segment.")
        elif len(absent) == 1:
            text = translate("Performance", "{precision} is not timed yet: press P.")
        else:
            text = translate("Performance", "{precision} are not timed yet: press P.", "several precisions")
        lines.append(text.format(precision=joined(absent)))
    return lines


def _ef_change(slow: Run, fast: Run) -> float | None:
    if slow.function is None or fast.function is None:
        return None
    before, after = slow.function.lv.ef_percent, fast.function.lv.ef_percent
    return None if before is None or after is None else after - before


def _device(runs: Sequence[Run | None]) -> str:
    """Runtime, threads, instruction set."""
    done = [run.prediction for run in runs if run and run.prediction]
    if not done:
        return ""
    last = done[-1]
    threads = last.threads
    said = translate("Performance", "%n thread(s)", "", COUNT, threads)
    return f"{last.runtime} · {said} · {last.isa}"
