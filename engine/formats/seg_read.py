"""DICOM SEG back to labels on the scan that it refers to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from engine.errors import ScanError
from engine.formats.dicom import stack_of
from engine.formats.dicom_files import IMAGE_SUFFIXES, looks_like_dicom, plain, read_dicom
from engine.formats.dicom_stack import Stack
from engine.formats.dicom_values import text
from engine.formats.mask_names import structure_of
from engine.formats.mask_resample import onto_scan
from engine.formats.seg_grid import SegFrame, own_grid
from engine.formats.study_files import find_files
from engine.volume import LV, MYO, RV, SAME_DIRECTION, Known, LabelMap, Volume

TYPES = {
    LV: Code("87878005", "SCT", "Left ventricle"),
    MYO: Code("49848007", "SCT", "Left ventricle myocardium"),
    RV: Code("53085002", "SCT", "Right ventricle"),
}
"""SNOMED CT type of each structure's segment."""

# Read too: myocardium without a side. Only the left one is ever drawn on short-axis cine.
_ALSO = {Code("74281007", "SCT", "Myocardium"): MYO}

# Types that many programs write for whatever was drawn: the name of the segment says more.
_ANYTHING = [
    Code(value, "SCT", "")
    for value in ("85756007", "91723000", "113343008", "123037004", "80891009", "21814001", "87612001", "71616004")
]
_SNOMED = ("SCT", "SRT", "SNM3")

# Frames of a segmentation must lie where their source images do; both are written with few digits.
_SAME_PLACE_MM = 0.1


class _OtherGridError(ScanError):
    """The frames of a segmentation do not lie on the pixels of the scan's images."""


def read_seg(paths: Sequence[Path], volume: Volume, *, frame: int | None = None) -> tuple[LabelMap, tuple[str, ...]]:
    """The segmentations in files and folders as labels on the grid of the scan that they are of, and what to say.

    Frames find their slice and phase by the source images that they name; a file without such names goes by position,
    if the scan has one phase or the file names images of one phase, else it is of `frame`. Where they do not lie on
    the images' own pixels they are resampled, which the notice says. Segments are known by their SNOMED CT type, else
    by their name, not by their number; those of other anatomy are passed over. Fractional ones count from one half.
    Where segments overlap the myocardium counts: some call the whole ventricle, wall and all, left ventricle.
    Phases without a segmentation stay empty.
    Raises ScanError where there is none, it belongs to another scan, or two are of the same phase and structure.
    """
    stack = stack_of(volume) if volume.source.kind == "dicom" else None
    out = np.zeros((volume.frames, *volume.geometry.shape), np.uint8)
    owner: dict[tuple[int, int], Path] = {}
    notices: dict[str, None] = {}
    files = find_files(paths)
    for path in files:
        dataset = _read_segmentation(path)
        if dataset is None:
            continue
        painted, said = _paint(path, dataset, stack, volume, frame)
        notices.update(dict.fromkeys((*said, *(_owner(dataset, stack) if stack is not None else ()))))
        for t, label in itertools.product(painted, (LV, RV, MYO)):
            here = painted[t] == label
            if not here.any():
                continue
            if (t, label) in owner:
                raise ScanError(
                    f"{path}: is of phase {t + 1} as {owner[t, label].name} is; open the files of one export only"
                )
            owner[t, label] = path
            # The myocardium counts where segments overlap, also those of several files.
            out[t][here & (out[t] != MYO)] = label
        for t in painted:
            owner.setdefault((t, 0), path)
    if not owner:
        named = ", ".join(str(path) for path in paths[:3])
        raise ScanError(
            f"{named}: holds no DICOM segmentation; choose the file or folder that the masks were written to"
        )
    return LabelMap(out, volume.geometry), tuple(notices)


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


