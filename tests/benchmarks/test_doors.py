"""The command and the window open the same stack of the same folder, with the same notices or the same refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_cine import ROOT, write_cine

from benchmarks.doors import Opened, by_command, by_window, differences, inputs

LONG_AXIS = [0.0, 0.6, -0.8, 1.0, 0.0, 0.0]
RNG = np.random.default_rng(7)


def save(path: Path, frames: int = 1, slices: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (40, 36, slices) if frames == 1 else (40, 36, slices, frames)
    image = nib.Nifti1Image(RNG.integers(0, 500, shape, dtype=np.int16), np.diag([-1.4, -1.4, 8.0, 1.0]))
    nib.save(image, path)
    return path


def dicom_folder(folder: Path) -> Path:
    write_cine(folder / "sa", 4, 5)

    def long_axis(ds: object, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.ImageOrientationPatient = f"{ROOT}.55", 3, LONG_AXIS  # type: ignore[attr-defined]
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.56.{t}.{z}"  # type: ignore[attr-defined]

    write_cine(folder / "la", 4, 1, change=long_axis)
    return folder


def cut_dicom(folder: Path) -> Path:
    write_cine(folder, 3, 4)
    lost = sorted(folder.iterdir())[2]
    lost.write_bytes(lost.read_bytes()[:-700])
    return folder


def pair(folder: Path) -> Path:
    for name in ("p_sa_ED", "p_sa_ES", "p_sa_ED_gt"):
        save(folder / f"{name}.nii.gz")
    return folder


def many(folder: Path) -> Path:
    for patient in ("a", "b"):
        pair(folder / patient)
    save(folder / "c" / "c_4d.nii.gz", 5)
    return folder


def mixed(folder: Path) -> Path:
    dicom_folder(folder)
    save(folder / "2_localizer.nii.gz", slices=3)
    (folder / "notes.txt").write_text("a note")
    return folder


def damaged(folder: Path) -> Path:
    save(folder / "small.nii")
    cut = save(folder / "cine.nii", 4)
    cut.write_bytes(cut.read_bytes()[:-500])
    return folder


def masks(folder: Path) -> Path:
    save(folder / "p_gt.nii.gz")
    return folder


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def text(folder: Path) -> Path:
    folder.mkdir()
    (folder / "notes.txt").write_text("a note")
    return folder / "notes.txt"


MADE: dict[str, tuple[Callable[[Path], Path], bool]] = {
    "DICOM": (dicom_folder, True),
    "cut DICOM": (cut_dicom, True),
    "pair": (pair, True),
    "4-D": (lambda folder: save(folder / "cine.nii.gz", 5), True),
    "patients": (many, True),
    "mixed": (mixed, True),
    "damaged": (damaged, True),
    "masks alone": (masks, False),
    "empty": (empty, False),
    "text": (text, False),
    "gone": (lambda folder: folder / "gone", False),
}


@pytest.mark.parametrize("kind", MADE)
def test_command_and_window_open_the_same(tmp_path: Path, kind: str) -> None:
    make, opens = MADE[kind]
    path = make(tmp_path / "given")
    assert differences([path]) == []
    assert (by_command([path]).error == "") == opens


def test_several_files_too(tmp_path: Path) -> None:
    one, two, other = save(tmp_path / "a.nii"), save(tmp_path / "b.nii"), text(tmp_path / "t")
    for paths in ([one, two], [two, one], [one, other], [one, two, other]):
        assert differences(paths) == []


def test_a_difference_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.nii")
    monkeypatch.setattr("benchmarks.doors.by_window", lambda paths: Opened(error="no"))
    assert any(line.startswith("error: command ''") for line in differences([path]))
    assert by_window([path]) == by_command([path])


def test_folders_and_some_of_their_files_are_tried(tmp_path: Path) -> None:
    many(tmp_path)
    names = [str(path.relative_to(tmp_path)) for path in inputs(tmp_path)]
    assert names[:3] == ["a", "a/p_sa_ED.nii.gz", "a/p_sa_ED_gt.nii.gz"]
    assert len(names) == 3 + 3 * 2 + 1
