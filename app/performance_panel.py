"""What every slice cost: latency as it is computed, float32 and int8 over each other, memory, size, runtime."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app import theme
from app.panel import Panel, label
from app.plot import Plot
from app.state import FLOAT32, INT8, AppState, Run, Status, run_key, run_of
from engine.predict import peak_rss_mb, rss_mb

COLUMNS = (FLOAT32, INT8)
ROWS = ("Median slice", "95th percentile", "Slices per second", "Model file", "Peak memory", "Work done in int8")
EMPTY = "–"
MEMORY_EVERY_MS = 1000
NEIGHBOURS = 4


class PerformancePanel(Panel):
    """Both precisions side by side; grows while slices are computed."""

    def __init__(self) -> None:
        super().__init__("Performance on this computer")
        self.plot = Plot("slice, in the order computed", "ms a slice")
        # Every slice as a faint line, and what is typical there as a strong one: other programs' bursts stay visible
        # and do not hide which precision is faster.
        self.lines = {p: self.plot.plot(pen=pg.mkPen(_faint(p), width=1)) for p in COLUMNS}
        self.trends = {p: self.plot.plot(pen=pg.mkPen(theme.precision_css(p), width=2)) for p in COLUMNS}
        self._medians = {
            p: pg.InfiniteLine(angle=0, pen=pg.mkPen(theme.precision_css(p), width=1, style=Qt.PenStyle.DotLine))
            for p in COLUMNS
        }
        for line in self._medians.values():
            self.plot.addItem(line, ignoreBounds=True)
        self.body.addWidget(self.plot)

        self._table = QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        for column, stretch in enumerate((5, 4, 4)):
            grid.setColumnStretch(column, stretch)
        for column, precision in enumerate(COLUMNS, start=1):
            head = label(f"● {precision}")
            head.setStyleSheet(f"color: {theme.precision_css(precision)}; font-weight: 600;")
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(head, 0, column)
        self.cells: dict[tuple[str, str], QLabel] = {}
        for row, name in enumerate(ROWS, start=1):
            grid.addWidget(label(name, "muted"), row, 0)
            for column, precision in enumerate(COLUMNS, start=1):
                cell = self.cells[name, precision] = label(EMPTY, "value")
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                grid.addWidget(cell, row, column)
        self.body.addWidget(self._table)
        self.summary = label("", "value", wrap=True)
        self.summary.setStyleSheet(f"color: {theme.ACCENT};")
        self.body.addWidget(self.summary)
        self.device = label("", "small", wrap=True)
        self.body.addWidget(self.device)
        self.memory = label("", "small")
        self.body.addWidget(self.memory)
        self._clock = QTimer(self)
        self._clock.setInterval(MEMORY_EVERY_MS)
        self._clock.timeout.connect(self._show_memory)
        self._clock.start()
        self._show_memory()
        self.apply(AppState(), AppState())

    def apply(self, old: AppState, new: AppState) -> None:
        runs = {p: run_of(new, p) for p in COLUMNS}
        same = all(runs[p] is run_of(old, p) for p in COLUMNS)
        same = same and (old.agreement, old.precision) == (new.agreement, new.precision)
        if same and old is not new:
            return
        # Empty axes and dashes tell nothing: they come with the first segmentation.
        for widget in (self.plot, self._table):
            widget.setVisible(any(runs.values()))
        highest, longest = 10.0 if not any(r and r.timings for r in runs.values()) else 0.1, 10
        for precision, run in runs.items():
            latencies = np.array([t.inference_ms for t in run.timings]) if run else np.array([])
            order = np.arange(1, len(latencies) + 1)
            self.lines[precision].setData(order, latencies)
            trend = _running_median(latencies)
            self.trends[precision].setData(order, trend)
            self._medians[precision].setVisible(len(latencies) > 2)
            if len(latencies):
                self._medians[precision].setValue(float(np.median(latencies)))
                highest = max(highest, _ceiling(latencies, trend))
                longest = max(longest, run.total if run else 0, len(latencies))
            for name, text in zip(ROWS, _column(run, latencies), strict=True):
                self.cells[name, precision].setText(text)
        self.plot.setXRange(1, longest)
        self.plot.setYRange(0, highest)
        self.summary.setText(_summary(runs, new.agreement.get(new.model_id)))
        self.summary.setVisible(bool(self.summary.text()))
        words = (_device(list(runs.values())), *(_missing(new, p) for p in COLUMNS if any(runs.values())))
        self.device.setText("\n".join(filter(None, words)) or "Every slice is timed here while a scan is segmented.")
        # With the run's own peak beside it, an older figure would contradict it.
        self._show_memory()

    def _show_memory(self) -> None:
        self.memory.setText(f"Memory of this program {rss_mb():.0f} MB now, {peak_rss_mb():.0f} MB at its peak")


def _faint(precision: str) -> QColor:
    colour = QColor(theme.precision_css(precision))
    colour.setAlpha(85)
    return colour


def _running_median(latencies: np.ndarray) -> np.ndarray:
    """Median of each slice and up to NEIGHBOURS on either side, (N,) ms; of fewer where there are few slices."""
    each_side = min(NEIGHBOURS, (len(latencies) - 1) // 2)
    if each_side < 1:
        return latencies
    padded = np.pad(latencies, each_side, mode="reflect")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * each_side + 1), axis=1))


def _ceiling(latencies: np.ndarray, trend: np.ndarray) -> float:
    """Top of the plot: everything, unless single slices (the first one warms up) would flatten what is typical."""
    return 1.1 * min(float(latencies.max()), 1.5 * float(trend.max()))


def _column(run: Run | None, latencies: np.ndarray) -> tuple[str, ...]:
    """One precision's cells, in the order of ROWS."""
    if run is None or not len(latencies):
        return (EMPTY,) * len(ROWS)
    p50, p95 = np.percentile(latencies, (50, 95))
    each = np.mean([t.preprocess_ms + t.inference_ms + t.postprocess_ms for t in run.timings])
    done = run.prediction
    return (
        f"{p50:.1f} ms",
        f"{p95:.1f} ms",
        f"{1000 / max(float(each), 1e-6):.0f}",
        f"{done.model_size_bytes / 1000:,.0f} kB" if done else "…",
        f"{done.peak_rss_mb:.0f} MB" if done else f"now {run.rss_mb:.0f} MB",
        f"{100 * done.int8_share:.0f} %" if done else "…",
    )


