"""Keeps the flags those of the labels drawn, goes from one to the next, and ticks what was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer

from app.session.jobs import Lane, Reporter, Workers
from app.session.store import Store
from app.state.queries import comparison_of, run_of, shown_correction, shown_function, view_shown
from app.state.review import Review
from app.state.stops import current_stop, next_stop, turned
from app.state.types import AppState, Kind, Layout, Pair, Status
from app.words.language import translate
from engine.measures import flags
from engine.measures.flags import Stop
from engine.measures.function import Function
from engine.measures.stop_rows import rows_of
from engine.measures.topology import Topology, topology_of, with_plane
from engine.network.model_card import SHORT_AXIS
from engine.network.predict import Prediction

_KEPT = 4
"""Segmentations whose topology is kept: two precisions of two models."""
REST_MS = 50
"""Flags follow when the hand rests for so long."""

Planes = Mapping[tuple[int, int], NDArray[np.uint8]]
_Known = tuple[Prediction | None, Planes, Topology | None]
"""The topology of labels drawn: what the model found, and slices drawn by hand."""


class Reviewing(QObject):
    """Follows the state: labels are looked through in a worker, once they have not changed for a moment."""

    def __init__(self, store: Store, workers: Workers) -> None:
        super().__init__()
        self._store = store
        self._lane = Lane(workers.comparing)
        self._closed = False
        self._seen: tuple[Any, ...] = ()
        self._bases: list[tuple[Prediction, Topology]] = []
        self._drawn: _Known = None, {}, None
        # Flags come after the change that they follow from, so that nobody hears of the two in the wrong order.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REST_MS)
        self._soon.timeout.connect(self._follow)
        store.changed.connect(self._changed)

    def close(self) -> None:
        """Stop for good. A second time does nothing."""
        if not self._closed:
            self._closed = True
            self._store.changed.disconnect(self._changed)
            self._soon.stop()

    @property
    def settled(self) -> bool:
        """Whether the flags are those of the labels drawn, once the workers have nothing left to do."""
        return not self._soon.isActive()

    # -- commands ------------------------------------------------------------------------------------------------

    def step(self, step: int) -> None:
        """Go to the next flagged place (1) or to the one before (-1)."""
        stop = next_stop(self._store.state, step)
        if stop is not None:
            self.go_to(stop)
        elif self._store.state.reviewing.review is None:
            run = run_of(self._store.state)
            done = run is not None and run.status is Status.DONE
            once = translate("Session", "Flags come once the scan is segmented.")
            soon = translate("Session", "The outlines are being looked through: flags come in a moment.")
            self._store.say(Kind.HINT, soon if done else once)
        else:
            self._store.say(Kind.SUCCESS, translate("Session", "Nothing is flagged in this scan."))

    def go_to(self, stop: Stop) -> None:
        """Show the slice and frame of a place, in a layout that shows them."""
        state = self._store.state
        frame = stop.frame_index if stop.frame_index is not None else state.view.frame_index
        index = stop.slice_index if stop.slice_index is not None else state.view.slice_index
        layout, function = state.preferences.layout, shown_function(state)
        if layout is Layout.PHASES and function is not None and frame not in flags.phases_of(function):
            layout = Layout.SLICE
        first = stop.flags[0].where
        self._store.update(frame_index=frame, slice_index=index, playing=False, layout=layout, stop_at=first)

    def toggle_reviewed(self, stop: Stop | None = None) -> None:
        """Tick a place as looked at, or take the tick away; the one on screen where none is given."""
        stop = stop or current_stop(self._store.state)
        if stop is None:
            text = translate("Session", "Nothing is flagged on this slice. Full stop (.) goes to the next flag.")
            self._store.say(Kind.SUCCESS, text)
            return
        ticks = turned(self._store.state, stop)
        if ticks is not None:
            self._store.update(ticks=ticks, stop_at=stop.flags[0].where)

    # -- following -----------------------------------------------------------------------------------------------

    def _changed(self, _: AppState, new: AppState) -> None:
        source = _source(new)
        if source is not None and not _same(source, self._seen):
            self._soon.start()

    def _follow(self) -> None:
        source = _source(self._store.state)
        if source is None or _same(source, self._seen):
            return
        self._seen = source
        prediction, planes, function, precisions = source
        if prediction is None or function is None:
            self._bases = []
            self._store.update(review=None)
            return
        base = next((topology for of, topology in self._bases if of is prediction), None)
        if base is None:
            self._store.update(review=None)
            self._look_through(prediction)
        else:
            self._find(prediction, base, planes, function, precisions)

    def _look_through(self, prediction: Prediction) -> None:
        def arrived(found: Topology) -> None:
            self._bases = [*self._bases[-(_KEPT - 1) :], (prediction, found)]
            self._seen = ()
            self._soon.start()

        self._lane.cancel()
        self._lane.submit(lambda _: topology_of(prediction.labels.array), then=arrived, failed=self._store.complain)

    def _find(
        self,
        prediction: Prediction,
        base: Topology,
        planes: Planes,
        function: Function,
        precisions: NDArray[np.float64] | None,
    ) -> None:
        """Find flags in a worker: numbers and image come first, and the next stroke need not wait."""
        volume, source, known = self._store.state.scan.volume, self._seen, self._drawn
        if volume is None:
            return

        def find(_: Reporter) -> tuple[Topology, Review]:
            topology = _topology_drawn(known, prediction, base, planes)
            found = flags.find_flags(
                topology,
                volume,
                function,
                confidence=prediction.confidence,
                precisions=precisions,
                corrected=planes.keys(),
            )
            phases = flags.phases_of(function)
            return topology, Review(found, rows_of(found, phases))

        def arrived(found: tuple[Topology, Review]) -> None:
            self._drawn = prediction, planes, found[0]
            if _same(_source(self._store.state) or source, source):  # else others are under way
                self._store.update(review=found[1])

        self._lane.cancel()
        self._lane.submit(find, then=arrived, failed=self._store.complain)


def _topology_drawn(known: _Known, prediction: Prediction, base: Topology, planes: Planes) -> Topology:
    """Of the labels drawn: only slices that are new since the last time are looked through."""
    of, before, topology = known
    if of is not prediction or topology is None:
        before, topology = {}, base
    for where in before.keys() - planes.keys():
        topology = with_plane(topology, *where, prediction.labels.array[where])
    for where, plane in planes.items():
        if before.get(where) is not plane:
            topology = with_plane(topology, *where, plane)
    return topology


_NO_PLANES: Planes = {}


def _source(state: AppState) -> tuple[Any, ...] | None:
    """What flags depend on: what the model found, slices drawn by hand, the numbers, Dice between the precisions.

    None while a stroke is drawn: flags are those of before.
    """
    correction, run = shown_correction(state), run_of(state)
    if correction is not None and correction.stroke is not None:
        return None
    if view_shown(state) != SHORT_AXIS:
        return None, _NO_PLANES, None, None
    comparison = comparison_of(state) if state.view.pair is Pair.PRECISIONS else None
    precisions = comparison.slice_dice if comparison is not None else None
    if correction is not None:
        return correction.base, correction.planes, correction.function, precisions
    prediction = run.prediction if run is not None else None
    return prediction, _NO_PLANES, shown_function(state), precisions


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
