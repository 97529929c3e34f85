"""NIfTI in wrappings that no scanner's exporter would choose, and what their values tell."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from engine.errors import ScanError
from engine.formats import nifti, nifti_stack
from engine.phantom import make_phantom
from engine.volume import LabelMap, Volume


@pytest.fixture(scope="module")
def cine() -> Volume:
    """12 frames of 6 slices."""
    return make_phantom(12, 6, 64)[0]


def file_order(volume: Volume) -> np.ndarray:
    """(T, Z, Y, X) as files have it, (X, Y, Z, T)."""
    return volume.array.transpose(3, 2, 1, 0)


def save(path: Path, array: np.ndarray, volume: Volume, kind: type = nib.Nifti1Image) -> Path:
    path.parent.mkdir(exist_ok=True)
    image = kind(array, np.diag([-1.0, -1, 1, 1]) @ volume.geometry.affine)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    return path


def same(volume: Volume, other: Volume) -> bool:
    return volume.geometry.same_as(other.geometry) and np.array_equal(volume.array, other.array)


def test_a_channel_axis_of_one(tmp_path: Path, cine: Volume) -> None:
    path = save(tmp_path / "a.nii.gz", file_order(cine)[..., None, :], cine)
    volume = nifti.read([path])
    assert same(volume, cine)
    labels = LabelMap(np.ones(volume.array.shape, np.uint8), volume.geometry)
    nifti.write_mask(tmp_path / "m.nii.gz", labels, volume)
    assert nib.load(tmp_path / "m.nii.gz").shape == (54, 64, 6, 1, 12)
    assert np.array_equal(nifti.read_mask(tmp_path / "m.nii.gz", volume).array, labels.array)


def test_the_content_counts_and_not_the_ending(tmp_path: Path, cine: Volume) -> None:
    packed = save(tmp_path / "a.nii.gz", file_order(cine), cine)
    plain = save(tmp_path / "a.nii", file_order(cine), cine)
    shutil.move(packed, tmp_path / "packed.nii")
    shutil.move(plain, tmp_path / "plain.nii.gz")
    for name in ("packed.nii", "plain.nii.gz"):
        assert same(nifti.read([tmp_path / name]), cine)
        assert nifti.looks_like_nifti(tmp_path / name)


@pytest.mark.parametrize("kind", [nib.Nifti1Pair, nib.Nifti2Pair])
@pytest.mark.parametrize("ending", [".hdr", ".img"])
def test_a_header_and_an_image_file(tmp_path: Path, cine: Volume, kind: type, ending: str) -> None:
    save(tmp_path / "a.hdr", file_order(cine), cine, kind)
    assert same(nifti.read([tmp_path / f"a{ending}"]), cine)
    (tmp_path / "a.img").unlink()
    with pytest.raises(ScanError, match=r"no such file|the image file that belongs to this header is missing"):
        nifti.read([tmp_path / f"a{ending}"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.timeout(20)
def test_a_pipe_is_never_waited_for(tmp_path: Path, cine: Volume) -> None:
    save(tmp_path / "a.hdr", file_order(cine), cine, nib.Nifti1Pair)
    (tmp_path / "a.img").unlink()
    os.mkfifo(tmp_path / "a.img")
    os.mkfifo(tmp_path / "b.nii.gz")
    for name in ("a.hdr", "a.img", "b.nii.gz"):
        with pytest.raises(ScanError, match="not a regular file"):
            nifti.read([tmp_path / name])


def test_one_wrong_bit_is_noticed(tmp_path: Path, cine: Volume) -> None:
    """The checksum stands behind the voxels: one changed bit that still unpacks must not pass."""
    whole = bytearray(save(tmp_path / "a.nii.gz", file_order(cine), cine).read_bytes())
    whole[-8] ^= 1
    (tmp_path / "a.nii.gz").write_bytes(whole)
    with pytest.raises(ScanError, match="checksum"):
        nifti.read([tmp_path / "a.nii.gz"])


def test_several_gzip_members_and_padding_are_fine(tmp_path: Path, cine: Volume) -> None:
    content = save(tmp_path / "a.nii", file_order(cine), cine).read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(content[:5000]) + gzip.compress(content[5000:]) + bytes(64))
    assert same(nifti.read([tmp_path / "b.nii.gz"]), cine)
    (tmp_path / "c.nii").write_bytes(content + bytes(100))
    assert same(nifti.read([tmp_path / "c.nii"]), cine)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("axis", [1, 2, 3, 4])
def test_a_header_of_other_voxels_is_refused(tmp_path: Path, cine: Volume, name: str, axis: int) -> None:
    """With one row, slice or frame less, what is shown is sheared, or a part of the scan is missing."""
    path = save(tmp_path / name, file_order(cine), cine)
    content = bytearray(gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes())
    (n,) = struct.unpack_from("<h", content, 40 + 2 * axis)
    struct.pack_into("<h", content, 40 + 2 * axis, n - 1)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(ScanError, match="bytes more than the"):
        nifti.read([path])


@pytest.mark.timeout(20)
def test_what_only_fills_the_memory_is_refused_at_once(tmp_path: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_shape((8, 8, 8))
    header.set_data_dtype(np.uint8)
    header["magic"], header["vox_offset"] = b"n+1", 2_000_000_352
    zeros = gzip.compress(bytes(1 << 20))
    packed = gzip.compress(header.binaryblock + b"\1\0\0\0" + struct.pack("<ii", 2_000_000_000, 4)) + zeros * 64
    (tmp_path / "extension.nii.gz").write_bytes(packed)
    header.set_data_shape((512, 512, 100, 30))
    header["vox_offset"] = 352
    (tmp_path / "zeros.nii.gz").write_bytes(gzip.compress(header.binaryblock + bytes(4)) + zeros * 750)
    for name in ("extension.nii.gz", "zeros.nii.gz"):
        with pytest.raises(ScanError, match="damaged"):
            nifti.read([tmp_path / name])
        with pytest.raises(ScanError, match="damaged"):
            nifti.size_of(tmp_path / name)


def test_time_before_slices(tmp_path: Path, cine: Volume) -> None:
    swapped = save(tmp_path / "a.nii.gz", file_order(cine).swapaxes(2, 3), cine)
    volume = nifti.read([swapped])
    assert same(volume, cine)
    assert any("(x, y, time, slice)" in notice for notice in volume.notices)
    labels = LabelMap(np.ones(volume.array.shape, np.uint8), volume.geometry)
    nifti.write_mask(tmp_path / "m.nii.gz", labels, volume)
    assert np.array_equal(nifti.read_mask(tmp_path / "m.nii.gz", volume).array, labels.array)
    right = save(tmp_path / "b.nii.gz", file_order(cine), cine)
    assert nifti.read([right]).notices == ()


def test_time_in_place_of_slices(tmp_path: Path, cine: Volume) -> None:
    one = file_order(cine)[:, :, 3, :]
    volume = nifti.read([save(tmp_path / "a.nii.gz", one, cine)])
    assert volume.array.shape == (12, 1, 64, 54)
    assert any("third axis seems to be time" in notice for notice in volume.notices)
    assert volume.not_short_axis == nifti_stack.SINGLE_SLICE
    assert nifti.read([save(tmp_path / "b.nii.gz", file_order(cine)[..., 0], cine)]).not_short_axis == ""


def test_a_single_slice_is_no_short_axis_stack_whatever_its_name(tmp_path: Path, cine: Volume) -> None:
    for name in ("sa.nii.gz", "la_4ch.nii.gz"):
        volume = nifti.read([save(tmp_path / name, file_order(cine)[:, :, 3:4], cine)])
        assert volume.not_short_axis == nifti_stack.SINGLE_SLICE


def test_frames_of_zeros_are_left_out(tmp_path: Path, cine: Volume) -> None:
    padded = np.concatenate([file_order(cine), np.zeros((54, 64, 6, 5), cine.array.dtype)], axis=3)
    volume = nifti.read([save(tmp_path / "a.nii.gz", padded, cine)])
    assert same(volume, cine)
    assert any(notice.startswith("5 of 17 frames (13 to 17) hold no image") for notice in volume.notices)
    labels = LabelMap(np.ones(volume.array.shape, np.uint8), volume.geometry)
    nifti.write_mask(tmp_path / "m.nii.gz", labels, volume)
    stored = np.asanyarray(nib.load(tmp_path / "m.nii.gz").dataobj)
    assert stored.shape == (54, 64, 6, 17)
    assert not stored[..., 12:].any()
    assert np.array_equal(nifti.read_mask(tmp_path / "m.nii.gz", volume).array, labels.array)


@pytest.mark.parametrize("padding", [-1024, -32768, 32767, -2000])
def test_values_for_outside_the_image(tmp_path: Path, cine: Volume, padding: int) -> None:
    array = file_order(cine).astype(np.int16)
    array[:5] = padding
    volume = nifti.read([save(tmp_path / "a.nii.gz", array, cine)])
    assert volume.array.min() >= 0 and volume.array.max() == cine.array[..., 5:].max()
    assert volume.not_short_axis == ""
    assert any(f"hold {padding}, a value for outside" in notice for notice in volume.notices)


def test_air_and_fat_of_ct_are_no_padding(tmp_path: Path, cine: Volume) -> None:
    array = np.random.default_rng(0).normal(-200, 400, (64, 64, 6)).clip(-1024, 2000).astype(np.int16)
    array[:9] = -1024
    volume = nifti.read([save(tmp_path / "a.nii.gz", array, cine)])
    assert volume.not_short_axis.startswith("a CT image")
    assert volume.array.min() == -1024


def test_a_mask_that_is_opened_as_the_scan(tmp_path: Path, cine: Volume) -> None:
    _, labels, _ = make_phantom(2, 6, 64)
    path = save(tmp_path / "a.nii.gz", labels.array.transpose(3, 2, 1, 0), cine)
    assert nifti.holds_labels(path) and not nifti.is_mask(path)
    assert nifti.read([path]).not_short_axis == "a mask by its values"
    scan = save(tmp_path / "b.nii.gz", file_order(cine), cine)
    assert not nifti.holds_labels(scan)


def test_a_file_a_slice(tmp_path: Path, cine: Volume) -> None:
    paths = []
    for z in range(6):
        affine = cine.geometry.affine.copy()
        affine[:3, 3] = cine.geometry.position_mm(0, 0, z)
        slice_of = replace(cine.geometry, affine=affine, shape=(1, 64, 54))
        one = replace(cine, array=cine.array[:, z : z + 1], geometry=slice_of)
        paths.append(save(tmp_path / f"cine_{(z * 5) % 6}.nii.gz", file_order(one), one))
    volume = nifti.read(sorted(paths))
    assert same(volume, cine)
    labels = LabelMap(np.ones(volume.array.shape, np.uint8), volume.geometry)
    nifti.write_mask(tmp_path / "m.nii.gz", labels, volume)
    assert np.array_equal(nifti.read_mask(tmp_path / "m.nii.gz", volume).array, labels.array)
    uneven = [paths[z] for z in (0, 1, 3, 4, 5)]
    assert any("not evenly spaced" in notice for notice in nifti.read(uneven).notices)


def test_a_file_a_frame(tmp_path: Path, cine: Volume) -> None:
    paths = [save(tmp_path / f"t{t}.nii.gz", file_order(cine)[..., t], cine) for t in range(12)]
    volume = nifti.read(paths)
    assert same(volume, cine) and volume.phase_names == ()
    with pytest.raises(ScanError, match="some of them twice"):
        nifti.read([paths[0], *paths])


def test_two_hearts_are_not_two_phases(tmp_path: Path, cine: Volume) -> None:
    paths = [save(tmp_path / f"a_{name}.nii.gz", file_order(cine)[..., t], cine) for name, t in (("ED", 0), ("ES", 5))]
    assert nifti.read(paths).notices == ()
    other = replace(cine, array=cine.array[:, :, ::-1, ::-1])
    save(paths[1], file_order(other)[..., 5], cine)
    assert any("two hearts" in notice for notice in nifti.read(paths).notices)
