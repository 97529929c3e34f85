"""Why a command cannot run now, in words; empty where it can. The palette shows them, and the commands say them."""

from __future__ import annotations

from app.state.heart_views import series_beside, shows_four_chambers
from app.state.places import here, neighbour
from app.state.queries import correction_of, phases_shown, run_of
from app.state.steps import next_redo, next_undo
from app.state.types import AppState, Run, Status
from app.words.language import translate
from engine.volume import Known


def no_scan(state: AppState) -> str:
    """Without a scan that has been read."""
    if state.scan.volume is None:
        return translate("Reasons", "Open a scan first.")
    if state.scan.loading is not None:
        return translate("Reasons", "Wait until the scan is read.")
    return ""


def nothing_on_screen(state: AppState) -> str:
    """Without a scan, or one of which nothing has been read."""
    return translate("Reasons", "Open a scan first.") if state.scan.volume is None else ""


def no_cine(state: AppState) -> str:
    """Without frames to go through."""
    volume = state.scan.volume
    one = volume is not None and volume.frames == 1
    return no_scan(state) or (translate("Reasons", "This scan has one frame only.") if one else "")


def nothing_found(state: AppState) -> str:
    """Without a segmentation."""
    run = run_of(state)
    there = correction_of(state) is not None or (run is not None and run.prediction is not None)
    return no_scan(state) or ("" if there else _not_segmented(run))


def no_stack(state: AppState) -> str:
    """Without a segmented short axis: the numbers of a four-chamber view follow none of this."""
    other = shows_four_chambers(state)
    return nothing_found(state) or (translate("Reasons", "This is for short-axis stacks only.") if other else "")


def no_files(state: AppState) -> str:
    """Without a scan that was read from files."""
    volume = state.scan.volume
    made = volume is not None and not (volume.source.instances or volume.source.paths)
    return no_scan(state) or (translate("Reasons", "This scan was not opened from files.") if made else "")


def no_objects(state: AppState) -> str:
    """Without a segmentation of a DICOM scan."""
    volume = state.scan.volume
    other = volume is not None and volume.source.kind != "dicom"
    return nothing_found(state) or (translate("Reasons", "This scan was not opened from DICOM.") if other else "")


def _not_segmented(run: Run | None) -> str:
    match run.status if run is not None else None:
        case Status.WAITING | Status.RUNNING:
            return translate("Reasons", "Wait until the scan is segmented.")
        case Status.PART:
            return translate("Reasons", "Only single slices are segmented: press Segment first.")
    return translate("Reasons", "Segment the scan first.")


def no_mask(state: AppState) -> str:
    """Without a mask from a file."""
    there = state.segmentation.mask is not None
    return no_scan(state) or ("" if there else translate("Reasons", "Load a mask first (Ctrl+L)."))


def no_long_axes(state: AppState) -> str:
    """Without long-axis cines of the study."""
    volume, planes = state.scan.volume, state.beside.long_axes
    if volume is not None and volume.geometry.orientation is Known.ASSUMED:
        return translate("Reasons", "The orientation of the slices is not known: press 5 to cut planes out of them.")
    if state.scan.loading is not None or planes or (planes is None and series_beside(state)):
        return nothing_on_screen(state)
    if volume is not None and volume.slices == 1:
        return translate("Reasons", "Open the short-axis stack of this study: long axes stand beside one.")
    none = translate("Reasons", "This study has no long-axis cine: press 5 to cut planes out of the slices.")
    return nothing_on_screen(state) or none


def no_other_reader(state: AppState) -> str:
    """Without another reader's case."""
    there = state.case.other is not None
    return no_scan(state) or ("" if there else translate("Reasons", "Compare with another reader's case first."))


def not_correcting(state: AppState) -> str:
    """While contours are not being corrected."""
    on = state.correction.correcting
    return nothing_found(state) or ("" if on else translate("Reasons", "Start correcting first (E)."))


def nothing_corrected(state: AppState) -> str:
    """Without a corrected slice."""
    correction = correction_of(state)
    there = correction is not None and bool(correction.planes)
    return nothing_found(state) or ("" if there else translate("Reasons", "Correct a slice first."))


def insertions_not_moved(state: AppState) -> str:
    """Where the insertions are as they were found."""
    return "" if state.facts.insertions is not None else translate("Reasons", "They are as found: nothing was moved.")


def slice_not_corrected(state: AppState) -> str:
    """Where the slice on screen is as the model found it."""
    correction = correction_of(state)
    there = correction is not None and here(state) in correction.planes
    return not_correcting(state) or ("" if there else translate("Reasons", "This slice is as the model found it."))


def nothing_to_undo(state: AppState) -> str:
    """Without a step."""
    correction = correction_of(state)
    there = next_undo(state) is not None or (correction is not None and correction.stroke is not None)
    return "" if there else translate("Reasons", "Nothing was changed yet.")


def nothing_to_redo(state: AppState) -> str:
    """Without a step that was undone."""
    return "" if next_redo(state) is not None else translate("Reasons", "Nothing was undone.")


def no_neighbour(state: AppState, frames: int, slices: int) -> str:
    """At the last slice or frame."""
    there = neighbour(state, frames, slices) is not None
    return not_correcting(state) or ("" if there else translate("Reasons", "There is no slice or frame beyond this."))


def no_gap_in_slices(state: AppState) -> str:
    """Without slices between corrected ones."""
    said = translate("Reasons", "Correct two slices of this frame that have others between them.")
    correction = correction_of(state)
    there = correction is not None and _gap([z for t, z in correction.planes if t == here(state)[0]])
    return not_correcting(state) or ("" if there else said)


def no_gap_in_frames(state: AppState) -> str:
    """Without frames between corrected ones."""
    said = translate("Reasons", "Correct this slice in two frames that have others between them.")
    correction = correction_of(state)
    there = correction is not None and _gap([t for t, z in correction.planes if z == here(state)[1]])
    return no_cine(state) or not_correcting(state) or ("" if there else said)


def _gap(places: list[int]) -> bool:
    return len(places) > 1 and max(places) - min(places) + 1 > len(places)


def nothing_to_propagate(state: AppState) -> str:
    """Without a corrected slice in the frame on screen."""
    correction, (frame, _) = correction_of(state), here(state)
    there = correction is not None and any(t == frame for t, _ in correction.planes)
    return (
        no_cine(state)
        or nothing_found(state)
        or ("" if there else translate("Reasons", "Correct a slice of this frame first."))
    )


def no_phase(state: AppState) -> str:
    """Without a known end-diastole."""
    there = bool(phases_shown(state))
    return no_scan(state) or ("" if there else translate("Reasons", "End-diastole and end-systole are not known yet."))


def none_measured(state: AppState) -> str:
    """Without a measurement on the image."""
    there = bool(state.annotation.annotations)
    return no_scan(state) or ("" if there else translate("Reasons", "Nothing was measured on the image yet."))


def none_chosen(state: AppState) -> str:
    """Without a measurement that was clicked."""
    there = state.annotation.chosen is not None
    return none_measured(state) or ("" if there else translate("Reasons", "Click a measurement first."))


def no_phases(state: AppState) -> str:
    """Without frames among which phases can be chosen, or before they are measured."""
    return no_cine(state) or no_stack(state)
