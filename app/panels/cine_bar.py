"""Under the image: play, frame and slice sliders, speed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout

from app.look import icons
from app.look.widgets import Choice, Segments, label
from app.panels.flag_marks import FlagMarks
from app.panels.marked_slider import Mark, MarkedSlider, MarkKind
from app.state.base_to_apex import shown_base_first, turned_round
from app.state.identity import Same
from app.state.measured import shown_tally
from app.state.queries import frame_interval_ms, phase_frame, phases_shown, shown_correction, shown_function
from app.state.types import SPEEDS, AppState, Layout
from app.words.language import translate
from engine.measures.function import Function
from engine.measures.reading import Papillary
from engine.measures.tally import Tally
from engine.volume import LV, RV


@dataclass(frozen=True, slots=True)
class ShownSlider:
    """All that a slider shows. from_right: its first value stands at the right end."""

    value: int
    count: int
    enabled: bool
    marks: tuple[Mark, ...]
    from_right: bool = False


@dataclass(frozen=True, slots=True)
class ShownCine:
    """All that the bar shows. cine: whether there is something to play. speed: its place among SPEEDS.

    still: the layout shows two frames of a cine, and does not play.
    """

    frame: ShownSlider
    slice: ShownSlider
    ends: tuple[str, str]
    frame_name: str
    frame_text: str
    slice_text: str
    cine: bool
    still: bool
    playing: bool
    sweep: bool
    speed: int
    rate: str
    rate_tip: str


def _shown_cine(state: AppState, flags: FlagMarks) -> ShownCine:
    volume, view, (frame_marks, slice_marks) = state.scan.volume, state.view, _marks(state)
    frame_flags, slice_flags = flags.of(state)
    frames, slices = (volume.frames, volume.slices) if volume else (1, 1)
    # ED beside ES shows two frames, whatever frame was on screen before.
    still = state.preferences.layout is Layout.PHASES
    cine = volume is not None and volume.is_cine and state.scan.loading is None and not still
    frame, index, speed = view.frame_index, view.slice_index, state.preferences.speed
    phase = volume.phase_names[frame] if volume and volume.phase_names else ""
    # A scan of one phase has nothing to count.
    single = translate("CineBar", "single") if volume else "–"
    rate = 1000 / frame_interval_ms(volume) * speed if volume and cine else 0
    guessed = volume is not None and not volume.frame_times_ms
    return ShownCine(
        frame=ShownSlider(frame, frames, frames > 1 and not still, frame_marks + frame_flags),
        slice=ShownSlider(index, slices, slices > 1, slice_marks + slice_flags, turned_round(state)),
        ends=_ends(state),
        frame_name=translate("CineBar", "Phase") if phase else translate("CineBar", "Frame"),
        # The frame that was on screen before is none of the two.
        frame_text="ED, ES"
        if still and frames > 1 and phases_shown(state)
        else phase or (f"{frame + 1} / {frames}" if frames > 1 else single),
        slice_text=f"{index + 1} / {slices}" if volume else "–",
        cine=cine,
        still=still and frames > 1,
        playing=view.playing,
        sweep=state.preferences.sweep,
        speed=min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed)),
        rate=translate("CineBar", "{rate} fps").format(rate=f"{rate:.0f}") if rate else "",
        rate_tip=translate("CineBar", "The file does not say how fast the heart beat") if guessed else "",
    )


ROOMY_PX = 560
"""A narrower bar leaves its width to the sliders. What it hides is in the menu and has a key."""


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
        self._flags = FlagMarks()
        self.play = icons.IconButton("play", translate("CineBar", "Play or pause (Space)"))
        self.play.setIconSize(QSize(20, 20))
        self.play.clicked.connect(self.play_requested)
        self.frame = MarkedSlider(translate("CineBar", "Frame"))
        self.slice = MarkedSlider(translate("CineBar", "Slice"))
        self.frame.valueChanged.connect(self._frame_moved)
        self.slice.valueChanged.connect(self._slice_moved)
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
        self._ends = label("", "small"), label("", "small")
        # The words stand beside the slider: over it they would run into the marks of a narrow window.
        slices = QHBoxLayout()
        slices.setSpacing(6)
        for part in (self._ends[0], self.slice, self._ends[1]):
            slices.addWidget(part)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 7, 12, 7)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        for row, widgets in enumerate(
            (
                (self.play, self._frame_name, self.frame, self._frame_text, self.speed, self._rate),
                (None, self._slice_name, None, self._slice_text),
            )
        ):
            for column, widget in enumerate(widgets):
                if widget is not None:
                    grid.addWidget(widget, row, column)
        grid.addLayout(slices, 1, 2)
        grid.addWidget(self.ways, 1, 4, 1, 2)
        grid.setColumnStretch(2, 1)
        self._shown: ShownCine | None = None
        self.apply(AppState())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for part in (self.ways, self._rate):
            part.setVisible(event.size().width() >= ROOMY_PX)

    # Methods, because a lambda that holds the bar would make a cycle through it. Qt has moved what was touched
    # already, and the state may stay as it is.
    def _frame_moved(self, frame: int) -> None:
        self.frame_requested.emit(frame)
        self._put_back()

    def _slice_moved(self, index: int) -> None:
        self.slice_requested.emit(index)
        self._put_back()

    def _speed_chosen(self, at: int) -> None:
        self.speed_requested.emit(SPEEDS[at])
        self._put_back()

    def _way_chosen(self, way: str) -> None:
        self.sweep_requested.emit(way == "sweep")

    def _put_back(self) -> None:
        if self._shown is None:
            return
        for slider, shown in ((self.frame, self._shown.frame), (self.slice, self._shown.slice)):
            with QSignalBlocker(slider):
                slider.setRange(0, shown.count - 1)
                slider.setValue(shown.value)
        self.speed.setCurrentIndex(self._shown.speed)

    def apply(self, state: AppState) -> None:
        """Redraw if what this bar shows of the state is something else than before."""
        before, self._shown = self._shown, _shown_cine(state, self._flags)
        shown = self._shown
        if shown == before:
            return
        self._put_back()
        for slider, there in ((self.frame, shown.frame), (self.slice, shown.slice)):
            slider.setEnabled(there.enabled)
            slider.set_marks(there.marks)
            slider.setInvertedAppearance(there.from_right)
            slider.setInvertedControls(there.from_right)
        for end, text in zip(self._ends, shown.ends, strict=True):
            end.setText(text)
            end.setVisible(bool(text))
        self._frame_name.setText(shown.frame_name)
        self._frame_text.setText(shown.frame_text)
        self._slice_text.setText(shown.slice_text)
        for control in (self.play, self.speed, self.ways):
            control.setEnabled(shown.cine)
        still = translate("CineBar", "ED beside ES stands still; one slice (1) plays")
        self.play.setToolTip(still if shown.still else self.play.accessibleName())
        self.frame.setToolTip(still if shown.still else "")
        self.ways.check("sweep" if shown.sweep else "loop")
        self.play.set_icon("pause" if shown.playing else "play")
        self._rate.setText(shown.rate)
        self._rate.setToolTip(shown.rate_tip)


def _marks(state: AppState) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """The marks of the frame slider and of the slice slider."""
    volume = state.scan.volume
    named = [(name, phase_frame(state, name)) for name in ("ED", "ES")] if volume and volume.frames > 1 else []
    phases = tuple(Mark(at, MarkKind.NAME, "MUTED", text=name) for name, at in named if at is not None)
    correction = shown_correction(state)
    corrected = correction.slices if correction is not None else ()
    frame, index = state.view.frame_index, state.view.slice_index
    frames = _dots({t for t, z in corrected if z == index}, {t for t, _ in corrected})
    slices = _dots({z for t, z in corrected if t == frame}, {z for _, z in corrected})
    return phases + frames, slices + _ranges(state)


def _ranges(state: AppState) -> tuple[Mark, ...]:
    """Which slices of the frame on screen count for each ventricle; of end-diastole where both phases are shown."""
    tally = shown_tally(state)
    if tally is None:
        return ()
    phases = phases_shown(state) if state.preferences.layout is Layout.PHASES else []
    return _ranges_of(Same(tally), Same(shown_function(state)), phases[0] if phases else state.view.frame_index)


@lru_cache(maxsize=256)
def _ranges_of(counted: Same, measured: Same, frame: int) -> tuple[Mark, ...]:
    """Made once for each frame: the cine comes back to it. counted: a Tally. measured: a Function or None."""
    tally, function, found = counted.it, measured.it, []
    assert isinstance(tally, Tally)
    left_out = function.left_out if isinstance(function, Function) else frozenset()
    counts, does_not = translate("CineBar", "{side}: counts"), translate("CineBar", "{side}: does not count")
    for column, structure, name in ((0, LV, "LV"), (2, RV, "RV")):
        for index in tally.by(Papillary.LABELLED)[frame, :, column].nonzero()[0].tolist():
            out = (structure, frame, index) in left_out
            kind, tip = (MarkKind.UNCOUNTED, does_not) if out else (MarkKind.COUNTED, counts)
            found.append(Mark(index, kind, tooltip=tip.format(side=name), structure=structure))
    return tuple(found)


def _ends(state: AppState) -> tuple[str, str]:
    """What stands at the left and at the right end of the slice slider: the base is on the left, where it is known."""
    if shown_base_first(state) is None:
        return "", ""
    return translate("CineBar", "base"), translate("CineBar", "apex")


def _dots(here: set[int], all_of_them: set[int]) -> tuple[Mark, ...]:
    """Marks of what was corrected by hand: on what is on screen, or out of sight."""
    return tuple(Mark(at, MarkKind.DOT if at in here else MarkKind.RING) for at in sorted(all_of_them))
