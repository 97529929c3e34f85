"""Marks of the review on the sliders: frames and slices that are still to be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.panels.marked_slider import Mark, MarkKind
from app.state.review import Review, Ticks
from app.state.stops import is_at, open_stops
from app.state.types import AppState
from app.words.engine_words import translated
from engine.measures.flags import Stop


@dataclass(frozen=True, slots=True)
class _Flagged:
    """A place that is still to be looked at, and its tool tip."""

    stop: Stop
    tooltip: str


class FlagMarks:
    """Words are made once for a review, since the wheel must not wait for them."""

    def __init__(self) -> None:
        self._made_for: tuple[Review | None, Ticks] = None, {}
        self._flagged: tuple[_Flagged, ...] = ()
        self._marks: dict[tuple[int, int], tuple[tuple[Mark, ...], tuple[Mark, ...]]] = {}

    def of(self, state: AppState) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
        """Marks on frames and on slices; faint where another slice or frame is meant. The faint ones come first."""
        now = state.reviewing.review, state.reviewing.ticks
        if now[0] is not self._made_for[0] or now[1] is not self._made_for[1]:
            stops = [stop for stop in open_stops(state) if stop.frames]
            self._flagged = tuple(_Flagged(stop, "\n".join(map(translated, stop.reasons))) for stop in stops)
            self._made_for = now
            self._marks = {}
        here = state.view.frame_index, state.view.slice_index
        if here not in self._marks:
            self._marks[here] = self._made(*here)
        return self._marks[here]

    def _made(self, frame: int, index: int) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
        frames: dict[int, Mark] = {}
        slices: dict[int, Mark] = {}
        for one in self._flagged:
            stop = one.stop
            if stop.frame_index is not None:
                # The frame that it is shown in: a mark for each of twenty frames would say nothing.
                here = any(is_at(stop, t, index) for t in stop.frames)
                _put(frames, _mark(stop.frame_index, one, here=here))
            for z in stop.slices:
                _put(slices, _mark(z, one, here=is_at(stop, frame, z)))
        return tuple(sorted(frames.values(), key=_is_here)), tuple(sorted(slices.values(), key=_is_here))


def _put(marks: dict[int, Mark], mark: Mark) -> None:
    """One mark a value: that of what is on screen before a faint one."""
    before = marks.get(mark.index)
    if before is None or (_is_here(mark) and not _is_here(before)):
        marks[mark.index] = mark
    elif _is_here(mark) and mark.tooltip not in before.tooltip:
        marks[mark.index] = replace(before, tooltip=f"{before.tooltip}\n{mark.tooltip}")


def _mark(index: int, one: _Flagged, *, here: bool) -> Mark:
    return Mark(index, MarkKind.FLAG if here else MarkKind.FAINT_FLAG, "WARNING", one.tooltip if here else "")


def _is_here(mark: Mark) -> bool:
    return mark.kind is MarkKind.FLAG
