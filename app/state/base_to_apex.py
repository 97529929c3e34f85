"""The order in which slices are shown and gone through: from base to apex, whichever end the files begin with. No Qt.

Only the order is changed. A slice keeps its number, which is its place in the file: image, mask, number, exports and
what others say of "slice 3" can never get out of step.
"""

from __future__ import annotations

from app.state.kept import kept
from app.state.queries import run_of
from app.state.types import AppState
from engine.network.view import base_first


@kept
def shown_base_first(state: AppState) -> bool | None:
    """Whether slice 0 is at the base; None where nothing tells. Then slices are shown as the files have them.

    By the directions in the header, which are there from the first slice on; without them by the outlines, which taper
    towards the apex.
    """
    volume, run = state.scan.volume, run_of(state)
    if volume is None or volume.slices < 2:
        return None
    by_header = None if volume.not_short_axis else base_first(volume.geometry)
    if by_header is not None:
        return by_header
    return run.heart.base_first if run is not None and run.heart is not None else None


def turned_round(state: AppState) -> bool:
    """Whether the files begin at the apex."""
    return shown_base_first(state) is False


def steps_on(state: AppState, steps: int) -> int:
    """What is added to a slice's index to go on by so many slices, towards the apex where that is known."""
    return -steps if turned_round(state) else steps


def place_of_slice(index: int, slices: int, *, turned: bool) -> int:
    """Where a slice stands in the order shown. The same gives back the slice that stands at a place."""
    return slices - 1 - index if turned else index
