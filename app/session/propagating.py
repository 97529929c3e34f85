"""Carries the corrections of one frame through the cine, in a worker. How is in engine.shapes.propagation."""

from __future__ import annotations

from app.session import reasons
from app.session.jobs import Lane, Reporter, Workers
from app.session.store import Store
from app.state import editing
from app.state.brush import Plane
from app.state.changes import stroke_ended
from app.state.editing import Correction, CorrectionKey
from app.state.places import here
from app.state.queries import correction_key, correction_of
from app.state.strokes import Where
from app.state.types import Busy, Kind
from app.words.language import COUNT, translate
from engine.errors import CineQuantError
from engine.shapes.propagation import propagated


class Propagating:
    """One command, and what is said of it."""

    def __init__(self, store: Store, workers: Workers) -> None:
        self._store = store
        self._lane = Lane(workers.comparing)

    def propagate(self) -> None:
        """Carry the corrected slices of the frame on screen to all other frames, as one step.

        Slices that were corrected by hand in other frames are left as they are.
        """
        self._store.show(stroke_ended(self._store.state))
        state = self._store.state
        said = reasons.nothing_to_propagate(state)
        key, correction = correction_key(state), correction_of(state)
        if said or key is None or correction is None:
            self._store.say(Kind.HINT, said)
            return
        source = here(state)[0]
        planes = {z: plane for (t, z), plane in correction.planes.items() if t == source}
        volume, base = correction.volume, correction.base.labels.array
        others = [frame for frame in range(volume.frames) if frame != source]

        def run(reporter: Reporter) -> dict[Where, Plane]:
            spacing = volume.geometry.spacing_mm[:2]
            return propagated(
                volume.array, base, source, planes, spacing, others, progress=reporter.progress, cancel=reporter.token
            )

        self._lane.cancel()
        self._lane.submit(
            run,
            then=lambda made: self._arrived(key, correction, made),
            failed=self._failed,
            busy=Busy(translate("Propagating", "Carrying the correction through the cine"), 0, len(others)),
            words=lambda what: translate("Propagating", "Carrying the correction through the cine"),
        )

    def cancel(self) -> None:
        """Stop carrying a correction."""
        self._lane.cancel()

    def _failed(self, error: CineQuantError | None) -> None:
        self._store.complain(error)

    def _arrived(self, key: CorrectionKey, before: Correction, made: dict[Where, Plane]) -> None:
        state = self._store.state
        now = state.correction.corrections.get(key)
        if now is None or correction_key(state) != key:
            return
        if now.planes is not before.planes:
            said = translate("Propagating", "Contours were corrected meanwhile, so nothing was carried. Do it again.")
            self._store.say(Kind.WARNING, said)
            return
        kept = by_hand(now)
        new = editing.changed(now, {where: plane for where, plane in made.items() if where not in kept})
        self._store.update(corrections={**state.correction.corrections, key: new}, corrected=True)
        count = len(made) - len(kept & made.keys())
        done = translate("Propagating", "Carried to %n slice(s) of the other frames.", "", COUNT, count)
        rest = translate("Propagating", "Slices corrected by hand were left as they are. Undo takes all back.")
        self._store.say(Kind.SUCCESS, f"{done} {rest}")


def by_hand(correction: Correction) -> set[Where]:
    """The slices that were corrected one by one, not together with others by interpolation or propagation."""
    done = correction.done
    if not done:
        return set()
    last = [*(not change.joined for change in done[1:]), True]
    return {change.where for change, alone in zip(done, last, strict=True) if alone and not change.joined}
