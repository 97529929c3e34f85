"""Data set layouts, scores per volume and their summary."""

from __future__ import annotations

import json
import math
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from patients import RAS, patient
from tiny_model import write_tiny_model

from engine.errors import ScanError
from engine.evaluate import CaseScore, Score, evaluate, same_within, score, summarise
from engine.formats import door, nifti
from engine.formats.datasets import find_cases
from engine.network.predict import predict
from engine.volume import LV, MYO, Geometry, Known, LabelMap


def test_acdc_cases(tmp_path: Path) -> None:
    for number in (5, 6, 10):
        patient(tmp_path, f"patient{number:03d}", group="DCM")
    cases = find_cases(tmp_path, "acdc")
    assert [(c.patient, c.phase) for c in cases][:3] == [
        ("patient005", "ED"),
        ("patient005", "ES"),
        ("patient006", "ED"),
    ]
    assert cases[0].image.name == "patient005_frame03.nii.gz"
    assert cases[0].truth.name == "patient005_frame03_gt.nii.gz"
    assert (cases[0].convention, cases[0].group) == ("acdc", "DCM")


@pytest.mark.parametrize(
    ("patients", "expected"),
    [
        ("all", [4, 5, 6, 10]),
        ("val", [5, 10]),
        ("train", [4, 6]),
        ("6", [6]),
        ("patient010, 4", [10, 4]),
        ("5,5", [5]),
    ],
)
def test_choosing_acdc_patients(tmp_path: Path, patients: str, expected: list[int]) -> None:
    for number in (4, 5, 6, 10):
        patient(tmp_path / "training", f"patient{number:03d}")
    for folder in (tmp_path, tmp_path / "training"):
        cases = find_cases(folder, "acdc", patients)
        assert [int(c.patient[7:]) for c in cases if c.phase == "ED"] == expected


def test_mnms_cases(tmp_path: Path) -> None:
    patient(tmp_path / "philips", "B1", "mnms")
    patient(tmp_path / "siemens", "A1", "mnms")
    cases = find_cases(tmp_path, "mnms")
    assert [(c.patient, c.phase, c.group) for c in cases] == [
        ("A1", "ED", "siemens"),
        ("A1", "ES", "siemens"),
        ("B1", "ED", "philips"),
        ("B1", "ES", "philips"),
    ]
    assert cases[0].convention == "mnms"
    assert [c.patient for c in find_cases(tmp_path / "philips", "mnms", "B1")] == ["B1", "B1"]


def test_wrong_layouts_are_explained(tmp_path: Path) -> None:
    patient(tmp_path / "acdc", "patient004")
    patient(tmp_path / "mnms", "A1", "mnms")
    patient(tmp_path / "broken", "patient001")
    (tmp_path / "broken" / "patient001" / "patient001_frame01_gt.nii.gz").unlink()
    patient(tmp_path / "odd", "patient001")
    (tmp_path / "odd" / "patient001" / "Info.cfg").write_text("Group: NOR\n")
    for folder, layout, patients, says in [
        ("none", "acdc", "all", "no such folder"),
        ("mnms", "acdc", "all", "no acdc patients here"),
        ("acdc", "mnms", "all", "no mnms patients here"),
        ("acdc", "ukbb", "all", "choose one of acdc, mnms, mnms2, mnms2-la, pairs"),
        ("mnms", "mnms", "val", "has no 'val' patients"),
        ("acdc", "acdc", "val", "none of the 1 patients belongs to 'val'"),
        ("acdc", "acdc", "4,99", "patient '99' is not among"),
        ("broken", "acdc", "all", "patient001_frame01_gt.nii.gz: is missing"),
        ("odd", "acdc", "all", "has no ED and ES frame numbers"),
    ]:
        with pytest.raises(ScanError) as caught:
            find_cases(tmp_path / folder, layout, patients)
        assert says in str(caught.value)


def one_case(patient: str, phase: str, ml: float, truth_ml: float, known: bool = True, **more: float) -> CaseScore:
    values = {"dice": 0.9, "iou": 0.8, "hd95_mm": 2.0} | more
    return CaseScore(
        patient, phase, "", known, {k: Score(volume_ml=ml, truth_ml=truth_ml, **values) for k in ("lv", "myo", "rv")}
    )


