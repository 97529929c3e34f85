"""Whose images they are, and of which study: what identifiers say, judged by what else the headers say.

Anonymisers give every file a study or a patient of its own, or one to all files. No file is read here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from engine.formats.dicom_image import Image


def settled(images: Sequence[Image]) -> tuple[list[Image], tuple[str, ...]]:
    """Images with the study that each is of, and sentences on what identifiers had to be set aside.

    Two names or dates of birth under one patient ID and study are two patients. Studies of one image each, of one
    scanner's one series, are one study whose identifier was replaced file by file.
    """
    notes: list[str] = []
    apart = _patients_apart(list(images), notes)
    return _studies_joined(apart, notes), tuple(notes)


def _patients_apart(images: list[Image], notes: list[str]) -> list[Image]:
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for image in images:
        if image.patient:
            names[image.study].add(image.patient)
    mixed = {study: who for study, who in names.items() if len(_different(who)) > 1}
    if not mixed:
        return images
    count = max(len(_different(who)) for who in mixed.values())
    notes.append(
        f"Files of {count} patients share one patient ID and study: they are kept apart by name and date of birth."
    )
    return [
        replace(image, study=(f"{image.study[0]}\0{image.patient}", image.study[1])) if image.study in mixed else image
        for image in images
    ]


def _different(patients: set[str]) -> list[str]:
    """Patients that cannot be one: names that differ, not only a date that one file lacks."""
    kept: list[tuple[str, str]] = []
    for name, _, born in (patient.partition("|") for patient in sorted(patients)):
        if not any(name == other and (not born or not date or born == date) for other, date in kept):
            kept.append((name, born))
    return [name for name, _ in kept]


def _studies_joined(images: list[Image], notes: list[str]) -> list[Image]:
    by_study: dict[tuple[str, str], list[Image]] = defaultdict(list)
    for image in images:
        by_study[image.study].append(image)
    alike: dict[object, list[tuple[str, str]]] = defaultdict(list)
    for study, members in by_study.items():
        first = members[0]
        places = {image.position for image in members}
        if len(members) == 1 or len(places) == 1:
            key = (first.modality, first.rows, first.columns, first.description, first.patient, first.series_number)
            alike[key].append(study)
    joined: dict[tuple[str, str], tuple[str, str]] = {}
    for studies in alike.values():
        # Two visits with one image each are no reason; a stack that fell apart has more.
        if len(studies) < 3:
            continue
        joined |= dict.fromkeys(studies, studies[0])
    if not joined:
        return images
    notes.append(
        f"{len(joined)} studies of one image or slice each are of one series by all else that the files say: they are "
        "taken for one study whose identifiers were replaced."
    )
    return [replace(image, study=joined[image.study]) if image.study in joined else image for image in images]
