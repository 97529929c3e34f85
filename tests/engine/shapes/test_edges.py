"""The brush that stops at edges, where there is none to stop at."""

from __future__ import annotations

import numpy as np

from engine.shapes.edges import within_edges
from engine.volume import LV, MYO, RV


def test_a_wide_stroke_stays_with_the_outline_where_no_edge_parts_the_tissues() -> None:
    """Beyond the wall lies tissue of the same grey, as the liver may be; the stroke's middle runs 3 mm beyond."""
    y, x = np.mgrid[:96, :96]
    far, turn = np.hypot(y - 48, x - 48), np.arctan2(y - 48, x - 48)
    whole = np.where(far < 30, MYO, 0).astype(np.uint8)
    whole[far < 20] = LV
    image = np.where(far < 20, 200, 80) + np.random.default_rng(0).normal(0, 6, far.shape)
    under = np.abs(turn) < 0.5
    before = np.where(under & (far >= 27) & (far < 30), 0, whole).astype(np.uint8)
    trace = under & (np.abs(far - 33) < 6)
    found = within_edges(image, before, MYO, trace, (1.0, 1.0)) & (before != MYO)
    assert np.count_nonzero(found & (whole == 0)) <= 0.1 * np.count_nonzero(found)
    missing = (before == 0) & (whole == MYO)
    assert np.count_nonzero(found & missing) > 0.4 * np.count_nonzero(missing)
    # The right ventricle is not round: nothing is foretold of it.
    blob = np.where(whole > 0, RV, 0).astype(np.uint8)
    grey = np.where(far < 30, 200, 80) + np.random.default_rng(0).normal(0, 6, far.shape)
    grown = within_edges(grey, np.where(before > 0, blob, 0).astype(np.uint8), RV, trace, (1.0, 1.0))
    assert np.count_nonzero(grown & (whole == 0)) <= 0.2 * np.count_nonzero(grown)
