"""What a four-chamber view measures: volumes by area and length, shortening, fractional area change."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout

from app.look.widgets import Panel, label
from app.panels.function_panel import by_hand, why_empty
from app.panels.plot import MIN_HEIGHT
from app.panels.volume_curve import VolumeCurve
from app.state.editing import Correction
from app.state.heart_views import shown_long_axis, shows_four_chambers
from app.state.queries import run_of, shown_correction, shown_prediction
from app.state.types import AppState, Run
from app.words.engine_words import translated
from app.words.language import rounded, translate
from engine.measures.long_axis import LongAxisFunction
from engine.volume import LV, RV, Volume

NOT_DEFINED = "–"


@dataclass(frozen=True, slots=True)
class _Measured:
    """All that the numbers depend on. Measuring takes some milliseconds, so it is not done to find out.

    whose: model and precision. empty: why there are no numbers, if there are none.
    """

    volume: Volume | None
    run: Run | None
    correction: Correction | None
    four_chambers: bool
    whose: str = ""
    empty: str = ""


class LongAxisPanel(Panel):
    """Takes the place of Function while the scan on screen is a four-chamber view."""

    frame_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__(translate("LongAxis", "Function, four-chamber view"))
        self.whose = label("", "small", wrap=True)
        self.body.addWidget(self.whose)
        self.empty = label("", "muted", wrap=True)
        self.body.addWidget(self.empty)
        self.by_hand = label("", "good", wrap=True)
        self.body.addWidget(self.by_hand)
        self.table = QGridLayout()
        self.table.setHorizontalSpacing(10)
        self.table.setVerticalSpacing(3)
        self.table.setColumnStretch(0, 1)
        self.names = [label("", "muted") for _ in range(7)]
        self.values = [label("", "value") for _ in range(7)]
        for row, (name, value) in enumerate(zip(self.names, self.values, strict=True)):
            self.table.addWidget(name, row, 0)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.table.addWidget(value, row, 1)
        self.body.addLayout(self.table)
        self.curve: VolumeCurve | None = None
        self._curve_height = MIN_HEIGHT
        self._note = label(
            translate("LongAxis", "From one plane, by area and length: not comparable with a short-axis stack."),
            "small",
            wrap=True,
        )
        self.body.addWidget(self._note)
        self._shown: _Measured | None = None
        self._frame = 0
        self.apply(AppState())

    def apply(self, state: AppState) -> None:
        """Measure again if labels on screen are others than before; follow the frame."""
        run, four_chambers, prediction = run_of(state), shows_four_chambers(state), shown_prediction(state)
        shown = _Measured(
            state.scan.volume,
            run if run is not None and run.prediction is not None else None,
            shown_correction(state),
            four_chambers,
            "" if prediction is None else f"{translated(prediction.model_name)} · {prediction.precision}",
            why_empty(state, run) if four_chambers and prediction is None else "",
        )
        frame = state.view.frame_index
        if shown == self._shown:
            if frame != self._frame:
                self._frame = frame
                if self.curve is not None:
                    self.curve.show_frame(frame)
            return
        self._shown, self._frame = shown, frame
        self.setVisible(shown.four_chambers)
        # A stroke changes the labels many times a second; the numbers follow when it ends.
        if shown.correction is not None and shown.correction.stroke is not None:
            return
        function = shown_long_axis(state)
        self.whose.setText(shown.whose)
        self.whose.setVisible(function is not None)
        self.empty.setText(shown.empty)
        self.empty.setVisible(function is None)
        said = by_hand(state) if function is not None else ""
        self.by_hand.setText(said)
        self.by_hand.setVisible(bool(said))
        self._note.setVisible(function is not None)
        rows = [] if function is None else _rows(function)
        for at, (name, value) in enumerate(zip(self.names, self.values, strict=True)):
            name.setVisible(at < len(rows))
            value.setVisible(at < len(rows))
            if at < len(rows):
                name.setText(rows[at][0])
                value.setText(rows[at][1])
        cine = function is not None and len(function.lv_cm2) > 2
        if self.curve is not None:
            self.curve.setVisible(cine)
        self.setToolTip("" if function is None else "\n".join(map(translated, function.rules)))
        if function is not None and cine:
            unit = "cm²" if function.units_known else translate("Function", "voxels, relative")
            curves = {LV: function.lv_cm2, RV: function.rv_cm2}
            self._made_curve().show_values(curves, unit, ed=function.ed_frame, es=function.es_frame, frame=frame)

    def set_curve_height(self, height: int) -> None:
        """As high as the other curves are in this window."""
        self._curve_height = height
        if self.curve is not None:
            self.curve.setFixedHeight(height)

    def _made_curve(self) -> VolumeCurve:
        """The curve. Made when it is first needed: a plot costs the start of the program 20 ms."""
        if self.curve is None:
            self.curve = VolumeCurve()
            self.curve.setAccessibleName(translate("LongAxis", "Areas of both ventricles over the heartbeat"))
            self.curve.setFixedHeight(self._curve_height)
            self.curve.frame_requested.connect(self.frame_requested)
            self.body.insertWidget(self.body.indexOf(self._note), self.curve)
        return self.curve


def _rows(found: LongAxisFunction) -> list[tuple[str, str]]:
    """Name and value with its unit. Where no phase is known, areas of the frame that has labels."""
    doubt = "" if found.units_known else "?"
    ml, mm, cm2 = f"mL{doubt}", f"mm{doubt}", f"cm²{doubt}"
    if found.ed_frame is None or found.es_frame is None:
        known = (found.lone_frame, found.ed_frame, found.es_frame)
        at = next((frame for frame in known if frame is not None), 0)
        return [
            (translate("LongAxis", "LV area"), _unit(found.lv_cm2[at], cm2, 1)),
            (translate("LongAxis", "LV length"), _unit(found.lv_length_mm[at], mm, 0)),
            (translate("LongAxis", "RV area"), _unit(found.rv_cm2[at], cm2, 1)),
            (translate("LongAxis", "Myocardial area"), _unit(found.myo_cm2[at], cm2, 1)),
        ]
    frames = translate("Function", "ED frame {ed}, ES {es}").format(ed=found.ed_frame + 1, es=found.es_frame + 1)
    return [
        (translate("LongAxis", "LV ejection fraction"), _unit(found.lv.ef_percent, "%", 0)),
        (translate("LongAxis", "LV end-diastolic volume"), _unit(found.lv.edv_ml, ml, 0)),
        (translate("LongAxis", "LV end-systolic volume"), _unit(found.lv.esv_ml, ml, 0)),
        (translate("LongAxis", "LV stroke volume"), _unit(found.lv.sv_ml, ml, 0)),
        (translate("LongAxis", "LV long-axis shortening"), _unit(found.shortening_percent, "%", 0)),
        (translate("LongAxis", "RV fractional area change"), _unit(found.rv_fac_percent, "%", 0)),
        (frames, ""),
    ]


def _unit(value: float | None, unit: str, digits: int) -> str:
    return NOT_DEFINED if value is None or math.isnan(value) else f"{rounded(value, digits)} {unit}"
