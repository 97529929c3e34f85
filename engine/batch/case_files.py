"""Where a batch keeps the files of one case, below its folder of results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """mask: NIfTI. picture: there where the case is flagged. seg: a folder of DICOM SEG, where they were asked for."""

    mask: Path
    picture: Path
    seg: Path


def files_of(out: Path, case: str) -> CaseFiles:
    return CaseFiles(out / "masks" / f"{case}.nii.gz", out / "pictures" / f"{case}.jpg", out / "segs" / case)


def remove_files(out: Path, case: str) -> None:
    """Remove what an earlier run has written. Raises OSError."""
    files = files_of(out, case)
    files.mask.unlink(missing_ok=True)
    files.picture.unlink(missing_ok=True)
    remove_seg(files.seg)


def remove_seg(folder: Path) -> None:
    """Remove a case's SEG. Other cases may have their folders below it. Raises OSError."""
    for path in folder.glob("seg_phase_*.dcm"):
        path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
