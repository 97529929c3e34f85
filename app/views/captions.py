"""The words around the image. Pure functions of the state, so that each can be checked without a window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.session.correcting import said_of
from app.state.measured import reading_of, uncounted_in
from app.state.queries import card_of, drawn_labels, drawn_mask, run_of, shown_prediction
from app.state.turned import Turned
from app.state.types import AppState, Layout, Status
from app.views.cine_lines import Lines
from app.views.panes import Pane, Role, mask_name, progress_text
from app.words.engine_words import translated
from app.words.language import COUNT, joined, rounded, translate
from engine.volume import STRUCTURES, Geometry, Known, Volume, orientation_letters

_AS_STORED = Turned()
_ROUND_MM = (1, 2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Letters:
    """Patient letters at the four edges, or none where the orientation is not known."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


def letters(volume: Volume, turned: Turned = _AS_STORED) -> Letters:
    """What lies beyond each edge on screen: R, L, A, P, H (head) or F (foot), strongest first."""
    return _letters(volume.geometry, turned)


@lru_cache(maxsize=8)
def _letters(geometry: Geometry, turned: Turned) -> Letters:
    """Made once: every paint asks for them."""
    if geometry.orientation is Known.ASSUMED:
        return Letters()
    columns, rows, _ = geometry.directions.T
    x, y = (columns * way[0] + rows * way[1] for way in (turned.to_image(1, 0), turned.to_image(0, 1)))
    left, right, top, bottom = (on_screen(orientation_letters(way)) for way in (-x, x, -y, y))
    return Letters(left, right, top, bottom)


def on_screen(letters: str) -> str:
    """Orientation letters as radiology shows them: head and foot, where files say superior and inferior."""
    return letters.replace("S", "H").replace("I", "F")


def top_left(state: AppState) -> list[str]:
    """Where in the scan: slice, position, frame, time."""
    volume = state.scan.volume
    if volume is None:
        return []
    lines = [_slice(state, volume)]
    geometry = volume.geometry
    if geometry.spacing is not Known.ASSUMED:
        if geometry.orientation is Known.ASSUMED:
            away = f"{state.view.slice_index * geometry.spacing_mm[2]:.1f}"
            lines.append(translate("Annotations", "{distance} mm from the first slice").format(distance=away))
        else:
            normal = geometry.directions[:, 2]
            position = float(normal @ geometry.position_mm(0, 0, state.view.slice_index))
            lines.append(translate("Annotations", "Position {position} mm").format(position=rounded(position, 1)))
    lines += time_of(state)
    if volume.frame_times_ms is not None and volume.frames > 1:
        at = f"{volume.frame_times_ms[state.view.frame_index]:.0f}"
        lines.append(translate("Annotations", "Trigger time {time} ms").format(time=at))
    return lines


def time_of(state: AppState) -> list[str]:
    """The phase if it has a name, else the frame where there are several."""
    volume, frame = state.scan.volume, state.view.frame_index
    if volume is None or not (volume.phase_names or volume.frames > 1):
        return []
    if not volume.phase_names:
        return [_frame(frame, volume)]
    said = translate("Annotations", "Phase {phase}  ({number} / {total})")
    return [said.format(phase=volume.phase_names[frame], number=frame + 1, total=volume.frames)]


def _slice(state: AppState, volume: Volume) -> str:
    said = translate("Annotations", "Slice {number} / {total}")
    return said.format(number=state.view.slice_index + 1, total=volume.slices)


def _frame(frame: int, volume: Volume) -> str:
    return translate("Annotations", "Frame {number} / {total}").format(number=frame + 1, total=volume.frames)


def top_right(state: AppState, *, frame: int | None = None, narrow: bool = False) -> list[str]:
    """What is drawn over the image and by what. frame: another than that of the state. narrow: no long names."""
    run, card = run_of(state), card_of(state)
    if state.scan.volume is None:
        return []
    lines = []
    prediction = shown_prediction(state)
    if prediction is not None:
        name = translated(prediction.model_name)
        lines = [name, prediction.precision, *said_of(state, frame), *_uncounted(state, frame)]
    elif card is not None and run is not None and run.planes:
        # Before the largest component of each structure is chosen, crumbs may be seen that the result does not have.
        if drawn_labels(state, frame=frame):
            here = translate("Annotations", "provisional outlines")
        elif run.status is Status.PART:
            here = translate("Annotations", "this slice is not segmented")
        else:
            here = translate("Annotations", "this slice is still to come")
        lines = [translated(card.name), state.models.precision, progress_text(run), here]
    if state.segmentation.mask is not None and state.preferences.mask_shown:
        name = translate("Annotations", "mask") if narrow else _short(mask_name(state))
        here = name if drawn_mask(state, frame) else translate("Annotations", "{mask}, not of this frame")
        lines.append(f"- - {here.format(mask=name)}")
    if state.preferences.overlay.hidden and lines:
        lines.append(translate("Annotations", "outlines hidden (H)"))
    return lines


