"""NIfTI in and out: axes, header traps, damaged files, masks on the exact grid."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from engine.errors import ExportError, ScanError
from engine.formats import nifti
from engine.phantom import make_phantom
from engine.volume import Geometry, Known, LabelMap, Source, Volume

# RAS, as NIfTI stores it: i runs to the right by 2 mm, j to anterior by 3 mm, k to superior by 10 mm.
PLAIN_RAS = np.diag([2.0, 3.0, 10.0, 1.0])
PLAIN_RAS[:3, 3] = (5, 6, 7)


def save(
    path: Path,
    array: np.ndarray,
    sform: np.ndarray | None = PLAIN_RAS,
    qform: np.ndarray | None = None,
    kind: Any = nib.Nifti1Image,
    **fields: Any,
) -> Path:
    """A NIfTI file whose header fields are as given, however odd. Codes are 1 where a form is given."""
    image = kind(array, None)
    if sform is not None:
        image.header.set_sform(sform, code=1)
    if qform is not None:
        image.header.set_qform(qform, code=1)
    form = sform if sform is not None else qform
    if form is not None:
        image.header["pixdim"][1:4] = np.linalg.norm(form[:3, :3], axis=0)
    for name, value in fields.items():
        image.header[name][...] = value
    wanted = image.header.copy()
    nib.save(image, path)
    # nibabel writes its own idea of shape and forms on saving; put the header back as asked.
    block = bytearray(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    wanted["vox_offset"], wanted["magic"] = wanted.single_vox_offset, wanted.single_magic
    block[: wanted.sizeof_hdr] = wanted.binaryblock
    path.write_bytes(gzip.compress(bytes(block)) if path.suffix == ".gz" else bytes(block))
    return path


def stack(*shape: int) -> np.ndarray:
    return (np.arange(np.prod(shape)) % 4000).astype(np.int16).reshape(shape)


def test_axes_of_a_plain_file(tmp_path: Path) -> None:
    data = stack(6, 5, 4)
    volume = nifti.read([save(tmp_path / "a.nii.gz", data)])
    assert volume.array.shape == (1, 4, 5, 6)
    assert volume.array.dtype == np.int16
    # i to the right is x to the right: LPS (−2, 0, 0). j to anterior: (0, −3, 0). Their cross product is superior.
    assert volume.geometry.affine.tolist() == [[-2, 0, 0, -5], [0, -3, 0, -6], [0, 0, 10, 7], [0, 0, 0, 1]]
    assert not volume.source.slices_reversed
    assert volume.array[0, 3, 2, 1] == data[1, 2, 3]
    assert volume.geometry.spacing is Known.KNOWN
    assert volume.geometry.orientation is Known.KNOWN
    assert volume.notices == ()
    assert volume.source.name == "a"


def test_slices_are_turned_to_ascend_along_row_times_column(tmp_path: Path) -> None:
    ras = PLAIN_RAS.copy()
    ras[2, 2] = -10  # k now descends; the first slice is at 7, the last at 7 − 30
    data = stack(6, 5, 4)
    volume = nifti.read([save(tmp_path / "a.nii.gz", data, ras)])
    assert volume.source.slices_reversed
    assert volume.geometry.affine.tolist() == [[-2, 0, 0, -5], [0, -3, 0, -6], [0, 0, 10, -23], [0, 0, 0, 1]]
    assert volume.array[0, 0, 2, 1] == data[1, 2, 3]
    assert volume.array[0, 3, 2, 1] == data[1, 2, 0]


def test_every_voxel_keeps_its_place(tmp_path: Path) -> None:
    """A voxel's position by the Volume is its position by the file, for every axis order and direction."""
    rng = np.random.default_rng(0)
    for number in range(24):
        turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        ras = np.eye(4)
        ras[:3, :3] = turn * rng.permutation([1.5, 1.5, 9.0])
        ras[:3, 3] = rng.uniform(-200, 200, 3)
        data = np.zeros((7, 6, 5), np.uint8)
        i, j, k = (int(rng.integers(n)) for n in data.shape)
        data[i, j, k] = 1
        volume = nifti.read([save(tmp_path / f"{number}.nii", data, ras)])
        _, z, y, x = (int(n[0]) for n in np.nonzero(volume.array))
        expected_lps = (np.diag([-1, -1, 1, 1]) @ ras @ [i, j, k, 1])[:3]
        assert volume.geometry.position_mm(x, y, z) == pytest.approx(expected_lps, abs=1e-3)
        assert volume.geometry.spacing_mm[2] == pytest.approx(9.0, rel=1e-5)


