"""What makes numbers doubtful is said, and a sound segmentation is left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.formats.datasets import find_cases, read_case
from engine.measures.function import function_of, measure
from engine.measures.quality import doubts_of_labels, doubts_of_numbers
from engine.measures.quantities import MEASURES, to_json
from engine.measures.tally import plain
from engine.phantom import make_phantom
from engine.volume import LV, LabelMap, Volume


def beat(frames: int = 20, slices: int = 9) -> NDArray[np.int64]:
    """Voxels (T, Z, 3) of a heart that contracts to 40 % and tapers towards both ends of the stack."""
    shape = 400 * np.sin(np.linspace(0.3, np.pi - 0.3, slices))
    phase = 0.7 + 0.3 * np.cos(np.linspace(0, 2 * np.pi, frames, endpoint=False))
    one = phase[:, None] * shape[None]
    return np.stack([one, one * 0.8, one * 1.1], axis=2).astype(np.int64)


def said(voxels: NDArray[np.int64], *, cine: bool = True) -> tuple[str, ...]:
    return doubts_of_labels(voxels, 0, 10, cine=cine).notices


def test_a_sound_heart_is_left_alone() -> None:
    found = doubts_of_labels(beat(), 0, 10, cine=True)
    assert found.notices == () and not found.keys


def test_a_slice_whose_frames_are_shuffled_is_said() -> None:
    voxels = beat()
    voxels[:, 4] = voxels[np.random.default_rng(0).permutation(20), 4]
    assert any("leaps from frame to frame: 5." in notice for notice in said(voxels))


def test_nothing_found() -> None:
    assert said(beat() * 0) == ("Nothing was found: no ventricle is in any slice.",)
    without = beat()
    without[..., 2] = 0
    assert said(without) == ("No RV cavity was found in any slice.",)
    without[..., 1] = 0
    assert said(without)[-1] == "No LV myocardium was found, so there is no mass."


def test_a_slice_in_the_middle_without_the_ventricle() -> None:
    voxels = beat()
    voxels[0, 4, 0] = 0
    assert said(voxels) == (
        "Slices without LV cavity at end-diastole, though it is on both sides: 5. Its volume is too small.",
    )
    assert doubts_of_labels(voxels, 0, 10, cine=True).keys == {"lv"}
    voxels[0, 0, 0] = 0  # the end of the stack is no gap
    assert len(said(voxels)) == 1
    voxels[:, 4, 0] = 0
    assert said(voxels)[-1] == (
        "Frames in which a slice has no LV cavity, though the slices on both sides have: 2, 3, 4, 5 and 14 more."
    )


def test_labels_that_end_where_the_ventricle_is_wide_are_said() -> None:
    voxels = beat()
    voxels[:, :2] = voxels[:, 6:] = 0
    assert any("ends at slice 3 with 80 % of its largest area" in notice for notice in said(voxels))
    voxels = beat()
    voxels[:, 0] = 0  # a slice beyond the narrow end
    assert said(voxels) == ()


def test_a_mask_of_two_frames_is_no_doubt_but_said() -> None:
    voxels = beat()
    voxels[[t for t in range(20) if t not in (0, 10)]] = 0
    found = doubts_of_labels(voxels, 0, 10, cine=True)
    assert [notice.split(":")[0] for notice in found.notices] == ["Only frames 1, 11 have labels"] and not found.keys


def test_a_slice_that_jumps() -> None:
    voxels = beat()
    voxels[10, 3, 2] //= 4
    assert said(voxels) == ("Slices in which the RV cavity differs much from those beside it at end-systole: 4.",)


def test_frames_without_the_ventricle_and_frames_that_jump() -> None:
    voxels = beat()
    voxels[[3, 7], :, 0] = 0
    assert said(voxels)[0] == "Frames without LV cavity: 4, 8, of 20."
    voxels = beat()
    voxels[5, :, 2] *= 2
    assert said(voxels) == ("Frames in which the RV cavity differs much from those before and after: 6.",)
    assert said(voxels, cine=False) == ()


@pytest.mark.parametrize(
    ("edv", "ef", "words"),
    [
        (150.0, 60.0, ""),
        (150.0, -4.0, "ejection fraction is negative"),
        (150.0, 96.0, "of 96 % is hardly possible"),
        (150.0, 1.0, "of 1 % is hardly possible"),
        (9996.0, 60.0, "9996 mL is not that of a human heart"),
        (None, None, ""),
    ],
)
def test_numbers_that_cannot_be(edv: float | None, ef: float | None, words: str) -> None:
    found = doubts_of_numbers("lv", edv, ef, units_known=True)
    assert bool(found.notices) == bool(words) == bool(found.keys)
    assert words in "".join(found.notices)
    assert not doubts_of_numbers("lv", 9996.0, 60.0, units_known=False).notices


def test_the_phantom_is_sound_and_a_hole_in_it_is_told_where_the_numbers_stand() -> None:
    volume, labels, _ = make_phantom(12, 8, 96)
    assert measure(labels, volume).notices == ()
    array = labels.array.copy()
    array[0, 4][array[0, 4] == LV] = 0
    found = measure(LabelMap(array, labels.geometry), volume)
    assert found.ed_frame != 0
    assert "a slice has no LV cavity, though the slices on both sides have: 1." in found.notices[0]
    assert to_json(found)["doubtful"] == ["lv"]
    units = {measure.key: measure.unit_of(found) for measure in MEASURES}
    assert (units["lv.ef_percent"], units["rv.ef_percent"], units["lv.edv_ml"]) == ("%?", "%", "mL?")


def test_a_scan_that_is_no_short_axis_stack_has_no_sure_number() -> None:
    volume, labels, _ = make_phantom(4, 6, 64)
    found = measure(labels, replace(volume, not_short_axis="a CT image"))
    assert found.notices == ("Volumes, mass and ejection fractions are not to be trusted: the scan is a CT image.",)
    assert {m.unit_of(found) for m in MEASURES} == {"mL?", "%?", "g?"}


def test_a_volume_that_cannot_be_makes_those_of_the_same_outlines_doubtful() -> None:
    assert doubts_of_numbers("lv", 9996.0, 60.0, units_known=True).keys == {"lv.edv_ml", "lv.esv_ml", "lv.sv_ml"}


def test_a_negative_ejection_fraction_is_marked() -> None:
    volume, _, _ = make_phantom(2, 4, 64)
    pair = Volume(volume.array, volume.geometry, volume.source, phase_names=("ES", "ED"))
    voxels = np.full((2, 4, 3), 500, np.int64)
    voxels[1] = 300
    found = function_of(plain(voxels), pair)
    assert found.lv.ef_percent is not None and found.lv.ef_percent < 0
    assert any("negative" in notice for notice in found.notices)
    assert found.doubtful == {"lv", "rv"}


def test_experts_masks_are_hardly_ever_doubted(shared_data: Path) -> None:
    cases = [c for c in find_cases(shared_data / "acdc" / "training", "acdc") if c.patient < "patient040"]
    doubted = [c.patient for c in cases if measure(*reversed(read_case(c))).notices]
    assert len(doubted) <= len(cases) // 20, doubted
