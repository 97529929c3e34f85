"""What the header of one image says, as rows of plain text; and which rows could tell who the patient is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import ScanError
from engine.formats.dicom_files import plain, read_dicom
from engine.formats.nifti import header_fields
from engine.volume import Volume

if TYPE_CHECKING:
    from pydicom import Dataset

LONGEST = 400
"""Characters of a value that are shown: some elements hold whole tables."""

# Kinds of value that hold numbers or codes of the standard, and so no person, place or day.
_HARMLESS_VR = {"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "DS", "IS", "CS", "AT", "SQ"}
_BYTES_VR = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
# Free text that is the scanner's own, and identifiers that the standard itself defines.
_HARMLESS = {
    "AngioFlag", "AcquisitionContrast", "ManufacturerModelName", "Manufacturer", "SequenceName", "SoftwareVersions",
    "PulseSequenceName", "ImplementationVersionName", "ImplementationClassUID", "MediaStorageSOPClassUID",
    "ReceiveCoilName", "ReferencedSOPClassUID", "SOPClassUID", "SeriesDescription", "ProtocolName", "TransferSyntaxUID",
    "TransmitCoilName", "ImagedNucleus", "TriggerTime", "CodeMeaning", "CodeValue", "CodingSchemeDesignator",
    "WindowCenterWidthExplanation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tag:
    """One element. tag: "(0010,0010)", empty for NIfTI. vr: value representation, the type for NIfTI.

    depth: how many sequences it lies in. identifying: the value could tell who the patient is, or when and where the
    scan was made; what is not known to be harmless counts as identifying, private elements too.
    """

    tag: str
    keyword: str
    vr: str
    value: str
    depth: int = 0
    identifying: bool = False


def tags_of(volume: Volume, frame: int, slice_index: int) -> tuple[Tag, ...]:
    """The header behind one slice of a scan, in file order; empty for a scan without a file.

    Raises ScanError where the file is gone or damaged.
    """
    source = volume.source
    if source.instances:
        path = source.instances[frame][slice_index]
        try:
            header = read_dicom(path, stop_before_pixels=True)
            return (*_rows(header.file_meta, 0), *_rows(header, 0))
        except OSError as error:
            raise ScanError(f"{path}: cannot be read ({error.strerror or error}); open the scan again") from error
        except Exception as error:  # damaged headers make pydicom raise errors of any kind
            raise ScanError(f"{path}: has a damaged header; copy it again from its source") from error
    which = frame if len(source.nifti_headers) > 1 else 0
    return tuple(
        Tag("", name, kind, _short(value), identifying=kind.startswith("char") and name != "magic")
        for name, kind, value in (header_fields(source.nifti_headers[which]) if source.nifti_headers else ())
    )


def _rows(dataset: Dataset, depth: int) -> Iterator[Tag]:
    for element in dataset:
        if element.tag.element == 0:  # the length of a group, which the standard has retired
            continue
        tag = f"({element.tag.group:04X},{element.tag.element:04X})"
        keyword = element.keyword or ("Private" if element.tag.is_private else "Unknown")
        if element.VR == "SQ":
            items = list(element.value or ())
            yield Tag(tag, keyword, "SQ", f"{len(items)} item{'' if len(items) == 1 else 's'}", depth)
            for item in items:
                yield from _rows(item, depth + 1)
            continue
        yield Tag(tag, keyword, str(element.VR), _value(element), depth, _identifies(element))


def _value(element: Any) -> str:
    value = element.value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if not isinstance(value, str) and element.VM > 1:
        return _short(" \\ ".join(str(v) for v in value))
    name = getattr(value, "name", "") if element.VR == "UI" else ""  # a UID that the standard defines has one
    return _short(f"{value}  {name}" if name and name != str(value) else str(value))


def _short(text: str) -> str:
    text = plain(text)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def _identifies(element: Any) -> bool:
    if element.tag.is_private or element.tag.group == 0x0010:
        return True
    if element.VR in _BYTES_VR:
        return not isinstance(element.value, bytes)  # of bytes only their number is shown
    return element.VR not in _HARMLESS_VR and element.keyword not in _HARMLESS
