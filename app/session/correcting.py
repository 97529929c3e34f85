"""The commands that correct a segmentation by hand. What they compute is in app.state.editing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.session import exporting
from app.state import editing
from app.state.editing import Correction, CorrectionKey, Plane, Where
from app.state.queries import correction_key, correction_of, phase_frame, run_of, shown_correction
from app.state.types import CORRECTABLE, AppState, Kind, Layout
from app.words.language import COUNT, translate

if TYPE_CHECKING:
    from app.session.store import Session


class Corrector:
    """Brush, undo and redo, and what becomes of corrections when a scan, a model or the program is left."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # -- the mode ------------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Begin to correct what is on screen, or be done with it."""
        if self._session.state.correction.correcting:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Correct what the model on screen found; goes on with what was corrected of it before."""
        session, state = self._session, self._session.state
        run, volume = run_of(state), state.scan.volume
        if session.still_loading():
            return
        if correction_of(state) is None and (volume is None or run is None or run.prediction is None):
            text = translate("Correcting", "Nothing to correct yet: open a scan and wait until it is segmented.")
            session.say(Kind.WARNING, text)
            return
        changes = {} if state.preferences.layout in CORRECTABLE else {"layout": Layout.SLICE}
        overlay = replace(state.preferences.overlay, hidden=False)
        if not state.scan.digest and volume is not None:
            session.update(digest=editing.digest(volume))
        key = correction_key(session.state)
        corrections = dict(session.state.correction.corrections)
        if key is not None and key not in corrections and run and run.prediction and volume:
            corrections[key] = editing.begin(volume, run.prediction)
        session.update(
            corrections=corrections, corrected=True, correcting=True, playing=False, overlay=overlay, **changes
        )

    def stop(self) -> None:
        """Be done with correcting; what is corrected stays."""
        self.end_stroke()
        self._session.update(correcting=False)
        correction = correction_of(self._session.state)
        if correction is not None and not (correction.planes or correction.done or correction.undone):
            self._put(None)

    def show_corrected(self, corrected: bool) -> None:
        """The corrected mask, or what the model found."""
        self.end_stroke()
        self._session.update(corrected=corrected)

    def toggle_corrected(self) -> None:
        self.show_corrected(not self._session.state.correction.corrected)

    def choose_structure(self, label: int) -> None:
        self._brush(label=label)

    def choose_tool(self, erase: bool) -> None:
        self._brush(erase=erase)

    def toggle_tool(self) -> None:
        self._brush(erase=not self._session.state.correction.brush.erase)

    def resize_brush(self, step: int) -> None:
        brush = self._session.state.correction.brush.sized(step)
        self._brush(radius_mm=brush.radius_mm)

    def _brush(self, **changes: Any) -> None:
        self._session.update(brush=replace(self._session.state.correction.brush, **changes))

    # -- strokes -------------------------------------------------------------------------------------------------

    def start_stroke(self, frame: int, x_mm: float, y_mm: float, other_tool: bool = False) -> None:
        """Put the brush down on the slice on screen, in a frame; other_tool: erase with the brush, and the reverse.

        What cannot be seen is not drawn on: the first touch then only shows it.
        """
        state, brush = self._session.state, self._session.state.correction.brush
        if not can_draw(state):
            return
        overlay = replace(
            state.preferences.overlay, hidden=False, visible=state.preferences.overlay.visible | {brush.label}
        )
        if not state.correction.corrected or overlay != state.preferences.overlay:
            self._session.update(corrected=True, overlay=overlay)
            return
        brush = replace(brush, erase=brush.erase ^ other_tool)
        self._apply(lambda c: editing.start(c, (frame, state.view.slice_index), brush, x_mm, y_mm))

    def draw(self, frame: int, x_mm: float, y_mm: float) -> None:
        """Draw on; the stroke ends where another slice or frame has come on screen meanwhile."""
        correction = correction_of(self._session.state)
        if correction is None or correction.stroke is None:
            return
        if correction.stroke.where != (frame, self._session.state.view.slice_index):
            self.end_stroke()
        else:
            self._apply(lambda c: editing.draw(c, x_mm, y_mm))

    def end_stroke(self) -> None:
        self._apply(editing.ended)

    def drop_stroke(self) -> bool:
        """Take the stroke being drawn away; whether there was one."""
        correction = correction_of(self._session.state)
        drawing = correction is not None and correction.stroke is not None
        self._apply(editing.dropped)
        return drawing

    # -- steps ---------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the last step back, and show where it was."""
        self._step(lambda c: c.done, editing.undo)

    def redo(self) -> None:
        self._step(lambda c: c.undone, editing.redo)

    def _step(
        self, steps: Callable[[Correction], tuple[editing.Change, ...]], step: Callable[[Correction], Correction]
    ) -> None:
        self.end_stroke()
        correction = correction_of(self._session.state)
        if correction is None or not steps(correction) or not self._session.state.correction.correcting:
            return
        frame, index = steps(correction)[-1].where
        self._put(step(correction), corrected=True, **self._looking_at(frame, index))

    def _looking_at(self, frame: int, index: int) -> dict[str, Any]:
        """A change that is not seen is a surprise: what brings its slice on screen."""
        state = self._session.state
        if state.preferences.layout is Layout.PHASES and frame in _phases(state):
            return {"slice_index": index}
        layout = Layout.SLICE if state.preferences.layout is Layout.PHASES else state.preferences.layout
        return {"frame_index": frame, "slice_index": index, "layout": layout}

    def restore_slice(self) -> None:
        """The slice on screen as the model found it."""
        if self._session.state.correction.correcting:
            self._apply(lambda c: editing.restored(c, self._here()), corrected=True)

    def copy_slice(self, frames: int, slices: int) -> None:
        """The labels of a neighbour, so many frames and slices away, in the place of those on screen."""
        state, (frame, index) = self._session.state, self._here()
        source = frame + frames, index + slices
        volume = state.scan.volume
        if volume is None or not state.correction.correcting:
            return
        if not (0 <= source[0] < volume.frames and 0 <= source[1] < volume.slices):
            return
        self._apply(lambda c: editing.copied(c, source, (frame, index)), corrected=True)

    def _here(self) -> Where:
        """The (frame, slice) on screen; of end-diastole and end-systole that which was last drawn on."""
        state, correction = self._session.state, correction_of(self._session.state)
        frame = state.view.frame_index
        if state.preferences.layout is Layout.PHASES:
            shown = _phases(state)
            last = correction.done[-1].where[0] if correction is not None and correction.done else None
            frame = last if last in shown else next(iter(shown), frame)
        return frame, state.view.slice_index

    def _apply(self, change: Callable[[Correction], Correction], **changes: Any) -> None:
        correction = correction_of(self._session.state)
        if correction is not None:
            self._put(change(correction), **changes)

    def _put(self, correction: Correction | None, **changes: Any) -> None:
        key, corrections = correction_key(self._session.state), dict(self._session.state.correction.corrections)
        if key is None or (corrections.get(key) is correction and not changes):
            return
        if correction is None:
            corrections.pop(key, None)
        else:
            corrections[key] = correction
        self._session.update(corrections=corrections, **changes)

    # -- keeping -------------------------------------------------------------------------------------------------

    def saved(self, key: CorrectionKey, planes: Mapping[Where, Plane]) -> None:
        """A mask with these slices was written."""
        corrections = dict(self._session.state.correction.corrections)
        if key in corrections:
            corrections[key] = editing.marked_saved(corrections[key], planes)
            self._session.update(corrections=corrections)

    def say_kept(self, before: AppState) -> None:
        """After another scan, model or precision was chosen: that what is not exported yet is not lost."""
        state, key = self._session.state, correction_key(before)
        left = before.correction.corrections.get(key) if key is not None else None
        if left is None or not left.unsaved or correction_key(state) == key:
            return
        count, base = len(left.planes), left.base
        if state.scan.digest != before.scan.digest:
            said = translate("Correcting", "Not exported yet: %n corrected slice(s) of {scan}.", "", COUNT, count)
            kept = translate("Correcting", "Kept until CineQuant is closed; open the scan again to go on.")
            said = said.format(scan=left.volume.source.name)
        else:
            said = translate("Correcting", "Kept: %n corrected slice(s) of {model} {precision}.", "", COUNT, count)
            kept = translate("Correcting", "Choose it again to see and export them.")
            said = said.format(model=base.model_name, precision=base.precision)
        self._session.say(Kind.WARNING, f"{said} {kept}")

    def save_unsaved(self, folder: Path, *, for_good: bool) -> list[Path]:
        """Write each corrected mask that is not exported into a folder, here and now. Raises ExportError, OSError.

        for_good: they count as exported from now on.
        """
        self.end_stroke()
        written = []
        for key, correction in unsaved(self._session.state).items():
            folder.mkdir(parents=True, exist_ok=True)
            path = free_name(folder, exporting.default_name(correction.volume, correction.base, "mask", correction))
            exporting.mask_nifti(path, correction.volume, correction.base, None, correction)
            written.append(path)
            if for_good:
                self.saved(key, correction.planes)
        return written


def _phases(state: AppState) -> list[int]:
    """The frames that Layout.PHASES shows."""
    return [at for phase in ("ED", "ES") if (at := phase_frame(state, phase)) is not None]


def can_draw(state: AppState) -> bool:
    """Whether the left button draws. A running cine is only looked at."""
    return state.correction.correcting and not state.view.playing


def unsaved(state: AppState) -> dict[CorrectionKey, Correction]:
    """The corrections that no exported mask has, of all scans."""
    return {key: correction for key, correction in state.correction.corrections.items() if correction.unsaved}


def free_name(folder: Path, stem: str) -> Path:
    """A NIfTI file that is not there yet: several studies may be called alike."""
    names = [f"{stem}.nii.gz", *(f"{stem}_{n}.nii.gz" for n in range(2, 1000))]
    return next(path for name in names if not (path := folder / name).exists())


def said_of(state: AppState, frame: int | None = None) -> list[str]:
    """That what is drawn was corrected by hand, and whether this slice was; nothing where it was not."""
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
