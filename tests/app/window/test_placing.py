"""The window opens on the screen, whole, and what appears over the image does not move it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_fixtures import model_fixture, settle, volume, window_fixture  # noqa: F401
from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QApplication

from app.panels import messages
from app.session.session import Session
from app.state.types import AppState, Kind, Layout
from app.window.main_window import MainWindow
from app.window.placing import FRAME, centred, placed
from app.window.settings import Settings

LAPTOP = QRect(0, 0, 1366, 728)


@pytest.mark.parametrize(
    "wanted",
    [QRect(0, 0, 1600, 1000), QRect(2100, 300, 1600, 1000), QRect(-900, -40, 800, 600), QRect(60, 500, 1300, 690)],
)
def test_a_window_comes_back_whole(wanted: QRect) -> None:
    found = placed(wanted, LAPTOP)
    assert LAPTOP.contains(found.marginsAdded(FRAME))
    assert found.width() <= wanted.width() and found.height() <= wanted.height()


def test_a_window_that_fits_stays_where_it_was() -> None:
    assert placed(QRect(40, 50, 1100, 660), LAPTOP) == QRect(40, 50, 1100, 660)
    assert centred(QSize(1600, 1000), LAPTOP) == LAPTOP.marginsRemoved(FRAME)


def test_the_window_is_no_higher_than_a_laptop(window: MainWindow) -> None:
    window.resize(1366, 692)
    window.session.opening.open_volume(volume())
    assert window.minimumSizeHint().height() <= 692
    assert window.rect().contains(window.status.geometry().translated(window.status.parentWidget().pos()))


def test_bars_over_the_image_do_not_move_it(qtbot: Any, window: MainWindow) -> None:
    window.session.opening.open_volume(volume())
    settle(qtbot, window.session)
    before = window.stage.geometry()
    window.session.say(Kind.WARNING, "Something to be read. " * 20)
    window.session.correcting.toggle()
    QApplication.processEvents()
    assert window.messages.isVisible() and window.correction.isVisible()
    assert window.stage.geometry() == before
    assert not window.messages.geometry().intersects(window.correction.geometry())
    assert window.stage.parentWidget().rect().contains(window.messages.geometry())
    assert window.stage.parentWidget().rect().contains(window.correction.geometry())


def test_what_went_well_leaves_by_itself(qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window.messages._clock.setInterval(30)
    window.session.say(Kind.SUCCESS, "Saved.")
    qtbot.waitUntil(lambda: window.session.state.message is None, timeout=3000)
    # What was refused is told; once something else was done it would be stale.
    window.menus.actions_by_text["Undo"].trigger()
    assert window.messages.isVisible() and window.session.state.message.kind is Kind.HINT
    qtbot.waitUntil(lambda: window.session.state.message is None, timeout=3000)
    window.session.say(Kind.WARNING, "Look at this.")
    qtbot.wait(120)
    assert window.messages.isVisible()
    assert messages.HARMLESS_MS >= 5000


def test_panels_fold_and_stay_folded(tmp_path: Path, window: MainWindow) -> None:
    assert not window.models.folded and window.models.precisions.isVisible()
    window.models.fold.click()
    assert window.models.folded and not window.models.precisions.isVisible()
    settings = Settings(tmp_path / "s.ini")
    settings.folded = {"ModelPanel"}
    assert Settings(tmp_path / "s.ini").folded == {"ModelPanel"}
    window._settings = settings
    window.models.set_folded(folded=False)
    window.restore(None)
    assert window.models.folded and not window.structures.folded
    window._settings = None


def test_f9_and_full_screen_hide_the_panels(window: MainWindow) -> None:
    sides = (window._left, window._right)
    window.toggle_panels()
    assert all(side.isHidden() for side in sides)
    window.toggle_panels()
    window.toggle_full_screen()
    assert all(side.isHidden() for side in sides)
    window.toggle_full_screen()
    assert not any(side.isHidden() for side in sides)


def test_the_image_has_the_focus_at_the_start_in_every_layout(qtbot: Any, model: object) -> None:
    for layout in Layout:
        session = Session(AppState())
        session.update(layout=layout)
        window = MainWindow(session)
        window.show()
        assert window.focusWidget() is window.stage.views[0]
        window.close()
        window.deleteLater()
