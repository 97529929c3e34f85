"""The colour of each structure: chosen by mouse or keys, drawn everywhere, remembered, never like another one's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from pixel_colours import near
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QColorDialog, QLineEdit, QPushButton, QWidget

from app.look import theme
from app.state import structure_colours
from app.state.changes import evolve
from app.state.queries import shown_labels
from app.state.structure_colours import DEFAULTS, PALETTE, TOO_NEAR, clash, complete, confused, distance, is_faint
from app.state.types import AppState, Kind, Layout, Mask, Overlay, Style, Theme
from app.window.main_window import MainWindow
from app.window.palette import Palette
from app.window.settings import Settings
from engine.volume import LV, MYO, RV

GREEN, BLUE, PINK = PALETTE["Green"], PALETTE["Blue"], PALETTE["Pink"]
LEFT, KEY = Qt.MouseButton.LeftButton, Qt.Key


@pytest.fixture(autouse=True)
def defaults_again(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp)
    yield
    theme.apply(qapp)


@pytest.fixture
def ready(qtbot: Any, window: MainWindow) -> MainWindow:
    """A scan, segmented in both precisions."""
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    return window


def painted(shown: QWidget | QPixmap, colour: tuple[int, int, int]) -> int:
    """How many pixels of the widget or picture have this colour."""
    drawn = shown if isinstance(shown, QPixmap) else shown.grab()
    image = drawn.toImage().convertToFormat(QImage.Format.Format_RGB888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return int(near(pixels[:, : 3 * image.width()].reshape(image.height(), image.width(), 3), colour).sum())


def by_mouse(window: MainWindow, structure: int, name: str) -> None:
    """Click the swatch, then a colour in what opens."""
    swatch = window.structures.swatches[structure]
    QTest.mouseClick(swatch, LEFT)
    (entry,) = [action for action in swatch.menu.actions() if action.text().startswith(name)]
    QTest.mouseClick(swatch.menu, LEFT, pos=swatch.menu.actionGeometry(entry).center())


# -- which colours ---------------------------------------------------------------------------------------------------


def test_distances_are_those_of_the_eye() -> None:
    assert distance((0, 0, 0), (255, 255, 255)) == pytest.approx(1.0, abs=1e-3)
    assert distance((120, 60, 30), (120, 60, 30)) == 0
    # Red and green of one lightness: far apart, and near without the medium wave cones.
    assert distance((200, 60, 40), (110, 120, 20)) > 2 * distance((200, 60, 40), (110, 120, 20), blind=True)


def test_every_two_of_the_palette_stay_apart_in_every_kind_of_colour_blindness() -> None:
    for one, other in combinations(PALETTE.values(), 2):
        assert distance(one, other) > TOO_NEAR
        assert distance(one, other, blind=True) > TOO_NEAR, (one, other)


@pytest.mark.parametrize("name", PALETTE)
def test_the_palette_stands_out_on_images_and_its_words_on_panels(name: str) -> None:
    colour = PALETTE[name]
    assert not is_faint(colour)
    assert theme.contrast(structure_colours.css(colour), "#000000") >= 4.45
    for colours in (theme.DARK, theme.LIGHT):
        legible = theme.legible(colour, colours)
        for ground in (colours.window, colours.panel, colours.raised):
            assert theme.contrast(legible, ground) >= theme.LEGIBLE


def test_the_defaults_are_the_first_of_the_palette() -> None:
    assert list(DEFAULTS.values()) == list(PALETTE.values())[:3]
    assert complete({RV: GREEN}) == {**DEFAULTS, RV: GREEN}
    assert complete({}) == DEFAULTS


def test_what_is_too_alike() -> None:
    near_yellow = (240, 210, 100)
    assert clash(LV, near_yellow, DEFAULTS) == MYO
    assert clash(MYO, near_yellow, DEFAULTS) is None  # a structure is not too like itself
    assert all(clash(label, colour, DEFAULTS) is None for label, colour in DEFAULTS.items())
    green, red = (110, 120, 20), (200, 60, 40)
    assert clash(RV, green, {**DEFAULTS, LV: red}) is None
    assert confused(RV, green, {**DEFAULTS, LV: red}) == LV
    assert confused(RV, BLUE, DEFAULTS) is None
    assert is_faint((200, 200, 196)) and is_faint((60, 0, 0)) and not is_faint(DEFAULTS[LV])


# -- choosing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "layouts"),
    # Each kind of view in every style: of a slice, of all slices, of a plane.
    [(s, list(Layout) if s is Style.OUTLINE else [Layout.SLICE, Layout.SHEET, Layout.LONG_AXIS]) for s in Style],
)
def test_a_choice_is_drawn_in_every_layout_and_picture(ready: MainWindow, style: Style, layouts: list[Layout]) -> None:
    session = ready.session
    for layout in layouts:
        session.update(layout=layout, overlay=Overlay(style=style, opacity=1.0))
        QApplication.processEvents()
        before = painted(ready.stage, DEFAULTS[LV])
        assert before > 0
        by_mouse(ready, LV, "Green")
        assert session.state.preferences.overlay.colours == {LV: GREEN}
        QApplication.processEvents()
        for picture in (ready.stage, ready.stage.picture()):
            assert painted(picture, DEFAULTS[LV]) == 0
            assert painted(picture, GREEN) > before / 2


def test_a_choice_is_on_the_panels_in_both_themes(ready: MainWindow) -> None:
    by_mouse(ready, LV, "Blue")
    for choice, ground in ((Theme.DARK, theme.DARK), (Theme.LIGHT, theme.LIGHT)):
        ready.session.update(theme=choice)
        QApplication.processEvents()
        words = theme.legible(BLUE, ground)
        assert theme.structure_css(LV) == words
        assert ready.function.curve.lines[LV].opts["pen"].color() == QColor(words)
        assert painted(ready.structures.swatches[LV], BLUE) > 40
        assert painted(ready.structures.boxes[LV], BLUE) > 40
        shown = QColor(words)
        assert painted(ready.function, (shown.red(), shown.green(), shown.blue())) > 40
        assert theme.structure_css(MYO) == ground.myo


def test_a_mask_and_the_agreement_have_the_colour_too(qtbot: Any, ready: MainWindow) -> None:
    session = ready.session
    by_mouse(ready, LV, "Pink")
    session.update(mask=Mask("mask", shown_labels(session.state), (0,)), layout=Layout.COMPARE)
    settle(qtbot, session)
    QApplication.processEvents()
    assert painted(ready.stage.view("table"), PINK) > 10
    # Dashes are the same, nearer to white.
    session.update(layout=Layout.SLICE, overlay=Overlay(colours={LV: PINK}))
    pale = tuple(round(c + 0.55 * (255 - c)) for c in PINK)
    assert painted(ready.slice_view, pale) > 0


def test_by_keys_alone(ready: MainWindow) -> None:
    swatch = ready.structures.swatches[RV]
    before = swatch.grab().toImage()
    ready.activateWindow()
    ready.structures.boxes[RV].setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(ready.structures.boxes[RV], KEY.Key_Tab)
    assert QApplication.focusWidget() is swatch
    assert swatch.grab().toImage() != before
    assert swatch.accessibleName() == "Colour: RV cavity"
    assert swatch.accessibleDescription() == "Sky blue"
    QTest.keyClick(swatch, KEY.Key_Space)
    assert swatch.menu.isVisible()
    assert not ready.session.state.view.playing  # Space went to the swatch
    assert swatch.menu.activeAction().text() == "Sky blue"
    QTest.keyClick(swatch.menu, KEY.Key_Escape)
    assert ready.session.state.preferences.overlay.colours == {}
    QTest.keyClick(swatch, KEY.Key_Space)
    for _ in range(2):
        QTest.keyClick(swatch.menu, KEY.Key_Down)
    QTest.keyClick(swatch.menu, KEY.Key_Return)
    assert ready.session.state.preferences.overlay.colours == {RV: GREEN}
    assert swatch.accessibleDescription() == "Green"


def test_colours_that_others_have_cannot_be_chosen(ready: MainWindow) -> None:
    swatch = ready.structures.swatches[LV]
    QTest.mouseClick(swatch, LEFT)
    entries = {action.text(): action for action in swatch.menu.actions()}
    assert not entries["Yellow (as LV myocardium)"].isEnabled()
    assert not entries["Sky blue (as RV cavity)"].isEnabled()
    assert entries["Amber"].isEnabled() and entries["Vermilion"].isEnabled()
    assert not entries["Defaults"].isEnabled()  # they are what is shown
    swatch.menu.close()
    by_mouse(ready, LV, "Yellow")
    assert ready.session.state.preferences.overlay.colours == {}
    swatch.menu.close()
    session = ready.session
    session.looking.choose_colour(LV, (240, 210, 100))
    message = session.state.message
    assert session.state.preferences.overlay.colours == {}
    assert message.kind is Kind.WARNING
    assert "LV cavity and LV myocardium would have nearly the same colour" in message.text


def test_doubtful_colours_are_taken_with_a_warning(ready: MainWindow) -> None:
    session = ready.session
    session.looking.choose_colour(RV, (205, 205, 205))
    assert session.state.preferences.overlay.colours == {RV: (205, 205, 205)}
    assert "hardly stands out" in session.state.message.text
    session.looking.choose_colour(RV, BLUE)
    assert session.state.message is None
    session.looking.choose_colour(LV, (200, 60, 40))
    session.looking.choose_colour(RV, (110, 120, 20))
    assert session.state.preferences.overlay.colours[RV] == (110, 120, 20)
    assert "colour blindness" in session.state.message.text


def test_the_defaults_come_back(ready: MainWindow) -> None:
    by_mouse(ready, LV, "Green")
    by_mouse(ready, MYO, "Pink")
    by_mouse(ready, LV, "Defaults")
    assert ready.session.state.preferences.overlay.colours == {}
    assert theme.STRUCTURE_COLOURS == DEFAULTS
    assert painted(ready.slice_view, DEFAULTS[MYO]) > 0
    by_mouse(ready, LV, "Green")
    by_mouse(ready, LV, "Vermilion")  # its default is no choice: a later default would be shown
    assert ready.session.state.preferences.overlay.colours == {}


def test_any_other_colour(ready: MainWindow) -> None:
    swatch = ready.structures.swatches[LV]
    for _ in range(2):
        by_mouse(ready, LV, "Other…")
    (dialog,) = ready.findChildren(QColorDialog)
    assert dialog.isVisible() and not dialog.isModal()
    assert dialog.windowTitle() == "Colour: LV cavity"
    ready.session.looking.step_slice(1)  # the window goes on
    (line,) = [w for w in dialog.findChildren(QLineEdit) if w.text().startswith("#")]
    assert line.text() == structure_colours.css(DEFAULTS[LV])
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "#20c0a0")
    (ok,) = [b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "") == "OK"]
    QTest.mouseClick(ok, LEFT)
    assert ready.session.state.preferences.overlay.colours == {LV: (32, 192, 160)}
    assert swatch.accessibleDescription() == "#20c0a0"
    assert painted(ready.slice_view, (32, 192, 160)) > 0
    by_mouse(ready, LV, "Other…")
    (dialog,) = [d for d in ready.findChildren(QColorDialog) if d.isVisible()]
    assert dialog.currentColor() == QColor(32, 192, 160)
    QTest.keyClick(dialog, KEY.Key_Escape)
    assert ready.session.state.preferences.overlay.colours == {LV: (32, 192, 160)}


def test_the_commands_of_the_palette(ready: MainWindow) -> None:
    ready.session.looking.choose_colour(MYO, PINK)
    for typed, opened in (("colour myo", MYO), ("colour rv", RV)):
        ready.show_palette()
        (palette,) = [p for p in ready.findChildren(Palette) if p.isVisible()]
        QTest.keyClicks(palette.line, typed)
        QTest.keyClick(palette.line, KEY.Key_Return)
        menu = ready.structures.swatches[opened].menu
        assert menu.isVisible()
        at = ready.structures.swatches[opened].mapToGlobal(QPoint(0, 0))
        assert abs(menu.x() - at.x()) < 300
        menu.close()
    ready.menus.actions_by_text["Default colours"].trigger()
    assert ready.session.state.preferences.overlay.colours == {}


# -- remembered ------------------------------------------------------------------------------------------------------


def test_colours_are_remembered(tmp_path: Path) -> None:
    state = evolve(AppState(), overlay=Overlay(colours={LV: GREEN, RV: (32, 192, 160)}))
    Settings(tmp_path / "s.ini").save(state)
    assert Settings(tmp_path / "s.ini").restore(AppState()) == state
    Settings(tmp_path / "s.ini").save(AppState())
    assert Settings(tmp_path / "s.ini").restore(AppState()) == AppState()


@pytest.mark.parametrize(
    "stored",
    ["[]", '{"1": 7}', '{"1": "#12345"}', '{"9": "#28b064"}', '{"1": "#f4d65c"}', '{"1": "red"}', "{", '{"1": null}'],
)
def test_damaged_colours_are_dropped(tmp_path: Path, stored: str) -> None:
    settings = Settings(tmp_path / "s.ini")
    settings._store.setValue("overlay/colours", stored)
    assert settings.restore(AppState()).preferences.overlay.colours == {}
