"""NRRD and MetaImage as SimpleITK writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from engine.errors import ScanError
from engine.formats import door, nifti
from engine.phantom import make_phantom
from engine.volume import LabelMap

CINE, LABELS, _ = make_phantom(4, 5, 48)


def save(path: Path, array: np.ndarray, *, compressed: bool = False) -> Path:
    """(Z, Y, X) on the phantom's grid."""
    image = SimpleITK.GetImageFromArray(array)
    image.SetOrigin([float(n) for n in CINE.geometry.affine[:3, 3]])
    image.SetSpacing(CINE.geometry.spacing_mm)
    image.SetDirection([float(n) for n in CINE.geometry.directions.ravel()])
    SimpleITK.WriteImage(image, str(path), compressed)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("suffix", [".nrrd", ".nhdr", ".mha", ".mhd"])
def test_a_stack_and_its_mask(tmp_path: Path, suffix: str, compressed: bool) -> None:
    path = save(tmp_path / f"scan{suffix}", CINE.array[0], compressed=compressed)
    volume = door.open_scan(path)
    assert np.array_equal(volume.array[0], CINE.array[0])
    assert volume.geometry.same_as(CINE.geometry)
    mask = save(tmp_path / f"labels{suffix}", LABELS.array[0], compressed=compressed)
    assert np.array_equal(nifti.read_mask(mask, volume).array[0], LABELS.array[0])
    assert np.array_equal(door.open_scan(tmp_path).array, volume.array)
    out = tmp_path / "m.nii.gz"
    nifti.write_mask(out, LabelMap(LABELS.array[:1], volume.geometry), volume)
    assert np.array_equal(nifti.read_mask(out, volume).array[0], LABELS.array[0])


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_damage_is_refused_in_one_line(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"scan{suffix}", CINE.array[0], compressed=True)
    whole = path.read_bytes()
    for content in (
        whole[:-40],
        whole[:100],
        whole[:-3000] + bytes(9) + whole[-2991:],
        b"junk",
        b"",
        whole.replace(b" 5\n", b" 4\n", 1),
    ):
        path.write_bytes(content)
        with pytest.raises(ScanError) as caught:
            door.open_scan(path)
        assert "\n" not in str(caught.value)


def test_frames_before_and_after_the_slices(tmp_path: Path) -> None:
    array = CINE.array.astype("<i2")
    axes = " ".join(f"({','.join(map(str, column))})" for column in CINE.geometry.affine[:3, :3].T)
    origin = f"({','.join(map(str, CINE.geometry.affine[:3, 3]))})"
    t, z, y, x = array.shape
    for sizes, directions, voxels in (
        (f"{x} {y} {z} {t}", f"{axes} none", array),
        (f"{t} {x} {y} {z}", f"none {axes}", array.transpose(1, 2, 3, 0)),
    ):
        header = (
            f"NRRD0004\ntype: short\ndimension: 4\nspace: LPS\nsizes: {sizes}\nspace directions: {directions}\n"
            f"endian: little\nencoding: raw\nspace origin: {origin}\n\n"
        )
        (tmp_path / "a.nrrd").write_bytes(header.encode() + np.ascontiguousarray(voxels).tobytes())
        volume = door.open_scan(tmp_path / "a.nrrd")
        assert np.array_equal(volume.array, CINE.array)
        assert volume.geometry.same_as(CINE.geometry)
