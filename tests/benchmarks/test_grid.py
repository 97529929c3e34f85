"""What labels lose on the network's grid."""

from __future__ import annotations

from pathlib import Path

import dataset_trees
import numpy as np
import pytest

from benchmarks.grid import kept, there_and_back
from engine.formats import datasets
from engine.network.preprocess import InputSpec, plan


def test_finer_pixels_keep_more_and_their_own_size_keeps_all(tmp_path: Path) -> None:
    dataset_trees.acdc(tmp_path, [1])
    cases = list(datasets.find_cases(tmp_path, "acdc"))
    volume, truth = datasets.read_case(cases[0])
    own = volume.geometry.spacing_mm[0]
    plane = truth.array[0, volume.slices // 2]
    same = there_and_back(plane, plan(volume.geometry, InputSpec(spacing_mm=own)))
    np.testing.assert_array_equal(same, plane)
    coarse, fine = (np.mean(kept(cases, own * share)) for share in (3, 1.5))
    assert 0.5 < coarse < fine < 1
    assert kept(cases, own) == pytest.approx([1, 1, 1])
