"""The patients that a command works on, and what model cards say about them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine.errors import ScanError
from engine.files import write_atomically
from engine.formats import datasets
from engine.formats.datasets import LAYOUTS, Case
from engine.network.preprocess import InputSpec
from engine.progress import Progress
from training.data.prepare import Prepared, load_prepared, open_prepared
from training.data.scans import Scan, load_scans

# Beside the weights: the patients they were trained on.
DATA = "data.json"


@dataclass(frozen=True, slots=True)
class About:
    """What a model card says of the data that a model was trained on."""

    training_data: str
    licence: str
    long_axis: bool = False


ACDC_LICENCE = "Weights trained on ACDC, CC BY-NC-SA 4.0: non-commercial research only"
ACDC = About(
    "ACDC training set (Bernard et al., TMI 2018), 80 patients (those whose number does not divide by 5), ED and ES; "
    "CC BY-NC-SA 4.0",
    ACDC_LICENCE,
)
ACDC_NAME = "ACDC {} set (Bernard et al., TMI 2018)"
ACDC_VALIDATION = (
    "ACDC training set, the 20 patients whose number divides by 5, ED and ES: mean over volumes; "
    "training saw none of them"
)
_NAMES = {
    "acdc": ACDC_NAME.format("training"),
    "mnms": "M&Ms (Campello et al., TMI 2021)",
    "mnms2": "M&Ms-2, short axis (Martín-Isla et al., JBHI 2023)",
    "mnms2-la": "M&Ms-2, long axis (Martín-Isla et al., JBHI 2023)",
    "pairs": "images and masks of one's own",
}
_TERMS = {
    "acdc": ACDC_LICENCE,
    "mnms": "Weights trained on M&Ms: research use, under the terms of that data set",
    "mnms2": "Weights trained on M&Ms-2: research use, under the terms of that data set",
    "mnms2-la": "Weights trained on M&Ms-2: research use, under the terms of that data set",
    "pairs": "As the images trained on allow",
}


@dataclass(frozen=True, slots=True)
class PatientSource:
    """Patients to train on or to measure with. cases: all that the data set or the prepared folder lists."""

    layout: str
    cases: tuple[Case, ...]
    prepared: Prepared | None = None

    def split(self, train: str, val: str) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
        """Cases to train on and to validate with, as engine.formats.datasets.choose takes them.

        train: "" for the data set's own training patients, or where it has no split, all but those of val.
        Raises ScanError for unknown patients and for one in both.
        """
        validation = datasets.choose(self.cases, self.layout, val)
        seen = {case.patient for case in validation}
        if train or any(case.split for case in self.cases):
            training = datasets.choose(self.cases, self.layout, train or "train")
        else:
            training = tuple(case for case in self.cases if case.patient not in seen)
        if both := sorted({case.patient for case in training} & seen):
            raise ScanError(f"patient '{both[0]}' is in --train and in --val; a patient can be in one of them only")
        if not training:
            raise ScanError("no patients are left to train on; name fewer with --val")
        return training, validation

    def scans(self, cases: tuple[Case, ...], spec: InputSpec, progress: Progress) -> list[Scan]:
        """Load the scans. Raises ScanError for a file that is missing, unreadable or prepared from something else."""
        if self.prepared is None:
            return load_scans(datasets.present(cases), spec, progress=progress)
        scans, unseen = load_prepared(self.prepared, cases, spec, progress=progress)
        if unseen:
            tqdm.write(f"{self.prepared.folder}: {unseen} of {len(cases)} volumes have no source here to compare with")
        return scans


def add_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add --data, --layout and --labels: where a data set is and how its files are laid out."""
    parser.add_argument("--data", type=Path, required=required, help="folder of the patients")
    parser.add_argument("--layout", choices=tuple(LAYOUTS), help="how the data set keeps its files (default acdc)")
    parser.add_argument("--labels", default="", metavar="lv=1,myo=2,rv=3", help="what the masks of pairs hold")


