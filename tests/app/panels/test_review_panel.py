"""The list of flagged places: short at first, the place on screen never out of sight."""

from __future__ import annotations

from typing import Any

from app_fixtures import catalog, volume
from PySide6.QtCore import Qt

from app.panels.review_panel import ReviewPanel, place_of
from app.state.changes import evolve, opened
from app.state.queries import run_key
from app.state.review import Review
from app.state.types import AppState, Run, Status
from engine.measures.flags import Flag, Stop, Where


def stop(frames: tuple[int, ...], slices: tuple[int, ...]) -> Stop:
    flags = tuple(Flag(Where("rv", frame, index), 5.0, ("why",)) for frame in frames for index in slices)
    return Stop(frames[0], slices[0], flags, frames, slices)


def test_eight_rows_first_and_all_on_demand(qtbot: Any) -> None:
    panel = ReviewPanel()
    qtbot.addWidget(panel)
    stops = tuple(stop((frame,), (index,)) for frame in range(4) for index in (0, 2, 3))
    flags = tuple(flag for one in stops for flag in one.flags)
    state = evolve(opened(AppState(), volume()), review=Review(flags, stops), frame_index=5)
    panel.apply(state)
    panel.show()

    def seen() -> int:
        return panel.list.height() // panel.list.sizeHintForRow(0)

    assert (seen(), panel.list.count(), panel.all.text()) == (8, 12, "Show all 12")
    panel.all.click()
    assert (seen(), panel.all.text()) == (12, "Show the first ones")
    panel.all.click()
    assert seen() == 8
    # By the keys to the tenth place.
    panel.apply(evolve(state, frame_index=3, slice_index=0, stop_at=stops[9].flags[0].where))
    assert seen() == 8 and panel.list.currentRow() == 9
    row, room = panel.list.visualItemRect(panel.list.item(9)), panel.list.viewport().rect()
    assert room.contains(row.center())
    panel.apply(AppState())
    assert panel.list.isHidden() and panel.all.isHidden()


def test_the_panel_takes_no_more_height_than_it_needs(qtbot: Any) -> None:
    panel = ReviewPanel()
    qtbot.addWidget(panel)
    layout = panel.layout()
    assert layout is not None and not layout.expandingDirections() & Qt.Orientation.Vertical


def test_nothing_moves_where_another_slice_has_longer_reasons(qtbot: Any) -> None:
    panel = ReviewPanel()
    qtbot.addWidget(panel)
    panel.resize(340, 600)
    short, long = stop((0,), (0,)), Stop(1, 1, (Flag(Where("lv", 1, 1), 4.0, ("a b c " * 20,)),), (1,), (1,))
    state = evolve(opened(AppState(), volume()), review=Review((*short.flags, *long.flags), (short, long)))
    panel.show()
    heights = set()
    for frame, index in ((0, 0), (1, 1), (2, 2)):
        panel.apply(evolve(state, frame_index=frame, slice_index=index))
        heights.add(panel.sizeHint().height())
    assert len(heights) == 1
    assert panel.reasons.isVisible()


def test_reasons_without_room_end_in_an_ellipsis_and_the_tool_tip_has_all(qtbot: Any) -> None:
    panel = ReviewPanel()
    qtbot.addWidget(panel)
    panel.resize(340, 600)
    reasons = tuple(f"Reason {i}: " + "many words " * 4 + "end." for i in range(6))
    many = Stop(0, 0, (Flag(Where("lv", 0, 0), 4.0, reasons),), (0,), (0,))
    state = evolve(opened(AppState(), volume()), review=Review(many.flags, (many,)), frame_index=0, slice_index=0)
    panel.apply(evolve(state, stop_at=many.flags[0].where))
    said = panel.reasons.text()
    assert said.endswith(" …") and said.startswith("Reason 0:") and "Reason 1" in said
    assert panel._height_of(said) <= panel._highest()
    # A line for each reason.
    assert panel.reasons.toolTip().count("<br>") == 5
    assert panel.list.item(0).toolTip().count("<br>") == 5


def test_a_row_names_the_range_that_it_is_about() -> None:
    state = opened(AppState(), volume())
    assert place_of(state, stop((2, 3, 4), (0, 1))) == "Slices 1–2 · frames 3–5"
    assert place_of(state, stop((2,), (3,))) == "Slice 4 · frame 3"


def test_outlines_that_are_there_are_not_said_to_be_missing(qtbot: Any) -> None:
    panel = ReviewPanel()
    qtbot.addWidget(panel)
    state = evolve(opened(evolve(AppState(), catalog=catalog("first"), model_id="first"), volume()))
    key = run_key(state)
    assert key is not None
    for status, said in ((Status.RUNNING, "once the scan is segmented"), (Status.DONE, "Checking the outlines")):
        panel.apply(evolve(state, runs={key: Run(status)}))
        assert said in panel.empty.text()
