"""Patients of ACDC's and M&Ms' layouts, cut out of the phantom."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from engine.phantom import make_phantom

RAS = np.diag([-1.5, -1.5, 9.0, 1.0])
RAS[:3, 3] = 4


def patient(root: Path, name: str, layout: str = "acdc", group: str = "NOR") -> None:
    """A patient of a layout, cut out of the phantom; ED is frame 3 and ES frame 1 in ACDC."""
    volume, labels, _ = make_phantom(3, 4, 64)
    home = root / name
    home.mkdir(parents=True)
    if layout == "acdc":
        (home / "Info.cfg").write_text(f"ED: 3\nES: 1\nGroup: {group}\n")
        stems = {"ED": f"{name}_frame03", "ES": f"{name}_frame01"}
    else:
        stems = {phase: f"{name}_sa_{phase}" for phase in ("ED", "ES")}
    codes = np.array([0, 3, 2, 1] if layout == "acdc" else [0, 1, 2, 3], np.uint8)
    for phase, stem in stems.items():
        frame = 0 if phase == "ED" else 1
        for suffix, array in (("", volume.array), ("_gt", codes[labels.array])):
            nib.save(nib.Nifti1Image(array[frame].transpose(2, 1, 0), RAS), home / f"{stem}{suffix}.nii.gz")
