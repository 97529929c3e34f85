"""Where the scans and truth masks of public cardiac MR data sets lie on disk, and one of them read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import ScanError
from engine.files import read_regular
from engine.formats import nifti
from engine.volume import LabelMap, Volume, label_values

LAYOUTS: dict[str, str] = {
    "acdc": "patientNNN/Info.cfg",
    "mnms": "ID_sa_ED.nii.gz, or ID_sa.nii.gz and the data set's CSV file",
    "mnms2": "NNN_SA_ED.nii.gz",
    "mnms2-la": "NNN_LA_ED.nii.gz",
    "pairs": "NAME.nii.gz with NAME_gt.nii.gz, or images/NAME.nii.gz with labels/NAME.nii.gz",
}
"""Names of the layouts, and by which files each is known."""

PHASES = ("ED", "ES")
SPLITS = ("train", "val", "test")

_MAX_TABLE_BYTES = 16_000_000
# Names of folders, in lower case, that say what the patients below them are for.
_SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_MASK_SUFFIXES = ("_gt", "_seg", "_mask", "_label", "_labels")
# Folder of images -> folders beside it where their masks may be.
_MASK_FOLDERS = {"images": ("labels", "masks"), "imagesTr": ("labelsTr",), "imagesTs": ("labelsTs",)}


@dataclass(frozen=True, slots=True)
class Case:
    """One phase of one patient.

    patient: folder name of the patient, such as "patient005"; of a pair, the image's name without its phase.
    phase: "ED" or "ES"; empty for a pair whose name does not say.
    image, truth: the NIfTI files.
    convention: label values of the truth file, as engine.volume.label_values takes them.
    group: diagnosis (ACDC) or vendor (M&Ms, M&Ms-2); empty where the data set does not say.
    disease: diagnosis, where group is the vendor.
    split: "train", "val" or "test" as the data set has it; empty where it does not say.
    frame: which frame of both files it is, from 0; None where they hold this one alone.
    """

    patient: str
    phase: str
    image: Path
    truth: Path
    convention: str
    group: str = ""
    disease: str = ""
    split: str = ""
    frame: int | None = None

    @property
    def name(self) -> str:
        """What to call it in a message or a log."""
        return f"{self.patient} {self.phase}".strip()


def find_cases(folder: Path, layout: str, patients: str = "all", labels: str = "") -> tuple[Case, ...]:
    """The cases of a data set, by patient and ED before ES.

    layout: a key of LAYOUTS.
        "acdc": patientNNN/Info.cfg with patientNNN_frameFF[_gt].nii.gz; val is every patient whose number divides by 5.
        "mnms": …/ID/ID_sa_ED[_gt].nii.gz, or ID_sa[_gt].nii.gz of all frames, whose ED and ES the CSV file of the data
            set gives. "mnms2", "mnms2-la": …/NNN/NNN_SA_ED[_gt].nii.gz, or LA, split as published: 1 to 160 train,
            161 to 200 val, 201 to 360 test.
        "pairs": every NIfTI file with its mask, which is beside it under the same name and _gt, _seg, _mask, _label or
            _labels, or in a folder labels or masks beside its folder images under its own name (imagesTr and labelsTr
            likewise, the image then NAME_0000). A name that ends in _ED or _ES says the phase.
        Folders named train(ing), val(idation) and test(ing) above the files say the split of "mnms" and "pairs".
    patients: see choose.
    labels: what the values in the masks of "pairs" mean, see engine.volume.label_values; the others' are known.

    Raises ScanError where the folder does not hold the layout, a file is missing or a patient is unknown.
    """
    return present(choose(list_cases(folder, layout, labels), layout, patients))


def list_cases(folder: Path, layout: str, labels: str = "") -> tuple[Case, ...]:
    """All cases of a data set, as find_cases; whether each file is there is not looked at. Raises ScanError."""
    if layout not in LAYOUTS:
        raise ScanError(f"layout '{layout}' is not known; choose one of {', '.join(LAYOUTS)}")
    if not folder.is_dir():
        raise ScanError(f"{folder}: no such folder; give the folder that holds the patients")
    if layout == "pairs":
        if not labels:
            raise ScanError(
                f"{folder}: pairs do not say what their labels mean; give --labels, such as lv=1,myo=2,rv=3"
            )
        label_values(labels)
        found = _pairs(folder, labels)
    else:
        if labels:
            raise ScanError(f"the {layout} layout says what its labels mean; leave --labels away")
        found = {"acdc": _acdc, "mnms": _mnms}[layout](folder) if layout in ("acdc", "mnms") else _mnms2(folder, layout)
    if not found:
        pattern = LAYOUTS[layout]
        raise ScanError(f"{folder}: no {layout} patients here (looked for {pattern}); check the folder and --layout")
    return tuple(case for name in sorted(found) for case in found[name])


def present(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """The same cases. Raises ScanError naming a file that is missing: who has no test masks can train all the same."""
    for case in cases:
        for path in (case.image, case.truth):
            if not path.is_file():
                raise ScanError(f"{path}: is missing; restore it, or leave the patient out with --patients")
    return cases


def read_case(case: Case) -> tuple[Volume, LabelMap]:
    """A case's scan and truth, one frame each, on one grid.

    Raises ScanError, naming the file, for what cannot be read, a mask on another grid and unknown label values.
    """
    volume = nifti.read([case.image])
    truth = nifti.read_mask(case.truth, volume, case.convention)
    if case.frame is None:
        if volume.frames > 1:
            raise ScanError(f"{case.image}: has {volume.frames} frames, but one is expected; split it into its frames")
        return volume, truth
    # Frames without an image are left out of the volume.
    there = volume.source.file_frames or tuple(range(volume.frames))
    if case.frame not in there:
        raise ScanError(
            f"{case.image}: has {_count(len(there), 'frame')} with an image, but {case.phase} is to be frame "
            f"{case.frame + 1}"
        )
    at = there.index(case.frame)
    one = slice(at, at + 1)
    labels = LabelMap(truth.array[one], truth.geometry)
    if not labels.array.any():
        raise ScanError(
            f"{case.truth}: frame {case.frame + 1}, which is to be {case.phase}, has no labels; check the CSV"
        )
    return replace(volume, array=volume.array[one], frame_times_ms=None), labels


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def choose(cases: Sequence[Case], layout: str, patients: str) -> tuple[Case, ...]:
    """Those of a data set's cases that belong to some patients. Raises ScanError for unknown ones.

    patients: words separated by commas: "all"; "train", "val" or "test", as the data set is split; the name of a
    patient, for which with ACDC and M&Ms-2 a number will do.
    """
    names = list(dict.fromkeys(case.patient for case in cases))
    chosen: list[str] = []
    for word in (w.strip() for w in patients.split(",")):
        name = word
        if word == "all":
            chosen += names
            continue
        if word in SPLITS:
            of_split = [case.patient for case in cases if case.split == word]
            if not any(case.split for case in cases):
                raise ScanError(f"the {layout} layout has no '{word}' patients here; use 'all' or names with commas")
            if not of_split:
                raise ScanError(f"none of the {len(names)} patients belongs to '{word}'")
            chosen += of_split
            continue
        if word.isdecimal() and layout not in ("mnms", "pairs"):
            name = f"patient{int(word):03d}" if layout == "acdc" else f"{int(word):03d}"
        if name not in names:
            raise ScanError(f"patient '{word}' is not among the {len(names)} here; choose of {names[0]} … {names[-1]}")
        chosen.append(name)
    return tuple(case for name in dict.fromkeys(chosen) for case in cases if case.patient == name)


def patient_number(name: str) -> int:
    """The number in an ACDC patient's name: 5 of "patient005"."""
    return int(name.removeprefix("patient"))


