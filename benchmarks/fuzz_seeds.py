"""The whole inputs that benchmarks.fuzz damages: small scans, masks, models and settings, made for the occasion."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK
from pydicom.fileset import FileSet
from PySide6.QtCore import QSettings

from app.state.types import AppState
from app.window.settings import Settings
from engine.formats import nifti, seg
from engine.formats.case_file import CaseFile, ScanReference, Segmentation, Step, write_case
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


def zip_dicom(folder: Path) -> None:
    """A zip archive of a DICOM cine, half of its files deflated."""
    write_cine(folder / "study", FRAMES, SLICES)
    _packed(folder / "study", folder / "study.zip")


def zip_nifti(folder: Path) -> None:
    """A zip archive of a NIfTI cine and notes."""
    nifti_plain(folder / "study")
    (folder / "study" / "notes.txt").write_text("notes\n", encoding="utf-8")
    _packed(folder / "study", folder / "study.zip")


def _packed(study: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as made:
        for number, path in enumerate(sorted(study.iterdir())):
            made.write(path, f"study/{path.name}", zipfile.ZIP_DEFLATED if number % 2 == 0 else zipfile.ZIP_STORED)
    shutil.rmtree(study)


def dicomdir(folder: Path) -> None:
    """A DICOM cine as it lies on a disc, with its index."""
    write_cine(folder / "study", FRAMES, SLICES)
    disc = FileSet()
    for path in sorted((folder / "study").iterdir()):
        disc.add(path)
    disc.write(folder / "disc")
    shutil.rmtree(folder / "study")


def _simple_itk(path: Path, *, packed: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    volume = _phantom()[0]
    image = SimpleITK.GetImageFromArray(volume.array[0])
    image.SetSpacing(volume.geometry.spacing_mm)
    image.SetDirection([float(n) for n in volume.geometry.directions.ravel()])
    SimpleITK.WriteImage(image, str(path), packed)


def nrrd(folder: Path) -> None:
    _simple_itk(folder / "stack.nrrd", packed=True)


def nrrd_two_files(folder: Path) -> None:
    _simple_itk(folder / "stack.nhdr", packed=False)


def metaimage(folder: Path) -> None:
    _simple_itk(folder / "stack.mha", packed=True)


def metaimage_two_files(folder: Path) -> None:
    _simple_itk(folder / "stack.mhd", packed=False)


def case(folder: Path) -> None:
    """A reader's saved case: masks, a correction and its history."""
    folder.mkdir(parents=True)
    volume, truth = _phantom()
    found = truth.array
    plane = found[0, 1].copy()
    plane[10:14, 10:14] = 3
    step = Step(0, 1, 10, 10, found[0, 1, 10:14, 10:14].copy(), plane[10:14, 10:14].copy())
    scan = ScanReference("nifti", (Path("cine.nii.gz"),), "cine", "0" * 32, volume.array.shape)
    made = Segmentation({"model": "quantlite", "precision": "int8"}, found, {(0, 1): plane}, (step,))
    write_case(folder / "reader.cinequant", CaseFile(scan, volume.geometry, (made,)))


def settings(folder: Path) -> None:
    folder.mkdir(parents=True)
    Settings(folder / "settings.ini").save(AppState())
    QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat).sync()


SEEDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "NIfTI cine": ("scan", nifti_cine),
    "NIfTI cine, not compressed": ("file", nifti_plain),
    "NIfTI header and image": ("file", nifti_two_files),
    "NIfTI ED and ES": ("scan", pair),
    "NIfTI mask": ("scan", mask),
    "DICOM cine": ("scan", dicom),
    "DICOM enhanced": ("scan", dicom_enhanced),
    "DICOM SEG": ("scan", dicom_seg),
    "zip of DICOM": ("scan", zip_dicom),
    "zip of NIfTI": ("scan", zip_nifti),
    "DICOMDIR": ("disc", dicomdir),
    "NRRD": ("scan", nrrd),
    "NRRD header and image": ("file", nrrd_two_files),
    "MetaImage": ("scan", metaimage),
    "MetaImage header and image": ("file", metaimage_two_files),
    "case": ("case", case),
    "model": ("model", model),
    "settings": ("settings", settings),
}
"""Name of an input: how it is opened, and what writes it into a folder."""
