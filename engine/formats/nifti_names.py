"""What the names of NIfTI files say: mask or scan, view, phase, subject, and which number counts frames or slices.

A name is taken word by word: "p1_sa_ED" is p1, sa and ed. Pure functions of names; a name alone proves nothing, it
orders and pairs what the headers and voxels allow.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from engine.formats.nifti_file import stem_of

_ED = {"ed", "enddiastole", "diastole", "diastolic"}
_ES = {"es", "endsystole", "systole", "systolic"}
_MASK = {
    *("gt", "seg", "segs", "dseg", "probseg", "segmentation", "segmentations", "mask", "masks", "label", "labels"),
    *("pred", "preds", "prediction", "predictions", "groundtruth", "truth", "contour", "contours", "annotation", "roi"),
}
_SHORT_AXIS = {"sa", "sax", "shortaxis"}
_LONG_AXIS = {"la", "lax", "la2ch", "la3ch", "la4ch", "longaxis", "2ch", "3ch", "4ch", "2c", "3c", "4c", "lvot"}
_OTHER_VIEW = {
    *("rvot", "ao", "aorta", "aortic", "flow", "scout", "localizer", "localiser", "lge", "de", "perfusion", "perf"),
    *("tagging", "t1", "t2", "t1map", "t2map", "molli", "tag"),
}
_OTHER_PIXELS = {"ph", "phase", "real", "imaginary", "imag"}
"""How dcm2niix ends the names of images that are not of signal."""
_COUNTERS = {"frame", "frames", "phase", "phases", "time", "t", "tp", "timepoint", "vol", "volume", "dyn", "ph", "f"}
_SUBJECTS = {"patient", "pat", "subject", "sub", "case", "id", "p", "pt", "subj", "volunteer"}
_NUMBERED = re.compile(r"([a-z]*)(\d+)")


def words(path: Path) -> list[str]:
    """The words of a file's name, in lower case."""
    return [word for word in re.split(r"[_\-. ]+", stem_of(path).lower()) if word]


def phase_of(path: Path) -> str:
    """ "ED" or "ES" where the file's name says one of them, else empty."""
    said = set(words(path))
    ed, es = bool(said & _ED), bool(said & _ES)
    return "" if ed == es else "ED" if ed else "ES"


def frame_of(path: Path) -> int | None:
    """7 where a file's name has the word "frame07"; None where it has none."""
    found = (re.fullmatch(r"frame(\d+)", word) for word in words(path))
    return next((int(match[1]) for match in found if match), None)


def says_mask(path: Path) -> bool:
    """Whether a file is a mask by the first or the last word of its name, phase and frame left aside."""
    plain = [w for w in words(path) if w not in _ED | _ES | _COUNTERS and not w.isdecimal()]
    plain = [w for w in plain if not ((found := _NUMBERED.fullmatch(w)) and found[1] in _COUNTERS)]
    return bool(plain) and (plain[0] in _MASK or plain[-1] in _MASK)


def view_of(path: Path) -> int:
    """1 where the name says short axis, −1 where it says another view or kind of image, else 0."""
    said = set(words(path))
    other = bool(said & (_LONG_AXIS | _OTHER_VIEW)) or any(word in _OTHER_PIXELS for word in words(path)[-1:])
    return int(bool(said & _SHORT_AXIS)) - int(other)


def may_be_long_axis(path: Path) -> bool:
    """Whether a name does not say that the file is something else than a long axis."""
    return not set(words(path)) & (_SHORT_AXIS | _OTHER_VIEW)


def without_view(path: Path) -> str:
    """A file's name without view and phase: what the short and the long axis of one person share."""
    plain = [w for w in words(path) if w not in _SHORT_AXIS | _LONG_AXIS | _ED | _ES | {"cine"}]
    return " ".join(w for w in plain if not re.fullmatch(r"frame\d+", w))


def without_phase(path: Path) -> str:
    """A file's name without its phase and without "frame07": what the two files of a pair share."""
    kept = [w for w in words(path) if w not in _ED | _ES and not re.fullmatch(r"frame\d+", w)]
    return " ".join(kept)


