"""What it takes to make a result again, beside it: `a.nii.gz` gets `a.provenance.json`.

A record holds the scan's paths and a digest of its voxels, the model and the hash of its file, every choice that the
result depends on, the slices that were corrected by hand, and a digest of the mask's labels; of numbers also what the
reader left out and chose. replay() makes mask and numbers once more from it and compares.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import __version__
from engine.errors import ModelError, ScanError
from engine.files import read_regular, write_atomically
from engine.formats.door import find, read_chosen, read_series
from engine.measures.function import Function, function_of
from engine.measures.phases import held_of
from engine.measures.quantities import MEASURES
from engine.measures.reading import from_json
from engine.measures.tally import tally_of
from engine.network.catalog import Catalog
from engine.network.predict import Prediction, predict
from engine.phantom import make_phantom
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import STRUCTURES, LabelMap, Volume, voxels_sha256

SCHEMA = 1
ENDING = ".provenance.json"
_MAX_BYTES = 64_000_000
_COMPOUND_ENDINGS = (".nii.gz", ".nii", ".dcm", ".csv", ".json", ".pdf", ".png", ".gif", ".mp4")
# Numbers are stored with all their digits; sums of floats may be in another order on another machine.
_SAME = 1e-9

Planes = Mapping[tuple[int, int], NDArray[np.uint8]]
"""Corrected slices (Y, X) uint8 by (frame, slice)."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A provenance record, read.

    paths: what was opened. spacing_mm: (x, y, z) that the user gave, None for the scan's own. input_sha256,
    labels_sha256: see engine.volume.voxels_sha256. labels: the mask itself, (T, Z, Y, X) uint8, kept so that a replay
    can count voxels. kind: of the scan, as Source has it. measured: numbers by their keys, and reading, the reader's
    choices that they follow, as JSON; None where nothing was measured. basal_sha256: as Prediction has it.
    """

    paths: tuple[Path, ...]
    spacing_mm: tuple[float, float, float] | None
    input_sha256: str
    labels_sha256: str
    labels: NDArray[np.uint8]
    model: str
    model_sha256: str
    precision: str
    threads: int
    planes: Planes = field(default_factory=dict)
    kind: str = ""
    reading: Any = None
    measured: dict[str, Any] | None = None
    basal_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a replay. voxels: how many differ. measures: the keys of numbers that differ."""

    voxels: int
    measures: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return not self.voxels and not self.measures


def path_for(out: Path) -> Path:
    """Where the record of a result lies: beside it, under its name without the ending; beside a folder of DICOM SEG."""
    name = out.name
    for ending in _COMPOUND_ENDINGS:
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
            break
    return out.with_name(name + ENDING)


def write_record(
    out: Path,
    volume: Volume,
    prediction: Prediction,
    *,
    files: Sequence[Path],
    spacing_mm: tuple[float, float, float] | None = None,
    convention: str = "mnms",
    planes: Planes | None = None,
    function: Function | None = None,
) -> Path:
    """Write the record of a result that was just written, and return its path.

    out: a file, or a folder of files. planes: the slices that were corrected by hand. function: what was measured, with
    the choices of the reader that it follows. Raises OSError.
    """
    labels = _corrected(prediction.labels.array, planes or {})
    path = path_for(out)
    data = {
        "schema": SCHEMA,
        "program": f"CineQuant {__version__}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": {
            "paths": [str(given.absolute()) for given in volume.source.paths],
            "kind": volume.source.kind,
            "spacing_mm": None if spacing_mm is None else list(spacing_mm),
            "notices": list(volume.notices),
        },
        "input_sha256": voxels_sha256(volume.array),
        **prediction.provenance,
        "corrected_by_hand": [
            {"frame_index": t, "slice_index": z, "labels": _packed(plane)}
            for (t, z), plane in sorted((planes or {}).items())
        ],
        "measured": None if function is None else _measured(function),
        "reading": None if function is None else function.reading.to_json(),
        "output": {
            "path": str(out.absolute()),
            "files": [file.name for file in files],
            "label_values": convention,
            "shape": list(labels.shape),
            "labels_sha256": voxels_sha256(labels),
            "labels": _packed(labels),
        },
    }
    write_atomically(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())
    return path