def read_info(path: Path) -> dict[str, str]:
    """The "Key: value" lines of an ACDC Info.cfg. Raises ScanError where it cannot be read."""
    try:
        lines = read_regular(path, _MAX_TABLE_BYTES).decode("utf-8").splitlines()
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


def _add(found: dict[str, list[Case]], case: Case) -> None:
    cases = found.setdefault(case.patient, [])
    if any(case.phase == other.phase for other in cases):
        raise ScanError(f"{case.image}: {case.name} is here twice; give the folder of one copy")
    cases.append(case)


def _acdc(folder: Path) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    # The data set as published keeps the patients one folder down, in "training" and "testing".
    for info in sorted(folder.glob("patient*/Info.cfg")) or sorted(folder.glob("*/patient*/Info.cfg")):
        home, name = info.parent, info.parent.name
        if not re.fullmatch(r"patient\d+", name):
            continue
        for phase, frame in info_frames(info).items():
            case = Case(
                patient=name,
                phase=phase,
                image=home / f"{name}_frame{frame:02d}.nii.gz",
                truth=home / f"{name}_frame{frame:02d}_gt.nii.gz",
                convention="acdc",
                group=read_info(info).get("Group", ""),
                split="val" if patient_number(name) % 5 == 0 else "train",
            )
            _add(found, case)
    return found


def _mnms(folder: Path) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    rows = _table(folder, "External code")
    for home, name in _homes(folder, r"(.+)_sa(?:_E[DS])?\.nii\.gz"):
        row = rows.get(name, {})
        parent = home.parent.name if home.parent != folder.parent and home != folder else ""
        for phase in PHASES:
            case = Case(
                patient=name,
                phase=phase,
                image=home / f"{name}_sa_{phase}.nii.gz",
                truth=home / f"{name}_sa_{phase}_gt.nii.gz",
                convention="mnms",
                group=row.get("VendorName") or row.get("Vendor") or parent,
                disease=row.get("Pathology", ""),
                split=_split_of(home, folder),
            )
            if (whole := home / f"{name}_sa.nii.gz").is_file():
                if not home.joinpath(f"{name}_sa_gt.nii.gz").is_file() and "unlabeled" in map(str.lower, home.parts):
                    continue
                if not row.get(phase, "").isdecimal():
                    raise ScanError(f"{whole}: no CSV file of the data set says which frame is {phase}; put it beside")
                truth = home / f"{name}_sa_gt.nii.gz"
                case = replace(case, image=whole, truth=truth, frame=int(row[phase]))
            _add(found, case)
    return found


