"""Contours as a DICOM RT structure set, for systems that take no SEG.

Contours run along the edges of voxels, so their area is that of the labels. They lie where the images say, slice by
slice, and name the image that they were drawn on: space alone does not tell a phase, so each phase has regions of its
own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.sr.coding import Code
from pydicom.uid import UID, RTStructureSetStorage
from pydicom.valuerep import format_number_as_ds

from engine.errors import ExportError
from engine.exchange.pdf_object import new_object, save_object
from engine.exchange.report_codes import LV_MYOCARDIUM, VENTRICLES
from engine.formats.dicom_image import Image
from engine.formats.dicom_template import images_of, reference_to
from engine.shapes.rings import Ring, rings_of
from engine.volume import LV, MYO, RV, LabelMap, Volume

RT_SERIES_STEP = 3
_STUDY_COMPONENT = UID("1.2.840.10008.3.1.2.3.2")
_INSTEAD = "write a NIfTI mask instead"


@dataclass(frozen=True, slots=True)
class Outlined:
    """A region of interest: what it is called, the labels within its contour, its code and its colour."""

    name: str
    labels: tuple[int, ...]
    code: Code
    colour: tuple[int, int, int]


OUTLINED = (
    Outlined("LV endo", (LV,), VENTRICLES[LV], (255, 112, 77)),
    Outlined("LV epi", (LV, MYO), LV_MYOCARDIUM, (244, 214, 92)),
    Outlined("RV endo", (RV,), VENTRICLES[RV], (88, 180, 245)),
)


def write_structure_set(
    out: Path,
    labels: LabelMap,
    volume: Volume,
    frames: Sequence[tuple[str, int]],
    *,
    algorithm: str,
    by_hand: str = "",
) -> Path:
    """Write the contours of some frames as an RT structure set, and return its path.

    frames: names and indices, such as ("ED", 0); the name stands in that of each region. algorithm, by_hand: as of
    engine.formats.seg.write_seg. Raises ExportError where the scan is no DICOM with known geometry or nothing is
    labelled in these frames, and OSError.
    """
    stack, template = images_of(out, volume, "an RT structure set", _INSTEAD)
    made = new_object(template, RTStructureSetStorage, "RTSTRUCT", RT_SERIES_STEP, "CineQuant contours")
    made.OperatorsName = ""
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = template.FrameOfReferenceUID, ""
    made.StructureSetLabel, made.StructureSetName = "VENTRICLES", "Ventricles"
    made.StructureSetDate, made.StructureSetTime = made.SeriesDate, made.SeriesTime
    made.InstanceNumber = 1
    made.ApprovalStatus = "UNAPPROVED"
    made.StructureSetROISequence, made.ROIContourSequence, made.RTROIObservationsSequence = [], [], []
    used: dict[str, Image] = {}
    for name, frame in frames:
        for what in OUTLINED:
            region = np.isin(labels.array[frame], what.labels)
            contours = [
                _contour(ring, stack.phases[frame][z], volume, z)
                for z in range(volume.slices)
                for ring in rings_of(region[z])
            ]
            if not contours:
                continue
            used |= {stack.phases[frame][z].sop_uid: stack.phases[frame][z] for z in _slices_of(region)}
            _add(made, f"{what.name} {name}".strip(), what, contours, template, algorithm, by_hand)
    if not used:
        raise ExportError(f"{out}: no ventricle is labelled in these frames, so there are no contours to write")
    made.ReferencedFrameOfReferenceSequence = [_images(template, used.values())]
    save_object(out, made)
    return out


def phases_to_outline(ed: int | None, es: int | None, count: int, *, every: bool) -> list[tuple[str, int]]:
    """Names and indices of the frames to write: ED and ES, all, or the only one."""
    if every and count > 1:
        digits = max(2, len(str(count)))
        return [(f"frame {frame + 1:0{digits}d}", frame) for frame in range(count)]
    found = [(name, frame) for name, frame in (("ED", ed), ("ES", es)) if frame is not None]
    return found or [("", 0)]


def _slices_of(region: NDArray[np.bool_]) -> list[int]:
    """Slices of a region (Z, Y, X) that have voxels."""
    return [int(z) for z in np.flatnonzero(region.any(axis=(1, 2)))]


def _contour(ring: Ring, image: Image, volume: Volume, z: int) -> Dataset:
    """A closed contour in the patient's millimetres, and the image that it is on."""
    own = (image.rows, image.columns) == volume.geometry.shape[1:]
    if own and image.position and image.orientation and image.pixel_mm:
        row, column = np.array(image.orientation[:3]), np.array(image.orientation[3:])
        down_mm, along_mm = image.pixel_mm
        points = np.array(image.position) + ring[:, :1] * along_mm * row + ring[:, 1:] * down_mm * column
    else:  # resampled onto the grid of the others
        points = np.array([volume.geometry.position_mm(x, y, z) for x, y in ring.tolist()])
    item, reference = Dataset(), reference_to(image)
    if image.multi_frame:
        reference.ReferencedFrameNumber = image.frame + 1
    item.ContourImageSequence = [reference]
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(points)
    item.ContourData = [format_number_as_ds(round(float(value), 4)) for value in points.ravel()]
    return item


def _add(
    made: FileDataset,
    name: str,
    what: Outlined,
    contours: list[Dataset],
    template: Dataset,
    algorithm: str,
    by_hand: str,
) -> None:
    """Add a region to the three lists of a structure set."""
    number = len(made.StructureSetROISequence) + 1
    region = Dataset()
    region.ROINumber, region.ROIName = number, name
    region.ReferencedFrameOfReferenceUID = template.FrameOfReferenceUID
    region.ROIGenerationAlgorithm = "SEMIAUTOMATIC" if by_hand else "AUTOMATIC"
    region.ROIGenerationDescription = algorithm[:64]
    region.ROIDescription = by_hand or f"{algorithm}, not corrected by hand"
    made.StructureSetROISequence.append(region)

    drawn = Dataset()
    drawn.ROIDisplayColor, drawn.ContourSequence = list(what.colour), contours
    drawn.ReferencedROINumber = number
    made.ROIContourSequence.append(drawn)

    seen, code = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = what.code[:3]
    seen.ObservationNumber = seen.ReferencedROINumber = number
    seen.RTROIIdentificationCodeSequence = [code]
    seen.RTROIInterpretedType, seen.ROIInterpreter = "ORGAN", ""
    made.RTROIObservationsSequence.append(seen)


def _images(template: Dataset, images: Iterable[Image]) -> Dataset:
    """The frame of reference with the study, series and images that the contours are on."""
    series: dict[str, list[Image]] = {}
    for image in images:
        series.setdefault(image.series_uid, []).append(image)
    frame, study = Dataset(), Dataset()
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = _STUDY_COMPONENT, template.StudyInstanceUID
    study.RTReferencedSeriesSequence = []
    for uid, members in series.items():
        item = Dataset()
        item.SeriesInstanceUID = uid
        item.ContourImageSequence = [reference_to(image) for image in members]
        study.RTReferencedSeriesSequence.append(item)
    frame.FrameOfReferenceUID = template.FrameOfReferenceUID
    frame.RTReferencedStudySequence = [study]
    return frame
