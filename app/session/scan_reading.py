"""The work of finding and reading scans, done by a worker. Slices are handed on as they are read, the first at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from app.session.first_paint import FirstPaint
from app.session.jobs import Reporter
from engine.phantom import make_phantom
from engine.volume import Volume

if TYPE_CHECKING:
    from engine.formats.index import Index, Series


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A slice of a scan that is being read, and what is known of the scan. index, series: None for the phantom."""

    volume: Volume
    frame: int
    slice: int
    plane: NDArray[Any]
    index: Index | None = None
    series: int | None = None


def find(paths: tuple[Path, ...]) -> Callable[[Reporter], Index]:
    """The work of finding stacks."""

    def run(reporter: Reporter) -> Index:
        from engine.formats.door import find as find_stacks  # noqa: PLC0415 - brings the readers of DICOM and NIfTI

        return find_stacks(paths, progress=reporter.progress, cancel=reporter.token)

    return run


def read(index: Index, paint: FirstPaint, number: int | None = None) -> Callable[[Reporter], tuple[Series, Volume]]:
    """The work of reading a stack of an index, the most likely short-axis cine if number is None. Hands on Slices."""

    def run(reporter: Reporter) -> tuple[Series, Volume]:
        from engine.formats.door import read_chosen, read_series  # noqa: PLC0415 - see find

        hand_on = _slice_by_slice(reporter, paint)

        def told(series: Series, volume: Volume, frame: int, at: int, plane: NDArray[Any]) -> None:
            hand_on(Slice(volume, frame, at, plane, index, series.number))

        if number is None:
            return read_chosen(index, progress=reporter.progress, cancel=reporter.token, on_plane=told)
        series = index.series[number]
        of_this = partial(told, series)
        return series, read_series(index, series, progress=reporter.progress, cancel=reporter.token, on_plane=of_this)

    return run


def phantom(paint: FirstPaint, reporter: Reporter) -> Volume:
    """The work of making the built-in heart; hands on Slices."""
    hand_on = _slice_by_slice(reporter, paint)
    return make_phantom(on_plane=lambda *of_slice: hand_on(Slice(*of_slice)))[0]


def _slice_by_slice(reporter: Reporter, paint: FirstPaint) -> Callable[[Slice], None]:
    """Hands slices on. The first one is handed on at once, and painted before the next one is read."""
    first = True

    def hand_on(piece: Slice) -> None:
        nonlocal first
        reporter.item(piece)
        if first:
            first = False
            reporter.flush()
            paint.wait(piece.volume)

    return hand_on
