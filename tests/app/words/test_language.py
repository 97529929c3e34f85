"""The window in another language: nothing is missing, nothing unfinished, nothing left in English, nothing clipped."""

from __future__ import annotations

import ast
import html
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_fixtures import (  # noqa: F401
    FakeModel,
    card,
    catalog,
    model_fixture,
    settle,
    volume,
    window_fixture,
)
from bench_reports import report, row
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMenu, QPushButton, QWidget

from app.dialogs import dialogs
from app.dialogs.dialogs import SpacingDialog
from app.dialogs.mask_dialog import MaskDialog
from app.look.widgets import Elided
from app.state.changes import evolve, opened
from app.state.types import AppState, Language, Layout
from app.views import captions
from app.window.actions import Action
from app.window.main_window import MainWindow
from app.window.menus import ACTIONS, menus_within
from app.window.palette import Palette
from app.window.settings import Settings
from app.window.shortcuts import shortcuts
from app.words import language
from app.words.engine_words import TEXTS, translated
from engine.network.bench import recommend
from resources.translations.__main__ import LANGUAGES, SOURCES, collect, compile_into

ALL = pytest.mark.parametrize("code", LANGUAGES)
ENGINE = SOURCES.parent / "engine"


def catalogue(code: str) -> Path:
    return language.folder() / f"cinequant_{code}.ts"


def messages(code: str) -> list[ET.Element]:
    return ET.parse(catalogue(code)).getroot().findall("context/message")


def source(message: ET.Element) -> str:
    return message.findtext("source") or ""


def translations(message: ET.Element) -> list[str]:
    """One, or one for each form of the number."""
    found = message.find("translation")
    assert found is not None
    forms = [form.text or "" for form in found.findall("numerusform")]
    return forms or [found.text or ""]


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    language.install(qapp, Language.GERMAN)
    yield
    language.install(qapp, Language.ENGLISH)


# -- the catalogue ---------------------------------------------------------------------------------------------------


@ALL
def test_the_catalogue_has_every_text_of_the_code_and_no_other(code: str, tmp_path: Path) -> None:
    """Made anew it is the same; if not, run `python -m resources.translations` and translate what is unfinished."""
    again = Path(shutil.copy(catalogue(code), tmp_path))
    collect(again)
    assert again.read_text(encoding="utf-8") == catalogue(code).read_text(encoding="utf-8")


@ALL
def test_every_text_is_translated(code: str) -> None:
    for message in messages(code):
        found = message.find("translation")
        assert found is not None and found.get("type") is None, source(message)
        assert all(text.strip() or source(message) == "," for text in translations(message)), source(message)


@ALL
def test_placeholders_and_ends_are_those_of_the_source(code: str) -> None:
    names = re.compile(r"\{\w*\}|%n|%\d")
    for message in messages(code):
        for text in translations(message):
            assert sorted(names.findall(text)) == sorted(names.findall(source(message))), source(message)
            assert text.endswith("…") == source(message).endswith("…"), source(message)
            assert ";;" not in source(message) or text.count(";;") == source(message).count(";;")
            assert re.findall(r"\*\.\w+", text) == re.findall(r"\*\.\w+", source(message))
    numbered = [message for message in messages(code) if message.get("numerus")]
    assert all(len(translations(message)) == 2 for message in numbered)
    # What lupdate did not take for a number would be said in one form only.
    assert {source(message) for message in numbered} == {
        source(message) for message in messages(code) if "%n" in source(message)
    }


@ALL
def test_the_compiled_catalogue_is_that_of_the_texts(code: str, tmp_path: Path) -> None:
    compile_into(catalogue(code), tmp_path / "again.qm")
    assert (tmp_path / "again.qm").read_bytes() == catalogue(code).with_suffix(".qm").read_bytes()


# -- the code --------------------------------------------------------------------------------------------------------

# What shows its text arguments to the user.
SHOWS = {
    "label", "setText", "setToolTip", "setAccessibleName", "setAccessibleDescription", "setWindowTitle", "drawText",
    "setPlaceholderText", "setInformativeText", "addAction", "addMenu", "addItem", "addButton", "QLabel", "QMenu",
    "QPushButton", "QCheckBox", "QRadioButton", "IconButton", "MarkedSlider", "StripChart", "Plot", "Busy", "say",
    "Table", "Pane", "invite", "words", "lines", "append", "set_labels", "_button", "_dialog", "_side", "_head",
    "format",
    "getOpenFileNames", "getSaveFileName", "getExistingDirectory", "_ask_save", "Segments", "__init__", "Action",
}  # fmt: skip
# The same in every language: names, kinds of files, keys, and the table for other programs.
NAMES = {"CineQuant", "CineQuant {}", "PNG (*.png)", "NIfTI (*.nii.gz *.nii)", "CSV (*.csv)", "Apache License 2.0",
         "{} – CineQuant", "Up", "Down", "Left", "Right", "Space", "Escape", "Delete",
         "g (spacing unknown)"}  # fmt: skip
