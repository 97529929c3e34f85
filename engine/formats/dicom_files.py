"""DICOM files on disk: which there are, what each image says about itself, and its pixels."""

from __future__ import annotations

import logging
import math
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.formats.index import UnusableError
from engine.later import Later

if TYPE_CHECKING:
    from pydicom import Dataset

# pydicom's warnings quote header values, so a log would hold patient data. This filter holds for its own log from here
# on; the logs of its parts go by the level, which its import sets anew.
_log = logging.getLogger("pydicom")
_log.addFilter(lambda _: False)


def _take_values_as_they_are(package: Any) -> None:
    """Scanners and anonymisers write invalid values, which are handled where they are used.

    Set once: these are settings of the whole process, and several threads read headers at a time.
    """
    package.config.settings.reading_validation_mode = package.config.IGNORE
    package.config.settings.writing_validation_mode = package.config.IGNORE
    warnings.filterwarnings("ignore", module="(pydicom|highdicom)")
    _log.setLevel(logging.CRITICAL)


pydicom: Any = Later("pydicom", then=_take_values_as_they_are)


@dataclass(frozen=True, slots=True)
class Image:
    """One frame of one file, as its header describes it. Absent or invalid values are None.

    frame: index of the frame in its file, from 0; multi_frame: whether the file holds frames, even if only one.
    study: patient ID and study UID; images of different studies never form one stack.
    position: LPS mm of the first pixel's centre. orientation: LPS cosines of row (x) and column (y) direction.
    pixel_mm: (row spacing, column spacing), so (y, x). trigger_ms: time after the R wave. rr_ms: the RR interval.
    description: of the series, as the scanner's protocol calls it; may hold anything that an operator typed.
    window: (centre, width) in rescaled units. inverted: MONOCHROME1, high values are dark.
    bits: (allocated, stored, high). offset: where the frame's native pixels start in the file, None if compressed.
    """

    path: Path
    frame: int
    multi_frame: bool
    sop_class: str
    sop_uid: str
    study: tuple[str, str]
    series_uid: str
    series_number: int
    instance_number: int
    modality: str
    description: str
    image_type: tuple[str, ...]
    rows: int
    columns: int
    position: tuple[float, float, float] | None
    orientation: tuple[float, ...] | None
    pixel_mm: tuple[float, float] | None
    thickness_mm: float | None
    gap_mm: float | None
    trigger_ms: float | None
    temporal: float | None
    rr_ms: float | None
    repetition_ms: float | None
    window: tuple[float, float] | None
    slope: float
    intercept: float
    inverted: bool
    bits: tuple[int, int, int]
    signed: bool
    byte_order: str
    deflated: bool
    offset: int | None


UNFETCHED = "is a link whose content is not here (of a DataLad data set?); fetch it with 'datalad get'"

IMAGE_SUFFIXES = (".dcm", ".ima", ".dicom", ".dic")
"""What the names of images end in, where they have an ending at all."""


def looks_like_dicom(path: Path) -> bool:
    """Whether a file starts as DICOM does: with the DICM mark, or at once with a group 2 or 8 element."""
    try:
        return _starts_as_dicom(_head(path))
    except OSError:
        return False


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(132)


def _starts_as_dicom(head: bytes) -> bool:
    if head[128:132] == b"DICM":
        return True
    if len(head) < 16:
        return False
    for order in "<>":
        group, element, implicit_length = struct.unpack(f"{order}HHL", head[:8])
        if group in (0x0002, 0x0008) and element < 0x0100:
            return (head[4:6].isalpha() and head[4:6].isupper()) or implicit_length < 256
    return False