def test_mirrored_rows_are_turned_back(tmp_path: Path) -> None:
    """A converter that stores rows bottom-up still shows the heart as the scanner does."""
    phantom, labels, _ = make_phantom(1, 6, 64)
    ras = np.diag([-1, -1, 1, 1]) @ phantom.geometry.affine
    upside_down = ras.copy()
    upside_down[:3, 1] *= -1
    upside_down[:3, 3] += ras[:3, 1] * (phantom.array.shape[2] - 1)
    stored = phantom.array[0].transpose(2, 1, 0)[:, ::-1]
    volume = nifti.read([save(tmp_path / "a.nii", stored, upside_down)])
    assert volume.geometry.same_as(phantom.geometry)
    assert np.array_equal(volume.array, phantom.array)
    mask = tmp_path / "m.nii"
    nifti.write_mask(mask, LabelMap(labels.array, volume.geometry), volume)
    assert np.array_equal(np.asanyarray(nib.load(mask).dataobj), labels.array[0].transpose(2, 1, 0)[:, ::-1])


def test_acdc_header_trap(tmp_path: Path) -> None:
    """An sform of 1 mm beside a true pixdim: pixdim is right."""
    path = save(tmp_path / "a.nii.gz", stack(6, 5, 4), np.diag([-1.0, -1, 1, 1]), pixdim=[1, 1.5, 1.5, 10, 1, 1, 1, 1])
    volume = nifti.read([path])
    assert volume.geometry.spacing_mm == (1.5, 1.5, 10)
    assert volume.geometry.spacing is Known.CONTRADICTED
    assert volume.geometry.orientation is Known.ASSUMED
    assert volume.geometry.affine[:3, :3].tolist() == [[1.5, 0, 0], [0, 1.5, 0], [0, 0, 10]]
    assert any("1 × 1 × 1 mm" in n and "1.5 × 1.5 × 10 mm" in n and "pixdim is used" in n for n in volume.notices)
    assert volume.spacing_notices
    assert not set(volume.spacing_notices) & set(volume.with_spacing(1.4, 1.4, 8).notices)


def test_pixdim_that_was_never_set_yields_to_the_sform(tmp_path: Path) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4), pixdim=[1, 1, 1, 1, 0, 0, 0, 0])])
    assert volume.geometry.spacing_mm == (2, 3, 10)
    assert volume.geometry.spacing is Known.CONTRADICTED
    assert "the sform is used" in volume.notices[0]


def test_the_reason_of_damage_reads_well_for_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("sub/a.nii.gz", "sub/a.nii"):
        Path(name).write_text("not an image\n" * 50)
        with pytest.raises(ScanError) as caught:
            nifti.read([Path(name)])
        assert "(Cannot work out file type of it)" in str(caught.value)


@pytest.mark.parametrize("sform", [np.eye(4), np.diag([-1.0, -1, 1, 1]), None], ids=["identity", "flipped", "none"])
def test_headers_without_geometry(tmp_path: Path, sform: np.ndarray | None) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(64, 64, 9), sform, pixdim=[1] * 8)])
    assert volume.geometry.spacing is Known.ASSUMED
    assert volume.geometry.orientation is Known.ASSUMED
    assert any(n.startswith("Spacing unknown") for n in volume.spacing_notices)
    assert any("Orientation unknown" in n for n in volume.notices)
    assert volume.not_short_axis == ""


def test_sizes_without_directions(tmp_path: Path) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4), None, pixdim=[1, 1.4, 1.4, 8, 0, 0, 0, 0])])
    assert volume.geometry.spacing is Known.KNOWN
    assert volume.geometry.spacing_mm == pytest.approx((1.4, 1.4, 8))
    assert volume.geometry.orientation is Known.ASSUMED


def test_qform_alone_counts(tmp_path: Path) -> None:
    ras = np.array([[0, 0, 8.0, 1], [1.5, 0, 0, 2], [0, 1.5, 0, 3], [0, 0, 0, 1]])
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4), None, ras)])
    # i to anterior, j to superior, k to the right, in LPS: (0, −1.5, 0), (0, 0, 1.5), (−8, 0, 0).
    assert volume.geometry.affine == pytest.approx(
        np.array([[0, 0, -8, -1], [-1.5, 0, 0, -2], [0, 1.5, 0, 3], [0, 0, 0, 1]]), abs=1e-5
    )


def test_forms_that_disagree_are_reported(tmp_path: Path) -> None:
    other = PLAIN_RAS.copy()
    other[2, 3] += 40
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4), PLAIN_RAS, other)])
    assert volume.geometry.orientation is Known.CONTRADICTED
    assert any("40.0 mm apart" in n for n in volume.notices)
    assert volume.geometry.position_mm(0, 0, 0)[2] == 7


