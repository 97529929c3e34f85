"""What DICOM objects made from a scan repeat of its images: patient, study and grid, with values that are valid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage, generate_uid
from pydicom.valuerep import DA, TM, format_number_as_ds, validate_value

from engine.errors import ExportError, ScanError
from engine.formats.dicom import stack_of
from engine.formats.dicom_files import read_dicom
from engine.formats.dicom_image import Image
from engine.formats.dicom_stack import Stack
from engine.volume import Volume

SERIES_BEYOND = 1000
"""Series made from a scan are numbered so far above its own."""


def images_of(out: Path, volume: Volume, what: str, instead: str) -> tuple[Stack, Dataset]:
    """The images that an object refers to, and its study_template.

    what: the object, such as "a DICOM SEG"; instead: what to do where there are none. Raises ExportError, which names
    out, for a scan that is no DICOM or whose images have no UIDs or no place.
    """
    if volume.source.kind != "dicom":
        raise ExportError(
            f"{out}: {what} refers to DICOM images, but this scan was read from files of another kind; {instead}"
        )
    try:
        stack = stack_of(volume)
        if not all(image.sop_uid and image.series_uid and image.study[1] for image in stack.images):
            raise ScanError(f"the images have no UIDs that {what} could refer to; {instead}")
        return stack, study_template(stack.phases[0][0], volume, instead)
    except (ScanError, OSError) as error:
        raise ExportError(f"{out}: {error}") from error


def study_template(first: Image, volume: Volume, instead: str) -> Dataset:
    """What every source image of a stack has in common, as a header that highdicom accepts.

    It stops at invalid dates and names, at orientations that differ by rounding and at differing frames of reference,
    all of which occur; so it is given valid values, and those of the first image for all. UIDs stay as they are.
    """
    if first.position is None or first.pixel_mm is None or first.orientation is None:
        raise ScanError(f"the images do not say where they lie, which objects made from them must repeat; {instead}")
    header = read_dicom(first.path, stop_before_pixels=True)
    clean = Dataset()
    clean.SOPClassUID = MRImageStorage
    clean.StudyInstanceUID = first.study[1]
    clean.SeriesInstanceUID = first.series_uid
    clean.SeriesNumber = first.series_number
    clean.FrameOfReferenceUID = header.get("FrameOfReferenceUID") or generate_uid()
    for name in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID",
                 "StudyDate", "StudyTime", "ReferringPhysicianName"):  # fmt: skip
        setattr(clean, name, valid_text(header, name))
    if clean.PatientSex not in ("M", "F", "O"):
        clean.PatientSex = ""
    for name in ("PatientAge", "PatientSize", "PatientWeight", "StudyDescription", "PositionReferenceIndicator",
                 "LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):  # fmt: skip
        value = valid_text(header, name)
        if value:
            setattr(clean, name, value)
    clean.Modality = first.modality
    clean.Rows, clean.Columns = first.rows, first.columns
    clean.ImageOrientationPatient = decimals(first.orientation)
    clean.PixelSpacing = decimals(first.pixel_mm)
    clean.SliceThickness = format_number_as_ds(first.thickness_mm or volume.geometry.spacing_mm[2])
    return clean


def valid_text(header: Dataset, name: str) -> str:
    """An element's value as text, or nothing where it is absent, invalid or has several values."""
    element = header.get_item(name)
    if element is None:
        return ""
    try:
        vr, value = header[name].VR, str(header[name].value or "")
        if "\\" in value or header[name].VM > 1:
            return ""
        validate_value(vr, value, config.RAISE)
        if vr in ("DA", "TM"):
            {"DA": DA, "TM": TM}[vr](value)
    except Exception:  # pydicom raises errors of many kinds on odd values
        return ""
    return value


def decimals(values: Sequence[float]) -> list[str]:
    return [format_number_as_ds(float(v)) for v in values]


def reference_to(image: Image) -> Dataset:
    """An item that names the instance which an image is in."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.sop_class, image.sop_uid
    return item


def series_number(template: Dataset, step: int = 0) -> int:
    """A number for a series that is made from the scan: above its own, where numbers allow it."""
    number = max(int(template.SeriesNumber), 0) + SERIES_BEYOND + step
    return number if number < 2**31 else SERIES_BEYOND + step
