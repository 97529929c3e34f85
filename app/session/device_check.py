"""The device check: finds out, while nothing else is to do, which model and precision are best on this computer."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from app.session.jobs import JobReport, Lane, Reporter, Worker
from app.session.session import Session
from app.state.types import AppState, Busy, Kind
from app.words.language import marked, translate
from engine.errors import CineQuantError
from engine.network.bench import Report, bench_aside, device_key
from engine.network.catalog import Catalog
from engine.network.model_card import SHORT_AXIS

LOOK_EVERY_MS = 500
# The user has opened a scan and looks at it; by then the first segmentations are over and caches are warm.
QUIET_FOR_MS = 5000
CHECKING = marked("DeviceCheck", "Checking this computer")
WAITING = marked("DeviceCheck", "The device check waits for the segmentation")
NOT_YET = marked(
    "DeviceCheck",
    "Not checked yet. The check times every installed model in every precision. It takes about half a minute in the "
    "background. Nothing leaves this computer.",
)


class DeviceCheck(QObject):
    """Runs bench at low priority in a process of its own, but never while the session works.

    The result goes into the session's state. When a segmentation begins, the check stops and starts again afterwards.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._worker = Worker("check")
        self._lane = Lane(self._worker)
        self._wanted = self._forced = False
        self._quiet_ms = 0
        self._told = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        session.changed.connect(self._changed)

    def start(self) -> None:
        """Check as soon as the session has nothing to do, because the user asks for it."""
        self._wanted = self._forced = True
        self._timer.start()
        self._look()

    def start_when_quiet(self) -> None:
        """Check when the session has been idle for some time, unless the known result fits hardware and models."""
        self._wanted = True
        self._timer.start()

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        self._timer.stop()
        self._wanted = False
        self._worker.close()

    def _look(self) -> None:
        state, idle = self._session.state, self._session.idle
        if self._runs:
            if not idle:
                self._give_way()
            return
        if not self._wanted:
            self._timer.stop()
            return
        quiet = idle and state.models.catalog is not None and not (state.view.playing and not self._forced)
        self._quiet_ms = self._quiet_ms + LOOK_EVERY_MS if quiet else 0
        if quiet and (self._forced or self._quiet_ms >= QUIET_FOR_MS):
            self._begin(state)
        elif self._forced:
            self._tell(Busy(translate("DeviceCheck", WAITING)))

    def _begin(self, state: AppState) -> None:
        catalog, known = _of_short_axes(state.models.catalog), None if self._forced else state.models.report
        if catalog is None or not catalog.models:
            self._wanted = self._forced = False
            self._tell(None)
            return
        if self._forced:
            self._tell(Busy(translate("DeviceCheck", CHECKING)))
        self._lane.submit(
            lambda reporter: _check(catalog, known, reporter),
            then=self._found,
            failed=self._failed,
            on_report=self._on_report,
        )

    def _on_report(self, report: JobReport) -> None:
        self._tell(Busy(translate("DeviceCheck", CHECKING), report.done, report.total))

    def _found(self, report: Report) -> None:
        self._over(stay_wanted=False)
        self._session.update(report=report)

    def _failed(self, error: CineQuantError | None) -> None:
        self._over(stay_wanted=False)
        if error is not None:
            text = translate("DeviceCheck", "The device check failed: {error}").format(error=error)
            self._session.say(Kind.ERROR, text)

    @property
    def _runs(self) -> bool:
        return bool(self._lane.subjects)

    def _over(self, *, stay_wanted: bool) -> None:
        self._quiet_ms = 0
        if not stay_wanted:
            self._wanted = self._forced = False
        self._tell(None)

    def _tell(self, checking: Busy | None) -> None:
        self._told = True
        self._session.update(checking=checking)
        self._told = False

    def _changed(self, old: AppState, new: AppState) -> None:
        if self._told:
            return
        if old.models.checking is not None and new.models.checking is None:  # the user stopped it
            self._lane.cancel()
            self._over(stay_wanted=False)
        elif self._runs and not self._session.idle:
            self._give_way()

    def _give_way(self) -> None:
        """Stop, because the user's own work comes first, and start again when that is done."""
        self._lane.cancel()
        self._over(stay_wanted=True)


def _of_short_axes(catalog: Catalog | None) -> Catalog | None:
    """The models to choose between. A model for another view is the only one of its kind, or chosen by hand."""
    if catalog is None:
        return None
    return replace(catalog, models=tuple(card for card in catalog.models if card.view == SHORT_AXIS))


def _check(catalog: Catalog, known: Report | None, reporter: Reporter) -> Report:
    """The known result if it is of this hardware and these models, else a new one."""
    if known is not None and known.key == device_key(catalog):
        return known
    return bench_aside(catalog, progress=reporter.progress, cancel=reporter.token)