@pytest.mark.parametrize(("code", "factor"), [(0, 1), (1, 1000), (2, 1), (3, 0.001)])
def test_length_units(tmp_path: Path, code: int, factor: float) -> None:
    ras = PLAIN_RAS.copy()
    ras[:3] /= factor
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4), ras, xyzt_units=code)])
    assert volume.geometry.spacing_mm == pytest.approx((2, 3, 10))
    assert volume.geometry.position_mm(0, 0, 0) == pytest.approx([-5, -6, 7])


@pytest.mark.parametrize(
    ("units", "step", "expected"),
    [
        (2 + 16, 40.0, (0, 40, 80)),  # ms
        (2 + 8, 0.04, (0, 40, 80)),  # s
        (2 + 24, 40000.0, (0, 40, 80)),  # µs
        (0, 35.5, (0, 35.5, 71)),  # unit not given: ms, as the value is a cine's
        (0, 1.0, None),  # the default that says nothing
        (2 + 8, 2.0, None),  # repetition time of another kind of series
        (2 + 8, 0.0, None),
        (2 + 8, float("nan"), None),
        (2 + 16, -40.0, None),
    ],
)
def test_frame_times(tmp_path: Path, units: int, step: float, expected: tuple[float, ...] | None) -> None:
    pixdim = [1, 2, 3, 10, step, 0, 0, 0]
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4, 3), xyzt_units=units, pixdim=pixdim)])
    assert volume.array.shape == (3, 4, 5, 6)
    assert volume.frame_times_ms == (None if expected is None else pytest.approx(expected))


def test_transposed_stack(tmp_path: Path) -> None:
    """The slice axis is the first one: its spacing shows it."""
    ras = np.zeros((4, 4))
    ras[0, 1] = ras[1, 2] = 1.5
    ras[2, 0], ras[3, 3] = 8, 1
    data = stack(4, 6, 5)
    volume = nifti.read([save(tmp_path / "a.nii", data, ras)])
    assert volume.array.shape == (1, 4, 5, 6)
    assert volume.geometry.spacing_mm == (1.5, 1.5, 8)
    assert volume.array[0, 3, 2, 1] == data[3, 1, 2]
    mask = LabelMap((volume.array % 4).astype(np.uint8), volume.geometry)
    nifti.write_mask(tmp_path / "m.nii", mask, volume)
    assert np.array_equal(np.asanyarray(nib.load(tmp_path / "m.nii").dataobj), data % 4)


def test_scaling_is_applied(tmp_path: Path) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4), scl_slope=0.5, scl_inter=-3)])
    assert volume.array.dtype == np.float32
    assert volume.array.min() == -3
    assert volume.array.max() == 119 * 0.5 - 3


@pytest.mark.parametrize(("slope", "inter"), [(1, 0), (0, 0), (0, 9), (float("nan"), float("nan"))])
def test_identity_scaling_keeps_integers(tmp_path: Path, slope: float, inter: float) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4), scl_slope=slope, scl_inter=inter)])
    assert volume.array.dtype == np.int16
    assert volume.array.max() == 119


@pytest.mark.parametrize("dtype", [">i2", ">f4", "<f8", "<u4", "|i1"])
def test_stored_types(tmp_path: Path, dtype: str) -> None:
    data = (stack(6, 5, 4) % 100).astype(dtype)
    image = nib.Nifti1Image(data, PLAIN_RAS, nib.Nifti1Header(endianness=">" if dtype.startswith(">") else "<"))
    nib.save(image, tmp_path / "a.nii")
    volume = nifti.read([tmp_path / "a.nii"])
    assert volume.array.dtype.isnative
    assert np.array_equal(volume.array[0].transpose(2, 1, 0), data.astype(float))


def test_voxels_without_a_number(tmp_path: Path) -> None:
    data = stack(6, 5, 4).astype(np.float32) - 7
    data[0, 0, 0], data[1, 1, 1], data[2, 2, 2] = np.nan, np.inf, -np.inf
    volume = nifti.read([save(tmp_path / "a.nii", data)])
    assert volume.array[0, 0, 0, 0] == volume.array[0, 1, 1, 1] == volume.array[0, 2, 2, 2] == -6
    assert any(n.startswith("3 of 120 voxels hold no number") for n in volume.notices)


