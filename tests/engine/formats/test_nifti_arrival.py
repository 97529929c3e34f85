"""NIfTI files as data sets lay them out: a file a slice over time, a gap in what is numbered, images a beat apart."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import ScanError
from engine.formats import door
from engine.formats.nifti_names import missing_numbers
from engine.phantom import make_phantom

CINE, _, _ = make_phantom(8, 7, 64)
AFFINE = np.diag([-1.0, -1.0, 1.0, 1.0]) @ CINE.geometry.affine
VOXELS = CINE.array.transpose(3, 2, 1, 0)


def save(path: Path, voxels: NDArray[np.generic], *, at: int = 0, step_s: float = 0.0) -> Path:
    """at: the slice of the phantom that the file begins with."""
    affine = AFFINE.copy()
    affine[:, 3] = AFFINE @ [0, 0, at, 1]
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm", "sec")
    if step_s:
        image.header["pixdim"][4] = step_s
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    return path


def test_a_file_a_slice_whose_third_axis_is_time(tmp_path: Path) -> None:
    for z in range(7):
        save(tmp_path / f"slice_{z}.nii.gz", VOXELS[:, :, z], at=z)
    index = door.find(tmp_path)
    assert index.chosen.size[:2] == (8, 7)
    volume = door.open_scan(tmp_path)
    assert np.array_equal(volume.array, CINE.array)
    assert any("third axis seems to be time" in notice for notice in volume.notices)


def test_a_slice_that_is_missing_among_files_of_one_slice(tmp_path: Path) -> None:
    for z in (0, 1, 2, 4, 5, 6):
        save(tmp_path / f"slice_{z}.nii.gz", VOXELS[:, :, z : z + 1], at=z)
    volume = door.open_scan(tmp_path)
    assert volume.missing == "a slice seems to be missing"
    step = CINE.geometry.spacing_mm[2]
    assert np.array(volume.geometry.slab_mm) / step == pytest.approx([1, 1, 1.5, 1.5, 1, 1], rel=1e-5)


def test_a_frame_that_is_missing_among_numbered_files(tmp_path: Path) -> None:
    for t in (0, 1, 2, 4, 5, 6, 7):
        save(tmp_path / f"frame_{t + 1}.nii.gz", VOXELS[..., t])
    assert any("frames are missing (4)" in notice for notice in door.open_scan(tmp_path).notices)


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["f1", "f2", "f3", "f4"], []),
        (["f0", "f45", "f90", "f180"], [135]),
        (["p3_f1", "p3_f2", "p3_f4", "p3_f5"], [3]),
        (["f1", "f7", "f8", "f30"], []),
    ],
)
def test_numbers_that_are_left_out(names: list[str], missing: list[int]) -> None:
    assert missing_numbers([Path(f"{name}.nii.gz") for name in names]) == missing


@pytest.mark.parametrize(("step_s", "cine"), [(0.9, False), (1.0, True), (0.04, True), (40.0, True)])
def test_frames_a_heartbeat_apart_are_no_cine(tmp_path: Path, step_s: float, cine: bool) -> None:
    path = save(tmp_path / "x.nii.gz", VOXELS, step_s=step_s)
    assert ("no cine of one heartbeat" in door.open_scan(path).not_short_axis) is not cine


def test_time_as_first_axis_is_no_stack(tmp_path: Path) -> None:
    path = save(tmp_path / "x.nii.gz", VOXELS.transpose(3, 0, 1, 2))
    assert "longer than a heart" in door.open_scan(path).not_short_axis


@pytest.mark.parametrize("name", ["scan.nii.gz", "IM0001.dcm"])
def test_a_pointer_of_git_lfs_is_called_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1234\n")
    with pytest.raises(ScanError, match="pointer of Git LFS"):
        door.open_scan(tmp_path)


def test_frames_numbered_from_0000_are_all_of_one_cine(tmp_path: Path) -> None:
    voxels = VOXELS[..., :4]
    for t in range(4):
        save(tmp_path / f"vol_{t:04d}.nii.gz", voxels[..., t])
    assert door.open_scan(tmp_path).frames == 4


def test_frames_that_pad_a_cine_do_not_make_time_of_its_slices(tmp_path: Path) -> None:
    voxels = VOXELS[..., :4]
    save(tmp_path / "cine.nii.gz", np.concatenate([voxels, np.zeros_like(voxels).repeat(6, axis=3)], axis=3))
    volume = door.open_scan(tmp_path)
    assert (volume.frames, volume.slices) == (4, voxels.shape[2])


def test_frames_of_a_slice_in_which_nothing_moves_are_no_stack(tmp_path: Path) -> None:
    still = VOXELS[:, :, 2, :1].repeat(20, axis=2)
    noise = np.random.default_rng(0).integers(0, 4, still.shape).astype(VOXELS.dtype)
    save(tmp_path / "still.nii.gz", still + noise)
    volume = door.open_scan(tmp_path)
    assert (volume.frames, volume.slices) == (20, 1)
    assert any("third axis seems to be time" in notice for notice in volume.notices)
