"""Which files of a folder, an archive, a DICOMDIR or a heap may be images: regular ones, each once, in sorted order."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from engine.archives import ArchiveError, is_archive, members_of
from engine.errors import ScanError
from engine.files import is_file, read_regular
from engine.formats import case_file
from engine.formats.dicom_files import UNFETCHED, pydicom

_MAX_DIRECTORY_BYTES = 1 << 28
# DirectoryRecordSequence (0004,1220) with its VR and two reserved bytes; the delimiter of a sequence without length.
_RECORDS = b"\x04\x00\x20\x12SQ\x00\x00"
_UNDEFINED = 0xFFFFFFFF
_END_OF_SEQUENCE = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
# What may follow it: padding.
_TAIL_BYTES = 4096


def find_files(paths: Sequence[Path], closed: MutableMapping[Path, str] | None = None) -> list[Path]:
    """Every regular file in files and folders, in sorted order, each once.

    A DICOMDIR stands for the files that it lists, a zip archive for the files in it.

    Hidden folders are passed over: they hold what an interrupted program or a file system left. Links inside a folder
    are followed to files in that folder, and to the store of a DataLad (git-annex) data set, even where the content
    has not been fetched: reading the file is the place to say so.
    closed: takes the folders that cannot be listed and the links that lead elsewhere, each with the reason; without it
    such folders raise, and such links are passed over.
    Raises ScanError for a path that does not exist or cannot be listed, and for a DICOMDIR that lists no file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_walk(path, closed)))
        elif stat.S_ISREG(_mode(path)):
            found.update(dict.fromkeys(_inside(path)))
        elif is_file(path):
            found[path] = None
        elif is_unfetched(path):
            raise ScanError(f"{path}: {UNFETCHED}")
        elif path.exists():
            raise ScanError(f"{path}: is neither a file nor a folder; open the scan's files or their folder")
        else:
            raise ScanError(f"{path}: does not exist; check the path")
    return list(found)


def is_scan_archive(path: Path) -> bool:
    """Whether a file is a zip archive that may hold a scan: a saved case is a zip archive, too, but no scan."""
    return path.suffix.lower() != case_file.SUFFIX and is_archive(path)


def _inside(path: Path) -> Sequence[Path]:
    """What a regular file that the user named stands for: itself, or the files of an archive or a DICOMDIR."""
    if path.name.upper().startswith("DICOMDIR"):
        return _listed(path)
    if not is_scan_archive(path):
        return (path,)
    try:
        return members_of(path)
    except ArchiveError as error:
        raise ScanError(f"{path}: {error.reason}") from error


def is_unfetched(path: Path) -> bool:
    """Whether a path is a link into a DataLad (git-annex) data set's store whose content is not there."""
    return path.is_symlink() and not path.exists() and _in_annex(path)


def _in_annex(link: Path) -> bool:
    return "/.git/annex/objects/" in Path(os.path.realpath(link)).as_posix()


def is_hidden(name: str) -> bool:
    """Whether a name is one that programs leave beside what they work on, such as ".cinequant-x3f" or "._IM0001"."""
    return name.startswith("._") or (name.startswith(".") and name.endswith(".part"))


def _walk(folder: Path, closed: MutableMapping[Path, str] | None) -> list[Path]:
    """As os.walk, files before folders, but without its limit of depth, hidden folders and loops."""
    root = os.path.realpath(folder)
    found = []
    waiting = [str(folder)]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
            folders = [e.path for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith(".")]
            shown = [e for e in entries if not is_hidden(e.name)]
            files = {e.name: e for e in shown if _is_within(e, root)}
            found += [Path(e.path) for e in files.values()]
            if closed is not None:
                closed.update((Path(e.path), why) for e in shown if e.name not in files and (why := _lost(e, root)))
        except OSError as error:
            if closed is not None:
                closed[Path(here)] = f"cannot be listed ({error.strerror}); check its permissions"
                continue
            where = f"{here[:200]}…" if len(here) > 200 else here
            raise ScanError(f"{where}: cannot be listed ({error.strerror}); check its permissions") from error
        waiting += reversed(folders)
    return found


