"""Zip archives are opened as the folder that was packed, without unpacking, and what is wrong with them is said."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_cine import write_cine

from engine import archives, files
from engine.errors import ExportError, ScanError
from engine.formats import door
from engine.formats.tags import tags_of


def packed(folder: Path, path: Path, *, method: int = zipfile.ZIP_DEFLATED, prefix: str = "study/") -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path


def zipped(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def changed(path: Path, at: int, by: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[at : at + len(by)] = by
    path.write_bytes(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_dicom_in_an_archive_is_the_folder(tmp_path: Path, method: int) -> None:
    write_cine(tmp_path / "study", frames=3, slices=4)
    (tmp_path / "study" / "report.txt").write_text("hello")
    archive = packed(tmp_path / "study", tmp_path / "a.zip", method=method)
    before = set(tmp_path.rglob("*"))
    plain, inside = door.open_scan(tmp_path / "study"), door.open_scan(archive)
    assert np.array_equal(plain.array, inside.array)
    assert plain.geometry.same_as(inside.geometry)
    assert plain.notices == inside.notices
    assert plain.frame_times_ms == inside.frame_times_ms
    assert tags_of(plain, 1, 2)[5:] == tags_of(inside, 1, 2)[5:]
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["cine.nii", "cine.nii.gz"])
def test_nifti_in_an_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    voxels = np.random.default_rng(1).integers(0, 900, (20, 18, 5, 3), np.int16)
    nib.save(nib.Nifti1Image(voxels, np.diag([1.5, 1.5, 8.0, 1.0])), tmp_path / "in" / name)
    archive = packed(tmp_path / "in", tmp_path / "a.zip")
    plain, inside = door.open_scan(tmp_path / "in" / name), door.open_scan(archive)
    assert np.array_equal(plain.array, inside.array)
    assert inside.source.name == plain.source.name
    with pytest.raises(ExportError, match="belongs to the scan"):
        inside.source.refuse(archive)


def test_a_damaged_member_is_left_out_and_said(tmp_path: Path) -> None:
    write_cine(tmp_path / "study", frames=2, slices=3)
    archive = packed(tmp_path / "study", tmp_path / "a.zip", method=zipfile.ZIP_STORED)
    with zipfile.ZipFile(archive) as opened:
        info = opened.infolist()[2]
    changed(archive, info.header_offset + info.file_size, b"\x55\xaa")
    said = " ".join(door.open_scan(archive).notices)
    assert "checksum is wrong" in said


def test_an_archive_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    write_cine(tmp_path / "study", frames=2, slices=3)
    archive = packed(tmp_path / "study", tmp_path / "a.zip")
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(ScanError, match=r"a\.zip: is a damaged or incomplete zip archive"):
        door.open_scan(archive)


def test_an_archive_made_to_fill_a_disk_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", [("a.nii", bytes(1000))])
    content = archive.read_bytes()
    directory = content.index(b"PK\x01\x02")
    changed(archive, directory + 24, struct.pack("<I", 2_000_000_000))
    with pytest.raises(ScanError, match="times its size"):
        door.open_scan(archive)


def test_members_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", [("a.nii", bytes(range(200))), ("b.nii", bytes(range(200)))])
    content = archive.read_bytes()
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    changed(archive, second + 42, struct.pack("<I", 0))
    with pytest.raises(ScanError, match="lie over each other"):
        door.open_scan(archive)


def test_names_cannot_lead_out_of_an_archive(tmp_path: Path) -> None:
    names = ["../../out.nii", "/etc/abs.nii", "C:\\windows\\w.nii", "__MACOSX/._a.nii", ".hidden/x.nii", "a.nii"]
    archive = zipped(tmp_path / "a.zip", [(name, b"1") for name in names])
    found = [path.relative_to(archive).as_posix() for path in archives.members_of(archive)]
    assert found == ["a.nii", "etc/abs.nii", "out.nii", "windows/w.nii"]


def test_two_files_of_one_name_are_both_there(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped(tmp_path / "a.zip", [("a.nii", b"1"), ("a.nii", b"22")])
    assert [files.file_size(path) for path in archives.members_of(archive)] == [2, 1]


def test_an_encrypted_member_is_called_so(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", [("a.nii", bytes(400))])
    content = archive.read_bytes()
    changed(archive, content.index(b"PK\x01\x02") + 8, b"\x01")
    with pytest.raises(ScanError, match="is encrypted; unpack"):
        door.open_scan(archive)


def test_an_archive_in_an_archive_is_named(tmp_path: Path) -> None:
    write_cine(tmp_path / "study", frames=2, slices=3)
    packed(tmp_path / "study", tmp_path / "study" / "inner.zip")
    archive = packed(tmp_path / "study", tmp_path / "a.zip")
    assert any("inner.zip is a zip archive" in notice for notice in door.open_scan(archive).notices)


def test_an_archive_beside_a_scan_is_named_and_not_opened(tmp_path: Path) -> None:
    write_cine(tmp_path / "study", frames=2, slices=3)
    packed(tmp_path / "study", tmp_path / "study" / "copy.zip")
    volume = door.open_scan(tmp_path / "study")
    assert volume.array.shape[:2] == (2, 3)
    assert any("copy.zip is a zip archive beside other scans" in notice for notice in volume.notices)


def test_a_folder_of_archives_is_what_is_in_them(tmp_path: Path) -> None:
    write_cine(tmp_path / "study", frames=2, slices=3)
    (tmp_path / "download").mkdir()
    packed(tmp_path / "study", tmp_path / "download" / "a.zip")
    assert door.open_scan(tmp_path / "download").array.shape[:2] == (2, 3)


def test_a_member_is_read_like_a_file(tmp_path: Path) -> None:
    content = np.random.default_rng(1).integers(0, 9, 300_000, np.uint8).tobytes()
    archive = zipped(tmp_path / "a.zip", [("x/y.bin", content)])
    with files.open_regular(archive / "x" / "y.bin") as stream:
        assert stream.seek(0, io.SEEK_END) == len(content)
        assert stream.read() == b""
        stream.seek(200_000)
        assert stream.read(50) == content[200_000:200_050]
        stream.seek(7)
        assert stream.read() == content[7:]
    assert files.is_file(archive / "x" / "y.bin")
    assert not files.is_file(archive / "x" / "z.bin")
    with pytest.raises(FileNotFoundError):
        files.open_regular(archive / "x" / "z.bin")


def test_a_member_of_two_names_is_damaged(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", [("first.nii", bytes(400))])
    changed(archive, archive.read_bytes().index(b"first.nii"), b"other.nii")
    with pytest.raises(ScanError, match="two names"):
        door.open_scan(archive)
