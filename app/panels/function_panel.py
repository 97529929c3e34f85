"""Volumes, ejection fraction and mass of what is on screen, and the volume–time curve of a cine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.look.widgets import Panel, label
from app.panels.number_rows import beyond_norms
from app.panels.plot import MIN_HEIGHT
from app.panels.reading_box import ReadingBox
from app.panels.volume_curve import VolumeCurve
from app.state.heart_views import shows_four_chambers
from app.state.measured import shown_tally
from app.state.numbers import findings_now
from app.state.queries import card_of, run_of, shown_correction, shown_function, shown_prediction
from app.state.types import AppState, Run, Status
from app.words.engine_words import translated
from app.words.language import COUNT, joined, rounded, translate
from engine.measures import quantities
from engine.measures.function import Function
from engine.measures.tally import Tally
from engine.pictures.render import Colour
from engine.volume import LV, RV, Known, Volume

NOT_DEFINED = "–"


@dataclass(frozen=True, slots=True)
class ShownFunction:
    """All that the panel shows. whose: model and precision. by_hand: that labels were corrected. removed: what
    was taken from basal slices. empty: instead.

    beyond: what lies beyond its normal range, by key: an arrow, and words.
    """

    volume: Volume | None
    function: Function | None
    tally: Tally | None
    frame: int
    whose: str
    by_hand: str
    removed: tuple[str, ...]
    empty: str
    four_chambers: bool
    beyond: Mapping[str, tuple[str, str]]
    colours: Mapping[int, Colour]

    @property
    def cine(self) -> bool:
        return self.volume is not None and self.volume.is_cine


def _shown_function(state: AppState) -> ShownFunction:
    volume, function, prediction = state.scan.volume, shown_function(state), shown_prediction(state)
    there, correction = function is not None and volume is not None, shown_correction(state)
    return ShownFunction(
        volume=volume,
        function=function if there else None,
        tally=shown_tally(state),
        frame=state.view.frame_index,
        whose=f"{translated(prediction.model_name)} · {prediction.precision}" if there and prediction else "",
        by_hand=by_hand(state) if there else "",
        removed=prediction.notices_beside({} if correction is None else correction.planes, volume.phase_names)
        if prediction and there and volume is not None
        else (),
        empty="" if there else why_empty(state, run_of(state)),
        four_chambers=shows_four_chambers(state),
        beyond=beyond_norms(findings_now(state)) if there else {},
        colours=state.preferences.overlay.colours,
    )


class FunctionPanel(Panel):
    """Shows the measurements of exactly the outlines drawn, and says which those are."""

    frame_requested = Signal(int)
    phase_requested = Signal(str, int, int)
    use_requested = Signal(object)
    spacing_requested = Signal()
    details_requested = Signal()

    def __init__(self) -> None:
        super().__init__(translate("Function", "Function"))
        self.details = QPushButton(translate("Function", "Details"))
        self.details.setObjectName("link")
        self.details.setStyleSheet("padding: 0 4px; font-size: 11px;")
        self.details.setFixedHeight(14)  # as low as the title: the column is full
        self.details.setToolTip(translate("Function", "Indices and normal ranges, rates, wall, sources, precision"))
        self.details.clicked.connect(self.details_requested)
        self.title_row.insertWidget(1, self.details)
        self._whose = label("", "small")
        self.title_row.addWidget(self._whose)
        self._empty = label("", "muted", wrap=True)
        self.body.addWidget(self._empty)
        self._filled = QWidget()
        self._rows = filled = QVBoxLayout(self._filled)
        filled.setContentsMargins(0, 0, 0, 0)
        filled.setSpacing(7)
        self.body.addWidget(self._filled)

        self.by_hand = label("", "good", wrap=True)
        filled.addWidget(self.by_hand)
        big = QHBoxLayout()
        self.lv_ef, self.rv_ef = label(NOT_DEFINED, "big"), label(NOT_DEFINED, "big")
        for name, number, structure in (
            (translate("Function", "LV ejection fraction"), self.lv_ef, LV),
            (translate("Function", "RV ejection fraction"), self.rv_ef, RV),
        ):
            column = QVBoxLayout()
            column.setSpacing(0)
            title = label(name, "small")
            title.setProperty("structure", str(structure))
            column.addWidget(title)
            column.addWidget(number)
            big.addLayout(column, 1)
        filled.addLayout(big)
        self.doubts = label("", "notice", wrap=True)
        filled.addWidget(self.doubts)

        self._cells: dict[tuple[int, int], QLabel] = {}
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(10)
        self._table.setVerticalSpacing(3)
        for at, stretch in enumerate((5, 4, 4)):
            self._table.setColumnStretch(at, stretch)
        filled.addLayout(self._table)

        self._spacing = QWidget()
        spacing = QHBoxLayout(self._spacing)
        spacing.setContentsMargins(0, 0, 0, 0)
        unknown = translate("Function", "Spacing unknown: no mL and no grams, only EF.")
        spacing.addWidget(label(unknown, "notice", wrap=True), 1)
        self.enter_spacing = QPushButton(translate("Function", "Enter spacing…"))
        self.enter_spacing.clicked.connect(self.spacing_requested)
        spacing.addWidget(self.enter_spacing)
        filled.addWidget(self._spacing)

        self._curve: VolumeCurve | None = None
        self._curve_height = MIN_HEIGHT
        self.reading = ReadingBox()
        self.reading.use_requested.connect(self.use_requested)
        filled.addWidget(self.reading)
        self._note = label("", "small", wrap=True)
        filled.addWidget(self._note)
        self._shown: ShownFunction | None = None
        self.apply(AppState())

    def apply(self, state: AppState) -> None:
        """Redraw if what this panel shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_function(state)
        shown = self._shown
        if shown == before:
            return
        if before is None or shown.colours != before.colours:
            self._recolour()
        if before is not None and shown == replace(before, frame=shown.frame) and shown.cine:
            if self._curve is not None:
                self._curve.show_frame(shown.frame)
            return
        if before is not None:  # without a parent yet it would open as a window of its own
            self.setVisible(not shown.four_chambers)
        self._filled.setVisible(shown.function is not None)
        self._empty.setVisible(shown.function is None)
        self.details.setVisible(shown.function is not None)
        self._whose.setText(shown.whose)
        if shown.function is None or shown.volume is None:
            self._empty.setText(shown.empty)
            return
        self.by_hand.setText(shown.by_hand)
        self.by_hand.setVisible(bool(shown.by_hand))
        self._show(shown.function, shown.volume, shown.frame)

    @property
    def curve(self) -> VolumeCurve:
        """The curve. Made when it is first asked for: a plot costs the start of the program 20 ms."""
        if self._curve is None:
            self._curve = VolumeCurve()
            self._curve.setFixedHeight(self._curve_height)
            self._curve.setVisible(False)
            self._curve.frame_requested.connect(self.frame_requested)
            self._curve.phase_requested.connect(self.phase_requested)
            self._rows.insertWidget(self._rows.indexOf(self._note), self._curve)
        return self._curve

    def set_curve_height(self, height: int) -> None:
        """As high as the other curves are in this window."""
        self._curve_height = height
        if self._curve is not None:
            self._curve.setFixedHeight(height)

    def _recolour(self) -> None:
        if self._curve is not None:
            self._curve.recolour()

    def _show(self, function: Function, volume: Volume, frame: int) -> None:
        beyond = self._shown.beyond if self._shown is not None else {}
        arrows = {key: arrow for key, (arrow, _) in beyond.items()}
        left = _percent(function.lv.ef_percent, doubtful="lv" in function.doubtful)
        self.lv_ef.setText(left + arrows.get("lv.ef_percent", ""))
        self.rv_ef.setText(_percent(function.rv.ef_percent, doubtful="rv" in function.doubtful))
        notices = (*(self._shown.removed if self._shown is not None else ()), *function.notices)
        self.doubts.setText("\n".join(map(translated, notices)))
        self.doubts.setVisible(bool(notices))
        known = function.units_known
        rows: list[tuple[str, str, str]] = []
        if known:
            lone = frame if volume.frames == 1 and function.lv.ef_percent is None else function.lone_frame
            if lone is not None:
                volumes = (_unit(function.lv_ml[lone], "mL"), _unit(function.rv_ml[lone], "mL"))
                of_frame = translate("Function", "Volume of frame {frame}").format(frame=lone + 1)
                rows.append((translate("Function", "Volume") if volume.frames == 1 else of_frame, *volumes))
            else:
                rows += [_row(sides, function, arrows) for sides in quantities.rows(main=False) if None not in sides]
            rows += [_row(sides, function, arrows) for sides in quantities.rows(main=False) if None in sides]
        self._fill_table([(_phases(function, volume), "LV", "RV"), *rows] if rows else [])
        self._spacing.setVisible(not known)
        self.reading.show_function(function, volume, self._shown.tally if self._shown is not None else None)
        found = max(*function.lv_ml, *function.rv_ml) > 0
        if volume.is_cine and found:
            self.curve.show_function(function, frame)
            self.curve.setVisible(True)
        elif self._curve is not None:
            self._curve.setVisible(False)
        note = ""
        if not found:
            note = translate("Function", "The model found neither ventricle in this scan. Is it a short-axis cine?")
        elif volume.frames == 1:
            note = translate("Function", "One phase only: ejection fraction needs end-diastole and end-systole.")
        elif volume.phase_names:
            note = translate("Function", "From the {phases} phases; a cine would show the curve between them.")
            note = note.format(phases=joined(volume.phase_names))
        elif volume.time_order is Known.ASSUMED:
            note = translate("Function", "The order of the frames is unknown: no phases and no ejection fraction.")
        self._note.setText(note)
        self._note.setVisible(bool(note))
        said = [words for _, words in beyond.values()]
        self._filled.setToolTip("\n".join([*said, *map(translated, quantities.rules(function))]))

    def _fill_table(self, rows: list[tuple[str, str, str]]) -> None:
        """Cells are made once and kept."""
        for (r, c), cell in self._cells.items():
            if r >= len(rows) or c >= len(rows[r]):
                cell.setVisible(False)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                if (r, c) not in self._cells:
                    made = self._cells[r, c] = label("", "muted" if c == 0 or r == 0 else "value")
                    if c:
                        made.setAlignment(Qt.AlignmentFlag.AlignRight)
                    self._table.addWidget(made, r, c)
                cell = self._cells[r, c]
                cell.setText(text)
                cell.setVisible(True)


