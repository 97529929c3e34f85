"""Comparisons of two segmentations, and the mask from a file that a segmentation can be compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app.session.jobs import Lane, Reporter, Workers
from app.session.store import Store, still_loading
from app.state import editing
from app.state.identity import Same
from app.state.queries import comparison_key, comparison_of, correction_of
from app.state.types import AppState, Busy, ComparisonKey, Kind, Layout, Mask, Pair, RunKey
from app.words.engine_words import translated
from app.words.language import translate
from engine.formats.masks import read_masks
from engine.measures.comparison import Comparison, compare
from engine.volume import LabelMap


class Comparing:
    """Reads masks, and computes the comparisons that the choices on screen call for."""

    def __init__(self, store: Store, workers: Workers) -> None:
        self._store = store
        self._lane = Lane(workers.comparing)
        store.changed.connect(self._follow)

    def load_mask(self, paths: Sequence[Path], convention: str = "") -> None:
        """Read a mask and compare what the model found with it. A mask of one frame is of the frame on screen."""
        volume, frame = self._store.state.scan.volume, self._store.state.view.frame_index
        wanted = tuple(Path(p) for p in paths)
        if volume is None:
            self._store.say(Kind.HINT, translate("Session", "A mask goes with a scan: open the scan first."))
        elif wanted and not still_loading(self._store):
            self._store.update(message=None)

            def run(_: Reporter) -> Mask:
                name, others = wanted[0].name, len(wanted) - 1
                several = translate("Session", "{file} and {number} more").format(file=name, number=others)
                found = read_masks(wanted, volume, convention=convention, frame=frame)
                return Mask(several if others else name, found.labels, found.frames, found.notices)

            busy = Busy(translate("Session", "Reading {file}").format(file=wanted[0].name))
            self._lane.submit(run, then=self._mask_arrived, failed=self._store.complain, busy=busy)

    def remove_mask(self) -> None:
        """Forget the mask."""
        self._store.update(mask=None, comparisons=self._comparisons_of_runs())

    def cancel(self) -> None:
        """Stop reading and comparing."""
        self._lane.cancel()

    def compare_missing(self) -> None:
        """Queue the comparisons that the choices on screen call for and that are neither there nor under way."""
        state = self._store.state
        for pair in Pair:
            # Of corrections, which change with every stroke, only what is being looked at.
            if pair is Pair.CORRECTED and not _looked_at(state):
                continue
            key = comparison_key(replace(state, view=replace(state.view, pair=pair)))
            if key is None or key in state.segmentation.comparisons or key in self._lane.subjects:
                continue
            one, other = (self._labels_of(side) for side in key)
            if one is not None and other is not None:
                mask = state.segmentation.mask
                frames = mask.frames if pair is not Pair.PRECISIONS and mask else None
                self._submit(key, one, other, frames)

    def _submit(self, key: ComparisonKey, one: LabelMap, other: LabelMap, frames: tuple[int, ...] | None) -> None:
        self._lane.submit(
            _comparison(one, other, frames),
            then=lambda found: self._comparison_arrived(key, found),
            failed=self._store.complain,
            subject=key,
        )

    def _mask_arrived(self, mask: Mask) -> None:
        frame = self._store.state.view.frame_index
        self._store.update(
            mask=mask,
            mask_shown=True,
            pair=Pair.MASK,
            layout=Layout.COMPARE,
            frame_index=frame if frame in mask.frames else mask.frames[0],
            comparisons=self._comparisons_of_runs(),
        )
        if mask.notices:
            self._store.say(Kind.WARNING, " ".join(map(translated, mask.notices)))
        self.compare_missing()

    def _comparison_arrived(self, key: ComparisonKey, comparison: Comparison) -> None:
        state = self._store.state.segmentation
        if any(isinstance(side, Mask) and side is not state.mask for side in key):
            return
        one, other = key
        run, agreement = state.runs.get(one) if isinstance(one, RunKey) else None, state.agreement
        if run is not None and run.prediction is not None and not isinstance(other, Mask):
            agreement = {**agreement, run.prediction.model_id: comparison.mean_dice}
        kept = state.comparisons
        if isinstance(one, Same):  # corrections before this one are never looked at again
            kept = {at: found for at, found in state.comparisons.items() if not isinstance(at[0], Same)}
        self._store.update(comparisons={**kept, key: comparison}, agreement=agreement)

    def _follow(self, _: AppState, new: AppState) -> None:
        if _looked_at(new) and comparison_of(new) is None:
            self.compare_missing()

    def _comparisons_of_runs(self) -> dict[ComparisonKey, Comparison]:
        """Those that have nothing to do with a mask."""
        comparisons = self._store.state.segmentation.comparisons
        return {key: value for key, value in comparisons.items() if not isinstance(key[1], Mask)}

    def _labels_of(self, side: RunKey | Mask | Same) -> LabelMap | None:
        if isinstance(side, Mask):
            return side.labels
        if isinstance(side, Same):
            correction = correction_of(self._store.state)
            return None if correction is None else editing.whole(correction)
        run = self._store.state.segmentation.runs.get(side)
        return run.prediction.labels if run and run.prediction else None


def _looked_at(state: AppState) -> bool:
    """Whether the correction and the mask are on screen side by side."""
    return state.preferences.layout is Layout.COMPARE and state.view.pair is Pair.CORRECTED


def _comparison(one: LabelMap, other: LabelMap, frames: tuple[int, ...] | None) -> Callable[[Reporter], Comparison]:
    """The work of one comparison."""
    return lambda reporter: compare(one, other, frames=frames, cancel=reporter.token)
