"""Under the image: play, frame and slice sliders, speed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout

from app.look import icons
from app.look.widgets import Choice, Segments, label
from app.panels.marked_slider import Mark, MarkedSlider, MarkKind
from app.state.queries import frame_interval_ms, phase_frame, shown_correction
from app.state.types import SPEEDS, AppState
from app.words.language import translate


class CineBar(QFrame):
    """Asks for frames and slices; a slider's echo ends where the state does not change."""

    play_requested = Signal()
    frame_requested = Signal(int)
    slice_requested = Signal(int)
    speed_requested = Signal(float)
    sweep_requested = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("cineBar")
        self.play = icons.IconButton("play", translate("CineBar", "Play or pause (Space)"))
        self.play.setIconSize(QSize(20, 20))
        self.play.clicked.connect(self.play_requested)
        self.frame = MarkedSlider(translate("CineBar", "Frame"))
        self.slice = MarkedSlider(translate("CineBar", "Slice"))
        self.frame.valueChanged.connect(self.frame_requested)
        self.slice.valueChanged.connect(self.slice_requested)
        self.speed = Choice()
        self.speed.setAccessibleName(translate("CineBar", "Speed of the cine"))
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.activated.connect(self._speed_chosen)
        self.ways = Segments(["loop", "sweep"], [translate("CineBar", "Loop"), translate("CineBar", "Sweep")])
        self.ways.setAccessibleName(translate("CineBar", "Way of the cine"))
        self.ways.setToolTip(translate("CineBar", "Round and round, or to and fro (B)"))
        self.ways.chosen.connect(self._way_chosen)
        self._frame_text, self._slice_text, self._rate = label(), label(), label("", "small")
        self._frame_name = label(translate("CineBar", "Frame"), "muted")
        self._slice_name = label(translate("CineBar", "Slice"), "muted")
        for text in (self._frame_text, self._slice_text):
            text.setMinimumWidth(56)
            text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._rate.setMinimumWidth(58)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 7, 12, 7)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        for row, widgets in enumerate(
            (
                (self.play, self._frame_name, self.frame, self._frame_text, self.speed, self._rate),
                (None, self._slice_name, self.slice, self._slice_text),
            )
        ):
            for column, widget in enumerate(widgets):
                if widget is not None:
                    grid.addWidget(widget, row, column)
        grid.addWidget(self.ways, 1, 4, 1, 2)
        grid.setColumnStretch(2, 1)
        self.apply(AppState())

    # Methods, because a lambda that holds the bar would make a cycle through it.
    def _speed_chosen(self, at: int) -> None:
        self.speed_requested.emit(SPEEDS[at])

    def _way_chosen(self, way: str) -> None:
        self.sweep_requested.emit(way == "sweep")

    def apply(self, state: AppState) -> None:
        volume = state.scan.volume
        frames, slices = (volume.frames, volume.slices) if volume else (1, 1)
        cine = volume is not None and volume.is_cine and state.scan.loading is None
        for slider, count, value in (
            (self.frame, frames, state.view.frame_index),
            (self.slice, slices, state.view.slice_index),
        ):
            slider.blockSignals(True)
            slider.setRange(0, count - 1)
            slider.setValue(value)
            slider.setEnabled(count > 1)
            slider.blockSignals(False)
        phase = volume.phase_names[state.view.frame_index] if volume and volume.phase_names else ""
        self._frame_name.setText(translate("CineBar", "Phase") if phase else translate("CineBar", "Frame"))
        # A scan of one phase has nothing to count.
        single = translate("CineBar", "single") if volume else "–"
        counter = f"{state.view.frame_index + 1} / {frames}" if frames > 1 else single
        self._frame_text.setText(phase or counter)
        self._slice_text.setText(f"{state.view.slice_index + 1} / {slices}" if volume else "–")
        self.play.setEnabled(cine)
        self.speed.setEnabled(cine)
        self.ways.setEnabled(cine)
        self.ways.check("sweep" if state.preferences.sweep else "loop")
        self.play.set_icon("pause" if state.view.playing else "play")
        self.speed.setCurrentIndex(min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - state.preferences.speed)))
        rate = 1000 / frame_interval_ms(volume) * state.preferences.speed if volume and cine else 0
        self._rate.setText(translate("CineBar", "{rate} fps").format(rate=f"{rate:.0f}") if rate else "")
        self._rate.setToolTip(
            ""
            if not volume or volume.frame_times_ms
            else translate("CineBar", "The file does not say how fast the heart beat")
        )
        frame_marks, slice_marks = _marks(state)
        self.frame.set_marks(frame_marks)
        self.slice.set_marks(slice_marks)


def _marks(state: AppState) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """The marks of the frame slider and of the slice slider."""
    volume = state.scan.volume
    named = [(name, phase_frame(state, name)) for name in ("ED", "ES")] if volume and volume.frames > 1 else []
    phases = tuple(Mark(at, MarkKind.NAME, "MUTED", text=name) for name, at in named if at is not None)
    correction = shown_correction(state)
    corrected = correction.slices if correction is not None else ()
    frame, index = state.view.frame_index, state.view.slice_index
    frames = _dots({t for t, z in corrected if z == index}, {t for t, _ in corrected})
    return phases + frames, _dots({z for t, z in corrected if t == frame}, {z for _, z in corrected})


def _dots(here: set[int], all_of_them: set[int]) -> tuple[Mark, ...]:
    """Marks of what was corrected by hand: on what is on screen, or out of sight."""
    return tuple(Mark(at, MarkKind.DOT if at in here else MarkKind.RING) for at in sorted(all_of_them))