@pytest.mark.parametrize(
    ("shape", "spacing", "value", "says"),
    [
        ((20, 20, 10), (1.4, 1.4, 8.0), 0, ""),
        ((20, 20, 1), (1.4, 1.4, 2.0), 0, "a single slice"),
        ((20, 20, 40), (1.4, 1.4, 1.5), 0, "40 thin slices"),
        ((20, 20, 20), (2.0, 2.0, 2.0), 0, "cubic voxels"),
        ((20, 20, 10), (0.5, 0.5, 5.0), -1024, "CT"),
    ],
)
def test_evidently_no_short_axis(
    tmp_path: Path, shape: tuple[int, ...], spacing: tuple[float, ...], value: int, says: str
) -> None:
    data = stack(*shape)
    data[0, 0, 0] = value
    ras = np.diag([*spacing, 1.0])
    ras[0, 3] = 1
    phrase = nifti.read([save(tmp_path / "a.nii", data, ras)]).not_short_axis
    assert (says in phrase) if says else phrase == ""


def test_a_stack_of_four_chamber_planes_is_no_short_axis(tmp_path: Path) -> None:
    """It was segmented as a short axis: several slices were enough."""

    def phrase(name: str, across: tuple[float, float, float], slices: int = 3) -> str:
        n = np.array(across) / np.linalg.norm(across)
        row = np.cross(n, (0.3, 0.9, 0.1))
        row /= np.linalg.norm(row)
        affine = np.eye(4)
        affine[:3, :3] = np.column_stack([row, np.cross(n, row), n]) * (1.4, 1.4, 8)
        affine[:3, 3] = 30, -20, 10
        return nifti.read([save(tmp_path / name, stack(20, 20, slices), affine)]).not_short_axis

    assert "four-chamber" in phrase("p1_SA_ED.nii", (-0.06, -0.54, 0.84))
    assert phrase("steep_heart.nii", (-0.06, -0.54, 0.84), 9) == ""
    assert phrase("oblique.nii", (0.66, -0.66, -0.36)) == ""
    assert phrase("transverse.nii", (0, 0, 1)) == ""


def test_file_of_one_frame_of_a_4d_shape(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", stack(6, 5, 4, 1))
    volume = nifti.read([path])
    assert volume.array.shape == (1, 4, 5, 6)
    nifti.write_mask(tmp_path / "m.nii", LabelMap(np.ones((1, 4, 5, 6), np.uint8), volume.geometry), volume)
    assert nib.load(tmp_path / "m.nii").shape == (6, 5, 4, 1)


def test_pair(tmp_path: Path) -> None:
    ed, es = save(tmp_path / "p1_ED.nii.gz", stack(6, 5, 4)), save(tmp_path / "p1_ES.nii.gz", stack(6, 5, 4) + 1)
    volume = nifti.read([ed, es])
    assert volume.phase_names == ("ED", "ES")
    assert not volume.is_cine
    assert volume.source.name == "p1"
    assert (volume.array[1] == volume.array[0] + 1).all()
    mask = LabelMap((volume.array % 4).astype(np.uint8), volume.geometry)
    nifti.write_mask(tmp_path / "m.nii.gz", mask, volume)
    assert nib.load(tmp_path / "m.nii.gz").shape == (6, 5, 4, 2)
    assert np.array_equal(nifti.read_mask(tmp_path / "m.nii.gz", volume).array, mask.array)


def test_pair_of_different_grids(tmp_path: Path) -> None:
    moved = PLAIN_RAS.copy()
    moved[2, 3] += 5
    ed, es = save(tmp_path / "a.nii", stack(6, 5, 4)), save(tmp_path / "b.nii", stack(6, 5, 4), moved)
    with pytest.raises(ScanError, match=r"b\.nii: is not on the grid of a\.nii: its first voxel lies 5\.00 mm away"):
        nifti.read([ed, es])


def test_pair_of_cines(tmp_path: Path) -> None:
    ed, es = save(tmp_path / "a.nii", stack(6, 5, 4, 2)), save(tmp_path / "b.nii", stack(6, 5, 4, 2))
    with pytest.raises(ScanError, match="has 2 frames"):
        nifti.read([ed, es])


# Damage


def _rgb(path: Path) -> None:
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")]), np.eye(4)), path)


def _truncated_gzip(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 30000, (30, 30, 10), dtype=np.int16)
    save(path, noise)
    path.write_bytes(path.read_bytes()[:9000])


def _truncated(path: Path) -> None:
    save(path.with_suffix(""), stack(20, 20, 5))
    path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()[:1000]))


def _huge(path: Path) -> None:
    save(path, stack(6, 5, 4), dim=[3, 32767, 32767, 32767, 1, 1, 1, 1])


def _zero_axis(path: Path) -> None:
    save(path, stack(6, 5, 4), dim=[3, 6, 0, 4, 1, 1, 1, 1])


def _negative_axis(path: Path) -> None:
    save(path, stack(6, 5, 4), dim=[3, 6, -5, 4, 1, 1, 1, 1])


