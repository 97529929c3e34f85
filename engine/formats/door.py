"""The one way in: finds every stack in what the user points at, chooses one and reads it.

The window and the command use the same functions, so that the same folder gives the same answer in both.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.archives import ArchiveError
from engine.errors import ScanError
from engine.files import file_size, open_regular
from engine.formats import case_file
from engine.formats.dicom_files import UNFETCHED
from engine.formats.dicom_study import DICOM
from engine.formats.index import Entry, Format, Found, Index, Series, UnusableError, also_found, indexed, not_read
from engine.formats.listing import listing
from engine.formats.nifti_folder import METAIMAGE, NIFTI, NRRD, masks_among
from engine.formats.nifti_grid import mm_text
from engine.formats.study_files import find_files, is_scan_archive, is_unfetched
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import Known, OnPlane, Volume

FORMATS: tuple[Format, ...] = (NIFTI, NRRD, METAIMAGE, DICOM)
"""What can be opened. Each file goes to the first format whose probe takes it; DICOM, whose files have any name, is
last. A further format is one module and one entry here."""

PIXEL_MM, SLICE_MM = (0.2, 10.0), (0.5, 50.0)
"""Pixels and distances between slices of heart scans, generously."""

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""One file or folder, or several of one study."""


def open_scan(paths: Paths, *, progress: Progress = no_progress, cancel: CancelToken | None = None) -> Volume:
    """The most likely short-axis cine of files and folders: what find finds and read_chosen reads.

    Raises ScanError, one line that names the file, what is wrong and the way out; Cancelled.
    """
    return read_chosen(find(paths, progress=progress, cancel=cancel), progress=progress, cancel=cancel)[1]


def find(paths: Paths, *, progress: Progress = no_progress, cancel: CancelToken | None = None) -> Index:
    """All stacks in files and folders (searched recursively; a DICOMDIR for what it lists), headers only.

    A DICOM stack is what engine.formats.dicom_stack puts together, whatever series its images came in. NIfTI: a file,
    or an ED and an ES file of one grid. Masks are passed over unless they are named by themselves.
    Raises ScanError, one line that names the file, what is wrong and the way out, where there is nothing to open;
    Cancelled.
    """
    given = as_paths(paths)
    check_paths(given)
    cancel = cancel or CancelToken()
    cancel.check()
    progress(0, 0, "Looking for scans")
    named = frozenset(given)
    files = find_files(given)
    found = sort_files(files, named, progress=progress, cancel=cancel)
    if not found.entries and (archives := [path for path in found.foreign if is_scan_archive(path)]):
        # A folder of archives stands for what is in them; beside a scan they are as likely copies of it.
        files = find_files([*(path for path in files if path not in archives), *archives])
        found = sort_files(files, named, progress=progress, cancel=cancel)
    return _index_of(given, files, named, found)


