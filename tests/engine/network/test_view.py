"""Views from geometry: four-chamber planes, short axes, and what says nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.formats import nifti
from engine.network.view import base_first, view_of
from engine.volume import Geometry, Known


def plane(normal: tuple[float, float, float], slices: int = 1, orientation: Known = Known.KNOWN) -> Geometry:
    """Slices with this LPS normal."""
    n = np.array(normal) / np.linalg.norm(normal)
    row = np.cross(n, (0.3, 0.9, 0.1))
    row /= np.linalg.norm(row)
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([row, np.cross(n, row), n]) * (1.4, 1.4, 8)
    return Geometry(affine, (slices, 20, 20), Known.KNOWN, orientation)


# The long axis of a heart, from base to apex: left, forwards and down.
AXIS = np.array([0.66, -0.66, -0.36])
FOUR_CHAMBERS = np.array([-0.06, -0.54, 0.84])


@pytest.mark.parametrize(
    ("normal", "view"),
    [
        (FOUR_CHAMBERS, "4ch"),
        (-FOUR_CHAMBERS, "4ch"),
        ((0.3, -0.3, 0.9), "4ch"),
        (AXIS, ""),
        (np.cross(AXIS, FOUR_CHAMBERS), ""),  # two chambers
        ((-0.61, -0.75, 0.15), ""),  # three chambers
        ((0, 0, 1), ""),  # transverse
        ((0, 1, 0), ""),  # coronal
    ],
)
def test_a_single_slice_by_its_plane(normal: tuple[float, float, float], view: str) -> None:
    assert view_of(plane(tuple(normal))) == view


def test_a_stack_is_of_the_short_axis_and_unknown_directions_say_nothing() -> None:
    assert view_of(plane(tuple(AXIS), slices=9)) == "short-axis"
    assert view_of(plane(tuple(FOUR_CHAMBERS), orientation=Known.ASSUMED)) == ""


def test_real_scans(shared_data: Path) -> None:
    long_axis = sorted((shared_data / "mnms2").glob("*/*_LA_E[DS].nii.gz"))
    assert len(long_axis) > 300
    assert {view_of(nifti.read([path]).geometry) for path in long_axis[::10]} == {"4ch"}
    stacks = [shared_data / f"acdc/training/patient{n:03d}/patient{n:03d}_frame01.nii.gz" for n in (1, 50)]
    assert {view_of(nifti.read([path]).geometry) for path in stacks} == {"short-axis"}


def test_the_end_of_the_base_by_directions() -> None:
    def stack(z: tuple[float, float, float], slices: int = 8, known: Known = Known.KNOWN) -> Geometry:
        across = np.array(z) / np.linalg.norm(z)
        x = np.cross((0.0, 1.0, 0.0), across)
        x /= np.linalg.norm(x)
        affine = np.eye(4)
        affine[:3, :3] = np.array([x, np.cross(across, x), 8 * across]).T
        return Geometry(affine, (slices, 10, 10), Known.KNOWN, known)

    # From apex to base the heart points to the right, the back and the head.
    assert base_first(stack((-0.6, 0.6, 0.5))) is False
    assert base_first(stack((0.7, -0.6, -0.3))) is True
    assert base_first(stack((0.0, 0.0, 1.0))) is None
    assert base_first(stack((-0.6, 0.6, 0.5), slices=1)) is None
    assert base_first(stack((-0.6, 0.6, 0.5), known=Known.ASSUMED)) is None
