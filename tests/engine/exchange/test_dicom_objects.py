"""The PDF object and the structure set, judged by dicom3tools, dcmtk and plastimatch."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from dicom_judges import errors_of
from object_scans import ALGORITHM, dicom_dossier

from engine.dossier import Dossier
from engine.errors import ExportError
from engine.exchange.pdf_object import write_pdf_object
from engine.exchange.structure_set import OUTLINED, phases_to_outline, write_structure_set
from engine.phantom import make_phantom
from engine.report import Letterhead, content_of, to_pdf


@pytest.fixture(scope="module", name="dossier")
def dossier_fixture(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    return dicom_dossier(tmp_path_factory.mktemp("objects") / "scan")


def test_the_pdf_comes_out_as_it_went_in(dossier: Dossier, tmp_path: Path) -> None:
    pdf = to_pdf(content_of(dossier, Letterhead()))
    pdf += b"\n" * (1 - len(pdf) % 2)  # odd, so that DICOM has to pad it
    path = write_pdf_object(tmp_path / "report.dcm", pdf, dossier.volume)
    assert errors_of(path) == []
    made = pydicom.dcmread(path)
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == pdf
    assert (str(made.PatientName), made.StudyInstanceUID[-2:]) == ("Müller^Anna^Maria", ".1")
    tool = shutil.which("dcm2pdf")
    if tool is None:
        pytest.skip("needs dcm2pdf, of Debian's dcmtk")
    subprocess.run([tool, path, tmp_path / "back.pdf"], check=True, capture_output=True)
    # Older versions hand out the padding, too.
    assert (tmp_path / "back.pdf").read_bytes().removesuffix(b"\0") == pdf


@pytest.fixture(scope="module", name="structure_set")
def structure_set_fixture(dossier: Dossier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    function = dossier.function
    frames = phases_to_outline(function.ed_frame, function.es_frame, dossier.volume.frames, every=False)
    path = tmp_path_factory.mktemp("rt") / "contours.dcm"
    return write_structure_set(path, dossier.labels, dossier.volume, frames, algorithm=ALGORITHM, by_hand="2 slices")


def test_one_region_for_each_structure_and_phase(dossier: Dossier, structure_set: Path) -> None:
    assert errors_of(structure_set) == []
    made = pydicom.dcmread(structure_set)
    names = [region.ROIName for region in made.StructureSetROISequence]
    assert names == [f"{what.name} {phase}" for phase in ("ED", "ES") for what in OUTLINED]
    assert {region.ROIGenerationAlgorithm for region in made.StructureSetROISequence} == {"SEMIAUTOMATIC"}
    es = {pydicom.dcmread(file).SOPInstanceUID for file in dossier.volume.source.instances[dossier.function.es_frame]}
    for drawn in made.ROIContourSequence[3:]:
        assert {c.ContourImageSequence[0].ReferencedSOPInstanceUID for c in drawn.ContourSequence} == es


def test_plastimatch_fills_the_contours_to_the_same_mask(dossier: Dossier, structure_set: Path, tmp_path: Path) -> None:
    tool = shutil.which("plastimatch")
    if tool is None:
        pytest.skip("needs plastimatch")
    volume, frame = dossier.volume, dossier.function.ed_frame
    geometry = volume.geometry
    fixed = SimpleITK.GetImageFromArray(np.zeros(geometry.shape, np.int16))
    fixed.SetSpacing(geometry.spacing_mm)
    fixed.SetOrigin(tuple(geometry.affine[:3, 3]))
    fixed.SetDirection(geometry.directions.ravel().tolist())
    SimpleITK.WriteImage(fixed, tmp_path / "fixed.nrrd")
    done = subprocess.run(
        [tool, "convert", "--input", structure_set, "--fixed", tmp_path / "fixed.nrrd", "--output-prefix",
         tmp_path / "back", "--prefix-format", "nrrd"], capture_output=True, text=True, check=True,
    )  # fmt: skip
    for what in OUTLINED:
        file = tmp_path / "back" / f"{what.name} ED.nrrd"
        assert file.exists(), (sorted((tmp_path / "back").iterdir()), done.stdout)
        back = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file)) > 0
        assert np.array_equal(back, np.isin(dossier.labels.array[frame], what.labels)), done.stdout


def test_a_whole_cine_has_regions_for_every_frame(dossier: Dossier, tmp_path: Path) -> None:
    frames = phases_to_outline(0, 2, 4, every=True)
    path = write_structure_set(tmp_path / "all.dcm", dossier.labels, dossier.volume, frames, algorithm=ALGORITHM)
    names = [region.ROIName for region in pydicom.dcmread(path).StructureSetROISequence]
    assert (len(names), names[0], names[-1]) == (12, "LV endo frame 01", "RV endo frame 04")


def test_frames_without_phases_are_written_by_themselves() -> None:
    assert phases_to_outline(None, None, 1, every=False) == phases_to_outline(None, None, 1, every=True) == [("", 0)]


def test_what_is_no_dicom_is_refused(tmp_path: Path) -> None:
    volume, mask, *_ = make_phantom(2, 3, 32)
    with pytest.raises(ExportError, match=r"an RT structure set refers to DICOM images, .*; write a NIfTI mask"):
        write_structure_set(tmp_path / "rt.dcm", mask, volume, [("", 0)], algorithm=ALGORITHM)
    with pytest.raises(ExportError, match=r"a PDF in DICOM refers to DICOM images, .*; write the PDF itself"):
        write_pdf_object(tmp_path / "pdf.dcm", b"%PDF", volume)
    assert not list(tmp_path.iterdir())