def find_among(
    given: Paths, files: Sequence[Path], *, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Index:
    """As find, of these files only, which count as found in what was given and not as named one by one."""
    found = sort_files(files, progress=progress, cancel=cancel)
    return _index_of(as_paths(given), files, frozenset(), found)


def _index_of(given: tuple[Path, ...], files: Sequence[Path], named: frozenset[Path], found: Found) -> Index:
    """Raises ScanError where nothing was found."""
    unusable, left = found.unusable, found.foreign
    if not found.entries:
        raise ScanError(_nothing(given, files, unusable, found.masks, left))
    faults = {path: why for path, why in unusable.items() if path in named or not why.harmless}
    faults.update(
        (path, UnusableError(_no_scan(path)))
        for path in left
        if path in named or path.name.lower().endswith(_ARCHIVE_ENDINGS)
    )
    return indexed(given, files, found.entries, faults)


def sort_files(
    files: Sequence[Path],
    named: frozenset[Path] = frozenset(),
    formats: Sequence[Format] = FORMATS,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Found:
    """What formats find in files; foreign are those that none of them takes. Raises ScanError, Cancelled."""
    left = list(files)
    cancel = cancel or CancelToken()
    entries: list[Entry] = []
    unusable: dict[Path, UnusableError] = {}
    masks: list[Path] = []
    for kind in formats:
        own = [path for path in left if kind.probe(path, path in named)]
        taken = frozenset(own)
        left = [path for path in left if path not in taken]
        found = kind.find(own, named, progress=progress, cancel=cancel)
        entries += found.entries
        masks += found.masks
        unusable.update(found.unusable)
        left += found.foreign
    if labels := masks_among(entries):
        masks += [path for entry in labels for path in entry.series.paths]
        entries = [entry for entry in entries if entry not in labels]
    return Found(entries, unusable, masks, left)


def read_chosen(
    index: Index,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    on_plane: Callable[[Series, Volume, int, int, NDArray[Any]], None] | None = None,
) -> tuple[Series, Volume]:
    """The most likely short-axis cine; where only reading shows that it is damaged, the next likely.

    The volume's notices name the stacks that are not shown, and one that is damaged.
    on_plane: told, as an engine.volume.OnPlane is, of slices as they are read, with the series that they are of.
    Raises ScanError of the most likely where none can be read; Cancelled.
    """
    first: ScanError | None = None
    for series in index.ranked:
        try:
            told = partial(on_plane, series) if on_plane is not None else None
            volume = read_series(index, series, progress=progress, cancel=cancel, on_plane=told)
        except ScanError as error:
            first = first or error
            continue
        damaged = () if first is None else (not_the_likeliest(str(first)),)
        return series, replace(volume, notices=(*volume.notices, *damaged, *also_found(index, series)))
    assert first is not None
    raise first


def not_the_likeliest(why: str) -> str:
    """The notice of a stack that is read because the most likely one cannot be. why: one line."""
    return f"The most likely scan cannot be read, so another is shown: {why}."


def read_series(
    index: Index,
    series: Series,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    on_plane: OnPlane | None = None,
) -> Volume:
    """The Volume of a stack. on_plane: told of slices as they are read. Raises ScanError, Cancelled."""
    if cancel is not None:
        cancel.check()
    volume = format_of(series).read(index, series, progress=progress, cancel=cancel, on_plane=on_plane)
    said = _blank(volume) or (*_empty(volume), *_copies(volume))
    size = _odd_size(volume)
    return replace(
        volume,
        notices=(*volume.notices, *size, *said, *not_read(index)),
        spacing_notices=(*volume.spacing_notices, *size),
    )


def _odd_size(volume: Volume) -> tuple[str, ...]:
    """The notice of voxels that no heart was ever scanned with, such as where a header's unit is wrong."""
    x, y, z = volume.geometry.spacing_mm
    (least, most), (thinnest, thickest) = PIXEL_MM, SLICE_MM
    if volume.geometry.spacing is Known.ASSUMED or (
        least <= min(x, y) and max(x, y) <= most and (thinnest <= z <= thickest or volume.slices == 1)
    ):
        return ()
    return (
        f"Voxels of {mm_text((x, y, z))} are not those of a heart scan: volumes in mL and lengths in mm are not to be "
        "trusted until the spacing is given.",
    )


def _blank(volume: Volume) -> tuple[str, ...]:
    """The notice of a scan without any contrast, such as one whose voxels a failing disk has replaced by zeros."""
    first = volume.array.flat[0]
    others = 0
    for plane in volume.array.reshape(-1, *volume.array.shape[2:]):
        others += int(np.count_nonzero(plane != first))
        if others > volume.array.size // 1000:
            return ()
    if others:
        said = (
            f"Nearly every voxel has the value {first:g}: there is nothing to see or to measure. Copy the scan again."
        )
    else:
        said = f"Every voxel has the value {first:g}: there is nothing to see or to measure. Copy the scan again."
    return (said,)


def _empty(volume: Volume) -> tuple[str, ...]:
    """The notice of images without any contrast among others; slices that are empty throughout may end a stack."""
    planes = volume.array
    # Of few pixels first: looking through all of them takes time.
    few = planes[:, :, ::16, ::16].reshape(*planes.shape[:2], -1)
    found = np.argwhere(few.min(axis=2) == few.max(axis=2))
    empty = np.zeros(planes.shape[:2], bool)
    for t, z in found:
        empty[t, z] = planes[t, z].min() == planes[t, z].max()
    filled = np.flatnonzero(~empty.all(axis=0))
    if filled.size:
        empty[:, : filled[0]] = empty[:, filled[-1] + 1 :] = False
    if not empty.any():
        return ()
    slices = listing((np.flatnonzero(empty.any(axis=0)) + 1).tolist())
    return (
        f"{int(empty.sum())} of {empty.size} images hold nothing but one value (slices {slices}): nothing can be found "
        "in them, so volumes are too small. Copy the scan again.",
    )


def _copies(volume: Volume) -> tuple[str, ...]:
    """The notices of slices and frames that show, voxel by voxel, what others do: no two images of a scanner are alike.

    An image without any contrast is no copy of another one.
    """
    planes = volume.array
    # By few pixels first, as in _empty.
    alike: dict[bytes, list[tuple[int, int]]] = {}
    for t, z in np.ndindex(*planes.shape[:2]):
        alike.setdefault(planes[t, z, ::16, ::16].tobytes(), []).append((t, z))
    slices: set[int] = set()
    frames: Counter[int] = Counter()
    for group in alike.values():
        first, *others = group
        if not others or planes[first].min() == planes[first].max():
            continue
        for other in others:
            if not np.array_equal(planes[first], planes[other]):
                continue
            if first[1] != other[1]:
                slices |= {first[1], other[1]}
            else:
                frames[other[0]] += 1
    said = []
    if slices:
        numbers = listing([z + 1 for z in sorted(slices)])
        said.append(
            f"Slices {numbers} hold images that another slice holds as well: some are copies, so volumes are not to be "
            "trusted."
        )
    whole = [t for t, count in frames.items() if count == planes.shape[1]]
    if whole:
        said.append(
            f"{len(whole)} of {planes.shape[0]} frames are copies of another one: the heartbeat has fewer phases than "
            "are shown, and end-diastole or end-systole may be missing."
        )
    return tuple(said)


def format_of(series: Series) -> Format:
    """The entry of FORMATS that a stack is of."""
    return next(kind for kind in FORMATS if kind.kind == series.kind)


def dialog_patterns() -> tuple[str, ...]:
    """What a file dialog offers: "*.nii", "*.nii.gz", "*.dcm" …"""
    return (*(f"*{suffix}" for kind in FORMATS for suffix in kind.suffixes), "*.zip")


def as_paths(paths: Paths) -> tuple[Path, ...]:
    """One path or several, as strings or Paths, as Paths."""
    return (Path(paths),) if isinstance(paths, str | os.PathLike) else tuple(Path(path) for path in paths)


def check_paths(given: Sequence[Path]) -> None:
    """Raise ScanError where nothing is given, or a path that is not there."""
    if not given:
        raise ScanError("no scan was given; name a scan's file or its folder")
    for path in given:
        try:
            file_size(path)
        except FileNotFoundError:
            if is_unfetched(path):
                raise ScanError(f"{path}: {UNFETCHED}") from None
            raise ScanError(f"{path}: no such file or folder; check the path") from None
        except NotADirectoryError:
            archive = next(parent for parent in path.parents if parent.is_file())
            raise ScanError(
                f"{archive}: is a damaged or incomplete zip archive, or none; copy it again from its source"
            ) from None
        except (OSError, ValueError) as error:
            raise ScanError(f"{path}: cannot be opened ({error}); check the name and its permissions") from error


def _unknown() -> str:
    return f"in no format that can be read ({', '.join(kind.name for kind in FORMATS)})"


def _nothing(
    given: Sequence[Path],
    files: Sequence[Path],
    unusable: Mapping[Path, UnusableError],
    masks: Sequence[Path],
    unknown: Sequence[Path],
) -> str:
    """One line on why there is no scan in the files."""
    named = ", ".join(str(path) for path in given[:3]) + (" …" if len(given) > 3 else "")
    way_out = "open the folder that holds the MR images"
    if not files:
        return f"{named}: {'the folder is empty' if len(given) == 1 else 'nothing to open'}; {way_out}"
    if masks and not any(not why.harmless for why in unusable.values()):
        return f"{named}: holds masks only ({masks[0].name} …); open the folder of the scan"
    reasons = {**{path: _no_scan(path) for path in unknown}, **{path: str(why) for path, why in unusable.items()}}
    if len(files) == 1:
        why = reasons[files[0]]
        return f"{files[0]}: {why}" + ("" if "; " in why else f"; {way_out}")
    same = Counter(re.sub(r"\d+ of \d+ bytes of pixels are there; ", "", why) for why in reasons.values())
    listed = "; ".join(f"{n} {'file' if n == 1 else 'files'}: {why}" for why, n in same.most_common(3))
    return f"{named}: none of the {len(files)} files is an image that can be shown ({listed}); {way_out}"


def _no_scan(path: Path) -> str:
    """What is wrong with a file that no format takes."""
    try:
        if file_size(path) == 0:
            return "is empty; copy it again from its source"
        kind = _archive_kind(path)
    except ArchiveError as error:
        return error.reason
    except OSError as error:
        return f"cannot be read ({error.strerror}); check its permissions"
    if kind == "zip" and path.suffix.lower() == case_file.SUFFIX:
        return "is a saved case, not a scan; open it as a case"
    if kind == "zip" and path.exists():
        return "is a zip archive beside other scans; open it by itself"
    if kind == "gzip":
        return "is a file packed with gzip, which only NIfTI may be; unpack it and open the folder"
    return f"is a {kind} archive; unpack it and open the folder" if kind else f"is {_unknown()}"


def _archive_kind(path: Path) -> str:
    """What kind of archive a file is, such as "zip"; empty for other files. Raises OSError."""
    with open_regular(path) as stream:
        head = stream.read(262)
    for start, kind in _ARCHIVES.items():
        if head.startswith(start) or (kind == "tar" and head[257:] == b"ustar"):
            return kind
    return ""


# How archives begin; the mark of a tar archive stands at its byte 257.
_ARCHIVE_ENDINGS = (".zip", ".7z", ".rar", ".tar")
_ARCHIVES = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"ustar": "tar"}


def thumbnail(series: Series, pixels: int) -> NDArray[np.uint8]:
    """The middle slice of the first frame as (pixels, pixels) uint8, undistorted, black beside it.

    Raises ScanError where the image cannot be read.
    """
    return _fit(*format_of(series).preview(series), pixels)


def _fit(image: NDArray[Any], pixel_mm: tuple[float, float], pixels: int) -> NDArray[np.uint8]:
    """(Y, X) of any type to (pixels, pixels) grey: means over blocks where it shrinks, else nearest."""
    size_mm = np.array(image.shape) * pixel_mm
    height, width = (max(1, round(pixels * mm / size_mm.max())) for mm in size_mm)
    grey = np.nan_to_num(image.astype(np.float64), posinf=0.0, neginf=0.0)
    for axis, n in ((0, height), (1, width)):
        edges = np.linspace(0, grey.shape[axis], n + 1)
        if n < grey.shape[axis]:
            starts = edges[:-1].astype(int)
            counts = np.diff([*starts, grey.shape[axis]])
            grey = np.add.reduceat(grey, starts, axis=axis) / np.expand_dims(counts, 1 - axis)
        else:
            grey = grey.take(np.minimum((edges[:-1] + edges[1:]) / 2, grey.shape[axis] - 1).astype(int), axis=axis)
    low, high = np.percentile(grey, (1, 99.5))
    grey = np.clip((grey - low) / max(high - low, 1e-9), 0, 1) * 255
    out = np.zeros((pixels, pixels), np.uint8)
    top, left = (pixels - height) // 2, (pixels - width) // 2
    out[top : top + height, left : left + width] = grey.astype(np.uint8)
    return out