DAMAGED = {
    "text": (lambda p: p.write_text("not an image\n" * 50), "damaged"),
    "gzipped text": (lambda p: p.write_bytes(gzip.compress(b"not an image\n" * 50)), "damaged"),
    "empty": (lambda p: p.write_bytes(b""), "is empty"),
    "header only": (lambda p: p.write_bytes(gzip.compress(b"\x5c\x01\x00\x00")), "damaged"),
    "gzip cut short": (_truncated_gzip, "damaged or cut short"),
    "file cut short": (_truncated, "damaged or cut short"),
    "2-D": (lambda p: save(p, stack(6, 5)), "is 2-D"),
    "5-D": (lambda p: save(p, stack(4, 4, 4, 2, 2)), "is 5-D"),
    "colours": (_rgb, "colours"),
    "complex": (lambda p: save(p, stack(4, 4, 4).astype(np.complex64)), "complex numbers"),
    "no numbers": (lambda p: save(p, np.full((4, 4, 4), np.nan, np.float32)), "none of its voxels"),
    "zero axis": (_zero_axis, "no voxels|damaged"),
    "negative axis": (_negative_axis, "no voxels|damaged"),
    "larger than memory": (_huge, "damaged or cut short"),
    "folder": (lambda p: p.mkdir(), "is a folder"),
    "missing": (lambda p: None, "no such file"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_no_scan_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    make, says = DAMAGED[name]
    path = tmp_path / "scan.nii.gz"
    make(path)
    with pytest.raises(ScanError, match=says) as caught:
        nifti.read([path])
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    "sform",
    [np.zeros((4, 4)), np.diag([1.0, 1, 0, 1]), np.full((4, 4), np.nan)],
    ids=["zeros", "singular", "nan"],
)
def test_unusable_forms_fall_back_to_sizes(tmp_path: Path, sform: np.ndarray) -> None:
    path = save(tmp_path / "a.nii", stack(6, 5, 4))
    block = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(block[:348]))
    for axis, name in enumerate(("srow_x", "srow_y", "srow_z")):
        header[name] = sform[axis]
    header["pixdim"][1:4] = (1.4, 1.4, 8)
    block[:348] = header.binaryblock
    path.write_bytes(bytes(block))
    volume = nifti.read([path])
    assert volume.geometry.spacing_mm == pytest.approx((1.4, 1.4, 8))
    assert volume.geometry.orientation is Known.ASSUMED


@pytest.mark.parametrize("bad", [0.0, float("nan"), float("inf"), -1.5])
def test_odd_pixdim(tmp_path: Path, bad: float) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4), pixdim=[1, bad, 1.5, 8, 0, 0, 0, 0])])
    assert np.isfinite(volume.geometry.affine).all()
    assert min(volume.geometry.spacing_mm) > 0


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_no_header_is_odd_enough_for_a_crash(tmp_path: Path, kind: Any) -> None:
    """Random bytes in the header: a Volume whose mask can be written and read again, or a ScanError. No warning."""
    rng = np.random.default_rng(0)
    whole = save(tmp_path / "whole.nii", stack(6, 5, 4, 2), qform=PLAIN_RAS, kind=kind).read_bytes()
    opened = 0
    for _ in range(200):
        block = bytearray(whole)
        for place in rng.integers(kind.header_class.sizeof_hdr + 4, size=rng.integers(1, 6)):
            block[place] = rng.choice([0, 1, 127, 128, 255, rng.integers(256)])
        path = tmp_path / "odd.nii"
        path.write_bytes(block)
        try:
            volume = nifti.read([path])
        except ScanError:
            continue
        opened += 1
        assert np.isfinite(volume.array).all()
        labels = random_mask(volume)
        nifti.write_mask(tmp_path / "m.nii", labels, volume)
        assert np.array_equal(nifti.read_mask(tmp_path / "m.nii", volume).array, labels.array)
    assert 50 < opened < 200


# Masks


def random_mask(volume: Volume) -> LabelMap:
    rng = np.random.default_rng(0)
    return LabelMap(rng.integers(0, 4, volume.array.shape, dtype=np.uint8), volume.geometry)


HEADERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "reversed slices": {"sform": np.diag([2.0, 3, -10, 1])},
    "no forms": {"sform": None, "pixdim": [1, 1.4, 1.4, 8, 0, 0, 0, 0]},
    "acdc": {"sform": np.diag([-1.0, -1, 1, 1]), "pixdim": [1, 1.5, 1.5, 10, 1, 1, 1, 1], "sform_code": 2},
    "both forms": {"qform": PLAIN_RAS, "qform_code": 3, "sform_code": 4},
    "units and scale": {"xyzt_units": 18, "scl_slope": 2.0, "scl_inter": 1.0},
    "negative qfac": {"sform": None, "qform": np.diag([-2.0, 3, 10, 1])},
    "nifti 2": {"kind": nib.Nifti2Image},
}


