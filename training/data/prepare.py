"""A data set, read and resampled once and kept in files for any number of trainings.

The folder holds one safetensors file per volume, and an index that is written last. Each file records its origin: the
hashes of image and mask, the network's input, and the version of this code. prepare remakes a file whose origin no
longer matches, and load_prepared refuses it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from engine.errors import ScanError
from engine.files import write_atomically
from engine.formats import datasets
from engine.formats.datasets import Case
from engine.network.preprocess import InputSpec
from engine.progress import Progress, no_progress
from engine.volume import STRUCTURES, Known
from training.data.scans import Scan, from_steps, resample, to_steps

# Version of these files and of what training.data.scans.resample computes; raise it when either changes.
VERSION = 1
INDEX = "prepared.json"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a prepared folder holds. cases: of the data set, their paths where it was read."""

    folder: Path
    layout: str
    spec: InputSpec
    cases: tuple[Case, ...]

    def choose(self, patients: str) -> tuple[Case, ...]:
        """Choose cases as engine.formats.datasets.find_cases does. Raises ScanError."""
        return datasets.choose(self.cases, self.layout, patients)


def prepare(
    cases: Sequence[Case], layout: str, spec: InputSpec, folder: Path, *, progress: Progress = no_progress
) -> str:
    """Write the files of all cases that are missing or out of date, then the index.

    After an interruption it continues where it stopped. Files of cases that are no longer given are removed.
    Returns a summary of several lines. Raises ScanError for a case that cannot be read, and for a folder that holds
    another layout.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / INDEX).exists() and (before := open_prepared(folder).layout) != layout:
        raise ScanError(f"{folder}: holds the prepared layout {before}; give a folder of its own to {layout}")
    facts: list[dict[str, Any]] = []
    made = 0
    for done, case in enumerate(cases):
        progress(done, len(cases), case.name)
        path, origin = _file(folder, case), _origin(case, spec)
        found = _facts(path, origin)
        if found is None:
            volume, truth = datasets.read_case(case)
            scan = resample(case, volume, truth.array[0], spec)
            found = {
                "spacing_mm": [round(float(mm), 4) for mm in volume.geometry.spacing_mm],
                "spacing_known": volume.geometry.spacing is not Known.ASSUMED,
                "shape": list(scan.images.shape),
                "labelled_slices": {str(v): int((scan.labels == v).any((1, 2)).sum()) for v in STRUCTURES},
            }
            _write(path, scan, origin, found)
            made += 1
        facts.append(found)
    entries = [_entry(case) for case in cases]
    index = {"version": VERSION, "layout": layout, "spec": asdict(spec), "cases": entries}
    write_atomically(folder / INDEX, (json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode())
    kept = {_file(folder, case) for case in cases}
    for path in folder.glob("*.safetensors"):
        if path not in kept:
            path.unlink()
    progress(len(cases), len(cases), "Done")
    megabytes = sum(path.stat().st_size for path in kept) / 1e6
    written = f"{made} volumes made, {len(cases) - made} as they were; {megabytes:.1f} MB in {folder}"
    return "\n".join([*_summary(cases, layout, spec, facts), written])


def open_prepared(folder: Path) -> Prepared:
    """Read the index. Raises ScanError if it is missing or was written by another version."""
    path = folder / INDEX
    if not path.exists():
        raise ScanError(f"{folder}: holds no finished prepared data ({INDEX}); run `cinequant-train prepare`")
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        if index["version"] != VERSION:
            raise ScanError(f"{folder}: was prepared by another version; run `cinequant-train prepare` again")
        spec = InputSpec(**{**index["spec"], "percentiles": tuple(index["spec"]["percentiles"])})
        cases = [Case(**{**c, "image": Path(c["image"]), "truth": Path(c["truth"])}) for c in index["cases"]]
        return Prepared(folder, str(index["layout"]), spec, tuple(cases))
    except (OSError, ValueError, KeyError, TypeError):
        raise ScanError(f"{path}: is damaged; run `cinequant-train prepare` again") from None


def load_prepared(
    prepared: Prepared, cases: Sequence[Case], spec: InputSpec, *, progress: Progress = no_progress
) -> tuple[list[Scan], int]:
    """Load the scans of some cases. Also returns how many could not be compared with their sources.

    Images and masks are compared by their contents where they still lie where they were read; a prepared folder that
    was taken to another machine is used without. Raises ScanError for what was made of other files or for another spec.
    """
    if prepared.spec != spec:
        raise ScanError(
            f"{prepared.folder}: was prepared for another network ({_difference(prepared.spec, spec)}); run "
            "`cinequant-train prepare` with this configuration and a folder of its own"
        )
    scans, unseen = [], 0
    for done, case in enumerate(cases):
        progress(done, len(cases), case.name)
        here = case.image.exists() and case.truth.exists()
        unseen += not here
        scans.append(_read(_file(prepared.folder, case), case, _origin(case, spec) if here else None))
    progress(len(cases), len(cases), "Done")
    return scans, unseen


def _origin(case: Case, spec: InputSpec) -> dict[str, Any]:
    """Everything that a prepared file depends on."""
    return {
        "version": VERSION,
        "spec": json.loads(json.dumps(asdict(spec))),
        "convention": case.convention,
        "frame": case.frame,
        "image": _sha256(case.image),
        "truth": _sha256(case.truth),
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(folder: Path, case: Case) -> Path:
    # Not the name itself, which may hold characters that a file name cannot.
    return folder / f"{hashlib.sha256(f'{case.patient}/{case.phase}'.encode()).hexdigest()[:16]}.safetensors"


def _entry(case: Case) -> dict[str, Any]:
    return {**asdict(case), "image": str(case.image.resolve()), "truth": str(case.truth.resolve())}


def _write(path: Path, scan: Scan, origin: dict[str, Any], facts: dict[str, Any]) -> None:
    arrays: dict[str, NDArray[Any]] = {"images": to_steps(scan.images), "labels": scan.labels, "centre": scan.centre}
    # safetensors writes an array as it lies in memory, and resampled slices do not lie row by row.
    tensors = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    said = {"origin": origin, "facts": facts, "mean": scan.mean, "std": scan.std}
    write_atomically(path, save(tensors, {key: json.dumps(value) for key, value in said.items()}))


def _facts(path: Path, origin: dict[str, Any]) -> dict[str, Any] | None:
    """What a file says about its volume; None if it is missing, damaged or of another origin."""
    try:
        with safe_open(str(path), framework="np") as file:
            said = file.metadata() or {}
            facts: dict[str, Any] = json.loads(said["facts"])
            return facts if json.loads(said["origin"]) == origin else None
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def _read(path: Path, case: Case, origin: dict[str, Any] | None) -> Scan:
    again = "run `cinequant-train prepare` again"
    try:
        with safe_open(str(path), framework="np") as file:
            said = {key: json.loads(value) for key, value in (file.metadata() or {}).items()}
            if origin is not None and said["origin"] != origin:
                raise ScanError(f"{path}: {case.name} was prepared from another image or mask; {again}")
            images, labels, centre = (file.get_tensor(name) for name in ("images", "labels", "centre"))
            return Scan(case.patient, case.phase, from_steps(images), labels, centre, said["mean"], said["std"])
    except (OSError, SafetensorError, KeyError, ValueError):
        raise ScanError(f"{path}: {case.name} is missing or damaged; {again}") from None


def _difference(one: InputSpec, other: InputSpec) -> str:
    a, b = asdict(one), asdict(other)
    return ", ".join(f"{key} {a[key]}, not {b[key]}" for key in a if a[key] != b[key])


def _summary(cases: Sequence[Case], layout: str, spec: InputSpec, facts: Sequence[dict[str, Any]]) -> list[str]:
    slices = sum(f["shape"][0] for f in facts)
    patients = {case.patient: case for case in cases}
    lines = [
        f"{layout}: {len(patients)} patients, {len(cases)} volumes, {slices} slices, now at {spec.spacing_mm:g} mm"
    ]
    for title, counts in (
        ("for", Counter(case.split for case in patients.values())),
        ("group", Counter(case.group for case in patients.values())),
        ("disease", Counter(case.disease for case in patients.values())),
    ):
        if set(counts) - {""}:
            lines.append(f"{title}: " + ", ".join(f"{name or 'unknown'} {n}" for name, n in sorted(counts.items())))
    known = np.array([f["spacing_mm"] for f in facts if f["spacing_known"]])
    if len(known):
        plane, between = known[:, :2], known[:, 2]
        lines.append(f"spacing: {_range(plane)} mm in plane, {_range(between)} mm from slice to slice")
    if len(known) < len(facts):
        lines.append(f"spacing unknown: {len(facts) - len(known)} volumes, taken as {spec.unknown_spacing_mm:g} mm")
    sizes = Counter(f"{f['shape'][1]} × {f['shape'][2]}" for f in facts)
    lines.append("grid: " + ", ".join(f"{size} ({n} volumes)" for size, n in sorted(sizes.items())))
    labelled = {name: sum(f["labelled_slices"][str(v)] for f in facts) for v, name in STRUCTURES.items()}
    lines.append("labels: " + ", ".join(f"{name} in {n} slices" for name, n in labelled.items()))
    return lines


def _range(values: np.ndarray[Any, Any]) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"
