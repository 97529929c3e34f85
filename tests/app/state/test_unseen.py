"""Reports of a segmentation that is not on screen are told from changes that concern the whole window."""

from __future__ import annotations

from dataclasses import replace

from app_fixtures import catalog, volume

from app.state.changes import evolve, opened, with_run
from app.state.queries import run_key
from app.state.types import FLOAT32, INT8, AppState, Busy, Layout, Run, Status
from app.state.unseen import only_unseen_progress


def test_only_progress_of_what_is_not_on_screen_is_unseen() -> None:
    state = opened(evolve(AppState(), catalog=catalog("first"), model_id="first", precision=INT8), volume())
    hidden, shown = run_key(state, FLOAT32), run_key(state, INT8)
    assert hidden is not None and shown is not None
    running = Run(Status.RUNNING, total=9)
    state = with_run(with_run(state, hidden, running), shown, running)
    report = evolve(with_run(state, hidden, replace(running, rss_mb=1.0)), busy=Busy("Segmenting", 1, 9))
    assert only_unseen_progress(state, report)
    assert not only_unseen_progress(state, state)
    assert not only_unseen_progress(state, with_run(state, shown, replace(running, rss_mb=1.0)))
    assert not only_unseen_progress(state, with_run(state, hidden, Run(Status.DONE)))
    assert not only_unseen_progress(state, evolve(report, slice_index=1))
    assert not only_unseen_progress(state, evolve(report, segment_asked=True))
    both = evolve(state, layout=Layout.COMPARE)
    assert not only_unseen_progress(both, with_run(both, hidden, replace(running, rss_mb=1.0)))
