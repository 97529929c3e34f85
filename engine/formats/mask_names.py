"""What names say of a mask's labels: which structure a segment is, and the order of labels in a file beside a mask.

Data sets and programs keep the names of their labels beside the masks: nnU-Net and MONAI in JSON, ITK-SNAP and Slicer
in tables of text. Only names that leave no doubt count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import ScanError
from engine.files import is_file, read_regular
from engine.volume import LV, MYO, RV, STRUCTURES

_MAX_BYTES = 4_000_000
_JSON_NAMES = ("dataset.json", "datastore_v2.json", "metadata.json", "labels.json")
_TABLE_ENDINGS = (".txt", ".label", ".lbl", ".ctbl")
_KEYS = {LV: "lv", MYO: "myo", RV: "rv", 0: "background"}

_LEFT = {"left", "mlv", "lv", "lvc", "lvbp", "lvm", "lvmyo", "lvmyocardium", "lvendo", "lvcavity"}
_RIGHT = {"right", "rv", "rvc", "rvbp", "rvendo", "rvcavity", "rvm", "rvmyo"}
_VENTRICLE = {"ventricle", "ventricular", "lv", "rv", "lvc", "rvc", "lvbp", "rvbp", "lvendo", "rvendo", "lvcavity"} | {
    "rvcavity"
}
_WALL = {"mlv", "myo", "myocardium", "myocardial", "muscle", "wall", "lvm", "lvmyo", "lvmyocardium", "rvm", "rvmyo"}
_OTHER = {
    *("atrium", "atrial", "atria", "la", "ra", "aorta", "scar", "edema", "oedema", "fat", "infarct", "mvo", "fibrosis"),
    *("epi", "epicardium", "epicardial", "pericardium", "papillary", "thrombus", "artery", "valve", "septum", "both"),
    *("lungs", "lung", "liver", "torso", "trabeculae", "trabecular", "biventricular"),
}
_NOTHING = {"background", "bg", "clear", "unlabeled", "unlabelled", "none"}


class LabelOrder(NamedTuple):
    """convention: as engine.volume.label_values takes it. source: the name of the file that it was read from."""

    convention: str
    source: str


def structure_of(name: str) -> int:
    """LV, MYO or RV where the name of a segment says so beyond doubt, else 0."""
    said = {word for word in re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()) if word}
    left, right = bool(said & _LEFT), bool(said & _RIGHT)
    if said & _OTHER or (left and right):
        return 0
    if said & _WALL:
        return 0 if right else MYO
    if said & _VENTRICLE:
        return LV if left else RV if right else 0
    return 0


def convention_of(names: Mapping[int, str]) -> str:
    """The convention of label values by their names; empty where none of them is a structure, or two are the same."""
    found = {value: structure_of(name) for value, name in names.items() if value}
    known = [label for label in found.values() if label]
    if not known or len(set(known)) < len(known) or any(not 0 < value < 65536 for value in found):
        return ""
    parts = []
    for label, key in _KEYS.items():
        values = [str(value) for value in sorted(found) if found[value] == label]
        if values:
            parts.append(f"{key}={'+'.join(values)}")
    return ",".join(parts)


def in_words(convention: str) -> str:
    """ "1 LV cavity, 2 LV myocardium" of "lv=1,myo=2"."""
    labels = {key: label for label, key in _KEYS.items()}
    parts = [part.partition("=") for part in convention.split(",")]
    return ", ".join(f"{value} {STRUCTURES[labels[key]]}" for key, _, value in parts if labels[key])


def order_beside(path: Path) -> LabelOrder | None:
    """The order of labels that a file beside a mask gives, or in the folder above; None where there is none.

    What cannot be read says nothing. Of several files that contradict each other none is taken.
    """
    found: dict[str, str] = {}
    for file in _candidates(path):
        for names in _orders(file):
            if convention := convention_of(names):
                found.setdefault(convention, file.name)
    if len(found) != 1:
        return None
    ((convention, source),) = found.items()
    return LabelOrder(convention, source)


def _candidates(path: Path) -> list[Path]:
    folders = (path.parent, path.parent.parent)
    files = [folder / name for folder in folders for name in _JSON_NAMES]
    try:
        beside = sorted(path.parent.iterdir())
    except OSError:  # inside an archive there is nothing to list
        beside = []
    tables = [file for file in beside if file.suffix.lower() in _TABLE_ENDINGS]
    return [file for file in [*files, *tables[:20]] if is_file(file)]


def _orders(file: Path) -> list[dict[int, str]]:
    """Names by value, as a file has them: none, one or several tables."""
    try:
        text = read_regular(file, _MAX_BYTES).decode("utf-8", errors="replace")
        if file.suffix.lower() == ".json":
            return list(_in_json(json.loads(text), 0))
        return [names] if (names := _in_table(text)) else []
    except (OSError, ValueError, RecursionError, ScanError):
        return []


def _in_json(value: Any, depth: int) -> Iterator[dict[int, str]]:
    """The tables below "labels" or "channel_def", {name: value} as nnU-Net has them or {value: name} as others do."""
    if depth > 6 or not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in ("labels", "channel_def") and isinstance(inner, dict):
            names: dict[int, str] = {}
            for one, other in inner.items():
                if isinstance(other, int) and not isinstance(other, bool):
                    names[other] = str(one)
                elif isinstance(other, str) and str(one).isdecimal():
                    names[int(one)] = other
            if names:
                yield names
        else:
            yield from _in_json(inner, depth + 1)


def _in_table(text: str) -> dict[int, str]:
    """ITK-SNAP's table (value, colour, opacity, two flags, "name") or Slicer's (value, name, colour)."""
    names: dict[int, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        snap = re.fullmatch(r'\s*(\d{1,5})(?:\s+\d+){3}\s+[\d.]+\s+[01]\s+[01]\s+"(.*)"\s*', line)
        slicer = re.fullmatch(r"\s*(\d{1,5})\s+(\S+)(?:\s+\d+){3,4}\s*", line)
        found = snap or slicer
        if found is None:
            return {}
        names[int(found[1])] = found[2]
    return names
