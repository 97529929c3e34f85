"""Data sets for nnU-Net, and masks that it, MONAI or a batch has made of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from patients import patient

from engine.errors import ExportError, ScanError
from engine.evaluate import evaluate_masks
from engine.formats import nifti
from engine.formats.datasets import Case, find_cases, read_case
from engine.formats.nnunet import export_nnunet
from engine.formats.predictions import PredictedFile, case_name, find_predictions, read_prediction


@pytest.fixture(name="cases")
def cases_fixture(tmp_path: Path) -> tuple[Case, ...]:
    patient(tmp_path / "acdc", "patient001")
    return find_cases(tmp_path / "acdc", "acdc")


def test_the_export_is_what_nnunet_asks_for(cases: tuple[Case, ...], tmp_path: Path) -> None:
    out = tmp_path / "Dataset001_X"
    assert export_nnunet(cases, out) == (2, 0)
    described = json.loads((out / "dataset.json").read_text())
    assert described["labels"] == {"background": 0, "LV": 1, "MYO": 2, "RV": 3}
    assert (described["numTraining"], described["file_ending"]) == (2, ".nii.gz")
    for case in cases:
        image = nib.load(out / "imagesTr" / f"{case_name(case)}_0000.nii.gz")
        label = nib.load(out / "labelsTr" / f"{case_name(case)}.nii.gz")
        source = nib.load(case.image)
        assert image.shape == label.shape == source.shape
        assert np.allclose(image.affine, label.affine)
        # The same places in the patient hold the same values, whatever order the file keeps them in.
        volume, truth = read_case(case)
        again = nifti.read([out / "imagesTr" / f"{case_name(case)}_0000.nii.gz"])
        assert again.geometry.same_as(volume.geometry)
        assert np.array_equal(again.array, volume.array)
        labels = nifti.read_mask(out / "labelsTr" / f"{case_name(case)}.nii.gz", volume)
        assert np.array_equal(labels.array, truth.array)
    with pytest.raises(ExportError, match="is there already, and not empty"):
        export_nnunet(cases, out)


def test_predictions_of_nnunet_are_read_by_the_names_in_its_json(cases: tuple[Case, ...], tmp_path: Path) -> None:
    out, made = tmp_path / "export", tmp_path / "predicted"
    export_nnunet(cases, out)
    made.mkdir()
    # As another project orders its labels; nnU-Net copies the JSON beside its predictions.
    swapped = {"background": 0, "RV": 1, "MYO": 2, "LV": 3}
    (made / "dataset.json").write_text(json.dumps({"labels": swapped, "file_ending": ".nii.gz"}))
    for path in (out / "labelsTr").iterdir():
        image = nib.load(path)
        values = np.array([0, 3, 2, 1], np.uint8)[np.asarray(image.dataobj)]
        nib.save(nib.Nifti1Image(values, image.affine), made / path.name)
    result = evaluate_masks(cases, find_predictions(made, cases), "nnU-Net")
    assert result.dice_mean == 1.0
    assert (result.model, result.precision, len(result.cases)) == ("nnU-Net", "", 2)
    assert result.rules[0].startswith("The masks were made before")


def test_predictions_of_monai_are_found_in_their_folders(cases: tuple[Case, ...], tmp_path: Path) -> None:
    made = tmp_path / "monai"
    for case in cases:
        stem = nifti.stem_of(case.image)
        (made / stem).mkdir(parents=True)
        image = nib.load(case.truth)
        # SaveImage writes floats as a rule.
        floats = np.asarray(image.dataobj).astype(np.float32)
        nib.save(nib.Nifti1Image(floats, image.affine), made / stem / f"{stem}_trans.nii.gz")
    files = find_predictions(made, cases)
    assert evaluate_masks(cases, files, "MONAI", "acdc").dice_mean == 1.0


def test_the_masks_of_a_batch_are_found_by_their_images(cases: tuple[Case, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "masks").mkdir(parents=True)
    pair = nifti.read([case.image for case in cases])
    truths = [read_case(case)[1].array for case in cases]
    labels = type(read_case(cases[0])[1])(np.concatenate(truths), pair.geometry)
    nifti.write_mask(out / "masks/p.nii.gz", labels, pair)
    names = " + ".join(case.image.relative_to(tmp_path).as_posix() for case in cases)
    (out / "results.csv").write_text(f"case,source,mask\np,{names},masks/p.nii.gz\nq,x.nii.gz,\n")
    with pytest.raises(ScanError, match=r"patient001 ED has no mask such as patient001_ED\.nii\.gz"):
        find_predictions(out, cases)
    (out / "batch.json").write_text(json.dumps({"input": str(tmp_path)}))
    files = find_predictions(out, cases)
    assert [files[case].frame for case in cases] == [0, 1]
    assert evaluate_masks(cases, files, "batch").dice_mean == 1.0


def test_truths_and_images_are_no_predictions_of_themselves(cases: tuple[Case, ...], tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="has no mask"):
        find_predictions(cases[0].image.parent, cases)
    with pytest.raises(ScanError, match="no such folder"):
        find_predictions(tmp_path / "gone", cases)


def test_what_is_to_be_told_about_a_prediction_is_among_the_rules(cases: tuple[Case, ...], tmp_path: Path) -> None:
    volume, _ = read_case(cases[0])
    image = nib.load(cases[0].truth)
    path = tmp_path / "patient001_ED.nii.gz"
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[:-1], image.affine), path)
    (notice,) = read_prediction(PredictedFile(path), volume, "acdc").notices
    shutil.copy(cases[0].truth, tmp_path / "patient001_ES.nii.gz")
    assert notice in evaluate_masks(cases, find_predictions(tmp_path, cases), "x", "acdc").rules


@pytest.mark.parametrize(
    ("batch", "table"),
    [
        ("[1]", "mask,source\na.nii.gz,b.nii.gz\n"),
        ('{"input": 5}', "mask,source\na.nii.gz,b.nii.gz\n"),
        ('{"input": "."}', "mask\na.nii.gz\n"),
        ('{"input": "."}', "mask,source\na.nii.gz\n"),
    ],
)
def test_a_batch_whose_own_files_are_damaged(cases: tuple[Case, ...], tmp_path: Path, batch: str, table: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "batch.json").write_text(batch)
    (out / "results.csv").write_text(table)
    with pytest.raises(ScanError, match="holds no batch that has run to its end"):
        find_predictions(out, cases)