def _paint(
    path: Path, dataset: Dataset, stack: Stack | None, volume: Volume, frame: int | None
) -> tuple[dict[int, NDArray[np.uint8]], tuple[str, ...]]:
    """Labels (Z, Y, X) on the volume's grid of each phase that a segmentation is of, and what has to be said."""
    try:
        segments = _segments(dataset)
        images = np.asarray(dataset.pixel_array).reshape(-1, int(dataset.Rows), int(dataset.Columns))
        frames, only = _frames(dataset, stack, frame)
        fractional = dataset.SegmentationType == "FRACTIONAL"
        full = int(dataset.MaximumFractionalValue) if fractional else 1
        if full < 1:  # then every pixel would be at least half of it
            raise ValueError("a fractional segmentation without a largest value")
        if len(frames) != len(images):
            raise ValueError("frames and their descriptions differ in number")
        if dataset.SegmentationType != "LABELMAP" and any(one.segment is None for one in frames):
            raise ValueError("frames that do not say which segment they are of")
    except Exception as error:  # damaged files raise errors of any kind, and decoders have their own
        raise ScanError(f"{path}: is a damaged segmentation, or one of a kind that cannot be read") from error
    if not any(segments.values()):
        names = ", ".join(dict.fromkeys(_name(segment) for segment in dataset.SegmentSequence))[:120]
        raise ScanError(
            f"{path}: holds no left ventricle, its myocardium or right ventricle ({names}); choose another mask"
        )
    try:
        if stack is None:
            raise _OtherGridError(f"{path}: is of DICOM images, and this scan was read from other files; open those")
        places = _checked_places(path, frames, images.shape[1:], stack, only)
        grid = volume.geometry
    except _OtherGridError as why:
        phases = [_phase(path, one, volume, only) for one in frames]
        found = own_grid(frames, images.shape[1:])
        known = (volume.geometry.spacing, volume.geometry.orientation)
        # A spacing that the user gave moves the slices away from where the segmentation puts them.
        moved = volume.spacing_given is not None
        if found is None or moved or any(one is not Known.KNOWN for one in known):
            raise ScanError(str(why)) from why
        grid, slices = found
        places = list(zip(phases, slices, strict=True))
    painted = {t: np.zeros(grid.shape, np.uint8) for t, _ in places}
    for wanted in (LV, RV, MYO):  # the myocardium last: it counts where segments overlap
        numbers = [n for n, label in segments.items() if label == wanted]
        for one, (t, z), image in zip(frames, places, images, strict=True):
            if one.segment is None:
                painted[t][z][np.isin(image, numbers)] = wanted
            elif one.segment in numbers:
                painted[t][z][2 * image.astype(np.int64) >= full] = wanted
    # Number 0 of a label map is what lies outside all segments.
    named = {number: _name(segment) for segment in dataset.SegmentSequence if (number := int(segment.SegmentNumber))}
    others = dict.fromkeys(name for number, name in named.items() if not segments.get(number))
    said = (f"Segments that are neither ventricle nor myocardium are left out: {', '.join(others)}.",) if others else ()
    if grid is volume.geometry:
        return painted, said
    own = LabelMap(np.stack(list(painted.values())), grid)
    onto, notice = onto_scan(path, own, volume)
    return dict(zip(painted, onto.array, strict=True)), (*said, notice)


def _owner(dataset: Dataset, stack: Stack) -> tuple[str, ...]:
    """What has to be said of a segmentation of another patient or frame of reference than the scan's images.

    Identifiers themselves are not said: notices go into reports and logs.
    """
    said = []
    patient = text(dataset, "PatientID")
    differs = patient not in ("", stack.phases[0][0].study[0])
    if differs and not {"", patient} & _patients(stack):
        said.append(
            "The mask has another patient ID than the scan: it may be of another patient. Check that before you trust "
            "any number."
        )
    references = {image.reference for image in stack.images}
    reference = text(dataset, "FrameOfReferenceUID")
    if reference and reference not in references and "" not in references:
        said.append(
            "The mask has another frame of reference than the scan: the patient may have been moved between the two, "
            "and then it does not lie where it seems to."
        )
    return tuple(said)


def _patients(stack: Stack) -> set[str]:
    """The patient IDs in the files of a stack, also those that were set aside because they were made up."""
    files = dict.fromkeys(image.path for image in stack.images)
    return {text(read_dicom(path, specific_tags=["PatientID"], stop_before_pixels=True), "PatientID") for path in files}


def _phase(path: Path, frame: SegFrame, volume: Volume, only: int | None) -> int:
    """Which phase a frame is of that lies on a grid of its own. Raises ScanError where nothing tells."""
    t = frame.place[0] if frame.place else 0 if volume.frames == 1 else only
    if t is None:
        raise ScanError(f"{path}: does not say which phase it is of; open that phase alone, or load it in the window")
    return t


def _name(segment: Dataset) -> str:
    return plain(segment.get("SegmentLabel")) or plain(segment.get("SegmentDescription")) or "unnamed"


def _segments(dataset: Dataset) -> dict[int, int]:
    """Segment number → our label, 0 for other anatomy."""
    known = [*((code, label) for label, code in TYPES.items()), *_ALSO.items()]
    labels = {}
    for segment in dataset.SegmentSequence:
        types = segment.get("SegmentedPropertyTypeCodeSequence") or ()
        codes = [Code(str(item.get("CodeValue")), str(item.get("CodingSchemeDesignator")), "") for item in types[:1]]
        # equality of codes takes the older SNOMED RT ones for what they are; a look-up by hash would not
        by_code = next((label for theirs, label in known if theirs in codes), 0)
        other = any(code.scheme_designator in _SNOMED and code not in _ANYTHING for code in codes)
        by_name = 0 if other else structure_of(_name(segment)) or _by_meaning(segment)
        labels[int(segment.SegmentNumber)] = by_code or by_name
    return labels


