"""A small DICOM cine and all that was found in it: what tests of DICOM objects start from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
from dicom_cine import labels, write_cine
from dossiers import MADE

from engine.dossier import Dossier
from engine.formats.door import open_scan
from engine.measures.body import body_of
from engine.measures.findings import findings_of
from engine.measures.function import measure
from engine.volume import LabelMap

ALGORITHM = "Tiny int8"


def sized(ds: pydicom.Dataset, *_: int) -> None:
    """A person whose indices and output can be computed."""
    ds.PatientSize, ds.PatientWeight, ds.PatientAge = "1.70", "70", "061Y"
    ds.NominalInterval = 900


def dicom_dossier(folder: Path, frames: int = 4, change: Callable[..., bool | None] | None = sized) -> Dossier:
    """A cine of three slices with labels in each, two of them corrected by hand."""
    write_cine(folder, frames, 3, change=change)
    volume = open_scan([folder])
    mask = LabelMap(labels(frames, 3), volume.geometry)
    function = measure(mask, volume)
    return Dossier(volume, mask, findings_of(function, volume, body_of(volume)), MADE, corrected=((0, 1), (0, 2)))
