"""A case comes back as it was saved, other software reads its masks, and a damaged one is refused in one line."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from engine.errors import ExportError, ScanError
from engine.formats.case_file import (
    CaseFile,
    CaseMask,
    ScanReference,
    Segmentation,
    Step,
    corrected_labels,
    read_case,
    read_index,
    to_bytes,
    write_case,
)
from engine.phantom import make_phantom
from engine.volume import Geometry, Known

SHAPE = (2, 3, 48, 41)


def geometry() -> Geometry:
    affine = np.array([[0.0, 0, 8, 10], [1.25, 0, 0, -20], [0, 1.5, 0, 30], [0, 0, 0, 1]])
    return Geometry(affine, SHAPE[1:], orientation=Known.ASSUMED, slab_mm=(8.0, 9.0, 10.0))


def case() -> CaseFile:
    labels = make_phantom(SHAPE[0], SHAPE[1], SHAPE[2])[1].array
    plane = labels[1, 2].copy()
    plane[10:14, 20:23] = 3
    step = Step(1, 2, 10, 20, labels[1, 2, 10:14, 20:23].copy(), plane[10:14, 20:23].copy())
    joined = Step(1, 1, 3, 4, np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8), joined=True)
    return CaseFile(
        scan=ScanReference("nifti", (Path("scans/ärztin.nii.gz"),), "scan", "abc123", SHAPE, series=3),
        geometry=geometry(),
        segmentations=(
            Segmentation({"model": "quantlite", "precision": "int8"}, labels, {(1, 2): plane}, (step, joined), ()),
            Segmentation({"model": "quantlite", "precision": "float32"}, labels),
        ),
        mask=CaseMask("truth.nii.gz", (labels > 0).astype(np.uint8), (0,), ("of one frame",)),
        choices={"lv": {"ed_frame_index": 0, "es_frame_index": 1}},
        view={"slice_index": 2},
        measurements={"lv": {"edv_ml": 140.5}},
        audit=({"at": "2026-01-01T12:00:00Z", "what": "opened", "program": "CineQuant"},),
    )


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    path, saved = tmp_path / "a.cinequant", case()
    write_case(path, saved)
    found = read_case(path)
    assert (found.scan, found.choices, found.view) == (saved.scan, saved.choices, saved.view)
    assert (found.measurements, found.audit, found.program) == (saved.measurements, saved.audit, saved.program)
    assert found.geometry.same_as(saved.geometry)
    assert found.geometry.slab_mm == (8.0, 9.0, 10.0)
    assert (found.geometry.spacing, found.geometry.orientation) == (Known.KNOWN, Known.ASSUMED)
    for one, other in zip(found.segmentations, saved.segmentations, strict=True):
        assert one.model == other.model
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.planes.keys() == other.planes.keys()
        for where, plane in one.planes.items():
            np.testing.assert_array_equal(plane, other.planes[where])
    step, joined = found.segmentations[0].done
    assert (step.joined, joined.joined) == (False, True)
    assert (found.mask.name, found.mask.frames, found.mask.notices) == ("truth.nii.gz", (0,), ("of one frame",))
    np.testing.assert_array_equal(found.mask.labels, saved.mask.labels)
    reference, index = read_index(path)
    assert (reference, index["view"]) == (saved.scan, saved.view)
    np.testing.assert_array_equal(step.after, saved.segmentations[0].done[0].after)
    assert (step.frame, step.slice, step.top, step.left) == (1, 2, 10, 20)
    assert list(tmp_path.iterdir()) == [path]


def test_a_case_of_the_first_schema_opens() -> None:
    """The file is what to_bytes(case()) gave when schema 1 was the newest."""
    path = Path(__file__).parent / "cases" / "schema_1.cinequant"
    found, now = read_case(path), case()
    assert found.program == "CineQuant 0.1.0"
    assert found.scan == replace(now.scan, series=None)
    assert (found.choices, found.view, found.measurements) == (now.choices, now.view, now.measurements)
    assert found.mask is None
    assert [step.joined for step in found.segmentations[0].done] == [False]
    for one, other in zip(found.segmentations, now.segmentations, strict=True):
        np.testing.assert_array_equal(corrected_labels(one), corrected_labels(other))


def test_other_software_reads_the_masks() -> None:
    saved = case()
    with zipfile.ZipFile(io.BytesIO(to_bytes(saved))) as archive:
        image = nib.Nifti1Image.from_bytes(archive.read("masks/1_corrected.nii"))
    np.testing.assert_array_equal(np.asarray(image.dataobj)[20:23, 10:14, 2, 1], 3)
    # By hand: voxel (1, 2, 3) lies at LPS (0·1 + 8·3 + 10, 1.25 − 20, 1.5·2 + 30), so at RAS (−34, 18.75, 33).
    np.testing.assert_allclose(image.affine @ [1, 2, 3, 1], [-34, 18.75, 33, 1])


def test_the_name_ends_as_a_case_does(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"ends in \.cinequant"):
        write_case(tmp_path / "a.zip", case())


def test_a_case_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.cinequant"
    write_case(path, case())
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.files.os.fsync", full)
    with pytest.raises(ExportError, match=r"not saved \(No space left on device\)"):
        write_case(path, replace(case(), view={}))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def changed(edit: Callable[[dict[str, Any]], object], members: dict[str, bytes] | None = None) -> bytes:
    """The case with its JSON edited, and other members in place of its own."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(to_bytes(case()))) as archive,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in archive.namelist():
            content = (members or {}).get(name, archive.read(name))
            if name == "case.json":
                index = json.loads(content)
                edit(index)
                content = json.dumps(index).encode()
            if content:
                out.writestr(name, content)
    return made.getvalue()


