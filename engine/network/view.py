"""Which view of the heart a scan shows, from its geometry."""

from __future__ import annotations

import numpy as np

from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS
from engine.volume import Geometry, Known

# A four-chamber plane holds the heart's long axis and lies across it nearly level, so that its normal points up and
# back or forth, and little to the side; those of the two- and three-chamber views and of the short axis point to the
# side. Of 182 four-chamber planes (M&Ms-2: Siemens, Philips, GE) the largest part to the side is 0.44 and the smallest
# up 0.42 and back or forth 0.13; of two short-axis stacks (Sunnybrook) the part to the side is 0.63 and 0.67.
_MOST_TO_THE_SIDE = 0.5
_LEAST_UP = 0.35
# A transverse plane, as localisers have, points straight up.
_LEAST_BACK_OR_FORTH = 0.08
# From apex to base in LPS, as the heart lies in most people, and the least cosine to it of a short axis.
_TO_THE_BASE = np.array([-0.64, 0.65, 0.41])
_NEAR_THE_AXIS = 0.55


def view_of(geometry: Geometry) -> str:
    """The view of model_card.VIEWS that a scan is taken for; "" where its geometry does not say.

    A stack of slices is taken for a short axis. A single slice is a four-chamber view where its plane says so; of
    other planes, and without known directions, nothing is said.
    """
    if geometry.shape[0] > 1:
        return SHORT_AXIS
    if geometry.orientation is Known.ASSUMED:
        return ""
    normal = np.cross(geometry.directions[:, 0], geometry.directions[:, 1])
    side, back_or_forth, up = np.abs(normal)
    level = side <= _MOST_TO_THE_SIDE and up >= _LEAST_UP and back_or_forth >= _LEAST_BACK_OR_FORTH
    return FOUR_CHAMBER if level else ""


def base_first(geometry: Geometry) -> bool | None:
    """Whether the slices of a short axis go from base to apex; None where their directions do not say."""
    if geometry.shape[0] < 2 or geometry.orientation is Known.ASSUMED:
        return None
    onwards = float(geometry.directions[:, 2] @ _TO_THE_BASE)
    return None if abs(onwards) < _NEAR_THE_AXIS else onwards < 0