_PLANE = ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices"]
_TAGS: list[Any] = [
    *_PLANE,
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "Modality", "ImageType"),
    *("SeriesNumber", "InstanceNumber", "TriggerTime", "NominalInterval", "HeartRate", "RepetitionTime"),
    *("TemporalPositionIdentifier", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PixelRepresentation"),
    *("PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "RescaleSlope", "RescaleIntercept"),
    *("WindowCenter", "WindowWidth", "ImagerPixelSpacing", "SeriesDescription", "ProtocolName"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
]


@cache
def _tags() -> list[Any]:
    """_TAGS as numbers, looked up once and not in every file."""
    return [_tag(name) for name in _TAGS]


@cache
def _tag(name: str) -> Any:
    return pydicom.tag.Tag(name)


def _value(header: Dataset, name: str) -> Any:
    """The value of an element, None where it is absent; Dataset.get(name) looks the name up anew each time."""
    element = header.get(_tag(name))
    return None if element is None else element.value


def read_images(path: Path) -> tuple[Image, ...]:
    """The images that a file holds: one, or one a frame. Raises UnusableError with the reason."""
    try:
        head = _head(path)
    except FileNotFoundError as error:
        raise UnusableError(UNFETCHED if path.is_symlink() else "is missing; copy the whole study") from error
    except OSError as error:
        raise UnusableError(f"cannot be read ({error.strerror or error}); check its permissions") from error
    if not _starts_as_dicom(head):
        raise _not_dicom(path, head)
    try:
        with path.open("rb") as file:
            header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=_tags(), force=True)
            pixels = file.read(12)
            return _describe(path, header, pixels, file.tell() - len(pixels))
    except UnusableError:
        raise
    except OSError as error:
        raise UnusableError(f"cannot be read ({error.strerror or error})") from error
    except Exception as error:  # damaged headers make pydicom raise errors of any kind
        raise UnusableError("has a damaged header") from error


def _not_dicom(path: Path, head: bytes) -> UnusableError:
    """Why a file is none: what is named as an image, or is nothing but zeros, was one before it was damaged."""
    suffix = path.suffix.lower()
    nameless = not path.name.startswith(".") and (suffix == "" or suffix[1:].isdecimal())
    named = suffix in IMAGE_SUFFIXES
    if not head:
        return UnusableError("is empty; copy it again from its source", harmless=not (named or nameless))
    if not any(head):
        return UnusableError("is damaged: it begins with zeros; copy it again", harmless=not (named or nameless))
    return UnusableError("is not a DICOM file", harmless=not named)


def _describe(path: Path, header: Dataset, pixels: bytes, at: int) -> tuple[Image, ...]:
    """Images of a parsed header; pixels are the 12 bytes that follow it, at byte `at` of the file."""
    modality = _text(header, "Modality")
    sop_class = _text(header, "SOPClassUID") or str(header.file_meta.get("MediaStorageSOPClassUID", ""))
    if sop_class == pydicom.uid.MediaStorageDirectoryStorage:
        raise UnusableError("is a DICOMDIR index; open the folder beside it", harmless=True)
    if modality in ("SEG", "RTSTRUCT"):
        raise UnusableError(f"holds contours or masks ({modality}), not images; open the scan first", harmless=True)
    rows, columns = _number(header, "Rows"), _number(header, "Columns")
    if not rows or not columns:
        if not pixels and pydicom.uid.UID(sop_class).name.endswith("Image Storage"):
            raise UnusableError("is truncated: it ends before its pixels; copy it again from its source")
        raise UnusableError(f"holds no image ({modality or 'of unknown kind'})", harmless=True)
    colours = _text(header, "PhotometricInterpretation")
    if (_number(header, "SamplesPerPixel") or 1) != 1 or not colours.startswith("MONOCHROME"):
        raise UnusableError(f"is a colour image ({colours or 'of unknown kind'}); CineQuant shows grey-scale images")
    allocated = int(_number(header, "BitsAllocated") or 0)
    if allocated not in (8, 16, 32):
        raise UnusableError(f"has {allocated} bits a pixel; 8, 16 and 32 can be read")
    stored = int(_number(header, "BitsStored") or allocated)
    high = int(_number(header, "HighBit") or stored - 1)
    if not 0 < stored <= allocated or not stored - 1 <= high < allocated:
        raise UnusableError(f"has a damaged header: {stored} bits stored up to bit {high} of {allocated}")

    frames = int(_number(header, "NumberOfFrames") or 1)
    deflated = header.file_meta.get("TransferSyntaxUID") == pydicom.uid.DeflatedExplicitVRLittleEndian
    implicit, little = (bool(flag) for flag in header.original_encoding)
    expected = frames * int(rows * columns) * allocated // 8
    offset = None if deflated else _pixel_offset(path, pixels, at, (implicit, little), expected)
    plane = {name: _value(header, name) for name in _PLANE}
    image = Image(
        path=path,
        frame=0,
        multi_frame=False,
        sop_class=sop_class,
        sop_uid=_text(header, "SOPInstanceUID"),
        study=(_text(header, "PatientID"), _text(header, "StudyInstanceUID")),
        series_uid=_text(header, "SeriesInstanceUID"),
        series_number=int(_number(header, "SeriesNumber") or 0),
        instance_number=int(_number(header, "InstanceNumber") or 0),
        modality=modality,
        description=plain(_value(header, "SeriesDescription")) or plain(_value(header, "ProtocolName")),
        image_type=_texts(header, "ImageType"),
        rows=int(rows),
        columns=int(columns),
        **_plane(header, plane),
        trigger_ms=_number(header, "TriggerTime"),
        temporal=_number(header, "TemporalPositionIdentifier"),
        rr_ms=_rr(header),
        repetition_ms=_number(header, "RepetitionTime"),
        window=_window(header),
        slope=_number(header, "RescaleSlope") or 1.0,
        intercept=_number(header, "RescaleIntercept") or 0.0,
        inverted=colours == "MONOCHROME1",
        bits=(allocated, stored, high),
        signed=bool(_number(header, "PixelRepresentation")),
        byte_order="<" if little else ">",
        deflated=deflated,
        offset=offset,
    )
    if frames == 1 and image.position is not None:
        return (image,)
    per_frame = _value(header, "PerFrameFunctionalGroupsSequence") or []
    if len(per_frame) == frames and any("PlanePositionSequence" in item for item in per_frame):
        return _frames(image, header, per_frame)
    if frames > 1:
        raise UnusableError(f"is a multi-frame {modality} image that does not say where each frame lies")
    return (image,)


def _pixel_offset(path: Path, element: bytes, at: int, encoding: tuple[bool, bool], expected: int) -> int | None:
    """Where native pixels start, None if they are compressed. encoding: (implicit VR, little endian).

    Raises UnusableError if they are absent or fewer than expected bytes.
    """
    implicit, little = encoding
    order = "<" if little else ">"
    if len(element) < 12 or struct.unpack(f"{order}HH", element[:4]) != (0x7FE0, 0x0010):
        raise UnusableError("holds no image: it ends before the pixels or has none that can be shown")
    size = 8 if implicit else 12
    (length,) = struct.unpack(f"{order}L", element[size - 4 : size])
    if length == 0xFFFFFFFF:
        return None
    there = min(length, path.stat().st_size - at - size)
    if there < expected:
        raise UnusableError(
            f"is truncated: {there} of {expected} bytes of pixels are there; copy it again from its source"
        )
    return at + size


def _frames(image: Image, header: Dataset, per_frame: Sequence[Dataset]) -> tuple[Image, ...]:
    """Images of an enhanced multi-frame file, from its shared and per-frame functional groups."""
    shared = (header.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()])[0]
    bytes_a_frame = image.rows * image.columns * image.bits[0] // 8
    frames = []
    for index, own in enumerate(per_frame):

        def group(name: str, own: Dataset = own) -> Dataset:
            sequence = own.get(name) or shared.get(name)
            found: Dataset = sequence[0] if sequence else pydicom.Dataset()
            return found

        measures, cardiac = group("PixelMeasuresSequence"), group("CardiacSynchronizationSequence")
        plane = {name: measures.get(name) for name in ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices")}
        plane["ImagePositionPatient"] = group("PlanePositionSequence").get("ImagePositionPatient")
        plane["ImageOrientationPatient"] = group("PlaneOrientationSequence").get("ImageOrientationPatient")
        values = group("PixelValueTransformationSequence")
        trigger = _number(cardiac, "NominalCardiacTriggerDelayTime")
        kind = _texts(group("MRImageFrameTypeSequence"), "FrameType")
        frames.append(
            replace(
                image,
                frame=index,
                multi_frame=True,
                instance_number=image.instance_number * 100_000 + index,
                image_type=kind or image.image_type,
                **_plane(header, plane),
                trigger_ms=trigger if trigger is not None else image.trigger_ms,
                temporal=_number(group("FrameContentSequence"), "TemporalPositionIndex"),
                rr_ms=_number(cardiac, "RRIntervalTimeNominal") or image.rr_ms,
                window=_window(group("FrameVOILUTSequence")) or image.window,
                slope=_number(values, "RescaleSlope") or image.slope,
                intercept=_number(values, "RescaleIntercept") or image.intercept,
                offset=None if image.offset is None else image.offset + index * bytes_a_frame,
            )
        )
    return tuple(frames)


def _plane(header: Dataset, plane: dict[str, Any]) -> dict[str, Any]:
    """Position, orientation and spacing of Image from the raw values of _PLANE."""
    orientation = _numbers(plane["ImageOrientationPatient"], 6)
    if orientation is not None:
        # rows and columns must be unit and at right angles, or there is no plane; 1 % covers rounded headers
        x, y = np.array(orientation[:3]), np.array(orientation[3:])
        if max(abs(np.linalg.norm(x) - 1), abs(np.linalg.norm(y) - 1), abs(x @ y)) > 0.01:
            orientation = None
    pixel_mm = _numbers(plane["PixelSpacing"], 2) or _numbers(_value(header, "ImagerPixelSpacing"), 2)
    if pixel_mm is not None and min(pixel_mm) <= 0:
        pixel_mm = None
    position = _numbers(plane["ImagePositionPatient"], 3)
    if orientation is None or position is None:
        position = orientation = None
    return {
        "position": position,
        "orientation": orientation,
        "pixel_mm": pixel_mm,
        "thickness_mm": _positive(plane["SliceThickness"]),
        "gap_mm": _positive(plane["SpacingBetweenSlices"]),
    }


def _numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """count finite numbers, or None."""
    try:
        numbers = tuple(float(v) for v in value)
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _number(header: Dataset, name: str) -> float | None:
    """The first value of an element as a finite number, or None."""
    value = _value(header, name)
    if value is not None and not isinstance(value, (str, int, float)):
        value = value[0] if len(value) else None
    numbers = _numbers([value], 1)
    return numbers[0] if numbers else None


def _positive(value: Any) -> float | None:
    numbers = _numbers([value], 1)
    return numbers[0] if numbers and numbers[0] > 0 else None


def plain(value: Any) -> str:
    """One line of printable text."""
    text = "" if value is None else str(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _text(header: Dataset, name: str) -> str:
    value = _value(header, name)
    return "" if value is None else str(value).strip()


def _texts(header: Dataset, name: str) -> tuple[str, ...]:
    value = _value(header, name)
    return tuple(str(v).strip().upper() for v in ([value] if isinstance(value, str) else value or ()))


def _rr(header: Dataset) -> float | None:
    """RR interval in ms, within what a heart does (20 to 300 beats a minute)."""
    interval, rate = _number(header, "NominalInterval"), _number(header, "HeartRate")
    if not interval and rate:
        interval = 60_000 / rate
    return interval if interval and 200 <= interval <= 3000 else None


def _window(header: Dataset) -> tuple[float, float] | None:
    centre, width = _number(header, "WindowCenter"), _number(header, "WindowWidth")
    return (centre, width) if centre is not None and width is not None and width >= 1 else None


def read_pixels(image: Image) -> NDArray[Any]:
    """Stored values (Y, X) of an image in native byte order: unsigned or signed, of 8, 16 or 32 bits.

    Neither rescaled nor inverted. Raises UnusableError where the pixels cannot be decoded.
    """
    allocated, stored, high = image.bits
    count = image.rows * image.columns
    try:
        if image.offset is not None:
            dtype = np.dtype(f"{image.byte_order}{'i' if image.signed else 'u'}{allocated // 8}")
            values = np.fromfile(image.path, dtype, count, offset=image.offset)
            values = values.astype(dtype.newbyteorder("="), copy=False)
        else:
            # a deflated file is compressed as a whole, so it has to be read as a whole
            source = pydicom.dcmread(image.path) if image.deflated else image.path
            values = pydicom.pixels.utils.pixel_array(source, index=image.frame if image.multi_frame else None)
            stored, high = allocated, allocated - 1  # the decoder has dealt with unused bits
        values = values.reshape(image.rows, image.columns)
    except Exception as error:  # each decoder has errors of its own
        reason = "has pixels that cannot be decoded: it is damaged, or compressed in a way not supported"
        raise UnusableError(reason) from error
    if stored < allocated:
        # what lies beside the stored bits may be old overlays: shift it out, with the sign
        values = (values << (allocated - 1 - high)) >> (allocated - stored)
    return values
