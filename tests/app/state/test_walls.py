"""The wall of what is drawn: computed once a slice, anew where a slice was corrected."""

from dataclasses import replace

import numpy as np
import pytest
from app_fixtures import card, catalog, prediction

from app.state import editing, walls
from app.state.changes import evolve, opened
from app.state.queries import correction_key, run_key
from app.state.types import AppState, Run, Status
from engine.measures import segments
from engine.measures.function import measure
from engine.measures.segments import Insertions
from engine.phantom import make_phantom
from engine.volume import LV, MYO


@pytest.fixture(name="state")
def segmented() -> AppState:
    volume, labels, _ = make_phantom(6, 6, 104)
    state = evolve(opened(AppState(), volume), catalog=catalog("first"), model_id="first", precision="int8")
    key = run_key(state)
    assert key is not None
    run = Run(Status.DONE, prediction=prediction(volume, card(), "int8", labels, ()), function=measure(labels, volume))
    return evolve(state, runs={key: run}, digest="scan")


def test_the_wall_is_computed_once(state, monkeypatch):
    asked = []
    real = segments.ring_of
    monkeypatch.setattr(walls, "ring_of", lambda *given: asked.append(1) or real(*given))
    wall = walls.wall_now(state)
    assert wall is not None and wall.es is not None
    assert np.mean([t for t in wall.ed.thickness_mm if t is not None]) == pytest.approx(8, abs=0.5)
    assert len(asked) == 12
    assert walls.wall_now(evolve(state, slice_index=1, frame_index=3)) is wall
    assert len(asked) == 12


def test_a_stroke_costs_its_slice_and_counts_when_it_has_ended(state, monkeypatch):
    before = walls.wall_now(state)
    assert before is not None
    run = next(iter(state.segmentation.runs.values()))
    assert run.prediction is not None and state.scan.volume is not None
    asked = []
    real = segments.ring_of
    monkeypatch.setattr(walls, "ring_of", lambda *given: asked.append(1) or real(*given))
    index = before.ed.slices[6]
    assert index is not None
    y, x = (float(n.mean()) for n in np.nonzero(run.prediction.labels.array[before.ed.frame, index] == LV))
    dx, dy, _ = state.scan.volume.geometry.spacing_mm
    key = correction_key(state)
    assert key is not None
    drawing = editing.start(
        editing.begin(state.scan.volume, run.prediction), (before.ed.frame, index), state.correction.brush,
        x * dx + 26, y * dy,
    )  # fmt: skip
    during = evolve(state, corrections={key: drawing})
    assert walls.wall_now(during).ed.thickness_mm == before.ed.thickness_mm
    after = walls.wall_now(evolve(state, corrections={key: editing.ended(drawing)}))
    assert after.ed.thickness_mm != before.ed.thickness_mm
    assert len(asked) == 2


def test_insertions_are_the_users_once_they_put_them(state):
    found = walls.insertions_now(state)
    assert found is not None and found.found
    own = Insertions(-1.0, 2.0, turn=-1, found=False)
    moved = evolve(state, insertions=own)
    assert walls.insertions_now(moved) is own
    assert walls.wall_now(moved).insertions is own


def test_nothing_before_there_are_labels(state):
    assert walls.wall_now(evolve(state, runs={})) is None
    assert walls.wall_now(AppState()) is None and walls.insertions_now(AppState()) is None


def test_slices_that_the_reader_left_out_do_not_count(state):
    whole = walls.wall_now(state)
    index = whole.ed.slices[6]
    run_at, run = next(iter(state.segmentation.runs.items()))
    function = replace(run.function, left_out=frozenset({(MYO, whole.ed.frame, index)}))
    without = walls.wall_now(evolve(state, runs={run_at: replace(run, function=function)}))
    assert index in dict(walls.rings_in(state, whole.ed.frame))
    assert index not in without.ed.slices
