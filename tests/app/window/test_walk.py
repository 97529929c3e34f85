"""A walk through the window by mouse and keys, from a dropped folder to exported masks, with the models that ship.

It is done with a phantom written as DICOM, and with real scans where ../shared/data has them. The steps of one scan
share its window, in the order of this file: what costs time is done once. What is asserted is what a user sees: painted
pixels, words on the screen, files.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import nibabel
import numpy as np
import pytest
from dicom_cine import ROOT, dataset
from pixel_colours import near
from places import SHARED_DATA
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QLabel,
    QMessageBox,
    QTreeWidgetItem,
    QWidget,
)

from app.dialogs.mask_dialog import MaskDialog
from app.look import theme
from app.session import device_check
from app.session.session import Session
from app.state.base_to_apex import place_of_slice, steps_on, turned_round
from app.state.queries import cross_of, shown_labels
from app.state.types import AppState, Layout
from app.views.placement import place
from app.window import crash
from app.window.main_window import MainWindow
from app.window.palette import Palette
from engine.network.bench import Report, Row
from engine.phantom import make_phantom
from engine.volume import LV, MYO, RV

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
PLAIN, CTRL, SHIFT = Qt.KeyboardModifier(0), Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key
PATIENCE_S = 280.0
# What has to do with the window alone is walked once: on a real scan where there is one.
ONCE = pytest.mark.parametrize(
    "walked", ["sunnybrook" if SHARED_DATA.is_dir() else "phantom"], indirect=True, scope="module"
)


# -- scans -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """folder: to drop. patients: as the tree names them. convention: of the experts' masks, if there are any."""

    folder: Path
    patients: tuple[str, ...]
    is_dicom: bool
    convention: str = ""


def phantom_case(folder: Path) -> Case:
    """Two patients' cines in DICOM, the second one shorter."""
    for who, study, frames in (("Doe^Jane", 1, 8), ("Roe^Rick", 2, 2)):
        volume, _, _ = make_phantom(frames, 6)
        dx, dy, dz = volume.geometry.spacing_mm
        for z in range(volume.slices):
            for t in range(frames):
                ds = dataset(t, z, frames, volume.slices, volume.array[t, z], gap_mm=dz)
                ds.PatientName = ds.PatientID = who
                ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.7.{study}", f"{ROOT}.8.{study}"
                ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{study}"
                ds.PixelSpacing, ds.SliceThickness = [round(dy, 4), round(dx, 4)], dz
                ds.WindowCenter, ds.WindowWidth = 300, 600
                path = folder / f"study{study}" / f"{t}_{z}.dcm"
                path.parent.mkdir(parents=True, exist_ok=True)
                ds.save_as(path, enforce_file_format=True)
    return Case(folder, ("Doe, Jane", "Roe, Rick"), is_dicom=True)


def nifti_case(folder: Path, first: Path, second: Path, convention: str) -> Case:
    """Two patients' folders, each with an ED and an ES file and an expert's masks of both."""
    for patient in (first, second):
        shutil.copytree(patient, folder / patient.name)
    return Case(folder, (first.name, second.name), is_dicom=False, convention=convention)


def case_of(name: str, folder: Path) -> Case:
    if name == "phantom":
        return phantom_case(folder)
    if not SHARED_DATA.is_dir():
        pytest.skip("no real scans: ../shared/data does not exist beside the repository")
    if name == "acdc":
        acdc = SHARED_DATA / "acdc" / "training"
        return nifti_case(folder, acdc / "patient005", acdc / "patient010", "acdc")
    if name == "mnms":
        one, two = sorted((SHARED_DATA / "mnms" / "siemens").iterdir())[:2]
        return nifti_case(folder, one, two, "mnms")
    return Case(SHARED_DATA / "sunnybrook", ("SCD0000101", "SCD0000301"), is_dicom=True)


# -- eyes and hands --------------------------------------------------------------------------------------------------


def until(condition: Callable[[], Any], what: str) -> None:
    """Let the window live until a condition holds."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        QApplication.processEvents()
        time.sleep(0.002)
    QApplication.processEvents()


def picture(widget: QWidget) -> np.ndarray:
    """What is painted, (Y, X, 3) uint8."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return pixels[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def coloured(pixels: np.ndarray, structure: int) -> np.ndarray:
    """Where a structure's own colour is painted, (Y, X) bool."""
    return near(pixels, theme.STRUCTURE_COLOURS[structure])


def extent(pixels: np.ndarray, structure: int = LV) -> int:
    """Area of the box around what is painted in a structure's colour; 0 where nothing is."""
    ys, xs = np.nonzero(coloured(pixels, structure))
    return int((np.ptp(ys) + 1) * (np.ptp(xs) + 1)) if ys.size else 0


def words(*widgets: QWidget) -> str:
    """All that can be read in these widgets, tool tips too."""
    said = []
    for widget in widgets:
        for part in (widget, *widget.findChildren(QWidget)):
            if part.isVisible() and isinstance(part, QLabel | QAbstractButton):
                said += [part.text(), part.toolTip()]
    return "\n".join(said)


