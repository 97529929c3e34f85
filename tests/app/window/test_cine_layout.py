"""Long-axis cines beside the short axis: a study of DICOM files, real keys and mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_fixtures import MainWindow, model_fixture, settle, volume, window_fixture  # noqa: F401
from dicom_cine import NORMAL, ORIENTATION, ORIGIN, ROOT, write_cine
from pydicom.dataset import FileDataset
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from app.state.beside import LongAxisCine, same_place
from app.state.changes import evolve, opened
from app.state.types import AppState, Kind, Layout
from app.views.captions import doubtful_lines
from app.views.cine_lines import lines_of
from app.views.long_axis_cines import LongAxisCines, _why_empty, doubt
from app.window.availability import why_not
from engine.errors import ScanError
from engine.formats import door
from engine.formats.door import find, read_series
from engine.progress import CancelToken

COMMAND = "Slice and long-axis cines"
ALONG, DOWN = np.array(ORIENTATION[:3]), np.array(ORIENTATION[3:])
MIDDLE = ORIGIN + 25 * ALONG + 24 * DOWN + 8 * NORMAL


def long_axis(number: int, degrees: float, name: str) -> Any:
    """What makes a cine of write_cine a long axis through the middle of the short one."""
    angle = np.radians(degrees)
    down = np.cos(angle) * ALONG + np.sin(angle) * DOWN

    def change(ds: FileDataset, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = f"{ROOT}.7.{number}", number, name
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"
        ds.ImageOrientationPatient = [round(float(v), 6) for v in (*NORMAL, *down)]
        ds.ImagePositionPatient = [round(float(v), 6) for v in MIDDLE - 25 * NORMAL - 24 * down]

    return change


@pytest.fixture(scope="module", name="study")
def study_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short axis of 4 frames, two long axes of 8, and a perfusion series along one of them."""
    folder = tmp_path_factory.mktemp("study")
    write_cine(folder / "sa", 4, 3)
    write_cine(folder / "a", 8, 1, change=long_axis(11, 0, "cine 2ch"))
    write_cine(folder / "b", 8, 1, change=long_axis(12, 90, "cine 4ch"))
    write_cine(folder / "c", 5, 1, change=long_axis(13, 45, "perfusion 3ch"))
    return folder


def test_only_cines_of_the_same_study_come_into_question(study: Path, tmp_path: Path) -> None:
    def other(ds: FileDataset, t: int, z: int) -> None:
        long_axis(14, 0, "cine 2ch")(ds, t, z)
        ds.StudyInstanceUID = f"{ROOT}.99"

    write_cine(tmp_path / "other", 8, 1, change=other)
    index = find([study, tmp_path], progress=lambda *_: None, cancel=CancelToken())
    assert [series.description for series in index.beside(index.chosen)] == ["cine 2ch", "cine 4ch"]


def test_cines_that_lie_beside_the_slices_are_not_said_to_be_missing(study: Path) -> None:
    index = find([study], progress=lambda *_: None, cancel=CancelToken())
    state = opened(evolve(AppState(), index=index), volume())
    state = evolve(state, index=index, series=index.series.index(index.chosen), long_axes=())
    assert _why_empty(state, volume())[0] == "No cine of this study crosses the slices"


