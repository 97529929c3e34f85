"""NIfTI as a format of the door: the scans of each folder, ED and ES pairs, and masks, which are passed over."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from engine.errors import ScanError
from engine.formats import nifti
from engine.formats.datasets import info_frames
from engine.formats.index import Entry, Format, Found, Index, Likelihood, Series, UnusableError
from engine.progress import CancelToken, Progress
from engine.volume import OnPlane, Volume

_NOT_A_SCAN = re.compile(r"(?i)[_\-. ](gt|seg|mask|masks|label|labels|pred)$")
_PHASE = re.compile(r"(?i)(?:^|[_\-. ])(ED|ES)(?=[_\-. ]|$)")
_SHORT_AXIS = re.compile(r"(?i)[_\-. ]SA[_\-. ]")
_LONG_AXIS = re.compile(r"(?i)[_\-. ](LA|LAX|[234]CH)[_\-. ]")


def _probe(path: Path, named: bool) -> bool:
    suffix = nifti.suffix_of(path)
    return suffix in nifti.SUFFIXES or (named and suffix in nifti.READABLE_SUFFIXES)


def _find(files: Sequence[Path], named: frozenset[Path], *, progress: Progress, cancel: CancelToken) -> Found:
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    masks = []
    for path in files:
        if path not in named and is_mask(path):
            masks.append(path)
        else:
            by_folder[path.parent].append(path)
    # Two files that the user names are a pair, whatever they are called.
    pair = len(files) == len(named) == 2 and named == set(files)
    entries: list[Entry] = []
    unusable: dict[Path, UnusableError] = {}
    for folder, members in sorted(by_folder.items()):
        for paths in [tuple(in_phase_order(files))] if pair else pairs(members):
            cancel.check()
            try:
                series = _series(paths)
            except ScanError as error:
                unusable[paths[0]] = UnusableError(str(error).removeprefix(f"{paths[0]}: "))
                continue
            entries.append(Entry(series, f"nifti\0{folder}", folder.name or str(folder), is_folder=True))
        if pair:
            break
    return Found(entries, unusable, masks)


def _series(paths: tuple[Path, ...]) -> Series:
    """A file or a pair, by the first one's header. Raises ScanError."""
    frames, (slices, rows, columns) = nifti.size_of(paths[0])
    pair = len(paths) == 2
    frames *= len(paths)
    long_axis, short_axis = (bool(names.search(paths[0].name)) for names in (_LONG_AXIS, _SHORT_AXIS))
    return Series(
        number=-1,
        kind="nifti",
        description=nifti.common_name(paths) if pair else nifti.stem_of(paths[0]),
        modality="",
        series_number=0,
        size=(frames, slices, rows, columns),
        pair=pair,
        paths=paths,
        said=" and ".join(path.name for path in paths),
        likelihood=Likelihood(
            own_view=not long_axis,
            phases=0 if slices < 3 or frames < 2 else 1 if pair else 2,
            stack=slices >= 3,
            named=int(short_axis) - int(long_axis),
            images=slices * frames,
        ),
    )


def _read(
    index: Index, series: Series, *, progress: Progress, cancel: CancelToken | None, on_plane: OnPlane | None
) -> Volume:
    progress(0, 0, "Reading images")
    return nifti.read(series.paths, on_plane=on_plane)


NIFTI = Format(
    kind="nifti",
    name="NIfTI",
    suffixes=nifti.SUFFIXES,
    probe=_probe,
    find=_find,
    read=_read,
    preview=lambda series: nifti.preview(series.paths[0]),
)


def _phase(path: Path) -> str:
    """ "ED" or "ES" where the file's name says one of them, else empty."""
    names = {match.upper() for match in _PHASE.findall(nifti.stem_of(path))}
    return names.pop() if len(names) == 1 else ""


def in_phase_order(paths: Sequence[Path]) -> list[Path]:
    """Two files as ED, ES: by their names, by the Info.cfg beside them, else as given."""
    if len(paths) != 2:
        return list(paths)
    phases = [_phase(p) for p in paths]
    info = paths[0].parent / "Info.cfg"
    if sorted(phases) != ["ED", "ES"] and paths[0].parent == paths[1].parent and info.is_file():
        phases = [_phase_by_info(p, info) for p in paths]
    return [paths[1], paths[0]] if phases == ["ES", "ED"] else list(paths)


def _phase_by_info(path: Path, info: Path) -> str:
    match = re.search(r"frame(\d+)$", nifti.stem_of(path))
    if match is None:
        return ""
    return {frame: phase for phase, frame in info_frames(info).items()}.get(int(match[1]), "")


def is_mask(path: Path) -> bool:
    """Whether a file's name or header says that it is a mask. One that cannot be read is none, as for _is_cine."""
    try:
        return bool(_NOT_A_SCAN.search(nifti.stem_of(path))) or nifti.is_mask(path)
    except ScanError:
        return False


def pairs(scans: Sequence[Path]) -> list[tuple[Path, ...]]:
    """NIfTI scans of one folder, an ED and ES pair as (ED, ES), each other file alone; in the order of their names.

    Two files are a pair by names that differ in ED and ES alone, or by the Info.cfg beside them.
    """
    info = next((i for i in {p.parent / "Info.cfg" for p in scans} if i.is_file()), None)
    by_name: dict[str, dict[str, Path]] = {}
    for path in scans:
        try:
            by_info = _phase_by_info(path, info) if info else ""
        except ScanError:  # a damaged Info.cfg costs the pairing only
            by_info = ""
        phase = _phase(path) or by_info
        if phase:
            rest = re.sub(r"frame\d+$", "", _PHASE.sub(" ", nifti.stem_of(path)))
            by_name.setdefault(f"{path.parent}\0{rest}", {}).setdefault(phase, path)
    found = {both["ED"]: (both["ED"], both["ES"]) for both in by_name.values() if len(both) == 2}
    second = {es for _, es in found.values()}
    return [found.get(path, (path,)) for path in sorted(scans) if path not in second]
