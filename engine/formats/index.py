"""What was found in the files and folders that the user named, and which of it to open; and what a format has to offer.

No file is opened here: each format finds its own stacks, engine.formats.door puts them together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from engine.progress import CancelToken, Progress
from engine.volume import OnPlane, Volume


class UnusableError(Exception):
    """A file that cannot be part of a scan; the message is the reason, as a phrase that follows the file's name.

    harmless: it never was an image (a report, an index, a text file), so that nothing of the scan is lost.
    foreign: it is of another format, or of none that is known.
    """

    def __init__(self, reason: str, *, harmless: bool = False, foreign: bool = False) -> None:
        # It may quote a damaged header; a terminal would obey some of that.
        super().__init__(reason if reason.isprintable() else "".join(c if c.isprintable() else "?" for c in reason))
        self.harmless = harmless
        self.foreign = foreign


class Likelihood(NamedTuple):
    """How likely a stack is the short-axis cine. Two are compared field by field; the first difference decides.

    phases: 2 for a stack of slices with several frames, 1 for one with ED and ES, else 0.
    named: 1 where a name says short axis, −1 where it says something else, 0 where it says neither.
    not_replaced: no later series repeats these slices.
    images: how many there are, counted less where the planes lie along the body's axes.
    earlier: minus the series number.
    """

    mr: bool = True
    magnitude: bool = True
    own_view: bool = True
    phases: int = 0
    stack: bool = True
    named: int = 0
    not_replaced: bool = True
    images: float = 0.0
    earlier: int = 0


LEAST = Likelihood()
MOST_LONG_AXIS_SLICES = 6
"""A long axis has one slice, or a few that are parallel."""

_BECAUSE = {
    "mr": "it is an MR image",
    "magnitude": "it holds magnitude images",
    "own_view": "the others are localisers or long axes",
    "phases": "it is a stack of slices with the phases of a heartbeat",
    "stack": "it is a stack of slices",
    "named": "of the names, its own speaks most for a short axis",
    "not_replaced": "it repeats the others",
    "images": "it has the most images",
    "earlier": "its series comes first",
}


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A stack that can be opened by itself.

    number: its place in Index.series. kind: the key of its Format, such as "nifti". description: what the scanner's
    protocol or the file is called; may hold anything that an operator typed. said: how notices name it, without
    anything that an operator typed. size: (T, Z, Y, X). pair: an ED and an ES file. not_short_axis: as in Volume.
    paths: its files. content: what else its format needs to read it.
    may_be_long_axis: whether it is a cine of one or a few slices that may stand beside a short axis. subject: what the
    names of one person's files share, where names alone tell persons apart; else empty.
    """

    number: int
    kind: str
    description: str
    modality: str
    series_number: int
    size: tuple[int, int, int, int]
    pair: bool = False
    not_short_axis: str = ""
    paths: tuple[Path, ...] = field(default=(), repr=False)
    said: str = ""
    likelihood: Likelihood = LEAST
    content: Any = field(default=None, repr=False)
    may_be_long_axis: bool = False
    subject: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """One visit: description and date may be empty, as they are for NIfTI."""

    description: str
    date: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """name: of the DICOM patient, else the ID; of the folder for NIfTI (is_folder). Both may tell who it is."""

    name: str
    is_folder: bool
    studies: tuple[Study, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A stack that a format found, with the patient and the study that it is of.

    patient, study: keys that tell them apart. series: its number is given when the index is made.
    """

    series: Series
    patient: str
    patient_name: str
    is_folder: bool
    study: str = ""
    study_description: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a format found in files: stacks in the order of the tree; why files of it cannot be used; masks, which are
    passed over; and the files that are not of this format after all."""

    entries: Sequence[Entry] = ()
    unusable: Mapping[Path, UnusableError] = field(default_factory=dict)
    masks: Sequence[Path] = ()
    foreign: Sequence[Path] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """What was found in paths.

    ranked: every stack, the most likely short-axis cine first. files: what was looked at. faults: what of it should
    have been an image and cannot be read, and what was named and is none.
    """

    paths: tuple[Path, ...]
    patients: tuple[Patient, ...]
    ranked: tuple[Series, ...]
    files: tuple[Path, ...] = field(default=(), repr=False)
    faults: Mapping[Path, UnusableError] = field(default_factory=dict, repr=False)

    @property
    def chosen(self) -> Series:
        """The most likely short-axis cine."""
        return self.ranked[0]

    @property
    def why(self) -> str:
        """Why it is the chosen one, as a clause; empty where there is no other, or none that is less likely."""
        if len(self.ranked) < 2:
            return ""
        first, second = self.ranked[0].likelihood, self.ranked[1].likelihood
        fields = (name for name, a, b in zip(Likelihood._fields, first, second, strict=True) if a != b)
        return _BECAUSE.get(next(fields, ""), "")

    @property
    def series(self) -> list[Series]:
        """All stacks, in the order of the tree."""
        return [series for patient in self.patients for study in patient.studies for series in study.series]

    def beside(self, shown: Series) -> tuple[Series, ...]:
        """Stacks of the same person and study that may be long axes of one. Their geometry has to be looked at."""
        study = next(study for patient in self.patients for study in patient.studies if shown in study.series)
        return tuple(
            series
            for series in study.series
            if series is not shown and series.may_be_long_axis and series.subject == shown.subject
        )


class Find(Protocol):
    """Looks for stacks in files. named: those that the user named one by one. Raises Cancelled."""

    def __call__(
        self, files: Sequence[Path], named: frozenset[Path], *, progress: Progress, cancel: CancelToken
    ) -> Found: ...


class Read(Protocol):
    """Reads a stack. on_plane: told of slices as they are read. Raises ScanError, Cancelled."""

    def __call__(
        self,
        index: Index,
        series: Series,
        *,
        progress: Progress,
        cancel: CancelToken | None,
        on_plane: OnPlane | None,
    ) -> Volume: ...


@dataclass(frozen=True, slots=True)
class Format:
    """One entry of engine.formats.door.FORMATS: a kind of file that can be opened.

    kind: its key, as in Series.kind and Source.kind. name: in messages and in the file dialog. suffixes: what the
    file dialog offers, in lower case with the dot. probe: whether a file is for this format to look into; the second
    argument says that the user named the file. preview: the middle slice (Y, X) of a stack's first frame, and its
    pixels' size (y, x) in mm; raises ScanError.
    """

    kind: str
    name: str
    suffixes: tuple[str, ...]
    probe: Callable[[Path, bool], bool]
    find: Find
    read: Read
    preview: Callable[[Series], tuple[NDArray[Any], tuple[float, float]]]


def indexed(
    paths: Sequence[Path], files: Sequence[Path], entries: Sequence[Entry], faults: Mapping[Path, UnusableError]
) -> Index:
    """Entries as patients, studies by date, and series with their numbers; and in the order of likelihood."""
    by_patient: dict[str, dict[str, list[Entry]]] = {}
    for entry in entries:
        by_patient.setdefault(entry.patient, {}).setdefault(entry.study, []).append(entry)
    patients: list[Patient] = []
    everything: list[Series] = []
    for by_study in by_patient.values():
        studies = []
        for members in sorted(by_study.values(), key=lambda found: found[0].date):
            numbered = [replace(e.series, number=len(everything) + i) for i, e in enumerate(members)]
            everything += numbered
            studies.append(Study(members[0].study_description, members[0].date, tuple(numbered)))
        first = next(iter(by_study.values()))[0]
        patients.append(Patient(first.patient_name, first.is_folder, tuple(studies)))
    # equals stay in the order of the tree
    ranked = sorted(everything, key=lambda series: series.likelihood, reverse=True)
    return Index(tuple(paths), tuple(patients), tuple(ranked), tuple(files), dict(faults))


def also_found(index: Index, shown: Series) -> tuple[str, ...]:
    """The notice of the stacks that are not shown, and why this one is; none where there is no other."""
    same_study = next(study.series for patient in index.patients for study in patient.studies if shown in study.series)
    # What a repetition has replaced, the stack itself says.
    others = [
        series
        for series in index.ranked
        if series is not shown and (series.likelihood.not_replaced or series not in same_study)
    ]
    if not others:
        return ()
    kinds = Counter(series.said or series.description for series in others)
    listed = [f"{kind} ({n} times)" if n > 1 else kind for kind, n in kinds.most_common(4)]
    more = f" and {len(kinds) - 4} other kinds" if len(kinds) > 4 else ""
    foreign = any(series not in same_study for series in others)
    whose = "; some are of another patient or study" if foreign else ""
    text = f"Also found and not shown: {', '.join(listed)}{more}{whose}."
    if shown is not index.chosen:
        return (text,)
    because = f"This one is shown because {index.why}." if index.why else "None is likelier: the first is shown."
    return (f"{text} {because}",)


def not_read(index: Index) -> tuple[str, ...]:
    """The notice of files that cannot be read; none where there are none."""
    if not index.faults:
        return ()
    path, why = next(iter(index.faults.items()))
    more = f" (and {len(index.faults) - 1} more with faults)" if len(index.faults) > 1 else ""
    return (f"Not read{more}: {path.name} {why}.",)
