"""Labels as DICOM SEG that other systems open on the source images. Reading them back is engine.formats.seg_read's."""

from __future__ import annotations

import logging
import os
import re
import shutil
import uuid
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from engine import __version__
from engine.errors import ExportError
from engine.formats.dicom_image import Image
from engine.formats.dicom_stack import Stack
from engine.formats.dicom_template import decimals, images_of, reference_to, series_number
from engine.formats.seg_read import TYPES
from engine.volume import LV, MYO, RV, STRUCTURES, LabelMap, Volume

# highdicom's log lines quote patient names and UIDs.
logging.getLogger("highdicom").setLevel(logging.CRITICAL)

CATEGORY = Code("123037004", "SCT", "Anatomical Structure")
_COLOURS = {LV: (255, 112, 77), MYO: (244, 214, 92), RV: (88, 180, 245)}


class SegKind(StrEnum):
    """How a segmentation keeps its voxels."""

    BINARY = "BINARY"
    """A bit a voxel for each structure: what all systems read."""
    LABELMAP = "LABELMAP"
    """One label a voxel: an object of 2024 that few systems read yet."""


def write_seg(
    out: Path,
    labels: LabelMap,
    volume: Volume,
    *,
    algorithm: str,
    version: str,
    by_hand: str = "",
    kind: SegKind = SegKind.BINARY,
) -> tuple[Path, ...]:
    """Write one DICOM SEG a phase, all of one new series, and return their paths in phase order.

    out: a folder, made where its parent exists, for files seg_phase_01.dcm and on; for a single phase also a file
        that ends in .dcm. A folder appears with all its files or not at all; in one that exists each file is replaced
        as a whole, after all have been written.
    labels: on the volume's grid, (T, Z, Y, X). A phase without a labelled voxel gets a SEG with empty frames.
    algorithm, version: name and version of the model, which the SEG records as the automatic algorithm.
    by_hand: what was corrected by hand, in a sentence; the SEG then records a semi-automatic algorithm and says so.
    kind: how voxels are kept.
    Raises ExportError where the volume is no DICOM scan with known geometry, or out cannot be written.
    """
    if labels.array.shape != volume.array.shape:
        raise ValueError(f"labels {labels.array.shape} are not of the volume {volume.array.shape}")
    stack, template = images_of(out, volume, "a DICOM SEG", "write a NIfTI mask instead")
    names = _names(out, volume)
    series = generate_uid()
    descriptions = _descriptions(algorithm, version, by_hand)

    def save_all(folder: Path) -> None:
        for t, name in enumerate(names):
            dataset = _segmentation(t, labels.array[t], stack, template, descriptions, series, kind)
            with (folder / name).open("wb") as file:
                dataset.save_as(file, enforce_file_format=True)
                file.flush()
                os.fsync(file.fileno())

    try:
        return _write_together(out if out.suffix.lower() != ".dcm" else None, out.parent, names, save_all)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror or error}); choose another place") from error


def _names(out: Path, volume: Volume) -> list[str]:
    """File names in phase order. Raises ExportError where out does not suit them."""
    if out.suffix.lower() == ".dcm":
        if volume.frames > 1:
            raise ExportError(f"{out}: a cine gives one DICOM SEG a phase; name a folder instead of a file")
        if out.is_dir():
            raise ExportError(f"{out}: is a folder; choose a name for the file")
        used = {path.resolve() for phase in volume.source.instances for path in phase}
        if out.resolve() in used:
            raise ExportError(f"{out}: is an image of the scan, which is never overwritten; choose another name")
        names = [out.name]
    else:
        digits = max(2, len(str(volume.frames)))
        names = [f"seg_phase_{t + 1:0{digits}d}.dcm" for t in range(volume.frames)]
        if out.exists() and not out.is_dir():
            raise ExportError(f"{out}: is a file; name a folder, or for a single phase a file that ends in .dcm")
        if out.is_dir():
            older = [
                p.name for p in out.iterdir() if re.fullmatch(r"seg_phase_\d+\.dcm", p.name) and p.name not in names
            ]
            if older:
                raise ExportError(f"{out}: holds {min(older)} of another export; choose an empty folder")
    if not out.parent.is_dir():
        raise ExportError(f"{out}: the folder {out.parent} does not exist; make it first")
    return names


