"""Agreement slice by slice: values worked out by hand, and where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.measures.comparison import compare
from engine.measures.metrics import dice, hd95_mm
from engine.progress import CancelToken
from engine.volume import LV, MYO, RV, Geometry, Known, LabelMap

GEOMETRY = Geometry(np.diag([2.0, 1.0, 8.0, 1.0]), (3, 10, 12))


def label_map(geometry: Geometry = GEOMETRY, shift: int = 0) -> LabelMap:
    """Two frames; the LV in slices 1 and 2, the RV in slice 1 of frame 0 alone, no myocardium."""
    array = np.zeros((2, 3, 10, 12), dtype=np.uint8)
    array[:, 1:, 2:6, 2 + shift : 6 + shift] = LV
    array[0, 1, 8, 0:4] = RV
    return LabelMap(array, geometry)


def test_values_by_hand() -> None:
    found = compare(label_map(), label_map(shift=1))
    # 4 × 4 squares that share 4 × 3 voxels.
    assert found.slice_dice[0, 1].tolist() == pytest.approx([0.75, math.nan, 1.0], nan_ok=True)
    assert np.isnan(found.slice_dice[:, 0]).all()
    assert found.frame_dice[1].tolist() == pytest.approx([0.75, math.nan, math.nan], nan_ok=True)
    assert found.dice.tolist() == pytest.approx([0.75, math.nan, 1.0], nan_ok=True)
    assert found.differing.tolist() == [[0, 8, 8], [0, 8, 8]]
    assert found.hd95_mm[0].tolist() == pytest.approx([2.0, math.nan, 0.0], nan_ok=True)
    assert found.mean_dice == pytest.approx(0.875)
    assert found.frames == (0, 1)
    assert not found.slice_dice.flags.writeable


def test_the_same_as_metrics_of_whole_masks() -> None:
    rng = np.random.default_rng(3)
    one, other = (LabelMap(rng.integers(0, 4, (2, 3, 10, 12), dtype=np.uint8), GEOMETRY) for _ in range(2))
    found = compare(one, other)
    for i, label in enumerate((LV, MYO, RV)):
        a, b = one.array == label, other.array == label
        assert found.dice[i] == pytest.approx(dice(a, b))
        assert found.frame_dice[1, i] == pytest.approx(dice(a[1], b[1]))
        assert found.slice_dice[1, 2, i] == pytest.approx(dice(a[1, 2], b[1, 2]))
        assert found.hd95_mm[1, i] == pytest.approx(hd95_mm(a[1], b[1], (2.0, 1.0, 8.0)))


def test_frames_that_were_not_asked_for_have_no_values() -> None:
    found = compare(label_map(), label_map(shift=1), frames=(1,))
    assert np.isnan(found.slice_dice[0]).all()
    assert np.isnan(found.hd95_mm[0]).all()
    assert found.differing[0].sum() == 0
    assert found.frame_dice[1, 0] == pytest.approx(0.75)
    assert found.frames == (1,)


def test_no_millimetres_without_spacing() -> None:
    guessed = Geometry(np.eye(4), (3, 10, 12), Known.ASSUMED)
    found = compare(label_map(guessed), label_map(guessed, shift=1))
    assert np.isnan(found.hd95_mm).all()
    assert found.dice[0] == pytest.approx(0.75)


def test_two_empty_maps_agree() -> None:
    empty = LabelMap(np.zeros((1, 3, 10, 12), dtype=np.uint8), GEOMETRY)
    assert compare(empty, empty).mean_dice == 1.0


def test_other_scans_and_cancelling() -> None:
    with pytest.raises(ValueError, match="not of one scan"):
        compare(label_map(), LabelMap(np.zeros((1, 3, 10, 12), dtype=np.uint8), GEOMETRY))
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        compare(label_map(), label_map(), cancel=token)
