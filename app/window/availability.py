"""Which commands cannot run now, and why: by the English name of the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.session import reasons
from app.state.types import AppState

WHY_NOT: Mapping[str, Callable[[AppState], str]] = {
    "Correct the loaded mask": reasons.no_mask,
    "Remove the mask": reasons.no_mask,
    "Load mask to compare…": reasons.no_scan,
    "Compare with another reader's case…": reasons.no_scan,
    "Two readers side by side": reasons.no_other_reader,
    "Save case": reasons.no_scan,
    "Save case as…": reasons.no_scan,
    "Outline of the loaded mask": reasons.no_mask,
    "Export mask as NIfTI…": reasons.nothing_found,
    "Export mask as DICOM SEG…": reasons.nothing_found,
    "Export measurements as CSV or JSON…": reasons.nothing_found,
    "Report…": reasons.nothing_found,
    "Copy results": reasons.nothing_found,
    "Export movie of the slice…": lambda state: reasons.nothing_found(state) or reasons.no_cine(state),
    "Save picture of the slice…": reasons.no_scan,
    "Zoom to the heart": reasons.nothing_found,
    "Next window preset": reasons.no_scan,
    "Header of the slice…": reasons.no_scan,
    "Play or pause": reasons.no_cine,
    "Previous frame": reasons.no_cine,
    "Next frame": reasons.no_cine,
    "Go to end-diastole": reasons.no_phase,
    "Go to end-systole": reasons.no_phase,
    "Segment": reasons.no_scan,
    "Segment this slice only": reasons.no_scan,
    "Find the insertions again": reasons.insertions_not_moved,
    "Undo": reasons.nothing_to_undo,
    "Redo": reasons.nothing_to_redo,
    "Correct contours": reasons.nothing_found,
    "Corrected or as the model found it": reasons.nothing_corrected,
    "Turn clockwise": reasons.no_scan,
    "Turn anticlockwise": reasons.no_scan,
    "Flip left and right": reasons.no_scan,
    "Flip top and bottom": reasons.no_scan,
    "Standard view, or as stored": reasons.no_scan,
    "Ruler": reasons.no_scan,
    "Angle between two lines": reasons.no_scan,
    "Area within a line": reasons.no_scan,
    "Mean and SD in a circle": reasons.no_scan,
    "Delete the measurement": reasons.none_chosen,
    "Delete all measurements": reasons.none_measured,
    "Brush": reasons.nothing_found,
    "Draw a line and fill it": reasons.nothing_found,
    "Push contours": reasons.nothing_found,
    "Drag points of the outline": reasons.nothing_found,
    "Brush or eraser": reasons.not_correcting,
    "Brush stops at edges": reasons.not_correcting,
    "Keep myocardium around the cavity": reasons.not_correcting,
    "Draw the LV cavity": reasons.not_correcting,
    "Draw the LV myocardium": reasons.not_correcting,
    "Draw the RV cavity": reasons.not_correcting,
    "Smaller brush": reasons.not_correcting,
    "Larger brush": reasons.not_correcting,
    "Copy to the next slice": lambda state: reasons.no_neighbour(state, 0, 1),
    "Copy to the previous slice": lambda state: reasons.no_neighbour(state, 0, -1),
    "Copy to the next frame": lambda state: reasons.no_neighbour(state, 1, 0),
    "Copy to the previous frame": lambda state: reasons.no_neighbour(state, -1, 0),
    "Copy the contours of the slice before": lambda state: reasons.no_neighbour(state, 0, -1),
    "Copy the contours of the slice after": lambda state: reasons.no_neighbour(state, 0, 1),
    "Copy the contours of the frame before": lambda state: reasons.no_neighbour(state, -1, 0),
    "Copy the contours of the frame after": lambda state: reasons.no_neighbour(state, 1, 0),
    "Interpolate between corrected slices": reasons.no_gap_in_slices,
    "Interpolate between corrected frames": reasons.no_gap_in_frames,
    "Carry through the cine": reasons.nothing_to_propagate,
    "Fill holes of the structure": reasons.not_correcting,
    "Smooth the structure": reasons.not_correcting,
    "Clear the structure": reasons.not_correcting,
    "Clear all structures": reasons.not_correcting,
    "Revert this slice": reasons.slice_not_corrected,
}


def why_not(command: str, state: AppState) -> str:
    """Why a command cannot run now, in words; empty where it can, or where it says so itself."""
    said = WHY_NOT.get(command)
    return said(state) if said is not None else ""
