"""What was done with a case, as the window shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app_fixtures import model_fixture, session_fixture, settle, volume  # noqa: F401
from PySide6.QtWidgets import QWidget

from app.dialogs.trail_dialog import TrailDialog
from app.session.session import Session
from app.session.trail import trail_of
from engine import __version__


def test_each_step_is_a_line_when_it_is_done(qtbot: Any, session: Session, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    session.opening.open_volume(volume())
    settle(qtbot, session)
    dialog = TrailDialog(parent, session)

    def shown() -> list[tuple[str, ...]]:
        return [tuple(dialog.table.item(row, at).text() for at in range(3)) for row in range(dialog.table.rowCount())]

    assert [what for _, what, _ in shown()] == ["opened", "segmented: first 1 int8", "segmented: first 1 float32"]
    assert {by for *_, by in shown()} == {f"CineQuant {__version__}"}
    session.correcting.start()
    session.correcting.start_stroke(0, 7.0, 3.5)
    session.correcting.end_stroke()
    assert shown()[-1][0::2] == ("not saved yet", "")
    assert shown()[-1][1].startswith("corrected by hand: first int8, frame 1, slice ")
    session.exporting.export_measurements(tmp_path / "a.csv")
    settle(qtbot, session)
    assert [what.split(":")[0] for _, what, _ in shown()[3:]] == ["corrected by hand", "exported"]
    assert shown()[-1][1] == "exported: a.csv"
    assert len(trail_of(session.state)) == 5
