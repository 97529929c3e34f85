"""Finds the scan of a case, and makes sure that it is that scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import ScanError
from engine.formats.case_file import CaseFile
from engine.formats.door import find, read_chosen, read_series
from engine.formats.index import Index, Series
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import Known, Volume, voxels_sha256

Read = Callable[[Index, int | None], tuple[Series, Volume]]
"""Reads a stack of an index by its number, the most likely short-axis cine for None."""


def scan_paths(case: CaseFile, path: Path) -> tuple[Path, ...]:
    """Where the scan of a case is: where it was, or beside the case. Empty if it is in neither place.

    path: of the case.
    """
    if case.scan.paths and all(known.exists() for known in case.scan.paths):
        return case.scan.paths
    beside = tuple(path.parent / known.name for known in case.scan.paths)
    return beside if beside and all(known.exists() for known in beside) else ()


def open_scan_of(
    case: CaseFile,
    path: Path,
    scan: Sequence[Path],
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Volume:
    """The scan of a case, found among the files of scan. path: of the case. Raises ScanError, Cancelled."""

    def read(index: Index, number: int | None) -> tuple[Series, Volume]:
        if number is None:
            return read_chosen(index, progress=progress, cancel=cancel)
        series = index.series[number]
        return series, read_series(index, series, progress=progress, cancel=cancel)

    return same_scan(case, stack_of(case, find(tuple(scan), progress=progress, cancel=cancel), read)[1], path)


def stack_of(case: CaseFile, index: Index, read: Read) -> tuple[int, Volume]:
    """The stack of the case among those found: of those of its size, the first whose voxels are the same.

    The likeliest stack if there is none; same_scan then says what is wrong.
    """
    numbers = [series.number for series in index.ranked if tuple(series.size) == case.scan.shape]
    numbers.sort(key=lambda number: number != case.scan.series)
    found: tuple[Series, Volume] | None = None
    for number in numbers:
        found = read(index, number)
        if _is_scan_of(case, found[1]):
            break
    series, volume = found or read(index, None)
    return series.number, volume


def same_scan(case: CaseFile, volume: Volume, path: Path) -> Volume:
    """The scan as the case knows it, with the spacing that the user gave it.

    path: of the case. Raises ScanError where it is another scan.
    """
    if not _is_scan_of(case, volume):
        raise ScanError(
            f"{path}: belongs to another scan than {volume.source.name}, whose voxels differ; open the scan of the "
            f"case, {case.scan.name}"
        )
    if not volume.geometry.same_as(case.geometry) and case.geometry.spacing is Known.KNOWN:
        volume = volume.with_spacing(*case.geometry.spacing_mm)
    if not volume.geometry.same_as(case.geometry):
        raise ScanError(f"{path}: its grid is not that of {volume.source.name}; segment the scan itself anew")
    return volume


def _is_scan_of(case: CaseFile, volume: Volume) -> bool:
    return volume.array.shape == case.scan.shape and voxels_sha256(volume.array) == case.scan.digest
