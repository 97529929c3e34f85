"""Which view of the heart is on screen, and what a four-chamber view measures. No Qt.

A short axis is a stack and is measured by summing slices. A four-chamber view is one slice, has a model of its own, and
is measured by area and length. Nothing of one may ever be shown for the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.state.queries import run_of, shown_correction, shown_labels, view_shown
from app.state.types import AppState
from engine.measures.long_axis import LongAxisFunction, measure_long_axis
from engine.network.model_card import FOUR_CHAMBER

if TYPE_CHECKING:
    from engine.formats.index import Series


def shows_four_chambers(state: AppState) -> bool:
    """Whether the scan on screen is taken for a four-chamber view."""
    return view_shown(state) == FOUR_CHAMBER


def can_choose_view(state: AppState) -> bool:
    """Whether the user may say which view the scan shows: a stack is a short axis, whatever anybody says."""
    return state.scan.volume is not None and state.scan.volume.slices == 1


def series_beside(state: AppState) -> tuple[Series, ...]:
    """What was found with the scan on screen that may be long-axis cines of the same study."""
    index, number = state.scan.index, state.scan.series
    return () if index is None or number is None else index.beside(index.series[number])


def shown_long_axis(state: AppState) -> LongAxisFunction | None:
    """Measures the labels drawn over a four-chamber view; None where there are none.

    Corrected labels take some milliseconds per frame.
    """
    if not shows_four_chambers(state):
        return None
    run = run_of(state)
    if shown_correction(state) is None:
        return run.long_axis if run is not None else None
    labels = shown_labels(state)
    if labels is None or state.scan.volume is None:
        return None
    before = run.long_axis if run is not None else None
    held = (before.ed_frame, before.es_frame) if before is not None else None
    return measure_long_axis(labels, state.scan.volume, held)