def _write_together(out: Path | None, parent: Path, names: Sequence[str], save_all: Any) -> tuple[Path, ...]:
    """Have save_all write the named files to a folder beside their place, then rename: all of them or none.

    out: the folder that they belong in, or None for one file in parent.
    """
    staging = (out if out is not None and out.is_dir() else parent) / f".cinequant-{uuid.uuid4().hex}"
    staging.mkdir()
    try:
        save_all(staging)
        if out is not None and not out.exists():
            staging.rename(out)
            return tuple(out / name for name in names)
        target = out or parent
        for name in names:
            (staging / name).replace(target / name)
        return tuple(target / name for name in names)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


# --- writing


def _descriptions(algorithm: str, version: str, by_hand: str) -> list[SegmentDescription]:
    """The three segments, numbered as the labels are."""
    made_by = highdicom.AlgorithmIdentificationSequence(
        name=algorithm[:64], family=codes.cid7162.ArtificialIntelligence, version=version[:64], source="CineQuant"
    )
    segments = [
        SegmentDescription(
            segment_number=label,
            segment_label=STRUCTURES[label],
            segmented_property_category=CATEGORY,
            segmented_property_type=TYPES[label],
            algorithm_type="SEMIAUTOMATIC" if by_hand else "AUTOMATIC",
            algorithm_identification=made_by,
            display_color=CIELabColor.from_rgb(*_COLOURS[label]),
        )
        for label in (LV, MYO, RV)
    ]
    if by_hand:
        for segment in segments:
            segment.SegmentDescription = by_hand
    return segments


def _segmentation(
    t: int,
    labels: NDArray[np.uint8],
    stack: Stack,
    template: Dataset,
    descriptions: Sequence[SegmentDescription],
    series: str,
    kind: SegKind,
) -> Segmentation:
    """The SEG of phase t. labels: (Z, Y, X)."""
    images = stack.phases[t]
    sources: list[Dataset] = []
    stand_ins: dict[str, Image] = {}
    for image in images:
        source = Dataset()
        source.update(template)
        # a name of its own for every frame, also for those of one multi-frame file; put right below
        source.SOPInstanceUID = generate_uid()
        stand_ins[source.SOPInstanceUID] = image
        source.ImagePositionPatient = decimals(image.position or ())
        sources.append(source)
    phases, times = len(stack.phases), stack.frame_times_ms
    when = f", {times[t]:.0f} ms after the R wave" if times and phases > 1 else ""
    corrected = any(segment.SegmentAlgorithmType == "SEMIAUTOMATIC" for segment in descriptions)
    dataset = Segmentation(
        source_images=sources,
        pixel_array=np.ascontiguousarray(labels),
        segmentation_type=kind.value,
        segment_descriptions=descriptions,
        series_instance_uid=series,
        series_number=series_number(template),
        sop_instance_uid=generate_uid(),
        instance_number=t + 1,
        manufacturer="CineQuant",
        manufacturer_model_name="CineQuant",
        software_versions=__version__,
        device_serial_number="none",
        content_label="VENTRICLES",
        content_description=f"Ventricles, phase {t + 1} of {phases}{when}",
        omit_empty_frames=bool(labels.any()),
        series_description="CineQuant ventricles, corrected by hand" if corrected else "CineQuant ventricles",
        specific_character_set="ISO_IR 192",
    )
    _name_sources(dataset, images, stand_ins)
    return dataset


def _name_sources(dataset: Segmentation, images: Sequence[Image], stand_ins: dict[str, Image]) -> None:
    """Put the real source images in the place of the stand-ins that highdicom was given, by their UIDs."""
    unique = {image.sop_uid: image for image in images}
    series: dict[str, list[Image]] = {}
    for image in unique.values():
        series.setdefault(image.series_uid, []).append(image)
    dataset.SourceImageSequence = [reference_to(image) for image in unique.values()]
    dataset.ReferencedSeriesSequence = []
    for uid, members in series.items():
        item = Dataset()
        item.SeriesInstanceUID = uid
        item.ReferencedInstanceSequence = [reference_to(image) for image in members]
        dataset.ReferencedSeriesSequence.append(item)
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        for derivation in frame.DerivationImageSequence:
            for source in derivation.SourceImageSequence:
                real = stand_ins.get(source.ReferencedSOPInstanceUID)
                if real is None:  # segments of one slice share this item, so it may be done
                    continue
                source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = real.sop_class, real.sop_uid
                if real.multi_frame:
                    source.ReferencedFrameNumber = real.frame + 1
