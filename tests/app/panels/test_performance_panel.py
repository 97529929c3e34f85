"""The performance panel: what is measured stands in it, with its unit, for every precision, as it is measured."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from app_fixtures import FRAMES, SLICES, FakeModel, card, model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from app.look import theme
from app.panels import performance_panel
from app.panels.charts import LatencyChart, Sample, StripChart, ceiling, running_median, series, ticks
from app.panels.performance_panel import ROWS, _Meter
from app.session import segmenting
from app.state.changes import with_run
from app.state.queries import run_key
from app.state.types import FLOAT32, INT8, Run, Status
from app.window.main_window import RIGHT_WIDTH, MainWindow
from engine.network.catalog import Catalog
from engine.network.predict import SliceTiming

N = FRAMES * SLICES


@pytest.fixture
def ready(qtbot: Any, window: MainWindow) -> MainWindow:
    """The window with a scan that is segmented in both precisions."""
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    return window


def key(window: MainWindow, which: Qt.Key) -> None:
    window.activateWindow()
    window.slice_view.setFocus()
    QTest.keyClick(window.slice_view, which)


def near(colour: QColor, other: str, slack: int = 40) -> bool:
    wanted = QColor(other)
    return all(abs(a - b) <= slack for a, b in zip(colour.getRgb()[:3], wanted.getRgb()[:3], strict=True))


# -- the panel -------------------------------------------------------------------------------------------------------


def test_figures_stand_under_their_units(ready: MainWindow) -> None:
    panel = ready.performance
    expected = {
        "Median slice, ms": ("6.0", "2.0"),
        "95th percentile, ms": ("6.0", "2.0"),
        "Slices per second": ("143", "333"),
        "Peak memory, MB": ("310", "310"),
        "Work in int8, %": ("0", "97"),
        "Model file, kB": ("4,000", "1,000"),
    }
    assert tuple(expected) == ROWS
    assert panel.columns == (FLOAT32, INT8)
    for name, texts in expected.items():
        assert tuple(panel.cells[name, p].text() for p in panel.columns) == texts
    assert "int8 is 3.0× faster and 4.0× smaller" in panel.summary.text()
    assert "Fake 1.0 · 2 threads · AVX2" in panel.device.text()
    assert {p: set(s.latencies) for p, s in panel.plot.shown.items()} == {FLOAT32: {6.0}, INT8: {2.0}}
    assert all(len(s.latencies) == N for s in panel.plot.shown.values())
    assert "int8: median 2.0 ms" in panel.plot.accessibleDescription()


def test_every_precision_of_the_model_has_a_column(
    qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    four = (FLOAT32, INT8, "float16", "dynamic")
    monkeypatch.setattr(segmenting, "find_models", lambda folders=None: Catalog((card("all", four),), (), "all"))
    window.session.segmenting.load_models()
    settle(qtbot, window.session)
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    panel = window.performance
    assert panel.columns == four
    assert len({theme.precision_css(p) for p in four}) == 4
    assert panel.cells["Median slice, ms", "dynamic"].text() == "–"
    assert "float16 and dynamic are not timed yet: press P." in panel.device.text()
    window.session.segmenting.choose_precision("dynamic")
    settle(qtbot, window.session)
    assert panel.cells["Median slice, ms", "dynamic"].text() == "2.0"
    assert list(panel.plot.shown) == [FLOAT32, INT8, "dynamic"]
    assert "dynamic is 3.0× faster" in panel.summary.text()
    assert panel.minimumSizeHint().width() <= RIGHT_WIDTH


@pytest.mark.parametrize(
    ("ms", "said"), [(2.03, "as fast and"), (1.97, "as fast and"), (2.4, "1.2× faster"), (1.0, "2.0× slower")]
)
def test_as_fast_is_not_called_faster(ready: MainWindow, ms: float, said: str) -> None:
    state = ready.session.state
    run = state.segmentation.runs[run_key(state, FLOAT32)]
    other = replace(run.prediction, timings=tuple(replace(each, inference_ms=ms) for each in run.prediction.timings))
    ready.session.store.show(with_run(state, run_key(state, FLOAT32), replace(run, prediction=other)))
    assert f"int8 is {said}" in ready.performance.summary.text()


def test_empty_before_the_first_slice(qtbot: Any, window: MainWindow) -> None:
    panel = window.performance
    assert not panel.plot.isVisible()
    assert "Open a short-axis scan" in panel.device.text()
    assert panel.check.isVisible()
    window.session.opening.open_volume(volume(not_short_axis="a CT image"))
    assert not panel.plot.isVisible()
    window.session.segmenting.segment()
    settle(qtbot, window.session)
    assert panel.plot.isVisible()
    assert "Open a short-axis scan" not in panel.device.text()


def test_it_says_how_to_fill_the_other_column(qtbot: Any, window: MainWindow, model: FakeModel) -> None:
    model.gate.clear()
    window.session.opening.open_volume(volume())
    assert "press" not in window.performance.device.text()
    key(window, Qt.Key.Key_Escape)
    words = window.performance.device.text()
    assert "float32 did not end: press P, then press Segment." in words
    assert "int8 did not end: press Segment." in words
    key(window, Qt.Key.Key_P)
    assert "float32 did not end: press Segment." in window.performance.device.text()
    model.gate.set()
    window.session.segmenting.segment()
    settle(qtbot, window.session)
    assert "press" not in window.performance.device.text()


def test_the_scan_before_is_forgotten(qtbot: Any, ready: MainWindow, model: FakeModel) -> None:
    model.gate.clear()
    ready.session.opening.open_volume(volume(name="next"))
    panel = ready.performance
    assert panel.cells["Median slice, ms", INT8].text() == "–"
    assert panel.summary.text() == ""
    assert not panel.plot.shown
    assert not panel._meter.memory
    model.gate.set()
    settle(qtbot, ready.session)


def test_it_follows_the_slices_without_drawing_each(
    qtbot: Any, window: MainWindow, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = window.performance, window.session
    drawn: list[int] = []
    whole = panel._draw

    def counted() -> None:
        whole()
        drawn.append(len(panel.plot.shown[INT8].latencies) if INT8 in panel.plot.shown else 0)

    monkeypatch.setattr(panel, "_draw", counted)
    model.gate.clear()
    session.opening.open_volume(volume())
    timings = []

    def slices(count: int) -> None:
        # What the worker's reports do, one a slice.
        for _ in range(count):
            timings.append(timing(len(timings)))
            run = running(session, tuple(timings))
            session.update(runs={**session.state.segmentation.runs, **run})

    slices(1)
    before = len(drawn)
    slices(40)
    assert len(drawn) == before
    qtbot.waitUntil(lambda: bool(drawn) and drawn[-1] == 41, timeout=2000)
    assert len(drawn) <= before + 2
    model.gate.set()
    settle(qtbot, session)
    assert drawn[-1] == N


def test_slices_do_not_put_off_the_next_drawing(qtbot: Any, window: MainWindow, model: FakeModel) -> None:
    """They come faster than it draws: were its clock set anew with each, it would draw nothing until the end."""
    panel, session = window.performance, window.session
    model.gate.clear()
    session.opening.open_volume(volume())
    timings = []
    for _ in range(2):
        timings.append(timing(len(timings)))
        session.update(runs={**session.state.segmentation.runs, **running(session, tuple(timings))})
    assert panel._clock.interval() == performance_panel.FRAME_MS
    end = time.monotonic() + 0.02
    while time.monotonic() < end:
        pass
    before = panel._clock.remainingTime()
    assert before < performance_panel.FRAME_MS - 10
    timings.append(timing(len(timings)))
    session.update(runs={**session.state.segmentation.runs, **running(session, tuple(timings))})
    assert panel._clock.remainingTime() <= before
    model.gate.set()
    settle(qtbot, session)


def timing(index: int) -> SliceTiming:
    return SliceTiming(0, index, 0.5, 2.0, 0.5)


def running(session: Any, timings: tuple[Any, ...]) -> dict[Any, Any]:
    return {run_key(session.state, INT8): Run(Status.RUNNING, timings=timings, total=N, rss_mb=300.0)}


def test_memory_and_load_are_sampled_while_it_works(qtbot: Any, ready: MainWindow) -> None:
    panel = ready.performance
    assert {sample.precision for sample in panel.memory.samples} <= {INT8, FLOAT32}
    assert panel.memory.samples
    peak = max(310.0, *(sample.value for sample in panel.memory.samples))
    assert panel.memory.peak == peak
    assert panel.memory.words.endswith(f"peak {peak:,.0f}")
    assert all(0 <= sample.value <= 100 for sample in panel.load.samples)


def test_idle_time_is_no_load(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, busy = [100.0], [5.0]
    monkeypatch.setattr(performance_panel.time, "perf_counter", lambda: wall[0])
    monkeypatch.setattr(performance_panel.time, "process_time", lambda: busy[0])
    monkeypatch.setattr(performance_panel, "_cores", lambda: 2)
    meter = _Meter()
    assert meter.mean_load is None
    for precision in (INT8, INT8, ""):  # one second of one core of two
        meter.note(precision)
        wall[0] += 0.5
        busy[0] += 0.5
    wall[0] += 60  # nobody works
    for precision in (FLOAT32, FLOAT32, ""):  # one second of both cores
        meter.note(precision)
        wall[0] += 0.5
        busy[0] += 1.0
    assert meter.mean_load == pytest.approx(75.0)
    assert [round(s.at_s, 3) for s in meter.load] == [0.5, 1.0, 1.5, 2.0]
    assert [round(s.value) for s in meter.load] == [50, 50, 100, 100]
    assert [s.precision for s in meter.load] == [INT8, INT8, FLOAT32, FLOAT32]
    assert len(meter.memory) == 6


# -- the charts ------------------------------------------------------------------------------------------------------


def test_one_slow_slice_does_not_flatten_the_chart() -> None:
    """The first slice warms up, whether the scan has few slices or many."""
    for count in (30, 200):
        latencies = np.full(count, 2.0)
        latencies[0] = 50.0
        one = series(latencies)
        assert set(one.trend) == {2.0}
        assert ceiling([one]) == pytest.approx(3.3)
    assert list(running_median(np.array([4.0, 5.0]))) == [4.0, 5.0]
    assert ceiling([]) == pytest.approx(9.9)


@pytest.mark.parametrize(
    ("high", "count", "expected"),
    [(9.9, 3, [0, 5]), (10.0, 2, [0, 5, 10]), (0.33, 3, [0, 0.2]), (200, 4, [0, 50, 100, 150, 200]), (0.0, 3, [0])],
)
def test_ticks_are_round(high: float, count: int, expected: list[float]) -> None:
    assert ticks(high, count) == pytest.approx(expected)


def test_lines_and_histogram_share_their_axis(qtbot: Any) -> None:
    chart = LatencyChart()
    qtbot.addWidget(chart)
    chart.setFixedSize(320, 228)
    chart.show_series({FLOAT32: series([8.0] * 50), INT8: series([4.0] * 50)}, 100)
    image: QImage = chart.grab().toImage()
    # 228 high: 200 between the lines of text; the top is 1.1 times 8 ms.
    rows = {FLOAT32: 14 + 200 * (1 - 8 / 8.8), INT8: 14 + 200 * (1 - 4 / 8.8)}
    for precision, y in rows.items():
        strip = [[image.pixelColor(x, round(y) + dy) for dy in (-1, 0, 1)] for x in range(320)]
        coloured = [x for x, column in enumerate(strip) if any(near(c, theme.precision_css(precision)) for c in column)]
        # Half of the slices are there, so the line ends in the middle; the histogram stands at the right.
        assert min(coloured) < 40
        assert 115 < max(x for x in coloured if x < 150) < 150
        assert max(coloured) > 300


def test_a_strip_draws_the_peak_and_its_pieces(qtbot: Any) -> None:
    strip = StripChart("Memory, MB")
    qtbot.addWidget(strip)
    strip.setFixedSize(200, 60)
    samples = [Sample(i / 10, 300.0, INT8 if i < 10 else FLOAT32) for i in range(21)]
    strip.show_samples(samples, "300 · peak 300", top=600.0, peak=None)
    image: QImage = strip.grab().toImage()
    y = round(16 + (60 - 17) / 2)
    for x, precision in ((50, INT8), (150, FLOAT32)):
        assert any(near(image.pixelColor(x, y + dy), theme.precision_css(precision)) for dy in (-1, 0, 1))
    strip.show_samples(samples, "", top=600.0, peak=600.0)
    assert any(strip.grab().toImage().pixelColor(x, 16) != image.pixelColor(x, 16) for x in range(200))


def test_nothing_to_draw_is_no_error(qtbot: Any) -> None:
    chart, strip = LatencyChart(), StripChart("CPU, %")
    for widget in (chart, strip):
        qtbot.addWidget(widget)
        widget.resize(100, 60)
        assert not widget.grab().isNull()
    chart.show_series({INT8: series([0.0])}, 1)
    assert not chart.grab().isNull()
