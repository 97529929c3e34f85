"""Opens whatever the user points at: a file, several files or a folder, NIfTI or DICOM."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from engine.errors import ScanError
from engine.formats import dicom, nifti
from engine.formats.datasets import info_frames
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import Volume

_NOT_A_SCAN = re.compile(r"(?i)[_\-. ](gt|seg|mask|masks|label|labels|pred)$")
_PHASE = re.compile(r"(?i)(?:^|[_\-. ])(ED|ES)(?=[_\-. ]|$)")


def open_scan(
    paths: Path | Sequence[Path], *, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Volume:
    """A scan from one file, from several files of one study, or from a folder.

    NIfTI: a 3-D or 4-D file, or an ED and an ES file of one grid. A folder of NIfTI files gives its 4-D cine, else
    its ED and ES pair (by Info.cfg, or by names with _ED and _ES), else its only scan; masks (by their names, _gt,
    _seg …, or their headers) are passed over. DICOM: as engine.formats.dicom.read.

    Raises ScanError, one line that names the file, what is wrong and the way out; Cancelled.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    check_paths(given)
    if cancel is not None:
        cancel.check()
    if len(given) == 1 and given[0].is_dir():
        found = _nifti_of_folder(given[0])
        if found:
            return nifti.read(found)
        try:
            return dicom.read(given, progress=progress, cancel=cancel)
        except ScanError as error:
            masks = [p for p in _files(given[0]) if nifti.suffix_of(p) in nifti.SUFFIXES]
            if masks and not any(dicom.looks_like_dicom(p) for p in _files(given[0])):
                raise ScanError(
                    f"{given[0]}: holds masks only ({masks[0].name} …); open the folder of the scan"
                ) from error
            below = next((p for p in sorted(given[0].rglob("*")) if nifti.suffix_of(p) in nifti.SUFFIXES), None)
            if below is None:
                raise
            raise ScanError(
                f"{given[0]}: holds no DICOM scan, but NIfTI files in folders below; open one, such as {below.parent}"
            ) from error

    kinds = {path: _kind(path) for path in given}
    if set(kinds.values()) == {"dicom"}:
        return dicom.read(given, progress=progress, cancel=cancel)
    odd = next((path for path, kind in kinds.items() if kind != "nifti"), None)
    if odd is not None and len(given) > 1:
        raise ScanError(f"{odd}: several files are opened together only if all are NIfTI or all are DICOM")
    if odd is not None:
        raise ScanError(f"{odd}: is neither DICOM nor NIfTI; open a DICOM file or folder, or a .nii.gz file")
    return nifti.read(in_phase_order(given))


def check_paths(given: Sequence[Path]) -> None:
    """Raise ScanError where nothing is given, or a path that is not there."""
    if not given:
        raise ScanError("no scan was given; name a NIfTI file, a DICOM file or a folder")
    for path in given:
        try:
            path.stat()
        except FileNotFoundError:
            raise ScanError(f"{path}: no such file or folder; check the path") from None
        except (OSError, ValueError) as error:
            raise ScanError(f"{path}: cannot be opened ({error}); check the name and its permissions") from error


def _kind(path: Path) -> str:
    """ "nifti", "dicom" or "" for neither. A folder among several paths is DICOM's to search."""
    suffix = nifti.suffix_of(path)
    if path.is_dir():
        return "dicom"
    if suffix in nifti.SUFFIXES:
        return "nifti"
    if path.stat().st_size == 0:
        raise ScanError(f"{path}: is empty; copy it again from its source")
    if dicom.looks_like_dicom(path):
        return "dicom"
    return "nifti" if suffix in nifti.READABLE_SUFFIXES else ""


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


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file())


def is_mask(path: Path) -> bool:
    """Whether a file's name or header says that it is a mask. One that cannot be read is none, as for _is_cine."""
    try:
        return bool(_NOT_A_SCAN.search(nifti.stem_of(path))) or nifti.is_mask(path)
    except ScanError:
        return False


def _is_cine(path: Path) -> bool:
    """Whether a file holds several frames. One that cannot be read is none; opening it by itself says why."""
    try:
        return nifti.frames_of(path) > 1
    except ScanError:
        return False


def is_long_axis(path: Path) -> bool:
    """Whether a NIfTI file's name says long axis, as M&Ms-2 has them beside the short axis."""
    return bool(re.search(r"(?i)[_\-. ](LA|LAX|[234]CH)[_\-. ]", path.name))


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


def _nifti_of_folder(folder: Path) -> list[Path]:
    """The NIfTI files of a folder that make one scan; none where it holds none but masks. Raises ScanError."""
    scans = [p for p in _files(folder) if nifti.suffix_of(p) in nifti.SUFFIXES and not is_mask(p)]
    if not scans:
        return []
    short_axis = [p for p in scans if re.search(r"(?i)[_\-. ]SA[_\-. ]", p.name)]
    if short_axis:  # M&Ms-2 keeps the long-axis (LA) files beside them
        scans = short_axis
    if len(scans) == 1:
        return scans
    cines = [p for p in scans if _is_cine(p)]
    if len(cines) == 1:
        return cines
    info = folder / "Info.cfg"
    if not cines:
        for name_of in (_phase, lambda p: _phase_by_info(p, info) if info.is_file() else ""):
            ed, es = ([p for p in scans if name_of(p) == phase] for phase in ("ED", "ES"))
            if len(ed) == len(es) == 1:
                return [ed[0], es[0]]
    names = ", ".join(p.name for p in scans[:4]) + (" …" if len(scans) > 4 else "")
    raise ScanError(f"{folder}: holds {len(scans)} scans ({names}); open one of them")
