"""Segmentations of the scan on screen: which are wanted, which are under way, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.session import lean
from app.session.first_paint import FirstPaint
from app.session.jobs import JobReport, Lane, Reporter, Workers
from app.session.store import Store, still_loading
from app.session.trail import noted
from app.state.changes import evolve, preselected, with_run
from app.state.measured import run_of_prediction
from app.state.queries import card_of, precisions_of, run_key, run_of, view_shown
from app.state.types import AppState, Busy, Command, Kind, Run, RunKey, Status
from app.words.engine_words import translated
from app.words.language import translate
from engine.errors import CineQuantError
from engine.network.catalog import Catalog, find_models, user_models
from engine.network.model_card import SHORT_AXIS, ModelCard
from engine.network.predict import SliceTiming, predict, predict_slice
from engine.volume import Volume


class Segmenting:
    """Chooses models and precisions, and segments what the choices on screen call for."""

    def __init__(
        self,
        store: Store,
        workers: Workers,
        paint: FirstPaint,
        *,
        compared: tuple[str, ...],
        chosen: Callable[[AppState], None],
        finished: Callable[[], None],
    ) -> None:
        """compared: precisions that every scan is segmented in, besides the chosen one.

        chosen: called with the state before another model or precision was chosen. finished: called when a
        segmentation is there.
        """
        self._store, self._workers, self._paint = store, workers, paint
        self._compared, self._chosen, self._finished = compared, chosen, finished
        self._lane = Lane(workers.scan)
        self._models_lane = Lane(workers.scan)

    # -- models --------------------------------------------------------------------------------------------------

    def load_models(self, folders: Sequence[Path] | None = None) -> None:
        """Look for models, in the background."""
        self._models_lane.submit(lambda _: find_models(folders), then=self._models_arrived, failed=self._store.complain)

    def choose_model(self, model_id: str) -> None:
        """Show what another model finds."""
        before = self._store.state
        card = card_of(before)
        if card is not None and card.id == model_id:
            return
        if view_shown(before) == SHORT_AXIS:
            by_hand = before.models.by_hand | {"model"}
            state = preselected(evolve(before, model_id=model_id, by_hand=by_hand))
        else:
            state = evolve(before, four_chamber_id=model_id)
        precisions = precisions_of(card_of(state))
        if precisions and state.models.precision not in precisions:
            state = evolve(state, precision=precisions[0])
        self._show_other_model(state)
        self._chosen(before)
        self.segment_missing()

    def take_for(self, view: str) -> None:
        """Take the scan on screen for another view of the heart; "" for the one that its geometry says."""
        before = self._store.state
        if before.scan.volume is None or before.scan.volume.slices > 1 or view == before.scan.view_asked:
            return
        state = preselected(evolve(before, view_asked=view, message=None))
        if card_of(state) is card_of(before):
            self._store.show(state)
        else:
            self._show_other_model(state)
            self._chosen(before)
        self.segment_missing()

    def follow_report(self) -> None:
        """Take the model and precision that the device check recommends, now and for later scans."""
        state = preselected(evolve(self._store.state, by_hand=frozenset()))
        if state.models.model_id != self._store.state.models.model_id:
            self._show_other_model(state)
        else:
            self._store.show(state)
        self.segment_missing()

    def choose_precision(self, precision: str) -> None:
        """Show what the model finds in another precision, for later scans too."""
        before = self._store.state
        if precision != before.models.precision:
            self._store.update(precision=precision, by_hand=before.models.by_hand | {"precision"})
        self._precision_chosen(before)

    def toggle_precision(self) -> None:
        """Look at the next precision that the model comes in. Later scans start with the one chosen before."""
        before, precisions = self._store.state, precisions_of(card_of(self._store.state))
        shown = before.models.precision
        here = precisions.index(shown) if shown in precisions else -1
        self._store.update(precision=precisions[(here + 1) % len(precisions)])
        self._precision_chosen(before)

    def _precision_chosen(self, before: AppState) -> None:
        self._chosen(before)
        self.segment_missing()

    def _show_other_model(self, state: AppState) -> None:
        """Show a state in which another model is chosen; what the model before had not finished is given up."""
        self._lane.cancel()
        runs = {key: run for key, run in state.segmentation.runs.items() if run.status is Status.DONE}
        self._store.show(evolve(state, runs=runs))

    def _models_arrived(self, catalog: Catalog) -> None:
        ids = [card.id for card in catalog.models if card.view == SHORT_AXIS]
        wanted = (self._store.state.models.model_id, catalog.default, *ids)
        state = evolve(self._store.state, catalog=catalog, model_id=next((i for i in wanted if i in ids), ""))
        # What is on screen stays; a scan that waited for the models starts as the device check recommends.
        state = state if state.segmentation.runs else preselected(state)
        card, asked = card_of(state), state.models.precision
        if card is not None and asked not in card.precisions:
            state = evolve(state, precision=precisions_of(card)[0])
        self._store.show(state)
        if card is not None and asked != state.models.precision:
            text = translate("Session", "{model} does not come in {asked}; {shown} is shown instead.")
            self._store.say(Kind.WARNING, text.format(model=card.name, asked=asked, shown=state.models.precision))
        self.segment_missing()

    # -- commands ------------------------------------------------------------------------------------------------

    def segment(self) -> None:
        """Segment the scan on screen because the user asks, whatever kind of image it is and whatever failed before."""
        if still_loading(self._store):
            return
        kept, other = (Status.DONE, Status.WAITING, Status.RUNNING), self._of_other_rule()
        before = self._store.state.segmentation
        runs = {key: run for key, run in before.runs.items() if run.status in kept and key not in other}
        comparisons = {pair: found for pair, found in before.comparisons.items() if other.isdisjoint(pair)}
        # What was undone belongs to the labels that go.
        gone = [before.runs[key].prediction for key in other]
        corrections = self._store.state.correction.corrections
        corrections = {key: each for key, each in corrections.items() if all(each.base is not one for one in gone)}
        self._store.update(
            segment_asked=True, runs=runs, comparisons=comparisons, corrections=corrections, message=None
        )
        self.segment_missing()

    def segment_slice(self) -> None:
        """Segment only the slice and frame on screen, in the precision on screen. All other results stay."""
        state, key = self._store.state, run_key(self._store.state)
        volume = state.scan.volume
        if still_loading(self._store) or volume is None or state.models.catalog is None:
            return
        card = card_of(state)
        if card is None or key is None:
            self.segment_missing()  # says what is missing
            return
        run, at = state.segmentation.runs.get(key), (state.view.frame_index, state.view.slice_index)
        if run is not None and run.status in (Status.WAITING, Status.RUNNING):
            text = translate("Session", "The whole scan is being segmented, this slice too; stop that first (Esc).")
            self._store.say(Kind.WARNING, text)
            return
        if run is not None and (run.prediction is not None or at in run.planes):
            self._store.say(Kind.SUCCESS, translate("Session", "This slice is segmented already."))
            return
        if (key, *at) in self._lane.subjects:
            return
        what = translate("Session", "Segmenting this slice in {precision}").format(precision=key.precision)
        self._store.update(message=None, playing=False)
        self._lane.submit(
            _one_slice(volume, card, key.precision, at),
            then=lambda found: self._slice_arrived(key, at, *found),
            failed=self._store.complain,
            busy=Busy(what),
            subject=(key, *at),
        )

    def toggle_keep_base(self) -> None:
        """Leave the most basal slices as the network finds them, or no longer; a scan on screen when asked again."""
        keep = not self._store.state.preferences.keep_base
        self._store.update(keep_base=keep)
        text = (
            translate("Session", "The base stays as the network finds it, in scans that are segmented from now on.")
            if keep
            else translate("Session", "The base is decided on after the network, in scans segmented from now on.")
        )
        if run_key(self._store.state) in self._of_other_rule():
            again = translate("Session", "Segment this scan again")
            self._store.say(Kind.HINT, text, action=again, command=Command.SEGMENT)
        else:
            self._store.say(Kind.SUCCESS, text)

    def _of_other_rule(self) -> frozenset[RunKey]:
        """Finished segmentations of the model on screen that decided on the base in another way than chosen now.

        Those that were corrected by hand are not among them: they stay.
        """
        state, card, found = self._store.state, card_of(self._store.state), set()
        if card is None or card.basal is None:
            return frozenset()
        kept = state.correction.corrections.values()
        corrected = [each.base for each in kept if each.planes or state.correction.correcting]
        for precision in precisions_of(card):
            key, run = run_key(state, precision), run_of(state, precision)
            if key is None or run is None or run.prediction is None or any(run.prediction is one for one in corrected):
                continue
            if bool(run.prediction.basal_sha256) is state.preferences.keep_base:
                found.add(key)
        return frozenset(found)

    def _as_chosen(self, card: ModelCard) -> ModelCard:
        return replace(card, basal=None) if self._store.state.preferences.keep_base else card

    def cancel(self) -> None:
        """Stop segmenting. What is finished stays."""
        self._lane.cancel()
        under_way = (Status.WAITING, Status.RUNNING)
        runs = {
            key: replace(run, status=Status.STOPPED, planes={}) if run.status in under_way else run
            for key, run in self._store.state.segmentation.runs.items()
        }
        self._store.update(runs=runs)

    def give_up(self) -> None:
        """Stop segmenting, because the scan is about to leave the screen."""
        self._lane.cancel()

    def segment_missing(self) -> None:
        """Queue the segmentations that the choices on screen call for and that are neither there nor under way."""
        state = self._store.state
        volume, card = state.scan.volume, card_of(state)
        if volume is None or state.scan.loading is not None or state.models.catalog is None:
            return
        if card is None:
            self._say_no_model(state.models.catalog)
            return
        stack = view_shown(state) == SHORT_AXIS
        if volume.not_short_axis and stack and not state.segmentation.segment_asked:
            self._say_not_segmented(volume)
            return
        for precision in dict.fromkeys((state.models.precision, *self._compared)):
            key = run_key(state, precision)
            if key is not None and key not in state.segmentation.runs:
                self._submit(volume, card, key)
        self._finished()

    def _say_no_model(self, catalog: Catalog) -> None:
        rejected = catalog.rejected
        why = f" ({rejected[0][0].name}: {rejected[0][1]})" if rejected else ""
        text = translate(
            "Session",
            "No model is installed, so nothing can be segmented{why}. Put a model's folder into {folder} "
            "and start again.",
        )
        self._store.say(Kind.WARNING, text.format(why=why, folder=user_models()))

    def _say_not_segmented(self, volume: Volume) -> None:
        name = volume.source.paths[0].name if volume.source.paths else volume.source.name
        text = translate(
            "Session",
            "{file}: not segmented, because it is {reason} and the model knows short-axis cine MR only. "
            "Open a short-axis scan, or segment it anyway.",
        )
        self._store.say(
            Kind.WARNING,
            text.format(file=name, reason=translated(volume.not_short_axis)),
            action=translate("Session", "Segment anyway"),
            command=Command.SEGMENT,
        )

    def _submit(self, volume: Volume, card: ModelCard, key: RunKey) -> None:
        state, total = self._store.state, volume.frames * volume.slices
        self._store.show(with_run(state, key, Run(Status.WAITING, total=total)))
        what = translate("Session", "Segmenting in {precision}").format(precision=key.precision)
        self._lane.submit(
            _segmentation(
                volume,
                self._as_chosen(card),
                key.precision,
                (state.view.frame_index, state.view.slice_index),
                self._paint,
            ),
            then=lambda run: self._run_arrived(key, run),
            failed=lambda error: self._run_failed(key, error),
            on_report=lambda report: self._on_report(key, report),
            busy=Busy(what, 0, total),
            words=lambda _: what,
            subject=key,
        )

    # -- what comes back -----------------------------------------------------------------------------------------

    def _on_report(self, key: RunKey, report: JobReport) -> None:
        state = self._store.state
        run = state.segmentation.runs.get(key, Run(Status.WAITING))
        run = replace(
            run,
            status=Status.RUNNING,
            timings=run.timings + tuple(timing for timing, *_ in report.items),
            rss_mb=report.items[-1][1] if report.items else run.rss_mb,
            planes={**run.planes, **{(timing.frame, timing.slice): plane for timing, _, plane in report.items}},
        )
        self._store.show(evolve(with_run(state, key, run), busy=self._workers.busy))

    def _run_arrived(self, key: RunKey, run: Run) -> None:
        state = with_run(self._store.state, key, run)
        if run.prediction is not None and key.volume_id == state.scan.volume_id:
            found = run.prediction
            state = noted(state, f"segmented: {found.model_id} {found.model_version} {found.precision}")
        self._store.show(state)
        self._finished()

    def _run_failed(self, key: RunKey, error: CineQuantError | None) -> None:
        self._store.show(with_run(self._store.state, key, Run(Status.FAILED)))
        self._store.complain(error)

    def _slice_arrived(
        self, key: RunKey, at: tuple[int, int], timing: SliceTiming, rss_mb: float, plane: NDArray[np.uint8]
    ) -> None:
        """A slice that was asked for alone is kept beside others of that kind, until the whole scan is segmented."""
        volume, run = self._store.state.scan.volume, self._store.state.segmentation.runs.get(key)
        if volume is None or (run is not None and run.status in (Status.WAITING, Status.RUNNING, Status.DONE)):
            return
        if run is None or run.status is not Status.PART:
            run = Run(Status.PART, total=volume.frames * volume.slices)
        planes = {**run.planes, at: plane}
        run = replace(run, timings=(*run.timings, timing), rss_mb=rss_mb, planes=planes)
        self._store.show(with_run(self._store.state, key, run))


def _segmentation(
    volume: Volume, card: ModelCard, precision: str, first: tuple[int, int], paint: FirstPaint
) -> Callable[[Reporter], Run]:
    """The work of one segmentation. Measures in the worker too, since a cine has many voxels to count.

    first: the (frame, slice) on screen, which is what the user waits for.
    """

    def work(reporter: Reporter) -> Run:
        paint.wait(volume)  # loading the runtime holds the interpreter, and the scan should be on screen before that
        prediction = predict(
            volume,
            card,
            precision,
            first=first,
            progress=reporter.progress,
            cancel=reporter.token,
            on_slice=lambda *of_slice: reporter.item(of_slice),
        )
        run = run_of_prediction(prediction, volume, card.view)
        lean.give_back()
        return run

    return work


def _one_slice(
    volume: Volume, card: ModelCard, precision: str, at: tuple[int, int]
) -> Callable[[Reporter], tuple[SliceTiming, float, NDArray[np.uint8]]]:
    """The work of segmenting one slice. at: (frame, slice)."""
    return lambda reporter: predict_slice(volume, card, precision, *at, cancel=reporter.token)
