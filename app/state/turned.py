"""How a scan is turned and flipped on screen. It changes no voxel: letters, masks, mouse and tools follow. No Qt."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from engine.volume import Known, Volume

MOST_KEPT = 300
Vector = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Turned:
    """mirrored: left and right are exchanged first; then quarters quarter turns clockwise."""

    quarters: int = 0
    mirrored: bool = False

    @property
    def matrix(self) -> tuple[int, int, int, int]:
        """(a, b, c, d): a vector (x, y) of the image is (a x + b y, c x + d y) on screen, y downwards."""
        cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[self.quarters % 4]
        flip = -1 if self.mirrored else 1
        return cos * flip, -sin, sin * flip, cos

    def to_screen(self, x: float, y: float) -> Vector:
        """A vector of the image as it lies on screen."""
        a, b, c, d = self.matrix
        return a * x + b * y, c * x + d * y

    def to_image(self, x: float, y: float) -> Vector:
        """The inverse of to_screen."""
        a, b, c, d = self.matrix
        return a * x + c * y, b * x + d * y

    @property
    def lies(self) -> bool:
        """Whether columns of the image run across the screen."""
        return self.quarters % 2 == 1

    def quarter(self, clockwise: int) -> Turned:
        """Turned on screen by so many quarters."""
        return Turned((self.quarters + clockwise) % 4, self.mirrored)

    def flipped(self, *, upside_down: bool = False) -> Turned:
        """Left and right of the screen exchanged, or top and bottom."""
        # Flipping after a turn is turning the other way after a flip.
        return Turned((-self.quarters + (2 if upside_down else 0)) % 4, not self.mirrored)


def standard(volume: Volume) -> Turned:
    """As radiology looks at it: the patient's left on the right, back and feet at the bottom.

    A mirrored view only where no turn does as well. As stored where the orientation is not known.
    """
    if volume.geometry.orientation is Known.ASSUMED:
        return Turned()
    x, y, _ = volume.geometry.directions.T

    def score(turned: Turned) -> float:
        ways = [turned.to_image(*way) for way in ((1, 0), (0, 1))]
        right, down = (x * way[0] + y * way[1] for way in ways)
        fit = right @ np.array([1.0, 0.3, 0.0]) + down @ np.array([0.0, 0.6, -1.0])
        return float(fit) - 0.02 * turned.quarters - 0.05 * turned.mirrored

    return max((Turned(quarters, mirrored) for mirrored, quarters in product((False, True), range(4))), key=score)


def key_of(volume: Volume) -> str:
    """Tells scans apart without naming them, to remember how each is turned."""
    source = volume.source
    parts = [source.kind, *(str(path) for path in source.paths), source.name, str(volume.array.shape)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def remembered(turns: Mapping[str, Turned], volume: Volume, turned: Turned) -> dict[str, Turned]:
    """With how a scan is turned, the latest last. One that is as stored is not kept."""
    key = key_of(volume)
    kept = {other: how for other, how in turns.items() if other != key}
    if turned != Turned():
        kept[key] = turned
    return dict(list(kept.items())[-MOST_KEPT:])


def to_json(turns: Mapping[str, Turned]) -> dict[str, list[int]]:
    """Plain values for the settings."""
    return {key: [how.quarters, int(how.mirrored)] for key, how in turns.items()}


def from_json(value: object) -> dict[str, Turned]:
    """What to_json gave; what is damaged is left out."""
    if not isinstance(value, dict):
        return {}
    return {key: how for key, entry in list(value.items())[-MOST_KEPT:] if (how := one_from_json(entry)) is not None}


def one_from_json(entry: object) -> Turned | None:
    """One of them; None for a damaged one."""
    whole = isinstance(entry, list) and len(entry) == 2 and all(isinstance(n, int) for n in entry)
    if not whole or not isinstance(entry, list) or entry[0] not in range(4) or entry[1] not in (0, 1):
        return None
    return Turned(int(entry[0]), bool(entry[1]))
