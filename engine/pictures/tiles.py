"""A slice around its heart with its outlines, as a picture for a page."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.later import Later
from engine.pictures.render import first_window, grey, outlines
from engine.volume import LV, MYO, RV, LabelMap, Volume

pil_image = Later("PIL.Image")
pil_draw = Later("PIL.ImageDraw")

# The LV's outline lies on that of the myocardium, and is drawn over it.
COLOURS = {MYO: (244, 214, 92), LV: (255, 112, 77), RV: (88, 180, 245)}
SIDE = 240
# Of the field of view, what a tile shows: the heart and something around it.
_MARGIN = 1.6
_LEAST_SHARE = 0.3


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """(Y, X, 3) uint8."""
    content = io.BytesIO()
    pil_image.fromarray(picture).save(content, "JPEG", quality=82)
    return content.getvalue()


def tile(
    volume: Volume, labels: LabelMap, frame: int, index: int, *, dashed: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """(SIDE, SIDE, 3) uint8 of a slice around its heart. dashed: other labels (Y, X), drawn thin and white."""
    plane, own = volume.array[frame, index], labels.array[frame, index]
    x_mm, y_mm, _ = volume.geometry.spacing_mm
    left, top, size = _field(np.asarray((labels.array > 0).any(axis=(0, 1))), (x_mm, y_mm))
    shown = pil_image.fromarray(grey(np.asarray(plane), first_window(volume.array[frame], volume.window)))
    box = (left / x_mm, top / y_mm, (left + size) / x_mm, (top + size) / y_mm)
    picture = shown.transform((SIDE, SIDE), pil_image.Transform.EXTENT, box, pil_image.Resampling.BILINEAR)
    picture = picture.convert("RGB")
    draw = pil_draw.Draw(picture)
    scale = np.array([x_mm, y_mm]) * SIDE / size
    shift = np.array([left, top]) * SIDE / size
    if dashed is not None:
        for structure in COLOURS:
            _lines(draw, (points * scale - shift for points in outlines(dashed == structure)), (255, 255, 255), 1)
    for structure, colour in COLOURS.items():
        _lines(draw, (points * scale - shift for points in outlines(own == structure)), colour, 2)
    phase = volume.phase_names[frame] if volume.phase_names else f"frame {frame + 1}"
    words = f"{phase}, slice {index + 1}" if volume.frames > 1 else f"slice {index + 1}"
    draw.text((5, SIDE - 15), words, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0))
    return np.asarray(picture, dtype=np.uint8)


def _lines(draw: object, loops: Iterable[NDArray[np.floating]], colour: tuple[int, int, int], width: int) -> None:
    for points in loops:
        closed = [*map(tuple, points.tolist()), tuple(points[0].tolist())]
        draw.line(closed, fill=colour, width=width)  # type: ignore[attr-defined]


def _field(there: NDArray[np.bool_], pixel_mm: tuple[float, float]) -> tuple[float, float, float]:
    """(left, top, side) in mm of the square that a tile shows: around the labels (Y, X), else all of the image."""
    x_mm, y_mm = pixel_mm
    height, width = there.shape[0] * y_mm, there.shape[1] * x_mm
    largest = max(height, width)
    if not there.any():
        return (width - largest) / 2, (height - largest) / 2, largest
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    tall, wide = (rows[-1] - rows[0] + 1) * y_mm, (columns[-1] - columns[0] + 1) * x_mm
    size = min(max(_MARGIN * max(tall, wide), _LEAST_SHARE * largest), largest)
    x, y = (columns[0] + columns[-1] + 1) / 2 * x_mm, (rows[0] + rows[-1] + 1) / 2 * y_mm
    return float(x - size / 2), float(y - size / 2), float(size)
