"""Masks that lie elsewhere than the heart of their scan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.formats import nifti
from engine.formats.mask_fit import misfit
from engine.formats.masks import read_masks
from engine.volume import LV, MYO, Geometry, LabelMap, Source, Volume

GEOMETRY = Geometry(np.diag([1.5, 1.5, 8.0, 1.0]), (5, 64, 64))
FRAMES = 8


@pytest.fixture(scope="module")
def labels() -> LabelMap:
    """A heart beside the middle that narrows from slice to slice and beats."""
    y, x = np.mgrid[:64, :64]
    array = np.zeros((FRAMES, *GEOMETRY.shape), np.uint8)
    for t in range(FRAMES):
        for z in range(5):
            away = np.hypot(y - 26 - z, x - 36 + z)
            inner = 11 - 1.5 * z + 2 * np.cos(2 * np.pi * t / FRAMES)
            array[t, z][away < inner + 5] = MYO
            array[t, z][away < inner] = LV
    return LabelMap(array, GEOMETRY)


@pytest.fixture(scope="module")
def scan(labels: LabelMap) -> Volume:
    """Bright blood, dark myocardium, what is around between the two, and noise."""
    grey = np.choose(labels.array, [70.0, 120.0, 40.0, 120.0])
    noise = np.random.default_rng(1).normal(0, 15, grey.shape)
    return Volume((grey + noise).astype(np.int16), GEOMETRY, Source("phantom", (), "heart"))


def said(labels: LabelMap, array: np.ndarray, scan: Volume) -> str:
    return misfit(replace(labels, array=np.ascontiguousarray(array)), scan)


def test_a_mask_that_fits_is_not_doubted(labels: LabelMap, scan: Volume) -> None:
    assert misfit(labels, scan) == ""
    dark_blood = replace(scan, array=200 - scan.array)
    assert misfit(labels, dark_blood) == ""
    empty = replace(scan, array=np.zeros_like(scan.array))
    assert misfit(labels, empty) == ""


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda a: a[..., ::-1], "flipped left to right"),
        (lambda a: a[:, :, ::-1], "flipped top to bottom"),
        (lambda a: a[:, :, ::-1, ::-1], "turned by half a turn"),
        (lambda a: a.swapaxes(2, 3), "with rows and columns interchanged"),
        (lambda a: a[:, ::-1], "with its slices in reverse order"),
        (lambda a: np.roll(a, FRAMES // 2, axis=0), "with its frames shifted in time"),
    ],
)
def test_how_a_mask_would_fit_better_is_said(labels: LabelMap, scan: Volume, change, how: str) -> None:
    assert said(labels, change(labels.array), scan).startswith(f"The mask would fit the scan better {how}:")


def test_a_pair_of_phases_is_told_when_interchanged(labels: LabelMap, scan: Volume) -> None:
    pair = replace(scan, array=scan.array[[0, FRAMES // 2]])
    assert "with its two phases interchanged" in said(labels, labels.array[[FRAMES // 2, 0]], pair)


def test_a_mask_without_any_relation_to_the_grey_values_is_doubted(labels: LabelMap, scan: Volume) -> None:
    noise = np.random.default_rng(2).integers(0, 100, scan.array.shape).astype(np.int16)
    found = misfit(labels, replace(scan, array=noise))
    assert found.startswith("The LV cavity is no brighter than the myocardium in most slices")


def test_the_door_for_masks_says_so(tmp_path: Path, labels: LabelMap, scan: Volume) -> None:
    path = tmp_path / "m.nii.gz"
    nifti.write_mask(path, replace(labels, array=np.ascontiguousarray(labels.array[:, :, ::-1])), scan, "mnms")
    assert any("better flipped top to bottom" in notice for notice in read_masks([path], scan).notices)
    nifti.write_mask(path, labels, scan, "mnms")
    assert read_masks([path], scan).notices == ()
