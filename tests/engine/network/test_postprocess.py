"""postprocess: cropping changes nothing, and the largest component stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.network.postprocess import Labeller, keep_largest
from engine.network.preprocess import Grid, InputSpec, plan, to_source
from engine.volume import LV, MYO, RV, Geometry


def grid_of(shape: tuple[int, int], mm: float) -> Grid:
    return plan(Geometry(np.diag([mm, mm, 10.0, 1.0]), (1, *shape)), InputSpec())


def blobs(shape: tuple[int, int], at: tuple[float, float], radius: float) -> NDArray[np.float32]:
    """Logits (4, H, W) of concentric structures."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    r = np.hypot(y - at[0], x - at[1])
    planes = [r - 1.5 * radius, radius - r, 0.5 * radius - np.abs(r - 1.2 * radius), radius - np.abs(r - 2 * radius)]
    return np.stack(planes).astype(np.float32)


GRIDS = [((216, 256), 1.5), ((256, 256), 1.37), ((100, 140), 2.6), ((512, 480), 0.7), ((97, 33), 1.9)]


@pytest.mark.parametrize(("shape", "mm"), GRIDS)
@pytest.mark.parametrize("where", ["middle", "corner", "noise", "everywhere", "nowhere", "one pixel"])
def test_labels_equal_the_largest_logit_of_the_whole_resampled_slice(
    shape: tuple[int, int], mm: float, where: str
) -> None:
    grid = grid_of(shape, mm)
    h, w = grid.input_shape
    rng = np.random.default_rng(1)
    logits = {
        "middle": blobs((h, w), (h / 2, w / 2), 20),
        "corner": blobs((h, w), (0, w - 1), 12),
        "noise": rng.standard_normal((4, h, w)).astype(np.float32),
        "everywhere": blobs((h, w), (h / 2, w / 2), 1000),
        "nowhere": blobs((h, w), (h / 2, w / 2), -1000),
        "one pixel": np.zeros((4, h, w), dtype=np.float32),
    }[where]
    logits[RV, h // 2, w // 2] += 5
    expected = to_source(logits, grid).argmax(axis=0).astype(np.uint8)
    labels = Labeller(grid).labels(logits)
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, expected)


def test_ties_go_to_background() -> None:
    grid = grid_of((128, 128), 1.5)
    assert not Labeller(grid).labels(np.ones((4, 128, 128), dtype=np.float32)).any()


def test_one_structure_is_enough() -> None:
    grid = grid_of((128, 128), 1.5)
    logits = np.zeros((2, 128, 128), dtype=np.float32)
    logits[1, 10:20, 30:40] = 1
    expected = np.zeros((128, 128), dtype=np.uint8)
    expected[10:20, 30:40] = 1
    np.testing.assert_array_equal(Labeller(grid).labels(logits), expected)


def test_keep_largest_by_hand() -> None:
    labels = np.zeros((2, 3, 6, 6), dtype=np.uint8)
    labels[0, 0, 0, 0:2] = LV  # 3 voxels through slices, diagonally connected
    labels[0, 1, 1, 2] = LV
    labels[0, 2, 5, 4:6] = LV  # 2 voxels: goes
    labels[0, 2, 3, 0] = MYO  # alone of its kind: stays
    labels[1, 0, 5, 5] = LV  # another frame counts for itself
    expected = labels.copy()
    expected[0, 2, 5, 4:6] = 0
    before = labels.copy()
    np.testing.assert_array_equal(keep_largest(labels), expected)
    np.testing.assert_array_equal(labels, before)


def test_keep_largest_of_equals_keeps_the_first() -> None:
    labels = np.zeros((1, 1, 1, 5), dtype=np.uint8)
    labels[0, 0, 0, [0, 2, 4]] = RV
    np.testing.assert_array_equal(keep_largest(labels)[0, 0, 0], [RV, 0, 0, 0, 0])


def test_keep_largest_of_nothing_is_nothing() -> None:
    assert not keep_largest(np.zeros((2, 2, 4, 4), dtype=np.uint8)).any()


def test_a_small_right_ventricle_beside_the_left_one_stays() -> None:
    labels = np.zeros((2, 4, 40, 60), np.uint8)
    labels[0, :, 10:20, 10:20] = MYO
    labels[0, :, 13:17, 13:17] = LV
    labels[0, 1:3, 11:15, 21:24] = RV  # beside it, a pixel between
    labels[0, 0:2, 25:38, 45:58] = RV  # larger, and far away
    labels[0, 3, 20, 12] = RV  # touches as well, in one slice only
    # Without a left ventricle the largest stays.
    labels[1] = np.where(labels[0] == RV, RV, 0)
    kept = keep_largest(labels)
    assert (kept[0] == RV).sum() == (kept[0, 1:3, 11:15, 21:24] == RV).sum() == 24
    assert (kept[1] == RV).sum() == (kept[1, 0:2, 25:38, 45:58] == RV).sum() == 2 * 13 * 13
    assert (kept[0] == LV).sum() == 64


def test_keep_largest_of_a_long_axis_keeps_both_walls_and_the_large_right_ventricle() -> None:
    plane = np.zeros((24, 24), dtype=np.uint8)
    plane[4:20, 10:14] = LV
    plane[4:20, 8:10] = MYO  # the two walls, apart at the apex
    plane[6:20, 14:16] = MYO
    plane[0:2, 20:24] = MYO  # far from the cavity
    plane[4:18, 0:4] = RV  # too far from the thin wall to be beside it
    plane[21, 12] = RV  # a crumb beside the left ventricle
    kept = keep_largest(plane[None, None], long_axis=True)[0, 0]
    assert (kept[:, 8:10] == MYO).sum() == 32
    assert (kept[:, 14:16] == MYO).sum() == 28
    assert not kept[0:2, 20:24].any()
    assert (kept == RV).sum() == (kept[4:18, 0:4] == RV).sum() == 56
