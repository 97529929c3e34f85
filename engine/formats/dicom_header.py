"""Headers of DICOM files to images: classic, multi-frame, enhanced and legacy-converted ones."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from engine.archives import ArchiveError
from engine.files import file_size, open_regular
from engine.formats import decoding
from engine.formats.dicom_elements import RawHeader, header_of
from engine.formats.dicom_enhanced import bytes_a_frame, enhanced_frames
from engine.formats.dicom_files import (
    DEFLATED,
    GIT_LFS,
    HEAD_BYTES,
    IMAGE_SUFFIXES,
    UNFETCHED,
    inflated,
    plain,
    pydicom,
    starts_as_dicom,
)
from engine.formats.dicom_image import Image
from engine.formats.dicom_kind import normal
from engine.formats.dicom_values import (
    PLANE,
    moment,
    number,
    numbers,
    plane_of,
    rr_ms,
    tag,
    text,
    texts,
    value,
    whole,
    window,
)
from engine.formats.index import UnusableError

if TYPE_CHECKING:
    from pydicom import Dataset


_TAGS: list[Any] = [
    *PLANE,
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "Modality", "ImageType"),
    *("SeriesNumber", "InstanceNumber", "TriggerTime", "NominalInterval", "HeartRate", "RepetitionTime"),
    *("TemporalPositionIdentifier", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PixelRepresentation"),
    *("PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "RescaleSlope", "RescaleIntercept"),
    *("WindowCenter", "WindowWidth", "ImagerPixelSpacing", "SeriesDescription", "ProtocolName"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "DimensionIndexSequence"),
    *("PatientName", "PatientBirthDate", "AcquisitionNumber", "AcquisitionDateTime", "AcquisitionDate"),
    *("AcquisitionTime", "ContentDate", "ContentTime", "EchoTime", "InversionTime", "ComplexImageComponent"),
    *("CardiacNumberOfImages", "BodyPartExamined", "FrameTime", "FrameTimeVector", "SliceLocation"),
    *("PixelPaddingValue", "SliceLocationVector", "FrameOfReferenceUID"),
    *("NominalCardiacTriggerDelayTime", "ActualCardiacTriggerDelayTime", "NominalPercentageOfCardiacPhase"),
]


_LOOKED_AT = 65_536
"""So many bytes after the pixels show whether they are padding."""


@cache
def _tags() -> list[Any]:
    """_TAGS as numbers, looked up once and not in every file."""
    return [tag(name) for name in _TAGS]


def read_images(path: Path) -> tuple[Image, ...]:
    """The images that a file holds: one, or one a frame. Raises UnusableError with the reason."""
    try:
        file = open_regular(path)
    except FileNotFoundError as error:
        raise UnusableError(UNFETCHED if path.is_symlink() else "is missing; copy the whole study") from error
    except ArchiveError as error:
        raise UnusableError(error.reason) from error
    except OSError as error:
        raise UnusableError(f"cannot be read ({error.strerror or error}); check its permissions") from error
    try:
        with file:
            head = file.read(HEAD_BYTES)
            if not starts_as_dicom(head):
                raise _not_dicom(path, head)
            if DEFLATED in head:
                return _read(path, head, io.BytesIO(inflated(path)))
            file.seek(0)
            return _read(path, head, file)
    except UnusableError:
        raise
    except ArchiveError as error:
        raise UnusableError(error.reason) from error
    except OSError as error:
        raise UnusableError(f"cannot be read ({error.strerror or error})") from error
    except Exception as error:  # damaged headers make pydicom raise errors of any kind
        raise UnusableError("has a damaged header") from error


def _read(path: Path, head: bytes, file: BinaryIO) -> tuple[Image, ...]:
    header = header_of(file, head, _tags())
    pixels = file.read(12)
    return _describe(path, head, header, pixels, file.tell() - len(pixels))


def _patient(header: Dataset) -> str:
    """Name and date of birth, as far as they are there; case and punctuation differ between systems."""
    name = "".join(c for c in plain(value(header, "PatientName")).casefold() if c.isalnum())
    born = text(header, "PatientBirthDate")
    return f"{name}|{born if born.strip('0') else ''}" if name else ""


def _not_dicom(path: Path, head: bytes) -> UnusableError:
    """Why a file is none: what is named as an image, or is nothing but zeros, was one before it was damaged."""
    suffix = path.suffix.lower()
    nameless = not path.name.startswith(".") and (suffix == "" or suffix[1:].isdecimal())
    named = suffix in IMAGE_SUFFIXES
    if head.startswith(GIT_LFS):
        return UnusableError("is a pointer of Git LFS, whose content is not here; fetch it with 'git lfs pull'")
    if head and any(head):
        return UnusableError("is not a DICOM file", harmless=not named, foreign=True)
    harmless = not (named or nameless)
    why = "is damaged: it begins with zeros; copy it again" if head else "is empty; copy it again from its source"
    return UnusableError(why, harmless=harmless, foreign=True)


def _describe(path: Path, head: bytes, read: RawHeader, pixels: bytes, at: int) -> tuple[Image, ...]:
    """Images of a parsed header; pixels are the 12 bytes that follow it, at byte `at` of the file."""
    header = read.dataset
    modality = text(header, "Modality")
    sop_class = text(header, "SOPClassUID") or read.sop_class
    if sop_class == pydicom.uid.MediaStorageDirectoryStorage:
        raise UnusableError("is a DICOMDIR index; open the folder beside it", harmless=True)
    if modality in ("SEG", "RTSTRUCT"):
        raise UnusableError(f"holds contours or masks ({modality}), not images; open the scan first", harmless=True)
    rows, columns = number(header, "Rows"), number(header, "Columns")
    if not pixels and pydicom.uid.UID(sop_class).name.endswith("Image Storage"):
        raise UnusableError("is truncated: it ends before its pixels; copy it again from its source")
    if not rows or not columns:
        raise UnusableError(f"holds no image ({modality or 'of unknown kind'})", harmless=True)
    colours = text(header, "PhotometricInterpretation")
    if (number(header, "SamplesPerPixel") or 1) != 1 or not colours.startswith("MONOCHROME"):
        raise UnusableError(f"is a colour image ({colours or 'of unknown kind'}); CineQuant shows grey-scale images")
    allocated = int(number(header, "BitsAllocated") or 0)
    if allocated not in (8, 16, 32):
        raise UnusableError(f"has {allocated} bits a pixel; 8, 16 and 32 can be read")
    stored = int(number(header, "BitsStored") or allocated)
    high = int(number(header, "HighBit") or stored - 1)
    if not 0 < stored <= allocated or not stored - 1 <= high < allocated:
        raise UnusableError(f"has a damaged header: {stored} bits stored up to bit {high} of {allocated}")

    frames = int(number(header, "NumberOfFrames") or 1)
    if frames < 1:
        raise UnusableError(f"has a damaged header: {frames} frames; copy it again from its source")
    deflated = DEFLATED in head
    expected = frames * int(rows * columns) * allocated // 8
    size = len(inflated(path)) if deflated else file_size(path)
    offset = _pixel_offset(size, pixels, at, (read.implicit, read.little), expected)
    if offset is not None:
        _refuse_surplus(path, pixels, (read.implicit, read.little), offset + expected, expected)
    if offset is None and decoding.JPEG.encode() in head:
        decoding.child.start()  # gets ready while more headers are read
    plane = {name: value(header, name) for name in PLANE}
    image = Image(
        path=path,
        frame=0,
        multi_frame=False,
        sop_class=sop_class,
        sop_uid=text(header, "SOPInstanceUID"),
        study=(text(header, "PatientID"), text(header, "StudyInstanceUID")),
        series_uid=text(header, "SeriesInstanceUID"),
        series_number=int(number(header, "SeriesNumber") or 0),
        instance_number=whole(number(header, "InstanceNumber")),
        modality=modality,
        description=plain(value(header, "SeriesDescription")) or plain(value(header, "ProtocolName")),
        image_type=texts(header, "ImageType"),
        rows=int(rows),
        columns=int(columns),
        **plane_of(header, plane),
        trigger_ms=_either(header, "TriggerTime", "NominalCardiacTriggerDelayTime"),
        actual_ms=number(header, "ActualCardiacTriggerDelayTime"),
        percent=number(header, "NominalPercentageOfCardiacPhase"),
        temporal=number(header, "TemporalPositionIdentifier"),
        rr_ms=rr_ms(header),
        repetition_ms=number(header, "RepetitionTime"),
        window=window(header),
        slope=number(header, "RescaleSlope") or 1.0,
        intercept=number(header, "RescaleIntercept") or 0.0,
        inverted=colours == "MONOCHROME1",
        bits=(allocated, stored, high),
        signed=bool(number(header, "PixelRepresentation")),
        byte_order="<" if read.little else ">",
        deflated=deflated,
        offset=offset,
        patient=_patient(header),
        acquisition=int(number(header, "AcquisitionNumber") or 0),
        acquired_s=moment(header, "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime"),
        content_s=moment(header, "", "ContentDate", "ContentTime"),
        echo_ms=number(header, "EchoTime"),
        inversion_ms=number(header, "InversionTime"),
        component=text(header, "ComplexImageComponent").upper(),
        body_part=text(header, "BodyPartExamined").upper(),
        location_mm=number(header, "SliceLocation"),
        phases_stated=int(number(header, "CardiacNumberOfImages") or 0) or None,
        padding=_padding(header, stored),
        reference=text(header, "FrameOfReferenceUID"),
    )
    if frames == 1 and image.position is not None:
        return (image,)
    per_frame = value(header, "PerFrameFunctionalGroupsSequence") or []
    if len(per_frame) == frames:
        return enhanced_frames(image, header, per_frame)
    if len(per_frame):
        raise UnusableError(
            f"has a damaged header: it describes {len(per_frame)} frames and says that there are {frames}; copy it "
            "again from its source"
        )
    if frames > 1 and sop_class != pydicom.uid.MRImageStorage and image.position is None:
        raise UnusableError(f"is a multi-frame {modality} image that does not say where each frame lies")
    return _classic_frames(image, header, frames) if frames > 1 else (image,)


def _padding(header: Dataset, stored: int) -> int | None:
    """The stored value that stands for outside the image; some writers give that of signed pixels as unsigned."""
    given = number(header, "PixelPaddingValue")
    if given is None:
        return None
    signed = bool(number(header, "PixelRepresentation"))
    return int(given) - (1 << stored) if signed and given >= 1 << (stored - 1) else int(given)


def _length_of(element: bytes, encoding: tuple[bool, bool]) -> int:
    """The length that the first bytes of an element give. encoding: (implicit VR, little endian)."""
    implicit, little = encoding
    end = 8 if implicit else 12
    return int.from_bytes(element[end - 4 : end], "little" if little else "big")


def _refuse_surplus(path: Path, element: bytes, encoding: tuple[bool, bool], end: int, expected: int) -> None:
    """Raise UnusableError where grey values go on after the byte at which they should end; some writers add zeros."""
    surplus = _length_of(element, encoding) - expected
    if surplus < 2:
        return
    with open_regular(path) as file:
        deflated = DEFLATED in file.read(HEAD_BYTES)
        file.seek(end)
        rest = inflated(path)[end : end + _LOOKED_AT] if deflated else file.read(min(surplus, _LOOKED_AT))
    if any(rest):
        raise UnusableError(
            f"holds {surplus} bytes of pixels more than its header accounts for, so the header is not of these "
            "pixels; copy it again from its source"
        )


def _either(header: Dataset, name: str, other: str) -> float | None:
    found = number(header, name)
    return number(header, other) if found is None else found


def _classic_frames(image: Image, header: Dataset, frames: int) -> tuple[Image, ...]:
    """Frames of a multi-frame file without functional groups, at the times that it states.

    All lie at its one position, unless it gives a slice location for each.
    """
    step = number(header, "FrameTime")
    vector = numbers(value(header, "FrameTimeVector"), frames)
    times = np.cumsum(vector) if vector is not None else np.arange(frames) * (step or 0.0)
    start = image.trigger_ms or 0.0
    known = bool(step) or vector is not None
    along = numbers(value(header, "SliceLocationVector"), frames)
    places = [image.position] * frames
    if along is not None and image.position is not None:
        across = normal(image)
        shifted = [np.array(image.position) + (there - along[0]) * across for there in along]
        places = [(float(x), float(y), float(z)) for x, y, z in shifted]
    return tuple(
        replace(
            image,
            frame=frame,
            position=places[frame],
            multi_frame=True,
            instance_number=(image.instance_number or 0) * 100_000 + frame + 1,
            trigger_ms=start + float(times[frame]) if known else image.trigger_ms if along is not None else None,
            offset=None if image.offset is None else image.offset + frame * bytes_a_frame(image),
        )
        for frame in range(frames)
    )


def _pixel_offset(total: int, element: bytes, at: int, encoding: tuple[bool, bool], expected: int) -> int | None:
    """Where native pixels start, None if they are compressed. encoding: (implicit VR, little endian).

    total: bytes of the file, inflated where it is deflated.

    Raises UnusableError if they are absent or fewer than expected bytes.
    """
    implicit, little = encoding
    order = "<" if little else ">"
    if len(element) < 12 or struct.unpack(f"{order}HH", element[:4]) != (0x7FE0, 0x0010):
        raise UnusableError("holds no image: it ends before the pixels or has none that can be shown")
    size = 8 if implicit else 12
    length = _length_of(element, encoding)
    if length == 0xFFFFFFFF:
        return None
    there = min(length, total - at - size)
    if there < expected:
        raise UnusableError(
            f"is truncated: {there} of {expected} bytes of pixels are there; copy it again from its source"
        )
    return at + size
