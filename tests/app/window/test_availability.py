"""Every command that cannot run says why, in the palette and when its key is pressed."""

from __future__ import annotations

from typing import Any

import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import Qt

from app.session import reasons
from app.state.types import AppState
from app.window.availability import WHY_NOT, why_not
from app.window.main_window import MainWindow
from app.window.menus import ACTIONS
from app.window.palette import ENGLISH, Palette


def test_the_reasons_are_of_commands_that_exist() -> None:
    assert set(WHY_NOT) <= {action.text for action in ACTIONS}


@pytest.mark.parametrize("command", sorted(WHY_NOT))
def test_without_a_scan_each_says_why(command: str) -> None:
    assert why_not(command, AppState()).endswith((".", ")"))


def test_what_can_always_run_says_nothing() -> None:
    assert why_not("Quit", AppState()) == ""


def test_with_a_segmented_scan_only_what_needs_more_says_why(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    state = window.session.state
    assert why_not("Segment", state) == "" and why_not("Correct contours", state) == ""
    assert why_not("Undo", state) == "Nothing was changed yet."
    assert why_not("Clear the structure", state) == "Start correcting first (E)."
    window.session.correcting.start()
    assert why_not("Clear the structure", window.session.state) == ""
    window.session.update(slice_index=0)
    assert reasons.no_neighbour(window.session.state, 0, -1) == "There is no slice or frame beyond this."


def test_the_key_of_a_command_that_cannot_run_says_why(window: MainWindow) -> None:
    window.menus.actions_by_text["Undo"].trigger()
    message = window.session.state.message
    assert message is not None and message.text == "Nothing was changed yet."


def test_the_palette_shows_why(window: MainWindow) -> None:
    window.show_palette()
    (palette,) = window.findChildren(Palette)
    rows = [palette.list.item(i) for i in range(palette.list.count())]
    undo = next(row for row in rows if row.text() == "Undo")
    assert undo.toolTip() == "Nothing was changed yet."
    assert not undo.flags() & Qt.ItemFlag.ItemIsEnabled
    chosen = palette.list.currentItem()
    assert chosen is not None and chosen.flags() & Qt.ItemFlag.ItemIsEnabled
    assert window.menus.actions_by_text["Undo"].property(ENGLISH) == "Undo"
    palette.close()
