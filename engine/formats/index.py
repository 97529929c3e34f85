"""Everything in a folder, a DICOMDIR or a heap of files, by headers: patients, studies, stacks; and which to open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ScanError
from engine.formats import dicom, door, nifti
from engine.formats.dicom_files import Image, UnusableError, read_pixels
from engine.formats.dicom_stack import Stack, arrange, group_by_geometry, likely_short_axis
from engine.formats.study_files import find_files
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import OnPlane, Volume


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A stack that can be opened by itself.

    number: its place in Index.series. kind: "dicom" or "nifti". description: what the scanner's protocol or the file
    is called. size: (T, Z, Y, X). pair: an ED and an ES file. not_short_axis: as in Volume.
    paths: the files of NIfTI; images, beside: the headers of DICOM, and the other stacks of the same study.
    """

    number: int
    kind: str
    description: str
    modality: str
    series_number: int
    size: tuple[int, int, int, int]
    pair: bool = False
    not_short_axis: str = ""
    paths: tuple[Path, ...] = ()
    images: tuple[Image, ...] = field(default=(), repr=False)
    stack: Stack | None = field(default=None, repr=False)
    beside: tuple[Stack, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """One visit: description and date may be empty, as they are for NIfTI."""

    description: str
    date: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """name: of the DICOM patient, else the ID; of the folder for NIfTI (is_folder). Both may tell who it is."""

    name: str
    is_folder: bool
    studies: tuple[Study, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """What was found in paths.

    ranked: every stack, the most likely short-axis cine first. files: what was looked at. faults: what of it should
    have been an image and cannot be read.
    """

    paths: tuple[Path, ...]
    patients: tuple[Patient, ...]
    ranked: tuple[Series, ...]
    files: tuple[Path, ...] = field(default=(), repr=False)
    faults: Mapping[Path, UnusableError] = field(default_factory=dict, repr=False)

    @property
    def chosen(self) -> Series:
        """The most likely short-axis cine."""
        return self.ranked[0]

    @property
    def series(self) -> list[Series]:
        """All stacks, in the order of the tree."""
        return [series for patient in self.patients for study in patient.studies for series in study.series]


def find_studies(
    paths: Sequence[Path], *, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Index:
    """All stacks in files and folders (searched recursively; a DICOMDIR for what it lists), headers only.

    A DICOM stack is what engine.formats.dicom_stack puts together, whatever series its images came in; a series that
    repeats slices of another is a stack of its own. NIfTI masks are passed over unless they are given by themselves.
    Raises ScanError, as engine.formats.door.open_scan does, where there is nothing to open; Cancelled.
    """
    cancel = cancel or CancelToken()
    door.check_paths(paths)
    progress(0, 0, "Looking for scans")
    given = set(paths)
    scans: list[Path] = []
    others: list[Path] = []
    files = find_files(paths)
    for path in files:
        suffix = nifti.suffix_of(path)
        if suffix in nifti.SUFFIXES or (path in given and suffix in nifti.READABLE_SUFFIXES):
            scans.append(path)
        else:
            others.append(path)
    faults: dict[Path, UnusableError] = {}
    folders = _nifti_folders(scans, given, faults, cancel)
    images, unusable = dicom.read_headers(others, progress=progress, cancel=cancel)
    faults.update({path: why for path, why in unusable.items() if not why.harmless})
    found = _dicom_patients(images, cancel) + folders
    if not found:
        # Opening what cannot be opened says in one line why.
        door.open_scan(paths, progress=progress, cancel=cancel)
        raise ScanError(f"{paths[0]}: holds no scan that can be opened; open the folder of the MR images")
    ranked: list[tuple[tuple[Any, ...], Series]] = []
    patients = []
    number = 0
    for name, is_folder, studies in found:
        made = []
        for description, date, drafts in studies:
            series = []
            for rank, values in drafts:
                series.append(Series(number=number, **values))
                ranked.append((rank, series[-1]))
                number += 1
            made.append(Study(description, date, tuple(series)))
        patients.append(Patient(name, is_folder, tuple(made)))
    ranked.sort(key=lambda entry: entry[0], reverse=True)  # equals stay in the order of the tree
    return Index(tuple(paths), tuple(patients), tuple(series for _, series in ranked), tuple(files), faults)


def read_chosen(
    index: Index,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    on_plane: Callable[[Series, Volume, int, int, NDArray[Any]], None] | None = None,
) -> tuple[Series, Volume]:
    """The most likely short-axis cine; where only reading shows that it is damaged, the next likely.

    on_plane: told, as an engine.volume.OnPlane is, of slices as they are read, with the series that they are of.
    Raises ScanError of the most likely where none can be read; Cancelled.
    """
    first: ScanError | None = None
    for series in index.ranked:
        try:
            told = partial(on_plane, series) if on_plane is not None else None
            return series, read_series(index, series, progress=progress, cancel=cancel, on_plane=told)
        except ScanError as error:
            first = first or error
    assert first is not None
    raise first


def read_series(
    index: Index,
    series: Series,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    on_plane: OnPlane | None = None,
) -> Volume:
    """The Volume of a stack. on_plane: told of slices as they are read.

    Raises ScanError, Cancelled as engine.formats.door.open_scan does.
    """
    if cancel is not None:
        cancel.check()
    if series.kind == "nifti":
        progress(0, 0, "Reading images")
        return nifti.read(series.paths, on_plane=on_plane)
    files = list(dict.fromkeys(image.path for image in series.images))
    return dicom.read_stack(
        index.paths,
        files,
        series.images,
        index.faults,
        beside=series.beside,
        progress=progress,
        cancel=cancel,
        on_plane=on_plane,
    )


def thumbnail(series: Series, pixels: int) -> NDArray[np.uint8]:
    """The middle slice of the first frame as (pixels, pixels) uint8, undistorted, black beside it.

    Raises ScanError where the image cannot be read.
    """
    if series.kind == "nifti":
        image, pixel_mm = nifti.preview(series.paths[0])
    else:
        assert series.stack is not None
        phase = series.stack.phases[0]
        middle = phase[len(phase) // 2]
        try:
            image = read_pixels(middle)
        except UnusableError as why:
            raise ScanError(f"{middle.path}: {why}") from why
        pixel_mm = middle.pixel_mm or (1.0, 1.0)
        if middle.inverted != (middle.slope < 0):
            image = image.max() - image
    return _fit(image, pixel_mm, pixels)


def _fit(image: NDArray[Any], pixel_mm: tuple[float, float], pixels: int) -> NDArray[np.uint8]:
    """(Y, X) of any type to (pixels, pixels) grey: means over blocks where it shrinks, else nearest."""
    size_mm = np.array(image.shape) * pixel_mm
    height, width = (max(1, round(pixels * mm / size_mm.max())) for mm in size_mm)
    grey = np.nan_to_num(image.astype(np.float64), posinf=0.0, neginf=0.0)
    for axis, n in ((0, height), (1, width)):
        edges = np.linspace(0, grey.shape[axis], n + 1)
        if n < grey.shape[axis]:
            starts = edges[:-1].astype(int)
            counts = np.diff([*starts, grey.shape[axis]])
            grey = np.add.reduceat(grey, starts, axis=axis) / np.expand_dims(counts, 1 - axis)
        else:
            grey = grey.take(np.minimum((edges[:-1] + edges[1:]) / 2, grey.shape[axis] - 1).astype(int), axis=axis)
    low, high = np.percentile(grey, (1, 99.5))
    grey = np.clip((grey - low) / max(high - low, 1e-9), 0, 1) * 255
    out = np.zeros((pixels, pixels), np.uint8)
    top, left = (pixels - height) // 2, (pixels - width) // 2
    out[top : top + height, left : left + width] = grey.astype(np.uint8)
    return out


# What Series are made of before they are numbered: (how likely the short-axis cine, the fields of Series).
_Draft = tuple[tuple[Any, ...], dict[str, Any]]
_Found = list[tuple[str, bool, list[tuple[str, str, list[_Draft]]]]]


def _dicom_patients(images: Iterable[Image], cancel: CancelToken) -> _Found:
    """(name, False, studies) of each patient; studies by date, series by number."""
    by_study: dict[tuple[str, str], list[Image]] = defaultdict(list)
    for image in images:
        by_study[image.study].append(image)
    patients: dict[str, tuple[str, list[tuple[str, str, list[_Draft]]]]] = {}
    for (patient_id, _), members in by_study.items():
        cancel.check()
        about = dicom.patient_of(members[0])
        stacks = _stacks(members)
        drafts: list[_Draft] = []
        for own, stack, passed_over in stacks:
            beside = tuple(s for _, s, _ in stacks if s is not stack)
            first = stack.phases[0][0]
            *kind, size, series_number = likely_short_axis(stack)
            drafts.append(
                (
                    (*kind, not passed_over, size, series_number),
                    {
                        "kind": "dicom",
                        "description": " + ".join(_few(image.description for image in stack.images)),
                        "modality": first.modality,
                        "series_number": first.series_number,
                        "size": (len(stack.phases), len(stack.positions_mm), first.rows, first.columns),
                        "not_short_axis": dicom.not_short_axis(stack, beside),
                        "images": tuple(own),
                        "stack": stack,
                        "beside": beside,
                    },
                )
            )
        drafts.sort(key=lambda draft: draft[1]["series_number"])
        name = about.get("name") or about.get("id") or "Unnamed patient"
        # without an ID nothing says that two studies are of one patient
        key = patient_id or f"{name}\0{members[0].study[1]}"
        patients.setdefault(key, (name, []))[1].append((about.get("study", ""), about.get("date", ""), drafts))
    return [(name, False, sorted(studies, key=lambda s: s[1])) for name, studies in patients.values()]


def _stacks(images: Sequence[Image]) -> list[tuple[list[Image], Stack, bool]]:
    """The stacks of a study, each with the images it was made of. A series that its stack left out is one more (True).

    A repeated breath-hold is such a series.
    """
    stacks: list[tuple[list[Image], Stack, bool]] = []
    for group in group_by_geometry(images):
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


def _nifti_folders(
    scans: Sequence[Path], given: set[Path], faults: dict[Path, UnusableError], cancel: CancelToken
) -> _Found:
    """(folder, True, one study) of each folder with NIfTI scans; files that cannot be read are added to faults."""
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in scans:
        if path in given or not door.is_mask(path):
            by_folder[path.parent].append(path)
    found: _Found = []
    for folder, members in sorted(by_folder.items()):
        drafts: list[_Draft] = []
        # Two files that the user names are a pair, whatever they are called.
        pair = len(scans) == len(given) == 2 and given == set(scans)
        for paths in [door.in_phase_order(members)] if pair and len(members) == 2 else door.pairs(members):
            cancel.check()
            try:
                frames, size = nifti.size_of(paths[0])
            except ScanError as error:
                if given == {paths[0]}:
                    raise
                faults[paths[0]] = UnusableError(str(error).removeprefix(f"{paths[0]}: "))
                continue
            both = len(paths) == 2
            long_axis = door.is_long_axis(paths[0])
            # the same order of questions as for DICOM: engine.formats.dicom_stack.likely_short_axis
            rank = (
                True,
                True,
                not long_axis,
                size[0] >= 3 and frames >= 2,
                size[0] >= 3,
                both,
                True,
                size[0] * frames,
                0,
            )
            drafts.append(
                (
                    rank,
                    {
                        "kind": "nifti",
                        "description": nifti.common_name(paths) if both else nifti.stem_of(paths[0]),
                        "modality": "",
                        "series_number": 0,
                        "size": (frames * len(paths), *size),
                        "pair": both,
                        "paths": tuple(paths),
                    },
                )
            )
        if drafts:
            found.append((folder.name or str(folder), True, [("", "", drafts)]))
    return found