def read_record(path: Path) -> Record:
    """Read a record. Raises ScanError, one line that names the file and what is wrong with it."""
    try:
        data = json.loads(read_regular(path, _MAX_BYTES))
        if data["schema"] != SCHEMA:
            raise ScanError(
                f"{path}: is a record of schema {data['schema']!r}, and this program reads schema {SCHEMA}; "
                f"replay it with the program that wrote it ({str(data.get('program'))[:40]})"
            )
        shape = tuple(int(n) for n in data["output"]["shape"])
        labels = _unpacked(data["output"]["labels"], shape)
        spacing = data["input"]["spacing_mm"]
        return Record(
            paths=tuple(Path(str(item)) for item in data["input"]["paths"]),
            spacing_mm=None if spacing is None else (float(spacing[0]), float(spacing[1]), float(spacing[2])),
            input_sha256=str(data["input_sha256"]),
            labels_sha256=str(data["output"]["labels_sha256"]),
            labels=labels,
            model=str(data["model"]),
            model_sha256=str(data["model_sha256"]),
            precision=str(data["precision"]),
            threads=int(data["threads"]),
            planes={
                (int(entry["frame_index"]), int(entry["slice_index"])): _unpacked(entry["labels"], shape[2:])
                for entry in data["corrected_by_hand"]
            },
            kind=str(data["input"]["kind"]),
            reading=data.get("reading"),
            measured=_numbers(data.get("measured")),
            # Records that were written before there was a rule follow none.
            basal_sha256=str(data.get("basal_rule_sha256", "")),
        )
    except OSError as error:
        raise ScanError(f"{path}: the record cannot be read ({error.strerror}); check the path") from error
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, zlib.error, binascii.Error) as error:
        raise ScanError(f"{path}: is no provenance record, or damaged; give the {ENDING} file of a mask") from error


