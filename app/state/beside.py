"""Long-axis cines of the study that stand beside the short axis: which there are, and which are on screen. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.pictures.crossing import CutLine, crossing, lies_across
from engine.volume import Geometry, Known, Volume

MOST_SHOWN = 3
ORDER = ("4", "2", "3", "")
"""Long axes by the chambers that they cut, in the order in which they are shown."""

Window = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class LongAxisCine:
    """One plane. chambers: "2", "3" or "4", empty where the name does not say. number: among those that say the same.

    description: what the scanner's protocol calls it; it may hold anything that an operator typed. window: (centre,
    width) that its own grey values are best seen with.
    """

    volume: Volume
    slice_index: int
    chambers: str
    number: int
    description: str
    window: Window


@dataclass(frozen=True, slots=True)
class BesideState:
    """Another scan starts with a fresh one.

    long_axes: None until they have been read. long_axes_shown: places in long_axes, from top to bottom. own_window: of
    the short axis, (centre, width) before the user changed it.
    """

    long_axes: tuple[LongAxisCine, ...] | None = None
    long_axes_shown: tuple[int, ...] = ()
    own_window: Window = (0.5, 1.0)


def fitting(volume: Volume, found: Sequence[tuple[Volume, str, str, Window]]) -> tuple[LongAxisCine, ...]:
    """The planes that are long axes to a stack, in the order to show them. found: volume, chambers, description and
    window of each cine. A stack of parallel long axes gives one for each of its slices, the middle one first.
    """
    if volume.geometry.orientation is Known.ASSUMED:
        return ()
    planes: list[LongAxisCine] = []
    for other, chambers, description, window in sorted(found, key=lambda one: ORDER.index(one[1])):
        if other.geometry.orientation is Known.ASSUMED:
            continue
        middle = (other.slices - 1) / 2
        for index in sorted(range(other.slices), key=lambda z: abs(z - middle)):
            if lies_across(volume.geometry, other.geometry, index):
                number = 1 + sum(plane.chambers == chambers for plane in planes)
                planes.append(LongAxisCine(other, index, chambers, number, description, window))
    return tuple(planes)


def same_place(volume: Volume, other: Volume) -> bool | None:
    """Whether two scans were taken in one position of the patient, so that lines between them lie where they should.

    None where the files do not say: NIfTI never does, and anonymisers give every file a frame of reference of its own.
    """
    one, two = volume.source.reference, other.source.reference
    return one == two if one and two else None


def first_shown(planes: Sequence[LongAxisCine]) -> tuple[int, ...]:
    """One of each kind, then whatever else there is."""
    ranked = sorted(range(len(planes)), key=lambda i: (planes[i].number > 1, i))
    return tuple(sorted(ranked[:MOST_SHOWN]))


def with_plane(shown: tuple[int, ...], place: int, plane: int) -> tuple[int, ...]:
    """Another plane at a place. The one that had been there goes where the other came from, if that is on screen."""
    if not 0 <= place < len(shown):
        return shown
    return tuple(plane if i == place else shown[place] if p == plane else p for i, p in enumerate(shown))


def toggled(shown: tuple[int, ...], plane: int) -> tuple[int, ...]:
    """With a plane, or without it; one always stays. The last one makes room where there are too many."""
    if plane in shown:
        return tuple(p for p in shown if p != plane) or shown
    return (*shown[: MOST_SHOWN - 1], plane)


def line_in_slice(geometry: Geometry, index: int, plane: LongAxisCine) -> CutLine | None:
    """Where a long axis cuts a slice of the short axis."""
    return crossing(geometry, index, plane.volume.geometry, plane.slice_index)


def line_in_plane(plane: LongAxisCine, geometry: Geometry, index: int) -> CutLine | None:
    """Where a slice of the short axis, or of another long axis, cuts a long axis."""
    return crossing(plane.volume.geometry, plane.slice_index, geometry, index)


def nearest_plane(planes: Sequence[LongAxisCine], geometry: Geometry, index: int, at: tuple[float, float]) -> int:
    """The plane whose line in a slice passes nearest to a point of it, in mm."""
    lines = [line_in_slice(geometry, index, plane) for plane in planes]
    return min(range(len(planes)), key=lambda i: np.inf if (line := lines[i]) is None else line.distance(*at))


def frame_beside(volume: Volume, frame: int, other: Volume) -> int:
    """The frame of another cine at the same time in the heartbeat.

    Phases known by name are matched by name. Else the share of the heartbeat decides: heart rates differ between
    breath-holds, and so do numbers of frames. After the last frame comes the first one.
    """
    if volume.phase_names and other.phase_names and volume.phase_names[frame] in other.phase_names:
        return other.phase_names.index(volume.phase_names[frame])
    share, shares = _shares(volume)[frame], _shares(other)
    away = np.abs(shares - share)
    return int(np.argmin(np.minimum(away, 1 - away).round(9)))


def _shares(volume: Volume) -> np.ndarray:
    """(T,) shares of the heartbeat at which the frames were taken, 0 to 1."""
    times = np.arange(volume.frames, dtype=np.float64)
    step = 1.0
    if volume.frame_times_ms is not None and volume.frames > 1:
        # Trigger delays differ from series to series: the first frame is taken for the R wave in each.
        times = np.asarray(volume.frame_times_ms, dtype=np.float64) - volume.frame_times_ms[0]
        step = float(np.median(np.diff(times)))
    return np.asarray(times / max(float(times[-1]) + step, 1e-9))


def linked(window: Window, own: Window, other: Window) -> Window:
    """The window of another cine, changed as that of the short axis was changed from its own: grey values differ."""
    scale = other[1] / max(own[1], 1e-6)
    return other[0] + (window[0] - own[0]) * scale, window[1] * scale
