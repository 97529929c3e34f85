"""NIfTI, NRRD and MetaImage as formats of the door: the scans of each folder, also those in several files, and masks,
which are passed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.errors import ScanError
from engine.files import is_file
from engine.formats import metaimage_header, nifti, nifti_stack, nrrd_header
from engine.formats import nifti_names as names
from engine.formats.datasets import info_frames
from engine.formats.dicom_files import looks_like_dicom
from engine.formats.index import (
    MOST_LONG_AXIS_SLICES,
    Entry,
    Format,
    Found,
    Index,
    Likelihood,
    Series,
    UnusableError,
)
from engine.progress import CancelToken, Progress
from engine.volume import OnPlane, Volume


def _probe(path: Path, named: bool) -> bool:
    suffix = nifti.suffix_of(path)
    if suffix in nifti.SUFFIXES:
        return True
    if suffix in nifti.READABLE_SUFFIXES:
        return suffix not in _IN_TEXT and (named or nifti.is_pair(path))
    return named and not looks_like_dicom(path) and nifti.looks_like_nifti(path)


def _find(
    kind: str, files: Sequence[Path], named: frozenset[Path], *, progress: Progress, cancel: CancelToken
) -> Found:
    foreign = [path for path in files if not nifti.looks_like_nifti(path) and looks_like_dicom(path)]
    # Of a header and its image, one is enough to open both.
    whole = [path for path in files if path not in foreign and not (nifti.is_pair(path) and _is_image_of(path, files))]
    scans, masks = _without_masks(whole, named)
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in scans:
        by_folder[path.parent].append(path)
    # Two files that the user names are a pair, whatever they are called.
    pair = len(whole) == len(named) == 2 and named == set(whole)
    if pair and names.of_two_subjects(*whole):
        raise ScanError(
            f"{whole[1]}: is of another subject than {whole[0].name}, by their names; open an ED and an ES file of one "
            "subject, or each file alone"
        )
    entries: list[Entry] = []
    unusable: dict[Path, UnusableError] = {}
    for folder, members in sorted(by_folder.items()):
        for paths in [tuple(in_phase_order(whole))] if pair else groups(members):
            cancel.check()
            try:
                series = replace(_series(paths), kind=kind)
            except ScanError as error:
                unusable[paths[0]] = UnusableError(str(error).removeprefix(f"{paths[0]}: "))
                continue
            entries.append(Entry(series, f"folder\0{folder}", folder.name or str(folder), is_folder=True))
        if pair:
            break
    return Found(entries, unusable, masks, foreign)


def _is_image_of(path: Path, files: Sequence[Path]) -> bool:
    """Whether a file is the image of a header that is among the files."""
    return ".img" in nifti.suffix_of(path) and any(
        other.parent == path.parent and nifti.stem_of(other) == nifti.stem_of(path) and other != path
        for other in files
        if ".hdr" in nifti.suffix_of(other)
    )


def _without_masks(files: Sequence[Path], named: frozenset[Path]) -> tuple[list[Path], list[Path]]:
    """(scans, masks): by name, by folder, by header, and where several are left in a folder, by values."""
    every, folders = frozenset(files), {path.parent for path in files}
    masks = {
        path
        for path in files
        if path not in named
        and (is_mask(path) or names.mask_beside(path, every) or names.in_mask_folder(path, folders))
    }
    undecided: dict[Path, list[Path]] = defaultdict(list)
    for path in files:
        if path not in masks and path not in named:
            undecided[path.parent].append(path)
    for left in undecided.values():
        by_values = {path for path in left if _holds_labels(path)} if len(left) > 1 else set()
        # A folder with nothing but masks holds none to pass over: opening one says what it is.
        if len(by_values) < len(left):
            masks |= by_values
    return [path for path in files if path not in masks], [path for path in files if path in masks]


def _holds_labels(path: Path) -> bool:
    try:
        return nifti.holds_labels(path)
    except ScanError:
        return False


def _series(paths: tuple[Path, ...]) -> Series:
    """A file or a pair, by the first one's header. Raises ScanError."""
    frames, (slices, rows, columns) = nifti.size_of(paths[0])
    several = len(paths) > 1
    pair = len(paths) == 2 and slices > 1
    if several and slices == 1:
        slices = len(paths)
    elif len(paths) > 2 and nifti.over_time(paths):
        frames, slices = slices, len(paths)
    else:
        frames *= len(paths)
    view = names.view_of(paths[0])
    return Series(
        number=-1,
        kind="nifti",
        description=nifti_stack.common_name(paths) if several else nifti.stem_of(paths[0]),
        modality="",
        series_number=0,
        size=(frames, slices, rows, columns),
        pair=pair,
        not_short_axis=nifti_stack.SINGLE_SLICE if slices == 1 else "",
        paths=paths,
        said=" and ".join(path.name for path in paths) if len(paths) < 3 else f"{paths[0].name} to {paths[-1].name}",
        likelihood=Likelihood(
            own_view=view >= 0,
            phases=0 if slices < 3 or frames < 2 else 1 if pair else 2,
            stack=slices >= 3,
            named=view,
            images=slices * frames,
        ),
        may_be_long_axis=frames > 1 and slices <= MOST_LONG_AXIS_SLICES and names.may_be_long_axis(paths[0]),
        subject=names.without_view(paths[0]),
    )


