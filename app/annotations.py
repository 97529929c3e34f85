"""The words around the image. Pure functions of the state, so that each can be checked without a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.state import AppState, run_of
from engine.volume import Known, Volume, orientation_letters

_ROUND_MM = (1, 2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Letters:
    """Patient letters at the four edges, or none where the orientation is not known."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


def letters(volume: Volume) -> Letters:
    """What lies beyond each edge of the image: R, L, A, P, H (head) or F (foot), strongest first."""
    if volume.geometry.orientation is Known.ASSUMED:
        return Letters()
    x, y, _ = volume.geometry.directions.T

    def named(direction: np.ndarray) -> str:
        # On screen radiology says head and foot; in files it is superior and inferior.
        return orientation_letters(direction).replace("S", "H").replace("I", "F")

    return Letters(left=named(-x), right=named(x), top=named(-y), bottom=named(y))


def top_left(state: AppState) -> list[str]:
    """Where in the scan: slice, position, frame, time."""
    volume = state.volume
    if volume is None:
        return []
    lines = [f"Slice {state.slice_index + 1} / {volume.slices}"]
    geometry = volume.geometry
    if geometry.spacing is not Known.ASSUMED:
        if geometry.orientation is Known.ASSUMED:
            lines.append(f"{state.slice_index * geometry.spacing_mm[2]:.1f} mm from the first slice")
        else:
            normal = geometry.directions[:, 2]
            position = float(normal @ geometry.position_mm(0, 0, state.slice_index))
            lines.append(f"Position {position:.1f} mm".replace("-", "−"))
    if volume.phase_names:
        lines.append(f"Phase {volume.phase_names[state.frame_index]}  ({state.frame_index + 1} / {volume.frames})")
    elif volume.frames > 1:
        lines.append(f"Frame {state.frame_index + 1} / {volume.frames}")
    if volume.frame_times_ms is not None and volume.frames > 1:
        lines.append(f"Trigger time {volume.frame_times_ms[state.frame_index]:.0f} ms")
    return lines


def top_right(state: AppState) -> list[str]:
    """What is drawn over the image and by what."""
    run = run_of(state)
    if state.volume is None or run is None or run.prediction is None:
        return []
    lines = [run.prediction.model_name, run.prediction.precision]
    if state.overlay.hidden:
        lines.append("outlines hidden (H)")
    return lines


def warnings(volume: Volume) -> list[str]:
    """What of the geometry is a guess."""
    lines = []
    if volume.geometry.orientation is Known.ASSUMED:
        lines.append("orientation unknown")
    if volume.geometry.spacing is Known.ASSUMED:
        lines.append("spacing unknown")
    return lines


def bottom_left(state: AppState) -> list[str]:
    """The window."""
    if state.volume is None:
        return []
    centre, width = state.window
    return [f"W {_value(width)}   L {_value(centre)}" + ("   inverted" if state.invert else "")]


def value_under(volume: Volume, frame: int, slice_index: int, x: int, y: int) -> str:
    """Value and column, row of a voxel (0-based, as in the file); empty outside the image."""
    _, rows, columns = volume.geometry.shape
    if not (0 <= x < columns and 0 <= y < rows):
        return ""
    return f"{_value(float(volume.array[frame, slice_index, y, x]))}  at  {x}, {y}"


def scale_bar_mm(pixels_per_mm: float, room_px: float) -> int:
    """The longest round length that fits into the room."""
    return max((mm for mm in _ROUND_MM if mm * pixels_per_mm <= room_px), default=_ROUND_MM[0])


def _value(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"
