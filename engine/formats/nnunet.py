"""A data set as nnU-Net (version 2) wants it: imagesTr, labelsTr, imagesTs and dataset.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import ExportError
from engine.files import write_atomically
from engine.formats import nifti
from engine.formats.datasets import Case, read_case
from engine.formats.predictions import case_name
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import LV, MYO, RV

LABELS = {"background": 0, "LV": LV, "MYO": MYO, "RV": RV}
"""As CineQuant counts them; what reads predictions finds them again by these names."""
TEST = "test"


def export_nnunet(
    cases: Sequence[Case],
    out: Path,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[int, int]:
    """Write one phase of a patient as one case, NAME_0000.nii.gz with NAME.nii.gz as its labels, and dataset.json.

    Cases of a test split go to imagesTs and labelsTs. Images keep their voxels, type and geometry; labels are LABELS
    whatever the data set's own. A dataset.json is written last: a folder without one is not finished.
    Returns how many are for training and for tests. Raises ScanError, ExportError, Cancelled.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out}: is there already, and not empty; choose another folder with -o")
    for name in ("imagesTr", "labelsTr", *(("imagesTs", "labelsTs") if any(c.split == TEST for c in cases) else ())):
        (out / name).mkdir(parents=True, exist_ok=True)
    counts = {"Tr": 0, "Ts": 0}
    for done, case in enumerate(cases):
        if cancel is not None:
            cancel.check()
        progress(done, len(cases), case.name)
        kind = "Ts" if case.split == TEST else "Tr"
        volume, truth = read_case(case)
        name = case_name(case)
        # Both with a header of their own: nnU-Net refuses images and labels whose axes are stored differently.
        source = replace(volume.source, nifti_headers=(), slices_reversed=False, file_frames=())
        volume = replace(volume, source=source)
        nifti.write_volume(out / f"images{kind}" / f"{name}_0000.nii.gz", volume)
        nifti.write_mask(out / f"labels{kind}" / f"{name}.nii.gz", truth, volume)
        counts[kind] += 1
    described = {
        "channel_names": {"0": "cine MRI"},
        "labels": LABELS,
        "numTraining": counts["Tr"],
        "file_ending": ".nii.gz",
    }
    write_atomically(out / "dataset.json", (json.dumps(described, indent=1) + "\n").encode())
    return counts["Tr"], counts["Ts"]
