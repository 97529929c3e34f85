"""The tool that corrects contours: which one, its size, and what a brush paints into a slice. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.volume import LV

Plane = NDArray[np.uint8]

RADII_MM = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0)


class Tool(StrEnum):
    """What a drag over the image does to the labels."""

    BRUSH = "brush"
    """Paints a structure, or erases it."""
    FREEHAND = "freehand"
    """Draws a line, closes it and fills it with a structure, or erases the structure in it."""
    PUSH = "push"
    """Takes the contours along, most in the middle of the round tool and not at all at its rim."""
    POINTS = "points"
    """Moves one of the points that a structure's outline runs through."""


@dataclass(frozen=True, slots=True)
class Brush:
    """What a stroke does. erase: removes this structure and leaves the others.

    edges: the brush stops where the image has an edge. wall: myocardium stays around the LV cavity.
    """

    label: int = LV
    erase: bool = False
    radius_mm: float = 4.0
    tool: Tool = Tool.BRUSH
    edges: bool = False
    wall: bool = False

    @property
    def round(self) -> bool:
        """Whether the tool is as large as its radius says."""
        return self.tool in (Tool.BRUSH, Tool.PUSH)

    def sized(self, step: int) -> Brush:
        """The next larger (1) or smaller (-1) of RADII_MM."""
        at = min(range(len(RADII_MM)), key=lambda i: abs(RADII_MM[i] - self.radius_mm))
        return replace(self, radius_mm=RADII_MM[min(max(at + step, 0), len(RADII_MM) - 1)])


def paint(
    plane: Plane,
    spacing_mm: tuple[float, float],
    start_mm: tuple[float, float],
    end_mm: tuple[float, float],
    brush: Brush,
) -> None:
    """Draw a round brush from start to end into a slice (Y, X), in place.

    spacing_mm: of (x, y). A voxel is painted where its centre lies within the radius of the line between the points,
    and where the line passes through it: a brush smaller than a voxel still leaves a line without gaps.
    """
    (x0, y0), (x1, y1), (dx, dy), r = start_mm, end_mm, spacing_mm, brush.radius_mm
    rows, columns = plane.shape
    left, right = _span(min(x0, x1) - r, max(x0, x1) + r, dx, columns)
    top, bottom = _span(min(y0, y1) - r, max(y0, y1) + r, dy, rows)
    if left >= right or top >= bottom:
        return
    x = ((np.arange(left, right) + 0.5) * dx - x0)[None, :]
    y = ((np.arange(top, bottom) + 0.5) * dy - y0)[:, None]
    along_x, along_y = x1 - x0, y1 - y0
    length = along_x**2 + along_y**2
    share = np.clip((x * along_x + y * along_y) / length, 0.0, 1.0) if length > 0 else 0.0
    inside = (x - share * along_x) ** 2 + (y - share * along_y) ** 2 <= r * r
    steps = np.linspace(0.0, 1.0, 2 + math.ceil(2 * math.sqrt(length) / min(dx, dy)))
    xs = np.floor((x0 + steps * along_x) / dx).astype(int) - left
    ys = np.floor((y0 + steps * along_y) / dy).astype(int) - top
    there = (xs >= 0) & (xs < right - left) & (ys >= 0) & (ys < bottom - top)
    inside[ys[there], xs[there]] = True
    box = plane[top:bottom, left:right]
    if brush.erase:
        box[inside & (box == brush.label)] = 0
    else:
        box[inside] = brush.label


def _span(low_mm: float, high_mm: float, step_mm: float, count: int) -> tuple[int, int]:
    """The range (first, last + 1) of voxels of a row that lie at least partly between two points."""
    return max(math.floor(low_mm / step_mm), 0), min(math.floor(high_mm / step_mm) + 1, count)
