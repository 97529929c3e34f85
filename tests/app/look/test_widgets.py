"""Joined buttons."""

from __future__ import annotations

from typing import Any

from app.look.widgets import Segments


def test_four_precisions_can_be_read_in_a_narrow_panel_and_two_share_a_row(qtbot: Any) -> None:
    segments = Segments(["float32", "int8", "float16", "dynamic"])
    qtbot.addWidget(segments)
    segments.setFixedWidth(224)
    segments.show()
    for button in segments.buttons.values():
        button.setText(button.text() + "  ✓")
    qtbot.waitUntil(lambda: all(b.width() >= b.sizeHint().width() for b in segments.buttons.values()))
    assert len({button.y() for button in segments.buttons.values()}) == 2

    segments.set_names(["float32", "int8"])
    qtbot.waitUntil(lambda: {button.width() for button in segments.buttons.values()} == {112})
    assert len({button.y() for button in segments.buttons.values()}) == 1
    assert [button.property("place") for button in segments.buttons.values()] == ["first", "last"]
