"""What the user adds to what leaves the program: the conclusion and pseudonym of a scan, the letterhead. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.dossier import MAX_PSEUDONYM, IdentifyBy, Identity

MAX_CONCLUSION = 4000
MAX_HOSPITAL = 200


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Of the scan on screen. conclusion: the reader's own words. pseudonym: stands for the patient where asked for."""

    conclusion: str = ""
    pseudonym: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values for the file of a case."""
        return {"conclusion": self.conclusion, "pseudonym": self.pseudonym}


@dataclass(frozen=True, slots=True)
class Stationery:
    """Of every scan, remembered from one start to the next.

    reader: who reads, as structured reports name them. logo: a PNG. tables_by: how tables and file names say whose scan
    it is, report_by: how reports do. export_folder: where the last export went; None for the user's documents.
    """

    hospital: str = ""
    reader: str = ""
    logo: Path | None = None
    tables_by: IdentifyBy = IdentifyBy.CODE
    report_by: IdentifyBy = IdentifyBy.STUDY
    export_folder: Path | None = None


def identity_of(by: IdentifyBy, outgoing: Outgoing, *, hide_names: bool) -> Identity:
    """Whose scan an export says it is. Nobody is named while names are hidden."""
    return Identity(IdentifyBy.CODE if hide_names and by is IdentifyBy.STUDY else by, outgoing.pseudonym)


def from_json(value: object) -> Outgoing:
    """What to_json gave. Raises ValueError, one line that says what is wrong."""
    if not isinstance(value, Mapping):
        raise ValueError("what is to leave is no object")
    limits = {"conclusion": MAX_CONCLUSION, "pseudonym": MAX_PSEUDONYM}
    for name, limit in limits.items():
        text = value.get(name)
        if not isinstance(text, str) or len(text) > limit:
            raise ValueError(f"{name} is no text of at most {limit} characters")
    return Outgoing(value["conclusion"], value["pseudonym"])
