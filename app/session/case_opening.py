"""The work of opening a case: read it, find its scan, check that it is that scan, and measure what was saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.session.first_paint import FirstPaint
from app.session.jobs import Reporter
from app.session.scan_reading import find, phantom, read
from app.state.case import Moved
from app.state.case_return import Pieces, pieces_of
from engine.formats.case_file import CaseFile, read_case
from engine.volume import Volume

if TYPE_CHECKING:
    from engine.formats.index import Index


@dataclass(frozen=True, slots=True, eq=False)
class OpenedCase:
    """A case and its scan. path: None if it was autosaved, so that it is in no file of the user's yet."""

    path: Path | None
    case: CaseFile
    pieces: Pieces
    volume: Volume
    index: Index | None = None
    series: int | None = None


def open_case(
    path: Path, scan: Sequence[Path], paint: FirstPaint, *, recovered: bool = False
) -> Callable[[Reporter], OpenedCase | Moved]:
    """The work. scan: where the user says that it is; empty for where the case says."""

    def run(reporter: Reporter) -> OpenedCase | Moved:
        from engine.formats.case_scan import same_scan, scan_paths, stack_of  # noqa: PLC0415 - brings all readers

        case = read_case(path)
        own = None if recovered else path.absolute()
        index: Index | None = None
        if case.scan.kind == "phantom":
            volume, number = phantom(paint, reporter), None
        else:
            paths = tuple(scan) or scan_paths(case, path)
            if not paths:
                return Moved(path, case.scan.name, next(iter(case.scan.paths), Path(case.scan.name)), recovered)
            index = find(paths)(reporter)
            number, volume = stack_of(case, index, lambda of, at: read(of, paint, at)(reporter))
        volume = same_scan(case, volume, path)
        return OpenedCase(own, case, pieces_of(case, volume, path), volume, index, number)

    return run
