"""One process of benchmarks.viewer, which says what it measured as JSON on its last line.

    python -m benchmarks.viewer_process bare|start|open|load|use|hold SCAN

A module of its own, so that what the benchmark itself imports is not counted as the viewer's.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

WINDOW = (1920, 1080)
WHEEL_EVENTS = 400
PLAY_S = 4.0
REPORTS = 20
CORRECTIONS = 60
STROKES, DRAWS = 8, 120
PATIENCE_S = 600
# Not needed for a picture; each costs more than a tenth of a second or 10 MB.
HEAVY = (
    "openvino",
    "torch",
    "scipy.sparse",
    "scipy.ndimage",
    "highdicom",
    "pydicom",
    "gdcm",
    "matplotlib",
    "onnx",
    "PIL",
)


def end(**said: Any) -> None:
    """Print the result and end the process at once."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    os._exit(0)


def since_start_s() -> float:
    """Seconds since the parent began to start this process."""
    return time.time() - float(os.environ["CINEQUANT_STARTED"])


def first_image() -> dict[str, Any]:
    """Note that the first image has been painted."""
    heavy = sorted(name for name in HEAVY if name in sys.modules)
    return {"first_image_s": since_start_s(), "first_image_cpu_s": time.process_time(), "heavy": heavy}


def bare(_: Path) -> None:
    """PySide6, pyqtgraph and one image of the scan's size."""
    import numpy as np  # noqa: PLC0415
    import pyqtgraph as pg  # noqa: PLC0415
    from PySide6.QtGui import QPaintEvent  # noqa: PLC0415
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    class View(pg.GraphicsView):
        def paintEvent(self, event: QPaintEvent) -> None:
            super().paintEvent(event)
            end(**first_image())

    application = QApplication(["bare"])
    view = View()
    box = pg.ViewBox()
    view.setCentralItem(box)
    box.addItem(pg.ImageItem(np.random.default_rng(0).random((208, 176)).astype(np.float32)))
    view.resize(*WINDOW)
    view.show()
    application.exec()


def start(*scan: Path) -> None:
    """The command `cinequant`, as far as its first picture."""
    import app.window.viewer  # noqa: F401, PLC0415 - before its parts, as the command imports it
    from app.cli.main import main  # noqa: PLC0415
    from app.views.slice_view import SliceView  # noqa: PLC0415

    def painted(view: SliceView) -> None:
        if view.window().session.state.scan.volume is not None:
            end(**first_image())

    on_paint(SliceView, painted)
    sys.exit(main(["view", *map(str, scan)]))


def load(scan: Path) -> None:
    """The command `cinequant FOLDER`, as far as the picture of a scan that is read as a whole."""
    import app.window.viewer  # noqa: F401, PLC0415 - before its parts, as the command imports it
    from app.cli.main import main  # noqa: PLC0415
    from app.views.slice_view import SliceView  # noqa: PLC0415

    first: dict[str, Any] = {}

    def painted(view: SliceView) -> None:
        state = view.window().session.state
        if state.scan.volume is None:
            return
        if not first:
            first.update(first_image())
        if state.scan.loading is None:
            end(**first, whole_s=since_start_s(), images=state.scan.volume.frames * state.scan.volume.slices)

    on_paint(SliceView, painted)
    sys.exit(main(["view", str(scan)]))


def on_paint(view_class: Any, then: Callable[[Any], None]) -> None:
    """Call `then` with the view whenever one of a class has painted."""
    paint = view_class.paintEvent

    def paint_event(self: Any, event: object) -> None:
        paint(self, event)
        then(self)

    view_class.paintEvent = paint_event