WORD = re.compile(r"\b[A-Z][a-z]{2,}|[a-z]{2,} [a-z]{2,}")
KEY = re.compile(r"(Ctrl|Alt|Shift)\+")


def plain(node: ast.expr) -> str | None:
    """A literal, with {} for what is put into it; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def literals(node: ast.expr) -> Iterator[str]:
    """The literals of an argument that are shown as they stand."""
    if (text := plain(node)) is not None:
        yield text
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.BinOp | ast.BoolOp):
        for part in (node.left, node.right) if isinstance(node, ast.BinOp) else node.values:
            yield from literals(part)
    elif isinstance(node, ast.List | ast.Tuple):
        for part in node.elts:
            yield from literals(part)


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.py")), ids=lambda path: path.stem)
def test_no_text_is_shown_past_the_catalogue(path: Path) -> None:
    if path.parent.name == "cli":
        pytest.skip("the command line is English")
    shown = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and called(node) in SHOWS:
            for argument in (*node.args, *(keyword.value for keyword in node.keywords if keyword.arg != "menu")):
                shown += [t for t in literals(argument) if WORD.search(t) and t not in NAMES and not KEY.search(t)]
    menus = {"File", "Export", "View", "Cine", "Model", "Help"}  # looked up when the menus are made
    assert not [text for text in shown if not (path.stem == "actions" and text in menus)]


def test_texts_of_the_engine_are_those_that_it_says() -> None:
    """Wordings change: what is recognised here must be in the engine's code, word for word."""
    said = set()
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.expr) and (text := plain(node)) is not None:
                said.add(text)
    for text in TEXTS:
        if text.startswith("{model}") or re.sub(r"\{\w+\}", "{}", text) in said:  # of parts: see the next test
            continue
        # Sentences that the engine puts together: each part between what is filled in stands somewhere in its code.
        parts = [part.strip(" .;:,()1") for part in re.split(r"\{\w+\}|(?<=\.) |; | \(", text)]
        assert all(any(part in one for one in said) for part in parts), text


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("first", "float32", 4.0), row("first", "int8", 2.0)], "mal so schnell wie float32, bei"),
        ([row("first", "float32", 4.0, dice_mean=None), row("first", "int8", 2.0, dice_mean=None)], "2.0-mal so"),
        ([row("first", "float32", 2.0), row("first", "int8", 2.0)], "keine andere Genauigkeit"),
        ([row("first", "float32", 2.0)], "ist die beste Wahl: 2.0 ms je Schicht."),
        ([row("first", "int8", 2.0, difference=9.0)], "Voreinstellung"),
    ],
)
def test_advice_of_the_device_check_is_recognised(german: None, rows: list[Any], expected: str) -> None:
    *_, reason = recommend(rows, catalog("first"))
    assert expected in translated(reason)


def test_what_stands_in_a_sentence_of_the_engine_is_kept(german: None) -> None:
    assert translated("an image of SR modality") == "ein Bild der Modalität SR"
    assert translated("LV cavity") == "LV-Kavum"
    unknown = "scan.nii.gz: is damaged; copy it again"
    assert translated(unknown) == unknown


# -- which language --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (["de-Latn-AT", "de-AT", "de"], "de"),
        (["fr-FR", "fr", "de-DE", "de"], "de"),
        (["en-GB", "en", "de-DE"], "en"),
        (["ja-JP", "ja"], "en"),
        (["C"], "en"),
        ([], "en"),
    ],
)
def test_the_systems_language(monkeypatch: pytest.MonkeyPatch, wanted: list[str], code: str) -> None:
    class System:
        def uiLanguages(self) -> list[str]:
            return wanted

    monkeypatch.setattr(QLocale, "system", staticmethod(System))
    assert language.code_of(Language.SYSTEM) == code
    assert language.code_of(Language.GERMAN) == "de"
    assert language.code_of(Language.ENGLISH) == "en"


def test_the_language_is_remembered(tmp_path: Path) -> None:
    Settings(tmp_path / "s.ini").save(evolve(AppState(), language=Language.GERMAN))
    assert Settings(tmp_path / "s.ini").restore(AppState()).preferences.language is Language.GERMAN
    (tmp_path / "s.ini").write_text("[General]\nlanguage=tlh\n")
    assert Settings(tmp_path / "s.ini").restore(AppState()).preferences.language is Language.SYSTEM


