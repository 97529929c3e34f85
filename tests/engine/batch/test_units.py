"""What a batch finds below a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import dicom_cine
import pytest
from cohorts import write_cohort, write_volume

from engine.batch.rows import plain_row
from engine.batch.units import find_units
from engine.errors import ScanError
from engine.formats import study_files

NOWHERE = Path("/nowhere")


@pytest.fixture(name="cohort", scope="module")
def cohort_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("cohort"))


def test_a_study_in_two_folders_is_one_unit_and_masks_and_texts_are_none(cohort: Path) -> None:
    found = find_units(cohort, NOWHERE)
    assert [(unit.key, unit.kind, len(unit.paths), bool(unit.fault)) for unit in found.units] == [
        ("1000017_20209_2_0", "archive", 1, False),
        ("dicom", "study", 12, False),
        ("nifti/00/cine", "volume", 1, False),
        ("nifti/01/cine", "volume", 1, False),
        ("nifti/02/cine", "volume", 1, False),
        ("nifti/damaged", "volume", 1, True),
    ]
    assert (found.masks, found.others) == (1, 1)


def test_results_among_the_scans_are_left_out(tmp_path: Path) -> None:
    write_volume(tmp_path / "a.nii.gz", frames=1)
    write_volume(tmp_path / "out/masks/a.nii.gz", frames=1)
    assert [unit.key for unit in find_units(tmp_path, tmp_path / "out").units] == ["a"]


def test_a_folder_of_several_studies_is_taken_apart_as_the_door_does(tmp_path: Path) -> None:
    for number in range(2):

        def named(ds: dicom_cine.FileDataset, t: int, z: int, number: int = number) -> None:
            ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{dicom_cine.ROOT}.1{number}", f"{dicom_cine.ROOT}.2{number}"
            ds.PatientID = f"P-{number}"
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"

        dicom_cine.write_cine(tmp_path / f"s{number}", change=named)
        for path in (tmp_path / f"s{number}").iterdir():
            path.rename(tmp_path / f"{number}-{path.name}")
    (tmp_path / "s0").rmdir()
    (tmp_path / "s1").rmdir()
    units = find_units(tmp_path, NOWHERE).units
    assert [len(unit.paths) for unit in units] == [12, 12]
    assert len({unit.key for unit in units}) == 2
    assert all(unit.key.startswith("study-") for unit in units)


def test_keys_are_apart_and_fit_into_names_of_files(tmp_path: Path) -> None:
    first = write_volume(tmp_path / "a.nii.gz", frames=1)
    shutil.copy(first, tmp_path / "A.nii.gz")
    shutil.copy(first, tmp_path / f"{'x' * 230}.nii.gz")
    keys = [unit.key for unit in find_units(tmp_path, NOWHERE).units]
    assert keys[:2] == ["A", "a-2"]
    assert len(keys[2]) == 200


def test_another_content_is_another_stamp(tmp_path: Path) -> None:
    path = write_volume(tmp_path / "a.nii.gz", frames=1)
    before = find_units(path, NOWHERE).units[0]
    write_volume(path, seed=3, frames=1)
    after = find_units(path, NOWHERE).units[0]
    assert (before.key, after.key) == ("a", "a")
    assert before.stamp != after.stamp


def test_a_folder_that_cannot_be_listed_is_a_unit_with_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_volume(tmp_path / "a.nii.gz", frames=1)
    (tmp_path / "closed").mkdir()
    listing = study_files.os.scandir

    def scandir(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(study_files.os, "scandir", scandir)
    found = {unit.key: unit.fault for unit in find_units(tmp_path, NOWHERE).units}
    assert found == {"a": "", "closed": "cannot be listed (Permission denied); check its permissions"}


def test_links_that_lead_out_are_told_where_they_could_be_scans(tmp_path: Path) -> None:
    elsewhere = write_volume(tmp_path / "elsewhere/a.nii.gz", frames=1)
    (tmp_path / "in").mkdir()
    write_volume(tmp_path / "in/b.nii.gz", frames=1)
    for name, target in (
        ("a.nii.gz", elsewhere), ("patient", elsewhere.parent), ("lost.zip", Path("nowhere")),
        ("text.txt", Path("nowhere")), ("again", tmp_path / "in"), ("b2.nii.gz", tmp_path / "in/b.nii.gz"),
    ):  # fmt: skip
        (tmp_path / "in" / name).symlink_to(target)
    found = {unit.key: unit.fault[:26] for unit in find_units(tmp_path / "in", NOWHERE).units}
    out, lost = "is a link that leads out o", "is a link to a file that i"
    assert found == {"a": out, "b": "", "b2": "", "lost": lost, "patient": out}


def test_a_name_stands_in_the_table_as_on_the_disk(tmp_path: Path) -> None:
    write_volume(tmp_path / "two  spaces/line\nbreak.nii.gz", frames=1)
    (unit,) = find_units(tmp_path, NOWHERE).units
    assert unit.key == "two  spaces/line break"
    assert plain_row({"mask": unit.key}, {"mask": str})["mask"] == unit.key


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="no such file or folder"):
        find_units(tmp_path / "gone", NOWHERE)