@dataclass
class Walk:
    """A window and what one can do with it."""

    window: MainWindow
    case: Case
    first_words: str = ""
    tree: tuple[str, ...] = ()

    @property
    def view(self) -> QWidget:
        return self.window.stage.views[0]

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        self.window.activateWindow()
        until(self.window.isActiveWindow, "the window, after a dialog")
        self.view.setFocus()
        QTest.keyClick(self.view, key, modifier)
        QApplication.processEvents()

    def seen(self, name: str = "") -> np.ndarray:
        """A view of the layout, the first one where none is named."""
        return picture(self.window.stage.view(name) if name else self.view)

    def wheel(self, steps: int, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        target = self._target(self.view)
        at = QPointF(target.rect().center())
        event = QWheelEvent(at, QPointF(target.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, -120 * steps),
                            Qt.MouseButton.NoButton, modifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        QApplication.sendEvent(target, event)
        QApplication.processEvents()

    def drag(self, button: Qt.MouseButton, start: QPointF, by: QPointF, view: QWidget | None = None) -> None:
        target = self._target(view or self.view)
        QTest.mousePress(target, button, pos=start.toPoint())
        for share in (0.5, 1.0):
            at = start + share * by
            where = QPointF(target.mapToGlobal(at.toPoint()))
            QApplication.sendEvent(target, QMouseEvent(QEvent.Type.MouseMove, at, where, button, button, PLAIN))
        QTest.mouseRelease(target, button, pos=(start + by).toPoint())
        QApplication.processEvents()

    @staticmethod
    def _target(view: QWidget) -> QWidget:
        return view.viewport() if hasattr(view, "viewport") else view

    def corner(self) -> QPointF:
        """A point of the view that is nothing but image."""
        return QPointF(self.view.width() * 0.3, self.view.height() * 0.7)

    def click(self, widget: QWidget) -> None:
        """On its left end, where a box that is wider than its words has its mark."""
        assert widget.isVisible() and widget.isEnabled()
        QTest.mouseClick(widget, LEFT, pos=QPoint(8, widget.height() // 2))
        QApplication.processEvents()

    def whole(self) -> int | None:
        """Which of the tree's stacks is on screen, once all of it is read."""
        state = self.window.session.state
        return state.scan.series if state.scan.loading is None else None

    def settle(self) -> None:
        until(lambda: self.window.session.idle, "the worker")

    def fresh(self) -> None:
        """As each step begins: one slice in its middle, dark, whole."""
        session = self.window.session
        session.looking.reset_view()
        session.update(
            layout=AppState().preferences.layout, slice_index=session.state.scan.volume.slices // 2, frame_index=0,
            playing=False, overlay=AppState().preferences.overlay, smooth=True, sweep=False, speed=1.0, cross=None,
            message=None,
        )  # fmt: skip
        self.window.activateWindow()
        QApplication.processEvents()

    def rows(self) -> list[QTreeWidgetItem]:
        """Of the tree, those of stacks."""
        return [self.window.study.tree.items[n] for n in sorted(self.window.study.tree.items)]

    def open_row(self, row: QTreeWidgetItem) -> None:
        tree = self.window.study.tree
        tree.scrollToItem(row)
        QTest.mouseClick(tree.viewport(), LEFT, pos=tree.visualItemRect(row).center())


def tree_words(window: MainWindow) -> tuple[str, ...]:
    tree, found = window.study.tree, []
    item = tree.topLevelItem(0)
    while item is not None:
        found.append(item.data(0, Qt.ItemDataRole.AccessibleTextRole))
        item = tree.itemBelow(item)
    return tuple(found)


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    where, actions = QPoint(600, 300), Qt.DropAction.CopyAction
    QApplication.sendEvent(window, QDragEnterEvent(where, actions, mime, LEFT, PLAIN))
    assert "Drop to open" in words(window)
    QApplication.sendEvent(window, QDropEvent(QPointF(where), actions, mime, LEFT, PLAIN))
    assert "Drop to open" not in words(window)


@pytest.fixture(scope="module", params=["phantom", "acdc", "mnms", "sunnybrook"])
def walked(
    request: pytest.FixtureRequest, qapp: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Walk]:
    """The window of one scan: dropped, another series chosen and left again, all segmented in both precisions."""
    case = case_of(request.param, tmp_path_factory.mktemp(request.param))
    theme.apply(qapp)
    window = MainWindow(Session())
    window.resize(1280, 720)
    window.show()
    walk = Walk(window, case)
    try:
        walk.first_words = words(window)
        window.session.segmenting.load_models()
        walk.settle()
        drop(window, case.folder)
        until(lambda: walk.whole() is not None or window.session.state.message, "the short-axis cine")
        assert window.session.state.message is None, words(window.messages)
        walk.tree = tree_words(window)
        yield walk
    finally:
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def walk(walked: Walk) -> Walk:
    """The same, all segmented, as each step begins."""
    walked.settle()
    walked.fresh()
    return walked


# -- studies ---------------------------------------------------------------------------------------------------------


def test_a_dropped_folder_is_a_tree_and_its_cine_is_chosen(walked: Walk) -> None:
    window, case = walked.window, walked.case
    assert "No scan is open" in walked.first_words
    for patient in case.patients:
        assert any(patient in line for line in walked.tree), walked.tree
    assert sum("the most likely short-axis cine" in line for line in walked.tree) == 1
    assert len(walked.rows()) >= 2
    assert any(patient in words(window.patient) for patient in case.patients)
    # The image is there while the network still works.
    assert (walked.seen().max(axis=2) > 60).mean() > 0.02
    # Another stack is one click away, and the keyboard brings back the first.
    tree, before = window.study.tree, walked.seen()
    chosen = tree.currentItem()
    other = next(row for row in walked.rows() if row is not chosen)
    number = {id(row): place for place, row in tree.items.items()}
    walked.open_row(other)
    until(lambda: walked.whole() == number[id(other)], "the other series")
    assert tree.currentItem() is other
    assert not np.array_equal(walked.seen(), before)
    tree.setFocus()
    tree.setCurrentItem(chosen)
    QTest.keyClick(tree, KEY.Key_Return)
    until(lambda: walked.whole() == number[id(chosen)], "the first series")
    walked.settle()
    assert tree.currentItem() is chosen
    until(lambda: all(row.data(0, Qt.ItemDataRole.DecorationRole) for row in (chosen, other)), "thumbnails")
    assert words(window.models).count("✓") == 2
    assert "Ready" in words(window.status)


def test_recent_scans(walk: Walk) -> None:
    menu = walk.window.menus.menus_by_title["Open recent"]
    menu.aboutToShow.emit()
    (entry,) = [action for action in menu.actions() if walk.case.folder.name in action.text()]
    assert entry.isEnabled()
    if walk.window.session.state.scan.volume.frames > 2:  # a pair is read and segmented again in no time; a cine is not
        return
    before = walk.window.session.state.scan.volume
    entry.trigger()
    until(lambda: walk.window.session.state.scan.volume is not before, "the recent scan")
    walk.settle()
    assert words(walk.window.models).count("✓") == 2


def test_names_are_hidden_and_come_back(walk: Walk) -> None:
    window = walk.window
    walk.click(window.patient.names)
    hidden = words(window) + window.windowTitle() + "\n".join(tree_words(window))
    for patient in walk.case.patients:
        assert patient not in hidden
        assert patient.split(",")[0] not in hidden
    walk.press(KEY.Key_N)
    shown = words(window) + "\n".join(tree_words(window))
    assert all(patient in shown for patient in walk.case.patients)


def test_the_header_is_searched(walk: Walk) -> None:
    walk.press(KEY.Key_T)
    (dialog,) = [d for d in walk.window.findChildren(QDialog) if d.isVisible()]
    assert not dialog.isModal()
    total = dialog.rows.rowCount()
    QTest.keyClicks(dialog.search, "pix")
    found = [dialog.rows.index(row, column).data() for row in range(dialog.rows.rowCount()) for column in range(4)]
    assert 0 < dialog.rows.rowCount() < total
    assert any("pix" in text.lower() for text in found)
    assert f"{dialog.rows.rowCount()} of {total} rows" in words(dialog)
    QTest.keyClick(dialog.search, KEY.Key_Escape)
    QApplication.processEvents()
    assert not [d for d in walk.window.findChildren(QDialog) if d.isVisible()]


# -- looking ---------------------------------------------------------------------------------------------------------


def test_wheel_and_keys_go_through_slices_and_frames(walk: Walk) -> None:
    volume = walk.window.session.state.scan.volume
    middle, frames = volume.slices // 2, volume.frames
    on = steps_on(walk.window.session.state, 1)  # towards the apex

    def place_is(index: int, frame: int) -> bool:
        said = words(walk.window.cine)
        phase = volume.phase_names[frame] if volume.phase_names else f"{frame + 1} / {frames}"
        return f"{index + 1} / {volume.slices}" in said and phase in said

    pictures = [walk.seen()]
    for turn, index, frame in (
        (lambda: walk.wheel(1), middle + on, 0),
        (lambda: walk.press(KEY.Key_Up), middle, 0),
        (lambda: walk.press(KEY.Key_Up), middle - on, 0),
        (lambda: walk.press(KEY.Key_Down), middle, 0),
        (lambda: walk.wheel(1, SHIFT), middle, 1),
        (lambda: walk.press(KEY.Key_Left), middle, 0),
        (lambda: walk.press(KEY.Key_Left), middle, frames - 1),
        (lambda: walk.press(KEY.Key_Right), middle, 0),
    ):
        turn()
        assert place_is(index, frame), (index, frame, words(walk.window.cine))
        pictures.append(walk.seen())
        assert not np.array_equal(pictures[-1], pictures[-2])
    assert np.array_equal(pictures[-1], pictures[0])


def test_drags_change_window_place_and_zoom(walk: Walk) -> None:
    walk.press(KEY.Key_H)
    middle = (slice(150, 400), slice(200, 420))
    start, before = walk.corner(), walk.seen()
    walk.drag(LEFT, start, QPointF(0, -60))
    brighter = walk.seen()
    assert brighter[middle].mean() > before[middle].mean() + 5
    walk.drag(LEFT, start, QPointF(80, 0))
    assert brighter[middle].std() > walk.seen()[middle].std()
    QTest.mouseDClick(walk.view.viewport(), LEFT, pos=start.toPoint())
    QTest.mouseRelease(walk.view.viewport(), LEFT, pos=start.toPoint())
    assert np.array_equal(walk.seen()[middle], before[middle])
    walk.drag(MIDDLE, start, QPointF(40, 24))
    moved = walk.seen()[174:424, 240:460].astype(int)
    # The same image, 40 to the right and 24 down, but for the resampling.
    assert np.abs(moved - before[middle]).mean() < 6 < np.abs(walk.seen()[middle].astype(int) - before[middle]).mean()
    walk.press(KEY.Key_R)
    walk.press(KEY.Key_H)
    small = extent(walk.seen())
    walk.drag(RIGHT, start, QPointF(0, -140))
    assert extent(walk.seen()) == pytest.approx(4 * small, rel=0.15)
    walk.press(KEY.Key_R)
    assert extent(walk.seen()) == small


def test_presets_invert_interpolation_and_zoom_to_the_heart(walk: Walk) -> None:
    window, before = walk.window, walk.seen()
    menu = window.menus.menus_by_title["Window presets"]
    menu.aboutToShow.emit()
    names = [action.text() for action in menu.actions()]
    assert "Full range" in names
    assert ("From the header" in names) is (window.session.state.scan.volume.window is not None)
    seen = []
    for _ in names:
        walk.press(KEY.Key_W)
        seen.append(walk.seen())
    assert len({image.tobytes() for image in seen}) == len(set(window.session.looking.window_presets().values()))
    walk.press(KEY.Key_R)
    walk.press(KEY.Key_I)
    corner = (slice(-60, -40), slice(100, 200))
    assert walk.seen()[corner].mean() > before[corner].mean()
    walk.press(KEY.Key_I)
    walk.press(KEY.Key_Z)
    near = walk.seen()
    assert extent(near) > 1.3 * extent(before)
    walk.press(KEY.Key_V)
    assert not np.array_equal(walk.seen(), near)
    walk.press(KEY.Key_V)
    assert np.array_equal(walk.seen(), near)


def test_the_value_under_the_cursor_is_the_files(walk: Walk) -> None:
    target = walk.view.viewport()
    at = QPointF(target.rect().center())
    event = QMouseEvent(QEvent.Type.MouseMove, at, QPointF(target.mapToGlobal(at.toPoint())), Qt.MouseButton.NoButton,
                        Qt.MouseButton.NoButton, PLAIN)  # fmt: skip
    before = walk.seen()
    QApplication.sendEvent(target, event)
    QApplication.processEvents()
    volume, state = walk.window.session.state.scan.volume, walk.window.session.state
    x_mm, y_mm = place(state, (target.width(), target.height())).to_mm(at.x(), at.y())
    x, y = int(x_mm // volume.geometry.spacing_mm[0]), int(y_mm // volume.geometry.spacing_mm[1])
    said = walk.view.value_under_cursor()
    value = float(volume.array[state.view.frame_index, state.view.slice_index, y, x])
    assert said.endswith(f"{x}, {y}")
    assert float(said.split()[0]) == pytest.approx(value, rel=0.01)
    changed = np.abs(walk.seen().astype(int) - before).max(axis=2) > 0
    assert changed[-50:].any() and not changed[:-60].any()
    QApplication.sendEvent(walk.view, QEvent(QEvent.Type.Leave))


# -- layouts ---------------------------------------------------------------------------------------------------------


def test_five_layouts_and_what_is_linked(walk: Walk) -> None:
    window, volume = walk.window, walk.window.session.state.scan.volume
    # The layout of long-axis cines has nothing to show without those.
    layouts = [layout for layout in window.layouts.buttons if layout is not Layout.CINES]
    for key, layout in zip((KEY.Key_1, KEY.Key_2, KEY.Key_3, KEY.Key_4, KEY.Key_5), layouts, strict=True):
        walk.press(key)
        assert window.layouts.buttons[layout].isChecked()
        assert all(view.isVisible() for view in window.stage.views)
        assert extent(walk.seen()) > 50, layout
    walk.press(KEY.Key_2)
    walk.press(KEY.Key_Z)
    ed, es = walk.seen("ED"), walk.seen("ES")
    assert not np.array_equal(ed, es)
    assert extent(ed) > extent(es) > 0
    walk.press(KEY.Key_R)
    assert extent(walk.seen("ED")) < extent(ed) and extent(walk.seen("ES")) < extent(es)

    walk.press(KEY.Key_3)
    panes = ("first", "second", "difference")
    before = {name: walk.seen(name) for name in panes}
    walk.drag(RIGHT, walk.corner(), QPointF(0, -100))
    walk.drag(MIDDLE, walk.corner(), QPointF(30, 10))
    after = {name: walk.seen(name) for name in panes}
    assert extent(after["first"]) == pytest.approx(extent(after["second"]), rel=0.2)
    assert extent(after["first"]) > 1.5 * extent(before["first"])
    assert not np.array_equal(after["difference"], before["difference"])
    assert "Dice" in window.stage.view("table").accessibleDescription()
    walk.press(KEY.Key_R)

    walk.press(KEY.Key_4)
    sheet = window.stage.view("sheet")
    cell = sheet.grid().cell(0).center()
    QTest.mouseClick(sheet, LEFT, pos=cell.toPoint())
    first = place_of_slice(0, volume.slices, turned=turned_round(window.session.state)) + 1
    assert f"{first} / {volume.slices}" in words(window.cine)
    QTest.mouseClick(sheet, LEFT, pos=sheet.grid().cell(volume.slices // 2).center().toPoint())

    walk.press(KEY.Key_5)
    planes = ("long axis 1", "long axis 2")
    before = {name: walk.seen(name) for name in planes}
    state = window.session.state
    placed = place(state, (walk.view.viewport().width(), walk.view.viewport().height()))
    cross = cross_of(state)
    walk.drag(LEFT, QPointF(*placed.to_px(cross.x_mm, cross.y_mm)), QPointF(24, 18))
    assert all(not np.array_equal(walk.seen(name), before[name]) for name in planes)
    # Zoomed beyond what a plane shows, it grows as the slice does.
    small = extent(walk.seen("long axis 1"), MYO)
    walk.drag(RIGHT, walk.corner(), QPointF(0, -330))
    assert extent(walk.seen("long axis 1"), MYO) > 1.5 * small
    walk.press(KEY.Key_R)
    assert extent(walk.seen("long axis 1"), MYO) == small


def test_a_long_axis_chooses_slices_zoomed_or_not(walk: Walk) -> None:
    window, slices = walk.window, walk.window.session.state.scan.volume.slices
    walk.press(KEY.Key_5)
    view = window.stage.view("long axis 1")
    for zoom in (1.0, 12.0):
        window.session.update(zoom=zoom, slice_index=slices // 2)
        x = view.width() * 0.75
        walk.drag(LEFT, QPointF(x, view.placement().middle_y(slices // 2)), QPointF(0, -3 * view.height()), view)
        at_top = window.session.state.view.slice_index
        walk.drag(LEFT, QPointF(x, view.placement().middle_y(at_top)), QPointF(0, 3 * view.height()), view)
        assert {at_top, window.session.state.view.slice_index} == {0, slices - 1}
        line = view.placement().middle_y(window.session.state.view.slice_index)
        assert 0 < line < view.height()


# -- cine ------------------------------------------------------------------------------------------------------------


def test_the_cine(walk: Walk) -> None:
    window, volume = walk.window, walk.window.session.state.scan.volume
    if not volume.is_cine:
        assert not window.cine.play.isEnabled()
        walk.press(KEY.Key_S)
        assert "ES" in words(window.cine)
        walk.press(KEY.Key_D)
        assert "ED" in words(window.cine)
        return
    seen: set[str] = set()

    def plays() -> bool:
        seen.add(window.cine._frame_text.text())
        return len(seen) >= 4

    walk.press(KEY.Key_Space)
    until(plays, "four frames")
    walk.press(KEY.Key_C)
    still = walk.seen()
    until(lambda: True, "nothing")
    assert np.array_equal(walk.seen(), still)
    rate = window.cine._rate.text()
    assert rate.endswith("fps")
    walk.press(KEY.Key_BracketRight)
    assert int(window.cine._rate.text().split()[0]) == pytest.approx(2 * int(rate.split()[0]), abs=1)
    walk.press(KEY.Key_BracketLeft)
    walk.press(KEY.Key_BracketLeft)
    assert window.cine._rate.text() != rate and "0.5×" in window.cine.speed.currentText()
    walk.press(KEY.Key_B)
    assert window.cine.ways.buttons["sweep"].isChecked()
    walk.click(window.cine.ways.buttons["loop"])
    assert not window.cine.ways.buttons["sweep"].isChecked()
    walk.press(KEY.Key_D)
    walk.press(KEY.Key_Z)
    ed, at_ed = extent(walk.seen()), window.cine._frame_text.text()
    walk.press(KEY.Key_S)
    assert extent(walk.seen()) < ed
    assert window.cine._frame_text.text() != at_ed
    assert f"ED frame {at_ed.split()[0]}, ES {window.cine._frame_text.text().split()[0]}" in words(window.function)


# -- segmentations ---------------------------------------------------------------------------------------------------


def test_the_precision_changes_at_once(walk: Walk) -> None:
    window = walk.window
    for shown in ("float32", "int8"):
        began = time.process_time()  # of this process alone: other programs may have the processor meanwhile
        walk.press(KEY.Key_P)
        assert time.process_time() - began < 0.5
        assert window.session.state.busy is None
        assert f"· {shown}" in words(window.function)
        assert window.models.precisions.buttons[shown].isChecked()
        assert extent(walk.seen()) > 50
    assert "EF" in words(window.function) or "jection fraction" in words(window.function)


def test_another_model_is_stopped_and_the_first_is_still_there(walk: Walk) -> None:
    window = walk.window
    walk.click(window.models.about)
    (dialog,) = [d for d in window.findChildren(QDialog) if d.isVisible()]
    card = words(dialog)
    for said in ("What it is for", "Limits", "Trained on", "Dice"):
        assert said.lower() in card.lower(), said
    QTest.keyClick(dialog, KEY.Key_Escape)
    before, chosen = walk.seen(), window.models.models.currentText()
    window.models.models.setFocus()
    QTest.keyClick(window.models.models, KEY.Key_Up if window.models.models.currentIndex() else KEY.Key_Down)
    other = window.models.models.currentText()
    assert other != chosen
    until(window.status.cancel.isVisible, "something to cancel")
    assert window.isEnabled()  # nothing blocks the work meanwhile
    walk.click(window.status.cancel)
    walk.settle()
    assert "Ready" in words(window.status)
    assert "Stopped" in words(window.models) and window.models.segment.isVisible()
    assert extent(walk.seen()) == 0
    window.models.models.setFocus()
    QTest.keyClick(window.models.models, KEY.Key_Down if window.models.models.currentIndex() == 0 else KEY.Key_Up)
    assert window.models.models.currentText() == chosen
    walk.settle()
    assert np.array_equal(walk.seen(), before)


def test_how_structures_are_drawn(walk: Walk) -> None:
    window = walk.window
    outline = walk.seen()
    for structure in (LV, MYO, RV):
        assert coloured(outline, structure).any() or structure == RV
        walk.click(window.structures.boxes[structure])
        assert not coloured(walk.seen(), structure).any()
        walk.click(window.structures.boxes[structure])
    assert np.array_equal(walk.seen(), outline)
    walk.press(KEY.Key_F)
    filled = walk.seen()
    window.structures.opacity.setFocus()
    QTest.keyClick(window.structures.opacity, KEY.Key_End)
    opaque = walk.seen()
    assert "100 %" in words(window.structures)
    assert coloured(opaque, LV).sum() > 4 * coloured(filled, LV).sum() > 0
    walk.press(KEY.Key_F)
    assert not np.array_equal(walk.seen(), opaque)
    walk.press(KEY.Key_H)
    assert extent(walk.seen()) == 0
    walk.click(window.structures.hide_all)
    assert extent(walk.seen()) > 0


@ONCE
def test_structures_have_the_colours_that_are_chosen(walk: Walk) -> None:
    window, before = walk.window, walk.seen()
    swatch, first = window.structures.swatches[LV], theme.STRUCTURE_COLOURS[LV]

    def is_left(pixels: np.ndarray) -> bool:
        return bool(near(pixels, first).any())

    assert is_left(before)
    walk.click(swatch)
    (green,) = [action for action in swatch.menu.actions() if action.text() == "Green"]
    QTest.mouseClick(swatch.menu, LEFT, pos=swatch.menu.actionGeometry(green).center())
    for key in (KEY.Key_1, KEY.Key_2, KEY.Key_3, KEY.Key_4, KEY.Key_5):
        walk.press(key)
        for view in window.stage.views:
            assert not is_left(picture(view)), key
        assert extent(walk.seen()) > 50, key
    walk.press(KEY.Key_1)
    swatch.setFocus()
    QTest.keyClick(swatch, KEY.Key_Space)
    for above in ("Amber", "Vermilion"):  # those between them are others' colours
        QTest.keyClick(swatch.menu, KEY.Key_Up)
        assert swatch.menu.activeAction().text() == above
    QTest.keyClick(swatch.menu, KEY.Key_Return)
    QApplication.processEvents()
    assert np.array_equal(walk.seen(), before)


def test_one_slice_alone(walk: Walk) -> None:
    window, models = walk.window, walk.window.models
    there, back = (KEY.Key_Up, KEY.Key_Down) if models.models.currentIndex() else (KEY.Key_Down, KEY.Key_Up)
    before = walk.seen()

    def other_model(key: Qt.Key) -> None:
        models.models.setFocus()
        QTest.keyClick(models.models, KEY.Key_Space)
        QTest.keyClick(models.models.view(), key)
        QTest.keyClick(models.models.view(), KEY.Key_Return)
        QApplication.processEvents()

    def stop_at_once(old: AppState, new: AppState) -> None:
        # While the window's thread waits its turn, a fast segmentation ends: a key pressed later finds none to stop.
        if new.busy is not None and new.busy.can_stop:
            window.session.changed.disconnect(stop_at_once)
            QTest.keyClick(walk.view, KEY.Key_Escape)

    window.session.changed.connect(stop_at_once)
    other_model(there)
    walk.settle()
    assert extent(walk.seen()) == 0
    walk.press(KEY.Key_Return, CTRL)
    walk.settle()
    assert extent(walk.seen()) > 50
    assert "Only single slices are segmented" in words(window.function)
    assert not models.slice.isEnabled() and models.segment.isVisible()
    walk.wheel(1)
    assert extent(walk.seen()) == 0  # no slice but that one
    walk.wheel(-1)
    assert extent(walk.seen()) > 50
    walk.press(KEY.Key_E, CTRL)
    assert "single slices" in words(window.messages)
    window.session.update(message=None)
    other_model(back)
    walk.settle()
    assert np.array_equal(walk.seen(), before)


@ONCE
def test_the_performance_panel_is_filled(walk: Walk) -> None:
    said = words(walk.window.performance)
    for row in ("Median slice", "95th percentile", "Slices per second", "Peak memory", "Work in int8", "Model file"):
        assert row in said
    assert "float32" in said and "int8" in said
    assert any(word in said for word in ("faster", "slower", "as fast"))
    panel = picture(walk.window.performance)
    for precision in ("float32", "int8"):
        ink = np.array([int(theme.precision_css(precision)[i : i + 2], 16) for i in (1, 3, 5)])
        assert (np.abs(panel.astype(int) - ink).max(axis=2) <= 12).sum() > 60


def test_a_mask_is_compared(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    window, case = walk.window, walk.case
    if not case.convention:
        pytest.skip("no expert's mask comes with this scan; its own is read back below")
    (patient,) = [name for name in case.patients if name in words(window.patient)]
    masks = sorted((case.folder / patient).glob("*_gt.nii.gz"))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path) for path in masks], ""))
    walk.press(KEY.Key_L, CTRL)
    (dialog,) = window.findChildren(MaskDialog)
    assert not dialog.ok.isEnabled()
    walk.click(dialog.choices[case.convention])
    walk.click(dialog.ok)
    until(lambda: window.session.state.segmentation.mask or window.session.state.message, "the mask")
    assert window.session.state.message is None, words(window.messages)
    walk.settle()
    assert window.layouts.buttons["compare"].isChecked()
    said = window.stage.view("table").accessibleDescription()
    dice = {part.split(":")[0].strip(): float(part.split("Dice ")[1].split(",")[0]) for part in said.split(";")}
    assert dice["LV cavity"] > 0.8 and dice["LV myocardium"] > 0.6, said
    assert extent(walk.seen("difference")) == 0
    walk.press(KEY.Key_1)
    dashed = walk.seen()
    walk.press(KEY.Key_M)
    assert not np.array_equal(walk.seen(), dashed)
    window.menus.actions_by_text["Remove the mask"].trigger()
    assert window.session.state.segmentation.mask is None


@ONCE
def test_the_device_check(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    window, catalog = walk.window, walk.window.session.state.models.catalog
    rows = tuple(
        Row(model=card.id, precision=precision, arithmetic=precision, int8_share=0.0, threads=1, latency_ms=ms,
            latency_p95_ms=ms + 1, one_thread_ms=ms, load_ms=5.0, memory_mb=90.0, peak_memory_mb=95.0, size_bytes=9000,
            difference=0.0, tolerance=0.1, dice_mean=0.9, size=256)
        for card in catalog.models for precision, ms in (("float32", 9.0), ("int8", 3.0))
    )  # fmt: skip
    found = Report(
        key="k", device="This CPU", isa="AVX2", runtime="Some", size=256, runs=40, rows=rows, failed=(),
        recommended_model=catalog.models[0].id, recommended="int8", reason="int8 is the best choice.",
    )  # fmt: skip
    monkeypatch.setattr(device_check, "bench_aside", lambda *_, **__: found)
    walk.click(window.performance.check)
    (dialog,) = [d for d in window.findChildren(QDialog) if d.isVisible()]
    assert not dialog.isModal()
    until(lambda: "On this computer" in words(dialog), "the device check")
    for card in catalog.models:
        assert card.name in words(dialog)
    assert "recommended" in words(dialog)
    QTest.keyClick(dialog, KEY.Key_Escape)
    window.session.update(report=None)


# -- the window ------------------------------------------------------------------------------------------------------


@ONCE
def test_every_command_is_in_the_palette(walk: Walk) -> None:
    window, before = walk.window, walk.seen()
    for typed, back in (("invert", KEY.Key_I), ("hide outl", KEY.Key_H)):
        walk.press(KEY.Key_K, CTRL)
        (palette,) = [p for p in window.findChildren(Palette) if p.isVisible()]
        QTest.keyClicks(palette.line, typed)
        QTest.keyClick(palette.line, KEY.Key_Return)
        QApplication.processEvents()
        assert not np.array_equal(walk.seen(), before)
        walk.press(back)
        assert np.array_equal(walk.seen(), before)


@ONCE
def test_light_and_dark(walk: Walk) -> None:
    window = walk.window
    dark, image = picture(window.status), walk.seen()
    try:
        window.menus.actions_by_text["Light theme"].trigger()
        QApplication.processEvents()
        assert picture(window.status)[2:6].mean() > 200
        assert dark[2:6].mean() < 60
        assert np.array_equal(walk.seen(), image)
    finally:
        window.menus.actions_by_text["Dark theme"].trigger()
        QApplication.processEvents()
    assert np.array_equal(picture(window.status), dark)


def test_masks_are_exported_and_read_back(walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window, labels = walk.window, shown_labels(walk.window.session.state)
    target = tmp_path / "mask.nii.gz"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    walk.press(KEY.Key_E, CTRL)
    until(lambda: "Saved" in words(window.messages), "the export")
    written = np.asarray(nibabel.load(target).dataobj)
    assert set(np.unique(written)) == set(np.unique(labels.array))
    assert all((written == k).sum() == (labels.array == k).sum() for k in (LV, MYO, RV))
    made = [target]
    seg = tmp_path / "seg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(seg), ""))
    window.session.update(message=None)
    walk.press(KEY.Key_E, CTRL | SHIFT)
    if walk.case.is_dicom:
        until(lambda: "Saved" in words(window.messages), "the export")
        made = sorted(seg.iterdir())
        assert len(made) == window.session.state.scan.volume.frames
    else:
        assert "not opened from DICOM" in words(window.messages)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path) for path in made], ""))
    walk.press(KEY.Key_L, CTRL)
    for dialog in window.findChildren(MaskDialog):
        walk.click(dialog.choices["mnms"])
        walk.click(dialog.ok)
    until(lambda: window.session.state.segmentation.mask is not None, "the mask")
    walk.settle()
    assert "LV cavity: Dice 1.000" in window.stage.view("table").accessibleDescription()
    window.session.comparing.remove_mask()


@ONCE
def test_a_fault_of_the_program_keeps_the_work(walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setattr(crash, "recovery_folder", lambda: tmp_path / "recovery")
    error = RuntimeError("a fault")
    walk.window.crash(type(error), error, error.__traceback__)  # as sys.excepthook, which pytest-qt has taken
    assert "RuntimeError" in capsys.readouterr().err
    (box,) = [b for b in walk.window.findChildren(QMessageBox) if b.isVisible()]
    case, saved = sorted((tmp_path / "recovery").iterdir(), key=lambda path: path.suffix != ".cinequant")
    assert case.suffix == ".cinequant"
    assert "Something went wrong in CineQuant" in box.text()
    assert str(saved) in box.informativeText()
    assert not any(patient in box.detailedText() for patient in walk.case.patients)
    walk.click(box.button(QMessageBox.StandardButton.Close))
    until(lambda: not walk.window.findChildren(QMessageBox), "the dialog's end")


@ONCE
def test_the_keyboard_reaches_everything_and_is_seen(walk: Walk) -> None:
    window = walk.window
    walk.view.setFocus(Qt.FocusReason.OtherFocusReason)
    start, stops, unseen = QApplication.focusWidget(), [], []
    while True:
        here = QApplication.focusWidget()
        focused = picture(here)
        QTest.keyClick(here, KEY.Key_Tab)
        QApplication.processEvents()
        assert QApplication.focusWidget() is not here, f"Tab does not leave {here}"
        # The view's own ring comes with Tab, as it does below.
        if stops and np.array_equal(picture(here), focused):
            unseen.append(f"{type(here).__name__} {here.accessibleName() or here.objectName()}")
        stops.append(here)
        assert len(stops) < 80
        if QApplication.focusWidget() is start:
            break
    assert unseen == []
    study, models, structures, cine = window.study, window.models, window.structures, window.cine
    # Tab stops at one of an exclusive group; the arrow keys lead to the others.
    precision = next((b for b in models.precisions.buttons.values() if b in stops), None)
    for widget in (
        study.open_files, study.open_folder, study.tree, models.models, models.about, precision,
        structures.boxes[LV], structures.swatches[LV], structures.hide_all, cine.frame, cine.slice,
        window.performance.check, window.patient.names,
    ):  # fmt: skip
        assert widget in stops, widget.accessibleName() or widget.objectName() or getattr(widget, "text", str)()
    ringed = walk.seen()
    walk.view.clearFocus()
    assert not np.array_equal(walk.seen(), ringed)
