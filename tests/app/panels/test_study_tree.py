"""The tree of studies, the patient bar, the header's table and the palette: real clicks and keys."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_fixtures import model_fixture, settle, until, volume, window_fixture  # noqa: F401
from dicom_cine import ROOT, write_cine, write_enhanced
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTreeWidgetItem

from app.panels.study_tree import Thumbnails, _told_apart, patient_title, series_title, series_words, study_title
from app.state.changes import evolve, opened
from app.state.types import AppState, Busy, Kind, Language, Theme
from app.window.main_window import MainWindow
from app.window.menus import ACTIONS
from app.window.palette import Palette, score
from app.window.settings import Settings
from app.words import language
from app.words.names import patient_words, scan_title, without_names
from engine.errors import ScanError
from engine.formats import door, tags
from engine.formats.index import Index, Patient, Series, Study
from engine.phantom import make_phantom

WHO = {"name": "Doe, Jane", "id": "MRN77", "sex": "female", "age": "62 years", "date": "2024-02-29",
       "scanner": "GE Signa, 1.5 T", "study": "Heart of Doe"}  # fmt: skip


def write_patients(folder: Path) -> Path:
    """Two patients, the second with two studies; the longest cine is the last."""
    for number, (who, study, frames) in enumerate((("Doe^Jane", "1", 2), ("Roe^Rick", "2", 3), ("Roe^Rick", "3", 5))):

        def change(ds: Any, t: int, z: int, who: str = who, study: str = study, number: int = number) -> None:
            ds.PatientName = ds.PatientID = who
            ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.5.{study}", f"{ROOT}.6.{study}"
            ds.StudyDescription, ds.SeriesNumber = f"visit {study}", number + 1
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"

        write_cine(folder / study, frames, 3, change=change)
    return folder


@pytest.fixture(name="opened_folder")
def opened_folder_fixture(qtbot: Any, window: MainWindow, tmp_path: Path) -> MainWindow:
    window.session.opening.open_paths([write_patients(tmp_path)])
    settle(qtbot, window.session)
    QApplication.processEvents()
    return window


def lines(window: MainWindow) -> list[str]:
    """The tree's rows as a screen reader has them, indented."""
    tree, found = window.study.tree, []

    def walk(item: QTreeWidgetItem, depth: int) -> None:
        found.append("  " * depth + item.data(0, Qt.ItemDataRole.AccessibleTextRole))
        for i in range(item.childCount()):
            walk(item.child(i), depth + 1)

    for i in range(tree.topLevelItemCount()):
        walk(tree.topLevelItem(i), 0)
    return found


# -- the tree --------------------------------------------------------------------------------------------------------


def test_the_tree_shows_patients_studies_and_stacks(opened_folder: MainWindow) -> None:
    assert lines(opened_folder) == [
        "Doe, Jane, visit 1, 2024-02-29",
        "  cine sa, 40×32  ·  3 sl × 2 fr",
        "Roe, Rick",
        "  visit 2, 2024-02-29",
        "    cine sa, 40×32  ·  3 sl × 3 fr",
        "  visit 3, 2024-02-29",
        "    cine sa, 40×32  ·  3 sl × 5 fr, the most likely short-axis cine",
    ]
    assert opened_folder.study.tree.currentItem() is opened_folder.study.tree.items[2]
    assert opened_folder.session.state.scan.volume.frames == 5


def test_a_filter_leaves_what_has_all_the_words(opened_folder: MainWindow) -> None:
    tree = opened_folder.study.tree
    assert opened_folder.study.search.isHidden()  # three rows are found by looking

    def left() -> list[int]:
        return [number for number, item in tree.items.items() if not tree.visualItemRect(item).isEmpty()]

    assert left() == [0, 1, 2]
    for text, numbers in (("roe", [1, 2]), ("ROE 5", [2]), ("visit 1", [0]), ("nobody", []), ("", [0, 1, 2])):
        opened_folder.study.search.setText(text)
        tree.expandAll()
        assert left() == numbers, text


def test_the_tree_takes_the_room_that_is_free(qtbot: Any, opened_folder: MainWindow) -> None:
    tree = opened_folder.study.tree
    opened_folder.resize(1280, 1400)
    qtbot.waitUntil(lambda: tree.height() == tree.needed_height(), timeout=3000)


def test_equal_names_are_told_apart() -> None:
    assert _told_apart(["a", "b", "a", "", ""]) == ["a (1)", "b", "a (2)", "", ""]


