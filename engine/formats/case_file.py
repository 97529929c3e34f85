"""A reader's case on disk: `NAME.cinequant`, a zip of one JSON file and NIfTI masks.

The scan itself is not in it, only where it was and a digest of its voxels. Nothing in it can run code: JSON, label
images, and steps of the history as compressed bytes. Every size is checked before memory is taken for it.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine import __version__
from engine.errors import ExportError, ScanError
from engine.files import read_regular, write_atomically
from engine.formats.case_values import BadCaseError, a_text, a_whole, an_object, needed, no_nan
from engine.formats.nifti_header import mask_header
from engine.later import Later
from engine.volume import STRUCTURES, Geometry, Known, LabelMap, read_only

nib = Later("nibabel")

T = TypeVar("T")
Planes = Mapping[tuple[int, int], NDArray[np.uint8]]
SUFFIX = ".cinequant"
SCHEMA = 2
"""Raised with every change that an older program could not read. A newer program reads every older schema:

1: scan, masks, corrections with their history, choices, view, measurements, audit.
2: also which stack of the scan's files it was, the mask loaded beside it, and steps of several slices.
"""

_INDEX = "case.json"
_MAX_FILE_BYTES = 1 << 30
_MAX_INDEX_BYTES = 64_000_000
_MAX_VOXELS = 1 << 30
_MAX_MASKS = 64
_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class ScanReference:
    """The scan that a case is of.

    paths: what the user opened. digest: engine.volume.voxels_sha256 of its voxels. shape: (T, Z, Y, X).
    series: the number of the stack among those in paths, None where there was no choice.
    """

    kind: str
    paths: tuple[Path, ...]
    name: str
    digest: str
    shape: tuple[int, int, int, int]
    series: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One correction of a slice: the box of labels that changed, before and after, (rows, columns) uint8.

    joined: undone and redone together with the one before it in time. order: among all steps of the case; 0: not said.
    """

    frame: int
    slice: int
    top: int
    left: int
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    joined: bool = False
    order: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class CaseMask:
    """A mask from a file, loaded beside the case. labels: (T, Z, Y, X) uint8, empty in frames that it is not of."""

    name: str
    labels: NDArray[np.uint8]
    frames: tuple[int, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """What a model found, and what was made of it by hand.

    model: facts about the model and the run that made the labels, plain values. labels: as the model found them,
    (T, Z, Y, X) uint8. planes: corrected slices (Y, X) uint8 by (frame, slice). done, undone: steps, the latest last.
    """

    model: Mapping[str, Any]
    labels: NDArray[np.uint8]
    planes: Mapping[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict)
    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CaseFile:
    """All that a case keeps.

    geometry: the grid of all its labels. choices: phases, slice ranges, conventions and other decisions of the reader.
    view: how the window looked at it. measurements: as they were when it was saved. audit: what was done, in order,
    each with the keys "at" (ISO 8601, UTC), "what" and "program". history: steps that changed choices.
    """

    scan: ScanReference
    geometry: Geometry
    segmentations: tuple[Segmentation, ...] = ()
    mask: CaseMask | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)
    view: Mapping[str, Any] = field(default_factory=dict)
    measurements: Mapping[str, Any] = field(default_factory=dict)
    audit: tuple[Mapping[str, str], ...] = ()
    history: Mapping[str, Any] = field(default_factory=dict)
    program: str = f"CineQuant {__version__}"


class _NewerCaseError(Exception):
    """A newer program wrote it; the caller adds the file's name."""


# --- writing


def write_case(path: Path, case: CaseFile) -> None:
    """Write a case as a whole or not at all. Raises ExportError naming the file."""
    if path.suffix != SUFFIX:
        raise ExportError(f"{path}: the name of a case ends in {SUFFIX}; choose such a name")
    try:
        write_atomically(path, to_bytes(case))
    except OSError as error:
        why = error.strerror or error
        raise ExportError(f"{path}: the case is not saved ({why}); choose another place or make room") from error


