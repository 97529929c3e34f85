"""Long-axis cuts: what the reader left out of the numbers is parted from what counts."""

from __future__ import annotations

import numpy as np

from app.state.identity import Same
from app.state.types import Overlay
from app.views.long_axis_view import PlanePicture, _counted_and_not
from engine.volume import LV, MYO, RV

CUT = np.array([[LV, MYO, RV], [LV, MYO, RV]], np.uint8)


def picture(*uncounted: set[int]) -> PlanePicture:
    return PlanePicture(0, (0, 1), False, True, Overlay(), (), Same(None), tuple(map(frozenset, uncounted)))


def test_by_structure_and_slice() -> None:
    (cut, out), *rest = _counted_and_not(CUT, picture(set(), set()))
    assert cut is CUT and not out and not rest
    (without, faint), (counted, plain) = _counted_and_not(CUT, picture({RV}, {LV, MYO, RV}))
    assert (faint, plain) == (True, False)
    assert without.tolist() == [[0, 0, RV], [LV, MYO, RV]]
    assert counted.tolist() == [[LV, MYO, 0], [0, 0, 0]]