def test_ef_agreement_pairs_phases_by_patient() -> None:
    result = summarise(
        [
            one_case("a", "ED", 100, 100),
            one_case("b", "ES", 50, 60),
            one_case("a", "ES", 50, 40),
            one_case("b", "ED", 100, 120),
            one_case("c", "ED", 100, 100),  # no ES: no EF
            one_case("d", "ED", 0, 100),  # nothing found: no EF of ours
            one_case("d", "ES", 0, 50),
        ],
        "m",
        "int8",
    )
    # a: 50 against 60; b: 50 against 50.
    assert result.ef["lv"].n == 2
    assert result.ef["lv"].bias == pytest.approx(-5)
    assert result.ef["lv"].mae == pytest.approx(5)
    assert result.ef["lv"].sd == pytest.approx(math.sqrt(50))
    assert result.volumes["lv_edv_ml"].n == 4
    assert result.volumes["lv_edv_ml"].bias == pytest.approx((0 - 20 + 0 - 100) / 4)
    assert result.volumes["lv_mass_g"].bias == pytest.approx(1.05 * -30)


def test_missing_values_do_not_count() -> None:
    nan = math.nan
    result = summarise(
        [
            one_case("a", "ED", 1, 1, dice=1.0, iou=1.0, hd95_mm=4.0),
            one_case("b", "ED", 0, 1, dice=0.0, iou=0.0, hd95_mm=nan),
            one_case("c", "ED", 0, 0, dice=nan, iou=nan, hd95_mm=nan),
        ],
        "m",
        "int8",
    )
    mean = result.means["ED"]["rv"]
    assert (mean.dice, mean.iou, mean.hd95_mm) == (0.5, 0.5, 4.0)
    assert (mean.n, mean.hd95_missing) == (2, 1)
    assert result.dice_mean == 0.5
    assert math.isnan(result.means["ES"]["rv"].dice)
    assert result.means["ES"]["rv"].n == 0


def test_no_millilitres_without_spacing() -> None:
    result = summarise([one_case("a", "ED", 2, 1, False), one_case("a", "ES", 1, 1, False)], "m", "int8")
    assert result.volumes == {}
    assert result.ef["lv"].bias == pytest.approx(50)


def test_result_is_json() -> None:
    result = summarise([one_case("a", "ED", 2, 1)], "m", "int8", [1.0, 2.0, 6.0])
    text = json.dumps(result.to_dict(), allow_nan=False)
    again = json.loads(text)
    assert again["means"]["ED"]["lv"]["dice"] == 0.9
    assert again["means"]["ES"]["lv"]["dice"] is None
    assert again["latency_ms"]["mean"] == 3.0
    assert again["patients"] == 1
    assert any("neither mask" in rule for rule in again["rules"])


def test_score_of_one_volume() -> None:
    geometry = Geometry(np.diag([1.0, 2.0, 5.0, 1.0]), (3, 8, 8))
    ours, truth = np.zeros((2, 1, 3, 8, 8), np.uint8)
    ours[0, 1, 2:4, 2:6] = LV
    truth[0, 1, 2:4, 3:7] = LV
    truth[0, 2, 0, 0] = MYO
    scores = score(LabelMap(ours, geometry), LabelMap(truth, geometry))
    assert scores["lv"].dice == pytest.approx(0.75)
    assert scores["lv"].iou == pytest.approx(6 / 10)
    assert scores["lv"].hd95_mm == pytest.approx(1.0)
    assert scores["lv"].volume_ml == pytest.approx(8 * 0.01)
    assert scores["myo"].dice == 0
    assert math.isnan(scores["myo"].hd95_mm)
    assert math.isnan(scores["rv"].dice)
    unknown = Geometry(geometry.affine, geometry.shape, Known.ASSUMED)
    assert math.isnan(score(LabelMap(ours, unknown), LabelMap(truth, unknown))["lv"].hd95_mm)


