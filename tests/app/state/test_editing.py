"""Strokes into labels, undo and redo, and what a correction keeps: pure functions, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from app_fixtures import FRAMES, SLICES, card, labels, prediction, volume

from app.state import brush, editing
from app.state.brush import Brush
from app.state.editing import Correction
from engine.measures.function import measure
from engine.volume import LV, MYO, RV, LabelMap

HERE = (0, 1)
BRUSH = Brush(LV, radius_mm=3.0)


@pytest.fixture(name="fresh")
def fresh_fixture() -> Correction:
    """A correction of a scan of 2 × 1 × 8 mm in which nothing is corrected yet."""
    scan = volume()
    return editing.begin(scan, prediction(scan, card(), "int8", labels(scan), ()))


def stroke(correction: Correction, *points: tuple[float, float], brush: Brush = BRUSH, where=HERE) -> Correction:
    correction = editing.start(correction, where, brush, *points[0])
    for point in points[1:]:
        correction = editing.draw(correction, *point)
    return editing.ended(correction)


def assert_measured(correction: Correction) -> None:
    """What is counted step by step is what is counted from scratch."""
    assert correction.function == measure(editing.whole(correction), correction.volume)


# -- the brush -------------------------------------------------------------------------------------------------------


def test_the_brush_is_round_in_millimetres() -> None:
    """Voxels of 2 × 1 mm: a circle of 4 mm is 9 rows high and 4 or 5 columns wide."""
    plane = np.zeros((40, 40), dtype=np.uint8)
    brush.paint(plane, (2.0, 1.0), (41.0, 20.5), (41.0, 20.5), Brush(RV, radius_mm=4.0))
    ys, xs = np.nonzero(plane)
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == (16, 24, 18, 22)
    dy, dx = np.mgrid[:40, :40]
    inside = ((dx + 0.5) * 2.0 - 41.0) ** 2 + ((dy + 0.5) - 20.5) ** 2 <= 16.0
    assert np.array_equal(plane == RV, inside)


def test_a_fast_stroke_has_no_gaps() -> None:
    plane = np.zeros((60, 60), dtype=np.uint8)
    brush.paint(plane, (1.0, 1.0), (5.5, 5.5), (50.5, 30.5), Brush(LV, radius_mm=2.0))
    for share in np.linspace(0, 1, 200):
        assert plane[int(5.5 + share * 25), int(5.5 + share * 45)] == LV
    assert not plane[40:, :20].any()


@pytest.mark.parametrize("end", [(5.2, 3.1), (33.0, 12.0), (5.2, 30.0)])
def test_a_brush_smaller_than_a_voxel_leaves_a_line(end: tuple[float, float]) -> None:
    plane = np.zeros((20, 20), dtype=np.uint8)
    brush.paint(plane, (2.0, 2.0), (5.2, 3.1), end, Brush(LV, radius_mm=0.1))
    assert plane[1, 2] == LV and plane[int(end[1] / 2), int(end[0] / 2)] == LV
    ys, xs = np.nonzero(plane)
    assert np.abs(np.diff(np.sort(xs))).max(initial=0) <= 1 and np.abs(np.diff(np.sort(ys))).max(initial=0) <= 1


def test_a_stroke_beyond_the_edge_paints_what_is_in_the_image() -> None:
    plane = np.zeros((10, 10), dtype=np.uint8)
    brush.paint(plane, (1.0, 1.0), (-50.0, 5.0), (2.0, 5.0), Brush(LV, radius_mm=1.5))
    assert plane[5, 0] == LV and not plane[:, 5:].any()
    brush.paint(plane, (1.0, 1.0), (-50.0, -50.0), (-40.0, -40.0), Brush(RV, radius_mm=3.0))
    assert not (plane == RV).any()


def test_the_eraser_takes_one_structure_away() -> None:
    plane = np.full((10, 10), MYO, dtype=np.uint8)
    plane[:, 5:] = LV
    brush.paint(plane, (1.0, 1.0), (5.0, 5.0), (5.0, 5.0), Brush(LV, erase=True, radius_mm=3.0))
    assert (plane[:, :5] == MYO).all() and not plane[5, 5]


def test_the_brush_has_sizes_with_two_ends() -> None:
    assert Brush(radius_mm=4.0).sized(1).radius_mm == 5.0
    assert Brush(radius_mm=4.0).sized(-1).radius_mm == 3.0
    assert Brush(radius_mm=brush.RADII_MM[0]).sized(-1).radius_mm == brush.RADII_MM[0]
    assert Brush(radius_mm=brush.RADII_MM[-1]).sized(1).radius_mm == brush.RADII_MM[-1]


# -- strokes and steps -----------------------------------------------------------------------------------------------


def test_a_stroke_corrects_one_slice_and_leaves_the_models_labels(fresh: Correction) -> None:
    before = fresh.base.labels.array.copy()
    done = stroke(fresh, (10.0, 5.0), (30.0, 5.0))
    assert done.slices == (HERE,) and done.unsaved
    assert np.array_equal(fresh.base.labels.array, before) and not fresh.planes
    whole = editing.whole(done).array
    assert (whole[HERE][4:6, 5:15] == LV).all()
    others = np.ones((FRAMES, SLICES), dtype=bool)
    others[HERE] = False
    assert np.array_equal(whole[others], before[others])
    assert_measured(done)


def test_planes_cannot_be_written_to(fresh: Correction) -> None:
    with pytest.raises(ValueError, match="read-only"):
        stroke(fresh, (10.0, 5.0)).planes[HERE][0, 0] = 1


def test_a_stroke_that_changes_nothing_is_no_step(fresh: Correction) -> None:
    done = stroke(fresh, (60.0, 20.0), brush=Brush(LV, radius_mm=1.0))  # within the LV
    assert not done.planes and not done.done and not done.unsaved


def test_undo_and_redo_bring_back_each_step(fresh: Correction) -> None:
    steps = [fresh]
    for i in range(6):
        brush = Brush((LV, MYO, RV)[i % 3], erase=i == 4, radius_mm=4.0)
        steps.append(stroke(steps[-1], (10.0 + 9 * i, 5.0), (70.0, 30.0 - i), brush=brush, where=(i % 2, i % 3)))
    there = [editing.whole(step).array for step in steps]
    back = steps[-1]
    for expected in reversed(there[:-1]):
        back = editing.undo(back)
        assert np.array_equal(editing.whole(back).array, expected)
        assert_measured(back)
    assert not back.planes and not back.unsaved and editing.undo(back) is back
    for expected in there[1:]:
        back = editing.redo(back)
        assert np.array_equal(editing.whole(back).array, expected)
        assert_measured(back)
    assert editing.redo(back) is back


def test_a_new_step_ends_redo(fresh: Correction) -> None:
    undone = editing.undo(stroke(fresh, (10.0, 5.0)))
    assert undone.undone
    assert not stroke(undone, (20.0, 5.0)).undone


def test_a_stroke_in_progress_is_dropped_or_ended(fresh: Correction) -> None:
    begun = editing.draw(editing.start(fresh, HERE, BRUSH, 10.0, 5.0), 30.0, 5.0)
    assert begun.stroke is not None and HERE in begun.planes
    dropped = editing.dropped(begun)
    assert dropped.stroke is None and not dropped.planes and not dropped.done
    # Undo while the button is held takes back what is being drawn.
    assert not editing.undo(begun).planes
    again = editing.start(begun, (1, 1), BRUSH, 10.0, 5.0)
    assert again.done[0].where == HERE and again.stroke is not None
    assert editing.draw(fresh, 1.0, 1.0) is fresh


def test_a_slice_is_taken_back_in_one_step(fresh: Correction) -> None:
    done = stroke(stroke(fresh, (10.0, 5.0)), (80.0, 30.0))
    back = editing.restored(done, HERE)
    assert not back.planes and len(back.done) == 3
    assert np.array_equal(editing.whole(editing.undo(back)).array, editing.whole(done).array)


def test_contours_of_another_slice_are_copied(fresh: Correction) -> None:
    done = stroke(fresh, (10.0, 5.0))
    copied = editing.copied(done, HERE, (0, 2))
    assert np.array_equal(copied.planes[0, 2], done.planes[HERE])
    assert_measured(copied)


def test_history_is_bounded(fresh: Correction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "MAX_STEPS", 5)
    done = fresh
    for i in range(8):
        done = stroke(done, (4.0 + 10 * i, 3.0), brush=Brush(RV, radius_mm=1.0))
    assert len(done.done) == 5
    monkeypatch.setattr(editing, "MAX_HISTORY_BYTES", 10)
    assert len(stroke(done, (90.0, 35.0)).done) == 1


def test_history_keeps_boxes_not_slices(fresh: Correction) -> None:
    [change] = stroke(fresh, (10.0, 5.0), brush=Brush(LV, radius_mm=2.0)).done
    assert change.size_bytes <= 2 * 5 * 3


# -- keeping ---------------------------------------------------------------------------------------------------------


def test_saved_is_what_was_written(fresh: Correction) -> None:
    done = stroke(fresh, (10.0, 5.0))
    saved = editing.marked_saved(done, done.planes)
    assert not saved.unsaved
    more = stroke(saved, (80.0, 30.0))
    assert more.unsaved and not editing.undo(more).unsaved


def test_a_packed_correction_is_small_and_comes_back(fresh: Correction) -> None:
    done = stroke(fresh, (10.0, 5.0))
    expected = editing.whole(done).array
    packed = editing.packed(done)
    assert len(packed.packed) < expected.nbytes / 20
    assert not packed.base.labels.array.any() and not packed.volume.array.any()
    assert np.array_equal(editing.whole(packed).array, expected)
    wider = done.volume.with_spacing(4.0, 1.0, 8.0)
    back = editing.unpacked(packed, wider)
    assert back.volume is wider and not back.packed
    assert np.array_equal(editing.whole(back).array, expected)
    assert back.function.lv_ml == pytest.approx([2 * ml for ml in done.function.lv_ml])
    assert np.array_equal(editing.whole(editing.undo(back)).array, done.base.labels.array)


def test_a_stroke_is_ended_before_it_is_packed(fresh: Correction) -> None:
    packed = editing.packed(editing.start(fresh, HERE, BRUSH, 10.0, 5.0))
    assert packed.stroke is None and packed.done and packed.unsaved


def test_a_digest_names_voxels_not_files() -> None:
    one, same, other = volume(name="one"), volume(name="two"), volume(3)
    assert editing.digest(one) == editing.digest(same) != editing.digest(other)
    changed = one.array.copy()
    changed[0, 0, 0, 0] += 1
    assert editing.digest(replace(one, array=changed)) != editing.digest(one)


def test_without_labels_there_is_nothing_to_measure() -> None:
    scan = volume()
    none = LabelMap(np.zeros(scan.array.shape, dtype=np.uint8), scan.geometry)
    correction = editing.begin(scan, prediction(scan, card(), "int8", none, ()))
    assert_measured(correction)
    assert_measured(stroke(correction, (10.0, 5.0)))
