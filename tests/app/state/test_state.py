"""The next state is computed purely: clamping, equality, and whose outlines are shown."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_fixtures import FRAMES, SLICES, card, catalog, labels, prediction, volume

from app.state.annotations import Annotation, AnnotationKind
from app.state.case import OtherCase
from app.state.changes import (
    GROUPS,
    arriving,
    completed,
    evolve,
    opened,
    returned,
    value_of,
    with_fields,
    with_run,
    with_spacing,
)
from app.state.history import HistoryStep
from app.state.queries import frame_interval_ms, phase_frame, precisions_of, run_key, shown_function, shown_labels
from app.state.types import UNKNOWN_FRAME_MS, AppState, Overlay, Run, RunKey, Status
from engine.measures.body import Body
from engine.measures.flags import Where
from engine.measures.function import measure


def ready() -> AppState:
    """A scan on screen and two models to choose from."""
    return opened(evolve(AppState(), catalog=catalog("first", "second"), model_id="first"), volume())


def done(state: AppState) -> Run:
    found = labels(state.scan.volume)
    return Run(
        Status.DONE,
        prediction=prediction(state.scan.volume, card(state.models.model_id), state.models.precision, found, ()),
        function=measure(found, state.scan.volume),
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"slice_index": -1}, {"slice_index": 0}),
        ({"slice_index": 99}, {"slice_index": SLICES - 1}),
        ({"frame_index": -7}, {"frame_index": 0}),
        ({"frame_index": FRAMES}, {"frame_index": FRAMES - 1}),
        ({"zoom": 0.0}, {"zoom": 0.25}),
        ({"zoom": 1e9}, {"zoom": 40.0}),
        ({"window": (5.0, -3.0)}, {"window": (5.0, 1e-6)}),
        ({"window": (math.nan, 1.0)}, {"window": (0.5, 1.0)}),
        ({"overlay": Overlay(opacity=7.0)}, {"overlay": Overlay(opacity=1.0)}),
        ({"playing": True}, {"playing": True}),
    ],
)
def test_evolve_clamps(change: dict[str, Any], expected: dict[str, Any]) -> None:
    new = evolve(ready(), **change)
    assert {name: value_of(new, name) for name in expected} == expected


def test_nothing_to_index_without_a_scan() -> None:
    new = evolve(AppState(), slice_index=5, frame_index=5, playing=True)
    assert (new.view.slice_index, new.view.frame_index, new.view.playing) == (0, 0, False)


def test_a_pair_of_phases_does_not_play() -> None:
    state = opened(AppState(), volume(2, phase_names=("ED", "ES")))
    assert not evolve(state, playing=True).view.playing


def test_evolve_to_the_same_is_the_same_object() -> None:
    state = ready()
    assert evolve(state, slice_index=state.view.slice_index, zoom=1.0) is state
    assert evolve(evolve(state, slice_index=99), slice_index=100) == evolve(state, slice_index=SLICES - 1)


def test_opening_starts_in_the_middle_with_nothing_of_the_scan_before() -> None:
    state = ready()
    state = with_run(evolve(state, zoom=3.0, invert=True, playing=True, frame_index=3), run_key(state), done(state))
    new = opened(state, volume(name="other"))
    assert new.scan.volume_id == state.scan.volume_id + 1
    assert (new.view.slice_index, new.view.frame_index, new.view.zoom, new.view.invert, new.view.playing) == (
        SLICES // 2,
        0,
        1.0,
        False,
        False,
    )
    assert new.segmentation.runs == {}
    assert shown_labels(new) is None


def test_the_way_back_restores_every_group_that_opening_resets() -> None:
    """Cancelling while another scan arrives loses nothing: no pseudonym, no conclusion, no measurement."""
    changed = {
        "scan": {"view_asked": "4ch", "digest": "d" * 64},
        "view": {"zoom": 3.0},
        "segmentation": {"segment_asked": True},
        "history": {"steps": (HistoryStep("measurement", {}, {}),)},
        "annotation": {"annotations": (Annotation(1, AnnotationKind.LENGTH, (0, 0), ((1.0, 1.0), (9.0, 9.0))),)},
        "facts": {"typed": Body(height_cm=170.0)},
        "case": {"case_path": Path("/a.cinequant")},
        "outgoing": {"conclusion": "Normal.", "pseudonym": "P1"},
        "reviewing": {"ticks": {"sha": frozenset({Where("lv", 0, 0)})}},
        "beside": {"long_axes": ()},
    }
    before = evolve(ready(), **{name: value for group in changed.values() for name, value in group.items()})
    next_scan = volume(name="next")
    arrived = arriving(before, next_scan, {(0, 0): next_scan.array[0, 0]})
    reset = {group for group in GROUPS if getattr(arrived, group) != getattr(before, group)}
    assert reset == set(changed), "name here what another group looks like when it is not fresh"
    back = returned(arrived, before)
    assert {group: getattr(back, group) for group in reset} == {group: getattr(before, group) for group in reset}


def test_a_view_chosen_while_a_slice_is_read_is_kept() -> None:
    whole = volume()
    one = replace(
        whole, array=whole.array[:, :1], geometry=replace(whole.geometry, shape=(1, *whole.geometry.shape[1:]))
    )
    asked = evolve(arriving(AppState(), one, {(0, 0): one.array[0, 0]}), view_asked="4ch")
    assert completed(asked, one).scan.view_asked == "4ch"


def test_another_spacing_measures_the_other_reader_anew() -> None:
    state = ready()
    found = labels(state.scan.volume)
    state = evolve(state, other=OtherCase(Path("b.cinequant"), found, measure(found, state.scan.volume)))
    before, wider = state.case.other, state.scan.volume.with_spacing(4.0, 1.0, 8.0)
    after = with_spacing(state, wider).case.other
    assert after.function.lv.edv_ml == pytest.approx(2 * before.function.lv.edv_ml)
    assert (after.function.ed_frame, after.function.es_frame) == (before.function.ed_frame, before.function.es_frame)
    assert after.labels.geometry is wider.geometry


def test_another_spacing_keeps_the_place_but_not_the_outlines() -> None:
    state = evolve(ready(), slice_index=1, frame_index=4)
    state = with_run(state, run_key(state), done(state))
    new = with_spacing(state, volume().with_spacing(1.0, 1.0, 5.0))
    assert (new.view.slice_index, new.view.frame_index, new.view.window) == (1, 4, state.view.window)
    assert shown_labels(new) is None


@pytest.mark.parametrize("change", [{"precision": "float32"}, {"model_id": "second"}, {"model_id": "none"}])
def test_outlines_are_only_of_what_is_chosen(change: dict[str, Any]) -> None:
    state = ready()
    state = with_run(state, run_key(state), done(state))
    assert shown_labels(state) is not None
    assert shown_function(state) is not None
    new = evolve(state, **change)
    assert shown_labels(new) is None
    assert shown_function(new) is None
    assert shown_labels(evolve(new, precision="int8", model_id="first")) is shown_labels(state)


def test_a_result_of_an_earlier_scan_changes_nothing() -> None:
    state = ready()
    stale = RunKey(state.scan.volume_id - 1, run_key(state).model_sha256, "int8")
    assert with_run(state, stale, done(state)) is state


def test_a_waiting_run_shows_nothing() -> None:
    state = ready()
    assert shown_labels(with_run(state, run_key(state), Run(Status.RUNNING))) is None


@pytest.mark.parametrize(
    ("names", "phase", "frame"),
    [(("ED", "ES"), "ES", 1), (("ES", "ED"), "ES", 0), (("ES", "ED"), "ED", 1), ((), "ED", 0), ((), "ES", FRAMES // 2)],
)
def test_phase_frame(names: tuple[str, ...], phase: str, frame: int) -> None:
    state = with_fields(ready(), volume=volume(len(names) or FRAMES, phase_names=names))
    assert phase_frame(with_run(state, run_key(state), done(state)), phase) == frame


def test_phase_frame_is_unknown_before_measuring() -> None:
    assert phase_frame(ready(), "ED") is None
    assert phase_frame(AppState(), "ED") is None


def test_frame_interval() -> None:
    assert frame_interval_ms(volume()) == 40.0
    assert frame_interval_ms(replace(volume(), frame_times_ms=None)) == UNKNOWN_FRAME_MS
    assert frame_interval_ms(replace(volume(), frame_times_ms=(0.0,) * FRAMES)) == UNKNOWN_FRAME_MS
    assert frame_interval_ms(replace(volume(), frame_times_ms=tuple(30.0 * i for i in range(FRAMES)))) == 30.0


def test_precisions_in_a_fixed_order() -> None:
    assert precisions_of(card(precisions=("int8", "float16", "float32"))) == ("float32", "int8", "float16")
    assert precisions_of(card(precisions=("int8",))) == ("int8",)