def _summary(runs: dict[str, Run | None], agreement: float | None) -> str:
    """One sentence that compares the two, once both are there."""
    slow, fast = runs[FLOAT32], runs[INT8]
    if not (slow and fast and slow.prediction and fast.prediction and slow.timings and fast.timings):
        return ""
    ratio = slow.prediction.latency_ms["p50"] / max(fast.prediction.latency_ms["p50"], 1e-6)
    size = slow.prediction.model_size_bytes / max(fast.prediction.model_size_bytes, 1)
    speed = f"{ratio:.1f}× faster" if ratio >= 1 else f"{1 / ratio:.1f}× slower"
    text = f"int8 is {speed} and {size:.1f}× smaller"
    parts = []
    if agreement is not None:
        parts.append(f"Dice {agreement:.3f} against float32")
    change = _ef_change(slow, fast)
    if change is not None:
        parts.append("the same LV EF" if abs(change) < 0.05 else f"LV EF {change:+.1f} points".replace("-", "−"))
    return f"{text}; {', '.join(parts)}." if parts else f"{text}."


def _missing(state: AppState, precision: str) -> str:
    """How to get a column that stays empty; nothing where it is there, on its way, or not in the model."""
    run = run_of(state, precision)
    stopped = run is not None and run.status in (Status.STOPPED, Status.FAILED)
    if run_key(state, precision) is None or (run is not None and not stopped):
        return ""
    switch = "" if precision == state.precision else "press P"
    if stopped:
        return f"{precision} did not end: {switch + ', then ' if switch else ''}press Segment."
    return f"{precision} is not timed yet: {switch or 'press Segment'}."


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
    threads = f"{last.threads} thread" + ("" if last.threads == 1 else "s")
    return f"{last.runtime} · {threads} · {last.isa}"
