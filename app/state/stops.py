"""Questions about the review: which places are open, which one is on screen, which one comes next. Pure functions."""

from __future__ import annotations

from app.state.kept import kept
from app.state.queries import run_key
from app.state.types import AppState
from engine.measures.flags import Stop, Where


def stops_of(state: AppState) -> tuple[Stop, ...]:
    """The places to look at, in order; none while the labels have not been looked through."""
    return state.reviewing.review.stops if state.reviewing.review is not None else ()


@kept
def ticked(state: AppState) -> frozenset[Where]:
    """What the reader has looked at, of the model and precision on screen."""
    key = run_key(state)
    return state.reviewing.ticks.get(key.model_sha256, frozenset()) if key is not None else frozenset()


def is_reviewed(stop: Stop, ticks: frozenset[Where]) -> bool:
    """Whether all that is flagged there was looked at."""
    return stop.wheres <= ticks


@kept
def open_stops(state: AppState) -> tuple[Stop, ...]:
    """The places that the reader has not looked at."""
    ticks = ticked(state)
    return tuple(stop for stop in stops_of(state) if not is_reviewed(stop, ticks))


def is_at(stop: Stop, frame: int, index: int) -> bool:
    """Whether a slice and frame are what the place is about. A place without a slice is about all slices."""
    return not stop.places.isdisjoint(((frame, index), (frame, None), (None, index), (None, None)))


@kept
def current_stop(state: AppState) -> Stop | None:
    """The place on screen: the one gone to, while the view is still there, else one of this slice and frame."""
    frame, index = state.view.frame_index, state.view.slice_index
    here = [stop for stop in stops_of(state) if is_at(stop, frame, index)]
    gone_to = next((stop for stop in here if state.reviewing.stop_at in stop.wheres), None)
    return gone_to or next((stop for stop in here if stop.slice_index is not None), None)


def next_stop(state: AppState, step: int) -> Stop | None:
    """The next place in the order (1) or the one before (-1), round and round. Those looked at are passed over as long
    as there are others."""
    stops, ticks = stops_of(state), ticked(state)
    wanted = [stop for stop in stops if not is_reviewed(stop, ticks)] or list(stops)
    if not wanted:
        return None
    current = current_stop(state)
    if current is None:
        return wanted[0 if step > 0 else -1]
    at = stops.index(current)
    places = [stops.index(stop) for stop in wanted]
    if step > 0:
        return next((stops[i] for i in places if i > at), wanted[0])
    return next((stops[i] for i in reversed(places) if i < at), wanted[-1])


def turned(state: AppState, stop: Stop) -> dict[str, frozenset[Where]] | None:
    """The ticks with a place ticked, or no longer ticked. None where no model is on screen."""
    key = run_key(state)
    if key is None:
        return None
    before = ticked(state)
    after = before - stop.wheres if is_reviewed(stop, before) else before | stop.wheres
    return {**state.reviewing.ticks, key.model_sha256: after}
