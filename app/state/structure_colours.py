"""Which colours structures are drawn in: the defaults, a palette to choose from, and which colours are too alike.

A colour is red, green and blue from 0 to 255.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from engine.pictures.render import Colour
from engine.volume import LV, MYO, RV

# Their names are translated in app.words.colour_words. After Okabe and Ito, made lighter or darker until every two of
# them are further apart than TOO_NEAR in every kind of colour blindness; all have a contrast of at least 4.5 to black,
# and none occurs in a grey picture.
PALETTE: dict[str, Colour] = {
    "Vermilion": (255, 112, 77),
    "Yellow": (244, 214, 92),
    "Sky blue": (88, 180, 245),
    "Amber": (234, 175, 28),
    "Green": (40, 176, 100),
    "Blue": (47, 111, 224),
    "Pink": (217, 122, 184),
}

DEFAULTS: dict[int, Colour] = {LV: PALETTE["Vermilion"], MYO: PALETTE["Yellow"], RV: PALETTE["Sky blue"]}

TOO_NEAR = 0.075
"""Distance in OKLab below which thin lines of two colours are hard to tell apart; black and white are 1 apart."""
# Below this chroma a colour is a grey, below this lightness it is lost on black.
_LEAST_CHROMA, _LEAST_LIGHTNESS = 0.05, 0.45

# Machado, Oliveira and Fernandes, IEEE Trans Vis Comput Graph 2009;15:1291: what is seen of linear red, green and blue
# without the long, the medium and the short wave cones.
_BLINDNESS = (
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
)
_ALL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# OKLab, bottosson.github.io/posts/oklab: linear red, green and blue to cones, and their cube roots to L, a, b.
_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)

_Matrix = tuple[tuple[float, float, float], ...]


def complete(chosen: Mapping[int, Colour]) -> dict[int, Colour]:
    """The colour of every structure: the chosen one, else the default."""
    return {label: chosen.get(label, colour) for label, colour in DEFAULTS.items()}


def without_defaults(colours: Mapping[int, Colour]) -> dict[int, Colour]:
    """Those that are not the default: what is remembered, so that better defaults come to everybody."""
    return {label: colour for label, colour in colours.items() if colour != DEFAULTS[label]}


def clash(label: int, colour: Colour, colours: Mapping[int, Colour]) -> int | None:
    """The other structure that would have nearly the same colour; None where there is none."""
    return _nearest(label, colour, colours, (_ALL,))


def confused(label: int, colour: Colour, colours: Mapping[int, Colour]) -> int | None:
    """The other structure that would look nearly alike with some kind of colour blindness; None where there is none."""
    return _nearest(label, colour, colours, _BLINDNESS)


def is_faint(colour: Colour) -> bool:
    """Whether a colour hardly stands out on a grey picture."""
    lightness, a, b = _lab(colour)
    return math.hypot(a, b) < _LEAST_CHROMA or lightness < _LEAST_LIGHTNESS


def distance(one: Colour, other: Colour, *, blind: bool = False) -> float:
    """How far apart two colours look. blind: in the kind of colour blindness where they are nearest."""
    kinds = _BLINDNESS if blind else (_ALL,)
    return min(math.dist(_lab(one, seen), _lab(other, seen)) for seen in kinds)


def name_of(colour: Colour) -> str:
    """Its name in the palette, to be looked up; else "#rrggbb"."""
    return next((name for name, known in PALETTE.items() if known == colour), css(colour))


def css(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def of_css(text: object) -> Colour | None:
    """The colour of "#rrggbb"; None for anything else."""
    if not isinstance(text, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return None
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def from_json(value: Any) -> dict[int, Colour]:
    """The colours that to_json wrote. None of them where any is damaged or two are too alike."""
    if not isinstance(value, dict):
        return {}
    read = {label: of_css(value[str(label)]) for label in DEFAULTS if str(label) in value}
    chosen = {label: colour for label, colour in read.items() if colour is not None}
    colours = complete(chosen)
    good = len(chosen) == len(value) and not any(clash(label, colour, colours) for label, colour in colours.items())
    return chosen if good else {}


def to_json(chosen: Mapping[int, Colour]) -> dict[str, str]:
    return {str(label): css(colour) for label, colour in sorted(chosen.items())}


def _nearest(label: int, colour: Colour, colours: Mapping[int, Colour], kinds: tuple[_Matrix, ...]) -> int | None:
    found = {
        other: min(math.dist(_lab(colour, seen), _lab(theirs, seen)) for seen in kinds)
        for other, theirs in colours.items()
        if other != label
    }
    nearest = min(found, key=lambda other: found[other], default=None)
    return nearest if nearest is not None and found[nearest] < TOO_NEAR else None


def _lab(colour: Colour, seen: _Matrix = _ALL) -> tuple[float, ...]:
    """OKLab: lightness, and a and b, whose length is the chroma."""
    linear = _times(seen, tuple(_linear(value / 255) for value in colour))
    cones = _times(_CONES, tuple(min(max(value, 0.0), 1.0) for value in linear))
    return _times(_LAB, tuple(math.cbrt(value) for value in cones))


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _times(matrix: _Matrix, vector: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
