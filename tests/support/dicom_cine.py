"""A beating disc in a ring, written as a valid DICOM MR cine: what tests of DICOM reading and writing start from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage

# An oblique plane whose numbers are exact: rows along (0.8, 0.6, 0), columns along (0, 0, -1), normal (-0.6, 0.8, 0).
ORIENTATION = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)
NORMAL = np.array([-0.6, 0.8, 0.0])
ORIGIN = np.array([-30.0, -50.0, 70.0])
PIXEL_MM = (1.5, 1.25)
"""(between rows, between columns), so (y, x)."""

ROOT = "1.2.826.0.1.3680043.8.498.4242"


def pixels(frames: int, slices: int, rows: int = 32, columns: int = 40) -> NDArray[np.uint16]:
    """(T, Z, Y, X) uint16, 0 to 4095: every image differs from every other, in one corner pixel at least."""
    y, x = np.mgrid[:rows, :columns]
    radius = np.hypot(y - rows / 2, x - columns / 2)
    out = np.zeros((frames, slices, rows, columns), np.uint16)
    for t in range(frames):
        for z in range(slices):
            inner = rows / 4 * (1 - 0.3 * np.sin(np.pi * t / max(frames, 1))) * (1 - 0.05 * z)
            out[t, z] = 300 + 900 * (radius < inner) + 200 * (radius < inner + 4)
            out[t, z, 0, 0] = 1000 + 50 * t + z
    return out


def labels(frames: int, slices: int, rows: int = 32, columns: int = 40) -> NDArray[np.uint8]:
    """(T, Z, Y, X) uint8: cavity 1 in a ring 2 with a blob 3 beside it; differs from frame to frame."""
    y, x = np.mgrid[:rows, :columns]
    radius = np.hypot(y - rows / 2, x - columns / 2)
    out = np.zeros((frames, slices, rows, columns), np.uint8)
    for t in range(frames):
        for z in range(slices):
            out[t, z][radius < rows / 4 + 2] = 2
            out[t, z][radius < rows / 4 - 1 - t % 3] = 1
            out[t, z, 4 + z : 8 + z, 2 : 6 + t % 4] = 3
    return out


def dataset(t: int, z: int, frames: int, slices: int, image: NDArray[Any], *, gap_mm: float = 8.0) -> FileDataset:
    """One valid MR image of the cine, at slice z and phase t; change it before saving to make an odd one."""
    number = z * frames + t + 1
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = UID(f"{ROOT}.3.{number}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = "20240229"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "101500"
    ds.AccessionNumber = ""
    ds.Modality = "MR"
    ds.Manufacturer = "Phantom Works"
    ds.ManufacturerModelName = "Disc"
    ds.ReferringPhysicianName = ""
    ds.SeriesDescription = "cine sa"
    ds.PatientName = "Müller^Anna^Maria"
    ds.PatientID = "P-0042"
    ds.PatientBirthDate = "19620301"
    ds.PatientSex = "F"
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "GR", "SS", "CG", "2D"
    ds.SliceThickness, ds.RepetitionTime, ds.EchoTime, ds.EchoTrainLength = 6.0, 3.2, 1.6, 1
    ds.MagneticFieldStrength = 1.5
    ds.PatientPosition, ds.BodyPartExamined = "HFS", "HEART"
    ds.TriggerTime = 12.5 + 40 * t
    ds.NominalInterval = 40 * frames
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.2"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "S1", 7, number
    ds.ImagePositionPatient = [round(float(v), 6) for v in ORIGIN + gap_mm * z * NORMAL]
    ds.ImageOrientationPatient = list(ORIENTATION)
    ds.FrameOfReferenceUID = f"{ROOT}.4"
    ds.PositionReferenceIndicator = ""
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = image.shape
    ds.PixelSpacing = list(PIXEL_MM)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = 800, 1600
    ds.PixelData = image.astype("<u2").tobytes()
    return ds


def write_cine(
    folder: Path,
    frames: int = 4,
    slices: int = 3,
    *,
    gap_mm: float = 8.0,
    change: Callable[[FileDataset, int, int], bool | None] | None = None,
) -> NDArray[np.uint16]:
    """Write the cine as one file an image and return its voxels (T, Z, Y, X), z ascending along the normal.

    change(ds, t, z) may alter each image before it is saved; where it returns False the image is not written.
    File names run against the order of the images, so that nothing can rely on them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    voxels = pixels(frames, slices)
    for z in range(slices):
        for t in range(frames):
            ds = dataset(t, z, frames, slices, voxels[t, z], gap_mm=gap_mm)
            if change is None or change(ds, t, z) is not False:
                ds.save_as(folder / f"IM{999 - z * frames - t:03d}", enforce_file_format=True)
    return voxels


def write_enhanced(path: Path, frames: int = 4, slices: int = 3) -> NDArray[np.uint16]:
    """The same cine as one enhanced multi-frame file, frames in shuffled order; returns its voxels (T, Z, Y, X)."""
    voxels = pixels(frames, slices)
    ds = dataset(0, 0, frames, slices, voxels[0, 0])
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "TriggerTime"):
        delattr(ds, name)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    shared, measures, plane = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = list(PIXEL_MM), 6.0
    plane.ImageOrientationPatient = list(ORIENTATION)
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    ds.SharedFunctionalGroupsSequence = [shared]
    order = [(t, z) for t in range(frames) for z in range(slices)]
    np.random.default_rng(0).shuffle(order)
    items = []
    for t, z in order:
        item, position, cardiac, content = Dataset(), Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [round(float(v), 6) for v in ORIGIN + 8.0 * z * NORMAL]
        cardiac.NominalCardiacTriggerDelayTime = 12.5 + 40 * t
        content.TemporalPositionIndex = t + 1
        item.PlanePositionSequence, item.CardiacSynchronizationSequence = [position], [cardiac]
        item.FrameContentSequence = [content]
        items.append(item)
    ds.PerFrameFunctionalGroupsSequence = items
    ds.NumberOfFrames = len(order)
    ds.PixelData = np.stack([voxels[t, z] for t, z in order]).astype("<u2").tobytes()
    ds.save_as(path, enforce_file_format=True)
    return voxels


def compress(ds: FileDataset, syntax: str) -> None:
    """Encode an image in place, losslessly."""
    ds.compress(syntax, generate_instance_uid=False)


def rewrite(path: Path, **values: Any) -> None:
    """Change elements of a file on disk."""
    ds = pydicom.dcmread(path)
    for name, value in values.items():
        setattr(ds, name, value)
    ds.save_as(path)
