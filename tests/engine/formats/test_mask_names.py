"""Which structure a name means, and orders of labels that files beside a mask give."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from engine.errors import ScanError
from engine.formats.mask_names import convention_of, order_beside, structure_of
from engine.formats.masks import needs_convention, read_masks
from engine.phantom import make_phantom
from engine.volume import LV, MYO, RV, Geometry, Source, Volume

CINE, LABELS, _ = make_phantom(3, 5, 48)


@pytest.mark.parametrize(
    ("name", "structure"),
    [
        ("LV", LV),
        ("lv_cavity", LV),
        ("Left Ventricle", LV),
        ("LeftVentricle", LV),
        ("LV blood pool", LV),
        ("heart_ventricle_left", LV),
        ("LVC", LV),
        ("MYO", MYO),
        ("lv-myocardium", MYO),
        ("left ventricular wall", MYO),
        ("heart_myocardium", MYO),
        ("RV", RV),
        ("right ventricular cavity", RV),
        ("RV myocardium", 0),
        ("LA", 0),
        ("left atrium", 0),
        ("LV scar", 0),
        ("LV epicardium", 0),
        ("Segment_1", 0),
        ("both ventricles, left and right", 0),
        ("", 0),
    ],
)
def test_a_name_means_a_structure_or_none(name: str, structure: int) -> None:
    assert structure_of(name) == structure


def test_a_convention_of_names() -> None:
    assert convention_of({0: "background", 1: "RV", 2: "MYO", 3: "LV"}) == "lv=3,myo=2,rv=1"
    assert convention_of({1: "LV", 2: "scar"}) == "lv=1,background=2"
    assert convention_of({1: "LV", 2: "left ventricle"}) == ""
    assert convention_of({1: "liver"}) == ""


def saved(path: Path) -> Path:
    """The phantom's labels in the order RV, MYO, LV, with nothing that says so."""
    values = np.array([0, 3, 2, 1], np.uint8)[LABELS.array]
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ CINE.geometry.affine
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(values.transpose(3, 2, 1, 0), affine), path)
    return path


