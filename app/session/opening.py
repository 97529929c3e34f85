"""How a scan comes on screen: its first slice first, then the rest, and the way back to the scan before.

The work is in scan_reading and case_opening, done by a worker. What it hands on meanwhile and returns at the end goes
through WayBack, which computes the next state from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from app.session.case_opening import OpenedCase, open_case
from app.session.first_paint import FirstPaint
from app.session.jobs import JobReport, Lane, Workers
from app.session.scan_reading import Slice, find, phantom, read
from app.session.store import Store, still_loading
from app.session.trail import noted
from app.state.case import Moved
from app.state.case_content import left_unsaved, rejoined, stashed
from app.state.case_return import with_case
from app.state.changes import arriving, completed, evolve, recognised, returned, with_spacing
from app.state.types import MAX_RECENTS, AppState, Busy, Kind, Status
from app.words.language import translate
from engine.errors import CineQuantError, ScanError
from engine.formats.case_file import SUFFIX
from engine.volume import Volume

if TYPE_CHECKING:
    from engine.formats.index import Index, Series


class Opening:
    """Opens scans in place of the one on screen, which stays until the first slice of the new one has been read."""

    def __init__(
        self,
        store: Store,
        workers: Workers,
        paint: FirstPaint,
        *,
        leaving: Callable[[], None],
        arrived: Callable[[AppState], None],
    ) -> None:
        """leaving: called before another scan is opened; ends what has to do with the one on screen.

        arrived: called once a scan has been read, with the state before it was asked for; also after one that could
        not be read, since the scan before is on screen again and may not be segmented completely.
        """
        self._store, self._workers, self._paint = store, workers, paint
        self._lane = Lane(workers.scan)
        self._leaving, self._arrived = leaving, arrived
        self._way_back = WayBack()

    # -- commands ------------------------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open the most likely short-axis cine among these files and folders."""
        wanted = tuple(Path(p) for p in paths)
        if not wanted:
            return
        if len(wanted) == 1 and wanted[0].suffix.lower() == SUFFIX and not wanted[0].is_dir():
            self.open_case(wanted[0])
            return
        self._start()
        self._store.update(asked=wanted)
        what = translate("Session", "Opening {file}").format(file=wanted[0].name or wanted[0])
        self._lane.submit(find(wanted), then=self._found, failed=self._failed, busy=Busy(what))

    def open_case(self, path: Path, scan: Sequence[Path] = (), *, recovered: bool = False) -> None:
        """Open a case, and go on where it was left.

        scan: where its scan is; empty for where the case says. recovered: the file was autosaved, so that its changes
        are in no file of the user's yet.
        """
        self._start()
        self._store.update(asked=(path,), moved=None)
        busy = Busy(translate("Session", "Opening {file}").format(file=path.name))
        work = open_case(path, scan, self._paint, recovered=recovered)
        self._lane.submit(work, then=self._case_found, failed=self._failed, on_report=self._on_report, busy=busy)

    def open_series(self, number: int) -> None:
        """Open another stack of those that were found with the scan on screen."""
        scan = self._store.state.scan
        if scan.index is None or not 0 <= number < len(scan.index.series):
            return
        if number == scan.series and not self.under_way:
            return
        self._start()
        self._read(scan.index, number)

    def open_phantom(self) -> None:
        """Open the built-in beating heart."""
        self._start()
        busy = Busy(translate("Session", "Computing a beating heart"))
        work = partial(phantom, self._paint)
        self._lane.submit(work, then=self._complete, failed=self._failed, on_report=self._on_report, busy=busy)

    def open_volume(self, volume: Volume) -> None:
        """Show a volume that is already in memory."""
        self._start()
        self._complete(volume)

    def set_spacing(self, x_mm: float, y_mm: float, z_mm: float) -> None:
        """Take the user's spacing for a scan whose header has none. The scan is segmented anew."""
        volume = self._store.state.scan.volume
        if volume is None or still_loading(self._store):
            return
        try:
            volume = volume.with_spacing(x_mm, y_mm, z_mm)
        except ScanError as error:
            self._store.complain(error)
            return
        self._start()
        before = self._way_back.end() or self._store.state
        self._store.show(with_spacing(self._store.state, volume))
        self._arrived(before)

    def cancel(self) -> None:
        """Stop reading. The scan before is back on screen."""
        self._lane.cancel()
        self._store.show(self._way_back.back(self._store.state, tree=True))

    @property
    def under_way(self) -> bool:
        """Whether a scan is being opened."""
        return bool(self._lane.subjects)

    # -- what comes back -----------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._lane.cancel()
        self._leaving()
        self._store.show(self._way_back.begin(self._store.state))

    def _read(self, index: Index, number: int | None = None) -> None:
        """Read a stack of an index, the most likely short-axis cine if no number is given."""

        def then(found: tuple[Series, Volume]) -> None:
            series, volume = found
            self._complete(volume, index, series.number)

        busy = Busy(translate("Session", "Reading images"))
        work = read(index, self._paint, number)
        self._lane.submit(work, then=then, failed=self._failed, on_report=self._on_report, busy=busy)

    def _found(self, index: Index) -> None:
        # The stacks can be seen and clicked while the chosen one is read.
        self._store.update(index=index, series=None)
        self._read(index)

    def _on_report(self, report: JobReport) -> None:
        state = self._way_back.with_slices(self._store.state, report.items)
        self._store.show(evolve(state, busy=self._workers.busy))

    def _case_found(self, found: OpenedCase | Moved) -> None:
        state = self._store.state
        if isinstance(found, Moved):
            self._store.show(evolve(self._way_back.back(state), moved=found))
            self._arrived(self._store.state)
            return
        digest = found.case.scan.digest
        left = left_unsaved(state if state.scan.loading is not None else stashed(state))
        corrections = state.correction.corrections.items()
        if digest in left or any(key.scan == digest and kept.unsaved for key, kept in corrections):
            text = translate("Session", "{case}: its scan has unsaved changes in this window; save them first.")
            self._failed(ScanError(text.format(case=found.path or found.case.scan.name)))
            return
        self._complete(found.volume, found.index, found.series, case=found)

    def _complete(
        self, volume: Volume, index: Index | None = None, series: int | None = None, *, case: OpenedCase | None = None
    ) -> None:
        state, left = self._store.state, self._way_back.end()
        before = state if state.scan.loading is None or left is None else left
        state = completed(state if state.scan.loading is not None else stashed(state), volume)
        state = rejoined(recognised(state)) if case is None else with_case(state, case.case, case.pieces, case.path)
        if index is not None:
            state = evolve(state, index=index, series=series)
        first = case.path if case is not None else index.paths[0].absolute() if index is not None else None
        if first is not None:
            rest = tuple(p for p in state.preferences.recents if p != first)
            state = evolve(state, recents=(first, *rest)[:MAX_RECENTS])
        self._store.show(noted(state, "opened" if case is None else "opened as a case"))
        self._arrived(before)

    def _failed(self, error: CineQuantError | None) -> None:
        index = self._store.state.scan.index
        # Other stacks of a folder can still be tried; a lone file that is broken has nothing to offer.
        alone = index is None or len(index.series) <= 1
        self._store.show(self._way_back.back(self._store.state, tree=alone))
        if error is not None:
            self._arrived(self._store.state)
            self._store.say(Kind.ERROR, str(error))


