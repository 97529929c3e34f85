"""DICOM as a format of the door: the stacks of each patient and study, by headers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.errors import ScanError
from engine.formats import dicom
from engine.formats.dicom_files import read_pixels
from engine.formats.dicom_identity import settled
from engine.formats.dicom_image import Image
from engine.formats.dicom_kind import is_localiser, is_magnitude, no_cine
from engine.formats.dicom_places import groups_of
from engine.formats.dicom_stack import Stack, arrange, likely_short_axis
from engine.formats.index import (
    MOST_LONG_AXIS_SLICES,
    Entry,
    Format,
    Found,
    Index,
    Likelihood,
    Series,
    UnusableError,
)
from engine.progress import CancelToken, Progress
from engine.volume import OnPlane, Volume


@dataclass(frozen=True, slots=True, eq=False)
class DicomStack:
    """What Series.content is for DICOM: the headers that a stack is made of, the stack, the others of its study,
    and notices on how its images were found to belong together."""

    images: tuple[Image, ...]
    stack: Stack
    beside: tuple[Stack, ...]
    about: tuple[str, ...]


def _find(files: Sequence[Path], named: frozenset[Path], *, progress: Progress, cancel: CancelToken) -> Found:
    images, unusable = dicom.read_headers(files, progress=progress, cancel=cancel)
    # Any file may be a DICOM file, so all of them come here.
    foreign = [path for path, why in unusable.items() if why.harmless and why.foreign]
    for path in foreign:
        del unusable[path]
    images, about = settled(images)
    return Found(_entries(images, about, cancel), unusable, foreign=foreign)


def _entries(images: Iterable[Image], about: tuple[str, ...], cancel: CancelToken) -> list[Entry]:
    """The stacks of each study; a study's series by number."""
    by_study: dict[tuple[str, str], list[Image]] = defaultdict(list)
    for image in images:
        by_study[image.study].append(image)
    entries: list[Entry] = []
    for (patient_id, study), members in by_study.items():
        cancel.check()
        patient = dicom.patient_of(members[0])
        name = patient.get("name") or patient.get("id") or "Unnamed patient"
        found = sorted(_series(members, about, cancel.check), key=lambda series: series.series_number)
        entries += [
            Entry(
                series=series,
                # without an ID nothing says that two studies are of one patient
                patient=f"dicom\0{patient_id or f'{name}{study}'}",
                patient_name=name,
                is_folder=False,
                study=study,
                study_description=patient.get("study", ""),
                date=patient.get("date", ""),
            )
            for series in found
        ]
    return entries


def _series(members: Sequence[Image], about: tuple[str, ...], check: Callable[[], None]) -> list[Series]:
    """The stacks of a study."""
    stacks = _stacks(members, check)
    found = []
    for own, stack, passed_over in stacks:
        beside = tuple(s for _, s, _ in stacks if s is not stack)
        first = stack.phases[0][0]
        mr, magnitude, own_view, cine_stack, is_stack, named, images, earlier = likely_short_axis(stack)
        found.append(
            Series(
                number=-1,
                kind="dicom",
                description=" + ".join(_few(image.description for image in stack.images)),
                modality=first.modality,
                series_number=first.series_number,
                size=(len(stack.phases), len(stack.positions_mm), first.rows, first.columns),
                not_short_axis=dicom.not_short_axis(stack, beside),
                paths=tuple(dict.fromkeys(image.path for image in own)),
                said=f"{first.modality or 'other'} {stack}",
                likelihood=Likelihood(
                    bool(mr),
                    bool(magnitude),
                    bool(own_view),
                    2 * int(cine_stack),
                    bool(is_stack),
                    int(named),
                    not passed_over,
                    images,
                    int(earlier),
                ),
                content=DicomStack(tuple(own), stack, beside, about),
                may_be_long_axis=not passed_over and _may_be_long_axis(stack),
            )
        )
    return found


def _may_be_long_axis(stack: Stack) -> bool:
    """Whether a stack is an MR cine of few slices. Its name may say a long axis, but not perfusion or flow."""
    first = stack.phases[0][0]
    if len(stack.phases) < 2 or len(stack.positions_mm) > MOST_LONG_AXIS_SLICES or first.position is None:
        return False
    return first.modality == "MR" and is_magnitude(first) and not is_localiser(first) and not no_cine(first)


def _stacks(images: Sequence[Image], check: Callable[[], None]) -> list[tuple[list[Image], Stack, bool]]:
    """The stacks of a study, each with the images it was made of. A series that its stack left out is one more (True).

    A repeated breath-hold is such a series.
    """
    stacks: list[tuple[list[Image], Stack, bool]] = []
    for group in groups_of(images, check):
        stack = arrange(group)
        used = {image.series_uid for image in stack.images}
        passed_over: dict[str, list[Image]] = defaultdict(list)
        for image in group:
            if image.series_uid not in used:
                passed_over[image.series_uid].append(image)
        stacks.append((group, stack, False))
        stacks += [(members, arrange(members), True) for members in passed_over.values()]
    return stacks


def _few(descriptions: Iterable[str]) -> list[str]:
    """The different names in a stack, three at most."""
    names = [name for name in dict.fromkeys(descriptions) if name]
    return names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]


def _read(
    index: Index, series: Series, *, progress: Progress, cancel: CancelToken | None, on_plane: OnPlane | None
) -> Volume:
    content: DicomStack = series.content
    return dicom.read_stack(
        index.paths,
        content.images,
        beside=content.beside,
        about=content.about,
        progress=progress,
        cancel=cancel,
        on_plane=on_plane,
    )


def _preview(series: Series) -> tuple[NDArray[Any], tuple[float, float]]:
    content: DicomStack = series.content
    phase = content.stack.phases[0]
    middle = phase[len(phase) // 2]
    try:
        image = read_pixels(middle)
    except UnusableError as why:
        raise ScanError(f"{middle.path}: {why}") from why
    if middle.inverted != (middle.slope < 0):
        image = image.max() - image
    return image, middle.pixel_mm or (1.0, 1.0)


DICOM = Format(
    kind="dicom",
    name="DICOM",
    suffixes=(".dcm", ".ima"),
    probe=lambda path, named: True,  # files of any name may be DICOM: reading their headers tells
    find=_find,
    read=_read,
    preview=_preview,
)