def _uncounted(state: AppState, frame: int | None) -> list[str]:
    """What of this slice no number counts, and why."""
    frame, index = state.view.frame_index if frame is None else frame, state.view.slice_index
    if state.preferences.layout is Layout.SHEET:
        count = reading_of(state).slices_left_out
        return [translate("Annotations", "%n slice(s) left out by the reader", "", COUNT, count)] if count else []
    out = uncounted_in(state, frame, index)
    by_reader = {label for label in out if (label, frame, index) in reading_of(state).left_out}
    lines = []
    for labels, all_of_it, some in (
        (
            by_reader,
            translate("Annotations", "left out by the reader: this slice"),
            translate("Annotations", "left out by the reader: {structures}"),
        ),
        (
            out - by_reader,
            translate("Annotations", "not counted, open base: this slice"),
            translate("Annotations", "not counted, open base: {structures}"),
        ),
    ):
        if len(labels) == len(STRUCTURES):
            lines.append(all_of_it)
        elif labels:
            names = joined([translated(STRUCTURES[label]) for label in sorted(labels)])
            lines.append(some.format(structures=names))
    return lines


def pane_lines(state: AppState, pane: Pane, role: Role) -> list[str]:
    """What a view beside others says of itself: its title, slice, frame, and what is not there yet."""
    volume = state.scan.volume
    if volume is None:
        return []
    lines = [_short(pane.title)]
    if role is Role.DIFFERENCE and pane.labels is not None and pane.other is not None:
        count = int(np.count_nonzero(pane.labels.plane != pane.other.plane))
        lines.append(
            translate("Annotations", "%n pixel(s)", "", COUNT, count)
            if count
            else translate("Annotations", "none in this slice")
        )
    elif volume.is_cine and role in (Role.ED, Role.ES):
        lines.append(_frame(pane.frame, volume))
    return [*lines, _slice(state, volume), *filter(None, [pane.note])]


def invitation(state: AppState) -> tuple[str, str]:
    """What to do in a window without a scan: in large letters, and below in small ones."""
    if state.busy is not None:
        return translate("Annotations", "One moment…"), ""
    how = translate("Annotations", "or open files with Ctrl+O, a folder with Ctrl+Shift+O")
    return translate("Annotations", "Drop a scan here"), how


def _short(text: str, most: int = 32) -> str:
    """Names from files can be of any length."""
    return text if len(text) <= most else f"{text[: most // 2 - 1]}…{text[-(most // 2) :]}"


def warnings(volume: Volume) -> list[str]:
    """What of the geometry is a guess."""
    lines = []
    if volume.geometry.orientation is Known.ASSUMED:
        lines.append(translate("Annotations", "orientation unknown"))
    if volume.geometry.spacing is Known.ASSUMED:
        lines.append(translate("Annotations", "spacing unknown"))
    return lines


def doubtful_lines(lines: Lines) -> list[str]:
    """What dashed lines of long axes mean, where there are some."""
    if not any(line.doubtful for line in lines):
        return []
    return [translate("Annotations", "dashed: taken in another position, may be off")]


def loading(state: AppState) -> list[str]:
    """How much of the scan has been read, while it is being read."""
    if state.scan.volume is None or state.scan.loading is None:
        return []
    total = state.scan.volume.frames * state.scan.volume.slices
    said = translate("Annotations", "still loading: {done} of {total} images")
    return [said.format(done=len(state.scan.loading.planes), total=total)]


def bottom_left(state: AppState) -> list[str]:
    """The window."""
    if state.scan.volume is None:
        return []
    centre, width = state.view.window
    said = translate("Annotations", "W {width}   L {centre}").format(width=_value(width), centre=_value(centre))
    return ["   ".join([said, translate("Annotations", "inverted")]) if state.view.invert else said]


def value_under(plane: NDArray[Any], x: int, y: int) -> str:
    """Value and column, row of a voxel (0-based, as in the file) of a slice (Y, X); empty outside it."""
    rows, columns = plane.shape
    if not (0 <= x < columns and 0 <= y < rows):
        return ""
    value = _value(float(plane[y, x]))
    return translate("Annotations", "{value}  at  {column}, {row}").format(value=value, column=x, row=y)


def scale_bar_mm(pixels_per_mm: float, room_px: float) -> int:
    """The longest round length that fits into the room."""
    return max((mm for mm in _ROUND_MM if mm * pixels_per_mm <= room_px), default=_ROUND_MM[0])


def _value(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"
