"""A mask is made again from its record, and whatever stands in the way is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_cine import ROOT, write_cine
from pydicom.dataset import FileDataset
from pydicom.uid import UID
from tiny_model import write_tiny_model

from engine import provenance
from engine.errors import CineQuantError, ScanError
from engine.formats import nifti
from engine.formats.door import find, open_scan, read_series
from engine.measures.function import measure
from engine.measures.reading import Phases, Reading
from engine.network.catalog import Catalog, find_models
from engine.network.predict import predict
from engine.phantom import make_phantom
from engine.volume import voxels_sha256


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    write_tiny_model(tmp_path / "models", precisions=("float32",))
    return find_models([tmp_path / "models"])


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.nii.gz"
    nifti.write_volume(path, make_phantom(2, 3, 64)[0])
    return path


def recorded(scan: Path, catalog: Catalog, **options: Any) -> Path:
    volume = open_scan(scan)
    prediction = predict(volume, catalog.models[0], "float32", threads=1)
    out = scan.with_name("mask.nii.gz")
    nifti.write_mask(out, prediction.labels, volume)
    return provenance.write_record(out, volume, prediction, files=(out,), **options)


@pytest.mark.parametrize(
    ("out", "name"),
    [
        ("a.nii.gz", "a.provenance.json"),
        ("b.NII", "b.provenance.json"),
        ("c.dcm", "c.provenance.json"),
        ("folder", "folder.provenance.json"),
        ("v1.2", "v1.2.provenance.json"),
        ("table.csv", "table.provenance.json"),
    ],
)
def test_the_record_lies_beside_the_mask(out: str, name: str) -> None:
    assert provenance.path_for(Path("x") / out) == Path("x") / name


def test_the_same_mask_comes_again(scan: Path, catalog: Catalog) -> None:
    record = provenance.read_record(recorded(scan, catalog))
    assert provenance.replay(record, catalog).same
    assert (record.labels > 0).any()


def test_corrections_are_part_of_the_mask(scan: Path, catalog: Catalog) -> None:
    plane = np.zeros(open_scan(scan).array.shape[2:], np.uint8)
    plane[5:9, 5:9] = 3
    record = provenance.read_record(recorded(scan, catalog, planes={(1, 2): plane}))
    np.testing.assert_array_equal(record.labels[1, 2], plane)
    assert provenance.replay(record, catalog).same


def test_every_voxel_that_differs_is_counted(scan: Path, catalog: Catalog) -> None:
    path = recorded(scan, catalog)
    data = json.loads(path.read_text())
    labels = provenance.read_record(path).labels.copy()
    labels[0, 0, 0, :7] = 3 - labels[0, 0, 0, :7]
    data["output"].update(labels=provenance._packed(labels), labels_sha256=voxels_sha256(labels))
    path.write_text(json.dumps(data))
    assert provenance.replay(provenance.read_record(path), catalog).voxels == 7


def test_numbers_follow_the_reader_again(scan: Path, catalog: Catalog) -> None:
    volume = open_scan(scan)
    prediction = predict(volume, catalog.models[0], "float32", threads=1)
    reading = Reading(left_out=frozenset({(1, 0, 1)}), lv=Phases(ed=1, es=0))
    function = measure(prediction.labels, volume, reading)
    path = recorded(scan, catalog, function=function)
    record = provenance.read_record(path)
    assert record.measured is not None
    assert record.measured["ed_frame_index"] == 1
    assert provenance.replay(record, catalog).same
    data = json.loads(path.read_text())
    data["reading"]["left_out"] = []
    path.write_text(json.dumps(data))
    found = provenance.replay(provenance.read_record(path), catalog)
    assert found.voxels == 0
    assert "lv.esv_ml" in found.measures


def test_the_phantom_and_the_right_one_of_several_scans_are_found_again(tmp_path: Path, catalog: Catalog) -> None:
    phantom = make_phantom(2, 3, 64)[0]
    first = predict(phantom, catalog.models[0], "float32", threads=1)
    path = provenance.write_record(tmp_path / "p.nii.gz", phantom, first, files=())
    assert provenance.replay(provenance.read_record(path), catalog).same

    folder = tmp_path / "study"
    write_cine(folder / "a", 4, 3)

    def other(ds: FileDataset, t: int, z: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber = f"{ROOT}.22", 9
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(f"{ROOT}.33.{z * 10 + t}")
        ds.ImagePositionPatient = [x + 3 for x in ds.ImagePositionPatient]
        ds.PixelData = (ds.pixel_array + 1).tobytes()

    write_cine(folder / "b", 4, 3, change=other)
    index = find([folder])
    assert len(index.series) == 2
    for series in index.series:
        volume = read_series(index, series)
        found = predict(volume, catalog.models[0], "float32", threads=1)
        path = provenance.write_record(tmp_path / "m.nii.gz", volume, found, files=())
        assert provenance.replay(provenance.read_record(path), catalog).same


def test_another_scan_under_the_same_name_is_refused(scan: Path, catalog: Catalog) -> None:
    record = provenance.read_record(recorded(scan, catalog))
    nifti.write_volume(scan, make_phantom(2, 3, 72)[0])
    with pytest.raises(ScanError, match="its voxels differ"):
        provenance.replay(record, catalog)
    scan.unlink()
    with pytest.raises(ScanError, match="not there any more"):
        provenance.replay(record, catalog)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d.update(model="gone"), "no model 'gone'"),
        (lambda d: d.update(model_sha256="0" * 64), "is not the file that made the mask"),
        (lambda d: d.update(precision="int4"), "no precision 'int4'"),
        (lambda d: d["output"].update(labels_sha256="0" * 64), "changed after it was written"),
        (lambda d: d.update(schema=9), "schema 9"),
        (lambda d: d.pop("output"), "no provenance record, or damaged"),
        (lambda d: d["output"].update(labels="%%%"), "no provenance record, or damaged"),
        (lambda d: d["output"].update(shape=[1 << 20] * 4), "no provenance record, or damaged"),
        (lambda d: d.update(corrected_by_hand=[{"frame_index": 0}]), "no provenance record, or damaged"),
        (lambda d: d["input"].update(spacing_mm=[1]), "no provenance record, or damaged"),
        (lambda d: d.update(measured={"lv": "x"}), "no provenance record, or damaged"),
        (lambda d: d.update(measured={}, reading={}), "choices of the reader are damaged"),
    ],
)
def test_what_stands_in_the_way_is_one_line(
    scan: Path, catalog: Catalog, edit: Callable[[dict[str, Any]], object], said: str
) -> None:
    path = recorded(scan, catalog)
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))
    with pytest.raises(CineQuantError, match=said) as caught:
        provenance.replay(provenance.read_record(path), catalog)
    assert str(caught.value).isprintable()
