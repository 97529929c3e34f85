"""The wanted elements of an ordinary DICOM header, read without a look at the others.

pydicom takes a few milliseconds for the header of one image, most of it for elements that nobody asks for. Here an
element that is not wanted costs one step of a loop. Whatever is not ordinary is left to pydicom: no file meta group,
another byte order, sequences of undefined length, invalid value representations, values that are cut off.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from engine.formats.dicom_files import pydicom

if TYPE_CHECKING:
    from pydicom import Dataset

_BLOCK = 16_384
_CHARACTER_SET = 0x00080005
_SYNTAX, _CLASS = 0x00020010, 0x00020002
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_IMPLICIT, _BIG, _DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
_SHORT_LENGTH = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG_LENGTH = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_short = struct.Struct("<HH2sH").unpack_from
_long = struct.Struct("<L").unpack_from
_implicit = struct.Struct("<HHL").unpack_from


class RawHeader(NamedTuple):
    """dataset: the wanted elements. sop_class: of the file meta group. implicit, little: how elements are encoded."""

    dataset: Dataset
    sop_class: str
    implicit: bool
    little: bool


def header_of(file: BinaryIO, head: bytes, wanted: Collection[Any]) -> RawHeader:
    """The wanted elements (pydicom's tags) before the pixels; the file is left where the pixels begin, or at its end.

    head: the first bytes of the file. Raises whatever pydicom raises for a damaged header.
    """
    found = _ordinary(file, head, {int(tag): tag for tag in wanted})
    if found is not None:
        return found
    file.seek(0)
    read = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(wanted), force=True)
    implicit, little = (bool(flag) for flag in read.original_encoding)
    return RawHeader(read, str(read.file_meta.get("MediaStorageSOPClassUID", "")), implicit, little)


def _ordinary(file: BinaryIO, head: bytes, wanted: dict[int, Any]) -> RawHeader | None:
    """As header_of; None where the header is not an ordinary one."""
    meta = _meta(head)
    if meta is None:
        return None
    start, syntax, sop_class = meta
    if not syntax.startswith("1.2.840.10008.1.2") or syntax in (_BIG, _DEFLATED):
        return None
    implicit = syntax == _IMPLICIT
    # The first element shows whether the syntax is what was promised.
    if len(head) < start + 8 or head[start + 4 : start + 6].isupper() == implicit:
        return None
    elements = _elements(file, start, {**wanted, _CHARACTER_SET: pydicom.tag.Tag(_CHARACTER_SET)}, implicit)
    if elements is None:
        return None
    dataset = pydicom.Dataset(elements)
    charset = elements.get(_CHARACTER_SET)
    names = pydicom.charset.convert_encodings(
        pydicom.dataelem.convert_raw_data_element(charset).value if charset else "ISO_IR 6"
    )
    dataset.set_original_encoding(implicit, True, names)
    return RawHeader(dataset, sop_class, implicit, little=True)


def _meta(head: bytes) -> tuple[int, str, str] | None:
    """(where the data set starts, transfer syntax, SOP class) of a file meta group that lies in the first bytes."""
    if head[128:132] != b"DICM":
        return None
    at, texts = 132, {_SYNTAX: "", _CLASS: ""}
    while head[at : at + 2] == b"\x02\x00":
        if at + 12 > len(head):
            return None
        group, element, vr, length = _short(head, at)
        if vr in _LONG_LENGTH:
            (length,) = _long(head, at + 8)
            at += 4
        elif vr not in _SHORT_LENGTH:
            return None
        tag = group << 16 | element
        at += 8
        if at + length > len(head):
            return None
        if tag in texts:
            texts[tag] = head[at : at + length].decode("ascii", "replace").strip(" \0")
        at += length
    return (at, texts[_SYNTAX], texts[_CLASS]) if texts[_SYNTAX] else None


def _elements(file: BinaryIO, start: int, wanted: dict[int, Any], implicit: bool) -> dict[Any, Any] | None:
    """The wanted elements from a byte on; None where something is not ordinary. The file is left as by header_of."""
    make = pydicom.dataelem.RawDataElement
    found: dict[Any, Any] = {}
    file.seek(start)
    block = file.read(_BLOCK)
    at, last = 0, 0
    while True:
        if at + 12 > len(block):
            start += at
            file.seek(start)
            block, at = file.read(_BLOCK), 0
            if len(block) < 8:
                break  # the end of the file
        if implicit:
            group, element, length = _implicit(block, at)
            vr, value_at = None, at + 8
        else:
            group, element, name, length = _short(block, at)
            value_at = at + 8
            if name in _LONG_LENGTH:
                if len(block) < at + 12:
                    return None
                (length,) = _long(block, value_at)
                value_at += 4
            elif name not in _SHORT_LENGTH:
                return None
            vr = name.decode("ascii")
        tag = group << 16 | element
        if tag in _PIXELS:
            file.seek(start + at)
            return found
        if tag <= last or length == 0xFFFFFFFF:
            return None
        last = tag
        if (known := wanted.get(tag)) is not None:
            end = value_at + length
            content = block[value_at:end]
            if end > len(block):
                file.seek(start + value_at)
                content = file.read(length)
                if len(content) < length:
                    return None
            found[known] = make(known, vr, length, content or _empty(vr), start + value_at, implicit, True)
        at = value_at + length
    return found


def _empty(vr: str | None) -> Any:
    return pydicom.dataelem.empty_value_for_VR(vr, raw=True)