class WayBack:
    """Computes the states while a scan is being opened, and remembers the state that cancelling leads back to."""

    def __init__(self) -> None:
        self._before: AppState | None = None  # only while a scan is being opened

    def begin(self, state: AppState) -> AppState:
        """The state to open another scan from, with nothing under way. Cancelling leads back to it.

        If the scan on screen has not been read completely itself, cancelling leads back to the state before that scan.
        """
        first, state = self._before, self.back(state)
        runs = {key: run for key, run in state.segmentation.runs.items() if run.status is Status.DONE}
        state = evolve(state, runs=runs, busy=None, message=None)
        self._before = first or state
        return state

    def back(self, state: AppState, *, tree: bool = False) -> AppState:
        """The state with the scan before on screen again. tree: with the studies found with it, too."""
        before, self._before = self._before, None
        if before is None:
            return state
        state = returned(state, before)
        index = before.scan.index if tree else state.scan.index
        return evolve(state, index=index, series=before.scan.series if index is before.scan.index else None)

    def with_slices(self, state: AppState, slices: Sequence[Slice]) -> AppState:
        """The state with slices of a scan that is being read. The first one changes all that names the scan."""
        for volume, pieces in groupby(slices, key=lambda piece: piece.volume):
            arrived = list(pieces)
            # The user may have changed the view since the scan was asked for: return to how it was left.
            if state.scan.loading is None and self._before is not None:
                self._before = evolve(state, index=self._before.scan.index, series=self._before.scan.series)
            if state.scan.loading is None:
                state = stashed(state)
            state = arriving(state, volume, {(piece.frame, piece.slice): piece.plane for piece in arrived})
            state = evolve(state, index=arrived[0].index or state.scan.index, series=arrived[0].series)
        return state

    def end(self) -> AppState | None:
        """The scan has been read, so there is no way back any more. Returns the state it would have led to."""
        before, self._before = self._before, None
        return before
