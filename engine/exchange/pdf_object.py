"""The report as a DICOM object (Encapsulated PDF), beside the images in their archive."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from engine import __version__
from engine.exchange.report_codes import REPORT_TITLE
from engine.files import write_atomically
from engine.formats.dicom_template import images_of, reference_to, series_number
from engine.volume import Volume

PDF_SERIES_STEP = 2


def write_pdf_object(out: Path, pdf: bytes, volume: Volume) -> Path:
    """Write a PDF as a DICOM object of the scan's study, and return its path.

    It names the patient as the images do, whatever stands on the page.
    Raises ExportError where the scan is no DICOM with known geometry, and OSError.
    """
    stack, template = images_of(out, volume, "a PDF in DICOM", "write the PDF itself instead")
    made = new_object(template, EncapsulatedPDFStorage, "DOC", PDF_SERIES_STEP, "CineQuant report")
    made.InstanceNumber = 1
    made.ConversionType = "WSD"
    made.ContentDate, made.ContentTime = made.SeriesDate, made.SeriesTime
    made.AcquisitionDateTime = ""
    # The page may name the patient, and always describes one.
    made.BurnedInAnnotation = "YES"
    made.DocumentTitle = "CineQuant report, research use only"
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = REPORT_TITLE[:3]
    made.ConceptNameCodeSequence = [title]
    made.SourceInstanceSequence = [reference_to(image) for image in {i.sop_uid: i for i in stack.images}.values()]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)
    save_object(out, made)
    return out


def new_object(template: Dataset, sop_class: UID, modality: str, step: int, description: str) -> FileDataset:
    """An object of the scan's study in a new series, made by this program now.

    template: of engine.formats.dicom_template.study_template. step: of the series' number, one for each kind of object.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    for name in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyInstanceUID",
                 "StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyDescription", "PatientAge",
                 "PatientSize", "PatientWeight"):  # fmt: skip
        if name in template:
            setattr(made, name, template[name].value)
    now = datetime.now()
    made.SeriesDate = made.InstanceCreationDate = f"{now:%Y%m%d}"
    made.SeriesTime = made.InstanceCreationTime = f"{now:%H%M%S}"
    made.Modality, made.SeriesInstanceUID = modality, generate_uid()
    made.SeriesNumber, made.SeriesDescription = series_number(template, step), description
    made.Manufacturer = made.ManufacturerModelName = "CineQuant"
    made.SoftwareVersions, made.DeviceSerialNumber = __version__, "none"
    return made


def save_object(out: Path, made: FileDataset) -> None:
    """Write it at once or not at all. Raises OSError."""
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    write_atomically(out, stream.getvalue())