def test_a_broken_file_is_not_left_in_the_tree(
    qtbot: Any, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, broken = tmp_path / "good", tmp_path / "broken"
    write_cine(good, 2, 3)
    write_cine(broken, 3, 4)
    window.session.opening.open_paths([good])
    settle(qtbot, window.session)
    before = lines(window)

    def fail(*_: object, **__: object) -> None:
        raise ScanError("broken: its pixels cannot be decoded; copy it again")

    monkeypatch.setattr(door, "read_chosen", fail)  # the headers are read before
    window.session.opening.open_paths([broken])
    settle(qtbot, window.session)
    assert window.session.state.message is not None and window.session.state.message.kind is Kind.ERROR
    assert lines(window) == before


def test_one_click_opens_a_stack(qtbot: Any, opened_folder: MainWindow) -> None:
    tree = opened_folder.study.tree
    tree.scrollToItem(tree.items[0])
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualItemRect(tree.items[0]).center())
    settle(qtbot, opened_folder.session)
    assert (opened_folder.session.state.scan.series, opened_folder.session.state.scan.volume.frames) == (0, 2)
    assert opened_folder.patient.who.text() == "Doe, Jane"


def test_keys_walk_the_tree_and_enter_opens(qtbot: Any, opened_folder: MainWindow) -> None:
    tree, before = opened_folder.study.tree, opened_folder.session.state.view.slice_index
    opened_folder.activateWindow()
    tree.setFocus()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Return):
        QTest.keyClick(tree, key)
    settle(qtbot, opened_folder.session)
    assert (opened_folder.session.state.scan.series, opened_folder.session.state.view.slice_index) == (1, before)


def test_thumbnails_arrive_for_the_rows_that_are_seen(qtbot: Any, opened_folder: MainWindow) -> None:
    tree = opened_folder.study.tree
    item = tree.items[2]
    opened_folder.grab()  # painting asks for them
    qtbot.waitUntil(lambda: item.data(0, Qt.ItemDataRole.DecorationRole) is not None, timeout=10_000)
    image = item.data(0, Qt.ItemDataRole.DecorationRole).toImage()
    assert image.pixelColor(40, 40).lightness() > image.pixelColor(40, 10).lightness() + 50


def test_a_thumbnail_is_asked_for_once_and_dropped_with_its_index(qtbot: Any) -> None:
    gate, asked = threading.Event(), []

    def read(series: Series, pixels: int) -> np.ndarray:
        asked.append(series.number)
        gate.wait(5)
        return np.full((pixels, pixels), 7, np.uint8)

    thumbnails, arrived = Thumbnails(read), []
    thumbnails.arrived.connect(lambda number, image: arrived.append((number, image.pixelColor(0, 0).red())))
    series = [Series(n, "nifti", "", "", 0, (1, 1, 1, 1)) for n in range(2)]
    thumbnails.ask(series[0])
    thumbnails.ask(series[0])
    until(lambda: asked == [0])
    thumbnails.forget()
    thumbnails.ask(series[1])
    gate.set()
    qtbot.waitUntil(lambda: bool(arrived), timeout=5000)
    thumbnails.close()
    assert asked == [0, 1]
    assert arrived == [(1, 7)]


def test_the_thumbnail_asked_for_last_is_read_next(qtbot: Any) -> None:
    """The row that has just been scrolled to is the one that is looked at."""
    asked: list[int] = []
    gate = threading.Event()

    def read(series: Series, pixels: int) -> np.ndarray:
        asked.append(series.number)
        gate.wait(5)
        return np.zeros((pixels, pixels), np.uint8)

    thumbnails, arrived = Thumbnails(read), []
    thumbnails.arrived.connect(lambda number, _: arrived.append(number))
    for number in range(4):
        thumbnails.ask(Series(number, "nifti", "", "", 0, (1, 1, 1, 1)))
        until(lambda: asked == [0])
    gate.set()
    qtbot.waitUntil(lambda: len(arrived) == 4, timeout=5000)
    thumbnails.close()
    assert asked == [0, 3, 2, 1]