def test_a_language_is_chosen_for_the_next_start(window: MainWindow) -> None:
    window.menus.actions_by_text["Language: Deutsch"].trigger()
    assert window.session.state.preferences.language is Language.GERMAN
    assert window.menus.actions_by_text["Language: Deutsch"].isChecked()
    assert not window.menus.actions_by_text["Language of the system"].isChecked()
    message = window.session.state.message
    assert message is not None and "started again" in message.text


def test_the_menu_of_languages_says_from_when_they_count(window: MainWindow) -> None:
    [menu] = [menu for menu in window.findChildren(QMenu) if menu.title() == "Language"]
    first, *languages = menu.actions()
    [entries] = [menu.entries for menu in menus_within() if menu.title == "Language"]
    assert first.text() == "From the next start on" and not first.isEnabled()
    assert [action.text() for action in languages] == [entry.text for entry in entries if isinstance(entry, Action)]
    for one in window.findChildren(QMenu):
        assert one.menuAction() not in one.actions(), one.title()


def test_installing_another_language_takes_the_first_away(qapp: QApplication) -> None:
    assert language.install(qapp, Language.GERMAN) == language.code_now() == "de"
    assert language.translate("Action", "Quit") == "Beenden"
    assert QApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    assert language.install(qapp, Language.ENGLISH) == language.code_now() == "en"
    assert language.translate("Action", "Quit") == "Quit"
    assert QApplication.translate("QPlatformTheme", "Cancel") == "Cancel"


def test_numbers_in_sentences(german: None, qapp: QApplication) -> None:
    def slices(n: int) -> str:
        return language.translate("StudyPanel", "%n slice(s)", "", language.COUNT, n)

    assert (slices(1), slices(2), slices(0)) == ("1 Schicht", "2 Schichten", "0 Schichten")
    assert language.thousands(1234567) == "1\u202f234\u202f567"
    language.install(qapp, Language.ENGLISH)
    assert (slices(1), slices(2), slices(0)) == ("1 slice", "2 slices", "0 slices")
    assert language.thousands(1234567) == "1,234,567"


# -- the window in German --------------------------------------------------------------------------------------------


def english() -> set[str]:
    """Texts that look otherwise in German, as they would stand on a widget."""
    differ = {source(m) for m in messages("de") if source(m) not in translations(m) and "{" not in source(m)}
    # Some are German words too.
    also_german = {text for message in messages("de") for text in translations(message)}
    return {text for text in differ - also_german if "%n" not in text and text != ","}


def texts_of(widget: QWidget) -> Iterator[str]:
    for one in (widget, *widget.findChildren(QWidget)):
        for ask in ("text", "placeholderText", "title", "windowTitle", "toolTip", "accessibleName"):
            if callable(getattr(one, ask, None)):
                yield str(getattr(one, ask)())
        if hasattr(one, "itemText"):
            yield from (one.itemText(i) for i in range(one.count()))
        if isinstance(one, QMenu):
            yield from (action.text() for action in one.actions())


def assert_german(widget: QWidget) -> None:
    left = english()
    upper = {text.upper() for text in left}
    shown = [re.sub("<[^>]+>", "", html.unescape(text)) for text in texts_of(widget)]
    assert not [text for text in shown if text in left or (text in upper and len(text) > 4)]


def opened_dialog(window: MainWindow) -> QDialog:
    [dialog] = [one for one in window.findChildren(QDialog) if one.isVisible()]
    return dialog


@pytest.mark.parametrize("layout", list(Layout))
def test_the_whole_window_is_german(german: None, qtbot: Any, window: MainWindow, layout: Layout) -> None:
    assert_german(window)
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.session.looking.show_layout(layout)
    assert_german(window)
    assert window.structures.boxes[1].text() == "LV-Kavum"
    assert window.patient.research.text() == "Nur für die Forschung, nicht zur Diagnostik"
    assert captions.top_left(window.session.state)[0] == "Schicht 3 / 4"


@pytest.mark.parametrize(
    "command",
    ["Keys and mouse", "Find a command…", "About the model…", "About CineQuant", "Header of the slice…"],
)
def test_dialogs_are_german(german: None, qtbot: Any, window: MainWindow, command: str) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.menus.actions_by_text[command].trigger()
    dialog = opened_dialog(window)
    assert_german(dialog)
    dialog.close()


