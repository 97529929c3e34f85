"""What it takes to make a mask again, beside the mask: `a.nii.gz` gets `a.provenance.json`.

A record holds the scan's paths and a digest of its voxels, the model and the hash of its file, every choice that the
result depends on, the slices that were corrected by hand, and a digest of the mask's labels. replay() makes the mask
once more from it and compares.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import __version__
from engine.errors import ModelError, ScanError
from engine.files import read_regular, write_atomically
from engine.formats.door import open_scan
from engine.network.catalog import Catalog
from engine.network.predict import Prediction, predict
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import STRUCTURES, Volume, voxels_sha256

SCHEMA = 1
ENDING = ".provenance.json"
_MAX_BYTES = 64_000_000
_COMPOUND_ENDINGS = (".nii.gz", ".nii", ".dcm")

Planes = Mapping[tuple[int, int], NDArray[np.uint8]]
"""Corrected slices (Y, X) uint8 by (frame, slice)."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A provenance record, read.

    paths: what was opened. spacing_mm: (x, y, z) that the user gave, None for the scan's own. input_sha256,
    labels_sha256: see engine.volume.voxels_sha256. labels: the mask itself, (T, Z, Y, X) uint8, kept so that a replay
    can count voxels.
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


def path_for(out: Path) -> Path:
    """Where the record of a mask lies: beside it, under its name without the ending; beside a folder of DICOM SEG."""
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
) -> Path:
    """Write the record of a mask that was just written, and return its path.

    out: the mask, a file or a folder of files. planes: the slices that were corrected by hand. Raises OSError.
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
            raise ScanError(f"{path}: is a record of schema {data['schema']!r}; this program reads schema {SCHEMA}")
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
) -> int:
    """Open the scan, segment it as before, put the corrections in, and count the voxels that differ from the mask.

    Raises ScanError where the scan is gone or has other voxels, ModelError where the model is gone or another file.
    """
    card = catalog.get(record.model)
    if card.file_for(record.precision).sha256 != record.model_sha256:
        raise ModelError(
            f"{card.path_for(record.precision)}: is not the file that made the mask (SHA-256 "
            f"{record.model_sha256[:12]}…); install that version of the model"
        )
    volume = open_scan(record.paths, progress=progress, cancel=cancel)
    if record.spacing_mm is not None:
        volume = volume.with_spacing(*record.spacing_mm)
    if voxels_sha256(volume.array) != record.input_sha256:
        raise ScanError(
            f"{record.paths[0]}: is not the scan of the record, its voxels differ; give the record its scan"
        )
    if voxels_sha256(record.labels) != record.labels_sha256:
        raise ScanError("the record was changed after it was written: its labels are not those of its own digest")
    prediction = predict(volume, card, record.precision, threads=record.threads, progress=progress, cancel=cancel)
    labels = _corrected(prediction.labels.array, record.planes)
    return int(np.count_nonzero(labels != record.labels))


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
