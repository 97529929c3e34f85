"""What a report says, as one frozen value. The page is laid out from it, and from nothing else.

All sentences come in the language of the report; only headings and labels of the page itself are looked up there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]


class NormMark(StrEnum):
    """Where a number lies beside its normal range."""

    NONE = ""
    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its digits and unit, its normal range such as "57–81", and where it lies beside that."""

    text: str
    norm: str = ""
    mark: NormMark = NormMark.NONE


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One measure of the table; None where a ventricle has no such measure. strong: printed bold."""

    name: str
    unit: str
    lv: Number | None
    rv: Number | None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class ComparedNumbers:
    """Measures from several sources. columns: of measures with their units. rows: a source and its values."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A square cut out of a slice. picture: (Y, X) uint8 grey.

    outlines: (structure, (N, 2) float32 of (x, y)), closed, as shares of the square from its top left corner.
    """

    picture: NDArray[np.uint8]
    outlines: tuple[tuple[int, NDArray[np.float32]], ...]
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The slices of one phase. letters: at the left, right, top and bottom edge; empty where not known."""

    title: str
    tiles: tuple[Tile, ...]
    letters: tuple[str, str, str, str] = ("", "", "", "")


@dataclass(frozen=True, slots=True)
class Line:
    """Volumes of one structure in mL, one a frame."""

    name: str
    structure: int
    ml: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Volumes over one beat. at: of each frame, in unit. marks: a name and the index of a frame."""

    at: tuple[float, ...]
    unit: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Bullseye:
    """Values of the AHA segments 1 to 16 or 17, None where there is none."""

    title: str
    unit: str
    values: tuple[float | None, ...]
    digits: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Everything on the page.

    language: "en" or "de". logo: a PNG, empty for none. facts: label and value of patient, study and scan; the first
    is printed large. corrected, flags, notices: sentences. method: label and value of model, precision and versions;
    fingerprints: of hashes. rules: how the numbers came about. colours: of the structures, red, green, blue.
    created: when, as it is to be printed; empty for no time.
    """

    language: str = "en"
    hospital: str = ""
    logo: bytes = b""
    facts: tuple[tuple[str, str], ...] = ()
    numbers: tuple[NumberRow, ...] = ()
    comparison: ComparedNumbers = field(default_factory=ComparedNumbers)
    curve: Curve | None = None
    bullseyes: tuple[Bullseye, ...] = ()
    conclusion: str = ""
    pictures: tuple[Pictures, ...] = ()
    corrected: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    method: tuple[tuple[str, str], ...] = ()
    fingerprints: tuple[tuple[str, str], ...] = ()
    rules: tuple[str, ...] = ()
    colours: Mapping[int, Colour] = field(default_factory=dict)
    created: str = ""