def test_the_question_for_the_spacing_is_german(german: None, qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.questions.spacing()
    dialog = opened_dialog(window)
    assert_german(dialog)
    dialog.close()


def test_the_device_check_is_german(german: None, qtbot: Any, window: MainWindow) -> None:
    window.session.update(report=report())
    window.info.show_device_check()
    dialog = opened_dialog(window)
    assert_german(dialog)
    assert "ist die beste Wahl" in dialog.advice.text()
    assert "ist die beste Wahl" in window.performance.advice.text()
    dialog.close()


def test_the_question_about_a_mask_is_german(german: None, window: MainWindow) -> None:
    dialog = MaskDialog(window, "mask.nii.gz")
    assert_german(dialog)
    dialog.close()


def test_a_scan_is_described_in_german(german: None) -> None:
    state = opened(evolve(AppState(), catalog=catalog("first"), model_id="first"), volume(1, phase_names=("ED",)))
    assert "Phase ED  (1 / 1)" in captions.top_left(state)


@pytest.mark.parametrize("words", ["grauwerte", "invert grey", "grau inv"])
def test_the_palette_finds_commands_by_german_and_english_words(german: None, window: MainWindow, words: str) -> None:
    window.show_palette()
    palette = window.findChild(Palette)
    assert palette is not None
    QTest.keyClicks(palette.line, words)
    assert palette.list.currentItem().text() == "Grauwerte invertieren"
    palette.close()


def test_keys_and_menus_are_german(german: None, window: MainWindow) -> None:
    names = {action.text() for action in window.menus.actions_by_text.values()}
    assert "Zur Enddiastole" in names
    assert len(names) == len(ACTIONS)  # no two commands are called alike
    window.show_shortcuts()
    dialog = opened_dialog(window)
    assert any("Strg+O" in text.text() for text in dialog.findChildren(QLabel))
    dialog.close()


def test_a_decimal_comma_is_a_decimal_point(german: None, qtbot: Any) -> None:
    dialog = SpacingDialog(None)
    qtbot.addWidget(dialog)
    dialog.show()
    for box, typed, expected in zip(dialog.boxes, ("1,4", "1.45", "10,5"), (1.4, 1.45, 10.5), strict=True):
        box.setFocus(Qt.FocusReason.TabFocusReason)
        box.selectAll()
        QTest.keyClicks(box, typed)
        assert box.value() == expected
        assert "." in box.text() and "," not in box.text()
        assert box.lineEdit().width() > 60  # there is room to see it


# -- room ------------------------------------------------------------------------------------------------------------


def clipped(widget: QWidget) -> list[str]:
    """Labels and buttons whose words have less room than they need; Elided ones give way by design."""
    found = []
    for one in (*widget.findChildren(QLabel), *widget.findChildren(QPushButton)):
        if not one.isVisible() or not one.text() or isinstance(one, Elided):
            continue
        if isinstance(one, QLabel) and one.wordWrap():
            fits = one.height() >= one.heightForWidth(one.width()) - 1
        else:
            fits = one.width() >= one.sizeHint().width() - 1
        if not fits:
            found.append(one.text())
    return found


@pytest.mark.parametrize("size", [(1080, 660), (1250, 700), (1280, 720), (1920, 1080)])
def test_german_words_have_room(german: None, qtbot: Any, window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.session.update(report=report())
    # Flags come a moment later, and the panels make room for them.
    qtbot.waitUntil(lambda: window.session.idle and window.session.reviewing.settled, timeout=5000)
    qtbot.waitUntil(lambda: not clipped(window), timeout=5000)
    # Qt hides the menus that find no room behind an arrow of a few pixels.
    qtbot.waitUntil(lambda: window.menus.width() >= window.menus.sizeHint().width(), timeout=5000)


def test_the_sheet_of_keys_is_as_wide_as_its_words(german: None, window: MainWindow) -> None:
    dialog = shortcuts(window)
    dialog.show()
    QApplication.processEvents()  # the scroll bar takes its room
    assert not clipped(dialog)
    content = dialog.findChild(QLabel).parentWidget()
    assert content.width() <= content.parentWidget().width()
    assert dialog.width() <= window.width(), "the button to close it lies beyond the screen"
    dialog.close()


def test_the_model_card_has_room(german: None, window: MainWindow) -> None:
    dialog = dialogs.model_card(window, card())
    dialog.show()
    assert not clipped(dialog)
    dialog.close()


def test_numbers_have_a_minus_sign_and_no_negative_zero() -> None:
    shown = [
        language.rounded(value, digits) for value, digits in ((-2.3, 0), (-0.3, 0), (-0.04, 1), (-0.25, 2), (7, 0))
    ]
    assert shown == ["−2", "0", "0.0", "−0.25", "7"]
    assert [language.rounded(value, 1, signed=True) for value in (-2.3, 1.25, -0.04)] == ["−2.3", "+1.2", "+0.0"]