def test_names_of_rows() -> None:
    dicom = Series(0, "dicom", "cine sa", "MR", 7, (20, 12, 208, 256))
    single = Series(1, "dicom", "", "MR", 3, (1, 1, 64, 64))
    pair = Series(2, "nifti", "doe_jane", "", 0, (2, 9, 64, 64), pair=True)
    assert [series_title(s, 5, hide=False) for s in (dicom, single, pair)] == ["cine sa", "Series 3", "doe_jane"]
    assert [series_title(s, 5, hide=True) for s in (dicom, single, pair)] == ["cine sa", "Series 3", "Scan 5"]
    assert [series_words(s) for s in (dicom, single, pair)] == [
        "256×208  ·  12 sl × 20 fr", "64×64  ·  1 slice", "64×64  ·  9 sl, ED and ES",
    ]  # fmt: skip
    assert study_title(Study("Heart", "2024", ()), 2, hide=False) == "Heart, 2024"
    assert study_title(Study("Heart", "2024", ()), 2, hide=True) == "Study 2"
    assert patient_title(Patient("Doe", False, ()), 2, hide=True) == "Patient 2"
    assert patient_title(Patient("doe_folder", True, ()), 2, hide=True) == "Folder 2"


def test_many_patients_are_folded_but_for_the_one_on_screen(window: MainWindow) -> None:
    series = [Series(n, "nifti", f"s{n}", "", 0, (1, 3, 9, 9), paths=(Path("/gone.nii"),)) for n in range(40)]
    patients = tuple(Patient(f"p{s.number}", True, (Study("", "", (s,)),)) for s in series)
    window.session.update(index=Index((Path("/f"),), patients, (series[33],)), series=33)
    tree = window.study.tree
    assert [i for i in range(40) if tree.topLevelItem(i).isExpanded()] == [33]
    assert tree.height() <= window.height() * 0.3 + 1


# -- who it is -------------------------------------------------------------------------------------------------------


def test_the_title_of_a_dicom_scan_is_the_engines_in_the_language_of_the_window(
    qapp: QApplication, opened_folder: MainWindow
) -> None:
    scan = opened_folder.session.state.scan.volume
    assert scan_title(scan, hide=False) == scan.source.name == "MR short axis, 3 slices × 5 frames"
    assert scan_title(replace(scan, not_short_axis="a localiser"), hide=True).startswith("MR stack, 3 slices")
    language.install(qapp, Language.GERMAN)
    try:
        assert scan_title(scan, hide=False) == "MR-Kurzachse, 3 Schichten × 5 Phasen"
    finally:
        language.install(qapp, Language.ENGLISH)


def test_what_the_patient_bar_says() -> None:
    of = volume(patient=WHO)
    assert patient_words(of, hide=False) == (
        "Doe, Jane", "MRN77  ·  62 years  ·  female  ·  2024-02-29  ·  GE Signa, 1.5 T",
    )  # fmt: skip
    assert patient_words(of, hide=True) == ("Patient hidden", "GE Signa, 1.5 T")
    assert patient_words(volume(name="doe_jane"), hide=False) == ("doe_jane", "no patient data in the file")
    assert patient_words(volume(name="doe_jane"), hide=True)[0] == "NIfTI scan" == scan_title(volume(), hide=True)
    # Whatever format comes next: the name of a file is hidden unless it is known that it names nobody.
    other = volume(name="doe_jane")
    other = replace(other, source=replace(other.source, kind="another"))
    assert scan_title(other, hide=True) == "Scan"
    assert scan_title(other, hide=False) == "doe_jane"
    assert patient_words(make_phantom(frames=1)[0], hide=False)[0] == "Computed heart"
    assert patient_words(None, hide=False) == ("No study open", "")


def test_one_button_hides_names_everywhere(qtbot: Any, opened_folder: MainWindow) -> None:
    window = opened_folder
    window.session.say(Kind.WARNING, f"{window.session.state.preferences.recents[0]}: something about Roe")
    window.session.update(recents=(Path("/scans/Roe"),))
    window.info.show_tags()
    QTest.mouseClick(window.patient.names, Qt.MouseButton.LeftButton)
    assert window.session.state.preferences.hide_names
    words = [w.text() + w.toolTip() for w in window.findChildren(QLabel) if w.isVisible()]
    words += [window.windowTitle(), *lines(window)]
    table = window.info.tags.rows
    words += [str(table.index(r, c).data()) for r in range(table.rowCount()) for c in range(table.columnCount())]
    recent = window.menus.menus_by_title["Open recent"]
    recent.aboutToShow.emit()
    words += [action.text() for action in recent.actions()]
    for name in ("Roe", "Rick", "Doe", "2024", str(window.session.state.scan.asked[0])):
        assert [text for text in words if name in text] == []
    assert window.patient.names.accessibleName() == "Show names"
    QTest.mouseClick(window.patient.names, Qt.MouseButton.LeftButton)
    assert "Roe, Rick" in window.patient.who.text()
    assert any("Roe^Rick" in str(table.index(r, 3).data()) for r in range(table.rowCount()))


