"""Commands on the contours of whole slices, and what is carried through the cine, in a window's session."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from app_fixtures import model_fixture, session_fixture, settle, volume  # noqa: F401

from app.session.propagating import by_hand
from app.session.session import Session
from app.state import editing
from app.state.queries import correction_of
from engine.volume import LV, RV


@pytest.fixture(name="correcting")
def correcting_fixture(qtbot: Any, session: Session) -> Session:
    session.opening.open_volume(volume())
    settle(qtbot, session)
    session.correcting.start()
    session.update(frame_index=0, slice_index=1)
    return session


def plane(session: Session, frame: int, index: int) -> np.ndarray:
    correction = correction_of(session.state)
    assert correction is not None
    return editing.plane_of(correction, (frame, index))


def corrected(session: Session) -> list[tuple[int, int]]:
    correction = correction_of(session.state)
    assert correction is not None
    return list(correction.slices)


def dab(session: Session, x: float = 6.0, y: float = 4.0) -> None:
    session.correcting.start_stroke(session.state.view.frame_index, x, y)
    session.correcting.end_stroke()


def said(session: Session) -> str:
    return session.state.message.text if session.state.message is not None else ""


def test_contours_are_copied_to_the_next_slice_and_frame(correcting: Session) -> None:
    dab(correcting)
    correcting.contours.copy_to(0, 1)
    assert correcting.state.view.slice_index == 2
    assert np.array_equal(plane(correcting, 0, 2), plane(correcting, 0, 1))
    correcting.contours.copy_to(-1, 0)  # frames go round
    assert correcting.state.view.frame_index == 5
    assert np.array_equal(plane(correcting, 5, 2), plane(correcting, 0, 1))
    correcting.undoing.undo()
    assert (5, 2) not in corrected(correcting)


def test_at_the_last_slice_it_says_why_not(correcting: Session) -> None:
    correcting.update(slice_index=3)
    correcting.contours.copy_to(0, 1)
    assert said(correcting) == "There is no slice or frame beyond this."
    assert not corrected(correcting)


def test_slices_in_between_are_interpolated_in_one_step(correcting: Session) -> None:
    correcting.contours.interpolate_slices()
    assert said(correcting).startswith("Correct two slices")
    for index in (0, 3):
        correcting.update(slice_index=index)
        dab(correcting)
    correcting.contours.interpolate_slices()
    assert corrected(correcting) == [(0, 0), (0, 1), (0, 2), (0, 3)]
    correcting.undoing.undo()
    assert corrected(correcting) == [(0, 0), (0, 3)]


def test_frames_in_between_are_interpolated(correcting: Session) -> None:
    for frame in (0, 3):
        correcting.update(frame_index=frame)
        dab(correcting)
    correcting.contours.interpolate_frames()
    assert {(1, 1), (2, 1)} <= set(corrected(correcting))


def test_the_structure_or_all_are_cleared(correcting: Session) -> None:
    correcting.correcting.choose_structure(LV)
    correcting.contours.clear()
    assert not (plane(correcting, 0, 1) == LV).any() and plane(correcting, 0, 1).any()
    correcting.contours.clear(all_structures=True)
    assert not plane(correcting, 0, 1).any()
    correcting.contours.restore_slice()
    assert not corrected(correcting)


def test_holes_are_filled_and_outlines_smoothed(correcting: Session) -> None:
    before = plane(correcting, 0, 1).copy()
    ys, xs = np.nonzero(before == RV)
    correcting.correcting.choose_structure(RV)
    correcting.correcting.start_stroke(0, float(xs.mean() + 0.5) * 2.0, float(ys.mean() + 0.5), other_tool=True)
    correcting.correcting.end_stroke()
    correcting.contours.fill()
    correcting.contours.smooth()
    assert len(corrected(correcting)) <= 1


def test_while_nothing_is_corrected_it_says_how_to_start(correcting: Session) -> None:
    correcting.correcting.stop()
    correcting.contours.clear()
    assert said(correcting) == "Start correcting first (E)."


def test_a_correction_is_carried_through_the_cine_in_one_step(qtbot: Any, correcting: Session) -> None:
    correcting.propagating.propagate()
    assert said(correcting) == "Correct a slice of this frame first."
    correcting.update(frame_index=2)
    dab(correcting)
    by_reader = plane(correcting, 2, 1).copy()
    correcting.update(frame_index=0)
    correcting.correcting.choose_structure(LV)
    correcting.contours.clear()
    correcting.propagating.propagate()
    settle(qtbot, correcting)
    for frame in (1, 3, 4, 5):
        assert not (plane(correcting, frame, 1) == LV).any()
    assert np.array_equal(plane(correcting, 2, 1), by_reader)
    correction = correction_of(correcting.state)
    assert correction is not None and by_hand(correction) == {(2, 1), (0, 1)}
    correcting.undoing.undo()
    assert corrected(correcting) == [(0, 1), (2, 1)]