def _by_meaning(segment: Dataset) -> int:
    """The structure by the words of the codes: of the type with its modifiers, or of the type with its region."""
    kinds = list(segment.get("SegmentedPropertyTypeCodeSequence") or ())[:1]
    more = [modifier for item in kinds for modifier in item.get("SegmentedPropertyTypeModifierCodeSequence") or ()]
    more += segment.get("AnatomicRegionSequence") or ()
    kind, all_words = (" ".join(plain(item.get("CodeMeaning")) for item in items) for items in (kinds, [*kinds, *more]))
    # Tissue of no name that lies in a ventricle may be a scar or a thrombus.
    return structure_of(all_words) if re.search("ventric|myocard|muscle|blood", kind, re.IGNORECASE) else 0


def _frames(dataset: Dataset, stack: Stack | None, given: int | None) -> tuple[list[SegFrame], int | None]:
    """What a segmentation says of its frames, and the phase that all are of, where it is one.

    given: the phase of a segmentation that names no images. Raises whatever odd values make pydicom raise.
    """
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    by_frame, only = _source_places(dataset, stack, given) if stack is not None else ({}, given)
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
        if place is None and only is not None and position is not None and stack is not None:
            distances = [
                float(np.linalg.norm(position - np.array(i.position))) for i in stack.phases[only] if i.position
            ]
            if distances and min(distances) < _SAME_PLACE_MM:
                place = only, int(np.argmin(distances))
        segment = value("SegmentIdentificationSequence", "ReferencedSegmentNumber")
        frames.append(
            SegFrame(
                place=place,
                segment=None if segment is None else int(segment),
                position=position,
                orientation=_array(value("PlaneOrientationSequence", "ImageOrientationPatient"), 6),
                pixel_mm=_array(value("PixelMeasuresSequence", "PixelSpacing"), 2),
                step_mm=_number(value("PixelMeasuresSequence", "SpacingBetweenSlices"))
                or _number(value("PixelMeasuresSequence", "SliceThickness")),
            )
        )
    return frames, only


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _array(values: Any, count: int) -> NDArray[np.float64] | None:
    """count numbers, or None where there are none. Raises ValueError for another number of them."""
    return None if values is None else np.array([float(v) for v in values]).reshape(count)


def _source_places(
    dataset: Dataset, stack: Stack, given: int | None
) -> tuple[dict[tuple[str, int], tuple[int, int]], int | None]:
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
    if not named and (len(stack.phases) == 1 or given is not None):
        phases = {given or 0}
    return by_frame, phases.pop() if len(phases) == 1 else None


def _checked_places(
    path: Path, frames: Sequence[SegFrame], shape: tuple[int, ...], stack: Stack, only: int | None
) -> list[tuple[int, int]]:
    """(t, z) of every frame. Raises ScanError unless each has one and lies on the pixels of the image there."""
    first = stack.phases[0][0]
    places = [frame.place for frame in frames if frame.place is not None]
    if not places and only is None:
        raise ScanError(f"{path}: belongs to another scan: it refers to none of these images; open the scan it is of")
    if len(places) < len(frames):
        n = len(frames) - len(places)
        why = f"{path}: {n} of its {len(frames)} frames are not of these images; open the scan it is of"
        raise ScanError(why) if only is None else _OtherGridError(why)
    if shape != (first.rows, first.columns):
        sizes = f"{shape[1]} × {shape[0]} pixels, but the images {first.columns} × {first.rows}"
        raise _OtherGridError(f"{path}: has {sizes}; resample it to the scan first")
    for frame, (t, z) in zip(frames, places, strict=True):
        image = stack.phases[t][z]
        if (
            _differ(frame.position, image.position, _SAME_PLACE_MM)
            or _differ(frame.orientation, image.orientation, SAME_DIRECTION)
            or _differ(frame.pixel_mm, image.pixel_mm, 1e-3)
        ):
            raise _OtherGridError(f"{path}: does not lie on the pixels of slice {z + 1}; resample it to the scan first")
    return places


def _differ(own: NDArray[np.float64] | None, source: tuple[float, ...] | None, tolerance: float) -> bool:
    """Whether both are given and differ by more than tolerance in any value."""
    return own is not None and source is not None and bool(np.abs(own - np.array(source)).max() > tolerance)
