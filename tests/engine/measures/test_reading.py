"""What the reader chooses, and how numbers follow it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.measures.counting import base_is_first
from engine.measures.function import Function, function_of, measure
from engine.measures.overtaken import Overtaken, overtaken
from engine.measures.phases import held_of
from engine.measures.quantities import to_json
from engine.measures.reading import Base, Papillary, Phases, Reading, from_json
from engine.measures.tally import enclosure, plain, recounted, tally_of
from engine.volume import LV, MYO, RV, Geometry, LabelMap, Source, Volume

FRAMES, SLICES, SIDE = 4, 5, 40
FULL = Reading(
    lv=Phases(1, None),
    rv=Phases(None, 2),
    left_out=frozenset({(LV, 0, 4), (LV, 1, 4), (RV, 3, 0)}),
    base=Base.SCMR,
    papillary=Papillary.MYOCARDIUM,
)


def ring(plane: np.ndarray, radius: int, *, wall: float = 1.0) -> None:
    """A round cavity with a wall of 3 voxels around this share of it, from the top clockwise."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    far = np.hypot(y, x)
    turn = (np.arctan2(x, -y) / (2 * np.pi)) % 1.0
    plane[(far > radius) & (far <= radius + 3) & (turn <= wall)] = MYO
    plane[far <= radius] = LV


def heart(*, open_slices: int = 1) -> tuple[LabelMap, Volume]:
    """A cine with the base at slice 0. In the first slices a third of the cavity has a wall."""
    array = np.zeros((FRAMES, SLICES, SIDE, SIDE), np.uint8)
    for frame in range(FRAMES):
        for index in range(SLICES):
            ring(array[frame, index], 10 - index - frame % 3, wall=0.33 if index < open_slices else 1.0)
    geometry = Geometry(np.diag([1.0, 1.0, 10.0, 1.0]), (SLICES, SIDE, SIDE))
    grey = np.where(array == LV, 300, np.where(array == MYO, 100, 20)).astype(np.int16)
    return LabelMap(array, geometry), Volume(grey, geometry, Source("nifti", (), "x"))


def test_json_keeps_a_reading() -> None:
    assert from_json(json.loads(json.dumps(FULL.to_json())), FRAMES, SLICES) == FULL
    assert from_json(Reading().to_json(), 1, 1) == Reading()


