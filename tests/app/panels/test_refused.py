"""Buttons and sliders stand where the state wants them, also after a choice that changed nothing."""

from __future__ import annotations

from typing import Any

import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtWidgets import QAbstractButton

from app.state.types import Layout, Style
from app.window.main_window import MainWindow
from engine.volume import MYO, RV

NAMES = ("tool", "structure", "whose", "layout", "precision", "style", "box", "way", "correct")


@pytest.fixture(name="deaf")
def deaf_fixture(qtbot: Any, window: MainWindow) -> MainWindow:
    """A window with a segmented scan, being corrected, in which nobody answers what panels ask for."""
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.session.correcting.toggle()
    window.session.correcting.choose_structure(RV)
    for signal in (
        window.correction.tool_requested, window.correction.structure_requested, window.correction.corrected_requested,
        window.correct_button.clicked, window.layouts.layout_requested, window.models.precision_requested,
        window.models.model_requested, window.structures.structure_toggled, window.structures.style_requested,
        window.structures.opacity_requested, window.cine.frame_requested, window.cine.slice_requested,
        window.cine.speed_requested, window.cine.sweep_requested,
    ):  # fmt: skip
        signal.disconnect()
    return window


def buttons(window: MainWindow) -> dict[str, tuple[QAbstractButton, QAbstractButton | None]]:
    """What to click, and what is down before and after."""
    bar = window.correction
    return {
        "tool": (bar.tools[1], bar.tools[0]),
        "structure": (bar.chips[1], bar.chips[RV]),
        "whose": (bar.whose.buttons["model"], bar.whose.buttons["corrected"]),
        "layout": (window.layouts.buttons[Layout.SHEET], window.layouts.buttons[Layout.SLICE]),
        "precision": (window.models.precisions.buttons["float32"], window.models.precisions.buttons["int8"]),
        "style": (window.structures.styles.buttons[Style.FILL], window.structures.styles.buttons[Style.OUTLINE]),
        "box": (window.structures.boxes[MYO], window.structures.boxes[MYO]),
        "way": (window.cine.ways.buttons["sweep"], window.cine.ways.buttons["loop"]),
        "correct": (window.correct_button, window.correct_button),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_choice_leaves_the_button_up(deaf: MainWindow, name: str) -> None:
    clicked, down = buttons(deaf)[name]
    assert down is not None and down.isChecked()
    clicked.click()
    assert down.isChecked() and clicked.isChecked() is (clicked is down)
    deaf.correction.apply(deaf.session.state)
    assert down.isChecked()


def test_a_refused_move_puts_sliders_back(deaf: MainWindow) -> None:
    for slider in (deaf.cine.frame, deaf.cine.slice, deaf.structures.opacity):
        before = slider.value()
        slider.setValue(before + 1)
        assert slider.value() == before


def test_a_refused_choice_puts_the_lists_back(deaf: MainWindow) -> None:
    for choices in (deaf.cine.speed, deaf.models.models):
        before = choices.currentIndex()
        choices.setCurrentIndex(0 if before else choices.count() - 1)
        choices.activated.emit(choices.currentIndex())
        assert choices.currentIndex() == before


def test_a_choice_that_is_taken_moves_the_button(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    window.correct_button.click()
    assert window.correct_button.isChecked()
    window.correction.tools[1].click()
    window.correction.chips[RV].click()
    assert window.session.state.correction.brush.erase and window.correction.tools[1].isChecked()
    assert window.session.state.correction.brush.label == RV and window.correction.chips[RV].isChecked()
    window.correct_button.click()
    assert not window.correct_button.isChecked()