def _mnms2(folder: Path, layout: str) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    rows = {name.zfill(3): row for name, row in _table(folder, "SUBJECT_CODE").items()}
    view = "LA" if layout == "mnms2-la" else "SA"
    for home, name in _homes(folder, rf"(\d{{3}})_{view}_E[DS]\.nii\.gz"):
        row = rows.get(name, {})
        for phase in PHASES:
            case = Case(
                patient=name,
                phase=phase,
                image=home / f"{name}_{view}_{phase}.nii.gz",
                truth=home / f"{name}_{view}_{phase}_gt.nii.gz",
                convention="mnms",
                group=row.get("VENDOR", ""),
                disease=row.get("DISEASE", ""),
                split="train" if int(name) <= 160 else "val" if int(name) <= 200 else "test",
            )
            _add(found, case)
    return found


def _pairs(folder: Path, labels: str) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    files = sorted(p for suffix in nifti.SUFFIXES for p in folder.rglob(f"*{suffix}") if not p.name.startswith("."))
    masks = {p for p in files if nifti.stem_of(p).endswith(_MASK_SUFFIXES) or _is_mask_folder(p.parent)}
    used = set()
    for image in (p for p in files if p not in masks):
        stem = nifti.stem_of(image)
        plain = stem.removesuffix("_0000")
        wanted = [image.with_name(stem + end + suffix) for end in _MASK_SUFFIXES for suffix in nifti.SUFFIXES]
        for home in _MASK_FOLDERS.get(image.parent.name, ()):
            wanted += [image.parent.with_name(home) / (plain + suffix) for suffix in nifti.SUFFIXES]
        truth = next((p for p in wanted if p in masks), None)
        if truth is None:
            raise ScanError(f"{image}: has no mask (such as {stem}_gt.nii.gz); add it, or take the image out")
        used.add(truth)
        said = re.fullmatch(r"(?i)(.+?)[_\-. ](ED|ES)", plain)
        case = Case(
            patient=said[1] if said else plain,
            phase=said[2].upper() if said else "",
            image=image,
            truth=truth,
            convention=labels,
            split=_split_of(image.parent, folder),
        )
        _add(found, case)
    if lonely := sorted(masks - used):
        raise ScanError(f"{lonely[0]}: is a mask without an image; restore the image, or take the mask out")
    for name, cases in found.items():
        if len({case.split for case in cases}) > 1:
            raise ScanError(f"{cases[0].image}: patient '{name}' is in two splits; keep all of a patient in one")
        cases.sort(key=lambda case: case.phase)
    return found


def _is_mask_folder(folder: Path) -> bool:
    return any(folder.name in masks and folder.with_name(images).is_dir() for images, masks in _MASK_FOLDERS.items())


def _homes(folder: Path, pattern: str) -> list[tuple[Path, str]]:
    """(folder, patient) of the files whose whole name matches; the pattern's group is the patient. By patient."""
    matches = ((p.parent, re.fullmatch(pattern, p.name)) for p in folder.rglob("*.nii.gz"))
    homes = {(home, match[1]) for home, match in matches if match}
    return sorted(homes, key=lambda pair: (pair[1], pair[0]))


def _split_of(path: Path, folder: Path) -> str:
    """What the folders from the data set's own down to a path say that its patients are for."""
    for part in (folder.name, *path.relative_to(folder).parts):
        if split := _SPLIT_FOLDERS.get(part.lower()):
            return split
    return ""


def _table(folder: Path, key: str) -> dict[str, dict[str, str]]:
    """The rows of the CSV file, in a folder or the one above, that has a column of this name; by that column."""
    candidates: Iterable[Path] = (*sorted(folder.glob("*.csv")), *sorted(folder.resolve().parent.glob("*.csv")))
    for path in candidates:
        try:
            lines = read_regular(path, _MAX_TABLE_BYTES).decode("utf-8-sig", errors="replace").splitlines()
        except OSError as error:
            raise ScanError(f"{path}: cannot be read ({error.strerror}); restore it from the data set") from error
        if lines and key in lines[0]:
            rows = csv.DictReader(lines, delimiter=";" if lines[0].count(";") > lines[0].count(",") else ",")
            try:
                return {
                    row[key].strip(): {k: (v or "").strip() for k, v in row.items() if k}
                    for row in rows
                    if row.get(key)
                }
            except csv.Error as error:
                raise ScanError(f"{path}: is no table ({error}); restore it from the data set") from error
    return {}
