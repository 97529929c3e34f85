"""A drawn heart, and all that is reported of it: what tests of reports, tables and movies start from."""

from __future__ import annotations

import numpy as np

from engine.dossier import Beside, Dossier, IdentifyBy, Identity
from engine.measures.body import body_of
from engine.measures.findings import findings_of
from engine.measures.flags import Flag, Where
from engine.measures.function import measure
from engine.measures.segments import wall_of
from engine.volume import LV, MYO, RV, Geometry, LabelMap, Source, Volume

FRAMES = 5
NAME = "Wolfeschlegelsteinhausenbergerdorff-Mustermann, Hubert B. Senior"
PATIENT = {"name": NAME, "id": "P-0042", "sex": "female", "age": "61 years", "date": "2024-02-29", "study": "Heart",
           "scanner": "Phantom Works Disc, 1.5 T", "height_cm": "170", "weight_kg": "70"}  # fmt: skip


def heart(slices: int = 16, frames: int = FRAMES, patient: dict[str, str] | None = None) -> tuple[Volume, LabelMap]:
    """A ring with a cavity in it that is smaller in the middle frame, and a blob beside it; wider at slice 0."""
    y, x = np.mgrid[:64, :80]
    radius = np.hypot(y - 32, x - 44)
    array = np.zeros((frames, slices, 64, 80), np.uint8)
    for t in range(frames):
        for z in range(slices):
            inner = 14 - 0.4 * z - 3 * np.sin(np.pi * t / frames)
            array[t, z][radius < inner + 5] = MYO
            array[t, z][radius < inner] = LV
            array[t, z][(radius >= inner + 5) & (radius < inner + 14) & (x < 40)] = RV
    geometry = Geometry(np.diag([1.5, 1.5, 8.0, 1.0]), (slices, 64, 80))
    brighter = 4 * np.arange(frames)[:, None, None, None]
    voxels = (array * 100 + x % 7 + brighter).astype(np.int16)
    times = tuple(200.0 * t for t in range(frames)) if frames > 1 else None
    source = Source("nifti", (), "scan", patient=PATIENT if patient is None else patient)
    return Volume(voxels, geometry, source, times), LabelMap(array, geometry)


MADE = {"model": "tiny", "model_name": "Tiny", "model_version": "2", "model_sha256": "ab" * 32, "precision": "int8",
        "runtime": "OpenVINO 2026", "isa": "AVX2", "threads": 1}  # fmt: skip

TICKED = Where("lv", 0, 1)
OPEN = Flag(Where("rv", 0, 2), 0.9, ("Look closer.",))


def dossier(slices: int = 16, frames: int = FRAMES, by: IdentifyBy = IdentifyBy.STUDY, **patient: str) -> Dossier:
    volume, labels = heart(slices, frames, {**PATIENT, **patient})
    function = measure(labels, volume)
    return Dossier(
        volume, labels, findings_of(function, volume, body_of(volume)), MADE,
        wall=wall_of(labels.array, volume.geometry, function.ed_frame, function.es_frame),
        corrected=((0, 2), (0, 3), (2, 5)), flags=(Flag(TICKED, 0.8, ("Ticked off.",)), OPEN),
        reviewed={TICKED}, identity=Identity(by), beside=Beside(function, function, function, function, function),
    )  # fmt: skip
