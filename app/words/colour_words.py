"""What is said of a colour that the user chose for a structure."""

from __future__ import annotations

from collections.abc import Mapping

from app.state.structure_colours import (
    clash,
    confused,
    is_faint,
)
from app.words.engine_words import translated
from app.words.language import marked, translate
from engine.pictures.render import Colour
from engine.volume import STRUCTURES

NAMES = (
    marked("Colours", "Vermilion"),
    marked("Colours", "Yellow"),
    marked("Colours", "Sky blue"),
    marked("Colours", "Amber"),
    marked("Colours", "Green"),
    marked("Colours", "Blue"),
    marked("Colours", "Pink"),
)
"""The names of structure_colours.PALETTE, where the catalogue of texts finds them."""


def judged(label: int, colour: Colour, colours: Mapping[int, Colour]) -> tuple[bool, str]:
    """(whether a colour is refused, what is to be said of it) for a structure among those of these colours."""
    name, alike, nearly = translated(STRUCTURES[label]), clash(label, colour, colours), confused(label, colour, colours)
    if alike is not None:
        text = translate("Colours", "{structure} and {other} would have nearly the same colour; choose another.")
        return True, text.format(structure=name, other=translated(STRUCTURES[alike]))
    if is_faint(colour):
        text = translate("Colours", "{structure}: this colour hardly stands out on a grey picture.")
        return False, text.format(structure=name)
    if nearly is not None:
        text = translate("Colours", "{structure} and {other} now look alike with some kind of colour blindness.")
        return False, text.format(structure=name, other=translated(STRUCTURES[nearly]))
    return False, ""
