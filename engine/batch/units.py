"""Which scans lie below a folder, as the units that a batch works through one by one.

A volume (NIfTI, NRRD, MetaImage) is a unit, and so are an ED and an ES file of one patient. A DICOM study is one, in
however many folders it lies. A zip archive is one, whatever is in it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.archives import is_archive
from engine.errors import ScanError
from engine.formats import nifti
from engine.formats.dicom_files import IMAGE_SUFFIXES, looks_like_dicom, read_dicom
from engine.formats.door import FORMATS, check_paths, find_among, sort_files
from engine.formats.study_files import find_files
from engine.progress import CancelToken, Progress, no_progress

VOLUME, STUDY, ARCHIVE = "volume", "study", "archive"
# Of a folder's DICOM files, those that are asked for their study. A folder holds one as a rule.
_ASKED = 5
_MOST_NAME_BYTES = 200
_BREAKS = re.compile(r"\s*[\x00-\x1f\x7f-\x9f\u2028\u2029]\s*")
_VOXELS = tuple(kind for kind in FORMATS if kind.kind != "dicom")


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """What one task reads.

    key: its name, a relative path with "/", which no other unit has. kind: VOLUME, STUDY or ARCHIVE. paths: its files.
    stamp: a digest of their names, sizes and times, which changes when they do. fault: why it cannot be read, as a
    phrase; empty where nothing is wrong so far.
    """

    key: str
    kind: str
    paths: tuple[Path, ...]
    stamp: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Units:
    """What find_units has found: units by key; and how many masks and files that are no scans it has passed over."""

    units: tuple[WorkUnit, ...]
    masks: int = 0
    others: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A unit before it has its key: where its name comes from."""

    name: Path
    kind: str
    paths: tuple[Path, ...]
    fault: str = ""


