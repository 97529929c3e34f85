"""flags: what is odd on a slice, in a frame or in the whole scan is flagged with its reason, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.measures.flags import FLAGGED, Flag, Where, find_flags, likeness, scores, stops_of
from engine.measures.function import measure
from engine.measures.topology import Topology, topology_of, with_plane
from engine.volume import LV, MYO, RV, Confidence, Geometry, LabelMap, Source, Volume

SLICES = 6


def heart(radius: float, rv: float | None = None) -> np.ndarray:
    """(64, 64): a cavity in a ring of myocardium, and a crescent beside it."""
    y, x = np.mgrid[:64, :64]
    from_lv, from_rv = np.hypot(y - 32, x - 36), np.hypot(y - 32, x - 24)
    labels = np.zeros((64, 64), dtype=np.uint8)
    labels[from_rv < (radius + 2 if rv is None else rv)] = RV
    labels[from_lv < radius + 4] = MYO
    labels[from_lv < radius] = LV
    return labels


def stack(radii: list[float]) -> np.ndarray:
    """(1, Z, 64, 64), largest first."""
    return np.stack([heart(radius) for radius in radii])[None]


SOUND = [14.0, 13.0, 12.0, 11.0, 10.0, 9.0]


def sure(shape: tuple[int, ...], soft: float = 0.97) -> Confidence:
    return Confidence(np.full((*shape[:2], 3), soft, np.float32), np.full((*shape[:2], 3), 500, np.float32))


def scan(labels: np.ndarray) -> Volume:
    geometry = Geometry(np.diag([1.5, 1.5, 10.0, 1.0]), labels.shape[1:])
    return Volume(labels.astype(np.int16), geometry, Source("nifti", (), "made"))


def flags_of(labels: np.ndarray, confidence: Confidence | None = None, **more: object) -> tuple[Flag, ...]:
    volume = scan(labels)
    function = measure(LabelMap(labels, volume.geometry), volume)
    return find_flags(topology_of(labels), volume, function, confidence=confidence or sure(labels.shape), **more)


def reason(flags: tuple[Flag, ...], where: Where) -> str:
    return " ".join(next((flag.reasons for flag in flags if flag.where == where), ()))


def test_a_sound_heart_has_no_flag() -> None:
    assert flags_of(stack(SOUND)) == ()


@pytest.mark.parametrize("structure", ["lv", "myo", "rv"])
def test_an_unsure_network_is_a_reason_until_the_slice_is_drawn_by_hand(structure: str) -> None:
    labels = stack(SOUND)
    confidence = sure(labels.shape)
    soft = confidence.soft_dice.copy()
    soft[0, 2, ["lv", "myo", "rv"].index(structure)] = 0.62
    confidence = replace(confidence, soft_dice=soft)
    (flag,) = flags_of(labels, confidence)
    assert flag.where == Where(structure, 0, 2)
    assert "soft Dice 0.62" in flag.reasons[0]
    assert flag.score > FLAGGED
    assert flags_of(labels, confidence, corrected=[(0, 2)]) == ()


def test_a_gap_pieces_holes_and_an_open_ring_stay_flagged_when_drawn_by_hand() -> None:
    labels = stack(SOUND)
    labels[0, 1][labels[0, 1] == RV] = 0
    labels[0, 2, 2:6, 2:6] = RV
    labels[0, 3, 30:34, 34:38] = 0
    ring = (labels[0, 4] == MYO) & (np.mgrid[:64, :64][1] > 34)
    labels[0, 4][ring] = 0
    flags = flags_of(labels, corrected=[(0, 1), (0, 2), (0, 3), (0, 4)])
    assert "pieces" in reason(flags, Where("rv", 0, 2))
    assert "hole of 16 pixels" in reason(flags, Where("lv", 0, 3))
    assert "Myocardium surrounds only" in reason(flags, Where("lv", 0, 4))
    # What was taken away by hand is no longer the network's to doubt, unless the slices are unlike their neighbours.
    assert reason(flags, Where("rv", 0, 1)) == ""
    assert "on both sides" in reason(flags_of(labels), Where("rv", 0, 1))


def test_an_area_unlike_both_neighbours_and_precisions_that_differ() -> None:
    flags = flags_of(stack([14, 13, 5, 12, 11, 10]))
    assert "differs much from the slices" in reason(flags, Where("lv", 0, 2))
    dice = np.full((1, SLICES, 3), np.nan)
    dice[0, 3, 2] = 0.5
    assert "Dice 0.50" in reason(flags_of(stack(SOUND), precisions=dice), Where("rv", 0, 3))


def test_a_cavity_that_the_network_nearly_found_beside_the_last_one() -> None:
    labels = stack(SOUND)
    labels[0, 5] = 0
    confidence = sure(labels.shape)
    assert "nearly found" in reason(flags_of(labels, confidence), Where("lv", 0, 5))
    confidence.expected_mm2[0, 5] = 1
    assert reason(flags_of(labels, confidence), Where("lv", 0, 5)) == ""


def test_frames_of_a_cine_that_leap() -> None:
    beat = 1 + 0.12 * np.cos(np.linspace(0, 2 * np.pi, 16, endpoint=False))
    labels = np.concatenate([stack([radius * factor for radius in SOUND]) for factor in beat])
    assert all(flag.where.frame_index is None for flag in flags_of(labels))
    labels[5, 2][labels[5, 2] == LV] = MYO
    labels[9] = stack(SOUND)[0] * (stack(SOUND)[0] == MYO)
    flags = flags_of(labels)
    assert "missing in this frame only" in reason(flags, Where("lv", 5, 2))
    assert "leaps" in reason(flags, Where("rv", 9, None))


def test_end_diastole_and_end_systole_come_first_after_the_whole_scan() -> None:
    labels = np.concatenate([stack([r * f for r in SOUND]) for f in [1.2, *[1.1, 1.0, 0.9, 0.8, 0.9, 1.0] * 2]])
    confidence = sure(labels.shape)
    confidence.soft_dice[0, 2, 0] = 0.8
    confidence.soft_dice[2, 2, 0] = 0.5
    flags = flags_of(labels, confidence)
    frames = [flag.where.frame_index for flag in flags if "unsure" in flag.reasons[0]]
    assert frames == [0, 2]


def test_stroke_volumes_that_differ_and_a_scan_unlike_the_training_data() -> None:
    big = np.stack([heart(14, rv=16)] * SLICES)
    small = np.stack([heart(7, rv=15.5)] * SLICES)
    flags = flags_of(np.stack([big, small]))
    assert "The LV stroke volume exceeds that of the RV" in reason(flags, Where("", None, None))
    labels = stack(SOUND)
    unlike = sure(labels.shape, 0.8)
    assert likeness(topology_of(labels), unlike) == pytest.approx(0.64)
    assert flags_of(labels, unlike)[0].reasons[0].startswith("This scan is unlike")
    nothing = np.zeros_like(labels)
    assert likeness(topology_of(nothing), sure(labels.shape)) == 0
    assert flags_of(nothing)[0].where == Where("", None, None)


def test_scores_are_those_of_the_flags() -> None:
    labels = stack(SOUND)
    confidence = sure(labels.shape)
    confidence.soft_dice[0, 2, 1] = 0.5
    (flag,) = flags_of(labels, confidence)
    found = scores(topology_of(labels), scan(labels), confidence)
    assert found[0, 2, 1] == pytest.approx(flag.score, abs=0.06)
    assert np.count_nonzero(found >= FLAGGED) == 1


def test_topology_of_one_slice_replaces_the_one_before() -> None:
    labels = stack(SOUND)
    changed = labels.copy()
    changed[0, 3] = heart(4)
    fresh = with_plane(topology_of(labels), 0, 3, changed[0, 3])
    expected: Topology = topology_of(changed)
    for name in ("areas", "parts", "holes", "open_share"):
        np.testing.assert_array_equal(getattr(fresh, name), getattr(expected, name))


def test_flags_join_to_places_to_go_to() -> None:
    def flag(structure: str, frame: int | None, index: int | None, score: float) -> Flag:
        return Flag(Where(structure, frame, index), score, (f"{structure} {frame} {index}",))

    flags = [
        flag("", None, None, 5), flag("lv", 0, 3, 4), flag("rv", 0, 3, 9), flag("lv", 4, 3, 6), flag("lv", 5, 3, 8),
        flag("rv", 5, 3, 4), flag("lv", 7, 3, 5), flag("lv", 8, None, 4),
    ]  # fmt: skip
    found = stops_of(flags, {0, 8})
    assert [(s.frame_index, s.slice_index, s.score, s.frames) for s in found] == [
        (None, None, 5, ()), (0, 3, 9, (0,)), (8, None, 4, (8,)), (5, 3, 8, (4, 5)), (7, 3, 5, (7,)),
    ]  # fmt: skip
    assert found[1].reasons == ("rv 0 3", "lv 0 3")
    assert Where("rv", 5, 3) in found[3].wheres


def test_frames_that_a_mask_does_not_cover_are_not_compared_with() -> None:
    labels = np.concatenate([stack(SOUND) if t in (0, 7) else np.zeros_like(stack(SOUND)) for t in range(14)])
    said = " ".join(reason for flag in flags_of(labels) for reason in flag.reasons)
    assert "in this frame" not in said
