"""Commands on the contours of whole slices: copy, interpolate, fill, smooth, clear, restore. Each is one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.session import reasons
from app.session.store import Store
from app.state import editing, gaps
from app.state.brush import Plane
from app.state.changes import stroke_ended
from app.state.editing import Correction
from app.state.places import here, looking_at, neighbour
from app.state.queries import correction_key, correction_of
from app.state.types import AppState, Kind
from app.words.language import COUNT, translate
from engine.shapes.structures import cleared, filled, smoothed


class SliceContours:
    """Where a command cannot run, it says why."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def restore_slice(self) -> None:
        """Restore the slice on screen to what the model found."""
        if self._may(reasons.slice_not_corrected):
            self._change(lambda c: editing.restored(c, here(self._store.state)))

    def copy_from(self, frames: int, slices: int) -> None:
        """Replace the labels on screen with those of the slice so many frames and slices away."""
        state = self._store.state
        source = neighbour(state, frames, slices)
        if self._may(lambda s: reasons.no_neighbour(s, frames, slices)) and source is not None:
            self._change(lambda c: editing.copied(c, source, here(state)))

    def copy_to(self, frames: int, slices: int) -> None:
        """Copy the labels on screen to the slice so many frames and slices away, and go there."""
        state = self._store.state
        to = neighbour(state, frames, slices)
        if self._may(lambda s: reasons.no_neighbour(s, frames, slices)) and to is not None:
            self._change(lambda c: editing.copied(c, here(state), to), **looking_at(state, *to))

    def interpolate_slices(self) -> None:
        """Fill the slices of this frame that lie between corrected ones with shapes in between."""
        if self._may(reasons.no_gap_in_slices):
            frame = here(self._store.state)[0]
            self._fill_gaps(lambda c: gaps.over_slices(c, frame))

    def interpolate_frames(self) -> None:
        """Fill the frames of this slice that lie between corrected ones with shapes in between."""
        if self._may(reasons.no_gap_in_frames):
            index = here(self._store.state)[1]
            self._fill_gaps(lambda c: gaps.over_frames(c, index))

    def fill(self) -> None:
        """Fill the holes of the structure that is being drawn."""
        structure = self._store.state.correction.brush.label
        self._edit(lambda plane: filled(plane, structure))

    def smooth(self) -> None:
        """Smooth the outline of the structure that is being drawn."""
        structure, volume = self._store.state.correction.brush.label, self._store.state.scan.volume
        if volume is not None:
            spacing = volume.geometry.spacing_mm[:2]
            self._edit(lambda plane: smoothed(plane, structure, spacing))

    def clear(self, *, all_structures: bool = False) -> None:
        """Remove the structure that is being drawn, or all, from the slice on screen."""
        structure = None if all_structures else self._store.state.correction.brush.label
        self._edit(lambda plane: cleared(plane, structure))

    # -- how -----------------------------------------------------------------------------------------------------

    def _may(self, why_not: Callable[[AppState], str]) -> bool:
        self._store.show(stroke_ended(self._store.state))
        said = why_not(self._store.state)
        if said:
            self._store.say(Kind.HINT, said)
        return not said

    def _edit(self, change: Callable[[Plane], Plane]) -> None:
        if self._may(reasons.not_correcting):
            self._change(lambda c: editing.edited(c, here(self._store.state), change))

    def _fill_gaps(self, found: Callable[[Correction], dict[tuple[int, int], Plane]]) -> None:
        correction = correction_of(self._store.state)
        if correction is None:
            return
        planes = found(correction)
        self._change(lambda c: editing.changed(c, planes))
        said = translate("Contours", "Interpolated: %n slice(s). Undo takes all of them back.", "", COUNT, len(planes))
        self._store.say(Kind.SUCCESS, said)

    def _change(self, change: Callable[[Correction], Correction], **changes: Any) -> None:
        state = self._store.state
        key, correction = correction_key(state), correction_of(state)
        if key is None or correction is None:
            return
        corrections = {**state.correction.corrections, key: change(correction)}
        self._store.update(corrections=corrections, corrected=True, **changes)
