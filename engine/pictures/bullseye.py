"""The bullseye of the 17 segments as shapes and colours, for whatever draws it: a window or a page. No Qt.

Shapes lie in the unit disc, x to the right and y up, the anterior wall at the top and the septum at the left, as a
reader looks at it from the apex (Cerqueira MD et al., Circulation 2002;105:539).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.pictures.render import Colour

UNKNOWN: Colour = (84, 88, 94)
"""Of a segment without a value."""
_RINGS = ((1.0, 0.72), (0.72, 0.44), (0.44, 0.18))
_POINTS = 24
# Five colours of viridis: brightness rises evenly, so that people with colour-blindness, and readers of a grey print,
# see the same order.
_SCALE = np.array([(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One segment. outline: (N, 2) closed polygon, first point not repeated. label_at: where its number stands."""

    segment: int
    outline: NDArray[np.float64]
    label_at: tuple[float, float]


def _wedge(segment: int, outer: float, inner: float, start: float, end: float) -> Cell:
    """From start to end degrees, against the clock from the right."""
    out = np.radians(np.linspace(start, end, _POINTS))
    back = out[::-1]
    outline = np.concatenate(
        [
            outer * np.stack([np.cos(out), np.sin(out)], axis=1),
            inner * np.stack([np.cos(back), np.sin(back)], axis=1),
        ]
    )
    middle, radius = math.radians((start + end) / 2), (outer + inner) / 2
    return Cell(segment, outline, (radius * math.cos(middle), radius * math.sin(middle)))


def _cells() -> tuple[Cell, ...]:
    cells = [
        _wedge(6 * ring + i + 1, outer, inner, 60 + 60 * i, 120 + 60 * i)
        for ring, (outer, inner) in enumerate(_RINGS[:2])
        for i in range(6)
    ]
    cells += [_wedge(13 + i, *_RINGS[2], 45 + 90 * i, 135 + 90 * i) for i in range(4)]
    turn = np.radians(np.arange(0, 360, 15))
    cells.append(Cell(17, _RINGS[2][1] * np.stack([np.cos(turn), np.sin(turn)], axis=1), (0.0, 0.0)))
    return tuple(cells)


CELLS: tuple[Cell, ...] = _cells()


def segment_at(x: float, y: float) -> int | None:
    """The segment at a point of the disc; None beside it."""
    radius, degrees = math.hypot(x, y), math.degrees(math.atan2(y, x)) % 360
    if radius > 1:
        return None
    ring = next((i for i, (_, inner) in enumerate(_RINGS) if radius >= inner), 3)
    if ring == 3:
        return 17
    if ring == 2:
        return 13 + int(((degrees - 45) % 360) // 90)
    return 6 * ring + 1 + int(((degrees - 60) % 360) // 60)


def scale_of(values: Sequence[float | None], least_span: float) -> tuple[float, float]:
    """(low, high) of a scale that holds the values, from 0 unless some are below; at least so wide."""
    known = [value for value in values if value is not None]
    low = min([0.0, *known])
    return low, max([low + least_span, *known])


def colour_of(value: float | None, scale: tuple[float, float]) -> Colour:
    """The colour of a value on a scale (low, high); grey without one."""
    if value is None:
        return UNKNOWN
    low, high = scale
    at = min(max((value - low) / max(high - low, 1e-9), 0.0), 1.0) * (len(_SCALE) - 1)
    below = min(int(at), len(_SCALE) - 2)
    mixed = _SCALE[below] + (at - below) * (_SCALE[below + 1] - _SCALE[below])
    red, green, blue = (round(float(part)) for part in mixed)
    return red, green, blue


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever is read better on a colour."""
    red, green, blue = colour
    return (16, 18, 22) if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else (255, 255, 255)
