"""Lengths, angles, areas and means on the image, checked by hand; what is saved is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from app_fixtures import volume

from app.state import annotations as notes
from app.state.annotations import Annotation, AnnotationKind, AnnotationState
from app.state.case_content import choices_from, choices_of, is_unsaved, with_choices
from app.state.changes import evolve, opened
from app.state.types import AppState
from engine.volume import Known, Volume


def one(measure: AnnotationKind, *points: tuple[float, float], number: int = 1) -> Annotation:
    return Annotation(number, measure, (0, 1), points)


@pytest.fixture(name="scan")
def scan_fixture() -> Volume:
    """2 × 1 mm."""
    return volume()


def test_a_length_is_in_millimetres(scan: Volume) -> None:
    assert scan.geometry.spacing_mm[:2] == (2.0, 1.0)
    assert notes.measured(one(AnnotationKind.LENGTH, (1, 1), (4, 9)), scan).length == pytest.approx(10.0)


def test_without_a_spacing_it_is_in_voxels(scan: Volume) -> None:
    unknown = replace(scan, geometry=replace(scan.geometry, spacing=Known.ASSUMED))
    found = notes.measured(one(AnnotationKind.LENGTH, (1, 1), (4, 5)), unknown)
    assert (found.length, found.units_known) == (5.0, False)


@pytest.mark.parametrize(("end", "degrees"), [((10, 20), 90), ((5, 10), 180), ((15, 20), 45)])
def test_an_angle_is_that_of_the_patient_not_of_the_voxels(scan: Volume, end: tuple[int, int], degrees: float) -> None:
    """Voxels of 2 × 1 mm: five columns to the right are as long as ten rows down."""
    found = notes.measured(one(AnnotationKind.ANGLE, (15, 10), (10, 10), end), scan)
    assert found.degrees == pytest.approx(degrees)


def test_an_area_and_the_grey_values_within(scan: Volume) -> None:
    found = notes.measured(one(AnnotationKind.AREA, (5, 5), (15, 5), (15, 25), (5, 25)), scan)
    values = scan.array[0, 1, 5:25, 5:15].astype(float)
    assert found.area == pytest.approx(10 * 2 * 20 * 1 / 100)
    assert found.mean == pytest.approx(values.mean())
    assert found.deviation == pytest.approx(values.std(ddof=1))


def test_a_circle_is_round_in_millimetres(scan: Volume) -> None:
    circle = one(AnnotationKind.CIRCLE, (20, 20), (24, 20))
    assert notes.measured(circle, scan).area == pytest.approx(np.pi * 64 / 100, rel=0.01)
    far = {round(float(np.hypot((x - 20) * 2, y - 20)), 6) for x, y in notes.outline(circle, scan)}
    assert far == {8.0}
    assert notes.with_point(circle, 0, (22, 20)).points == ((22, 20), (26, 20))


def test_what_the_mouse_takes_hold_of(scan: Volume) -> None:
    first, second = one(AnnotationKind.LENGTH, (5, 5), (15, 5)), one(AnnotationKind.LENGTH, (5, 6), (15, 20), number=2)
    held = notes.hold_at((first, second), scan, (5, 5.8), (1, 2))
    assert held is not None and (held.annotation.number, held.index) == (2, 0)
    held = notes.hold_at((first, second), scan, (10, 5), (1, 1))
    assert held is not None and (held.annotation.number, held.index) == (1, None)
    assert notes.hold_at((first, second), scan, (10, 30), (1, 1)) is None


def test_a_slice_shows_its_own_and_what_is_being_drawn() -> None:
    kept, drawn = one(AnnotationKind.LENGTH, (5, 5), (15, 5)), one(AnnotationKind.LENGTH, (5, 5), (25, 5))
    state = AnnotationState((kept,), annotating=drawn)
    assert notes.shown_at(state, (0, 1)) == (drawn,)
    assert notes.shown_at(state, (1, 1)) == ()
    assert not notes.is_there(one(AnnotationKind.LENGTH, (5, 5), (5.2, 5)))


def test_what_is_saved_is_read() -> None:
    saved = (one(AnnotationKind.LENGTH, (1.5, 2), (3, 4)), one(AnnotationKind.AREA, (0, 0), (5, 0), (5, 5), number=2))
    assert notes.from_json(notes.to_json(saved), 6, 4) == saved


@pytest.mark.parametrize(
    "changes",
    [
        {"measure": "volume"},
        {"frame_index": 6},
        {"slice_index": True},
        {"points": [[1, 2]]},
        {"points": [[1, 2], [float("nan"), 1]]},
        {"points": "none"},
    ],
)
def test_what_is_damaged_is_refused(changes: dict[str, object]) -> None:
    entry = notes.to_json([one(AnnotationKind.LENGTH, (1, 2), (3, 4))])[0]
    with pytest.raises(ValueError, match="annotation 1"):
        notes.from_json([{**entry, **changes}], 6, 4)
    with pytest.raises(ValueError, match="list"):
        notes.from_json({}, 6, 4)


def test_they_come_back_with_the_case(scan: Volume) -> None:
    state = evolve(opened(AppState(), scan), annotations=(one(AnnotationKind.LENGTH, (1.5, 2), (3, 4)),))
    assert is_unsaved(state)
    back = with_choices(opened(AppState(), scan), choices_from(choices_of(state), scan.frames, scan.slices))
    assert back.annotation.annotations == state.annotation.annotations
    assert opened(state, scan).annotation.annotations == ()
