"""Where a batch keeps the files of one case, below its folder of results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import ExportError


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """mask: NIfTI. picture: there where the case is flagged. seg: a folder of DICOM SEG, where they were asked for."""

    mask: Path
    picture: Path
    seg: Path


def files_of(out: Path, case: str) -> CaseFiles:
    return CaseFiles(out / "masks" / f"{case}.nii.gz", out / "pictures" / f"{case}.jpg", out / "segs" / case)


def remove_files(out: Path, case: str) -> None:
    """Remove what an earlier run has written; not the folders of other cases below. Raises ExportError."""
    files = files_of(out, case)
    try:
        for path in (files.mask, files.picture, *files.seg.glob("seg_phase_*.dcm")):
            path.unlink(missing_ok=True)
        if files.seg.is_dir() and not any(files.seg.iterdir()):
            files.seg.rmdir()
    except OSError as error:
        raise ExportError(f"{error.filename}: cannot be removed ({error.strerror}); check its permissions") from error