def replay(
    record: Record,
    catalog: Catalog,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Replayed:
    """Open the scan, segment it as before, put the corrections in, measure, and compare with what was recorded.

    Raises ScanError where the scan is gone or has other voxels, ModelError where the model is gone or another file.
    """
    card = catalog.get(record.model)
    if card.file_for(record.precision).sha256 != record.model_sha256:
        raise ModelError(
            f"{card.path_for(record.precision)}: is not the file that made the mask (SHA-256 "
            f"{record.model_sha256[:12]}…); install that version of the model"
        )
    if not record.basal_sha256:
        card = replace(card, basal=None)
    elif card.basal is None or card.basal.sha256 != record.basal_sha256:
        raise ModelError(
            f"{card.folder}: has not the rule for basal slices that made the mask (SHA-256 "
            f"{record.basal_sha256[:12]}…); install that version of the model"
        )
    volume = _scan_of(record, progress, cancel)
    if voxels_sha256(record.labels) != record.labels_sha256:
        raise ScanError("the record was changed after it was written: its labels are not those of its own digest")
    prediction = predict(volume, card, record.precision, threads=record.threads, progress=progress, cancel=cancel)
    labels = LabelMap(_corrected(prediction.labels.array, record.planes), volume.geometry)
    return Replayed(
        int(np.count_nonzero(labels.array != record.labels)),
        () if record.measured is None else _different(record, prediction.labels, labels, volume),
    )


def _scan_of(record: Record, progress: Progress, cancel: CancelToken | None) -> Volume:
    """The scan of the record. A folder may hold several: the one with the same voxels is looked for among them."""
    if record.kind == "phantom":
        frames, slices, size, _ = record.labels.shape
        made = make_phantom(frames, slices, size)[0]
        if voxels_sha256(made.array) != record.input_sha256:
            raise ScanError("this version of the program computes another phantom; replay with the recorded version")
        return made
    # A path may lead into an archive.
    gone = next((p for p in record.paths if not p.exists() and not any(map(Path.is_file, p.parents))), None)
    if gone is not None:
        raise ScanError(f"{gone}: the scan of the record is not there any more; say where it is with --scan PATH")
    index = find(record.paths, progress=progress, cancel=cancel)
    chosen, volume = read_chosen(index, progress=progress, cancel=cancel)
    if voxels_sha256(volume.array) != record.input_sha256:
        for series in index.series:
            if series.number == chosen.number or series.size != record.labels.shape:
                continue
            volume = read_series(index, series, progress=progress, cancel=cancel)
            if voxels_sha256(volume.array) == record.input_sha256:
                break
        else:
            raise ScanError(
                f"{record.paths[0]}: is not the scan of the record, its voxels differ; "
                "say with --scan PATH where that scan is"
            )
    return volume if record.spacing_mm is None else volume.with_spacing(*record.spacing_mm)


def _different(record: Record, base: LabelMap, labels: LabelMap, volume: Volume) -> tuple[str, ...]:
    """The keys of the numbers that differ. base: the labels before they were corrected, which name the phases."""
    try:
        reading = from_json(record.reading, volume.frames, volume.slices)
    except ValueError as error:
        raise ScanError(f"the record's choices of the reader are damaged: {error}; give it as written") from error
    held = held_of(tally_of(base, volume), volume)
    tally = tally_of(labels, volume)
    again = _measured(function_of(tally, volume, reading, held.completed(held_of(tally, volume))))
    recorded = record.measured or {}
    return tuple(key for key in sorted({*again, *recorded}) if not _equal(again.get(key), recorded.get(key)))


def _measured(function: Function) -> dict[str, Any]:
    """The numbers of the labels under their keys, frames among them."""
    found: dict[str, Any] = {measure.key: measure.value(function) for measure in MEASURES}
    for name in ("ed_frame", "es_frame", "rv_ed_frame", "rv_es_frame"):
        found[f"{name}_index"] = getattr(function, name)
    return found


def _numbers(value: Any) -> dict[str, Any] | None:
    """Recorded numbers. Raises TypeError for anything else."""
    if value is None:
        return None
    if not isinstance(value, dict) or not all(v is None or isinstance(v, int | float) for v in value.values()):
        raise TypeError("measured holds more than numbers")
    return value


def _equal(one: float | None, other: float | None) -> bool:
    return one == other if one is None or other is None else math.isclose(one, other, rel_tol=_SAME, abs_tol=_SAME)


def _corrected(labels: NDArray[np.uint8], planes: Planes) -> NDArray[np.uint8]:
    """Labels (T, Z, Y, X) with the corrected slices in their places. Raises ScanError for a slice that is not there."""
    if not planes:
        return labels
    made = labels.copy()
    for (t, z), plane in planes.items():
        if not (0 <= t < made.shape[0] and 0 <= z < made.shape[1]) or plane.shape != made.shape[2:]:
            raise ScanError(f"the record corrects slice {z + 1} of frame {t + 1}, which the scan does not have")
        made[t, z] = plane
    return made


def _packed(labels: NDArray[np.uint8]) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(labels).tobytes(), 6)).decode()


def _unpacked(text: str, shape: Sequence[int]) -> NDArray[np.uint8]:
    """Labels of a shape. Raises ValueError, zlib.error and binascii.Error for anything else."""
    length = math.prod(shape)
    if not 0 < length <= 1 << 30 or min(shape) < 1:
        raise ValueError(f"{tuple(shape)} is not the shape of a mask")
    content = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), length + 1)
    labels = np.frombuffer(content, dtype=np.uint8)
    if labels.size != length or labels.max(initial=0) > max(STRUCTURES):
        raise ValueError("labels that do not fill their shape, or of other values")
    return labels.reshape(tuple(shape))
