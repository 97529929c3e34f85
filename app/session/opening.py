"""How a scan comes on screen: its first slice first, the rest behind it, and the way back to the scan before.

find(), read() and phantom() are the work, done on the worker; what they hand on meanwhile and return at the end goes
through an Opening, which makes the next state of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from app.session.jobs import Reporter
from app.state.changes import arriving, evolve, returned
from app.state.types import AppState, Status
from engine.phantom import make_phantom
from engine.volume import Volume

if TYPE_CHECKING:
    from engine.formats.index import Index, Series

PAINT_FIRST_S = 0.05
"""What the window takes to paint a slice, before other work has the interpreter again."""


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A slice of a scan that is being read, with what is known of the scan. index, series: None for the phantom."""

    volume: Volume
    frame: int
    slice: int
    plane: NDArray[Any]
    index: Index | None = None
    series: int | None = None


def find(paths: tuple[Path, ...]) -> Callable[[Reporter], Index]:
    """The work of looking for stacks."""

    def run(reporter: Reporter) -> Index:
        from engine.formats.door import find as find_stacks  # noqa: PLC0415 - brings the readers of DICOM and NIfTI

        return find_stacks(paths, progress=reporter.progress, cancel=reporter.token)

    return run


def read(index: Index, number: int | None = None) -> Callable[[Reporter], tuple[Series, Volume]]:
    """The work of reading a stack of an index, the most likely short-axis cine where none is named; hands on Slices."""

    def run(reporter: Reporter) -> tuple[Series, Volume]:
        from engine.formats.door import read_chosen, read_series  # noqa: PLC0415 - see find

        hand_on = _slice_by_slice(reporter)

        def told(series: Series, volume: Volume, frame: int, at: int, plane: NDArray[Any]) -> None:
            hand_on(Slice(volume, frame, at, plane, index, series.number))

        if number is None:
            return read_chosen(index, progress=reporter.progress, cancel=reporter.token, on_plane=told)
        series = index.series[number]
        of_this = partial(told, series)
        return series, read_series(index, series, progress=reporter.progress, cancel=reporter.token, on_plane=of_this)

    return run


def phantom(reporter: Reporter) -> Volume:
    """The work of making the built-in heart; hands on Slices."""
    hand_on = _slice_by_slice(reporter)
    return make_phantom(on_plane=lambda *of_slice: hand_on(Slice(*of_slice)))[0]


class Opening:
    """What a state becomes while a scan is opened in place of the one on screen."""

    def __init__(self) -> None:
        self._before: AppState | None = None  # while a scan is opened: where cancelling leads back to

    def begin(self, state: AppState) -> AppState:
        """The state to open another scan from: nothing is under way in it. Cancelling leads back to it.

        Where the scan on screen is itself not read as a whole, it is the state before that one was asked for.
        """
        first, state = self._before, self.back(state)
        runs = {key: run for key, run in state.segmentation.runs.items() if run.status is Status.DONE}
        state = evolve(state, runs=runs, busy=None, message=None)
        self._before = first or state
        return state

    def back(self, state: AppState, *, tree: bool = False) -> AppState:
        """The scan before in place of one that is not read as a whole; with tree, the studies found with it too."""
        before, self._before = self._before, None
        if before is None:
            return state
        state = returned(state, before)
        index = before.scan.index if tree else state.scan.index
        return evolve(state, index=index, series=before.scan.series if index is before.scan.index else None)

    def with_slices(self, state: AppState, slices: Sequence[Slice]) -> AppState:
        """With what is there of a scan that is being read; all that names the scan changes with the first."""
        for volume, pieces in groupby(slices, key=lambda piece: piece.volume):
            arrived = list(pieces)
            # As it is left, not as it was when another was asked for.
            if state.scan.loading is None and self._before is not None:
                self._before = evolve(state, index=self._before.scan.index, series=self._before.scan.series)
            state = arriving(state, volume, {(piece.frame, piece.slice): piece.plane for piece in arrived})
            state = evolve(state, index=arrived[0].index or state.scan.index, series=arrived[0].series)
        return state

    def end(self) -> AppState | None:
        """The scan is there as a whole, and there is no way back any more. Returns where it would have led."""
        before, self._before = self._before, None
        return before


def _slice_by_slice(reporter: Reporter) -> Callable[[Slice], None]:
    """Hands slices on; the first one at once, and the window has time to paint it before the next is read."""
    waiting = True

    def hand_on(piece: Slice) -> None:
        nonlocal waiting
        reporter.item(piece)
        if waiting:
            waiting = False
            reporter.flush()
            time.sleep(PAINT_FIRST_S)

    return hand_on
