"""The device check: which model in which precision is best on this computer, found while nothing else is to do."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.engine_words import translated
from app.jobs import Job, Outcome, Reporter, Worker
from app.jobs import Report as JobReport
from app.language import COUNT, marked, thousands, translate
from app.panel import label, plain_tip
from app.session import Session
from app.state import AppState, Busy, Kind
from engine.bench import BF16, Report, Row, bench_aside, device_key
from engine.catalog import Catalog

LOOK_EVERY_MS = 500
# The user has opened a scan and looks at it; by then the first segmentations are over and caches are warm.
QUIET_FOR_MS = 5000
CHECKING = marked("DeviceCheck", "Checking this computer")
WAITING = marked("DeviceCheck", "The device check waits for the segmentation")
NOT_YET = marked(
    "DeviceCheck",
    "Not checked yet. The check times every installed model in every precision, for about half a minute, behind "
    "whatever else you do. Nothing leaves this computer.",
)


class DeviceCheck(QObject):
    """Runs bench at low priority in a process of its own; never while the session works.

    What it finds goes into the session's state. A segmentation that begins ends it; it starts again afterwards.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._worker: Worker | None = None
        self._job: Job | None = None
        self._wanted = self._forced = False
        self._quiet_ms = 0
        self._told = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        session.changed.connect(self._changed)

    def start(self) -> None:
        """Check now because the user asks, or as soon as the session has nothing to do."""
        self._wanted = self._forced = True
        self._timer.start()
        self._look()

    def start_when_quiet(self) -> None:
        """Check some time after the session has become idle, if what is known is of other hardware or models."""
        self._wanted = True
        self._timer.start()

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        self._timer.stop()
        self._wanted = False
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _look(self) -> None:
        state, idle = self._session.state, self._session.idle
        if self._job is not None:
            if not idle:
                self._give_way()
            return
        if not self._wanted:
            self._timer.stop()
            return
        quiet = idle and state.catalog is not None and not (state.playing and not self._forced)
        self._quiet_ms = self._quiet_ms + LOOK_EVERY_MS if quiet else 0
        if quiet and (self._forced or self._quiet_ms >= QUIET_FOR_MS):
            self._begin(state)
        elif self._forced:
            self._tell(Busy(translate("DeviceCheck", WAITING)))

    def _begin(self, state: AppState) -> None:
        catalog, known = state.catalog, None if self._forced else state.report
        if catalog is None or not catalog.models:
            self._wanted = self._forced = False
            self._tell(None)
            return
        if self._worker is None:
            self._worker = Worker(self._on_report, self._on_outcome)
        self._job = Job("check", None, lambda reporter: _check(catalog, known, reporter))
        if self._forced:
            self._tell(Busy(translate("DeviceCheck", CHECKING)))
        self._worker.submit(self._job)

    def _on_report(self, report: JobReport) -> None:
        self._tell(Busy(translate("DeviceCheck", CHECKING), report.done, report.total))

    def _on_outcome(self, outcome: Outcome) -> None:
        self._over(stay_wanted=False)
        if outcome.bug is not None:
            raise outcome.bug
        if outcome.error is not None:
            text = translate("DeviceCheck", "The device check failed: {error}").format(error=outcome.error)
            self._session.say(Kind.ERROR, text)
        elif outcome.value is not None:
            self._session.update(report=outcome.value)

    def _over(self, *, stay_wanted: bool) -> None:
        self._job = None
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
        if old.checking is not None and new.checking is None:  # the user stopped it
            if self._job is not None:
                self._job.token.cancel()
            self._over(stay_wanted=False)
        elif self._job is not None and not self._session.idle:
            self._give_way()

    def _give_way(self) -> None:
        """The user's own work comes first; begin again when it is done."""
        if self._job is not None:
            self._job.token.cancel()
        self._over(stay_wanted=True)


def _check(catalog: Catalog, known: Report | None, reporter: Reporter) -> Report:
    """What is known, where it is of this hardware and these models, else what bench finds."""
    if known is not None and known.key == device_key(catalog):
        return known
    return bench_aside(catalog, progress=reporter.progress, cancel=reporter.token)