@pytest.mark.parametrize("basal_first", [True, False])
def test_base_and_apex_by_what_either_labels(basal_first: bool) -> None:
    """Ours begins a slice later and ends a slice later than the truth, which is larger at its base."""
    ours, truth = np.zeros((2, 1, 7, 9, 9), np.uint8)
    for z, side in ((1, 8), (2, 6), (3, 4), (4, 2)):
        truth[0, z, :side, :8] = LV
    ours[0, 2:6] = truth[0, 1:5]
    if not basal_first:
        ours, truth = (np.ascontiguousarray(a[:, ::-1]) for a in (ours, truth))
    geometry = Geometry(np.eye(4), (7, 9, 9))
    found = score(LabelMap(ours, geometry), LabelMap(truth, geometry))["lv"]
    assert (found.base_dice, found.apex_dice) == (0, 0)
    assert found.middle_dice == pytest.approx((12 / 14 + 8 / 10 + 4 / 6) / 3)
    result = summarise([CaseScore("a", "ED", "", True, dict.fromkeys(("lv", "myo", "rv"), found))], "m", "int8")
    assert result.positions["middle"]["rv"] == pytest.approx(found.middle_dice)


def test_the_same_within_a_margin() -> None:
    one, other = (
        summarise([one_case(p, "ED", 1, 1, dice=0.9 + shift + by) for p, by in (("a", 0), ("b", 0.01))], "m", "int8")
        for shift in (0.0, 0.0005)
    )
    assert same_within(one, other).equivalent
    assert same_within(one, other).difference == pytest.approx(-0.0005)
    assert not same_within(one, other, 0.0004).equivalent
    with pytest.raises(ValueError, match="same volumes"):
        same_within(one, summarise([one_case("z", "ED", 1, 1)], "m", "int8"))


def test_score_of_different_grids_is_a_bug() -> None:
    one, two = (LabelMap(np.zeros((1, 1, 4, n), np.uint8), Geometry(np.eye(4), (1, 4, n))) for n in (4, 5))
    with pytest.raises(ValueError, match="one grid"):
        score(one, two)


def test_dice_is_that_of_the_file_that_segmenting_writes(tmp_path: Path) -> None:
    """What evaluate says and what anyone computes from the written mask agree to 1e-6."""
    patient(tmp_path / "data", "patient005")
    card = write_tiny_model(tmp_path / "models")
    cases = find_cases(tmp_path / "data", "acdc", "val")
    seen: list[tuple[int, int]] = []
    result = evaluate(cases, card, "int8", progress=lambda done, total, what: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]
    for case, got in zip(cases, result.cases, strict=True):
        volume = door.open_scan(case.image)
        out = tmp_path / f"{case.phase}.nii.gz"
        nifti.write_mask(out, predict(volume, card, "int8").labels, volume, "acdc")
        ours, truth = (np.asanyarray(nib.load(p).dataobj) for p in (out, case.truth))
        for key, code in {"lv": 3, "myo": 2, "rv": 1}.items():
            a, b = ours == code, truth == code
            assert got.scores[key].dice == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()), abs=1e-6)
    assert result.model == "tiny"
    assert result.latency_ms["p50"] > 0


def test_truth_of_another_grid_is_named(tmp_path: Path) -> None:
    patient(tmp_path / "data", "patient005")
    truth = tmp_path / "data" / "patient005" / "patient005_frame03_gt.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((9, 9, 4), np.uint8), RAS), truth)
    with pytest.raises(ScanError, match=r"frame03_gt\.nii\.gz: is not on the grid"):
        evaluate(find_cases(tmp_path / "data", "acdc"), write_tiny_model(tmp_path / "models"), "float32")


def test_real_layouts(shared_data: Path) -> None:
    acdc = find_cases(shared_data / "acdc" / "training", "acdc")
    assert len(acdc) == 200
    assert len(find_cases(shared_data / "acdc" / "training", "acdc", "val")) == 40
    ed_of_90 = next(c for c in acdc if c.patient == "patient090" and c.phase == "ED")
    assert ed_of_90.image.name == "patient090_frame04.nii.gz"
    assert {c.group for c in acdc} == {"DCM", "HCM", "MINF", "NOR", "RV"}
    mnms = find_cases(shared_data / "mnms", "mnms")
    assert len(mnms) == 40
    assert {c.group for c in mnms} == {"siemens", "philips"}
