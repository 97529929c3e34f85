"""The device check: what it recommends is preselected, stored, and made again when it no longer holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_fixtures import (  # noqa: F401
    FakeModel,
    catalog,
    model_fixture,
    session_fixture,
    settle,
    volume,
    window_fixture,
)
from bench_reports import report
from PySide6.QtWidgets import QApplication, QLabel

from app.dialogs.device_dialog import DeviceDialog
from app.look import theme
from app.session import device_check
from app.session.device_check import DeviceCheck
from app.session.session import Session
from app.state.changes import evolve, opened, preselected, with_spacing
from app.state.types import AppState, Busy, Kind, Theme
from app.window.main_window import MainWindow
from app.window.settings import Settings
from engine.errors import ModelError
from engine.network.bench import Report
from engine.network.catalog import Catalog
from engine.progress import CancelToken, Progress

READY = evolve(AppState(), catalog=catalog("first", "second"), model_id="first", precision="int8")


@pytest.mark.parametrize(
    ("found", "by_hand", "expected"),
    [
        (None, (), ("first", "int8")),
        (report("first", "float32"), (), ("first", "float32")),
        (report("second", "float32"), (), ("second", "float32")),
        (report("second", "float32"), ("model",), ("first", "int8")),
        (report("first", "float32"), ("model",), ("first", "float32")),
        (report("second", "float32"), ("precision",), ("second", "int8")),
        (report("second", "float32"), ("model", "precision"), ("first", "int8")),
        (report("gone", "float32"), (), ("first", "int8")),
    ],
)
def test_what_is_recommended_is_preselected_unless_chosen_by_hand(
    found: Report | None, by_hand: tuple[str, ...], expected: tuple[str, str]
) -> None:
    state = preselected(evolve(READY, report=found, by_hand=frozenset(by_hand)))
    assert (state.models.model_id, state.models.precision) == expected


def test_a_report_changes_the_next_scan_and_not_the_one_on_screen() -> None:
    state = evolve(opened(READY, volume()), report=report())
    assert state.models.precision == "int8"
    assert with_spacing(state, volume()).models.precision == "int8"
    assert opened(state, volume()).models.precision == "float32"


def test_choosing_is_by_hand_and_looking_is_not(qtbot: Any, session: Session) -> None:
    session.update(report=report("second", "float32"))
    session.opening.open_volume(volume())
    assert (session.state.models.model_id, session.state.models.precision) == ("second", "float32")
    session.segmenting.toggle_precision()
    assert session.state.models.precision == "int8"
    session.opening.open_volume(volume())
    assert session.state.models.precision == "float32"
    session.segmenting.choose_precision("int8")
    session.segmenting.choose_model("first")
    session.opening.open_volume(volume())
    assert (session.state.models.model_id, session.state.models.precision) == ("first", "int8")
    session.segmenting.follow_report()
    assert (session.state.models.model_id, session.state.models.precision) == ("second", "float32")
    assert not session.state.models.by_hand
    settle(qtbot, session)


def test_escape_stops_the_scans_work_before_the_check(qtbot: Any, session: Session, model: FakeModel) -> None:
    model.gate.clear()
    session.opening.open_volume(volume())
    session.update(checking=Busy("Timing", 1, 2))
    session.cancel()
    assert session.state.models.checking is not None
    session.cancel()
    assert session.state.models.checking is None


def test_report_and_choices_come_back(tmp_path: Path) -> None:
    chosen = evolve(AppState(), precision="float32", by_hand=frozenset({"precision"}), report=report())
    Settings(tmp_path / "settings.ini").save(chosen)
    assert Settings(tmp_path / "settings.ini").restore(AppState()) == chosen
    # What the program chose is not taken for the user's choice next time.
    Settings(tmp_path / "settings.ini").save(evolve(AppState(), model_id="second", precision="float32"))
    assert Settings(tmp_path / "settings.ini").restore(AppState()) == AppState()


# -- the check itself ------------------------------------------------------------------------------------------------


class FakeBench:
    """Stands for bench_aside: answers when .gate opens, counts how often it was begun and cancelled."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = self.cancelled = 0
        self.answer: Report | Exception = report("second", "float32")

    def __call__(self, of: Catalog, *, progress: Progress, cancel: CancelToken) -> Report:
        self.begun += 1
        progress(3, 46, "Loading")
        while not self.gate.wait(0.005):
            if cancel.cancelled:
                self.cancelled += 1
            cancel.check()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> FakeBench:
    fake = FakeBench()
    monkeypatch.setattr(device_check, "bench_aside", fake)
    monkeypatch.setattr(device_check, "device_key", lambda catalog: "this computer")
    monkeypatch.setattr(device_check, "LOOK_EVERY_MS", 5)
    monkeypatch.setattr(device_check, "QUIET_FOR_MS", 20)
    return fake


@pytest.fixture
def check(qtbot: Any, session: Session, bench: FakeBench) -> Iterator[DeviceCheck]:
    made = DeviceCheck(session)
    yield made
    made.close()


def test_the_user_asks_and_reads_the_answer(qtbot: Any, session: Session, check: DeviceCheck, bench: FakeBench) -> None:
    check.start()
    assert session.state.models.checking == Busy(device_check.CHECKING)
    qtbot.waitUntil(lambda: session.state.models.checking == Busy(device_check.CHECKING, 3, 46))
    assert session.idle  # the session's own worker stays free for scans
    bench.gate.set()
    qtbot.waitUntil(lambda: session.state.models.report is not None)
    assert session.state.models.report == bench.answer
    assert session.state.models.checking is None
    session.opening.open_volume(volume())
    assert (session.state.models.model_id, session.state.models.precision) == ("second", "float32")
    settle(qtbot, session)


