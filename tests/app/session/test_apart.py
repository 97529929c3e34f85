"""Exports, segmentation and painting do not wait for each other, except where they have to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_fixtures import FakeModel, model_fixture, session_fixture, settle, until, volume, window_fixture  # noqa: F401

from app.session import exporting, first_paint, segmenting
from app.session.exporting import Export
from app.session.first_paint import FirstPaint
from app.session.session import Session
from app.state import editing
from app.state.editing import digest
from app.state.queries import correction_key, run_of
from app.state.types import Kind, Status
from app.window.main_window import MainWindow
from engine.errors import ExportError


class SlowWriter:
    """Stands for exporting.mask_nifti. Waits for its gate, then writes the file, or fails."""

    def __init__(self) -> None:
        self.gate, self.error = threading.Event(), ""
        self.began: list[Path] = []

    def __call__(self, path: Path, export: Export) -> None:
        self.began.append(path)
        self.gate.wait(10)
        if self.error:
            raise ExportError(f"{path.name}: {self.error}")
        path.write_bytes(b"")


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowWriter]:
    made = SlowWriter()
    monkeypatch.setattr(exporting, "mask_nifti", made)
    yield made
    made.gate.set()


@pytest.fixture
def float32_waits(model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """int8 is segmented at once; float32 once this is set."""
    gate = threading.Event()

    def predict(of: Any, card: Any, precision: str, *, cancel: Any, **more: Any) -> Any:
        while precision == "float32" and not gate.wait(0.005):
            cancel.check()
        return model(of, card, precision, cancel=cancel, **more)

    monkeypatch.setattr(segmenting, "predict", predict)
    return gate


def segmented(qtbot: Any, session: Session, precision: str) -> None:
    def done() -> bool:
        run = run_of(session.state, precision)
        return run is not None and run.status is Status.DONE

    qtbot.waitUntil(done, timeout=5000)


def test_an_export_of_int8_does_not_wait_for_float32(
    qtbot: Any, session: Session, float32_waits: threading.Event, writer: SlowWriter, tmp_path: Path
) -> None:
    session.opening.open_volume(volume())
    segmented(qtbot, session, "int8")
    session.exporting.export_mask(tmp_path / "mask.nii.gz")
    busy = session.state.busy
    assert busy is not None and "Saving mask.nii.gz" in busy.what and "float32" in busy.what
    until(lambda: bool(writer.began))
    writer.gate.set()
    qtbot.waitUntil(lambda: session.state.message is not None, timeout=5000)
    assert session.state.message.kind is Kind.SUCCESS
    assert (tmp_path / "mask.nii.gz").is_file()
    assert run_of(session.state, "float32").status is not Status.DONE
    float32_waits.set()
    settle(qtbot, session)


def test_saving_cannot_be_stopped(qtbot: Any, session: Session, writer: SlowWriter, tmp_path: Path) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    seen = []
    session.changed.connect(lambda _, new: seen.append(new.busy))
    session.exporting.export_mask(tmp_path / "mask.nii.gz")
    session.cancel()
    writer.gate.set()
    settle(qtbot, session)
    assert (tmp_path / "mask.nii.gz").is_file()
    assert any(seen) and not any(busy.can_stop for busy in seen if busy is not None)
    assert session.state.busy is None


def test_closing_finishes_the_exports_that_wait(
    qtbot: Any, session: Session, writer: SlowWriter, tmp_path: Path
) -> None:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    for name in ("first", "second"):
        session.exporting.export_mask(tmp_path / name)
    threading.Timer(0.1, writer.gate.set).start()
    session.close()
    assert {path.name for path in tmp_path.iterdir()} >= {"first", "second"}


def test_the_window_stays_open_where_what_it_writes_fails(
    qtbot: Any, window: MainWindow, writer: SlowWriter, tmp_path: Path
) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    writer.error = "the disk is full"
    window.session.exporting.export_mask(tmp_path / "mask.nii.gz")
    writer.gate.set()
    assert not window.close()
    assert window.isVisible()
    assert window.session.state.message.text == "mask.nii.gz: the disk is full"
    assert window.close()  # it has been said


def test_a_mask_that_is_being_written_is_not_asked_about(
    qtbot: Any, window: MainWindow, writer: SlowWriter, tmp_path: Path
) -> None:
    correct(qtbot, window.session)
    window.session.exporting.export_mask(tmp_path / "mask.nii.gz")
    writer.gate.set()
    assert window.close()


def correct(qtbot: Any, session: Session, name: str = "scan", shift: int = 0) -> None:
    """Open a scan and correct a slice of it."""
    of = volume(name=name)
    session.opening.open_volume(of if not shift else volume(3, name=name))
    settle(qtbot, session)
    session.correcting.start()
    session.correcting.start_stroke(0, 7.0, 3.5)
    session.correcting.end_stroke()
    assert session.state.correction.corrections[correction_key(session.state)].unsaved


def test_a_correction_that_cannot_be_written_does_not_keep_the_others(
    qtbot: Any, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(qtbot, session, "bad")
    correct(qtbot, session, "good", shift=1)

    def write(path: Path, export: Export) -> None:
        if export.volume.source.name == "bad":
            raise ZeroDivisionError
        path.write_bytes(b"")

    monkeypatch.setattr(exporting, "mask_nifti", write)
    rescued = session.recover(tmp_path / "recovery")
    # Nobody has asked for these files, so that their names say no scan's, which may be a patient's.
    bad, good = (f"scan_{digest(volume(*seed))[:8]}" for seed in ((), (3,)))
    assert [path.name for path in rescued.written] == [f"{good}_first_int8_corrected_mask.nii.gz", f"{good}.cinequant"]
    assert rescued.failed == (f"{bad}_first_int8_corrected_mask: ZeroDivisionError",)
    assert [type(bug) for bug in rescued.bugs] == [ZeroDivisionError]


def test_going_back_does_not_forget_that_a_correction_was_exported(
    qtbot: Any, session: Session, writer: SlowWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(qtbot, session)
    session.exporting.export_mask(tmp_path / "mask.nii.gz")
    reading = threading.Event()

    def make(*, on_plane: Callable[..., None]) -> Any:
        of = volume(name="phantom")
        on_plane(of, 0, 0, np.zeros((40, 48), np.int16))
        reading.wait(5)
        return of, None

    monkeypatch.setattr("app.session.scan_reading.make_phantom", make)
    session.opening.open_phantom()
    qtbot.waitUntil(lambda: session.state.scan.loading is not None, timeout=5000)
    writer.gate.set()
    qtbot.waitUntil(lambda: session.state.message is not None, timeout=5000)
    session.cancel()
    reading.set()
    settle(qtbot, session)
    [kept] = session.state.correction.corrections.values()
    assert kept.slices and not kept.unsaved


def test_resetting_the_view_only_looks_up_the_window(
    qtbot: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(qtbot, session)
    first = session.state.view.window

    def fail(_: object) -> None:
        raise AssertionError("the corrections were packed, as if another scan were opened")

    monkeypatch.setattr(editing, "packed", fail)
    session.update(window=(1.0, 2.0), zoom=3.0)
    session.looking.reset_view()
    assert (session.state.view.window, session.state.view.zoom) == (first, 1.0)


# -- painting first ----------------------------------------------------------------------------------------------------


def test_work_waits_for_the_first_paint_of_its_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_paint, "PATIENCE_S", 5.0)
    paint, of, went_on = FirstPaint(), volume(), threading.Event()
    paint.awaited = True
    waiting = threading.Thread(target=lambda: (paint.wait(of), went_on.set()))
    waiting.start()
    paint.painted(volume())  # another scan
    assert not went_on.wait(0.1)
    paint.painted(of)
    assert went_on.wait(4)
    waiting.join()
    paint.wait(of)  # painted already


def test_work_does_not_wait_for_ever_nor_without_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_paint, "PATIENCE_S", 0.05)
    paint = FirstPaint()
    begun = time.monotonic()
    paint.wait(volume())
    assert time.monotonic() - begun < 0.04
    paint.awaited = True
    paint.wait(volume())
    assert time.monotonic() - begun >= 0.05


def test_the_window_paints_a_scan_before_it_is_segmented(
    qtbot: Any, window: MainWindow, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_paint, "PATIENCE_S", 5.0)
    order: list[str] = []
    told = first_paint.FirstPaint.wait

    def wait(paint: first_paint.FirstPaint, of: Any) -> None:
        told(paint, of)
        # Asked in the worker's thread: the window's own signal could come after what it set free.
        order.append(f"painted {of.source.name}" if paint._painted is of else "painted nothing")

    monkeypatch.setattr(first_paint.FirstPaint, "wait", wait)

    def predict(*arguments: Any, **more: Any) -> Any:
        order.append("segmented")
        return model(*arguments, **more)

    monkeypatch.setattr(segmenting, "predict", predict)
    begun = time.monotonic()
    window.session.opening.open_volume(volume(name="new"))
    settle(qtbot, window.session)
    assert order == ["painted new", "segmented"] * 2
    assert time.monotonic() - begun < 4
