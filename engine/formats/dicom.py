"""DICOM files to a sorted cine stack, with what is missing said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ScanError
from engine.formats.dicom_ahead import Ahead
from engine.formats.dicom_files import looks_like_dicom, plain, read_dicom
from engine.formats.dicom_grid import grid_of, needs_resampling, onto
from engine.formats.dicom_header import read_images
from engine.formats.dicom_identity import settled
from engine.formats.dicom_image import Image
from engine.formats.dicom_kind import family, is_localiser, normal, why_no_short_axis_cine
from engine.formats.dicom_places import TILTED_AWAY, continues
from engine.formats.dicom_stack import Stack, choose
from engine.formats.dicom_values import positive
from engine.formats.index import UnusableError
from engine.progress import CancelToken, Progress, no_progress
from engine.volume import Known, OnPlane, Source, Volume, read_only

__all__ = ["looks_like_dicom", "not_short_axis", "patient_of", "read_headers", "read_stack", "stack_of"]

_KINDS = {
    "CT": "a CT image",
    "US": "an ultrasound image",
    "CR": "an X-ray image",
    "DX": "an X-ray image",
    "XA": "an angiogram",
    "NM": "a nuclear medicine image",
    "PT": "a PET image",
    "RTDOSE": "a radiotherapy dose map",
}


def read_headers(
    files: Sequence[Path], *, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> tuple[list[Image], dict[Path, UnusableError]]:
    """The images of all files by their headers, and why the others hold none. Raises Cancelled."""
    cancel = cancel or CancelToken()
    images: list[Image] = []
    unusable: dict[Path, UnusableError] = {}
    for done, path in enumerate(files, 1):
        cancel.check()
        progress(done, len(files), "Reading headers")
        try:
            images += read_images(path)
        except UnusableError as reason:
            unusable[path] = reason
    return images, unusable


def read_stack(
    paths: Sequence[Path],
    images: Sequence[Image],
    *,
    beside: Sequence[Stack] = (),
    about: Sequence[str] = (),
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    on_plane: OnPlane | None = None,
) -> Volume:
    """The likeliest stack of images whose headers are read, as (T, Z, Y, X).

    Integers as stored where the header gives no rescaling, else float32. Slices ascend along row × column at the
    distance between their positions; phases are in the order of trigger times. What was left out, is missing or does
    not agree is said in the volume's notices.
    paths: what the user opened. beside: stacks of the same study that are listed elsewhere; they help to tell a
    localiser. about: notices on how the images were found to belong together.
    on_plane: told of every slice as it is read, the middle one of the first phase first, then the rest of that phase.
    Raises ScanError, one line with file, fault and way out, if nothing can be shown; Cancelled if cancel is set.
    """
    cancel = cancel or CancelToken()
    left = list(images)
    faults: dict[Path, UnusableError] = {}
    while left:
        stack, others = choose(left)
        volume_of = partial(_volume, tuple(paths), stack, others, beside, tuple(about), dict(faults))
        array, damaged = _read_pixels(stack, volume_of, progress, cancel, on_plane)
        if not damaged:
            return volume_of(array)
        # only decoding shows that a compressed file is damaged: put the stack together again without it
        faults |= damaged
        left = [image for image in left if image.path not in damaged]
    raise ScanError(_all_damaged(paths, faults))


def stack_of(volume: Volume) -> Stack:
    """The images that a volume was read from, phases[t][z], with their headers read again.

    Raises ScanError if the files are gone or no longer the same.
    """
    used = dict.fromkeys(path for phase in volume.source.instances for path in phase)
    try:
        images = [image for path in used for image in read_images(path)]
    except UnusableError as reason:
        raise ScanError(f"the scan's files have changed since it was opened ({reason}); open it again") from reason
    best, others = choose(settled(images)[0])
    # a multi-frame file can hold several stacks, and the one on screen need not be the likeliest
    same = [s for s in (best, *others) if tuple(tuple(i.path for i in p) for p in s.phases) == volume.source.instances]
    if not same:
        raise ScanError("the scan's files have changed since it was opened; open it again")
    there = volume.geometry.position_mm(0, 0, 0)
    return min(same, key=lambda s: float(np.linalg.norm(np.array(s.phases[0][0].position or (0, 0, 0)) - there)))


def _read_pixels(
    stack: Stack,
    volume_of: Callable[[NDArray[Any]], Volume],
    progress: Progress,
    cancel: CancelToken,
    on_plane: OnPlane | None,
) -> tuple[NDArray[Any], dict[Path, UnusableError]]:
    """(T, Z, Y, X): stored integers where nothing is to rescale, else float32; and the files that cannot be decoded.

    Pixels go straight to their place: hundreds of small arrays beside it would be memory that is not given back.
    volume_of: the Volume of an array. on_plane: told of each slice, as long as all can be decoded.
    """
    damaged: dict[Path, UnusableError] = {}
    reference = stack.reference
    as_stored = all(image.slope == 1 and image.intercept == 0 for image in stack.images)
    out: NDArray[Any] | None = None
    early: Volume | None = None
    order = list(_middle_first(stack))
    with Ahead(one for at in order for one in _sources(stack, at)) as ahead:
        for done, (frame, index) in enumerate(order, 1):
            image = stack.phases[frame][index]
            cancel.check()
            progress(done, len(stack.images), "Reading images")
            if image.path in damaged:
                continue
            between = stack.between.get((frame, index))
            pair = _sources(stack, (frame, index))
            try:
                read = [_values(one, reference, ahead, as_stored=as_stored, faults=damaged) for one in pair]
            except UnusableError:
                continue
            values = read[0] if between is None else _mixed(read[0], read[1], between.share)
            kind = values.dtype if as_stored else np.dtype(np.float32)
            if out is None:
                out = _empty(stack, kind)
            elif np.result_type(out.dtype, kind) != out.dtype:
                out = out.astype(np.result_type(out.dtype, kind))
            # Written once, before it is told of: whoever draws it needs no lock.
            out[frame, index] = values
            if on_plane is not None and not damaged:
                early = early or volume_of(_empty(stack, kind))
                on_plane(early, frame, index, read_only(out[frame, index]))
    return _empty(stack, np.dtype(np.uint8)) if out is None else out, damaged


def _sources(stack: Stack, at: tuple[int, int]) -> tuple[Image, ...]:
    """The images that a (frame, slice) is made of: one, or the two that it lies between."""
    between = stack.between.get(at)
    return (stack.phases[at[0]][at[1]],) if between is None else (between.before, between.after)


def _values(
    image: Image, grid: Image, ahead: Ahead, *, as_stored: bool, faults: dict[Path, UnusableError]
) -> NDArray[Any]:
    """An image (Y, X) on the pixels of another one, bright where signal is high.

    Raises UnusableError, which it notes in faults.
    """
    try:
        stored = ahead.take(image)
    except UnusableError as reason:
        faults[image.path] = reason
        raise
    if image.padding is not None:
        stored = _without_padding(stored, image.padding, image.inverted)
    values = stored.dtype.type(_mirror(image)) - stored if image.inverted else stored
    if needs_resampling(image, grid):
        values = onto(values, image, grid)
    return values if as_stored else values * np.float32(image.slope) + np.float32(image.intercept)


def _without_padding(stored: NDArray[Any], padding: int, inverted: bool) -> NDArray[Any]:
    """The same stored values, with what stands for outside the image as dark as the darkest inside it."""
    at = stored == padding
    if not at.any() or at.all():
        return stored
    inside = stored[~at]
    return np.where(at, inside.max() if inverted else inside.min(), stored)


def _mixed(before: NDArray[Any], after: NDArray[Any], share: float) -> NDArray[Any]:
    """What lies between two images of one type; integers stay integers."""
    mixed = before.astype(np.float32) * np.float32(1 - share) + after.astype(np.float32) * np.float32(share)
    return np.asarray(np.rint(mixed) if before.dtype.kind in "iu" else mixed).astype(before.dtype)


def _empty(stack: Stack, dtype: np.dtype[Any]) -> NDArray[Any]:
    """(T, Z, Y, X) of 0, for which the system gives memory only where something is written."""
    first = stack.reference
    return np.zeros((len(stack.phases), len(stack.positions_mm), first.rows, first.columns), dtype)


def _middle_first(stack: Stack) -> Iterator[tuple[int, int]]:
    """(frame, slice) of every image: the first phase from its middle slice outwards, then the other phases."""
    slices = len(stack.positions_mm)
    yield from ((0, z) for z in sorted(range(slices), key=lambda z: (abs(z - slices // 2), z)))
    yield from ((frame, z) for frame in range(1, len(stack.phases)) for z in range(slices))


def _volume(
    paths: tuple[Path, ...],
    stack: Stack,
    others: Sequence[Stack],
    beside: Sequence[Stack],
    about: Sequence[str],
    damaged: Mapping[Path, UnusableError],
    array: NDArray[Any],
) -> Volume:
    grid = grid_of(stack)
    notices = [*about, *stack.left_out, *grid.spacing_notices, *grid.notices]
    first = stack.phases[0][0]
    reason = not_short_axis(stack, [*others, *beside])
    missing = grid.missing
    if away := _tilted_away(stack, [*others, *beside]):
        missing = missing or "slices are tilted away"
        notices.append(
            f"{away} more slices go on from this stack, but are tilted against it by more than 5°: they are not "
            "measured, so mL are not to be trusted."
        )
    if lost := _unplaced(stack, [*others, *beside]):
        missing = missing or "images that do not say where they lie are left out"
        notices.append(
            f"Images of this series that do not say where they lie are left out ({lost}): mL are not to be trusted."
        )
    if unlike := _unlike(stack, [*others, *beside]):
        notices.append(
            "Images of this series that lie in the same slices, but on other pixels or in another direction, are left "
            f"out ({unlike}): end-diastole or end-systole may be among them."
        )
    view = "short axis" if not reason else "single slice" if len(stack.positions_mm) == 1 else "stack"
    source = Source(
        kind="dicom",
        paths=paths,
        name=f"{first.modality or 'DICOM'} {view}, {stack}",
        instances=tuple(tuple(image.path for image in phase) for phase in stack.phases),
        patient=patient_of(first),
        reference=_reference(stack),
    )
    if damaged:
        path, why = next(iter(damaged.items()))
        more = f" (and {len(damaged) - 1} more with faults)" if len(damaged) > 1 else ""
        notices.append(f"Not read{more}: {path.name} {why}.")
    return Volume(
        array=array,
        geometry=grid.geometry,
        source=source,
        frame_times_ms=stack.frame_times_ms,
        window=_window(stack),
        not_short_axis=reason,
        time_order=Known.KNOWN if stack.clock else Known.ASSUMED,
        missing=missing,
        notices=tuple(notices),
        spacing_notices=grid.spacing_notices,
    )


def _tilted_away(stack: Stack, others: Sequence[Stack]) -> int:
    """How many slices of other cines would go on from a stack, were they not tilted against it."""
    if len(stack.phases) < 2 or len(stack.positions_mm) < 3 or stack.phases[0][0].position is None:
        return 0
    host = list(stack.phases[0])
    count = 0
    for other in others:
        guest = list(other.phases[0])
        alike = len(other.phases) > 1 and guest[0].position is not None and family(guest[0]) == family(host[0])
        if alike and guest[0].description == host[0].description and continues(host, guest, TILTED_AWAY):
            count += len(other.positions_mm)
    return count


def _unplaced(stack: Stack, others: Sequence[Stack]) -> int:
    """How many images without a place are of the series of a stack that has one; 0 where they fill no slice."""
    if stack.phases[0][0].position is None or len(stack.positions_mm) < 2:
        return 0
    series = {image.series_uid for image in stack.images}
    images = (image for other in others for image in other.images)
    count = sum(image.position is None and image.series_uid in series for image in images)
    return count if 2 * count >= len(stack.phases) else 0


def _unlike(stack: Stack, others: Sequence[Stack]) -> int:
    """How many images of other stacks are further phases of this one by their series, kind and place."""
    used = {(image.series_uid, family(image)) for image in stack.images}
    places = {image.position for image in stack.images}
    return sum(
        (image.series_uid, family(image)) in used and image.position is not None and image.position in places
        for other in others
        for image in other.images
    )


def _reference(stack: Stack) -> str:
    """The one frame of reference of all images; empty where they have several, as anonymisers write them, or none."""
    found = {image.reference for image in stack.images}
    return found.pop() if len(found) == 1 else ""


def _mirror(image: Image) -> int:
    """Lowest plus highest stored value: what MONOCHROME1 values are subtracted from, so that high is bright."""
    return -1 if image.signed else (1 << image.bits[1]) - 1


def _window(stack: Stack) -> tuple[float, float] | None:
    """Median (centre, width): scanners set them slice by slice, but a cine must not flicker."""
    windows = []
    for image in stack.images:
        if image.window is not None:
            centre, width = image.window
            if image.inverted:
                centre = image.slope * _mirror(image) + 2 * image.intercept - centre
            windows.append((centre, width))
    if not windows:
        return None
    centre, width = np.median(windows, axis=0)
    return float(centre), float(width)


def not_short_axis(stack: Stack, others: Sequence[Stack]) -> str:
    """Why a stack is no short-axis MR stack, as a phrase, or nothing."""
    first = stack.phases[0][0]
    if first.modality != "MR":
        return _KINDS.get(first.modality, f"an image of {first.modality or 'unknown'} modality")
    if is_localiser(first):
        return "a localiser"
    if "MOSAIC" in first.image_type:
        return "a mosaic of several slices in one image"
    if len(stack.phases) == 1:
        same_series = [i for other in others for i in other.phases[0] if i.series_uid == first.series_uid]
        if any(abs(normal(image) @ normal(first)) < 0.9 for image in same_series):
            return "a localiser, with slices in several directions"
    if first.position is None and len(stack.images) > 1:
        return "a series of images that do not say where they lie"
    if len(stack.positions_mm) == 1 and stack.spare >= 2 * len(stack.images):
        return "a series of images that all say that they lie at one place"
    if len(stack.positions_mm) == 1:
        return "a single slice, such as a long-axis view"
    return why_no_short_axis_cine(stack.phases, stack.frame_times_ms)


def _all_damaged(paths: Sequence[Path], damaged: Mapping[Path, UnusableError]) -> str:
    """One line on why no image can be shown whose headers could be read."""
    if len(damaged) == 1:
        path, why = next(iter(damaged.items()))
        return f"{path}: {why}" + ("" if "; " in str(why) else "; copy it again from its source")
    named = ", ".join(str(path) for path in paths[:3]) + (" …" if len(paths) > 3 else "")
    reasons = Counter(str(why) for why in damaged.values())
    listed = "; ".join(f"{n} {'file' if n == 1 else 'files'}: {why}" for why, n in reasons.most_common(3))
    way_out = "" if all("; " in why for why in reasons) else "; copy them again from their source"
    return f"{named}: none of the {len(damaged)} images can be shown ({listed}){way_out}"


_PATIENT = [
    "PatientName", "PatientID", "PatientSex", "PatientAge", "PatientBirthDate", "AcquisitionDate", "SeriesDate",
    "StudyDate", "StudyDescription", "Manufacturer", "ManufacturerModelName", "MagneticFieldStrength",
    "PatientSize", "PatientWeight", "AccessionNumber", "StudyInstanceUID", "SeriesInstanceUID",
]  # fmt: skip


def patient_of(image: Image) -> dict[str, str]:
    """What a patient bar shows, and indices and reports need, formatted; what the header leaves empty is left out."""
    header = read_dicom(image.path, stop_before_pixels=True, specific_tags=_PATIENT)
    text = {name: _plain(header, name) for name in _PATIENT}
    date = next((d for d in (text["StudyDate"], text["SeriesDate"], text["AcquisitionDate"]) if _date(d)), "")
    scanner = " ".join(dict.fromkeys(f"{text['Manufacturer']} {text['ManufacturerModelName']}".split()))
    try:
        tesla = float(text["MagneticFieldStrength"])
        # a few scanners write gauss
        field = f"{tesla if tesla < 100 else tesla / 10_000:g} T"
    except ValueError:
        field = ""
    shown = {
        "name": _person(text["PatientName"]),
        "id": text["PatientID"],
        "sex": {"F": "female", "M": "male", "O": "other"}.get(text["PatientSex"].upper(), ""),
        "age": _age(text["PatientAge"], text["PatientBirthDate"], date),
        "date": _date(date),
        "study": text["StudyDescription"],
        "accession": text["AccessionNumber"],
        "study_uid": text["StudyInstanceUID"],
        "series_uid": text["SeriesInstanceUID"],
        "scanner": ", ".join(filter(None, (scanner, field))),
        "height_cm": _height_cm(text["PatientSize"]),
        "weight_kg": _positive_text(text["PatientWeight"]),
        "heart_rate_bpm": _positive_text(60_000 / image.rr_ms if image.rr_ms else None),
    }
    return {key: value for key, value in shown.items() if value}


def _positive_text(given: Any) -> str:
    """A number as text; empty where it is none or not positive: scanners write 0 for what nobody entered."""
    found = positive(given)
    return "" if found is None else f"{found:.5g}"


def _height_cm(metres: str) -> str:
    """Of a height in metres; a few systems write centimetres."""
    found = positive(metres)
    return "" if found is None else f"{found * 100 if found < 3 else found:.5g}"


def _plain(header: Any, name: str) -> str:
    try:
        return plain(header.get(name))
    except Exception:  # a damaged element makes pydicom raise errors of any kind
        return ""


def _person(name: str) -> str:
    """Family^Given^Middle^Prefix^Suffix as "Family, Given Middle"."""
    family, *given = (part.strip() for part in name.partition("=")[0].split("^"))
    return ", ".join(filter(None, (family, " ".join(filter(None, given[:2])))))


def _date(text: str) -> str:
    """YYYYMMDD as YYYY-MM-DD; the year alone where an anonymiser has zeroed the rest; nothing if invalid."""
    match = re.fullmatch(r"((?:19|20)\d\d)(\d\d)(\d\d)", text)
    if not match:
        return ""
    year, month, day = match.groups()
    return f"{year}-{month}-{day}" if 1 <= int(month) <= 12 and 1 <= int(day) <= 31 else year


def _age(age: str, born: str, date: str) -> str:
    """062Y as "62 years"; else from birth and study date; else nothing."""
    match = re.fullmatch(r"(\d{1,3})([DWMY])", age)
    if match:
        n = int(match[1])
        unit = {"D": "day", "W": "week", "M": "month", "Y": "year"}[match[2]]
        return f"{n} {unit}" if n == 1 else f"{n} {unit}s"
    if len(_date(born)) == len(_date(date)) == 10:
        years = int(date[:4]) - int(born[:4]) - (date[4:] < born[4:])
        return f"{years} years" if 0 <= years < 130 else ""
    return ""
