"""Opening files, pairs and folders of either kind."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_cine import write_cine

from engine.errors import Cancelled, ScanError
from engine.formats import door, nifti
from engine.progress import CancelToken
from engine.volume import LabelMap, Volume

RAS = np.diag([1.5, 1.5, 8.0, 1.0])
KINDS = ", ".join(kind.name for kind in door.FORMATS)


def save(path: Path, value: int = 0, frames: int = 1) -> Path:
    shape = (6, 5, 4) if frames == 1 else (6, 5, 4, frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(np.full(shape, value, np.int16), RAS), path)
    return path


def info(folder: Path, ed: int, es: int) -> None:
    (folder / "Info.cfg").write_text(f"ED: {ed}\nES: {es}\nGroup: NOR\n")


def values(volume: Volume) -> list[int]:
    return [int(frame.flat[0]) for frame in volume.array]


def test_a_file(tmp_path: Path) -> None:
    assert values(door.open_scan(save(tmp_path / "a.nii.gz", 3))) == [3]


def test_a_path_into_an_archive_that_was_cut_short(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(ScanError, match=r"a\.zip: is a damaged or incomplete zip archive"):
        door.open_scan(tmp_path / "a.zip" / "scan.nii.gz")


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"7z\xbc\xaf" + bytes(90), "7-Zip"), (b"Rar!" + bytes(90), "RAR"), (bytes(0) + b"x" * 257 + b"ustar", "tar")],
)
def test_an_archive_is_called_by_its_name(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "study.bin"
    path.write_bytes(content)
    with pytest.raises(ScanError, match=rf"study\.bin: is a {kind} archive; unpack it"):
        door.open_scan(path)


def test_a_scan_without_contrast_is_said_to_be_so(tmp_path: Path) -> None:
    assert "Every voxel has the value 3" in door.open_scan(save(tmp_path / "a.nii.gz", 3)).notices[-1]
    image = nib.load(tmp_path / "a.nii.gz")
    array = np.asanyarray(image.dataobj).copy()
    array[0, 0, 0] = 4
    nib.save(nib.Nifti1Image(array, RAS), tmp_path / "b.nii.gz")
    assert not any("Every voxel" in notice for notice in door.open_scan(tmp_path / "b.nii.gz").notices)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("p_ED.nii.gz", "p_ES.nii.gz"),
        ("p_es.nii.gz", "p_ed.nii.gz"),
        ("SA-ES.nii", "SA-ED.nii"),
        ("one.nii", "two.nii"),
    ],
)
def test_two_files_are_ed_and_es_by_name_else_as_given(tmp_path: Path, first: str, second: str) -> None:
    paths = [save(tmp_path / first, 1), save(tmp_path / second, 2)]
    volume = door.open_scan(paths)
    assert volume.phase_names == ("ED", "ES")
    assert values(volume) == ([2, 1] if "es" in first.lower() else [1, 2])


def test_two_files_are_ordered_by_info(tmp_path: Path) -> None:
    paths = [save(tmp_path / "p_frame04.nii.gz", 4), save(tmp_path / "p_frame11.nii.gz", 11)]
    info(tmp_path, 11, 4)
    assert values(door.open_scan(paths)) == [11, 4]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.nii.gz": (7, 1)}, [7]),
        ({"a.nii.gz": (7, 1), "a_gt.nii.gz": (1, 1), "a_seg.nii": (1, 1)}, [7]),
        ({"p_4d.nii.gz": (5, 3), "p_frame01.nii.gz": (1, 1), "p_frame01_gt.nii.gz": (2, 1)}, [5, 5, 5]),
        ({"p_sa_ED.nii.gz": (1, 1), "p_sa_ED_gt.nii.gz": (9, 1), "p_sa_ES.nii.gz": (2, 1)}, [1, 2]),
        ({"n_SA_CINE.nii.gz": (1, 2), "n_LA_CINE.nii.gz": (2, 2), "n_SA_ED.nii.gz": (3, 1)}, [1, 1]),
    ],
    ids=["only scan", "masks beside it", "cine first", "pair", "short axis first"],
)
def test_a_folder_of_nifti(tmp_path: Path, files: dict[str, tuple[int, int]], expected: list[int]) -> None:
    for name, (value, frames) in files.items():
        save(tmp_path / name, value, frames)
    assert values(door.open_scan(tmp_path)) == expected


def test_a_folder_with_info(tmp_path: Path) -> None:
    """ED is the frame that Info.cfg names, not the first by name."""
    for frame in (4, 11):
        save(tmp_path / f"p_frame{frame:02d}.nii.gz", frame)
        save(tmp_path / f"p_frame{frame:02d}_gt.nii.gz", 1)
    info(tmp_path, 11, 4)
    volume = door.open_scan(tmp_path)
    assert values(volume) == [11, 4]
    assert volume.phase_names == ("ED", "ES")


def test_a_mask_of_any_name_beside_its_scan_is_passed_over(tmp_path: Path) -> None:
    source = door.open_scan(save(tmp_path / "nifti" / "scan.nii.gz", 7))
    write_cine(tmp_path / "dicom", 2, 3)
    for volume, folder in ((source, tmp_path / "nifti"), (door.open_scan(tmp_path / "dicom"), tmp_path / "dicom")):
        labels = LabelMap(np.ones(volume.array.shape, np.uint8), volume.geometry)
        nifti.write_mask(folder / "ventricles.nii.gz", labels, volume)
        again = door.open_scan(folder)
        assert again.source.kind == volume.source.kind
        assert np.array_equal(again.array, volume.array)


def test_a_broken_file_does_not_hide_the_cine(tmp_path: Path) -> None:
    save(tmp_path / "cine.nii.gz", 5, 2)
    (tmp_path / "broken.nii.gz").write_text("no")
    assert values(door.open_scan(tmp_path)) == [5, 5]


@pytest.mark.parametrize("as_text", [True, False])
def test_paths_are_text_or_paths_one_or_several(tmp_path: Path, as_text: bool) -> None:
    path = save(tmp_path / "a.nii.gz", 3)
    given = str(path) if as_text else path
    assert values(door.open_scan(given)) == values(door.open_scan([given])) == [3]
    assert door.find(given).paths == door.find((given,)).paths == (path,)


def text(path: Path) -> Path:
    path.write_text("hello " * 100)
    return path


def test_what_cannot_be_opened_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "void").write_bytes(b"")
    save(tmp_path / "masks" / "a_gt.nii.gz")
    other = text(tmp_path / "notes.txt")
    for given, says in [
        ([], "no scan was given"),
        (tmp_path / "none.nii.gz", "none.nii.gz: no such file or folder"),
        (other, f"notes.txt: is in no format that can be read ({KINDS})"),
        (tmp_path / "void", "void: is empty"),
        (text(tmp_path / "fake.nii.gz"), "fake.nii.gz: is not a NIfTI file"),
        (tmp_path / "masks", "holds masks only"),
        (tmp_path / ("x" * 300), "cannot be opened"),
    ]:
        with pytest.raises(ScanError) as caught:
            door.open_scan(given)
        assert says in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_not_shown_is_named_with_the_reason(tmp_path: Path) -> None:
    one, two = save(tmp_path / "p1" / "a.nii.gz", 1), save(tmp_path / "p2" / "b.nii.gz", 2)
    volume = door.open_scan(tmp_path)
    assert values(volume) == [1]
    assert volume.notices[-1] == (
        "Also found and not shown: b.nii.gz; some are of another patient or study. "
        "None is likelier: the first is shown."
    )
    save(tmp_path / "p2" / "b.nii.gz", 2, frames=3)
    volume = door.open_scan(tmp_path)
    assert values(volume) == [2, 2, 2]
    assert volume.notices[-1].endswith(
        "This one is shown because it is a stack of slices with the phases of a heartbeat."
    )
    other = text(tmp_path / "notes.txt")
    for given in ([one, other], [other, one, two]):
        assert f"Not read: notes.txt is in no format that can be read ({KINDS})." in door.open_scan(given).notices


def test_a_damaged_scan_is_named_where_the_next_is_shown(tmp_path: Path) -> None:
    save(tmp_path / "small.nii", 5)
    cut = save(tmp_path / "cine.nii.gz", 5, frames=3)  # only unpacking shows that the end is missing
    cut.write_bytes(cut.read_bytes()[:-10])
    volume = door.open_scan(tmp_path)
    assert values(volume) == [5]
    assert any(n.startswith(f"The most likely scan cannot be read, so another is shown: {cut}") for n in volume.notices)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match=str(tmp_path)):
        door.open_scan(tmp_path)


def test_cancelled_before_it_began(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        door.open_scan(save(tmp_path / "a.nii"), cancel=token)


def test_real_folders(shared_data: Path) -> None:
    cine = door.open_scan(shared_data / "acdc" / "training" / "patient090")
    assert cine.array.shape == (12, 7, 224, 154)
    pair = door.open_scan(shared_data / "acdc" / "training" / "patient065")
    assert pair.phase_names == ("ED", "ES")
    assert pair.source.name == "patient065"
    # The same data: frame 4 of the cine (counted from 1) is the ED file.
    ed = door.open_scan(shared_data / "acdc" / "training" / "patient090" / "patient090_frame04.nii.gz")
    assert np.array_equal(cine.array[3], ed.array[0])