def of_two_subjects(one: Path, other: Path) -> bool:
    """Whether two names say that the files are of two subjects: a patient's number, or all but the phase, differs."""
    phases = {phase_of(one), phase_of(other)}
    if phases == {"ED", "ES"}:
        return without_phase(one) != without_phase(other)
    first, second = _subject(one), _subject(other)
    return bool(first and second and first != second)


def _subject(path: Path) -> str:
    """ "patient017" of "patient017_frame01" and of "patient-017_frame01", else empty."""
    said = words(path)
    for word, after in zip(said, [*said[1:], ""], strict=True):
        found = _NUMBERED.fullmatch(word)
        if found and found[1] in _SUBJECTS:
            return f"{found[1]}{int(found[2])}"
        if word == "sub" or (word in _SUBJECTS and after[:1].isdecimal()):  # BIDS has sub-ANYTHING
            return f"{word}{after.lstrip('0')}"
    return ""


def runs(paths: Iterable[Path]) -> list[list[Path]]:
    """Files that could be the frames or slices of one scan: three or more whose names differ in one number only.

    Each run is in the order of that number. Numbers that name a subject count nothing.
    """
    by_rest: dict[tuple[Path, str], list[tuple[int, Path]]] = {}
    for path in sorted(paths):
        for place, rest, number in _numbers(stem_of(path).lower()):
            by_rest.setdefault((path.parent, f"{place} {rest}"), []).append((number, path))
    found: list[list[Path]] = []
    used: set[Path] = set()
    for members in sorted(by_rest.values(), key=len, reverse=True):
        run = [path for _, path in sorted(members)]
        if len(run) >= 3 and len({n for n, _ in members}) == len(run) and not used & set(run):
            found.append(run)
            used.update(run)
    return found


def missing_numbers(paths: Sequence[Path]) -> list[int]:
    """Numbers that are left out where the names of a run, in its order, count evenly but for a gap; else none."""
    if len(paths) < 4:
        return []
    rows = [{place: n for place, _, n in _numbers(stem_of(path).lower())} for path in paths]
    counting = [place for place in rows[0] if len({row.get(place) for row in rows}) == len(paths)]
    if len(counting) != 1 or any(counting[0] not in row for row in rows):
        return []
    counts = [row[counting[0]] for row in rows]
    steps = [after - before for before, after in itertools.pairwise(counts)]
    usual = Counter(steps).most_common(1)[0]
    if usual[0] <= 0 or usual[1] < 0.6 * len(steps) or any(step <= 0 or step % usual[0] for step in steps):
        return []
    return sorted(set(range(counts[0], counts[-1], usual[0])) - set(counts))


def _numbers(stem: str) -> list[tuple[int, str, int]]:
    """(place, the rest of the name, value) of each number that may count frames or slices."""
    numbers = []
    for place, match in enumerate(re.finditer(r"\d+", stem)):
        before = re.search(r"([a-z]*)[_\-. ]*$", stem[: match.start()])
        word = before[1] if before else ""
        if word not in _SUBJECTS or word in _COUNTERS:
            numbers.append((place, f"{stem[: match.start()]}#{stem[match.end() :]}", int(match[0])))
    return numbers


def mask_beside(path: Path, others: frozenset[Path]) -> bool:
    """Whether a file is the mask of another by its name: nnU-Net calls the image NAME_0000 and its mask NAME."""
    stem, suffix = stem_of(path), path.name[len(stem_of(path)) :]
    return path.with_name(f"{stem}_0000{suffix}") in others


def in_mask_folder(path: Path, folders: Collection[Path]) -> bool:
    """Whether a file is in a folder of masks: one so named, beside a folder of images among the folders."""
    here = path.parent
    images = {"labelstr": "imagestr", "labelsts": "imagests", "labels": "images", "masks": "images"}
    beside = images.get(here.name.lower())
    return any(folder.parent == here.parent and folder.name.lower() == beside for folder in folders)
