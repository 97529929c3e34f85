"""The sole owner of the state: every command, the cine's clock, and what comes back from the worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from app.session import exporting, lean, opening
from app.session.correcting import Corrector
from app.session.jobs import Job, Outcome, Report, Reporter, Worker
from app.session.opening import PAINT_FIRST_S, Opening
from app.state import structure_colours
from app.state.changes import (
    completed,
    evolve,
    first_window,
    preselected,
    recognised,
    value_of,
    with_run,
    with_spacing,
)
from app.state.editing import Correction
from app.state.queries import (
    card_of,
    cine_frame,
    comparison_key,
    correction_key,
    frame_interval_ms,
    heart_of,
    heart_view,
    phase_frame,
    precisions_of,
    run_key,
    run_of,
    shown_correction,
    shown_function,
    shown_prediction,
)
from app.state.types import (
    COMPARED,
    MAX_RECENTS,
    SPEEDS,
    AppState,
    Busy,
    ComparisonKey,
    Heart,
    Kind,
    Layout,
    Mask,
    Message,
    Pair,
    Run,
    RunKey,
    Status,
    Style,
)
from app.words.colour_words import judged
from app.words.engine_words import translated
from app.words.language import translate
from engine.errors import ScanError
from engine.formats.masks import read_masks
from engine.measures.comparison import Comparison, compare
from engine.measures.function import Function, measure
from engine.network.catalog import Catalog, find_models, user_models
from engine.network.model_card import ModelCard
from engine.network.predict import Prediction, SliceTiming, predict, predict_slice
from engine.pictures.render import Colour, window_presets
from engine.volume import LabelMap, Volume

if TYPE_CHECKING:
    from engine.formats.index import Index, Series


class Session(QObject):
    """Commands in, changed(old, new) out. A command that changes nothing says nothing."""

    changed = Signal(object, object)

    def __init__(self, state: AppState | None = None, *, compare: bool = True) -> None:
        """compare: segment in the precisions of COMPARED, not only in the chosen one."""
        super().__init__()
        self.state = state or AppState()
        self._compared = COMPARED if compare else ()
        self.correct = Corrector(self)
        self._worker = Worker(self._on_report, self._on_outcome)
        self._opening = Opening()
        self._clock, self._clock_frame = QElapsedTimer(), 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    # -- state ---------------------------------------------------------------------------------------------------

    def update(self, **changes: Any) -> None:
        """Change fields of the state; they are clamped to what can be."""
        self._show(evolve(self.state, **changes))

    def _show(self, new: AppState) -> None:
        old = self.state
        if new == old:
            return
        self.state = new
        clock = [(s.view.playing, s.preferences.speed, s.preferences.sweep, s.scan.volume_id) for s in (old, new)]
        if clock[0] != clock[1]:
            self._restart_clock()
        self.changed.emit(old, new)

    @property
    def idle(self) -> bool:
        """Whether the worker has nothing left to do."""
        return not self._worker.unfinished

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        self._timer.stop()
        self._worker.close()

    # -- models and scans ----------------------------------------------------------------------------------------

    def load_models(self, folders: Sequence[Path] | None = None) -> None:
        """Look for models, in the background."""
        self._submit("models", lambda _: find_models(folders), lasting=True)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open a scan in place of the one on screen, which stays until the first slice of the new one is read."""
        wanted = tuple(Path(p) for p in paths)
        if not wanted:
            return
        self._start_opening()
        what = translate("Session", "Opening {file}").format(file=wanted[0].name or wanted[0])
        self.update(busy=Busy(what), asked=wanted)
        self._submit("open", opening.find(wanted))

    def open_series(self, number: int) -> None:
        """Open another stack of those that were found with the scan on screen."""
        index = self.state.scan.index
        if index is None or not 0 <= number < len(index.series):
            return
        under_way = any(job.kind == "open" for job in self._worker.unfinished)
        if number == self.state.scan.series and not under_way:
            return
        self._start_opening()
        self._read(index, number)

    def _read(self, index: Index, number: int | None = None) -> None:
        """A stack of an index, the most likely short-axis cine where none is named."""
        self.update(busy=Busy(translate("Session", "Reading images")))
        self._submit("open", opening.read(index, number), tag=index)

    def open_phantom(self) -> None:
        """Open the built-in beating heart."""
        self._start_opening()
        self.update(busy=Busy(translate("Session", "Computing a beating heart")))
        self._submit("open", opening.phantom)

    def open_volume(self, volume: Volume) -> None:
        """Show a volume that is already in memory."""
        self._start_opening()
        self._volume_arrived(volume)

    def set_spacing(self, x_mm: float, y_mm: float, z_mm: float) -> None:
        """Take the user's spacing for a scan whose header has none; it is segmented anew."""
        if self.state.scan.volume is None or self.still_loading():
            return
        try:
            volume = self.state.scan.volume.with_spacing(x_mm, y_mm, z_mm)
        except ScanError as error:
            self.say(Kind.ERROR, str(error))
            return
        self._start_opening()
        self._opening.end()
        self._show(with_spacing(self.state, volume))
        self._segment_missing()

    def _start_opening(self) -> None:
        """End what has to do with the scan on screen."""
        self._worker.cancel("open", "segment", "slice", "compare", "mask")
        self._worker.generation += 1
        self._show(self._opening.begin(self.state))

    def still_loading(self) -> bool:
        """Whether the scan on screen is not read as a whole; says so where it is asked for too much."""
        if self.state.scan.loading is None:
            return False
        text = translate("Session", "The scan is still being read: wait until all of it is there.")
        self.say(Kind.WARNING, text)
        return True

    def _opened(self, value: Index | tuple[Series, Volume] | Volume, index: Index | None) -> None:
        """What came of looking for stacks, or of reading one of an index, or of making the phantom."""
        if isinstance(value, Volume):
            self._volume_arrived(value)
        elif isinstance(value, tuple):
            series, volume = value
            self._volume_arrived(volume, index, series.number)
        else:
            # The stacks can be seen and clicked while the chosen one is read.
            self.update(index=value, series=None)
            self._read(value)

    def _volume_arrived(self, volume: Volume, index: Index | None = None, series: int | None = None) -> None:
        left = self._opening.end()
        before = self.state if self.state.scan.loading is None or left is None else left
        state = recognised(completed(self.state, volume))
        if index is not None:
            first = index.paths[0].absolute()
            rest = tuple(p for p in state.preferences.recents if p != first)
            state = evolve(state, recents=(first, *rest)[:MAX_RECENTS], index=index, series=series)
        self._show(state)
        self.correct.say_kept(before)
        self._segment_missing()

    # -- segmentation --------------------------------------------------------------------------------------------

    def choose_model(self, model_id: str) -> None:
        if model_id == self.state.models.model_id:
            return
        self._worker.cancel("segment", "slice", "compare")
        before = self.state
        runs = {key: run for key, run in self.state.segmentation.runs.items() if run.status is Status.DONE}
        by_hand = self.state.models.by_hand | {"model"}
        state = preselected(evolve(self.state, model_id=model_id, runs=runs, busy=None, by_hand=by_hand))
        precisions = precisions_of(card_of(state))
        if precisions and state.models.precision not in precisions:
            state = evolve(state, precision=precisions[0])
        self._show(state)
        self.correct.say_kept(before)
        self._segment_missing()

    def choose_precision(self, precision: str) -> None:
        """To this precision, for the scans to come as well."""
        before = self.state
        if precision != before.models.precision:
            self.update(precision=precision, by_hand=before.models.by_hand | {"precision"})
        if before.correction.correcting:
            self.correct.say_kept(before)
        self._segment_missing()

    def toggle_precision(self) -> None:
        """A look at the next precision that the model comes in; what the next scan starts with stays."""
        before, precisions = self.state, precisions_of(card_of(self.state))
        here = precisions.index(before.models.precision) if before.models.precision in precisions else -1
        self.update(precision=precisions[(here + 1) % len(precisions)])
        if before.correction.correcting:
            self.correct.say_kept(before)
        self._segment_missing()

    def segment(self) -> None:
        """Segment what is on screen because the user asks, whatever kind of image it is and whatever failed before."""
        if self.still_loading():
            return
        open_runs = (Status.DONE, Status.WAITING, Status.RUNNING)
        runs = {key: run for key, run in self.state.segmentation.runs.items() if run.status in open_runs}
        self.update(segment_asked=True, runs=runs, message=None)
        self._segment_missing()

    def segment_slice(self) -> None:
        """Segment the slice and frame on screen alone, in the precision on screen; what else is known stays."""
        state, key = self.state, run_key(self.state)
        if self.still_loading() or state.scan.volume is None or state.models.catalog is None:
            return
        card = card_of(state)
        if card is None or key is None:
            self._segment_missing()  # says what is missing
            return
        run, at = state.segmentation.runs.get(key), (state.view.frame_index, state.view.slice_index)
        if run is not None and run.status in (Status.WAITING, Status.RUNNING):
            text = translate("Session", "The whole scan is being segmented, this slice too; stop that first (Esc).")
            self.say(Kind.WARNING, text)
            return
        if run is not None and (run.prediction is not None or at in run.planes):
            self.say(Kind.SUCCESS, translate("Session", "This slice is segmented already."))
            return
        if (key, *at) in [job.tag for job in self._worker.unfinished]:
            return
        what = translate("Session", "Segmenting this slice in {precision}").format(precision=key.precision)
        self.update(busy=Busy(what), message=None, playing=False)
        self._submit("slice", _one_slice(state.scan.volume, card, key.precision, at), tag=(key, *at))

    def escape(self) -> None:
        """The nearest way out: of a stroke, of correcting, of what the worker does."""
        if self.correct.drop_stroke():
            return
        if self.state.correction.correcting:
            self.correct.stop()
        else:
            self.cancel()

    def cancel(self) -> None:
        """Stop what the worker does, else the device check.

        What is finished stays, and a file being written is finished and said. Of a scan that is being opened nothing
        stays: the one before is back.
        """
        checking = None if self.idle else self.state.models.checking
        self._worker.cancel("open", "segment", "slice", "compare", "mask")
        self._show(self._opening.back(self.state, tree=True))
        over = (Status.WAITING, Status.RUNNING)
        runs = {
            key: replace(run, status=Status.STOPPED, planes={}) if run.status in over else run
            for key, run in self.state.segmentation.runs.items()
        }
        self.update(runs=runs, busy=None, checking=checking)

    def follow_report(self) -> None:
        """Take the model and precision that the device check recommends, now and for the scans to come."""
        state = preselected(evolve(self.state, by_hand=frozenset()))
        if state.models.model_id != self.state.models.model_id:
            self._worker.cancel("segment", "slice", "compare")
            runs = {key: run for key, run in state.segmentation.runs.items() if run.status is Status.DONE}
            state = evolve(state, runs=runs, busy=None)
        self._show(state)
        self._segment_missing()

    def _segment_missing(self) -> None:
        """Queue the segmentations that the choices on screen call for and that are neither there nor under way."""
        volume, card = self.state.scan.volume, card_of(self.state)
        if volume is None or self.state.scan.loading is not None or self.state.models.catalog is None:
            return
        if card is None:
            rejected = self.state.models.catalog.rejected
            why = f" ({rejected[0][0].name}: {rejected[0][1]})" if rejected else ""
            self.say(
                Kind.WARNING,
                translate(
                    "Session",
                    "No model is installed, so nothing can be segmented{why}. Put a model's folder into {folder} "
                    "and start again.",
                ).format(why=why, folder=user_models()),
            )
            return
        if volume.not_short_axis and not self.state.segmentation.segment_asked:
            name = volume.source.paths[0].name if volume.source.paths else volume.source.name
            self.say(
                Kind.WARNING,
                translate(
                    "Session",
                    "{file}: not segmented, because it is {reason} and the model knows short-axis cine MR only. "
                    "Open a short-axis scan, or segment it anyway.",
                ).format(file=name, reason=translated(volume.not_short_axis)),
                action=translate("Session", "Segment anyway"),
                command="segment",
            )
            return
        for precision in dict.fromkeys((self.state.models.precision, *self._compared)):
            key = run_key(self.state, precision)
            if key is None or key in self.state.segmentation.runs:
                continue
            total = volume.frames * volume.slices
            self._show(with_run(self.state, key, Run(Status.WAITING, total=total)))
            first = self.state.view.frame_index, self.state.view.slice_index
            self._submit("segment", _segmentation(volume, card, precision, first), tag=key)
        self._compare_missing()

    # -- a mask to compare with ----------------------------------------------------------------------------------

    def load_mask(self, paths: Sequence[Path], convention: str = "") -> None:
        """Read a mask and compare what the model found with it. One of a single frame is of the frame on screen."""
        volume, wanted, frame = self.state.scan.volume, tuple(Path(p) for p in paths), self.state.view.frame_index
        if volume is None:
            self.say(Kind.WARNING, translate("Session", "A mask goes with a scan: open the scan first."))
        elif wanted and not self.still_loading():
            self.update(busy=Busy(translate("Session", "Reading {file}").format(file=wanted[0].name)), message=None)

            def run(_: Reporter) -> Mask:
                name, others = wanted[0].name, len(wanted) - 1
                several = translate("Session", "{file} and {number} more").format(file=name, number=others)
                found = read_masks(wanted, volume, convention=convention, frame=frame)
                return Mask(several if others else name, found.labels, found.frames)

            self._submit("mask", run, tag=self.state.scan.volume_id)

    def _mask_arrived(self, mask: Mask, volume_id: int) -> None:
        if volume_id != self.state.scan.volume_id:
            return
        frame = self.state.view.frame_index
        self.update(
            mask=mask,
            mask_shown=True,
            pair=Pair.MASK,
            layout=Layout.COMPARE,
            frame_index=frame if frame in mask.frames else mask.frames[0],
            comparisons=self._comparisons_of_runs(),
        )
        self._compare_missing()

    def remove_mask(self) -> None:
        self.update(mask=None, comparisons=self._comparisons_of_runs())

    def _comparisons_of_runs(self) -> dict[ComparisonKey, Comparison]:
        """Those that have nothing to do with a mask."""
        return {
            key: value for key, value in self.state.segmentation.comparisons.items() if not isinstance(key[1], Mask)
        }

    # -- looking -------------------------------------------------------------------------------------------------

    def step_slice(self, step: int) -> None:
        self.update(slice_index=self.state.view.slice_index + step)

    def step_frame(self, step: int) -> None:
        """Frames go round, as the heart does."""
        if self.state.scan.volume:
            self.update(frame_index=(self.state.view.frame_index + step) % self.state.scan.volume.frames, playing=False)

    def go_to_phase(self, phase: str) -> None:
        """To the frame of "ED" or "ES", if it is known."""
        frame = phase_frame(self.state, phase)
        if frame is not None:
            self.update(frame_index=frame, playing=False)

    def toggle_play(self) -> None:
        self.update(playing=not self.state.view.playing)

    def reset_view(self) -> None:
        volume = self.state.scan.volume
        if volume is not None:
            loading = self.state.scan.loading
            window = loading.window if loading is not None else first_window(volume)
            self.update(zoom=1.0, pan_mm=(0.0, 0.0), window=window, invert=False)

    def zoom_to_heart(self) -> None:
        """Fill the view with the heart, as far as it is known where that is."""
        view = heart_view(self.state)
        if view is not None:
            zoom, pan_mm = view
            self.update(zoom=zoom, pan_mm=pan_mm)
        elif self.state.scan.volume is not None:
            text = translate(
                "Session", "Where the heart is, is known once the scan is segmented: wait, or press Segment."
            )
            self.say(Kind.WARNING, text)

    def next_window(self) -> None:
        """The next of the window presets."""
        presets = self.window_presets()
        windows = list(presets.values())
        here = next((i for i, window in enumerate(windows) if np.allclose(window, self.state.view.window)), -1)
        if windows:
            self.update(window=windows[(here + 1) % len(windows)])

    def window_presets(self) -> dict[str, tuple[float, float]]:
        """(centre, width) by name for the scan on screen."""
        volume = self.state.scan.volume
        # Percentiles of a part of the scan would be other ones.
        whole = volume is not None and self.state.scan.loading is None
        return window_presets(volume.array, volume.window) if volume is not None and whole else {}

    def show_layout(self, layout: Layout) -> None:
        self.update(layout=layout)

    def toggle(self, field: str) -> None:
        """The other value of a field that is true or false."""
        self.update(**{field: not value_of(self.state, field)})

    def change_speed(self, step: int) -> None:
        """To the next faster (1) or slower (-1) of SPEEDS."""
        at = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.state.preferences.speed))
        self.update(speed=SPEEDS[min(max(at + step, 0), len(SPEEDS) - 1)])

    def update_overlay(self, **changes: Any) -> None:
        self.update(overlay=replace(self.state.preferences.overlay, **changes))

    def toggle_structure(self, label: int) -> None:
        overlay = self.state.preferences.overlay
        visible = overlay.visible | {label} if overlay.hidden else overlay.visible ^ {label}
        self.update_overlay(visible=visible, hidden=False)

    def choose_colour(self, structure: int, colour: Colour) -> None:
        """Draw a structure in another colour, unless it would look like another one."""
        overlay = self.state.preferences.overlay
        colours = structure_colours.complete(overlay.colours)
        refused, doubt = judged(structure, colour, colours)
        if not refused:
            chosen = structure_colours.without_defaults({**colours, structure: colour})
            self.update(overlay=replace(overlay, colours=chosen), message=None)
        if doubt:
            self.say(Kind.WARNING, doubt)

    def default_colours(self) -> None:
        self.update(overlay=replace(self.state.preferences.overlay, colours={}), message=None)

    def next_style(self) -> None:
        styles = list(Style)
        self.update_overlay(
            style=styles[(styles.index(self.state.preferences.overlay.style) + 1) % len(styles)], hidden=False
        )

    def say(self, kind: Kind, text: str, *, action: str = "", command: str = "") -> None:
        self.update(message=Message(kind, text, action, command))

    def _restart_clock(self) -> None:
        self._timer.stop()
        if self.state.view.playing and self.state.scan.volume:
            self._clock_frame = self.state.view.frame_index
            self._clock.start()
            # Half a frame, so that the frame shown is never late by more than that; equal frames draw nothing.
            self._timer.start(
                max(4, round(frame_interval_ms(self.state.scan.volume) / self.state.preferences.speed / 2))
            )

    def _tick(self) -> None:
        volume = self.state.scan.volume
        if volume is None:
            return
        passed = int(self._clock.elapsed() * self.state.preferences.speed / frame_interval_ms(volume))
        self.update(
            frame_index=cine_frame(self._clock_frame + passed, volume.frames, sweep=self.state.preferences.sweep)
        )

    # -- exports -------------------------------------------------------------------------------------------------

    def export_mask(self, path: Path) -> None:
        """Write the labels on screen as NIfTI."""
        self._export(path, exporting.mask_nifti, is_mask=True)

    def export_seg(self, folder: Path) -> None:
        """Write the labels on screen as DICOM SEG."""
        self._export(folder, exporting.mask_seg, is_mask=True)

    def export_measurements(self, path: Path) -> None:
        """Write the measurements on screen as CSV."""
        self._export(path, exporting.measurements_csv)

    def _export(
        self,
        path: Path,
        write: Callable[[Path, Volume, Prediction, Function, Correction | None], None],
        *,
        is_mask: bool = False,
    ) -> None:
        self.correct.end_stroke()
        state, volume = self.state, self.state.scan.volume
        prediction, function, correction = shown_prediction(state), shown_function(state), shown_correction(state)
        if self.nothing_to_export() or volume is None or prediction is None or function is None:
            return

        def work(_: Reporter) -> Path:
            exporting.refuse_source(path, volume)
            write(path, volume, prediction, function, correction)
            return path

        saves = (correction_key(state), correction.planes) if is_mask and correction is not None else None
        self._submit("export", work, tag=saves, lasting=True)
        if self.state.busy is None:
            self.update(busy=Busy(translate("Session", "Saving {file}").format(file=path.name), can_stop=False))

    def nothing_to_export(self) -> bool:
        """Whether the scan on screen is not read and segmented as a whole; says so where an export is asked for."""
        if self.still_loading():
            return True
        run = run_of(self.state)
        if shown_prediction(self.state) is not None:
            return False
        text = translate("Session", "Nothing to export yet: open a scan and wait until it is segmented.")
        if run is not None and run.status is Status.PART:
            text = translate("Session", "Only single slices are segmented; an export needs all: press Segment.")
        self.say(Kind.WARNING, text)
        return True

    def recover(self, folder: Path) -> Path | None:
        """Write what is corrected and not exported, of every scan, and the labels on screen, into a recovery folder.

        Here and now; returns the last file, None where there was nothing to write.
        """
        written = self.correct.save_unsaved(folder, for_good=False)
        state, volume, prediction = self.state, self.state.scan.volume, shown_prediction(self.state)
        correction = shown_correction(state)
        if volume is None or prediction is None or (correction is not None and correction.unsaved):
            return written[-1] if written else None
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / exporting.default_name(volume, prediction, "mask.nii.gz", correction)
        exporting.mask_nifti(path, volume, prediction, shown_function(state), correction)
        return path

    # -- the worker ----------------------------------------------------------------------------------------------

    def _submit(self, kind: str, run: Callable[[Reporter], Any], tag: Any = None, *, lasting: bool = False) -> None:
        """lasting: the answer counts even when another scan has been opened since."""
        self._worker.submit(Job(kind, None if lasting else self._worker.generation, run, tag))

    def _on_report(self, report: Report) -> None:
        state = self.state
        if report.job.kind == "segment":
            key: RunKey = report.job.tag
            run = state.segmentation.runs.get(key, Run(Status.WAITING))
            run = replace(
                run,
                status=Status.RUNNING,
                timings=run.timings + tuple(timing for timing, *_ in report.items),
                rss_mb=report.items[-1][1] if report.items else run.rss_mb,
                planes={**run.planes, **{(timing.frame, timing.slice): plane for timing, _, plane in report.items}},
            )
            state = with_run(state, key, run)
            what = translate("Session", "Segmenting in {precision}").format(precision=key.precision)
            busy = Busy(what, len(run.timings), run.total)
        else:
            state = self._opening.with_slices(state, report.items)
            what = translated(report.what) if report.what else state.busy.what if state.busy else ""
            busy = Busy(what, report.done, report.total)
        self._show(evolve(state, busy=busy if busy.what else None))

    def _on_outcome(self, outcome: Outcome) -> None:
        if self.idle:
            self.update(busy=None)
        if outcome.bug is not None or outcome.error is not None:
            self._mark_failed(outcome)
        if outcome.bug is not None:
            raise outcome.bug
        if outcome.error is not None:
            self.say(Kind.ERROR, str(outcome.error))
            if outcome.job.kind == "open":  # the scan before is still on screen: finish it
                message = self.state.message
                self._segment_missing()
                self.update(message=message)
            return
        match outcome.job.kind:
            case "models":
                self._models_arrived(outcome.value)
            case "open":
                self._opened(outcome.value, outcome.job.tag)
            case "segment":
                self._run_arrived(outcome.job.tag, *outcome.value)
            case "slice":
                self._slice_arrived(*outcome.job.tag, *outcome.value)
            case "mask":
                self._mask_arrived(outcome.value, outcome.job.tag)
            case "compare":
                self._comparison_arrived(outcome.job.tag, outcome.value)
            case "export":
                if outcome.job.tag is not None:
                    self.correct.saved(*outcome.job.tag)
                self.say(Kind.SUCCESS, translate("Session", "Saved {path}").format(path=outcome.value))

    def _mark_failed(self, outcome: Outcome) -> None:
        if outcome.job.kind == "segment":
            self._show(with_run(self.state, outcome.job.tag, Run(Status.FAILED)))
        elif outcome.job.kind == "open":
            self._show(self._opening.back(self.state))

    def _models_arrived(self, catalog: Catalog) -> None:
        ids = [card.id for card in catalog.models]
        wanted = (self.state.models.model_id, catalog.default, *ids)
        state = evolve(self.state, catalog=catalog, model_id=next((i for i in wanted if i in ids), ""))
        # What is on screen stays; a scan that waited for the models starts as the device check recommends.
        state = state if state.segmentation.runs else preselected(state)
        card, asked = card_of(state), state.models.precision
        if card is not None and asked not in card.precisions:
            state = evolve(state, precision=precisions_of(card)[0])
        self._show(state)
        if asked != state.models.precision:
            text = translate("Session", "{model} does not come in {asked}; {shown} is shown instead.")
            self.say(Kind.WARNING, text.format(model=card.name, asked=asked, shown=state.models.precision))
        self._segment_missing()

    def _run_arrived(self, key: RunKey, prediction: Prediction, function: Function, heart: Heart | None) -> None:
        run = Run(
            Status.DONE,
            timings=prediction.timings,
            total=len(prediction.timings),
            rss_mb=prediction.rss_mb,
            prediction=prediction,
            function=function,
            heart=heart,
        )
        self._show(with_run(self.state, key, run))
        self._compare_missing()

    def _slice_arrived(
        self, key: RunKey, frame: int, index: int, timing: SliceTiming, rss_mb: float, plane: NDArray[np.uint8]
    ) -> None:
        """A slice that was asked for alone: kept beside others of that kind, until the whole scan is segmented."""
        volume, run = self.state.scan.volume, self.state.segmentation.runs.get(key)
        if volume is None or (run is not None and run.status in (Status.WAITING, Status.RUNNING, Status.DONE)):
            return
        if run is None or run.status is not Status.PART:
            run = Run(Status.PART, total=volume.frames * volume.slices)
        planes = {**run.planes, (frame, index): plane}
        run = replace(run, timings=(*run.timings, timing), rss_mb=rss_mb, planes=planes)
        self._show(with_run(self.state, key, run))

    def _compare_missing(self) -> None:
        """Queue the comparisons that the choices on screen call for and that are neither there nor under way."""
        state = self.state
        waiting = {job.tag for job in self._worker.unfinished if job.kind == "compare"}
        for pair in Pair:
            key = comparison_key(replace(state, view=replace(state.view, pair=pair)))
            if key is None or key in state.segmentation.comparisons or key in waiting:
                continue
            one, other = (self._labels_of(side) for side in key)
            if one is not None and other is not None:
                frames = state.segmentation.mask.frames if pair is Pair.MASK and state.segmentation.mask else None
                self._submit("compare", _comparison(one, other, frames), tag=key)

    def _labels_of(self, side: RunKey | Mask) -> LabelMap | None:
        if isinstance(side, Mask):
            return side.labels
        run = self.state.segmentation.runs.get(side)
        return run.prediction.labels if run and run.prediction else None

    def _comparison_arrived(self, key: ComparisonKey, comparison: Comparison) -> None:
        if any(isinstance(side, Mask) and side is not self.state.segmentation.mask for side in key):
            return
        one, other = key
        run, agreement = self.state.segmentation.runs.get(one), self.state.segmentation.agreement
        if run is not None and run.prediction is not None and not isinstance(other, Mask):
            agreement = {**agreement, run.prediction.model_id: comparison.mean_dice}
        self.update(comparisons={**self.state.segmentation.comparisons, key: comparison}, agreement=agreement)


