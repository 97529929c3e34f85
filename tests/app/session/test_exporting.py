"""What leaves the window as files."""

from __future__ import annotations

from pathlib import Path

import pydicom
from dicom_cine import write_cine
from tiny_model import write_tiny_model

from app.session import exporting
from app.session.exporting import Export
from engine import __version__
from engine.formats.door import open_scan
from engine.measures.function import measure
from engine.network.predict import predict


def test_a_seg_names_the_version_of_the_model_and_that_of_the_program(tmp_path: Path) -> None:
    write_cine(tmp_path / "cine", 1, 2)
    volume = open_scan(tmp_path / "cine")
    found = predict(volume, write_tiny_model(tmp_path, version="7.5"), "int8")
    exporting.mask_seg(tmp_path / "seg", Export(volume, found, measure(found.labels, volume)))
    [file] = (tmp_path / "seg").iterdir()
    dataset = pydicom.dcmread(file)
    [made_by] = dataset.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert (made_by.AlgorithmName, made_by.AlgorithmVersion) == ("Tiny int8", "7.5")
    assert dataset.SoftwareVersions == __version__