def _with(path: str, value: Any) -> dict[str, Any]:
    found = json.loads(json.dumps(FULL.to_json()))
    *way, last = path.split("/")
    into = found
    for key in way:
        into = into[int(key) if key.isdigit() else key]
    into[last] = value
    return dict(found)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "the reading does not have exactly the keys"),
        ({}, "base, left_out, papillary, phases"),
        (_with("phases", []), "phases does not have exactly"),
        (_with("phases/lv", {"ed_frame_index": 1}), "phases of lv"),
        (_with("phases/lv/ed_frame_index", FRAMES), "ed_frame_index of lv is 4, not a whole number from 0 to 3"),
        (_with("phases/lv/ed_frame_index", True), "True"),
        (_with("phases/rv/es_frame_index", 1.0), "1.0"),
        (_with("phases/lv/es_frame_index", 1), "end-diastole and end-systole of lv are one frame"),
        (_with("left_out", {}), "left_out is not a list"),
        (_with("left_out/0/structure", "aorta"), "'aorta' of left_out is none of lv, myo, rv"),
        (_with("left_out/0/structure", []), "[] of left_out"),
        (_with("left_out/0/slice_index", -1), "slice_index of left_out is -1"),
        (_with("left_out/0/frame_indices", 3), "frame_indices of left_out is not a list"),
        (_with("left_out/0/frame_indices", [9]), "frame_indices of left_out is 9"),
        (_with("base", "guess"), "base is 'guess', none of labelled, scmr"),
        (_with("papillary", []), "papillary is []"),
    ],
)
def test_json_that_is_no_reading_is_refused_in_one_line(found: object, words: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        from_json(found, FRAMES, SLICES)
    assert words in str(refused.value)


def test_numbers_say_what_was_chosen_and_found() -> None:
    labels, volume = heart()
    found = measure(labels, volume)
    assert (found.ed_frame, found.es_frame, found.rv_ed_frame, found.rv_es_frame) == (0, 2, 0, 2)
    values = to_json(measure(labels, volume, FULL))
    assert values["reading"] == FULL.to_json()
    assert (values["ed_frame_index"], values["es_frame_index"]) == (1, 2)
    assert {"structure": "rv", "slice_index": 0, "frame_indices": [3]} in values["left_out"]
    assert any("frame 2" in rule for rule in values["rules"])
    assert any(
        rule == "Left out by the reader: 3 slices, each counted once for every frame." for rule in values["rules"]
    )
    json.dumps(values)


def test_a_slice_left_out_does_not_count() -> None:
    labels, volume = heart()
    before = measure(labels, volume)
    area = np.count_nonzero(labels.array[0, 1] == LV)
    after = measure(labels, volume, Reading().without([(LV, 0, 1)]))
    assert after.lv_ml[0] == pytest.approx(before.lv_ml[0] - area * 0.01)
    assert after.lv_ml[1:] == before.lv_ml[1:]
    assert after.myo_ml == before.myo_ml
    assert after.left_out == {(LV, 0, 1)}
    assert measure(labels, volume, after.reading.with_again([(LV, 0, 1)])) == before


def test_neither_a_correction_nor_a_slice_left_out_moves_a_phase() -> None:
    labels, volume = heart()
    held = held_of(tally_of(labels, volume), volume)
    array = labels.array.copy()
    array[0, 0] = 0
    corrected = LabelMap(array, labels.geometry)
    assert measure(corrected, volume).ed_frame == 3
    found = measure(corrected, volume, held=held)
    assert (found.ed_frame, found.es_frame) == (0, 2)
    after = tally_of(corrected, volume)
    assert overtaken(found, volume, after) == (Overtaken(LV, "ed", 3),)
    left_out = measure(labels, volume, Reading().without([(LV, 0, 0)]))
    assert left_out.ed_frame == 0
    assert not overtaken(left_out, volume, tally_of(labels, volume))  # frame 3 only has a slice more
    both = measure(corrected, volume, Reading().without([(LV, 0, 4)]), held)
    assert overtaken(both, volume, after) == (Overtaken(LV, "ed", 3),)
    assert not overtaken(measure(corrected, volume, Reading(lv=Phases(ed=0)), held), volume, after)


def test_the_right_ventricle_has_phases_of_its_own_where_the_reader_wants() -> None:
    _, volume = heart()
    voxels = np.ones((FRAMES, SLICES, 3), np.int64) * 300
    voxels[:, :, 0] += np.array([100, 0, 50, 70])[:, None]
    voxels[:, :, 2] += np.array([20, 100, 0, -50])[:, None]
    tally = plain(voxels)
    together = function_of(tally, volume)
    assert (together.rv_ed_frame, together.rv_es_frame) == (0, 1)
    apart = function_of(tally, volume, Reading(rv=Phases()))
    assert (apart.ed_frame, apart.es_frame, apart.rv_ed_frame, apart.rv_es_frame) == (0, 1, 1, 3)
    assert apart.rv.edv_ml == pytest.approx(apart.rv_ml[1])
    chosen = apart.reading.with_phase(RV, "ed", 2)
    assert function_of(tally, volume, chosen).rv_ed_frame == 2
    assert Reading().with_phase(RV, "ed", 2).lv.ed == 2


def test_phases_may_be_chosen_where_no_rule_finds_them() -> None:
    _, volume = heart()
    two = Volume(volume.array[:2], volume.geometry, volume.source, phase_names=("ED", "ES"))
    voxels = np.full((2, SLICES, 3), 500, np.int64)
    swapped = function_of(plain(voxels), two, Reading(lv=Phases(1, 0)))
    assert (swapped.ed_frame, swapped.es_frame) == (1, 0)


def test_a_basal_slice_counts_where_myocardium_surrounds_half_of_the_blood() -> None:
    labels, volume = heart(open_slices=2)
    assert base_is_first(tally_of(labels, volume)) is True
    found = measure(labels, volume, Reading(base=Base.SCMR))
    out = {(label, t, z) for label in (LV, MYO) for t in range(FRAMES) for z in (0, 1)}
    assert found.left_out == out
    assert found.lv_ml == measure(labels, volume, Reading().without(out)).lv_ml

    upside_down = LabelMap(labels.array[:, ::-1].copy(), labels.geometry)
    turned = measure(upside_down, volume, Reading(base=Base.SCMR))
    assert turned.left_out == {(label, t, SLICES - 1 - z) for label, t, z in out}


def test_only_the_base_is_judged_and_only_where_there_is_a_wall() -> None:
    labels, volume = heart(open_slices=0)
    array = labels.array.copy()
    ring_only = array[:, 3]
    ring_only[ring_only == MYO] = 0
    assert not measure(LabelMap(array, labels.geometry), volume, Reading(base=Base.SCMR)).left_out
    array[array == MYO] = 0
    assert not measure(LabelMap(array, labels.geometry), volume, Reading(base=Base.SCMR)).left_out


def test_the_share_of_the_circumference_is_counted_in_mm() -> None:
    plane = np.zeros((5, 6), np.uint8)
    plane[2, 2:4] = LV
    plane[1, 2:4] = MYO
    plane[2, 3 + 1] = MYO
    # Edges along x: 2 above, 2 below, of 2 mm; along y: 1 left, 1 right, of 1 mm.
    assert enclosure(plane, 2.0, 1.0) == pytest.approx((2 * 2 + 1) / (4 * 2 + 2))
    island = np.zeros((9, 9), np.uint8)
    island[2:7, 2:7] = LV
    island[4, 4] = MYO
    assert enclosure(island, 1.0, 1.0) == 0.0  # a papillary muscle is not around the blood


def test_papillary_muscles_count_as_the_reader_wants() -> None:
    labels, volume = heart(open_slices=0)
    array, grey = labels.array.copy(), volume.array.copy()
    array[0, 0, 17:19, 20:22] = MYO  # drawn as myocardium, within the cavity
    grey[0, 0, 22:25, 20:22] = 110  # dark, but labelled as cavity
    drawn = replace(volume, array=grey)
    tally = tally_of(LabelMap(array, labels.geometry), drawn)
    lv, myo, _ = tally.by(Papillary.LABELLED)[0, 0]
    assert tuple(tally.by(Papillary.CAVITY)[0, 0]) == (lv + 4, myo - 4, 0)
    assert tuple(tally.by(Papillary.MYOCARDIUM)[0, 0]) == (lv - 6, myo + 6, 0)
    as_muscle = measure(LabelMap(array, labels.geometry), drawn, Reading(papillary=Papillary.MYOCARDIUM))
    assert as_muscle.lv_ml[0] == pytest.approx(tally.by(Papillary.MYOCARDIUM)[0, :, 0].sum() * 0.01)
    assert not as_muscle.reading.papillary_in_cavity


def test_the_hull_leaves_the_other_ventricle_and_a_round_cavity_alone() -> None:
    labels, volume = heart(open_slices=0)
    tally = tally_of(labels, volume)
    assert np.array_equal(tally.by(Papillary.CAVITY), tally.by(Papillary.LABELLED))
    array = labels.array.copy()
    array[0, 0, :20, 20][array[0, 0, :20, 20] == LV] = RV
    bent = tally_of(LabelMap(array, labels.geometry), volume)
    assert np.array_equal(bent.by(Papillary.CAVITY)[..., 2], bent.by(Papillary.LABELLED)[..., 2])


def test_one_slice_is_counted_anew_as_if_all_were() -> None:
    labels, volume = heart()
    tally = tally_of(labels, volume)
    array = labels.array.copy()
    array[2, 3] = 0
    ring(array[2, 3], 9, wall=0.4)
    again = recounted(tally, {(2, 3): array[2, 3]}, volume)
    whole = tally_of(LabelMap(array, labels.geometry), volume)
    assert np.array_equal(again.voxels, whole.voxels)
    assert np.array_equal(again.enclosed, whole.enclosed, equal_nan=True)
    assert np.array_equal(tally.voxels, tally_of(labels, volume).voxels)


def test_of_two_phases_alone_nothing_is_overtaken() -> None:
    labels, volume = heart()
    pair = Volume(volume.array[:2], volume.geometry, volume.source, phase_names=("ES", "ED"))
    found: Function = measure(LabelMap(labels.array[:2], labels.geometry), pair)
    assert not overtaken(found, pair, tally_of(LabelMap(labels.array[:2], labels.geometry), pair))
