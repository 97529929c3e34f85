"""A study with long-axis cines beside the short axis, cut out of the phantom: no public data set has both.

`python -m benchmarks.long_axis_study DIR` writes it as NIfTI.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from engine.phantom import make_phantom
from engine.volume import LV, RV, Geometry, Volume

# Angle of each view in the slices, from the direction in which the right ventricle lies.
VIEWS = {"4ch": 0.0, "2ch": 75.0, "3ch": 130.0}
SHORT_AXIS_FRAMES, LONG_AXIS_FRAMES = 20, 10
FINE_SLICES, STEP_MM, ROWS, COLUMNS = 32, 1.6, 88, 124


def cut(volume: Volume, middle: NDArray[np.float64], along: NDArray[np.float64]) -> tuple[NDArray[np.uint16], Geometry]:
    """A plane through a point of a stack, base on top: (T, 1, Y, X), and where it lies. along: LPS, in the slices."""
    # The phantom's slices ascend towards the base.
    down = -volume.geometry.directions[:, 2]
    affine = np.eye(4)
    affine[:3, :3] = np.array([STEP_MM * along, STEP_MM * down, 6.0 * np.cross(along, down)]).T
    affine[:3, 3] = middle - affine[:3, 0] * COLUMNS / 2 - affine[:3, 1] * ROWS / 2
    x, y = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    lps = affine @ np.stack([x.ravel(), y.ravel(), 0 * x.ravel(), 1 + 0 * x.ravel()])
    index = (np.linalg.inv(volume.geometry.affine) @ lps)[2::-1]
    frames = [map_coordinates(frame, index, order=1).reshape(1, ROWS, COLUMNS) for frame in volume.array]
    return np.stack(frames), Geometry(affine, (1, ROWS, COLUMNS))


def write(path: Path, array: NDArray[np.uint16], geometry: Geometry) -> None:
    """(T, Z, Y, X) as NIfTI, whose x and y run against LPS."""
    image = nib.Nifti1Image(array.T, np.diag([-1, -1, 1, 1]) @ geometry.affine)
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = 0.8 / array.shape[0]
    nib.save(image, path)


def make(folder: Path) -> None:
    """Write a short axis and three long axes of one heart. The long axes have fewer frames, as they often do."""
    folder.mkdir(parents=True, exist_ok=True)
    short, _, _ = make_phantom(frames=SHORT_AXIS_FRAMES)
    write(folder / "heart_sa_cine.nii.gz", short.array, short.geometry)
    fine, labels, _ = make_phantom(frames=LONG_AXIS_FRAMES, slices=FINE_SLICES)
    geometry, z = fine.geometry, FINE_SLICES // 2
    lv, rv = (np.argwhere(labels.array[0, z] == structure).mean(axis=0)[::-1] for structure in (LV, RV))
    middle = geometry.position_mm(*lv, z)
    towards_rv = geometry.position_mm(*rv, z) - middle
    towards_rv /= np.linalg.norm(towards_rv)
    across = np.cross(geometry.directions[:, 2], towards_rv)
    for name, degrees in VIEWS.items():
        angle = math.radians(degrees)
        # Right ventricle on the left of the picture, as radiology shows it.
        along = -(math.cos(angle) * towards_rv + math.sin(angle) * across)
        write(folder / f"heart_la_{name}_cine.nii.gz", *cut(fine, middle, along))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    make(parser.parse_args().folder)


if __name__ == "__main__":
    main()