def _segmentation(
    volume: Volume, card: ModelCard, precision: str, first: tuple[int, int]
) -> Callable[[Reporter], tuple[Prediction, Function, Heart | None]]:
    """The work of one segmentation; measures in the worker too, for a cine has many voxels to count.

    first: the (frame, slice) on screen, which is what the user waits for.
    """
    asked = time.monotonic()

    def run(reporter: Reporter) -> tuple[Prediction, Function, Heart | None]:
        # Loading the runtime holds the interpreter, and the scan that has just arrived is not painted yet.
        time.sleep(max(0.0, asked + PAINT_FIRST_S - time.monotonic()))
        prediction = predict(
            volume,
            card,
            precision,
            first=first,
            progress=reporter.progress,
            cancel=reporter.token,
            on_slice=lambda *of_slice: reporter.item(of_slice),
        )
        found = prediction, measure(prediction.labels, volume), heart_of(prediction.labels)
        lean.give_back()
        return found

    return run


def _one_slice(
    volume: Volume, card: ModelCard, precision: str, at: tuple[int, int]
) -> Callable[[Reporter], tuple[SliceTiming, float, NDArray[np.uint8]]]:
    """at: (frame, slice)."""
    return lambda reporter: predict_slice(volume, card, precision, *at, cancel=reporter.token)


def _comparison(one: LabelMap, other: LabelMap, frames: tuple[int, ...] | None) -> Callable[[Reporter], Comparison]:
    return lambda reporter: compare(one, other, frames=frames, cancel=reporter.token)
