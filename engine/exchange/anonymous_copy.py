"""Copies of scans without identity, file by file: names, UIDs and dates are replaced in the same way in all of them.

A run that was interrupted goes on where it was: names of copies follow from the secret alone, and a file is there as a
whole or not at all.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import ExportError, ScanError
from engine.exchange.anonymous_dicom import Removed, Unfit, anonymised, pseudonym_of
from engine.exchange.anonymous_nifti import PHASES_BESIDE, anonymous_nifti, phases_alone, safe_name
from engine.exchange.confidentiality import ProfileOptions
from engine.exchange.pseudonyms import Secret
from engine.files import write_atomically
from engine.formats.dicom_files import looks_like_dicom, read_dicom
from engine.formats.nifti_file import looks_like_nifti
from engine.formats.study_files import find_files
from engine.progress import CancelToken, Progress, no_progress

REPORT = "anonymisation.json"
SCHEMA = 1
_MADE_ON_SCREEN = ("US", "SC", "OT", "DOC", "PX", "ES", "XC")


@dataclass(slots=True)
class Copied:
    """What became of a run. Paths are those of copies; nothing in it tells of a source but how many there were.

    left_out: reasons and how many files. kept: copies that were there already. warnings: what a person has to look at.
    """

    written: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    removed: Removed = field(default_factory=Removed)

    def to_json(self, out: Path, options: ProfileOptions) -> dict[str, Any]:
        """The report, which lies beside the copies."""
        return {
            "schema": SCHEMA,
            "program": f"CineQuant {__version__}",
            "profile": "DICOM PS3.15 basic application level confidentiality profile, table E.1-1 of 2026d",
            "options": [meaning for _, meaning in options.codes[1:]],
            "files": [file.relative_to(out).as_posix() for file in sorted((*self.written, *self.kept))],
            "written": len(self.written),
            "already_there": len(self.kept),
            "left_out": dict(self.left_out),
            "warnings": dict(self.warnings),
            "changed": [
                {"attribute": name, "action": act.name.lower(), "times": count}
                for (name, act), count in sorted(self.removed.counts.items())
            ],
        }


def copy_without_identity(
    paths: Sequence[Path],
    out: Path,
    secret: Secret,
    options: ProfileOptions | None = None,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Copied:
    """Write copies of all DICOM and NIfTI files in files, folders and archives into a folder, and a report of it.

    Raises ScanError where there is nothing to copy, ExportError where out cannot be written or holds a source, and
    Cancelled; what has been written by then stays, and is complete.
    """
    options = options or ProfileOptions()
    token = cancel or CancelToken()
    files = [file for file in find_files(paths) if file.name.upper() != "DICOMDIR"]
    where = out.resolve()
    if any(where == path.resolve() or where.is_relative_to(path.resolve()) for path in paths if path.is_dir()):
        raise ExportError(f"{out}: lies in the folder that is copied; choose a place outside of it")
    copied = Copied()
    taken: Counter[Path] = Counter()
    try:
        out.mkdir(exist_ok=True)
        for done, file in enumerate(files):
            token.check()
            progress(done, len(files), "Copying without identity")
            _copy(file, paths, out, secret, options, copied, taken)
        if copied.written or copied.kept:
            report = json.dumps(copied.to_json(out, options), indent=1, ensure_ascii=False) + "\n"
            write_atomically(out / REPORT, report.encode())
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror or error}); choose another place") from error
    if not copied.written and not copied.kept:
        raise ScanError(f"{paths[0]}: holds no DICOM or NIfTI file that could be copied; name a scan")
    return copied


def _folder(file: Path, roots: Sequence[Path], secret: Secret) -> Path:
    """The folder of a copy: one for each folder of the source, because files of a folder may belong together."""
    root = next((root for root in roots if root in file.parents), file.parent)
    return Path("CQ_" + secret.short("folder", file.parent.relative_to(root).as_posix()))


def _copy(
    file: Path,
    roots: Sequence[Path],
    out: Path,
    secret: Secret,
    options: ProfileOptions,
    copied: Copied,
    taken: Counter[Path],
) -> None:
    """Copy one file, or count why not."""
    try:
        if looks_like_dicom(file):
            name, content = _dicom(file, secret, options, copied)
        elif looks_like_nifti(file) or file.name.lower().endswith((".img", ".img.gz")):
            name, content = _folder(file, roots, secret) / safe_name(file, secret), anonymous_nifti(file)
        elif file.name.lower() == PHASES_BESIDE:
            name, content = _folder(file, roots, secret) / file.name, phases_alone(file)
        else:
            copied.left_out["neither DICOM nor NIfTI"] += 1
            return
    except Unfit as why:
        copied.left_out[str(why)] += 1
        return
    except ScanError:
        copied.left_out["damaged"] += 1
        return
    # Some files share a UID with others; their order is always the same, so their names are, too.
    taken[name] += 1
    if taken[name] > 1:
        name = name.with_name(f"{name.name.split('.')[0]}_{taken[name]}.{name.name.split('.', 1)[1]}")
    target = out / name
    if target.exists():
        copied.kept.append(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, content)
    copied.written.append(target)


def _dicom(file: Path, secret: Secret, options: ProfileOptions, copied: Copied) -> tuple[Path, bytes]:
    """The name and content of a copy. Raises Unfit and ScanError."""
    try:
        dataset = read_dicom(file)
        if not dataset.get("SOPInstanceUID") or not dataset.get("SOPClassUID"):
            raise Unfit("a DICOM file without an identity of its own")
        folders = (
            pseudonym_of(dataset, secret),
            f"study_{secret.short('study', str(dataset.get('StudyInstanceUID')))}",
            f"series_{secret.short('series', str(dataset.get('SeriesInstanceUID')))}",
        )
        short = secret.short("instance", str(dataset.SOPInstanceUID))
        for warning in _looked_at(dataset):
            copied.warnings[warning] += 1
        stream = io.BytesIO()
        clean = anonymised(dataset, secret, options, copied.removed)
        clean.save_as(stream, enforce_file_format=True)
        # After it was cleaned: even a modality may hold a name.
        modality = "".join(c for c in str(clean.get("Modality") or "DCM") if c.isascii() and c.isalnum())[:8]
    except (Unfit, OSError):
        raise
    except Exception as error:  # damaged files raise errors of any kind
        raise ScanError(f"{file}: cannot be read as DICOM") from error
    return Path(*folders, f"{modality or 'DCM'}_{short}.dcm"), stream.getvalue()


def _looked_at(dataset: Any) -> list[str]:
    """What may be written into pixels, of which no copy can be cleaned without looking."""
    found = []
    if str(dataset.get("BurnedInAnnotation") or "").upper() == "YES":
        found.append("text is burned into the pixels, says the header: look at each image")
    elif "PixelData" in dataset and (
        str(dataset.get("Modality") or "") in _MADE_ON_SCREEN or "SECONDARY" in (dataset.get("ImageType") or ())
    ):
        found.append("images made on a screen often have text in their pixels: look at each")
    if str(dataset.get("RecognizableVisualFeatures") or "").upper() == "YES":
        found.append("a face may be recognised in the pixels, says the header")
    return found
