"""The commands that correct a segmentation by hand. What they compute is in app.state.editing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.session.store import Store, still_loading
from app.state import editing
from app.state.brush import Tool
from app.state.changes import stroke_ended
from app.state.editing import Correction, CorrectionKey
from app.state.measured import reading_of
from app.state.queries import can_draw, correction_key, correction_of, run_of, shown_correction
from app.state.types import CORRECTABLE, AppState, Kind, Layout, Message
from app.words.language import COUNT, translate


class Correcting:
    """Brush, undo and redo, and what the user is told when corrections leave the screen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: tuple[CorrectionKey, Message | None] | None = None

    # -- the mode ------------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Start or finish correcting what is on screen."""
        if self._store.state.correction.correcting:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Start correcting what the model on screen found. Earlier corrections of it are continued."""
        store, state = self._store, self._store.state
        run, volume = run_of(state), state.scan.volume
        if still_loading(store):
            return
        if correction_of(state) is None and (volume is None or run is None or run.prediction is None):
            text = translate("Correcting", "Nothing to correct yet: open a scan and wait until it is segmented.")
            store.say(Kind.HINT, text)
            return
        changes = {} if state.preferences.layout in CORRECTABLE else {"layout": Layout.SLICE}
        overlay = replace(state.preferences.overlay, hidden=False)
        if not state.scan.digest and volume is not None:
            store.update(digest=editing.digest(volume))
        key = correction_key(store.state)
        corrections = dict(store.state.correction.corrections)
        if key is not None and key not in corrections and run and run.prediction and volume:
            corrections[key] = editing.begin(volume, run.prediction, tally=run.tally, reading=reading_of(store.state))
        store.update(
            corrections=corrections, corrected=True, correcting=True, playing=False, overlay=overlay, **changes
        )

    def adopt_mask(self) -> None:
        """Go on correcting the loaded mask, which takes the place of what the model found."""
        store, mask = self._store, self._store.state.segmentation.mask
        if mask is None:
            store.say(Kind.HINT, translate("Correcting", "No mask is loaded: load the one to correct first."))
            return
        before = correction_of(store.state)
        if before is not None and before.unsaved:
            text = translate("Correcting", "Corrections are not saved yet: save the case or revert them first.")
            store.say(Kind.HINT, text)
            return
        self.start()
        correction = correction_of(store.state)
        if correction is not None:
            self._put(editing.adopted(correction, mask.labels, mask.frames))

    def stop(self) -> None:
        """Finish correcting. Corrections are kept."""
        self.end_stroke()
        self._store.update(correcting=False)
        correction = correction_of(self._store.state)
        if correction is not None and not (correction.planes or correction.done or correction.undone):
            self._put(None)

    def show_corrected(self, corrected: bool) -> None:
        """Show the corrected mask, or what the model found."""
        self.end_stroke()
        self._store.update(corrected=corrected)

    def toggle_corrected(self) -> None:
        """Switch between the corrected mask and what the model found."""
        self.show_corrected(not self._store.state.correction.corrected)

    def choose_structure(self, label: int) -> None:
        """Draw this structure."""
        self._brush(label=label)

    def choose_tool(self, tool: Tool, erase: bool = False) -> None:
        """Draw with this tool, or erase with it."""
        self._brush(tool=tool, erase=erase)

    def toggle_tool(self) -> None:
        """Switch between drawing and erasing; to the brush from tools that do neither."""
        brush = self._store.state.correction.brush
        if brush.tool in (Tool.BRUSH, Tool.FREEHAND):
            self._brush(erase=not brush.erase)
        else:
            self._brush(tool=Tool.BRUSH, erase=False)

    def take(self, tool: Tool) -> None:
        """Draw with this tool; starts correcting."""
        if not self._store.state.correction.correcting:
            self.start()
        self._brush(tool=tool, erase=False)

    def toggle_edges(self) -> None:
        """Let the brush stop at edges, or not."""
        self._brush(edges=not self._store.state.correction.brush.edges)

    def toggle_wall(self) -> None:
        """Keep myocardium around the cavity, or not."""
        self._brush(wall=not self._store.state.correction.brush.wall)

    def resize_brush(self, step: int) -> None:
        """Take the next larger (1) or smaller (-1) brush."""
        brush = self._store.state.correction.brush.sized(step)
        self._brush(radius_mm=brush.radius_mm)

    def _brush(self, **changes: Any) -> None:
        self._store.update(brush=replace(self._store.state.correction.brush, **changes))

    # -- strokes -------------------------------------------------------------------------------------------------

    def start_stroke(self, frame: int, x_mm: float, y_mm: float, other_tool: bool = False) -> None:
        """Put the brush down on the slice on screen. frame: the one shown in the view that was touched.

        other_tool: erase while the brush is chosen, draw while the eraser is. If the corrected mask or the structure
        is hidden, the first touch only shows it, so that nobody draws on something they cannot see.
        """
        state, brush = self._store.state, self._store.state.correction.brush
        if not can_draw(state):
            return
        overlay = replace(
            state.preferences.overlay, hidden=False, visible=state.preferences.overlay.visible | {brush.label}
        )
        if not state.correction.corrected or overlay != state.preferences.overlay:
            self._store.update(corrected=True, overlay=overlay)
            return
        brush = replace(brush, erase=brush.erase ^ other_tool)
        self._apply(lambda c: editing.start(c, (frame, state.view.slice_index), brush, x_mm, y_mm))

    def draw(self, frame: int, x_mm: float, y_mm: float) -> None:
        """Continue the stroke. It ends if another slice or frame has come on screen in the meantime."""
        correction = correction_of(self._store.state)
        if correction is None or correction.stroke is None:
            return
        if correction.stroke.where != (frame, self._store.state.view.slice_index):
            self.end_stroke()
        else:
            self._apply(lambda c: editing.draw(c, x_mm, y_mm))

    def end_stroke(self) -> None:
        """Lift the brush."""
        self._store.show(stroke_ended(self._store.state))

    def drop_stroke(self) -> bool:
        """Discard the stroke being drawn. Returns whether there was one."""
        correction = correction_of(self._store.state)
        drawing = correction is not None and correction.stroke is not None
        self._apply(editing.dropped)
        return drawing

    def _apply(self, change: Callable[[Correction], Correction], **changes: Any) -> None:
        correction = correction_of(self._store.state)
        if correction is not None:
            self._put(change(correction), **changes)

    def _put(self, correction: Correction | None, **changes: Any) -> None:
        key, corrections = correction_key(self._store.state), dict(self._store.state.correction.corrections)
        if key is None or (corrections.get(key) is correction and not changes):
            return
        if correction is None:
            corrections.pop(key, None)
        else:
            corrections[key] = correction
        self._store.update(corrections=corrections, **changes)

    def say_kept(self, before: AppState) -> None:
        """Tell, after another scan, model or precision was chosen, that corrections not saved yet are not lost.

        What was told of corrections that are on screen again is taken back.
        """
        state, key = self._store.state, correction_key(before)
        if self._told is not None and state.message is self._told[1] and correction_key(state) == self._told[0]:
            self._store.update(message=None)
        left = before.correction.corrections.get(key) if key is not None else None
        if key is None or left is None or not left.unsaved or correction_key(state) == key:
            return
        # Comparing the precisions by key P is no reason for a warning, unless contours are being drawn.
        compares = before.models.precision != state.models.precision and before.models.model_id == state.models.model_id
        if compares and state.scan.digest == before.scan.digest and not before.correction.correcting:
            return
        count, base = len(left.planes), left.base
        if state.scan.digest != before.scan.digest:
            said = translate("Correcting", "Not saved yet: %n corrected slice(s) of {scan}.", "", COUNT, count)
            kept = translate("Correcting", "Kept until CineQuant is closed; open the scan again to go on.")
            said = said.format(scan=left.volume.source.name)
        else:
            said = translate("Correcting", "Kept: %n corrected slice(s) of {model} {precision}.", "", COUNT, count)
            kept = translate("Correcting", "Choose it again to see and export them.")
            said = said.format(model=base.model_name, precision=base.precision)
        self._store.say(Kind.WARNING, f"{said} {kept}")
        self._told = key, self._store.state.message


def said_of(state: AppState, frame: int | None = None) -> list[str]:
    """Lines that say whether what is drawn was corrected by hand, and whether this slice was. Empty if nothing was."""
    correction = shown_correction(state)
    if correction is None:
        return []
    here = (state.view.frame_index if frame is None else frame, state.view.slice_index)
    count = len(correction.planes)
    if state.preferences.layout is Layout.SHEET:
        return [translate("Correcting", "corrected by hand: %n slice(s)", "", COUNT, count)]
    if here not in correction.planes:
        return [translate("Correcting", "corrected by hand: %n other slice(s)", "", COUNT, count)]
    others = count - 1
    if not others:
        return [translate("Correcting", "corrected by hand: this slice")]
    return [translate("Correcting", "corrected by hand: this slice and %n other(s)", "", COUNT, others)]
