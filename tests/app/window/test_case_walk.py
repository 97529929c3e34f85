"""A whole case by mouse and keys, with the model that ships: through a killed process to a mask made again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from dicom_cine import dataset

from benchmarks.case import MOST_HANDS, walk
from engine.phantom import make_phantom

FRAMES, SLICES = 4, 5


def phantom_in(folder: Path) -> Path:
    """A short cine of the built-in phantom, as DICOM."""
    volume, _, _ = make_phantom(FRAMES, SLICES)
    dx, dy, dz = volume.geometry.spacing_mm
    folder.mkdir()
    for z in range(volume.slices):
        for t in range(FRAMES):
            ds = dataset(t, z, FRAMES, volume.slices, volume.array[t, z], gap_mm=dz)
            ds.PixelSpacing, ds.SliceThickness = [round(dy, 4), round(dx, 4)], dz
            ds.WindowCenter, ds.WindowWidth = 300, 600
            ds.save_as(folder / f"{t}_{z}.dcm", enforce_file_format=True)
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="the home folder of a process is not in its environment there")
def test_a_whole_case_survives_the_end_of_its_process(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    found = walk(phantom_in(tmp_path / "scan"), tmp_path / "case")
    assert found.hands <= MOST_HANDS
    assert (tmp_path / "case" / "seg").is_dir()
