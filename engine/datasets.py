"""Where the scans and truth masks of public cardiac MR data sets lie on disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ScanError

LAYOUTS = ("acdc", "mnms")


@dataclass(frozen=True, slots=True)
class Case:
    """One phase of one patient.

    patient: folder name of the patient, such as "patient005".
    phase: "ED" or "ES".
    image, truth: the NIfTI files.
    convention: label values of the truth file, a key of engine.volume.CONVENTIONS.
    group: diagnosis (ACDC) or vendor (M&Ms); empty where the data set does not say.
    """

    patient: str
    phase: str
    image: Path
    truth: Path
    convention: str
    group: str = ""


def find_cases(folder: Path, layout: str, patients: str = "all") -> tuple[Case, ...]:
    """The cases of a data set, by patient and ED before ES.

    layout: "acdc" (patientNNN/Info.cfg with patientNNN_frameFF[_gt].nii.gz) or "mnms" (…/ID/ID_sa_ED[_gt].nii.gz).
    patients: "all"; "train" or "val" (ACDC only: val is every patient whose number divides by 5, train the others);
        or names separated by commas. For ACDC "5" and "patient005" are the same.

    Raises ScanError where the folder does not hold the layout, a file is missing or a patient is unknown.
    """
    if layout not in LAYOUTS:
        raise ScanError(f"layout '{layout}' is not known; choose one of {', '.join(LAYOUTS)}")
    if not folder.is_dir():
        raise ScanError(f"{folder}: no such folder; give the folder that holds the patients")
    found = _acdc(folder) if layout == "acdc" else _mnms(folder)
    if not found:
        pattern = "patientNNN/Info.cfg" if layout == "acdc" else "ID_sa_ED.nii.gz"
        raise ScanError(f"{folder}: no {layout} patients here (looked for {pattern}); check the folder and --layout")
    wanted = _choose(sorted(found), layout, patients)
    return tuple(case for patient in wanted for case in found[patient])


def _choose(names: list[str], layout: str, patients: str) -> list[str]:
    if patients == "all":
        return names
    if patients in ("train", "val"):
        if layout != "acdc":
            raise ScanError(f"the {layout} layout has no '{patients}' patients; use 'all' or names separated by commas")
        chosen = [name for name in names if (patient_number(name) % 5 == 0) == (patients == "val")]
        if not chosen:
            raise ScanError(f"none of the {len(names)} patients belongs to '{patients}'")
        return chosen
    chosen = []
    for word in (w.strip() for w in patients.split(",")):
        name = f"patient{int(word):03d}" if layout == "acdc" and word.isdecimal() else word
        if name not in names:
            raise ScanError(f"patient '{word}' is not among the {len(names)} here; choose of {names[0]} … {names[-1]}")
        if name not in chosen:
            chosen.append(name)
    return chosen


def patient_number(name: str) -> int:
    """The number in an ACDC patient's name: 5 of "patient005"."""
    return int(name.removeprefix("patient"))


def read_info(path: Path) -> dict[str, str]:
    """The "Key: value" lines of an ACDC Info.cfg. Raises ScanError where it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ScanError(f"{path}: cannot be read as text ({error}); restore it from the data set") from error
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if value.strip()}


def info_frames(path: Path) -> dict[str, int]:
    """The ED and ES frame of an ACDC Info.cfg, counted from 1 as file names do. Raises ScanError without them."""
    info = read_info(path)
    try:
        return {phase: int(info[phase]) for phase in ("ED", "ES")}
    except (KeyError, ValueError) as error:
        raise ScanError(f"{path}: has no ED and ES frame numbers; restore it from the data set") from error


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ScanError(f"{path}: is missing; restore it, or leave the patient out with --patients")
    return path


def _acdc(folder: Path) -> dict[str, list[Case]]:
    cases = {}
    # The data set as published keeps the patients one folder down, in "training" and "testing".
    for info in sorted(folder.glob("patient*/Info.cfg")) or sorted(folder.glob("*/patient*/Info.cfg")):
        home, name = info.parent, info.parent.name
        if not re.fullmatch(r"patient\d+", name):
            continue
        group = read_info(info).get("Group", "")
        cases[name] = [
            Case(
                patient=name,
                phase=phase,
                image=_existing(home / f"{name}_frame{frame:02d}.nii.gz"),
                truth=_existing(home / f"{name}_frame{frame:02d}_gt.nii.gz"),
                convention="acdc",
                group=group,
            )
            for phase, frame in info_frames(info).items()
        ]
    return cases


def _mnms(folder: Path) -> dict[str, list[Case]]:
    cases = {}
    for first in sorted(folder.rglob("*_sa_ED.nii.gz")):
        home, name = first.parent, first.name.removesuffix("_sa_ED.nii.gz")
        if name in cases:
            raise ScanError(f"{first}: patient '{name}' is here twice; give the folder of one copy")
        vendor = home.parent.name if home.parent != folder.parent and home != folder else ""
        cases[name] = [
            Case(
                patient=name,
                phase=phase,
                image=_existing(home / f"{name}_sa_{phase}.nii.gz"),
                truth=_existing(home / f"{name}_sa_{phase}_gt.nii.gz"),
                convention="mnms",
                group=vendor,
            )
            for phase in ("ED", "ES")
        ]
    return cases
