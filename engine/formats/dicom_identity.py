"""Whose images they are, and of which study: what identifiers say, judged by what else the headers say.

Anonymisers give every file a study or a patient of its own, or one to all files. No file is read here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.formats.dicom_image import Image
from engine.formats.dicom_kind import normal
from engine.formats.dicom_places import continues

_MADE_UP = 8
"""So many images of one series, each with a patient of its own, are no chance."""
_MADE_UP_SLICES = 5
"""So many slices in line, each with a patient of its own, are none either."""
_FEW_STUDIES = 4
_ONE_VISIT_S = 4 * 3600.0


def settled(images: Sequence[Image]) -> tuple[list[Image], tuple[str, ...]]:
    """Images with the study that each is of, and sentences on what identifiers had to be set aside.

    Two names or dates of birth under one patient ID and study are two patients. Studies of one image each, of one
    scanner's one series, are one study whose identifier was replaced file by file.
    """
    notes: list[str] = []
    placed = _by_location(list(images), notes)
    known = _owners_set_aside(_names_set_aside(placed, notes), notes)
    apart = _patients_apart(known, notes)
    joined = _studies_joined(apart, notes)
    return _halves_joined(joined, notes), tuple(notes)


def _by_location(images: list[Image], notes: list[str]) -> list[Image]:
    """Images where their slice locations say: those without any direction, and those of a series at one position.

    A slice location is along the normal, from a point that nobody knows; within a series it tells slices apart.
    """
    by_series: dict[object, list[Image]] = defaultdict(list)
    for image in images:
        by_series[(image.study, image.series_uid, image.orientation)].append(image)
    moved: dict[int, Image] = {}
    copied = 0
    for members in by_series.values():
        if any(image.location_mm is None or image.multi_frame for image in members):
            continue
        locations = {image.location_mm for image in members}
        first = members[0]
        if first.orientation is None:
            for image in members:
                moved[id(image)] = replace(
                    image,
                    position=(0.0, 0.0, float(image.location_mm or 0.0)),
                    orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
                    located=False,
                    oriented=False,
                )
        elif first.located and len(locations) > 2 and len({image.position for image in members}) == 1:
            copied += len(locations)
            across = normal(first)
            lowest = min(float(image.location_mm or 0.0) for image in members)
            for image in members:
                place = np.array(image.position) + (float(image.location_mm or 0.0) - lowest) * across
                moved[id(image)] = replace(image, position=(float(place[0]), float(place[1]), float(place[2])))
    if copied:
        notes.append(
            f"{copied} slices are said to lie at one position, but at different slice locations: they lie where their "
            "slice locations say."
        )
    return [moved.get(id(image), image) for image in images]


def _names_set_aside(images: list[Image], notes: list[str]) -> list[Image]:
    """Images of one series of which each has a patient of its own, as made up file by file, without these names."""
    by_series: dict[object, list[Image]] = defaultdict(list)
    for image in images:
        if image.series_uid and image.position is not None and not image.multi_frame:
            key = (image.series_uid, image.modality, image.rows, image.columns, image.orientation, image.description)
            by_series[key].append(image)
    without: dict[int, Image] = {}
    for members in by_series.values():
        whose = {(image.patient, image.study[0]) for image in members}
        if len(members) >= _MADE_UP and len(whose) == len(members):
            first = members[0]
            without |= {id(image): replace(image, patient=first.patient, study=first.study) for image in members}
    if without:
        notes.append(
            f"{len(without)} images of one series have a patient each: their names and identifiers were made up file "
            "by file, and they are taken for one patient."
        )
    return [without.get(id(image), image) for image in images]


def _owners_set_aside(images: list[Image], notes: list[str]) -> list[Image]:
    """Images of one stack of which each, or each slice, has a patient and a study of its own, as those of the first.

    That they are of one stack is proved by where they lie: in the same oblique direction to the last digit, in line,
    in even steps, as often at each place. The hearts of several people never lie so.
    """
    by_look: dict[object, list[Image]] = defaultdict(list)
    for image in images:
        if image.position is not None and image.orientation is not None and image.oriented and not image.multi_frame:
            look = (image.modality, image.rows, image.columns, image.orientation, image.pixel_mm, image.description)
            by_look[look].append(image)
    joined: dict[int, Image] = {}
    owners = 0
    for members in by_look.values():
        count = len({(image.patient, image.study) for image in members})
        if count >= _MADE_UP_SLICES and _is_one_stack(members):
            first, owners = members[0], owners + count
            joined |= {id(image): replace(image, patient=first.patient, study=first.study) for image in members}
    if joined:
        notes.append(
            f"{owners} patients or studies hold one image or slice each of what is one stack by place, direction and "
            "name: their identifiers were made up, and they are taken for one patient."
        )
    return [joined.get(id(image), image) for image in images]


def _is_one_stack(members: Sequence[Image]) -> bool:
    across = normal(members[0])
    if np.abs(across).max() > 0.999:
        return False  # a direction that a converter may have put there
    owned: dict[object, list[Image]] = defaultdict(list)
    placed: dict[object, list[Image]] = defaultdict(list)
    for image in members:
        owned[(image.patient, image.study)].append(image)
        placed[image.position].append(image)
    sizes = {len(own) for own in owned.values()}
    if len(sizes) > 1 or len({len(here) for here in placed.values()}) > 1 or len(placed) < _MADE_UP_SLICES:
        return False
    if any(len({image.position for image in own}) > 1 for own in owned.values()):
        return False
    if sizes != {1} and len(owned) != len(placed):
        return False
    places = np.array([here[0].position for here in placed.values()], dtype=np.float64)
    steps = np.diff(np.sort(places @ across))
    aside = places - np.outer(places @ across, across)
    in_line = float(np.linalg.norm(aside - aside.mean(axis=0), axis=1).max()) < 1
    return bool(in_line and steps.min() > 1 and np.ptp(steps) < 0.05 * steps.mean())


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


def _halves_joined(images: list[Image], notes: list[str]) -> list[Image]:
    """Studies of one patient joined where a cine of the one goes on where that of the other ends."""
    by_patient: dict[tuple[str, str], dict[tuple[str, str], list[Image]]] = defaultdict(lambda: defaultdict(list))
    for image in images:
        if image.position is not None and image.orientation is not None and not image.multi_frame:
            by_patient[(image.study[0], image.patient)][image.study].append(image)
    joined: dict[tuple[str, str], tuple[str, str]] = {}
    for (patient_id, name), studies in by_patient.items():
        if not 2 <= len(studies) <= _FEW_STUDIES or not (patient_id or name):
            continue
        first, *others = sorted(studies.values(), key=len, reverse=True)
        for other in others:
            if _goes_on(first, other):
                joined[other[0].study] = first[0].study
    if not joined:
        return images
    notes.append(
        f"{len(joined) + 1} studies of one patient hold parts of one stack, by place, name and time: they are taken "
        "for one study whose identifier was replaced."
    )
    return [replace(image, study=joined.get(image.study, image.study)) for image in images]


def _goes_on(first: list[Image], other: list[Image]) -> bool:
    """Whether all that a study holds continues a stack of another one, taken within hours of it."""
    kind = {(i.modality, i.rows, i.columns, i.description) for i in other}
    if len(kind) != 1 or len({i.position for i in other}) < 2:
        return False
    alike = kind.pop()
    host = [i for i in first if (i.modality, i.rows, i.columns, i.description) == alike]
    times = [i.acquired_s for i in (*host, *other) if i.acquired_s is not None]
    if not host or (times and max(times) - min(times) > _ONE_VISIT_S):
        return False
    return len({i.orientation for i in (*host, *other)}) == 1 and continues(host, other)


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
