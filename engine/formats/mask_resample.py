"""A mask from a grid of its own onto the grid of a scan, where both say where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ScanError
from engine.formats.nifti_file import open_nifti
from engine.formats.nifti_grid import difference, layout_of, read_header
from engine.formats.nifti_masks import label_voxels, mask_frames
from engine.volume import Geometry, Known, LabelMap, Volume, convert_labels

KEPT = (0.8, 1.25)
"""What resampling may make of the volume of the labels: with more of a change the mask is hardly of this scan."""


def resampled(labels: LabelMap, onto: Geometry) -> LabelMap:
    """Labels at the centres of another grid's voxels, from the nearest voxel; 0 outside of the labels' own grid.

    Where the slices of either grid are unevenly spaced, they count where they really lie.
    """
    to_index = np.linalg.inv(labels.geometry.affine) @ onto.affine
    z, y, x = np.meshgrid(slice_places(onto), *(np.arange(n) for n in onto.shape[1:]), indexing="ij")
    at = np.stack([x, y, z, np.ones_like(x)]).reshape(4, -1)
    i, j, k = to_index[:3] @ at
    i, j = (np.rint(place).astype(np.int64) for place in (i, j))
    k = _nearest(slice_places(labels.geometry), k)
    nz, ny, nx = labels.geometry.shape
    inside = (i >= 0) & (i < nx) & (j >= 0) & (j < ny) & (k >= 0) & (k < nz)
    out = np.zeros((labels.array.shape[0], at.shape[1]), np.uint8)
    out[:, inside] = labels.array[:, k[inside], j[inside], i[inside]]
    return LabelMap(out.reshape(-1, *onto.shape), onto)


def slice_places(geometry: Geometry) -> NDArray[np.float64]:
    """(Z,) where the slices lie along the affine's third axis, in its steps: 0, 1, 2 … where they are evenly spaced."""
    slices = geometry.shape[0]
    if not geometry.slab_mm or slices < 2:
        return np.arange(slices, dtype=np.float64)
    # A slab reaches half way to either neighbour, and at the ends as far outwards as inwards.
    places = [0.0, geometry.slab_mm[0]]
    for slab in geometry.slab_mm[1:-1]:
        places.append(places[-2] + 2 * slab)
    return np.array(places) / geometry.spacing_mm[2]


def _nearest(places: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.int64]:
    """The slice that is nearest to each place; -1 where a place is further than half a step beyond the ends."""
    middles = (places[:-1] + places[1:]) / 2
    found = np.searchsorted(middles, at)
    return np.asarray(np.where((at < places[0] - 0.5) | (at > places[-1] + 0.5), -1, found), dtype=np.int64)


def read_resampled(path: Path, volume: Volume, convention: str) -> tuple[LabelMap, str]:
    """A NIfTI mask of as many frames as the volume, resampled to its grid; and the notice that says so.

    Raises ScanError where either does not say where it lies, or the labels do not lie within the scan.
    """
    file = open_nifti(path)
    header = read_header(file.header, file.shape)
    layout = layout_of(header)
    own = Geometry(layout.volume_affine, layout.volume_shape, header.spacing, header.orientation)
    name, how = volume.source.name, difference(volume.geometry, own)
    if volume.spacing_given is not None:
        raise ScanError(
            f"{path}: is not on the grid of {name}: {how}; it cannot be resampled to a scan whose spacing is given by "
            "hand, because that moves the slices. Use the mask of this scan"
        )
    for known in (own.spacing, own.orientation, volume.geometry.spacing, volume.geometry.orientation):
        if known is not Known.KNOWN:
            raise ScanError(
                f"{path}: is not on the grid of {name}: {how}; it cannot be resampled, because one of the two does not "
                "say for certain where it lies"
            )
    frames = mask_frames(file)
    if frames != volume.frames:
        raise ScanError(f"{path}: has {frames} frames, {name} has {volume.frames}; give the mask of every frame")
    array = label_voxels(file, convention)
    try:
        given = LabelMap(convert_labels(layout.to_volume(array), convention), own)
    except ScanError as error:
        raise ScanError(f"{path}: {error}; choose its convention (--labels on the command line)") from error
    return onto_scan(path, given, volume)


def _ml(labels: LabelMap) -> float:
    """The volume of all labels in mL."""
    counts = np.count_nonzero(labels.array, axis=(2, 3)) @ labels.geometry.slice_weights
    return float(counts.sum()) * labels.geometry.voxel_ml


def onto_scan(path: Path, given: LabelMap, volume: Volume) -> tuple[LabelMap, str]:
    """Labels of a grid of their own on that of a scan, and the notice that says so.

    Raises ScanError where the labels do not lie within the scan.
    """
    found = resampled(given, volume.geometry)
    how = difference(volume.geometry, given.geometry)
    before, after = _ml(given), _ml(found)
    if before == 0 or not KEPT[0] <= after / before <= KEPT[1]:
        raise ScanError(
            f"{path}: is not on the grid of {volume.source.name}: {how}; resampled to it, {after:.0f} of "
            f"{before:.0f} mL are left. Use the mask of this scan"
        )
    return found, f"The mask was resampled to the grid of the scan: {how}."
