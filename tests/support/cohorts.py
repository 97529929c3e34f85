"""Small cohorts on disk, and what a batch has made of them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import dicom_cine
import nibabel as nib
import numpy as np

from engine.phantom import make_phantom

AFFINE = np.diag([-1.5, -1.5, 9.0, 1.0])


def write_volume(path: Path, seed: int = 7, frames: int = 2) -> Path:
    """A small cine of the phantom; another seed has other voxels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    volume, _, _ = make_phantom(frames, 3, 64, seed=seed)
    array = volume.array.transpose(3, 2, 1, 0)
    nib.save(nib.Nifti1Image(np.ascontiguousarray(array if frames > 1 else array[..., 0]), AFFINE), path)
    return path


def write_cohort(folder: Path, volumes: int = 3) -> Path:
    """Volumes, a DICOM study in two folders, an archive, a damaged file, a mask and a text."""
    for number in range(volumes):
        write_volume(folder / f"nifti/{number:02d}/cine.nii.gz", seed=number)
    dicom_cine.write_cine(folder / "dicom/first", change=lambda ds, t, z: z < 2)
    dicom_cine.write_cine(folder / "dicom/second", change=lambda ds, t, z: z == 2)
    dicom_cine.write_cine(folder / "packed")
    with zipfile.ZipFile(folder / "1000017_20209_2_0.zip", "w") as archive:
        for path in sorted((folder / "packed").iterdir()):
            archive.write(path, path.name)
            path.unlink()
    (folder / "packed").rmdir()
    (folder / "nifti/damaged.nii.gz").write_bytes(b"no scan at all")
    mask = np.zeros((64, 54, 3), np.uint8)
    mask[20:30, 20:30] = 1
    nib.save(nib.Nifti1Image(mask, AFFINE), folder / "nifti/00/cine_gt.nii.gz")
    (folder / "notes.txt").write_text("not a scan")
    return folder


def result_bytes(out: Path) -> dict[str, str]:
    """SHA-256, by name, of every result that must not depend on the day, the load or the number of workers."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and not path.name.startswith((".", "costs"))]
    kept = [path for path in files if path.name not in ("journal.jsonl", "batch.json")]
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}
