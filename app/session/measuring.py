"""The commands that choose how a scan is measured: phases, slices that count, conventions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from app.session.store import Store, still_loading
from app.session.undoing import Undoing
from app.state import editing
from app.state.measured import reading_of
from app.state.queries import correction_of, phases_shown, shown_function
from app.state.types import Kind, Layout
from app.words.language import marked, translate
from engine.measures.overtaken import Overtaken
from engine.measures.reading import Base, Papillary, Phases, Reading
from engine.volume import LV, MYO, RV

PHASE_CHOSEN = marked("History", "choice of a phase")
LEFT_OUT = marked("History", "slices that count")
CONVENTION = marked("History", "convention")
ALL = (LV, MYO, RV)


class Measuring:
    """Choices of the reader for the scan on screen. Each is a step that can be undone."""

    def __init__(self, store: Store, undoing: Undoing) -> None:
        self._store, self._undoing = store, undoing

    # -- phases --------------------------------------------------------------------------------------------------

    def choose_phase(self, phase: str, frame: int | None = None, side: int = LV) -> None:
        """Make a frame "ed" or "es": the one on screen if none is given.

        side: LV, which means both ventricles unless the right one has phases of its own; RV gives it its own.
        """
        volume = self._store.state.scan.volume
        if volume is None or still_loading(self._store):
            return
        if volume.frames < 2:
            said = translate("Measuring", "This scan has one frame only: there are no phases to choose.")
            self._store.say(Kind.HINT, said)
            return
        frame = self._store.state.view.frame_index if frame is None else min(max(frame, 0), volume.frames - 1)
        function = shown_function(self._store.state)
        if function is not None:
            ed, es = (
                (function.rv_ed_frame, function.rv_es_frame) if side == RV else (function.ed_frame, function.es_frame)
            )
            if frame == (es if phase == "ed" else ed):
                said = translate("Measuring", "One frame cannot be both end-diastole and end-systole.")
                self._store.say(Kind.HINT, said)
                return

        def chosen(reading: Reading) -> Reading:
            if side == RV and reading.rv is None:
                reading = _apart(reading)
            return reading.with_phase(side, phase, frame)

        self._choose(PHASE_CHOSEN, chosen)

    def use(self, found: Overtaken) -> None:
        """Make a frame that has overtaken a phase that phase."""
        self.choose_phase(found.phase, found.frame, found.side)

    def toggle_apart(self) -> None:
        """Give the right ventricle phases of its own, or measure it at those of the left one again."""
        self._choose(PHASE_CHOSEN, lambda r: replace(r, rv=None) if r.rv is not None else _apart(r))

    def reset_phases(self) -> None:
        """Go back to the frames found by rule, for both ventricles."""
        self._choose(PHASE_CHOSEN, lambda r: replace(r, lv=Phases(), rv=None if r.rv is None else Phases()))

    # -- slices --------------------------------------------------------------------------------------------------

    def toggle_slice(
        self, *, whole_cine: bool = False, structures: Collection[int] = ALL,
        frame: int | None = None, index: int | None = None,
    ) -> None:  # fmt: skip
        """Leave structures on a slice out of all numbers, or take them in again if all of them are out.

        frame, index: the slice; the one on screen if not given. whole_cine: in every frame.
        """
        state = self._store.state
        volume = state.scan.volume
        if volume is None or still_loading(self._store):
            return
        index = state.view.slice_index if index is None else index
        frame = self._frame() if frame is None else frame
        frames = range(volume.frames) if whole_cine else (frame,)
        places = {(structure, t, index) for structure in structures for t in frames}
        self._choose(
            LEFT_OUT,
            lambda r: r.with_again(places) if places <= r.left_out else r.without(places),
            frame=frame,
            index=index,
        )

    def take_all_in(self) -> None:
        """Let every slice count again."""
        self._choose(LEFT_OUT, lambda r: replace(r, left_out=frozenset()))

    # -- conventions ---------------------------------------------------------------------------------------------

    def choose_base(self, base: Base) -> None:
        """Choose which basal slices count."""
        self._choose(CONVENTION, lambda r: replace(r, base=base))

    def choose_papillary(self, papillary: Papillary) -> None:
        """Choose what papillary muscles count as."""
        self._choose(CONVENTION, lambda r: replace(r, papillary=papillary))

    # ------------------------------------------------------------------------------------------------------------

    def _frame(self) -> int:
        """The frame on screen. If two phases are shown, the one that was drawn on last, else the first."""
        state = self._store.state
        if state.preferences.layout is not Layout.PHASES:
            return state.view.frame_index
        shown, correction = phases_shown(state), correction_of(state)
        last = correction.done[-1].where[0] if correction is not None and correction.done else None
        return last if last in shown else next(iter(shown), state.view.frame_index)

    def _choose(
        self, what: str, change: Callable[[Reading], Reading], *, frame: int | None = None, index: int | None = None
    ) -> None:
        """Change the reading as a step. frame, index: a slice that the step is about, to be looked at when undone."""
        store, volume = self._store, self._store.state.scan.volume
        if volume is None or still_loading(store):
            return
        if not store.state.scan.digest:
            store.update(digest=editing.digest(volume))
        state = store.state
        before = reading_of(state)
        after = change(before)
        if after == before:
            return
        look = {} if index is None else {"slice_index": index}
        if frame is not None and state.preferences.layout is not Layout.PHASES:
            look["frame_index"] = frame
        self._undoing.step(what, look=look, readings={**state.measuring.readings, state.scan.digest: after})


def _apart(reading: Reading) -> Reading:
    """With phases of the right ventricle's own, found by rule."""
    return replace(reading, rv=Phases())