def test_a_segmentation_comes_first(
    qtbot: Any, session: Session, check: DeviceCheck, bench: FakeBench, model: FakeModel
) -> None:
    model.gate.clear()
    session.opening.open_volume(volume())
    check.start()
    assert session.state.models.checking == Busy(device_check.WAITING)
    qtbot.wait(50)
    assert not bench.begun
    model.gate.set()
    qtbot.waitUntil(lambda: bench.begun == 1)
    model.gate.clear()
    session.opening.open_volume(volume(name="next"))
    qtbot.waitUntil(lambda: bench.cancelled == 1)
    qtbot.wait(50)
    assert bench.begun == 1
    model.gate.set()
    qtbot.waitUntil(lambda: bench.begun == 2)
    bench.gate.set()
    qtbot.waitUntil(lambda: session.state.models.report is not None)


def test_stopping_stops_it_for_good(qtbot: Any, session: Session, check: DeviceCheck, bench: FakeBench) -> None:
    check.start_when_quiet()
    qtbot.waitUntil(lambda: session.state.models.checking is not None)
    session.cancel()
    qtbot.waitUntil(lambda: bench.cancelled == 1)
    qtbot.wait(60)
    assert (bench.begun, session.state.models.checking, session.state.models.report) == (1, None, None)
    # The user may still ask.
    check.start()
    bench.gate.set()
    qtbot.waitUntil(lambda: session.state.models.report is not None)


@pytest.mark.parametrize(("key", "begun"), [("this computer", 0), ("another computer", 1)])
def test_what_is_known_of_this_computer_is_not_measured_again(
    qtbot: Any, session: Session, check: DeviceCheck, bench: FakeBench, key: str, begun: int
) -> None:
    bench.gate.set()
    session.update(report=report(key=key))
    check.start_when_quiet()
    qtbot.waitUntil(lambda: not check._timer.isActive())
    assert bench.begun == begun
    assert session.state.models.report == (bench.answer if begun else report(key=key))
    check.start()
    qtbot.waitUntil(lambda: bench.begun == begun + 1)
    qtbot.waitUntil(lambda: session.state.models.checking is None)


def test_a_failure_is_said(qtbot: Any, session: Session, check: DeviceCheck, bench: FakeBench) -> None:
    bench.answer = ModelError("the device check ended early (status 1: boom); run it again")
    bench.gate.set()
    check.start()
    qtbot.waitUntil(lambda: session.state.message is not None)
    assert session.state.message.kind is Kind.ERROR
    assert "ended early" in session.state.message.text
    assert session.state.models.checking is None


def test_the_window_shows_table_progress_and_advice(qtbot: Any, window: MainWindow, bench: FakeBench) -> None:
    window.resize(1600, 1000)
    window.performance.check.click()
    (dialog,) = window.findChildren(DeviceDialog)
    assert not dialog.isModal()
    assert dialog.stop.isVisible()
    assert "Not checked yet" in dialog.device.text()
    # What is said stands together at the top, however high the dialog is.
    assert dialog.device.geometry().top() - dialog.advice.geometry().bottom() < 30
    assert dialog.advice.geometry().top() < 40
    qtbot.waitUntil(lambda: "3 of 46" in dialog.doing.text())
    assert "3 / 46" in window.status.text.text()
    assert window.status.cancel.isVisible()
    bench.gate.set()
    qtbot.waitUntil(lambda: window.session.state.models.report is not None)
    best = "On this computer, The second model float32 is the best choice: 1.0 ms per slice"
    assert dialog.advice.text().startswith(best)
    assert window.performance.advice.text().startswith(best)
    assert not dialog.stop.isVisible()
    cells = [cell.text() for cell in dialog._area.widget().findChildren(QLabel)]
    assert cells.count("recommended") == 1
    assert cells[: len(DeviceDialog.HEAD)] == list(DeviceDialog.HEAD)
    line = cells[cells.index("recommended") - len(DeviceDialog.HEAD) + 1 : cells.index("recommended") + 1]
    assert line == ["The second model", "float32", "1.0", "3.0", "100", "4,000", "float32", "0.900", "recommended"]
    assert not dialog.follow.isVisible()
    window.session.segmenting.choose_precision("float32")
    assert dialog.follow.isVisible()
    dialog.follow.click()
    assert (window.session.state.models.model_id, window.session.state.models.precision) == ("second", "float32")
    settle(qtbot, window.session)


def test_closing_the_window_ends_the_check(qtbot: Any, window: MainWindow, bench: FakeBench) -> None:
    window.check.start()
    qtbot.waitUntil(lambda: bench.begun == 1)
    window.close()
    assert bench.cancelled == 1


def test_another_theme_recolours_the_open_dialog(qtbot: Any, window: MainWindow) -> None:
    window.session.update(report=report())
    window.info.show_device_check()
    (dialog,) = window.findChildren(DeviceDialog)
    application = QApplication.instance()
    try:
        for choice in (Theme.LIGHT, Theme.DARK, Theme.LIGHT):
            theme.apply(application, choice)
            wanted = f"color: {theme.precision_css('int8')}"
            qtbot.waitUntil(
                lambda wanted=wanted: any(
                    wanted in cell.styleSheet() for cell in dialog._area.widget().findChildren(QLabel)
                )
            )
            assert window.performance._heads[1].styleSheet().startswith(wanted)
    finally:
        theme.apply(application, Theme.DARK)
