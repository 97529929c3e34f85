"""Reads the long-axis cines of the study once they are to stand beside the short axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.session.jobs import Lane, Reporter, Workers
from app.session.store import Store
from app.state import beside
from app.state.beside import BesideState
from app.state.changes import first_window
from app.state.heart_views import series_beside
from app.state.types import AppState, Busy, Kind, Layout
from app.words.language import COUNT, translate
from engine.errors import CineQuantError
from engine.volume import Volume

if TYPE_CHECKING:
    from engine.formats.index import Index, Series

MOST_READ = 12
"""Series; more are in no examination of one heart."""


class ReadingBeside(QObject):
    """Follows the state: reads when the layout first needs them."""

    def __init__(self, store: Store, workers: Workers) -> None:
        super().__init__()
        self._store = store
        self._lane = Lane(workers.comparing)
        self._asked = -1  # the volume_id that was read for
        store.changed.connect(self._changed)

    def cancel(self) -> None:
        """Stop reading. It is read again when the scan is on screen again."""
        self._lane.cancel()
        self._asked = -1

    def toggle(self, plane: int) -> None:
        """Show a long axis, or show it no longer."""
        self._store.update(long_axes_shown=beside.toggled(self._store.state.beside.long_axes_shown, plane))

    def put(self, place: int, plane: int) -> None:
        """Show a long axis at a place."""
        self._store.update(long_axes_shown=beside.with_plane(self._store.state.beside.long_axes_shown, place, plane))

    def drag(self, place: int, x_mm: float, y_mm: float) -> None:
        """Show at a place the long axis whose line passes nearest to a point of the slice on screen."""
        state = self._store.state
        if state.scan.volume is not None and state.beside.long_axes:
            geometry, index = state.scan.volume.geometry, state.view.slice_index
            self.put(place, beside.nearest_plane(state.beside.long_axes, geometry, index, (x_mm, y_mm)))

    def _changed(self, old: AppState, new: AppState) -> None:
        scan, volume = new.scan, new.scan.volume
        wanted = new.preferences.layout is Layout.CINES and scan.loading is None and new.beside.long_axes is None
        if not wanted or volume is None or scan.index is None or self._asked == scan.volume_id:
            return
        self._asked = scan.volume_id
        series = series_beside(new)
        if not series:
            return
        work = read(scan.index, series[:MOST_READ], volume)
        # Nothing asks for them a second time, so reading them is not to be stopped.
        busy = Busy(translate("Session", "Reading the long axes"), can_stop=False)
        self._lane.submit(work, then=self._arrived, failed=self._failed, busy=busy)

    def _arrived(self, found: tuple[BesideState, int]) -> None:
        planes, unread = found
        self._store.update(beside=planes)
        if unread:
            text = translate("Session", "Not shown: %n series of the study that cannot be read.", "", COUNT, unread)
            self._store.say(Kind.WARNING, text)

    def _failed(self, error: CineQuantError | None) -> None:
        self._store.update(long_axes=())
        self._store.complain(error)


def read(index: Index, series: tuple[Series, ...], volume: Volume) -> Callable[[Reporter], tuple[BesideState, int]]:
    """The work of reading series that may be long axes of a volume, and of counting those that cannot be read."""

    def run(reporter: Reporter) -> tuple[BesideState, int]:
        from engine.formats.chambers import chambers_of  # noqa: PLC0415 - with the readers
        from engine.formats.door import read_series  # noqa: PLC0415 - brings the readers of DICOM and NIfTI

        found, unread = [], 0
        for one in series:
            try:
                other = read_series(index, one, progress=reporter.progress, cancel=reporter.token)
            except CineQuantError:
                reporter.token.check()
                unread += 1
                continue
            found.append((other, chambers_of(one.description), one.description, first_window(other)))
        planes = beside.fitting(volume, found)
        return BesideState(planes, beside.first_shown(planes), first_window(volume)), unread

    return run
