"""Legible in both themes; every widget that the keyboard reaches has a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QComboBox, QLineEdit, QWidget

from app.dialogs.dialogs import SpacingDialog
from app.look import icons, theme
from app.state.types import Layout, Theme
from app.window.main_window import MainWindow
from engine.volume import LV, MYO, RV

GROUNDS = ("window", "panel", "raised")
TEXTS = ("text", "muted", "faint", "accent", "error", "warning", "lv", "myo", "rv",
         "float32", "float16", "dynamic", "other_precision")  # fmt: skip
BOTH = pytest.mark.parametrize("colours", [theme.DARK, theme.LIGHT], ids=["dark", "light"])


def luminance(colour: QColor) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def contrast(one: str | QColor, other: str | QColor) -> float:
    high, low = sorted((luminance(QColor(one)), luminance(QColor(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(autouse=True)
def dark_again(qapp: QApplication) -> Iterator[None]:
    """Each test starts and ends dark."""
    theme.apply(qapp)
    yield
    theme.apply(qapp)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@BOTH
@pytest.mark.parametrize(("text", "ground"), list(product(TEXTS, GROUNDS)))
def test_text_is_legible(colours: theme.Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@BOTH
def test_text_on_what_is_chosen_hovered_and_pressed_is_legible(colours: theme.Colours) -> None:
    for ground in (colours.accent_dim, colours.hover, colours.pressed):
        assert contrast(colours.text, ground) >= 4.5
    assert contrast(colours.on_accent, colours.accent) >= 4.5
    assert contrast(colours.on_accent, colours.accent_hover) >= 4.5
    assert contrast(colours.accent_hover, colours.panel) >= 4.5
    assert contrast(colours.muted, colours.hover) >= 4.5


@BOTH
def test_focus_and_handles_stand_out(colours: theme.Colours) -> None:
    """Three to one is what WCAG asks of what is not text."""
    for ground in (colours.window, colours.panel, colours.raised):
        assert contrast(colours.accent, ground) >= 3
        assert contrast(colours.handle, ground) >= 3


@pytest.mark.parametrize("choice", [Theme.DARK, Theme.LIGHT])
def test_the_palette_that_qt_draws_with_is_legible(qapp: QApplication, choice: Theme) -> None:
    theme.apply(qapp, choice)
    palette, roles = qapp.palette(), QPalette.ColorRole
    for text, ground in (
        (roles.WindowText, roles.Window), (roles.Text, roles.Base), (roles.ButtonText, roles.Button),
        (roles.PlaceholderText, roles.Base), (roles.HighlightedText, roles.Highlight),
        (roles.ToolTipText, roles.ToolTipBase), (roles.Link, roles.Base),
    ):  # fmt: skip
        assert contrast(palette.color(text), palette.color(ground)) >= 4.5


def test_every_colour_of_the_style_sheet_is_the_themes() -> None:
    assert not re.search(r"#[0-9a-fA-F]{6}\b|\bwhite\b|\bblack\b", theme.STYLE)


@pytest.mark.parametrize(
    ("choice", "system", "expected"),
    [
        (Theme.DARK, Qt.ColorScheme.Light, theme.DARK),
        (Theme.LIGHT, Qt.ColorScheme.Dark, theme.LIGHT),
        (Theme.SYSTEM, Qt.ColorScheme.Light, theme.LIGHT),
        (Theme.SYSTEM, Qt.ColorScheme.Dark, theme.DARK),
        (Theme.SYSTEM, Qt.ColorScheme.Unknown, theme.DARK),
    ],
)
def test_which_theme(choice: Theme, system: Qt.ColorScheme, expected: theme.Colours) -> None:
    assert theme.colours_of(choice, system) is expected


def test_a_name_is_the_colour_of_the_theme_in_use(qapp: QApplication) -> None:
    assert (theme.TEXT, theme.structure_css(LV)) == (theme.DARK.text, theme.DARK.lv)
    theme.apply(qapp, Theme.LIGHT)
    assert (theme.TEXT, theme.precision_css("int8")) == (theme.LIGHT.text, theme.LIGHT.accent)
    assert [theme.structure_css(label) for label in (LV, MYO, RV)] == [theme.LIGHT.lv, theme.LIGHT.myo, theme.LIGHT.rv]
    with pytest.raises(AttributeError, match="no colour NOWHERE"):
        _ = theme.NOWHERE


def ink(button: QWidget) -> QColor:
    """The colour of an icon, from the pixel that is most of it."""
    image = button.icon().pixmap(48, 48).toImage()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda colour: colour.alpha())


def test_the_window_changes_with_the_theme_and_its_images_stay_dark(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.session.update(theme=Theme.LIGHT)
    QApplication.processEvents()
    shown = window.grab().toImage()
    panel = window.function.mapTo(window, window.function.rect().topLeft())
    ratio = shown.devicePixelRatio()
    assert shown.pixelColor(int((panel.x() + 20) * ratio), int((panel.y() + 5) * ratio)) == QColor(theme.LIGHT.panel)
    view = window.slice_view.grab().toImage()
    assert luminance(view.pixelColor(3, view.height() // 2)) < 0.02
    for button in (window.study.open_files, window.models.about, window.cine.play, window.patient.names):
        assert contrast(ink(button), theme.LIGHT.panel) >= 4.5
    assert window.function.curve.backgroundBrush().color() == QColor(theme.LIGHT.panel)
    assert window.function.curve.lines[LV].opts["pen"].color() == QColor(theme.LIGHT.lv)
    assert window.menus.actions_by_text["Light theme"].isChecked()
    assert not window.menus.actions_by_text["Dark theme"].isChecked()
    window.session.update(theme=Theme.DARK)
    assert contrast(ink(window.models.about), theme.DARK.panel) >= 4.5


def test_every_icon_is_drawn(qapp: QApplication) -> None:
    for name in icons._SHAPES:
        image = icons.pixmap(name, 24).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height())), name


def nameless(root: QWidget) -> list[str]:
    """Widgets that Tab or a click reach and a screen reader has no words for."""
    found = []
    for widget in root.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or not widget.isVisibleTo(root):
            continue
        inner = isinstance(widget.parent(), QAbstractScrollArea | QComboBox)  # a view port, a list that drops down
        words = widget.accessibleName() or getattr(widget, "text", lambda: "")()
        labelled = isinstance(widget, QLineEdit) and widget.placeholderText()
        if not words and not inner and not labelled and not widget.objectName().startswith("qt_"):
            found.append(f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}")
    return found


def test_every_widget_that_takes_the_focus_has_a_name(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    for layout in Layout:
        window.session.looking.show_layout(layout)
        QApplication.processEvents()
        assert nameless(window) == [], layout


def test_dialogs_have_names_too(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.info.show_tags()
    window.show_palette()
    window.show_shortcuts()
    spacing = SpacingDialog(window)
    spacing.show()
    assert nameless(window) == []
    assert nameless(spacing) == []
    spacing.close()
