"""Under the image: play, frame and slice sliders, speed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
)

from app.look import icons, theme
from app.look.widgets import Choice, Segments, label
from app.state.queries import frame_interval_ms, phase_frame, shown_correction
from app.state.types import SPEEDS, AppState
from app.words.language import translate


class MarkedSlider(QSlider):
    """A slider with named marks under its groove, such as ED and ES."""

    def __init__(self, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._marks: dict[str, int] = {}
        self._dots: tuple[frozenset[int], frozenset[int]] = frozenset(), frozenset()

    def sizeHint(self) -> QSize:
        return QSize(200, 30)

    def set_marks(self, marks: dict[str, int]) -> None:
        if marks != self._marks:
            self._marks = marks
            self.update()

    def set_dots(self, here: Iterable[int], elsewhere: Iterable[int]) -> None:
        """Values with something corrected by hand: on what is on screen, or out of sight."""
        dots = frozenset(here), frozenset(elsewhere) - frozenset(here)
        if dots != self._dots:
            self._dots = dots
            self.update()

    def mark_x(self, value: int) -> float:
        """Where the handle's middle stands at a value, in pixels."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        room = self.width() - handle.width()
        at = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), value, room)
        return at + handle.width() / 2

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setFont(theme.font(9, bold=True))
        painter.setPen(QColor(theme.MUTED))
        metrics = painter.fontMetrics()
        for name, value in self._marks.items():
            x = min(max(self.mark_x(value), metrics.horizontalAdvance(name) / 2), self.width() - 9)
            painter.drawText(QPointF(x - metrics.horizontalAdvance(name) / 2, self.height() - 1), name)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i, values in enumerate(self._dots):
            painter.setPen(QColor(theme.ACCENT))
            painter.setBrush(QColor(theme.ACCENT) if i == 0 else Qt.BrushStyle.NoBrush)
            for value in values:
                painter.drawEllipse(QPointF(self.mark_x(value), 3.5), 2.4, 2.4)
        painter.end()


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
        marks = {}
        for name in ("ED", "ES"):
            at = phase_frame(state, name)
            if at is not None and frames > 1:
                marks[name] = at
        self.frame.set_marks(marks)
        correction = shown_correction(state)
        corrected = correction.slices if correction is not None else ()
        frame, index = state.view.frame_index, state.view.slice_index
        self.frame.set_dots({t for t, z in corrected if z == index}, {t for t, z in corrected if z != index})
        self.slice.set_dots({z for t, z in corrected if t == frame}, {z for t, z in corrected if t != frame})
