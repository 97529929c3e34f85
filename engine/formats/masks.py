"""Masks from files onto the grid of a scan, to compare with: of all its frames, of a pair, or of one frame.

The readers come with the first mask: the viewer paints before nibabel and pydicom have loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import ScanError
from engine.volume import LabelMap, Volume


def is_nifti(paths: Sequence[Path]) -> bool:
    """Whether the labels in these files follow a convention that has to be named; those of DICOM name themselves."""
    from engine.formats import nifti  # noqa: PLC0415 - see the module's docstring

    return all(nifti.suffix_of(path) in nifti.READABLE_SUFFIXES for path in paths)


def frames_in(paths: Sequence[Path]) -> int:
    """How many frames NIfTI masks hold together, by their headers. Raises ScanError."""
    from engine.formats import nifti  # noqa: PLC0415 - see the module's docstring

    return sum(nifti.frames_of(path) for path in paths)


def read_masks(
    paths: Sequence[Path], volume: Volume, *, convention: str = "mnms", frame: int = 0
) -> tuple[LabelMap, tuple[int, ...]]:
    """Labels on the volume's grid, and the frames that the files are of; the labels of other frames are empty.

    NIfTI files: one of every frame, as many of one frame each as the scan has, in their order, or one of a single
    frame, which is taken for the frame given. DICOM SEG: files and folders, each frame where its source image is.
    convention: label values of NIfTI files, a key of engine.volume.CONVENTIONS.
    Raises ScanError, naming the file, where one is no mask of this scan.
    """
    if not paths:
        raise ScanError("no mask was given; name a NIfTI file or a DICOM SEG")
    if not is_nifti(paths):
        # pydicom takes its time to load, and NIfTI masks need none of it.
        from engine.formats.seg_read import read_seg  # noqa: PLC0415

        labels = read_seg(paths, volume)
        found = tuple(int(t) for t in np.flatnonzero(labels.array.any(axis=(1, 2, 3))))
        if not found:
            raise ScanError(f"{paths[0]}: marks no voxel of the left or right ventricle; choose another mask")
        return labels, found
    from engine.formats import nifti  # noqa: PLC0415 - see the module's docstring

    if len(paths) == 1 and nifti.frames_of(paths[0]) == volume.frames:
        return nifti.read_mask(paths[0], volume, convention), tuple(range(volume.frames))
    if len(paths) == volume.frames:
        pieces = [nifti.read_mask(path, _one_frame(volume, t), convention) for t, path in enumerate(paths)]
        array = np.concatenate([piece.array for piece in pieces])
        return LabelMap(array, volume.geometry), tuple(range(volume.frames))
    if len(paths) == 1 and nifti.frames_of(paths[0]) == 1:
        one = nifti.read_mask(paths[0], _one_frame(volume, frame), convention)
        array = np.zeros(volume.array.shape, dtype=np.uint8)
        array[frame] = one.array[0]
        return LabelMap(array, volume.geometry), (frame,)
    if len(paths) == 1:
        return nifti.read_mask(paths[0], volume, convention), ()  # raises, saying how the frames differ
    raise ScanError(
        f"{paths[0].name} and {len(paths) - 1} more: {len(paths)} files are given for {volume.frames} frames; "
        "choose one mask of all frames, one of the frame on screen, or one file a frame"
    )


def _one_frame(volume: Volume, frame: int) -> Volume:
    return replace(volume, array=volume.array[frame : frame + 1], frame_times_ms=None, phase_names=())
