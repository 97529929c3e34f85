"""The outlines as corrected by hand can be compared with a loaded mask, as the model's can."""

import numpy as np
import pytest
from app_fixtures import labels, model_fixture, session_fixture, settle, volume  # noqa: F401

from app.state import editing
from app.state.identity import Same
from app.state.queries import comparison_of, correction_of
from app.state.types import Layout, Mask, Pair
from app.views.agreement_view import AgreementView, table_of
from app.views.panes import Role, pane_of
from engine.measures.comparison import compare


@pytest.fixture(name="corrected")
def corrected_session(session, qtbot):
    """A scan with a corrected slice and a mask."""
    scan = volume()
    session.opening.open_volume(scan)
    settle(qtbot, session)
    session.correcting.start()
    session.correcting.start_stroke(0, 84.0, 19.0)
    session.correcting.draw(0, 90.0, 19.0)
    session.correcting.end_stroke()
    session.correcting.stop()
    session.update(mask=Mask("expert.nii.gz", labels(scan), (0, 3)), layout=Layout.COMPARE, pair=Pair.CORRECTED)
    settle(qtbot, session)
    return session


def test_the_comparison_is_of_the_corrected_labels(corrected):
    state = corrected.state
    correction, found = correction_of(state), comparison_of(state)
    assert correction is not None and correction.planes and found is not None
    expected = compare(editing.whole(correction), state.segmentation.mask.labels, frames=(0, 3))
    assert np.array_equal(found.slice_dice, expected.slice_dice, equal_nan=True)
    assert table_of(state).title == "corrected and mask" and table_of(state).slices


def test_undo_is_followed_and_old_comparisons_go(corrected, qtbot):
    before = comparison_of(corrected.state)
    corrected.undoing.undo()
    corrected.undoing.redo()
    settle(qtbot, corrected)
    after = comparison_of(corrected.state)
    assert after is not None and after is not before
    of_corrections = [key for key in corrected.state.segmentation.comparisons if isinstance(key[0], Same)]
    assert len(of_corrections) == 1


def test_both_sides_are_drawn(corrected):
    first, second = (pane_of(corrected.state, role) for role in (Role.FIRST, Role.SECOND))
    where = (0, corrected.state.view.slice_index)
    assert first.labels.plane is correction_of(corrected.state).planes[where]
    assert first.title == "Corrected" and second.mask is not None


def test_the_choice_is_there_where_something_was_corrected(corrected, qtbot):
    view = AgreementView()
    qtbot.addWidget(view)
    view.apply(corrected.state)
    assert not view.pairs.buttons[str(Pair.CORRECTED)].isHidden()
    corrected.update(corrections={})
    assert corrected.state.view.pair is Pair.MASK
    view.apply(corrected.state)
    assert view.pairs.buttons[str(Pair.CORRECTED)].isHidden()