def use(scan: Path, *, look: bool = True) -> None:
    """Scroll and play a cine that is segmented, and what that holds in memory; the memory alone where not to look."""
    from PySide6.QtCore import QPoint, QPointF, Qt  # noqa: PLC0415
    from PySide6.QtGui import QWheelEvent  # noqa: PLC0415
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    import app.window.viewer  # noqa: F401, PLC0415 - before its parts, as the command imports it
    from app.look import theme  # noqa: PLC0415
    from app.session.session import Session  # noqa: PLC0415
    from app.state.queries import frame_interval_ms, run_of  # noqa: PLC0415
    from app.state.types import COMPARED, SPEEDS  # noqa: PLC0415
    from app.views.contact_sheet import ContactSheet  # noqa: PLC0415
    from app.views.long_axis_view import LongAxisView  # noqa: PLC0415
    from app.views.slice_view import SliceView  # noqa: PLC0415
    from app.window.main_window import MainWindow  # noqa: PLC0415
    from engine.network.predict import peak_rss_mb, rss_mb  # noqa: PLC0415

    paints = 0

    def count(_: object) -> None:
        nonlocal paints
        paints += 1

    for view_class in (SliceView, ContactSheet, LongAxisView):
        on_paint(view_class, count)
    application = QApplication(["use"])
    theme.apply(application)
    session = Session()
    window = MainWindow(session)
    window.resize(*WINDOW)
    window.show()

    def until(condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit(f"{what}: not done after {PATIENCE_S} s")
            application.processEvents()
            time.sleep(0.002)

    def live(seconds: float) -> None:
        begun = time.monotonic()
        until(lambda: time.monotonic() - begun >= seconds, "waiting")

    session.opening.open_paths([scan])
    until(lambda: session.state.scan.volume is not None and session.state.scan.loading is None, "opening")
    live(0.5)
    rss_before = rss_mb()
    session.segmenting.load_models()
    until(lambda: session.idle and session.state.models.catalog is not None, "segmenting")
    runs = [run_of(session.state, precision) for precision in COMPARED]
    if not all(run and run.prediction for run in runs):
        raise SystemExit(f"not segmented in {' and '.join(COMPARED)}: {session.state.message}")
    window.welcome.hide()
    live(2.0)
    rss = rss_mb()
    if not look:
        volume = session.state.scan.volume
        end(rss_mb=rss, peak_rss_mb=peak_rss_mb(), slices=volume.slices, frames=volume.frames)

    reports = progress_reports(session, application, lambda: paints)
    view, volume = window.slice_view, session.state.scan.volume
    where = QPointF(view.viewport().rect().center())
    everywhere = QPointF(view.viewport().mapToGlobal(where.toPoint()))
    times: list[float] = []
    turn = -120
    while len(times) < WHEEL_EVENTS:
        event = QWheelEvent(
            where, everywhere, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        index, seen, start = session.state.view.slice_index, paints, time.perf_counter()
        QApplication.sendEvent(view.viewport(), event)
        if session.state.view.slice_index == index:  # the last slice: go the other way
            turn = -turn
            continue
        while paints == seen:
            application.processEvents()
        times.append((time.perf_counter() - start) * 1e3)
        live(0.01)
    times.sort()

    session.update(speed=max(SPEEDS))
    session.looking.toggle_play()
    live(0.3)
    seen, start = paints, time.perf_counter()
    live(PLAY_S)
    cine_fps = (paints - seen) / (time.perf_counter() - start)
    session.looking.toggle_play()
    live(0.2)
    shown, start = 0, time.perf_counter()
    while time.perf_counter() - start < PLAY_S:
        seen = paints
        session.looking.step_frame(1)
        while paints == seen:
            application.processEvents()
        shown += 1
    flat_out_fps = shown / (time.perf_counter() - start)
    end(
        **reports,
        layout_frame_ms=layout_frames(session, application),
        **corrections(window, application),
        **strokes(window, application),
        wheel_p50_ms=times[len(times) // 2],
        wheel_p95_ms=times[int(0.95 * len(times))],
        wheel_max_ms=times[-1],
        cine_fps=cine_fps,
        cine_asked_fps=1000 / frame_interval_ms(volume) * max(SPEEDS),
        flat_out_fps=flat_out_fps,
        rss_mb=rss,
        rss_before_mb=rss_before,
        rss_after_use_mb=rss_mb(),
        peak_rss_mb=peak_rss_mb(),
        precisions=list(COMPARED),
        slices=volume.slices,
        frames=volume.frames,
        width=window.width(),
        height=window.height(),
        platform=application.platformName(),
        runtime=runs[0].prediction.runtime,
    )


def progress_reports(session: Any, application: Any, paints: Callable[[], int]) -> dict[str, Any]:
    """What REPORTS reports of a segmentation in the precision that is not on screen cost the window's thread.

    In each layout that shows nothing of that precision. A report is as the worker sends it: some slices more.
    """
    from app.state.changes import evolve, with_run  # noqa: PLC0415
    from app.state.queries import run_key, run_of  # noqa: PLC0415
    from app.state.types import FLOAT32, Busy, Layout, Run, Status  # noqa: PLC0415

    key, done = run_key(session.state, FLOAT32), run_of(session.state, FLOAT32)
    layout_before, labels, total = session.state.preferences.layout, done.prediction.labels.array, len(done.timings)
    times, repaints = [], 0
    for layout in (Layout.SLICE, Layout.PHASES, Layout.SHEET, Layout.LONG_AXIS):
        session.update(layout=layout)
        session.store.show(with_run(session.state, key, Run(Status.RUNNING, total=total)))
        settle_for(application, 0.3)
        # Flags follow the change of layout and precision in a worker; they are no part of a report.
        while not (session.idle and session.reviewing.settled):
            settle_for(application, 0.05)
        for number in range(1, REPORTS + 1):
            timings = done.timings[: total * number // REPORTS]
            planes = {(one.frame, one.slice): labels[one.frame, one.slice] for one in timings}
            run = Run(Status.RUNNING, timings, total, done.rss_mb, planes=planes)
            busy = Busy(f"Segmenting in {FLOAT32}", len(timings), total)
            seen, start = paints(), time.thread_time()
            session.store.show(evolve(with_run(session.state, key, run), busy=busy))
            application.processEvents()
            times.append((time.thread_time() - start) * 1e3)
            settle_for(application, 0.02)
            repaints += paints() - seen
    session.store.show(evolve(with_run(session.state, key, done), busy=None, layout=layout_before))
    settle_for(application, 0.3)
    times.sort()
    return {
        "report_repaints": repaints,
        "report_p50_ms": times[len(times) // 2],
        "report_p95_ms": times[int(0.95 * len(times))],
    }


def corrections(window: Any, application: Any) -> dict[str, Any]:
    """From lifting the brush, and from leaving a slice out, until the new numbers, curve and image are painted."""
    from app.state.queries import shown_function  # noqa: PLC0415
    from engine.volume import LV  # noqa: PLC0415

    session = window.session
    volume = session.state.scan.volume
    dx, dy, _ = volume.geometry.spacing_mm
    x_mm, y_mm = 10 * dx, 10 * dy  # a corner, where every stroke changes something
    session.correcting.start()
    brush = replace(session.state.correction.brush, label=LV, erase=False, radius_mm=4.0)
    times: dict[str, list[float]] = {"correction": [], "correction_cpu": [], "leave_out": [], "leave_out_cpu": []}

    def timed(name: str, do: Callable[[], object]) -> None:
        start, busy = time.perf_counter(), time.thread_time()
        do()
        application.processEvents()
        times[name].append((time.perf_counter() - start) * 1e3)
        times[f"{name}_cpu"].append((time.thread_time() - busy) * 1e3)
        settle_for(application, 0.02)

    for number in range(CORRECTIONS):
        frame, index = number // 2 % volume.frames, 1 + number // 2 % (volume.slices - 2)
        session.update(frame_index=frame, slice_index=index, brush=replace(brush, erase=number % 2 == 1))
        at = x_mm + number // 2
        session.correcting.start_stroke(frame, at, y_mm)
        session.correcting.draw(frame, at + 8, y_mm + 4)
        settle_for(application, 0.02)
        before = shown_function(session.state)
        timed("correction", session.correcting.end_stroke)
        if shown_function(session.state) == before:
            raise SystemExit("a stroke changed no number")
        timed("leave_out", partial(session.measuring.toggle_slice, frame=frame, index=0))
    session.correcting.stop()
    found = {"corrections": CORRECTIONS}
    for name, of in times.items():
        of.sort()
        found |= {f"{name}_p50_ms": of[len(of) // 2], f"{name}_p95_ms": of[int(0.95 * len(of))]}
    return found


def layout_frames(session: Any, application: Any) -> dict[str, float]:
    """The median processor time of the window's thread for a frame of the cine, in ms, in each layout that plays.

    The cine has run once before, so outlines are known.
    """
    from app.state.types import Layout  # noqa: PLC0415

    found, before = {}, session.state.preferences.layout
    frames = session.state.scan.volume.frames
    for layout in Layout:
        if layout is Layout.PHASES:  # shows two frames, which stand still
            continue
        session.update(layout=layout, playing=False)
        times = []
        for number in range(3 * frames):
            start = time.thread_time()
            session.update(frame_index=number % frames)
            for _ in range(3):
                application.processEvents()
            times.append((time.thread_time() - start) * 1e3)
        times = sorted(times[frames:])
        found[str(layout)] = times[len(times) // 2]
    session.update(layout=before)
    return found


def strokes(window: Any, application: Any) -> dict[str, Any]:
    """The cost of drawing while cases are autosaved without a pause, in turns with no autosave at all.

    The program waits two seconds after a change, and for the end of a stroke; here the next autosave begins when the
    one before has ended.
    """
    from app.session import autosaving  # noqa: PLC0415
    from app.session.autosave_folder import AutosaveFolder  # noqa: PLC0415

    session = window.session
    dx, dy, _ = session.state.scan.volume.geometry.spacing_mm
    times: dict[str, list[float]] = {name: [] for name in ("stroke", "stroke_cpu", "autosaved", "autosaved_cpu")}
    written: list[int] = []
    write = AutosaveFolder.write

    def counted(folder: AutosaveFolder, digest: str, content: bytes) -> None:
        write(folder, digest, content)
        written.append(len(content))

    AutosaveFolder.write, autosaving.DELAY_MS = counted, 1  # type: ignore[method-assign]
    autosaving.STROKE_S = 0.0  # or they would wait for the end of the stroke
    session.correcting.start()
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(STROKES):
            name = "autosaved" if turn % 2 else "stroke"
            if turn % 2:
                session.autosaving.keep_in(Path(folder))
            frame = session.state.view.frame_index
            session.correcting.start_stroke(frame, 20 * dx, 20 * dy)
            for step in range(DRAWS):
                start, busy = time.perf_counter(), time.thread_time()
                session.correcting.draw(frame, (20 + step % 40) * dx, (20 + turn) * dy)
                application.processEvents()
                times[name].append((time.perf_counter() - start) * 1e3)
                times[f"{name}_cpu"].append((time.thread_time() - busy) * 1e3)
                settle_for(application, 0.012)
            session.correcting.end_stroke()
            while not session.idle:
                settle_for(application, 0.02)
            session.autosaving.close()
    session.correcting.stop()
    if not written:
        raise SystemExit("nothing was autosaved")
    found: dict[str, Any] = {"autosaves": len(written), "autosave_kb": max(written) / 1e3}
    for name, of in times.items():
        of.sort()
        found |= {f"{name}_p50_ms": of[len(of) // 2], f"{name}_p95_ms": of[int(0.95 * len(of))]}
    return found


def settle_for(application: Any, seconds: float) -> None:
    """Let the window finish painting."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        application.processEvents()
        time.sleep(0.002)


if __name__ == "__main__":
    name, path = sys.argv[1], Path(sys.argv[2])
    {
        "bare": bare,
        "start": lambda _: start(),
        "open": start,
        "load": load,
        "use": use,
        "hold": lambda scan: use(scan, look=False),
    }[name](path)
