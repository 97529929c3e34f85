"""NRRD and MetaImage as SimpleITK writes them."""

from __future__ import annotations

import bz2
import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from engine.errors import ScanError
from engine.formats import door, nifti
from engine.phantom import make_phantom
from engine.volume import Known, LabelMap

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


def nrrd(path: Path, voxels: bytes, *lines: str, kind: str = "short", sizes: str = "") -> Path:
    axes = " ".join(f"({','.join(map(str, column))})" for column in CINE.geometry.affine[:3, :3].T)
    z, y, x = CINE.array.shape[1:]
    sizes = sizes or f"{x} {y} {z}"
    said = [f"type: {kind}", f"dimension: {len(sizes.split())}", "space: LPS", f"sizes: {sizes}", "endian: little"]
    if len(sizes.split()) == 3:
        said.append(f"space directions: {axes}")
    path.write_bytes("\n".join(["NRRD0004", *said, *lines, "", ""]).encode() + voxels)
    return path


FRAME = CINE.array[0].astype("<i2")


@pytest.mark.parametrize("coding", ["ascii", "bz2", "byte skip", "end of file", "line skip"])
def test_other_ways_to_store_nrrd(tmp_path: Path, coding: str) -> None:
    raw = FRAME.tobytes()
    voxels, lines = {
        "ascii": (" ".join(map(str, FRAME.ravel())).encode(), ["encoding: ascii"]),
        "bz2": (bz2.compress(raw), ["encoding: bz2"]),
        "byte skip": (bytes(7) + raw, ["encoding: raw", "byte skip: 7"]),
        "end of file": (b"some other header" + raw, ["encoding: raw", "byte skip: -1"]),
        "line skip": (b"one\ntwo\n" + raw, ["encoding: raw", "line skip: 2"]),
    }[coding]
    volume = door.open_scan(nrrd(tmp_path / "a.nrrd", voxels, *lines))
    assert np.array_equal(volume.array[0], FRAME)


def test_text_in_metaimage(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mha", CINE.array[0])
    head = path.read_bytes().split(b"ElementDataFile")[0].replace(b"BinaryData = True", b"BinaryData = False")
    path.write_bytes(head + b"ElementDataFile = LOCAL\n" + " ".join(map(str, CINE.array[0].ravel())).encode())
    assert np.array_equal(door.open_scan(path).array[0], CINE.array[0])


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["encoding: raw", "data file: LIST"], "several files"),
        (["encoding: raw", "data file: a%03d.raw 1 5 1"], "several files"),
        (["encoding: raw", "data file: ../other/a.raw"], r"another folder \(\.\./other/a\.raw\)"),
        (["encoding: hex"], r"its encoding \(hex\) cannot be read"),
        (["encoding: gzip", "byte skip: 4"], "begin after a skip"),
        (["encoding: raw", "kinds: RGB-color domain domain"], "holds colours"),
    ],
)
def test_what_is_not_read_is_refused_by_its_reason(tmp_path: Path, lines: list[str], why: str) -> None:
    with pytest.raises(ScanError, match=why):
        door.open_scan(nrrd(tmp_path / "a.nrrd", FRAME.tobytes(), *lines))


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("LOCAL", "LIST", "several files"),
        ("LOCAL", "a%03d.raw 1 5 1", "several files"),
        ("LOCAL", "other/a.raw", "another folder"),
        ("MET_SHORT", "MET_STRING", r"its element type \(MET_STRING\)"),
    ],
)
def test_what_is_not_read_of_metaimage(tmp_path: Path, before: str, after: str, why: str) -> None:
    path = save(tmp_path / "a.mha", FRAME)
    path.write_bytes(path.read_bytes().replace(before.encode(), after.encode(), 1))
    with pytest.raises(ScanError, match=why):
        door.open_scan(path)


def test_a_voxel_size_of_0_is_unknown(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mha", FRAME)
    path.write_bytes(re.sub(rb"ElementSpacing = \S+", b"ElementSpacing = 0", path.read_bytes()))
    volume = door.open_scan(path)
    assert volume.geometry.spacing is Known.ASSUMED
    assert any(notice.startswith("Spacing unknown: the header lacks a voxel size") for notice in volume.notices)


def test_a_mask_in_another_format_beside_a_scan_is_passed_over(tmp_path: Path) -> None:
    save(tmp_path / "cine.nii.gz", CINE.array[0])
    save(tmp_path / "drawn.nrrd", LABELS.array[0])
    volume = door.open_scan(tmp_path)
    assert np.array_equal(volume.array[0], CINE.array[0])
    assert not any("drawn" in notice for notice in volume.notices)


def test_each_format_has_its_own_entry() -> None:
    assert [kind.name for kind in door.FORMATS] == ["NIfTI", "NRRD", "MetaImage", "DICOM"]


def test_what_a_header_holds_reaches_no_terminal(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mha", FRAME)
    path.write_bytes(path.read_bytes().replace(b"MET_SHORT", b"MET\x1b[2J\x07\x00", 1))
    with pytest.raises(ScanError) as caught:
        door.open_scan(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        (['units: "ms" "mm" "mm" "mm"', "axis 0 index type:=numeric", "axis 0 index values:=10 50 90"], (0, 40, 80)),
        (['units: "s" "mm" "mm" "mm"', "axis 0 index values:=0 0.04 0.08"], (0, 40, 80)),
        (["MultiVolume.FrameIdentifyingDICOMTagUnits:=ms", "MultiVolume.FrameLabels:=0,40,80"], (0, 40, 80)),
        (["axis 0 index values:=0 1 2"], None),
    ],
)
def test_times_of_a_sequence_of_slicer(tmp_path: Path, lines: list[str], times: tuple[float, ...] | None) -> None:
    x, y, z = (CINE.array.shape[k] for k in (3, 2, 1))
    voxels = CINE.array[:3].astype("<i2").transpose(3, 2, 1, 0)
    given = ["kinds: list domain domain domain", "space directions: none (1.5,0,0) (0,1.5,0) (0,0,8)"]
    path = nrrd(
        tmp_path / "cine.seq.nrrd",
        voxels.transpose(3, 0, 1, 2).tobytes(order="F"),
        *(*given, "encoding: raw", *lines),
        sizes=f"3 {x} {y} {z}",
    )
    volume = door.open_scan(path)
    assert volume.frames == 3
    assert volume.frame_times_ms == times


@pytest.mark.parametrize(
    ("lines", "size", "spacing"),
    [
        (["spacings: 1.4 1.4 nan"], (1, 1, 1), Known.ASSUMED),
        (["spacings: 1.4 1.4 8"], (1.4, 1.4, 8), Known.KNOWN),
        (["spacings: 0.14 0.14 0.8", 'units: "cm" "cm" "cm"'], (1.4, 1.4, 8), Known.KNOWN),
    ],
)
def test_spacings_of_nrrd(tmp_path: Path, lines: list[str], size: tuple[float, ...], spacing: Known) -> None:
    z, y, x = CINE.array.shape[1:]
    path = tmp_path / "a.nrrd"
    said = ["type: short", "dimension: 3", f"sizes: {x} {y} {z}", "endian: little", "encoding: raw", *lines]
    path.write_bytes("\n".join(["NRRD0004", *said, "", ""]).encode() + FRAME.tobytes())
    geometry = door.open_scan(path).geometry
    assert geometry.spacing is spacing
    assert geometry.spacing_mm == pytest.approx(size)
