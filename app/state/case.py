"""What the state knows of case files: the one of the scan on screen, and those of other scans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.volume import LabelMap

if TYPE_CHECKING:
    from engine.formats.case_file import CaseFile
    from engine.measures.function import Function


BORROWED = " "
"""Begins the id of a model that stands for masks of a case whose model is not installed; no folder has such a name."""


@dataclass(frozen=True, slots=True)
class CaseState:
    """The case of the scan on screen. Another scan starts with a fresh one.

    case_path: the file that it was opened from or saved as, None before. kept: the reader's choices as that file has
    them, None if they are not in any. audit: what was done so far, as in CaseFile.audit. other: another reader's case
    of this scan.
    """

    case_path: Path | None = None
    kept: Mapping[str, Any] | None = field(default_factory=dict)
    audit: tuple[Mapping[str, str], ...] = ()
    other: OtherCase | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OtherCase:
    """Another reader's case of the scan on screen. labels, function: as that reader left them.

    The labels are the loaded mask, too, as long as no other mask is loaded.
    """

    path: Path
    labels: LabelMap
    function: Function


@dataclass(frozen=True, slots=True, eq=False)
class LeftCase:
    """A case with unsaved changes whose scan is not on screen any more.

    case, content: what a case file of it holds, and the same packed; content is empty until a worker has packed it.
    """

    name: str
    case: CaseFile
    path: Path | None = None
    kept: Mapping[str, Any] | None = None
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Offer:
    """An autosaved case of a window that was not closed properly. name: of its scan. slices: those corrected."""

    path: Path
    name: str
    at: datetime
    slices: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A case whose scan is not where it was. looked_for: the first of its paths. recovered: it was autosaved."""

    case: Path
    name: str
    looked_for: Path
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class CasesState:
    """Cases that are not on screen.

    left: with unsaved changes, by the digest of their scan. Never changed in place. offers: autosaved by a window that
    is gone. moved: the case to open once the user has said where its scan is.
    """

    left: Mapping[str, LeftCase] = field(default_factory=dict)
    offers: tuple[Offer, ...] = ()
    moved: Moved | None = None
