"""Fetched studies that are kept on this computer: which there are, and removing one of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.errors import CineQuantError
from engine.exchange.arrivals import ENDING, used_bytes
from engine.exchange.search import FoundStudy, study_of
from engine.formats.dicom_files import pydicom


class RemovalError(CineQuantError):
    """A fetched study cannot be removed."""


@dataclass(frozen=True, slots=True)
class KeptStudy:
    """folder: of this study alone. study: as one of its files says; None where none can be read."""

    folder: Path
    study: FoundStudy | None
    size_bytes: int


def kept_studies(folder: Path) -> tuple[KeptStudy, ...]:
    """The studies below a folder, the one fetched last first. Reads one header of each. Raises nothing."""
    found: list[tuple[float, KeptStudy]] = []
    for each in folder.iterdir() if folder.is_dir() else ():
        try:
            if each.is_dir() and not each.is_symlink():
                found.append((each.stat().st_mtime, KeptStudy(each, _study(each), used_bytes(each))))
        except OSError:
            continue  # removed meanwhile, or not ours to look into
    return tuple(kept for _, kept in sorted(found, key=lambda one: -one[0]))


def remove_study(kept: KeptStudy) -> None:
    """Delete the files of a study. Raises RemovalError where some of them stay."""
    try:
        shutil.rmtree(kept.folder)
    except FileNotFoundError:
        return  # another window was faster
    except OSError as error:
        raise RemovalError(f"{kept.folder}: cannot be removed ({error.strerror}); close what uses it") from error


def _study(folder: Path) -> FoundStudy | None:
    """What the first readable file of a folder says, half-fetched series included."""
    for path in folder.rglob(f"*{ENDING}"):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except Exception:  # pydicom raises errors of many kinds for damaged files
            continue
        if (study := study_of(header)) is not None:
            return study
    return None