def _lost(entry: os.DirEntry[str], root: str) -> str:
    """Why a link is not followed, as a phrase; empty for what is no such link."""
    if not entry.is_symlink():
        return ""
    target = Path(os.path.realpath(entry.path))
    if not target.is_relative_to(root):
        return "is a link that leads out of the folder, and is not followed; give the folder that it leads to"
    return "" if target.exists() else "is a link to a file that is not there"


def _is_within(entry: os.DirEntry[str], root: str) -> bool:
    """Whether a folder's entry is a regular file, or a link to one in root or in a DataLad store."""
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    link = Path(entry.path)
    # realpath, because resolve() raises for a link to itself.
    if not Path(os.path.realpath(link)).is_relative_to(root) and not _in_annex(link):
        return False
    return stat.S_ISREG(_mode(link)) or is_unfetched(link)


def _listed(path: Path) -> list[Path]:
    """The files that a DICOMDIR lists, where they are in its folder or below; itself where it is another kind of file.

    Raises ScanError where it lists files and none of them is there, and where its end is missing.
    """
    try:
        header = pydicom.dcmread(path, specific_tags=["DirectoryRecordSequence"])
        if header.file_meta.get("MediaStorageSOPClassUID") != pydicom.uid.MediaStorageDirectoryStorage:
            return [path]
        names = [record.get("ReferencedFileID") for record in header.get("DirectoryRecordSequence") or ()]
    except Exception:  # whatever else is odd about it, reading it as an image is the place to say it
        names = None
    if _is_cut(path):
        raise ScanError(
            f"{path}: is cut short, so it does not list every image; copy the disc again, or open the folder "
            "that holds the images"
        )
    if names is None:
        return [path]
    root = os.path.realpath(path.parent)
    listed = [_parts(name) for name in names if name]
    files = [file for parts in listed if (file := _below(path.parent, parts))]
    files = [file for file in files if Path(os.path.realpath(file)).is_relative_to(root)]
    if not any(stat.S_ISREG(_mode(file)) for file in files):
        what = f"none of the {len(listed)} files that it lists is there" if listed else "lists no file"
        raise ScanError(f"{path}: {what}; copy the whole disc, or open the folder that holds the images")
    return sorted(files)


def _is_cut(path: Path) -> bool:
    """Whether a DICOMDIR ends before its directory records do. pydicom reads those that are there and says nothing.

    Knows the explicit little-endian form, which PS3.10 prescribes for a DICOMDIR.
    """
    try:
        content = read_regular(path, _MAX_DIRECTORY_BYTES)
    except OSError:  # the reader says why
        return False
    start = content.find(_RECORDS)
    if start < 0:
        return False
    start += len(_RECORDS)
    length = int.from_bytes(content[start : start + 4], "little")
    if length == _UNDEFINED:
        return _END_OF_SEQUENCE not in content[-_TAIL_BYTES:]
    return start + 4 + length > len(content)


def _parts(name: Any) -> list[str]:
    """The components of a ReferencedFileID: one text, several, or whatever a damaged index holds."""
    if isinstance(name, str) or not isinstance(name, Iterable):
        return [str(name)]
    return [str(part) for part in name]


def _below(folder: Path, parts: Sequence[str]) -> Path | None:
    """The file of these path components, in whatever letter case a copy of the disc has left them.

    The name as listed where no such file is there; None for what is no file or leads out of the folder.
    """
    if any(part in ("", ".", "..") or set(part) & set("/\\\0") for part in parts):
        return None
    here = folder
    for part in parts:
        spellings = (here / spelling for spelling in (part, part.lower(), part.upper()))
        exact = next((there for there in spellings if _mode(there)), None)
        if exact is None:
            return folder.joinpath(*parts)
        here = exact
    return here if stat.S_ISREG(_mode(here)) else None


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0
