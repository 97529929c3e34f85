"""The table of the device check: every model in every precision on this computer."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.look import theme
from app.look.widgets import label, plain_tip, thin_progress
from app.session.device_check import NOT_YET
from app.state.types import AppState, Busy
from app.words.engine_words import translated
from app.words.language import COUNT, marked, thousands, translate
from engine.network.bench import BF16, Report, Row


@dataclass(frozen=True, slots=True)
class ShownTable:
    """What the table is made of. names: (id, name) of every model."""

    report: Report | None
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """All that the dialog shows. checking: progress of a check. follow: offer to use what is recommended."""

    table: ShownTable
    checking: Busy | None
    follow: bool


def _shown_check(state: AppState) -> ShownCheck:
    models, report = state.models, state.models.report
    chosen = (models.model_id, models.precision)
    best = (report.recommended_model, report.recommended) if report else chosen
    names = tuple((card.id, card.name) for card in models.catalog.models) if models.catalog else ()
    return ShownCheck(ShownTable(report, names), models.checking, bool(models.by_hand) and chosen != best)


class DeviceDialog(QDialog):
    """What the device check found, as a table; stays open beside the work."""

    check_requested = Signal()
    stop_requested = Signal()
    follow_requested = Signal()

    HEAD = (
        marked("DeviceCheck", "Model"),
        marked("DeviceCheck", "Precision"),
        marked("DeviceCheck", "ms per slice"),
        marked("DeviceCheck", "p95, ms"),
        marked("DeviceCheck", "Memory, MB"),
        marked("DeviceCheck", "File, kB"),
        marked("DeviceCheck", "Executed in"),
        marked("DeviceCheck", "Dice"),
        "",
    )

    # Of the class too: Qt reports palette changes while the dialog is being made.
    _shown: ShownCheck | None = None
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
        self.progress = thin_progress()
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
        if event.type() == QEvent.Type.PaletteChange and self._shown is not None:
            # Later: Qt goes through all widgets now, and must not find some of them gone.
            QTimer.singleShot(0, self, self._colour)

    def _colour(self) -> None:
        """The colours that style sheets keep, where they are another theme's."""
        if self._shown is not None and self._theme != theme.ACCENT:
            self._show(self._shown.table)

    def apply(self, old: AppState, new: AppState) -> None:
        """Redraw if what this dialog shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_check(new)
        shown = self._shown
        if shown == before:
            return
        checking, report = shown.checking, shown.table.report
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
        self.follow.setVisible(shown.follow)
        if before is None or shown.table != before.table:
            self._show(shown.table)

    def _show(self, shown: ShownTable) -> None:
        self._theme, report, names = theme.ACCENT, shown.report, dict(shown.names)
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
    image = translate(
        "DeviceCheck", "image {size} × {size} as each model takes it, median of {runs} runs, all models in turns"
    )
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
                "bfloat16: the float32 file with its layers rounded to bfloat16; shown for comparison, never used.",
            )
        )
    if any(row.precision != BF16 and not row.verified for row in report.rows):
        lines.append(
            translate(
                "DeviceCheck",
                "Differs here: its results are not those that it had when it was exported; not recommended.",
            )
        )
    failed = translate("DeviceCheck", "{model} {precision} cannot run here: {reason}")
    lines += [failed.format(model=m, precision=p, reason=reason) for m, p, reason in report.failed]
    return "\n".join(lines)