def to_bytes(case: CaseFile) -> bytes:
    """The content of a case file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        entries = []
        for number, found in enumerate(case.segmentations, start=1):
            names = {"labels": f"masks/{number}_model.nii"}
            _write_mask(archive, names["labels"], found.labels, case.geometry)
            if found.planes:
                names["corrected"] = f"masks/{number}_corrected.nii"
                _write_mask(archive, names["corrected"], found.labels, case.geometry, found.planes)
            steps = {key: [_step_json(step) for step in getattr(found, key)] for key in ("done", "undone")}
            entries.append({"model": dict(found.model), **names, **steps})
        mask = None
        if case.mask is not None:
            name = "masks/loaded.nii"
            _write_mask(archive, name, case.mask.labels, case.geometry)
            frames, notices = list(case.mask.frames), list(case.mask.notices)
            mask = {"name": case.mask.name, "labels": name, "frame_indices": frames, "notices": notices}
        index = {
            "schema": SCHEMA,
            "program": case.program,
            "scan": {
                "kind": case.scan.kind,
                "paths": [str(path) for path in case.scan.paths],
                "name": case.scan.name,
                "digest": case.scan.digest,
                "shape": list(case.scan.shape),
                "series": case.scan.series,
            },
            "geometry": {
                "affine": case.geometry.affine.tolist(),
                "spacing": str(case.geometry.spacing),
                "orientation": str(case.geometry.orientation),
                "slab_mm": list(case.geometry.slab_mm),
            },
            "segmentations": entries,
            "mask": mask,
            "choices": dict(case.choices),
            "view": dict(case.view),
            "measurements": dict(case.measurements),
            "audit": [dict(entry) for entry in case.audit],
            "history": dict(case.history),
        }
        archive.writestr(_INDEX, _json(index))
    return made.getvalue()


def _json(value: Any, depth: int = 5) -> str:
    """What json.dumps writes, in pieces: it would hold the interpreter, and the window's thread, until all is done."""
    if depth and isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return "{" + ", ".join(f"{_json(key)}: {_json(one, depth - 1)}" for key, one in value.items()) + "}"
    if depth and isinstance(value, list):
        return "[" + ", ".join(_json(one, depth - 1) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def corrected_labels(segmentation: Segmentation) -> NDArray[np.uint8]:
    """The labels (T, Z, Y, X) with the corrected slices in their places."""
    if not segmentation.planes:
        return segmentation.labels
    made = segmentation.labels.copy()
    for where, plane in segmentation.planes.items():
        made[where] = plane
    return read_only(made)


def _write_mask(
    archive: zipfile.ZipFile, name: str, labels: NDArray[np.uint8], geometry: Geometry, planes: Planes | None = None
) -> None:
    """Labels (T, Z, Y, X) as a NIfTI, with these planes in their places.

    Frame by frame: compressing lets other threads run, copying a whole cine would not.
    """
    with archive.open(name, "w") as stream:
        stream.write(mask_header(labels.shape, _RAS @ geometry.affine))
        for number, frame in enumerate(labels):
            own = {index: plane for (t, index), plane in (planes or {}).items() if t == number}
            if own:
                frame = frame.copy()  # noqa: PLW2901
                for index, plane in own.items():
                    frame[index] = plane
            stream.write(np.ascontiguousarray(frame).data)


def _step_json(step: Step) -> dict[str, Any]:
    boxes = {name: base64.b64encode(zlib.compress(getattr(step, name).tobytes())).decode() for name in _BOXES}
    at = {"frame_index": step.frame, "slice_index": step.slice, "top": step.top, "left": step.left}
    joined = {"joined": True} if step.joined else {}
    return {**at, "size": list(step.before.shape), **boxes, **joined, "order": step.order}


_BOXES = ("before", "after")


# --- reading

_WAY_OUT = "open an autosaved copy, or the scan itself"


def read_case(path: Path) -> CaseFile:
    """Read a case. Raises ScanError, one line that names the file, what is wrong and what to do."""
    return _read(path, _case)


def read_index(path: Path) -> tuple[ScanReference, dict[str, Any]]:
    """The scan of a case, and its JSON, without its masks: what a list of cases needs. Raises ScanError."""

    def read(archive: zipfile.ZipFile) -> tuple[ScanReference, dict[str, Any]]:
        index = _index_of(archive)
        return _reference(index), index

    return _read(path, read)


def _read(path: Path, read: Callable[[zipfile.ZipFile], T]) -> T:
    try:
        content = read_regular(path, _MAX_FILE_BYTES)
    except OSError as error:
        raise ScanError(f"{path}: the case cannot be read ({error.strerror}); check the path") from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return read(archive)
    except _NewerCaseError as error:
        raise ScanError(f"{path}: {error}; update CineQuant to open it") from error
    except BadCaseError as error:
        raise ScanError(f"{path}: {error}; {_WAY_OUT}") from error
    # NotImplementedError is a RuntimeError: an encrypted or oddly compressed member.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise ScanError(f"{path}: is damaged, or no case ({error}); {_WAY_OUT}") from error


def _index_of(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The JSON of a case, of a schema that this program reads."""
    try:
        index = json.loads(_member(archive, _INDEX, _MAX_INDEX_BYTES), parse_constant=no_nan)
    except (ValueError, RecursionError):
        raise BadCaseError(f"its {_INDEX} is not JSON") from None
    schema = needed(index, "schema", int)
    if schema > SCHEMA:
        by = " ".join(str(index.get("program", "a newer version of CineQuant")).split())[:80]
        raise _NewerCaseError(f"was saved by {by} as schema {schema}, and this program reads up to {SCHEMA}")
    if schema < 1:
        raise BadCaseError(f"its schema is {schema}")
    return dict(index)


def _reference(index: dict[str, Any]) -> ScanReference:
    scan = needed(index, "scan", dict)
    shape = tuple(a_whole(n, "scan.shape") for n in needed(scan, "shape", list))
    if len(shape) != 4 or not 0 < math.prod(shape) <= _MAX_VOXELS:
        raise BadCaseError(f"scan.shape {list(shape)} is not that of a scan")
    frames, slices, rows, columns = shape
    return ScanReference(
        kind=needed(scan, "kind", str),
        paths=tuple(Path(a_text(item, "scan.paths")) for item in needed(scan, "paths", list)),
        name=needed(scan, "name", str),
        digest=needed(scan, "digest", str),
        shape=(frames, slices, rows, columns),
        series=None if scan.get("series") is None else a_whole(scan["series"], "scan.series"),
    )


def _case(archive: zipfile.ZipFile) -> CaseFile:
    index = _index_of(archive)
    reference = _reference(index)
    geometry = _geometry(needed(index, "geometry", dict), reference.shape[1:])
    entries = needed(index, "segmentations", list)
    if len(entries) > _MAX_MASKS:
        raise BadCaseError(f"it holds {len(entries)} segmentations, more than {_MAX_MASKS}")
    return CaseFile(
        scan=reference,
        geometry=geometry,
        segmentations=tuple(_segmentation(archive, entry, reference.shape, geometry) for entry in entries),
        mask=_mask(archive, index.get("mask"), reference.shape, geometry),
        choices=needed(index, "choices", dict),
        view=needed(index, "view", dict),
        measurements=needed(index, "measurements", dict),
        audit=tuple(
            {a_text(key, "audit"): a_text(value, "audit") for key, value in an_object(entry, "audit").items()}
            for entry in needed(index, "audit", list)
        ),
        history=index["history"] if isinstance(index.get("history"), dict) else {},
        program=needed(index, "program", str),
    )


def _geometry(entry: dict[str, Any], shape: tuple[int, int, int]) -> Geometry:
    try:
        affine = np.array(needed(entry, "affine", list), dtype=np.float64)
        spacing, orientation = (Known(needed(entry, name, str)) for name in ("spacing", "orientation"))
        slabs = tuple(float(mm) for mm in needed(entry, "slab_mm", list))
        return Geometry(affine, shape, spacing, orientation, slabs)
    except (ValueError, TypeError, ScanError) as error:
        raise BadCaseError(f"its geometry is damaged ({error})") from error


def _segmentation(
    archive: zipfile.ZipFile, entry: Any, shape: tuple[int, int, int, int], geometry: Geometry
) -> Segmentation:
    entry = an_object(entry, "segmentations")
    labels = _labels(archive, needed(entry, "labels", str), shape, geometry)
    planes = {}
    if "corrected" in entry:
        corrected = _labels(archive, needed(entry, "corrected", str), shape, geometry)
        differ = np.argwhere((corrected != labels).any(axis=(2, 3)))
        planes = {(int(t), int(z)): read_only(corrected[t, z]) for t, z in differ}
    done, undone = (tuple(_step(item, shape) for item in needed(entry, key, list)) for key in ("done", "undone"))
    return Segmentation(needed(entry, "model", dict), labels, planes, done, undone)


def _mask(
    archive: zipfile.ZipFile, entry: Any, shape: tuple[int, int, int, int], geometry: Geometry
) -> CaseMask | None:
    if entry is None:
        return None
    frames = tuple(a_whole(n, "mask.frame_indices") for n in needed(entry, "frame_indices", list))
    if not frames or any(frame >= shape[0] for frame in frames):
        raise BadCaseError("its mask is not of frames of the scan")
    notices = tuple(a_text(notice, "mask.notices") for notice in needed(entry, "notices", list))
    labels = _labels(archive, needed(entry, "labels", str), shape, geometry)
    return CaseMask(needed(entry, "name", str), labels, tuple(sorted(set(frames))), notices)


def _labels(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, int, int, int], geometry: Geometry
) -> NDArray[np.uint8]:
    content = _member(archive, name, math.prod(shape) + 4096)
    try:
        image = nib.Nifti1Image.from_bytes(content)
        array = np.asarray(image.dataobj)
    except Exception as error:  # nibabel raises errors of a dozen kinds for a damaged file
        raise BadCaseError(f"{name} is no NIfTI mask ({type(error).__name__})") from error
    array = array[(..., *(None,) * (4 - array.ndim))].transpose()
    if array.dtype != np.uint8 or list(array.shape) != list(shape) or array.max(initial=0) > max(STRUCTURES):
        raise BadCaseError(f"{name} does not hold labels of {shape} voxels")
    if not np.allclose(image.affine, _RAS @ geometry.affine, atol=0.01):
        raise BadCaseError(f"{name} is not on the grid of the case")
    return LabelMap(array, geometry).array


def _step(item: Any, shape: tuple[int, int, int, int]) -> Step:
    entry = an_object(item, "a step")
    frame, index, top, left = (a_whole(entry.get(key), key) for key in ("frame_index", "slice_index", "top", "left"))
    size = tuple(a_whole(n, "size") for n in needed(entry, "size", list))
    frames, slices, rows, columns = shape
    inside = len(size) == 2 and all(size) and frame < frames and index < slices
    if not inside or top + size[0] > rows or left + size[1] > columns:
        raise BadCaseError("a step of its history lies outside the scan")
    before, after = (_box(needed(entry, name, str), (size[0], size[1])) for name in _BOXES)
    joined, order = entry.get("joined") is True, a_whole(entry.get("order", 0), "order")
    return Step(frame, index, top, left, before, after, joined, order)


def _box(text: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    length = size[0] * size[1]
    try:
        stream = zlib.decompressobj()
        content = stream.decompress(base64.b64decode(text, validate=True), length + 1)
    except (binascii.Error, zlib.error) as error:
        raise BadCaseError("a step of its history is damaged") from error
    array = np.frombuffer(content, dtype=np.uint8)
    if array.size != length or array.max(initial=0) > max(STRUCTURES):
        raise BadCaseError("a step of its history does not hold the labels that it says")
    return read_only(array.reshape(size))


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise BadCaseError(f"{name} is missing in it: it is damaged, or no case") from None
    if member.file_size > limit:
        raise BadCaseError(f"{name} has {member.file_size} bytes, more than a case may hold there")
    with archive.open(member) as stream:
        content = stream.read(limit + 1)
    if len(content) != member.file_size:
        raise BadCaseError(f"{name} is not as long as the archive says")
    return content
