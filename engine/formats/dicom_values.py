"""Values of DICOM headers as numbers, text, planes and times; what is absent or invalid is None."""

from __future__ import annotations

import math
import re
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.formats.dicom_files import pydicom

if TYPE_CHECKING:
    from pydicom import Dataset

PLANE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices")


@cache
def tag(name: str) -> Any:
    return pydicom.tag.Tag(name)


def value(header: Dataset, name: str) -> Any:
    """The value of an element, None where it is absent; Dataset.get(name) looks the name up anew each time."""
    key = tag(name)
    raw = header.get_item(key)
    if raw is None:
        return None
    # The images of a scan repeat most values, and converting one takes pydicom longer than reading it.
    if isinstance(raw, pydicom.dataelem.RawDataElement) and raw.VR in _PLAIN and len(raw.value or b"") <= _SHORT:
        return _converted(key, raw.VR, raw.value, raw.is_implicit_VR, raw.is_little_endian)
    return header[key].value


# Value representations whose bytes mean the same in every file, whatever its character set.
_PLAIN = frozenset(("AS", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "SL", "SS", "TM", "UI", "UL", "US"))
_SHORT = 128


@lru_cache(maxsize=4096)
def _converted(key: Any, vr: str, content: bytes | None, implicit: bool, little: bool) -> Any:
    raw = pydicom.dataelem.RawDataElement(key, vr, len(content or b""), content, 0, implicit, little)
    return pydicom.dataelem.convert_raw_data_element(raw).value


def pixel_bytes(header: Dataset) -> int:
    """How many bytes the pixels take, unpacked. Raises errors of any kind where the header does not say."""
    frames = int(header.get("NumberOfFrames") or 1)
    half_colours = str(header.get("PhotometricInterpretation")) == "YBR_FULL_422"
    samples = 2 if half_colours else int(header.get("SamplesPerPixel") or 1)
    return (frames * int(header.Rows) * int(header.Columns) * samples * int(header.BitsAllocated) + 7) // 8


def plane_of(header: Dataset, plane: dict[str, Any]) -> dict[str, Any]:
    """Position, orientation and spacing of Image from the raw values of PLANE."""
    orientation = numbers(plane["ImageOrientationPatient"], 6)
    if orientation is not None:
        # rows and columns must be unit and at right angles, or there is no plane; 1 % covers rounded headers
        x, y = np.array(orientation[:3]), np.array(orientation[3:])
        if max(abs(np.linalg.norm(x) - 1), abs(np.linalg.norm(y) - 1), abs(x @ y)) > 0.01:
            orientation = None
    pixel_mm = numbers(plane["PixelSpacing"], 2) or numbers(value(header, "ImagerPixelSpacing"), 2)
    if pixel_mm is not None and min(pixel_mm) <= 0:
        pixel_mm = None
    position = numbers(plane["ImagePositionPatient"], 3)
    located = position is not None
    along = number(header, "SliceLocation")
    if position is None and orientation is not None and along is not None:
        position = tuple(float(v) for v in along * np.cross(orientation[:3], orientation[3:]))
    if orientation is None or position is None:
        position = orientation = None
    return {
        "position": position,
        "orientation": orientation,
        "located": located or position is None,
        "pixel_mm": pixel_mm,
        "thickness_mm": positive(plane["SliceThickness"]),
        "gap_mm": positive(plane["SpacingBetweenSlices"]),
    }


def numbers(given: Any, count: int) -> tuple[float, ...] | None:
    """count finite numbers, or None."""
    try:
        found = tuple(float(v) for v in given)
    except (TypeError, ValueError):
        return None
    return found if len(found) == count and all(map(math.isfinite, found)) else None


def number(header: Dataset, name: str) -> float | None:
    """The first value of an element as a finite number, or None."""
    given = value(header, name)
    if given is not None and not isinstance(given, (str, int, float)):
        given = given[0] if len(given) else None
    found = numbers([given], 1)
    return found[0] if found else None


def whole(given: float | None) -> int | None:
    """A number without its fraction; None stays None."""
    return None if given is None else int(given)


def positive(given: Any) -> float | None:
    """A finite number above 0, or None."""
    found = numbers([given], 1)
    return found[0] if found and found[0] > 0 else None


def text(header: Dataset, name: str) -> str:
    """The value as text, empty where it is absent."""
    given = value(header, name)
    return "" if given is None else str(given).strip()


def texts(header: Dataset, name: str) -> tuple[str, ...]:
    """The values in upper case."""
    given = value(header, name)
    return tuple(str(v).strip().upper() for v in ([given] if isinstance(given, str) else given or ()))


def rr_ms(header: Dataset) -> float | None:
    """RR interval in ms, within what a heart does (20 to 300 beats a minute)."""
    interval, rate = number(header, "NominalInterval"), number(header, "HeartRate")
    if not interval and rate:
        interval = 60_000 / rate
    return interval if interval and 200 <= interval <= 3000 else None


def window(header: Dataset) -> tuple[float, float] | None:
    """(centre, width), or None."""
    centre, width = number(header, "WindowCenter"), number(header, "WindowWidth")
    return (centre, width) if centre is not None and width is not None and width >= 1 else None


_MOMENT = re.compile(r"(\d{8})?(\d{2})(\d{2})?(\d{2})?(\.\d{1,6})?(?:[+-]\d{4})?")


def seconds(stamp: str) -> float | None:
    """Seconds since an arbitrary day of a DICOM time "HHMMSS.f" or date and time "YYYYMMDDHHMMSS.f"; None for neither.

    The offset from UTC is left out: the images of one scan have the same.
    """
    match = _MOMENT.fullmatch(stamp.strip().replace(":", ""))
    if match is None:
        return None
    day, hours, minutes, whole, part = match.groups()
    try:
        days = date(int(day[:4]), int(day[4:6]), int(day[6:])).toordinal() if day else 0
    except ValueError:
        days = 0
    return 86400.0 * days + 3600 * int(hours) + 60 * int(minutes or 0) + int(whole or 0) + float(part or 0)


def moment(header: Dataset, both: str, day: str, time: str) -> float | None:
    """Seconds of an element that holds date and time, else of two that hold one each; None where there is no time."""
    together = seconds(text(header, both)) if both else None
    if together is not None:
        return together
    clock = text(header, time)
    own_day = text(header, day)
    return seconds((own_day if re.fullmatch(r"\d{8}", own_day) else "") + clock) if clock else None