def find_units(
    source: Path, without: Path, *, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Units:
    """The units in a folder or a file. without: a folder that is left out, such as that of the results.

    Of volumes the headers are read, of DICOM studies a few headers a folder, and of archives nothing.
    Raises ScanError where the source is not there; Cancelled.
    """
    cancel = cancel or CancelToken()
    check_paths([source])
    progress(0, 0, "Looking for scans")
    root = source if source.is_dir() else source.parent
    if is_archive(source):
        return Units(tuple(_named([_Place(_bare(source), ARCHIVE, (source,))], root)))
    closed: dict[Path, str] = {}
    files = [path for path in find_files([source], closed) if not path.is_relative_to(without)]
    zips = [path for path in files if path.suffix.lower() == ".zip" and is_archive(path)]
    left = sorted({*files}.difference(zips))
    voxels = sort_files(left, frozenset({source}), _VOXELS, cancel=cancel)
    dicom, others = _dicom_files(voxels.foreign, progress, cancel)
    places = [
        *(_Place(_bare(entry.series.paths[0]), VOLUME, entry.series.paths) for entry in voxels.entries),
        *(_Place(_bare(path), VOLUME, (path,), str(why)) for path, why in voxels.unusable.items()),
        *(_Place(_bare(path), ARCHIVE, (path,)) for path in zips),
        *_studies(dicom, cancel),
        *(_Place(path, STUDY, (path,), why) for path, why in closed.items() if path.is_dir()),
        *(
            _Place(_bare(path), VOLUME, (path,), why)
            for path, why in closed.items()
            if _is_named_scan(path) and not path.is_dir()
        ),
    ]
    return Units(tuple(_named(places, root)), len(voxels.masks), others)


def _dicom_files(files: Sequence[Path], progress: Progress, cancel: CancelToken) -> tuple[dict[Path, list[Path]], int]:
    """DICOM files by folder, and how many others there are. What is only named like one counts: its fault is told."""
    found: dict[Path, list[Path]] = defaultdict(list)
    for done, path in enumerate(files):
        if done % 1000 == 0:
            cancel.check()
            progress(done, len(files), "Looking for scans")
        if path.name.upper().startswith("DICOMDIR"):
            continue
        if path.suffix.lower() in IMAGE_SUFFIXES or looks_like_dicom(path):
            found[path.parent].append(path)
    return found, len(files) - sum(map(len, found.values()))


def _studies(by_folder: Mapping[Path, list[Path]], cancel: CancelToken) -> Iterator[_Place]:
    """Folders that hold files of one study go together; a folder of several studies is taken apart by the door."""
    together: list[tuple[set[str], list[Path]]] = []
    at: dict[str, int] = {}
    for files in by_folder.values():
        cancel.check()
        asked = {files[i * (len(files) - 1) // (_ASKED - 1)] for i in range(_ASKED)}
        uids = {uid for path in asked if (uid := _study_uid(path))}
        members = list(files)
        for other in sorted({at[uid] for uid in uids if uid in at}):
            uids |= together[other][0]
            members += together[other][1]
            together[other] = (set(), [])
        at.update(dict.fromkeys(uids, len(together)))
        together.append((uids, members))
    for uids, members in together:
        if len(uids) > 1:
            yield from _by_door(sorted(members), cancel)
        elif members:
            yield _Place(common_folder(members), STUDY, tuple(sorted(members)))


def _by_door(files: Sequence[Path], cancel: CancelToken) -> Iterator[_Place]:
    folder = common_folder(files)
    try:
        index = find_among(folder, files, cancel=cancel)
    except ScanError:
        # Told, with its reason, when its turn comes.
        yield _Place(folder, STUDY, tuple(files))
        return
    for patient in index.patients:
        for study in patient.studies:
            paths = sorted({path for series in study.series for path in series.paths})
            yield _Place(common_folder(paths) / name_of_study(paths[0]), STUDY, tuple(paths))
    for path, why in index.faults.items():
        yield _Place(_bare(path), STUDY, (path,), str(why))


def _study_uid(path: Path) -> str:
    """Empty where the file does not say, or is damaged."""
    try:
        return str(read_dicom(path, stop_before_pixels=True, specific_tags=["StudyInstanceUID"]).StudyInstanceUID)
    except Exception:  # pydicom raises errors of any kind; reading the study is the place to tell them
        return ""


def name_of_study(path: Path) -> str:
    """A short name of the study that a DICOM file is of, which tells nobody's name."""
    return f"study-{hashlib.sha256((_study_uid(path) or path.name).encode()).hexdigest()[:8]}"


def common_folder(files: Sequence[Path]) -> Path:
    """The folder that all files lie below."""
    return Path(os.path.commonpath([path.parent for path in files]))


def _is_named_scan(path: Path) -> bool:
    return nifti.suffix_of(path) in (".zip", *(suffix for kind in FORMATS for suffix in kind.suffixes))


def _bare(path: Path) -> Path:
    """The name of a file without what its ending says: "a" of "a.nii.gz"."""
    return path.with_name(nifti.stem_of(path) if nifti.suffix_of(path) else path.stem)


def _named(places: Sequence[_Place], root: Path) -> list[WorkUnit]:
    """Places as units, sorted by their keys. Of places of one name, all but the first have their number behind it."""
    taken: set[str] = set()
    units = []
    for place in sorted(places, key=lambda place: (place.name, place.kind, place.paths)):
        relative = place.name.relative_to(root)
        plain = "/".join(map(short_name, relative.parts)) or short_name(root.resolve().name or "scan")
        key, copies = plain, 1
        while key.casefold() in taken:
            copies += 1
            key = f"{plain}-{copies}"
        taken.add(key.casefold())
        units.append(WorkUnit(key, place.kind, place.paths, _stamp(place.paths), place.fault))
    return sorted(units, key=lambda unit: unit.key)


def short_name(name: str) -> str:
    """A name as it can stand in files of results: in UTF-8, and with room for an ending."""
    content = os.fsencode(name)
    text = one_line(content.decode("utf-8", "backslashreplace").replace("\\", "_"))
    if len(text.encode()) <= _MOST_NAME_BYTES:
        return text
    digest = hashlib.sha256(content).hexdigest()[:8]
    return f"{text.encode()[: _MOST_NAME_BYTES - 9].decode('utf-8', 'ignore')}-{digest}"


def one_line(text: str) -> str:
    """Text without line breaks and other control characters; spaces stay, since names of files may have several."""
    return _BREAKS.sub(" ", text)


def _stamp(paths: Sequence[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        try:
            found = path.stat()
            whole.update(f"{found.st_size} {found.st_mtime_ns} ".encode())
        except OSError:
            whole.update(b"missing ")
        whole.update(os.fsencode(path.name) + b"\0")
    return whole.hexdigest()[:16]
