"""What one reading of a scan found, as it leaves the program, and whose it is said to be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from engine.errors import ExportError
from engine.measures.findings import Findings
from engine.measures.flags import Flag, Stop, Where, phases_of
from engine.measures.function import Function
from engine.measures.long_axis import LongAxisFunction
from engine.measures.reading import Base, Papillary
from engine.measures.segments import Wall
from engine.measures.stop_rows import open_rows
from engine.volume import STRUCTURES, LabelMap, Volume

MAX_PSEUDONYM = 64
MAX_READER = 60
"""DICOM has names of 64 characters."""
_CODE_DIGITS = 8


class IdentifyBy(StrEnum):
    """How files that leave the program say whose scan it is."""

    CODE = "code"
    """By a short code made of the voxels: tells scans apart and names nobody."""
    STUDY = "study"
    """By what the files say: name, identifiers, date."""
    PSEUDONYM = "pseudonym"
    """By a name that the user gives."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose scan it is. A pseudonym is used with IdentifyBy.PSEUDONYM alone; an empty one counts as the code."""

    by: IdentifyBy = IdentifyBy.CODE
    pseudonym: str = ""

    @property
    def named(self) -> bool:
        """Whether the patient may be named."""
        return self.by is IdentifyBy.STUDY

    def short(self, volume: Volume) -> str:
        """One word or name for the scan: never a patient's, unless named ones are asked for."""
        if self.by is IdentifyBy.PSEUDONYM and self.pseudonym.strip():
            return self.pseudonym.strip()
        patient = volume.source.patient
        if self.named:
            return patient.get("id") or patient.get("name") or volume.source.name
        return scan_code(volume)

    def file_part(self, volume: Volume) -> str:
        """The same as a part of a file name."""
        return re.sub(r"[^\w.-]+", "_", self.short(volume))[:48].strip("._") or scan_code(volume)


@dataclass(frozen=True, slots=True)
class Beside:
    """Numbers of the same scan from elsewhere, by the same choices of the reader; None where there are none.

    model: of its own labels, corrected: of those corrected by hand, mask: of a mask from a file. plain, quantized: of
    the model in float32 and in int8.
    """

    model: Function | None = None
    corrected: Function | None = None
    mask: Function | None = None
    plain: Function | None = None
    quantized: Function | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Dossier:
    """All that a report and a table are made of.

    labels: as measured, with the corrections. made: facts about what made them, as Prediction.provenance; for a mask
    from a file {"mask": name}. corrected: (frame, slice) changed by hand. flags: what is to be looked at; reviewed:
    those of them that the reader has ticked off. beside: what other masks of the scan give. reader: whose reading it
    is, by name; empty where nobody has said.
    """

    volume: Volume
    labels: LabelMap
    findings: Findings
    made: Mapping[str, Any]
    wall: Wall | None = None
    corrected: Sequence[tuple[int, int]] = ()
    flags: Sequence[Flag] = ()
    reviewed: Collection[Where] = ()
    identity: Identity = field(default_factory=Identity)
    beside: Beside = field(default_factory=Beside)
    reader: str = ""

    @property
    def function(self) -> Function:
        return self.findings.function

    def conventions(self) -> list[tuple[str, str]]:
        """Label and value of what the reader chose to measure by."""
        reading = self.function.reading
        phases = [("LV", reading.lv), *([("RV", reading.rv)] if reading.rv is not None else [])]
        chosen = [
            f"{side} {name.upper()}"
            for side, choice in phases
            for name in ("ed", "es")
            if getattr(choice, name) is not None
        ]
        return [
            ("Basal slices", _BASE_WORDS[reading.base]),
            ("Papillary muscles", _PAPILLARY_WORDS[reading.papillary]),
            ("Phases set by hand", ", ".join(chosen) or "none"),
        ]

    def left_out(self) -> list[tuple[str, int, tuple[int, ...]]]:
        """Structures on slices that do not count: name, slice and frames, from 0."""
        found: dict[tuple[int, int], list[int]] = {}
        for structure, frame, index in sorted(self.function.left_out):
            found.setdefault((structure, index), []).append(frame)
        return [(STRUCTURES[structure], index, tuple(frames)) for (structure, index), frames in found.items()]

    def open_stops(self) -> tuple[Stop, ...]:
        """What the reader has not ticked off of the rows to look at, in the order to go to them."""
        return open_rows(self.flags, phases_of(self.function), self.reviewed)


@dataclass(frozen=True, slots=True, eq=False)
class ViewDossier:
    """What tables of a four-chamber view are made of. Fields as of Dossier; function: of its one slice."""

    volume: Volume
    labels: LabelMap
    function: LongAxisFunction
    made: Mapping[str, Any]
    corrected: Sequence[tuple[int, int]] = ()
    identity: Identity = field(default_factory=Identity)


_BASE_WORDS = {
    Base.LABELLED: "all that are labelled count",
    Base.SCMR: "SCMR: one counts where myocardium surrounds at least half of the blood",
}
_PAPILLARY_WORDS = {
    Papillary.LABELLED: "as labelled, which is as cavity for the models",
    Papillary.CAVITY: "cavity",
    Papillary.MYOCARDIUM: "myocardium",
}


def scan_code(volume: Volume) -> str:
    """A short code of the scan's first frame: the same wherever its files are, and nobody's name."""
    made = hashlib.blake2b(repr(volume.array.shape).encode(), digest_size=_CODE_DIGITS // 2)
    made.update(np.ascontiguousarray(volume.array[0]).tobytes())
    return made.hexdigest()


def check_pseudonym(text: str) -> str:
    """The pseudonym without spaces around it. Raises ExportError where it is too long or cannot be printed."""
    text = text.strip()
    if len(text) > MAX_PSEUDONYM or not text.isprintable():
        raise ExportError(f"the pseudonym must be one line of at most {MAX_PSEUDONYM} characters; give a shorter one")
    return text
