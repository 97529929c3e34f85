"""Damage that leaves a file in its form: headers that lie, slices that are gone, members of archives that are wrong.

Each function changes the files beside a path and says whether the change can be known: by the length of what follows,
by the other images of the stack, or by what is missing.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pydicom

_FIELDS: dict[str, tuple[Any, ...]] = {
    "Rows": (1, 16, 31, 33, 4096, 65535),
    "Columns": (1, 20, 39, 41, 4096),
    "BitsAllocated": (8, 32, 1),
    "NumberOfFrames": (0, 2, 11, 10_000_000),
    "PixelSpacing": ([1.0, 1.0], [0.0, 0.0], [1e9, 1e9]),
    "ImagePositionPatient": ([0.0, 0.0, 0.0], [1e6, 0.0, 0.0], None),
    "ImageOrientationPatient": ([1.0, 0, 0, 0, 1, 0], [0.0] * 6, [2.0] * 6, None),
    "PatientID": ("another", ""),
    "PatientName": ("Another^One",),
    "TriggerTime": (-1, 1e12, None),
    "InstanceNumber": (-5, 2**31 - 1, None),
    "SOPInstanceUID": ("1.2.3", "", None),
    "SeriesInstanceUID": ("1.2.3", None),
    "StudyInstanceUID": ("1.2.3", None),
    "RescaleSlope": (0, -1, 1e30),
    "HighBit": (0, 15, 64),
    "PixelRepresentation": (1, 7),
    "PhotometricInterpretation": ("RGB", "MONOCHROME1", ""),
    "Modality": ("CT", "SEG", ""),
    "MaximumFractionalValue": (0, 1),
    "SegmentationType": ("FRACTIONAL", "LABELMAP"),
    "PixelPaddingValue": (0, 300, 65535),
    "ImageType": (["DERIVED"], ["ORIGINAL", "PRIMARY", "P"], []),
}
_BY_LENGTH = ("Rows", "Columns", "BitsAllocated", "NumberOfFrames")
_BY_OTHERS = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Modality")
_ODD = (None, True, -1, 1e300, "", "\x1b[31m\n", [], [[[[[]]]]], {}, {"a": 1}, "9" * 400)


def lie(path: Path, rng: random.Random) -> bool:
    """A field of a file's header, or a member of an archive, is another one than it was."""
    content = path.read_bytes()
    if content[128:132] == b"DICM":
        return _dicom(path, rng)
    name = path.name.lower()
    if name.endswith((".zip", ".cinequant")):
        return _archive(path, rng)
    if name.endswith((".nii", ".nii.gz", ".hdr")):
        return _nifti(path, rng)
    if name.endswith((".nrrd", ".nhdr", ".mha", ".mhd")):
        return _text(path, rng)
    if name.endswith(".json"):
        path.write_text(json.dumps(_odd_value(json.loads(content), rng)), encoding="utf-8")
    elif name.endswith(".ini"):
        lines = content.decode("utf-8", "replace").split("\n")
        at = rng.randrange(len(lines))
        lines[at] = (
            lines[at].partition("=")[0]
            + "="
            + rng.choice(("@Invalid()", "[" * 900, "9" * 400, "\\x0", "{}", "@ByteArray(x"))
        )
        path.write_text("\n".join(lines), encoding="utf-8")
    return False


def slice_gone(path: Path, rng: random.Random) -> bool:
    """All images of a slice are missing; at the end of a stack nobody can know that."""
    if path.read_bytes()[128:132] != b"DICM":
        return False
    places = {p: _place(p) for p in path.parent.iterdir() if p.is_file() and not p.is_symlink()}
    here, levels = places[path], sorted(set(places.values()))
    if here is None or None in levels or len(levels) < 4:
        return False
    for other, there in places.items():
        if there == here:
            other.unlink()
    return here not in (levels[0], levels[-1])


def in_place_of(path: Path, rng: random.Random) -> bool:
    """A file holds what another one of the folder holds: its own content is gone."""
    others = [p for p in path.parent.iterdir() if p.is_file() and not p.is_symlink() and p.suffix == path.suffix]
    other = rng.choice(sorted(others))
    if other == path or path.suffix in (".json", ".onnx", ".npz", ".ini") or other.read_bytes() == path.read_bytes():
        return False
    path.write_bytes(other.read_bytes())
    return path.name != "DICOMDIR" and other.name != "DICOMDIR"