def test_sentences_lose_the_names_of_files() -> None:
    state = opened(evolve(AppState(), recents=(Path("/data/doe"),), asked=(Path("/x/roe.nii"),)), volume(name="poe"))
    text = "/x/roe.nii: bad; roe.nii and doe and poe.nii.gz in /data/doe"
    assert without_names(text, state) == text
    hidden = without_names(text, evolve(state, hide_names=True))
    assert not any(name in hidden for name in ("roe", "doe", "poe", "/x", "/data"))


def test_sentences_lose_the_names_of_other_scans_in_the_folder() -> None:
    other = Series(0, "nifti", "roe_sa.nii.gz", "", 0, (1, 3, 9, 9), paths=(Path("/x/roe_sa.nii.gz"),))
    pair = Series(
        1, "nifti", "doe", "", 0, (2, 3, 9, 9), paths=(Path("/x/doe_ED.nii"), Path("/x/doe_ES.nii")), pair=True
    )
    dicom = Series(2, "dicom", "cine", "MR", 3, (1, 3, 9, 9))
    patient = Patient("miller_folder", True, (Study("", "", (other, pair, dicom)),))
    state = evolve(AppState(), index=Index((Path("/x"),), (patient,), (other, pair, dicom)), hide_names=True)
    hidden = without_names("Found: roe_sa.nii.gz, doe, doe_ES.nii of miller_folder and cine; does nothing", state)
    assert hidden == "Found: (hidden), (hidden), (hidden) of (hidden) and cine; does nothing"


def test_progress_names_no_file_while_names_are_hidden(window: MainWindow) -> None:
    window.session.update(asked=(Path("/scans/Doe"),), busy=Busy("Opening Doe"), hide_names=True)
    assert window.status.text.text() == "Opening (hidden)…"
    window.session.update(busy=None)


def test_a_long_name_gives_way_and_its_tool_tip_says_all(window: MainWindow) -> None:
    window.session.opening.open_volume(volume(patient={**WHO, "name": "D" * 300}))
    QApplication.processEvents()
    assert window.patient.research.geometry().right() <= window.patient.width()
    assert window.patient.who.width() < 300
    assert "D" * 300 in window.patient.who.toolTip()


@pytest.mark.parametrize("width", [1080, 1280, 1920])
def test_the_notice_is_whole_in_every_width(window: MainWindow, width: int) -> None:
    window.session.opening.open_volume(volume(patient={**WHO, "name": "D" * 60}))
    window.resize(width, 700)
    QApplication.processEvents()
    notice = window.patient.research
    assert notice.width() >= notice.sizeHint().width()
    assert notice.mapTo(window, notice.rect().topRight()).x() < width
    assert window.patient.who.width() >= 100


# -- the header ------------------------------------------------------------------------------------------------------


def cell(window: MainWindow, name: str) -> str:
    rows = window.info.tags.rows
    return next(rows.index(r, 3).data() for r in range(rows.rowCount()) if rows.index(r, 1).data() == name)


def test_the_header_follows_the_slice_and_can_be_searched(opened_folder: MainWindow) -> None:
    window = opened_folder
    window.activateWindow()
    window.slice_view.setFocus()
    QTest.keyClick(window.slice_view, Qt.Key.Key_T)
    dialog = window.info.tags
    assert dialog.isVisible() and not dialog.isModal()
    assert not dialog.table.isColumnHidden(0)
    window.session.update(slice_index=2, frame_index=1)
    assert cell(window, "InstanceNumber") == str(2 * 5 + 1 + 1)
    QTest.keyClicks(dialog.search, "trigger")
    assert [dialog.rows.index(r, 1).data() for r in range(dialog.rows.rowCount())] == ["TriggerTime"]
    assert dialog.count.text().startswith("1 of ")
    window.session.update(frame_index=3)
    assert cell(window, "TriggerTime") == "132.5"
    dialog.search.clear()
    dialog.table.selectRow(0)
    dialog._copy()
    assert QApplication.clipboard().text().startswith("(0002,")
    dialog.reject()
    assert window.info.tags is None
    window.info.show_tags()
    assert window.info.tags is not dialog