@pytest.mark.parametrize("shape", [(6, 5, 4), (6, 5, 4, 3)], ids=["3-D", "4-D"])
@pytest.mark.parametrize("convention", ["mnms", "acdc"])
@pytest.mark.parametrize("name", HEADERS)
def test_mask_has_the_sources_header(tmp_path: Path, name: str, convention: str, shape: tuple[int, ...]) -> None:
    path = save(tmp_path / "a.nii.gz", stack(*shape), **HEADERS[name])
    volume = nifti.read([path])
    labels = random_mask(volume)
    out = tmp_path / "mask.nii.gz"
    nifti.write_mask(out, labels, volume, convention)

    source, mask = nib.load(path).header, nib.load(out).header
    forms = ["sform_code", "srow_x", "srow_y", "srow_z", "qform_code", "quatern_b", "quatern_c", "quatern_d"]
    for field in ("dim", "pixdim", "xyzt_units", *forms, "qoffset_x", "qoffset_y", "qoffset_z"):
        assert np.array_equal(source[field], mask[field]), field
    assert mask.get_data_dtype() == np.uint8
    assert mask.get_slope_inter() in ((None, None), (1.0, 0.0))
    assert mask["descrip"].item() == b"CineQuant"
    assert mask.get_intent()[0] == "label"
    assert np.array_equal(nifti.read_mask(out, volume, convention).array, labels.array)

    # By the file's own indices: ours where the source is ours.
    codes = {"mnms": [0, 1, 2, 3], "acdc": [0, 3, 2, 1]}[convention]
    stored = np.asanyarray(nib.load(out).dataobj)
    flipped = labels.array[:, ::-1] if volume.source.slices_reversed else labels.array
    assert np.array_equal(stored.reshape(6, 5, 4, -1), np.array(codes)[flipped.transpose(3, 2, 1, 0)])


def test_mask_of_a_volume_without_a_header(tmp_path: Path) -> None:
    volume, labels, _ = make_phantom(3, 5, 48)
    out = tmp_path / "m.nii.gz"
    nifti.write_mask(out, labels, volume)
    image = nib.load(out)
    assert image.shape == (41, 48, 5, 3)
    ras = np.diag([-1, -1, 1, 1]) @ volume.geometry.affine
    for form, code in (image.get_sform(coded=True), image.get_qform(coded=True)):
        assert code == 1
        assert form == pytest.approx(ras, abs=1e-4)
    assert image.header["pixdim"][1:5] == pytest.approx([*volume.geometry.spacing_mm, 0.04])
    assert image.header.get_xyzt_units() == ("mm", "sec")
    again = nifti.read([out])
    assert again.geometry.same_as(volume.geometry)
    assert again.frame_times_ms == pytest.approx(volume.frame_times_ms)
    assert np.array_equal(nifti.read_mask(out, volume).array, labels.array)


