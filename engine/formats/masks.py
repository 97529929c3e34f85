"""The one way in for masks: onto the grid of a scan, of all its frames, of a pair, or of one frame.

The readers come with the first mask: the viewer paints before nibabel and pydicom have loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.errors import ScanError
from engine.files import is_file
from engine.formats.listing import listing
from engine.formats.mask_fit import misfit
from engine.formats.mask_names import LabelOrder, in_words, order_beside
from engine.volume import CONVENTIONS, LV, MYO, RV, STRUCTURES, LabelMap, Volume

_ENCLOSED, _APART, _OPEN = 0.6, 0.2, 0.4
"""Myocardium makes up 0.8 or more of the border of a left ventricle, and about a third of that of a right one. Labels
look swapped where the share of the RV is above the first number, and above the LV's by more than the second. Where the
share of the LV is below the third, one of the two is something else."""


CONVENTIONAL = "mnms"
"""What labels mean where neither files nor shapes say."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedMask:
    """A mask on a volume's grid.

    frames: those that the mask is of, ascending; the labels of the others are empty. notices: what the user has to be
    told about it, one sentence each.
    """

    labels: LabelMap
    frames: tuple[int, ...]
    notices: tuple[str, ...] = ()


def needs_convention(paths: Sequence[Path]) -> bool:
    """Whether nothing in the files says what their label values mean.

    DICOM SEG name their structures, and masks that this program wrote name their convention. Raises ScanError.
    """
    files = _nifti_files(paths)
    return bool(files) and not _own_convention(files) and _named_order(files) is None


def frames_in(paths: Sequence[Path]) -> int:
    """How many frames NIfTI masks hold together, by their headers. Raises ScanError."""
    from engine.formats import nifti  # noqa: PLC0415 - see the module's docstring

    return sum(nifti.frames_of(path) for path in _nifti_files(paths))


def read_masks(paths: Sequence[Path], volume: Volume, *, convention: str = "", frame: int | None = None) -> LoadedMask:
    """Labels on the volume's grid.

    paths: NIfTI files, one of every frame, as many of one frame each as the scan has, or one of a single frame; a
    folder or zip archive of such files; or DICOM SEG, files and folders, where each frame goes where its source
    image is.
    convention: what the values of NIfTI files mean, as engine.volume.label_values takes it. Empty: what the files say,
    else what a file beside them says, else the one of CONVENTIONS by which the LV cavity lies within the myocardium,
    else "mnms"; a notice then says so.
    frame: which frame a NIfTI mask of a single frame is of; None where that is not known, and such a mask is refused.
    Raises ScanError, naming the file, where one is no mask of this scan.
    """
    if not paths:
        raise ScanError("no mask was given; name a NIfTI file or a DICOM SEG")
    for path in paths:
        if not path.exists() and not is_file(path):
            raise ScanError(f"{path}: no such file or folder; check the path")
    files = _nifti_files(paths)
    if not files:
        return _with_fit(_read_seg(paths, volume, frame), volume)
    said = convention or _own_convention(files)
    notices: tuple[str, ...] = ()
    if not said and (order := _named_order(files)) is not None:
        said = order.convention
        notices = (f"The labels go by their names in {order.source}: {in_words(said)}.",)
    if _order_is_guessed(files, volume):
        names = listing([path.name for path in files], 4)
        notices += (f"Nothing says which mask is of which frame: they are taken in this order: {names}.",)
    mask = _read_nifti(files, volume, said or CONVENTIONAL, frame)
    if not said:
        said, mask, notice = _likeliest(files, volume, mask, frame)
        notices = (notice, *notices)
    _refuse_structures_as_frames(files[0], mask.labels)
    if looks_swapped(mask.labels):
        notices += (
            "What is called RV cavity lies within the myocardium, and the LV cavity does not: the labels are probably "
            "in another order, and then volumes are those of the other ventricle.",
        )
    elif (share := _enclosed(mask.labels, LV)) is not None and share < _OPEN and (mask.labels.array == MYO).any():
        notices += (
            "What is called LV cavity hardly touches what is called myocardium: the labels are probably in another "
            "order, and then no volume is to be trusted.",
        )
    if passed_over := _left_out(files):
        notices += (f"Segments that are neither ventricle nor myocardium are left out: {', '.join(passed_over)}.",)
    if not mask.labels.array.any():
        notices += ("The mask marks no voxel: there is nothing to measure.",)
    return _with_fit(replace(mask, notices=(*notices, *mask.notices)), volume)


