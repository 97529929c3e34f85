"""DICOM SEG back to labels on the scan that it refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from engine.errors import ScanError
from engine.formats.dicom import stack_of
from engine.formats.dicom_files import IMAGE_SUFFIXES, looks_like_dicom, read_dicom
from engine.formats.dicom_stack import Stack
from engine.formats.study_files import find_files
from engine.volume import LV, MYO, RV, SAME_DIRECTION, LabelMap, Volume

TYPES = {
    LV: Code("87878005", "SCT", "Left ventricle"),
    MYO: Code("49848007", "SCT", "Left ventricle myocardium"),
    RV: Code("53085002", "SCT", "Right ventricle"),
}
"""SNOMED CT type of each structure's segment."""

# Read too: myocardium without a side. Only the left one is ever drawn on short-axis cine.
_ALSO = {Code("74281007", "SCT", "Myocardium"): MYO}

# Frames of a segmentation must lie where their source images do; both are written with few digits.
_SAME_PLACE_MM = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """One frame of a segmentation. Where the file does not say: None.

    place: (t, z) in the scan. segment: number, None in a label map, whose pixels are segment numbers.
    position: LPS mm. orientation: row and column cosines. pixel_mm: (between rows, between columns).
    """

    place: tuple[int, int] | None
    segment: int | None
    position: NDArray[np.float64] | None
    orientation: NDArray[np.float64] | None
    pixel_mm: NDArray[np.float64] | None


def read_seg(paths: Sequence[Path], volume: Volume) -> LabelMap:
    """The segmentations in files and folders as labels on the grid of the DICOM scan that they refer to.

    Frames find their slice and phase by the source images that they name, and must lie where those do; a file without
    such names goes by position, if the scan has one phase or the file names images of one phase. Segments are known by
    their SNOMED CT type, not their number; those of other anatomy are passed over. Fractional ones count from one
    half. Where segments overlap the myocardium counts: some call the whole ventricle, wall and all, left ventricle.
    Phases without a segmentation stay empty.
    Raises ScanError where there is none, it belongs to another scan, or two are of the same phase.
    """
    if volume.source.kind != "dicom":
        raise ScanError(
            "a DICOM SEG is of DICOM images, but this scan was read from other files; open its DICOM images"
        )
    stack = stack_of(volume)
    out = np.zeros((volume.frames, *volume.geometry.shape), np.uint8)
    owner: dict[int, Path] = {}
    files = find_files(paths)
    for path in files:
        dataset = _read_segmentation(path)
        if dataset is None:
            continue
        painted = _paint(path, dataset, stack, out)
        for t in painted:
            if t in owner:
                raise ScanError(f"{path}: is of phase {t + 1} as {owner[t].name} is; open the files of one export only")
            owner[t] = path
    if not owner:
        named = ", ".join(str(path) for path in paths[:3])
        raise ScanError(
            f"{named}: holds no DICOM segmentation; choose the file or folder that the masks were written to"
        )
    return LabelMap(out, volume.geometry)


def _read_segmentation(path: Path) -> Dataset | None:
    """The SEG in a file, None if the file is another kind of thing. Raises ScanError for a damaged one."""
    named = path.suffix.lower() in IMAGE_SUFFIXES
    if not looks_like_dicom(path):
        if named:  # by its name it was one before it was damaged, and without it a phase would have no mask
            raise ScanError(f"{path}: is empty or damaged; copy it again from its source")
        return None
    try:
        header = read_dicom(path, specific_tags=["Modality"], stop_before_pixels=True)
        if named and not header.get("Modality"):
            raise ValueError("an image of no modality is cut off")
        return read_dicom(path) if header.get("Modality") == "SEG" else None
    except Exception as error:  # damaged headers make pydicom raise errors of any kind
        raise ScanError(f"{path}: has a damaged header; copy it again from its source") from error


def _paint(path: Path, dataset: Dataset, stack: Stack, out: NDArray[np.uint8]) -> set[int]:
    """Add a segmentation to out (T, Z, Y, X) and return its phases."""
    try:
        segments = _segments(dataset)
        images = np.asarray(dataset.pixel_array).reshape(-1, int(dataset.Rows), int(dataset.Columns))
        frames = _frames(dataset, stack)
        fractional = dataset.SegmentationType == "FRACTIONAL"
        full = int(dataset.MaximumFractionalValue) if fractional else 1
        if full < 1:  # then every pixel would be at least half of it
            raise ValueError("a fractional segmentation without a largest value")
        if len(frames) != len(images):
            raise ValueError("frames and their descriptions differ in number")
    except Exception as error:  # damaged files raise errors of any kind, and decoders have their own
        raise ScanError(f"{path}: is a damaged segmentation, or one of a kind that cannot be read") from error
    if not any(segments.values()):
        raise ScanError(f"{path}: holds no left ventricle, its myocardium or right ventricle; choose another mask")
    places = _checked_places(path, frames, images.shape[1:], stack)
    for wanted in (LV, RV, MYO):  # the myocardium last: it counts where segments overlap
        for frame, place, image in zip(frames, places, images, strict=True):
            if frame.segment is None:
                out[place][np.isin(image, [n for n, label in segments.items() if label == wanted])] = wanted
            elif segments.get(frame.segment) == wanted:
                out[place][2 * image.astype(np.int64) >= full] = wanted
    return {t for t, _ in places}


