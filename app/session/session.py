"""What the window holds: the state, and the commands that change it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import SignalInstance

from app.session.annotating import Annotating
from app.session.archiving import Archiving
from app.session.autosaving import Autosaving
from app.session.case_comparing import CaseComparing
from app.session.case_saving import CaseSaving
from app.session.cine_clock import CineClock
from app.session.comparing import Comparing
from app.session.contours import SliceContours
from app.session.correcting import Correcting
from app.session.exporting import Exporting, Rescued
from app.session.first_paint import FirstPaint
from app.session.insertion_points import InsertionPoints
from app.session.jobs import Workers
from app.session.looking import Looking
from app.session.measuring import Measuring
from app.session.opening import Opening
from app.session.propagating import Propagating
from app.session.reading_beside import ReadingBeside
from app.session.reviewing import Reviewing
from app.session.segmenting import Segmenting
from app.session.store import Store
from app.session.undoing import Undoing
from app.state.case import Offer
from app.state.types import COMPARED, AppState, Command, Kind
from engine.errors import CineQuantError


class Session:
    """Assembles the parts, and joins what they do. No part knows another one.

    Each part holds the commands of one activity: opening, segmenting, comparing, correcting, exporting, looking.
    """

    def __init__(self, state: AppState | None = None, *, compare: bool = True) -> None:
        """compare: segment in the precisions of COMPARED, not only in the chosen one."""
        self.store = Store(state or AppState())
        self.paint = FirstPaint()
        self._clock = CineClock(self.store)
        self._workers = Workers()
        self.looking = Looking(self.store)
        self.undoing = Undoing(self.store)
        self.insertion_points = InsertionPoints(self.store, self.undoing)
        self.measuring = Measuring(self.store, self.undoing)
        self.correcting = Correcting(self.store)
        self.contours = SliceContours(self.store)
        self.annotating = Annotating(self.store, self.undoing)
        self.propagating = Propagating(self.store, self._workers)
        self.comparing = Comparing(self.store, self._workers)
        self.exporting = Exporting(self.store, self._workers)
        self.archiving = Archiving(self._workers)
        self.case_comparing = CaseComparing(self.store, self._workers, arrived=self.comparing.compare_missing)
        self.case_saving = CaseSaving(self.store, self._workers)
        self.autosaving = Autosaving(self.store, self._workers)
        self.segmenting = Segmenting(
            self.store,
            self._workers,
            self.paint,
            compared=COMPARED if compare else (),
            chosen=self.correcting.say_kept,
            finished=self.comparing.compare_missing,
        )
        self.reviewing = Reviewing(self.store, self._workers)
        self.reading_beside = ReadingBeside(self.store, self._workers)
        self.opening = self._opening()
        for worker in self._workers.all:
            worker.changed.connect(self._show_busy)

    # -- the state -----------------------------------------------------------------------------------------------

    @property
    def state(self) -> AppState:
        """What is on screen now."""
        return self.store.state

    @property
    def changed(self) -> SignalInstance:
        """Emitted with the state before and the state after each change."""
        return self.store.changed

    def update(self, **changes: Any) -> None:
        """See Store.update."""
        self.store.update(**changes)

    def say(self, kind: Kind, text: str) -> None:
        """Show a message."""
        self.store.say(kind, text)

    # -- what concerns several parts -----------------------------------------------------------------------------

    def escape(self) -> None:
        """Leave what is innermost: a stroke, then correcting, then what the workers do."""
        if self.correcting.drop_stroke():
            return
        if self.annotating.leave():
            return
        if self.state.correction.correcting:
            self.correcting.stop()
        else:
            self.cancel()

    def cancel(self) -> None:
        """Stop what the workers do; if they do nothing, the device check.

        What is finished stays, and a file that is being written is finished. If a scan was being opened, the scan
        before is back on screen.
        """
        checking = None if self.idle else self.state.models.checking
        self.opening.cancel()
        self.comparing.cancel()
        self.case_comparing.cancel()
        self.propagating.cancel()
        self.exporting.cancel()
        self.archiving.cancel()
        self.segmenting.cancel()
        self.update(checking=checking)

    def answer(self, command: Command) -> None:
        """Do what a message offers."""
        match command:
            case Command.SEGMENT:
                self.segmenting.segment()

    @property
    def idle(self) -> bool:
        """Whether the workers have nothing left to do."""
        return self._workers.idle

    def finish_writing(self) -> bool:
        """Wait until all exports and cases are written. Returns whether that went well; what failed has been said."""
        before = self.case_saving.failures
        return self.exporting.finish() and self.case_saving.failures == before

    def recover(self, folder: Path) -> Rescued:
        """Save work after a crash: masks and the case on screen. See Exporting.recover."""
        rescued = self.exporting.recover(folder)
        try:
            case = self.case_saving.rescue(folder)
        except (CineQuantError, OSError) as error:
            return rescued.and_(Rescued(failed=(str(error),)))
        except Exception as bug:  # after a crash the state may be damaged
            return rescued.and_(Rescued(failed=(type(bug).__name__,), bugs=(bug,)))
        return rescued.and_(Rescued(written=() if case is None else (case,)))

    def recover_offer(self, offer: Offer) -> None:
        """Open a case left behind by a window that was not closed properly."""
        path = self.autosaving.take(offer)
        if path is not None:
            self.opening.open_case(path, recovered=True)

    def close(self) -> None:
        """Finish what is being written, cancel the rest and wait for it."""
        self._clock.close()
        self.reviewing.close()
        self.finish_writing()
        self._workers.close()
        self.autosaving.close()

    def _opening(self) -> Opening:
        # Through self the session would hold itself, and only the cycle collector could free it.
        segmenting, comparing, correcting = self.segmenting, self.comparing, self.correcting
        propagating, reading_beside, case_comparing = self.propagating, self.reading_beside, self.case_comparing

        def leaving() -> None:
            segmenting.give_up()
            comparing.cancel()
            case_comparing.cancel()
            propagating.cancel()
            reading_beside.cancel()

        def arrived(before: AppState) -> None:
            correcting.say_kept(before)
            segmenting.segment_missing()

        return Opening(self.store, self._workers, self.paint, leaving=leaving, arrived=arrived)

    def _show_busy(self) -> None:
        self.update(busy=self._workers.busy)
