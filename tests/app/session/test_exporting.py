"""What leaves the window as files."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import app_fixtures
import numpy as np
import pydicom
import pytest
from dicom_cine import labels, write_cine
from tiny_model import write_tiny_model

from app.session import export_files, exporting
from app.session.exporting import Export
from app.session.object_files import ObjectKind, write_kind
from app.state import editing
from engine import __version__, provenance, tables
from engine.errors import ExportError
from engine.formats import nifti
from engine.formats.door import open_scan
from engine.measures.function import measure
from engine.measures.long_axis import measure_long_axis
from engine.measures.reading import Reading
from engine.network.catalog import find_models
from engine.network.predict import predict
from engine.phantom import make_phantom
from engine.volume import LV, LabelMap, Volume


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


def test_what_was_corrected_spaced_and_left_out_is_replayed(tmp_path: Path) -> None:
    """A record of the window is made again by the command, corrections included."""
    scan = tmp_path / "scan.nii.gz"
    nifti.write_volume(scan, make_phantom(2, 3, 64)[0])
    volume = open_scan(scan).with_spacing(1.5, 1.5, 9.0)
    card = write_tiny_model(tmp_path / "models", precisions=("float32",))
    found = predict(volume, card, "float32", threads=1)
    reading = Reading(left_out=frozenset({(LV, 0, 0)}))
    correction = editing.begin(volume, found, reading=reading)
    plane = found.labels.array[1, 1].copy()
    plane[10:20, 10:20] = LV
    changed = found.labels.array.copy()
    changed[1, 1] = plane
    correction = editing.adopted(correction, LabelMap(changed, volume.geometry), [0, 1])
    export = Export(volume, found, correction.function, correction)
    for name in ("mask.nii.gz", "table.csv"):
        path = tmp_path / name
        (export_files.mask_nifti if name.startswith("mask") else export_files.measurements)(path, export)
        export_files.record(path, export)
        record = provenance.read_record(provenance.path_for(path))
        assert set(record.planes) == {(1, 1)}
        assert provenance.replay(record, find_models([tmp_path / "models"])).same
    moved = json.loads((tmp_path / "table.provenance.json").read_text(encoding="utf-8"))
    moved["corrected_by_hand"] = []
    (tmp_path / "table.provenance.json").write_text(json.dumps(moved), encoding="utf-8")
    again = provenance.read_record(tmp_path / "table.provenance.json")
    different = int(np.count_nonzero(plane != found.labels.array[1, 1]))
    assert provenance.replay(again, find_models([tmp_path / "models"])).voxels == different


def test_the_numbers_of_a_four_chamber_view_leave_as_tables(tmp_path: Path) -> None:
    volume, mask = make_phantom(4, 3, 64)[:2]
    geometry = replace(volume.geometry, shape=(1, *volume.array.shape[2:]))
    view = replace(volume, array=volume.array[:, 1:2], geometry=geometry)
    labelled = LabelMap(mask.array[:, 1:2], geometry)
    expected = measure_long_axis(labelled, view)
    found = app_fixtures.prediction(view, app_fixtures.card(), "int8", labelled, ())
    export = Export(view, found, None)
    export_files.measurements(tmp_path / "m.json", export)
    values = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert values["schema"] == "cinequant/measurements-4ch/1" and values["rv_cm2"] == list(expected.rv_cm2)
    export_files.measurements(tmp_path / "m.csv", export)
    rows = list(csv.reader((tmp_path / "m.csv").read_text(encoding="utf-8-sig").splitlines()))
    table = {name: (value, unit) for name, value, unit in rows}
    assert table["RV fractional area change"] == (f"{expected.rv_fac_percent:.2f}", "%")
    [area] = [value for name, (value, _) in table.items() if name.startswith("LV area, frame 2")]
    assert area == f"{expected.lv_cm2[1]:.2f}"
    text = tables.to_text(export_files.table_dossier(export), lambda said: said)
    assert "RV fractional area change" in text
    with pytest.raises(ExportError, match="export the numbers of a four-chamber view"):
        export_files.dossier_of(export)


def test_all_dicom_objects_come_at_once_or_not_at_all(tmp_path: Path) -> None:
    volume, mask = open_cine(tmp_path / "cine")
    found = app_fixtures.prediction(volume, app_fixtures.card(), "int8", mask, ())
    export = Export(volume, found, measure(mask, volume))
    out = tmp_path / "out"
    with pytest.raises(RuntimeError):
        write_kind(ObjectKind.ALL, out, export, _no_page)
    assert not out.exists()
    write_kind(ObjectKind.ALL, out, export, lambda: b"%PDF")
    assert [file.name for file in sorted(out.iterdir())] == [
        "contours.dcm", "report.dcm", "seg_phase_01.dcm", "seg_phase_02.dcm", "sr.dcm"
    ]  # fmt: skip
    objects = [pydicom.dcmread(file) for file in out.iterdir()]
    image = pydicom.dcmread(next((tmp_path / "cine").iterdir()))
    assert {ds.StudyInstanceUID for ds in objects} == {image.StudyInstanceUID}
    with pytest.raises(ExportError, match="is not empty; choose a new folder"):
        write_kind(ObjectKind.ALL, out, export, lambda: b"%PDF")
    write_kind(ObjectKind.LABELMAP, tmp_path / "map", export, _no_page)
    assert pydicom.dcmread(tmp_path / "map" / "seg_phase_01.dcm").SegmentationType == "LABELMAP"
    write_kind(ObjectKind.CONTOURS_OF_ALL_FRAMES, tmp_path / "all.dcm", export, _no_page)
    assert len(pydicom.dcmread(tmp_path / "all.dcm").StructureSetROISequence) == 6


def _no_page() -> bytes:
    raise RuntimeError("no page")


def open_cine(folder: Path) -> tuple[Volume, LabelMap]:
    write_cine(folder, 2, 2)
    volume = open_scan(folder)
    return volume, LabelMap(labels(2, 2), volume.geometry)