def _place(path: Path) -> float | None:
    found = pydicom.dcmread(path, stop_before_pixels=True, force=True).get("ImagePositionPatient")
    return None if found is None else round(float(found[0]), 3)


def _dicom(path: Path, rng: random.Random) -> bool:
    ds = pydicom.dcmread(path)
    name = rng.choice(sorted(_FIELDS))
    value = rng.choice(_FIELDS[name])
    before = ds.get(name)
    if value is None:
        ds.pop(name, None)
    else:
        setattr(ds, name, value)
    length = ds.get("Rows"), ds.get("Columns"), ds.get("BitsAllocated"), ds.get("NumberOfFrames", 1)
    ds.save_as(path)
    if before is None or before == value:
        return False
    return (name in _BY_LENGTH and 0 not in length) or (name in _BY_OTHERS and "NumberOfFrames" not in ds)


def _archive(path: Path, rng: random.Random) -> bool:
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    at = rng.randrange(len(members))
    name, content = members[at]
    what = rng.choice(("cut", "gone", "twice", "renamed", "json", "encrypted"))
    known = False
    if what == "cut":
        members[at] = (name, content[: rng.randrange(len(content))] if content else b"")
        known = name.lower().endswith((".dcm", ".nii")) or name.rpartition("/")[2].startswith("IM")
    elif what == "gone":
        del members[at]
        known = name.rpartition("/")[2].startswith("IM")
    elif what == "twice":
        members.append(members[at])
    elif what == "renamed":
        members[at] = (
            rng.choice(("../../outside", "/tmp/outside", "a\\..\\b", "x" * 300, "con", name + "\n")),
            content,
        )
    elif name.endswith(".json"):
        members[at] = (name, json.dumps(_odd_value(json.loads(content), rng)).encode())
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # of two members of one name
        for own, data in members:
            archive.writestr(zipfile.ZipInfo(own), data)
    if what == "encrypted":
        data = bytearray(path.read_bytes())
        for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            found = data.find(mark)
            data[found + place] |= 1
        path.write_bytes(data)
    return known


def _nifti(path: Path, rng: random.Random) -> bool:
    packed = path.name.endswith(".gz")
    data = bytearray(gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
    place, kind, values = rng.choice(
        (
            (40, "h", (0, 2, 3, 4, 5, 7, 8, -1)),
            (42, "h", (1, 63, 65, 32767, -1)),
            (46, "h", (1, 3, 5, 30000)),
            (48, "h", (1, 2, 4, 30000)),
            (70, "h", (2, 4, 16, 64, 128, 1792, 9999)),
            (72, "h", (0, 1, 8, 32)),
            (80, "f", (0.0, -1.5, float("nan"), 1e30)),
            (88, "f", (0.0, -8.0, float("inf"), 0.01)),
            (108, "f", (0.0, 351.0, 1e9, float("nan"))),
            (112, "f", (0.0, float("nan"), -1.0, 1e30)),
            (252, "h", (0, 1, 4, 999)),
            (254, "h", (0, 1, 2, 999)),
            (280, "f", (0.0, float("nan"), 1e30)),
        )
    )
    before = bytes(data[place : place + 4])
    struct.pack_into(f"<{kind}", data, place, rng.choice(values))
    path.write_bytes(gzip.compress(bytes(data), 1) if packed else bytes(data))
    # Sizes and the type decide how many bytes of voxels there have to be.
    return place in (42, 46) and bytes(data[place : place + 4]) != before


def _text(path: Path, rng: random.Random) -> bool:
    content = path.read_bytes()
    head = content[: content.index(b"\n\n") if b"\n\n" in content else min(len(content), 600)]
    numbers = list(re.finditer(rb"(?<![\w.])-?\d[\d.]*", head))
    found = rng.choice(numbers)
    line = head[: found.start()].rpartition(b"\n")[2].lower()
    value = rng.choice((b"0", b"-1", b"1", b"7", b"1e30", b"nan", b"99999999", b""))
    path.write_bytes(content[: found.start()] + value + content[found.end() :])
    return line.startswith((b"sizes", b"dimsize")) and value not in (found[0], b"1")


def _odd_value(value: Any, rng: random.Random) -> Any:
    """The same with one value replaced by another kind of value."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        return {**value, key: _odd_value(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        return [*value[:at], _odd_value(value[at], rng), *value[at + 1 :]]
    return rng.choice(_ODD)