def _with_fit(mask: LoadedMask, volume: Volume) -> LoadedMask:
    """With the notice of a mask that does not lie on the heart of its scan."""
    said = misfit(mask.labels, volume)
    return replace(mask, notices=(*mask.notices, said)) if said else mask


def _likeliest(
    files: Sequence[Path], volume: Volume, mask: LoadedMask, frame: int | None
) -> tuple[str, LoadedMask, str]:
    """The convention of labels that nothing names, what they are by it, and the notice that says so.

    mask: as CONVENTIONAL reads it. Raises ScanError.
    """
    said = CONVENTIONAL
    why = ""
    if looks_swapped(mask.labels):
        for other in CONVENTIONS:
            read = _read_nifti(files, volume, other, frame) if other != CONVENTIONAL else mask
            if not looks_swapped(read.labels):
                said, mask, why = other, read, ", because the LV cavity then lies within the myocardium"
                break
    names = ", ".join(f"{value} {STRUCTURES[ours]}" for value, ours in CONVENTIONS[said].items())
    others = " or ".join(name for name in CONVENTIONS if name != said)
    return said, mask, f"The mask does not say what its labels mean: {names} is taken ({said}, not {others}){why}."


def _left_out(files: Sequence[Path]) -> tuple[str, ...]:
    """The names of segments that files hold beside those of ventricles and myocardium. Raises ScanError."""
    from engine.formats import nifti_masks  # noqa: PLC0415 - see the module's docstring

    return tuple(dict.fromkeys(name for path in files for name in nifti_masks.left_out(path)))


def looks_swapped(labels: LabelMap) -> bool:
    """Whether the right ventricle is enclosed by myocardium and the left is not, as when the two are confused."""
    left, right = _enclosed(labels, LV), _enclosed(labels, RV)
    return left is not None and right is not None and right > _ENCLOSED and left < right - _APART


def _enclosed(labels: LabelMap, structure: int) -> float | None:
    """The share of myocardium in what lies beside a structure in its slices; None where there is no structure."""
    array = labels.array
    inside = array == structure
    beside = myocardium = 0
    for axis in (2, 3):
        for step in (1, -1):
            there = np.roll(array, step, axis)[inside]
            beside += int(np.count_nonzero(there != structure))
            myocardium += int(np.count_nonzero(there == MYO))
    return myocardium / beside if beside else None


def _refuse_structures_as_frames(path: Path, labels: LabelMap) -> None:
    """Raise ScanError for a mask whose volumes are one structure each, which the header passes off as frames."""
    array = labels.array
    filled = array.any(axis=(1, 2, 3))
    if np.count_nonzero(filled) < 2 or len(np.unique(array)) != 2:
        return
    if int(np.count_nonzero(array, axis=0).max()) == 1:
        raise ScanError(
            f"{path}: its volumes nowhere overlap, so they are structures and not frames of a heartbeat; save one "
            "volume whose values are the structures"
        )


def _nifti_files(paths: Sequence[Path]) -> list[Path]:
    """The NIfTI files among paths, and those of a folder, in phase order; none where another kind of file is given."""
    from engine.formats import metaimage_header, nifti, nifti_folder, nifti_names, nrrd_header  # noqa: PLC0415 - see above
    from engine.formats.study_files import find_files, is_scan_archive  # noqa: PLC0415 - see above

    if len(paths) == 1 and (paths[0].is_dir() or is_scan_archive(paths[0])):
        kinds = (*nifti.SUFFIXES, *nrrd_header.SUFFIXES, *metaimage_header.SUFFIXES)
        inside = [p for p in find_files(paths) if paths[0].is_file() or p.parent == paths[0]]
        readable = [p for p in inside if nifti.suffix_of(p) in kinds]
        # Predictions of nnU-Net are named as their images are.
        paths = [p for p in readable if nifti_folder.is_mask(p)] or readable
    if not all(nifti.suffix_of(path) in nifti.READABLE_SUFFIXES for path in paths):
        return []
    runs = nifti_names.runs(paths)
    if runs and len(runs[0]) == len(paths):
        paths = runs[0]  # "frame10" comes after "frame9", whatever the order that a shell gives them
    return nifti_folder.in_phase_order(paths)