def _segments(dataset: Dataset) -> dict[int, int]:
    """Segment number → our label, 0 for other anatomy."""
    known = [*((code, label) for label, code in TYPES.items()), *_ALSO.items()]
    labels = {}
    for segment in dataset.SegmentSequence:
        item = segment.SegmentedPropertyTypeCodeSequence[0]
        code = Code(str(item.CodeValue), str(item.CodingSchemeDesignator), "")
        # equality of codes takes the older SNOMED RT ones for what they are; a look-up by hash would not
        labels[int(segment.SegmentNumber)] = next((label for theirs, label in known if theirs == code), 0)
    return labels


def _frames(dataset: Dataset, stack: Stack) -> list[_Frame]:
    """What a segmentation says of its frames. Raises whatever odd values make pydicom raise."""
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    by_frame, only = _source_places(dataset, stack)
    frames = []
    for item in dataset.PerFrameFunctionalGroupsSequence:

        def value(group: str, name: str, item: Dataset = item) -> Any:
            sequence = item.get(group) or shared.get(group)
            return sequence[0].get(name) if sequence else None

        position = _array(value("PlanePositionSequence", "ImagePositionPatient"), 3)
        sources = {
            (str(source.ReferencedSOPInstanceUID), int(source.get("ReferencedFrameNumber") or 0) - 1)
            for derivation in item.get("DerivationImageSequence") or shared.get("DerivationImageSequence") or ()
            for source in derivation.get("SourceImageSequence") or ()
        }
        found = {by_frame[source] for source in sources if source in by_frame}
        place = found.pop() if len(found) == 1 else None
        if place is None and only is not None and position is not None:
            distances = [
                float(np.linalg.norm(position - np.array(i.position))) for i in stack.phases[only] if i.position
            ]
            if distances and min(distances) < _SAME_PLACE_MM:
                place = only, int(np.argmin(distances))
        segment = value("SegmentIdentificationSequence", "ReferencedSegmentNumber")
        frames.append(
            _Frame(
                place=place,
                segment=None if segment is None else int(segment),
                position=position,
                orientation=_array(value("PlaneOrientationSequence", "ImageOrientationPatient"), 6),
                pixel_mm=_array(value("PixelMeasuresSequence", "PixelSpacing"), 2),
            )
        )
    return frames


def _array(values: Any, count: int) -> NDArray[np.float64] | None:
    """count numbers, or None where there are none. Raises ValueError for another number of them."""
    return None if values is None else np.array([float(v) for v in values]).reshape(count)


def _source_places(dataset: Dataset, stack: Stack) -> tuple[dict[tuple[str, int], tuple[int, int]], int | None]:
    """((SOP instance UID, frame from 0 or −1) → (t, z), the one phase that all named images are of, if it is one)."""
    by_frame: dict[tuple[str, int], tuple[int, int]] = {}
    phases_of: dict[str, set[int]] = {}
    for t, phase in enumerate(stack.phases):
        for z, image in enumerate(phase):
            for frame in (image.frame,) if image.multi_frame else (-1, 0):
                by_frame[image.sop_uid, frame] = (t, z)
            phases_of.setdefault(image.sop_uid, set()).add(t)
    named = {str(element.value) for element in dataset.iterall() if element.keyword == "ReferencedSOPInstanceUID"}
    phases = {t for uid in named for t in phases_of.get(uid, ())}
    if not named and len(stack.phases) == 1:
        phases = {0}
    return by_frame, phases.pop() if len(phases) == 1 else None


def _checked_places(
    path: Path, frames: Sequence[_Frame], shape: tuple[int, ...], stack: Stack
) -> list[tuple[int, int]]:
    """(t, z) of every frame. Raises ScanError unless each has one and lies on the pixels of the image there."""
    first = stack.phases[0][0]
    places = [frame.place for frame in frames if frame.place is not None]
    if not places:
        raise ScanError(f"{path}: belongs to another scan: it refers to none of these images; open the scan it is of")
    if len(places) < len(frames):
        n = len(frames) - len(places)
        raise ScanError(f"{path}: {n} of its {len(frames)} frames are not of these images; open the scan it is of")
    if shape != (first.rows, first.columns):
        sizes = f"{shape[1]} × {shape[0]} pixels, but the images {first.columns} × {first.rows}"
        raise ScanError(f"{path}: has {sizes}; resample it to the scan first")
    for frame, (t, z) in zip(frames, places, strict=True):
        image = stack.phases[t][z]
        if (
            _differ(frame.position, image.position, _SAME_PLACE_MM)
            or _differ(frame.orientation, image.orientation, SAME_DIRECTION)
            or _differ(frame.pixel_mm, image.pixel_mm, 1e-3)
        ):
            raise ScanError(f"{path}: does not lie on the pixels of slice {z + 1}; resample it to the scan first")
    return places


def _differ(own: NDArray[np.float64] | None, source: tuple[float, ...] | None, tolerance: float) -> bool:
    """Whether both are given and differ by more than tolerance in any value."""
    return own is not None and source is not None and bool(np.abs(own - np.array(source)).max() > tolerance)