def test_a_file_of_many_frames_is_read_once(
    qtbot: Any, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_enhanced(tmp_path / "multi.dcm")
    window.session.opening.open_paths([tmp_path / "multi.dcm"])
    settle(qtbot, window.session)
    read: list[int] = []
    real = tags.tags_of
    monkeypatch.setattr(tags, "tags_of", lambda *where: read.append(1) or real(*where))
    window.info.show_tags()
    window.session.update(slice_index=0, frame_index=2)
    window.session.looking.toggle("hide_names")
    assert len(read) == 1
    assert window.info.tags.which.text().endswith("slice 1, frame 3")
    assert cell(window, "PatientName") == "hidden"


def test_the_header_of_a_scan_without_files(window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    window.info.show_tags()
    assert "no header" in window.info.tags.which.text()
    assert not window.study.tags.isVisible()


def test_a_file_that_is_gone_is_said_in_the_table(opened_folder: MainWindow) -> None:
    opened_folder.info.show_tags()
    for file in opened_folder.session.state.scan.index.files:
        file.unlink()
    opened_folder.session.update(slice_index=0)
    assert "cannot be read" in opened_folder.info.tags.which.text()


# -- commands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("exp ma", "Export mask as NIfTI…"),
        ("seg", "Segment"),
        ("dicom", "Export mask as DICOM SEG…"),
        ("ofo", "Open folder…"),
        ("INVERT", "Invert grey scale"),
    ],
)
def test_the_best_fit_is_first(words: str, expected: str) -> None:
    texts = [action.text for action in ACTIONS]
    assert max(texts, key=lambda text: score(words, text) or 0.0) == expected


def test_what_does_not_fit_is_not_there() -> None:
    assert score("zzz", "Segment") is None
    assert score("segment now", "Segment") is None
    assert score("gn", "Segment") is None  # in order, but not from the start of a word
    assert score("", "Segment") is not None


def open_palette(window: MainWindow) -> Palette:
    window.activateWindow()
    window.slice_view.setFocus()
    QTest.keyClick(window.slice_view, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    return next(palette for palette in window.findChildren(Palette) if palette.isVisible())


def test_the_palette_has_every_command_of_the_window(window: MainWindow) -> None:
    palette = open_palette(window)
    shown = {palette.list.item(i).text() for i in range(palette.list.count())}
    assert shown == {action.text for action in ACTIONS} - {"Find a command…"}
    palette.close()


def test_typing_arrows_and_enter_do_a_command(window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    palette = open_palette(window)
    QTest.keyClicks(palette.line, "inv gr")
    assert palette.list.currentItem().text() == "Invert grey scale"
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.session.state.view.invert
    palette = open_palette(window)
    QTest.keyClicks(palette.line, "theme")
    first = palette.list.currentItem().text()
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentItem().text() != first
    QTest.keyClick(palette.line, Qt.Key.Key_Up)
    QTest.keyClick(palette.line, Qt.Key.Key_Up)  # round to the last
    rows = [palette.list.item(row) for row in range(palette.list.count())]
    can_run = [row for row, item in enumerate(rows) if item.flags() & Qt.ItemFlag.ItemIsEnabled]
    assert palette.list.currentRow() == can_run[-1]
    QTest.keyClicks(palette.line, " no such thing")
    assert palette.list.count() == 0 and palette._nothing.isVisible()
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    QTest.keyClick(palette.line, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_a_command_that_cannot_be_done_now_is_passed_over(qtbot: Any, window: MainWindow) -> None:
    actions = [QAction("one"), QAction("two"), QAction("three")]
    actions[0].setEnabled(False)
    done: list[str] = []
    for action in actions:
        action.triggered.connect(lambda _=False, a=action: done.append(a.text()))
    palette = Palette(window, actions)
    palette.show()
    assert palette.list.currentItem().text() == "two"
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentItem().text() == "two"
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(40, 2 * 32 + 10))
    assert done == ["three"]


# -- the theme is remembered -----------------------------------------------------------------------------------------


def test_the_theme_is_remembered(tmp_path: Path) -> None:
    Settings(tmp_path / "s.ini").save(evolve(AppState(), theme=Theme.SYSTEM))
    assert Settings(tmp_path / "s.ini").restore(AppState()).preferences.theme is Theme.SYSTEM
    (tmp_path / "s.ini").write_text("[General]\ntheme=purple\n")
    assert Settings(tmp_path / "s.ini").restore(AppState()).preferences.theme is Theme.DARK


def test_keys_of_the_tree_stay_there(window: MainWindow) -> None:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(window.study.tree, event)
    assert event.isAccepted()
