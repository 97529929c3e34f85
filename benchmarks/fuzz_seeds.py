"""The whole inputs that benchmarks.fuzz damages: small scans, masks, models and settings, made for the occasion."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
from PySide6.QtCore import QSettings

from app.state.types import AppState
from app.window.settings import Settings
from engine.formats import nifti, seg
from engine.formats.door import open_scan
from engine.network.catalog import packaged_models
from engine.phantom import make_phantom
from engine.volume import LabelMap, Volume
from tests.support.dicom_cine import labels, write_cine, write_enhanced

FRAMES, SLICES = 3, 4


@cache
def _phantom() -> tuple[Volume, LabelMap]:
    volume, truth, _ = make_phantom(FRAMES, SLICES, 64)
    return volume, truth


def nifti_cine(folder: Path) -> None:
    folder.mkdir(parents=True)
    nifti.write_volume(folder / "cine.nii.gz", _phantom()[0])


def nifti_plain(folder: Path) -> None:
    folder.mkdir(parents=True)
    nifti.write_volume(folder / "cine.nii.gz", _phantom()[0])
    nib.save(nib.load(folder / "cine.nii.gz"), folder / "cine.nii")
    (folder / "cine.nii.gz").unlink()


def nifti_two_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    volume = _phantom()[0]
    nib.save(nib.Nifti1Pair(np.asarray(volume.array[0].T), np.diag([1.5, 1.5, 8, 1])), folder / "stack.hdr")


def pair(folder: Path) -> None:
    home = folder / "phases"
    home.mkdir(parents=True)
    volume = _phantom()[0]
    for frame, phase in ((0, "ED"), (1, "ES")):
        affine = np.diag([1.5, 1.5, 8, 1])
        nib.save(nib.Nifti1Image(np.asarray(volume.array[frame].T), affine), home / f"heart_sa_{phase}.nii.gz")


def mask(folder: Path) -> None:
    """A NIfTI cine and its mask."""
    for name in ("scan", "mask"):
        (folder / name).mkdir(parents=True)
    volume, truth = _phantom()
    nifti.write_volume(folder / "scan" / "cine.nii.gz", volume)
    nifti.write_mask(folder / "mask" / "cine_seg.nii.gz", truth, volume)


def dicom(folder: Path) -> None:
    write_cine(folder, FRAMES, SLICES)


def dicom_enhanced(folder: Path) -> None:
    folder.mkdir(parents=True)
    write_enhanced(folder / "enhanced.dcm", FRAMES, SLICES)


def dicom_seg(folder: Path) -> None:
    """A DICOM cine and its segmentation, one file a phase."""
    write_cine(folder / "scan", FRAMES, SLICES)
    volume = open_scan([folder / "scan"])
    found = LabelMap(labels(FRAMES, SLICES), volume.geometry)
    seg.write_seg(folder / "mask", found, volume, algorithm="fuzz", version="1")


def model(folder: Path) -> None:
    shutil.copytree(packaged_models() / "quantlite", folder / "copied")
    card = folder / "copied" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text(encoding="utf-8")), "id": "copied"}), encoding="utf-8")


def settings(folder: Path) -> None:
    folder.mkdir(parents=True)
    Settings(folder / "settings.ini").save(AppState())
    QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat).sync()


SEEDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "NIfTI cine": ("scan", nifti_cine),
    "NIfTI cine, not compressed": ("nifti file", nifti_plain),
    "NIfTI header and image": ("nifti file", nifti_two_files),
    "NIfTI ED and ES": ("scan", pair),
    "NIfTI mask": ("scan", mask),
    "DICOM cine": ("scan", dicom),
    "DICOM enhanced": ("scan", dicom_enhanced),
    "DICOM SEG": ("scan", dicom_seg),
    "model": ("model", model),
    "settings": ("settings", settings),
}
"""Name of an input: how it is opened, and what writes it into a folder."""
