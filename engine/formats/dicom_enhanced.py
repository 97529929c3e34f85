"""Frames of enhanced and legacy-converted multi-frame files, from their functional groups."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.formats.dicom_files import pydicom
from engine.formats.dicom_image import Image
from engine.formats.dicom_values import moment, number, plane_of, text, texts, window

if TYPE_CHECKING:
    from pydicom import Dataset

# Elements that a dimension of time points to.
_IN_TIME = (
    "TemporalPositionIndex",
    "NominalCardiacTriggerDelayTime",
    "ActualCardiacTriggerDelayTime",
    "NominalPercentageOfCardiacPhase",
    "TriggerTime",
    "TemporalPositionTimeOffset",
    "FrameAcquisitionDateTime",
)


def bytes_a_frame(image: Image) -> int:
    """Size of one frame's native pixels."""
    return image.rows * image.columns * image.bits[0] // 8


def enhanced_frames(image: Image, header: Dataset, per_frame: Sequence[Dataset]) -> tuple[Image, ...]:
    """Images of an enhanced multi-frame file, from its shared and per-frame functional groups."""
    shared = (header.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()])[0]
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
        values, content = group("PixelValueTransformationSequence"), group("FrameContentSequence")
        frame_type, echo = group("MRImageFrameTypeSequence"), group("MREchoSequence")
        # What a classic object said of the image before it was converted, and no functional group has a place for.
        legacy = group("UnassignedPerFrameConvertedAttributesSequence")
        trigger = _first(number(cardiac, "NominalCardiacTriggerDelayTime"), number(legacy, "TriggerTime"))
        legacy_number = number(legacy, "InstanceNumber")
        frames.append(
            replace(
                image,
                frame=index,
                multi_frame=True,
                instance_number=(image.instance_number or 0) * 100_000 + index + 1
                if legacy_number is None
                else int(legacy_number),
                image_type=texts(frame_type, "FrameType") or image.image_type,
                component=text(frame_type, "ComplexImageComponent").upper() or image.component,
                **plane_of(header, plane),
                trigger_ms=_first(trigger, image.trigger_ms),
                actual_ms=_first(number(cardiac, "ActualCardiacTriggerDelayTime"), image.actual_ms),
                percent=_first(number(cardiac, "NominalPercentageOfCardiacPhase"), image.percent),
                temporal=_first(
                    number(content, "TemporalPositionIndex"),
                    number(group("TemporalPositionSequence"), "TemporalPositionTimeOffset"),
                    number(legacy, "TemporalPositionIdentifier"),
                ),
                acquired_s=_first(
                    moment(content, "FrameAcquisitionDateTime", "", ""),
                    moment(content, "FrameReferenceDateTime", "", ""),
                    moment(legacy, "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime"),
                    image.acquired_s,
                ),
                content_s=_first(moment(legacy, "", "ContentDate", "ContentTime"), image.content_s),
                echo_ms=_first(number(echo, "EffectiveEchoTime"), number(legacy, "EchoTime"), image.echo_ms),
                rr_ms=number(cardiac, "RRIntervalTimeNominal") or image.rr_ms,
                window=window(group("FrameVOILUTSequence")) or image.window,
                slope=number(values, "RescaleSlope") or image.slope,
                intercept=number(values, "RescaleIntercept") or image.intercept,
                offset=None if image.offset is None else image.offset + index * bytes_a_frame(image),
            )
        )
    return _with_dimension(_numbered(frames, per_frame), header, per_frame)


def _numbered(frames: Sequence[Image], per_frame: Sequence[Dataset]) -> list[Image]:
    """Frames without a number where several lie at one place: their order in the file says nothing of their time."""
    several = max(Counter((frame.position, frame.orientation) for frame in frames).values()) > 1
    if not several or any("UnassignedPerFrameConvertedAttributesSequence" in own for own in per_frame):
        return list(frames)
    return [replace(frame, instance_number=None) for frame in frames]


def _first(*found: float | None) -> float | None:
    """The first that is there."""
    return next((one for one in found if one is not None), None)


def _with_dimension(frames: Sequence[Image], header: Dataset, per_frame: Sequence[Dataset]) -> tuple[Image, ...]:
    """Each frame with its index in time: that of the dimension that points to an element of time, else of one without a
    known meaning that tells the frames of every place apart."""
    rows = [_indices(own) for own in per_frame]
    length = min(map(len, rows), default=0)
    if not length:
        return tuple(frames)
    pointers = header.get("DimensionIndexSequence") or []
    names = [pydicom.datadict.keyword_for_tag(item.get("DimensionIndexPointer", 0)) for item in pointers]
    dimension = next((k for k, name in enumerate(names[:length]) if name in _IN_TIME), None)
    free = [k for k in range(length) if k >= len(names) or not names[k]]  # no pointer, or one of the maker's own
    if dimension is None and free:
        places: dict[object, list[list[float]]] = defaultdict(list)
        for frame, row in zip(frames, rows, strict=True):
            places[frame.position].append(row)
        dimension = next(
            (k for k in free if all(len({r[k] for r in here}) == len(here) > 1 for here in places.values())),
            None,
        )
    if dimension is None:
        return tuple(frames)
    return tuple(replace(frame, dimension=row[dimension]) for frame, row in zip(frames, rows, strict=True))


def _indices(own: Dataset) -> list[float]:
    content = own.get("FrameContentSequence")
    values = content[0].get("DimensionIndexValues") if content else None
    try:
        return [float(v) for v in ([values] if isinstance(values, int) else values or ())]
    except (TypeError, ValueError):
        return []