def by_hand(state: AppState) -> str:
    """That the labels measured are not all the model's."""
    correction = shown_correction(state)
    if correction is None:
        return ""
    count = len(correction.planes)
    return translate("Function", "Corrected by hand: %n slice(s)", "", COUNT, count)


def why_empty(state: AppState, run: Run | None) -> str:
    """What to do, or to wait for, where there are no measurements."""
    if state.scan.volume is None:
        return translate("Function", "Open a scan to see volumes and ejection fraction.")
    if state.scan.loading is not None:
        return translate("Function", "The scan is still being read.")
    if state.models.catalog is not None and card_of(state) is None:
        return translate("Function", "No model is installed, so there is nothing to measure.")
    match run.status if run else None:
        case Status.RUNNING | Status.WAITING:
            return translate("Function", "Measured as soon as the scan is segmented…")
        case Status.PART:
            return translate("Function", "Only single slices are segmented; volumes need them all. Press Segment.")
        case Status.STOPPED:
            return translate("Function", "The segmentation was stopped. Press Segment to go on.")
        case Status.FAILED:
            return translate("Function", "The segmentation failed; the message above the image says why.")
    return translate("Function", "Not segmented. Press Segment to do so.")


def _phases(function: Function, volume: Volume) -> str:
    """Which frames of a cine were measured: the rule that finds them can be off by some where the curve is flat."""
    if not volume.is_cine or function.ed_frame is None or function.es_frame is None:
        return ""
    said_of = translate("Function", "ED frame {ed}, ES {es}")
    left = said_of.format(ed=function.ed_frame + 1, es=function.es_frame + 1)
    if function.reading.rv is None or function.rv_ed_frame is None or function.rv_es_frame is None:
        return left
    said_of = translate("Function", "ED {ed}, ES {es}; RV {rv_ed}, {rv_es}")
    return said_of.format(
        ed=function.ed_frame + 1,
        es=function.es_frame + 1,
        rv_ed=function.rv_ed_frame + 1,
        rv_es=function.rv_es_frame + 1,
    )


def _row(
    sides: tuple[quantities.Measure | None, quantities.Measure | None], function: Function, arrows: Mapping[str, str]
) -> tuple[str, str, str]:
    """A row of engine.measures.quantities: name, left and right ventricle. arrows: by key, where beyond the norm."""
    name = next(side.name for side in sides if side is not None)
    left, right = (
        "" if side is None else _unit(side.value(function), side.unit_of(function)) + arrows.get(side.key, "")
        for side in sides
    )
    return translated(name), left, right


def _percent(value: float | None, *, doubtful: bool) -> str:
    return NOT_DEFINED if value is None else f"{rounded(value, 0)} %{' ?' * doubtful}"


def _unit(value: float | None, unit: str) -> str:
    return NOT_DEFINED if value is None else f"{rounded(value, 0)} {unit}"
