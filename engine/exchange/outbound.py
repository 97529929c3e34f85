"""Objects that are sent to an archive: DICOM files, with what a server is told before it takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.exchange.search import is_uid
from engine.exchange.servers import ServerError
from engine.files import open_regular
from engine.formats.dicom_files import pydicom


@dataclass(frozen=True, slots=True)
class Outbound:
    """A DICOM file. kind: the name of its SOP class. syntax: the UID of its transfer syntax."""

    path: Path
    uid: str
    study_uid: str
    sop_class: str
    kind: str
    syntax: str


def objects_in(paths: Iterable[Path]) -> tuple[Outbound, ...]:
    """The DICOM files among paths, and in the folders among them, whose other files are left out.

    Raises ServerError for a path that is no DICOM file, and where there is none at all.
    """
    found: dict[str, Outbound] = {}
    said = list(paths)
    for path in said:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and not _is_hidden(p.relative_to(path)))
            several = [o for o in map(_outbound, files) if o is not None]
        else:
            one = _outbound(path)
            if one is None:
                raise ServerError(f"{path}: is no DICOM object that an archive takes; give DICOM files or folders")
            several = [one]
        found.update({each.uid: each for each in several})
    if not found:
        raise ServerError(f"{', '.join(map(str, said))}: holds no DICOM objects; give DICOM files or folders")
    return tuple(found.values())


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _outbound(path: Path) -> Outbound | None:
    """None for what is no DICOM file with a preamble and a header of its own, and for DICOMDIRs."""
    try:
        with open_regular(path) as stream:
            if stream.read(132)[128:] != b"DICM":
                return None
            stream.seek(0)
            tags = ["SOPInstanceUID", "StudyInstanceUID"]
            header = pydicom.dcmread(stream, specific_tags=tags, stop_before_pixels=True)
            meta = header.file_meta
            kind = meta.MediaStorageSOPClassUID
            one = Outbound(
                path,
                str(header.SOPInstanceUID),
                str(header.get("StudyInstanceUID") or ""),
                str(kind),
                str(kind.name),
                str(meta.TransferSyntaxUID),
            )
    except OSError as error:
        raise ServerError(f"{path}: {error.strerror or 'cannot be read'}; check the path") from error
    except Exception:  # pydicom raises errors of many kinds for what is no DICOM
        return None
    fine = all(map(is_uid, (one.uid, one.sop_class, one.syntax, one.study_uid)))
    return one if fine and str(meta.get("MediaStorageSOPInstanceUID")) == one.uid else None