def keep(index: dict[str, Any]) -> None:
    """No edit."""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: b"", "is damaged, or no case"),
        (lambda: to_bytes(case())[:900], "is damaged, or no case"),
        (lambda: changed(lambda i: i.update(schema=99)), "schema 99, and this program reads up to 2; update CineQuant"),
        (lambda: changed(lambda i: i.update(schema=0)), "its schema is 0"),
        (lambda: changed(lambda i: i["mask"].update(frame_indices=[2])), "not of frames of the scan"),
        (lambda: changed(lambda i: i.pop("choices")), "choices is missing"),
        (lambda: changed(lambda i: i.update(schema=True)), "schema is missing"),
        (lambda: changed(lambda i: i["scan"].update(shape=[2, 3, 48])), "not that of a scan"),
        (lambda: changed(lambda i: i["scan"].update(shape=[10**4] * 4)), "not that of a scan"),
        (lambda: changed(lambda i: i["scan"].update(shape=[2, 3, 48, 40])), "does not hold labels"),
        (lambda: changed(lambda i: i["geometry"].update(affine=[[1]])), "geometry is damaged"),
        (lambda: changed(lambda i: i["geometry"].update(spacing="sure")), "geometry is damaged"),
        (lambda: changed(lambda i: i["geometry"]["affine"][0].__setitem__(3, 99.0)), "not on the grid"),
        (lambda: changed(lambda i: i["segmentations"][0].update(labels="../x.nii")), "missing in it"),
        (lambda: changed(lambda i: i["segmentations"][0]["done"][0].update(top=47)), "lies outside the scan"),
        (lambda: changed(lambda i: i["segmentations"][0]["done"][0].update(before="%%")), "history is damaged"),
        (lambda: changed(lambda i: i["segmentations"][0]["done"][0].update(size=[1, 1])), "does not hold the labels"),
        (lambda: changed(lambda i: i.update(segmentations=[{}] * 65)), "more than 64"),
        (lambda: changed(lambda i: i.update(audit=[{"at": 5}])), "audit in its case.json is no text"),
        (lambda: changed(keep, {"masks/1_model.nii": b"not an image"}), "is no NIfTI mask"),
        (lambda: changed(keep, {"masks/1_model.nii": b""}), "missing in it"),
        (lambda: changed(keep, {"masks/1_model.nii": bytes(50_000_000)}), "more than a case may hold"),
    ],
)
def test_a_damaged_case_is_refused_in_one_line(tmp_path: Path, content: Callable[[], bytes], said: str) -> None:
    path = tmp_path / "a.cinequant"
    path.write_bytes(content())
    with pytest.raises(ScanError, match=said) as caught:
        read_case(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()


def test_every_flipped_bit_is_refused_or_harmless(tmp_path: Path) -> None:
    """The archive's checksums cover all that is read."""
    path, content = tmp_path / "a.cinequant", to_bytes(case())
    path.write_bytes(content)
    whole = read_case(path)
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(content), 150):
        damaged = bytearray(content)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            found = read_case(path)
        except ScanError as error:
            assert str(error).isprintable()
            continue
        assert (found.scan, found.choices) == (whole.scan, whole.choices)
        for one, other in zip(found.segmentations, whole.segmentations, strict=True):
            np.testing.assert_array_equal(one.labels, other.labels)