class DeviceDialog(QDialog):
    """What the device check found, as a table; stays open beside the work."""

    check_requested = Signal()
    stop_requested = Signal()
    follow_requested = Signal()

    HEAD = (
        marked("DeviceCheck", "Model"),
        marked("DeviceCheck", "Precision"),
        marked("DeviceCheck", "ms a slice"),
        marked("DeviceCheck", "p95, ms"),
        marked("DeviceCheck", "Memory, MB"),
        marked("DeviceCheck", "File, kB"),
        marked("DeviceCheck", "Executed in"),
        marked("DeviceCheck", "Dice"),
        "",
    )

    # Of the class too: Qt tells of palettes while the dialog is being made.
    _state: AppState | None = None
    _theme = ""

    def __init__(self, parent: QWidget, state: AppState) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("DeviceCheck", "Device check"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        self.advice = label("", "welcomeTitle", wrap=True)
        column.addWidget(self.advice)
        self.device = label("", "muted", wrap=True)
        column.addWidget(self.device)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self._area, 1)
        self.notes = label("", "small", wrap=True)
        column.addWidget(self.notes)
        row = QHBoxLayout()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(140, 4)
        row.addWidget(self.progress)
        self.doing = label("", "muted")
        row.addWidget(self.doing)
        row.addStretch()
        self.follow = _button(translate("DeviceCheck", "Use the recommended"), self.follow_requested)
        self.again = _button(translate("DeviceCheck", "Check now"), self.check_requested)
        self.stop = _button(translate("DeviceCheck", "Stop"), self.stop_requested)
        self.done_ = _button(translate("DeviceCheck", "Close"), self.close)
        for button in (self.follow, self.again, self.stop, self.done_):
            row.addWidget(button)
        column.addLayout(row)
        self.resize(960, 430)
        self.apply(state, state)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._state is not None:
            # Later: Qt goes through all widgets now, and must not find some of them gone.
            QTimer.singleShot(0, self, self._colour)

    def _colour(self) -> None:
        """The colours that style sheets keep, where they are another theme's."""
        if self._state is not None and self._theme != theme.ACCENT:
            self._show(self._state.report, self._state.catalog)

    def apply(self, old: AppState, new: AppState) -> None:
        self._state = new
        checking, report = new.checking, new.report
        self.progress.setVisible(checking is not None)
        self.stop.setVisible(checking is not None)
        self.again.setVisible(checking is None)
        self.again.setText(translate("DeviceCheck", "Check again") if report else translate("DeviceCheck", "Check now"))
        if checking is None:
            self.doing.setText("")
        else:
            self.progress.setRange(0, checking.total)
            self.progress.setValue(checking.done)
            text = translate("DeviceCheck", "{what}: {done} of {total} steps") if checking.total else "{what}"
            self.doing.setText(text.format(what=checking.what, done=checking.done, total=checking.total))
        chosen = (new.model_id, new.precision)
        best = (report.recommended_model, report.recommended) if report else chosen
        self.follow.setVisible(bool(new.by_hand) and chosen != best)
        if old is new or old.report is not new.report or old.catalog is not new.catalog:
            self._show(report, new.catalog)

    def _show(self, report: Report | None, catalog: Catalog | None) -> None:
        self._theme = theme.ACCENT
        advice = translate("DeviceCheck", "On this computer, {recommendation}")
        self.advice.setText(
            advice.format(recommendation=translated(report.reason))
            if report
            else translate("DeviceCheck", "Which model is best here?")
        )
        self.device.setText(_measured(report) if report else translate("DeviceCheck", NOT_YET))
        content = QWidget()
        grid = QGridLayout(content)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        if report is not None:
            names = {card.id: card.name for card in catalog.models} if catalog else {}
            for at, text in enumerate(self.HEAD):
                grid.addWidget(label(translate("DeviceCheck", text) if text else "", "muted"), 0, at, _side(at))
            for line, row in enumerate(report.rows, start=1):
                best = (row.model, row.precision) == (report.recommended_model, report.recommended)
                for at, text in enumerate(_cells(row, names.get(row.model, row.model), best=best)):
                    cell = label(text, "value")
                    colour = f"color: {theme.precision_css(row.precision)};" if at == 1 else ""
                    cell.setStyleSheet(f"{colour} font-weight: {700 if best else 400};")
                    grid.addWidget(cell, line, at, _side(at))
        grid.setRowStretch(grid.rowCount(), 1)
        grid.setColumnStretch(0, 1)
        # Without a report it is empty, and stays: else the words above it would drift apart.
        self._area.setWidget(content)
        self.notes.setText(_notes(report) if report else "")
        self.notes.setToolTip(plain_tip(self.notes.text()))
        self.notes.setVisible(report is not None)


def _button(text: str, pressed: object) -> QPushButton:
    button = QPushButton(text)
    button.setIcon(QIcon())
    button.setAutoDefault(False)
    button.clicked.connect(pressed)
    return button


def _side(column: int) -> Qt.AlignmentFlag:
    """Names on the left, numbers on the right."""
    return Qt.AlignmentFlag.AlignLeft if column in (0, 1, 6, 8) else Qt.AlignmentFlag.AlignRight


def _cells(row: Row, name: str, *, best: bool) -> tuple[str, ...]:
    """One row in the order of HEAD."""
    share = translate("DeviceCheck", "{percent} % int8").format(percent=f"{100 * row.int8_share:.0f}")
    executed = share if row.arithmetic == "int8" else row.arithmetic
    if row.precision == BF16:
        remark = translate("DeviceCheck", "comparison only")
    elif not row.verified:
        remark = translate("DeviceCheck", "differs here")
    else:
        remark = translate("DeviceCheck", "recommended") if best else ""
    return (
        name,
        row.precision,
        f"{row.latency_ms:.1f}",
        f"{row.latency_p95_ms:.1f}",
        "–" if row.memory_mb is None else thousands(row.memory_mb),
        thousands(row.size_bytes / 1000),
        executed,
        "–" if row.dice_mean is None else f"{row.dice_mean:.3f}",
        remark,
    )


def _measured(report: Report) -> str:
    threads = report.rows[0].threads if report.rows else 0
    on = translate("DeviceCheck", "%n thread(s)", "", COUNT, threads)
    image = translate("DeviceCheck", "image {size} × {size}, median of {runs} runs, all models in turns")
    image = image.format(size=report.size, runs=report.runs)
    return f"{report.device} · {report.isa} · {on} · {report.runtime} · {image}"


def _notes(report: Report) -> str:
    lines = [
        translate(
            "DeviceCheck",
            "Memory: growth of a fresh process. Executed in: what the multiply-adds ran in, by the kernels' names. "
            "Dice: on the patients that the model's card names.",
        )
    ]
    if any(row.precision == BF16 for row in report.rows):
        lines.append(
            translate(
                "DeviceCheck",
                "bfloat16: the float32 file, were its layers let round to bfloat16; shown to compare, never used.",
            )
        )
    if any(row.precision != BF16 and not row.verified for row in report.rows):
        lines.append(
            translate(
                "DeviceCheck", "Differs here: does not compute what it did where it was exported; not recommended."
            )
        )
    failed = translate("DeviceCheck", "{model} {precision} cannot run here: {reason}")
    lines += [failed.format(model=m, precision=p, reason=reason) for m, p, reason in report.failed]
    return "\n".join(lines)