def test_simpleitk_reads_the_mask_on_the_grid(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    volume, labels, _ = make_phantom(1, 5, 48)
    out = tmp_path / "m.nii.gz"
    nifti.write_mask(out, labels, volume)
    image = sitk.ReadImage(str(out))
    # ITK is LPS, as Geometry.
    assert image.GetSpacing() == pytest.approx(volume.geometry.spacing_mm)
    assert image.GetOrigin() == pytest.approx(volume.geometry.position_mm(0, 0, 0), abs=1e-4)
    assert np.array(image.GetDirection()).reshape(3, 3) == pytest.approx(volume.geometry.directions, abs=1e-6)
    assert np.array_equal(sitk.GetArrayFromImage(image), labels.array[0])


def test_masks_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    volume, labels, _ = make_phantom(2, 3, 32)
    nifti.write_mask(tmp_path / "one.nii.gz", labels, volume)
    nifti.write_mask(tmp_path / "two.nii.gz", labels, volume)
    assert (tmp_path / "one.nii.gz").read_bytes() == (tmp_path / "two.nii.gz").read_bytes()


def test_mask_holds_no_text_of_the_source(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", stack(6, 5, 4), descrip=b"DOE^JANE", db_name=b"DOE^JANE", aux_file=b"DOE^JANE")
    volume = nifti.read([path])
    nifti.write_mask(tmp_path / "m.nii", random_mask(volume), volume)
    assert b"DOE" not in (tmp_path / "m.nii").read_bytes()


def test_writing_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    volume, labels, _ = make_phantom(1, 3, 32)
    out = tmp_path / "m.nii.gz"
    out.write_bytes(b"old")
    nifti.write_mask(out, labels, volume)
    assert nib.load(out).shape[2] == 3
    assert [p.name for p in tmp_path.iterdir()] == ["m.nii.gz"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("m.png", "ends in .nii.gz"),
        ("m", "ends in .nii.gz"),
        ("no/m.nii.gz", "does not exist"),
        ("d.nii", "is a folder"),
    ],
)
def test_bad_destinations(tmp_path: Path, name: str, says: str) -> None:
    volume, labels, _ = make_phantom(1, 3, 32)
    (tmp_path / "d.nii").mkdir()
    with pytest.raises(ExportError, match=says):
        nifti.write_mask(tmp_path / name, labels, volume)
    assert [p.name for p in tmp_path.iterdir()] == ["d.nii"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volume, labels, _ = make_phantom(1, 3, 32)
    out = tmp_path / "m.nii.gz"
    out.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.files.os.fsync", full)
    with pytest.raises(ExportError, match="No space left on device"):
        nifti.write_mask(out, labels, volume)
    assert out.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["m.nii.gz"]


def test_labels_of_another_scan_are_a_bug(tmp_path: Path) -> None:
    volume, labels, _ = make_phantom(2, 3, 32)
    with pytest.raises(ValueError, match="not of the volume"):
        nifti.write_mask(tmp_path / "m.nii", LabelMap(labels.array[:1], labels.geometry), volume)


def moved(by_mm: float) -> np.ndarray:
    ras = PLAIN_RAS.copy()
    ras[0, 3] += by_mm
    return ras


@pytest.mark.parametrize(
    ("shape", "sform", "says"),
    [
        ((6, 5, 3), PLAIN_RAS, "it has 6 × 5 × 3 voxels, not 6 × 5 × 4"),
        ((6, 5, 4), np.diag([2.0, 3, 8, 1]), "its voxels are 2 × 3 × 8 mm, not 2 × 3 × 10 mm"),
        ((6, 5, 4), moved(3), "its first voxel lies 3.00 mm away"),
        (
            (6, 5, 4),
            np.array([[1.6, -1.8, 0, 5], [1.2, 2.4, 0, 6], [0, 0, 10, 7], [0, 0, 0, 1]]),
            "axes point elsewhere",
        ),
        ((6, 5, 4, 3), PLAIN_RAS, "has 3 frames, a has 1"),
    ],
)
def test_mask_of_another_grid_is_refused(tmp_path: Path, shape: tuple[int, ...], sform: np.ndarray, says: str) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4))])
    mask = save(tmp_path / "m.nii", np.zeros(shape, np.uint8), sform)
    with pytest.raises(ScanError) as caught:
        nifti.read_mask(mask, volume)
    assert says in str(caught.value)
    assert str(mask) in str(caught.value)


def test_one_frame_for_a_cine_is_refused(tmp_path: Path) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4, 3))])
    mask = save(tmp_path / "m.nii", np.zeros((6, 5, 4), np.uint8))
    with pytest.raises(ScanError, match="has 1 frame, a has 3; give the mask of every frame"):
        nifti.read_mask(mask, volume)


def test_mask_with_strange_values_is_refused(tmp_path: Path) -> None:
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4))])
    mask = save(tmp_path / "m.nii", np.full((6, 5, 4), 200, np.uint8))
    with pytest.raises(ScanError, match=r"label values 200 are not of the mnms convention"):
        nifti.read_mask(mask, volume)


def test_mask_in_another_axis_order_lands_on_the_grid(tmp_path: Path) -> None:
    """As other programs reorient: the mask's j axis is reversed and k and i are swapped."""
    volume = nifti.read([save(tmp_path / "a.nii", stack(6, 5, 4))])
    labels = random_mask(volume)
    stored = labels.array[0].transpose(2, 1, 0)[:, ::-1].transpose(2, 1, 0)
    ras = np.zeros((4, 4))
    ras[:, 0], ras[:, 2] = PLAIN_RAS[:, 2], PLAIN_RAS[:, 0]
    ras[:, 1] = -PLAIN_RAS[:, 1]
    ras[:, 3] = PLAIN_RAS @ [0, 4, 0, 1]
    mask = save(tmp_path / "m.nii", stored, ras)
    assert np.array_equal(nifti.read_mask(mask, volume).array, labels.array)


def test_mask_without_spacing_takes_the_scans(tmp_path: Path) -> None:
    """What saving a mask with an ACDC image's affine gives: 1 mm in both places."""
    header = {"sform": np.diag([-1.0, -1, 1, 1])}
    scan = save(tmp_path / "a.nii", stack(64, 64, 9), pixdim=[1, 1.5, 1.5, 10, 1, 1, 1, 1], **header)
    mask = save(tmp_path / "m.nii", np.ones((64, 64, 9), np.uint8), **header)
    volume = nifti.read([scan])
    assert nifti.read_mask(mask, volume).geometry.spacing_mm == (1.5, 1.5, 10)


