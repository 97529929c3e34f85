"""What the model panel offers to segment."""

from __future__ import annotations

from typing import Any

from app_fixtures import catalog, volume

from app.panels.model_panel import ModelPanel
from app.state.changes import evolve, opened
from app.state.queries import run_key
from app.state.types import FLOAT32, INT8, AppState, Layout, Run, Status


def test_where_two_precisions_are_compared_the_one_that_was_stopped_can_be_segmented(qtbot: Any) -> None:
    panel = ModelPanel()
    qtbot.addWidget(panel)
    state = evolve(opened(AppState(), volume()), catalog=catalog("first"), model_id="first")
    keys = {precision: run_key(state, precision) for precision in (FLOAT32, INT8)}
    state = evolve(state, runs={keys[INT8]: Run(Status.DONE), keys[FLOAT32]: Run(Status.STOPPED)})
    panel.apply(state)
    assert panel.segment.isHidden()
    panel.apply(evolve(state, layout=Layout.COMPARE))
    # A slice alone is segmented in the precision on screen, which is done.
    assert not panel.segment.isHidden() and not panel.slice.isEnabled()
    panel.apply(evolve(state, layout=Layout.COMPARE, runs=dict.fromkeys(keys.values(), Run(Status.DONE))))
    assert panel.segment.isHidden()