SNAP = """################################################
# ITK-SnAP Label Description File
# File format:
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Right ventricle"
    2     0  255    0        1  1  1    "LV myocardium"
    3     0    0  255      0.5  1  1    "Left ventricle"
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dataset.json", json.dumps({"labels": {"background": 0, "RV": 1, "MYO": 2, "LV": 3}})),
        ("dataset.json", json.dumps({"labels": {"0": "background", "1": "RV", "2": "MLV", "3": "LVC"}})),
        ("../dataset.json", json.dumps({"labels": {"background": 0, "RV": 1, "MYO": 2, "LV": 3}})),
        (
            "metadata.json",
            json.dumps({"outputs": {"pred": {"channel_def": {"1": "rv", "2": "myo", "3": "lv"}}}}),
        ),
        ("labels.txt", SNAP),
        (
            "heart.ctbl",
            "# colours\n0 Background 0 0 0 0\n1 RV 9 0 0 9\n2 Myocardium 0 9 0 9\n3 LV 0 0 9 9\n",
        ),
    ],
)
def test_an_order_beside_a_mask_is_used_and_said(tmp_path: Path, name: str, content: str) -> None:
    path = saved(tmp_path / "labels" / "case.nii.gz")
    (path.parent / name).write_text(content)
    assert not needs_convention([path])
    mask = read_masks([path], CINE)
    assert np.array_equal(mask.labels.array, LABELS.array)
    assert "The labels go by their names in" in mask.notices[0]
    assert "1 RV cavity" in mask.notices[0]


def test_a_convention_that_is_given_goes_first(tmp_path: Path) -> None:
    path = saved(tmp_path / "case.nii.gz")
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": {"LV": 1, "MYO": 2, "RV": 3}}))
    mask = read_masks([path], CINE, convention="acdc")
    assert np.array_equal(mask.labels.array, LABELS.array)


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"labels": 3}', "\0\0", '{"labels": {"liver": 1}}', '{"labels": {"LV": 99999999999}}']
)
def test_what_is_no_order_says_nothing(tmp_path: Path, content: str) -> None:
    path = saved(tmp_path / "case.nii.gz")
    (tmp_path / "dataset.json").write_text(content)
    assert order_beside(path) is None
    assert needs_convention([path])


def test_orders_that_contradict_each_other_say_nothing(tmp_path: Path) -> None:
    path = saved(tmp_path / "case.nii.gz")
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": {"LV": 1, "MYO": 2, "RV": 3}}))
    (tmp_path / "labels.txt").write_text(SNAP)
    assert order_beside(path) is None


def test_a_mask_in_an_archive(tmp_path: Path) -> None:
    path = saved(tmp_path / "case_seg.nii.gz")
    with zipfile.ZipFile(tmp_path / "masks.zip", "w") as archive:
        archive.write(path, "case_seg.nii.gz")
    assert np.array_equal(read_masks([tmp_path / "masks.zip"], CINE, convention="acdc").labels.array, LABELS.array)


def slicer(path: Path, volume: Volume, names: list[str], *, layers: bool = False, off: int = 0) -> Path:
    """A .seg.nrrd of the first frame as Slicer writes it, its first row of slices cropped off where off is 1."""
    labels = LABELS.array[0, off:].transpose(2, 1, 0)
    stored = np.stack([labels == n for n in (1, 2, 3)]) if layers else labels[None]
    affine = volume.geometry.affine
    origin = affine @ [0, 0, off, 1]
    axes = " ".join("(" + ",".join(map(str, column)) + ")" for column in affine[:3, :3].T)
    header = ["NRRD0004", "type: unsigned char", "space: left-posterior-superior", "endian: little", "encoding: raw"]
    x, y, z = labels.shape
    if layers:
        header += ["dimension: 4", f"sizes: 3 {x} {y} {z}", f"space directions: none {axes}"]
        header += ["kinds: list domain domain domain"]
    else:
        header += ["dimension: 3", f"sizes: {x} {y} {z}", f"space directions: {axes}", "kinds: domain domain domain"]
    header.append("space origin: (" + ",".join(map(str, origin[:3])) + ")")
    for number, name in enumerate(names):
        header += [f"Segment{number}_Name:={name}", f"Segment{number}_LabelValue:={1 if layers else number + 1}"]
        header.append(f"Segment{number}_Layer:={number if layers else 0}")
    stored = (stored if layers else stored[0]).astype(np.uint8)
    path.write_bytes("\n".join([*header, "", ""]).encode() + stored.tobytes(order="F"))
    return path


@pytest.mark.parametrize("layers", [False, True])
def test_segments_of_slicer_go_by_their_names(tmp_path: Path, layers: bool) -> None:
    path = slicer(tmp_path / "a.seg.nrrd", CINE, ["left ventricle", "myocardium", "RV"], layers=layers)
    assert not needs_convention([path])
    mask = read_masks([path], CINE, frame=0)
    assert mask.frames == (0,)
    assert np.array_equal(mask.labels.array[0], LABELS.array[0])
    assert mask.notices == ()


def test_a_cropped_segmentation_of_slicer_is_put_where_it_lies(tmp_path: Path) -> None:
    path = slicer(tmp_path / "a.seg.nrrd", CINE, ["left ventricle", "myocardium", "RV"], off=1)
    mask = read_masks([path], CINE, frame=1)
    assert np.array_equal(mask.labels.array[1, 1:], LABELS.array[0, 1:])
    assert "resampled" in mask.notices[0]


def test_segments_without_a_structure_ask(tmp_path: Path) -> None:
    assert needs_convention([slicer(tmp_path / "a.seg.nrrd", CINE, ["Segment_1", "Segment_2", "Segment_3"])])
    path = slicer(tmp_path / "b.seg.nrrd", CINE, ["Segment_1", "Segment_2", "Segment_3"], layers=True)
    with pytest.raises(ScanError, match=r"its segments \(Segment_1, Segment_2, Segment_3\) do not say which"):
        read_masks([path], CINE, frame=0)


def test_segments_of_other_anatomy_are_left_out_and_named(tmp_path: Path) -> None:
    names = ["LV cavity", "Myocardium", "RV cavity", "LV scar"]
    said = [f"Segment{k}_{key}:={v}" for k, n in enumerate(names) for key, v in (("Name", n), ("LabelValue", k + 1))]
    geometry = Geometry(np.diag([1.5, 1.5, 8.0, 1.0]), (3, 8, 8))
    head = ["NRRD0005", "type: uint8", "dimension: 3", "space: left-posterior-superior", "sizes: 8 8 3"]
    head += ["space directions: (1.5,0,0) (0,1.5,0) (0,0,8)", "space origin: (0,0,0)", "encoding: raw", *said]
    values = np.arange(192, dtype=np.uint8).reshape(3, 8, 8) % 5
    path = tmp_path / "heart.seg.nrrd"
    path.write_bytes("\n".join([*head, "", ""]).encode() + values.tobytes())
    scan = Volume(np.zeros((1, 3, 8, 8), np.int16), geometry, Source("phantom", (), "heart"))
    mask = read_masks([path], scan)
    assert np.array_equal(mask.labels.array[0], np.where(values < 4, values, 0))
    assert "Segments that are neither ventricle nor myocardium are left out: LV scar." in mask.notices
