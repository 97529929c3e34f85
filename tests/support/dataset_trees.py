"""Small data sets in the layouts that are known, cut out of the phantom: a folder is ready in a tenth of a second."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from engine.phantom import make_phantom

STACK = np.diag([-2.8, -2.8, 10.0, 1.0])
STACK[:3, 3] = (70, 50, -20)
# A four-chamber view: rows run towards the apex, columns towards the left, 6 mm thick.
LONG_AXIS = np.array([[-2.0, -1.6, 3.6, 20], [-1.4, 2.3, 2.7, -30], [-1.4, 0.4, -4.0, 40], [0, 0, 0, 1]])


@cache
def _phantom() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Images and labels (2, 4, Y, X), ED and ES, about 2.8 mm."""
    volume, labels, _ = make_phantom(frames=2, slices=4, size=104)
    return volume.array, labels.array


def write(path: Path, array: NDArray[np.generic], affine: NDArray[np.float64] = STACK) -> None:
    """An array (Z, Y, X) or (T, Z, Y, X) as NIfTI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array.T, affine), path)


def volume(phase: str, slices: int = 4) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Image and labels (Z, Y, X) of a phase, in the order 1 LV, 2 myocardium, 3 RV."""
    images, labels = _phantom()
    frame = ("ED", "ES").index(phase)
    return images[frame, :slices], labels[frame, :slices]


def acdc(root: Path, numbers: Iterable[int]) -> None:
    """ED is frame 1, ES frame 9; 3 is the LV and 1 the RV."""
    for number in numbers:
        home = root / f"patient{number:03d}"
        for phase, frame in (("ED", 1), ("ES", 9)):
            image, labels = volume(phase)
            write(home / f"{home.name}_frame{frame:02d}.nii.gz", image)
            write(home / f"{home.name}_frame{frame:02d}_gt.nii.gz", np.array([0, 3, 2, 1], np.uint8)[labels])
        (home / "Info.cfg").write_text("ED: 1\nES: 9\nGroup: NOR\n")


def mnms(root: Path, patients: Iterable[str]) -> None:
    """As published: every frame in one file, and a CSV file that says which two are ED and ES; others have no mask."""
    images, labels = _phantom()
    rows = [",External code,VendorName,Vendor,Centre,ED,ES,Pathology"]
    for index, name in enumerate(patients):
        frames = [0, 2]  # an unlabelled frame lies between
        stack = np.stack([images[0], images[0], images[1]])
        truth = np.zeros(stack.shape, np.uint8)
        truth[frames] = labels
        home = root / ("Training/Labeled" if index % 2 == 0 else "Validation") / name
        write(home / f"{name}_sa.nii.gz", stack)
        write(home / f"{name}_sa_gt.nii.gz", truth)
        rows.append(f"{index},{name},Siemens,A,1,0,2,HCM")
    (root / "information.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def mnms2(root: Path, subjects: Iterable[int]) -> None:
    """Both views: ROOT/dataset_information.csv and ROOT/dataset/NNN/NNN_{SA,LA}_{ED,ES,CINE}[_gt].nii.gz."""
    rows = ["SUBJECT_CODE,DISEASE,VENDOR,SCANNER,FIELD"]
    for subject in subjects:
        home = root / "dataset" / f"{subject:03d}"
        for phase in ("ED", "ES"):
            for view, affine in (("SA", STACK), ("LA", LONG_AXIS)):
                image, labels = volume(phase) if view == "SA" else (part[1:2] for part in volume(phase))
                write(home / f"{home.name}_{view}_{phase}.nii.gz", image, affine)
                write(home / f"{home.name}_{view}_{phase}_gt.nii.gz", labels, affine)
        write(home / f"{home.name}_SA_CINE.nii.gz", np.stack([volume("ED")[0], volume("ES")[0]]))
        disease, vendor = ("HCM", "SIEMENS") if subject % 2 else ("NOR", "GE MEDICAL SYSTEMS")
        rows.append(f"{subject},{disease},{vendor},Avanto,1.5")
    (root / "dataset_information.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def pairs(root: Path, names: Iterable[str], *, folders: bool = False, values: tuple[int, int, int] = (1, 2, 3)) -> None:
    """Images and masks side by side, or in the folders images and labels. values: of LV, myocardium and RV."""
    codes = np.array([0, *values], np.uint16)
    for name in names:
        image, labels = volume("ES" if name.endswith("ES") else "ED")
        home = root.joinpath(*Path(name).parts[:-1])
        stem = Path(name).name
        write((home / "images" if folders else home) / f"{stem}.nii.gz", image)
        truth = home / "labels" / f"{stem}.nii.gz" if folders else home / f"{stem}_gt.nii.gz"
        write(truth, codes[labels])
