"""Layouts of data sets: which files belong together, what they are for, and what is said of folders that are wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import dataset_trees as trees
import numpy as np
import pytest
from tiny_model import write_tiny_model

from app.cli import headless_arguments
from engine.errors import ScanError
from engine.evaluate import evaluate
from engine.formats.datasets import LAYOUTS, find_cases, read_case
from engine.measures.metrics import hd95_mm
from engine.volume import LV, MYO, RV, convert_labels, label_values


def test_mnms2_short_axis_as_published(tmp_path: Path) -> None:
    trees.mnms2(tmp_path, [1, 160, 161, 200, 201, 360])
    for folder in (tmp_path, tmp_path / "dataset"):
        cases = find_cases(folder, "mnms2")
        assert [(c.patient, c.phase) for c in cases[:3]] == [("001", "ED"), ("001", "ES"), ("160", "ED")]
        assert cases[0].image.name == "001_SA_ED.nii.gz"
        assert (cases[0].convention, cases[0].group, cases[0].disease) == ("mnms", "SIEMENS", "HCM")
        assert (cases[2].group, cases[2].disease) == ("GE MEDICAL SYSTEMS", "NOR")
        for split, expected in {"train": ["001", "160"], "val": ["161", "200"], "test": ["201", "360"]}.items():
            assert [c.patient for c in find_cases(folder, "mnms2", split) if c.phase == "ES"] == expected
    assert {c.patient for c in find_cases(tmp_path, "mnms2", "1, 161")} == {"001", "161"}


def test_mnms2_long_axis_is_one_slice(tmp_path: Path) -> None:
    trees.mnms2(tmp_path, [7])
    volume, truth = read_case(find_cases(tmp_path, "mnms2-la")[1])
    assert volume.source.name == "007_LA_ES"
    assert volume.array.shape[:2] == (1, 1)
    assert {LV, MYO, RV} <= set(np.unique(truth.array))
    np.testing.assert_allclose(volume.geometry.spacing_mm[2], np.linalg.norm(trees.LONG_AXIS[:3, 2]), rtol=1e-5)


def test_mnms_as_published_takes_the_frames_that_its_table_names(tmp_path: Path) -> None:
    trees.mnms(tmp_path, ["A1B2C3", "D4E5F6"])
    (tmp_path / "Training" / "Unlabeled" / "G7").mkdir(parents=True)
    shutil.copy(
        tmp_path / "Validation" / "D4E5F6" / "D4E5F6_sa.nii.gz", tmp_path / "Training/Unlabeled/G7/G7_sa.nii.gz"
    )
    cases = find_cases(tmp_path, "mnms")
    assert [(c.patient, c.phase, c.frame, c.split) for c in cases] == [
        ("A1B2C3", "ED", 0, "train"),
        ("A1B2C3", "ES", 2, "train"),
        ("D4E5F6", "ED", 0, "val"),
        ("D4E5F6", "ES", 2, "val"),
    ]
    assert (cases[0].group, cases[0].disease) == ("Siemens", "HCM")
    assert [c.patient for c in find_cases(tmp_path, "mnms", "val")] == ["D4E5F6"] * 2
    image, labels = trees.volume("ES")
    volume, truth = read_case(cases[1])
    np.testing.assert_array_equal(volume.array[0], image)
    np.testing.assert_array_equal(truth.array[0], labels)


@pytest.mark.parametrize("folders", [False, True])
def test_pairs_side_by_side_and_in_folders(tmp_path: Path, folders: bool) -> None:
    names = ["train/anna_ED", "train/anna_ES", "val/bert"]
    trees.pairs(tmp_path, names, folders=folders, values=(500, 205, 600))
    cases = find_cases(tmp_path, "pairs", labels="lv=500,myo=205,rv=600")
    assert [(c.patient, c.phase, c.split) for c in cases] == [
        ("anna", "ED", "train"),
        ("anna", "ES", "train"),
        ("bert", "", "val"),
    ]
    np.testing.assert_array_equal(read_case(cases[1])[1].array[0], trees.volume("ES")[1])
    assert [c.patient for c in find_cases(tmp_path, "pairs", "val", "lv=500,myo=205,rv=600")] == ["bert"]


def test_pairs_of_nnunet(tmp_path: Path) -> None:
    image, labels = trees.volume("ED")
    trees.write(tmp_path / "imagesTr" / "case_0000.nii.gz", image)
    trees.write(tmp_path / "labelsTr" / "case.nii.gz", labels)
    (case,) = find_cases(tmp_path, "pairs", labels="mnms")
    assert (case.patient, case.truth.parent.name) == ("case", "labelsTr")


def test_labels_are_as_the_user_says() -> None:
    array = np.array([0, 1, 2, 4, 7], np.uint8)
    assert convert_labels(array, "lv=1,myo=2+4,rv=7").tolist() == [0, LV, MYO, MYO, RV]
    assert convert_labels(array, "LV=1, background=2+4+7").tolist() == [0, LV, 0, 0, 0]
    assert convert_labels(np.array([0, 500.0, 205, 600]), "lv=500,myo=205,rv=600").tolist() == [0, LV, MYO, RV]
    with pytest.raises(ScanError, match=r"label values 4, 7 are not of the lv=1,rv=2 convention \(0, 1, 2\)"):
        convert_labels(array, "lv=1,rv=2")
    for text in ("ukbb", "lv", "lv=", "lv=x", "lv=-1", "lv=70000", "la=1", "lv=1+"):
        with pytest.raises(ScanError, match="are not understood"):
            label_values(text)
    with pytest.raises(ScanError, match="two meanings"):
        label_values("lv=1,rv=1")
    with pytest.raises(ScanError, match="0, which is background"):
        label_values("lv=0,rv=1")


def _unlink(name: str) -> Callable[[Path], None]:
    return lambda root: next(root.rglob(name)).unlink()


def _reshape(root: Path) -> None:
    trees.write(next(root.rglob("a_gt.nii.gz")), trees.volume("ED", slices=3)[1])


def _unknown_label(root: Path) -> None:
    trees.write(next(root.rglob("a_gt.nii.gz")), trees.volume("ED")[1] + 1)


def _frame_without_labels(root: Path) -> None:
    table = root / "information.csv"
    table.write_text(table.read_text().replace(",0,2,", ",1,2,"))


def _cine(root: Path) -> None:
    image, labels = trees.volume("ED")
    trees.write(root / "a.nii.gz", np.stack([image, image]))
    trees.write(root / "a_gt.nii.gz", np.stack([labels, labels]))


PAIRS = ("pairs", lambda root: trees.pairs(root, ["a", "b"]))
MNMS2 = ("mnms2", lambda root: trees.mnms2(root, [3]))
MNMS = ("mnms", lambda root: trees.mnms(root, ["A1"]))


@pytest.mark.parametrize(
    ("made", "harm", "patients", "says"),
    [
        (PAIRS, _unlink("b_gt.nii.gz"), "all", r"b\.nii\.gz: has no mask"),
        (PAIRS, _unlink("b.nii.gz"), "all", r"b_gt\.nii\.gz: is a mask without an image"),
        (PAIRS, _reshape, "all", r"a_gt\.nii\.gz: is not on the grid of a: "),
        (PAIRS, _unknown_label, "all", r"a_gt\.nii\.gz: label values 4 are not of the lv=1,myo=2,rv=3 convention"),
        (PAIRS, _cine, "all", r"a\.nii\.gz: has 2 frames, but one is expected"),
        (PAIRS, lambda root: None, "train", "has no 'train' patients here"),
        (PAIRS, lambda root: trees.pairs(root / "more", ["a"]), "all", "a is here twice"),
        (PAIRS, lambda root: trees.pairs(root, ["train/c_ED", "val/c_ES"]), "all", "'c' is in two splits"),
        (MNMS2, _unlink("003_SA_ES_gt.nii.gz"), "all", r"003_SA_ES_gt\.nii\.gz: is missing"),
        (MNMS2, lambda root: None, "test", "none of the 1 patients belongs to 'test'"),
        (MNMS2, lambda root: None, "4", "patient '4' is not among the 1 here"),
        (MNMS, _unlink("information.csv"), "all", r"A1_sa\.nii\.gz: no CSV file .* which frame is ED"),
        (MNMS, _frame_without_labels, "all", r"A1_sa_gt\.nii\.gz: frame 2, which is to be ED, has no labels"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    made: tuple[str, Callable[[Path], None]], harm: Callable[[Path], None], patients: str, says: str, tmp_path: Path
) -> None:
    layout, make = made
    make(tmp_path)
    harm(tmp_path)
    with pytest.raises(ScanError, match=says) as caught:
        for case in find_cases(tmp_path, layout, patients, "lv=1,myo=2,rv=3" if layout == "pairs" else ""):
            read_case(case)
    assert "\n" not in str(caught.value)


def test_labels_belong_to_pairs_alone(tmp_path: Path) -> None:
    trees.pairs(tmp_path, ["a"])
    trees.mnms2(tmp_path / "mnms2", [1])
    with pytest.raises(ScanError, match="give --labels"):
        find_cases(tmp_path, "pairs")
    with pytest.raises(ScanError, match="leave --labels away"):
        find_cases(tmp_path / "mnms2", "mnms2", labels="acdc")
    for layout in LAYOUTS:
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(ScanError, match=f"no {layout} patients here"):
            find_cases(tmp_path / "empty", layout, labels="mnms" if layout == "pairs" else "")


def test_the_command_knows_every_layout() -> None:
    assert tuple(LAYOUTS) == headless_arguments.LAYOUTS


def test_long_axis_views_have_overlap_and_outlines_but_no_volumes(tmp_path: Path) -> None:
    trees.mnms2(tmp_path, [1, 2])
    card = write_tiny_model(tmp_path / "models")
    result = evaluate(find_cases(tmp_path, "mnms2-la"), card, "float32")
    assert result.means["all"]["lv"].n == 4
    assert set(result.groups) == {"SIEMENS", "GE MEDICAL SYSTEMS", "HCM", "NOR"}
    assert result.groups["HCM"]["lv"].n == 2
    assert result.ef["lv"].n == 0
    assert result.volumes == {}
    assert any("single slice" in rule for rule in result.rules)
    stacks = evaluate(find_cases(tmp_path, "mnms2", "1"), card, "float32")
    assert stacks.volumes["lv_edv_ml"].n == 1
    assert not any("single slice" in rule for rule in stacks.rules)


def test_the_surface_of_a_single_slice_is_its_outline() -> None:
    ours, truth = np.zeros((2, 1, 40, 40), bool)
    ours[0, 5:35, 5:35] = True
    truth[0, 8:32, 8:32] = True
    # Every outline pixel is 3 pixels from the other's; nearly all of the area would be at distance 0.
    assert hd95_mm(ours, truth, (2.0, 2.0, 6.0)) == pytest.approx(6.0, abs=2.5)
    assert hd95_mm(ours, truth, (2.0, 2.0, 6.0)) >= 6.0
