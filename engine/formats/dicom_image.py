"""What one frame of a DICOM file says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Image:
    """One frame of one file, as its header describes it. Absent or invalid values are None.

    frame: index of the frame in its file, from 0; multi_frame: whether the file holds frames, even if only one.
    study: patient ID and study UID; images of different studies never form one stack. patient: name and date of birth
    in one text, to tell patients apart whose ID is the same or empty.
    position: LPS mm of the first pixel's centre; where located is False, only how far along the normal is known.
    orientation: LPS cosines of row (x) and column (y) direction; a mere stand-in where oriented is False.
    location_mm: Slice Location. phases_stated: how many phases of the heartbeat there are to be.
    pixel_mm: (row spacing, column spacing), so (y, x). rr_ms: the RR interval.
    trigger_ms: time after the R wave; nominal, and the same in every beat, in enhanced files. actual_ms: as measured.
    percent: of the heart cycle. temporal, dimension: a number in time, from 1. acquired_s, content_s: date and time in
    seconds since an arbitrary day. acquisition: its number. component: of a complex image, such as "MAGNITUDE".
    description: of the series, as the scanner's protocol calls it; may hold anything that an operator typed.
    window: (centre, width) in rescaled units. inverted: MONOCHROME1, high values are dark.
    padding: the stored value that stands for outside the image.
    reference: Frame of Reference UID, the same for images whose positions can be compared.
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
    instance_number: int | None
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
    patient: str = ""
    acquisition: int = 0
    actual_ms: float | None = None
    percent: float | None = None
    dimension: float | None = None
    acquired_s: float | None = None
    content_s: float | None = None
    echo_ms: float | None = None
    inversion_ms: float | None = None
    component: str = ""
    body_part: str = ""
    located: bool = True
    oriented: bool = True
    location_mm: float | None = None
    phases_stated: int | None = None
    padding: int | None = None
    reference: str = ""