def test_key_9_and_both_lines(qtbot: Any, window: MainWindow, study: Path) -> None:
    session = window.session
    session.opening.open_volume(volume())
    settle(qtbot, session)
    QTest.keyClick(window.slice_view, Qt.Key.Key_9)
    message = session.state.message
    assert session.state.preferences.layout is Layout.SLICE
    assert message is not None and message.kind is Kind.HINT and "long-axis" in message.text

    session.opening.open_paths([study])
    settle(qtbot, session)
    assert why_not(COMMAND, session.state) == ""
    assert session.state.beside.long_axes is None, "read although nobody asked for them"
    QTest.keyClick(window.slice_view, Qt.Key.Key_9)
    settle(qtbot, session)
    view = window.stage.view("cines")
    assert isinstance(view, LongAxisCines) and view.isVisible()
    planes = session.state.beside.long_axes or ()
    assert [plane.chambers for plane in planes] == ["4", "2"]
    assert session.state.beside.long_axes_shown == (0, 1)

    # Half the beat is frame 2 of 4 here and frame 4 of 8 there.
    before = view.grab().toImage()
    session.update(frame_index=2)
    assert view.grab().toImage() != before
    top, below = view.panes()
    assert (top.box.top(), below.plane) == (0.0, planes[1])

    # In a long axis the line of the slice: dragged along the stack, it scrolls; the line follows.
    session.update(slice_index=0)
    to_view = [QPointF(*top.placed.to_px(17.0 + 8 * z, 20.0)).toPoint() + top.box.topLeft().toPoint() for z in range(3)]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=to_view[0])
    QTest.mouseMove(view, to_view[1])
    assert session.state.view.slice_index == 1
    QTest.mouseMove(view, to_view[2])
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=to_view[2])
    assert session.state.view.slice_index == 2
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=to_view[1] + QPoint(0, 5))
    assert session.state.view.slice_index == 1

    # In the short axis the line of a long axis: dragged onto that of the other, the two change places.
    lines = {one.place: one.line for one in lines_of(session.state)}
    placed = window.slice_view._placement()
    ends = [QPointF(*placed.to_px(*end)) for end in (lines[0].start, lines[1].start)]
    middle = QPointF(*placed.to_px(25.0, 24.0))
    press, release = ((end + middle) / 2 for end in ends)
    QTest.mousePress(window.slice_view.viewport(), Qt.MouseButton.LeftButton, pos=press.toPoint())
    QTest.mouseMove(window.slice_view.viewport(), release.toPoint())
    QTest.mouseRelease(window.slice_view.viewport(), Qt.MouseButton.LeftButton, pos=release.toPoint())
    assert session.state.beside.long_axes_shown == (1, 0)

    # The name of a long axis opens the list of all.
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(40, 16))
    menu = view.findChild(QMenu)
    assert [action.text() for action in menu.actions()] == ["4-chamber view", "2-chamber view"]
    menu.actions()[0].trigger()
    menu.close()
    assert session.state.beside.long_axes_shown == (0, 1)

    # Another scan has none of these.
    session.opening.open_volume(volume())
    settle(qtbot, session)
    assert session.state.beside.long_axes is None
    assert view.panes() == () and view._shown.empty[0] == "No long-axis cine in this study"


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [("1", "1", True), ("1", "2", False), ("", "2", None), ("each", "2", None)],
    ids=["same", "moved", "unknown", "one-a-file"],
)
def test_lines_between_scans_of_another_position_are_doubtful(
    tmp_path: Path, mine: str, theirs: str, same: bool | None
) -> None:
    def given(ds: FileDataset, uid: str, number: int) -> None:
        ds.FrameOfReferenceUID = f"{ROOT}.5.{number}" if uid == "each" else f"{ROOT}.5.{uid}" if uid else ""

    def beside(ds: FileDataset, t: int, z: int) -> None:
        long_axis(11, 0, "cine 2ch")(ds, t, z)
        given(ds, theirs, 0)

    write_cine(tmp_path / "sa", 2, 3, change=lambda ds, t, z: given(ds, mine, 10 * t + z + 3))
    write_cine(tmp_path / "la", 2, 1, change=beside)
    index = find([tmp_path], progress=lambda *_: None, cancel=CancelToken())
    series = [index.chosen, *index.beside(index.chosen)]
    short, long = (read_series(index, one, progress=lambda *_: None, cancel=CancelToken()) for one in series)
    assert same_place(short, long) is same
    plane = LongAxisCine(long, 0, "2", 1, "cine 2ch", (0.0, 1.0))
    state = evolve(AppState(), volume=short, layout=Layout.CINES, long_axes=(plane,), long_axes_shown=(0,))
    lines = lines_of(state)
    assert [line.doubtful for line in lines] == [same is False]
    assert bool(doubtful_lines(lines)) is (same is False)
    assert bool(doubt(same)) is (same is not True)


def test_a_long_axis_that_cannot_be_read_is_said(
    qtbot: Any, window: MainWindow, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, real = window.session, door.read_series
    session.opening.open_paths([study])
    settle(qtbot, session)

    def damaged(index: Any, series: Any, **options: Any) -> Any:
        if series.description == "cine 2ch":
            raise ScanError("damaged")
        return real(index, series, **options)

    monkeypatch.setattr(door, "read_series", damaged)
    session.looking.show_layout(Layout.CINES)
    settle(qtbot, session)
    assert [plane.chambers for plane in session.state.beside.long_axes or ()] == ["4"]
    message = session.state.message
    assert message is not None and message.text == "Not shown: 1 series of the study that cannot be read."
    session.looking.show_layout(Layout.SLICE)