def _order_is_guessed(files: Sequence[Path], volume: Volume) -> bool:
    """Whether several masks are in the order that they were given in, for want of phases or numbers in their names."""
    from engine.formats import nifti_folder, nifti_names  # noqa: PLC0415 - see the module's docstring

    if len(files) < 2:
        return False
    if len(files) > 2:
        return nifti_names.runs(files)[:1] != [list(files)]
    numbers = [nifti_names.frame_of(path) for path in files]
    as_scan = None not in numbers and numbers == [nifti_names.frame_of(path) for path in volume.source.paths]
    return not as_scan and not nifti_folder.says_phases(files)


def _own_convention(files: Sequence[Path]) -> str:
    """The convention that the files themselves name, all of them the same; else empty. Raises ScanError."""
    from engine.formats import nifti  # noqa: PLC0415 - see the module's docstring

    named = {nifti.convention_in(path) for path in files}
    return named.pop() if len(named) == 1 else ""


def _named_order(files: Sequence[Path]) -> LabelOrder | None:
    """The order of labels that files beside the masks give, the same for all of them."""
    orders = {order_beside(path) for path in files}
    return orders.pop() if len(orders) == 1 else None


def _read_seg(paths: Sequence[Path], volume: Volume, frame: int | None) -> LoadedMask:
    # pydicom takes its time to load, and NIfTI masks need none of it.
    from engine.formats.seg_read import read_seg  # noqa: PLC0415

    labels, notices = read_seg(paths, volume, frame=frame)
    found = tuple(int(t) for t in np.flatnonzero(labels.array.any(axis=(1, 2, 3))))
    if not found:
        raise ScanError(f"{paths[0]}: marks no voxel of the left or right ventricle; choose another mask")
    return LoadedMask(labels, found, notices)


def _read_nifti(paths: Sequence[Path], volume: Volume, convention: str, frame: int | None) -> LoadedMask:
    from engine.formats import nifti  # noqa: PLC0415 - see the module's docstring

    every = tuple(range(volume.frames))
    if len(paths) == 1:
        if frame is None or volume.frames == 1 or nifti.frames_of(paths[0]) > 1:
            labels, notices = _read_file(paths[0], volume, convention)
            return LoadedMask(labels, every, notices)
        one, notices = _read_file(paths[0], _one_frame(volume, frame), convention)
        array = np.zeros(volume.array.shape, dtype=np.uint8)
        array[frame] = one.array[0]
        return LoadedMask(LabelMap(array, volume.geometry), (frame,), notices)
    if len(paths) == volume.frames:
        pieces = [_read_file(path, _one_frame(volume, t), convention) for t, path in enumerate(paths)]
        said = tuple(dict.fromkeys(notice for _, notices in pieces for notice in notices))
        array = np.concatenate([piece.array for piece, _ in pieces])
        return LoadedMask(LabelMap(array, volume.geometry), every, said)
    raise ScanError(
        f"{paths[0].name} and {len(paths) - 1} more: {len(paths)} files are given for {volume.frames} frames; "
        "choose one mask of all frames, one of the frame on screen, or one file a frame"
    )


def _read_file(path: Path, volume: Volume, convention: str) -> tuple[LabelMap, tuple[str, ...]]:
    """Labels of one NIfTI file on the volume's grid, and what has to be said of them."""
    from engine.formats import mask_resample, nifti_masks  # noqa: PLC0415 - see the module's docstring

    try:
        return nifti_masks.read_mask(path, volume, convention), ()
    except nifti_masks.GridError:
        labels, notice = mask_resample.read_resampled(path, volume, convention)
        return labels, (notice,)


def _one_frame(volume: Volume, frame: int) -> Volume:
    return replace(volume, array=volume.array[frame : frame + 1], frame_times_ms=None, phase_names=())
