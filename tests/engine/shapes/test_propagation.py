"""A correction carried through a beating phantom."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.phantom import make_phantom
from engine.progress import CancelToken
from engine.shapes.propagation import propagated
from engine.volume import LV, MYO, RV, LabelMap, Volume


@pytest.fixture(name="heart", scope="module")
def heart_fixture() -> tuple[Volume, LabelMap]:
    volume, labels, *_ = make_phantom(8, 4, 96)
    return volume, labels


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


def test_what_was_not_corrected_is_carried_as_the_model_found_it(heart: tuple[Volume, LabelMap]) -> None:
    volume, labels = heart
    base = labels.array
    made = propagated(volume.array, base, 0, {1: base[0, 1]}, volume.geometry.spacing_mm[:2], range(1, 8))
    assert sorted(made) == [(t, 1) for t in range(1, 8)]
    for (t, z), plane in made.items():
        assert np.mean(plane == base[t, z]) > 0.995


def test_a_cavity_that_was_found_too_small_grows_in_every_frame(heart: tuple[Volume, LabelMap]) -> None:
    """The model's cavity is a voxel too small everywhere; the reader mends one frame."""
    volume, labels = heart
    truth = labels.array
    base = truth.copy()
    for t, z in np.ndindex(truth.shape[:2]):
        cavity = truth[t, z] == LV
        inner = cavity.copy()
        for step in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            inner &= np.roll(cavity, step, (0, 1))
        base[t, z][cavity & ~inner] = MYO
    made = propagated(volume.array, base, 0, {1: truth[0, 1]}, volume.geometry.spacing_mm[:2], range(1, 8))
    for t in range(1, 8):
        before, after = (dice(plane == LV, truth[t, 1] == LV) for plane in (base[t, 1], made[t, 1]))
        assert after >= before
        # All of it is carried to frames like the corrected one, less to those in which the heart is contracted.
        assert after > 0.95 or t not in (1, 7)


def test_a_structure_that_the_model_missed_is_added_where_the_heart_is_as_large(heart: tuple[Volume, LabelMap]) -> None:
    volume, labels = heart
    base = labels.array.copy()
    base[[0, 1, 4], 1] = np.where(base[[0, 1, 4], 1] == RV, np.uint8(0), base[[0, 1, 4], 1])
    made = propagated(volume.array, base, 0, {1: labels.array[0, 1]}, volume.geometry.spacing_mm[:2], range(1, 8))
    assert dice(made[1, 1] == RV, labels.array[1, 1] == RV) > 0.9
    # End-systole, where it may have left the slice; and where the model has found it, its outline stays.
    assert not (made[4, 1] == RV).any()
    assert dice(made[2, 1] == RV, base[2, 1] == RV) > 0.99


def test_a_structure_that_was_removed_is_removed_everywhere(heart: tuple[Volume, LabelMap]) -> None:
    volume, labels = heart
    base = labels.array
    without = np.where(base[0, 1] == RV, np.uint8(0), base[0, 1])
    made = propagated(volume.array, base, 0, {1: without}, volume.geometry.spacing_mm[:2], [3, 5])
    assert sorted(made) == [(3, 1), (5, 1)]
    assert not any((plane == RV).any() for plane in made.values())


def test_it_can_be_cancelled(heart: tuple[Volume, LabelMap]) -> None:
    volume, labels = heart
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        propagated(volume.array, labels.array, 0, {1: labels.array[0, 1]}, (1.0, 1.0), [1], cancel=token)


def test_without_a_correction_or_a_cine_nothing_is_carried(heart: tuple[Volume, LabelMap]) -> None:
    volume, labels = heart
    assert propagated(volume.array, labels.array, 0, {}, (1.0, 1.0), [1]) == {}
    assert propagated(volume.array[:1], labels.array[:1], 0, {1: labels.array[0, 1]}, (1.0, 1.0), []) == {}