def test_mask_follows_the_spacing_that_the_user_gave(tmp_path: Path) -> None:
    scan = save(tmp_path / "a.nii", stack(64, 64, 9), np.eye(4), pixdim=[1] * 8)
    volume = nifti.read([scan]).with_spacing(1.4, 1.4, 8)
    out = tmp_path / "m.nii"
    nifti.write_mask(out, random_mask(volume), volume)
    assert nib.load(out).header["pixdim"][1:4].tolist() == [1, 1, 1]  # as the source's
    assert nifti.read_mask(out, volume).geometry.spacing_mm == pytest.approx((1.4, 1.4, 8))


def test_mirrored_dicom_geometry_survives(tmp_path: Path) -> None:
    """A stack that is seen from the base is turned on reading as a scan, and not on reading as its mask."""
    phantom, labels, _ = make_phantom(1, 4, 32)
    affine = phantom.geometry.affine.copy()
    affine[:3, [1, 2]] *= -1
    geometry = Geometry(affine, phantom.geometry.shape)
    volume = Volume(phantom.array, geometry, Source("dicom", (), "x"))
    out = tmp_path / "m.nii"
    nifti.write_mask(out, LabelMap(labels.array, geometry), volume)
    assert np.array_equal(nifti.read_mask(out, volume).array, labels.array)


# Real files


def test_every_odd_file_opens_or_is_explained(shared_data: Path) -> None:
    opened = []
    for path in sorted((shared_data / "edge" / "nibabel").iterdir()):
        try:
            volume = nifti.read([path])
        except ScanError as error:
            assert str(error).startswith(f"{path}: ")
        else:
            assert np.isfinite(volume.array).all()
            opened.append(path.name)
    assert len(opened) == 7


def test_acdc(shared_data: Path) -> None:
    folder = shared_data / "acdc" / "training" / "patient065"
    volume = nifti.read([folder / "patient065_frame01.nii.gz"])
    assert volume.geometry.spacing_mm == pytest.approx((1.875, 1.875, 10))
    assert volume.geometry.spacing is Known.CONTRADICTED
    truth = nifti.read_mask(folder / "patient065_frame01_gt.nii.gz", volume, "acdc")
    assert set(np.unique(truth.array)) == {0, 1, 2, 3}
    assert (truth.array == 1).sum() * volume.geometry.voxel_ml == pytest.approx(146, abs=1)  # LV, mL


def test_mnms(shared_data: Path) -> None:
    folder = shared_data / "mnms" / "philips" / "A5E0T8"
    volume = nifti.read([folder / "A5E0T8_sa_ED.nii.gz"])
    assert volume.geometry.spacing is Known.ASSUMED
    assert set(np.unique(nifti.read_mask(folder / "A5E0T8_sa_ED_gt.nii.gz", volume).array)) == {0, 1, 2, 3}


# -- while it is read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_the_first_frame_of_a_large_compressed_cine_is_told_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: Any
) -> None:
    phantom, _, _ = make_phantom(3, 5, 48)
    path = tmp_path / "cine.nii.gz"
    nifti.write_volume(path, replace(phantom, array=phantom.array.astype(dtype)))
    told: list[tuple[Volume, int, int, np.ndarray]] = []

    def tell(*of_plane: Any) -> None:
        told.append(of_plane)

    nifti.read([path], on_plane=tell)
    assert told == []  # a small one is there at once
    monkeypatch.setattr(nifti, "FIRST_FRAME_FROM_BYTES", 1000)
    whole = nifti.read([path], on_plane=tell)
    assert [(t, z) for _, t, z, _ in told] == [(0, 2), (0, 1), (0, 3), (0, 0), (0, 4)]
    assert all(early is told[0][0] for early, *_ in told)
    assert all(np.array_equal(plane, whole.array[t, z]) for _, t, z, plane in told)
    early = told[0][0]
    assert (early.array.shape, early.array.dtype) == (whole.array.shape, whole.array.dtype)
    assert not early.array.any()
    assert (early.source, early.frame_times_ms) == (whole.source, whole.frame_times_ms)


def test_what_holds_no_number_is_not_told_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nifti, "FIRST_FRAME_FROM_BYTES", 10)
    array = np.zeros((8, 9, 3, 2), np.float32)
    array[2, 2, 1, 0] = np.nan
    path = tmp_path / "cine.nii.gz"
    nib.save(nib.Nifti1Image(array, np.diag([1.5, 1.5, 8, 1])), path)
    told: list[Any] = []
    assert "1 of" in nifti.read([path], on_plane=lambda *of_plane: told.append(of_plane)).notices[-1]
    assert told == []