def _read(
    index: Index, series: Series, *, progress: Progress, cancel: CancelToken | None, on_plane: OnPlane | None
) -> Volume:
    progress(0, 0, "Reading images")
    volume = nifti.read(series.paths, on_plane=on_plane)
    if not volume.phase_names or says_phases(series.paths):
        return volume
    ed, es = (path.name for path in series.paths)
    guess = f"Nothing says which file is of which phase: {ed} is taken for end-diastole, {es} for end-systole."
    return replace(volume, notices=(*volume.notices, guess))


def _preview(series: Series) -> tuple[NDArray[Any], tuple[float, float]]:
    return nifti.preview(series.paths[0])


_IN_TEXT = (*nrrd_header.SUFFIXES, *metaimage_header.SUFFIXES)

NIFTI = Format("nifti", "NIfTI", nifti.SUFFIXES, _probe, partial(_find, "nifti"), _read, _preview)
NRRD = Format(
    kind="nrrd",
    name="NRRD",
    suffixes=nrrd_header.SUFFIXES,
    probe=lambda path, named: path.name.lower().endswith(nrrd_header.SUFFIXES),
    find=partial(_find, "nrrd"),
    read=_read,
    preview=_preview,
)
METAIMAGE = Format(
    kind="metaimage",
    name="MetaImage",
    suffixes=metaimage_header.SUFFIXES,
    probe=lambda path, named: path.name.lower().endswith(metaimage_header.SUFFIXES),
    find=partial(_find, "metaimage"),
    read=_read,
    preview=_preview,
)


def masks_among(entries: Sequence[Entry]) -> list[Entry]:
    """Entries of these formats that are masks by their values, where several of the formats lie beside each other.

    Within one format they have been passed over already.
    """
    own = {NIFTI.kind, NRRD.kind, METAIMAGE.kind}
    if len({entry.series.kind for entry in entries} & own) < 2:
        return []
    masks = [e for e in entries if e.series.kind in own and all(map(_holds_labels, e.series.paths))]
    return masks if len(masks) < len(entries) else []


def in_phase_order(paths: Sequence[Path]) -> list[Path]:
    """Two files as ED, ES: by their names, by the Info.cfg beside them, else as given."""
    phases = _phases(paths)
    return [paths[1], paths[0]] if phases[:1] == ["ES"] or phases[1:] == ["ED"] else list(paths)


def says_phases(paths: Sequence[Path]) -> bool:
    """Whether the names of two files, or the Info.cfg beside them, say which is of which phase."""
    return any(_phases(paths))


def _phases(paths: Sequence[Path]) -> list[str]:
    """ "ED", "ES" or nothing for each of two files; nothing for both where they are said to be of one phase."""
    if len(paths) != 2:
        return []
    phases = [names.phase_of(p) for p in paths]
    info = paths[0].parent / "Info.cfg"
    if sorted(phases) != ["ED", "ES"] and paths[0].parent == paths[1].parent and is_file(info):
        by_info = [_phase_by_info(p, info) for p in paths]
        phases = by_info if any(by_info) else phases
    return phases if phases[0] != phases[1] else ["", ""]


def _phase_by_info(path: Path, info: Path) -> str:
    frame = names.frame_of(path)
    return "" if frame is None else {number: phase for phase, number in info_frames(info).items()}.get(frame, "")


def is_mask(path: Path) -> bool:
    """Whether a file's name or header says that it is a mask. One that cannot be read is none."""
    try:
        return names.says_mask(path) or nifti.is_mask(path)
    except ScanError:
        return False


def groups(scans: Sequence[Path]) -> list[tuple[Path, ...]]:
    """The scans of one folder: an ED and ES pair, one file a frame, one file a slice, or a file by itself."""
    found: list[tuple[Path, ...]] = []
    singles: list[tuple[Path, ...]] = []
    for paths in pairs(scans):
        (found if len(paths) > 1 else singles).append(paths)
    left = [path for (path,) in singles]
    for run in names.runs(left):
        if parts := _parts(run):
            found.append(parts)
            left = [path for path in left if path not in parts]
    return sorted([*found, *((path,) for path in left)])


def _parts(run: Sequence[Path]) -> tuple[Path, ...]:
    """The files of a run as one scan, where their grids and voxels show that they are; else none."""
    try:
        return tuple(run) if nifti.are_parts(run) else ()
    except ScanError:
        return ()


def pairs(scans: Sequence[Path]) -> list[tuple[Path, ...]]:
    """NIfTI scans of one folder, an ED and ES pair as (ED, ES), each other file alone; in the order of their names.

    Two files are a pair by names that differ in ED and ES alone, or by the Info.cfg beside them.
    """
    info = next((i for i in {p.parent / "Info.cfg" for p in scans} if is_file(i)), None)
    by_name: dict[str, dict[str, Path]] = {}
    for path in scans:
        try:
            by_info = _phase_by_info(path, info) if info else ""
        except ScanError:  # a damaged Info.cfg costs the pairing only
            by_info = ""
        phase = names.phase_of(path) or by_info
        if phase:
            by_name.setdefault(f"{path.parent}\0{names.without_phase(path)}", {}).setdefault(phase, path)
    found = {both["ED"]: (both["ED"], both["ES"]) for both in by_name.values() if len(both) == 2}
    second = {es for _, es in found.values()}
    return [found.get(path, (path,)) for path in sorted(scans) if path not in second]