def add_prepared(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add --prepared, and if it is required, the patients to prepare."""
    text = "folder of what was read and resampled once"
    parser.add_argument("--prepared", type=Path, required=required, metavar="DIR", help=text)
    if required:
        text = "patients to prepare: all (default), train, val, test or names, with commas"
        parser.add_argument("--patients", default="all", metavar="LIST", help=text)


def add_split(parser: argparse.ArgumentParser) -> None:
    """Add --train and --val: patients to learn from and to measure on."""
    text = "patients to train on: names with commas; default: the data set's training patients, or all but --val"
    parser.add_argument("--train", default="", metavar="LIST", help=text)
    text = "patients to validate with: val (default), test or names with commas"
    parser.add_argument("--val", default="val", metavar="LIST", help=text)


def add_also(parser: argparse.ArgumentParser) -> None:
    """Add --also: further data sets to train on."""
    text = "another data set, such as mnms=PATH, all of whose patients are trained on as well; may be given again"
    parser.add_argument("--also", action="append", default=[], metavar="LAYOUT=DIR", help=text)


def open_also(arguments: argparse.Namespace) -> tuple[PatientSource, ...]:
    """Open the data sets that --also names. Raises ScanError."""
    found = []
    for given in arguments.also:
        layout, _, folder = given.partition("=")
        if layout not in LAYOUTS or layout == "pairs" or not folder:
            known = ", ".join(name for name in LAYOUTS if name != "pairs")
            raise ScanError(f"--also {given}: give LAYOUT=DIR with one of {known}")
        found.append(PatientSource(layout, datasets.list_cases(Path(folder), layout)))
    return tuple(found)


def open_source(arguments: argparse.Namespace) -> PatientSource:
    """Open the patients that a command's arguments name. Raises ScanError."""
    folder = getattr(arguments, "prepared", None)
    if folder:
        prepared = open_prepared(folder)
        if arguments.layout not in (None, prepared.layout):
            raise ScanError(f"{folder}: holds the prepared layout {prepared.layout}, not {arguments.layout}")
        return PatientSource(prepared.layout, prepared.cases, prepared)
    if not arguments.data:
        raise ScanError("no data is given; name the data set's folder with --data, or a prepared one with --prepared")
    return open_data(arguments)


def open_data(arguments: argparse.Namespace) -> PatientSource:
    """Open the data set itself, even if a prepared folder is given. Raises ScanError."""
    layout = arguments.layout or "acdc"
    return PatientSource(layout, datasets.list_cases(arguments.data, layout, arguments.labels))


def note_training(folder: Path, layout: str, cases: Sequence[Case], also: Sequence[PatientSource] = ()) -> None:
    """Write beside the weights which patients they were trained on."""
    said = _noted(layout, cases)
    if also:
        said["also"] = [_noted(other.layout, other.cases) for other in also]
    write_atomically(folder / DATA, (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode())


def _noted(layout: str, cases: Sequence[Case]) -> dict[str, Any]:
    patients = list(dict.fromkeys(case.patient for case in cases))
    return {"layout": layout, "patients": patients, "volumes": len(cases)}


def trained_on(folder: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(layout, patients) of each data set that note_training wrote.

    Results of older versions do not say; they were all trained on the 80 patients of ACDC.
    """
    path = folder / DATA
    if not path.exists():
        return (("acdc", tuple(f"patient{number:03d}" for number in range(1, 101) if number % 5)),)
    said = json.loads(path.read_text(encoding="utf-8"))
    return tuple((one["layout"], tuple(one["patients"])) for one in (said, *said.get("also", ())))


def about(*folders: Path) -> About:
    """What a card says about training: of the weights in a results folder, and of those they began with."""
    every = [_about(*one) for one in dict.fromkeys(one for folder in folders for one in trained_on(folder))]
    terms = dict.fromkeys(one.licence for one in every)
    return About("; ".join(one.training_data for one in every), "; ".join(terms), every[0].long_axis)


def _about(layout: str, patients: Sequence[str]) -> About:
    if layout == "acdc" and _is_default_split(patients):
        return ACDC
    text = f"{_NAMES[layout]}, {_count(patients)}"
    return About(text, _TERMS[layout], long_axis=layout == "mnms2-la")


def metrics_split(layout: str, cases: Sequence[Case], results: Path) -> str:
    """A card's words about the patients it was measured on. Raises ScanError if training saw one of them."""
    patients = tuple(dict.fromkeys(case.patient for case in cases))
    refuse_trained(layout, patients, results)
    if layout == "acdc" and sorted(patients) == [f"patient{number:03d}" for number in range(5, 101, 5)]:
        return ACDC_VALIDATION
    splits = {case.split for case in cases}
    # The folder may hold only some of them, and the command may name only some.
    which = "chosen by name"
    if splits in ({"val"}, {"test"}):
        which = f"of its {'validation' if splits == {'val'} else 'test'} set"
    name = _NAMES[layout]
    if layout == "acdc":
        numbers = [datasets.patient_number(patient) for patient in patients]
        which = "chosen by name" if any(number % 5 for number in numbers) else "whose number divides by 5"
        # The official test set has the numbers from 101.
        if min(numbers) > 100:
            name = ACDC_NAME.format("test")
        elif max(numbers) > 100:
            name = ACDC_NAME.format("training and test")
    return f"{name}, {_count(patients)} {which}: mean over volumes; training saw none of them"


def refuse_trained(layout: str, patients: Sequence[str], results: Path) -> None:
    """Raise ScanError if the weights of a results folder were trained on one of these patients."""
    for of_layout, seen in trained_on(results):
        # Both views of M&Ms-2 are of the same patients.
        same = of_layout.removesuffix("-la") == layout.removesuffix("-la")
        if same and (both := sorted(set(seen) & set(patients))):
            raise ScanError(f"patient '{both[0]}' was trained on; evaluate on others, or with `cinequant evaluate`")


def _count(patients: Sequence[str]) -> str:
    return f"{len(patients)} patient{'' if len(patients) == 1 else 's'}"


def _is_default_split(patients: Sequence[str]) -> bool:
    return len(patients) == 80 and all(datasets.patient_number(name) % 5 for name in patients)


def bar(title: str, *, shown: bool = True) -> Progress:
    """A progress bar on stderr if that is a terminal."""
    line = tqdm(desc=title, leave=False, disable=None if shown else True)

    def show(done: int, total: int, what: str) -> None:
        line.total, line.n = total, done
        line.refresh()
        if done == total:
            line.close()

    return show
