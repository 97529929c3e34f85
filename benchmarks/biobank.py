"""Cines as UK Biobank keeps them: a zip archive of DICOM files a participant, a series a slice."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from engine.phantom import FRAME_MS
from engine.volume import Volume

FIELD = "20209_2_0"
_ROOT = "1.2.826.0.1.3680043.8.498.777"


def write_participant(folder: Path, number: int, volume: Volume) -> Path:
    """Write a short-axis cine as ID_FIELD.zip and return its path."""
    path = folder / f"{1_000_000 + number}_{FIELD}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for z in range(volume.slices):
            for t in range(volume.frames):
                content = io.BytesIO()
                _image(number, volume, t, z).save_as(content, enforce_file_format=True)
                archive.writestr(f"{_ROOT}.{number}.{z}.{t}.dcm", content.getvalue())
        archive.writestr("manifest.csv", "filename,patientid,studyid\n")
    return path


def _image(number: int, volume: Volume, t: int, z: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = f"{_ROOT}.{number}.{z + 1}.{t + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.Modality, ds.PatientID, ds.PatientName = "MR", str(1_000_000 + number), ""
    ds.StudyInstanceUID = f"{_ROOT}.{number}"
    ds.SeriesInstanceUID = f"{_ROOT}.{number}.{z + 1}"
    ds.SeriesNumber, ds.InstanceNumber = z + 1, t + 1
    ds.SeriesDescription = f"CINE_segmented_SAX_b{z + 1}"
    ds.TriggerTime, ds.NominalInterval = FRAME_MS * t, FRAME_MS * volume.frames
    geometry = volume.geometry
    ds.ImagePositionPatient = [f"{mm:.6f}" for mm in geometry.position_mm(0, 0, z)]
    ds.ImageOrientationPatient = [f"{part:.6f}" for part in geometry.directions[:, :2].T.reshape(-1)]
    x_mm, y_mm, z_mm = geometry.spacing_mm
    ds.PixelSpacing, ds.SliceThickness = [f"{y_mm:.6f}", f"{x_mm:.6f}"], f"{z_mm:.6f}"
    image = np.clip(volume.array[t, z], 0, 4095).astype("<u2")
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = image.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = image.tobytes()
    return ds
