"""The first slice is on screen while the rest of a scan is read; until all is there nothing is computed of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_fixtures import FakeModel, model_fixture, settle, volume, window_fixture  # noqa: F401
from dicom_cine import write_cine
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.session import scan_reading
from app.session.jobs import REPORT_EVERY_S
from app.state.base_to_apex import turned_round
from app.state.changes import arriving, completed, returned
from app.state.queries import plane_of, run_key, run_of, shown_labels
from app.state.types import AppState, Kind, Layout
from app.views.captions import loading as loading_lines
from app.views.panes import Role, pane_of
from app.window.main_window import MainWindow
from app.words.names import patient_words
from engine.errors import ScanError
from engine.formats import dicom_ahead
from engine.formats.dicom_files import UnusableError
from engine.volume import Volume

FRAMES, SLICES = 4, 3
OLD = {"name": "Old, Patient", "id": "1"}


class Gate:
    """Lets so many images be read, then waits; what is wrong with one can be set."""

    def __init__(self, read: Any) -> None:
        self._read, self._free = read, threading.Semaphore(0)
        self.asked: list[tuple[int, int]] = []
        self.faults: dict[int, Exception] = {}

    def allow(self, images: int = 10_000) -> None:
        self._free.release(images)

    def __call__(self, image: Any) -> np.ndarray:
        assert self._free.acquire(timeout=60)
        time.sleep(1.2 * REPORT_EVERY_S)  # a slow disc, so that each slice is told by itself
        self.asked.append(image.instance_number)
        if len(self.asked) in self.faults:
            raise self.faults[len(self.asked)]
        return self._read(image)


@pytest.fixture(name="gate")
def gate_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(dicom_ahead.read_pixels)
    monkeypatch.setattr(dicom_ahead, "read_pixels", made)
    yield made
    made.allow()


@pytest.fixture(name="scan")
def scan_fixture(tmp_path: Path) -> tuple[Path, np.ndarray]:
    return tmp_path / "new", write_cine(tmp_path / "new", FRAMES, SLICES)


@pytest.fixture(name="before")
def before_fixture(qtbot: Any, window: MainWindow) -> Volume:
    """A scan of another patient, segmented, on screen."""
    old = volume(name="old", patient=OLD)
    window.session.opening.open_volume(old)
    settle(qtbot, window.session)
    assert window.patient.who.text() == "Old, Patient"
    return old


def begin(qtbot: Any, window: MainWindow, path: Path, gate: Gate, images: int = 1) -> None:
    """Open a scan of which so many images can be read."""
    gate.allow(images)
    window.session.opening.open_paths([path])
    qtbot.waitUntil(lambda: len(gate.asked) >= images, timeout=10_000)
    qtbot.waitUntil(lambda: loaded(window) >= images, timeout=10_000)


def loaded(window: MainWindow) -> int:
    loading = window.session.state.scan.loading
    return len(loading.planes) if loading else 0


def test_the_first_slice_is_painted_while_the_rest_is_read(
    qtbot: Any, window: MainWindow, before: Volume, scan: tuple[Path, np.ndarray], gate: Gate, model: FakeModel
) -> None:
    path, voxels = scan
    asked = len(model.asked)
    begin(qtbot, window, path, gate)
    state = window.session.state
    assert (state.view.frame_index, state.view.slice_index) == (0, SLICES // 2)
    assert np.array_equal(plane_of(state, 0, 1), voxels[0, 1])
    # The picture, and all that says whose it is, are the new scan's.
    assert np.array_equal(window.slice_view._image.image, voxels[0, 1])
    assert window.slice_view._image.isVisible()
    assert "Müller" in window.patient.who.text()
    assert window.windowTitle().startswith("MR short axis")
    assert window.study.tree.currentItem() is window.study.tree.items[0]
    assert state.scan.volume.geometry.shape == (SLICES, 32, 40)
    # It is marked as being read.
    assert "loading: 1 of 12" in loading_lines(state)[0]
    assert window.status.text.text().startswith("Reading images")
    assert window.status.cancel.isVisible()
    assert not window.cine.play.isEnabled()
    assert not window.models.segment.isVisible()
    # Nothing is known of it yet, and nothing of the scan before is left.
    assert run_key(state) is None
    assert run_of(state) is None
    assert shown_labels(state) is None
    assert window.function._empty.text() == "The scan is still being read."
    gate.allow()
    settle(qtbot, window.session)
    state = window.session.state
    assert state.scan.loading is None
    assert np.array_equal(state.scan.volume.array, voxels)
    assert shown_labels(state).geometry is state.scan.volume.geometry
    assert model.asked[asked:] == [(state.scan.volume.source.name, "first", p) for p in ("int8", "float32")]
    assert state.preferences.recents[0] == path


def test_slices_fill_in_from_the_middle_and_what_is_missing_says_so(
    qtbot: Any, window: MainWindow, scan: tuple[Path, np.ndarray], gate: Gate
) -> None:
    path, voxels = scan
    begin(qtbot, window, path, gate, 2)
    view = window.slice_view
    assert set(window.session.state.scan.loading.planes) == {(0, 1), (0, 0)}
    window.activateWindow()
    view.setFocus()
    towards = Qt.Key.Key_Up if turned_round(window.session.state) else Qt.Key.Key_Down
    for _ in range(2):
        QTest.keyClick(view, towards)  # to the last slice, which is not there
    assert window.session.state.view.slice_index == 2
    assert pane_of(window.session.state, Role.CURRENT).missing[0] == "Loading…"
    assert not view._image.isVisible()
    assert view.value_under_cursor() == ""
    gate.allow(1)
    qtbot.waitUntil(lambda: loaded(window) == 3, timeout=10_000)
    assert view._image.isVisible()
    assert np.array_equal(view._image.image, voxels[0, 2])
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert not window.session.state.view.playing
    # All layouts can be looked at.
    for layout in Layout:
        window.session.looking.show_layout(layout)
        window.grab()
    window.session.update(layout=Layout.SLICE, zoom=2.0, window=(700.0, 900.0))
    gate.allow()
    settle(qtbot, window.session)
    state = window.session.state
    assert (state.view.slice_index, state.view.zoom, state.view.window) == (
        2,
        2.0,
        (700.0, 900.0),
    )  # where the user was


def test_nothing_is_computed_or_exported_of_a_part(
    qtbot: Any, window: MainWindow, scan: tuple[Path, np.ndarray], gate: Gate, model: FakeModel, tmp_path: Path
) -> None:
    begin(qtbot, window, scan[0], gate, 5)
    session = window.session

    def refused() -> bool:
        message, said = session.state.message, "still being read"
        session.update(message=None)
        return message is not None and message.kind is Kind.HINT and said in message.text

    session.segmenting.segment()
    assert refused()
    for export in (session.exporting.export_mask, session.exporting.export_seg, session.exporting.export_measurements):
        export(tmp_path / "out")
        assert refused()
    session.comparing.load_mask([tmp_path / "mask.nii.gz"])
    assert refused()
    session.opening.set_spacing(1.0, 1.0, 8.0)
    assert refused()
    for ask in (
        window.exports.picture,
        window.exports.mask,
        window.questions.load_mask,
        window.questions.spacing,
    ):
        ask()
        assert refused()
    session.segmenting.choose_model("second")
    session.segmenting.toggle_precision()
    session.segmenting.choose_precision("float32")
    assert session.looking.window_presets() == {}
    assert session.recover(tmp_path / "recovery").written == ()
    assert model.asked == []
    assert not session.state.segmentation.runs
    assert not (tmp_path / "out").exists()
    gate.allow()
    settle(qtbot, session)


def test_cancel_brings_the_scan_before_back(
    qtbot: Any, window: MainWindow, before: Volume, scan: tuple[Path, np.ndarray], gate: Gate, model: FakeModel
) -> None:
    session = window.session
    session.update(slice_index=3, frame_index=2, zoom=1.5)
    left, asked = session.state, len(model.asked)
    begin(qtbot, window, scan[0], gate, 3)
    session.update(layout=Layout.SHEET)
    QTest.mouseClick(window.status.cancel, Qt.MouseButton.LeftButton)

    def is_back() -> None:
        state = session.state
        assert state.scan.volume is before
        assert (state.scan.loading, state.busy, state.scan.index, state.scan.series) == (
            None,
            None,
            left.scan.index,
            left.scan.series,
        )
        assert (state.view.slice_index, state.view.frame_index, state.view.zoom, state.view.window) == (
            3,
            2,
            1.5,
            left.view.window,
        )
        assert shown_labels(state) is shown_labels(left)
        assert (state.preferences.recents, state.preferences.layout) == (left.preferences.recents, Layout.SHEET)
        assert window.patient.who.text() == "Old, Patient"
        assert window.windowTitle().startswith("old")

    is_back()
    gate.allow()
    settle(qtbot, session)
    QApplication.processEvents()
    is_back()  # what was still on its way is dropped
    assert len(model.asked) == asked


def test_cancel_of_the_first_scan_leaves_an_empty_window(
    qtbot: Any, window: MainWindow, scan: tuple[Path, np.ndarray], gate: Gate
) -> None:
    begin(qtbot, window, scan[0], gate, 2)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    state = window.session.state
    assert (state.scan.volume, state.scan.loading, state.scan.index) == (None, None, None)
    assert window.patient.who.text() == "No study open"
    assert not window.slice_view._image.isVisible()
    gate.allow()
    settle(qtbot, window.session)


def test_no_update_shows_one_scan_and_names_another(
    qtbot: Any, window: MainWindow, before: Volume, scan: tuple[Path, np.ndarray], gate: Gate, tmp_path: Path
) -> None:
    write_cine(tmp_path / "third", 3, 3)
    seen: list[bool] = []

    def check(_: AppState, new: AppState) -> None:
        seen.append(new.scan.loading is not None)
        assert window.patient.who.text() == patient_words(new.scan.volume, hide=False)[0]
        assert window.slice_view._state.scan.volume is new.scan.volume
        labels = shown_labels(new)
        assert labels is None or labels.geometry is new.scan.volume.geometry
        assert new.scan.loading is None or (
            new.segmentation.runs == {} and new.segmentation.mask is None and not new.view.playing
        )

    window.session.changed.connect(check)  # after the window has been told
    begin(qtbot, window, scan[0], gate, 2)
    window.session.opening.open_paths([tmp_path / "third"])  # while the one before is still read
    assert window.session.state.scan.volume is before
    gate.allow()
    settle(qtbot, window.session)
    assert window.session.state.scan.volume.frames == 3
    assert any(seen)


def test_what_fails_on_the_way_brings_the_scan_before_back_and_is_said(
    qtbot: Any, window: MainWindow, before: Volume, scan: tuple[Path, np.ndarray], gate: Gate
) -> None:
    gate.faults[4] = ScanError("new: the disc was taken out; put it in again")
    begin(qtbot, window, scan[0], gate, 3)
    assert "Müller" in window.patient.who.text()
    gate.allow()
    settle(qtbot, window.session)
    state = window.session.state
    assert state.scan.volume is before
    assert window.patient.who.text() == "Old, Patient"
    assert "taken out" in state.message.text
    assert shown_labels(state) is not None


def test_a_slice_that_turns_out_damaged_is_left_out(
    qtbot: Any, window: MainWindow, scan: tuple[Path, np.ndarray], gate: Gate
) -> None:
    path, _ = scan
    gate.faults[5] = UnusableError("has pixels that cannot be decoded")
    begin(qtbot, window, path, gate, 4)
    gate.allow()
    settle(qtbot, window.session)
    state = window.session.state
    assert state.scan.loading is None
    assert state.scan.volume.frames == FRAMES - 1  # that phase is left out
    assert state.scan.volume.slices == SLICES
    assert any("cannot be decoded" in notice for notice in state.scan.volume.notices)
    assert shown_labels(state) is not None


def test_the_phantoms_first_picture_is_there_before_the_rest(
    qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, whole = threading.Event(), volume(name="phantom")

    def make(*, on_plane: Any) -> tuple[Volume, None, None]:
        on_plane(whole, 0, 2, whole.array[0, 2])
        assert go_on.wait(20)
        return whole, None, None

    monkeypatch.setattr(scan_reading, "make_phantom", make)
    window.session.opening.open_phantom()
    qtbot.waitUntil(lambda: loaded(window) == 1, timeout=10_000)
    assert window.slice_view._image.isVisible()
    go_on.set()
    settle(qtbot, window.session)
    assert window.session.state.scan.loading is None
    assert shown_labels(window.session.state) is not None


# -- the state, without a window -------------------------------------------------------------------------------------


def test_the_window_level_follows_the_whole_scan_unless_it_was_moved() -> None:
    whole = volume()
    early = arriving(AppState(), whole, {(0, 1): np.zeros((40, 48), np.int16), (0, 2): whole.array[0, 2]})
    assert early.view.window == early.scan.loading.window
    assert (early.view.slice_index, early.view.frame_index) == (1, 0)
    assert completed(early, volume()).view.window != early.view.window
    moved = arriving(early, whole, {(1, 1): whole.array[1, 1]})
    assert len(moved.scan.loading.planes) == 3
    assert moved.scan.volume_id == early.scan.volume_id


def test_a_scan_of_another_shape_than_it_seemed_is_shown_from_its_middle() -> None:
    early = arriving(AppState(), volume(), {(0, 0): volume().array[0, 0]})
    fewer = completed(early, volume(3))
    assert (fewer.view.slice_index, fewer.scan.loading) == (fewer.scan.volume.slices // 2, None)


def test_going_back_without_a_scan_before() -> None:
    early = arriving(AppState(), volume(), {(0, 0): volume().array[0, 0]})
    assert returned(early, AppState()).scan.volume is None
    whole = completed(early, volume())
    assert returned(whole, AppState()) is whole  # a scan that is there stays
