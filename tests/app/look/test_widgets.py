"""Joined buttons and drop-down lists."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QStyle, QStyleOptionComboBox

from app.look.widgets import Choice, Segments, plain_tip


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


def test_a_name_too_long_for_its_list_keeps_both_ends(qtbot: Any) -> None:
    choice = Choice()
    qtbot.addWidget(choice)
    name = "A network of a very long name, four-chamber"
    choice.addItem(name)
    choice.setFixedWidth(150)
    choice.show()
    option = QStyleOptionComboBox()
    choice.initStyleOption(option)
    field = QStyle.SubControl.SC_ComboBoxEditField
    room = choice.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, choice).width()
    assert "…" in option.currentText and option.currentText.startswith("A") and option.currentText.endswith("r")
    assert QFontMetrics(choice.font()).horizontalAdvance(option.currentText) <= room
    choice.showPopup()
    assert choice.view().width() >= QFontMetrics(choice.font()).horizontalAdvance(name)
    choice.hidePopup()


def test_a_tip_keeps_its_lines_and_shows_markup_as_it_is() -> None:
    assert plain_tip("LV: counts\n<b>RV</b>") == "<span>LV: counts<br>&lt;b&gt;RV&lt;/b&gt;</span>"
