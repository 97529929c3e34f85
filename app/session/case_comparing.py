"""Puts another reader's case of the same scan beside the one on screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.session.jobs import Lane, Reporter, Workers
from app.session.store import Store, still_loading
from app.state.case import OtherCase
from app.state.case_return import pieces_of, reader_key, reader_labels
from app.state.queries import correction_of
from app.state.types import Busy, Kind, Layout, Mask, Pair
from app.words.language import translate
from engine.errors import ScanError
from engine.formats.case_file import read_case


class CaseComparing:
    """Reads the other case, and shows its labels as a mask from a file is shown."""

    def __init__(self, store: Store, workers: Workers, *, arrived: Callable[[], None]) -> None:
        """arrived: called once the other reader's labels are there."""
        self._store, self._arrived = store, arrived
        self._lane = Lane(workers.comparing)

    def load(self, path: Path) -> None:
        """Compare the labels on screen with those that another reader left."""
        volume, volume_id = self._store.state.scan.volume, self._store.state.scan.volume_id
        if volume is None:
            self._store.say(Kind.HINT, translate("Session", "A case goes with a scan: open the scan first."))
        if volume is None or still_loading(self._store):
            return
        scan = volume
        self._store.update(message=None)

        def run(reporter: Reporter) -> OtherCase:
            from engine.formats.case_scan import same_scan  # noqa: PLC0415 - brings all readers

            case = read_case(path)
            reporter.token.check()
            there = same_scan(case, scan, path)
            pieces, key = pieces_of(case, there, path), reader_key(case, path)
            kept = pieces.corrections.get(key) if case.view.get("corrected") is not False else None
            function = pieces.runs[key].function
            if function is None:
                raise ScanError(f"{path}: is of a long-axis view; cases are compared on short axes")
            return OtherCase(path, reader_labels(case, there, path), function if kept is None else kept.function)

        def then(other: OtherCase) -> None:
            if self._store.state.scan.volume_id == volume_id:
                self._show(other)

        busy = Busy(translate("Session", "Reading {file}").format(file=path.name))
        self._lane.submit(run, then=then, failed=self._store.complain, busy=busy)

    def cancel(self) -> None:
        """Stop reading."""
        self._lane.cancel()

    def _show(self, other: OtherCase) -> None:
        state = self._store.state
        correction, frames = correction_of(state), tuple(range(other.labels.array.shape[0]))
        corrected = correction is not None and bool(correction.planes)
        kept = state.segmentation.comparisons.items()
        self._store.update(
            other=other,
            mask=Mask(other.path.name, other.labels, frames),
            mask_shown=True,
            pair=Pair.CORRECTED if corrected else Pair.MASK,
            layout=Layout.COMPARE,
            comparisons={key: value for key, value in kept if not isinstance(key[1], Mask)},
        )
        self._arrived()
